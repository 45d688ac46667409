/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A file that appears whole or not at all: written beside its place, fsynced,
 * renamed. "-" is standard output, and what is no regular file (a terminal, a
 * FIFO, /dev/null) is written to as it is. Blocking; for the command line and
 * for what a server writes in slices.
 */
#ifndef OPTOP_IO_NEWFILE_H
#define OPTOP_IO_NEWFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct file_row;

struct newfile {
    int fd; /* -1: none */
    bool force;
    char *path; /* owned; where it will be, behind links; NULL: written to as it is */
    char *temporary; /* owned; where it is until then */
    struct file_row *row; /* where it is counted (file_table.h); NULL: nowhere */
};

/* A file that exists is -EEXIST unless force is given. What a new file's mode
 * is the umask says; one that is replaced keeps its own. newfile_finish or
 * newfile_discard. */
int newfile_open(const char *path, bool force, struct newfile *ret_file, struct diag *diag);

/* All of it, or -errno. -EPIPE (with SIGPIPE ignored): the reader has gone. */
int newfile_write(struct newfile *file, const char *bytes, size_t len);

/* On disk and in its place; else -errno and nothing has changed. Releases. */
int newfile_finish(struct newfile *file, struct diag *diag);

/* As if it had never been opened. Releases. */
void newfile_discard(struct newfile *file);

/* All of it at once, in place of what is there: readers see the old content or
 * the new one, also after a crash. Behind a link the file is replaced, not the
 * link; a file keeps its mode, a new one gets 0600, and missing directories are
 * made (0700). 0 or -errno; on failure nothing has changed. */
int newfile_replace(const char *path, const char *bytes, size_t len);

/* To any descriptor: all of it, or -errno. */
int write_all(int fd, const char *bytes, size_t len);

#endif
