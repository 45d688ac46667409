/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exec/control.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "exec/cage.h"

enum {
    CPU_PERIOD_US = 100000,
    EVENTS_MAX = 1024, /* bytes of memory.events, memory.oom_control: a few short lines */
};

const char *
control_name(enum control_id id)
{
    static const char *const names[] = { [CONTROL_MEMORY] = "memory", [CONTROL_CPU] = "cpu" };
    return names[id];
}

static int
write_file(const char *directory, const char *name, const char *text)
{
    char *path = xasprintf("%s/%s", directory, name);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    int r = fd < 0 ? -errno : 0;
    if (r == 0 && write(fd, text, strlen(text)) < 0)
        r = -errno;
    if (fd >= 0)
        close(fd);
    free(path);
    return r;
}

/* The file's text, cut at size; "" when it cannot be read. */
static void
read_file(const char *directory, const char *name, char *buf, size_t size)
{
    char *path = xasprintf("%s/%s", directory, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, buf, size - 1);
    buf[n > 0 ? n : 0] = '\0';
    if (fd >= 0)
        close(fd);
    free(path);
}

static bool
has_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (const char *p = text; (p = strstr(p, word)); p += len)
        if ((p == text || strchr(" \n", p[-1])) && strchr(" \n", p[len]))
            return true;
    return false;
}

/* cgroup2: a controller has files where the parent makes it available. */

/* EBUSY: processes sit in it, and in an inner node the kernel allows none. */
static int
enable_controller(const char *directory, enum control_id id)
{
    char text[256], order[32];
    read_file(directory, "cgroup.subtree_control", text, sizeof text);
    if (has_word(text, control_name(id)))
        return 0;
    read_file(directory, "cgroup.controllers", text, sizeof text);
    if (!has_word(text, control_name(id)))
        return -EOPNOTSUPP;
    snprintf(order, sizeof order, "+%s", control_name(id));
    return write_file(directory, "cgroup.subtree_control", order);
}

/* A cgroup that this process alone sits in is made free by going one down: the
 * server that systemd has given a cgroup of its own is in this place. */
static int
go_down(const char *directory)
{
    char text[64], own[32];
    read_file(directory, "cgroup.procs", text, sizeof text);
    snprintf(own, sizeof own, "%d\n", (int)getpid());
    if (strcmp(text, own) != 0)
        return -EBUSY; /* others are not ours to move */
    char *leaf = xasprintf("%s" CONTROL_SERVER_LEAF, directory);
    int r = mkdir(leaf, 0755) < 0 && errno != EEXIST ? -errno : 0;
    if (r == 0)
        r = write_file(leaf, "cgroup.procs", own);
    free(leaf);
    return r;
}

static int
enable_in_parent(const char *group, enum control_id id)
{
    const char *slash = strrchr(group, '/');
    if (!slash || slash == group)
        return -EOPNOTSUPP;
    char *parent = xasprintf("%.*s", (int)(slash - group), group);
    int r = enable_controller(parent, id);
    if (r == -EBUSY && go_down(parent) == 0)
        r = enable_controller(parent, id);
    free(parent);
    return r;
}

/* Limits. */

static int
write_memory_v2(const char *directory, double bytes)
{
    char text[32] = "max";
    if (isfinite(bytes))
        snprintf(text, sizeof text, "%.0f", bytes);
    int r = write_file(directory, "memory.max", text);
    /* else the limit would only move pages to the swap; not everywhere there */
    if (r == 0)
        (void)write_file(directory, "memory.swap.max", isfinite(bytes) ? "0" : "max");
    return r;
}

/* The limit with swap is never below the one without: which is to be written
 * first depends on where they were. */
static int
write_memory_v1(const char *directory, double bytes)
{
    char text[32] = "-1";
    if (isfinite(bytes))
        snprintf(text, sizeof text, "%.0f", bytes);
    int r = write_file(directory, "memory.limit_in_bytes", text);
    if (r == -EINVAL) {
        (void)write_file(directory, "memory.memsw.limit_in_bytes", text);
        r = write_file(directory, "memory.limit_in_bytes", text);
    }
    if (r == 0) /* where the kernel counts swap */
        (void)write_file(directory, "memory.memsw.limit_in_bytes", text);
    return r;
}

int
control_hold_memory(const struct control *control, double bytes)
{
    if (!control->directory)
        return -EOPNOTSUPP;
    if (control->v1)
        return write_memory_v1(control->directory, bytes);
    int r = enable_in_parent(control->directory, CONTROL_MEMORY);
    return r < 0 ? r : write_memory_v2(control->directory, bytes);
}

static int
write_cpu_v1(const char *directory, double cores)
{
    char period[16], quota[32] = "-1";
    snprintf(period, sizeof period, "%d", CPU_PERIOD_US);
    if (isfinite(cores))
        snprintf(quota, sizeof quota, "%.0f", cores * CPU_PERIOD_US);
    int r = write_file(directory, "cpu.cfs_period_us", period);
    return r < 0 ? r : write_file(directory, "cpu.cfs_quota_us", quota);
}

int
control_hold_cpu(const struct control *control, double cores)
{
    char text[64];
    if (!control->directory)
        return -EOPNOTSUPP;
    if (control->v1)
        return write_cpu_v1(control->directory, cores);
    int r = enable_in_parent(control->directory, CONTROL_CPU);
    if (r < 0)
        return r;
    if (isfinite(cores))
        snprintf(text, sizeof text, "%.0f %d", cores * CPU_PERIOD_US, CPU_PERIOD_US);
    else
        snprintf(text, sizeof text, "max %d", CPU_PERIOD_US);
    return write_file(control->directory, "cpu.max", text);
}

int
control_prepare_cells(const struct control *control)
{
    if (!control->directory)
        return -EOPNOTSUPP;
    if (control->v1) { /* before there are any; new kernels know no other way, newest no such file */
        int r = write_file(control->directory, "memory.use_hierarchy", "1");
        return r == -ENOENT ? 0 : r;
    }
    int r = enable_in_parent(control->directory, CONTROL_MEMORY);
    return r < 0 ? r : enable_controller(control->directory, CONTROL_MEMORY);
}

int
control_hold_cell_memory(const struct control *control, const char *cell, double bytes)
{
    return control->v1 ? write_memory_v1(cell, bytes) : write_memory_v2(cell, bytes);
}

/* What the kernel has ended. */

static int64_t
read_oom_kills(const char *directory, const char *file)
{
    char text[EVENTS_MAX];
    read_file(directory, file, text, sizeof text);
    const char *count = strstr(text, "oom_kill "); /* not oom_kill_disable */
    return count ? strtoll(count + strlen("oom_kill "), NULL, 10) : 0;
}

int64_t
control_cell_oom_kills(const struct control *control, const char *cell)
{
    return control->v1 ? read_oom_kills(cell, "memory.oom_control") : 0;
}

int64_t
control_oom_kills(const struct control *control)
{
    if (!control->directory)
        return 0;
    if (!control->v1)
        return read_oom_kills(control->directory, "memory.events");
    int64_t kills = read_oom_kills(control->directory, "memory.oom_control");
    DIR *dir = opendir(control->directory);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (!str_starts(entry->d_name, CAGE_CELL_PREFIX))
            continue;
        char *cell = xasprintf("%s/%s", control->directory, entry->d_name);
        kills += control_cell_oom_kills(control, cell);
        free(cell);
    }
    if (dir)
        closedir(dir);
    return kills;
}
