/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The console beside Debian's htop and btop, in turn, in the same pseudo-terminal of
 * 160x50 at 1 s with 80 other processes, then with 580: CPU per refresh (for optop:
 * client and server together; of the overview and of the list of processes) and what
 * each process more adds to it, bytes to the terminal, time to the first full screen,
 * peak memory. Prints one line per figure: ours, theirs, the ratios.
 *
 *     bench_console [ROUNDS [SECONDS]]
 */
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "terminal.h"
#include "timing.h"

enum { ROWS = 50, COLUMNS = 160, OTHERS = 80, MANY = 580, ROUNDS_MAX = 20, SETTLE_SECONDS = 3 };

/* "name: value" of /proc/PID/status, in its own unit; -1: no such process. */
static double
status_figure(pid_t pid, const char *name)
{
    char path[64], line[256];
    double value = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return -1;
    while (fgets(line, sizeof line, file))
        if (!strncmp(line, name, strlen(name)))
            value = strtod(line + strlen(name) + 1, NULL);
    fclose(file);
    return value;
}

static int
filled_rows(struct terminal *terminal)
{
    const char *text = terminal_text(terminal);
    int rows = 0;
    for (const char *line = text; *line;) {
        const char *end = strchr(line, '\n');
        rows += end > line;
        line = end + 1;
    }
    return rows;
}

struct figures {
    double cpu_ms; /* per refresh */
    double bytes; /* per refresh */
    double start_ms; /* exec to a screen with 95 % of its later rows */
    double rss_mib, server_rss_mib; /* peak */
};

static struct figures
measure(char *const argv[], const char *keys, pid_t server, int seconds)
{
    struct terminal terminal;
    struct figures figures = { 0 };
    struct {
        double ms;
        int rows;
    } seen[4096];
    int count = 0;
    int64_t begin = clock_mono_ns();
    terminal_open(&terminal, argv, NULL, ROWS, COLUMNS);
    while (clock_mono_ns() - begin < SETTLE_SECONDS * NS_PER_SEC) {
        if (!terminal_pump(&terminal, 0.05) || count == 4096)
            continue;
        seen[count].ms = (double)(clock_mono_ns() - begin) / 1e6;
        seen[count++].rows = filled_rows(&terminal);
    }
    int full = filled_rows(&terminal);
    if (*keys) { /* to another view, and until it knows rates */
        terminal_send(&terminal, keys);
        for (begin = clock_mono_ns(); clock_mono_ns() - begin < SETTLE_SECONDS * NS_PER_SEC;)
            terminal_pump(&terminal, 0.05);
    }
    for (int i = 0; i < count && !(figures.start_ms > 0); i++)
        if (seen[i].rows * 100 >= full * 95)
            figures.start_ms = seen[i].ms;
    uint64_t bytes = terminal.bytes;
    double cpu = cpu_seconds(terminal.pid) + (server ? cpu_seconds(server) : 0);
    begin = clock_mono_ns();
    while (clock_mono_ns() - begin < seconds * NS_PER_SEC)
        terminal_pump(&terminal, 0.1);
    double refreshes = seconds;
    figures.cpu_ms = 1e3 / refreshes *
        (cpu_seconds(terminal.pid) + (server ? cpu_seconds(server) : 0) - cpu);
    figures.bytes = (double)(terminal.bytes - bytes) / refreshes;
    figures.rss_mib = status_figure(terminal.pid, "VmHWM") / 1024;
    figures.server_rss_mib = server ? status_figure(server, "VmHWM") / 1024 : 0;
    terminal_send(&terminal, "q");
    terminal_wait_exit(&terminal, 5);
    terminal_close(&terminal);
    return figures;
}

static double
median(const struct figures *figures, int count, size_t offset)
{
    double values[ROUNDS_MAX];
    for (int i = 0; i < count; i++)
        values[i] = *(const double *)(const void *)((const char *)&figures[i] + offset);
    qsort(values, (size_t)count, sizeof *values, compare);
    return values[count / 2];
}

static pid_t
server_pid(const char *directory)
{
    char path[4096], line[64] = "";
    snprintf(path, sizeof path, "%s/pid", directory);
    FILE *file = fopen(path, "re");
    if (!file || !fgets(line, sizeof line, file))
        return 0;
    fclose(file);
    return (pid_t)strtol(line, NULL, 10);
}

/* `optop server status --json` starts none, so a harmless command does. */
static pid_t
start_server(const char *optop, const char *directory)
{
    static const char script[] =
        "\"$0\" status >/dev/null && \"$0\" server status --json |"
        " sed 's/.*\"pid\": *\\([0-9]*\\).*/\\1/' >\"$1/pid\"";
    char *argv[] = { (char[]){ "/bin/sh" }, (char[]){ "-c" }, xstrdup(script), xstrdup(optop),
        xstrdup(directory), NULL };
    pid_t pid;
    if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) == 0)
        waitpid(pid, NULL, 0);
    for (int i = 2; i < 5; i++)
        free(argv[i]);
    return server_pid(directory);
}

/* Those that stand beside us where they are installed; both at one refresh a second. */
static const struct rival {
    const char *name;
    char *argv[4];
} rivals[] = {
    { "htop", { (char[]){ "/usr/bin/htop" }, (char[]){ "-d" }, (char[]){ "10" }, NULL } },
    { "btop", { (char[]){ "/usr/bin/btop" }, NULL } },
};
enum { RIVALS = (int)(sizeof rivals / sizeof *rivals) };

static void
print_figure(const char *name, const char *unit, const struct figures *ours,
    struct figures theirs[RIVALS][ROUNDS_MAX], int rounds, size_t offset)
{
    double a = median(ours, rounds, offset);
    printf("console %-28s optop %8.2f %-3s", name, a, unit);
    for (int i = 0; i < RIVALS; i++) {
        double b = median(theirs[i], rounds, offset);
        if (b > 0)
            printf("  %s %8.2f ratio %.2f", rivals[i].name, b, a / b);
    }
    printf("\n");
}

/* btop refreshes every two seconds unless it is told otherwise. */
static void
write_btop_config(const char *directory)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/btop", directory);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/btop/btop.conf", directory);
    FILE *file = fopen(path, "we");
    if (!file)
        return;
    fputs("update_ms = 1000\n", file);
    fclose(file);
    setenv("XDG_CONFIG_HOME", directory, 1);
}

static void
start_sleepers(pid_t *pid, int from, int to)
{
    char *sleeper[] = { (char[]){ "/bin/sleep" }, (char[]){ "10000" }, NULL };
    for (int i = from; i < to; i++)
        if (posix_spawn(&pid[i], sleeper[0], NULL, NULL, sleeper, environ))
            pid[i] = 0;
}

static void
stop_sleepers(const pid_t *pid, int count)
{
    for (int i = 0; i < count; i++)
        if (pid[i] > 0) {
            kill(pid[i], SIGKILL);
            waitpid(pid[i], NULL, 0);
        }
}

/* Ours, and those that are installed, in turn. */
static void
measure_all(char *const optop[], pid_t server, int rounds, int seconds, struct figures *overview,
    struct figures *list, struct figures theirs[RIVALS][ROUNDS_MAX])
{
    for (int i = 0; i < rounds; i++) {
        overview[i] = measure(optop, "", server, seconds);
        for (int r = 0; r < RIVALS; r++)
            if (access(rivals[r].argv[0], X_OK) == 0)
                theirs[r][i] = measure(rivals[r].argv, "", 0, seconds);
        list[i] = measure(optop, "4", server, seconds);
    }
}

/* Of each process that there is more. */
static void
print_growth(const char *name, const struct figures *few, const struct figures *many, int rounds)
{
    size_t cpu = offsetof(struct figures, cpu_ms);
    printf("console %-28s optop %8.2f us\n", name,
        1e3 * (median(many, rounds, cpu) - median(few, rounds, cpu)) / (MANY - OTHERS));
}

int
main(int argc, char **argv)
{
    int rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 3;
    int seconds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 20;
    const char *optop = getenv("OPTOP");
    char directory[] = "/tmp/optop-bench-XXXXXX", path[64];
    static struct figures ours[ROUNDS_MAX], list[ROUNDS_MAX], theirs[RIVALS][ROUNDS_MAX];
    static struct figures ours_many[ROUNDS_MAX], list_many[ROUNDS_MAX], theirs_many[RIVALS][ROUNDS_MAX];
    static pid_t others[MANY];
    if (!optop || !mkdtemp(directory)) {
        fprintf(stderr, "bench_console: needs $OPTOP\n");
        return 77;
    }
    rounds = rounds < 1 ? 1 : rounds > ROUNDS_MAX ? ROUNDS_MAX : rounds;
    setenv("TERM", "xterm-256color", 1);
    setenv("OPTOP_STATE", directory, 1);
    snprintf(path, sizeof path, "%s/server.sock", directory);
    setenv("OPTOP_SOCKET", path, 1);
    snprintf(path, sizeof path, "%s/optop.ini", directory);
    setenv("OPTOP_CONFIG", path, 1);
    start_sleepers(others, 0, OTHERS);
    pid_t server = start_server(optop, directory);
    char *optop_argv[] = { xstrdup(optop), NULL };
    write_btop_config(directory);
    measure_all(optop_argv, server, rounds, seconds, ours, list, theirs);
    start_sleepers(others, OTHERS, MANY);
    measure_all(optop_argv, server, rounds, seconds, ours_many, list_many, theirs_many);
    print_figure("CPU per refresh", "ms", ours, theirs, rounds, offsetof(struct figures, cpu_ms));
    print_figure("CPU, list of processes", "ms", list, theirs, rounds, offsetof(struct figures, cpu_ms));
    print_figure("CPU, 580 processes", "ms", ours_many, theirs_many, rounds, offsetof(struct figures, cpu_ms));
    print_figure("CPU, list of 580 processes", "ms", list_many, theirs_many, rounds,
        offsetof(struct figures, cpu_ms));
    print_growth("per process, overview", ours, ours_many, rounds);
    print_growth("per process, list", list, list_many, rounds);
    print_figure("bytes per refresh", "B", ours, theirs, rounds, offsetof(struct figures, bytes));
    print_figure("first full screen", "ms", ours, theirs, rounds, offsetof(struct figures, start_ms));
    print_figure("client peak memory", "MiB", ours, theirs, rounds, offsetof(struct figures, rss_mib));
    print_figure("server peak memory", "MiB", ours, theirs, rounds,
        offsetof(struct figures, server_rss_mib));
    if (server > 0)
        kill(server, SIGTERM);
    stop_sleepers(others, MANY);
    free(optop_argv[0]);
    return 0;
}
