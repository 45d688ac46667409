/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exec/warm.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "exec/worker_msg.h"
#include "model/trial.h"

enum {
    READ_BYTES = 16 * 1024,
    READS_PER_TURN = 4, /* one that floods keeps the loop from nobody */
    READS_AT_END = 64, /* more than a pipe holds */
    FD_LEAST = 10, /* clear of the numbers they become in the worker */
};

/* Keeps the end of what comes; true when there may be more. */
static bool
read_error(struct warm *warm)
{
    str_reserve(&warm->error, READ_BYTES);
    ssize_t n = read(warm->read_fd, warm->error.data + warm->error.len, READ_BYTES);
    if (n <= 0) {
        if ((n == 0 || (errno != EAGAIN && errno != EINTR)) && warm->watch) {
            loop_fd_stop(warm->watch);
            warm->watch = NULL;
        }
        return n < 0 && errno == EINTR;
    }
    warm->error.len += (size_t)n;
    warm->error.data[warm->error.len] = '\0';
    if (warm->error.len > 2 * TRIAL_LOG_MAX)
        str_consume(&warm->error, warm->error.len - TRIAL_LOG_MAX);
    return true;
}

static void
on_error_text(void *context, int fd, unsigned events)
{
    (void)fd, (void)events;
    for (int i = 0; i < READS_PER_TURN && read_error(context); i++)
        continue;
}

static int
open_error(struct warm *warm, struct loop *loop)
{
    int pair[2];
    if (pipe2(pair, O_CLOEXEC) < 0)
        return -errno;
    warm->read_fd = pair[0];
    warm->error_fd = fcntl(pair[1], F_DUPFD_CLOEXEC, FD_LEAST);
    int r = warm->error_fd < 0 ? -errno : 0;
    close(pair[1]);
    /* this end alone does not wait: the worker's must, or its words are lost */
    if (r == 0 && fcntl(pair[0], F_SETFL, O_NONBLOCK) < 0)
        r = -errno;
    return r < 0 ? r : loop_fd_start(loop, pair[0], LOOP_READ, on_error_text, warm, &warm->watch);
}

int
warm_new(struct loop *loop, struct warm **ret_warm)
{
    struct warm *warm = XNEW(struct warm);
    int fd = -1;
    warm->block_fd = warm->error_fd = warm->read_fd = -1;
    str_init(&warm->error);
    int r = block_create(&warm->block, &fd);
    if (r == 0) {
        warm->block_fd = fcntl(fd, F_DUPFD_CLOEXEC, FD_LEAST);
        r = warm->block_fd < 0 ? -errno : 0;
        close(fd);
    }
    if (r == 0)
        r = open_error(warm, loop);
    if (r < 0)
        warm_free(warm);
    else
        *ret_warm = warm;
    return r;
}

static void
close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void
warm_free(struct warm *warm)
{
    if (!warm)
        return;
    loop_fd_stop(warm->watch);
    close_fd(&warm->block_fd);
    close_fd(&warm->error_fd);
    close_fd(&warm->read_fd);
    block_unmap(warm->block);
    str_release(&warm->error);
    free(warm);
}

void
warm_started(struct warm *warm)
{
    close_fd(&warm->block_fd);
    close_fd(&warm->error_fd);
}

/* Names of metrics are columns and keys elsewhere. */
static bool
is_metric_name(const char *name)
{
    size_t len = strlen(name);
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c >= 0x80 || (!isalnum((unsigned char)*c) && !strchr("._-", *c)))
            return false;
    return len > 0 && len < RUN_NAME_MAX;
}

int
warm_hear(struct warm *warm, const json_t *said)
{
    int64_t threads = json_get_int(said, "threads", 0);
    if (warm->known || threads < 1 || threads > RUN_THREADS_MAX)
        return ERR_PROTOCOL;
    warm->known = true;
    warm->threads = (int)threads;
    warm_look(warm);
    return 0;
}

void
warm_look(struct warm *warm)
{
    int count = atomic_load_explicit(&warm->block->metric_count, memory_order_acquire);
    char name[RUN_NAME_MAX];
    while (warm->metric_count < count && warm->metric_count < BLOCK_METRICS_MAX) {
        memcpy(name, warm->block->metric_name[warm->metric_count], sizeof name);
        name[sizeof name - 1] = '\0';
        if (!is_metric_name(name))
            return;
        memcpy(warm->metric_name[warm->metric_count++], name, sizeof name);
    }
}

int
warm_free_slot(const struct warm *warm)
{
    for (int i = 0; i < BLOCK_SLOTS; i++)
        if (!warm->slot[i].used)
            return i;
    return -1;
}

int
warm_used_slots(const struct warm *warm)
{
    int used = 0;
    for (int i = 0; i < BLOCK_SLOTS; i++)
        used += warm->slot[i].used;
    return used;
}

void
warm_fill(struct warm *warm, int slot, int64_t trial, int count)
{
    warm->slot[slot].used = true;
    warm->slot[slot].trial = trial;
    warm->slot[slot].count = count;
    for (int i = 0; i < count; i++)
        atomic_store_explicit(&warm->block->slot[slot].state[i], 0, memory_order_relaxed);
}

void
warm_last_words(struct warm *warm, struct str *out)
{
    for (int i = 0; i < READS_AT_END && read_error(warm); i++)
        continue;
    worker_msg_clean_log(warm->error.data, warm->error.len, out);
}
