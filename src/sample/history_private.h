/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the history share: history.c keeps it, history_pack.c makes its
 * blocks small, history_points.c writes it for a recording and takes what was recorded.
 */
#ifndef OPTOP_SAMPLE_HISTORY_PRIVATE_H
#define OPTOP_SAMPLE_HISTORY_PRIVATE_H

#include "sample/history.h"

/* Series of instances that have gone; beyond, the longest gone is dropped. */
enum { GONE_SERIES_MAX = 256 };

#define NO_POINT INT64_MIN

struct tier {
    int64_t stride; /* steps in one point */
    int64_t length; /* points in the ring */
    unsigned written; /* counts beginnings of what is written; see history_write */
    unsigned next_id; /* of a series, since then */
    struct recalled *recalled; /* owned; NULL: nothing is being recalled */
};

/* One column of the open point. */
struct gather {
    double sum;
    float max;
    unsigned count;
};

struct cell {
    float mean, max;
};

struct series {
    char name[SAMPLE_NAME_MAX]; /* of the instance; "" of the machine */
    int columns;
    int64_t last_step; /* of the newest value */
    unsigned char *cells; /* mapped, blocks of all tiers; NULL: none could be had */
    size_t mapped_bytes;
    int64_t block; /* points in one: all of its points are whole, or it is being written */
    size_t block_bytes; /* in whole pages */
    struct {
        int64_t first; /* oldest point there has ever been; NO_POINT before any */
        int64_t next; /* the ring is written up to here */
        int64_t open; /* point being gathered */
        int64_t past, past_end; /* what is recalled: from, to; NO_POINT: nothing */
        unsigned char *ring; /* blocks, in cells: [block][columns] of struct cell, or packed */
        int64_t blocks; /* one more than cover the length: that which is being written */
        bool *packed; /* [blocks]; owned (tier 0 holds all) */
        struct gather *gather; /* [columns]; owned (tier 0 holds all) */
        unsigned written, id; /* what it is called in what is written */
    } tier[HISTORY_TIERS];
};

struct row_series {
    int count, capacity;
    int gone; /* kept though not present */
    struct series **row; /* owned; NULL where there is none */
    bool *present;
    int present_capacity;
};

struct history {
    double step_ns, step_seconds;
    struct tier tier[HISTORY_TIERS];
    int column[METRIC_COUNT]; /* in its group's series; -1: not kept */
    int columns[GROUP_COUNT];
    enum metric machine_metric[METRIC_COUNT]; /* by column */
    int machine_columns;
    enum metric row_metric[GROUP_COUNT][SAMPLE_COLUMNS_MAX];
    int64_t origin_ns; /* monotonic time of step 0 */
    int64_t step; /* of the newest sample; NO_POINT before any */
    int64_t gap; /* steps between the two samples before */
    int64_t wall_ns;
    struct cell *scratch; /* of the largest block; owned */
    size_t page_bytes;
    struct series *machine;
    struct row_series rows[GROUP_COUNT];
};

struct series *history_series_new(const struct history *history, const char *name, int columns);
void history_fit_rows(struct row_series *rows, int count);

/* How many points a block of so many columns has. */
int64_t history_block_points(int columns);

size_t history_whole_pages(const struct history *history, size_t bytes);

/* Makes the block of a point small, whatever is in it; harmless where it is already. */
void history_pack(const struct history *history, struct series *series, int t, int64_t point);

/* The columns of a point, to be written; a packed block of the same round is unpacked. */
struct cell *history_point_for(const struct history *history, struct series *series, int t, int64_t point);

/* One cell of a point that was written. */
struct cell history_stored(const struct series *series, int t, int column, int64_t point);

/* Any point, the open one as far as it is known. */
struct cell history_point_at(const struct series *series, int t, int column, int64_t point);

/* When a point ends. */
int64_t history_wall_of(const struct history *history, int tier, int64_t point);

#endif
