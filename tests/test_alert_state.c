/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/alert.h"

#include <stdbool.h>

#include "base/err.h"
#include "test.h"

/* Every pair, in words of its own: by state, what each event leads to. */
static const struct {
    enum alert_state state;
    enum alert_event event;
    enum alert_state next;
} pairs[] = {
#define CALM(state)                                                            \
    { state, ALERT_EVENT_CLEAR, ALERT_NORMAL },                                \
    { state, ALERT_EVENT_CLEAR_HELD, ALERT_NORMAL },                           \
    { state, ALERT_EVENT_WARNING, ALERT_PENDING },                             \
    { state, ALERT_EVENT_CRITICAL, ALERT_PENDING },                            \
    { state, ALERT_EVENT_WARNING_HELD, ALERT_WARNING },                        \
    { state, ALERT_EVENT_CRITICAL_HELD, ALERT_CRITICAL },                      \
    { state, ALERT_EVENT_UNKNOWN, ALERT_NORMAL },                              \
    { state, ALERT_EVENT_GONE, ALERT_NORMAL }
#define FIRES(state, clearing, held)                                           \
    { state, ALERT_EVENT_CLEAR, clearing },                                    \
    { state, ALERT_EVENT_CLEAR_HELD, ALERT_RESOLVED },                         \
    { state, ALERT_EVENT_WARNING, ALERT_WARNING },                             \
    { state, ALERT_EVENT_CRITICAL, held },                                     \
    { state, ALERT_EVENT_WARNING_HELD, ALERT_WARNING },                        \
    { state, ALERT_EVENT_CRITICAL_HELD, ALERT_CRITICAL },                      \
    { state, ALERT_EVENT_UNKNOWN, state },                                     \
    { state, ALERT_EVENT_GONE, ALERT_RESOLVED }
    CALM(ALERT_NORMAL), CALM(ALERT_PENDING), CALM(ALERT_RESOLVED),
    FIRES(ALERT_WARNING, ALERT_CLEARING_WARNING, ALERT_WARNING),
    FIRES(ALERT_CLEARING_WARNING, ALERT_CLEARING_WARNING, ALERT_WARNING),
    FIRES(ALERT_CRITICAL, ALERT_CLEARING_CRITICAL, ALERT_CRITICAL),
    FIRES(ALERT_CLEARING_CRITICAL, ALERT_CLEARING_CRITICAL, ALERT_CRITICAL),
};

START_TEST(every_pair)
{
    ck_assert_int_eq(sizeof pairs / sizeof *pairs, ALERT_STATE_COUNT * ALERT_EVENT_COUNT);
    bool seen[ALERT_STATE_COUNT][ALERT_EVENT_COUNT] = { { false } };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        enum alert_state next = alert_next(pairs[i].state, pairs[i].event);
        ck_assert_msg(next == pairs[i].next, "%s, event %d: got %s",
            alert_state_name(pairs[i].state), pairs[i].event, alert_state_name(next));
        ck_assert(!seen[pairs[i].state][pairs[i].event]);
        seen[pairs[i].state][pairs[i].event] = true;
    }
}
END_TEST

/* What must hold of any table. */
START_TEST(firing_ends_only_as_resolved)
{
    for (int s = 0; s < ALERT_STATE_COUNT; s++)
        for (int e = 0; e < ALERT_EVENT_COUNT; e++) {
            enum alert_state next = alert_next((enum alert_state)s, (enum alert_event)e);
            bool fired = alert_fired((enum alert_state)s) != ALERT_NORMAL;
            if (fired && alert_fired(next) == ALERT_NORMAL)
                ck_assert_int_eq(next, ALERT_RESOLVED);
            if (!fired)
                ck_assert(next != ALERT_RESOLVED && next != ALERT_CLEARING_WARNING &&
                    next != ALERT_CLEARING_CRITICAL);
            /* nothing fires of a level that has not held, and no unknown value changes what fires */
            if (e == ALERT_EVENT_UNKNOWN)
                ck_assert_int_eq(alert_fired(next), alert_fired((enum alert_state)s));
            if (!fired && alert_fired(next) != ALERT_NORMAL)
                ck_assert(e == ALERT_EVENT_WARNING_HELD || e == ALERT_EVENT_CRITICAL_HELD);
        }
}
END_TEST

START_TEST(names)
{
    for (int s = 0; s < ALERT_STATE_COUNT; s++)
        if (s != ALERT_CLEARING_CRITICAL)
            ck_assert_int_eq(alert_state_parse(alert_state_name((enum alert_state)s)), s);
    ck_assert_str_eq(alert_state_name(ALERT_CLEARING_CRITICAL), "clearing");
    ck_assert_int_eq(alert_state_parse("Normal"), ERR_NOT_FOUND);
    ck_assert_int_eq(alert_state_parse(""), ERR_NOT_FOUND);
    ck_assert(!alert_is_active(ALERT_NORMAL) && !alert_is_active(ALERT_RESOLVED));
    ck_assert(alert_is_active(ALERT_PENDING) && alert_is_active(ALERT_CLEARING_WARNING));
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("alert_state");
    TCase *tcase = tcase_create("alert_state");
    tcase_add_test(tcase, every_pair);
    tcase_add_test(tcase, firing_ends_only_as_resolved);
    tcase_add_test(tcase, names);
    suite_add_tcase(suite, tcase);
    return suite;
}
