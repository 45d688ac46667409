/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the outbox share: outbox.c sends, outbox_add.c takes what is to
 * be sent, outbox_book.c writes what has come of it, outbox_digest.c makes one of many.
 * Nobody else includes this.
 */
#ifndef OPTOP_ALERT_OUTBOX_PRIVATE_H
#define OPTOP_ALERT_OUTBOX_PRIVATE_H

#include "alert/recipient.h"
#include "alert/outbox.h"

enum {
    BOOK_MAX = 256, /* delivered ones in one transaction; more would repeat after a crash */
    BOOK_DELAY_MS = 50, /* and how long one waits for others while its webhook goes on */
};

struct outbox {
    struct loop *loop;
    struct store *store;
    struct http *http;
    const struct config *config;
    struct recipient *recipients;
    struct loop_turn *turn;
    struct loop_timer *timer;
    int64_t newest_id; /* of the deliveries read from the store */
    bool unread; /* the store has more, and could not be read */
    bool to_book;
    int unbooked; /* delivered ones of all webhooks */
    int64_t book_ns; /* when they are booked at the latest */
    bool recount; /* a delivery was added as dead */
    bool closing;
    int64_t store_ns; /* the store is not asked before */
    int64_t base_ns, cap_ns;
    int dead;
    uint64_t delivered, failed_tries;
    char last_error[OUTBOX_ERROR_MAX + CONFIG_NAME_MAX + 2];
    void (*on_try)(void *context, int64_t duration_ns, bool ok);
    void *on_try_context;
    char host[256];
};

extern const char outbox_gone_text[], outbox_over_text[];

/* outbox.c */
struct recipient *outbox_recipient(struct outbox *outbox, const char *name); /* makes it */
void outbox_note_error(struct outbox *outbox, const char *who, const char *error);
void outbox_store_failed(struct outbox *outbox, int code);
void outbox_set_timer(struct outbox *outbox);
void outbox_pump(struct outbox *outbox);
void outbox_drop_idle(struct outbox *outbox);
int64_t outbox_clamp(int64_t value, int64_t low, int64_t high);

/* outbox_add.c */
void outbox_read_waiting(struct outbox *outbox);
void outbox_recount_dead(struct outbox *outbox);

/* outbox_book.c: when there is something to write, and its time has come. */
bool outbox_may_book(const struct outbox *outbox);
int64_t outbox_book_ns(const struct outbox *outbox); /* INT64_MAX: nothing to book */
void outbox_book(struct outbox *outbox);

/* outbox_digest.c: what waits behind the limit of its rate becomes one delivery, the
 * head. Negative when the store has refused: nothing has changed then. */
int outbox_digest(struct recipient *recipient);

#endif
