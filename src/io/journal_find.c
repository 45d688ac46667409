/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/journal_find.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/journal.h"

struct candidate {
    uint64_t number;
    int64_t begun_ns;
    char path[PATH_MAX];
};

/* All files, oldest first. */
static int
list_files(const char *directory, const char *name, struct candidate *list)
{
    int count = 0;
    for (int i = 0; i < JOURNAL_FILES; i++) {
        struct candidate one;
        size_t bytes;
        int n = snprintf(one.path, sizeof one.path, "%s/%s-%d", directory, name, i), at = count;
        if (n < 0 || (size_t)n >= sizeof one.path
            || !(one.number = journal_file_number(one.path, &one.begun_ns, &bytes)))
            continue;
        for (; at > 0 && list[at - 1].number > one.number; at--)
            list[at] = list[at - 1];
        list[at] = one;
        count++;
    }
    return count;
}

/* Would this record be a better answer than one of that time? */
static bool
is_wanted(int64_t at_ns, int64_t wall_ns, enum journal_way way, const struct journal_found *found)
{
    switch (way) {
    case JOURNAL_AFTER:
        return at_ns > wall_ns && !found->record;
    case JOURNAL_BEFORE:
        return at_ns < wall_ns;
    default:
        return at_ns <= wall_ns;
    }
}

static void
look_through(struct journal_found *found, int64_t wall_ns, enum journal_way way)
{
    const struct journal_file *file = &found->file;
    struct journal_header header;
    const char *first = NULL;
    size_t first_len = 0;
    for (size_t at = 0; at < file->good; at += journal_step(&header)) {
        const char *bytes = file->bytes + at + sizeof header;
        memcpy(&header, file->bytes + at, sizeof header);
        if (header.kind == JOURNAL_FIRST) {
            first = bytes;
            first_len = header.len;
        }
        if (!first || (header.kind != JOURNAL_RECORD && header.kind != JOURNAL_FIRST)
            || !is_wanted(header.wall_ns, wall_ns, way, found))
            continue;
        found->wall_ns = header.wall_ns;
        found->record = bytes;
        found->len = header.len;
        found->first = first;
        found->first_len = first_len;
    }
}

int
journal_find(const char *directory, const char *name, int64_t wall_ns, enum journal_way way,
    struct journal_found *ret_found)
{
    struct candidate *list = malloc(JOURNAL_FILES * sizeof *list);
    int r = list ? -ENOENT : -ENOMEM, step = way == JOURNAL_AFTER ? 1 : -1;
    int count = list ? list_files(directory, name, list) : 0, at = count - 1;
    while (at > 0 && list[at].begun_ns > wall_ns)
        at--;
    for (; at >= 0 && at < count && r == -ENOENT; at += step) {
        *ret_found = (struct journal_found){ 0 };
        journal_file_read(list[at].path, file_row(directory), &ret_found->file);
        if (ret_found->file.result == -ENOMEM)
            r = -ENOMEM;
        look_through(ret_found, wall_ns, way);
        if (ret_found->record)
            r = 0;
        else
            journal_found_release(ret_found);
    }
    free(list);
    return r;
}

void
journal_found_release(struct journal_found *found)
{
    free(found->file.bytes);
    *found = (struct journal_found){ 0 };
}
