/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Binds a screen to the terminal, to the server and to a loop. Everything that
 * comes in marks the screen; it is drawn once at the end of a loop turn.
 * Nothing here ticks: the server's ticks are the clock.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "ui/editor.h"
#include "ui/export.h"
#include "ui/screen.h"

enum {
    RESIZE_PAUSE_MS = 50, /* between two drawings while the size keeps changing */
    FIRST_WAIT_MS = 100, /* for the first status, before figures are shown as unknown */
    RETRY_FIRST_MS = 250,
    RETRY_LONGEST_MS = 5000,
    END_WAIT_MS = 3000,
};

struct console {
    struct screen *screen;
    struct term *term;
    struct canvas canvas;
    struct loop *loop;
    struct client *client; /* NULL while there is no server */
    const struct screen_options *options;
    struct screen_host host;
    struct client_events events;
    struct loop_fd *input;
    struct loop_turn *turn;
    struct loop_timer *first; /* runs until the first picture may be drawn */
    struct loop_timer *resize; /* the pause after a drawing in a new size */
    struct loop_timer *retry;
    struct loop_signal *stop_signal;
    struct loop_signal *signals[5];
    int64_t retry_ms;
    struct theme theme;
    char theme_name[THEME_NAME_MAX]; /* of the last that was asked for */
    int working; /* what dialogs have asked for on threads */
    bool size_changed;
    bool lost; /* the client said that its connection ended; closed at the turn's end */
    char lost_text[DIAG_TEXT_MAX];
};

static void start_client(struct console *console);

/* What the screen asks for. */

static int
host_request(void *context, const char *method, json_t *params, client_answer_fn *fn,
    void *fn_context)
{
    struct console *console = context;
    if (!console->client || console->lost) {
        json_decref(params);
        return ERR_CLOSED;
    }
    return client_request(console->client, method, params, fn, fn_context);
}

static void
host_quit(void *context)
{
    struct console *console = context;
    loop_stop(console->loop);
}

static void
host_redraw(void *context)
{
    struct console *console = context;
    term_forget(console->term);
    screen_touch(console->screen);
}

static int
host_edit(void *context, const char *path, struct diag *diag)
{
    struct console *console = context;
    term_leave(console->term);
    int r = editor_run(path, diag);
    term_enter(console->term);
    console->size_changed = true;
    screen_touch(console->screen);
    return r;
}

static void
host_copy(void *context, const char *text)
{
    struct console *console = context;
    const char *name = getenv("TERM");
    bool tmux = getenv("TMUX") != NULL;
    struct str bytes;
    str_init(&bytes);
    export_clipboard(text, tmux, !tmux && name && str_starts(name, "screen"), &bytes);
    term_send(console->term, &bytes);
    str_release(&bytes);
}

static int
take_theme(struct console *console, const char *name, struct diag *diag)
{
    int r = theme_load(console->options->themes, name, &console->theme, diag);
    if (r == 0)
        term_set_theme(console->term, &console->theme);
    return r;
}

/* A theme at fault is told of and counts as seen: the next key goes on behind it. */
static int
host_theme(void *context, const char *name, char *ret_name, struct diag *diag)
{
    struct console *console = context;
    char names[THEMES_MAX][THEME_NAME_MAX];
    int count = theme_names(console->options->themes, names), next = 0;
    for (int i = 0; !name && i < count; i++)
        if (str_equal(names[i], console->theme_name))
            next = (i + 1) % count;
    str_copy(console->theme_name, sizeof console->theme_name, name ? name : names[next]);
    str_copy(ret_name, THEME_NAME_MAX, console->theme_name);
    screen_touch(console->screen);
    return take_theme(console, console->theme_name, diag);
}

struct console_work {
    struct console *console;
    loop_fn *work, *done;
    void *arg;
};

static void
on_work(void *context)
{
    struct console_work *work = context;
    work->work(work->arg);
}

static void
on_worked(void *context)
{
    struct console_work *work = context;
    struct console *console = work->console;
    work->done(work->arg);
    free(work);
    console->working--;
    if (console->screen)
        screen_worked(console->screen);
    else if (!console->working)
        loop_stop(console->loop);
}

static void
host_work(void *context, const char *name, loop_fn *fn, loop_fn *done, void *arg)
{
    struct console *console = context;
    struct console_work *work = XNEW(struct console_work);
    *work = (struct console_work){ console, fn, done, arg };
    console->working++;
    loop_work(console->loop, name, on_work, on_worked, work);
}

/* The server. */

static void
on_notification(void *context, const char *method, const json_t *params)
{
    struct console *console = context;
    screen_notification(console->screen, method, params);
}

/* The client must not be closed from its own callback. */
static void
on_closed(void *context, const struct diag *diag)
{
    struct console *console = context;
    console->lost = true;
    str_copy(console->lost_text, sizeof console->lost_text,
        diag && *diag->text ? diag->text : "connection closed");
}

static void
on_retry(void *context)
{
    struct console *console = context;
    struct diag diag = { .code = 0 };
    loop_timer_stop(console->retry);
    console->retry = NULL;
    struct client *client = NULL;
    if (console->options->reopen(console->options->reopen_context, &client, &diag) < 0) {
        console->lost = true;
        str_copy(console->lost_text, sizeof console->lost_text, diag.text);
        return;
    }
    console->client = client;
    start_client(console);
}

static void
drop_client(struct console *console)
{
    char text[DIAG_TEXT_MAX + 64];
    console->lost = false;
    client_close(console->client);
    console->client = NULL;
    snprintf(text, sizeof text, "%s; %s", console->lost_text,
        console->options->reopen ? "trying again" : "leave with q");
    screen_disconnected(console->screen, text);
    if (!console->options->reopen || console->retry)
        return;
    console->retry = loop_timer_start(console->loop, console->retry_ms * NS_PER_MS, 0, on_retry,
        console);
    console->retry_ms *= 2;
    if (console->retry_ms > RETRY_LONGEST_MS)
        console->retry_ms = RETRY_LONGEST_MS;
}

static void
start_client(struct console *console)
{
    int r = client_attach(console->client, console->loop, &console->events, console);
    if (r < 0) {
        console->lost = true;
        str_copy(console->lost_text, sizeof console->lost_text, err_text(r));
        return;
    }
    screen_connected(console->screen);
}

/* The terminal. */

static void
on_input(void *context, int fd, unsigned events)
{
    struct console *console = context;
    (void)fd, (void)events;
    for (;;) {
        struct term_event event;
        switch (term_read(console->term, &event)) {
        case TERM_NOTHING:
            return;
        case TERM_END:
            loop_fd_change(console->input, 0);
            loop_stop(console->loop);
            return;
        case TERM_KEY:
            if (event.key)
                screen_key(console->screen, event.key);
            break;
        case TERM_CLICK:
            screen_mouse(console->screen, event.x, event.y, SCREEN_CLICK);
            break;
        case TERM_RELEASE:
            screen_mouse(console->screen, event.x, event.y, SCREEN_RELEASE);
            break;
        case TERM_WHEEL_UP:
            screen_mouse(console->screen, event.x, event.y, SCREEN_WHEEL_UP);
            break;
        case TERM_WHEEL_DOWN:
            screen_mouse(console->screen, event.x, event.y, SCREEN_WHEEL_DOWN);
            break;
        }
    }
}

static void
on_resize_pause(void *context)
{
    struct console *console = context;
    loop_timer_stop(console->resize);
    console->resize = NULL;
}

static void
on_first_wait(void *context)
{
    struct console *console = context;
    loop_timer_stop(console->first);
    console->first = NULL;
}

/* A new size is drawn at once, then not again for a pause: a window that is
 * dragged costs twenty pictures a second, not hundreds. */
static bool
settle_size(struct console *console)
{
    if (!console->size_changed)
        return true;
    if (console->resize)
        return false;
    int columns, rows;
    term_size(console->term, &columns, &rows);
    console->size_changed = false;
    if (columns == console->canvas.columns && rows == console->canvas.rows)
        return true;
    canvas_resize(&console->canvas, columns, rows);
    console->resize = loop_timer_start(console->loop, RESIZE_PAUSE_MS * NS_PER_MS, 0,
        on_resize_pause, console);
    screen_touch(console->screen);
    return true;
}

static void
on_turn_end(void *context)
{
    struct console *console = context;
    if (console->lost)
        drop_client(console);
    if (screen_ready(console->screen)) {
        console->retry_ms = RETRY_FIRST_MS;
        if (console->first)
            on_first_wait(console);
    }
    if (console->first || !settle_size(console) || !screen_dirty(console->screen))
        return;
    screen_draw(console->screen, &console->canvas);
    term_draw(console->term, &console->canvas);
}

/* Signals. */

static void
on_quit_signal(void *context, int signal_number)
{
    struct console *console = context;
    (void)signal_number;
    loop_stop(console->loop);
}

static void
on_size_signal(void *context, int signal_number)
{
    struct console *console = context;
    (void)signal_number;
    console->size_changed = true;
}

/* The default action stops the process; it goes on here after SIGCONT. */
static void
on_stop_signal(void *context, int signal_number)
{
    struct console *console = context;
    term_leave(console->term);
    loop_signal_stop(console->stop_signal);
    raise(signal_number);
    console->stop_signal = loop_signal_start(console->loop, SIGTSTP, on_stop_signal, console);
    term_enter(console->term);
    console->size_changed = true;
    screen_touch(console->screen);
}

static void
on_continue_signal(void *context, int signal_number)
{
    struct console *console = context;
    (void)signal_number;
    term_enter(console->term);
    console->size_changed = true;
    screen_touch(console->screen);
}

static void
start_signals(struct console *console)
{
    console->signals[0] = loop_signal_start(console->loop, SIGTERM, on_quit_signal, console);
    console->signals[1] = loop_signal_start(console->loop, SIGINT, on_quit_signal, console);
    console->signals[2] = loop_signal_start(console->loop, SIGHUP, on_quit_signal, console);
    console->signals[3] = loop_signal_start(console->loop, SIGWINCH, on_size_signal, console);
    console->signals[4] = loop_signal_start(console->loop, SIGCONT, on_continue_signal, console);
    console->stop_signal = loop_signal_start(console->loop, SIGTSTP, on_stop_signal, console);
}

static void
on_end_wait(void *context)
{
    struct console *console = context;
    loop_stop(console->loop);
}

/* A file that is being written is finished; for a folder that cannot be reached nobody waits. */
static void
wait_for_work(struct console *console)
{
    struct loop_timer *end = console->working
        ? loop_timer_start(console->loop, END_WAIT_MS * NS_PER_MS, 0, on_end_wait, console) : NULL;
    if (console->working)
        loop_run(console->loop);
    loop_timer_stop(end);
    if (console->working)
        _exit(0);
}

static void
stop_everything(struct console *console)
{
    for (int i = 0; i < 5; i++)
        loop_signal_stop(console->signals[i]);
    loop_signal_stop(console->stop_signal);
    loop_timer_stop(console->first);
    loop_timer_stop(console->resize);
    loop_timer_stop(console->retry);
    loop_fd_stop(console->input);
    loop_turn_stop(console->turn);
    client_close(console->client);
    screen_free(console->screen);
    console->screen = NULL;
    canvas_release(&console->canvas);
    wait_for_work(console);
    loop_free(console->loop);
}

int
screen_run(const struct screen_options *options)
{
    struct diag diag = { .code = 0 };
    struct console console = { .options = options, .client = options->client,
        .retry_ms = RETRY_FIRST_MS, .size_changed = true };
    struct diag fault = { .code = 0 }; /* of the theme: told on the screen, which has the default then */
    str_copy(console.theme_name, sizeof console.theme_name, options->theme ? options->theme : "default");
    if (theme_load(options->themes, console.theme_name, &console.theme, &fault) < 0)
        theme_default(&console.theme);
    struct term_options term_options = { &console.theme, options->charset };
    int r = term_open(&term_options, &console.term, &diag);
    if (r < 0) {
        client_close(options->client);
        fprintf(stderr, "optop: %s\n", diag.text);
        return r;
    }
    console.host = (struct screen_host){ &console, host_request, host_quit, host_redraw, host_edit, host_copy, host_theme,
        host_work };
    console.events = (struct client_events){ on_notification, on_closed };
    canvas_init(&console.canvas);
    console.canvas.ascii = term_ascii(console.term);
    console.loop = loop_new();
    console.screen = screen_new(&console.host, options->folders);
    screen_set_layouts(console.screen, options->layouts, options->layout_count, options->layout);
    if (fault.code)
        screen_fault(console.screen, &fault);
    start_signals(&console);
    r = loop_fd_start(console.loop, term_fd(console.term), LOOP_READ, on_input, &console,
        &console.input);
    if (r >= 0) {
        console.turn = loop_turn_start(console.loop, on_turn_end, &console);
        console.first = loop_timer_start(console.loop, FIRST_WAIT_MS * NS_PER_MS, 0, on_first_wait,
            &console);
        start_client(&console);
        loop_run(console.loop);
    }
    term_close(console.term);
    if (r < 0)
        fprintf(stderr, "optop: cannot watch the terminal: %s\n", err_text(r));
    stop_everything(&console);
    return r < 0 ? r : 0;
}
