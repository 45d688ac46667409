/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/cmd.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/unit.h"
#include "base/version.h"
#include "cmd/output.h"

/* JSON-RPC's own codes that a server may answer with. */
enum { RPC_INVALID_REQUEST = -32600, RPC_NO_METHOD = -32601, RPC_INVALID_PARAMS = -32602 };

/* Enough for any method: the slowest commits a transaction to the disk. */
static const double ask_timeout_seconds = 30;

const char *
cmd_version(void)
{
    return PACKAGE_VERSION;
}

void
cmd_error(const char *format, ...)
{
    char raw[2048], clean[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(raw, sizeof raw, format, args);
    va_end(args);
    fflush(stdout);
    fprintf(stderr, "optop: %s\n", text_clean(raw, clean, sizeof clean));
}

int
cmd_exit_status(int code)
{
    switch (code) {
    case ERR_SYNTAX:
    case ERR_UNKNOWN_KEY:
    case ERR_BAD_TYPE:
    case ERR_BAD_RANGE:
    case ERR_DUPLICATE:
    case ERR_MISSING:
    case ERR_TOO_LARGE:
    case ERR_CONFLICT:
    case RPC_INVALID_PARAMS:
        return CMD_USAGE;
    case ERR_NOT_FOUND:
        return CMD_NOT_FOUND;
    case ERR_CLOSED:
    case ERR_VERSION:
    case -ETIMEDOUT:
    case RPC_INVALID_REQUEST:
    case RPC_NO_METHOD:
        return CMD_UNREACHABLE;
    default:
        return code >= 0 ? CMD_FINE : CMD_FAILED;
    }
}

int
cmd_fail(const struct diag *diag)
{
    char raw[DIAG_FILE_MAX + DIAG_KEY_MAX + DIAG_TEXT_MAX + 32], clean[4096];
    diag_format(diag, raw, sizeof raw);
    /* a fault in a file starts with the place, as compilers tell it */
    if (diag->file[0]) {
        fflush(stdout);
        fprintf(stderr, "%s\n", text_clean(raw, clean, sizeof clean));
    } else
        cmd_error("%s", raw);
    int status = cmd_exit_status(diag->code);
    /* what a line of a file names and is not there makes the file wrong */
    return status == CMD_NOT_FOUND && diag->line > 0 ? CMD_USAGE : status;
}

int
cmd_connect(struct cmd_line *line)
{
    struct client_options options = {
        .start_server = line->cmd->server == CMD_SERVER_STARTED,
        .any_version = line->cmd->any_version,
    };
    struct diag diag = { 0 };
    int r = client_open(&options, &line->client, &diag);
    if (r >= 0)
        return 0;
    if (!diag.text[0])
        diag_set(&diag, r, "cannot reach the server: %s", err_text(r));
    cmd_fail(&diag);
    return CMD_UNREACHABLE;
}

int
cmd_ask(struct cmd_line *line, const char *method, json_t *params, json_t **ret_result)
{
    struct diag diag = { 0 };
    int status = line->client ? 0 : cmd_connect(line);
    if (status) {
        json_decref(params);
        return status;
    }
    int r = client_call(line->client, method, params, ask_timeout_seconds, ret_result, &diag);
    if (r >= 0)
        return 0;
    if (!diag.code)
        diag.code = r;
    if (!diag.text[0])
        diag_set(&diag, diag.code, "%s: %s", method, err_text(diag.code));
    return cmd_fail(&diag);
}

int
cmd_run_number(struct cmd_line *line, const char *text, int64_t *ret_run)
{
    if (!strcmp(text, "last")) {
        json_t *list;
        int r = cmd_ask(line, "run.list", json_pack("{s:i}", "limit", 1), &list);
        if (r)
            return r;
        int64_t run = json_get_int(json_array_get(json_object_get(list, "runs"), 0), "run", 0);
        json_decref(list);
        if (run < 1) {
            cmd_error("there is no run yet");
            return CMD_NOT_FOUND;
        }
        *ret_run = run;
        return 0;
    }
    int64_t run;
    if (unit_parse_int(text, &run) < 0 || run < 1) {
        cmd_error("`%s' is not the number of a run (nor `last')", text);
        return CMD_USAGE;
    }
    *ret_run = run;
    return 0;
}

static int
run_line(struct cmd_line *line)
{
    if (line->help) {
        cmd_print_help(line->cmd);
        return CMD_FINE;
    }
    return line->cmd->run(line);
}

int
cmd_main(const struct cmd *const *table, int argc, char **argv)
{
    struct cmd_line line;
    struct diag diag = { 0 };
    /* "optop config --help": a group's help is not a row */
    if (argc == 3 && (!strcmp(argv[2], "--help") || !strcmp(argv[2], "-h")) &&
        cmd_print_group(table, argv[1]))
        return CMD_FINE;
    if (cmd_parse(table, argc, argv, &line, &diag) < 0) {
        cmd_error("%s", diag.text);
        return CMD_USAGE;
    }
    int status = run_line(&line);
    cmd_line_release(&line);
    /* a full disk behind standard output must not look like success */
    if ((fflush(stdout) || ferror(stdout)) && status == CMD_FINE) {
        cmd_error("standard output: %s", strerror(errno));
        status = CMD_FAILED;
    }
    return status;
}
