/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * /proc/PID -> group server: the figures of one process, the server itself.
 */
#include "sample/source.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/xalloc.h"

enum { DESCRIPTORS_EVERY = 10 }; /* listing a directory is the dearest read here */

/* Fields by their number in proc(5); the first one behind the name is 3. */
enum field { FIELD_USER = 14 - 3, FIELD_SYSTEM = 15 - 3, FIELD_THREADS = 20 - 3, FIELD_RSS = 24 - 3 };

struct src_proc {
    int pid;
    double ticks_per_second, page_bytes;
    struct procfs_file stat;
    char *fd_path; /* owned */
    int fd_directory; /* -1: not open */
    double descriptors;
    double cpu_before; /* seconds; NaN: not known */
};

void *
src_proc_new(const struct source_roots *roots)
{
    struct src_proc *proc = XNEW(struct src_proc);
    proc->pid = roots->pid;
    proc->ticks_per_second = (double)sysconf(_SC_CLK_TCK);
    proc->page_bytes = (double)sysconf(_SC_PAGESIZE);
    procfs_file_init(&proc->stat, xasprintf("%s/%d/stat", roots->proc, roots->pid));
    proc->fd_path = xasprintf("%s/%d/fd", roots->proc, roots->pid);
    proc->fd_directory = -1;
    proc->descriptors = proc->cpu_before = (double)NAN;
    return proc;
}

void
src_proc_free(void *state)
{
    struct src_proc *proc = state;
    if (!proc)
        return;
    procfs_file_release(&proc->stat);
    if (proc->fd_directory >= 0)
        close(proc->fd_directory);
    free(proc->fd_path);
    free(proc);
}

/* Entries of a directory but "." and "..", or NaN. Not readdir: that would
 * allocate, and this is done for as long as the server lives. */
static double
count_entries(int directory)
{
    union {
        struct dirent64 entry;
        char bytes[8192];
    } buffer;
    int count = 0;
    if (directory < 0 || lseek(directory, 0, SEEK_SET) < 0)
        return (double)NAN;
    for (;;) {
        ssize_t len = getdents64(directory, buffer.bytes, sizeof buffer.bytes);
        if (len < 0)
            return (double)NAN;
        if (len == 0)
            return count;
        for (ssize_t at = 0; at < len;) {
            unsigned short size;
            memcpy(&size, buffer.bytes + at + offsetof(struct dirent64, d_reclen), sizeof size);
            count += buffer.bytes[at + (ssize_t)offsetof(struct dirent64, d_name)] != '.';
            at += size;
        }
    }
}

static double
count_descriptors(struct src_proc *proc)
{
    if (proc->fd_directory < 0)
        proc->fd_directory = open(proc->fd_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    double count = count_entries(proc->fd_directory);
    if (isnan(count) && proc->fd_directory >= 0) {
        close(proc->fd_directory);
        proc->fd_directory = -1;
    }
    return count;
}

/* The file counts in ticks of 10 ms, too coarse for a process that uses less
 * than that in an interval; our own clock is exact. */
static double
cpu_seconds(const struct src_proc *proc, const uint64_t *field)
{
    struct timespec own;
    if (proc->pid == getpid() && clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own) == 0)
        return (double)own.tv_sec + (double)own.tv_nsec / 1e9;
    return ((double)field[FIELD_USER] + (double)field[FIELD_SYSTEM]) / proc->ticks_per_second;
}

/* "6406 (name) R 6385 6385 ...": a name may hold anything, also ")". */
static bool
parse_stat(struct scan text, uint64_t field[FIELD_RSS + 1])
{
    const char *end = scan_length(text) ? memrchr(text.at, ')', scan_length(text)) : NULL;
    struct scan word;
    if (!end)
        return false;
    text.at = end + 1;
    for (int f = 0; f <= FIELD_RSS; f++) {
        if (!scan_word(&text, &word))
            return false;
        field[f] = 0;
        scan_number(&word, &field[f]);
    }
    return true;
}

void
src_proc_take(void *state, const struct source_turn *turn)
{
    struct src_proc *proc = state;
    struct scan text;
    uint64_t field[FIELD_RSS + 1];
    double *figure = turn->sample->scalar;
    double cpu = (double)NAN;
    if (procfs_file_read(&proc->stat, turn->buffer, &text) == 0 && parse_stat(text, field)) {
        cpu = cpu_seconds(proc, field);
        figure[METRIC_SERVER_RSS] = (double)field[FIELD_RSS] * proc->page_bytes;
        figure[METRIC_SERVER_THREADS] = (double)field[FIELD_THREADS];
    }
    if (cpu >= proc->cpu_before)
        figure[METRIC_SERVER_CPU] = 100 * (cpu - proc->cpu_before) / turn->seconds;
    proc->cpu_before = cpu;
    if (turn->sequence % DESCRIPTORS_EVERY == 1)
        proc->descriptors = count_descriptors(proc);
    figure[METRIC_SERVER_DESCRIPTORS] = proc->descriptors;
}
