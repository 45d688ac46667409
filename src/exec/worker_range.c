/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The threads are an executor's. A task of it claims a piece of the oldest range
 * under one lock, computes its points and evaluates them without it, and goes on
 * until no piece is left; a range that comes starts as many as are not at it. Where constraints leave points out, a point can
 * only be found by walking there: one search then walks for all, inside the
 * lock; otherwise each thread jumps to its piece by itself.
 */
#include "exec/worker_range.h"

#include <errno.h>
#include <execinfo.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "config/runfile.h"
#include "exec/block.h"
#include "exec/worker_figures.h"
#include "exec/worker_msg.h"
#include "model/trial.h"
#include "objective/metric_names.h"
#include "optop/executor.h"
#include "search/search.h"

enum {
    PIECES_PER_THREAD = 4, /* of a range: threads end it at about the same time */
    CRASH_STACK_BYTES = 64 * 1024,
    CRASH_FRAMES = 64,
};

_Static_assert((int)BATCH_OPEN == BLOCK_OPEN && (int)BATCH_DONE == BLOCK_DONE &&
    (int)BATCH_FAILED == BLOCK_FAILED && (int)BATCH_METRICS_MAX == BLOCK_METRICS_MAX, "one meaning");

/* A range under way. */
struct assignment {
    bool used;
    int64_t trial;
    double cursor;
    int count, piece; /* points in all, and in a claim */
    int claimed, ended;
    int failure_count;
    struct str failures; /* items of the answer's list */
};

/* What a thread needs; found by its number. */
struct evaluator {
    struct worker_range *range;
    int index;
    struct search *search; /* NULL: the shared one is used */
    double *values;
    void *crash_stack;
    stack_t stack_before;
};

struct worker_range {
    struct run_spec spec;
    struct batch_objective *objective;
    struct block *block;
    int event_fd;
    double limit_seconds; /* of a trial, to be kept here; 0: none */

    pthread_mutex_t lock; /* of all below */
    struct assignment slot[BLOCK_SLOTS];
    int order[BLOCK_SLOTS], order_count; /* slots with unclaimed points, oldest first */
    struct search *walk; /* through constraints; NULL: none */
    int broken; /* code that ended it */
    bool stopping;
    int active; /* tasks that claim pieces, or will */

    struct optop_executor *executor; /* owned; of objective->threads threads */
    struct evaluator *evaluator; /* as many */
    struct worker_figures figures;
};

struct claim {
    int slot, at, count;
    int64_t trial;
    int64_t since_ns; /* monotonic: since when a thread is at it */
};

/* A crash. The thread's cell says to the server whose trial it was. */

static _Thread_local struct block_cell *own_cell;

static void
on_crash(int number)
{
    void *frame[CRASH_FRAMES];
    if (own_cell)
        atomic_store(&own_cell->fate, number);
    backtrace_symbols_fd(frame, backtrace(frame, CRASH_FRAMES), STDERR_FILENO);
    raise(number); /* its default action, when this returns */
}

static void
watch_crashes(void)
{
    static const int numbers[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };
    struct sigaction action = { .sa_handler = on_crash, .sa_flags = SA_ONSTACK | SA_RESETHAND };
    void *frame[1];
    backtrace(frame, 1); /* the first call loads a library: not inside a crash */
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaction(numbers[i], &action, NULL);
}

/* Points. */

static int
ask(struct search *search, double *values)
{
    int64_t trial;
    int r;
    do
        r = search_ask(search, &trial, values, NULL);
    while (r == -EAGAIN);
    return r;
}

static int
ask_points(struct search *search, const struct worker_range *range, int count, double *values)
{
    int r = 0;
    for (int i = 0; i < count && r == 0; i++)
        r = ask(search, values + (size_t)i * (size_t)range->spec.dimension_count);
    return r;
}

/* With the lock held: the next piece of the oldest range, its points if they
 * can only be walked to. */
static int
take_piece(struct worker_range *range, double *values, struct claim *claim)
{
    struct assignment *given = &range->slot[range->order[0]];
    int left = given->count - given->claimed;
    *claim = (struct claim){ .slot = range->order[0], .at = given->claimed,
        .count = left < given->piece ? left : given->piece,
        .trial = given->trial + given->claimed, .since_ns = clock_mono_ns() };
    if (range->walk && given->claimed == 0)
        search_seek(range->walk, (struct search_position){ given->trial, given->cursor });
    given->claimed += claim->count;
    if (given->claimed == given->count)
        memmove(range->order, range->order + 1,
            (size_t)--range->order_count * sizeof *range->order);
    return range->walk ? ask_points(range->walk, range, claim->count, values) : 0;
}

/* 1 with a piece, 0 when there is none: the task is over then; or a negative code. */
static int
claim_piece(struct evaluator *evaluator, struct claim *claim)
{
    struct worker_range *range = evaluator->range;
    int r = 0;
    pthread_mutex_lock(&range->lock);
    bool any = range->order_count && !range->stopping && !range->broken;
    double cursor = any ? range->slot[range->order[0]].cursor : 0;
    if (any)
        r = take_piece(range, evaluator->values, claim);
    else
        range->active--;
    pthread_mutex_unlock(&range->lock);
    if (any && r == 0 && evaluator->search) {
        search_seek(evaluator->search,
            (struct search_position){ claim->trial, cursor + claim->at });
        r = ask_points(evaluator->search, range, claim->count, evaluator->values);
    }
    return r < 0 ? r : any;
}

/* Evaluation. */

static void
tell_failure(void *context, int64_t trial, const char *text, const char *log, size_t log_len)
{
    struct worker_range *range = context;
    pthread_mutex_lock(&range->lock);
    for (int i = 0; i < BLOCK_SLOTS; i++) {
        struct assignment *given = &range->slot[i];
        if (given->used && trial >= given->trial && trial < given->trial + given->count &&
            given->failure_count < WORKER_FAILURES_MAX) {
            worker_msg_failure(&given->failures, trial, text, log, log_len);
            given->failure_count++;
        }
    }
    pthread_mutex_unlock(&range->lock);
}

/* Before any thread knows of a metric, no trial has reported it. */
static void
add_metric(void *context, int number)
{
    struct worker_range *range = context;
    struct block *block = range->block;
    const char *name = range->objective->metrics
        ? metric_names_at(range->objective->metrics, number)
        : range->objective->metric_names[number];
    for (int s = 0; s < BLOCK_SLOTS; s++)
        for (int i = 0; i < BLOCK_TRIALS_MAX; i++)
            block->slot[s].metric[number][i] = NAN;
    str_copy(block->metric_name[number], RUN_NAME_MAX, name);
    atomic_store_explicit(&block->metric_count, number + 1, memory_order_release);
}

static int
evaluate(struct evaluator *evaluator, const struct claim *claim)
{
    struct worker_range *range = evaluator->range;
    struct block_slot *slot = &range->block->slot[claim->slot];
    struct block_cell *cell = &range->block->cell[evaluator->index];
    struct batch batch = { .thread = evaluator->index, .first_trial = claim->trial,
        .count = claim->count, .dimensions = range->spec.dimension_count,
        .values = evaluator->values, .score = slot->score + claim->at,
        .state = slot->state + claim->at, .running = &cell->running,
        .running_count = &cell->running_count,
        .tell_failure = tell_failure, .add_metric = add_metric, .context = range };
    int metrics = atomic_load_explicit(&range->block->metric_count, memory_order_acquire);
    for (int m = 0; m < BATCH_METRICS_MAX; m++)
        batch.metric[m] = slot->metric[m] + claim->at;
    for (int m = 0; m < metrics; m++) /* those that come later begin with none */
        for (int i = 0; i < claim->count; i++)
            batch.metric[m][i] = NAN;
    int64_t started = clock_mono_ns();
    atomic_store_explicit(&cell->since_ns, started, memory_order_relaxed);
    int r = range->objective->type->evaluate(range->objective, &batch);
    int64_t ended = clock_mono_ns();
    float seconds = (float)(ns_to_sec(ended - started) / claim->count);
    uint64_t failed = 0;
    for (int i = 0; i < claim->count; i++) {
        slot->wall_seconds[claim->at + i] = seconds;
        failed += batch.state[i] == BATCH_FAILED;
    }
    worker_figures_add(&range->figures, (uint64_t)claim->count, failed, ended - started,
        ended);
    atomic_store_explicit(&cell->running, 0, memory_order_relaxed);
    atomic_store_explicit(&cell->running_count, 0, memory_order_relaxed);
    atomic_fetch_add_explicit(&cell->busy_ns, ended - claim->since_ns, memory_order_relaxed);
    return r;
}

static void
wake_main(const struct worker_range *range)
{
    uint64_t one = 1;
    ssize_t n = write(range->event_fd, &one, sizeof one);
    (void)n; /* full: it is readable already */
}

static void
end_piece(struct worker_range *range, const struct claim *claim, int r)
{
    pthread_mutex_lock(&range->lock);
    struct assignment *given = &range->slot[claim->slot];
    if (r < 0)
        range->broken = r;
    else
        given->ended += claim->count;
    bool tell = range->broken || given->ended == given->count;
    pthread_mutex_unlock(&range->lock);
    if (tell)
        wake_main(range);
}

static void
begin_thread(void *context, int thread)
{
    struct worker_range *range = context;
    struct evaluator *evaluator = &range->evaluator[thread];
    stack_t stack = { .ss_sp = evaluator->crash_stack, .ss_size = CRASH_STACK_BYTES };
    sigaltstack(&stack, &evaluator->stack_before);
    own_cell = &range->block->cell[thread];
}

static void
end_thread(void *context, int thread)
{
    struct worker_range *range = context;
    /* a sanitizer's thread wants to free its own */
    sigaltstack(&range->evaluator[thread].stack_before, NULL);
}

static int
evaluate_pieces(void *context)
{
    struct worker_range *range = context;
    struct evaluator *evaluator = &range->evaluator[optop_thread()];
    struct claim claim = { 0 };
    int r;
    while ((r = claim_piece(evaluator, &claim)) > 0)
        end_piece(range, &claim, evaluate(evaluator, &claim));
    if (r < 0)
        end_piece(range, &claim, r);
    return r;
}

/* Opening. */

static int
parse_spec(const json_t *init, struct run_spec *ret_spec, struct diag *diag)
{
    const char *text = json_get_string(init, "text", "");
    struct ini *ini;
    int r = ini_parse_text(text, strlen(text), "run file", &ini, diag);
    if (r < 0)
        return r;
    r = runfile_check(ini, ret_spec, diag);
    ini_free(ini);
    return r;
}

int
worker_range_open(const json_t *init, const struct batch_type_row *row,
    struct worker_range **ret_range, struct diag *diag)
{
    struct worker_range *range = XNEW(struct worker_range);
    pthread_mutex_init(&range->lock, NULL);
    worker_figures_init(&range->figures, "piece.duration", clock_mono_ns());
    range->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int64_t threads = json_get_int(init, "threads", 1);
    int r = range->event_fd < 0 ? -errno : block_map(BLOCK_FD, &range->block);
    if (r < 0)
        diag_set(diag, r, "no memory is shared with the server: %s", err_text(r));
    if (r == 0)
        r = parse_spec(init, &range->spec, diag);
    if (r == 0 && range->spec.constraint_count)
        r = search_new(&range->spec, &range->walk, diag);
    const struct batch_init opening = { .spec = &range->spec, .init = init,
        .threads = threads < 1 || threads > RUN_THREADS_MAX ? 1 : (int)threads };
    if (r == 0)
        r = row->open(&opening, &range->objective, diag);
    if (r < 0) {
        worker_range_close(range);
        return r;
    }
    if (!range->objective->keeps_limit)
        range->limit_seconds = range->spec.trial_seconds;
    for (int m = 0; m < range->objective->metric_count; m++)
        add_metric(range, m);
    *ret_range = range;
    return 0;
}

static int
prepare_evaluator(struct worker_range *range, int index, struct diag *diag)
{
    struct evaluator *evaluator = &range->evaluator[index];
    evaluator->range = range;
    evaluator->index = index;
    evaluator->values = xcalloc((size_t)BATCH_POINTS_MAX * (size_t)range->spec.dimension_count,
        sizeof *evaluator->values);
    evaluator->crash_stack = xcalloc(1, CRASH_STACK_BYTES);
    return range->walk ? 0 : search_new(&range->spec, &evaluator->search, diag);
}

int
worker_range_start(struct worker_range *range, struct diag *diag)
{
    int r = 0, count = range->objective->threads;
    range->evaluator = xcalloc((size_t)count, sizeof *range->evaluator);
    for (int i = 0; i < count && r == 0; i++)
        r = prepare_evaluator(range, i, diag);
    if (r < 0)
        return r;
    watch_crashes();
    range->executor = optop_executor_new("evaluate ranges", count, count);
    r = range->executor ? optop_executor_start(range->executor, begin_thread, end_thread, range)
                        : -errno;
    if (r < 0)
        diag_set(diag, r, "cannot start %d threads: %s", count, err_text(r));
    return r;
}

const struct batch_objective *
worker_range_objective(const struct worker_range *range)
{
    return range->objective;
}

/* Ranges. */

static int
piece_size(const struct worker_range *range, int count)
{
    int piece = count / (range->objective->threads * PIECES_PER_THREAD);
    if (range->limit_seconds > 0)
        return 1; /* a limit is one of each trial */
    if (piece < range->objective->least_points)
        piece = range->objective->least_points;
    if (piece < 1)
        return 1;
    return piece > BATCH_POINTS_MAX ? BATCH_POINTS_MAX : piece;
}

int
worker_range_add(struct worker_range *range, const json_t *given)
{
    int64_t slot = json_get_int(given, "slot", -1), count = json_get_int(given, "count", 0);
    int64_t trial = json_get_int(given, "trial", 0);
    if (slot < 0 || slot >= BLOCK_SLOTS || count < 1 || count > BLOCK_TRIALS_MAX || trial < 1)
        return ERR_PROTOCOL;
    struct assignment *added = &range->slot[slot];
    int missing = 0;
    pthread_mutex_lock(&range->lock);
    bool used = added->used;
    if (!used) {
        *added = (struct assignment){ .used = true, .trial = trial, .count = (int)count,
            .cursor = json_get_number(given, "cursor", 0),
            .piece = piece_size(range, (int)count) };
        str_init(&added->failures);
        range->order[range->order_count++] = (int)slot;
        missing = range->objective->threads - range->active;
        range->active += missing;
    }
    pthread_mutex_unlock(&range->lock);
    const struct optop_task task = { .run = evaluate_pieces, .context = range };
    int r = 0;
    while (missing-- > 0 && r == 0)
        r = optop_submit(range->executor, &task, NULL); /* there is room for all of them */
    return used ? ERR_PROTOCOL : r;
}

int
worker_range_fd(const struct worker_range *range)
{
    return range->event_fd;
}

int
worker_range_collect(struct worker_range *range, struct str *out)
{
    uint64_t count;
    ssize_t n = read(range->event_fd, &count, sizeof count);
    (void)n; /* nothing to read: nothing has ended */
    pthread_mutex_lock(&range->lock);
    for (int i = 0; i < BLOCK_SLOTS; i++) {
        struct assignment *given = &range->slot[i];
        if (!given->used || given->ended < given->count)
            continue;
        worker_msg_range_ended(out, i, given->trial, given->failures.data);
        str_release(&given->failures);
        given->used = false;
    }
    int broken = range->broken;
    pthread_mutex_unlock(&range->lock);
    worker_figures_tick(&range->figures, clock_mono_ns());
    return broken;
}

bool
worker_range_idle(struct worker_range *range)
{
    bool used = false;
    pthread_mutex_lock(&range->lock);
    for (int i = 0; i < BLOCK_SLOTS; i++)
        used |= range->slot[i].used;
    pthread_mutex_unlock(&range->lock);
    return !used;
}

int
worker_range_watch(struct worker_range *range)
{
    int64_t now = clock_mono_ns(), least = INT64_MAX, limit = sec_to_ns(range->limit_seconds);
    if (limit <= 0)
        return -1;
    for (int i = 0; i < range->objective->threads; i++) {
        struct block_cell *cell = &range->block->cell[i];
        if (!atomic_load(&cell->running))
            continue;
        int64_t left = atomic_load(&cell->since_ns) + limit - now;
        if (left <= 0) {
            atomic_store(&cell->fate, BLOCK_FATE_LIMIT);
            return ERR_EXHAUSTED;
        }
        least = left < least ? left : least;
    }
    /* a trial that begins meanwhile is looked at in time, too */
    least = least < limit ? least : limit;
    return least > 60 * NS_PER_SEC ? 60000 : (int)(least / NS_PER_MS) + 1;
}

/* The end. */

bool
worker_range_stop(struct worker_range *range, double grace_seconds)
{
    pthread_mutex_lock(&range->lock);
    range->stopping = true;
    pthread_mutex_unlock(&range->lock);
    if (range->objective->type->stop)
        range->objective->type->stop(range->objective);
    if (!range->executor)
        return true;
    if (optop_executor_wait(range->executor, sec_to_ns(grace_seconds)) < 0)
        return false;
    optop_executor_free(range->executor);
    range->executor = NULL;
    return true;
}

void
worker_range_close(struct worker_range *range)
{
    if (!range)
        return;
    optop_executor_free(range->executor);
    for (int i = 0; range->evaluator && i < range->objective->threads; i++) {
        search_free(range->evaluator[i].search);
        free(range->evaluator[i].values);
        free(range->evaluator[i].crash_stack);
    }
    free(range->evaluator);
    if (range->objective)
        range->objective->type->close(range->objective);
    for (int i = 0; i < BLOCK_SLOTS; i++)
        if (range->slot[i].used)
            str_release(&range->slot[i].failures);
    worker_figures_release(&range->figures);
    search_free(range->walk);
    run_spec_release(&range->spec);
    block_unmap(range->block);
    if (range->event_fd >= 0)
        close(range->event_fd);
    free(range);
}
