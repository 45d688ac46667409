/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One alert over time: what a value means for it (hysteresis, `for`,
 * `keep_firing_for`), the state that follows (model/alert.h), and what of it
 * people are told. That is one rule: they are told when what fires is not what
 * they were told last. So each fire that was told is followed by its end, and one
 * that was kept back by nothing at all.
 *
 * Kept back are changes of an alert that flaps: one whose level has changed so
 * often lately that the weighed share of 21 stretches of 15 s is 20 % (about four
 * changes in five minutes); told is that it flaps, then again at each `repeat`,
 * and what it is once the share is below 5 %. A level above what was told is
 * told at once all the same. Kept back, too, is what is silenced or inhibited, but
 * never the end of what was told; and somebody who has acknowledged an alert
 * hears of it again when it gets worse, or ends.
 */
#ifndef OPTOP_ALERT_INCIDENT_H
#define OPTOP_ALERT_INCIDENT_H

#include "alert/engine.h"

/* Moves an alert by its value in a sample (NaN: not known). */
void incident_move(struct alert *alert, double value, const struct sample *sample);

/* Then, with alert->hold set: true when something is to be told, *ret_notice. */
bool incident_tell(struct alert *alert, int64_t mono_ns, struct alert_notice *ret_notice);

#endif
