/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Descriptors that stay open for a while, by path and use, for the file manager
 * (file.h). What is used by nobody may go when another is wanted. Any thread.
 */
#ifndef OPTOP_IO_FILE_HANDLE_H
#define OPTOP_IO_FILE_HANDLE_H

#include <stdbool.h>
#include <stdint.h>

#include "io/file_table.h"

enum {
    HANDLES_MAX = 16,
    HANDLE_CHECK_MS = 100, /* so long may a name mean another file, and nobody sees it */
};

/* ACCESS_ANY: however it is open; where it is not, for reading. */
enum file_access { ACCESS_READ, ACCESS_WRITE, ACCESS_APPEND, ACCESS_ANY };

struct handles;
struct handle;

/* In use by whoever took it. */
struct opened {
    struct handle *handle; /* NULL: it is not kept */
    int fd;
    struct file_row *row;
    int64_t checked_ns; /* when its name meant it, clock_mono_ns() */
};

struct handles *handles_new(void); /* NULL: no memory */
void handles_free(struct handles *handles); /* none is in use */

/* What is open under that path already, if the name still means it; else opened,
 * and made where it is to be written. counted_as: its name in the table of files;
 * NULL: its path. 0 or -errno. */
int handle_take(struct handles *handles, const char *path, const char *counted_as,
    enum file_access access, struct opened *ret_opened);
void handle_put(struct handles *handles, const struct opened *opened);

/* One that is open for reading and was looked at lately, without waiting for
 * anything. 0 or -EAGAIN. */
int handle_take_now(struct handles *handles, const char *path, int64_t now_ns,
    struct opened *ret_opened);

/* May it be used for that path, too? No: it must be put back, and taken anew. */
bool handle_still(const struct opened *opened, const char *path, int64_t now_ns);

/* The file under that name may be another one by now (it was renamed). */
void handles_forget(struct handles *handles, const char *path);

#endif
