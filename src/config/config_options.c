/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The option table of optop.ini.
 */
#include "config/config.h"

#include <stddef.h>

#include "config/config_take.h"
#include "config/maintenance.h"
#include "config/threshold.h"

#define SERVER(field) offsetof(struct config, field)
#define THRESHOLD(field) offsetof(struct config_threshold, field)
#define WEBHOOK(field) offsetof(struct config_webhook, field)

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
        0, config_take_slots, "Workers of all runs together; auto is one per usable core. A run whose own number is"   \
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
        0, config_take_listen, "Where Prometheus may read all figures, at /metrics; nobody is asked for a"    \
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
        "default|light|high-contrast|colour-blind|mono|terminal16|NAME", "default", false, 0, config_take_theme, \
        "Colours of the console; NAME is that of themes/NAME.ini beside this file", NULL)        \
    X("screen", "charset", CHOICE, 0, 0, "auto|utf-8|ascii", "auto", false,    \
        SERVER(charset), NULL, "Characters of the console; auto goes by the locale", NULL)       \
    X("screen", "layout", CUSTOM, 0, 0, "all|machine|runs|quiet|NAME", "all", false,            \
        0, config_take_layout,                                                 \
        "Panels of the overview that the console begins with; NAME is that of a [layout NAME]", NULL) \
    X("layout *", "panels", CUSTOM, 0, 0, "cpu|memory|io|runs|tasks|pools|boards|files|alerts",  \
        NULL, true, 0, config_take_panels,                                     \
        "Panels of the overview, the most important first: a comma between rows, + between those of a row", \
        "cpu+memory, runs, alerts")                                            \
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
        0, config_take_url, "Where notices are posted: http or https, no user or password",             \
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
        0, config_take_ca_file,                                                       \
        "Certificates (PEM) of the authorities that may vouch for an https receiver, in place of the system's", \
        "/home/me/.config/optop/ca.pem")                                       \
    X("webhook *", "pin", CUSTOM, 0, 0, "sha256//BASE64, several with ; between", NULL, false,   \
        0, config_take_pin,                                                           \
        "Hash of the public key that an https receiver must have, whoever vouches for it",       \
        "sha256//YhKJKSzoTt2b5FP18fvpHo7fJYqQCjAa3HWY3tvRMwE=")                \
    X("webhook *", "alerts", CUSTOM, 0, 0,                                    \
        "warning|critical|resolved|acknowledged|none",                         \
        "warning, critical, resolved", false, 0, config_take_alerts,                  \
        "Which alert notices are sent, divided by commas", NULL)               \
    X("webhook *", "format", CHOICE, 0, 0,                                     \
        "standard|cloudevents|cloudevents-binary|alertmanager|slack|discord|pagerduty|teams|ntfy|template", \
        "standard", false, WEBHOOK(format), NULL, "What the receiver reads", NULL)               \
    X("webhook *", "template_file", CUSTOM, 0, 0, NULL, NULL, false,           \
        0, config_take_template, "Body of format = template: JSON with {{variables}}",                  \
        "/home/me/.config/optop/chat.json")                                    \
    X("webhook *", "secret_file", CUSTOM, 0, 0, NULL, NULL, false,             \
        0, config_take_secret_file,                                                   \
        "File that only you can read, one secret a line, the newest first: signs, or is the receiver's key or token", \
        "/home/me/.config/optop/chat.secret")                                  \
    X("webhook *", "secret_env", CUSTOM, 0, 0, NULL, NULL, false,              \
        0, config_take_secret_env, "Environment variable of the server that has the secret",            \
        "OPTOP_CHAT_SECRET")                                                   \
    X("webhook *", "runs", CUSTOM, 0, 0, "finished|failed|cancelled|best|none", \
        "finished, failed, cancelled", false, 0, config_take_runs,                    \
        "Which notices of runs are sent, divided by commas; best tells of a new one, once a minute at most", NULL)

const struct option config_options[] = {
#define X(s, k, t, lo, hi, c, d, r, offset, parse, h, e)                       \
    { s, k, OPTION_##t, lo, hi, c, d, r, h, e },
    CONFIG_TABLE(X)
#undef X
    { .section = NULL },
};

const struct binding config_bindings[] = {
#define X(s, k, t, lo, hi, c, d, r, offset, parse, h, e) { offset, parse },
    CONFIG_TABLE(X)
#undef X
};
