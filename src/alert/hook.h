/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Programs that the configuration names, started when something has happened: `run` of
 * thresholds, `scale_down` and `scale_up` of [pressure]. No shell: its words are split
 * once, and what it is about is in its environment, cleaned. That of an alert:
 *
 *   OPTOP_ALERT_TYPE KEY STATE VALUE LEVEL UNIT TEXT LABELS SEQUENCE TIME
 *
 * Bounded: HOOKS_RUNNING_MAX at once, HOOKS_WAITING_MAX more wait, and each is ended
 * after HOOK_SECONDS with all of its process group. What it writes goes to the log, cleaned and cut. A
 * notice is on disk before its program is started; a server that is killed in
 * between starts it no more.
 */
#ifndef OPTOP_ALERT_HOOK_H
#define OPTOP_ALERT_HOOK_H

#include "io/loop.h"
#include "store/store_alert.h"

enum { HOOKS_RUNNING_MAX = 4, HOOKS_WAITING_MAX = 64, HOOK_SECONDS = 30, HOOK_OUTPUT_MAX = 4096 };

struct hooks;

struct hooks *hooks_new(struct loop *loop);
void hooks_free(struct hooks *hooks); /* ends those that run */

struct hook_variable {
    const char *name, *value; /* without the prefix; NULL: "" */
};

/* All borrowed during the call. */
struct hook_start {
    const char *command;
    const char *about; /* names it in the log */
    const char *prefix; /* of its variables; it gets none else that begins so */
    const struct hook_variable *variable;
    int count;
};

/* Starts the command, or lets it wait. Faults are told in the log; one that shows at
 * once (no such program, too many wait) is a negative code, too. */
int hooks_start(struct hooks *hooks, const struct hook_start *start);

/* The same for an alert. */
void hooks_run(struct hooks *hooks, const char *command, const struct store_notice *notice);

int hooks_busy(const struct hooks *hooks); /* running and waiting */

/* Tests shorten it. */
void hooks_set_time(struct hooks *hooks, double seconds);

#endif
