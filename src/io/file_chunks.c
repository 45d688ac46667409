/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/file_chunks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/file_table.h"
#include "optop/executor.h"

struct chunk {
    struct file_chunks *chunks;
    struct optop_future *future; /* owned; NULL: it is not being read */
    int64_t at;
    ssize_t result; /* valid when read: bytes, or -errno */
    char bytes[FILE_CHUNK_BYTES];
};

struct file_chunks {
    int fd;
    struct file_row *row;
    struct optop_executor *executor;
    int64_t next_at;
    int turn; /* of which chunk it is */
    bool given, ended;
    struct chunk chunk[FILE_CHUNKS_AHEAD];
};

/* On the thread. */
static int
read_chunk(void *context)
{
    struct chunk *chunk = context;
    struct file_chunks *chunks = chunk->chunks;
    size_t got = 0;
    chunk->result = 0;
    while (got < sizeof chunk->bytes) {
        int64_t since = clock_mono_ns();
        ssize_t n = pread(chunks->fd, chunk->bytes + got, sizeof chunk->bytes - got,
            chunk->at + (int64_t)got);
        int code = n < 0 ? -errno : 0;
        if (code == -EINTR)
            continue;
        file_count(chunks->row, FILE_READ, n < 0 ? code : n, since);
        if (n < 0)
            return (int)(chunk->result = code);
        if (n == 0)
            break;
        got += (size_t)n;
    }
    chunk->result = (ssize_t)got;
    return 0;
}

static int
order(struct file_chunks *chunks, struct chunk *chunk)
{
    chunk->at = chunks->next_at;
    int r = optop_submit(chunks->executor,
        &(struct optop_task){ .run = read_chunk, .context = chunk }, &chunk->future);
    if (r == 0)
        chunks->next_at += FILE_CHUNK_BYTES;
    return r;
}

/* As many as there may be, in order; when no thread is to be had, the first is read
 * here. */
static void
read_on(struct file_chunks *chunks)
{
    struct chunk *first = &chunks->chunk[chunks->turn];
    bool fine = true;
    for (int i = 0; i < FILE_CHUNKS_AHEAD && fine; i++) {
        struct chunk *chunk = &chunks->chunk[(chunks->turn + i) % FILE_CHUNKS_AHEAD];
        fine = chunk->future || order(chunks, chunk) == 0;
    }
    if (first->future) {
        optop_future_wait(first->future, -1, NULL);
        optop_future_free(first->future);
        first->future = NULL;
    } else {
        read_chunk(first);
        chunks->next_at += FILE_CHUNK_BYTES;
    }
}

int
file_chunks_next(struct file_chunks *chunks, const char **ret_bytes, size_t *ret_len)
{
    if (chunks->ended)
        return 0;
    if (chunks->given)
        chunks->turn = (chunks->turn + 1) % FILE_CHUNKS_AHEAD;
    read_on(chunks);
    const struct chunk *chunk = &chunks->chunk[chunks->turn];
    chunks->given = true;
    chunks->ended = chunk->result < FILE_CHUNK_BYTES;
    if (chunk->result <= 0)
        return (int)chunk->result;
    *ret_bytes = chunk->bytes;
    *ret_len = (size_t)chunk->result;
    return 1;
}

static int
open_file(struct file_chunks *chunks, const char *path, int64_t most)
{
    struct stat st;
    int64_t since = clock_mono_ns();
    chunks->row = file_row(path);
    /* not blocking: opening a FIFO must not wait for its writer */
    chunks->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    int r = chunks->fd < 0 || fstat(chunks->fd, &st) < 0 ? -errno
        : S_ISDIR(st.st_mode)                             ? -EISDIR
        : !S_ISREG(st.st_mode)                            ? -EINVAL
        : st.st_size > most                               ? -EFBIG
                                                          : 0;
    file_count(chunks->row, FILE_OPEN, r, since);
    if (r == 0)
        posix_fadvise(chunks->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return r;
}

int
file_chunks_open(const char *path, int64_t most, struct file_chunks **ret_chunks)
{
    struct file_chunks *chunks = malloc(sizeof *chunks); /* its bytes stay untouched */
    if (!chunks)
        return -ENOMEM;
    chunks->executor = NULL;
    chunks->next_at = 0;
    chunks->turn = 0;
    chunks->given = chunks->ended = false;
    for (int i = 0; i < FILE_CHUNKS_AHEAD; i++) {
        chunks->chunk[i].chunks = chunks;
        chunks->chunk[i].future = NULL;
    }
    int r = open_file(chunks, path, most);
    if (r == 0) {
        chunks->executor = optop_executor_new("read ahead", 1, 0);
        r = chunks->executor ? 0 : -errno;
    }
    if (r < 0)
        file_chunks_close(chunks);
    else
        *ret_chunks = chunks;
    return r;
}

void
file_chunks_close(struct file_chunks *chunks)
{
    if (!chunks)
        return;
    if (chunks->executor)
        optop_executor_cancel(chunks->executor);
    if (chunks->executor)
        optop_executor_wait(chunks->executor, -1);
    for (int i = 0; i < FILE_CHUNKS_AHEAD; i++)
        optop_future_free(chunks->chunk[i].future);
    optop_executor_free(chunks->executor);
    if (chunks->fd >= 0) {
        int64_t since = clock_mono_ns();
        file_count(chunks->row, FILE_CLOSE, close(chunks->fd) < 0 ? -errno : 0, since);
    }
    free(chunks);
}
