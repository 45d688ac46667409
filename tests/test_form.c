/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ui/line.c and ui/form.c: editing by keys, wrapping, moving, choices, faults,
 * and drawing inside any rectangle.
 */
#include "base/err.h"
#include "base/text.h"
#include "test.h"
#include "ui/form.h"
#include "ui/key.h"

#define CONTROL(letter) ((letter) & 0x1F)

static void
type(struct line *line, const char *text)
{
    for (uint32_t code; (code = text_next(&text));)
        line_key(line, code);
}

START_TEST(line_edits_by_character)
{
    struct line line;
    line_init(&line);
    type(&line, "aäe\xCC\x81漢z"); /* e with a combining acute is one character */
    ck_assert_str_eq(line.text.data, "aäe\xCC\x81漢z");

    line_key(&line, KEY_CODE_LEFT);
    line_key(&line, KEY_CODE_LEFT);
    ck_assert_int_eq(line_key(&line, KEY_CODE_BACKSPACE), LINE_EDITED);
    ck_assert_str_eq(line.text.data, "aä漢z"); /* the mark went with its letter */
    ck_assert_int_eq(line_key(&line, KEY_CODE_DELETE), LINE_EDITED);
    ck_assert_str_eq(line.text.data, "aäz");
    line_key(&line, KEY_CODE_HOME);
    ck_assert_int_eq(line_key(&line, KEY_CODE_BACKSPACE), LINE_MOVED);
    type(&line, "X");
    ck_assert_str_eq(line.text.data, "Xaäz");
    line_key(&line, CONTROL('E'));
    ck_assert_int_eq(line_key(&line, KEY_CODE_DELETE), LINE_MOVED);
    type(&line, "!");
    ck_assert_str_eq(line.text.data, "Xaäz!");
    line_release(&line);
}
END_TEST

START_TEST(line_cuts_words_and_ends)
{
    struct line line;
    line_init(&line);
    line_set(&line, "int 0..9  step 3");
    line_key(&line, CONTROL('W'));
    ck_assert_str_eq(line.text.data, "int 0..9  step ");
    line_key(&line, CONTROL('W'));
    ck_assert_str_eq(line.text.data, "int 0..9  ");
    line_key(&line, KEY_CODE_HOME);
    line_key(&line, KEY_CODE_RIGHT);
    line_key(&line, KEY_CODE_RIGHT);
    line_key(&line, KEY_CODE_RIGHT);
    line_key(&line, CONTROL('K'));
    ck_assert_str_eq(line.text.data, "int");
    line_key(&line, KEY_CODE_LEFT);
    line_key(&line, CONTROL('U'));
    ck_assert_str_eq(line.text.data, "t");
    ck_assert_uint_eq(line.cursor, 0);
    line_release(&line);
}
END_TEST

START_TEST(line_refuses_what_cannot_be_seen)
{
    struct line line;
    line_init(&line);
    ck_assert_int_eq(line_key(&line, 0x1B), LINE_IGNORED);
    ck_assert_int_eq(line_key(&line, 0x202E), LINE_IGNORED); /* right-to-left override */
    ck_assert_int_eq(line_key(&line, 0x200B), LINE_IGNORED); /* zero-width space */
    ck_assert_int_eq(line_key(&line, 0x9B), LINE_IGNORED); /* C1 */
    ck_assert_int_eq(line_key(&line, KEY_CODE_F1), LINE_IGNORED);
    ck_assert_str_eq(line.text.data, "");
    line_release(&line);
}
END_TEST

START_TEST(line_stops_at_its_cap)
{
    struct line line;
    line_init(&line);
    for (int i = 0; i < LINE_BYTES_MAX + 10; i++)
        line_key(&line, 'x');
    ck_assert_uint_eq(line.text.len, LINE_BYTES_MAX);
    ck_assert_int_eq(line_key(&line, 0xE4), LINE_MOVED);
    ck_assert_uint_eq(line.text.len, LINE_BYTES_MAX);
    line_release(&line);
}
END_TEST

START_TEST(line_survives_bytes_that_are_not_utf8)
{
    struct line line;
    line_init(&line);
    line_set(&line, "a\xFF\xC3");
    line_key(&line, KEY_CODE_BACKSPACE);
    ck_assert_str_eq(line.text.data, "a\xFF");
    line_key(&line, KEY_CODE_BACKSPACE);
    ck_assert_str_eq(line.text.data, "a");
    line_release(&line);
}
END_TEST

static char *
drawn(struct canvas *canvas)
{
    struct str out;
    str_init(&out);
    canvas_to_text(canvas, &out);
    return str_detach(&out);
}

static void
expect_line(struct line *line, int width, const char *wanted, int cursor)
{
    struct canvas canvas;
    canvas_init(&canvas);
    canvas_resize(&canvas, width + 4, 1);
    line_draw(line, &canvas, 2, 0, width, STYLE_INPUT, true);
    char *text = drawn(&canvas);
    text[strcspn(text, "\n")] = '\0';
    ck_assert_str_eq(text, wanted);
    ck_assert_int_eq(canvas.cursor_x, cursor);
    free(text);
    canvas_release(&canvas);
}

START_TEST(line_scrolls_in_narrow_fields)
{
    struct line line;
    line_init(&line);
    line_set(&line, "abcdefghij");
    expect_line(&line, 6, "  …ghij", 2 + 5);
    line_key(&line, KEY_CODE_HOME);
    expect_line(&line, 6, "  abcde…", 2);
    for (int i = 0; i < 5; i++)
        line_key(&line, KEY_CODE_RIGHT);
    expect_line(&line, 6, "  …cdef…", 2 + 4);
    line_key(&line, KEY_CODE_LEFT);
    expect_line(&line, 6, "  …cdef…", 2 + 3); /* the text stands still while it can */
    line_set(&line, "漢字仮名");
    expect_line(&line, 5, "  … 名", 2 + 4); /* half of a wide character is a blank */
    line_release(&line);
}
END_TEST

static void
expect_wrap(const char *text, int width, const char *const *wanted)
{
    char buf[LINE_WRAP_MAX];
    const char *rest = text;
    int count = 0;
    for (; *wanted; wanted++, count++) {
        ck_assert(line_wrap(&rest, width, buf, sizeof buf));
        ck_assert_str_eq(buf, *wanted);
    }
    ck_assert(!line_wrap(&rest, width, buf, sizeof buf));
    ck_assert_int_eq(line_wrap_count(text, width, 100), count);
}

START_TEST(text_wraps_at_blanks)
{
    expect_wrap("one two three", 7, (const char *const[]){ "one two", "three", NULL });
    expect_wrap("one two three", 6, (const char *const[]){ "one", "two", "three", NULL });
    expect_wrap("abcdefgh", 3, (const char *const[]){ "abc", "def", "gh", NULL });
    expect_wrap("a\n\nb\n", 5, (const char *const[]){ "a", "", "b", NULL });
    expect_wrap("漢字", 1, (const char *const[]){ "漢", "字", NULL }); /* goes on all the same */
    expect_wrap("漢字x", 3, (const char *const[]){ "漢", "字x", NULL });
    expect_wrap("", 3, (const char *const[]){ NULL });
    expect_wrap("ab", 0, (const char *const[]){ "a", "b", NULL });
}
END_TEST

/* Forms */

static void
make_form(struct form *form)
{
    static const struct field_spec specs[] = {
        { .kind = FIELD_HEADING, .label = "[run]" },
        { .name = "run.name", .label = "name", .text = "xz", .required = true,
            .help = "what the run is called", .allowed = "any text" },
        { .kind = FIELD_CHOICE, .name = "run.goal", .label = "goal", .fallback = "minimize",
            .choices = "minimize|maximize", .allowed = "one of: minimize, maximize",
            .help = "which scores are better" },
        { .kind = FIELD_HEADING, .label = "[search]" },
        { .name = "search.method", .label = "method", .text = "grid", .read_only = true },
        { .name = "search.seed", .label = "seed", .fallback = "1" },
        { .kind = FIELD_BUTTON, .label = "Launch", .help = "queue this run" },
    };
    form_init(form);
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++)
        ck_assert_int_eq(form_add(form, &specs[i]), (int)i);
}

START_TEST(form_moves_over_headings)
{
    struct form form;
    make_form(&form);
    ck_assert_int_eq(form.current, 1);
    ck_assert_int_eq(form_key(&form, KEY_CODE_UP), FORM_TAKEN); /* a wall */
    ck_assert_int_eq(form.current, 1);
    ck_assert_int_eq(form_key(&form, KEY_CODE_TAB), FORM_LEFT);
    ck_assert_int_eq(form_key(&form, KEY_CODE_DOWN), FORM_LEFT);
    ck_assert_int_eq(form.current, 4);
    form_key(&form, KEY_CODE_ENTER);
    form_key(&form, KEY_CODE_ENTER);
    ck_assert_int_eq(form.current, 6);
    ck_assert_int_eq(form_key(&form, KEY_CODE_DOWN), FORM_TAKEN);
    ck_assert_int_eq(form_key(&form, KEY_CODE_TAB), FORM_LEFT); /* around */
    ck_assert_int_eq(form.current, 1);
    ck_assert_int_eq(form_key(&form, KEY_CODE_BACKTAB), FORM_LEFT);
    ck_assert_int_eq(form.current, 6);
    ck_assert_int_eq(form_key(&form, KEY_CODE_ENTER), FORM_PRESSED);
    ck_assert_int_eq(form_key(&form, ' '), FORM_PRESSED);
    ck_assert_int_eq(form_key(&form, 'x'), FORM_IGNORED);
    form_release(&form);
}
END_TEST

START_TEST(form_edits_and_tells)
{
    struct form form;
    make_form(&form);
    ck_assert_int_eq(form_key(&form, '9'), FORM_EDITED);
    ck_assert_str_eq(form_text(&form, 1), "xz9");
    ck_assert_int_eq(form_key(&form, KEY_CODE_LEFT), FORM_TAKEN);
    ck_assert_int_eq(form_key(&form, KEY_CODE_F1), FORM_IGNORED);
    form_focus(&form, 4);
    ck_assert_int_eq(form_key(&form, 'x'), FORM_IGNORED); /* read-only */
    ck_assert_str_eq(form_text(&form, 4), "grid");
    form_release(&form);
}
END_TEST

START_TEST(form_goes_through_choices)
{
    struct form form;
    make_form(&form);
    form_focus(&form, 2);
    const char *const forward[] = { "minimize", "maximize", "", "minimize" };
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(form_key(&form, i % 2 ? ' ' : KEY_CODE_RIGHT), FORM_EDITED);
        ck_assert_str_eq(form_text(&form, 2), forward[i]);
    }
    ck_assert_int_eq(form_key(&form, KEY_CODE_LEFT), FORM_EDITED);
    ck_assert_str_eq(form_text(&form, 2), "");
    form_set_text(&form, 2, "sideways"); /* what a file may hold */
    ck_assert_int_eq(form_key(&form, KEY_CODE_LEFT), FORM_EDITED);
    ck_assert_str_eq(form_text(&form, 2), "maximize");
    ck_assert_int_eq(form_key(&form, KEY_CODE_DELETE), FORM_EDITED);
    ck_assert_str_eq(form_text(&form, 2), "");
    ck_assert_int_eq(form_key(&form, 'q'), FORM_IGNORED);
    form_release(&form);
}
END_TEST

START_TEST(form_keeps_faults)
{
    struct form form;
    make_form(&form);
    ck_assert(!form_focus_error(&form));
    form_set_error(&form, 5, "\"x\" is not a whole number (allowed: 0 to 10)");
    ck_assert_int_eq(form_error_count(&form), 1);
    ck_assert(form_focus_error(&form));
    ck_assert_int_eq(form.current, 5);
    form_set_error(&form, 5, NULL);
    ck_assert_int_eq(form_error_count(&form), 0);
    form_release(&form);
}
END_TEST

START_TEST(form_inserts_and_is_capped)
{
    struct form form;
    struct field_spec spec = { .label = "x" };
    make_form(&form);
    form_focus(&form, 5);
    ck_assert_int_eq(form_insert(&form, 4, &spec), 4);
    ck_assert_int_eq(form.current, 6); /* still the same field */
    ck_assert_str_eq(form.field[form.current].label, "seed");
    while (form.count < FORM_FIELDS_MAX)
        ck_assert_int_ge(form_add(&form, &spec), 0);
    ck_assert_int_eq(form_add(&form, &spec), ERR_TOO_LARGE);
    form_release(&form);
}
END_TEST

static char *
form_screen(struct form *form, int columns, int rows, bool ascii)
{
    struct canvas canvas;
    canvas_init(&canvas);
    canvas_resize(&canvas, columns, rows);
    canvas.ascii = ascii;
    form_draw(form, &canvas, (struct rect){ 0, 0, columns, rows });
    char *text = drawn(&canvas);
    canvas_release(&canvas);
    return text;
}

START_TEST(form_shows_faults_beside_or_below)
{
    struct form form;
    make_form(&form);
    form_set_error(&form, 5, "not a number");

    char *wide = form_screen(&form, 120, 16, false);
    char *seed = strstr(wide, "seed");
    ck_assert_ptr_nonnull(seed);
    seed[strcspn(seed, "\n")] = '\0';
    ck_assert_ptr_nonnull(strstr(seed, "1 (default)"));
    ck_assert_ptr_nonnull(strstr(seed, "! not a number"));
    free(wide);

    char *narrow = form_screen(&form, 40, 16, true);
    seed = strstr(narrow, "seed");
    ck_assert_ptr_nonnull(seed);
    char *fault = strstr(seed, "! not a number");
    ck_assert_ptr_nonnull(fault);
    ck_assert(strchr(seed, '\n') < fault);
    ck_assert_ptr_nonnull(strstr(narrow, "run.name: what the run is called"));
    ck_assert_ptr_nonnull(strstr(narrow, "name*"));
    free(narrow);
    form_release(&form);
}
END_TEST

START_TEST(form_scrolls_to_the_current_field)
{
    struct form form;
    char label[16];
    form_init(&form);
    for (int i = 0; i < 50; i++) {
        snprintf(label, sizeof label, "field%d", i);
        form_add(&form, &(struct field_spec){ .label = label });
    }
    for (int i = 0; i < 50; i++) {
        char *text = form_screen(&form, 30, 8, true);
        snprintf(label, sizeof label, "field%d ", i);
        char *row = strstr(text, "> field");
        ck_assert_msg(row && str_starts(row + 2, label), "field %d is not in sight:\n%s", i, text);
        free(text);
        form_key(&form, KEY_CODE_DOWN);
    }
    form_focus(&form, 0);
    char *text = form_screen(&form, 30, 8, true);
    ck_assert_ptr_nonnull(strstr(text, "> field0"));
    free(text);
    form_release(&form);
}
END_TEST

/* What stands outside of the rectangle must stay as it was. */
START_TEST(form_draws_inside_any_rectangle)
{
    struct form form;
    struct canvas canvas;
    make_form(&form);
    form_set_error(&form, 1, "a fault that is long enough to need several lines in a narrow form");
    form_set_error(&form, 5, "not a number");
    canvas_init(&canvas);
    for (int width = 0; width <= 130; width += width < 40 ? 1 : 13)
        for (int height = 0; height <= 20; height++) {
            struct rect rect = { 3, 2, width, height };
            canvas_resize(&canvas, width + 6, height + 4);
            canvas_fill(&canvas, (struct rect){ 0, 0, width + 6, height + 4 }, '@', STYLE_TEXT);
            form.current = 1 + (width + height) % 6;
            form_focus(&form, form.current);
            form_draw(&form, &canvas, rect);
            for (int y = 0; y < canvas.rows; y++)
                for (int x = 0; x < canvas.columns; x++)
                    if (x < 3 || x >= 3 + width || y < 2 || y >= 2 + height)
                        ck_assert_msg(canvas_cell(&canvas, x, y)->code == '@',
                            "%dx%d wrote outside at %d,%d", width, height, x, y);
        }
    canvas_release(&canvas);
    form_release(&form);
}
END_TEST

START_TEST(form_draws_without_allocating)
{
    struct form form;
    struct canvas canvas;
    make_form(&form);
    form_set_error(&form, 5, "not a number");
    canvas_init(&canvas);
    canvas_resize(&canvas, 100, 20);
    form_draw(&form, &canvas, (struct rect){ 0, 0, 100, 20 });
    unsigned long before = test_allocations();
    for (int i = 0; i < 5; i++)
        form_draw(&form, &canvas, (struct rect){ 0, 0, 100, 20 });
    ck_assert_uint_eq(test_allocations(), before);
    canvas_release(&canvas);
    form_release(&form);
}
END_TEST

START_TEST(empty_form_is_harmless)
{
    struct form form;
    form_init(&form);
    ck_assert_int_eq(form_key(&form, KEY_CODE_TAB), FORM_IGNORED);
    free(form_screen(&form, 40, 10, false));
    form_add(&form, &(struct field_spec){ .kind = FIELD_HEADING, .label = "h" });
    ck_assert_int_eq(form_key(&form, 'x'), FORM_IGNORED);
    free(form_screen(&form, 40, 10, false));
    form_release(&form);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("form");
    TCase *line = tcase_create("line");
    tcase_add_test(line, line_edits_by_character);
    tcase_add_test(line, line_cuts_words_and_ends);
    tcase_add_test(line, line_refuses_what_cannot_be_seen);
    tcase_add_test(line, line_stops_at_its_cap);
    tcase_add_test(line, line_survives_bytes_that_are_not_utf8);
    tcase_add_test(line, line_scrolls_in_narrow_fields);
    tcase_add_test(line, text_wraps_at_blanks);
    suite_add_tcase(suite, line);
    TCase *form = tcase_create("form");
    tcase_add_test(form, form_moves_over_headings);
    tcase_add_test(form, form_edits_and_tells);
    tcase_add_test(form, form_goes_through_choices);
    tcase_add_test(form, form_keeps_faults);
    tcase_add_test(form, form_inserts_and_is_capped);
    tcase_add_test(form, form_shows_faults_beside_or_below);
    tcase_add_test(form, form_scrolls_to_the_current_field);
    tcase_add_test(form, form_draws_inside_any_rectangle);
    tcase_add_test(form, form_draws_without_allocating);
    tcase_add_test(form, empty_form_is_harmless);
    suite_add_tcase(suite, form);
    return suite;
}
