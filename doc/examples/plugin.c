/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An objective for optop as a shared object: Rosenbrock's valley in any number
 * of dimensions, with its steepness from [parameters].
 *
 *     cc -shared -fPIC -O2 -o plugin.so plugin.c $(pkg-config --cflags optop) -lm
 *     optop run plugin.ini
 */
#include <math.h>
#include <optop/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct valley {
    double steepness;
};

/* Once in each process: looks at the run, and says what it cannot do. */
static int
init(const struct optop_setup *setup, void **ret_state, char *fault)
{
    struct valley *valley = malloc(sizeof *valley);
    if (!valley || setup->dimension_count < 2) {
        snprintf(fault, OPTOP_FAULT_MAX, valley ? "it needs two dimensions" : "no memory");
        free(valley);
        return -1;
    }
    valley->steepness = 100;
    for (int i = 0; i < setup->parameter_count; i++)
        if (!strcmp(setup->parameter[i].name, "steepness"))
            valley->steepness = strtod(setup->parameter[i].value, NULL);
    *ret_state = valley;
    return 0;
}

/* A point. Called by several threads at once: it only reads the state. */
static int
evaluate(void *state, const struct optop_trial *trial, double *ret_score)
{
    const struct valley *valley = state;
    double sum = 0, off = 0;
    for (int i = 0; i + 1 < trial->dimension_count; i++) {
        double x = trial->value[i], slope = trial->value[i + 1] - x * x;
        sum += valley->steepness * slope * slope + (1 - x) * (1 - x);
        off = fmax(off, fabs(slope));
    }
    if (off > 25) {
        snprintf(trial->fault, OPTOP_FAULT_MAX, "%g off the valley", off);
        return -1;
    }
    trial->metric[0] = off;
    *ret_score = sum;
    return 0;
}

static const char *const metrics[] = { "off_valley", NULL };

OPTOP_PLUGIN(.metrics = metrics, .init = init, .evaluate = evaluate, .free = free);
