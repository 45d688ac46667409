/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The whole screen at an earlier time, without a terminal: what is asked for, what is
 * seen and what is not, what is refused, and the way back.
 */
#include "screen_rig.h"

/* What the server has recorded: the busy machine, at another time with another load. */
static json_t *
recorded(double time, double cpu)
{
    json_t *status = load("busy");
    json_object_set_new(status, "time", json_real(time));
    json_object_set_new(status, "seq", json_integer((json_int_t)time % 100000));
    json_object_set_new(json_object_get(status, "cpu"), "total", json_real(cpu));
    return status;
}

static double now;

static void
open_busy(struct rig *rig)
{
    rig_open(rig);
    rig_connect(rig, "busy");
    json_t *status = load("busy");
    now = json_get_number(status, "time", 0);
    json_decref(status);
}

static const json_t *
asked_last(struct rig *rig, const char *method)
{
    ck_assert_int_gt(rig->asked_count, 0);
    ck_assert_str_eq(rig->asked[rig->asked_count - 1].method, method);
    return rig->asked[rig->asked_count - 1].params;
}

static void
check_asked(struct rig *rig, double time, const char *find)
{
    const json_t *params = asked_last(rig, "status.at");
    ck_assert_double_eq_tol(json_get_number(params, "time", -1), time, 0.011);
    ck_assert_str_eq(json_get_string(params, "find", ""), find);
}

static void
answer_graphs(struct rig *rig, double end)
{
    for (int i = 0; i < VIEW_SERIES_COUNT; i++) {
        const json_t *params = rig->asked[rig->answered].params;
        if (isnan(end))
            ck_assert_ptr_null(json_object_get(params, "end"));
        else
            ck_assert_double_eq_tol(json_get_number(params, "end", -1), end, 0.001);
        answer(rig, "history", history(i), NULL);
    }
}

static void
go_back_to(struct rig *rig, double time, double cpu)
{
    screen_key(rig->screen, '<');
    answer(rig, "status.at", recorded(time, cpu), NULL);
    answer_graphs(rig, time);
}

START_TEST(back_forth_and_now)
{
    struct rig rig;
    open_busy(&rig);
    screen_key(rig.screen, '>'); /* there is nothing behind now */
    ck_assert_int_eq(rig.answered, rig.asked_count);
    screen_key(rig.screen, '<');
    check_asked(&rig, now, "before");
    screen_key(rig.screen, '<'); /* faster than the answer */
    ck_assert_int_eq(rig.answered + 1, rig.asked_count);
    check_hides(&rig, "as of");
    answer(&rig, "status.at", recorded(now - 20, 71.5), NULL);
    answer_graphs(&rig, now - 20);
    check_shows(&rig, "(20s ago)");
    check_shows(&rig, "71.5%");
    screen_key(rig.screen, '<');
    check_asked(&rig, now - 20, "before");
    answer(&rig, "status.at", recorded(now - 30, 72.5), NULL);
    answer_graphs(&rig, now - 30);
    check_shows(&rig, "(30s ago)");
    screen_key(rig.screen, '>');
    check_asked(&rig, now - 30, "after");
    answer(&rig, "status.at", recorded(now - 20, 71.5), NULL);
    answer_graphs(&rig, now - 20);
    screen_key(rig.screen, '{');
    check_asked(&rig, now - 620, "at");
    answer(&rig, "status.at", NULL, "nothing is recorded before then");
    check_shows(&rig, "nothing is recorded before then");
    check_shows(&rig, "(20s ago)"); /* and stays where it is */
    screen_key(rig.screen, '>');
    answer(&rig, "status.at", NULL, "nothing is recorded behind");
    check_hides(&rig, "as of"); /* that is now */
    answer_graphs(&rig, (double)NAN);
    answer(&rig, "status", load("busy"), NULL);
    check_hides(&rig, "71.5%");
    ck_assert_int_eq(rig.answered, rig.asked_count);
    rig_close(&rig);
}
END_TEST

START_TEST(what_goes_on_does_not_move_it)
{
    struct rig rig;
    open_busy(&rig);
    go_back_to(&rig, now - 3600, 71.5);
    json_t *status = recorded(now, 12.5);
    tick(&rig, status, 120);
    check_shows(&rig, "71.5%");
    check_hides(&rig, "12.5%");
    check_shows(&rig, "(1h02m ago)");
    json_decref(status);
    json_t *run = json_pack("{s:i, s:s, s:s}", "run", 12345, "name", "brand new", "state", "running");
    screen_notification(rig.screen, "run", run);
    json_decref(run);
    check_hides(&rig, "brand new");
    ck_assert_int_eq(rig.answered, rig.asked_count); /* and nothing is asked for */
    screen_disconnected(rig.screen, "the server has gone");
    check_shows(&rig, "the server has gone");
    check_shows(&rig, "as of");
    screen_connected(rig.screen);
    answer(&rig, "watch", json_object(), NULL);
    check_shows(&rig, "71.5%");
    screen_key(rig.screen, KEY_CODE_ESCAPE);
    check_hides(&rig, "as of");
    answer_graphs(&rig, (double)NAN);
    answer(&rig, "status", recorded(now + 120, 12.5), NULL);
    check_shows(&rig, "12.5%");
    rig_close(&rig);
}
END_TEST

START_TEST(to_a_time)
{
    struct rig rig;
    open_busy(&rig);
    type(&rig, ":at -2h\r");
    check_asked(&rig, now - 7200, "at");
    answer(&rig, "status.at", recorded(now - 7203, 71.5), NULL);
    answer_graphs(&rig, now - 7203);
    check_shows(&rig, "(2h00m ago)");
    type(&rig, ":at -1h\r"); /* of now, not of what is shown */
    check_asked(&rig, now - 3600, "at");
    answer(&rig, "status.at", NULL, "nothing is recorded");
    type(&rig, ":at soon\r");
    check_shows(&rig, "at what time?");
    type(&rig, ":at\r");
    check_shows(&rig, "at what time?");
    type(&rig, ":now\r");
    check_hides(&rig, "as of");
    screen_key(rig.screen, '<'); /* before the answer of now */
    check_asked(&rig, now, "before");
    answer_graphs(&rig, (double)NAN);
    answer(&rig, "status", load("busy"), NULL);
    answer(&rig, "status.at", recorded(now - 10, 71.5), NULL);
    check_shows(&rig, "(10s ago)");
    rig_close(&rig);
}
END_TEST

START_TEST(nothing_is_changed_there)
{
    static const char keys[] = { 'n', 'c', 'p', 'r', 'R', '+', '-', ']', '[' };
    struct rig rig;
    open_busy(&rig);
    go_back_to(&rig, now - 60, 71.5);
    for (size_t i = 0; i < sizeof keys; i++) {
        screen_key(rig.screen, (uint32_t)keys[i]);
        check_shows(&rig, "nothing can be changed in it");
        ck_assert_ptr_null(screen_dialog(rig.screen));
        type(&rig, ":overview\r");
    }
    type(&rig, ":cancel\r");
    check_shows(&rig, "nothing can be changed in it");
    ck_assert_int_eq(rig.answered, rig.asked_count);
    rig_close(&rig);
}
END_TEST

/* Every view, as far as it is known. */
START_TEST(all_views_are_of_that_time)
{
    struct rig rig;
    open_busy(&rig);
    go_back_to(&rig, now - 3600, 71.5);
    check_screen(&rig, "past", 80, 24, false);
    check_screen(&rig, "past", 160, 50, false);
    check_screen(&rig, "past", 80, 24, true);
    static const char *const unknown[] = { "3", "4", "6", "7" };
    for (int i = 0; i < 4; i++) {
        canvas_resize(&rig.canvas, 160, 80);
        type(&rig, unknown[i]);
        check_shows(&rig, "not recorded");
        check_shows(&rig, "as of");
    }
    type(&rig, "2");
    check_shows(&rig, "[2 Runs]");
    check_hides(&rig, "not recorded");
    type(&rig, "5");
    check_shows(&rig, "[5 Figures]");
    asked_last(&rig, "config.get"); /* alone: of the settings, which are not seen */
    ck_assert_int_eq(rig.answered + 1, rig.asked_count);
    for (int columns = 1; columns < 90; columns += 4)
        for (int rows = 1; rows < 30; rows += 3) {
            canvas_resize(&rig.canvas, columns, rows);
            picture(&rig);
        }
    rig_close(&rig);
}
END_TEST

static void
press_often(struct rig *rig, uint32_t key, int times)
{
    for (int i = 0; i < times; i++) /* the answer comes later */
        screen_key(rig->screen, key);
}

static void
tick_now(struct rig *rig, double time)
{
    json_t *status = recorded(time, 12.5);
    screen_notification(rig->screen, "tick", status);
    json_decref(status);
}

START_TEST(a_held_key_goes_faster)
{
    struct rig rig;
    open_busy(&rig);
    go_back_to(&rig, now - 10, 71.5);
    press_often(&rig, '<', 25);
    check_asked(&rig, now - 10, "before");
    answer(&rig, "status.at", recorded(now - 20, 71.5), NULL);
    answer_graphs(&rig, now - 20);
    tick_now(&rig, now + 1);
    press_often(&rig, '<', 25);
    check_asked(&rig, now - 80, "at");
    answer(&rig, "status.at", recorded(now - 80, 71.5), NULL);
    answer_graphs(&rig, now - 80);
    tick_now(&rig, now + 2);
    press_often(&rig, '<', 25);
    check_asked(&rig, now - 680, "at");
    answer(&rig, "status.at", NULL, "nothing is recorded before then");
    screen_key(rig.screen, '<'); /* as far as there is */
    check_asked(&rig, now - 80, "before");
    answer(&rig, "status.at", recorded(now - 90, 71.5), NULL);
    answer_graphs(&rig, now - 90);
    tick_now(&rig, now + 3);
    press_often(&rig, '>', 1); /* back again is slow again */
    check_asked(&rig, now - 90, "after");
    answer(&rig, "status.at", recorded(now - 80, 71.5), NULL);
    answer_graphs(&rig, now - 80);
    press_often(&rig, '>', 5); /* and stays so for a finger */
    answer(&rig, "status.at", recorded(now - 70, 71.5), NULL);
    answer_graphs(&rig, now - 70);
    tick_now(&rig, now + 4);
    screen_key(rig.screen, '>');
    check_asked(&rig, now - 70, "after");
    rig_close(&rig);
}
END_TEST

START_TEST(the_end_is_now)
{
    struct rig rig;
    open_busy(&rig);
    go_back_to(&rig, now - 10, 71.5);
    picture(&rig);
    screen_key(rig.screen, KEY_CODE_END); /* of the runs */
    check_shows(&rig, "as of");
    while (!strstr(picture(&rig), "▸ CPU"))
        screen_key(rig.screen, KEY_CODE_TAB);
    screen_key(rig.screen, KEY_CODE_END);
    check_hides(&rig, "as of");
    rig_close(&rig);
}
END_TEST

/* Answers of now that come late are not mixed in. */
START_TEST(what_comes_late_is_dropped)
{
    struct rig rig;
    open_busy(&rig);
    screen_key(rig.screen, '2');
    int runs = rig.asked_count - 1;
    ck_assert_str_eq(rig.asked[runs].method, "run.list");
    screen_key(rig.screen, '<');
    rig.answered++; /* that of the runs comes last */
    answer(&rig, "status.at", recorded(now - 10, 71.5), NULL);
    answer_graphs(&rig, now - 10);
    struct asked late = rig.asked[runs];
    json_t *result = load("runs");
    check_hides(&rig, "kernel tune 9");
    late.fn(late.context, result, NULL);
    json_decref(result);
    check_hides(&rig, "kernel tune 9");
    rig_close(&rig);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("past");
    TCase *tcase = tcase_create("past");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, back_forth_and_now);
    tcase_add_test(tcase, what_goes_on_does_not_move_it);
    tcase_add_test(tcase, to_a_time);
    tcase_add_test(tcase, nothing_is_changed_there);
    tcase_add_test(tcase, all_views_are_of_that_time);
    tcase_add_test(tcase, what_comes_late_is_dropped);
    tcase_add_test(tcase, a_held_key_goes_faster);
    tcase_add_test(tcase, the_end_is_now);
    suite_add_tcase(suite, tcase);
    return suite;
}
