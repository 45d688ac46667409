/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Maps of scores over two parameters, the neighbours of the best point, and the
 * shades that a map is drawn in.
 */
#include "test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/runfile.h"
#include "model/score_level.h"
#include "search/score_map.h"

static struct run_spec
spec_of(const char *space, const char *goal)
{
    struct str text;
    struct ini *ini;
    struct run_spec spec;
    struct diag diag = { 0 };
    str_init(&text);
    str_printf(&text, "[run]\nname = t\ngoal = %s\n[objective]\ncommand = p {x} {y}\n[space]\n%s\n[search]\nmethod = random\n"
        "trials = 10\n", goal, space);
    ck_assert_int_eq(ini_parse_text(text.data, text.len, "t", &ini, &diag), 0);
    int r = runfile_check(ini, &spec, &diag);
    ck_assert_msg(r == 0, "%s: %s", diag.key, diag.text);
    ini_free(ini);
    str_release(&text);
    return spec;
}

START_TEST(each_value_has_a_cell_where_they_fit)
{
    struct run_spec spec = spec_of("x = int 2..11 step 3\ny = choice a, b, c", "minimize");
    struct score_map_axis x = score_map_axis(&spec.dimension[0], 20), y = score_map_axis(&spec.dimension[1], 20);
    ck_assert_int_eq(x.cells, 4);
    ck_assert(!x.ranges);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(score_map_cell(&x, 2 + 3 * i), i);
        ck_assert_double_eq(score_map_from(&x, i), 2 + 3 * i);
    }
    ck_assert_int_eq(y.cells, 3);
    ck_assert_int_eq(score_map_cell(&y, 2), 2);
    run_spec_release(&spec);
}
END_TEST

START_TEST(many_values_share_cells_evenly)
{
    struct run_spec spec = spec_of("x = int 1..100\ny = float 0.5..2.5", "minimize");
    struct score_map_axis x = score_map_axis(&spec.dimension[0], 7), y = score_map_axis(&spec.dimension[1], 4);
    int count[7] = { 0 };
    ck_assert(x.ranges && y.ranges);
    for (int v = 1; v <= 100; v++) {
        int cell = score_map_cell(&x, v);
        count[cell]++;
        ck_assert(v >= score_map_from(&x, cell)); /* the head of a cell is what it says */
        ck_assert(cell == 6 || v < score_map_from(&x, cell + 1));
    }
    for (int i = 0; i < 7; i++)
        ck_assert(count[i] == 14 || count[i] == 15);
    ck_assert_double_eq(score_map_from(&x, 7), 100);
    ck_assert_int_eq(score_map_cell(&y, 0.5), 0);
    ck_assert_int_eq(score_map_cell(&y, 1.4999), 1);
    ck_assert_int_eq(score_map_cell(&y, 1.5), 2);
    ck_assert_int_eq(score_map_cell(&y, 2.5), 3);
    ck_assert_double_eq(score_map_from(&y, 1), 1);
    run_spec_release(&spec);
}
END_TEST

START_TEST(a_logarithmic_parameter_has_a_cell_per_decade)
{
    struct run_spec spec = spec_of("x = float 0.001..10 log\ny = int 1..1000 log", "minimize");
    struct score_map_axis x = score_map_axis(&spec.dimension[0], 4), y = score_map_axis(&spec.dimension[1], 3);
    ck_assert_int_eq(score_map_cell(&x, 0.005), 0);
    ck_assert_int_eq(score_map_cell(&x, 0.05), 1);
    ck_assert_int_eq(score_map_cell(&x, 0.5), 2);
    ck_assert_int_eq(score_map_cell(&x, 10), 3);
    ck_assert_double_eq_tol(score_map_from(&x, 2), 0.1, 1e-12);
    ck_assert_int_eq(score_map_cell(&y, 9), 0);
    ck_assert_int_eq(score_map_cell(&y, 99), 1);
    ck_assert_int_eq(score_map_cell(&y, 101), 2);
    run_spec_release(&spec);
}
END_TEST

START_TEST(a_cell_has_the_best_of_its_trials)
{
    static const char *const goals[] = { "minimize", "maximize" };
    for (int g = 0; g < 2; g++) {
        struct run_spec spec = spec_of("x = int 1..2\ny = choice a, b", goals[g]);
        struct score_map map;
        double cell[4] = { NAN, NAN, NAN, NAN };
        score_map_init(&map, &spec);
        map.x = score_map_axis(&spec.dimension[0], 10);
        map.y = score_map_axis(&spec.dimension[1], 10);
        map.cell = cell;
        score_map_add(&map, 5, (double[]){ 1, 1 });
        score_map_add(&map, 3, (double[]){ 1, 1 });
        score_map_add(&map, 4, (double[]){ 1, 1 });
        score_map_add(&map, 7, (double[]){ 2, 0 });
        score_map_add(&map, NAN, (double[]){ 1, 0 });
        ck_assert_double_eq(cell[2], g ? 5 : 3);
        ck_assert_double_eq(cell[1], 7);
        ck_assert(isnan(cell[0]) && isnan(cell[3]));
        ck_assert_int_eq(map.trials, 4);
        run_spec_release(&spec);
    }
}
END_TEST

/* All points of a grid of 10 x 10 with the best one at (5, 5). */
static struct score_map_plateau
plateau_of(const char *space, double (*score)(double x, double y))
{
    struct run_spec spec = spec_of(space, "minimize");
    struct score_map *map = xcalloc(1, sizeof *map);
    struct score_map_plateau plateau;
    const double peak[] = { 5, 5 };
    score_map_init(map, &spec);
    map->peak = peak;
    map->peak_score = score(5, 5);
    for (int x = 1; x <= 10; x++)
        for (int y = 1; y <= 10; y++)
            score_map_add(map, score(x, y), (double[]){ x, y });
    score_map_plateau(map, &plateau);
    free(map);
    run_spec_release(&spec);
    return plateau;
}

static double
bowl(double x, double y)
{
    return (x - 5) * (x - 5) + (y - 5) * (y - 5);
}

static double
needle(double x, double y)
{
    return x == 5 && y == 5 ? 0 : 10;
}

START_TEST(neighbours_on_a_grid_are_one_step_away)
{
    struct score_map_plateau plateau = plateau_of("x = int 1..10\ny = int 1..10", bowl);
    ck_assert_int_eq(plateau.neighbours, 4); /* not those across */
    ck_assert_int_eq(plateau.reach, 1);
    ck_assert_double_eq(plateau.mean, 1);
    ck_assert_double_eq(plateau.median, 17);
    ck_assert_double_eq_tol(plateau.kept, 16.0 / 17, 1e-12);
    ck_assert_str_eq(plateau.shape, "plateau");
}
END_TEST

START_TEST(a_needle_is_a_spike)
{
    struct score_map_plateau plateau = plateau_of("x = int 1..10\ny = int 1..10", needle);
    ck_assert_double_eq(plateau.mean, 10);
    ck_assert_double_eq(plateau.kept, 0);
    ck_assert_str_eq(plateau.shape, "spike");
}
END_TEST

START_TEST(a_step_is_a_twentieth_of_a_fine_range)
{
    /* of 0..200 a twentieth is 10: all of these lie within one step */
    struct score_map_plateau plateau = plateau_of("x = int 0..200\ny = int 0..200", bowl);
    ck_assert_int_eq(plateau.reach, 1);
    ck_assert_int_eq(plateau.neighbours, 99);
}
END_TEST

START_TEST(another_choice_is_one_step_and_far_trials_are_no_neighbours)
{
    struct run_spec spec = spec_of("x = choice a, b, c, d\ny = float 0..1", "maximize");
    struct score_map *map = xcalloc(1, sizeof *map);
    struct score_map_plateau plateau;
    const double peak[] = { 1, 0.5 };
    score_map_init(map, &spec);
    map->peak = peak;
    map->peak_score = 10;
    score_map_add(map, 10, peak);
    score_map_add(map, 10, peak); /* once more at the same point: no neighbour */
    score_map_add(map, 1, (double[]){ 1, 0 }); /* ten steps */
    score_map_add(map, 2, (double[]){ 0, 1 }); /* eleven */
    score_map_plateau(map, &plateau);
    ck_assert_int_eq(plateau.neighbours, 1);
    ck_assert_int_eq(plateau.reach, 10);
    score_map_add(map, 9, (double[]){ 3, 0.5 });
    score_map_add(map, 9, (double[]){ 0, 0.5 });
    score_map_add(map, 8, (double[]){ 1, 0.55 });
    score_map_add(map, 8, (double[]){ 1, 0.46 });
    score_map_plateau(map, &plateau);
    ck_assert_int_eq(plateau.neighbours, 4);
    ck_assert_int_eq(plateau.reach, 1);
    ck_assert_double_eq(plateau.mean, 8.5);
    free(map);
    run_spec_release(&spec);
}
END_TEST

START_TEST(without_neighbours_nothing_is_said)
{
    struct run_spec spec = spec_of("x = float 0..1\ny = float 0..1", "minimize");
    struct score_map *map = xcalloc(1, sizeof *map);
    struct score_map_plateau plateau;
    const double peak[] = { 0, 0 };
    score_map_init(map, &spec);
    score_map_plateau(map, &plateau);
    ck_assert(isnan(plateau.median) && !plateau.shape);
    map->peak = peak;
    score_map_add(map, 0, peak);
    score_map_add(map, 1, (double[]){ 1, 1 });
    score_map_plateau(map, &plateau);
    ck_assert_int_eq(plateau.neighbours, 0);
    ck_assert(isnan(plateau.mean) && isnan(plateau.kept) && !plateau.shape);
    free(map);
    run_spec_release(&spec);
}
END_TEST

/* More scores than are kept, in step with a power of two as a grid's are. */
START_TEST(the_median_of_many_is_that_of_a_fair_sample)
{
    struct run_spec spec = spec_of("x = float 0..1\ny = float 0..1", "minimize");
    struct score_map *map = xcalloc(1, sizeof *map);
    struct score_map_plateau plateau;
    score_map_init(map, &spec);
    for (int i = 0; i < 1000000; i++)
        score_map_add(map, i % 1024, (double[]){ 0, 0 });
    score_map_plateau(map, &plateau);
    ck_assert_int_eq(map->trials, 1000000);
    ck_assert_double_eq_tol(plateau.median, 511.5, 40);
    free(map);
    run_spec_release(&spec);
}
END_TEST

START_TEST(each_shade_has_a_fifth_of_the_cells)
{
    double cell[102];
    struct score_levels levels;
    int count[SCORE_LEVELS] = { 0 };
    for (int i = 0; i < 100; i++)
        cell[i] = i == 99 ? 1e9 : i; /* one far away changes no other's shade */
    cell[100] = cell[101] = NAN;
    score_levels_of(RUN_MINIMIZE, cell, 102, &levels);
    for (int i = 0; i < 100; i++)
        count[score_level(&levels, i == 99 ? 1e9 : i)]++;
    for (int level = 0; level < SCORE_LEVELS; level++)
        ck_assert_int_eq(count[level], 20);
    ck_assert_int_eq(score_level(&levels, 0), SCORE_LEVELS - 1);
    ck_assert_int_eq(score_level(&levels, NAN), -1);
    ck_assert_double_eq(levels.best, 0);
    ck_assert_double_eq(levels.from[0], 1e9);
}
END_TEST

START_TEST(equal_cells_are_all_best_and_none_is_unknown)
{
    double cell[3] = { 4, 4, NAN };
    struct score_levels levels;
    score_levels_of(RUN_MAXIMIZE, cell, 3, &levels);
    ck_assert(levels.known);
    ck_assert_int_eq(score_level(&levels, 4), SCORE_LEVELS - 1);
    double none[1] = { NAN };
    score_levels_of(RUN_MAXIMIZE, none, 1, &levels);
    ck_assert(!levels.known);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("score_map");
    TCase *tc = tcase_create("score_map");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, each_value_has_a_cell_where_they_fit);
    tcase_add_test(tc, many_values_share_cells_evenly);
    tcase_add_test(tc, a_logarithmic_parameter_has_a_cell_per_decade);
    tcase_add_test(tc, a_cell_has_the_best_of_its_trials);
    tcase_add_test(tc, neighbours_on_a_grid_are_one_step_away);
    tcase_add_test(tc, a_needle_is_a_spike);
    tcase_add_test(tc, a_step_is_a_twentieth_of_a_fine_range);
    tcase_add_test(tc, another_choice_is_one_step_and_far_trials_are_no_neighbours);
    tcase_add_test(tc, without_neighbours_nothing_is_said);
    tcase_add_test(tc, the_median_of_many_is_that_of_a_fair_sample);
    tcase_add_test(tc, each_shade_has_a_fifth_of_the_cells);
    tcase_add_test(tc, equal_cells_are_all_best_and_none_is_unknown);
    suite_add_tcase(suite, tc);
    return suite;
}
