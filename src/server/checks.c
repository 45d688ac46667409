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

struct check {
    struct check *next, **link; /* of the server's list */
    struct loop *loop;
    struct session *session; /* NULL: it has gone */
    json_t *request; /* owned */
    struct run_spec spec;
    struct str argument;
    struct optop_call call;
    struct optop_future *future; /* owned */
    struct loop_end end;
    int result; /* of the call */
};

struct checks {
    struct optop_executor *executor;
    int task; /* its name's number */
    struct check *first;
    int count;
};

/* On a thread of the executor. */

static int
on_thread(void *context)
{
    struct check *check = context;
    int r = check->result = optop_call(&check->call);
    loop_tell(check->loop, &check->end, &check->end);
    return r;
}

static void
on_dropped(void *context)
{
    struct check *check = context;
    check->result = -ECANCELED;
    loop_tell(check->loop, &check->end, &check->end);
}

/* On the loop. */

static void
free_check(struct check *check)
{
    optop_future_free(check->future);
    json_decref(check->request);
    run_spec_release(&check->spec);
    str_release(&check->argument);
    free(check->call.reply.bytes);
    free(check);
}

/* What the process said is as little to be trusted as the plugin in it. */
static int
read_reply(const struct check *check, json_t **ret_reply, struct diag *diag)
{
    const struct optop_reply *reply = &check->call.reply;
    char clean[DIAG_TEXT_MAX];
    *ret_reply = NULL;
    if (check->result == -ETIMEDOUT)
        return 0; /* it may only be slow: the run has all the time it wants */
    if (check->result < 0)
        return diag_set(diag, check->result == -EPIPE ? ERR_BAD_STATE : check->result,
            "what opens the objective has failed: %s",
            reply->fault[0] ? text_clean(reply->fault, clean, sizeof clean) : err_text(check->result));
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
    jw_bool(w, "in_time", reply);
}

static void
answer(const struct check *check)
{
    struct diag diag = { 0 };
    struct json_writer w;
    struct str out;
    json_t *reply;
    str_init(&out);
    int r = read_reply(check, &reply, &diag);
    if (r < 0) {
        call_error(&out, check->request, r, &diag);
    } else {
        call_begin(&w, &out, check->request);
        write_answer(&w, check, reply);
        call_end(&w);
    }
    json_decref(reply);
    session_send(check->session, &out);
    str_release(&out);
}

static void
on_end(void *context)
{
    struct check *check = context;
    if (check->session) {
        struct checks *checks = check->session->server->checks;
        *check->link = check->next;
        if (check->next)
            check->next->link = check->link;
        checks->count--;
        answer(check);
    }
    free_check(check);
}

static int
open_checks(struct server *server)
{
    static const char *const argv[] = { "optop-worker", RUN_CHECK_ARGUMENT, NULL };
    const struct optop_process_options options = { .path = server->worker_program, .argv = argv,
        .processes = CHECKS_PROCESSES, .queue = CHECKS_WAITING_MAX, .calls = 1 };
    struct checks *checks = XNEW(struct checks);
    checks->executor = optop_executor_new_processes("checks", &options);
    if (!checks->executor) {
        int r = -errno;
        free(checks);
        return r;
    }
    int task = optop_executor_task(checks->executor, RUN_CHECK_FUNCTION);
    checks->task = task < 0 ? 0 : task;
    server->checks = checks;
    return 0;
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
    struct server *server = call->server;
    int r = server->checks ? 0 : open_checks(server);
    if (r < 0)
        return r;
    struct checks *checks = server->checks;
    struct check *check = XNEW(struct check);
    str_init(&check->argument);
    write_argument(&check->argument, text, file, directory);
    check->loop = server->loop;
    check->session = call->session;
    check->call = (struct optop_call){ .function = RUN_CHECK_FUNCTION,
        .argument = check->argument.data, .size = check->argument.len,
        .timeout_ns = CHECKS_SECONDS * NS_PER_SEC };
    check->end = (struct loop_end){ .done = on_end, .context = check };
    const struct optop_task task = { .run = on_thread, .dropped = on_dropped, .context = check,
        .name = checks->task, .no_wait = 1 };
    loop_expect(server->loop);
    r = checks->count < CHECKS_WAITING_MAX ? optop_submit(checks->executor, &task, &check->future)
                                           : -EAGAIN;
    if (r < 0) {
        loop_unexpect(server->loop, 1);
        free_check(check);
        return r == -EAGAIN ? diag_set(call->diag, ERR_TOO_LARGE, "too many requests at once") : r;
    }
    /* its end is told on this loop, so all that follows is in time */
    check->request = json_incref(call->request);
    check->spec = *spec;
    check->next = checks->first;
    check->link = &checks->first;
    if (check->next)
        check->next->link = &check->next;
    checks->first = check;
    checks->count++;
    return CALL_LATER;
}

void
checks_forget(struct session *session)
{
    struct checks *checks = session->server->checks;
    if (!checks)
        return;
    for (struct check *check = checks->first, *next; check; check = next) {
        next = check->next;
        if (check->session != session)
            continue;
        check->session = NULL;
        optop_future_cancel(check->future);
        *check->link = next;
        if (next)
            next->link = check->link;
        checks->count--;
    }
}

void
checks_release(struct server *server)
{
    struct checks *checks = server->checks;
    if (!checks)
        return;
    optop_executor_cancel(checks->executor);
    optop_executor_wait(checks->executor, -1);
    loop_hear(server->loop);
    optop_executor_free(checks->executor);
    free(checks);
    server->checks = NULL;
}
