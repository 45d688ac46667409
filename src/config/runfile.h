/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Run files: the option table of a run and the way from INI text to a checked
 * struct run_spec.
 *
 * [space] lines:  name = int LOW..HIGH [step N] [log]
 *                 name = float LOW..HIGH [step X] [log]
 *                 name = choice A, B, C        name = bool
 * A command's {name} must be a dimension or a parameter; {{ and }} are braces.
 */
#ifndef OPTOP_CONFIG_RUNFILE_H
#define OPTOP_CONFIG_RUNFILE_H

#include "config/ini.h"
#include "config/option.h"
#include "model/run.h"

extern const struct option run_options[];

/* Checks a document; fills *ret_spec (run_spec_release) or says file, line,
 * section.key. Constraint syntax is checked by search/constraint. */
int runfile_check(const struct ini *ini, struct run_spec *ret_spec, struct diag *diag);

/* "section.key=value", or "key=value" where only one section has that key. */
struct runfile_assignment {
    char section[RUN_NAME_MAX], key[DIAG_KEY_MAX];
    const char *value; /* borrowed from the text, not trimmed */
};
int runfile_parse_assignment(const char *text, struct runfile_assignment *ret_assignment,
    struct diag *diag);

/* Applies an assignment to a document (a --set of the command line). */
int runfile_set(struct ini *ini, const char *assignment, struct diag *diag);

/* Replaces what goes by the time of submission (run.start = +2h) by what it
 * means then. What is wrong stays, for runfile_check to tell. */
int runfile_settle(struct ini *ini, int64_t now_wall_ns, struct diag *diag);

/* Parses one [space] value into *ret_dimension (its choices are owned). */
int runfile_parse_dimension(const char *text, struct dimension *ret_dimension,
    struct diag *diag);

/* Splits a command into argv as a POSIX shell splits words (blanks, '..',
 * "..", backslash) without expanding anything. *ret_argv is one NULL-ended
 * array, owned (runfile_free_argv). ERR_SYNTAX on an open quote or no word. */
int runfile_split_command(const char *command, char ***ret_argv, struct diag *diag);
void runfile_free_argv(char **argv);

/* Finds the next {name} in an argument at or after *offset: 1 with the
 * piece's bounds, 0 when there is none, ERR_SYNTAX on a lone brace. */
struct runfile_place {
    size_t start, end; /* of "{name}" in the argument */
    char name[RUN_NAME_MAX]; /* "{" or "}" for a doubled brace */
};
int runfile_next_place(const char *argument, size_t offset, struct runfile_place *ret_place);

#endif
