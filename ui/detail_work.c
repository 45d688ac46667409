/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a run's workers are doing, what its processes use, and why trials have
 * failed: the answers of run.workers and run.failures.
 */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "ui/detail.h"

static void
take_lane(struct detail_lane *lane, const json_t *object)
{
    const char *past = json_get_string(object, "past", "");
    text_clean(json_get_string(object, "state", "-"), lane->state, sizeof lane->state);
    lane->worker = json_get_number(object, "worker", NAN);
    lane->pid = json_get_number(object, "pid", NAN);
    lane->threads = json_get_number(object, "threads", NAN);
    lane->trial = json_get_number(object, "trial", NAN);
    lane->seconds = json_get_number(object, "seconds", NAN);
    size_t len = strlen(past), from = len > DETAIL_PAST_MAX ? len - DETAIL_PAST_MAX : 0;
    lane->points = (int)(len - from);
    memcpy(lane->past, past + from, len - from);
}

static void
take_use(struct detail_use *use, const json_t *object)
{
    use->known = json_is_object(object);
    use->processes = json_get_number(object, "processes", NAN);
    use->cpu_pct = json_get_number(object, "cpu_pct", NAN);
    use->rss_bytes = json_get_number(object, "rss_bytes", NAN);
    use->read_bytes = json_get_number(object, "read_bytes", NAN);
    use->write_bytes = json_get_number(object, "write_bytes", NAN);
}

static void
take_limits(struct detail_use *use, const json_t *limits)
{
    size_t i;
    const json_t *limit;
    use->memory_limit_bytes = use->cpu_limit_cores = NAN;
    json_array_foreach(limits, i, limit) {
        const char *name = json_get_string(limit, "name", "");
        if (!strcmp(name, "memory"))
            use->memory_limit_bytes = json_get_number(limit, "value", NAN);
        else if (!strcmp(name, "cpu"))
            use->cpu_limit_cores = json_get_number(limit, "value", NAN);
    }
}

void
detail_apply_workers(struct detail *detail, const json_t *result)
{
    size_t i;
    const json_t *lane;
    if (json_get_int(result, "run", detail->run.run) != detail->run.run)
        return;
    detail->lane_count = 0;
    json_array_foreach(json_object_get(result, "lanes"), i, lane)
        if (detail->lane_count < DETAIL_LANES_MAX)
            take_lane(&detail->lane[detail->lane_count++], lane);
    detail->lane_newest = json_get_int(result, "newest", 0);
    detail->lane_others = json_get_int(result, "others", 0);
    take_use(&detail->use, json_object_get(result, "use"));
    take_limits(&detail->use, json_object_get(result, "limits"));
}

void
detail_apply_failures(struct detail *detail, const json_t *result)
{
    size_t i;
    const json_t *object;
    if (json_get_int(result, "run", detail->run.run) != detail->run.run)
        return;
    detail->failure_count = 0;
    json_array_foreach(json_object_get(result, "reasons"), i, object) {
        if (detail->failure_count >= DETAIL_FAILURES_MAX)
            break;
        struct detail_failure *failure = &detail->failure[detail->failure_count++];
        failure->count = json_get_number(object, "count", NAN);
        failure->first = json_get_number(object, "first", NAN);
        failure->last = json_get_number(object, "last", NAN);
        text_clean(json_get_string(object, "reason", ""), failure->reason, sizeof failure->reason);
    }
    detail->failure_kinds = json_get_int(result, "kinds", detail->failure_count);
}
