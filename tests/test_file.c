/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The file manager: what is read and written, in which order, what is told of
 * faults, names that come to mean other files, ends under load, and what is
 * counted.
 */
#include "file_rig.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file.h"
#include "io/file_handle.h"
#include "io/file_room.h"
#include "io/file_load.h"
#include "io/file_table.h"

enum { MANY = 300 };

static struct file_request
request_of(enum file_action action, const char *name, const char *text)
{
    return (struct file_request){ .action = action, .path = name,
        .bytes = text ? strdup(text) : NULL, .len = text ? strlen(text) : 0, .done = on_done };
}

static int64_t
do_one(struct file_request *request)
{
    ck_assert_int_eq(file_submit(files, &request, 1, OPTOP_NORMAL), 0);
    files_finish(files);
    if (request->action != FILES_READ)
        free(request->bytes);
    return request->result;
}

static int64_t
do_text(enum file_action action, const char *name, const char *text)
{
    struct file_request request = request_of(action, name, text);
    return do_one(&request);
}

static void
check_content(const char *name, const char *wanted)
{
    char *text;
    size_t len;
    ck_assert_int_eq(file_load(name, 1 << 20, &text, &len), 0);
    ck_assert_uint_eq(len, strlen(wanted));
    ck_assert_mem_eq(text, wanted, len);
    free(text);
}

static struct file_figures
figures_of(const char *name)
{
    static struct file_figures rows[FILE_ROWS_MAX];
    int count = file_rows_copy(rows, FILE_ROWS_MAX);
    for (int i = 0; i < count; i++)
        if (!strcmp(rows[i].path, name))
            return rows[i];
    ck_abort_msg("no row of %s", name);
}

START_TEST(writes_and_reads)
{
    char into[8];
    ck_assert_int_eq(do_text(FILES_WRITE, path, "hello world"), 11);
    ck_assert_int_eq(do_text(FILES_APPEND, path, "!"), 1);
    ck_assert_int_eq(do_text(FILES_SYNC, path, NULL), 0);
    check_content(path, "hello world!");
    struct file_request part = { .action = FILES_READ, .path = path, .bytes = into, .len = 5,
        .offset = 6, .done = on_done };
    ck_assert_int_eq(do_one(&part), 5);
    ck_assert_mem_eq(into, "world", 5);
    part.offset = 10;
    ck_assert_int_eq(do_one(&part), 2); /* up to the end */
    part.offset = 1000;
    ck_assert_int_eq(do_one(&part), 0);
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0600);
}
END_TEST

static void
on_own_buffer(struct file_request *request)
{
    ck_assert_int_eq(request->result, 12);
    ck_assert_mem_eq(request->data, "hello world!", 12);
    ck_assert_ptr_null(request->bytes);
    done_count++;
}

START_TEST(reads_into_its_own_buffers)
{
    struct file_request request = { .action = FILES_READ, .path = path, .len = 100000,
        .done = on_own_buffer }, *one = &request;
    do_text(FILES_REPLACE, path, "hello world!");
    for (int i = 0; i < 3; i++)
        do_one(&request);
    ck_assert_int_eq(done_count, 1 + 3);
    request.len = FILES_READ_MAX + 1;
    ck_assert_int_eq(file_submit(files, &one, 1, OPTOP_NORMAL), -EINVAL);
    ck_assert_int_eq(file_submit(files, &one, 0, OPTOP_NORMAL), -EINVAL);
}
END_TEST

START_TEST(a_file_is_replaced_whole)
{
    do_text(FILES_WRITE, path, "old");
    ck_assert_int_eq(do_text(FILES_REPLACE, path, "new one"), 0);
    check_content(path, "new one");
    snprintf(other, sizeof other, "%s/file/below", directory);
    ck_assert_int_eq(do_text(FILES_REPLACE, other, "x"), -ENOTDIR);
}
END_TEST

START_TEST(faults_are_told)
{
    struct file_request missing = { .action = FILES_READ, .path = other, .len = 10, .done = on_done };
    uint64_t failed;
    ck_assert_int_eq(do_one(&missing), -ENOENT);
    failed = figures_of(other).failed;
    ck_assert_uint_ge(failed, 1);
    ck_assert_int_eq(do_text(FILES_SYNC, other, NULL), -ENOENT);
    ck_assert_int_eq(symlink(path, other), 0); /* what a link names is not ours to make */
    ck_assert_int_eq(do_text(FILES_APPEND, other, "x"), -ELOOP);
    struct file_request whole = { .action = FILES_READ, .path = directory, .len = 10,
        .done = on_done };
    ck_assert_int_eq(do_one(&whole), -EISDIR);
    char *text;
    size_t len;
    ck_assert_int_eq(file_load(directory, 10, &text, &len), -EISDIR);
    ck_assert_int_eq(file_load("/dev/null", 10, &text, &len), -EINVAL);
    do_text(FILES_WRITE, path, "0123456789abc");
    ck_assert_int_eq(file_load(path, 10, &text, &len), 0);
    ck_assert_uint_eq(len, 11); /* too large, which is seen */
    free(text);
}
END_TEST

START_TEST(a_batch_is_in_order)
{
    static struct file_request request[MANY];
    struct file_request *batch[MANY];
    char text[16], wanted[MANY * 8] = "";
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "%d,", i);
        strncat(wanted, text, sizeof wanted - strlen(wanted) - 1);
        request[i] = request_of(FILES_APPEND, path, text);
        batch[i] = &request[i];
    }
    ck_assert_int_eq(file_submit(files, batch, MANY, OPTOP_NORMAL), 0);
    files_finish(files);
    ck_assert_int_eq(done_count, MANY);
    check_content(path, wanted);
    for (int i = 0; i < MANY; i++)
        free(request[i].bytes);
}
END_TEST

START_TEST(a_batch_ends_with_its_first_fault)
{
    struct file_request a = request_of(FILES_APPEND, path, "a"),
                        b = request_of(FILES_SYNC, other, NULL),
                        c = request_of(FILES_APPEND, path, "c");
    struct file_request *batch[] = { &a, &b, &c };
    ck_assert_int_eq(file_submit(files, batch, 3, OPTOP_URGENT), 0);
    files_finish(files);
    ck_assert_int_eq(a.result, 1);
    ck_assert_int_eq(b.result, -ENOENT);
    ck_assert_int_eq(c.result, -ECANCELED);
    check_content(path, "a");
    free(a.bytes);
    free(c.bytes);
}
END_TEST

START_TEST(a_name_that_means_another_file)
{
    char into[4];
    struct file_request read_it = { .action = FILES_READ, .path = path, .bytes = into, .len = 3,
        .done = on_done };
    do_text(FILES_APPEND, path, "old");
    ck_assert_int_eq(do_one(&read_it), 3);
    ck_assert_int_eq(rename(path, other), 0);
    files_forget(files, path);
    do_text(FILES_APPEND, path, "new");
    ck_assert_int_eq(do_one(&read_it), 3);
    ck_assert_mem_eq(into, "new", 3);
    check_content(other, "old");
    /* and without being told, after a while */
    do_text(FILES_WRITE, other, "3rd");
    ck_assert_int_eq(rename(other, path), 0);
    for (int i = 0; i < 10000 && memcmp(into, "3rd", 3); i++) {
        usleep(1000);
        do_one(&read_it);
    }
    ck_assert_mem_eq(into, "3rd", 3);
}
END_TEST

START_TEST(more_files_than_handles)
{
    char name[300];
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 5 * HANDLES_MAX; i++) {
            snprintf(name, sizeof name, "%s/many-%d", directory, i);
            ck_assert_int_eq(do_text(FILES_APPEND, name, "x"), 1);
        }
    check_content(name, "xx");
    struct file_figures row = figures_of("others"); /* beyond the table's rows */
    (void)row;
}
END_TEST

/* Loads. */

static int expected;

static void
on_many(struct file_request *request)
{
    ck_assert(request->result == 4 || request->result == -ECANCELED);
    done_count += request->result == 4;
    expected--;
    free(request);
}

static void
submit_many(void)
{
    for (int i = 0; i < MANY; i++) {
        struct file_request *request = malloc(sizeof *request);
        *request = (struct file_request){ .action = FILES_WRITE, .path = i % 2 ? path : other,
            .bytes = (char *)(size_t)"four", .len = 4, .offset = 4 * i, .done = on_many };
        int r = file_submit(files, &request, 1, i % OPTOP_PRIORITIES);
        ck_assert(r == 0 || r == -EAGAIN);
        expected += r == 0;
        if (r < 0)
            free(request);
    }
}

START_TEST(an_end_waits)
{
    submit_many();
    files_free(files, false);
    ck_assert_int_eq(expected, 0);
    ck_assert_int_eq(done_count, MANY);
    files = files_new(loop);
}
END_TEST

START_TEST(an_end_cancels)
{
    submit_many();
    files_free(files, true);
    ck_assert_int_eq(expected, 0);
    files_free(NULL, true);
    files = files_new(loop);
}
END_TEST

static void
on_again(struct file_request *request)
{
    if (++done_count < 50)
        ck_assert_int_eq(file_submit(files, &request, 1, OPTOP_NORMAL), 0);
    else
        loop_stop(loop);
}

START_TEST(done_goes_on_from_the_loop)
{
    struct file_request request = { .action = FILES_APPEND, .path = path,
        .bytes = (char *)(size_t)"+", .len = 1, .done = on_again }, *one = &request;
    ck_assert_int_eq(file_submit(files, &one, 1, OPTOP_BACKGROUND), 0);
    loop_run(loop);
    ck_assert_int_eq(done_count, 50);
    struct file_figures row = figures_of(path);
    ck_assert_uint_ge(row.writes, 50);
    ck_assert_uint_ge(row.bytes_written, 50);
    ck_assert_uint_ge(row.opens, 1);
    ck_assert_uint_lt(row.opens, 50); /* it stays open */
    ck_assert_double_ge(row.max_seconds, row.mean_seconds);
}
END_TEST

enum { LARGE = 64, LARGE_BYTES = 1024 * 1024 };
static struct file_request large[LARGE];
static char *seen[LARGE];
static int seen_count;

static void
on_large(struct file_request *request)
{
    int at = 0;
    done_count++;
    if (request->result < 0)
        return;
    ck_assert_int_eq(request->result, LARGE_BYTES);
    ck_assert_int_eq(request->data[17], '0' + (int)(request - large) % 7);
    while (at < seen_count && seen[at] != request->data)
        at++;
    if (at == seen_count)
        seen[seen_count++] = request->data;
}

/* A batch of more than there may be in buffers: the rest waits for the loop. */
START_TEST(buffers_are_bounded)
{
    struct file_request *list[LARGE];
    char *bytes = malloc((size_t)LARGE * LARGE_BYTES);
    ck_assert_ptr_nonnull(bytes);
    for (int i = 0; i < LARGE; i++) {
        memset(bytes + (size_t)i * LARGE_BYTES, '0' + i % 7, LARGE_BYTES);
        list[i] = &large[i];
    }
    struct file_request write = { .action = FILES_REPLACE, .path = path, .bytes = bytes,
        .len = (size_t)LARGE * LARGE_BYTES, .done = on_done }, *one = &write;
    ck_assert_int_eq(file_submit(files, &one, 1, OPTOP_NORMAL), 0);
    files_finish(files);
    free(bytes);
    ck_assert_int_eq(write.result, 0);
    for (int cancel = 0; cancel <= 1; cancel++) {
        done_count = seen_count = 0;
        for (int i = 0; i < LARGE; i++)
            large[i] = (struct file_request){ .action = FILES_READ, .path = path,
                .len = LARGE_BYTES, .offset = (int64_t)i * LARGE_BYTES, .done = on_large };
        ck_assert_int_eq(file_submit(files, list, LARGE / 2, OPTOP_NORMAL), 0);
        ck_assert_int_eq(file_submit(files, list + LARGE / 2, LARGE / 2, OPTOP_NORMAL), 0);
        if (cancel)
            files_free(files, true);
        else
            files_finish(files);
        ck_assert_int_eq(done_count, LARGE);
        ck_assert_int_le(seen_count, FILES_THREADS * ROOM_BYTES / LARGE_BYTES);
    }
    files = NULL;
}
END_TEST

/* What waits for room holds some itself: the loop must hear of it to free it. */
START_TEST(reads_of_other_sizes_find_room)
{
    static const size_t lens[] = { 1600 * 1024, 900 * 1024, FILES_READ_MAX, 900 * 1024,
        FILES_READ_MAX, 1, FILES_READ_MAX - 4096, 1000 * 1024, FILES_READ_MAX };
    enum { COUNT = sizeof lens / sizeof *lens };
    struct file_request request[COUNT], *list[COUNT];
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    ck_assert_int_eq(ftruncate(fd, FILES_READ_MAX), 0);
    close(fd);
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < COUNT; i++) {
            request[i] = (struct file_request){ .action = FILES_READ, .path = path,
                .len = lens[i], .done = on_done };
            list[i] = &request[i];
        }
        ck_assert_int_eq(file_submit(files, list, COUNT, OPTOP_NORMAL), 0);
        usleep(round % 2 * 10000); /* a thread that has come to its wait by then is the worst case */
        files_finish(files);
        for (int i = 0; i < COUNT; i++)
            ck_assert_int_eq(request[i].result, (int64_t)lens[i]);
    }
    ck_assert_int_eq(done_count, 20 * COUNT);
}
END_TEST

START_TEST(without_memory)
{
    static struct file_request request;
    struct file_request *one = &request;
    struct files *none = NULL;
    if (!test_fail_allocations(0, false))
        return;
    test_fail_allocations(1, true);
    none = files_new(loop);
    test_fail_allocations(0, false);
    ck_assert_ptr_null(none);
    do_text(FILES_REPLACE, path, "some text");
    request = (struct file_request){ .action = FILES_READ, .path = path, .len = 100, .done = on_done };
    test_fail_allocations(1, true);
    int r = file_submit(files, &one, 1, OPTOP_NORMAL);
    files_finish(files);
    test_fail_allocations(0, false);
    ck_assert_int_eq(r, 0);
    ck_assert_int_eq(request.result, 9); /* its memory is no heap's */
    char into[16];
    request.bytes = into; /* nothing is needed: the descriptor is just not kept */
    request.len = 9;
    test_fail_allocations(1, true);
    r = file_submit(files, &one, 1, OPTOP_NORMAL);
    files_finish(files);
    test_fail_allocations(0, false);
    ck_assert_int_eq(r, 0);
    ck_assert_int_eq(request.result, 9);
}
END_TEST

START_TEST(disks)
{
    uint64_t read_bytes = 1, written_bytes = 1;
    int r = file_disk_totals(&read_bytes, &written_bytes);
    ck_assert(r == 0 || r == -ENOENT || r == -EACCES || r == -ENODATA);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("file");
    TCase *tc = tcase_create("file");
    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, writes_and_reads);
    tcase_add_test(tc, reads_into_its_own_buffers);
    tcase_add_test(tc, a_file_is_replaced_whole);
    tcase_add_test(tc, faults_are_told);
    tcase_add_test(tc, a_batch_is_in_order);
    tcase_add_test(tc, a_batch_ends_with_its_first_fault);
    tcase_add_test(tc, a_name_that_means_another_file);
    tcase_add_test(tc, more_files_than_handles);
    tcase_add_test(tc, an_end_waits);
    tcase_add_test(tc, an_end_cancels);
    tcase_add_test(tc, done_goes_on_from_the_loop);
    tcase_add_test(tc, buffers_are_bounded);
    tcase_add_test(tc, reads_of_other_sizes_find_room);
    tcase_add_test(tc, without_memory);
    tcase_add_test(tc, disks);
    suite_add_tcase(suite, tc);
    return suite;
}
