/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lazy data: loaded once by whoever comes first, given up and loaded again, and
 * what happens when it cannot be; and the table of numbers that is made of it.
 */
#include "test.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem/registry.h"
#include "objective/data_file.h"

static atomic_int loads, unloads, arrived;
static int fails;
enum { THREADS = 6 };

static int
load(void *context, void **ret_data, size_t *ret_size)
{
    int *wait_for = context;
    while (wait_for && atomic_load(&arrived) < *wait_for)
        usleep(1000);
    if (wait_for)
        usleep(20000); /* the others come in meanwhile; were they late, nothing would fail */
    atomic_fetch_add(&loads, 1);
    if (fails)
        return fails;
    *ret_data = strdup("here");
    *ret_size = *ret_data ? 5 : 0;
    return *ret_data ? 0 : -ENOMEM;
}

static void
unload(void *data, size_t size, void *context)
{
    (void)context;
    ck_assert_uint_eq(size, 5);
    free(data);
    atomic_fetch_add(&unloads, 1);
}

static struct optop_lazy *
new_lazy(void *context)
{
    atomic_store(&loads, 0);
    atomic_store(&unloads, 0);
    atomic_store(&arrived, 0);
    fails = 0;
    return optop_lazy_new(&(struct optop_lazy_options){ .name = "test", .load = load,
        .unload = unload, .context = context });
}

START_TEST(it_comes_goes_and_comes_back)
{
    struct optop_lazy *lazy = new_lazy(NULL);
    const void *data;
    size_t size;
    struct optop_lazy_figures f;
    ck_assert_int_eq(atomic_load(&loads), 0);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(optop_lazy_use(lazy, &data, &size), 0);
        ck_assert_str_eq(data, "here");
        ck_assert_uint_eq(size, 5);
    }
    ck_assert_uint_eq(optop_lazy_drop(lazy), 0);
    for (int i = 0; i < 3; i++)
        optop_lazy_done(lazy);
    ck_assert_int_eq(atomic_load(&loads), 1);
    ck_assert_uint_eq(optop_lazy_drop(lazy), 5);
    ck_assert_uint_eq(optop_lazy_drop(lazy), 0);
    ck_assert_int_eq(atomic_load(&unloads), 1);
    ck_assert_int_eq(optop_lazy_use(lazy, &data, NULL), 0);
    optop_lazy_figures(lazy, &f);
    ck_assert_uint_eq(f.loads, 2);
    ck_assert_uint_eq(f.uses, 4);
    ck_assert_uint_eq(f.drops, 1);
    ck_assert_uint_eq(f.bytes, 5);
    optop_lazy_done(lazy);
    optop_lazy_free(lazy);
    ck_assert_int_eq(atomic_load(&unloads), 2);
    optop_lazy_free(NULL);
}
END_TEST

static void *
come(void *context)
{
    const void *data;
    atomic_fetch_add(&arrived, 1);
    int r = optop_lazy_use(context, &data, NULL);
    if (r == 0)
        optop_lazy_done(context);
    return (void *)(intptr_t)r;
}

START_TEST(many_who_come_share_one_load)
{
    int threads = THREADS;
    struct optop_lazy *lazy = new_lazy(&threads);
    pthread_t thread[THREADS];
    struct optop_lazy_figures f;
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, come, lazy), 0);
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(thread[i], &result);
        ck_assert_int_eq((int)(intptr_t)result, 0);
    }
    optop_lazy_figures(lazy, &f);
    ck_assert_uint_eq(f.loads, 1);
    ck_assert_uint_eq(f.uses, THREADS);
    optop_lazy_free(lazy);
}
END_TEST

START_TEST(a_load_that_fails_is_tried_again)
{
    struct optop_lazy *lazy = new_lazy(NULL);
    const void *data;
    struct optop_lazy_figures f;
    fails = -EIO;
    ck_assert_int_eq(optop_lazy_use(lazy, &data, NULL), -EIO);
    ck_assert_int_eq(optop_lazy_use(lazy, &data, NULL), -EIO);
    fails = 0;
    ck_assert_int_eq(optop_lazy_use(lazy, &data, NULL), 0);
    optop_lazy_done(lazy);
    optop_lazy_figures(lazy, &f);
    ck_assert_uint_eq(f.failed, 2);
    ck_assert_uint_eq(f.loads, 1);
    optop_lazy_free(lazy);
    ck_assert_ptr_null(optop_lazy_new(&(struct optop_lazy_options){ .name = "none" }));
    ck_assert_int_eq(errno, EINVAL);
}
END_TEST

static void
press(struct resource *resource, void *data)
{
    if (!strcmp(resource->kind, "lazy"))
        *(size_t *)data += resource->give_back(resource, SIZE_MAX);
}

/* Files. */

static const char *
write_file(const char *text)
{
    static char path[4200];
    if (!path[0]) /* each call gives a directory of its own */
        snprintf(path, sizeof path, "%s/data", test_directory());
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
    return path;
}

START_TEST(it_goes_when_memory_is_short)
{
    struct optop_lazy *lazy = new_lazy(NULL);
    const void *data;
    size_t given = 0;
    ck_assert_int_eq(optop_lazy_use(lazy, &data, NULL), 0);
    registry_each(press, &given);
    ck_assert_uint_eq(given, 0); /* in use */
    optop_lazy_done(lazy);
    registry_each(press, &given);
    ck_assert_uint_eq(given, 5);
    ck_assert_int_eq(optop_lazy_use(lazy, &data, NULL), 0);
    ck_assert_str_eq(data, "here");
    optop_lazy_done(lazy);
    optop_lazy_free(lazy);
}
END_TEST

static const struct {
    const char *text;
    size_t rows;
    int columns;
    const char *second_name;
    double last;
} table[] = {
    { "", 0, 0, "", 0 },
    { "1,2\n3,4\n", 2, 2, "", 4 },
    { "day, close\r\n1, 2.5\r\n\r\n2, -3e2", 2, 2, "close", -300 },
    { "1 2  3\n4\t5;6\n", 2, 3, "", 6 },
    { "a,b\n1,,\n", 1, 2, "b", (double)NAN },
    { "1;2;3\n4;x\n", 2, 3, "", (double)NAN },
    { "7", 1, 1, "", 7 },
};

START_TEST(a_table_of_numbers)
{
    const struct data_table *read;
    struct data_file *file = data_file_new(write_file(table[_i].text));
    ck_assert_int_eq(data_file_use(file, &read), 0);
    ck_assert_uint_eq(read->rows, table[_i].rows);
    ck_assert_int_eq(read->columns, table[_i].columns);
    ck_assert_str_eq(read->name[1], table[_i].second_name);
    if (table[_i].rows) {
        double last = read->value[read->rows * (size_t)read->columns - 1];
        ck_assert(isnan(table[_i].last) ? isnan(last) : fabs(last - table[_i].last) < 1e-12);
    }
    data_file_done(file);
    size_t given = 0;
    registry_each(press, &given);
    ck_assert_uint_ge(given, sizeof(struct data_table)); /* and no bytes of the file beside it */
    ck_assert_uint_le(given, sizeof(struct data_table) + 100);
    ck_assert_int_eq(data_file_use(file, &read), 0);
    ck_assert_uint_eq(read->rows, table[_i].rows);
    data_file_done(file);
    data_file_free(file);
}
END_TEST

/* Lines across the edges of the chunks in which a file is read. */
START_TEST(a_table_of_several_chunks)
{
    enum { ROWS = 500000 };
    const struct data_table *read;
    const char *path = write_file("");
    FILE *out = fopen(path, "we");
    ck_assert_ptr_nonnull(out);
    for (int i = 0; i < ROWS; i++)
        fprintf(out, "%d,%d.5%s\n", i, 2 * i, i % 3 ? "" : "\r");
    ck_assert_int_eq(fclose(out), 0);
    struct data_file *file = data_file_new(path);
    ck_assert_int_eq(data_file_use(file, &read), 0);
    ck_assert_uint_eq(read->rows, ROWS);
    for (int i = 0; i < ROWS; i++) {
        ck_assert(fabs(read->value[2 * i] - i) < 1e-9);
        ck_assert(fabs(read->value[2 * i + 1] - (2 * i + 0.5)) < 1e-9);
    }
    data_file_done(file);
    data_file_free(file);
    out = fopen(path, "we");
    for (int i = 0; i < 3 * 1024 * 1024; i++)
        fputc('1', out);
    fclose(out);
    file = data_file_new(path); /* what no line can be */
    ck_assert_int_eq(data_file_use(file, &read), -EFBIG);
    data_file_free(file);
}
END_TEST

START_TEST(no_memory_is_an_error)
{
    const char *path = write_file("1,2\n3,4\n");
    for (long nth = 1; nth < 20; nth++) {
        const struct data_table *read;
        bool can_fail = test_fail_allocations(nth, true);
        struct data_file *file = data_file_new(path);
        int r = file ? data_file_use(file, &read) : -ENOMEM;
        test_fail_allocations(0, false);
        if (can_fail && nth == 1)
            ck_assert_ptr_null(file);
        ck_assert(r == 0 || r == -ENOMEM);
        if (r == 0)
            data_file_done(file);
        data_file_free(file);
    }
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("lazy");
    TCase *tcase = tcase_create("lazy");
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, it_comes_goes_and_comes_back);
    tcase_add_test(tcase, many_who_come_share_one_load);
    tcase_add_test(tcase, a_load_that_fails_is_tried_again);
    tcase_add_test(tcase, it_goes_when_memory_is_short);
    tcase_add_loop_test(tcase, a_table_of_numbers, 0, sizeof table / sizeof *table);
    tcase_add_test(tcase, a_table_of_several_chunks);
    tcase_add_test(tcase, no_memory_is_an_error);
    suite_add_tcase(suite, tcase);
    return suite;
}
