/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/err.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    int code;
    const char *name;
    const char *text;
} err_table[] = {
#define X(code, name, text) { code, #name, text },
    ERR_TABLE(X)
#undef X
};

const char *
err_text(int code)
{
    for (size_t i = 0; i < sizeof err_table / sizeof *err_table; i++)
        if (err_table[i].code == code)
            return err_table[i].text;
    if (code >= 0)
        return "no error";
    const char *text = code == INT_MIN ? NULL : strerrordesc_np(-code);
    return text ? text : "unknown error";
}

const char *
err_name(int code)
{
    for (size_t i = 0; i < sizeof err_table / sizeof *err_table; i++)
        if (err_table[i].code == code)
            return err_table[i].name;
    if (code >= 0)
        return "OK";
    const char *name = code == INT_MIN ? NULL : strerrorname_np(-code);
    return name ? name : "UNKNOWN";
}

int
diag_set(struct diag *diag, int code, const char *format, ...)
{
    if (!diag)
        return code;
    va_list args;
    va_start(args, format);
    vsnprintf(diag->text, sizeof diag->text, format, args);
    va_end(args);
    diag->code = code;
    return code;
}

int
diag_no_memory(struct diag *diag)
{
    return diag_set(diag, -ENOMEM, "%s", err_text(-ENOMEM));
}

void
diag_at(struct diag *diag, const char *file, int line, const char *key)
{
    if (!diag)
        return;
    if (file)
        snprintf(diag->file, sizeof diag->file, "%s", file);
    if (line)
        diag->line = line;
    if (key)
        snprintf(diag->key, sizeof diag->key, "%s", key);
}

const char *
diag_format(const struct diag *diag, char *buf, size_t size)
{
    size_t used = 0;
    buf[0] = '\0';
#define APPEND(...)                                                            \
    do {                                                                       \
        int n_ = snprintf(buf + used, size - used, __VA_ARGS__);               \
        used += n_ > 0 ? (size_t)n_ : 0;                                       \
        if (used >= size)                                                      \
            return buf;                                                        \
    } while (0)
    if (diag->file[0] && diag->line)
        APPEND("%s:%d: ", diag->file, diag->line);
    else if (diag->file[0])
        APPEND("%s: ", diag->file);
    if (diag->key[0])
        APPEND("%s: ", diag->key);
    APPEND("%s", diag->text[0] ? diag->text : err_text(diag->code));
#undef APPEND
    return buf;
}
