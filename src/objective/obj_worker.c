/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `worker`: a warm program in any language. It is started once, by each thread
 * that evaluates, gets a line for each trial and answers with one (answer.h);
 * up to `inflight` lines are under way.
 *
 * The program is nobody's friend: what it does wrong costs the trial that it has.
 * It is then ended with all it has started, and begun anew. When it had several,
 * nobody knows which of them it was at: they are given again one at a time, and
 * the one with which it goes wrong alone has failed.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "task/child.h"
#include "objective/answer.h"
#include "objective/arguments.h"
#include "objective/metric_names.h"
#include "objective/objective.h"
#include "objective/point_line.h"
#include "objective/program.h"
#include "objective/setting.h"

enum {
    UNSAID_MAX = 64 * 1024, /* no more lines are made while so much waits */
    IDLE_TALK_MAX = 1024 * 1024, /* bytes that are of no use, between two answers */
};

#define PATIENCE_SECONDS 1.0 /* for a program that has closed its output to end */
#define IDLE_GRACE_SECONDS 5.0 /* most that one gets at the end of the run */

enum point_state { WAITING, GIVEN, ENDED };

/* What one thread has. */
struct lane {
    struct worker_objective *owner;
    struct program program;
    int answers; /* since the program's start */
    size_t idle_talk;
    int64_t progress_ns; /* when the program last was given work while idle, or answered */
    int64_t last_first; /* trials of the evaluation before: they may be answered twice */
    int last_count;

    /* the present evaluation */
    struct batch *batch;
    unsigned char state[BATCH_POINTS_MAX];
    int given, ended; /* how many */
    int next; /* no point before it waits */
    int oldest; /* no point before it is given */
    int alone; /* so many from the first that has not ended on are given singly */
};

struct worker_objective {
    struct batch_objective base;
    struct arguments arguments;
    struct setting setting;
    char path[4096];
    struct programs programs;
    struct point_lines *lines;
    struct metric_names *metrics;
    int inflight;
    double trial_seconds, grace_seconds;
    atomic_bool stopped;
    struct lane *lane; /* owned; base.threads of them */
};

/* A trial's end. */

static void
move_oldest(struct lane *lane)
{
    while (lane->oldest < lane->batch->count && lane->state[lane->oldest] != GIVEN)
        lane->oldest++;
    if (lane->oldest < lane->batch->count)
        batch_begin(lane->batch, lane->oldest);
}

static void
end_point(struct lane *lane, int i)
{
    lane->given -= lane->state[i] == GIVEN;
    lane->state[i] = ENDED;
    lane->ended++;
    lane->alone -= lane->alone > 0;
    if (i == lane->oldest)
        move_oldest(lane);
}

static void
fail_point(struct lane *lane, int i, const char *reason)
{
    struct str *log = &lane->program.log;
    program_listen(&lane->program);
    batch_fail_log(lane->batch, i, reason, log->data, log->len);
    str_clear(log);
    end_point(lane, i);
}

/* The program. */

static int
start_program(struct lane *lane)
{
    int r = program_start(&lane->program);
    lane->answers = 0;
    lane->idle_talk = 0;
    lane->last_count = 0;
    return r;
}

static void
end_program(struct lane *lane, double grace_seconds, int *ret_status)
{
    program_end(&lane->program, grace_seconds, ret_status);
    for (int i = 0; lane->batch && i < lane->batch->count; i++)
        if (lane->state[i] == GIVEN)
            lane->state[i] = WAITING;
    lane->given = lane->next = 0;
}

/* It has done wrong, and is gone: that costs the trial it had. */
static void
charge(struct lane *lane, const char *reason)
{
    if (lane->given == 1)
        fail_point(lane, lane->oldest, reason);
    else if (lane->given)
        lane->alone = lane->given; /* they are the first that have not ended */
}

/* It has done wrong, and begins anew. */
static void
break_program(struct lane *lane, const char *reason)
{
    program_end(&lane->program, 0, NULL); /* the last of its log is read */
    charge(lane, reason);
    end_program(lane, 0, NULL);
}

/* Its output has ended. */
static void
hear_end(struct lane *lane)
{
    char text[64], reason[TRIAL_REASON_MAX];
    int status = -1, given = lane->given;
    program_end(&lane->program, PATIENCE_SECONDS, &status);
    /* one that ends well after each answer, or after some, is begun anew for the next */
    bool fair = !given || (status == 0 && lane->answers);
    if (!fair) {
        snprintf(reason, sizeof reason, status == -1 ? "the program closed its standard output"
                : "the program ended: %s", child_status_text(status, text, sizeof text));
        charge(lane, reason);
    }
    end_program(lane, 0, NULL);
}

/* Answers. */

static void
take_answer(struct lane *lane, const struct answer *answer, int i)
{
    struct batch *batch = lane->batch;
    if (answer->kind == ANSWER_REPORT)
        return;
    for (int m = 0; m < answer->metric_count; m++) {
        int at = metric_names_find(lane->owner->metrics, answer->metric[m].name,
            batch->add_metric, batch->context);
        if (at >= 0 && batch->metric[at])
            batch->metric[at][i] = answer->metric[m].value;
    }
    lane->answers += lane->answers < INT32_MAX;
    lane->idle_talk = 0;
    if (lane->owner->trial_seconds > 0)
        lane->progress_ns = clock_mono_ns();
    if (answer->kind == ANSWER_ERROR) {
        fail_point(lane, i, answer->error);
        return;
    }
    batch_done(batch, i, answer->score);
    end_point(lane, i);
}

/* Was it given the trial, but before, so that this is its second answer? */
static bool
is_old(const struct lane *lane, int64_t trial)
{
    int64_t i = trial - lane->batch->first_trial;
    return (trial >= lane->last_first && trial < lane->last_first + lane->last_count) ||
        (i >= 0 && i < lane->batch->count && lane->state[i] == ENDED);
}

/* One answer. False: the program is no longer there. */
static bool
hear_answer(struct lane *lane, const char *text, size_t len)
{
    struct answer answer;
    char reason[TRIAL_REASON_MAX];
    if (answer_read(text, len, &answer, reason) < 0) {
        break_program(lane, reason);
        return false;
    }
    int64_t i = answer.trial - lane->batch->first_trial;
    if (i >= 0 && i < lane->batch->count && lane->state[i] == GIVEN) {
        take_answer(lane, &answer, (int)i);
        return true;
    }
    if (is_old(lane, answer.trial)) {
        lane->idle_talk += len; /* the first one counts */
        return true;
    }
    snprintf(reason, sizeof reason, "the program answered trial %lld, which it does not have",
        (long long)answer.trial);
    break_program(lane, reason);
    return false;
}

/* One line, of any number of answers. False: the program is no longer there. */
static bool
hear_line(struct lane *lane, const char *text, size_t len)
{
    struct answer_line line = answer_line(text, len);
    bool there = true;
    if (len == 0 || line.ended)
        lane->idle_talk += len + 1;
    else
        while (there && (text = answer_line_next(&line, &len)))
            there = hear_answer(lane, text, len);
    return there;
}

static void
hear_lines(struct lane *lane)
{
    struct program *program = &lane->program;
    bool more = program_hear(program);
    const char *line;
    size_t len;
    while ((line = program_line(program, &len)))
        if (!hear_line(lane, line, len))
            return;
    if (program_rambles(program))
        break_program(lane, "the program's answer is longer than 64 KiB");
    else if (lane->idle_talk > IDLE_TALK_MAX)
        break_program(lane, "the program floods its output");
    else if (!more)
        hear_end(lane);
}

/* Giving. */

/* Fills up what is under way. */
static void
give(struct lane *lane)
{
    struct batch *batch = lane->batch;
    struct str *out = &lane->program.out;
    bool idle = !lane->given;
    int most = lane->alone ? 1 : lane->owner->inflight;
    while (lane->given < most && lane->next < batch->count &&
        out->len < UNSAID_MAX) {
        int i = lane->next++;
        if (lane->state[i] != WAITING)
            continue;
        point_lines_put(lane->owner->lines, out, batch->first_trial + i, batch_point(batch, i));
        lane->state[i] = GIVEN;
        lane->given++;
        if (lane->given == 1) {
            lane->oldest = i;
            batch_begin(batch, i);
        }
    }
    if (idle && lane->given && lane->owner->trial_seconds > 0)
        lane->progress_ns = clock_mono_ns();
    program_say(&lane->program);
}

/* When to lose patience; 0: never. */
static int64_t
deadline(struct lane *lane)
{
    if (lane->program.deaf_ns)
        return lane->program.deaf_ns + sec_to_ns(PATIENCE_SECONDS);
    double limit = lane->owner->trial_seconds;
    return limit > 0 ? lane->progress_ns + sec_to_ns(limit) : 0;
}

static void
await_answers(struct lane *lane)
{
    char text[32], reason[64];
    int news = program_wait(&lane->program, deadline(lane));
    if (news & PROGRAM_HEARD) {
        hear_lines(lane);
    } else if ((news & PROGRAM_LATE) && lane->program.deaf_ns) {
        break_program(lane, "the program closed its standard input");
    } else if (news & PROGRAM_LATE) {
        snprintf(reason, sizeof reason, "time limit of %s",
            unit_format_duration(lane->owner->trial_seconds, text, sizeof text));
        break_program(lane, reason);
    }
}

/* It may have ended, or said something, since the last evaluation: nobody's
 * fault yet. */
static void
look_before(struct lane *lane)
{
    while (lane->program.pid && program_wait(&lane->program, 1) & PROGRAM_HEARD)
        hear_lines(lane);
}

static void
begin(struct lane *lane, struct batch *batch)
{
    lane->batch = batch;
    memset(lane->state, WAITING, (size_t)batch->count);
    lane->given = lane->ended = lane->next = lane->oldest = lane->alone = 0;
}

static int
worker_evaluate(struct batch_objective *objective, struct batch *batch)
{
    struct worker_objective *worker = (struct worker_objective *)objective;
    struct lane *lane = &worker->lane[batch->thread];
    char reason[TRIAL_REASON_MAX], name[64];
    begin(lane, batch);
    look_before(lane);
    while (lane->ended < batch->count && !atomic_load(&worker->stopped)) {
        int r = lane->program.pid ? 0 : start_program(lane);
        if (r < 0) {
            while (lane->state[lane->next] != WAITING)
                lane->next++;
            batch_begin(batch, lane->next);
            snprintf(reason, sizeof reason, "cannot start %s: %s",
                text_clean(worker->arguments.argv[0], name, sizeof name), err_text(r));
            fail_point(lane, lane->next, reason);
            continue;
        }
        give(lane);
        await_answers(lane);
    }
    programs_reap(&worker->programs);
    lane->last_first = batch->first_trial;
    lane->last_count = batch->count;
    lane->batch = NULL;
    if (lane->ended == batch->count)
        return 0;
    return ERR_CLOSED;
}

/* Opening and closing. */

static void
worker_stop(struct batch_objective *objective)
{
    struct worker_objective *worker = (struct worker_objective *)objective;
    uint64_t one = 1;
    atomic_store(&worker->stopped, true);
    ssize_t n = write(worker->programs.stop_fd, &one, sizeof one);
    (void)n; /* full: it is readable already */
}

/* All get the time that one gets: their input ends first. */
static void
end_programs(struct worker_objective *worker)
{
    bool stopped = atomic_load(&worker->stopped);
    double grace = worker->grace_seconds;
    if (!stopped && grace > IDLE_GRACE_SECONDS)
        grace = IDLE_GRACE_SECONDS;
    int64_t until = clock_mono_ns() + sec_to_ns(grace);
    for (int i = 0; i < worker->base.threads; i++) {
        if (stopped)
            program_terminate(&worker->lane[i].program);
        program_hang_up(&worker->lane[i].program);
    }
    for (int i = 0; i < worker->base.threads; i++) {
        double left = ns_to_sec(until - clock_mono_ns());
        program_end(&worker->lane[i].program, left > 0 ? left : 0, NULL);
        program_release(&worker->lane[i].program);
    }
    programs_sweep(&worker->programs);
}

static void
worker_close(struct batch_objective *objective)
{
    struct worker_objective *worker = (struct worker_objective *)objective;
    if (!worker)
        return;
    if (worker->lane)
        end_programs(worker);
    free(worker->lane);
    if (worker->programs.stop_fd >= 0)
        close(worker->programs.stop_fd);
    pthread_mutex_destroy(&worker->programs.lock);
    metric_names_free(worker->metrics);
    point_lines_free(worker->lines);
    arguments_release(&worker->arguments);
    setting_release(&worker->setting);
    free(worker);
}

/* The words of the command, and the program among the directories of PATH: a
 * program that is not there fails the start of the run, not its trials. */
static int
open_command(struct worker_objective *worker, const struct batch_init *init, struct diag *diag)
{
    const json_t *object = init->init;
    char name[64];
    struct template_scope scope = { NULL, json_object_get(object, "parameters"), NULL };
    int r = arguments_init(&worker->arguments, json_get_string(object, "command", ""), &scope,
        diag);
    if (r == 0)
        r = setting_init(&worker->setting, object, &scope, diag);
    if (r < 0)
        return r;
    r = child_find_program(worker->arguments.argv[0], setting_getenv(&worker->setting, "PATH"),
        worker->path, sizeof worker->path);
    if (r == 0 && access(worker->path, X_OK) < 0)
        r = -errno;
    return r == 0 ? 0 : diag_set(diag, r, "cannot start %s: %s",
        text_clean(worker->arguments.argv[0], name, sizeof name), err_text(r));
}

static int
worker_open(const struct batch_init *init, struct batch_objective **ret_objective,
    struct diag *diag)
{
    struct worker_objective *worker = XNEW(struct worker_objective);
    worker->setting.in_fd = -1;
    worker->programs = (struct programs){ .path = worker->path,
        .adopts = strcmp(json_get_string(init->init, "cage", ""), "group") != 0,
        .stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
    pthread_mutex_init(&worker->programs.lock, NULL);
    int r = worker->programs.stop_fd >= 0 ? open_command(worker, init, diag)
        : diag_set(diag, -errno, "cannot open an event: %s", strerror(errno));
    if (r < 0) {
        worker_close(&worker->base);
        return r;
    }
    worker->programs.argv = worker->arguments.argv;
    worker->programs.environment = worker->setting.environment;
    worker->inflight = (int)init->spec->inflight;
    worker->trial_seconds = init->spec->trial_seconds;
    worker->grace_seconds = json_get_number(init->init, "grace_seconds", 0);
    worker->lines = point_lines_new(init->spec);
    worker->metrics = metric_names_new();
    worker->lane = xcalloc((size_t)init->threads, sizeof *worker->lane);
    for (int i = 0; i < init->threads; i++) {
        worker->lane[i].owner = worker;
        program_init(&worker->lane[i].program, &worker->programs);
    }
    worker->base = (struct batch_objective){ .type = objective_worker.batch,
        .threads = init->threads, .keeps_limit = true, .least_points = worker->inflight,
        .metrics = worker->metrics };
    *ret_objective = &worker->base;
    return 0;
}

static const struct batch_type_row worker_batch = {
    .open = worker_open,
    .evaluate = worker_evaluate,
    .stop = worker_stop,
    .close = worker_close,
};

const struct objective_type_row objective_worker = {
    .name = "worker",
    .batch = &worker_batch,
};
