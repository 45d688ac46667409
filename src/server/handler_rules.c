/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The methods about rules: are they rules, and what would they have told? For the
 * latter the past that they are about is copied from the history, then replayed on
 * a thread (alert/replay.h, server/beside.h) and answered when that has ended.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "alert/replay.h"
#include "base/clock.h"
#include "base/xalloc.h"
#include "optop/executor.h"
#include "server/beside.h"
#include "server/call.h"

enum {
    BACKTEST_SECONDS = 60, /* for one */
    BACKTEST_SERIES_MAX = 256, /* copied while the loop waits: 0.1 ms each */
    BACKTEST_NAME_MAX = METRIC_COUNT + 64, /* shown as having no history */
    WORDS_MAX = 160,
};

static const double since_seconds = 7 * 86400;

struct backtest {
    struct config *config; /* owned */
    struct past past;
    struct replay replay;
    int unknown_count; /* metrics that rules name and that have no past */
    char unknown[BACKTEST_NAME_MAX][WORDS_MAX];
    bool cut; /* more than BACKTEST_SERIES_MAX */
    int64_t took_ns;
};

/* Which series. */

struct wanted {
    const struct server *server;
    struct backtest *backtest;
    int count;
    struct {
        enum metric metric;
        int row;
    } series[BACKTEST_SERIES_MAX];
};

static void
want_row(struct wanted *wanted, enum metric metric, int row)
{
    for (int i = 0; i < wanted->count; i++)
        if (wanted->series[i].metric == metric && wanted->series[i].row == row)
            return;
    if (wanted->count == BACKTEST_SERIES_MAX) {
        wanted->backtest->cut = true;
        return;
    }
    wanted->series[wanted->count].metric = metric;
    wanted->series[wanted->count++].row = row;
}

static void
want_nothing(struct backtest *backtest, enum metric metric, const char *instance)
{
    char name[WORDS_MAX];
    metric_key(metric, *instance ? instance : NULL, name, sizeof name);
    for (int i = 0; i < backtest->unknown_count; i++)
        if (!strcmp(backtest->unknown[i], name))
            return;
    if (backtest->unknown_count < BACKTEST_NAME_MAX)
        str_copy(backtest->unknown[backtest->unknown_count++], WORDS_MAX, name);
}

static void
want(void *context, enum metric metric, const char *instance)
{
    struct wanted *wanted = context;
    enum metric_group group = metric_info(metric)->group;
    const struct sample_rows *rows = &wanted->server->sample->rows[group];
    bool any = false;
    if (!metric_info(metric)->history) {
        want_nothing(wanted->backtest, metric, instance);
        return;
    }
    if (!metric_group_info(group)->per_instance) {
        want_row(wanted, metric, 0);
        return;
    }
    for (int r = 0; r < rows->count; r++)
        if (metric_covers(metric, instance, rows->row[r].name)) {
            want_row(wanted, metric, r);
            any = true;
        }
    if (!any && *instance)
        want_nothing(wanted->backtest, metric, instance);
}

/* The past: of each tier what lies before the next finer one begins. */

struct tiers {
    struct history_point *point; /* owned; room for the longest ring */
    int room;
    int count[HISTORY_TIERS]; /* of points that are taken */
    int64_t *wall_ns; /* owned; of all */
    int from; /* the first that lies within the time that is asked for */
};

static int
longest_ring(const struct server *server)
{
    double most = 0;
    for (int t = 0; t < HISTORY_TIERS; t++)
        most = fmax(most, server->config->history_seconds[t] / server->history_steps[t]);
    return (int)fmin(most, 1 << 20) + 2;
}

/* The times of a tier, from the series that goes back furthest. */
static int
read_times(const struct wanted *wanted, int tier, struct tiers *tiers, int64_t *ret_wall_ns)
{
    int most = 0;
    for (int i = 0; i < wanted->count; i++) {
        int count = history_read(wanted->server->history, wanted->series[i].metric,
            wanted->series[i].row, tier, tiers->point, tiers->room);
        for (int p = 0; p < count && count > most; p++)
            ret_wall_ns[p] = tiers->point[p].wall_ns;
        most = count > most ? count : most;
    }
    return most;
}

/* Coarse ones first; a point stands for the time up to it, so the coarser one that
 * ends behind the first of the finer ones is left out. */
static int
plan_tiers(const struct wanted *wanted, int64_t since_wall_ns, struct tiers *tiers)
{
    tiers->room = longest_ring(wanted->server);
    tiers->point = malloc((size_t)tiers->room * sizeof *tiers->point);
    tiers->wall_ns = malloc((size_t)tiers->room * HISTORY_TIERS * sizeof *tiers->wall_ns);
    int64_t *times = malloc((size_t)tiers->room * sizeof *times), until = INT64_MAX;
    int total = HISTORY_TIERS * tiers->room; /* filled from its end */
    if (!tiers->point || !tiers->wall_ns || !times) {
        free(times);
        return -ENOMEM;
    }
    for (int t = 0; t < HISTORY_TIERS; t++) {
        int count = read_times(wanted, t, tiers, times), taken = 0;
        for (int p = count - 1; p >= 0 && times[p] >= since_wall_ns; p--)
            if (times[p] < until) {
                tiers->wall_ns[--total] = times[p];
                taken++;
            }
        tiers->count[t] = taken;
        until = taken ? tiers->wall_ns[total] : until;
    }
    free(times);
    tiers->from = total;
    return 0;
}

/* Points of a tier end where those of all others do, so they are taken by time. */
static void
copy_series(const struct wanted *wanted, int number, struct tiers *tiers, const struct past *past)
{
    float *value = past->series[number].value;
    for (int t = 0, end = past->moments; t < HISTORY_TIERS; end -= tiers->count[t++]) {
        int count = history_read(wanted->server->history, wanted->series[number].metric,
            wanted->series[number].row, t, tiers->point, tiers->room);
        int at = end - 1, first = end - tiers->count[t];
        for (int p = count - 1; p >= 0 && at >= first; p--)
            if (tiers->point[p].wall_ns <= past->wall_ns[at])
                value[at--] = tiers->point[p].mean;
    }
}

static int
take_past(const struct wanted *wanted, double seconds, struct past *past)
{
    struct tiers tiers = { 0 };
    int64_t since = wanted->server->sample->wall_ns - sec_to_ns(seconds);
    int r = plan_tiers(wanted, since, &tiers);
    int moments = r < 0 ? 0 : HISTORY_TIERS * tiers.room - tiers.from;
    if (r == 0)
        r = past_init(past, moments, wanted->count);
    for (int i = 0; i < moments && r == 0; i++)
        past->wall_ns[i] = tiers.wall_ns[tiers.from + i];
    for (int i = 0; i < wanted->count && r == 0; i++) {
        enum metric_group group = metric_info(wanted->series[i].metric)->group;
        past->series[i].metric = wanted->series[i].metric;
        if (metric_group_info(group)->per_instance)
            str_copy(past->series[i].row, sizeof past->series[i].row,
                wanted->server->sample->rows[group].row[wanted->series[i].row].name);
        copy_series(wanted, i, &tiers, past);
    }
    free(tiers.point);
    free(tiers.wall_ns);
    return r;
}

/* Answers. */

static void
write_incident(struct json_writer *w, const struct replay_incident *incident)
{
    jw_object(w, NULL);
    jw_figure(w, "start", ns_to_sec(incident->start_wall_ns));
    if (incident->end_wall_ns)
        jw_figure(w, "end", ns_to_sec(incident->end_wall_ns));
    else
        jw_null(w, "end");
    jw_string(w, "level", alert_state_name(incident->level));
    jw_number(w, "value", incident->value);
    jw_end(w);
}

static void
write_alert(struct json_writer *w, const struct replay_alert *alert)
{
    const struct metric_info *metric = metric_info(alert->rule->metric);
    jw_object(w, NULL);
    jw_string(w, "rule", alert->rule->name);
    jw_string(w, "key", alert->key);
    jw_string(w, "metric", metric->name);
    jw_string(w, "of", metric_aspect_name(alert->rule->of));
    jw_string(w, "unit", metric_aspect_unit(alert->rule->metric, alert->rule->of));
    jw_bool(w, "below", alert->rule->below);
    jw_number(w, "warning", alert->rule->has_warning ? alert->rule->warning : (double)NAN);
    jw_number(w, "critical", alert->rule->has_critical ? alert->rule->critical : (double)NAN);
    jw_int(w, "fired", alert->fired);
    jw_int(w, "fired_critical", alert->critical);
    jw_int(w, "flapped", alert->flapped);
    jw_int(w, "notices", alert->notices);
    jw_figure(w, "firing_seconds", alert->firing_seconds);
    jw_figure(w, "critical_seconds", alert->critical_seconds);
    jw_figure(w, "longest_seconds", alert->longest_seconds);
    jw_figure(w, "known_seconds", alert->known_seconds);
    jw_object(w, "values");
    jw_number(w, "low", alert->low);
    jw_number(w, "p0.1", alert->p01);
    jw_number(w, "p1", alert->p1);
    jw_number(w, "p50", alert->p50);
    jw_number(w, "p90", alert->p90);
    jw_number(w, "p99", alert->p99);
    jw_number(w, "p99.9", alert->p999);
    jw_number(w, "high", alert->high);
    jw_end(w);
    jw_number(w, "suggested_warning", alert->suggested_warning);
    jw_number(w, "suggested_critical", alert->suggested_critical);
    jw_array(w, "incidents");
    for (int i = 0; i < alert->incident_count; i++)
        write_incident(w, &alert->incident[i]);
    jw_end(w);
    jw_end(w);
}

static void
write_result(struct json_writer *w, const struct backtest *backtest)
{
    const struct replay *replay = &backtest->replay;
    bool any = replay->moments > 0;
    int left_out = replay->left_out;
    jw_figure(w, "from", any ? ns_to_sec(replay->from_wall_ns) : (double)NAN);
    jw_figure(w, "to", any ? ns_to_sec(replay->to_wall_ns) : (double)NAN);
    jw_int(w, "moments", replay->moments);
    jw_int(w, "series", backtest->past.series_count);
    jw_figure(w, "seconds", ns_to_sec(backtest->took_ns));
    jw_string(w, "fault", replay->fault);
    jw_array(w, "rules");
    for (int i = 0; i < replay->count; i++) {
        if (w->out->len < SERVER_RULES_ANSWER_MAX)
            write_alert(w, &replay->alert[i]);
        else
            left_out++;
    }
    jw_end(w);
    jw_array(w, "unknown");
    for (int i = 0; i < backtest->unknown_count; i++)
        jw_string(w, NULL, backtest->unknown[i]);
    jw_end(w);
    jw_bool(w, "cut", backtest->cut);
    jw_int(w, "left_out", left_out);
}

/* A job beside the loop. */

static int
run_backtest(void *context, struct optop_reply *reply)
{
    struct backtest *backtest = context;
    int64_t started_ns = clock_mono_ns();
    (void)reply;
    int r = replay_run(backtest->config, &backtest->past, optop_cancelled, &backtest->replay);
    backtest->took_ns = clock_mono_ns() - started_ns;
    return r;
}

static void
answer_backtest(void *context, const json_t *request, int result, struct optop_reply *reply,
    struct str *out)
{
    struct diag diag = { 0 };
    struct json_writer w;
    (void)reply;
    if (result < 0) {
        call_error(out, request, result, &diag);
        return;
    }
    call_begin(&w, out, request);
    write_result(&w, context);
    call_end(&w);
}

static void
release_backtest(void *context)
{
    struct backtest *backtest = context;
    config_free(backtest->config);
    past_release(&backtest->past);
    replay_release(&backtest->replay);
    free(backtest);
}

/* Requests. */

/* The rules of a request; without a text, those in effect. */
static int
read_rules(struct call *call, struct ini **ret_ini, struct config **ret_config)
{
    const char *text = json_get_string(call->params, "text", NULL);
    size_t len = text ? strlen(text) : 0;
    if (!text)
        text = ini_text(call->server->ini, &len);
    int r = ini_parse_text(text, len, json_get_string(call->params, "file", "rules"), ret_ini,
        call->diag);
    if (r < 0)
        return r;
    r = server_check_config(*ret_ini, ret_config, call->diag);
    if (r < 0)
        ini_free(*ret_ini);
    return r;
}

/* All others are switched off. */
static int
keep_rule(struct call *call, struct config *config)
{
    const char *name = json_get_string(call->params, "rule", NULL);
    bool found = !name;
    for (int i = 0; name && i < config->threshold_count; i++) {
        bool same = !strcmp(config->threshold[i].name, name);
        config->threshold[i].enabled &= same;
        found |= same;
    }
    return found ? 0 : diag_set(call->diag, ERR_NOT_FOUND, "there is no [threshold %.80s]", name);
}

static int
start(struct call *call, struct config *config, double seconds)
{
    struct backtest *backtest = calloc(1, sizeof *backtest);
    struct wanted *wanted = calloc(1, sizeof *wanted);
    int r = backtest && wanted ? 0 : -ENOMEM;
    if (r == 0) {
        *wanted = (struct wanted){ .server = call->server, .backtest = backtest };
        replay_wants(config, want, wanted);
        r = take_past(wanted, seconds, &backtest->past);
    }
    free(wanted);
    if (r < 0) {
        free(backtest);
        return r;
    }
    backtest->config = config;
    r = beside_add(call->session, BESIDE_REPLAYS, call->request, &(struct beside_request){
        .run = run_backtest, .answer = answer_backtest, .release = release_backtest,
        .context = backtest, .timeout_ns = BACKTEST_SECONDS * NS_PER_SEC }, call->diag);
    if (r < 0) {
        backtest->config = NULL; /* the caller's */
        release_backtest(backtest);
        return r;
    }
    json_incref(call->request);
    return CALL_LATER;
}

int
handle_rules_backtest(struct call *call)
{
    struct ini *ini;
    struct config *config;
    double seconds = json_get_number(call->params, "seconds", since_seconds);
    if (!(seconds > 0))
        return diag_set(call->diag, JSONRPC_PARAMS, "seconds: more than 0");
    int r = read_rules(call, &ini, &config);
    if (r < 0)
        return r;
    ini_free(ini);
    r = keep_rule(call, config);
    if (r == 0)
        r = start(call, config, seconds);
    if (r < 0)
        config_free(config);
    return r;
}

static void
write_level(struct json_writer *w, const char *key, bool has, double level)
{
    jw_number(w, key, has ? level : (double)NAN);
}

int
handle_rules_check(struct call *call)
{
    struct ini *ini;
    struct config *config;
    int r = read_rules(call, &ini, &config);
    if (r < 0)
        return r;
    jw_array(call->w, "rules");
    for (int i = 0; i < config->threshold_count; i++) {
        const struct config_threshold *rule = &config->threshold[i];
        jw_object(call->w, NULL);
        jw_string(call->w, "rule", rule->name);
        jw_string(call->w, "metric", metric_info(rule->metric)->name);
        jw_string(call->w, "instance", rule->instance);
        jw_string(call->w, "of", metric_aspect_name(rule->of));
        jw_string(call->w, "unit", metric_aspect_unit(rule->metric, rule->of));
        jw_bool(call->w, "below", rule->below);
        write_level(call->w, "warning", rule->has_warning, rule->warning);
        write_level(call->w, "critical", rule->has_critical, rule->critical);
        write_level(call->w, "clear_warning", rule->has_warning, rule->clear_warning);
        write_level(call->w, "clear_critical", rule->has_critical, rule->clear_critical);
        jw_figure(call->w, "for_seconds", rule->for_seconds);
        jw_bool(call->w, "enabled", rule->enabled);
        jw_bool(call->w, "built_in", rule->line == 0);
        jw_string(call->w, "when", rule->when ? rule->when : "");
        jw_end(call->w);
    }
    jw_end(call->w);
    jw_int(call->w, "webhooks", config->webhook_count);
    config_free(config);
    ini_free(ini);
    return 0;
}
