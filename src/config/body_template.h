/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The body of a webhook of `format = template`: a JSON text of the user's with
 * {{variables}}. Texts are escaped as JSON wants them within quotes, which the
 * template has; numbers stand for themselves, or null. There is no logic in it,
 * and an unknown variable is an error when the file is read.
 */
#ifndef OPTOP_CONFIG_BODY_TEMPLATE_H
#define OPTOP_CONFIG_BODY_TEMPLATE_H

#include "base/err.h"
#include "base/str.h"

/*  X(ID, "name", "sample", "what it is"). To add one: a row here, and its value
 *  in alert/format.c. */
#define BODY_VARIABLE_TABLE(X)                                                 \
    X(TYPE, "type", "alert.warning", "type of the notice")                     \
    X(ID, "id", "msg_0", "id of the notice, the same for all tries")           \
    X(TIME, "time", "2026-01-01T00:00:00.000Z", "when it was, in UTC")         \
    X(HOST, "host", "host", "name of the machine")                             \
    X(KEY, "key", "cpu.total", "what it is about: a metric, or run:NUMBER")    \
    X(STATE, "state", "warning", "its state now")                              \
    X(SEVERITY, "severity", "warning", "critical, error, warning or info")     \
    X(VALUE, "value", "91.2", "number or null")                                \
    X(LEVEL, "level", "80", "the level that was passed, number or null")       \
    X(UNIT, "unit", "%", "unit of both, or nothing")                           \
    X(INCIDENT, "incident", "2026-01-01T00:00:00.000Z", "since when it is not normal, or nothing") \
    X(SEQUENCE, "sequence", "1", "number: of the notice in its incident")      \
    X(TEXT, "text", "cpu.total is 91.2%", "one line for people")        \
    X(LABELS, "labels", "team=lab,site=north", "labels of the threshold, divided by commas, or nothing")

enum body_variable {
#define X(id, name, sample, help) BODY_##id,
    BODY_VARIABLE_TABLE(X)
#undef X
    BODY_VARIABLE_COUNT
};

/* Reads the file and checks it: variables, and that JSON comes out. ret_text is
 * owned by the caller. */
int body_template_load(const char *path, char **ret_text, struct diag *diag);

/* Appends the text with the values in it; a value is a text, or NULL for null. */
void body_template_fill(const char *text, const char *const values[BODY_VARIABLE_COUNT],
    struct str *out);

#endif
