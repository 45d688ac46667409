/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `lua`: a function in a file, called with a table of a point's values. Each
 * thread has a state of its own, in which nothing can be reached but numbers,
 * texts and tables: no files, no programs, no loading of code; memory and the
 * instructions of a trial are bounded.
 *
 * What a function could keep a hold of it with is left out: pcall (it would
 * catch the end of its own time), coroutines, and finalizers, inside which
 * nothing counts.
 */
#include <errno.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "io/file_load.h"
#include "lua/sandbox.h"
#include "model/trial.h"
#include "objective/data_file.h"
#include "objective/metric_names.h"
#include "objective/objective.h"
#include "objective/point_line.h"

enum {
    FILE_MAX = 1024 * 1024,
    HOOK_EVERY = 1000, /* instructions between two looks */
    LOG_MAX = 2 * TRIAL_LOG_MAX,
};

/* On the stack of every state. */
enum { HANDLER = 1, WORK };

struct lane {
    struct sandbox sandbox; /* first: the context of the state's allocator */
    struct lua_objective *owner;
    lua_State *lua;
    double instructions; /* of the present trial */
    struct str log; /* what it has printed */
    const struct data_table *data; /* that the present trial looks at; NULL: none yet */
};

struct lua_objective {
    struct batch_objective base;
    const struct run_spec *spec;
    struct metric_names *metrics;
    char *source; /* owned; the file */
    size_t source_len;
    struct data_file *data; /* owned; NULL: none */
    atomic_bool stopped;
    struct lane *lane; /* owned; base.threads of them */
};

/* A trial, for the function that works in the state. */
struct job {
    struct lane *lane;
    const double *values;
    int64_t trial;
    bool failed;
    double score;
    char reason[TRIAL_REASON_MAX];
    int metric_count;
    struct {
        char name[RUN_NAME_MAX];
        double value;
    } metric[BATCH_METRICS_MAX];
};

/* What bounds it. */

static struct lane *
lane_of(lua_State *lua)
{
    return sandbox_of(lua); /* its first member */
}

static void
look(lua_State *lua, lua_Debug *unused)
{
    struct lane *lane = lane_of(lua);
    double most = (double)lane->owner->spec->lua_instructions;
    (void)unused;
    lane->instructions += HOOK_EVERY;
    if (atomic_load_explicit(&lane->owner->stopped, memory_order_relaxed))
        luaL_error(lua, "stopped");
    if (most > 0 && lane->instructions > most)
        luaL_error(lua, "more than %I instructions", (LUAI_UACINT)most);
}

/* What it may call. */

static void
trim_log(struct lane *lane)
{
    if (lane->log.len > LOG_MAX)
        str_consume(&lane->log, lane->log.len - TRIAL_LOG_MAX);
}

static int
print(lua_State *lua)
{
    struct str *log = &lane_of(lua)->log;
    int count = lua_gettop(lua);
    for (int i = 1; i <= count; i++) {
        size_t len;
        const char *text = luaL_tolstring(lua, i, &len);
        if (i > 1)
            str_putc(log, '\t');
        size_t left_out = len > TRIAL_LOG_MAX ? len - TRIAL_LOG_MAX : 0;
        str_append(log, text + left_out, len - left_out);
        lua_pop(lua, 1);
        trim_log(lane_of(lua));
    }
    str_putc(log, '\n');
    return 0;
}

/* For search methods that stop trials early, of which there is none. */
static int
report(lua_State *lua)
{
    luaL_checkinteger(lua, 1);
    luaL_checknumber(lua, 2);
    lua_pushboolean(lua, 0);
    return 1;
}

static int
set_metatable(lua_State *lua)
{
    luaL_checktype(lua, 1, LUA_TTABLE);
    luaL_argexpected(lua, lua_isnoneornil(lua, 2) || lua_istable(lua, 2), 2, "nil or table");
    lua_settop(lua, 2);
    if (luaL_getmetafield(lua, 1, "__metatable") != LUA_TNIL)
        return luaL_error(lua, "cannot change a protected metatable");
    if (lua_istable(lua, 2)) {
        lua_pushliteral(lua, "__gc");
        if (lua_rawget(lua, 2) != LUA_TNIL)
            return luaL_error(lua, "there are no finalizers");
        lua_pop(lua, 1);
    }
    lua_setmetatable(lua, 1);
    return 1;
}

static const char *const base_names[] = {
    "assert", "error", "getmetatable", "ipairs", "next", "pairs", "rawequal", "rawget", "rawlen",
    "rawset", "select", "tonumber", "tostring", "type", NULL,
};

/* The table is held from the first look of a trial until its end. */
static const struct data_table *
hold_data(lua_State *lua)
{
    struct lane *lane = lane_of(lua);
    if (!lane->owner->data)
        luaL_error(lua, "data: the run file names no file (objective.data)");
    if (!lane->data) {
        int r = data_file_use(lane->owner->data, &lane->data);
        if (r < 0) {
            lane->data = NULL;
            luaL_error(lua, "data: %s: %s", lane->owner->spec->data, err_text(r));
        }
    }
    return lane->data;
}

static void
end_data(struct lane *lane)
{
    if (lane->data)
        data_file_done(lane->owner->data);
    lane->data = NULL;
}

static int
column_of(lua_State *lua, const struct data_table *table, int index)
{
    if (lua_type(lua, index) != LUA_TSTRING) {
        lua_Integer column = luaL_checkinteger(lua, index);
        return column >= 1 && column <= table->columns ? (int)column - 1 : -1;
    }
    const char *name = lua_tostring(lua, index);
    for (int i = 0; i < table->columns; i++)
        if (!strcmp(table->name[i], name))
            return i;
    return luaL_error(lua, "data: there is no column `%s'", name);
}

/* data(row, column): a number, or nil beyond the table; data(): how many rows and
 * columns there are. */
static int
data(lua_State *lua)
{
    const struct data_table *table = hold_data(lua);
    if (lua_gettop(lua) == 0) {
        lua_pushinteger(lua, (lua_Integer)table->rows);
        lua_pushinteger(lua, table->columns);
        return 2;
    }
    lua_Integer row = luaL_checkinteger(lua, 1);
    int column = column_of(lua, table, 2);
    if (row < 1 || (lua_Unsigned)row > table->rows || column < 0)
        lua_pushnil(lua);
    else
        lua_pushnumber(lua, table->value[(size_t)(row - 1) * (size_t)table->columns + (size_t)column]);
    return 1;
}

static const luaL_Reg own_functions[] = {
    { "data", data },
    { "print", print },
    { "report", report },
    { "setmetatable", set_metatable },
    { NULL, NULL },
};

static const luaL_Reg libraries[] = {
    { LUA_MATHLIBNAME, luaopen_math },
    { LUA_STRLIBNAME, luaopen_string },
    { LUA_TABLIBNAME, luaopen_table },
    { LUA_UTF8LIBNAME, luaopen_utf8 },
    { NULL, NULL },
};

static void
push_parameters(lua_State *lua, const struct run_spec *spec)
{
    lua_createtable(lua, 0, spec->parameter_count);
    for (int i = 0; i < spec->parameter_count; i++) {
        const char *value = spec->parameter[i].value;
        int64_t whole;
        double number;
        if (unit_parse_int(value, &whole) == 0)
            lua_pushinteger(lua, whole);
        else if (unit_parse_number(value, &number) == 0)
            lua_pushnumber(lua, number);
        else
            lua_pushstring(lua, value);
        lua_setfield(lua, -2, spec->parameter[i].name);
    }
}

/* Pushes the one table that the file's names are in. */
static void
push_environment(lua_State *lua, const struct run_spec *spec)
{
    lua_newtable(lua);
    int environment = lua_gettop(lua);
    lua_pushcfunction(lua, luaopen_base);
    lua_call(lua, 0, 1);
    for (const char *const *name = base_names; *name; name++) {
        lua_getfield(lua, -1, *name);
        lua_setfield(lua, environment, *name);
    }
    lua_pop(lua, 1);
    for (const luaL_Reg *library = libraries; library->name; library++) {
        lua_pushcfunction(lua, library->func);
        lua_call(lua, 0, 1);
        lua_setfield(lua, environment, library->name);
    }
    lua_getfield(lua, environment, LUA_STRLIBNAME);
    lua_pushnil(lua);
    lua_setfield(lua, -2, "dump");
    lua_pop(lua, 1);
    luaL_setfuncs(lua, own_functions, 0);
    push_parameters(lua, spec);
    lua_setfield(lua, environment, "parameters");
}

/* A message with its traceback in the log. */
static int
handle_error(lua_State *lua)
{
    struct lane *lane = lane_of(lua);
    const char *text = lua_tostring(lua, 1);
    if (!text)
        text = lua_pushfstring(lua, "an error that is a %s", luaL_typename(lua, 1));
    luaL_traceback(lua, lua, NULL, 1);
    str_puts(&lane->log, lua_tostring(lua, -1));
    str_putc(&lane->log, '\n');
    trim_log(lane);
    lua_pushstring(lua, text);
    return 1;
}

/* Opening. */

static int work(lua_State *lua);

/* A Lua function: the lane in; work() with the file's function and
 * math.randomseed out. */
static int
set_up(lua_State *lua)
{
    struct lane *lane = lua_touserdata(lua, 1);
    const struct lua_objective *owner = lane->owner;
    push_environment(lua, owner->spec);
    int environment = lua_gettop(lua);
    if (luaL_loadbufferx(lua, owner->source, owner->source_len,
            lua_pushfstring(lua, "@%s", owner->spec->lua), "t") != LUA_OK)
        return lua_error(lua);
    lua_pushvalue(lua, environment);
    if (!lua_setupvalue(lua, -2, 1)) /* _ENV is the first of a chunk */
        lua_pop(lua, 1);
    lua_call(lua, 0, 1);
    if (!lua_isfunction(lua, -1)) {
        lua_pop(lua, 1);
        lua_getfield(lua, environment, "evaluate");
    }
    if (!lua_isfunction(lua, -1))
        return luaL_error(lua, "it has no function evaluate, and returns none");
    lua_getfield(lua, environment, LUA_MATHLIBNAME);
    if (!lua_istable(lua, -1) || lua_getfield(lua, -1, "randomseed") != LUA_TFUNCTION)
        return luaL_error(lua, "math.randomseed is gone");
    lua_remove(lua, -2);
    lua_pushcclosure(lua, work, 2);
    return 1;
}

static int
open_lane(struct lane *lane, struct diag *diag)
{
    double most = lane->owner->spec->lua_memory_bytes;
    lane->sandbox.bytes_max = most < 0x1p62 ? (size_t)most : (size_t)1 << 62;
    lane->lua = lua_newstate(sandbox_alloc, &lane->sandbox);
    if (!lane->lua)
        return diag_set(diag, -ENOMEM, "no memory for a Lua state");
    lua_sethook(lane->lua, look, LUA_MASKCOUNT, HOOK_EVERY);
    lua_pushcfunction(lane->lua, handle_error);
    lua_pushcfunction(lane->lua, set_up);
    lua_pushlightuserdata(lane->lua, lane);
    int r = lua_pcall(lane->lua, 1, 1, HANDLER);
    end_data(lane);
    if (r == LUA_OK)
        return 0;
    const char *text = lua_tostring(lane->lua, -1);
    return diag_set(diag, ERR_SYNTAX, "the Lua file: %s", text ? text : "it fails");
}

static int
read_source(struct lua_objective *objective, struct diag *diag)
{
    const char *path = objective->spec->lua ? objective->spec->lua : "";
    size_t len = 0;
    int r = file_load(path, FILE_MAX, &objective->source, &len);
    if (r < 0)
        diag_set(diag, r, "cannot read %s: %s", path, strerror(-r));
    else if (len > FILE_MAX)
        r = diag_set(diag, ERR_TOO_LARGE, "%s is larger than 1 MiB", path);
    objective->source_len = len;
    if (r == 0 && len > 1 && objective->source[0] == '#') /* a first line for the shell */
        memcpy(objective->source, "--", 2);
    return r;
}

static void
lua_objective_close(struct batch_objective *base)
{
    struct lua_objective *objective = (struct lua_objective *)base;
    if (!objective)
        return;
    for (int i = 0; objective->lane && i < objective->base.threads; i++) {
        if (objective->lane[i].lua)
            lua_close(objective->lane[i].lua);
        str_release(&objective->lane[i].log);
    }
    free(objective->lane);
    metric_names_free(objective->metrics);
    data_file_free(objective->data);
    free(objective->source);
    free(objective);
}

static int
lua_objective_open(const struct batch_init *init, struct batch_objective **ret_objective,
    struct diag *diag)
{
    struct lua_objective *objective = XNEW(struct lua_objective);
    objective->spec = init->spec;
    objective->metrics = metric_names_new();
    objective->base = (struct batch_objective){ .type = objective_lua.batch,
        .threads = init->threads, .metrics = objective->metrics };
    objective->lane = xcalloc((size_t)init->threads, sizeof *objective->lane);
    for (int i = 0; i < init->threads; i++) {
        objective->lane[i].owner = objective;
        str_init(&objective->lane[i].log);
    }
    int r = read_source(objective, diag);
    if (r == 0 && objective->spec->data && !(objective->data = data_file_new(objective->spec->data)))
        r = diag_set(diag, -ENOMEM, "no memory for %s", objective->spec->data);
    for (int i = 0; i < init->threads && r == 0; i++)
        r = open_lane(&objective->lane[i], diag);
    if (r < 0) {
        lua_objective_close(&objective->base);
        return r;
    }
    *ret_objective = &objective->base;
    return 0;
}

/* Evaluation. */

static void
push_point(lua_State *lua, const struct run_spec *spec, const double *values)
{
    lua_createtable(lua, 0, spec->dimension_count);
    for (int i = 0; i < spec->dimension_count; i++) {
        const struct dimension *dimension = &spec->dimension[i];
        int choice = (int)values[i];
        if (dimension->kind == DIMENSION_FLOAT)
            lua_pushnumber(lua, values[i]);
        else if (dimension->kind == DIMENSION_INT)
            lua_pushinteger(lua, (lua_Integer)values[i]);
        else if (point_is_bool(dimension))
            lua_pushboolean(lua, choice);
        else
            lua_pushstring(lua, dimension->choice[choice]);
        lua_setfield(lua, -2, dimension->name);
    }
}

/* The table on the top: what beside the score the function returns. */
static void
take_metrics(lua_State *lua, struct job *job)
{
    lua_pushnil(lua);
    while (lua_next(lua, -2)) {
        size_t len;
        double value = lua_type(lua, -1) == LUA_TNUMBER ? lua_tonumber(lua, -1) : (double)NAN;
        const char *name = lua_type(lua, -2) == LUA_TSTRING ? lua_tolstring(lua, -2, &len) : NULL;
        if (name && isfinite(value) && job->metric_count < BATCH_METRICS_MAX &&
            metric_name_clean(name, len, job->metric[job->metric_count].name))
            job->metric[job->metric_count++].value = value;
        lua_pop(lua, 1);
    }
}

/* A Lua function: the job in. Random numbers are the trial's own. */
static int
work(lua_State *lua)
{
    struct job *job = lua_touserdata(lua, 1);
    const struct run_spec *spec = job->lane->owner->spec;
    lua_pushvalue(lua, lua_upvalueindex(2));
    lua_pushinteger(lua, (lua_Integer)spec->seed);
    lua_pushinteger(lua, job->trial);
    lua_call(lua, 2, 0);
    lua_pushvalue(lua, lua_upvalueindex(1));
    push_point(lua, spec, job->values);
    lua_pushinteger(lua, job->trial);
    lua_call(lua, 2, 2);
    if (lua_type(lua, -2) == LUA_TNUMBER) {
        job->score = lua_tonumber(lua, -2);
        if (lua_istable(lua, -1))
            take_metrics(lua, job);
        return 0;
    }
    job->failed = true;
    if (lua_type(lua, -2) == LUA_TNIL && lua_type(lua, -1) == LUA_TSTRING)
        str_copy(job->reason, sizeof job->reason, lua_tostring(lua, -1));
    else
        snprintf(job->reason, sizeof job->reason, "its score is a %s, not a number",
            luaL_typename(lua, -2));
    return 0;
}

static void
store(struct lane *lane, struct batch *batch, int i, const struct job *job)
{
    if (job->failed) {
        batch_fail_log(batch, i, job->reason, lane->log.data, lane->log.len);
        return;
    }
    for (int m = 0; m < job->metric_count; m++) {
        int at = metric_names_find(lane->owner->metrics, job->metric[m].name, batch->add_metric,
            batch->context);
        if (at >= 0 && batch->metric[at])
            batch->metric[at][i] = job->metric[m].value;
    }
    batch_done(batch, i, job->score);
}

/* False: it was told to stop in the middle. */
static bool
evaluate_one(struct lane *lane, struct batch *batch, int i)
{
    lua_State *lua = lane->lua;
    struct job job;
    job.lane = lane;
    job.values = batch_point(batch, i);
    job.trial = batch->first_trial + i;
    job.failed = false;
    job.metric_count = 0;
    str_clear(&lane->log);
    lane->instructions = 0;
    batch_begin(batch, i);
    lua_pushvalue(lua, WORK);
    lua_pushlightuserdata(lua, &job);
    int r = lua_pcall(lua, 1, 0, HANDLER);
    if (r != LUA_OK) {
        const char *text = lua_tostring(lua, -1);
        job.failed = true;
        str_copy(job.reason, sizeof job.reason, text ? text : "it fails");
        lua_settop(lua, WORK);
        if (r == LUA_ERRMEM)
            lua_gc(lua, LUA_GCCOLLECT);
        if (atomic_load(&lane->owner->stopped)) {
            end_data(lane);
            return false;
        }
    }
    end_data(lane);
    store(lane, batch, i, &job);
    return true;
}

static int
lua_objective_evaluate(struct batch_objective *base, struct batch *batch)
{
    struct lua_objective *objective = (struct lua_objective *)base;
    struct lane *lane = &objective->lane[batch->thread];
    for (int i = 0; i < batch->count; i++)
        if (!evaluate_one(lane, batch, i))
            return ERR_CLOSED;
    return 0;
}

static void
lua_objective_stop(struct batch_objective *base)
{
    atomic_store(&((struct lua_objective *)base)->stopped, true);
}

static const struct batch_type_row lua_batch = {
    .open = lua_objective_open,
    .evaluate = lua_objective_evaluate,
    .stop = lua_objective_stop,
    .close = lua_objective_close,
};

const struct objective_type_row objective_lua = {
    .name = "lua",
    .batch = &lua_batch,
};
