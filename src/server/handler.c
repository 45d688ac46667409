/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The methods of the protocol: one row and one function each. A function
 * writes the members of its result object, or returns a negative code with a
 * diag; then what it wrote is dropped.
 *
 * To add a method: a function, a row in `methods`, a row in doc/PROTOCOL.md.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/version.h"
#include "server/beside.h"
#include "server/call.h"
#include "server/checks.h"
#include "server/reads.h"

enum {
    LIST_MAX = 10000, /* rows in one answer */
    REPORTED_MAX = 256, /* names of reported metrics in one answer: columns of a table */
    HISTORY_MAX = 11000, /* points: the longest ring */
    CURVE_MAX = 2000,
    ANSWER_MAX = 900 * 1024, /* bytes of rows in one answer: below a client's cap */
};

struct method {
    const char *name;
    int (*fn)(struct call *call);
    bool any_version; /* keeps its form in every protocol version */
    bool beside; /* may read a whole run: called on a thread (reads.h) */
};

int
call_need(struct call *call, const char *key)
{
    return diag_set(call->diag, JSONRPC_PARAMS, "%s: missing or of the wrong type", key);
}

int
call_limit(const struct call *call, const char *key, int fallback, int max)
{
    int64_t value = json_get_int(call->params, key, fallback);
    return value < 0 ? 0 : value > max ? max : (int)value;
}

/* Server. */

static int
do_hello(struct call *call)
{
    int64_t protocol = json_get_int(call->params, "protocol", -1);
    struct session *session = call->session;
    session->greeted = true;
    session->other_version = protocol != SERVER_PROTOCOL;
    if (protocol < 0)
        return call_need(call, "protocol");
    if (session->other_version) {
        const char *client = json_get_string(call->params, "client", "this client");
        return diag_set(call->diag, ERR_VERSION,
            "the running server is optop %s (protocol %d), %s than %.40s (protocol %lld):"
            " stop it with `optop server stop'; the next command starts %s one",
            PACKAGE_VERSION, SERVER_PROTOCOL, protocol > SERVER_PROTOCOL ? "older" : "newer",
            client, (long long)protocol, protocol > SERVER_PROTOCOL ? "the newer" : "its own");
    }
    jw_int(call->w, "protocol", SERVER_PROTOCOL);
    jw_string(call->w, "version", PACKAGE_VERSION);
    jw_int(call->w, "pid", getpid());
    return 0;
}

static int
do_server_status(struct call *call)
{
    struct server *server = call->server;
    jw_int(call->w, "pid", getpid());
    jw_string(call->w, "version", PACKAGE_VERSION);
    jw_figure(call->w, "uptime_seconds", ns_to_sec(loop_now(server->loop) - server->started_ns));
    jw_int(call->w, "sessions", server->session_count);
    jw_string(call->w, "state", server_state(server));
    jw_string(call->w, "socket", server->socket_path);
    jw_string(call->w, "store", server->state_directory);
    jw_string(call->w, "config", server->config_path);
    jw_int(call->w, "history_bytes", (int64_t)recording_bytes(server));
    return 0;
}

static int
do_server_stop(struct call *call)
{
    server_stop(call->server);
    return 0;
}

static int
do_status(struct call *call)
{
    const struct str *status = server_status(call->server);
    /* the result is the object itself: splice its members into ours */
    jw_raw(call->w, NULL, status->data + 1, status->len - 2);
    return 0;
}

static int
do_watch(struct call *call)
{
    static const struct {
        const char *name;
        enum session_topic topic;
    } topics[] = { { "tick", TOPIC_TICK }, { "changes", TOPIC_CHANGES }, { "runs", TOPIC_RUNS },
        { "alerts", TOPIC_ALERTS } };
    size_t i;
    json_t *entry;
    unsigned wanted = 0;
    json_array_foreach (json_object_get(call->params, "topics"), i, entry) {
        size_t t = 0, count = sizeof topics / sizeof *topics;
        while (t < count && !str_equal(topics[t].name, json_string_value(entry)))
            t++;
        if (t == count)
            return diag_set(call->diag, JSONRPC_PARAMS, "topics: one of tick, changes, runs, alerts");
        wanted |= topics[t].topic;
    }
    if (!wanted)
        return call_need(call, "topics");
    call->session->topics = wanted;
    call->session->told = 0;
    call->session->watched_run = json_get_int(call->params, "run", 0);
    return 0;
}

static int
do_unwatch(struct call *call)
{
    call->session->topics = 0;
    return 0;
}

static void
write_points(struct json_writer *w, const char *key, const struct history_point *points,
    int count, bool max)
{
    jw_array(w, key);
    for (int i = 0; i < count; i++)
        jw_figure(w, NULL, (double)(max ? points[i].max : points[i].mean));
    jw_end(w);
}

static int
do_history(struct call *call)
{
    const char *instance, *name = json_get_string(call->params, "metric", "");
    int metric = metric_parse(name, &instance), row = 0;
    if (metric < 0)
        return diag_set(call->diag, ERR_NOT_FOUND, "metric: there is no `%.60s'", name);
    if (instance)
        row = sample_find_row(call->server->sample, metric_info((enum metric)metric)->group, instance);
    double end = json_get_number(call->params, "end", NAN);
    int64_t end_ns = end >= 0 && end < 9e9 ? llround(end * 100) * (NS_PER_SEC / 100) : INT64_MAX;
    int tier = call_limit(call, "tier", 0, HISTORY_TIERS - 1);
    if (end_ns != INT64_MAX && !json_object_get(call->params, "tier"))
        tier = history_tier_at(call->server->history, (enum metric)metric, row, end_ns);
    int wanted = call_limit(call, "points", 300, HISTORY_MAX);
    struct history_point *points =
        optop_arena_zero(call->arena, (size_t)wanted + 1, sizeof *points);
    if (!points)
        return -ENOMEM;
    int count = history_read_to(call->server->history, (enum metric)metric, row, tier, end_ns,
        points, wanted);
    jw_figure(call->w, "step_seconds", call->server->history_steps[tier]);
    jw_figure(call->w, "end", count ? ns_to_sec(points[count - 1].wall_ns) : (double)NAN);
    write_points(call->w, "mean", points, count, false);
    write_points(call->w, "max", points, count, true);
    return 0;
}

/* Runs. */

static int
read_request(struct call *call, struct runner_request *request)
{
    *request = (struct runner_request){
        .text = json_get_string(call->params, "text", NULL),
        .file = json_get_string(call->params, "file", "run file"),
        .directory = json_get_string(call->params, "directory", "/"),
        .set = json_object_get(call->params, "set"),
        .environment = json_object_get(call->params, "environment"),
        .paused = json_get_bool(call->params, "paused", false),
    };
    if (!request->text)
        return call_need(call, "text");
    if (strlen(request->file) >= PATH_MAX || strlen(request->directory) >= PATH_MAX)
        return diag_set(call->diag, JSONRPC_PARAMS, "file, directory: longer than a path may be");
    if (request->directory[0] != '/')
        return diag_set(call->diag, JSONRPC_PARAMS, "directory: must be an absolute path");
    return 0;
}

void
call_put_run(struct call *call, const struct run *run, bool with_text)
{
    struct str object;
    struct json_writer w;
    str_init(&object);
    jw_init(&w, &object);
    run_write(&w, NULL, run, loop_now(call->server->loop), with_text);
    jw_raw(call->w, NULL, object.data + 1, object.len - 2);
    str_release(&object);
}

static int
do_run_check(struct call *call)
{
    struct runner_request request;
    struct run_spec spec;
    char *text;
    int r = read_request(call, &request);
    if (r == 0)
        r = runner_read(&request, &text, &spec, call->diag);
    if (r < 0)
        return r;
    r = checks_add(call, text, request.file, json_get_string(call->params, "directory", NULL), &spec);
    free(text);
    if (r < 0)
        run_spec_release(&spec);
    return r;
}

static int
do_run_submit(struct call *call)
{
    struct runner_request request;
    const struct run *run;
    int r = read_request(call, &request);
    if (r == 0)
        r = runner_submit(call->server->runner, &request, &run, call->diag);
    if (r == 0)
        call_put_run(call, run, false);
    return r;
}

struct run_list {
    struct call *call;
    struct runner *runner;
};

static int
list_run(void *context, const struct store_run *row)
{
    struct run_list *list = context;
    struct run *loaded;
    const struct run *run = runner_find(list->runner, row->id, &loaded);
    if (loaded && list->call->server->sinks)
        sinks_describe(list->call->server->sinks, loaded);
    if (run)
        run_write(list->call->w, NULL, run, loop_now(list->call->server->loop), false);
    run_free(loaded);
    return list->call->w->out->len > ANSWER_MAX ? ERR_TOO_LARGE : 0;
}

/* Ids first, then each run: a statement must not be used while it is stepped. */
struct id_list {
    int64_t *id;
    int count;
};

static int
keep_id(void *context, const struct store_run *row)
{
    struct id_list *list = context;
    list->id[list->count++] = row->id;
    return 0;
}

static int
do_run_list(struct call *call)
{
    int limit = call_limit(call, "limit", 50, LIST_MAX);
    struct id_list ids = { optop_arena_zero(call->arena, (size_t)limit + 1, sizeof(int64_t)), 0 };
    if (!ids.id)
        return -ENOMEM;
    int r = store_run_list(call->server->store, limit, keep_id, &ids);
    struct run_list list = { call, call->server->runner };
    jw_array(call->w, "runs");
    for (int i = 0; i < ids.count && r == 0; i++)
        if (list_run(&list, &(struct store_run){ .id = ids.id[i] }) < 0)
            break;
    jw_end(call->w);
    return r;
}

static int
load_run(void *context, const struct store_run *row)
{
    struct run **ret_run = context;
    *ret_run = run_from_row(row);
    return 0;
}

int
call_find_run(struct call *call, const struct run **ret_run, struct run **ret_loaded)
{
    int64_t id = json_get_int(call->params, "run", -1);
    *ret_loaded = NULL;
    if (id < 0)
        return call_need(call, "run");
    if (call->server)
        *ret_run = runner_find(call->server->runner, id, ret_loaded);
    else if (store_run_get(call->store, id, load_run, ret_loaded) == 0)
        *ret_run = *ret_loaded;
    else
        *ret_run = NULL;
    if (*ret_loaded && call->server && call->server->sinks)
        sinks_describe(call->server->sinks, *ret_loaded);
    if (!*ret_run)
        return diag_set(call->diag, ERR_NOT_FOUND, "there is no run %lld", (long long)id);
    return 0;
}

static int
do_run_show(struct call *call)
{
    const struct run *run;
    struct run *loaded;
    int r = call_find_run(call, &run, &loaded);
    if (r == 0)
        call_put_run(call, run, true);
    run_free(loaded);
    return r;
}

struct trial_list {
    struct call *call;
    const struct run *run;
    json_t *reported; /* object; its keys are the names that these trials report */
};

static void
add_reported(struct trial_list *list, const char *text)
{
    json_t *metrics = text ? json_parse(text, strlen(text), NULL) : NULL, *value;
    const char *name;
    json_object_foreach (metrics, name, value)
        if (json_object_size(list->reported) < REPORTED_MAX)
            json_object_set_new(list->reported, name, json_true());
    json_decref(metrics);
}

static int
list_trial(void *context, const struct store_trial *trial)
{
    struct trial_list *list = context;
    run_write_trial(list->call->w, NULL, list->run, trial);
    add_reported(list, trial->result->metrics);
    return list->call->w->out->len > ANSWER_MAX ? ERR_TOO_LARGE : 0;
}

static void
write_trial_head(struct call *call, const struct run *run)
{
    jw_int(call->w, "run", run->id);
    jw_string(call->w, "name", run->spec.name);
    jw_string(call->w, "goal", run->spec.goal == RUN_MINIMIZE ? "minimize" : "maximize");
    jw_array(call->w, "parameters");
    for (int d = 0; d < run->spec.dimension_count; d++)
        jw_string(call->w, NULL, run->spec.dimension[d].name);
    jw_end(call->w);
}

/* Names of columns: what is measured of every trial, what some of these reported. */
static void
write_metric_names(struct json_writer *w, json_t *reported)
{
    const char *name;
    json_t *value;
    jw_array(w, "metrics");
    for (int i = 0; trial_measure_names[i]; i++)
        jw_string(w, NULL, trial_measure_names[i]);
    json_object_foreach (reported, name, value)
        jw_string(w, NULL, name);
    jw_end(w);
}

/* By score the best come first, by any other metric the smallest. */
static int
list_top(struct call *call, const struct run *run, struct trial_list *list)
{
    const char *by = json_get_string(call->params, "by", "score");
    bool reverse = json_get_bool(call->params, "reverse", false);
    int count = call_limit(call, "count", 10, LIST_MAX);
    bool score = str_equal(by, "score");
    int64_t last = json_get_int(call->params, "first", INT64_MAX);
    if (score && !reverse && last == INT64_MAX)
        return store_trial_top(call->store, run->id, run->spec.goal, count, list_trial, list);
    int r = store_trial_top_by(call->store, run->id, by,
        reverse != (score && run->spec.goal == RUN_MAXIMIZE), last, count, list_trial, list);
    if (r == ERR_NOT_FOUND)
        diag_set(call->diag, r, "run %lld has no metric `%.60s'", (long long)run->id, by);
    return r;
}

/* Both lists of trials: the best, or all by number. */
static int
list_trials(struct call *call, bool best)
{
    const struct run *run;
    struct run *loaded;
    struct store *store = call->store;
    int r = call_find_run(call, &run, &loaded);
    if (r == 0) {
        struct trial_list list = { call, run, json_object() };
        write_trial_head(call, run);
        jw_array(call->w, "trials");
        r = best ? list_top(call, run, &list)
                 : store_trial_list(store, run->id, json_get_int(call->params, "after", 0),
                       call_limit(call, "limit", 1000, LIST_MAX), list_trial, &list);
        jw_end(call->w);
        write_metric_names(call->w, list.reported);
        json_decref(list.reported);
    }
    run_free(loaded);
    return r == ERR_TOO_LARGE ? 0 : r;
}

static int
do_run_top(struct call *call)
{
    return list_trials(call, true);
}

static int
do_run_trials(struct call *call)
{
    return list_trials(call, false);
}

struct curve {
    enum run_goal goal;
    int64_t seen, stride;
    double best;
    int count, capacity;
    struct curve_point {
        int64_t trial;
        double score, best;
    } *point;
};

/* Keeps every stride-th point; when full, drops every second and doubles the
 * stride: any number of trials passes through a fixed array. */
static int
curve_add(void *context, int64_t trial, double score)
{
    struct curve *curve = context;
    if (!isnan(score) && (isnan(curve->best) || run_goal_better(curve->goal, score, curve->best)))
        curve->best = score;
    if (curve->seen++ % curve->stride)
        return 0;
    if (curve->count == curve->capacity) {
        for (int i = 0; i < curve->count / 2; i++)
            curve->point[i] = curve->point[2 * i];
        curve->count /= 2;
        curve->stride *= 2;
    }
    curve->point[curve->count++] = (struct curve_point){ trial, score, curve->best };
    return 0;
}

static int
do_run_curve(struct call *call)
{
    const struct run *run;
    struct run *loaded;
    int r = call_find_run(call, &run, &loaded);
    if (r < 0)
        return r;
    int capacity = call_limit(call, "points", 200, CURVE_MAX);
    capacity = capacity < 2 ? 2 : capacity & ~1;
    struct curve curve = { .goal = run->spec.goal, .stride = 1, .best = NAN, .capacity = capacity,
        .point = optop_arena_zero(call->arena, (size_t)capacity, sizeof(struct curve_point)) };
    r = curve.point ? store_trial_scores(call->store, run->id, curve_add, &curve) : -ENOMEM;
    jw_array(call->w, "trials");
    for (int i = 0; i < curve.count; i++)
        jw_int(call->w, NULL, curve.point[i].trial);
    jw_end(call->w);
    jw_array(call->w, "scores");
    for (int i = 0; i < curve.count; i++)
        jw_number(call->w, NULL, curve.point[i].score);
    jw_end(call->w);
    jw_array(call->w, "best");
    for (int i = 0; i < curve.count; i++)
        jw_number(call->w, NULL, curve.point[i].best);
    jw_end(call->w);
    run_free(loaded);
    return r;
}

struct log_list {
    struct call *call;
    int64_t last;
};

static int
list_log(void *context, const struct store_log *line)
{
    struct log_list *list = context;
    struct json_writer *w = list->call->w;
    jw_object(w, NULL);
    jw_int(w, "id", line->id);
    jw_figure(w, "time", ns_to_sec(line->wall_ns));
    if (line->trial)
        jw_int(w, "trial", line->trial);
    else
        jw_null(w, "trial");
    jw_string(w, "level", line->level);
    jw_string(w, "text", line->text);
    jw_end(w);
    list->last = line->id;
    return w->out->len > ANSWER_MAX ? ERR_TOO_LARGE : 0;
}

static int
do_run_logs(struct call *call)
{
    const struct run *run;
    struct run *loaded;
    int r = call_find_run(call, &run, &loaded);
    if (r < 0)
        return r;
    struct log_list list = { call, json_get_int(call->params, "after", 0) };
    jw_array(call->w, "lines");
    r = store_log_list(call->server->store, run->id, json_get_int(call->params, "trial", 0),
        list.last, call_limit(call, "limit", 500, LIST_MAX),
        json_get_bool(call->params, "newest", false), list_log, &list);
    jw_end(call->w);
    jw_int(call->w, "last", list.last);
    run_free(loaded);
    return r == ERR_TOO_LARGE ? 0 : r;
}

/* Config. */

static const struct method methods[] = {
    { "hello", do_hello, true, false },
    { "server.status", do_server_status, true, false },
    { "server.stop", do_server_stop, true, false },
    { "status", do_status, false, false },
    { "status.at", handle_status_at, false, false },
    { "watch", do_watch, false, false },
    { "unwatch", do_unwatch, false, false },
    { "boards", handle_boards, false, false },
    { "requests", handle_requests, false, false },
    { "requests.cancel", handle_requests_cancel, false, false },
    { "caches", handle_caches, false, false },
    { "caches.clear", handle_caches_clear, false, false },
    { "caches.switch", handle_caches_switch, false, false },
    { "files", handle_files, false, false },
    { "history", do_history, false, false },
    { "run.check", do_run_check, false, false },
    { "run.submit", do_run_submit, false, false },
    { "run.list", do_run_list, false, false },
    { "run.show", do_run_show, false, false },
    { "run.top", do_run_top, false, true },
    { "run.trials", do_run_trials, false, true },
    { "run.curve", do_run_curve, false, true },
    { "run.map", handle_run_map, false, true },
    { "run.failures", handle_run_failures, false, true },
    { "run.workers", handle_run_workers, false, false },
    { "run.export", handle_run_export, false, true },
    { "run.logs", do_run_logs, false, false },
    { "run.output", handle_run_output, false, false },
    { "run.cancel", handle_run_cancel, false, false },
    { "run.pause", handle_run_pause, false, false },
    { "run.resume", handle_run_resume, false, false },
    { "run.retry", handle_run_retry, false, false },
    { "run.set", handle_run_set, false, false },
    { "run.clone", handle_run_clone, false, false },
    { "processes", handle_processes, false, false },
    { "process.show", handle_process_show, false, true },
    { "process.figures", handle_process_figures, false, true },
    { "process.signal", handle_process_signal, false, false },
    { "process.renice", handle_process_renice, false, false },
    { "process.affinity", handle_process_affinity, false, false },
    { "process.io_priority", handle_process_io_priority, false, false },
    { "alerts.list", handle_alerts_list, false, false },
    { "alerts.dead", handle_alerts_dead, false, false },
    { "alerts.test", handle_alerts_test, false, false },
    { "alerts.delivery", handle_alerts_delivery, false, false },
    { "alerts.replay", handle_alerts_replay, false, false },
    { "alerts.show", handle_alerts_show, false, false },
    { "alerts.ack", handle_alerts_ack, false, false },
    { "notify", handle_notify, false, false },
    { "alerts.silence", handle_alerts_silence, false, false },
    { "alerts.silences", handle_alerts_silences, false, false },
    { "alerts.unsilence", handle_alerts_unsilence, false, false },
    { "alerts.history", handle_alerts_history, false, true },
    { "rules.check", handle_rules_check, false, false },
    { "rules.backtest", handle_rules_backtest, false, false },
    { "config.get", handle_config_get, false, false },
    { "config.set", handle_config_set, false, false },
    { "config.reload", handle_config_reload, false, false },
};

static const struct method *
find_method(const struct session *session, const char *name, struct diag *diag)
{
    const struct method *method = NULL;
    for (size_t i = 0; i < sizeof methods / sizeof *methods && !method; i++)
        if (!strcmp(methods[i].name, name))
            method = &methods[i];
    if (!method)
        diag_set(diag, JSONRPC_METHOD, "there is no method `%.60s'", name);
    else if (!session->greeted && method->fn != do_hello)
        diag_set(diag, ERR_PROTOCOL, "the first request must be hello");
    else if (session->other_version && !method->any_version)
        diag_set(diag, ERR_VERSION,
            "with another protocol only server.status and server.stop can be called");
    return diag->code ? NULL : method;
}

static void
write_error(struct json_writer *w, int code, const struct diag *diag)
{
    char clean[DIAG_TEXT_MAX];
    jw_object(w, "error");
    jw_int(w, "code", diag->code ? diag->code : code);
    jw_string(w, "message",
        diag->text[0] ? text_clean(diag->text, clean, sizeof clean) : err_text(code));
    jw_object(w, "data");
    if (diag->file[0])
        jw_string(w, "file", diag->file);
    if (diag->line)
        jw_int(w, "line", diag->line);
    if (diag->key[0])
        jw_string(w, "key", diag->key);
    jw_end(w);
    jw_end(w);
}

static const json_t *
request_id(const json_t *request)
{
    const json_t *id = json_object_get(request, "id");
    return json_is_integer(id) || json_is_string(id) ? id : NULL;
}

static void
begin_line(struct json_writer *w, struct str *out, const json_t *request)
{
    str_clear(out);
    jw_init(w, out);
    jw_object(w, NULL);
    jw_string(w, "jsonrpc", "2.0");
    jw_value(w, "id", request_id(request));
}

void
call_begin(struct json_writer *w, struct str *out, const json_t *request)
{
    begin_line(w, out, request);
    jw_object(w, "result");
}

void
call_end(struct json_writer *w)
{
    jw_end(w);
    jw_end(w);
    str_putc(w->out, '\n');
}

void
call_error(struct str *out, const json_t *request, int code, const struct diag *diag)
{
    struct json_writer w;
    begin_line(&w, out, request);
    write_error(&w, code, diag);
    jw_end(&w);
    str_putc(out, '\n');
}

/* The rest of `call` is filled here. */
static int
answer_method(const struct method *method, struct call *call, const json_t *request,
    struct str *out)
{
    struct diag diag = { 0 };
    struct json_writer w;
    call_begin(&w, out, request);
    call->params = json_object_get(request, "params");
    call->w = &w;
    call->diag = &diag;
    int r = method->fn(call);
    if (r < 0)
        call_error(out, request, r, &diag);
    else
        call_end(&w);
    return r;
}

static int
answer_beside(const void *what, const json_t *request, struct reader *reader, struct str *answer)
{
    struct call call = { .store = reader->store, .arena = &reader->arena };
    return answer_method(what, &call, request, answer);
}

void
handler_line(struct session *session, char *text, size_t len)
{
    struct server *server = session->server;
    struct diag diag = { 0 };
    struct str answer;
    int64_t started = clock_mono_ns();
    str_init(&answer);
    json_t *request = json_parse(text, len, &diag);
    const char *name = json_get_string(request, "method", NULL);
    const struct method *method = NULL;
    int r = 0;
    if (!request)
        diag.code = JSONRPC_PARSE;
    else if (!name || !request_id(request))
        diag_set(&diag, JSONRPC_REQUEST, "a request has an id and a method");
    else
        method = find_method(session, name, &diag);
    task_start(server->request_task);
    if (method && method->beside) {
        r = reads_add(session, answer_beside, method, request, &diag);
        if (r == 0)
            return;
        method = NULL;
    }
    if (method) {
        struct call call = { .session = session, .server = server, .store = server->store,
            .arena = &server->arena, .request = request };
        r = answer_method(method, &call, request, &answer);
        optop_arena_reset(&server->arena);
    } else {
        r = diag.code;
        call_error(&answer, request, r, &diag);
    }
    if (r != CALL_LATER) {
        session_send(session, &answer);
        task_end(server->request_task, clock_mono_ns() - started, r < 0);
    }
    str_release(&answer);
    json_decref(request);
}
