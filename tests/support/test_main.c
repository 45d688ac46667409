/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <dirent.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[4096];
static pid_t directory_owner;

const char *
test_path(const char *name)
{
    static char path[4096];
    const char *root = getenv("TEST_SRCDIR");
    snprintf(path, sizeof path, "%s/tests/%s", root ? root : ".", name);
    return path;
}

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void
remove_directory(void)
{
    if (directory_owner != getpid())
        return; /* a child's exit() */
    if (directory[0])
        nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

const char *
test_directory(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(directory, sizeof directory, "%s/optop-test-XXXXXX", base ? base : "/tmp");
    if (!mkdtemp(directory))
        abort();
    directory_owner = getpid();
    atexit(remove_directory);
    return directory;
}

void
test_limit_file_size(rlim_t bytes)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    if (getrlimit(RLIMIT_FSIZE, &limit) < 0)
        abort();
    limit.rlim_cur = bytes;
    if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
        abort();
}

/* A child of ours that is alive or not reaped; 0: none. */
static pid_t
find_child(void)
{
    pid_t found = 0, pid, parent;
    DIR *proc = opendir("/proc");
    for (struct dirent *entry; proc && !found && (entry = readdir(proc));) {
        char path[300], line[512];
        snprintf(path, sizeof path, "/proc/%.20s/stat", entry->d_name);
        FILE *file = fopen(path, "re");
        if (!file)
            continue;
        size_t n = fread(line, 1, sizeof line - 1, file);
        fclose(file);
        line[n] = '\0';
        char *after = strrchr(line, ')'); /* a name may hold anything */
        if (sscanf(line, "%d", &pid) == 1 && after && sscanf(after, ") %*c %d", &parent) == 1 &&
            parent == getpid())
            found = pid;
    }
    if (proc)
        closedir(proc);
    return found;
}

/* A test that fails half-way must not leave processes: they would hold the
 * harness's pipe open, and disturb what runs next. */
static void
end_leftovers(void)
{
    pid_t pid;
    while ((pid = find_child()) > 0) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
}

int
main(void)
{
    /* A test's time limit is there to end one that hangs, not to measure: a busy
     * machine gets five times of it, and one that names none gets a minute. */
    setenv("CK_DEFAULT_TIMEOUT", "60", 0);
    setenv("CK_TIMEOUT_MULTIPLIER", "5", 0);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* all that is left comes to us */
    SRunner *runner = srunner_create(test_suite());
    srunner_set_tap(runner, "-");
    srunner_run_all(runner, CK_SILENT);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    end_leftovers();
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
