/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The status object of earlier times, on disk: one every few seconds for hours, and
 * one a minute for days (two journals, io/journal.h). Each is packed by what it has in
 * common with one before it: about a tenth of its length.
 */
#ifndef OPTOP_SERVER_SNAPSHOTS_H
#define OPTOP_SERVER_SNAPSHOTS_H

#include "base/str.h"
#include "io/journal_find.h"
#include "io/loop.h"

struct snapshots;

struct snapshots_options {
    struct loop *loop;
    struct files *files;
    const char *directory;
    double every_seconds; /* of the fine ones */
    size_t fine_bytes, coarse_bytes; /* on disk */
    double fine_seconds, coarse_seconds; /* how long they are to be kept */
};

struct snapshots *snapshots_start(const struct snapshots_options *options); /* NULL: no memory */
void snapshots_stop(struct snapshots *snapshots);

/* Is it time for one? */
bool snapshots_due(const struct snapshots *snapshots, int64_t now_ns);
void snapshots_take(struct snapshots *snapshots, int64_t now_ns, int64_t wall_ns, const struct str *status);

size_t snapshots_bytes(const struct snapshots *snapshots);

/* Any thread but the loop's: the object that is wanted, from either journal, into out.
 * 0; -ENOENT: nothing is recorded there; -EBADMSG; -ENOMEM. */
int snapshots_find(const char *directory, int64_t wall_ns, enum journal_way way, struct str *out);

#endif
