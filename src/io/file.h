/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The file manager: reads, writes, appends, syncs and replacements of files on
 * threads of its own (an executor's), each told on the loop when it is over. No
 * request allocates: it lies in the caller's memory until done. Descriptors stay
 * open for a while; what happens to which file is counted (file_table.h).
 *
 * No io_uring: what a warm read costs is the copy, which a ring does on the
 * thread that submits it; two threads copy at once (tests/bench/bench_file.c). Each
 * thread has buffers of its own, few and in huge pages. Reads of usual priority that are
 * in memory the loop takes, too, in slices of a turn (file_help.c).
 *
 * All functions are the loop thread's.
 */
#ifndef OPTOP_IO_FILE_H
#define OPTOP_IO_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/loop.h"
#include "optop/executor.h"

enum {
    FILES_THREADS = 2,
    FILES_WAITING_MAX = 1024, /* batches of each priority */
    FILES_READ_MAX = 2 * 1024 * 1024, /* bytes of a read into a buffer of the manager's */
};

enum file_action { FILES_READ, FILES_WRITE, FILES_APPEND, FILES_SYNC, FILES_REPLACE };

struct files;

/* One thing to do. All of it is the manager's from file_submit to done. */
struct file_request {
    enum file_action action;
    const char *path;
    const char *counted_as; /* another name in the table of files; NULL: its path */
    /* READ: into them; WRITE, APPEND, REPLACE: from them. NULL of a read: into a
     * buffer of the manager's, where data points until done returns; it is taken when
     * the read begins, so as much may wait as does. */
    char *bytes;
    size_t len;
    int64_t offset; /* of READ and WRITE */
    void (*done)(struct file_request *request);
    void *context;

    int64_t result; /* bytes read (fewer at the end) or written; 0; or -errno */
    char *data; /* of a read: where its bytes are */

    struct files *files; /* from here on the manager's */
    struct file_request *next, *next_batch;
    struct loop_end end;
    struct room *room; /* that has lent a buffer (file_room.h); NULL: none */
};

struct files *files_new(struct loop *loop); /* NULL: no memory, or no threads */

/* What waits is carried out, or, when it is to be cancelled, ends with
 * -ECANCELED; what is under way comes to its end. All are done on return. */
void files_free(struct files *files, bool cancel);

/* Waits until all that was submitted is done, and what is submitted by that. */
void files_finish(struct files *files);

/* Several are a batch: one after the other, and after one that has
 * failed the rest end with -ECANCELED; it is told when the last has ended, or in pieces
 * where it takes many buffers. Between batches there is no order. priority: enum optop_priority. 0; or -EAGAIN (too much waits), -ENOMEM,
 * -EINVAL, and nothing will be done. */
int file_submit(struct files *files, struct file_request *const *request, int count, int priority);

/* The file under that name may be another one by now (it was renamed). Without
 * it that is seen within HANDLE_CHECK_MS. */
void files_forget(struct files *files, const char *path);

#endif
