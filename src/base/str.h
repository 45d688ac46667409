/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * struct str: bytes that grow. data is always NUL-terminated (also when
 * empty), so it can be handed to anything that reads a C string.
 */
#ifndef OPTOP_BASE_STR_H
#define OPTOP_BASE_STR_H

#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>

struct str {
    char *data; /* owned; points at a shared "" while capacity is 0 */
    size_t len;
    size_t capacity;
};

void str_init(struct str *s);
void str_release(struct str *s);

/* Empties, keeps the memory. */
void str_clear(struct str *s);

/* Makes room for `extra` bytes more and the NUL. */
void str_reserve(struct str *s, size_t extra);

void str_append(struct str *s, const char *bytes, size_t len);
void str_puts(struct str *s, const char *text);
void str_putc(struct str *s, char c);
void str_printf(struct str *s, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void str_vprintf(struct str *s, const char *format, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Drops `count` bytes at the front. */
void str_consume(struct str *s, size_t count);

/* Gives the string away: owned by the caller (free()); s is empty after. */
char *str_detach(struct str *s);

/* Small helpers on C strings. */
bool str_equal(const char *a, const char *b); /* NULL equals only NULL */
bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);

/* Copies and cuts at size; always terminates; true when nothing was cut. */
bool str_copy(char *buf, size_t size, const char *text);

/* Trims white space at both ends, in place; returns the new start. */
char *str_trim(char *text);

#endif
