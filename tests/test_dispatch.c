/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What dispatching costs in allocations once warm: nothing per trial but what
 * SQLite takes for a row. The worker is this program again, under the worker's
 * name, and answers at once.
 */
#include "test.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "exec/worker_msg.h"
#include "mem/json_heap.h"
#include "optop/memory.h"
#include "run/runner_private.h"

enum { TRIALS = 12000, WARM = 2000, WAIT_SECONDS = 300 };

/* The worker. */

static void
answer(struct str *out, const json_t *given)
{
    char metrics[] = "{\"loss\":0.25,\"epochs\":12}", log[] = "a line of standard error\n";
    struct trial_result result = { .trial = json_get_int(given, "trial", 0),
        .attempt = (int)json_get_int(given, "attempt", 1), .state = TRIAL_DONE, .score = 1,
        .wall_seconds = 0.0001, .metrics = metrics };
    if (result.trial % 4 == 0)
        result.log = log;
    worker_msg_started(out, result.trial);
    worker_msg_result(out, &result);
}

static void
hear(struct str *out, char *line, size_t len)
{
    size_t i;
    json_t *said = json_parse(line, len, NULL), *given;
    if (!said || json_object_get(said, "finish") || json_object_get(said, "cancel"))
        _exit(0);
    if (json_object_get(said, "init"))
        worker_msg_ready(out, NULL);
    json_array_foreach (json_object_get(said, "trials"), i, given)
        answer(out, given);
    json_decref(said);
}

__attribute__((constructor)) static void
be_the_worker(int argc, char **argv)
{
    static char in[1 << 20];
    size_t len = 0;
    struct str out;
    if (argc < 1 || strcmp(argv[0], "optop-worker") != 0)
        return;
    str_init(&out);
    for (ssize_t n; (n = read(WORKER_FD, in + len, sizeof in - len)) > 0;) {
        len += (size_t)n;
        for (char *end; (end = memchr(in, '\n', len));) {
            hear(&out, in, (size_t)(end - in));
            len -= (size_t)(end + 1 - in);
            memmove(in, end + 1, len);
        }
        while (out.len && (n = write(WORKER_FD, out.data, out.len)) > 0)
            str_consume(&out, (size_t)n);
    }
    _exit(0);
}

/* The runner. */

static struct loop *loop;
static struct store *store;
static struct tasks tasks;
static struct runner *runner;
static int64_t until_trial, until_ns;
static bool ended;

static void
on_changed(void *context, struct run *run)
{
    (void)context;
    if (run->done + run->failed >= until_trial)
        loop_stop(loop);
}

static int
on_ended(void *context, const struct run *run)
{
    (void)context, (void)run;
    ended = true;
    loop_stop(loop);
    return 0;
}

static void
on_ended_committed(void *context)
{
    (void)context;
}

static void
on_store_state(void *context, const char *text)
{
    (void)context;
    ck_assert_msg(!text, "the store fails: %s", text);
}

static void
on_tick(void *context)
{
    (void)context;
    runner_tick(runner);
    if (clock_mono_ns() > until_ns)
        loop_stop(loop);
}

static void
open_runner(void)
{
    static const struct runner_events events = { .changed = on_changed, .ended = on_ended,
        .ended_committed = on_ended_committed, .store_state = on_store_state };
    struct diag diag = { 0 };
    setenv("OPTOP_CAGE", "subreaper", 1);
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
    signal(SIGPIPE, SIG_IGN);
    log_open(-1, LOG_LEVEL_ERROR);
    json_heap_use(JSON_HEAP_MAX);
    optop_memory_track(1);
    loop = loop_new();
    if (store_open(test_directory(), &store, &diag) < 0)
        ck_abort_msg("%s", diag.text);
    struct runner_options options = { .loop = loop, .store = store, .tasks = &tasks,
        .worker_program = "/proc/self/exe", .slots = 1, .grace_seconds = 2 };
    runner = runner_new(&options, &events, NULL);
}

static void
run_until(int64_t trial)
{
    until_trial = trial;
    until_ns = clock_mono_ns() + WAIT_SECONDS * NS_PER_SEC;
    const struct run *run = runner_first(runner);
    while (run->done + run->failed < trial && !ended && clock_mono_ns() < until_ns)
        loop_run(loop);
    ck_assert_int_ge(run->done, trial);
}

static unsigned long
allocations_of(const char *name)
{
    struct optop_type_figures type[16];
    int count = optop_types(type, 16);
    for (int i = 0; i < count; i++)
        if (!strcmp(type[i].name, name))
            return (unsigned long)type[i].allocations;
    return 0;
}

START_TEST(a_trial_allocates_nothing)
{
    char text[512];
    const struct run *run;
    struct diag diag = { 0 };
    open_runner();
    struct loop_timer *tick = loop_timer_start(loop, 50 * NS_PER_MS, 50 * NS_PER_MS, on_tick, NULL);
    snprintf(text, sizeof text, "[run]\nname = t\ngoal = minimize\n[objective]\ntype = command\n"
        "command = /bin/true {x} {y}\nscore = stdout\n[space]\nx = int 1..%d\ny = float 0..1 step 0.5\n"
        "[search]\nmethod = grid\n", TRIALS / 3);
    struct runner_request request = { .text = text, .file = "test.ini", .directory = "/" };
    if (runner_submit(runner, &request, &run, &diag) < 0)
        ck_abort_msg("%s", diag.text);
    run_until(WARM);
    int64_t first = run->done;
    unsigned long before = test_allocations(), sqlite_before = allocations_of("sqlite");
    run_until(TRIALS - 100);
    unsigned long made = test_allocations() - before;
    unsigned long library = allocations_of("sqlite") - sqlite_before;
    printf("# %lu allocations in %d trials, %lu of them by SQLite\n", made,
        (int)(run->done - first), library);
    if (made) /* a sanitizer's are not counted */
        ck_assert_uint_lt(made - library, (unsigned long)(run->done - first) / 100);
    runner_free(runner);
    loop_timer_stop(tick);
    tasks_release(&tasks);
    store_close(store);
    loop_free(loop);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("dispatch");
    TCase *core = tcase_create("core");
    tcase_set_timeout(core, WAIT_SECONDS + 20);
    tcase_add_test(core, a_trial_allocates_nothing);
    suite_add_tcase(suite, core);
    return suite;
}
