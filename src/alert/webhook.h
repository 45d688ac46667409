/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One try of a delivery: the stored body of a notice (format.h) with what only
 * the try knows: its time, the signature, the secret that the receiver asks
 * for. No network, no store, no clock.
 */
#ifndef OPTOP_ALERT_WEBHOOK_H
#define OPTOP_ALERT_WEBHOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "alert/format.h"
#include "alert/request.h"

enum { WEBHOOK_ID_MAX = 40 }; /* "msg_", 32 hexadecimal digits, NUL */

/* Fills a request that is new (request_init). ERR_SYNTAX when the stored body
 * is not what the format makes, or the secret cannot sign. */
int webhook_dress(struct webhook_request *request, const struct config_webhook *webhook,
    const struct store_delivery *delivery, int64_t wall_ns);

/* What the format of the webhook wants of its secret is there. Without it,
 * diag says what is missing. */
int webhook_check_secret(const struct config_webhook *webhook, struct diag *diag);

/* A new random id; 0, or -errno when the system has no random numbers. */
int webhook_new_id(char id[WEBHOOK_ID_MAX]);

/* Does the webhook want notices of this type? */
bool webhook_wants(const struct config_webhook *webhook, const char *type);

#endif
