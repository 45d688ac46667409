/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stat/histogram.h"

#define SUB_COUNT (1 << HISTOGRAM_SUB_BITS)

/* The largest value that lands in a bucket. */
static int64_t
bucket_upper(unsigned index)
{
    if (index < SUB_COUNT)
        return index;
    unsigned shift = (index >> HISTOGRAM_SUB_BITS) - 1;
    uint64_t low = (uint64_t)(SUB_COUNT + (index & (SUB_COUNT - 1))) << shift;
    return (int64_t)(low + ((uint64_t)1 << shift) - 1);
}

int64_t
histogram_bucket_least(unsigned index)
{
    return index ? bucket_upper(index - 1) + 1 : 0;
}

void
histogram_add_many(struct histogram *h, int64_t duration_ns, uint64_t count)
{
    if (!count)
        return;
    if (duration_ns < 0)
        duration_ns = 0;
    if (!h->count || duration_ns < h->min_ns)
        h->min_ns = duration_ns;
    if (duration_ns > h->max_ns)
        h->max_ns = duration_ns;
    h->count += count;
    h->sum_ns += (uint64_t)duration_ns * count;
    h->bucket[histogram_bucket((uint64_t)duration_ns)] += count;
}

void
histogram_add(struct histogram *h, int64_t duration_ns)
{
    histogram_add_many(h, duration_ns, 1);
}

int64_t
histogram_quantile(const struct histogram *h, double q)
{
    if (!h->count)
        return 0;
    uint64_t rank = (uint64_t)(q * (double)h->count);
    if (rank >= h->count)
        rank = h->count - 1;
    uint64_t seen = 0;
    for (unsigned i = h->min_ns > 0 ? histogram_bucket((uint64_t)h->min_ns) : 0; i < HISTOGRAM_BUCKETS; i++) {
        seen += h->bucket[i];
        if (seen > rank) {
            int64_t upper = bucket_upper(i);
            return upper < h->max_ns ? upper : h->max_ns;
        }
    }
    return h->max_ns;
}
