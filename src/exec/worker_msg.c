/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exec/worker_msg.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/base64.h"
#include "base/text.h"
#include "io/capture.h"

static void
begin(struct json_writer *w, struct str *out)
{
    jw_init(w, out);
    jw_object(w, NULL);
}

static void
end(struct json_writer *w)
{
    jw_end(w);
    str_putc(w->out, '\n');
}

static void
write_texts(struct json_writer *w, const char *key, const struct run_parameter *texts, int count)
{
    jw_object(w, key);
    for (int i = 0; i < count; i++)
        jw_string(w, texts[i].name, texts[i].value);
    jw_end(w);
}

static void
write_fresh(struct json_writer *w, const struct run_spec *spec, const char *shelf)
{
    static const char *const keep[] = { "never", "failed", "always" };
    jw_object(w, "fresh");
    jw_string(w, "shelf", shelf);
    jw_string(w, "keep", keep[spec->keep_directory]);
    jw_int(w, "count", spec->max_kept);
    jw_number(w, "bytes", spec->max_kept_bytes);
    jw_end(w);
}

void
worker_msg_init(struct str *out, const struct worker_init *init)
{
    static const char *const keep_output[] = { "none", "failed", "all" };
    const struct run_spec *spec = init->spec;
    struct json_writer w;
    begin(&w, out);
    jw_object(&w, "init");
    jw_string(&w, "type", objective_type_name(spec->objective));
    jw_string(&w, "command", spec->command);
    jw_string(&w, "score", score_kind_name(spec->score));
    jw_string(&w, "field", spec->score_field);
    jw_string(&w, "directory", init->directory);
    if (init->shelf)
        write_fresh(&w, spec, init->shelf);
    if (init->capture)
        jw_string(&w, "output", keep_output[spec->keep_output]);
    jw_string(&w, "stdin", spec->standard_input);
    jw_array(&w, "success_codes");
    for (int code = 0; code <= 255; code++)
        if (exit_codes_has(&spec->success_codes, code))
            jw_int(&w, NULL, code);
    jw_end(&w);
    jw_number(&w, "trial_seconds", spec->trial_seconds);
    jw_number(&w, "grace_seconds", spec->grace_seconds);
    jw_string(&w, "cage", init->cage);
    jw_array(&w, "cgroups");
    for (int i = 0; i < init->cgroup_count; i++)
        jw_string(&w, NULL, init->cgroups[i]);
    jw_end(&w);
    if (init->limits)
        limit_set_write_orders(&w, "limits", init->limits);
    if (init->text) {
        jw_string(&w, "text", init->text);
        jw_int(&w, "threads", init->threads);
    }
    jw_array(&w, "names");
    for (int i = 0; i < spec->dimension_count; i++)
        jw_string(&w, NULL, spec->dimension[i].name);
    jw_end(&w);
    jw_array(&w, "numbers");
    for (int i = 0; i < spec->dimension_count; i++)
        jw_bool(&w, NULL, spec->dimension[i].kind != DIMENSION_CHOICE);
    jw_end(&w);
    write_texts(&w, "parameters", spec->parameter, spec->parameter_count);
    write_texts(&w, "environment", spec->environment, spec->environment_count);
    jw_end(&w);
    end(&w);
}

void
worker_msg_cancel(struct str *out, double grace_seconds)
{
    struct json_writer w;
    begin(&w, out);
    jw_object(&w, "cancel");
    jw_number(&w, "grace_seconds", grace_seconds);
    jw_end(&w);
    end(&w);
}

void
worker_msg_finish(struct str *out)
{
    str_puts(out, "{\"finish\":true}\n");
}

void
worker_msg_release(struct str *out)
{
    str_puts(out, "{\"release\":true}\n");
}

void
worker_msg_order(struct str *out, const char *order, int64_t trial, double grace_seconds)
{
    struct json_writer w;
    begin(&w, out);
    jw_string(&w, "order", order);
    jw_int(&w, "of_trial", trial);
    jw_number(&w, "grace_seconds", grace_seconds);
    end(&w);
}

void
worker_msg_limits(struct str *out, const struct run_spec *spec)
{
    struct json_writer w;
    begin(&w, out);
    jw_object(&w, "limits");
    jw_number(&w, "trial_seconds", spec->trial_seconds);
    jw_number(&w, "grace_seconds", spec->grace_seconds);
    jw_end(&w);
    end(&w);
}

void
worker_msg_trials_begin(struct str *out)
{
    str_puts(out, "{\"trials\":[");
}

static void
add_value(struct json_writer *w, const struct dimension *dimension, double value)
{
    char text[40];
    jw_string(w, NULL, dimension_format(dimension, value, text, sizeof text));
}

void
worker_msg_trial(struct str *out, const struct run_spec *spec, int64_t trial, int attempt,
    const double *values, bool first)
{
    struct json_writer w;
    if (!first)
        str_putc(out, ',');
    begin(&w, out);
    jw_int(&w, "trial", trial);
    jw_int(&w, "attempt", attempt);
    jw_array(&w, "values");
    for (int i = 0; i < spec->dimension_count; i++)
        add_value(&w, &spec->dimension[i], values[i]);
    jw_end(&w);
    jw_end(&w);
}

void
worker_msg_trials_end(struct str *out)
{
    str_puts(out, "]}\n");
}

void
worker_msg_range(struct str *out, const struct worker_range_order *order)
{
    struct json_writer w;
    begin(&w, out);
    jw_object(&w, "range");
    jw_int(&w, "slot", order->slot);
    jw_int(&w, "trial", order->trial);
    jw_int(&w, "count", order->count);
    jw_number(&w, "cursor", order->cursor);
    jw_end(&w);
    end(&w);
}

void
worker_msg_warm(struct str *out, int threads)
{
    struct json_writer w;
    begin(&w, out);
    jw_object(&w, "warm");
    jw_int(&w, "threads", threads);
    jw_end(&w);
    end(&w);
}

void
worker_msg_failure(struct str *list, int64_t trial, const char *text, const char *log,
    size_t log_len)
{
    char cut[TRIAL_REASON_MAX];
    struct json_writer w;
    struct str clean;
    str_init(&clean);
    str_copy(cut, sizeof cut, text);
    if (log_len && list->len < WORKER_LOGS_MAX)
        worker_msg_clean_log(log, log_len, &clean);
    if (list->len)
        str_putc(list, ',');
    jw_init(&w, list);
    jw_array(&w, NULL);
    jw_int(&w, NULL, trial);
    jw_string(&w, NULL, cut);
    if (clean.len)
        jw_string(&w, NULL, clean.data);
    jw_end(&w);
    str_release(&clean);
}

void
worker_msg_range_ended(struct str *out, int slot, int64_t trial, const char *failures)
{
    str_printf(out, "{\"range\":{\"slot\":%d,\"trial\":%lld,\"failures\":[%s]}}\n", slot,
        (long long)trial, failures);
}

void
worker_msg_ready(struct str *out, const json_t *refused)
{
    struct json_writer w;
    begin(&w, out);
    jw_bool(&w, "ready", true);
    if (json_object_size(refused))
        jw_value(&w, "refused", refused);
    end(&w);
}

void
worker_msg_error(struct str *out, const char *text)
{
    struct json_writer w;
    begin(&w, out);
    jw_string(&w, "error", text);
    end(&w);
}

void
worker_msg_returned_begin(struct str *out)
{
    str_puts(out, "{\"returned\":[");
}

void
worker_msg_returned(struct str *out, int64_t trial, bool first)
{
    str_printf(out, "%s%jd", first ? "" : ",", (intmax_t)trial);
}

void
worker_msg_returned_end(struct str *out)
{
    str_puts(out, "]}\n");
}

void
worker_msg_started(struct str *out, int64_t trial)
{
    struct json_writer w;
    begin(&w, out);
    jw_int(&w, "started", trial);
    end(&w);
}

static void
write_output(struct json_writer *w, const struct trial_result *result)
{
    jw_object(w, "output");
    jw_int(w, "bytes", result->output_bytes);
    jw_raw(w, "data", "\"", 1);
    base64_encode(w->out, result->output, result->output_len);
    str_putc(w->out, '"');
    jw_end(w);
}

void
worker_msg_result(struct str *out, const struct trial_result *result)
{
    struct json_writer w;
    begin(&w, out);
    jw_int(&w, "trial", result->trial);
    jw_int(&w, "attempt", result->attempt);
    jw_string(&w, "state", result->state == TRIAL_DONE ? "done" : "failed");
    jw_number(&w, "score", result->state == TRIAL_DONE ? result->score : (double)NAN);
    jw_number(&w, "wall_seconds", result->wall_seconds);
    jw_number(&w, "cpu_seconds", result->cpu_seconds);
    jw_number(&w, "max_rss_bytes", result->max_rss_bytes);
    jw_number(&w, "stdout_bytes", result->stdout_bytes);
    jw_int(&w, "exit_code", result->exit_code);
    jw_int(&w, "signal", result->signal_number);
    jw_string(&w, "reason", result->reason);
    if (result->kept_directory)
        jw_bool(&w, "kept", true);
    if (result->log)
        jw_string(&w, "log", result->log);
    if (result->output)
        write_output(&w, result);
    if (result->metrics)
        jw_raw(&w, "metrics", result->metrics, strlen(result->metrics));
    end(&w);
}

/* A measured figure: not negative, or not known. */
static double
read_figure(const json_t *line, const char *key)
{
    double value = json_get_number(line, key, (double)NAN);
    return isfinite(value) && value >= 0 ? value : (double)NAN;
}

static int
read_small(const json_t *line, const char *key, int fallback)
{
    int64_t value = json_get_int(line, key, fallback);
    return value >= INT_MIN && value <= INT_MAX ? (int)value : fallback;
}

/* What makes no sense is left out: it is only told to people. */
static void
read_output(const json_t *line, struct trial_result *result, struct str *output)
{
    const json_t *said = json_object_get(line, "output");
    const char *text = json_get_string(said, "data", "");
    int64_t bytes = json_get_int(said, "bytes", 0);
    str_clear(output);
    if (base64_decode(output, text, strlen(text)) < 0 || !captured_valid(bytes, output->len))
        str_clear(output);
    if (!output->len)
        return;
    result->output = output->data;
    result->output_len = output->len;
    result->output_bytes = bytes;
}

int
worker_msg_read_result(const json_t *line, struct trial_result *result, struct str *log,
    struct str *metrics, struct str *output)
{
    const char *state = json_get_string(line, "state", "");
    bool done = !strcmp(state, "done");
    if (!json_is_integer(json_object_get(line, "trial")) || (!done && strcmp(state, "failed") != 0))
        return ERR_PROTOCOL;
    *result = (struct trial_result){
        .trial = json_get_int(line, "trial", 0),
        .attempt = read_small(line, "attempt", 0),
        .state = done ? TRIAL_DONE : TRIAL_FAILED,
        .score = done ? json_get_number(line, "score", (double)NAN) : (double)NAN,
        .wall_seconds = read_figure(line, "wall_seconds"),
        .cpu_seconds = read_figure(line, "cpu_seconds"),
        .max_rss_bytes = read_figure(line, "max_rss_bytes"),
        .stdout_bytes = read_figure(line, "stdout_bytes"),
        .exit_code = read_small(line, "exit_code", -1),
        .signal_number = read_small(line, "signal", 0),
        .kept_directory = json_get_bool(line, "kept", false),
    };
    text_clean(json_get_string(line, "reason", ""), result->reason, sizeof result->reason);
    if (done && !isfinite(result->score)) {
        result->state = TRIAL_FAILED;
        result->score = (double)NAN;
        str_copy(result->reason, sizeof result->reason, "score is not finite");
    }
    const char *text = json_get_string(line, "log", "");
    str_clear(log);
    worker_msg_clean_log(text, strlen(text), log);
    result->log = log->len ? log->data : NULL;
    read_output(line, result, output);
    str_clear(metrics);
    trial_metrics_read(json_object_get(line, "metrics"), NULL, metrics);
    result->metrics = metrics->len ? metrics->data : NULL;
    return 0;
}

/* The log. */

static size_t
newline_length(const char *bytes, size_t len)
{
    if (bytes[0] == '\r')
        return len > 1 && bytes[1] == '\n' ? 2 : 1;
    return bytes[0] == '\n';
}

static bool
inside_character(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

void
worker_msg_clean_log(const char *bytes, size_t len, struct str *out)
{
    char piece[3 * TRIAL_LOG_MAX + 1]; /* a byte becomes three at most */
    if (len >= TRIAL_LOG_MAX) { /* the cut may lie inside a character */
        bytes += len - TRIAL_LOG_MAX;
        len = TRIAL_LOG_MAX;
        for (int i = 0; i < 3 && len && inside_character(*bytes); i++)
            bytes++, len--;
    }
    for (size_t at = 0; at < len;) {
        size_t line = at;
        while (line < len && bytes[line] != '\n' && bytes[line] != '\r')
            line++;
        str_puts(out, text_clean_bytes(bytes + at, line - at, piece, sizeof piece));
        if (line < len) {
            str_putc(out, '\n');
            line += newline_length(bytes + line, len - line);
        }
        at = line;
    }
    size_t excess = out->len >= TRIAL_LOG_MAX ? out->len - (TRIAL_LOG_MAX - 1) : 0;
    while (excess && inside_character(out->data[excess]))
        excess++;
    str_consume(out, excess);
}
