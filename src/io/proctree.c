/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/proctree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "task/child.h"

enum {
    PROCESSES_MAX = 1 << 22, /* the kernel's own limit of pids */
    ENVIRON_MAX = 1 << 20, /* a mark further behind is not looked for */
    ENVIRON_PIECE = 16 * 1024,
    NEWER_MAX = 4096, /* pids above the last one at the start of a pass */
    NEWEST = 256, /* pids back from the last one */
};

/* Where a process hangs, found from its parent's place. */
enum place { PLACE_UNKNOWN, PLACE_OUTSIDE, PLACE_CLAIMED, PLACE_ADOPTED };

struct process {
    pid_t pid, parent, group;
    uint64_t start; /* ticks since boot: with pid, who it is */
    char state;
    bool spared; /* the caller and its ancestors */
    bool marked;
    bool signalled;
    bool known; /* a child of the caller: no need to look it up */
    bool climbing;
    enum place place;
    struct process *climbed_from; /* while place_process() is under way */
};

struct pass {
    const struct proctree_target *target;
    int signal_number;
    pid_t self;
    int proc_fd;
    struct process *process; /* by rising pid */
    int count, capacity;
    int hits;
};

static int
read_stat(int proc_fd, pid_t pid, struct process *ret_process)
{
    char path[32], text[1024];
    snprintf(path, sizeof path, "%d/stat", (int)pid);
    int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    if (n <= 0)
        return -ESRCH;
    text[n] = '\0';
    /* the name in parentheses may hold anything, ") R 1" too */
    const char *rest = strrchr(text, ')');
    int parent, group;
    if (!rest ||
        sscanf(rest + 1,
            " %c %d %d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %" SCNu64,
            &ret_process->state, &parent, &group, &ret_process->start) != 4)
        return -EINVAL;
    ret_process->pid = pid;
    ret_process->parent = parent;
    ret_process->group = group;
    return 0;
}

static bool
is_alive(const struct process *process)
{
    return process->state != 'Z' && process->state != 'X';
}

/* Is it an entry of the variable? Its value. */
static const char *
mark_value(const char *entry, size_t len, size_t *ret_len)
{
    static const char name[] = PROCTREE_VARIABLE "=";
    size_t name_len = sizeof name - 1;
    if (len < name_len || memcmp(entry, name, name_len) != 0)
        return NULL;
    *ret_len = len - name_len;
    return entry + name_len;
}

/* Looks at one value; true: no more is to be looked at. */
typedef bool value_fn(void *context, const char *value, size_t len);

/* Looks at the environment piece by piece; an entry that is cut by the end of
 * a piece is kept for the next one. 1: fn has said true; -errno: it cannot be read. */
static int
scan_environment(int proc_fd, pid_t pid, value_fn *fn, void *context)
{
    char path[32], buf[ENVIRON_PIECE];
    snprintf(path, sizeof path, "%d/environ", (int)pid);
    int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    bool found = false, cut = false; /* cut: inside an entry longer than buf */
    size_t kept = 0, total = 0;
    while (!found && total < ENVIRON_MAX) {
        ssize_t n = read(fd, buf + kept, sizeof buf - kept);
        if (n <= 0)
            break;
        total += (size_t)n;
        size_t len = kept + (size_t)n, at = 0, value_len;
        for (char *end; (end = memchr(buf + at, '\0', len - at));
             at = (size_t)(end - buf) + 1) {
            const char *value = cut ? NULL : mark_value(buf + at, (size_t)(end - buf) - at, &value_len);
            found = found || (value && fn(context, value, value_len));
            cut = false;
        }
        kept = len - at;
        if (kept == sizeof buf) {
            cut = true;
            kept = 0;
        }
        memmove(buf, buf + at, kept);
    }
    close(fd);
    return found;
}

static bool
is_the_target(void *context, const char *value, size_t len)
{
    const struct proctree_target *target = context;
    size_t mark_len = strlen(target->mark);
    return len >= mark_len && !memcmp(value, target->mark, mark_len) && (target->prefix || len == mark_len);
}

static bool
carries_mark(const struct pass *pass, pid_t pid)
{
    struct proctree_target target = *pass->target;
    return scan_environment(pass->proc_fd, pid, is_the_target, &target) > 0;
}

struct value {
    char *buf;
    size_t size;
};

static bool
take_value(void *context, const char *value, size_t len)
{
    struct value *taken = context;
    if (len >= taken->size)
        return false;
    memcpy(taken->buf, value, len);
    taken->buf[len] = '\0';
    return true;
}

int
proctree_mark(pid_t pid, char *buf, size_t size)
{
    struct value taken = { buf, size };
    int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc_fd < 0)
        return -errno;
    int r = scan_environment(proc_fd, pid, take_value, &taken);
    close(proc_fd);
    return r > 0 ? 0 : r < 0 ? r : -ENOENT;
}

static struct process *
find(const struct pass *pass, pid_t pid)
{
    int low = 0, high = pass->count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (pass->process[middle].pid < pid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < pass->count && pass->process[low].pid == pid ? &pass->process[low] : NULL;
}

/* KILL goes to the whole group of a leader that is hit: one call that no fork
 * of a member escapes. */
static void
kill_group(const struct pass *pass, const struct process *process)
{
    if (pass->signal_number == SIGKILL && process->group == process->pid && process->pid > 1)
        kill(-process->pid, SIGKILL);
}

/* Is the child still running? -ECHILD: it is none of ours. waitid() answers
 * twenty times faster than /proc. */
static int
child_is_alive(pid_t pid)
{
    siginfo_t info;
    info.si_pid = 0;
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
        return -errno;
    return info.si_pid == 0;
}

/* A child of ours keeps its pid until we reap it, so it can be hit the moment
 * it is seen, and the youngest first: against chains of processes that only
 * fork and end, every microsecond is a generation. */
static void
hit_children(struct pass *pass)
{
    unsigned aim = pass->target->aim;
    for (int i = pass->count - 1; i >= 0; i--) {
        struct process *process = &pass->process[i];
        int alive = child_is_alive(process->pid);
        if (alive < 0)
            continue;
        process->parent = pass->self;
        process->state = alive ? 'R' : 'Z';
        process->known = true;
        bool claimed = child_is_claimed(process->pid);
        if (!alive || !((aim & PROCTREE_DESCENDANTS) || ((aim & PROCTREE_ADOPTED) && !claimed)))
            continue;
        process->group = getpgid(process->pid);
        kill_group(pass, process);
        if (kill(process->pid, pass->signal_number) == 0) {
            process->signalled = true;
            pass->hits++;
        }
    }
}

static int
add_pid(struct pass *pass, pid_t pid)
{
    if (pass->count == pass->capacity) {
        int capacity = pass->capacity ? 2 * pass->capacity : 256;
        struct process *grown = capacity > PROCESSES_MAX ? NULL
            : realloc(pass->process, (size_t)capacity * sizeof *grown);
        if (!grown)
            return -ENOMEM;
        pass->process = grown;
        pass->capacity = capacity;
    }
    pass->process[pass->count++] = (struct process){ .pid = pid };
    return 0;
}

static int
compare_pids(const void *a, const void *b)
{
    const struct process *x = a, *y = b;
    return (x->pid > y->pid) - (x->pid < y->pid);
}

static pid_t
last_pid(void)
{
    char text[128];
    int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *last = strrchr(text, ' ');
    return last ? (pid_t)strtol(last, NULL, 10) : 0;
}

/* The numbers alone first, and not too many that are newer than the pass: a
 * crowd can appear faster than it is listed. */
static int
read_pids(struct pass *pass)
{
    DIR *dir = opendir("/proc");
    if (!dir)
        return -errno;
    int r = 0, newer = 0;
    pid_t last = last_pid();
    for (struct dirent *entry; r == 0 && newer < NEWER_MAX && (entry = readdir(dir));)
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9') {
            pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
            newer += pid > last;
            r = add_pid(pass, pid);
        }
    qsort(pass->process, (size_t)pass->count, sizeof *pass->process, compare_pids);
    /* the directory stays open for the looks at each */
    pass->proc_fd = fcntl(dirfd(dir), F_DUPFD_CLOEXEC, 3);
    if (pass->proc_fd < 0)
        r = -errno;
    closedir(dir);
    return r;
}

/* What has gone meanwhile is dropped. Our own that have ended are not looked
 * up: nobody is below them, and there may be thousands. */
static void
read_processes(struct pass *pass)
{
    for (int i = pass->count - 1; i >= 0; i--) {
        struct process *process = &pass->process[i];
        if (process->signalled || (process->known && !is_alive(process)))
            continue;
        if (read_stat(pass->proc_fd, process->pid, process) < 0 && !process->known)
            process->state = 'X';
    }
}

static void
spare_ancestors(struct pass *pass)
{
    pid_t pid = pass->self;
    for (int i = 0; i < pass->count && pid > 0; i++) {
        struct process *process = find(pass, pid);
        if (!process)
            return;
        process->spared = true;
        pid = process->parent;
    }
}

static bool
is_below_marked(const struct pass *pass, const struct process *process)
{
    for (int steps = 0; process && steps < pass->count; steps++) {
        if (process->marked)
            return true;
        process = find(pass, process->parent);
    }
    return false;
}

static void
settle(const struct pass *pass, struct process *process, const struct process *parent)
{
    if (process->parent == pass->self && !process->spared)
        process->place = child_is_claimed(process->pid) ? PLACE_CLAIMED : PLACE_ADOPTED;
    else
        process->place = parent ? parent->place : PLACE_OUTSIDE;
}

/* Climbs to the first ancestor that has its place, then comes back down and
 * hands it on. Pids reused during the pass can make a ring: the climb ends
 * where it meets its own path. */
static void
place_process(const struct pass *pass, struct process *process)
{
    struct process *at = process, *parent;
    process->climbed_from = NULL;
    for (;;) {
        at->climbing = true;
        parent = at->parent == pass->self ? NULL : find(pass, at->parent);
        if (!parent || parent->place != PLACE_UNKNOWN || parent->climbing)
            break;
        parent->climbed_from = at;
        at = parent;
    }
    if (parent && parent->place == PLACE_UNKNOWN)
        parent = NULL;
    for (; at; parent = at, at = at->climbed_from) {
        settle(pass, at, parent);
        at->climbing = false;
    }
}

static bool
may_be_hit(const struct pass *pass, const struct process *process)
{
    return !process->signalled && !process->spared && process->pid != 1 && is_alive(process) &&
        !((pass->target->aim & PROCTREE_SPARE_CLAIMED) && process->place == PLACE_CLAIMED);
}

static bool
hangs_right(const struct pass *pass, const struct process *process)
{
    unsigned aim = pass->target->aim;
    return ((aim & PROCTREE_DESCENDANTS) && process->place != PLACE_OUTSIDE) ||
        ((aim & PROCTREE_ADOPTED) && process->place == PLACE_ADOPTED);
}

static void
hit(struct pass *pass, struct process *process)
{
    int fd = pidfd_open(process->pid, 0);
    struct process now;
    if (fd < 0)
        return;
    if (read_stat(pass->proc_fd, process->pid, &now) == 0 && now.start == process->start &&
        is_alive(&now)) {
        kill_group(pass, &now);
        if (pidfd_send_signal(fd, pass->signal_number, NULL, 0) == 0) {
            process->signalled = true;
            pass->hits++;
        }
    }
    close(fd);
}

static void
hit_others(struct pass *pass)
{
    bool by_mark = pass->target->aim & PROCTREE_MARKED;
    for (int i = pass->count - 1; i >= 0; i--) {
        struct process *process = &pass->process[i];
        if (!may_be_hit(pass, process))
            continue;
        process->marked = by_mark && carries_mark(pass, process->pid);
        if (process->marked || hangs_right(pass, process))
            hit(pass, process);
    }
    /* who has hidden the mark, but not whose child it is */
    for (int i = 0; i < pass->count && by_mark; i++)
        if (may_be_hit(pass, &pass->process[i]) && is_below_marked(pass, &pass->process[i]))
            hit(pass, &pass->process[i]);
}

int
proctree_signal(const struct proctree_target *target, int signal_number)
{
    struct pass pass = {
        .target = target, .signal_number = signal_number, .self = getpid(), .proc_fd = -1,
    };
    int r = read_pids(&pass);
    if (r == 0) {
        hit_children(&pass);
        read_processes(&pass);
        spare_ancestors(&pass);
        for (int i = 0; i < pass.count; i++)
            if (pass.process[i].place == PLACE_UNKNOWN)
                place_process(&pass, &pass.process[i]);
        hit_others(&pass);
    }
    if (pass.proc_fd >= 0)
        close(pass.proc_fd);
    free(pass.process);
    return r < 0 ? r : pass.hits;
}

int
proctree_kill_newest(void)
{
    int hits = 0;
    pid_t last = last_pid();
    for (pid_t pid = last; pid > 1 && pid > last - NEWEST; pid--)
        if (child_is_alive(pid) == 1 && !child_is_claimed(pid) && kill(pid, SIGKILL) == 0)
            hits++;
    return hits;
}
