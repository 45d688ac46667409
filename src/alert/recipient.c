/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alert/recipient.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert/sign.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/str.h"
#include "base/text.h"
#include "base/unit.h"
#include "base/xalloc.h"

enum { EXPONENT_MAX = 30 };

struct recipient *
recipient_new(const char *name)
{
    struct recipient *recipient = XNEW(struct recipient);
    str_copy(recipient->name, sizeof recipient->name, name);
    return recipient;
}

void
recipient_free(struct recipient *recipient)
{
    if (!recipient)
        return;
    http_cancel(recipient->request);
    free(recipient->entry);
    free(recipient);
}

/* The queue. */

int
recipient_waiting(const struct recipient *recipient)
{
    return recipient->count - recipient->first;
}

int
recipient_unsent(const struct recipient *recipient)
{
    return recipient_waiting(recipient) - recipient->sent;
}

struct entry *
recipient_head(const struct recipient *recipient)
{
    return &recipient->entry[recipient->first + recipient->sent];
}

void
recipient_push(struct recipient *recipient, const struct entry *entry)
{
    if (recipient->first > 0 && recipient->count == recipient->capacity) {
        memmove(recipient->entry, recipient->entry + recipient->first,
            (size_t)recipient_waiting(recipient) * sizeof *entry);
        recipient->count -= recipient->first;
        recipient->first = 0;
    }
    XGROW(recipient->entry, recipient->count, recipient->capacity);
    recipient->entry[recipient->count++] = *entry;
}

static void
remove_first(struct recipient *recipient, int count)
{
    recipient->first += count;
    if (recipient->first == recipient->count)
        recipient->first = recipient->count = 0;
}

/* Those that are sent move up. */
void
recipient_drop(struct recipient *recipient, int count)
{
    if (recipient->sent)
        memmove(recipient->entry + recipient->first + count, recipient->entry + recipient->first,
            (size_t)recipient->sent * sizeof *recipient->entry);
    remove_first(recipient, count);
}

void
recipient_drop_sent(struct recipient *recipient)
{
    int sent = recipient->sent;
    recipient->sent = 0;
    remove_first(recipient, sent);
}

/* When. */

int64_t
recipient_ready_ns(const struct recipient *recipient, int64_t now_ns)
{
    if (!recipient->webhook || recipient->circuit == CIRCUIT_GONE || recipient->request ||
        recipient->booking || recipient_unsent(recipient) == 0)
        return INT64_MAX;
    int64_t ready = recipient_head(recipient)->due_ns, token = bucket_ready_ns(&recipient->bucket, now_ns);
    if (recipient->circuit == CIRCUIT_OPEN && ready < recipient->probe_ns)
        ready = recipient->probe_ns;
    return ready > token ? ready : token;
}

int64_t
recipient_death_ns(const struct recipient *recipient)
{
    if (!recipient->webhook || recipient->circuit != CIRCUIT_OPEN || recipient->request ||
        recipient->booking || recipient_unsent(recipient) == 0)
        return INT64_MAX;
    return recipient_head(recipient)->born_ns + sec_to_ns(recipient->webhook->life_seconds);
}

/* What waits was born in its order. */
int
recipient_count_over(const struct recipient *recipient, int64_t now_ns)
{
    int count = 0, unsent = recipient_unsent(recipient);
    if (recipient_death_ns(recipient) > now_ns)
        return 0;
    int64_t life_ns = sec_to_ns(recipient->webhook->life_seconds);
    while (count < unsent && recipient_head(recipient)[count].born_ns + life_ns <= now_ns)
        count++;
    return count;
}

static void
move_circuit(struct recipient *recipient, enum circuit_event event)
{
    enum circuit before = recipient->circuit, after = circuit_next(before, event);
    recipient->circuit = after;
    if (after == CIRCUIT_GONE && before != after)
        log_error("webhook %s: its receiver is gone (HTTP 410), nothing is sent there any more",
            recipient->name);
    else if (after == CIRCUIT_OPEN && before == CIRCUIT_CLOSED)
        log_warn("webhook %s: %d tries in a row have failed, it is only probed from now on",
            recipient->name, recipient->failures);
    else if (after == CIRCUIT_CLOSED && before != after && event == CIRCUIT_ANSWERED)
        log_info("webhook %s: it answers again", recipient->name);
}

void
recipient_start(struct recipient *recipient, int64_t now_ns)
{
    bucket_take(&recipient->bucket, now_ns);
    move_circuit(recipient, CIRCUIT_DUE);
}

void
recipient_ask(struct recipient *recipient, int64_t now_ns)
{
    if (recipient->circuit == CIRCUIT_OPEN && recipient_unsent(recipient) > 0)
        recipient_head(recipient)->due_ns = now_ns;
    if (recipient->circuit == CIRCUIT_OPEN)
        recipient->wait_ns = 0; /* it may be about to be booked */
    move_circuit(recipient, CIRCUIT_ASKED);
}

/* All that an answer may depend on: who is called, whom it has to be, what it is told. */
static void
describe_call(const struct config_webhook *webhook, char ret_call[17])
{
    struct str line;
    str_init(&line);
    str_printf(&line, "%s\n%d\n%s\n%s\n%d\n%s\n%.3f", webhook->url, webhook->allow_private,
        webhook->ca_file ? webhook->ca_file : "", webhook->pin ? webhook->pin : "",
        (int)webhook->format, webhook->template ? webhook->template : "", webhook->timeout_seconds);
    for (int i = 0; i < webhook->secret.count; i++)
        str_printf(&line, "\n%s", webhook->secret.line[i]);
    sign_fingerprint(line.data, line.len, ret_call);
    explicit_bzero(line.data, line.len); /* it has the secret */
    str_release(&line);
}

void
recipient_configure(struct recipient *recipient, const struct config_webhook *webhook, int64_t now_ns)
{
    recipient->webhook = webhook;
    if (!webhook)
        return;
    char call[sizeof recipient->call];
    describe_call(webhook, call);
    bool changed = recipient->call[0] && strcmp(recipient->call, call) != 0;
    if (changed && recipient_unsent(recipient) > 0)
        recipient_head(recipient)->due_ns = now_ns;
    if (changed)
        move_circuit(recipient, CIRCUIT_ASKED);
    str_copy(recipient->call, sizeof recipient->call, call);
    bucket_set(&recipient->bucket, webhook->rate, (double)webhook->burst, now_ns);
}

/* What came of it. */

static bool
may_pass(const struct http_answer *answer)
{
    int status = answer->status;
    return status == 0 || status == 408 || status == 425 || status == 429 || status >= 500 ||
        (status / 100 == 2 && answer->error[0]);
}

/* A receiver may repeat what it was told: that is stored and shown. */
static void
describe_answer(const struct config_webhook *webhook, const struct http_answer *answer, char *buf,
    size_t size)
{
    char line[sizeof answer->body + 64];
    if (answer->status == 0)
        snprintf(line, sizeof line, "%s", answer->error);
    else if (answer->status / 100 == 2)
        snprintf(line, sizeof line, "HTTP %d, then: %s", answer->status, answer->error);
    else if (answer->status / 100 == 3)
        snprintf(line, sizeof line, "HTTP %d (redirects are not followed)", answer->status);
    else
        snprintf(line, sizeof line, "HTTP %d%s%s", answer->status, answer->body[0] ? ": " : "",
            answer->body);
    if (webhook) {
        secret_hide(&webhook->secret, line);
        secret_hide_url(webhook->url, line);
    }
    text_clean(line, buf, size);
}

bool
recipient_answered(struct recipient *recipient, const struct http_answer *answer, bool *ret_again,
    char error[RECIPIENT_ERROR_MAX])
{
    bool ok = answer->status / 100 == 2 && !answer->error[0];
    recipient->request = NULL;
    recipient_head(recipient)->attempts++;
    recipient->failures = ok ? 0 : recipient->failures + 1;
    *ret_again = !ok && may_pass(answer);
    if (answer->status == 410)
        move_circuit(recipient, CIRCUIT_LOST);
    else if (!*ret_again)
        move_circuit(recipient, CIRCUIT_ANSWERED);
    else
        move_circuit(recipient, recipient->failures < CIRCUIT_FAILURES ? CIRCUIT_FAILED
                                                                     : CIRCUIT_FAILED_AGAIN);
    if (!ok)
        describe_answer(recipient->webhook, answer, error, RECIPIENT_ERROR_MAX);
    return ok;
}

/* Full jitter, and never before the receiver allows it; a probe also not before half
 * of the bound: who is down is let alone. */
static int64_t
backoff_ns(const struct recipient *recipient, double retry_after_seconds, int64_t base_ns,
    int64_t cap_ns)
{
    bool open = recipient->circuit == CIRCUIT_OPEN;
    int tries = open ? recipient->failures : recipient_head(recipient)->attempts;
    double bound = fmin((double)cap_ns, ldexp((double)base_ns, tries < EXPONENT_MAX ? tries
                                                                                  : EXPONENT_MAX));
    double asked = fmin(retry_after_seconds, RETRY_AFTER_MAX_SECONDS) * 1e9;
    double drawn = open ? bound / 2 + random_share() * bound / 2 : random_share() * bound;
    return (int64_t)fmax(asked, drawn);
}

void
recipient_fail(struct recipient *recipient, bool again, double retry_after_seconds,
    const char *error, int64_t base_ns, int64_t cap_ns, int64_t now_ns)
{
    const struct entry *entry = recipient_head(recipient);
    char line[2 * RECIPIENT_ERROR_MAX];
    recipient->wait_ns = backoff_ns(recipient, retry_after_seconds, base_ns, cap_ns);
    recipient->probe_ns = now_ns + recipient->wait_ns;
    recipient->booking = again && recipient->webhook ? BOOK_RETRY : BOOK_DEAD;
    if (recipient->booking == BOOK_RETRY &&
        ns_to_sec(now_ns - entry->born_ns) + ns_to_sec(recipient->wait_ns) >=
            recipient->webhook->life_seconds) {
        recipient->booking = BOOK_DEAD;
        snprintf(line, sizeof line, "given up after %d %s: %s", entry->attempts,
            entry->attempts == 1 ? "try" : "tries", error);
        error = line;
    }
    text_clean(error, recipient->error, sizeof recipient->error);
}
