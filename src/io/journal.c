/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "io/file_table.h"
#include "io/journal_file.h"

enum { PIECE = 256 * 1024 }; /* of a read */

struct place {
    char *path; /* owned */
    uint64_t number; /* 0: there is none */
    size_t bytes; /* on disk */
};

struct journal {
    struct loop *loop;
    struct files *files;
    char *directory; /* owned */
    char name[32];
    struct place place[JOURNAL_FILES];
    size_t file_bytes; /* of one: then the next begins */
    int64_t file_ns;
    int at; /* the file that is written */
    int64_t begun_ns; /* wall time of its first record */
    size_t offset; /* what is written, and right */
    bool ready, closed, begins, failing;
    bool unwritten; /* the file was begun, and has nothing yet */
    struct str waiting, going; /* the latter is under way when its length is not 0 */
    struct file_request write;
    struct journal_file reading; /* before it is ready: not the loop's until it is told */
    struct file_request *piece; /* of that */
    int pieces_left;
    bool working; /* on a thread */
    struct place *read; /* whose that is */
    int order[JOURNAL_FILES], count, next; /* files that are read, oldest first */
    journal_fn *record; /* NULL: nobody asks for what was there */
    void (*recalled)(void *context);
    void *context;
};

static void
start_work(struct journal *journal, const char *name, loop_fn *work, loop_fn *done)
{
    journal->working = true;
    loop_work(journal->loop, name, work, done, journal);
}

static void
check_read(void *context)
{
    struct journal *journal = context;
    struct journal_file *reading = &journal->reading;
    if (reading->result == 0)
        journal_file_check(reading);
    if (reading->result == 0 && reading->good < reading->len)
        reading->result = journal_file_cut(journal->read->path, reading->good);
}

static void
set_aside(struct journal *journal, struct place *place, const char *why)
{
    char *aside = xasprintf("%s/%s.bad", journal->directory, journal->name);
    if (rename(place->path, aside) == 0)
        log_warn("%s: %s; it is set aside as %s", place->path, why, aside);
    free(aside);
    place->bytes = 0;
    place->number = 0;
}

static void
look(void *context)
{
    struct journal *journal = context;
    if (mkdir(journal->directory, 0700) < 0 && errno != EEXIST)
        return; /* seen again when something is written */
    for (int i = 0; i < JOURNAL_FILES; i++) {
        struct place *place = &journal->place[i];
        int64_t begun_ns;
        place->number = journal_file_number(place->path, &begun_ns, &place->bytes);
    }
}

/* Oldest first. */
static void
sort_places(struct journal *journal)
{
    for (int i = 0; i < JOURNAL_FILES; i++) {
        struct place *place = &journal->place[i];
        if (!place->number && place->bytes)
            set_aside(journal, place, "is no file of recorded history");
        if (!place->number)
            continue;
        int at = journal->count++;
        for (; at > 0 && journal->place[journal->order[at - 1]].number > place->number; at--)
            journal->order[at] = journal->order[at - 1];
        journal->order[at] = i;
    }
}

static void
free_journal(struct journal *journal)
{
    for (int i = 0; i < JOURNAL_FILES; i++)
        free(journal->place[i].path);
    str_release(&journal->waiting);
    str_release(&journal->going);
    free(journal->reading.bytes);
    free(journal->piece);
    free(journal->directory);
    free(journal);
}

static void
end_reading(struct journal *journal)
{
    journal->ready = journal->begins = true;
    free(journal->piece);
    journal->piece = NULL;
    files_forget(journal->files, journal->place[journal->at].path);
    if (journal->record)
        journal->recalled(journal->context);
}

/* Behind what a program before us has written. */
static void
go_on_with(struct journal *journal, int at, const struct journal_file *reading)
{
    struct journal_header first;
    memcpy(&first, reading->bytes, sizeof first);
    journal->at = at;
    journal->offset = reading->good;
    journal->begun_ns = first.wall_ns;
}

static int
hand_over(struct journal *journal, const struct journal_file *reading)
{
    struct journal_header header;
    int r = 0;
    for (size_t at = 0; at < reading->good && r == 0; at += journal_step(&header)) {
        memcpy(&header, reading->bytes + at, sizeof header);
        if (header.kind == JOURNAL_RECORD || header.kind == JOURNAL_FIRST)
            r = journal->record(journal->context, header.kind == JOURNAL_FIRST, header.wall_ns,
                reading->bytes + at + sizeof header, header.len);
    }
    return r;
}

static void start_reading(struct journal *journal);

static void
on_read(void *context)
{
    struct journal *journal = context;
    struct journal_file *reading = &journal->reading;
    journal->working = false;
    if (journal->closed) {
        free_journal(journal);
        return;
    }
    int r = reading->result;
    if (reading->good && journal->record && hand_over(journal, reading) < 0)
        r = -EBADMSG;
    if (r == -EBADMSG)
        set_aside(journal, journal->read, "is damaged");
    else if (r < 0)
        log_warn("%s: cannot be read: %s", journal->read->path, err_text(r));
    else
        journal->read->bytes = reading->good;
    if (r == 0 && journal->next == journal->count)
        go_on_with(journal, (int)(journal->read - journal->place), reading);
    free(reading->bytes);
    *reading = (struct journal_file){ 0 };
    start_reading(journal);
}

/* Of the pieces of a file, in their order; it may have become shorter. */
static void
on_piece(struct file_request *piece)
{
    struct journal *journal = piece->context;
    if (piece->result >= 0)
        journal->reading.len += (size_t)piece->result;
    else if (journal->reading.result == 0)
        journal->reading.result = (int)piece->result;
    if (--journal->pieces_left)
        return;
    if (!journal->closed)
        start_work(journal, "check history", check_read, on_read);
}

static int
read_pieces(struct journal *journal, size_t bytes)
{
    int count = (int)((bytes + PIECE - 1) / PIECE);
    struct file_request **batch = malloc((size_t)count * sizeof *batch);
    free(journal->piece);
    journal->piece = calloc((size_t)count, sizeof *journal->piece);
    journal->reading.bytes = malloc(bytes + 1);
    if (!batch || !journal->piece || !journal->reading.bytes) {
        free(batch);
        return -ENOMEM;
    }
    for (int i = 0; i < count; i++) {
        size_t at = (size_t)i * PIECE, left = bytes - at;
        batch[i] = &journal->piece[i];
        *batch[i] = (struct file_request){ .action = FILES_READ, .path = journal->read->path,
            .counted_as = journal->directory, .bytes = journal->reading.bytes + at,
            .len = left < PIECE ? left : PIECE, .offset = (int64_t)at,
            .done = on_piece, .context = journal };
    }
    journal->pieces_left = count;
    int r = file_submit(journal->files, batch, count, OPTOP_NORMAL);
    free(batch);
    return r;
}

static void
start_reading(struct journal *journal)
{
    if (journal->next == journal->count) {
        end_reading(journal);
        return;
    }
    journal->read = &journal->place[journal->order[journal->next++]];
    int r = read_pieces(journal, journal->read->bytes);
    if (r < 0) {
        journal->reading.result = r;
        on_read(journal);
    }
}

static void
on_looked(void *context)
{
    struct journal *journal = context;
    journal->working = false;
    if (journal->closed) {
        free_journal(journal);
        return;
    }
    sort_places(journal);
    if (journal->count)
        journal->at = journal->order[journal->count - 1];
    /* nobody asks: only where the newest ends */
    journal->next = journal->record || !journal->count ? 0 : journal->count - 1;
    start_reading(journal);
}

struct journal *
journal_open(const struct journal_options *options)
{
    struct journal *journal = calloc(1, sizeof *journal);
    if (!journal)
        return NULL;
    size_t bytes = options->bytes < JOURNAL_BYTES_MIN ? JOURNAL_BYTES_MIN
        : options->bytes > JOURNAL_BYTES_MAX ? JOURNAL_BYTES_MAX : options->bytes;
    journal->loop = options->loop;
    journal->files = options->files;
    journal->directory = xstrdup(options->directory);
    str_copy(journal->name, sizeof journal->name, options->name);
    for (int i = 0; i < JOURNAL_FILES; i++)
        journal->place[i].path = xasprintf("%s/%s-%d", options->directory, options->name, i);
    journal->file_bytes = bytes / JOURNAL_FILES;
    journal->file_ns = options->length_ns / (JOURNAL_FILES - 1);
    str_init(&journal->waiting);
    str_init(&journal->going);
    start_work(journal, "look for history", look, on_looked);
    return journal;
}

void
journal_recall(struct journal *journal, journal_fn *record, void (*done)(void *context),
    void *context)
{
    journal->record = record;
    journal->recalled = done;
    journal->context = context;
}

/* What is written. */

static void write_on(struct journal *journal);

/* What was to be written is lost with what waits behind it, since that may be read
 * by it; the next record begins anew at the same place. */
static void
lose(struct journal *journal, int64_t result)
{
    if (!journal->failing)
        log_warn("%s: history is not recorded: %s", journal->place[journal->at].path,
            err_text(result < 0 ? (int)result : -ENOSPC));
    journal->failing = journal->begins = true;
    str_clear(&journal->waiting);
}

static void
on_written(struct file_request *request)
{
    struct journal *journal = request->context;
    if (request->result != (int64_t)request->len) {
        lose(journal, request->result);
    } else {
        if (journal->failing)
            log_info("%s: history is recorded again", request->path);
        journal->failing = journal->unwritten = false;
        journal->offset += request->len;
        if (journal->place[journal->at].bytes < journal->offset)
            journal->place[journal->at].bytes = journal->offset;
    }
    str_clear(&journal->going);
    write_on(journal);
}

static void
write_on(struct journal *journal)
{
    if (journal->going.len || !journal->waiting.len)
        return;
    struct str empty = journal->going;
    journal->going = journal->waiting;
    journal->waiting = empty;
    journal->write = (struct file_request){ .action = FILES_WRITE,
        .path = journal->place[journal->at].path, .counted_as = journal->directory,
        .bytes = journal->going.data, .len = journal->going.len,
        .offset = (int64_t)journal->offset, .done = on_written, .context = journal };
    struct file_request *request = &journal->write;
    int r = file_submit(journal->files, &request, 1, OPTOP_BACKGROUND);
    if (r < 0) {
        lose(journal, r);
        str_clear(&journal->going);
    }
}

static uint64_t
newest_number(const struct journal *journal)
{
    uint64_t newest = 0;
    for (int i = 0; i < JOURNAL_FILES; i++)
        if (journal->place[i].number > newest)
            newest = journal->place[i].number;
    return newest;
}

static int
oldest_place(const struct journal *journal)
{
    int at = 0;
    for (int i = 1; i < JOURNAL_FILES; i++)
        if (journal->place[i].number < journal->place[at].number)
            at = i;
    return at;
}

/* In place of the oldest file; of one that could not be written, that one again. */
static void
begin_file(struct journal *journal, int64_t wall_ns)
{
    int at = journal->unwritten ? journal->at : oldest_place(journal);
    struct place *place = &journal->place[at];
    uint64_t number = journal->unwritten ? place->number : newest_number(journal) + 1;
    unlink(place->path);
    files_forget(journal->files, place->path);
    *place = (struct place){ .path = place->path, .number = number };
    journal->at = at;
    journal->offset = 0;
    journal->begun_ns = wall_ns;
    journal->begins = journal->unwritten = true;
    journal_put(&journal->waiting, JOURNAL_NUMBER, wall_ns, &number, sizeof number);
}

/* A file that was not begun, or whose beginning was lost. */
static bool
is_full(const struct journal *journal, int64_t wall_ns)
{
    return !journal->offset || journal->offset >= journal->file_bytes ||
        wall_ns - journal->begun_ns >= journal->file_ns;
}

bool
journal_is_ready(const struct journal *journal)
{
    return journal->ready;
}

bool
journal_begins(struct journal *journal, int64_t wall_ns)
{
    if (journal->ready && !journal->going.len && !journal->waiting.len && is_full(journal, wall_ns))
        begin_file(journal, wall_ns);
    return journal->begins;
}

int
journal_add(struct journal *journal, int64_t wall_ns, const void *bytes, size_t len)
{
    if (!journal->ready)
        return -EAGAIN;
    if (len > JOURNAL_RECORD_MAX || journal->waiting.len + len > JOURNAL_WAITING_MAX) {
        journal->begins = true;
        return len > JOURNAL_RECORD_MAX ? -EMSGSIZE : -EAGAIN;
    }
    journal_begins(journal, wall_ns);
    journal_put(&journal->waiting, journal->begins ? JOURNAL_FIRST : JOURNAL_RECORD, wall_ns, bytes, len);
    journal->begins = false;
    write_on(journal);
    return 0;
}

void
journal_close(struct journal *journal)
{
    if (!journal)
        return;
    journal->closed = true;
    files_finish(journal->files);
    if (!journal->working)
        free_journal(journal); /* else by the work that is under way */
}

size_t
journal_bytes(const struct journal *journal)
{
    size_t bytes = 0;
    for (int i = 0; i < JOURNAL_FILES; i++)
        bytes += journal->place[i].bytes;
    return bytes;
}
