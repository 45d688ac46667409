/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "run/estimate.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "config/ini.h"
#include "config/runfile.h"

struct look {
    const struct run_spec *spec;
    int slots;
    size_t bytes; /* read so far */
    struct estimate *estimate;
};

static bool
same_text(const char *a, const char *b)
{
    return str_equal(a ? a : "", b ? b : "");
}

static bool
evaluates_the_same(const struct run_spec *a, const struct run_spec *b)
{
    return a->objective == b->objective && same_text(a->command, b->command) &&
        same_text(a->function, b->function) && same_text(a->plugin, b->plugin) && same_text(a->lua, b->lua);
}

/* Trials at a time: as many as are wanted, as busy as those of the earlier run were; with
 * workers = auto as many as that run had at a time. */
static double
side_by_side(const struct look *look, const struct store_run *row)
{
    double busy = ns_to_sec(row->busy_ns), lives = ns_to_sec(row->worker_ns), elapsed = ns_to_sec(row->elapsed_ns);
    int wanted = look->spec->workers;
    double share = lives > 0 && busy < lives ? busy / lives : 1;
    if (wanted > look->slots && look->slots > 0)
        wanted = look->slots;
    return wanted > 0 ? wanted * share : elapsed > 0 ? busy / elapsed : 1;
}

static void
take(struct look *look, const struct store_run *row)
{
    struct estimate *estimate = look->estimate;
    int64_t trials = row->done + row->failed;
    double at_a_time = side_by_side(look, row);
    if (!(at_a_time > 0))
        return;
    estimate->run[estimate->count].trial_seconds = ns_to_sec(row->busy_ns) / (double)trials;
    estimate->run[estimate->count++].side_by_side = at_a_time;
    estimate->trials += trials;
}

static int
look_at(void *context, const struct store_run *row)
{
    struct look *look = context;
    struct diag diag = { 0 };
    struct run_spec spec;
    struct ini *ini;
    size_t length = strlen(row->text);
    if (row->done + row->failed <= 0 || row->busy_ns <= 0)
        return 0;
    look->bytes += length;
    if (look->bytes > ESTIMATE_TEXT_MAX)
        return -ECANCELED;
    if (ini_parse_text(row->text, length, row->file, &ini, &diag) < 0)
        return 0;
    if (runfile_check(ini, &spec, &diag) == 0) {
        if (evaluates_the_same(look->spec, &spec))
            take(look, row);
        run_spec_release(&spec);
    }
    ini_free(ini);
    return look->estimate->count == ESTIMATE_RUNS_MAX ? -ECANCELED : 0;
}

int
estimate_read(struct store *store, const struct run_spec *spec, int slots, struct estimate *ret)
{
    struct look look = { .spec = spec, .slots = slots, .estimate = ret };
    *ret = (struct estimate){ 0 };
    int r = store_run_list(store, ESTIMATE_LOOK_MAX, look_at, &look);
    return r == -ECANCELED ? 0 : r;
}

bool
estimate_seconds(const struct estimate *estimate, int64_t trials, double *ret_low, double *ret_high)
{
    double low = 0, high = 0;
    if (estimate->count == 0 || trials < 1)
        return false;
    for (int i = 0; i < estimate->count; i++) {
        double one = estimate->run[i].trial_seconds, all = one * (double)trials / estimate->run[i].side_by_side;
        if (all < one)
            all = one; /* it takes as long as a trial */
        low = i == 0 || all < low ? all : low;
        high = all > high ? all : high;
    }
    *ret_low = low;
    *ret_high = high;
    return true;
}
