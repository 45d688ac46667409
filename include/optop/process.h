/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Executors whose tasks call functions of another program: what crashes, hangs
 * or runs wild there costs the one call that it happened in. Link with -loptop
 * (pkg-config optop); manual: liboptop(3).
 *
 * Here, in a task of such an executor (optop_submit, optop_map):
 *
 *     struct optop_call call = { .function = "square", .argument = text, .size = len };
 *     int r = optop_call(&call);
 *
 * and the other program, whose path the executor was made with:
 *
 *     static const struct optop_function functions[] = { { "square", square }, { 0 } };
 *     int main(void) { return optop_serve(functions) < 0; }
 */
#ifndef OPTOP_PROCESS_H
#define OPTOP_PROCESS_H

#include "optop/executor.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    OPTOP_CALL_BYTES_MAX = 64 * 1024 * 1024, /* of an argument, and of a reply */
    OPTOP_FUNCTION_NAME_MAX = 64, /* with its NUL */
    OPTOP_CALL_FAULT_MAX = 256,
};

struct optop_process_options {
    const char *path; /* of the program; not searched for */
    const char *const *argv; /* NULL-ended */
    int processes; /* each with a thread here; 0: as many as there are usable cores */
    int queue; /* as of optop_executor_new */
    int calls; /* a process is replaced after so many; 0: never. 1: where one call must
                * not trust the next with what it leaves behind */
};

/* Everything is copied. Processes start when there is work for them: sessions of
 * their own, standard input and output /dev/null, no descriptor of this one
 * but standard error. They end with the executor, or with this process. NULL with errno. */
OPTOP_API struct optop_executor *optop_executor_new_processes(const char *name,
    const struct optop_process_options *options);

struct optop_reply {
    void *bytes; /* of malloc; whoever gets it frees it. NULL: none */
    size_t size;
    char fault[OPTOP_CALL_FAULT_MAX]; /* what a person may read of a failure */
};

struct optop_call {
    const char *function;
    const void *argument; /* bytes */
    size_t size;
    int64_t timeout_ns; /* then its process is killed; 0: none */
    struct optop_reply reply; /* filled in any case */
};

/* From a task of an executor of processes, on its thread; -EINVAL elsewhere. What
 * the function returned, or: -ENOSYS, the program has none of this name; -EPIPE,
 * its process has ended, and reply.fault says how ("killed by SIGSEGV"); -ETIMEDOUT;
 * -ECANCELED, when the task was cancelled meanwhile; -EMSGSIZE; -EPROTO; or why no
 * process can be started. After all of these but the first there is a new process for
 * the next call. */
OPTOP_API int optop_call(struct optop_call *call);

struct optop_function {
    const char *name; /* NULL: the end of the table */
    /* 0 or more, or negative; reply is empty. The argument ends with a NUL more. */
    int (*run)(const void *argument, size_t size, struct optop_reply *reply);
};

/* In the other program: answers calls until who started it has gone: 0. -ENOTCONN:
 * nobody did, this was started by hand. */
OPTOP_API int optop_serve(const struct optop_function *functions);

#ifdef __cplusplus
}
#endif

#endif
