/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vterm.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"

/* Answers of the terminal (cursor position, device attributes) go back. */
static void
on_output(const char *bytes, size_t len, void *context)
{
    struct terminal *terminal = context;
    if (terminal->fd >= 0 && write(terminal->fd, bytes, len) < 0)
        return;
}

void
terminal_open(struct terminal *terminal, char *const argv[], char *const environment[], int rows,
    int columns)
{
    struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns };
    *terminal = (struct terminal){ .rows = rows, .columns = columns };
    terminal->pid = forkpty(&terminal->fd, NULL, NULL, &size);
    if (terminal->pid < 0)
        abort();
    if (terminal->pid == 0) {
        execve(argv[0], argv, environment ? environment : environ);
        _exit(127);
    }
    fcntl(terminal->fd, F_SETFD, FD_CLOEXEC);
    terminal->vterm = vterm_new(rows, columns);
    vterm_set_utf8(terminal->vterm, 1);
    vterm_output_set_callback(terminal->vterm, on_output, terminal);
    terminal->screen = vterm_obtain_screen(terminal->vterm);
    vterm_screen_enable_altscreen(terminal->screen, 1);
    vterm_screen_reset(terminal->screen, 1);
}

void
terminal_close(struct terminal *terminal)
{
    if (terminal->fd >= 0)
        close(terminal->fd);
    if (terminal->pid > 0) {
        kill(terminal->pid, SIGKILL);
        waitpid(terminal->pid, NULL, 0);
    }
    vterm_free(terminal->vterm);
    free(terminal->text);
}

bool
terminal_pump(struct terminal *terminal, double seconds)
{
    char bytes[16384];
    struct pollfd p = { .fd = terminal->fd, .events = POLLIN };
    if (terminal->fd < 0 || poll(&p, 1, (int)(seconds * 1000)) <= 0)
        return false;
    ssize_t n = read(terminal->fd, bytes, sizeof bytes);
    if (n <= 0) { /* EIO: the last descriptor of the other side is closed */
        close(terminal->fd);
        terminal->fd = -1;
        return false;
    }
    terminal->bytes += (uint64_t)n;
    if (!terminal->blind)
        vterm_input_write(terminal->vterm, bytes, (size_t)n);
    return true;
}

const char *
terminal_text(struct terminal *terminal)
{
    size_t capacity = (size_t)terminal->rows * ((size_t)terminal->columns * 24 + 1) + 1, len = 0;
    free(terminal->text);
    terminal->text = xcalloc(1, capacity);
    for (int row = 0; row < terminal->rows; row++) {
        size_t last = len;
        for (int column = 0; column < terminal->columns; column++) {
            VTermScreenCell cell;
            VTermPos at = { row, column };
            vterm_screen_get_cell(terminal->screen, at, &cell);
            if (cell.chars[0] == (uint32_t)-1)
                continue; /* right half of a wide character */
            if (!cell.chars[0])
                cell.chars[0] = ' ';
            for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++)
                len += (size_t)text_encode(cell.chars[i], terminal->text + len);
            if (cell.chars[0] != ' ')
                last = len;
        }
        len = last;
        terminal->text[len++] = '\n';
    }
    terminal->text[len] = '\0';
    return terminal->text;
}

static bool
wait_until(struct terminal *terminal, const char *text, bool there, double seconds)
{
    int64_t deadline = clock_mono_ns() + sec_to_ns(seconds);
    for (;;) {
        if ((strstr(terminal_text(terminal), text) != NULL) == there)
            return true;
        int64_t left = deadline - clock_mono_ns();
        if (left <= 0 || terminal->fd < 0)
            return false;
        terminal_pump(terminal, left < NS_PER_SEC / 5 ? ns_to_sec(left) : 0.2);
    }
}

bool
terminal_wait(struct terminal *terminal, const char *text, double seconds)
{
    return wait_until(terminal, text, true, seconds);
}

bool
terminal_wait_gone(struct terminal *terminal, const char *text, double seconds)
{
    return wait_until(terminal, text, false, seconds);
}

int
terminal_wait_exit(struct terminal *terminal, double seconds)
{
    int64_t deadline = clock_mono_ns() + sec_to_ns(seconds);
    while (clock_mono_ns() < deadline) {
        int status;
        if (waitpid(terminal->pid, &status, WNOHANG) == terminal->pid) {
            terminal->pid = -1;
            while (terminal_pump(terminal, 0))
                ;
            return status;
        }
        if (terminal->fd >= 0)
            terminal_pump(terminal, 0.02);
        else
            usleep(5000);
    }
    return -1;
}

void
terminal_send(struct terminal *terminal, const char *keys)
{
    size_t len = strlen(keys);
    while (len && terminal->fd >= 0) {
        ssize_t n = write(terminal->fd, keys, len);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return;
        if (n > 0) {
            keys += n;
            len -= (size_t)n;
        }
    }
}

void
terminal_resize(struct terminal *terminal, int rows, int columns)
{
    struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns };
    terminal->rows = rows;
    terminal->columns = columns;
    if (!terminal->blind)
        vterm_set_size(terminal->vterm, rows, columns);
    ioctl(terminal->fd, TIOCSWINSZ, &size);
}

int
terminal_ground(struct terminal *terminal, int row, int column)
{
    VTermScreenCell cell;
    vterm_screen_get_cell(terminal->screen, (VTermPos){ row, column }, &cell);
    if (!VTERM_COLOR_IS_RGB(&cell.bg) || VTERM_COLOR_IS_DEFAULT_BG(&cell.bg))
        return -1;
    return cell.bg.rgb.red << 16 | cell.bg.rgb.green << 8 | cell.bg.rgb.blue;
}
