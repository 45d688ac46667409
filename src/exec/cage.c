/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exec/cage.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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
#include "io/proctree.h"
#include "sample/cgroup.h"
#include "task/child.h"

enum {
    CGROUP_TRIES = 10000, /* names of cgroups that other starts have left */
    KILL_MS = 50, /* what cage_kill may block */
    CLOSE_MS = 1000,
    PASS_PAUSE_MS = 2,
    NEWEST_PASSES = 20, /* beside each full one */
};

#define CGROUP_PREFIX "optop-"

struct cage {
    enum cage_kind kind;
    char mark[CAGE_MARK_MAX];
    char *directory; /* of the cgroup, owned; NULL: none */
    char *control[CONTROLS]; /* in the controllers' v1 trees, owned; NULL: not asked for, or none */
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

/* Directory of the cgroup that this process is in, in the tree of a controller
 * (""; cgroup2 itself). */
static bool
find_own_directory(const char *controller, struct cgroup_place *ret_place)
{
    struct procfs_file cgroups, mounts;
    struct procfs_buffer cgroups_buffer, mounts_buffer;
    struct scan cgroups_text, mounts_text;
    procfs_file_init(&cgroups, xstrdup("/proc/self/cgroup"));
    procfs_file_init(&mounts, xstrdup("/proc/self/mountinfo"));
    procfs_buffer_init(&cgroups_buffer);
    procfs_buffer_init(&mounts_buffer);
    bool found = procfs_file_read(&cgroups, &cgroups_buffer, &cgroups_text) == 0 &&
        procfs_file_read(&mounts, &mounts_buffer, &mounts_text) == 0 &&
        cgroup_find(cgroups_text, mounts_text, controller, "/sys", ret_place) == 0;
    procfs_buffer_release(&mounts_buffer);
    procfs_buffer_release(&cgroups_buffer);
    procfs_file_release(&mounts);
    procfs_file_release(&cgroups);
    if (found && str_ends(ret_place->path, CONTROL_SERVER_LEAF)) /* see control.c: it went one down */
        cgroup_parent(ret_place);
    return found;
}

/* A new cgroup with an unused name: one that was killed once kills newcomers. */
static char *
make_cgroup(const char *own, const char *mark)
{
    for (int i = 1; i <= CGROUP_TRIES; i++) {
        char *directory = xasprintf("%s/" CGROUP_PREFIX "%s-%d", own, mark, i);
        for (char *p = directory + strlen(own) + 1; *p; p++)
            if (*p == '/' || *p == '\n')
                *p = '_';
        if (mkdir(directory, 0755) == 0) {
            if (may_write(directory, "cgroup.procs"))
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

/* In cgroup2; of use only where it can end what is in it (since Linux 5.14). */
static char *
make_whole(const char *mark)
{
    struct cgroup_place own;
    if (!find_own_directory("", &own) || !may_write(own.path, "cgroup.procs"))
        return NULL;
    char *directory = make_cgroup(own.path, mark);
    if (!directory || may_write(directory, "cgroup.kill"))
        return directory;
    rmdir(directory);
    free(directory);
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
        cage->directory = make_whole(mark);
        if (!cage->directory)
            cage->kind = CAGE_SUBREAPER;
    }
    return cage;
}

enum cage_kind
cage_kind(const struct cage *cage)
{
    return cage->kind;
}

struct control
cage_control(struct cage *cage, enum control_id id)
{
    struct cgroup_place own;
    if (!cage->control[id] && find_own_directory(control_name(id), &own)) {
        if (own.v2)
            return (struct control){ .directory = cage->directory };
        cage->control[id] = make_cgroup(own.path, cage->mark);
    }
    return (struct control){ .directory = cage->control[id], .v1 = true };
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

/* Cells. */

static char *
make_cell(const char *directory, int number)
{
    if (!directory)
        return NULL;
    char *cell = xasprintf("%s/" CAGE_CELL_PREFIX "%d", directory, number);
    if (mkdir(cell, 0755) == 0)
        return cell;
    log_debug("%s: %s", cell, strerror(errno));
    free(cell);
    return NULL;
}

struct cage_cell
cage_cell_make(struct cage *cage)
{
    cage->cells++;
    return (struct cage_cell){
        .directory = make_cell(cage->directory, cage->cells),
        .memory = make_cell(cage->control[CONTROL_MEMORY], cage->cells),
    };
}

const char *
cage_cell_memory(const struct cage_cell *cell)
{
    return cell->memory ? cell->memory : cell->directory;
}

int
cage_joins(const struct cage *cage, const struct cage_cell *cell, char *ret_path[CAGE_JOINS_MAX])
{
    const char *const directories[CAGE_JOINS_MAX] = {
        cell->directory ? cell->directory : cage->directory,
        cell->memory ? cell->memory : cage->control[CONTROL_MEMORY],
        cage->control[CONTROL_CPU],
    };
    int count = 0;
    for (int i = 0; i < CAGE_JOINS_MAX; i++)
        if (directories[i])
            ret_path[count++] = xasprintf("%s/cgroup.procs", directories[i]);
    return count;
}

void
cage_cell_kill(const struct cage_cell *cell)
{
    if (cell->directory)
        write_kill(cell->directory);
}

void
cage_cell_remove(struct cage_cell *cell)
{
    if (cell->directory)
        rmdir(cell->directory);
    if (cell->memory)
        rmdir(cell->memory);
    free(cell->directory);
    free(cell->memory);
    *cell = (struct cage_cell){ 0 };
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
        if (str_starts(entry->d_name, CAGE_CELL_PREFIX))
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
    for (int i = 0; i < CONTROLS; i++) {
        if (cage->control[i])
            remove_cgroup(cage->control[i], CLOSE_MS);
        free(cage->control[i]);
    }
    free(cage->directory);
    free(cage);
}

/* What others have left. */

/* In one tree: that of a controller, or cgroup2 itself (""). */
static void
remove_leftover_cgroups(const char *controller, const char *mark_prefix, int64_t until)
{
    struct cgroup_place own;
    char name[CAGE_MARK_MAX + sizeof CGROUP_PREFIX];
    DIR *dir = find_own_directory(controller, &own) ? opendir(own.path) : NULL;
    if (!dir)
        return;
    snprintf(name, sizeof name, CGROUP_PREFIX "%s", mark_prefix);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (!str_starts(entry->d_name, name))
            continue;
        char *directory = xasprintf("%s/%s", own.path, entry->d_name);
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
    remove_leftover_cgroups("", mark_prefix, until);
    for (int i = 0; i < CONTROLS; i++)
        remove_leftover_cgroups(control_name((enum control_id)i), mark_prefix, until);
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
