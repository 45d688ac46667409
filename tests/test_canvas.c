/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Canvas, shapes, layout and the tables of keys and looks.
 */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "test.h"
#include "ui/canvas.h"
#include "ui/draw.h"
#include "ui/key.h"
#include "ui/keymap.h"
#include "ui/layout.h"
#include "ui/svg.h"
#include "ui/theme.h"

static struct canvas canvas;
static struct str text;

static void
set_up(void)
{
    canvas_init(&canvas);
    canvas_resize(&canvas, 10, 3);
    str_init(&text);
}

static void
tear_down(void)
{
    canvas_release(&canvas);
    str_release(&text);
}

static const char *
shown(void)
{
    str_clear(&text);
    canvas_to_text(&canvas, &text);
    return text.data;
}

START_TEST(text_is_cut_with_an_ellipsis)
{
    ck_assert_int_eq(canvas_text(&canvas, 0, 0, 10, STYLE_TEXT, "0123456789"), 10);
    ck_assert_int_eq(canvas_text(&canvas, 0, 1, 10, STYLE_TEXT, "0123456789a"), 10);
    ck_assert_int_eq(canvas_text(&canvas, 0, 2, 10, STYLE_TEXT, "short"), 5);
    ck_assert_str_eq(shown(), "0123456789\n012345678…\nshort\n");
    canvas.ascii = true;
    canvas_text(&canvas, 0, 1, 10, STYLE_TEXT, "0123456789a");
    ck_assert_ptr_nonnull(strstr(shown(), "012345678~"));
    ck_assert_int_eq(canvas_text(&canvas, 0, 2, 0, STYLE_TEXT, "x"), 0);
    ck_assert_int_eq(canvas_text(&canvas, 0, 2, -3, STYLE_TEXT, "x"), 0);
    ck_assert_int_eq(canvas_textf(&canvas, 0, 2, 8, STYLE_TEXT, "%d of %d", 3, 7), 6);
}
END_TEST

START_TEST(nothing_is_drawn_outside)
{
    canvas_text(&canvas, -3, 0, 20, STYLE_TEXT, "abcdef");
    canvas_text(&canvas, 8, 1, 20, STYLE_TEXT, "xyz");
    canvas_text(&canvas, 0, 3, 20, STYLE_TEXT, "below");
    canvas_text(&canvas, 0, -1, 20, STYLE_TEXT, "above");
    canvas_put(&canvas, 10, 0, 'X', STYLE_TEXT);
    canvas_put(&canvas, INT_MAX, INT_MIN, 'X', STYLE_TEXT);
    canvas_fill(&canvas, (struct rect){ -5, 2, INT_MAX, INT_MAX }, '.', STYLE_TEXT);
    canvas_style(&canvas, (struct rect){ -5, -5, 7, 7 }, STYLE_DIM);
    ck_assert_str_eq(shown(), "def\n        xy\n..........\n");
    ck_assert_int_eq(canvas_cell(&canvas, 1, 1)->style, STYLE_DIM);
    ck_assert_int_eq(canvas_cell(&canvas, 2, 1)->style, STYLE_TEXT);
    ck_assert_ptr_null(canvas_cell(&canvas, 10, 0));
    ck_assert_ptr_null(canvas_cell(&canvas, 0, -1));
}
END_TEST

START_TEST(wide_characters_take_two_cells)
{
    ck_assert_int_eq(canvas_text(&canvas, 0, 0, 10, STYLE_TEXT, "日本"), 4);
    ck_assert_uint_eq(canvas_cell(&canvas, 1, 0)->code, 0);
    canvas_put(&canvas, 1, 0, 'x', STYLE_TEXT); /* cuts 日 */
    canvas_put(&canvas, 2, 0, 'y', STYLE_TEXT); /* cuts 本 */
    ck_assert_str_eq(shown(), " xy\n\n\n");
    canvas_put(&canvas, 9, 1, 0x65E5, STYLE_TEXT); /* no room for its right half */
    ck_assert_uint_eq(canvas_cell(&canvas, 9, 1)->code, ' ');
    canvas_put(&canvas, -1, 1, 0x65E5, STYLE_TEXT);
    ck_assert_uint_eq(canvas_cell(&canvas, 0, 1)->code, ' ');
    canvas_text(&canvas, 0, 2, 4, STYLE_TEXT, "日本語"); /* the cut is a whole cell */
    ck_assert_ptr_nonnull(strstr(shown(), "日 …"));
    canvas.ascii = true;
    canvas_clear(&canvas);
    ck_assert_int_eq(canvas_text(&canvas, 0, 0, 10, STYLE_TEXT, "日本é"), 5);
    ck_assert_str_eq(shown(), "?????\n\n\n");
}
END_TEST

START_TEST(marks_stay_with_their_letter)
{
    ck_assert_int_eq(canvas_text(&canvas, 0, 0, 10, STYLE_TEXT, "e\xCC\x81\xCC\xA3\xCC\x82x"), 2);
    ck_assert_uint_eq(canvas_cell(&canvas, 0, 0)->mark[0], 0x301);
    ck_assert_uint_eq(canvas_cell(&canvas, 0, 0)->mark[1], 0x323);
    ck_assert_uint_eq(canvas_cell(&canvas, 1, 0)->code, 'x');
    ck_assert_int_eq(canvas_text(&canvas, 0, 1, 10, STYLE_TEXT, "\xCC\x81"), 0); /* on nothing */
    canvas_put(&canvas, 0, 0, 'o', STYLE_TEXT);
    ck_assert_uint_eq(canvas_cell(&canvas, 0, 0)->mark[0], 0);
}
END_TEST

START_TEST(hostile_text_is_cleaned)
{
    canvas_text(&canvas, 0, 0, 10, STYLE_TEXT, "\033[2J\r\n\xFF\xE2\x80\xAE");
    ck_assert_str_eq(shown(), "·[2J··\xEF\xBF\xBD\xEF\xBF\xBD\n\n\n");
    canvas_put(&canvas, 0, 1, 0x1B, STYLE_TEXT);
    ck_assert_uint_eq(canvas_cell(&canvas, 0, 1)->code, 0xB7);
}
END_TEST

START_TEST(ascii_has_no_other_signs)
{
    canvas.ascii = true;
    for (uint32_t code = 0x20; code < 0x3000; code++) {
        canvas_put(&canvas, 0, 0, code, STYLE_TEXT);
        uint32_t got = canvas_cell(&canvas, 0, 0)->code;
        ck_assert_msg(got >= 0x20 && got < 0x7F, "U+%04X became U+%04X", code, got);
    }
    draw_box(&canvas, (struct rect){ 0, 0, 10, 3 }, "T", STYLE_DIM);
    ck_assert_str_eq(shown(), "+- T ----+\n|        |\n+--------+\n");
}
END_TEST

START_TEST(numbers_are_whole_or_hashes)
{
    canvas_number(&canvas, 2, 0, 5, STYLE_VALUE, "42%");
    canvas_number(&canvas, 2, 1, 3, STYLE_VALUE, "1234");
    canvas_number(&canvas, 2, 2, 0, STYLE_VALUE, "1");
    ck_assert_str_eq(shown(), "    42%\n  ###\n\n");
}
END_TEST

START_TEST(sizes_have_limits)
{
    canvas_resize(&canvas, 100000, 100000);
    ck_assert_int_eq(canvas.columns, CANVAS_COLUMNS_MAX);
    ck_assert_int_eq(canvas.rows, CANVAS_ROWS_MAX);
    canvas_resize(&canvas, -1, -1);
    ck_assert_int_eq(canvas.columns, 0);
    ck_assert_str_eq(shown(), "");
    canvas_put(&canvas, 0, 0, 'x', STYLE_TEXT);
    draw_box(&canvas, (struct rect){ 0, 0, 5, 5 }, "title", STYLE_DIM);
}
END_TEST

START_TEST(smaller_sizes_keep_the_memory)
{
    canvas_resize(&canvas, 80, 24);
    unsigned long before = test_allocations();
    canvas_resize(&canvas, 24, 80);
    canvas_resize(&canvas, 1, 1);
    canvas_resize(&canvas, 80, 24);
    ck_assert_uint_eq(test_allocations(), before);
}
END_TEST

START_TEST(equal_pictures_are_equal_bytes)
{
    struct canvas other;
    canvas_init(&other);
    canvas_resize(&other, 10, 3);
    canvas_text(&canvas, 0, 0, 10, STYLE_GOOD, "日 garbage");
    canvas_clear(&canvas);
    canvas_text(&canvas, 0, 0, 10, STYLE_TEXT, "same");
    canvas_text(&other, 0, 0, 10, STYLE_TEXT, "same");
    ck_assert_mem_eq(canvas.cell, other.cell, 30 * sizeof *other.cell);
    canvas_release(&other);
}
END_TEST

START_TEST(boxes_shrink_to_rules)
{
    draw_box(&canvas, (struct rect){ 0, 0, 10, 3 }, "long title", STYLE_DIM);
    ck_assert_str_eq(shown(), "╭─ lon… ─╮\n│        │\n╰────────╯\n");
    canvas_clear(&canvas);
    draw_box(&canvas, (struct rect){ 0, 1, 10, 1 }, "ab", STYLE_DIM);
    ck_assert_str_eq(shown(), "\n── ab ────\n\n");
    canvas_clear(&canvas);
    draw_box(&canvas, (struct rect){ 0, 0, 4, 3 }, "ab", STYLE_DIM);
    ck_assert_str_eq(shown(), "╭──╮\n│  │\n╰──╯\n");
    canvas_clear(&canvas);
    draw_box(&canvas, (struct rect){ 0, 0, 0, 3 }, "ab", STYLE_DIM);
    draw_box(&canvas, (struct rect){ 0, 0, 3, -1 }, "ab", STYLE_DIM);
    ck_assert_str_eq(shown(), "\n\n\n");
}
END_TEST

START_TEST(a_note_gives_way_to_the_title)
{
    canvas_resize(&canvas, 20, 1);
    struct rect rect = { 0, 0, 20, 1 };
    draw_box(&canvas, rect, "CPU", STYLE_DIM);
    draw_box_note(&canvas, rect, "CPU", "12%", STYLE_VALUE);
    ck_assert_str_eq(shown(), "── CPU ────── 12% ──\n");
}
END_TEST

START_TEST(bars_are_exact_to_half_a_cell)
{
    draw_progress(&canvas, 0, 0, 10, 0.5, STYLE_BAR_1);
    draw_progress(&canvas, 0, 1, 10, 0.25, STYLE_BAR_1);
    draw_progress(&canvas, 0, 2, 10, NAN, STYLE_BAR_1);
    ck_assert_str_eq(shown(), "━━━━━─────\n━━╸───────\n··········\n");
    draw_progress(&canvas, 0, 0, 10, 7, STYLE_BAR_1);
    draw_progress(&canvas, 0, 1, 10, -7, STYLE_BAR_1);
    draw_progress(&canvas, 0, 2, 0, 1, STYLE_BAR_1);
    ck_assert_str_eq(shown(), "━━━━━━━━━━\n──────────\n··········\n");
    struct draw_segment parts[] = { { 0.3, DRAW_BAR_FULL, STYLE_BAR_1 },
        { NAN, DRAW_BAR_DASHED, STYLE_BAR_3 }, { 0.2, DRAW_BAR_DOUBLE, STYLE_BAR_2 },
        { 0.9, DRAW_BAR_DOTTED, STYLE_BAR_4 } };
    draw_bar(&canvas, 0, 0, 10, parts, 3);
    draw_bar(&canvas, 0, 1, 10, parts, 4); /* more than all: cut at the end */
    ck_assert_str_eq(shown(), "━━━══─────\n━━━══┅┅┅┅┅\n··········\n");
}
END_TEST

static float
ramp(const void *context, int column)
{
    (void)context;
    return column == 3 ? NAN : (float)column * 10;
}

START_TEST(graphs_fill_from_the_bottom)
{
    canvas_resize(&canvas, 4, 2);
    draw_graph(&canvas, (struct rect){ 0, 0, 4, 2 }, STYLE_GRAPH, ramp, NULL, 80);
    ck_assert_str_eq(shown(), "  ⢀⣴\n⣀⡄⣿⣿\n");
}
END_TEST

START_TEST(dots_add_up)
{
    struct rect rect = { 0, 0, 2, 1 };
    draw_dot(&canvas, rect, 0, 0, STYLE_GRAPH);
    draw_dot(&canvas, rect, 1, 3, STYLE_GRAPH);
    draw_dot(&canvas, rect, 4, 0, STYLE_GRAPH); /* outside */
    draw_dot(&canvas, rect, 0, -1, STYLE_GRAPH);
    ck_assert_str_eq(shown(), "⢁\n\n\n");
}
END_TEST

START_TEST(levels_have_eight_steps)
{
    for (int i = 0; i < 9; i++)
        draw_level(&canvas, i, 0, i / 8.0, STYLE_BAR_1);
    draw_level(&canvas, 9, 0, NAN, STYLE_BAR_1);
    ck_assert_str_eq(shown(), "▁▂▃▄▅▆▇██▁\n\n\n");
    canvas.ascii = true;
    for (int i = 0; i < 10; i++)
        draw_level(&canvas, i, 0, i / 10.0 + 0.01, STYLE_BAR_1);
    ck_assert_str_eq(shown(), "0123456789\n\n\n");
}
END_TEST

START_TEST(scroll_bars_stay_inside)
{
    for (int total = 0; total < 50; total++)
        for (int first = -3; first < 60; first += 7) {
            canvas_clear(&canvas);
            draw_scrollbar(&canvas, 9, 0, 3, first, 3, total);
            int thumb = 0;
            for (int y = 0; y < 3; y++)
                thumb += canvas_cell(&canvas, 9, y)->code == 0x2588;
            ck_assert_int_eq(thumb > 0, total > 3);
        }
}
END_TEST

START_TEST(columns_go_by_priority)
{
    struct layout_column column[] = {
        { .title = "a", .min = 4, .want = 6, .priority = 2 },
        { .title = "b", .min = 4, .want = 4, .priority = 1 },
        { .title = "c", .min = 4, .want = 8, .priority = 3, .stretch = true },
    };
    layout_columns(column, 3, 10, 40);
    ck_assert_int_eq(column[0].x, 10);
    ck_assert_int_eq(column[0].width, 6);
    ck_assert_int_eq(column[1].x, 18);
    ck_assert_int_eq(column[2].x + column[2].width, 50);
    layout_columns(column, 3, 0, 15);
    ck_assert_int_eq(column[2].width, 0);
    ck_assert_int_eq(column[0].width, 6);
    layout_columns(column, 3, 0, 5);
    ck_assert_int_eq(column[0].width, 0);
    ck_assert_int_eq(column[1].width, 4);
    layout_columns(column, 3, 0, 3);
    ck_assert_int_eq(column[1].width, 0);
}
END_TEST

/* For every height: nothing is too high, and what is shown has its minimum. */
START_TEST(bands_fit)
{
    for (int height = 0; height < 80; height++) {
        struct layout_band band[] = {
            { .min = 3, .want = 12, .weight = 2, .priority = 2 },
            { .min = 3, .want = 9, .weight = 0, .priority = 1 },
            { .min = 3, .want = 6, .weight = 1, .priority = 5 },
        };
        int sum = 0;
        layout_bands(band, 3, height);
        for (int i = 0; i < 3; i++) {
            ck_assert(band[i].height == 0 || band[i].height >= band[i].min);
            sum += band[i].height;
        }
        ck_assert_int_le(sum, height);
        if (height >= 9)
            ck_assert_int_eq(sum, height);
        if (height >= 3)
            ck_assert_int_ge(band[1].height, 3);
    }
}
END_TEST

START_TEST(keys_mean_one_thing)
{
    int count;
    const struct key_row *rows = keymap_rows(&count);
    for (int i = 0; i < count; i++)
        for (int j = i + 1; j < count; j++)
            ck_assert_msg(!rows[i].code || rows[i].code != rows[j].code ||
                strcmp(rows[i].context, rows[j].context) != 0,
                "%s is there twice", rows[i].key);
    ck_assert_int_eq(keymap_find("overview", 'q'), ACTION_QUIT);
    ck_assert_int_eq(keymap_find("overview", ' '), ACTION_FREEZE);
    ck_assert_int_eq(keymap_find("all runs", ' '), ACTION_MARK); /* nearer contexts first */
    ck_assert_str_eq(keymap_key("all runs", ACTION_MARK), "Space");
    ck_assert_str_eq(keymap_key("overview", ACTION_MARK), "");
    ck_assert_int_eq(keymap_find("run", KEY_CODE_ESCAPE), ACTION_BACK);
    ck_assert_int_eq(keymap_find("overview", 0), ACTION_NONE);
    ck_assert_int_eq(keymap_find("overview", 'Z'), ACTION_NONE);
}
END_TEST

START_TEST(actions_go_by_their_names)
{
    for (int i = ACTION_NONE + 1; i < ACTION_COUNT; i++) {
        const struct action_row *row = action_info((enum action)i);
        ck_assert_msg(row->name && row->note && row->act, "row %d is not there", i);
        ck_assert_int_eq(action_find(row->name), i);
    }
    ck_assert_int_eq(action_find("canc"), ACTION_CANCEL);
    ck_assert_int_eq(action_find("run"), ACTION_RUN); /* not "runs" */
    ck_assert_int_eq(action_find("p"), ACTION_NONE); /* of several */
    ck_assert_int_eq(action_find(""), ACTION_NONE);
    ck_assert_int_eq(action_find("cancelled"), ACTION_NONE);
}
END_TEST

START_TEST(svg_holds_the_text)
{
    struct theme theme;
    theme_default(&theme);
    canvas_text(&canvas, 0, 0, 10, STYLE_CRITICAL, "a<b&c>");
    draw_box(&canvas, (struct rect){ 0, 1, 10, 2 }, NULL, STYLE_DIM);
    svg_write(&canvas, &theme, &text);
    ck_assert_ptr_nonnull(strstr(text.data, "a&lt;b&amp;c&gt;"));
    ck_assert_ptr_nonnull(strstr(text.data, "#d70000"));
    ck_assert_ptr_null(strstr(text.data, "a<b"));
    ck_assert(str_ends(text.data, "</svg>\n"));
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("canvas");
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, set_up, tear_down);
    tcase_add_test(all, text_is_cut_with_an_ellipsis);
    tcase_add_test(all, nothing_is_drawn_outside);
    tcase_add_test(all, wide_characters_take_two_cells);
    tcase_add_test(all, marks_stay_with_their_letter);
    tcase_add_test(all, hostile_text_is_cleaned);
    tcase_add_test(all, ascii_has_no_other_signs);
    tcase_add_test(all, numbers_are_whole_or_hashes);
    tcase_add_test(all, sizes_have_limits);
    tcase_add_test(all, smaller_sizes_keep_the_memory);
    tcase_add_test(all, equal_pictures_are_equal_bytes);
    tcase_add_test(all, boxes_shrink_to_rules);
    tcase_add_test(all, a_note_gives_way_to_the_title);
    tcase_add_test(all, bars_are_exact_to_half_a_cell);
    tcase_add_test(all, graphs_fill_from_the_bottom);
    tcase_add_test(all, dots_add_up);
    tcase_add_test(all, levels_have_eight_steps);
    tcase_add_test(all, scroll_bars_stay_inside);
    tcase_add_test(all, columns_go_by_priority);
    tcase_add_test(all, bands_fit);
    tcase_add_test(all, keys_mean_one_thing);
    tcase_add_test(all, actions_go_by_their_names);
    tcase_add_test(all, svg_holds_the_text);
    suite_add_tcase(suite, all);
    return suite;
}
