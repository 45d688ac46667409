/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How a change of an alert is told: its type for programs, its line for
 * people. Everything that shows, stores or sends a notice takes them here.
 */
#ifndef OPTOP_ALERT_WORDING_H
#define OPTOP_ALERT_WORDING_H

#include <stddef.h>

#include "alert/engine.h"
#include "base/json.h"

enum { ALERT_TEXT_MAX = 256 };

/* "alert.warning", "alert.critical" or "alert.resolved". */
const char *alert_notice_type(const struct alert_notice *notice);

/* "cpu.total is 91.2% (warning above 80%)"; cleaned; returns buf. */
const char *alert_notice_text(const struct alert_notice *notice, char *buf, size_t size);

/* "team=lab,site=north" as an object's members, or as an object of its own (key not
 * NULL, or within an array). NULL is none. */
void alert_write_label_members(struct json_writer *w, const char *labels);
void alert_write_labels(struct json_writer *w, const char *key, const char *labels);

/* The next of the labels that `by' names ("team,alertname"), and what a notice about
 * `key' with these labels has in it: "" where it has none. False at the end. */
bool alert_group_next(const char **by, const char *key, const char *labels,
    char name[CONFIG_LABELS_MAX], char value[CONFIG_LABELS_MAX]);

#endif
