/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * optop.ini: the option table, the thresholds that hold without a file, and a
 * document checked against them into a struct config.
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

#include "base/endpoint.h"
#include "base/str.h"
#include "base/text.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "config/body_template.h"
#include "config/threshold.h"
#include "config/url.h"
#include "config/walk.h"
#include "config/maintenance.h"

#define SERVER(field) offsetof(struct config, field)
#define THRESHOLD(field) offsetof(struct config_threshold, field)
#define WEBHOOK(field) offsetof(struct config_webhook, field)

enum { SLOTS_MAX = 1024 };

static walk_parse take_slots, take_listen, take_theme, take_url, take_ca_file, take_pin, take_template,
    take_secret_file, take_secret_env, take_alerts, take_runs;

/* To add an option: one row. Rows of a section stand together.
 *
 * X(section, key, TYPE, min, max, choices, default, required, offset, parse, help, example)
 */
#define CONFIG_TABLE(X)                                                        \
    X("server", "interval", DURATION, 0.1, 3600, NULL, "1s", false,            \
        SERVER(interval_seconds), NULL, "Time between two readings of the machine", NULL)        \
    X("server", "history_1s", DURATION, 60, 86400, NULL, "1h", false,          \
        SERVER(history_seconds[0]), NULL, "How long every reading is kept", NULL) \
    X("server", "history_10s", DURATION, 600, 604800, NULL, "6h", false,       \
        SERVER(history_seconds[1]), NULL, "How long means of 10 s are kept", NULL) \
    X("server", "history_1min", DURATION, 3600, 7776000, NULL, "7d", false,    \
        SERVER(history_seconds[2]), NULL, "How long means of 1 min are kept", NULL) \
    X("server", "history_disk", BYTES, 0, 0x1p32, NULL, "64MiB", false,        \
        SERVER(history_bytes), NULL,                                           \
        "Room on disk for what is kept, so that it outlives the server; 0 records nothing", NULL) \
    X("server", "history_screen", DURATION, 0, 3600, NULL, "10s", false,       \
        SERVER(history_screen_seconds), NULL,                                  \
        "Time between two records of all that the console shows, through which < and > walk; 0 records none", NULL) \
    X("server", "log_level", CHOICE, 0, 0, "error|warn|info|debug", "info", false,               \
        SERVER(log_level), NULL, "How much the server's log tells", NULL)      \
    X("server", "max_memory", BYTES, 0, 0x1p50, NULL, "0", false,              \
        SERVER(max_memory_bytes), NULL,                                        \
        "Memory of the server itself: near it, caches give back; 0 is the limit of its cgroup and the machine's", \
        "512MiB")                                                              \
    X("server", "track_memory", BOOL, 0, 0, NULL, "yes", false,                \
        SERVER(track_memory), NULL,                                            \
        "Whether the server counts its memory by what it is for", NULL)        \
    X("server", "leak_window", DURATION, 0, 86400, NULL, "10min", false,       \
        SERVER(leak_window_seconds), NULL,                                     \
        "Who grows steadily for so long (the server, a worker, a program with figures) is told; 0 looks at none", \
        NULL)                                                                  \
    X("runs", "slots", CUSTOM, 0, 0, "auto|1 to 1024", "auto", false,          \
        0, take_slots, "Workers of all runs together; auto is one per usable core. A run whose own number is"   \
        " larger starts when nothing else runs", NULL)                         \
    X("runs", "max_memory_percent", NUMBER, 1, 100, NULL, "80", false,         \
        SERVER(max_memory_percent), NULL,                                      \
        "Runs with workers = auto get no more workers when this much memory is in use, and fewer above", \
        NULL)                                                                  \
    X("runs", "max_cpu_percent", NUMBER, 1, 100, NULL, "90", false,            \
        SERVER(max_cpu_percent), NULL,                                         \
        "How much of the CPUs may be in use by others before workers = auto is one", NULL)       \
    X("runs", "grace", DURATION, 0, 3600, NULL, "5s", false,                   \
        SERVER(grace_seconds), NULL,                                           \
        "Time between TERM and KILL, for run files that do not say", NULL)     \
    X("runs", "stalled_after", NUMBER, 0, 1000000, NULL, "10", false,          \
        SERVER(stalled_after), NULL,                                           \
        "An alert tells of a run in which no trial has ended for so many times as one usually takes, and a minute; 0: never", \
        NULL)                                                                  \
    X("runs", "folders", TEXT, 0, 0, NULL, "", false,                          \
        SERVER(folders), NULL, "More folders with run files, divided by colons",                 \
        "/srv/runs:/home/me/runs")                                             \
    X("metrics", "listen", CUSTOM, 0, 0, "ADDRESS:PORT", "", false,            \
        0, take_listen, "Where Prometheus may read all figures, at /metrics; nobody is asked for a"    \
        " password. Without it, nowhere", "127.0.0.1:9464")                    \
    X("pressure", "freeze", CHOICE, 0, 0, CONFIG_PRESSURE_CHOICES, "off", false,                 \
        SERVER(freeze_at), NULL,                                               \
        "Memory pressure from which the run of the lowest priority is frozen, every five seconds one" \
        " more: it gets no new trials, and those of a command are stopped. They go on when the"  \
        " pressure is low again", "high")                                      \
    X("pressure", "cancel", CHOICE, 0, 0, CONFIG_PRESSURE_CHOICES, "off", false,                 \
        SERVER(cancel_at), NULL,                                               \
        "Memory pressure from which the run of the lowest priority is cancelled, every five seconds" \
        " one more", "critical")                                               \
    X("pressure", "scale_at", CHOICE, 0, 0, CONFIG_PRESSURE_CHOICES, "high", false,              \
        SERVER(scale_at), NULL, "Memory pressure from which scale_down is run", NULL)            \
    X("pressure", "scale_down", TEXT, 0, 0, NULL, NULL, false,                 \
        SERVER(scale_down), NULL,                                              \
        "Program with arguments, split into words as a shell does, no shell; it finds"           \
        " OPTOP_PRESSURE, OPTOP_PRESSURE_BEFORE and OPTOP_PRESSURE_REASON in its environment",   \
        "/usr/local/bin/scale --down")                                         \
    X("pressure", "scale_up", TEXT, 0, 0, NULL, NULL, false,                   \
        SERVER(scale_up), NULL, "The same when after that there is no pressure any more",        \
        "/usr/local/bin/scale --up")                                           \
    X("screen", "theme", CUSTOM, 0, 0,                                         \
        "default|light|high-contrast|colour-blind|mono|terminal16|NAME", "default", false, 0, take_theme, \
        "Colours of the console; NAME is that of themes/NAME.ini beside this file", NULL)        \
    X("screen", "charset", CHOICE, 0, 0, "auto|utf-8|ascii", "auto", false,    \
        SERVER(charset), NULL, "Characters of the console; auto goes by the locale", NULL)       \
    X("threshold *", "metric", TEXT, 0, 0, NULL, NULL, false,                  \
        0, threshold_take_metric,                                              \
        "What is watched; without it, what the section is named after", "disk.busy")             \
    X("threshold *", "of", CHOICE, 0, 0, "value|rate|time_left", "value", false, \
        0, threshold_take_of,                                                  \
        "What of the metric has levels: its value, how fast that changes (10MiB/min, < -1%/h), or the"  \
        " time left until it meets the limit at that rate (3h)", NULL)         \
    X("threshold *", "window", DURATION, 3, 86400, NULL, "1min", false,        \
        THRESHOLD(window_seconds), NULL,                                       \
        "The readings of so long make up a rate; half of them must be there", "10min")           \
    X("threshold *", "limit", LEVEL, 0, 0, NULL, NULL, false,                  \
        0, threshold_take_limit,                                               \
        "What a time_left runs until; \"< 0\" is met by falling. Without it, 100% of percents", "100%") \
    X("threshold *", "warning", LEVEL, 0, 0, NULL, NULL, false,                \
        0, threshold_take_warning, "Level of a warning; \"< 10\" fires below it", "90")  \
    X("threshold *", "critical", LEVEL, 0, 0, NULL, NULL, false,               \
        0, threshold_take_critical, "Level of a critical alert, in the same direction", "98") \
    X("threshold *", "clear_warning", LEVEL, 0, 0, NULL, NULL, false,          \
        0, threshold_take_clear_warning,                                                 \
        "Level at which a warning ends; without it, 10 % (of percents, 10) nearer to calm", "80") \
    X("threshold *", "clear_critical", LEVEL, 0, 0, NULL, NULL, false,         \
        0, threshold_take_clear_critical,                                                \
        "Level at which a critical alert ends; without it, as for a warning", "88") \
    X("threshold *", "for", DURATION, 0, 86400, NULL, "0s", false,             \
        THRESHOLD(for_seconds), NULL, "How long a level must hold before it is told", NULL)      \
    X("threshold *", "keep_firing_for", DURATION, 0, 86400, NULL, "0s", false, \
        THRESHOLD(keep_seconds), NULL,                                         \
        "How long the value must be calm before the alert, or its critical level, ends", NULL)   \
    X("threshold *", "when", CUSTOM, 0, 0, NULL, NULL, false,                  \
        0, threshold_take_when,                                                \
        "Lua expression over metrics; the levels count only while it is true", \
        "system.load1 > 8 and metric(\"disk.busy:sda\") > 50")                 \
    X("threshold *", "run", CUSTOM, 0, 0, NULL, NULL, false,                   \
        0, threshold_take_run,                                                 \
        "Command that is started when it is told, without a shell, for 30 s at most; what it is about is in its environment", \
        "/usr/local/bin/on-alert --quietly")                                   \
    X("threshold *", "repeat", DURATION, 0, 2592000, NULL, "0s", false,        \
        THRESHOLD(repeat_seconds), NULL,                                       \
        "How often an alert that goes on is told again; 0 is never", "4h")     \
    X("threshold *", "escalate_after", DURATION, 0, 604800, NULL, "0s", false, \
        THRESHOLD(escalate_seconds), NULL,                                     \
        "Only the first of the webhooks is told, the next ones after so long without an acknowledgement", \
        "15min")                                                               \
    X("threshold *", "labels", CUSTOM, 0, 0, "NAME=VALUE, ...", NULL, false,   \
        0, threshold_take_labels, "Words for receivers, divided by commas", "team=lab, site=north") \
    X("threshold *", "webhooks", CUSTOM, 0, 0, "NAME, ...", NULL, false,       \
        0, threshold_take_webhooks, "Which webhooks hear of it; without it, all", "chat, pager") \
    X("threshold *", "enabled", BOOL, 0, 0, NULL, "yes", false,                \
        THRESHOLD(enabled), NULL, "Whether the threshold is watched", NULL)    \
    X("silence *", "match", CUSTOM, 0, 0, NULL, NULL, true,                    \
        0, window_take_match,                                                  \
        "Which alerts: patterns of their names, or LABEL=PATTERN, all of which must fit",        \
        "disk.* team=lab")                                                     \
    X("silence *", "days", CUSTOM, 0, 0, "sun|mon|tue|wed|thu|fri|sat|all", "all", false,        \
        0, window_take_days, "On which days it begins, divided by commas", NULL) \
    X("silence *", "from", CUSTOM, 0, 0, "00:00 to 24:00", "00:00", false,     \
        0, window_take_from, "When it begins, local time", NULL)               \
    X("silence *", "to", CUSTOM, 0, 0, "00:00 to 24:00", "24:00", false,       \
        0, window_take_to, "When it ends; before its begin means the next day", NULL)            \
    X("silence *", "reason", TEXT, 0, 0, NULL, "", false,                      \
        offsetof(struct config_window, reason), NULL, "Why, for those who look", "backup")       \
    X("webhook *", "url", CUSTOM, 0, 0, NULL, NULL, true,                      \
        0, take_url, "Where notices are posted: http or https, no user or password",             \
        "https://example.com/hook")                                            \
    X("webhook *", "timeout", DURATION, 1, 300, NULL, "15s", false,            \
        WEBHOOK(timeout_seconds), NULL, "Longest time of one delivery", NULL)  \
    X("webhook *", "life", DURATION, 60, 2592000, NULL, "24h", false,          \
        WEBHOOK(life_seconds), NULL, "How long an undelivered notice is tried again", NULL)      \
    X("webhook *", "rate", NUMBER, 0, 10000, NULL, "1", false,                 \
        WEBHOOK(rate), NULL, "Notices per second; what is above goes out gathered, as digests (0: no limit)", NULL) \
    X("webhook *", "burst", INT, 1, 1000, NULL, "5", false,                    \
        WEBHOOK(burst), NULL, "That many notices may come at once all the same", NULL)           \
    X("webhook *", "group_wait", DURATION, 0, 3600, NULL, "0s", false,         \
        WEBHOOK(group_seconds), NULL,                                          \
        "What comes within so long goes out together, as a digest; what is critical sends all of it at once", \
        "5s")                                                                  \
    X("webhook *", "group_by", CUSTOM, 0, 0, "LABEL, ...", NULL, false,        \
        0, threshold_take_group_by,                                            \
        "Labels that all notices of a digest have the same: of each group a digest of its own",  \
        "team, site")                                                          \
    X("webhook *", "allow_private", BOOL, 0, 0, NULL, "no", false,             \
        WEBHOOK(allow_private), NULL, "Whether private and loopback addresses may be called",    \
        NULL)                                                                  \
    X("webhook *", "ca_file", CUSTOM, 0, 0, NULL, NULL, false,                 \
        0, take_ca_file,                                                       \
        "Certificates (PEM) of the authorities that may vouch for an https receiver, in place of the system's", \
        "/home/me/.config/optop/ca.pem")                                       \
    X("webhook *", "pin", CUSTOM, 0, 0, "sha256//BASE64, several with ; between", NULL, false,   \
        0, take_pin,                                                           \
        "Hash of the public key that an https receiver must have, whoever vouches for it",       \
        "sha256//YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwE=")                \
    X("webhook *", "alerts", CUSTOM, 0, 0,                                    \
        "warning|critical|resolved|acknowledged|none",                         \
        "warning, critical, resolved", false, 0, take_alerts,                  \
        "Which alert notices are sent, divided by commas", NULL)               \
    X("webhook *", "format", CHOICE, 0, 0,                                     \
        "standard|cloudevents|cloudevents-binary|alertmanager|slack|discord|pagerduty|teams|ntfy|template", \
        "standard", false, WEBHOOK(format), NULL, "What the receiver reads", NULL)               \
    X("webhook *", "template_file", CUSTOM, 0, 0, NULL, NULL, false,           \
        0, take_template, "Body of format = template: JSON with {{variables}}",                  \
        "/home/me/.config/optop/chat.json")                                    \
    X("webhook *", "secret_file", CUSTOM, 0, 0, NULL, NULL, false,             \
        0, take_secret_file,                                                   \
        "File that only you can read, one secret a line, the newest first: signs, or is the receiver's key or token", \
        "/home/me/.config/optop/chat.secret")                                  \
    X("webhook *", "secret_env", CUSTOM, 0, 0, NULL, NULL, false,              \
        0, take_secret_env, "Environment variable of the server that has the secret",            \
        "OPTOP_CHAT_SECRET")                                                   \
    X("webhook *", "runs", CUSTOM, 0, 0, "finished|failed|cancelled|best|none", \
        "finished, failed, cancelled", false, 0, take_runs,                    \
        "Which notices of runs are sent, divided by commas; best tells of a new one, once a minute at most", NULL)

const struct option config_options[] = {
#define X(s, k, t, lo, hi, c, d, r, offset, parse, h, e)                       \
    { s, k, OPTION_##t, lo, hi, c, d, r, h, e },
    CONFIG_TABLE(X)
#undef X
    { .section = NULL },
};

static const struct binding config_bindings[] = {
#define X(s, k, t, lo, hi, c, d, r, offset, parse, h, e) { offset, parse },
    CONFIG_TABLE(X)
#undef X
};

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

struct builder {
    const struct ini *ini;
    struct config *config;
    void *target; /* of the present section */
};

static int
take_listen(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct config *config = target;
    union endpoint address;
    (void)entry;
    if (*value->text && endpoint_parse(value->text, &address, diag) < 0)
        return ERR_BAD_TYPE;
    return walk_text(&config->metrics_listen, value->text, diag);
}

bool
config_theme_name(const char *name)
{
    size_t len = strlen(name);
    return len && len < CONFIG_THEME_MAX &&
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == len;
}

/* Only its form: whether there is such a theme is the console's to know. */
static int
take_theme(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct config *config = target;
    char shown[80];
    (void)entry;
    if (!config_theme_name(value->text))
        return diag_set(diag, ERR_BAD_TYPE, "\"%s\" is no name of a theme (allowed: letters, digits, _, -)",
            text_clean(value->text, shown, sizeof shown));
    return walk_text(&config->theme, value->text, diag);
}

static int
take_slots(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    int64_t slots = 0;
    char shown[80];
    (void)entry;
    if (strcmp(value->text, "auto") &&
        (unit_parse_int(value->text, &slots) < 0 || slots < 1 || slots > SLOTS_MAX))
        return diag_set(diag, ERR_BAD_RANGE,
            "\"%s\" is not a number of workers (allowed: auto, 1 to %d)",
            text_clean(value->text, shown, sizeof shown), SLOTS_MAX);
    ((struct config *)target)->slots = slots;
    return 0;
}

static int
take_url(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct config_webhook *webhook = target;
    (void)entry;
    int r = url_check(value->text, diag);
    return r < 0 ? r : walk_text(&webhook->url, value->text, diag);
}

static int
take_ca_file(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct config_webhook *webhook = target;
    char shown[128];
    (void)entry;
    if (access(value->text, R_OK) < 0)
        return diag_set(diag, ERR_BAD_TYPE, "%s: %s",
            text_clean(value->text, shown, sizeof shown), strerror(errno));
    return walk_text(&webhook->ca_file, value->text, diag);
}

/* A hash of 32 bytes is 43 letters of Base64, and one that fills up. */
static bool
is_pin(const char *text)
{
    static const char before[] = "sha256//", letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    enum { LETTERS = 43 };
    do {
        if (!str_starts(text, before) ||
            strspn(text + sizeof before - 1, letters) != LETTERS ||
            text[sizeof before - 1 + LETTERS] != '=')
            return false;
        text += sizeof before + LETTERS;
    } while (*text++ == ';');
    return text[-1] == '\0';
}

static int
take_pin(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct config_webhook *webhook = target;
    char shown[128];
    (void)entry;
    if (!is_pin(value->text))
        return diag_set(diag, ERR_BAD_TYPE,
            "\"%s\" is no hash of a key (allowed: sha256//BASE64, several with ; between)",
            text_clean(value->text, shown, sizeof shown));
    return walk_text(&webhook->pin, value->text, diag);
}

static int
take_template(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct config_webhook *webhook = target;
    struct diag why = { 0 };
    char *text, shown[128];
    (void)entry;
    int r = body_template_load(value->text, &text, &why);
    if (r < 0)
        return diag_set(diag, ERR_BAD_TYPE, "%s: %s",
            text_clean(value->text, shown, sizeof shown), why.text);
    free(webhook->template);
    webhook->template = text;
    return 0;
}

static int
take_secret_file(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct config_webhook *webhook = target;
    struct diag why = { 0 };
    char shown[128];
    (void)entry;
    int r = secret_read_file(&webhook->secret, value->text, &why);
    return r == 0 ? 0
        : diag_set(diag, ERR_BAD_TYPE, "%s: %s", text_clean(value->text, shown, sizeof shown),
              why.text);
}

static int
take_secret_env(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    struct config_webhook *webhook = target;
    const char *name = value->text;
    char shown[64];
    (void)entry;
    if (!(isalpha((unsigned char)*name) || *name == '_') ||
        name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_")])
        return diag_set(diag, ERR_BAD_TYPE,
            "\"%s\" is no name of a variable (allowed: letters, digits, _)",
            text_clean(name, shown, sizeof shown));
    return walk_text(&webhook->secret_env, name, diag);
}

/* A list of words, each of which sets its flag; "none" alone sets no one. */
static int
take_words(const char *text, const char *const *words, bool *const *flags, int count,
    struct diag *diag)
{
    bool seen[4] = { false };
    char shown[80];
    bool none = !strcmp(text, "none");
    for (const char *c = text; !none;) {
        c += strspn(c, " \t");
        size_t len = strcspn(c, ",");
        size_t trimmed = len;
        while (trimmed && isspace((unsigned char)c[trimmed - 1]))
            trimmed--;
        int i = 0;
        while (i < count && (strlen(words[i]) != trimmed || memcmp(words[i], c, trimmed)))
            i++;
        if (i == count)
            return diag_set(diag, ERR_BAD_TYPE,
                "\"%s\" is not a list of notices (allowed: %s, %s, %s%s%s, divided by commas, or none)",
                text_clean(text, shown, sizeof shown), words[0], words[1], words[2],
                count > 3 ? ", " : "", count > 3 ? words[3] : "");
        seen[i] = true;
        c += len;
        if (!*c++)
            break;
    }
    for (int i = 0; i < count; i++)
        *flags[i] = seen[i];
    return 0;
}

static int
take_alerts(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    static const char *const words[] = { "warning", "critical", "resolved", "acknowledged" };
    struct config_webhook *w = target;
    bool *const flags[] = { &w->warning, &w->critical, &w->resolved, &w->acknowledged };
    (void)entry;
    return take_words(value->text, words, flags, 4, diag);
}

static int
take_runs(void *target, const struct ini_entry *entry, const struct option_value *value,
    struct diag *diag)
{
    static const char *const words[] = { "finished", "failed", "cancelled", "best" };
    struct config_webhook *w = target;
    bool *const flags[] = { &w->run_finished, &w->run_failed, &w->run_cancelled, &w->run_best };
    (void)entry;
    return take_words(value->text, words, flags, 4, diag);
}

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

static bool
is_webhook_name(const char *name)
{
    for (const char *c = name; *c; c++)
        if ((unsigned char)*c >= 0x80 || (!isalnum((unsigned char)*c) && !strchr("._-", *c)))
            return false;
    return *name && strlen(name) < CONFIG_NAME_MAX;
}

static int
open_webhook(struct builder *builder, const struct ini_entry *entry, struct diag *diag)
{
    struct config *config = builder->config;
    const char *name = entry->section + strlen(webhook_prefix);
    char shown[80];
    if (!is_webhook_name(name))
        return diag_set(diag, ERR_SYNTAX,
            "\"%s\" is not a name (allowed: 1 to 63 letters, digits, \".\", \"_\", \"-\")",
            text_clean(name, shown, sizeof shown));
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
    char shown[80];
    if (!is_webhook_name(name))
        return diag_set(diag, ERR_SYNTAX,
            "\"%s\" is not a name (allowed: 1 to 63 letters, digits, \".\", \"_\", \"-\")",
            text_clean(name, shown, sizeof shown));
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
    free(config->metrics_listen);
    free(config);
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
