/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alert/circuit.h"

#define CLOSED CIRCUIT_CLOSED
#define OPEN CIRCUIT_OPEN
#define PROBING CIRCUIT_PROBING
#define GONE CIRCUIT_GONE

/* Every pair is defined. A probe that fails opens the circuit whatever the count
 * says: it may have begun anew with another delivery. */
static const unsigned char table[CIRCUIT_COUNT][CIRCUIT_EVENT_COUNT] = {
    /*            ANSWERED FAILED  FAILED_AGAIN DUE      LOST  ASKED */
    [CLOSED]  = { CLOSED,  CLOSED, OPEN,        CLOSED,  GONE, CLOSED },
    [OPEN]    = { CLOSED,  OPEN,   OPEN,        PROBING, GONE, CLOSED },
    [PROBING] = { CLOSED,  OPEN,   OPEN,        PROBING, GONE, CLOSED },
    [GONE]    = { GONE,    GONE,   GONE,        GONE,    GONE, CLOSED },
};

enum circuit
circuit_next(enum circuit circuit, enum circuit_event event)
{
    return (enum circuit)table[circuit][event];
}

const char *
circuit_name(enum circuit circuit)
{
    static const char *const names[CIRCUIT_COUNT] = {
        [CLOSED] = "closed", [OPEN] = "open", [PROBING] = "half-open", [GONE] = "disabled",
    };
    return names[circuit];
}
