/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a webhook's receiver gets: body and headers of a notice, in the form of
 * Standard Webhooks 1.0 (doc/PROTOCOL.md, "Webhooks"). Pure: no network, no
 * store, no clock.
 *
 * To add a format: one row in webhook.c.
 */
#ifndef OPTOP_ALERT_WEBHOOK_H
#define OPTOP_ALERT_WEBHOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"
#include "config/config.h"
#include "store/store_alert.h"

enum {
    WEBHOOK_ID_MAX = 40, /* "msg_", 32 hexadecimal digits, NUL */
    WEBHOOK_HEADER_MAX = 128,
    WEBHOOK_HEADERS = 4,
};

struct webhook_format {
    const char *name;
    const char *content_type;
    void (*body)(const struct store_notice *notice, const char *event_id, const char *host,
        struct str *out);
};

/* The first row is what a webhook that names none gets. */
extern const struct webhook_format webhook_formats[];

/* Headers of one try: line[] is what http_post takes. */
struct webhook_headers {
    const char *line[WEBHOOK_HEADERS + 1]; /* NULL-ended; point into text */
    char text[WEBHOOK_HEADERS][WEBHOOK_HEADER_MAX];
};
void webhook_headers(struct webhook_headers *headers, const struct webhook_format *format,
    const char *event_id, int64_t wall_ns);

/* A new random id; 0, or -errno when the system has no random numbers. */
int webhook_new_id(char id[WEBHOOK_ID_MAX]);

/* Does the webhook want notices of this type? */
bool webhook_wants(const struct config_webhook *webhook, const char *type);

#endif
