/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "objective/crowd.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/proctree.h"

enum {
    REAP_MAX = 256, /* at a time */
    CROWD_REAPS = 32, /* times that, between two passes of a sweep */
    STOP_PASSES_MAX = 10, /* for a trial that forks while it is being stopped */
    SWEEP_SECONDS = 3, /* for processes that fork faster than they are ended */
    NEWEST_PASSES = 100, /* between two full ones */
    SWEEP_PAUSE_MS = 2, /* between passes; ends of processes cut it short */
};

int
crowd_open(struct crowd *crowd, struct diag *diag)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    crowd->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return crowd->signal_fd < 0 ? diag_set(diag, -errno, "signalfd: %s", strerror(errno)) : 0;
}

void
crowd_close(struct crowd *crowd)
{
    if (crowd->signal_fd >= 0)
        close(crowd->signal_fd);
    crowd->signal_fd = -1;
}

void
crowd_begin(struct crowd *crowd)
{
    *crowd = (struct crowd){ .signal_fd = crowd->signal_fd, .adopts = crowd->adopts };
}

static void
add_usage(struct rusage *sum, const struct rusage *usage)
{
    timeradd(&sum->ru_utime, &usage->ru_utime, &sum->ru_utime);
    timeradd(&sum->ru_stime, &usage->ru_stime, &sum->ru_stime);
    if (usage->ru_maxrss > sum->ru_maxrss)
        sum->ru_maxrss = usage->ru_maxrss;
}

void
crowd_reap(struct crowd *crowd)
{
    struct rusage usage;
    int status, reaped = 0;
    pid_t pid = 0;
    while (reaped < REAP_MAX && (pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
        reaped++;
        add_usage(&crowd->usage, &usage);
        if (pid != crowd->pid)
            continue;
        crowd->main_ended = true;
        crowd->status = status;
        crowd->ended_ns = clock_mono_ns();
        if (!crowd->adopts) /* who is left cannot be seen: the group goes anyway */
            kill(-pid, SIGKILL);
    }
    crowd->all_ended = pid < 0 && errno == ECHILD;
    crowd->reap_again = reaped == REAP_MAX;
}

static void
set_policy(int policy)
{
    struct sched_param parameters = { .sched_priority = policy == SCHED_RR ? 1 : 0 };
    sched_setscheduler(0, policy, &parameters); /* not permitted: as it was */
}

/* A crowd that forks shares the processor with us: where permitted, we go
 * first. */
int
crowd_signal(int signal_number)
{
    static const struct proctree_target all = { .aim = PROCTREE_DESCENDANTS };
    int policy = sched_getscheduler(0);
    set_policy(SCHED_RR);
    int hits = proctree_signal(&all, signal_number);
    set_policy(policy);
    return hits;
}

/* Who is born during a pass is met by the next one; a pass that meets no more
 * than the one before has met all. */
void
crowd_stop(void)
{
    for (int before = -1, hits, pass = 0; pass < STOP_PASSES_MAX; pass++, before = hits)
        if ((hits = crowd_signal(SIGSTOP)) <= before)
            break;
}

static void
drain_signals(const struct crowd *crowd)
{
    struct signalfd_siginfo info;
    while (read(crowd->signal_fd, &info, sizeof info) > 0)
        continue;
}

void
crowd_hear(struct crowd *crowd)
{
    drain_signals(crowd);
    crowd_reap(crowd);
}

/* Everything that has ended, so that a pass does not meet it again; but not
 * for longer than it takes a crowd to come back. */
static void
reap_crowd(struct crowd *crowd)
{
    for (int i = 0; i < CROWD_REAPS; i++) {
        crowd_reap(crowd);
        if (!crowd->reap_again)
            break;
    }
}

void
crowd_sweep(struct crowd *crowd)
{
    /* the number of a group is not reused while it has members */
    if (!crowd->main_ended || (kill(crowd->pid, 0) < 0 && errno == ESRCH))
        kill(-crowd->pid, SIGKILL);
    int64_t until = clock_mono_ns() + SWEEP_SECONDS * NS_PER_SEC;
    int policy = sched_getscheduler(0);
    set_policy(SCHED_RR);
    reap_crowd(crowd);
    while (!crowd->all_ended && clock_mono_ns() < until) {
        crowd_signal(SIGKILL);
        reap_crowd(crowd);
        for (int i = 0; i < NEWEST_PASSES && !crowd->all_ended; i++) {
            if (proctree_kill_newest() == 0)
                break;
            crowd_reap(crowd);
        }
        if (crowd->all_ended)
            break;
        struct pollfd fd = { .fd = crowd->signal_fd, .events = POLLIN };
        poll(&fd, 1, SWEEP_PAUSE_MS);
        drain_signals(crowd);
        reap_crowd(crowd);
    }
    set_policy(policy);
}
