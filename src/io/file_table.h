/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What this process has done with which files: a row per path, for the file
 * manager (file.h), files that appear whole (newfile.h), and whoever else opens
 * one. A row is a resource: file.reads and so on, on the board. Any thread.
 */
#ifndef OPTOP_IO_FILE_TABLE_H
#define OPTOP_IO_FILE_TABLE_H

#include <limits.h>
#include <stdint.h>

enum {
    FILE_ROWS_MAX = 64, /* paths beyond share the last row, "others" */
    FILE_PATH_MAX = 256, /* of a row; of a longer path the end is kept */
};

struct file_row; /* there for good */

/* A copy of a row's figures. */
struct file_figures {
    char path[FILE_PATH_MAX];
    uint64_t opens, closes, reads, writes, syncs, failed;
    uint64_t bytes_read, bytes_written;
    double mean_seconds, p99_seconds, max_seconds; /* of an operation; NaN: none yet */
};

struct file_row *file_row(const char *path); /* never NULL */

enum file_operation { FILE_OPEN, FILE_CLOSE, FILE_READ, FILE_WRITE, FILE_SYNC };

/* result: bytes, or a negative code: it has failed. since_ns: when it began. */
void file_count(struct file_row *row, enum file_operation operation, int64_t result,
    int64_t since_ns);

/* Operations of a kind on a file, counted at once: many threads may be at the same.
 * Begins as zeros. */
enum { FILE_TALLY_MAX = 32 };
struct file_tally {
    struct file_row *row;
    enum file_operation operation;
    int count;
    uint64_t failed, bytes;
    int64_t duration_ns[FILE_TALLY_MAX];
};
void file_tally(struct file_tally *tally, struct file_row *row, enum file_operation operation,
    int64_t result, int64_t duration_ns);
void file_tally_end(struct file_tally *tally); /* what is in it is counted */

/* All rows that have been used, in the order in which they came; how many. */
int file_rows_copy(struct file_figures *ret_figures, int most);

/* What this process has moved to and from disks (/proc/self/io), with the caches
 * between: -errno when it is not told. */
int file_disk_totals(uint64_t *ret_read_bytes, uint64_t *ret_written_bytes);

#endif
