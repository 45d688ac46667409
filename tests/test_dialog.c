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
#include "config/runfile.h"
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
    loop_fn *done; /* of work that has been done and is not told yet; NULL: none */
    void *done_arg;
    bool harmless; /* nothing is written, wherever a monkey wants it */
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

/* A thread that is slow to tell. */
static void
fake_work(void *context, const char *name, loop_fn *work, loop_fn *done, void *arg)
{
    struct fake *fake = context;
    ck_assert_ptr_null(fake->done);
    if (!fake->harmless || !str_equal(name, "save"))
        work(arg);
    fake->done = done;
    fake->done_arg = arg;
}

static void
finish_work(struct fake *fake)
{
    loop_fn *done = fake->done;
    ck_assert_ptr_nonnull(done);
    fake->done = NULL;
    done(fake->done_arg);
}

static void
fake_init(struct fake *fake)
{
    *fake = (struct fake){ .host = { .context = fake, .call = fake_call, .push = fake_push, .tell = fake_tell,
        .command = fake_command, .work = fake_work } };
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
launch_list_with(struct fake *fake, const char *runs)
{
    fake_init(fake);
    enter_folder();
    struct dialog *dialog = opened(fake, dialog_launch_new("conf/runs:extra:/nowhere"));
    draw(fake, dialog, 160, 50);
    answer(fake, dialog, "run.list", runs);
    return dialog;
}

static struct dialog *
launch_list(struct fake *fake)
{
    return launch_list_with(fake, "{\"runs\":[]}");
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
    ck_assert_int_eq(fake.total, 1); /* the recent runs */
    ck_assert_int_eq(press(dialog, 'q'), DIALOG_CLOSED);
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

static const char two_runs[] = "{\"runs\":["
    "{\"run\":12,\"name\":\"nightly\",\"state\":\"done\",\"counts\":{\"total\":750,\"done\":748,\"failed\":2},\"goal\":\"minimize\","
    "\"elapsed_seconds\":190,\"best\":{\"trial\":7,\"score\":11234,\"params\":{\"preset\":9,\"lc\":4}}},"
    "{\"run\":11,\"name\":\"probe\",\"state\":\"failed\",\"counts\":{\"total\":10,\"done\":0,\"failed\":10},"
    "\"reason\":\"10 failed trials\",\"elapsed_seconds\":2}]}";

static void
answer_run(struct fake *fake, struct dialog *dialog, const char *text)
{
    int tag;
    json_decref(take_call(fake, "run.show", &tag));
    json_t *run = json_pack("{s:s,s:s,s:s}", "file", "/srv/xz.ini", "directory", "/srv/data", "file_text", text);
    ck_assert_int_eq(dialog->class->answer(dialog, tag, run, NULL), DIALOG_OPEN);
    json_decref(run);
}

START_TEST(launch_lists_recent_runs)
{
    struct fake fake;
    int tag;
    struct dialog *dialog = launch_list_with(&fake, two_runs);
    ck_assert(shows(&fake, dialog, "3 run files, 2 recent runs"));
    ck_assert(shows_beside(&fake, dialog, "nightly", "run 12   done"));
    press(dialog, KEY_CODE_TAB); /* to the first of them */
    ck_assert_int_eq(json_get_int(fake.call[0].params, "run", 0), 12);
    press(dialog, 'j'); /* the text of the other is asked for when that has come */
    ck_assert_int_eq(fake.count, 1);
    answer_run(&fake, dialog, xz_run);
    ck_assert_int_eq(json_get_int(fake.call[0].params, "run", 0), 11);
    ck_assert_int_eq(refuse(&fake, dialog, "run.show", NULL, "there is no run 11"), DIALOG_OPEN);
    ck_assert(shows(&fake, dialog, "there is no run 11"));
    ck_assert(shows(&fake, dialog, "10 failed trials"));
    press(dialog, KEY_CODE_ENTER); /* there is nothing to open */
    ck_assert(shows(&fake, dialog, "Launch a run"));
    press(dialog, 'k');
    answer_run(&fake, dialog, xz_run);
    json_t *check = take_call(&fake, "run.check", &tag);
    ck_assert_str_eq(json_get_string(check, "directory", ""), "/srv/data");
    json_decref(check);
    json_t *counted = json_pack("{s:i,s:i,s:{s:f,s:f,s:i}}", "points", 750, "raw_points", 1250, "expected",
        "low_seconds", 130.0, "high_seconds", 200.0, "runs", 2);
    ck_assert_int_eq(dialog->class->answer(dialog, tag, counted, NULL), DIALOG_OPEN);
    json_decref(counted);
    ck_assert(shows(&fake, dialog, "750 points (1250 before constraints)"));
    ck_assert(shows(&fake, dialog, "about 2m10s to 3m20s (by 2 runs)"));
    ck_assert(shows(&fake, dialog, "11234 with preset=9 lc=4"));
    ck_assert(shows(&fake, dialog, "12 done: 750/750 trials, 2 failed; 3m10s"));
    expect_screens(&fake, dialog, "launch_runs");
    press(dialog, '/');
    type(dialog, "run 11");
    ck_assert(shows(&fake, dialog, "probe"));
    fake_drop_calls(&fake);
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

/* Enter before its text has come: the form opens when that comes; what is launched is a
 * run in that one's directory. */
START_TEST(launch_edits_a_recent_run)
{
    struct fake fake;
    int tag;
    struct dialog *dialog = launch_list_with(&fake, two_runs);
    press(dialog, KEY_CODE_TAB);
    press(dialog, KEY_CODE_ENTER);
    ck_assert(shows(&fake, dialog, "Launch a run"));
    answer_run(&fake, dialog, xz_run);
    ck_assert(shows(&fake, dialog, "Launch /srv/xz.ini"));
    fake_drop_calls(&fake);
    press(dialog, CONTROL('G'));
    json_t *params = take_call(&fake, "run.submit", &tag);
    ck_assert_str_eq(json_get_string(params, "directory", ""), "/srv/data");
    ck_assert_str_eq(json_get_string(params, "text", ""), xz_run);
    json_decref(params);
    ck_assert_int_eq(dialog->class->answer(dialog, tag, NULL, NULL), DIALOG_OPEN);
    ck_assert(shows(&fake, dialog, "the server gave no answer"));
    press(dialog, KEY_CODE_ESCAPE); /* back to the list, where it was */
    ck_assert(shows_beside(&fake, dialog, "> nightly", "run 12"));
    fake_drop_calls(&fake);
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

/* Every option of the table has its field, with its help and what it allows; in a small
 * terminal each comes into sight with the keys. */
START_TEST(launch_form_has_every_field)
{
    struct fake fake;
    struct dialog *dialog = launch_form(&fake);
    static const char *const entries[] = { "parameters.file", "space.lc", "constraints.lzma2" };
    char name[128], label[64], wanted[160];
    expect_screens(&fake, dialog, "launch_form");
    for (const struct option *o = run_options; o->section; o++) {
        if (str_equal(o->key, "*"))
            continue;
        snprintf(name, sizeof name, "%s.%s", o->section, o->key);
        go_to(&fake, dialog, name);
        char *screen = picture(&fake, dialog, 80, 24);
        snprintf(label, sizeof label, "> %.16s", o->key);
        snprintf(wanted, sizeof wanted, "%s: %.20s", name, o->help);
        ck_assert_msg(strstr(screen, label) && strstr(screen, wanted), "%s is not in sight:\n%s", name, screen);
        free(screen);
    }
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++)
        go_to(&fake, dialog, entries[i]);
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

/* Paths */

static char *
field_row(struct fake *fake, struct dialog *dialog, const char *name)
{
    char *screen = picture(fake, dialog, 160, 50), *row = strstr(screen, name), *copy = NULL;
    if (row)
        copy = xstrndup(row, strcspn(row, "\n"));
    free(screen);
    return copy;
}

static void
expect_field(struct fake *fake, struct dialog *dialog, const char *name, const char *value)
{
    char *row = field_row(fake, dialog, name);
    ck_assert_ptr_nonnull(row);
    ck_assert_msg(strstr(row, value) != NULL, "%s is not in: %s", value, row);
    free(row);
}

START_TEST(tab_completes_paths)
{
    struct fake fake;
    struct dialog *dialog = launch_form(&fake);
    write_file("extra/valley.lua", "");
    write_file("extra/value.lua", "");
    go_to(&fake, dialog, "objective.lua");
    type(dialog, "ext");
    press(dialog, KEY_CODE_TAB);
    ck_assert(shows(&fake, dialog, "looking..."));
    finish_work(&fake);
    expect_field(&fake, dialog, "lua ", "extra/");
    type(dialog, "v");
    press(dialog, KEY_CODE_TAB);
    finish_work(&fake);
    expect_field(&fake, dialog, "lua ", "extra/val");
    ck_assert(shows(&fake, dialog, "valley.lua  value.lua"));
    expect_screens(&fake, dialog, "launch_paths");
    press(dialog, KEY_CODE_TAB); /* nothing more to be had: the names once more, then on */
    finish_work(&fake);
    ck_assert(shows(&fake, dialog, "valley.lua  value.lua"));
    press(dialog, KEY_CODE_TAB);
    ck_assert_ptr_null(fake.done);
    ck_assert(shows(&fake, dialog, "objective.data:"));
    press(dialog, KEY_CODE_BACKTAB);
    type(dialog, "l");
    press(dialog, KEY_CODE_TAB);
    finish_work(&fake);
    expect_field(&fake, dialog, "lua ", "extra/valley.lua");
    while (fake.count > 0)
        answer(&fake, dialog, "run.check", "{\"points\":1}");
    press(dialog, KEY_CODE_TAB); /* it is complete */
    finish_work(&fake);
    ck_assert(shows(&fake, dialog, "objective.data:"));
    ck_assert_ptr_nonnull(strstr(json_get_string(fake.call[0].params, "text", ""), "lua = extra/valley.lua\n"));
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

/* Of a command the word before the cursor, where that looks like a path. */
START_TEST(tab_completes_words_of_a_command)
{
    struct fake fake;
    struct dialog *dialog = launch_form(&fake);
    go_to(&fake, dialog, "objective.command");
    press(dialog, CONTROL('U'));
    type(dialog, "run --with=./ext");
    press(dialog, KEY_CODE_TAB);
    finish_work(&fake);
    expect_field(&fake, dialog, "> command ", "run --with=./extra/");
    type(dialog, " {lc}");
    press(dialog, KEY_CODE_TAB); /* no path */
    ck_assert_ptr_null(fake.done);
    char *screen = picture(&fake, dialog, 160, 50);
    ck_assert_ptr_null(strstr(screen, "objective.command:"));
    free(screen);
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

/* A folder that does not answer: keys go on, what comes too late changes nothing, and the
 * dialog may be gone by then. */
START_TEST(a_slow_folder_holds_nothing_up)
{
    struct fake fake;
    struct dialog *dialog = launch_form(&fake);
    go_to(&fake, dialog, "objective.lua");
    type(dialog, "ext");
    press(dialog, KEY_CODE_TAB);
    type(dialog, "X");
    press(dialog, KEY_CODE_TAB); /* the first is still under way: on to the next field */
    ck_assert_str_eq(fake.told, "a folder is still being read");
    finish_work(&fake);
    expect_field(&fake, dialog, "lua ", "extX");
    press(dialog, KEY_CODE_BACKTAB);
    press(dialog, KEY_CODE_TAB); /* nobody has typed there since */
    ck_assert_ptr_null(fake.done);
    press(dialog, KEY_CODE_BACKTAB);
    press(dialog, KEY_CODE_END);
    press(dialog, KEY_CODE_TAB);
    ck_assert(shows(&fake, dialog, "looking..."));
    dialog->class->free(dialog);
    finish_work(&fake);
    fake_release(&fake);
}
END_TEST

/* Save as */

static char *
read_whole(const char *path)
{
    static char kept[8192];
    FILE *file = fopen(path, "re");
    ck_assert_ptr_nonnull(file);
    kept[fread(kept, 1, sizeof kept - 1, file)] = '\0';
    fclose(file);
    return kept;
}

static void
save_as(struct dialog *dialog, const char *path)
{
    press(dialog, CONTROL('O'));
    press(dialog, CONTROL('U'));
    type(dialog, path);
    press(dialog, KEY_CODE_ENTER);
}

START_TEST(save_as_writes_a_run_file)
{
    struct fake fake;
    struct dialog *dialog = launch_form(&fake);
    go_to(&fake, dialog, "search.seed");
    type(dialog, "7");
    press(dialog, CONTROL('O'));
    expect_screens(&fake, dialog, "save_as");
    press(dialog, CONTROL('U'));
    type(dialog, "ext");
    press(dialog, KEY_CODE_TAB);
    finish_work(&fake);
    type(dialog, "new.ini");
    press(dialog, KEY_CODE_ENTER);
    ck_assert(shows(&fake, dialog, "writing..."));
    finish_work(&fake);
    ck_assert_str_eq(fake.told, "saved to extra/new.ini");
    ck_assert_ptr_nonnull(strstr(read_whole("extra/new.ini"), "seed = 7\n"));
    ck_assert_ptr_nonnull(strstr(read_whole("extra/new.ini"), "# the demo\n"));
    ck_assert_str_eq(read_whole("conf/runs/xz.ini"), xz_run);
    ck_assert(shows(&fake, dialog, "Launch extra/new.ini"));
    press(dialog, KEY_CODE_ESCAPE); /* there is nothing to lose; the list knows the file */
    ck_assert(shows_beside(&fake, dialog, "> xz", "extra/new.ini"));
    ck_assert(shows(&fake, dialog, "4 run files"));
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

START_TEST(save_as_asks_before_it_replaces)
{
    struct fake fake;
    struct dialog *dialog = launch_form(&fake);
    go_to(&fake, dialog, "search.seed");
    type(dialog, "7");
    save_as(dialog, "extra/sleep.ini");
    finish_work(&fake);
    ck_assert(shows(&fake, dialog, "exists; Enter again replaces it"));
    ck_assert_ptr_null(strstr(read_whole("extra/sleep.ini"), "seed"));
    type(dialog, "2"); /* another name: asked anew */
    press(dialog, KEY_CODE_BACKSPACE);
    press(dialog, KEY_CODE_ENTER);
    finish_work(&fake);
    ck_assert(shows(&fake, dialog, "exists; Enter again replaces it"));
    press(dialog, KEY_CODE_ENTER);
    finish_work(&fake);
    ck_assert_ptr_nonnull(strstr(read_whole("extra/sleep.ini"), "seed = 7\n"));
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

/* Faults stand beside the path; what is at fault in the form is not saved. */
START_TEST(save_as_shows_faults)
{
    struct fake fake;
    struct dialog *dialog = launch_form(&fake);
    save_as(dialog, "");
    ck_assert(shows(&fake, dialog, "a file's name is missing"));
    press(dialog, KEY_CODE_ESCAPE);
    save_as(dialog, "nowhere/x.ini");
    finish_work(&fake);
    ck_assert(shows(&fake, dialog, "No such file or directory"));
    press(dialog, KEY_CODE_ESCAPE);
    save_as(dialog, "extra");
    finish_work(&fake);
    ck_assert(shows(&fake, dialog, "is a directory"));
    press(dialog, KEY_CODE_ESCAPE);
    save_as(dialog, "pipe.ini"); /* would never take it */
    finish_work(&fake);
    ck_assert(shows(&fake, dialog, "is no regular file"));
    press(dialog, KEY_CODE_ESCAPE);
    save_as(dialog, "-");
    finish_work(&fake);
    ck_assert_str_eq(fake.told, "saved to ./-");
    fake_drop_calls(&fake);
    press(dialog, CONTROL('U')); /* the name: required */
    press(dialog, CONTROL('O'));
    ck_assert(shows(&fake, dialog, "not saved: see the fields marked with !"));
    dialog->class->free(dialog);
    fake_release(&fake);
}
END_TEST

START_TEST(save_as_outlives_its_dialog)
{
    struct fake fake;
    struct dialog *dialog = launch_form(&fake);
    save_as(dialog, "late.ini");
    dialog->class->free(dialog);
    finish_work(&fake);
    ck_assert_str_eq(read_whole("late.ini"), xz_run);
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
        CONTROL('A'), CONTROL('E'), CONTROL('U'), CONTROL('K'), CONTROL('W'), CONTROL('G'), CONTROL('O') };
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
        return answer(fake, dialog, name, "{\"points\":\"x\",\"run\":null,\"text\":5,\"runs\":[1,{\"run\":3},{\"run\":4,\"state\":\"done\"}]}");
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
    fake.harmless = true;
    enter_folder();
    struct dialog *dialog = make(&fake);
    int columns = 80, rows = 24;
    for (int i = 0; i < 20000; i++) {
        enum dialog_result result = press(dialog, random_key(&state));
        if (fake.done && next_random(&state) % 2 == 0)
            finish_work(&fake);
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
            if (fake.done)
                finish_work(&fake);
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
    if (fake.done)
        finish_work(&fake);
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
    tcase_add_test(launch, launch_lists_recent_runs);
    tcase_add_test(launch, launch_edits_a_recent_run);
    tcase_add_test(launch, launch_form_has_every_field);
    tcase_add_test(launch, launch_form_checks_at_once_and_counts_on_leaving);
    tcase_add_test(launch, launch_form_asks_one_count_at_a_time);
    tcase_add_test(launch, launch_form_adds_and_takes_out_entries);
    tcase_add_test(launch, launch_submits_the_edited_text);
    tcase_add_test(launch, launch_caps_the_environment);
    tcase_add_test(launch, launch_shows_the_servers_faults);
    tcase_add_test(launch, launch_form_keeps_changes_until_told_twice);
    suite_add_tcase(suite, launch);
    TCase *paths = tcase_create("paths");
    tcase_add_test(paths, tab_completes_paths);
    tcase_add_test(paths, tab_completes_words_of_a_command);
    tcase_add_test(paths, a_slow_folder_holds_nothing_up);
    tcase_add_test(paths, save_as_writes_a_run_file);
    tcase_add_test(paths, save_as_asks_before_it_replaces);
    tcase_add_test(paths, save_as_shows_faults);
    tcase_add_test(paths, save_as_outlives_its_dialog);
    suite_add_tcase(suite, paths);
    TCase *monkey = tcase_create("monkey");
    tcase_set_timeout(monkey, 120);
    tcase_add_loop_test(monkey, any_keys_at_any_size, 0, sizeof makers / sizeof *makers);
    suite_add_tcase(suite, monkey);
    return suite;
}
