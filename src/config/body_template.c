/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/body_template.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "base/text.h"

enum { TEMPLATE_BYTES_MAX = 32 * 1024 };

static const char *const names[] = {
#define X(id, name, sample, help) name,
    BODY_VARIABLE_TABLE(X)
#undef X
};

/* The variable whose name is these bytes, or ERR_NOT_FOUND. */
static int
find_variable(const char *name, size_t len)
{
    for (int i = 0; i < BODY_VARIABLE_COUNT; i++)
        if (strlen(names[i]) == len && !memcmp(names[i], name, len))
            return i;
    return ERR_NOT_FOUND;
}

/* The next {{name}} in the text: where it starts, its name without blanks, and
 * what is behind it. NULL: there is none. */
static const char *
next_variable(const char *text, const char **ret_name, size_t *ret_len, const char **ret_rest)
{
    const char *start = strstr(text, "{{");
    const char *end = start ? strstr(start, "}}") : NULL;
    if (!end)
        return NULL;
    const char *name = start + 2, *stop = end;
    while (name < stop && *name == ' ')
        name++;
    while (stop > name && stop[-1] == ' ')
        stop--;
    *ret_name = name;
    *ret_len = (size_t)(stop - name);
    *ret_rest = end + 2;
    return start;
}

static void
put_value(struct str *out, const char *value)
{
    if (!value) {
        str_puts(out, "null");
        return;
    }
    size_t at = out->len;
    json_quote(out, value, strlen(value));
    /* the quotes are the template's */
    memmove(out->data + at, out->data + at + 1, out->len - at - 2);
    out->len -= 2;
    out->data[out->len] = '\0';
}

void
body_template_fill(const char *text, const char *const values[BODY_VARIABLE_COUNT],
    struct str *out)
{
    const char *start, *name, *rest;
    size_t len;
    for (; (start = next_variable(text, &name, &len, &rest)); text = rest) {
        int variable = find_variable(name, len);
        str_append(out, text, (size_t)(start - text));
        if (variable >= 0)
            put_value(out, values[variable]);
        else
            str_append(out, start, (size_t)(rest - start));
    }
    str_puts(out, text);
}

static int
line_of(const char *text, const char *at)
{
    int line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

static int
check(const char *text, struct diag *diag)
{
    static const char *const samples[] = {
#define X(id, name, sample, help) sample,
        BODY_VARIABLE_TABLE(X)
#undef X
    };
    const char *start, *name, *rest, *at = text;
    size_t len;
    for (; (start = next_variable(at, &name, &len, &rest)); at = rest) {
        char shown[40];
        if (find_variable(name, len) < 0)
            return diag_set(diag, ERR_NOT_FOUND, "line %d: unknown variable {{%s}}",
                line_of(text, start), text_clean_bytes(name, len, shown, sizeof shown));
    }
    struct str body;
    str_init(&body);
    body_template_fill(text, samples, &body);
    struct diag why = { 0 };
    json_t *json = json_parse(body.data, body.len, &why);
    int r = json ? 0 : diag_set(diag, ERR_SYNTAX, "what comes out is no JSON: %s", why.text);
    json_decref(json);
    str_release(&body);
    return r;
}

int
body_template_load(const char *path, char **ret_text, struct diag *diag)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char *text = fd < 0 ? NULL : malloc(TEMPLATE_BYTES_MAX + 1);
    ssize_t n = text ? read(fd, text, TEMPLATE_BYTES_MAX + 1) : -1;
    int r = n >= 0 ? 0 : diag_set(diag, -errno, "%s", strerror(errno));
    if (fd >= 0)
        close(fd);
    if (n > TEMPLATE_BYTES_MAX)
        r = diag_set(diag, ERR_TOO_LARGE, "it is larger than %d KiB", TEMPLATE_BYTES_MAX / 1024);
    if (r == 0) {
        text[n] = '\0';
        r = memchr(text, '\0', (size_t)n) ? diag_set(diag, ERR_SYNTAX, "it is no text")
                                          : check(text, diag);
    }
    if (r < 0)
        free(text);
    else
        *ret_text = text;
    return r;
}
