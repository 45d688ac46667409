/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `plugin`: a shared object with the interface of include/optop/plugin.h. It is
 * loaded here, in a worker, and nowhere else: a crash is the trial's.
 */
#include <dlfcn.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "objective/metric_names.h"
#include "objective/objective.h"
#include "optop/plugin.h"

_Static_assert((int)OPTOP_PLUGIN_METRICS_MAX == BATCH_METRICS_MAX, "one table of them");

/* The first interface: what every plugin has at least. */
#define LEAST_SIZE (offsetof(struct optop_plugin, free) + sizeof(void (*)(void *)))

struct plugin_objective {
    struct batch_objective base;
    void *library;
    struct optop_plugin plugin; /* of a lower number: the rest is 0 */
    bool ready; /* init has succeeded */
    void *state;
    struct optop_setup setup;
    struct optop_dimension *dimension; /* owned; texts are the spec's */
    struct optop_parameter *parameter;
};

/* Evaluation. */

/* Reports are for search methods that stop trials early, of which there is none. */
static int
report(const struct optop_trial *trial, int64_t step, double value)
{
    (void)trial, (void)step, (void)value;
    return 0;
}

static void
fail(struct batch *batch, int i, char fault[OPTOP_FAULT_MAX])
{
    fault[OPTOP_FAULT_MAX - 1] = '\0';
    batch_fail(batch, i, *fault ? fault : "the plugin says that it failed");
}

static void
evaluate_one(const struct plugin_objective *objective, struct batch *batch, int i)
{
    double metric[BATCH_METRICS_MAX], score = NAN;
    char fault[OPTOP_FAULT_MAX];
    const struct optop_trial trial = { .number = batch->first_trial + i, .thread = batch->thread,
        .dimension_count = batch->dimensions, .value = batch_point(batch, i), .metric = metric,
        .fault = fault, .report = report };
    int metrics = objective->base.metric_count;
    for (int m = 0; m < metrics; m++)
        metric[m] = NAN;
    fault[0] = '\0';
    batch_begin(batch, i);
    if (objective->plugin.evaluate(objective->state, &trial, &score) != 0) {
        fail(batch, i, fault);
        return;
    }
    for (int m = 0; m < metrics; m++)
        batch->metric[m][i] = metric[m];
    batch_done(batch, i, score);
}

static void
evaluate_some(const struct plugin_objective *objective, struct batch *batch, int first, int count)
{
    double *metric[BATCH_METRICS_MAX];
    char fault[OPTOP_FAULT_MAX] = "";
    const struct optop_batch some = { .first = batch->first_trial + first,
        .thread = batch->thread, .count = count, .dimension_count = batch->dimensions,
        .value = batch_point(batch, first), .score = batch->score + first, .metric = metric,
        .fault = fault };
    for (int m = 0; m < objective->base.metric_count; m++)
        metric[m] = batch->metric[m] + first;
    for (int i = 0; i < count; i++)
        some.score[i] = NAN;
    batch_begin_some(batch, first, count);
    int r = objective->plugin.evaluate_batch(objective->state, &some);
    for (int i = first; i < first + count; i++) {
        if (r != 0 || (isnan(batch->score[i]) && *fault))
            fail(batch, i, fault);
        else
            batch_done(batch, i, batch->score[i]);
    }
}

static int
plugin_evaluate(struct batch_objective *objective, struct batch *batch)
{
    const struct plugin_objective *plugin = (const struct plugin_objective *)objective;
    int most = plugin->plugin.batch > 0 ? plugin->plugin.batch : OPTOP_PLUGIN_BATCH;
    if (!plugin->plugin.evaluate_batch) {
        for (int i = 0; i < batch->count; i++)
            evaluate_one(plugin, batch, i);
        return 0;
    }
    for (int i = 0, count; i < batch->count; i += count) {
        count = batch->count - i < most ? batch->count - i : most;
        evaluate_some(plugin, batch, i, count);
    }
    return 0;
}

/* Opening. */

static int
load(struct plugin_objective *plugin, const char *path, struct diag *diag)
{
    char local[4096];
    /* a name without a slash would be looked for where libraries are */
    snprintf(local, sizeof local, "%s%s", strchr(path, '/') ? "" : "./", path);
    plugin->library = dlopen(local, RTLD_NOW | RTLD_LOCAL);
    if (!plugin->library)
        return diag_set(diag, ERR_NOT_FOUND, "cannot load the plugin: %s", dlerror());
    const struct optop_plugin *found = dlsym(plugin->library, "optop_plugin");
    if (!found)
        return diag_set(diag, ERR_BAD_TYPE, "%s is no plugin: it has no optop_plugin", path);
    if (found->abi < 1 || found->abi > OPTOP_PLUGIN_ABI)
        return diag_set(diag, ERR_BAD_TYPE,
            "%s is made for interface %u, and this optop has 1 to %d", path, found->abi,
            OPTOP_PLUGIN_ABI);
    if (found->size < LEAST_SIZE)
        return diag_set(diag, ERR_BAD_TYPE, "%s is no plugin: its table is too short", path);
    memcpy(&plugin->plugin, found,
        found->size < sizeof plugin->plugin ? found->size : sizeof plugin->plugin);
    if (!plugin->plugin.evaluate && !plugin->plugin.evaluate_batch)
        return diag_set(diag, ERR_BAD_TYPE, "%s has nothing that evaluates", path);
    return 0;
}

static bool
is_metric_name(const char *name)
{
    char clean[RUN_NAME_MAX];
    return metric_name_clean(name, strlen(name), clean) && !strcmp(name, clean);
}

static int
take_metrics(struct plugin_objective *plugin, const char *path, struct diag *diag)
{
    const char *const *names = plugin->plugin.metrics;
    int count = 0;
    for (; names && names[count]; count++)
        if (count == BATCH_METRICS_MAX || !is_metric_name(names[count]))
            return diag_set(diag, ERR_BAD_TYPE, "%s: metric %d cannot be (allowed: %d names of"
                " letters, digits, \".\", \"_\", \"-\" that are no measure of every trial)", path,
                count + 1, BATCH_METRICS_MAX);
    plugin->base.metric_names = names;
    plugin->base.metric_count = count;
    return 0;
}

static void
fill_setup(struct plugin_objective *plugin, const struct run_spec *spec)
{
    plugin->dimension = xcalloc((size_t)spec->dimension_count + 1, sizeof *plugin->dimension);
    plugin->parameter = xcalloc((size_t)spec->parameter_count + 1, sizeof *plugin->parameter);
    for (int i = 0; i < spec->dimension_count; i++) {
        const struct dimension *from = &spec->dimension[i];
        plugin->dimension[i] = (struct optop_dimension){ .name = from->name,
            .kind = from->kind == DIMENSION_FLOAT ? OPTOP_FLOAT
                : from->kind == DIMENSION_INT     ? OPTOP_INT
                                                  : OPTOP_CHOICE,
            .choice_count = from->choice_count, .choice = (const char *const *)from->choice,
            .low = from->low, .high = from->high };
    }
    for (int i = 0; i < spec->parameter_count; i++)
        plugin->parameter[i] = (struct optop_parameter){ spec->parameter[i].name,
            spec->parameter[i].value };
    plugin->setup = (struct optop_setup){ .abi = OPTOP_PLUGIN_ABI,
        .threads = plugin->base.threads, .dimension_count = spec->dimension_count,
        .parameter_count = spec->parameter_count, .dimension = plugin->dimension,
        .parameter = plugin->parameter };
}

static void
plugin_close(struct batch_objective *objective)
{
    struct plugin_objective *plugin = (struct plugin_objective *)objective;
    if (!plugin)
        return;
    if (plugin->ready && plugin->plugin.free)
        plugin->plugin.free(plugin->state);
    if (plugin->library)
        dlclose(plugin->library);
    free(plugin->dimension);
    free(plugin->parameter);
    free(plugin);
}

static int
start(struct plugin_objective *plugin, const struct batch_init *init, struct diag *diag)
{
    char fault[OPTOP_FAULT_MAX] = "";
    int most = plugin->plugin.threads;
    plugin->base.threads = most > 0 && most < init->threads ? most : init->threads;
    fill_setup(plugin, init->spec);
    if (plugin->plugin.init && plugin->plugin.init(&plugin->setup, &plugin->state, fault) != 0) {
        fault[OPTOP_FAULT_MAX - 1] = '\0';
        return diag_set(diag, ERR_BAD_TYPE, "the plugin cannot begin: %s",
            *fault ? fault : "it does not say why");
    }
    plugin->ready = true;
    return 0;
}

static int
plugin_open(const struct batch_init *init, struct batch_objective **ret_objective,
    struct diag *diag)
{
    struct plugin_objective *plugin = XNEW(struct plugin_objective);
    const char *path = init->spec->plugin ? init->spec->plugin : "";
    plugin->base.type = objective_plugin.batch;
    int r = load(plugin, path, diag);
    if (r == 0)
        r = take_metrics(plugin, path, diag);
    if (r == 0)
        r = start(plugin, init, diag);
    if (r < 0) {
        plugin_close(&plugin->base);
        return r;
    }
    *ret_objective = &plugin->base;
    return 0;
}

static const struct batch_type_row plugin_batch = {
    .open = plugin_open,
    .evaluate = plugin_evaluate,
    .close = plugin_close,
};

const struct objective_type_row objective_plugin = {
    .name = "plugin",
    .batch = &plugin_batch,
};
