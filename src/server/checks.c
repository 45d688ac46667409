/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/checks.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "exec/run_check.h"
#include "server/beside.h"

struct check {
    struct run_spec spec;
    struct estimate estimate;
    struct str argument;
    struct optop_call call;
};

static int
run_check_call(void *context, struct optop_reply *reply)
{
    struct check *check = context;
    int r = optop_call(&check->call);
    *reply = check->call.reply;
    return r;
}

static void
release_check(void *context)
{
    struct check *check = context;
    run_spec_release(&check->spec);
    str_release(&check->argument);
    free(check);
}

/* What the process said is as little to be trusted as the plugin in it. */
static int
read_reply(const struct optop_reply *reply, int result, json_t **ret_reply, struct diag *diag)
{
    char clean[DIAG_TEXT_MAX];
    *ret_reply = NULL;
    if (result == -ETIMEDOUT)
        return 0; /* it may only be slow: the run has all the time it wants */
    if (result < 0)
        return diag_set(diag, result == -EPIPE ? ERR_BAD_STATE : result,
            "what opens the objective has failed: %s",
            reply->fault[0] ? text_clean(reply->fault, clean, sizeof clean) : err_text(result));
    *ret_reply = json_parse(reply->bytes ? reply->bytes : "", reply->size, NULL);
    const json_t *error = json_object_get(*ret_reply, "error");
    if (!json_is_object(*ret_reply))
        return diag_set(diag, ERR_PROTOCOL, "what opens the objective has answered nonsense");
    if (!error)
        return 0;
    int64_t code = json_get_int(error, "code", ERR_PROTOCOL);
    diag_set(diag, code < 0 && code > INT32_MIN ? (int)code : ERR_PROTOCOL, "%s",
        text_clean(json_get_string(error, "message", ""), clean, sizeof clean));
    diag_at(diag, json_get_string(error, "file", NULL), (int)json_get_int(error, "line", 0),
        json_get_string(error, "key", NULL));
    return diag->code;
}

static void
write_expected(struct json_writer *w, const struct estimate *estimate, int64_t trials)
{
    double low, high;
    if (!estimate_seconds(estimate, trials, &low, &high)) {
        jw_null(w, "expected");
        return;
    }
    jw_object(w, "expected");
    jw_figure(w, "low_seconds", low);
    jw_figure(w, "high_seconds", high);
    jw_int(w, "runs", estimate->count);
    jw_int(w, "trials", estimate->trials);
    jw_end(w);
}

static void
write_answer(struct json_writer *w, const struct check *check, const json_t *reply)
{
    const struct run_spec *spec = &check->spec;
    int64_t trials = json_get_int(reply, "trials", -1);
    double raw = 1;
    for (int d = 0; d < spec->dimension_count; d++)
        raw *= dimension_size(&spec->dimension[d]);
    jw_string(w, "name", spec->name);
    if (trials >= 0)
        jw_int(w, "points", trials);
    else
        jw_null(w, "points");
    jw_number(w, "raw_points", raw);
    space_write(w, "space", spec, json_get_int(reply, "feasible", -1));
    write_expected(w, &check->estimate, trials);
    jw_bool(w, "in_time", reply);
}

static void
answer_check(void *context, const json_t *request, int result, struct optop_reply *reply,
    struct str *out)
{
    const struct check *check = context;
    struct diag diag = { 0 };
    struct json_writer w;
    json_t *said;
    int r = read_reply(reply, result, &said, &diag);
    if (r < 0) {
        call_error(out, request, r, &diag);
    } else {
        call_begin(&w, out, request);
        write_answer(&w, check, said);
        call_end(&w);
    }
    json_decref(said);
}

static void
write_argument(struct str *out, const char *text, const char *file, const char *directory)
{
    struct json_writer w;
    jw_init(&w, out);
    jw_object(&w, NULL);
    jw_string(&w, "text", text);
    jw_string(&w, "file", file);
    jw_string(&w, "directory", directory);
    jw_end(&w);
}

int
checks_add(struct call *call, const char *text, const char *file, const char *directory,
    struct run_spec *spec)
{
    struct check *check = XNEW(struct check);
    str_init(&check->argument);
    write_argument(&check->argument, text, file, directory);
    check->call = (struct optop_call){ .function = RUN_CHECK_FUNCTION,
        .argument = check->argument.data, .size = check->argument.len,
        .timeout_ns = CHECKS_SECONDS * NS_PER_SEC };
    int r = beside_add(call->session, BESIDE_CHECKS, call->request, &(struct beside_request){
        .run = run_check_call, .answer = answer_check, .release = release_check, .context = check },
        call->diag);
    if (r < 0) {
        release_check(check);
        return r;
    }
    json_incref(call->request);
    check->spec = *spec;
    runner_estimate(call->server->runner, spec, &check->estimate);
    return CALL_LATER;
}
