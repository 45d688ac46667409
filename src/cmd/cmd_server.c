/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop server ...`: the user's server, in the foreground, asked or stopped.
 */
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "cmd/cmd_table.h"
#include "cmd/output.h"
#include "wire/path.h"

/* The server ends its workers within their grace time (5 s by default). */
static const double stop_seconds = 60;

static int
run_server(struct cmd_line *line)
{
    char *program = wire_program_path("optop-server");
    char **argv = xcalloc((size_t)line->argc + 2, sizeof *argv);
    argv[0] = program;
    for (int i = 0; i < line->argc; i++)
        argv[i + 1] = line->argv[i];
    execv(program, argv);
    cmd_error("%s: %s", program, strerror(errno));
    free(argv);
    free(program);
    return CMD_UNREACHABLE;
}

const struct cmd cmd_server_run = {
    .name = "server run",
    .usage = "[ARGUMENT...]",
    .help = "Be the server, in the foreground",
    .detail = "Other commands start a server in the background when none runs; this is for "
              "service managers and for looking on. The arguments are those of optop-server.",
    .pass_through = true,
    .most = -1,
    .run = run_server,
};

static int
run_server_status(struct cmd_line *line)
{
    static const char *const members[] = { "socket", "store", "config" };
    json_t *answer;
    char uptime[32];
    int status = cmd_ask(line, "server.status", NULL, &answer);
    if (status)
        return status;
    if (cmd_flag(line, "json")) {
        output_json(answer);
        json_decref(answer);
        return CMD_FINE;
    }
    printf("running, pid %jd, version ", (intmax_t)json_get_int(answer, "pid", 0));
    output_text(stdout, PAINT_NONE, json_get_string(answer, "version", "-"));
    int64_t clients = json_get_int(answer, "sessions", 0);
    printf(", up %s, %jd client%s\n",
        unit_format_duration(json_get_number(answer, "uptime_seconds", NAN), uptime, sizeof uptime),
        (intmax_t)clients, clients == 1 ? "" : "s");
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        printf("%-7s ", members[i]);
        output_text(stdout, PAINT_NONE, json_get_string(answer, members[i], "-"));
        putchar('\n');
    }
    printf("history %s on disk\n",
        unit_format_bytes(json_get_number(answer, "history_bytes", NAN), uptime, sizeof uptime));
    json_decref(answer);
    return CMD_FINE;
}

static const struct cmd_option status_options[] = {
    { .name = "json", .letter = 'j',
        .help = "Print pid, version, uptime_seconds, sessions, socket, store, config, history_bytes" },
    { 0 },
};

const struct cmd cmd_server_status = {
    .name = "server status",
    .usage = "",
    .help = "Say whether a server runs; does not start one",
    .detail = "Works with a server of another version. Exits 3 when none runs.",
    .server = CMD_SERVER_NEEDED,
    .any_version = true,
    .options = status_options,
    .run = run_server_status,
};

static void
ignore(void *context, const char *method, const json_t *params)
{
    (void)context, (void)method, (void)params;
}

/* Until the process has ended: only then are store and socket let go. Without
 * a pidfd (another pid namespace) the end of the connection must do. */
static int
wait_for_end(struct client *client, int pidfd)
{
    static const struct client_events events = { .notification = ignore };
    int64_t deadline = clock_mono_ns() + sec_to_ns(stop_seconds);
    struct diag diag;
    while (clock_mono_ns() < deadline) {
        struct pollfd p = { .fd = pidfd, .events = POLLIN };
        if (pidfd >= 0 && poll(&p, 1, (int)(stop_seconds * 1000)) > 0)
            return CMD_FINE;
        if (pidfd < 0 && client_wait(client, stop_seconds, &events, NULL, &diag) < 0)
            return CMD_FINE;
    }
    cmd_error("the server still runs after %.0f s", stop_seconds);
    return CMD_FAILED;
}

static int
run_server_stop(struct cmd_line *line)
{
    json_t *answer;
    int status = cmd_ask(line, "server.status", NULL, &answer);
    if (status)
        return status;
    int pidfd = (int)syscall(SYS_pidfd_open, (pid_t)json_get_int(answer, "pid", -1), 0);
    json_decref(answer);
    status = cmd_ask(line, "server.stop", NULL, &answer);
    if (!status) {
        json_decref(answer);
        status = wait_for_end(line->client, pidfd);
    }
    if (pidfd >= 0)
        close(pidfd);
    return status;
}

const struct cmd cmd_server_stop = {
    .name = "server stop",
    .usage = "",
    .help = "Stop the server and wait until it has ended",
    .detail = "Its workers end; runs that were going come back paused with the next server. "
              "Works with a server of another version. Exits 3 when none runs.",
    .server = CMD_SERVER_NEEDED,
    .any_version = true,
    .run = run_server_stop,
};
