/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Metrics that the server itself knows, into the sample: how many runs wait, and how
 * many workers have crashed lately.
 */
#include "base/clock.h"
#include "run/live_run.h"
#include "server/server.h"

static double
queued_runs(const struct server *server)
{
    int count = 0;
    for (const struct run *run = runner_first(server->runner); run; run = run->next)
        count += run->state == RUN_QUEUED;
    return count;
}

/* In the slots of the last ten minutes. */
static double
crashes(struct server *server, int64_t now_ns)
{
    int64_t slot = now_ns / (SERVER_CRASH_SLOT_SECONDS * NS_PER_SEC);
    uint64_t total = runner_crashes(server->runner), count = 0;
    for (int i = 0; i < SERVER_CRASH_SLOTS && slot > server->crash_slot; i++)
        server->crashes[++server->crash_slot % SERVER_CRASH_SLOTS] = 0;
    server->crash_slot = slot;
    server->crashes[slot % SERVER_CRASH_SLOTS] += total - server->crashes_seen;
    server->crashes_seen = total;
    for (int i = 0; i < SERVER_CRASH_SLOTS; i++)
        count += server->crashes[i];
    return (double)count;
}

void
own_figures(struct server *server, struct sample *sample, int64_t now_ns)
{
    sample->scalar[METRIC_MEMORY_PRESSURE] = optop_memory_pressure(NULL, 0);
    sample->scalar[METRIC_SERVER_QUEUED] = queued_runs(server);
    sample->scalar[METRIC_SERVER_CRASHES] = crashes(server, now_ns);
}
