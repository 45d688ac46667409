/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What all that runs Lua of a user's shares: memory with a limit, steps with a
 * limit, and for expressions an environment of pure functions that cannot be
 * written to. A struct sandbox is the context of its state's allocator.
 */
#ifndef OPTOP_LUA_SANDBOX_H
#define OPTOP_LUA_SANDBOX_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SANDBOX_STEP = 1000 }; /* instructions; what steps are counted in */

struct sandbox {
    size_t bytes, bytes_max; /* that the state has, and may have */
    int64_t steps; /* of all evaluations */
    int steps_here, steps_max; /* of the present one */
};

/* For lua_newstate; context: a struct sandbox. */
void *sandbox_alloc(void *context, void *old, size_t old_size, size_t new_size);

/* The context that the state was made with. */
void *sandbox_of(lua_State *lua);

/* From now on each SANDBOX_STEP instructions are a step; more than steps_max since
 * steps_here was set to 0 are an error. */
void sandbox_count_steps(lua_State *lua);

/* Raise errors; to be called within a protected call. */

/* Pushes a new table with the pure functions of math, and in it abs ceil exp floor
 * log max min sqrt by their bare names. */
void sandbox_push_math(lua_State *lua);
bool sandbox_is_bare_name(const char *name);

/* Replaces the table on the top by an empty one that reads from it and cannot be
 * written to. */
void sandbox_protect_table(lua_State *lua);

/* Compiles the expression on the top, a string, into a function that sees only the
 * environment at an index; `locals` are the names of its arguments, or NULL. */
void sandbox_compile(lua_State *lua, int environment, const char *chunk_name, const char *locals);

/* A message without the place in our own chunk that Lua puts before it. */
const char *sandbox_message(const char *text, const char *chunk_name);

#endif
