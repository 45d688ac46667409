/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is past lies in blocks that are packed as soon as they are whole, in place; the
 * pages behind go back to the system. Nothing is lost: a column keeps the smallest mean,
 * as an integer of the same order, and of each point the distance from it and from the mean
 * to the maximum, in as many bytes as the largest takes. That is none where a figure does
 * not change, and none for a maximum that is the mean, as in the finest tier.
 *
 *     struct packed_column[columns] | of each column and point: mean, maximum
 */
#include "sample/history_private.h"

#include <string.h>
#include <sys/mman.h>

enum {
    BLOCK_BYTES = 8192, /* so that what is left of the last page is little, */
    BLOCK_POINTS_MIN = 256, /* also of many columns */
};

struct packed_column {
    uint32_t at; /* from the begin of the block */
    uint32_t least;
    uint8_t mean_bytes, more_bytes;
    uint16_t reserved;
};

int64_t
history_block_points(int columns)
{
    int64_t points = BLOCK_POINTS_MIN;
    while (points * columns * (int64_t)sizeof(struct cell) < BLOCK_BYTES)
        points *= 2;
    return points;
}

size_t
history_whole_pages(const struct history *history, size_t bytes)
{
    return (bytes + history->page_bytes - 1) / history->page_bytes * history->page_bytes;
}

/* Integers in the order of the floats; unsigned differences come back whatever they are. */
static uint32_t
order_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits & UINT32_C(0x80000000) ? ~bits : bits | UINT32_C(0x80000000);
}

static float
of_order(uint32_t order)
{
    uint32_t bits = order & UINT32_C(0x80000000) ? order & ~UINT32_C(0x80000000) : ~order;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static unsigned
bytes_for(uint32_t most)
{
    return most == 0 ? 0 : (unsigned)(39 - __builtin_clz(most)) / 8;
}

static void
put(unsigned char *at, uint32_t value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (unsigned char)(value >> 8 * i);
}

static uint32_t
get(const unsigned char *at, unsigned bytes)
{
    uint32_t value = 0;
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint32_t)at[i] << 8 * i;
    return value;
}

static unsigned char *
block_of(const struct series *series, int t, int64_t point)
{
    int64_t number = point / series->block % series->tier[t].blocks;
    return series->tier[t].ring + (size_t)number * series->block_bytes;
}

static bool *
packed_of(const struct series *series, int t, int64_t point)
{
    return &series->tier[t].packed[point / series->block % series->tier[t].blocks];
}

static struct packed_column
measure(const struct cell *cell, int64_t points, int columns)
{
    uint32_t least = UINT32_MAX, most = 0, more = 0;
    for (int64_t i = 0; i < points; i++) {
        uint32_t mean = order_of(cell[i * columns].mean), above = order_of(cell[i * columns].max) - mean;
        least = mean < least ? mean : least;
        most = mean > most ? mean : most;
        more = above > more ? above : more;
    }
    return (struct packed_column){ .least = least, .mean_bytes = (uint8_t)bytes_for(most - least),
        .more_bytes = (uint8_t)bytes_for(more) };
}

/* Returns the bytes that it takes. */
static size_t
plan(const struct series *series, const struct cell *cells, struct packed_column *column)
{
    size_t at = (size_t)series->columns * sizeof *column;
    for (int c = 0; c < series->columns; c++) {
        column[c] = measure(cells + c, series->block, series->columns);
        column[c].at = (uint32_t)at;
        at += (size_t)series->block * (column[c].mean_bytes + column[c].more_bytes);
    }
    return at;
}

void
history_pack(const struct history *history, struct series *series, int t, int64_t point)
{
    struct packed_column column[METRIC_COUNT];
    unsigned char *block = block_of(series, t, point);
    bool *packed = packed_of(series, t, point);
    struct cell *cells = history->scratch;
    size_t raw = (size_t)series->block * (size_t)series->columns * sizeof *cells;
    if (*packed)
        return;
    memcpy(cells, block, raw);
    size_t len = plan(series, cells, column), keep = history_whole_pages(history, len);
    if (len >= raw || keep >= series->block_bytes)
        return; /* noise alone */
    memcpy(block, column, (size_t)series->columns * sizeof *column);
    for (int c = 0; c < series->columns; c++) {
        unsigned char *at = block + column[c].at;
        for (int64_t i = 0; i < series->block; i++) {
            const struct cell *cell = &cells[i * series->columns + c];
            uint32_t mean = order_of(cell->mean);
            put(at, mean - column[c].least, column[c].mean_bytes);
            put(at + column[c].mean_bytes, order_of(cell->max) - mean, column[c].more_bytes);
            at += column[c].mean_bytes + column[c].more_bytes;
        }
    }
    *packed = true;
    madvise(block + keep, series->block_bytes - keep, MADV_DONTNEED);
}

static struct cell
unpacked(const unsigned char *block, int c, int64_t i)
{
    struct packed_column column;
    memcpy(&column, block + (size_t)c * sizeof column, sizeof column);
    const unsigned char *at = block + column.at + (size_t)i * (column.mean_bytes + column.more_bytes);
    uint32_t mean = column.least + get(at, column.mean_bytes);
    return (struct cell){ of_order(mean), of_order(mean + get(at + column.mean_bytes, column.more_bytes)) };
}

struct cell
history_stored(const struct series *series, int t, int column, int64_t point)
{
    const unsigned char *block = block_of(series, t, point);
    struct cell cell;
    if (*packed_of(series, t, point))
        return unpacked(block, column, point % series->block);
    memcpy(&cell, block + (size_t)(point % series->block * series->columns + column) * sizeof cell,
        sizeof cell);
    return cell;
}

static void
unpack(const struct history *history, const struct series *series, unsigned char *block)
{
    struct cell *cells = history->scratch;
    for (int64_t i = 0; i < series->block; i++)
        for (int c = 0; c < series->columns; c++)
            cells[i * series->columns + c] = unpacked(block, c, i);
    memcpy(block, cells, (size_t)series->block * (size_t)series->columns * sizeof *cells);
}

struct cell *
history_point_for(const struct history *history, struct series *series, int t, int64_t point)
{
    unsigned char *block = block_of(series, t, point);
    bool *packed = packed_of(series, t, point);
    if (*packed) /* of the round before, or of this one, when older points are recalled */
        unpack(history, series, block);
    *packed = false;
    return (struct cell *)(void *)block + point % series->block * series->columns;
}
