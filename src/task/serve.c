/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The end of a call that carries it out: one after the other, as they come.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "optop/process.h"
#include "task/call_wire.h"

/* false: the other end has gone. */
static bool
receive(void *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        ssize_t n = recv(CALL_FD, (char *)bytes + at, size - at, 0);
        if (n == 0 || (n < 0 && errno != EINTR))
            return false;
        at += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static bool
answer(const void *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        ssize_t n = send(CALL_FD, (const char *)bytes + at, size - at, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR)
            return false;
        at += n > 0 ? (size_t)n : 0;
    }
    return true;
}

static int
run(const struct optop_function *functions, const char *name, const void *argument, size_t size,
    struct optop_reply *reply)
{
    for (const struct optop_function *f = functions; f->name; f++)
        if (!strcmp(f->name, name))
            return f->run(argument, size, reply);
    return -ENOSYS;
}

static bool
answer_all(int result, struct optop_reply *reply)
{
    if (reply->size > OPTOP_CALL_BYTES_MAX) {
        result = -EMSGSIZE;
        reply->size = 0;
    }
    const struct reply_head head = { .magic = CALL_MAGIC, .result = result,
        .fault_len = (uint32_t)strnlen(reply->fault, sizeof reply->fault - 1), .size = reply->size };
    return answer(&head, sizeof head) && answer(reply->fault, head.fault_len) &&
        answer(reply->bytes, reply->size);
}

static bool
serve_one(const struct optop_function *functions)
{
    struct call_head head;
    struct optop_reply reply = { 0 };
    char name[OPTOP_FUNCTION_NAME_MAX];
    if (!receive(&head, sizeof head) || head.magic != CALL_MAGIC ||
        head.name_len >= sizeof name || head.size > OPTOP_CALL_BYTES_MAX ||
        !receive(name, head.name_len))
        return false;
    name[head.name_len] = '\0';
    char *argument = malloc(head.size + 1);
    if (!argument)
        return false; /* it is known how this process ends, and the call fails */
    bool go_on = receive(argument, head.size);
    if (go_on) {
        argument[head.size] = '\0';
        int result = run(functions, name, argument, head.size, &reply);
        go_on = answer_all(result, &reply);
    }
    free(argument);
    free(reply.bytes);
    return go_on;
}

/* Who has called is waited for by nobody else: when he ends in the middle of a
 * call, so does this. He may have ended before that was said. */
int
optop_serve(const struct optop_function *functions)
{
    struct stat st;
    struct pollfd other = { .fd = CALL_FD };
    if (fstat(CALL_FD, &st) < 0 || !S_ISSOCK(st.st_mode))
        return -ENOTCONN;
    fcntl(CALL_FD, F_SETFD, FD_CLOEXEC);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (poll(&other, 1, 0) > 0 && (other.revents & POLLHUP))
        return 0;
    while (serve_one(functions))
        continue;
    return 0;
}
