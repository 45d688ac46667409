/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Limits of receivers (titles of 256 characters at Discord, 1,024 at PagerDuty
 * and Slack, 255 for its dedup_key) need no cutting here: a notice's text, key and
 * host are all shorter (asserted below).
 */
#include "alert/format.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "alert/engine.h"
#include "alert/sign.h"
#include "alert/wording.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/unit.h"
#include "config/body_template.h"

enum { TITLE_MAX = 256, TIME_MAX = 32 };
static_assert(ALERT_KEY_MAX + HOST_SHOWN_MAX + 32 < 255, "a dedup_key has room");
static_assert(ALERT_TEXT_MAX <= 1024, "a summary has room");

/* How bad a notice is, and how that looks at the receivers that show colours. To
 * add a type of notice: a row, and one in webhook.c. */
struct weight {
    const char *type;
    const char *severity; /* as PagerDuty has them */
    bool firing; /* something is wrong now */
    unsigned colour; /* 0xRRGGBB */
    int priority; /* of ntfy, 1 to 5 */
    const char *tag; /* of ntfy: the name of an emoji */
};
static const struct weight weights[] = {
    { "alert.critical", "critical", true, 0xC0392B, 5, "rotating_light" },
    { "alert.warning", "warning", true, 0xE67E22, 4, "warning" },
    { "alert.acknowledged", "info", true, 0x7F8C8D, 2, "eyes" },
    { "alert.resolved", "info", false, 0x2E8B57, 3, "white_check_mark" },
    { "pressure.frozen", "warning", true, 0xE67E22, 4, "snowflake" },
    { "pressure.cancelled", "error", true, 0xC0392B, 4, "stop_sign" },
    { "run.failed", "error", true, 0xC0392B, 4, "x" },
    { "run.cancelled", "info", false, 0x7F8C8D, 2, "stop_sign" },
    { "run.best", "info", false, 0x2E8B57, 3, "trophy" },
    { "run.finished", "info", false, 0x2E8B57, 3, "checkered_flag" },
    { NULL, "info", false, 0x7F8C8D, 3, "information_source" }, /* all others */
};

static const struct weight *
weigh_type(const char *type)
{
    const struct weight *weight = weights;
    while (weight->type && strcmp(weight->type, type) != 0)
        weight++;
    return weight;
}

/* A digest weighs what its heaviest does. */
static const struct weight *
weigh(const struct format_event *event)
{
    const struct weight *weight = weigh_type(event->notice->type);
    for (int i = 0; i < event->parts; i++) {
        const struct weight *part = weigh_type(event->part[i].notice->type);
        if (part->priority > weight->priority)
            weight = part;
    }
    return weight;
}

static void
write_time(struct json_writer *w, const char *key, int64_t wall_ns)
{
    char text[TIME_MAX];
    if (wall_ns)
        jw_string(w, key, clock_format_utc(wall_ns, text, sizeof text));
    else
        jw_null(w, key);
}

/* The unit of an alert's figures; NULL for what is not about a metric. */
static const char *
unit_of(const struct store_notice *notice)
{
    const char *instance;
    if (notice->unit)
        return notice->unit;
    int metric = metric_parse(notice->key, &instance);
    return metric < 0 ? NULL : metric_unit_text(metric_info((enum metric)metric)->unit);
}

/* "CRITICAL cpu.total on host" */
static const char *
title(const struct format_event *event, char buf[TITLE_MAX])
{
    if (event->parts)
        snprintf(buf, TITLE_MAX, "%d notices on %.*s", event->parts, HOST_SHOWN_MAX, event->host);
    else
        snprintf(buf, TITLE_MAX, "%s %s on %.*s", event->notice->state, event->notice->key,
        HOST_SHOWN_MAX, event->host);
    for (char *c = buf; *c && *c != ' '; c++)
        *c = (char)toupper((unsigned char)*c);
    return buf;
}

/* What is wrong, whoever tells it and whenever: equal from fire to resolve. */
static const char *
dedup_key(const struct format_event *event, char buf[TITLE_MAX])
{
    snprintf(buf, TITLE_MAX, "optop/%.*s/%s", HOST_SHOWN_MAX, event->host, event->notice->key);
    return buf;
}

/* Standard Webhooks. */

static void
write_fields(struct json_writer *w, const struct format_event *event)
{
    const struct store_notice *notice = event->notice;
    jw_string(w, "id", event->id);
    jw_string(w, "host", event->host);
    jw_string(w, "key", notice->key);
    jw_string(w, "state", notice->state);
    jw_number(w, "value", notice->value); /* a score may be tiny */
    jw_number(w, "level", notice->level);
    jw_string(w, "unit", unit_of(notice));
    write_time(w, "incident", notice->incident_wall_ns);
    jw_int(w, "sequence", notice->sequence);
    jw_string(w, "text", notice->text);
    if (notice->labels && *notice->labels)
        alert_write_labels(w, "labels", notice->labels);
}

static void
write_data(struct json_writer *w, const struct format_event *event)
{
    jw_object(w, "data");
    write_fields(w, event);
    if (event->parts)
        jw_array(w, "notices");
    for (int i = 0; i < event->parts; i++) {
        jw_object(w, NULL);
        jw_string(w, "type", event->part[i].notice->type);
        write_time(w, "timestamp", event->part[i].notice->wall_ns);
        write_fields(w, &event->part[i]);
        jw_end(w);
    }
    if (event->parts)
        jw_end(w);
    jw_end(w);
}

static void
standard_body(const struct format_event *event, struct str *out)
{
    struct json_writer w;
    jw_init(&w, out);
    jw_object(&w, NULL);
    jw_string(&w, "type", event->notice->type);
    write_time(&w, "timestamp", event->notice->wall_ns);
    write_data(&w, event);
    jw_end(&w);
}

/* CloudEvents. */

static void
cloudevents_body(const struct format_event *event, struct str *out)
{
    struct json_writer w;
    char text[TITLE_MAX];
    jw_init(&w, out);
    jw_object(&w, NULL);
    jw_string(&w, "specversion", "1.0");
    jw_string(&w, "id", event->id);
    snprintf(text, sizeof text, "//%.*s/optop", HOST_SHOWN_MAX, event->host);
    jw_string(&w, "source", text);
    snprintf(text, sizeof text, "optop.%s", event->notice->type);
    jw_string(&w, "type", text);
    jw_string(&w, "subject", event->notice->key);
    write_time(&w, "time", event->notice->wall_ns);
    jw_string(&w, "datacontenttype", "application/json");
    write_data(&w, event);
    jw_end(&w);
}

/* A header's value as the HTTP binding wants it: what is not printable ASCII, a
 * quote and a percent sign are percent-encoded. */
static void
add_attribute(struct webhook_request *request, const char *name, const char *value)
{
    struct str text;
    char header[40];
    str_init(&text);
    for (const char *c = value; *c; c++)
        if (*c <= ' ' || *c >= 0x7F || *c == '"' || *c == '%')
            str_printf(&text, "%%%02X", (unsigned char)*c);
        else
            str_putc(&text, *c);
    snprintf(header, sizeof header, "ce-%s", name);
    request_header(request, header, "%s", text.data);
    str_release(&text);
}

static int
cloudevents_unfold(const char *stored, struct webhook_request *request)
{
    static const char *const attributes[] = { "specversion", "id", "source", "type", "subject",
        "time" };
    json_t *event = json_parse(stored, strlen(stored), NULL);
    const json_t *data = json_object_get(event, "data");
    struct json_writer w;
    if (!data) {
        json_decref(event);
        return ERR_SYNTAX;
    }
    for (size_t i = 0; i < sizeof attributes / sizeof *attributes; i++)
        add_attribute(request, attributes[i], json_get_string(event, attributes[i], ""));
    jw_init(&w, &request->body);
    jw_value(&w, NULL, data);
    json_decref(event);
    return 0;
}

/* Alertmanager, version 4: a group of one alert, or of all that a digest tells of. */

/* Where a webhook groups by nothing, a notice alone is of the group of its name. */
static const char *
group_by(const struct format_event *event)
{
    const char *by = event->webhook->group_by;
    return *by || event->parts ? by : "alertname";
}

/* All parts have the same there. */
static const struct store_notice *
any_notice(const struct format_event *event)
{
    return event->parts ? event->part[0].notice : event->notice;
}

static void
write_group(struct json_writer *w, const struct format_event *event)
{
    const struct store_notice *notice = any_notice(event);
    char name[CONFIG_LABELS_MAX], value[CONFIG_LABELS_MAX];
    for (const char *by = group_by(event);
         alert_group_next(&by, notice->key, notice->labels, name, value);)
        if (*value)
            jw_string(w, name, value);
}

/* As Alertmanager: {}:{alertname="cpu.total", team="lab"}. */
static void
put_group_key(struct str *out, const struct format_event *event)
{
    const struct store_notice *notice = any_notice(event);
    char name[CONFIG_LABELS_MAX], value[CONFIG_LABELS_MAX];
    const char *between = "";
    str_puts(out, "{}:{");
    for (const char *by = group_by(event);
         alert_group_next(&by, notice->key, notice->labels, name, value); between = ", ")
        str_printf(out, "%s%s=\"%s\"", between, name, value);
    str_puts(out, "}");
}

static void
write_labels(struct json_writer *w, const char *name, const struct format_event *event)
{
    jw_object(w, name);
    if (event->parts)
        write_group(w, event);
    else
        jw_string(w, "alertname", event->notice->key);
    jw_string(w, "instance", event->host);
    jw_string(w, "job", "optop");
    if (!event->parts) {
        jw_string(w, "severity", weigh(event)->severity);
        alert_write_label_members(w, event->notice->labels);
    }
    jw_end(w);
}

static void
write_annotations(struct json_writer *w, const char *name, const struct format_event *event)
{
    char text[TITLE_MAX];
    jw_object(w, name);
    jw_string(w, "summary", title(event, text));
    jw_string(w, "description", event->notice->text);
    jw_end(w);
}

static const char *
status_of(const struct format_event *event)
{
    return weigh(event)->firing ? "firing" : "resolved";
}

static void
write_alert(struct json_writer *w, const struct format_event *event)
{
    const struct store_notice *notice = event->notice;
    char text[TITLE_MAX], fingerprint[17];
    sign_fingerprint(text, strlen(dedup_key(event, text)), fingerprint);
    jw_object(w, NULL);
    jw_string(w, "status", status_of(event));
    write_labels(w, "labels", event);
    write_annotations(w, "annotations", event);
    write_time(w, "startsAt", notice->incident_wall_ns ? notice->incident_wall_ns : notice->wall_ns);
    if (weigh(event)->firing)
        jw_string(w, "endsAt", "0001-01-01T00:00:00Z");
    else
        write_time(w, "endsAt", notice->wall_ns);
    jw_string(w, "generatorURL", "");
    jw_string(w, "fingerprint", fingerprint);
    jw_end(w);
}

static void
alertmanager_body(const struct format_event *event, struct str *out)
{
    struct json_writer w;
    struct str group;
    str_init(&group);
    put_group_key(&group, event);
    jw_init(&w, out);
    jw_object(&w, NULL);
    jw_string(&w, "version", "4");
    jw_string(&w, "groupKey", group.data);
    str_release(&group);
    jw_int(&w, "truncatedAlerts", 0);
    jw_string(&w, "status", status_of(event));
    jw_string(&w, "receiver", event->webhook->name);
    jw_object(&w, "groupLabels");
    write_group(&w, event);
    jw_end(&w);
    write_labels(&w, "commonLabels", event);
    write_annotations(&w, "commonAnnotations", event);
    jw_string(&w, "externalURL", "");
    jw_array(&w, "alerts");
    if (!event->parts)
        write_alert(&w, event);
    for (int i = 0; i < event->parts; i++)
        write_alert(&w, &event->part[i]);
    jw_end(&w);
    jw_end(&w);
}

/* Slack: its own mark-up begins with three characters. */

static const char *
slack_escape(const char *text, struct str *out)
{
    str_clear(out);
    for (const char *c = text; *c; c++)
        if (*c == '&')
            str_puts(out, "&amp;");
        else if (*c == '<')
            str_puts(out, "&lt;");
        else if (*c == '>')
            str_puts(out, "&gt;");
        else
            str_putc(out, *c);
    return out->data;
}

static void
slack_body(const struct format_event *event, struct str *out)
{
    struct json_writer w;
    struct str escaped;
    char text[TITLE_MAX], colour[8];
    str_init(&escaped);
    snprintf(colour, sizeof colour, "#%06X", weigh(event)->colour & 0xFFFFFF);
    jw_init(&w, out);
    jw_object(&w, NULL);
    jw_string(&w, "text", slack_escape(title(event, text), &escaped));
    jw_array(&w, "attachments");
    jw_object(&w, NULL);
    jw_string(&w, "color", colour);
    jw_string(&w, "fallback", slack_escape(event->notice->text, &escaped));
    jw_string(&w, "text", escaped.data);
    jw_int(&w, "ts", event->notice->wall_ns / NS_PER_SEC);
    jw_end(&w);
    jw_end(&w);
    jw_end(&w);
    str_release(&escaped);
}

static void
discord_body(const struct format_event *event, struct str *out)
{
    struct json_writer w;
    char text[TITLE_MAX];
    jw_init(&w, out);
    jw_object(&w, NULL);
    jw_string(&w, "username", "optop");
    jw_object(&w, "allowed_mentions"); /* a name in a text calls nobody */
    jw_array(&w, "parse");
    jw_end(&w);
    jw_end(&w);
    jw_array(&w, "embeds");
    jw_object(&w, NULL);
    jw_string(&w, "title", title(event, text));
    jw_string(&w, "description", event->notice->text);
    jw_int(&w, "color", weigh(event)->colour);
    write_time(&w, "timestamp", event->notice->wall_ns);
    jw_end(&w);
    jw_end(&w);
    jw_end(&w);
}

/* PagerDuty, Events version 2; the routing key comes with the try. */

static void
pagerduty_body(const struct format_event *event, struct str *out)
{
    const struct store_notice *notice = event->notice;
    const struct weight *weight = weigh(event);
    struct json_writer w;
    char text[TITLE_MAX];
    jw_init(&w, out);
    jw_object(&w, NULL);
    jw_string(&w, "event_action", !strcmp(notice->type, "alert.acknowledged") ? "acknowledge"
        : weight->firing ? "trigger" : "resolve");
    jw_string(&w, "dedup_key", dedup_key(event, text));
    jw_object(&w, "payload");
    jw_string(&w, "summary", notice->text);
    jw_string(&w, "source", event->host);
    jw_string(&w, "severity", weight->severity);
    write_time(&w, "timestamp", notice->wall_ns);
    jw_string(&w, "component", notice->key);
    jw_string(&w, "class", notice->type);
    jw_object(&w, "custom_details");
    jw_number(&w, "value", notice->value);
    jw_number(&w, "level", notice->level);
    jw_string(&w, "unit", unit_of(notice));
    jw_int(&w, "sequence", notice->sequence);
    if (notice->labels && *notice->labels)
        alert_write_labels(&w, "labels", notice->labels);
    jw_end(&w);
    jw_end(&w);
    jw_string(&w, "client", "optop");
    jw_end(&w);
}

/* Teams: an adaptive card. */

static void
write_block(struct json_writer *w, const char *text, bool strong)
{
    jw_object(w, NULL);
    jw_string(w, "type", "TextBlock");
    jw_string(w, "text", text);
    jw_bool(w, "wrap", true);
    if (strong)
        jw_string(w, "weight", "bolder");
    jw_end(w);
}

static void
teams_body(const struct format_event *event, struct str *out)
{
    struct json_writer w;
    char text[TITLE_MAX];
    jw_init(&w, out);
    jw_object(&w, NULL);
    jw_string(&w, "type", "message");
    jw_array(&w, "attachments");
    jw_object(&w, NULL);
    jw_string(&w, "contentType", "application/vnd.microsoft.card.adaptive");
    jw_object(&w, "content");
    jw_string(&w, "$schema", "http://adaptivecards.io/schemas/adaptive-card.json");
    jw_string(&w, "type", "AdaptiveCard");
    jw_string(&w, "version", "1.4");
    jw_array(&w, "body");
    write_block(&w, title(event, text), true);
    write_block(&w, event->notice->text, false);
    jw_end(&w);
    jw_end(&w);
    jw_end(&w);
    jw_end(&w);
    jw_end(&w);
}

/* ntfy: the message is the body, all else are headers. */

static void
ntfy_body(const struct format_event *event, struct str *out)
{
    const struct weight *weight = weigh(event);
    struct json_writer w;
    char text[TITLE_MAX];
    jw_init(&w, out);
    jw_object(&w, NULL);
    jw_string(&w, "title", title(event, text));
    jw_int(&w, "priority", weight->priority);
    jw_string(&w, "tags", weight->tag);
    jw_string(&w, "message", event->notice->text);
    jw_end(&w);
}

static int
ntfy_unfold(const char *stored, struct webhook_request *request)
{
    json_t *message = json_parse(stored, strlen(stored), NULL);
    const char *text = json_get_string(message, "message", NULL);
    if (!text) {
        json_decref(message);
        return ERR_SYNTAX;
    }
    request_header(request, "title", "%s", json_get_string(message, "title", ""));
    request_header(request, "priority", "%lld", (long long)json_get_int(message, "priority", 3));
    request_header(request, "tags", "%s", json_get_string(message, "tags", ""));
    str_puts(&request->body, text);
    json_decref(message);
    return 0;
}

/* The user's own. */

static const char *
number_text(double value, char buf[TIME_MAX])
{
    return value - value == 0 ? unit_format_number(value, buf, TIME_MAX) : NULL;
}

static void
template_body(const struct format_event *event, struct str *out)
{
    const struct store_notice *notice = event->notice;
    char time[TIME_MAX], incident[TIME_MAX] = "", value[TIME_MAX], level[TIME_MAX],
        sequence[TIME_MAX];
    const char *unit = unit_of(notice);
    if (notice->incident_wall_ns)
        clock_format_utc(notice->incident_wall_ns, incident, sizeof incident);
    snprintf(sequence, sizeof sequence, "%u", notice->sequence);
    const char *const values[BODY_VARIABLE_COUNT] = {
        [BODY_TYPE] = notice->type,
        [BODY_ID] = event->id,
        [BODY_TIME] = clock_format_utc(notice->wall_ns, time, sizeof time),
        [BODY_HOST] = event->host,
        [BODY_KEY] = notice->key,
        [BODY_STATE] = notice->state,
        [BODY_SEVERITY] = weigh(event)->severity,
        [BODY_VALUE] = number_text(notice->value, value),
        [BODY_LEVEL] = number_text(notice->level, level),
        [BODY_UNIT] = unit ? unit : "",
        [BODY_INCIDENT] = incident,
        [BODY_SEQUENCE] = sequence,
        [BODY_TEXT] = notice->text,
        [BODY_LABELS] = notice->labels ? notice->labels : "",
    };
    body_template_fill(event->webhook->template, values, out);
}

#define JSON_TYPE "application/json"

const struct webhook_format webhook_formats[] = {
    { "standard", JSON_TYPE, FORMAT_SIGNED_BY_SECRET, NULL, standard_body, true, NULL },
    { "cloudevents", "application/cloudevents+json; charset=UTF-8", FORMAT_SIGNED_BY_SECRET, NULL,
        cloudevents_body, true, NULL },
    { "cloudevents-binary", JSON_TYPE, FORMAT_SIGNED_BY_SECRET, NULL, cloudevents_body,
        true, cloudevents_unfold },
    { "alertmanager", JSON_TYPE, FORMAT_SECRET_IN_HEADER, NULL, alertmanager_body, true, NULL },
    { "slack", JSON_TYPE, FORMAT_NO_SECRET, NULL, slack_body, true, NULL },
    { "discord", JSON_TYPE, FORMAT_NO_SECRET, NULL, discord_body, true, NULL },
    { "pagerduty", JSON_TYPE, FORMAT_SECRET_IN_BODY, "routing_key", pagerduty_body, false, NULL },
    { "teams", JSON_TYPE, FORMAT_NO_SECRET, NULL, teams_body, true, NULL },
    { "ntfy", "text/plain; charset=utf-8", FORMAT_SECRET_IN_HEADER, NULL, ntfy_body, true,
        ntfy_unfold },
    { "template", JSON_TYPE, FORMAT_SECRET_IN_HEADER, NULL, template_body, true, NULL },
    { .name = NULL },
};

const struct webhook_format *
webhook_format_find(const char *name)
{
    const struct webhook_format *format = webhook_formats;
    while (format->name && strcmp(format->name, name) != 0)
        format++;
    return format->name ? format : NULL;
}
