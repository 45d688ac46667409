/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alert/webhook.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/version.h"

static void
write_time(struct json_writer *w, const char *key, int64_t wall_ns)
{
    char text[32];
    if (wall_ns)
        jw_string(w, key, clock_format_utc(wall_ns, text, sizeof text));
    else
        jw_null(w, key);
}

/* The unit of an alert's figures; NULL for what is not about a metric. */
static const char *
unit_of(const char *key)
{
    const char *instance;
    int metric = metric_parse(key, &instance);
    return metric < 0 ? NULL : metric_unit_text(metric_info((enum metric)metric)->unit);
}

static void
standard_body(const struct store_notice *notice, const char *event_id, const char *host,
    struct str *out)
{
    struct json_writer w;
    jw_init(&w, out);
    jw_object(&w, NULL);
    jw_string(&w, "type", notice->type);
    write_time(&w, "timestamp", notice->wall_ns);
    jw_object(&w, "data");
    jw_string(&w, "id", event_id);
    jw_string(&w, "host", host);
    jw_string(&w, "key", notice->key);
    jw_string(&w, "state", notice->state);
    jw_number(&w, "value", notice->value); /* a score may be tiny */
    jw_number(&w, "level", notice->level);
    jw_string(&w, "unit", unit_of(notice->key));
    write_time(&w, "incident", notice->incident_wall_ns);
    jw_int(&w, "sequence", notice->sequence);
    jw_string(&w, "text", notice->text);
    jw_end(&w);
    jw_end(&w);
}

const struct webhook_format webhook_formats[] = {
    { "standard", "application/json", standard_body },
    { NULL, NULL, NULL },
};

void
webhook_headers(struct webhook_headers *headers, const struct webhook_format *format,
    const char *event_id, int64_t wall_ns)
{
    snprintf(headers->text[0], WEBHOOK_HEADER_MAX, "content-type: %s", format->content_type);
    snprintf(headers->text[1], WEBHOOK_HEADER_MAX, "user-agent: optop/%s", PACKAGE_VERSION);
    snprintf(headers->text[2], WEBHOOK_HEADER_MAX, "webhook-id: %s", event_id);
    snprintf(headers->text[3], WEBHOOK_HEADER_MAX, "webhook-timestamp: %lld",
        (long long)(wall_ns / NS_PER_SEC));
    for (int i = 0; i < WEBHOOK_HEADERS; i++)
        headers->line[i] = headers->text[i];
    headers->line[WEBHOOK_HEADERS] = NULL;
}

int
webhook_new_id(char id[WEBHOOK_ID_MAX])
{
    unsigned char bytes[16];
    ssize_t n = getrandom(bytes, sizeof bytes, 0);
    if (n != (ssize_t)sizeof bytes)
        return n < 0 ? -errno : -EIO;
    int used = snprintf(id, WEBHOOK_ID_MAX, "msg_");
    for (size_t i = 0; i < sizeof bytes; i++)
        used += snprintf(id + used, (size_t)(WEBHOOK_ID_MAX - used), "%02x", bytes[i]);
    return 0;
}

bool
webhook_wants(const struct config_webhook *webhook, const char *type)
{
    const struct {
        const char *type;
        bool wanted;
    } row[] = {
        { "alert.warning", webhook->warning },
        { "alert.critical", webhook->critical },
        { "alert.resolved", webhook->resolved },
        { "run.finished", webhook->run_finished },
        { "run.failed", webhook->run_failed },
        { "run.cancelled", webhook->run_cancelled },
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        if (!strcmp(row[i].type, type))
            return row[i].wanted;
    return false;
}
