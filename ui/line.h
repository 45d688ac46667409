/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One line of text that a person edits, and long text cut into lines. Keys go
 * in, UTF-8 comes out; positions are byte offsets at the bounds of characters
 * (a code point with the marks that combine with it).
 */
#ifndef OPTOP_UI_LINE_H
#define OPTOP_UI_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "ui/canvas.h"

enum {
    LINE_BYTES_MAX = 8 * 1024, /* typing stops here: half of what an INI line may hold */
    LINE_WRAP_MAX = 4 * CANVAS_COLUMNS_MAX, /* bytes of one wrapped line */
};

enum line_event { LINE_IGNORED, LINE_MOVED, LINE_EDITED };

struct line {
    struct str text;
    size_t cursor; /* byte offset in text */
    int scroll; /* cells hidden at the left when last drawn with the cursor */
};

void line_init(struct line *line);
void line_release(struct line *line);

/* Replaces the text; the cursor stands at its end. */
void line_set(struct line *line, const char *text);

/* Characters, Left/Right/Home/End, Backspace/Delete, Ctrl-A/E/U/K/W. Control
 * and hidden characters cannot be typed. */
enum line_event line_key(struct line *line, uint32_t key);

/* Draws at most width cells. With focus the part around the cursor is shown
 * and the canvas's cursor is set; what is cut is marked at that end. */
void line_draw(struct line *line, struct canvas *canvas, int x, int y, int width,
    enum style style, bool focus);

/* Takes the next line of at most width cells off *text, broken at a blank
 * where there is one, else anywhere; a line end always breaks. False at the
 * end. `size` should be LINE_WRAP_MAX. */
bool line_wrap(const char **text, int width, char *buf, size_t size);

/* How many lines that makes, counted up to `most`. */
int line_wrap_count(const char *text, int width, int most);

#endif
