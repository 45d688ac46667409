/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The method that hands out what a trial has written: of its attempts that have
 * ended from the store, of the one that runs from the memory that its worker
 * shares with us.
 */
#include "base/clock.h"
#include "base/text.h"
#include "server/call.h"
#include "store/store_output.h"

enum { ANSWER_ENOUGH = 300 * 1024 /* then the next attempt is another request's */ };

struct output_list {
    struct call *call;
    int attempt; /* the first that is asked for ... */
    int64_t after; /* ... and from where */
    struct str text;
};

static void
write_part(void *context, enum capture_stream stream, const char *bytes, size_t len)
{
    struct output_list *list = context;
    struct json_writer *w = list->call->w;
    jw_object(w, NULL);
    if (stream == CAPTURE_NONE) {
        jw_int(w, "left_out", (int64_t)len);
    } else {
        str_clear(&list->text);
        text_clean_lines(bytes, len, &list->text);
        jw_string(w, "stream", stream == CAPTURE_OUT ? "stdout" : "stderr");
        jw_stringn(w, "text", list->text.data, list->text.len);
    }
    jw_end(w);
}

static void
write_attempt(struct output_list *list, const struct captured *captured, bool running,
    int64_t wall_ns)
{
    struct json_writer *w = list->call->w;
    int64_t after = captured->attempt == list->attempt ? list->after : 0;
    jw_object(w, NULL);
    jw_int(w, "attempt", captured->attempt);
    jw_bool(w, "running", running);
    jw_figure(w, "time", ns_to_sec(wall_ns));
    jw_int(w, "bytes", captured->bytes);
    jw_array(w, "parts");
    int64_t end = captured_each(captured, after, !running, write_part, list);
    jw_end(w);
    jw_int(w, "end", end);
    jw_end(w);
}

static int
write_stored(void *context, const struct store_output *output)
{
    struct output_list *list = context;
    struct captured captured = { output->trial, output->attempt, output->bytes, { 0 } };
    if (!output->data || list->call->w->out->len > ANSWER_ENOUGH)
        return 0;
    str_init(&captured.data);
    str_append(&captured.data, output->data, output->data_len);
    write_attempt(list, &captured, false, output->wall_ns);
    captured_release(&captured);
    return 0;
}

/* The worker that is at a trial. */
static const struct run_worker *
find_worker(const struct run *run, int64_t trial)
{
    const struct run_worker *w = run->workers;
    while (w && w->running_trial != trial)
        w = w->next;
    return w;
}

static bool
write_running(struct output_list *list, const struct run *run, int64_t trial)
{
    const struct run_worker *w = find_worker(run, trial);
    struct captured captured;
    if (!w)
        return false;
    if (worker_output(w->worker, &captured) == 0) {
        if (captured.trial == trial && captured.attempt >= list->attempt)
            write_attempt(list, &captured, true, clock_wall_ns());
        captured_release(&captured);
    }
    return true;
}

struct standing {
    const struct run *run;
    const char *text;
};

static int
take_standing(void *context, const struct store_trial *trial)
{
    struct standing *standing = context;
    const struct run *run = standing->run;
    bool again = run->retry_open > 0 && trial->result->attempt <= run->spec.retries;
    standing->text = trial->result->state == TRIAL_DONE ? "done" : again ? "retrying" : "failed";
    return 0;
}

int
handle_run_output(struct call *call)
{
    const struct run *run;
    struct run *loaded;
    int64_t trial = json_get_int(call->params, "trial", 0);
    if (trial < 1)
        return call_need(call, "trial");
    int r = call_find_run(call, &run, &loaded);
    if (r < 0)
        return r;
    struct output_list list = { .call = call, .attempt = call_limit(call, "attempt", 1, 1 << 30),
        .after = json_get_int(call->params, "after", 0) };
    struct standing standing = { run, "waiting" };
    str_init(&list.text);
    jw_int(call->w, "run", run->id);
    jw_int(call->w, "trial", trial);
    jw_array(call->w, "outputs");
    r = store_output_list(call->server->store, run->id, trial, list.attempt, write_stored, &list);
    bool running = r == 0 && write_running(&list, run, trial);
    jw_end(call->w);
    if (r == 0 && !running)
        r = store_trial_get(call->server->store, run->id, trial, take_standing, &standing);
    jw_string(call->w, "state", running ? "running" : standing.text);
    str_release(&list.text);
    run_free(loaded);
    return r == ERR_NOT_FOUND ? 0 : r;
}
