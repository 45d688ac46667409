/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "run/stall.h"

#include "base/clock.h"
#include "test.h"

#define AT(seconds) ((seconds) * NS_PER_SEC)

START_TEST(ten_times_the_usual)
{
    struct stall s = { .run = 1 };
    ck_assert(!stall_step(&s, true, 5, 20, 10, AT(1)));
    ck_assert(!stall_step(&s, true, 5, 20, 10, AT(200)));
    ck_assert(stall_step(&s, true, 5, 20, 10, AT(202)));
    ck_assert(!stall_step(&s, true, 6, 20, 10, AT(203))); /* it goes on */
    ck_assert(!stall_step(&s, true, 6, 20, 10, AT(403)));
    ck_assert(stall_step(&s, true, 6, 20, 10, AT(404)));
}
END_TEST

START_TEST(short_trials_have_a_minute)
{
    struct stall s = { .run = 1 };
    stall_step(&s, true, 5, 0.001, 10, AT(1));
    ck_assert(!stall_step(&s, true, 5, 0.001, 10, AT(61)));
    ck_assert(stall_step(&s, true, 5, 0.001, 10, AT(62)));
}
END_TEST

START_TEST(what_is_meant_to_stand)
{
    struct stall s = { .run = 1 };
    stall_step(&s, true, 5, 1, 10, AT(1));
    ck_assert(!stall_step(&s, false, 5, 1, 10, AT(1000))); /* paused */
    ck_assert(!stall_step(&s, true, 5, 1, 10, AT(1001)));
    ck_assert(stall_step(&s, true, 5, 1, 10, AT(1100)));
    ck_assert(!stall_step(&s, true, 5, 0, 10, AT(5000))); /* not one has ended yet */
    ck_assert(!stall_step(&s, true, 5, 1, 0, AT(5000))); /* switched off */
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("stall");
    TCase *tcase = tcase_create("stall");
    tcase_add_test(tcase, ten_times_the_usual);
    tcase_add_test(tcase, short_trials_have_a_minute);
    tcase_add_test(tcase, what_is_meant_to_stand);
    suite_add_tcase(suite, tcase);
    return suite;
}
