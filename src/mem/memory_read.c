/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mem/memory_read.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    TEXT_MAX = 8192, /* of a file; what is behind is not looked at */
    KEPT_SHARE = 50, /* a rise by this part of the limit, and the kept files are looked up again */
};

static int
open_file(const char *root, const char *path)
{
    char all[MEMORY_PATH_MAX];
    int n = snprintf(all, sizeof all, "%s%s", root, path);
    return n > 0 && (size_t)n < sizeof all ? open(all, O_RDONLY | O_CLOEXEC) : -1;
}

static bool
read_text(int fd, char text[TEXT_MAX])
{
    ssize_t n = fd < 0 ? -1 : pread(fd, text, TEXT_MAX - 1, 0);
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static bool
read_once(const char *root, const char *path, char text[TEXT_MAX])
{
    int fd = open_file(root, path);
    bool ok = read_text(fd, text);
    if (fd >= 0)
        close(fd);
    return ok;
}

/* The number behind `key`, at the start of a line or of the text; NaN. */
static double
number_behind(const char *text, const char *key)
{
    size_t len = strlen(key);
    for (const char *at = text; at; at = strchr(at, '\n')) {
        at += *at == '\n';
        char *end;
        if (strncmp(at, key, len))
            continue;
        double value = (double)strtoull(at + len, &end, 10);
        return end == at + len ? (double)NAN : value;
    }
    return (double)NAN;
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=123" */
static double
stall_of(const char *text, const char *kind)
{
    const char *line = strstr(text, kind);
    const char *total = line ? strstr(line, "total=") : NULL;
    return total ? (double)strtoull(total + 6, NULL, 10) : (double)NAN;
}

static void
read_stalls(int fd, struct pressure_reading *reading)
{
    char text[TEXT_MAX];
    reading->some_us = reading->full_us = (double)NAN;
    if (!read_text(fd, text))
        return;
    reading->some_us = stall_of(text, "some ");
    reading->full_us = stall_of(text, "full ");
}

/* The path behind "N:...,memory,...:" (v1), else behind "0::" (v2). */
static const char *
path_in(char *text, bool *ret_v2)
{
    char *unified = NULL, *save = NULL;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        char *list = strchr(line, ':'), *path = list ? strchr(list + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = '\0';
        for (char *word = list + 1; word; word = strchr(word, ',')) {
            word += *word == ',';
            if (!strncmp(word, "memory", 6) && (!word[6] || word[6] == ',')) {
                *ret_v2 = false;
                return path;
            }
        }
        if (!list[1])
            unified = path;
    }
    *ret_v2 = true;
    return unified;
}

static double
limit_of(const char *root, const char *directory, bool v2)
{
    char path[MEMORY_PATH_MAX], text[TEXT_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", directory,
        v2 ? "memory.max" : "memory.limit_in_bytes");
    if (n < 0 || (size_t)n >= sizeof path || !read_once(root, path, text))
        return (double)NAN;
    return number_behind(text, ""); /* "max" is no number, and so no limit */
}

static int
open_in(const char *root, const char *directory, const char *name)
{
    char path[MEMORY_PATH_MAX];
    int n = snprintf(path, sizeof path, "%s/%s", directory, name);
    return n > 0 && (size_t)n < sizeof path ? open_file(root, path) : -1;
}

/* The lowest limit from the process's own group upwards. One above the
 * machine's memory is none: v1 writes a huge number for that. */
static void
find_limit(struct memory_files *files)
{
    char text[TEXT_MAX], at[MEMORY_PATH_MAX], lowest[MEMORY_PATH_MAX] = "";
    const char *path = read_once(files->root, "/proc/self/cgroup", text)
        ? path_in(text, &files->v2) : NULL;
    if (!path || strstr(path, "/.."))
        return;
    const char *mount = files->v2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory";
    int n = snprintf(at, sizeof at, "%s%s", mount, path);
    if (n < 0 || (size_t)n >= sizeof at)
        return;
    double machine = isnan(files->machine_bytes) ? 0x1p60 : files->machine_bytes;
    for (size_t least = strlen(mount);;) {
        double limit = limit_of(files->root, at, files->v2);
        if (limit < (isnan(files->limit_bytes) ? machine : files->limit_bytes)) {
            files->limit_bytes = limit;
            snprintf(lowest, sizeof lowest, "%s", at);
        }
        char *slash = strrchr(at, '/');
        if (!slash || (size_t)(slash - at) < least)
            break;
        *slash = '\0';
    }
    if (!lowest[0])
        return;
    files->usage = open_in(files->root, lowest,
        files->v2 ? "memory.current" : "memory.usage_in_bytes");
    files->stat = open_in(files->root, lowest, "memory.stat");
    files->group_psi = open_in(files->root, lowest, "memory.pressure");
}

void
memory_files_open(struct memory_files *files, const char *root)
{
    char text[TEXT_MAX];
    *files = (struct memory_files){ .root = root, .usage = -1, .stat = -1, .group_psi = -1,
        .limit_bytes = (double)NAN, .machine_bytes = (double)NAN };
    files->meminfo = open_file(root, "/proc/meminfo");
    files->psi = open_file(root, "/proc/pressure/memory");
    if (read_text(files->meminfo, text))
        files->machine_bytes = 1024 * number_behind(text, "MemTotal:");
    find_limit(files);
}

void
memory_files_close(struct memory_files *files)
{
    int *fds[] = { &files->meminfo, &files->psi, &files->usage, &files->stat, &files->group_psi };
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        if (*fds[i] >= 0)
            close(*fds[i]);
        *fds[i] = -1;
    }
}

void
memory_read_machine(struct memory_files *files, struct pressure_reading *reading)
{
    char text[TEXT_MAX];
    reading->limit_bytes = files->machine_bytes;
    reading->left_bytes = read_text(files->meminfo, text)
        ? 1024 * number_behind(text, "MemAvailable:") : (double)NAN;
    read_stalls(files->psi, reading);
}

/* Files that nobody has touched lately are given back on demand. Looking that
 * up is the dearest read here: only when there is more in use than it was then,
 * and when the limit has come near. */
static double
kept_bytes(struct memory_files *files, double usage)
{
    char text[TEXT_MAX];
    bool is_near = usage > files->limit_bytes / 2;
    bool rose = usage > files->kept_at_bytes + files->limit_bytes / KEPT_SHARE;
    if ((is_near || rose) && read_text(files->stat, text)) {
        double kept = number_behind(text, files->v2 ? "inactive_file " : "total_inactive_file ");
        files->kept_bytes = isnan(kept) ? 0 : kept;
        files->kept_at_bytes = usage;
    }
    return fmin(files->kept_bytes, usage);
}

bool
memory_read_group(struct memory_files *files, struct pressure_reading *reading)
{
    char text[TEXT_MAX];
    if (!read_text(files->usage, text))
        return false;
    double usage = number_behind(text, "");
    reading->limit_bytes = files->limit_bytes;
    reading->left_bytes = files->limit_bytes - usage + kept_bytes(files, usage);
    read_stalls(files->group_psi, reading);
    return !isnan(reading->left_bytes);
}

int
memory_read_process(int pid, int64_t *ret_rss_bytes, int64_t *ret_virtual_bytes)
{
    char path[48], text[TEXT_MAX], *end;
    snprintf(path, sizeof path, pid ? "/proc/%d/statm" : "/proc/self/statm", pid);
    if (!read_once("", path, text))
        return -ESRCH;
    int64_t page = sysconf(_SC_PAGESIZE), all = strtoll(text, &end, 10);
    int64_t resident = strtoll(end, &end, 10);
    *ret_rss_bytes = resident * page;
    if (ret_virtual_bytes)
        *ret_virtual_bytes = all * page;
    return 0;
}

int
memory_read_pss(int64_t *ret_pss_bytes)
{
    char text[TEXT_MAX];
    if (!read_once("", "/proc/self/smaps_rollup", text))
        return -ENOENT;
    double pss = 1024 * number_behind(text, "Pss:");
    if (isnan(pss))
        return -ENOENT;
    *ret_pss_bytes = (int64_t)pss;
    return 0;
}
