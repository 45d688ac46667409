/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The methods about alerts, notices and their deliveries.
 */
#include "base/clock.h"
#include "server/call.h"
#include "store/store_alert.h"

static int
write_notice(void *context, const struct store_notice *notice)
{
    struct call *call = context;
    struct recent_notice recent;
    status_take_notice(&recent, notice);
    status_write_notice(call->w, NULL, &recent);
    return 0;
}

static void
write_delivery(struct json_writer *w, const struct store_delivery *delivery)
{
    jw_int(w, "delivery", delivery->id);
    jw_string(w, "webhook", delivery->webhook);
    jw_string(w, "event_id", delivery->event_id);
    jw_string(w, "format", delivery->format);
    jw_string(w, "state", delivery->state ? "dead" : "waiting");
    jw_int(w, "attempts", delivery->attempts);
    jw_figure(w, "created", ns_to_sec(delivery->created_wall_ns));
    jw_figure(w, "next", ns_to_sec(delivery->next_wall_ns));
    jw_string(w, "error", delivery->error);
}

static int
list_delivery(void *context, const struct store_delivery *delivery)
{
    struct call *call = context;
    jw_object(call->w, NULL);
    write_delivery(call->w, delivery);
    jw_end(call->w);
    return 0;
}

static void
write_webhook(void *context, const struct outbox_webhook *webhook)
{
    struct json_writer *w = context;
    jw_object(w, NULL);
    jw_string(w, "name", webhook->name);
    jw_string(w, "state", webhook->gone ? "disabled" : webhook->failures ? "failing" : "ok");
    jw_int(w, "waiting", webhook->waiting);
    jw_int(w, "failures", webhook->failures);
    jw_string(w, "error", webhook->failures || webhook->gone ? webhook->error : "");
    jw_string(w, "circuit", circuit_name(webhook->circuit));
    jw_figure(w, "next_seconds", webhook->next_seconds);
    jw_bool(w, "limited", webhook->limited);
    jw_int(w, "delivered", (int64_t)webhook->delivered);
    jw_int(w, "digests", (int64_t)webhook->digests);
    jw_end(w);
}

int
handle_alerts_list(struct call *call)
{
    int limit = call_limit(call, "limit", 50, 500);
    const struct alert *alerts;
    int count = alert_engine_alerts(call->server->alerts, &alerts);
    jw_array(call->w, "alerts");
    status_write_active(call->w, alerts, count);
    jw_end(call->w);
    jw_array(call->w, "history");
    int r = store_notice_list(call->server->store, limit, write_notice, call);
    jw_end(call->w);
    struct outbox_figures figures = outbox_figures(call->server->outbox);
    jw_object(call->w, "deliveries");
    jw_int(call->w, "waiting", figures.waiting);
    jw_int(call->w, "in_flight", figures.in_flight);
    jw_int(call->w, "dead", figures.dead);
    jw_int(call->w, "delivered", (int64_t)figures.delivered);
    jw_int(call->w, "failed_tries", (int64_t)figures.failed_tries);
    jw_string(call->w, "last_error", figures.last_error);
    jw_array(call->w, "webhooks");
    outbox_each(call->server->outbox, write_webhook, call->w);
    jw_end(call->w);
    jw_array(call->w, "open");
    if (r == 0)
        r = store_delivery_list(call->server->store, -1, limit, list_delivery, call);
    jw_end(call->w);
    jw_end(call->w);
    return r;
}

int
handle_alerts_dead(struct call *call)
{
    jw_array(call->w, "dead");
    int r = store_delivery_list(call->server->store, 1, call_limit(call, "limit", 50, 500),
        list_delivery, call);
    jw_end(call->w);
    return r;
}

int
handle_alerts_test(struct call *call)
{
    const char *name = json_get_string(call->params, "webhook", "");
    int64_t id;
    int r = outbox_test(call->server->outbox, name, &id);
    if (r == ERR_NOT_FOUND)
        return diag_set(call->diag, r, "there is no [webhook %.64s]", name);
    if (r < 0)
        return r;
    jw_int(call->w, "delivery", id);
    return 0;
}

static int
write_one(void *context, const struct store_delivery *delivery)
{
    write_delivery(((struct call *)context)->w, delivery);
    return 0;
}

/* One that is not there any more has been delivered. */
int
handle_alerts_delivery(struct call *call)
{
    int64_t id = json_get_int(call->params, "delivery", 0);
    int r = store_delivery_get(call->server->store, id, write_one, call);
    if (r != ERR_NOT_FOUND)
        return r;
    jw_int(call->w, "delivery", id);
    jw_string(call->w, "state", "delivered");
    return 0;
}

int
handle_alerts_replay(struct call *call)
{
    int64_t id = json_get_int(call->params, "delivery", 0), count;
    int r = outbox_replay(call->server->outbox, id, &count);
    if (r == ERR_NOT_FOUND)
        return diag_set(call->diag, r, "there is no dead delivery %lld", (long long)id);
    if (r < 0)
        return r;
    jw_int(call->w, "replayed", count);
    return 0;
}
