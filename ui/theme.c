/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/theme.h"

/* Without colour. To add a style: a row here, one in names[] of theme_file.c and
 * one in every theme. */
static const unsigned mono[STYLE_COUNT] = {
    [STYLE_DIM] = THEME_FAINT,
    [STYLE_TITLE] = THEME_BOLD,
    [STYLE_KEY] = THEME_BOLD,
    [STYLE_WARNING] = THEME_BOLD,
    [STYLE_CRITICAL] = THEME_BOLD | THEME_REVERSE,
    [STYLE_SELECTED] = THEME_REVERSE,
    [STYLE_BAR_1] = THEME_BOLD,
    [STYLE_BAR_EMPTY] = THEME_FAINT,
    [STYLE_HEAT_1] = THEME_FAINT,
    [STYLE_HEAT_5] = THEME_BOLD,
    [STYLE_INPUT] = THEME_UNDERLINE,
    [STYLE_ERROR] = THEME_BOLD,
};

enum { GREY = 8 };

uint32_t
theme_rgb(int colour)
{
    static const uint32_t basic[16] = {
        0x000000, 0xCD0000, 0x00CD00, 0xCDCD00, 0x0000EE, 0xCD00CD, 0x00CDCD, 0xE5E5E5,
        0x7F7F7F, 0xFF0000, 0x00FF00, 0xFFFF00, 0x5C5CFF, 0xFF00FF, 0x00FFFF, 0xFFFFFF,
    };
    static const uint32_t level[6] = { 0x00, 0x5F, 0x87, 0xAF, 0xD7, 0xFF };
    if (colour >= THEME_RGB)
        return (uint32_t)colour - THEME_RGB;
    if (colour < 16)
        return basic[colour < 0 ? 0 : colour];
    if (colour < 232) {
        uint32_t cube = (uint32_t)(colour - 16);
        return level[cube / 36] << 16 | level[cube / 6 % 6] << 8 | level[cube % 6];
    }
    uint32_t grey = 8 + 10 * (uint32_t)((colour > 255 ? 255 : colour) - 232);
    return grey << 16 | grey << 8 | grey;
}

/* Green counts most and blue least, as eyes have it. */
static int
distance(uint32_t a, uint32_t b)
{
    int red = (int)(a >> 16 & 255) - (int)(b >> 16 & 255), green = (int)(a >> 8 & 255) - (int)(b >> 8 & 255);
    int blue = (int)(a & 255) - (int)(b & 255);
    return 3 * red * red + 4 * green * green + 2 * blue * blue;
}

static int
nearest(uint32_t rgb, int from, int to)
{
    int best = from;
    for (int i = from; i < to; i++)
        if (distance(theme_rgb(i), rgb) < distance(theme_rgb(best), rgb))
            best = i;
    return best;
}

int
theme_nearest(uint32_t rgb)
{
    return nearest(rgb, 16, 256); /* the first 16 are what each person has made of them */
}

/* What a terminal with so many colours shows. */
static int
shown(const struct theme_colour *colour, int colours)
{
    if (colours >= 256) {
        if (colour->colour < THEME_RGB || colours >= THEME_TRUE)
            return colour->colour;
        return theme_nearest(theme_rgb(colour->colour));
    }
    int basic = colour->of_16;
    if (basic == THEME_NEAREST)
        basic = colour->colour < 16 ? colour->colour : nearest(theme_rgb(colour->colour), 0, 16);
    if (colours >= 16 || basic < GREY)
        return basic;
    return basic == GREY ? THEME_OWN : basic - GREY;
}

struct theme_look
theme_look(const struct theme *theme, enum style style, int colours)
{
    style = style < STYLE_COUNT ? style : STYLE_TEXT;
    if (colours < 8)
        return (struct theme_look){ THEME_OWN, THEME_OWN, mono[style] };
    struct theme_look look = { shown(&theme->colour[style], colours), shown(&theme->background, colours),
        theme->attributes[style] };
    /* what is its own colour in a theme with a ground of its own would be lost on it */
    if (look.foreground == THEME_OWN && look.background != THEME_OWN)
        look.foreground = shown(&theme->colour[STYLE_TEXT], colours);
    return look;
}
