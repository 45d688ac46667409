/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The least that a warm program costs: its lines through two pipes, none of them
 * looked at. Prints answers per second; for tests/bench/worker.sh.
 *
 *     bench_pipe LINES INFLIGHT PROGRAM [ARGUMENT...]
 */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 128, INFLIGHT_MAX = 256 };

static void
die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static double
now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
start(char **argv, int *ret_in, int *ret_out)
{
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
        die("pipe2");
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        execvp(argv[0], argv);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    *ret_in = in[1];
    *ret_out = out[0];
}

static void
say(int fd, long first, long count)
{
    static char text[INFLIGHT_MAX * LINE_MAX_BYTES];
    size_t len = 0;
    for (long i = first; i < first + count; i++)
        len += (size_t)snprintf(text + len, sizeof text - len,
            "{\"trial\":%ld,\"params\":{\"x\":-0.4136339905425768,\"y\":2.651930289416552}}\n", i + 1);
    if (write(fd, text, len) != (ssize_t)len)
        die("write");
}

static long
hear(int fd)
{
    static char text[64 * 1024];
    ssize_t n = read(fd, text, sizeof text);
    long lines = 0;
    if (n <= 0)
        die("read");
    for (const char *p = text, *end = text + n; (p = memchr(p, '\n', (size_t)(end - p))); p++)
        lines++;
    return lines;
}

int
main(int argc, char **argv)
{
    if (argc < 4)
        return EXIT_SUCCESS;
    long lines = strtol(argv[1], NULL, 10), inflight = strtol(argv[2], NULL, 10);
    long said = 0, heard = 0;
    int in, out;
    if (lines < 1 || inflight < 1 || inflight > INFLIGHT_MAX)
        return EXIT_FAILURE;
    double began = now();
    start(argv + 3, &in, &out);
    while (heard < lines) {
        long more = heard + inflight < lines ? heard + inflight - said : lines - said;
        if (more > 0)
            say(in, said, more);
        said += more;
        heard += hear(out);
    }
    printf("%.0f\n", (double)lines / (now() - began));
    close(in);
    while (wait(NULL) < 0 && errno == EINTR)
        continue;
    return EXIT_SUCCESS;
}
