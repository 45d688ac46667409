/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Silences that people have set, until they end.
 */
#ifndef OPTOP_STORE_STORE_SILENCE_H
#define OPTOP_STORE_STORE_SILENCE_H

#include "store/store.h"

struct store_silence {
    int64_t id; /* given by the store */
    const char *matcher, *reason, *author;
    int64_t from_wall_ns, until_wall_ns;
};

/* Each in a transaction of its own, or in the one that is open. */
int store_silence_add(struct store *store, const struct store_silence *silence, int64_t *ret_id);
int store_silence_remove(struct store *store, int64_t id); /* ERR_NOT_FOUND */

typedef int store_silence_fn(void *context, const struct store_silence *silence);
int store_silence_list(struct store *store, store_silence_fn *fn, void *context); /* oldest first */

#endif
