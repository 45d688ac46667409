/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `run` of thresholds: a program that is started when an alert is told. No shell: its
 * words are split once, and what it is about is in its environment, cleaned:
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

/* Starts the command, or lets it wait. Faults are told in the log. */
void hooks_run(struct hooks *hooks, const char *command, const struct store_notice *notice);

int hooks_busy(const struct hooks *hooks); /* running and waiting */

/* Tests shorten it. */
void hooks_set_time(struct hooks *hooks, double seconds);

#endif
