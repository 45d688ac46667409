/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which panels the overview has, and in which order: "cpu+memory, runs, alerts". Rows are
 * divided by commas, the most important first; + joins what stands side by side. Pure data:
 * the option table takes it, the console draws and changes it.
 */
#ifndef OPTOP_CONFIG_ARRANGEMENT_H
#define OPTOP_CONFIG_ARRANGEMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum {
    ARRANGEMENT_PANELS = 9,
    ARRANGEMENT_BESIDE_MAX = 4, /* panels of one row */
    ARRANGEMENT_NAME_MAX = 64,
    ARRANGEMENT_TEXT_MAX = 128, /* more than all names */
};

struct arrangement {
    char name[ARRANGEMENT_NAME_MAX];
    int rows; /* 0: as the console has it for its width */
    struct {
        int count, panel[ARRANGEMENT_BESIDE_MAX]; /* indexes of arrangement_panels[] */
    } row[ARRANGEMENT_PANELS];
};

extern const char *const arrangement_panels[ARRANGEMENT_PANELS];

/* Those that ship, by their index; false: there are no more. */
bool arrangement_shipped(int index, struct arrangement *ret_arrangement);

int arrangement_find_panel(const char *name); /* -1: there is none */
const char *arrangement_names(char *buf, size_t size); /* "cpu, memory, ...": of all panels */
bool arrangement_has(const struct arrangement *arrangement, int panel);

/* The rows of a text; name is left alone. 0 or ERR_BAD_TYPE. */
int arrangement_parse(const char *text, struct arrangement *arrangement, struct diag *diag);
const char *arrangement_text(const struct arrangement *arrangement, char *buf, size_t size);

/* Each returns whether something has changed. The last panel stays; one that is shown
 * comes last; one that moves goes by a place in its row, and at the row's end that row by one. */
bool arrangement_hide(struct arrangement *arrangement, int panel);
bool arrangement_show(struct arrangement *arrangement, int panel);
bool arrangement_move(struct arrangement *arrangement, int panel, int by);

/* Beside those of the row above; of several in a row into a row of its own below. */
bool arrangement_join(struct arrangement *arrangement, int panel);

#endif
