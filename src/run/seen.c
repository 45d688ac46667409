/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "run/seen.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/str.h"
#include "config/runfile.h"
#include "optop/cache.h"
#include "run/runner_private.h"
#include "task/child.h"

enum { SEEN_BYTES = 8 * 1024 * 1024 };

/* What the cache keeps; the text of the metrics is behind it. */
struct seen {
    int64_t run, trial;
    double score;
};

/* What a run evaluates. */

static void
put_text(struct str *out, const char *text)
{
    str_append(out, text ? text : "", text ? strlen(text) + 1 : 1);
}

static void
put_pairs(struct str *out, const struct run_parameter *pair, int count)
{
    str_printf(out, "%d ", count);
    for (int i = 0; i < count; i++) {
        put_text(out, pair[i].name);
        put_text(out, pair[i].value);
    }
}

/* A program that was built anew, or a data file with other rows, is another one. */
static void
put_file(struct str *out, const char *path)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
        str_printf(out, "%ju %ju %jd %jd.%09ld ", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino,
            (intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static const char *
find_path(const struct run *run)
{
    for (size_t at = 0; at < run->environment_len; at += strlen(run->environment + at) + 1)
        if (!strncmp(run->environment + at, "PATH=", 5))
            return run->environment + at + 5;
    return "/usr/bin:/bin";
}

static void
put_files(struct str *out, const struct run *run)
{
    struct diag diag = { 0 };
    char **argv, path[PATH_MAX];
    if (runfile_split_command(run->spec.command, &argv, &diag) < 0)
        return;
    if (argv[0] && !strchr(argv[0], '/') &&
        child_find_program(argv[0], find_path(run), path, sizeof path) == 0)
        put_file(out, path);
    for (int i = 0; argv[i]; i++) {
        int len = snprintf(path, sizeof path, "%s%s%s", argv[i][0] == '/' ? "" : run->directory,
            argv[i][0] == '/' ? "" : "/", argv[i]);
        if (len > 0 && (size_t)len < sizeof path)
            put_file(out, path);
    }
    runfile_free_argv(argv);
}

void
seen_mark(struct run *run)
{
    const struct run_spec *spec = &run->spec;
    struct str text;
    if (!spec->reuse || spec->objective != OBJECTIVE_COMMAND)
        return;
    str_init(&text);
    put_text(&text, spec->command);
    put_text(&text, spec->standard_input);
    put_text(&text, spec->directory ? spec->directory : run->directory);
    put_text(&text, spec->score_field);
    str_printf(&text, "%d %d ", spec->score, spec->fresh_directory);
    str_append(&text, (const char *)&spec->success_codes, sizeof spec->success_codes);
    put_pairs(&text, spec->parameter, spec->parameter_count);
    put_pairs(&text, spec->environment, spec->environment_count);
    put_files(&text, run);
    run->objective_marked = EVP_Digest(text.data, text.len, run->objective_mark, NULL,
        EVP_sha256(), NULL) == 1;
    str_release(&text);
}

/* Points. */

static void
make_key(struct optop_key *key, const struct run *run, const double *values)
{
    char number[40];
    optop_key_start(key);
    optop_key_blob(key, run->objective_mark, sizeof run->objective_mark);
    for (int d = 0; d < run->spec.dimension_count; d++) {
        const struct dimension *dimension = &run->spec.dimension[d];
        optop_key_string(key, dimension->name);
        optop_key_string(key, dimension_format(dimension, values[d], number, sizeof number));
    }
}

/* Of names that are there twice the first counts. */
static void
write_metrics(struct str *text, const struct seen *seen, const char *metrics, size_t len)
{
    str_clear(text);
    str_printf(text, "{\"repeat_of_run\":%" PRId64 ",\"repeat_of_trial\":%" PRId64, seen->run,
        seen->trial);
    if (len > 2) {
        str_putc(text, ',');
        str_append(text, metrics + 1, len - 1);
    } else {
        str_putc(text, '}');
    }
}

bool
seen_find(struct runner *runner, const struct run *run, int64_t trial, const double *values,
    struct str *text, struct trial_result *ret_result)
{
    struct optop_key key;
    struct seen seen;
    size_t size;
    if (!run->objective_marked)
        return false;
    make_key(&key, run, values);
    const char *held = optop_cache_hold(runner->seen, &key, &size);
    if (!held)
        return false;
    memcpy(&seen, held, sizeof seen);
    write_metrics(text, &seen, held + sizeof seen, size - sizeof seen);
    optop_cache_let_go(runner->seen, held);
    *ret_result = (struct trial_result){ .trial = trial, .attempt = 1, .state = TRIAL_DONE,
        .score = seen.score, .wall_seconds = 0, .cpu_seconds = 0, .max_rss_bytes = (double)NAN,
        .stdout_bytes = (double)NAN, .exit_code = -1, .metrics = text->data };
    return true;
}

void
seen_add(struct runner *runner, const struct run *run, const struct trial_result *result,
    const double *values)
{
    struct optop_key key;
    size_t len = result->metrics ? strlen(result->metrics) : 0;
    char value[sizeof(struct seen) + TRIAL_METRICS_MAX];
    struct seen seen;
    if (!run->objective_marked || result->state != TRIAL_DONE || !values || len > TRIAL_METRICS_MAX)
        return;
    if (!runner->seen)
        runner->seen = optop_cache_new(&(struct optop_cache_options){ .name = "points",
            .max_bytes = SEEN_BYTES, .shards = 1 });
    make_key(&key, run, values);
    if (optop_cache_get(runner->seen, &key, &seen, sizeof seen) >= 0)
        return; /* a repeat: the first one stays */
    seen = (struct seen){ run->id, result->trial, result->score };
    memcpy(value, &seen, sizeof seen);
    if (len)
        memcpy(value + sizeof seen, result->metrics, len);
    optop_cache_put(runner->seen, &key, value, sizeof seen + len, NULL);
}
