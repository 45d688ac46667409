/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A bucket of tokens: at most `burst` at once, `rate` more each second. Pure.
 */
#ifndef OPTOP_ALERT_BUCKET_H
#define OPTOP_ALERT_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket {
    double rate; /* per second; 0: no limit */
    double burst; /* from 1 */
    double tokens;
    int64_t at_ns; /* when it had those */
};

/* Another limit; what was in it stays, as far as it fits. A new bucket is full. */
void bucket_set(struct bucket *bucket, double rate, double burst, int64_t now_ns);

/* From when a token is there. */
int64_t bucket_ready_ns(const struct bucket *bucket, int64_t now_ns);

/* Is there a limit, and no other token behind the one that is there? */
bool bucket_is_last(const struct bucket *bucket, int64_t now_ns);

/* Takes one that is there. */
void bucket_take(struct bucket *bucket, int64_t now_ns);

#endif
