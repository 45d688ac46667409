/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/term_glyph.h"

#include <stddef.h>

uint32_t
term_console_glyph(uint32_t code)
{
    static const struct {
        uint32_t code, instead;
    } glyphs[] = {
        { 0x256D, 0x250C }, { 0x256E, 0x2510 }, { 0x256F, 0x2518 }, { 0x2570, 0x2514 },
        { 0x2501, 0x2588 }, { 0x2578, 0x258C }, { 0x254D, 0x2593 }, { 0x2505, 0x2592 },
        { 0x2504, 0x2591 },
        { 0x2026, '~' }, { 0x25CF, 0x25A0 }, { 0x25B8, '>' },
    };
    if (code < 0x2000)
        return code;
    if (code >= 0x2800 && code <= 0x28FF) {
        int dots = __builtin_popcount(code & 0xFF);
        return dots == 0 ? ' ' : dots <= 2 ? '.' : dots <= 4 ? 0x2584 : 0x2588;
    }
    if (code >= 0x2581 && code <= 0x2587)
        return code <= 0x2582 ? '_' : code <= 0x2585 ? 0x2584 : 0x2588;
    for (size_t i = 0; i < sizeof glyphs / sizeof *glyphs; i++)
        if (glyphs[i].code == code)
            return glyphs[i].instead;
    return code;
}
