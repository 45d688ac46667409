/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tests' webhook receiver as a program: prints its port, then appends each
 * request to FILE as one JSON line, until it gets SIGTERM or SIGINT.
 *
 *   receiver [--port N] [--answers LIST] FILE
 *
 * LIST is comma-separated, the last one is given for ever; each is a status
 * ("503"), a status with Retry-After ("429:2"), "hang" or "reset".
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "receiver.h"

enum { ANSWERS_MAX = 64 };

struct program {
    struct loop *loop;
    int fd;
    int answers;
    struct receiver_answer answer[ANSWERS_MAX];
    char headers[ANSWERS_MAX][64];
};

static void
write_headers(struct json_writer *w, const char *headers)
{
    jw_object(w, "headers");
    for (const char *line = headers; line && *line;) {
        const char *end = strstr(line, "\r\n");
        const char *colon = strchr(line, ':');
        size_t len = end ? (size_t)(end - line) : strlen(line);
        if (colon && colon < line + len) {
            char name[128];
            const char *value = colon + 1 + strspn(colon + 1, " ");
            snprintf(name, sizeof name, "%.*s", (int)(colon - line), line);
            for (char *p = name; *p; p++)
                *p = *p == '"' || *p == '\\' || (unsigned char)*p < ' ' ? '?'
                    : *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;
            jw_stringn(w, name, value, (size_t)(line + len - value));
        }
        line = end ? end + 2 : NULL;
    }
    jw_end(w);
}

static void
on_request(void *context, const struct receiver_request *request)
{
    struct program *program = context;
    struct str line;
    struct json_writer w;
    str_init(&line);
    jw_init(&w, &line);
    jw_object(&w, NULL);
    jw_number(&w, "time", ns_to_sec(clock_wall_ns()));
    jw_string(&w, "method", request->method);
    jw_string(&w, "path", request->path);
    jw_int(&w, "connection", request->connection);
    write_headers(&w, request->headers);
    jw_stringn(&w, "body", request->body, request->body_len);
    jw_end(&w);
    str_putc(&line, '\n');
    if (write(program->fd, line.data, line.len) != (ssize_t)line.len)
        perror("receiver");
    str_release(&line);
}

static bool
parse_answers(struct program *program, const char *list)
{
    while (*list && program->answers < ANSWERS_MAX) {
        int i = program->answers++;
        struct receiver_answer *answer = &program->answer[i];
        size_t len = strcspn(list, ",");
        if (!strncmp(list, "hang", len)) {
            answer->act = RECEIVER_HANG;
        } else if (!strncmp(list, "reset", len)) {
            answer->act = RECEIVER_RESET;
        } else {
            char *end;
            answer->status = (int)strtol(list, &end, 10);
            if (answer->status < 100 || answer->status > 599)
                return false;
            if (*end == ':') {
                snprintf(program->headers[i], sizeof program->headers[i],
                    "Retry-After: %.*s\r\n", (int)(len - (size_t)(end + 1 - list)), end + 1);
                answer->headers = program->headers[i];
            }
        }
        list += len + (list[len] == ',');
    }
    return true;
}

static void
on_signal(void *context, int number)
{
    (void)number;
    loop_stop(context);
}

static int
usage(void)
{
    fputs("usage: receiver [--port N] [--answers LIST] FILE\n", stderr);
    return 2;
}

int
main(int argc, char **argv)
{
    static struct program program;
    int64_t port = 0;
    int i = 1;
    for (; i + 1 < argc && argv[i][0] == '-'; i += 2) {
        if (!strcmp(argv[i], "--port")) {
            if (unit_parse_int(argv[i + 1], &port) < 0 || port < 0 || port > 65535)
                return usage();
        } else if (strcmp(argv[i], "--answers") || !parse_answers(&program, argv[i + 1])) {
            return usage();
        }
    }
    if (i + 1 != argc)
        return usage();
    program.fd = open(argv[i], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (program.fd < 0) {
        perror(argv[i]);
        return 1;
    }
    program.loop = loop_new();
    struct receiver *receiver = receiver_new(program.loop, (int)port);
    if (!receiver) {
        fprintf(stderr, "receiver: port %d is taken\n", (int)port);
        return 1;
    }
    receiver_script(receiver, program.answer, program.answers);
    receiver_on_request(receiver, on_request, &program);
    struct loop_signal *term = loop_signal_start(program.loop, SIGTERM, on_signal, program.loop);
    struct loop_signal *interrupt = loop_signal_start(program.loop, SIGINT, on_signal, program.loop);
    printf("%d\n", receiver_port(receiver));
    fflush(stdout);
    loop_run(program.loop);
    receiver_free(receiver);
    loop_signal_stop(term);
    loop_signal_stop(interrupt);
    loop_free(program.loop);
    close(program.fd);
    return 0;
}
