/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/procmore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_MAX = 8 * 1024 };

static const char *const names[PROCMORE_COUNT] = {
#define X(id, name) [PROCMORE_##id] = name,
    PROCMORE_TABLE(X)
#undef X
};

int
procmore_find(const char *name)
{
    for (int i = 0; i < PROCMORE_COUNT; i++)
        if (!strcmp(names[i], name))
            return i;
    return -1;
}

static ssize_t
read_text(int directory, const char *path, char *buf, size_t size)
{
    size_t len = 0;
    int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
    for (ssize_t n; fd >= 0 && len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0;)
        len += (size_t)n;
    if (fd >= 0)
        close(fd);
    buf[len] = '\0';
    return fd < 0 ? -1 : (ssize_t)len;
}

/* The number behind "\nVmSwap:"; NaN. */
static double
number_behind(const char *text, const char *line)
{
    const char *at = strstr(text, line);
    return at ? strtod(at + strlen(line), NULL) : (double)NAN;
}

static double
switches_of(const char *status)
{
    return number_behind(status, "\nvoluntary_ctxt_switches:") + number_behind(status, "\nnonvoluntary_ctxt_switches:");
}

/* The file of a process tells of its first thread alone. */
static double
switches_of_all(int directory)
{
    char path[320], text[TEXT_MAX];
    double sum = 0;
    int threads = 0;
    int fd = openat(directory, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    if (!list) {
        if (fd >= 0)
            close(fd);
        return (double)NAN;
    }
    for (struct dirent *entry; !isnan(sum) && (entry = readdir(list));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/status", entry->d_name);
        if (++threads > PROCMORE_THREADS_MAX)
            sum = (double)NAN;
        else if (read_text(dirfd(list), path, text, sizeof text) > 0) /* else it has just ended */
            sum += switches_of(text);
    }
    closedir(list);
    return sum;
}

static void
read_status(int directory, unsigned what, double *figures)
{
    char text[TEXT_MAX];
    if (read_text(directory, "status", text, sizeof text) <= 0)
        return;
    if (what & 1u << PROCMORE_SWAP)
        figures[PROCMORE_SWAP] = 1024 * number_behind(text, "\nVmSwap:");
    if (what & 1u << PROCMORE_SWITCHES)
        figures[PROCMORE_SWITCHES] =
            number_behind(text, "\nThreads:") > 1 ? switches_of_all(directory) : switches_of(text);
}

/* Is it the process that began then? Its faults are beside. Fields by their number in proc(5). */
static bool
read_stat(int directory, uint64_t start, unsigned what, double *figures)
{
    enum { MINOR = 10, MAJOR = 12, START = 22 };
    char text[1024];
    uint64_t value[START + 1] = { 0 };
    char *at = read_text(directory, "stat", text, sizeof text) > 0 ? strrchr(text, ')') : NULL;
    for (int field = 3; at && field <= START; field++) {
        at = strchr(at + 1, ' ');
        if (at && field > 3)
            value[field] = strtoull(at, NULL, 10);
    }
    if (!at || value[START] != start)
        return false;
    if (what & 1u << PROCMORE_FAULTS)
        figures[PROCMORE_FAULTS] = (double)value[MINOR] + (double)value[MAJOR];
    if (what & 1u << PROCMORE_MAJOR_FAULTS)
        figures[PROCMORE_MAJOR_FAULTS] = (double)value[MAJOR];
    return true;
}

/* Kernel threads have no memory of their own; that of other users may not be read. */
int
procmore_read(int pid, uint64_t start, unsigned what, double ret_figures[PROCMORE_COUNT])
{
    char path[32], text[TEXT_MAX];
    double figures[PROCMORE_COUNT];
    for (int i = 0; i < PROCMORE_COUNT; i++)
        figures[i] = (double)NAN;
    snprintf(path, sizeof path, "/proc/%d", pid);
    int directory = pid > 0 ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    if (directory < 0)
        return -ESRCH;
    bool there = read_stat(directory, start, what, figures);
    if (there && what & (1u << PROCMORE_SWAP | 1u << PROCMORE_SWITCHES))
        read_status(directory, what, figures);
    if (there && what & 1u << PROCMORE_PSS && read_text(directory, "smaps_rollup", text, sizeof text) > 0)
        figures[PROCMORE_PSS] = 1024 * number_behind(text, "\nPss:");
    if (there && what & 1u << PROCMORE_OOM_SCORE && read_text(directory, "oom_score", text, sizeof text) > 0)
        figures[PROCMORE_OOM_SCORE] = strtod(text, NULL);
    close(directory);
    if (!there)
        return -ESRCH;
    memcpy(ret_figures, figures, sizeof figures);
    return 0;
}
