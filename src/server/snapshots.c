/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A record: the length of the object, then it, packed. Those behind a record that
 * begins (struct journal_found) are packed with that one's text to go by.
 */
#include "server/snapshots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "io/journal.h"
#include "io/squeeze.h"

enum {
    SNAPSHOT_MAX = 4 * 1024 * 1024, /* bytes of one object */
    COARSE_SECONDS = 60,
};

static const char *const names[] = { "status", "status-1min" };

struct kept {
    struct journal *journal; /* NULL: memory was out */
    int64_t every_ns, taken_ns; /* monotonic */
    struct str like; /* the one that others are packed by */
};

struct snapshots {
    struct squeezer *squeezer;
    struct str record;
    struct kept kept[2];
};

static void
start_one(struct kept *kept, const struct snapshots_options *options, const char *name,
    size_t bytes, double seconds, double every_seconds)
{
    const struct journal_options journal = { .loop = options->loop, .files = options->files,
        .directory = options->directory, .name = name, .bytes = bytes,
        .length_ns = sec_to_ns(seconds) };
    str_init(&kept->like);
    kept->every_ns = sec_to_ns(every_seconds);
    kept->taken_ns = loop_now(options->loop);
    kept->journal = journal_open(&journal);
}

struct snapshots *
snapshots_start(const struct snapshots_options *options)
{
    struct squeezer *squeezer = squeezer_new();
    if (!squeezer)
        return NULL;
    struct snapshots *snapshots = XNEW(struct snapshots);
    double coarse = options->every_seconds > COARSE_SECONDS ? options->every_seconds : COARSE_SECONDS;
    snapshots->squeezer = squeezer;
    str_init(&snapshots->record);
    start_one(&snapshots->kept[0], options, names[0], options->fine_bytes, options->fine_seconds,
        options->every_seconds);
    start_one(&snapshots->kept[1], options, names[1], options->coarse_bytes,
        options->coarse_seconds, coarse);
    return snapshots;
}

void
snapshots_stop(struct snapshots *snapshots)
{
    if (!snapshots)
        return;
    for (int i = 0; i < 2; i++) {
        journal_close(snapshots->kept[i].journal);
        str_release(&snapshots->kept[i].like);
    }
    squeezer_free(snapshots->squeezer);
    str_release(&snapshots->record);
    free(snapshots);
}

static bool
is_due(const struct kept *kept, int64_t now_ns)
{
    return kept->journal && now_ns - kept->taken_ns >= kept->every_ns;
}

bool
snapshots_due(const struct snapshots *snapshots, int64_t now_ns)
{
    for (int i = 0; i < 2 && snapshots; i++)
        if (snapshots->kept[i].journal && !journal_is_ready(snapshots->kept[i].journal))
            return false;
    return snapshots && (is_due(&snapshots->kept[0], now_ns) || is_due(&snapshots->kept[1], now_ns));
}

static void
take(struct snapshots *snapshots, struct kept *kept, int64_t wall_ns, const struct str *status)
{
    struct str *record = &snapshots->record;
    uint32_t len = (uint32_t)status->len;
    bool begins = journal_begins(kept->journal, wall_ns);
    if (begins) {
        str_clear(&kept->like);
        str_append(&kept->like, status->data, status->len);
    }
    str_clear(record);
    str_append(record, (const char *)&len, sizeof len);
    if (squeeze_pack(snapshots->squeezer, kept->like.data, begins ? 0 : kept->like.len, status->data,
            status->len, record) == 0)
        journal_add(kept->journal, wall_ns, record->data, record->len);
}

/* As exact as the object itself tells it, so that who has one can ask for the next. */
static int64_t
told_time(int64_t wall_ns)
{
    const int64_t hundredth = NS_PER_SEC / 100;
    return (wall_ns + hundredth / 2) / hundredth * hundredth;
}

void
snapshots_take(struct snapshots *snapshots, int64_t now_ns, int64_t wall_ns, const struct str *status)
{
    for (int i = 0; i < 2; i++) {
        struct kept *kept = &snapshots->kept[i];
        if (status->len > SNAPSHOT_MAX || !is_due(kept, now_ns))
            continue;
        kept->taken_ns = now_ns;
        take(snapshots, kept, told_time(wall_ns), status);
    }
}

size_t
snapshots_bytes(const struct snapshots *snapshots)
{
    size_t bytes = 0;
    for (int i = 0; i < 2 && snapshots; i++)
        if (snapshots->kept[i].journal)
            bytes += journal_bytes(snapshots->kept[i].journal);
    return bytes;
}

static int
unpack(const char *record, size_t record_len, const struct str *like, struct str *out)
{
    uint32_t len;
    if (record_len < sizeof len)
        return -EBADMSG;
    memcpy(&len, record, sizeof len);
    if (len > SNAPSHOT_MAX)
        return -EBADMSG;
    return squeeze_unpack(like->data, like->len, record + sizeof len, record_len - sizeof len, len,
        out);
}

static int
unpack_found(const struct journal_found *found, struct str *out)
{
    struct str like;
    int r = 0;
    str_init(&like);
    str_clear(out);
    if (found->first != found->record) {
        struct str none = like;
        r = unpack(found->first, found->first_len, &none, &like);
    }
    if (r == 0)
        r = unpack(found->record, found->len, &like, out);
    str_release(&like);
    return r;
}

/* Which of two answers is nearer to the time that was asked for. */
static bool
is_better(const struct journal_found *one, const struct journal_found *other, enum journal_way way)
{
    return !other->record || (way == JOURNAL_AFTER ? one->wall_ns < other->wall_ns
                                                   : one->wall_ns > other->wall_ns);
}

int
snapshots_find(const char *directory, int64_t wall_ns, enum journal_way way, struct str *out)
{
    struct journal_found found[2] = { 0 };
    int r[2];
    for (int i = 0; i < 2; i++)
        r[i] = journal_find(directory, names[i], wall_ns, way, &found[i]);
    int best = r[1] == 0 && (r[0] < 0 || is_better(&found[1], &found[0], way));
    int result = r[best] == 0 ? unpack_found(&found[best], out) : r[best];
    for (int i = 0; i < 2; i++)
        if (r[i] == 0)
            journal_found_release(&found[i]);
    return result;
}
