/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A histogram of durations in fixed memory: 64 sub-buckets per power of two,
 * so that a quantile is at most 1/64 (1.6 %) above the truth. Method: the
 * log-linear buckets of HdrHistogram (Tene). Not locked: one thread.
 */
#ifndef OPTOP_STAT_HISTOGRAM_H
#define OPTOP_STAT_HISTOGRAM_H

#include <stdint.h>

enum {
    HISTOGRAM_SUB_BITS = 6,
    HISTOGRAM_MAX_BIT = 46, /* 2^46 ns = 19.5 hours; longer ones count as that */
    HISTOGRAM_BUCKETS = (HISTOGRAM_MAX_BIT - HISTOGRAM_SUB_BITS + 2) << HISTOGRAM_SUB_BITS,
};

struct histogram {
    uint64_t count;
    uint64_t sum_ns;
    int64_t min_ns; /* when count > 0; 0 where it is not known, never above the truth */
    int64_t max_ns;
    uint64_t bucket[HISTOGRAM_BUCKETS];
};

/* The bucket that a value counts in. */
static inline unsigned
histogram_bucket(uint64_t value)
{
    if (value < (1u << HISTOGRAM_SUB_BITS))
        return (unsigned)value;
    unsigned top = 63 - (unsigned)__builtin_clzll(value);
    if (top > HISTOGRAM_MAX_BIT)
        return HISTOGRAM_BUCKETS - 1;
    unsigned shift = top - HISTOGRAM_SUB_BITS;
    return ((shift + 1) << HISTOGRAM_SUB_BITS) +
        (unsigned)((value >> shift) & ((1u << HISTOGRAM_SUB_BITS) - 1));
}

/* The smallest value that counts in a bucket. */
int64_t histogram_bucket_least(unsigned bucket);

void histogram_add(struct histogram *h, int64_t duration_ns); /* negative: 0 */

/* The same duration, count times. */
void histogram_add_many(struct histogram *h, int64_t duration_ns, uint64_t count);

/* The duration below which a share q (0..1) lies; 0 when empty. */
int64_t histogram_quantile(const struct histogram *h, double q);

#endif
