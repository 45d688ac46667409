/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each expression becomes one Lua function that is passed the dimensions it
 * names; parameters and functions come from an environment that cannot be
 * written to. Whatever may allocate runs in a protected call.
 */
#include "search/constraint.h"

#include <ctype.h>
#include <lauxlib.h>
#include <lua.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"
#include "base/unit.h"
#include "lua/sandbox.h"
#include "search/space.h"

/* One compiled expression. */
struct compiled {
    int argument_count;
    unsigned char argument[RUN_DIMENSIONS_MAX]; /* dimension numbers, in order */
};

struct constraint_set {
    struct sandbox sandbox; /* first: the context of the state's allocator */
    const struct run_spec *spec;
    lua_State *lua; /* stack: a function per constraint, then a table per dimension */
    int constraint_now; /* during compilation; for messages */
    struct compiled compiled[RUN_CONSTRAINTS_MAX];
};

static const char *const lua_words[] = {
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in",
    "local", "nil", "not", "or", "repeat", "return", "then", "true", "until", "while",
};

static const char chunk_name[] = "=constraint";

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool
in_list(const char *const *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (!strcmp(list[i], name))
            return true;
    return false;
}

static void
push_parameter(lua_State *lua, const char *value)
{
    int64_t whole;
    double number;
    if (unit_parse_int(value, &whole) == 0)
        lua_pushinteger(lua, whole);
    else if (unit_parse_number(value, &number) == 0)
        lua_pushnumber(lua, number);
    else
        lua_pushstring(lua, value);
}

/* Pushes the environment: math, bare functions, parameters. */
static void
push_environment(lua_State *lua, const struct run_spec *spec)
{
    sandbox_push_math(lua);
    for (int i = 0; i < spec->parameter_count; i++) {
        push_parameter(lua, spec->parameter[i].value);
        lua_setfield(lua, -2, spec->parameter[i].name);
    }
    sandbox_protect_table(lua);
}

/* Names in an expression, one at a time. */
struct scanner {
    const char *next;
    bool plain; /* nothing seen that needs a real parser (own locals, long brackets) */
    char name[RUN_NAME_MAX];
};

static const char *
skip_quoted(const char *p)
{
    char quote = *p++;
    while (*p && *p != quote)
        p += p[0] == '\\' && p[1] ? 2 : 1;
    return *p ? p + 1 : p;
}

/* The next name that is not a field; false at the end. */
static bool
scan_name(struct scanner *s, const char *text)
{
    const char *p = s->next;
    while (*p) {
        if (*p == '"' || *p == '\'') {
            p = skip_quoted(p);
        } else if (isdigit((unsigned char)*p)) {
            while (isalnum((unsigned char)*p) || *p == '.')
                p++;
        } else if (isalpha((unsigned char)*p) || *p == '_') {
            const char *start = p, *before = p;
            while (isalnum((unsigned char)*p) || *p == '_')
                p++;
            while (before > text && isspace((unsigned char)before[-1]))
                before--;
            bool field = before > text && (before[-1] == ':' ||
                (before[-1] == '.' && !(before - 1 > text && before[-2] == '.')));
            if (field || (size_t)(p - start) >= sizeof s->name)
                continue;
            memcpy(s->name, start, (size_t)(p - start));
            s->name[p - start] = '\0';
            s->next = p;
            return true;
        } else {
            if ((p[0] == '-' && p[1] == '-') || (p[0] == '[' && (p[1] == '[' || p[1] == '=')))
                s->plain = false;
            p++;
        }
    }
    s->next = p;
    return false;
}

static int
find_dimension(const struct run_spec *spec, const char *name)
{
    for (int i = 0; i < spec->dimension_count; i++)
        if (!strcmp(spec->dimension[i].name, name))
            return i;
    return -1;
}

static bool
known_elsewhere(const struct run_spec *spec, const char *name)
{
    for (int i = 0; i < spec->parameter_count; i++)
        if (!strcmp(spec->parameter[i].name, name))
            return true;
    return !strcmp(name, "math") || sandbox_is_bare_name(name);
}

/* Which dimensions an expression is passed; an unknown name is a fault, unless
 * it may be a local one of the expression's own. */
static int
find_arguments(const struct run_spec *spec, const char *text, struct compiled *compiled,
    char unknown[RUN_NAME_MAX])
{
    struct scanner s = { .next = text, .plain = true };
    bool used[RUN_DIMENSIONS_MAX] = { false };
    unknown[0] = '\0';
    while (scan_name(&s, text)) {
        int i = find_dimension(spec, s.name);
        if (i >= 0)
            used[i] = true;
        else if (!strcmp(s.name, "function"))
            s.plain = false;
        else if (!unknown[0] && !in_list(lua_words, COUNT(lua_words), s.name) &&
            !known_elsewhere(spec, s.name))
            str_copy(unknown, RUN_NAME_MAX, s.name);
    }
    compiled->argument_count = 0;
    for (int i = 0; i < spec->dimension_count; i++)
        if (used[i] || !s.plain)
            compiled->argument[compiled->argument_count++] = (unsigned char)i;
    return unknown[0] && s.plain ? ERR_UNKNOWN_KEY : 0;
}

/* Pushes the function of one expression; raises on a fault. */
static void
push_function(lua_State *lua, struct constraint_set *set, int number, int environment)
{
    const struct run_spec *spec = set->spec;
    const char *text = spec->constraint[number].expression;
    struct compiled *compiled = &set->compiled[number];
    char unknown[RUN_NAME_MAX];
    int known = find_arguments(spec, text, compiled, unknown);
    luaL_Buffer locals;
    luaL_buffinit(lua, &locals);
    for (int i = 0; i < compiled->argument_count; i++) {
        if (i)
            luaL_addchar(&locals, ',');
        luaL_addstring(&locals, spec->dimension[compiled->argument[i]].name);
    }
    luaL_pushresult(&locals);
    lua_pushstring(lua, text);
    sandbox_compile(lua, environment, chunk_name, lua_tostring(lua, -2));
    if (known < 0)
        luaL_error(lua, "\"%s\" is neither a dimension nor a parameter nor a function", unknown);
    lua_remove(lua, -2);
}

static bool
is_bool(const struct dimension *d)
{
    return d->choice_count == 2 && !strcmp(d->choice[0], "false") && !strcmp(d->choice[1], "true");
}

/* Pushes a choice's values as a table from 1, or nil. */
static void
push_choices(lua_State *lua, const struct dimension *d)
{
    if (d->kind != DIMENSION_CHOICE) {
        lua_pushnil(lua);
        return;
    }
    lua_createtable(lua, d->choice_count, 0);
    for (int i = 0; i < d->choice_count; i++) {
        if (is_bool(d))
            lua_pushboolean(lua, i);
        else
            lua_pushstring(lua, d->choice[i]);
        lua_rawseti(lua, -2, i + 1);
    }
}

/* A Lua function: the set in, the values of set->lua's stack out. */
static int
compile_all(lua_State *lua)
{
    struct constraint_set *set = lua_touserdata(lua, 1);
    const struct run_spec *spec = set->spec;
    luaL_checkstack(lua, spec->constraint_count + spec->dimension_count + 20, NULL);
    push_environment(lua, spec);
    int environment = lua_gettop(lua);
    for (set->constraint_now = 0; set->constraint_now < spec->constraint_count;
         set->constraint_now++)
        push_function(lua, set, set->constraint_now, environment);
    set->constraint_now = -1;
    for (int i = 0; i < spec->dimension_count; i++)
        push_choices(lua, &spec->dimension[i]);
    return spec->constraint_count + spec->dimension_count;
}

/* Tells the error on the top of the stack, and pops it. */
static int
tell_error(struct constraint_set *set, int number, int code, struct diag *diag)
{
    const char *text = lua_type(set->lua, -1) == LUA_TSTRING ? lua_tostring(set->lua, -1) : "";
    char shown[DIAG_TEXT_MAX];
    text_clean(sandbox_message(text, chunk_name), shown, sizeof shown);
    lua_pop(set->lua, 1);
    if (number >= 0 && number < set->spec->constraint_count) {
        const struct run_constraint *constraint = &set->spec->constraint[number];
        char key[DIAG_KEY_MAX];
        snprintf(key, sizeof key, "constraints.%s", constraint->name);
        diag_at(diag, NULL, constraint->line, key);
    }
    return diag_set(diag, code, "%s", shown);
}

static int
start_lua(struct constraint_set *set, struct diag *diag)
{
    set->lua = lua_newstate(sandbox_alloc, &set->sandbox);
    if (!set->lua)
        return diag_no_memory(diag);
    set->constraint_now = -1;
    lua_pushcfunction(set->lua, compile_all);
    lua_pushlightuserdata(set->lua, set);
    int r = lua_pcall(set->lua, 1, LUA_MULTRET, 0);
    if (r != LUA_OK)
        return tell_error(set, set->constraint_now, r == LUA_ERRMEM ? ERR_TOO_LARGE : ERR_SYNTAX,
            diag);
    /* Room for one call: no push of an argument may have to allocate. */
    if (!lua_checkstack(set->lua, RUN_DIMENSIONS_MAX + 8))
        return diag_no_memory(diag);
    lua_gc(set->lua, LUA_GCCOLLECT);
    set->sandbox.bytes_max = set->sandbox.bytes + CONSTRAINT_EXTRA_BYTES_MAX;
    sandbox_count_steps(set->lua);
    return 0;
}

static int
try_first_point(struct constraint_set *set, struct diag *diag)
{
    double values[RUN_DIMENSIONS_MAX];
    for (int i = 0; i < set->spec->dimension_count; i++)
        values[i] = set->spec->dimension[i].low;
    int r = constraint_set_check(set, values, diag);
    return r < 0 ? r : 0;
}

int
constraint_set_new(const struct run_spec *spec, struct constraint_set **ret_set,
    struct diag *diag)
{
    struct constraint_set *set = calloc(1, sizeof *set);
    if (!set)
        return diag_no_memory(diag);
    set->spec = spec;
    set->sandbox.bytes_max = CONSTRAINT_COMPILE_BYTES_MAX;
    set->sandbox.steps_max = CONSTRAINT_STEPS_MAX;
    int r = spec->constraint_count ? start_lua(set, diag) : 0;
    if (r == 0)
        r = try_first_point(set, diag);
    if (r < 0) {
        constraint_set_free(set);
        return r;
    }
    *ret_set = set;
    return 0;
}

void
constraint_set_free(struct constraint_set *set)
{
    if (!set)
        return;
    if (set->lua)
        lua_close(set->lua);
    free(set);
}

static void
push_value(struct constraint_set *set, int dimension, double value)
{
    switch (set->spec->dimension[dimension].kind) {
    case DIMENSION_INT:
        lua_pushinteger(set->lua, (lua_Integer)value);
        break;
    case DIMENSION_FLOAT:
        lua_pushnumber(set->lua, value);
        break;
    case DIMENSION_CHOICE:
        lua_rawgeti(set->lua, set->spec->constraint_count + dimension + 1,
            (lua_Integer)value + 1);
        break;
    }
}

/* Not every point is tried by Lua's rules of truth: 0 and "" would be true. */
static int
not_boolean(struct constraint_set *set, int number, struct diag *diag)
{
    const struct run_constraint *constraint = &set->spec->constraint[number];
    char key[DIAG_KEY_MAX];
    const char *type = lua_typename(set->lua, lua_type(set->lua, -1));
    lua_pop(set->lua, 1);
    snprintf(key, sizeof key, "constraints.%s", constraint->name);
    diag_at(diag, NULL, constraint->line, key);
    return diag_set(diag, ERR_BAD_TYPE, "%s gives a %s (allowed: true or false)",
        constraint->name, type);
}

int
constraint_set_check(struct constraint_set *set, const double *values, struct diag *diag)
{
    for (int c = 0; c < set->spec->constraint_count; c++) {
        const struct compiled *compiled = &set->compiled[c];
        lua_pushvalue(set->lua, c + 1);
        for (int i = 0; i < compiled->argument_count; i++)
            push_value(set, compiled->argument[i], values[compiled->argument[i]]);
        set->sandbox.steps_here = 0;
        int r = lua_pcall(set->lua, compiled->argument_count, 1, 0);
        if (r != LUA_OK)
            return tell_error(set, c, r == LUA_ERRMEM ? ERR_TOO_LARGE : ERR_BAD_TYPE, diag);
        if (!lua_isboolean(set->lua, -1))
            return not_boolean(set, c, diag);
        bool allowed = lua_toboolean(set->lua, -1);
        lua_pop(set->lua, 1);
        if (!allowed)
            return 0;
    }
    return 1;
}

int64_t
constraint_set_steps(const struct constraint_set *set)
{
    return set->sandbox.steps;
}
