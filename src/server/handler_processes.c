/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The methods about processes. They are read while somebody asks, not more often
 * than twice a second, and a client that says what it knows gets what has
 * changed since. Nobody has asked for a while: all of it is forgotten, and costs
 * nothing.
 */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/procact.h"
#include "io/procmore.h"
#include "sample/proctable.h"
#include "server/call.h"

enum {
    FRESH_MS = 450, /* what is younger is not read again */
    FORGET_SECONDS = 15,
    FIGURES_MAX = 256, /* processes that may be asked about at once */
    ANSWER_ENOUGH = 700 * 1024, /* bytes: the rest waits for the next request */
};

static void
mark_worker(void *context, const struct runner_worker *worker)
{
    struct server *server = context;
    struct procrow *process = proctable_find(server->processes, worker->pid);
    if (!process)
        return;
    if (process->run != worker->run || process->trial != worker->trial)
        proctable_touch(server->processes, process);
    process->run = worker->run;
    process->trial = worker->trial;
}

/* What a worker has started belongs to its run and trial. Parents mostly have
 * smaller pids, so that one look at the parent is enough for nearly all. */
static void
mark_children(struct proctable *list)
{
    for (int i = 0; i < proctable_count(list); i++) {
        struct procrow *process = proctable_at(list, i);
        const struct procrow *above = process->parent > 1 ? proctable_find(list, process->parent) : NULL;
        if (!above || above->run == 0)
            continue;
        if (process->run == above->run && process->trial == above->trial)
            continue;
        process->run = above->run;
        process->trial = above->trial;
        proctable_touch(list, process);
    }
}

/* What has left the tree of its worker is known by its mark. That costs a look at the
 * environment: one, when it is new, and only of the server's own user's, outside of all
 * trees, while there are runs. */
static bool
mark_strays(struct server *server)
{
    struct proctable *list = server->processes;
    bool found = false;
    for (int i = 0; i < proctable_count(list); i++) {
        struct procrow *process = proctable_at(list, i);
        if (process->run || process->named != proctable_takes(list) || process->uid != geteuid() || !*process->command)
            continue;
        process->run = runner_run_of(server->runner, process->pid);
        if (process->run)
            proctable_touch(list, process);
        found = found || process->run;
    }
    return found;
}

static int
take(struct server *server, int64_t now)
{
    if (!server->processes)
        server->processes = proctable_new("/proc");
    bool first = !proctable_takes(server->processes);
    if (!first && now - proctable_taken_ns(server->processes) < FRESH_MS * NS_PER_MS)
        return 0;
    int r = proctable_take(server->processes, now);
    if (r < 0)
        return r;
    runner_each_worker(server->runner, mark_worker, server);
    if (!runner_first(server->runner))
        return 0;
    mark_children(server->processes);
    if (mark_strays(server))
        mark_children(server->processes);
    return 0;
}

/* Unknown ones are left out; none known: neither is the sum. */
static void
add_known(double *sum, double value)
{
    if (!isnan(value))
        *sum = isnan(*sum) ? value : *sum + value;
}

int
processes_use(struct server *server, int64_t run, struct processes_use *ret_use)
{
    struct processes_use use = { 0, NAN, NAN, NAN, NAN };
    int64_t now = clock_mono_ns();
    server->processes_asked_ns = now;
    int r = take(server, now);
    if (r < 0)
        return r;
    for (int i = 0; i < proctable_count(server->processes); i++) {
        const struct procrow *process = proctable_at(server->processes, i);
        if (process->run != run)
            continue;
        use.processes++;
        add_known(&use.cpu_pct, process->cpu_pct);
        add_known(&use.rss_bytes, (double)process->rss_bytes);
        add_known(&use.read_bytes, process->read_bytes);
        add_known(&use.write_bytes, process->write_bytes);
    }
    *ret_use = use;
    return 0;
}

void
proctable_tick(struct server *server, int64_t now)
{
    if (!server->processes || now - server->processes_asked_ns < FORGET_SECONDS * NS_PER_SEC)
        return;
    proctable_free(server->processes);
    server->processes = NULL;
}

/* The order of these is that of `columns'; names come with processes that the
 * client does not know yet. */
static void
write_process(struct json_writer *w, const struct procrow *p, bool named)
{
    jw_array(w, NULL);
    jw_int(w, NULL, p->pid);
    jw_int(w, NULL, p->parent);
    jw_stringn(w, NULL, &p->state, 1);
    jw_int(w, NULL, p->nice);
    jw_int(w, NULL, p->threads);
    jw_figure(w, NULL, p->cpu_pct);
    jw_figure(w, NULL, p->cpu_seconds);
    jw_int(w, NULL, p->rss_bytes);
    jw_figure(w, NULL, p->read_bytes);
    jw_figure(w, NULL, p->write_bytes);
    jw_int(w, NULL, p->run);
    jw_int(w, NULL, p->trial);
    if (named) {
        jw_int(w, NULL, (int64_t)p->start);
        jw_int(w, NULL, (int64_t)p->uid);
        jw_string(w, NULL, p->name);
        jw_string(w, NULL, p->command);
    }
    jw_end(w);
}

static void
write_columns(struct json_writer *w)
{
    static const char *const columns[] = { "pid", "parent", "state", "nice", "threads", "cpu_pct",
        "cpu_seconds", "rss_bytes", "read_bytes", "write_bytes", "run", "trial", "start", "uid", "name",
        "command" };
    jw_array(w, "columns");
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++)
        jw_string(w, NULL, columns[i]);
    jw_end(w);
}

static void
write_gone(void *context, int pid)
{
    jw_int(context, NULL, pid);
}

static void
nothing(void *context, int pid)
{
    (void)context, (void)pid;
}

int
handle_processes(struct call *call)
{
    struct server *server = call->server;
    struct json_writer *w = call->w;
    int64_t now = clock_mono_ns(), more = 0;
    uint64_t since = (uint64_t)json_get_int(call->params, "since", 0);
    int64_t after = json_get_int(call->params, "after", 0);
    server->processes_asked_ns = now;
    int r = after ? 0 : take(server, now);
    if (r < 0)
        return diag_set(call->diag, r, "/proc: %s", err_text(r));
    if (!server->processes)
        return diag_set(call->diag, JSONRPC_PARAMS, "after: nothing is under way");
    struct proctable *list = server->processes;
    bool full = !since || since > proctable_takes(list) || !proctable_gone(list, since, nothing, NULL);
    since = full ? 0 : since;
    jw_int(w, "take", (int64_t)proctable_takes(list));
    jw_bool(w, "full", full);
    if (full)
        write_columns(w);
    jw_array(w, "gone");
    if (!full && !after)
        proctable_gone(list, since, write_gone, w);
    jw_end(w);
    jw_array(w, "processes");
    for (int i = 0; i < proctable_count(list) && !more; i++) {
        const struct procrow *process = proctable_at(list, i);
        if (process->pid <= after || process->changed <= since)
            continue;
        write_process(w, process, process->named > since);
        more = w->out->len > ANSWER_ENOUGH ? process->pid : 0;
    }
    jw_end(w);
    if (more)
        jw_int(w, "more", more);
    return 0;
}

/* A process that a request names by pid and start. */
static int
find_process(struct call *call, int *ret_pid, uint64_t *ret_start)
{
    int64_t pid = json_get_int(call->params, "pid", 0), start = json_get_int(call->params, "start", -1);
    if (pid <= 0 || pid > INT32_MAX)
        return call_need(call, "pid");
    if (start < 0)
        return call_need(call, "start");
    *ret_pid = (int)pid;
    *ret_start = (uint64_t)start;
    return 0;
}

static int
tell_failure(struct call *call, int r, int pid)
{
    if (r == -ESRCH)
        return diag_set(call->diag, ERR_NOT_FOUND, "process %d has ended", pid);
    if (r == -EPERM || r == -EACCES)
        return diag_set(call->diag, ERR_DENIED, "process %d: not permitted (it is another user's, or it takes root)", pid);
    return diag_set(call->diag, r, "process %d: %s", pid, err_text(r));
}

int
handle_process_show(struct call *call)
{
    int pid;
    uint64_t start;
    int r = find_process(call, &pid, &start);
    if (r < 0)
        return r;
    jw_int(call->w, "pid", pid);
    jw_int(call->w, "start", (int64_t)start);
    r = procact_write(pid, start, call->w);
    return r < 0 ? tell_failure(call, r, pid) : 0;
}

static void
write_more(struct json_writer *w, const json_t *process, unsigned what)
{
    double figure[PROCMORE_COUNT];
    json_int_t pid = json_integer_value(json_array_get(process, 0)), start = json_integer_value(json_array_get(process, 1));
    if (pid <= 0 || pid > INT32_MAX || procmore_read((int)pid, (uint64_t)start, what, figure) < 0)
        return;
    jw_array(w, NULL);
    jw_int(w, NULL, pid);
    jw_int(w, NULL, start);
    jw_seconds(w, NULL, ns_to_sec(clock_mono_ns()));
    for (int i = 0; i < PROCMORE_COUNT; i++)
        jw_figure(w, NULL, figure[i]);
    jw_end(w);
}

/* What is dear is read of those alone that are asked for: who looks at a list
 * asks for the rows that he sees. */
int
handle_process_figures(struct call *call)
{
    const json_t *processes = json_object_get(call->params, "processes"), *value;
    unsigned what = 0;
    size_t i;
    json_array_foreach(json_object_get(call->params, "figures"), i, value)
    {
        int figure = json_is_string(value) ? procmore_find(json_string_value(value)) : -1;
        if (figure < 0)
            return diag_set(call->diag, JSONRPC_PARAMS, "figures: there is none of that name");
        what |= 1u << figure;
    }
    if (!json_is_array(processes) || json_array_size(processes) > FIGURES_MAX)
        return diag_set(call->diag, JSONRPC_PARAMS, "processes: a list of [pid, start], %d at most", FIGURES_MAX);
    jw_array(call->w, "processes");
    json_array_foreach(processes, i, value)
        write_more(call->w, value, what);
    jw_end(call->w);
    return 0;
}

int
handle_process_signal(struct call *call)
{
    int pid, signal_number = procact_signal_number(json_get_string(call->params, "signal", ""));
    uint64_t start;
    int r = find_process(call, &pid, &start);
    if (r < 0)
        return r;
    if (signal_number < 0)
        return diag_set(call->diag, JSONRPC_PARAMS, "signal: TERM, KILL, STOP, ... or a number");
    r = procact_signal(pid, start, signal_number);
    return r < 0 ? tell_failure(call, r, pid) : 0;
}

int
handle_process_renice(struct call *call)
{
    int pid;
    uint64_t start;
    int64_t nice = json_get_int(call->params, "nice", 100);
    int r = find_process(call, &pid, &start);
    if (r < 0)
        return r;
    if (nice < -20 || nice > 19)
        return diag_set(call->diag, JSONRPC_PARAMS, "nice: a whole number from -20 to 19");
    r = procact_renice(pid, start, (int)nice);
    if (call->server->processes)
        proctable_look(call->server->processes, pid);
    return r < 0 ? tell_failure(call, r, pid) : 0;
}

int
handle_process_affinity(struct call *call)
{
    int pid;
    uint64_t start;
    const char *cpus = json_get_string(call->params, "cpus", "");
    int r = find_process(call, &pid, &start);
    if (r < 0)
        return r;
    r = procact_affinity(pid, start, cpus);
    if (r == -EINVAL)
        return diag_set(call->diag, JSONRPC_PARAMS, "cpus: a list like 0-3,6 of processors that there are");
    return r < 0 ? tell_failure(call, r, pid) : 0;
}

int
handle_process_io_priority(struct call *call)
{
    int pid;
    uint64_t start;
    const char *priority = json_get_string(call->params, "io_priority", "");
    int r = find_process(call, &pid, &start);
    if (r < 0)
        return r;
    r = procact_io_priority(pid, start, priority);
    if (r == -EINVAL)
        return diag_set(call->diag, JSONRPC_PARAMS, "io_priority: none, idle, best-effort/0 to 7 or realtime/0 to 7");
    return r < 0 ? tell_failure(call, r, pid) : 0;
}
