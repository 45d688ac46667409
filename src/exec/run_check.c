/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exec/run_check.h"

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/str.h"
#include "config/runfile.h"
#include "objective/objective.h"
#include "search/search.h"

enum { COUNT_MS = 1000 };

/* Lua and plugins alone run what the run file brings. */
static int
open_objective(const struct run_spec *spec, const json_t *argument, struct diag *diag)
{
    const char *directory = json_get_string(argument, "directory", NULL);
    const struct objective_type_row *row =
        spec->objective == OBJECTIVE_LUA          ? &objective_lua
        : spec->objective == OBJECTIVE_PLUGIN     ? &objective_plugin
                                                  : NULL;
    struct batch_objective *objective;
    const struct batch_init init = { .spec = spec, .init = argument, .threads = 1 };
    if (!row || !directory)
        return 0;
    if (chdir(directory) < 0)
        return diag_set(diag, -errno, "cannot enter %s: %s", directory, strerror(errno));
    int r = row->batch->open(&init, &objective, diag);
    if (r == 0)
        row->batch->close(objective);
    else if (!diag->key[0])
        diag_at(diag, NULL, 0, row == &objective_lua ? "objective.lua" : "objective.plugin");
    return r;
}

static int
count(const struct run_spec *spec, int64_t *ret_trials, int64_t *ret_feasible, struct diag *diag)
{
    struct search *search;
    int64_t until = clock_mono_ns() + COUNT_MS * NS_PER_MS;
    int r = search_new(spec, &search, diag);
    if (r < 0)
        return r;
    *ret_trials = *ret_feasible = -1;
    while ((search_count(search, ret_trials) == -EAGAIN ||
               search_feasible(search, ret_feasible) == -EAGAIN) && clock_mono_ns() < until)
        continue;
    search_free(search);
    return 0;
}

static void
write_fault(struct json_writer *w, int code, const struct diag *diag)
{
    jw_object(w, "error");
    jw_int(w, "code", diag->code ? diag->code : code);
    jw_string(w, "message", diag->text[0] ? diag->text : err_text(code));
    jw_string(w, "file", diag->file);
    jw_int(w, "line", diag->line);
    jw_string(w, "key", diag->key);
    jw_end(w);
}

static int
check(const json_t *argument, int64_t *ret_trials, int64_t *ret_feasible, struct diag *diag)
{
    const char *text = json_get_string(argument, "text", "");
    const char *file = json_get_string(argument, "file", "run file");
    struct ini *ini;
    struct run_spec spec;
    int r = ini_parse_text(text, strlen(text), file, &ini, diag);
    if (r < 0)
        return r;
    r = runfile_check(ini, &spec, diag);
    if (r == 0) {
        r = count(&spec, ret_trials, ret_feasible, diag);
        if (r == 0)
            r = open_objective(&spec, argument, diag);
        run_spec_release(&spec);
    }
    if (r < 0 && !diag->file[0])
        diag_at(diag, file, diag->line, diag->key);
    ini_free(ini);
    return r;
}

int
run_check(const void *argument, size_t size, struct optop_reply *reply)
{
    struct diag diag = { 0 };
    struct json_writer w;
    struct str out;
    int64_t trials = -1, feasible = -1;
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 }); /* what crashes here is a file's fault */
    dup2(STDIN_FILENO, STDERR_FILENO); /* /dev/null; what a plugin says is nothing for the log */
    json_t *request = json_parse(argument, size, &diag);
    int r = request ? check(request, &trials, &feasible, &diag) : ERR_PROTOCOL;
    json_decref(request);
    str_init(&out);
    jw_init(&w, &out);
    jw_object(&w, NULL);
    if (r < 0)
        write_fault(&w, r, &diag);
    jw_int(&w, "trials", trials);
    jw_int(&w, "feasible", feasible);
    jw_end(&w);
    reply->size = out.len;
    reply->bytes = str_detach(&out);
    return 0;
}
