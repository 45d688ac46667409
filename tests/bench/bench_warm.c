/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The least that a run of a warm objective can do, for warm.sh to compare with:
 * two threads that compute the points of a random search and evaluate nothing
 * there; a file that is written and brought to the disk; two warm programs that
 * are sent lines through pipes.
 *
 *   bench_warm walk N          trials per second
 *   bench_warm write FILE N    the same, of 28 bytes each (score, time, 2 values)
 *   bench_warm pipe N INFLIGHT PROGRAM [ARGUMENT...]    the same
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/runfile.h"
#include "search/search.h"

extern char **environ;

enum { THREADS = 2, PIECE = 8192, TRIAL_BYTES = 28, WRITE_BYTES = 4 * 1024 * 1024 };

static const char text[] = "[run]\nname = bench\n[objective]\ntype = function\nfunction = nothing\n"
                           "[space]\nx = float -5..5\ny = float -5..5\n[search]\n"
                           "method = random\ntrials = 2000000000\n";

struct walker {
    pthread_t thread;
    struct search *search;
    int64_t first, count;
    double sum;
};

static _Noreturn void
die(const char *what)
{
    fprintf(stderr, "bench_warm: %s\n", what);
    exit(EXIT_FAILURE);
}

static void *
walk(void *argument)
{
    struct walker *walker = argument;
    double values[2];
    int64_t trial;
    for (int64_t i = 0; i < walker->count; i++) {
        if (i % PIECE == 0)
            search_seek(walker->search, (struct search_position){ walker->first + i,
                (double)(walker->first + i - 1) });
        if (search_ask(walker->search, &trial, values, NULL) < 0)
            break;
        walker->sum += values[0] + values[1];
    }
    return NULL;
}

static double
walk_rate(int64_t count)
{
    struct walker walkers[THREADS];
    struct run_spec spec;
    struct diag diag = { 0 };
    struct ini *ini;
    if (ini_parse_text(text, strlen(text), "bench", &ini, &diag) < 0 ||
        runfile_check(ini, &spec, &diag) < 0)
        die(diag.text);
    int64_t started = clock_mono_ns();
    for (int i = 0; i < THREADS; i++) {
        walkers[i] = (struct walker){ .first = 1 + i * (count / THREADS),
            .count = count / THREADS };
        if (search_new(&spec, &walkers[i].search, &diag) < 0 ||
            pthread_create(&walkers[i].thread, NULL, walk, &walkers[i]) != 0)
            die(diag.text);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(walkers[i].thread, NULL);
        search_free(walkers[i].search);
    }
    run_spec_release(&spec);
    ini_free(ini);
    return (double)count / ns_to_sec(clock_mono_ns() - started);
}

static double
write_rate(const char *path, int64_t count)
{
    static char piece[WRITE_BYTES];
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        die(strerror(errno));
    memset(piece, 'x', sizeof piece);
    int64_t started = clock_mono_ns();
    for (int64_t left = count * TRIAL_BYTES; left > 0; left -= WRITE_BYTES) {
        size_t len = left < WRITE_BYTES ? (size_t)left : WRITE_BYTES;
        if (write(fd, piece, len) != (ssize_t)len || fdatasync(fd) < 0)
            die(strerror(errno));
    }
    close(fd);
    return (double)count / ns_to_sec(clock_mono_ns() - started);
}

/* Programs with lines on their way. */

struct program {
    pid_t pid;
    int in, out;
    char answers[64 * 1024];
    size_t len;
};

static void
start_program(struct program *program, char **argv)
{
    int in[2], out[2];
    posix_spawn_file_actions_t actions;
    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
        die(strerror(errno));
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    if (posix_spawnp(&program->pid, argv[0], &actions, NULL, argv, environ) != 0)
        die(argv[0]);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    program->in = in[1];
    program->out = out[0];
    program->len = 0;
}

/* Sends lines for so many trials; the next trial's number is *trial. */
static void
send_lines(const struct program *program, int count, int64_t *trial)
{
    static char lines[256 * 1024];
    size_t len = 0;
    for (int i = 0; i < count && len < sizeof lines - 256; i++, ++*trial)
        len += (size_t)snprintf(lines + len, 256,
            "{\"trial\":%lld,\"params\":{\"x\":%.17g,\"y\":%.17g}}\n", (long long)*trial,
            (double)*trial * 1e-9, (double)*trial * 3e-9);
    if (write(program->in, lines, len) != (ssize_t)len)
        die("a program takes no more");
}

/* Reads what has been answered: how many, and their scores. */
static int
read_answers(struct program *program, double *sum)
{
    ssize_t n = read(program->out, program->answers + program->len,
        sizeof program->answers - 1 - program->len);
    if (n <= 0)
        die("a program has ended");
    program->len += (size_t)n;
    program->answers[program->len] = '\0';
    int count = 0;
    char *at = program->answers, *end = strrchr(at, '\n'); /* lines may hold several */
    for (char *score; end && (score = strstr(at, "\"score\":")) && score < end; count++)
        *sum += strtod(score + strlen("\"score\":"), &at);
    at = end ? end + 1 : at;
    program->len -= (size_t)(at - program->answers);
    memmove(program->answers, at, program->len);
    return count;
}

static double
pipe_rate(int64_t count, int inflight, char **argv)
{
    static struct program programs[THREADS];
    struct pollfd fds[THREADS];
    int64_t trial = 1, answered = 0;
    double sum = 0;
    int64_t started = clock_mono_ns();
    for (int i = 0; i < THREADS; i++) {
        start_program(&programs[i], argv);
        send_lines(&programs[i], inflight, &trial);
        fds[i] = (struct pollfd){ .fd = programs[i].out, .events = POLLIN };
    }
    while (answered < count && poll(fds, THREADS, -1) > 0) {
        for (int i = 0; i < THREADS; i++) {
            if (!fds[i].revents)
                continue;
            int here = read_answers(&programs[i], &sum);
            answered += here;
            send_lines(&programs[i], here, &trial);
        }
    }
    int64_t took = clock_mono_ns() - started;
    for (int i = 0; i < THREADS; i++) {
        kill(programs[i].pid, SIGKILL);
        waitpid(programs[i].pid, NULL, 0);
    }
    return (double)answered / ns_to_sec(took);
}

int
main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "walk") == 0)
        printf("%.0f\n", walk_rate(strtoll(argv[2], NULL, 10)));
    else if (argc == 4 && strcmp(argv[1], "write") == 0)
        printf("%.0f\n", write_rate(argv[2], strtoll(argv[3], NULL, 10)));
    else if (argc > 4 && strcmp(argv[1], "pipe") == 0)
        printf("%.0f\n", pipe_rate(strtoll(argv[2], NULL, 10), (int)strtol(argv[3], NULL, 10),
            argv + 4));
    else
        die("walk N | write FILE N | pipe N INFLIGHT PROGRAM...");
    return EXIT_SUCCESS;
}
