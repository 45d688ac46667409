/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which addresses a webhook may have.
 */
#ifndef OPTOP_CONFIG_URL_H
#define OPTOP_CONFIG_URL_H

#include "base/err.h"

enum { URL_LENGTH_MAX = 2048 };

/* 0 when text is http:// or https:// with a host, without user or password,
 * blanks or control characters. Messages never repeat the url: it may hold a
 * secret. */
int url_check(const char *text, struct diag *diag);

#endif
