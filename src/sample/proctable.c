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
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "sample/pidlist.h"

enum {
    STAT_MAX = 1024, /* bytes: 52 numbers and a name */
    VMSTAT_MAX = 16 * 1024,
    IDLE_EVERY = 10, /* takes: one that uses no CPU is read whole that often all the same */
    DESCRIPTORS_MAX = 8192, /* kept open, of all processes; and half of what is allowed */
};

struct procrow_files {
    int stat, io; /* descriptors; -1: not open */
    bool io_denied;
    bool due; /* something was done to it: to be read, whether it has run or not */
    clockid_t clock; /* of its CPU time, where the table is live */
    int64_t cpu_ns; /* of that, when it was read last; -1: not known */
    int64_t io_ns; /* when io was read last */
    uint64_t ticks, read, written; /* as last read */
    char raw_name[PROCESS_NAME_MAX]; /* as the kernel has it */
};

struct proctable {
    char *root; /* owned */
    struct pidlist pids;
    bool live; /* these are the kernel's processes of this namespace: their clocks can be asked */
    bool reclaimed; /* pages were taken away since the take before: also from those that sleep */
    bool ended; /* in this take some process has: what it had started has another parent */
    int vmstat; /* descriptor; -1: not open */
    uint64_t stolen; /* pages, as last read */
    struct procrow **process, **next; /* owned; by pid, and the next take's */
    int count, capacity;
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
};

/* Is what stands there the /proc of this process's own namespace? */
static bool
is_live(const char *root)
{
    char own[32];
    struct timespec used;
    ssize_t len = strcmp(root, "/proc") ? -1 : readlink("/proc/self", own, sizeof own - 1);
    if (len <= 0)
        return false;
    own[len] = '\0';
    return strtol(own, NULL, 10) == getpid() && clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) == 0;
}

struct proctable *
proctable_new(const char *proc_root)
{
    struct proctable *list = XNEW(struct proctable);
    struct rlimit limit;
    list->root = xstrdup(proc_root);
    list->live = is_live(proc_root);
    list->vmstat = -1;
    pidlist_init(&list->pids, proc_root, list->live);
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
    if (list->vmstat >= 0)
        close(list->vmstat);
    pidlist_release(&list->pids);
    if (list->spare) {
        free(list->spare->files);
        free(list->spare);
    }
    free(list->process);
    free(list->next);
    free(list->root);
    free(list);
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
        int now = openat(list->pids.directory, path, O_RDONLY | O_CLOEXEC);
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
    int fd = openat(list->pids.directory, path, O_RDONLY | O_CLOEXEC);
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
    if (fstatat(list->pids.directory, path, &status, 0) == 0)
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

/* Seconds of CPU since the take before: by its clock, which is exact, else by ticks of 10 ms. */
static double
cpu_used(const struct proctable *list, const struct procrow *process, const struct figures *now, int64_t cpu_ns)
{
    const struct procrow_files *files = process->files;
    if (cpu_ns >= 0 && files->cpu_ns >= 0 && cpu_ns >= files->cpu_ns)
        return ns_to_sec(cpu_ns - files->cpu_ns);
    return now->ticks < files->ticks ? (double)NAN : (double)(now->ticks - files->ticks) / list->ticks_per_second;
}

static void
take_figures(struct proctable *list, struct procrow *process, const struct figures *now, int64_t cpu_ns,
    double seconds)
{
    struct procrow_files *files = process->files;
    /* whole tenths: what is told must not differ where it is shown alike */
    double cpu = round(1000 * cpu_used(list, process, now, cpu_ns) / seconds) / 10;
    int64_t rss = now->pages * list->page_bytes;
    bool same = process->parent == now->parent && process->state == now->state &&
        process->nice == now->nice && process->threads == now->threads && process->rss_bytes == rss &&
        now->ticks == files->ticks && (process->cpu_pct == cpu || (isnan(cpu) && isnan(process->cpu_pct)));
    if (!same)
        process->changed = list->takes;
    if (now->state == 'Z' && process->state != 'Z')
        list->ended = true;
    process->parent = now->parent;
    process->state = now->state;
    process->nice = now->nice;
    process->threads = now->threads;
    process->rss_bytes = rss;
    process->cpu_pct = cpu;
    process->cpu_seconds = (double)now->ticks / list->ticks_per_second;
    files->ticks = now->ticks;
    files->cpu_ns = cpu_ns;
    files->due = false;
}

static struct procrow *
new_process(struct proctable *list, int pid)
{
    struct procrow *process = list->spare ? list->spare : XNEW(struct procrow);
    struct procrow_files *files = list->spare ? process->files : XNEW(struct procrow_files);
    list->spare = NULL;
    *files = (struct procrow_files){ 0 };
    *process = (struct procrow){ .files = files };
    files->stat = files->io = -1;
    files->cpu_ns = -1;
    if (list->live && clock_getcpuclockid(pid, &files->clock) != 0)
        files->clock = -1;
    process->pid = pid;
    process->cpu_pct = process->read_bytes = process->write_bytes = (double)NAN;
    return process;
}

static void
note_gone(struct proctable *list, int pid)
{
    list->gone[list->gone_count % PROCESSES_GONE_MAX].pid = pid;
    list->gone[list->gone_count++ % PROCESSES_GONE_MAX].take = list->takes;
    list->ended = true;
}

/* What a process has used of the CPU; it takes no file and no rights. -1: not known. */
static int64_t
cpu_clock(const struct proctable *list, const struct procrow *process)
{
    struct timespec used;
    if (!list->live || process->files->clock == -1 || clock_gettime(process->files->clock, &used) != 0)
        return -1;
    return (int64_t)used.tv_sec * NS_PER_SEC + used.tv_nsec;
}

/* One that has not run has the figures it had: it is the same process, in the same state,
 * with the same threads, names and faults. What others can do to it without its running is
 * looked at otherwise: its pages are taken (then all are read), its parent ends
 * (look_at_orphans), it gets another nice value from us (due), or from elsewhere
 * (every tenth take). */
static bool
has_slept(const struct proctable *list, const struct procrow *process, int64_t cpu_ns)
{
    const struct procrow_files *files = process->files;
    bool turn = list->takes % IDLE_EVERY == (uint64_t)process->pid % IDLE_EVERY;
    return cpu_ns >= 0 && cpu_ns == files->cpu_ns && process->state != 'R' && !files->due && !turn &&
        !list->reclaimed && !(process->read_bytes > 0) && !(process->write_bytes > 0);
}

/* Reads one process; *process is NULL when it is not known yet, and NULL
 * afterwards when it is not there. */
static void
take_process(struct proctable *list, int pid, struct procrow **process, int64_t now, double seconds)
{
    char text[STAT_MAX];
    struct figures figures;
    struct procrow *p = *process ? *process : new_process(list, pid);
    int64_t cpu_ns = cpu_clock(list, p);
    if (*process && has_slept(list, p, cpu_ns)) {
        if (p->cpu_pct != 0)
            p->changed = list->takes;
        p->cpu_pct = 0;
        return;
    }
    ssize_t len = read_kept(list, &p->files->stat, pid, "stat", text, sizeof text);
    bool there = len > 0 && parse_figures(text, (size_t)len, &figures);
    if (there && *process && p->start != figures.start) { /* the pid is another's now */
        free_process(list, p);
        p = new_process(list, pid);
        cpu_ns = -1;
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
    take_figures(list, p, &figures, cpu_ns, fresh ? (double)NAN : seconds);
    if (*p->command && (fresh || ticks != figures.ticks || p->read_bytes > 0 || p->write_bytes > 0 ||
            list->takes % IDLE_EVERY == (uint64_t)pid % IDLE_EVERY))
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

/* Have pages been taken away from anyone since the take before? Not known counts as so. */
static bool
pages_were_taken(struct proctable *list)
{
    char text[VMSTAT_MAX];
    uint64_t anonymous, file, before = list->stolen;
    if (!list->live)
        return true;
    if (list->vmstat < 0)
        list->vmstat = openat(list->pids.directory, "vmstat", O_RDONLY | O_CLOEXEC);
    ssize_t len = list->vmstat < 0 ? -1 : pread(list->vmstat, text, sizeof text - 1, 0);
    text[len > 0 ? len : 0] = '\0';
    if (!find_count(text, "\npgsteal_anon ", &anonymous) || !find_count(text, "\npgsteal_file ", &file))
        return true;
    list->stolen = anonymous + file;
    return list->stolen != before;
}

/* What has lost its parent has been given another, without running. */
static void
look_at_orphans(struct proctable *list)
{
    char text[STAT_MAX];
    struct figures figures;
    for (int i = 0; i < list->count; i++) {
        struct procrow *process = list->process[i];
        const struct procrow *parent = process->parent > 0 ? proctable_find(list, process->parent) : process;
        if (parent && parent->state != 'Z')
            continue;
        ssize_t len = read_kept(list, &process->files->stat, process->pid, "stat", text, sizeof text);
        if (len <= 0 || !parse_figures(text, (size_t)len, &figures) || figures.start != process->start ||
            figures.parent == process->parent)
            continue;
        process->parent = figures.parent;
        process->changed = list->takes;
    }
}

static void
drop_process(struct proctable *list, struct procrow *process)
{
    note_gone(list, process->pid);
    free_process(list, process);
}

/* Both the listing and what is known go by rising pids: one walk over both. */
static int
take_all(struct proctable *list, int64_t mono_ns, double seconds)
{
    int old = 0, count = 0;
    for (int i = 0; i < list->pids.count; i++) {
        struct procrow *process = NULL;
        int pid = list->pids.place[i].pid;
        for (; old < list->count && list->process[old]->pid < pid; old++)
            drop_process(list, list->process[old]);
        if (old < list->count && list->process[old]->pid == pid)
            process = list->process[old++];
        take_process(list, pid, &process, mono_ns, seconds);
        if (process) {
            list->pids.place[count] = list->pids.place[i];
            list->next[count++] = process;
        }
    }
    for (; old < list->count; old++)
        drop_process(list, list->process[old]);
    return list->pids.count = count;
}

int
proctable_take(struct proctable *list, int64_t mono_ns)
{
    int r = pidlist_take(&list->pids);
    if (r < 0)
        return r;
    double seconds = list->takes ? ns_to_sec(mono_ns - list->taken_ns) : (double)NAN;
    list->takes++;
    list->ended = false;
    list->reclaimed = pages_were_taken(list);
    reserve(list, list->pids.count);
    int count = take_all(list, mono_ns, seconds);
    struct procrow **spare = list->process;
    list->process = list->next;
    list->next = spare;
    list->count = count;
    list->taken_ns = mono_ns;
    if (list->ended && list->live)
        look_at_orphans(list);
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

void
proctable_look(const struct proctable *list, int pid)
{
    struct procrow *process = proctable_find(list, pid);
    if (process)
        process->files->due = true;
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
