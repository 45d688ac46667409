/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Layouts of the overview: their text, and what keys make of them.
 */
#include "screen_rig.h"

#include "config/config.h"
#include "ui/panel.h"

static void
check_text(const struct arrangement *layout, const char *expected)
{
    char text[ARRANGEMENT_TEXT_MAX];
    ck_assert_str_eq(arrangement_text(layout, text, sizeof text), expected);
}

START_TEST(a_text_is_rows_of_panels)
{
    static const char *const faults[][2] = { { "", "is no panel" }, { "cpu,", "is no panel" }, { "cpu, gpu", "\"gpu\"" },
        { "cpu, runs+cpu", "twice" }, { "cpu+memory+io+runs+tasks", "more than 4" }, { "+", "is no panel" },
        { "cpu memory", "\"cpu memory\"" } };
    struct arrangement layout = { .rows = 0 };
    struct diag diag = { 0 };
    ck_assert_int_eq(arrangement_parse(" cpu + memory,runs ,alerts+io", &layout, &diag), 0);
    check_text(&layout, "cpu+memory, runs, alerts+io");
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        ck_assert_int_eq(arrangement_parse(faults[i][0], &layout, &diag), ERR_BAD_TYPE);
        ck_assert_msg(strstr(diag.text, faults[i][1]) != NULL, "%s", diag.text);
        check_text(&layout, "cpu+memory, runs, alerts+io"); /* as it was */
    }
    for (int i = 0; arrangement_shipped(i, &layout); i++) {
        char text[ARRANGEMENT_TEXT_MAX];
        struct arrangement again = layout;
        ck_assert(i == 0 ? layout.rows == 0 : arrangement_parse(arrangement_text(&layout, text, sizeof text), &again, &diag) == 0);
        ck_assert_mem_eq(&again, &layout, sizeof again);
        ck_assert(config_is_name(layout.name));
    }
}
END_TEST

START_TEST(panels_go_and_come_back)
{
    struct arrangement layout = { .rows = 0 };
    struct diag diag = { 0 };
    int cpu = arrangement_find_panel("cpu"), runs = arrangement_find_panel("runs"), io = arrangement_find_panel("io");
    ck_assert_int_eq(arrangement_find_panel("gpu"), -1);
    ck_assert_int_eq(arrangement_parse("cpu+memory, runs", &layout, &diag), 0);
    ck_assert(arrangement_hide(&layout, cpu) && !arrangement_hide(&layout, cpu));
    check_text(&layout, "memory, runs");
    ck_assert(arrangement_show(&layout, io) && !arrangement_show(&layout, io) && !arrangement_show(&layout, -1));
    check_text(&layout, "memory, runs, io");
    ck_assert(arrangement_join(&layout, io));
    check_text(&layout, "memory, runs+io");
    ck_assert(arrangement_move(&layout, io, -1));
    check_text(&layout, "memory, io+runs");
    ck_assert(arrangement_move(&layout, io, -1)); /* with its row */
    check_text(&layout, "io+runs, memory");
    ck_assert(!arrangement_move(&layout, io, -1));
    ck_assert(arrangement_join(&layout, io)); /* alone again */
    check_text(&layout, "runs, io, memory");
    ck_assert(!arrangement_join(&layout, runs) && !arrangement_join(&layout, cpu) && !arrangement_move(&layout, cpu, 1));
    ck_assert(arrangement_hide(&layout, runs) && arrangement_hide(&layout, io));
    ck_assert(!arrangement_hide(&layout, arrangement_find_panel("memory"))); /* one stays */
    for (int i = 0; i < ARRANGEMENT_PANELS; i++)
        arrangement_show(&layout, i);
    ck_assert_int_eq(layout.rows, ARRANGEMENT_PANELS);
    for (int i = 0; i < ARRANGEMENT_PANELS; i++)
        for (int p = 0; p < ARRANGEMENT_PANELS; p++) {
            arrangement_join(&layout, p);
            arrangement_move(&layout, i, p % 2 ? 1 : -1);
        }
    for (int i = 0; i < ARRANGEMENT_PANELS; i++)
        ck_assert(arrangement_has(&layout, i));
}
END_TEST

START_TEST(names_are_those_of_the_panels)
{
    int found = 0;
    for (int id = PANEL_NONE + 1; id < PANEL_COUNT; id++) {
        int panel = scene_layout_panel((enum panel_id)id);
        if (panel < 0)
            continue;
        ck_assert_str_eq(arrangement_panels[panel], panel_info((enum panel_id)id)->name);
        found++;
    }
    ck_assert_int_eq(found, ARRANGEMENT_PANELS);
}
END_TEST

START_TEST(keys_walk_and_change)
{
    struct rig rig;
    struct arrangement own[2] = { { .name = "mine" }, { .name = "quiet" } };
    struct diag diag = { 0 };
    ck_assert_int_eq(arrangement_parse("io, cpu", &own[0], &diag), 0);
    ck_assert_int_eq(arrangement_parse("alerts", &own[1], &diag), 0);
    rig_open(&rig);
    screen_set_layouts(rig.screen, own, 2, "mine");
    rig_connect(&rig, "busy");
    check_hides(&rig, "Memory and pressure");
    check_shows(&rig, "▸ Disks"); /* the focus is on one that is there */
    screen_key(rig.screen, 'L'); /* behind the last is the first */
    check_shows(&rig, "Memory and pressure");
    check_shows(&rig, "layout all");
    screen_key(rig.screen, 'L');
    check_shows(&rig, "layout machine: cpu+memory, io+alerts");
    check_hides(&rig, "Runs ─");
    type(&rig, ":layout quiet\r"); /* that of the file, not that which ships */
    check_shows(&rig, "layout quiet: alerts");
    check_hides(&rig, "Runs ─");
    screen_key(rig.screen, 'x');
    check_shows(&rig, "one panel stays");
    type(&rig, ":show runs\r");
    check_shows(&rig, "Runs ─");
    check_shows(&rig, "quiet: alerts, runs (W saves it)");
    screen_key(rig.screen, '.');
    check_shows(&rig, "quiet: runs, alerts (W");
    screen_key(rig.screen, '|');
    check_shows(&rig, "quiet: runs+alerts (W");
    screen_key(rig.screen, 'X');
    check_shows(&rig, "quiet: runs+alerts, cpu (W");
    type(&rig, ":hide gpu\r");
    check_shows(&rig, "panels are cpu,");
    type(&rig, ":layout gpu\r");
    check_shows(&rig, "there is no such layout");
    for (int columns = 1; columns < 210; columns += 7)
        for (int rows = 1; rows < 40; rows += 3) {
            canvas_resize(&rig.canvas, columns, rows);
            picture(&rig);
        }
    rig_close(&rig);
}
END_TEST

static void
check_change(const json_t *change, const char *section, const char *key, const char *value)
{
    ck_assert_str_eq(json_get_string(change, "section", ""), section);
    ck_assert_str_eq(json_get_string(change, "key", ""), key);
    ck_assert_str_eq(json_get_string(change, "value", ""), value);
}

/* Nobody must wonder whether a key was heard. */
START_TEST(a_key_that_does_nothing_says_so)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    type(&rig, ";");
    check_shows(&rig, "; is no key of this view (8 lists them)");
    type(&rig, ">");
    check_shows(&rig, "forth would do nothing here");
    type(&rig, "/");
    check_shows(&rig, "/ is no key of this view");
    screen_key(rig.screen, KEY_CODE_LEFT); /* nothing is said of keys that are no signs */
    check_shows(&rig, "/ is no key of this view");
    rig_close(&rig);
}
END_TEST

START_TEST(what_is_made_is_saved)
{
    struct rig rig;
    rig_open(&rig);
    screen_set_layouts(rig.screen, NULL, 0, "gone");
    check_shows(&rig, "there is no layout \"gone\"");
    rig_connect(&rig, "busy");
    picture(&rig);
    type(&rig, ":hide files\r"); /* of that which goes by the width */
    check_shows(&rig, "layout all: cpu+memory, runs, tasks+pools, boards, alerts+io (W saves it)");
    screen_key(rig.screen, 'W');
    const json_t *changes = json_object_get(rig.asked[rig.answered].params, "changes");
    ck_assert_uint_eq(json_array_size(changes), 2);
    check_change(json_array_get(changes, 0), "layout all", "panels", "cpu+memory, runs, tasks+pools, boards, alerts+io");
    check_change(json_array_get(changes, 1), "screen", "layout", "all");
    answer(&rig, "config.set", NULL, "the disk is full");
    check_shows(&rig, "the disk is full");
    type(&rig, ":save-layout a/b\r");
    check_shows(&rig, "a name has letters");
    type(&rig, ":save-layout mine\r");
    answer(&rig, "config.set", json_object(), NULL);
    check_shows(&rig, "layout mine is in optop.ini");
    screen_key(rig.screen, 'L');
    check_shows(&rig, "layout all"); /* as it ships */
    check_hides(&rig, "layout all:");
    type(&rig, ":layout mine\r");
    check_shows(&rig, "layout mine: cpu+memory, runs, tasks+pools, boards, alerts+io");
    check_hides(&rig, "W saves it");
    rig_close(&rig);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("layout keys");
    TCase *tcase = tcase_create("layout keys");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, a_text_is_rows_of_panels);
    tcase_add_test(tcase, panels_go_and_come_back);
    tcase_add_test(tcase, names_are_those_of_the_panels);
    tcase_add_test(tcase, keys_walk_and_change);
    tcase_add_test(tcase, a_key_that_does_nothing_says_so);
    tcase_add_test(tcase, what_is_made_is_saved);
    suite_add_tcase(suite, tcase);
    return suite;
}
