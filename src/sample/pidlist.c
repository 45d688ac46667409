/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sample/pidlist.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"

enum {
    WHOLE_EVERY = 10, /* takes: who is given a pid of his choice (as restored containers are) is seen then */
    GIVEN_MAX = 4096, /* more pids than that since: listing all is cheaper */
    GIVEN_BYTES = 2048, /* of a listing, read at once when few are expected */
};

void
pidlist_init(struct pidlist *list, const char *root, bool live)
{
    list->directory = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    list->last_file = -1;
    list->live = live;
}

void
pidlist_release(struct pidlist *list)
{
    if (list->directory >= 0)
        close(list->directory);
    if (list->last_file >= 0)
        close(list->last_file);
    free(list->place);
    list->place = NULL;
    list->directory = list->last_file = -1;
    list->count = list->capacity = 0;
}

/* "0.20 0.18 0.12 1/80 11206": the last number is the pid given last; 0: not known. */
static int
last_given(struct pidlist *list)
{
    char text[128];
    if (!list->live)
        return 0;
    if (list->last_file < 0)
        list->last_file = openat(list->directory, "loadavg", O_RDONLY | O_CLOEXEC);
    ssize_t len = list->last_file < 0 ? -1 : pread(list->last_file, text, sizeof text - 1, 0);
    text[len > 0 ? len : 0] = '\0';
    const char *word = strrchr(text, ' ');
    long pid = word ? strtol(word, NULL, 10) : 0;
    return pid > 0 && pid <= INT32_MAX ? (int)pid : 0;
}

/* 0: a name that is no pid. */
static int
pid_of(const char *name)
{
    int pid = 0;
    for (; *name >= '0' && *name <= '9' && pid < INT32_MAX / 10; name++)
        pid = 10 * pid + (*name - '0');
    return *name ? 0 : pid;
}

/* Where a pid stands, or is to stand. */
static int
place_of(const struct pidlist *list, int pid)
{
    int low = 0, high = list->count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (list->place[middle].pid < pid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void
insert(struct pidlist *list, int at, int pid, int64_t offset)
{
    if (list->count >= PROCESSES_MAX)
        return;
    XGROW(list->place, list->count, list->capacity);
    memmove(&list->place[at + 1], &list->place[at], (size_t)(list->count - at) * sizeof *list->place);
    list->place[at] = (struct pid_place){ pid, offset };
    list->count++;
}

/* What getdents64 gave from an offset on; an entry says where the next one is. False:
 * a pid above most, and all are that which follow. */
static bool
take_entries(struct pidlist *list, ssize_t len, int64_t *offset, int most)
{
    for (ssize_t at = 0; at < len;) {
        const char *entry = list->listing.bytes + at;
        unsigned short size;
        int64_t here = *offset;
        memcpy(&size, entry + offsetof(struct dirent64, d_reclen), sizeof size);
        memcpy(offset, entry + offsetof(struct dirent64, d_off), sizeof *offset);
        int pid = pid_of(entry + offsetof(struct dirent64, d_name));
        at += size;
        if (pid > most)
            return false;
        int place = pid ? place_of(list, pid) : 0;
        if (pid && (place == list->count || list->place[place].pid != pid))
            insert(list, place, pid, here);
    }
    return true;
}

static int
list_from(struct pidlist *list, int64_t offset, int most, size_t size)
{
    if (list->directory < 0 || lseek(list->directory, offset, SEEK_SET) < 0)
        return list->directory < 0 ? -ENOENT : -errno;
    for (;;) {
        ssize_t len = getdents64(list->directory, list->listing.bytes, size);
        if (len < 0)
            return -errno;
        if (len == 0 || !take_entries(list, len, &offset, most))
            return 0;
    }
}

/* A pid may be given before its process is listed: what was given since the listing
 * before the last one is looked for. Pids go round; then all is listed. */
int
pidlist_take(struct pidlist *list)
{
    int last = last_given(list), since = list->last_before;
    list->last_before = list->last;
    list->last = last;
    if (list->takes++ % WHOLE_EVERY == 0 || since <= 0 || last < since || last - since > GIVEN_MAX) {
        list->count = 0;
        return list_from(list, 0, INT32_MAX, sizeof list->listing.bytes);
    }
    if (last == since)
        return 0;
    int at = place_of(list, since + 1);
    return list_from(list, at > 0 ? list->place[at - 1].offset : 0, last, GIVEN_BYTES);
}
