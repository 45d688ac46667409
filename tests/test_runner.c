/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The runner with its store and real workers ($TEST_BUILDDIR/optop-worker; what
 * needs them is left out when it is not there). Above all: whatever happens to
 * workers, store or server, every trial is stored exactly once and every run
 * comes to an end.
 */
#include "test.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "task/child.h"
#include "run/runner_private.h"
#include "store/store_retry.h"

enum { SLOTS = 2, WAIT_SECONDS = 120, TRIALS_MAX = 1000 };

static struct loop *loop;
static struct store *store;
static struct tasks tasks;
static struct runner *runner;
static struct loop_signal *child_watch;
static struct loop_timer *tick_timer, *until_timer;
static char directory[4096], worker_program[4200];
static int ended_count, committed_count, refuse_ends;
static char store_text[512]; /* "" while the store works */
static bool shut_down;

static void
on_changed(void *context, struct run *run)
{
    (void)context, (void)run;
}

static int
on_ended(void *context, const struct run *run)
{
    (void)context;
    ck_assert(run_state_ended(run->state));
    if (refuse_ends > 0 && refuse_ends--)
        return ERR_STORE;
    ended_count++;
    return 0;
}

static void
on_ended_committed(void *context)
{
    (void)context;
    committed_count++;
}

static void
on_store_state(void *context, const char *text)
{
    (void)context;
    str_copy(store_text, sizeof store_text, text ? text : "");
}

static void
on_child(void *context, int number)
{
    (void)context, (void)number;
    child_reap_adopted();
}

static void
on_tick(void *context)
{
    (void)context;
    runner_tick(runner);
}

static void
open_runner(void)
{
    static const struct runner_events events = { on_changed, on_ended, on_ended_committed,
        on_store_state, NULL };
    struct diag diag = { 0 };
    loop = loop_new();
    if (store_open(directory, &store, &diag) < 0)
        ck_abort_msg("%s", diag.text);
    struct runner_options options = { .loop = loop, .store = store, .tasks = &tasks,
        .worker_program = worker_program, .slots = SLOTS, .grace_seconds = 2 };
    runner = runner_new(&options, &events, NULL);
    child_watch = loop_signal_start(loop, SIGCHLD, on_child, NULL);
    tick_timer = loop_timer_start(loop, 50 * NS_PER_MS, 50 * NS_PER_MS, on_tick, NULL);
}

static void
close_runner(void)
{
    runner_free(runner);
    loop_timer_stop(tick_timer);
    loop_signal_stop(child_watch);
    tasks_release(&tasks);
    store_close(store);
    loop_free(loop);
    runner = NULL;
}

static void
setup(void)
{
    const char *build = getenv("TEST_BUILDDIR");
    snprintf(worker_program, sizeof worker_program, "%s/optop-worker", build ? build : ".");
    snprintf(directory, sizeof directory, "%s/state", test_directory());
    setenv("OPTOP_CAGE", "subreaper", 1);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    signal(SIGPIPE, SIG_IGN);
    log_open(-1, LOG_LEVEL_ERROR);
    open_runner();
}

static void
teardown(void)
{
    close_runner();
}

/* Waiting. */

struct wait {
    bool (*fn)(int64_t argument);
    int64_t argument, end_ns;
    bool met;
};

static void
on_until(void *context)
{
    struct wait *wait = context;
    wait->met = wait->fn(wait->argument);
    if (wait->met || clock_mono_ns() > wait->end_ns)
        loop_stop(loop);
}

static void
until_fn(bool (*fn)(int64_t), int64_t argument, const char *what)
{
    struct wait wait = { fn, argument, clock_mono_ns() + WAIT_SECONDS * NS_PER_SEC, false };
    until_timer = loop_timer_start(loop, NS_PER_MS, 2 * NS_PER_MS, on_until, &wait);
    loop_run(loop);
    loop_timer_stop(until_timer);
    if (wait.met)
        return;
    test_limit_file_size(RLIM_INFINITY); /* for what is said now */
    ck_abort_msg("never: %s", what);
}
#define UNTIL(fn, argument) until_fn(fn, argument, #fn "(" #argument ")")

static struct run *
find(int64_t id)
{
    struct run *run = runner_first(runner);
    while (run && run->id != id)
        run = run->next;
    return run;
}

static bool
has_ended(int64_t id)
{
    const struct run *run = find(id);
    return run && run_state_ended(run->state) && run->ending == RUN_EVENT_COUNT;
}

/* One that must be there. */
static struct run *
the_run(int64_t id)
{
    struct run *run = find(id);
    if (!run)
        ck_abort_msg("run %jd is not in memory", (intmax_t)id);
    return run;
}

static bool
is_paused(int64_t id)
{
    return the_run(id)->state == RUN_PAUSED && the_run(id)->ending == RUN_EVENT_COUNT;
}

static bool
has_results(int64_t id)
{
    return the_run(id)->done + the_run(id)->failed >= 5;
}

static bool
has_running_trial(int64_t id)
{
    for (const struct run_worker *w = the_run(id)->workers; w; w = w->next)
        if (w->running_trial)
            return true;
    return false;
}

static bool
store_fails(int64_t id)
{
    (void)id;
    return store_text[0] != '\0';
}

static bool
waits_for_the_store(int64_t id)
{
    return the_run(id)->workers_idle > 0 &&
        !strcmp(the_run(id)->workers_wait, "the store is failing");
}

static bool
is_shut_down(int64_t id)
{
    (void)id;
    return shut_down;
}

static void
on_shut_down(void *context)
{
    (void)context;
    shut_down = true;
}

/* Runs. */

static int
submit_text(const char *text, bool paused, int64_t *ret_id, struct diag *diag)
{
    const struct run *run;
    struct runner_request request = { .text = text, .file = "test.ini", .directory = directory,
        .paused = paused };
    int r = runner_submit(runner, &request, &run, diag);
    if (r == 0)
        *ret_id = run->id;
    return r;
}

static int64_t
submit_with(const char *command, int points, const char *more, bool paused)
{
    char text[1024];
    int64_t id = -1;
    struct diag diag = { 0 };
    snprintf(text, sizeof text,
        "[run]\nname = test\ngoal = minimize\n[objective]\ntype = command\ncommand = %s\n"
        "score = stdout\n[space]\nx = int 1..%d\n[search]\nmethod = grid\n%s",
        command, points, more);
    if (submit_text(text, paused, &id, &diag) < 0)
        ck_abort_msg("%d: %s: %s", diag.line, diag.key, diag.text);
    return id;
}

static int64_t
submit(const char *command, int points)
{
    return submit_with(command, points, "", false);
}

static void
steer(int (*fn)(struct runner *, int64_t, const struct run **, struct diag *), int64_t id)
{
    const struct run *run;
    struct diag diag = { 0 };
    if (fn(runner, id, &run, &diag) < 0)
        ck_abort_msg("%s", diag.text);
    ck_assert_int_eq(run->id, id);
}

static int
change(int64_t id, const char *assignments, struct diag *diag)
{
    const struct run *run;
    json_t *set = json_parse(assignments, strlen(assignments), diag);
    int r = runner_set(runner, id, set, &run, diag);
    json_decref(set);
    return r;
}

static bool
has_workers(int64_t argument) /* id * 100 + how many */
{
    return the_run(argument / 100)->worker_count == argument % 100;
}

/* What is on disk. */

struct stored {
    int count, failed, per_trial[TRIALS_MAX + 1];
};

static int
count_trial(void *context, const struct store_trial *trial)
{
    struct stored *stored = context;
    ck_assert_int_le(trial->result->trial, TRIALS_MAX);
    stored->count++;
    stored->failed += trial->result->state == TRIAL_FAILED;
    stored->per_trial[trial->result->trial]++;
    if (trial->result->state == TRIAL_DONE) { /* x is the trial's number: no point was mixed up */
        char params[32];
        snprintf(params, sizeof params, "[%d]", (int)trial->result->trial);
        ck_assert_str_eq(trial->params, params);
        ck_assert_double_eq(trial->result->score, (double)trial->result->trial);
    }
    return 0;
}

static enum run_state stored_state;
static int64_t stored_done;

static int
keep_row(void *context, const struct store_run *row)
{
    (void)context;
    stored_state = row->state;
    stored_done = row->done + row->failed;
    return 0;
}

/* The run has ended (or paused) in this state, on disk and in memory, and all
 * of its trials 1..count are stored, each once. */
static void
check_stored(int64_t id, enum run_state state, int count, int failed)
{
    static struct stored stored;
    memset(&stored, 0, sizeof stored);
    ck_assert_int_eq(the_run(id)->state, state);
    ck_assert_int_eq(store_run_get(store, id, keep_row, NULL), 0);
    ck_assert_int_eq(stored_state, state);
    ck_assert_int_eq(store_trial_list(store, id, 0, 100000, count_trial, &stored), 0);
    ck_assert_int_eq(stored_done, stored.count);
    ck_assert_int_eq(the_run(id)->done + the_run(id)->failed, stored.count);
    if (count < 0)
        return;
    ck_assert_int_eq(stored.count, count);
    for (int i = 1; i <= count; i++)
        ck_assert_int_eq(stored.per_trial[i], 1);
    if (failed >= 0)
        ck_assert_int_eq(stored.failed, failed);
}

static void
check_no_workers(void)
{
    struct pool_figures pool = runner_pool(runner);
    ck_assert_uint_eq(pool.size, 0);
    ck_assert_uint_eq(pool.created, pool.retired);
}

START_TEST(a_grid_runs_to_its_end)
{
    int64_t id = submit("printf {x}", 200);
    ck_assert_int_eq(the_run(id)->state, RUN_QUEUED);
    UNTIL(has_ended, id);
    check_stored(id, RUN_DONE, 200, 0);
    ck_assert_int_eq(the_run(id)->total, 200);
    ck_assert_int_eq(the_run(id)->best.trial, 1);
    ck_assert_str_eq(the_run(id)->best_params, "[1]");
    ck_assert_int_eq(ended_count, 1);
    ck_assert_int_eq(committed_count, 1);
    ck_assert_ptr_null(the_run(id)->task);
    check_no_workers();
    /* each worker that was started was used again for all the trials after its first */
    struct pool_figures pool = runner_pool(runner);
    ck_assert_uint_eq(pool.created, SLOTS);
    ck_assert_uint_eq(pool.reused, 200 - SLOTS);
    ck_assert_uint_gt(pool.acquire->count, 0);
}
END_TEST

START_TEST(failed_trials_are_counted)
{
    int64_t some = submit("grep -c . {x}", 3); /* there are no such files */
    UNTIL(has_ended, some);
    check_stored(some, RUN_FAILED, 3, 3);
    ck_assert_ptr_nonnull(strstr(the_run(some)->reason, "every trial failed"));
    int64_t limited = submit_with("false {x}", 500, "[limits]\nmax_failures = 4\n", false);
    UNTIL(has_ended, limited);
    check_stored(limited, RUN_FAILED, -1, -1);
    ck_assert_int_ge(the_run(limited)->failed, 4);
    ck_assert_ptr_nonnull(strstr(the_run(limited)->reason, "max_failures"));
    check_no_workers();
}
END_TEST

START_TEST(a_program_that_is_not_there)
{
    int64_t id = submit("/no/such/program {x}", 2);
    UNTIL(has_ended, id);
    check_stored(id, RUN_FAILED, 2, 2);
    str_copy(worker_program, sizeof worker_program, "/no/such/worker");
    id = submit("printf {x}", 2);
    UNTIL(has_ended, id);
    check_stored(id, RUN_FAILED, 0, 0);
    ck_assert_uint_gt(strlen(the_run(id)->reason), 0);
}
END_TEST

START_TEST(a_worker_that_dies_at_once_ends_the_run)
{
    str_copy(worker_program, sizeof worker_program, "/bin/false");
    int64_t id = submit("printf {x}", 10);
    UNTIL(has_ended, id);
    ck_assert_int_eq(the_run(id)->state, RUN_FAILED);
    check_no_workers();
}
END_TEST

START_TEST(cancel_ends_a_running_run)
{
    int64_t id = submit("sleep 100{x}", 10);
    UNTIL(has_running_trial, id);
    steer(runner_cancel, id);
    UNTIL(has_ended, id);
    check_stored(id, RUN_CANCELLED, 0, 0);
    check_no_workers();
    const struct run *run;
    ck_assert_int_eq(runner_cancel(runner, id, &run, NULL), ERR_BAD_STATE);
    ck_assert_int_eq(runner_cancel(runner, 12345, &run, NULL), ERR_NOT_FOUND);
}
END_TEST

START_TEST(cancel_of_what_does_not_run_is_told_at_once)
{
    int64_t paused = submit_with("printf {x}", 5, "", true);
    steer(runner_cancel, paused);
    ck_assert(has_ended(paused));
    check_stored(paused, RUN_CANCELLED, 0, 0);
    int64_t queued = submit("printf {x}", 5);
    steer(runner_cancel, queued);
    ck_assert(has_ended(queued));
    check_stored(queued, RUN_CANCELLED, 0, 0);
}
END_TEST

START_TEST(pause_lets_trials_finish_and_resume_goes_on)
{
    int64_t id = submit("printf {x}", 300);
    for (int i = 0; i < 3; i++) {
        UNTIL(has_results, id);
        if (has_ended(id))
            break;
        steer(runner_pause, id);
        UNTIL(is_paused, id);
        check_stored(id, RUN_PAUSED, -1, 0);
        check_no_workers();
        steer(runner_resume, id);
    }
    UNTIL(has_ended, id);
    check_stored(id, RUN_DONE, 300, 0);
}
END_TEST

START_TEST(a_cancelled_run_is_resumed)
{
    int64_t id = submit("sh -c \"sleep 0.02; printf {x}\"", 60);
    for (int i = 0; i < 2; i++) {
        UNTIL(has_results, id);
        steer(runner_cancel, id);
        UNTIL(has_ended, id);
        check_stored(id, RUN_CANCELLED, -1, 0);
        steer(runner_resume, id);
    }
    UNTIL(has_ended, id);
    check_stored(id, RUN_DONE, 60, 0);
    ck_assert_int_eq(ended_count, 3);
    ck_assert_int_eq(committed_count, 3);
}
END_TEST

/* The result of the trial that a lost worker had is its failure; all others
 * are given to someone else. */
START_TEST(a_killed_worker_costs_its_trial_only)
{
    int64_t id = submit("sh -c \"sleep 0.02; printf {x}\"", 40);
    UNTIL(has_results, id);
    UNTIL(has_running_trial, id);
    kill(worker_pid(the_run(id)->workers->worker), SIGKILL);
    UNTIL(has_ended, id);
    check_stored(id, RUN_DONE, 40, -1);
    ck_assert_int_le(the_run(id)->failed, 1);
    check_no_workers();
}
END_TEST

START_TEST(runs_wait_for_their_turn)
{
    int64_t first = submit_with("sleep 100{x}", 4, "[parallel]\nworkers = 2\n", false);
    int64_t second = submit_with("printf {x}", 4, "[parallel]\nworkers = 2\n", false);
    int64_t third = submit_with("printf {x}", 4, "", false);
    UNTIL(has_running_trial, first);
    ck_assert_int_eq(the_run(second)->state, RUN_QUEUED);
    ck_assert_int_eq(the_run(third)->state, RUN_QUEUED);
    ck_assert_str_eq(the_run(second)->waiting, "needs 2 worker slots; 2 of 2 are in use");
    ck_assert_ptr_nonnull(strstr(the_run(third)->waiting, "is first in the queue"));
    steer(runner_cancel, first);
    UNTIL(has_ended, third);
    UNTIL(has_ended, second);
    check_stored(second, RUN_DONE, 4, 0);
    check_stored(third, RUN_DONE, 4, 0);
}
END_TEST

START_TEST(a_time_limit_ends_a_run)
{
    int64_t id = submit_with("sleep 100{x}", 2, "[limits]\nrun = 200ms\n", false);
    UNTIL(has_ended, id);
    ck_assert_int_eq(the_run(id)->state, RUN_FAILED);
    ck_assert_ptr_nonnull(strstr(the_run(id)->reason, "limits.run"));
    check_no_workers();
}
END_TEST

START_TEST(an_end_that_is_refused_is_tried_again)
{
    refuse_ends = 2;
    int64_t id = submit("printf {x}", 5);
    UNTIL(has_ended, id);
    check_stored(id, RUN_DONE, 5, 0);
    ck_assert_int_eq(ended_count, 1);
    ck_assert_int_eq(committed_count, 1);
}
END_TEST

/* A full disk. */

static rlim_t
wal_size(void)
{
    char path[4200];
    struct stat st;
    snprintf(path, sizeof path, "%s/optop.db-wal", directory);
    return stat(path, &st) == 0 ? (rlim_t)st.st_size : 0;
}

START_TEST(a_full_disk_holds_a_run_up_and_loses_nothing)
{
    int64_t id = submit("sh -c \"sleep 0.01; printf {x}\"", 120);
    UNTIL(has_results, id);
    test_limit_file_size(wal_size());
    UNTIL(store_fails, id);
    UNTIL(waits_for_the_store, id);
    test_limit_file_size(RLIM_INFINITY);
    ck_assert_int_lt(the_run(id)->done, 120);
    ck_assert_int_eq(the_run(id)->state, RUN_RUNNING);
    UNTIL(has_ended, id);
    ck_assert_str_eq(store_text, "");
    check_stored(id, RUN_DONE, 120, 0);
}
END_TEST

START_TEST(a_submit_that_cannot_be_stored_is_refused)
{
    int64_t id = submit_with("printf {x}", 5, "", true), other;
    struct diag diag = { 0 };
    test_limit_file_size(wal_size());
    int r = submit_text(the_run(id)->text, false, &other, &diag);
    test_limit_file_size(RLIM_INFINITY);
    ck_assert_int_lt(r, 0);
    ck_assert_uint_gt(strlen(diag.text), 0);
    ck_assert_ptr_null(the_run(id)->next);
    ck_assert_int_eq(submit_text(the_run(id)->text, false, &other, &diag), 0);
    UNTIL(has_ended, other);
    check_stored(other, RUN_DONE, 5, 0);
}
END_TEST

/* Stopping and starting the server. */

static void
start_again(void)
{
    close_runner();
    open_runner();
}

START_TEST(shutdown_pauses_what_runs)
{
    int64_t running = submit("sleep 100{x}", 5);
    UNTIL(has_running_trial, running);
    runner_shutdown(runner, on_shut_down, NULL);
    UNTIL(is_shut_down, 0);
    check_stored(running, RUN_PAUSED, 0, 0);
    check_no_workers();
    int64_t id;
    ck_assert_int_eq(submit_text("", false, &id, NULL), ERR_BAD_STATE);
    start_again();
    ck_assert_int_eq(runner_reconcile(runner), 0);
    ck_assert_int_eq(the_run(running)->state, RUN_PAUSED);
    steer(runner_cancel, running);
    ck_assert(has_ended(running));
}
END_TEST

/* A pause lets the trials under way finish, a shutdown does not wait for them:
 * also when the pause was first. */
START_TEST(shutdown_does_not_wait_for_a_pausing_run)
{
    int64_t id = submit("sleep 100{x}", 5);
    UNTIL(has_running_trial, id);
    steer(runner_pause, id);
    runner_shutdown(runner, on_shut_down, NULL);
    UNTIL(is_shut_down, 0);
    check_stored(id, RUN_PAUSED, 0, 0);
}
END_TEST

START_TEST(shutdown_does_not_wait_for_ever_for_a_full_disk)
{
    int64_t id = submit("sleep 100{x}", 5);
    UNTIL(has_running_trial, id);
    test_limit_file_size(wal_size());
    runner_shutdown(runner, on_shut_down, NULL);
    UNTIL(is_shut_down, 0);
    test_limit_file_size(RLIM_INFINITY);
}
END_TEST

START_TEST(what_was_open_comes_back_paused)
{
    int64_t queued = submit_with("printf {x}", 10, "[parallel]\nworkers = 1\n", false);
    int64_t paused = submit_with("printf {x}", 10, "", true);
    int64_t done = submit("printf {x}", 3);
    UNTIL(has_ended, done);
    UNTIL(has_ended, queued);
    int64_t waiting = submit("printf {x}", 4);
    start_again(); /* before the loop has turned: it was never started */
    ck_assert_int_eq(runner_reconcile(runner), 1);
    ck_assert_int_eq(the_run(waiting)->state, RUN_PAUSED);
    ck_assert_ptr_nonnull(strstr(the_run(waiting)->reason, "waited"));
    ck_assert_int_eq(the_run(paused)->state, RUN_PAUSED);
    ck_assert_int_eq(the_run(done)->state, RUN_DONE);
    ck_assert_str_eq(the_run(done)->best_params, "[1]");
    steer(runner_resume, waiting);
    UNTIL(has_ended, waiting);
    check_stored(waiting, RUN_DONE, 4, 0);
}
END_TEST

/* A server in a process of its own, killed without warning. */
static void
run_and_be_killed(int64_t after)
{
    pid_t pid = fork();
    if (pid == 0) {
        open_runner();
        runner_reconcile(runner);
        struct run *run = runner_first(runner);
        if (!run)
            submit("sh -c \"sleep 0.005; printf {x}\"", 150);
        else
            steer(runner_resume, run->id);
        int64_t end = clock_mono_ns() + WAIT_SECONDS * NS_PER_SEC;
        while (clock_mono_ns() < end) {
            run = runner_first(runner);
            if (run->done + run->failed >= after)
                raise(SIGKILL);
            loop_step(loop);
            usleep(500);
        }
        _exit(1);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

START_TEST(a_killed_server_loses_nothing_that_it_counted)
{
    close_runner();
    static const int after[] = { 10, 45, 46, 90 };
    for (size_t i = 0; i < sizeof after / sizeof *after; i++)
        run_and_be_killed(after[i]);
    open_runner();
    ck_assert_int_eq(runner_reconcile(runner), 1);
    int64_t id = runner_first(runner)->id;
    ck_assert_int_eq(the_run(id)->state, RUN_PAUSED);
    ck_assert_int_ge(the_run(id)->done, 90);
    check_stored(id, RUN_PAUSED, -1, 0);
    steer(runner_resume, id);
    UNTIL(has_ended, id);
    check_stored(id, RUN_DONE, 150, 0);
}
END_TEST

/* What a server cannot write at its start must not run half. */
START_TEST(a_full_disk_at_the_start)
{
    close_runner();
    run_and_be_killed(10);
    open_runner();
    test_limit_file_size(wal_size());
    runner_reconcile(runner);
    struct run *run = runner_first(runner);
    enum run_state state = run->state;
    int64_t end = clock_mono_ns() + 200 * NS_PER_MS;
    while (clock_mono_ns() < end)
        loop_step(loop);
    test_limit_file_size(RLIM_INFINITY);
    ck_assert_int_eq(state, RUN_PAUSED);
    steer(runner_resume, run->id);
    UNTIL(has_ended, run->id);
    check_stored(run->id, RUN_DONE, 150, 0);
}
END_TEST

/* Requests. */

START_TEST(bad_requests_are_told_with_their_place)
{
    static const struct {
        const char *text;
        int line;
    } rows[] = {
        { "[run\n", 1 }, { "", 0 }, { "[run]\nname = x\ngoal = upwards\n", 3 },
        { "[run]\nname = x\n[objective]\ntype = command\ncommand = true {y}\nscore = stdout\n"
          "[space]\nx = int 0..1\n[search]\nmethod = grid\n", 5 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct diag diag = { 0 };
        struct run_spec spec;
        int64_t id;
        char *text;
        struct runner_request request = { .text = rows[i].text, .file = "test.ini",
            .directory = "/" };
        ck_assert_int_lt(submit_text(rows[i].text, false, &id, &diag), 0);
        ck_assert_uint_gt(strlen(diag.text), 0);
        ck_assert_str_eq(diag.file, "test.ini");
        if (rows[i].line)
            ck_assert_int_eq(diag.line, rows[i].line);
        ck_assert_int_lt(runner_read(&request, &text, &spec, NULL), 0);
    }
    ck_assert_ptr_null(runner_first(runner));
}
END_TEST

START_TEST(large_requests_are_refused)
{
    static char text[300 * 1024];
    memset(text, '#', sizeof text - 1);
    struct diag diag = { 0 };
    int64_t id;
    ck_assert_int_eq(submit_text(text, false, &id, &diag), ERR_TOO_LARGE);
    memcpy(text, "K=", 2);
    json_t *environment = json_pack("[s, s]", "A=1", text);
    int64_t paused = submit_with("printf {x}", 2, "", true);
    const struct run *run;
    struct runner_request request = { .text = the_run(paused)->text, .file = "f", .directory = "/",
        .environment = environment };
    ck_assert_int_eq(runner_submit(runner, &request, &run, &diag), ERR_TOO_LARGE);
    json_decref(environment);
    ck_assert_ptr_null(the_run(paused)->next);
}
END_TEST

START_TEST(the_environment_and_changes_of_a_request)
{
    json_t *environment = json_pack("[s,s,s,i]", "VALUE=7", "OPTOP_RUN=forged", "=bad", 5);
    json_t *set = json_pack("[s]", "space.x=int 1..2");
    int64_t paused = submit_with("/bin/sh -c \"printf $VALUE; printf {x}\"", 9, "", true);
    const struct run *run;
    struct runner_request request = { .text = the_run(paused)->text, .file = "f",
        .directory = directory, .environment = environment, .set = set };
    ck_assert_int_eq(runner_submit(runner, &request, &run, NULL), 0);
    int64_t id = run->id;
    ck_assert_uint_eq(run->environment_len, sizeof "VALUE=7");
    json_decref(environment);
    json_decref(set);
    UNTIL(has_ended, id);
    ck_assert_int_eq(the_run(id)->state, RUN_DONE);
    ck_assert_int_eq(the_run(id)->done, 2);
    ck_assert_double_eq(the_run(id)->best.score, 71);
    ck_assert_int_eq(the_run(paused)->total < 0 ? 9 : the_run(paused)->total, 9);
}
END_TEST

/* Changes of accepted runs. */

START_TEST(a_running_run_gets_more_workers_and_other_limits)
{
    struct diag diag = { 0 };
    int64_t id = submit_with("sleep 1000{x}", 50, "[parallel]\nworkers = 1\n", false);
    UNTIL(has_workers, id * 100 + 1);
    UNTIL(has_running_trial, id);
    ck_assert_int_eq(change(id, "[\"workers=2\",\"run.name=other\"]", &diag), 0);
    UNTIL(has_workers, id * 100 + 2);
    ck_assert_str_eq(the_run(id)->spec.name, "other");
    ck_assert_int_eq(change(id, "[\"limits.trial=10ms\",\"limits.grace=10ms\"]", &diag), 0);
    ck_assert_double_eq(the_run(id)->spec.trial_seconds, 0.01);
    ck_assert_int_eq(change(id, "[\"workers=1\"]", &diag), 0);
    ck_assert_int_eq(the_run(id)->spec.workers, 1);
    ck_assert_ptr_nonnull(strstr(the_run(id)->text, "workers = 1"));
    steer(runner_cancel, id);
    UNTIL(has_ended, id);
}
END_TEST

static bool
has_failed_trials(int64_t id)
{
    return the_run(id)->failed >= 3;
}

static bool
has_failed_trial(int64_t id)
{
    return the_run(id)->failed >= 1;
}

START_TEST(a_new_time_limit_holds_for_the_trial_that_runs)
{
    struct diag diag = { 0 };
    int64_t id = submit_with("sleep 1000{x}", 50, "[parallel]\nworkers = 1\n", false);
    UNTIL(has_running_trial, id);
    const struct worker *worker = the_run(id)->workers->worker;
    ck_assert_int_eq(change(id, "[\"limits.trial=10ms\"]", &diag), 0);
    UNTIL(has_failed_trial, id);
    ck_assert_ptr_eq(the_run(id)->workers->worker, worker);
    steer(runner_cancel, id);
    UNTIL(has_ended, id);
}
END_TEST

START_TEST(more_workers_wait_for_slots)
{
    struct diag diag = { 0 };
    int64_t first = submit_with("sleep 1000{x}", 50, "[parallel]\nworkers = 1\n", false);
    int64_t second = submit_with("sleep 1000{x}", 50, "[parallel]\nworkers = 1\n", false);
    UNTIL(has_running_trial, first);
    UNTIL(has_running_trial, second);
    ck_assert_int_eq(change(first, "[\"workers=2\"]", &diag), 0);
    for (int i = 0; i < 20; i++)
        loop_step(loop);
    ck_assert_int_eq(the_run(first)->worker_count, 1);
    steer(runner_cancel, second);
    UNTIL(has_workers, first * 100 + 2);
    steer(runner_cancel, first);
    UNTIL(has_ended, first);
    UNTIL(has_ended, second);
}
END_TEST

/* Of one trial: 0, or the code with diag's text in `told`. */
static char told[DIAG_TEXT_MAX];

static int
order(int64_t id, int64_t trial, enum worker_order what)
{
    const struct run *run;
    struct diag diag = { 0 };
    int r = runner_order(runner, id, trial, what, &run, &diag);
    snprintf(told, sizeof told, "%s", diag.text);
    return r;
}

static void
refused(int64_t id, int64_t trial, enum worker_order what, const char *why)
{
    ck_assert_int_lt(order(id, trial, what), 0);
    ck_assert_msg(strstr(told, why), "%s", told);
}

static bool
has_two_done(int64_t id)
{
    ck_assert_str_eq(the_run(id)->reason, "");
    return the_run(id)->done == 2;
}

START_TEST(one_trial_is_steered)
{
    int64_t id = submit_with("sh -c \"[ {x} != 1 ] || sleep 1000; echo {x}\"", 3,
        "[parallel]\nworkers = 2\n[limits]\nretries = 5\nmax_failures = 1\n", false);
    refused(id + 1, 1, WORKER_CANCEL_TRIAL, "");
    UNTIL(has_two_done, id);
    ck_assert_int_eq(order(id, 1, WORKER_PAUSE_TRIAL), 0);
    refused(id, 1, WORKER_PAUSE_TRIAL, "is paused already");
    refused(id, 2, WORKER_PAUSE_TRIAL, "it is done");
    refused(id, 9, WORKER_CANCEL_TRIAL, "it has not begun");
    refused(id, 0, WORKER_CANCEL_TRIAL, "it has not begun");
    ck_assert_int_eq(order(id, 1, WORKER_RESUME_TRIAL), 0);
    refused(id, 1, WORKER_RESUME_TRIAL, "is not paused");
    ck_assert_int_eq(order(id, 1, WORKER_PAUSE_TRIAL), 0);
    ck_assert_int_eq(order(id, 1, WORKER_CANCEL_TRIAL), 0);
    refused(id, 1, WORKER_PAUSE_TRIAL, "is being cancelled");
    UNTIL(has_ended, id);
    check_stored(id, RUN_DONE, 3, 1); /* neither again, nor one failure too many */
    refused(id, 1, WORKER_CANCEL_TRIAL, "is done: none of its trials runs");
    check_no_workers();
}
END_TEST

static bool
runs_trial_40(int64_t id)
{
    for (const struct run_worker *w = the_run(id)->workers; w; w = w->next)
        if (w->running_trial == 40)
            return true;
    return false;
}

static bool
has_all_but_one(int64_t id)
{
    return the_run(id)->done == 99;
}

/* Trials before it were short: its worker has some that wait behind it. */
START_TEST(a_paused_trial_holds_up_no_other)
{
    int64_t id = submit_with("sh -c \"[ {x} != 40 ] || sleep 1000; echo {x}\"", 100,
        "[parallel]\nworkers = 2\n", false);
    UNTIL(runs_trial_40, id);
    ck_assert_int_eq(order(id, 40, WORKER_PAUSE_TRIAL), 0);
    UNTIL(has_all_but_one, id);
    ck_assert_int_eq(order(id, 40, WORKER_CANCEL_TRIAL), 0);
    UNTIL(has_ended, id);
    check_stored(id, RUN_DONE, 100, 1);
    check_no_workers();
}
END_TEST

/* A run that is to be paused waits for a trial that stands still; both can be
 * resumed, or cancelled. */
START_TEST(a_run_with_a_paused_trial)
{
    int64_t id = submit_with("sleep 1000{x}", 3, "[parallel]\nworkers = 1\n", false);
    UNTIL(has_running_trial, id);
    ck_assert_int_eq(order(id, 1, WORKER_PAUSE_TRIAL), 0);
    steer(runner_pause, id);
    ck_assert_int_eq(order(id, 1, WORKER_CANCEL_TRIAL), 0);
    UNTIL(is_paused, id);
    check_stored(id, RUN_PAUSED, 1, 1);
    steer(runner_resume, id);
    UNTIL(has_running_trial, id);
    ck_assert_int_eq(order(id, 2, WORKER_PAUSE_TRIAL), 0);
    steer(runner_cancel, id);
    refused(id, 2, WORKER_RESUME_TRIAL, "is ending, and its trials with it");
    UNTIL(has_ended, id);
    check_stored(id, RUN_CANCELLED, 1, 1);
    check_no_workers();
}
END_TEST

START_TEST(a_new_time_limit_holds_for_the_next_trials)
{
    struct diag diag = { 0 };
    char command[4400];
    snprintf(command, sizeof command, "sh -c \"echo {x}; [ ! -e %s/go ] || sleep 1000\"", directory);
    int64_t id = submit_with(command, 1000000, "[limits]\ngrace = 10ms\n", false);
    UNTIL(has_results, id);
    ck_assert_int_eq(change(id, "[\"trial=300ms\"]", &diag), 0);
    char go[4200];
    snprintf(go, sizeof go, "%s/go", directory);
    FILE *file = fopen(go, "w");
    ck_assert_ptr_nonnull(file);
    fclose(file);
    UNTIL(has_failed_trials, id);
    steer(runner_cancel, id);
    UNTIL(has_ended, id);
}
END_TEST

START_TEST(a_refused_change_changes_nothing)
{
    static const struct {
        const char *set;
        int code;
        const char *says;
    } rows[] = {
        { "[]", ERR_SYNTAX, "nothing" },
        { "[7]", ERR_BAD_TYPE, "texts" },
        { "[\"workers=2\",\"limits.run=soon\"]", ERR_BAD_TYPE, "allowed" },
        { "[\"workers=2\",\"workers=0\"]", ERR_BAD_RANGE, "1 to 1024" },
        { "[\"wrokers=2\"]", ERR_UNKNOWN_KEY, "workers" },
        { "[\"goal=maximize\"]", ERR_BAD_STATE, "only before its first trial" },
        { "[\"space.x=int 1..3\"]", ERR_BAD_STATE, "parallel.workers" },
        { "[\"search.trials=3\"]", ERR_BAD_STATE, "pause it first" },
    };
    int64_t id = submit_with("sleep 1000{x}", 50, "[parallel]\nworkers = 1\n", false);
    UNTIL(has_running_trial, id);
    char *before = strdup(the_run(id)->text);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct diag diag = { 0 };
        ck_assert_int_eq(change(id, rows[i].set, &diag), rows[i].code);
        ck_assert_msg(strstr(diag.text, rows[i].says) != NULL, "%s: %s", rows[i].set, diag.text);
        ck_assert_str_eq(the_run(id)->text, before);
        ck_assert_int_eq(the_run(id)->spec.workers, 1);
    }
    free(before);
    steer(runner_cancel, id);
    UNTIL(has_ended, id);
}
END_TEST

START_TEST(a_paused_run_gets_another_number_of_trials)
{
    struct diag diag = { 0 };
    int64_t id = submit_with("echo {x}", 500, "trials = 500\n", false);
    UNTIL(has_results, id);
    steer(runner_pause, id);
    UNTIL(is_paused, id);
    ck_assert_int_eq(change(id, "[\"space.x=int 1..3\"]", &diag), ERR_BAD_STATE);
    ck_assert_int_eq(change(id, "[\"trials=400\",\"workers=2\"]", &diag), 0);
    steer(runner_resume, id);
    UNTIL(has_ended, id);
    check_stored(id, RUN_DONE, 400, 0);
    ck_assert_int_eq(change(id, "[\"trials=500\"]", &diag), ERR_BAD_STATE);
}
END_TEST

START_TEST(an_untouched_run_can_be_edited)
{
    struct diag diag = { 0 };
    int64_t id = submit_with("echo {x}", 5, "", true);
    ck_assert_int_eq(change(id, "[\"space.x=int 1..7\",\"space.y=int 1..3\","
        "\"command=echo {x} {y}\",\"goal=maximize\",\"constraints.c=x > y\"]", &diag), 0);
    ck_assert_int_eq(the_run(id)->spec.dimension_count, 2);
    ck_assert_int_eq(the_run(id)->spec.goal, RUN_MAXIMIZE);
    ck_assert_int_eq(change(id, "[\"constraints.c=x >\"]", &diag), ERR_SYNTAX);
    ck_assert_int_eq(change(id, "[\"space.z=int 1..7\"]", &diag), ERR_CONFLICT);
    ck_assert_int_eq(change(id + 1, "[\"workers=2\"]", &diag), ERR_NOT_FOUND);
    close_runner();
    open_runner();
    runner_reconcile(runner);
    ck_assert_int_eq(the_run(id)->spec.dimension_count, 2);
    ck_assert_str_eq(the_run(id)->spec.command, "echo {x} {y}");
}
END_TEST

/* Runs that wait for others, or for their time. */

static int64_t
submit_after(int64_t other, const char *more)
{
    char set[128];
    struct diag diag = { 0 };
    int64_t id = submit_with("echo {x}", 3, more, true);
    snprintf(set, sizeof set, "[\"after=%jd\"]", (intmax_t)other);
    ck_assert_int_eq(change(id, set, &diag), 0);
    steer(runner_resume, id);
    return id;
}

static bool
is_gated(int64_t id)
{
    return the_run(id)->gated;
}

START_TEST(a_run_waits_for_another)
{
    struct diag diag = { 0 };
    int64_t first = submit_with("sleep 1000{x}", 2, "[parallel]\nworkers = 1\n", false);
    int64_t second = submit_after(first, ""), third = submit_after(second, "");
    int64_t free_one = submit_with("echo {x}", 3, "[parallel]\nworkers = 1\n", false);
    UNTIL(has_ended, free_one); /* nobody who waits for another holds it back */
    UNTIL(is_gated, third);
    char want[80];
    snprintf(want, sizeof want, "waits for run %jd, which is running", (intmax_t)first);
    ck_assert_str_eq(the_run(second)->waiting, want);
    snprintf(want, sizeof want, "waits for run %jd, which is queued", (intmax_t)second);
    ck_assert_str_eq(the_run(third)->waiting, want);
    steer(runner_cancel, first);
    UNTIL(is_paused, second); /* in vain */
    ck_assert_msg(strstr(the_run(second)->reason, "was cancelled") != NULL, "%s",
        the_run(second)->reason);
    ck_assert_int_eq(the_run(third)->state, RUN_QUEUED);
    ck_assert_int_eq(change(second, "[\"after=\"]", &diag), 0);
    steer(runner_resume, second);
    UNTIL(has_ended, third);
    check_stored(second, RUN_DONE, 3, 0);
    check_stored(third, RUN_DONE, 3, 0);
    int64_t late = submit_after(second, "");
    UNTIL(has_ended, late);
    check_stored(late, RUN_DONE, 3, 0);
}
END_TEST

START_TEST(a_run_starts_at_its_time)
{
    struct diag diag = { 0 };
    int64_t id = submit_with("echo {x}", 3, "", true);
    ck_assert_int_eq(change(id, "[\"start=+1h\"]", &diag), 0);
    steer(runner_resume, id);
    UNTIL(is_gated, id);
    ck_assert_int_eq(the_run(id)->state, RUN_QUEUED);
    ck_assert_ptr_nonnull(strstr(the_run(id)->waiting, "starts at "));
    ck_assert_ptr_null(strstr(the_run(id)->text, "+1h"));
    ck_assert_int_gt(the_run(id)->spec.start_wall_ns, clock_wall_ns() + 3000 * NS_PER_SEC);
    ck_assert_int_eq(change(id, "[\"start=+1s\"]", &diag), 0);
    UNTIL(has_ended, id);
    check_stored(id, RUN_DONE, 3, 0);
}
END_TEST

START_TEST(what_a_run_may_wait_for)
{
    struct diag diag = { 0 };
    int64_t id = submit_with("echo {x}", 3, "", true), other = submit_with("echo {x}", 3, "", true);
    char set[64];
    snprintf(set, sizeof set, "[\"after=%jd\"]", (intmax_t)id);
    ck_assert_int_eq(change(id, set, &diag), ERR_CONFLICT); /* itself */
    ck_assert_int_eq(change(other, set, &diag), 0);
    snprintf(set, sizeof set, "[\"after=%jd\"]", (intmax_t)other);
    ck_assert_int_eq(change(id, set, &diag), ERR_CONFLICT); /* each other */
    ck_assert_int_eq(change(other, "[\"after=1,x\"]", &diag), ERR_BAD_TYPE);
    ck_assert_int_eq(change(other, "[\"after=0\"]", &diag), ERR_BAD_TYPE);
    ck_assert_int_eq(change(other, "[\"priority=101\"]", &diag), ERR_BAD_RANGE);
    ck_assert_int_eq(change(other, "[\"start=later\"]", &diag), ERR_BAD_TYPE);
    const struct run *none;
    struct runner_request request = { .text = the_run(id)->text, .file = "test.ini",
        .directory = directory, .set = json_pack("[s]", "after=999") };
    ck_assert_int_eq(runner_submit(runner, &request, &none, &diag), ERR_NOT_FOUND);
    ck_assert_str_eq(diag.text, "there is no run 999");
    json_decref((json_t *)(uintptr_t)request.set);
}
END_TEST

/* Failed trials once more. */

/* Fails until there is a file `ok` in the directory. */
static const char *
until_ok(void)
{
    static char command[4400];
    snprintf(command, sizeof command, "sh -c \"[ -e %s/ok ] && echo {x} || exit 3\"", directory);
    return command;
}

static void
touch_ok(void)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/ok", directory);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fclose(file);
}

static int
check_attempt(void *context, const struct store_trial *trial)
{
    ck_assert_int_eq(trial->result->attempt, *(int *)context);
    return 0;
}

static void
check_attempts(int64_t id, int attempt)
{
    ck_assert_int_eq(store_trial_list(store, id, 0, 20000, check_attempt, &attempt), 0);
    ck_assert_int_eq(the_run(id)->retry_open, 0);
    ck_assert_int_eq(store_retry_count(store, id), 0);
}

START_TEST(failed_trials_are_done_again)
{
    int64_t id = submit(until_ok(), 60);
    const struct run *run;
    struct diag diag = { 0 };
    UNTIL(has_ended, id);
    check_stored(id, RUN_FAILED, 60, 60);
    touch_ok();
    steer(runner_retry, id);
    UNTIL(has_ended, id);
    check_stored(id, RUN_DONE, 60, 0);
    check_attempts(id, 2);
    ck_assert_int_eq(the_run(id)->best.trial, 1);
    ck_assert_int_eq(runner_retry(runner, id, &run, &diag), ERR_BAD_STATE);
    ck_assert_ptr_nonnull(strstr(diag.text, "no failed trials"));
}
END_TEST

START_TEST(a_trial_is_retried_by_itself)
{
    char command[9000];
    /* the first two tries of each fail */
    snprintf(command, sizeof command, "sh -c \"echo >>%s/tries{x}; [ $(wc -l <%s/tries{x}) -gt 2 ]"
        " && echo {x} || exit 3\"", directory, directory);
    int64_t id = submit_with(command, 12, "[limits]\nretries = 2\nretry_delay = 10ms\n", false);
    UNTIL(has_ended, id);
    check_stored(id, RUN_DONE, 12, 0);
    check_attempts(id, 3);
    id = submit_with("sh -c \"exit 3{x}\"", 5,
        "[limits]\nretries = 2\nretry_delay = 1ms\nmax_failures = 6\n", false);
    UNTIL(has_ended, id);
    check_stored(id, RUN_FAILED, 5, 5); /* for that every trial failed */
    check_attempts(id, 3);
}
END_TEST

static bool
waits_for_retries(int64_t id)
{
    return the_run(id)->retry_open == 20 && !crew_busy(the_run(id));
}

/* What waits for its retry is in the store: a pause, or a server that was
 * killed, loses none; a person need not wait for it. */
START_TEST(retries_survive_the_server)
{
    int64_t id = submit_with(until_ok(), 20, "[limits]\nretries = 3\nretry_delay = 30m\n", false);
    UNTIL(waits_for_retries, id);
    ck_assert_int_eq(the_run(id)->state, RUN_RUNNING);
    close_runner();
    open_runner();
    ck_assert_int_eq(runner_reconcile(runner), 1);
    steer(runner_resume, id);
    UNTIL(waits_for_retries, id);
    touch_ok();
    steer(runner_retry, id);
    UNTIL(has_ended, id);
    check_stored(id, RUN_DONE, 20, 0);
    check_attempts(id, 2);
}
END_TEST

START_TEST(a_retry_that_fails_stays_failed)
{
    int64_t id = submit(until_ok(), 200);
    UNTIL(has_ended, id);
    check_stored(id, RUN_FAILED, 200, 200);
    steer(runner_retry, id);
    UNTIL(has_ended, id);
    check_stored(id, RUN_FAILED, 200, 200);
    check_attempts(id, 2);
}
END_TEST

/* The pool: what happens to workers besides their trials. */

/* A worker that leaks 4 MiB per trial ("grow"), or never says anything ("silent"). */
static void
play_role(const char *role)
{
    char line[65536];
    FILE *in = fdopen(3, "r"), *out = fdopen(dup(3), "w");
    while (!strcmp(role, "silent"))
        pause();
    while (in && out && fgets(line, sizeof line, in)) {
        json_t *message = json_parse(line, strlen(line), NULL), *task;
        size_t i;
        if (json_object_get(message, "init"))
            fputs("{\"ready\":true}\n", out);
        json_array_foreach (json_object_get(message, "trials"), i, task) {
            int64_t trial = json_get_int(task, "trial", 0);
            memset(malloc(4 << 20), 1, 4 << 20);
            usleep(20000);
            fprintf(out, "{\"trial\":%jd,\"attempt\":1,\"state\":\"done\",\"score\":%jd}\n",
                (intmax_t)trial, (intmax_t)trial);
            fflush(out);
        }
        fflush(out);
        if (json_object_get(message, "finish"))
            break;
        json_decref(message);
    }
    _exit(0);
}

static void
use_role(const char *role)
{
    ssize_t n = readlink("/proc/self/exe", worker_program, sizeof worker_program - 1);
    ck_assert_int_gt(n, 0);
    worker_program[n] = '\0';
    setenv("OPTOP_TEST_ROLE", role, 1);
    setenv("ASAN_OPTIONS", "detect_leaks=0", 0);
}

static uint64_t
recycled(enum pool_reason reason)
{
    return runner_pool(runner).recycled[reason];
}

/* Ended, and at no time were more of its workers busy than it may have. */
static bool
has_ended_within_target(int64_t id)
{
    ck_assert_int_le(crew_busy(the_run(id)), SLOTS);
    return has_ended(id);
}

START_TEST(a_worker_is_replaced_after_max_trials)
{
    int64_t id = submit_with("printf {x}", 60, "[parallel]\nworkers = 2\nmax_trials = 7\n", false);
    UNTIL(has_ended_within_target, id);
    check_stored(id, RUN_DONE, 60, 0);
    check_no_workers();
    struct pool_figures pool = runner_pool(runner);
    ck_assert_uint_ge(pool.created, 9); /* 60 trials by 7 */
    ck_assert_uint_ge(pool.recycled[POOL_MAX_TRIALS], 7);
    ck_assert_uint_eq(pool.recycled[POOL_CRASHED], 0);
    ck_assert_uint_le(pool.created + pool.reused, 60 + 2);
}
END_TEST

START_TEST(a_worker_that_grows_is_replaced)
{
    use_role("grow");
    int64_t id = submit_with("printf {x}", 100,
        "[parallel]\nworkers = 2\nmax_rss = 48MiB\n", false);
    UNTIL(has_ended_within_target, id);
    check_stored(id, RUN_DONE, 100, 0);
    check_no_workers();
    ck_assert_uint_ge(recycled(POOL_MAX_RSS), 1);
    ck_assert_uint_eq(recycled(POOL_CRASHED), 0);
}
END_TEST

START_TEST(a_worker_that_is_old_is_replaced)
{
    int64_t id = submit_with("sh -c \"sleep 0.05; printf {x}\"", 40,
        "[parallel]\nworkers = 2\nmax_age = 200ms\n", false);
    UNTIL(has_ended_within_target, id);
    check_stored(id, RUN_DONE, 40, 0);
    ck_assert_uint_ge(recycled(POOL_MAX_AGE), 2);
    check_no_workers();
}
END_TEST

static bool
waits(const char *why, int64_t id, int workers)
{
    const struct run *run = the_run(id);
    return run->worker_count == workers && run->workers_idle == workers &&
        !strcmp(run->workers_wait, why);
}

static bool
one_waits_for_trials(int64_t id)
{
    return waits("no trial is ready", id, 1);
}

static bool
two_wait_for_trials(int64_t id)
{
    return waits("no trial is ready", id, 2);
}

/* All failed, and are to be done again in half an hour: nothing to do. */
START_TEST(idle_workers_go_down_to_min)
{
    struct diag diag = { 0 };
    int64_t id = submit_with(until_ok(), 20,
        "[parallel]\nworkers = 2\nidle = 1h\n[limits]\nretries = 1\nretry_delay = 30m\n", false);
    UNTIL(two_wait_for_trials, id);
    ck_assert_int_eq(change(id, "[\"parallel.idle=100ms\"]", &diag), 0);
    UNTIL(one_waits_for_trials, id);
    ck_assert_uint_eq(recycled(POOL_IDLE), 1);
    ck_assert_int_eq(change(id, "[\"parallel.min=0\"]", &diag), 0);
    UNTIL(has_workers, id * 100);
    ck_assert_uint_eq(recycled(POOL_IDLE), 2);
    touch_ok();
    steer(runner_retry, id);
    UNTIL(has_ended, id);
    check_stored(id, RUN_DONE, 20, 0);
    check_no_workers();
}
END_TEST

static bool
none_can_be_started(int64_t id)
{
    return strstr(the_run(id)->workers_wait, "cannot start") != NULL;
}

START_TEST(a_worker_that_is_never_ready)
{
    use_role("silent");
    int64_t id = submit_with("printf {x}", 5,
        "[parallel]\nworkers = 1\nacquire_timeout = 100ms\n", false);
    UNTIL(has_ended, id);
    check_stored(id, RUN_FAILED, 0, 0);
    ck_assert_ptr_nonnull(strstr(the_run(id)->reason, "acquire_timeout"));
    ck_assert_uint_eq(recycled(POOL_TIMEOUT), 3);
    check_no_workers();
}
END_TEST

static void
limit_open_files(bool limited)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limited ? 3 : 256; /* more are open already, and stay */
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

START_TEST(a_run_waits_until_workers_can_be_started)
{
    int64_t id = submit("printf {x}", 20);
    limit_open_files(true);
    UNTIL(none_can_be_started, id);
    ck_assert_int_eq(the_run(id)->state, RUN_RUNNING);
    limit_open_files(false);
    UNTIL(has_ended, id);
    check_stored(id, RUN_DONE, 20, 0);
    int64_t impatient = submit_with("printf {x}", 20,
        "[parallel]\nacquire_timeout = 150ms\n", false);
    limit_open_files(true);
    UNTIL(has_ended, impatient);
    limit_open_files(false);
    check_stored(impatient, RUN_FAILED, 0, 0);
    ck_assert_ptr_nonnull(strstr(the_run(impatient)->reason, "acquire_timeout"));
}
END_TEST

static void
add_worker_tests(Suite *suite)
{
    TCase *tcase = tcase_create("runner with workers");
    tcase_set_timeout(tcase, 300);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, a_grid_runs_to_its_end);
    tcase_add_test(tcase, failed_trials_are_counted);
    tcase_add_test(tcase, a_program_that_is_not_there);
    tcase_add_test(tcase, a_worker_that_dies_at_once_ends_the_run);
    tcase_add_test(tcase, cancel_ends_a_running_run);
    tcase_add_test(tcase, pause_lets_trials_finish_and_resume_goes_on);
    tcase_add_test(tcase, a_cancelled_run_is_resumed);
    tcase_add_test(tcase, a_killed_worker_costs_its_trial_only);
    tcase_add_test(tcase, runs_wait_for_their_turn);
    tcase_add_test(tcase, a_time_limit_ends_a_run);
    tcase_add_test(tcase, an_end_that_is_refused_is_tried_again);
    tcase_add_test(tcase, a_full_disk_holds_a_run_up_and_loses_nothing);
    tcase_add_test(tcase, a_submit_that_cannot_be_stored_is_refused);
    tcase_add_test(tcase, shutdown_pauses_what_runs);
    tcase_add_test(tcase, shutdown_does_not_wait_for_a_pausing_run);
    tcase_add_test(tcase, shutdown_does_not_wait_for_ever_for_a_full_disk);
    tcase_add_test(tcase, what_was_open_comes_back_paused);
    tcase_add_test(tcase, a_killed_server_loses_nothing_that_it_counted);
    tcase_add_test(tcase, a_full_disk_at_the_start);
    tcase_add_test(tcase, a_running_run_gets_more_workers_and_other_limits);
    tcase_add_test(tcase, a_new_time_limit_holds_for_the_next_trials);
    tcase_add_test(tcase, a_new_time_limit_holds_for_the_trial_that_runs);
    tcase_add_test(tcase, more_workers_wait_for_slots);
    tcase_add_test(tcase, one_trial_is_steered);
    tcase_add_test(tcase, a_paused_trial_holds_up_no_other);
    tcase_add_test(tcase, a_run_with_a_paused_trial);
    tcase_add_test(tcase, a_refused_change_changes_nothing);
    tcase_add_test(tcase, a_paused_run_gets_another_number_of_trials);
    tcase_add_test(tcase, a_run_waits_for_another);
    tcase_add_test(tcase, a_run_starts_at_its_time);
    tcase_add_test(tcase, failed_trials_are_done_again);
    tcase_add_test(tcase, a_trial_is_retried_by_itself);
    tcase_add_test(tcase, retries_survive_the_server);
    tcase_add_test(tcase, a_retry_that_fails_stays_failed);
    tcase_add_test(tcase, the_environment_and_changes_of_a_request);
    tcase_add_test(tcase, a_worker_is_replaced_after_max_trials);
    tcase_add_test(tcase, a_worker_that_grows_is_replaced);
    tcase_add_test(tcase, a_worker_that_is_old_is_replaced);
    tcase_add_test(tcase, idle_workers_go_down_to_min);
    tcase_add_test(tcase, a_worker_that_is_never_ready);
    tcase_add_test(tcase, a_run_waits_until_workers_can_be_started);
    suite_add_tcase(suite, tcase);
}

Suite *
test_suite(void)
{
    const char *role = getenv("OPTOP_TEST_ROLE");
    if (role)
        play_role(role);
    Suite *suite = suite_create("runner");
    TCase *tcase = tcase_create("runner");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, cancel_of_what_does_not_run_is_told_at_once);
    tcase_add_test(tcase, bad_requests_are_told_with_their_place);
    tcase_add_test(tcase, an_untouched_run_can_be_edited);
    tcase_add_test(tcase, what_a_run_may_wait_for);
    tcase_add_test(tcase, large_requests_are_refused);
    suite_add_tcase(suite, tcase);
    const char *build = getenv("TEST_BUILDDIR");
    snprintf(worker_program, sizeof worker_program, "%s/optop-worker", build ? build : ".");
    if (access(worker_program, X_OK) == 0)
        add_worker_tests(suite);
    else
        printf("# no %s: what needs workers is left out\n", worker_program);
    return suite;
}
