/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The panels of a scene: which ones a view has, and where they stand by its width and height.
 */
#ifndef OPTOP_UI_SCENE_BANDS_H
#define OPTOP_UI_SCENE_BANDS_H

#include "ui/scene.h"

/* Draws them into what the lines around them leave. */
void scene_draw_panels(struct scene *scene, struct canvas *canvas, struct rect rect);

#endif
