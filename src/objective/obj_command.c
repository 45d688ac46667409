/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The command objective: a program is run, its output and its costs are the
 * score.
 *
 * The worker keeps the write ends of the pipes open until the processes are gone
 * (crowd.h): so the end of a pipe never wakes it, and what a straggler holds open
 * never holds up the trial.
 *
 * The peak memory that the kernel reports begins at the worker's own peak: a
 * program takes it over at exec from the process that started it.
 */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "io/capture.h"
#include "objective/arguments.h"
#include "objective/crowd.h"
#include "objective/objective.h"
#include "objective/score.h"
#include "objective/setting.h"
#include "objective/workplace.h"
#include "task/child.h"

enum {
    PATH_BYTES_MAX = 4096,
    PIPE_BYTES = 256 * 1024, /* asked for once a trial turns out to print much */
    DRAIN_MAX = 2 * 1024 * 1024, /* more than a pipe can hold */
    SHORTAGE_SECONDS = 60, /* that a trial waits for a process to be had */
    SHORTAGE_PAUSE_MS = 100, /* between two tries */
};

#define CANCELLED "cancelled by its user"

enum phase {
    PHASE_RUNNING,
    PHASE_ENDING, /* TERM was sent; KILL at kill_ns */
    PHASE_SWEEP, /* KILL to whoever is left */
};

struct stream {
    int read_fd, write_fd;
    bool grown; /* the pipe was made larger */
};

struct command {
    struct objective base;
    struct arguments arguments;
    struct setting setting;
    struct workplace workplace;
    struct capture *capture; /* NULL: none */
    enum run_keep keep_output;
    struct score score;
    struct exit_codes success; /* exit statuses of a trial that is done */
    char program[PATH_BYTES_MAX]; /* "" until found */
    bool varying_program; /* argv[0] or PATH has a dimension in it */
    double trial_seconds, grace_seconds;
    struct crowd crowd;

    /* The trial */
    struct stream out, err;
    const char *const *values; /* its point, borrowed until finish */
    int start_error; /* -errno; 0: it started */
    bool started_program; /* start_error is the program's, not its setting's */
    enum phase phase;
    bool timed_out, ordered, dropped; /* why it is being ended */
    int64_t started_ns, deadline_ns, kill_ns; /* 0: none */
    int64_t held_since_ns, held_ns; /* it is stopped since then (0: not), and was so long before */
    struct str log;
    struct captured output; /* of the last one that has ended */
};

/* Opening. */

static int
read_score(struct command *command, const json_t *init, struct diag *diag)
{
    const char *name = json_get_string(init, "score", "");
    for (int kind = SCORE_STDOUT; kind <= SCORE_JSON; kind++)
        if (!strcmp(score_kind_name((enum score_kind)kind), name))
            return score_init(&command->score, (enum score_kind)kind,
                json_get_string(init, "field", ""));
    return diag_set(diag, ERR_NOT_FOUND, "no such score: %.40s", name);
}

/* Without a list the one code that always meant success. */
static void
read_success(struct command *command, const json_t *init)
{
    const json_t *codes = json_object_get(init, "success_codes");
    for (size_t i = 0; i < json_array_size(codes); i++)
        exit_codes_add(&command->success, json_integer_value(json_array_get(codes, i)));
    if (!json_array_size(codes))
        exit_codes_add(&command->success, 0);
}

/* Without the memory nothing is captured; that costs no trial. */
static void
open_capture(struct command *command, const json_t *init)
{
    const char *keep = json_get_string(init, "output", NULL);
    if (!keep || capture_map(CAPTURE_FD, &command->capture) < 0)
        return;
    command->keep_output = !strcmp(keep, "all") ? RUN_KEEP_ALWAYS
        : !strcmp(keep, "failed")               ? RUN_KEEP_FAILED
                                                : RUN_KEEP_NEVER;
}

static void
command_close(struct objective *objective)
{
    struct command *command = (struct command *)objective;
    if (!command)
        return;
    crowd_close(&command->crowd);
    arguments_release(&command->arguments);
    setting_release(&command->setting);
    workplace_release(&command->workplace);
    capture_unmap(command->capture);
    captured_release(&command->output);
    score_release(&command->score);
    str_release(&command->log);
    free(command);
}

static int
command_open(const json_t *init, struct objective **ret_objective, struct diag *diag)
{
    struct command *command = XNEW(struct command);
    command->base.type = &objective_command;
    command->crowd.signal_fd = command->setting.in_fd = -1;
    command->crowd.adopts = strcmp(json_get_string(init, "cage", ""), "group") != 0;
    command->trial_seconds = json_get_number(init, "trial_seconds", 0);
    command->grace_seconds = json_get_number(init, "grace_seconds", 0);
    str_init(&command->log);
    captured_init(&command->output);
    read_success(command, init);
    open_capture(command, init);
    struct template_scope scope = { json_object_get(init, "names"),
        json_object_get(init, "parameters"), NULL };
    int r = arguments_init(&command->arguments, json_get_string(init, "command", ""), &scope, diag);
    scope.numbers = json_object_get(init, "numbers");
    if (r == 0)
        r = setting_init(&command->setting, init, &scope, diag);
    if (r == 0)
        r = workplace_init(&command->workplace, init, diag);
    if (r == 0)
        r = read_score(command, init, diag);
    if (r == 0)
        r = crowd_open(&command->crowd, diag);
    if (r < 0) {
        command_close(&command->base);
        return r;
    }
    command->varying_program = command->arguments.word[0].varies ||
        setting_varies(&command->setting, "PATH");
    *ret_objective = &command->base;
    return 0;
}

/* Starting. */

static void
close_stream(struct stream *stream)
{
    if (stream->read_fd >= 0)
        close(stream->read_fd);
    if (stream->write_fd >= 0)
        close(stream->write_fd);
    stream->read_fd = stream->write_fd = -1;
}

static int
open_stream(struct stream *stream)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) < 0)
        return -errno;
    *stream = (struct stream){ .read_fd = fds[0], .write_fd = fds[1] };
    fcntl(fds[0], F_SETFL, O_RDONLY | O_NONBLOCK);
    return 0;
}

/* Trials will be elsewhere. */
static int
make_absolute(char program[PATH_BYTES_MAX])
{
    char directory[PATH_BYTES_MAX], path[PATH_BYTES_MAX];
    if (program[0] == '/')
        return 0;
    if (!getcwd(directory, sizeof directory))
        return -errno;
    int n = snprintf(path, sizeof path, "%s/%s", directory, program);
    if (n < 0 || (size_t)n >= sizeof path)
        return -ENAMETOOLONG;
    memcpy(program, path, (size_t)n + 1);
    return 0;
}

static int
find_program(struct command *command)
{
    if (command->program[0] && !command->varying_program)
        return 0;
    int r = child_find_program(command->arguments.argv[0],
        setting_getenv(&command->setting, "PATH"), command->program, sizeof command->program);
    if (r == 0 && command->workplace.used)
        r = make_absolute(command->program);
    if (r < 0)
        command->program[0] = '\0';
    return r;
}

static int
start_process(struct command *command, const char *const *values)
{
    command->started_program = false;
    int r = setting_make(&command->setting, values);
    if (r < 0 || (r = open_stream(&command->out)) < 0 || (r = open_stream(&command->err)) < 0)
        return r;
    command->started_program = true;
    r = find_program(command);
    if (r < 0)
        return r;
    command->started_program = false;
    r = workplace_enter(&command->workplace, command->base.trial, command->base.attempt);
    if (r < 0)
        return r;
    command->started_program = true;
    const struct child_options options = {
        .path = command->program, .argv = command->arguments.argv,
        .environment = command->setting.environment,
        .in = command->setting.in_fd, .out = command->out.write_fd, .err = command->err.write_fd, .control = -1,
    };
    r = child_spawn(&options, &command->crowd.pid);
    workplace_leave(&command->workplace);
    return r;
}

/* What it is stopped for does not count. */
static void
set_deadline(struct command *command)
{
    bool counts = command->phase == PHASE_RUNNING && !command->held_since_ns;
    command->deadline_ns = counts && command->trial_seconds > 0
        ? command->started_ns + command->held_ns + sec_to_ns(command->trial_seconds) : 0;
}

static void
try_start(struct command *command)
{
    command->out = command->err = (struct stream){ .read_fd = -1, .write_fd = -1 };
    command->started_ns = clock_mono_ns();
    command->held_ns = 0;
    command->start_error = start_process(command, command->values);
    setting_end(&command->setting);
    if (command->start_error < 0) {
        close_stream(&command->out);
        close_stream(&command->err);
    } else {
        set_deadline(command);
    }
}

static void
command_start(struct objective *objective, const char *const *values)
{
    struct command *command = (struct command *)objective;
    command->values = values;
    arguments_build(&command->arguments, values);
    score_reset(&command->score);
    str_clear(&command->log);
    if (command->capture)
        capture_begin(command->capture, objective->trial, objective->attempt);
    crowd_begin(&command->crowd);
    command->timed_out = command->ordered = command->dropped = false;
    command->phase = PHASE_RUNNING;
    command->deadline_ns = command->kill_ns = command->held_since_ns = command->held_ns = 0;
    try_start(command);
}

/* Of processes, descriptors or memory: it may be over soon, and is not the
 * trial's fault. */
static bool
is_shortage(int code)
{
    return code == -EAGAIN || code == -EMFILE || code == -ENFILE || code == -ENOMEM;
}

/* Tries again until it starts, or the shortage lasts too long, or its user
 * wants it to end; not while it is paused. False when someone outside wants it
 * ended meanwhile. */
static bool
await_start(struct command *command, struct objective_watch *watch)
{
    int64_t until = clock_mono_ns() + SHORTAGE_SECONDS * NS_PER_SEC;
    while (is_shortage(command->start_error) && !command->dropped &&
        (command->held_since_ns || clock_mono_ns() < until)) {
        struct pollfd fd = { .fd = watch->fd, .events = watch->events };
        if (poll(&fd, 1, SHORTAGE_PAUSE_MS) > 0 &&
            watch->ready(watch->context, fd.revents) != OBJECTIVE_GO_ON)
            return false;
        if (!command->held_since_ns && !command->dropped)
            try_start(command);
    }
    return true;
}

/* Reading. */

static void
keep_log(struct command *command, const char *bytes, size_t len)
{
    if (len >= TRIAL_LOG_MAX) {
        bytes += len - TRIAL_LOG_MAX;
        len = TRIAL_LOG_MAX;
    }
    if (command->log.len + len > TRIAL_LOG_MAX)
        str_consume(&command->log, command->log.len + len - TRIAL_LOG_MAX);
    str_append(&command->log, bytes, len);
}

/* Output that is there to be counted is nothing to look at. */
static void
capture_stream(struct command *command, const struct stream *stream, const char *bytes, size_t len)
{
    if (stream == &command->err)
        capture_add(command->capture, CAPTURE_ERR, bytes, len);
    else if (command->score.kind != SCORE_STDOUT_BYTES)
        capture_add(command->capture, CAPTURE_OUT, bytes, len);
}

/* One read; the bytes read, 0 when there is nothing. The score's buffer serves
 * standard error too: what it carries lies in front of the room. */
static size_t
read_stream(struct command *command, struct stream *stream)
{
    size_t room;
    char *buf = score_room(&command->score, &room);
    ssize_t n = read(stream->read_fd, buf, room);
    if (n <= 0)
        return 0;
    if (command->capture)
        capture_stream(command, stream, buf, (size_t)n);
    if (stream == &command->out)
        score_take(&command->score, (size_t)n);
    else
        keep_log(command, buf, (size_t)n);
    if (!stream->grown && n >= PIPE_BYTES / 4) {
        stream->grown = true;
        fcntl(stream->read_fd, F_SETPIPE_SZ, PIPE_BYTES); /* refused: as it was */
    }
    return (size_t)n;
}

static void
drain(struct command *command, struct stream *stream)
{
    for (size_t total = 0, n; total < DRAIN_MAX; total += n)
        if (!(n = read_stream(command, stream)))
            break;
}

/* Ending. */

static void
end_hold(struct command *command, int64_t now_ns)
{
    if (command->held_since_ns)
        command->held_ns += now_ns - command->held_since_ns;
    command->held_since_ns = 0;
}

/* TERM now, KILL later: to the processes, by their descent. */
static void
end_trial(struct command *command, double grace_seconds)
{
    if (command->phase != PHASE_RUNNING) {
        /* a cancel may shorten the grace of a time limit, not lengthen it */
        int64_t kill_ns = clock_mono_ns() + sec_to_ns(grace_seconds);
        if (kill_ns < command->kill_ns)
            command->kill_ns = kill_ns;
        return;
    }
    command->phase = PHASE_ENDING;
    command->deadline_ns = 0;
    command->kill_ns = clock_mono_ns() + sec_to_ns(grace_seconds);
    if (grace_seconds > 0)
        crowd_signal(SIGTERM);
    if (command->held_since_ns) /* who is stopped does not hear TERM */
        crowd_signal(SIGCONT);
    end_hold(command, clock_mono_ns());
}

static void
command_hold(struct objective *objective, bool hold)
{
    struct command *command = (struct command *)objective;
    if (command->phase != PHASE_RUNNING || command->crowd.main_ended || hold == (command->held_since_ns != 0))
        return;
    if (hold) {
        command->held_since_ns = clock_mono_ns();
        crowd_stop();
    } else {
        end_hold(command, clock_mono_ns());
        crowd_signal(SIGCONT);
    }
    set_deadline(command);
}

static void
command_drop(struct objective *objective, double grace_seconds)
{
    struct command *command = (struct command *)objective;
    if (command->crowd.main_ended && command->phase == PHASE_RUNNING)
        return; /* it has ended by itself a moment ago */
    command->dropped = true;
    end_trial(command, grace_seconds);
}

static void
command_limit(struct objective *objective, double trial_seconds, double grace_seconds)
{
    struct command *command = (struct command *)objective;
    command->trial_seconds = trial_seconds;
    command->grace_seconds = grace_seconds;
    set_deadline(command);
}

/* Waiting. */

static void
wait_for_something(struct command *command, struct objective_watch *watch)
{
    enum { SIGNALS, WATCH, OUT, ERR, COUNT };
    struct pollfd fds[COUNT] = {
        [SIGNALS] = { .fd = command->crowd.signal_fd, .events = POLLIN },
        [WATCH] = { .fd = watch->fd, .events = watch->events },
        [OUT] = { .fd = command->out.read_fd, .events = POLLIN },
        [ERR] = { .fd = command->err.read_fd, .events = POLLIN },
    };
    int64_t at = command->phase == PHASE_RUNNING ? command->deadline_ns : command->kill_ns;
    int64_t left = at ? at - clock_mono_ns() : 0;
    struct timespec timeout = { 0 };
    if (left > 0)
        timeout = (struct timespec){ left / NS_PER_SEC, left % NS_PER_SEC };
    if (command->crowd.reap_again)
        timeout = (struct timespec){ 0 };
    if (ppoll(fds, COUNT, at || command->crowd.reap_again ? &timeout : NULL, NULL) < 0)
        return;
    if (fds[OUT].revents)
        read_stream(command, &command->out);
    if (fds[ERR].revents)
        read_stream(command, &command->err);
    if (fds[SIGNALS].revents)
        crowd_hear(&command->crowd);
    else if (command->crowd.reap_again)
        crowd_reap(&command->crowd);
    if (fds[WATCH].revents) {
        enum objective_order order = watch->ready(watch->context, fds[WATCH].revents);
        if (order != OBJECTIVE_GO_ON) {
            command->ordered = true;
            end_trial(command, order == OBJECTIVE_ABORT ? 0 : watch->grace_seconds);
        }
    }
}

static void
wait_for_end(struct command *command, struct objective_watch *watch)
{
    while (!command->crowd.all_ended) {
        wait_for_something(command, watch);
        if (command->crowd.all_ended)
            break;
        if (command->phase == PHASE_RUNNING && command->crowd.main_ended)
            break; /* a trial's processes do not outlive its main one */
        int64_t now = command->deadline_ns || command->kill_ns ? clock_mono_ns() : 0;
        if (command->phase == PHASE_RUNNING && command->deadline_ns &&
            now >= command->deadline_ns) {
            command->timed_out = true;
            end_trial(command, command->grace_seconds);
        }
        if (command->phase == PHASE_ENDING && now >= command->kill_ns)
            break;
    }
    if (!command->crowd.all_ended) {
        command->phase = PHASE_SWEEP;
        crowd_sweep(&command->crowd);
    }
    drain(command, &command->out);
    drain(command, &command->err);
    close_stream(&command->out);
    close_stream(&command->err);
}

/* The result. */

static void
fail(struct trial_result *result, const char *reason, const char *detail)
{
    snprintf(result->reason, sizeof result->reason, "%s%s", reason, detail);
}

static void
judge(struct command *command, struct trial_result *result)
{
    char text[64];
    if (command->timed_out)
        fail(result, "time limit of ",
            unit_format_duration(command->trial_seconds, text, sizeof text));
    else if (command->dropped)
        fail(result, CANCELLED, "");
    else if (!command->crowd.all_ended)
        fail(result, "its processes could not be ended", "");
    else if (!WIFEXITED(command->crowd.status) ||
        !exit_codes_has(&command->success, WEXITSTATUS(command->crowd.status)))
        fail(result, child_status_text(command->crowd.status, text, sizeof text), "");
    else if (score_end(&command->score, result, &result->score, result->reason) == 0)
        result->state = TRIAL_DONE;
}

static void
measure(const struct command *command, struct trial_result *result)
{
    const struct timeval *user = &command->crowd.usage.ru_utime, *system = &command->crowd.usage.ru_stime;
    result->wall_seconds = ns_to_sec(command->crowd.ended_ns - command->started_ns - command->held_ns);
    result->cpu_seconds = (double)(user->tv_sec + system->tv_sec) +
        (double)(user->tv_usec + system->tv_usec) / 1e6;
    result->max_rss_bytes = (double)command->crowd.usage.ru_maxrss * 1024;
    result->stdout_bytes = (double)command->score.bytes;
    if (command->crowd.main_ended && WIFSIGNALED(command->crowd.status))
        result->signal_number = WTERMSIG(command->crowd.status);
    else if (command->crowd.main_ended)
        result->exit_code = WEXITSTATUS(command->crowd.status);
}

static void
keep_output(struct command *command, struct trial_result *result)
{
    if (!command->capture || command->keep_output == RUN_KEEP_NEVER ||
        (command->keep_output == RUN_KEEP_FAILED && result->state == TRIAL_DONE))
        return;
    capture_copy(command->capture, &command->output);
    if (!command->output.bytes)
        return;
    result->output = command->output.data.data;
    result->output_len = command->output.data.len;
    result->output_bytes = command->output.bytes;
}

static int
command_finish(struct objective *objective, struct objective_watch *watch,
    struct trial_result *result, const struct str **ret_log)
{
    struct command *command = (struct command *)objective;
    *result = (struct trial_result){
        .state = TRIAL_FAILED, .exit_code = -1, .score = (double)NAN,
        .wall_seconds = (double)NAN, .cpu_seconds = (double)NAN,
        .max_rss_bytes = (double)NAN, .stdout_bytes = (double)NAN,
    };
    *ret_log = &command->log;
    if (!await_start(command, watch))
        return ERR_CLOSED;
    if (command->start_error < 0) {
        char program[64];
        text_clean(command->started_program ? command->arguments.argv[0] : "a trial", program,
            sizeof program);
        if (command->dropped)
            fail(result, CANCELLED, "");
        else
            snprintf(result->reason, sizeof result->reason, "cannot start %s: %s", program,
                err_text(command->start_error));
        workplace_end(&command->workplace, WORKPLACE_GIVEN_UP);
        return 0;
    }
    wait_for_end(command, watch);
    if (command->ordered) {
        workplace_end(&command->workplace, WORKPLACE_GIVEN_UP);
        return ERR_CLOSED;
    }
    if (!command->crowd.ended_ns)
        command->crowd.ended_ns = clock_mono_ns();
    end_hold(command, command->crowd.ended_ns);
    measure(command, result);
    judge(command, result);
    result->kept_directory = workplace_end(&command->workplace,
        result->state == TRIAL_DONE ? WORKPLACE_DONE : WORKPLACE_FAILED);
    keep_output(command, result);
    if (command->score.metrics.len)
        result->metrics = command->score.metrics.data;
    return 0;
}

const struct objective_type_row objective_command = {
    .name = "command",
    .open = command_open,
    .start = command_start,
    .finish = command_finish,
    .hold = command_hold,
    .drop = command_drop,
    .limit = command_limit,
    .close = command_close,
};
