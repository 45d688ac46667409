/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A plugin for tests that does what [parameters] say at trial `at`:
 *
 *     what = nothing|fail|nan|crash|abort|exit|hang|refuse
 *     what = die early|hang early: while it begins, which makes a file early.pid
 *     at = 17
 *
 * Its score is the sum of its values. Built a second time it scores in batches.
 */
#include <math.h>
#include <optop/plugin.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *what = "nothing";
static int64_t at;

static int
is(const char *name)
{
    return !strcmp(what, name);
}

/* What it does before it has begun. */
static void
misbehave_early(void)
{
    FILE *file = is("hang early") ? fopen("early.pid", "we") : NULL;
    if (is("die early"))
        raise(SIGKILL);
    if (!file)
        return;
    fprintf(file, "%d\n", (int)getpid());
    fclose(file);
    for (;;)
        pause();
}

static int
init(const struct optop_setup *setup, void **ret_state, char *fault)
{
    for (int i = 0; i < setup->parameter_count; i++) {
        if (!strcmp(setup->parameter[i].name, "what"))
            what = setup->parameter[i].value;
        if (!strcmp(setup->parameter[i].name, "at"))
            at = strtol(setup->parameter[i].value, NULL, 10);
    }
    *ret_state = NULL;
    misbehave_early();
    if (is("refuse"))
        snprintf(fault, OPTOP_FAULT_MAX, "nothing suits it");
    return is("refuse");
}

/* What it does at its trial; true when that is a failure. */
static int
misbehave(double *score, char *fault)
{
    fprintf(stderr, "now: %s\n", what);
    if (is("crash"))
        raise(SIGSEGV);
    if (is("abort"))
        abort();
    if (is("exit"))
        exit(3);
    for (; is("hang");)
        pause();
    if (is("nan"))
        *score = (double)NAN;
    if (is("fail"))
        snprintf(fault, OPTOP_FAULT_MAX, "\033[31mit did not converge");
    return is("fail");
}

__attribute__((unused)) static int
evaluate(void *state, const struct optop_trial *trial, double *ret_score)
{
    (void)state;
    *ret_score = 0;
    for (int i = 0; i < trial->dimension_count; i++)
        *ret_score += trial->value[i];
    trial->metric[1] = trial->number % 2 ? *ret_score * 2 : (double)NAN;
    if (trial->report(trial, 1, *ret_score))
        return -1;
    return trial->number == at && misbehave(ret_score, trial->fault);
}

__attribute__((unused)) static int
evaluate_batch(void *state, const struct optop_batch *batch)
{
    (void)state;
    for (int i = 0; i < batch->count; i++) {
        batch->score[i] = 0;
        for (int d = 0; d < batch->dimension_count; d++)
            batch->score[i] += batch->value[i * batch->dimension_count + d];
        batch->metric[1][i] = (batch->first + i) % 2 ? batch->score[i] * 2 : (double)NAN;
        if (batch->first + i == at && misbehave(&batch->score[i], batch->fault))
            batch->score[i] = (double)NAN;
    }
    return 0;
}

static const char *const metrics[] = { "never", "double", NULL };

#ifdef IN_BATCHES
OPTOP_PLUGIN(.batch = 8, .metrics = metrics, .init = init, .evaluate_batch = evaluate_batch);
#else
OPTOP_PLUGIN(.metrics = metrics, .init = init, .evaluate = evaluate);
#endif
