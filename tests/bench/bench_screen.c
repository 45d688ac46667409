/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a person waits for at the console, and what a picture costs: a frame of 256
 * processors at 300x80 (a status taken in and drawn, in this process); then, with the
 * real thing in a pseudo-terminal and a run of the shortest trials going on: from a key
 * to the first byte of the answer, and a storm of sizes. Each line has its bar.
 *
 *     bench_screen [KEYS]
 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "terminal.h"
#include "timing.h"
#include "ui/screen.h"

enum { FRAMES = 400, KEYS = 400, RESIZES = 1400, STORM_SECONDS = 3 };

static int
take_request(void *context, const char *method, json_t *params, client_answer_fn *fn, void *fn_context)
{
    (void)context, (void)method, (void)fn, (void)fn_context;
    json_decref(params);
    return 0; /* never answered */
}

static void
do_nothing(void *context)
{
    (void)context;
}

static void
frame_of_many_cores(void)
{
    const struct screen_host host = { .request = take_request, .quit = do_nothing };
    static double frame[FRAMES];
    struct canvas canvas;
    char path[4096];
    json_error_t error;
    snprintf(path, sizeof path, "%s/tests/screen/many_cores.json", getenv("TEST_SRCDIR") ? getenv("TEST_SRCDIR") : ".");
    json_t *status = json_load_file(path, 0, &error);
    if (!status) {
        fprintf(stderr, "bench_screen: %s: %s\n", path, error.text);
        return;
    }
    struct screen *screen = screen_new(&host, "");
    canvas_init(&canvas);
    canvas_resize(&canvas, 300, 80);
    screen_connected(screen);
    for (int i = 0; i < FRAMES; i++) {
        json_object_set_new(status, "seq", json_integer(i + 1));
        json_object_set_new(status, "time", json_real(1795960000 + i));
        double begin = cpu_ns();
        screen_notification(screen, "tick", status);
        screen_draw(screen, &canvas);
        frame[i] = cpu_ns() - begin;
    }
    qsort(frame, FRAMES, sizeof *frame, compare);
    printf("screen %-34s %8.3f ms  worst of 100 %.3f ms  bar 2.000\n", "frame, 256 cores, 300x80",
        frame[FRAMES / 2] / 1e6, frame[FRAMES * 99 / 100] / 1e6);
    screen_free(screen);
    canvas_release(&canvas);
    json_decref(status);
}

/* Until nothing comes for a while: what comes next is the answer to a key. */
static void
settle(struct terminal *terminal, double seconds)
{
    while (terminal_pump(terminal, seconds))
        ;
}

static void
keys_to_answers(struct terminal *terminal, int keys)
{
    double *ms = calloc((size_t)keys, sizeof *ms);
    int count = 0;
    for (int i = 0; i < keys && ms; i++) {
        settle(terminal, 0.02);
        int64_t begin = clock_mono_ns();
        terminal_send(terminal, i % 2 ? "1" : "5"); /* the whole screen changes */
        if (terminal_pump(terminal, 1))
            ms[count++] = (double)(clock_mono_ns() - begin) / 1e6;
    }
    qsort(ms, (size_t)count, sizeof *ms, compare);
    if (count)
        printf("screen %-34s %8.2f ms  p50 %.2f  of %d keys  bar 15.00\n", "key to first byte, server busy, p99",
            ms[count * 99 / 100], ms[count / 2], count);
    free(ms);
}

static void
storm_of_sizes(struct terminal *terminal)
{
    double cpu = cpu_seconds(terminal->pid);
    int64_t begin = clock_mono_ns(), step = STORM_SECONDS * NS_PER_SEC / RESIZES;
    for (int i = 0; i < RESIZES; i++) {
        terminal_resize(terminal, 20 + i * 7 % 60, 60 + i * 13 % 240);
        while (clock_mono_ns() - begin < (i + 1) * step)
            terminal_pump(terminal, 0.001);
    }
    double seconds = (double)(clock_mono_ns() - begin) / 1e9;
    cpu = cpu_seconds(terminal->pid) - cpu;
    terminal_resize(terminal, 50, 160);
    bool right = terminal_wait(terminal, "\u256E", 5) && terminal_wait(terminal, "Runs", 5); /* a frame's corner */
    printf("screen %-34s %8.1f %%   of a core, last screen %s  bar 10.0\n", "1400 sizes in 3 s", 100 * cpu / seconds,
        right ? "right" : "WRONG");
}

static int
command(const char *optop, const char *word, const char *option, const char *file)
{
    char *argv[] = { strdup(optop), strdup(word), strdup(option), file ? strdup(file) : NULL, NULL };
    pid_t pid;
    int status = -1;
    if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) == 0)
        waitpid(pid, &status, 0);
    for (int i = 0; i < 4; i++)
        free(argv[i]);
    return status;
}

static bool
prepare(const char *directory)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/busy.ini", directory);
    FILE *file = fopen(path, "we");
    if (!file)
        return false;
    fputs("[run]\nname = busy\n[objective]\ntype = command\ncommand = /bin/true {x}\nscore = wall_seconds\n"
          "[space]\nx = int 1..100000000\n[search]\nmethod = grid\n", file);
    fclose(file);
    setenv("TERM", "xterm-256color", 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    setenv("OPTOP_STATE", directory, 1);
    snprintf(path, sizeof path, "%s/server.sock", directory);
    setenv("OPTOP_SOCKET", path, 1);
    snprintf(path, sizeof path, "%s/optop.ini", directory);
    setenv("OPTOP_CONFIG", path, 1);
    return true;
}

int
main(int argc, char **argv)
{
    int keys = argc > 1 ? (int)strtol(argv[1], NULL, 10) : KEYS;
    const char *optop = getenv("OPTOP");
    char directory[] = "/tmp/optop-bench-XXXXXX", file[4300];
    struct terminal terminal;
    frame_of_many_cores();
    if (!optop || !mkdtemp(directory) || !prepare(directory)) {
        fprintf(stderr, "bench_screen: the rest needs $OPTOP\n");
        return 77;
    }
    snprintf(file, sizeof file, "%s/busy.ini", directory);
    if (command(optop, "run", "--detach", file) != 0)
        fprintf(stderr, "bench_screen: no run goes on\n");
    char *program[] = { strdup(optop), NULL };
    terminal_open(&terminal, program, NULL, 50, 160);
    if (terminal_wait(&terminal, "1 running", 20)) {
        keys_to_answers(&terminal, keys < 1 ? KEYS : keys);
        storm_of_sizes(&terminal);
    }
    terminal_close(&terminal);
    command(optop, "server", "stop", NULL);
    free(program[0]);
    return 0;
}
