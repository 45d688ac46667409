/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The loop that all methods share: raw points in the method's order, through
 * the constraints, numbered as trials; and the count of them in advance, which
 * is the same loop with numbers alone.
 */
#include "search/search.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#include "search/constraint.h"
#include "search/method.h"
#include "search/space.h"

/* To add a method: a row, and its id in model/run.h. */
static const struct method *const methods[] = {
    [SEARCH_GRID] = &method_grid,
    [SEARCH_RANDOM] = &method_random,
};

enum {
    /* Refused points in a row that a drawing method, or a walk too long to be
     * counted, tries for one trial. */
    DRAWS_MAX = 100 * SEARCH_SLICE,

    /* Steps of constraints in one call, so that slow ones do not hold up the
     * caller: about 20 ms. */
    SLICE_STEPS_MAX = 1000,
};

struct search {
    const struct run_spec *spec; /* borrowed */
    const struct method *method;
    struct constraint_set *constraints; /* owned */
    struct method_at at; /* of the next raw point */
    int failed; /* code that ended it */
    struct diag failure;

    double count_cursor; /* raw points below it are counted ... */
    int64_t counted; /* ... and so many of them are allowed */
    int count_failed; /* code of a constraint that failed meanwhile */
};

static bool
walks(const struct search *search)
{
    return isfinite(search->at.points);
}

int
search_new(const struct run_spec *spec, struct search **ret_search, struct diag *diag)
{
    struct search *search = calloc(1, sizeof *search);
    if (!search)
        return diag_no_memory(diag);
    search->spec = spec;
    search->method = methods[spec->search];
    search->at.trial = 1;
    int r = search->method->points(spec, &search->at.points, diag);
    if (r == 0)
        r = constraint_set_new(spec, &search->constraints, diag);
    if (r < 0) {
        search_free(search);
        return r;
    }
    *ret_search = search;
    return 0;
}

void
search_free(struct search *search)
{
    if (!search)
        return;
    constraint_set_free(search->constraints);
    free(search);
}

/* Why is in `failure`. */
static int
fail(struct search *search, int code, struct diag *diag)
{
    search->failed = code;
    if (diag)
        *diag = search->failure;
    return code;
}

static int
give_up(struct search *search, struct diag *diag)
{
    search->failure = (struct diag){ 0 };
    diag_set(&search->failure, ERR_EXHAUSTED,
        "no allowed point in %lld draws: the constraints leave too few",
        (long long)search->at.draw);
    return fail(search, ERR_EXHAUSTED, diag);
}

/* Nothing left, for a reason that is no fault; 0 otherwise. */
static int
check_end(const struct search *search, struct diag *diag)
{
    if (search->spec->trials && search->at.trial > search->spec->trials)
        return diag_set(diag, ERR_EXHAUSTED, "all %lld trials are proposed",
            (long long)search->spec->trials);
    if (walks(search) && search->at.cursor >= search->at.points)
        return diag_set(diag, ERR_EXHAUSTED, "every point of the space is proposed");
    return 0;
}

static bool
draws_bounded(const struct search *search)
{
    return !walks(search) || search->at.points > SEARCH_COUNT_MAX;
}

int
search_ask(struct search *search, int64_t *ret_trial, double *values, struct diag *diag)
{
    if (search->failed < 0) {
        if (diag)
            *diag = search->failure;
        return search->failed;
    }
    int64_t steps = constraint_set_steps(search->constraints);
    for (int i = 0; i < SEARCH_SLICE; i++) {
        int r = check_end(search, diag);
        if (r < 0)
            return r;
        if (search->at.draw >= DRAWS_MAX && draws_bounded(search))
            return give_up(search, diag);
        search->method->point(search->spec, &search->at, values);
        r = constraint_set_check(search->constraints, values, &search->failure);
        if (r < 0)
            return fail(search, r, diag);
        if (walks(search))
            search->at.cursor++;
        search->at.draw++;
        if (r) {
            *ret_trial = search->at.trial++;
            search->at.draw = 0;
            return 0;
        }
        if (constraint_set_steps(search->constraints) - steps > SLICE_STEPS_MAX)
            break;
    }
    return -EAGAIN;
}

int
search_advance(struct search *search, int count, struct diag *diag)
{
    int r = check_end(search, diag);
    if (r < 0)
        return r;
    int64_t left = count;
    if (search->spec->trials && search->spec->trials - search->at.trial + 1 < left)
        left = search->spec->trials - search->at.trial + 1;
    if (walks(search) && search->at.points - search->at.cursor < (double)left)
        left = (int64_t)(search->at.points - search->at.cursor);
    search->at.trial += left;
    if (walks(search))
        search->at.cursor += (double)left;
    return (int)left;
}

struct search_position
search_position(const struct search *search)
{
    return (struct search_position){
        .next_trial = search->at.trial,
        .cursor = search->at.cursor,
    };
}

void
search_seek(struct search *search, struct search_position position)
{
    search->at.cursor = position.cursor;
    search->at.trial = position.next_trial;
    search->at.draw = 0;
    search->failed = 0;
}

/* Walks on until so many are counted, all are, or the slice is over: -EAGAIN. */
static int
count_slice(struct search *search, double enough)
{
    double values[RUN_DIMENSIONS_MAX];
    int64_t steps = constraint_set_steps(search->constraints);
    for (int i = 0; i < SEARCH_SLICE && !search->count_failed; i++) {
        struct method_at at = { .cursor = search->count_cursor, .points = search->at.points };
        if (at.cursor >= search->at.points || (double)search->counted >= enough)
            return 0;
        if (at.cursor >= SEARCH_COUNT_MAX)
            return ERR_TOO_LARGE;
        search->method->point(search->spec, &at, values);
        int r = constraint_set_check(search->constraints, values, NULL);
        if (r < 0) {
            search->count_failed = r;
            break;
        }
        search->counted += r;
        search->count_cursor++;
        if (constraint_set_steps(search->constraints) - steps > SLICE_STEPS_MAX)
            break;
    }
    return search->count_failed ? search->count_failed : -EAGAIN;
}

int
search_count(struct search *search, int64_t *ret_total)
{
    const struct run_spec *spec = search->spec;
    double budget = spec->trials ? (double)spec->trials : (double)INFINITY;
    double total = fmin(budget, search->at.points);
    if (walks(search) && spec->constraint_count) {
        if (total > SEARCH_COUNT_MAX)
            return ERR_TOO_LARGE;
        int r = count_slice(search, budget);
        if (r < 0)
            return r;
        total = fmin(budget, (double)search->counted);
    }
    *ret_total = (int64_t)total;
    return 0;
}

int
search_feasible(struct search *search, int64_t *ret_points)
{
    if (!walks(search))
        return ERR_TOO_LARGE;
    if (!search->spec->constraint_count) {
        *ret_points = (int64_t)search->at.points;
        return 0;
    }
    if (search->at.points > SEARCH_FEASIBLE_MAX)
        return ERR_TOO_LARGE;
    int r = count_slice(search, INFINITY);
    if (r == 0)
        *ret_points = search->counted;
    return r;
}
