/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "server/server_log.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "io/newfile.h"

struct server_log {
    struct files *files;
    struct loop_turn *turn;
    char *path; /* owned */
    pthread_mutex_t lock; /* of the next two */
    struct str waiting;
    uint64_t lost;
    struct str going; /* under way when its length is not 0 */
    struct file_request append;
};

static void
take_line(void *context, const char *line, size_t len)
{
    struct server_log *log = context;
    pthread_mutex_lock(&log->lock);
    if (log->waiting.len + len <= SERVER_LOG_WAITING_MAX)
        str_append(&log->waiting, line, len);
    else
        log->lost++;
    pthread_mutex_unlock(&log->lock);
}

/* The lines that wait, into what is going. */
static void
gather(struct server_log *log)
{
    pthread_mutex_lock(&log->lock);
    struct str empty = log->going;
    log->going = log->waiting;
    log->waiting = empty;
    if (log->lost)
        str_printf(&log->going, "%llu lines are lost: the disk is too slow\n",
            (unsigned long long)log->lost);
    log->lost = 0;
    pthread_mutex_unlock(&log->lock);
}

static void
on_turn(void *context)
{
    struct server_log *log = context;
    if (log->going.len)
        return;
    gather(log);
    if (!log->going.len)
        return;
    log->append.bytes = log->going.data;
    log->append.len = log->going.len;
    struct file_request *request = &log->append;
    if (file_submit(log->files, &request, 1, OPTOP_BACKGROUND) < 0) {
        write_all(STDERR_FILENO, log->going.data, log->going.len); /* too much else waits */
        str_clear(&log->going);
    }
}

/* What could not be appended is lost: nowhere is left to tell it. */
static void
on_appended(struct file_request *request)
{
    struct server_log *log = request->context;
    str_clear(&log->going);
    on_turn(log);
}

struct server_log *
server_log_start(struct loop *loop, struct files *files, const char *path)
{
    if (!files)
        return NULL;
    struct server_log *log = XNEW(struct server_log);
    log->files = files;
    log->path = xstrdup(path);
    pthread_mutex_init(&log->lock, NULL);
    str_init(&log->waiting);
    str_init(&log->going);
    log->append = (struct file_request){ .action = FILES_APPEND, .path = log->path,
        .done = on_appended, .context = log };
    log->turn = loop_turn_start(loop, on_turn, log);
    log_divert(take_line, log);
    return log;
}

void
server_log_stop(struct server_log *log)
{
    if (!log)
        return;
    log_divert(NULL, NULL);
    loop_turn_stop(log->turn);
    files_finish(log->files); /* what is under way, and with it all that waited then */
    gather(log);
    write_all(STDERR_FILENO, log->going.data, log->going.len);
    pthread_mutex_destroy(&log->lock);
    str_release(&log->waiting);
    str_release(&log->going);
    free(log->path);
    free(log);
}
