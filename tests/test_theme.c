/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Themes: those that come with optop, files, and what terminals with few colours show.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "test.h"
#include "ui/term_parts.h"

static struct theme
builtin(const char *name)
{
    struct theme theme;
    struct diag diag = { 0 };
    ck_assert_msg(theme_load(NULL, name, &theme, &diag) == 0, "%s: %s", name, diag.text);
    return theme;
}

/* By the formula of the WCAG. */
static double
lightness(uint32_t rgb)
{
    static const double weight[3] = { 0.0722, 0.7152, 0.2126 };
    double light = 0;
    for (int i = 0; i < 3; i++) {
        double part = (rgb >> (8 * i) & 0xFF) / 255.0;
        light += weight[i] * (part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4));
    }
    return light;
}

static double
contrast(uint32_t a, uint32_t b)
{
    double x = lightness(a) + 0.05, y = lightness(b) + 0.05;
    return x > y ? x / y : y / x;
}

START_TEST(all_that_come_with_optop_are_whole)
{
    for (int i = 0; theme_builtin(i); i++) {
        struct theme theme = builtin(theme_builtin(i)->name);
        ck_assert_str_eq(theme.name, theme_builtin(i)->name);
        for (int style = 0; style < STYLE_COUNT; style++) {
            char line[32];
            snprintf(line, sizeof line, "\n%s = ", theme_style_name(style));
            ck_assert_ptr_nonnull(strstr(theme_builtin(i)->text, line));
        }
        /* every state has an attribute, or a colour of its own beside its sign */
        struct theme_look critical = theme_look(&theme, STYLE_CRITICAL, 256), text = theme_look(&theme, STYLE_TEXT, 256);
        ck_assert(critical.attributes != text.attributes || critical.foreground != text.foreground);
    }
}
END_TEST

START_TEST(looks_follow_the_depth)
{
    static const int depths[] = { 8, 16, 88, 256 };
    for (int i = 0; theme_builtin(i); i++) {
        struct theme theme = builtin(theme_builtin(i)->name);
        for (int style = 0; style < STYLE_COUNT; style++) {
            struct theme_look none = theme_look(&theme, (enum style)style, 0);
            ck_assert_int_eq(none.foreground, THEME_OWN);
            ck_assert_int_eq(none.background, THEME_OWN);
            for (size_t d = 0; d < sizeof depths / sizeof *depths; d++) {
                struct theme_look look = theme_look(&theme, (enum style)style, depths[d]);
                ck_assert_int_lt(look.foreground, depths[d] == 88 ? 16 : depths[d]);
                ck_assert_int_lt(look.background, depths[d] == 88 ? 16 : depths[d]);
            }
        }
    }
    struct theme theme = builtin("default"), none = builtin("mono");
    ck_assert_int_eq(theme_look(&none, STYLE_CRITICAL, 256).foreground, THEME_OWN);
    unsigned warning = theme_look(&theme, STYLE_WARNING, 0).attributes;
    ck_assert_uint_ne(warning, theme_look(&theme, STYLE_TEXT, 0).attributes);
    ck_assert_uint_ne(warning, theme_look(&theme, STYLE_CRITICAL, 0).attributes);
    ck_assert_uint_eq(theme_rgb(16), 0);
    ck_assert_uint_eq(theme_rgb(231), 0xFFFFFF);
    ck_assert_uint_eq(theme_rgb(67), 0x5F87AF);
    ck_assert_uint_eq(theme_rgb(244), 0x808080);
    ck_assert_int_eq(theme_nearest(0x5F87B0), 67);
    ck_assert_int_eq(theme_nearest(0xFFFFFF), 231);
}
END_TEST

START_TEST(colours_are_legible)
{
    static const struct {
        const char *theme;
        double least;
    } cases[] = { { "default", 2.8 }, { "light", 4.5 }, { "high-contrast", 7 }, { "colour-blind", 2.2 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct theme theme = builtin(cases[i].theme);
        for (int style = 0; style < STYLE_COUNT; style++) {
            struct theme_look look = theme_look(&theme, (enum style)style, THEME_TRUE);
            if (look.foreground == THEME_OWN || style == STYLE_BAR_EMPTY)
                continue;
            bool own = look.background == THEME_OWN; /* then it must be fine on both */
            double dark = contrast(theme_rgb(look.foreground), own ? 0 : theme_rgb(look.background));
            double white = contrast(theme_rgb(look.foreground), own ? 0xFFFFFF : theme_rgb(look.background));
            ck_assert_msg(dark >= cases[i].least && white >= cases[i].least, "%s %s: %.1f %.1f", cases[i].theme,
                theme_style_name(style), dark, white);
        }
    }
}
END_TEST

/* As the two common kinds of colour blindness see it (Vienot 1999), the states of the
 * theme for it stay apart. */
START_TEST(states_are_told_apart_without_red_or_green)
{
    struct theme theme = builtin("colour-blind");
    static const enum style styles[] = { STYLE_GOOD, STYLE_WARNING, STYLE_CRITICAL };
    for (int i = 0; i < 3; i++)
        for (int j = i + 1; j < 3; j++) {
            double blue = 0, mixed = 0;
            uint32_t a = theme_rgb(theme_look(&theme, styles[i], THEME_TRUE).foreground);
            uint32_t b = theme_rgb(theme_look(&theme, styles[j], THEME_TRUE).foreground);
            blue = fabs((double)(a & 255) - (double)(b & 255));
            mixed = fabs(0.11 * (double)(a >> 16 & 255) + 0.89 * (double)(a >> 8 & 255) -
                0.11 * (double)(b >> 16 & 255) - 0.89 * (double)(b >> 8 & 255));
            ck_assert_msg(blue > 60 || mixed > 40, "%d and %d: %.0f %.0f", i, j, blue, mixed);
        }
}
END_TEST

static void
expect_fault(const char *text, const char *fault)
{
    struct theme theme;
    struct diag diag = { 0 };
    char told[DIAG_TEXT_MAX + DIAG_FILE_MAX + DIAG_KEY_MAX];
    ck_assert_int_lt(theme_parse(text, strlen(text), "my.ini", "my", &theme, &diag), 0);
    diag_format(&diag, told, sizeof told);
    ck_assert_msg(strstr(told, fault) == told, "%s", told);
}

START_TEST(a_bad_file_says_where)
{
    expect_fault("[styles]\ndim = grey\nwarning = redd bold\n",
        "my.ini:3: styles.warning: \"redd\" is not a colour (own, red, bright-red, 0 to 255, #rrggbb)");
    expect_fault("[styles]\nwarning = red blinking\n",
        "my.ini:2: styles.warning: \"blinking\" is not a colour of the 16 or an attribute");
    expect_fault("[styles]\nwarning = #12345g\n", "my.ini:2: styles.warning: \"#12345g\" is not a colour");
    expect_fault("[styles]\nwarning = 256\n", "my.ini:2: styles.warning: \"256\" is not a colour");
    expect_fault("[styles]\nwarning =\n", "my.ini:2: styles.warning: a colour is missing");
    expect_fault("[styles]\nalarm = red\n", "my.ini:2: styles.alarm: unknown key");
    expect_fault("[colors]\nwarning = red\n", "my.ini:2: colors.warning: unknown key");
    expect_fault("[styles]\nwarning = \x1B[31m\n", "my.ini:2: styles.warning: \"\xC2\xB7[31m\" is not a colour");
    expect_fault("[styles\n", "my.ini:1");
}
END_TEST

static void
write_theme(const char *folder, const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

START_TEST(a_folder_goes_before_what_comes_with_optop)
{
    char folder[] = "/tmp/optop-themes-XXXXXX", names[THEMES_MAX][THEME_NAME_MAX], path[300];
    struct theme theme, light = builtin("light");
    struct diag diag = { 0 };
    ck_assert_ptr_nonnull(mkdtemp(folder));
    write_theme(folder, "zebra.ini", "[theme]\nbackground = #102030 blue\n[styles]\ngood = #00ff00 bright-green faint\n");
    write_theme(folder, "light.ini", "[styles]\ngood = 99\n");
    write_theme(folder, "notes.txt", "x");
    write_theme(folder, "bad name.ini", "x");
    int count = theme_names(folder, names);
    ck_assert_int_eq(count, 7);
    ck_assert_str_eq(names[0], "default");
    ck_assert_str_eq(names[6], "zebra");
    ck_assert_int_eq(theme_load(folder, "zebra", &theme, &diag), 0);
    struct theme_look look = theme_look(&theme, STYLE_GOOD, THEME_TRUE);
    ck_assert_int_eq(look.foreground, THEME_RGB + 0x00FF00);
    ck_assert_int_eq(look.background, THEME_RGB + 0x102030);
    ck_assert_uint_eq(look.attributes, THEME_FAINT);
    ck_assert_int_eq(theme_look(&theme, STYLE_GOOD, 16).foreground, 10);
    ck_assert_int_eq(theme_look(&theme, STYLE_GOOD, 8).foreground, 2);
    ck_assert_int_eq(theme_look(&theme, STYLE_GOOD, 8).background, 4);
    ck_assert_int_eq(theme_look(&theme, STYLE_DIM, 256).foreground, 244); /* as in the default */
    ck_assert_int_eq(theme_load(folder, "light", &theme, &diag), 0);
    ck_assert_int_eq(theme_look(&theme, STYLE_GOOD, 256).foreground, 99);
    ck_assert_int_ne(theme_look(&light, STYLE_GOOD, 256).foreground, 99);
    ck_assert_int_lt(theme_load(folder, "../zebra", &theme, &diag), 0);
    ck_assert_int_lt(theme_load(folder, "none", &theme, &diag), 0);
    ck_assert_str_eq(diag.text, "there is no theme \"none\"");
    static const char *const files[] = { "zebra.ini", "light.ini", "notes.txt", "bad name.ini" };
    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    rmdir(folder);
}
END_TEST

/* Colours that are near each other get numbers of their own; those of the theme stay. */
START_TEST(numbers_stand_for_parts)
{
    struct theme theme = builtin("default");
    struct term_parts parts = { .some = false };
    struct str text;
    str_init(&text);
    term_parts_begin(&parts, &theme);
    ck_assert_int_eq(term_parts_number(&parts, 160), 160);
    ck_assert_int_eq(term_parts_number(&parts, THEME_OWN), THEME_OWN);
    str_puts(&text, "\x1B[38;5;160mx");
    term_parts_translate(&parts, &text);
    ck_assert_str_eq(text.data, "\x1B[38;5;160mx");
    int white = term_parts_number(&parts, THEME_RGB + 0xFFFFFF), near = term_parts_number(&parts, THEME_RGB + 0xFFFFFE);
    ck_assert_int_eq(white, 231);
    ck_assert_int_ne(near, white);
    ck_assert_int_eq(term_parts_number(&parts, THEME_RGB + 0xFFFFFF), white);
    ck_assert_int_ne(term_parts_number(&parts, THEME_RGB + 0xD70000), 160);
    str_clear(&text);
    str_puts(&text, "8;5;1 \x1B[1;38;5;231;48;5;231m38;5;x\x1B[38;5;99m");
    term_parts_translate(&parts, &text);
    ck_assert_str_eq(text.data, "8;5;1 \x1B[1;38;2;255;255;255;48;2;255;255;255m38;5;x\x1B[38;5;99m");
    str_release(&text);
    str_release(&parts.text);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("theme");
    TCase *all = tcase_create("all");
    tcase_add_test(all, all_that_come_with_optop_are_whole);
    tcase_add_test(all, looks_follow_the_depth);
    tcase_add_test(all, colours_are_legible);
    tcase_add_test(all, states_are_told_apart_without_red_or_green);
    tcase_add_test(all, a_bad_file_says_where);
    tcase_add_test(all, a_folder_goes_before_what_comes_with_optop);
    tcase_add_test(all, numbers_stand_for_parts);
    suite_add_tcase(suite, all);
    return suite;
}
