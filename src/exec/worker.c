/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exec/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "exec/worker_msg.h"
#include "task/child.h"
#include "io/proctree.h"

extern char **environ;

enum {
    READ_BYTES = 64 * 1024,
    READS_PER_TURN = 8, /* then the loop sees to others */
    TRIALS_LINE_BYTES = 256 * 1024, /* a trials line ends behind this */
    EXIT_TEXT_MAX = 160,
};

/* A worker that has not ended by itself this long after the grace time is
 * looked after. In a cell everything can be ended at once; without one the
 * worker itself is the best to do it, unless a trial has stopped it. */
#define CANCEL_LOOK_NS (50 * NS_PER_MS)
#define CANCEL_EXTRA_SECONDS 4 /* more than a worker sweeps */

/* Orphans of a dead worker are ended in passes, so that the loop goes on. */
#define ORPHAN_PASS_NS (5 * NS_PER_MS)
#define ORPHAN_SECONDS 3

/* A trial that it was given and has not answered. */
struct given {
    int64_t trial;
    int attempt;
};

struct worker {
    struct loop *loop;
    struct worker_events events;
    void *context;
    const struct run_spec *spec; /* borrowed */
    char mark[CAGE_MARK_MAX];
    struct cage_cell cell; /* its own part of the cage's cgroups */
    struct limit_set *limits; /* borrowed; NULL: none */
    struct warm *warm; /* owned; NULL: trials one by one */

    pid_t pid;
    int pidfd, fd;
    struct loop_fd *fd_watch, *exit_watch;
    struct loop_timer *timer; /* KILL after a cancel; later the orphan passes */
    int64_t started_ns;

    struct str in, out;
    int capture_fd; /* what its trials write; -1: none */
    struct str log, metrics, output; /* of the result that is being told */

    struct given *given; /* given_first..given_count, in the order of sending */
    int given_first, given_count, given_capacity;

    bool broken; /* nothing it says is believed any more */
    char text[EXIT_TEXT_MAX]; /* how it ended; set early when it said why */
    int64_t cancel_until_ns, orphans_until_ns;
};

/* What was given. */

static void
given_add(struct worker *worker, int64_t trial, int attempt)
{
    if (worker->given_first > 0 && worker->given_count == worker->given_capacity) {
        worker->given_count -= worker->given_first;
        memmove(worker->given, worker->given + worker->given_first,
            (size_t)worker->given_count * sizeof *worker->given);
        worker->given_first = 0;
    }
    XGROW(worker->given, worker->given_count, worker->given_capacity);
    worker->given[worker->given_count++] = (struct given){ trial, attempt };
}

static int
given_find(const struct worker *worker, int64_t trial)
{
    for (int i = worker->given_first; i < worker->given_count; i++)
        if (worker->given[i].trial == trial)
            return i;
    return ERR_NOT_FOUND;
}

static void
given_remove(struct worker *worker, int index)
{
    if (index == worker->given_first) {
        worker->given_first++;
        return;
    }
    worker->given_count--;
    memmove(worker->given + index, worker->given + index + 1,
        (size_t)(worker->given_count - index) * sizeof *worker->given);
}

/* Its end. */

static void
break_off(struct worker *worker, const char *text)
{
    worker->broken = true;
    if (!worker->text[0])
        str_copy(worker->text, sizeof worker->text, text);
    worker_kill(worker);
}

static void
free_worker(struct worker *worker)
{
    loop_fd_stop(worker->fd_watch);
    loop_fd_stop(worker->exit_watch);
    loop_timer_stop(worker->timer);
    if (worker->fd >= 0)
        close(worker->fd);
    if (worker->pidfd >= 0)
        close(worker->pidfd);
    warm_free(worker->warm);
    str_release(&worker->in);
    str_release(&worker->out);
    str_release(&worker->log);
    str_release(&worker->metrics);
    str_release(&worker->output);
    if (worker->capture_fd >= 0)
        close(worker->capture_fd);
    if (worker->limits && cage_cell_memory(&worker->cell))
        limit_set_cell_gone(worker->limits, cage_cell_memory(&worker->cell));
    cage_cell_remove(&worker->cell);
    free(worker->given);
    free(worker);
}

static void
tell_exit(struct worker *worker)
{
    int count = worker->given_count - worker->given_first;
    int64_t *lost = xcalloc((size_t)count + 1, sizeof *lost);
    for (int i = 0; i < count; i++)
        lost[i] = worker->given[worker->given_first + i].trial;
    if (worker->events.exited)
        worker->events.exited(worker->context, worker, lost, count, worker->text);
    free(lost);
    free_worker(worker);
}

static void
on_orphan_pass(void *context)
{
    struct worker *worker = context;
    bool late = loop_now(worker->loop) >= worker->orphans_until_ns;
    if (cage_kill_orphans(worker->mark) == 0 || late)
        tell_exit(worker);
    else
        loop_timer_change(worker->timer, ORPHAN_PASS_NS, 0);
}

/* A worker that ended by itself has ended its trial's processes first. */
static void
on_reaped(struct worker *worker, int status)
{
    bool orderly = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!worker->text[0])
        child_status_text(status, worker->text, sizeof worker->text);
    loop_fd_stop(worker->fd_watch);
    loop_fd_stop(worker->exit_watch);
    loop_timer_stop(worker->timer);
    worker->fd_watch = worker->exit_watch = NULL;
    worker->timer = NULL;
    if (!orderly)
        cage_cell_kill(&worker->cell);
    if (orderly || cage_kill_orphans(worker->mark) == 0) {
        tell_exit(worker);
        return;
    }
    worker->orphans_until_ns = loop_now(worker->loop) + ORPHAN_SECONDS * NS_PER_SEC;
    worker->timer = loop_timer_start(worker->loop, ORPHAN_PASS_NS, 0, on_orphan_pass, worker);
}

/* What it says. */

static void
hear_result(struct worker *worker, const json_t *line)
{
    struct trial_result result;
    if (worker_msg_read_result(line, &result, &worker->log, &worker->metrics,
            &worker->output) < 0) {
        break_off(worker, "the worker's answer has no sense");
        return;
    }
    int index = given_find(worker, result.trial);
    if (index < 0 || worker->given[index].attempt != result.attempt) {
        log_debug("worker %d: result of a trial that it does not have", (int)worker->pid);
        return;
    }
    given_remove(worker, index);
    if (worker->events.result)
        worker->events.result(worker->context, worker, &result);
}

static void
hear_started(struct worker *worker, const json_t *line)
{
    int64_t trial = json_get_int(line, "started", 0);
    if (given_find(worker, trial) >= 0 && worker->events.started)
        worker->events.started(worker->context, worker, trial);
}

/* A limit that a worker was refused is held by nothing from now on. */
static void
hear_returned(struct worker *worker, const json_t *trials)
{
    size_t i;
    json_t *item;
    json_array_foreach (trials, i, item) {
        int64_t trial = json_integer_value(item);
        int index = given_find(worker, trial);
        if (index < 0)
            continue;
        given_remove(worker, index);
        if (worker->events.returned)
            worker->events.returned(worker->context, worker, trial);
    }
}

static void
hear_ready(struct worker *worker, const json_t *line)
{
    if (worker->limits)
        limit_set_refused(worker->limits, json_object_get(line, "refused"));
    if (worker->events.ready)
        worker->events.ready(worker->context, worker);
}

static void
hear_range(struct worker *worker, const json_t *said)
{
    int64_t slot = json_get_int(said, "slot", -1);
    struct warm *warm = worker->warm;
    if (!warm || slot < 0 || slot >= BLOCK_SLOTS || !warm->slot[slot].used ||
        warm->slot[slot].trial != json_get_int(said, "trial", 0)) {
        break_off(worker, "the worker's answer has no sense");
        return;
    }
    warm_look(warm);
    if (worker->events.range_ended)
        worker->events.range_ended(worker->context, worker, (int)slot,
            json_object_get(said, "failures"));
    warm->slot[slot].used = false;
}

static void
hear_warm(struct worker *worker, const json_t *said)
{
    if (!worker->warm || warm_hear(worker->warm, said) < 0)
        break_off(worker, "the worker's answer has no sense");
}

static void
hear_line(struct worker *worker, const char *text, size_t len)
{
    json_t *line = json_parse(text, len, NULL);
    const char *error = json_get_string(line, "error", NULL);
    if (error)
        text_clean(error, worker->text, sizeof worker->text);
    else if (json_object_get(line, "trial"))
        hear_result(worker, line);
    else if (json_object_get(line, "range"))
        hear_range(worker, json_object_get(line, "range"));
    else if (json_object_get(line, "warm"))
        hear_warm(worker, json_object_get(line, "warm"));
    else if (json_object_get(line, "returned"))
        hear_returned(worker, json_object_get(line, "returned"));
    else if (json_object_get(line, "started"))
        hear_started(worker, line);
    else if (json_object_get(line, "ready"))
        hear_ready(worker, line);
    else
        break_off(worker, "the worker's answer is no JSON");
    json_decref(line);
}

static void
hear_lines(struct worker *worker)
{
    size_t at = 0;
    for (const char *end; !worker->broken &&
         (end = memchr(worker->in.data + at, '\n', worker->in.len - at));) {
        size_t len = (size_t)(end - worker->in.data) - at;
        hear_line(worker, worker->in.data + at, len);
        at += len + 1;
    }
    str_consume(&worker->in, worker->broken ? worker->in.len : at);
    if (worker->in.len >= WORKER_LINE_MAX)
        break_off(worker, "the worker's answer is too long");
}

enum heard { HEARD_SOME, HEARD_NOTHING, HEARD_END };

static enum heard
hear(struct worker *worker)
{
    str_reserve(&worker->in, READ_BYTES);
    ssize_t n = recv(worker->fd, worker->in.data + worker->in.len, READ_BYTES, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return HEARD_NOTHING;
    if (n <= 0)
        return HEARD_END;
    worker->in.len += (size_t)n;
    worker->in.data[worker->in.len] = '\0';
    hear_lines(worker);
    return worker->broken ? HEARD_END : HEARD_SOME;
}

/* What it is told. */

static void
flush(struct worker *worker)
{
    while (worker->out.len) {
        ssize_t n = send(worker->fd, worker->out.data, worker->out.len,
            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n > 0)
            str_consume(&worker->out, (size_t)n);
        else if (n < 0 && errno == EAGAIN)
            break;
        else if (n < 0 && errno != EINTR)
            str_clear(&worker->out); /* it is gone: its end will be told */
    }
    if (worker->fd_watch)
        loop_fd_change(worker->fd_watch, LOOP_READ | (worker->out.len ? LOOP_WRITE : 0u));
}

static void
on_socket(void *context, int fd, unsigned events)
{
    struct worker *worker = context;
    (void)fd;
    if (events & LOOP_WRITE)
        flush(worker);
    if (!(events & (LOOP_READ | LOOP_HANGUP)))
        return;
    enum heard heard = HEARD_SOME;
    for (int i = 0; i < READS_PER_TURN && heard == HEARD_SOME; i++)
        heard = hear(worker);
    if (heard == HEARD_END) {
        /* what it may still have to say is read at its exit; a worker that
         * lives on without a connection is of no use */
        loop_fd_stop(worker->fd_watch);
        worker->fd_watch = NULL;
        worker_kill(worker);
    }
}

/* The last answers are read before its end is told. */
static void
on_process(void *context, int fd, unsigned events)
{
    struct worker *worker = context;
    int status = 0;
    (void)fd, (void)events;
    while (!worker->broken && hear(worker) == HEARD_SOME)
        continue;
    if (waitpid(worker->pid, &status, WNOHANG) != worker->pid)
        return;
    child_disclaim(worker->pid);
    cage_reap();
    on_reaped(worker, status);
}

/* Its start. */

/* The run's environment with the mark in front, where it is found first. */
static char **
make_environment(char *const *given, char *mark_entry)
{
    size_t count = 0, out = 0, name_len = strlen(PROCTREE_VARIABLE "=");
    while (given[count])
        count++;
    char **made = malloc((count + 2) * sizeof *made);
    if (!made)
        return NULL;
    made[out++] = mark_entry;
    for (size_t i = 0; i < count; i++)
        if (strncmp(given[i], PROCTREE_VARIABLE "=", name_len) != 0)
            made[out++] = given[i];
    made[out] = NULL;
    return made;
}

static int
spawn(struct worker *worker, const struct worker_options *options, int control)
{
    char entry[CAGE_MARK_MAX + sizeof PROCTREE_VARIABLE + 1];
    char name[] = "optop-worker", *argv[] = { name, NULL };
    snprintf(entry, sizeof entry, PROCTREE_VARIABLE "=%s", worker->mark);
    char **environment = make_environment(options->environment ? options->environment : environ,
        entry);
    int null = environment ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;
    int r = environment ? -errno : -ENOMEM;
    if (null >= 0) {
        const struct child_options child = {
            .path = options->program, .argv = argv, .environment = environment,
            .in = null, .out = null, .err = worker->warm ? worker->warm->error_fd : -1,
            .control = control, .extra = worker->warm ? worker->warm->block_fd
                : worker->capture_fd > 0 ? worker->capture_fd : 0,
            .claimed = true, .fresh = true,
        };
        r = child_spawn(&child, &worker->pid);
        close(null);
    }
    free(environment);
    return r;
}

static int
open_watches(struct worker *worker)
{
    worker->pidfd = pidfd_open(worker->pid, 0);
    int r = worker->pidfd < 0 ? -errno
        : loop_fd_start(worker->loop, worker->pidfd, LOOP_READ, on_process, worker,
              &worker->exit_watch);
    if (r == 0)
        r = loop_fd_start(worker->loop, worker->fd, LOOP_READ, on_socket, worker,
            &worker->fd_watch);
    if (r < 0) {
        kill(worker->pid, SIGKILL);
        waitpid(worker->pid, NULL, 0);
        child_disclaim(worker->pid);
    }
    return r;
}

static void
send_init(struct worker *worker, const struct worker_options *options)
{
    struct cage *cage = options->cage;
    char *joins[CAGE_JOINS_MAX];
    int join_count = 0;
    if (cage) {
        worker->cell = cage_cell_make(cage);
        join_count = cage_joins(cage, &worker->cell, joins);
    }
    if (worker->limits)
        limit_set_cell(worker->limits, cage_cell_memory(&worker->cell));
    const struct worker_init init = {
        .spec = options->spec, .directory = options->directory,
        .cgroups = joins, .cgroup_count = join_count,
        .cage = cage_kind_name(cage ? cage_kind(cage) : CAGE_SUBREAPER),
        .limits = worker->limits, .text = options->text, .threads = options->threads,
        .shelf = options->shelf, .capture = worker->capture_fd >= 0,
    };
    worker_msg_init(&worker->out, &init);
    for (int i = 0; i < join_count; i++)
        free(joins[i]);
    flush(worker);
}

int
worker_start(struct loop *loop, const struct worker_options *options,
    const struct worker_events *events, void *context, struct worker **ret_worker,
    struct diag *diag)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return diag_set(diag, -errno, "cannot start a worker: %s", strerror(errno));
    struct worker *worker = XNEW(struct worker);
    *worker = (struct worker){
        .loop = loop, .events = *events, .context = context, .spec = options->spec,
        .limits = options->limits, .fd = pair[0], .pidfd = -1, .capture_fd = -1, .started_ns = clock_mono_ns(),
    };
    str_init(&worker->in);
    str_init(&worker->out);
    str_init(&worker->log);
    str_init(&worker->metrics);
    str_init(&worker->output);
    str_copy(worker->mark, sizeof worker->mark, options->mark);
    int r = options->text ? warm_new(loop, &worker->warm) : 0;
    if (!options->text)
        capture_create(&worker->capture_fd); /* without it trials go on all the same */
    if (r == 0)
        r = spawn(worker, options, pair[1]);
    close(pair[1]);
    if (worker->warm)
        warm_started(worker->warm);
    if (r == 0)
        r = open_watches(worker);
    if (r < 0) {
        free_worker(worker);
        return diag_set(diag, r, "cannot start %s: %s", options->program, err_text(r));
    }
    send_init(worker, options);
    *ret_worker = worker;
    return 0;
}

/* Orders. */

void
worker_send(struct worker *worker, const struct worker_task *tasks, int count)
{
    size_t line = 0;
    bool open = false;
    for (int i = 0; i < count; i++) {
        if (!open) {
            line = worker->out.len;
            worker_msg_trials_begin(&worker->out);
        }
        worker_msg_trial(&worker->out, worker->spec, tasks[i].trial, tasks[i].attempt,
            tasks[i].values, !open);
        given_add(worker, tasks[i].trial, tasks[i].attempt);
        open = worker->out.len - line < TRIALS_LINE_BYTES;
        if (!open)
            worker_msg_trials_end(&worker->out);
    }
    if (open)
        worker_msg_trials_end(&worker->out);
    flush(worker);
}

void
worker_send_range(struct worker *worker, const struct worker_range_order *order)
{
    warm_fill(worker->warm, order->slot, order->trial, order->count);
    worker_msg_range(&worker->out, order);
    flush(worker);
}

struct warm *
worker_warm(struct worker *worker)
{
    return worker->warm;
}

int
worker_outstanding(const struct worker *worker)
{
    if (worker->warm)
        return warm_used_slots(worker->warm);
    return worker->given_count - worker->given_first;
}

pid_t
worker_pid(const struct worker *worker)
{
    return worker->pid;
}

int64_t
worker_started_ns(const struct worker *worker)
{
    return worker->started_ns;
}

int
worker_output(const struct worker *worker, struct captured *ret_captured)
{
    return worker->capture_fd < 0 ? -ENODATA : capture_read(worker->capture_fd, ret_captured);
}

static bool
is_stopped(const struct worker *worker)
{
    siginfo_t info;
    info.si_pid = 0;
    return waitid(P_PID, (id_t)worker->pid, &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 &&
        info.si_pid == worker->pid;
}

static void
on_cancel_late(void *context)
{
    struct worker *worker = context;
    cage_cell_kill(&worker->cell);
    /* a worker in a cell may not have joined it yet */
    if (worker->cell.directory || is_stopped(worker) || loop_now(worker->loop) >= worker->cancel_until_ns)
        worker_kill(worker);
    else
        loop_timer_change(worker->timer, CANCEL_LOOK_NS, 0);
}

void
worker_cancel(struct worker *worker, double grace_seconds)
{
    if (!worker->exit_watch)
        return; /* it has ended; its orphans are being swept */
    worker_msg_cancel(&worker->out, grace_seconds);
    flush(worker);
    int64_t grace_ns = sec_to_ns(grace_seconds);
    worker->cancel_until_ns = clock_mono_ns() + grace_ns + CANCEL_EXTRA_SECONDS * NS_PER_SEC;
    if (!worker->timer)
        worker->timer = loop_timer_start(worker->loop, grace_ns + CANCEL_LOOK_NS, 0,
            on_cancel_late, worker);
    else
        loop_timer_change(worker->timer, grace_ns + CANCEL_LOOK_NS, 0);
}

void
worker_order(struct worker *worker, enum worker_order order, int64_t trial, double grace_seconds)
{
    static const char *const names[WORKER_ORDER_COUNT] = {
        [WORKER_CANCEL_TRIAL] = "cancel",
        [WORKER_PAUSE_TRIAL] = "pause",
        [WORKER_RESUME_TRIAL] = "resume",
    };
    worker_msg_order(&worker->out, names[order], trial, grace_seconds);
    flush(worker);
}

void
worker_tell_limits(struct worker *worker)
{
    worker_msg_limits(&worker->out, worker->spec);
    flush(worker);
}

void
worker_release_memory(struct worker *worker)
{
    worker_msg_release(&worker->out);
    flush(worker);
}

void
worker_finish(struct worker *worker)
{
    worker_msg_finish(&worker->out);
    flush(worker);
}

void
worker_abandon(struct worker *worker)
{
    child_disclaim(worker->pid);
    free_worker(worker);
}

void
worker_kill(struct worker *worker)
{
    if (worker->exit_watch)
        pidfd_send_signal(worker->pidfd, SIGKILL, NULL, 0);
}
