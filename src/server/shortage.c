/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The server and its memory: steps the memory manager as often as that wants
 * it, makes a tick come at once when memory gets short, and tells who gave some
 * back.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "mem/memory.h"
#include "mem/registry.h"
#include "server/server.h"

enum { EARLY_SHARE = 3 }; /* of a wait */

static void
on_pressure(enum optop_pressure now, enum optop_pressure before, void *data)
{
    struct server *server = data;
    char reason[128];
    optop_memory_pressure(reason, sizeof reason);
    if (now > before && now >= OPTOP_PRESSURE_MODERATE)
        runner_release_memory(server->runner);
    if (now > before && now >= OPTOP_PRESSURE_HIGH) {
        log_warn("memory is short (%s): %s", optop_pressure_name(now), reason);
        loop_timer_change(server->tick_timer, 0, sec_to_ns(server->config->interval_seconds));
    } else if (now >= OPTOP_PRESSURE_MODERATE || before >= OPTOP_PRESSURE_MODERATE) {
        log_info("memory pressure is %s, was %s%s%s", optop_pressure_name(now),
            optop_pressure_name(before), reason[0] ? "; " : "", reason);
    }
}

static void
on_timer(void *context)
{
    struct server *server = context;
    optop_memory_step();
    relief_step(server);
    int64_t wait_ns = optop_memory_wait_ms() * NS_PER_MS;
    server->shortage_due_ns = loop_now(server->loop) + wait_ns;
    server->shortage_early_ns = wait_ns / EARLY_SHARE;
    loop_timer_change(server->shortage_timer, wait_ns, 0);
}

/* What is nearly due is done while we are awake. */
void
shortage_tick(struct server *server)
{
    if (server->shortage_due_ns - loop_now(server->loop) < server->shortage_early_ns)
        on_timer(server);
}

void
shortage_start(struct server *server)
{
    const char *root = getenv("OPTOP_MEMORY_ROOT"); /* tests: PREFIX/proc and PREFIX/sys */
    if (root && *root)
        memory_use_root(root);
    optop_memory_on_pressure(on_pressure, server);
    server->shortage_timer = loop_timer_start(server->loop, 0, 0, on_timer, server);
}

void
shortage_stop(struct server *server)
{
    loop_timer_stop(server->shortage_timer);
    optop_memory_off_pressure(on_pressure, server);
}

static int64_t
figure_of(const struct resource_figure *figure, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (!strcmp(figure[i].name, name))
            return (int64_t)figure[i].value;
    return 0;
}

/* A heap is what a part of the program allocates, as a type is. */
static void
write_heap(struct resource *resource, void *data)
{
    struct json_writer *w = data;
    struct resource_figure figure[RESOURCE_FIGURES_MAX];
    if (strcmp(resource->kind, "heap"))
        return;
    int count = resource->figures(resource, figure);
    jw_object(w, NULL);
    jw_string(w, "name", resource->name);
    jw_int(w, "count", figure_of(figure, count, "count"));
    jw_int(w, "bytes", figure_of(figure, count, "used"));
    jw_int(w, "peak_bytes", figure_of(figure, count, "peak"));
    jw_int(w, "allocations", figure_of(figure, count, "allocations"));
    jw_end(w);
}

static void
write_types(struct json_writer *w)
{
    struct optop_type_figures type[16];
    int count = optop_types(type, sizeof type / sizeof *type);
    jw_array(w, "types");
    registry_each(write_heap, w);
    for (int i = 0; i < count && i < (int)(sizeof type / sizeof *type); i++) {
        jw_object(w, NULL);
        jw_string(w, "name", type[i].name);
        jw_int(w, "count", (int64_t)type[i].live);
        jw_int(w, "bytes", (int64_t)type[i].live_bytes);
        jw_int(w, "peak_bytes", (int64_t)type[i].peak_bytes);
        jw_int(w, "allocations", (int64_t)type[i].allocations);
        jw_end(w);
    }
    jw_end(w);
}

void
shortage_write(struct json_writer *w)
{
    struct optop_released released;
    char reason[128];
    enum optop_pressure pressure = optop_memory_pressure(reason, sizeof reason);
    optop_memory_released(&released);
    jw_string(w, "pressure_level", optop_pressure_name(pressure));
    jw_string(w, "pressure_reason", reason);
    jw_object(w, "released");
    jw_int(w, "releases", (int64_t)released.releases);
    jw_int(w, "bytes", (int64_t)released.bytes);
    jw_figure(w, "last", released.last_wall_ns ? ns_to_sec(released.last_wall_ns) : (double)NAN);
    jw_int(w, "last_bytes", released.last_bytes);
    jw_array(w, "givers");
    for (int i = 0; i < released.count; i++) {
        jw_object(w, NULL);
        jw_string(w, "name", released.giver[i].name);
        jw_int(w, "bytes", released.giver[i].bytes);
        jw_end(w);
    }
    jw_end(w);
    jw_end(w);
    write_types(w);
}
