/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The circuit of a webhook: whether its receiver is called at all. One that has
 * failed CIRCUIT_FAILURES times in a row is let alone; after a while one delivery
 * probes it, and its answer closes the circuit or opens it again. One that has said
 * that nothing is wanted there any more (410) is not called until somebody asks.
 * Pure: no clock.
 */
#ifndef OPTOP_ALERT_CIRCUIT_H
#define OPTOP_ALERT_CIRCUIT_H

enum circuit {
    CIRCUIT_CLOSED, /* all is sent */
    CIRCUIT_OPEN, /* nothing is, until the time of the probe */
    CIRCUIT_PROBING, /* one delivery is under way */
    CIRCUIT_GONE, /* nothing is, until CIRCUIT_ASKED */
    CIRCUIT_COUNT
};

enum circuit_event {
    CIRCUIT_ANSWERED, /* a receiver is there and has said what it thinks of a delivery */
    CIRCUIT_FAILED, /* in a way that may pass */
    CIRCUIT_FAILED_AGAIN, /* CIRCUIT_FAILURES times in a row, or more */
    CIRCUIT_DUE, /* the time of the probe has come */
    CIRCUIT_LOST, /* 410 */
    CIRCUIT_ASKED, /* tested, replayed, or to be called in another way */
    CIRCUIT_EVENT_COUNT
};

enum { CIRCUIT_FAILURES = 5 };

enum circuit circuit_next(enum circuit circuit, enum circuit_event event);

/* "closed", "open", "half-open", "disabled" */
const char *circuit_name(enum circuit circuit);

#endif
