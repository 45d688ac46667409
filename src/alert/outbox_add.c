/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is to be sent: written within the transaction of the notice, tested, replayed;
 * and read from the store.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "alert/outbox_private.h"
#include "alert/webhook.h"
#include "base/clock.h"
#include "base/str.h"
#include "config/threshold.h"

/* What waits for others goes out with the first of them; one that does not wait takes
 * them along. So order is kept. */
static void
join_group(struct recipient *recipient, struct entry *entry, int64_t now_ns)
{
    int unsent = recipient_unsent(recipient);
    for (int i = 0; i < unsent && !entry->attempts; i++) {
        struct entry *other = recipient_head(recipient) + i;
        if (other->attempts || other->due_ns <= now_ns)
            continue;
        if (entry->due_ns <= now_ns)
            other->due_ns = now_ns;
        else if (other->due_ns < entry->due_ns)
            entry->due_ns = other->due_ns;
    }
}

/* Times from the store may come from before a clock was set: they are believed
 * within what this program itself would have written. */
static int
take_waiting(void *context, const struct store_delivery *delivery)
{
    struct outbox *outbox = context;
    int64_t now = loop_now(outbox->loop), wall = clock_wall_ns();
    struct entry entry = {
        .id = delivery->id,
        .notice = delivery->notice,
        .attempts = delivery->attempts,
        .born_ns = now - outbox_clamp(wall - delivery->created_wall_ns, 0, INT64_MAX / 4),
        .due_ns = now +
            outbox_clamp(delivery->next_wall_ns - wall, 0, RETRY_AFTER_MAX_SECONDS * NS_PER_SEC),
    };
    struct recipient *recipient = outbox_recipient(outbox, delivery->webhook);
    join_group(recipient, &entry, now);
    recipient_push(recipient, &entry);
    outbox->newest_id = delivery->id;
    if (outbox->config && !recipient->webhook)
        outbox->to_book = true; /* to be buried */
    return 0;
}

void
outbox_read_waiting(struct outbox *outbox)
{
    int r = store_delivery_waiting(outbox->store, outbox->newest_id, take_waiting, outbox);
    outbox->unread = r < 0;
    if (r < 0)
        outbox_store_failed(outbox, r);
}

static int
count_dead(void *context, const struct store_delivery *delivery)
{
    (void)delivery;
    ++*(int *)context;
    return 0;
}

void
outbox_recount_dead(struct outbox *outbox)
{
    int dead = 0;
    if (store_delivery_list(outbox->store, 1, STORE_DEAD_MAX, count_dead, &dead) == 0)
        outbox->dead = dead;
}

/* What must stand alone is not to wait for others, either. */
static int64_t
group_wait_ns(const struct config_webhook *webhook, const struct store_notice *notice)
{
    bool waits = webhook_formats[webhook->format].digest && notice->id &&
        strcmp(notice->type, "alert.critical") != 0;
    return waits ? sec_to_ns(webhook->group_seconds) : 0;
}

static int
add_delivery(struct outbox *outbox, const struct config_webhook *webhook,
    const struct store_notice *notice, const char *event_id, int64_t *ret_id)
{
    const struct webhook_format *format = &webhook_formats[webhook->format];
    const struct format_event event = { .notice = notice, .id = event_id, .host = outbox->host,
        .webhook = webhook };
    int64_t wall = clock_wall_ns();
    struct str body;
    str_init(&body);
    format->body(&event, &body);
    struct store_delivery delivery = {
        .webhook = webhook->name,
        .event_id = event_id,
        .format = format->name,
        .body = body.data,
        .notice = notice->id,
        .created_wall_ns = wall,
        .next_wall_ns = wall + group_wait_ns(webhook, notice),
        .error = "",
    };
    int r = store_delivery_add(outbox->store, &delivery, ret_id);
    str_release(&body);
    const struct recipient *recipient = outbox_recipient(outbox, webhook->name);
    bool gone = recipient->circuit == CIRCUIT_GONE;
    if (r < 0 || (!gone && recipient_waiting(recipient) < OUTBOX_WAITING_MAX))
        return r;
    outbox->recount = true;
    return store_delivery_dead(outbox->store, *ret_id, 0,
        gone ? outbox_gone_text : "too many are waiting for this webhook");
}

static bool
is_named(const char *list, const char *name)
{
    char word[CONFIG_NAME_MAX];
    bool any = !list || !*list;
    while (!any && threshold_next_word(&list, word, sizeof word))
        any = !strcmp(word, name);
    return any;
}

int
outbox_add(struct outbox *outbox, const struct store_notice *notice, const char *only)
{
    char event_id[WEBHOOK_ID_MAX] = "";
    int64_t id;
    int r = 0;
    for (int i = 0; r >= 0 && outbox->config && i < outbox->config->webhook_count; i++) {
        const struct config_webhook *webhook = &outbox->config->webhook[i];
        if (!webhook_wants(webhook, notice->type) || !is_named(only, webhook->name))
            continue;
        if (!event_id[0])
            r = webhook_new_id(event_id);
        if (r >= 0)
            r = add_delivery(outbox, webhook, notice, event_id, &id);
    }
    return r;
}

/* Ends a transaction of ours, and sends what it has added. */
static int
end_addition(struct outbox *outbox, int r)
{
    if (r < 0) {
        store_rollback(outbox->store);
        return r;
    }
    r = store_commit(outbox->store, NULL);
    if (r == 0)
        outbox_wake(outbox);
    return r;
}

int
outbox_test(struct outbox *outbox, const char *name, int64_t *ret_delivery)
{
    const struct config_webhook *webhook = NULL;
    char event_id[WEBHOOK_ID_MAX], key[CONFIG_NAME_MAX + 16], text[CONFIG_NAME_MAX + 128];
    for (int i = 0; outbox->config && i < outbox->config->webhook_count; i++)
        if (!strcmp(outbox->config->webhook[i].name, name))
            webhook = &outbox->config->webhook[i];
    if (!webhook)
        return ERR_NOT_FOUND;
    recipient_ask(outbox_recipient(outbox, name), loop_now(outbox->loop));
    snprintf(key, sizeof key, "webhook:%s", webhook->name);
    snprintf(text, sizeof text, "a test of the webhook %s by optop on %.64s", webhook->name,
        outbox->host);
    struct store_notice notice = { .wall_ns = clock_wall_ns(), .type = "test", .key = key,
        .state = "test", .value = NAN, .level = NAN, .sequence = 1, .text = text };
    int r = webhook_new_id(event_id);
    if (r == 0)
        r = store_begin(outbox->store);
    if (r < 0)
        return r;
    return end_addition(outbox, add_delivery(outbox, webhook, &notice, event_id, ret_delivery));
}

int
outbox_replay(struct outbox *outbox, int64_t delivery, int64_t *ret_count)
{
    int r = store_begin(outbox->store);
    if (r < 0)
        return r;
    outbox->recount = true;
    for (struct recipient *recipient = outbox->recipients; recipient; recipient = recipient->next)
        recipient_ask(recipient, loop_now(outbox->loop));
    return end_addition(outbox,
        store_delivery_replay(outbox->store, delivery, clock_wall_ns(), ret_count));
}

void
outbox_wake(struct outbox *outbox)
{
    outbox_read_waiting(outbox);
    if (outbox->recount)
        outbox_recount_dead(outbox);
    outbox->recount = false;
    outbox_pump(outbox);
}
