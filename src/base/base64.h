/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Base64 (RFC 4648, with padding): bytes as text, for JSON.
 */
#ifndef OPTOP_BASE_BASE64_H
#define OPTOP_BASE_BASE64_H

#include "base/str.h"

/* Appends the text of the bytes. */
void base64_encode(struct str *out, const char *bytes, size_t len);

/* Appends the bytes of the text; ERR_SYNTAX when it is none. */
int base64_decode(struct str *out, const char *text, size_t len);

#endif
