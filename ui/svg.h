/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A canvas as an SVG picture, for documents: real screens in the colours of a
 * theme on a dark ground. Lines, blocks and braille dots are drawn as shapes,
 * so that the picture does not depend on fonts.
 */
#ifndef OPTOP_UI_SVG_H
#define OPTOP_UI_SVG_H

#include "ui/canvas.h"
#include "ui/theme.h"

void svg_write(const struct canvas *canvas, const struct theme *theme, struct str *out);

#endif
