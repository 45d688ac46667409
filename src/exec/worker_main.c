/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The result of a trial goes out in one write together with the news that the
 * next one has started, and that write happens while the next one runs: what
 * the worker does for itself costs the trials nothing.
 */
#include "exec/worker_main.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "exec/limit.h"
#include "exec/worker_figures.h"
#include "mem/json_heap.h"
#include "exec/block.h"
#include "exec/run_check.h"
#include "exec/worker_msg.h"
#include "exec/worker_range.h"
#include "objective/objective.h"
#include "optop/memory.h"

enum {
    READ_BYTES = 64 * 1024,
    UNSENT_MAX = 1024 * 1024, /* no new trial while more than this waits */
};

struct task {
    int64_t trial;
    int attempt;
    json_t *values; /* owned; array of names_count texts */
};

/* A result that has not been said yet. */
struct answer {
    bool given;
    struct trial_result result; /* its log and metrics are those below */
    struct str log, metrics;
};

struct worker {
    struct str in, out;
    struct objective_watch *watch; /* while a trial runs */
    struct objective *objective; /* a blocking one; or ... */
    struct worker_range *range; /* ... what a warm one is evaluated with */
    int64_t running; /* the trial that runs; 0: none */
    size_t names_count;
    const char **values; /* of the present trial; borrowed from its task */

    struct task *task; /* ring of task_capacity */
    int task_first, task_count, task_capacity;

    struct worker_figures figures; /* of trials one by one */

    bool refused; /* the init cannot be used */
    bool closed; /* the server is gone, or has spoken nonsense */
    bool cancelled;
    bool finishing;
    double grace_seconds;
};

/* The queue of trials. */

static struct task *
queue_at(const struct worker *worker, int index)
{
    return &worker->task[(worker->task_first + index) % worker->task_capacity];
}

static int
queue_add(struct worker *worker, const struct task *task)
{
    if (worker->task_count == WORKER_QUEUE_MAX)
        return ERR_TOO_LARGE;
    if (worker->task_count == worker->task_capacity) {
        int capacity = worker->task_capacity ? 2 * worker->task_capacity : 64;
        struct task *grown = xcalloc((size_t)capacity, sizeof *grown);
        for (int i = 0; i < worker->task_count; i++)
            grown[i] = *queue_at(worker, i);
        free(worker->task);
        worker->task = grown;
        worker->task_capacity = capacity;
        worker->task_first = 0;
    }
    *queue_at(worker, worker->task_count++) = *task;
    return 0;
}

static struct task
queue_take(struct worker *worker)
{
    struct task task = *queue_at(worker, 0);
    worker->task_first = (worker->task_first + 1) % worker->task_capacity;
    worker->task_count--;
    return task;
}

static void
queue_clear(struct worker *worker)
{
    while (worker->task_count > 0)
        json_decref(queue_take(worker).values);
}

/* What the server says. */

static int
join_cgroup(const char *procs_path, struct diag *diag)
{
    int fd = procs_path ? open(procs_path, O_WRONLY | O_CLOEXEC) : -1;
    bool joined = fd >= 0 && write(fd, "0", 1) == 1;
    int error = errno;
    if (fd >= 0)
        close(fd);
    return joined ? 0
        : diag_set(diag, -error, "cannot join %s: %s", procs_path, strerror(error));
}

/* The order matters: nothing of the run may start outside its cage. */
static int
prepare(struct worker *worker, const json_t *init, struct diag *diag)
{
    const char *directory = json_get_string(init, "directory", NULL);
    const json_t *cgroups = json_object_get(init, "cgroups");
    const char *type = json_get_string(init, "type", "command");
    int r = 0;
    for (size_t i = 0; r == 0 && i < json_array_size(cgroups); i++)
        r = join_cgroup(json_string_value(json_array_get(cgroups, i)), diag);
    if (r < 0)
        return r;
    if (strcmp(json_get_string(init, "cage", ""), "group") != 0 &&
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
        return diag_set(diag, -errno, "cannot become a subreaper: %s", strerror(errno));
    if (directory && chdir(directory) < 0)
        return diag_set(diag, -errno, "cannot enter %s: %s", directory, strerror(errno));
    const struct objective_type_row *row = objective_find(type);
    if (!row)
        return diag_set(diag, ERR_NOT_FOUND, "no such objective: %s", type);
    worker->names_count = json_array_size(json_object_get(init, "names"));
    worker->values = xcalloc(worker->names_count + 1, sizeof *worker->values);
    return row->batch ? worker_range_open(init, row->batch, &worker->range, diag)
                      : row->open(init, &worker->objective, diag);
}

static int
start_range(struct worker *worker, struct diag *diag)
{
    const struct batch_objective *objective = worker_range_objective(worker->range);
    int r = worker_range_start(worker->range, diag);
    if (r == 0)
        worker_msg_warm(&worker->out, objective->threads);
    return r;
}

static int
hear_init(struct worker *worker, const json_t *init)
{
    struct diag diag = { 0 };
    if (worker->objective || worker->range)
        return ERR_PROTOCOL;
    int r = prepare(worker, init, &diag);
    json_t *refused = json_object();
    if (r == 0) /* last: what was opened before is not counted against the trials */
        limit_apply(json_object_get(init, "limits"), refused);
    if (r == 0 && worker->range)
        r = start_range(worker, &diag);
    worker->refused = r < 0;
    if (r < 0)
        worker_msg_error(&worker->out, diag.text);
    else
        worker_msg_ready(&worker->out, refused);
    json_decref(refused);
    return 0;
}

static int
hear_trials(struct worker *worker, const json_t *trials)
{
    if (!worker->objective)
        return ERR_PROTOCOL;
    size_t i;
    json_t *item;
    json_array_foreach(trials, i, item) {
        json_t *values = json_object_get(item, "values");
        if (json_array_size(values) != worker->names_count)
            return ERR_PROTOCOL;
        for (size_t v = 0; v < worker->names_count; v++)
            if (!json_is_string(json_array_get(values, v)))
                return ERR_PROTOCOL;
        struct task task = {
            .trial = json_get_int(item, "trial", 0),
            .attempt = (int)json_get_int(item, "attempt", 1),
            .values = json_incref(values),
        };
        if (queue_add(worker, &task) < 0) {
            json_decref(values);
            return ERR_TOO_LARGE;
        }
    }
    return 0;
}

/* Others may be free to run what waits here. */
static void
give_back(struct worker *worker)
{
    if (!worker->task_count)
        return;
    worker_msg_returned_begin(&worker->out);
    for (int i = 0; i < worker->task_count; i++)
        worker_msg_returned(&worker->out, queue_at(worker, i)->trial, i == 0);
    worker_msg_returned_end(&worker->out);
    queue_clear(worker);
}

/* For a trial that has ended meanwhile it comes too late. */
static int
hear_order(struct worker *worker, const json_t *line)
{
    const char *order = json_get_string(line, "order", "");
    if (!worker->objective || !worker->objective->type->hold)
        return ERR_PROTOCOL;
    const struct objective_type_row *type = worker->objective->type;
    if (!worker->running || json_get_int(line, "of_trial", 0) != worker->running)
        return 0;
    bool pause = !strcmp(order, "pause");
    if (pause)
        give_back(worker);
    if (!strcmp(order, "cancel"))
        type->drop(worker->objective, json_get_number(line, "grace_seconds", 0));
    else if (pause || !strcmp(order, "resume"))
        type->hold(worker->objective, pause);
    else
        return ERR_PROTOCOL;
    return 0;
}

static int
hear_limits(struct worker *worker, const json_t *limits)
{
    if (!worker->objective || !worker->objective->type->limit)
        return ERR_PROTOCOL;
    worker->objective->type->limit(worker->objective,
        json_get_number(limits, "trial_seconds", 0), json_get_number(limits, "grace_seconds", 0));
    return 0;
}

static int
hear_line(struct worker *worker, const char *text, size_t len)
{
    json_t *line = json_parse(text, len, NULL), *value;
    int r = 0;
    if ((value = json_object_get(line, "trials"))) {
        r = hear_trials(worker, value);
    } else if ((value = json_object_get(line, "range"))) {
        r = worker->range ? worker_range_add(worker->range, value) : ERR_PROTOCOL;
    } else if ((value = json_object_get(line, "init"))) {
        r = hear_init(worker, value);
    } else if ((value = json_object_get(line, "cancel"))) {
        worker->cancelled = true;
        worker->grace_seconds = json_get_number(value, "grace_seconds", 0);
    } else if (json_object_get(line, "order")) {
        r = hear_order(worker, line);
    } else if ((value = json_object_get(line, "limits"))) {
        r = hear_limits(worker, value);
    } else if (json_is_true(json_object_get(line, "release"))) {
        optop_memory_release(SIZE_MAX);
    } else if (json_is_true(json_object_get(line, "finish"))) {
        worker->finishing = true;
    } else {
        r = ERR_PROTOCOL;
    }
    json_decref(line);
    return r;
}

static void
hear_lines(struct worker *worker)
{
    size_t at = 0;
    for (const char *end; !worker->closed && !worker->refused &&
         (end = memchr(worker->in.data + at, '\n', worker->in.len - at));) {
        size_t len = (size_t)(end - worker->in.data) - at;
        if (hear_line(worker, worker->in.data + at, len) < 0)
            worker->closed = true;
        at += len + 1;
    }
    str_consume(&worker->in, at);
    if (worker->in.len >= WORKER_LINE_MAX)
        worker->closed = true;
}

static void
hear(struct worker *worker)
{
    str_reserve(&worker->in, READ_BYTES);
    ssize_t n = recv(WORKER_FD, worker->in.data + worker->in.len, READ_BYTES, MSG_DONTWAIT);
    if (n > 0) {
        worker->in.len += (size_t)n;
        worker->in.data[worker->in.len] = '\0';
        hear_lines(worker);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        worker->closed = true;
    }
}

/* What it answers. */

static void
send_some(struct worker *worker, int flags)
{
    while (worker->out.len && !worker->closed) {
        ssize_t n = send(WORKER_FD, worker->out.data, worker->out.len, flags | MSG_NOSIGNAL);
        if (n > 0)
            str_consume(&worker->out, (size_t)n);
        else if (n < 0 && errno == EAGAIN)
            return;
        else if (n < 0 && errno != EINTR)
            worker->closed = true;
    }
}

static short
wanted_events(const struct worker *worker)
{
    return (short)(POLLIN | (worker->out.len ? POLLOUT : 0));
}

static enum objective_order
on_ready(void *context, short revents)
{
    struct worker *worker = context;
    struct objective_watch *watch = worker->watch;
    if (revents & POLLOUT)
        send_some(worker, MSG_DONTWAIT);
    if (revents & ~POLLOUT)
        hear(worker);
    watch->events = wanted_events(worker);
    watch->grace_seconds = worker->grace_seconds;
    if (worker->closed) {
        watch->fd = -1; /* it has no more to say */
        return OBJECTIVE_ABORT;
    }
    return worker->cancelled ? OBJECTIVE_CANCEL : OBJECTIVE_GO_ON;
}

/* Waits until there is a trial to run; false: the end. */
static bool
await_trial(struct worker *worker)
{
    for (;;) {
        bool idle = worker->task_count == 0;
        if (worker->closed || worker->cancelled || (idle && worker->finishing))
            return false;
        if (!idle && worker->out.len < UNSENT_MAX)
            return true;
        send_some(worker, MSG_DONTWAIT);
        struct pollfd fd = { .fd = WORKER_FD, .events = wanted_events(worker) };
        if (!worker->closed && poll(&fd, 1, -1) > 0 && (fd.revents & ~POLLOUT))
            hear(worker);
    }
}

static void
start_trial(struct worker *worker, const struct task *task)
{
    for (size_t i = 0; i < worker->names_count; i++)
        worker->values[i] = json_string_value(json_array_get(task->values, i));
    worker->objective->trial = task->trial;
    worker->objective->attempt = task->attempt;
    worker->objective->type->start(worker->objective, worker->values);
}

/* Runs one trial; the last one's result, when there is one, goes out while it
 * runs. ERR_CLOSED when it was ended from outside. */
static int
run_trial(struct worker *worker, const struct task *task, struct answer *answer)
{
    struct objective_watch watch = { .fd = WORKER_FD, .ready = on_ready, .context = worker };
    const struct str *raw_log;
    start_trial(worker, task);
    if (answer->given)
        worker_msg_result(&worker->out, &answer->result);
    answer->given = false;
    worker_msg_started(&worker->out, task->trial);
    send_some(worker, MSG_DONTWAIT);
    watch.events = wanted_events(worker);
    worker->watch = &watch;
    worker->running = task->trial;
    int r = worker->objective->type->finish(worker->objective, &watch, &answer->result, &raw_log);
    worker->watch = NULL;
    worker->running = 0;
    if (r < 0)
        return r;
    str_clear(&answer->log);
    worker_msg_clean_log(raw_log->data, raw_log->len, &answer->log);
    answer->result.log = answer->log.len ? answer->log.data : NULL;
    str_clear(&answer->metrics);
    str_puts(&answer->metrics, answer->result.metrics ?: "");
    answer->result.metrics = answer->metrics.len ? answer->metrics.data : NULL;
    worker_figures_add(&worker->figures, 1, answer->result.state == TRIAL_FAILED,
        sec_to_ns(answer->result.wall_seconds), clock_mono_ns());
    worker_figures_tick(&worker->figures, clock_mono_ns());
    answer->result.trial = task->trial;
    answer->result.attempt = task->attempt;
    answer->given = true;
    return 0;
}

static void
run_trials(struct worker *worker)
{
    struct answer answer = { .given = false };
    int r = 0;
    str_init(&answer.log);
    str_init(&answer.metrics);
    while (r == 0) {
        if (answer.given && !worker->task_count) {
            worker_msg_result(&worker->out, &answer.result);
            answer.given = false;
        }
        if (!await_trial(worker))
            break;
        struct task task = queue_take(worker);
        r = run_trial(worker, &task, &answer);
        json_decref(task.values);
    }
    if (answer.given)
        worker_msg_result(&worker->out, &answer.result);
    str_release(&answer.log);
    str_release(&answer.metrics);
}

/* A warm run: threads evaluate, and this one talks. True when the objective
 * may be closed; else only the process can end what its threads are in. */
static bool
run_ranges(struct worker *worker)
{
    int r = 0;
    while (r == 0 && !worker->closed && !worker->cancelled &&
        !(worker->finishing && worker_range_idle(worker->range))) {
        int wait_ms = worker_range_watch(worker->range);
        if (wait_ms == ERR_EXHAUSTED)
            return false;
        send_some(worker, MSG_DONTWAIT);
        struct pollfd fd[] = {
            { .fd = WORKER_FD, .events = wanted_events(worker) },
            { .fd = worker_range_fd(worker->range), .events = POLLIN },
        };
        if (poll(fd, 2, wait_ms) <= 0)
            continue;
        if (fd[1].revents)
            r = worker_range_collect(worker->range, &worker->out);
        if (fd[0].revents & ~POLLOUT)
            hear(worker);
    }
    if (r < 0)
        worker_msg_error(&worker->out, "the objective cannot go on");
    bool ended = worker_range_stop(worker->range, worker->closed ? 0 : worker->grace_seconds);
    worker_range_collect(worker->range, &worker->out);
    return ended;
}

static int
hear_first(struct worker *worker)
{
    while (!worker->objective && !worker->range && !worker->closed && !worker->refused) {
        struct pollfd fd = { .fd = WORKER_FD, .events = POLLIN };
        if (poll(&fd, 1, -1) > 0)
            hear(worker);
    }
    return !worker->refused && (worker->objective || worker->range) ? 0 : -1;
}

static int
by_hand(void)
{
    fprintf(stderr, "optop-worker: started by the server of optop, not by hand\n");
    return EXIT_FAILURE;
}

int
worker_main(int argc, char **argv)
{
    static const struct optop_function functions[] = { { RUN_CHECK_FUNCTION, run_check }, { 0 } };
    struct worker worker = { 0 };
    if (argc > 1 && !strcmp(argv[1], RUN_CHECK_ARGUMENT))
        return optop_serve(functions) < 0 ? by_hand() : EXIT_SUCCESS;
    json_heap_use(JSON_HEAP_WORKER_MAX);
    optop_memory_track(1);
    if (fcntl(WORKER_FD, F_SETFD, FD_CLOEXEC) < 0)
        return by_hand();
    fcntl(BLOCK_FD, F_SETFD, FD_CLOEXEC); /* it is there for warm objectives only */
    str_init(&worker.in);
    str_init(&worker.out);
    worker_figures_init(&worker.figures, "trial.duration", clock_mono_ns());
    int r = hear_first(&worker);
    bool ended = true;
    if (r == 0 && worker.range)
        ended = run_ranges(&worker);
    else if (r == 0)
        run_trials(&worker);
    else if (worker.range)
        ended = worker_range_stop(worker.range, 0); /* some threads may have been started */
    send_some(&worker, 0);
    if (!ended)
        _exit(EXIT_SUCCESS); /* threads are still in the objective */
    worker_range_close(worker.range);
    if (worker.objective)
        worker.objective->type->close(worker.objective);
    worker_figures_release(&worker.figures);
    queue_clear(&worker);
    free(worker.task);
    free(worker.values);
    str_release(&worker.in);
    str_release(&worker.out);
    return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
