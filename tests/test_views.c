/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Views by their numbers, tables, and the line at the bottom, without a terminal.
 */
#include "screen_rig.h"

#include "ui/table.h"

static void
open_runs(struct rig *rig)
{
    rig_open(rig);
    rig_connect(rig, "busy");
    screen_key(rig->screen, '2');
    answer(rig, "run.list", load("runs"), NULL);
}

static void
type(struct rig *rig, const char *text)
{
    for (; *text; text++)
        screen_key(rig->screen, (uint32_t)(unsigned char)*text);
}

START_TEST(runs_are_as_committed)
{
    struct rig rig;
    open_runs(&rig);
    check_all_sizes(&rig, "runs");
    if (getenv("OPTOP_UPDATE_SCREENS")) {
        rig.canvas.ascii = false;
        canvas_resize(&rig.canvas, 160, 50);
        picture(&rig);
        write_document(&rig, "runs-160x50");
    }
    rig_close(&rig);
}
END_TEST

START_TEST(views_go_by_numbers_and_clicks)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    check_shows(&rig, "[1 Overview]");
    screen_key(rig.screen, '2');
    answer(&rig, "run.list", load("runs"), NULL);
    check_shows(&rig, "[2 Runs]");
    check_shows(&rig, "40 runs");
    screen_key(rig.screen, KEY_CODE_ENTER);
    check_shows(&rig, "[3 Run]");
    screen_mouse(rig.screen, 2, 1, SCREEN_CLICK);
    check_shows(&rig, "[1 Overview]");
    screen_mouse(rig.screen, 15, 1, SCREEN_CLICK);
    check_shows(&rig, "[2 Runs]");
    screen_key(rig.screen, KEY_CODE_ESCAPE);
    check_shows(&rig, "[1 Overview]");
    canvas_resize(&rig.canvas, 40, 24); /* keys alone where words do not fit */
    check_shows(&rig, "[1 Overview] 2  3");
    rig_close(&rig);
}
END_TEST

START_TEST(runs_are_sorted_filtered_and_searched)
{
    struct rig rig;
    open_runs(&rig);
    check_shows(&rig, "by run");
    check_shows(&rig, ">   133  kernel tune 33"); /* the newest first */
    type(&rig, ":sort name\r");
    check_shows(&rig, "by name");
    type(&rig, ":sort nothing\r");
    check_shows(&rig, "there is no column \"nothing\"");
    type(&rig, "S");
    check_shows(&rig, "by name, turned");
    type(&rig, "fNIGHT");
    check_shows(&rig, "5 of 40 with \"NIGHT\"");
    check_hides(&rig, "lattice");
    screen_key(rig.screen, KEY_CODE_ESCAPE);
    check_shows(&rig, "lattice");
    type(&rig, "/kernel tune 9");
    check_shows(&rig, ">   109  kernel tune 9");
    screen_key(rig.screen, KEY_CODE_ESCAPE); /* back to where it began */
    check_hides(&rig, ">   109");
    type(&rig, "/kernel\r");
    screen_key(rig.screen, 'N' - '@');
    check_shows(&rig, "kernel");
    type(&rig, "/no such run\r");
    check_shows(&rig, "no row has \"no such run\" in it");
    rig_close(&rig);
}
END_TEST

START_TEST(marked_runs_are_acted_upon_together)
{
    struct rig rig;
    open_runs(&rig);
    type(&rig, ":sort state\r");
    type(&rig, "g   ");
    check_shows(&rig, "3 marked");
    int asked = rig.asked_count;
    screen_key(rig.screen, 'p'); /* of running, queued, paused ones two can be paused */
    ck_assert_int_eq(rig.asked_count, asked + 2);
    rig.answered += 2;
    screen_key(rig.screen, 'c');
    check_shows(&rig, "Cancel the 3 marked runs");
    screen_key(rig.screen, 'y');
    ck_assert_int_eq(rig.asked_count, asked + 5);
    answer(&rig, "run.cancel", json_object(), NULL);
    answer(&rig, "run.cancel", NULL, "it has ended");
    ck_assert_ptr_nonnull(screen_dialog(rig.screen));
    answer(&rig, "run.cancel", json_object(), NULL);
    check_shows(&rig, "it has ended");
    screen_key(rig.screen, 'y'); /* again only what was refused */
    ck_assert_int_eq(rig.asked_count, asked + 6);
    answer(&rig, "run.cancel", json_object(), NULL);
    ck_assert_ptr_null(screen_dialog(rig.screen));
    screen_key(rig.screen, 'u');
    check_hides(&rig, "marked");
    rig_close(&rig);
}
END_TEST

START_TEST(commands_complete_and_tell_their_keys)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    type(&rig, ":pa");
    check_shows(&rig, "page-down");
    check_shows(&rig, "PgDn");
    check_hides(&rig, "quit    ");
    screen_key(rig.screen, KEY_CODE_TAB);
    screen_key(rig.screen, KEY_CODE_TAB);
    screen_key(rig.screen, KEY_CODE_BACKTAB);
    int asked = rig.asked_count;
    screen_key(rig.screen, KEY_CODE_ENTER); /* "pause" */
    ck_assert_int_eq(rig.asked_count, asked + 1);
    ck_assert_str_eq(rig.asked[asked].method, "run.pause");
    type(&rig, ":nonsense\r");
    check_shows(&rig, "there is no command \"nonsense\"");
    type(&rig, ":quit now\r");
    check_shows(&rig, "quit takes nothing behind it");
    type(&rig, ":mark\r");
    check_shows(&rig, "mark would do nothing here");
    type(&rig, ":run 8\r");
    check_shows(&rig, "[3 Run]");
    type(&rig, ":q\r");
    ck_assert_int_eq(rig.quits, 1);
    rig_close(&rig);
}
END_TEST

START_TEST(a_table_of_all_runs_allocates_nothing)
{
    struct rig rig;
    open_runs(&rig);
    json_t *status = load("busy");
    for (int i = 0; i < 3; i++)
        tick(&rig, status, 1);
    screen_draw(rig.screen, &rig.canvas);
    unsigned long before = test_allocations();
    screen_notification(rig.screen, "tick", status);
    screen_draw(rig.screen, &rig.canvas);
    ck_assert_uint_eq(test_allocations(), before);
    json_decref(status);
    rig_close(&rig);
}
END_TEST

/* A tree of numbers: the parent of n is n / 2, that of 1 is 0, of 64 itself. */

struct numbers {
    int count;
    int number[200];
};

static int
numbers_count(const void *rows)
{
    return ((const struct numbers *)rows)->count;
}

static uint64_t
numbers_key(const void *rows, int row)
{
    return (uint64_t)((const struct numbers *)rows)->number[row];
}

static int
numbers_compare(const void *rows, int a, int b, int column)
{
    (void)column;
    const struct numbers *numbers = rows;
    return table_larger(numbers->number[a], numbers->number[b]);
}

static bool
numbers_match(const void *rows, int row, const char *text)
{
    char number[16];
    snprintf(number, sizeof number, "%d", ((const struct numbers *)rows)->number[row]);
    return table_contains(number, text);
}

static uint64_t
numbers_parent(const void *rows, int row)
{
    int number = ((const struct numbers *)rows)->number[row];
    return (uint64_t)(number == 64 ? 129 : number / 2);
}

static const struct layout_column numbers_columns[] = { { .title = "number" } };
static const struct table_class numbers_class = { .columns = numbers_columns, .column_count = 1,
    .count = numbers_count, .key = numbers_key, .compare = numbers_compare, .matches = numbers_match,
    .parent = numbers_parent };

START_TEST(a_tree_has_children_below_their_parents)
{
    struct numbers numbers = { 0 };
    struct table table;
    int place[200], depth[200];
    table_init(&table, &numbers_class, &numbers);
    table.tree = true;
    for (int i = 0; i < 150; i++)
        numbers.number[numbers.count++] = (i * 37) % 150 + 1;
    table_update(&table);
    ck_assert_int_eq(table.shown, 150);
    for (int i = 0; i < 150; i++) {
        int number = numbers.number[table.order[i]];
        place[number] = i;
        depth[number] = table.depth[i];
    }
    for (int n = 2; n <= 150; n++) {
        if (n >> (n >= 128 ? 1 : 0) == 64 || n == 64) /* 64, 128 and 129 go round in a circle */
            continue;
        ck_assert_int_gt(place[n], place[n / 2]);
        ck_assert_int_eq(depth[n], depth[n / 2] + 1);
    }
    ck_assert_int_lt(place[3], place[2]); /* siblings in the order of the sort */
    table_filter(&table, "5"); /* whose parents are left out stand at the edge */
    for (int i = 0; i < table.shown; i++)
        ck_assert(numbers_match(&numbers, table.order[i], "5"));
    table_filter(&table, "");
    ck_assert_int_eq(table.shown, 150);
    numbers.count = 0;
    table_update(&table);
    ck_assert_int_eq(table_row(&table), -1);
    table_move(&table, 3);
    ck_assert_int_eq(table_row(&table), -1);
    table_release(&table);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("views");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, runs_are_as_committed);
    tcase_add_test(all, views_go_by_numbers_and_clicks);
    tcase_add_test(all, runs_are_sorted_filtered_and_searched);
    tcase_add_test(all, marked_runs_are_acted_upon_together);
    tcase_add_test(all, commands_complete_and_tell_their_keys);
    tcase_add_test(all, a_table_of_all_runs_allocates_nothing);
    tcase_add_test(all, a_tree_has_children_below_their_parents);
    suite_add_tcase(suite, all);
    return suite;
}
