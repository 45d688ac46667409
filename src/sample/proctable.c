/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sample/proctable.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "sample/procfs.h"

enum {
    STAT_MAX = 1024, /* bytes: 52 numbers and a name */
    LISTING_MAX = 32 * 1024, /* bytes of a listing that are read at once */
    IO_EVERY = 10, /* takes: a process that uses no CPU hardly reads or writes */
    DESCRIPTORS_MAX = 8192, /* kept open, of all processes; and half of what is allowed */
};

struct procrow_files {
    int stat, io; /* descriptors; -1: not open */
    bool io_denied;
    int64_t io_ns; /* when io was read last */
    uint64_t ticks, read, written; /* as last read */
    char raw_name[PROCESS_NAME_MAX]; /* as the kernel has it */
};

struct proctable {
    int proc; /* the directory; -1 */
    char *root; /* owned */
    struct procrow **process, **next; /* owned; by pid, and the next take's */
    int count, capacity;
    int *pid; /* owned; the listing */
    int pid_count, pid_capacity;
    uint64_t takes;
    int64_t taken_ns;
    int open, open_max; /* descriptors kept */
    struct procrow *spare; /* owned; made for one that was not there; may be NULL */
    double ticks_per_second;
    int64_t page_bytes;
    struct {
        int pid;
        uint64_t take;
    } gone[PROCESSES_GONE_MAX]; /* ring */
    uint64_t gone_count; /* so far */
    union {
        struct dirent64 entry;
        char bytes[LISTING_MAX];
    } listing;
};

struct proctable *
proctable_new(const char *proc_root)
{
    struct proctable *list = XNEW(struct proctable);
    struct rlimit limit;
    list->root = xstrdup(proc_root);
    list->proc = open(proc_root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    list->ticks_per_second = (double)sysconf(_SC_CLK_TCK);
    list->page_bytes = sysconf(_SC_PAGESIZE);
    list->open_max = DESCRIPTORS_MAX;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur / 2 < DESCRIPTORS_MAX)
        list->open_max = (int)(limit.rlim_cur / 2);
    return list;
}

static void
close_kept(struct proctable *list, int *fd)
{
    if (*fd < 0)
        return;
    close(*fd);
    *fd = -1;
    list->open--;
}

static void
free_process(struct proctable *list, struct procrow *process)
{
    close_kept(list, &process->files->stat);
    close_kept(list, &process->files->io);
    if (!list->spare) {
        list->spare = process;
        return;
    }
    free(process->files);
    free(process);
}

void
proctable_free(struct proctable *list)
{
    if (!list)
        return;
    for (int i = 0; i < list->count; i++)
        free_process(list, list->process[i]);
    if (list->proc >= 0)
        close(list->proc);
    if (list->spare) {
        free(list->spare->files);
        free(list->spare);
    }
    free(list->process);
    free(list->next);
    free(list->pid);
    free(list->root);
    free(list);
}

/* The listing. */

static int
add_pid(struct proctable *list, const char *name)
{
    int pid = 0;
    for (; *name >= '0' && *name <= '9' && pid < INT32_MAX / 10; name++)
        pid = 10 * pid + (*name - '0');
    if (*name || !pid || list->pid_count >= PROCESSES_MAX)
        return 0;
    XGROW(list->pid, list->pid_count, list->pid_capacity);
    list->pid[list->pid_count++] = pid;
    return 0;
}

static int
compare_pids(const void *a, const void *b)
{
    int left = *(const int *)a, right = *(const int *)b;
    return (left > right) - (left < right);
}

/* The kernel lists rising pids; a copy of /proc need not. */
static void
order_pids(struct proctable *list)
{
    for (int i = 1; i < list->pid_count; i++)
        if (list->pid[i] < list->pid[i - 1]) {
            qsort(list->pid, (size_t)list->pid_count, sizeof *list->pid, compare_pids);
            return;
        }
}

static int
list_pids(struct proctable *list)
{
    list->pid_count = 0;
    if (list->proc < 0 || lseek(list->proc, 0, SEEK_SET) < 0)
        return list->proc < 0 ? -ENOENT : -errno;
    for (;;) {
        ssize_t len = getdents64(list->proc, list->listing.bytes, sizeof list->listing.bytes);
        if (len < 0)
            return -errno;
        if (len == 0)
            break;
        for (ssize_t at = 0; at < len;) {
            unsigned short size;
            memcpy(&size, list->listing.bytes + at + offsetof(struct dirent64, d_reclen), sizeof size);
            add_pid(list, list->listing.bytes + at + offsetof(struct dirent64, d_name));
            at += size;
        }
    }
    order_pids(list);
    return 0;
}

/* Files of one process. */

/* Reads a file that is kept open where there is room for it. -1: it has gone, or may not be read. */
static ssize_t
read_kept(struct proctable *list, int *fd, int pid, const char *name, char *buf, size_t size)
{
    char path[64];
    ssize_t len = *fd >= 0 ? pread(*fd, buf, size - 1, 0) : -1;
    if (len <= 0) {
        close_kept(list, fd); /* of one that had the pid before */
        snprintf(path, sizeof path, "%d/%s", pid, name);
        int now = openat(list->proc, path, O_RDONLY | O_CLOEXEC);
        if (now < 0)
            return -1;
        len = pread(now, buf, size - 1, 0);
        if (len > 0 && list->open < list->open_max) {
            *fd = now;
            list->open++;
        } else {
            close(now);
        }
    }
    buf[len > 0 ? len : 0] = '\0';
    return len > 0 ? len : -1;
}

/* Once, when a process is new or has begun another program: this file needs
 * the lock of the process's memory. Zeros between words become blanks. */
static void
read_command(struct proctable *list, struct procrow *process)
{
    char path[64], bytes[PROCESS_COMMAND_MAX];
    snprintf(path, sizeof path, "%d/cmdline", process->pid);
    process->command[0] = '\0';
    int fd = openat(list->proc, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t len = read(fd, bytes, sizeof bytes - 1);
    close(fd);
    while (len > 0 && (!bytes[len - 1] || bytes[len - 1] == ' '))
        len--;
    for (ssize_t i = 0; i < len; i++)
        if (!bytes[i])
            bytes[i] = ' ';
    text_clean_bytes(bytes, len > 0 ? (size_t)len : 0, process->command, sizeof process->command);
}

static void
read_owner(struct proctable *list, struct procrow *process)
{
    struct stat status;
    char path[32];
    snprintf(path, sizeof path, "%d", process->pid);
    if (fstatat(list->proc, path, &status, 0) == 0)
        process->uid = status.st_uid;
}

/* "read_bytes: 4096" of the file io. */
static bool
find_count(const char *text, const char *key, uint64_t *ret_value)
{
    const char *at = strstr(text, key);
    if (!at)
        return false;
    *ret_value = strtoull(at + strlen(key), NULL, 10);
    return true;
}

static void
read_io(struct proctable *list, struct procrow *process, int64_t now)
{
    struct procrow_files *files = process->files;
    char text[512];
    uint64_t read, written;
    if (files->io_denied)
        return;
    if (read_kept(list, &files->io, process->pid, "io", text, sizeof text) < 0 ||
        !find_count(text, "\nread_bytes: ", &read) || !find_count(text, "\nwrite_bytes: ", &written)) {
        files->io_denied = true; /* another user's */
        return;
    }
    double seconds = files->io_ns ? ns_to_sec(now - files->io_ns) : (double)NAN;
    double reads = read >= files->read ? (double)(read - files->read) / seconds : 0;
    double writes = written >= files->written ? (double)(written - files->written) / seconds : 0;
    if (!(reads == process->read_bytes && writes == process->write_bytes) &&
        !(isnan(reads) && isnan(process->read_bytes)))
        process->changed = list->takes;
    process->read_bytes = reads;
    process->write_bytes = writes;
    files->read = read;
    files->written = written;
    files->io_ns = now;
}

/* What /proc/PID/stat says. */
struct figures {
    const char *name; /* not terminated */
    size_t name_len;
    char state;
    int parent, nice, threads;
    uint64_t ticks, start;
    int64_t pages;
};

/* "6406 (name) R 6385 ...": a name may hold anything, also ")". Fields by their number in
 * proc(5), the first one behind the state being 4. */
static bool
parse_figures(const char *text, size_t len, struct figures *ret)
{
    enum { PARENT = 4, USER = 14, SYSTEM = 15, NICE = 19, THREADS = 20, START = 22, RSS = 24 };
    int64_t value[RSS + 1] = { 0 };
    const char *open = memchr(text, '(', len), *at = memrchr(text, ')', len), *end = text + len;
    if (!open || !at || at < open || end - at < 4)
        return false;
    ret->name = open + 1;
    ret->name_len = (size_t)(at - open - 1);
    ret->state = at[2];
    at += 3;
    for (int field = PARENT; field <= RSS; field++) {
        bool negative = false;
        while (at < end && *at == ' ')
            at++;
        if (at < end && *at == '-') {
            negative = true;
            at++;
        }
        if (at >= end || *at < '0' || *at > '9')
            return false;
        uint64_t number = 0;
        for (; at < end && *at >= '0' && *at <= '9'; at++)
            number = 10 * number + (uint64_t)(*at - '0');
        value[field] = negative ? -(int64_t)number : (int64_t)number;
    }
    ret->parent = (int)value[PARENT];
    ret->ticks = (uint64_t)value[USER] + (uint64_t)value[SYSTEM];
    ret->nice = (int)value[NICE];
    ret->threads = (int)value[THREADS];
    ret->start = (uint64_t)value[START];
    ret->pages = value[RSS];
    return true;
}

static void
take_name(struct proctable *list, struct procrow *process, const struct figures *now)
{
    char *raw = process->files->raw_name;
    size_t len = now->name_len < PROCESS_NAME_MAX - 1 ? now->name_len : PROCESS_NAME_MAX - 1;
    if (process->named && strlen(raw) == len && !memcmp(raw, now->name, len))
        return;
    memcpy(raw, now->name, len);
    raw[len] = '\0';
    text_clean_bytes(raw, len, process->name, sizeof process->name);
    read_command(list, process);
    read_owner(list, process);
    process->named = process->changed = list->takes;
}

static void
take_figures(struct proctable *list, struct procrow *process, const struct figures *now, double seconds)
{
    struct procrow_files *files = process->files;
    double ticks = (double)(now->ticks - files->ticks);
    /* whole tenths: what is told must not differ where it is shown alike */
    double cpu = now->ticks < files->ticks ? (double)NAN
        : round(1000 * ticks / list->ticks_per_second / seconds) / 10;
    int64_t rss = now->pages * list->page_bytes;
    bool same = process->parent == now->parent && process->state == now->state &&
        process->nice == now->nice && process->threads == now->threads && process->rss_bytes == rss &&
        ticks == 0 && (process->cpu_pct == cpu || (isnan(cpu) && isnan(process->cpu_pct)));
    if (!same)
        process->changed = list->takes;
    process->parent = now->parent;
    process->state = now->state;
    process->nice = now->nice;
    process->threads = now->threads;
    process->rss_bytes = rss;
    process->cpu_pct = cpu;
    process->cpu_seconds = (double)now->ticks / list->ticks_per_second;
    files->ticks = now->ticks;
}

static struct procrow *
new_process(struct proctable *list, int pid)
{
    struct procrow *process = list->spare ? list->spare : XNEW(struct procrow);
    struct procrow_files *files = list->spare ? process->files : XNEW(struct procrow_files);
    list->spare = NULL;
    *files = (struct procrow_files){ 0 };
    *process = (struct procrow){ .files = files };
    process->files->stat = process->files->io = -1;
    process->pid = pid;
    process->cpu_pct = process->read_bytes = process->write_bytes = (double)NAN;
    return process;
}

static void
note_gone(struct proctable *list, int pid)
{
    list->gone[list->gone_count % PROCESSES_GONE_MAX].pid = pid;
    list->gone[list->gone_count++ % PROCESSES_GONE_MAX].take = list->takes;
}

/* Reads one process; *process is NULL when it is not known yet, and NULL
 * afterwards when it is not there. */
static void
take_process(struct proctable *list, int pid, struct procrow **process, int64_t now, double seconds)
{
    char text[STAT_MAX];
    struct figures figures;
    struct procrow *p = *process ? *process : new_process(list, pid);
    ssize_t len = read_kept(list, &p->files->stat, pid, "stat", text, sizeof text);
    bool there = len > 0 && parse_figures(text, (size_t)len, &figures);
    if (there && *process && p->start != figures.start) { /* the pid is another's now */
        free_process(list, p);
        p = new_process(list, pid);
    }
    if (!there) {
        if (*process)
            note_gone(list, pid);
        free_process(list, p);
        *process = NULL;
        return;
    }
    bool fresh = !p->named;
    uint64_t ticks = p->files->ticks;
    p->start = figures.start;
    if (fresh)
        p->files->ticks = figures.ticks;
    take_name(list, p, &figures);
    take_figures(list, p, &figures, fresh ? (double)NAN : seconds);
    if (*p->command && (fresh || ticks != figures.ticks || list->takes % IO_EVERY == (uint64_t)pid % IO_EVERY))
        read_io(list, p, now);
    *process = p;
}

static void
reserve(struct proctable *list, int count)
{
    if (count <= list->capacity)
        return;
    list->capacity = count + count / 4 + 64;
    list->process = xrealloc(list->process, (size_t)list->capacity, sizeof(struct procrow *));
    list->next = xrealloc(list->next, (size_t)list->capacity, sizeof(struct procrow *));
}

/* Both the listing and what is known go by rising pids: one walk over both. */
int
proctable_take(struct proctable *list, int64_t mono_ns)
{
    int r = list_pids(list), old = 0, count = 0;
    if (r < 0)
        return r;
    double seconds = list->takes ? ns_to_sec(mono_ns - list->taken_ns) : (double)NAN;
    list->takes++;
    reserve(list, list->pid_count);
    for (int i = 0; i < list->pid_count; i++) {
        struct procrow *process = NULL;
        for (; old < list->count && list->process[old]->pid < list->pid[i]; old++) {
            note_gone(list, list->process[old]->pid);
            free_process(list, list->process[old]);
        }
        if (old < list->count && list->process[old]->pid == list->pid[i])
            process = list->process[old++];
        take_process(list, list->pid[i], &process, mono_ns, seconds);
        if (process)
            list->next[count++] = process;
    }
    for (; old < list->count; old++) {
        note_gone(list, list->process[old]->pid);
        free_process(list, list->process[old]);
    }
    struct procrow **spare = list->process;
    list->process = list->next;
    list->next = spare;
    list->count = count;
    list->taken_ns = mono_ns;
    return 0;
}

uint64_t
proctable_takes(const struct proctable *list)
{
    return list->takes;
}

int64_t
proctable_taken_ns(const struct proctable *list)
{
    return list->taken_ns;
}

int
proctable_count(const struct proctable *list)
{
    return list->count;
}

struct procrow *
proctable_at(const struct proctable *list, int index)
{
    return list->process[index];
}

struct procrow *
proctable_find(const struct proctable *list, int pid)
{
    int low = 0, high = list->count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (list->process[middle]->pid < pid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < list->count && list->process[low]->pid == pid ? list->process[low] : NULL;
}

void
proctable_touch(const struct proctable *list, struct procrow *process)
{
    process->changed = list->takes;
}

bool
proctable_gone(const struct proctable *list, uint64_t take, void (*see)(void *context, int pid),
    void *context)
{
    uint64_t first = list->gone_count > PROCESSES_GONE_MAX ? list->gone_count - PROCESSES_GONE_MAX : 0;
    if (first && list->gone[first % PROCESSES_GONE_MAX].take > take)
        return false;
    for (uint64_t i = first; i < list->gone_count; i++)
        if (list->gone[i % PROCESSES_GONE_MAX].take > take)
            see(context, list->gone[i % PROCESSES_GONE_MAX].pid);
    return true;
}
