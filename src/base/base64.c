/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/base64.h"

#include <stdint.h>
#include <string.h>

#include "base/err.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void
base64_encode(struct str *out, const char *bytes, size_t len)
{
    const unsigned char *in = (const unsigned char *)bytes;
    str_reserve(out, (len + 2) / 3 * 4);
    for (size_t i = 0; i < len; i += 3) {
        size_t left = len - i;
        uint32_t word = (uint32_t)in[i] << 16 | (left > 1 ? (uint32_t)in[i + 1] << 8 : 0) |
            (left > 2 ? in[i + 2] : 0);
        const char text[4] = { digits[word >> 18], digits[word >> 12 & 63],
            left > 1 ? digits[word >> 6 & 63] : '=', left > 2 ? digits[word & 63] : '=' };
        str_append(out, text, sizeof text);
    }
}

/* -1: no digit. */
static int
digit_value(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A'
        : c >= 'a' && c <= 'z'  ? c - 'a' + 26
        : c >= '0' && c <= '9'  ? c - '0' + 52
        : c == '+'              ? 62
        : c == '/'              ? 63
                                : -1;
}

int
base64_decode(struct str *out, const char *text, size_t len)
{
    if (len % 4)
        return ERR_SYNTAX;
    size_t padding = len && text[len - 1] == '=' ? 1 + (text[len - 2] == '=') : 0;
    str_reserve(out, len / 4 * 3);
    for (size_t i = 0; i < len; i += 4) {
        size_t missing = i + 4 == len ? padding : 0;
        uint32_t word = 0;
        for (size_t k = 0; k < 4; k++) {
            int value = k < 4 - missing ? digit_value(text[i + k]) : 0;
            if (value < 0)
                return ERR_SYNTAX;
            word = word << 6 | (uint32_t)value;
        }
        const char bytes[3] = { (char)(word >> 16), (char)(word >> 8), (char)word };
        str_append(out, bytes, 3 - missing);
    }
    return 0;
}
