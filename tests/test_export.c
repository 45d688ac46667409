/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The selected value on the clipboard, and panels as files.
 */
#include "screen_rig.h"

#include <unistd.h>

#include "ui/export.h"

static void
open_alerts(struct rig *rig)
{
    rig_open(rig);
    rig_connect(rig, "busy");
    screen_key(rig->screen, '6');
    answer(rig, "alerts.list", json_pack("{s:[]}", "history"), NULL);
}

START_TEST(the_selected_value_is_copied)
{
    struct rig rig;
    open_alerts(&rig);
    screen_key(rig.screen, 'y');
    ck_assert_str_eq(rig.copied, "pressure.cpu_some");
    check_shows(&rig, "copied: pressure.cpu_some");
    type(&rig, ":copy value\r");
    ck_assert_str_eq(rig.copied, "38.2%");
    type(&rig, ":copy nothing\r");
    check_shows(&rig, "there is no column \"nothing\"");
    screen_key(rig.screen, KEY_CODE_TAB); /* a table without a row */
    screen_key(rig.screen, 'y');
    check_shows(&rig, "there is nothing here to copy");
    screen_key(rig.screen, '1');
    screen_key(rig.screen, 'y'); /* the best of the run under the cursor */
    ck_assert_str_eq(rig.copied, "preset=9 lc=4 lp=0 pb=0");
    rig_close(&rig);
}
END_TEST

static char *
read_whole(const char *path)
{
    static char text[65536];
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s", path);
    size_t len = fread(text, 1, sizeof text - 1, file);
    text[len] = '\0';
    fclose(file);
    unlink(path);
    return text;
}

START_TEST(panels_are_exported)
{
    char folder[] = "/tmp/optop-export-XXXXXX", command[128], path[64];
    struct rig rig;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    open_alerts(&rig);
    snprintf(path, sizeof path, "%s/a.csv", folder);
    snprintf(command, sizeof command, ":export %s\r", path);
    canvas_resize(&rig.canvas, 40, 10); /* whatever the screen has room for */
    picture(&rig);
    type(&rig, command);
    canvas_resize(&rig.canvas, 160, 50);
    check_shows(&rig, "written to");
    type(&rig, command);
    check_shows(&rig, "is there already");
    char *text = read_whole(path);
    ck_assert_ptr_nonnull(strstr(text, "state,what,value,level,for,since,handled\n"));
    ck_assert_ptr_nonnull(strstr(text, "!! critical,pressure.cpu_some,38.2%,> 30.0%,"));
    ck_assert_ptr_nonnull(strstr(text, "memory.available_bytes"));

    snprintf(path, sizeof path, "%s/a.json", folder);
    snprintf(command, sizeof command, ":export %s\r", path);
    type(&rig, command);
    json_t *rows = json_loads(read_whole(path), 0, NULL);
    ck_assert_uint_eq(json_array_size(rows), 3);
    ck_assert_str_eq(json_get_string(json_array_get(rows, 1), "what", ""), "cpu.total");
    json_decref(rows);

    screen_key(rig.screen, '1');
    snprintf(path, sizeof path, "%s/a.txt", folder);
    snprintf(command, sizeof command, ":export %s\r", path);
    type(&rig, command);
    ck_assert_ptr_nonnull(strstr(read_whole(path), "4714/7500"));
    snprintf(command, sizeof command, ":export %s/a.csv\r", folder);
    type(&rig, command);
    check_shows(&rig, "this panel has no rows: it is text (.txt)");
    type(&rig, ":export x.pdf\r");
    check_shows(&rig, "ends with .csv, .json or .txt");
    type(&rig, ":export /no/such/folder/x.txt\r");
    check_shows(&rig, "/no/such/folder/x.txt:");
    screen_key(rig.screen, 'E');
    check_shows(&rig, ":export runs-20");
    rig_close(&rig);
    rmdir(folder);
}
END_TEST

START_TEST(csv_is_quoted)
{
    struct str out;
    struct diag diag = { 0 };
    struct scene scene;
    memset(&scene, 0, sizeof scene);
    scene_init(&scene);
    scene.webhooks.count = 1;
    str_copy(scene.webhooks.webhook[0].name, 64, "a,\"b\"");
    table_update(&scene.webhook_table);
    str_init(&out);
    ck_assert_int_eq(export_panel(&scene, PANEL_WEBHOOKS, EXPORT_CSV, &out, &diag), 0);
    ck_assert_ptr_nonnull(strstr(out.data, "\n\"a,\"\"b\"\"\",,0,0,\n"));
    str_release(&out);
    scene_release(&scene);
}
END_TEST

START_TEST(clipboard_goes_through_tmux_and_screen)
{
    struct str out;
    str_init(&out);
    export_clipboard("hi", false, false, &out);
    ck_assert_str_eq(out.data, "\033]52;c;aGk=\a");
    str_clear(&out);
    export_clipboard("hi", true, false, &out);
    ck_assert_str_eq(out.data, "\033]52;c;aGk=\a\033Ptmux;\033\033]52;c;aGk=\a\033\\");
    str_clear(&out);
    export_clipboard("hi", false, true, &out);
    ck_assert_str_eq(out.data, "\033P\033]52;c;aGk=\a\033\\");
    str_release(&out);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("export");
    TCase *all = tcase_create("all");
    tcase_add_test(all, the_selected_value_is_copied);
    tcase_add_test(all, panels_are_exported);
    tcase_add_test(all, csv_is_quoted);
    tcase_add_test(all, clipboard_goes_through_tmux_and_screen);
    suite_add_tcase(suite, all);
    return suite;
}
