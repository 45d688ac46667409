/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Clicks and the wheel, without a terminal.
 */
#include "screen_rig.h"

START_TEST(a_row_is_chosen_opened_and_left)
{
    struct rig rig;
    int x, y;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    find(&rig, "solver tolerance", &x, &y);
    screen_mouse(rig.screen, 20, y, SCREEN_CLICK);
    check_shows(&rig, ">    8  solver");
    screen_mouse(rig.screen, 20, y, SCREEN_WHEEL_UP);
    check_shows(&rig, ">    9  lightgbm");
    screen_mouse(rig.screen, 20, y, SCREEN_CLICK);
    screen_mouse(rig.screen, 20, y, SCREEN_CLICK);
    check_shows(&rig, "Convergence");
    screen_mouse(rig.screen, 499, 199, SCREEN_CLICK); /* nowhere */
    rig_close(&rig);
}
END_TEST

START_TEST(a_title_sorts_its_column)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    screen_key(rig.screen, '2');
    answer(&rig, "run.list", load("runs"), NULL);
    check_shows(&rig, "by run");
    click(&rig, "name ");
    check_shows(&rig, "by name");
    check_shows(&rig, "name▼");
    click(&rig, "name▼");
    check_shows(&rig, "name▲");
    check_shows(&rig, "by name, turned");
    click(&rig, "progress ");
    check_shows(&rig, "by progress");
    check_hides(&rig, "turned");
    rig_close(&rig);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("mouse");
    TCase *tcase = tcase_create("mouse");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_row_is_chosen_opened_and_left);
    tcase_add_test(tcase, a_title_sorts_its_column);
    suite_add_tcase(suite, tcase);
    return suite;
}
