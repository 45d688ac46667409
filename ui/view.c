/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "base/unit.h"

static const enum metric series_metric[VIEW_SERIES_COUNT] = {
    [VIEW_SERIES_CPU] = METRIC_CPU_TOTAL,
    [VIEW_SERIES_MEMORY] = METRIC_MEMORY_USED_PCT,
    [VIEW_SERIES_PSI_CPU] = METRIC_PSI_CPU_SOME,
    [VIEW_SERIES_PSI_MEMORY] = METRIC_PSI_MEMORY_SOME,
    [VIEW_SERIES_PSI_IO] = METRIC_PSI_IO_SOME,
};

void
view_init(struct view *view)
{
    memset(view, 0, sizeof *view);
    view->time = view->interval_seconds = view->server_uptime = NAN;
    view->alerts_pending = view->alerts_warning = view->alerts_critical = NAN;
    view->deliveries_waiting = view->deliveries_dead = view->deliveries_delivered = NAN;
    sample_init(&view->sample);
    for (int i = 0; i < VIEW_SERIES_COUNT; i++)
        view->series[i].metric = series_metric[i];
}

void
view_release(struct view *view)
{
    sample_release(&view->sample);
}

static void
get_text(const json_t *object, const char *key, char *buf, size_t size)
{
    text_clean(json_get_string(object, key, ""), buf, size);
}

static double
get_number(const json_t *object, const char *key)
{
    return json_get_number(object, key, NAN);
}

/* Counts that the server always knows: 0 where it does not say. */
static double
get_count(const json_t *object, const char *key)
{
    return json_get_number(object, key, 0);
}

static void
apply_scalars(struct view *view, enum metric_group group, const json_t *status)
{
    const struct metric_group_info *info = metric_group_info(group);
    const json_t *object = json_object_get(status, info->json);
    for (int m = info->first; m < info->first + info->count; m++)
        view->sample.scalar[m] = get_number(object, metric_info((enum metric)m)->key);
}

/* Rows come in the same order at every tick: the place is tried before the
 * name is looked for, which would be quadratic with many cores. */
static int
row_of(struct view *view, enum metric_group group, int place, const char *name)
{
    struct sample_rows *rows = &view->sample.rows[group];
    if (place < rows->count && !strcmp(rows->row[place].name, name)) {
        rows->row[place].present = true;
        return place;
    }
    return sample_row(&view->sample, group, name);
}

static void
apply_rows(struct view *view, enum metric_group group, const json_t *status)
{
    const struct metric_group_info *info = metric_group_info(group);
    struct sample_rows *rows = &view->sample.rows[group];
    for (int i = 0; i < rows->count; i++)
        rows->row[i].present = false;
    size_t i;
    const json_t *object;
    json_array_foreach(json_object_get(status, info->json), i, object)
    {
        const char *name = json_get_string(object, "name", NULL);
        int row = name && i < SAMPLE_ROWS_MAX ? row_of(view, group, (int)i, name) : -1;
        for (int c = 0; row >= 0 && c < info->count; c++)
            rows->row[row].value[c] =
                get_number(object, metric_info((enum metric)(info->first + c))->key);
    }
}

static void
push_point(struct view_series *series, double value)
{
    series->head = series->count ? (series->head + 1) % VIEW_HISTORY : 0;
    series->value[series->head] = (float)value;
    if (series->count < VIEW_HISTORY)
        series->count++;
}

float
view_series_at(const struct view_series *series, int age)
{
    if (age < 0 || age >= series->count)
        return NAN;
    return series->value[(series->head - age + VIEW_HISTORY) % VIEW_HISTORY];
}

void
view_forget_series(struct view *view)
{
    for (int i = 0; i < VIEW_SERIES_COUNT; i++)
        view->series[i].count = 0;
    view->sample.sequence = 0;
}

void
view_apply_history(struct view *view, int index, const json_t *history)
{
    if (index < 0 || index >= VIEW_SERIES_COUNT)
        return;
    struct view_series *series = &view->series[index];
    const json_t *mean = json_object_get(history, "mean");
    if (!series->count) { /* nothing newer: the newest of the answer leads */
        series->head = VIEW_HISTORY - 1;
    }
    for (size_t left = json_array_size(mean); left > 0 && series->count < VIEW_HISTORY; left--) {
        const json_t *value = json_array_get(mean, left - 1);
        int at = (series->head - series->count + 2 * VIEW_HISTORY) % VIEW_HISTORY;
        series->value[at] = json_is_number(value) ? (float)json_number_value(value) : NAN;
        series->count++;
    }
}

/* "preset=9 lc=4": the members of an object in the server's order. */
static void
params_text(const json_t *params, char *buf, size_t size)
{
    size_t used = 0;
    buf[0] = '\0';
    const char *key;
    const json_t *value;
    json_t *object = json_is_object(params) ? (json_t *)(uintptr_t)params : NULL;
    json_object_foreach(object, key, value)
    {
        char number[40], name[RUN_NAME_MAX], text[VIEW_TEXT_MAX];
        text_clean(key, name, sizeof name);
        const char *shown = json_is_string(value)
            ? text_clean(json_string_value(value), text, sizeof text)
            : json_is_number(value)
            ? unit_format_number(json_number_value(value), number, sizeof number)
            : json_is_boolean(value) ? (json_is_true(value) ? "true" : "false") : "-";
        int n = snprintf(buf + used, size - used, "%s%s=%s", used ? " " : "", name, shown);
        if (n < 0 || (size_t)n >= size - used) { /* whole pairs only */
            buf[used] = '\0';
            return;
        }
        used += (size_t)n;
    }
}

static void
parse_best(const json_t *best, struct view_run *run)
{
    run->has_best = json_is_object(best);
    run->best_trial = get_number(best, "trial");
    run->best_score = get_number(best, "score");
    run->best_found_seconds = get_number(best, "found_seconds");
    params_text(json_object_get(best, "params"), run->best_params, sizeof run->best_params);
}

bool
view_parse_run(const json_t *object, struct view_run *ret_run)
{
    struct view_run run = { .run = json_get_int(object, "run", 0) };
    int state = run_state_parse(json_get_string(object, "state", ""));
    if (run.run <= 0 || state < 0)
        return false;
    run.state = (enum run_state)state;
    run.goal = !strcmp(json_get_string(object, "goal", ""), "maximize") ? RUN_MAXIMIZE
                                                                        : RUN_MINIMIZE;
    get_text(object, "name", run.name, sizeof run.name);
    get_text(object, "reason", run.reason, sizeof run.reason);
    get_text(object, "waiting", run.waiting, sizeof run.waiting);
    get_text(object, "target_reason", run.target_reason, sizeof run.target_reason);
    get_text(object, "objective", run.objective, sizeof run.objective);
    get_text(object, "search", run.search, sizeof run.search);
    get_text(object, "score", run.score, sizeof run.score);
    get_text(object, "cage", run.cage, sizeof run.cage);
    const json_t *sink = json_object_get(object, "sink");
    run.sink_behind = get_number(sink, "behind");
    run.sink_failing = str_equal(json_get_string(sink, "state", ""), "failing");
    run.cancelling = json_get_bool(object, "cancelling", false);
    run.resumable = json_get_bool(object, "resumable", false);
    const json_t *counts = json_object_get(object, "counts");
    run.total = get_number(counts, "total");
    run.done = get_count(counts, "done");
    run.failed = get_count(counts, "failed");
    run.running = get_count(counts, "running");
    const json_t *space = json_object_get(object, "space");
    run.points = get_number(space, "points");
    run.feasible = get_number(space, "feasible");
    run.exhaustive = json_get_bool(space, "exhaustive", false);
    parse_best(json_object_get(object, "best"), &run);
    run.rate = get_number(object, "rate");
    run.eta_seconds = get_number(object, "eta_seconds");
    run.eta_low_seconds = get_number(object, "eta_low_seconds");
    run.eta_high_seconds = get_number(object, "eta_high_seconds");
    run.elapsed_seconds = get_number(object, "elapsed_seconds");
    run.workers = get_number(object, "workers");
    run.workers_target = get_number(object, "workers_target");
    get_text(object, "workers_wanted", run.workers_wanted, sizeof run.workers_wanted);
    run.priority = get_number(object, "priority");
    run.utilization_pct = get_number(object, "utilization_pct");
    run.created = get_number(object, "created");
    run.started = get_number(object, "started");
    run.finished = get_number(object, "finished");
    *ret_run = run;
    return true;
}

static int
run_index(const struct view *view, int64_t run)
{
    for (int i = 0; i < view->run_count; i++)
        if (view->run[i].run == run)
            return i;
    return -1;
}

const struct view_run *
view_find_run(const struct view *view, int64_t run)
{
    int i = run_index(view, run);
    return i < 0 ? NULL : &view->run[i];
}

void
view_apply_run(struct view *view, const json_t *object)
{
    struct view_run run;
    if (!view_parse_run(object, &run))
        return;
    int i = run_index(view, run.run);
    if (i < 0) { /* new ones stand first until the next status says their place */
        if (view->run_count < VIEW_RUNS_MAX)
            view->run_count++;
        memmove(&view->run[1], &view->run[0], (size_t)(view->run_count - 1) * sizeof run);
        i = 0;
    }
    view->run[i] = run;
}

static void
apply_runs(struct view *view, const json_t *status)
{
    view->run_count = 0;
    size_t i;
    const json_t *object;
    json_array_foreach(json_object_get(status, "runs"), i, object)
        if (view->run_count < VIEW_RUNS_MAX &&
            view_parse_run(object, &view->run[view->run_count]))
            view->run_count++;
}

/* "1 max_age, 2 crashed": what is not 0. */
static void
list_counts(const json_t *object, char *buf, size_t size)
{
    const char *key;
    json_t *value;
    char name[32];
    size_t len = 0;
    buf[0] = '\0';
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
        if (json_integer_value(value) > 0 && len < size)
            len += (size_t)snprintf(buf + len, size - len, "%s%" JSON_INTEGER_FORMAT " %s",
                len ? ", " : "", json_integer_value(value),
                text_clean(key, name, sizeof name));
}

/* "cache users 8.00M, heap 4.00M" */
static void
list_bytes(const json_t *list, char *buf, size_t size)
{
    const json_t *object;
    char name[48], bytes[16];
    size_t i, len = 0;
    buf[0] = '\0';
    json_array_foreach(list, i, object)
    {
        get_text(object, "name", name, sizeof name);
        unit_format_bytes(get_number(object, "bytes"), bytes, sizeof bytes);
        if (len < size)
            len += (size_t)snprintf(buf + len, size - len, "%s%s %s", len ? ", " : "", name, bytes);
    }
}

static void
apply_shortage(struct view *view, const json_t *status)
{
    const json_t *memory = json_object_get(status, "memory");
    const json_t *released = json_object_get(memory, "released");
    struct view_shortage *shortage = &view->shortage;
    double level = get_number(memory, "pressure");
    shortage->level = level > 0 && level <= 4 ? (int)level : 0;
    get_text(memory, "pressure_level", shortage->name, sizeof shortage->name);
    get_text(memory, "pressure_reason", shortage->reason, sizeof shortage->reason);
    shortage->released_bytes = get_number(released, "bytes");
    shortage->last_bytes = get_number(released, "last_bytes");
    list_bytes(json_object_get(released, "givers"), shortage->givers, sizeof shortage->givers);
    list_bytes(json_object_get(memory, "types"), shortage->types, sizeof shortage->types);
}

static void
apply_leaks(struct view_shortage *shortage, const json_t *leaks)
{
    size_t i;
    const json_t *leak;
    shortage->leak_count = 0;
    json_array_foreach(leaks, i, leak)
        if (shortage->leak_count < VIEW_LEAKS_MAX)
            get_text(leak, "text", shortage->leak[shortage->leak_count++], VIEW_TEXT_MAX);
}

static void
apply_pools(struct view *view, const json_t *status)
{
    view->pool_count = 0;
    size_t i;
    const json_t *object;
    json_array_foreach(json_object_get(status, "pools"), i, object)
    {
        if (view->pool_count == VIEW_POOLS_MAX || !json_is_object(object))
            continue;
        struct view_pool *pool = &view->pool[view->pool_count++];
        get_text(object, "name", pool->name, sizeof pool->name);
        pool->size = get_number(object, "size");
        pool->in_use = get_number(object, "in_use");
        pool->idle = get_number(object, "idle");
        pool->created = get_number(object, "created");
        pool->reused = get_number(object, "reused");
        pool->reuse_pct = get_number(object, "reuse_pct");
        pool->retired = get_number(object, "retired");
        pool->acquire_p50_seconds = get_number(object, "acquire_p50_seconds");
        pool->acquire_p99_seconds = get_number(object, "acquire_p99_seconds");
        list_counts(json_object_get(object, "recycled"), pool->recycled, sizeof pool->recycled);
    }
}

static void
apply_tasks(struct view *view, const json_t *status)
{
    view->task_count = 0;
    size_t i;
    const json_t *object;
    json_array_foreach(json_object_get(status, "tasks"), i, object)
    {
        if (view->task_count == VIEW_TASKS_MAX || !json_is_object(object))
            continue;
        struct view_task *task = &view->task[view->task_count++];
        get_text(object, "name", task->name, sizeof task->name);
        task->count = get_number(object, "count");
        task->in_progress = get_number(object, "in_progress");
        task->failed = get_number(object, "failed");
        task->min_seconds = get_number(object, "min_seconds");
        task->mean_seconds = get_number(object, "mean_seconds");
        task->p99_seconds = get_number(object, "p99_seconds");
        task->max_seconds = get_number(object, "max_seconds");
    }
}

static void
apply_files(struct view *view, const json_t *status)
{
    const json_t *object, *disk = json_object_get(status, "disk");
    size_t i;
    view->file_count = 0;
    json_array_foreach(json_object_get(status, "files"), i, object)
    {
        if (view->file_count == VIEW_FILES_MAX || !json_is_object(object))
            continue;
        struct view_file *file = &view->file[view->file_count++];
        const char *path = json_get_string(object, "path", "");
        size_t len = strlen(path);
        if (len >= sizeof file->path) /* the end says most */
            path += len - (sizeof file->path - 1);
        text_clean(path, file->path, sizeof file->path);
        file->reads = get_number(object, "reads");
        file->writes = get_number(object, "writes");
        file->syncs = get_number(object, "syncs");
        file->failed = get_number(object, "failed");
        file->read_bytes = get_number(object, "read_bytes");
        file->written_bytes = get_number(object, "written_bytes");
        file->mean_seconds = get_number(object, "mean_seconds");
        file->p99_seconds = get_number(object, "p99_seconds");
    }
    view->disk_read_bytes = get_number(disk, "read_bytes");
    view->disk_written_bytes = get_number(disk, "written_bytes");
}

static void
take_figure(struct view *view, const json_t *board, const json_t *object, bool first)
{
    struct view_figure *figure = &view->figure[view->figure_count++];
    const char *kind = json_get_string(object, "kind", "");
    get_text(board, "program", figure->program, sizeof figure->program);
    figure->pid = json_get_int(board, "pid", 0);
    figure->first = first;
    figure->kind = !strcmp(kind, "histogram") ? VIEW_FIGURE_HISTOGRAM
        : !strcmp(kind, "gauge") ? VIEW_FIGURE_GAUGE : VIEW_FIGURE_COUNTER;
    get_text(object, "name", figure->name, sizeof figure->name);
    get_text(object, "labels", figure->labels, sizeof figure->labels);
    get_text(object, "unit", figure->unit, sizeof figure->unit);
    figure->value = get_number(object, "value");
    figure->rate = get_number(object, "rate");
    figure->p50_seconds = get_number(object, "p50_seconds");
    figure->p99_seconds = get_number(object, "p99_seconds");
}

static bool
is_server_board(const struct view *view, const json_t *board)
{
    return str_equal(json_get_string(board, "program", ""), "optop-server") &&
        json_get_int(board, "pid", 0) == view->server_pid;
}

static void
apply_boards(struct view *view, const json_t *status, bool workers)
{
    size_t i, f;
    const json_t *board, *object;
    json_array_foreach(json_object_get(status, "boards"), i, board)
    {
        bool worker = !strcmp(json_get_string(board, "program", ""), "optop-worker");
        bool first = true;
        bool server = is_server_board(view, board);
        if (worker != workers)
            continue;
        json_array_foreach(json_object_get(board, "figures"), f, object)
        {
            const char *name = json_get_string(object, "name", "");
            if (view->figure_count == VIEW_FIGURES_MAX || !json_is_object(object) ||
                (server && strncmp(name, "cache.", 6)))
                continue;
            take_figure(view, board, object, first);
            first = false;
        }
    }
}

static void
apply_active(struct view *view, const json_t *active)
{
    view->alert_count = 0;
    size_t i;
    const json_t *object;
    json_array_foreach(active, i, object)
    {
        if (view->alert_count == VIEW_ALERTS_MAX || !json_is_object(object))
            continue;
        struct view_alert *alert = &view->alert[view->alert_count++];
        get_text(object, "key", alert->key, sizeof alert->key);
        get_text(object, "state", alert->state, sizeof alert->state);
        get_text(object, "unit", alert->unit, sizeof alert->unit);
        get_text(object, "hold", alert->hold, sizeof alert->hold);
        get_text(object, "cause", alert->cause, sizeof alert->cause);
        get_text(object, "acknowledged", alert->acknowledged, sizeof alert->acknowledged);
        alert->value = get_number(object, "value");
        alert->level = get_number(object, "level");
        alert->since = get_number(object, "since");
    }
}

bool
view_parse_notice(const json_t *object, struct view_notice *notice)
{
    if (!json_is_object(object))
        return false;
    notice->id = json_get_int(object, "id", 0);
    notice->time = get_number(object, "time");
    get_text(object, "type", notice->type, sizeof notice->type);
    get_text(object, "key", notice->key, sizeof notice->key);
    get_text(object, "text", notice->text, sizeof notice->text);
    return true;
}

static void
apply_recent(struct view *view, const json_t *recent)
{
    view->notice_count = 0;
    size_t i;
    const json_t *object;
    json_array_foreach(recent, i, object)
    {
        if (view->notice_count < VIEW_ALERTS_MAX)
            view->notice_count += view_parse_notice(object, &view->notice[view->notice_count]);
    }
}

static void
apply_alerts(struct view *view, const json_t *status)
{
    const json_t *alerts = json_object_get(status, "alerts");
    view->alerts_pending = get_number(alerts, "pending");
    view->alerts_warning = get_number(alerts, "warning");
    view->alerts_critical = get_number(alerts, "critical");
    view->deliveries_waiting = get_number(alerts, "waiting");
    view->deliveries_dead = get_number(alerts, "dead");
    view->deliveries_delivered = get_number(alerts, "delivered");
    apply_active(view, json_object_get(alerts, "active"));
    apply_recent(view, json_object_get(alerts, "recent"));
}

static int
bounded_int(const json_t *object, const char *key)
{
    int64_t value = json_get_int(object, key, 0);
    return value < 0 || value > INT32_MAX ? 0 : (int)value;
}

static void
apply_host(struct view *view, const json_t *status)
{
    const json_t *host = json_object_get(status, "host");
    get_text(host, "name", view->host, sizeof view->host);
    get_text(host, "kernel", view->kernel, sizeof view->kernel);
    view->cores = bounded_int(host, "cores");
    const json_t *server = json_object_get(status, "server");
    get_text(server, "version", view->version, sizeof view->version);
    get_text(server, "state", view->server_state, sizeof view->server_state);
    view->server_pid = bounded_int(server, "pid");
    view->sessions = bounded_int(server, "sessions");
    view->server_uptime = get_number(server, "uptime_seconds");
}

/* Of the server's own board, where something changes at every tick, only caches are shown. */
static bool
boards_matter(const struct view *view, const json_t *boards, const json_t *change)
{
    const char *place, *figure;
    json_t *of_board, *ignored;
    if (!json_is_object(change))
        return true;
    json_object_foreach((json_t *)(uintptr_t)change, place, of_board)
    {
        const json_t *board = json_array_get(boards, strtoul(place, NULL, 10));
        json_t *figures = json_object_get(of_board, "figures");
        if (!is_server_board(view, board) || json_object_size(of_board) != 1 || !json_is_object(figures))
            return true;
        json_object_foreach(figures, figure, ignored)
        {
            const json_t *object = json_array_get(json_object_get(board, "figures"), strtoul(figure, NULL, 10));
            if (str_starts(json_get_string(object, "name", ""), "cache."))
                return true;
        }
    }
    return false;
}

/* Has a part of the status changed? NULL: all of it may have. */
static bool
is_in(const json_t *change, const char *part)
{
    return !change || json_object_get(change, part);
}

static void
apply_groups(struct view *view, const json_t *status, const json_t *change)
{
    for (int g = 0; g < GROUP_COUNT; g++) {
        const struct metric_group_info *info = metric_group_info((enum metric_group)g);
        if (!is_in(change, info->json))
            continue;
        if (info->per_instance)
            apply_rows(view, (enum metric_group)g, status);
        else
            apply_scalars(view, (enum metric_group)g, status);
    }
}

static void
apply_parts(struct view *view, const json_t *status, const json_t *change)
{
    if (is_in(change, "host") || is_in(change, "server"))
        apply_host(view, status);
    apply_groups(view, status, change);
    if (is_in(change, "memory"))
        apply_shortage(view, status);
    if (is_in(change, "leaks"))
        apply_leaks(&view->shortage, json_object_get(status, "leaks"));
    if (is_in(change, "pools"))
        apply_pools(view, status);
    if (is_in(change, "tasks"))
        apply_tasks(view, status);
    const json_t *boards = json_object_get(change, "boards");
    if (!change || (boards && boards_matter(view, json_object_get(status, "boards"), boards))) {
        view->figure_count = 0;
        apply_boards(view, status, false);
        apply_boards(view, status, true);
    }
    if (is_in(change, "files") || is_in(change, "disk"))
        apply_files(view, status);
    if (is_in(change, "runs"))
        apply_runs(view, status);
    if (is_in(change, "alerts"))
        apply_alerts(view, status);
}

void
view_apply_change(struct view *view, const json_t *status, const json_t *change)
{
    if (!json_is_object(status))
        return;
    uint64_t sequence = (uint64_t)json_get_int(status, "seq", 0);
    bool again = sequence && sequence == view->sample.sequence;
    view->ticks += !again;
    view->time = get_number(status, "time");
    view->interval_seconds = get_number(status, "interval_seconds");
    view->sample.sequence = sequence;
    view->sample.interval_seconds = view->interval_seconds;
    apply_parts(view, status, json_is_object(change) ? change : NULL);
    for (int i = 0; i < VIEW_SERIES_COUNT && !again; i++)
        push_point(&view->series[i], view->sample.scalar[view->series[i].metric]);
}

void
view_apply_status(struct view *view, const json_t *status)
{
    view_apply_change(view, status, NULL);
}
