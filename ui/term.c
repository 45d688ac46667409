/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * curses is the cell diff and the key decoder here, no more: one window, no
 * curses drawing. A copy of the canvas last shown keeps unchanged rows from
 * being given to curses at all.
 *
 * curses writes to the terminal at every cursor movement. Each such write
 * wakes whoever reads the terminal, so what makes up one picture is gathered
 * in memory first (curses' descriptor is pointed there meanwhile) and goes out
 * in one write, by a description of our own that never blocks.
 */
#define NCURSES_WIDECHAR 1
#include "ui/term.h"

#include <curses.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "ui/term_glyph.h"
#include "ui/term_parts.h"

/* <term.h> would define words such as `columns` and `lines` as macros. */
extern int setupterm(const char *name, int fd, int *ret_error);

enum {
    MOUSE_MAX = 8, /* as many as curses keeps */
    ESCAPE_MS = 25, /* a lone Esc is told from a key's sequence after this */
    RESTORE_MAX = 256,
    STUCK_MS = 200, /* a terminal that takes nothing for so long misses this picture */
    FALLBACK_COLUMNS = 80,
    FALLBACK_ROWS = 24,
};

struct term {
    SCREEN *screen;
    FILE *out; /* curses' own; on a duplicate of standard output */
    int input, output; /* own descriptions of the terminal, output non-blocking */
    int frame; /* memory that gathers a picture's bytes */
    struct str bytes;
    bool ascii;
    bool console; /* the kernel's console: its fonts have few glyphs */
    struct canvas shown; /* as last written; 0 columns: nothing is known */
    attr_t attributes[STYLE_COUNT];
    short pair[STYLE_COUNT];
    int colours;
    struct term_parts parts;
    cchar_t run[CANVAS_COLUMNS_MAX];
    MEVENT mouse[MOUSE_MAX]; /* read and not told yet; the oldest is the last */
    int mouse_count;
};

/* What restores the terminal when the program dies: made ready beforehand,
 * since a signal handler may neither allocate nor ask terminfo. */

static const int fatal_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
enum { FATAL_COUNT = (int)(sizeof fatal_signals / sizeof *fatal_signals) };

static struct {
    volatile sig_atomic_t armed;
    char text[RESTORE_MAX];
    size_t len;
    struct termios saved;
    struct sigaction before[FATAL_COUNT];
} restore;

static void
on_fatal(int signal_number)
{
    if (restore.armed) {
        restore.armed = 0;
        if (write(STDOUT_FILENO, restore.text, restore.len) < 0)
            tcflush(STDOUT_FILENO, TCOFLUSH);
        tcsetattr(STDIN_FILENO, TCSANOW, &restore.saved);
    }
    for (int i = 0; i < FATAL_COUNT; i++)
        if (fatal_signals[i] == signal_number)
            sigaction(signal_number, &restore.before[i], NULL);
    raise(signal_number);
}

/* Appends a capability without its padding marks "$<5>". */
static void
add_capability(const char *name)
{
    const char *text = tigetstr(name);
    if (!text || text == (const char *)-1) /* NOLINT: terminfo's own word for "no string" */
        return;
    for (; *text && restore.len + 1 < RESTORE_MAX; text++) {
        if (text[0] == '$' && text[1] == '<') {
            const char *end = strchr(text, '>');
            if (end) {
                text = end;
                continue;
            }
        }
        restore.text[restore.len++] = *text;
    }
}

static void
add_text(const char *text)
{
    size_t len = strlen(text);
    if (restore.len + len < RESTORE_MAX) {
        memcpy(restore.text + restore.len, text, len);
        restore.len += len;
    }
}

static void
arm_restore(bool mouse)
{
    restore.len = 0;
    if (mouse)
        add_text("\033[?1006l\033[?1002l\033[?1000l");
    add_capability("rmkx");
    add_capability("sgr0");
    add_capability("cnorm");
    add_capability("rmcup");
    restore.armed = 1;
    struct sigaction action = { .sa_handler = on_fatal };
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < FATAL_COUNT; i++)
        sigaction(fatal_signals[i], &action, &restore.before[i]);
}

static void
disarm_restore(void)
{
    restore.armed = 0;
    for (int i = 0; i < FATAL_COUNT; i++)
        sigaction(fatal_signals[i], &restore.before[i], NULL);
}

/* Opening. */

static int
check_terminal(struct diag *diag)
{
    const char *name = getenv("TERM");
    int error = 0;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return diag_set(diag, -ENOTTY, "the console needs a terminal for input and output");
    if (!name || !*name)
        return diag_set(diag, ERR_DENIED, "TERM is not set: what terminal is this?");
    if (setupterm(NULL, STDOUT_FILENO, &error) != OK && error != 1)
        return diag_set(diag, ERR_DENIED, "the terminal \"%.40s\" (TERM) is not known here", name);
    const char *move_cursor = tigetstr("cup");
    if (!move_cursor || move_cursor == (const char *)-1)
        return diag_set(diag, ERR_DENIED,
            "the terminal \"%.40s\" (TERM) cannot place the cursor", name);
    return 0;
}

/* Only LC_CTYPE is taken from the environment: numbers keep their point. */
static bool
choose_ascii(enum term_charset charset)
{
    bool utf8 = setlocale(LC_CTYPE, "") && !strcmp(nl_langinfo(CODESET), "UTF-8");
    if (charset == TERM_CHARSET_UTF8 && !utf8)
        utf8 = setlocale(LC_CTYPE, "C.UTF-8") != NULL;
    return charset == TERM_CHARSET_ASCII || !utf8;
}

/* How many colours the terminal has; 0: none are wanted. */
static int
count_colours(void)
{
    const char *no_color = getenv("NO_COLOR"), *direct = getenv("COLORTERM");
    if ((no_color && *no_color) || !has_colors() || start_color() != OK || use_default_colors() != OK)
        return 0;
    bool parts = str_equal(direct, "truecolor") || str_equal(direct, "24bit");
    return COLORS == 256 && parts ? THEME_TRUE : COLORS;
}

/* What curses is told of a colour. */
static int
number_of(struct term *term, int colour)
{
    if (COLORS >= THEME_TRUE) /* curses itself takes parts; 0 to 7 are still numbers */
        return colour < 8 ? colour : (int)theme_rgb(colour);
    return term_parts_number(&term->parts, colour);
}

static void
set_looks(struct term *term, const struct theme *theme)
{
    int colours = term->colours;
    term_parts_begin(&term->parts, theme);
    for (int i = 0; i < STYLE_COUNT; i++) {
        struct theme_look look = theme_look(theme, (enum style)i, colours);
        term->attributes[i] = (look.attributes & THEME_BOLD ? A_BOLD : 0) |
            (look.attributes & THEME_FAINT ? A_DIM : 0) |
            (look.attributes & THEME_UNDERLINE ? A_UNDERLINE : 0) |
            (look.attributes & THEME_REVERSE ? A_REVERSE : 0);
        term->pair[i] = 0;
        /* a pair even for the terminal's own colour: curses then changes the
         * colour alone, instead of resetting everything */
        if (colours && i + 1 < COLOR_PAIRS && init_extended_pair(i + 1, number_of(term, look.foreground),
                number_of(term, look.background)) == OK)
            term->pair[i] = (short)(i + 1);
    }
    cchar_t ground;
    setcchar(&ground, L" ", A_NORMAL, term->pair[STYLE_TEXT], NULL);
    bkgrndset(&ground); /* what is erased has the theme's ground, too */
}

static bool
set_modes(void)
{
    typeahead(-1);
    cbreak();
    noecho();
    nonl();
    intrflush(stdscr, FALSE);
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    set_escdelay(ESCAPE_MS);
    curs_set(0);
    mouseinterval(0);
    return mousemask(BUTTON1_PRESSED | BUTTON1_RELEASED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL) != 0;
}

/* A description of the terminal that is shared with nobody: the loop makes it
 * non-blocking, which the shell and others would feel on a shared one. Where
 * the terminal cannot be opened by name, a duplicate must do. */
static int
open_own(int fd, int flags)
{
    char path[128];
    int own = ttyname_r(fd, path, sizeof path) == 0 ? open(path, flags | O_NOCTTY | O_CLOEXEC) : -1;
    return own >= 0 ? own : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

static void
close_descriptors(struct term *term)
{
    if (term->out)
        fclose(term->out);
    if (term->frame >= 0)
        close(term->frame);
    close(term->output);
    close(term->input);
}

static void
open_descriptors(struct term *term)
{
    int copy = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    term->out = copy >= 0 ? fdopen(copy, "w") : NULL;
    term->input = open_own(STDIN_FILENO, O_RDONLY);
    term->output = open_own(STDOUT_FILENO, O_WRONLY | O_NONBLOCK);
    term->frame = memfd_create("optop-frame", MFD_CLOEXEC);
}

/* Until its screen has been left and taken back for the first time, curses makes a
 * system call of each cursor movement. So that is done where the terminal does not
 * see it; what it should have shown is unknown by then, and the first picture clears. */
static void
take_back_once(struct term *term)
{
    int fd = term->out ? fileno(term->out) : -1;
    if (fd < 0 || term->frame < 0 || dup3(term->frame, fd, O_CLOEXEC) < 0)
        return;
    endwin();
    doupdate();
    keypad(stdscr, TRUE);
    dup3(STDOUT_FILENO, fd, O_CLOEXEC);
    lseek(term->frame, 0, SEEK_SET);
    clearok(curscr, TRUE);
}

int
term_open(const struct term_options *options, struct term **ret_term, struct diag *diag)
{
    int r = check_terminal(diag);
    if (r < 0)
        return r;
    struct term *term = XNEW(struct term);
    term->ascii = choose_ascii(options->charset);
    term->console = str_starts(getenv("TERM"), "linux");
    canvas_init(&term->shown);
    str_init(&term->bytes);
    tcgetattr(STDIN_FILENO, &restore.saved);
    open_descriptors(term);
    term->screen = newterm(NULL, term->out ? term->out : stdout, stdin);
    if (!term->screen) {
        close_descriptors(term);
        free(term);
        return diag_set(diag, ERR_DENIED, "curses cannot use this terminal");
    }
    arm_restore(set_modes());
    take_back_once(term);
    term->colours = count_colours();
    set_looks(term, options->theme);
    *ret_term = term;
    return 0;
}

void
term_close(struct term *term)
{
    if (!term)
        return;
    /* a terminal that takes nothing must not keep the program from ending:
     * what waits for it gives way to the sequence that restores it */
    struct pollfd watched = { .fd = term->output, .events = POLLOUT };
    if (poll(&watched, 1, STUCK_MS) == 0)
        tcflush(term->output, TCOFLUSH);
    mousemask(0, NULL);
    endwin();
    disarm_restore();
    delscreen(term->screen);
    close_descriptors(term);
    canvas_release(&term->shown);
    str_release(&term->bytes);
    str_release(&term->parts.text);
    free(term);
}

void
term_set_theme(struct term *term, const struct theme *theme)
{
    set_looks(term, theme);
    term_forget(term);
}

int
term_fd(const struct term *term)
{
    return term->input;
}

bool
term_ascii(const struct term *term)
{
    return term->ascii;
}

void
term_size(const struct term *term, int *ret_columns, int *ret_rows)
{
    (void)term;
    struct winsize size = { .ws_col = 0 };
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    int columns = size.ws_col ? size.ws_col : FALLBACK_COLUMNS;
    int rows = size.ws_row ? size.ws_row : FALLBACK_ROWS;
    *ret_columns = columns > CANVAS_COLUMNS_MAX ? CANVAS_COLUMNS_MAX : columns;
    *ret_rows = rows > CANVAS_ROWS_MAX ? CANVAS_ROWS_MAX : rows;
}

void
term_forget(struct term *term)
{
    term->shown.columns = term->shown.rows = 0;
    clearok(curscr, TRUE);
}

void
term_leave(struct term *term)
{
    (void)term;
    endwin();
}

void
term_enter(struct term *term)
{
    term_forget(term); /* doupdate() takes the terminal back */
}

/* Drawing. */

static void
make_cell(const struct term *term, const struct cell *cell, int width, cchar_t *ret_cell)
{
    wchar_t text[2 + CANVAS_MARKS_MAX] = { 0 };
    uint32_t code = term->console ? term_console_glyph(cell->code) : cell->code;
    text[0] = (wchar_t)code;
    for (int i = 0; i < CANVAS_MARKS_MAX && cell->mark[i]; i++)
        if (wcwidth((wchar_t)cell->mark[i]) == 0)
            text[i + 1] = (wchar_t)cell->mark[i];
    /* libc and optop may hold different versions of Unicode */
    if (code >= 0x7F && wcwidth(text[0]) != width) {
        memset(text, 0, sizeof text);
        text[0] = width == 2 ? 0xFF1F : '?';
    }
    setcchar(ret_cell, text, term->attributes[cell->style], term->pair[cell->style], NULL);
}

static bool
same_cell(const struct cell *a, const struct cell *b)
{
    return !memcmp(a, b, sizeof *a);
}

static void
write_run(struct term *term, const struct cell *row, int y, int from, int to)
{
    int count = 0;
    for (int x = from; x < to; x++) {
        if (!row[x].code)
            continue; /* the character before takes this place too */
        int width = x + 1 < to && !row[x + 1].code ? 2 : 1;
        make_cell(term, &row[x], width, &term->run[count++]);
    }
    mvadd_wchnstr(y, from, term->run, count);
}

static void
write_row(struct term *term, const struct canvas *canvas, int y)
{
    int columns = canvas->columns;
    const struct cell *row = &canvas->cell[y * columns];
    struct cell *old = &term->shown.cell[y * columns];
    if (!memcmp(row, old, (size_t)columns * sizeof *row))
        return;
    for (int x = 0; x < columns;) {
        if (same_cell(&row[x], &old[x])) {
            x++;
            continue;
        }
        int from = x;
        while (x < columns && !same_cell(&row[x], &old[x]))
            x++;
        /* whole characters only, of the new picture and of the old one */
        while (from > 0 && (!row[from].code || !old[from].code))
            from--;
        while (x < columns && (!row[x].code || !old[x].code))
            x++;
        write_run(term, row, y, from, x);
    }
    memcpy(old, row, (size_t)columns * sizeof *row);
}

static void
take_size(struct term *term, const struct canvas *canvas)
{
    if (canvas->columns == term->shown.columns && canvas->rows == term->shown.rows)
        return;
    if (LINES != canvas->rows || COLS != canvas->columns) {
        resizeterm(canvas->rows, canvas->columns);
        clearok(curscr, TRUE);
    }
    werase(stdscr);
    canvas_resize(&term->shown, canvas->columns, canvas->rows);
}

/* Writes all, unless the terminal takes nothing for a while. */
static bool
send_bytes(struct term *term, const struct str *bytes)
{
    for (size_t sent = 0; sent < bytes->len;) {
        ssize_t n = write(term->output, bytes->data + sent, bytes->len - sent);
        struct pollfd watched = { .fd = term->output, .events = POLLOUT };
        if (n >= 0)
            sent += (size_t)n;
        else if (errno != EINTR && (errno != EAGAIN || poll(&watched, 1, STUCK_MS) <= 0))
            return false;
    }
    return true;
}

void
term_send(struct term *term, const struct str *bytes)
{
    if (!send_bytes(term, bytes))
        term_forget(term);
}

/* Writes what the frame holds. A terminal that is stuck misses it and gets a
 * whole picture the next time. */
static void
send_frame(struct term *term)
{
    off_t len = lseek(term->frame, 0, SEEK_CUR);
    if (len <= 0)
        return;
    str_clear(&term->bytes);
    str_reserve(&term->bytes, (size_t)len + 1);
    ssize_t held = pread(term->frame, term->bytes.data, (size_t)len, 0);
    lseek(term->frame, 0, SEEK_SET);
    if (held <= 0)
        return;
    term->bytes.len = (size_t)held;
    term->bytes.data[held] = '\0';
    term_parts_translate(&term->parts, &term->bytes);
    if (!send_bytes(term, &term->bytes))
        term_forget(term);
}

/* curses' update, gathered and sent as one; directly where that cannot be, and
 * when the terminal has to be taken back first (modes are set by the same
 * descriptor). */
static void
update(struct term *term)
{
    int fd = term->out ? fileno(term->out) : -1;
    bool away = isendwin();
    if (fd < 0 || term->frame < 0 || away || dup3(term->frame, fd, O_CLOEXEC) < 0) {
        doupdate();
        if (away)
            keypad(stdscr, TRUE); /* else only with the next key, which is too late for it */
        return;
    }
    doupdate();
    dup3(STDOUT_FILENO, fd, O_CLOEXEC);
    send_frame(term);
}

void
term_draw(struct term *term, const struct canvas *canvas)
{
    if (canvas->columns < 1 || canvas->rows < 1)
        return;
    take_size(term, canvas);
    for (int y = 0; y < canvas->rows; y++)
        write_row(term, canvas, y);
    bool cursor = canvas->cursor_x >= 0 && canvas->cursor_y >= 0 &&
        canvas->cursor_x < canvas->columns && canvas->cursor_y < canvas->rows;
    if (cursor)
        move(canvas->cursor_y, canvas->cursor_x);
    leaveok(stdscr, cursor ? FALSE : TRUE);
    curs_set(cursor);
    wnoutrefresh(stdscr);
    update(term);
}

/* Keys. */

static const struct {
    int curses;
    uint32_t key;
} special_keys[] = {
    { KEY_UP, KEY_CODE_UP },
    { KEY_DOWN, KEY_CODE_DOWN },
    { KEY_LEFT, KEY_CODE_LEFT },
    { KEY_RIGHT, KEY_CODE_RIGHT },
    { KEY_HOME, KEY_CODE_HOME },
    { KEY_FIND, KEY_CODE_HOME },
    { KEY_END, KEY_CODE_END },
    { KEY_SELECT, KEY_CODE_END },
    { KEY_PPAGE, KEY_CODE_PAGE_UP },
    { KEY_NPAGE, KEY_CODE_PAGE_DOWN },
    { KEY_BTAB, KEY_CODE_BACKTAB },
    { KEY_BACKSPACE, KEY_CODE_BACKSPACE },
    { KEY_DC, KEY_CODE_DELETE },
    { KEY_IC, KEY_CODE_INSERT },
    { KEY_ENTER, KEY_CODE_ENTER },
    { KEY_F(1), KEY_CODE_F1 },
};

/* Nothing more to read: for now, or for ever? Readable with no byte is the end. */
static enum term_input
nothing_or_end(void)
{
    struct pollfd watched = { .fd = STDIN_FILENO, .events = POLLIN };
    int bytes = 0;
    if (poll(&watched, 1, 0) <= 0)
        return TERM_NOTHING;
    if (watched.revents & (POLLHUP | POLLERR | POLLNVAL))
        return TERM_END;
    if (ioctl(STDIN_FILENO, FIONREAD, &bytes) < 0 || bytes == 0)
        return TERM_END;
    return TERM_NOTHING;
}

static enum term_input
tell_mouse(struct term *term, struct term_event *ret_event)
{
    const MEVENT *event = &term->mouse[--term->mouse_count];
    ret_event->x = event->x;
    ret_event->y = event->y;
    return event->bstate & BUTTON4_PRESSED ? TERM_WHEEL_UP
        : event->bstate & BUTTON5_PRESSED ? TERM_WHEEL_DOWN
        : event->bstate & BUTTON1_PRESSED ? TERM_CLICK
        : event->bstate & BUTTON1_RELEASED ? TERM_RELEASE : TERM_KEY;
}

/* What comes in one piece (a tap over a slow line) is one key of curses, and told the
 * newest first. */
static enum term_input
read_mouse(struct term *term, struct term_event *ret_event)
{
    while (term->mouse_count < MOUSE_MAX && getmouse(&term->mouse[term->mouse_count]) == OK)
        term->mouse_count++;
    return term->mouse_count ? tell_mouse(term, ret_event) : TERM_KEY; /* with key 0: nothing to do */
}

enum term_input
term_read(struct term *term, struct term_event *ret_event)
{
    wint_t code;
    *ret_event = (struct term_event){ .key = 0 };
    if (term->mouse_count)
        return tell_mouse(term, ret_event);
    int kind = get_wch(&code);
    if (kind == ERR)
        return nothing_or_end();
    if (kind == OK) {
        ret_event->key = code == 0x7F || code == '\b' ? KEY_CODE_BACKSPACE
            : code == '\n' ? KEY_CODE_ENTER : (uint32_t)code;
        return TERM_KEY;
    }
    if (code == KEY_MOUSE)
        return read_mouse(term, ret_event);
    for (size_t i = 0; i < sizeof special_keys / sizeof *special_keys; i++)
        if (special_keys[i].curses == (int)code)
            ret_event->key = special_keys[i].key;
    return TERM_KEY;
}
