/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "objective/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "task/child.h"
#include "io/proctree.h"
#include "model/trial.h"

enum {
    LEAST_FD = 10, /* clear of the numbers they become in the program */
    ERROR_READ = 4096,
    ERROR_READS = 16, /* at a time: a flood of it keeps nobody waiting */
    ERROR_READS_AT_END = 256, /* more than a pipe holds */
    SWEEP_MS = 5000,
    SWEEP_PAUSE_MS = 2,
    KILLED_MS = 10000, /* for a process that is killed to be gone */
};

void
program_init(struct program *program, struct programs *all)
{
    memset(program, 0, sizeof *program);
    program->all = all;
    program->pidfd = program->in_fd = program->out_fd = program->err_fd = -1;
    str_init(&program->out);
    str_init(&program->log);
}

static void
close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void
close_all(struct program *program)
{
    close_fd(&program->pidfd);
    close_fd(&program->in_fd);
    close_fd(&program->out_fd);
    close_fd(&program->err_fd);
}

void
program_release(struct program *program)
{
    close_all(program);
    str_release(&program->out);
    str_release(&program->log);
    free(program->heard);
    program->heard = NULL;
}

/* Starting. */

/* A pipe of which this process keeps one end, which does not wait. */
static int
open_pipe(int *ret_ours, int *ret_theirs, bool we_write)
{
    int pair[2];
    if (pipe2(pair, O_CLOEXEC) < 0)
        return -errno;
    *ret_ours = pair[we_write];
    fcntl(*ret_ours, F_SETFL, O_NONBLOCK);
    *ret_theirs = fcntl(pair[!we_write], F_DUPFD_CLOEXEC, LEAST_FD);
    int r = *ret_theirs < 0 ? -errno : 0;
    close(pair[!we_write]);
    return r;
}

static int
spawn(struct program *program, const struct child_options *options)
{
    struct programs *all = program->all;
    pthread_mutex_lock(&all->lock);
    int r = child_spawn(options, &program->pid);
    pthread_mutex_unlock(&all->lock);
    if (r < 0)
        program->pid = 0;
    else
        program->pidfd = pidfd_open(program->pid, 0);
    return r;
}

int
program_start(struct program *program)
{
    int in = -1, out = -1, err = -1;
    if (!program->heard)
        program->heard = malloc(PROGRAM_HEARD_MAX + 1);
    int r = program->heard ? 0 : -ENOMEM;
    if (r == 0)
        r = open_pipe(&program->in_fd, &in, true);
    if (r == 0)
        r = open_pipe(&program->out_fd, &out, false);
    if (r == 0)
        r = open_pipe(&program->err_fd, &err, false);
    if (r == 0) {
        const struct child_options options = { .path = program->all->path,
            .argv = program->all->argv, .environment = program->all->environment, .in = in,
            .out = out, .err = err, .control = -1, .claimed = true };
        r = spawn(program, &options);
    }
    close_fd(&in);
    close_fd(&out);
    close_fd(&err);
    if (r < 0)
        close_all(program);
    str_clear(&program->out);
    program->said = program->first = program->last = 0;
    program->silent = false;
    program->deaf_ns = 0;
    return r;
}

/* Saying. */

void
program_say(struct program *program)
{
    struct str *out = &program->out;
    while (program->said < out->len && program->in_fd >= 0) {
        ssize_t n = write(program->in_fd, out->data + program->said, out->len - program->said);
        if (n > 0)
            program->said += (size_t)n;
        else if (n < 0 && errno == EAGAIN)
            return;
        else if (n < 0 && errno != EINTR) {
            close_fd(&program->in_fd);
            program->deaf_ns = clock_mono_ns();
        }
    }
    str_clear(out);
    program->said = 0;
}

/* Hearing. */

/* True when there may be more. */
static bool
read_error(struct program *program)
{
    char piece[ERROR_READ];
    if (program->err_fd < 0)
        return false;
    ssize_t n = read(program->err_fd, piece, sizeof piece);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        close_fd(&program->err_fd);
    if (n <= 0)
        return false;
    str_append(&program->log, piece, (size_t)n);
    if (program->log.len > 2 * TRIAL_LOG_MAX)
        str_consume(&program->log, program->log.len - TRIAL_LOG_MAX);
    return true;
}

void
program_listen(struct program *program)
{
    for (int i = 0; i < ERROR_READS && read_error(program); i++)
        continue;
}

int
program_wait(struct program *program, int64_t deadline_ns)
{
    enum { OUT, STOP, ERR, IN, END, COUNT };
    for (;;) {
        bool unsaid = program->said < program->out.len;
        struct pollfd fd[COUNT] = {
            [OUT] = { .fd = program->out_fd, .events = POLLIN },
            [STOP] = { .fd = program->all->stop_fd, .events = POLLIN },
            [ERR] = { .fd = program->err_fd, .events = POLLIN },
            [IN] = { .fd = unsaid ? program->in_fd : -1, .events = POLLOUT },
            [END] = { .fd = program->pidfd, .events = POLLIN },
        };
        int64_t left = deadline_ns ? deadline_ns - clock_mono_ns() : 0;
        left = left > 0 ? left : 0;
        struct timespec timeout = { left / NS_PER_SEC, left % NS_PER_SEC };
        int count = ppoll(fd, COUNT, deadline_ns ? &timeout : NULL, NULL);
        if (count > 0 && fd[IN].revents)
            program_say(program);
        if (count > 0 && fd[ERR].revents)
            program_listen(program);
        if (count > 0 && (fd[OUT].revents || fd[STOP].revents))
            return (fd[OUT].revents ? PROGRAM_HEARD : 0) | (fd[STOP].revents ? PROGRAM_STOPPED : 0);
        if (count > 0 && fd[END].revents) {
            /* whoever else may still hold its output; its own last words count */
            program->silent = poll(&fd[OUT], 1, 0) <= 0;
            return PROGRAM_HEARD;
        }
        if (deadline_ns && (!left || count == 0))
            return PROGRAM_LATE;
        if (program->deaf_ns)
            return PROGRAM_DEAF;
    }
}

bool
program_hear(struct program *program)
{
    if (program->first == program->last) {
        program->first = program->last = 0;
    } else if (program->last == PROGRAM_HEARD_MAX) {
        memmove(program->heard, program->heard + program->first, program->last - program->first);
        program->last -= program->first;
        program->first = 0;
    }
    size_t room = PROGRAM_HEARD_MAX - program->last;
    if (program->silent)
        return false;
    ssize_t n = room ? read(program->out_fd, program->heard + program->last, room) : 1;
    if (n > 0 && room)
        program->last += (size_t)n;
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        program->silent = true;
    return !program->silent;
}

const char *
program_line(struct program *program, size_t *ret_len)
{
    const char *start = program->heard + program->first;
    const char *end = memchr(start, '\n', program->last - program->first);
    if (!end)
        return NULL;
    *ret_len = (size_t)(end - start);
    program->first += *ret_len + 1;
    return start;
}

bool
program_rambles(const struct program *program)
{
    return program->last - program->first >= PROGRAM_LINE_MAX;
}

/* Ending. */

void
program_terminate(struct program *program)
{
    if (program->pid)
        kill(-program->pid, SIGTERM); /* it is not reaped: the number is its own */
}

void
program_hang_up(struct program *program)
{
    close_fd(&program->in_fd);
}

/* True when it has ended (and waits to be reaped). What it says meanwhile is
 * thrown away, so that a full pipe does not hold it. */
static bool
await_end(struct program *program, int64_t until_ns)
{
    siginfo_t info;
    for (;;) {
        info.si_pid = 0;
        if (waitid(P_PID, (id_t)program->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
            return errno == ECHILD;
        int64_t left = until_ns - clock_mono_ns();
        if (info.si_pid || left <= 0)
            return info.si_pid != 0;
        struct pollfd fd[] = { { .fd = program->pidfd, .events = POLLIN },
            { .fd = program->silent ? -1 : program->out_fd, .events = POLLIN },
            { .fd = program->err_fd, .events = POLLIN } };
        int64_t pause = program->pidfd < 0 ? SWEEP_PAUSE_MS * NS_PER_MS : left;
        struct timespec timeout = { pause / NS_PER_SEC, pause % NS_PER_SEC };
        if (ppoll(fd, 3, &timeout, NULL) <= 0)
            continue;
        if (fd[2].revents)
            read_error(program);
        program->first = program->last = 0;
        if (fd[1].revents)
            program_hear(program);
    }
}

void
programs_reap(struct programs *all)
{
    siginfo_t info = { .si_pid = 0 };
    if (!all->adopts || waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || !info.si_pid)
        return;
    pthread_mutex_lock(&all->lock);
    child_reap_adopted();
    pthread_mutex_unlock(&all->lock);
}

void
programs_sweep(struct programs *all)
{
    static const struct proctree_target adopted = { .aim = PROCTREE_ADOPTED };
    int64_t until = clock_mono_ns() + SWEEP_MS * NS_PER_MS;
    if (!all->adopts)
        return;
    for (int left = 1; left > 0 && clock_mono_ns() < until;) {
        pthread_mutex_lock(&all->lock);
        left = proctree_signal(&adopted, SIGKILL);
        child_reap_adopted();
        for (int i = 0; i < 8 && left > 0 && proctree_kill_newest() > 0; i++)
            child_reap_adopted();
        pthread_mutex_unlock(&all->lock);
        if (left > 0)
            poll(NULL, 0, SWEEP_PAUSE_MS);
    }
}

void
program_end(struct program *program, double grace_seconds, int *ret_status)
{
    struct programs *all = program->all;
    int status = -1;
    if (!program->pid)
        return;
    close_fd(&program->in_fd);
    bool ended = await_end(program, clock_mono_ns() + sec_to_ns(grace_seconds));
    kill(-program->pid, SIGKILL);
    bool gone = ended || await_end(program, clock_mono_ns() + KILLED_MS * NS_PER_MS);
    pthread_mutex_lock(&all->lock);
    if (gone)
        waitpid(program->pid, &status, WNOHANG);
    child_disclaim(program->pid);
    pthread_mutex_unlock(&all->lock);
    for (int i = 0; i < ERROR_READS_AT_END && read_error(program); i++)
        continue;
    program->pid = 0;
    close_all(program);
    programs_sweep(all);
    if (ret_status)
        *ret_status = ended ? status : -1;
}
