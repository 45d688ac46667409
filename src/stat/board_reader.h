/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The reader's end of a board. It copies with pread() instead of mapping: a
 * mapping of somebody else's file dies with SIGBUS when that is cut, a read is
 * merely short, and holes stay holes. Nothing in the file is trusted: counts
 * are clamped, texts cleaned, numbers taken as they come.
 */
#ifndef OPTOP_STAT_BOARD_READER_H
#define OPTOP_STAT_BOARD_READER_H

#include "stat/board.h"

struct board_figure {
    enum board_kind kind;
    char name[OPTOP_NAME_MAX], unit[OPTOP_UNIT_MAX], labels[OPTOP_LABELS_MAX]; /* cleaned */
    uint64_t total; /* of a counter; how often, of a histogram */
    double value; /* of a gauge; the total of the others */
    double rate; /* of the total, per second since the read before; NaN: not known */
    double mean, p50, p90, p99, p999, max; /* of a histogram, seconds; NaN when empty */
    uint32_t index, serial, histogram; /* where it stands in the file */
    struct board_block_head seen; /* of a histogram, over its lanes, when `known' */
    bool known;
};

struct board_reader {
    char program[BOARD_PROGRAM_MAX]; /* cleaned */
    char file[256]; /* its name in the directory */
    int64_t pid; /* as the writer says */
    int64_t opened_wall_ns;
    int figure_count;
    struct board_figure *figure; /* in their order in the file */
    /* the reader's own */
    int fd;
    uint32_t generation, entries;
    bool known; /* the two above are of a read */
    int64_t read_ns; /* monotonic, of the read before, when known */
};

/* A regular file of this user. NULL with *ret_error when it is none of the
 * boards that this version reads. */
struct board_reader *board_reader_open(int directory, const char *file, int *ret_error);

/* The same of an open file (takes it, also on failure). */
struct board_reader *board_reader_of(int fd, const char *file, int *ret_error);
void board_reader_close(struct board_reader *board);

/* Takes the figures as they are now. Allocates only when figures have come.
 * -EPROTO: it is no board any more; what was read before stays. */
int board_reader_read(struct board_reader *board, int64_t now_ns);

/* Frees what was read. */
void board_reader_forget(struct board_reader *board);

/* "counter", "gauge", "histogram". */
const char *board_kind_name(enum board_kind kind);

#endif
