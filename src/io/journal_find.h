/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One record of a journal (journal.h) by its time, read from disk while the journal
 * goes on. Waits for the disk: on any thread but the loop's.
 */
#ifndef OPTOP_IO_JOURNAL_FIND_H
#define OPTOP_IO_JOURNAL_FIND_H

#include "io/journal_file.h"

enum journal_way {
    JOURNAL_AT, /* the newest that is not newer */
    JOURNAL_BEFORE, /* the newest that is older */
    JOURNAL_AFTER, /* the oldest that is newer */
};

struct journal_found {
    struct journal_file file; /* where the others point into */
    int64_t wall_ns;
    const char *record;
    size_t len;
    const char *first; /* the newest not behind it that needs none before it; may be itself */
    size_t first_len;
};

/* 0, and journal_found_release; -ENOENT: there is none; -ENOMEM. */
int journal_find(const char *directory, const char *name, int64_t wall_ns, enum journal_way way,
    struct journal_found *ret_found);
void journal_found_release(struct journal_found *found);

#endif
