/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An INI file as a document: its text is kept whole, so that a value can be
 * changed in place while comments, order and line ends stay. inih's only home.
 *
 * Syntax: [section], key = value, whole-line comments with # or ;. An inline
 * comment starts with " ;" (a value may hold # and ;). No continuation lines.
 * UTF-8 with or without BOM, LF or CRLF. Refused with file:line: an unclosed
 * section, a line without =, an empty key, a key before any section, a NUL
 * byte, a lone CR, a line over INI_LINE_MAX, a file over INI_FILE_MAX, more
 * than INI_ENTRIES_MAX entries, a key given twice in a section, a section
 * opened twice.
 */
#ifndef OPTOP_CONFIG_INI_H
#define OPTOP_CONFIG_INI_H

#include <stddef.h>

#include "base/err.h"
#include "base/str.h"

enum {
    INI_LINE_MAX = 16 * 1024,
    INI_FILE_MAX = 4 * 1024 * 1024,
    INI_ENTRIES_MAX = 20000,
};

struct ini_entry {
    char *section;
    char *key; /* NULL: the [section] line itself */
    char *value;
    int line; /* from 1 */
};

struct ini;

/* Parses `len` bytes; `file` is the name that faults are told with. Returns 0
 * and *ret_ini (owned, ini_free), or a negative code and diag. */
int ini_parse_text(const char *text, size_t len, const char *file,
    struct ini **ret_ini, struct diag *diag);

/* Reads and parses a file; -ENOENT when there is none. */
int ini_load(const char *path, struct ini **ret_ini, struct diag *diag);
void ini_free(struct ini *ini);

/* Entries in file order, [section] lines included; borrowed until a change. */
int ini_entry_count(const struct ini *ini);
const struct ini_entry *ini_entry_at(const struct ini *ini, int index);
const char *ini_file_name(const struct ini *ini);

/* NULL when not there. */
const struct ini_entry *ini_find(const struct ini *ini, const char *section, const char *key);
const char *ini_value(const struct ini *ini, const char *section, const char *key);

/* Changes a value in place; adds the key behind the section's last entry, and
 * the section at the end, when they are not there. Refuses (ERR_SYNTAX) names
 * and values that would not read back the same (line ends, NUL, "]", ...). */
int ini_set(struct ini *ini, const char *section, const char *key,
    const char *value, struct diag *diag);

/* Removes a key's line; 0 also when it was not there. */
int ini_unset(struct ini *ini, const char *section, const char *key);

/* The document's text now; borrowed until a change. */
const char *ini_text(const struct ini *ini, size_t *ret_len);

/* Writes the text to path: a temporary file beside it, fsync, rename, fsync of
 * the directory. The mode of an existing file is kept (0600 for a new one). */
int ini_save(const struct ini *ini, const char *path, struct diag *diag);

#endif
