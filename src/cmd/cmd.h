/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The command line: argv comes in, one row of the command table runs, an exit
 * status goes out. A row says everything about a command: its name, arguments,
 * options, help, whether it talks to the server, and the function. Parsing,
 * `optop help`, the manual page and "did you mean" all go by the rows.
 *
 * To add a command: cmd_<name>.c with a `const struct cmd`, and its line in
 * CMD_TABLE of cmd_table.h, in the order in which help shows it. Then run
 * gen-docs, which puts it into the manual.
 */
#ifndef OPTOP_CMD_CMD_H
#define OPTOP_CMD_CMD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json.h"
#include "wire/client.h"

/* Programs rely on these.  X(ID, status, "meaning") */
#define CMD_EXIT_TABLE(X)                                                      \
    X(FINE, 0, "Success; a run that was followed ended as done.")              \
    X(FAILED, 1,                                                               \
        "The command failed: the run that was followed failed, was cancelled " \
        "elsewhere or lost its server, or the server refused.")                \
    X(USAGE, 2,                                                                \
        "The command line, a run file or a configuration file is not right; "  \
        "nothing was done.")                                                   \
    X(UNREACHABLE, 3,                                                          \
        "There is no server, it could not be started, or it does not answer.") \
    X(NOT_FOUND, 4, "There is no such run, trial or file.")                    \
    X(CANCELLED, 130, "Cancelled by Ctrl-C.")

enum cmd_exit {
#define X(id, status, help) CMD_##id = status,
    CMD_EXIT_TABLE(X)
#undef X
};

struct cmd_option {
    const char *name; /* "json", without dashes; NULL ends a list */
    char letter; /* 'n' for -n; 0: none */
    bool repeat; /* may be given more than once */
    const char *argument; /* what help calls its value; NULL: a flag */
    const char *help; /* one sentence, no full stop at the end */
};

enum cmd_server {
    CMD_SERVER_NONE, /* works without one */
    CMD_SERVER_NEEDED, /* talks to the one that runs */
    CMD_SERVER_STARTED, /* starts one when none runs */
};

struct cmd_line;

struct cmd {
    const char *name; /* one word, or two ("config check") */
    const char *usage; /* positional arguments; "" for none */
    const char *help; /* one sentence, no full stop at the end */
    const char *detail; /* more sentences for --help and the manual; or NULL */
    enum cmd_server server;
    bool any_version; /* works with a server of another protocol version */
    bool pass_through; /* everything behind the name is an argument */
    int least, most; /* how many positional arguments; most -1: any number */
    const struct cmd_option *options; /* NULL: only --help */
    int (*run)(struct cmd_line *line); /* returns an exit status */
};

struct cmd_given {
    const struct cmd_option *option;
    const char *value; /* NULL for a flag */
};

/* One command line, parsed. Strings are borrowed from argv. */
struct cmd_line {
    const struct cmd *const *table; /* ends with NULL */
    const struct cmd *cmd;
    bool help; /* --help was given */
    int argc; /* positional arguments */
    char **argv; /* owned array, NULL-ended */
    int given_count;
    struct cmd_given *given; /* owned array */
    struct client *client; /* owned; NULL until cmd_connect or the first cmd_ask */
};

/* Runs a command line from its beginning to its end; returns the exit status. */
int cmd_main(const struct cmd *const *table, int argc, char **argv);

/* Parses argv (argv[0] is the program) into *ret_line (cmd_line_release).
 * On failure diag holds one line for people. A negative return leaves
 * *ret_line untouched. */
int cmd_parse(const struct cmd *const *table, int argc, char **argv,
    struct cmd_line *ret_line, struct diag *diag);
void cmd_line_release(struct cmd_line *line);

/* The row of a name given as one or two words (second may be NULL); *ret_words
 * says how many were used. NULL when there is none. */
const struct cmd *cmd_find(const struct cmd *const *table, const char *first,
    const char *second, int *ret_words);

/* Options of a parsed line, by name. */
bool cmd_flag(const struct cmd_line *line, const char *name);
const char *cmd_value(const struct cmd_line *line, const char *name, const char *fallback);

/* An option's whole number within bounds; tells and returns CMD_USAGE when it
 * is none. */
int cmd_number(const struct cmd_line *line, const char *name, int64_t fallback,
    int64_t min, int64_t max, int64_t *ret_value);

/* One line on standard error, "optop: ...", cleaned for a terminal. */
void cmd_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Tells a fault ("file:line: key: text" where the place is known) and returns
 * the exit status for its code. */
int cmd_fail(const struct diag *diag);
int cmd_exit_status(int code);

/* Opens line->client as the row asks for. Returns 0, or tells the fault and
 * returns an exit status. */
int cmd_connect(struct cmd_line *line);

/* Calls a method of the server; connects first where that is still to be
 * done, so that a command line that is not right starts no server. Takes
 * params. Returns 0 and *ret_result (owned, json_decref), or tells the fault
 * and returns an exit status. */
int cmd_ask(struct cmd_line *line, const char *method, json_t *params, json_t **ret_result);

/* A RUN argument: a number, or "last" for the newest run. Tells faults. */
int cmd_run_number(struct cmd_line *line, const char *text, int64_t *ret_run);

/* Help: all commands, those of a group ("config"), or one. */
void cmd_print_overview(const struct cmd *const *table);
bool cmd_print_group(const struct cmd *const *table, const char *word);
void cmd_print_help(const struct cmd *cmd);

/* The closest of `count` words to a mistyped one, or NULL when none is near. */
const char *cmd_suggest(const char *typed, const char *const *words, int count);

/* "0.1.0" */
const char *cmd_version(void);

#endif
