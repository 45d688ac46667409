/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A hook is over when its process has ended; what it has left behind in its group is
 * ended with it, so that its output ends too.
 */
#include "alert/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/text.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "config/runfile.h"
#include "task/child.h"

struct hook_run {
    struct hook_run *next;
    struct hooks *hooks;
    char **argv; /* owned */
    char **environment; /* owned, with its first `variables` texts */
    int variables;
    char key[96];
    pid_t pid; /* 0: waits */
    int pidfd, out;
    struct loop_fd *end_watch, *out_watch;
    struct loop_timer *timer;
    bool late;
    struct str output;
};

struct hooks {
    struct loop *loop;
    struct hook_run *runs; /* oldest first */
    int count, running;
    double seconds;
};

struct hooks *
hooks_new(struct loop *loop)
{
    struct hooks *hooks = XNEW(struct hooks);
    hooks->loop = loop;
    hooks->seconds = HOOK_SECONDS;
    return hooks;
}

void
hooks_set_time(struct hooks *hooks, double seconds)
{
    hooks->seconds = seconds;
}

int
hooks_busy(const struct hooks *hooks)
{
    return hooks->count;
}

static void
free_run(struct hook_run *run)
{
    loop_fd_stop(run->end_watch);
    loop_fd_stop(run->out_watch);
    loop_timer_stop(run->timer);
    if (run->pidfd >= 0)
        close(run->pidfd);
    if (run->out >= 0)
        close(run->out);
    for (int i = 0; i < run->variables; i++)
        free(run->environment[i]);
    free(run->environment);
    runfile_free_argv(run->argv);
    str_release(&run->output);
    free(run);
}

static void
remove_run(struct hook_run *run)
{
    struct hook_run **link = &run->hooks->runs;
    while (*link != run)
        link = &(*link)->next;
    *link = run->next;
    run->hooks->count--;
    run->hooks->running -= run->pid > 0;
    free_run(run);
}

/* Its group first: while the leader is not reaped nobody else can have the number. */
static int
end_process(struct hook_run *run)
{
    int status = 0;
    kill(-run->pid, SIGKILL);
    while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
        ;
    child_disclaim(run->pid);
    return status;
}

void
hooks_free(struct hooks *hooks)
{
    if (!hooks)
        return;
    while (hooks->runs) {
        if (hooks->runs->pid > 0)
            end_process(hooks->runs);
        remove_run(hooks->runs);
    }
    free(hooks);
}

/* What it has written. */

static void
read_output(struct hook_run *run)
{
    char buf[4096];
    ssize_t n;
    while ((n = read(run->out, buf, sizeof buf)) > 0)
        if (run->output.len < HOOK_OUTPUT_MAX) { /* the rest is read, and dropped */
            size_t room = HOOK_OUTPUT_MAX - run->output.len;
            str_append(&run->output, buf, (size_t)n < room ? (size_t)n : room);
        }
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
        loop_fd_stop(run->out_watch);
        run->out_watch = NULL;
    }
}

static void
log_output(const struct hook_run *run)
{
    const char *line = run->output.data;
    size_t left = run->output.len;
    while (left > 0) {
        const char *end = memchr(line, '\n', left);
        size_t len = end ? (size_t)(end - line) : left;
        char raw[512], clean[512];
        snprintf(raw, sizeof raw, "%.*s", (int)(len < 400 ? len : 400), line);
        if (len)
            log_info("hook of %s: %s", run->key, text_clean(raw, clean, sizeof clean));
        line += len + (end != NULL);
        left -= len + (end != NULL);
    }
}

static void
on_output(void *context, int fd, unsigned events)
{
    (void)fd, (void)events;
    read_output(context);
}

static void start_waiting(struct hooks *hooks);

static void
on_end(void *context, int fd, unsigned events)
{
    struct hook_run *run = context;
    struct hooks *hooks = run->hooks;
    char text[64];
    (void)fd, (void)events;
    int status = end_process(run);
    if (run->out_watch)
        read_output(run);
    log_output(run);
    if (run->late)
        log_error("hook of %s: ended after %g s", run->key, hooks->seconds);
    else if (status)
        log_error("hook of %s: %s", run->key, child_status_text(status, text, sizeof text));
    remove_run(run);
    child_reap_adopted(); /* its descendants, which may be ours now */
    start_waiting(hooks);
}

static void
on_time(void *context)
{
    struct hook_run *run = context;
    run->late = true;
    kill(-run->pid, SIGKILL);
}

/* Starting. */

static int
spawn(struct hook_run *run)
{
    char path[PATH_MAX];
    int pipes[2];
    int r = child_find_program(run->argv[0], getenv("PATH"), path, sizeof path);
    if (r < 0)
        return r;
    if (pipe2(pipes, O_CLOEXEC) < 0)
        return -errno;
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    const struct child_options options = { .path = path, .argv = run->argv,
        .environment = run->environment, .in = null, .out = pipes[1], .err = pipes[1],
        .control = -1, .fresh = true, .claimed = true };
    r = null < 0 ? -errno : child_spawn(&options, &run->pid);
    if (null >= 0)
        close(null);
    close(pipes[1]);
    run->out = pipes[0];
    if (r < 0) {
        run->pid = 0;
        return r;
    }
    run->hooks->running++;
    fcntl(run->out, F_SETFL, O_NONBLOCK);
    run->pidfd = pidfd_open(run->pid, 0);
    r = run->pidfd < 0 ? -errno
        : loop_fd_start(run->hooks->loop, run->pidfd, LOOP_READ, on_end, run, &run->end_watch);
    if (r == 0)
        r = loop_fd_start(run->hooks->loop, run->out, LOOP_READ, on_output, run, &run->out_watch);
    if (r < 0) {
        end_process(run);
        return r;
    }
    run->timer = loop_timer_start(run->hooks->loop, sec_to_ns(run->hooks->seconds), 0, on_time, run);
    return 0;
}

static void
start_waiting(struct hooks *hooks)
{
    for (struct hook_run *run = hooks->runs, *next; run; run = next) {
        next = run->next;
        if (run->pid || hooks->running >= HOOKS_RUNNING_MAX)
            continue;
        int r = spawn(run);
        if (r < 0) {
            log_error("hook of %s: %s: %s", run->key, run->argv[0], err_text(r));
            remove_run(run);
        }
    }
}

static const char *
number_text(double value, char *buf, size_t size)
{
    return value - value == 0 ? unit_format_number(value, buf, size) : "";
}

/* The variables, then ours without what has their names. */
static char **
make_environment(const struct hook_start *start)
{
    extern char **environ;
    char clean[512];
    int count = 0;
    while (environ[count])
        count++;
    char **all = xcalloc((size_t)(start->count + count + 1), sizeof *all);
    for (int i = 0; i < start->count; i++) {
        const char *value = start->variable[i].value;
        all[i] = xasprintf("%s%s=%s", start->prefix, start->variable[i].name,
            text_clean(value ? value : "", clean, sizeof clean));
    }
    for (int i = 0, at = start->count; i < count; i++)
        if (!str_starts(environ[i], start->prefix))
            all[at++] = environ[i];
    return all;
}

/* The words of a command whose program is there. */
static int
read_command(const struct hook_start *start, char ***ret_argv)
{
    char path[PATH_MAX];
    struct diag diag = { 0 };
    int r = runfile_split_command(start->command, ret_argv, &diag);
    if (r < 0) {
        log_error("hook of %s: %s", start->about, diag.text);
        return r;
    }
    const char *program = (*ret_argv)[0];
    r = program ? child_find_program(program, getenv("PATH"), path, sizeof path) : -ENOENT;
    if (r == 0)
        return 0;
    log_error("hook of %s: %s: %s", start->about, program ? program : "", err_text(r));
    runfile_free_argv(*ret_argv);
    return r;
}

int
hooks_start(struct hooks *hooks, const struct hook_start *start)
{
    char **argv;
    if (hooks->count >= HOOKS_RUNNING_MAX + HOOKS_WAITING_MAX) {
        log_error("hook of %s: not started, %d wait already", start->about, HOOKS_WAITING_MAX);
        return -EAGAIN;
    }
    int r = read_command(start, &argv);
    if (r < 0)
        return r;
    struct hook_run *run = XNEW(struct hook_run), **link = &hooks->runs;
    run->hooks = hooks;
    run->argv = argv;
    run->environment = make_environment(start);
    run->variables = start->count;
    run->pidfd = run->out = -1;
    text_clean(start->about, run->key, sizeof run->key);
    str_init(&run->output);
    while (*link)
        link = &(*link)->next;
    *link = run;
    hooks->count++;
    start_waiting(hooks);
    return 0;
}

void
hooks_run(struct hooks *hooks, const char *command, const struct store_notice *notice)
{
    char value[40], level[40], sequence[16], time[40];
    snprintf(sequence, sizeof sequence, "%u", notice->sequence);
    const struct hook_variable variable[] = {
        { "TYPE", notice->type }, { "KEY", notice->key }, { "STATE", notice->state },
        { "VALUE", number_text(notice->value, value, sizeof value) },
        { "LEVEL", number_text(notice->level, level, sizeof level) },
        { "UNIT", notice->unit }, { "TEXT", notice->text }, { "LABELS", notice->labels },
        { "SEQUENCE", sequence },
        { "TIME", clock_format_utc(notice->wall_ns, time, sizeof time) },
    };
    hooks_start(hooks, &(struct hook_start){ .command = command, .about = notice->key,
        .prefix = "OPTOP_ALERT_", .variable = variable,
        .count = sizeof variable / sizeof *variable });
}
