/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Alerts and the outbox. A change of state and its deliveries are written in
 * one transaction; a delivery leaves the outbox when the receiver has said
 * 2xx, or moves to the dead ones.
 */
#ifndef OPTOP_STORE_STORE_ALERT_H
#define OPTOP_STORE_STORE_ALERT_H

#include <stdint.h>

#include "store/store.h"

/* What is kept of what has been told, and of what could not be delivered: the
 * newest ones. */
enum { STORE_NOTICES_MAX = 10000, STORE_DEAD_MAX = 1000 };

/* One change of an alert or a run's end, as people hear of it. */
struct store_notice {
    int64_t id; /* given by the store */
    int64_t wall_ns;
    const char *type; /* "alert.warning", "alert.resolved", "run.failed", ... */
    const char *key; /* alert key, or "run:NUMBER" */
    const char *state; /* alert state or run state after it */
    double value, level; /* NaN: not applicable */
    int64_t incident_wall_ns; /* 0 for runs */
    uint32_t sequence;
    const char *text; /* one line for people */
    const char *labels; /* "team=lab,site=north"; NULL: none */
    const char *unit; /* of value and level; NULL: none. Not stored */
};

/* Within a transaction. ret_id may be NULL. */
int store_notice_add(struct store *store, const struct store_notice *notice, int64_t *ret_id);

/* Newest first; strings are borrowed during the call of fn. */
typedef int store_notice_fn(void *context, const struct store_notice *notice);
int store_notice_list(struct store *store, int limit, store_notice_fn *fn, void *context);

/* One of them, while it is kept; ERR_NOT_FOUND. */
int store_notice_get(struct store *store, int64_t id, store_notice_fn *fn, void *context);

/* Firing alerts: kept so that a restart neither fires again nor forgets. */
struct store_alert {
    const char *key;
    const char *state;
    double value, level;
    int64_t since_wall_ns, incident_wall_ns;
    uint32_t sequence;
    const char *acknowledged; /* by whom; "": not */
    int rung;
    const char *text, *labels; /* of one that was told and not measured; "": none */
};
int store_alert_put(struct store *store, const struct store_alert *alert);
int store_alert_remove(struct store *store, const char *key);
typedef int store_alert_fn(void *context, const struct store_alert *alert);
int store_alert_list(struct store *store, store_alert_fn *fn, void *context);

/* Deliveries. state: 0 waiting (new or to be retried), 1 dead. Delivered ones
 * are removed. event_id is the same for all tries. */
struct store_delivery {
    int64_t id; /* given by the store; order of sending per webhook */
    const char *webhook; /* name of its section */
    const char *event_id;
    int64_t notice; /* what it tells; 0: a test, or several */
    const char *format; /* of the body: a name of webhook_formats */
    const char *body; /* JSON, without secrets */
    int state;
    int attempts;
    int64_t created_wall_ns;
    int64_t next_wall_ns; /* not before */
    const char *error; /* of the last try; "" */
};
int store_delivery_add(struct store *store, const struct store_delivery *delivery, int64_t *ret_id);
int store_delivery_retry(struct store *store, int64_t id, int attempts,
    int64_t next_wall_ns, const char *error);
int store_delivery_dead(struct store *store, int64_t id, int attempts, const char *error);
int store_delivery_done(struct store *store, int64_t id);
/* What waits gets another body, and with it another event id; it tells no single
 * notice then. ERR_NOT_FOUND. */
int store_delivery_replace(struct store *store, int64_t id, const char *event_id,
    const char *format, const char *body);
/* Within a transaction: what is dead waits again, behind all others and with a
 * new id; one delivery, or with 0 all. ERR_NOT_FOUND when that one is not dead. */
int store_delivery_replay(struct store *store, int64_t id, int64_t wall_ns, int64_t *ret_count);

typedef int store_delivery_fn(void *context, const struct store_delivery *delivery);
/* Oldest first; state -1: all. fn ends the list by a negative answer, which is
 * returned; it must not list deliveries itself. */
int store_delivery_list(struct store *store, int state, int limit, store_delivery_fn *fn, void *context);

/* The waiting ones with an id above after_id, oldest first, without their
 * bodies (body is ""). */
int store_delivery_waiting(struct store *store, int64_t after_id, store_delivery_fn *fn, void *context);

/* One delivery, whole; ERR_NOT_FOUND. */
int store_delivery_get(struct store *store, int64_t id, store_delivery_fn *fn, void *context);

#endif
