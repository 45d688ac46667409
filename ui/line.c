/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/line.h"

#include "base/text.h"
#include "ui/key.h"

#define CONTROL(letter) ((letter) & 0x1F)

enum { ELLIPSIS = 0x2026 };

void
line_init(struct line *line)
{
    str_init(&line->text);
    line->cursor = 0;
    line->scroll = 0;
}

void
line_release(struct line *line)
{
    str_release(&line->text);
    line->cursor = 0;
}

void
line_set(struct line *line, const char *text)
{
    str_clear(&line->text);
    str_puts(&line->text, text);
    line->cursor = line->text.len;
    line->scroll = 0;
}

static int
cells_of(uint32_t code)
{
    return text_cell_width(text_clean_code(code));
}

/* Behind the character that starts at `at`. */
static size_t
next_bound(const struct line *line, size_t at)
{
    const char *p = line->text.data + at;
    if (!text_next(&p))
        return at;
    for (const char *q = p; *q; p = q)
        if (cells_of(text_next(&q)) > 0)
            break;
    return (size_t)(p - line->text.data);
}

/* Found from the front: bytes that are not UTF-8 count one character each, and
 * only reading forward says which they are. */
static size_t
previous_bound(const struct line *line, size_t at)
{
    size_t before = 0;
    for (size_t i = 0; i < at; i = next_bound(line, i))
        before = i;
    return before;
}

static void
cut(struct line *line, size_t start, size_t end)
{
    struct str *s = &line->text;
    if (end <= start)
        return;
    memmove(s->data + start, s->data + end, s->len - end + 1);
    s->len -= end - start;
    line->cursor = start;
}

static bool
insert(struct line *line, uint32_t code)
{
    char utf8[4];
    struct str *s = &line->text;
    size_t n = (size_t)text_encode(code, utf8);
    if (s->len + n > LINE_BYTES_MAX)
        return false;
    str_append(s, utf8, n);
    memmove(s->data + line->cursor + n, s->data + line->cursor, s->len - n - line->cursor);
    memcpy(s->data + line->cursor, utf8, n);
    line->cursor += n;
    return true;
}

static size_t
word_start(const struct line *line)
{
    const char *text = line->text.data;
    size_t at = line->cursor;
    while (at > 0 && text[at - 1] == ' ')
        at--;
    while (at > 0 && text[at - 1] != ' ')
        at--;
    return at;
}

enum line_event
line_key(struct line *line, uint32_t key)
{
    size_t len = line->text.len, cursor = line->cursor;

    switch (key) {
    case KEY_CODE_LEFT:
        line->cursor = previous_bound(line, cursor);
        return LINE_MOVED;
    case KEY_CODE_RIGHT:
        line->cursor = next_bound(line, cursor);
        return LINE_MOVED;
    case KEY_CODE_HOME:
    case CONTROL('A'):
        line->cursor = 0;
        return LINE_MOVED;
    case KEY_CODE_END:
    case CONTROL('E'):
        line->cursor = len;
        return LINE_MOVED;
    case KEY_CODE_BACKSPACE:
    case CONTROL('H'):
    case 0x7F:
        cut(line, previous_bound(line, cursor), cursor);
        break;
    case KEY_CODE_DELETE:
        cut(line, cursor, next_bound(line, cursor));
        break;
    case CONTROL('U'):
        cut(line, 0, cursor);
        break;
    case CONTROL('K'):
        cut(line, cursor, len);
        break;
    case CONTROL('W'):
        cut(line, word_start(line), cursor);
        break;
    default:
        if (key < ' ' || key >= KEY_CODE_FIRST || text_clean_code(key) != key)
            return LINE_IGNORED;
        return insert(line, key) ? LINE_EDITED : LINE_MOVED;
    }
    return line->text.len != len ? LINE_EDITED : LINE_MOVED;
}

static int
cells_before(const struct line *line, size_t end)
{
    int cells = 0;
    const char *p = line->text.data;
    while (p < line->text.data + end && *p)
        cells += cells_of(text_next(&p));
    return cells;
}

/* One cell is kept for the cursor behind the text, and one at each end for
 * the sign that text is cut there. */
static int
scroll_for(int scroll, int cursor, int total, int width)
{
    if (width < 3)
        return cursor;
    if (cursor < scroll + 1)
        scroll = cursor - 1 - width / 4;
    if (cursor > scroll + width - 2)
        scroll = cursor - width + 2;
    if (scroll > total + 1 - width)
        scroll = total + 1 - width;
    return scroll > 0 ? scroll : 0;
}

void
line_draw(struct line *line, struct canvas *canvas, int x, int y, int width,
    enum style style, bool focus)
{
    if (width < 1)
        return;
    if (!focus) {
        canvas_text(canvas, x, y, width, style, line->text.data);
        return;
    }
    int total = cells_before(line, line->text.len);
    int cursor = cells_before(line, line->cursor);
    line->scroll = scroll_for(line->scroll, cursor, total, width);

    int from = line->scroll && width >= 3 ? line->scroll + 1 : line->scroll, cells = 0;
    const char *p = line->text.data;
    while (*p && cells < from)
        cells += cells_of(text_next(&p));
    if (from > line->scroll)
        canvas_put(canvas, x, y, ELLIPSIS, style);
    int at = cells - line->scroll;
    if (at < width)
        canvas_text(canvas, x + at, y, width - at, style, p);
    canvas->cursor_x = x + cursor - line->scroll;
    canvas->cursor_y = y;
}

/* Where a line that starts at text must end: the bytes to show and the bytes
 * to take. */
static size_t
wrap_length(const char *text, int width, size_t size, size_t *ret_taken)
{
    const char *p = text, *blank = NULL;
    int cells = 0;

    while (*p && *p != '\n') {
        const char *here = p;
        if (*p == ' ')
            blank = p;
        cells += cells_of(text_next(&p));
        if (cells <= width && (size_t)(p - text) < size)
            continue;
        if (blank && blank > text) {
            *ret_taken = (size_t)(blank - text) + 1;
            return (size_t)(blank - text);
        }
        if (here == text)
            here = p; /* a wide character in a width of 1: still goes on */
        *ret_taken = (size_t)(here - text);
        return (size_t)(here - text);
    }
    *ret_taken = (size_t)(p - text) + (*p == '\n');
    return (size_t)(p - text);
}

bool
line_wrap(const char **text, int width, char *buf, size_t size)
{
    size_t taken;
    if (!**text || size < 8)
        return false;
    size_t length = wrap_length(*text, width < 1 ? 1 : width, size, &taken);
    if (length >= size)
        length = size - 1;
    memcpy(buf, *text, length);
    buf[length] = '\0';
    *text += taken;
    return true;
}

int
line_wrap_count(const char *text, int width, int most)
{
    int count = 0;
    size_t taken;
    for (; *text && count < most; count++, text += taken)
        wrap_length(text, width < 1 ? 1 : width, LINE_WRAP_MAX, &taken);
    return count;
}
