/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task/child.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    EXTRA_FD = 4, /* the last descriptor that is given on */
    CLAIMS_FIRST = 8,
    REAP_MAX = 4096, /* at a time: some milliseconds */
};

static int
add_descriptors(posix_spawn_file_actions_t *actions, const struct child_options *options)
{
    const int fds[] = { options->in, options->out, options->err, options->control,
        options->extra ? options->extra : -1 };
    int last = 2;
    int r = 0;
    for (int i = 0; i <= EXTRA_FD && !r; i++)
        if (fds[i] >= 0) {
            r = posix_spawn_file_actions_adddup2(actions, fds[i], i);
            last = i > last ? i : last;
        }
    if (!r && options->fresh)
        r = posix_spawn_file_actions_addclosefrom_np(actions, last + 1);
    return r;
}

static void
set_attributes(posix_spawnattr_t *attributes, bool fresh)
{
    sigset_t set;
    sigemptyset(&set);
    posix_spawnattr_setsigmask(attributes, &set);
    posix_spawnattr_setpgroup(attributes, 0);
    short flags = POSIX_SPAWN_SETSIGMASK | (fresh ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP);
    if (fresh) {
        sigfillset(&set);
        posix_spawnattr_setsigdefault(attributes, &set);
        flags |= POSIX_SPAWN_SETSIGDEF;
    }
    posix_spawnattr_setflags(attributes, flags);
}

static int
spawn(const struct child_options *options, pid_t *ret_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    set_attributes(&attributes, options->fresh);
    int r = add_descriptors(&actions, options);
    if (!r)
        r = posix_spawn(ret_pid, options->path, &actions, &attributes, options->argv,
            options->environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return -r;
}

static int
check_program(const char *path)
{
    struct stat st;
    if (stat(path, &st) < 0)
        return -errno;
    if (!S_ISREG(st.st_mode) || access(path, X_OK) < 0)
        return -EACCES;
    return 0;
}

int
child_find_program(const char *name, const char *search, char *buf, size_t size)
{
    if (!*name)
        return -ENOENT;
    if (strchr(name, '/'))
        return (size_t)snprintf(buf, size, "%s", name) < size ? 0 : -ENAMETOOLONG;
    int found = -ENOENT; /* what to say when nothing can be run */
    for (const char *p = search ? search : "/usr/local/bin:/usr/bin:/bin"; p;) {
        size_t len = strcspn(p, ":");
        int n = snprintf(buf, size, "%.*s%s%s", (int)len, p, len ? "/" : "./", name);
        if (n > 0 && (size_t)n < size) {
            int r = check_program(buf);
            if (r == 0)
                return 0;
            if (r == -EACCES)
                found = r;
        }
        p = p[len] ? p + len + 1 : NULL;
    }
    return found;
}

const char *
child_status_text(int status, char *buf, size_t size)
{
    if (!WIFSIGNALED(status)) {
        snprintf(buf, size, "exit status %d", WEXITSTATUS(status));
        return buf;
    }
    const char *name = sigabbrev_np(WTERMSIG(status));
    if (name)
        snprintf(buf, size, "killed by SIG%s", name);
    else
        snprintf(buf, size, "killed by signal %d", WTERMSIG(status));
    return buf;
}

/* Claims. As many as there are workers: a list is short enough to walk. */

static struct {
    pthread_mutex_t lock; /* of the rest; held while one is started or reaped */
    pid_t *pid; /* owned; NULL while none is claimed */
    int count, capacity;
} claimed = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* Room for one more, with the lock held. */
static int
make_room(void)
{
    if (claimed.count < claimed.capacity)
        return 0;
    int capacity = claimed.capacity ? 2 * claimed.capacity : CLAIMS_FIRST;
    pid_t *grown = reallocarray(claimed.pid, (size_t)capacity, sizeof *grown);
    if (!grown)
        return -ENOMEM;
    claimed.pid = grown;
    claimed.capacity = capacity;
    return 0;
}

int
child_spawn(const struct child_options *options, pid_t *ret_pid)
{
    if (!options->claimed)
        return spawn(options, ret_pid);
    pthread_mutex_lock(&claimed.lock);
    int r = make_room();
    if (r == 0)
        r = spawn(options, ret_pid);
    if (r == 0)
        claimed.pid[claimed.count++] = *ret_pid;
    pthread_mutex_unlock(&claimed.lock);
    return r;
}

void
child_disclaim(pid_t pid)
{
    pthread_mutex_lock(&claimed.lock);
    for (int i = 0; i < claimed.count; i++)
        if (claimed.pid[i] == pid) {
            claimed.pid[i] = claimed.pid[--claimed.count];
            break;
        }
    if (!claimed.count) {
        free(claimed.pid);
        claimed.pid = NULL;
        claimed.capacity = 0;
    }
    pthread_mutex_unlock(&claimed.lock);
}

static bool
is_claimed(pid_t pid)
{
    for (int i = 0; i < claimed.count; i++)
        if (claimed.pid[i] == pid)
            return true;
    return false;
}

bool
child_is_claimed(pid_t pid)
{
    pthread_mutex_lock(&claimed.lock);
    bool found = is_claimed(pid);
    pthread_mutex_unlock(&claimed.lock);
    return found;
}

int
child_reap_adopted(void)
{
    int reaped = 0;
    pthread_mutex_lock(&claimed.lock);
    while (reaped < REAP_MAX) {
        siginfo_t info;
        info.si_pid = 0;
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || !info.si_pid ||
            is_claimed(info.si_pid) || waitpid(info.si_pid, NULL, WNOHANG) != info.si_pid)
            break;
        reaped++;
    }
    pthread_mutex_unlock(&claimed.lock);
    return reaped;
}
