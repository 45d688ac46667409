/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "cmd/csv.h"

#include <string.h>

#include "cmd/output.h"

/* Columns of how a trial ended, behind its parameters and metrics. */
static const char *const ends[] = { "exit_code", "signal", "attempt", "finished", "reason" };
enum { END_COUNT = sizeof ends / sizeof *ends };

static void
put_field(struct str *out, const char *text)
{
    if (out->len && out->data[out->len - 1] != '\n')
        str_putc(out, ',');
    if (!text[strcspn(text, ",\"\r\n")]) {
        str_puts(out, text);
        return;
    }
    str_putc(out, '"');
    for (; *text; text++) {
        if (*text == '"')
            str_putc(out, '"');
        str_putc(out, *text);
    }
    str_putc(out, '"');
}

static void
put_member(struct str *out, const json_t *object, const char *name)
{
    char buf[64];
    put_field(out, output_scalar(json_object_get(object, name), "", buf, sizeof buf));
}

static void
put_names(struct str *out, const json_t *names)
{
    size_t i;
    json_t *name;
    json_array_foreach (names, i, name)
        put_field(out, json_string_value(name) ?: "");
}

static void
put_members(struct str *out, const json_t *object, const json_t *names)
{
    size_t i;
    json_t *name;
    json_array_foreach (names, i, name)
        put_member(out, object, json_string_value(name) ?: "");
}

void
csv_header(const json_t *table, bool all, struct str *out)
{
    put_field(out, "trial");
    if (all)
        put_field(out, "state");
    put_field(out, "score");
    put_names(out, json_object_get(table, "parameters"));
    put_names(out, json_object_get(table, "metrics"));
    for (int i = 0; all && i < END_COUNT; i++)
        put_field(out, ends[i]);
    str_putc(out, '\n');
}

void
csv_trial(const json_t *table, const json_t *trial, bool all, struct str *out)
{
    put_member(out, trial, "trial");
    if (all)
        put_member(out, trial, "state");
    put_member(out, trial, "score");
    put_members(out, json_object_get(trial, "params"), json_object_get(table, "parameters"));
    put_members(out, json_object_get(trial, "metrics"), json_object_get(table, "metrics"));
    for (int i = 0; all && i < END_COUNT; i++)
        put_member(out, trial, ends[i]);
    str_putc(out, '\n');
}
