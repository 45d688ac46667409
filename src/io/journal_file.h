/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One file of a journal (journal.h): records without a gap, each a header, the
 * bytes, zeros up to a multiple of 8; the first one says the file's number. Reading
 * waits for the disk: on any thread but the loop's.
 */
#ifndef OPTOP_IO_JOURNAL_FILE_H
#define OPTOP_IO_JOURNAL_FILE_H

#include <stdint.h>

#include "base/str.h"
#include "io/file_table.h"

enum journal_kind {
    JOURNAL_NUMBER = 1, /* of the file */
    JOURNAL_RECORD,
    JOURNAL_FIRST, /* a record that needs none before it to be read */
};

struct journal_header {
    uint32_t magic;
    uint32_t sum; /* of all behind it, padding left out */
    uint32_t len; /* of the bytes that follow */
    uint32_t kind;
    int64_t wall_ns;
};

void journal_put(struct str *out, enum journal_kind kind, int64_t wall_ns, const void *bytes, size_t len);

/* Bytes from one header to the next. */
size_t journal_step(const struct journal_header *header);

/* A file that is read. */
struct journal_file {
    char *bytes; /* owned */
    size_t len, good; /* read; and of these, what is right */
    int result; /* -EBADMSG: behind what is right there are lies; or why it could not be read */
};

void journal_file_read(const char *path, struct file_row *row, struct journal_file *ret_file);

/* Of what was read (bytes, len): how much is right. */
void journal_file_check(struct journal_file *file);

/* Cuts off what is not, so that what comes is written behind what is. 0 or -errno. */
int journal_file_cut(const char *path, size_t good);

/* The number that a file says it has, and when it was begun; 0: it is none of ours. */
uint64_t journal_file_number(const char *path, int64_t *ret_begun_ns, size_t *ret_bytes);

#endif
