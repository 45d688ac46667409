/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * optop.ini: the option table of server, screen, thresholds and webhooks, and
 * the checked values. A config is read whole or not at all.
 */
#ifndef OPTOP_CONFIG_CONFIG_H
#define OPTOP_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "config/arrangement.h"
#include "config/ini.h"
#include "config/secret.h"
#include "config/option.h"
#include "model/metric.h"

enum {
    CONFIG_NAME_MAX = 64,
    CONFIG_THRESHOLDS_MAX = 1024,
    CONFIG_WEBHOOKS_MAX = 64,
    CONFIG_EVENTS_MAX = 16,
    CONFIG_LABELS_MAX = 192,
    CONFIG_WHEN_MAX = 1000,
    CONFIG_MATCH_MAX = 160,
    CONFIG_WINDOWS_MAX = 64,
    CONFIG_WEBHOOK_LIST_MAX = 256,
    CONFIG_THEME_MAX = 32,
    CONFIG_LAYOUTS_MAX = 32,
};

/* [threshold METRIC], [threshold METRIC:INSTANCE], or [threshold NAME] with a metric in it */
struct config_threshold {
    char name[CONFIG_NAME_MAX + 32]; /* as in the file */
    bool named; /* the name is its own, not that of its metric */
    enum metric metric;
    enum metric_aspect of; /* what its levels are for */
    double window_seconds; /* of readings that a rate is of */
    bool has_limit, limit_below; /* of time_left; met by falling */
    double limit;
    char instance[96]; /* "": every instance */
    bool enabled;
    bool below; /* fires under its levels */
    bool has_warning, has_critical;
    double warning, critical;
    double clear_warning, clear_critical; /* given, or derived (10 % of the level nearer to calm) */
    double for_seconds; /* how long a level must hold */
    double keep_seconds; /* how long it must be calm to end */
    double repeat_seconds; /* 0: told once */
    double escalate_seconds; /* 0: all webhooks hear of it at once */
    char *run; /* owned; a command; NULL: none */
    char *when; /* owned; Lua, compiled by the server; NULL: always */
    char labels[CONFIG_LABELS_MAX]; /* "team=lab,site=north" */
    char webhooks[CONFIG_WEBHOOK_LIST_MAX]; /* "chat,pager"; "": all */
    int line;
};

/* [silence NAME]: a recurring maintenance window */
struct config_window {
    char name[CONFIG_NAME_MAX];
    char matcher[CONFIG_MATCH_MAX]; /* alert/silence.h */
    unsigned days; /* bit 0: Sunday; by the day on which it begins */
    int from_minute, to_minute; /* of the day, local time; to before from: over midnight */
    char *reason; /* owned */
};

/* [webhook NAME] */
struct config_webhook {
    char name[CONFIG_NAME_MAX];
    char *url; /* owned; http or https, no user:password */
    double timeout_seconds;
    double group_seconds; /* that what is not critical waits for more */
    char group_by[CONFIG_LABELS_MAX]; /* labels that all in a digest have the same: "team,site" */
    double life_seconds; /* after which an undelivered notice is dead */
    double rate; /* notices per second, 0: as many as there are; more become digests */
    int64_t burst; /* that many at once */
    bool allow_private; /* private and loopback addresses may be called */
    char *ca_file, *pin; /* owned; as of io/http.h; NULL: not set */
    bool warning, critical, resolved, acknowledged; /* which alert notices */
    bool run_finished, run_failed, run_cancelled, run_best; /* which run notices */
    int64_t format; /* index into webhook_formats (alert/format.c) */
    char *template; /* owned; of format = template, checked; NULL: none */
    char *secret_env; /* owned; name of the variable that has the secret; NULL: none */
    struct secret secret; /* of its file, or of secret_env once config_read_environment has been
                             called; count 0: none */
};

/* Levels of memory pressure that something is done at; the index is that of enum
 * optop_pressure, and 0 is never. */
#define CONFIG_PRESSURE_CHOICES "off|low|moderate|high|critical"

struct config {
    /* [server] */
    double interval_seconds; /* between samples */
    double history_seconds[3]; /* length of the 1 s, 10 s and 1 min rings */
    double history_bytes; /* of their recording on disk; 0: none */
    double history_screen_seconds; /* between two status objects in it; 0: none */
    double max_memory_bytes; /* of the server; 0: none of its own */
    bool track_memory;
    double leak_window_seconds; /* 0: nobody is looked at */
    int64_t log_level; /* index: error warn info debug */
    /* [runs] */
    int64_t slots; /* workers of all runs together; 0: the usable cores */
    double max_memory_percent, max_cpu_percent; /* bounds of workers = auto */
    double stalled_after; /* times the usual trial; 0: never */
    double grace_seconds; /* default of a run's limits.grace */
    char *folders; /* owned; colon-separated, extra folders of run files */
    /* [metrics] */
    char *metrics_listen; /* owned; "": nowhere */
    /* [pressure] */
    int64_t freeze_at, cancel_at, scale_at; /* index of CONFIG_PRESSURE_CHOICES */
    char *scale_down, *scale_up; /* owned; NULL: none */
    /* [screen] */
    char *theme; /* owned; its name */
    int64_t charset; /* index: auto utf-8 ascii */
    char *layout; /* owned; its name */
    /* sections by name */
    int threshold_count;
    struct config_threshold *threshold; /* owned */
    int window_count;
    struct config_window *window; /* owned */
    int layout_count;
    struct arrangement *layouts; /* owned; [layout NAME] */
    int webhook_count;
    struct config_webhook *webhook; /* owned */
};

extern const struct option config_options[];

/* Checks a document. Returns 0 and *ret_config (owned; config_free), or a
 * negative code and a diag with file, line, section.key. Checks that cross
 * options are made too: warning below critical (above, when firing below),
 * clear levels on the calm side, a known metric, a url that curl may call. */
int config_from_ini(const struct ini *ini, struct config **ret_config, struct diag *diag);

/* Loads path; a file that is not there is an empty one. */
/* What the secret_env of webhooks name, in the environment of this process: for
 * the one that posts, the server. A fault gets its place in the document. */
int config_read_environment(struct config *config, const struct ini *ini, struct diag *diag);

/* A fault of a webhook at its key, or else at its section. Returns code. */
int config_webhook_fault(const struct ini *ini, const struct config_webhook *webhook,
    const char *key, struct diag *diag, int code, const char *text);

int config_load(const char *path, struct ini **ret_ini, struct config **ret_config,
    struct diag *diag);
void config_free(struct config *config);

/* May a theme be called so? It must not lead out of its folder. */
bool config_theme_name(const char *name);

/* Is it fine as the name of a webhook, a silence, a layout? */
bool config_is_name(const char *name);

/* $OPTOP_CONFIG, else $XDG_CONFIG_HOME/optop/optop.ini, else
 * ~/.config/optop/optop.ini. Owned by the caller (free()). */
char *config_default_path(void);

#endif
