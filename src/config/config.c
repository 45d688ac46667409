/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * optop.ini: the thresholds that hold without a file, and a document checked against
 * the option table into a struct config.
 */
#include "config/config.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "config/config_take.h"
#include "config/threshold.h"
#include "config/walk.h"

/* Thresholds that hold unless the file has a section of the same name. To add
 * one: a row; a level left NULL is not watched. */
static const struct {
    const char *metric;
    const char *warning, *critical, *hold;
} default_thresholds[] = {
    { "cpu.total", "80", "95", "30s" },
    { "memory.used_pct", "85", "95", "10s" },
    { "memory.pressure", "2.5", "3.5", "0s" }, /* high, critical */
    { "pressure.memory_full", "5", "20", "5s" },
    { "disk.busy", "85", "95", "60s" },
    { "filesystem.used_pct", "85", "95", "60s" },
    { "net.used_pct", "80", "95", "30s" },
    { "pool.reuse", "< 90%", NULL, "60s" }, /* of pools with WATCHED_ENOUGH acquisitions */
    { "server.queued_runs", "100", NULL, "10s" },
    { "server.worker_crashes", "2", "9", "0s" }, /* in ten minutes */
};

enum { DEFAULT_THRESHOLDS = sizeof default_thresholds / sizeof *default_thresholds };

static const char threshold_prefix[] = THRESHOLD_PREFIX;
static const char webhook_prefix[] = "webhook ";

/* Sections by name whose structs begin with it. To add one: a row, and its options. */
static const struct named {
    const char *prefix, *section, *many;
    int max;
    size_t size, list, count; /* of a struct; offsets of the array and of its length */
} named_sections[] = {
#define NAMED(prefix, many, max, list, count)                                  \
    { prefix " ", prefix " *", many, max, sizeof *((struct config *)0)->list,  \
        offsetof(struct config, list), offsetof(struct config, count) }
    NAMED("webhook", "webhooks", CONFIG_WEBHOOKS_MAX, webhook, webhook_count),
    NAMED("silence", "silences", CONFIG_WINDOWS_MAX, window, window_count),
    NAMED("layout", "layouts", CONFIG_LAYOUTS_MAX, layouts, layout_count),
#undef NAMED
};

_Static_assert((int)ARRANGEMENT_NAME_MAX == CONFIG_NAME_MAX, "all names have the same room");

enum { NAMED_SECTIONS = sizeof named_sections / sizeof *named_sections };

struct builder {
    const struct ini *ini;
    struct config *config;
    void *target; /* of the present section */
};

static int
init_threshold(struct config_threshold *threshold, const char *name, const char *metric,
    const char *of, int line, struct diag *diag)
{
    memset(threshold, 0, sizeof *threshold);
    threshold->of = of ? metric_aspect_parse(of) : ASPECT_VALUE;
    threshold->line = line;
    threshold->clear_warning = threshold->clear_critical = NAN;
    int r = threshold_set_name(threshold, name, metric, diag);
    return r < 0 ? r : walk_defaults(config_options, config_bindings, "threshold *", threshold, diag);
}

static int
open_threshold(struct builder *builder, const struct ini_entry *entry, struct diag *diag)
{
    struct config *config = builder->config;
    if (config->threshold_count >= CONFIG_THRESHOLDS_MAX - DEFAULT_THRESHOLDS)
        return diag_set(diag, ERR_TOO_LARGE, "more than %d thresholds",
            CONFIG_THRESHOLDS_MAX - DEFAULT_THRESHOLDS);
    struct config_threshold *grown = realloc(config->threshold,
        (size_t)(config->threshold_count + 1) * sizeof *grown);
    if (!grown)
        return diag_no_memory(diag);
    config->threshold = grown;
    builder->target = &grown[config->threshold_count++];
    return init_threshold(builder->target, entry->section + strlen(threshold_prefix),
        ini_value(builder->ini, entry->section, "metric"),
        ini_value(builder->ini, entry->section, "of"), entry->line, diag);
}

bool
config_is_name(const char *name)
{
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c >= 0x80 || (!isalnum((unsigned char)*c) && !strchr("._-", *c)))
            return false;
    return *name && strlen(name) < CONFIG_NAME_MAX;
}

static int
open_named(struct builder *builder, const struct named *named, const struct ini_entry *entry,
    struct diag *diag)
{
    char shown[80];
    const char *name = entry->section + strlen(named->prefix);
    void **list = (void **)((char *)builder->config + named->list);
    int *count = (int *)((char *)builder->config + named->count);
    if (!config_is_name(name))
        return diag_set(diag, ERR_SYNTAX,
            "\"%s\" is not a name (allowed: 1 to 63 letters, digits, \".\", \"_\", \"-\")",
            text_clean(name, shown, sizeof shown));
    if (*count >= named->max)
        return diag_set(diag, ERR_TOO_LARGE, "more than %d %s", named->max, named->many);
    char *grown = realloc(*list, (size_t)(*count + 1) * named->size);
    if (!grown)
        return diag_no_memory(diag);
    *list = grown;
    builder->target = grown + (size_t)(*count)++ * named->size;
    memset(builder->target, 0, named->size);
    str_copy(builder->target, CONFIG_NAME_MAX, name);
    return walk_defaults(config_options, config_bindings, named->section, builder->target, diag);
}

/* Each has what its section must have. */
static int
require_named(struct config *config, const struct named *named, const struct ini *ini, struct diag *diag)
{
    const char *at = *(char **)((char *)config + named->list);
    int r = 0;
    for (int i = *(int *)((char *)config + named->count); i > 0 && r == 0; i--, at += named->size) {
        char section[32 + CONFIG_NAME_MAX];
        snprintf(section, sizeof section, "%s%s", named->prefix, at);
        r = walk_required(config_options, ini, section, diag);
    }
    return r;
}

static int
take_entry(void *context, const struct ini_entry *entry, const struct option *option,
    const struct option_value *value, struct diag *diag)
{
    struct builder *builder = context;
    if (option)
        return walk_store(option, &config_bindings[option - config_options], builder->target,
            entry, value, diag);
    if (str_starts(entry->section, threshold_prefix))
        return open_threshold(builder, entry, diag);
    for (int i = 0; i < NAMED_SECTIONS; i++)
        if (str_starts(entry->section, named_sections[i].prefix))
            return open_named(builder, &named_sections[i], entry, diag);
    builder->target = builder->config;
    return 0;
}

static int
set_threshold(struct config_threshold *threshold, const char *key, const char *text,
    struct diag *diag)
{
    struct option_value value;
    const struct option *option = option_find(config_options, "threshold *", key);
    int r = option_check(option, text, &value, diag);
    return r < 0 ? r : walk_store(option, &config_bindings[option - config_options], threshold,
        NULL, &value, diag);
}

static bool
has_threshold(const struct config *config, const char *name)
{
    for (int i = 0; i < config->threshold_count; i++)
        if (!strcmp(config->threshold[i].name, name))
            return true;
    return false;
}

static int
add_default_thresholds(struct config *config, struct diag *diag)
{
    struct config_threshold *grown = realloc(config->threshold,
        (size_t)(config->threshold_count + DEFAULT_THRESHOLDS) * sizeof *grown);
    if (!grown)
        return diag_no_memory(diag);
    config->threshold = grown;
    for (int i = 0; i < DEFAULT_THRESHOLDS; i++) {
        if (has_threshold(config, default_thresholds[i].metric))
            continue;
        struct config_threshold *threshold = &grown[config->threshold_count++];
        int r = init_threshold(threshold, default_thresholds[i].metric, NULL, NULL, 0, diag);
        if (r == 0 && default_thresholds[i].warning)
            r = set_threshold(threshold, "warning", default_thresholds[i].warning, diag);
        if (r == 0 && default_thresholds[i].critical)
            r = set_threshold(threshold, "critical", default_thresholds[i].critical, diag);
        if (r == 0)
            r = set_threshold(threshold, "for", default_thresholds[i].hold, diag);
        if (r < 0)
            return r;
    }
    return 0;
}

int
config_webhook_fault(const struct ini *ini, const struct config_webhook *webhook,
    const char *key, struct diag *diag, int code, const char *text)
{
    char section[sizeof webhook_prefix + CONFIG_NAME_MAX];
    snprintf(section, sizeof section, "%s%s", webhook_prefix, webhook->name);
    return walk_section_fault(ini, section, key, diag, code, text);
}

static int
check_webhook(const struct builder *builder, const struct config_webhook *webhook,
    struct diag *diag)
{
    char section[sizeof webhook_prefix + CONFIG_NAME_MAX];
    snprintf(section, sizeof section, "%s%s", webhook_prefix, webhook->name);
    const struct ini_entry *format = ini_find(builder->ini, section, "format");
    if ((format && !strcmp(format->value, "template")) != (webhook->template != NULL))
        return config_webhook_fault(builder->ini, webhook, format ? "format" : "template_file", diag,
            ERR_CONFLICT, "format = template and template_file need each other");
    if (webhook->secret.count && webhook->secret_env)
        return config_webhook_fault(builder->ini, webhook, "secret_env", diag, ERR_CONFLICT,
            "there is secret_file, too");
    const char *trust = webhook->ca_file ? "ca_file" : webhook->pin ? "pin" : NULL;
    if (trust && webhook->url && strncasecmp(webhook->url, "https:", 6))
        return config_webhook_fault(builder->ini, webhook, trust, diag, ERR_CONFLICT,
            "only a receiver by https shows a certificate");
    return 0;
}

int
config_read_environment(struct config *config, const struct ini *ini, struct diag *diag)
{
    for (int i = 0; i < config->webhook_count; i++) {
        struct config_webhook *webhook = &config->webhook[i];
        if (!webhook->secret_env)
            continue;
        struct diag why = { 0 };
        const char *text = getenv(webhook->secret_env);
        int r = text ? secret_read_text(&webhook->secret, text, &why)
                     : diag_set(&why, ERR_NOT_FOUND,
                           "the server's environment has no variable of this name");
        if (r < 0)
            return config_webhook_fault(ini, webhook, "secret_env", diag, r, why.text);
    }
    return 0;
}

/* The defaults of all sections but those by name: "webhook *". */
static int
fill_plain_sections(struct config *config, struct diag *diag)
{
    int r = 0;
    for (const struct option *o = config_options; o->section && r == 0; o++)
        if ((o == config_options || strcmp(o[-1].section, o->section)) && !strchr(o->section, '*'))
            r = walk_defaults(config_options, config_bindings, o->section, config, diag);
    return r;
}

int
config_from_ini(const struct ini *ini, struct config **ret_config, struct diag *diag)
{
    struct config *config = calloc(1, sizeof *config);
    if (!config)
        return diag_no_memory(diag);
    struct builder builder = { .ini = ini, .config = config, .target = config };
    int r = fill_plain_sections(config, diag);
    if (r == 0)
        r = walk_document(config_options, ini, take_entry, &builder, diag);
    if (r == 0)
        r = add_default_thresholds(config, diag);
    for (int i = 0; i < config->threshold_count && r == 0; i++)
        r = threshold_settle(config, ini, &config->threshold[i], diag);
    for (int i = 0; i < config->webhook_count && r == 0; i++)
        r = check_webhook(&builder, &config->webhook[i], diag);
    for (int i = 0; i < NAMED_SECTIONS && r == 0; i++)
        r = require_named(config, &named_sections[i], ini, diag);
    if (r < 0) {
        config_free(config);
        return r;
    }
    *ret_config = config;
    return 0;
}

int
config_load(const char *path, struct ini **ret_ini, struct config **ret_config,
    struct diag *diag)
{
    struct ini *ini;
    struct diag why = { 0 };
    int r = ini_load(path, &ini, &why);
    if (r == -ENOENT)
        r = ini_parse_text("", 0, path, &ini, &why);
    if (r == 0) {
        r = config_from_ini(ini, ret_config, &why);
        if (r == 0)
            *ret_ini = ini;
        else
            ini_free(ini);
    }
    if (r < 0 && diag)
        *diag = why;
    return r;
}

void
config_free(struct config *config)
{
    if (!config)
        return;
    for (int i = 0; i < config->webhook_count; i++) {
        free(config->webhook[i].url);
        free(config->webhook[i].template);
        free(config->webhook[i].secret_env);
        free(config->webhook[i].ca_file);
        free(config->webhook[i].pin);
        secret_wipe(&config->webhook[i].secret);
    }
    for (int i = 0; i < config->threshold_count; i++) {
        free(config->threshold[i].when);
        free(config->threshold[i].run);
    }
    for (int i = 0; i < config->window_count; i++)
        free(config->window[i].reason);
    free(config->window);
    free(config->webhook);
    free(config->threshold);
    free(config->scale_down);
    free(config->scale_up);
    free(config->folders);
    free(config->theme);
    free(config->layout);
    free(config->layouts);
    free(config->metrics_listen);
    free(config);
}

bool
config_theme_name(const char *name)
{
    size_t len = strlen(name);
    return len && len < CONFIG_THEME_MAX &&
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == len;
}

char *
config_default_path(void)
{
    const char *path = getenv("OPTOP_CONFIG");
    if (path && *path)
        return xstrdup(path);
    /* The specification of base directories: a relative one is ignored. */
    path = getenv("XDG_CONFIG_HOME");
    if (path && *path == '/')
        return xasprintf("%s/optop/optop.ini", path);
    const char *home = getenv("HOME");
    if (!home || !*home) {
        const struct passwd *user = getpwuid(getuid());
        home = user ? user->pw_dir : "/";
    }
    return xasprintf("%s/.config/optop/optop.ini", home);
}
