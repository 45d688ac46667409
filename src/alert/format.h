/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What receivers of notices want to read: the body of a notice in each format.
 * Pure: no network, no store, no clock. The body is made once, within the
 * transaction that writes the notice, and holds no secret; what only a try can
 * know (signature, key of the receiver) is added by webhook.c.
 *
 * Wire formats: Standard Webhooks 1.0, CloudEvents 1.0 (structured and binary
 * HTTP binding), Alertmanager's webhook version 4, and the public descriptions
 * of the other receivers' incoming hooks. To add one: a row in format.c, and its
 * name in the option's row (config/config.c).
 */
#ifndef OPTOP_ALERT_FORMAT_H
#define OPTOP_ALERT_FORMAT_H

#include "alert/request.h"
#include "base/str.h"
#include "config/config.h"
#include "store/store_alert.h"

enum { HOST_SHOWN_MAX = 64 }; /* bytes of a host's name, which Linux allows it */

/* What the secret of a webhook is to its receiver. */
enum format_secret {
    FORMAT_SIGNED_BY_SECRET, /* webhook-signature of Standard Webhooks */
    FORMAT_SECRET_IN_BODY, /* its first member is the key */
    FORMAT_SECRET_IN_HEADER, /* authorization: Bearer */
    FORMAT_NO_SECRET,
};

/* All borrowed. */
struct format_event {
    const struct store_notice *notice;
    const char *id; /* the same for all tries */
    const char *host;
    const struct config_webhook *webhook;
    const struct format_event *part; /* of a digest: what it tells of, oldest first; else NULL */
    int parts;
};

struct webhook_format {
    const char *name;
    const char *content_type;
    enum format_secret secret;
    const char *secret_member; /* of the body, for FORMAT_SECRET_IN_BODY */
    void (*body)(const struct format_event *event, struct str *out);
    bool digest; /* its body can tell of several notices */
    /* Makes headers and another body of what was stored; NULL: it is sent as it
     * is. ERR_SYNTAX when it is not what `body` wrote. */
    int (*unfold)(const char *stored, struct webhook_request *request);
};

/* In the order of the option's choices; ends with a row without a name. */
extern const struct webhook_format webhook_formats[];

const struct webhook_format *webhook_format_find(const char *name); /* NULL: none */

#endif
