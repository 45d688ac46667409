/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `optop export`: all trials of a run, page by page from the server to a file
 * or standard output. Memory does not grow with the run. A SQLite database is
 * written by the server, slice by slice, into the file that is made here.
 */
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/unit.h"
#include "cmd/cmd_table.h"
#include "cmd/csv.h"
#include "cmd/output.h"
#include "io/newfile.h"

enum { PAGE = 500 }; /* a few milliseconds of the server's loop */
static const double redraw_seconds = 0.2;

struct export {
    struct cmd_line *line;
    const struct format *format;
    int64_t run;
    struct newfile file;
    struct str text; /* one page, to be written */
    json_t *table; /* owned; the first answer: it names the columns */
    int64_t written, expected; /* trials */
    bool terminal; /* standard error is one, and the trials go elsewhere */
    int64_t began_ns, drawn_ns;
};

struct format {
    const char *option, *ending; /* of a file's name */
    void (*begin)(struct export *e);
    void (*trial)(struct export *e, const json_t *trial);
    void (*end)(struct export *e);
    bool by_server; /* which writes into the file; the functions are NULL */
};

static void
begin_csv(struct export *e)
{
    csv_header(e->table, true, &e->text);
}

static void
put_csv(struct export *e, const json_t *trial)
{
    csv_trial(e->table, trial, true, &e->text);
}

static void
end_csv(struct export *e)
{
    (void)e;
}

/* The object of run.trials with all trials in it, one on a line. */
static void
begin_json(struct export *e)
{
    json_t *head = json_copy(e->table);
    json_object_del(head, "trials");
    output_json_to(&e->text, head);
    json_decref(head);
    e->text.data[--e->text.len] = '\0'; /* the brace */
    str_puts(&e->text, ",\"trials\":[");
}

static void
put_json(struct export *e, const json_t *trial)
{
    str_puts(&e->text, e->written ? ",\n" : "\n");
    output_json_to(&e->text, trial);
}

static void
end_json(struct export *e)
{
    str_puts(&e->text, "\n]}\n");
}

static const struct format formats[] = {
    { "csv", ".csv", begin_csv, put_csv, end_csv, false },
    { "json", ".json", begin_json, put_json, end_json, false },
    { "sqlite", ".sqlite", NULL, NULL, NULL, true },
};
enum { FORMAT_COUNT = sizeof formats / sizeof *formats };

/* What a signal must remove. */
static const char *volatile unfinished;

static void
on_signal(int signal_number)
{
    if (unfinished)
        unlink(unfinished);
    signal(signal_number, SIG_DFL);
    raise(signal_number); /* delivered when this returns */
}

static void
watch_signals(void)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction action = { .sa_handler = on_signal }, old;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        if (sigaction(signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN); /* a reader that has seen enough is no fault */
}

static void
show_progress(struct export *e, bool last)
{
    int64_t now = clock_mono_ns();
    char rate_text[32], left_text[32];
    if (!e->terminal || (!last && ns_to_sec(now - e->drawn_ns) < redraw_seconds))
        return;
    e->drawn_ns = now;
    if (last) {
        fputs("\r\033[K", stderr);
        return;
    }
    double seconds = ns_to_sec(now - e->began_ns);
    double rate = seconds > 0 ? (double)e->written / seconds : (double)NAN;
    fprintf(stderr, "\r%jd of %jd trials, %s/s, %s left\033[K", (intmax_t)e->written,
        (intmax_t)e->expected, unit_format_count(rate, rate_text, sizeof rate_text),
        unit_format_duration((double)(e->expected - e->written) / rate, left_text,
            sizeof left_text));
    fflush(stderr);
}

/* Writes what has gathered: 0, an exit status, or -EPIPE. */
static int
flush_text(struct export *e)
{
    struct diag diag = { 0 };
    int r = newfile_write(&e->file, e->text.data, e->text.len);
    str_clear(&e->text);
    if (r == 0 || r == -EPIPE)
        return r;
    diag_set(&diag, r, "%s", strerror(-r));
    diag_at(&diag, e->file.path ? e->file.path : "the output", 0, NULL);
    return cmd_fail(&diag);
}

/* One answer's trials; *after becomes the last one's number. */
static int
take_page(struct export *e, const json_t *answer, int64_t *after)
{
    size_t i;
    json_t *trial;
    json_array_foreach (json_object_get(answer, "trials"), i, trial) {
        e->format->trial(e, trial);
        e->written++;
        *after = json_get_int(trial, "trial", *after);
    }
    if (e->expected < e->written) /* it goes on while it is read */
        e->expected = e->written;
    show_progress(e, false);
    return flush_text(e);
}

static int
export_pages(struct export *e)
{
    int64_t after = 0, last = -1;
    int status = 0;
    while (!status && after > last) {
        json_t *answer;
        last = after;
        status = cmd_ask(e->line, "run.trials",
            json_pack("{s:I, s:I, s:i}", "run", (json_int_t)e->run, "after", (json_int_t)after,
                "limit", PAGE), &answer);
        if (status)
            return status;
        if (!e->table) {
            e->table = json_incref(answer);
            e->format->begin(e);
        }
        status = take_page(e, answer, &after);
        json_decref(answer);
    }
    if (!status) {
        e->format->end(e);
        status = flush_text(e);
    }
    return status;
}

/* The file is the server's to write until all is in it. */
static int
export_slices(struct export *e)
{
    int64_t after = 0;
    bool done = false;
    int status = 0;
    char *file = realpath(e->file.temporary, NULL);
    while (!status && !done) {
        json_t *answer;
        status = cmd_ask(e->line, "run.export",
            json_pack("{s:I, s:s?, s:I}", "run", (json_int_t)e->run, "file", file, "after",
                (json_int_t)after), &answer);
        if (status)
            break;
        after = json_get_int(answer, "after", after);
        e->written += json_get_int(answer, "count", 0);
        done = json_get_bool(answer, "done", true);
        if (e->expected < e->written)
            e->expected = e->written;
        show_progress(e, false);
        json_decref(answer);
    }
    free(file);
    return status;
}

/* By option, else by what the file's name ends with. */
static int
find_format(const struct cmd_line *line, const char *path, const struct format **ret_format)
{
    const struct format *found = NULL;
    for (int i = 0; i < FORMAT_COUNT; i++) {
        if (!cmd_flag(line, formats[i].option))
            continue;
        if (found) {
            cmd_error("--%s and --%s do not go together", found->option, formats[i].option);
            return CMD_USAGE;
        }
        found = &formats[i];
    }
    for (int i = 0; i < FORMAT_COUNT && !found; i++)
        if (str_ends(path, formats[i].ending))
            found = &formats[i];
    if (!found) {
        cmd_error("which form? (--csv, --json, --sqlite)");
        return CMD_USAGE;
    }
    if (found->by_server && !strcmp(path, "-")) {
        cmd_error("--%s needs a FILE", found->option);
        return CMD_USAGE;
    }
    *ret_format = found;
    return 0;
}

static int
count_trials(struct export *e)
{
    json_t *object;
    int status = cmd_ask(e->line, "run.show", json_pack("{s:I}", "run", (json_int_t)e->run), &object);
    if (status)
        return status;
    const json_t *counts = json_object_get(object, "counts");
    e->expected = json_get_int(counts, "done", 0) + json_get_int(counts, "failed", 0);
    json_decref(object);
    return 0;
}

static int
export_to(struct export *e, const char *path)
{
    struct diag diag = { 0 };
    int status, r = newfile_open(path, cmd_flag(e->line, "force"), &e->file, &diag);
    if (r == -EEXIST)
        diag_set(&diag, r, "exists (--force replaces it)");
    if (r < 0)
        return cmd_fail(&diag);
    if (e->format->by_server && !e->file.temporary) {
        newfile_discard(&e->file);
        cmd_error("%s: not a regular file", path);
        return CMD_FAILED;
    }
    unfinished = e->file.temporary;
    e->terminal = isatty(STDERR_FILENO) && !isatty(e->file.fd);
    e->began_ns = clock_mono_ns();
    status = e->format->by_server ? export_slices(e) : export_pages(e);
    show_progress(e, true);
    if (status) {
        newfile_discard(&e->file);
    } else if (newfile_finish(&e->file, &diag) < 0) {
        status = cmd_fail(&diag);
    }
    unfinished = NULL;
    return status == -EPIPE ? CMD_FINE : status;
}

static int
run_export(struct cmd_line *line)
{
    const char *path = line->argc > 1 ? line->argv[1] : "-";
    struct export e = { .line = line, .file = { .fd = -1 } };
    int status = find_format(line, path, &e.format);
    if (!status)
        status = cmd_run_number(line, line->argv[0], &e.run);
    if (!status)
        status = count_trials(&e);
    if (status)
        return status;
    str_init(&e.text);
    watch_signals();
    status = export_to(&e, path);
    str_release(&e.text);
    json_decref(e.table);
    return status;
}

static const struct cmd_option export_options[] = {
    { .name = "csv", .letter = 'c', .help = "Write CSV: a header, then a line per trial" },
    { .name = "json", .letter = 'j',
        .help = "Write one JSON object, its `trials' one on a line" },
    { .name = "sqlite", .letter = 's',
        .help = "Write a SQLite database with the tables `run' and `trial'" },
    { .name = "force", .letter = 'f', .help = "Replace FILE if it exists" },
    { 0 },
};

const struct cmd cmd_export = {
    .name = "export",
    .usage = "RUN [FILE]",
    .help = "Write all trials of a run, also failed ones, to a file",
    .detail = "CSV has columns for what the first 500 trials reported; JSON and SQLite have what "
              "each trial reported. Without FILE, or with -, they go to standard output. The form may also be told by "
              "FILE's ending (.csv, .json, .sqlite). FILE appears when it is complete and on disk, never "
              "half. Trials come by number; a run that is going on gives those that are counted "
              "when it is read. Numbers read back as the same; the CSV is that of RFC 4180 with "
              "line feeds, and empty where something is not known.",
    .server = CMD_SERVER_STARTED,
    .least = 1,
    .most = 2,
    .options = export_options,
    .run = run_export,
};
