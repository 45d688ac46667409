/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The figures that programs publish as a table, and what each has been since
 * somebody began to look.
 */
#ifndef OPTOP_UI_FIGURE_LIST_H
#define OPTOP_UI_FIGURE_LIST_H

#include "ui/table.h"

enum { FIGURE_HISTORY = 240 };

/* Of a counter or histogram its rate, of a gauge its value; oldest are overwritten. */
struct figure_ring {
    uint64_t key; /* 0: free */
    uint64_t pushed; /* tick of the newest */
    int count, head; /* head: index of the newest */
    float value[FIGURE_HISTORY];
};

struct figure_list {
    const struct view *view; /* borrowed */
    uint64_t key[VIEW_FIGURES_MAX]; /* of view->figure[] */
    struct figure_ring *ring; /* owned; VIEW_FIGURES_MAX of them; NULL: nobody has looked yet */
};

void figure_list_release(struct figure_list *list);

/* A status has come. remember: from now on (nothing is kept before). now: it is not one of an
 * earlier time, which is no part of what is remembered. */
void figure_list_update(struct figure_list *list, bool remember, bool now);

/* NULL: nothing is known. */
const struct figure_ring *figure_list_ring(const struct figure_list *list, uint64_t key);

/* A figure's value in words: "1.50M", "91.2%". */
const char *figure_text(const struct view_figure *figure, int cells, char *buf, size_t size);

extern const struct table_class figure_list_class;

#endif
