/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Allocation of small things of fixed size. These abort when memory is out:
 * there is no sensible way on. Whatever a client, a file, a worker or a plugin
 * can make large is allocated with malloc() and checked, and answers -ENOMEM.
 */
#ifndef OPTOP_BASE_XALLOC_H
#define OPTOP_BASE_XALLOC_H

#include <stddef.h>

/* Zeroed memory for count objects; owned by the caller (free()). */
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *old, size_t count, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *text) __attribute__((malloc, returns_nonnull, nonnull));
char *xstrndup(const char *text, size_t len) __attribute__((malloc, returns_nonnull, nonnull));
char *xasprintf(const char *format, ...)
    __attribute__((malloc, returns_nonnull, format(printf, 1, 2)));

/* What they do when memory is out. */
_Noreturn void xalloc_die(void);

#define XNEW(type) ((type *)xcalloc(1, sizeof(type)))

/* Makes room for one more element behind `count`; doubles the capacity. */
#define XGROW(array, count, capacity)                                          \
    do {                                                                       \
        if ((count) >= (capacity)) {                                           \
            (capacity) = (capacity) ? 2 * (capacity) : 8;                      \
            (array) = xrealloc((array), (size_t)(capacity), sizeof *(array));  \
        }                                                                      \
    } while (0)

#endif
