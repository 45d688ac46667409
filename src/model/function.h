/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Standard test functions of optimization, for demos, benchmarks and tests of
 * the search: a formula each, with its usual box and its known minimum. Pure.
 *
 * To add one: a row in function.c; test_function checks its minimum.
 */
#ifndef OPTOP_MODEL_FUNCTION_H
#define OPTOP_MODEL_FUNCTION_H

enum { FUNCTION_MINIMUM_MAX = 6 };

struct test_function {
    const char *name;
    int dimensions; /* exactly so many; 0: any number from 1 */
    double low, width; /* the usual box, of the widest axis: where the shift is taken from */
    /* Where the least value is; of functions of any number of dimensions the
     * first figure stands for every axis. */
    double at[FUNCTION_MINIMUM_MAX];
    double least; /* the value there; per dimension when `additive` */
    int additive;
    double (*value)(const double *x, int n);
};

/* The row with this name; NULL when there is none. */
const struct test_function *function_find(const char *name);

/* Row by index, NULL behind the last: for lists and tests. */
const struct test_function *function_at(int index);

/* How far axis `dimension` is moved, so that a search gains nothing from
 * trying the middle, the edges or round numbers: the minimum lies at
 * at[dimension] + shift. It stays inside the usual box. */
double function_shift(const struct test_function *function, int dimension);

#endif
