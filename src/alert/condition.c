/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One Lua state for all; each expression is a function of `value` that stands in
 * the registry under the number of its threshold. Groups of metrics are tables whose
 * __index looks into the sample in hand, so that nothing is copied for a tick.
 */
#include "alert/condition.h"

#include <ctype.h>
#include <lauxlib.h>
#include <lua.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "config/threshold.h"
#include "lua/sandbox.h"

static const char chunk_name[] = "=when";

struct conditions {
    struct sandbox sandbox; /* first: the context of the state's allocator */
    lua_State *lua;
    const struct config *config; /* while it is compiled */
    int now; /* the threshold in hand */
    const struct sample *sample; /* in hand */
    bool unknown; /* something that was looked at is */
};

/* What an expression calls. */

static int
push_figure(lua_State *lua, double value)
{
    struct conditions *conditions = sandbox_of(lua);
    conditions->unknown |= isnan(value);
    lua_pushnumber(lua, value);
    return 1;
}

/* cpu.total: the group is the closure's. */
static int
look_up(lua_State *lua)
{
    struct conditions *conditions = sandbox_of(lua);
    const char *group = lua_tostring(lua, lua_upvalueindex(1));
    char name[64];
    int n = snprintf(name, sizeof name, "%s.%s", group, luaL_checkstring(lua, 2));
    int metric = n < (int)sizeof name ? metric_find(name, (size_t)n) : -1;
    if (metric < 0)
        return luaL_error(lua, "there is no metric %s", name);
    return push_figure(lua, sample_value(conditions->sample, (enum metric)metric, 0));
}

static int
look_up_any(lua_State *lua)
{
    struct conditions *conditions = sandbox_of(lua);
    const char *text = luaL_checkstring(lua, 1), *row;
    int metric = metric_parse(text, &row);
    if (metric < 0)
        return luaL_error(lua, "there is no metric %s", text);
    if (metric_is_wildcard((enum metric)metric, row))
        return luaL_error(lua, "%s has instances: metric(\"%s:NAME\")", text, text);
    int at = row ? sample_find_row(conditions->sample, metric_info((enum metric)metric)->group, row) : 0;
    return push_figure(lua, at < 0 ? (double)NAN : sample_value(conditions->sample, (enum metric)metric, at));
}

static int
refuse_write(lua_State *lua)
{
    return luaL_error(lua, "a condition cannot keep values");
}

static void
push_group(lua_State *lua, const char *name)
{
    lua_newtable(lua);
    lua_newtable(lua);
    lua_pushstring(lua, name);
    lua_pushcclosure(lua, look_up, 1);
    lua_setfield(lua, -2, "__index");
    lua_pushcfunction(lua, refuse_write);
    lua_setfield(lua, -2, "__newindex");
    lua_setmetatable(lua, -2);
}

static void
push_environment(lua_State *lua)
{
    sandbox_push_math(lua);
    for (int g = 0; g < GROUP_COUNT; g++) {
        const struct metric_group_info *group = metric_group_info((enum metric_group)g);
        if (group->per_instance)
            continue;
        push_group(lua, group->name);
        lua_setfield(lua, -2, group->name);
    }
    lua_pushcfunction(lua, look_up_any);
    lua_setfield(lua, -2, "metric");
    sandbox_protect_table(lua);
}

/* Compiling. */

/* Each word and each text in quotes, which is all that can name a metric. */
static void
each_word(const char *text, void (*fn)(void *context, const char *word, size_t len, bool quoted),
    void *context)
{
    const char *end;
    for (const char *p = text; *p; p = end) {
        end = p + 1;
        if (*p == '"' || *p == '\'') {
            while (*end && *end != *p)
                end += end[0] == '\\' && end[1] ? 2 : 1;
            fn(context, p + 1, (size_t)(end - p - 1), true);
            end += *end != '\0';
        } else if (isalpha((unsigned char)*p) || *p == '_') {
            while (isalnum((unsigned char)*end) || *end == '_' || *end == '.')
                end++;
            fn(context, p, (size_t)(end - p), false);
        }
    }
}

/* A name that is wrong is to be told now, not when the expression first gets there:
 * each "group.key" of the text is looked at. */
static void
check_word(void *context, const char *word, size_t len, bool quoted)
{
    lua_State *lua = context;
    if (!quoted && memchr(word, '.', len) && strncmp(word, "math.", 5) != 0 &&
        metric_find(word, len) < 0)
        luaL_error(lua, "there is no metric %s", lua_pushlstring(lua, word, len));
}

static void
check_names(lua_State *lua, const char *text)
{
    each_word(text, check_word, lua);
}

struct name_search {
    condition_name_fn *fn;
    void *context;
};

static void
take_word(void *context, const char *word, size_t len, bool quoted)
{
    const struct name_search *search = context;
    char name[160];
    const char *instance;
    if (len >= sizeof name || (!quoted && !memchr(word, '.', len)))
        return;
    memcpy(name, word, len);
    name[len] = '\0';
    int metric = metric_parse(name, &instance);
    if (metric >= 0 && (quoted || metric != METRIC_FIGURE_VALUE))
        search->fn(search->context, (enum metric)metric, instance ? instance : "");
}

void
condition_names(const char *text, condition_name_fn *fn, void *context)
{
    struct name_search search = { fn, context };
    each_word(text, take_word, &search);
}

/* A Lua function: the conditions in. */
static int
compile_all(lua_State *lua)
{
    struct conditions *conditions = lua_touserdata(lua, 1);
    const struct config *config = conditions->config;
    push_environment(lua);
    int environment = lua_gettop(lua);
    for (int i = 0; i < config->threshold_count; i++) {
        if (!config->threshold[i].when)
            continue;
        conditions->now = i;
        check_names(lua, config->threshold[i].when);
        lua_pushstring(lua, config->threshold[i].when);
        sandbox_compile(lua, environment, chunk_name, "value");
        lua_rawseti(lua, LUA_REGISTRYINDEX, LUA_RIDX_LAST + 1 + i);
    }
    return 0;
}

/* Takes the error from the top of the stack. */
static int
tell_error(struct conditions *conditions, int code, struct diag *diag)
{
    const char *text = lua_type(conditions->lua, -1) == LUA_TSTRING
        ? lua_tostring(conditions->lua, -1) : "";
    char shown[DIAG_TEXT_MAX];
    text_clean(sandbox_message(text, chunk_name), shown, sizeof shown);
    lua_pop(conditions->lua, 1);
    return diag_set(diag, code, "%s", shown);
}

/* Tried with all figures 0, a fault that shows at once is one of the file. */
static int
try_each(struct conditions *conditions, struct diag *diag)
{
    struct sample zero;
    int r = 0;
    sample_init(&zero);
    for (int m = 0; m < METRIC_COUNT; m++)
        zero.scalar[m] = 0;
    for (int i = 0; i < conditions->config->threshold_count && r >= 0; i++) {
        if (!conditions->config->threshold[i].when)
            continue;
        conditions->now = i;
        r = conditions_check(conditions, i, &zero, 0, diag);
        if (r == ERR_NOT_FOUND)
            r = 0;
    }
    sample_release(&zero);
    return r < 0 ? r : 0;
}

static int
compile(struct conditions *conditions, struct diag *diag)
{
    conditions->sandbox.bytes_max = CONDITION_COMPILE_BYTES_MAX;
    conditions->sandbox.steps_max = CONDITION_STEPS_MAX;
    conditions->lua = lua_newstate(sandbox_alloc, &conditions->sandbox);
    if (!conditions->lua)
        return diag_no_memory(diag);
    lua_State *lua = conditions->lua;
    lua_pushcfunction(lua, compile_all);
    lua_pushlightuserdata(lua, conditions);
    int r = lua_pcall(lua, 1, 0, 0);
    if (r != LUA_OK)
        return tell_error(conditions, r == LUA_ERRMEM ? ERR_TOO_LARGE : ERR_SYNTAX, diag);
    lua_gc(lua, LUA_GCCOLLECT);
    conditions->sandbox.bytes_max = conditions->sandbox.bytes + CONDITION_EXTRA_BYTES_MAX;
    sandbox_count_steps(lua);
    return try_each(conditions, diag);
}

int
conditions_new(const struct config *config, struct conditions **ret_conditions,
    int *ret_threshold, struct diag *diag)
{
    bool any = false;
    *ret_conditions = NULL;
    *ret_threshold = -1;
    for (int i = 0; i < config->threshold_count && !any; i++)
        any = config->threshold[i].when != NULL;
    if (!any)
        return 0;
    struct conditions *conditions = calloc(1, sizeof *conditions);
    if (!conditions)
        return diag_no_memory(diag);
    conditions->config = config;
    int r = compile(conditions, diag);
    conditions->config = NULL;
    *ret_threshold = conditions->now;
    if (r < 0)
        conditions_free(conditions);
    else
        *ret_conditions = conditions;
    return r;
}

void
conditions_free(struct conditions *conditions)
{
    if (!conditions)
        return;
    if (conditions->lua)
        lua_close(conditions->lua);
    free(conditions);
}

int
conditions_check(struct conditions *conditions, int threshold, const struct sample *sample,
    double value, struct diag *diag)
{
    lua_State *lua = conditions->lua;
    conditions->sample = sample;
    conditions->unknown = false;
    conditions->sandbox.steps_here = 0;
    lua_rawgeti(lua, LUA_REGISTRYINDEX, LUA_RIDX_LAST + 1 + threshold);
    lua_pushnumber(lua, value);
    int r = lua_pcall(lua, 1, 1, 0);
    if (r != LUA_OK)
        return tell_error(conditions, r == LUA_ERRMEM ? ERR_TOO_LARGE : ERR_BAD_TYPE, diag);
    bool is_boolean = lua_isboolean(lua, -1), holds = lua_toboolean(lua, -1);
    const char *type = lua_typename(lua, lua_type(lua, -1));
    lua_pop(lua, 1);
    /* Not by Lua's rules of truth, in which 0 is true. */
    if (!is_boolean)
        return diag_set(diag, ERR_BAD_TYPE, "it gives a %s (allowed: true or false)", type);
    return conditions->unknown ? ERR_NOT_FOUND : holds;
}

int
conditions_check_config(const struct config *config, const struct ini *ini, struct diag *diag)
{
    struct conditions *conditions;
    struct diag why = { 0 };
    int threshold, r = conditions_new(config, &conditions, &threshold, &why);
    conditions_free(conditions);
    return r == 0 || threshold < 0 ? r
        : threshold_fault(ini, &config->threshold[threshold], "when", diag, r, why.text);
}
