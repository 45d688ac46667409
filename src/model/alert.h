/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An alert's states, and the rows of what can happen in each. A threshold has
 * two levels; an incident starts when a level is passed, is told when that has
 * held for its `for` time, and ends when the value is back below the clear level.
 */
#ifndef OPTOP_MODEL_ALERT_H
#define OPTOP_MODEL_ALERT_H

enum alert_state {
    ALERT_NORMAL,
    ALERT_PENDING, /* over a level, `for` not over yet */
    ALERT_WARNING, /* firing */
    ALERT_CRITICAL, /* firing */
    ALERT_STATE_COUNT
};

/* What one sample says about a threshold, after hysteresis. */
enum alert_event {
    ALERT_EVENT_CLEAR, /* below the clear level of the present state */
    ALERT_EVENT_WARNING, /* over warning, not over critical; `for` running */
    ALERT_EVENT_CRITICAL, /* over critical; `for` running */
    ALERT_EVENT_WARNING_HELD, /* over warning for as long as `for` says */
    ALERT_EVENT_CRITICAL_HELD,
    ALERT_EVENT_UNKNOWN, /* no value */
    ALERT_EVENT_COUNT
};

/* What is told when the state changes. */
enum alert_change {
    ALERT_CHANGE_NONE,
    ALERT_CHANGE_FIRED, /* an incident begins, or its level changes */
    ALERT_CHANGE_RESOLVED,
};

struct alert_transition {
    enum alert_state next;
    enum alert_change change;
};

struct alert_transition alert_transition(enum alert_state state, enum alert_event event);

const char *alert_state_name(enum alert_state state); /* "normal", ... */
int alert_state_parse(const char *name); /* or ERR_NOT_FOUND */

#endif
