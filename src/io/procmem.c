/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/procmem.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct tree {
    pid_t pid[PROCMEM_PROCESSES_MAX]; /* those before `at` have been looked at */
    int count, at;
};

/* The beginning of a file of /proc as text; its length, or -1. */
static ssize_t
read_text(int directory, const char *path, char *buf, size_t size)
{
    int fd = openat(directory, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, buf, size - 1);
    close(fd);
    buf[n > 0 ? n : 0] = '\0';
    return n;
}

static int64_t
rss_of(pid_t pid)
{
    char path[64], text[128];
    int64_t pages;
    snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
    if (read_text(AT_FDCWD, path, text, sizeof text) <= 0 ||
        sscanf(text, "%*s %" SCNd64, &pages) != 1)
        return -1;
    return pages * sysconf(_SC_PAGESIZE);
}

/* "12 13 14 ": what one thread has started; a list that is cut ends in half a
 * number, which is left out. */
static void
add_children(struct tree *tree, const char *text)
{
    for (char *end; tree->count < PROCMEM_PROCESSES_MAX; text = end) {
        long pid = strtol(text, &end, 10);
        if (end == text || *end != ' ')
            return;
        tree->pid[tree->count++] = (pid_t)pid;
    }
}

static void
look_for_children(struct tree *tree, pid_t pid)
{
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *threads = opendir(path);
    if (!threads)
        return;
    for (struct dirent *entry; (entry = readdir(threads));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%.20s/children", entry->d_name);
        if (read_text(dirfd(threads), path, text, sizeof text) > 0)
            add_children(tree, text);
    }
    closedir(threads);
}

int64_t
procmem_tree_rss(pid_t pid)
{
    struct tree tree = { .pid = { pid }, .count = 1 };
    int64_t sum = rss_of(pid);
    if (sum < 0)
        return -1;
    while (tree.at < tree.count) {
        int64_t rss = tree.at ? rss_of(tree.pid[tree.at]) : 0;
        sum += rss > 0 ? rss : 0;
        look_for_children(&tree, tree.pid[tree.at++]);
    }
    return sum;
}
