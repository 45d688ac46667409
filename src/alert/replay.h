/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The past replayed through the engine itself (engine.h), as fast as it goes: which
 * alerts would have been told, when and for how long, how often they would have
 * flapped; and levels that few values lie beyond. Who has the past fills a struct
 * past; nothing here knows where it comes from. Pure: no I/O, no clock; may run on
 * any thread, with a config that nobody changes meanwhile.
 */
#ifndef OPTOP_ALERT_REPLAY_H
#define OPTOP_ALERT_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "alert/engine.h"

enum {
    PAST_CELLS_MAX = 1 << 26, /* values of all series: 256 MiB */
    REPLAY_RULES_MAX = 512, /* alerts that are told of, ... */
    REPLAY_INCIDENTS_MAX = 64, /* ... and the newest incidents of each */
};

/* Figures on one axis of times, which need not be even: value[series][moment]; NaN
 * is not known. */
struct past_series {
    enum metric metric;
    char row[SAMPLE_NAME_MAX]; /* "": it has none */
    float *value; /* of past */
};

struct past {
    int moments, series_count;
    int64_t *wall_ns; /* owned; growing */
    float *cells; /* owned */
    struct past_series *series; /* owned */
};

/* All unknown. 0; -ENOMEM; ERR_TOO_LARGE beyond PAST_CELLS_MAX. */
int past_init(struct past *past, int moments, int series_count);
void past_release(struct past *past);

/* Which series rules want: for each that is enabled, its metric and instance ("": all
 * there are), and what its condition names. */
typedef void replay_want_fn(void *context, enum metric metric, const char *instance);
void replay_wants(const struct config *config, replay_want_fn *fn, void *context);

struct replay_incident {
    int64_t start_wall_ns, end_wall_ns; /* when it was told, and its end; 0: it goes on */
    enum alert_state level; /* the worst that was told */
    double value; /* when that was told */
};

/* Of an alert that the rules make. */
struct replay_alert {
    char key[ALERT_KEY_MAX];
    const struct config_threshold *rule; /* of the config */
    int fired, critical, flapped; /* incidents; those that were critical; how often flapping began */
    int notices; /* in all */
    double firing_seconds, critical_seconds, longest_seconds;
    /* Of its value, each for the time that it stood; NaN: never known. */
    double known_seconds, low, high;
    double p01, p1, p50, p90, p99, p999; /* p01: 0.1 % lie below */
    /* Levels beyond which 1 % and 0.1 % of the time lie; NaN: not known, or the same. */
    double suggested_warning, suggested_critical;
    int incident_count; /* kept */
    struct replay_incident incident[REPLAY_INCIDENTS_MAX]; /* oldest first */
};

struct replay {
    int64_t from_wall_ns, to_wall_ns;
    int moments;
    int count, capacity;
    int left_out; /* alerts beyond REPLAY_RULES_MAX */
    struct replay_alert *alert; /* owned; in the order of the rules' alerts */
    char fault[ALERT_FAULT_MAX]; /* of a condition, the first; "": none failed */
};

/* It ends early with -ECANCELED when stopped() is true (may be NULL; optop_cancelled). 0, -ENOMEM, ERR_TOO_LARGE. *ret_replay is owned: replay_release, also after a
 * failure. */
int replay_run(const struct config *config, const struct past *past, int (*stopped)(void),
    struct replay *ret_replay);
void replay_release(struct replay *replay);

/* Of values that each stood so long: the value below which a share of the time lies,
 * exact to 1 %; NaN without any. Used on a series by itself, too. */
struct shares;
struct shares *shares_new(void); /* NULL: no memory */
void shares_free(struct shares *shares);
void shares_clear(struct shares *shares);
void shares_add(struct shares *shares, float value, double seconds);
double shares_at(const struct shares *shares, double share);

#endif
