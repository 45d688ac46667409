/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The loop as a reader of the file manager's: what is in memory, always into the
 * same buffer, with all else in between; what it cannot read, and ends.
 */
#include "file_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/file_private.h"

enum { PIECES = 256, PIECE = 64 * 1024, PIECE_BATCH = 32 };
static struct file_request piece[PIECES + 1];
static struct room *loop_room;

static bool
by_loop(const struct file_request *request)
{
    return request->room && (request->room < files->room || request->room >= files->room + FILES_THREADS);
}

static void
on_piece(struct file_request *request)
{
    int number = (int)(request - piece);
    ck_assert_int_eq(request->result, number < PIECES ? PIECE : 0); /* behind the end is nothing */
    if (number < PIECES)
        ck_assert_int_eq(request->data[PIECE - 1], '0' + number % 7);
    if (by_loop(request)) {
        loop_room = request->room;
        if (number < PIECES)
            ck_assert_ptr_eq(request->data, loop_room->bytes); /* always the same */
    }
    done_count++;
}

static void
submit_pieces(int first, int count)
{
    struct file_request *list[PIECES + 1];
    for (int i = 0; i < count; i++) {
        list[i] = &piece[first + i];
        *list[i] = (struct file_request){ .action = FILES_READ, .path = path,
            .counted_as = "pieces", .len = PIECE,
            .offset = (int64_t)(first + i) * PIECE, .done = on_piece };
    }
    ck_assert_int_eq(file_submit(files, list, count, OPTOP_NORMAL), 0);
}

static void
make_pieces(void)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    char text[PIECE];
    for (int i = 0; i < PIECES; i++) {
        memset(text, '0' + i % 7, PIECE);
        ck_assert_int_eq(write(fd, text, PIECE), PIECE);
    }
    close(fd);
}

/* All pieces, until the loop has read some of them: whether it does goes by who comes first,
 * and not every filesystem lets it. */
static void
read_pieces(void)
{
    for (int round = 0; round < 100 && !loop_room; round++) {
        done_count = 0;
        for (int first = 0; first < PIECES; first += PIECE_BATCH)
            submit_pieces(first, PIECE_BATCH);
        submit_pieces(PIECES, 1);
        while (done_count < PIECES + 1)
            loop_step(loop);
        ck_assert_int_eq(done_count, PIECES + 1);
    }
}

static uint64_t
bytes_read(void)
{
    static struct file_figures rows[FILE_ROWS_MAX];
    for (int i = file_rows_copy(rows, FILE_ROWS_MAX) - 1; i >= 0; i--)
        if (!strcmp(rows[i].path, "pieces"))
            return rows[i].bytes_read;
    return 0;
}

static bool
can_help(void)
{
    char byte;
    struct iovec into = { &byte, 1 };
    int fd = open(path, O_RDONLY);
    ssize_t n = preadv2(fd, &into, 1, 0, RWF_NOWAIT);
    close(fd);
    return n == 1;
}

START_TEST(the_loop_reads_what_is_in_memory)
{
    loop_room = NULL;
    make_pieces();
    if (!can_help())
        return;
    uint64_t before = bytes_read();
    read_pieces();
    ck_assert_ptr_nonnull(loop_room);
    /* a try that was left to a thread may have read a part of one */
    ck_assert_uint_ge(bytes_read() - before, (uint64_t)PIECES * PIECE);
}
END_TEST

/* It has begun a batch when the end comes; what it has not read is read by threads, or
 * cancelled. */
static void
on_some(struct file_request *request)
{
    ck_assert(request->result == PIECE || request->result == -ECANCELED);
    done_count++;
}

START_TEST(an_end_while_the_loop_reads)
{
    make_pieces();
    for (int round = 0; round < 40; round++) {
        struct file_request *list[PIECES];
        done_count = 0;
        for (int i = 0; i < PIECES; i++) {
            list[i] = &piece[i];
            piece[i] = (struct file_request){ .action = FILES_READ, .path = path, .len = PIECE,
                .offset = (int64_t)i * PIECE, .done = on_some };
        }
        for (int first = 0; first < PIECES; first += PIECE_BATCH)
            ck_assert_int_eq(file_submit(files, list + first, PIECE_BATCH, OPTOP_NORMAL), 0);
        for (int i = 0; i < round; i++)
            loop_step(loop);
        if (round % 4 == 3) {
            files_free(files, round % 8 == 7);
            ck_assert_int_eq(done_count, PIECES);
            files = files_new(loop);
        } else {
            files_finish(files);
            ck_assert_int_eq(done_count, PIECES);
        }
    }
}
END_TEST

/* Neither a pipe nobody writes to, nor a name that is nothing, nor a directory. */
START_TEST(what_is_no_file_never_stops_the_loop)
{
    struct file_request odd[3] = { { .path = other }, { .path = "/nothing/there" },
        { .path = directory } };
    static const int wanted[] = { -ESPIPE, -ENOENT, -EISDIR };
    ck_assert_int_eq(mkfifo(other, 0600), 0);
    for (int round = 0; round < 20; round++) {
        done_count = 0;
        for (int i = 0; i < 3; i++) {
            struct file_request *one = &odd[i];
            *one = (struct file_request){ .action = FILES_READ, .path = one->path, .len = 10,
                .done = on_done };
            ck_assert_int_eq(file_submit(files, &one, 1, OPTOP_NORMAL), 0);
        }
        while (done_count < 3)
            loop_step(loop);
        for (int i = 0; i < 3; i++)
            ck_assert_int_eq(odd[i].result, wanted[i]);
    }
}
END_TEST

/* Each read begins another one, without end: timers have their turn. */
static bool goes_on;

static void
on_endless(struct file_request *request)
{
    done_count++;
    if (goes_on)
        ck_assert_int_eq(file_submit(files, &request, 1, OPTOP_NORMAL), 0);
}

static void
on_enough(void *context)
{
    (void)context;
    goes_on = false;
}

START_TEST(others_have_their_turn)
{
    make_pieces();
    struct loop_timer *enough = loop_timer_start(loop, 30 * NS_PER_MS, 0, on_enough, NULL);
    goes_on = true;
    for (int i = 0; i < 8; i++) {
        struct file_request *one = &piece[i];
        /* of some there is nothing to read: these take no time */
        *one = (struct file_request){ .action = FILES_READ, .path = path, .done = on_endless,
            .len = i % 2 ? PIECE : 0, .offset = (int64_t)i * PIECE };
        ck_assert_int_eq(file_submit(files, &one, 1, OPTOP_NORMAL), 0);
    }
    while (goes_on)
        loop_step(loop);
    files_finish(files);
    ck_assert_int_ge(done_count, 8);
    loop_timer_stop(enough);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("file_help");
    TCase *tc = tcase_create("file_help");
    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, the_loop_reads_what_is_in_memory);
    tcase_add_test(tc, an_end_while_the_loop_reads);
    tcase_add_test(tc, what_is_no_file_never_stops_the_loop);
    tcase_add_test(tc, others_have_their_turn);
    suite_add_tcase(suite, tc);
    return suite;
}
