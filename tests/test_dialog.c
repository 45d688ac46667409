/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The dialogs, driven by keys with a host that records what they ask and gives
 * them answers. Their pictures are compared with tests/screen/dialog_*.txt;
 * OPTOP_UPDATE_SCREENS=1 writes those anew.
 */
#include <math.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "test.h"
#include "ui/dialog.h"

#define CONTROL(letter) ((letter) & 0x1F)

enum { CALLS_MAX = 8 };

struct call {
    struct dialog *dialog;
    char method[32];
    json_t *params;
    int tag;
};

struct fake {
    struct dialog_host host;
    int count; /* calls without an answer */
    struct call call[CALLS_MAX];
    int total; /* calls ever */
    char told[256];
    char commanded[128]; /* a command that a dialog has given */
    enum style told_style;
    struct dialog *pushed;
    struct view view;
    struct canvas canvas;
    char root[4096]; /* the screens' folder, whatever the working directory */
};

static void
fake_call(void *context, struct dialog *dialog, const char *method, json_t *params, int tag)
{
    struct fake *fake = context;
    ck_assert_int_lt(fake->count, CALLS_MAX);
    ck_assert(json_is_object(params));
    struct call *call = &fake->call[fake->count++];
    fake->total++;
    *call = (struct call){ .dialog = dialog, .params = params, .tag = tag };
    str_copy(call->method, sizeof call->method, method);
}

static void
fake_command(void *context, const char *line)
{
    struct fake *fake = context;
    str_copy(fake->commanded, sizeof fake->commanded, line);
}

static void
fake_push(void *context, struct dialog *dialog)
{
    struct fake *fake = context;
    ck_assert_ptr_null(fake->pushed);
    fake->pushed = dialog;
    dialog->host = &fake->host;
}

static void
fake_tell(void *context, enum style style, const char *text)
{
    struct fake *fake = context;
    fake->told_style = style;
    str_copy(fake->told, sizeof fake->told, text);
}

static void
fake_init(struct fake *fake)
{
    *fake = (struct fake){ .host = { .context = fake, .call = fake_call, .push = fake_push, .tell = fake_tell,
        .command = fake_command } };
    view_init(&fake->view);
    canvas_init(&fake->canvas);
    char *root = realpath(test_path("screen"), NULL);
    ck_assert_msg(root != NULL, "tests/screen is missing");
    str_copy(fake->root, sizeof fake->root, root);
    free(root);
}

static void
fake_drop_calls(struct fake *fake)
{
    while (fake->count > 0)
        json_decref(fake->call[--fake->count].params);
}

static void
fake_release(struct fake *fake)
{
    fake_drop_calls(fake);
    if (fake->pushed)
        fake->pushed->class->free(fake->pushed);
    view_release(&fake->view);
    canvas_release(&fake->canvas);
}

static struct dialog *
opened(struct fake *fake, struct dialog *dialog)
{
    dialog->host = &fake->host;
    return dialog;
}

static void
draw(struct fake *fake, struct dialog *dialog, int columns, int rows)
{
    canvas_resize(&fake->canvas, columns, rows);
    dialog->class->draw(dialog, &fake->canvas, (struct rect){ 0, 0, columns, rows }, &fake->view);
}

/* The picture; freed by the caller. */
static char *
picture(struct fake *fake, struct dialog *dialog, int columns, int rows)
{
    struct str out;
    str_init(&out);
    draw(fake, dialog, columns, rows);
    canvas_to_text(&fake->canvas, &out);
    return str_detach(&out);
}

static bool
shows(struct fake *fake, struct dialog *dialog, const char *text)
{
    char *screen = picture(fake, dialog, 160, 50);
    bool found = strstr(screen, text) != NULL;
    if (!found)
        fprintf(stderr, "\"%s\" is not in:\n%s\n", text, screen);
    free(screen);
    return found;
}

/* Does one row hold both texts, in this order? */
static bool
shows_beside(struct fake *fake, struct dialog *dialog, const char *left, const char *right)
{
    char *screen = picture(fake, dialog, 160, 50);
    bool found = false;
    char *rest = screen;
    for (char *row; !found && (row = strsep(&rest, "\n"));) {
        char *at = strstr(row, left);
        found = at && strstr(at + strlen(left), right);
    }
    free(screen);
    if (!found)
        shows(fake, dialog, "(what stands there)");
    return found;
}

static void
expect_one_screen(struct fake *fake, struct dialog *dialog, const char *name, int columns, int rows)
{
    static char kept[1 << 16];
    char path[5000];
    char *screen = picture(fake, dialog, columns, rows);
    snprintf(path, sizeof path, "%s/dialog_%s_%dx%d.txt", fake->root, name, columns, rows);
    if (getenv("OPTOP_UPDATE_SCREENS")) {
        FILE *file = fopen(path, "we");
        ck_assert_ptr_nonnull(file);
        fputs(screen, file);
        fclose(file);
    }
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "%s is missing", path);
    kept[fread(kept, 1, sizeof kept - 1, file)] = '\0';
    fclose(file);
    ck_assert_msg(str_equal(kept, screen), "%s differs; now it is\n%s", path, screen);
    free(screen);
}

static void
expect_screens(struct fake *fake, struct dialog *dialog, const char *name)
{
    expect_one_screen(fake, dialog, name, 80, 24);
    expect_one_screen(fake, dialog, name, 160, 50);
}

static enum dialog_result
press(struct dialog *dialog, uint32_t key)
{
    return dialog->class->key(dialog, key);
}

static void
type(struct dialog *dialog, const char *text)
{
    for (uint32_t code; (code = text_next(&text));)
        ck_assert_int_eq(press(dialog, code), DIALOG_OPEN);
}

/* Takes the oldest call, which must be of this method; its params are the
 * caller's. */
static json_t *
take_call(struct fake *fake, const char *method, int *ret_tag)
{
    ck_assert_msg(fake->count > 0, "%s was not called", method);
    struct call call = fake->call[0];
    memmove(fake->call, fake->call + 1, (size_t)--fake->count * sizeof call);
    ck_assert_str_eq(call.method, method);
    *ret_tag = call.tag;
    return call.params;
}

static enum dialog_result
answer(struct fake *fake, struct dialog *dialog, const char *method, const char *json)
{
    int tag;
    json_decref(take_call(fake, method, &tag));
    json_t *result = json_parse(json, strlen(json), NULL);
    ck_assert_ptr_nonnull(result);
    enum dialog_result end = dialog->class->answer(dialog, tag, result, NULL);
    json_decref(result);
    return end;
}

static enum dialog_result
refuse(struct fake *fake, struct dialog *dialog, const char *method, const char *key,
    const char *text)
{
    int tag;
    struct diag diag = { 0 };
    diag_set(&diag, ERR_BAD_RANGE, "%s", text);
    diag_at(&diag, NULL, 0, key);
    json_decref(take_call(fake, method, &tag));
    return dialog->class->answer(dialog, tag, NULL, &diag);
}

/* Question, message, help */

static struct dialog *
question(struct fake *fake)
{
    return opened(fake, dialog_confirm_new("Cancel a run",
        "Cancel run 3 (xz)? 100 of 750 trials are done; they are kept, and what runs now is ended.",
        "cancel run 3", "run.cancel", json_pack("{s:i}", "run", 3)));
}

START_TEST(confirm_asks_the_server_on_y_only)
{
    struct fake fake;
    fake_init(&fake);
    static const uint32_t no[] = { 'n', 'N', 'q', KEY_CODE_ENTER, KEY_CODE_ESCAPE };
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) {
        struct dialog *dialog = question(&fake);
        press(dialog, 'x');
        press(dialog, ' ');
        press(dialog, KEY_CODE_DOWN);
        ck_assert_int_eq(press(dialog, no[i]), DIALOG_CLOSED);
        ck_assert_int_eq(fake.total, 0);
        dialog->class->free(dialog);
    }
    struct dialog *dialog = question(&fake);
    expect_screens(&fake, dialog, "confirm");
    ck_assert_int_eq(press(dialog, 'y'), DIALOG_OPEN);
    ck_assert_int_eq(press(dialog, 'y'), DIALOG_OPEN); /* asked once only */
    ck_assert_int_eq(fake.count, 1);
    ck_assert_int_eq(json_get_int(fake.call[0].params, "run", 0), 3);
    ck_assert(shows(&fake, dialog, "waiting for the server"));
    ck_assert_int_eq(answer(&fake, dialog, "run.cancel", "{}"), DIALOG_CLOSED);
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

START_TEST(confirm_shows_a_refusal_and_tries_again)
{
    struct fake fake;
    fake_init(&fake);
    struct dialog *dialog = question(&fake);
    press(dialog, 'y');
    ck_assert_int_eq(refuse(&fake, dialog, "run.cancel", NULL, "run 3 has ended"), DIALOG_OPEN);
    ck_assert(shows(&fake, dialog, "! run 3 has ended"));
    press(dialog, 'y');
    ck_assert_int_eq(answer(&fake, dialog, "run.cancel", "{}"), DIALOG_CLOSED);
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

START_TEST(message_scrolls_and_cleans)
{
    struct fake fake;
    struct str text;
    fake_init(&fake);
    str_init(&text);
    str_puts(&text, "hostile: \x1B[31mred\x1B[0m\n");
    for (int i = 1; i <= 60; i++)
        str_printf(&text, "line %d\n", i);
    struct dialog *dialog = opened(&fake, dialog_message_new("Standard error of trial 17",
        text.data));
    str_release(&text);
    expect_screens(&fake, dialog, "message");
    draw(&fake, dialog, 80, 24);
    press(dialog, 'G');
    char *screen = picture(&fake, dialog, 80, 24);
    ck_assert_ptr_nonnull(strstr(screen, "line 60"));
    ck_assert_ptr_null(strstr(screen, "hostile"));
    ck_assert_ptr_null(strchr(screen, 0x1B));
    free(screen);
    press(dialog, 'g');
    ck_assert(shows(&fake, dialog, "hostile: ·[31mred"));
    ck_assert_int_eq(press(dialog, 'q'), DIALOG_CLOSED);
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

START_TEST(help_tells_keys_of_its_context_first)
{
    struct fake fake;
    fake_init(&fake);
    struct dialog *dialog = opened(&fake, dialog_help_new("metrics"));
    char *screen = picture(&fake, dialog, 160, 200);
    char *own = strstr(screen, "set a threshold on this metric"), *other = strstr(screen, "cancel the run, or");
    ck_assert_ptr_nonnull(own);
    ck_assert_ptr_nonnull(other);
    ck_assert(own < other);
    ck_assert_ptr_null(strstr(own + 1, "set a threshold on this metric"));
    ck_assert_ptr_nonnull(strstr(screen, "Signs and colours"));
    free(screen);
    expect_screens(&fake, dialog, "help");
    draw(&fake, dialog, 80, 24);
    press(dialog, 'G');
    screen = picture(&fake, dialog, 80, 24);
    ck_assert_ptr_null(strstr(screen, "set a threshold on this metric"));
    free(screen);
    ck_assert_int_eq(press(dialog, '?'), DIALOG_CLOSED);
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

/* Launching */

static const char xz_run[] =
    "# the demo\n"
    "[run]\nname = xz\ngoal = minimize\n\n"
    "[objective]\ntype = command\n"
    "command = xz --format=raw --stdout --lzma2=preset={preset},lc={lc},lp={lp},pb={pb} {file}\n"
    "score = stdout_bytes\n\n"
    "[parameters]\nfile = /usr/share/common-licenses/GPL-3\n\n"
    "[space]\npreset = int 0..9\nlc = int 0..4\nlp = int 0..4\npb = int 0..4\n\n"
    "[constraints]\nlzma2 = lc + lp <= 4\n\n"
    "[search]\nmethod = grid\n\n[parallel]\nmode = process\nworkers = auto\n";

static void
write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

/* A folder of its own to stand in, with three run files and two others. */
static void
enter_folder(void)
{
    const char *directory = test_directory();
    ck_assert_int_eq(chdir(directory), 0);
    setenv("HOME", directory, 1);
    unsetenv("XDG_CONFIG_HOME");
    ck_assert_int_eq(mkdir("conf", 0700), 0);
    ck_assert_int_eq(mkdir("conf/runs", 0700), 0);
    ck_assert_int_eq(mkdir("extra", 0700), 0);
    write_file("conf/runs/xz.ini", xz_run);
    write_file("conf/runs/broken.ini", "[run]\nname = broken\nthis is no entry\n");
    write_file("extra/sleep.ini",
        "[run]\nname = sleep\n[objective]\ncommand = sleep {t}\nscore = wall_seconds\n"
        "[space]\nt = float 0..1\n[search]\nmethod = random\ntrials = 20\n");
    write_file("optop.ini", "[server]\ninterval = 1s\n");
    write_file("notes.txt", "[run]\n");
    ck_assert_int_eq(mkfifo("pipe.ini", 0600), 0); /* must not be waited for */
    ck_assert_int_eq(symlink("../conf/runs/xz.ini", "extra/again.ini"), 0); /* counts once */
}

static struct dialog *
launch_list(struct fake *fake)
{
    fake_init(fake);
    enter_folder();
    return opened(fake, dialog_launch_new("conf/runs:extra:/nowhere"));
}

START_TEST(launch_lists_run_files)
{
    struct fake fake;
    struct dialog *dialog = launch_list(&fake);
    ck_assert(shows(&fake, dialog, "3 run files"));
    ck_assert(shows(&fake, dialog, "extra/sleep.ini"));
    ck_assert_int_eq(fake.count, 0); /* the first is broken: nothing to count */
    press(dialog, 'j');
    ck_assert_int_eq(fake.count, 1);
    ck_assert_str_eq(json_get_string(fake.call[0].params, "text", ""), xz_run);
    ck_assert_str_eq(json_get_string(fake.call[0].params, "file", ""), "conf/runs/xz.ini");
    ck_assert(shows(&fake, dialog, "counting points"));
    answer(&fake, dialog, "run.check", "{\"run\":\"xz\",\"points\":750,\"raw_points\":1250}");
    ck_assert(shows(&fake, dialog, "750 points (1250 before constraints)"));
    expect_screens(&fake, dialog, "launch");

    press(dialog, '/');
    type(dialog, "SLEEP");
    ck_assert(shows(&fake, dialog, "extra/sleep.ini"));
    char *screen = picture(&fake, dialog, 160, 50);
    ck_assert_ptr_null(strstr(screen, "xz.ini"));
    free(screen);
    type(dialog, "zzz");
    ck_assert(shows(&fake, dialog, "No run file has this"));
    ck_assert_int_eq(press(dialog, KEY_CODE_ENTER), DIALOG_OPEN);
    ck_assert_int_eq(press(dialog, KEY_CODE_ESCAPE), DIALOG_OPEN); /* clears the filter */
    ck_assert(shows(&fake, dialog, "3 run files"));
    press(dialog, '?');
    ck_assert_ptr_nonnull(fake.pushed);
    ck_assert_int_eq(press(dialog, KEY_CODE_ESCAPE), DIALOG_CLOSED);
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

START_TEST(launch_refuses_a_broken_file)
{
    struct fake fake;
    struct dialog *dialog = launch_list(&fake);
    ck_assert(shows(&fake, dialog, "conf/runs/broken.ini:3"));
    press(dialog, KEY_CODE_ENTER);
    ck_assert(shows(&fake, dialog, "! conf/runs/broken.ini:3"));
    ck_assert(shows(&fake, dialog, "Launch a run"));
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

START_TEST(launch_says_where_it_looked_when_there_is_nothing)
{
    struct fake fake;
    fake_init(&fake);
    const char *directory = test_directory();
    ck_assert_int_eq(chdir(directory), 0);
    setenv("HOME", directory, 1);
    unsetenv("XDG_CONFIG_HOME");
    struct dialog *dialog = opened(&fake, dialog_launch_new(NULL));
    ck_assert(shows(&fake, dialog, "No run files were found"));
    ck_assert_int_eq(press(dialog, KEY_CODE_ENTER), DIALOG_OPEN);
    ck_assert_int_eq(press(dialog, 'j'), DIALOG_OPEN);
    ck_assert_int_eq(fake.total, 0);
    ck_assert_int_eq(press(dialog, 'q'), DIALOG_CLOSED);
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

/* The form of xz.ini, its points counted. */
static struct dialog *
launch_form(struct fake *fake)
{
    struct dialog *dialog = launch_list(fake);
    draw(fake, dialog, 160, 50);
    press(dialog, 'j');
    answer(fake, dialog, "run.check", "{\"run\":\"xz\",\"points\":750,\"raw_points\":1250}");
    press(dialog, KEY_CODE_ENTER);
    answer(fake, dialog, "run.check", "{\"run\":\"xz\",\"points\":750,\"raw_points\":1250}");
    return dialog;
}

/* Goes down until the help line names the field. */
static void
go_to(struct fake *fake, struct dialog *dialog, const char *name)
{
    char wanted[128];
    snprintf(wanted, sizeof wanted, "%s:", name);
    for (int i = 0; i < 100; i++) {
        char *screen = picture(fake, dialog, 160, 50);
        bool there = strstr(screen, wanted) != NULL;
        free(screen);
        if (there)
            return;
        press(dialog, KEY_CODE_TAB);
        while (fake->count > 0)
            answer(fake, dialog, "run.check", "{\"points\":750,\"raw_points\":1250}");
    }
    ck_abort_msg("there is no field %s", name);
}

START_TEST(launch_form_has_every_field)
{
    struct fake fake;
    struct dialog *dialog = launch_form(&fake);
    expect_screens(&fake, dialog, "launch_form");
    static const char *const names[] = { "run.name", "run.goal", "objective.command",
        "parameters.file", "space.lc", "constraints.lzma2", "search.seed", "parallel.workers",
        "limits.grace" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        go_to(&fake, dialog, names[i]);
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

START_TEST(launch_form_checks_at_once_and_counts_on_leaving)
{
    struct fake fake;
    struct dialog *dialog = launch_form(&fake);
    go_to(&fake, dialog, "space.lc");
    int before = fake.total;
    press(dialog, CONTROL('U'));
    type(dialog, "int 4..");
    ck_assert(shows_beside(&fake, dialog, "int 4..", "! "));
    ck_assert_int_eq(fake.total, before);
    expect_screens(&fake, dialog, "launch_fault");

    press(dialog, CONTROL('G')); /* is not launched with a fault */
    ck_assert_int_eq(fake.total, before);
    ck_assert(shows(&fake, dialog, "not launched"));
    type(dialog, "5");
    ck_assert_int_eq(fake.total, before);
    press(dialog, KEY_CODE_TAB);
    ck_assert_int_eq(fake.total, before + 1);
    press(dialog, KEY_CODE_BACKTAB);
    ck_assert_int_eq(fake.total, before + 1);
    ck_assert_ptr_nonnull(strstr(json_get_string(fake.call[0].params, "text", ""),
        "\nlc = int 4..5\n"));
    answer(&fake, dialog, "run.check", "{\"points\":null,\"raw_points\":500}");
    ck_assert(shows(&fake, dialog, "points not counted (500 before constraints)"));
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

START_TEST(launch_form_asks_one_count_at_a_time)
{
    struct fake fake;
    struct dialog *dialog = launch_form(&fake);
    go_to(&fake, dialog, "space.lc");
    press(dialog, KEY_CODE_BACKSPACE);
    type(dialog, "3");
    press(dialog, KEY_CODE_TAB);
    press(dialog, KEY_CODE_BACKSPACE);
    type(dialog, "2");
    press(dialog, KEY_CODE_TAB); /* the first answer is still out */
    ck_assert_int_eq(fake.count, 1);
    answer(&fake, dialog, "run.check", "{\"points\":111,\"raw_points\":111}");
    ck_assert_int_eq(fake.count, 1); /* asked anew; the old answer is not shown */
    ck_assert(shows(&fake, dialog, "counting points"));
    answer(&fake, dialog, "run.check", "{\"points\":222,\"raw_points\":222}");
    ck_assert(shows(&fake, dialog, "222 points"));
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

START_TEST(launch_form_adds_and_takes_out_entries)
{
    struct fake fake;
    struct dialog *dialog = launch_form(&fake);
    go_to(&fake, dialog, "constraints.lzma2");
    press(dialog, CONTROL('U'));
    go_to(&fake, dialog, "[constraints]");
    type(dialog, "even = preset % 2 == 0");
    press(dialog, KEY_CODE_TAB);
    ck_assert(shows_beside(&fake, dialog, "even", "preset % 2 == 0"));
    press(dialog, KEY_CODE_BACKTAB);
    type(dialog, "even = true");
    press(dialog, KEY_CODE_TAB);
    ck_assert(shows(&fake, dialog, "! this name is taken"));
    press(dialog, KEY_CODE_BACKTAB);
    press(dialog, CONTROL('U'));
    type(dialog, "nonsense");
    press(dialog, KEY_CODE_TAB);
    ck_assert(shows(&fake, dialog, "! write: name = value"));
    press(dialog, KEY_CODE_BACKTAB);
    press(dialog, CONTROL('U'));
    type(dialog, "low = lc < 2"); /* not left: taken by launching */
    fake_drop_calls(&fake);
    press(dialog, CONTROL('G'));
    ck_assert(shows(&fake, dialog, "launching: waiting"));
    ck_assert_str_eq(fake.call[fake.count - 1].method, "run.submit");
    const char *text = json_get_string(fake.call[fake.count - 1].params, "text", "");
    ck_assert_ptr_nonnull(strstr(text, "\n[constraints]\neven = preset % 2 == 0\nlow = lc < 2\n"));
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

START_TEST(launch_submits_the_edited_text)
{
    struct fake fake;
    int tag;
    struct dialog *dialog = launch_form(&fake);
    setenv("OPTOP_TEST_MARK", "äb", 1);
    go_to(&fake, dialog, "search.seed");
    type(dialog, "7");
    press(dialog, CONTROL('G'));
    ck_assert(shows(&fake, dialog, "waiting for the server"));
    type(dialog, "9"); /* too late */
    json_t *params = take_call(&fake, "run.submit", &tag);
    const char *text = json_get_string(params, "text", "");
    ck_assert_ptr_nonnull(strstr(text, "seed = 7\n"));
    ck_assert_ptr_nonnull(strstr(text, "# the demo\n"));
    char *directory = getcwd(NULL, 0);
    ck_assert_str_eq(json_get_string(params, "directory", ""), directory);
    free(directory);
    bool found = false;
    size_t i;
    json_t *entry;
    json_array_foreach(json_object_get(params, "environment"), i, entry)
        found = found || str_equal(json_string_value(entry), "OPTOP_TEST_MARK=äb");
    ck_assert(found);
    json_decref(params);

    json_t *run = json_pack("{s:i}", "run", 7);
    ck_assert_int_eq(dialog->class->answer(dialog, tag, run, NULL), DIALOG_CLOSED);
    json_decref(run);
    ck_assert_str_eq(fake.told, "run 7 launched");
    FILE *file = fopen("conf/runs/xz.ini", "re"); /* the file itself is as it was */
    char kept[sizeof xz_run];
    ck_assert_uint_eq(fread(kept, 1, sizeof kept, file), sizeof xz_run - 1);
    fclose(file);
    ck_assert_mem_eq(kept, xz_run, sizeof xz_run - 1);
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

START_TEST(launch_caps_the_environment)
{
    struct fake fake;
    int tag;
    struct dialog *dialog = launch_form(&fake);
    char *large = xcalloc(1, 100 * 1024);
    memset(large, 'x', 100 * 1024 - 1);
    clearenv();
    for (int i = 0; i < 4; i++) {
        char name[8] = { 'B', (char)('0' + i) };
        setenv(name, large, 1);
    }
    setenv("BYTES", "\xFF", 1);
    free(large);
    press(dialog, CONTROL('G'));
    json_t *params = take_call(&fake, "run.submit", &tag);
    ck_assert_uint_eq(json_array_size(json_object_get(params, "environment")), 2);
    json_decref(params);
    json_t *run = json_pack("{s:i}", "run", 8);
    ck_assert_int_eq(dialog->class->answer(dialog, tag, run, NULL), DIALOG_CLOSED);
    json_decref(run);
    ck_assert_ptr_nonnull(strstr(fake.told, "run 8 launched (3 environment variables left out"));
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

START_TEST(launch_shows_the_servers_faults)
{
    struct fake fake;
    struct dialog *dialog = launch_form(&fake);
    press(dialog, CONTROL('G'));
    ck_assert_int_eq(refuse(&fake, dialog, "run.submit", "constraints.lzma2",
        "')' expected near <eof>"), DIALOG_OPEN);
    ck_assert(shows_beside(&fake, dialog, "lc + lp <= 4", "! ')' expected near <eof>"));
    ck_assert(shows(&fake, dialog, "constraints.lzma2:")); /* the keys go there */
    ck_assert(shows(&fake, dialog, "1 field at fault"));
    type(dialog, "2"); /* another text: the fault may be gone */
    ck_assert(!strstr(fake.told, "launched"));
    char *screen = picture(&fake, dialog, 160, 50);
    ck_assert_ptr_null(strstr(screen, "near <eof>"));
    free(screen);
    press(dialog, CONTROL('G'));
    ck_assert_int_eq(refuse(&fake, dialog, "run.submit", NULL, "storage full"), DIALOG_OPEN);
    ck_assert(shows(&fake, dialog, "! storage full"));
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

START_TEST(launch_form_keeps_changes_until_told_twice)
{
    struct fake fake;
    struct dialog *dialog = launch_form(&fake);
    ck_assert_int_eq(press(dialog, KEY_CODE_ESCAPE), DIALOG_OPEN); /* nothing changed */
    ck_assert(shows(&fake, dialog, "Launch a run"));
    fake_drop_calls(&fake);
    press(dialog, KEY_CODE_ENTER);
    type(dialog, "2");
    press(dialog, KEY_CODE_ESCAPE);
    ck_assert(shows(&fake, dialog, "Esc again drops them"));
    press(dialog, KEY_CODE_LEFT);
    press(dialog, KEY_CODE_ESCAPE);
    ck_assert(shows(&fake, dialog, "Launch conf/runs/xz.ini"));
    press(dialog, KEY_CODE_ESCAPE);
    ck_assert(shows(&fake, dialog, "Launch a run"));
    ck_assert_int_eq(press(dialog, KEY_CODE_ESCAPE), DIALOG_CLOSED);
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

/* Any keys, any size, any answers */

static uint32_t
next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

static uint32_t
random_key(uint32_t *state)
{
    static const uint32_t often[] = { KEY_CODE_TAB, KEY_CODE_BACKTAB, KEY_CODE_UP, KEY_CODE_DOWN,
        KEY_CODE_LEFT, KEY_CODE_RIGHT, KEY_CODE_HOME, KEY_CODE_END, KEY_CODE_PAGE_UP,
        KEY_CODE_PAGE_DOWN, KEY_CODE_BACKSPACE, KEY_CODE_DELETE, KEY_CODE_ENTER, KEY_CODE_INSERT,
        'j', 'k', 'g', 'G', 'a', 'd', 'x', 'y', '/', ' ', '=', '.', ':', '1', '<', 0x4E00, 0x301,
        CONTROL('A'), CONTROL('E'), CONTROL('U'), CONTROL('K'), CONTROL('W'), CONTROL('G') };
    static const uint32_t seldom[] = { KEY_CODE_ESCAPE, 'q', 'n', '?', KEY_CODE_F1,
        KEY_CODE_RESIZE, KEY_CODE_MOUSE };
    uint32_t r = next_random(state) % 100;
    if (r < 70)
        return often[next_random(state) % (sizeof often / sizeof *often)];
    if (r < 74)
        return seldom[next_random(state) % (sizeof seldom / sizeof *seldom)];
    return r < 97 ? ' ' + next_random(state) % 95 : next_random(state) % 0x110020;
}

static enum dialog_result
random_answer(struct fake *fake, struct dialog *dialog, uint32_t *state)
{
    static const char *const keys[] = { "space.lc", "constraints.lzma2", "nowhere.key",
        "threshold cpu.total.warning", NULL };
    if (fake->count == 0)
        return DIALOG_OPEN;
    const char *method = fake->call[0].method;
    char name[32];
    str_copy(name, sizeof name, method);
    switch (next_random(state) % 3) {
    case 0:
        return refuse(fake, dialog, name, keys[next_random(state) % 5], "no, \x1B[31m and why");
    case 1:
        return answer(fake, dialog, name, "{\"points\":\"x\",\"run\":null,\"text\":5}");
    default:
        return answer(fake, dialog, name, str_equal(name, "config.get") ? "{\"file\":\"o.ini\",\"text\":\"\"}"
            : "{\"run\":7,\"points\":750,\"raw_points\":1e300}");
    }
}

typedef struct dialog *make_fn(struct fake *fake);

static struct dialog *
make_launch(struct fake *fake)
{
    return opened(fake, dialog_launch_new("conf/runs:extra"));
}

static struct dialog *
make_metrics(struct fake *fake)
{
    return opened(fake, dialog_metric_new());
}

static struct dialog *
make_help(struct fake *fake)
{
    return opened(fake, dialog_help_new("run"));
}

static struct dialog *
make_message(struct fake *fake)
{
    return opened(fake, dialog_message_new("A title that is longer than a small screen is wide",
        "one two three\n\nfour \xFF\xE2\x80\xAE five 漢字漢字漢字漢字漢字漢字\n"));
}

static make_fn *const makers[] = { question, make_launch, make_metrics, make_help,
    make_message };

START_TEST(any_keys_at_any_size)
{
    struct fake fake;
    uint32_t state = 0x9E3779B9u + (uint32_t)_i;
    make_fn *make = makers[_i];
    fake_init(&fake);
    enter_folder();
    struct dialog *dialog = make(&fake);
    int columns = 80, rows = 24;
    for (int i = 0; i < 20000; i++) {
        enum dialog_result result = press(dialog, random_key(&state));
        if (result == DIALOG_OPEN && next_random(&state) % 4 == 0)
            result = random_answer(&fake, dialog, &state);
        if (fake.pushed) {
            draw(&fake, fake.pushed, columns, rows);
            fake.pushed->class->free(fake.pushed);
            fake.pushed = NULL;
        }
        if (result == DIALOG_CLOSED) {
            fake_drop_calls(&fake);
            dialog->class->free(dialog);
            dialog = make(&fake);
        }
        if (next_random(&state) % 16 == 0) {
            bool small = next_random(&state) % 2;
            columns = (int)(next_random(&state) % (small ? 30 : 300));
            rows = (int)(next_random(&state) % (small ? 10 : 80));
            fake.canvas.ascii = next_random(&state) % 2;
        }
        if (i % 4 == 0)
            draw(&fake, dialog, columns, rows);
    }
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("dialog");
    TCase *simple = tcase_create("simple");
    tcase_add_test(simple, confirm_asks_the_server_on_y_only);
    tcase_add_test(simple, confirm_shows_a_refusal_and_tries_again);
    tcase_add_test(simple, message_scrolls_and_cleans);
    tcase_add_test(simple, help_tells_keys_of_its_context_first);
    suite_add_tcase(suite, simple);
    TCase *launch = tcase_create("launch");
    tcase_add_test(launch, launch_lists_run_files);
    tcase_add_test(launch, launch_refuses_a_broken_file);
    tcase_add_test(launch, launch_says_where_it_looked_when_there_is_nothing);
    tcase_add_test(launch, launch_form_has_every_field);
    tcase_add_test(launch, launch_form_checks_at_once_and_counts_on_leaving);
    tcase_add_test(launch, launch_form_asks_one_count_at_a_time);
    tcase_add_test(launch, launch_form_adds_and_takes_out_entries);
    tcase_add_test(launch, launch_submits_the_edited_text);
    tcase_add_test(launch, launch_caps_the_environment);
    tcase_add_test(launch, launch_shows_the_servers_faults);
    tcase_add_test(launch, launch_form_keeps_changes_until_told_twice);
    suite_add_tcase(suite, launch);
    TCase *monkey = tcase_create("monkey");
    tcase_set_timeout(monkey, 120);
    tcase_add_loop_test(monkey, any_keys_at_any_size, 0, sizeof makers / sizeof *makers);
    suite_add_tcase(suite, monkey);
    return suite;
}
