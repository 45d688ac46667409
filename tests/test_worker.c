/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "support/worker_rig.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/text.h"

static struct rig rig;
static int variable_capacity;

/* Scores. */

static const struct trial_result *
score_of(const char *what, enum score_kind kind)
{
    char command[4096 + 64];
    snprintf(command, sizeof command, "sh %s %s", rig_trial("score.sh"), what);
    rig_init(&rig, command, kind);
    str_copy(rig.spec.score_field, RUN_NAME_MAX, "loss");
    return rig_one(&rig, 0);
}

static void
check_score(const char *what, enum score_kind kind, double score)
{
    const struct trial_result *result = score_of(what, kind);
    ck_assert_str_eq(result->reason, "");
    ck_assert_int_eq(result->state, TRIAL_DONE);
    ck_assert_double_eq(result->score, score);
    ck_assert_int_eq(result->exit_code, 0);
    ck_assert_int_eq(result->signal_number, 0);
    ck_assert_ptr_null(result->log);
    rig_release(&rig);
}

static void
check_failure(const char *what, enum score_kind kind, const char *reason)
{
    const struct trial_result *result = score_of(what, kind);
    ck_assert_int_eq(result->state, TRIAL_FAILED);
    ck_assert(isnan(result->score));
    ck_assert_msg(str_starts(result->reason, reason), "%s: %s", what, result->reason);
    rig_release(&rig);
}

START_TEST(scores_from_output)
{
    check_score("number", SCORE_STDOUT, 0.25);
    check_score("object", SCORE_JSON, 1.5);
    check_score("number", SCORE_STDOUT_BYTES, 32);
    check_score("directory", SCORE_STDOUT, 2);
}
END_TEST

START_TEST(scores_from_figures)
{
    const enum score_kind kinds[] = {
        SCORE_WALL_SECONDS, SCORE_CPU_SECONDS, SCORE_MAX_RSS_BYTES,
    };
    for (int i = 0; i < 3; i++) {
        const struct trial_result *result = score_of("text", kinds[i]);
        ck_assert_int_eq(result->state, TRIAL_DONE);
        double figure = kinds[i] == SCORE_WALL_SECONDS ? result->wall_seconds
            : kinds[i] == SCORE_CPU_SECONDS ? result->cpu_seconds : result->max_rss_bytes;
        ck_assert_double_eq(result->score, figure);
        ck_assert_double_gt(result->wall_seconds, 0);
        ck_assert_double_ge(result->cpu_seconds, 0);
        ck_assert_double_gt(result->max_rss_bytes, 100e3);
        ck_assert_double_lt(result->max_rss_bytes, 200e6);
        rig_release(&rig);
    }
}
END_TEST

START_TEST(failures)
{
    check_failure("text", SCORE_STDOUT, "no number in the output");
    check_failure("nan", SCORE_STDOUT, "score is not finite");
    check_failure("text", SCORE_JSON, "no JSON object in the output");
    check_failure("pretty", SCORE_JSON, "no JSON object in the output");
    check_failure("broken", SCORE_JSON, "no JSON object in the output: not JSON");
    check_failure("field_text", SCORE_JSON, "field loss is not a number");
    check_failure("field_none", SCORE_JSON, "field loss is missing");
    check_failure("fail", SCORE_STDOUT, "exit status 3");
    ck_assert_int_eq(rig.result[0].exit_code, 3);
    check_failure("segv", SCORE_STDOUT, "killed by SIGSEGV");
    ck_assert_int_eq(rig.result[0].signal_number, SIGSEGV);
    ck_assert_int_eq(rig.result[0].exit_code, -1);
}
END_TEST

START_TEST(cannot_start)
{
    rig_init(&rig, "no-such-program-here {x}", SCORE_STDOUT);
    const struct trial_result *result = rig_one(&rig, 1);
    ck_assert_str_eq(result->reason, "cannot start no-such-program-here: No such file or directory");
    ck_assert_int_eq(result->state, TRIAL_FAILED);
    ck_assert_int_eq(result->exit_code, -1);
    ck_assert(isnan(result->wall_seconds));
    for (int i = 0; i < 40; i++)
        rig_one(&rig, i);
    rig_release(&rig);
    rig_init(&rig, "/etc/passwd", SCORE_STDOUT);
    ck_assert_str_eq(rig_one(&rig, 1)->reason, "cannot start /etc/passwd: Permission denied");
    rig_release(&rig);
}
END_TEST

START_TEST(no_init)
{
    rig_init(&rig, "true {nobody}", SCORE_STDOUT);
    rig_start(&rig);
    rig_send(&rig, 1, 0);
    rig_wait(&rig, &rig.exited, 1);
    ck_assert_str_eq(rig.text, "{nobody} is no dimension and no parameter");
    ck_assert_int_eq(rig.lost_count, 1);
    rig_release(&rig);
    rig_init(&rig, "true", SCORE_STDOUT);
    str_copy(rig.directory, sizeof rig.directory, "/no/such/place");
    rig_start(&rig);
    rig_wait(&rig, &rig.exited, 1);
    ck_assert_str_eq(rig.text, "cannot enter /no/such/place: No such file or directory");
    rig_release(&rig);
}
END_TEST

START_TEST(no_program)
{
    struct diag diag;
    struct worker *worker = NULL;
    const struct worker_events events = { 0 };
    rig_init(&rig, "true", SCORE_STDOUT);
    const struct worker_options options = {
        .program = "/no/such/worker", .spec = &rig.spec, .mark = rig.mark,
        .environment = rig.environment,
    };
    ck_assert_int_eq(worker_start(rig.loop, &options, &events, NULL, &worker, &diag), -ENOENT);
    ck_assert_ptr_null(worker);
    ck_assert_str_eq(diag.text, "cannot start /no/such/worker: No such file or directory");
    rig_release(&rig);
}
END_TEST

/* What a trial is given. */

START_TEST(trial_has_no_descriptor_of_ours)
{
    rig_init(&rig, "ls /proc/self/fd", SCORE_STDOUT_BYTES);
    /* "0\n1\n2\n3\n": the last one is the directory that ls reads */
    ck_assert_double_eq(rig_one(&rig, 0)->score, 8);
    ck_assert_double_eq(rig_one(&rig, 0)->score, 8);
    rig_release(&rig);
}
END_TEST

START_TEST(many_arguments)
{
    struct str command;
    str_init(&command);
    str_puts(&command, "printf '%s\\n'");
    for (int i = 0; i < 10000; i++)
        str_printf(&command, " %d", i);
    str_puts(&command, " {x}");
    rig_init(&rig, command.data, SCORE_STDOUT);
    str_release(&command);
    ck_assert_double_eq(rig_one(&rig, 77)->score, 77);
    ck_assert_double_eq(rig_one(&rig, -5)->score, -5);
    rig_release(&rig);
}
END_TEST

START_TEST(chunk_in_order)
{
    struct worker_task tasks[20];
    double values[20];
    rig_init(&rig, "echo {x}", SCORE_STDOUT);
    rig_start(&rig);
    for (int i = 0; i < 20; i++) {
        values[i] = i * 3;
        tasks[i] = (struct worker_task){ .trial = 100 + i, .attempt = 2, .values = &values[i] };
    }
    worker_send(rig.worker, tasks, 20);
    ck_assert_int_eq(worker_outstanding(rig.worker), 20);
    worker_finish(rig.worker);
    rig_wait(&rig, &rig.exited, 1);
    ck_assert_int_eq(rig.result_count, 20);
    ck_assert_int_eq(rig.started, 20);
    ck_assert_int_eq(rig.lost_count, 0);
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(rig.result[i].trial, 100 + i);
        ck_assert_int_eq(rig.result[i].attempt, 2);
        ck_assert_double_eq(rig.result[i].score, i * 3);
    }
    rig_release(&rig);
}
END_TEST

/* Floods. */

static long
worker_peak_kib(pid_t pid)
{
    char path[64], line[256];
    long kib = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %ld kB", &kib) == 1)
            break;
    fclose(file);
    return kib;
}

static void
check_flood(const char *command, enum score_kind kind, double score)
{
    rig_init(&rig, command, kind);
    str_copy(rig.spec.score_field, RUN_NAME_MAX, "loss");
    rig_one(&rig, 1);
    long before = worker_peak_kib(worker_pid(rig.worker));
    const struct trial_result *result = rig_one(&rig, 100 * 1000 * 1000);
    ck_assert_str_eq(result->reason, "");
    ck_assert_double_eq(result->score, score);
    ck_assert_double_ge(result->stdout_bytes, 100e6);
    /* a sanitizer's own book-keeping is not what is measured here */
    if (test_allocations() > 0)
        ck_assert_int_le(worker_peak_kib(worker_pid(rig.worker)) - before, 1024);
    rig_release(&rig);
}

/* Standard input and environment. */

static void
set_variable(const char *name, const char *value)
{
    XGROW(rig.spec.environment, rig.spec.environment_count, variable_capacity);
    struct run_parameter *variable = &rig.spec.environment[rig.spec.environment_count++];
    str_copy(variable->name, sizeof variable->name, name);
    variable->value = xstrdup(value);
}

START_TEST(standard_input)
{
    rig_init(&rig, "cat", SCORE_JSON);
    str_copy(rig.spec.score_field, sizeof rig.spec.score_field, "x");
    rig.spec.standard_input = xstrdup("{json}");
    for (int i = 0; i < 3; i++)
        ck_assert_double_eq(rig_one(&rig, 5 + i)->score, 5 + i);
    rig_release(&rig);
}
END_TEST

/* More than a pipe holds: there is no one to wait for. */
START_TEST(standard_input_that_is_not_read)
{
    enum { LEN = 1024 * 1024 / 2 };
    rig_init(&rig, "sh -c 'exec <&-; echo {x}'", SCORE_STDOUT);
    rig.spec.standard_input = xcalloc(1, LEN + 1);
    memset(rig.spec.standard_input, 'a', LEN);
    ck_assert_double_eq(rig_one(&rig, 3)->score, 3);
    ck_assert_double_eq(rig_one(&rig, 4)->score, 4);
    rig_release(&rig);
}
END_TEST

START_TEST(environment_of_a_trial)
{
    rig_init(&rig, "sh -c 'echo \"$PATH $TWICE\" >&2; echo $X; env | grep -c ^X='", SCORE_STDOUT);
    set_variable("X", "{x}");
    set_variable("TWICE", "{x}{x} {json}");
    set_variable("PATH", "/bin:/usr/bin");
    const struct trial_result *result = rig_one(&rig, 7);
    ck_assert_double_eq(result->score, 1);
    ck_assert_str_eq(result->log, "/bin:/usr/bin 77 {\"x\":7}\n");
    rig_release(&rig);
}
END_TEST

/* The program is found by the PATH of the trial. */
START_TEST(path_of_the_trial)
{
    rig_init(&rig, "true", SCORE_WALL_SECONDS);
    set_variable("PATH", "/nowhere-{x}");
    ck_assert_str_eq(rig_one(&rig, 1)->reason, "cannot start true: No such file or directory");
    rig_release(&rig);
}
END_TEST

START_TEST(success_codes)
{
    rig_init(&rig, "sh -c 'echo 1; exit {x}'", SCORE_STDOUT);
    rig.spec.success_codes = (struct exit_codes){ { 0 } };
    exit_codes_add(&rig.spec.success_codes, 3);
    exit_codes_add(&rig.spec.success_codes, 255);
    ck_assert_int_eq(rig_one(&rig, 3)->state, TRIAL_DONE);
    ck_assert_int_eq(rig_one(&rig, 255)->state, TRIAL_DONE);
    ck_assert_int_eq(rig_one(&rig, 0)->state, TRIAL_FAILED);
    ck_assert_int_eq(rig_one(&rig, 4)->state, TRIAL_FAILED);
    ck_assert_str_eq(rig.result[3].reason, "exit status 4");
    ck_assert_int_eq(rig.result[1].exit_code, 255);
    rig_release(&rig);
}
END_TEST

START_TEST(floods)
{
    check_flood("head -c {x} /dev/zero", SCORE_STDOUT_BYTES, 100e6);
    check_flood("sh -c 'head -c {x} /dev/zero; echo 42'", SCORE_STDOUT, 42);
    check_flood("sh -c 'echo 17; yes nothing | head -c {x}'", SCORE_STDOUT, 17);
    check_flood("sh -c 'head -c {x} /dev/zero | tr \"\\\\0\" 7; echo; echo 3'", SCORE_STDOUT, 3);
    check_flood("sh -c 'echo {{\\\"loss\\\":4}}; head -c {x} /dev/zero'", SCORE_JSON, 4);
    check_flood("sh -c 'yes | head -c {x}; echo; echo {{\\\"loss\\\":5}}'", SCORE_JSON, 5);
}
END_TEST

START_TEST(noise_on_standard_error)
{
    char command[4200], clean[TRIAL_LOG_MAX + 1];
    snprintf(command, sizeof command, "sh %s", rig_trial("noise.sh"));
    rig_init(&rig, command, SCORE_STDOUT);
    const struct trial_result *result = rig_one(&rig, 0);
    ck_assert_double_eq(result->score, 1);
    ck_assert_ptr_nonnull(result->log);
    ck_assert_uint_lt(strlen(result->log), TRIAL_LOG_MAX);
    ck_assert(str_ends(result->log, "\nlast line"));
    ck_assert_ptr_nonnull(strstr(result->log, "evil\n"));
    ck_assert_ptr_null(strchr(result->log, '\033'));
    ck_assert_ptr_null(strchr(result->log, '\r'));
    for (char *line = result->log, *end; *line; line = end) {
        end = line + strcspn(line, "\n");
        if (*end)
            *end++ = '\0';
        ck_assert_str_eq(text_clean(line, clean, sizeof clean), line);
    }
    rig_release(&rig);
}
END_TEST

/* Ends. */

/* A worker that has no descriptor to spare waits for one. */
START_TEST(shortage_that_passes)
{
    struct rlimit none = { 4, 4096 }, many = { 1024, 4096 };
    rig_init(&rig, "echo 3", SCORE_STDOUT);
    rig_one(&rig, 0);
    ck_assert_int_eq(prlimit(worker_pid(rig.worker), RLIMIT_NOFILE, &none, NULL), 0);
    rig_send(&rig, 2, 0);
    rig_wait(&rig, &rig.started, 2);
    for (int64_t until = clock_mono_ns() + 300 * NS_PER_MS; clock_mono_ns() < until;)
        loop_step(rig.loop);
    ck_assert_int_eq(rig.result_count, 1);
    ck_assert_int_eq(prlimit(worker_pid(rig.worker), RLIMIT_NOFILE, &many, NULL), 0);
    rig_wait(&rig, &rig.result_count, 2);
    ck_assert_int_eq(rig.result[1].state, TRIAL_DONE);
    ck_assert_double_eq(rig.result[1].score, 3);
    rig_release(&rig);
}
END_TEST

/* Nor does waiting hold up a cancel. */
START_TEST(shortage_and_cancel)
{
    struct rlimit none = { 4, 4096 };
    rig_init(&rig, "echo 3", SCORE_STDOUT);
    rig_one(&rig, 0);
    ck_assert_int_eq(prlimit(worker_pid(rig.worker), RLIMIT_NOFILE, &none, NULL), 0);
    rig_send(&rig, 2, 0);
    rig_wait(&rig, &rig.started, 2);
    worker_cancel(rig.worker, 30);
    rig_wait(&rig, &rig.exited, 1);
    ck_assert_int_eq(rig.result_count, 1);
    ck_assert_int_eq(rig.lost_count, 1);
    rig_release(&rig);
}
END_TEST

START_TEST(time_limit)
{
    rig_init(&rig, "sleep 600", SCORE_WALL_SECONDS);
    rig.spec.trial_seconds = 0.1;
    rig.spec.grace_seconds = 60;
    const struct trial_result *result = rig_one(&rig, 0);
    ck_assert_str_eq(result->reason, "time limit of 100ms");
    ck_assert_int_eq(result->state, TRIAL_FAILED);
    ck_assert_int_eq(result->signal_number, SIGTERM);
    ck_assert_double_ge(result->wall_seconds, 0.1);
    rig_release(&rig);

    char command[4200];
    snprintf(command, sizeof command, "sh %s 3", rig_trial("sleepers.sh"));
    rig_init(&rig, command, SCORE_WALL_SECONDS);
    rig.spec.trial_seconds = 2; /* by then it ignores TERM */
    result = rig_one(&rig, 0);
    ck_assert_str_eq(result->reason, "time limit of 2.0s");
    ck_assert_int_eq(result->signal_number, SIGKILL);
    ck_assert_double_ge(result->wall_seconds, 2.2);
    ck_assert_int_eq(rig_alive(rig.mark), 1); /* the worker */
    rig_release(&rig);
}
END_TEST

/* Ending properly at the limit does not make it a result. */
/* One trial alone. */

/* State letters of the processes below the worker, "T" for each that stands. */
static void
states_below(pid_t parent, char *out, size_t size)
{
    char path[64], line[4096] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    FILE *file = fopen(path, "r");
    if (file && !fgets(line, sizeof line, file))
        line[0] = '\0';
    if (file)
        fclose(file);
    for (char *p = line, *end; strlen(out) + 1 < size; p = end) {
        char stat[512], state = '?';
        long pid = strtol(p, &end, 10);
        if (end == p)
            break;
        snprintf(path, sizeof path, "/proc/%ld/stat", pid);
        file = fopen(path, "r");
        if (file && fgets(stat, sizeof stat, file) && strrchr(stat, ')'))
            state = strrchr(stat, ')')[2];
        if (file)
            fclose(file);
        strncat(out, &state, 1);
        states_below((pid_t)pid, out, size);
    }
}

static void
await_states(const char *wanted)
{
    int64_t until = clock_mono_ns() + RIG_WAIT_MS * NS_PER_MS;
    char states[64];
    for (;;) {
        states[0] = '\0';
        states_below(worker_pid(rig.worker), states, sizeof states);
        if (!strcmp(states, wanted))
            break;
        ck_assert_msg(clock_mono_ns() < until, "%s, not %s", states, wanted);
        loop_step(rig.loop);
    }
}

static void
step_for(int64_t ms)
{
    for (int64_t until = clock_mono_ns() + ms * NS_PER_MS; clock_mono_ns() < until;)
        loop_step(rig.loop);
}

/* Neither its time limit nor its figures know of a pause. */
START_TEST(a_paused_trial_stands_still)
{
    rig_init(&rig, "sh -c \"(sleep 0.5; :); echo 3\"", SCORE_STDOUT);
    rig.spec.trial_seconds = 2;
    rig_start(&rig);
    rig_send(&rig, 1, 0);
    await_states("SSS");
    worker_order(rig.worker, WORKER_PAUSE_TRIAL, 1, 0);
    await_states("TTT");
    step_for(2200);
    ck_assert_int_eq(rig.result_count, 0);
    worker_order(rig.worker, WORKER_RESUME_TRIAL, 1, 0);
    rig_wait(&rig, &rig.result_count, 1);
    ck_assert_str_eq(rig.result[0].reason, "");
    ck_assert_int_eq(rig.result[0].state, TRIAL_DONE);
    ck_assert_double_eq(rig.result[0].score, 3);
    ck_assert_double_lt(rig.result[0].wall_seconds, 2);
    rig_release(&rig);
}
END_TEST

/* What would wait behind it comes back. */
START_TEST(a_paused_trial_holds_up_no_other)
{
    rig_init(&rig, "sh -c \"[ {x} -lt 1 ] || exec sleep 600; echo 4\"", SCORE_STDOUT);
    rig_start(&rig);
    rig_send(&rig, 1, 1);
    rig_send(&rig, 2, 0);
    rig_send(&rig, 3, 0);
    rig_wait(&rig, &rig.started, 1);
    worker_order(rig.worker, WORKER_PAUSE_TRIAL, 1, 0);
    rig_wait(&rig, &rig.returned, 2);
    ck_assert_int_eq(worker_outstanding(rig.worker), 1);
    worker_order(rig.worker, WORKER_CANCEL_TRIAL, 1, 60);
    rig_send(&rig, 3, 0);
    rig_wait(&rig, &rig.result_count, 2);
    ck_assert_int_eq(rig.result[1].trial, 3);
    ck_assert_double_eq(rig.result[1].score, 4);
    rig_release(&rig);
}
END_TEST

/* The worker goes on. */
START_TEST(a_cancelled_trial)
{
    rig_init(&rig, "sh -c \"[ {x} -lt 1 ] || exec sleep 600; echo 4\"", SCORE_STDOUT);
    rig_start(&rig);
    rig_send(&rig, 1, 1);
    rig_wait(&rig, &rig.started, 1);
    worker_order(rig.worker, WORKER_CANCEL_TRIAL, 7, 0); /* which is not there */
    worker_order(rig.worker, WORKER_CANCEL_TRIAL, 1, 60);
    rig_wait(&rig, &rig.result_count, 1);
    ck_assert_str_eq(rig.result[0].reason, "cancelled by its user");
    ck_assert_int_eq(rig.result[0].state, TRIAL_FAILED);
    ck_assert_int_eq(rig.result[0].signal_number, SIGTERM);
    rig_send(&rig, 2, 1);
    await_states("S");
    worker_order(rig.worker, WORKER_PAUSE_TRIAL, 2, 0);
    await_states("T");
    worker_order(rig.worker, WORKER_CANCEL_TRIAL, 2, 60); /* TERM is heard by who stood */
    rig_wait(&rig, &rig.result_count, 2);
    ck_assert_str_eq(rig.result[1].reason, "cancelled by its user");
    ck_assert_int_eq(rig.result[1].signal_number, SIGTERM);
    ck_assert_double_eq(rig_one(&rig, 0)->score, 4);
    rig_release(&rig);
}
END_TEST

START_TEST(a_cancelled_trial_with_stubborn_processes)
{
    char command[4200];
    snprintf(command, sizeof command, "sh %s 3", rig_trial("sleepers.sh"));
    rig_init(&rig, command, SCORE_WALL_SECONDS);
    rig_start(&rig);
    rig_send(&rig, 1, 0);
    rig_await_alive(&rig, 4);
    worker_order(rig.worker, WORKER_CANCEL_TRIAL, 1, 0.1);
    rig_wait(&rig, &rig.result_count, 1);
    ck_assert_str_eq(rig.result[0].reason, "cancelled by its user");
    ck_assert_int_eq(rig_alive(rig.mark), 1); /* the worker */
    rig_release(&rig);
}
END_TEST

/* A shortage lasts for as long as its user says. */
START_TEST(a_cancelled_trial_that_waits_for_a_descriptor)
{
    struct rlimit none = { 4, 4096 }, many = { 1024, 4096 };
    rig_init(&rig, "echo 3", SCORE_STDOUT);
    rig_one(&rig, 0);
    ck_assert_int_eq(prlimit(worker_pid(rig.worker), RLIMIT_NOFILE, &none, NULL), 0);
    rig_send(&rig, 2, 0);
    rig_wait(&rig, &rig.started, 2);
    worker_order(rig.worker, WORKER_PAUSE_TRIAL, 2, 0);
    step_for(200);
    worker_order(rig.worker, WORKER_CANCEL_TRIAL, 2, 60);
    rig_wait(&rig, &rig.result_count, 2);
    ck_assert_str_eq(rig.result[1].reason, "cancelled by its user");
    ck_assert_int_eq(prlimit(worker_pid(rig.worker), RLIMIT_NOFILE, &many, NULL), 0);
    ck_assert_double_eq(rig_one(&rig, 0)->score, 3);
    rig_release(&rig);
}
END_TEST

START_TEST(new_limits_hold_for_the_trial_that_runs)
{
    rig_init(&rig, "sleep 600", SCORE_WALL_SECONDS);
    rig.spec.trial_seconds = 500;
    rig_start(&rig);
    rig_send(&rig, 1, 0);
    rig_wait(&rig, &rig.started, 1);
    rig.spec.trial_seconds = 0.1;
    worker_tell_limits(rig.worker);
    rig_wait(&rig, &rig.result_count, 1);
    ck_assert_str_eq(rig.result[0].reason, "time limit of 100ms");
    rig_release(&rig);
}
END_TEST

START_TEST(time_limit_with_good_end)
{
    char command[4200];
    snprintf(command, sizeof command, "sh %s", rig_trial("terminates.sh"));
    rig_init(&rig, command, SCORE_STDOUT);
    rig.spec.trial_seconds = 2; /* by then it hears TERM */
    rig.spec.grace_seconds = 60;
    const struct trial_result *result = rig_one(&rig, 0);
    ck_assert_int_eq(result->state, TRIAL_FAILED);
    ck_assert_str_eq(result->reason, "time limit of 2.0s");
    ck_assert_int_eq(result->exit_code, 0);
    ck_assert_double_lt(result->wall_seconds, 60);
    rig_release(&rig);
}
END_TEST

START_TEST(straggler_does_not_hold_the_trial)
{
    char command[4200];
    snprintf(command, sizeof command, "sh %s {x}", rig_trial("straggler.sh"));
    rig_init(&rig, command, SCORE_STDOUT);
    for (int i = 0; i < 5; i++) {
        const struct trial_result *result = rig_one(&rig, i);
        ck_assert_str_eq(result->reason, "");
        ck_assert_double_eq(result->score, i);
        ck_assert_int_eq(rig_alive(rig.mark), 1);
    }
    rig_release(&rig);
}
END_TEST

START_TEST(cancel_idle)
{
    rig_init(&rig, "echo 1", SCORE_STDOUT);
    rig_one(&rig, 0);
    worker_cancel(rig.worker, 600);
    rig_wait(&rig, &rig.exited, 1);
    ck_assert_str_eq(rig.text, "exit status 0");
    ck_assert_int_eq(rig.lost_count, 0);
    rig_release(&rig);
}
END_TEST

START_TEST(cancel_running)
{
    rig_init(&rig, "sleep 600", SCORE_STDOUT);
    rig_start(&rig);
    for (int i = 1; i <= 3; i++)
        rig_send(&rig, i, 0);
    rig_wait(&rig, &rig.started, 1);
    worker_cancel(rig.worker, 600); /* sleep heeds TERM: the grace is not waited for */
    worker_cancel(rig.worker, 600);
    rig_wait(&rig, &rig.exited, 1);
    ck_assert_int_eq(rig.exited, 1);
    ck_assert_int_eq(rig.result_count, 0);
    ck_assert_int_eq(rig.lost_count, 3);
    ck_assert_int_eq(rig.lost[0], 1);
    ck_assert_int_eq(rig.lost[2], 3);
    rig_release(&rig);
}
END_TEST

START_TEST(killed_worker)
{
    char command[4200];
    snprintf(command, sizeof command, "sh %s 10 clean", rig_trial("sleepers.sh"));
    rig_init(&rig, command, SCORE_STDOUT);
    rig_start(&rig);
    rig_send(&rig, 5, 0);
    rig_send(&rig, 6, 0);
    rig_await_alive(&rig, 13); /* worker, sh, its sleep, and the ones below by descent */
    kill(worker_pid(rig.worker), SIGKILL);
    rig_wait(&rig, &rig.exited, 1);
    ck_assert_str_eq(rig.text, "killed by SIGKILL");
    ck_assert_int_eq(rig.lost_count, 2);
    ck_assert_int_eq(rig.lost[0], 5);
    /* at the moment it is told, nobody is left, whatever environment they have */
    ck_assert_int_eq(rig_alive(rig.mark), 0);
    const struct proctree_target adopted = { .aim = PROCTREE_ADOPTED };
    ck_assert_int_eq(proctree_signal(&adopted, 0), 0);
    rig_release(&rig);
}
END_TEST

/* One dead worker does not take its neighbour's trial along. */
START_TEST(killed_worker_spares_the_other)
{
    static struct rig other;
    rig_init(&rig, "sleep 600", SCORE_STDOUT);
    rig_init(&other, "sh -c 'sleep 0.5; echo 9'", SCORE_STDOUT);
    other.cage = rig.cage = cage_open(rig.mark);
    loop_signal_stop(other.children);
    loop_free(other.loop);
    other.loop = rig.loop;
    rig_start(&rig);
    rig_start(&other);
    rig_send(&rig, 1, 0);
    rig_send(&other, 1, 0);
    rig_wait(&rig, &rig.started, 1);
    rig_wait(&other, &other.started, 1);
    worker_kill(rig.worker);
    rig_wait(&rig, &rig.exited, 1);
    rig_wait(&other, &other.result_count, 1);
    ck_assert_double_eq(other.result[0].score, 9);
    worker_finish(other.worker);
    rig_wait(&other, &other.exited, 1);
    run_spec_release(&other.spec);
    rig_release(&rig);
}
END_TEST

/* The server's death, as the worker sees it: its end of the pair is closed. */
START_TEST(end_of_connection)
{
    int pair[2];
    char command[8192], buf[4096], name[] = "optop-worker", *argv[] = { name, NULL };
    char mark[CAGE_MARK_MAX + 16];
    char path[] = "PATH=/usr/bin:/bin", *environment[] = { mark, path, NULL };
    pid_t pid;
    rig_init(&rig, "true", SCORE_STDOUT);
    snprintf(mark, sizeof mark, "OPTOP_RUN=%s", rig.mark);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    const struct child_options options = {
        .path = rig.program, .argv = argv, .environment = environment, .in = -1, .out = -1,
        .err = -1, .control = pair[1], .fresh = true,
    };
    ck_assert_int_eq(child_spawn(&options, &pid), 0);
    close(pair[1]);
    snprintf(command, sizeof command, "{\"init\":{\"command\":\"sh %s 5\",\"score\":\"stdout\","
        "\"names\":[],\"parameters\":{}}}\n{\"trials\":[{\"trial\":1,\"attempt\":1,"
        "\"values\":[]}]}\n", rig_trial("sleepers.sh"));
    ck_assert_int_gt(send(pair[0], command, strlen(command), 0), 0);
    ck_assert_int_gt(recv(pair[0], buf, sizeof buf, 0), 0);
    rig_await_alive(&rig, 8);
    close(pair[0]);
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(rig_alive(rig.mark), 0);
    rig_release(&rig);
}
END_TEST

/* A trial that stops its worker cannot hold up a cancel. */
START_TEST(stopped_worker)
{
    rig_init(&rig, "sh -c 'kill -STOP $PPID; sleep 600'", SCORE_STDOUT);
    rig_start(&rig);
    rig_send(&rig, 1, 0);
    rig_await_alive(&rig, 3);
    worker_cancel(rig.worker, 0.1);
    rig_wait(&rig, &rig.exited, 1);
    ck_assert_str_eq(rig.text, "killed by SIGKILL");
    ck_assert_int_eq(rig_alive(rig.mark), 0);
    rig_release(&rig);
}
END_TEST

/* Workers that lie: this test program in another role says these lines. */

static const char *const lies[] = {
    "no JSON at all\n",
    "{\"trial\":1,\"attempt\":1,\"state\":\"maybe\"}\n",
    "{\"trial\":\"one\",\"state\":\"done\",\"score\":1}\n",
    "[1,2,3]\n",
    "{\"trial\":1\n",
    "\n",
    "{\"trial\":1,\"attempt\":1,\"state\":\"done\",\"score\":1,\"reason\":\"\\u0000\"}\n",
};

static void
play_role(const char *role)
{
    const char *text = role;
    int number;
    if (sscanf(role, "lie %d", &number) == 1)
        text = lies[number];
    if (str_equal(role, "flood")) {
        static char block[65536];
        memset(block, 'x', sizeof block);
        while (write(3, block, sizeof block) > 0)
            continue;
        _exit(1);
    }
    if (str_equal(role, "shut")) {
        close(3);
        pause();
    }
    if (write(3, text, strlen(text)) < 0)
        _exit(1);
    char buf[4096];
    while (read(3, buf, sizeof buf) > 0)
        continue;
    _exit(0);
}

static void
start_liar(const char *role)
{
    static char entry[2048], asan[] = "ASAN_OPTIONS=detect_leaks=0";
    rig_init(&rig, "true", SCORE_STDOUT);
    rig.program = rig_self();
    snprintf(entry, sizeof entry, "OPTOP_TEST_ROLE=%s", role);
    rig.environment[1] = entry;
    rig.environment[2] = asan;
    rig_start(&rig);
    rig_send(&rig, 1, 0);
}

START_TEST(liars_are_ended)
{
    char role[32];
    snprintf(role, sizeof role, "lie %d", _i);
    start_liar(role);
    rig_wait(&rig, &rig.exited, 1);
    ck_assert_int_eq(rig.result_count, 0);
    ck_assert_int_eq(rig.lost_count, 1);
    ck_assert_msg(str_starts(rig.text, "the worker's answer"), "%s", rig.text);
    rig_release(&rig);
}
END_TEST

START_TEST(endless_line_is_ended)
{
    start_liar("flood");
    rig_wait(&rig, &rig.exited, 1);
    ck_assert_str_eq(rig.text, "the worker's answer is too long");
    ck_assert_int_eq(rig.lost_count, 1);
    rig_release(&rig);
}
END_TEST

START_TEST(worker_without_connection_is_ended)
{
    start_liar("shut");
    rig_wait(&rig, &rig.exited, 1);
    ck_assert_int_eq(rig.lost_count, 1);
    rig_release(&rig);
}
END_TEST

/* Results of other trials and second results are not believed; a score that is
 * none makes a failed trial; text is cleaned. */
START_TEST(wrong_results_are_dropped)
{
    start_liar("{\"ready\":true}\n{\"started\":9}\n{\"returned\":[9,\"x\",null]}\n"
               "{\"trial\":7,\"attempt\":1,\"state\":\"done\",\"score\":1}\n"
               "{\"trial\":1,\"attempt\":2,\"state\":\"done\",\"score\":2}\n"
               "{\"trial\":1,\"attempt\":1,\"state\":\"done\",\"score\":null,"
               "\"wall_seconds\":-4,\"cpu_seconds\":\"x\",\"exit_code\":99999999999}\n"
               "{\"trial\":1,\"attempt\":1,\"state\":\"done\",\"score\":3}\n");
    rig_wait(&rig, &rig.result_count, 1);
    ck_assert_int_eq(rig.started, 0);
    ck_assert_int_eq(rig.returned, 0);
    ck_assert_int_eq(rig.result[0].state, TRIAL_FAILED);
    ck_assert_str_eq(rig.result[0].reason, "score is not finite");
    ck_assert(isnan(rig.result[0].score));
    ck_assert(isnan(rig.result[0].wall_seconds));
    ck_assert(isnan(rig.result[0].cpu_seconds));
    ck_assert_int_eq(rig.result[0].exit_code, -1);
    ck_assert_int_eq(worker_outstanding(rig.worker), 0);
    worker_kill(rig.worker);
    rig_wait(&rig, &rig.exited, 1);
    ck_assert_int_eq(rig.result_count, 1);
    ck_assert_int_eq(rig.lost_count, 0);
    rig_release(&rig);
}
END_TEST

START_TEST(hostile_text_is_cleaned)
{
    start_liar("{\"trial\":1,\"attempt\":1,\"state\":\"failed\",\"reason\":\"a\\u001b[2Jb\","
               "\"log\":\"x\\u001b]0;t\\u0007\\ny\\u202e\","
               "\"metrics\":{\"m\\u001b[2J\":1,\"x\":[],\"wall_seconds\":9}}\n");
    rig_wait(&rig, &rig.result_count, 1);
    ck_assert_str_eq(rig.result[0].reason, "a\u00b7[2Jb");
    ck_assert_str_eq(rig.result[0].log, "x\u00b7]0;t\u00b7\ny\ufffd");
    ck_assert_str_eq(rig.result[0].metrics, "{\"m\u00b7[2J\":1}");
    worker_kill(rig.worker);
    rig_wait(&rig, &rig.exited, 1);
    rig_release(&rig);
}
END_TEST

/* The worker program itself, spoken to in lines. */
START_TEST(nonsense_to_the_worker)
{
    static const char *const lines[] = {
        "hello\n", "{}\n", "[]\n", "{\"trials\":[]}\n", "{\"init\":{}}\n",
        "{\"init\":{\"command\":\"true\",\"score\":\"beauty\"}}\n",
        "{\"init\":{\"command\":\"'\",\"score\":\"stdout\"}}\n",
        "{\"init\":{\"type\":\"magic\",\"command\":\"true\",\"score\":\"stdout\"}}\n",
        "{\"init\":{\"command\":\"true\",\"score\":\"stdout\"}}\n{\"trials\":[{\"values\":[1]}]}\n",
        "{\"init\":{\"command\":\"true\",\"score\":\"stdout\",\"cgroups\":[\"/no/such\"]}}\n",
        "{\"order\":\"cancel\",\"of_trial\":1}\n", "{\"limits\":{\"trial_seconds\":1}}\n",
    };
    char name[] = "optop-worker", *argv[] = { name, NULL }, *environment[] = { NULL };
    rig_init(&rig, "true", SCORE_STDOUT);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        int pair[2], status;
        pid_t pid;
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
        const struct child_options options = {
            .path = rig.program, .argv = argv, .environment = environment, .in = -1,
            .out = -1, .err = -1, .control = pair[1], .fresh = true,
        };
        ck_assert_int_eq(child_spawn(&options, &pid), 0);
        close(pair[1]);
        ck_assert_int_gt(send(pair[0], lines[i], strlen(lines[i]), MSG_NOSIGNAL), 0);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid); /* it goes by itself */
        ck_assert_msg(WIFEXITED(status), "line %zu: status %d", i, status);
        close(pair[0]);
    }
    rig_release(&rig);
}
END_TEST

Suite *
test_suite(void)
{
    const char *role = getenv("OPTOP_TEST_ROLE");
    if (role)
        play_role(role);
    Suite *suite = suite_create("worker");
    TCase *scores = tcase_create("scores");
    tcase_set_timeout(scores, 60);
    tcase_add_test(scores, scores_from_output);
    tcase_add_test(scores, scores_from_figures);
    tcase_add_test(scores, failures);
    tcase_add_test(scores, cannot_start);
    tcase_add_test(scores, no_init);
    tcase_add_test(scores, no_program);
    tcase_add_test(scores, trial_has_no_descriptor_of_ours);
    tcase_add_test(scores, many_arguments);
    tcase_add_test(scores, chunk_in_order);
    tcase_add_test(scores, standard_input);
    tcase_add_test(scores, standard_input_that_is_not_read);
    tcase_add_test(scores, environment_of_a_trial);
    tcase_add_test(scores, path_of_the_trial);
    tcase_add_test(scores, success_codes);
    tcase_add_test(scores, floods);
    tcase_add_test(scores, noise_on_standard_error);
    suite_add_tcase(suite, scores);
    TCase *ends = tcase_create("ends");
    tcase_set_timeout(ends, 60);
    tcase_add_test(ends, time_limit);
    tcase_add_test(ends, a_paused_trial_stands_still);
    tcase_add_test(ends, a_paused_trial_holds_up_no_other);
    tcase_add_test(ends, a_cancelled_trial);
    tcase_add_test(ends, a_cancelled_trial_with_stubborn_processes);
    tcase_add_test(ends, a_cancelled_trial_that_waits_for_a_descriptor);
    tcase_add_test(ends, new_limits_hold_for_the_trial_that_runs);
    tcase_add_test(ends, shortage_that_passes);
    tcase_add_test(ends, shortage_and_cancel);
    tcase_add_test(ends, time_limit_with_good_end);
    tcase_add_test(ends, straggler_does_not_hold_the_trial);
    tcase_add_test(ends, cancel_idle);
    tcase_add_test(ends, cancel_running);
    tcase_add_test(ends, killed_worker);
    tcase_add_test(ends, killed_worker_spares_the_other);
    tcase_add_test(ends, end_of_connection);
    tcase_add_test(ends, stopped_worker);
    suite_add_tcase(suite, ends);
    TCase *hostile = tcase_create("hostile workers");
    tcase_set_timeout(hostile, 60);
    tcase_add_loop_test(hostile, liars_are_ended, 0, (int)(sizeof lies / sizeof *lies));
    tcase_add_test(hostile, endless_line_is_ended);
    tcase_add_test(hostile, worker_without_connection_is_ended);
    tcase_add_test(hostile, wrong_results_are_dropped);
    tcase_add_test(hostile, hostile_text_is_cleaned);
    tcase_add_test(hostile, nonsense_to_the_worker);
    suite_add_tcase(suite, hostile);
    return suite;
}
