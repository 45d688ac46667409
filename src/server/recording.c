/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The history on disk, in the folder `history' of the state directory: a journal
 * (io/journal.h) of each tier. Every ten seconds what has become whole since goes
 * to it; when a server starts, what is there comes into its history, while it works
 * already. It is of the loop's thread; the disk is waited for elsewhere.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "io/journal.h"
#include "server/server.h"
#include "server/snapshots.h"

enum {
    WRITE_SECONDS = 10,
    POINTS_AT_ONCE = 200, /* of a tier; behind a longer time the oldest are left out */
};

/* Of the room that there is: coarse points are those that people look for after days. */
static const double shares[HISTORY_TIERS] = { 0.1, 0.05, 0.2 };
static const double fine_status_share = 0.2, coarse_status_share = 0.45;
static const char *const names[HISTORY_TIERS] = { "1s", "10s", "1min" };

struct tier_recording {
    struct recording *recording;
    int tier;
    struct journal *journal; /* NULL: memory was out */
    int64_t written; /* the newest point that is */
};

struct recording {
    struct server *server;
    int64_t stepped_ns; /* monotonic */
    struct str record;
    struct tier_recording tier[HISTORY_TIERS];
    struct snapshots *snapshots; /* NULL: none are wanted, or memory was out */
};

static int
on_record(void *context, bool begins, int64_t wall_ns, const char *bytes, size_t len)
{
    struct tier_recording *its = context;
    struct server *server = its->recording->server;
    return history_recall(server->history, sampler_sample(server->sampler), its->tier, begins,
        wall_ns, bytes, len);
}

static void
on_recalled(void *context)
{
    struct tier_recording *its = context;
    history_recalled(its->recording->server->history, its->tier);
}

char *
recording_directory(const struct server *server)
{
    return xasprintf("%s/history", server->state_directory);
}

static void
start_snapshots(struct recording *recording, const char *directory)
{
    struct server *server = recording->server;
    const struct config *config = server->config;
    const struct snapshots_options options = { .loop = server->loop, .files = server->files,
        .directory = directory, .every_seconds = config->history_screen_seconds,
        .fine_bytes = (size_t)(config->history_bytes * fine_status_share),
        .coarse_bytes = (size_t)(config->history_bytes * coarse_status_share),
        .fine_seconds = config->history_seconds[1], .coarse_seconds = config->history_seconds[2] };
    if (config->history_screen_seconds > 0)
        recording->snapshots = snapshots_start(&options);
}

void
recording_start(struct server *server)
{
    const struct config *config = server->config;
    if (config->history_bytes <= 0 || !server->files)
        return;
    struct recording *recording = XNEW(struct recording);
    char *directory = recording_directory(server);
    recording->server = server;
    recording->stepped_ns = loop_now(server->loop);
    str_init(&recording->record);
    for (int t = 0; t < HISTORY_TIERS; t++) {
        struct tier_recording *its = &recording->tier[t];
        const struct journal_options options = { .loop = server->loop, .files = server->files,
            .directory = directory, .name = names[t],
            .bytes = (size_t)(config->history_bytes * shares[t]),
            .length_ns = sec_to_ns(config->history_seconds[t]) };
        its->recording = recording;
        its->tier = t;
        its->written = history_whole(server->history, t);
        if ((its->journal = journal_open(&options)))
            journal_recall(its->journal, on_record, on_recalled, its);
    }
    start_snapshots(recording, directory);
    free(directory);
    server->recording = recording;
}

static void
write_point(struct tier_recording *its, int64_t point)
{
    struct recording *recording = its->recording;
    struct server *server = recording->server;
    str_clear(&recording->record);
    bool begins = journal_begins(its->journal, server->sample->wall_ns);
    int64_t wall_ns = history_write(server->history, its->tier, point, begins, &recording->record);
    if (recording->record.len)
        journal_add(its->journal, wall_ns, recording->record.data, recording->record.len);
}

static void
write_tier(struct tier_recording *its)
{
    int64_t whole = history_whole(its->recording->server->history, its->tier);
    if (!its->journal || !journal_is_ready(its->journal))
        return;
    if (its->written < whole - POINTS_AT_ONCE)
        its->written = whole - POINTS_AT_ONCE;
    while (its->written < whole)
        write_point(its, ++its->written);
}

void
recording_step(struct server *server, int64_t now_ns)
{
    struct recording *recording = server->recording;
    if (!recording)
        return;
    if (snapshots_due(recording->snapshots, now_ns))
        snapshots_take(recording->snapshots, now_ns, server->sample->wall_ns, server_status(server));
    if (now_ns - recording->stepped_ns < sec_to_ns(WRITE_SECONDS))
        return;
    recording->stepped_ns = now_ns;
    for (int t = 0; t < HISTORY_TIERS; t++)
        write_tier(&recording->tier[t]);
}

void
recording_stop(struct server *server)
{
    struct recording *recording = server->recording;
    if (!recording)
        return;
    for (int t = 0; t < HISTORY_TIERS; t++) {
        write_tier(&recording->tier[t]);
        journal_close(recording->tier[t].journal);
    }
    snapshots_stop(recording->snapshots);
    str_release(&recording->record);
    free(recording);
    server->recording = NULL;
}

size_t
recording_bytes(const struct server *server)
{
    size_t bytes = 0;
    for (int t = 0; t < HISTORY_TIERS && server->recording; t++)
        if (server->recording->tier[t].journal)
            bytes += journal_bytes(server->recording->tier[t].journal);
    return bytes + (server->recording ? snapshots_bytes(server->recording->snapshots) : 0);
}
