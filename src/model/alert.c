/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/alert.h"

#include <string.h>

#include "base/err.h"

#define NORMAL ALERT_NORMAL
#define PENDING ALERT_PENDING
#define WARNING ALERT_WARNING
#define CRITICAL ALERT_CRITICAL
#define CLEAR_W ALERT_CLEARING_WARNING
#define CLEAR_C ALERT_CLEARING_CRITICAL
#define RESOLVED ALERT_RESOLVED

/* Every pair is defined. A figure that is not known moves nothing: a firing
 * alert stays (silence is no recovery), a pending one starts over. A critical
 * incident that falls below its critical clear level goes on as a warning. */
static const unsigned char table[ALERT_STATE_COUNT][ALERT_EVENT_COUNT] = {
    /*             CLEAR    CLEAR_HELD WARNING  CRITICAL  W_HELD   C_HELD    UNKNOWN   GONE */
    [NORMAL]   = { NORMAL,  NORMAL,    PENDING, PENDING,  WARNING, CRITICAL, NORMAL,   NORMAL },
    [PENDING]  = { NORMAL,  NORMAL,    PENDING, PENDING,  WARNING, CRITICAL, NORMAL,   NORMAL },
    [WARNING]  = { CLEAR_W, RESOLVED,  WARNING, WARNING,  WARNING, CRITICAL, WARNING,  RESOLVED },
    [CRITICAL] = { CLEAR_C, RESOLVED,  WARNING, CRITICAL, WARNING, CRITICAL, CRITICAL, RESOLVED },
    [CLEAR_W]  = { CLEAR_W, RESOLVED,  WARNING, WARNING,  WARNING, CRITICAL, CLEAR_W,  RESOLVED },
    [CLEAR_C]  = { CLEAR_C, RESOLVED,  WARNING, CRITICAL, WARNING, CRITICAL, CLEAR_C,  RESOLVED },
    [RESOLVED] = { NORMAL,  NORMAL,    PENDING, PENDING,  WARNING, CRITICAL, NORMAL,   NORMAL },
};

static const struct {
    const char *name;
    enum alert_state fired;
} states[ALERT_STATE_COUNT] = {
    [NORMAL] = { "normal", NORMAL },
    [PENDING] = { "pending", NORMAL },
    [WARNING] = { "warning", WARNING },
    [CRITICAL] = { "critical", CRITICAL },
    [CLEAR_W] = { "clearing", WARNING },
    [CLEAR_C] = { "clearing", CRITICAL },
    [RESOLVED] = { "resolved", NORMAL },
};

enum alert_state
alert_next(enum alert_state state, enum alert_event event)
{
    return (enum alert_state)table[state][event];
}

enum alert_state
alert_fired(enum alert_state state)
{
    return states[state].fired;
}

bool
alert_is_active(enum alert_state state)
{
    return state != ALERT_NORMAL && state != ALERT_RESOLVED;
}

const char *
alert_state_name(enum alert_state state)
{
    return states[state].name;
}

int
alert_state_parse(const char *name)
{
    for (int i = 0; i < ALERT_STATE_COUNT; i++)
        if (!strcmp(states[i].name, name))
            return i;
    return ERR_NOT_FOUND;
}
