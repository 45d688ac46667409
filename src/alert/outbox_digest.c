/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Digests: what waits for the rate of a webhook, or for its group_wait, and is of one
 * group (its group_by), becomes one delivery. It takes the row of the first, and with it
 * its place and its life time; the others' rows go in the same transaction. What was tried
 * before stands alone: its receiver may have it. An alert is of one group for good, so
 * what is told of it stays in order.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "alert/outbox_private.h"
#include "alert/webhook.h"
#include "alert/wording.h"
#include "base/clock.h"
#include "optop/arena.h"

enum { ARENA_BYTES = 256 * 1024 }; /* DIGEST_MAX notices have at most 60 KiB of texts */

struct gathering {
    struct optop_arena arena;
    bool short_of_memory;
    int count;
    size_t text_len;
    int at[DIGEST_MAX]; /* which they are, from the head on */
    const char *passed[DIGEST_MAX]; /* keys of those between them */
    int passed_count;
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

/* Has it the same as the first in the labels that its webhook groups by? If these have
 * been changed since, it does not overtake what came of the same alert before. */
static bool
is_of_group(const struct gathering *gathering, const char *by, const struct store_notice *notice)
{
    const struct store_notice *first = &gathering->notice[0];
    char name[CONFIG_LABELS_MAX], value[2][CONFIG_LABELS_MAX];
    for (int i = 0; i < gathering->passed_count; i++)
        if (!strcmp(gathering->passed[i], notice->key))
            return false;
    for (const char *also = by; alert_group_next(&by, first->key, first->labels, name, value[0]) &&
         alert_group_next(&also, notice->key, notice->labels, name, value[1]);)
        if (strcmp(value[0], value[1]))
            return false;
    return true;
}

/* One more, when it is of the group and there is room for it. 1; 0: with this one it
 * ends; or negative. */
static int
gather_one(struct gathering *gathering, const struct recipient *recipient, int at)
{
    struct store *store = recipient->outbox->store;
    const struct entry *entry = recipient_head(recipient) + at;
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
    if (!is_of_group(gathering, recipient->webhook->group_by, part->notice)) {
        gathering->passed[gathering->passed_count++] = part->notice->key;
        return 1;
    }
    size_t len = strlen(part->notice->text) + 4; /* "- ", and a line's end */
    if (gathering->text_len + len > DIGEST_TEXT_MAX)
        return 0;
    gathering->text_len += len;
    gathering->at[gathering->count++] = at;
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
            r = store_delivery_done(outbox->store, head[gathering->at[i]].id);
        if (r == 0)
            r = store_commit(outbox->store, NULL);
        else
            store_rollback(outbox->store);
    }
    str_release(&text);
    str_release(&body);
    return r;
}

/* The head becomes the digest; the others it tells of go, and who stands between them
 * moves up. */
static void
take_out(struct recipient *recipient, const struct gathering *gathering)
{
    struct entry *head = recipient_head(recipient);
    int gone = gathering->count - 1, to = gathering->at[gone];
    head->notice = 0;
    for (int from = to, next = gone; from >= 0; from--) {
        if (next > 0 && from == gathering->at[next])
            next--;
        else
            head[to--] = head[from];
    }
    recipient_drop(recipient, gone);
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
        r = gather_one(&gathering, recipient, i);
    if (r >= 0 && gathering.count > 1)
        r = write_digest(recipient, &gathering);
    if (r >= 0 && gathering.count > 1) {
        take_out(recipient, &gathering);
        recipient->digests++;
    }
    optop_arena_release(&gathering.arena);
    return r < 0 ? r : 0;
}
