/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A worker, a loop and what it told, for tests of src/exec. Every wait has a
 * bound. The program is $OPTOP_WORKER, else ./optop-worker.
 */
#ifndef OPTOP_TESTS_WORKER_RIG_H
#define OPTOP_TESTS_WORKER_RIG_H

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "exec/cage.h"
#include "exec/worker.h"
#include "task/child.h"
#include "io/loop.h"
#include "io/proctree.h"
#include "test.h"

enum { RIG_RESULTS_MAX = 64, RIG_WAIT_MS = 120000, RIG_LOST_MAX = 64 };

struct rig {
    struct loop *loop;
    struct loop_signal *children; /* SIGCHLD, as the server hears it */
    struct run_spec spec;
    struct cage *cage;
    struct worker *worker; /* NULL after its end */
    char mark[CAGE_MARK_MAX];
    char directory[4096];
    char *environment[8];
    const char *program;

    int started, returned, exited;
    int result_count;
    struct trial_result result[RIG_RESULTS_MAX]; /* logs and metrics are copies */
    int lost_count;
    int64_t lost[RIG_LOST_MAX];
    char text[256];
    bool expired;
};

static inline const char *
rig_self(void)
{
    static char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    return path;
}

/* Absolute path of a fixture: trials have a directory of their own. */
static inline const char *
rig_trial(const char *name)
{
    static char path[4096], relative[256];
    snprintf(relative, sizeof relative, "fixtures/trials/%s", name);
    if (!realpath(test_path(relative), path))
        ck_abort_msg("no fixture %s", relative);
    return path;
}

static inline void
rig_on_started(void *context, struct worker *worker, int64_t trial)
{
    struct rig *rig = context;
    (void)worker, (void)trial;
    rig->started++;
    loop_stop(rig->loop);
}

static inline void
rig_on_returned(void *context, struct worker *worker, int64_t trial)
{
    struct rig *rig = context;
    (void)worker, (void)trial;
    rig->returned++;
    loop_stop(rig->loop);
}

static inline void
rig_on_result(void *context, struct worker *worker, const struct trial_result *result)
{
    struct rig *rig = context;
    (void)worker;
    ck_assert_int_lt(rig->result_count, RIG_RESULTS_MAX);
    struct trial_result *copy = &rig->result[rig->result_count++];
    *copy = *result;
    copy->log = result->log ? xstrdup(result->log) : NULL;
    copy->metrics = result->metrics ? xstrdup(result->metrics) : NULL;
    loop_stop(rig->loop);
}

static inline void
rig_on_exited(void *context, struct worker *worker, const int64_t *lost, int lost_count,
    const char *text)
{
    struct rig *rig = context;
    ck_assert_ptr_eq(worker, rig->worker);
    rig->worker = NULL;
    rig->exited++;
    rig->lost_count = lost_count;
    for (int i = 0; i < lost_count && i < RIG_LOST_MAX; i++)
        rig->lost[i] = lost[i];
    str_copy(rig->text, sizeof rig->text, text);
    loop_stop(rig->loop);
}

static inline void
rig_on_children(void *context, int signal_number)
{
    (void)context, (void)signal_number;
    cage_reap();
}

static inline void
rig_on_expired(void *context)
{
    struct rig *rig = context;
    rig->expired = true;
    loop_stop(rig->loop);
}

/* A run of `command` with one dimension {x}; change rig->spec before start. */
static inline void
rig_init(struct rig *rig, const char *command, enum score_kind score)
{
    memset(rig, 0, sizeof *rig);
    rig->loop = loop_new();
    rig->children = loop_signal_start(rig->loop, SIGCHLD, rig_on_children, rig);
    run_spec_init(&rig->spec);
    rig->spec.command = xstrdup(command);
    rig->spec.score = score;
    rig->spec.grace_seconds = 0.2;
    rig->spec.dimension = xcalloc(1, sizeof *rig->spec.dimension);
    rig->spec.dimension_count = 1;
    rig->spec.dimension[0].kind = DIMENSION_INT;
    str_copy(rig->spec.dimension[0].name, RUN_NAME_MAX, "x");
    snprintf(rig->mark, sizeof rig->mark, "%d.rig%d.1", (int)getuid(), (int)getpid());
    str_copy(rig->directory, sizeof rig->directory, "/");
    static char path[] = "PATH=/usr/bin:/bin";
    rig->environment[0] = path;
    const char *program = getenv("OPTOP_WORKER");
    rig->program = program ? program : "./optop-worker";
}

static inline void
rig_start(struct rig *rig)
{
    static const struct worker_events events = {
        .started = rig_on_started, .returned = rig_on_returned, .result = rig_on_result,
        .exited = rig_on_exited,
    };
    struct diag diag = { 0 };
    if (!rig->cage)
        rig->cage = cage_open(rig->mark);
    const struct worker_options options = {
        .program = rig->program, .spec = &rig->spec, .cage = rig->cage, .mark = rig->mark,
        .directory = rig->directory, .environment = rig->environment,
    };
    int r = worker_start(rig->loop, &options, &events, rig, &rig->worker, &diag);
    ck_assert_msg(r == 0, "%s", diag.text);
}

static inline void
rig_send(struct rig *rig, int64_t trial, double x)
{
    const struct worker_task task = { .trial = trial, .attempt = 1, .values = &x };
    worker_send(rig->worker, &task, 1);
}

/* Runs the loop until *counter reaches at_least; fails after RIG_WAIT_MS. */
static inline void
rig_wait(struct rig *rig, const int *counter, int at_least)
{
    rig->expired = false;
    struct loop_timer *timer = loop_timer_start(rig->loop, RIG_WAIT_MS * NS_PER_MS, 0,
        rig_on_expired, rig);
    while (*counter < at_least && !rig->expired)
        loop_run(rig->loop);
    loop_timer_stop(timer);
    ck_assert_msg(!rig->expired, "waited %d ms: %d results, %d exits (%s)", RIG_WAIT_MS,
        rig->result_count, rig->exited, rig->text);
}

/* Living processes that carry the mark. */
static inline int
rig_alive(const char *mark)
{
    const struct proctree_target target = { .aim = PROCTREE_MARKED, .mark = mark };
    return proctree_signal(&target, 0);
}

/* Waits until so many are seen at once. The next look may see fewer: a process
 * has no environment in the middle of its exec, and shells on their way end. */
static inline void
rig_await_alive(struct rig *rig, int at_least)
{
    int64_t until = clock_mono_ns() + RIG_WAIT_MS * NS_PER_MS;
    for (int alive; (alive = rig_alive(rig->mark)) < at_least; loop_step(rig->loop))
        ck_assert_msg(clock_mono_ns() < until, "only %d processes", alive);
}

/* One trial of a fresh rig; the worker is left running. */
static inline const struct trial_result *
rig_one(struct rig *rig, double x)
{
    if (!rig->worker)
        rig_start(rig);
    int before = rig->result_count;
    rig_send(rig, before + 1, x);
    rig_wait(rig, &rig->result_count, before + 1);
    ck_assert_int_eq(rig->result[before].trial, before + 1);
    return &rig->result[before];
}

static inline void
rig_release(struct rig *rig)
{
    if (rig->worker) {
        worker_finish(rig->worker);
        rig_wait(rig, &rig->exited, 1);
        ck_assert_str_eq(rig->text, "exit status 0");
        ck_assert_int_eq(rig->lost_count, 0);
    }
    cage_close(rig->cage);
    cage_reap();
    ck_assert_int_eq(rig_alive(rig->mark), 0);
    loop_signal_stop(rig->children);
    loop_free(rig->loop);
    for (int i = 0; i < rig->result_count; i++) {
        free(rig->result[i].log);
        free(rig->result[i].metrics);
    }
    run_spec_release(&rig->spec);
}

#endif
