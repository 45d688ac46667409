/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alert/bucket.h"

#include <math.h>

static double
tokens_at(const struct bucket *bucket, int64_t now_ns)
{
    double since = now_ns > bucket->at_ns ? (double)(now_ns - bucket->at_ns) * 1e-9 : 0;
    return fmin(bucket->burst, bucket->tokens + since * bucket->rate);
}

void
bucket_set(struct bucket *bucket, double rate, double burst, int64_t now_ns)
{
    double tokens = bucket->rate > 0 ? tokens_at(bucket, now_ns) : burst;
    *bucket = (struct bucket){ .rate = rate, .burst = burst, .tokens = fmin(tokens, burst),
        .at_ns = now_ns };
}

int64_t
bucket_ready_ns(const struct bucket *bucket, int64_t now_ns)
{
    double missing = 1 - tokens_at(bucket, now_ns);
    if (bucket->rate <= 0 || missing <= 0)
        return now_ns;
    return now_ns + (int64_t)ceil(missing / bucket->rate * 1e9);
}

bool
bucket_is_last(const struct bucket *bucket, int64_t now_ns)
{
    return bucket->rate > 0 && tokens_at(bucket, now_ns) < 2;
}

/* Never below nothing: a clock that is rounded must not cost a second token. */
void
bucket_take(struct bucket *bucket, int64_t now_ns)
{
    bucket->tokens = fmax(0, tokens_at(bucket, now_ns) - 1);
    bucket->at_ns = now_ns;
}
