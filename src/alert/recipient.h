/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One webhook as the outbox sees it: the queue of what identifies its deliveries,
 * when the next may be sent (its due time, the circuit, the limit of its rate), and
 * what has become of the tries. No store, no network, no clock: `now` is passed in,
 * monotonic.
 *
 *   entry:  first ........ first + sent ........ count
 *           delivered, to be booked | the head, and what waits behind it
 */
#ifndef OPTOP_ALERT_RECIPIENT_H
#define OPTOP_ALERT_RECIPIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "alert/bucket.h"
#include "alert/circuit.h"
#include "config/config.h"
#include "io/http.h"

enum { RECIPIENT_ERROR_MAX = 160, RETRY_AFTER_MAX_SECONDS = 3600 };

struct entry {
    int64_t id;
    int64_t notice; /* its row; 0: of none, as a digest is */
    int64_t born_ns; /* before 0 when older than the machine's start */
    int64_t due_ns;
    int attempts;
};

/* What is to be written of the head, besides those that are sent. */
enum booking { BOOK_NOTHING, BOOK_RETRY, BOOK_DEAD };

struct outbox;

struct recipient {
    struct recipient *next;
    struct outbox *outbox; /* its owner's */
    char name[CONFIG_NAME_MAX];
    const struct config_webhook *webhook; /* NULL: not in the config */
    char call[17]; /* fingerprint of how it was called by the last config; "": by none */
    struct entry *entry;
    int first, count, capacity;
    int sent;
    struct http_request *request; /* for the head */
    enum booking booking; /* of the head */
    int64_t wait_ns; /* for BOOK_RETRY */
    int buried; /* entries marked dead by the transaction under way */
    enum circuit circuit;
    int64_t probe_ns; /* while the circuit is open */
    struct bucket bucket;
    int failures; /* tries in a row */
    int posted; /* what http_post answered */
    uint64_t delivered, digests;
    char error[RECIPIENT_ERROR_MAX];
};

struct recipient *recipient_new(const char *name);
void recipient_free(struct recipient *recipient); /* cancels its request */

/* Takes a webhook of a config (borrowed until the next call, or NULL). One that is to be
 * called in another way than before is called at once, whatever came of it before. */
void recipient_configure(struct recipient *recipient, const struct config_webhook *webhook,
    int64_t now_ns);

int recipient_waiting(const struct recipient *recipient); /* those to be booked, too */
int recipient_unsent(const struct recipient *recipient); /* the head and those behind it */
struct entry *recipient_head(const struct recipient *recipient); /* there is one */
void recipient_push(struct recipient *recipient, const struct entry *entry);
void recipient_drop(struct recipient *recipient, int count); /* from the head on */
void recipient_drop_sent(struct recipient *recipient);

/* From when the head may be sent; INT64_MAX: nothing is, as things are. */
int64_t recipient_ready_ns(const struct recipient *recipient, int64_t now_ns);

/* From when on the head is dead though nobody has sent it again: its life time ends while
 * its receiver is let alone. INT64_MAX: not before another try. */
int64_t recipient_death_ns(const struct recipient *recipient);
int recipient_count_over(const struct recipient *recipient, int64_t now_ns); /* from the head on */

/* The head is being sent. */
void recipient_start(struct recipient *recipient, int64_t now_ns);

/* Somebody wants it to be called, whatever it was. */
void recipient_ask(struct recipient *recipient, int64_t now_ns);

/* The answer to its head. True: it was delivered. Else *ret_again says whether it may
 * pass, and error why. */
bool recipient_answered(struct recipient *recipient, const struct http_answer *answer,
    bool *ret_again, char error[RECIPIENT_ERROR_MAX]);

/* The head has failed, and is to be booked: retry or death. Times are those of the
 * outbox's back-off. */
void recipient_fail(struct recipient *recipient, bool again, double retry_after_seconds,
    const char *error, int64_t base_ns, int64_t cap_ns, int64_t now_ns);

#endif
