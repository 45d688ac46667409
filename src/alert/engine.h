/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The threshold engine: samples in, changes of state out. It decides and never
 * acts: no I/O, no clock (times come with the sample), no store.
 *
 * One alert per threshold and instance; its key is "metric" or
 * "metric:instance", with the rule's own name instead of the metric where it has
 * one. An incident is one stay away from normal. How one alert moves, and what is
 * told of it, is in incident.h.
 */
#ifndef OPTOP_ALERT_ENGINE_H
#define OPTOP_ALERT_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "alert/silence.h"
#include "base/err.h"
#include "config/config.h"
#include "model/alert.h"
#include "model/sample.h"

enum {
    ALERT_KEY_MAX = 144, /* a rule's name and a row's */
    ALERT_FAULT_MAX = DIAG_TEXT_MAX + 128,
    ALERT_AUTHOR_MAX = 64,
    ALERT_NOTE_MAX = 160,
    ALERT_FLAP_SLOTS = 21,
    ALERT_FLAP_SLOT_SECONDS = 15,
};

/* How often the level has changed lately, by stretches of time. */
struct alert_flaps {
    int64_t slot; /* number of the newest stretch */
    int total; /* in all that are kept */
    unsigned char changes[ALERT_FLAP_SLOTS]; /* by slot modulo their number */
};

struct alert {
    char key[ALERT_KEY_MAX]; /* "cpu.total", "disk.busy:vda", "my-rule:vda" */
    enum metric metric;
    enum metric_aspect of; /* what of it value and level are */
    enum alert_state state;
    enum alert_state told; /* what people were told last: normal, warning or critical */
    bool flaps_now; /* it has begun to in this step */
    bool flapping; /* changes of its level are not told until it is quieter */
    double value; /* newest known */
    double level; /* the level it is over; 0 when normal */
    int64_t since_wall_ns; /* when this state began */
    int64_t incident_wall_ns; /* when the incident began; 0 when normal */
    uint32_t sequence; /* changes told in this incident, from 1 */
    bool present; /* its threshold still exists */
    int when; /* its rule's condition: 1 or none, 0: does not hold; negative: not known, or it failed */
    /* engine's own: monotonic starts of the stretches over each level, and on the
     * calm side of each clear level; 0: none */
    int64_t over_warning_ns, over_critical_ns, under_warning_ns, under_critical_ns;
    int64_t told_ns; /* monotonic; 0: not since the server started */
    struct alert_flaps flaps;
    enum alert_hold hold; /* of the last step */
    char cause[ALERT_KEY_MAX]; /* the silence's reason, or the alert that inhibits; "" */
    char acknowledged[ALERT_AUTHOR_MAX]; /* by whom; "": not */
    int rung; /* how many of the rule's webhooks more than the first hear of it */
    int64_t escalated_ns; /* monotonic: when the newest of them was told; 0: not here */
    int row; /* in the sample, -1: none */
    /* One that was told to us, and not measured: no rule, no value. */
    bool external;
    bool stale; /* to be raised again, or to end (alert_engine_renew) */
    enum alert_state raised; /* normal, warning or critical */
    char text[ALERT_NOTE_MAX];
    char labels[CONFIG_LABELS_MAX];
    const struct config_threshold *rule; /* NULL when not present */
};

struct alert_notice {
    const struct alert *alert; /* borrowed until the next call */
    enum alert_change change;
    enum alert_state before; /* told before: normal, warning or critical */
};

struct alert_engine;

struct alert_engine *alert_engine_new(void);
void alert_engine_free(struct alert_engine *engine);

/* Why a condition failed in the last step, "NAME: why"; "": none did. */
const char *alert_engine_fault(const struct alert_engine *engine);

/* Takes the thresholds of a config (borrowed until the next call of this).
 * States of alerts whose threshold remains are kept; a firing alert whose
 * threshold is gone resolves at the next step. */
void alert_engine_configure(struct alert_engine *engine, const struct config *config);

/* Puts back an alert that was firing when the server ended. */
void alert_engine_restore(struct alert_engine *engine, const struct alert *alert);

/* Evaluates all thresholds; returns how many notices, *ret_notices borrowed
 * until the next step. No allocation once every alert has been seen. */
int alert_engine_step(struct alert_engine *engine, const struct sample *sample,
    const struct alert_notice **ret_notices);

/* An alert that is told and not measured fires from the next step on, or with
 * ALERT_NORMAL ends. The key must be that of no metric and no rule ("notify:backup"); texts
 * are cleaned. 1 when that changes something, 0 when it was so; ERR_TOO_LARGE: there are
 * too many alerts. */
int alert_engine_raise(struct alert_engine *engine, const char *key, enum alert_state level,
    const char *text, const char *labels);

/* Of what is raised again and again: between the two each one whose key begins so must
 * be raised anew, or it ends. */
void alert_engine_renew(struct alert_engine *engine, const char *prefix);
void alert_engine_expire(struct alert_engine *engine);

/* A step of these alone, with the times of a sample that has been seen before. */
int alert_engine_step_external(struct alert_engine *engine, const struct sample *sample,
    const struct alert_notice **ret_notices);

/* "%", "B/s": of its value. */
const char *alert_unit(const struct alert *alert);

/* The labels of its rule, or its own: "team=lab,site=north", or "". */
const char *alert_labels(const struct alert *alert);

/* What people have silenced; borrowed until the next call of this. */
void alert_engine_silence(struct alert_engine *engine, const struct silence *silence, int count);

/* Somebody has seen what fires: it is told again only when it gets worse, or ends.
 * Takes those whose key fits the pattern and that people were told of and nobody has
 * acknowledged yet; returns how many, *ret_notices borrowed until the next step. */
int alert_engine_acknowledge(struct alert_engine *engine, const char *pattern, const char *author,
    const struct alert_notice **ret_notices);

/* All alerts, in a stable order; borrowed until the next step. */
int alert_engine_alerts(const struct alert_engine *engine, const struct alert **ret_alerts);

#endif
