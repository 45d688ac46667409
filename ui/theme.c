/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/theme.h"

/* The colours of 256 have a middle luminance (contrast of 3 to 6 both to black
 * and to white); 16 and 8 use what terminals are tuned for. */
struct look {
    short of_256, of_16, of_8;
    unsigned attributes; /* with colour */
    unsigned mono; /* without */
};

enum { OWN = THEME_OWN, RED = 1, GREEN, YELLOW, BLUE, MAGENTA, CYAN, GREY = 8 };

static const struct look looks[STYLE_COUNT] = {
    [STYLE_TEXT]      = { OWN, OWN, OWN, 0, 0 },
    [STYLE_DIM]       = { 244, GREY, OWN, 0, THEME_FAINT },
    [STYLE_TITLE]     = { OWN, OWN, OWN, THEME_BOLD, THEME_BOLD },
    [STYLE_KEY]       = { 67, CYAN, CYAN, THEME_BOLD, THEME_BOLD },
    [STYLE_VALUE]     = { OWN, OWN, OWN, 0, 0 },
    [STYLE_GOOD]      = { 35, GREEN, GREEN, 0, 0 },
    [STYLE_WARNING]   = { 172, YELLOW, YELLOW, THEME_BOLD, THEME_BOLD },
    [STYLE_CRITICAL]  = { 160, RED, RED, THEME_BOLD, THEME_BOLD | THEME_REVERSE },
    [STYLE_SELECTED]  = { OWN, OWN, OWN, THEME_REVERSE, THEME_REVERSE },
    [STYLE_HEADER]    = { OWN, OWN, OWN, 0, 0 },
    [STYLE_BAR_1]     = { 67, CYAN, CYAN, 0, THEME_BOLD },
    [STYLE_BAR_2]     = { 167, RED, RED, 0, 0 },
    [STYLE_BAR_3]     = { 65, GREEN, GREEN, 0, 0 },
    [STYLE_BAR_4]     = { 136, YELLOW, YELLOW, 0, 0 },
    [STYLE_BAR_EMPTY] = { 240, GREY, OWN, 0, THEME_FAINT },
    [STYLE_GRAPH]     = { 67, CYAN, CYAN, 0, 0 },
    [STYLE_GRAPH_2]   = { 136, YELLOW, YELLOW, 0, 0 },
    [STYLE_INPUT]     = { OWN, OWN, OWN, THEME_UNDERLINE, THEME_UNDERLINE },
    [STYLE_ERROR]     = { 160, RED, RED, 0, THEME_BOLD },
};

struct theme_look
theme_look(enum theme theme, enum style style, int colours)
{
    const struct look *look = &looks[style < STYLE_COUNT ? style : STYLE_TEXT];
    if (theme == THEME_MONO || colours < 8)
        return (struct theme_look){ OWN, look->mono };
    short colour = colours >= 256 ? look->of_256 : colours >= 16 ? look->of_16 : look->of_8;
    return (struct theme_look){ colour, look->attributes };
}

uint32_t
theme_rgb(int colour)
{
    static const uint32_t basic[16] = {
        0x000000, 0xCD0000, 0x00CD00, 0xCDCD00, 0x0000EE, 0xCD00CD, 0x00CDCD, 0xE5E5E5,
        0x7F7F7F, 0xFF0000, 0x00FF00, 0xFFFF00, 0x5C5CFF, 0xFF00FF, 0x00FFFF, 0xFFFFFF,
    };
    static const uint32_t level[6] = { 0x00, 0x5F, 0x87, 0xAF, 0xD7, 0xFF };
    if (colour < 16)
        return basic[colour < 0 ? 0 : colour];
    if (colour < 232) {
        uint32_t cube = (uint32_t)(colour - 16);
        return level[cube / 36] << 16 | level[cube / 6 % 6] << 8 | level[cube % 6];
    }
    uint32_t grey = 8 + 10 * (uint32_t)((colour > 255 ? 255 : colour) - 232);
    return grey << 16 | grey << 8 | grey;
}
