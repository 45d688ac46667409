/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The methods about the server's own caches (optop/cache.h).
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/text.h"
#include "optop/cache.h"
#include "server/call.h"

enum { PATTERN_MAX = 1024 };

#define ROW(name) { #name, JW_COUNT, offsetof(struct optop_cache_figures, name) }

static const struct jw_field fields[] = {
    ROW(entries), ROW(max_entries), ROW(bytes), ROW(max_bytes), ROW(hits), ROW(misses),
    ROW(inserted), ROW(evicted), ROW(expired), ROW(invalidated), ROW(waited), ROW(failed),
    { 0 },
};

static void
write_figures(struct json_writer *w, const struct optop_cache_figures *f)
{
    double asked = (double)(f->hits + f->misses);
    jw_fields(w, fields, f);
    jw_figure(w, "hit_ratio", asked > 0 ? 100 * (double)f->hits / asked : (double)NAN);
}

static void
write_cache(struct optop_cache *cache, void *data)
{
    struct json_writer *w = data;
    struct optop_cache_figures f;
    char name[sizeof f.name * 4];
    optop_cache_figures(cache, &f);
    jw_object(w, NULL);
    jw_string(w, "name", text_clean(f.name, name, sizeof name));
    jw_string(w, "policy", f.policy);
    write_figures(w, &f);
    jw_end(w);
}

int
handle_caches(struct call *call)
{
    struct optop_cache_figures total;
    jw_bool(call->w, "on", optop_caches_enabled());
    jw_array(call->w, "caches");
    optop_caches_each(write_cache, call->w);
    jw_end(call->w);
    optop_caches_total(&total, NULL);
    jw_object(call->w, "total");
    write_figures(call->w, &total);
    jw_end(call->w);
    return 0;
}

int
handle_caches_clear(struct call *call)
{
    const char *name = json_get_string(call->params, "name", NULL);
    const char *pattern = json_get_string(call->params, "pattern", NULL);
    if ((name && strlen(name) > PATTERN_MAX) || (pattern && strlen(pattern) > PATTERN_MAX))
        return diag_set(call->diag, JSONRPC_PARAMS, "name, pattern: at most %d bytes", PATTERN_MAX);
    jw_int(call->w, "removed", optop_caches_remove_match(name, pattern));
    return 0;
}

int
handle_caches_switch(struct call *call)
{
    const json_t *on = json_object_get(call->params, "on");
    if (!json_is_boolean(on))
        return call_need(call, "on");
    optop_caches_enable(json_is_true(on));
    jw_bool(call->w, "on", optop_caches_enabled());
    return 0;
}
