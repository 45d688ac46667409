/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/follow.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cmd/output.h"
#include "cmd/progress.h"
#include "cmd/report.h"
#include "model/run.h"

enum {
    BEST_TRIALS = 5, /* shown at the end */
    PLAIN_SECONDS = 5, /* between two lines where there is no terminal */
    REFRESH_SECONDS = 2, /* without a notification, the run is asked for */
};
static const double redraw_seconds = 0.2;

struct follow {
    struct cmd_line *line;
    int64_t run;
    json_t *object; /* owned; the newest run object */
    bool terminal; /* standard error is one */
    bool drawn; /* a progress line stands there now */
    int interrupts; /* that were acted on */
    int64_t heard_ns, told_ns;
};

static volatile sig_atomic_t interrupts;

static void
on_interrupt(int signal_number)
{
    (void)signal_number;
    /* the second one must work whatever the program waits for */
    if (interrupts++ > 0) {
        if (write(STDERR_FILENO, "\n", 1) < 0)
            _exit(CMD_FAILED);
        _exit(CMD_CANCELLED);
    }
}

static void
watch_interrupts(struct sigaction *ret_old)
{
    struct sigaction action = { .sa_handler = on_interrupt };
    sigemptyset(&action.sa_mask);
    interrupts = 0;
    sigaction(SIGINT, NULL, ret_old);
    /* a shell starts background jobs with SIGINT ignored: leave it so */
    if (ret_old->sa_handler != SIG_IGN)
        sigaction(SIGINT, &action, NULL);
}

static bool
has_ended(const json_t *run)
{
    int state = run_state_parse(json_get_string(run, "state", ""));
    return state >= 0 && run_state_ended((enum run_state)state);
}

static void
take_object(struct follow *f, json_t *object)
{
    if (json_get_int(object, "run", 0) != f->run)
        return;
    json_incref(object);
    json_decref(f->object);
    f->object = object;
    f->heard_ns = clock_mono_ns();
}

static void
on_notification(void *context, const char *method, const json_t *params)
{
    if (!strcmp(method, "run"))
        take_object(context, (json_t *)(uintptr_t)params);
}

static const struct client_events events = { .notification = on_notification };

static int
refresh(struct follow *f, struct diag *diag)
{
    json_t *object;
    int r = client_call(f->line->client, "run.show",
        json_pack("{s:I}", "run", (json_int_t)f->run), REFRESH_SECONDS * 10, &object, diag);
    if (r < 0)
        return r;
    json_object_del(object, "file_text");
    take_object(f, object);
    json_decref(object);
    f->heard_ns = clock_mono_ns();
    return 0;
}

static void
clear_progress(struct follow *f)
{
    if (f->drawn)
        fputs("\r\033[K", stderr);
    f->drawn = false;
}

static void
show_progress(struct follow *f)
{
    struct str text;
    int64_t now = clock_mono_ns();
    str_init(&text);
    if (f->terminal) {
        /* the last column is left free: some terminals wrap there */
        progress_line(f->object, output_width(stderr) - 1, output_utf8(), &text);
        fprintf(stderr, "\r%s\033[K", text.data);
        fflush(stderr);
        f->drawn = true;
    } else if (!f->told_ns || now - f->told_ns >= PLAIN_SECONDS * NS_PER_SEC) {
        progress_plain(f->object, &text);
        cmd_error("%s", text.data);
        f->told_ns = now;
    }
    str_release(&text);
}

static int
act_on_interrupt(struct follow *f, struct diag *diag)
{
    if (f->interrupts || !interrupts)
        return 0;
    f->interrupts = 1;
    clear_progress(f);
    cmd_error("cancelling run %jd; Ctrl-C again leaves that to the server", (intmax_t)f->run);
    json_t *object;
    int r = client_call(f->line->client, "run.cancel",
        json_pack("{s:I}", "run", (json_int_t)f->run), REFRESH_SECONDS * 10, &object, diag);
    if (r == ERR_BAD_STATE) /* it has ended meanwhile */
        return refresh(f, diag);
    if (r < 0)
        return r;
    take_object(f, object);
    json_decref(object);
    return 0;
}

/* Until the run has ended; ERR_CLOSED and the like when the server goes. */
static int
follow_loop(struct follow *f, bool until_pause, struct diag *diag)
{
    json_t *nothing;
    int r = client_call(f->line->client, "watch",
        json_pack("{s:[s], s:I}", "topics", "runs", "run", (json_int_t)f->run),
        REFRESH_SECONDS * 10, &nothing, diag);
    if (r < 0)
        return r;
    json_decref(nothing);
    /* what happened before the watch began was not told */
    r = refresh(f, diag);
    while (r >= 0 && !has_ended(f->object)) {
        if (until_pause && !strcmp(json_get_string(f->object, "state", ""), "paused"))
            break;
        r = act_on_interrupt(f, diag);
        if (r < 0)
            break;
        if (!until_pause)
            show_progress(f);
        r = client_wait(f->line->client, redraw_seconds, &events, f, diag);
        if (r == 0 && clock_mono_ns() - f->heard_ns >= REFRESH_SECONDS * NS_PER_SEC)
            r = refresh(f, diag);
    }
    clear_progress(f);
    return r;
}

static int
print_result(struct follow *f)
{
    if (cmd_flag(f->line, "json")) {
        output_json(f->object);
        return 0;
    }
    struct str text;
    json_t *top;
    str_init(&text);
    report_run_line(f->object, &text);
    output_text(stdout, PAINT_STRONG, text.data);
    putchar('\n');
    str_release(&text);
    int status = cmd_ask(f->line, "run.top",
        json_pack("{s:I, s:i}", "run", (json_int_t)f->run, "count", BEST_TRIALS), &top);
    if (status)
        return status;
    if (json_array_size(json_object_get(top, "trials")))
        report_top(top, stdout);
    json_decref(top);
    return 0;
}

static int
final_status(const struct follow *f)
{
    int state = run_state_parse(json_get_string(f->object, "state", ""));
    if (state == RUN_DONE)
        return CMD_FINE;
    if (state == RUN_CANCELLED && f->interrupts)
        return CMD_CANCELLED;
    return CMD_FAILED;
}

int
follow_run(struct cmd_line *line, const json_t *run)
{
    struct follow f = {
        .line = line,
        .run = json_get_int(run, "run", 0),
        .object = json_incref((json_t *)(uintptr_t)run),
        .terminal = isatty(STDERR_FILENO) && output_width(stderr) > 1,
    };
    struct sigaction old;
    struct diag diag = { 0 };
    int status;
    watch_interrupts(&old);
    int r = follow_loop(&f, false, &diag);
    if (r < 0) {
        cmd_error("run %jd: %s; what was counted is kept: `optop resume %jd' goes on",
            (intmax_t)f.run, diag.text[0] ? diag.text : err_text(r), (intmax_t)f.run);
        status = CMD_FAILED;
    } else {
        status = print_result(&f);
        if (!status)
            status = final_status(&f);
    }
    sigaction(SIGINT, &old, NULL);
    json_decref(f.object);
    return status;
}

int
follow_until_still(struct cmd_line *line, int64_t run, json_t **ret_run)
{
    struct follow f = { .line = line, .run = run, .object = json_null() };
    struct diag diag = { 0 };
    int r = follow_loop(&f, true, &diag);
    if (r < 0) {
        if (!diag.text[0])
            diag_set(&diag, r, "%s", err_text(r));
        json_decref(f.object);
        return cmd_fail(&diag);
    }
    *ret_run = f.object;
    return 0;
}
