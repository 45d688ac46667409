/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop`, `optop console`: the screen.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "cmd/cmd_table.h"
#include "config/config.h"
#include "ui/screen.h"

#ifndef OPTOP_DATADIR
#define OPTOP_DATADIR "/usr/local/share/optop"
#endif

/* After the server has gone, the screen waits for another; it does not start
 * one, so that `optop server stop` is not undone by an open console. */
static int
reopen(void *context, struct client **ret_client, struct diag *diag)
{
    (void)context;
    return client_open(&(struct client_options){ 0 }, ret_client, diag);
}

/* The user's folders of run files, then those that came with optop. */
static char *
run_folders(const struct config *config)
{
    const char *own = config && config->folders ? config->folders : "";
    return xasprintf("%s%s%s", own, own[0] ? ":" : "", OPTOP_DATADIR "/runs");
}

/* Beside the file of options. */
static char *
theme_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? xasprintf("%.*s/themes", (int)(slash - path), path) : xstrdup("themes");
}

static int
run_console(struct cmd_line *line)
{
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        cmd_error("the console needs a terminal (`optop help' lists what does without)");
        return CMD_USAGE;
    }
    int status = cmd_connect(line);
    if (status)
        return status;
    /* a file that is not right must not keep the console away: the server
     * tells of it, and its thresholds form may be what mends it */
    char *path = config_default_path();
    struct ini *ini = NULL;
    struct config *config = NULL;
    struct diag diag = { 0 };
    if (config_load(path, &ini, &config, &diag) < 0)
        config = NULL;
    char *folders = run_folders(config), *themes = theme_folder(path);
    struct screen_options options = {
        .client = line->client,
        .reopen = reopen,
        .theme = config ? config->theme : NULL,
        .themes = themes,
        .charset = config ? (enum term_charset)config->charset : TERM_CHARSET_AUTO,
        .folders = folders,
        .layouts = config ? config->layouts : NULL,
        .layout_count = config ? config->layout_count : 0,
        .layout = config ? config->layout : NULL,
    };
    line->client = NULL;
    int r = screen_run(&options);
    free(folders);
    free(themes);
    config_free(config);
    ini_free(ini);
    free(path);
    return r == -ENOTTY || r == ERR_DENIED ? CMD_USAGE : r < 0 ? CMD_FAILED : CMD_FINE;
}

const struct cmd cmd_console = {
    .name = "console",
    .usage = "",
    .help = "Open the console; `optop' alone does so too",
    .detail = "The screen shows this machine, its runs and alerts; a question mark there shows "
              "the keys. Leaving it, or losing the terminal, stops nothing.",
    .server = CMD_SERVER_STARTED,
    .run = run_console,
};
