/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The outbox pump: takes waiting deliveries from the store, posts them, books
 * what came back. One delivery under way per webhook, oldest first, so order
 * is kept per receiver. A failure that may pass (network, timeout, 408, 425,
 * 429, 5xx) is tried again after
 *     max(Retry-After clipped to 1 h, random(0, min(300 s, 1 s * 2^tries)))
 * until the webhook's life time is over; after five in a row the receiver is only
 * probed (circuit.h), each time after half to all of min(300 s, 1 s * 2^failures).
 * What waits meanwhile dies when its own life time is over.
 * Any other answer that is not 2xx, a redirect too, is dead at once. 410 says that
 * nothing is wanted there any more: what waits for that webhook dies with it. What is
 * dead stays visible.
 *
 * With group_wait a notice that is not critical waits for others, and goes out with them:
 * the first ends the wait, or a critical one does. With group_by there are as many
 * digests as groups.
 *
 * What a webhook's rate does not let through waits, and goes out with the next token
 * as one digest (of type "digest": DIGEST_MAX notices, DIGEST_TEXT_MAX bytes of text
 * at most), which takes the place of its first. Formats in which each notice must stand
 * alone (pagerduty) are only slowed down.
 */
#ifndef OPTOP_ALERT_OUTBOX_H
#define OPTOP_ALERT_OUTBOX_H

#include "alert/circuit.h"
#include "alert/engine.h"
#include "base/json.h"
#include "config/config.h"
#include "io/http.h"
#include "store/store_alert.h"

struct outbox;

/* A webhook with that many waiting takes no more: what is added then is dead
 * from the start, with the reason. */
enum { OUTBOX_WAITING_MAX = 10000, OUTBOX_ERROR_MAX = 160, DIGEST_MAX = 50, DIGEST_TEXT_MAX = 3500 };

/* All borrowed; freed before them. Loads what an earlier server left waiting;
 * nothing is sent before the first outbox_configure. */
struct outbox *outbox_new(struct loop *loop, struct store *store, struct http *http);

/* Books what has been answered; what is under way counts as not sent. */
void outbox_free(struct outbox *outbox);

/* Webhooks of a config; borrowed until the next call. A waiting delivery whose
 * webhook is gone dies with that reason. */
void outbox_configure(struct outbox *outbox, const struct config *config);

/* Within the transaction that writes the notice: adds one delivery per webhook
 * that wants it, of those that are named in a list divided by commas (NULL, "": all).
 * After the commit, call outbox_wake. notice->id must be set. */
int outbox_add(struct outbox *outbox, const struct store_notice *notice, const char *only);
void outbox_wake(struct outbox *outbox);

/* A delivery of its own for one webhook, of type "test", whatever that webhook
 * wants else; in a transaction of its own. ERR_NOT_FOUND: no such webhook. */
int outbox_test(struct outbox *outbox, const char *webhook, int64_t *ret_delivery);

/* What is dead is to be sent again, as if it were new but with its old event id:
 * one delivery, or with 0 all. ERR_NOT_FOUND when that one is not dead. */
int outbox_replay(struct outbox *outbox, int64_t delivery, int64_t *ret_count);

struct outbox_figures {
    int waiting; /* not delivered yet, those under way too */
    int in_flight;
    int dead; /* as many as the store keeps */
    uint64_t delivered, failed_tries; /* since the start */
    char last_error[OUTBOX_ERROR_MAX + CONFIG_NAME_MAX + 2]; /* "webhook: why"; "" */
};
struct outbox_figures outbox_figures(const struct outbox *outbox);

/* One webhook of the configuration; borrowed during the call. */
struct outbox_webhook {
    const char *name;
    int waiting;
    int failures; /* tries in a row; the next one is made after a while */
    bool gone; /* answered 410: nothing is sent until it is tested, replayed or has another url */
    const char *error; /* of the last failure; "" */
    enum circuit circuit;
    double next_seconds; /* until something is sent; 0: at once, or nothing waits */
    bool limited; /* what waits does so for its rate */
    uint64_t delivered, digests; /* since the start */
};
typedef void outbox_webhook_fn(void *context, const struct outbox_webhook *webhook);
void outbox_each(const struct outbox *outbox, outbox_webhook_fn *fn, void *context);

/* Called with the duration of every try, for the task statistics. */
void outbox_on_try(struct outbox *outbox, void (*fn)(void *context, int64_t duration_ns, bool ok), void *context);

/* The back-off's first bound and its largest (1 s and 300 s): tests shorten
 * them. A booking that the store refused is tried again after `base` too. */
void outbox_set_backoff(struct outbox *outbox, double base_seconds, double cap_seconds);

#endif
