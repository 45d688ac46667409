/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A whole file in memory, on the calling thread, counted by its path.
 */
#ifndef OPTOP_IO_FILE_LOAD_H
#define OPTOP_IO_FILE_LOAD_H

#include <stddef.h>

/* In chunks, of which at most most + 1 bytes are read (more than most: it is too
 * large). -EISDIR, -EINVAL: no regular file; opening one never waits. *ret_text
 * is owned. */
int file_load(const char *path, size_t most, char **ret_text, size_t *ret_len);

#endif
