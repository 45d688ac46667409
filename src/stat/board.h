/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The file of a board (include/optop/board.h) as writer and readers know it:
 * everything has its fixed place, so a reader follows no offset that a writer
 * gave. The file is as long as all of it, and full of holes: what is used is
 * allocated before it is touched, so that a full disk is no SIGBUS.
 *
 *     header | entries | cells of each lane | blocks of each histogram and lane
 *
 * A thread counts in a lane of its own, with plain loads and stores that are
 * atomic but not locked (1 ns, where a locked add takes 7); a value is the sum
 * over the lanes. Threads beyond BOARD_LANES - 1 share the last one and add
 * with a lock. A gauge is one cell, in lane 0.
 *
 * The writer holds a lock on the file while it lives. A file without the lock
 * is left over and may be removed by anybody who finds it.
 */
#ifndef OPTOP_STAT_BOARD_H
#define OPTOP_STAT_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "optop/board.h"
#include "stat/histogram.h"

#define BOARD_MAGIC "OPTOPBRD"
#define BOARD_SUFFIX ".board"
#define BOARD_NEW_PREFIX ".new." /* not published yet: readers leave it alone */

enum {
    BOARD_VERSION = 1, /* of all below; another one is another layout */
    BOARD_LANES = 16,
    BOARD_PROGRAM_MAX = 48,
    BOARD_HEADER_BYTES = 4096,
    BOARD_BLOCK_BYTES = 24576, /* struct board_block in whole pages */
};

enum board_kind { BOARD_FREE, BOARD_COUNTER, BOARD_GAUGE, BOARD_HISTOGRAM, BOARD_KIND_COUNT };

struct board_header {
    char magic[8];
    uint32_t version;
    uint32_t pid; /* what the writer says */
    int64_t opened_wall_ns;
    char program[BOARD_PROGRAM_MAX];
    _Atomic uint32_t generation; /* moves on with each change of an entry */
    _Atomic uint32_t entries; /* used ones lie below this */
    _Atomic uint32_t lanes; /* bit n: lane n has been used */
};

struct board_entry {
    _Atomic uint32_t kind;
    uint32_t histogram; /* its number among the histograms */
    uint32_t serial; /* another one is another figure in the same place */
    uint32_t reserved;
    char name[OPTOP_NAME_MAX], unit[OPTOP_UNIT_MAX], labels[OPTOP_LABELS_MAX];
};

struct board_block {
    _Atomic uint64_t sum_ns, max_ns;
    _Atomic uint64_t bucket[HISTOGRAM_BUCKETS];
};

/* How a block begins. Whatever is recorded moves the sum on, or the first bucket. */
struct board_block_head {
    uint64_t sum_ns, max_ns, zeros;
};

enum {
    BOARD_LANE_BYTES = OPTOP_FIGURES_MAX * 8,
    BOARD_ENTRIES_AT = BOARD_HEADER_BYTES,
    BOARD_LANES_AT = BOARD_ENTRIES_AT + OPTOP_FIGURES_MAX * (int)sizeof(struct board_entry),
    BOARD_BLOCKS_AT = BOARD_LANES_AT + BOARD_LANES * BOARD_LANE_BYTES,
    BOARD_BYTES = BOARD_BLOCKS_AT + OPTOP_HISTOGRAMS_MAX * BOARD_LANES * BOARD_BLOCK_BYTES,
};

_Static_assert(sizeof(struct board_header) <= BOARD_HEADER_BYTES, "the header has one page");
_Static_assert(sizeof(struct board_block) <= BOARD_BLOCK_BYTES, "a block has its pages");
_Static_assert(offsetof(struct board_block, bucket[1]) == sizeof(struct board_block_head), "the same layout");
_Static_assert(BOARD_LANES_AT % 4096 == 0 && BOARD_BLOCKS_AT % 4096 == 0, "lanes begin a page");

static inline size_t
board_lane_at(unsigned lane)
{
    return BOARD_LANES_AT + (size_t)lane * BOARD_LANE_BYTES;
}

static inline size_t
board_block_at(unsigned histogram, unsigned lane)
{
    return BOARD_BLOCKS_AT + ((size_t)histogram * BOARD_LANES + lane) * BOARD_BLOCK_BYTES;
}

/* Whether the writer of an open board file lives. */
bool board_file_alive(int fd);

/* Removes what dead writers left in a directory of boards; looks at a bounded
 * number of files. */
void board_sweep(int directory);

/* Where the board keeps what optop_board_publish remembers; NULL of NULL and in a
 * child after fork(), which publishes nothing. */
struct shown_resource;
struct shown_resource **board_shown(struct optop_board *board);

/* Mirrors of what a program counts elsewhere, with one thread: the total of a
 * counter, all of a histogram. */
void board_store_total(struct optop_figure *counter, uint64_t total);
void board_store_histogram(struct optop_figure *figure, const struct histogram *histogram);

#endif
