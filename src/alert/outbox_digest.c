/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Digests: what waits for the rate of a webhook, or for its group_wait, becomes one delivery. It takes the row
 * of the first, and with it its place and its life time; the others' rows go in the
 * same transaction. What was tried before stands alone: its receiver may have it.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "alert/outbox_private.h"
#include "alert/webhook.h"
#include "base/clock.h"
#include "optop/arena.h"

enum { ARENA_BYTES = 256 * 1024 }; /* DIGEST_MAX notices have at most 60 KiB of texts */

struct gathering {
    struct optop_arena arena;
    bool short_of_memory;
    int count;
    size_t text_len;
    struct format_event part[DIGEST_MAX];
    struct store_notice notice[DIGEST_MAX];
};

static const char *
keep(struct gathering *gathering, const char *text)
{
    char *copy = text ? optop_arena_copy(&gathering->arena, text, strlen(text)) : NULL;
    gathering->short_of_memory |= text && !copy;
    return copy;
}

static int
take_id(void *context, const struct store_delivery *delivery)
{
    struct gathering *gathering = context;
    gathering->part[gathering->count].id = keep(gathering, delivery->event_id);
    return 0;
}

static int
take_notice(void *context, const struct store_notice *notice)
{
    struct gathering *gathering = context;
    struct store_notice *kept = &gathering->notice[gathering->count];
    *kept = *notice;
    kept->type = keep(gathering, notice->type);
    kept->key = keep(gathering, notice->key);
    kept->state = keep(gathering, notice->state);
    kept->text = keep(gathering, notice->text);
    kept->labels = keep(gathering, notice->labels);
    return 0;
}

/* One more, when there is such a notice and room for it. 1, 0: no, or negative. */
static int
gather_one(struct gathering *gathering, const struct recipient *recipient, const struct entry *entry)
{
    struct store *store = recipient->outbox->store;
    struct format_event *part = &gathering->part[gathering->count];
    *part = (struct format_event){ .notice = &gathering->notice[gathering->count],
        .host = recipient->outbox->host, .webhook = recipient->webhook };
    int r = store_delivery_get(store, entry->id, take_id, gathering);
    if (r == 0)
        r = store_notice_get(store, entry->notice, take_notice, gathering);
    if (r == ERR_NOT_FOUND)
        return 0; /* so old that its notice is not kept any more: it goes alone */
    if (r == 0 && gathering->short_of_memory)
        r = -ENOMEM;
    if (r < 0)
        return r;
    size_t len = strlen(part->notice->text) + 4; /* "- ", and a line's end */
    if (gathering->text_len + len > DIGEST_TEXT_MAX)
        return 0;
    gathering->text_len += len;
    gathering->count++;
    return 1;
}

/* How many from the head on may be one. */
static int
mergeable(const struct recipient *recipient)
{
    const struct outbox *outbox = recipient->outbox;
    int64_t now = loop_now(outbox->loop);
    int count = 0, unsent = recipient_unsent(recipient);
    if (!webhook_formats[recipient->webhook->format].digest ||
        recipient->circuit != CIRCUIT_CLOSED || (recipient->webhook->group_seconds <= 0 &&
            !bucket_is_last(&recipient->bucket, now)))
        return 0;
    for (; count < unsent && count < DIGEST_MAX; count++) {
        const struct entry *entry = recipient_head(recipient) + count;
        if (!entry->notice || entry->attempts || entry->due_ns > now)
            break;
    }
    return count > 1 ? count : 0;
}

static int
write_digest(const struct recipient *recipient, const struct gathering *gathering)
{
    const struct outbox *outbox = recipient->outbox;
    const struct webhook_format *format = &webhook_formats[recipient->webhook->format];
    const struct entry *head = recipient_head(recipient);
    char id[WEBHOOK_ID_MAX];
    struct str text, body;
    str_init(&text);
    str_init(&body);
    str_printf(&text, "%d notices at once:", gathering->count);
    for (int i = 0; i < gathering->count; i++)
        str_printf(&text, "\n- %s", gathering->notice[i].text);
    const struct store_notice notice = { .wall_ns = clock_wall_ns(), .type = "digest",
        .key = "digest", .state = "digest", .value = (double)NAN, .level = (double)NAN,
        .sequence = 1, .text = text.data };
    const struct format_event event = { .notice = &notice, .id = id, .host = outbox->host,
        .webhook = recipient->webhook, .part = gathering->part, .parts = gathering->count };
    int r = webhook_new_id(id);
    if (r == 0) {
        format->body(&event, &body);
        r = store_begin(outbox->store);
    }
    if (r == 0) {
        r = store_delivery_replace(outbox->store, head->id, id, format->name, body.data);
        for (int i = 1; r == 0 && i < gathering->count; i++)
            r = store_delivery_done(outbox->store, head[i].id);
        if (r == 0)
            r = store_commit(outbox->store, NULL);
        else
            store_rollback(outbox->store);
    }
    str_release(&text);
    str_release(&body);
    return r;
}

int
outbox_digest(struct recipient *recipient)
{
    int count = mergeable(recipient), r = 1;
    if (!count)
        return 0;
    struct gathering gathering = { .count = 0 };
    optop_arena_init(&gathering.arena, &(struct optop_arena_options){ .limit = ARENA_BYTES });
    for (int i = 0; i < count && r > 0; i++)
        r = gather_one(&gathering, recipient, recipient_head(recipient) + i);
    if (r >= 0 && gathering.count > 1)
        r = write_digest(recipient, &gathering);
    if (r >= 0 && gathering.count > 1) {
        struct entry first = *recipient_head(recipient);
        recipient_drop(recipient, gathering.count - 1);
        first.notice = 0;
        *recipient_head(recipient) = first;
        recipient->digests++;
    }
    optop_arena_release(&gathering.arena);
    return r < 0 ? r : 0;
}
