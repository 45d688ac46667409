/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/editor.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/xalloc.h"
#include "config/runfile.h"

extern char **environ;

static const char *
editor_name(void)
{
    const char *name = getenv("VISUAL");
    if (!name || !*name)
        name = getenv("EDITOR");
    return name && *name ? name : "vi";
}

/* An editor that is stopped by Ctrl-Z stops us, too, so that the shell is heard again. */
static int
wait_for(pid_t pid)
{
    int status = 0;
    for (;;) {
        if (waitpid(pid, &status, WUNTRACED) < 0) {
            if (errno == EINTR)
                continue;
            return -errno;
        }
        if (!WIFSTOPPED(status))
            return status;
        raise(SIGSTOP);
        kill(pid, SIGCONT);
    }
}

/* The editor has the signals of the keyboard, as if it had been started by a shell. */
static int
start(char **argv, pid_t *ret_pid)
{
    posix_spawnattr_t attributes;
    sigset_t defaults, none;
    int r = posix_spawnattr_init(&attributes);
    if (r)
        return -r;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGQUIT);
    sigaddset(&defaults, SIGTSTP);
    sigaddset(&defaults, SIGPIPE);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    r = posix_spawnp(ret_pid, argv[0], NULL, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    return -r;
}

static int
run(char **argv, struct diag *diag)
{
    struct sigaction ignore = { .sa_handler = SIG_IGN }, interrupt, quit;
    pid_t pid;
    sigaction(SIGINT, &ignore, &interrupt);
    sigaction(SIGQUIT, &ignore, &quit);
    int r = start(argv, &pid), status = 0;
    if (r == 0)
        status = wait_for(pid);
    sigaction(SIGINT, &interrupt, NULL);
    sigaction(SIGQUIT, &quit, NULL);
    if (r < 0)
        return diag_set(diag, r, "the editor %.60s cannot be started: %s", argv[0], err_text(r));
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        return diag_set(diag, ERR_BAD_STATE, "the editor %.60s ended with a failure", argv[0]);
    return 0;
}

int
editor_run(const char *path, struct diag *diag)
{
    char **argv;
    int count = 0, r = runfile_split_command(editor_name(), &argv, diag);
    if (r < 0)
        return diag_set(diag, r, "$EDITOR: %s", err_text(r));
    while (argv[count])
        count++;
    char **whole = xcalloc((size_t)count + 2, sizeof *whole);
    memcpy(whole, argv, (size_t)count * sizeof *whole);
    char *name = xstrdup(path);
    whole[count] = name;
    r = run(whole, diag);
    free(name);
    free(whole);
    runfile_free_argv(argv);
    return r;
}
