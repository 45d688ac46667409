/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text from outside (worker output, process names, file names, alert fields)
 * made safe for a terminal, and measured in cells.
 *
 * Cleaning keeps printable UTF-8 and replaces, one for one:
 *   C0, DEL, C1            -> U+00B7 MIDDLE DOT
 *   invalid UTF-8 bytes    -> U+FFFD
 *   bidi controls, zero-width marks, line separators, tags -> U+FFFD
 * so hostile text can neither move the cursor nor reorder what is around it.
 */
#ifndef OPTOP_BASE_TEXT_H
#define OPTOP_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

enum { TEXT_REPLACEMENT = 0xFFFD };

/* Decodes one code point at *text (NUL-terminated), advances it by what was
 * read; TEXT_REPLACEMENT for each invalid byte; 0 at the end. */
uint32_t text_next(const char **text);

/* Writes the UTF-8 of a code point; returns its length, 1 to 4. */
int text_encode(uint32_t code, char buf[4]);

/* Cells that a code point takes: 0 combining, 1, or 2 (wide). */
int text_cell_width(uint32_t code);

/* Cells of a whole string, as it would be drawn after cleaning. */
int text_width(const char *text);

/* Writes the clean form of `text` to buf and cuts it at a code point so that
 * it fits; returns buf. */
const char *text_clean(const char *text, char *buf, size_t size);

/* The same, with the place for it: for one message. */
struct text_shown {
    char text[80];
};

static inline const char *
text_show(const char *text, struct text_shown *shown)
{
    return text_clean(text, shown->text, sizeof shown->text);
}

/* The same for bytes that may hold NUL. */
const char *text_clean_bytes(const char *bytes, size_t len, char *buf, size_t size);

/* Appends the clean form of many lines: their ends become line feeds, tabs stay. */
struct str;
void text_clean_lines(const char *bytes, size_t len, struct str *out);

/* The code point that cleaning leaves for `code`. */
uint32_t text_clean_code(uint32_t code);

#endif
