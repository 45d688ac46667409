/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/text.h"

#include <stdbool.h>
#include <string.h>

#include "base/str.h"

struct range {
    uint32_t first, last;
};

/* Ranges are from Unicode 15: bidi controls, zero-width and format marks,
 * line and paragraph separators, tags and variation selector supplements. */
static const struct range hostile[] = {
    { 0x00AD, 0x00AD }, { 0x034F, 0x034F }, { 0x061C, 0x061C },
    { 0x115F, 0x1160 }, { 0x17B4, 0x17B5 }, { 0x180B, 0x180F },
    { 0x200B, 0x200F }, { 0x2028, 0x202E }, { 0x2060, 0x206F },
    { 0x3164, 0x3164 }, { 0xD800, 0xDFFF }, { 0xFE00, 0xFE0F },
    { 0xFEFF, 0xFEFF }, { 0xFFA0, 0xFFA0 }, { 0xFFF0, 0xFFFB },
    { 0x1BCA0, 0x1BCA3 }, { 0x1D173, 0x1D17A }, { 0xE0000, 0xE0FFF }, { 0xF0000, 0x10FFFF },
};

/* Nonspacing marks that names really use; others count one cell, which errs
 * on the side of a gap rather than an overlap. */
static const struct range combining[] = {
    { 0x0300, 0x036F }, { 0x0483, 0x0489 }, { 0x0591, 0x05BD },
    { 0x0610, 0x061A }, { 0x064B, 0x065F }, { 0x0900, 0x0902 },
    { 0x093C, 0x093C }, { 0x0941, 0x0948 }, { 0x0E31, 0x0E31 },
    { 0x0E34, 0x0E3A }, { 0x0E47, 0x0E4E }, { 0x1161, 0x11FF }, { 0x1AB0, 0x1AFF },
    { 0x1DC0, 0x1DFF }, { 0x20D0, 0x20FF }, { 0x302A, 0x302D },
    { 0x3099, 0x309A }, { 0xFE20, 0xFE2F },
};

/* East Asian Width W and F (UAX #11). */
static const struct range wide[] = {
    { 0x1100, 0x115F }, { 0x231A, 0x231B }, { 0x2329, 0x232A },
    { 0x23E9, 0x23EC }, { 0x23F0, 0x23F0 }, { 0x23F3, 0x23F3 },
    { 0x25FD, 0x25FE }, { 0x2614, 0x2615 }, { 0x2648, 0x2653 },
    { 0x267F, 0x267F }, { 0x2693, 0x2693 }, { 0x26A1, 0x26A1 },
    { 0x26AA, 0x26AB }, { 0x26BD, 0x26BE }, { 0x26C4, 0x26C5 },
    { 0x26CE, 0x26CE }, { 0x26D4, 0x26D4 }, { 0x26EA, 0x26EA },
    { 0x26F2, 0x26F3 }, { 0x26F5, 0x26F5 }, { 0x26FA, 0x26FA },
    { 0x26FD, 0x26FD }, { 0x2705, 0x2705 }, { 0x270A, 0x270B },
    { 0x2728, 0x2728 }, { 0x274C, 0x274C }, { 0x274E, 0x274E },
    { 0x2753, 0x2755 }, { 0x2757, 0x2757 }, { 0x2795, 0x2797 },
    { 0x27B0, 0x27B0 }, { 0x27BF, 0x27BF }, { 0x2B1B, 0x2B1C },
    { 0x2B50, 0x2B50 }, { 0x2B55, 0x2B55 }, { 0x2E80, 0x303E },
    { 0x3041, 0x33FF }, { 0x3400, 0x4DBF }, { 0x4E00, 0x9FFF },
    { 0xA000, 0xA4CF }, { 0xA960, 0xA97F }, { 0xAC00, 0xD7A3 },
    { 0xF900, 0xFAFF }, { 0xFE10, 0xFE19 }, { 0xFE30, 0xFE6F },
    { 0xFF01, 0xFF60 }, { 0xFFE0, 0xFFE6 }, { 0x16FE0, 0x18CFF },
    { 0x1AFF0, 0x1B2FF }, { 0x1F004, 0x1F004 }, { 0x1F0CF, 0x1F0CF },
    { 0x1F18E, 0x1F18E }, { 0x1F191, 0x1F19A }, { 0x1F200, 0x1F320 },
    { 0x1F32D, 0x1F335 }, { 0x1F337, 0x1F37C }, { 0x1F37E, 0x1F393 },
    { 0x1F3A0, 0x1F3CA }, { 0x1F3CF, 0x1F3D3 }, { 0x1F3E0, 0x1F3F0 },
    { 0x1F3F4, 0x1F3F4 }, { 0x1F3F8, 0x1F43E }, { 0x1F440, 0x1F440 },
    { 0x1F442, 0x1F4FC }, { 0x1F4FF, 0x1F53D }, { 0x1F54B, 0x1F54E },
    { 0x1F550, 0x1F567 }, { 0x1F57A, 0x1F57A }, { 0x1F595, 0x1F596 },
    { 0x1F5A4, 0x1F5A4 }, { 0x1F5FB, 0x1F64F }, { 0x1F680, 0x1F6C5 },
    { 0x1F6CC, 0x1F6CC }, { 0x1F6D0, 0x1F6D2 }, { 0x1F6D5, 0x1F6D7 },
    { 0x1F6DC, 0x1F6DF }, { 0x1F6EB, 0x1F6EC }, { 0x1F6F4, 0x1F6FC },
    { 0x1F7E0, 0x1F7EB }, { 0x1F90C, 0x1F93A }, { 0x1F93C, 0x1F945 },
    { 0x1F947, 0x1F9FF }, { 0x1FA70, 0x1FAFF }, { 0x20000, 0x3FFFD },
};

static bool
in_ranges(uint32_t code, const struct range *ranges, size_t count)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (code > ranges[mid].last)
            low = mid + 1;
        else if (code < ranges[mid].first)
            high = mid;
        else
            return true;
    }
    return false;
}
#define IN(code, table) in_ranges(code, table, sizeof(table) / sizeof *(table))

/* Decodes from at most `len` bytes (len >= 1); writes how many were used. */
static uint32_t
decode(const unsigned char *p, size_t len, size_t *ret_used)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t need = p[0] < 0x80 ? 1 : p[0] < 0xC2 ? 0 : p[0] < 0xE0 ? 2
        : p[0] < 0xF0 ? 3 : p[0] < 0xF5 ? 4 : 0;
    *ret_used = 1;
    if (need == 1)
        return p[0];
    if (need == 0 || need > len)
        return TEXT_REPLACEMENT;
    uint32_t code = p[0] & (0xFFu >> (need + 1));
    for (size_t i = 1; i < need; i++) {
        if ((p[i] & 0xC0) != 0x80)
            return TEXT_REPLACEMENT;
        code = code << 6 | (p[i] & 0x3F);
    }
    if (code < least[need] || code > 0x10FFFF || (code & 0x1FF800) == 0xD800)
        return TEXT_REPLACEMENT;
    *ret_used = need;
    return code;
}

uint32_t
text_next(const char **text)
{
    const unsigned char *p = (const unsigned char *)*text;
    if (!*p)
        return 0;
    size_t used;
    /* strnlen keeps a cut sequence at the end from being read past the NUL */
    uint32_t code = decode(p, strnlen(*text, 4), &used);
    *text += used;
    return code;
}

int
text_encode(uint32_t code, char buf[4])
{
    if (code < 0x80) {
        buf[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        buf[0] = (char)(0xC0 | code >> 6);
        buf[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        buf[0] = (char)(0xE0 | code >> 12);
        buf[1] = (char)(0x80 | (code >> 6 & 0x3F));
        buf[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    buf[0] = (char)(0xF0 | code >> 18);
    buf[1] = (char)(0x80 | (code >> 12 & 0x3F));
    buf[2] = (char)(0x80 | (code >> 6 & 0x3F));
    buf[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

uint32_t
text_clean_code(uint32_t code)
{
    if (code < 0x20 || (code >= 0x7F && code < 0xA0))
        return 0xB7;
    if (code < 0xAD)
        return code;
    return IN(code, hostile) ? TEXT_REPLACEMENT : code;
}

int
text_cell_width(uint32_t code)
{
    if (code < 0x300)
        return 1;
    if (IN(code, combining))
        return 0;
    return IN(code, wide) ? 2 : 1;
}

int
text_width(const char *text)
{
    int width = 0;
    for (uint32_t code; (code = text_next(&text));)
        width += text_cell_width(text_clean_code(code));
    return width;
}

const char *
text_clean_bytes(const char *bytes, size_t len, char *buf, size_t size)
{
    size_t out = 0;
    for (size_t i = 0; i < len;) {
        size_t used;
        uint32_t code = decode((const unsigned char *)bytes + i, len - i, &used);
        char utf8[4];
        size_t n = (size_t)text_encode(text_clean_code(code), utf8);
        if (out + n >= size)
            break;
        memcpy(buf + out, utf8, n);
        out += n;
        i += used;
    }
    buf[out] = '\0';
    return buf;
}

void
text_clean_lines(const char *bytes, size_t len, struct str *out)
{
    const unsigned char *in = (const unsigned char *)bytes;
    str_reserve(out, len);
    for (size_t i = 0, used; i < len; i += used) {
        char utf8[4];
        used = 1;
        if (in[i] == '\r' && i + 1 < len && in[i + 1] == '\n')
            continue;
        if (in[i] == '\n' || in[i] == '\r') {
            str_putc(out, '\n');
        } else if (in[i] == '\t' || (in[i] >= ' ' && in[i] < 0x7F)) {
            str_putc(out, bytes[i]);
        } else {
            uint32_t code = decode(in + i, len - i, &used);
            str_append(out, utf8, (size_t)text_encode(text_clean_code(code), utf8));
        }
    }
}

const char *
text_clean(const char *text, char *buf, size_t size)
{
    return text_clean_bytes(text, strlen(text), buf, size);
}
