/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * JSON: a writer that appends to a struct str without allocating per value
 * (what is sent at every tick goes through it), and short readers on jansson
 * values (what is received). Numbers never depend on the locale.
 *
 * Writer use: jw_init(&w, &out); jw_object(&w, NULL); jw_int(&w, "run", 3);
 * jw_end(&w). A NULL key means "element of an array" (or the outermost value).
 */
#ifndef OPTOP_BASE_JSON_H
#define OPTOP_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum { JSON_DEPTH_MAX = 16 };

struct json_writer {
    struct str *out; /* borrowed */
    int depth;
    bool first[JSON_DEPTH_MAX];
    char closer[JSON_DEPTH_MAX];
};

void jw_init(struct json_writer *w, struct str *out);
void jw_object(struct json_writer *w, const char *key);
void jw_array(struct json_writer *w, const char *key);
void jw_end(struct json_writer *w);
void jw_string(struct json_writer *w, const char *key, const char *text); /* NULL: null */
void jw_stringn(struct json_writer *w, const char *key, const char *bytes, size_t len);
void jw_int(struct json_writer *w, const char *key, int64_t value);
void jw_bool(struct json_writer *w, const char *key, bool value);
void jw_null(struct json_writer *w, const char *key);

/* Reads back as the same double; NaN and infinities become null. */
void jw_number(struct json_writer *w, const char *key, double value);

/* At most two decimals, for figures that are measured; NaN becomes null. */
void jw_figure(struct json_writer *w, const char *key, double value);

/* A measured duration: to the picosecond, of a long one to the nanosecond. */
void jw_seconds(struct json_writer *w, const char *key, double seconds);

/* Members of an object that are fields of a struct, as a table says. */
struct jw_field {
    const char *key; /* NULL: the end */
    enum { JW_COUNT, JW_SECONDS } kind; /* a uint64_t, a double (NaN: null) */
    size_t offset;
};
void jw_fields(struct json_writer *w, const struct jw_field *field, const void *object);

/* `text` is already JSON. */
void jw_raw(struct json_writer *w, const char *key, const char *text, size_t len);

/* A value of jansson's. */
void jw_value(struct json_writer *w, const char *key, const json_t *value);

/* Appends `text` as a JSON string with quotes; invalid UTF-8 becomes U+FFFD. */
void json_quote(struct str *out, const char *text, size_t len);

/* Parses len bytes as one JSON value (nothing may follow). Depth and
 * duplicate keys are bounded by jansson's own limits. NULL and diag on error. */
json_t *json_parse(const char *text, size_t len, struct diag *diag);

/* Readers: the default when the member is missing, null or of another type. */
const char *json_get_string(const json_t *object, const char *key, const char *fallback);
int64_t json_get_int(const json_t *object, const char *key, int64_t fallback);
double json_get_number(const json_t *object, const char *key, double fallback);
bool json_get_bool(const json_t *object, const char *key, bool fallback);

#endif
