/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Any bytes as what a warm program says, line by line. What the quick reader
 * takes means the same to jansson; whatever is taken keeps the promises of
 * objective/answer.h. Ends by abort() when not.
 *
 * With libFuzzer: clang -fsanitize=fuzzer,address,undefined -DLIBFUZZER.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "objective/answer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int holds, const char *what, const char *line)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s: %.2000s\n", what, line);
    abort();
}

static void
check_text(const char *text, const char *line)
{
    require(*text != '\0', "an empty text", line);
    for (const char *c = text; *c; c++)
        require((unsigned char)*c >= ' ' && *c != 0x7F, "a control character", line);
}

static void
check_answer(const struct answer *answer, const char *line)
{
    require(answer->trial >= 1, "no trial", line);
    if (answer->kind == ANSWER_ERROR)
        check_text(answer->error, line);
    if (answer->kind == ANSWER_SCORE)
        require(isfinite(answer->score), "a score that is not finite", line);
    if (answer->kind == ANSWER_REPORT)
        require(isfinite(answer->value), "a value that is not finite", line);
    require(answer->metric_count >= 0 && answer->metric_count <= ANSWER_METRICS_MAX,
        "a number of metrics", line);
    for (int i = 0; i < answer->metric_count; i++) {
        check_text(answer->metric[i].name, line);
        require(isfinite(answer->metric[i].value), "a metric that is not finite", line);
    }
}

/* The quick reader may take a few words that are no JSON; else both agree. */
static void
compare(const struct answer *answer, const char *line, size_t len)
{
    json_t *object = json_parse(line, len, NULL);
    if (object) {
        require(json_is_object(object), "no object", line);
        require(json_get_int(object, "trial", 0) == answer->trial, "another trial", line);
        if (answer->kind == ANSWER_SCORE)
            require(json_get_number(object, "score", NAN) == answer->score, "another score", line);
        if (answer->kind == ANSWER_REPORT)
            require(json_get_number(object, "value", NAN) == answer->value, "another value", line);
        require((answer->kind == ANSWER_ERROR) || !json_object_get(object, "error"), "an error",
            line);
    }
    json_decref(object);
}

static void
check_one(const char *text, size_t len)
{
    struct answer answer;
    char fault[TRIAL_REASON_MAX];
    if (answer_scan(text, len, &answer)) {
        check_answer(&answer, text);
        compare(&answer, text, len);
    }
    if (answer_read(text, len, &answer, fault) == 0)
        check_answer(&answer, text);
    else
        check_text(fault, text);
}

static void
check_line(const char *text, size_t len)
{
    char *copy = malloc(len + 1); /* exact, so that reading past it is seen */
    if (!copy)
        return;
    memcpy(copy, text, len);
    copy[len] = '\0';
    check_one(copy, len);
    struct answer_line line = answer_line(copy, len);
    size_t piece_len, left = len + 1;
    for (const char *piece; (piece = answer_line_next(&line, &piece_len));) {
        require(piece >= copy && piece + piece_len <= copy + len, "a piece of another line", copy);
        require(left-- > 0, "pieces without end", copy);
        check_one(piece, piece_len);
    }
    free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *end = text + size;
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t len = (size_t)((stop ? stop : end) - text);
        check_line(text, len);
        text += len + 1;
    }
    return 0;
}

#ifndef LIBFUZZER
enum { DRIVER_INPUT_MAX = 64 * 1024, DRIVER_CHANGES = 3000 };
static const char *const driver_words[] = { "null", "-1", "0", "9223372036854775807", "1e999", "[]",
    "{}", "\"\"", "\\u0000", "\\ud800", "\xFF", "\n", "\"", "1.5", "true", "\"trial\":1,", "NaN",
    "-Infinity", "\"score\":", "\"metrics\":{", "\"error\":\"x\",", "\"step\":3,", "\"value\":",
    "e-400", "00000000000000000000000000000000000000000000000000000000000000000000000000000000",
    "[[[[[[[[", "[{", "},{", "\\u001b[2J", ",", "}", NULL };
#include "driver.h"
#endif
