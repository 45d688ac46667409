/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The least that a run of a warm objective can do, for warm.sh to compare with:
 * two threads that compute the points of a random search and evaluate nothing
 * there; and a file that is written and brought to the disk.
 *
 *   bench_warm walk N          trials per second
 *   bench_warm write FILE N    the same, of 28 bytes each (score, time, 2 values)
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "config/runfile.h"
#include "search/search.h"

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

int
main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "walk") == 0)
        printf("%.0f\n", walk_rate(strtoll(argv[2], NULL, 10)));
    else if (argc == 4 && strcmp(argv[1], "write") == 0)
        printf("%.0f\n", write_rate(argv[2], strtoll(argv[3], NULL, 10)));
    else
        die("walk N | write FILE N");
    return EXIT_SUCCESS;
}
