/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The lines of a scene that are around its panels: the header, what is wrong
 * with the server, the views, the keys.
 */
#ifndef OPTOP_UI_SCENE_LINES_H
#define OPTOP_UI_SCENE_LINES_H

#include "ui/scene.h"

void scene_draw_header(const struct scene *scene, struct canvas *canvas);

/* Each of these returns how many rows it has taken, 0 or 1. */
int scene_draw_banner(const struct scene *scene, struct canvas *canvas, int y);
int scene_draw_views(struct scene *scene, struct canvas *canvas, int y);
int scene_draw_last_line(struct scene *scene, struct canvas *canvas);

#endif
