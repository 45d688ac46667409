/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is done to runs and beside them when memory is short ([pressure]): the
 * run of the lowest priority is frozen or cancelled, a program is run that makes
 * room elsewhere. One act in five seconds, so that its effect is seen before the
 * next; each is told, in the log and to webhooks, with the reason. What makes
 * caches smaller (optop_memory_step) and workers fewer (run/governor.h) needs
 * no word here: nothing is lost by it.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "mem/memory.h"
#include "server/server.h"

enum { ACT_EVERY_SECONDS = 5 };

/* A line in the log, and a notice with its deliveries in one transaction. */
static void
tell(struct server *server, const char *type, const struct run *run, const char *text)
{
    char key[32] = "pressure", clean[256];
    if (run)
        snprintf(key, sizeof key, "run:%lld", (long long)run->id);
    struct store_notice notice = { .wall_ns = clock_wall_ns(), .type = type, .key = key,
        .state = optop_pressure_name(memory_pressure_around()), .value = (double)NAN,
        .level = (double)NAN, .sequence = 1, .labels = "",
        .text = text_clean(text, clean, sizeof clean) };
    server_tell(server, &notice);
}

static void
name_run(const struct run *run, char *buf, size_t size)
{
    snprintf(buf, size, "run %lld (%s, priority %lld)", (long long)run->id, run->spec.name,
        (long long)run->spec.priority);
}

static void
freeze(struct server *server, const struct run *run, const char *why)
{
    char name[RUN_NAME_MAX + 64], text[384];
    name_run(run, name, sizeof name);
    snprintf(text, sizeof text, "frozen: %s", why);
    if (runner_freeze(server->runner, run->id, text) < 0)
        return;
    snprintf(text, sizeof text, "%s is frozen: %.120s", name, why);
    tell(server, "pressure.frozen", run, text);
}

static void
thaw(struct server *server, const struct run *run)
{
    char name[RUN_NAME_MAX + 64], text[384];
    name_run(run, name, sizeof name);
    snprintf(text, sizeof text, "%s goes on: memory is not short any more", name);
    runner_thaw(server->runner, run->id);
    tell(server, "pressure.thawed", run, text);
}

static void
cancel(struct server *server, const struct run *run, const char *why)
{
    const struct run *cancelled;
    struct diag diag = { 0 };
    char name[RUN_NAME_MAX + 64], text[384];
    name_run(run, name, sizeof name);
    snprintf(text, sizeof text, "%s is cancelled: %.120s", name, why);
    tell(server, "pressure.cancelled", run, text);
    if (runner_cancel(server->runner, run->id, &cancelled, &diag) < 0)
        log_warn("run %lld cannot be cancelled: %s", (long long)run->id, diag.text);
}

static int
run_program(struct server *server, const char *command, enum optop_pressure now, const char *reason)
{
    const struct hook_variable variable[] = {
        { "", optop_pressure_name(now) },
        { "_BEFORE", optop_pressure_name(server->relief.level) },
        { "_REASON", reason },
    };
    return hooks_start(server->hooks, &(struct hook_start){ .command = command,
        .about = "pressure", .prefix = "OPTOP_PRESSURE", .variable = variable,
        .count = sizeof variable / sizeof *variable });
}

static void
scale(struct server *server, bool down, enum optop_pressure now, const char *reason)
{
    const char *command = down ? server->config->scale_down : server->config->scale_up;
    char text[384];
    server->relief.scaled = down;
    if (!command)
        return;
    int r = run_program(server, command, now, reason);
    snprintf(text, sizeof text, "%s %s: memory pressure is %s%s%.100s%s%s",
        down ? "scale_down" : "scale_up", r < 0 ? "cannot be run" : "is run", optop_pressure_name(now),
        reason[0] ? ", " : "", reason, r < 0 ? "; " : "", r < 0 ? err_text(r) : "");
    tell(server, down ? "pressure.scale_down" : "pressure.scale_up", NULL, text);
}

static bool
reached(enum optop_pressure now, int64_t at)
{
    return at && (int64_t)now >= at;
}

/* True: something was done. */
static bool
act(struct server *server, enum optop_pressure now, const char *why)
{
    const struct config *config = server->config;
    const struct run *awake = runner_least(server->runner, false);
    const struct run *frozen = runner_least(server->runner, true);
    if (reached(now, config->cancel_at) && (frozen || awake)) {
        cancel(server, frozen ? frozen : awake, why); /* frozen ones were the lowest */
        return true;
    }
    if (reached(now, config->freeze_at) && awake) {
        freeze(server, awake, why);
        return true;
    }
    frozen = runner_most(server->runner, true);
    if (now <= OPTOP_PRESSURE_LOW && frozen) {
        thaw(server, frozen);
        return true;
    }
    return false;
}

void
relief_step(struct server *server)
{
    struct relief *relief = &server->relief;
    enum optop_pressure now = memory_pressure_around();
    int64_t now_ns = loop_now(server->loop);
    char reason[128], why[192];
    optop_memory_pressure(reason, sizeof reason);
    if (!relief->scaled && reached(now, server->config->scale_at))
        scale(server, true, now, reason);
    else if (relief->scaled && now == OPTOP_PRESSURE_NONE)
        scale(server, false, now, "");
    relief->level = now;
    if (server->stopping || (relief->acted_ns && now_ns - relief->acted_ns < ACT_EVERY_SECONDS * NS_PER_SEC))
        return;
    snprintf(why, sizeof why, "memory pressure is %s (%s)", optop_pressure_name(now), reason);
    if (act(server, now, why))
        relief->acted_ns = now_ns;
}
