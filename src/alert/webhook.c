/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alert/webhook.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "alert/sign.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/version.h"

static int
add_signature(struct webhook_request *request, const struct secret *secret, const char *id,
    int64_t seconds)
{
    struct str line;
    int r = 0;
    str_init(&line);
    for (int i = 0; i < secret->count && r == 0; i++) { /* each: the receiver may know the old one */
        if (i)
            str_putc(&line, ' ');
        r = sign_webhook(&line, secret->line[i], id, seconds, request->body.data,
            request->body.len);
    }
    if (r == 0 && secret->count)
        request_header(request, "webhook-signature", "%s", line.data);
    str_release(&line);
    return r;
}

/* The stored object gets one more member, its first. */
static int
put_secret(struct webhook_request *request, const char *member, const char *secret,
    const char *stored)
{
    struct str *body = &request->body;
    if (stored[0] != '{' || !stored[1])
        return ERR_SYNTAX;
    str_printf(body, "{\"%s\":", member);
    json_quote(body, secret, strlen(secret));
    str_putc(body, ',');
    str_puts(body, stored + 1);
    return 0;
}

int
webhook_dress(struct webhook_request *request, const struct config_webhook *webhook,
    const struct store_delivery *delivery, int64_t wall_ns)
{
    const struct webhook_format *format = webhook_format_find(delivery->format);
    const struct secret *secret = &webhook->secret;
    int64_t seconds = wall_ns / NS_PER_SEC;
    int r = format ? 0 : ERR_NOT_FOUND;
    if (r < 0)
        return r;
    request_header(request, "content-type", "%s", format->content_type);
    request_header(request, "user-agent", "optop/%s", PACKAGE_VERSION);
    if (format->unfold)
        r = format->unfold(delivery->body, request);
    else if (format->secret == FORMAT_SECRET_IN_BODY && secret->count)
        r = put_secret(request, format->secret_member, secret->line[0], delivery->body);
    else
        str_puts(&request->body, delivery->body);
    request_header(request, "webhook-id", "%s", delivery->event_id);
    request_header(request, "webhook-timestamp", "%lld", (long long)seconds);
    if (r == 0 && format->secret == FORMAT_SIGNED_BY_SECRET)
        r = add_signature(request, secret, delivery->event_id, seconds);
    if (r == 0 && format->secret == FORMAT_SECRET_IN_HEADER && secret->count)
        request_header(request, "authorization", "Bearer %s", secret->line[0]);
    return r;
}

int
webhook_check_secret(const struct config_webhook *webhook, struct diag *diag)
{
    const struct webhook_format *format = &webhook_formats[webhook->format];
    const struct secret *secret = &webhook->secret;
    int r = 0;
    if (format->secret == FORMAT_SECRET_IN_BODY && !secret->count)
        return diag_set(diag, ERR_CONFLICT,
            "format %s needs a secret (secret_file or secret_env): its %s", format->name,
            format->secret_member);
    if (format->secret == FORMAT_NO_SECRET && secret->count)
        return diag_set(diag, ERR_CONFLICT, "format %s has no use for a secret", format->name);
    for (int i = 0; i < secret->count && format->secret == FORMAT_SIGNED_BY_SECRET && r == 0; i++)
        r = sign_check_secret(secret->line[i], diag);
    return r;
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
        { "alert.acknowledged", webhook->acknowledged },
        { "pressure.frozen", webhook->warning },
        { "pressure.cancelled", webhook->warning },
        { "pressure.scale_down", webhook->warning },
        { "pressure.thawed", webhook->resolved },
        { "pressure.scale_up", webhook->resolved },
        { "run.finished", webhook->run_finished },
        { "run.failed", webhook->run_failed },
        { "run.cancelled", webhook->run_cancelled },
        { "run.best", webhook->run_best },
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++)
        if (!strcmp(row[i].type, type))
            return row[i].wanted;
    return false;
}
