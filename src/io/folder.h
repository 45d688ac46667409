/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Folders that others have filled, with whatever they could think of: removed
 * and measured without ever leaving them. No link is followed, no other file
 * system is entered, no depth or number of entries needs more than a few
 * descriptors, and a folder that its owner has closed to himself is opened.
 * Blocking.
 */
#ifndef OPTOP_IO_FOLDER_H
#define OPTOP_IO_FOLDER_H

#include <stdint.h>

enum {
    FOLDER_DEPTH_MAX = 64, /* of what is measured */
    FOLDER_ENTRIES_MAX = 100000,
};

/* The folder `name` in the folder `at`, read and write permission for its
 * owner added where missing; -ENOTDIR when it is a link or no folder. */
int folder_open(int at, const char *name, int *ret_fd);

/* Makes a folder (mode 0700) and those above it that are missing, and opens it. */
int folder_make(const char *path, int *ret_fd);

/* Removes a folder with all that is in it, or a file, or a link (not what it
 * points to). 0 also when there is none; -errno when something could not be
 * removed, -ETIMEDOUT when it was not done at until_ns (monotonic; 0: no bound). */
int folder_remove(int at, const char *name, int64_t until_ns);

/* Bytes on disk of all that is in it; -E2BIG when it is too deep or has too
 * many entries to be measured. */
int folder_measure(int at, const char *name, int64_t *ret_bytes);

#endif
