/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Random: reproducible from (seed, trial) without state.
 *
 * A finite space is walked in a seeded random order: a permutation of point
 * numbers, so no point comes twice and nothing is remembered. It is a Feistel
 * network over the smallest even number of bits that holds all numbers,
 * applied again while it leaves the range ("cycle walking": Black and Rogaway,
 * Ciphers with Arbitrary Finite Domains, CT-RSA 2002).
 *
 * A space with a continuous or logarithmic axis, or with more points than a
 * double counts, is drawn from by counter: a hash of (seed, trial, draw,
 * dimension, attempt).
 */
#include <math.h>
#include <stddef.h>

#include "base/random.h"
#include "search/method.h"
#include "search/search.h"
#include "search/space.h"

enum { FEISTEL_ROUNDS = 8 };

/* 64 random bits for one use: of a draw's own, those of a dimension. */
static uint64_t
bits_of_draw(uint64_t seed, const struct method_at *at)
{
    uint64_t x = random_mix(seed);
    x = random_mix(x ^ (uint64_t)at->trial);
    return random_mix(x ^ (uint64_t)at->draw);
}

static uint64_t
bits_of_dimension(uint64_t draw, int dimension, int attempt)
{
    return random_mix(draw ^ ((uint64_t)dimension << 32 | (uint64_t)attempt));
}

static uint64_t
feistel(uint64_t seed, uint64_t value, int half_bits)
{
    uint64_t mask = (UINT64_C(1) << half_bits) - 1;
    uint64_t left = value >> half_bits, right = value & mask;
    for (uint64_t round = 0; round < FEISTEL_ROUNDS; round++) {
        uint64_t key = random_mix(seed + round * UINT64_C(0xD1B54A32D192ED03));
        uint64_t next = left ^ (random_mix(key ^ right) & mask);
        left = right;
        right = next;
    }
    return left << half_bits | right;
}

double
method_random_permute(uint64_t seed, double points, double index)
{
    uint64_t count = (uint64_t)points, value = (uint64_t)index;
    int half_bits = 1;
    while (half_bits < 27 && (UINT64_C(1) << (2 * half_bits)) < count)
        half_bits++;
    /* Ends: the permutation leads index back into the range at the latest
     * when it has come round to index itself. */
    do
        value = feistel(seed, value, half_bits);
    while (value >= count);
    return (double)value;
}

/* Even over [0, count), count up to 2^53: takes the numbers below the largest
 * multiple of count alone, so no value is favoured. */
static double
draw_index(uint64_t draw, int dimension, double size)
{
    uint64_t count = (uint64_t)size, refuse = -count % count, bits;
    int attempt = 0;
    do
        bits = bits_of_dimension(draw, dimension, attempt++);
    while (bits < refuse);
    return (double)(bits % count);
}

/* Even over [0, 1). */
static double
draw_unit(uint64_t draw, int dimension)
{
    return (double)(bits_of_dimension(draw, dimension, 0) >> 11) * 0x1p-53;
}

static double
clamp(double value, double low, double high)
{
    return value < low ? low : value > high ? high : value;
}

/* A value of a log axis: even in log(value); with steps, over the intervals
 * that start at them. */
static double
log_value(const struct dimension *d, double unit)
{
    double low = log(d->low), end = log(d->step > 0 ? d->high + d->step : d->high);
    double value = clamp(exp(low + unit * (end - low)), d->low, d->high + d->step);
    if (d->step <= 0)
        return value;
    double index = floor((value - d->low) / d->step);
    return space_value(d, clamp(index, 0, dimension_size(d) - 1));
}

static double
draw_value(const struct dimension *d, uint64_t draw, int number)
{
    if (d->kind != DIMENSION_CHOICE && d->log_scale)
        return log_value(d, draw_unit(draw, number));
    if (d->kind == DIMENSION_FLOAT && d->step <= 0) {
        double unit = draw_unit(draw, number);
        return clamp(d->low * (1 - unit) + d->high * unit, d->low, d->high);
    }
    return space_value(d, draw_index(draw, number, dimension_size(d)));
}

static int
random_points(const struct run_spec *spec, double *ret_points, struct diag *diag)
{
    (void)diag;
    double points = space_points(spec);
    if (points > SPACE_EXACT_MAX)
        points = INFINITY;
    /* A walk gives every point the same weight; a logarithm does not. */
    for (int i = 0; i < spec->dimension_count; i++)
        if (spec->dimension[i].kind != DIMENSION_CHOICE && spec->dimension[i].log_scale)
            points = INFINITY;
    *ret_points = points;
    return 0;
}

static void
random_point(const struct run_spec *spec, const struct method_at *at, double *values)
{
    if (isfinite(at->points)) {
        space_point(spec, method_random_permute(spec->seed, at->points, at->cursor), values);
        return;
    }
    uint64_t draw = bits_of_draw(spec->seed, at);
    for (int i = 0; i < spec->dimension_count; i++)
        values[i] = draw_value(&spec->dimension[i], draw, i);
}

const struct method method_random = {
    .id = SEARCH_RANDOM,
    .points = random_points,
    .point = random_point,
};
