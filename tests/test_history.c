/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "sample/history_private.h"

static const double steps[HISTORY_TIERS] = { 1, 10, 60 };
static const double lengths[HISTORY_TIERS] = { 3600, 6 * 3600, 7 * 86400 };
static const double short_lengths[HISTORY_TIERS] = { 20, 100, 600 };

enum { WALL = 6000 }; /* points of all tiers begin there */

static struct history *history;
static struct sample sample;
static struct history_point point[4000];
static int64_t base_ns = 77 * NS_PER_SEC;

static void
begin(const double *length)
{
    history = history_new(steps, length);
    sample_init(&sample);
}

static void
end(void)
{
    history_free(history);
    sample_release(&sample);
}

/* Pushes the sample as it is, at this second. */
static void
push_at(double second)
{
    sample.mono_ns = base_ns + sec_to_ns(second);
    sample.wall_ns = WALL * NS_PER_SEC + sec_to_ns(second);
    history_push(history, &sample);
}

static void
push_cpu(double second, double value)
{
    sample.scalar[METRIC_CPU_TOTAL] = value;
    push_at(second);
}

static int
read_cpu(int tier)
{
    return history_read(history, METRIC_CPU_TOTAL, -1, tier, point, 4000);
}

#define SAME(x, y) ck_assert_double_eq_tol((double)(x), (double)(y), 1e-4)
#define UNKNOWN(x) ck_assert(isnan(x))

START_TEST(nothing_yet)
{
    begin(lengths);
    ck_assert_int_eq(read_cpu(0), 0);
    push_cpu(0, 5);
    ck_assert_int_eq(read_cpu(0), 1);
    SAME(point[0].mean, 5);
    SAME(point[0].max, 5);
    ck_assert_int_eq(point[0].wall_ns, sample.wall_ns);
    ck_assert_int_eq(read_cpu(1), 0);
    ck_assert_int_eq(read_cpu(2), 0);
    end();
    history_free(NULL);
}
END_TEST

START_TEST(what_is_not_kept)
{
    begin(lengths);
    push_at(0);
    ck_assert_int_eq(history_read(history, METRIC_CPU_NICE, -1, 0, point, 10), 0);
    ck_assert_int_eq(history_read(history, METRIC_CORE_TOTAL, 0, 0, point, 10), 0);
    ck_assert_int_eq(history_read(history, METRIC_CORE_TOTAL, -1, 0, point, 10), 0);
    ck_assert_int_eq(history_read(history, METRIC_CPU_TOTAL, -1, 3, point, 10), 0);
    ck_assert_int_eq(history_read(history, METRIC_CPU_TOTAL, -1, -1, point, 10), 0);
    ck_assert_int_eq(history_read(history, METRIC_COUNT, -1, 0, point, 10), 0);
    ck_assert_int_eq(history_read(history, METRIC_CPU_TOTAL, -1, 0, point, 0), 0);
    ck_assert_int_eq(history_read(history, METRIC_CPU_TOTAL, -1, 0, point, -1), 0);
    end();
}
END_TEST

START_TEST(coarse_points_have_mean_and_maximum)
{
    begin(lengths);
    for (int i = 0; i < 125; i++)
        push_cpu(i, i % 10);
    ck_assert_int_eq(read_cpu(1), 12);
    for (int p = 0; p < 12; p++) {
        SAME(point[p].mean, 4.5);
        SAME(point[p].max, 9);
        ck_assert_int_eq(point[p].wall_ns, (int64_t)(WALL + 9 + 10 * p) * NS_PER_SEC);
    }
    ck_assert_int_eq(read_cpu(2), 2);
    SAME(point[1].mean, 4.5);
    SAME(point[1].max, 9);
    ck_assert_int_eq(point[1].wall_ns, (WALL + 119) * NS_PER_SEC);
    ck_assert_int_eq(read_cpu(0), 125);
    for (int p = 0; p < 125; p++) {
        SAME(point[p].mean, p % 10);
        ck_assert_int_eq(point[p].wall_ns, (WALL + p) * NS_PER_SEC);
    }
    end();
}
END_TEST

START_TEST(unknown_values_do_not_count)
{
    begin(lengths);
    for (int i = 0; i < 30; i++)
        push_cpu(i, i < 10 ? (i % 2 ? 8 : (double)NAN) : i < 20 ? (double)NAN : -3);
    ck_assert_int_eq(read_cpu(1), 3);
    SAME(point[0].mean, 8);
    UNKNOWN(point[1].mean);
    UNKNOWN(point[1].max);
    SAME(point[2].max, -3);
    ck_assert_int_eq(read_cpu(0), 30);
    UNKNOWN(point[0].mean);
    SAME(point[1].mean, 8);
    end();
}
END_TEST

START_TEST(a_whole_point_is_there_at_once)
{
    begin(lengths);
    for (int i = 0; i < 9; i++)
        push_cpu(i, 1);
    ck_assert_int_eq(read_cpu(1), 0);
    push_cpu(9, 11);
    ck_assert_int_eq(read_cpu(1), 1);
    SAME(point[0].mean, 2);
    SAME(point[0].max, 11);
    end();
}
END_TEST

START_TEST(rings_forget_the_oldest)
{
    begin(short_lengths);
    for (int i = 0; i < 2000; i++) {
        push_cpu(i, i);
        int count = read_cpu(0);
        ck_assert_int_eq(count, i < 20 ? i + 1 : 20);
        SAME(point[count - 1].mean, i);
        SAME(point[0].mean, i < 20 ? 0 : i - 19);
        count = read_cpu(1);
        int whole = (i + 1) / 10;
        ck_assert_int_eq(count, whole < 10 ? whole : 10);
        if (count > 0) {
            SAME(point[count - 1].max, whole * 10 - 1);
            SAME(point[0].max, (whole - count + 1) * 10 - 1);
        }
    }
    ck_assert_int_eq(history_read(history, METRIC_CPU_TOTAL, -1, 0, point, 3), 3);
    SAME(point[0].mean, 1997);
    SAME(point[2].mean, 1999);
    end();
}
END_TEST

START_TEST(a_gap_is_unknown)
{
    begin(short_lengths);
    for (int i = 0; i < 15; i++)
        push_cpu(i, 1);
    for (int i = 115; i < 120; i++)
        push_cpu(i, 2);
    ck_assert_int_eq(read_cpu(0), 20);
    for (int p = 0; p < 15; p++)
        UNKNOWN(point[p].mean);
    for (int p = 15; p < 20; p++)
        SAME(point[p].mean, 2);
    ck_assert_int_eq(read_cpu(1), 10); /* points 2 to 11 */
    for (int p = 0; p < 9; p++)
        UNKNOWN(point[p].max);
    SAME(point[9].mean, 2);
    ck_assert_int_eq(read_cpu(2), 2);
    SAME(point[0].mean, 1);
    /* A gap longer than every ring. */
    push_cpu(1e6, 3);
    ck_assert_int_eq(read_cpu(0), 20);
    UNKNOWN(point[18].mean);
    SAME(point[19].mean, 3);
    ck_assert_int_eq(read_cpu(1), 10);
    for (int p = 0; p < 10; p++)
        UNKNOWN(point[p].mean);
    push_cpu(1e6 + 1, 4);
    read_cpu(0);
    UNKNOWN(point[17].mean);
    SAME(point[18].mean, 3);
    SAME(point[19].mean, 4);
    end();
}
END_TEST

START_TEST(ticks_that_are_not_exact)
{
    begin(lengths);
    double t = 0;
    for (int i = 0; i < 3000; i++, t += 1.003)
        push_cpu(t + 0.05 * sin(i), 7);
    int count = read_cpu(0);
    ck_assert_int_eq(count, 3009);
    for (int p = 0; p < count; p++)
        SAME(point[p].mean, 7);
    end();
    /* Faster than the finest tier. */
    begin(lengths);
    for (int i = 0; i < 400; i++)
        push_cpu(i * 0.25, i % 2);
    count = read_cpu(0);
    ck_assert_int_eq(count, 101);
    SAME(point[50].mean, 0.5);
    SAME(point[50].max, 1);
    end();
    /* Slower: each sample stands for the time before it. */
    begin(lengths);
    for (int i = 0; i < 100; i++)
        push_cpu(i * 5, i);
    count = read_cpu(0);
    ck_assert_int_eq(count, 496);
    SAME(point[495].mean, 99);
    SAME(point[491].mean, 99);
    SAME(point[490].mean, 98);
    end();
    begin(lengths);
    for (int i = 0; i < 20; i++)
        push_cpu(i * 30, i);
    count = read_cpu(0);
    SAME(point[count - 1].mean, 19);
    SAME(point[count - 30].mean, 19);
    SAME(point[count - 31].mean, 18);
    UNKNOWN(point[5].mean);
    end();
}
END_TEST

START_TEST(a_clock_that_stands_or_goes_back)
{
    begin(lengths);
    push_cpu(5, 1);
    push_cpu(5, 3);
    ck_assert_int_eq(read_cpu(0), 1);
    SAME(point[0].mean, 2);
    SAME(point[0].max, 3);
    push_cpu(2, 5);
    ck_assert_int_eq(read_cpu(0), 1);
    SAME(point[0].mean, 3);
    push_cpu(6, 7);
    ck_assert_int_eq(read_cpu(0), 2);
    SAME(point[1].mean, 7);
    end();
}
END_TEST

static int
read_core(int row, int tier)
{
    return history_read(history, METRIC_CORE_TOTAL, row, tier, point, 4000);
}

START_TEST(instances_are_kept_apart)
{
    begin(lengths);
    int a = sample_row(&sample, GROUP_CORE, "0"), b;
    for (int i = 0; i < 25; i++) {
        sample_set(&sample, METRIC_CORE_TOTAL, a, i);
        if (i >= 12) {
            b = sample_row(&sample, GROUP_CORE, "1");
            sample_set(&sample, METRIC_CORE_TOTAL, b, 100 + i);
        }
        push_at(i);
    }
    ck_assert_int_eq(read_core(0, 0), 25);
    SAME(point[3].mean, 3);
    ck_assert_int_eq(read_core(1, 0), 13); /* since it is there */
    SAME(point[0].mean, 112);
    ck_assert_int_eq(read_core(1, 1), 1);
    SAME(point[0].max, 119);
    ck_assert_int_eq(read_core(2, 0), 0);
    end();
}
END_TEST

START_TEST(columns_of_a_group_are_kept_apart)
{
    begin(lengths);
    int row = sample_row(&sample, GROUP_DISK, "vda");
    for (int i = 0; i < 10; i++) {
        sample_set(&sample, METRIC_DISK_READ, row, 1);
        sample_set(&sample, METRIC_DISK_WRITE, row, 2);
        sample_set(&sample, METRIC_DISK_BUSY, row, 3);
        push_at(i);
    }
    const enum metric metric[] = { METRIC_DISK_READ, METRIC_DISK_WRITE, METRIC_DISK_BUSY };
    for (int m = 0; m < 3; m++)
        for (int tier = 0; tier < 2; tier++) {
            int count = history_read(history, metric[m], row, tier, point, 100);
            ck_assert_int_eq(count, tier ? 1 : 10);
            SAME(point[0].mean, m + 1);
            SAME(point[count - 1].max, m + 1);
        }
    ck_assert_int_eq(history_read(history, METRIC_DISK_READS, row, 0, point, 100), 0);
    end();
}
END_TEST

START_TEST(an_instance_goes_and_comes_back)
{
    begin(short_lengths);
    int row = sample_row(&sample, GROUP_CORE, "0");
    for (int i = 0; i < 40; i++) {
        bool there = i < 8 || i >= 14;
        if (there)
            sample_set(&sample, METRIC_CORE_TOTAL, sample_row(&sample, GROUP_CORE, "0"), i);
        sample.rows[GROUP_CORE].row[row].present = there;
        push_at(i);
        int count = read_core(row, 0);
        ck_assert_int_eq(count, i < 20 ? i + 1 : 20);
        for (int p = 0; p < count; p++) {
            int second = i - count + 1 + p;
            if (second >= 8 && second < 14)
                UNKNOWN(point[p].mean);
            else
                SAME(point[p].mean, second);
        }
    }
    ck_assert_int_eq(read_core(row, 1), 4);
    SAME(point[0].max, 7);
    SAME(point[1].mean, 16.5);
    end();
}
END_TEST

START_TEST(a_slot_with_another_name_begins_anew)
{
    begin(lengths);
    int row = sample_row(&sample, GROUP_NET, "veth1");
    for (int i = 0; i < 15; i++) {
        sample_set(&sample, METRIC_NET_SEND, row, 1);
        push_at(i);
    }
    snprintf(sample.rows[GROUP_NET].row[row].name, SAMPLE_NAME_MAX, "veth2");
    push_at(15);
    ck_assert_int_eq(history_read(history, METRIC_NET_SEND, row, 0, point, 100), 1);
    ck_assert_int_eq(history_read(history, METRIC_NET_SEND, row, 1, point, 100), 0);
    /* Also after an absence. */
    sample.rows[GROUP_NET].row[row].present = false;
    push_at(16);
    snprintf(sample.rows[GROUP_NET].row[row].name, SAMPLE_NAME_MAX, "veth3");
    sample.rows[GROUP_NET].row[row].present = true;
    push_at(17);
    ck_assert_int_eq(history_read(history, METRIC_NET_SEND, row, 0, point, 100), 1);
    end();
}
END_TEST

static long
mappings(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    long kib = 0, from, to;
    char line[512];
    while (fgets(line, sizeof line, maps))
        if (sscanf(line, "%lx-%lx", &from, &to) == 2)
            kib += (to - from) / 1024;
    fclose(maps);
    return kib;
}

/* Thousands of short-lived interfaces leave a bounded number of rings. */
START_TEST(what_has_gone_does_not_pile_up)
{
    begin(lengths);
    char name[SAMPLE_NAME_MAX];
    long after_500 = 0;
    for (int i = 0; i < 5000; i++) {
        snprintf(name, sizeof name, "veth%d", i);
        int row = sample_row(&sample, GROUP_NET, name);
        ck_assert_int_ge(row, 0);
        sample_set(&sample, METRIC_NET_SEND, row, i);
        push_at(i);
        ck_assert_int_eq(history_read(history, METRIC_NET_SEND, row, 0, point, 10), 1);
        SAME(point[0].mean, i);
        sample.rows[GROUP_NET].row[row].present = false;
        if (i == 500)
            after_500 = mappings();
    }
    ck_assert_int_lt(mappings(), after_500 + 20000);
    end();
}
END_TEST

START_TEST(untouched_rings_cost_nothing)
{
    begin(lengths);
    char name[SAMPLE_NAME_MAX];
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    for (int i = 0; i < 256; i++) {
        snprintf(name, sizeof name, "%d", i);
        sample_row(&sample, GROUP_CORE, name);
    }
    for (int i = 0; i < 60; i++)
        push_at(i);
    getrusage(RUSAGE_SELF, &after);
    /* 256 instances and the machine: three pages each, and what runs along. */
    ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 8 * 1024);
    end();
}
END_TEST

START_TEST(nothing_is_allocated)
{
    begin(lengths);
    char name[SAMPLE_NAME_MAX];
    for (int i = 0; i < 256; i++) {
        snprintf(name, sizeof name, "%d", i);
        sample_row(&sample, GROUP_CORE, name);
    }
    push_at(0);
    unsigned long before = test_allocations();
    for (int i = 1; i < 2000; i++)
        push_at(i);
    int count = history_read(history, METRIC_CPU_TOTAL, -1, 1, point, 4000);
    unsigned long after = test_allocations();
    ck_assert_uint_eq(after, before);
    ck_assert_int_eq(count, 200);
    end();
}
END_TEST

START_TEST(plans_that_make_no_sense)
{
    const double odd_steps[][HISTORY_TIERS] = {
        { 0, 0, 0 }, { (double)NAN, 1, (double)NAN }, { 60, 10, 1 }, { -1, -1, -1 }, { 1e-9, 1e9,
            1e300 },
    };
    const double odd_lengths[][HISTORY_TIERS] = {
        { 0, 0, 0 }, { -1, (double)NAN, 1e300 }, { 1, 1, 1 },
    };
    for (size_t s = 0; s < sizeof odd_steps / sizeof *odd_steps; s++)
        for (size_t l = 0; l < sizeof odd_lengths / sizeof *odd_lengths; l++) {
            history = history_new(odd_steps[s], odd_lengths[l]);
            sample_init(&sample);
            for (int i = 0; i < 50; i++)
                push_cpu(i * 0.5, i);
            for (int tier = 0; tier < HISTORY_TIERS; tier++) {
                int count = read_cpu(tier);
                ck_assert(count >= 0 && count <= 4000);
            }
            end();
        }
}
END_TEST

/* Everything against a list of all that was pushed. */
START_TEST(agrees_with_a_plain_list)
{
    enum { SECONDS = 3000 };
    static double list[SECONDS];
    uint32_t state = 99u + (uint32_t)_i;
    begin(short_lengths);
    int row = sample_row(&sample, GROUP_CORE, "0");
    for (int i = 0; i < SECONDS; i++) {
        list[i] = (double)NAN;
        state = state * 1664525u + 1013904223u;
        bool there = (state >> 20) % 100 < 70 || i == 0;
        if (i > 0 && isnan(list[i - 1]) && (state >> 9) % 8)
            there = false;
        sample.rows[GROUP_CORE].row[row].present = there;
        if (there) {
            list[i] = (double)((state >> 8) % 1000);
            sample_set(&sample, METRIC_CORE_TOTAL, row, list[i]);
        }
        push_at(i);
        for (int tier = 0; tier < HISTORY_TIERS; tier++) {
            int stride = (int)steps[tier], whole = (i + 1) / stride;
            int length = (int)(short_lengths[tier] / steps[tier]);
            int count = read_core(row, tier);
            ck_assert_int_eq(count, whole < length ? whole : length);
            for (int p = 0; p < count; p++) {
                int from = (whole - count + p) * stride, known = 0;
                double sum = 0, max = -1;
                for (int k = from; k < from + stride; k++)
                    if (!isnan(list[k])) {
                        known++;
                        sum += list[k];
                        max = fmax(max, list[k]);
                    }
                if (known == 0 ? !isnan(point[p].mean)
                        : fabs((double)point[p].mean - sum / known) > 1e-3
                            || fabs((double)point[p].max - max) > 1e-3)
                    ck_abort_msg("second %d tier %d point %d", i, tier, p);
            }
        }
    }
    end();
}
END_TEST

/* What is written comes back by the names of things. */

static struct str written[400];
static int64_t written_wall_ns[400];
static int written_count;

static void
write_whole(int tier, int64_t *from)
{
    for (; *from < history_whole(history, tier); written_count++) {
        struct str *out = &written[written_count];
        str_clear(out);
        written_wall_ns[written_count] = history_write(history, tier, ++*from, !written_count, out);
    }
}

static int
recall_all(int tier)
{
    int r = 0;
    for (int i = 0; i < written_count && r == 0; i++)
        r = history_recall(history, &sample, tier, i == 0, written_wall_ns[i], written[i].data,
            written[i].len);
    return r;
}

/* 300 seconds of a machine with two disks, of which one goes; written in points of `tier`. */
static void
write_five_minutes(int tier)
{
    begin(lengths);
    written_count = 0;
    int64_t from = 0;
    for (int i = 0; i < 300; i++) {
        int a = sample_row(&sample, GROUP_DISK, "vda");
        sample_set(&sample, METRIC_DISK_READ, a, i);
        sample_set(&sample, METRIC_DISK_BUSY, a, 3);
        if (i < 100)
            sample_set(&sample, METRIC_DISK_READ, sample_row(&sample, GROUP_DISK, "vdb"), 7);
        else
            sample.rows[GROUP_DISK].row[sample_find_row(&sample, GROUP_DISK, "vdb")].present = false;
        push_cpu(i, i % 10);
        if (i == 0)
            from = history_whole(history, tier);
        write_whole(tier, &from);
    }
    end();
}

static int
read_disk(const char *name, enum metric metric, int tier)
{
    return history_read(history, metric, sample_find_row(&sample, GROUP_DISK, name), tier, point, 4000);
}

START_TEST(the_past_comes_back)
{
    for (int late = 0; late < 3; late++) { /* points that were pushed before it came */
        write_five_minutes(1);
        begin(lengths);
        sample_row(&sample, GROUP_DISK, "sda"); /* rows are in another order now */
        push_cpu(1000, 50);
        for (int i = 1; i <= 25 * late; i++)
            push_cpu(1000 + i, 50);
        ck_assert_int_eq(recall_all(1), 0);
        history_recalled(history, 1);
        for (int i = 25 * late + 1; i < 60; i++)
            push_cpu(1000 + i, 50);
        int count = read_cpu(1);
        ck_assert_int_eq(count, 106);
        for (int p = 0; p < count; p++) {
            ck_assert_int_eq(point[p].wall_ns, (int64_t)(WALL + 10 * p + 9) * NS_PER_SEC);
            if (p < 30)
                SAME(point[p].mean, 4.5);
            else if (p < 100)
                UNKNOWN(point[p].mean);
            else
                SAME(point[p].mean, 50);
            if (p < 30)
                SAME(point[p].max, 9);
        }
        ck_assert_int_eq(read_disk("vda", METRIC_DISK_READ, 1), 106);
        SAME(point[3].mean, 34.5);
        SAME(point[29].max, 299);
        UNKNOWN(point[30].mean);
        ck_assert_int_eq(read_disk("vdb", METRIC_DISK_READ, 1), 106);
        SAME(point[9].mean, 7);
        UNKNOWN(point[10].mean);
        ck_assert(isnan(sample_value(&sample, METRIC_DISK_READ, sample_find_row(&sample, GROUP_DISK, "vdb"))));
        /* and they may come back, too */
        sample_set(&sample, METRIC_DISK_READ, sample_row(&sample, GROUP_DISK, "vdb"), 9);
        push_cpu(1060, 50);
        ck_assert_int_eq(read_disk("vdb", METRIC_DISK_READ, 1), 106);
        SAME(point[9].mean, 7);
        end();
    }
}
END_TEST

START_TEST(what_is_known_is_not_overwritten)
{
    write_five_minutes(1);
    begin(lengths);
    for (int i = 200; i < 320; i++) /* a clock that was put back */
        push_cpu(i, 80);
    ck_assert_int_eq(recall_all(1), 0);
    history_recalled(history, 1);
    ck_assert_int_eq(read_cpu(1), 32);
    for (int p = 0; p < 32; p++)
        SAME(point[p].mean, p < 20 ? 4.5 : 80);
    end();
}
END_TEST

START_TEST(read_up_to_a_time)
{
    begin(short_lengths); /* 20 s, 100 s, 600 s */
    for (int i = 0; i < 500; i++)
        push_cpu(i, i);
    const int64_t base = WALL * NS_PER_SEC;
    ck_assert_int_eq(history_read_to(history, METRIC_CPU_TOTAL, -1, 0, base + 490 * NS_PER_SEC, point, 5), 5);
    SAME(point[4].mean, 490);
    SAME(point[0].mean, 486);
    ck_assert_int_eq(history_read_to(history, METRIC_CPU_TOTAL, -1, 0, base + 485 * NS_PER_SEC, point, 50), 6);
    ck_assert_int_eq(history_read_to(history, METRIC_CPU_TOTAL, -1, 0, base + 400 * NS_PER_SEC, point, 50), 0);
    ck_assert_int_eq(history_read_to(history, METRIC_CPU_TOTAL, -1, 1, base + 450 * NS_PER_SEC, point, 50), 5);
    ck_assert_int_eq(point[4].wall_ns, base + 449 * NS_PER_SEC);
    ck_assert_int_eq(history_read_to(history, METRIC_CPU_TOTAL, -1, 1, base + 448 * NS_PER_SEC, point, 50), 4);
    ck_assert_int_eq(history_read_to(history, METRIC_CPU_TOTAL, -1, 0, INT64_MIN, point, 50), 0);
    ck_assert_int_eq(history_read_to(history, METRIC_CPU_TOTAL, -1, 0, INT64_MAX, point, 50), 20);
    ck_assert_int_eq(history_tier_at(history, METRIC_CPU_TOTAL, -1, base + 495 * NS_PER_SEC), 0);
    ck_assert_int_eq(history_tier_at(history, METRIC_CPU_TOTAL, -1, base + 450 * NS_PER_SEC), 1);
    ck_assert_int_eq(history_tier_at(history, METRIC_CPU_TOTAL, -1, base + 200 * NS_PER_SEC), 2);
    ck_assert_int_eq(history_tier_at(history, METRIC_CPU_TOTAL, -1, 0), 2);
    end();
}
END_TEST

START_TEST(too_old_to_be_recalled)
{
    write_five_minutes(1);
    begin(short_lengths);
    push_cpu(350, 1); /* 100 seconds are kept */
    for (int i = 351; i < 360; i++)
        push_cpu(i, 1);
    ck_assert_int_eq(recall_all(1), 0);
    history_recalled(history, 1);
    ck_assert_int_eq(read_cpu(1), 10);
    for (int p = 0; p < 10; p++) /* 260 to 299 are recalled */
        if (p < 4)
            SAME(point[p].mean, 4.5);
        else if (p < 9)
            UNKNOWN(point[p].mean);
        else
            SAME(point[p].mean, 1);
    end();
}
END_TEST

/* Nothing of what a file says is believed: it ends, or it is passed over. */
START_TEST(bytes_that_make_no_sense)
{
    write_five_minutes(1);
    uint32_t state = 7u + (uint32_t)_i;
    for (int round = 0; round < 300; round++) {
        begin(short_lengths);
        push_cpu(310, 1);
        for (int i = 0; i < written_count; i++) {
            char *copy = malloc(written[i].len);
            memcpy(copy, written[i].data, written[i].len);
            size_t len = written[i].len;
            for (int changes = 0; changes < 3; changes++) {
                state = state * 1664525u + 1013904223u;
                copy[(state >> 8) % len] = (char)(state >> 3);
            }
            if (round % 3 == 0)
                len = (state >> 9) % len;
            history_recall(history, &sample, 1, i == 0, written_wall_ns[i] + (state & 64 ? 0 : INT64_MAX / 2),
                copy, len);
            free(copy);
        }
        history_recalled(history, 1);
        for (int i = 311; i < 340; i++)
            push_cpu(i, 2);
        ck_assert_int_le(read_cpu(1), 10);
        end();
    }
}
END_TEST

START_TEST(writing_allocates_nothing)
{
    begin(lengths);
    sample_set(&sample, METRIC_DISK_READ, sample_row(&sample, GROUP_DISK, "vda"), 1);
    struct str out;
    str_init(&out);
    push_cpu(0, 1);
    push_cpu(1, 1);
    history_write(history, 0, history_whole(history, 0), true, &out);
    size_t with_names = out.len;
    unsigned long before = test_allocations();
    for (int i = 2; i < 100; i++) {
        push_cpu(i, 1);
        str_clear(&out);
        history_write(history, 0, history_whole(history, 0), false, &out);
    }
    ck_assert_uint_eq(test_allocations(), before);
    ck_assert_uint_gt(with_names, 2 * out.len);
    str_release(&out);
    end();
}
END_TEST

/* A busy machine: each figure moves as one of its unit does, a few stand still. */
static double
busy_figure(enum metric metric, unsigned *seed)
{
    double noise = rand_r(seed) / (double)RAND_MAX;
    switch (metric_info(metric)->unit) {
    case UNIT_PERCENT:
        return 20 + 40 * noise;
    case UNIT_BYTES:
        return metric == METRIC_MEMORY_SWAP_USED ? 0 : 8e9 + 1e8 * noise;
    case UNIT_COUNT_OF:
        return metric == METRIC_SERVER_CRASHES ? 0 : floor(20 * noise);
    default:
        return 1000 * exp(10 * noise);
    }
}

static void
push_busy(int second, unsigned *seed)
{
    for (int m = 0; m < METRIC_COUNT; m++)
        if (!metric_group_info(metric_info((enum metric)m)->group)->per_instance)
            sample.scalar[m] = busy_figure((enum metric)m, seed);
    for (int core = 0; core < 2; core++)
        sample_set(&sample, METRIC_CORE_TOTAL, core, busy_figure(METRIC_CORE_TOTAL, seed));
    if (second % 5000 < 100)
        sample.scalar[METRIC_CPU_TOTAL] = NAN;
    push_at(second);
}

static size_t
resident(const struct series *series)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), count = 0, pages = series->mapped_bytes / page;
    unsigned char *there = malloc(pages);
    ck_assert_int_eq(mincore(series->cells, series->mapped_bytes, there), 0);
    for (size_t i = 0; i < pages; i++)
        count += there[i] & 1;
    free(there);
    return count * page;
}

static const struct history_point *
expected_point(const float *value, int tier, int64_t at)
{
    static struct history_point expected;
    int count = 0, stride = (int)steps[tier];
    double sum = 0;
    expected.max = NAN;
    for (int64_t i = at * stride; i < (at + 1) * stride; i++) {
        if (isnan(value[i]))
            continue;
        expected.max = count && expected.max > value[i] ? expected.max : value[i];
        sum += (double)value[i];
        count++;
    }
    expected.mean = count ? (float)(sum / count) : NAN;
    return &expected;
}

/* Full rings take well less than their cells would, and nothing in them has become another
 * figure by it. */
START_TEST(full_rings_are_packed)
{
    enum { SECONDS = 86400 };
    static const double day[HISTORY_TIERS] = { 3600, 6 * 3600, SECONDS - 3600 };
    static float value[2][SECONDS];
    unsigned seed = 1;
    begin(day);
    for (int core = 0; core < 2; core++)
        sample_row(&sample, GROUP_CORE, core ? "1" : "0");
    for (int second = 0; second < SECONDS; second++) {
        push_busy(second, &seed);
        value[0][second] = (float)sample.scalar[METRIC_CPU_TOTAL];
        value[1][second] = (float)sample_value(&sample, METRIC_CORE_TOTAL, 1);
    }
    for (int tier = 0; tier < HISTORY_TIERS; tier++)
        for (int m = 0; m < 2; m++) {
            int count = history_read(history, m ? METRIC_CORE_TOTAL : METRIC_CPU_TOTAL, m, tier, point, 4000);
            ck_assert_int_eq(count, (int)(day[tier] / steps[tier]));
            for (int i = 0; i < count; i++) {
                const struct history_point *wanted =
                    expected_point(value[m], tier, SECONDS / (int)steps[tier] - count + i);
                ck_assert(isnan(wanted->mean) ? isnan(point[i].mean) : !memcmp(&point[i].mean, &wanted->mean, 8));
            }
        }
    double cells = 0;
    for (int tier = 0; tier < HISTORY_TIERS; tier++)
        cells += day[tier] / steps[tier] * sizeof(struct cell);
    ck_assert_double_le((double)resident(history->machine), 0.8 * cells * history->machine_columns);
    const struct series *core = history->rows[GROUP_CORE].row[1]; /* a block and a page more, of each */
    ck_assert_double_le((double)resident(core),
        cells * history->columns[GROUP_CORE] + HISTORY_TIERS * ((double)core->block_bytes + (double)history->page_bytes));
    end();
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("history");
    TCase *machine = tcase_create("machine");
    tcase_add_test(machine, nothing_yet);
    tcase_add_test(machine, what_is_not_kept);
    tcase_add_test(machine, coarse_points_have_mean_and_maximum);
    tcase_add_test(machine, unknown_values_do_not_count);
    tcase_add_test(machine, a_whole_point_is_there_at_once);
    tcase_add_test(machine, rings_forget_the_oldest);
    tcase_add_test(machine, a_gap_is_unknown);
    tcase_add_test(machine, ticks_that_are_not_exact);
    tcase_add_test(machine, a_clock_that_stands_or_goes_back);
    tcase_add_test(machine, plans_that_make_no_sense);
    suite_add_tcase(suite, machine);
    TCase *instances = tcase_create("instances");
    tcase_set_timeout(instances, 60);
    tcase_add_test(instances, instances_are_kept_apart);
    tcase_add_test(instances, columns_of_a_group_are_kept_apart);
    tcase_add_test(instances, an_instance_goes_and_comes_back);
    tcase_add_test(instances, a_slot_with_another_name_begins_anew);
    tcase_add_test(instances, what_has_gone_does_not_pile_up);
    tcase_add_test(instances, untouched_rings_cost_nothing);
    tcase_add_test(instances, nothing_is_allocated);
    tcase_add_test(instances, full_rings_are_packed);
    tcase_add_loop_test(instances, agrees_with_a_plain_list, 0, 4);
    suite_add_tcase(suite, instances);
    TCase *recording = tcase_create("recording");
    tcase_set_timeout(recording, 60);
    tcase_add_test(recording, the_past_comes_back);
    tcase_add_test(recording, what_is_known_is_not_overwritten);
    tcase_add_test(recording, too_old_to_be_recalled);
    tcase_add_test(recording, read_up_to_a_time);
    tcase_add_loop_test(recording, bytes_that_make_no_sense, 0, 4);
    tcase_add_test(recording, writing_allocates_nothing);
    suite_add_tcase(suite, recording);
    return suite;
}
