/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alert/engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert/wording.h"
#include "base/clock.h"
#include "base/str.h"
#include "test.h"

enum { RULES_MAX = 24 };

static struct alert_engine *engine;
static struct sample sample;
static struct config config;
static struct config_threshold rules[RULES_MAX];
static const struct alert_notice *notices;

static void
setup(void)
{
    engine = alert_engine_new();
    sample_init(&sample);
    sample.mono_ns = 1000 * NS_PER_SEC;
    sample.wall_ns = INT64_C(1795228200) * NS_PER_SEC;
    config.threshold = rules;
    config.threshold_count = 0;
    alert_engine_configure(engine, &config);
}

static void
teardown(void)
{
    alert_engine_free(engine);
    sample_release(&sample);
}

/* Warning above 80 until 72, critical above 90 until 81. */
static struct config_threshold *
add_rule(const char *name, double for_seconds)
{
    const char *instance;
    struct config_threshold *rule = &rules[config.threshold_count++];
    int metric = metric_parse(name, &instance);
    ck_assert_int_ge(metric, 0);
    *rule = (struct config_threshold){
        .metric = (enum metric)metric,
        .enabled = true,
        .has_warning = true,
        .has_critical = true,
        .warning = 80,
        .clear_warning = 72,
        .critical = 90,
        .clear_critical = 81,
        .for_seconds = for_seconds,
    };
    str_copy(rule->name, sizeof rule->name, name);
    str_copy(rule->instance, sizeof rule->instance, instance ? instance : "");
    return rule;
}

static void
configure(void)
{
    alert_engine_configure(engine, &config);
}

/* One second later, nothing else changed. */
static int
step(void)
{
    sample.sequence++;
    sample.mono_ns += NS_PER_SEC;
    sample.wall_ns += NS_PER_SEC;
    return alert_engine_step(engine, &sample, &notices);
}

static int
step_cpu(double value)
{
    sample_set(&sample, METRIC_CPU_TOTAL, -1, value);
    return step();
}

static int
position(const char *key)
{
    const struct alert *alerts;
    int count = alert_engine_alerts(engine, &alerts);
    for (int i = 0; i < count; i++)
        if (!strcmp(alerts[i].key, key))
            return i;
    return -1;
}

static const struct alert *
find(const char *key)
{
    const struct alert *alerts;
    alert_engine_alerts(engine, &alerts);
    ck_assert_int_ge(position(key), 0);
    return &alerts[position(key)];
}

static enum alert_state
cpu_state(void)
{
    return find("cpu.total")->state;
}

static void
expect_text(int notice, const char *type, const char *text)
{
    char buf[ALERT_TEXT_MAX];
    ck_assert_str_eq(alert_notice_type(&notices[notice]), type);
    ck_assert_str_eq(alert_notice_text(&notices[notice], buf, sizeof buf), text);
}

START_TEST(whole_incident)
{
    add_rule("cpu.total", 0);
    configure();
    ck_assert_int_eq(step_cpu(50), 0);
    ck_assert_int_eq(step_cpu(80), 0); /* at the level is not over it */

    ck_assert_int_eq(step_cpu(81.2), 1);
    int64_t incident = sample.wall_ns;
    expect_text(0, "alert.warning", "cpu.total is 81.2% (warning above 80%)");
    ck_assert_int_eq(notices[0].before, ALERT_NORMAL);
    ck_assert_double_eq(notices[0].alert->level, 80);
    ck_assert_int_eq(notices[0].alert->incident_wall_ns, incident);
    ck_assert_int_eq(notices[0].alert->sequence, 1);

    ck_assert_int_eq(step_cpu(75), 0); /* above its clear level */
    ck_assert_int_eq(cpu_state(), ALERT_WARNING);

    ck_assert_int_eq(step_cpu(95), 1);
    expect_text(0, "alert.critical", "cpu.total is 95.0% (critical above 90%)");
    ck_assert_int_eq(notices[0].alert->sequence, 2);
    ck_assert_int_eq(notices[0].alert->incident_wall_ns, incident);
    ck_assert_int_eq(notices[0].alert->since_wall_ns, sample.wall_ns);

    ck_assert_int_eq(step_cpu(82), 0); /* critical holds until 81 */
    ck_assert_int_eq(cpu_state(), ALERT_CRITICAL);

    ck_assert_int_eq(step_cpu(78), 1);
    expect_text(0, "alert.warning", "cpu.total is 78.0% (no longer critical; warning until below 72%)");
    ck_assert_int_eq(notices[0].alert->sequence, 3);

    ck_assert_int_eq(step_cpu(72), 1);
    expect_text(0, "alert.resolved", "cpu.total is back to normal at 72.0% (was warning above 80%)");
    ck_assert_int_eq(notices[0].alert->sequence, 4);
    ck_assert_int_eq(notices[0].alert->incident_wall_ns, incident);

    ck_assert_int_eq(step_cpu(10), 0);
    ck_assert_int_eq(find("cpu.total")->incident_wall_ns, 0);
    ck_assert_int_eq(find("cpu.total")->sequence, 0);
    ck_assert_double_eq(find("cpu.total")->level, 0);

    sample.mono_ns += 3600 * NS_PER_SEC; /* else it would be flapping */
    ck_assert_int_eq(step_cpu(85), 1); /* a new incident counts from 1 */
    ck_assert_int_eq(notices[0].alert->sequence, 1);
    ck_assert_int_gt(notices[0].alert->incident_wall_ns, incident);
}
END_TEST

START_TEST(straight_to_critical_and_back)
{
    add_rule("cpu.total", 0);
    configure();
    ck_assert_int_eq(step_cpu(99), 1);
    expect_text(0, "alert.critical", "cpu.total is 99.0% (critical above 90%)");
    ck_assert_int_eq(step_cpu(10), 1);
    expect_text(0, "alert.resolved", "cpu.total is back to normal at 10.0% (was critical above 90%)");
    ck_assert_int_eq(notices[0].before, ALERT_CRITICAL);
}
END_TEST

START_TEST(must_hold_for_its_time)
{
    add_rule("cpu.total", 3);
    configure();
    ck_assert_int_eq(step_cpu(85), 0);
    int64_t incident = sample.wall_ns;
    ck_assert_int_eq(cpu_state(), ALERT_PENDING);
    ck_assert_double_eq(find("cpu.total")->level, 80);
    ck_assert_int_eq(step_cpu(85), 0);
    ck_assert_int_eq(step_cpu(79), 0); /* starts over: hysteresis is for what fires */
    ck_assert_int_eq(cpu_state(), ALERT_NORMAL);
    ck_assert_int_eq(find("cpu.total")->incident_wall_ns, 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(step_cpu(85), 0);
    ck_assert_int_eq(step_cpu(85), 1); /* 3 s after the first */
    ck_assert_int_eq(notices[0].alert->incident_wall_ns, sample.wall_ns - 3 * NS_PER_SEC);
    ck_assert_int_ne(notices[0].alert->incident_wall_ns, incident);
}
END_TEST

START_TEST(levels_hold_on_their_own)
{
    add_rule("cpu.total", 3);
    configure();
    ck_assert_int_eq(step_cpu(85), 0);
    ck_assert_int_eq(step_cpu(95), 0);
    ck_assert_double_eq(find("cpu.total")->level, 90); /* pending over critical */
    ck_assert_int_eq(step_cpu(95), 0);
    ck_assert_int_eq(step_cpu(95), 1); /* warning has held, critical for 2 s */
    ck_assert_int_eq(cpu_state(), ALERT_WARNING);
    ck_assert_int_eq(step_cpu(95), 1);
    ck_assert_int_eq(cpu_state(), ALERT_CRITICAL);
    ck_assert_int_eq(notices[0].before, ALERT_WARNING);
}
END_TEST

START_TEST(wall_clock_jumps_change_nothing)
{
    add_rule("cpu.total", 3);
    configure();
    step_cpu(85);
    sample.wall_ns += INT64_C(10) * 365 * 86400 * NS_PER_SEC;
    ck_assert_int_eq(step_cpu(85), 0);
    sample.wall_ns -= INT64_C(20) * 365 * 86400 * NS_PER_SEC;
    ck_assert_int_eq(step_cpu(85), 0);
    ck_assert_int_eq(step_cpu(85), 1);
}
END_TEST

START_TEST(unknown_is_no_recovery)
{
    add_rule("cpu.total", 2);
    configure();
    step_cpu(85);
    ck_assert_int_eq(step_cpu(NAN), 0);
    ck_assert_int_eq(cpu_state(), ALERT_NORMAL); /* pending starts over */
    ck_assert_int_eq(step_cpu(85), 0);
    ck_assert_int_eq(step_cpu(85), 0);
    ck_assert_int_eq(step_cpu(85), 1);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(step_cpu(NAN), 0);
    ck_assert_int_eq(cpu_state(), ALERT_WARNING);
    ck_assert_double_eq(find("cpu.total")->value, 85); /* the newest known */
    ck_assert_int_eq(step_cpu(10), 1);
}
END_TEST

START_TEST(below)
{
    struct config_threshold *rule = add_rule("memory.available_bytes", 0);
    rule->below = true;
    rule->warning = 1024.0 * 1024 * 1024;
    rule->clear_warning = 1.5 * rule->warning;
    rule->critical = rule->warning / 2;
    rule->clear_critical = 0.75 * rule->warning;
    configure();
    sample_set(&sample, METRIC_MEMORY_AVAILABLE, -1, 2 * rule->warning);
    ck_assert_int_eq(step(), 0);
    sample_set(&sample, METRIC_MEMORY_AVAILABLE, -1, 0.9 * rule->warning);
    ck_assert_int_eq(step(), 1);
    char text[ALERT_TEXT_MAX];
    alert_notice_text(&notices[0], text, sizeof text);
    ck_assert_ptr_nonnull(strstr(text, "(warning below 1G)"));
    sample_set(&sample, METRIC_MEMORY_AVAILABLE, -1, 0.4 * rule->warning);
    ck_assert_int_eq(step(), 1);
    ck_assert_int_eq(notices[0].alert->state, ALERT_CRITICAL);
    sample_set(&sample, METRIC_MEMORY_AVAILABLE, -1, 0.7 * rule->warning);
    ck_assert_int_eq(step(), 0);
    sample_set(&sample, METRIC_MEMORY_AVAILABLE, -1, 1.2 * rule->warning);
    ck_assert_int_eq(step(), 1);
    expect_text(0, "alert.warning",
        "memory.available_bytes is 1.20G (no longer critical; warning until above 1.50G)");
    sample_set(&sample, METRIC_MEMORY_AVAILABLE, -1, 1.6 * rule->warning);
    ck_assert_int_eq(step(), 1);
    ck_assert_int_eq(notices[0].change, ALERT_CHANGE_RESOLVED);
}
END_TEST

START_TEST(one_level_alone)
{
    add_rule("cpu.total", 0)->has_warning = false;
    configure();
    ck_assert_int_eq(step_cpu(89), 0);
    ck_assert_int_eq(step_cpu(91), 1);
    ck_assert_int_eq(cpu_state(), ALERT_CRITICAL);
    ck_assert_int_eq(step_cpu(82), 0);
    ck_assert_int_eq(step_cpu(80), 1); /* no warning to fall back to */
    ck_assert_int_eq(notices[0].change, ALERT_CHANGE_RESOLVED);

    rules[0].has_warning = true;
    rules[0].has_critical = false;
    configure();
    ck_assert_int_eq(step_cpu(99), 1);
    ck_assert_int_eq(cpu_state(), ALERT_WARNING);
    ck_assert_int_eq(step_cpu(99), 0);
}
END_TEST

START_TEST(instances)
{
    add_rule("core.total", 0);
    configure();
    for (int i = 0; i < 3; i++) {
        char name[8];
        snprintf(name, sizeof name, "%d", i);
        sample_set(&sample, METRIC_CORE_TOTAL, sample_row(&sample, GROUP_CORE, name), i ? 99 : 10);
    }
    ck_assert_int_eq(step(), 2);
    ck_assert_str_eq(notices[0].alert->key, "core.total:1");
    ck_assert_str_eq(notices[1].alert->key, "core.total:2");
    ck_assert_int_eq(find("core.total:0")->state, ALERT_NORMAL);

    /* A new instance is watched from its first sample. */
    sample_set(&sample, METRIC_CORE_TOTAL, sample_row(&sample, GROUP_CORE, "3"), 99);
    ck_assert_int_eq(step(), 1);
    ck_assert_str_eq(notices[0].alert->key, "core.total:3");

    /* One that has gone is not known: it keeps firing. */
    sample.rows[GROUP_CORE].row[1].present = false;
    ck_assert_int_eq(step(), 0);
    ck_assert_int_eq(find("core.total:1")->state, ALERT_CRITICAL);
    sample.rows[GROUP_CORE].row[0].present = false;
    ck_assert_int_eq(step(), 0);
    ck_assert_int_lt(position("core.total:0"), 0); /* a normal one is forgotten */
}
END_TEST

START_TEST(reused_row_is_another_instance)
{
    add_rule("net.receive_bytes", 0);
    configure();
    int row = sample_row(&sample, GROUP_NET, "eth0");
    sample_set(&sample, METRIC_NET_RECEIVE, row, 99);
    ck_assert_int_eq(step(), 1);
    str_copy(sample.rows[GROUP_NET].row[row].name, SAMPLE_NAME_MAX, "eth1");
    sample.rows[GROUP_NET].naming++; /* as when sample_row() gives it */
    sample_set(&sample, METRIC_NET_RECEIVE, row, 10);
    ck_assert_int_eq(step(), 0);
    ck_assert_int_eq(find("net.receive_bytes:eth0")->state, ALERT_CRITICAL);
    ck_assert_int_eq(find("net.receive_bytes:eth1")->state, ALERT_NORMAL);
}
END_TEST

START_TEST(rules_of_published_figures)
{
    struct config_threshold *all = add_rule("pool.reuse", 0);
    all->below = true, all->has_critical = false, all->warning = 90, all->clear_warning = 95;
    struct config_threshold *own = add_rule("pool.reuse:app/pool=b", 0);
    own->warning = 200, own->has_critical = false;
    configure();
    int a = sample_row(&sample, GROUP_FIGURE, "pool.reuse:app/pool=a"),
        b = sample_row(&sample, GROUP_FIGURE, "pool.reuse:app/pool=b"),
        c = sample_row(&sample, GROUP_FIGURE, "pool.reused:app/pool=a");
    sample_set(&sample, METRIC_FIGURE_VALUE, a, 85);
    sample_set(&sample, METRIC_FIGURE_VALUE, b, 85);
    sample_set(&sample, METRIC_FIGURE_VALUE, c, 1);
    ck_assert_int_eq(step(), 1);
    ck_assert_str_eq(notices[0].alert->key, "pool.reuse:app/pool=a");
    ck_assert_int_eq(find("pool.reuse:app/pool=a")->state, ALERT_WARNING);
    ck_assert_int_eq(find("pool.reuse:app/pool=b")->state, ALERT_NORMAL);
    char text[ALERT_TEXT_MAX];
    ck_assert_str_eq(alert_notice_text(&notices[0], text, sizeof text),
        "pool.reuse:app/pool=a is 85 (warning below 90)");
    sample_set(&sample, METRIC_FIGURE_VALUE, a, 99);
    ck_assert_int_eq(step(), 1);
    ck_assert_int_eq(find("pool.reuse:app/pool=a")->state, ALERT_RESOLVED);
    sample.rows[GROUP_FIGURE].row[a].present = false; /* the program has ended */
    step();
    const struct alert *alerts;
    ck_assert_int_eq(alert_engine_alerts(engine, &alerts), 1);
}
END_TEST

START_TEST(own_rule_of_an_instance)
{
    add_rule("disk.busy", 0);
    struct config_threshold *own = add_rule("disk.busy:vda", 0);
    own->warning = 98, own->critical = 99, own->clear_warning = 97, own->clear_critical = 97;
    add_rule("disk.busy:sr0", 0)->enabled = false;
    configure();
    sample_set(&sample, METRIC_DISK_BUSY, sample_row(&sample, GROUP_DISK, "vda"), 95);
    sample_set(&sample, METRIC_DISK_BUSY, sample_row(&sample, GROUP_DISK, "vdb"), 95);
    sample_set(&sample, METRIC_DISK_BUSY, sample_row(&sample, GROUP_DISK, "sr0"), 95);
    ck_assert_int_eq(step(), 1);
    ck_assert_str_eq(notices[0].alert->key, "disk.busy:vdb");
    ck_assert_ptr_eq(find("disk.busy:vda")->rule, own);
    ck_assert_int_lt(position("disk.busy:sr0"), 0);
}
END_TEST

START_TEST(rule_that_goes_resolves)
{
    add_rule("cpu.total", 0);
    add_rule("memory.used_pct", 0);
    configure();
    sample_set(&sample, METRIC_MEMORY_USED_PCT, -1, 95);
    ck_assert_int_eq(step_cpu(95), 2);

    struct config other = { .threshold = &rules[1], .threshold_count = 1 };
    alert_engine_configure(engine, &other);
    ck_assert(!find("cpu.total")->present);
    ck_assert_ptr_null(find("cpu.total")->rule);
    ck_assert_int_eq(step(), 1);
    expect_text(0, "alert.resolved", "cpu.total has no threshold any more (was critical at 90%)");
    ck_assert_int_eq(notices[0].alert->sequence, 2);
    ck_assert_int_eq(step(), 0);
    ck_assert_int_lt(position("cpu.total"), 0);
    ck_assert_int_eq(find("memory.used_pct")->state, ALERT_CRITICAL);

    rules[1].enabled = false;
    alert_engine_configure(engine, &other);
    ck_assert_int_eq(step(), 1);
    ck_assert_int_eq(notices[0].change, ALERT_CHANGE_RESOLVED);
    step();
    const struct alert *alerts;
    ck_assert_int_eq(alert_engine_alerts(engine, &alerts), 0);
}
END_TEST

START_TEST(new_levels_of_a_firing_alert)
{
    add_rule("cpu.total", 0);
    configure();
    step_cpu(85);
    int64_t incident = find("cpu.total")->incident_wall_ns;
    rules[0].warning = 95, rules[0].critical = 99;
    rules[0].clear_warning = 84, rules[0].clear_critical = 98;
    configure();
    ck_assert_int_eq(step_cpu(85), 0);
    ck_assert_int_eq(cpu_state(), ALERT_WARNING); /* above the new clear level */
    ck_assert_double_eq(find("cpu.total")->level, 95);
    ck_assert_int_eq(find("cpu.total")->incident_wall_ns, incident);
    rules[0].clear_warning = 90;
    configure();
    ck_assert_int_eq(step_cpu(85), 1);
    ck_assert_int_eq(notices[0].change, ALERT_CHANGE_RESOLVED);
}
END_TEST

static struct alert
saved_alert(const char *key, enum alert_state state)
{
    struct alert alert = {
        .state = state, .value = 95, .level = 90, .since_wall_ns = 7,
        .incident_wall_ns = 5, .sequence = 4,
    };
    str_copy(alert.key, sizeof alert.key, key);
    return alert;
}

START_TEST(restored_alert_goes_on)
{
    struct alert saved = saved_alert("cpu.total", ALERT_CRITICAL);
    add_rule("cpu.total", 3);
    alert_engine_restore(engine, &saved); /* before the config and after are the same */
    configure();
    ck_assert_int_eq(step_cpu(95), 0); /* does not fire again */
    ck_assert_int_eq(cpu_state(), ALERT_CRITICAL);
    ck_assert_int_eq(find("cpu.total")->since_wall_ns, 7);
    ck_assert_int_eq(step_cpu(78), 1);
    ck_assert_int_eq(notices[0].alert->sequence, 5);
    ck_assert_int_eq(notices[0].alert->incident_wall_ns, 5);
    ck_assert_int_eq(step_cpu(78), 0);
    ck_assert_int_eq(step_cpu(10), 1);
    ck_assert_int_eq(notices[0].alert->sequence, 6);
    ck_assert_int_eq(notices[0].alert->incident_wall_ns, 5);
}
END_TEST

START_TEST(restored_alert_without_rule_resolves)
{
    struct alert known = saved_alert("cpu.total", ALERT_WARNING);
    struct alert gone = saved_alert("old.metric:x", ALERT_WARNING);
    struct alert normal = saved_alert("memory.used_pct", ALERT_NORMAL);
    alert_engine_restore(engine, &known);
    alert_engine_restore(engine, &gone);
    alert_engine_restore(engine, &normal);
    ck_assert_int_eq(step_cpu(95), 2);
    ck_assert_int_eq(notices[0].change, ALERT_CHANGE_RESOLVED);
    ck_assert_int_eq(notices[1].change, ALERT_CHANGE_RESOLVED);
    ck_assert_str_eq(notices[1].alert->key, "old.metric:x");
    ck_assert_int_eq(step_cpu(95), 0);
    ck_assert_int_lt(position("old.metric:x"), 0);
}
END_TEST

START_TEST(restored_instance_waits_for_its_row)
{
    struct alert saved = saved_alert("disk.busy:vdz", ALERT_WARNING);
    add_rule("disk.busy", 0);
    configure();
    alert_engine_restore(engine, &saved);
    ck_assert_int_eq(step(), 0);
    ck_assert_int_eq(find("disk.busy:vdz")->state, ALERT_WARNING);
    sample_set(&sample, METRIC_DISK_BUSY, sample_row(&sample, GROUP_DISK, "vdz"), 3);
    ck_assert_int_eq(step(), 1);
    ck_assert_int_eq(notices[0].change, ALERT_CHANGE_RESOLVED);
}
END_TEST

START_TEST(clears_only_after_its_time)
{
    struct config_threshold *rule = add_rule("cpu.total", 0);
    rule->keep_seconds = 3;
    configure();
    ck_assert_int_eq(step_cpu(95), 1);
    ck_assert_int_eq(step_cpu(10), 0);
    ck_assert_int_eq(cpu_state(), ALERT_CLEARING_CRITICAL);
    ck_assert_double_eq(find("cpu.total")->level, 90);
    ck_assert_int_eq(step_cpu(82), 0); /* it is back before that */
    ck_assert_int_eq(cpu_state(), ALERT_CRITICAL);
    ck_assert_int_eq(step_cpu(10), 0);
    ck_assert_int_eq(step_cpu(75), 0); /* not calm, but no longer critical either */
    ck_assert_int_eq(cpu_state(), ALERT_CRITICAL);
    ck_assert_int_eq(step_cpu(75), 0);
    ck_assert_int_eq(step_cpu(75), 1); /* under its clear level for 3 s */
    expect_text(0, "alert.warning", "cpu.total is 75.0% (no longer critical; warning until below 72%)");
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(step_cpu(10), 0);
    ck_assert_int_eq(cpu_state(), ALERT_CLEARING_WARNING);
    ck_assert_int_eq(step_cpu(NAN), 0); /* what is not known is not calm */
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(step_cpu(10), 0);
    ck_assert_int_eq(step_cpu(10), 1);
    ck_assert_int_eq(notices[0].change, ALERT_CHANGE_RESOLVED);
    ck_assert_int_eq(cpu_state(), ALERT_RESOLVED);
    ck_assert_int_eq(step_cpu(10), 0);
    ck_assert_int_eq(cpu_state(), ALERT_NORMAL);
}
END_TEST

START_TEST(repeats)
{
    struct config_threshold *rule = add_rule("cpu.total", 0);
    rule->repeat_seconds = 10, rule->keep_seconds = 30;
    configure();
    ck_assert_int_eq(step_cpu(85), 1);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 9; i++)
            ck_assert_int_eq(step_cpu(85), 0);
        ck_assert_int_eq(step_cpu(86), 1);
        ck_assert_int_eq(notices[0].change, ALERT_CHANGE_REPEATED);
        ck_assert_int_eq(notices[0].alert->sequence, round + 2);
        expect_text(0, "alert.warning", "cpu.total is still 86.0% (warning above 80%)");
    }
    for (int i = 0; i < 30; i++) /* not while it is calm */
        ck_assert_int_eq(step_cpu(10), 0);
    ck_assert_int_eq(step_cpu(10), 1);
    ck_assert_int_eq(notices[0].change, ALERT_CHANGE_RESOLVED);

    struct alert saved = saved_alert("cpu.total", ALERT_CRITICAL);
    alert_engine_restore(engine, &saved); /* a new server counts from its start */
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(step_cpu(95), 0);
    ck_assert_int_eq(step_cpu(95), 1);
    ck_assert_int_eq(notices[0].change, ALERT_CHANGE_REPEATED);
}
END_TEST

START_TEST(flapping_is_told_once)
{
    add_rule("cpu.total", 0)->repeat_seconds = 60;
    configure();
    ck_assert_int_eq(step_cpu(85) + step_cpu(10) + step_cpu(85) + step_cpu(10), 4);
    ck_assert_int_eq(step_cpu(85), 1);
    ck_assert_int_eq(notices[0].change, ALERT_CHANGE_FLAPPING);
    expect_text(0, "alert.warning",
        "cpu.total is flapping (5 changes in 5 min; now 85.0%); warning above 80%");
    int told = 0;
    for (int i = 0; i < 59; i++)
        told += step_cpu(i % 2 ? 85 : 10);
    ck_assert_int_eq(told, 0);
    ck_assert_int_eq(step_cpu(10), 1); /* once per `repeat` */
    ck_assert_int_eq(notices[0].change, ALERT_CHANGE_FLAPPING);
    ck_assert_int_eq(step_cpu(95), 1); /* worse than what was told */
    ck_assert_int_eq(notices[0].change, ALERT_CHANGE_FIRED);
    expect_text(0, "alert.critical", "cpu.total is 95.0% (critical above 90%)");
    ck_assert(find("cpu.total")->flapping);
    ck_assert_int_eq(step_cpu(10), 0);
    const struct alert_notice *last = NULL;
    for (int i = 0; i < 600 && !last; i++)
        if (step_cpu(10) && notices[0].change != ALERT_CHANGE_FLAPPING)
            last = &notices[0];
    ck_assert_ptr_nonnull(last); /* it ends with the truth */
    ck_assert_int_eq(last->change, ALERT_CHANGE_RESOLVED);
    ck_assert_int_eq(last->before, ALERT_CRITICAL);
    ck_assert(!find("cpu.total")->flapping);
    ck_assert_int_eq(step_cpu(10), 0);
    ck_assert_int_eq(find("cpu.total")->incident_wall_ns, 0);
}
END_TEST

START_TEST(flapping_ends_with_its_rule)
{
    add_rule("cpu.total", 0);
    configure();
    for (int i = 0; i < 10; i++)
        step_cpu(i % 2 ? 10 : 85);
    ck_assert(find("cpu.total")->flapping);
    ck_assert_int_eq(find("cpu.total")->told, ALERT_WARNING);
    struct config none = { 0 };
    alert_engine_configure(engine, &none);
    ck_assert_int_eq(step(), 1);
    ck_assert_int_eq(notices[0].change, ALERT_CHANGE_RESOLVED);
    step();
    ck_assert_int_lt(position("cpu.total"), 0);
}
END_TEST

/* Whatever values come, rules change and servers restart: what is told is a fire,
 * other levels of it, and one end. */
START_TEST(each_fire_that_is_told_has_its_end)
{
    unsigned seed = (unsigned)_i + 1;
    struct config_threshold *rule = add_rule("cpu.total", seed % 3);
    rule->keep_seconds = seed % 4;
    rule->repeat_seconds = seed % 2 ? 0 : 20;
    configure();
    struct config none = { 0 };
    enum alert_state told = ALERT_NORMAL;
    uint32_t sequence = 0;
    for (int i = 0; i < 3000; i++) {
        int dice = rand_r(&seed) % 200;
        if (dice == 0)
            alert_engine_configure(engine, rand_r(&seed) % 2 ? &none : &config);
        if (dice == 1)
            sample.mono_ns += 200 * NS_PER_SEC;
        if (dice == 2 && told != ALERT_NORMAL) { /* kill -9, and a new one */
            struct alert saved = saved_alert("cpu.total", told);
            saved.sequence = sequence;
            alert_engine_free(engine);
            engine = alert_engine_new();
            alert_engine_configure(engine, &config);
            alert_engine_restore(engine, &saved);
        }
        int n = step_cpu(dice % 7 == 3 ? (double)NAN : (double)(rand_r(&seed) % 101));
        ck_assert_int_le(n, 1);
        if (!n)
            continue;
        ck_assert_int_eq(notices[0].before, told);
        ck_assert_int_eq(notices[0].alert->sequence, ++sequence);
        ck_assert_int_ne(notices[0].alert->incident_wall_ns, 0);
        bool same = notices[0].alert->told == told;
        if (same)
            ck_assert(told != ALERT_NORMAL && (notices[0].change == ALERT_CHANGE_REPEATED ||
                notices[0].change == ALERT_CHANGE_FLAPPING));
        told = notices[0].alert->told;
        ck_assert_int_eq(told == ALERT_NORMAL, notices[0].change == ALERT_CHANGE_RESOLVED);
        if (told == ALERT_NORMAL)
            sequence = 0;
    }
    alert_engine_configure(engine, &config);
    for (int i = 0; i < 1000; i++)
        if (step_cpu(10))
            told = notices[0].alert->told;
    ck_assert_int_eq(told, ALERT_NORMAL);
}
END_TEST

/* The same values with and without reloads at every step: the same states, the same words. */
START_TEST(reload_in_every_state)
{
    struct config_threshold *rule = add_rule("cpu.total", 2);
    rule->keep_seconds = 2, rule->repeat_seconds = 5;
    struct config copy = config;
    struct config_threshold rules_copy[RULES_MAX];
    memcpy(rules_copy, rules, sizeof rules_copy);
    copy.threshold = rules_copy;
    unsigned seed = 7;
    enum { STEPS = 4000 };
    static struct { enum alert_state state; enum alert_change change; } seen[STEPS];
    int reached[ALERT_STATE_COUNT] = { 0 }, flaps = 0;
    for (int pass = 0; pass < 2; pass++) {
        alert_engine_free(engine);
        engine = alert_engine_new();
        configure();
        seed = 7;
        sample.mono_ns = 1000 * NS_PER_SEC;
        for (int i = 0; i < STEPS; i++) {
            if (pass)
                alert_engine_configure(engine, i % 2 ? &config : &copy);
            if (i % 500 == 499)
                sample.mono_ns += 900 * NS_PER_SEC; /* calm, so that it stops flapping */
            int dice = rand_r(&seed) % 40;
            double value = dice < 10 ? 10 : dice < 20 ? 75 : dice < 30 ? 85 : 95;
            for (int hold = rand_r(&seed) % 4; hold >= 0 && i < STEPS; hold--, i++) {
                int told = step_cpu(value);
                enum alert_change change = told ? notices[0].change : ALERT_CHANGE_NONE;
                if (!pass)
                    seen[i].state = cpu_state(), seen[i].change = change;
                ck_assert_int_eq(seen[i].state, cpu_state());
                ck_assert_int_eq(seen[i].change, change);
                reached[cpu_state()]++;
                flaps += find("cpu.total")->flapping;
            }
            i--;
        }
    }
    for (int s = 0; s < ALERT_STATE_COUNT; s++)
        ck_assert_msg(reached[s] > 0, "%d", s);
    ck_assert_int_gt(flaps, 0);
}
END_TEST

START_TEST(conditions)
{
    struct config_threshold *rule = add_rule("cpu.total", 2);
    rule->when = (char *)(uintptr_t)"system.load1 > 4 and (value > 0 or value .. {} == '')";
    configure();
    sample_set(&sample, METRIC_SYSTEM_LOAD1, -1, 2);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(step_cpu(95), 0);
    ck_assert_int_eq(cpu_state(), ALERT_NORMAL);
    sample_set(&sample, METRIC_SYSTEM_LOAD1, -1, 5); /* only from now on it counts */
    ck_assert_int_eq(step_cpu(95) + step_cpu(95), 0);
    ck_assert_int_eq(cpu_state(), ALERT_PENDING);
    ck_assert_int_eq(step_cpu(95), 1);
    sample_set(&sample, METRIC_SYSTEM_LOAD1, -1, NAN); /* nothing is known: nothing moves */
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(step_cpu(10), 0);
    ck_assert_str_eq(alert_engine_fault(engine), "");
    sample_set(&sample, METRIC_SYSTEM_LOAD1, -1, 5);
    ck_assert_int_eq(step_cpu(0), 0); /* the condition itself fails */
    ck_assert_ptr_nonnull(strstr(alert_engine_fault(engine), "cpu.total: when: "));
    ck_assert_int_eq(cpu_state(), ALERT_CRITICAL);
    configure();
    sample_set(&sample, METRIC_SYSTEM_LOAD1, -1, 1);
    ck_assert_int_eq(step_cpu(95), 1);
    ck_assert_str_eq(alert_engine_fault(engine), "");
    expect_text(0, "alert.resolved",
        "cpu.total is 95.0%, and its condition no longer holds (was critical above 90%)");
    alert_engine_free(engine);
    engine = alert_engine_new();
}
END_TEST

START_TEST(silences_hold_back_but_no_end)
{
    struct config_threshold *rule = add_rule("cpu.total", 0);
    str_copy(rule->labels, sizeof rule->labels, "team=lab");
    rule->repeat_seconds = 5;
    configure();
    struct silence silence = { .matcher = "cpu.* team=l*", .reason = "backup",
        .until_ns = sample.mono_ns + 10 * NS_PER_SEC };
    alert_engine_silence(engine, &silence, 1);
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(step_cpu(95), 0);
    ck_assert_int_eq(cpu_state(), ALERT_CRITICAL);
    ck_assert_int_eq(find("cpu.total")->hold, ALERT_SILENCED);
    ck_assert_str_eq(find("cpu.total")->cause, "backup");
    ck_assert_int_eq(step_cpu(10), 0); /* what was not told has no end */
    ck_assert_int_eq(step_cpu(10), 0);
    ck_assert_int_eq(step_cpu(85), 0);
    ck_assert_int_eq(step_cpu(85), 0);
    ck_assert_int_eq(step_cpu(85), 1); /* the silence is over, and it fires still */
    ck_assert_int_eq(notices[0].change, ALERT_CHANGE_FIRED);
    ck_assert_int_eq(notices[0].alert->sequence, 1);
    silence.until_ns = INT64_MAX;
    sample.mono_ns += 1000 * NS_PER_SEC; /* else it would be flapping */
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(step_cpu(95), 0); /* no worse, no repeats */
    ck_assert_int_eq(step_cpu(10), 1);
    ck_assert_int_eq(notices[0].change, ALERT_CHANGE_RESOLVED);
    alert_engine_silence(engine, NULL, 0);
}
END_TEST

START_TEST(acknowledged_until_it_is_worse)
{
    add_rule("cpu.total", 0)->repeat_seconds = 5;
    configure();
    ck_assert_int_eq(alert_engine_acknowledge(engine, "*", "me", &notices), 0);
    ck_assert_int_eq(step_cpu(85), 1);
    ck_assert_int_eq(alert_engine_acknowledge(engine, "disk.*", "me", &notices), 0);
    ck_assert_int_eq(alert_engine_acknowledge(engine, "cpu.*", "m\x1b[2Je", &notices), 1);
    ck_assert_ptr_null(strchr(notices[0].alert->acknowledged, 0x1b));
    ck_assert_str_eq(alert_notice_type(&notices[0]), "alert.acknowledged");
    ck_assert_int_eq(alert_engine_acknowledge(engine, "cpu.*", "you", &notices), 0);
    for (int i = 0; i < 10; i++)
        ck_assert_int_eq(step_cpu(85), 0);
    ck_assert_int_eq(step_cpu(95), 1);
    ck_assert_str_eq(notices[0].alert->acknowledged, "");
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(step_cpu(95), 0);
    ck_assert_int_eq(step_cpu(95), 1);
    ck_assert_int_eq(notices[0].change, ALERT_CHANGE_REPEATED);
    ck_assert_int_eq(alert_engine_acknowledge(engine, "*", "me", &notices), 1);
    ck_assert_int_eq(step_cpu(10), 1); /* its end is told */
    ck_assert_int_eq(notices[0].change, ALERT_CHANGE_RESOLVED);
    step_cpu(10);
    ck_assert_str_eq(find("cpu.total")->acknowledged, "");
}
END_TEST

START_TEST(escalates_until_somebody_has_seen_it)
{
    struct config_threshold *rule = add_rule("cpu.total", 0);
    rule->escalate_seconds = 5;
    str_copy(rule->webhooks, sizeof rule->webhooks, "a,b,c");
    configure();
    ck_assert_int_eq(step_cpu(85), 1);
    for (int rung = 1; rung < 3; rung++) {
        for (int i = 0; i < 4; i++)
            ck_assert_int_eq(step_cpu(85), 0);
        ck_assert_int_eq(step_cpu(85), 1);
        ck_assert_int_eq(notices[0].change, ALERT_CHANGE_ESCALATED);
        ck_assert_int_eq(notices[0].alert->rung, rung);
        expect_text(0, "alert.warning",
            "cpu.total is 85.0%, and nobody has acknowledged it (warning above 80%)");
    }
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(step_cpu(85), 0);
    ck_assert_int_eq(step_cpu(10), 1);
    step_cpu(10);
    ck_assert_int_eq(find("cpu.total")->rung, 0);
    sample.mono_ns += 1000 * NS_PER_SEC;
    ck_assert_int_eq(step_cpu(85), 1);
    ck_assert_int_eq(alert_engine_acknowledge(engine, "*", "me", &notices), 1);
    for (int i = 0; i < 20; i++)
        ck_assert_int_eq(step_cpu(85), 0);
}
END_TEST

START_TEST(what_says_more_inhibits)
{
    add_rule("core.total", 0);
    add_rule("cpu.total", 0);
    struct config_threshold *early = add_rule("cpu.total", 0);
    early->named = true, early->has_critical = false, early->warning = 20, early->clear_warning = 15;
    str_copy(early->name, sizeof early->name, "early");
    configure();
    sample_set(&sample, METRIC_CORE_TOTAL, sample_row(&sample, GROUP_CORE, "0"), 95);
    sample_set(&sample, METRIC_CORE_TOTAL, sample_row(&sample, GROUP_CORE, "1"), 5);
    ck_assert_int_eq(step_cpu(10), 1); /* a core alone */
    ck_assert_str_eq(notices[0].alert->key, "core.total:0");
    sample_set(&sample, METRIC_CORE_TOTAL, 1, 95);
    ck_assert_int_eq(step_cpu(95), 1); /* all of them: one is told, in one step */
    ck_assert_str_eq(notices[0].alert->key, "cpu.total");
    ck_assert_int_eq(find("core.total:1")->hold, ALERT_INHIBITED);
    ck_assert_str_eq(find("core.total:1")->cause, "cpu.total");
    ck_assert_int_eq(find("early")->hold, ALERT_INHIBITED);
    ck_assert_int_eq(find("early")->state, ALERT_WARNING);
    ck_assert_int_eq(step_cpu(50), 3); /* the end of cpu.total; now the others count */
    sample_set(&sample, METRIC_CORE_TOTAL, 0, 5);
    ck_assert_int_eq(step_cpu(50), 1);
    ck_assert_str_eq(notices[0].alert->key, "core.total:0"); /* whose fire was told */
}
END_TEST

START_TEST(told_and_not_measured)
{
    add_rule("cpu.total", 0);
    configure();
    step_cpu(95);
    ck_assert_int_eq(alert_engine_raise(engine, "notify:x", ALERT_NORMAL, "", NULL), 0);
    ck_assert_int_lt(position("notify:x"), 0);
    ck_assert_int_eq(alert_engine_raise(engine, "notify:x", ALERT_WARNING, "bad\x1b[2J", "team=lab"), 1);
    ck_assert_int_eq(alert_engine_raise(engine, "notify:x", ALERT_WARNING, "bad", "team=lab"), 0);
    ck_assert_int_eq(alert_engine_step_external(engine, &sample, &notices), 1);
    expect_text(0, "alert.warning", "notify:x: bad");
    ck_assert_str_eq(alert_labels(notices[0].alert), "team=lab");
    configure(); /* a reload leaves it alone */
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(step_cpu(95), 0);
    ck_assert_int_eq(alert_engine_acknowledge(engine, "team=lab", "me", &notices), 1);
    expect_text(0, "alert.acknowledged", "notify:x is acknowledged by me: bad");
    ck_assert_int_eq(alert_engine_raise(engine, "notify:x", ALERT_CRITICAL, "worse", ""), 1);
    ck_assert_int_eq(step_cpu(95), 1);
    expect_text(0, "alert.critical", "notify:x: worse");
    struct alert saved = *find("notify:x");
    alert_engine_free(engine);
    engine = alert_engine_new();
    alert_engine_restore(engine, &saved);
    configure();
    ck_assert_int_eq(step_cpu(10), 0);
    ck_assert_int_eq(find("notify:x")->told, ALERT_CRITICAL);
    ck_assert_int_eq(alert_engine_raise(engine, "notify:x", ALERT_NORMAL, "", NULL), 1);
    ck_assert_int_eq(step_cpu(10), 1);
    expect_text(0, "alert.resolved", "notify:x is over (was critical: worse)");
    step_cpu(10);
    ck_assert_int_lt(position("notify:x"), 0);
}
END_TEST

START_TEST(what_is_not_raised_again_ends)
{
    configure();
    for (int i = 0; i < 3; i++) {
        alert_engine_renew(engine, "leak:");
        alert_engine_raise(engine, "leak:a", ALERT_WARNING, "a", NULL);
        alert_engine_raise(engine, "leak:b", ALERT_WARNING, "b", NULL);
        alert_engine_raise(engine, "notify:c", ALERT_WARNING, "c", NULL);
        alert_engine_expire(engine);
        ck_assert_int_eq(step(), i ? 0 : 3);
    }
    alert_engine_renew(engine, "leak:");
    alert_engine_raise(engine, "leak:b", ALERT_WARNING, "b", NULL);
    alert_engine_expire(engine);
    ck_assert_int_eq(step(), 1);
    ck_assert_str_eq(notices[0].alert->key, "leak:a");
    ck_assert_int_eq(notices[0].change, ALERT_CHANGE_RESOLVED);
}
END_TEST

START_TEST(rules_with_names_of_their_own)
{
    struct config_threshold *own = add_rule("disk.busy", 0);
    own->named = true;
    str_copy(own->name, sizeof own->name, "slow-disk");
    struct config_threshold *two = add_rule("cpu.total", 0);
    two->named = true, two->warning = 50, two->clear_warning = 45;
    str_copy(two->name, sizeof two->name, "half");
    struct config_threshold *figure = add_rule("pool.reuse", 0);
    figure->named = true;
    str_copy(figure->name, sizeof figure->name, "reuse");
    add_rule("cpu.total", 0);
    configure();
    sample_set(&sample, METRIC_DISK_BUSY, sample_row(&sample, GROUP_DISK, "vda"), 85);
    sample_set(&sample, METRIC_DISK_BUSY, sample_row(&sample, GROUP_DISK, "vdb"), 5);
    sample_set(&sample, METRIC_FIGURE_VALUE, sample_row(&sample, GROUP_FIGURE, "pool.reuse:app/a=b"), 99);
    ck_assert_int_eq(step_cpu(60), 3);
    ck_assert_int_eq(find("slow-disk:vda")->state, ALERT_WARNING);
    ck_assert_int_eq(find("slow-disk:vdb")->state, ALERT_NORMAL);
    ck_assert_int_eq(find("half")->state, ALERT_WARNING);
    ck_assert_int_eq(find("reuse:app/a=b")->state, ALERT_CRITICAL);
    ck_assert_int_eq(cpu_state(), ALERT_NORMAL);
    for (int i = 0; i < 3; i++)
        if (!strcmp(notices[i].alert->key, "slow-disk:vda"))
            expect_text(i, "alert.warning", "slow-disk:vda is 85.0% (warning above 80%)");

    struct alert saved = *find("slow-disk:vda"), figures = *find("reuse:app/a=b");
    alert_engine_free(engine);
    engine = alert_engine_new();
    alert_engine_restore(engine, &saved);
    alert_engine_restore(engine, &figures);
    configure();
    ck_assert_int_eq(step_cpu(10), 0);
    sample_set(&sample, METRIC_FIGURE_VALUE, 0, 10);
    sample_set(&sample, METRIC_DISK_BUSY, 0, 5);
    ck_assert_int_eq(step_cpu(10), 2);
    ck_assert_int_eq(notices[0].change, ALERT_CHANGE_RESOLVED);
}
END_TEST

START_TEST(instances_end_somewhere)
{
    const enum metric_group groups[] = { GROUP_CORE, GROUP_DISK, GROUP_NET };
    for (int g = 0; g < 3; g++) {
        int first = metric_group_info(groups[g])->first, count = metric_group_info(groups[g])->count;
        for (int m = first; m < first + count; m++)
            add_rule(metric_info((enum metric)m)->name, 0);
        for (int i = 0; i < SAMPLE_ROWS_MAX; i++) {
            char name[16];
            snprintf(name, sizeof name, "veth%d", i);
            int row = sample_row(&sample, groups[g], name);
            for (int m = first; m < first + count; m++)
                sample_set(&sample, (enum metric)m, row, 99);
        }
    }
    configure();
    const struct alert *alerts;
    int told = step();
    ck_assert_int_eq(told, 16384);
    ck_assert_int_eq(alert_engine_alerts(engine, &alerts), told);
    ck_assert_int_eq(step(), 0);
}
END_TEST

/* What calm alerts are at is shown, too; an instance that goes and comes back, or is
 * another one, is looked at where it is. */
START_TEST(calm_alerts_follow_their_figures)
{
    add_rule("disk.busy", 0);
    configure();
    int row = sample_row(&sample, GROUP_DISK, "vda");
    sample_set(&sample, METRIC_DISK_BUSY, row, 10);
    step();
    sample_set(&sample, METRIC_DISK_BUSY, row, 20);
    step();
    ck_assert_double_eq(find("disk.busy:vda")->value, 20);
    sample_set(&sample, METRIC_DISK_BUSY, row, NAN);
    step();
    ck_assert_double_eq(find("disk.busy:vda")->value, 20);
    for (int i = 0; i < 100; i++) { /* the rows move */
        char name[16];
        snprintf(name, sizeof name, "sd%d", i);
        sample_set(&sample, METRIC_DISK_BUSY, sample_row(&sample, GROUP_DISK, name), i == 70 ? 85 : 1);
    }
    sample_set(&sample, METRIC_DISK_BUSY, row, 30);
    ck_assert_int_eq(step(), 1);
    ck_assert_str_eq(notices[0].alert->key, "disk.busy:sd70");
    ck_assert_double_eq(find("disk.busy:vda")->value, 30);
    sample.rows[GROUP_DISK].row[row].present = false;
    step();
    ck_assert_int_eq(position("disk.busy:vda"), -1);
    row = sample_row(&sample, GROUP_DISK, "vda");
    sample_set(&sample, METRIC_DISK_BUSY, row, 95);
    ck_assert_int_eq(step(), 1);
    ck_assert_str_eq(notices[0].alert->key, "disk.busy:vda");
}
END_TEST

static struct config_threshold *
add_trend(const char *name, const char *metric, enum metric_aspect of, double window_seconds)
{
    struct config_threshold *rule = add_rule(metric, 0);
    str_copy(rule->name, sizeof rule->name, name);
    rule->named = true;
    rule->of = of;
    rule->window_seconds = window_seconds;
    rule->has_critical = false;
    return rule;
}

START_TEST(rates)
{
    struct config_threshold *rule = add_trend("growth", "memory.used_bytes", ASPECT_RATE, 10);
    rule->warning = 1e6, rule->clear_warning = 9e5;
    configure();
    for (int i = 0; i < 5; i++) { /* not half of the window yet */
        sample_set(&sample, METRIC_MEMORY_USED, -1, 1e9 + i * 2e6);
        ck_assert_int_eq(step(), 0);
    }
    ck_assert(isnan(find("growth")->value));
    sample_set(&sample, METRIC_MEMORY_USED, -1, 1e9 + 5 * 2e6);
    ck_assert_int_eq(step(), 1);
    ck_assert_double_eq_tol(notices[0].alert->value, 2e6, 1);
    ck_assert_int_eq(notices[0].alert->of, ASPECT_RATE);
    ck_assert_str_eq(alert_unit(notices[0].alert), "B/s");
    expect_text(0, "alert.warning", "growth changes by +114M/min (warning above +57.2M/min)");
    double used = 1e9 + 5 * 2e6;
    int told = 0;
    for (int i = 0; i < 12; i++) {
        sample_set(&sample, METRIC_MEMORY_USED, -1, used);
        if (step())
            told++;
    }
    ck_assert_int_eq(told, 1);
    ck_assert_double_eq_tol(find("growth")->value, 0, 1e-6);
    sample_set(&sample, METRIC_MEMORY_USED, -1, NAN); /* away for so long, it is not known */
    for (int i = 0; i < 12; i++)
        ck_assert_int_eq(step(), 0);
    sample_set(&sample, METRIC_MEMORY_USED, -1, 2e9); /* no rate comes of one jump */
    ck_assert_int_eq(step(), 0);
}
END_TEST

START_TEST(time_left)
{
    struct config_threshold *full = add_trend("full", "memory.used_pct", ASPECT_TIME_LEFT, 10);
    full->below = true, full->limit = 100, full->warning = 60, full->clear_warning = 66;
    struct config_threshold *gone = add_trend("gone", "memory.available_bytes", ASPECT_TIME_LEFT, 10);
    gone->below = gone->limit_below = true;
    gone->limit = 0, gone->warning = 40, gone->clear_warning = 44;
    configure();
    uint32_t seed = 1;
    for (int i = 0; i < 100; i++) { /* noise goes nowhere */
        seed = seed * 1664525 + 1013904223;
        sample_set(&sample, METRIC_MEMORY_USED_PCT, -1, 90 + (double)(seed >> 24) / 512);
        sample_set(&sample, METRIC_MEMORY_AVAILABLE, -1, 1e9);
        ck_assert_int_eq(step(), 0);
    }
    int full_at = -1, gone_at = -1;
    for (int i = 0; i < 30; i++) {
        sample_set(&sample, METRIC_MEMORY_USED_PCT, -1, 50 + i);
        sample_set(&sample, METRIC_MEMORY_AVAILABLE, -1, 1e9 - i * 25e6);
        int count = step();
        for (int n = 0; n < count; n++) {
            bool is_full = !strcmp(notices[n].alert->key, "full");
            *(is_full ? &full_at : &gone_at) = i;
            if (!is_full)
                continue;
            char text[ALERT_TEXT_MAX];
            alert_notice_text(&notices[n], text, sizeof text);
            ck_assert_msg(!strncmp(text, "full meets 100% in ", 19), "%s", text);
            ck_assert_msg(strstr(text, "(warning below 1m") != NULL, "%s", text);
        }
    }
    ck_assert_int_ge(full_at, 0);
    ck_assert_int_ge(gone_at, 0);
    ck_assert_double_eq_tol(find("full")->value, 100 - 79, 1);
    ck_assert_double_eq_tol(find("gone")->value, 40 - 29, 1);
    for (int i = 0; i < 12; i++) /* it stands: there is no end to it */
        step();
    ck_assert_int_eq(find("full")->told, ALERT_NORMAL);
    ck_assert(isinf(find("full")->value));
    sample_set(&sample, METRIC_MEMORY_USED_PCT, -1, 100); /* there is no time left at all */
    ck_assert_int_eq(step(), 1);
    expect_text(0, "alert.warning", "full has met 100% (warning below 1m00s)");
}
END_TEST

START_TEST(no_allocation_after_warm_up)
{
    add_rule("cpu.total", 1);
    add_rule("core.total", 0);
    add_trend("growth", "cpu.total", ASPECT_RATE, 10);
    configure();
    int row[2] = { sample_row(&sample, GROUP_CORE, "0"), sample_row(&sample, GROUP_CORE, "1") };
    step_cpu(1);
    unsigned long before = test_allocations();
    for (int i = 0; i < 1000; i++) {
        sample_set(&sample, METRIC_CORE_TOTAL, row[0], i % 7 * 16);
        sample_set(&sample, METRIC_CORE_TOTAL, row[1], i % 5 * 22);
        step_cpu(i % 11 * 10);
    }
    ck_assert_uint_eq(test_allocations(), before);
}
END_TEST

/* A random walk: the properties that no table or rule may break. */
START_TEST(invariants_of_a_long_walk)
{
    struct config_threshold *rule = add_rule("cpu.total", _i);
    configure();
    uint32_t seed = 12345;
    double value = 50;
    bool firing = false, flapped = false;
    uint32_t sequence = 0;
    int fired = 0, resolved = 0;
    for (int i = 0; i < 100000; i++) {
        seed = seed * 1664525 + 1013904223;
        value += ((double)(seed >> 16) / 65536.0 - 0.5) * 12;
        value = value < 0 ? 0 : value > 100 ? 100 : value;
        int told = step_cpu((seed >> 8) % 97 == 0 ? (double)NAN : value);
        const struct alert *alert = find("cpu.total");
        ck_assert_int_le(told, 1);
        if (told) {
            ck_assert_uint_eq(notices[0].alert->sequence, ++sequence);
            ck_assert_int_ne(notices[0].alert->incident_wall_ns, 0);
        }
        if (told && notices[0].change == ALERT_CHANGE_RESOLVED) {
            ck_assert(firing);
            ck_assert_double_le(alert->value, flapped ? rule->warning : rule->clear_warning);
            firing = false;
            sequence = 0;
            resolved++;
        } else if (told) {
            firing = true;
            fired++;
        }
        ck_assert_int_eq(firing, alert->told != ALERT_NORMAL);
        flapped = alert->flapping || (flapped && alert->told != ALERT_NORMAL);
        if (!flapped)
            ck_assert_int_eq(alert->told, alert_fired(alert->state));
        if (alert->state == ALERT_CRITICAL)
            ck_assert_double_gt(alert->value, rule->clear_critical);
    }
    ck_assert_int_gt(fired, 100);
    ck_assert_int_gt(resolved, 100);
}
END_TEST

START_TEST(hostile_instance_names_are_cleaned)
{
    struct alert saved = saved_alert("disk.busy:x\x1b[2J", ALERT_WARNING);
    alert_engine_restore(engine, &saved);
    ck_assert_int_eq(step(), 1);
    char text[ALERT_TEXT_MAX];
    alert_notice_text(&notices[0], text, sizeof text);
    ck_assert_ptr_null(strchr(text, 0x1b));
}
END_TEST

/* Which notices a walk of the metrics gives, one line each. The wall clock goes as the
 * monotonic one, or jumps at each seventh step, also while a level must hold. */
static void
walk(bool jumps, struct str *out)
{
    static const int64_t days[] = { -1, 1, 3650, -3651, -7300, 7301 };
    alert_engine_configure(engine, &config);
    sample.mono_ns = 1000 * NS_PER_SEC;
    sample.wall_ns = INT64_C(1795228200) * NS_PER_SEC;
    struct silence silence = { .matcher = "cpu.*", .until_ns = sample.mono_ns + 300 * NS_PER_SEC };
    alert_engine_silence(engine, &silence, 1);
    uint32_t seed = 7;
    double value = 50;
    for (int i = 0; i < 3000; i++) {
        seed = seed * 1664525 + 1013904223;
        value = fmin(fmax(value + ((double)(seed >> 16) / 65536.0 - 0.5) * 14, 0), 100);
        if (jumps && i % 7 == 3)
            sample.wall_ns += days[i / 7 % 6] * 86400 * NS_PER_SEC;
        sample_set(&sample, METRIC_MEMORY_USED_PCT, -1, value);
        sample_set(&sample, METRIC_MEMORY_USED, -1, value * 1e8);
        int told = step_cpu(100 - value);
        for (int n = 0; n < told; n++)
            str_printf(out, "%d %s %d %s %u %d\n", i, notices[n].alert->key, (int)notices[n].change,
                alert_notice_type(&notices[n]), notices[n].alert->sequence, notices[n].alert->rung);
    }
    alert_engine_silence(engine, NULL, 0);
}

START_TEST(jumps_of_the_wall_clock_change_no_notice)
{
    struct str calm, jumping;
    struct config_threshold *rule = add_rule("cpu.total", 3); /* every time that a rule can have */
    rule->keep_seconds = 5, rule->repeat_seconds = 20;
    rule = add_rule("memory.used_pct", 0);
    rule->escalate_seconds = 10, rule->repeat_seconds = 30;
    str_copy(rule->webhooks, sizeof rule->webhooks, "first,second,third");
    rule = add_trend("growth", "memory.used_bytes", ASPECT_RATE, 10);
    rule->warning = 5e7, rule->clear_warning = 4e7;
    rule = add_trend("full", "memory.used_pct", ASPECT_TIME_LEFT, 10);
    rule->below = true, rule->limit = 100, rule->warning = 60, rule->clear_warning = 66;
    str_init(&calm);
    str_init(&jumping);
    walk(false, &calm);
    alert_engine_free(engine);
    engine = alert_engine_new();
    walk(true, &jumping);
    ck_assert_str_eq(jumping.data, calm.data);
    ck_assert_ptr_nonnull(strstr(calm.data, "cpu.total"));
    ck_assert_ptr_nonnull(strstr(calm.data, "growth"));
    ck_assert_ptr_nonnull(strstr(calm.data, "full"));
    ck_assert_uint_gt(calm.len, 2000); /* there was something to fire */
    str_release(&calm);
    str_release(&jumping);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("engine");
    TCase *tcase = tcase_create("engine");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, whole_incident);
    tcase_add_test(tcase, straight_to_critical_and_back);
    tcase_add_test(tcase, must_hold_for_its_time);
    tcase_add_test(tcase, levels_hold_on_their_own);
    tcase_add_test(tcase, wall_clock_jumps_change_nothing);
    tcase_add_test(tcase, unknown_is_no_recovery);
    tcase_add_test(tcase, below);
    tcase_add_test(tcase, one_level_alone);
    tcase_add_test(tcase, instances);
    tcase_add_test(tcase, reused_row_is_another_instance);
    tcase_add_test(tcase, own_rule_of_an_instance);
    tcase_add_test(tcase, rule_that_goes_resolves);
    tcase_add_test(tcase, new_levels_of_a_firing_alert);
    tcase_add_test(tcase, restored_alert_goes_on);
    tcase_add_test(tcase, restored_alert_without_rule_resolves);
    tcase_add_test(tcase, restored_instance_waits_for_its_row);
    tcase_add_test(tcase, clears_only_after_its_time);
    tcase_add_test(tcase, repeats);
    tcase_add_test(tcase, flapping_is_told_once);
    tcase_add_test(tcase, flapping_ends_with_its_rule);
    tcase_add_loop_test(tcase, each_fire_that_is_told_has_its_end, 0, 24);
    tcase_add_test(tcase, reload_in_every_state);
    tcase_add_test(tcase, conditions);
    tcase_add_test(tcase, silences_hold_back_but_no_end);
    tcase_add_test(tcase, acknowledged_until_it_is_worse);
    tcase_add_test(tcase, escalates_until_somebody_has_seen_it);
    tcase_add_test(tcase, what_says_more_inhibits);
    tcase_add_test(tcase, told_and_not_measured);
    tcase_add_test(tcase, what_is_not_raised_again_ends);
    tcase_add_test(tcase, rules_with_names_of_their_own);
    tcase_add_test(tcase, instances_end_somewhere);
    tcase_add_test(tcase, calm_alerts_follow_their_figures);
    tcase_add_test(tcase, rules_of_published_figures);
    tcase_add_test(tcase, rates);
    tcase_add_test(tcase, time_left);
    tcase_add_test(tcase, jumps_of_the_wall_clock_change_no_notice);
    tcase_add_test(tcase, no_allocation_after_warm_up);
    tcase_add_loop_test(tcase, invariants_of_a_long_walk, 0, 4);
    tcase_add_test(tcase, hostile_instance_names_are_cleaned);
    suite_add_tcase(suite, tcase);
    return suite;
}
