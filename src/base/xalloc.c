/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/xalloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void
xalloc_die(void)
{
    fputs("optop: out of memory\n", stderr);
    abort();
}

void *
xcalloc(size_t count, size_t size)
{
    void *p = calloc(count ? count : 1, size ? size : 1);
    if (!p)
        xalloc_die();
    return p;
}

void *
xrealloc(void *old, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        xalloc_die();
    void *p = realloc(old, bytes ? bytes : 1);
    if (!p)
        xalloc_die();
    return p;
}

char *
xstrndup(const char *text, size_t len)
{
    char *copy = xcalloc(1, len + 1);
    memcpy(copy, text, len);
    return copy;
}

char *
xstrdup(const char *text)
{
    return xstrndup(text, strlen(text));
}

char *
xasprintf(const char *format, ...)
{
    va_list args;
    char *text;
    va_start(args, format);
    int n = vasprintf(&text, format, args);
    va_end(args);
    if (n < 0)
        xalloc_die();
    return text;
}
