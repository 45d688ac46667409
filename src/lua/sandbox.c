/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "lua/sandbox.h"

#include <lauxlib.h>
#include <lualib.h>
#include <stdlib.h>
#include <string.h>

/* What of math is pure. */
static const char *const math_names[] = {
    "abs", "acos", "asin", "atan", "ceil", "cos", "deg", "exp", "floor", "fmod", "huge", "log",
    "max", "maxinteger", "min", "mininteger", "modf", "pi", "rad", "sin", "sqrt", "tan",
    "tointeger", "type", "ult",
};

/* What of it goes without "math.". */
static const char *const bare_names[] = {
    "abs", "ceil", "exp", "floor", "log", "max", "min", "sqrt",
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

void *
sandbox_alloc(void *context, void *old, size_t old_size, size_t new_size)
{
    struct sandbox *sandbox = context;
    if (!old)
        old_size = 0; /* Lua passes a kind of object here */
    if (new_size == 0) {
        free(old);
        sandbox->bytes -= old_size;
        return NULL;
    }
    /* Shrinking must not fail. */
    if (new_size > old_size && new_size - old_size > sandbox->bytes_max - sandbox->bytes)
        return NULL;
    void *grown = realloc(old, new_size);
    if (grown)
        sandbox->bytes = sandbox->bytes - old_size + new_size;
    return grown;
}

void *
sandbox_of(lua_State *lua)
{
    void *context;
    lua_getallocf(lua, &context);
    return context;
}

static void
count_step(lua_State *lua, lua_Debug *unused)
{
    struct sandbox *sandbox = sandbox_of(lua);
    (void)unused;
    sandbox->steps++;
    if (++sandbox->steps_here > sandbox->steps_max)
        luaL_error(lua, "more than %d instructions", SANDBOX_STEP * sandbox->steps_max);
}

void
sandbox_count_steps(lua_State *lua)
{
    lua_sethook(lua, count_step, LUA_MASKCOUNT, SANDBOX_STEP);
}

bool
sandbox_is_bare_name(const char *name)
{
    for (size_t i = 0; i < COUNT(bare_names); i++)
        if (!strcmp(bare_names[i], name))
            return true;
    return false;
}

static int
refuse_write(lua_State *lua)
{
    return luaL_error(lua, "an expression cannot keep values");
}

void
sandbox_protect_table(lua_State *lua)
{
    lua_newtable(lua);
    lua_newtable(lua);
    lua_pushvalue(lua, -3);
    lua_setfield(lua, -2, "__index");
    lua_pushcfunction(lua, refuse_write);
    lua_setfield(lua, -2, "__newindex");
    lua_setmetatable(lua, -2);
    lua_remove(lua, -2);
}

void
sandbox_push_math(lua_State *lua)
{
    lua_pushcfunction(lua, luaopen_math);
    lua_call(lua, 0, 1);
    int all = lua_gettop(lua);
    lua_newtable(lua);
    lua_newtable(lua);
    for (size_t i = 0; i < COUNT(math_names); i++) {
        lua_getfield(lua, all, math_names[i]);
        lua_setfield(lua, -2, math_names[i]);
    }
    sandbox_protect_table(lua);
    lua_setfield(lua, -2, "math");
    for (size_t i = 0; i < COUNT(bare_names); i++) {
        lua_getfield(lua, all, bare_names[i]);
        lua_setfield(lua, -2, bare_names[i]);
    }
    lua_remove(lua, all);
}

void
sandbox_compile(lua_State *lua, int environment, const char *chunk_name, const char *locals)
{
    int text = lua_gettop(lua);
    /* By this name alone an expression could exchange its environment. */
    if (strstr(lua_tostring(lua, text), "_ENV"))
        luaL_error(lua, "_ENV cannot be used");
    luaL_Buffer chunk;
    luaL_buffinit(lua, &chunk);
    if (locals && *locals) {
        luaL_addstring(&chunk, "local ");
        luaL_addstring(&chunk, locals);
        luaL_addstring(&chunk, " = ... ");
    }
    /* On a line of its own, so that a comment cannot hide the bracket. */
    luaL_addstring(&chunk, "return (\n");
    lua_pushvalue(lua, text);
    luaL_addvalue(&chunk);
    luaL_addstring(&chunk, "\n)");
    luaL_pushresult(&chunk);
    size_t len;
    const char *source = lua_tolstring(lua, -1, &len);
    if (luaL_loadbufferx(lua, source, len, chunk_name, "t") != LUA_OK)
        lua_error(lua);
    lua_pushvalue(lua, environment);
    if (!lua_setupvalue(lua, -2, 1))
        lua_pop(lua, 1);
    lua_replace(lua, text);
    lua_settop(lua, text);
}

const char *
sandbox_message(const char *text, const char *chunk_name)
{
    size_t len = strlen(chunk_name + 1); /* "=constraint" */
    if (strncmp(text, chunk_name + 1, len) != 0 || text[len] != ':')
        return text;
    text += strcspn(text, " ");
    return text + (*text == ' ');
}
