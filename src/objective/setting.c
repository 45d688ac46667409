/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "objective/setting.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "io/newfile.h"

extern char **environ;

/* Does an entry "K=V" set the variable that begins another one? */
static bool
same_variable(const char *entry, const char *other)
{
    size_t len = strcspn(entry, "=");
    return !strncmp(entry, other, len) && (other[len] == '=' || !other[len]);
}

static bool
is_replaced(const struct setting *setting, const char *entry)
{
    for (int i = 0; i < setting->variable_count; i++)
        if (same_variable(entry, setting->environment[i]))
            return true;
    return false;
}

/* Ours first, then what is left of the worker's own. */
static int
init_environment(struct setting *setting, const json_t *init,
    const struct template_scope *scope, struct diag *diag)
{
    json_t *variables = json_object_get(init, "environment"), *value;
    const char *name;
    size_t inherited = 0, used = json_object_size(variables);
    while (environ[inherited])
        inherited++;
    setting->environment = xcalloc(used + inherited + 1, sizeof *setting->environment);
    setting->variable = xcalloc(used + 1, sizeof *setting->variable);
    json_object_foreach (variables, name, value) {
        char *text = xasprintf("%s=%s", name, json_string_value(value) ?: "");
        struct template *variable = &setting->variable[setting->variable_count];
        int r = template_init(variable, text, scope, diag);
        free(text);
        if (r < 0)
            return r;
        if (variable->varies) /* its name, until the first trial */
            str_puts(&variable->text, name);
        setting->environment[setting->variable_count++] = variable->text.data;
    }
    for (size_t i = 0, at = used; i < inherited; i++)
        if (!is_replaced(setting, environ[i]))
            setting->environment[at++] = environ[i];
    return 0;
}

int
setting_init(struct setting *setting, const json_t *init, const struct template_scope *scope,
    struct diag *diag)
{
    const char *in = json_get_string(init, "stdin", NULL);
    memset(setting, 0, sizeof *setting);
    setting->in_fd = -1;
    if (in) {
        setting->in = xcalloc(1, sizeof *setting->in);
        int r = template_init(setting->in, in, scope, diag);
        if (r < 0)
            return r;
    }
    return init_environment(setting, init, scope, diag);
}

void
setting_release(struct setting *setting)
{
    setting_end(setting);
    if (setting->in)
        template_release(setting->in);
    free(setting->in);
    for (int i = 0; i < setting->variable_count; i++)
        template_release(&setting->variable[i]);
    free(setting->variable);
    free(setting->environment);
    memset(setting, 0, sizeof *setting);
    setting->in_fd = -1;
}

static int
make_input(struct setting *setting)
{
    struct str *text = &setting->in->text;
    int fd = memfd_create("stdin", MFD_CLOEXEC);
    if (fd < 0)
        return -errno;
    int r = write_all(fd, text->data, text->len);
    if (r == 0)
        r = write_all(fd, "\n", 1);
    if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
        r = -errno;
    if (r < 0)
        close(fd);
    else
        setting->in_fd = fd;
    return r;
}

int
setting_make(struct setting *setting, const char *const *values)
{
    for (int i = 0; i < setting->variable_count; i++) {
        struct template *variable = &setting->variable[i];
        if (!variable->varies)
            continue;
        template_build(variable, values);
        setting->environment[i] = variable->text.data;
    }
    if (!setting->in)
        return 0;
    if (setting->in->varies)
        template_build(setting->in, values);
    return make_input(setting);
}

void
setting_end(struct setting *setting)
{
    if (setting->in_fd >= 0)
        close(setting->in_fd);
    setting->in_fd = -1;
}

const char *
setting_getenv(const struct setting *setting, const char *name)
{
    for (char **entry = setting->environment; *entry; entry++)
        if (same_variable(name, *entry))
            return strchr(*entry, '=') ? strchr(*entry, '=') + 1 : "";
    return NULL;
}

bool
setting_varies(const struct setting *setting, const char *name)
{
    for (int i = 0; i < setting->variable_count; i++)
        if (same_variable(name, setting->environment[i]))
            return setting->variable[i].varies;
    return false;
}
