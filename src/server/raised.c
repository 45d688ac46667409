/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Alerts that the server raises of itself, anew at each tick: who grows steadily
 * ("leak:NAME"), runs that stand still ("stalled:RUN"), webhooks that fail
 * ("webhook:NAME"). What is not raised any more is over.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/unit.h"
#include "run/live_run.h"
#include "server/server.h"

static struct stall *
find_stall(struct server *server, int64_t run)
{
    struct stall *free_one = NULL;
    for (int i = 0; i < SERVER_STALLS_MAX; i++) {
        if (server->stall[i].run == run)
            return &server->stall[i];
        if (!server->stall[i].run && !free_one)
            free_one = &server->stall[i];
    }
    if (free_one)
        *free_one = (struct stall){ .run = run };
    return free_one;
}

/* Of runs that have ended. */
static void
drop_stalls(struct server *server)
{
    for (int i = 0; i < SERVER_STALLS_MAX; i++) {
        const struct run *run = runner_first(server->runner);
        while (run && run->id != server->stall[i].run)
            run = run->next;
        if (!run || run->state != RUN_RUNNING)
            server->stall[i] = (struct stall){ 0 };
    }
}

static void
look_at_run(struct server *server, const struct run *run, int64_t now_ns)
{
    struct stall *stall = find_stall(server, run->id);
    char key[40], text[ALERT_NOTE_MAX], since[32], usual[32];
    if (!stall || !stall_step(stall, run->worker_count > 0, run->done + run->failed,
            run->mean_trial_seconds, server->config->stalled_after, now_ns))
        return;
    snprintf(key, sizeof key, "stalled:%lld", (long long)run->id);
    snprintf(text, sizeof text, "run %lld (%.60s): no trial has ended for %s; they usually take %s",
        (long long)run->id, run->spec.name,
        unit_format_duration(ns_to_sec(now_ns - stall->since_ns), since, sizeof since),
        unit_format_duration(run->mean_trial_seconds, usual, sizeof usual));
    alert_engine_raise(server->alerts, key, ALERT_WARNING, text, NULL);
}

static void
raise_leak(void *context, const char *name, const char *text)
{
    struct server *server = context;
    char key[ALERT_KEY_MAX];
    snprintf(key, sizeof key, "leak:%s", name);
    alert_engine_raise(server->alerts, key, ALERT_WARNING, text, NULL);
}

/* A failure is told once it lasts: each is tried again. */
static void
raise_webhook(void *context, const struct outbox_webhook *webhook)
{
    struct server *server = context;
    char key[ALERT_KEY_MAX], text[ALERT_NOTE_MAX];
    if (!webhook->gone && webhook->failures < SERVER_WEBHOOK_FAILURES)
        return;
    snprintf(key, sizeof key, "webhook:%s", webhook->name);
    if (webhook->gone)
        snprintf(text, sizeof text, "disabled: %s", webhook->error);
    else
        snprintf(text, sizeof text, "%d tries or more have failed in a row: %.100s",
            SERVER_WEBHOOK_FAILURES, webhook->error);
    alert_engine_raise(server->alerts, key, ALERT_WARNING, text, NULL);
}

/* New bests, for the webhooks that want them. */

static void
tell_best(struct server *server, struct run *run, int64_t now_ns)
{
    char key[32], line[256], text[256], score[40];
    run->told_best = run->best.trial;
    run->told_best_ns = now_ns;
    snprintf(key, sizeof key, "run:%lld", (long long)run->id);
    snprintf(line, sizeof line, "run %lld (%.80s): new best %s in trial %lld", (long long)run->id,
        run->spec.name, unit_format_number(run->best.score, score, sizeof score),
        (long long)run->best.trial);
    struct store_notice notice = { .wall_ns = server->sample->wall_ns, .type = "run.best", .key = key,
        .state = run_state_name(run->state), .value = run->best.score, .level = NAN, .sequence = 1,
        .text = text_clean(line, text, sizeof text) };
    server_tell(server, &notice);
}

static void
look_at_bests(struct server *server, int64_t now_ns)
{
    bool wanted = false;
    for (int i = 0; i < server->config->webhook_count; i++)
        wanted |= server->config->webhook[i].run_best;
    for (struct run *run = runner_first(server->runner); wanted && run; run = run->next)
        if (run->state == RUN_RUNNING && run->best.trial && run->best.trial != run->told_best &&
            (!run->told_best_ns || now_ns - run->told_best_ns >= SERVER_BEST_SECONDS * NS_PER_SEC))
            tell_best(server, run, now_ns);
}

void
raised_step(struct server *server, int64_t now_ns)
{
    alert_engine_renew(server->alerts, "stalled:");
    alert_engine_renew(server->alerts, "leak:");
    drop_stalls(server);
    for (const struct run *run = runner_first(server->runner); run; run = run->next)
        if (run->state == RUN_RUNNING)
            look_at_run(server, run, now_ns);
    leaks_each(server->leaks, raise_leak, server);
    alert_engine_renew(server->alerts, "webhook:");
    outbox_each(server->outbox, raise_webhook, server);
    alert_engine_expire(server->alerts);
    look_at_bests(server, now_ns);
}
