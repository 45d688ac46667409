/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What keys have changed is changed back by u, the newest first.
 */
#include "screen_rig.h"

/* What is asked for beside what a test is about has no answer. */
static void
answer_only(struct rig *rig, const char *method, json_t *result, const char *error)
{
    while (rig->answered < rig->asked_count && strcmp(rig->asked[rig->answered].method, method) != 0)
        answer(rig, rig->asked[rig->answered].method, NULL, "not now");
    answer(rig, method, result, error);
}

static const json_t *
asked_last(struct rig *rig, const char *method)
{
    for (int i = rig->asked_count - 1; i >= rig->answered; i--)
        if (!strcmp(rig->asked[i].method, method))
            return rig->asked[i].params;
    ck_abort_msg("%s was not asked", method);
    return NULL;
}

static const char *
asked_set(struct rig *rig)
{
    return json_string_value(json_array_get(json_object_get(asked_last(rig, "run.set"), "set"), 0));
}

static json_t *
run_with(const char *wanted, int priority)
{
    json_t *status = load("busy");
    json_t *run = json_deep_copy(json_array_get(json_object_get(status, "runs"), 2));
    json_decref(status);
    json_object_set_new(run, "run", json_integer(7));
    json_object_set_new(run, "state", json_string("running"));
    json_object_set_new(run, "workers_wanted", json_string(wanted));
    json_object_set_new(run, "priority", json_integer(priority));
    return run;
}

static void
open_rig(struct rig *rig)
{
    rig_open(rig);
    rig_connect(rig, "busy");
    json_t *run = run_with("2", 4);
    screen_notification(rig->screen, "run", run);
    json_decref(run);
}

START_TEST(workers_and_priority_go_back)
{
    struct rig rig;
    open_rig(&rig);
    screen_key(rig.screen, 'u');
    check_shows(&rig, "there is nothing that can be undone");
    screen_key(rig.screen, '+');
    answer_only(&rig, "run.set", run_with("3", 4), NULL);
    check_shows(&rig, "run 7: 3 workers; u: undo");
    screen_key(rig.screen, ']');
    answer_only(&rig, "run.set", run_with("3", 5), NULL);
    screen_key(rig.screen, ']');
    answer_only(&rig, "run.set", NULL, "out of range"); /* nothing to undo */
    screen_key(rig.screen, 'u');
    ck_assert_str_eq(asked_set(&rig), "run.priority=4");
    answer_only(&rig, "run.set", run_with("3", 4), NULL);
    check_shows(&rig, "undone: run 7: priority 4");
    type(&rig, ":undo\r");
    ck_assert_str_eq(asked_set(&rig), "parallel.workers=2");
    answer_only(&rig, "run.set", run_with("2", 4), NULL);
    check_shows(&rig, "undone: run 7: workers 2");
    screen_key(rig.screen, 'u'); /* an undo is not undone */
    check_shows(&rig, "there is nothing that can be undone");
    rig_close(&rig);
}
END_TEST

/* A run that is being cancelled cannot go on before it has ended: that is told, and can be tried again. */
START_TEST(a_cancelled_run_goes_on)
{
    struct rig rig;
    open_rig(&rig);
    type(&rig, "cy");
    answer_only(&rig, "run.cancel", run_with("2", 4), NULL);
    ck_assert_ptr_null(screen_dialog(rig.screen));
    screen_key(rig.screen, 'u');
    ck_assert_int_eq(json_get_int(asked_last(&rig, "run.resume"), "run", 0), 7);
    answer_only(&rig, "run.resume", NULL, "run 7 is being cancelled");
    check_shows(&rig, "not undone (run 7: goes on; what was ended is done again): run 7 is being cancelled");
    screen_key(rig.screen, 'u');
    answer_only(&rig, "run.resume", run_with("2", 4), NULL);
    check_shows(&rig, "undone: run 7: goes on");

    type(&rig, "cy"); /* what is refused twice does not stand before what is older */
    answer_only(&rig, "run.cancel", run_with("2", 4), NULL);
    for (int i = 0; i < 2; i++) {
        screen_key(rig.screen, 'u');
        answer_only(&rig, "run.resume", NULL, "no");
    }
    screen_key(rig.screen, 'u');
    check_shows(&rig, "there is nothing that can be undone");
    rig_close(&rig);
}
END_TEST

START_TEST(what_one_key_did_goes_at_once)
{
    struct rig rig;
    open_rig(&rig);
    screen_key(rig.screen, '2');
    answer_only(&rig, "run.list", load("runs"), NULL);
    type(&rig, ":sort state\r");
    type(&rig, "g   ");
    int asked = rig.asked_count;
    screen_key(rig.screen, 'p');
    ck_assert_int_eq(rig.asked_count, asked + 2);
    answer(&rig, "run.pause", json_object(), NULL);
    answer(&rig, "run.pause", json_object(), NULL);
    screen_key(rig.screen, 'u');
    ck_assert_int_eq(rig.asked_count, asked + 4);
    ck_assert_int_eq(json_get_int(rig.asked[asked].params, "run", 0), json_get_int(rig.asked[asked + 2].params, "run", 1));
    answer(&rig, "run.resume", json_object(), NULL);
    answer(&rig, "run.resume", json_object(), NULL);
    screen_key(rig.screen, 'u');
    check_shows(&rig, "there is nothing that can be undone");
    rig_close(&rig);
}
END_TEST

START_TEST(silences_end)
{
    struct rig rig;
    open_rig(&rig);
    screen_key(rig.screen, '6');
    type(&rig, ":silence 2h\r");
    answer_only(&rig, "alerts.silence", json_pack("{s:i}", "silence", 5), NULL);
    screen_key(rig.screen, 'u');
    ck_assert_int_eq(json_get_int(asked_last(&rig, "alerts.unsilence"), "silence", 0), 5);
    answer_only(&rig, "alerts.unsilence", json_pack("{s:i}", "ended", 1), NULL);
    check_shows(&rig, "undone: told again");
    rig_close(&rig);
}
END_TEST

START_TEST(settings_go_back)
{
    struct rig rig;
    open_rig(&rig);
    screen_key(rig.screen, '7');
    answer_only(&rig, "config.get", json_pack("{s:s, s:s}", "file", "/o.ini", "text", "[server]\ninterval = 2s\n"), NULL);
    type(&rig, "/interval\r");
    screen_key(rig.screen, 'd');
    answer_only(&rig, "config.set", json_object(), NULL);
    answer_only(&rig, "config.get", json_pack("{s:s, s:s}", "file", "/o.ini", "text", ""), NULL);
    screen_key(rig.screen, 'u');
    const json_t *change = json_array_get(json_object_get(asked_last(&rig, "config.set"), "changes"), 0);
    ck_assert_str_eq(json_get_string(change, "section", ""), "server");
    ck_assert_str_eq(json_get_string(change, "value", ""), "2s");
    answer_only(&rig, "config.set", json_object(), NULL);
    check_shows(&rig, "undone: [server] interval as it was before");
    asked_last(&rig, "config.get"); /* the view shows it */
    rig_close(&rig);
}
END_TEST

static json_t *
other_run(int number, const char *state)
{
    json_t *run = run_with("2", 0);
    json_object_set_new(run, "run", json_integer(number));
    json_object_set_new(run, "state", json_string(state));
    return run;
}

static void
tell_run(struct rig *rig, int number, const char *state)
{
    json_t *run = other_run(number, state);
    screen_notification(rig->screen, "run", run);
    json_decref(run);
}

static void
launch(struct rig *rig, int number)
{
    screen_key(rig->screen, 'e');
    answer_only(rig, "run.show", json_pack("{s:s, s:s, s:s}", "file", "/srv/xz.ini", "directory", "/srv", "file_text",
        "[run]\nname = xz\n[objective]\ncommand = p {a}\n[space]\na = int 1..3\n"), NULL);
    screen_key(rig->screen, 'G' & 0x1F);
    answer_only(rig, "run.submit", other_run(number, "queued"), NULL);
}

/* A launch is a cancellation, and so it is asked before. */
START_TEST(a_launch_is_asked_about)
{
    struct rig rig;
    open_rig(&rig);
    launch(&rig, 19);
    screen_key(rig.screen, 'u');
    check_shows(&rig, "Cancel run 19, which was launched last?");
    screen_key(rig.screen, 'n');
    ck_assert_ptr_null(screen_dialog(rig.screen));

    screen_key(rig.screen, '+');
    answer_only(&rig, "run.set", run_with("3", 4), NULL);
    launch(&rig, 9);
    check_shows(&rig, ">    9"); /* the next key is about the new run */
    tell_run(&rig, 9, "done");
    screen_key(rig.screen, 'u'); /* one that has ended is not to be cancelled: what was before */
    ck_assert_str_eq(asked_set(&rig), "parallel.workers=2");
    rig_close(&rig);
}
END_TEST

/* The next server has other runs under the same numbers, and the past is as it was. */
START_TEST(it_ends_with_the_connection)
{
    struct rig rig;
    open_rig(&rig);
    screen_key(rig.screen, 'p');
    answer_only(&rig, "run.pause", run_with("2", 4), NULL);
    screen_disconnected(rig.screen, "gone");
    screen_connected(rig.screen);
    screen_key(rig.screen, 'u');
    check_shows(&rig, "there is nothing that can be undone");
    rig_close(&rig);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("undo");
    TCase *tcase = tcase_create("undo");
    tcase_add_test(tcase, workers_and_priority_go_back);
    tcase_add_test(tcase, a_cancelled_run_goes_on);
    tcase_add_test(tcase, what_one_key_did_goes_at_once);
    tcase_add_test(tcase, silences_end);
    tcase_add_test(tcase, settings_go_back);
    tcase_add_test(tcase, a_launch_is_asked_about);
    tcase_add_test(tcase, it_ends_with_the_connection);
    suite_add_tcase(suite, tcase);
    return suite;
}
