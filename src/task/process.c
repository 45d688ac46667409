/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "task/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "task/call_wire.h"
#include "task/child.h"
#include "task/executor_private.h"

enum {
    LOOK_MS = 20, /* between two looks at whether the task was cancelled */
    END_MS = 1000, /* for a process that has closed its socket: it is about to end */
    LEAST_FD = 10, /* clear of the numbers they become in the process */
};

struct process {
    pid_t pid; /* 0: none */
    int fd, pidfd; /* valid with pid */
    int calls; /* that it was given */
};

struct processes {
    char *path; /* owned, as is argv */
    char **argv;
    int calls_max, count;
    _Atomic uint64_t running, started, died, killed;
    struct process process[]; /* each its thread's */
};

/* Start. */

static int
high_copy(int fd)
{
    return fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, LEAST_FD);
}

static int
spawn(struct processes *processes, struct process *process, int theirs)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC), in = high_copy(null);
    int control = in < 0 ? -1 : high_copy(theirs);
    int r = control < 0 ? -errno : 0;
    if (r == 0)
        r = child_spawn(&(struct child_options){ .path = processes->path, .argv = processes->argv,
            .environment = environ, .in = in, .out = in, .err = -1, .control = control,
            .claimed = true, .fresh = true }, &process->pid);
    if (null >= 0)
        close(null);
    if (in >= 0)
        close(in);
    if (control >= 0)
        close(control);
    return r;
}

static int
start(struct processes *processes, struct process *process)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    int r = spawn(processes, process, pair[1]);
    close(pair[1]);
    if (r < 0) {
        close(pair[0]);
        process->pid = 0;
        return r;
    }
    process->fd = pair[0];
    process->pidfd = pidfd_open(process->pid, 0);
    process->calls = 0;
    atomic_fetch_add_explicit(&processes->running, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&processes->started, 1, memory_order_relaxed);
    return 0;
}

/* End. */

/* With all that it has started, unless that has left its session; how it ended,
 * when it did so by itself. */
static int
bury(struct processes *processes, struct process *process, bool by_itself)
{
    struct pollfd ended = { .fd = process->pidfd, .events = POLLIN };
    int status = 0;
    while (by_itself && poll(&ended, 1, END_MS) < 0 && errno == EINTR)
        continue;
    kill(-process->pid, SIGKILL);
    while (waitpid(process->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    child_disclaim(process->pid);
    close(process->fd);
    if (process->pidfd >= 0)
        close(process->pidfd);
    process->pid = 0;
    atomic_fetch_sub_explicit(&processes->running, 1, memory_order_relaxed);
    return status;
}

/* Calls. */

/* Its end is seen even when a process that it has started holds its socket. */
static int
wait_for(const struct process *process, short events, int64_t until_ns)
{
    struct pollfd fds[] = { { .fd = process->fd, .events = events },
        { .fd = process->pidfd, .events = POLLIN } };
    for (;;) {
        int64_t left_ms = until_ns < 0 ? LOOK_MS
            : (until_ns - executor_now() + NS_PER_MS - 1) / NS_PER_MS;
        if (optop_cancelled())
            return -ECANCELED;
        if (left_ms <= 0)
            return -ETIMEDOUT;
        int n = poll(fds, 2, left_ms < LOOK_MS ? (int)left_ms : LOOK_MS);
        if (n > 0)
            return fds[0].revents ? 0 : -EPIPE;
        if (n < 0 && errno != EINTR)
            return -errno;
    }
}

static int
give(const struct process *process, const void *bytes, size_t size, int64_t until_ns)
{
    int r = 0;
    for (size_t at = 0; at < size && r == 0;) {
        ssize_t n = send(process->fd, (const char *)bytes + at, size - at,
            MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n >= 0)
            at += (size_t)n;
        else if (errno == EAGAIN)
            r = wait_for(process, POLLOUT, until_ns);
        else if (errno != EINTR)
            r = -EPIPE;
    }
    return r;
}

static int
take(const struct process *process, void *bytes, size_t size, int64_t until_ns)
{
    int r = 0;
    for (size_t at = 0; at < size && r == 0;) {
        ssize_t n = recv(process->fd, (char *)bytes + at, size - at, MSG_DONTWAIT);
        if (n > 0)
            at += (size_t)n;
        else if (n < 0 && errno == EAGAIN)
            r = wait_for(process, POLLIN, until_ns);
        else if (n == 0 || errno != EINTR)
            r = -EPIPE;
    }
    return r;
}

static int
take_reply(const struct process *process, struct optop_reply *reply, int64_t until_ns,
    int *ret_result)
{
    struct reply_head head;
    int r = take(process, &head, sizeof head, until_ns);
    if (r < 0)
        return r;
    if (head.magic != CALL_MAGIC || head.fault_len >= sizeof reply->fault ||
        head.size > OPTOP_CALL_BYTES_MAX)
        return -EPROTO;
    r = take(process, reply->fault, head.fault_len, until_ns);
    reply->fault[head.fault_len] = '\0';
    if (r < 0 || !head.size) {
        *ret_result = head.result;
        return r;
    }
    reply->bytes = malloc(head.size);
    if (!reply->bytes)
        return -ENOMEM;
    r = take(process, reply->bytes, head.size, until_ns);
    reply->size = head.size;
    *ret_result = head.result;
    return r;
}

static int
exchange(const struct process *process, struct optop_call *call, size_t name_len, int *ret_result)
{
    const struct call_head head = { CALL_MAGIC, (uint32_t)name_len, call->size };
    int64_t until = call->timeout_ns ? executor_deadline(call->timeout_ns) : -1;
    int r = give(process, &head, sizeof head, until);
    if (r == 0)
        r = give(process, call->function, name_len, until);
    if (r == 0)
        r = give(process, call->argument, call->size, until);
    return r < 0 ? r : take_reply(process, &call->reply, until, ret_result);
}

static bool
has_ended(const struct process *process)
{
    char byte;
    return recv(process->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0; /* or says what nobody asked */
}

static void
fail(struct processes *processes, struct process *process, struct optop_call *call, int r)
{
    bool by_itself = r == -EPIPE;
    char text[64];
    int status = bury(processes, process, by_itself);
    atomic_fetch_add_explicit(by_itself ? &processes->died : &processes->killed, 1,
        memory_order_relaxed);
    free(call->reply.bytes);
    call->reply = (struct optop_reply){ 0 };
    if (by_itself)
        snprintf(call->reply.fault, sizeof call->reply.fault, "%s",
            child_status_text(status, text, sizeof text));
    else if (r == -ETIMEDOUT)
        snprintf(call->reply.fault, sizeof call->reply.fault, "not over after %g s",
            (double)call->timeout_ns / 1e9);
}

int
processes_call(struct processes *processes, int number, struct optop_call *call)
{
    struct process *process = &processes->process[number];
    size_t name_len = strlen(call->function);
    int result = 0;
    call->reply = (struct optop_reply){ 0 };
    if (name_len >= OPTOP_FUNCTION_NAME_MAX || call->size > OPTOP_CALL_BYTES_MAX)
        return -EMSGSIZE;
    if (process->pid && has_ended(process)) { /* between two calls: nobody's fault */
        bury(processes, process, true);
        atomic_fetch_add_explicit(&processes->died, 1, memory_order_relaxed);
    }
    int r = process->pid ? 0 : start(processes, process);
    if (r < 0)
        return r;
    process->calls++;
    r = exchange(process, call, name_len, &result);
    if (r < 0)
        fail(processes, process, call, r);
    else if (processes->calls_max && process->calls >= processes->calls_max)
        bury(processes, process, false); /* what it leaves behind must not last either */
    return r < 0 ? r : result;
}

void
processes_figures(const struct processes *processes, struct process_figures *ret_figures)
{
    ret_figures->running = atomic_load_explicit(&processes->running, memory_order_relaxed);
    ret_figures->started = atomic_load_explicit(&processes->started, memory_order_relaxed);
    ret_figures->died = atomic_load_explicit(&processes->died, memory_order_relaxed);
    ret_figures->killed = atomic_load_explicit(&processes->killed, memory_order_relaxed);
}

/* Life. */

static char **
copy_argv(const char *const *argv)
{
    size_t count = 0;
    while (argv[count])
        count++;
    char **copy = calloc(count + 1, sizeof *copy);
    for (size_t i = 0; copy && i < count; i++)
        if (!(copy[i] = strdup(argv[i]))) {
            while (i)
                free(copy[--i]);
            free(copy);
            return NULL;
        }
    return copy;
}

int
processes_new(const struct optop_process_options *options, int count,
    struct processes **ret_processes)
{
    struct processes *processes =
        calloc(1, sizeof *processes + (size_t)count * sizeof *processes->process);
    if (!processes)
        return -ENOMEM;
    processes->calls_max = options->calls;
    processes->count = count;
    processes->path = strdup(options->path);
    processes->argv = copy_argv(options->argv);
    if (!processes->path || !processes->argv) {
        processes_free(processes);
        return -ENOMEM;
    }
    *ret_processes = processes;
    return 0;
}

void
processes_free(struct processes *processes)
{
    if (!processes)
        return;
    for (int i = 0; i < processes->count; i++)
        if (processes->process[i].pid)
            bury(processes, &processes->process[i], false);
    for (char **argv = processes->argv; argv && *argv; argv++)
        free(*argv);
    free(processes->argv);
    free(processes->path);
    free(processes);
}
