/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The status object (doc/PROTOCOL.md): the newest sample by the metric table,
 * then what the server knows of itself.
 */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/version.h"
#include "server/server.h"

static void
write_members(struct json_writer *w, const struct sample *sample,
    const struct metric_group_info *group, int row)
{
    for (int m = group->first; m < group->first + group->count; m++)
        jw_figure(w, metric_info((enum metric)m)->key, sample_value(sample, (enum metric)m, row));
}

static void
write_server(struct server *server, struct json_writer *w)
{
    jw_int(w, "pid", getpid());
    jw_string(w, "version", PACKAGE_VERSION);
    jw_figure(w, "uptime_seconds", ns_to_sec(loop_now(server->loop) - server->started_ns));
    jw_int(w, "sessions", server->session_count);
    jw_string(w, "state", server_state(server));
}

static void
write_group(struct server *server, struct json_writer *w, enum metric_group id)
{
    const struct metric_group_info *group = metric_group_info(id);
    const struct sample *sample = server->sample;
    if (!group->per_instance) {
        jw_object(w, group->json);
        write_members(w, sample, group, 0);
        if (id == GROUP_SERVER)
            write_server(server, w);
        if (id == GROUP_MEMORY)
            shortage_write(w);
        jw_end(w);
        return;
    }
    const struct sample_rows *rows = &sample->rows[id];
    jw_array(w, group->json);
    for (int row = 0; row < rows->count; row++) {
        if (!rows->row[row].present)
            continue;
        jw_object(w, NULL);
        jw_string(w, "name", rows->row[row].name);
        write_members(w, sample, group, row);
        jw_end(w);
    }
    jw_end(w);
}

static void
write_acquire(struct json_writer *w, const struct histogram *h)
{
    bool known = h && h->count;
    jw_seconds(w, "acquire_p50_seconds",
        known ? ns_to_sec(histogram_quantile(h, 0.5)) : (double)NAN);
    jw_seconds(w, "acquire_p99_seconds",
        known ? ns_to_sec(histogram_quantile(h, 0.99)) : (double)NAN);
}

static void
write_pool(struct json_writer *w, struct pool_figures pool)
{
    uint64_t acquired = pool.created + pool.reused;
    jw_object(w, NULL);
    jw_string(w, "name", pool.name);
    jw_int(w, "size", (int64_t)pool.size);
    jw_int(w, "in_use", (int64_t)pool.in_use);
    jw_int(w, "idle", (int64_t)pool.idle);
    jw_int(w, "created", (int64_t)pool.created);
    jw_int(w, "reused", (int64_t)pool.reused);
    jw_figure(w, "reuse_pct",
        acquired ? 100.0 * (double)pool.reused / (double)acquired : (double)NAN);
    jw_int(w, "retired", (int64_t)pool.retired);
    write_acquire(w, pool.acquire);
    if (pool.recycles) {
        jw_object(w, "recycled");
        for (int i = 0; i < POOL_REASON_COUNT; i++)
            jw_int(w, pool_reason_name((enum pool_reason)i), (int64_t)pool.recycled[i]);
        jw_end(w);
    } else {
        jw_null(w, "recycled");
    }
    jw_end(w);
}

struct pool_figures
server_webhook_pool(const struct server *server)
{
    struct http_figures http = http_figures(server->http);
    uint64_t idle = (uint64_t)(http.idle_connections > 0 ? http.idle_connections : 0);
    uint64_t in_use = (uint64_t)http.in_flight, size = in_use + idle;
    uint64_t created = http.connections_made;
    return (struct pool_figures){ .name = "webhooks", .size = size, .in_use = in_use,
        .idle = idle, .created = created, .reused = http.connections_reused,
        .retired = created > size ? created - size : 0 };
}

static void
write_task(struct json_writer *w, const struct task_stat *task)
{
    const struct histogram *h = &task->duration;
    double count = (double)h->count;
    jw_object(w, NULL);
    jw_string(w, "name", task->name);
    jw_int(w, "count", (int64_t)h->count);
    jw_int(w, "in_progress", (int64_t)task->in_progress);
    jw_int(w, "failed", (int64_t)task->failed);
    jw_seconds(w, "min_seconds", h->count ? ns_to_sec(h->min_ns) : (double)NAN);
    jw_seconds(w, "mean_seconds", h->count ? (double)(h->sum_ns / h->count) / 1e9 : (double)NAN);
    jw_seconds(w, "p99_seconds",
        count ? ns_to_sec(histogram_quantile(h, 0.99)) : (double)NAN);
    jw_seconds(w, "max_seconds", h->count ? ns_to_sec(h->max_ns) : (double)NAN);
    jw_end(w);
}

/* What matters first: running, queued in their order, paused, then the ended
 * ones, newest first. */
static int
choose_runs(const struct run *first, const struct run *shown[SERVER_STATUS_RUNS_MAX])
{
    static const enum run_state open_states[] = { RUN_RUNNING, RUN_QUEUED, RUN_PAUSED };
    int count = 0, ended = 0;
    for (size_t i = 0; i < sizeof open_states / sizeof *open_states; i++)
        for (const struct run *run = first; run && count < SERVER_STATUS_RUNS_MAX; run = run->next)
            if (run->state == open_states[i])
                shown[count++] = run;
    for (const struct run *run = first; run; run = run->next)
        ended += run_state_ended(run->state);
    int room = SERVER_STATUS_RUNS_MAX - count, skip = ended > room ? ended - room : 0;
    int at = count + ended - skip;
    count = at;
    for (const struct run *run = first; run; run = run->next)
        if (run_state_ended(run->state) && skip-- <= 0)
            shown[--at] = run;
    return count;
}

static void
write_runs(struct server *server, struct json_writer *w)
{
    const struct run *shown[SERVER_STATUS_RUNS_MAX];
    int count = choose_runs(runner_first(server->runner), shown);
    jw_array(w, "runs");
    for (int i = 0; i < count; i++)
        run_write(w, NULL, shown[i], loop_now(server->loop), false);
    jw_end(w);
}

void
status_write_alert(struct json_writer *w, const char *key, const struct alert *alert)
{
    jw_object(w, key);
    jw_string(w, "key", alert->key);
    jw_string(w, "state", alert->flapping ? "flapping" : alert_state_name(alert->state));
    jw_string(w, "told", alert_state_name(alert->told));
    jw_figure(w, "value", alert->value);
    jw_figure(w, "level", alert->level);
    jw_string(w, "metric", alert->external ? "" : metric_info(alert->metric)->name);
    jw_string(w, "of", metric_aspect_name(alert->of));
    jw_string(w, "unit", alert_unit(alert));
    jw_string(w, "text", alert->text);
    jw_string(w, "hold", alert->hold == ALERT_SILENCED ? "silenced"
        : alert->hold == ALERT_INHIBITED ? "inhibited" : "");
    jw_string(w, "cause", alert->cause);
    jw_string(w, "acknowledged", alert->acknowledged);
    alert_write_labels(w, "labels", alert_labels(alert));
    jw_figure(w, "since", ns_to_sec(alert->since_wall_ns));
    jw_figure(w, "incident", ns_to_sec(alert->incident_wall_ns));
    jw_end(w);
}

void
status_write_active(struct json_writer *w, const struct alert *alerts, int count)
{
    int shown = 0;
    for (int i = 0; i < count && shown < SERVER_ACTIVE_MAX; i++)
        if (alert_is_active(alerts[i].state) || alerts[i].flapping) {
            status_write_alert(w, NULL, &alerts[i]);
            shown++;
        }
}

void
status_take_notice(struct recent_notice *recent, const struct store_notice *notice)
{
    recent->id = notice->id;
    recent->wall_ns = notice->wall_ns;
    recent->value = notice->value;
    recent->level = notice->level;
    str_copy(recent->type, sizeof recent->type, notice->type);
    str_copy(recent->key, sizeof recent->key, notice->key);
    str_copy(recent->state, sizeof recent->state, notice->state);
    str_copy(recent->text, sizeof recent->text, notice->text);
    str_copy(recent->labels, sizeof recent->labels, notice->labels ? notice->labels : "");
}

void
status_write_notice(struct json_writer *w, const char *key, const struct recent_notice *notice)
{
    jw_object(w, key);
    jw_int(w, "id", notice->id);
    jw_figure(w, "time", ns_to_sec(notice->wall_ns));
    jw_string(w, "type", notice->type);
    jw_string(w, "key", notice->key);
    jw_string(w, "state", notice->state);
    jw_number(w, "value", notice->value); /* a score may be tiny */
    jw_number(w, "level", notice->level);
    alert_write_labels(w, "labels", notice->labels);
    jw_string(w, "text", notice->text);
    jw_end(w);
}

static void
write_alerts(struct server *server, struct json_writer *w)
{
    const struct alert *alerts;
    int count = alert_engine_alerts(server->alerts, &alerts);
    int states[ALERT_STATE_COUNT] = { 0 };
    for (int i = 0; i < count; i++)
        states[alerts[i].state == ALERT_PENDING ? ALERT_PENDING : alert_fired(alerts[i].state)]++;
    struct outbox_figures out = outbox_figures(server->outbox);
    jw_object(w, "alerts");
    jw_int(w, "pending", states[ALERT_PENDING]);
    jw_int(w, "warning", states[ALERT_WARNING]);
    jw_int(w, "critical", states[ALERT_CRITICAL]);
    jw_int(w, "waiting", out.waiting);
    jw_int(w, "dead", out.dead);
    jw_int(w, "delivered", (int64_t)out.delivered);
    jw_string(w, "last_error", out.last_error);
    jw_string(w, "rule_fault", server->rule_fault);
    jw_array(w, "active");
    status_write_active(w, alerts, count);
    jw_end(w);
    jw_array(w, "recent");
    for (int i = 0; i < server->recent_count; i++)
        status_write_notice(w, NULL, &server->recent[i]);
    jw_end(w);
    jw_end(w);
}

void
status_write(struct server *server, struct str *out)
{
    const struct sample *sample = server->sample;
    struct json_writer w;
    jw_init(&w, out);
    jw_object(&w, NULL);
    jw_int(&w, "seq", (int64_t)sample->sequence);
    jw_figure(&w, "time", ns_to_sec(sample->wall_ns));
    jw_figure(&w, "interval_seconds", server->config->interval_seconds);
    jw_object(&w, "host");
    jw_string(&w, "name", server->host);
    jw_string(&w, "kernel", server->kernel);
    jw_int(&w, "cores", (int64_t)sample_value(sample, METRIC_CPU_ONLINE, 0));
    jw_end(&w);
    for (int g = 0; g < GROUP_COUNT; g++)
        write_group(server, &w, (enum metric_group)g);
    leaks_write(&w, server->leaks);
    jw_array(&w, "pools");
    write_pool(&w, runner_pool(server->runner));
    write_pool(&w, server_webhook_pool(server));
    write_pool(&w, buffers_figures(server->buffers));
    jw_end(&w);
    jw_array(&w, "tasks");
    for (int i = 0; i < server->tasks.count; i++)
        write_task(&w, server->tasks.task[i]);
    jw_end(&w);
    status_write_boards(&w, &server->boards, NULL, SERVER_STATUS_FIGURES_MAX);
    status_write_files(&w);
    write_runs(server, &w);
    write_alerts(server, &w);
    jw_end(&w);
}
