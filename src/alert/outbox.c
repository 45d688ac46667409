/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One queue per webhook holds what identifies its waiting deliveries; bodies
 * stay in the store until they are sent. A delivery's life here:
 *
 *   waiting --due--> under way --answer--> to be booked --commit--> gone, dead,
 *      ^                                                            or waiting
 *      +------------------------------------------------------------------+
 *
 * An answer changes nothing until the store has it: while a booking is not
 * committed its webhook sends nothing more. Waiting goes by the monotonic
 * clock; wall times are only what a later server has to go by.
 */
#include "alert/outbox.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alert/webhook.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/random.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "config/threshold.h"

enum {
    RETRY_AFTER_MAX_SECONDS = 3600,
    BURIED_MAX = 256, /* deliveries of a webhook that has gone, per transaction */
    EXPONENT_MAX = 30,
};

struct entry {
    int64_t id;
    int64_t born_ns; /* monotonic; before 0 when older than the machine's start */
    int64_t due_ns;
    int attempts;
};

static const char gone_text[] = "its receiver is gone (HTTP 410)";

enum booking { BOOK_NOTHING, BOOK_DONE, BOOK_RETRY, BOOK_DEAD };

struct hook {
    struct hook *next;
    struct outbox *outbox;
    char name[CONFIG_NAME_MAX];
    const struct config_webhook *webhook; /* NULL: not in the config */
    char *url; /* of the last config: what has changed is tried at once */
    bool allow_private;
    struct entry *entry; /* queue: [first] to [count - 1] */
    int first, count, capacity;
    struct http_request *request; /* for the first entry */
    enum booking booking; /* of the first entry */
    int64_t wait_ns; /* for BOOK_RETRY */
    int buried; /* entries marked dead by the transaction under way */
    bool gone; /* its receiver has answered 410: nothing is sent any more */
    int failures; /* tries in a row */
    int posted; /* what http_post answered */
    char error[OUTBOX_ERROR_MAX];
};

struct outbox {
    struct loop *loop;
    struct store *store;
    struct http *http;
    const struct config *config;
    struct hook *hooks;
    struct loop_turn *turn;
    struct loop_timer *timer;
    int64_t newest_id; /* of the deliveries read from the store */
    bool unread; /* the store has more, and could not be read */
    bool to_book;
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

/* Queues. */

static int
hook_waiting(const struct hook *hook)
{
    return hook->count - hook->first;
}

static struct entry *
hook_head(const struct hook *hook)
{
    return &hook->entry[hook->first];
}

static void
hook_push(struct hook *hook, const struct entry *entry)
{
    if (hook->first > 0 && hook->count == hook->capacity) {
        memmove(hook->entry, hook_head(hook), (size_t)hook_waiting(hook) * sizeof *hook->entry);
        hook->count -= hook->first;
        hook->first = 0;
    }
    XGROW(hook->entry, hook->count, hook->capacity);
    hook->entry[hook->count++] = *entry;
}

static void
hook_pop(struct hook *hook, int count)
{
    hook->first += count;
    if (hook->first == hook->count)
        hook->first = hook->count = 0;
}

static struct hook *
find_hook(struct outbox *outbox, const char *name)
{
    struct hook **link = &outbox->hooks;
    for (; *link; link = &(*link)->next)
        if (!strcmp((*link)->name, name))
            return *link;
    struct hook *hook = XNEW(struct hook);
    hook->outbox = outbox;
    str_copy(hook->name, sizeof hook->name, name);
    *link = hook;
    return hook;
}

static void
free_hook(struct hook *hook)
{
    http_cancel(hook->request);
    free(hook->url);
    free(hook->entry);
    free(hook);
}

static void
drop_idle_hooks(struct outbox *outbox)
{
    for (struct hook **link = &outbox->hooks; *link;) {
        struct hook *hook = *link;
        if (hook->webhook || hook->request || hook_waiting(hook) > 0) {
            link = &hook->next;
            continue;
        }
        *link = hook->next;
        free_hook(hook);
    }
}

/* Times from the store may come from before a clock was set: they are believed
 * within what this program itself would have written. */
static int64_t
clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static int
take_waiting(void *context, const struct store_delivery *delivery)
{
    struct outbox *outbox = context;
    int64_t now = loop_now(outbox->loop), wall = clock_wall_ns();
    struct entry entry = {
        .id = delivery->id,
        .attempts = delivery->attempts,
        .born_ns = now - clamp(wall - delivery->created_wall_ns, 0, INT64_MAX / 4),
        .due_ns = now +
            clamp(delivery->next_wall_ns - wall, 0, RETRY_AFTER_MAX_SECONDS * NS_PER_SEC),
    };
    struct hook *hook = find_hook(outbox, delivery->webhook);
    hook_push(hook, &entry);
    outbox->newest_id = delivery->id;
    if (outbox->config && !hook->webhook)
        outbox->to_book = true; /* to be buried */
    return 0;
}

static int
count_dead(void *context, const struct store_delivery *delivery)
{
    (void)delivery;
    ++*(int *)context;
    return 0;
}

static void
recount_dead(struct outbox *outbox)
{
    int dead = 0;
    if (store_delivery_list(outbox->store, 1, STORE_DEAD_MAX, count_dead, &dead) == 0)
        outbox->dead = dead;
}

static void
note_error(struct outbox *outbox, const char *who, const char *error)
{
    snprintf(outbox->last_error, sizeof outbox->last_error, "%s: %s", who, error);
    log_debug("webhook %s", outbox->last_error);
}

static void
store_failed(struct outbox *outbox, int code)
{
    note_error(outbox, "store", err_text(code));
    outbox->store_ns = loop_now(outbox->loop) + outbox->base_ns;
}

static void
read_waiting(struct outbox *outbox)
{
    int r = store_delivery_waiting(outbox->store, outbox->newest_id, take_waiting, outbox);
    outbox->unread = r < 0;
    if (r < 0)
        store_failed(outbox, r);
}

/* Outcomes. */

/* Full jitter, and never before the receiver allows it. */
static int64_t
backoff_ns(const struct outbox *outbox, int attempts, double retry_after_seconds)
{
    int exponent = attempts < EXPONENT_MAX ? attempts : EXPONENT_MAX;
    double bound = fmin((double)outbox->cap_ns, ldexp((double)outbox->base_ns, exponent));
    double asked = fmin(retry_after_seconds, RETRY_AFTER_MAX_SECONDS) * 1e9;
    return (int64_t)fmax(asked, random_share() * bound);
}

static bool
may_pass(const struct http_answer *answer)
{
    int status = answer->status;
    return status == 0 || status == 408 || status == 425 || status == 429 || status >= 500 ||
        (status / 100 == 2 && answer->error[0]);
}

static void
describe_answer(const struct http_answer *answer, char *buf, size_t size)
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
    text_clean(line, buf, size);
}

/* A try has failed: again later, or never. */
static void
fail_try(struct hook *hook, bool again, double retry_after_seconds, const char *error)
{
    struct outbox *outbox = hook->outbox;
    const struct entry *entry = hook_head(hook);
    char line[2 * OUTBOX_ERROR_MAX];
    int64_t age_ns = loop_now(outbox->loop) - entry->born_ns;
    hook->wait_ns = backoff_ns(outbox, entry->attempts, retry_after_seconds);
    hook->booking = again ? BOOK_RETRY : BOOK_DEAD;
    if (!hook->webhook)
        hook->booking = BOOK_DEAD;
    if (again && hook->webhook &&
        ns_to_sec(age_ns) + ns_to_sec(hook->wait_ns) >= hook->webhook->life_seconds) {
        hook->booking = BOOK_DEAD;
        snprintf(line, sizeof line, "given up after %d %s: %s", entry->attempts,
            entry->attempts == 1 ? "try" : "tries", error);
        error = line;
    }
    text_clean(error, hook->error, sizeof hook->error);
    outbox->to_book = true;
    outbox->failed_tries++;
    note_error(outbox, hook->name, hook->error);
}

static void set_timer(struct outbox *outbox);

static void
on_answer(void *context, const struct http_answer *answer)
{
    struct hook *hook = context;
    struct outbox *outbox = hook->outbox;
    bool ok = answer->status / 100 == 2 && !answer->error[0];
    hook->request = NULL;
    hook_head(hook)->attempts++;
    hook->failures = ok ? 0 : hook->failures + 1;
    if (answer->status == 410) {
        hook->gone = true;
        log_error("webhook %s: its receiver is gone (HTTP 410), nothing is sent there any more", hook->name);
    }
    if (ok) {
        hook->booking = BOOK_DONE;
        outbox->to_book = true;
    } else {
        char error[OUTBOX_ERROR_MAX];
        describe_answer(answer, error, sizeof error);
        fail_try(hook, may_pass(answer), answer->retry_after_seconds, error);
    }
    if (outbox->on_try)
        outbox->on_try(outbox->on_try_context, answer->duration_ns, ok);
    set_timer(outbox);
}

/* Sending. */

static int
post_delivery(void *context, const struct store_delivery *delivery)
{
    struct hook *hook = context;
    struct webhook_request request;
    request_init(&request);
    hook->posted = webhook_dress(&request, hook->webhook, delivery, clock_wall_ns());
    struct http_post post = {
        .url = hook->webhook->url,
        .headers = request.header,
        .body = request.body.data,
        .body_len = request.body.len,
        .timeout_seconds = hook->webhook->timeout_seconds,
        .allow_private = hook->webhook->allow_private,
    };
    if (hook->posted == 0)
        hook->posted = http_post(hook->outbox->http, &post, on_answer, hook, &hook->request);
    request_release(&request);
    return 0;
}

static void
send_head(struct hook *hook)
{
    struct outbox *outbox = hook->outbox;
    int r = store_delivery_get(outbox->store, hook_head(hook)->id, post_delivery, hook);
    if (r == ERR_NOT_FOUND) {
        hook_pop(hook, 1); /* somebody has removed it from the store */
    } else if (r < 0) {
        store_failed(outbox, r);
        hook_head(hook)->due_ns = outbox->store_ns;
    } else if (hook->posted < 0) {
        hook_head(hook)->attempts++;
        bool passes = hook->posted != -EINVAL && hook->posted != ERR_SYNTAX &&
            hook->posted != ERR_NOT_FOUND;
        fail_try(hook, passes, 0, passes ? err_text(hook->posted)
            : hook->posted == -EINVAL ? "not a URL or header that can be sent"
            : "its body is of another version of optop");
    }
}

static bool
hook_ready(const struct hook *hook)
{
    return hook->webhook && !hook->gone && !hook->request && !hook->booking && hook_waiting(hook) > 0;
}

/* When there is next something to do, INT64_MAX for never. */
static int64_t
next_ns(const struct outbox *outbox)
{
    int64_t next = outbox->to_book || outbox->unread ? outbox->store_ns : INT64_MAX;
    for (const struct hook *hook = outbox->hooks; hook; hook = hook->next)
        if (hook_ready(hook) && hook_head(hook)->due_ns < next)
            next = hook_head(hook)->due_ns;
    return next;
}

static void on_timer(void *context);

static void
set_timer(struct outbox *outbox)
{
    int64_t next = next_ns(outbox);
    if (next == INT64_MAX) {
        loop_timer_stop(outbox->timer);
        outbox->timer = NULL;
        return;
    }
    /* never 0: a timer that starts itself again at once would run without end */
    int64_t delay = clamp(next - loop_now(outbox->loop), NS_PER_MS, INT64_MAX);
    if (outbox->timer)
        loop_timer_change(outbox->timer, delay, 0);
    else
        outbox->timer = loop_timer_start(outbox->loop, delay, 0, on_timer, outbox);
}

static void
pump(struct outbox *outbox)
{
    if (outbox->closing)
        return;
    int64_t now = loop_now(outbox->loop);
    if (outbox->unread && now >= outbox->store_ns)
        read_waiting(outbox);
    for (struct hook *hook = outbox->hooks; hook; hook = hook->next)
        while (hook_ready(hook) && hook_head(hook)->due_ns <= now)
            send_head(hook);
    set_timer(outbox);
}

static void
on_timer(void *context)
{
    pump(context);
}

/* Booking. */

static int
write_booking(struct hook *hook)
{
    struct store *store = hook->outbox->store;
    const struct entry *entry = hook_head(hook);
    switch (hook->booking) {
    case BOOK_DONE:
        return store_delivery_done(store, entry->id);
    case BOOK_RETRY:
        return store_delivery_retry(store, entry->id, entry->attempts,
            clock_wall_ns() + hook->wait_ns, hook->error);
    case BOOK_DEAD:
        return store_delivery_dead(store, entry->id, entry->attempts, hook->error);
    case BOOK_NOTHING:
        break;
    }
    return 0;
}

static bool
is_to_bury(const struct hook *hook)
{
    return hook->outbox->config && (!hook->webhook || hook->gone) && !hook->request;
}

/* A webhook that is not in the config any more, or gone, takes its deliveries along. */
static int
bury(struct hook *hook)
{
    const struct outbox *outbox = hook->outbox;
    int r = 0;
    if (!is_to_bury(hook) || hook->booking)
        return 0;
    int count = hook_waiting(hook) < BURIED_MAX ? hook_waiting(hook) : BURIED_MAX;
    for (int i = 0; r >= 0 && i < count; i++) {
        r = store_delivery_dead(outbox->store, hook_head(hook)[i].id, hook_head(hook)[i].attempts,
            hook->webhook ? gone_text : "the webhook is not in the configuration any more");
        if (r == ERR_NOT_FOUND)
            r = 0;
    }
    hook->buried = count;
    return r;
}

static int
write_bookings(struct outbox *outbox)
{
    int r = store_begin(outbox->store);
    if (r < 0)
        return r; /* a transaction that may be open is not ours */
    for (struct hook *hook = outbox->hooks; hook && r >= 0; hook = hook->next) {
        hook->buried = 0;
        r = write_booking(hook);
        if (r == ERR_NOT_FOUND) /* booked already, or removed by hand: nothing to forget */
            r = 0;
        if (r >= 0)
            r = bury(hook);
    }
    if (r >= 0)
        return store_commit(outbox->store, NULL);
    store_rollback(outbox->store);
    return r;
}

/* The store has it: now it is so. True when something has died. */
static bool
apply_booking(struct hook *hook)
{
    struct outbox *outbox = hook->outbox;
    enum booking booking = hook->booking;
    int buried = hook->buried;
    hook->booking = BOOK_NOTHING;
    hook->buried = 0;
    if (booking == BOOK_RETRY)
        hook_head(hook)->due_ns = loop_now(outbox->loop) + hook->wait_ns;
    else
        hook_pop(hook, booking == BOOK_NOTHING ? buried : 1);
    outbox->delivered += booking == BOOK_DONE;
    if (is_to_bury(hook) && hook_waiting(hook) > 0)
        outbox->to_book = true; /* the rest of what is to be buried */
    return booking == BOOK_DEAD || buried > 0;
}

static void
book(struct outbox *outbox)
{
    int r = write_bookings(outbox);
    if (r < 0) {
        store_failed(outbox, r);
        set_timer(outbox);
        return;
    }
    bool died = false;
    outbox->to_book = false;
    for (struct hook *hook = outbox->hooks; hook; hook = hook->next)
        died |= apply_booking(hook);
    if (died)
        recount_dead(outbox);
    drop_idle_hooks(outbox);
    pump(outbox);
}

static void
on_turn_end(void *context)
{
    struct outbox *outbox = context;
    if (outbox->to_book && loop_now(outbox->loop) >= outbox->store_ns)
        book(outbox);
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
    read_waiting(outbox);
    recount_dead(outbox);
    set_timer(outbox);
    return outbox;
}

void
outbox_free(struct outbox *outbox)
{
    if (!outbox)
        return;
    outbox->closing = true;
    if (outbox->to_book)
        book(outbox);
    while (outbox->hooks) {
        struct hook *hook = outbox->hooks;
        outbox->hooks = hook->next;
        free_hook(hook);
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

static void
configure_hook(struct outbox *outbox, const struct config_webhook *webhook)
{
    struct hook *hook = find_hook(outbox, webhook->name);
    bool changed = hook->url &&
        (strcmp(hook->url, webhook->url) || hook->allow_private != webhook->allow_private);
    if (changed && hook_waiting(hook) > 0)
        hook_head(hook)->due_ns = loop_now(outbox->loop);
    if (changed)
        hook->gone = false;
    free(hook->url);
    hook->url = xstrdup(webhook->url);
    hook->allow_private = webhook->allow_private;
    hook->webhook = webhook;
}

void
outbox_configure(struct outbox *outbox, const struct config *config)
{
    outbox->config = config;
    for (struct hook *hook = outbox->hooks; hook; hook = hook->next)
        hook->webhook = NULL;
    for (int i = 0; i < config->webhook_count; i++)
        configure_hook(outbox, &config->webhook[i]);
    drop_idle_hooks(outbox);
    for (struct hook *hook = outbox->hooks; hook; hook = hook->next)
        if (!hook->webhook && !hook->request)
            outbox->to_book = true;
    pump(outbox);
}

static int
add_delivery(struct outbox *outbox, const struct config_webhook *webhook,
    const struct store_notice *notice, const char *event_id, int64_t *ret_id)
{
    const struct webhook_format *format = &webhook_formats[webhook->format];
    const struct format_event event = { notice, event_id, outbox->host, webhook };
    int64_t wall = clock_wall_ns();
    struct str body;
    str_init(&body);
    format->body(&event, &body);
    struct store_delivery delivery = {
        .webhook = webhook->name,
        .event_id = event_id,
        .format = format->name,
        .body = body.data,
        .created_wall_ns = wall,
        .next_wall_ns = wall,
        .error = "",
    };
    int r = store_delivery_add(outbox->store, &delivery, ret_id);
    str_release(&body);
    const struct hook *hook = find_hook(outbox, webhook->name);
    if (r < 0 || (!hook->gone && hook_waiting(hook) < OUTBOX_WAITING_MAX))
        return r;
    outbox->recount = true;
    return store_delivery_dead(outbox->store, *ret_id, 0,
        hook->gone ? gone_text : "too many are waiting for this webhook");
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
    find_hook(outbox, name)->gone = false; /* somebody wants to know */
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
    for (struct hook *hook = outbox->hooks; hook; hook = hook->next)
        hook->gone = false;
    return end_addition(outbox,
        store_delivery_replay(outbox->store, delivery, clock_wall_ns(), ret_count));
}

void
outbox_wake(struct outbox *outbox)
{
    read_waiting(outbox);
    if (outbox->recount)
        recount_dead(outbox);
    outbox->recount = false;
    pump(outbox);
}

struct outbox_figures
outbox_figures(const struct outbox *outbox)
{
    struct outbox_figures figures = {
        .dead = outbox->dead,
        .delivered = outbox->delivered,
        .failed_tries = outbox->failed_tries,
    };
    for (const struct hook *hook = outbox->hooks; hook; hook = hook->next) {
        figures.waiting += hook_waiting(hook);
        figures.in_flight += hook->request != NULL;
    }
    str_copy(figures.last_error, sizeof figures.last_error, outbox->last_error);
    return figures;
}

void
outbox_each(const struct outbox *outbox, outbox_webhook_fn *fn, void *context)
{
    for (const struct hook *hook = outbox->hooks; hook; hook = hook->next) {
        const struct outbox_webhook webhook = { hook->name, hook_waiting(hook), hook->failures,
            hook->gone, hook->gone ? gone_text : hook->error };
        if (hook->webhook)
            fn(context, &webhook);
    }
}
