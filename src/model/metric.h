/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The one table of what is measured. A row says where a metric stands in the
 * status object (group and key), what it counts per (nothing, a core, a disk,
 * an interface), its unit, whether its history is kept, and what people read
 * about it. The sampler, the history, the thresholds, `optop status`, the
 * screen and the manual all go by these rows.
 *
 * A metric's full name is "group.key": cpu.total, memory.available_bytes,
 * core.user, disk.read_bytes. One instance is "group.key:instance":
 * core.user:3, disk.busy:vda.
 *
 * To add a metric: one row here (rows of a group stand together), and one
 * assignment in its source under src/sample/.
 */
#ifndef OPTOP_MODEL_METRIC_H
#define OPTOP_MODEL_METRIC_H

#include <stdbool.h>
#include <stddef.h>

/*  X(GROUP, "name", "json", per)  json: the member of the status object; a
 *  group counted per something is an array of objects with a "name". */
#define METRIC_GROUP_TABLE(X)                                                  \
    X(CPU, "cpu", "cpu", false)                                                \
    X(CORE, "core", "cores", true)                                             \
    X(MEMORY, "memory", "memory", false)                                       \
    X(PRESSURE, "pressure", "pressure", false)                                 \
    X(SYSTEM, "system", "system", false)                                       \
    X(LIMIT, "limit", "limits", false)                                         \
    X(SERVER, "server", "server", false)                                       \
    X(DISK, "disk", "disks", true)                                             \
    X(NET, "net", "networks", true)                                            \
    X(FILESYSTEM, "filesystem", "filesystems", true)                           \
    X(FIGURE, "figure", "figures", true)

enum metric_group {
#define X(name, text, json, per) GROUP_##name,
    METRIC_GROUP_TABLE(X)
#undef X
    GROUP_COUNT
};

enum metric_unit {
    UNIT_PERCENT,
    UNIT_BYTES,
    UNIT_BYTES_PER_SECOND,
    UNIT_PER_SECOND,
    UNIT_SECONDS,
    UNIT_MEGAHERTZ,
    UNIT_CELSIUS,
    UNIT_COUNT_OF, /* a plain number */
};

/*  X(GROUP, ID, "key", UNIT, history, "help") */
#define METRIC_TABLE(X)                                                        \
    X(CPU, CPU_TOTAL, "total", PERCENT, true,                                  \
        "CPU time in use, of all cores together (everything but idle and iowait)") \
    X(CPU, CPU_USER, "user", PERCENT, true, "CPU time in user mode")           \
    X(CPU, CPU_SYSTEM, "system", PERCENT, true, "CPU time in the kernel")      \
    X(CPU, CPU_NICE, "nice", PERCENT, false, "CPU time of niced processes")    \
    X(CPU, CPU_IOWAIT, "iowait", PERCENT, true, "idle time with I/O outstanding") \
    X(CPU, CPU_IRQ, "irq", PERCENT, false, "CPU time in interrupts, hard and soft") \
    X(CPU, CPU_STEAL, "steal", PERCENT, true, "CPU time taken by the hypervisor") \
    X(CPU, CPU_GUEST, "guest", PERCENT, false, "CPU time given to guests")     \
    X(CPU, CPU_FREQUENCY, "frequency_mhz", MEGAHERTZ, false, "mean frequency of the cores") \
    X(CPU, CPU_TEMPERATURE, "temperature", CELSIUS, true,                      \
        "how hot the processors are, the hottest package; unknown where no sensor is") \
    X(CPU, CPU_ONLINE, "online", COUNT_OF, false, "cores online")              \
    X(CORE, CORE_TOTAL, "total", PERCENT, true, "CPU time in use on this core") \
    X(CORE, CORE_USER, "user", PERCENT, false, "user mode, this core")         \
    X(CORE, CORE_SYSTEM, "system", PERCENT, false, "kernel, this core")        \
    X(CORE, CORE_NICE, "nice", PERCENT, false, "niced processes, this core")   \
    X(CORE, CORE_IOWAIT, "iowait", PERCENT, false, "idle with I/O outstanding, this core") \
    X(CORE, CORE_IRQ, "irq", PERCENT, false, "interrupts, this core")          \
    X(CORE, CORE_STEAL, "steal", PERCENT, false, "taken by the hypervisor, this core") \
    X(CORE, CORE_GUEST, "guest", PERCENT, false, "given to guests, this core") \
    X(CORE, CORE_FREQUENCY, "frequency_mhz", MEGAHERTZ, false, "frequency of this core") \
    X(MEMORY, MEMORY_TOTAL, "total_bytes", BYTES, false, "memory of the machine") \
    X(MEMORY, MEMORY_USED, "used_bytes", BYTES, true,                          \
        "total less free, buffers, cached and reclaimable slab")               \
    X(MEMORY, MEMORY_USED_PCT, "used_pct", PERCENT, true, "used, of total")    \
    X(MEMORY, MEMORY_FREE, "free_bytes", BYTES, false, "not used for anything") \
    X(MEMORY, MEMORY_AVAILABLE, "available_bytes", BYTES, true,                \
        "what can be had without swapping (the kernel's estimate)")            \
    X(MEMORY, MEMORY_BUFFERS, "buffers_bytes", BYTES, false, "block device buffers") \
    X(MEMORY, MEMORY_CACHED, "cached_bytes", BYTES, true, "page cache and tmpfs") \
    X(MEMORY, MEMORY_SLAB, "slab_bytes", BYTES, false, "kernel slabs, all")    \
    X(MEMORY, MEMORY_SLAB_RECLAIMABLE, "slab_reclaimable_bytes", BYTES, false, \
        "kernel slabs that can be given back")                                 \
    X(MEMORY, MEMORY_SHARED, "shared_bytes", BYTES, false, "tmpfs and shared memory") \
    X(MEMORY, MEMORY_DIRTY, "dirty_bytes", BYTES, false, "waiting to be written to disk") \
    X(MEMORY, MEMORY_SWAP_TOTAL, "swap_total_bytes", BYTES, false, "swap of the machine") \
    X(MEMORY, MEMORY_SWAP_USED, "swap_used_bytes", BYTES, true, "swap in use") \
    X(MEMORY, MEMORY_SWAP_PCT, "swap_used_pct", PERCENT, true, "swap in use, of all swap") \
    X(MEMORY, MEMORY_HUGE_TOTAL, "huge_total_bytes", BYTES, false, "huge pages set aside") \
    X(MEMORY, MEMORY_HUGE_USED, "huge_used_bytes", BYTES, false, "huge pages in use") \
    X(MEMORY, MEMORY_PRESSURE, "pressure", COUNT_OF, true,                     \
        "how short memory is: 0 none, 1 low, 2 moderate, 3 high, 4 critical")  \
    X(PRESSURE, PSI_CPU_SOME, "cpu_some", PERCENT, true,                       \
        "share of the last interval in which some task waited for a CPU (PSI total)") \
    X(PRESSURE, PSI_CPU_SOME_AVG10, "cpu_some_avg10", PERCENT, false, "the same over 10 s") \
    X(PRESSURE, PSI_CPU_SOME_AVG60, "cpu_some_avg60", PERCENT, false, "over 60 s") \
    X(PRESSURE, PSI_CPU_SOME_AVG300, "cpu_some_avg300", PERCENT, false, "over 300 s") \
    X(PRESSURE, PSI_CPU_FULL, "cpu_full", PERCENT, false,                      \
        "share of the last interval in which all tasks waited for a CPU")      \
    X(PRESSURE, PSI_CPU_FULL_AVG10, "cpu_full_avg10", PERCENT, false, "over 10 s") \
    X(PRESSURE, PSI_CPU_FULL_AVG60, "cpu_full_avg60", PERCENT, false, "over 60 s") \
    X(PRESSURE, PSI_CPU_FULL_AVG300, "cpu_full_avg300", PERCENT, false, "over 300 s") \
    X(PRESSURE, PSI_MEMORY_SOME, "memory_some", PERCENT, true,                 \
        "share of the last interval in which some task waited for memory")     \
    X(PRESSURE, PSI_MEMORY_SOME_AVG10, "memory_some_avg10", PERCENT, false, "over 10 s") \
    X(PRESSURE, PSI_MEMORY_SOME_AVG60, "memory_some_avg60", PERCENT, false, "over 60 s") \
    X(PRESSURE, PSI_MEMORY_SOME_AVG300, "memory_some_avg300", PERCENT, false, "over 300 s") \
    X(PRESSURE, PSI_MEMORY_FULL, "memory_full", PERCENT, true,                 \
        "share of the last interval in which all tasks waited for memory")     \
    X(PRESSURE, PSI_MEMORY_FULL_AVG10, "memory_full_avg10", PERCENT, false, "over 10 s") \
    X(PRESSURE, PSI_MEMORY_FULL_AVG60, "memory_full_avg60", PERCENT, false, "over 60 s") \
    X(PRESSURE, PSI_MEMORY_FULL_AVG300, "memory_full_avg300", PERCENT, false, "over 300 s") \
    X(PRESSURE, PSI_IO_SOME, "io_some", PERCENT, true,                         \
        "share of the last interval in which some task waited for I/O")        \
    X(PRESSURE, PSI_IO_SOME_AVG10, "io_some_avg10", PERCENT, false, "over 10 s") \
    X(PRESSURE, PSI_IO_SOME_AVG60, "io_some_avg60", PERCENT, false, "over 60 s") \
    X(PRESSURE, PSI_IO_SOME_AVG300, "io_some_avg300", PERCENT, false, "over 300 s") \
    X(PRESSURE, PSI_IO_FULL, "io_full", PERCENT, true,                         \
        "share of the last interval in which all tasks waited for I/O")        \
    X(PRESSURE, PSI_IO_FULL_AVG10, "io_full_avg10", PERCENT, false, "over 10 s") \
    X(PRESSURE, PSI_IO_FULL_AVG60, "io_full_avg60", PERCENT, false, "over 60 s") \
    X(PRESSURE, PSI_IO_FULL_AVG300, "io_full_avg300", PERCENT, false, "over 300 s") \
    X(SYSTEM, SYSTEM_LOAD1, "load1", COUNT_OF, true, "load average over 1 minute") \
    X(SYSTEM, SYSTEM_LOAD5, "load5", COUNT_OF, false, "load average over 5 minutes") \
    X(SYSTEM, SYSTEM_LOAD15, "load15", COUNT_OF, false, "load average over 15 minutes") \
    X(SYSTEM, SYSTEM_RUNNABLE, "runnable", COUNT_OF, true, "threads running or ready to run") \
    X(SYSTEM, SYSTEM_THREADS, "threads", COUNT_OF, false, "threads of the machine") \
    X(SYSTEM, SYSTEM_BLOCKED, "blocked", COUNT_OF, true, "tasks waiting for I/O") \
    X(SYSTEM, SYSTEM_FORKS, "forks", PER_SECOND, true, "processes and threads started per second") \
    X(SYSTEM, SYSTEM_SWITCHES, "context_switches", PER_SECOND, true, "context switches per second") \
    X(SYSTEM, SYSTEM_UPTIME, "uptime_seconds", SECONDS, false, "time since boot") \
    X(LIMIT, LIMIT_CORES, "cores", COUNT_OF, false,                            \
        "cores this user's server may use (affinity and cgroup quota)")        \
    X(LIMIT, LIMIT_MEMORY, "memory_bytes", BYTES, false,                       \
        "memory limit of the server's cgroup; unknown where there is none")    \
    X(LIMIT, LIMIT_MEMORY_USED, "memory_used_bytes", BYTES, true,              \
        "memory in use in the server's cgroup, where it has a limit")          \
    X(LIMIT, LIMIT_MEMORY_PCT, "memory_used_pct", PERCENT, true,               \
        "the same, of the limit")                                              \
    X(SERVER, SERVER_CPU, "cpu_pct", PERCENT, true, "CPU of the server process, of one core") \
    X(SERVER, SERVER_RSS, "rss_bytes", BYTES, true, "resident memory of the server process") \
    X(SERVER, SERVER_THREADS, "threads", COUNT_OF, false, "threads of the server process") \
    X(SERVER, SERVER_DESCRIPTORS, "descriptors", COUNT_OF, true, "open descriptors of the server process") \
    X(SERVER, SERVER_QUEUED, "queued_runs", COUNT_OF, true, "runs that wait for their turn") \
    X(SERVER, SERVER_CRASHES, "worker_crashes", COUNT_OF, true,                \
        "workers that have crashed in the last ten minutes")                   \
    X(DISK, DISK_READ, "read_bytes", BYTES_PER_SECOND, true, "read per second") \
    X(DISK, DISK_WRITE, "write_bytes", BYTES_PER_SECOND, true, "written per second") \
    X(DISK, DISK_READS, "reads", PER_SECOND, false, "reads finished per second") \
    X(DISK, DISK_WRITES, "writes", PER_SECOND, false, "writes finished per second") \
    X(DISK, DISK_BUSY, "busy", PERCENT, true, "share of the interval with I/O under way") \
    X(NET, NET_RECEIVE, "receive_bytes", BYTES_PER_SECOND, true, "received per second") \
    X(NET, NET_SEND, "send_bytes", BYTES_PER_SECOND, true, "sent per second")  \
    X(NET, NET_RECEIVE_PACKETS, "receive_packets", PER_SECOND, false, "packets received per second") \
    X(NET, NET_SEND_PACKETS, "send_packets", PER_SECOND, false, "packets sent per second") \
    X(NET, NET_ERRORS, "errors", PER_SECOND, false, "errors and drops per second, both ways") \
    X(NET, NET_USED_PCT, "used_pct", PERCENT, true,                            \
        "the busier way, of the speed of the link; unknown where that is")     \
    X(FILESYSTEM, FILESYSTEM_TOTAL, "total_bytes", BYTES, false, "size of the filesystem") \
    X(FILESYSTEM, FILESYSTEM_USED, "used_bytes", BYTES, false, "in use")       \
    X(FILESYSTEM, FILESYSTEM_AVAILABLE, "available_bytes", BYTES, true,        \
        "what users other than root can still write")                          \
    X(FILESYSTEM, FILESYSTEM_PCT, "used_pct", PERCENT, true, "in use, of what users can have") \
    X(FIGURE, FIGURE_VALUE, "value", COUNT_OF, true,                           \
        "a figure that programs publish and that a threshold is for")

enum metric {
#define X(group, id, key, unit, history, help) METRIC_##id,
    METRIC_TABLE(X)
#undef X
    METRIC_COUNT
};

struct metric_info {
    enum metric_group group;
    const char *key;
    enum metric_unit unit;
    bool history;
    const char *help;
    char name[48]; /* "group.key" */
};

struct metric_group_info {
    const char *name;
    const char *json;
    bool per_instance;
    int first; /* the group's first metric */
    int count; /* and how many follow it */
};

/* What of a metric a threshold is for. To add one: a row in metric.c. */
enum metric_aspect {
    ASPECT_VALUE,
    ASPECT_RATE, /* of change, per second */
    ASPECT_TIME_LEFT, /* seconds until it meets a limit; infinite: it does not */
    ASPECT_COUNT
};

const struct metric_info *metric_info(enum metric metric);
const struct metric_group_info *metric_group_info(enum metric_group group);

/* Finds a metric by its full name; -1 when there is none. */
int metric_find(const char *name, size_t len);

/* Splits "name" or "name:instance"; *ret_instance points into text or is NULL.
 * Returns the metric, or ERR_NOT_FOUND.
 *
 * A name of two words or more (pool.reuse) whose first is no group is that of
 * a published figure: METRIC_FIGURE_VALUE with the whole text as its instance,
 * which is "FIGURE:PROGRAM[/LABELS]", or the figure alone for all of them. */
int metric_parse(const char *text, const char **ret_instance);

/* Whether what metric_parse() gave (NULL, or "" as instance: all) is for more
 * than one row, and whether for this one. */
bool metric_is_wildcard(enum metric metric, const char *instance);
bool metric_covers(enum metric metric, const char *instance, const char *row);

/* What metric_parse() takes: "cpu.total", "disk.busy:vda", a figure's row. */
const char *metric_key(enum metric metric, const char *row, char *buf, size_t size);

/* "%", "B", "B/s", "/s", "s", "MHz", "C", "". */
const char *metric_unit_text(enum metric_unit unit);

/* "value", "rate", "time_left"; ASPECT_VALUE for what is none. */
const char *metric_aspect_name(enum metric_aspect aspect);
enum metric_aspect metric_aspect_parse(const char *name);

/* The same of an aspect of it: "%/s"; "+12.0M/min" or "-3.0%/h", by its size; "3h05m",
 * "never". */
const char *metric_aspect_unit(enum metric metric, enum metric_aspect aspect);
const char *metric_aspect_format(enum metric metric, enum metric_aspect aspect, double value,
    char *buf, size_t size);

/* A value for people, with its unit: "42.3%", "1.21G", "18.2M/s". NaN: "-". */
const char *metric_format(enum metric metric, double value, char *buf, size_t size);

#endif
