/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What has changed between two JSON documents of mostly the same shape, so that who
 * has the one need not be sent all of the other.
 *
 *     change := scalar | [ value ] | { key: change, ... }
 *
 * A scalar stands for itself; what is an object or an array and is another one whole
 * stands in an array of one; else the object names the members that have changed, and
 * of an array (of the same length) the places.
 */
#ifndef OPTOP_BASE_JSON_CHANGE_H
#define OPTOP_BASE_JSON_CHANGE_H

#include "base/json.h"

/* Appends the change from one text to another, both as struct json_writer writes them;
 * false when there is none. Works for any two documents; time goes by the length. */
bool json_change_write(const struct str *before, const struct str *after, struct str *out);

/* Makes the change in the document, whose parts nobody else may hold. -EPROTO: it does
 * not fit; the document is then partly changed, and of no use any more. */
int json_change_apply(json_t **document, const json_t *change);

#endif
