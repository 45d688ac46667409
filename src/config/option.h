/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Options: one row says an option's section, key, type, range, default, unit
 * and help. optop.ini and run files are two tables of such rows; validation,
 * the sample files, the manual pages, the forms on the screen and
 * `optop config` all go by them.
 *
 * To add an option: one row in config.c or runfile.c.
 */
#ifndef OPTOP_CONFIG_OPTION_H
#define OPTOP_CONFIG_OPTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

enum option_type {
    OPTION_TEXT,
    OPTION_PATH, /* text that names a file or a directory: forms complete it */
    OPTION_INT,
    OPTION_NUMBER,
    OPTION_BOOL,
    OPTION_BYTES, /* unit_parse_bytes */
    OPTION_DURATION, /* seconds; unit_parse_duration */
    OPTION_CHOICE,
    OPTION_LEVEL, /* a threshold's level: "80", "> 80", "< 90" */
    OPTION_CUSTOM, /* checked by its own parser (space, score, workers) */
};

struct option {
    const char *section; /* "server", or "threshold *" for [threshold NAME] */
    const char *key; /* "*": any key (a free section such as [space]) */
    enum option_type type;
    double min, max; /* for numbers, bytes and durations, both included */
    const char *choices; /* "grid|random", for OPTION_CHOICE */
    const char *fallback; /* default, as text; NULL: required or none */
    bool required;
    const char *help; /* one sentence, no full stop at the end */
    const char *example; /* for free sections and options without default */
};

struct option_value {
    const char *text; /* borrowed from the argument of option_check */
    double number; /* int, number, bytes, duration, level; bool and choice: index */
    int64_t integer; /* OPTION_INT */
    bool below; /* OPTION_LEVEL: fires under the level */
};

/* A table ends with a row whose section is NULL. */
const struct option *option_find(const struct option *table, const char *section, const char *key);

/* Is there any row for this section? */
bool option_section_known(const struct option *table, const char *section);

/* Checks one value against its row. On failure diag->text says what was found
 * and what is allowed: `"fast" is not a duration (allowed: 100ms to 1h)`. */
int option_check(const struct option *option, const char *text,
    struct option_value *ret_value, struct diag *diag);

/* "100ms to 1h", "one of: grid, random", "any text": what a row allows. */
const char *option_allowed(const struct option *option, char *buf, size_t size);

const char *option_type_name(enum option_type type);

/* Closest key of the section by edit distance, for "did you mean"; or NULL. */
const char *option_suggest(const struct option *table, const char *section, const char *key);

/* The table as a commented INI file, defaults as comments. */
void option_print_sample(const struct option *table, struct str *out);

/* Text as mdoc(7) shows it: what troff would take for itself is escaped. */
void mdoc_text(struct str *out, const char *text);

/* The table as mdoc(7) list items, for the manual pages. */
void option_print_manual(const struct option *table, struct str *out);

#endif
