/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Status objects of earlier times: found by their time in either direction, over files,
 * restarts and damage, as they were.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/journal.h"
#include "io/squeeze.h"
#include "server/snapshots.h"

enum { BASE = 1000000 }; /* wall seconds of the first */

static struct loop *loop;
static struct files *files;
static struct snapshots *snapshots;
static char directory[512];
static struct str status, found;

static void
setup(void)
{
    snprintf(directory, sizeof directory, "%s/history", test_directory());
    loop = loop_new();
    files = files_new(loop);
    ck_assert_ptr_nonnull(files);
    str_init(&status);
    str_init(&found);
}

static void
teardown(void)
{
    files_free(files, false);
    loop_free(loop);
    str_release(&status);
    str_release(&found);
}

static void
start(size_t fine_bytes)
{
    const struct snapshots_options options = { .loop = loop, .files = files, .directory = directory,
        .every_seconds = 10, .fine_bytes = fine_bytes, .coarse_bytes = 1 << 22, .fine_seconds = 1e6,
        .coarse_seconds = 1e7 };
    snapshots = snapshots_start(&options);
    ck_assert_ptr_nonnull(snapshots);
    while (!snapshots_due(snapshots, loop_now(loop) + 1000 * NS_PER_SEC)) {
        loop_step(loop);
        usleep(200);
    }
}

/* An object of some kilobytes in which a little is new. */
static const struct str *
object_of(int second)
{
    str_clear(&status);
    str_printf(&status, "{\"time\":%d", BASE + second);
    for (int i = 0; i < 300; i++)
        str_printf(&status, ",\"figure %d\":%d", i, i % 10 ? i * 7919 : second * i);
    str_puts(&status, "}");
    return &status;
}

static void
take(int from, int to)
{
    int64_t start_ns = loop_now(loop) + 1000 * NS_PER_SEC;
    for (int second = from; second < to; second += 10) {
        int64_t now_ns = start_ns + (second - from) * NS_PER_SEC;
        ck_assert(snapshots_due(snapshots, now_ns));
        snapshots_take(snapshots, now_ns, (BASE + second) * NS_PER_SEC + 4000000, object_of(second));
        ck_assert(!snapshots_due(snapshots, now_ns));
        files_finish(files);
    }
}

/* The second that is found; -1: none. */
static int
find(double second, enum journal_way way)
{
    int r = snapshots_find(directory, sec_to_ns(BASE + second), way, &found), time;
    if (r == -ENOENT)
        return -1;
    ck_assert_int_eq(r, 0);
    ck_assert_int_eq(sscanf(found.data, "{\"time\":%d", &time), 1);
    const struct str *wanted = object_of(time - BASE);
    ck_assert_uint_eq(found.len, wanted->len);
    ck_assert_mem_eq(found.data, wanted->data, found.len);
    return time - BASE;
}

static void
check_walks(int from, int to)
{
    ck_assert_int_eq(find(from - 1, JOURNAL_AT), -1);
    ck_assert_int_eq(find(from, JOURNAL_BEFORE), -1);
    ck_assert_int_eq(find(to - 10, JOURNAL_AFTER), -1);
    ck_assert_int_eq(find(1e6, JOURNAL_AT), to - 10);
    ck_assert_int_eq(find(-1e5, JOURNAL_AFTER), from);
    for (int second = from; second < to; second += 10) {
        ck_assert_int_eq(find(second, JOURNAL_AT), second);
        ck_assert_int_eq(find(second + 9.9, JOURNAL_AT), second);
        if (second > from)
            ck_assert_int_eq(find(second, JOURNAL_BEFORE), second - 10);
        if (second + 10 < to)
            ck_assert_int_eq(find(second, JOURNAL_AFTER), second + 10);
    }
}

START_TEST(found_by_their_times)
{
    start(1 << 22);
    ck_assert_int_eq(find(0, JOURNAL_AT), -1);
    take(0, 300);
    check_walks(0, 300);
    /* packed by what they have in common */
    ck_assert_uint_lt(snapshots_bytes(snapshots), 36 * object_of(0)->len / 4);
    snapshots_stop(snapshots);
    start(1 << 22);
    take(300, 400);
    check_walks(0, 400);
    snapshots_stop(snapshots);
    snapshots_stop(NULL);
}
END_TEST

/* Where the fine ones have gone, there is one a minute. */
START_TEST(coarse_ones_are_older)
{
    start(JOURNAL_BYTES_MIN);
    take(0, 6000);
    ck_assert_int_eq(find(0, JOURNAL_AT), 0);
    ck_assert_int_eq(find(60, JOURNAL_AFTER), 120);
    ck_assert_int_eq(find(119, JOURNAL_AT), 60);
    ck_assert_int_eq(find(5985, JOURNAL_AT), 5980);
    for (int second = 0, next; (next = find(second, JOURNAL_AFTER)) >= 0; second = next) {
        ck_assert_int_ge(next, second + 10);
        ck_assert_int_le(next, second + 60);
    }
    snapshots_stop(snapshots);
}
END_TEST

/* Never another object than that which was written. */
START_TEST(damage_is_seen)
{
    char path[600];
    start(1 << 22);
    take(0, 200);
    snapshots_stop(snapshots);
    uint32_t state = 5;
    snprintf(path, sizeof path, "%s/status-0", directory);
    for (int i = 0; i < 60; i++) {
        int fd = open(path, O_RDWR);
        off_t size = lseek(fd, 0, SEEK_END);
        state = state * 1664525u + 1013904223u;
        char byte, at = (char)(state >> 20);
        off_t place = (off_t)((state >> 3) % (uint32_t)size);
        ck_assert_int_eq(pread(fd, &byte, 1, place), 1);
        ck_assert_int_eq(pwrite(fd, &at, 1, place), 1);
        for (int second = 0; second < 200; second += 30)
            find(second, JOURNAL_AT); /* checks what is found */
        ck_assert_int_eq(pwrite(fd, &byte, 1, place), 1);
        close(fd);
    }
}
END_TEST

START_TEST(what_is_unpacked_is_not_believed)
{
    struct squeezer *squeezer = squeezer_new();
    struct str packed;
    str_init(&packed);
    object_of(7);
    ck_assert_int_eq(squeeze_pack(squeezer, "", 0, status.data, status.len, &packed), 0);
    ck_assert_int_eq(squeeze_unpack("", 0, packed.data, packed.len, status.len, &found), 0);
    ck_assert_str_eq(found.data, status.data);
    ck_assert_int_eq(squeeze_unpack("", 0, packed.data, packed.len, status.len - 1, &found), -EBADMSG);
    ck_assert_int_eq(squeeze_unpack("", 0, packed.data, packed.len, status.len + 1, &found), -EBADMSG);
    ck_assert_int_eq(squeeze_unpack("", 0, packed.data, packed.len / 2, status.len, &found), -EBADMSG);
    for (size_t i = 0; i < packed.len; i++) {
        packed.data[i] = (char)(packed.data[i] ^ 0x55);
        str_clear(&found);
        if (squeeze_unpack("", 0, packed.data, packed.len, status.len, &found) == 0)
            ck_assert_uint_eq(found.len, status.len);
        packed.data[i] = (char)(packed.data[i] ^ 0x55);
    }
    str_release(&packed);
    squeezer_free(squeezer);
    squeezer_free(NULL);
}
END_TEST

START_TEST(nothing_is_allocated)
{
    start(1 << 22);
    take(0, 200);
    object_of(200);
    int64_t now_ns = loop_now(loop) + 5000 * NS_PER_SEC;
    unsigned long before = 0;
    for (int i = 0; i < 150; i++) { /* buffers have grown behind the first hundred */
        if (i == 100)
            before = test_allocations(); /* an assertion allocates */
        snapshots_take(snapshots, now_ns + i * 10 * NS_PER_SEC, (BASE + 200 + i * 10) * NS_PER_SEC, &status);
        files_finish(files);
    }
    ck_assert_uint_eq(test_allocations(), before);
    snapshots_stop(snapshots);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("snapshots");
    TCase *tcase = tcase_create("snapshots");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, found_by_their_times);
    tcase_add_test(tcase, coarse_ones_are_older);
    tcase_add_test(tcase, damage_is_seen);
    tcase_add_test(tcase, what_is_unpacked_is_not_believed);
    tcase_add_test(tcase, nothing_is_allocated);
    suite_add_tcase(suite, tcase);
    return suite;
}
