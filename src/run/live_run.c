/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "run/live_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "search/space.h"
#include "run/range.h"

int64_t
run_elapsed_ns(const struct run *run, int64_t now_ns)
{
    return run->elapsed_ns + (run->running_since_ns ? now_ns - run->running_since_ns : 0);
}

int64_t
run_worker_busy_ns(const struct run_worker *w, int64_t now_ns)
{
    int64_t until = w->held_since_ns ? w->held_since_ns : now_ns;
    int64_t present = w->running_trial ? until - w->running_since_ns - w->held_ns : ranges_busy_ns(w, now_ns);
    return w->busy_ns + present;
}

static int64_t
run_busy_ns(const struct run *run, int64_t now_ns)
{
    int64_t busy = run->busy_ns;
    for (const struct run_worker *w = run->workers; w; w = w->next)
        busy += w->running_trial ? now_ns - w->running_since_ns : ranges_busy_ns(w, now_ns);
    return busy;
}

static int64_t
run_worker_ns(const struct run *run, int64_t now_ns)
{
    int64_t sum = run->worker_ns;
    for (const struct run_worker *w = run->workers; w; w = w->next)
        sum += (now_ns - worker_started_ns(w->worker)) * w->threads;
    return sum;
}

double
run_utilization_pct(const struct run *run, int64_t now_ns)
{
    int64_t lives = run_worker_ns(run, now_ns);
    double share = lives ? (double)run_busy_ns(run, now_ns) / (double)lives : (double)NAN;
    return share > 1 ? 100 : 100 * share;
}

static void
write_wall_time(struct json_writer *w, const char *key, int64_t wall_ns)
{
    if (wall_ns)
        jw_figure(w, key, ns_to_sec(wall_ns));
    else
        jw_null(w, key);
}

/* One parameter of a point as JSON: numbers as numbers, choices as text. */
static void
write_parameter(struct json_writer *w, const struct dimension *dimension, double value)
{
    char text[40];
    if (dimension->kind != DIMENSION_CHOICE)
        jw_number(w, dimension->name, value);
    else
        jw_string(w, dimension->name, dimension_format(dimension, value, text, sizeof text));
}

static void
write_params(struct json_writer *w, const char *key, const struct run *run, const char *params)
{
    json_t *values = params ? json_parse(params, strlen(params), NULL) : NULL;
    jw_object(w, key);
    for (int d = 0; values && d < run->spec.dimension_count; d++)
        write_parameter(w, &run->spec.dimension[d],
            json_number_value(json_array_get(values, (size_t)d)));
    jw_end(w);
    json_decref(values);
}

/* What was measured, then what the trial reported. */
static void
write_metrics(struct json_writer *w, const char *key, const struct trial_result *result)
{
    const double values[] = { result->wall_seconds, result->cpu_seconds,
        result->max_rss_bytes, result->stdout_bytes };
    jw_object(w, key);
    for (int i = 0; trial_measure_names[i]; i++)
        jw_number(w, trial_measure_names[i], values[i]);
    const char *text = result->metrics;
    json_t *reported = text ? json_parse(text, strlen(text), NULL) : NULL, *value;
    const char *name;
    json_object_foreach (reported, name, value)
        jw_number(w, name, json_number_value(value));
    json_decref(reported);
    jw_end(w);
}

void
run_write_trial(struct json_writer *w, const char *key, const struct run *run,
    const struct store_trial *trial)
{
    const struct trial_result *result = trial->result;
    jw_object(w, key);
    jw_int(w, "trial", result->trial);
    jw_string(w, "state", result->state == TRIAL_DONE ? "done" : "failed");
    jw_number(w, "score", result->score);
    write_params(w, "params", run, trial->params);
    write_metrics(w, "metrics", result);
    if (result->exit_code >= 0)
        jw_int(w, "exit_code", result->exit_code);
    else
        jw_null(w, "exit_code");
    if (result->signal_number)
        jw_int(w, "signal", result->signal_number);
    else
        jw_null(w, "signal");
    jw_int(w, "attempt", result->attempt);
    /* to the millisecond: trials end by the hundred in a second */
    jw_number(w, "finished", round((double)trial->finished_wall_ns / 1e6) / 1e3);
    jw_string(w, "reason", result->reason);
    jw_end(w);
}

static void
write_best(struct json_writer *w, const struct run *run)
{
    if (!run->best.trial) {
        jw_null(w, "best");
        return;
    }
    jw_object(w, "best");
    jw_int(w, "trial", run->best.trial);
    jw_number(w, "score", run->best.score);
    write_params(w, "params", run, run->best_params);
    write_metrics(w, "metrics", &run->best);
    write_wall_time(w, "found", run->best_wall_ns);
    jw_figure(w, "found_seconds", run->best_wall_ns && run->started_wall_ns
            ? ns_to_sec(run->best_wall_ns - run->started_wall_ns) : (double)NAN);
    jw_end(w);
}

/* Of a trial under way; NULL: not known. */
static const double *
trial_values(const struct run *run, int64_t trial)
{
    for (int i = 0; i < run->retry_count; i++)
        if (run->retry[i].trial == trial)
            return run->retry[i].values;
    const struct window_entry *entry = window_find(run, trial);
    return entry ? window_values(run, (int)(trial - window_at(run, 0)->trial)) : NULL;
}

static void
write_running_trial(struct json_writer *w, const struct run_worker *worker, int64_t now_ns)
{
    const struct run *run = worker->run;
    const double *values = trial_values(run, worker->running_trial);
    bool held = worker->held_since_ns != 0;
    int64_t until = held ? worker->held_since_ns : now_ns;
    jw_object(w, NULL);
    jw_int(w, "trial", worker->running_trial);
    jw_string(w, "state", worker->trial_cancelled ? "cancelling" : held ? "paused" : "running");
    jw_figure(w, "seconds", ns_to_sec(until - worker->running_since_ns - worker->held_ns));
    jw_int(w, "worker_pid", worker_pid(worker->worker));
    jw_object(w, "params");
    for (int d = 0; values && d < run->spec.dimension_count; d++)
        write_parameter(w, &run->spec.dimension[d], values[d]);
    jw_end(w);
    jw_end(w);
}

static int
compare_since(const void *a, const void *b)
{
    const struct run_worker *x = *(struct run_worker *const *)a, *y = *(struct run_worker *const *)b;
    bool x_first = x->trial_cancelled || x->held_since_ns, y_first = y->trial_cancelled || y->held_since_ns;
    if (x_first != y_first)
        return x_first ? -1 : 1;
    return (x->running_since_ns > y->running_since_ns) - (x->running_since_ns < y->running_since_ns);
}

/* It is those that somebody has steered, and those that run longest, that are
 * looked for. */
static void
write_running(struct json_writer *w, const struct run *run, int64_t now_ns)
{
    const struct run_worker **list = xcalloc((size_t)run->worker_count + 1, sizeof(*list));
    int count = 0;
    for (const struct run_worker *worker = run->workers; worker; worker = worker->next)
        if (worker->running_trial)
            list[count++] = worker;
    qsort(list, (size_t)count, sizeof(*list), compare_since);
    jw_array(w, "running");
    for (int i = 0; i < count && i < RUN_SHOWN_TRIALS_MAX; i++)
        write_running_trial(w, list[i], now_ns);
    jw_end(w);
    free(list);
}

static void
write_counts(struct json_writer *w, const struct run *run)
{
    int running = 0;
    for (const struct run_worker *worker = run->workers; worker; worker = worker->next)
        running += worker->running_trial ? 1 : ranges_running(worker);
    jw_object(w, "counts");
    if (run->total >= 0)
        jw_int(w, "total", run->total);
    else
        jw_null(w, "total");
    jw_int(w, "done", run->done);
    jw_int(w, "failed", run->failed);
    jw_int(w, "running", running);
    jw_int(w, "retrying", run->retry_open);
    jw_end(w);
}

bool
space_is_exhausted(const struct run_spec *spec, int64_t feasible)
{
    return feasible >= 0 && (!spec->trials || spec->trials >= feasible);
}

void
space_write(struct json_writer *w, const char *key, const struct run_spec *spec, int64_t feasible)
{
    jw_object(w, key);
    jw_number(w, "points", space_points(spec));
    if (feasible >= 0)
        jw_int(w, "feasible", feasible);
    else
        jw_null(w, "feasible");
    jw_bool(w, "exhaustive", space_is_exhausted(spec, feasible));
    jw_end(w);
}

/* Of a run that does not run: the mean over all its running time. */
double
run_rate(const struct run *run, int64_t now_ns)
{
    double seconds = ns_to_sec(run_elapsed_ns(run, now_ns));
    if (run->state == RUN_RUNNING || seconds <= 0)
        return pace_rate(&run->pace);
    return (double)(run->done + run->failed) / seconds;
}

struct pace_left
run_left(const struct run *run)
{
    bool known = run->state == RUN_RUNNING && run->ending == RUN_EVENT_COUNT && run->total >= 0;
    return pace_left(&run->pace,
        known ? (double)(run->total - run->done - run->failed + run->retry_open) : (double)NAN);
}

static void
write_left(struct json_writer *w, const struct run *run)
{
    struct pace_left left = run_left(run);
    jw_figure(w, "eta_seconds", left.seconds);
    jw_figure(w, "eta_low_seconds", left.low);
    jw_figure(w, "eta_high_seconds", left.high);
}

static void
write_sink(struct json_writer *w, const struct run *run, int64_t now_ns)
{
    const struct run_sunk *sunk = &run->sunk;
    if (!run->spec.sink.place || !sunk->known) {
        jw_null(w, "sink");
        return;
    }
    jw_object(w, "sink");
    jw_string(w, "place", run->spec.sink.place);
    jw_string(w, "state", sunk->failing ? "failing" : sunk->behind ? "sending" : "sent");
    jw_int(w, "sent", sunk->sent);
    jw_int(w, "behind", sunk->behind);
    jw_figure(w, "failing_seconds",
        sunk->failing ? ns_to_sec(now_ns - sunk->failing_since_ns) : (double)NAN);
    jw_string(w, "error", sunk->error);
    jw_end(w);
}

/* As the run file has it. */
static void
write_wanted_workers(struct json_writer *w, const struct run_spec *spec)
{
    char text[32] = "auto";
    if (spec->workers && spec->mode == RUN_MODE_HYBRID)
        snprintf(text, sizeof text, "%dx%d", spec->workers / spec->threads, spec->threads);
    else if (spec->workers)
        snprintf(text, sizeof text, "%d", spec->workers);
    jw_string(w, "workers_wanted", text);
}

void
run_write(struct json_writer *w, const char *key, const struct run *run, int64_t now_ns,
    bool with_text)
{
    const struct run_spec *spec = &run->spec;
    char score[RUN_NAME_MAX + 8];
    if (objective_type_warm(spec->objective))
        str_copy(score, sizeof score, spec->function ? spec->function : "answer");
    else
        snprintf(score, sizeof score, "%s%s%s", score_kind_name(spec->score),
            spec->score == SCORE_JSON ? ":" : "",
            spec->score == SCORE_JSON ? spec->score_field : "");
    jw_object(w, key);
    jw_int(w, "run", run->id);
    jw_string(w, "name", spec->name);
    jw_string(w, "state", run_state_name(run->state));
    jw_string(w, "reason", run->reason);
    jw_string(w, "goal", spec->goal == RUN_MINIMIZE ? "minimize" : "maximize");
    jw_string(w, "objective", objective_type_name(spec->objective));
    jw_string(w, "search", search_method_name(spec->search));
    jw_string(w, "score", score);
    write_counts(w, run);
    space_write(w, "space", spec, run->feasible);
    write_best(w, run);
    jw_figure(w, "rate", run_rate(run, now_ns));
    write_left(w, run);
    jw_figure(w, "elapsed_seconds", ns_to_sec(run_elapsed_ns(run, now_ns)));
    jw_int(w, "workers", run->worker_count);
    jw_int(w, "workers_target", run->workers_target);
    write_wanted_workers(w, spec);
    jw_int(w, "workers_idle", run->workers_idle);
    jw_string(w, "workers_wait", run->workers_wait);
    jw_string(w, "target_reason", run->state == RUN_RUNNING ? run->target_reason : "");
    jw_figure(w, "utilization_pct", run_utilization_pct(run, now_ns));
    jw_string(w, "cage", run->cage_name);
    limit_set_write(w, "limits", &run->limits);
    write_sink(w, run, now_ns);
    write_wall_time(w, "created", run->created_wall_ns);
    write_wall_time(w, "started", run->started_wall_ns);
    write_wall_time(w, "finished", run->finished_wall_ns);
    jw_bool(w, "cancelling", run->ending != RUN_EVENT_COUNT);
    jw_bool(w, "resumable", run_state_next(run->state, RUN_EVENT_RESUME) >= 0);
    jw_int(w, "priority", spec->priority);
    jw_array(w, "after");
    for (int i = 0; i < spec->after_count; i++)
        jw_int(w, NULL, spec->after[i]);
    jw_end(w);
    write_wall_time(w, "start", spec->start_wall_ns);
    bool starved = run->state == RUN_RUNNING && run->start_failing_ns && !run->worker_count;
    jw_string(w, "waiting", run->state == RUN_QUEUED ? run->waiting
            : run->state == RUN_RUNNING && run->frozen[0] ? run->frozen
            : starved ? run->start_text : "");
    if (with_text) {
        write_running(w, run, now_ns);
        jw_string(w, "file", run->file);
        jw_string(w, "directory", run->directory);
        jw_string(w, "file_text", run->text);
    }
    jw_end(w);
}

void
run_take_best(struct run *run, const struct trial_result *best, const char *params)
{
    free(run->best.metrics);
    free(run->best_params);
    run->best = *best;
    run->best.log = run->best.output = NULL;
    run->best.metrics = best->metrics ? xstrdup(best->metrics) : NULL;
    run->best_params = xstrdup(params);
}

void
run_free(struct run *run)
{
    if (!run)
        return;
    ranges_close(run);
    search_free(run->search);
    run_spec_release(&run->spec);
    free(run->best.metrics);
    free(run->results);
    for (int i = 0; i < run->retry_count; i++)
        free(run->retry[i].values);
    free(run->retry);
    free(run->window);
    free(run->values);
    free(run->skip);
    free(run->file);
    free(run->text);
    free(run->directory);
    free(run->environment);
    free(run->best_params);
    free(run->lanes);
    free(run);
}

struct store_run
run_to_row(const struct run *run, int64_t now_ns)
{
    return (struct store_run){
        .id = run->id,
        .name = run->spec.name,
        .state = run->state,
        .reason = run->reason,
        .file = run->file,
        .text = run->text,
        .directory = run->directory,
        .environment = run->environment,
        .environment_len = run->environment_len,
        .created_wall_ns = run->created_wall_ns,
        .started_wall_ns = run->started_wall_ns,
        .finished_wall_ns = run->finished_wall_ns,
        .elapsed_ns = run_elapsed_ns(run, now_ns),
        .busy_ns = run_busy_ns(run, now_ns),
        .worker_ns = run_worker_ns(run, now_ns),
        .total = run->total,
        .feasible = run->feasible,
        .done = run->done,
        .failed = run->failed,
        .best_trial = run->best.trial,
        .best_score = run->best.trial ? run->best.score : (double)NAN,
        .mark_trial = run->mark.next_trial,
        .mark_cursor = run->mark.cursor,
        .cage = run->cage_name,
    };
}

/* What was accepted once parses again; a row damaged by other hands keeps its
 * name and counts and cannot be resumed. */
static void
parse_text(struct run *run, const char *name)
{
    struct ini *ini;
    struct diag diag = { 0 };
    int r = ini_parse_text(run->text, strlen(run->text), run->file, &ini, &diag);
    if (r == 0) {
        r = runfile_check(ini, &run->spec, &diag);
        ini_free(ini);
    }
    if (r < 0) {
        run_spec_init(&run->spec);
        str_copy(run->spec.name, sizeof run->spec.name, name);
    }
}

struct run *
run_from_row(const struct store_run *row)
{
    struct run *run = XNEW(struct run);
    run->id = row->id;
    run->state = row->state;
    str_copy(run->reason, sizeof run->reason, row->reason);
    run->file = xstrdup(row->file);
    run->directory = xstrdup(row->directory);
    run->text = xstrdup(row->text ? row->text : "");
    if (row->environment_len) {
        run->environment = xcalloc(1, row->environment_len);
        memcpy(run->environment, row->environment, row->environment_len);
        run->environment_len = row->environment_len;
    }
    parse_text(run, row->name);
    run->created_wall_ns = row->created_wall_ns;
    run->started_wall_ns = row->started_wall_ns;
    run->finished_wall_ns = row->finished_wall_ns;
    run->elapsed_ns = row->elapsed_ns;
    run->busy_ns = row->busy_ns;
    run->worker_ns = row->worker_ns;
    run->total = row->total;
    run->feasible = row->feasible;
    run->count_settled = row->total >= 0 && row->feasible >= 0;
    run->done = row->done;
    run->failed = row->failed;
    run->best.trial = row->best_trial;
    run->best.score = row->best_score;
    run->mark = (struct search_position){ row->mark_trial, row->mark_cursor };
    str_copy(run->cage_name, sizeof run->cage_name, row->cage);
    run->ending = RUN_EVENT_COUNT;
    run->told_state = (int)run->state;
    return run;
}

static int
take_best(void *context, const struct store_trial *trial)
{
    struct run *run = context;
    run_take_best(run, trial->result, trial->params);
    run->best_wall_ns = trial->finished_wall_ns;
    return 0;
}

void
run_load_best(struct run *run, struct store *store)
{
    if (run->best.trial && !run->best_params &&
        store_trial_get(store, run->id, run->best.trial, take_best, run) < 0)
        run->best.trial = 0;
}

char **
run_environment(const struct run *run)
{
    size_t count = 0;
    for (size_t i = 0; i < run->environment_len; i++)
        count += run->environment[i] == '\0';
    char **array = xcalloc(count + 1, sizeof *array);
    char *p = run->environment;
    for (size_t i = 0; i < count; i++, p += strlen(p) + 1)
        array[i] = p;
    return array;
}

void
run_note_use(struct run *run, const struct trial_result *result)
{
    double cores = result->cpu_seconds / result->wall_seconds;
    if (result->wall_seconds > 0 && isfinite(cores))
        run->trial_cores += (cores - run->trial_cores) * (run->trial_cores > 0 ? RUN_MEAN_WEIGHT : 1);
    if (result->max_rss_bytes > run->trial_bytes)
        run->trial_bytes = result->max_rss_bytes;
    else if (isfinite(result->max_rss_bytes))
        run->trial_bytes += (result->max_rss_bytes - run->trial_bytes) * RUN_MEAN_WEIGHT;
}
