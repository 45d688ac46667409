/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "run/lanes.h"

#include <string.h>

int
lanes_take(struct lanes *lanes)
{
    for (int i = 0; i < LANES_MAX; i++) {
        struct lane *lane = &lanes->lane[i];
        if (lane->taken)
            continue;
        if (i >= lanes->count) {
            lanes->count = i + 1;
            memset(lane->past, LANE_EMPTY, sizeof lane->past);
        }
        lane->taken = true;
        lane->at_rest = LANE_STARTING;
        lane->threads = lane->threads > 0 ? lane->threads : 1;
        return i;
    }
    return -1;
}

void
lanes_leave(struct lanes *lanes, int lane, int64_t busy_ns)
{
    if (lane < 0)
        return;
    struct lane *left = &lanes->lane[lane];
    left->taken = false;
    left->ended_ns += busy_ns;
    if (left->busy_ns < left->ended_ns)
        left->busy_ns = left->ended_ns;
}

void
lanes_fail(struct lanes *lanes, int lane)
{
    if (lane >= 0)
        lanes->lane[lane].failed = true;
}

void
lanes_see(struct lanes *lanes, int lane, int64_t busy_ns, int threads, char at_rest)
{
    if (lane < 0)
        return;
    struct lane *seen = &lanes->lane[lane];
    /* a result may tell of less time than its trial seemed to take */
    if (seen->busy_ns < seen->ended_ns + busy_ns)
        seen->busy_ns = seen->ended_ns + busy_ns;
    seen->threads = threads > seen->threads ? threads : seen->threads;
    seen->at_rest = at_rest;
}

static char
point_of(const struct lane *lane, int64_t step_ns)
{
    int64_t busy = lane->busy_ns - lane->told_ns, all = step_ns * (lane->threads > 0 ? lane->threads : 1);
    int tenths = all > 0 ? (int)(10 * busy / all) : 0;
    if (lane->failed)
        return LANE_FAILED;
    if (busy > 0 && !(lane->taken && lane->at_rest == LANE_HELD))
        return (char)('0' + (tenths > 9 ? 9 : tenths < 1 ? 1 : tenths)); /* a little is not nothing */
    if (!lane->taken)
        return LANE_EMPTY;
    return lane->at_rest ? lane->at_rest : '0';
}

void
lanes_step(struct lanes *lanes, int64_t now_ns)
{
    int64_t step = lanes->stepped_ns ? now_ns - lanes->stepped_ns : 0;
    lanes->head = (lanes->head + 1) % LANE_POINTS;
    lanes->points += lanes->points < LANE_POINTS;
    lanes->stepped_ns = now_ns;
    lanes->steps++;
    for (int i = 0; i < lanes->count; i++) {
        struct lane *lane = &lanes->lane[i];
        lane->past[lanes->head] = point_of(lane, step);
        lane->told_ns = lane->busy_ns;
        lane->failed = false;
        lane->threads = lane->taken ? lane->threads : 0;
    }
}

int
lanes_read(const struct lanes *lanes, int lane, int most, char *buf)
{
    int count = most < lanes->points ? most : lanes->points;
    for (int i = 0; i < count; i++)
        buf[i] = lanes->lane[lane].past[(lanes->head - count + 1 + i + LANE_POINTS) % LANE_POINTS];
    buf[count] = '\0';
    return count;
}
