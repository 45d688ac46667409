/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The terminal, and curses' only home: copies the changed cells of a canvas to
 * it, reads keys, and leaves it as it was found, also when the program dies.
 * One at a time.
 */
#ifndef OPTOP_UI_TERM_H
#define OPTOP_UI_TERM_H

#include "base/err.h"
#include "ui/canvas.h"
#include "ui/key.h"
#include "ui/theme.h"

/* As [screen] charset of optop.ini counts them. */
enum term_charset { TERM_CHARSET_AUTO, TERM_CHARSET_UTF8, TERM_CHARSET_ASCII };

struct term;

struct term_options {
    const struct theme *theme; /* borrowed until term_open returns */
    enum term_charset charset;
};

/* -ENOTTY: standard input or output is no terminal; ERR_DENIED: TERM names one
 * that cannot place the cursor, or is not known. Nothing has been written
 * then. Owned; term_close. */
int term_open(const struct term_options *options, struct term **ret_term, struct diag *diag);
void term_close(struct term *term);

/* Writes bytes that draw nothing (a clipboard's), between two pictures. */
void term_send(struct term *term, const struct str *bytes);

/* Other looks from the next term_draw on, which writes everything. */
void term_set_theme(struct term *term, const struct theme *theme);

/* To be watched for reading; borrowed. */
int term_fd(const struct term *term);

/* May only ASCII be drawn? */
bool term_ascii(const struct term *term);

/* The size as the kernel knows it now, cut to the canvas' limits. */
void term_size(const struct term *term, int *ret_columns, int *ret_rows);

/* Shows a canvas: its size is taken over, then what has changed is written. */
void term_draw(struct term *term, const struct canvas *canvas);

/* The next term_draw writes everything. */
void term_forget(struct term *term);

enum term_input {
    TERM_NOTHING, /* for now */
    TERM_KEY,
    TERM_CLICK,
    TERM_RELEASE, /* of the same button */
    TERM_WHEEL_UP,
    TERM_WHEEL_DOWN,
    TERM_END, /* the terminal has gone */
};

struct term_event {
    uint32_t key; /* of TERM_KEY: a code point, or enum key */
    int x, y; /* of the others */
};

/* Does not wait. */
enum term_input term_read(struct term *term, struct term_event *ret_event);

/* Gives the terminal back for a while (job control), and takes it again. */
void term_leave(struct term *term);
void term_enter(struct term *term);

#endif
