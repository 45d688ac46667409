/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The memory manager over a /proc and cgroups of our own, and over real memory.
 */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mem/memory.h"
#include "mem/memory_read.h"
#include "mem/registry.h"

#define MIB INT64_C(1048576)

static const char *place;

static void
put(const char *path, const char *text)
{
    char all[4096];
    snprintf(all, sizeof all, "%s%s", place, path);
    for (char *slash = strchr(all + strlen(place) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(all, 0700);
        *slash = '/';
    }
    FILE *file = fopen(all, "we");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static void
put_left(int mib)
{
    char text[128];
    snprintf(text, sizeof text, "MemTotal:    1024000 kB\nMemFree:  1 kB\nMemAvailable: %d kB\n",
        mib * 1024);
    put("/proc/meminfo", text);
}

static void
set_up(void)
{
    place = test_directory();
    put_left(800);
    put("/proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=100\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n");
}

START_TEST(machine)
{
    struct memory_files files;
    struct pressure_reading reading = { 0 };
    memory_files_open(&files, place);
    memory_read_machine(&files, &reading);
    ck_assert_double_eq(reading.limit_bytes, 1024000.0 * 1024);
    ck_assert_double_eq(reading.left_bytes, (double)(800 * MIB));
    ck_assert_double_eq(reading.some_us, 100);
    ck_assert_double_eq(reading.full_us, 7);
    ck_assert(!memory_read_group(&files, &reading));
    memory_files_close(&files);
    memory_files_close(&files);
}
END_TEST

START_TEST(group_of_version_2)
{
    struct memory_files files;
    struct pressure_reading reading = { 0 };
    put("/proc/self/cgroup", "0::/a/b\n");
    put("/sys/fs/cgroup/a/b/memory.max", "max\n");
    put("/sys/fs/cgroup/a/memory.max", "104857600\n");
    put("/sys/fs/cgroup/a/memory.current", "94371840\n");
    put("/sys/fs/cgroup/a/memory.stat", "anon 1\ninactive_file 20971520\nactive_file 5\n");
    put("/sys/fs/cgroup/a/memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n");
    memory_files_open(&files, place);
    ck_assert(memory_read_group(&files, &reading));
    ck_assert_double_eq(reading.limit_bytes, 104857600);
    ck_assert_double_eq(reading.left_bytes, 104857600 - 94371840 + 20971520);
    ck_assert_double_eq(reading.some_us, 5);
    ck_assert(reading.full_us != reading.full_us);
    memory_files_close(&files);
}
END_TEST

START_TEST(group_of_version_1)
{
    struct memory_files files;
    struct pressure_reading reading = { 0 };
    put("/proc/self/cgroup", "5:cpu,memory:/job\n1:name=systemd:/\n0::/other\n");
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put("/sys/fs/cgroup/memory/job/memory.limit_in_bytes", "1000\n");
    put("/sys/fs/cgroup/memory/job/memory.usage_in_bytes", "900\n");
    put("/sys/fs/cgroup/memory/job/memory.stat", "inactive_file 1\ntotal_inactive_file 50\n");
    memory_files_open(&files, place);
    ck_assert(memory_read_group(&files, &reading));
    ck_assert_double_eq(reading.left_bytes, 150);
    memory_files_close(&files);
}
END_TEST

struct hoard {
    struct resource resource;
    void *map;
    int asked;
};

enum { HOARD_BYTES = 32 * 1048576 };

static size_t
give(struct resource *resource, size_t wanted)
{
    struct hoard *hoard = (struct hoard *)(void *)resource;
    (void)wanted;
    hoard->asked++;
    if (!hoard->map)
        return 0;
    munmap(hoard->map, HOARD_BYTES);
    hoard->map = NULL;
    return HOARD_BYTES;
}

static void
fill(struct hoard *hoard, const char *name, int priority)
{
    *hoard = (struct hoard){ .resource = { .kind = "cache", .priority = priority,
                                 .give_back = give } };
    snprintf(hoard->resource.name, sizeof hoard->resource.name, "%s", name);
    hoard->map = mmap(NULL, HOARD_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(hoard->map, MAP_FAILED);
    memset(hoard->map, 1, HOARD_BYTES);
    registry_add(&hoard->resource);
}

START_TEST(release_in_order_and_measured)
{
    struct hoard dear, cheap;
    struct optop_released gave;
    memory_use_root(place);
    fill(&dear, "dear", 2);
    fill(&cheap, "cheap", 1);
    size_t got = optop_memory_release(16 * MIB);
    ck_assert_uint_ge(got, 30 * MIB);
    ck_assert_int_eq(cheap.asked, 1);
    ck_assert_int_eq(dear.asked, 0);
    optop_memory_released(&gave);
    ck_assert_uint_eq(gave.releases, 1);
    ck_assert_uint_eq(gave.bytes, got);
    ck_assert_str_eq(gave.giver[0].name, "cache cheap");
    ck_assert_int_ge(gave.giver[0].bytes, 30 * MIB);

    ck_assert_uint_ge(optop_memory_release(SIZE_MAX), 30 * MIB);
    ck_assert_int_eq(dear.asked, 1);
    optop_memory_released(&gave);
    ck_assert_uint_eq(gave.releases, 2);
    ck_assert_str_eq(gave.giver[0].name, "cache dear");
    registry_remove(&dear.resource);
    registry_remove(&cheap.resource);
}
END_TEST

static int calls;
static enum optop_pressure last_now, last_before;

static void
note(enum optop_pressure now, enum optop_pressure before, void *data)
{
    calls += *(int *)data;
    last_now = now;
    last_before = before;
}

START_TEST(a_step_calls_back_and_has_memory_given_back)
{
    struct hoard hoard;
    char reason[128];
    int one = 1, two = 2;
    memory_use_root(place);
    ck_assert_int_eq(optop_memory_on_pressure(note, &one), 0);
    ck_assert_int_eq(optop_memory_on_pressure(note, &two), 0);
    ck_assert_int_eq(optop_memory_on_pressure(NULL, &two), -EINVAL);
    fill(&hoard, "hoard", 0);
    ck_assert_int_eq(optop_memory_step(), OPTOP_PRESSURE_NONE);
    ck_assert_int_eq(calls, 0);
    put_left(30);
    ck_assert_int_eq(optop_memory_step(), OPTOP_PRESSURE_CRITICAL);
    ck_assert_int_eq(calls, 3);
    ck_assert_int_eq(last_now, OPTOP_PRESSURE_CRITICAL);
    ck_assert_int_eq(last_before, OPTOP_PRESSURE_NONE);
    ck_assert_int_eq(hoard.asked, 1);
    ck_assert_int_eq(optop_memory_pressure(reason, sizeof reason), OPTOP_PRESSURE_CRITICAL);
    ck_assert_ptr_eq(strstr(reason, "machine: 3.0% left"), reason);
    optop_memory_step();
    ck_assert_int_eq(calls, 3); /* it is no news any more */
    ck_assert_int_eq(hoard.asked, 1);
    optop_memory_off_pressure(note, &one);
    optop_memory_off_pressure(note, &two);
    for (int i = 0; i < 16; i++)
        ck_assert_int_eq(optop_memory_on_pressure(note, &one), 0);
    ck_assert_int_eq(optop_memory_on_pressure(note, &one), -ENOSPC);
    registry_remove(&hoard.resource);
}
END_TEST

START_TEST(a_limit_of_ones_own)
{
    struct optop_memory memory;
    char reason[128];
    memory_use_root(place);
    ck_assert_int_eq(optop_memory_read(&memory, OPTOP_MEMORY_PSS), 0);
    ck_assert_int_eq(memory.limit_bytes, 1024000 * INT64_C(1024));
    ck_assert_int_gt(memory.rss_bytes, 0);
    ck_assert_int_gt(memory.pss_bytes, 0);
    ck_assert_int_gt(memory.virtual_bytes, memory.rss_bytes);
    optop_memory_set_limit(memory.rss_bytes);
    ck_assert_int_eq(optop_memory_step(), OPTOP_PRESSURE_CRITICAL);
    optop_memory_pressure(reason, sizeof reason);
    ck_assert_ptr_nonnull(strstr(reason, "own limit: "));
    ck_assert_int_eq(memory_pressure_around(), OPTOP_PRESSURE_NONE);
    ck_assert_int_eq(optop_memory_read(&memory, 0), 0);
    ck_assert_double_gt(memory.used_pct, 50);
    ck_assert_int_eq(memory.pss_bytes, -1);
    optop_memory_set_limit(0);
    ck_assert_int_eq(optop_memory_step(), OPTOP_PRESSURE_NONE);
}
END_TEST

static void *
step_and_release(void *data)
{
    for (int i = 0; i < 200; i++) {
        struct optop_memory memory;
        optop_memory_step();
        optop_memory_release(4096);
        ck_assert_int_eq(optop_memory_read(&memory, 0), 0);
        ck_assert_int_gt(optop_memory_wait_ms(), 0);
    }
    return data;
}

START_TEST(threads)
{
    pthread_t thread[3];
    memory_use_root(place);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, step_and_release, NULL), 0);
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_join(thread[i], NULL), 0);
}
END_TEST

START_TEST(a_step_allocates_nothing)
{
    memory_use_root("");
    optop_memory_step();
    test_fail_allocations(1, true);
    unsigned long before = test_allocations();
    for (int i = 0; i < 10; i++)
        optop_memory_step();
    optop_memory_release(SIZE_MAX);
    test_fail_allocations(0, false);
    ck_assert_uint_eq(test_allocations(), before);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("memory");
    TCase *tc = tcase_create("memory");
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, machine);
    tcase_add_test(tc, group_of_version_2);
    tcase_add_test(tc, group_of_version_1);
    tcase_add_test(tc, release_in_order_and_measured);
    tcase_add_test(tc, a_step_calls_back_and_has_memory_given_back);
    tcase_add_test(tc, a_limit_of_ones_own);
    tcase_add_test(tc, threads);
    tcase_add_test(tc, a_step_allocates_nothing);
    suite_add_tcase(suite, tc);
    return suite;
}
