/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One recipient per webhook (recipient.h) holds what identifies its waiting deliveries;
 * bodies stay in the store until they are sent. A delivery's life here:
 *
 *   waiting --due--> under way --2xx--> sent --commit--> gone
 *      ^                 |
 *      |               else
 *      |                 v
 *      +--commit-- to be booked --commit--> dead
 *
 * What was delivered is booked with others that follow at once, at most BOOK_MAX in
 * BOOK_DELAY_MS: after a crash these are sent again, with the same ids. A failure is
 * booked before its webhook sends anything more. Waiting goes by the monotonic
 * clock; wall times are only what a later server has to go by.
 */
#include "alert/outbox.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alert/outbox_private.h"
#include "alert/webhook.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"

const char outbox_gone_text[] = "its receiver is gone (HTTP 410)";
const char outbox_over_text[] = "its life time was over before its receiver answered again";

int64_t
outbox_clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

struct recipient *
outbox_recipient(struct outbox *outbox, const char *name)
{
    struct recipient **link = &outbox->recipients;
    for (; *link; link = &(*link)->next)
        if (!strcmp((*link)->name, name))
            return *link;
    struct recipient *recipient = recipient_new(name);
    recipient->outbox = outbox;
    *link = recipient;
    return recipient;
}

void
outbox_drop_idle(struct outbox *outbox)
{
    for (struct recipient **link = &outbox->recipients; *link;) {
        struct recipient *recipient = *link;
        if (recipient->webhook || recipient->request || recipient_waiting(recipient) > 0) {
            link = &recipient->next;
            continue;
        }
        *link = recipient->next;
        recipient_free(recipient);
    }
}

void
outbox_note_error(struct outbox *outbox, const char *who, const char *error)
{
    snprintf(outbox->last_error, sizeof outbox->last_error, "%s: %s", who, error);
    log_debug("webhook %s", outbox->last_error);
}

void
outbox_store_failed(struct outbox *outbox, int code)
{
    outbox_note_error(outbox, "store", err_text(code));
    outbox->store_ns = loop_now(outbox->loop) + outbox->base_ns;
}

/* Outcomes. */

static void
fail_try(struct recipient *recipient, bool again, double retry_after_seconds, const char *error)
{
    struct outbox *outbox = recipient->outbox;
    recipient_fail(recipient, again, retry_after_seconds, error, outbox->base_ns, outbox->cap_ns,
        loop_now(outbox->loop));
    outbox->to_book = true;
    outbox->failed_tries++;
    outbox_note_error(outbox, recipient->name, recipient->error);
}

static void
take_sent(struct recipient *recipient)
{
    struct outbox *outbox = recipient->outbox;
    recipient->sent++;
    recipient->delivered++;
    outbox->to_book = true;
    if (!outbox->unbooked++)
        outbox->book_ns = loop_now(outbox->loop) + BOOK_DELAY_MS * NS_PER_MS;
}

static void send_due(struct recipient *recipient);

static void
on_answer(void *context, const struct http_answer *answer)
{
    struct recipient *recipient = context;
    struct outbox *outbox = recipient->outbox;
    char error[RECIPIENT_ERROR_MAX];
    bool again, ok = recipient_answered(recipient, answer, &again, error);
    if (ok)
        take_sent(recipient);
    else
        fail_try(recipient, again, answer->retry_after_seconds, error);
    if (outbox->on_try)
        outbox->on_try(outbox->on_try_context, answer->duration_ns, ok);
    if (ok)
        send_due(recipient);
    outbox_set_timer(outbox);
}

/* Sending. */

static int
post_delivery(void *context, const struct store_delivery *delivery)
{
    struct recipient *recipient = context;
    struct webhook_request request;
    request_init(&request);
    recipient->posted = webhook_dress(&request, recipient->webhook, delivery, clock_wall_ns());
    struct http_post post = {
        .url = recipient->webhook->url,
        .headers = request.header,
        .body = request.body.data,
        .body_len = request.body.len,
        .timeout_seconds = recipient->webhook->timeout_seconds,
        .allow_private = recipient->webhook->allow_private,
        .ca_file = recipient->webhook->ca_file,
        .pin = recipient->webhook->pin,
    };
    if (recipient->posted == 0)
        recipient->posted = http_post(recipient->outbox->http, &post, on_answer, recipient,
            &recipient->request);
    request_release(&request);
    return 0;
}

static void
send_head(struct recipient *recipient)
{
    struct outbox *outbox = recipient->outbox;
    int r = store_delivery_get(outbox->store, recipient_head(recipient)->id, post_delivery, recipient);
    if (r == ERR_NOT_FOUND) {
        recipient_drop(recipient, 1); /* somebody has removed it from the store */
    } else if (r < 0) {
        outbox_store_failed(outbox, r);
        recipient_head(recipient)->due_ns = outbox->store_ns;
    } else if (recipient->posted < 0) {
        recipient_head(recipient)->attempts++;
        bool passes = recipient->posted != -EINVAL && recipient->posted != ERR_SYNTAX &&
            recipient->posted != ERR_NOT_FOUND;
        fail_try(recipient, passes, 0, passes ? err_text(recipient->posted)
            : recipient->posted == -EINVAL ? "not a URL or header that can be sent"
            : "its body is of another version of optop");
    } else {
        recipient_start(recipient, loop_now(outbox->loop));
    }
}

/* It waits for the store, too, while what it has delivered could not be booked, or too
 * much is to be booked first. */
static int64_t
ready_ns(const struct recipient *recipient)
{
    const struct outbox *outbox = recipient->outbox;
    int64_t now = loop_now(outbox->loop), ready = recipient_ready_ns(recipient, now);
    bool waits = outbox->unbooked >= BOOK_MAX || (recipient->sent && outbox->store_ns > now);
    return waits && ready < INT64_MAX && ready < outbox->store_ns ? outbox->store_ns : ready;
}

static void
send_due(struct recipient *recipient)
{
    struct outbox *outbox = recipient->outbox;
    int64_t now = loop_now(outbox->loop);
    while (!outbox->closing && outbox->unbooked < BOOK_MAX && ready_ns(recipient) <= now) {
        int r = outbox_digest(recipient);
        if (r < 0) {
            outbox_store_failed(outbox, r);
            recipient_head(recipient)->due_ns = outbox->store_ns;
            return;
        }
        send_head(recipient);
    }
}

/* When there is next something to do, INT64_MAX for never. */
static int64_t
next_ns(const struct outbox *outbox)
{
    int64_t next = outbox_book_ns(outbox);
    if (outbox->unread && outbox->store_ns < next)
        next = outbox->store_ns;
    for (const struct recipient *recipient = outbox->recipients; recipient; recipient = recipient->next) {
        int64_t ready = ready_ns(recipient), death = recipient_death_ns(recipient);
        ready = death < ready ? death : ready;
        next = ready < next ? ready : next;
    }
    return next;
}

static void
on_timer(void *context)
{
    outbox_pump(context);
}

void
outbox_set_timer(struct outbox *outbox)
{
    int64_t next = next_ns(outbox);
    if (next == INT64_MAX) {
        loop_timer_stop(outbox->timer);
        outbox->timer = NULL;
        return;
    }
    /* never 0: a timer that starts itself again at once would run without end */
    int64_t delay = outbox_clamp(next - loop_now(outbox->loop), NS_PER_MS, INT64_MAX);
    if (outbox->timer)
        loop_timer_change(outbox->timer, delay, 0);
    else
        outbox->timer = loop_timer_start(outbox->loop, delay, 0, on_timer, outbox);
}

void
outbox_pump(struct outbox *outbox)
{
    if (outbox->closing)
        return;
    if (outbox->unread && loop_now(outbox->loop) >= outbox->store_ns)
        outbox_read_waiting(outbox);
    for (struct recipient *recipient = outbox->recipients; recipient; recipient = recipient->next) {
        send_due(recipient);
        if (recipient_death_ns(recipient) <= loop_now(outbox->loop))
            outbox->to_book = true;
    }
    outbox_set_timer(outbox);
}

static void
on_turn_end(void *context)
{
    struct outbox *outbox = context;
    if (outbox_may_book(outbox))
        outbox_book(outbox);
}

/* The public part. */

struct outbox *
outbox_new(struct loop *loop, struct store *store, struct http *http)
{
    struct outbox *outbox = XNEW(struct outbox);
    outbox->loop = loop;
    outbox->store = store;
    outbox->http = http;
    outbox_set_backoff(outbox, 1, 300);
    char host[sizeof outbox->host];
    if (gethostname(host, sizeof host) < 0)
        host[0] = '\0';
    host[sizeof host - 1] = '\0';
    text_clean(host, outbox->host, sizeof outbox->host);
    outbox->turn = loop_turn_start(loop, on_turn_end, outbox);
    outbox_read_waiting(outbox);
    outbox_recount_dead(outbox);
    outbox_set_timer(outbox);
    return outbox;
}

void
outbox_free(struct outbox *outbox)
{
    if (!outbox)
        return;
    outbox->closing = true;
    if (outbox->to_book)
        outbox_book(outbox);
    while (outbox->recipients) {
        struct recipient *recipient = outbox->recipients;
        outbox->recipients = recipient->next;
        recipient_free(recipient);
    }
    loop_turn_stop(outbox->turn);
    loop_timer_stop(outbox->timer);
    free(outbox);
}

void
outbox_set_backoff(struct outbox *outbox, double base_seconds, double cap_seconds)
{
    outbox->base_ns = sec_to_ns(base_seconds);
    outbox->cap_ns = sec_to_ns(cap_seconds);
}

void
outbox_on_try(struct outbox *outbox, void (*fn)(void *context, int64_t duration_ns, bool ok),
    void *context)
{
    outbox->on_try = fn;
    outbox->on_try_context = context;
}

void
outbox_configure(struct outbox *outbox, const struct config *config)
{
    int64_t now = loop_now(outbox->loop);
    outbox->config = config;
    for (struct recipient *recipient = outbox->recipients; recipient; recipient = recipient->next)
        recipient_configure(recipient, NULL, now);
    for (int i = 0; i < config->webhook_count; i++)
        recipient_configure(outbox_recipient(outbox, config->webhook[i].name), &config->webhook[i],
            now);
    outbox_drop_idle(outbox);
    for (struct recipient *recipient = outbox->recipients; recipient; recipient = recipient->next)
        if (!recipient->webhook && !recipient->request)
            outbox->to_book = true;
    outbox_pump(outbox);
}

struct outbox_figures
outbox_figures(const struct outbox *outbox)
{
    struct outbox_figures figures = {
        .dead = outbox->dead,
        .delivered = outbox->delivered,
        .failed_tries = outbox->failed_tries,
    };
    for (const struct recipient *recipient = outbox->recipients; recipient; recipient = recipient->next) {
        figures.waiting += recipient_waiting(recipient);
        figures.in_flight += recipient->request != NULL;
    }
    str_copy(figures.last_error, sizeof figures.last_error, outbox->last_error);
    return figures;
}

void
outbox_each(const struct outbox *outbox, outbox_webhook_fn *fn, void *context)
{
    int64_t now = loop_now(outbox->loop);
    for (const struct recipient *recipient = outbox->recipients; recipient; recipient = recipient->next) {
        bool gone = recipient->circuit == CIRCUIT_GONE;
        int64_t ready = recipient_ready_ns(recipient, now);
        const struct outbox_webhook webhook = {
            .name = recipient->name,
            .waiting = recipient_waiting(recipient),
            .failures = recipient->failures,
            .gone = gone,
            .error = gone ? outbox_gone_text : recipient->error,
            .circuit = recipient->circuit,
            .next_seconds = ready == INT64_MAX ? 0 : ns_to_sec(outbox_clamp(ready - now, 0, ready)),
            .limited = recipient_unsent(recipient) > 0 && bucket_ready_ns(&recipient->bucket, now) > now,
            .delivered = recipient->delivered,
            .digests = recipient->digests,
        };
        if (recipient->webhook)
            fn(context, &webhook);
    }
}
