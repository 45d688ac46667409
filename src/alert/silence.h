/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Silences: which alerts people do not want to hear of, and until when. A matcher is
 * words divided by blanks, all of which must fit: a pattern (* ? [..]) of the alert's
 * key, or LABEL=PATTERN. A silence ends by the monotonic clock: no jump of the wall
 * clock ends it, or puts off its end. Maintenance windows go by the calendar.
 */
#ifndef OPTOP_ALERT_SILENCE_H
#define OPTOP_ALERT_SILENCE_H

#include "base/err.h"
#include "config/config.h"

enum { SILENCE_TEXT_MAX = 160, SILENCE_AUTHOR_MAX = 64, SILENCES_MAX = 256 };

struct silence {
    int64_t id; /* given by the store */
    char matcher[CONFIG_MATCH_MAX];
    int64_t until_ns; /* monotonic */
    int64_t from_wall_ns, until_wall_ns; /* as they were meant; for people, and for the next server */
    char reason[SILENCE_TEXT_MAX];
    char author[SILENCE_AUTHOR_MAX];
};

/* Is it a matcher? diag says what is allowed. */
int silence_check(const char *matcher, struct diag *diag);

/* Does it fit an alert with this key and these labels ("team=lab,site=north"; NULL)? */
bool silence_matches(const char *matcher, const char *key, const char *labels);

/* Is a maintenance window of the configuration open? By local time. */
bool silence_window_open(const struct config_window *window, int64_t wall_ns);

#endif
