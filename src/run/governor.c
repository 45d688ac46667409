/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "run/governor.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

/* All tasks waiting for memory this much of the time: the machine thrashes. */
#define STALL_PCT 5.0

/* Growing stops this far below the memory limit, so that one more worker does
 * not lead straight to one fewer. */
#define MEMORY_MARGIN_PCT 5.0

struct ceiling {
    int workers;
    char why[GOVERNOR_REASON_MAX / 2];
};

static double
clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* Lowers the ceiling and takes the reason that comes with it. */
static void __attribute__((format(printf, 3, 4)))
lower(struct ceiling *ceiling, double workers, const char *format, ...)
{
    int whole = (int)clamp(floor(workers), 1, 1e6);
    if (whole >= ceiling->workers)
        return;
    ceiling->workers = whole;
    va_list args;
    va_start(args, format);
    vsnprintf(ceiling->why, sizeof ceiling->why, format, args);
    va_end(args);
}

static double
others_cpu_pct(const struct governor_figures *f)
{
    double ours = f->cores_online > 0 ? 100 * f->run_cores / f->cores_online : 0;
    return clamp(f->cpu_pct - (isfinite(ours) ? ours : 0), 0, 100);
}

static double
memory_pct(const struct governor_figures *f)
{
    return f->memory_bytes > 0 ? 100 * f->memory_used_bytes / f->memory_bytes : (double)NAN;
}

static struct ceiling
find_ceiling(const struct governor_options *options, const struct governor_figures *f)
{
    struct ceiling ceiling = { .workers = f->slots > 1 ? f->slots : 1 };
    double cpu = others_cpu_pct(f), memory = memory_pct(f);
    snprintf(ceiling.why, sizeof ceiling.why, "all usable cores");
    if (isfinite(cpu)) /* half a worker's room is enough: rounding, not cutting */
        lower(&ceiling, f->slots * clamp(1 - cpu / options->max_cpu_pct, 0, 1) + 0.5,
            "others use %.0f %% of the CPUs, %.0f %% may be in use", cpu, options->max_cpu_pct);
    if (!isfinite(memory))
        return ceiling;
    double room = (options->max_memory_pct - memory) / 100 * f->memory_bytes;
    if (f->trial_bytes > 0)
        lower(&ceiling, f->workers + room / f->trial_bytes, "memory %.0f %% of %.0f %%", memory,
            options->max_memory_pct);
    else if (!f->workers) /* what ours take is measured, not scaled */
        lower(&ceiling, f->slots * clamp(1 - memory / options->max_memory_pct, 0, 1) + 0.5,
            "memory %.0f %% of %.0f %%", memory, options->max_memory_pct);
    return ceiling;
}

static void
set_target(struct governor *governor, int target, int64_t now_ns)
{
    governor->target = target > 1 ? target : 1;
    governor->changed_ns = now_ns;
    governor->lower_since_ns = 0;
}

static void
tell(struct governor *governor, const struct governor_figures *f, const char *why)
{
    snprintf(governor->reason, sizeof governor->reason, "%d of %d: %s", governor->target,
        f->slots > 1 ? f->slots : 1, why);
}

/* What calls for fewer workers at once; "" when nothing does. */
static void
find_pressure(const struct governor_options *options, const struct governor_figures *f, char *buf,
    size_t size)
{
    double memory = memory_pct(f);
    buf[0] = '\0';
    if (memory > options->max_memory_pct)
        snprintf(buf, size, "memory %.0f %% of %.0f %%", memory, options->max_memory_pct);
    else if (f->pressure >= OPTOP_PRESSURE_HIGH)
        snprintf(buf, size, "memory pressure is %s", optop_pressure_name(f->pressure));
    else if (f->memory_stall_pct > STALL_PCT)
        snprintf(buf, size, "tasks wait for memory %.0f %% of the time", f->memory_stall_pct);
}

/* A lower ceiling must hold for a while; a higher one is climbed step by step. */
static void
steer(struct governor *governor, const struct governor_options *options,
    const struct governor_figures *f, const struct ceiling *ceiling, int64_t now_ns)
{
    bool near_limit = memory_pct(f) > options->max_memory_pct - MEMORY_MARGIN_PCT;
    if (ceiling->workers >= governor->target)
        governor->lower_since_ns = 0;
    else if (!governor->lower_since_ns)
        governor->lower_since_ns = now_ns;
    if (governor->lower_since_ns && now_ns - governor->lower_since_ns >= GOVERNOR_LOWER_NS)
        set_target(governor, ceiling->workers, now_ns);
    else if (ceiling->workers > governor->target && !near_limit &&
        now_ns - governor->changed_ns >= GOVERNOR_UP_NS)
        set_target(governor, governor->target + 1, now_ns);
    if (near_limit && governor->target < ceiling->workers) {
        char why[GOVERNOR_REASON_MAX / 2];
        snprintf(why, sizeof why, "memory %.0f %% of %.0f %%", memory_pct(f),
            options->max_memory_pct);
        tell(governor, f, why);
    } else {
        tell(governor, f, governor->target < ceiling->workers ? "growing" : ceiling->why);
    }
}

int
governor_step(struct governor *governor, const struct governor_options *options,
    const struct governor_figures *figures, int64_t now_ns)
{
    struct ceiling ceiling = find_ceiling(options, figures);
    char pressure[GOVERNOR_REASON_MAX / 2];
    int slots = figures->slots > 1 ? figures->slots : 1;
    if (!governor->target)
        set_target(governor, ceiling.workers, now_ns);
    if (governor->target > slots)
        set_target(governor, slots, now_ns);
    find_pressure(options, figures, pressure, sizeof pressure);
    if (!pressure[0]) {
        steer(governor, options, figures, &ceiling, now_ns);
        return governor->target;
    }
    bool settled = now_ns - governor->changed_ns >= GOVERNOR_DOWN_NS;
    if (settled && governor->target > 1)
        set_target(governor, governor->target / 2, now_ns);
    tell(governor, figures, pressure);
    return governor->target;
}
