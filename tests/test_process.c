/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Executors of processes: this program calls itself.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "optop/process.h"
#include "task/call_wire.h"

enum { WAIT_SECONDS = 60 };

/* The functions, in the other process. */

static int
echo(const void *argument, size_t size, struct optop_reply *reply)
{
    reply->bytes = malloc(size + 1);
    memcpy(reply->bytes, argument, size);
    reply->size = size;
    return 7;
}

static int
tell_pid(const void *argument, size_t size, struct optop_reply *reply)
{
    (void)argument, (void)size;
    pid_t pid = getpid();
    return echo(&pid, sizeof pid, reply);
}

static int
refuse(const void *argument, size_t size, struct optop_reply *reply)
{
    (void)size;
    snprintf(reply->fault, sizeof reply->fault, "not %s", (const char *)argument);
    return -EDOM;
}

static int
die(const void *argument, size_t size, struct optop_reply *reply)
{
    (void)size, (void)reply;
    const char *how = argument;
    if (!strcmp(how, "exit"))
        _exit(3);
    if (!strcmp(how, "family") && fork() == 0)
        for (;;)
            pause(); /* holds the socket */
    raise(SIGKILL);
    return 0;
}

/* Holds a lock as long as it, or one that it starts, lives. */
static int
hang(const void *argument, size_t size, struct optop_reply *reply)
{
    (void)size, (void)reply;
    int fd = open(argument, O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (fd < 0 || flock(fd, LOCK_SH) < 0)
        return -errno;
    if (!strstr(argument, "alone"))
        fork();
    if (write(fd, "x", 1) == 1) /* that both are there can be seen */
        for (;;)
            pause();
    return 0;
}

/* Square of a number; those below 0 have none. */
static int
square(const void *argument, size_t size, struct optop_reply *reply)
{
    int64_t number;
    (void)size;
    memcpy(&number, argument, sizeof number);
    if (number < 0)
        return (int)number;
    number *= number;
    return echo(&number, sizeof number, reply);
}

static int
lie(const void *argument, size_t size, struct optop_reply *reply)
{
    struct reply_head head = { .magic = CALL_MAGIC, .size = UINT64_MAX };
    (void)size, (void)reply;
    if (!strcmp(argument, "magic"))
        head = (struct reply_head){ .magic = 1 };
    if (!strcmp(argument, "fault"))
        head = (struct reply_head){ .magic = CALL_MAGIC, .fault_len = UINT32_MAX };
    return write(CALL_FD, &head, sizeof head) < 0;
}

static const struct optop_function functions[] = {
    { "echo", echo }, { "pid", tell_pid }, { "refuse", refuse }, { "die", die }, { "hang", hang },
    { "square", square }, { "lie", lie }, { 0 },
};

__attribute__((constructor)) static void
serve(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "serve"))
        _exit(optop_serve(functions) == 0 ? 0 : 1);
}

/* This side. */

static struct optop_executor *
make(int processes, int calls)
{
    static const char *const argv[] = { "test", "serve", NULL };
    struct optop_executor *executor = optop_executor_new_processes("test",
        &(struct optop_process_options){ .path = "/proc/self/exe", .argv = argv,
            .processes = processes, .calls = calls });
    ck_assert_ptr_nonnull(executor);
    return executor;
}

static int
call_it(void *context)
{
    return optop_call(context);
}

static struct optop_call
text_call(const char *function, const char *text)
{
    return (struct optop_call){ .function = function, .argument = text, .size = strlen(text) };
}

static int
run(struct optop_executor *executor, struct optop_call *call)
{
    struct optop_future *future;
    int result;
    ck_assert_int_eq(optop_submit(executor,
        &(struct optop_task){ .run = call_it, .context = call }, &future), 0);
    ck_assert_int_eq(optop_future_wait(future, WAIT_SECONDS * NS_PER_SEC, &result), 0);
    optop_future_free(future);
    return result;
}

static pid_t
pid_of(struct optop_executor *executor)
{
    struct optop_call call = { .function = "pid" };
    pid_t pid;
    ck_assert_int_eq(run(executor, &call), 7);
    ck_assert_uint_eq(call.reply.size, sizeof pid);
    memcpy(&pid, call.reply.bytes, sizeof pid);
    free(call.reply.bytes);
    return pid;
}

static void
ck_no_children(void)
{
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
    ck_assert_int_eq(errno, ECHILD);
}

START_TEST(a_call_is_answered)
{
    static char large[3 * 1024 * 1024];
    struct optop_executor *executor = make(1, 0);
    struct optop_call call = text_call("echo", "some bytes");
    memset(large, 'x', sizeof large);
    ck_assert_int_eq(optop_call(&call), -EINVAL); /* this is no task of it */
    ck_assert_int_eq(run(executor, &call), 7);
    ck_assert_uint_eq(call.reply.size, call.size);
    ck_assert_mem_eq(call.reply.bytes, call.argument, call.size);
    free(call.reply.bytes);
    pid_t pid = pid_of(executor);
    ck_assert_int_ne(pid, getpid());
    call = (struct optop_call){ .function = "echo", .argument = large, .size = sizeof large };
    ck_assert_int_eq(run(executor, &call), 7);
    ck_assert_mem_eq(call.reply.bytes, large, sizeof large);
    free(call.reply.bytes);
    call = text_call("echo", "");
    ck_assert_int_eq(run(executor, &call), 7);
    free(call.reply.bytes);
    call = text_call("refuse", "this");
    ck_assert_int_eq(run(executor, &call), -EDOM);
    ck_assert_str_eq(call.reply.fault, "not this");
    call = text_call("nothing", "");
    ck_assert_int_eq(run(executor, &call), -ENOSYS);
    call.size = (size_t)OPTOP_CALL_BYTES_MAX + 1;
    ck_assert_int_eq(run(executor, &call), -EMSGSIZE);
    ck_assert_int_eq(pid_of(executor), pid);
    optop_executor_free(executor);
    ck_no_children();
}
END_TEST

START_TEST(an_end_costs_one_call)
{
    static const struct {
        const char *how, *fault;
    } rows[] = { { "kill", "killed by SIGKILL" }, { "exit", "exit status 3" },
        { "family", "killed by SIGKILL" } };
    struct optop_executor *executor = make(1, 0);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        pid_t pid = pid_of(executor);
        struct optop_call call = text_call("die", rows[i].how);
        ck_assert_int_eq(run(executor, &call), -EPIPE);
        ck_assert_str_eq(call.reply.fault, rows[i].fault);
        ck_assert_int_ne(pid_of(executor), pid);
    }
    /* between two calls it is nobody's fault */
    pid_t pid = pid_of(executor);
    kill(pid, SIGKILL);
    siginfo_t info;
    waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
    ck_assert_int_ne(pid_of(executor), pid);
    optop_executor_free(executor);
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue; /* of the family, adopted by this program */
    ck_no_children();
}
END_TEST

static void
await_size(const char *path, off_t size)
{
    struct pollfd none = { .fd = -1 };
    int64_t until = clock_mono_ns() + WAIT_SECONDS * NS_PER_SEC;
    int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0600);
    while (lseek(fd, 0, SEEK_END) < size && clock_mono_ns() < until)
        poll(&none, 1, 2);
    ck_assert_int_eq(lseek(fd, 0, SEEK_END), size);
    close(fd);
}

/* Nobody holds the lock any longer. */
static void
await_gone(const char *path)
{
    struct pollfd none = { .fd = -1 };
    int64_t until = clock_mono_ns() + WAIT_SECONDS * NS_PER_SEC;
    int fd = open(path, O_RDWR | O_CLOEXEC), r;
    while ((r = flock(fd, LOCK_EX | LOCK_NB)) < 0 && clock_mono_ns() < until)
        poll(&none, 1, 2);
    ck_assert_int_eq(r, 0);
    close(fd);
}

START_TEST(time_ends_a_call)
{
    char path[4200];
    struct optop_executor *executor = make(1, 0);
    snprintf(path, sizeof path, "%s/lock", test_directory());
    struct optop_call call = text_call("hang", path);
    call.timeout_ns = 300 * NS_PER_MS;
    ck_assert_int_eq(run(executor, &call), -ETIMEDOUT);
    ck_assert_str_eq(call.reply.fault, "not over after 0.3 s");
    await_gone(path);
    pid_of(executor);
    optop_executor_free(executor);
}
END_TEST

START_TEST(a_call_can_be_cancelled)
{
    char path[4200];
    struct optop_executor *executor = make(1, 0);
    struct optop_future *future;
    int result;
    snprintf(path, sizeof path, "%s/lock", test_directory());
    for (int all = 0; all <= 1; all++) {
        struct optop_call call = text_call("hang", path);
        ck_assert_int_eq(optop_submit(executor,
            &(struct optop_task){ .run = call_it, .context = &call }, &future), 0);
        await_size(path, 2 * (all + 1));
        if (all)
            optop_executor_cancel(executor);
        else
            ck_assert_int_eq(optop_future_cancel(future), -EBUSY);
        ck_assert_int_eq(optop_future_wait(future, WAIT_SECONDS * NS_PER_SEC, &result), 0);
        ck_assert_int_eq(result, -ECANCELED);
        optop_future_free(future);
        await_gone(path);
    }
    optop_executor_free(executor);
}
END_TEST

/* kill -9 of who has called leaves nothing behind that is busy. */
START_TEST(they_end_with_the_caller)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/alone", test_directory());
    pid_t pid = fork();
    if (pid == 0) {
        struct optop_call call = text_call("hang", path);
        run(make(1, 0), &call);
        _exit(1);
    }
    await_size(path, 1);
    kill(pid, SIGKILL);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    await_gone(path);
}
END_TEST

START_TEST(each_call_gets_a_fresh_one)
{
    struct optop_executor *executor = make(1, 1);
    pid_t first = pid_of(executor), second = pid_of(executor);
    ck_assert_int_ne(first, second);
    ck_no_children();
    optop_executor_free(executor);
}
END_TEST

START_TEST(lies_are_not_believed)
{
    static const char *const lies[] = { "magic", "fault", "size" };
    struct optop_executor *executor = make(1, 0);
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        struct optop_call call = text_call("lie", lies[i]);
        ck_assert_int_eq(run(executor, &call), -EPROTO);
        ck_assert_ptr_null(call.reply.bytes);
    }
    pid_of(executor);
    optop_executor_free(executor);
    ck_no_children();
}
END_TEST

struct squares {
    int64_t bad, result[300];
};

static int
square_item(void *context, size_t index)
{
    struct squares *squares = context;
    int64_t number = (int64_t)index == squares->bad ? -5 : (int64_t)index;
    struct optop_call call = { .function = "square", .argument = &number, .size = sizeof number };
    int r = optop_call(&call);
    if (r >= 0)
        memcpy(&squares->result[index], call.reply.bytes, sizeof number);
    free(call.reply.bytes);
    return r;
}

START_TEST(a_map_over_processes)
{
    enum { COUNT = 300 };
    static struct squares squares = { .bad = -1 };
    size_t index = 0;
    struct optop_executor *executor = make(2, 0);
    ck_assert_int_eq(optop_map(executor, COUNT, 0, square_item, &squares, &index), 0);
    for (int64_t i = 0; i < COUNT; i++)
        ck_assert_int_eq(squares.result[i], i * i);
    squares.bad = 57;
    ck_assert_int_eq(optop_map(executor, COUNT, 4, square_item, &squares, &index), -5);
    ck_assert_uint_eq(index, 57);
    optop_executor_cancel(executor);
    ck_assert_int_eq(optop_map(executor, COUNT, 0, square_item, &squares, &index), -ECANCELED);
    optop_executor_free(executor);
    ck_no_children();
}
END_TEST

START_TEST(what_cannot_be_started)
{
    static const char *const argv[] = { "none", NULL };
    struct optop_process_options options = { .path = "/nowhere/none", .argv = argv, .processes = 1 };
    struct optop_executor *executor = optop_executor_new_processes("test", &options);
    struct optop_call call = text_call("echo", "");
    ck_assert_int_eq(run(executor, &call), -ENOENT);
    optop_executor_free(executor);
    options.path = "/bin/true"; /* no program that serves */
    executor = optop_executor_new_processes("test", &options);
    ck_assert_int_eq(run(executor, &call), -EPIPE);
    ck_assert_str_eq(call.reply.fault, "exit status 0");
    optop_executor_free(executor);
    options.argv = NULL;
    ck_assert_ptr_null(optop_executor_new_processes("test", &options));
    ck_assert_int_eq(errno, EINVAL);
    ck_assert_int_eq(optop_serve(functions), -ENOTCONN);
    ck_no_children();
}
END_TEST

START_TEST(without_memory)
{
    static const char *const argv[] = { "test", "serve", NULL };
    const struct optop_process_options options = { .path = "/proc/self/exe", .argv = argv,
        .processes = 1 };
    if (!test_fail_allocations(0, false))
        return;
    for (long nth = 1; nth < 16; nth++)
        for (int all = 0; all <= 1; all++) {
            struct optop_call call = text_call("echo", "x");
            struct optop_future *future = NULL;
            int r = -ENOMEM, result = -ENOMEM;
            test_fail_allocations(nth, all);
            struct optop_executor *executor = optop_executor_new_processes("test", &options);
            if (executor)
                r = optop_submit(executor,
                    &(struct optop_task){ .run = call_it, .context = &call }, &future);
            if (r == 0)
                optop_future_wait(future, -1, &result);
            test_fail_allocations(0, false);
            ck_assert(r == 0 || r == -ENOMEM || r == -EAGAIN);
            ck_assert(result == 7 || result == -ENOMEM);
            ck_assert(executor || errno == ENOMEM);
            free(call.reply.bytes);
            optop_future_free(future);
            optop_executor_free(executor);
            ck_no_children();
        }
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("process");
    TCase *tc = tcase_create("calls");
    tcase_set_timeout(tc, 120);
    tcase_add_test(tc, a_call_is_answered);
    tcase_add_test(tc, an_end_costs_one_call);
    tcase_add_test(tc, time_ends_a_call);
    tcase_add_test(tc, a_call_can_be_cancelled);
    tcase_add_test(tc, they_end_with_the_caller);
    tcase_add_test(tc, each_call_gets_a_fresh_one);
    tcase_add_test(tc, lies_are_not_believed);
    tcase_add_test(tc, a_map_over_processes);
    tcase_add_test(tc, what_cannot_be_started);
    tcase_add_test(tc, without_memory);
    suite_add_tcase(suite, tc);
    return suite;
}
