/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The state table of runs: every pair of state and event, and the names.
 */
#include "test.h"

#include <math.h>

#include "model/run.h"

/* One letter per event, in the order START PAUSE RESUME FINISH FAIL CANCEL
 * RETRY: the state after it, or '.' where it means nothing. */
static const char letters[RUN_STATE_COUNT + 1] = "qrpdfc";
static const char *const table[RUN_STATE_COUNT] = {
    [RUN_QUEUED] = "rp.dfcq",
    [RUN_RUNNING] = ".p.dfcr",
    [RUN_PAUSED] = "..qdfcq",
    [RUN_DONE] = "......q",
    [RUN_FAILED] = "..q...q",
    [RUN_CANCELLED] = "..q...q",
};

START_TEST(every_pair)
{
    for (int state = 0; state < RUN_STATE_COUNT; state++)
        for (int event = 0; event < RUN_EVENT_COUNT; event++) {
            int next = run_state_next((enum run_state)state, (enum run_event)event);
            char letter = next < 0 ? '.' : letters[next];
            ck_assert_msg(letter == table[state][event], "%s, event %d: %c",
                run_state_name((enum run_state)state), event, letter);
            ck_assert(next >= 0 || next == ERR_BAD_STATE);
        }
}
END_TEST

START_TEST(every_name)
{
    static const char *const names[] = { "queued", "running", "paused", "done", "failed",
        "cancelled" };
    ck_assert_int_eq(sizeof names / sizeof *names, RUN_STATE_COUNT);
    for (int state = 0; state < RUN_STATE_COUNT; state++) {
        ck_assert_str_eq(run_state_name((enum run_state)state), names[state]);
        ck_assert_int_eq(run_state_parse(names[state]), state);
    }
    ck_assert_int_eq(run_state_parse("Done"), ERR_NOT_FOUND);
    ck_assert_int_eq(run_state_parse(""), ERR_NOT_FOUND);
}
END_TEST

START_TEST(what_has_ended)
{
    ck_assert(!run_state_ended(RUN_QUEUED) && !run_state_ended(RUN_RUNNING) &&
        !run_state_ended(RUN_PAUSED));
    ck_assert(run_state_ended(RUN_DONE) && run_state_ended(RUN_FAILED) &&
        run_state_ended(RUN_CANCELLED));
}
END_TEST

START_TEST(better)
{
    double nan = (double)NAN, inf = (double)INFINITY;
    ck_assert(run_goal_better(RUN_MINIMIZE, 1, 2));
    ck_assert(!run_goal_better(RUN_MINIMIZE, 2, 1));
    ck_assert(run_goal_better(RUN_MAXIMIZE, 2, 1));
    ck_assert(!run_goal_better(RUN_MAXIMIZE, 1, 2));
    for (int goal = RUN_MINIMIZE; goal <= RUN_MAXIMIZE; goal++) {
        ck_assert(!run_goal_better((enum run_goal)goal, 1, 1)); /* the first one stays */
        ck_assert(run_goal_better((enum run_goal)goal, 1, nan));
        ck_assert(run_goal_better((enum run_goal)goal, inf, nan));
        ck_assert(!run_goal_better((enum run_goal)goal, nan, 1));
        ck_assert(!run_goal_better((enum run_goal)goal, nan, nan));
    }
    ck_assert(run_goal_better(RUN_MINIMIZE, -inf, -1e308));
    ck_assert(run_goal_better(RUN_MAXIMIZE, inf, 1e308));
}
END_TEST

START_TEST(an_empty_spec_is_released)
{
    struct run_spec spec;
    run_spec_init(&spec);
    run_spec_release(&spec);
    run_spec_release(&spec);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("run_state");
    TCase *tcase = tcase_create("run_state");
    tcase_add_test(tcase, every_pair);
    tcase_add_test(tcase, every_name);
    tcase_add_test(tcase, what_has_ended);
    tcase_add_test(tcase, better);
    tcase_add_test(tcase, an_empty_spec_is_released);
    suite_add_tcase(suite, tcase);
    return suite;
}
