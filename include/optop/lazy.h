/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lazy data: loaded by the first who uses it, once, whichever thread that is;
 * given up while nobody uses it when memory is short (optop_memory_step), and
 * loaded again by the next use. Link with -loptop; manual: liboptop(3).
 *
 *     if (optop_lazy_use(prices, &data, &size) == 0) {
 *         ...
 *         optop_lazy_done(prices);
 *     }
 *
 * Any thread may call any of these, but from a signal handler or a child after
 * fork(). Failure is a negative errno number.
 */
#ifndef OPTOP_LAZY_H
#define OPTOP_LAZY_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef OPTOP_API
#define OPTOP_API __attribute__((visibility("default")))
#endif

struct optop_lazy_options {
    const char *name; /* on the board */
    /* Makes the data: 0, or a negative number, which is told to all who wait. */
    int (*load)(void *context, void **ret_data, size_t *ret_size);
    void (*unload)(void *data, size_t size, void *context);
    void *context;
};

struct optop_lazy;

/* NULL with errno: EINVAL, ENOMEM. Loads nothing. */
OPTOP_API struct optop_lazy *optop_lazy_new(const struct optop_lazy_options *options);

/* When nobody uses it. NULL is fine. */
OPTOP_API void optop_lazy_free(struct optop_lazy *lazy);

/* The data stays where it is until the matching optop_lazy_done. A load that
 * failed is tried again by the next use. */
OPTOP_API int optop_lazy_use(struct optop_lazy *lazy, const void **ret_data, size_t *ret_size);
OPTOP_API void optop_lazy_done(struct optop_lazy *lazy);

/* Gives the data up, when nobody uses it: how many bytes that were. */
OPTOP_API size_t optop_lazy_drop(struct optop_lazy *lazy);

struct optop_lazy_figures {
    uint64_t bytes; /* 0: not loaded */
    uint64_t uses, loads, drops, failed;
    int64_t load_ns; /* how long the last load took */
};
OPTOP_API void optop_lazy_figures(struct optop_lazy *lazy, struct optop_lazy_figures *ret_figures);

#ifdef __cplusplus
}
#endif

#endif
