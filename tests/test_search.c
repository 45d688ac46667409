/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "config/runfile.h"
#include "search/method.h"
#include "search/search.h"
#include "search/space.h"

/* A checked run from the bodies of its sections; the command uses x, y and z
 * as far as they are there. */
static struct run_spec
spec_of(const char *space, const char *constraints, const char *search)
{
    struct str text;
    struct ini *ini;
    struct run_spec spec;
    struct diag diag = { 0 };
    str_init(&text);
    str_puts(&text, "[run]\nname = t\n[objective]\ncommand = p");
    for (const char *name = "xyz"; *name; name++) {
        char key[] = { '\n', *name, ' ', '=', '\0' };
        if (!strncmp(space, key + 1, 3) || strstr(space, key))
            str_printf(&text, " {%c}", *name);
    }
    str_printf(&text, "\n[space]\n%s\n", space);
    if (constraints)
        str_printf(&text, "[constraints]\n%s\n", constraints);
    str_printf(&text, "[search]\n%s\n", search);
    ck_assert_int_eq(ini_parse_text(text.data, text.len, "t", &ini, &diag), 0);
    int r = runfile_check(ini, &spec, &diag);
    ck_assert_msg(r == 0, "%s: %s", diag.key, diag.text);
    ini_free(ini);
    str_release(&text);
    return spec;
}

static struct search *
search_of(const struct run_spec *spec)
{
    struct search *search;
    struct diag diag = { 0 };
    int r = search_new(spec, &search, &diag);
    ck_assert_msg(r == 0, "%s", diag.text);
    return search;
}

/* Asks until there is an answer; a bound on the slices keeps a fault finite. */
static int
ask(struct search *search, int64_t *trial, double *values, struct diag *diag)
{
    int r = -EAGAIN;
    for (int i = 0; r == -EAGAIN && i < 1000; i++)
        r = search_ask(search, trial, values, diag);
    return r;
}

static int
count(struct search *search, int64_t *total)
{
    int r = -EAGAIN;
    for (int i = 0; r == -EAGAIN && i < 2000; i++)
        r = search_count(search, total);
    return r;
}

static int64_t
counted(struct search *search)
{
    int64_t total = -1;
    ck_assert_int_eq(count(search, &total), 0);
    return total;
}

static struct run_spec
load_run(const char *name)
{
    char path[512];
    struct ini *ini;
    struct run_spec spec;
    struct diag diag = { 0 };
    const char *root = getenv("TEST_SRCDIR");
    snprintf(path, sizeof path, "%s/conf/runs/%s", root ? root : ".", name);
    int r = ini_load(path, &ini, &diag);
    ck_assert_msg(r == 0, "%s: %s", path, diag.text);
    r = runfile_check(ini, &spec, &diag);
    ck_assert_msg(r == 0, "%s: %s", diag.key, diag.text);
    ini_free(ini);
    return spec;
}

START_TEST(xz_has_750_points)
{
    struct run_spec spec = load_run("xz.ini");
    struct search *search = search_of(&spec);
    char seen[10 * 5 * 5 * 5] = { 0 };
    double v[4];
    int64_t trial, expected = 1;
    ck_assert_double_eq(space_points(&spec), 1250);
    ck_assert_int_eq(counted(search), 750);
    while (ask(search, &trial, v, NULL) == 0) {
        ck_assert_int_eq(trial, expected++);
        ck_assert(v[1] + v[2] <= 4);
        int index = (int)(((v[0] * 5 + v[1]) * 5 + v[2]) * 5 + v[3]);
        ck_assert_int_eq(seen[index]++, 0);
    }
    ck_assert_int_eq(expected, 751);
    ck_assert_int_eq(ask(search, &trial, v, NULL), ERR_EXHAUSTED);
    search_free(search);
    run_spec_release(&spec);
}
END_TEST

START_TEST(shipped_runs_are_sound)
{
    static const char *const names[] = { "xz.ini", "gzip.ini", "sort.ini" };
    static const int64_t totals[] = { 750, 9, 40 };
    for (int i = 0; i < 3; i++) {
        struct run_spec spec = load_run(names[i]);
        struct search *search = search_of(&spec);
        ck_assert_int_eq(counted(search), totals[i]);
        search_free(search);
        run_spec_release(&spec);
    }
}
END_TEST

START_TEST(last_dimension_is_fastest)
{
    struct run_spec spec = spec_of("x = int 1..2\ny = choice a, b, c", NULL, "method = grid");
    struct search *search = search_of(&spec);
    double v[2];
    int64_t trial;
    for (int i = 0; i < 6; i++) {
        ck_assert_int_eq(ask(search, &trial, v, NULL), 0);
        ck_assert_double_eq(v[0], 1 + i / 3);
        ck_assert_double_eq(v[1], i % 3);
    }
    search_free(search);
    run_spec_release(&spec);
}
END_TEST

START_TEST(steps_do_not_drift)
{
    struct run_spec spec = spec_of("x = float 0..1 step 0.1", NULL, "method = grid");
    static const char *const texts[] = { "0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6", "0.7",
        "0.8", "0.9", "1" };
    char buf[40];
    const struct dimension *x = &spec.dimension[0];
    ck_assert_double_eq(dimension_size(x), 11);
    for (int i = 0; i < 11; i++)
        ck_assert_str_eq(dimension_format(x, space_value(x, i), buf, sizeof buf), texts[i]);
    run_spec_release(&spec);
    spec = spec_of("x = float 0..1 step 0.3\ny = float -1e-7..1e-7 step 3e-8", NULL, "seed = 1");
    ck_assert_double_eq(dimension_size(&spec.dimension[0]), 4);
    ck_assert_double_eq(space_value(&spec.dimension[0], 3), 0.9);
    ck_assert_double_eq(dimension_size(&spec.dimension[1]), 7);
    ck_assert_double_le(space_value(&spec.dimension[1], 6), 1e-7);
    run_spec_release(&spec);
}
END_TEST

START_TEST(sizes_of_axes)
{
    struct run_spec spec = spec_of("x = int 0..10000000000 step 10000000001\n"
                                   "y = int -9007199254740990..0\nz = float 2..2", NULL,
        "method = random");
    ck_assert_double_eq(dimension_size(&spec.dimension[0]), 1);
    ck_assert_double_eq(dimension_size(&spec.dimension[1]), 9007199254740991.0);
    ck_assert_double_eq(dimension_size(&spec.dimension[2]), 1);
    run_spec_release(&spec);
    spec = spec_of("x = float 0..1\ny = bool\nz = int 3..9 step 3", NULL, "method = random");
    ck_assert(isinf(dimension_size(&spec.dimension[0])));
    ck_assert_double_eq(dimension_size(&spec.dimension[1]), 2);
    ck_assert_double_eq(dimension_size(&spec.dimension[2]), 3);
    char buf[8];
    ck_assert_str_eq(dimension_format(&spec.dimension[1], 1, buf, sizeof buf), "true");
    ck_assert_str_eq(dimension_format(&spec.dimension[1], 2, buf, sizeof buf), "");
    ck_assert_str_eq(dimension_format(&spec.dimension[1], NAN, buf, sizeof buf), "");
    ck_assert_str_eq(dimension_format(&spec.dimension[2], -0.0, buf, sizeof buf), "0");
    run_spec_release(&spec);
}
END_TEST

START_TEST(budget_ends_a_grid)
{
    struct run_spec spec = spec_of("x = int 0..99", "even = x % 2 == 0", "trials = 7");
    struct search *search = search_of(&spec);
    double v;
    int64_t trial;
    ck_assert_int_eq(counted(search), 7);
    for (int i = 0; i < 7; i++) {
        ck_assert_int_eq(ask(search, &trial, &v, NULL), 0);
        ck_assert_double_eq(v, 2 * i);
    }
    ck_assert_int_eq(ask(search, &trial, &v, NULL), ERR_EXHAUSTED);
    search_free(search);
    run_spec_release(&spec);
}
END_TEST

static const struct {
    const char *space, *constraints, *search;
} kinds[] = {
    { "x = int 0..9\ny = int 0..9\nz = bool", "c = x + y <= 9", "method = grid" },
    { "x = int 0..9\ny = int 0..9\nz = bool", "c = x + y <= 9", "method = random\ntrials = 200" },
    { "x = float 0..1\ny = int 0..9", "c = x * y <= 2", "method = random\ntrials = 200\nseed = 9" },
    { "x = float 1e-3..1e3 log\ny = int 1..1000 log\nz = choice a, b, c", NULL,
        "method = random\ntrials = 200" },
};

/* What follows from any position is what an uninterrupted search proposes. */
START_TEST(resumes_identically)
{
    struct run_spec spec = spec_of(kinds[_i].space, kinds[_i].constraints, kinds[_i].search);
    struct search *whole = search_of(&spec);
    double a[3], b[3];
    int64_t trial, again;
    int n = spec.dimension_count;
    for (int i = 0; i < 100; i++) {
        struct search_position position = search_position(whole);
        struct search *part = search_of(&spec);
        search_seek(part, position);
        struct search_position same = search_position(part);
        ck_assert_int_eq(same.next_trial, position.next_trial);
        ck_assert_double_eq(same.cursor, position.cursor);
        ck_assert_int_eq(ask(whole, &trial, a, NULL), 0);
        ck_assert_int_eq(trial, i + 1);
        ck_assert_int_eq(ask(part, &again, b, NULL), 0);
        ck_assert_int_eq(again, trial);
        for (int d = 0; d < n; d++)
            ck_assert_double_eq(a[d], b[d]);
        search_free(part);
    }
    search_free(whole);
    run_spec_release(&spec);
}
END_TEST

/* Jumping over trials leads to where asking for them does. */
START_TEST(advances_as_it_asks)
{
    static const char *const searches[] = { "method = grid", "method = random\ntrials = 77" };
    for (int kind = 0; kind < 2; kind++) {
        struct run_spec spec = spec_of("x = int 0..9\ny = int 0..9", NULL, searches[kind]);
        struct search *asked = search_of(&spec), *jumped = search_of(&spec);
        int64_t trial, again, passed = 0;
        double a[2], b[2];
        for (int step = 1, r; (r = search_advance(jumped, step, NULL)) >= 0; step += 3) {
            for (int i = 0; i < r; i++)
                ck_assert_int_eq(ask(asked, &trial, a, NULL), 0);
            passed += r;
            struct search *copy = search_of(&spec);
            search_seek(copy, search_position(jumped));
            struct search *other = search_of(&spec);
            search_seek(other, search_position(asked));
            r = ask(copy, &again, b, NULL);
            ck_assert_int_eq(ask(other, &trial, a, NULL), r);
            if (r == 0) {
                ck_assert_int_eq(trial, again);
                ck_assert_double_eq(a[0], b[0]);
                ck_assert_double_eq(a[1], b[1]);
            }
            search_free(copy);
            search_free(other);
        }
        ck_assert_int_eq(passed, counted(asked));
        ck_assert_int_eq(search_advance(jumped, 1, NULL), ERR_EXHAUSTED);
        search_free(asked);
        search_free(jumped);
        run_spec_release(&spec);
    }
}
END_TEST

START_TEST(random_takes_each_point_once)
{
    struct run_spec spec = spec_of("x = int 0..19\ny = int 0..19", "c = x < y",
        "method = random\ntrials = 1000\nseed = 5");
    struct search *search = search_of(&spec);
    char seen[400] = { 0 };
    double v[2];
    int64_t trial, n = 0;
    ck_assert_int_eq(counted(search), 190);
    int sorted = 0;
    double before = -1;
    while (ask(search, &trial, v, NULL) == 0) {
        int index = (int)(v[0] * 20 + v[1]);
        ck_assert(v[0] < v[1]);
        ck_assert_int_eq(seen[index]++, 0);
        sorted += index > before;
        before = index;
        n++;
    }
    ck_assert_int_eq(n, 190);
    /* In grid order it would be 190; at random about half. */
    ck_assert_int_lt(sorted, 130);
    search_free(search);
    run_spec_release(&spec);
}
END_TEST

/* Which point of the grid these values are. */
static int64_t
number_of_point(const struct run_spec *spec, const double *values)
{
    int64_t number = 0;
    for (int i = 0; i < spec->dimension_count; i++) {
        const struct dimension *d = &spec->dimension[i];
        int64_t size = (int64_t)dimension_size(d), digit = 0;
        while (digit < size && space_value(d, (double)digit) != values[i])
            digit++;
        ck_assert_msg(digit < size, "%s = %g is no value of its axis", d->name, values[i]);
        number = number * size + digit;
    }
    return number;
}

/* Random search to its end, going over to another search at each `stride`th
 * trial as a server that was started anew does: every allowed point, once. */
static void
assert_each_point_once(const struct run_spec *spec, int64_t stride)
{
    double v[RUN_DIMENSIONS_MAX];
    int64_t trial, n = 0, feasible_points = -1;
    struct search *search = search_of(spec);
    char *seen = calloc((size_t)space_points(spec), 1);
    while (search_feasible(search, &feasible_points) == -EAGAIN)
        ;
    int64_t total = counted(search);
    ck_assert_int_eq(total,
        spec->trials && spec->trials < feasible_points ? spec->trials : feasible_points);
    while (ask(search, &trial, v, NULL) == 0) {
        int64_t number = number_of_point(spec, v);
        ck_assert_msg(!seen[number]++, "seed %llu: point %lld came twice",
            (unsigned long long)spec->seed, (long long)number);
        ck_assert_int_eq(trial, ++n);
        if (n % stride == 0) {
            struct search_position position = search_position(search);
            search_free(search);
            search = search_of(spec);
            search_seek(search, position);
        }
    }
    ck_assert_int_eq(n, total);
    free(seen);
    search_free(search);
}

START_TEST(no_seed_takes_a_point_twice)
{
    static const struct {
        const char *space, *constraints;
    } rows[] = {
        { "x = int 7..7", NULL },
        { "x = int 0..1", "c = x == 1" },
        { "x = int -8..8\ny = choice a b c", NULL },
        { "x = int -8..8\ny = float 0..1 step 0.1", "c = x * y <= 3\nd = x ~= 0" },
        { "x = int 0..100 step 7\ny = int 1..4\nz = choice on off", "c = x % 2 == y % 2" },
        { "x = int 0..255", "never = x > 255" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct run_spec spec = spec_of(rows[i].space, rows[i].constraints, "method = random");
        static const int64_t budgets[] = { 0, 1, 40, 1000000 };
        for (uint64_t seed = 0; seed < 100; seed++)
            for (size_t b = 0; b < sizeof budgets / sizeof *budgets; b++) {
                spec.seed = seed * seed * seed;
                spec.trials = budgets[b];
                assert_each_point_once(&spec, 17 + (int64_t)seed);
            }
        run_spec_release(&spec);
    }
}
END_TEST

START_TEST(seeds_differ)
{
    struct run_spec a = spec_of("x = int 0..99999", NULL, "method = random\nseed = 1");
    struct run_spec b = spec_of("x = int 0..99999", NULL, "method = random\nseed = 2");
    struct search *sa = search_of(&a), *sb = search_of(&b);
    double va, vb;
    int64_t trial;
    int same = 0;
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(ask(sa, &trial, &va, NULL), 0);
        ck_assert_int_eq(ask(sb, &trial, &vb, NULL), 0);
        same += va == vb;
    }
    ck_assert_int_lt(same, 3);
    search_free(sa);
    search_free(sb);
    run_spec_release(&a);
    run_spec_release(&b);
}
END_TEST

START_TEST(permutation_is_a_bijection)
{
    static const int sizes[] = { 1, 2, 3, 4, 5, 7, 16, 17, 100, 1000, 4096, 5001 };
    static char seen[5001];
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (uint64_t seed = 0; seed < 5; seed++) {
            memset(seen, 0, sizeof seen);
            for (int i = 0; i < sizes[s]; i++) {
                double p = method_random_permute(seed, sizes[s], i);
                ck_assert(p >= 0 && p < sizes[s] && p == floor(p));
                ck_assert_int_eq(seen[(int)p]++, 0);
            }
        }
    double p = method_random_permute(1, SPACE_EXACT_MAX, SPACE_EXACT_MAX - 1);
    ck_assert(p >= 0 && p < SPACE_EXACT_MAX);
}
END_TEST

/* Chi-square of observed counts against even ones; the bound is 5 standard
 * deviations over its mean, for a fixed seed. */
static void
assert_even(const int *observed, int cells, int total)
{
    double expected = (double)total / cells, sum = 0;
    for (int i = 0; i < cells; i++)
        sum += (observed[i] - expected) * (observed[i] - expected) / expected;
    double freedom = cells - 1;
    ck_assert_msg(sum < freedom + 5 * sqrt(2 * freedom), "chi-square %g of %d", sum, cells - 1);
    ck_assert_msg(sum > freedom - 5 * sqrt(2 * freedom), "too even: %g of %d", sum, cells - 1);
}

START_TEST(draws_are_even)
{
    /* With a continuous axis each trial is drawn anew. */
    struct run_spec spec = spec_of("x = float -3..5\ny = int 0..36\nz = float 0..1 step 0.05", NULL,
        "method = random\ntrials = 20000\nseed = 3");
    struct search *search = search_of(&spec);
    int x[50] = { 0 }, y[37] = { 0 }, z[21] = { 0 }, xy[4] = { 0 };
    double v[3];
    int64_t trial;
    for (int i = 0; i < 20000; i++) {
        ck_assert_int_eq(ask(search, &trial, v, NULL), 0);
        ck_assert(v[0] >= -3 && v[0] <= 5);
        x[(int)((v[0] + 3) / 8 * 50) % 50]++;
        y[(int)v[1]]++;
        z[(int)round(v[2] * 20)]++;
        xy[2 * (v[0] < 1) + (v[2] < 0.5)]++;
    }
    assert_even(x, 50, 20000);
    assert_even(y, 37, 20000);
    assert_even(z, 21, 20000);
    ck_assert_int_gt(xy[3], 4400);
    ck_assert_int_gt(xy[0], 4900);
    search_free(search);
    run_spec_release(&spec);
}
END_TEST

START_TEST(permuted_walks_are_even)
{
    int first[60] = { 0 };
    for (uint64_t seed = 0; seed < 12000; seed++)
        first[(int)method_random_permute(seed, 60, (double)(seed % 7))]++;
    assert_even(first, 60, 12000);
}
END_TEST

START_TEST(logarithms_are_even)
{
    struct run_spec spec = spec_of("x = float 1e-4..1e4 log\ny = int 1..65535 log", NULL,
        "method = random\ntrials = 16000\nseed = 11");
    struct search *search = search_of(&spec);
    int decade[8] = { 0 }, octave[16] = { 0 };
    double v[2];
    int64_t trial;
    for (int i = 0; i < 16000; i++) {
        ck_assert_int_eq(ask(search, &trial, v, NULL), 0);
        ck_assert(v[0] >= 1e-4 && v[0] <= 1e4);
        ck_assert(v[1] >= 1 && v[1] <= 65535 && v[1] == floor(v[1]));
        decade[(int)fmin(7, floor(log10(v[0]) + 4))]++;
        octave[(int)log2(v[1])]++;
    }
    assert_even(decade, 8, 16000);
    assert_even(octave, 16, 16000);
    search_free(search);
    run_spec_release(&spec);
}
END_TEST

START_TEST(impossible_constraints_end)
{
    struct run_spec spec = spec_of("x = float 0..1", "never = x > 2", "method = random");
    struct search *search = search_of(&spec);
    struct diag diag = { 0 };
    double v;
    int64_t trial;
    ck_assert_int_eq(search_ask(search, &trial, &v, &diag), -EAGAIN);
    ck_assert_int_eq(search_position(search).next_trial, 1);
    ck_assert_int_eq(ask(search, &trial, &v, &diag), ERR_EXHAUSTED);
    ck_assert_ptr_nonnull(strstr(diag.text, "no allowed point"));
    memset(&diag, 0, sizeof diag);
    ck_assert_int_eq(search_ask(search, &trial, &v, &diag), ERR_EXHAUSTED);
    ck_assert_str_ne(diag.text, "");
    search_free(search);
    run_spec_release(&spec);
    spec = spec_of("x = int 0..99999", "never = x > 100000", "method = grid");
    search = search_of(&spec);
    ck_assert_int_eq(search_ask(search, &trial, &v, NULL), -EAGAIN);
    ck_assert_int_eq(ask(search, &trial, &v, NULL), ERR_EXHAUSTED);
    ck_assert_int_eq(counted(search), 0);
    search_free(search);
    run_spec_release(&spec);
}
END_TEST

/* A search that is taken over in the middle of refused points goes on there. */
START_TEST(resumes_between_slices)
{
    struct run_spec spec = spec_of("x = int 0..99999", "late = x >= 25000", "method = grid");
    struct search *a = search_of(&spec), *b = search_of(&spec);
    double v;
    int64_t trial;
    ck_assert_int_eq(search_ask(a, &trial, &v, NULL), -EAGAIN);
    ck_assert_double_eq(search_position(a).cursor, SEARCH_SLICE);
    search_seek(b, search_position(a));
    ck_assert_int_eq(search_ask(b, &trial, &v, NULL), -EAGAIN);
    ck_assert_int_eq(search_ask(b, &trial, &v, NULL), 0);
    ck_assert_double_eq(v, 25000);
    ck_assert_int_eq(trial, 1);
    search_free(a);
    search_free(b);
    run_spec_release(&spec);
}
END_TEST

START_TEST(counts_in_slices)
{
    struct run_spec spec = spec_of("x = int 0..25000", "odd = x % 2 == 1", "method = grid");
    struct search *search = search_of(&spec);
    int64_t total = -1;
    ck_assert_int_eq(search_count(search, &total), -EAGAIN);
    ck_assert_int_eq(search_count(search, &total), -EAGAIN);
    ck_assert_int_eq(total, -1);
    ck_assert_int_eq(search_count(search, &total), 0);
    ck_assert_int_eq(total, 12500);
    ck_assert_int_eq(search_count(search, &total), 0);
    /* Counting does not move the search. */
    ck_assert_double_eq(search_position(search).cursor, 0);
    search_free(search);
    run_spec_release(&spec);
}
END_TEST

START_TEST(counts_without_walking)
{
    static const struct {
        const char *space, *constraints, *search;
        int code;
        int64_t total;
    } rows[] = {
        { "x = int 1..1000000000", NULL, "method = grid", 0, 1000000000 },
        { "x = int 1..1000000000", NULL, "trials = 5", 0, 5 },
        { "x = int 1..3", NULL, "method = random\ntrials = 5", 0, 3 },
        { "x = float 0..1", "c = x < 0.5", "method = random\ntrials = 5", 0, 5 },
        { "x = int 1..1000000000", "c = x > 3", "method = grid", ERR_TOO_LARGE, -1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct run_spec spec = spec_of(rows[i].space, rows[i].constraints, rows[i].search);
        struct search *search = search_of(&spec);
        int64_t total = -1;
        ck_assert_int_eq(search_count(search, &total), rows[i].code);
        ck_assert_int_eq(total, rows[i].total);
        ck_assert_int_eq(search_count(search, &total), rows[i].code);
        search_free(search);
        run_spec_release(&spec);
    }
}
END_TEST

static int
feasible(struct search *search, int64_t *points)
{
    int r = -EAGAIN;
    for (int i = 0; r == -EAGAIN && i < 2000; i++)
        r = search_feasible(search, points);
    return r;
}

START_TEST(feasible_points_are_counted_beyond_the_budget)
{
    static const struct {
        const char *space, *constraints, *search;
        int code;
        int64_t points, trials;
    } rows[] = {
        { "x = int 1..1000000000", NULL, "trials = 5", 0, 1000000000, 5 },
        { "x = int 0..25000", "odd = x % 2 == 1", "trials = 7", 0, 12500, 7 },
        { "x = int 0..25000", "odd = x % 2 == 1", "method = random\ntrials = 12500", 0, 12500, 12500 },
        { "x = int 0..25000", "odd = x % 2 == 1", "method = random\ntrials = 99999", 0, 12500, 12500 },
        { "x = int 0..25000", "none = x < 0", "method = grid", 0, 0, 0 },
        { "x = float 0..1", "c = x < 0.5", "method = random\ntrials = 5", ERR_TOO_LARGE, -1, 5 },
        { "x = int 0..1000000", "c = x > 3", "trials = 5", ERR_TOO_LARGE, -1, 5 },
        { "x = int 0..9", "c = x < 5 or nil + x", "trials = 5", ERR_BAD_TYPE, -1, 5 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct run_spec spec = spec_of(rows[i].space, rows[i].constraints, rows[i].search);
        struct search *search = search_of(&spec);
        int64_t points = -1;
        ck_assert_int_eq(counted(search), rows[i].trials);
        for (int again = 0; again < 2; again++) {
            ck_assert_int_eq(feasible(search, &points), rows[i].code);
            ck_assert_int_eq(points, rows[i].points);
        }
        search_free(search);
        search = search_of(&spec); /* the other way round */
        ck_assert_int_eq(feasible(search, &points), rows[i].code);
        if (rows[i].code != ERR_BAD_TYPE)
            ck_assert_int_eq(counted(search), rows[i].trials);
        search_free(search);
        run_spec_release(&spec);
    }
}
END_TEST

START_TEST(failing_constraint_ends)
{
    struct run_spec spec = spec_of("x = int 1..10", "c = x < 5 or nil + x", "method = grid");
    struct search *search = search_of(&spec);
    struct diag diag = { 0 };
    double v;
    int64_t trial, total;
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(ask(search, &trial, &v, &diag), 0);
    for (int i = 0; i < 2; i++) {
        memset(&diag, 0, sizeof diag);
        ck_assert_int_eq(ask(search, &trial, &v, &diag), ERR_BAD_TYPE);
        ck_assert_str_eq(diag.key, "constraints.c");
        ck_assert_int_gt(diag.line, 0);
    }
    ck_assert_int_eq(count(search, &total), ERR_BAD_TYPE);
    search_free(search);
    search_free(NULL);
    run_spec_release(&spec);
}
END_TEST

START_TEST(huge_spaces)
{
    struct run_spec spec = spec_of("x = int -9007199254740992..9007199254740990 step 2\n"
                                   "y = int 0..9007199254740990", NULL,
        "method = random\ntrials = 50");
    struct search *search = search_of(&spec);
    double v[2];
    int64_t trial;
    int high = 0;
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(ask(search, &trial, v, NULL), 0);
        ck_assert(fabs(v[0]) <= 9007199254740992.0 && fmod(v[0], 2) == 0);
        ck_assert(v[1] >= 0 && v[1] <= 9007199254740990.0);
        high += v[1] > 4503599627370496.0;
    }
    ck_assert(high > 10 && high < 40);
    search_free(search);
    run_spec_release(&spec);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("search");
    TCase *tc = tcase_create("search");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, xz_has_750_points);
    tcase_add_test(tc, shipped_runs_are_sound);
    tcase_add_test(tc, advances_as_it_asks);
    tcase_add_test(tc, last_dimension_is_fastest);
    tcase_add_test(tc, steps_do_not_drift);
    tcase_add_test(tc, sizes_of_axes);
    tcase_add_test(tc, budget_ends_a_grid);
    tcase_add_loop_test(tc, resumes_identically, 0, (int)(sizeof kinds / sizeof *kinds));
    tcase_add_test(tc, random_takes_each_point_once);
    tcase_add_test(tc, no_seed_takes_a_point_twice);
    tcase_add_test(tc, seeds_differ);
    tcase_add_test(tc, permutation_is_a_bijection);
    tcase_add_test(tc, draws_are_even);
    tcase_add_test(tc, permuted_walks_are_even);
    tcase_add_test(tc, logarithms_are_even);
    tcase_add_test(tc, impossible_constraints_end);
    tcase_add_test(tc, resumes_between_slices);
    tcase_add_test(tc, counts_in_slices);
    tcase_add_test(tc, counts_without_walking);
    tcase_add_test(tc, feasible_points_are_counted_beyond_the_budget);
    tcase_add_test(tc, failing_constraint_ends);
    tcase_add_test(tc, huge_spaces);
    suite_add_tcase(suite, tc);
    return suite;
}
