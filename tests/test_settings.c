/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The view of settings and that of help, without a terminal.
 */
#include "screen_rig.h"

#include <unistd.h>

#include "config/config.h"
#include "ui/editor.h"
#include "ui/keymap.h"

static const char file_text[] =
    "# mine\n[server]\ninterval = 1s\n\n"
    "[threshold cpu.total]\n# busy\nwarning = 80\ncritical = 95\nfor = 30s\n\n"
    "[threshold memory.available_bytes]\nwarning = < 2GiB\ncritical = < 512MiB\n\n"
    "[threshold disk.busy:vda]\nenabled = no\nwarning = 90\n\n"
    "[webhook chat]\nurl = https://example.com/hook\n";

static json_t *
file_answer(const char *text)
{
    return json_pack("{s:s,s:s}", "file", "/home/u/.config/optop/optop.ini", "text", text);
}

/* Answers what is asked for next when it is the history of a metric. */
static void
answer_history(struct rig *rig)
{
    if (rig->answered < rig->asked_count && !strcmp(rig->asked[rig->answered].method, "history"))
        answer(rig, "history", history(1), NULL);
}

static json_t *
replayed(int fired)
{
    return json_pack("{s:[{s:i,s:i,s:f,s:f,s:f,s:[{s:f}]},{s:i,s:f,s:f}]}", "rules", "fired", fired,
        "fired_critical", 1, "firing_seconds", 240.0, "longest_seconds", 120.0, "known_seconds", 7800.0,
        "incidents", "start", 1795269380.0, "fired", 0, "firing_seconds", 0.0, "known_seconds", 60.0);
}

/* Answers what tries levels on the past. */
static void
answer_replays(struct rig *rig)
{
    while (rig->answered < rig->asked_count && !strcmp(rig->asked[rig->answered].method, "rules.backtest"))
        answer(rig, "rules.backtest", replayed(0), NULL);
}

static void
open_settings(struct rig *rig, const char *text)
{
    rig_open(rig);
    rig_connect(rig, "busy");
    screen_key(rig->screen, '7');
    answer(rig, "config.get", file_answer(text), NULL);
    answer_history(rig);
}

/* Puts the cursor on "section.key". Prompts ask for the file again as they close. */
static void
go_to(struct rig *rig, const char *name)
{
    type(rig, "/");
    type(rig, name);
    screen_key(rig->screen, KEY_CODE_ENTER);
    while (rig->answered < rig->asked_count)
        if (!strcmp(rig->asked[rig->answered].method, "config.get"))
            answer(rig, "config.get", file_answer(file_text), NULL);
        else
            answer_history(rig);
}

static void
replace(struct rig *rig, const char *text)
{
    screen_key(rig->screen, 'U' - '@');
    type(rig, text);
    answer_replays(rig);
}

static const json_t *
asked_changes(struct rig *rig)
{
    answer_replays(rig);
    const struct asked *asked = &rig->asked[rig->answered];
    ck_assert_int_lt(rig->answered, rig->asked_count);
    ck_assert_str_eq(asked->method, "config.set");
    return json_object_get(asked->params, "changes");
}

static void
expect_change(const json_t *changes, size_t index, const char *section, const char *key, const char *value)
{
    const json_t *change = json_array_get(changes, index);
    ck_assert_str_eq(json_get_string(change, "section", ""), section);
    ck_assert_str_eq(json_get_string(change, "key", ""), key);
    if (value)
        ck_assert_str_eq(json_get_string(change, "value", ""), value);
    else
        ck_assert(json_is_null(json_object_get(change, "value")));
}

START_TEST(settings_are_as_committed)
{
    struct rig rig;
    open_settings(&rig, file_text);
    check_all_sizes(&rig, "settings");
    go_to(&rig, "cpu.total.warning");
    screen_key(rig.screen, KEY_CODE_ENTER);
    replace(&rig, "99");
    check_all_sizes(&rig, "settings-edit");
    if (getenv("OPTOP_UPDATE_SCREENS")) {
        rig.canvas.ascii = false;
        canvas_resize(&rig.canvas, 160, 50);
        picture(&rig);
        write_document(&rig, "settings-160x50");
    }
    rig_close(&rig);
}
END_TEST

START_TEST(every_option_is_there)
{
    struct settings settings;
    struct view view;
    char place[64];
    view_init(&view);
    settings_init(&settings, &view);
    settings_apply(&settings, "/home/u/.config/optop/optop.ini", file_text);
    for (const struct option *o = config_options; o->section; o++) {
        int found = 0;
        for (int i = 0; i < settings.count; i++)
            found += settings.row[i].option == o;
        ck_assert_msg(found || str_starts(o->section, "silence") || str_starts(o->section, "layout"), "%s.%s", o->section, o->key);
    }
    for (int i = 0; i < settings.count; i++) {
        const struct setting *row = &settings.row[i];
        bool head = !row->name && str_equal(row->section, "webhook chat");
        if (row->name && str_equal(row->section, "threshold cpu.total") && str_equal(row->name, "warning"))
            ck_assert_str_eq(settings_place(&settings, row, place, sizeof place), "optop.ini:7");
        ck_assert_ptr_eq(settings_find(&settings, row->key), row);
        ck_assert(!head || settings_find(&settings, settings.row[i + 1].parent) == row);
    }
    settings_release(&settings);
    view_release(&view);
}
END_TEST

START_TEST(a_value_is_edited_in_its_row)
{
    struct rig rig;
    open_settings(&rig, file_text);
    go_to(&rig, "cpu.total.warning");
    screen_key(rig.screen, KEY_CODE_ENTER);
    replace(&rig, "much");
    check_shows(&rig, "! \"much\" is not a level");
    screen_key(rig.screen, KEY_CODE_ENTER); /* not while it is at fault */
    replace(&rig, "99");
    check_shows(&rig, "! critical must be above warning");
    screen_key(rig.screen, KEY_CODE_ENTER);
    answer_replays(&rig);
    ck_assert_int_eq(rig.asked_count, rig.answered);
    replace(&rig, "70");
    screen_key(rig.screen, KEY_CODE_ENTER);
    const json_t *changes = asked_changes(&rig);
    ck_assert_uint_eq(json_array_size(changes), 1);
    expect_change(changes, 0, "threshold cpu.total", "warning", "70");
    type(&rig, "55"); /* not before the answer */
    answer(&rig, "config.set", NULL, "the disk is full");
    check_shows(&rig, "! the disk is full");
    screen_key(rig.screen, KEY_CODE_ENTER);
    answer(&rig, "config.set", json_object(), NULL);
    check_shows(&rig, "saved to /home/u/.config/optop/optop.ini, in effect");
    ck_assert_ptr_null(screen_dialog(rig.screen));
    answer(&rig, "config.get", file_answer(file_text), NULL);
    rig_close(&rig);
}
END_TEST

START_TEST(what_is_left_or_unchanged_is_not_sent)
{
    struct rig rig;
    open_settings(&rig, file_text);
    go_to(&rig, "server.log_level");
    screen_key(rig.screen, KEY_CODE_ENTER);
    check_shows(&rig, "< info >");
    screen_key(rig.screen, KEY_CODE_RIGHT);
    check_shows(&rig, "< debug >");
    screen_key(rig.screen, KEY_CODE_ESCAPE);
    answer(&rig, "config.get", file_answer(file_text), NULL);
    screen_key(rig.screen, KEY_CODE_ENTER);
    screen_key(rig.screen, KEY_CODE_ENTER);
    answer(&rig, "config.get", file_answer(file_text), NULL);
    ck_assert_int_eq(rig.asked_count, rig.answered);
    rig_close(&rig);
}
END_TEST

/* What is edited is tried on the past, one try at a time; what is at fault is not. */
START_TEST(a_level_says_when_it_would_have_fired)
{
    struct rig rig;
    open_settings(&rig, file_text);
    go_to(&rig, "cpu.total.warning");
    screen_key(rig.screen, KEY_CODE_ENTER);
    const json_t *params = rig.asked[rig.answered].params;
    ck_assert_str_eq(json_get_string(params, "rule", ""), "cpu.total");
    ck_assert_ptr_nonnull(strstr(json_get_string(params, "text", ""), "warning = 80"));
    answer(&rig, "rules.backtest", replayed(0), NULL);
    check_shows(&rig, "would not have fired in the recorded 2h10m (2 alerts)");
    screen_key(rig.screen, 'U' - '@');
    screen_key(rig.screen, '7'); /* of "", the default, of "7", of "70" the last two are tried */
    screen_key(rig.screen, '0');
    answer(&rig, "rules.backtest", replayed(9), NULL);
    check_hides(&rig, "would");
    ck_assert_ptr_nonnull(strstr(json_get_string(rig.asked[rig.answered].params, "text", ""), "warning = 70"));
    answer(&rig, "rules.backtest", replayed(3), NULL);
    check_shows(&rig, "would have fired 3 times in the recorded 2h10m (2 alerts): 4m00s in all, 2m00s the longest, 1 critical");
    ck_assert_int_eq(rig.asked_count, rig.answered);
    check_all_sizes(&rig, "settings-replay");
    replace(&rig, "99");
    check_hides(&rig, "would");
    rig_close(&rig);
}
END_TEST

/* A file that the server refuses is told of and can be mended here. */
START_TEST(a_fault_of_the_file_is_mended)
{
    struct rig rig;
    open_settings(&rig, "[server]\ninterval = 1s\nbogus = 7\n");
    check_shows(&rig, "! /home/u/.config/optop/optop.ini:3: server.bogus: unknown key");
    type(&rig, "/bogus\r");
    answer(&rig, "config.get", file_answer("[server]\ninterval = 1s\nbogus = 7\n"), NULL);
    check_shows(&rig, "! not an option");
    screen_key(rig.screen, KEY_CODE_ENTER);
    replace(&rig, "");
    screen_key(rig.screen, KEY_CODE_ENTER);
    expect_change(asked_changes(&rig), 0, "server", "bogus", NULL);
    rig_close(&rig);
}
END_TEST

/* A section replaces one of optop's own whole: what that says must go along. */
START_TEST(a_built_in_threshold_is_written_out)
{
    struct rig rig;
    open_settings(&rig, file_text);
    go_to(&rig, "memory.used_pct.critical");
    check_shows(&rig, "default");
    screen_key(rig.screen, KEY_CODE_ENTER);
    replace(&rig, "97");
    screen_key(rig.screen, KEY_CODE_ENTER);
    const json_t *changes = asked_changes(&rig);
    ck_assert_uint_eq(json_array_size(changes), 3);
    expect_change(changes, 0, "threshold memory.used_pct", "warning", "85");
    expect_change(changes, 1, "threshold memory.used_pct", "critical", "97");
    expect_change(changes, 2, "threshold memory.used_pct", "for", "10s");
    rig_close(&rig);
}
END_TEST

START_TEST(thresholds_are_switched_and_values_taken_out)
{
    struct rig rig;
    open_settings(&rig, file_text);
    go_to(&rig, "disk.busy:vda.warning");
    screen_key(rig.screen, 'o');
    expect_change(asked_changes(&rig), 0, "threshold disk.busy:vda", "enabled", "yes");
    answer(&rig, "config.set", NULL, "optop.ini cannot be written");
    check_shows(&rig, "optop.ini cannot be written");
    answer(&rig, "config.get", file_answer(file_text), NULL);
    go_to(&rig, "server.interval");
    screen_key(rig.screen, 'o'); /* is no threshold's */
    ck_assert_int_eq(rig.asked_count, rig.answered);
    screen_key(rig.screen, 'd');
    const json_t *changes = asked_changes(&rig);
    ck_assert_uint_eq(json_array_size(changes), 1);
    expect_change(changes, 0, "server", "interval", NULL);
    rig_close(&rig);
}
END_TEST

START_TEST(a_threshold_is_added_by_its_metric)
{
    struct rig rig;
    open_settings(&rig, file_text);
    screen_key(rig.screen, 'a');
    canvas_resize(&rig.canvas, 80, 24);
    check_shows(&rig, "A threshold of which metric?");
    type(&rig, "bogus:vda\r");
    check_shows(&rig, "! no metric has instances under this name");
    replace(&rig, "load15\r");
    answer(&rig, "config.get", file_answer(file_text), NULL);
    check_shows(&rig, "[threshold system.load15]");
    check_shows(&rig, "not written");
    answer_history(&rig);
    go_to(&rig, "load15.critical");
    screen_key(rig.screen, KEY_CODE_ENTER);
    replace(&rig, "16");
    screen_key(rig.screen, KEY_CODE_ENTER);
    const json_t *changes = asked_changes(&rig);
    ck_assert_uint_eq(json_array_size(changes), 1);
    expect_change(changes, 0, "threshold system.load15", "critical", "16");
    rig_close(&rig);
}
END_TEST

START_TEST(other_sections_are_added_by_command)
{
    struct rig rig;
    open_settings(&rig, file_text);
    canvas_resize(&rig.canvas, 160, 50);
    type(&rig, ":add webhook pager\r");
    check_shows(&rig, "[webhook pager]");
    answer(&rig, "config.get", file_answer(file_text), NULL);
    check_shows(&rig, "[webhook pager]");
    type(&rig, ":add server x\r");
    check_shows(&rig, "what is added is");
    rig_close(&rig);
}
END_TEST

START_TEST(the_file_is_given_to_the_editor)
{
    struct rig rig;
    open_settings(&rig, file_text);
    rig.editor_fails = true;
    screen_key(rig.screen, 'e');
    check_shows(&rig, "the editor ended with a failure");
    rig.editor_fails = false;
    screen_key(rig.screen, 'e');
    ck_assert_str_eq(rig.edited, "/home/u/.config/optop/optop.ini");
    answer(&rig, "config.reload", json_object(), NULL);
    check_shows(&rig, "the file is read again, in effect");
    answer(&rig, "config.get", file_answer("[server]\nbogus\n"), NULL);
    check_shows(&rig, "! /home/u/.config/optop/optop.ini:2");
    rig_close(&rig);
}
END_TEST

START_TEST(no_server_is_told)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    screen_key(rig.screen, '7');
    check_shows(&rig, "waiting for the server");
    answer(&rig, "config.get", NULL, "connection closed");
    check_shows(&rig, "! connection closed");
    rig_close(&rig);
}
END_TEST

START_TEST(hostile_files_do_no_harm)
{
    struct rig rig;
    open_settings(&rig, "[threshold cpu.total]\nwarning = 1\nlabels = a=\033[31m\xE2\x80\xAE\n[webhook \x1B]0;x]\nurl = http://\xFFx/\n");
    for (int size = 1; size < 60; size += 3) {
        canvas_resize(&rig.canvas, size * 3, size);
        ck_assert_ptr_null(strchr(picture(&rig), 0x1B));
    }
    rig_close(&rig);
}
END_TEST

/* argv and no shell; what the variable says may have arguments. */
START_TEST(an_editor_is_run_without_a_shell)
{
    struct diag diag = { 0 };
    char path[] = "/tmp/optop-editor-XXXXXX", text[16] = "";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    unsetenv("VISUAL");
    setenv("EDITOR", "cp /dev/null", 1);
    ck_assert_int_eq(write(fd, "x; y", 4), 4);
    ck_assert_int_eq(editor_run(path, &diag), 0);
    ck_assert_int_eq(pread(fd, text, sizeof text, 0), 0);
    setenv("VISUAL", "false", 1);
    ck_assert_int_lt(editor_run(path, &diag), 0);
    ck_assert_str_eq(diag.text, "the editor false ended with a failure");
    setenv("VISUAL", "/no/such/editor -x", 1);
    ck_assert_int_lt(editor_run(path, &diag), 0);
    ck_assert_ptr_nonnull(strstr(diag.text, "/no/such/editor cannot be started"));
    setenv("VISUAL", "'open", 1);
    ck_assert_int_lt(editor_run(path, &diag), 0);
    close(fd);
    unlink(path);
}
END_TEST

START_TEST(help_is_as_committed)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    screen_key(rig.screen, '2');
    answer(&rig, "run.list", load("runs"), NULL);
    screen_key(rig.screen, '?');
    check_shows(&rig, "[8 Help]");
    check_shows(&rig, "All runs");
    /* the larger ones have every key there is in them, and would change with each */
    check_screen(&rig, "help", 80, 24, false);
    check_screen(&rig, "help", 80, 24, true);
    canvas_resize(&rig.canvas, 160, 50);
    check_shows(&rig, "do failed trials again");
    type(&rig, "/retry");
    check_shows(&rig, "do failed trials again");
    screen_key(rig.screen, KEY_CODE_ENTER);
    type(&rig, "fretry\r");
    check_shows(&rig, "of ");
    check_hides(&rig, "cancel the run, or");
    screen_key(rig.screen, '?'); /* back where it was asked for */
    check_shows(&rig, "[2 Runs]");
    rig_close(&rig);
}
END_TEST

START_TEST(every_key_of_the_table_is_in_the_help)
{
    struct help_list list = { 0 };
    int count;
    const struct key_row *row = keymap_rows(&count);
    help_list_fill(&list, "overview");
    ck_assert_str_eq(list.row[0].where, "The overview");
    for (int i = 0; i < count; i++) {
        bool found = false;
        for (int j = 0; j < list.count && !found; j++)
            found = !strcmp(list.row[j].where, help_title(row[i].context)) && strstr(list.row[j].keys, row[i].key);
        ck_assert_msg(found, "%s in %s", row[i].key, row[i].context);
    }
    help_list_release(&list);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("settings");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, settings_are_as_committed);
    tcase_add_test(all, every_option_is_there);
    tcase_add_test(all, a_value_is_edited_in_its_row);
    tcase_add_test(all, what_is_left_or_unchanged_is_not_sent);
    tcase_add_test(all, a_level_says_when_it_would_have_fired);
    tcase_add_test(all, a_fault_of_the_file_is_mended);
    tcase_add_test(all, a_built_in_threshold_is_written_out);
    tcase_add_test(all, thresholds_are_switched_and_values_taken_out);
    tcase_add_test(all, a_threshold_is_added_by_its_metric);
    tcase_add_test(all, other_sections_are_added_by_command);
    tcase_add_test(all, the_file_is_given_to_the_editor);
    tcase_add_test(all, no_server_is_told);
    tcase_add_test(all, hostile_files_do_no_harm);
    tcase_add_test(all, an_editor_is_run_without_a_shell);
    tcase_add_test(all, help_is_as_committed);
    tcase_add_test(all, every_key_of_the_table_is_in_the_help);
    suite_add_tcase(suite, all);
    return suite;
}
