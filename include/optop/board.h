/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Published figures. A program opens a board, a small file of shared memory in
 * the user's runtime directory, and keeps counters, gauges and latency
 * histograms on it; optop shows them while they change and applies thresholds
 * to them. Link with -loptop (pkg-config optop); manual: liboptop(3).
 *
 *     struct optop_board *board = optop_board_open("myapp");
 *     struct optop_figure *requests = optop_counter(board, "requests", "", "");
 *     ...
 *     optop_add(requests, 1);
 *
 * No call here prints, exits or fails loudly: a board that cannot be opened is
 * NULL, its figures are NULL, and an update of NULL does nothing.
 *
 * Any thread may call any of these. An update takes no lock and no system call
 * (the first one of a thread apart); it must not come from a signal handler.
 * A child after fork() has the figures but publishes nothing; it may open a
 * board of its own.
 */
#ifndef OPTOP_BOARD_H
#define OPTOP_BOARD_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OPTOP_API __attribute__((visibility("default")))

/* What a figure has room for, with the terminating NUL; longer texts are cut. */
enum {
    OPTOP_NAME_MAX = 64,
    OPTOP_UNIT_MAX = 16,
    OPTOP_LABELS_MAX = 96,
    OPTOP_FIGURES_MAX = 2048, /* on a board, histograms among them */
    OPTOP_HISTOGRAMS_MAX = 64,
};

struct optop_board;
struct optop_figure;

/* Opens a board under the program's name (letters, digits, '-', '_'; others
 * become '_'). NULL with errno when that is not possible. The file goes when
 * the board is closed or the process has ended, however it ended. */
OPTOP_API struct optop_board *optop_board_open(const char *program);

/* After the last update; its figures are gone then. NULL is fine. */
OPTOP_API void optop_board_close(struct optop_board *board);

/* The file of a board; borrowed. NULL of NULL. */
OPTOP_API const char *optop_board_path(const struct optop_board *board);

/* Shows the figures of all pools, caches, arenas and the like that the program
 * has made with this library, as they are now: "pool.size" with the labels
 * "pool=NAME" and so on. To be called now and then, once a second say; what has
 * gone since is taken off. It takes a lock and allocates for what is new. */
OPTOP_API void optop_board_publish(struct optop_board *board);

/* A figure with that name, unit ("", "bytes", "seconds", "percent", or any
 * word) and labels ("pool=buffers,size=4096", or ""). One that is there
 * already with the same name and labels is shared. Borrowed until
 * optop_remove() or the board's end; NULL with errno when there is no room, or
 * when it is there as another kind.
 *   counter    counts up; shown with its rate
 *   gauge      goes up and down
 *   histogram  durations in nanoseconds, shown in seconds: count, mean, p50,
 *              p90, p99, p99.9 (at most 1.6 % above the truth) and the largest */
OPTOP_API struct optop_figure *optop_counter(struct optop_board *board, const char *name,
    const char *unit, const char *labels);
OPTOP_API struct optop_figure *optop_gauge(struct optop_board *board, const char *name,
    const char *unit, const char *labels);
OPTOP_API struct optop_figure *optop_histogram(struct optop_board *board, const char *name,
    const char *labels);

/* Takes a figure off, when all who asked for it have. After its last update. */
OPTOP_API void optop_remove(struct optop_figure *figure);

/* An update of a figure of another kind does nothing. */
OPTOP_API void optop_add(struct optop_figure *counter, uint64_t amount);
OPTOP_API void optop_set(struct optop_figure *gauge, double value);
OPTOP_API void optop_adjust(struct optop_figure *gauge, double difference);
OPTOP_API void optop_record(struct optop_figure *histogram, int64_t duration_ns);

#ifdef __cplusplus
}
#endif

#endif
