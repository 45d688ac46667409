/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Both readers fill a `draft` and leave it to the same judge, so that a line
 * means the same whoever reads it.
 */
#include "objective/answer.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/json.h"
#include "base/text.h"
#include "objective/metric_names.h"

/* What was found in a line. */
struct draft {
    bool has_trial, has_score, has_error, has_step, has_value, has_metrics;
    int64_t trial, step;
    double score, value;
};

static void
add_metric(struct answer *answer, const char *name, size_t len, double value)
{
    struct answer_metric *metric = &answer->metric[answer->metric_count];
    if (!isfinite(value) || answer->metric_count == ANSWER_METRICS_MAX ||
        !metric_name_clean(name, len, metric->name))
        return;
    metric->value = value;
    answer->metric_count++;
}

static void
set_error(struct answer *answer, const char *text)
{
    answer->kind = ANSWER_ERROR;
    snprintf(answer->error, sizeof answer->error, "%s", text);
}

static bool
judge(const struct draft *draft, struct answer *answer)
{
    if (!draft->has_trial || draft->trial < 1)
        return false;
    answer->trial = draft->trial;
    if (draft->has_error) {
        answer->kind = ANSWER_ERROR;
        if (!answer->error[0])
            set_error(answer, "the program says that it failed");
    } else if (draft->has_score) {
        answer->kind = ANSWER_SCORE;
        answer->score = draft->score;
        if (!isfinite(draft->score))
            set_error(answer, "score is not finite");
    } else if (draft->has_step && draft->has_value) {
        answer->kind = ANSWER_REPORT;
        answer->step = draft->step;
        answer->value = draft->value;
        if (!isfinite(draft->value))
            set_error(answer, "the value of a report is not finite");
    } else {
        set_error(answer, "the answer has neither score nor error");
    }
    return true;
}

/* By hand. `at` never passes the byte behind the line: no rule goes on over a
 * line feed or NUL. */
struct scan {
    const char *at;
    bool ok;
};

static void
skip_blank(struct scan *scan)
{
    while (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\r')
        scan->at++;
}

/* Is this the next character? Then it is passed, with the blanks around it. */
static bool
take(struct scan *scan, char c)
{
    skip_blank(scan);
    if (*scan->at != c)
        return false;
    scan->at++;
    skip_blank(scan);
    return true;
}

/* A string of plain ASCII without escapes. */
static const char *
scan_string(struct scan *scan, size_t *ret_len)
{
    if (*scan->at != '"') {
        scan->ok = false;
        return "";
    }
    const char *start = ++scan->at;
    while (*scan->at >= ' ' && *scan->at < 0x7F && *scan->at != '"' && *scan->at != '\\')
        scan->at++;
    *ret_len = (size_t)(scan->at - start);
    if (*scan->at == '"')
        scan->at++;
    else
        scan->ok = false;
    return start;
}

static const char *
scan_digits(const char *p, uint64_t *value, int *count)
{
    for (; *p >= '0' && *p <= '9'; p++, (*count)++)
        if (*count < 19)
            *value = *value * 10 + (uint64_t)(*p - '0');
    return p;
}

static int64_t
scan_int(struct scan *scan)
{
    uint64_t value = 0;
    int count = 0;
    const char *start = scan->at;
    scan->at = scan_digits(start, &value, &count);
    scan->ok = scan->ok && count > 0 && count < 19 && (count == 1 || *start != '0') &&
        *scan->at != '.' && *scan->at != 'e' && *scan->at != 'E';
    return (int64_t)value;
}

/* What is no number in JSON, and is written as one. */
static bool
scan_word(struct scan *scan, const char *word, double value, double *ret_value)
{
    size_t len = strlen(word);
    if (strncmp(scan->at, word, len) != 0)
        return false;
    scan->at += len;
    *ret_value = value;
    return true;
}

/* Exact where mantissa and power of ten are exact doubles; else strtod. */
static double
scan_number(struct scan *scan)
{
    static const double ten[] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
        1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    const char *start = scan->at, *p = start + (*start == '-');
    uint64_t mantissa = 0, power = 0;
    int digits = 0, power_digits = 0, exponent = 0;
    double value;
    if (scan_word(scan, "NaN", (double)NAN, &value) ||
        scan_word(scan, "Infinity", (double)INFINITY, &value) ||
        scan_word(scan, "-Infinity", -(double)INFINITY, &value))
        return value;
    const char *whole = p;
    p = scan_digits(p, &mantissa, &digits);
    scan->ok = scan->ok && digits > 0 && (digits == 1 || *whole != '0');
    if (*p == '.') {
        int before = digits;
        p = scan_digits(p + 1, &mantissa, &digits);
        exponent = before - digits;
        scan->ok = scan->ok && digits > before;
    }
    if (*p == 'e' || *p == 'E') {
        bool negative = *++p == '-';
        p = scan_digits(p + (*p == '-' || *p == '+'), &power, &power_digits);
        scan->ok = scan->ok && power_digits > 0;
        exponent += power_digits > 4 ? 9999 : negative ? -(int)power : (int)power;
    }
    scan->at = p;
    if (!scan->ok)
        return 0;
    if (digits > 18 || mantissa > (1ull << 53) || exponent < -22 || exponent > 22)
        return strtod(start, NULL);
    value = exponent < 0 ? (double)mantissa / ten[-exponent] : (double)mantissa * ten[exponent];
    return *start == '-' ? -value : value;
}

static void
scan_metrics(struct scan *scan, struct answer *answer)
{
    size_t len = 0;
    scan->ok = scan->ok && take(scan, '{');
    if (!scan->ok || take(scan, '}'))
        return;
    do {
        const char *name = scan_string(scan, &len);
        scan->ok = scan->ok && take(scan, ':');
        if (scan->ok)
            add_metric(answer, name, len, scan_number(scan));
    } while (scan->ok && take(scan, ','));
    scan->ok = scan->ok && take(scan, '}');
}

static bool
is_key(const char *key, size_t len, const char *name)
{
    return len == strlen(name) && !memcmp(key, name, len);
}

/* A key that comes again is for jansson to refuse. */
static void
first(struct scan *scan, bool *has)
{
    scan->ok = scan->ok && !*has;
    *has = true;
}

static void
scan_member(struct scan *scan, struct draft *draft, struct answer *answer)
{
    size_t len = 0;
    const char *key = scan_string(scan, &len);
    scan->ok = scan->ok && take(scan, ':');
    if (!scan->ok)
        return;
    if (is_key(key, len, "trial")) {
        first(scan, &draft->has_trial);
        draft->trial = scan_int(scan);
    } else if (is_key(key, len, "score")) {
        first(scan, &draft->has_score);
        draft->score = scan_number(scan);
    } else if (is_key(key, len, "metrics")) {
        first(scan, &draft->has_metrics);
        scan_metrics(scan, answer);
    } else if (is_key(key, len, "error")) {
        first(scan, &draft->has_error);
        const char *text = scan_string(scan, &len);
        if (scan->ok)
            text_clean_bytes(text, len, answer->error, sizeof answer->error);
    } else if (is_key(key, len, "step")) {
        first(scan, &draft->has_step);
        draft->step = scan_int(scan);
    } else if (is_key(key, len, "value")) {
        first(scan, &draft->has_value);
        draft->value = scan_number(scan);
    } else {
        scan->ok = false;
    }
}

bool
answer_scan(const char *line, size_t len, struct answer *ret_answer)
{
    struct scan scan = { .at = line, .ok = true };
    struct draft draft = { .has_trial = false };
    ret_answer->metric_count = 0;
    ret_answer->error[0] = '\0';
    if (!take(&scan, '{'))
        return false;
    do
        scan_member(&scan, &draft, ret_answer);
    while (scan.ok && take(&scan, ','));
    return scan.ok && take(&scan, '}') && scan.at == line + len && judge(&draft, ret_answer);
}

/* Taking a line apart: a list at the commas that are in no string, object or
 * list of its own. What is no list, or one that does not end, stays whole: the
 * reader then says what is wrong with it. */

struct answer_line
answer_line(const char *text, size_t len)
{
    struct answer_line line = { .at = text, .end = text + len };
    struct scan scan = { .at = text };
    const char *last = line.end;
    while (last > text && (last[-1] == ' ' || last[-1] == '\t' || last[-1] == '\r'))
        last--;
    if (!take(&scan, '[') || last[-1] != ']')
        return line;
    line.list = true;
    line.at = scan.at;
    line.end = last - 1;
    line.ended = line.at >= line.end;
    return line;
}

static const char *
element_end(const char *at, const char *end)
{
    int depth = 0;
    for (bool quoted = false; at < end; at++) {
        if (quoted && *at == '\\')
            at += at + 1 < end;
        else if (*at == '"')
            quoted = !quoted;
        else if (quoted)
            continue;
        else if (*at == '{' || *at == '[')
            depth++;
        else if (*at == '}' || *at == ']')
            depth--;
        else if (*at == ',' && depth <= 0)
            break;
    }
    return at;
}

const char *
answer_line_next(struct answer_line *line, size_t *ret_len)
{
    const char *start = line->at, *end = line->list ? element_end(start, line->end) : line->end;
    if (line->ended)
        return NULL;
    line->ended = end == line->end;
    line->at = line->ended ? end : end + 1;
    *ret_len = (size_t)(end - start);
    return start;
}

/* By jansson. A member of the wrong type is as good as a wrong answer, but null
 * is none at all. */

static void
wrong_type(struct draft *draft, struct answer *answer, const char *text)
{
    draft->has_error = true;
    set_error(answer, text);
}

static bool
has_number(const json_t *object, const char *key, double *ret_value, bool *ret_wrong)
{
    const json_t *value = json_object_get(object, key);
    if (!value || json_is_null(value))
        return false;
    *ret_wrong |= !json_is_number(value);
    *ret_value = json_number_value(value);
    return json_is_number(value);
}

static void
read_metrics(const json_t *metrics, struct answer *answer)
{
    const char *name;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)metrics, name, value)
        if (json_is_number(value))
            add_metric(answer, name, strlen(name), json_number_value(value));
}

static bool
read_object(const json_t *object, struct answer *answer)
{
    struct draft draft = { .has_trial = json_is_integer(json_object_get(object, "trial")) };
    const json_t *error = json_object_get(object, "error");
    bool wrong_score = false, wrong_report = false;
    double step = 0;
    answer->metric_count = 0;
    answer->error[0] = '\0';
    draft.trial = json_get_int(object, "trial", 0);
    draft.has_score = has_number(object, "score", &draft.score, &wrong_score);
    draft.has_step = has_number(object, "step", &step, &wrong_report);
    draft.step = fabs(step) < 1e15 ? (int64_t)step : 0;
    draft.has_value = has_number(object, "value", &draft.value, &wrong_report);
    read_metrics(json_object_get(object, "metrics"), answer);
    if (json_is_string(error)) {
        text_clean(json_string_value(error), answer->error, sizeof answer->error);
        draft.has_error = true;
    } else if (error && !json_is_null(error)) {
        wrong_type(&draft, answer, "the program says that it failed");
    } else if (wrong_score) {
        wrong_type(&draft, answer, "score is not a number");
    } else if (wrong_report && !draft.has_score) {
        wrong_type(&draft, answer, "step and value of a report are not numbers");
    }
    return judge(&draft, answer);
}

int
answer_read(const char *line, size_t len, struct answer *ret_answer, char fault[TRIAL_REASON_MAX])
{
    char shown[64];
    if (answer_scan(line, len, ret_answer))
        return 0;
    struct diag diag = { 0 };
    json_t *object = json_parse(line, len, &diag);
    if (json_is_object(object) && read_object(object, ret_answer)) {
        json_decref(object);
        return 0;
    }
    text_clean_bytes(line, len < sizeof shown - 1 ? len : sizeof shown - 1, shown, sizeof shown);
    snprintf(fault, TRIAL_REASON_MAX, "%s: %s",
        json_is_object(object) ? "the program's answer has no trial number"
                               : "the program's answer is no JSON object", shown);
    json_decref(object);
    return ERR_SYNTAX;
}
