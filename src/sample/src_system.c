/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * /proc/stat's totals, /proc/loadavg and /proc/uptime -> group system.
 */
#include "sample/source.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"

/* The monotonic clock runs along with the uptime, so the file is only read to
 * learn the difference. */
enum { UPTIME_EVERY = 60 };

/*  X(ID, "key")  lines of /proc/stat behind the cpu lines */
#define COUNTER_TABLE(X)                                                       \
    X(SWITCHES, "ctxt ")                                                       \
    X(FORKS, "processes ")                                                     \
    X(RUNNING, "procs_running ")                                               \
    X(BLOCKED, "procs_blocked ")

enum counter {
#define X(id, key) COUNTER_##id,
    COUNTER_TABLE(X)
#undef X
    COUNTER_COUNT
};

static const char *const counter_key[COUNTER_COUNT] = {
#define X(id, key) key,
    COUNTER_TABLE(X)
#undef X
};

struct counters {
    bool known[COUNTER_COUNT];
    uint64_t value[COUNTER_COUNT];
};

struct src_system {
    struct procfs_file loadavg;
    struct procfs_file uptime;
    double uptime_offset; /* uptime less the monotonic clock; NaN: not known */
    struct counters before;
};

void *
src_system_new(const struct source_roots *roots)
{
    struct src_system *kernel = XNEW(struct src_system);
    procfs_file_init(&kernel->loadavg, xasprintf("%s/loadavg", roots->proc));
    procfs_file_init(&kernel->uptime, xasprintf("%s/uptime", roots->proc));
    kernel->uptime_offset = (double)NAN;
    return kernel;
}

void
src_system_free(void *state)
{
    struct src_system *kernel = state;
    if (!kernel)
        return;
    procfs_file_release(&kernel->loadavg);
    procfs_file_release(&kernel->uptime);
    free(kernel);
}

static void
parse_counters(struct scan text, struct counters *counters)
{
    struct scan line;
    *counters = (struct counters){ 0 };
    while (scan_line(&text, &line))
        for (int c = 0; c < COUNTER_COUNT; c++)
            if (scan_literal(&line, counter_key[c]))
                counters->known[c] = scan_number(&line, &counters->value[c]);
}

static void
take_counters(struct src_system *kernel, const struct source_turn *turn)
{
    struct counters now;
    double rate[COUNTER_COUNT];
    double *figure = turn->sample->scalar;
    const struct counters *before = &kernel->before;
    parse_counters(turn->stat, &now);
    for (int c = 0; c < COUNTER_COUNT; c++)
        rate[c] = now.known[c] && before->known[c]
            ? source_rate(now.value[c], before->value[c], turn->seconds) : (double)NAN;
    figure[METRIC_SYSTEM_SWITCHES] = rate[COUNTER_SWITCHES];
    figure[METRIC_SYSTEM_FORKS] = rate[COUNTER_FORKS];
    if (now.known[COUNTER_RUNNING])
        figure[METRIC_SYSTEM_RUNNABLE] = (double)now.value[COUNTER_RUNNING];
    if (now.known[COUNTER_BLOCKED])
        figure[METRIC_SYSTEM_BLOCKED] = (double)now.value[COUNTER_BLOCKED];
    kernel->before = now;
}

/* "0.06 0.01 0.00 1/92 6405" */
static void
take_load(struct src_system *kernel, const struct source_turn *turn)
{
    struct scan text, part;
    double load[3];
    uint64_t threads;
    if (procfs_file_read(&kernel->loadavg, turn->buffer, &text) < 0)
        return;
    for (int i = 0; i < 3; i++)
        if (!scan_decimal(&text, &load[i]))
            return;
    turn->sample->scalar[METRIC_SYSTEM_LOAD1] = load[0];
    turn->sample->scalar[METRIC_SYSTEM_LOAD5] = load[1];
    turn->sample->scalar[METRIC_SYSTEM_LOAD15] = load[2];
    if (scan_until(&text, '/', &part) && scan_number(&text, &threads))
        turn->sample->scalar[METRIC_SYSTEM_THREADS] = (double)threads;
}

static void
take_uptime(struct src_system *kernel, const struct source_turn *turn)
{
    double now = ns_to_sec(turn->mono_ns), uptime;
    struct scan text;
    if (turn->sequence % UPTIME_EVERY == 1) {
        bool known = procfs_file_read(&kernel->uptime, turn->buffer, &text) == 0
            && scan_decimal(&text, &uptime);
        kernel->uptime_offset = known ? uptime - now : (double)NAN;
    }
    turn->sample->scalar[METRIC_SYSTEM_UPTIME] = kernel->uptime_offset + now;
}

void
src_system_take(void *state, const struct source_turn *turn)
{
    take_counters(state, turn);
    take_load(state, turn);
    take_uptime(state, turn);
}
