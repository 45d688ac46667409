/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The engine's inside: what its two halves share.
 *
 *   engine.c       steps: levels, what is kept back, what is told
 *   engine_bind.c  which alerts there are, by which rule, fed by which figure
 */
#ifndef OPTOP_ALERT_ENGINE_PRIVATE_H
#define OPTOP_ALERT_ENGINE_PRIVATE_H

#include "alert/engine.h"
#include "alert/trend.h"
#include "base/lookup.h"

/* Wildcard thresholds times instances must end somewhere: 16384 alerts are
 * sixteen rules on each instance of the largest group. */
enum { ALERTS_MAX = 16384, LOUD_MAX = 256 };

/* Of an alert, by its number: what is looked at in each step. */
struct watch {
    const double *value; /* in the sample */
    double above, below; /* beyond these it is not calm any more */
    double now; /* what that is in this step; of a trend, what that gives */
    double shown; /* newest known value of a calm one */
    struct trend *trend; /* owned; NULL: the figure itself counts */
    bool busy; /* not calm, or never to be thought so */
};

struct alert_engine {
    const struct config *config; /* borrowed; NULL before the first configure */
    struct alert *alert;
    int count, capacity;
    struct watch *watch; /* these three: capacity like alert */
    struct alert_notice *notice;
    int *busy; /* numbers of those that this step is about */
    int busy_count;
    struct lookup keys; /* alerts */
    struct lookup rules; /* of the config: the named by name, others by metric and instance */
    struct lookup rows[GROUP_COUNT]; /* of the sample, while binding */
    struct conditions *conditions; /* owned; NULL: no rule has any */
    char fault[ALERT_FAULT_MAX];
    const struct silence *silence; /* borrowed */
    int silence_count;
    int loud[LOUD_MAX]; /* alerts that may inhibit others, in this step */
    int loud_count;
    bool bound; /* rows and alerts fit the sample of this signature */
    uint64_t signature;
};

/* NULL: there is none; NULL when there are ALERTS_MAX. */
struct alert *engine_find_alert(const struct alert_engine *engine, const char *key);
struct alert *engine_add_alert(struct alert_engine *engine, const char *key, enum metric metric);

/* Hashes the rules of a new config, and finds that of each alert anew. */
void engine_take_rules(struct alert_engine *engine);
void engine_find_rules(struct alert_engine *engine);

/* Makes alerts, rows and watches fit the sample, where they do not yet. */
void engine_bind(struct alert_engine *engine, const struct sample *sample);

/* Is there nothing to be done for it while its value stays within its levels? */
bool engine_is_calm(const struct alert *alert);

bool engine_is_raised(const struct alert *alert);

#endif
