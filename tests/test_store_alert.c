/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "store/store_alert.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "test.h"

static struct store *store;
static const char *directory;

static void
setup(void)
{
    directory = test_directory();
    ck_assert_int_eq(store_open(directory, &store, NULL), 0);
}

static void
teardown(void)
{
    store_close(store);
}

static void
reopen(void)
{
    store_close(store);
    ck_assert_int_eq(store_open(directory, &store, NULL), 0);
}

/* Rows as text: one line each. */

static int
append_notice(void *context, const struct store_notice *n)
{
    str_printf(context, "%d %s %s %s %g %g %d %u %s\n", (int)n->id, n->type, n->key, n->state,
        n->value, n->level, (int)n->incident_wall_ns, n->sequence, n->text);
    return 0;
}

static int
append_alert(void *context, const struct store_alert *a)
{
    str_printf(context, "%s %s %g %g %d %d %u\n", a->key, a->state, a->value, a->level,
        (int)a->since_wall_ns, (int)a->incident_wall_ns, a->sequence);
    return 0;
}

static int
append_delivery(void *context, const struct store_delivery *d)
{
    ck_assert_str_eq(d->format, "slack");
    str_printf(context, "%d %s %s %s %d %d %d %d [%s]\n", (int)d->id, d->webhook, d->event_id,
        d->body, d->state, d->attempts, (int)d->created_wall_ns, (int)d->next_wall_ns, d->error);
    return 0;
}

static struct str rows;

static void
expect_deliveries(int state, const char *text)
{
    str_clear(&rows);
    ck_assert_int_eq(store_delivery_list(store, state, 100, append_delivery, &rows), 0);
    ck_assert_str_eq(rows.data, text);
}

static int64_t
add_delivery(const char *webhook, const char *event_id)
{
    int64_t id = 0;
    struct store_delivery delivery = {
        .webhook = webhook, .event_id = event_id, .format = "slack", .body = "{}", .created_wall_ns = 5,
        .next_wall_ns = 6,
    };
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(store_delivery_add(store, &delivery, &id), 0);
    ck_assert_int_eq(store_commit(store, NULL), 0);
    return id;
}

static struct store_notice
make_notice(const char *key)
{
    return (struct store_notice){
        .wall_ns = 1, .type = "alert.warning", .key = key, .state = "warning", .value = 91.5,
        .level = NAN, .incident_wall_ns = 3, .sequence = 4, .text = "it's \"x\"; DROP TABLE",
    };
}

START_TEST(notices)
{
    int64_t id = 0;
    struct store_notice a = make_notice("cpu.total"), b = make_notice("run:3");
    b.value = NAN, b.incident_wall_ns = 0;
    ck_assert_int_eq(store_notice_list(store, 10, append_notice, &rows), 0);
    ck_assert_str_eq(rows.data, "");
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(store_notice_add(store, &a, &id), 0);
    ck_assert_int_eq(id, 1);
    ck_assert_int_eq(store_notice_add(store, &b, NULL), 0);
    ck_assert_int_eq(store_commit(store, NULL), 0);
    reopen();
    ck_assert_int_eq(store_notice_list(store, 10, append_notice, &rows), 0);
    ck_assert_str_eq(rows.data,
        "2 alert.warning run:3 warning nan nan 0 4 it's \"x\"; DROP TABLE\n"
        "1 alert.warning cpu.total warning 91.5 nan 3 4 it's \"x\"; DROP TABLE\n");
    str_clear(&rows);
    ck_assert_int_eq(store_notice_list(store, 1, append_notice, &rows), 0);
    ck_assert_int_eq(rows.data[0], '2');
    str_clear(&rows);
    ck_assert_int_eq(store_notice_list(store, -1, append_notice, &rows), 0);
    ck_assert_str_eq(rows.data, "");
}
END_TEST

static int
count_notice(void *context, const struct store_notice *notice)
{
    (void)notice;
    ++*(int *)context;
    return 0;
}

START_TEST(notices_are_kept_up_to_their_cap)
{
    struct store_notice notice = make_notice("cpu.total");
    int64_t id = 0;
    int count = 0;
    ck_assert_int_eq(store_begin(store), 0);
    for (int i = 0; i < STORE_NOTICES_MAX + 7; i++)
        ck_assert_int_eq(store_notice_add(store, &notice, &id), 0);
    ck_assert_int_eq(store_commit(store, NULL), 0);
    ck_assert_int_eq(store_notice_list(store, 1000000, count_notice, &count), 0);
    ck_assert_int_eq(count, STORE_NOTICES_MAX);
    ck_assert_int_eq(id, STORE_NOTICES_MAX + 7);
}
END_TEST

START_TEST(alerts)
{
    struct store_alert alert = {
        .key = "disk.busy:vda", .state = "warning", .value = 91, .level = 80,
        .since_wall_ns = 10, .incident_wall_ns = 9, .sequence = 1,
    };
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(store_alert_put(store, &alert), 0);
    alert.state = "critical", alert.sequence = 2, alert.value = NAN;
    ck_assert_int_eq(store_alert_put(store, &alert), 0);
    alert.key = "cpu.total";
    ck_assert_int_eq(store_alert_put(store, &alert), 0);
    ck_assert_int_eq(store_commit(store, NULL), 0);
    reopen();
    ck_assert_int_eq(store_alert_list(store, append_alert, &rows), 0);
    ck_assert_str_eq(rows.data,
        "cpu.total critical nan 80 10 9 2\ndisk.busy:vda critical nan 80 10 9 2\n");
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(store_alert_remove(store, "cpu.total"), 0);
    ck_assert_int_eq(store_alert_remove(store, "never.was"), 0);
    ck_assert_int_eq(store_commit(store, NULL), 0);
    str_clear(&rows);
    ck_assert_int_eq(store_alert_list(store, append_alert, &rows), 0);
    ck_assert_str_eq(rows.data, "disk.busy:vda critical nan 80 10 9 2\n");
}
END_TEST

START_TEST(life_of_a_delivery)
{
    ck_assert_int_eq(add_delivery("a", "m1"), 1);
    ck_assert_int_eq(add_delivery("b", "m1"), 2);
    ck_assert_int_eq(add_delivery("a", "m2"), 3);
    ck_assert_int_eq(store_delivery_retry(store, 1, 2, 77, "HTTP 503"), 0);
    ck_assert_int_eq(store_delivery_dead(store, 2, 1, "HTTP 410"), 0);
    reopen();
    expect_deliveries(0, "1 a m1 {} 0 2 5 77 [HTTP 503]\n3 a m2 {} 0 0 5 6 []\n");
    expect_deliveries(1, "2 b m1 {} 1 1 5 6 [HTTP 410]\n");
    ck_assert_int_eq(store_delivery_done(store, 1), 0);
    expect_deliveries(-1, "2 b m1 {} 1 1 5 6 [HTTP 410]\n3 a m2 {} 0 0 5 6 []\n");
}
END_TEST

START_TEST(what_has_ended_stays_ended)
{
    add_delivery("a", "m1");
    add_delivery("a", "m2");
    ck_assert_int_eq(store_delivery_done(store, 1), 0);
    ck_assert_int_eq(store_delivery_done(store, 1), ERR_NOT_FOUND);
    ck_assert_int_eq(store_delivery_retry(store, 1, 1, 1, ""), ERR_NOT_FOUND);
    ck_assert_int_eq(store_delivery_dead(store, 2, 1, "no"), 0);
    ck_assert_int_eq(store_delivery_done(store, 2), ERR_NOT_FOUND);
    ck_assert_int_eq(store_delivery_dead(store, 2, 5, "other"), ERR_NOT_FOUND);
    ck_assert_int_eq(store_delivery_retry(store, 2, 1, 1, ""), ERR_NOT_FOUND);
    expect_deliveries(-1, "2 a m2 {} 1 1 5 6 [no]\n");
    ck_assert_int_eq(add_delivery("a", "m3"), 3); /* numbers are never used again */
    ck_assert_int_eq(store_delivery_done(store, 3), 0);
    reopen();
    ck_assert_int_eq(add_delivery("a", "m4"), 4);
}
END_TEST

START_TEST(waiting_and_single_deliveries)
{
    for (int i = 0; i < 4; i++)
        add_delivery("a", "m");
    ck_assert_int_eq(store_delivery_dead(store, 3, 0, "x"), 0);
    str_clear(&rows);
    ck_assert_int_eq(store_delivery_waiting(store, 1, append_delivery, &rows), 0);
    ck_assert_str_eq(rows.data, "2 a m  0 0 5 6 []\n4 a m  0 0 5 6 []\n");
    str_clear(&rows);
    ck_assert_int_eq(store_delivery_get(store, 2, append_delivery, &rows), 0);
    ck_assert_str_eq(rows.data, "2 a m {} 0 0 5 6 []\n");
    ck_assert_int_eq(store_delivery_get(store, 9, append_delivery, &rows), ERR_NOT_FOUND);
}
END_TEST

START_TEST(rollback_takes_all_of_it)
{
    struct store_notice notice = make_notice("cpu.total");
    struct store_delivery delivery = { .webhook = "a", .event_id = "m", .format = "slack", .body = "{}" };
    ck_assert_int_eq(store_begin(store), 0);
    ck_assert_int_eq(store_notice_add(store, &notice, NULL), 0);
    ck_assert_int_eq(store_delivery_add(store, &delivery, NULL), 0);
    store_rollback(store);
    ck_assert_int_eq(store_notice_list(store, 10, append_notice, &rows), 0);
    ck_assert_int_eq(store_delivery_list(store, -1, 10, append_delivery, &rows), 0);
    ck_assert_str_eq(rows.data, "");
}
END_TEST

static int
stop_at_once(void *context, const struct store_delivery *delivery)
{
    (void)delivery;
    ++*(int *)context;
    return -ECANCELED;
}

START_TEST(a_reader_may_end_its_list)
{
    int calls = 0;
    add_delivery("a", "m1");
    add_delivery("a", "m2");
    ck_assert_int_eq(store_delivery_list(store, -1, 10, stop_at_once, &calls), -ECANCELED);
    ck_assert_int_eq(calls, 1);
    add_delivery("a", "m3"); /* the ended list holds nothing open */
}
END_TEST

static int
count_delivery(void *context, const struct store_delivery *delivery)
{
    (void)delivery;
    ++*(int *)context;
    return 0;
}

START_TEST(dead_ones_are_kept_up_to_their_cap)
{
    struct store_delivery delivery = { .webhook = "a", .event_id = "m", .format = "slack", .body = "{}" };
    int dead = 0, waiting = 0;
    ck_assert_int_eq(store_begin(store), 0);
    for (int i = 1; i <= STORE_DEAD_MAX + 20; i++) {
        int64_t id;
        ck_assert_int_eq(store_delivery_add(store, &delivery, &id), 0);
        if (i > 10)
            ck_assert_int_eq(store_delivery_dead(store, id, 1, "no"), 0);
    }
    ck_assert_int_eq(store_commit(store, NULL), 0);
    ck_assert_int_eq(store_delivery_list(store, 1, 1000000, count_delivery, &dead), 0);
    ck_assert_int_eq(store_delivery_list(store, 0, 1000000, count_delivery, &waiting), 0);
    ck_assert_int_eq(dead, STORE_DEAD_MAX);
    ck_assert_int_eq(waiting, 10); /* those are never forgotten */
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("store_alert");
    TCase *tcase = tcase_create("store_alert");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    str_init(&rows);
    tcase_add_test(tcase, notices);
    tcase_add_test(tcase, notices_are_kept_up_to_their_cap);
    tcase_add_test(tcase, alerts);
    tcase_add_test(tcase, life_of_a_delivery);
    tcase_add_test(tcase, what_has_ended_stays_ended);
    tcase_add_test(tcase, waiting_and_single_deliveries);
    tcase_add_test(tcase, rollback_takes_all_of_it);
    tcase_add_test(tcase, a_reader_may_end_its_list);
    tcase_add_test(tcase, dead_ones_are_kept_up_to_their_cap);
    suite_add_tcase(suite, tcase);
    return suite;
}
