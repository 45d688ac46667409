/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An alert's states, and the rows of what can happen in each. A threshold has
 * two levels. An incident starts when a level is passed, fires when that has
 * held for its `for` time, and ends when the value has been on the calm side
 * of the clear level for `keep_firing_for`:
 *
 *   normal -> pending -> warning <-> critical -> clearing -> resolved -> normal
 */
#ifndef OPTOP_MODEL_ALERT_H
#define OPTOP_MODEL_ALERT_H

#include <stdbool.h>

enum alert_state {
    ALERT_NORMAL,
    ALERT_PENDING, /* over a level, `for` not over yet */
    ALERT_WARNING, /* firing */
    ALERT_CRITICAL, /* firing */
    ALERT_CLEARING_WARNING, /* still fires; calm, `keep_firing_for` not over yet */
    ALERT_CLEARING_CRITICAL,
    ALERT_RESOLVED, /* for one evaluation: what it was is still to be seen */
    ALERT_STATE_COUNT
};

/* What one sample says about a threshold, after hysteresis. */
enum alert_event {
    ALERT_EVENT_CLEAR, /* calm, and `keep_firing_for` is running */
    ALERT_EVENT_CLEAR_HELD, /* calm for as long as that says */
    ALERT_EVENT_WARNING, /* over warning, not over critical; `for` running */
    ALERT_EVENT_CRITICAL, /* over critical; `for` running */
    ALERT_EVENT_WARNING_HELD, /* over warning for as long as `for` says */
    ALERT_EVENT_CRITICAL_HELD,
    ALERT_EVENT_UNKNOWN, /* no value */
    ALERT_EVENT_GONE, /* no threshold any more */
    ALERT_EVENT_COUNT
};

/* What is told. */
enum alert_change {
    ALERT_CHANGE_NONE,
    ALERT_CHANGE_FIRED, /* an incident begins, or its level changes */
    ALERT_CHANGE_RESOLVED,
    ALERT_CHANGE_REPEATED, /* it fires still */
    ALERT_CHANGE_FLAPPING, /* it changes too often to tell each time */
    ALERT_CHANGE_ESCALATED, /* nobody has acknowledged it: the next webhook hears of it */
    ALERT_CHANGE_ACKNOWLEDGED,
};

/* Why a level that fires is not told. */
enum alert_hold {
    ALERT_NOT_HELD,
    ALERT_SILENCED,
    ALERT_INHIBITED, /* what fires beside it says as much, or more */
};

enum alert_state alert_next(enum alert_state state, enum alert_event event);

/* What fires in a state: ALERT_NORMAL (nothing), ALERT_WARNING or ALERT_CRITICAL. */
enum alert_state alert_fired(enum alert_state state);

/* Whether people are to see it among the alerts. */
bool alert_is_active(enum alert_state state);

const char *alert_state_name(enum alert_state state); /* "normal", ...; both "clearing" */
int alert_state_parse(const char *name); /* the first of that name, or ERR_NOT_FOUND */

#endif
