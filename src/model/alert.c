/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/alert.h"

#include <string.h>

#include "base/err.h"

#define TO(state) { ALERT_##state, ALERT_CHANGE_NONE }
#define FIRE(state) { ALERT_##state, ALERT_CHANGE_FIRED }
#define RESOLVE { ALERT_NORMAL, ALERT_CHANGE_RESOLVED }

/* Every pair is defined. A figure that is not known moves nothing: a firing
 * alert stays (silence is no recovery), a pending one starts over. A critical
 * incident that falls below its critical clear level goes on as a warning. */
static const struct alert_transition table[ALERT_STATE_COUNT][ALERT_EVENT_COUNT] = {
    /*                    CLEAR       WARNING        CRITICAL       WARNING_HELD   CRITICAL_HELD   UNKNOWN */
    [ALERT_NORMAL]   = { TO(NORMAL), TO(PENDING),   TO(PENDING),   FIRE(WARNING), FIRE(CRITICAL), TO(NORMAL) },
    [ALERT_PENDING]  = { TO(NORMAL), TO(PENDING),   TO(PENDING),   FIRE(WARNING), FIRE(CRITICAL), TO(NORMAL) },
    [ALERT_WARNING]  = { RESOLVE,    TO(WARNING),   TO(WARNING),   TO(WARNING),   FIRE(CRITICAL), TO(WARNING) },
    [ALERT_CRITICAL] = { RESOLVE,    FIRE(WARNING), TO(CRITICAL),  FIRE(WARNING), TO(CRITICAL),   TO(CRITICAL) },
};

static const char *const names[] = {
    [ALERT_NORMAL] = "normal", [ALERT_PENDING] = "pending",
    [ALERT_WARNING] = "warning", [ALERT_CRITICAL] = "critical",
};

struct alert_transition
alert_transition(enum alert_state state, enum alert_event event)
{
    return table[state][event];
}

const char *
alert_state_name(enum alert_state state)
{
    return names[state];
}

int
alert_state_parse(const char *name)
{
    for (int i = 0; i < ALERT_STATE_COUNT; i++)
        if (!strcmp(names[i], name))
            return i;
    return ERR_NOT_FOUND;
}
