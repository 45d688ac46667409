/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A file's content exchanged in one step: readers see the old one or the new
 * one, whole, also after a crash.
 */
#ifndef OPTOP_CONFIG_REPLACE_H
#define OPTOP_CONFIG_REPLACE_H

#include <stddef.h>

/* Writes a temporary file beside path, fsyncs it, renames it and fsyncs the
 * directory. Behind a link the file is replaced, not the link; the mode of a
 * file is kept, a new one gets 0600, and missing directories are made (0700).
 * 0 or -errno; on failure nothing has changed. */
int replace_file(const char *path, const char *bytes, size_t len);

#endif
