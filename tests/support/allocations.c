/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Counts every allocation of a test program and lets them fail when told to; a
 * file of its own, because the linker takes it for whoever allocates, with or
 * without test_main.c.
 */
#include "test.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>

/* Counting by interposition works in plain builds; a sanitizer brings its own
 * malloc, and there the count stays 0 and tests of it say so. */
static unsigned long allocations;
static long fail_in; /* allocations until one fails; 0: none does */
static bool fail_on; /* all behind it, too */

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CAN_FAIL true
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

static bool
fails(void)
{
    __atomic_fetch_add(&allocations, 1, __ATOMIC_RELAXED);
    if (!__atomic_load_n(&fail_in, __ATOMIC_RELAXED))
        return false;
    long left = __atomic_sub_fetch(&fail_in, 1, __ATOMIC_RELAXED);
    if (left > 0)
        return false;
    __atomic_store_n(&fail_in, fail_on ? 1 : 0, __ATOMIC_RELAXED);
    errno = ENOMEM;
    return true;
}

__attribute__((visibility("default"))) void *
malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

__attribute__((visibility("default"))) void *
calloc(size_t count, size_t size)
{
    return fails() ? NULL : __libc_calloc(count, size);
}

__attribute__((visibility("default"))) void *
realloc(void *old, size_t size)
{
    return fails() ? NULL : __libc_realloc(old, size);
}

__attribute__((visibility("default"))) void *
aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __libc_memalign(alignment, size);
}

__attribute__((visibility("default"))) int
posix_memalign(void **ret, size_t alignment, size_t size)
{
    void *memory = fails() ? NULL : __libc_memalign(alignment, size);
    if (!memory)
        return ENOMEM;
    *ret = memory;
    return 0;
}
#else
#define CAN_FAIL false
#endif

bool
test_fail_allocations(long nth, bool all_after)
{
    fail_on = all_after;
    __atomic_store_n(&fail_in, nth, __ATOMIC_RELAXED);
    return CAN_FAIL;
}

unsigned long
test_allocations(void)
{
    return __atomic_load_n(&allocations, __ATOMIC_RELAXED);
}
