/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whose turn it is: runs as short text in, targets and reasons out.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/runner_private.h"

enum { RUNS_MAX = 20000 };

static struct run *runs;

static void
setup(void)
{
    runs = calloc(RUNS_MAX, sizeof *runs);
}

static void
teardown(void)
{
    free(runs);
}

static int
take_number(const char **p)
{
    char *end;
    int number = (int)strtol(*p + 1, &end, 10);
    *p = end;
    return number;
}

/* "r4/2" is a running run that asks for 4 workers and has 2; the letters are
 * q r p d (queued, running, paused, done), workers 0 mean auto; "e" behind it:
 * ending; "=3": so many trials are left; "!2": its priority; "g": waits for
 * another run; ">2": was given 2 workers before it asked for more. */
static void
set_runs(const char *text, int *ret_count)
{
    int count = 0;
    memset(runs, 0, 32 * sizeof *runs);
    for (const char *p = text; *p;) {
        struct run *run = &runs[count];
        run->id = count + 1;
        run->state = *p == 'q' ? RUN_QUEUED : *p == 'r' ? RUN_RUNNING
            : *p == 'p' ? RUN_PAUSED : RUN_DONE;
        run->ending = RUN_EVENT_COUNT;
        run->total = -1;
        run->spec.workers = take_number(&p);
        if (*p == '/')
            run->worker_count = take_number(&p);
        if (*p == '=')
            run->total = take_number(&p);
        if (*p == '!')
            run->spec.priority = take_number(&p);
        if (*p == 'g') {
            run->gated = true;
            p++;
        }
        if (*p == 'e') {
            run->ending = RUN_EVENT_CANCEL;
            p++;
        }
        if (run->state == RUN_RUNNING) /* what it got when it was started */
            run->workers_target = run->spec.workers ? run->spec.workers : run->worker_count;
        if (*p == '>')
            run->workers_target = take_number(&p);
        run->next = NULL;
        if (count)
            runs[count - 1].next = run;
        count++;
        p += *p == ' ';
    }
    *ret_count = count;
}

static const char *
targets(const char *text, int slots)
{
    static char out[256];
    size_t n = 0;
    int count;
    set_runs(text, &count);
    queue_assign(runs, slots, slots);
    for (int i = 0; i < count; i++)
        n += (size_t)snprintf(out + n, sizeof out - n, "%s%d", i ? " " : "", runs[i].workers_target);
    return out;
}

START_TEST(truth_table)
{
    static const struct {
        const char *runs;
        int slots;
        const char *want;
    } rows[] = {
        /* alone */
        { "q0", 4, "4" }, { "q2", 4, "2" }, { "q4", 4, "4" }, { "q0", 1, "1" },
        { "q8", 4, "8" }, /* may ask for more than there is when nothing else runs */
        { "q0=3", 8, "3" }, { "q5=2", 8, "2" }, { "q0=0", 4, "1" },
        /* one after the other */
        { "q2 q2", 4, "2 2" }, { "q2 q3", 4, "2 0" }, { "q0 q0", 4, "4 0" }, { "q0 q1", 4, "4 0" },
        { "q0=1 q0", 4, "1 3" }, { "q2 q0 q0", 4, "2 2 0" },
        { "q8 q1", 4, "8 0" },
        /* the first that must wait holds back those behind it */
        { "r3/3 q2 q1", 4, "3 0 0" }, { "r3/3 q1 q1", 4, "3 1 0" }, { "r2/2 q0 q1", 4, "2 2 0" },
        { "r4/4 q0", 4, "4 0" },
        /* an auto run takes what others leave, at least one */
        { "r0/4", 8, "8" }, { "r0/4", 2, "2" }, { "r0/2 r2/2", 4, "2 2" }, { "r4/4 r0/1", 4, "4 1" },
        { "r0/4=2 q0", 4, "2 0" }, /* its workers are still there */
        { "r0/2=2 q0", 4, "2 2" },
        /* a fixed run at its end lets go of the slots of workers that have left */
        { "r4/1=1 q2", 4, "1 2" }, { "r4/4=1 q2", 4, "1 0" }, { "r4/1=1 q1 q3", 4, "1 1 0" },
        /* one that was changed to more waits for slots as the others do */
        { "r4/2>2", 2, "4" }, { "r4/2>2", 8, "4" }, { "r4/2>2 r2/2", 4, "2 2" },
        { "r4/2>2 r1/1", 4, "3 1" }, { "r2/2 r4/1>1 q1", 4, "2 2 0" },
        { "r4/2=3>2 r1/1", 8, "3 1" }, { "r4/2>2 r0/2", 4, "2 2" }, { "r4/2>2 r1/2", 4, "2 1" },
        { "r4/1>1 r2/2 q2!1", 4, "1 2 0" }, { "r4/1>1 r2/2 q1!1", 4, "1 2 1" },
        { "r1/4>4 q3", 4, "1 0" }, /* fewer: those that finish keep their slots */
        /* paused and ended runs ask for nothing */
        { "p4 d4 q4", 4, "0 0 4" }, { "p4/2 q4", 4, "0 0" }, { "p4/2 q2", 4, "0 2" },
        /* a run that is ending keeps its slots until its workers are gone */
        { "r4/4e q1", 4, "0 0" }, { "r4/1e q3", 4, "0 3" }, { "q2e q4", 4, "0 4" },
        { "q4/2 q1", 4, "0 0" },
        /* a higher priority goes first, of equal ones the older; nobody is stopped */
        { "q3 q3!1", 4, "0 3" }, { "q3!-1 q3", 4, "0 3" }, { "q2!5 q2!5 q2!5", 4, "2 2 0" },
        { "q1 q1!1 q1!2 q1!3", 2, "0 0 1 1" }, { "r4/4 q1!100", 4, "4 0" },
        { "r3/3 q1 q2!1", 4, "3 0 0" }, /* who waits first holds back lower ones, too */
        { "r0/2!-1 r0/2!1", 4, "2 2" }, { "q0 q0!1", 4, "0 4" },
        /* who waits for another run holds back nobody and gets nothing */
        { "q2g q4", 4, "0 4" }, { "q4!9g q2 q2g q2", 4, "0 2 0 2" }, { "q1g", 4, "0" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *got = targets(rows[i].runs, rows[i].slots);
        ck_assert_msg(!strcmp(got, rows[i].want), "%s with %d slots: %s, not %s", rows[i].runs,
            rows[i].slots, got, rows[i].want);
    }
}
END_TEST

START_TEST(who_waits_is_told_why)
{
    targets("r3/3 q2 q1 q1", 4);
    ck_assert_str_eq(runs[1].waiting, "needs 2 worker slots; 3 of 4 are in use");
    ck_assert_str_eq(runs[2].waiting, "run 2 is first in the queue");
    ck_assert_str_eq(runs[3].waiting, "run 2 is first in the queue");
    targets("r4/4 q1", 4);
    ck_assert_str_eq(runs[1].waiting, "needs 1 worker slot; 4 of 4 are in use");
    targets("q4/2", 4);
    ck_assert_str_eq(runs[0].waiting, "its earlier workers are still finishing");
    int count;
    set_runs("q2", &count);
    snprintf(runs[0].waiting, sizeof runs[0].waiting, "old");
    queue_assign(runs, 4, 4);
    ck_assert_str_eq(runs[0].waiting, "");
    queue_assign(NULL, 4, 4);
}
END_TEST

/* Never more slots than there are, but for one run that asks for more alone
 * and for the one worker that every auto run keeps. */
START_TEST(random_queues_keep_the_rules)
{
    unsigned seed = 53;
    for (int round = 0; round < 20000; round++) {
        int count = 1 + rand_r(&seed) % 8, slots = 1 + rand_r(&seed) % 8, waiting_since = 0;
        memset(runs, 0, 32 * sizeof *runs);
        for (int i = 0; i < count; i++) {
            runs[i] = (struct run){ .id = i + 1, .next = i + 1 < count ? &runs[i + 1] : NULL,
                .state = RUN_QUEUED, .total = -1, .ending = RUN_EVENT_COUNT };
            runs[i].spec.workers = rand_r(&seed) % 4;
        }
        /* what starts runs from then on; each turn one more thing changes */
        for (int turn = 0; turn < 6; turn++) {
            queue_assign(runs, slots, slots);
            int sum = 0, oversized = 0, autos = 0;
            waiting_since = 0;
            for (int i = 0; i < count; i++) {
                sum += runs[i].workers_target;
                oversized += runs[i].spec.workers > slots && runs[i].workers_target;
                autos += !runs[i].spec.workers && runs[i].workers_target;
                if (runs[i].state != RUN_QUEUED)
                    continue;
                ck_assert(!waiting_since || !runs[i].workers_target); /* first in, first out */
                if (!runs[i].workers_target)
                    waiting_since = i + 1;
                else
                    runs[i].state = RUN_RUNNING;
                runs[i].worker_count = runs[i].workers_target;
            }
            ck_assert(oversized || sum <= slots + autos);
            ck_assert_int_gt(sum, 0); /* someone always runs */
            int changed = rand_r(&seed) % count;
            if (runs[changed].state == RUN_RUNNING) {
                runs[changed].state = RUN_DONE;
                runs[changed].worker_count = 0;
                runs[changed].workers_target = 0;
            }
            int left = 0;
            for (int i = 0; i < count; i++)
                left += runs[i].state != RUN_DONE;
            if (!left)
                break;
        }
    }
}
END_TEST

/* Linear: a queue of the largest size is looked through at every turn. */
START_TEST(a_long_queue)
{
    for (int i = 0; i < RUNS_MAX; i++) {
        runs[i] = (struct run){ .id = i + 1, .next = i + 1 < RUNS_MAX ? &runs[i + 1] : NULL,
            .state = RUN_QUEUED, .total = -1, .ending = RUN_EVENT_COUNT };
        runs[i].spec.workers = 1;
    }
    for (int turn = 0; turn < 50; turn++)
        queue_assign(runs, 3, 3);
    ck_assert_int_eq(runs[2].workers_target, 1);
    ck_assert_int_eq(runs[3].workers_target, 0);
    ck_assert_str_eq(runs[RUNS_MAX - 1].waiting, "run 4 is first in the queue");
}
END_TEST

START_TEST(the_governor_bounds_auto_alone)
{
    static const struct {
        const char *runs, *want;
    } rows[] = {
        { "q0", "3" }, { "r0/8", "3" }, { "q5", "5" }, { "r5/5 q2", "5 2" }, { "r5/5 r0/1", "5 1" },
        { "r2/2 q0", "2 1" }, { "r5/5 q0", "5 0" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char got[64] = "";
        int count;
        set_runs(rows[i].runs, &count);
        queue_assign(runs, 8, 3);
        for (int r = 0; r < count; r++)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%s%d", r ? " " : "",
                runs[r].workers_target);
        ck_assert_msg(!strcmp(got, rows[i].want), "%s: %s, not %s", rows[i].runs, got,
            rows[i].want);
    }
}
END_TEST

START_TEST(auto_keeps_to_min_and_max)
{
    static const struct {
        const char *runs;
        int min, max; /* of the last run */
        int slots, governed;
        const char *want;
    } rows[] = {
        { "q0", 1, 3, 8, 8, "3" }, { "q0", 1, 9, 8, 8, "8" }, { "r0/2", 1, 3, 8, 8, "3" },
        { "q0", 4, 0, 8, 2, "4" }, { "r0/1", 4, 6, 8, 2, "4" }, { "q0", 4, 0, 2, 2, "4" },
        { "r2/2 q0", 3, 0, 4, 4, "2 0" }, { "r2/2 q0", 2, 0, 4, 4, "2 2" },
        { "r2/2 r0/1", 3, 0, 4, 4, "2 3" }, { "q0=2", 4, 0, 8, 8, "2" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char got[64] = "";
        int count;
        set_runs(rows[i].runs, &count);
        runs[count - 1].spec.pool.min = rows[i].min;
        runs[count - 1].spec.pool.max = rows[i].max;
        queue_assign(runs, rows[i].slots, rows[i].governed);
        for (int r = 0; r < count; r++)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%s%d", r ? " " : "",
                runs[r].workers_target);
        ck_assert_msg(!strcmp(got, rows[i].want), "%s, %d to %d: %s, not %s", rows[i].runs,
            rows[i].min, rows[i].max, got, rows[i].want);
    }
}
END_TEST

/* While a recycled worker finishes, its successor is there: one slot. */
START_TEST(a_successor_takes_no_slot_of_its_own)
{
    int count;
    set_runs("r2/3 q2", &count);
    runs[0].succeeded_count = 1;
    queue_assign(runs, 4, 4);
    ck_assert_int_eq(runs[1].workers_target, 2);
    set_runs("r2/3 q2", &count);
    queue_assign(runs, 4, 4);
    ck_assert_int_eq(runs[1].workers_target, 0);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("queue");
    TCase *tcase = tcase_create("queue");
    tcase_set_timeout(tcase, 60);
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, truth_table);
    tcase_add_test(tcase, the_governor_bounds_auto_alone);
    tcase_add_test(tcase, auto_keeps_to_min_and_max);
    tcase_add_test(tcase, a_successor_takes_no_slot_of_its_own);
    tcase_add_test(tcase, who_waits_is_told_why);
    tcase_add_test(tcase, random_queues_keep_the_rules);
    tcase_add_test(tcase, a_long_queue);
    suite_add_tcase(suite, tcase);
    return suite;
}
