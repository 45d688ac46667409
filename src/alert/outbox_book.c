/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Booking: an answer changes nothing until the store has it. One transaction holds
 * what all webhooks have to write.
 */
#include "alert/outbox_private.h"
#include "base/clock.h"

enum { BURIED_MAX = 256 }; /* deliveries that die untried, of a webhook per transaction */

/* More of what was delivered may come at once. */
static bool
goes_on(const struct outbox *outbox)
{
    for (const struct recipient *recipient = outbox->recipients; recipient; recipient = recipient->next)
        if (recipient->sent > 0 && recipient->request)
            return true;
    return false;
}

int64_t
outbox_book_ns(const struct outbox *outbox)
{
    if (!outbox->to_book)
        return INT64_MAX;
    bool waits = outbox->unbooked > 0 && outbox->unbooked < BOOK_MAX && goes_on(outbox);
    return waits && outbox->book_ns > outbox->store_ns ? outbox->book_ns : outbox->store_ns;
}

bool
outbox_may_book(const struct outbox *outbox)
{
    return outbox->to_book && loop_now(outbox->loop) >= outbox_book_ns(outbox);
}

static int
write_booking(const struct recipient *recipient)
{
    struct store *store = recipient->outbox->store;
    const struct entry *entry = recipient_head(recipient);
    switch (recipient->booking) {
    case BOOK_RETRY:
        return store_delivery_retry(store, entry->id, entry->attempts,
            clock_wall_ns() + recipient->wait_ns, recipient->error);
    case BOOK_DEAD:
        return store_delivery_dead(store, entry->id, entry->attempts, recipient->error);
    case BOOK_NOTHING:
        break;
    }
    return 0;
}

static bool
is_to_bury(const struct recipient *recipient)
{
    return recipient->outbox->config && !recipient->request &&
        (!recipient->webhook || recipient->circuit == CIRCUIT_GONE);
}

/* Booked already, or removed by hand: nothing to forget. */
static int
unless_missing(int r)
{
    return r == ERR_NOT_FOUND ? 0 : r;
}

/* How many from the head on die without another try, and why. A webhook that is not in
 * the config any more, or gone, takes its deliveries along. */
static int
count_dying(const struct recipient *recipient, const char **ret_why)
{
    if (recipient->booking)
        return 0;
    if (!is_to_bury(recipient)) {
        *ret_why = outbox_over_text;
        return recipient_count_over(recipient, loop_now(recipient->outbox->loop));
    }
    *ret_why = recipient->webhook ? outbox_gone_text
                                  : "the webhook is not in the configuration any more";
    return recipient_unsent(recipient);
}

static int
bury(struct recipient *recipient)
{
    const char *why = NULL;
    int r = 0, count = count_dying(recipient, &why);
    count = count < BURIED_MAX ? count : BURIED_MAX;
    for (int i = 0; r >= 0 && i < count; i++) {
        const struct entry *entry = recipient_head(recipient) + i;
        r = unless_missing(store_delivery_dead(recipient->outbox->store, entry->id, entry->attempts, why));
    }
    recipient->buried = count;
    return r;
}

static int
write_recipient(struct recipient *recipient)
{
    int r = 0;
    recipient->buried = 0;
    for (int i = 0; r >= 0 && i < recipient->sent; i++)
        r = unless_missing(store_delivery_done(recipient->outbox->store,
            recipient->entry[recipient->first + i].id));
    if (r >= 0)
        r = unless_missing(write_booking(recipient));
    return r < 0 ? r : bury(recipient);
}

static int
write_bookings(struct outbox *outbox)
{
    int r = store_begin(outbox->store);
    if (r < 0)
        return r; /* a transaction that may be open is not ours */
    for (struct recipient *recipient = outbox->recipients; recipient && r >= 0; recipient = recipient->next)
        r = write_recipient(recipient);
    if (r >= 0)
        return store_commit(outbox->store, NULL);
    store_rollback(outbox->store);
    return r;
}

/* The store has it: now it is so. True when something has died. */
static bool
apply_booking(struct recipient *recipient)
{
    struct outbox *outbox = recipient->outbox;
    enum booking booking = recipient->booking;
    int buried = recipient->buried;
    recipient->booking = BOOK_NOTHING;
    recipient->buried = 0;
    if (booking == BOOK_RETRY)
        recipient_head(recipient)->due_ns = loop_now(outbox->loop) + recipient->wait_ns;
    else
        recipient_drop(recipient, booking == BOOK_DEAD ? 1 : buried);
    outbox->delivered += (uint64_t)recipient->sent;
    recipient_drop_sent(recipient);
    if (is_to_bury(recipient) && recipient_waiting(recipient) > 0)
        outbox->to_book = true; /* the rest of what is to be buried */
    return booking == BOOK_DEAD || buried > 0;
}

void
outbox_book(struct outbox *outbox)
{
    int r = write_bookings(outbox);
    if (r < 0) {
        outbox_store_failed(outbox, r);
        outbox_set_timer(outbox);
        return;
    }
    bool died = false;
    outbox->to_book = false;
    outbox->unbooked = 0;
    for (struct recipient *recipient = outbox->recipients; recipient; recipient = recipient->next)
        died |= apply_booking(recipient);
    if (died)
        outbox_recount_dead(outbox);
    outbox_drop_idle(outbox);
    outbox_pump(outbox);
}
