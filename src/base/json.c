/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/json.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/unit.h"

void
jw_init(struct json_writer *w, struct str *out)
{
    w->out = out;
    w->depth = 0;
    w->first[0] = true;
}

static void
begin_value(struct json_writer *w, const char *key)
{
    if (w->depth > 0 && !w->first[w->depth])
        str_putc(w->out, ',');
    w->first[w->depth] = false;
    if (key) {
        json_quote(w->out, key, strlen(key)); /* names of metrics are anyone's */
        str_putc(w->out, ':');
    }
}

static void
open_nested(struct json_writer *w, const char *key, char opener, char closer)
{
    begin_value(w, key);
    str_putc(w->out, opener);
    assert(w->depth + 1 < JSON_DEPTH_MAX);
    w->depth++;
    w->first[w->depth] = true;
    w->closer[w->depth] = closer;
}

void
jw_object(struct json_writer *w, const char *key)
{
    open_nested(w, key, '{', '}');
}

void
jw_array(struct json_writer *w, const char *key)
{
    open_nested(w, key, '[', ']');
}

void
jw_end(struct json_writer *w)
{
    assert(w->depth > 0);
    str_putc(w->out, w->closer[w->depth--]);
}

void
json_quote(struct str *out, const char *text, size_t len)
{
    static const char hex[] = "0123456789abcdef";
    str_putc(out, '"');
    size_t plain = 0; /* start of the run of bytes that need no escape */
    for (size_t i = 0; i < len;) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c < 0x7F && c != '"' && c != '\\') {
            i++;
            continue;
        }
        str_append(out, text + plain, i - plain);
        if (c == '"' || c == '\\') {
            char pair[2] = { '\\', (char)c };
            str_append(out, pair, 2);
            i++;
        } else if (c == '\n') {
            str_append(out, "\\n", 2);
            i++;
        } else if (c == '\t') {
            str_append(out, "\\t", 2);
            i++;
        } else if (c < 0x80) {
            char escape[6] = { '\\', 'u', '0', '0', hex[c >> 4], hex[c & 15] };
            str_append(out, escape, 6);
            i++;
        } else {
            /* copy a valid sequence as it is; replace what is not UTF-8 */
            char piece[5] = { 0 };
            size_t n = len - i < 4 ? len - i : 4;
            memcpy(piece, text + i, n);
            const char *p = piece;
            char utf8[4];
            uint32_t code = text_next(&p);
            str_append(out, utf8, (size_t)text_encode(code, utf8));
            i += (size_t)(p - piece);
        }
        plain = i;
    }
    str_append(out, text + plain, len - plain);
    str_putc(out, '"');
}

void
jw_stringn(struct json_writer *w, const char *key, const char *bytes, size_t len)
{
    begin_value(w, key);
    json_quote(w->out, bytes, len);
}

void
jw_string(struct json_writer *w, const char *key, const char *text)
{
    if (!text) {
        jw_null(w, key);
        return;
    }
    jw_stringn(w, key, text, strlen(text));
}

static void
append_uint(struct str *out, uint64_t value)
{
    char digits[20];
    size_t n = sizeof digits;
    do {
        digits[--n] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    str_append(out, digits + n, sizeof digits - n);
}

void
jw_int(struct json_writer *w, const char *key, int64_t value)
{
    begin_value(w, key);
    if (value < 0)
        str_putc(w->out, '-');
    append_uint(w->out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void
jw_bool(struct json_writer *w, const char *key, bool value)
{
    begin_value(w, key);
    str_puts(w->out, value ? "true" : "false");
}

void
jw_null(struct json_writer *w, const char *key)
{
    begin_value(w, key);
    str_append(w->out, "null", 4);
}

void
jw_number(struct json_writer *w, const char *key, double value)
{
    if (!isfinite(value)) {
        jw_null(w, key);
        return;
    }
    if (fabs(value) < 1e15 && value == (double)(int64_t)value) { /* most gauges; printf would say the same */
        jw_int(w, key, (int64_t)value);
        return;
    }
    char text[40];
    begin_value(w, key);
    str_puts(w->out, unit_format_number(value, text, sizeof text));
}

/* printf's %f costs most of a tick's encoding; two decimals by integer
 * arithmetic cost a tenth of it. */
void
jw_figure(struct json_writer *w, const char *key, double value)
{
    if (!(fabs(value) < 9e15)) {
        jw_number(w, key, value);
        return;
    }
    begin_value(w, key);
    uint64_t hundredths = (uint64_t)(fabs(value) * 100 + 0.5);
    if (value < 0 && hundredths)
        str_putc(w->out, '-');
    append_uint(w->out, hundredths / 100);
    unsigned rest = (unsigned)(hundredths % 100);
    if (rest) {
        char digits[3] = { '.', (char)('0' + rest / 10), (char)('0' + rest % 10) };
        str_append(w->out, digits, rest % 10 ? 3 : 2);
    }
}

/* Three times printf and strtod, until it reads back as the same, cost more than the
 * whole rest of a histogram's line. */
void
jw_seconds(struct json_writer *w, const char *key, double seconds)
{
    enum { PICO_DIGITS = 12 };
    if (!(fabs(seconds) < 9e6)) { /* 64 bits of picoseconds: 200 days */
        jw_number(w, key, seconds);
        return;
    }
    uint64_t pico = (uint64_t)(fabs(seconds) * 1e12 + 0.5);
    uint64_t whole = pico / UINT64_C(1000000000000), rest = pico % UINT64_C(1000000000000);
    char digits[PICO_DIGITS];
    int count = PICO_DIGITS;
    begin_value(w, key);
    if (seconds < 0 && pico)
        str_putc(w->out, '-');
    append_uint(w->out, whole);
    if (!rest)
        return;
    for (int i = PICO_DIGITS; i-- > 0; rest /= 10)
        digits[i] = (char)('0' + rest % 10);
    while (digits[count - 1] == '0')
        count--;
    str_putc(w->out, '.');
    str_append(w->out, digits, (size_t)count);
}

void
jw_fields(struct json_writer *w, const struct jw_field *field, const void *object)
{
    for (; field->key; field++) {
        const char *at = (const char *)object + field->offset;
        uint64_t count;
        double number;
        if (field->kind == JW_COUNT) {
            memcpy(&count, at, sizeof count);
            jw_int(w, field->key, (int64_t)count);
        } else {
            memcpy(&number, at, sizeof number);
            jw_seconds(w, field->key, number);
        }
    }
}

void
jw_raw(struct json_writer *w, const char *key, const char *text, size_t len)
{
    begin_value(w, key);
    str_append(w->out, text, len);
}

static int
dump_to_str(const char *bytes, size_t len, void *out)
{
    str_append(out, bytes, len);
    return 0;
}

void
jw_value(struct json_writer *w, const char *key, const json_t *value)
{
    begin_value(w, key);
    if (!value || json_dump_callback(value, dump_to_str, w->out,
                      JSON_ENCODE_ANY | JSON_COMPACT) < 0)
        str_append(w->out, "null", 4);
}

json_t *
json_parse(const char *text, size_t len, struct diag *diag)
{
    json_error_t error;
    json_t *value = json_loadb(text, len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    if (!value) {
        char reason[DIAG_TEXT_MAX]; /* it quotes what was parsed */
        diag_set(diag, ERR_SYNTAX, "not JSON: %s",
            text_clean(error.text, reason, sizeof reason));
        if (diag) {
            diag->line = error.line;
            diag->column = error.column;
        }
    }
    return value;
}

const char *
json_get_string(const json_t *object, const char *key, const char *fallback)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : fallback;
}

int64_t
json_get_int(const json_t *object, const char *key, int64_t fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_integer(value) ? (int64_t)json_integer_value(value) : fallback;
}

double
json_get_number(const json_t *object, const char *key, double fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_number(value) ? json_number_value(value) : fallback;
}

bool
json_get_bool(const json_t *object, const char *key, bool fallback)
{
    const json_t *value = json_object_get(object, key);
    return json_is_boolean(value) ? json_is_true(value) : fallback;
}
