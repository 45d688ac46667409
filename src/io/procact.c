/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/procact.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/text.h"
#include "model/limits.h"

enum {
    TEXT_MAX = 16 * 1024, /* bytes read of one file */
    FILES_LISTED_MAX = 256,
    NAMES_LISTED_MAX = 256,
    IOPRIO_CLASS_SHIFT = 13, /* of the kernel's, which has no header for them */
    IOPRIO_WHO_PROCESS = 1,
};

int
procact_signal_number(const char *text)
{
    const char *name = strncasecmp(text, "SIG", 3) ? text : text + 3;
    char *end;
    long number = strtol(text, &end, 10);
    if (end != text && !*end)
        return number > 0 && number < NSIG ? (int)number : -EINVAL;
    for (int i = 1; i < 32; i++)
        if (sigabbrev_np(i) && !strcasecmp(sigabbrev_np(i), name))
            return i;
    return -EINVAL;
}

/* A name that is a number; -1. */
static int
number_of(const char *name)
{
    char *end;
    long number = strtol(name, &end, 10);
    return end == name || *end || number < 0 || number > INT32_MAX ? -1 : (int)number;
}

/* A file of the process as text; its length or -errno. */
static ssize_t
read_file(int pid, const char *name, char *buf, size_t size)
{
    char path[64];
    size_t len = 0;
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    for (ssize_t n; len < size - 1 && (n = read(fd, buf + len, size - 1 - len)) > 0;)
        len += (size_t)n;
    close(fd);
    buf[len] = '\0';
    return (ssize_t)len;
}

static bool
has_start(int pid, uint64_t start)
{
    char text[1024];
    uint64_t found = 0;
    if (read_file(pid, "stat", text, sizeof text) <= 0)
        return false;
    char *at = strrchr(text, ')');
    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at && sscanf(at, "%" SCNu64, &found) == 1 && found == start;
}

/* A pidfd of the process that began then; while it is open, the pid is no other's. */
static int
hold(int pid, uint64_t start)
{
    int fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    if (fd < 0)
        return pid > 0 ? -errno : -EINVAL;
    if (has_start(pid, start))
        return fd;
    close(fd);
    return -ESRCH;
}

int
procact_signal(int pid, uint64_t start, int signal_number)
{
    int fd = hold(pid, start);
    if (fd < 0)
        return fd;
    int r = (int)syscall(SYS_pidfd_send_signal, fd, signal_number, NULL, 0) < 0 ? -errno : 0;
    close(fd);
    return r;
}

/* Calls fn for each thread; the first failure is the answer. */
static int
each_thread(int pid, uint64_t start, int (*fn)(int thread, const void *context), const void *context)
{
    char path[32];
    int r = 0, fd = hold(pid, start);
    if (fd < 0)
        return fd;
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    DIR *threads = opendir(path);
    if (!threads)
        r = -errno;
    for (struct dirent *entry; threads && (entry = readdir(threads));) {
        int thread = number_of(entry->d_name);
        if (thread > 0 && fn(thread, context) < 0 && errno != ESRCH && r == 0)
            r = -errno;
    }
    if (threads)
        closedir(threads);
    close(fd);
    return r;
}

static int
renice_thread(int thread, const void *context)
{
    return setpriority(PRIO_PROCESS, (id_t)thread, *(const int *)context);
}

int
procact_renice(int pid, uint64_t start, int nice)
{
    if (nice < -20 || nice > 19)
        return -EINVAL;
    return each_thread(pid, start, renice_thread, &nice);
}

static int
set_io_priority(int thread, const void *context)
{
    return (int)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, thread, *(const int *)context);
}

int
procact_io_priority(int pid, uint64_t start, const char *text)
{
    enum io_class class;
    int level;
    if (limits_parse_io(text, &class, &level) < 0)
        return -EINVAL;
    int value = (int)class << IOPRIO_CLASS_SHIFT | level;
    return each_thread(pid, start, set_io_priority, &value);
}

/* "best-effort/4", "idle", or "none": then it goes by the nice value. */
static void
put_io_priority(struct json_writer *w, int pid)
{
    char text[32];
    int value = (int)syscall(SYS_ioprio_get, IOPRIO_WHO_PROCESS, pid);
    int class = value >> IOPRIO_CLASS_SHIFT, level = value & 7;
    if (value >= 0 && class <= IO_CLASS_IDLE)
        jw_string(w, "io_priority", limits_format_io((enum io_class)class, level, text, sizeof text));
}

/* "0-3,6" */
static int
parse_cpus(const char *text, cpu_set_t *set)
{
    CPU_ZERO(set);
    while (*text) {
        char *end;
        long first = strtol(text, &end, 10), last = first;
        if (end == text)
            return -EINVAL;
        if (*end == '-') {
            text = end + 1;
            last = strtol(text, &end, 10);
            if (end == text)
                return -EINVAL;
        }
        if (first < 0 || last < first || last >= CPU_SETSIZE)
            return -EINVAL;
        for (long cpu = first; cpu <= last; cpu++)
            CPU_SET((int)cpu, set);
        if (*end && *end != ',')
            return -EINVAL;
        text = *end ? end + 1 : end;
    }
    return CPU_COUNT(set) ? 0 : -EINVAL;
}

static int
bind_thread(int thread, const void *context)
{
    return sched_setaffinity(thread, sizeof(cpu_set_t), context);
}

int
procact_affinity(int pid, uint64_t start, const char *cpus)
{
    cpu_set_t set;
    int r = parse_cpus(cpus, &set);
    return r < 0 ? r : each_thread(pid, start, bind_thread, &set);
}

/* What is told of a process. */

static void
put_text(struct json_writer *w, const char *key, const char *bytes, size_t len)
{
    char clean[TEXT_MAX];
    while (len > 0 && (bytes[len - 1] == '\n' || !bytes[len - 1]))
        len--;
    jw_string(w, key, text_clean_bytes(bytes, len, clean, sizeof clean));
}

static void
put_link(struct json_writer *w, int pid, const char *name)
{
    char path[64], target[1024];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    ssize_t len = readlink(path, target, sizeof target);
    if (len > 0)
        put_text(w, name, target, (size_t)len);
}

static void
put_command(struct json_writer *w, int pid)
{
    char text[TEXT_MAX];
    ssize_t len = read_file(pid, "cmdline", text, 4096);
    for (ssize_t i = 0; i < len; i++)
        if (!text[i])
            text[i] = ' ';
    if (len > 0)
        put_text(w, "command", text, (size_t)len);
}

/* "A=1\0B=2\0": the names. */
static void
put_environment(struct json_writer *w, int pid)
{
    char text[TEXT_MAX];
    ssize_t len = read_file(pid, "environ", text, sizeof text);
    if (len < 0)
        return;
    jw_array(w, "environment");
    int count = 0;
    for (const char *at = text; at < text + len && count < NAMES_LISTED_MAX; at += strlen(at) + 1, count++)
        if (strchr(at, '='))
            put_text(w, NULL, at, strcspn(at, "="));
    jw_end(w);
}

/* Lines of the file status that are told, under names of our own. */
static void
put_status(struct json_writer *w, int pid)
{
    static const struct {
        const char *line, *key;
        int64_t unit;
    } rows[] = {
        { "\nVmPeak:", "virtual_peak_bytes", 1024 },
        { "\nVmHWM:", "rss_peak_bytes", 1024 },
        { "\nRssAnon:", "rss_anonymous_bytes", 1024 },
        { "\nVmSwap:", "swap_bytes", 1024 },
        { "\nThreads:", "threads", 1 },
        { "\nvoluntary_ctxt_switches:", "waits", 1 },
        { "\nnonvoluntary_ctxt_switches:", "preemptions", 1 },
    };
    char text[TEXT_MAX];
    if (read_file(pid, "status", text, sizeof text) <= 0)
        return;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *at = strstr(text, rows[i].line);
        if (at)
            jw_int(w, rows[i].key, strtoll(at + strlen(rows[i].line), NULL, 10) * rows[i].unit);
    }
    const char *cpus = strstr(text, "\nCpus_allowed_list:");
    if (cpus) {
        cpus += strlen("\nCpus_allowed_list:");
        cpus += strspn(cpus, " \t");
        put_text(w, "cpus", cpus, strcspn(cpus, "\n"));
    }
}

static void
put_number(struct json_writer *w, int pid, const char *name)
{
    char text[64];
    if (read_file(pid, name, text, sizeof text) > 0)
        jw_int(w, name, strtoll(text, NULL, 10));
}

/* "Max open files            1024                 524288               files" */
static void
put_limits(struct json_writer *w, int pid)
{
    enum { SOFT = 26, HARD = 47 };
    char text[TEXT_MAX];
    if (read_file(pid, "limits", text, sizeof text) <= 0)
        return;
    jw_array(w, "limits");
    char *save = NULL;
    strtok_r(text, "\n", &save); /* the titles */
    for (char *line; (line = strtok_r(NULL, "\n", &save));) {
        if (strlen(line) < HARD)
            continue;
        size_t name = SOFT;
        while (name > 0 && line[name - 1] == ' ')
            name--;
        jw_object(w, NULL);
        put_text(w, "name", line, name);
        put_text(w, "soft", line + SOFT, strcspn(line + SOFT, " "));
        put_text(w, "hard", line + HARD, strcspn(line + HARD, " "));
        jw_end(w);
    }
    jw_end(w);
}

static void
put_files(struct json_writer *w, int pid)
{
    char path[32], link[300], target[1024];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *directory = opendir(path);
    if (!directory)
        return;
    jw_array(w, "files");
    for (struct dirent *entry; (entry = readdir(directory));) {
        int fd = entry->d_name[0] == '.' ? -1 : number_of(entry->d_name);
        if (fd < 0 || count++ >= FILES_LISTED_MAX)
            continue;
        snprintf(link, sizeof link, "%s/%s", path, entry->d_name);
        ssize_t len = readlink(link, target, sizeof target);
        if (len < 0)
            continue;
        jw_object(w, NULL);
        jw_int(w, "fd", fd);
        put_text(w, "file", target, (size_t)len);
        jw_end(w);
    }
    jw_end(w);
    jw_int(w, "file_count", count);
    closedir(directory);
}

static void
put_cgroup(struct json_writer *w, int pid)
{
    char text[TEXT_MAX];
    if (read_file(pid, "cgroup", text, sizeof text) <= 0)
        return;
    const char *at = !strncmp(text, "0::", 3) ? text : strstr(text, "\n0::");
    if (!at)
        return;
    at = strstr(at, "0::") + 3;
    put_text(w, "cgroup", at, strcspn(at, "\n"));
}

int
procact_write(int pid, uint64_t start, struct json_writer *w)
{
    int fd = hold(pid, start);
    if (fd < 0)
        return fd;
    put_command(w, pid);
    put_link(w, pid, "exe");
    put_link(w, pid, "cwd");
    put_cgroup(w, pid);
    put_status(w, pid);
    put_io_priority(w, pid);
    put_number(w, pid, "oom_score");
    put_number(w, pid, "oom_score_adj");
    put_limits(w, pid);
    put_files(w, pid);
    put_environment(w, pid);
    close(fd);
    return 0;
}
