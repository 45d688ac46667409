/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The kernel's console has light lines, a few blocks and no braille: what it
 * shows instead.
 */
#ifndef OPTOP_UI_TERM_GLYPH_H
#define OPTOP_UI_TERM_GLYPH_H

#include <stdint.h>

uint32_t term_console_glyph(uint32_t code);

#endif
