/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Accepting runs: what is asked for is checked, stored, and queued.
 */
#include "run/runner.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "run/runner_private.h"

enum { ENVIRONMENT_MAX = 256 * 1024 };

/* The document of a request with its changes; checked. */
static int
parse_request(const struct runner_request *request, struct ini **ret_ini,
    struct run_spec *ret_spec, struct diag *diag)
{
    struct ini *ini;
    size_t i;
    json_t *assignment;
    size_t len = strlen(request->text);
    if (len > RUNNER_TEXT_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "the run file is larger than %d KiB",
            RUNNER_TEXT_MAX / 1024);
    int r = ini_parse_text(request->text, len, request->file, &ini, diag);
    if (r < 0)
        return r;
    json_array_foreach (request->set, i, assignment) {
        const char *text = json_string_value(assignment);
        r = text ? runfile_set(ini, text, diag)
                 : diag_set(diag, ERR_BAD_TYPE, "set: not a list of texts");
        if (r < 0)
            break;
    }
    if (r == 0)
        r = runfile_settle(ini, clock_wall_ns(), diag);
    if (r == 0)
        r = runfile_check(ini, ret_spec, diag);
    if (r < 0)
        ini_free(ini);
    else
        *ret_ini = ini;
    return r;
}

int
runner_read(const struct runner_request *request, char **ret_text, struct run_spec *ret_spec,
    struct diag *diag)
{
    struct ini *ini;
    size_t len;
    int r = parse_request(request, &ini, ret_spec, diag);
    if (r < 0)
        return r;
    *ret_text = xstrdup(ini_text(ini, &len));
    ini_free(ini);
    return 0;
}

static int
pack_environment(const json_t *list, struct run *run, struct diag *diag)
{
    struct str block;
    size_t i;
    json_t *entry;
    str_init(&block);
    json_array_foreach (list, i, entry) {
        const char *text = json_string_value(entry);
        if (!text || !strchr(text, '=') || text[0] == '=')
            continue;
        if (str_starts(text, "OPTOP_RUN="))
            continue; /* the server's own mark */
        str_append(&block, text, strlen(text) + 1);
        if (block.len > ENVIRONMENT_MAX) {
            str_release(&block);
            return diag_set(diag, ERR_TOO_LARGE, "the environment is larger than %d KiB",
                ENVIRONMENT_MAX / 1024);
        }
    }
    run->environment_len = block.len;
    run->environment = str_detach(&block);
    return 0;
}

static void
copy_environment(const struct run *from, struct run *run)
{
    if (!from->environment_len)
        return;
    run->environment = xcalloc(1, from->environment_len);
    memcpy(run->environment, from->environment, from->environment_len);
    run->environment_len = from->environment_len;
}

static int
count_open(const struct runner *runner)
{
    int count = 0;
    for (const struct run *run = runner->runs; run; run = run->next)
        count += !run_state_ended(run->state);
    return count;
}

static struct run *
new_run(const struct runner_request *request, struct ini *ini)
{
    struct run *run = XNEW(struct run);
    size_t len;
    run->state = request->paused ? RUN_PAUSED : RUN_QUEUED;
    run->file = xstrdup(request->file);
    run->text = xstrdup(ini_text(ini, &len));
    run->directory = xstrdup(request->directory);
    run->created_wall_ns = clock_wall_ns();
    run->total = run->feasible = -1;
    run->ending = RUN_EVENT_COUNT;
    run->told_state = -1;
    run->mark.next_trial = 1;
    run->best.score = NAN;
    if (request->paused)
        str_copy(run->reason, sizeof run->reason, "submitted paused");
    return run;
}

static int
store_new_run(struct runner *runner, struct run *run, struct diag *diag)
{
    struct store *store = runner->options.store;
    struct store_run row = run_to_row(run, 0);
    int r = store_begin(store);
    if (r == 0)
        r = store_run_add(store, &row, &run->id);
    if (r == 0)
        r = store_commit(store, diag);
    else
        store_rollback(store);
    if (r < 0 && diag && !diag->text[0])
        diag_set(diag, r, "the run cannot be stored: %s", err_text(r));
    return r;
}

int
runner_submit(struct runner *runner, const struct runner_request *request,
    const struct run **ret_run, struct diag *diag)
{
    struct ini *ini;
    struct run_spec spec;
    if (runner->shutdown_done)
        return diag_set(diag, ERR_BAD_STATE, "the server is stopping");
    if (count_open(runner) >= RUNNER_OPEN_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "%d runs are waiting already", RUNNER_OPEN_MAX);
    int r = parse_request(request, &ini, &spec, diag);
    if (r < 0)
        return r;
    struct run *run = new_run(request, ini);
    ini_free(ini);
    run->spec = spec;
    if (request->like)
        copy_environment(request->like, run);
    else
        r = pack_environment(request->environment, run, diag);
    if (r == 0)
        r = gate_check(runner, 0, &run->spec, diag);
    if (r == 0)
        r = runner_prepare_search(runner, run, diag);
    if (r < 0)
        diag_at(diag, request->file, 0, NULL);
    else
        r = store_new_run(runner, run, diag);
    if (r < 0) {
        run_free(run);
        return r;
    }
    runner_link(runner, run);
    loop_timer_change(runner->count_timer, 0, 0);
    runner->pump_wanted = runner->gates_due = true;
    run->progress = true;
    runner->events->changed(runner->context, run);
    *ret_run = run;
    return 0;
}

int
runner_clone(struct runner *runner, int64_t id, const json_t *set, bool paused,
    const struct run **ret_run, struct diag *diag)
{
    struct run *loaded;
    const struct run *run = runner_find(runner, id, &loaded);
    if (!run)
        return diag_set(diag, ERR_NOT_FOUND, "there is no run %lld", (long long)id);
    struct runner_request request = { .text = run->text, .file = run->file,
        .directory = run->directory, .set = set, .like = run, .paused = paused };
    int r = runner_submit(runner, &request, ret_run, diag);
    run_free(loaded);
    return r;
}
