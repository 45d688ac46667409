/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Records with the time they are of, on disk, in a few files that are written
 * one after the other and then anew from the first: so much is kept as there is
 * room for, and the oldest goes. Written and read by the file manager; what a
 * program had added a moment before it was killed is lost, and nothing else.
 *
 * It is no promise: while the disk is full records are lost, one line in the log
 * says so, and it goes on when there is room. What is read is believed only as
 * far as its sums are right; a file that lies is set aside (NAME.bad).
 *
 * All functions are the loop thread's.
 */
#ifndef OPTOP_IO_JOURNAL_H
#define OPTOP_IO_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/file.h"

enum {
    JOURNAL_FILES = 8,
    JOURNAL_BYTES_MIN = 8 * 16 * 1024, /* of all files of a journal ... */
    JOURNAL_BYTES_MAX = 512 * 1024 * 1024, /* ... and at most: one is read in one piece */
    JOURNAL_RECORD_MAX = 1024 * 1024, /* bytes */
    JOURNAL_WAITING_MAX = 2 * 1024 * 1024, /* bytes that wait to be written; more are refused */
};

struct journal;

struct journal_options {
    struct loop *loop;
    struct files *files;
    const char *directory; /* made when it is not there */
    const char *name; /* files are NAME-0 and so on */
    size_t bytes; /* of all files together, about */
    int64_t length_ns; /* what is older need not be kept */
};

/* What is on disk is looked at, beside the loop: until journal_is_ready nothing is
 * taken. NULL: memory was out. */
struct journal *journal_open(const struct journal_options *options);

/* What waits is written; blocks until then. */
void journal_close(struct journal *journal);

bool journal_is_ready(const struct journal *journal);

/* The next record begins a file, or is the first after some were lost: what those
 * behind it are read by must be in it. */
bool journal_begins(struct journal *journal, int64_t wall_ns);

/* Copies. 0; -EAGAIN: it is not ready, or too much waits; -EMSGSIZE. */
int journal_add(struct journal *journal, int64_t wall_ns, const void *bytes, size_t len);

/* Hands over records, oldest first; begins: it was added when journal_begins said so.
 * Negative: the file lies. */
typedef int journal_fn(void *context, bool begins, int64_t wall_ns, const char *bytes, size_t len);

/* All that is there is handed over before it is ready, then `done' is called (not when it
 * is closed before). Right after journal_open. */
void journal_recall(struct journal *journal, journal_fn *record, void (*done)(void *context),
    void *context);

/* On disk: bytes of all files. */
size_t journal_bytes(const struct journal *journal);

#endif
