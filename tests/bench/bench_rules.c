/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rules: a tick of 1,000 rules over 10,000 series, beside one plain pass over the
 * same values; the first tick, which binds them; and seven days of one reading a
 * second of 100 metrics replayed, beside the plain pass over those.
 * CPU time of the thread.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alert/replay.h"
#include "base/clock.h"
#include "base/str.h"
#include "timing.h"

enum { CORES = 1000, DISKS = 400, RULES = 1000, TICKS = 101, DAYS_SECONDS = 7 * 86400, METRICS = 100 };

static struct config config;
static struct config_threshold rules[RULES];

static void
add_rule(const char *name, const char *metric_text)
{
    const char *instance;
    struct config_threshold *rule = &rules[config.threshold_count++];
    *rule = (struct config_threshold){ .metric = (enum metric)metric_parse(metric_text, &instance),
        .enabled = true, .named = name != NULL, .has_warning = true, .warning = 80, .clear_warning = 70,
        .has_critical = true, .critical = 95, .clear_critical = 85, .for_seconds = 5 };
    str_copy(rule->name, sizeof rule->name, name ? name : metric_text);
    str_copy(rule->instance, sizeof rule->instance, instance ? instance : "");
}

static double
value_at(uint64_t n)
{
    n = (n + 1) * UINT64_C(0x9e3779b97f4a7c15);
    double calm = (double)(n >> 40 & 0xFF) / 4; /* 0 to 64 */
    return (n >> 20 & 0x3FF) ? calm : 97; /* one in a thousand is beyond */
}

static int
fill(struct sample *sample, uint64_t tick)
{
    int count = 0;
    static const enum metric_group groups[] = { GROUP_CORE, GROUP_DISK };
    for (int g = 0; g < 2; g++) {
        const struct metric_group_info *info = metric_group_info(groups[g]);
        for (int r = 0; r < sample->rows[groups[g]].count; r++)
            for (int c = 0; c < info->count; c++, count++)
                sample->rows[groups[g]].row[r].value[c] = value_at(tick * 1000003 + (uint64_t)count);
    }
    return count;
}

static double
plain_pass(const struct sample *sample)
{
    int over = 0;
    double start = cpu_ns();
    static const enum metric_group groups[] = { GROUP_CORE, GROUP_DISK };
    for (int g = 0; g < 2; g++)
        for (int r = 0; r < sample->rows[groups[g]].count; r++)
            for (int c = 0; c < metric_group_info(groups[g])->count; c++)
                over += sample->rows[groups[g]].row[r].value[c] > 80;
    volatile int keep = over;
    (void)keep;
    return cpu_ns() - start;
}

static void
bench_tick(void)
{
    struct sample sample;
    const struct alert_notice *notices;
    const struct alert *alerts;
    char name[48];
    double ticks[TICKS], passes[TICKS];
    sample_init(&sample);
    for (int i = 0; i < CORES; i++)
        sample_row(&sample, GROUP_CORE, (snprintf(name, sizeof name, "%d", i), name));
    for (int i = 0; i < DISKS; i++)
        sample_row(&sample, GROUP_DISK, (snprintf(name, sizeof name, "sd%d", i), name));
    config = (struct config){ .threshold = rules };
    static const enum metric_group groups[] = { GROUP_CORE, GROUP_DISK };
    for (int g = 0; g < 2; g++)
        for (int c = 0; c < metric_group_info(groups[g])->count; c++)
            add_rule(NULL, metric_info((enum metric)(metric_group_info(groups[g])->first + c))->name);
    while (config.threshold_count < RULES) {
        char own[32];
        int n = config.threshold_count;
        snprintf(own, sizeof own, "rule-%d", n);
        snprintf(name, sizeof name, "core.user:%d", n);
        add_rule(own, name);
    }
    int series = fill(&sample, 0);
    struct alert_engine *engine = alert_engine_new();
    alert_engine_configure(engine, &config);
    sample.mono_ns = 1000 * NS_PER_SEC;
    double start = cpu_ns();
    alert_engine_step(engine, &sample, &notices);
    double bind = cpu_ns() - start, again[5];
    for (int i = 0; i < 5; i++) {
        sample.rows[GROUP_DISK].naming++; /* an instance has another name */
        start = cpu_ns();
        alert_engine_step(engine, &sample, &notices);
        again[i] = cpu_ns() - start;
    }
    qsort(again, 5, sizeof *again, compare);
    for (int t = 0; t < TICKS; t++) {
        fill(&sample, (uint64_t)t + 1);
        sample.mono_ns += NS_PER_SEC;
        sample.wall_ns += NS_PER_SEC;
        start = cpu_ns();
        alert_engine_step(engine, &sample, &notices);
        ticks[t] = cpu_ns() - start;
        passes[t] = plain_pass(&sample);
    }
    qsort(ticks, TICKS, sizeof *ticks, compare);
    qsort(passes, TICKS, sizeof *passes, compare);
    printf("rules: %d rules, %d series, %d alerts: first tick %.1f ms, one with new names %.1f ms, then %.3f ms (p99 %.3f ms, bar 5 ms);"
           " bare pass %.3f ms, ratio %.1f\n", config.threshold_count, series,
        alert_engine_alerts(engine, &alerts), bind / 1e6, again[2] / 1e6, ticks[TICKS / 2] / 1e6, ticks[TICKS - 2] / 1e6,
        passes[TICKS / 2] / 1e6, ticks[TICKS / 2] / passes[TICKS / 2]);
    alert_engine_free(engine);
    sample_release(&sample);
}

static void
bench_replay(void)
{
    struct past past;
    struct replay replay;
    char name[16];
    config = (struct config){ .threshold = rules };
    add_rule(NULL, "core.total");
    if (past_init(&past, DAYS_SECONDS, METRICS) < 0)
        return;
    for (int m = 0; m < DAYS_SECONDS; m++)
        past.wall_ns[m] = (INT64_C(1795228200) + m) * NS_PER_SEC;
    for (int s = 0; s < METRICS; s++) {
        past.series[s].metric = METRIC_CORE_TOTAL;
        snprintf(name, sizeof name, "%d", s);
        str_copy(past.series[s].row, sizeof past.series[s].row, name);
        for (int m = 0; m < DAYS_SECONDS; m++) /* a busy minute in a thousand */
            past.series[s].value[m] = (float)value_at((uint64_t)(m / 60) * 131 + (uint64_t)s * 7919);
    }
    double start = cpu_ns();
    int over = 0;
    for (int s = 0; s < METRICS; s++)
        for (int m = 0; m < DAYS_SECONDS; m++)
            over += past.series[s].value[m] > 80;
    volatile int keep = over;
    (void)keep;
    double pass = cpu_ns() - start;
    start = cpu_ns();
    int r = replay_run(&config, &past, NULL, &replay);
    double took = cpu_ns() - start;
    int fired = 0;
    for (int i = 0; i < replay.count; i++)
        fired += replay.alert[i].fired;
    printf("backtest: 7 days of 1 s x %d metrics: %.2f s (bar 2 s), result %d, %d incidents; bare pass %.2f s,"
           " ratio %.1f\n", METRICS, took / 1e9, r, fired, pass / 1e9, took / pass);
    replay_release(&replay);
    past_release(&past);
}

int
main(void)
{
    bench_tick();
    bench_replay();
    return 0;
}
