/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exec/limit.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "base/text.h"
#include "base/unit.h"
#include "base/xalloc.h"

enum {
    CPU_PERIOD_US = 100000,
    IOPRIO_CLASS_SHIFT = 13,
    IOPRIO_WHO_PROCESS = 1,
    EVENTS_MAX = 1024, /* bytes of memory.events: a dozen short lines */
};

static const char *const means_names[] = {
    [LIMIT_BY_CGROUP2] = "cgroup2", [LIMIT_BY_RLIMIT] = "rlimit",
    [LIMIT_BY_SCHEDULING] = "scheduling", [LIMIT_BY_NOTHING] = "nothing",
};

/* Files of a cgroup. */

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

/* Makes a controller available to the children of a cgroup. EBUSY: processes
 * sit in it, and in an inner node the kernel allows none. */
static int
enable_controller(const char *directory, const char *controller)
{
    char text[256], order[32];
    read_file(directory, "cgroup.subtree_control", text, sizeof text);
    if (has_word(text, controller))
        return 0;
    read_file(directory, "cgroup.controllers", text, sizeof text);
    if (!has_word(text, controller))
        return -EOPNOTSUPP;
    snprintf(order, sizeof order, "+%s", controller);
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
    char *leaf = xasprintf("%s" LIMIT_SERVER_LEAF, directory);
    int r = mkdir(leaf, 0755) < 0 && errno != EEXIST ? -errno : 0;
    if (r == 0)
        r = write_file(leaf, "cgroup.procs", own);
    free(leaf);
    return r;
}

static int
enable_in_parent(const char *group, const char *controller)
{
    const char *slash = strrchr(group, '/');
    if (!slash || slash == group)
        return -EOPNOTSUPP;
    char *parent = xasprintf("%.*s", (int)(slash - group), group);
    int r = enable_controller(parent, controller);
    if (r == -EBUSY && go_down(parent) == 0)
        r = enable_controller(parent, controller);
    free(parent);
    return r;
}

static int
write_memory_max(const char *directory, double bytes)
{
    char text[32];
    snprintf(text, sizeof text, "%.0f", bytes);
    int r = write_file(directory, "memory.max", text);
    /* else the limit would only move pages to the swap; not everywhere there */
    if (r == 0)
        (void)write_file(directory, "memory.swap.max", "0");
    return r;
}

/* Holding by cgroup2, in the server. */

static int
hold_memory(const struct limit_set *set)
{
    int r = enable_in_parent(set->group, "memory");
    return r < 0 ? r : write_memory_max(set->group, set->wanted->memory_bytes);
}

/* The cells of the workers are below the cage's cgroup, which no process may
 * then be in. */
static int
hold_trial_memory(const struct limit_set *set)
{
    int r = enable_in_parent(set->group, "memory");
    return r < 0 ? r : enable_controller(set->group, "memory");
}

static int
hold_cpu(const struct limit_set *set)
{
    char text[64];
    int r = enable_in_parent(set->group, "cpu");
    if (r < 0)
        return r;
    snprintf(text, sizeof text, "%.0f %d", set->wanted->cpu_cores * CPU_PERIOD_US, CPU_PERIOD_US);
    return write_file(set->group, "cpu.max", text);
}

/* Applying, in the worker: errors are -errno. */

static int
set_both(int resource, double value)
{
    rlim_t limit = (rlim_t)value;
    struct rlimit now;
    if (getrlimit(resource, &now) < 0)
        return -errno;
    if (now.rlim_max != RLIM_INFINITY && limit > now.rlim_max)
        return -EPERM; /* even root's is not raised: the admin's word counts */
    struct rlimit wanted = { limit, limit };
    return setrlimit(resource, &wanted) < 0 ? -errno : 0;
}

static int
apply_memory(const json_t *value)
{
    return set_both(RLIMIT_AS, json_number_value(value));
}

/* The smaller one of two orders holds. */
static int
apply_trial_memory(const json_t *value)
{
    struct rlimit now;
    if (getrlimit(RLIMIT_AS, &now) == 0 && now.rlim_cur != RLIM_INFINITY &&
        (double)now.rlim_cur <= json_number_value(value))
        return 0;
    return set_both(RLIMIT_AS, json_number_value(value));
}

static int
apply_open_files(const json_t *value)
{
    return set_both(RLIMIT_NOFILE, json_number_value(value));
}

static int
apply_core_dumps(const json_t *value)
{
    struct rlimit none = { 0, 0 };
    (void)value;
    return setrlimit(RLIMIT_CORE, &none) < 0 ? -errno : 0;
}

static int
apply_nice(const json_t *value)
{
    return setpriority(PRIO_PROCESS, 0, (int)json_integer_value(value)) < 0 ? -errno : 0;
}

static int
apply_io_priority(const json_t *value)
{
    enum io_class class;
    int level, r = limits_parse_io(json_string_value(value) ?: "", &class, &level);
    if (r < 0)
        return r;
    return syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, class << IOPRIO_CLASS_SHIFT | level) < 0
        ? -errno : 0;
}

static int
apply_affinity(const json_t *value)
{
    uint64_t cpus[LIMITS_CPUS_MAX / 64];
    cpu_set_t set;
    int r = limits_parse_cpus(json_string_value(value) ?: "", cpus);
    if (r < 0)
        return r;
    CPU_ZERO(&set);
    for (int cpu = 0; cpu < LIMITS_CPUS_MAX && cpu < CPU_SETSIZE; cpu++)
        if (cpus[cpu / 64] >> (cpu % 64) & 1)
            CPU_SET(cpu, &set);
    return sched_setaffinity(0, sizeof set, &set) < 0 ? -errno : 0;
}

/* As many of the CPUs that it may use as the limit allows, rounded up. Every
 * worker of the run chooses the same: the first ones. */
static int
apply_cpu(const json_t *value)
{
    cpu_set_t all, some;
    int left = (int)ceil(json_number_value(value));
    if (sched_getaffinity(0, sizeof all, &all) < 0)
        return -errno;
    CPU_ZERO(&some);
    for (int cpu = 0; cpu < CPU_SETSIZE && left > 0; cpu++)
        if (CPU_ISSET(cpu, &all)) {
            CPU_SET(cpu, &some);
            left--;
        }
    return sched_setaffinity(0, sizeof some, &some) < 0 ? -errno : 0;
}

/* The table. To add a limit: a row, its value in struct run_limits and in
 * limit_wanted and write_value, an option in config/runfile.c. Rows stand in the
 * order in which a worker applies them: affinity before cpu, which chooses
 * among what that leaves. */
static const struct limit_row {
    enum limit_id id;
    const char *name; /* its key in [limits] */
    int (*hold)(const struct limit_set *set); /* by cgroup2; NULL: it has no such file */
    int (*apply)(const json_t *value); /* in the worker */
    enum limit_means applied_by;
    const char *note; /* what applying does not hold */
} rows[] = {
    { LIMIT_MEMORY, "memory", hold_memory, apply_memory, LIMIT_BY_RLIMIT,
        "each process alone, not their sum" },
    { LIMIT_TRIAL_MEMORY, "trial_memory", hold_trial_memory, apply_trial_memory, LIMIT_BY_RLIMIT,
        "each process of a trial alone, not their sum" },
    { LIMIT_AFFINITY, "affinity", NULL, apply_affinity, LIMIT_BY_SCHEDULING, "" },
    { LIMIT_CPU, "cpu", hold_cpu, apply_cpu, LIMIT_BY_SCHEDULING,
        "kept to whole CPUs, rounded up" },
    { LIMIT_NICE, "nice", NULL, apply_nice, LIMIT_BY_SCHEDULING, "" },
    { LIMIT_IO_PRIORITY, "io_priority", NULL, apply_io_priority, LIMIT_BY_SCHEDULING, "" },
    { LIMIT_OPEN_FILES, "open_files", NULL, apply_open_files, LIMIT_BY_RLIMIT, "" },
    { LIMIT_CORE_DUMPS, "core_dumps", NULL, apply_core_dumps, LIMIT_BY_RLIMIT, "" },
};

enum { ROWS = sizeof rows / sizeof *rows };
_Static_assert((int)ROWS == (int)LIMIT_COUNT, "a row for every limit");

static const struct limit_row *
find_row(enum limit_id id)
{
    const struct limit_row *row = rows;
    while (row->id != id)
        row++;
    return row;
}

const char *
limit_name(enum limit_id id)
{
    return find_row(id)->name;
}

const char *
limit_means_name(enum limit_means means)
{
    return means_names[means];
}

bool
limit_wanted(const struct run_limits *wanted, enum limit_id id)
{
    switch (id) {
    case LIMIT_MEMORY:
        return wanted->memory_bytes > 0;
    case LIMIT_TRIAL_MEMORY:
        return wanted->trial_memory_bytes > 0;
    case LIMIT_CPU:
        return wanted->cpu_cores > 0;
    case LIMIT_NICE:
        return wanted->nice != 0;
    case LIMIT_IO_PRIORITY:
        return wanted->io_class != IO_CLASS_NONE;
    case LIMIT_AFFINITY:
        return limits_count_cpus(wanted->cpus) > 0;
    case LIMIT_OPEN_FILES:
        return wanted->open_files > 0;
    case LIMIT_CORE_DUMPS:
        return !wanted->core_dumps;
    case LIMIT_COUNT:
        break;
    }
    return false;
}

static void
write_value(struct json_writer *w, const char *key, const struct run_limits *wanted,
    enum limit_id id)
{
    char text[256];
    switch (id) {
    case LIMIT_MEMORY:
        jw_number(w, key, wanted->memory_bytes);
        break;
    case LIMIT_TRIAL_MEMORY:
        jw_number(w, key, wanted->trial_memory_bytes);
        break;
    case LIMIT_CPU:
        jw_number(w, key, wanted->cpu_cores);
        break;
    case LIMIT_NICE:
        jw_int(w, key, wanted->nice);
        break;
    case LIMIT_IO_PRIORITY:
        jw_string(w, key, limits_format_io(wanted->io_class, wanted->io_level, text, sizeof text));
        break;
    case LIMIT_AFFINITY:
        jw_string(w, key, limits_format_cpus(wanted->cpus, text, sizeof text));
        break;
    case LIMIT_OPEN_FILES:
        jw_int(w, key, wanted->open_files);
        break;
    case LIMIT_CORE_DUMPS:
        jw_bool(w, key, wanted->core_dumps);
        break;
    case LIMIT_COUNT:
        break;
    }
}

/* In the server. */

static int64_t
count_oom_kills(const char *group)
{
    char text[EVENTS_MAX];
    read_file(group, "memory.events", text, sizeof text);
    const char *line = strstr(text, "oom_kill ");
    return line ? strtoll(line + strlen("oom_kill "), NULL, 10) : 0;
}

static bool
may_try_cgroup(void)
{
    return !str_equal(getenv("OPTOP_LIMITS"), "rlimit");
}

void
limit_set_open(struct limit_set *set, const struct run_limits *wanted, const char *group)
{
    *set = (struct limit_set){ .wanted = wanted, .group = may_try_cgroup() ? group : NULL };
    for (int i = 0; i < ROWS; i++) {
        struct limit_held *held = &set->held[rows[i].id];
        held->means = LIMIT_BY_NOTHING;
        if (!limit_wanted(wanted, rows[i].id))
            continue;
        int r = set->group && rows[i].hold ? rows[i].hold(set) : -EOPNOTSUPP;
        if (r < 0 && r != -EOPNOTSUPP)
            log_debug("limit %s: not by cgroup2: %s", rows[i].name, err_text(r));
        held->means = r == 0 ? LIMIT_BY_CGROUP2 : rows[i].applied_by;
        str_copy(held->note, sizeof held->note, r == 0 ? "" : rows[i].note);
    }
    if (set->group)
        set->oom_kills = count_oom_kills(set->group);
}

int
limit_set_cell(struct limit_set *set, const char *cell)
{
    struct limit_held *held = &set->held[LIMIT_TRIAL_MEMORY];
    if (held->means != LIMIT_BY_CGROUP2)
        return 0;
    int r = write_memory_max(cell, set->wanted->trial_memory_bytes);
    if (r < 0) {
        const struct limit_row *row = find_row(LIMIT_TRIAL_MEMORY);
        held->means = row->applied_by;
        str_copy(held->note, sizeof held->note, row->note);
    }
    return r;
}

static const char *
memory_text(const char *key, double bytes, char *buf, size_t size)
{
    char number[32];
    snprintf(buf, size, "limits.%s, %s", key, unit_format_bytes(bytes, number, sizeof number));
    return buf;
}

bool
limit_set_oom(struct limit_set *set, char *buf, size_t size)
{
    char run[64], trial[64];
    bool by_run = set->held[LIMIT_MEMORY].means == LIMIT_BY_CGROUP2;
    bool by_trial = set->held[LIMIT_TRIAL_MEMORY].means == LIMIT_BY_CGROUP2;
    if (!set->group || (!by_run && !by_trial))
        return false;
    int64_t kills = count_oom_kills(set->group);
    if (kills <= set->oom_kills)
        return false;
    set->oom_kills = kills;
    memory_text("memory", set->wanted->memory_bytes, run, sizeof run);
    memory_text("trial_memory", set->wanted->trial_memory_bytes, trial, sizeof trial);
    snprintf(buf, size, "out of memory: over its limit (%s%s%s)", by_run ? run : "",
        by_run && by_trial ? " or " : "", by_trial ? trial : "");
    return true;
}

void
limit_set_write_orders(struct json_writer *w, const char *key, const struct limit_set *set)
{
    jw_object(w, key);
    for (int i = 0; i < ROWS; i++)
        if (limit_wanted(set->wanted, rows[i].id) &&
            set->held[rows[i].id].means == rows[i].applied_by)
            write_value(w, rows[i].name, set->wanted, rows[i].id);
    jw_end(w);
}

void
limit_set_refused(struct limit_set *set, const json_t *refused)
{
    for (int i = 0; i < ROWS; i++) {
        struct limit_held *held = &set->held[rows[i].id];
        const char *text = json_get_string(refused, rows[i].name, NULL);
        if (!text || held->means != rows[i].applied_by)
            continue;
        held->means = LIMIT_BY_NOTHING;
        text_clean(text, held->note, sizeof held->note);
    }
}

void
limit_set_write(struct json_writer *w, const char *key, const struct limit_set *set)
{
    jw_array(w, key);
    for (int i = 0; i < LIMIT_COUNT && set->wanted; i++) {
        enum limit_id id = (enum limit_id)i;
        if (!limit_wanted(set->wanted, id))
            continue;
        jw_object(w, NULL);
        jw_string(w, "name", limit_name(id));
        write_value(w, "value", set->wanted, id);
        jw_string(w, "held_by", means_names[set->held[i].means]);
        jw_string(w, "note", set->held[i].note);
        jw_end(w);
    }
    jw_end(w);
}

/* In the worker. */

void
limit_apply(const json_t *orders, json_t *refused)
{
    for (int i = 0; i < ROWS; i++) {
        const json_t *value = json_object_get(orders, rows[i].name);
        int r = value ? rows[i].apply(value) : 0;
        if (r < 0)
            json_object_set_new(refused, rows[i].name, json_string(err_text(r)));
    }
}
