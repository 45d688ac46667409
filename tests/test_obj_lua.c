/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lua functions: what they get, what they may return, and what they cannot do.
 */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "objective/metric_names.h"
#include "objective/objective.h"
#include "test.h"

enum { POINTS = 20, DIMENSIONS = 4 };

static struct run_spec spec;
static struct batch_objective *objective;
static struct diag diag;
static char file[64];
static double values[DIMENSIONS * POINTS], score[POINTS], metric[BATCH_METRICS_MAX][POINTS];
static _Atomic uint8_t state[POINTS];
static _Atomic int64_t running;
static _Atomic int32_t running_count;
static char failed_text[256], failed_log[2 * TRIAL_LOG_MAX + 1];

static void
on_failure(void *context, int64_t trial, const char *text, const char *log, size_t log_len)
{
    (void)context, (void)trial;
    str_copy(failed_text, sizeof failed_text, text);
    ck_assert_uint_lt(log_len, sizeof failed_log);
    memcpy(failed_log, log, log_len);
    failed_log[log_len] = '\0';
}

static void
add_dimension(int i, const char *name, enum dimension_kind kind, const char *a, const char *b)
{
    struct dimension *dimension = &spec.dimension[i];
    str_copy(dimension->name, RUN_NAME_MAX, name);
    dimension->kind = kind;
    if (kind != DIMENSION_CHOICE)
        return;
    dimension->choice_count = 2;
    dimension->choice = xcalloc(2, sizeof *dimension->choice);
    dimension->choice[0] = xstrdup(a);
    dimension->choice[1] = xstrdup(b);
}

static void
setup(void)
{
    run_spec_init(&spec);
    spec.dimension = xcalloc(DIMENSIONS, sizeof *spec.dimension);
    spec.dimension_count = DIMENSIONS;
    add_dimension(0, "n", DIMENSION_INT, NULL, NULL);
    add_dimension(1, "x", DIMENSION_FLOAT, NULL, NULL);
    add_dimension(2, "fast", DIMENSION_CHOICE, "false", "true");
    add_dimension(3, "opt", DIMENSION_CHOICE, "adam", "sgd");
    spec.parameter = xcalloc(2, sizeof *spec.parameter);
    spec.parameter_count = 2;
    str_copy(spec.parameter[0].name, RUN_NAME_MAX, "scale");
    spec.parameter[0].value = xstrdup("3");
    str_copy(spec.parameter[1].name, RUN_NAME_MAX, "word");
    spec.parameter[1].value = xstrdup("hello");
    spec.seed = 7;
    spec.lua_memory_bytes = 4 * 1048576.0;
    spec.lua_instructions = 10000000;
    str_copy(file, sizeof file, "/tmp/optop-lua-XXXXXX");
    close(mkstemp(file));
    spec.lua = xstrdup(file);
}

static void
teardown(void)
{
    if (objective)
        objective->type->close(objective);
    objective = NULL;
    unlink(file);
    run_spec_release(&spec);
}

static int
open_text(const char *text, int threads)
{
    FILE *out = fopen(file, "w");
    fputs(text, out);
    fclose(out);
    const struct batch_init init = { .spec = &spec, .threads = threads };
    diag = (struct diag){ 0 };
    if (objective)
        objective->type->close(objective);
    objective = NULL;
    return objective_find("lua")->batch->open(&init, &objective, &diag);
}

static int
evaluate(int64_t first, int count, int thread)
{
    struct batch batch = { .thread = thread, .first_trial = first, .count = count,
        .dimensions = DIMENSIONS, .values = values, .score = score, .state = state,
        .running = &running, .running_count = &running_count, .tell_failure = on_failure };
    for (int m = 0; m < BATCH_METRICS_MAX; m++)
        batch.metric[m] = metric[m];
    for (int i = 0; i < count; i++) {
        const double point[DIMENSIONS] = { (double)(first + i), 0.5, (double)(i % 2), (double)(i % 2) };
        memcpy(values + i * DIMENSIONS, point, sizeof point);
        for (int m = 0; m < BATCH_METRICS_MAX; m++)
            metric[m][i] = (double)NAN;
        state[i] = BATCH_OPEN;
    }
    failed_text[0] = failed_log[0] = '\0';
    return objective->type->evaluate(objective, &batch);
}

START_TEST(results)
{
    ck_assert_msg(open_text("#!/usr/bin/lua\n"
        "function evaluate(p, trial)\n"
        "  assert(math.type(p.n) == 'integer' and p.n == trial and p.x == 0.5)\n"
        "  assert(p.fast == (p.opt == 'sgd') and parameters.scale == 3)\n"
        "  assert(parameters.word == 'hello')\n"
        "  return p.n * parameters.scale + p.x, { ['a b'] = p.n, big = 1/0, wall_seconds = 1,\n"
        "      text = 'x' }\n"
        "end\n", 2) == 0, "%s", diag.text);
    ck_assert_int_eq(objective->threads, 2);
    for (int thread = 0; thread < 2; thread++) {
        ck_assert_int_eq(evaluate(5, POINTS, thread), 0);
        ck_assert_int_eq(metric_names_count(objective->metrics), 1);
        ck_assert_str_eq(metric_names_at(objective->metrics, 0), "a_b");
        for (int i = 0; i < POINTS; i++) {
            ck_assert_msg(state[i] == BATCH_DONE, "%s", failed_text);
            ck_assert(score[i] == (5 + i) * 3 + 0.5 && metric[0][i] == 5 + i);
        }
    }
    ck_assert_msg(open_text("return function(p) return p.n end", 1) == 0, "%s", diag.text);
    ck_assert_int_eq(evaluate(1, 2, 0), 0);
    ck_assert(score[1] == 2);
}
END_TEST

/* The same trial has the same random numbers, whatever was before. */
START_TEST(random_numbers)
{
    double before[POINTS];
    ck_assert_int_eq(open_text("return function() return math.random() end", 2), 0);
    ck_assert_int_eq(evaluate(1, POINTS, 0), 0);
    memcpy(before, score, sizeof before);
    ck_assert(before[0] != before[1]);
    ck_assert_int_eq(evaluate(11, 5, 1), 0);
    for (int i = 0; i < 5; i++)
        ck_assert(score[i] == before[10 + i]);
}
END_TEST

static const struct {
    const char *body, *reason;
} wrongs[] = {
    { "return nil, 'no luck'", "no luck" },
    { "return {}", "its score is a table, not a number" },
    { "return '1'", "its score is a string, not a number" },
    { "", "its score is a nil, not a number" },
    { "error('why')", ":1: why" },
    { "error({})", "an error that is a table" },
    { "return nothing.at.all", "attempt to index a nil value (global 'nothing')" },
    { "while true do end", "more than 10000000 instructions" },
    { "for i = 1, 2 do local s = string.rep('x', 1 << 30) end", "not enough memory" },
    { "local t = {} for i = 1, 1 << 30 do t[i] = i end", "not enough memory" },
    { "return 1 + evaluate(p)", "not enough memory" },
    { "setmetatable({}, { __gc = function() while true do end end })", "no finalizers" },
    { "io.open('/etc/passwd')", "global 'io'" },
    { "os.execute('true')", "global 'os'" },
    { "debug.sethook()", "global 'debug'" },
    { "load('return 1')", "global 'load'" },
    { "require('io')", "global 'require'" },
    { "dofile('/etc/passwd')", "global 'dofile'" },
    { "package.loadlib('x', 'y')", "global 'package'" },
    { "pcall(error)", "global 'pcall'" },
    { "coroutine.wrap(error)", "global 'coroutine'" },
    { "string.dump(print)", "field 'dump'" },
    { "_G.x = 1", "global '_G'" },
};

START_TEST(wrong)
{
    char text[256];
    snprintf(text, sizeof text,
        "function evaluate(p) print('at', p.n) if p.n ~= 3 then return 1 end do %s end end",
        wrongs[_i].body);
    ck_assert_msg(open_text(text, 1) == 0, "%s", diag.text);
    ck_assert_int_eq(evaluate(1, 5, 0), 0);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(state[i], i == 2 ? BATCH_FAILED : BATCH_DONE);
    ck_assert_msg(strstr(failed_text, wrongs[_i].reason) != NULL, "%s", failed_text);
    ck_assert(strstr(failed_log, "at\t3\n") || strstr(failed_log, "stack traceback"));
}
END_TEST

START_TEST(files)
{
    ck_assert_int_lt(open_text("x = ", 1), 0);
    ck_assert_ptr_nonnull(strstr(diag.text, ":1: unexpected symbol"));
    ck_assert_int_lt(open_text("x = 1", 1), 0);
    ck_assert_ptr_nonnull(strstr(diag.text, "no function evaluate"));
    ck_assert_int_lt(open_text("while true do end", 1), 0);
    ck_assert_ptr_nonnull(strstr(diag.text, "instructions"));
    ck_assert_int_lt(open_text("\033Lua", 1), 0); /* bytecode */
    ck_assert_int_lt(open_text("math = nil function evaluate() end", 1), 0);
    ck_assert_ptr_null(objective);
    free(spec.lua);
    spec.lua = xstrdup("/no/such/file.lua");
    const struct batch_init init = { .spec = &spec, .threads = 1 };
    ck_assert_int_eq(objective_find("lua")->batch->open(&init, &objective, &diag), -ENOENT);
    ck_assert_ptr_nonnull(strstr(diag.text, "/no/such/file.lua"));
}
END_TEST

static void *
stop_later(void *context)
{
    (void)context;
    while (!running)
        usleep(1000);
    objective->type->stop(objective);
    return NULL;
}

START_TEST(stops)
{
    pthread_t thread;
    spec.lua_instructions = 0;
    ck_assert_int_eq(open_text("return function() while true do end end", 1), 0);
    pthread_create(&thread, NULL, stop_later, NULL);
    ck_assert_int_lt(evaluate(1, 3, 0), 0);
    pthread_join(thread, NULL);
    ck_assert_int_eq(state[0], BATCH_OPEN);
}
END_TEST

/* What it prints is kept within bounds. */
START_TEST(prints)
{
    ck_assert_int_eq(open_text("return function() for i = 1, 20000 do print(i, {}, 'x') end\n"
        "print(string.rep('y', 100000)) error('end') end", 1), 0);
    ck_assert_int_eq(evaluate(1, 2, 0), 0);
    ck_assert_ptr_nonnull(strstr(failed_text, "end"));
    ck_assert_ptr_nonnull(strstr(failed_log, "yyy\nstack traceback"));
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("obj_lua");
    TCase *tcase = tcase_create("functions");
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, results);
    tcase_add_test(tcase, random_numbers);
    tcase_add_loop_test(tcase, wrong, 0, (int)(sizeof wrongs / sizeof *wrongs));
    tcase_add_test(tcase, files);
    tcase_add_test(tcase, stops);
    tcase_add_test(tcase, prints);
    suite_add_tcase(suite, tcase);
    return suite;
}
