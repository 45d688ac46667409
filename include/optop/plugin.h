/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Objectives in C for optop: a shared object that scores points, loaded by
 * optop's workers (type = plugin) and by nothing else. Whatever it does to its
 * process costs the trial that it was at.
 *
 *     #include <optop/plugin.h>
 *
 *     static int
 *     evaluate(void *state, const struct optop_trial *trial, double *ret_score)
 *     {
 *         *ret_score = trial->value[0] * trial->value[0];
 *         return 0;
 *     }
 *
 *     OPTOP_PLUGIN(.evaluate = evaluate);
 *
 *     cc -shared -fPIC -O2 -o square.so square.c $(pkg-config --cflags optop)
 *
 * Nothing is linked. The binary interface only grows: fields come at the end
 * of structs, and OPTOP_PLUGIN_ABI is raised then; a host takes plugins of its
 * own number and of lower ones. What else there is to say: PLUGIN.md.
 */
#ifndef OPTOP_PLUGIN_H
#define OPTOP_PLUGIN_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    OPTOP_PLUGIN_ABI = 1,
    OPTOP_FAULT_MAX = 256, /* bytes of a reason, with its NUL */
    OPTOP_PLUGIN_METRICS_MAX = 16,
    OPTOP_PLUGIN_BATCH = 64, /* points in a batch when the plugin does not say */
};

enum optop_dimension_kind { OPTOP_FLOAT, OPTOP_INT, OPTOP_CHOICE };

/* One axis of the space, as in [space]. A value is a double: the number itself
 * (an int up to 2^53 is exact), or the index of a choice. */
struct optop_dimension {
    const char *name;
    int32_t kind; /* enum optop_dimension_kind */
    int32_t choice_count;
    const char *const *choice; /* a bool has false and true */
    double low, high;
};

/* A line of [parameters]. */
struct optop_parameter {
    const char *name, *value;
};

/* What init gets; all of it is there until free. */
struct optop_setup {
    uint32_t abi; /* of the host */
    int32_t threads; /* that may evaluate side by side, numbered from 0 */
    int32_t dimension_count, parameter_count;
    const struct optop_dimension *dimension;
    const struct optop_parameter *parameter;
};

/* A point to be scored. */
struct optop_trial {
    int64_t number; /* from 1 */
    int32_t thread; /* that evaluates it */
    int32_t dimension_count;
    const double *value; /* dimension_count */
    double *metric; /* one for each name in `metrics`; NaN: not measured */
    char *fault; /* OPTOP_FAULT_MAX; why it failed */
    /* Tells a value on the way; not 0: it is not worth going on (any score then,
     * or a failure). From the thread that evaluates. */
    int (*report)(const struct optop_trial *trial, int64_t step, double value);
    void *host;
};

/* Several points to be scored. */
struct optop_batch {
    int64_t first; /* point i is trial first + i */
    int32_t thread;
    int32_t count, dimension_count;
    const double *value; /* count x dimension_count */
    double *score; /* count; NaN at first, and of what fails */
    double *const *metric; /* an array of count for each name in `metrics` */
    char *fault; /* OPTOP_FAULT_MAX; why they failed */
};

/* To be filled with OPTOP_PLUGIN; what is left out is 0 or NULL. */
struct optop_plugin {
    uint32_t abi, size;
    int32_t threads; /* most that may evaluate side by side in a process; 0: any number */
    int32_t batch; /* most points in a call of evaluate_batch; 0: OPTOP_PLUGIN_BATCH */
    const char *const *metrics; /* names, NULL at the end: letters, digits, '.', '_', '-' */

    /* Once in each process, before anything else; NULL: there is nothing to do.
     * Not 0: it cannot begin, and fault (OPTOP_FAULT_MAX) says why. */
    int (*init)(const struct optop_setup *setup, void **ret_state, char *fault);

    /* One of the two is needed; with both, batches are used. 0, or not 0 when
     * the trial (each of the batch) has failed. */
    int (*evaluate)(void *state, const struct optop_trial *trial, double *ret_score);
    int (*evaluate_batch)(void *state, const struct optop_batch *batch);

    /* After the last trial, when init has succeeded. */
    void (*free)(void *state);
};

#ifdef __cplusplus
#define OPTOP_PLUGIN_LINKAGE extern "C"
#else
#define OPTOP_PLUGIN_LINKAGE extern
#endif

/* Once in a plugin: OPTOP_PLUGIN(.evaluate = evaluate, .free = clean_up); */
#define OPTOP_PLUGIN(...)                                                      \
    OPTOP_PLUGIN_LINKAGE __attribute__((visibility("default")))                \
    const struct optop_plugin optop_plugin;                                    \
    const struct optop_plugin optop_plugin = { .abi = OPTOP_PLUGIN_ABI,        \
        .size = sizeof(struct optop_plugin), __VA_ARGS__ }

#ifdef __cplusplus
}
#endif

#endif
