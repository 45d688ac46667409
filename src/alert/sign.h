/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Signatures of Standard Webhooks 1.0, and hashes that name things; libcrypto's
 * only home.
 */
#ifndef OPTOP_ALERT_SIGN_H
#define OPTOP_ALERT_SIGN_H

#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

/* Appends "v1," and the base64 of the HMAC-SHA256 of "id.seconds.body" under
 * the key that the secret holds ("whsec_" and base64, padded or not).
 * ERR_SYNTAX when it holds none. */
int sign_webhook(struct str *out, const char *secret, const char *id, int64_t seconds,
    const char *body, size_t body_len);

/* Is there a key in the secret? diag never repeats it. */
int sign_check_secret(const char *secret, struct diag *diag);

/* The first 16 hexadecimal digits of the SHA-256 of a text. */
void sign_fingerprint(const char *text, size_t len, char ret_hex[17]);

#endif
