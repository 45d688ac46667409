/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/server.h"

#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "alert/condition.h"
#include "alert/record.h"
#include "alert/webhook.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/place.h"
#include "base/text.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "io/file.h"
#include "mem/memory.h"
#include "sample/proctable.h"
#include "server/beside.h"
#include "server/reads.h"
#include "server/server_log.h"
#include "task/task_rows.h"
#include "wire/path.h"

/* The first sample has no rates yet; the second comes soon after, so that a
 * screen that started the server does not look at dashes for a second. */
enum { SECOND_SAMPLE_MS = 200 };

/* What people hear of. */

static void
push_recent(struct server *server, const struct recent_notice *notice)
{
    if (server->recent_count < SERVER_RECENT_MAX)
        server->recent_count++;
    memmove(&server->recent[1], &server->recent[0],
        (size_t)(server->recent_count - 1) * sizeof *server->recent);
    server->recent[0] = *notice;
}

static int
stage_notice(void *context, const struct store_notice *notice)
{
    struct server *server = context;
    if (server->staged_count < SERVER_STAGED_MAX)
        status_take_notice(&server->staged[server->staged_count++], notice);
    return 0;
}

/* The staged notices are on disk: show them, send them. */
static void
tell_staged(struct server *server)
{
    struct str object;
    struct json_writer w;
    str_init(&object);
    for (int i = 0; i < server->staged_count; i++) {
        const struct recent_notice *notice = &server->staged[i];
        log_info("%s", notice->text);
        push_recent(server, notice);
        str_clear(&object);
        jw_init(&w, &object);
        status_write_notice(&w, NULL, notice);
        session_notify(server, TOPIC_ALERTS, 0, "alert", &object);
    }
    str_release(&object);
    server->staged_count = 0;
    outbox_wake(server->outbox);
}

void
server_tell(struct server *server, struct store_notice *notice)
{
    server->staged_count = 0;
    int r = store_begin(server->store);
    if (r == 0) {
        r = store_notice_add(server->store, notice, &notice->id);
        if (r == 0)
            r = outbox_add(server->outbox, notice, NULL);
        if (r == 0)
            stage_notice(server, notice);
        if (r == 0)
            r = store_commit(server->store, NULL);
        else
            store_rollback(server->store);
    }
    if (r == 0) {
        tell_staged(server);
        return;
    }
    server->staged_count = 0;
    log_warn("%s (not stored: %s)", notice->text, err_text(r)); /* it is told all the same */
}

static void
keep_unstored(struct server *server, const struct alert_notice *notices, int count,
    int64_t wall_ns)
{
    for (int i = 0; i < count; i++) {
        if (notices[i].change == ALERT_CHANGE_NONE || server->unstored_count == SERVER_UNSTORED_MAX)
            continue;
        XGROW(server->unstored, server->unstored_count, server->unstored_capacity);
        struct unstored_change *kept = &server->unstored[server->unstored_count++];
        *kept = (struct unstored_change){ .alert = *notices[i].alert,
            .change = notices[i].change, .before = notices[i].before, .wall_ns = wall_ns };
        kept->has_rule = kept->alert.rule != NULL;
        if (kept->has_rule)
            kept->rule = *kept->alert.rule;
    }
}

/* What the store has now: the programs of its thresholds, as the present
 * configuration has them. */
static void
run_hooks(struct server *server)
{
    char text[ALERT_TEXT_MAX];
    for (int i = 0; i < server->unstored_count; i++) {
        struct unstored_change *change = &server->unstored[i];
        const struct config_threshold *rule = NULL;
        for (int t = 0; change->has_rule && t < server->config->threshold_count && !rule; t++)
            if (!strcmp(server->config->threshold[t].name, change->rule.name))
                rule = &server->config->threshold[t];
        if (!rule || !rule->run)
            continue;
        const struct alert_notice notice = { &change->alert, change->change, change->before };
        struct store_notice row = alert_notice_row(&notice, change->wall_ns, text);
        hooks_run(server->hooks, rule->run, &row);
    }
}

/* Changes, their rows and their deliveries in one transaction; what the store
 * does not take is tried again at the next tick, in order. */
static void
store_changes(struct server *server)
{
    if (!server->unstored_count)
        return;
    struct diag diag = { 0 };
    server->staged_count = 0;
    int r = store_begin(server->store);
    for (int i = 0; i < server->unstored_count && r == 0; i++) {
        struct unstored_change *change = &server->unstored[i];
        change->alert.rule = change->has_rule ? &change->rule : NULL;
        struct alert_notice notice = { &change->alert, change->change, change->before };
        r = alert_record(server->store, server->outbox, &notice, change->wall_ns, stage_notice,
            server);
    }
    if (r == 0)
        r = store_commit(server->store, &diag);
    else
        store_rollback(server->store);
    if (r < 0) {
        snprintf(server->alert_store_state, sizeof server->alert_store_state,
            "alerts not stored: %s", diag.text[0] ? diag.text : err_text(r));
        server->staged_count = 0;
        return;
    }
    server->alert_store_state[0] = '\0';
    run_hooks(server);
    server->unstored_count = 0;
    tell_staged(server);
}

void
server_tell_changes(struct server *server, const struct alert_notice *notices, int count)
{
    keep_unstored(server, notices, count, server->sample->wall_ns);
    store_changes(server);
}

void
server_tell_raised(struct server *server)
{
    const struct alert_notice *notices;
    int count = alert_engine_step_external(server->alerts, server->sample, &notices);
    server_tell_changes(server, notices, count);
}

static void
describe_end(const struct run *run, char *text, size_t size)
{
    char score[40];
    int64_t finished = run->done + run->failed;
    int n = snprintf(text, size, "run %lld (%s) %s: %lld trials", (long long)run->id,
        run->spec.name, run->state == RUN_DONE ? "finished" : run_state_name(run->state),
        (long long)finished);
    if (n > 0 && (size_t)n < size && run->failed)
        n += snprintf(text + n, size - (size_t)n, ", %lld failed", (long long)run->failed);
    if (n > 0 && (size_t)n < size && run->best.trial)
        n += snprintf(text + n, size - (size_t)n, ", best %s",
            unit_format_number(run->best.score, score, sizeof score));
    if (n > 0 && (size_t)n < size && run->state != RUN_DONE && run->reason[0])
        snprintf(text + n, size - (size_t)n, "; %s", run->reason);
}

static int
on_run_ended(void *context, const struct run *run)
{
    static const char *const types[RUN_STATE_COUNT] = {
        [RUN_DONE] = "run.finished", [RUN_FAILED] = "run.failed",
        [RUN_CANCELLED] = "run.cancelled",
    };
    struct server *server = context;
    char key[32], text[512], clean[512];
    snprintf(key, sizeof key, "run:%lld", (long long)run->id);
    describe_end(run, text, sizeof text);
    struct store_notice notice = { .wall_ns = run->finished_wall_ns, .type = types[run->state],
        .key = key, .state = run_state_name(run->state),
        .value = run->best.trial ? run->best.score : (double)NAN, .level = NAN, .sequence = 1,
        .text = text_clean(text, clean, sizeof clean) };
    server->staged_count = 0;
    int r = store_notice_add(server->store, &notice, &notice.id);
    if (r == 0)
        r = outbox_add(server->outbox, &notice, NULL);
    if (r == 0)
        stage_notice(server, &notice);
    return r;
}

static void
on_end_committed(void *context)
{
    tell_staged(context);
}

/* Runs as clients hear of them: a new state at once, progress at most every
 * SERVER_NOTIFY_MS. */

static void
on_run_changed(void *context, struct run *run)
{
    struct server *server = context;
    server->notify_wanted = true;
    if (run->told_state != (int)run->state)
        server->notify_now = true;
}

/* Results on their way out. */

static const struct run *
find_run(void *context, int64_t id, struct run **ret_loaded)
{
    return runner_find(((struct server *)context)->runner, id, ret_loaded);
}

static void
on_sink_changed(void *context, int64_t id)
{
    struct server *server = context;
    struct run *run = runner_first(server->runner);
    while (run && run->id != id)
        run = run->next;
    if (!run)
        return;
    sinks_describe(server->sinks, run);
    run->progress = true;
    server->notify_wanted = true;
}

static void
on_sunk(void *context, const struct run *run, int64_t count)
{
    struct server *server = context;
    if (!server->sinks)
        return;
    sinks_add(server->sinks, run, count);
    on_sink_changed(server, run->id); /* what is new is behind, from now on */
}

static void
start_sinks(struct server *server)
{
    const struct sinks_options options = { .loop = server->loop, .store = server->store,
        .find = find_run, .changed = on_sink_changed, .context = server };
    server->sinks = sinks_new(&options);
    for (struct run *run = runner_first(server->runner); server->sinks && run; run = run->next)
        sinks_describe(server->sinks, run);
}

static void
on_store_state(void *context, const char *text)
{
    struct server *server = context;
    if (text)
        log_error("%s", text);
    str_copy(server->run_store_state, sizeof server->run_store_state, text ? text : "");
}

const char *
server_state(const struct server *server)
{
    return server->run_store_state[0] ? server->run_store_state
        : server->alert_store_state[0] ? server->alert_store_state : "ok";
}

static void
tell_runs(struct server *server)
{
    struct str object;
    struct json_writer w;
    str_init(&object);
    for (struct run *run = runner_first(server->runner); run; run = run->next) {
        if (!run->progress)
            continue;
        run->progress = false;
        run->told_state = (int)run->state;
        str_clear(&object);
        jw_init(&w, &object);
        run_write(&w, NULL, run, loop_now(server->loop), false);
        session_notify(server, TOPIC_RUNS, run->id, "run", &object);
    }
    str_release(&object);
    server->notified_ns = loop_now(server->loop);
    server->notify_wanted = server->notify_now = false;
}

static void
on_turn(void *context)
{
    struct server *server = context;
    if (!server->notify_wanted)
        return;
    int64_t next = server->notified_ns + SERVER_NOTIFY_MS * NS_PER_MS;
    int64_t now = loop_now(server->loop);
    if (server->notify_now || now >= next)
        tell_runs(server);
    else
        loop_timer_change(server->notify_timer, next - now, 0);
}

static void
on_notify_timer(void *context)
{
    (void)context; /* wakes the loop: the turn's end tells */
}

/* The tick. */

static void
evaluate_thresholds(struct server *server)
{
    const struct alert_notice *notices;
    int64_t started = clock_mono_ns();
    task_start(server->rule_task);
    int count = alert_engine_step(server->alerts, server->sample, &notices);
    task_end(server->rule_task, clock_mono_ns() - started, false);
    const char *fault = alert_engine_fault(server->alerts);
    if (fault[0] && strcmp(fault, server->rule_fault) != 0)
        log_error("threshold %s", fault);
    str_copy(server->rule_fault, sizeof server->rule_fault, fault);
    server_tell_changes(server, notices, count);
}

/* Memory is the cgroup's where that has a limit. */
static void
govern_workers(struct server *server)
{
    const struct sample *s = server->sample;
    double limit = sample_value(s, METRIC_LIMIT_MEMORY, 0);
    bool limited = limit > 0;
    const struct governor_figures figures = {
        .cpu_pct = sample_value(s, METRIC_CPU_TOTAL, 0),
        .cores_online = sample_value(s, METRIC_CPU_ONLINE, 0),
        .memory_bytes = limited ? limit : sample_value(s, METRIC_MEMORY_TOTAL, 0),
        .memory_used_bytes = limited ? sample_value(s, METRIC_LIMIT_MEMORY_USED, 0)
                                     : sample_value(s, METRIC_MEMORY_USED, 0),
        .memory_stall_pct = sample_value(s, METRIC_PSI_MEMORY_FULL, 0),
        .pressure = memory_pressure_around(), /* runs are not to blame for our own limit */
    };
    runner_govern(server->runner, &figures);
}

static void
publish_webhook(void *context, const struct outbox_webhook *webhook)
{
    publisher_webhook(context, &(struct webhook_figures){ .name = webhook->name,
        .waiting = webhook->waiting, .failures = webhook->failures, .circuit = webhook->circuit,
        .delivered = webhook->delivered, .digests = webhook->digests });
}

/* Our own figures first, so that they are read as new as the others. */
static void
read_boards(struct server *server)
{
    const struct pool_figures pools[] = { runner_pool(server->runner),
        server_webhook_pool(server), buffers_figures(server->buffers) };
    int64_t started = clock_mono_ns();
    task_start(server->board_task);
    for (size_t i = 0; i < sizeof pools / sizeof *pools; i++)
        publisher_pool(server->publisher, &pools[i]);
    publisher_resources(server->publisher);
    task_rows_update(&server->tasks);
    publisher_tasks(server->publisher, &server->tasks);
    outbox_each(server->outbox, publish_webhook, server->publisher);
    publisher_webhook(server->publisher, NULL);
    if (server->statsd)
        statsd_tick(server->statsd, started);
    boards_step(&server->boards, started, SERVER_BOARDS_MS * NS_PER_MS);
    task_end(server->board_task, clock_mono_ns() - started, false);
}

static void
on_tick(void *context)
{
    struct server *server = context;
    int64_t started = clock_mono_ns();
    task_start(server->sample_task);
    server->sample = sampler_take(server->sampler, started, clock_wall_ns());
    task_end(server->sample_task, clock_mono_ns() - started, false);
    reads_tick(server);
    if (server->sinks)
        sinks_tick(server->sinks);
    proctable_tick(server, started);
    read_boards(server);
    own_figures(server, sampler_sample(server->sampler), started);
    watched_figures(sampler_sample(server->sampler), &server->boards, server->config);
    leaks_step(server, started);
    history_push(server->history, server->sample);
    silences_tick(server);
    raised_step(server, started);
    evaluate_thresholds(server);
    govern_workers(server);
    runner_tick(server->runner);
    recording_step(server, started);
    shortage_tick(server);
    session_tick(server);
}

const struct str *
server_status(struct server *server)
{
    /* made once per sample, for all who ask at a tick; run objects in it may be
     * newer than the sample when it is asked for between ticks */
    int64_t started = clock_mono_ns();
    if (server->status_seq == server->sample->sequence && server->status.len &&
        started - server->status_made_ns < 50 * NS_PER_MS)
        return &server->status;
    task_start(server->encode_task);
    str_clear(&server->status);
    status_write(server, &server->status);
    server->status_seq = server->sample->sequence;
    server->status_made_ns = started;
    task_end(server->encode_task, clock_mono_ns() - started, false);
    return &server->status;
}

/* Config. */

static void
start_history(struct server *server)
{
    static const double wanted[HISTORY_TIERS] = { 1, 10, 60 };
    double *steps = server->history_steps;
    steps[0] = server->config->interval_seconds;
    for (int t = 1; t < HISTORY_TIERS; t++)
        steps[t] = steps[t - 1] * ceil(wanted[t] / steps[t - 1]);
    recording_stop(server);
    history_free(server->history);
    server->history = history_new(steps, server->config->history_seconds);
    history_push(server->history, server->sample);
    recording_start(server);
}

static int
usable_slots(const struct server *server)
{
    return server->config->slots > 0 ? (int)server->config->slots
                                     : sampler_usable_cores(server->sampler);
}

static void
apply_config(struct server *server, const struct config *before)
{
    const struct config *config = server->config;
    if (!before || memcmp(before->history_seconds, config->history_seconds,
            sizeof config->history_seconds) ||
        before->history_bytes < config->history_bytes ||
        before->history_bytes > config->history_bytes ||
        before->history_screen_seconds < config->history_screen_seconds ||
        before->history_screen_seconds > config->history_screen_seconds ||
        before->interval_seconds < config->interval_seconds ||
        before->interval_seconds > config->interval_seconds)
        start_history(server);
    int64_t interval = sec_to_ns(config->interval_seconds);
    loop_timer_change(server->tick_timer, before ? interval : SECOND_SAMPLE_MS * NS_PER_MS,
        interval);
    alert_engine_configure(server->alerts, config);
    if (config->webhook_count)
        http_prepare();
    outbox_configure(server->outbox, config);
    const struct governor_options governor = { config->max_memory_percent,
        config->max_cpu_percent };
    optop_memory_track(config->track_memory);
    optop_memory_set_limit((int64_t)config->max_memory_bytes);
    runner_configure(server->runner, usable_slots(server), config->grace_seconds, &governor);
}

/* With what only the server can see: the environment that it was started in. */
static int
settle_config(struct config *config, const struct ini *ini, struct diag *diag)
{
    struct diag why = { 0 };
    int r = config_read_environment(config, ini, diag);
    for (int i = 0; i < config->webhook_count && r == 0; i++) {
        const struct config_webhook *webhook = &config->webhook[i];
        if ((r = webhook_check_secret(webhook, &why)) < 0)
            r = config_webhook_fault(ini, webhook,
                webhook->secret_env ? "secret_env" : webhook->secret.count ? "secret_file" : "format",
                diag, r, why.text);
    }
    return r == 0 ? conditions_check_config(config, ini, diag) : r;
}

int
server_check_config(const struct ini *ini, struct config **ret_config, struct diag *diag)
{
    struct config *config;
    int r = config_from_ini(ini, &config, diag);
    if (r < 0)
        return r;
    r = settle_config(config, ini, diag);
    if (r < 0)
        config_free(config);
    else
        *ret_config = config;
    return r;
}

int
server_take_config(struct server *server, struct ini *ini, struct diag *diag)
{
    struct config *config;
    int r = server_check_config(ini, &config, diag);
    if (r < 0)
        return r;
    if ((r = metrics_page_move(server, config, ini, diag)) < 0) {
        config_free(config);
        return r;
    }
    struct config *before = server->config;
    struct ini *ini_before = server->ini;
    server->config = config;
    server->ini = ini;
    apply_config(server, before);
    if (before->log_level != config->log_level)
        log_open(STDERR_FILENO, (enum log_level)config->log_level);
    config_free(before);
    ini_free(ini_before);
    log_info("configuration is in effect: %d thresholds, %d webhooks", config->threshold_count,
        config->webhook_count);
    return 0;
}

int
server_reload(struct server *server, struct diag *diag)
{
    struct ini *ini;
    struct config *config;
    int r = config_load(server->config_path, &ini, &config, diag);
    if (r < 0)
        return r;
    config_free(config);
    r = server_take_config(server, ini, diag);
    if (r < 0)
        ini_free(ini);
    return r;
}

/* The parts. */

static void
on_try(void *context, int64_t duration_ns, bool ok)
{
    struct server *server = context;
    task_start(server->deliver_task);
    task_end(server->deliver_task, duration_ns, !ok);
}

static void
name_machine(struct server *server)
{
    struct utsname name;
    if (uname(&name) < 0)
        return;
    text_clean(name.nodename, server->host, sizeof server->host);
    text_clean(name.release, server->kernel, sizeof server->kernel);
}

static void
load_recent(struct server *server)
{
    /* newest first from the store: turn them round while pushing */
    store_notice_list(server->store, SERVER_RECENT_MAX, stage_notice, server);
    while (server->staged_count)
        push_recent(server, &server->staged[--server->staged_count]);
}

static void
add_tasks(struct server *server)
{
    server->sample_task = tasks_add(&server->tasks, "sample");
    server->rule_task = tasks_add(&server->tasks, "evaluate thresholds");
    server->encode_task = tasks_add(&server->tasks, "encode status");
    server->request_task = tasks_add(&server->tasks, "answer requests");
    server->deliver_task = tasks_add(&server->tasks, "deliver webhooks");
    server->board_task = tasks_add(&server->tasks, "read boards");
}

/* Programs that we start find the same place by the environment. */
static void
open_boards(struct server *server)
{
    char path[PATH_MAX] = "";
    struct diag diag = { 0 };
    if (place_environment("OPTOP_BOARDS"))
        place_boards(path, sizeof path);
    else if (place_boards_of(server->socket_path, path, sizeof path) == 0 && path[0] == '/')
        setenv("OPTOP_BOARDS", path, 1);
    if (boards_open(&server->boards, path, &diag) < 0)
        log_error("no figures of programs are shown: %s", diag.text);
    else
        server->publisher = publisher_open("optop-server");
}

static void
start_runner(struct server *server)
{
    static const struct runner_events events = { on_run_changed, on_run_ended, on_end_committed,
        on_store_state, on_sunk };
    struct runner_options options = {
        .loop = server->loop,
        .store = server->store,
        .tasks = &server->tasks,
        .worker_program = server->worker_program,
        .state_directory = server->state_directory,
        .slots = usable_slots(server),
        .grace_seconds = server->config->grace_seconds,
        .governor = { server->config->max_memory_percent, server->config->max_cpu_percent },
    };
    server->runner = runner_new(&options, &events, server);
}

int
server_new(struct loop *loop, const struct server_options *options, struct server **ret_server,
    struct diag *diag)
{
    struct server *server = XNEW(struct server);
    server->loop = loop;
    server->boards.directory = server->statsd_fd = -1;
    server->started_ns = loop_now(loop);
    server->socket_path = xstrdup(options->socket_path);
    server->state_directory = xstrdup(options->state_directory);
    server->config_path = xstrdup(options->config_path);
    str_init(&server->status);
    str_init(&server->told);
    str_init(&server->change);
    str_init(&server->scratch);
    optop_arena_init(&server->arena, &(struct optop_arena_options){ .name = "requests" });
    name_machine(server);
    int r = config_load(options->config_path, &server->ini, &server->config, diag);
    if (r == 0)
        r = settle_config(server->config, server->ini, diag);
    if (r == 0)
        r = store_open(options->state_directory, &server->store, diag);
    if (r == 0)
        r = reads_open(server);
    if (r < 0) {
        server_free(server);
        return r;
    }
    char *absolute = realpath(server->state_directory, NULL);
    if (absolute) {
        free(server->state_directory);
        server->state_directory = absolute;
    }
    add_tasks(server);
    open_boards(server);
    statsd_socket_open(server);
    server->buffers = buffers_new(BUFFERS_ZERO); /* requests may set secrets */
    server->files = files_new(loop);
    server->worker_program = wire_program_path("optop-worker");
    server->sampler = sampler_new(options->proc_root, options->sys_root, getpid());
    server->sample = sampler_take(server->sampler, clock_mono_ns(), clock_wall_ns());
    server->alerts = alert_engine_new();
    /* hooks that start later run earlier: what a turn has brought is told in it */
    server->turn = loop_turn_start(loop, on_turn, server);
    server->http = http_new(loop);
    server->outbox = outbox_new(loop, server->store, server->http);
    server->hooks = hooks_new(loop);
    outbox_on_try(server->outbox, on_try, server);
    start_runner(server);
    server->tick_timer = loop_timer_start(loop, NS_PER_SEC, NS_PER_SEC, on_tick, server);
    server->notify_timer = loop_timer_start(loop, INT64_MAX / 4, 0, on_notify_timer, server);
    server->session_timer = loop_timer_start(loop, INT64_MAX / 4, 0, session_sweep, server);
    shortage_start(server);
    apply_config(server, NULL);
    alert_recall(server->store, server->alerts);
    silences_start(server);
    load_recent(server);
    runner_reconcile(server->runner);
    start_sinks(server);
    metrics_page_start(server);
    *ret_server = server;
    return 0;
}

void
server_free(struct server *server)
{
    if (!server)
        return;
    while (server->sessions)
        session_close(server->sessions);
    metrics_page_stop(server);
    beside_release(server);
    reads_close(server);
    loop_timer_stop(server->tick_timer);
    loop_timer_stop(server->notify_timer);
    loop_timer_stop(server->session_timer);
    shortage_stop(server);
    loop_turn_stop(server->turn);
    sinks_free(server->sinks);
    server->sinks = NULL;
    runner_free(server->runner);
    outbox_free(server->outbox);
    hooks_free(server->hooks);
    http_free(server->http);
    alert_engine_free(server->alerts);
    recording_stop(server);
    history_free(server->history);
    sampler_free(server->sampler);
    store_close(server->store);
    server_log_stop(server->log);
    files_free(server->files, false);
    config_free(server->config);
    ini_free(server->ini);
    buffers_free(server->buffers);
    statsd_socket_close(server);
    leaks_free(server->leaks);
    proctable_free(server->processes);
    publisher_close(server->publisher);
    boards_release(&server->boards);
    tasks_release(&server->tasks);
    str_release(&server->status);
    str_release(&server->told);
    str_release(&server->change);
    str_release(&server->scratch);
    optop_arena_release(&server->arena);
    free(server->unstored);
    free(server->silence);
    free(server->worker_program);
    free(server->socket_path);
    free(server->state_directory);
    free(server->config_path);
    free(server);
}

void
server_log_to(struct server *server, const char *path)
{
    server->log = server_log_start(server->loop, server->files, path);
}

void
server_accept(struct server *server, int fd)
{
    session_open(server, fd);
}

static void
on_workers_gone(void *context)
{
    struct server *server = context;
    log_info("stopped");
    loop_stop(server->loop);
}

void
server_stop(struct server *server)
{
    if (server->stopping)
        return;
    server->stopping = true;
    log_info("stopping");
    runner_shutdown(server->runner, on_workers_gone, server);
}
