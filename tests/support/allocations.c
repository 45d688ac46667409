/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Counts every allocation of a test program; a file of its own, because the
 * linker takes it for whoever allocates, with or without test_main.c.
 */
#include "test.h"

#include <stddef.h>

/* Counting by interposition works in plain builds; a sanitizer brings its own
 * malloc, and there the count stays 0 and tests of it say so. */
static unsigned long allocations;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

__attribute__((visibility("default"))) void *
malloc(size_t size)
{
    __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
    return __libc_malloc(size);
}

__attribute__((visibility("default"))) void *
calloc(size_t count, size_t size)
{
    __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
    return __libc_calloc(count, size);
}

__attribute__((visibility("default"))) void *
realloc(void *old, size_t size)
{
    __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
    return __libc_realloc(old, size);
}
#endif

unsigned long
test_allocations(void)
{
    return __atomic_load_n(&allocations, __ATOMIC_RELAXED);
}
