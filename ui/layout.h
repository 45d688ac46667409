/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Room, given out by priority: columns of a table within a width, bands of
 * panels within a height. What does not fit is left out whole, so that nothing
 * overlaps and no figure is cut.
 */
#ifndef OPTOP_UI_LAYOUT_H
#define OPTOP_UI_LAYOUT_H

#include <stdbool.h>

struct layout_column {
    const char *title;
    int min; /* cells without which it makes no sense */
    int want; /* cells it can use; more than min */
    int priority; /* 1 is the last to go */
    bool left; /* aligned left: text; else right: figures */
    bool stretch; /* takes what is over */
    int x, width; /* the answer; width 0: left out */
};

/* Columns keep two blank cells between them. */
void layout_columns(struct layout_column *column, int count, int x, int width);

struct layout_band {
    int min, want; /* rows */
    int weight; /* share of rows that are over */
    int priority; /* 1 is the last to go, and the first to get what it wants; up to 16 */
    int height; /* the answer; 0: left out */
};

/* Gives out `height` rows; all of them when any band shown has a weight. */
void layout_bands(struct layout_band *band, int count, int height);

#endif
