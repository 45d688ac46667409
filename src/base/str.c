/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/str.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* What an empty str points at; never written, since capacity 0 grows first. */
static char str_empty[1];

void
str_init(struct str *s)
{
    s->data = str_empty;
    s->len = s->capacity = 0;
}

void
str_release(struct str *s)
{
    if (s->capacity)
        free(s->data);
    str_init(s);
}

void
str_clear(struct str *s)
{
    s->len = 0;
    if (s->capacity)
        s->data[0] = '\0';
}

void
str_reserve(struct str *s, size_t extra)
{
    size_t need = s->len + extra + 1;
    if (need <= s->capacity)
        return;
    size_t capacity = s->capacity ? s->capacity : 64;
    while (capacity < need)
        capacity *= 2;
    s->data = xrealloc(s->capacity ? s->data : NULL, capacity, 1);
    s->capacity = capacity;
    s->data[s->len] = '\0';
}

void
str_append(struct str *s, const char *bytes, size_t len)
{
    if (!len)
        return;
    str_reserve(s, len);
    memcpy(s->data + s->len, bytes, len);
    s->len += len;
    s->data[s->len] = '\0';
}

void
str_puts(struct str *s, const char *text)
{
    str_append(s, text, strlen(text));
}

void
str_putc(struct str *s, char c)
{
    str_append(s, &c, 1);
}

void
str_vprintf(struct str *s, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    str_reserve(s, 80);
    size_t room = s->capacity - s->len;
    int n = vsnprintf(s->data + s->len, room, format, args);
    if (n > 0 && (size_t)n >= room) {
        str_reserve(s, (size_t)n);
        vsnprintf(s->data + s->len, (size_t)n + 1, format, again);
    }
    va_end(again);
    if (n > 0)
        s->len += (size_t)n;
}

void
str_printf(struct str *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    str_vprintf(s, format, args);
    va_end(args);
}

void
str_consume(struct str *s, size_t count)
{
    if (count >= s->len) {
        str_clear(s);
        return;
    }
    memmove(s->data, s->data + count, s->len - count + 1);
    s->len -= count;
}

char *
str_detach(struct str *s)
{
    str_reserve(s, 0);
    char *data = s->data;
    str_init(s);
    return data;
}

bool
str_equal(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool
str_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool
str_ends(const char *text, const char *suffix)
{
    size_t n = strlen(text), m = strlen(suffix);
    return n >= m && memcmp(text + n - m, suffix, m) == 0;
}

bool
str_copy(char *buf, size_t size, const char *text)
{
    size_t n = strlen(text);
    bool whole = n < size;
    if (!whole)
        n = size - 1;
    memcpy(buf, text, n);
    buf[n] = '\0';
    return whole;
}

char *
str_trim(char *text)
{
    while (isspace((unsigned char)*text))
        text++;
    size_t n = strlen(text);
    while (n && isspace((unsigned char)text[n - 1]))
        n--;
    text[n] = '\0';
    return text;
}
