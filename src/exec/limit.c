/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exec/limit.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "base/text.h"
#include "base/unit.h"
#include "base/xalloc.h"

enum { IOPRIO_CLASS_SHIFT = 13, IOPRIO_WHO_PROCESS = 1 };

static const char *const means_names[] = {
    [LIMIT_BY_CGROUP2] = "cgroup2", [LIMIT_BY_CGROUP1] = "cgroup1",
    [LIMIT_BY_RLIMIT] = "rlimit", [LIMIT_BY_SCHEDULING] = "scheduling",
    [LIMIT_BY_NOTHING] = "nothing",
};

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

/* By a cgroup, in the server. */

static int
hold_cells(const struct control *control, double bytes)
{
    return isfinite(bytes) ? control_prepare_cells(control) : 0; /* each cell gets it when it is made */
}

/* The table. To add a limit: a row, its value in struct run_limits and in
 * limit_wanted and write_value, an option in config/run_options.c. Rows stand in the
 * order in which a worker applies them: affinity before cpu, which chooses
 * among what that leaves. */
static const struct limit_row {
    enum limit_id id;
    const char *name; /* its key in [limits] */
    enum control_id control; /* of the cgroup, when it holds it */
    int (*hold)(const struct control *control, double value); /* NULL: no cgroup does */
    int (*apply)(const json_t *value); /* in the worker */
    enum limit_means applied_by;
    const char *note; /* what applying does not hold */
} rows[] = {
    { LIMIT_MEMORY, "memory", CONTROL_MEMORY, control_hold_memory, apply_memory,
        LIMIT_BY_RLIMIT,
        "each process alone, not their sum" },
    { LIMIT_TRIAL_MEMORY, "trial_memory", CONTROL_MEMORY, hold_cells, apply_trial_memory,
        LIMIT_BY_RLIMIT,
        "each process of a trial alone, not their sum" },
    { LIMIT_AFFINITY, "affinity", 0, NULL, apply_affinity, LIMIT_BY_SCHEDULING, "" },
    { LIMIT_CPU, "cpu", CONTROL_CPU, control_hold_cpu, apply_cpu, LIMIT_BY_SCHEDULING,
        "kept to whole CPUs, rounded up" },
    { LIMIT_NICE, "nice", 0, NULL, apply_nice, LIMIT_BY_SCHEDULING, "" },
    { LIMIT_IO_PRIORITY, "io_priority", 0, NULL, apply_io_priority, LIMIT_BY_SCHEDULING, "" },
    { LIMIT_OPEN_FILES, "open_files", 0, NULL, apply_open_files, LIMIT_BY_RLIMIT, "" },
    { LIMIT_CORE_DUMPS, "core_dumps", 0, NULL, apply_core_dumps, LIMIT_BY_RLIMIT, "" },
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

static double
held_value(const struct run_limits *wanted, enum limit_id id)
{
    return id == LIMIT_MEMORY ? wanted->memory_bytes
        : id == LIMIT_TRIAL_MEMORY ? wanted->trial_memory_bytes : wanted->cpu_cores;
}

/* The best means that the environment allows to try. */
static enum limit_means
best_means(void)
{
    const char *name = getenv("OPTOP_LIMITS");
    for (int means = LIMIT_BY_CGROUP2; name && means <= LIMIT_BY_RLIMIT; means++)
        if (str_equal(name, means_names[means]))
            return (enum limit_means)means;
    return LIMIT_BY_CGROUP2;
}

static bool
is_by_cgroup(const struct limit_held *held)
{
    return held->means == LIMIT_BY_CGROUP2 || held->means == LIMIT_BY_CGROUP1;
}

bool
limit_wants_control(const struct run_limits *wanted, enum control_id id)
{
    for (int i = 0; i < ROWS; i++)
        if (rows[i].hold && rows[i].control == id && limit_wanted(wanted, rows[i].id))
            return best_means() <= LIMIT_BY_CGROUP1;
    return false;
}

static void
hold_one(struct limit_set *set, const struct limit_row *row)
{
    struct limit_held *held = &set->held[row->id];
    *held = (struct limit_held){ .means = LIMIT_BY_NOTHING };
    if (!limit_wanted(&set->wanted, row->id))
        return;
    const struct control *control = row->hold ? &set->control[row->control] : NULL;
    enum limit_means means = control && control->v1 ? LIMIT_BY_CGROUP1 : LIMIT_BY_CGROUP2;
    int r = -EOPNOTSUPP;
    if (control && means >= best_means())
        r = row->hold(control, held_value(&set->wanted, row->id));
    if (r < 0 && r != -EOPNOTSUPP)
        log_debug("limit %s: not by %s: %s", row->name, means_names[means], err_text(r));
    held->means = r == 0 ? means : row->applied_by;
    str_copy(held->note, sizeof held->note, r == 0 ? "" : row->note);
}

void
limit_set_open(struct limit_set *set, const struct run_limits *wanted,
    const struct control control[CONTROLS])
{
    *set = (struct limit_set){ .wanted = *wanted, .opened = true };
    for (int i = 0; control && i < CONTROLS; i++)
        set->control[i] = control[i];
    for (int i = 0; i < ROWS; i++)
        hold_one(set, &rows[i]);
    set->oom_kills = control_oom_kills(&set->control[CONTROL_MEMORY]);
}

/* Is all that a worker gets at its start the same? */
static bool
same_for_workers(const struct limit_set *before, const struct limit_set *after)
{
    struct str orders[2];
    for (int i = 0; i < 2; i++) {
        struct json_writer w;
        str_init(&orders[i]);
        jw_init(&w, &orders[i]);
        limit_set_write_orders(&w, NULL, i ? after : before);
    }
    bool same = !strcmp(orders[0].data, orders[1].data) &&
        (!is_by_cgroup(&after->held[LIMIT_TRIAL_MEMORY]) ||
            before->wanted.trial_memory_bytes == after->wanted.trial_memory_bytes);
    for (int i = 0; i < CONTROLS; i++) /* a cgroup that they have not joined */
        same = same && (!after->control[i].directory ||
            after->control[i].directory == before->control[i].directory);
    str_release(&orders[0]);
    str_release(&orders[1]);
    return same;
}

bool
limit_set_change(struct limit_set *set, const struct run_limits *wanted,
    const struct control control[CONTROLS])
{
    const struct limit_set before = *set;
    limit_set_open(set, wanted, control);
    if (set->control[CONTROL_MEMORY].directory == before.control[CONTROL_MEMORY].directory)
        set->oom_kills = before.oom_kills;
    for (int i = 0; i < ROWS; i++)
        if (is_by_cgroup(&before.held[rows[i].id]) && !is_by_cgroup(&set->held[rows[i].id]))
            (void)rows[i].hold(&before.control[rows[i].control], INFINITY);
    return !same_for_workers(&before, set);
}

int
limit_set_cell(struct limit_set *set, const char *cell)
{
    struct limit_held *held = &set->held[LIMIT_TRIAL_MEMORY];
    if (!is_by_cgroup(held))
        return 0;
    int r = cell ? control_hold_cell_memory(&set->control[CONTROL_MEMORY], cell,
                       set->wanted.trial_memory_bytes)
                 : -ENOENT;
    if (r < 0) {
        const struct limit_row *row = find_row(LIMIT_TRIAL_MEMORY);
        held->means = row->applied_by;
        str_copy(held->note, sizeof held->note, row->note);
    }
    return r;
}

void
limit_set_cell_gone(struct limit_set *set, const char *cell)
{
    set->oom_kills -= control_cell_oom_kills(&set->control[CONTROL_MEMORY], cell);
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
    bool by_run = is_by_cgroup(&set->held[LIMIT_MEMORY]);
    bool by_trial = is_by_cgroup(&set->held[LIMIT_TRIAL_MEMORY]);
    if (!by_run && !by_trial)
        return false;
    int64_t kills = control_oom_kills(&set->control[CONTROL_MEMORY]);
    if (kills <= set->oom_kills)
        return false;
    set->oom_kills = kills;
    memory_text("memory", set->wanted.memory_bytes, run, sizeof run);
    memory_text("trial_memory", set->wanted.trial_memory_bytes, trial, sizeof trial);
    snprintf(buf, size, "out of memory: over its limit (%s%s%s)", by_run ? run : "",
        by_run && by_trial ? " or " : "", by_trial ? trial : "");
    return true;
}

void
limit_set_write_orders(struct json_writer *w, const char *key, const struct limit_set *set)
{
    jw_object(w, key);
    for (int i = 0; i < ROWS; i++)
        if (limit_wanted(&set->wanted, rows[i].id) &&
            set->held[rows[i].id].means == rows[i].applied_by)
            write_value(w, rows[i].name, &set->wanted, rows[i].id);
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
    for (int i = 0; i < LIMIT_COUNT && set->opened; i++) {
        enum limit_id id = (enum limit_id)i;
        if (!limit_wanted(&set->wanted, id))
            continue;
        jw_object(w, NULL);
        jw_string(w, "name", limit_name(id));
        write_value(w, "value", &set->wanted, id);
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
