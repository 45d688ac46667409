/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exec/cage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "exec/limit.h"
#include "io/child.h"
#include "io/proctree.h"

enum {
    CGROUP_TRIES = 10000, /* names of cgroups that other starts have left */
    KILL_MS = 50, /* what cage_kill may block */
    CLOSE_MS = 1000,
    PASS_PAUSE_MS = 2,
    NEWEST_PASSES = 20, /* beside each full one */
};

#define CGROUP_PREFIX "optop-"
#define CELL_PREFIX "worker-"

struct cage {
    enum cage_kind kind;
    char mark[CAGE_MARK_MAX];
    char *directory; /* of the cgroup, owned; NULL: none */
    char *procs; /* its cgroup.procs, owned */
    int cells; /* made so far */
};

static const char *const kind_names[] = {
    [CAGE_CGROUP2] = "cgroup2", [CAGE_SUBREAPER] = "subreaper", [CAGE_GROUP] = "group",
};

const char *
cage_kind_name(enum cage_kind kind)
{
    return kind_names[kind];
}

/* The best means that the environment allows to try. */
static enum cage_kind
best_kind(void)
{
    const char *name = getenv("OPTOP_CAGE");
    for (int kind = CAGE_CGROUP2; name && kind <= CAGE_GROUP; kind++)
        if (!strcmp(name, kind_names[kind]))
            return (enum cage_kind)kind;
    return CAGE_CGROUP2;
}

/* Small files. */

static int
open_file(const char *directory, const char *name, int flags)
{
    char *path = xasprintf("%s/%s", directory, name);
    int fd = open(path, flags | O_CLOEXEC);
    free(path);
    return fd;
}

static void
write_kill(const char *directory)
{
    int fd = open_file(directory, "cgroup.kill", O_WRONLY);
    if (fd < 0)
        return;
    if (write(fd, "1", 1) < 0)
        log_debug("cgroup.kill of %s: %s", directory, strerror(errno));
    close(fd);
}

static bool
may_write(const char *directory, const char *name)
{
    int fd = open_file(directory, name, O_WRONLY);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* Where our own cgroup is. */

/* mountinfo writes blank, tab, newline and backslash as three octal digits. */
static void
decode_octal(char *text)
{
    char *out = text;
    for (const char *p = text; *p; p++) {
        unsigned code;
        if (*p == '\\' && sscanf(p + 1, "%3o", &code) == 1) {
            *out++ = (char)code;
            p += 3;
        } else {
            *out++ = *p;
        }
    }
    *out = '\0';
}

/* The mount point of the cgroup2 file system, and which of its directories is
 * mounted there. */
static bool
find_mount(char mount[PATH_MAX], char root[PATH_MAX])
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t capacity = 0;
    bool found = false;
    while (file && !found && getline(&line, &capacity, file) > 0) {
        const char *type = strstr(line, " - cgroup2 ");
        if (type && sscanf(line, "%*d %*d %*s %4095s %4095s", root, mount) == 2) {
            decode_octal(root);
            decode_octal(mount);
            found = true;
        }
    }
    free(line);
    if (file)
        fclose(file);
    return found;
}

static bool
find_own(char own[PATH_MAX])
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    char *line = NULL;
    size_t capacity = 0;
    bool found = false;
    while (file && !found && getline(&line, &capacity, file) > 0)
        if (str_starts(line, "0::/") && strlen(line) < PATH_MAX) {
            str_copy(own, PATH_MAX, line + 3);
            own[strcspn(own, "\n")] = '\0';
            found = true;
        }
    free(line);
    if (file)
        fclose(file);
    return found;
}

/* Directory of the cgroup that this process is in; false without cgroup2. */
static bool
find_own_directory(char directory[PATH_MAX])
{
    char mount[PATH_MAX], root[PATH_MAX], own[PATH_MAX];
    if (!find_mount(mount, root) || !find_own(own))
        return false;
    const char *below = own;
    size_t root_len = strlen(root);
    if (root_len > 1) { /* part of the tree is mounted, as in a container */
        if (strncmp(own, root, root_len) != 0)
            return false;
        below += root_len;
    }
    if (str_ends(below, LIMIT_SERVER_LEAF)) /* the server went one down: see limit.c */
        own[strlen(own) - strlen(LIMIT_SERVER_LEAF)] = '\0';
    if (!strcmp(below, "/"))
        below = "";
    int n = snprintf(directory, PATH_MAX, "%s%s", mount, below);
    return n > 0 && n < PATH_MAX;
}

/* A new cgroup with an unused name: one that was killed once kills newcomers. */
static char *
make_cgroup(const char *mark)
{
    char own[PATH_MAX];
    if (!find_own_directory(own) || !may_write(own, "cgroup.procs"))
        return NULL;
    for (int i = 1; i <= CGROUP_TRIES; i++) {
        char *directory = xasprintf("%s/" CGROUP_PREFIX "%s-%d", own, mark, i);
        for (char *p = directory + strlen(own) + 1; *p; p++)
            if (*p == '/' || *p == '\n')
                *p = '_';
        if (mkdir(directory, 0755) == 0) {
            if (may_write(directory, "cgroup.kill") && may_write(directory, "cgroup.procs"))
                return directory;
            rmdir(directory);
            free(directory);
            return NULL;
        }
        bool taken = errno == EEXIST;
        free(directory);
        if (!taken)
            return NULL;
    }
    return NULL;
}

static bool
cgroup_populated(const char *directory)
{
    char text[256];
    int fd = open_file(directory, "cgroup.events", O_RDONLY);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    return strstr(text, "populated 1") != NULL;
}

/* Life of a cage. */

struct cage *
cage_open(const char *mark)
{
    struct cage *cage = XNEW(struct cage);
    str_copy(cage->mark, sizeof cage->mark, mark);
    cage->kind = best_kind();
    if (cage->kind < CAGE_GROUP && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
        cage->kind = CAGE_GROUP;
    if (cage->kind == CAGE_CGROUP2) {
        cage->directory = make_cgroup(mark);
        if (cage->directory)
            cage->procs = xasprintf("%s/cgroup.procs", cage->directory);
        else
            cage->kind = CAGE_SUBREAPER;
    }
    return cage;
}

enum cage_kind
cage_kind(const struct cage *cage)
{
    return cage->kind;
}

const char *
cage_directory(const struct cage *cage)
{
    return cage->directory;
}

int64_t
cage_cpu_ns(const struct cage *cage)
{
    char text[512];
    int fd = cage->directory ? open_file(cage->directory, "cpu.stat", O_RDONLY) : -1;
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *usage = strstr(text, "usage_usec ");
    return usage ? strtoll(usage + strlen("usage_usec "), NULL, 10) * 1000 : -1;
}

const char *
cage_procs_path(const struct cage *cage)
{
    return cage->procs;
}

char *
cage_cell_make(struct cage *cage)
{
    if (!cage->directory)
        return NULL;
    char *cell = xasprintf("%s/" CELL_PREFIX "%d", cage->directory, ++cage->cells);
    if (mkdir(cell, 0755) == 0)
        return cell;
    log_debug("%s: %s", cell, strerror(errno));
    free(cell);
    return NULL;
}

void
cage_cell_kill(const char *cell)
{
    write_kill(cell);
}

void
cage_cell_remove(const char *cell)
{
    rmdir(cell);
}

static void
kill_newest(void)
{
    for (int i = 0; i < NEWEST_PASSES && proctree_kill_newest() > 0; i++)
        child_reap_adopted();
}

static int
signal_marked(const char *mark, unsigned aim, bool prefix, int signal_number)
{
    const struct proctree_target target = {
        .aim = PROCTREE_MARKED | aim, .mark = mark, .prefix = prefix,
    };
    return proctree_signal(&target, signal_number);
}

/* KILL until nobody is left or the time is over. Two looks in a row must find
 * nobody: in the middle of an exec a process shows no environment. */
static void
kill_marked(const char *mark, unsigned aim, bool prefix, int limit_ms)
{
    int64_t until = clock_mono_ns() + limit_ms * NS_PER_MS;
    for (int quiet = 0; quiet < 2;) {
        int count = signal_marked(mark, aim, prefix, SIGKILL);
        child_reap_adopted();
        if (aim & PROCTREE_ADOPTED)
            kill_newest();
        quiet = count > 0 ? 0 : quiet + 1;
        if (quiet == 2 || clock_mono_ns() >= until)
            return;
        poll(NULL, 0, PASS_PAUSE_MS); /* an ended process needs a moment to go */
    }
}

/* By the mark as well: a worker may be about to join the cgroup. */
void
cage_kill(struct cage *cage)
{
    if (cage->directory)
        write_kill(cage->directory);
    kill_marked(cage->mark, PROCTREE_ADOPTED, false, KILL_MS);
}

bool
cage_populated(const struct cage *cage)
{
    if (cage->directory)
        return cgroup_populated(cage->directory);
    return signal_marked(cage->mark, 0, false, 0) > 0;
}

/* 0, or -errno: -EBUSY while something lives in it. */
static int
try_remove(const char *directory)
{
    DIR *dir = opendir(directory);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        if (str_starts(entry->d_name, CELL_PREFIX))
            unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
    if (dir)
        closedir(dir);
    return rmdir(directory) < 0 ? -errno : 0;
}

static void
remove_cgroup(const char *directory, int limit_ms)
{
    int64_t until = clock_mono_ns() + limit_ms * NS_PER_MS;
    while (try_remove(directory) == -EBUSY && clock_mono_ns() < until) {
        write_kill(directory);
        child_reap_adopted();
        poll(NULL, 0, PASS_PAUSE_MS);
    }
}

void
cage_close(struct cage *cage)
{
    if (!cage)
        return;
    if (cage->directory)
        remove_cgroup(cage->directory, CLOSE_MS);
    else
        kill_marked(cage->mark, PROCTREE_ADOPTED, false, CLOSE_MS);
    free(cage->directory);
    free(cage->procs);
    free(cage);
}

/* What others have left. */

static void
remove_leftover_cgroups(const char *mark_prefix, int64_t until)
{
    char own[PATH_MAX], name[CAGE_MARK_MAX + sizeof CGROUP_PREFIX];
    DIR *dir = find_own_directory(own) ? opendir(own) : NULL;
    if (!dir)
        return;
    snprintf(name, sizeof name, CGROUP_PREFIX "%s", mark_prefix);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!str_starts(entry->d_name, name))
            continue;
        char *directory = xasprintf("%s/%s", own, entry->d_name);
        if (cgroup_populated(directory))
            write_kill(directory);
        int64_t left_ms = (until - clock_mono_ns()) / NS_PER_MS;
        remove_cgroup(directory, left_ms > 0 ? (int)left_ms : 0);
        free(directory);
    }
    closedir(dir);
}

int
cage_sweep_leftovers(const char *mark_prefix)
{
    int64_t until = clock_mono_ns() + CLOSE_MS * NS_PER_MS;
    int found = signal_marked(mark_prefix, 0, true, 0);
    kill_marked(mark_prefix, 0, true, CLOSE_MS);
    remove_leftover_cgroups(mark_prefix, until);
    return found > 0 ? found : 0;
}

int
cage_reap(void)
{
    return child_reap_adopted();
}

int
cage_kill_orphans(const char *mark)
{
    int count = signal_marked(mark, PROCTREE_ADOPTED | PROCTREE_SPARE_CLAIMED, false, SIGKILL);
    child_reap_adopted();
    kill_newest();
    return count > 0 ? count : 0;
}
