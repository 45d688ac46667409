/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The limits of the process's own cgroup (v1 or v2, itself and what is above
 * it) and its CPU affinity -> group limit. Limits seldom change: they are
 * looked at every few samples; the memory in use is read every time, and only
 * where there is a limit.
 */
#include "sample/source.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/xalloc.h"
#include "optop/cache.h"
#include "sample/cgroup.h"

enum {
    LIMITS_EVERY = 10,
    PLACES_MAX = 16,
    AFFINITY_WORDS = 8192 / (8 * sizeof(unsigned long)), /* Linux's own maximum of cores */
};

/* Where the process is. */
struct places {
    bool has_memory, has_cpu;
    struct cgroup_place memory, cpu;
};

struct src_cgroup {
    const char *sys;
    int pid;
    struct procfs_file cgroups, mounts;
    struct procfs_buffer places_buffer; /* /proc/PID/cgroup while mounts is read */
    struct optop_cache *known; /* struct places by its text; NULL: found anew each time */
    struct places place;
    double quota_cores; /* INFINITY: none */
    double limit_bytes; /* INFINITY: none */
    char limit_path[CGROUP_PATH_MAX]; /* the directory that sets it */
    double affinity_cores; /* NaN: not known */
    struct procfs_file usage, stat; /* of limit_path; path NULL without a limit */
};

void *
src_cgroup_new(const struct source_roots *roots)
{
    struct src_cgroup *group = XNEW(struct src_cgroup);
    group->sys = roots->sys;
    group->pid = roots->pid;
    procfs_file_init(&group->cgroups, xasprintf("%s/%d/cgroup", roots->proc, roots->pid));
    procfs_file_init(&group->mounts, xasprintf("%s/%d/mountinfo", roots->proc, roots->pid));
    group->known = optop_cache_new(&(struct optop_cache_options){ .name = "cgroup.places",
        .max_entries = PLACES_MAX });
    group->quota_cores = group->limit_bytes = (double)INFINITY;
    group->affinity_cores = (double)NAN;
    return group;
}

void
src_cgroup_free(void *state)
{
    struct src_cgroup *group = state;
    if (!group)
        return;
    procfs_file_release(&group->cgroups);
    procfs_file_release(&group->mounts);
    procfs_file_release(&group->usage);
    procfs_file_release(&group->stat);
    procfs_buffer_release(&group->places_buffer);
    optop_cache_free(group->known);
    free(group);
}

struct search {
    struct src_cgroup *group;
    struct scan cgroups;
    struct procfs_buffer *buffer;
    struct places place;
};

static int
read_places(void *context, const struct optop_key *key, struct optop_cache_made *ret_made)
{
    struct search *search = context;
    struct src_cgroup *group = search->group;
    struct scan mounts = { "", "" };
    (void)key;
    if (procfs_file_read(&group->mounts, search->buffer, &mounts) < 0)
        mounts = (struct scan){ "", "" };
    procfs_file_close(&group->mounts);
    search->place.has_memory =
        cgroup_find(search->cgroups, mounts, "memory", group->sys, &search->place.memory) == 0;
    search->place.has_cpu =
        cgroup_find(search->cgroups, mounts, "cpu", group->sys, &search->place.cpu) == 0;
    *ret_made = (struct optop_cache_made){ .value = &search->place, .size = sizeof search->place };
    return 0;
}

/* A process may be moved, and back; the mounts are only read for a place where it
 * was not before. */
static void
find_places(struct src_cgroup *group, struct procfs_buffer *buffer)
{
    struct search search = { .group = group, .cgroups = { "", "" }, .buffer = buffer };
    struct optop_key key;
    struct optop_cache_made made;
    const void *known;
    if (procfs_file_read(&group->cgroups, &group->places_buffer, &search.cgroups) < 0)
        search.cgroups = (struct scan){ "", "" };
    optop_key(&key, "b", search.cgroups.at, scan_length(search.cgroups));
    if (optop_cache_compute(group->known, &key, read_places, &search, &known, NULL) == 0) {
        group->place = *(const struct places *)known;
        optop_cache_let_go(group->known, known);
    } else { /* too long for a key, or no memory */
        read_places(&search, &key, &made);
        group->place = search.place;
    }
}

/* Reads up to count numbers of a file that is opened for this one time. */
static int
read_numbers(const char *directory, const char *name, struct procfs_buffer *buffer,
    uint64_t *values, int count)
{
    char path[CGROUP_PATH_MAX + 64];
    struct procfs_file file;
    struct scan text;
    snprintf(path, sizeof path, "%s/%s", directory, name);
    procfs_file_init(&file, path);
    int n = procfs_file_read(&file, buffer, &text) < 0 ? 0 : scan_numbers(&text, values, count);
    procfs_file_close(&file);
    return n;
}

/* "max" and -1 are no numbers here, and so no limits. */
static double
quota_of(const struct cgroup_place *place, struct procfs_buffer *buffer)
{
    uint64_t value[2];
    bool known;
    if (place->v2)
        known = read_numbers(place->path, "cpu.max", buffer, value, 2) == 2;
    else
        known = read_numbers(place->path, "cpu.cfs_quota_us", buffer, &value[0], 1) == 1
            && read_numbers(place->path, "cpu.cfs_period_us", buffer, &value[1], 1) == 1;
    return known && value[0] && value[1] ? (double)value[0] / (double)value[1] : (double)INFINITY;
}

static void
find_quota(struct src_cgroup *group, struct procfs_buffer *buffer)
{
    struct cgroup_place place = group->place.cpu;
    group->quota_cores = (double)INFINITY;
    if (!group->place.has_cpu)
        return;
    do
        group->quota_cores = fmin(group->quota_cores, quota_of(&place, buffer));
    while (cgroup_parent(&place));
}

/* The lowest limit of the place and what is above it. One that the machine's
 * memory cannot reach is none: v1 writes a huge number for that. */
static void
find_memory_limit(struct src_cgroup *group, double machine_bytes, struct procfs_buffer *buffer)
{
    struct cgroup_place place = group->place.memory;
    double lowest = isnan(machine_bytes) ? 0x1p60 : machine_bytes;
    char path[CGROUP_PATH_MAX] = "";
    group->limit_bytes = (double)INFINITY;
    if (group->place.has_memory)
        do {
            uint64_t limit;
            const char *name = place.v2 ? "memory.max" : "memory.limit_in_bytes";
            if (read_numbers(place.path, name, buffer, &limit, 1) == 1 && (double)limit < lowest) {
                group->limit_bytes = lowest = (double)limit;
                snprintf(path, sizeof path, "%s", place.path);
            }
        } while (cgroup_parent(&place));
    if (!strcmp(path, group->limit_path))
        return;
    snprintf(group->limit_path, sizeof group->limit_path, "%s", path);
    procfs_file_release(&group->usage);
    procfs_file_release(&group->stat);
    if (!*path)
        return;
    const char *usage = group->place.memory.v2 ? "memory.current" : "memory.usage_in_bytes";
    procfs_file_init(&group->usage, xasprintf("%s/%s", path, usage));
    procfs_file_init(&group->stat, xasprintf("%s/memory.stat", path));
}

static double
affinity_of(int pid)
{
    unsigned long mask[AFFINITY_WORDS] = { 0 };
    int cores = 0;
    if (sched_getaffinity(pid, sizeof mask, (cpu_set_t *)mask) != 0)
        return (double)NAN;
    for (int i = 0; i < AFFINITY_WORDS; i++)
        cores += __builtin_popcountl(mask[i]);
    return cores;
}

/* Page cache that nobody has touched lately is given back on demand: counting
 * it would show every container that reads files as full. */
static double
inactive_file_bytes(struct src_cgroup *group, struct procfs_buffer *buffer)
{
    struct scan text, line;
    uint64_t value;
    if (procfs_file_read(&group->stat, buffer, &text) < 0)
        return 0;
    while (scan_line(&text, &line))
        if (scan_literal(&line, group->place.memory.v2 ? "inactive_file " : "total_inactive_file "))
            return scan_number(&line, &value) ? (double)value : 0;
    return 0;
}

static void
take_memory(struct src_cgroup *group, const struct source_turn *turn)
{
    struct scan text;
    uint64_t usage;
    if (isinf(group->limit_bytes))
        return;
    turn->sample->scalar[METRIC_LIMIT_MEMORY] = group->limit_bytes;
    if (procfs_file_read(&group->usage, turn->buffer, &text) < 0 || !scan_number(&text, &usage))
        return;
    double used = fmax((double)usage - inactive_file_bytes(group, turn->buffer), 0);
    turn->sample->scalar[METRIC_LIMIT_MEMORY_USED] = used;
    if (group->limit_bytes > 0)
        turn->sample->scalar[METRIC_LIMIT_MEMORY_PCT] = 100 * used / group->limit_bytes;
}

void
src_cgroup_take(void *state, const struct source_turn *turn)
{
    struct src_cgroup *group = state;
    if (turn->sequence % LIMITS_EVERY == 1) {
        find_places(group, turn->buffer);
        find_quota(group, turn->buffer);
        find_memory_limit(group, turn->sample->scalar[METRIC_MEMORY_TOTAL], turn->buffer);
        group->affinity_cores = affinity_of(group->pid);
    }
    double cores = group->affinity_cores;
    if (isnan(cores))
        cores = turn->sample->scalar[METRIC_CPU_ONLINE];
    if (!isnan(cores) || !isinf(group->quota_cores))
        turn->sample->scalar[METRIC_LIMIT_CORES] = fmin(cores, group->quota_cores);
    take_memory(group, turn);
}
