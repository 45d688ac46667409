/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A large file from its beginning to its end, a chunk at a time: while one is
 * looked at, the next ones are read on a thread (an executor's). Memory does not
 * grow with the file. It is not mapped: who cuts a mapped file kills its readers.
 * Counted as all files are (file_table.h). One thread.
 */
#ifndef OPTOP_IO_FILE_CHUNKS_H
#define OPTOP_IO_FILE_CHUNKS_H

#include <stddef.h>
#include <stdint.h>

enum {
    FILE_CHUNK_BYTES = 1024 * 1024,
    FILE_CHUNKS_AHEAD = 3, /* the one that is looked at among them */
};

struct file_chunks;

/* A regular file of at most `most' bytes: 0, -EFBIG, -EISDIR, -EINVAL, -errno. */
int file_chunks_open(const char *path, int64_t most, struct file_chunks **ret_chunks);
void file_chunks_close(struct file_chunks *chunks); /* NULL is fine */

/* 1 with the next bytes, which are there until the next call; 0: the end; -errno. */
int file_chunks_next(struct file_chunks *chunks, const char **ret_bytes, size_t *ret_len);

#endif
