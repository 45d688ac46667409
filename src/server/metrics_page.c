/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What Prometheus and its kin read ([metrics] listen): the newest sample by the
 * metric table, the runs, the alerts, the server, and the figures of all boards.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/version.h"
#include "base/xalloc.h"
#include "config/walk.h"
#include "run/live_run.h"
#include "server/server.h"
#include "stat/exposition.h"

enum { ENDED_SHOWN_SECONDS = 300 }; /* a run that has ended is seen by whoever looks that often */

/* How our units look outside: base units, and what makes them of ours. */
static const struct {
    const char *name;
    double factor;
} outer_units[] = {
    [UNIT_PERCENT] = { "ratio", 0.01 },
    [UNIT_BYTES] = { "bytes", 1 },
    [UNIT_BYTES_PER_SECOND] = { "bytes_per_second", 1 },
    [UNIT_PER_SECOND] = { "per_second", 1 },
    [UNIT_SECONDS] = { "seconds", 1 },
    [UNIT_MEGAHERTZ] = { "hertz", 1e6 },
    [UNIT_CELSIUS] = { "celsius", 1 },
    [UNIT_COUNT_OF] = { "", 1 },
};

/* The machine. */

/* Without the unit that stands at its end: "used_pct", "frequency_mhz", "read_bytes". */
static void
bare_key(const char *key, char *buf, size_t size)
{
    static const char *const ends[] = { "_pct", "_mhz", "_bytes", "_seconds" };
    snprintf(buf, size, "%s", key);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (strlen(buf) > strlen(ends[i]) && str_ends(buf, ends[i]))
            buf[strlen(buf) - strlen(ends[i])] = '\0';
}

static void
write_metric(struct exposition *e, const struct sample *sample, enum metric metric,
    struct str *labels)
{
    char name[EXPOSITION_NAME_MAX], key[64];
    const struct metric_info *info = metric_info(metric);
    const struct metric_group_info *group = metric_group_info(info->group);
    double factor = outer_units[info->unit].factor;
    bare_key(info->key, key, sizeof key);
    exposition_name(name, sizeof name, group->name, key, outer_units[info->unit].name);
    exposition_family(e, name, EXPOSITION_GAUGE, outer_units[info->unit].name, info->help);
    if (!group->per_instance) {
        exposition_sample(e, "", "", sample_value(sample, metric, 0) * factor);
        return;
    }
    const struct sample_rows *rows = &sample->rows[info->group];
    for (int row = 0; row < rows->count; row++) {
        str_clear(labels);
        exposition_label(labels, group->name, rows->row[row].name);
        exposition_sample(e, "", labels->data, sample_value(sample, metric, row) * factor);
    }
}

static void
write_machine(struct exposition *e, const struct sample *sample, struct str *labels)
{
    for (int m = 0; m < METRIC_COUNT; m++)
        if (metric_info((enum metric)m)->group != GROUP_FIGURE) /* boards have their own part */
            write_metric(e, sample, (enum metric)m, labels);
}

/* Runs. */

static double done_of(const struct run *run) { return (double)run->done; }
static double failed_of(const struct run *run) { return (double)run->failed; }
static double total_of(const struct run *run) { return run->total < 0 ? (double)NAN : (double)run->total; }
static double workers_of(const struct run *run) { return run->worker_count; }
static double target_of(const struct run *run) { return run->workers_target; }
static double rate_of(const struct run *run) { return run->state == RUN_RUNNING ? pace_rate(&run->pace) : (double)NAN; }
static double left_of(const struct run *run) { return run_left(run).seconds; }
static double best_of(const struct run *run) { return run->best.trial ? run->best.score : (double)NAN; }

static const struct {
    const char *key, *unit, *help;
    enum exposition_type type;
    double (*value)(const struct run *run);
} run_rows[] = {
    { "trials_done", "", "trials of a run that are done and stored", EXPOSITION_COUNTER, done_of },
    { "trials_failed", "", "trials of a run that have failed", EXPOSITION_COUNTER, failed_of },
    { "trials", "", "trials that a run is to have", EXPOSITION_GAUGE, total_of },
    { "trials", "per_second", "trials of a run that end per second", EXPOSITION_GAUGE, rate_of },
    { "left", "seconds", "time until a run is done, at its pace", EXPOSITION_GAUGE, left_of },
    { "best_score", "", "best score of a run so far", EXPOSITION_GAUGE, best_of },
    { "workers", "", "worker processes of a run", EXPOSITION_GAUGE, workers_of },
    { "workers_target", "", "workers that a run is to have", EXPOSITION_GAUGE, target_of },
};

static bool
is_shown(const struct run *run)
{
    return !run_state_ended(run->state) ||
        clock_wall_ns() - run->finished_wall_ns < ENDED_SHOWN_SECONDS * NS_PER_SEC;
}

static void
label_run(struct str *labels, const struct run *run)
{
    char id[24];
    snprintf(id, sizeof id, "%lld", (long long)run->id);
    str_clear(labels);
    exposition_label(labels, "run", id);
    exposition_label(labels, "name", run->spec.name);
}

static void
write_states(struct exposition *e, const struct runner *runner, struct str *labels)
{
    int count[RUN_STATE_COUNT] = { 0 };
    for (const struct run *run = runner_first(runner); run; run = run->next)
        count[run->state]++;
    exposition_family(e, "optop_runs", EXPOSITION_GAUGE, "", "runs that the server has in hand");
    for (int i = 0; i < RUN_STATE_COUNT; i++) {
        if (run_state_ended((enum run_state)i))
            continue;
        str_clear(labels);
        exposition_label(labels, "state", run_state_name((enum run_state)i));
        exposition_sample(e, "", labels->data, count[i]);
    }
}

static void
write_runs(struct exposition *e, const struct runner *runner, struct str *labels)
{
    char name[EXPOSITION_NAME_MAX];
    write_states(e, runner, labels);
    for (size_t i = 0; i < sizeof run_rows / sizeof *run_rows; i++) {
        exposition_name(name, sizeof name, "run", run_rows[i].key, run_rows[i].unit);
        exposition_family(e, name, run_rows[i].type, run_rows[i].unit, run_rows[i].help);
        for (const struct run *run = runner_first(runner); run; run = run->next) {
            if (!is_shown(run))
                continue;
            label_run(labels, run);
            exposition_sample(e, "", labels->data, run_rows[i].value(run));
        }
    }
}

/* Alerts, webhooks, the server. */

static void
write_alerts(struct exposition *e, const struct alert_engine *engine, struct str *labels)
{
    const struct alert *alerts;
    int count = alert_engine_alerts(engine, &alerts);
    exposition_family(e, "optop_alert_firing", EXPOSITION_GAUGE, "", "1 for each alert that fires");
    for (int i = 0; i < count; i++) {
        enum alert_state fired = alert_fired(alerts[i].state);
        if (fired == ALERT_NORMAL)
            continue;
        str_clear(labels);
        exposition_label(labels, "alert", alerts[i].key);
        exposition_label(labels, "severity", alert_state_name(fired));
        exposition_sample(e, "", labels->data, 1);
    }
}

static void
write_one(struct exposition *e, const char *name, enum exposition_type type, const char *help,
    double value)
{
    exposition_family(e, name, type, "", help);
    exposition_sample(e, "", "", value);
}

static void
write_server_part(struct exposition *e, const struct server *server, struct str *labels)
{
    struct outbox_figures outbox = outbox_figures(server->outbox);
    write_one(e, "optop_webhooks_waiting", EXPOSITION_GAUGE, "deliveries that wait or are under way",
        outbox.waiting);
    write_one(e, "optop_webhooks_dead", EXPOSITION_GAUGE, "deliveries that were given up", outbox.dead);
    write_one(e, "optop_webhooks_delivered", EXPOSITION_COUNTER, "deliveries that arrived",
        (double)outbox.delivered);
    write_one(e, "optop_webhook_tries_failed", EXPOSITION_COUNTER, "tries to deliver that failed",
        (double)outbox.failed_tries);
    write_one(e, "optop_sessions", EXPOSITION_GAUGE, "clients that are connected",
        server->session_count);
    write_one(e, "optop_healthy", EXPOSITION_GAUGE, "1 while the server can store what it must",
        !strcmp(server_state(server), "ok"));
    str_clear(labels);
    exposition_label(labels, "version", PACKAGE_VERSION);
    exposition_family(e, "optop_build", EXPOSITION_INFO, "", "the version of the server");
    exposition_sample(e, "", labels->data, 1);
}

/* Boards. Figures of one name come together, whatever board they are on. */

struct series {
    const struct board_reader *board;
    const struct board_figure *figure;
    char family[EXPOSITION_NAME_MAX];
    const char *unit;
    double factor;
};

static const char *
outer_unit(const char *unit, double *ret_factor)
{
    *ret_factor = 1;
    if (!strcmp(unit, "percent")) {
        *ret_factor = 0.01;
        return "ratio";
    }
    return !strcmp(unit, "bytes") || !strcmp(unit, "seconds") ? unit : "";
}

static int
compare_series(const struct series *x, const struct series *y)
{
    int order = strcmp(x->family, y->family);
    if (order == 0)
        order = (int)x->figure->kind - (int)y->figure->kind;
    if (order == 0 && x->board != y->board)
        order = x->board < y->board ? -1 : 1;
    return order ? order : strcmp(x->figure->labels, y->figure->labels);
}

static int
by_family(const void *a, const void *b)
{
    return compare_series(a, b);
}

static int
collect(const struct boards *boards, struct series **ret_series)
{
    int count = 0, capacity = 0;
    *ret_series = NULL;
    for (int b = 0; b < boards->count; b++)
        for (int f = 0; f < boards->board[b]->figure_count; f++) {
            XGROW(*ret_series, count, capacity);
            struct series *s = &(*ret_series)[count++];
            *s = (struct series){ .board = boards->board[b], .figure = &boards->board[b]->figure[f] };
            s->unit = outer_unit(s->figure->unit, &s->factor);
            exposition_name(s->family, sizeof s->family, "board", s->figure->name, s->unit);
        }
    if (count)
        qsort(*ret_series, (size_t)count, sizeof **ret_series, by_family);
    return count;
}

/* Program, process, and the figure's own: "pool=workers,size=4096". */
static void
label_series(struct str *labels, const struct series *s)
{
    char pid[24], own[sizeof s->figure->labels], *rest = own;
    snprintf(pid, sizeof pid, "%lld", (long long)s->board->pid);
    snprintf(own, sizeof own, "%s", s->figure->labels);
    str_clear(labels);
    exposition_label(labels, "program", s->board->program);
    exposition_label(labels, "pid", pid);
    for (char *part; (part = strsep(&rest, ",")); ) {
        char *value = strchr(part, '=');
        if (!value)
            continue;
        *value++ = '\0';
        if (strcmp(part, "program") && strcmp(part, "pid") && strcmp(part, "quantile"))
            exposition_label(labels, part, value);
    }
}

static void
write_summary(struct exposition *e, const struct board_figure *figure, struct str *labels)
{
    const struct {
        const char *quantile;
        double value;
    } rows[] = { { "0.5", figure->p50 }, { "0.9", figure->p90 }, { "0.99", figure->p99 },
        { "0.999", figure->p999 } };
    size_t len = labels->len;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        exposition_label(labels, "quantile", rows[i].quantile);
        exposition_sample(e, "", labels->data, rows[i].value);
        labels->data[labels->len = len] = '\0';
    }
    exposition_sample(e, "_count", labels->data, (double)figure->total);
    exposition_sample(e, "_sum", labels->data,
        figure->total ? figure->mean * (double)figure->total : 0);
}

static void
write_boards(struct exposition *e, const struct boards *boards, struct str *labels)
{
    static const enum exposition_type types[] = {
        [BOARD_COUNTER] = EXPOSITION_COUNTER, [BOARD_GAUGE] = EXPOSITION_GAUGE,
        [BOARD_HISTOGRAM] = EXPOSITION_SUMMARY,
    };
    struct series *series;
    int count = collect(boards, &series);
    const struct series *first = NULL;
    for (int i = 0; i < count; i++) {
        const struct series *s = &series[i];
        if (!first || strcmp(first->family, s->family)) {
            first = s;
            exposition_family(e, s->family, types[s->figure->kind], s->unit, s->figure->name);
        } else if (first->figure->kind != s->figure->kind) {
            continue; /* one family has one type: that of the first */
        }
        if (i > 0 && compare_series(s - 1, s) == 0)
            continue; /* "a.b" and "a_b" */
        label_series(labels, s);
        if (s->figure->kind == BOARD_HISTOGRAM)
            write_summary(e, s->figure, labels);
        else
            exposition_sample(e, "", labels->data,
                (s->figure->kind == BOARD_COUNTER ? (double)s->figure->total : s->figure->value) *
                    s->factor);
    }
    free(series);
}

static void
on_page(void *context, const char *path, const char *accept, struct http_page *page)
{
    struct server *server = context;
    struct exposition e;
    struct str labels;
    if (strcmp(path, "/metrics") != 0) {
        page->status = strcmp(path, "/") ? 404 : 200;
        str_puts(page->body, "optop: the figures are at /metrics\n");
        return;
    }
    bool openmetrics = strstr(accept, "application/openmetrics-text") != NULL;
    page->type = exposition_content_type(openmetrics);
    str_init(&labels);
    exposition_begin(&e, page->body, openmetrics);
    write_machine(&e, server->sample, &labels);
    write_runs(&e, server->runner, &labels);
    write_alerts(&e, server->alerts, &labels);
    write_server_part(&e, server, &labels);
    write_boards(&e, &server->boards, &labels);
    exposition_end(&e);
    str_release(&labels);
}

/* Listening. */

static int
open_at(struct server *server, const char *address, struct diag *diag)
{
    if (!*address)
        return 0;
    int r = http_listener_open(server->loop, address, on_page, server, &server->metrics, diag);
    if (r == 0)
        log_info("figures are at http://%s/metrics", address);
    return r;
}

void
metrics_page_start(struct server *server)
{
    struct diag diag = { 0 };
    if (open_at(server, server->config->metrics_listen, &diag) < 0)
        log_error("no figures for others: %s", diag.text);
}

int
metrics_page_move(struct server *server, const struct config *config, const struct ini *ini,
    struct diag *diag)
{
    const char *before = server->config->metrics_listen;
    struct diag why = { 0 };
    if (!strcmp(before, config->metrics_listen))
        return 0;
    metrics_page_stop(server); /* the two may overlap: 0.0.0.0 and 127.0.0.1 */
    int r = open_at(server, config->metrics_listen, &why);
    if (r == 0)
        return 0;
    open_at(server, before, NULL);
    return walk_fault(ini, ini_find(ini, "metrics", "listen"), diag, r, "%s", why.text);
}

void
metrics_page_stop(struct server *server)
{
    http_listener_close(server->metrics);
    server->metrics = NULL;
}
