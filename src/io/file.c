/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/file_private.h"

enum { FINISH_LOOK_NS = NS_PER_MS }; /* a thread may wait for buffers that only the loop can free */

/* Reads that wait. */

struct file_request *
files_next(struct files *files)
{
    pthread_mutex_lock(&files->lock);
    struct file_request *first = files->first;
    if (first) {
        files->first = first->next_batch;
        files->waiting--;
    }
    pthread_mutex_unlock(&files->lock);
    return first;
}

void
files_put_back(struct files *files, struct file_request *first)
{
    pthread_mutex_lock(&files->lock);
    first->next_batch = files->first;
    if (!files->first)
        files->last = first;
    files->first = first;
    files->waiting++;
    pthread_mutex_unlock(&files->lock);
}

static int start_reader(struct files *files);

/* Whether the task goes on: it has an end as soon as nothing waits, or too many read. */
static bool
reads_on(struct files *files)
{
    pthread_mutex_lock(&files->lock);
    bool more = files->first && files->readers <= files->readers_max;
    files->readers -= !more;
    pthread_mutex_unlock(&files->lock);
    return more;
}

/* Other tasks have their turn between two batches. It is no task for each batch: to submit
 * one wakes another thread. */
static int
read_waiting(void *context)
{
    struct files *files = context;
    struct file_request *first;
    int r = 0;
    do {
        if ((first = files_next(files)))
            r = file_batch_run(first);
    } while (reads_on(files) && (!atomic_load(&files->others) || start_reader(files) < 0));
    return r;
}

static void
drop_reader(void *context)
{
    struct files *files = context;
    pthread_mutex_lock(&files->lock);
    files->readers--;
    pthread_mutex_unlock(&files->lock);
}

static int
start_reader(struct files *files)
{
    return optop_submit(files->executor, &(struct optop_task){ .run = read_waiting,
        .dropped = drop_reader, .context = files, .name = files->name[FILES_READ], .no_wait = 1 },
        NULL);
}

/* With the lock held. Fails only where nobody would read. */
static int
start_readers(struct files *files, int wanted)
{
    int r = 0;
    while (r == 0 && files->readers < files->readers_max && files->readers < wanted)
        if ((r = start_reader(files)) == 0)
            files->readers++;
    return files->readers ? 0 : r;
}

int
files_set_readers(struct files *files, int most)
{
    pthread_mutex_lock(&files->lock);
    files->readers_max = most;
    int r = start_readers(files, files->waiting);
    pthread_mutex_unlock(&files->lock);
    return r;
}

static int
add_reads(struct files *files, struct file_request *first)
{
    pthread_mutex_lock(&files->lock);
    int r = files->waiting < FILES_WAITING_MAX ? start_readers(files, files->waiting + 1) : -EAGAIN;
    if (r == 0) {
        first->next_batch = NULL;
        *(files->first ? &files->last->next_batch : &files->first) = first;
        files->last = first;
        files->waiting++;
    }
    pthread_mutex_unlock(&files->lock);
    if (r == 0)
        file_help_look(files);
    return r;
}

/* All else. */

static int
run_batch(void *context)
{
    struct file_request *first = context;
    atomic_fetch_sub(&first->files->others, 1);
    return file_batch_run(first);
}

static void
drop_batch(void *context)
{
    struct file_request *first = context;
    atomic_fetch_sub(&first->files->others, 1);
    file_batch_drop(first);
}

static int
submit_batch(struct files *files, struct file_request *first, int priority)
{
    const struct optop_task task = { .run = run_batch, .dropped = drop_batch, .context = first,
        .name = files->name[first->action], .priority = priority, .no_wait = 1 };
    atomic_fetch_add(&files->others, 1);
    int r = optop_submit(files->executor, &task, NULL);
    if (r < 0)
        atomic_fetch_sub(&files->others, 1);
    return r;
}

void
files_done(struct file_request *request)
{
    struct files *files = request->files;
    struct room *room = request->room;
    size_t len = request->len;
    files->done++;
    request->done(request); /* it may be freed, or on its way again, behind this */
    if (room)
        room_give(room, len);
}

static void
on_done(void *context)
{
    struct file_request *request = context;
    struct files *files = request->files;
    bool read = request->action == FILES_READ;
    files_done(request);
    if (read) {
        files->help.cold = false;
        file_help_look(files);
    }
}

/* Links a batch. */
static int
prepare(struct files *files, struct file_request *const *batch, int count, bool *ret_reads)
{
    int r = 0;
    *ret_reads = true;
    for (int i = 0; i < count; i++) {
        struct file_request *request = batch[i];
        request->files = files;
        request->end = (struct loop_end){ .done = on_done, .context = request };
        request->next = i + 1 < count ? batch[i + 1] : NULL;
        request->room = NULL;
        request->data = request->bytes;
        *ret_reads &= request->action == FILES_READ;
        if (request->action == FILES_READ && !request->bytes && request->len > FILES_READ_MAX)
            r = -EINVAL;
    }
    return r;
}

int
file_submit(struct files *files, struct file_request *const *request, int count, int priority)
{
    if (count < 1)
        return -EINVAL;
    bool reads;
    int r = prepare(files, request, count, &reads);
    if (r == 0 && files->ending)
        r = -ECANCELED;
    for (int i = 0; i < count; i++)
        loop_expect(files->loop);
    if (r == 0)
        r = reads && priority == OPTOP_NORMAL ? add_reads(files, request[0])
            : submit_batch(files, request[0], priority);
    if (r < 0) {
        loop_unexpect(files->loop, count);
        return r;
    }
    files->submitted += (uint64_t)count;
    return 0;
}

struct files *
files_new(struct loop *loop)
{
    static const char *const names[] = { "read files", "write files", "append to files",
        "sync files", "replace files" };
    struct files *files = calloc(1, sizeof *files);
    if (!files)
        return NULL;
    files->loop = loop;
    files->readers_max = FILES_THREADS;
    pthread_mutex_init(&files->lock, NULL);
    files->handles = handles_new();
    for (int i = 0; i < FILES_THREADS; i++)
        room_open(&files->room[i]);
    file_help_open(files);
    if (files->handles)
        files->executor = optop_executor_new("files", FILES_THREADS, FILES_WAITING_MAX);
    if (!files->executor) {
        files_free(files, true);
        return NULL;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        int name = optop_executor_task(files->executor, names[i]);
        files->name[i] = name < 0 ? 0 : name;
    }
    return files;
}

/* Until no thread is at anything; what has ended is done. */
static void
settle(struct files *files)
{
    file_help_leave(files);
    while (optop_executor_wait(files->executor, FINISH_LOOK_NS) < 0)
        loop_hear(files->loop);
    loop_hear(files->loop);
}

void
files_forget(struct files *files, const char *path)
{
    handles_forget(files->handles, path);
}

void
files_finish(struct files *files)
{
    while (files->submitted != files->done)
        settle(files);
}

void
files_free(struct files *files, bool cancel)
{
    if (!files)
        return;
    files->ending = true; /* what is done now starts nothing more */
    if (files->executor) {
        file_help_leave(files);
        struct file_request *first;
        while (cancel && (first = files_next(files)))
            file_batch_drop(first);
        if (cancel)
            optop_executor_cancel(files->executor);
        do
            settle(files);
        while (files->submitted != files->done);
    }
    optop_executor_free(files->executor);
    file_help_close(files);
    handles_free(files->handles);
    for (int i = 0; i < FILES_THREADS; i++)
        room_close(&files->room[i]);
    pthread_mutex_destroy(&files->lock);
    free(files);
}
