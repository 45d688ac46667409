/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "sample/cgroup.h"
#include "sample/procfs.h"

static struct scan
text_of(const char *text)
{
    return (struct scan){ text, text + strlen(text) };
}

static void
write_bytes(const char *path, const void *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
    close(fd);
}

START_TEST(numbers)
{
    uint64_t v = 7;
    struct scan t = text_of("  42\t18446744073709551615 18446744073709551616 99999999999999999999999 x");
    ck_assert(scan_number(&t, &v) && v == 42);
    ck_assert(scan_number(&t, &v) && v == UINT64_MAX);
    ck_assert(scan_number(&t, &v) && v == UINT64_MAX);
    ck_assert(scan_number(&t, &v) && v == UINT64_MAX);
    v = 7;
    ck_assert(!scan_number(&t, &v));
    ck_assert_uint_eq(v, 7);
    t = text_of("-1");
    ck_assert(!scan_number(&t, &v));
    t = text_of("");
    ck_assert(!scan_number(&t, &v));
    t = text_of("\n5");
    ck_assert(!scan_number(&t, &v));
    uint64_t list[3];
    t = text_of("1 2 x 3");
    ck_assert_int_eq(scan_numbers(&t, list, 3), 2);
}
END_TEST

START_TEST(a_number_ends_with_the_text)
{
    struct scan t = text_of("123456");
    uint64_t v;
    t.end -= 3;
    ck_assert(scan_number(&t, &v));
    ck_assert_uint_eq(v, 123);
    ck_assert(!scan_number(&t, &v));
}
END_TEST

START_TEST(decimals)
{
    double v;
    struct scan t = text_of("0.06 12.5 7 .5");
    ck_assert(scan_decimal(&t, &v) && fabs(v - 0.06) < 1e-12);
    ck_assert(scan_decimal(&t, &v) && fabs(v - 12.5) < 1e-12);
    ck_assert(scan_decimal(&t, &v) && v >= 7 && v <= 7);
    ck_assert(!scan_decimal(&t, &v));
}
END_TEST

START_TEST(lines_and_words)
{
    struct scan t = text_of("a  bc\n\nlast"), line, word;
    ck_assert(scan_line(&t, &line));
    ck_assert(scan_word(&line, &word) && scan_equals(word, "a", 1));
    ck_assert(scan_word(&line, &word) && scan_equals(word, "bc", 2));
    ck_assert(!scan_word(&line, &word));
    ck_assert(scan_line(&t, &line) && scan_length(line) == 0);
    ck_assert(scan_line(&t, &line) && scan_equals(line, "last", 4));
    ck_assert(!scan_line(&t, &line));
    t = text_of("key: 5");
    ck_assert(!scan_until(&t, '=', &word));
    ck_assert(scan_until(&t, ':', &word) && scan_equals(word, "key", 3));
    ck_assert(!scan_literal(&t, "5"));
    ck_assert(scan_literal(&t, " 5"));
    ck_assert(!scan_literal(&t, "5"));
    char buf[4];
    ck_assert(scan_copy(text_of("abc"), buf, sizeof buf));
    ck_assert_str_eq(buf, "abc");
    ck_assert(!scan_copy(text_of("abcd"), buf, sizeof buf));
    ck_assert(!scan_copy((struct scan){ "a\0b", "a\0b" + 3 }, buf, sizeof buf));
    ck_assert_str_eq(buf, "abc");
}
END_TEST

START_TEST(reads_again_what_has_changed)
{
    char *path = xasprintf("%s/file", test_directory());
    struct procfs_file file;
    struct procfs_buffer buffer;
    struct scan text;
    procfs_buffer_init(&buffer);
    procfs_file_init(&file, xstrdup(path));
    write_bytes(path, "one", 3);
    ck_assert_int_eq(procfs_file_read(&file, &buffer, &text), 0);
    ck_assert(scan_equals(text, "one", 3));
    ck_assert_int_eq(*text.end, '\0');
    write_bytes(path, "", 0);
    ck_assert_int_eq(procfs_file_read(&file, &buffer, &text), 0);
    ck_assert_uint_eq(scan_length(text), 0);
    ck_assert_int_eq(*text.end, '\0');

    size_t len = 300000;
    char *large = malloc(len);
    for (size_t i = 0; i < len; i++)
        large[i] = (char)('a' + i % 23);
    write_bytes(path, large, len);
    ck_assert_int_eq(procfs_file_read(&file, &buffer, &text), 0);
    ck_assert(scan_equals(text, large, len));
    unsigned long before = test_allocations();
    int failed = 0;
    for (int i = 0; i < 10; i++)
        failed += procfs_file_read(&file, &buffer, &text) != 0;
    unsigned long after = test_allocations();
    ck_assert_uint_eq(after, before);
    ck_assert_int_eq(failed, 0);
    free(large);
    procfs_file_release(&file);
    procfs_buffer_release(&buffer);
    free(path);
}
END_TEST

START_TEST(a_huge_file_is_cut_behind_a_line)
{
    char *path = xasprintf("%s/huge", test_directory());
    struct procfs_file file;
    struct procfs_buffer buffer;
    struct scan text;
    size_t len = PROCFS_FILE_MAX + 100000;
    char *huge = malloc(len);
    memset(huge, 'x', len);
    for (size_t i = 99; i < len; i += 100)
        huge[i] = '\n';
    write_bytes(path, huge, len);
    procfs_buffer_init(&buffer);
    procfs_file_init(&file, path);
    ck_assert_int_eq(procfs_file_read(&file, &buffer, &text), 0);
    ck_assert_uint_ge(scan_length(text), PROCFS_FILE_MAX / 2);
    ck_assert_uint_lt(scan_length(text), len);
    ck_assert_int_eq(text.end[-1], '\n');
    ck_assert_int_eq(*text.end, '\0');
    free(huge);
    procfs_file_release(&file);
    procfs_buffer_release(&buffer);
}
END_TEST

START_TEST(a_missing_file_is_tried_again_later)
{
    char *path = xasprintf("%s/late", test_directory());
    struct procfs_file file;
    struct procfs_buffer buffer;
    struct scan text = { NULL, NULL };
    procfs_buffer_init(&buffer);
    procfs_file_init(&file, path);
    ck_assert_int_eq(procfs_file_read(&file, &buffer, &text), -ENOENT);
    ck_assert_ptr_null(text.at);
    write_bytes(path, "now", 3);
    int reads = 1;
    while (procfs_file_read(&file, &buffer, &text) == -ENOENT && reads < 1000)
        reads++;
    ck_assert_int_eq(reads, 1 + PROCFS_RETRY);
    ck_assert(scan_equals(text, "now", 3));
    procfs_file_release(&file);
    procfs_buffer_release(&buffer);
}
END_TEST

START_TEST(a_directory_is_an_error)
{
    struct procfs_file file;
    struct procfs_buffer buffer;
    struct scan text;
    procfs_buffer_init(&buffer);
    procfs_file_init(&file, xstrdup(test_directory()));
    ck_assert_int_eq(procfs_file_read(&file, &buffer, &text), -EISDIR);
    ck_assert_int_eq(procfs_file_read(&file, &buffer, &text), -EISDIR);
    procfs_file_release(&file);
    procfs_buffer_release(&buffer);
}
END_TEST

static pid_t
start_child(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        pause();
        _exit(0);
    }
    ck_assert_int_gt(pid, 0);
    return pid;
}

/* The descriptor of a process that has ended answers ESRCH for ever. */
START_TEST(what_has_gone_is_opened_again)
{
    char *path = xasprintf("%s/link", test_directory());
    pid_t pid = start_child();
    char *target = xasprintf("/proc/%d/stat", (int)pid);
    struct procfs_file file;
    struct procfs_buffer buffer;
    struct scan text, word;
    procfs_buffer_init(&buffer);
    procfs_file_init(&file, path);
    ck_assert_int_eq(symlink(target, path), 0);
    ck_assert_int_eq(procfs_file_read(&file, &buffer, &text), 0);
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(symlink("/proc/self/stat", path), 0);
    ck_assert_int_eq(procfs_file_read(&file, &buffer, &text), 0);
    char own[32];
    snprintf(own, sizeof own, "%d", (int)getpid());
    ck_assert(scan_word(&text, &word) && scan_equals(word, own, strlen(own)));
    procfs_file_release(&file);
    procfs_buffer_release(&buffer);
    free(target);
}
END_TEST

START_TEST(gone_for_good_is_an_error)
{
    pid_t pid = start_child();
    struct procfs_file file;
    struct procfs_buffer buffer;
    struct scan text;
    procfs_buffer_init(&buffer);
    procfs_file_init(&file, xasprintf("/proc/%d/stat", (int)pid));
    ck_assert_int_eq(procfs_file_read(&file, &buffer, &text), 0);
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    ck_assert_int_eq(procfs_file_read(&file, &buffer, &text), -ENOENT);
    ck_assert_int_eq(file.fd, -1);
    procfs_file_release(&file);
    procfs_buffer_release(&buffer);
}
END_TEST

static const char hybrid_cgroups[] = "9:name=systemd:/\n4:cpuset,memory:/api/15\n1:cpu,cpuacct:/\n0::/u\n";
static const char hybrid_mounts[] =
    "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
    "35 31 0:32 / /sys/fs/cgroup/memory rw shared:2 - cgroup cgroup rw,memory\n"
    "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
    "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

START_TEST(cgroups_side_by_side)
{
    struct cgroup_place place;
    ck_assert_int_eq(cgroup_find(text_of(hybrid_cgroups), text_of(hybrid_mounts), "memory",
        "/x/sys", &place), 0);
    ck_assert(!place.v2);
    ck_assert_str_eq(place.path, "/x/sys/fs/cgroup/memory/api/15");
    ck_assert(cgroup_parent(&place));
    ck_assert_str_eq(place.path, "/x/sys/fs/cgroup/memory/api");
    ck_assert(cgroup_parent(&place));
    ck_assert_str_eq(place.path, "/x/sys/fs/cgroup/memory");
    ck_assert(!cgroup_parent(&place));

    ck_assert_int_eq(cgroup_find(text_of(hybrid_cgroups), text_of(hybrid_mounts), "cpu", "/sys",
        &place), 0);
    ck_assert_str_eq(place.path, "/sys/fs/cgroup/cpu");
    ck_assert(!cgroup_parent(&place));

    ck_assert_int_eq(cgroup_find(text_of(hybrid_cgroups), text_of(hybrid_mounts), "io", "/sys",
        &place), 0);
    ck_assert(place.v2);
    ck_assert_str_eq(place.path, "/sys/fs/cgroup/unified/u");
}
END_TEST

START_TEST(cgroups_in_containers)
{
    struct cgroup_place place;
    const char *own = "0::/docker/abc/x\n";
    /* The container's own group is the mount's root. */
    ck_assert_int_eq(cgroup_find(text_of(own),
        text_of("41 31 0:38 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup2 rw"), "memory",
            "/sys", &place), 0);
    ck_assert_str_eq(place.path, "/sys/fs/cgroup/x");
    /* A group beside the root, or above it, cannot be seen from inside. */
    const char *outside[] = { "0::/docker/abcd", "0::/../other", "0::/docker/abc/../../x" };
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(cgroup_find(text_of(outside[i]),
            text_of("41 31 0:38 /docker/abc /sys/fs/cgroup rw - cgroup2 cgroup2 rw"), "memory",
                "/sys", &place), 0);
        ck_assert_str_eq(place.path, "/sys/fs/cgroup");
    }
    ck_assert_int_eq(cgroup_find(text_of("0::/a b"),
        text_of("41 31 0:38 / /sys/fs/c\\040g rw - cgroup2 cgroup2 rw"), "memory", "/sys",
            &place), 0);
    ck_assert_str_eq(place.path, "/sys/fs/c g/a b");
}
END_TEST

START_TEST(cgroups_that_are_not_there)
{
    struct cgroup_place place;
    char *deep = malloc(3 * CGROUP_PATH_MAX);
    memset(deep, 'd', 3 * CGROUP_PATH_MAX);
    memcpy(deep, "0::/", 4);
    deep[2 * CGROUP_PATH_MAX] = '\0';
    const char *mount = "41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw";
    ck_assert_int_lt(cgroup_find(text_of(""), text_of(mount), "cpu", "/sys", &place), 0);
    ck_assert_int_lt(cgroup_find(text_of("0::/"), text_of(""), "cpu", "/sys", &place), 0);
    ck_assert_int_lt(cgroup_find(text_of("4:memory:/"), text_of(mount), "cpu", "/sys", &place), 0);
    ck_assert_int_lt(cgroup_find(text_of("0::/"),
        text_of("41 31 0:38 / /mnt/cgroup rw - cgroup2 cgroup2 rw"), "cpu", "/sys", &place), 0);
    ck_assert_int_lt(cgroup_find(text_of("0::/"),
        text_of("41 31 0:38 / /sys/../etc rw - cgroup2 cgroup2 rw"), "cpu", "/sys", &place), 0);
    ck_assert_int_lt(cgroup_find(text_of(deep), text_of(mount), "cpu", "/sys", &place), 0);
    ck_assert_int_lt(cgroup_find(text_of("0::/"), text_of("41 31 0:38 / /sys rw cgroup2"), "cpu",
        "/sys", &place), 0);
    free(deep);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("procfs");
    TCase *scan = tcase_create("scan");
    tcase_add_test(scan, numbers);
    tcase_add_test(scan, a_number_ends_with_the_text);
    tcase_add_test(scan, decimals);
    tcase_add_test(scan, lines_and_words);
    suite_add_tcase(suite, scan);
    TCase *files = tcase_create("files");
    tcase_add_test(files, reads_again_what_has_changed);
    tcase_add_test(files, a_huge_file_is_cut_behind_a_line);
    tcase_add_test(files, a_missing_file_is_tried_again_later);
    tcase_add_test(files, a_directory_is_an_error);
    tcase_add_test(files, what_has_gone_is_opened_again);
    tcase_add_test(files, gone_for_good_is_an_error);
    suite_add_tcase(suite, files);
    TCase *cgroups = tcase_create("cgroups");
    tcase_add_test(cgroups, cgroups_side_by_side);
    tcase_add_test(cgroups, cgroups_in_containers);
    tcase_add_test(cgroups, cgroups_that_are_not_there);
    suite_add_tcase(suite, cgroups);
    return suite;
}
