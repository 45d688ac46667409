/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "run/stall.h"

#include <math.h>

#include "base/clock.h"

bool
stall_step(struct stall *stall, bool works, int64_t finished, double usual_seconds, double factor,
    int64_t now_ns)
{
    if (!works || finished != stall->finished || !stall->since_ns) {
        stall->finished = finished;
        stall->since_ns = now_ns;
        return false;
    }
    return usual_seconds > 0 && factor > 0 &&
        now_ns - stall->since_ns > sec_to_ns(fmax(STALL_LEAST_SECONDS, factor * usual_seconds));
}
