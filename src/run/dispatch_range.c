/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Ranges on their way to workers and back: how large they are, who gets which,
 * and what becomes of one whose worker has died in it.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "task/child.h"
#include "run/range_result.h"

enum {
    RANGE_GROWTH = 8, /* at most so many times the one before: the first are a guess */
    RANGE_WALKED_MAX = 1024, /* with constraints: the loop itself walks through it */
    RANGE_FAILING_MAX = 256, /* while many trials fail */
    RANGE_VALUES_MAX = 512 * 1024, /* figures of a range that is kept: 4 MiB */
};

/* Work of each thread in a range: a message costs nothing beside it, and a
 * cancel or a picture does not wait for long. */
#define RANGE_SECONDS 0.010

/* Trials this long are handed out one at a time: the next one would only wait
 * for its thread, while another worker is free. */
#define LONG_SECONDS 0.020

/* The list. */

static void
add_range(struct run *run, struct range *range)
{
    struct range **link = &run->ranges->first;
    while (*link && (*link)->first < range->first)
        link = &(*link)->next;
    range->next = *link;
    *link = range;
    run->ranges->ready += range->state == RANGE_READY;
}

static void
remove_range(struct run *run, struct range *range)
{
    struct range **link = &run->ranges->first;
    while (*link != range)
        link = &(*link)->next;
    *link = range->next;
}

/* What is in a slot: it is in the list until it has ended. */
static struct range *
slot_range(const struct run *run, const struct warm *warm, int slot)
{
    struct range *range = run->ranges->first;
    while (range->first != warm->slot[slot].trial)
        range = range->next;
    return range;
}

/* `count` trials of a range, from its i-th on; a range of its own. */
static struct range *
cut_range(const struct run *run, const struct range *range, int i, int count)
{
    size_t dimensions = (size_t)run->spec.dimension_count;
    struct range *cut = XNEW(struct range);
    cut->state = RANGE_SENT;
    cut->first = range->first + i;
    cut->count = count;
    cut->losses = range->losses;
    cut->cursor = range->cursors ? range->cursors[i] : range->cursor + i;
    if (range->cursors) {
        cut->cursors = xcalloc((size_t)count, sizeof *cut->cursors);
        cut->values = xcalloc((size_t)count * dimensions, sizeof *cut->values);
        memcpy(cut->cursors, range->cursors + i, (size_t)count * sizeof *cut->cursors);
        memcpy(cut->values, range->values + (size_t)i * dimensions,
            (size_t)count * dimensions * sizeof *cut->values);
    }
    return cut;
}

/* Opening and closing. */

static int
note_skip(void *context, int64_t first, int count)
{
    struct ranges *ranges = context;
    XGROW(ranges->skip, ranges->skip_count, ranges->skip_capacity);
    ranges->skip[ranges->skip_count++] = (struct range_skip){ first, count };
    return 0;
}

static int
note_best(void *context, const struct store_trial *trial)
{
    struct ranges *ranges = context;
    const struct best_entry entry = { .trial = trial->result->trial,
        .score = trial->result->score, .stored = true };
    if (isfinite(entry.score) && best_list_admits(&ranges->best, entry.trial, entry.score))
        best_list_add(&ranges->best, &entry);
    return 0;
}

int
ranges_open(struct runner *runner, struct run *run, struct diag *diag)
{
    struct store *store = runner->options.store;
    struct ranges *ranges = run->ranges = XNEW(struct ranges);
    int limit = (int)run->spec.keep_top;
    best_list_init(&ranges->best, run->spec.goal, limit);
    int r = store_block_list(store, run->id, run->mark.next_trial - 1, note_skip, ranges);
    ranges->markers = r == 0 && ranges->skip_count;
    if (r == 0 && limit && run->done)
        r = store_trial_top(store, run->id, run->spec.goal, limit, note_best, ranges);
    return r < 0 ? diag_set(diag, r, "its trials cannot be read: %s", err_text(r)) : 0;
}

void
ranges_close(struct run *run)
{
    struct ranges *ranges = run->ranges;
    if (!ranges)
        return;
    for (struct range *range = ranges->first, *next; range; range = next) {
        next = range->next;
        range_free(range);
    }
    best_list_release(&ranges->best);
    free(ranges->champion.params);
    free(ranges->champion.result.metrics);
    free(ranges->skip);
    free(ranges);
    run->ranges = NULL;
}

bool
ranges_ready(const struct run *run)
{
    return run->ranges && run->ranges->ready;
}

bool
ranges_empty(const struct run *run)
{
    return !run->ranges || !run->ranges->first;
}

int
ranges_results(const struct run *run)
{
    return run->ranges ? run->ranges->results : 0;
}

struct search_position
ranges_mark(const struct run *run)
{
    for (const struct range *range = run->ranges->first; range; range = range->next)
        if (range->state != RANGE_RESULT)
            return (struct search_position){ range->first, range->cursor };
    return search_position(run->search);
}

/* New ranges. */

/* What the store has already: of `count` trials from `first` on, how many come
 * before it (0 and *ret_stored: it begins here, and is so long). */
static int
before_stored(struct ranges *ranges, int64_t first, int count, int *ret_stored)
{
    *ret_stored = 0;
    while (ranges->skip_next < ranges->skip_count &&
        ranges->skip[ranges->skip_next].first + ranges->skip[ranges->skip_next].count <= first)
        ranges->skip_next++;
    if (ranges->skip_next == ranges->skip_count)
        return count;
    const struct range_skip *skip = &ranges->skip[ranges->skip_next];
    if (skip->first <= first) {
        *ret_stored = (int)(skip->first + skip->count - first);
        return 0;
    }
    return skip->first - first < count ? (int)(skip->first - first) : count;
}

/* Without constraints: jumps. */
static int
jump_range(struct run *run, int wanted, struct range **ret_range, struct diag *diag)
{
    for (;;) {
        struct search_position before = search_position(run->search);
        int stored, open = before_stored(run->ranges, before.next_trial, wanted, &stored);
        int count = search_advance(run->search, open ? open : stored, diag);
        if (count < 0)
            return count;
        if (!open)
            continue;
        struct range *range = XNEW(struct range);
        range->first = before.next_trial;
        range->count = count;
        range->cursor = before.cursor;
        *ret_range = range;
        return 0;
    }
}

/* With constraints: walks, and keeps what it has seen. */
static int
walk_range(struct run *run, int wanted, struct range **ret_range, struct diag *diag)
{
    size_t dimensions = (size_t)run->spec.dimension_count;
    struct range *range = XNEW(struct range);
    range->cursors = xcalloc((size_t)wanted, sizeof *range->cursors);
    range->values = xcalloc((size_t)wanted * dimensions, sizeof *range->values);
    int r = 0;
    while (range->count < wanted) {
        struct search_position before = search_position(run->search);
        int64_t trial;
        int stored;
        r = search_ask(run->search, &trial, range->values + (size_t)range->count * dimensions,
            diag);
        if (r < 0)
            break;
        if (!before_stored(run->ranges, trial, 1, &stored)) {
            if (range->count)
                break; /* what comes behind is not next to it */
            continue;
        }
        if (!range->count)
            range->first = trial;
        range->cursors[range->count++] = before.cursor;
    }
    if (!range->count) {
        range_free(range);
        return r;
    }
    range->cursor = range->cursors[0];
    *ret_range = range; /* what has stopped the walk is met again behind it */
    return 0;
}

/* The next range of the search, in the list; NULL when not now or never. */
static struct range *
new_range(struct runner *runner, struct run *run, int wanted)
{
    struct range *range = NULL;
    struct diag diag = { 0 };
    if (run->exhausted)
        return NULL;
    int r = run->spec.constraint_count ? walk_range(run, wanted, &range, &diag)
                                       : jump_range(run, wanted, &range, &diag);
    if (r == -EAGAIN) {
        loop_timer_change(runner->count_timer, NS_PER_MS, 0);
    } else if (r < 0) {
        run->exhausted = true;
        if (r != ERR_EXHAUSTED)
            ending_begin(runner, run, RUN_EVENT_FAIL, diag.text);
        else if (diag.text[0])
            dispatch_log(runner, run, 0, "info", diag.text);
    }
    if (!range)
        return NULL;
    range->state = RANGE_READY;
    add_range(run, range);
    run->ranges->last_count = range->count;
    return range;
}

/* Handing out. */

static double
least(double a, double b)
{
    return a < b ? a : b;
}

static int
wanted_count(const struct run *run, const struct warm *warm)
{
    const struct run_spec *spec = &run->spec;
    const struct ranges *ranges = run->ranges;
    double mean = run->mean_trial_seconds, threads = warm->threads;
    if (spec->mode == RUN_MODE_ISOLATED)
        return 1;
    double each = (double)spec->inflight; /* that a thread has at a time */
    if (mean > 0 && ceil(RANGE_SECONDS / mean) > each)
        each = ceil(RANGE_SECONDS / mean);
    double count = threads * each;
    int last = ranges->last_count > warm->threads ? ranges->last_count : warm->threads;
    count = least(least(count, (double)last * RANGE_GROWTH), BLOCK_TRIALS_MAX);
    if (spec->constraint_count)
        count = least(count, RANGE_WALKED_MAX);
    if (ranges->many_failures)
        count = least(count, RANGE_FAILING_MAX);
    if (!spec->keep_top)
        count = least(count, RANGE_VALUES_MAX / (spec->dimension_count + warm->metric_count + 2));
    if (run->total > 0 && run->worker_count > warm->threads) {
        /* towards the end they shrink, so that all workers end together */
        double left = (double)(run->total - run->done - run->failed);
        double share = ceil(left * threads / (2.0 * run->worker_count));
        count = least(count, share > threads ? share : threads);
    }
    return (int)count;
}

static int
wanted_slots(const struct run *run, const struct warm *warm)
{
    if (run->spec.mode == RUN_MODE_ISOLATED)
        return 1;
    return warm->threads == 1 && run->mean_trial_seconds >= LONG_SECONDS ? 1 : BLOCK_SLOTS;
}

/* Leaves no more than `most` trials in a range that is ready. */
static struct range *
trim_range(struct run *run, struct range *range, int64_t most)
{
    if (range->count <= most)
        return range;
    struct range *rest = cut_range(run, range, (int)most, range->count - (int)most);
    rest->state = RANGE_READY;
    range->count = (int)most;
    add_range(run, rest);
    return range;
}

static struct range *
next_range(struct runner *runner, struct run *run, const struct warm *warm, int64_t most)
{
    for (struct range *range = run->ranges->first; range && run->ranges->ready;
         range = range->next)
        if (range->state == RANGE_READY)
            return trim_range(run, range, most);
    int64_t wanted = wanted_count(run, warm);
    return new_range(runner, run, (int)(wanted < most ? wanted : most));
}

int
ranges_threads(const struct run *run, int missing)
{
    int most = run->spec.mode == RUN_MODE_THREAD ? RUN_THREADS_MAX
        : run->spec.mode == RUN_MODE_HYBRID      ? run->spec.threads
                                                 : 1;
    return missing < most ? missing : most;
}

static void
send_range(struct runner *runner, struct run *run, struct run_worker *w, struct range *range)
{
    struct warm *warm = worker_warm(w->worker);
    const struct worker_range_order order = { .slot = warm_free_slot(warm),
        .trial = range->first, .count = range->count, .cursor = range->cursor };
    range->state = RANGE_SENT;
    run->ranges->ready--;
    worker_send_range(w->worker, &order);
    worker_pool_give(&runner->pool, &w->pool, range->count, loop_now(runner->options.loop),
        clock_mono_ns());
}

/* Is it at one that a worker was lost in? That one has a worker to itself: the
 * next loss is then its own, and no other trial's. */
static bool
has_suspect(const struct run *run, const struct warm *warm)
{
    for (int i = 0; i < BLOCK_SLOTS; i++)
        if (warm->slot[i].used && slot_range(run, warm, i)->losses)
            return true;
    return false;
}

bool
ranges_feed(struct runner *runner, struct run *run, struct run_worker *w)
{
    const struct warm *warm = worker_warm(w->worker);
    if (!warm->known)
        return true; /* it is told when it is ready */
    while (warm_used_slots(warm) < wanted_slots(run, warm) && run->ending == RUN_EVENT_COUNT) {
        int64_t room = worker_pool_room(&w->pool, &run->spec.pool);
        struct range *range =
            room <= 0 || has_suspect(run, warm) ? NULL : next_range(runner, run, warm, room);
        if (!range || (range->losses && warm_used_slots(warm)))
            break;
        send_range(runner, run, w, range);
    }
    return warm_used_slots(warm) || !run->exhausted || run->ranges->ready;
}

int
ranges_running(const struct run_worker *w)
{
    const struct warm *warm = worker_warm(w->worker);
    int running = 0;
    for (int i = 0; warm && warm->known && i < warm->threads; i++)
        running += atomic_load_explicit(&warm->block->cell[i].running, memory_order_relaxed) != 0;
    return running;
}

int64_t
ranges_busy_ns(const struct run_worker *w, int64_t now_ns)
{
    const struct warm *warm = worker_warm(w->worker);
    int64_t busy = 0, life = now_ns - worker_started_ns(w->worker);
    for (int i = 0; warm && warm->known && i < warm->threads; i++) {
        const struct block_cell *cell = &warm->block->cell[i];
        int64_t since = atomic_load_explicit(&cell->running, memory_order_relaxed)
            ? atomic_load_explicit(&cell->since_ns, memory_order_relaxed) : now_ns;
        int64_t ended = atomic_load_explicit(&cell->busy_ns, memory_order_relaxed);
        if (ended >= 0 && ended <= life && since <= now_ns && now_ns - since <= life - ended)
            busy += ended + now_ns - since;
        else
            busy += life;
    }
    return busy;
}

/* Coming back. */

/* Times of a range, for the figures of the run and the size of the next one. */
static void
note_times(struct run *run, const struct warm *warm, int slot, int count)
{
    const float *wall = warm->block->slot[slot].wall_seconds;
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += (double)wall[i];
    if (!(sum >= 0 && sum < 1e9))
        return; /* no times but nonsense */
    double mean = sum / count;
    run->mean_trial_seconds += (mean - run->mean_trial_seconds) *
        (run->mean_trial_seconds > 0 ? 0.5 : 1);
    run->trial_cores = 1; /* each is in a thread of its own */
    if (run->task)
        histogram_add_many(&run->task->duration, sec_to_ns(mean), (uint64_t)count);
}

void
ranges_ended(struct runner *runner, struct run *run, struct run_worker *w, int slot,
    const json_t *failures)
{
    const struct warm *warm = worker_warm(w->worker);
    struct range *range = slot_range(run, warm, slot);
    const struct range_source source = { .warm = warm, .slot = slot, .whole = true,
        .failures = failures };
    note_times(run, warm, slot, range->count);
    run->start_failures = 0;
    range_take(runner, run, range, &source);
    worker_pool_answer(&runner->pool, &w->pool, warm_used_slots(warm) - 1,
        loop_now(runner->options.loop));
}

/* A dead worker. */

/* Which of its trials is charged with its end, and why. */
struct charge {
    int64_t trial; /* 0: none */
    int fate; /* a signal, BLOCK_FATE_LIMIT, or 0: not known */
    const char *text; /* how the process ended */
};

static bool
is_open(const struct warm *warm, int64_t trial)
{
    for (int s = 0; s < BLOCK_SLOTS; s++) {
        int64_t i = trial - warm->slot[s].trial;
        if (warm->slot[s].used && i >= 0 && i < warm->slot[s].count)
            return atomic_load(&warm->block->slot[s].state[i]) == BLOCK_OPEN;
    }
    return false; /* not its own, or ended: it is charged with nothing */
}

/* The trial that says so itself; else the only one that ran. Of several, none:
 * each goes on alone, where the next loss is its own. */
static struct charge
find_charge(const struct warm *warm, const char *text)
{
    struct charge charge = { .text = text };
    int running = 0;
    for (int i = 0; warm->known && i < warm->threads; i++) {
        const struct block_cell *cell = &warm->block->cell[i];
        int64_t trial = atomic_load(&cell->running);
        int fate = atomic_load(&cell->fate);
        if (!trial || !is_open(warm, trial))
            continue;
        int count = atomic_load(&cell->running_count);
        if (fate && count <= 1)
            return (struct charge){ trial, fate, text };
        running += count > 1 ? count : 1;
        charge.trial = trial;
    }
    if (running > 1)
        charge.trial = 0;
    return charge;
}

static void
take_charged(struct runner *runner, struct run *run, struct range *range, struct warm *warm,
    const struct charge *charge)
{
    struct trial_result result = { .attempt = 1 };
    char text[64];
    struct str log;
    str_init(&log);
    warm_last_words(warm, &log);
    result.log = log.data;
    if (charge->fate == BLOCK_FATE_LIMIT)
        snprintf(result.reason, sizeof result.reason, "time limit of %s",
            unit_format_duration(run->spec.trial_seconds, text, sizeof text));
    else if (charge->fate > 0 && charge->fate < NSIG && sigabbrev_np(charge->fate))
        snprintf(result.reason, sizeof result.reason, "killed by SIG%s",
            sigabbrev_np(charge->fate));
    else if (!limit_set_oom(&run->limits, result.reason, sizeof result.reason))
        snprintf(result.reason, sizeof result.reason, "its worker was lost: %s", charge->text);
    result.signal_number = charge->fate > 0 ? charge->fate : 0;
    range_take_failure(runner, run, range, &result);
    str_release(&log);
}

static bool
is_running(const struct warm *warm, int64_t trial)
{
    for (int i = 0; i < warm->threads; i++) {
        const struct block_cell *cell = &warm->block->cell[i];
        int64_t first = atomic_load(&cell->running);
        int count = atomic_load(&cell->running_count);
        if (first && trial >= first && trial - first < (count > 1 ? count : 1))
            return true;
    }
    return false;
}

/* One stretch of a range that came apart. */
static void
settle_stretch(struct runner *runner, struct run *run, struct range *cut,
    const struct range_source *source, bool open)
{
    if (open) {
        cut->state = RANGE_READY;
        add_range(run, cut);
        return;
    }
    add_range(run, cut);
    range_take(runner, run, cut, source);
}

/* How far the trials from i on are of one kind: ended, or open and not to be
 * looked at singly. */
static int
stretch_end(const struct warm *warm, int slot, int i, const struct charge *charge)
{
    const struct block_slot *results = &warm->block->slot[slot];
    int64_t first = warm->slot[slot].trial;
    bool open = atomic_load(&results->state[i]) == BLOCK_OPEN;
    int end = i + 1;
    if (open && (first + i == charge->trial || is_running(warm, first + i)))
        return end;
    for (; end < warm->slot[slot].count; end++) {
        bool next = atomic_load(&results->state[end]) == BLOCK_OPEN;
        if (next != open || (open && (first + end == charge->trial ||
            is_running(warm, first + end))))
            break;
    }
    return end;
}

/* Takes a range apart: what has ended counts, what is open comes back, and the
 * trial that is charged has failed. True when some had ended. */
static bool
settle_slot(struct runner *runner, struct run *run, struct warm *warm, int slot,
    const struct charge *charge)
{
    struct range *range = slot_range(run, warm, slot);
    bool any = false;
    remove_range(run, range);
    for (int i = 0, end; i < range->count; i = end) {
        end = stretch_end(warm, slot, i, charge);
        bool open = atomic_load(&warm->block->slot[slot].state[i]) == BLOCK_OPEN;
        struct range *cut = cut_range(run, range, i, end - i);
        const struct range_source source = { .warm = warm, .slot = slot, .at = i };
        any |= !open;
        if (open && cut->first == charge->trial) {
            add_range(run, cut);
            take_charged(runner, run, cut, warm, charge);
        } else {
            cut->losses += open && charge->text && !charge->trial && is_running(warm, cut->first);
            settle_stretch(runner, run, cut, &source, open);
        }
    }
    range_free(range);
    return any;
}

/* The last line that a worker has written, when no trial's log has it. */
static void
log_last_words(struct runner *runner, struct run *run, struct warm *warm)
{
    struct str words;
    str_init(&words);
    warm_last_words(warm, &words);
    while (words.len && words.data[words.len - 1] == '\n')
        words.data[--words.len] = '\0';
    const char *last = words.len ? strrchr(words.data, '\n') : NULL;
    if (words.len)
        dispatch_log(runner, run, 0, "warn", last ? last + 1 : words.data);
    str_release(&words);
}

bool
ranges_lost(struct runner *runner, struct run *run, struct run_worker *w, const char *text)
{
    struct warm *warm = worker_warm(w->worker);
    bool ours = run->ending != RUN_EVENT_COUNT || runner->shutdown_done;
    struct charge charge = { .trial = 0 };
    if (!ours)
        charge = find_charge(warm, text);
    warm_look(warm);
    bool worked = charge.trial != 0;
    for (int s = 0; s < BLOCK_SLOTS; s++)
        if (warm->slot[s].used)
            worked |= settle_slot(runner, run, warm, s, &charge);
    if (!ours && !charge.trial && !w->finishing)
        log_last_words(runner, run, warm);
    return worked;
}
