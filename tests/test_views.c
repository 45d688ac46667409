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
    screen_key(rig.screen, 'U');
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

static void
open_processes(struct rig *rig)
{
    rig_open(rig);
    rig_connect(rig, "busy");
    screen_key(rig->screen, '4');
    answer(rig, "processes", load("processes"), NULL);
}

/* Answers process.figures with the same for all that were asked about. */
static void
answer_figures(struct rig *rig, double seconds, double pss, double faults)
{
    size_t i;
    const json_t *process;
    json_t *rows = json_array();
    json_array_foreach(json_object_get(rig->asked[rig->answered].params, "processes"), i, process)
        json_array_append_new(rows, json_pack("[O,O,f,f,n,f,f,f,i]", json_array_get(process, 0),
            json_array_get(process, 1), seconds, pss, faults, 0.0, 2 * faults, 667));
    answer(rig, "process.figures", json_pack("{s:o}", "processes", rows), NULL);
}

START_TEST(processes_are_as_committed)
{
    struct rig rig;
    open_processes(&rig);
    check_all_sizes(&rig, "processes");
    screen_key(rig.screen, 't');
    check_screen(&rig, "processes-tree", 80, 24, false);
    check_screen(&rig, "processes-tree", 160, 50, false);
    screen_key(rig.screen, 't');
    screen_key(rig.screen, 'C');
    rig.answered = rig.asked_count - 1;
    answer_figures(&rig, 100, 7 * 1048576, 1000);
    check_screen(&rig, "processes-memory", 160, 50, false);
    screen_key(rig.screen, 'C');
    screen_key(rig.screen, 'C');
    screen_key(rig.screen, 't');
    if (getenv("OPTOP_UPDATE_SCREENS")) {
        picture(&rig);
        write_document(&rig, "processes-160x50");
    }
    rig_close(&rig);
}
END_TEST

START_TEST(figures_and_alerts_are_as_committed)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "boards");
    screen_key(rig.screen, '5');
    json_t *status = load("boards");
    for (int i = 0; i < 90; i++) { /* the first figure goes up and down */
        json_t *figures = json_object_get(json_array_get(json_object_get(status, "boards"), 0), "figures");
        for (size_t f = 0; f < json_array_size(figures); f++) {
            json_object_set_new(json_array_get(figures, f), "value", json_real(1000 + 700 * sin(i / 9.0)));
            json_object_set_new(json_array_get(figures, f), "rate", json_real(500 + 300 * sin(i / 7.0)));
        }
        tick(&rig, status, 1);
    }
    check_all_sizes(&rig, "figures");
    json_decref(status);
    rig_close(&rig);
    rig_open(&rig);
    rig_connect(&rig, "busy");
    screen_key(rig.screen, '6');
    status = load("busy");
    json_t *recent = json_object_get(json_object_get(status, "alerts"), "recent");
    json_t *list = json_pack("{s:O,s:{s:[{s:s,s:s,s:i,s:i,s:s},{s:s,s:s,s:i,s:i,s:s}]}}", "history", recent,
        "deliveries", "webhooks", "name", "chat", "state", "ok", "waiting", 0, "failures", 0, "error", "",
        "name", "pager", "state", "failing", "waiting", 3, "failures", 4, "error", "the other end answered 503");
    answer(&rig, "alerts.list", json_incref(list), NULL);
    json_t *active = json_object_get(json_object_get(status, "alerts"), "active");
    json_object_set_new(json_array_get(active, 0), "acknowledged", json_string("eve\033[31m"));
    json_object_set_new(json_array_get(active, 1), "hold", json_string("silenced"));
    json_object_set_new(json_array_get(active, 1), "cause", json_string("backup of the night"));
    tick(&rig, status, 1);
    check_all_sizes(&rig, "alerts");
    json_decref(list);
    type(&rig, "f");
    type(&rig, "critical\r");
    check_shows(&rig, "1 of 3 with \"critical\"");
    screen_key(rig.screen, KEY_CODE_TAB);
    type(&rig, "/finished\r");
    check_shows(&rig, ">");
    int asked = rig.asked_count;
    json_t *notice = json_pack("{s:s,s:s}", "type", "run.finished", "text", "run 9 finished");
    screen_notification(rig.screen, "alert", notice);
    ck_assert_int_eq(rig.asked_count, asked + 1); /* what is told is read anew */
    json_decref(notice);
    json_decref(status);
    rig_close(&rig);
}
END_TEST

static void
expect_alert_call(struct rig *rig, const char *method, const char *key, const char *value)
{
    ck_assert_int_lt(rig->answered, rig->asked_count);
    ck_assert_str_eq(rig->asked[rig->answered].method, method);
    ck_assert_str_eq(json_get_string(rig->asked[rig->answered].params, key, ""), value);
}

/* Each key asks the server and tells what it said; alerts are read anew then. */
START_TEST(alerts_are_acknowledged_silenced_and_tested)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    screen_key(rig.screen, '6');
    json_t *list = json_pack("{s:[],s:{s:[{s:s,s:s}]}}", "history", "deliveries", "webhooks", "name", "pager",
        "state", "ok");
    answer(&rig, "alerts.list", json_incref(list), NULL);
    screen_key(rig.screen, 'a');
    expect_alert_call(&rig, "alerts.ack", "match", "pressure.cpu_some");
    answer(&rig, "alerts.ack", json_object(), NULL);
    check_shows(&rig, "acknowledged: pressure.cpu_some");
    answer(&rig, "alerts.list", json_incref(list), NULL);
    answer(&rig, "status", load("busy"), NULL);
    type(&rig, "m");
    check_shows(&rig, ":silence 1h");
    type(&rig, " a reason\r");
    expect_alert_call(&rig, "alerts.silence", "reason", "a reason");
    ck_assert(json_get_number(rig.asked[rig.answered].params, "seconds", 0) == 3600);
    answer(&rig, "alerts.silence", NULL, "there are too many silences");
    check_shows(&rig, "there are too many silences");
    answer(&rig, "alerts.list", json_incref(list), NULL);
    type(&rig, ":silence soon\r");
    check_shows(&rig, "\"soon\" is not a time to be silent");
    type(&rig, "  a"); /* two are marked, then both */
    expect_alert_call(&rig, "alerts.ack", "match", "pressure.cpu_some");
    answer(&rig, "alerts.ack", json_object(), NULL);
    expect_alert_call(&rig, "alerts.ack", "match", "cpu.total");
    rig.answered = rig.asked_count;
    screen_key(rig.screen, 'T');
    expect_alert_call(&rig, "alerts.test", "webhook", "pager");
    answer(&rig, "alerts.test", json_object(), NULL);
    check_shows(&rig, "a test notice is under way to pager");
    json_decref(list);
    rig_close(&rig);
}
END_TEST

/* What has changed since is put into what is there. */
START_TEST(processes_follow_what_the_server_tells)
{
    struct rig rig;
    open_processes(&rig);
    json_t *status = load("busy");
    int asked = rig.asked_count;
    tick(&rig, status, 1);
    ck_assert_int_eq(rig.asked_count, asked + 1);
    ck_assert_int_eq((int)json_get_int(rig.asked[asked].params, "since", 0), 2);
    tick(&rig, status, 1); /* the answer is not there yet */
    ck_assert_int_eq(rig.asked_count, asked + 1);
    check_shows(&rig, "> ");
    answer(&rig, "processes", json_pack("{s:i,s:b,s:[i,i],s:[[iisiiffiiiii],[iisiiffiiiiiiiss],[iisiiffiiiii]]}",
        "take", 3, "full", 0, "gone", 107, 99999, "processes",
        114, 1, "R", 0, 1, 399.5, 10.0, 1048576, 0, 0, 0, 0,
        50000, 1, "S", 0, 1, 398.0, 10.0, 1048576, 0, 0, 9, 12, 77, 0, "new", "/bin/new\033[2J one",
        60000, 1, "S", 0, 1, 0.0, 10.0, 1048576, 0, 0, 0, 0 /* not known, and has no name */), NULL);
    check_shows(&rig, "399.5%");
    check_shows(&rig, "/bin/new");
    check_shows(&rig, "9/12");
    check_shows(&rig, "120, "); /* one more, one less */
    tick(&rig, status, 1);
    ck_assert_int_eq((int)json_get_int(rig.asked[asked + 1].params, "since", 0), 3);
    answer(&rig, "processes", NULL, "it failed"); /* everything is asked for anew */
    tick(&rig, status, 1);
    ck_assert_int_eq((int)json_get_int(rig.asked[asked + 2].params, "since", -1), 0);
    answer(&rig, "processes", json_pack("{s:i,s:b,s:[],s:[[iisiiffiiiiiiiss]],s:i}", "take", 9, "full", 1, "gone",
        "processes", 5, 1, "R", 0, 1, 1.0, 10.0, 1048576, 0, 0, 0, 0, 1, 0, "five", "five", "more", 5), NULL);
    ck_assert_int_eq((int)json_get_int(rig.asked[asked + 3].params, "after", 0), 5); /* the rest at once */
    answer(&rig, "processes", json_pack("{s:i,s:b,s:[],s:[[iisiiffiiiiiiiss]]}", "take", 9, "full", 1, "gone",
        "processes", 6, 1, "R", 0, 1, 1.0, 10.0, 1048576, 0, 0, 0, 0, 1, 0, "six", "six"), NULL);
    check_shows(&rig, "five");
    check_shows(&rig, "six");
    screen_key(rig.screen, '1');
    asked = rig.asked_count;
    tick(&rig, status, 1); /* nobody looks: nothing is asked */
    ck_assert_int_eq(rig.asked_count, asked);
    json_decref(status);
    rig_close(&rig);
}
END_TEST

START_TEST(processes_are_acted_upon_after_a_question)
{
    struct rig rig;
    open_processes(&rig);
    type(&rig, "/id 2\r");
    type(&rig, "K\r"); /* the usual one */
    check_shows(&rig, "Send the signal TERM to xz 114?");
    screen_key(rig.screen, 'n');
    type(&rig, ":signal KILL\r");
    screen_key(rig.screen, 'y');
    struct asked *asked = &rig.asked[rig.asked_count - 1];
    ck_assert_str_eq(asked->method, "process.signal");
    ck_assert_str_eq(json_get_string(asked->params, "signal", ""), "KILL");
    ck_assert_int_eq((int)json_get_int(asked->params, "pid", 0), 114);
    ck_assert_int_eq((int)json_get_int(asked->params, "start", 0), 1002);
    rig.answered = rig.asked_count - 1;
    answer(&rig, "process.signal", NULL, "process 114: not permitted");
    check_shows(&rig, "not permitted");
    screen_key(rig.screen, KEY_CODE_ESCAPE);
    type(&rig, "g  ");
    type(&rig, "i5\r");
    check_shows(&rig, "Give the nice value 5 to 2 processes");
    screen_key(rig.screen, 'y');
    ck_assert_str_eq(rig.asked[rig.asked_count - 2].method, "process.renice");
    screen_key(rig.screen, KEY_CODE_ESCAPE);
    type(&rig, "ua0-1\r");
    check_shows(&rig, "Let only the processors 0-1 run");
    screen_key(rig.screen, KEY_CODE_ESCAPE);
    screen_key(rig.screen, KEY_CODE_ENTER);
    rig.answered = rig.asked_count - 1;
    answer(&rig, "process.show", json_pack("{s:s,s:i,s:[{s:s,s:s,s:s}],s:[{s:i,s:s}],s:i,s:[s]}", "command",
        "xz -9", "oom_score", 666, "limits", "name", "Max open files", "soft", "1024", "hard", "4096",
        "files", "fd", 3, "file", "/tmp/x", "file_count", 1, "environment", "HOME"), NULL);
    check_shows(&rig, "OOM score         666");
    check_shows(&rig, "/tmp/x");
    check_shows(&rig, "HOME");
    screen_key(rig.screen, 'q');
    ck_assert_ptr_null(screen_dialog(rig.screen));
    rig_close(&rig);
}
END_TEST

START_TEST(processes_are_followed_and_go_by_run)
{
    struct rig rig;
    open_processes(&rig);
    type(&rig, "I");
    for (int i = 0; i < 13; i++)
        screen_key(rig.screen, KEY_CODE_BACKSPACE);
    type(&rig, "idle\r");
    check_shows(&rig, "Give the I/O priority idle to");
    screen_key(rig.screen, 'y');
    ck_assert_str_eq(rig.asked[rig.asked_count - 1].method, "process.io_priority");
    ck_assert_str_eq(json_get_string(rig.asked[rig.asked_count - 1].params, "io_priority", ""), "idle");
    screen_key(rig.screen, KEY_CODE_ESCAPE);
    type(&rig, "gF");
    check_shows(&rig, "the cursor stays at the top");
    type(&rig, "F");
    check_shows(&rig, "following systemd 107");
    check_shows(&rig, ">    107  root");
    type(&rig, ":sort pid\r"); /* it has another place now */
    check_shows(&rig, ">    107  root");
    type(&rig, ":sort cpu\rg.");
    check_hides(&rig, " with \""); /* it belongs to no run */
    type(&rig, "j.");
    check_shows(&rig, " with \"run 7\"");
    check_shows(&rig, "7/4412");
    check_hides(&rig, "sshd");
    type(&rig, ".");
    check_shows(&rig, "sshd");
    type(&rig, "g3"); /* it belongs to no run: that which was looked at last */
    check_shows(&rig, "[3 Run]");
    rig_close(&rig);
}
END_TEST

START_TEST(dear_columns_are_asked_for_while_they_are_shown)
{
    struct rig rig;
    open_processes(&rig);
    json_t *status = load("busy");
    type(&rig, ":columns pss,nonsense\r");
    check_shows(&rig, "there is no column \"nonsense\"");
    int asked = rig.asked_count;
    screen_key(rig.screen, 'C');
    ck_assert_int_eq(rig.asked_count, asked + 1);
    ck_assert_str_eq(rig.asked[asked].method, "process.figures");
    const json_t *processes = json_object_get(rig.asked[asked].params, "processes");
    ck_assert_uint_eq(json_array_size(processes), 32); /* spread over ticks */
    ck_assert_int_eq((int)json_integer_value(json_array_get(json_array_get(processes, 0), 0)), 107); /* that is first on the screen */
    ck_assert_uint_eq(json_array_size(json_object_get(rig.asked[asked].params, "figures")), 5);
    rig.answered = asked;
    answer_figures(&rig, 100, 7 * 1048576, 1000);
    check_shows(&rig, "7.00M");
    check_shows(&rig, "667");
    type(&rig, ":columns pss,faults\r"); /* the next rows, then the first ones again */
    for (int i = 1; i <= 2; i++) {
        rig.answered = rig.asked_count - 1;
        ck_assert_str_eq(rig.asked[rig.answered].method, "process.figures");
        answer_figures(&rig, 100 + 2 * i, 7 * 1048576, 1000 + 10 * i);
        tick(&rig, status, 1);
    }
    check_shows(&rig, "5/s"); /* 20 more in 4 s, or 10 in 2 */
    rig.answered = rig.asked_count - 1;
    answer(&rig, "process.figures", NULL, "it failed");
    type(&rig, ":columns user\r");
    asked = rig.asked_count;
    tick(&rig, status, 1);
    for (int i = asked; i < rig.asked_count; i++)
        ck_assert_str_ne(rig.asked[i].method, "process.figures");
    type(&rig, ":sort oom\r"); /* by what is dear: of all, and it is shown */
    tick(&rig, status, 1);
    ck_assert_str_eq(rig.asked[rig.asked_count - 1].method, "process.figures");
    check_shows(&rig, "oom");
    json_decref(status);
    rig_close(&rig);
}
END_TEST

START_TEST(drawing_processes_allocates_nothing)
{
    struct rig rig;
    open_processes(&rig);
    for (int i = 0; i < 2; i++) {
        if (i)
            screen_key(rig.screen, 't');
        screen_draw(rig.screen, &rig.canvas);
        unsigned long before = test_allocations();
        screen_draw(rig.screen, &rig.canvas);
        ck_assert_uint_eq(test_allocations(), before);
    }
    rig_close(&rig);
}
END_TEST

/* What a server would say to the methods that have a fixture; to others little or nothing. */
static const struct {
    const char *method, *name;
} monkey_fixtures[] = { { "processes", "processes" }, { "run.list", "runs" }, { "run.top", "top" },
    { "run.curve", "curve" }, { "run.map", "map" }, { "run.logs", "logs" }, { "run.workers", "workers" }, { "run.failures", "failures" } };
enum { FIXTURES = (int)(sizeof monkey_fixtures / sizeof *monkey_fixtures) };

static json_t *
monkey_answer(json_t *const fixture[FIXTURES], const char *method, unsigned pick)
{
    for (int f = 0; f < FIXTURES; f++)
        if (!strcmp(monkey_fixtures[f].method, method) && pick % 7)
            return json_incref(fixture[f]);
    return pick % 5 ? json_object() : NULL;
}

/* Random keys, clicks, sizes, ticks and answers: whatever comes, the screen draws. */
START_TEST(random_keys_do_no_harm)
{
    static const uint32_t special[] = { KEY_CODE_ENTER, KEY_CODE_ESCAPE, KEY_CODE_TAB, KEY_CODE_BACKTAB, KEY_CODE_UP,
        KEY_CODE_DOWN, KEY_CODE_LEFT, KEY_CODE_RIGHT, KEY_CODE_HOME, KEY_CODE_END, KEY_CODE_PAGE_UP,
        KEY_CODE_PAGE_DOWN, KEY_CODE_BACKSPACE, KEY_CODE_DELETE, KEY_CODE_F1, 0x4E00, 0x301, 0x202E, 1, 7, 14 };
    const char *asked = getenv("OPTOP_MONKEY_KEYS");
    long keys = asked ? strtol(asked, NULL, 10) : 6000;
    struct rig rig;
    unsigned state = 20261129;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    json_t *status = load("busy"), *fixture[FIXTURES];
    for (int f = 0; f < FIXTURES; f++)
        fixture[f] = load(monkey_fixtures[f].name);
    for (long i = 0; i < keys; i++) {
        state = state * 1664525u + 1013904223u;
        unsigned pick = state >> 16;
        if (pick % 16 == 0)
            canvas_resize(&rig.canvas, 1 + (int)(pick / 16 % 200), 1 + (int)(state >> 8) % 80);
        else if (pick % 16 == 1)
            screen_mouse(rig.screen, (int)(pick / 16 % 160), (int)(state >> 8) % 50, (enum screen_button)(pick % 4));
        else if (pick % 16 == 2)
            tick(&rig, status, 1);
        else if (pick % 16 < 7)
            screen_key(rig.screen, special[pick / 16 % (sizeof special / sizeof *special)]);
        else
            screen_key(rig.screen, ' ' + pick / 16 % 95);
        while (rig.answered < rig.asked_count) {
            const char *method = rig.asked[rig.answered].method;
            answer(&rig, method, monkey_answer(fixture, method, pick), "no");
        }
        for (int a = 0; a < rig.asked_count; a++)
            json_decref(rig.asked[a].params);
        rig.asked_count = rig.answered = 0;
        if (i % 7 == 0)
            screen_draw(rig.screen, &rig.canvas);
    }
    screen_draw(rig.screen, &rig.canvas);
    json_decref(status);
    for (int f = 0; f < FIXTURES; f++)
        json_decref(fixture[f]);
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
    tcase_set_timeout(all, getenv("OPTOP_MONKEY_KEYS") ? 3600 : 120);
    tcase_add_test(all, runs_are_as_committed);
    tcase_add_test(all, views_go_by_numbers_and_clicks);
    tcase_add_test(all, runs_are_sorted_filtered_and_searched);
    tcase_add_test(all, marked_runs_are_acted_upon_together);
    tcase_add_test(all, commands_complete_and_tell_their_keys);
    tcase_add_test(all, a_table_of_all_runs_allocates_nothing);
    tcase_add_test(all, processes_are_as_committed);
    tcase_add_test(all, figures_and_alerts_are_as_committed);
    tcase_add_test(all, alerts_are_acknowledged_silenced_and_tested);
    tcase_add_test(all, processes_follow_what_the_server_tells);
    tcase_add_test(all, processes_are_acted_upon_after_a_question);
    tcase_add_test(all, processes_are_followed_and_go_by_run);
    tcase_add_test(all, dear_columns_are_asked_for_while_they_are_shown);
    tcase_add_test(all, drawing_processes_allocates_nothing);
    tcase_add_test(all, random_keys_do_no_harm);
    tcase_add_test(all, a_tree_has_children_below_their_parents);
    suite_add_tcase(suite, all);
    return suite;
}
