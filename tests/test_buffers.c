/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The pool of byte buffers: what is in them, and that its figures add up.
 */
#include "test.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mem/buffers.h"

enum { SMALLEST = 1 << BUFFERS_MIN_BITS, LARGEST = 1 << BUFFERS_MAX_BITS };

static void
check_figures(const struct buffers *pool, uint64_t in_use)
{
    struct pool_figures f = buffers_figures(pool);
    ck_assert_uint_eq(f.in_use, in_use);
    ck_assert_uint_eq(f.size, f.in_use + f.idle);
    ck_assert_uint_eq(f.size, f.created - f.retired);
    ck_assert_str_eq(f.name, "buffers");
}

START_TEST(bytes_go_in_and_out)
{
    struct buffers *pool = buffers_new(0);
    struct buffer b = { 0 };
    ck_assert_int_eq(buffer_append(pool, &b, "hello ", 6), 0);
    ck_assert_int_eq(buffer_append(pool, &b, "world", 5), 0);
    ck_assert_mem_eq(b.data + b.start, "hello world", 11);
    ck_assert_uint_eq(b.capacity, SMALLEST);
    check_figures(pool, 1);
    buffer_consume(pool, &b, 6);
    ck_assert_uint_eq(b.len, 5);
    ck_assert_mem_eq(b.data + b.start, "world", 5);
    buffer_consume(pool, &b, 5);
    ck_assert_ptr_null(b.data);
    ck_assert_uint_eq(b.len, 0);
    check_figures(pool, 0);
    buffer_release(pool, &b);
    check_figures(pool, 0);
    buffers_free(pool);
}
END_TEST

START_TEST(a_free_buffer_is_used_again)
{
    struct buffers *pool = buffers_new(0);
    struct buffer b = { 0 };
    for (int i = 0; i < 10; i++) {
        ck_assert_int_eq(buffer_append(pool, &b, "x", 1), 0);
        buffer_consume(pool, &b, 1);
    }
    struct pool_figures f = buffers_figures(pool);
    ck_assert_uint_eq(f.created, 1);
    ck_assert_uint_eq(f.reused, 9);
    ck_assert_uint_eq(f.idle, 1);
    buffers_free(pool);
}
END_TEST

START_TEST(growing_keeps_what_is_there)
{
    struct buffers *pool = buffers_new(0);
    struct buffer b = { 0 };
    char block[1000];
    size_t total = 0;
    for (int i = 0; i < 200; i++) {
        memset(block, 'a' + i % 26, sizeof block);
        ck_assert_int_eq(buffer_append(pool, &b, block, sizeof block), 0);
        total += sizeof block;
        check_figures(pool, 1);
    }
    ck_assert_uint_eq(b.len, total);
    for (size_t i = 0; i < total; i++)
        ck_assert_int_eq(b.data[b.start + i], 'a' + (int)(i / sizeof block) % 26);
    buffer_release(pool, &b);
    buffers_free(pool);
}
END_TEST

START_TEST(room_at_the_front_is_used_before_growing)
{
    struct buffers *pool = buffers_new(0);
    struct buffer b = { 0 };
    char block[SMALLEST];
    memset(block, 'f', sizeof block);
    block[sizeof block - 1] = 'l';
    ck_assert_int_eq(buffer_append(pool, &b, block, sizeof block), 0);
    buffer_consume(pool, &b, sizeof block - 1);
    ck_assert_int_eq(buffer_append(pool, &b, block, sizeof block - 1), 0);
    ck_assert_uint_eq(b.capacity, SMALLEST);
    ck_assert_int_eq(b.data[b.start], 'l');
    ck_assert_int_eq(b.data[b.start + 1], 'f');
    buffer_release(pool, &b);
    buffers_free(pool);
}
END_TEST

START_TEST(the_largest_class_is_the_limit)
{
    struct buffers *pool = buffers_new(0);
    struct buffer b = { 0 };
    ck_assert_int_eq(buffer_reserve(pool, &b, LARGEST + 1), -ENOBUFS);
    ck_assert_ptr_null(b.data);
    check_figures(pool, 0);
    ck_assert_int_eq(buffer_reserve(pool, &b, LARGEST), 0);
    b.len = LARGEST;
    b.data[0] = 'k';
    ck_assert_int_eq(buffer_append(pool, &b, "x", 1), -ENOBUFS);
    ck_assert_uint_eq(b.len, LARGEST);
    ck_assert_int_eq(b.data[0], 'k');
    check_figures(pool, 1);
    buffer_release(pool, &b);
    check_figures(pool, 0);
    buffers_free(pool);
}
END_TEST

START_TEST(classes_fit)
{
    struct buffers *pool = buffers_new(0);
    for (size_t size = 0; size <= LARGEST; size = size * 2 + 1) {
        for (int d = 0; d < 3 && size + (size_t)d <= LARGEST; d++) {
            struct buffer b = { 0 };
            size_t want = size + (size_t)d;
            ck_assert_int_eq(buffer_reserve(pool, &b, want), 0);
            ck_assert_uint_ge(b.capacity, want);
            ck_assert(b.capacity == SMALLEST || b.capacity / 2 < want);
            memset(b.data, 1, b.capacity);
            buffer_release(pool, &b);
        }
    }
    check_figures(pool, 0);
    buffers_free(pool);
}
END_TEST

START_TEST(a_burst_does_not_stay)
{
    enum { COUNT = 3 * BUFFERS_KEEP_BYTES / SMALLEST };
    static struct buffer b[COUNT];
    struct buffers *pool = buffers_new(0);
    for (int i = 0; i < COUNT; i++)
        ck_assert_int_eq(buffer_append(pool, &b[i], "x", 1), 0);
    check_figures(pool, COUNT);
    for (int i = 0; i < COUNT; i++)
        buffer_release(pool, &b[i]);
    struct pool_figures f = buffers_figures(pool);
    ck_assert_uint_eq(f.idle, BUFFERS_KEEP_BYTES / SMALLEST);
    ck_assert_uint_eq(f.retired, COUNT - f.idle);
    check_figures(pool, 0);
    /* one that is larger than all that is kept is never kept */
    struct buffer large = { 0 };
    ck_assert_int_eq(buffer_reserve(pool, &large, 2 * BUFFERS_KEEP_BYTES), 0);
    buffer_release(pool, &large);
    ck_assert_uint_eq(buffers_figures(pool).retired, f.retired + 1);
    check_figures(pool, 0);
    buffers_free(pool);
}
END_TEST

/* Many buffers in random use, beside a plain copy of what must be in them. */
START_TEST(random_use)
{
    enum { BUFFERS = 8, MODEL = 70000 };
    static struct buffer b[BUFFERS];
    static char model[BUFFERS][MODEL];
    size_t len[BUFFERS] = { 0 };
    struct buffers *pool = buffers_new(0);
    unsigned seed = 31;
    for (int round = 0; round < 20000; round++) {
        unsigned i = (unsigned)rand_r(&seed) % BUFFERS;
        size_t n = (size_t)rand_r(&seed) % 3000;
        if (rand_r(&seed) % 2 && len[i] + n < MODEL) {
            memset(model[i] + len[i], round, n);
            ck_assert_int_eq(buffer_append(pool, &b[i], model[i] + len[i], n), 0);
            len[i] += n;
        } else {
            n = n < len[i] ? n : len[i];
            buffer_consume(pool, &b[i], n);
            memmove(model[i], model[i] + n, len[i] - n);
            len[i] -= n;
        }
        ck_assert_uint_eq(b[i].len, len[i]);
        if (len[i])
            ck_assert_mem_eq(b[i].data + b[i].start, model[i], len[i]);
    }
    for (int i = 0; i < BUFFERS; i++)
        buffer_release(pool, &b[i]);
    check_figures(pool, 0);
    buffers_free(pool);
    buffers_free(NULL);
}
END_TEST

static bool
has_bytes(const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (data[i] == 's')
            return true;
    return false;
}

/* Whatever way they went: moved, dropped at the front, into a larger one. */
START_TEST(secrets_do_not_rest)
{
    static char secret[3 * SMALLEST];
    struct buffers *pool = buffers_new(BUFFERS_ZERO);
    struct buffer b = { 0 }, small = { 0 }, large = { 0 };
    memset(secret, 's', sizeof secret);
    ck_assert_int_eq(buffer_append(pool, &b, secret, SMALLEST - 10), 0);
    buffer_consume(pool, &b, SMALLEST - 100);
    ck_assert_int_eq(buffer_reserve(pool, &b, 1000), 0);
    const char *first = b.data;
    ck_assert_int_eq(buffer_append(pool, &b, secret, sizeof secret - 100), 0);
    ck_assert_ptr_ne(b.data, first);
    const char *second = b.data;
    buffer_release(pool, &b);
    ck_assert_int_eq(buffer_reserve(pool, &small, 10), 0);
    ck_assert_ptr_eq(small.data, first);
    ck_assert(!has_bytes(small.data, small.capacity));
    ck_assert_int_eq(buffer_reserve(pool, &large, sizeof secret), 0);
    ck_assert_ptr_eq(large.data, second);
    ck_assert(!has_bytes(large.data, large.capacity));
    memset(large.data, 's', 100); /* as recv() does */
    large.len = 100;
    buffer_consume(pool, &large, 100);
    ck_assert_int_eq(buffer_reserve(pool, &large, sizeof secret), 0);
    ck_assert(!has_bytes(large.data, large.capacity));
    buffer_release(pool, &small);
    buffer_release(pool, &large);
    buffers_free(pool);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("buffers");
    TCase *tcase = tcase_create("buffers");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, bytes_go_in_and_out);
    tcase_add_test(tcase, a_free_buffer_is_used_again);
    tcase_add_test(tcase, growing_keeps_what_is_there);
    tcase_add_test(tcase, room_at_the_front_is_used_before_growing);
    tcase_add_test(tcase, the_largest_class_is_the_limit);
    tcase_add_test(tcase, classes_fit);
    tcase_add_test(tcase, a_burst_does_not_stay);
    tcase_add_test(tcase, random_use);
    tcase_add_test(tcase, secrets_do_not_rest);
    suite_add_tcase(suite, tcase);
    return suite;
}
