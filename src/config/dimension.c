/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One value of [space] into one axis.
 */
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/unit.h"
#include "config/runfile.h"

#define EXACT_MAX INT64_C(9007199254740992) /* 2^53 */
#define FLOAT_MAX 1e300 /* high - low stays finite */

enum { RANGE_TEXT_MAX = 256 };

static int
bad_number(const char *text, enum dimension_kind kind, struct diag *diag)
{
    char shown[80];
    text_clean(text, shown, sizeof shown);
    if (kind == DIMENSION_INT)
        return diag_set(diag, ERR_BAD_TYPE,
            "\"%s\" is not a whole number (allowed: -2^53 to 2^53)", shown);
    return diag_set(diag, ERR_BAD_TYPE, "\"%s\" is not a number (allowed: -1e300 to 1e300)",
        shown);
}

static int
parse_number(const char *text, enum dimension_kind kind, double *ret_value, struct diag *diag)
{
    int64_t whole = 0;
    double value = 0;
    int r = kind == DIMENSION_INT ? unit_parse_int(text, &whole) : unit_parse_number(text, &value);
    /* Compared as what they are: a double of 2^53 + 1 would be 2^53. */
    if (r < 0 || whole > EXACT_MAX || whole < -EXACT_MAX || fabs(value) > FLOAT_MAX)
        return bad_number(text, kind, diag);
    if (kind == DIMENSION_INT)
        value = (double)whole;
    *ret_value = value;
    return 0;
}

/* The next word of *text, which is moved behind it; NULL at the end. */
static char *
next_word(char **text)
{
    char *word = *text + strspn(*text, " \t");
    if (!*word)
        return NULL;
    char *end = word + strcspn(word, " \t");
    *text = *end ? end + 1 : end;
    *end = '\0';
    return word;
}

static int
parse_tail(char *text, struct dimension *dimension, struct diag *diag)
{
    char shown[80], *word;
    while ((word = next_word(&text))) {
        if (!strcmp(word, "log") && !dimension->log_scale) {
            dimension->log_scale = true;
        } else if (!strcmp(word, "step") && dimension->step == 0) {
            char *number = next_word(&text);
            int r = parse_number(number ? number : "", dimension->kind, &dimension->step, diag);
            if (r < 0)
                return r;
            if (dimension->step <= 0)
                return diag_set(diag, ERR_BAD_RANGE, "a step must be above 0");
        } else {
            return diag_set(diag, ERR_SYNTAX,
                "\"%s\" behind the range (allowed: step NUMBER, log, each once)",
                text_clean(word, shown, sizeof shown));
        }
    }
    return 0;
}

static int
check_range(struct dimension *dimension, struct diag *diag)
{
    if (dimension->low > dimension->high)
        return diag_set(diag, ERR_BAD_RANGE, "the range is empty: its low end is above its high");
    if (dimension->log_scale && dimension->low <= 0)
        return diag_set(diag, ERR_BAD_RANGE, "log needs a range above 0");
    if (dimension->kind == DIMENSION_INT && dimension->step == 0)
        dimension->step = 1;
    if (dimension->step > 0 && (dimension->high - dimension->low) / dimension->step >= (double)EXACT_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "more than 2^53 values: the step is too small");
    return 0;
}

static int
parse_range(const char *text, struct dimension *dimension, struct diag *diag)
{
    char copy[RANGE_TEXT_MAX];
    char *dots = str_copy(copy, sizeof copy, text) ? strstr(copy, "..") : NULL;
    if (!dots)
        return diag_set(diag, ERR_SYNTAX, "a range LOW..HIGH is missing (for example: %s)",
            dimension->kind == DIMENSION_INT ? "int 0..9" : "float 0..1 step 0.1");
    *dots = '\0';
    char *tail = dots + 2;
    char *high = next_word(&tail);
    int r = parse_number(str_trim(copy), dimension->kind, &dimension->low, diag);
    if (r == 0)
        r = parse_number(high ? high : "", dimension->kind, &dimension->high, diag);
    if (r == 0)
        r = parse_tail(tail, dimension, diag);
    return r < 0 ? r : check_range(dimension, diag);
}

static int
add_choice(struct dimension *dimension, const char *text, size_t len, struct diag *diag)
{
    char shown[80];
    while (len && isspace((unsigned char)text[len - 1]))
        len--;
    if (!len)
        return diag_set(diag, ERR_SYNTAX, "an empty choice (write choice A, B, C)");
    if (dimension->choice_count >= RUN_CHOICES_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "more than %d choices", RUN_CHOICES_MAX);
    for (int i = 0; i < dimension->choice_count; i++)
        if (strlen(dimension->choice[i]) == len && !memcmp(dimension->choice[i], text, len))
            return diag_set(diag, ERR_DUPLICATE, "choice \"%s\" is given twice",
                text_clean(dimension->choice[i], shown, sizeof shown));
    char **grown = realloc(dimension->choice,
        (size_t)(dimension->choice_count + 1) * sizeof *grown);
    if (!grown)
        return diag_no_memory(diag);
    dimension->choice = grown;
    grown[dimension->choice_count] = strndup(text, len);
    if (!grown[dimension->choice_count])
        return diag_no_memory(diag);
    dimension->choice_count++;
    return 0;
}

static int
parse_choices(const char *text, struct dimension *dimension, struct diag *diag)
{
    int r = 0;
    for (const char *c = text; r == 0; c++) {
        c += strspn(c, " \t");
        size_t len = strcspn(c, ",");
        r = add_choice(dimension, c, len, diag);
        c += len;
        if (!*c)
            break;
    }
    dimension->step = 1;
    dimension->high = dimension->choice_count - 1;
    return r;
}

static void
release_choices(struct dimension *dimension)
{
    for (int i = 0; i < dimension->choice_count; i++)
        free(dimension->choice[i]);
    free(dimension->choice);
}

int
runfile_parse_dimension(const char *text, struct dimension *ret_dimension, struct diag *diag)
{
    static const struct {
        const char *word;
        enum dimension_kind kind;
    } kinds[] = {
        { "int", DIMENSION_INT }, { "float", DIMENSION_FLOAT }, { "choice", DIMENSION_CHOICE },
        { "bool", DIMENSION_CHOICE },
    };
    struct dimension dimension = { 0 };
    char shown[80];
    size_t len = strcspn(text, " \t"), i, count = sizeof kinds / sizeof *kinds;
    for (i = 0; i < count; i++)
        if (strlen(kinds[i].word) == len && !memcmp(kinds[i].word, text, len))
            break;
    const char *rest = text + len + strspn(text + len, " \t");
    bool is_bool = i < count && !strcmp(kinds[i].word, "bool");
    if (i == count || (is_bool && *rest))
        return diag_set(diag, ERR_SYNTAX,
            "\"%s\" is not a dimension (allowed: int LOW..HIGH [step N] [log], "
            "float LOW..HIGH [step X] [log], choice A, B, C, bool)",
            text_clean(text, shown, sizeof shown));
    dimension.kind = kinds[i].kind;
    int r = dimension.kind == DIMENSION_CHOICE
        ? parse_choices(is_bool ? "false, true" : rest, &dimension, diag)
        : parse_range(rest, &dimension, diag);
    if (r < 0) {
        release_choices(&dimension);
        return r;
    }
    *ret_dimension = dimension;
    return 0;
}
