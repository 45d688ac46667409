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

/* The graph of the CPU is at 7..78 x 10..16 there; two points a cell. */
static void
drag(struct rig *rig, int from, int to)
{
    picture(rig);
    screen_mouse(rig->screen, from, 12, SCREEN_CLICK);
    screen_mouse(rig->screen, to, 14, SCREEN_RELEASE);
}

START_TEST(a_drag_shows_a_part_of_a_graph)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    drag(&rig, 20, 20); /* a click */
    check_hides(&rig, "graphs from");
    drag(&rig, 20, 50);
    check_shows(&rig, "graphs from");
    check_shows(&rig, "(1m01s)");
    char before[256], after[256];
    snprintf(before, sizeof before, "%.200s", strstr(picture(&rig), "graphs from"));
    json_t *status = load("busy");
    tick(&rig, status, 1); /* it stays while time goes on */
    tick(&rig, status, 1);
    snprintf(after, sizeof after, "%.200s", strstr(picture(&rig), "graphs from"));
    ck_assert_str_eq(before, after);
    json_decref(status);
    drag(&rig, 60, 20); /* a part of the part; from right to left */
    check_hides(&rig, "(1m01s)");
    check_shows(&rig, "graphs from");
    drag(&rig, 40, 41);
    check_shows(&rig, "too little");
    screen_key(rig.screen, KEY_CODE_ESCAPE);
    check_hides(&rig, "graphs from");
    check_shows(&rig, "[1 Overview]");
    screen_mouse(rig.screen, 20, 12, SCREEN_RELEASE); /* of nothing */
    check_hides(&rig, "graphs from");
    rig_close(&rig);
}
END_TEST

/* A peak that is in the graph is in each part that has it, however long. */
static double
highest(const struct graph_part *part, int columns)
{
    double most = 0;
    for (int c = 0; c < columns; c++) {
        double value = (double)graph_part_value(part, 0, columns, c);
        most = value > most ? value : most;
    }
    return most;
}

START_TEST(parts_keep_their_peaks)
{
    static struct view view;
    static struct graph_part part;
    view_init(&view);
    view.time = 1000;
    view.interval_seconds = 1;
    ck_assert(!graph_part_take(&part, &view, 10, 0)); /* nothing is known */
    for (int i = 0; i < VIEW_HISTORY; i++)
        view.series[0].value[i] = i == 100 ? 90 : 10;
    view.series[0].count = VIEW_HISTORY;
    view.series[0].head = VIEW_HISTORY - 1;
    ck_assert(graph_part_take(&part, &view, VIEW_HISTORY + 50, -5));
    ck_assert_int_eq(part.count, VIEW_HISTORY);
    for (int columns = 1; columns < 1200; columns += 7)
        ck_assert_double_eq(highest(&part, columns), 90);
    ck_assert_double_eq(part.to, 1000);
    ck_assert_double_eq(part.from, 1000 - (VIEW_HISTORY - 1));
    graph_part_resize(&part, &view, 100, -1);
    ck_assert_int_eq(part.count, VIEW_HISTORY / 2);
    ck_assert_double_eq(highest(&part, 50), 10); /* the peak is in the older half */
    graph_part_resize(&part, &view, 100, 1);
    ck_assert_int_eq(part.count, VIEW_HISTORY);
    graph_part_resize(&part, &view, 100, 1);
    ck_assert(!part.on);
    graph_part_resize(&part, &view, 100, -1);
    ck_assert_int_eq(part.count, 50);
    view_release(&view);
}
END_TEST

START_TEST(keys_make_it_shorter_and_longer)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    picture(&rig);
    for (int i = 0; i < 12; i++)
        type(&rig, "(");
    check_shows(&rig, "graphs from");
    for (int i = 0; i < 12 && strstr(picture(&rig), "graphs from"); i++)
        type(&rig, ")");
    check_hides(&rig, "graphs from");
    type(&rig, ")"); /* all that is known */
    check_shows(&rig, "graphs from");
    for (int columns = 1; columns < 210; columns += 7)
        for (int rows = 1; rows < 40; rows += 3) {
            canvas_resize(&rig.canvas, columns, rows);
            picture(&rig);
            screen_mouse(rig.screen, columns / 3, rows / 2, SCREEN_CLICK);
            screen_mouse(rig.screen, columns / 2, rows / 2, SCREEN_RELEASE);
        }
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
    tcase_add_test(tcase, a_drag_shows_a_part_of_a_graph);
    tcase_add_test(tcase, parts_keep_their_peaks);
    tcase_add_test(tcase, keys_make_it_shorter_and_longer);
    suite_add_tcase(suite, tcase);
    return suite;
}
