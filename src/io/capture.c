/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"

enum {
    FD_LEAST = 10, /* clear of the numbers it becomes in the worker */
    SKIP_LEAST = 2 * CAPTURE_TAIL, /* of a longer piece only the end is looked at */
    UNSURE = 2 * CAPTURE_PIECE + 8, /* oldest bytes that a writer may be writing over */
};

struct capture {
    _Atomic int64_t trial; /* 0: none */
    _Atomic int64_t bytes;
    int attempt;
    /* of the writer alone */
    enum capture_stream stream; /* of the last mark */
    int64_t marked; /* where that is */
    /* position p is in head[p], else in tail[(p - CAPTURE_HEAD) % CAPTURE_TAIL] */
    char head[CAPTURE_HEAD];
    char tail[CAPTURE_TAIL];
};

/* The memory. */

int
capture_create(int *ret_fd)
{
    int low = memfd_create("optop-output", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    int fd = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, FD_LEAST);
    int r = fd < 0 || ftruncate(fd, sizeof(struct capture)) < 0 ||
            fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0
        ? -errno
        : 0;
    if (low >= 0)
        close(low);
    if (r == 0)
        *ret_fd = fd;
    else if (fd >= 0)
        close(fd);
    return r;
}

int
capture_map(int fd, struct capture **ret_capture)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    if (st.st_size < (off_t)sizeof(struct capture))
        return -EINVAL;
    void *memory = mmap(NULL, sizeof(struct capture), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (memory == MAP_FAILED)
        return -errno;
    *ret_capture = memory;
    return 0;
}

void
capture_unmap(struct capture *capture)
{
    if (capture)
        munmap(capture, sizeof *capture);
}

/* Writing. */

void
capture_begin(struct capture *capture, int64_t trial, int attempt)
{
    atomic_store(&capture->trial, 0);
    atomic_store(&capture->bytes, 0);
    capture->attempt = attempt;
    capture->stream = CAPTURE_NONE;
    capture->marked = 0;
    atomic_store(&capture->trial, trial);
}

/* Copies to a position of the sequence; returns the one behind. */
static int64_t
put(struct capture *capture, int64_t at, const char *bytes, size_t len)
{
    while (len) {
        bool in_head = at < CAPTURE_HEAD;
        size_t offset = in_head ? (size_t)at : (size_t)((at - CAPTURE_HEAD) % CAPTURE_TAIL);
        size_t room = (in_head ? CAPTURE_HEAD : CAPTURE_TAIL) - offset;
        size_t n = len < room ? len : room;
        memcpy((in_head ? capture->head : capture->tail) + offset, bytes, n);
        at += (int64_t)n;
        bytes += n;
        len -= n;
    }
    return at;
}

static int64_t
put_piece(struct capture *capture, int64_t at, const char *bytes, size_t len)
{
    const char *nul;
    while ((nul = memchr(bytes, '\0', len))) {
        size_t n = (size_t)(nul - bytes) + 1;
        at = put(capture, at, bytes, n);
        at = put(capture, at, "", 1);
        bytes += n;
        len -= n;
    }
    return put(capture, at, bytes, len);
}

void
capture_add(struct capture *capture, enum capture_stream stream, const char *bytes, size_t len)
{
    int64_t at = capture->bytes;
    while (len) {
        if (at >= CAPTURE_HEAD && len > SKIP_LEAST) {
            size_t skipped = len - CAPTURE_TAIL;
            at += (int64_t)skipped; /* what follows writes over the whole tail */
            bytes += skipped;
            len -= skipped;
            capture->stream = CAPTURE_NONE;
        }
        if (stream != capture->stream || at - capture->marked >= CAPTURE_PIECE) {
            const char mark[2] = { '\0', (char)stream };
            capture->stream = stream;
            capture->marked = at;
            at = put(capture, at, mark, sizeof mark);
        }
        size_t n = len < CAPTURE_PIECE ? len : CAPTURE_PIECE;
        at = put_piece(capture, at, bytes, n);
        atomic_store(&capture->bytes, at);
        bytes += n;
        len -= n;
    }
}

/* Copies. */

static void
add_kept(struct str *data, const struct capture *capture, int64_t bytes, int64_t tail_from)
{
    str_append(data, capture->head, bytes < CAPTURE_HEAD ? (size_t)bytes : CAPTURE_HEAD);
    for (int64_t at = tail_from; at < bytes;) {
        size_t offset = (size_t)((at - CAPTURE_HEAD) % CAPTURE_TAIL);
        int64_t n = CAPTURE_TAIL - (int64_t)offset;
        n = n < bytes - at ? n : bytes - at;
        str_append(data, capture->tail + offset, (size_t)n);
        at += n;
    }
}

static int64_t
oldest_in_tail(int64_t bytes, int64_t unsure)
{
    int64_t from = bytes - CAPTURE_TAIL + unsure;
    return from < CAPTURE_HEAD ? CAPTURE_HEAD : from;
}

void
capture_copy(const struct capture *capture, struct captured *captured)
{
    captured->trial = capture->trial;
    captured->attempt = capture->attempt;
    captured->bytes = capture->bytes;
    str_clear(&captured->data);
    add_kept(&captured->data, capture, captured->bytes, oldest_in_tail(captured->bytes, 0));
}

int
capture_read(int fd, struct captured *ret_captured)
{
    struct capture *copy = malloc(sizeof *copy);
    int64_t later[2]; /* trial and bytes once more, when all is copied */
    _Static_assert(offsetof(struct capture, bytes) == sizeof later[0], "they stand in front");
    int r = !copy ? -ENOMEM
        : pread(fd, copy, sizeof *copy, 0) != (ssize_t)sizeof *copy ||
            pread(fd, later, sizeof later, 0) != (ssize_t)sizeof later
        ? -EIO
        : 0;
    int64_t trial = r == 0 ? copy->trial : 0, bytes = r == 0 ? copy->bytes : 0;
    if (r == 0 && (trial <= 0 || trial != later[0] || bytes < 0 || later[1] < bytes ||
                      bytes > INT64_MAX / 2 || later[1] > INT64_MAX / 2))
        r = -ENODATA;
    if (r == 0) {
        *ret_captured = (struct captured){ trial, copy->attempt, bytes, { 0 } };
        str_init(&ret_captured->data);
        int64_t from = oldest_in_tail(later[1], UNSURE);
        add_kept(&ret_captured->data, copy, bytes, from < bytes ? from : bytes);
    }
    free(copy);
    return r;
}

void
captured_init(struct captured *captured)
{
    memset(captured, 0, sizeof *captured);
    str_init(&captured->data);
}

void
captured_release(struct captured *captured)
{
    str_release(&captured->data);
}

bool
captured_valid(int64_t bytes, size_t len)
{
    size_t head = bytes < CAPTURE_HEAD ? (size_t)bytes : CAPTURE_HEAD;
    return bytes >= 0 && (int64_t)len <= bytes && len >= head && len <= CAPTURE_HEAD + CAPTURE_TAIL;
}

/* Pieces. */

struct walk {
    captured_fn *fn;
    void *context;
    int64_t after, end;
    enum capture_stream stream;
    struct str piece;
};

static void
tell_piece(struct walk *walk)
{
    if (walk->piece.len)
        walk->fn(walk->context, walk->stream, walk->piece.data, walk->piece.len);
    str_clear(&walk->piece);
}

static bool
is_mark(const char *bytes, size_t len)
{
    return len > 1 && !bytes[0] && (bytes[1] == CAPTURE_OUT || bytes[1] == CAPTURE_ERR);
}

/* Bytes of a stream that stand at a position. */
static void
take_bytes(struct walk *walk, const char *bytes, size_t len, int64_t at)
{
    int64_t from = at > walk->after ? at : walk->after;
    int64_t to = at + (int64_t)len < walk->end ? at + (int64_t)len : walk->end;
    if (from < to && walk->stream != CAPTURE_NONE)
        str_append(&walk->piece, bytes + (from - at), (size_t)(to - from));
}

static void
walk_bytes(struct walk *walk, const char *bytes, size_t len, int64_t at)
{
    for (size_t i = 0; i < len;) {
        const char *nul = memchr(bytes + i, '\0', len - i);
        size_t n = nul ? (size_t)(nul - (bytes + i)) : len - i;
        take_bytes(walk, bytes + i, n, at + (int64_t)i);
        i += n;
        if (!nul)
            break;
        if (is_mark(nul, len - i)) {
            if (nul[1] != (char)walk->stream)
                tell_piece(walk);
            walk->stream = (enum capture_stream)nul[1];
        } else { /* one that was written, doubled */
            take_bytes(walk, nul, 1, at + (int64_t)i);
        }
        i += i + 1 < len ? 2 : 1;
    }
}

/* The tail behind what is not kept: from its first mark on. */
static void
walk_tail(struct walk *walk, const char *bytes, size_t len, int64_t at)
{
    size_t skip = 0;
    while (skip < len && !is_mark(bytes + skip, len - skip))
        skip++;
    int64_t left_from = walk->after > CAPTURE_HEAD ? walk->after : CAPTURE_HEAD;
    int64_t left_to = at + (int64_t)skip;
    if (left_from < left_to)
        walk->fn(walk->context, CAPTURE_NONE, NULL, (size_t)(left_to - left_from));
    walk->stream = CAPTURE_NONE;
    walk_bytes(walk, bytes + skip, len - skip, left_to);
}

/* Where the last line ends, so that a line is told when it is complete; but
 * not held back for ever. */
static int64_t
last_line_end(const struct captured *captured)
{
    const struct str *data = &captured->data;
    size_t len = data->len;
    while (len && data->data[len - 1] != '\n' && data->data[len - 1] != '\r')
        len--;
    int64_t unfinished = (int64_t)(data->len - len);
    return unfinished >= CAPTURE_PIECE ? captured->bytes : captured->bytes - unfinished;
}

int64_t
captured_each(const struct captured *captured, int64_t after, bool whole, captured_fn *fn,
    void *context)
{
    const struct str *data = &captured->data;
    struct walk walk = { fn, context, after > 0 ? after : 0, captured->bytes, CAPTURE_NONE, { 0 } };
    if (!captured_valid(captured->bytes, data->len))
        return walk.after;
    if (!whole)
        walk.end = last_line_end(captured);
    if (walk.end <= walk.after)
        return walk.after;
    str_init(&walk.piece);
    size_t head = captured->bytes < CAPTURE_HEAD ? (size_t)captured->bytes : CAPTURE_HEAD;
    int64_t tail_from = captured->bytes - (int64_t)(data->len - head);
    if (tail_from == (int64_t)head) {
        walk_bytes(&walk, data->data, data->len, 0);
    } else {
        walk_bytes(&walk, data->data, head, 0);
        tell_piece(&walk);
        walk_tail(&walk, data->data + head, data->len - head, tail_from);
    }
    tell_piece(&walk);
    str_release(&walk.piece);
    return walk.end;
}
