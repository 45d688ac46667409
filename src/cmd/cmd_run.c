/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop run`, `optop resume`: a run begins or goes on, and is followed.
 */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/unit.h"
#include "cmd/cmd_table.h"
#include "cmd/follow.h"
#include "cmd/one_trial.h"
#include "cmd/output.h"
#include "cmd/report.h"

enum {
    FILE_BYTES_MAX = 512 * 1024, /* of a run file: a request is one line of at most 1 MiB */
    ENVIRONMENT_BYTES_MAX = 256 * 1024,
};

static int
read_run_file(const char *path, struct str *out)
{
    FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
    if (!file) {
        int code = errno;
        cmd_error("%s: %s", path, strerror(code));
        return code == ENOENT || code == ENOTDIR ? CMD_NOT_FOUND : CMD_USAGE;
    }
    char chunk[16 * 1024];
    size_t n;
    while (out->len <= FILE_BYTES_MAX && (n = fread(chunk, 1, sizeof chunk, file)) > 0)
        str_append(out, chunk, n);
    const char *fault = ferror(file) ? strerror(errno)
        : out->len > FILE_BYTES_MAX  ? "larger than the limit of 512 KiB"
                                     : NULL;
    if (file != stdin)
        fclose(file);
    if (fault) {
        cmd_error("%s: %s", path, fault);
        return CMD_USAGE;
    }
    return 0;
}

/* The environment of the trials. What is not UTF-8 cannot be sent and is left
 * out, and so is what goes beyond the cap. */
static json_t *
environment_array(void)
{
    json_t *array = json_array();
    size_t bytes = 0;
    for (char **e = environ; *e; e++) {
        json_t *text = strchr(*e, '=') ? json_string(*e) : NULL;
        bytes += strlen(*e);
        if (text && bytes <= ENVIRONMENT_BYTES_MAX)
            json_array_append_new(array, text);
        else
            json_decref(text);
    }
    return array;
}

static json_t *
set_array(const struct cmd_line *line)
{
    json_t *array = json_array();
    for (int i = 0; i < line->given_count; i++)
        if (!strcmp(line->given[i].option->name, "set"))
            json_array_append_new(array, json_string(line->given[i].value));
    return array;
}

/* Takes text of any bytes; NULL (told) when it cannot go into JSON. */
static json_t *
json_of_text(const char *what, const char *text, size_t len)
{
    json_t *value = json_stringn(text, len);
    if (!value)
        cmd_error("%s is not UTF-8", what);
    return value;
}

static json_t *
submit_params(const struct cmd_line *line, const struct str *text)
{
    char directory[PATH_MAX];
    const char *file = line->argv[0];
    if (!getcwd(directory, sizeof directory)) {
        cmd_error("the current directory: %s", strerror(errno));
        return NULL;
    }
    json_t *params = json_object();
    const struct {
        const char *key, *what, *text;
        size_t len;
    } texts[] = {
        { "text", file, text->data, text->len },
        { "file", "the file's name", strcmp(file, "-") ? file : "standard input", 0 },
        { "directory", "the current directory", directory, 0 },
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        json_t *value = json_of_text(texts[i].what, texts[i].text,
            i == 0 ? texts[i].len : strlen(texts[i].text));
        if (!value) {
            json_decref(params);
            return NULL;
        }
        json_object_set_new(params, texts[i].key, value);
    }
    json_object_set_new(params, "set", set_array(line));
    return params;
}

/* "; about 3m to 5m, as 2 earlier runs of it" */
static void
print_expected(const json_t *expected)
{
    char low[32], high[32];
    int64_t runs = json_get_int(expected, "runs", 0);
    if (runs < 1)
        return;
    unit_format_duration(json_get_number(expected, "low_seconds", NAN), low, sizeof low);
    unit_format_duration(json_get_number(expected, "high_seconds", NAN), high, sizeof high);
    printf("; about %s", low);
    if (strcmp(low, high))
        printf(" to %s", high);
    printf(", as %jd earlier run%s of it", (intmax_t)runs, runs > 1 ? "s" : "");
}

/* --check: what would run. */
static int
print_check(const struct cmd_line *line, const json_t *answer)
{
    char buf[64];
    if (cmd_flag(line, "json")) {
        output_json(answer);
        return CMD_FINE;
    }
    output_text(stdout, PAINT_NONE, line->argv[0]);
    struct str space;
    str_init(&space);
    report_space(json_object_get(answer, "space"), &space);
    const json_t *trials = json_object_get(answer, "points");
    printf(": ok");
    if (json_is_integer(trials))
        printf(", %s trials", output_scalar(trials, "-", buf, sizeof buf));
    printf("%s%s", space.len ? " of " : "", space.data);
    print_expected(json_object_get(answer, "expected"));
    puts(json_get_bool(answer, "in_time", true) ? "" : "; its objective takes long to open");
    str_release(&space);
    return CMD_FINE;
}

static int
print_detached(const struct cmd_line *line, const json_t *run)
{
    if (cmd_flag(line, "json"))
        output_json(run);
    else
        printf("%jd\n", (intmax_t)json_get_int(run, "run", 0));
    return CMD_FINE;
}

static int
run_run(struct cmd_line *line)
{
    struct str text;
    str_init(&text);
    json_t *params = NULL, *answer;
    int status = read_run_file(line->argv[0], &text);
    if (!status) {
        params = submit_params(line, &text);
        status = params ? 0 : CMD_USAGE;
    }
    str_release(&text);
    if (status)
        return status;
    bool check = cmd_flag(line, "check");
    if (!check)
        json_object_set_new(params, "environment", environment_array());
    if (!check && cmd_flag(line, "paused"))
        json_object_set_new(params, "paused", json_true());
    status = cmd_ask(line, check ? "run.check" : "run.submit", params, &answer);
    if (status)
        return status;
    if (check)
        status = print_check(line, answer);
    else if (cmd_flag(line, "detach") || cmd_flag(line, "paused"))
        status = print_detached(line, answer);
    else
        status = follow_run(line, answer);
    json_decref(answer);
    return status;
}

static const struct cmd_option run_options_given[] = {
    { .name = "set", .letter = 's', .repeat = true, .argument = "SECTION.KEY=VALUE",
        .help = "Change a value of the run file" },
    { .name = "detach", .letter = 'd', .help = "Print the run's number and leave it to the server" },
    { .name = "paused", .help = "Submit paused, print the run's number; `resume' begins it" },
    { .name = "check", .letter = 'c', .help = "Check the file, open its plugin or Lua, say how much would run and about how long, by earlier runs; no more" },
    { .name = "json", .letter = 'j', .help = "Print the final run object, as the last line" },
    { 0 },
};

const struct cmd cmd_run = {
    .name = "run",
    .usage = "FILE",
    .help = "Submit a run file and follow the run to its end",
    .detail = "FILE is described in optop-run(5); - reads standard input. Trials get this "
              "command's directory and environment. Progress goes to standard error, the state "
              "and the best trials to standard output. Ctrl-C cancels the run and waits until "
              "all its processes are gone; a second Ctrl-C leaves at once. Closing the terminal "
              "stops nothing.",
    .server = CMD_SERVER_STARTED,
    .least = 1,
    .most = 1,
    .options = run_options_given,
    .run = run_run,
};

/* A run that was there goes on, and is followed. */
static int
go_on(struct cmd_line *line, const char *method)
{
    int64_t run;
    json_t *object;
    int status = cmd_run_number(line, line->argv[0], &run);
    if (!status)
        status = cmd_ask(line, method, json_pack("{s:I}", "run", (json_int_t)run), &object);
    if (status)
        return status;
    status = cmd_flag(line, "detach") ? print_detached(line, object) : follow_run(line, object);
    json_decref(object);
    return status;
}

static int
run_resume(struct cmd_line *line)
{
    return cmd_value(line, "trial", NULL) ? one_trial_steer(line, "run.resume", false)
                                          : go_on(line, "run.resume");
}

static int
run_retry(struct cmd_line *line)
{
    return go_on(line, "run.retry");
}

static const struct cmd_option retry_options[] = {
    { .name = "detach", .letter = 'd', .help = "Print the run's number and leave it to the server" },
    { .name = "json", .letter = 'j', .help = "Print the final run object, as the last line" },
    { 0 },
};

static const struct cmd_option resume_options[] = {
    { .name = "trial", .letter = 't', .argument = "N",
        .help = "Only trial N, which was paused; nothing is followed" },
    { .name = "detach", .letter = 'd', .help = "Print the run's number and leave it to the server" },
    { .name = "json", .letter = 'j', .help = "Print the final run object, as the last line" },
    { 0 },
};

const struct cmd cmd_resume = {
    .name = "resume",
    .usage = "RUN",
    .help = "Go on with a paused, failed or cancelled run",
    .detail = "The run is followed to its end, as `run' does. Trials that were counted are kept and "
              "not done again; what was in progress when the run stopped is done again. With --trial "
              "one trial of a running run that was paused goes on.",
    .server = CMD_SERVER_STARTED,
    .least = 1,
    .most = 1,
    .options = resume_options,
    .run = run_resume,
};

const struct cmd cmd_retry = {
    .name = "retry",
    .usage = "RUN",
    .help = "Do the failed trials of a run again",
    .detail = "The run, which may have ended, goes on and is followed to its end, as `run' does. Each "
              "failed trial is a next attempt at the same point; its result takes the failed one's "
              "place. `retries' in [limits] does so by itself.",
    .server = CMD_SERVER_STARTED,
    .least = 1,
    .most = 1,
    .options = retry_options,
    .run = run_retry,
};
