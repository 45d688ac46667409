/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/alert.h"

#include <stdbool.h>

#include "base/err.h"
#include "test.h"

#define NOTHING ALERT_CHANGE_NONE
#define FIRED ALERT_CHANGE_FIRED
#define RESOLVED ALERT_CHANGE_RESOLVED

/* Every pair, in words of its own. */
static const struct {
    enum alert_state state;
    enum alert_event event;
    enum alert_state next;
    enum alert_change change;
} pairs[] = {
    { ALERT_NORMAL, ALERT_EVENT_CLEAR, ALERT_NORMAL, NOTHING },
    { ALERT_NORMAL, ALERT_EVENT_WARNING, ALERT_PENDING, NOTHING },
    { ALERT_NORMAL, ALERT_EVENT_CRITICAL, ALERT_PENDING, NOTHING },
    { ALERT_NORMAL, ALERT_EVENT_WARNING_HELD, ALERT_WARNING, FIRED },
    { ALERT_NORMAL, ALERT_EVENT_CRITICAL_HELD, ALERT_CRITICAL, FIRED },
    { ALERT_NORMAL, ALERT_EVENT_UNKNOWN, ALERT_NORMAL, NOTHING },
    { ALERT_PENDING, ALERT_EVENT_CLEAR, ALERT_NORMAL, NOTHING },
    { ALERT_PENDING, ALERT_EVENT_WARNING, ALERT_PENDING, NOTHING },
    { ALERT_PENDING, ALERT_EVENT_CRITICAL, ALERT_PENDING, NOTHING },
    { ALERT_PENDING, ALERT_EVENT_WARNING_HELD, ALERT_WARNING, FIRED },
    { ALERT_PENDING, ALERT_EVENT_CRITICAL_HELD, ALERT_CRITICAL, FIRED },
    { ALERT_PENDING, ALERT_EVENT_UNKNOWN, ALERT_NORMAL, NOTHING },
    { ALERT_WARNING, ALERT_EVENT_CLEAR, ALERT_NORMAL, RESOLVED },
    { ALERT_WARNING, ALERT_EVENT_WARNING, ALERT_WARNING, NOTHING },
    { ALERT_WARNING, ALERT_EVENT_CRITICAL, ALERT_WARNING, NOTHING },
    { ALERT_WARNING, ALERT_EVENT_WARNING_HELD, ALERT_WARNING, NOTHING },
    { ALERT_WARNING, ALERT_EVENT_CRITICAL_HELD, ALERT_CRITICAL, FIRED },
    { ALERT_WARNING, ALERT_EVENT_UNKNOWN, ALERT_WARNING, NOTHING },
    { ALERT_CRITICAL, ALERT_EVENT_CLEAR, ALERT_NORMAL, RESOLVED },
    { ALERT_CRITICAL, ALERT_EVENT_WARNING, ALERT_WARNING, FIRED },
    { ALERT_CRITICAL, ALERT_EVENT_CRITICAL, ALERT_CRITICAL, NOTHING },
    { ALERT_CRITICAL, ALERT_EVENT_WARNING_HELD, ALERT_WARNING, FIRED },
    { ALERT_CRITICAL, ALERT_EVENT_CRITICAL_HELD, ALERT_CRITICAL, NOTHING },
    { ALERT_CRITICAL, ALERT_EVENT_UNKNOWN, ALERT_CRITICAL, NOTHING },
};

START_TEST(every_pair)
{
    ck_assert_int_eq(sizeof pairs / sizeof *pairs, ALERT_STATE_COUNT * ALERT_EVENT_COUNT);
    bool seen[ALERT_STATE_COUNT][ALERT_EVENT_COUNT] = { { false } };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct alert_transition to = alert_transition(pairs[i].state, pairs[i].event);
        ck_assert_msg(to.next == pairs[i].next && to.change == pairs[i].change,
            "%s, event %d: got %s, change %d", alert_state_name(pairs[i].state), pairs[i].event,
            alert_state_name(to.next), to.change);
        ck_assert(!seen[pairs[i].state][pairs[i].event]);
        seen[pairs[i].state][pairs[i].event] = true;
    }
}
END_TEST

/* What must hold of any table: people hear of each start and end of firing. */
START_TEST(nothing_fires_or_ends_in_silence)
{
    for (int s = 0; s < ALERT_STATE_COUNT; s++)
        for (int e = 0; e < ALERT_EVENT_COUNT; e++) {
            struct alert_transition to = alert_transition((enum alert_state)s, (enum alert_event)e);
            bool fired_before = s == ALERT_WARNING || s == ALERT_CRITICAL;
            bool fires_after = to.next == ALERT_WARNING || to.next == ALERT_CRITICAL;
            enum alert_change expected = fires_after && (int)to.next != s ? FIRED
                : fired_before && !fires_after ? RESOLVED : NOTHING;
            ck_assert_int_eq(to.change, expected);
            if (e == ALERT_EVENT_UNKNOWN && fired_before)
                ck_assert_int_eq((int)to.next, s);
            ck_assert(!(fired_before && to.next == ALERT_PENDING));
        }
}
END_TEST

START_TEST(names)
{
    for (int s = 0; s < ALERT_STATE_COUNT; s++)
        ck_assert_int_eq(alert_state_parse(alert_state_name((enum alert_state)s)), s);
    ck_assert_int_eq(alert_state_parse("Normal"), ERR_NOT_FOUND);
    ck_assert_int_eq(alert_state_parse(""), ERR_NOT_FOUND);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("alert_state");
    TCase *tcase = tcase_create("alert_state");
    tcase_add_test(tcase, every_pair);
    tcase_add_test(tcase, nothing_fires_or_ends_in_silence);
    tcase_add_test(tcase, names);
    suite_add_tcase(suite, tcase);
    return suite;
}
