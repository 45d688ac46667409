/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Limits: which means holds what, on a tree of plain files that stands for
 * cgroup2, and for real with rlimits and scheduling calls in a child.
 */
#include "test.h"

#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/str.h"
#include "exec/limit.h"

#define MIB 1048576.0

static char parent[4096], group[4200], cell[4300];

static void
put(const char *directory, const char *name, const char *text)
{
    char path[4400];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

static const char *
get(const char *directory, const char *name)
{
    static char text[256];
    char path[4400];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    FILE *file = fopen(path, "r");
    if (!file)
        return "(none)";
    size_t n = fread(text, 1, sizeof text - 1, file);
    text[n] = '\0';
    fclose(file);
    return text;
}

/* A cgroup with a child and a grandchild, all with the files of `controllers`. */
static void
make_tree(const char *controllers)
{
    unsetenv("OPTOP_LIMITS");
    snprintf(parent, sizeof parent, "%s/own", test_directory());
    snprintf(group, sizeof group, "%s/optop-1", parent);
    snprintf(cell, sizeof cell, "%s/worker-1", group);
    const char *const all[] = { parent, group, cell };
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(mkdir(all[i], 0755), 0);
        put(all[i], "cgroup.controllers", controllers);
        put(all[i], "cgroup.subtree_control", "");
        if (i > 0 && strstr(controllers, "memory")) {
            put(all[i], "memory.max", "max\n");
            put(all[i], "memory.swap.max", "max\n");
            put(all[i], "memory.events", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n");
        }
        if (i > 0 && strstr(controllers, "cpu"))
            put(all[i], "cpu.max", "max 100000\n");
    }
}

static void
open_set(struct limit_set *set, const struct run_limits *wanted, bool v1)
{
    const struct control control[CONTROLS] = { { group, v1 }, { group, v1 } };
    limit_set_open(set, wanted, control);
}

static struct run_limits
some_limits(void)
{
    struct run_limits wanted = { .memory_bytes = 512 * MIB, .trial_memory_bytes = 64 * MIB,
        .cpu_cores = 1.5, .nice = 5, .io_class = IO_CLASS_BEST_EFFORT, .io_level = 7,
        .open_files = 100 };
    ck_assert_int_eq(limits_parse_cpus("0", wanted.cpus), 0);
    return wanted;
}

static json_t *
parse(const struct str *text)
{
    json_t *value = json_parse(text->data, text->len, NULL);
    ck_assert_ptr_nonnull(value);
    return value;
}

static json_t *
orders_of(const struct limit_set *set)
{
    struct str text;
    struct json_writer w;
    str_init(&text);
    jw_init(&w, &text);
    jw_object(&w, NULL);
    limit_set_write_orders(&w, "limits", set);
    jw_end(&w);
    json_t *whole = parse(&text), *orders = json_incref(json_object_get(whole, "limits"));
    json_decref(whole);
    str_release(&text);
    return orders;
}

START_TEST(cpu_lists)
{
    static const struct {
        const char *text, *shown;
        int result;
    } rows[] = {
        { "0", "0", 0 }, { "0-3,6", "0-3,6", 0 }, { " 6 , 0-1 ", "0-1,6", 0 },
        { "1023", "1023", 0 }, { "2,1,0", "0-2", 0 }, { "1024", NULL, ERR_TOO_LARGE },
        { "99999999999999999999", NULL, ERR_TOO_LARGE }, { "", NULL, -EINVAL },
        { "3-1", NULL, -EINVAL }, { "1,", NULL, -EINVAL }, { "-1", NULL, -EINVAL },
        { "a", NULL, -EINVAL }, { "1 2", NULL, -EINVAL }, { "1-", NULL, -EINVAL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint64_t cpus[LIMITS_CPUS_MAX / 64] = { 0 };
        char text[64];
        ck_assert_msg(limits_parse_cpus(rows[i].text, cpus) == rows[i].result, "%s", rows[i].text);
        if (rows[i].shown)
            ck_assert_str_eq(limits_format_cpus(cpus, text, sizeof text), rows[i].shown);
        else
            ck_assert_int_eq(limits_count_cpus(cpus), 0);
    }
}
END_TEST

START_TEST(io_priorities)
{
    static const struct {
        const char *text, *shown;
    } rows[] = {
        { "none", "none" }, { "idle", "idle" }, { "best-effort", "best-effort/4" },
        { "best-effort/7", "best-effort/7" }, { "realtime/0", "realtime/0" },
        { "idle/1", NULL }, { "best-effort/8", NULL }, { "best-effort/", NULL }, { "fast", NULL },
        { "", NULL }, { "best-effort/10", NULL },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum io_class class = IO_CLASS_NONE;
        int level = 0;
        char text[32];
        int r = limits_parse_io(rows[i].text, &class, &level);
        ck_assert_msg((r == 0) == (rows[i].shown != NULL), "%s", rows[i].text);
        if (r == 0)
            ck_assert_str_eq(limits_format_io(class, level, text, sizeof text), rows[i].shown);
    }
}
END_TEST

START_TEST(cgroup_holds)
{
    struct run_limits wanted = some_limits();
    struct limit_set set;
    make_tree("cpuset cpu io memory pids\n");
    open_set(&set, &wanted, false);
    ck_assert_int_eq(set.held[LIMIT_MEMORY].means, LIMIT_BY_CGROUP2);
    ck_assert_int_eq(set.held[LIMIT_TRIAL_MEMORY].means, LIMIT_BY_CGROUP2);
    ck_assert_int_eq(set.held[LIMIT_CPU].means, LIMIT_BY_CGROUP2);
    ck_assert_int_eq(set.held[LIMIT_NICE].means, LIMIT_BY_SCHEDULING);
    ck_assert_int_eq(set.held[LIMIT_OPEN_FILES].means, LIMIT_BY_RLIMIT);
    ck_assert_int_eq(set.held[LIMIT_CORE_DUMPS].means, LIMIT_BY_RLIMIT);
    ck_assert_ptr_nonnull(strstr(get(parent, "cgroup.subtree_control"), "+"));
    ck_assert_str_eq(get(group, "cgroup.subtree_control"), "+memory");
    ck_assert_int_eq(strncmp(get(group, "memory.max"), "536870912", 9), 0);
    ck_assert_int_eq(strncmp(get(group, "memory.swap.max"), "0", 1), 0);
    ck_assert_int_eq(strncmp(get(group, "cpu.max"), "150000 100000", 13), 0);
    ck_assert_int_eq(limit_set_cell(&set, cell), 0);
    ck_assert_int_eq(strncmp(get(cell, "memory.max"), "67108864", 8), 0);
    json_t *orders = orders_of(&set); /* what the cgroup holds is no order */
    ck_assert_ptr_null(json_object_get(orders, "memory"));
    ck_assert_ptr_null(json_object_get(orders, "trial_memory"));
    ck_assert_ptr_null(json_object_get(orders, "cpu"));
    ck_assert_int_eq(json_get_int(orders, "nice", 0), 5);
    ck_assert_str_eq(json_get_string(orders, "io_priority", ""), "best-effort/7");
    json_decref(orders);
}
END_TEST

/* The files of the v1 trees of memory and cpu, here in one. */
static void
make_tree_v1(void)
{
    make_tree("");
    const char *const both[] = { group, cell };
    for (int i = 0; i < 2; i++) {
        put(both[i], "memory.limit_in_bytes", "9223372036854771712\n");
        put(both[i], "memory.memsw.limit_in_bytes", "9223372036854771712\n");
        put(both[i], "memory.use_hierarchy", "0\n");
        put(both[i], "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n");
        put(both[i], "cpu.cfs_period_us", "0\n");
        put(both[i], "cpu.cfs_quota_us", "-1\n");
    }
}

START_TEST(cgroup_v1_holds)
{
    struct run_limits wanted = some_limits();
    struct limit_set set;
    make_tree_v1();
    open_set(&set, &wanted, true);
    ck_assert_int_eq(set.held[LIMIT_MEMORY].means, LIMIT_BY_CGROUP1);
    ck_assert_int_eq(set.held[LIMIT_TRIAL_MEMORY].means, LIMIT_BY_CGROUP1);
    ck_assert_int_eq(set.held[LIMIT_CPU].means, LIMIT_BY_CGROUP1);
    ck_assert_int_eq(set.held[LIMIT_NICE].means, LIMIT_BY_SCHEDULING);
    ck_assert_int_eq(strncmp(get(group, "memory.limit_in_bytes"), "536870912", 9), 0);
    ck_assert_int_eq(strncmp(get(group, "memory.memsw.limit_in_bytes"), "536870912", 9), 0);
    ck_assert_int_eq(strncmp(get(group, "memory.use_hierarchy"), "1", 1), 0);
    ck_assert_int_eq(strncmp(get(group, "cpu.cfs_quota_us"), "150000", 6), 0);
    ck_assert_int_eq(strncmp(get(group, "cpu.cfs_period_us"), "100000", 6), 0);
    ck_assert_int_eq(limit_set_cell(&set, cell), 0);
    ck_assert_int_eq(strncmp(get(cell, "memory.limit_in_bytes"), "67108864", 8), 0);
    json_t *orders = orders_of(&set);
    ck_assert_ptr_null(json_object_get(orders, "memory"));
    ck_assert_ptr_null(json_object_get(orders, "cpu"));
    json_decref(orders);
    setenv("OPTOP_LIMITS", "cgroup1", 1); /* the worse means is not better than the best allowed */
    open_set(&set, &wanted, true);
    ck_assert_int_eq(set.held[LIMIT_MEMORY].means, LIMIT_BY_CGROUP1);
    open_set(&set, &wanted, false);
    ck_assert_int_eq(set.held[LIMIT_MEMORY].means, LIMIT_BY_RLIMIT);
}
END_TEST

START_TEST(limits_change)
{
    struct run_limits wanted = some_limits(), other = wanted;
    const struct control both[CONTROLS] = { { group, true }, { group, true } };
    struct limit_set set;
    make_tree_v1();
    open_set(&set, &wanted, true);
    ck_assert(!limit_set_change(&set, &other, both));
    other.memory_bytes = 256 * MIB;
    other.cpu_cores = 0.5;
    ck_assert(!limit_set_change(&set, &other, both)); /* the cgroup holds them at once */
    ck_assert_int_eq(strncmp(get(group, "memory.limit_in_bytes"), "268435456", 9), 0);
    ck_assert_int_eq(strncmp(get(group, "cpu.cfs_quota_us"), "50000", 5), 0);
    other.trial_memory_bytes = 32 * MIB;
    ck_assert(limit_set_change(&set, &other, both)); /* cells that there are have the old one */
    other.nice = 7;
    ck_assert(limit_set_change(&set, &other, both)); /* workers apply it when they start */
    ck_assert(!limit_set_change(&set, &other, both));
    other.memory_bytes = other.cpu_cores = 0;
    ck_assert(!limit_set_change(&set, &other, both));
    ck_assert_int_eq(strncmp(get(group, "memory.limit_in_bytes"), "-1", 2), 0);
    ck_assert_int_eq(strncmp(get(group, "cpu.cfs_quota_us"), "-1", 2), 0);
    limit_set_open(&set, &other, NULL);
    ck_assert(limit_set_change(&set, &other, both)); /* a cgroup that nobody has joined */
}
END_TEST

START_TEST(cgroup_refuses)
{
    /* no controller; no cgroup; not to be tried: each time the next means */
    struct run_limits wanted = some_limits();
    struct limit_set set;
    make_tree("pids hugetlb memory_recursiveprot\n");
    for (int way = 0; way < 3; way++) {
        if (way == 2) {
            put(parent, "cgroup.controllers", "cpu memory\n");
            setenv("OPTOP_LIMITS", "rlimit", 1);
        }
        way == 1 ? limit_set_open(&set, &wanted, NULL) : open_set(&set, &wanted, false);
        ck_assert_int_eq(set.held[LIMIT_MEMORY].means, LIMIT_BY_RLIMIT);
        ck_assert_str_ne(set.held[LIMIT_MEMORY].note, "");
        ck_assert_int_eq(set.held[LIMIT_CPU].means, LIMIT_BY_SCHEDULING);
        ck_assert_str_eq(get(parent, "cgroup.subtree_control"), "");
        json_t *orders = orders_of(&set);
        ck_assert(fabs(json_get_number(orders, "memory", 0) - 512 * MIB) < 1);
        json_decref(orders);
    }
}
END_TEST

START_TEST(cell_refuses)
{
    struct run_limits wanted = some_limits();
    struct limit_set set;
    make_tree("cpu memory\n");
    open_set(&set, &wanted, false);
    ck_assert_int_lt(limit_set_cell(&set, "/nowhere"), 0);
    ck_assert_int_eq(set.held[LIMIT_TRIAL_MEMORY].means, LIMIT_BY_RLIMIT);
    json_t *orders = orders_of(&set);
    ck_assert_ptr_nonnull(json_object_get(orders, "trial_memory"));
    json_decref(orders);
}
END_TEST

START_TEST(out_of_memory_is_told_once)
{
    struct run_limits wanted = some_limits();
    struct limit_set set;
    char text[128] = "";
    make_tree("cpu memory\n");
    wanted.trial_memory_bytes = 0;
    put(group, "memory.events", "oom 3\noom_kill 3\noom_group_kill 9\n");
    open_set(&set, &wanted, false); /* what was before is not news */
    ck_assert(!limit_set_oom(&set, text, sizeof text));
    put(group, "memory.events", "oom 4\noom_kill 4\noom_group_kill 9\n");
    ck_assert(limit_set_oom(&set, text, sizeof text));
    ck_assert_str_eq(text, "out of memory: over its limit (limits.memory, 512M)");
    ck_assert(!limit_set_oom(&set, text, sizeof text));
    limit_set_open(&set, &wanted, NULL);
    ck_assert(!limit_set_oom(&set, text, sizeof text));
}
END_TEST

START_TEST(out_of_memory_in_v1_cells)
{
    struct run_limits wanted = some_limits();
    struct limit_set set;
    char text[128] = "";
    make_tree_v1();
    open_set(&set, &wanted, true);
    ck_assert(!limit_set_oom(&set, text, sizeof text));
    put(cell, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
    ck_assert(limit_set_oom(&set, text, sizeof text));
    ck_assert(!limit_set_oom(&set, text, sizeof text));
    /* with the cell goes its count: the next kill elsewhere is news all the same */
    limit_set_cell_gone(&set, cell);
    put(cell, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n");
    ck_assert(!limit_set_oom(&set, text, sizeof text));
    put(group, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
    ck_assert(limit_set_oom(&set, text, sizeof text));
}
END_TEST

START_TEST(refusal_is_said)
{
    struct run_limits wanted = { .nice = -5, .core_dumps = true };
    struct limit_set set;
    struct str text;
    struct json_writer w;
    limit_set_open(&set, &wanted, NULL);
    json_t *refused = json_pack("{s:s,s:s,s:i}", "nice", "Permission \033denied", "memory", "x",
        "cpu", 3);
    limit_set_refused(&set, refused);
    json_decref(refused);
    str_init(&text);
    jw_init(&w, &text);
    jw_object(&w, NULL);
    limit_set_write(&w, "limits", &set);
    jw_end(&w);
    json_t *whole = parse(&text), *limits = json_object_get(whole, "limits");
    ck_assert_uint_eq(json_array_size(limits), 1); /* the others were not asked for */
    ck_assert_str_eq(json_get_string(json_array_get(limits, 0), "name", ""), "nice");
    ck_assert_str_eq(json_get_string(json_array_get(limits, 0), "held_by", ""), "nothing");
    ck_assert_ptr_null(strchr(json_get_string(json_array_get(limits, 0), "note", ""), '\033'));
    json_decref(whole);
    str_release(&text);
}
END_TEST

/* Applies in a child and exits with what `check` says. */
static int
in_child(const struct run_limits *wanted, int (*check)(const json_t *refused))
{
    struct limit_set set;
    limit_set_open(&set, wanted, NULL);
    json_t *orders = orders_of(&set);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        json_t *refused = json_object();
        limit_apply(orders, refused);
        _exit(check(refused));
    }
    int status = 0;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    json_decref(orders);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

static int
check_applied(const json_t *refused)
{
    struct rlimit files, core, memory;
    cpu_set_t cpus;
    getrlimit(RLIMIT_NOFILE, &files);
    getrlimit(RLIMIT_CORE, &core);
    getrlimit(RLIMIT_AS, &memory);
    sched_getaffinity(0, sizeof cpus, &cpus);
    return json_object_size(refused) != 0 ? 1 : files.rlim_cur != 100 || files.rlim_max != 100 ? 2
        : core.rlim_max != 0 ? 3 : memory.rlim_cur != (rlim_t)1 << 50 ? 4
        : CPU_COUNT(&cpus) != 1 ? 5 : getpriority(PRIO_PROCESS, 0) != 5 ? 6
        : syscall(SYS_ioprio_get, 1, 0) != (2 << 13 | 7) ? 7 : 0;
}

START_TEST(applied_for_real)
{
    struct run_limits wanted = some_limits();
    uint64_t usable[LIMITS_CPUS_MAX / 64] = { 0 };
    cpu_set_t cpus;
    int first = 0;
    sched_getaffinity(0, sizeof cpus, &cpus);
    while (!CPU_ISSET(first, &cpus))
        first++;
    usable[first / 64] = UINT64_C(1) << (first % 64);
    memcpy(wanted.cpus, usable, sizeof usable);
    /* so much that the sanitizers' shadow memory fits, too */
    wanted.memory_bytes = wanted.trial_memory_bytes = 1125899906842624.0;
    wanted.nice = 5;
    ck_assert_int_eq(in_child(&wanted, check_applied), 0);
}
END_TEST

static int
check_refused(const json_t *refused)
{
    return json_object_size(refused) == 1 && json_object_get(refused, "affinity") ? 0 : 1;
}

START_TEST(refused_for_real)
{
    struct run_limits wanted = { .core_dumps = true };
    ck_assert_int_eq(limits_parse_cpus("1023", wanted.cpus), 0); /* no such CPU here */
    ck_assert_int_eq(in_child(&wanted, check_refused), 0);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("limit");
    TCase *tcase = tcase_create("all");
    tcase_add_test(tcase, cpu_lists);
    tcase_add_test(tcase, io_priorities);
    tcase_add_test(tcase, cgroup_holds);
    tcase_add_test(tcase, cgroup_v1_holds);
    tcase_add_test(tcase, limits_change);
    tcase_add_test(tcase, cgroup_refuses);
    tcase_add_test(tcase, cell_refuses);
    tcase_add_test(tcase, out_of_memory_is_told_once);
    tcase_add_test(tcase, out_of_memory_in_v1_cells);
    tcase_add_test(tcase, refusal_is_said);
    tcase_add_test(tcase, applied_for_real);
    tcase_add_test(tcase, refused_for_real);
    suite_add_tcase(suite, tcase);
    return suite;
}
