/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What file.c, file_batch.c and file_help.c share. Nobody else includes this.
 *
 * Reads of usual priority wait in a list of the manager's own, of which whoever has
 * time takes the next batch: a thread of the executor, by a task that submits itself
 * again while there is more, or the loop. All else waits in the executor.
 */
#ifndef OPTOP_IO_FILE_PRIVATE_H
#define OPTOP_IO_FILE_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "io/file.h"
#include "io/file_handle.h"
#include "io/file_room.h"

/* What the loop reads itself, while nothing else happens on it (file_help.c). */
struct file_help {
    struct loop_idle *idle; /* at work while there is something to read */
    struct room room;
    struct file_request *at; /* of the batch that it has taken: the next; NULL: none */
    size_t got; /* bytes of that one */
    bool cold; /* what waits is not in memory: until a thread has read something */
    int readers_max; /* threads that read beside it: cores that are left */
};

struct files {
    struct loop *loop;
    struct optop_executor *executor;
    bool ending; /* nothing more is taken */
    struct room room[FILES_THREADS];
    int name[FILES_REPLACE + 1]; /* of tasks */
    uint64_t submitted, done; /* requests; loop thread */
    struct handles *handles;
    struct file_help help; /* loop thread */
    atomic_int others; /* tasks that wait and are no readers */

    pthread_mutex_t lock; /* of the reads that wait: */
    struct file_request *first, *last; /* batches; linked by next_batch */
    int waiting; /* batches */
    int readers, readers_max; /* tasks that read them */
};

/* Carries out a batch, on a thread, and tells the loop. 0 or what its first fault was. */
int file_batch_run(struct file_request *first);

/* Ends one with -ECANCELED. Any thread. */
void file_batch_drop(struct file_request *first);

/* The next batch of reads; NULL: none waits. Any thread. */
struct file_request *files_next(struct files *files);

/* What is left of a batch is the next again. */
void files_put_back(struct files *files, struct file_request *first);

/* So many threads may read, and more are begun where more waits. Loop thread. 0; or
 * -errno: nobody reads. */
int files_set_readers(struct files *files, int most);

/* On the loop: the request is over. */
void files_done(struct file_request *request);

void file_help_open(struct files *files);
void file_help_close(struct files *files);
void file_help_look(struct files *files); /* there is something to read */
void file_help_leave(struct files *files); /* what it has begun is the threads' */

#endif
