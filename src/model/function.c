/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The formulas are those of Surjanovic and Bingham, Virtual Library of
 * Simulation Experiments.
 */
#include "model/function.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

static double
sphere(const double *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += x[i] * x[i];
    return sum;
}

static double
rosenbrock(const double *x, int n)
{
    double sum = n == 1 ? (1 - x[0]) * (1 - x[0]) : 0;
    for (int i = 0; i + 1 < n; i++) {
        double bend = x[i + 1] - x[i] * x[i], rest = 1 - x[i];
        sum += 100 * bend * bend + rest * rest;
    }
    return sum;
}

static double
rastrigin(const double *x, int n)
{
    double sum = 10.0 * n;
    for (int i = 0; i < n; i++)
        sum += x[i] * x[i] - 10 * cos(2 * M_PI * x[i]);
    return sum;
}

static double
ackley(const double *x, int n)
{
    double squares = 0, waves = 0;
    for (int i = 0; i < n; i++) {
        squares += x[i] * x[i];
        waves += cos(2 * M_PI * x[i]);
    }
    return 20 + M_E - 20 * exp(-0.2 * sqrt(squares / n)) - exp(waves / n);
}

static double
branin(const double *x, int n)
{
    (void)n;
    double bend = x[1] - 5.1 / (4 * M_PI * M_PI) * x[0] * x[0] + 5 / M_PI * x[0] - 6;
    return bend * bend + 10 * (1 - 1 / (8 * M_PI)) * cos(x[0]) + 10;
}

static double
hartmann6(const double *x, int n)
{
    static const double alpha[4] = { 1.0, 1.2, 3.0, 3.2 };
    static const double a[4][6] = {
        { 10, 3, 17, 3.5, 1.7, 8 },
        { 0.05, 10, 17, 0.1, 8, 14 },
        { 3, 3.5, 1.7, 10, 17, 8 },
        { 17, 8, 0.05, 10, 0.1, 14 },
    };
    static const double p[4][6] = {
        { 0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886 },
        { 0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991 },
        { 0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650 },
        { 0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381 },
    };
    double sum = 0;
    (void)n;
    for (int i = 0; i < 4; i++) {
        double inner = 0;
        for (int j = 0; j < 6; j++)
            inner += a[i][j] * (x[j] - p[i][j]) * (x[j] - p[i][j]);
        sum -= alpha[i] * exp(-inner);
    }
    return sum;
}

static double
square(double v)
{
    return v * v;
}

static double
levy(const double *x, int n)
{
    double first = 1 + (x[0] - 1) / 4, last = 1 + (x[n - 1] - 1) / 4;
    double sum = square(sin(M_PI * first)) +
        square(last - 1) * (1 + square(sin(2 * M_PI * last)));
    for (int i = 0; i + 1 < n; i++) {
        double w = 1 + (x[i] - 1) / 4;
        sum += square(w - 1) * (1 + 10 * square(sin(M_PI * w + 1)));
    }
    return sum;
}

static double
styblinski_tang(const double *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += square(square(x[i])) - 16 * square(x[i]) + 5 * x[i];
    return sum / 2;
}

static double
goldstein_price(const double *v, int n)
{
    (void)n;
    double x = v[0], y = v[1];
    double a = 1 + square(x + y + 1) *
        (19 - 14 * x + 3 * x * x - 14 * y + 6 * x * y + 3 * y * y);
    double b = 30 + square(2 * x - 3 * y) *
        (18 - 32 * x + 12 * x * x + 48 * y - 36 * x * y + 27 * y * y);
    return a * b;
}

static double
schwefel(const double *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += 418.9828872724338 - x[i] * sin(sqrt(fabs(x[i])));
    return sum;
}

/* What a trial costs beside its evaluation: the floor of every measurement. */
static double
nothing(const double *x, int n)
{
    (void)x, (void)n;
    return 0;
}

static const struct test_function functions[] = {
    { "sphere", 0, -5.12, 10.24, { 0 }, 0, 0, sphere },
    { "rosenbrock", 0, -5, 15, { 1 }, 0, 0, rosenbrock },
    { "rastrigin", 0, -5.12, 10.24, { 0 }, 0, 0, rastrigin },
    { "ackley", 0, -32.768, 65.536, { 0 }, 0, 0, ackley },
    { "branin", 2, -5, 15, { M_PI, 2.275 }, 0.39788735772973816, 0, branin },
    { "hartmann6", 6, 0, 1, { 0.20169, 0.150011, 0.476874, 0.275332, 0.311652, 0.6573 },
        -3.322368011, 0, hartmann6 },
    { "levy", 0, -10, 20, { 1 }, 0, 0, levy },
    { "styblinski-tang", 0, -5, 10, { -2.903534027771177 }, -39.16616570377142, 1,
        styblinski_tang },
    { "goldstein-price", 2, -2, 4, { 0, -1 }, 3, 0, goldstein_price },
    { "schwefel", 0, -500, 1000, { 420.968746453712 }, 0, 0, schwefel },
    { "nothing", 0, -1, 2, { 0 }, 0, 0, nothing },
};

const struct test_function *
function_at(int index)
{
    size_t count = sizeof functions / sizeof *functions;
    return index >= 0 && (size_t)index < count ? &functions[index] : NULL;
}

const struct test_function *
function_find(const char *name)
{
    const struct test_function *function;
    for (int i = 0; (function = function_at(i)); i++)
        if (!strcmp(function->name, name))
            return function;
    return NULL;
}

double
function_shift(const struct test_function *function, int dimension)
{
    /* multiples of the golden ratio: no two axes alike, none near 0 or 1 of the
     * first six; at most a tenth of the box, and down, where every row has room */
    double part = (dimension + 1) * 0.6180339887498949;
    return -0.1 * function->width * (part - floor(part));
}
