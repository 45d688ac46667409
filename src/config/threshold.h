/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The section [threshold NAME]: its values, and what must fit together in it.
 * The rows of its options are in config.c.
 */
#ifndef OPTOP_CONFIG_THRESHOLD_H
#define OPTOP_CONFIG_THRESHOLD_H

#include "config/config.h"
#include "config/walk.h"

#define THRESHOLD_PREFIX "threshold "

/* For the bindings of options; the target is a struct config_threshold. */
walk_parse threshold_take_metric, threshold_take_warning, threshold_take_critical,
    threshold_take_clear_warning, threshold_take_clear_critical, threshold_take_labels,
    threshold_take_webhooks, threshold_take_of, threshold_take_limit, threshold_take_when, threshold_take_run;

/* The name of the section, and its `metric` or NULL: then the name is the metric. */
int threshold_set_name(struct config_threshold *threshold, const char *name, const char *metric,
    struct diag *diag);

/* Derives clear levels that were not given, and checks what crosses options. */
int threshold_settle(const struct config *config, const struct ini *ini,
    struct config_threshold *threshold, struct diag *diag);

/* A fault of a threshold at its key, or else at its section. Returns code. */
int threshold_fault(const struct ini *ini, const struct config_threshold *threshold, const char *key,
    struct diag *diag, int code, const char *text);

/* The next word of a list divided by commas; false at its end. */
bool threshold_next_word(const char **list, char *word, size_t size);

/* Takes a [webhook] group_by; the target is its struct config_webhook. */
walk_parse threshold_take_group_by;

/* The value of a label in "team=lab,site=north" (NULL: none); false: it is not there. */
bool threshold_label(const char *labels, const char *name, char *value, size_t size);

#endif
