/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/term_parts.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST = 16, NUMBERS = 256 }; /* below, numbers are what a person has made of them */

void
term_parts_begin(struct term_parts *parts, const struct theme *theme)
{
    memset(parts->parts, 0, sizeof parts->parts);
    parts->some = false;
    for (int i = 0; i < STYLE_COUNT; i++) {
        int colour = theme->colour[i].colour;
        if (colour >= FIRST && colour < NUMBERS)
            parts->parts[colour] = UINT32_MAX;
    }
}

int
term_parts_number(struct term_parts *parts, int colour)
{
    if (colour < THEME_RGB)
        return colour;
    int first = theme_nearest(theme_rgb(colour));
    for (int i = 0; i < NUMBERS - FIRST; i++) {
        int at = FIRST + (first - FIRST + i) % (NUMBERS - FIRST);
        if (parts->parts[at] && parts->parts[at] != (uint32_t)colour)
            continue;
        parts->parts[at] = (uint32_t)colour;
        parts->some = true;
        return at;
    }
    return first;
}

/* Behind "38;5;" or "48;5;": a number, and what it stands for. */
static const char *
translate_one(const struct term_parts *parts, const char *from, const char *found, struct str *out)
{
    char *behind;
    long number = strtol(found + 4, &behind, 10);
    uint32_t colour = number >= FIRST && number < NUMBERS ? parts->parts[number] : 0;
    if (!colour || colour == UINT32_MAX) {
        str_append(out, from, (size_t)(behind - from));
        return behind;
    }
    str_append(out, from, (size_t)(found - from));
    str_printf(out, "8;2;%u;%u;%u", colour >> 16 & 255, colour >> 8 & 255, colour & 255);
    return behind;
}

void
term_parts_translate(struct term_parts *parts, struct str *bytes)
{
    const char *at = bytes->data, *end = at + bytes->len;
    if (!parts->some)
        return;
    str_clear(&parts->text);
    while (at < end) {
        const char *found = memmem(at, (size_t)(end - at), "8;5;", 4);
        if (found && found > at && (found[-1] == '3' || found[-1] == '4')) {
            at = translate_one(parts, at, found, &parts->text);
            continue;
        }
        const char *stop = found ? found + 4 : end;
        str_append(&parts->text, at, (size_t)(stop - at));
        at = stop;
    }
    struct str whole = *bytes;
    *bytes = parts->text;
    parts->text = whole;
}
