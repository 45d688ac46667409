/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "run/lanes.h"

#include <stdlib.h>

#include "base/clock.h"
#include "test.h"

static struct lanes *
open_lanes(void)
{
    struct lanes *lanes = calloc(1, sizeof *lanes);
    ck_assert_ptr_nonnull(lanes);
    return lanes;
}

static void
check_past(const struct lanes *lanes, int lane, const char *wanted)
{
    char past[LANE_POINTS + 1];
    lanes_read(lanes, lane, LANE_POINTS, past);
    ck_assert_str_eq(past, wanted);
}

START_TEST(a_worker_from_start_to_end)
{
    struct lanes *lanes = open_lanes();
    int64_t now = 100 * NS_PER_SEC, busy = 0;
    int lane = lanes_take(lanes);
    ck_assert_int_eq(lane, 0);
    lanes_see(lanes, lane, 0, 1, LANE_STARTING);
    lanes_step(lanes, now);
    static const double parts[] = { 0, 0.04, 0.25, 0.95, 1 };
    for (int i = 0; i < 5; i++) {
        busy += (int64_t)(parts[i] * (double)NS_PER_SEC);
        lanes_see(lanes, lane, busy, 1, 0);
        lanes_step(lanes, now += NS_PER_SEC);
    }
    lanes_fail(lanes, lane);
    lanes_see(lanes, lane, busy, 1, 0);
    lanes_step(lanes, now += NS_PER_SEC);
    lanes_see(lanes, lane, busy, 1, LANE_HELD);
    lanes_step(lanes, now += NS_PER_SEC);
    lanes_leave(lanes, lane, busy);
    lanes_step(lanes, now += NS_PER_SEC);
    check_past(lanes, lane, "s01299fp ");
    free(lanes);
}
END_TEST

/* Workers of one trial each, thousands of them. */
START_TEST(successors_share_a_lane)
{
    struct lanes *lanes = open_lanes();
    int64_t now = NS_PER_SEC;
    lanes_step(lanes, now);
    int other = lanes_take(lanes);
    for (int second = 0; second < 3; second++) {
        for (int i = 0; i < 10; i++) {
            int lane = lanes_take(lanes);
            ck_assert_int_eq(lane, 1);
            lanes_leave(lanes, lane, NS_PER_SEC / 20);
        }
        lanes_see(lanes, other, 0, 1, 0);
        lanes_step(lanes, now += NS_PER_SEC);
    }
    ck_assert_int_eq(lanes->count, 2);
    check_past(lanes, 0, " 000");
    check_past(lanes, 1, " 555");
    lanes_step(lanes, now += NS_PER_SEC);
    check_past(lanes, 1, " 555 ");
    free(lanes);
}
END_TEST

START_TEST(threads_are_one_lane)
{
    struct lanes *lanes = open_lanes();
    int lane = lanes_take(lanes);
    lanes_step(lanes, NS_PER_SEC);
    lanes_see(lanes, lane, 2 * NS_PER_SEC, 4, 0);
    lanes_step(lanes, 2 * NS_PER_SEC);
    lanes_see(lanes, lane, 6 * NS_PER_SEC, 4, 0);
    lanes_step(lanes, 3 * NS_PER_SEC);
    check_past(lanes, lane, "s59");
    free(lanes);
}
END_TEST

/* What was told to be done may turn out as less: a lane never goes back. */
START_TEST(work_does_not_go_back)
{
    struct lanes *lanes = open_lanes();
    int lane = lanes_take(lanes);
    lanes_step(lanes, NS_PER_SEC);
    lanes_see(lanes, lane, NS_PER_SEC, 1, 0);
    lanes_step(lanes, 2 * NS_PER_SEC);
    lanes_leave(lanes, lane, NS_PER_SEC / 2);
    ck_assert_int_eq(lanes_take(lanes), lane);
    lanes_see(lanes, lane, NS_PER_SEC / 4, 1, 0);
    lanes_step(lanes, 3 * NS_PER_SEC);
    check_past(lanes, lane, "s90");
    free(lanes);
}
END_TEST

START_TEST(more_workers_than_lanes_and_more_points_than_kept)
{
    struct lanes *lanes = open_lanes();
    char past[LANE_POINTS + 1];
    for (int i = 0; i < LANES_MAX; i++)
        ck_assert_int_eq(lanes_take(lanes), i);
    ck_assert_int_eq(lanes_take(lanes), -1);
    lanes_see(lanes, -1, 1, 1, 0);
    lanes_fail(lanes, -1);
    lanes_leave(lanes, -1, 1);
    for (int i = 1; i <= 2 * LANE_POINTS; i++) {
        lanes_see(lanes, 7, i % 2 ? (i + 1) / 2 * NS_PER_SEC : i / 2 * NS_PER_SEC, 1, 0);
        lanes_step(lanes, i * NS_PER_SEC);
    }
    ck_assert_int_eq(lanes_read(lanes, 7, 4, past), 4);
    ck_assert_str_eq(past, "9090");
    ck_assert_int_eq(lanes_read(lanes, 7, LANE_POINTS, past), LANE_POINTS);
    ck_assert_int_eq(lanes->steps, 2 * LANE_POINTS);
    lanes_leave(lanes, 5, 0);
    lanes_leave(lanes, 3, 0);
    ck_assert_int_eq(lanes_take(lanes), 3); /* the lowest */
    free(lanes);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("lanes");
    TCase *tcase = tcase_create("lanes");
    tcase_add_test(tcase, a_worker_from_start_to_end);
    tcase_add_test(tcase, successors_share_a_lane);
    tcase_add_test(tcase, threads_are_one_lane);
    tcase_add_test(tcase, work_does_not_go_back);
    tcase_add_test(tcase, more_workers_than_lanes_and_more_points_than_kept);
    suite_add_tcase(suite, tcase);
    return suite;
}
