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
static const char window_prefix[] = "silence ";
static const char layout_prefix[] = "layout ";

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
refuse_name(const char *name, struct diag *diag)
{
    char shown[80];
    return diag_set(diag, ERR_SYNTAX,
        "\"%s\" is not a name (allowed: 1 to 63 letters, digits, \".\", \"_\", \"-\")",
        text_clean(name, shown, sizeof shown));
}

static int
open_webhook(struct builder *builder, const struct ini_entry *entry, struct diag *diag)
{
    struct config *config = builder->config;
    const char *name = entry->section + strlen(webhook_prefix);
    if (!config_is_name(name))
        return refuse_name(name, diag);
    if (config->webhook_count >= CONFIG_WEBHOOKS_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "more than %d webhooks", CONFIG_WEBHOOKS_MAX);
    struct config_webhook *grown = realloc(config->webhook,
        (size_t)(config->webhook_count + 1) * sizeof *grown);
    if (!grown)
        return diag_no_memory(diag);
    config->webhook = grown;
    struct config_webhook *webhook = &grown[config->webhook_count++];
    memset(webhook, 0, sizeof *webhook);
    str_copy(webhook->name, sizeof webhook->name, name);
    webhook->line = entry->line;
    builder->target = webhook;
    return walk_defaults(config_options, config_bindings, "webhook *", webhook, diag);
}

static int
open_window(struct builder *builder, const struct ini_entry *entry, struct diag *diag)
{
    struct config *config = builder->config;
    const char *name = entry->section + strlen(window_prefix);
    if (!config_is_name(name))
        return refuse_name(name, diag);
    if (config->window_count >= CONFIG_WINDOWS_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "more than %d silences", CONFIG_WINDOWS_MAX);
    struct config_window *grown = realloc(config->window,
        (size_t)(config->window_count + 1) * sizeof *grown);
    if (!grown)
        return diag_no_memory(diag);
    config->window = grown;
    struct config_window *window = &grown[config->window_count++];
    memset(window, 0, sizeof *window);
    str_copy(window->name, sizeof window->name, name);
    builder->target = window;
    return walk_defaults(config_options, config_bindings, "silence *", window, diag);
}

static int
open_layout(struct builder *builder, const struct ini_entry *entry, struct diag *diag)
{
    struct config *config = builder->config;
    const char *name = entry->section + strlen(layout_prefix);
    if (!config_is_name(name))
        return refuse_name(name, diag);
    if (config->layout_count >= CONFIG_LAYOUTS_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "more than %d layouts", CONFIG_LAYOUTS_MAX);
    struct arrangement *grown = realloc(config->layouts, (size_t)(config->layout_count + 1) * sizeof *grown);
    if (!grown)
        return diag_no_memory(diag);
    config->layouts = grown;
    struct arrangement *layout = &grown[config->layout_count++];
    memset(layout, 0, sizeof *layout);
    str_copy(layout->name, sizeof layout->name, name);
    builder->target = layout;
    return 0;
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
    if (str_starts(entry->section, webhook_prefix))
        return open_webhook(builder, entry, diag);
    if (str_starts(entry->section, window_prefix))
        return open_window(builder, entry, diag);
    if (str_starts(entry->section, layout_prefix))
        return open_layout(builder, entry, diag);
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
    return walk_required(config_options, builder->ini, section, diag);
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
    for (int i = 0; i < config->window_count && r == 0; i++) {
        char section[sizeof window_prefix + CONFIG_NAME_MAX];
        snprintf(section, sizeof section, "%s%s", window_prefix, config->window[i].name);
        r = walk_required(config_options, ini, section, diag);
    }
    for (int i = 0; i < config->layout_count && r == 0; i++) {
        char section[sizeof layout_prefix + CONFIG_NAME_MAX];
        snprintf(section, sizeof section, "%s%s", layout_prefix, config->layouts[i].name);
        r = walk_required(config_options, ini, section, diag);
    }
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
