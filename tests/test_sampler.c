/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The trees of tests/fixtures/proc are read as they lie there; tests that
 * change something do it in a copy.
 */
#include "test.h"

#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/xalloc.h"
#include "sample/sampler.h"

enum { FIXTURE_PID = 4194305 };

static char tree[4096]; /* the copy */
static struct sampler *sampler;
static const struct sample *now;
static int64_t mono = 1000 * NS_PER_SEC;

/* ------------------------------------------------------------------ helpers */

static void
put_bytes(const char *name, const void *bytes, size_t len)
{
    char path[8192];
    snprintf(path, sizeof path, "%s/%s", tree, name);
    for (char *p = path + strlen(tree) + 1; (p = strchr(p, '/')); *p++ = '/') {
        *p = '\0';
        mkdir(path, 0700);
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, bytes, len), (ssize_t)len);
    close(fd);
}

__attribute__((format(printf, 2, 3))) static void
put(const char *name, const char *format, ...)
{
    struct str text;
    va_list args;
    str_init(&text);
    va_start(args, format);
    str_vprintf(&text, format, args);
    va_end(args);
    put_bytes(name, text.data, text.len);
    str_release(&text);
}

static void
take_away(const char *name)
{
    char path[8192];
    snprintf(path, sizeof path, "%s/%s", tree, name);
    ck_assert_int_eq(remove(path), 0);
}

static size_t copy_prefix;

static int
copy_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)ftw;
    if (type != FTW_F)
        return 0;
    char *bytes = malloc((size_t)st->st_size + 1);
    int fd = open(path, O_RDONLY);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(read(fd, bytes, (size_t)st->st_size), st->st_size);
    close(fd);
    put_bytes(path + copy_prefix, bytes, (size_t)st->st_size);
    free(bytes);
    return 0;
}

static void
open_tree(const char *root)
{
    char proc[8192], sys[8192];
    snprintf(proc, sizeof proc, "%s/proc", root);
    snprintf(sys, sizeof sys, "%s/sys", root);
    sampler = sampler_new(proc, sys, FIXTURE_PID);
}

static void
open_fixture(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "fixtures/proc/%s", name);
    open_tree(test_path(path));
}

static void
open_empty(void)
{
    snprintf(tree, sizeof tree, "%s", test_directory());
    open_tree(tree);
}

static void
open_copy(const char *name)
{
    char path[256];
    snprintf(tree, sizeof tree, "%s", test_directory());
    snprintf(path, sizeof path, "fixtures/proc/%s", name);
    const char *from = test_path(path);
    copy_prefix = strlen(from) + 1;
    ck_assert_int_eq(nftw(from, copy_entry, 16, FTW_PHYS), 0);
    open_tree(tree);
}

static void
close_tree(void)
{
    sampler_free(sampler);
    sampler = NULL;
}

static void
take_after(double seconds)
{
    mono += sec_to_ns(seconds);
    now = sampler_take(sampler, mono, mono + 5);
}

static double
value(enum metric metric)
{
    return sample_value(now, metric, -1);
}

static double
row_value(enum metric metric, const char *name)
{
    enum metric_group group = metric_info(metric)->group;
    int row = sample_find_row(now, group, name);
    return row < 0 ? (double)NAN : sample_value(now, metric, row);
}

static bool
row_present(enum metric_group group, const char *name)
{
    int row = sample_find_row(now, group, name);
    return row >= 0 && now->rows[group].row[row].present;
}

#define NEAR(x, y) ck_assert_double_eq_tol((x), (y), 1e-6 * (1 + fabs((double)(y))))
#define UNKNOWN(x) ck_assert_msg(isnan(x), "%s is known: %g", #x, (x))

/* --------------------------------------------------------- the three machines */

START_TEST(one_core)
{
    open_fixture("cores1");
    take_after(1);
    ck_assert_uint_eq(now->sequence, 1);
    ck_assert_int_eq(now->mono_ns, mono);
    ck_assert_int_eq(now->wall_ns, mono + 5);
    UNKNOWN(now->interval_seconds);
    UNKNOWN(value(METRIC_CPU_TOTAL));
    UNKNOWN(row_value(METRIC_CORE_TOTAL, "0"));
    NEAR(value(METRIC_CPU_ONLINE), 1);
    NEAR(value(METRIC_CPU_FREQUENCY), 2445.428);
    NEAR(row_value(METRIC_CORE_FREQUENCY, "0"), 2445.428);
    for (int m = METRIC_PSI_CPU_SOME; m <= METRIC_PSI_IO_FULL_AVG300; m++)
        UNKNOWN(value((enum metric)m));
    NEAR(value(METRIC_LIMIT_CORES), 1);
    UNKNOWN(value(METRIC_LIMIT_MEMORY));
    UNKNOWN(value(METRIC_LIMIT_MEMORY_USED));
    ck_assert_int_eq(sampler_usable_cores(sampler), 1);
    /* Without sys/block the names tell disks from partitions. */
    ck_assert(row_present(GROUP_DISK, "vda") && row_present(GROUP_DISK, "nvme0n1"));
    ck_assert(!row_present(GROUP_DISK, "vda1") && !row_present(GROUP_DISK, "nvme0n1p1"));
    ck_assert(!row_present(GROUP_DISK, "loop0"));
    take_after(1);
    NEAR(now->interval_seconds, 1);
    UNKNOWN(value(METRIC_CPU_TOTAL)); /* no time has been accounted */
    NEAR(value(METRIC_SYSTEM_SWITCHES), 0);
    close_tree();
}
END_TEST

START_TEST(two_cores)
{
    open_fixture("cores2");
    ck_assert_int_ge(sampler_usable_cores(sampler), 1);
    take_after(1);
    double k = 1024;
    NEAR(value(METRIC_MEMORY_TOTAL), 24684092 * k);
    NEAR(value(METRIC_MEMORY_FREE), 20440412 * k);
    NEAR(value(METRIC_MEMORY_AVAILABLE), 22389188 * k);
    NEAR(value(METRIC_MEMORY_BUFFERS), 1248 * k);
    NEAR(value(METRIC_MEMORY_CACHED), 833288 * k);
    NEAR(value(METRIC_MEMORY_SLAB), 139248 * k);
    NEAR(value(METRIC_MEMORY_SLAB_RECLAIMABLE), 114968 * k);
    NEAR(value(METRIC_MEMORY_SHARED), 8856 * k);
    NEAR(value(METRIC_MEMORY_DIRTY), 212 * k);
    double used = (24684092 - 20440412 - 1248 - 833288 - 114968) * k;
    NEAR(value(METRIC_MEMORY_USED), used);
    NEAR(value(METRIC_MEMORY_USED_PCT), 100 * used / (24684092 * k));
    NEAR(value(METRIC_MEMORY_SWAP_TOTAL), 2097152 * k);
    NEAR(value(METRIC_MEMORY_SWAP_USED), 524288 * k);
    NEAR(value(METRIC_MEMORY_SWAP_PCT), 25);
    NEAR(value(METRIC_MEMORY_HUGE_TOTAL), 16 * 2048 * k);
    NEAR(value(METRIC_MEMORY_HUGE_USED), 6 * 2048 * k);
    UNKNOWN(value(METRIC_PSI_CPU_SOME));
    NEAR(value(METRIC_PSI_CPU_SOME_AVG10), 0.2);
    NEAR(value(METRIC_PSI_CPU_SOME_AVG60), 1.13);
    NEAR(value(METRIC_PSI_CPU_SOME_AVG300), 0.43);
    NEAR(value(METRIC_PSI_MEMORY_FULL_AVG10), 0.01);
    NEAR(value(METRIC_PSI_IO_FULL_AVG300), 0.09);
    NEAR(value(METRIC_SYSTEM_LOAD1), 0.06);
    NEAR(value(METRIC_SYSTEM_LOAD5), 1.01);
    NEAR(value(METRIC_SYSTEM_LOAD15), 12.5);
    NEAR(value(METRIC_SYSTEM_THREADS), 92);
    NEAR(value(METRIC_SYSTEM_RUNNABLE), 3);
    NEAR(value(METRIC_SYSTEM_BLOCKED), 1);
    NEAR(value(METRIC_SYSTEM_UPTIME), 178038.52);
    UNKNOWN(value(METRIC_SYSTEM_FORKS));
    NEAR(value(METRIC_CPU_FREQUENCY), (2400 + 1200.5) / 2);
    NEAR(row_value(METRIC_CORE_FREQUENCY, "1"), 1200.5);
    /* The parent's memory limit, without the cache that can be given back. */
    NEAR(value(METRIC_LIMIT_MEMORY), 8.0 * (1 << 30));
    NEAR(value(METRIC_LIMIT_MEMORY_USED), 2.0 * (1 << 30));
    NEAR(value(METRIC_LIMIT_MEMORY_PCT), 25);
    NEAR(value(METRIC_LIMIT_CORES), 1.5);
    ck_assert_int_eq(sampler_usable_cores(sampler), 2);
    NEAR(value(METRIC_SERVER_THREADS), 3);
    NEAR(value(METRIC_SERVER_RSS), 366.0 * (double)sysconf(_SC_PAGESIZE));
    NEAR(value(METRIC_SERVER_DESCRIPTORS), 5);
    UNKNOWN(value(METRIC_SERVER_CPU));
    ck_assert_int_eq(now->rows[GROUP_DISK].count, 2);
    ck_assert_int_eq(now->rows[GROUP_NET].count, 2);
    ck_assert(row_present(GROUP_NET, "eth0") && row_present(GROUP_NET, "wlan0"));
    take_after(2);
    NEAR(value(METRIC_PSI_CPU_SOME), 0);
    NEAR(value(METRIC_SYSTEM_UPTIME), 178040.52);
    NEAR(value(METRIC_SERVER_DESCRIPTORS), 5);
    NEAR(value(METRIC_SERVER_CPU), 0);
    close_tree();
}
END_TEST

static void
put_stat(int cores, unsigned user, unsigned idle)
{
    struct str text;
    str_init(&text);
    str_printf(&text, "cpu  %u 0 0 %u 0 0 0 0 0 0\n", user * (unsigned)cores,
        idle * (unsigned)cores);
    for (int i = 0; i < cores; i++)
        str_printf(&text, "cpu%d %u 0 0 %u 0 0 0 0 0 0\n", i, user, idle);
    put_bytes("proc/stat", text.data, text.len);
    str_release(&text);
}

START_TEST(two_hundred_and_fifty_six_cores)
{
    open_copy("cores256");
    take_after(1);
    NEAR(value(METRIC_CPU_ONLINE), 256);
    ck_assert_int_eq(now->rows[GROUP_CORE].count, 256);
    for (int i = 0; i < 256; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        ck_assert_int_eq(sample_find_row(now, GROUP_CORE, name), i);
    }
    UNKNOWN(value(METRIC_CPU_FREQUENCY));
    put_stat(256, 1000, 1000);
    take_after(1);
    UNKNOWN(row_value(METRIC_CORE_TOTAL, "255")); /* system time has gone back */
    put_stat(256, 1025, 1075);
    take_after(1);
    NEAR(row_value(METRIC_CORE_TOTAL, "255"), 25);
    NEAR(value(METRIC_CPU_TOTAL), 25);
    close_tree();
}
END_TEST

/* ----------------------------------------------------------------- processors */

START_TEST(time_is_split_into_shares)
{
    open_copy("cores1");
    take_after(1);
    /* + user 30 (10 of it guest), nice 5 (1 guest), system 10, idle 40, iowait 5, irq 2,
     * softirq 3, steal 5: 100 in all */
    put("proc/stat", "cpu  130 7 60 840 25 7 9 12 20 2\ncpu0 130 7 60 840 25 7 9 12 20 2\n");
    take_after(1);
    NEAR(value(METRIC_CPU_USER), 20);
    NEAR(value(METRIC_CPU_NICE), 4);
    NEAR(value(METRIC_CPU_GUEST), 11);
    NEAR(value(METRIC_CPU_SYSTEM), 10);
    NEAR(value(METRIC_CPU_IOWAIT), 5);
    NEAR(value(METRIC_CPU_IRQ), 5);
    NEAR(value(METRIC_CPU_STEAL), 5);
    NEAR(value(METRIC_CPU_TOTAL), 55);
    NEAR(row_value(METRIC_CORE_TOTAL, "0"), 55);
    NEAR(row_value(METRIC_CORE_GUEST, "0"), 11);
    /* The wall time does not matter: shares are of accounted time. */
    put("proc/stat", "cpu  180 7 60 890 25 7 9 12 20 2\ncpu0 180 7 60 890 25 7 9 12 20 2\n");
    take_after(17);
    NEAR(value(METRIC_CPU_TOTAL), 50);
    close_tree();
}
END_TEST

/* 49 * (100 / 49) is more than 100. */
START_TEST(a_busy_cpu_is_at_100)
{
    char text[128];
    open_copy("cores1");
    for (int busy = 0, step = 1; step < 200; step++) {
        busy += step;
        snprintf(text, sizeof text, "cpu  %d 0 0 0 0 0 0 0 0 0\ncpu0 %d 0 0 0 0 0 0 0 0 0\n", busy, busy);
        put("proc/stat", "%s", text);
        take_after(1);
        ck_assert(isnan(value(METRIC_CPU_TOTAL)) == (step == 1));
        ck_assert(step == 1 || value(METRIC_CPU_TOTAL) == 100);
    }
    close_tree();
}
END_TEST

START_TEST(iowait_may_step_back)
{
    open_copy("cores1");
    take_after(1);
    put("proc/stat", "cpu  150 2 50 850 15 5 6 7 10 1\ncpu0 150 2 50 850 15 5 6 7 10 1\n");
    take_after(1);
    NEAR(value(METRIC_CPU_TOTAL), 50);
    UNKNOWN(value(METRIC_CPU_IOWAIT));
    put("proc/stat", "cpu  100 2 50 950 15 5 6 7 10 1\ncpu0 100 2 50 950 15 5 6 7 10 1\n");
    take_after(1);
    UNKNOWN(value(METRIC_CPU_TOTAL));
    UNKNOWN(value(METRIC_CPU_USER));
    close_tree();
}
END_TEST

START_TEST(a_core_goes_and_comes_back)
{
    open_copy("cores2");
    put("proc/stat", "cpu  200 0 0 200\ncpu0 100 0 0 100\ncpu1 100 0 0 100\n");
    take_after(1);
    int row = sample_find_row(now, GROUP_CORE, "1");
    put("proc/stat", "cpu  250 0 0 250\ncpu0 150 0 0 150\n");
    take_after(1);
    NEAR(value(METRIC_CPU_ONLINE), 1);
    NEAR(value(METRIC_CPU_FREQUENCY), 2400);
    ck_assert(!row_present(GROUP_CORE, "1"));
    UNKNOWN(row_value(METRIC_CORE_TOTAL, "1"));
    NEAR(row_value(METRIC_CORE_TOTAL, "0"), 50);
    put("proc/stat", "cpu  250 0 0 250\ncpu0 150 0 0 150\ncpu1 300 0 0 100\n");
    take_after(1);
    ck_assert(row_present(GROUP_CORE, "1"));
    ck_assert_int_eq(sample_find_row(now, GROUP_CORE, "1"), row);
    UNKNOWN(row_value(METRIC_CORE_TOTAL, "1"));
    NEAR(row_value(METRIC_CORE_FREQUENCY, "1"), 1200.5);
    put("proc/stat", "cpu  250 0 0 250\ncpu0 150 0 0 150\ncpu1 400 0 0 200\n");
    take_after(1);
    NEAR(row_value(METRIC_CORE_TOTAL, "1"), 50);
    close_tree();
}
END_TEST

START_TEST(cores_that_make_no_sense)
{
    open_copy("cores2");
    put("proc/stat", "cpu  1 2\ncpu0 1 2 3 4\ncpu0 9 9 9 9\ncpu99999999999999999999 1 2 3 4\n"
        "cpu4096 1 2 3 4\ncpux 1 2 3 4\ncpu7 1 2 3\ncpu-1 1 2 3 4\ncpu3 1 2 3 4");
    take_after(1);
    NEAR(value(METRIC_CPU_ONLINE), 2);
    ck_assert_int_eq(now->rows[GROUP_CORE].count, 2);
    ck_assert(row_present(GROUP_CORE, "3"));
    take_after(1);
    UNKNOWN(value(METRIC_CPU_TOTAL));
    close_tree();
}
END_TEST

/* As a machine is read that has had these files from the beginning. */
static void
read_anew(void)
{
    close_tree();
    open_tree(tree);
    take_after(1);
}

static void
put_package(int device, int package, int thousandths)
{
    char name[128];
    snprintf(name, sizeof name, "sys/class/hwmon/hwmon%d/name", device);
    put(name, "coretemp\n");
    snprintf(name, sizeof name, "sys/class/hwmon/hwmon%d/temp1_label", device);
    put(name, "Package id %d\n", package);
    snprintf(name, sizeof name, "sys/class/hwmon/hwmon%d/temp1_input", device);
    put(name, "%d\n", thousandths);
}

START_TEST(the_hottest_package_is_told)
{
    open_copy("cores2");
    take_after(1);
    UNKNOWN(value(METRIC_CPU_TEMPERATURE)); /* no sensor */
    put("sys/class/hwmon/hwmon0/name", "nvme\n");
    put("sys/class/hwmon/hwmon0/temp1_input", "99000\n");
    put("sys/class/thermal/thermal_zone0/type", "x86_pkg_temp\n");
    put("sys/class/thermal/thermal_zone0/temp", "48000\n");
    read_anew();
    NEAR(value(METRIC_CPU_TEMPERATURE), 48);
    put_package(3, 0, 51000);
    put_package(4, 1, 53500);
    put("sys/class/hwmon/hwmon3/temp2_label", "Core 0\n"); /* within the package: not asked */
    put("sys/class/hwmon/hwmon3/temp2_input", "90000\n");
    read_anew();
    NEAR(value(METRIC_CPU_TEMPERATURE), 53.5);
    put("sys/class/hwmon/hwmon4/temp1_input", "nonsense\n");
    for (int i = 0; i < 5; i++) /* seldom read */
        take_after(1);
    NEAR(value(METRIC_CPU_TEMPERATURE), 51);
    close_tree();
}
END_TEST

START_TEST(many_frequencies_take_turns)
{
    open_copy("cores256");
    for (int i = 0; i < 256; i++) {
        char name[128];
        snprintf(name, sizeof name, "sys/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq", i);
        put(name, "%d000\n", 1000 + i);
    }
    for (int i = 0; i < 64; i++)
        take_after(1);
    for (int i = 0; i < 256; i++) {
        char name[16];
        snprintf(name, sizeof name, "%d", i);
        NEAR(row_value(METRIC_CORE_FREQUENCY, name), 1000 + i);
    }
    NEAR(value(METRIC_CPU_FREQUENCY), 1127.5);
    close_tree();
}
END_TEST

/* ------------------------------------------------------------------- pressure */

START_TEST(pressure_of_the_interval)
{
    open_copy("cores2");
    take_after(1);
    put("proc/pressure/io", "some avg10=1.00 avg60=0.00 avg300=0.00 total=100\n"
        "full avg10=1.00 avg60=0.00 avg300=0.00 total=33502604\n");
    put("proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=99988909\n");
    put("proc/pressure/memory", "full avg10=0.00 avg60=0.00 avg300=0.00\n");
    take_after(2);
    UNKNOWN(value(METRIC_PSI_IO_SOME)); /* gone backwards */
    NEAR(value(METRIC_PSI_IO_SOME_AVG10), 1);
    NEAR(value(METRIC_PSI_IO_FULL), 25);
    NEAR(value(METRIC_PSI_CPU_SOME), 100); /* never more */
    UNKNOWN(value(METRIC_PSI_CPU_FULL));
    UNKNOWN(value(METRIC_PSI_CPU_FULL_AVG10));
    UNKNOWN(value(METRIC_PSI_MEMORY_FULL));
    UNKNOWN(value(METRIC_PSI_MEMORY_FULL_AVG10));
    put("proc/pressure/cpu", "some avg10=0.00 avg60=0.00 avg300=0.00 total=100088909\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n");
    take_after(1);
    NEAR(value(METRIC_PSI_CPU_SOME), 10);
    UNKNOWN(value(METRIC_PSI_CPU_FULL)); /* first seen */
    close_tree();
}
END_TEST

/* ------------------------------------------------------------ disks, networks */

START_TEST(disk_rates)
{
    open_copy("cores2");
    take_after(1);
    UNKNOWN(row_value(METRIC_DISK_READ, "vda"));
    put("proc/diskstats",
        " 254 0 vda 69238 0 3017546 0 8565 0 392896 0 0 41912 0\n"
        " 254 1 vda1 69238 0 3017546 0 8565 0 392896 0 0 41912 0\n"
        " 253 0 zram0 4 0 32 0 0 0 0 0 0 1 0\n");
    take_after(2);
    NEAR(row_value(METRIC_DISK_READ, "vda"), 2000 * 512 / 2.0);
    NEAR(row_value(METRIC_DISK_WRITE, "vda"), 200 * 512 / 2.0);
    NEAR(row_value(METRIC_DISK_READS, "vda"), 50);
    NEAR(row_value(METRIC_DISK_WRITES, "vda"), 100);
    NEAR(row_value(METRIC_DISK_BUSY, "vda"), 50);
    ck_assert(row_present(GROUP_DISK, "zram0")); /* in use now */
    UNKNOWN(row_value(METRIC_DISK_READ, "zram0"));
    ck_assert(!row_present(GROUP_DISK, "vda1") && !row_present(GROUP_DISK, "nvme0n1"));
    put("proc/diskstats", " 254 0 vda 1 0 0 0 1 0 0 0 0 99999 0\n");
    take_after(1);
    UNKNOWN(row_value(METRIC_DISK_READ, "vda"));
    NEAR(row_value(METRIC_DISK_BUSY, "vda"), 100);
    take_away("proc/diskstats"); /* the open descriptor still reads it */
    put("sys/block/cciss!c0d0", "x");
    close_tree();
    open_tree(tree);
    take_after(1);
    ck_assert_int_eq(now->rows[GROUP_DISK].count, 0);
    put("proc/diskstats", " 104 0 cciss/c0d0 1 0 8 0 1 0 8 0 0 9 0\n");
    for (int i = 0; i < 40; i++)
        take_after(1);
    ck_assert(row_present(GROUP_DISK, "cciss/c0d0"));
    close_tree();
}
END_TEST

START_TEST(filesystems)
{
    open_empty();
    put("proc/self/mounts", "overlay / overlay rw,relatime 0 0\nproc /proc proc rw 0 0\n"
        "/dev/image /sys squashfs ro,nodev 0 0\n/dev/one /tmp ext4 rw 0 0\n/dev/one /dev ext4 rw 0 0\n"
        "/dev/two /nothing/of/it ext4 rw 0 0\nserver:/x /etc nfs rw 0 0\n/dev/half /home\n/dev/\n");
    take_after(1);
    ck_assert(row_present(GROUP_FILESYSTEM, "/") && row_present(GROUP_FILESYSTEM, "/tmp"));
    int shown = 0;
    for (int r = 0; r < now->rows[GROUP_FILESYSTEM].count; r++)
        shown += now->rows[GROUP_FILESYSTEM].row[r].present;
    ck_assert_int_eq(shown, 2);
    double total = row_value(METRIC_FILESYSTEM_TOTAL, "/"), used = row_value(METRIC_FILESYSTEM_USED, "/");
    double available = row_value(METRIC_FILESYSTEM_AVAILABLE, "/");
    ck_assert_double_gt(total, 0);
    ck_assert_double_le(used + available, total * 1.0001);
    NEAR(row_value(METRIC_FILESYSTEM_PCT, "/"), 100 * used / (used + available));
    put("proc/self/mounts", "overlay / overlay rw 0 0\n");
    for (int i = 0; i < 10; i++)
        take_after(1);
    ck_assert(row_present(GROUP_FILESYSTEM, "/") && !row_present(GROUP_FILESYSTEM, "/tmp"));
    close_tree();
}
END_TEST

START_TEST(share_of_a_link)
{
    open_copy("cores2");
    put("sys/class/net/eth0/speed", "100\n");
    put("sys/class/net/eth1/speed", "-1\n");
    put("proc/net/dev", "eth0: 1000 1 0 0 0 0 0 0 1000 1 0 0 0 0 0 0\neth1: 5 1 0 0 0 0 0 0 5 1 0 0 0 0 0 0\n");
    take_after(1);
    UNKNOWN(row_value(METRIC_NET_USED_PCT, "eth0"));
    put("proc/net/dev", "eth0: 6251000 1 0 0 0 0 0 0 2000 1 0 0 0 0 0 0\neth1: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n");
    take_after(1);
    NEAR(row_value(METRIC_NET_USED_PCT, "eth0"), 50);
    UNKNOWN(row_value(METRIC_NET_USED_PCT, "eth1")); /* nobody knows how fast it is */
    put("proc/net/dev", "eth0: 999251000 1 0 0 0 0 0 0 2000 1 0 0 0 0 0 0\n");
    take_after(1);
    NEAR(row_value(METRIC_NET_USED_PCT, "eth0"), 100);
    close_tree();
}
END_TEST

START_TEST(network_rates)
{
    open_copy("cores2");
    take_after(1);
    put("proc/net/dev", "x\ny\neth0:25150682 646 2 3 0 0 0 0 37523 402 5 6 0 0 0 0\n"
        "lo: 99999 1 0 0 0 0 0 0 99999 1 0 0 0 0 0 0\nwlan0: 10 1 0 0 0 0 0 0 2000 20 0 0 0 0 0 0\n");
    take_after(4);
    NEAR(row_value(METRIC_NET_RECEIVE, "eth0"), 500);
    NEAR(row_value(METRIC_NET_SEND, "eth0"), 1000);
    NEAR(row_value(METRIC_NET_RECEIVE_PACKETS, "eth0"), 5);
    NEAR(row_value(METRIC_NET_SEND_PACKETS, "eth0"), 2.5);
    NEAR(row_value(METRIC_NET_ERRORS, "eth0"), 1.5);
    UNKNOWN(row_value(METRIC_NET_RECEIVE, "wlan0"));
    NEAR(row_value(METRIC_NET_SEND, "wlan0"), 0);
    ck_assert(!row_present(GROUP_NET, "lo"));
    put("proc/net/dev", "eth0: 1 2 3\n");
    take_after(1);
    ck_assert(!row_present(GROUP_NET, "eth0") && !row_present(GROUP_NET, "wlan0"));
    put("proc/net/dev", "eth0:25150683 646 2 3 0 0 0 0 37523 402 5 6 0 0 0 0\n");
    take_after(1);
    ck_assert(row_present(GROUP_NET, "eth0"));
    UNKNOWN(row_value(METRIC_NET_RECEIVE, "eth0")); /* not over the time away */
    close_tree();
}
END_TEST

/* Containers come and go, each with a new interface. */
START_TEST(instances_without_end)
{
    open_empty();
    put("proc/net/dev", "%s", "");
    int last = 0;
    for (int turn = 0; turn < 60; turn++) {
        struct str text;
        str_init(&text);
        str_puts(&text, "eth0: 5 5 0 0 0 0 0 0 5 5 0 0 0 0 0 0\n");
        for (int i = 0; i < 200; i++)
            str_printf(&text, "veth%d: 5 5 0 0 0 0 0 0 5 5 0 0 0 0 0 0\n", last++);
        put_bytes("proc/net/dev", text.data, text.len);
        str_release(&text);
        take_after(1);
        int present = 0;
        for (int r = 0; r < now->rows[GROUP_NET].count; r++)
            present += now->rows[GROUP_NET].row[r].present;
        ck_assert_int_eq(present, 201);
        ck_assert_int_eq(sample_find_row(now, GROUP_NET, "eth0"), 0);
    }
    ck_assert_int_le(now->rows[GROUP_NET].count, SAMPLE_ROWS_MAX);
    NEAR(row_value(METRIC_NET_SEND, "eth0"), 0);
    close_tree();
}
END_TEST

START_TEST(more_instances_than_fit)
{
    open_empty();
    struct str text;
    str_init(&text);
    for (int i = 0; i < 6000; i++)
        str_printf(&text, "veth%d: 5 5 0 0 0 0 0 0 5 5 0 0 0 0 0 0\n", i);
    str_puts(&text,
        "a-name-that-is-longer-than-any-name-can-be: 5 5 0 0 0 0 0 0 5 5 0 0 0 0 0 0\n");
    put_bytes("proc/net/dev", text.data, text.len);
    str_release(&text);
    for (int i = 0; i < 3; i++)
        take_after(1);
    ck_assert_int_eq(now->rows[GROUP_NET].count, SAMPLE_ROWS_MAX);
    NEAR(row_value(METRIC_NET_SEND, "veth0"), 0);
    NEAR(row_value(METRIC_NET_SEND, "veth1023"), 0);
    close_tree();
}
END_TEST

/* --------------------------------------------------------------------- limits */

START_TEST(limits_of_cgroup_v1)
{
    open_copy("cores2");
    put("proc/4194305/cgroup", "4:memory:/a/b\n3:cpu,cpuacct:/a\n0::/\n");
    put("proc/4194305/mountinfo",
        "35 31 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpuacct,cpu\n"
        "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n");
    put("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
    put("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "2000000\n");
    put("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "1500000\n");
    put("sys/fs/cgroup/memory/a/memory.stat",
        "cache 1\ninactive_file 3\ntotal_inactive_file 500000\n");
    put("sys/fs/cgroup/memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
    put("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "50000\n");
    put("sys/fs/cgroup/cpu/a/cpu.cfs_period_us", "100000\n");
    put("sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
    take_after(1);
    NEAR(value(METRIC_LIMIT_MEMORY), 2000000);
    NEAR(value(METRIC_LIMIT_MEMORY_USED), 1000000);
    NEAR(value(METRIC_LIMIT_MEMORY_PCT), 50);
    NEAR(value(METRIC_LIMIT_CORES), 0.5);
    ck_assert_int_eq(sampler_usable_cores(sampler), 1);
    put("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "1600000\n");
    take_after(1);
    NEAR(value(METRIC_LIMIT_MEMORY_USED), 1100000);
    /* Limits are changed, and the process is moved. */
    put("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us", "%s", "-1\n");
    put("proc/4194305/cgroup", "4:memory:/\n3:cpu,cpuacct:/a\n0::/\n");
    for (int i = 0; i < 20; i++)
        take_after(1);
    UNKNOWN(value(METRIC_LIMIT_MEMORY));
    UNKNOWN(value(METRIC_LIMIT_MEMORY_USED));
    NEAR(value(METRIC_LIMIT_CORES), 2);
    close_tree();
}
END_TEST

START_TEST(a_limit_above_the_machine_is_none)
{
    open_copy("cores2");
    put("sys/fs/cgroup/user.slice/memory.max", "999999999999\n");
    take_after(1);
    UNKNOWN(value(METRIC_LIMIT_MEMORY));
    UNKNOWN(value(METRIC_LIMIT_MEMORY_PCT));
    close_tree();
}
END_TEST

/* -------------------------------------------------------------- nothing, noise */

static void
expect_nothing_known(void)
{
    for (int m = 0; m < METRIC_COUNT; m++)
        if (!metric_group_info(metric_info((enum metric)m)->group)->per_instance)
            ck_assert_msg(isnan(now->scalar[m]), "%s", metric_info((enum metric)m)->name);
    for (int g = 0; g < GROUP_COUNT; g++)
        for (int r = 0; r < now->rows[g].count; r++)
            ck_assert(!now->rows[g].row[r].present);
}

START_TEST(no_files)
{
    open_empty();
    for (int i = 0; i < 25; i++)
        take_after(1);
    expect_nothing_known();
    ck_assert_uint_eq(now->sequence, 25);
    ck_assert_int_ge(sampler_usable_cores(sampler), 1);
    close_tree();
    sampler_free(NULL);
}
END_TEST

static const char *const files[] = {
    "proc/stat", "proc/meminfo", "proc/pressure/cpu", "proc/pressure/memory", "proc/pressure/io",
    "proc/loadavg", "proc/uptime", "proc/diskstats", "proc/net/dev", "proc/cpuinfo",
    "proc/4194305/stat", "proc/4194305/cgroup", "proc/4194305/mountinfo",
    "sys/devices/system/cpu/cpu0/cpufreq/scaling_cur_freq",
    "sys/fs/cgroup/user.slice/memory.max", "sys/fs/cgroup/user.slice/memory.current",
    "sys/fs/cgroup/user.slice/memory.stat", "sys/fs/cgroup/user.slice/optop/cpu.max",
};

enum { FILE_COUNT = sizeof files / sizeof *files };

START_TEST(files_become_empty)
{
    open_copy("cores2");
    take_after(1);
    for (int f = 0; f < FILE_COUNT; f++)
        put_bytes(files[f], "", 0);
    for (int i = 0; i < 70; i++)
        take_after(1);
    now = sampler_take(sampler, mono, mono);
    UNKNOWN(now->interval_seconds);
    NEAR(value(METRIC_SERVER_DESCRIPTORS), 5);
    for (int m = 0; m < METRIC_COUNT; m++)
        if (m != METRIC_SERVER_DESCRIPTORS
            && !metric_group_info(metric_info((enum metric)m)->group)->per_instance)
            ck_assert_msg(isnan(now->scalar[m]), "%s", metric_info((enum metric)m)->name);
    ck_assert(!row_present(GROUP_CORE, "0") && !row_present(GROUP_DISK, "vda")
        && !row_present(GROUP_NET, "eth0"));
    close_tree();
}
END_TEST

static uint32_t noise_state;

static uint32_t
noise(uint32_t below)
{
    noise_state = noise_state * 1664525u + 1013904223u;
    return (noise_state >> 8) % below;
}

/* What the fixture says, with bytes changed, cut, doubled or replaced. */
static size_t
disturb(const char *from, size_t len, char *to, size_t size)
{
    static const char spice[] = "0123456789 \n\t:=./,-()cpu\0\377";
    size_t out = 0;
    unsigned rarity = 1 + noise(60);
    for (size_t i = 0; i < len && out + 2 < size; i++) {
        to[out++] = from[i];
        if (noise(rarity) == 0)
            to[out - 1] = noise(2) ? (char)noise(256) : spice[noise(sizeof spice - 1)];
        if (noise(200) == 0)
            i += noise(40);
        if (noise(200) == 0 && i > 40)
            i -= noise(40);
    }
    return noise(8) == 0 ? noise((uint32_t)out + 1) : out;
}

static void
expect_sane(void)
{
    for (int g = 0; g < GROUP_COUNT; g++) {
        ck_assert_int_le(now->rows[g].count, SAMPLE_ROWS_MAX);
        for (int r = 0; r < now->rows[g].count; r++)
            ck_assert_ptr_nonnull(memchr(now->rows[g].row[r].name, '\0', SAMPLE_NAME_MAX));
    }
    for (int m = 0; m < METRIC_COUNT; m++) {
        double v = now->scalar[m];
        bool share = metric_info((enum metric)m)->group == GROUP_CPU
            && metric_info((enum metric)m)->unit == UNIT_PERCENT;
        ck_assert_msg(!share || isnan(v) || (v >= -0.001 && v <= 100.001), "%s %g",
            metric_info((enum metric)m)->name, v);
        ck_assert_msg(!isinf(v), "%s", metric_info((enum metric)m)->name);
    }
    ck_assert_int_ge(sampler_usable_cores(sampler), 1);
}

START_TEST(noise_is_survived)
{
    static char original[FILE_COUNT][16384], bytes[65536];
    size_t length[FILE_COUNT];
    noise_state = 4711u + (uint32_t)_i;
    open_copy("cores2");
    for (int f = 0; f < FILE_COUNT; f++) {
        char path[8192];
        snprintf(path, sizeof path, "%s/%s", tree, files[f]);
        int fd = open(path, O_RDONLY);
        length[f] = 0;
        if (fd < 0)
            continue;
        length[f] = (size_t)read(fd, original[f], sizeof original[f]);
        close(fd);
    }
    for (int turn = 0; turn < 120; turn++) {
        for (int f = 0; f < FILE_COUNT; f++) {
            size_t len = disturb(original[f], length[f], bytes, sizeof bytes);
            if (noise(10) == 0)
                for (len = 0; len < noise(5000); len++)
                    bytes[len] = (char)noise(256);
            put_bytes(files[f], bytes, len);
        }
        take_after(0.001 * noise(3000));
        expect_sane();
    }
    close_tree();
}
END_TEST

START_TEST(time_that_stands_or_goes_back)
{
    open_copy("cores2");
    take_after(1);
    take_after(0);
    UNKNOWN(now->interval_seconds);
    UNKNOWN(value(METRIC_SYSTEM_SWITCHES));
    take_after(-5);
    UNKNOWN(now->interval_seconds);
    UNKNOWN(row_value(METRIC_DISK_READ, "vda"));
    take_after(1);
    NEAR(row_value(METRIC_DISK_READ, "vda"), 0);
    close_tree();
}
END_TEST

START_TEST(used_memory_is_never_negative)
{
    open_copy("cores1");
    put("proc/meminfo",
        "MemTotal: 1000 kB\nMemFree: 400 kB\nCached: 900 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
    take_after(1);
    NEAR(value(METRIC_MEMORY_USED), 600 * 1024.0);
    UNKNOWN(value(METRIC_MEMORY_AVAILABLE));
    UNKNOWN(value(METRIC_MEMORY_SWAP_PCT));
    NEAR(value(METRIC_MEMORY_SWAP_USED), 0);
    put("proc/meminfo",
        "Hugepagesize: 2048 kB\nMemFree: 400 kB\nHugePages_Total: 3\nHugePages_Free: 1\n");
    take_after(1);
    UNKNOWN(value(METRIC_MEMORY_USED));
    UNKNOWN(value(METRIC_MEMORY_SWAP_USED));
    NEAR(value(METRIC_MEMORY_FREE), 400 * 1024.0);
    NEAR(value(METRIC_MEMORY_HUGE_USED), 2 * 2048 * 1024.0);
    close_tree();
}
END_TEST

/* ----------------------------------------------------------- the real machine */

START_TEST(this_machine)
{
    sampler = sampler_new("/proc", "/sys", (int)getpid());
    now = sampler_take(sampler, clock_mono_ns(), clock_wall_ns());
    NEAR(value(METRIC_CPU_ONLINE), (double)sysconf(_SC_NPROCESSORS_ONLN));
    ck_assert(value(METRIC_MEMORY_TOTAL) > 1e6);
    ck_assert(value(METRIC_SERVER_RSS) > 1e5);
    NEAR(value(METRIC_SERVER_THREADS), 1);
    ck_assert(value(METRIC_SERVER_DESCRIPTORS) >= 4);
    double expect = value(METRIC_SYSTEM_UPTIME) - ns_to_sec(now->mono_ns);
    ck_assert_double_eq_tol(expect, 0, 2);
    ck_assert(value(METRIC_LIMIT_CORES) > 0);
    /* Burn a little, so that there is something to see. */
    clock_t start = clock();
    while (clock() - start < CLOCKS_PER_SEC / 10)
        ;
    now = sampler_take(sampler, clock_mono_ns(), clock_wall_ns());
    ck_assert(value(METRIC_SERVER_CPU) > 0);
    /* A kernel whose counters step back makes a reading unknown: not for ever. */
    for (int i = 0; i < 500 && isnan(value(METRIC_CPU_TOTAL)); i++) {
        usleep(20000);
        now = sampler_take(sampler, clock_mono_ns(), clock_wall_ns());
    }
    ck_assert(value(METRIC_CPU_TOTAL) >= 0 && value(METRIC_CPU_TOTAL) <= 100);
    ck_assert(value(METRIC_CPU_USER) >= 0);
    close_tree();
}
END_TEST

static void
expect_no_allocation(int turns)
{
    take_after(1);
    take_after(1);
    unsigned long before = test_allocations();
    for (int i = 0; i < turns; i++)
        take_after(1);
    unsigned long after = test_allocations();
    ck_assert_uint_eq(after, before);
}

START_TEST(nothing_is_allocated)
{
    sampler = sampler_new("/proc", "/sys", (int)getpid());
    expect_no_allocation(100);
    close_tree();
    open_fixture("cores2");
    expect_no_allocation(100);
    close_tree();
    open_fixture("cores256");
    expect_no_allocation(100);
    close_tree();
}
END_TEST

START_TEST(no_descriptor_is_left)
{
    open_fixture("cores2");
    take_after(1);
    close_tree();
    int before = dup(0);
    close(before);
    for (int i = 0; i < 5; i++) {
        open_fixture(i % 2 ? "cores2" : "cores256");
        take_after(1);
        take_after(1);
        close_tree();
    }
    int after = dup(0);
    close(after);
    ck_assert_int_eq(after, before);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("sampler");
    TCase *machines = tcase_create("machines");
    tcase_add_test(machines, one_core);
    tcase_add_test(machines, two_cores);
    tcase_add_test(machines, two_hundred_and_fifty_six_cores);
    tcase_add_test(machines, this_machine);
    tcase_add_test(machines, nothing_is_allocated);
    tcase_add_test(machines, no_descriptor_is_left);
    suite_add_tcase(suite, machines);
    TCase *figures = tcase_create("figures");
    tcase_add_test(figures, time_is_split_into_shares);
    tcase_add_test(figures, a_busy_cpu_is_at_100);
    tcase_add_test(figures, iowait_may_step_back);
    tcase_add_test(figures, a_core_goes_and_comes_back);
    tcase_add_test(figures, cores_that_make_no_sense);
    tcase_add_test(figures, the_hottest_package_is_told);
    tcase_add_test(figures, many_frequencies_take_turns);
    tcase_add_test(figures, pressure_of_the_interval);
    tcase_add_test(figures, disk_rates);
    tcase_add_test(figures, network_rates);
    tcase_add_test(figures, filesystems);
    tcase_add_test(figures, share_of_a_link);
    tcase_add_test(figures, limits_of_cgroup_v1);
    tcase_add_test(figures, a_limit_above_the_machine_is_none);
    tcase_add_test(figures, used_memory_is_never_negative);
    tcase_add_test(figures, time_that_stands_or_goes_back);
    suite_add_tcase(suite, figures);
    TCase *noise_case = tcase_create("noise");
    tcase_set_timeout(noise_case, 60);
    tcase_add_test(noise_case, instances_without_end);
    tcase_add_test(noise_case, more_instances_than_fit);
    tcase_add_test(noise_case, no_files);
    tcase_add_test(noise_case, files_become_empty);
    tcase_add_loop_test(noise_case, noise_is_survived, 0, 6);
    suite_add_tcase(suite, noise_case);
    return suite;
}
