/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "objective/score.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/unit.h"

int
score_init(struct score *score, enum score_kind kind, const char *field)
{
    memset(score, 0, sizeof *score);
    score->kind = kind;
    str_copy(score->field, sizeof score->field, field);
    str_init(&score->object);
    str_init(&score->metrics);
    score->buffer = malloc(SCORE_OBJECT_MAX + SCORE_READ_MAX);
    return score->buffer ? 0 : -ENOMEM;
}

void
score_release(struct score *score)
{
    free(score->buffer);
    score->buffer = NULL;
    str_release(&score->object);
    str_release(&score->metrics);
}

void
score_reset(struct score *score)
{
    score->bytes = 0;
    score->carried = 0;
    score->skipping = score->found = false;
    str_clear(&score->object);
    str_clear(&score->metrics);
}

char *
score_room(struct score *score, size_t *ret_room)
{
    *ret_room = SCORE_READ_MAX;
    return score->buffer + score->carried;
}

/* Keeps what lies from `from` to `to` for the next piece, or gives it up. */
static void
carry(struct score *score, size_t from, size_t to, size_t max)
{
    score->skipping = score->skipping || to - from > max;
    score->carried = score->skipping ? 0 : to - from;
    memmove(score->buffer, score->buffer + from, score->carried);
}

/* Numbers. */

/* Bytes that words are made of, and which of them a number, "nan", "inf" or
 * "infinity" can begin and end with: most words are seen through by that. */
enum { WORD = 1, FIRST = 2, LAST = 4, KEY = 8 /* there is none without one of these */ };

static const unsigned char classes[256] = {
    ['0' ... '9'] = WORD | FIRST | LAST | KEY,
    ['_'] = WORD, ['.'] = WORD | FIRST, ['+'] = WORD | FIRST, ['-'] = WORD | FIRST,
    ['a' ... 'e'] = WORD, ['f'] = WORD | LAST, ['g' ... 'h'] = WORD, ['i'] = WORD | FIRST,
    ['j' ... 'm'] = WORD, ['n'] = WORD | FIRST | LAST | KEY, ['o' ... 'x'] = WORD,
    ['y'] = WORD | LAST, ['z'] = WORD,
    ['A' ... 'E'] = WORD, ['F'] = WORD | LAST, ['G' ... 'H'] = WORD, ['I'] = WORD | FIRST,
    ['J' ... 'M'] = WORD, ['N'] = WORD | FIRST | LAST | KEY, ['O' ... 'X'] = WORD,
    ['Y'] = WORD | LAST, ['Z'] = WORD,
};

static bool
is_class(char c, unsigned class)
{
    return classes[(unsigned char)c] & class;
}

static bool
is_word(char c)
{
    return is_class(c, WORD);
}

/* Is the word a number? NaN for one that is not finite. */
static bool
read_number(const char *bytes, size_t len, double *ret_number)
{
    char word[SCORE_WORD_MAX + 1];
    while (len && bytes[len - 1] == '.')
        len--;
    if (!len || len > SCORE_WORD_MAX || !is_class(bytes[0], FIRST) ||
        !is_class(bytes[len - 1], LAST))
        return false;
    memcpy(word, bytes, len);
    word[len] = '\0';
    int r = unit_parse_number(word, ret_number);
    if (r == 0)
        return true;
    const char *bare = word + (word[0] == '-' || word[0] == '+');
    if (r != ERR_BAD_RANGE && strcasecmp(bare, "nan") != 0 && strcasecmp(bare, "inf") != 0 &&
        strcasecmp(bare, "infinity") != 0)
        return false;
    *ret_number = (double)NAN;
    return true;
}

/* Looks from the back: in most output the last word is the number. */
static void
take_numbers(struct score *score, size_t len)
{
    const char *buf = score->buffer;
    size_t start = 0, end = len;
    if (score->skipping)
        while (start < len && is_word(buf[start]))
            start++;
    if (start < len)
        score->skipping = false;
    while (end > start && is_word(buf[end - 1]))
        end--;
    for (size_t at = end;;) {
        while (at > start && !is_class(buf[at - 1], KEY))
            at--;
        if (at == start)
            break;
        size_t word_end = at;
        while (word_end < end && is_word(buf[word_end]))
            word_end++;
        while (at > start && is_word(buf[at - 1]))
            at--;
        if (read_number(buf + at, word_end - at, &score->number)) {
            score->found = true;
            break;
        }
    }
    carry(score, end, len, SCORE_WORD_MAX);
}

/* Objects. */

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool
take_object(struct score *score, const char *line, size_t len)
{
    while (len && is_blank(*line))
        line++, len--;
    while (len && is_blank(line[len - 1]))
        len--;
    if (len < 2 || len > SCORE_OBJECT_MAX || line[0] != '{' || line[len - 1] != '}')
        return false;
    str_clear(&score->object);
    str_append(&score->object, line, len);
    score->found = true;
    return true;
}

static void
take_lines(struct score *score, size_t len)
{
    const char *buf = score->buffer;
    size_t start = 0;
    if (score->skipping) {
        const char *newline = memchr(buf, '\n', len);
        if (!newline)
            return;
        start = (size_t)(newline - buf) + 1;
        score->skipping = false;
    }
    const char *last = memrchr(buf + start, '\n', len - start);
    size_t rest = last ? (size_t)(last - buf) + 1 : start; /* behind the last whole line */
    /* only lines with a closing brace are looked at, from the back */
    for (size_t end = rest; end > start;) {
        const char *brace = memrchr(buf + start, '}', end - start);
        if (!brace)
            break;
        const char *line_end = memchr(brace, '\n', len - (size_t)(brace - buf));
        const char *before = memrchr(buf + start, '\n', (size_t)(brace - buf) - start);
        const char *line = before ? before + 1 : buf + start;
        if (take_object(score, line, (size_t)(line_end - line)))
            break;
        end = (size_t)(line - buf);
    }
    carry(score, rest, len, SCORE_OBJECT_MAX);
}

void
score_take(struct score *score, size_t len)
{
    score->bytes += len;
    if (score->kind == SCORE_STDOUT)
        take_numbers(score, score->carried + len);
    else if (score->kind == SCORE_JSON)
        take_lines(score, score->carried + len);
}

/* The end. */

static int
no_score(char reason[TRIAL_REASON_MAX], const char *text)
{
    snprintf(reason, TRIAL_REASON_MAX, "%s", text);
    return ERR_NOT_FOUND;
}

static int
end_numbers(struct score *score, double *ret_score, char reason[TRIAL_REASON_MAX])
{
    double number;
    if (!score->skipping && read_number(score->buffer, score->carried, &number)) {
        score->number = number;
        score->found = true;
    }
    *ret_score = score->number;
    return score->found ? 0 : no_score(reason, "no number in the output");
}

static int
end_objects(struct score *score, double *ret_score, char reason[TRIAL_REASON_MAX])
{
    if (!score->skipping)
        take_object(score, score->buffer, score->carried);
    if (!score->found)
        return no_score(reason, "no JSON object in the output");
    struct diag diag;
    json_t *object = json_parse(score->object.data, score->object.len, &diag);
    if (!object) {
        snprintf(reason, TRIAL_REASON_MAX, "no JSON object in the output: %.80s", diag.text);
        return ERR_NOT_FOUND;
    }
    const json_t *value = json_object_get(object, score->field);
    int r = json_is_number(value) ? 0 : ERR_NOT_FOUND;
    if (r == 0)
        *ret_score = json_number_value(value);
    else
        snprintf(reason, TRIAL_REASON_MAX, value ? "field %.64s is not a number"
                                                 : "field %.64s is missing", score->field);
    trial_metrics_read(object, score->field, &score->metrics);
    json_decref(object);
    return r;
}

int
score_end(struct score *score, const struct trial_result *figures, double *ret_score,
    char reason[TRIAL_REASON_MAX])
{
    double value = (double)NAN;
    int r = 0;
    switch (score->kind) {
    case SCORE_STDOUT:
        r = end_numbers(score, &value, reason);
        break;
    case SCORE_JSON:
        r = end_objects(score, &value, reason);
        break;
    case SCORE_STDOUT_BYTES:
        value = (double)score->bytes;
        break;
    case SCORE_WALL_SECONDS:
        value = figures->wall_seconds;
        break;
    case SCORE_CPU_SECONDS:
        value = figures->cpu_seconds;
        break;
    case SCORE_MAX_RSS_BYTES:
        value = figures->max_rss_bytes;
        break;
    }
    if (r < 0)
        return r;
    if (!isfinite(value))
        return no_score(reason, "score is not finite");
    *ret_score = value;
    return 0;
}
