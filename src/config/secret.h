/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Secrets of webhooks: lines of a file that nobody else can read, or of an
 * environment variable. They are never in optop.ini, never stored, never told:
 * no message repeats one.
 */
#ifndef OPTOP_CONFIG_SECRET_H
#define OPTOP_CONFIG_SECRET_H

#include "base/err.h"

enum { SECRETS_MAX = 4, SECRET_BYTES_MAX = 512 };

/* One to SECRETS_MAX lines, the newest first. */
struct secret {
    int count;
    char line[SECRETS_MAX][SECRET_BYTES_MAX]; /* of printable ASCII without blanks */
};

/* Replaces *secret; on failure it is untouched. A file belongs to the user or
 * root and has no rights for others. */
int secret_read_file(struct secret *secret, const char *path, struct diag *diag);
int secret_read_text(struct secret *secret, const char *text, struct diag *diag);

/* Puts asterisks where the text, which may be cut short, has a secret. */
void secret_hide(const struct secret *secret, char *text);

/* The same for what makes a URL one that not everybody may know: words behind its host
 * that are long enough to be a key. */
void secret_hide_url(const char *url, char *text);

void secret_wipe(struct secret *secret);

#endif
