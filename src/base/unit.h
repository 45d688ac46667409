/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Numbers and units between text and value. The decimal sign is always the
 * point, whatever the locale. Parsers take the whole text or fail: ERR_SYNTAX
 * (not a number), ERR_BAD_RANGE (does not fit); nan, inf and hexadecimal are
 * not numbers here.
 */
#ifndef OPTOP_BASE_UNIT_H
#define OPTOP_BASE_UNIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int unit_parse_int(const char *text, int64_t *ret_value);
int unit_parse_number(const char *text, double *ret_value);

/* "10", "512k", "1.5GiB", "2 MB": powers of 1024; k M G T P with or without
 * "iB"/"B". */
int unit_parse_bytes(const char *text, double *ret_bytes);

/* "3s", "500ms", "2m", "1h30m", "7d"; a bare number counts seconds. */
int unit_parse_duration(const char *text, double *ret_seconds);

/* yes/no, true/false, on/off, 1/0. */
int unit_parse_bool(const char *text, bool *ret_value);

/* For people, at most 6 cells: "0", "973", "1.21k", "48.2M". NaN: "-". */
const char *unit_format_count(double value, char *buf, size_t size);

/* "973B", "1.21K", "48.2M", "3.40G" (powers of 1024). NaN: "-". */
const char *unit_format_bytes(double bytes, char *buf, size_t size);

/* "850us", "7.2ms", "3.1s", "4m10s", "2h05m", "3d4h". NaN: "-". */
const char *unit_format_duration(double seconds, char *buf, size_t size);

/* Shortest decimal text that reads back as the same double ("0.1", "1e+30");
 * integers without a point. NaN: "nan". */
const char *unit_format_number(double value, char *buf, size_t size);

#endif
