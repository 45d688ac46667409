/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who grows and does not stop: the server, every worker with what it has
 * started, every program that publishes figures, and what those say of their
 * memory by type ("type.live") and of their heaps ("heap.used"). Each is a subject with readings of its own
 * (mem/track.h); one that is found to grow is told in the log, in the status
 * object and, as "leak.growth" and "leak.limit", on our board, so that a threshold
 * can be put on it. A step once per tick; reads few processes in each.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "io/procmem.h"
#include "mem/memory_read.h"
#include "mem/registry.h"
#include "mem/track.h"
#include "server/server.h"

enum {
    SUBJECTS_MAX = 256,
    READS_MAX = 16, /* processes looked at in one step; the others follow in the next */
    CALM_READINGS = TRACK_POINTS / 10, /* without growth, and it is over */
};

struct subject {
    char name[64]; /* "worker 3 of run 12" */
    int64_t pid; /* or what else sets it apart from another one of that name */
    bool seen; /* in this step */
    bool found;
    int calm; /* readings without growth since it was found */
    struct track track;
    struct track_fit fit;
    double left_bytes; /* NaN: no limit */
    char text[160];
    struct resource resource; /* registered while found */
};

struct leaks {
    double window_seconds;
    int count;
    struct subject *subject[SUBJECTS_MAX]; /* owned */
    int reads; /* left in this step */
};

static int
show_leak(struct resource *resource, struct resource_figure ret[RESOURCE_FIGURES_MAX])
{
    const struct subject *subject = (const struct subject *)(const void *)((char *)resource -
        offsetof(struct subject, resource));
    double rate = subject->fit.per_second;
    ret[0] = (struct resource_figure){ "growth", "bytes/min", RESOURCE_GAUGE, rate * 60 };
    ret[1] = (struct resource_figure){ "confidence", "percent", RESOURCE_GAUGE, subject->fit.r2 * 100 };
    ret[2] = (struct resource_figure){ "limit", "seconds", RESOURCE_GAUGE,
        rate > 0 ? subject->left_bytes / rate : (double)NAN };
    return 3;
}

static void
forget(struct subject *subject)
{
    if (subject->found)
        registry_remove(&subject->resource);
    free(subject);
}

static struct subject *
find(struct leaks *leaks, const char *name, int64_t pid)
{
    for (int i = 0; i < leaks->count; i++)
        if (leaks->subject[i]->pid == pid && !strcmp(leaks->subject[i]->name, name))
            return leaks->subject[i];
    struct subject *subject = leaks->count < SUBJECTS_MAX ? calloc(1, sizeof *subject) : NULL;
    if (!subject)
        return NULL;
    leaks->subject[leaks->count++] = subject;
    snprintf(subject->name, sizeof subject->name, "%s", name);
    subject->pid = pid;
    track_init(&subject->track, sec_to_ns(leaks->window_seconds));
    return subject;
}

/* The subject, when its next reading is due. */
static struct subject *
due(struct leaks *leaks, const char *name, int64_t pid, int64_t now_ns)
{
    struct subject *subject = find(leaks, name, pid);
    if (!subject)
        return NULL;
    subject->seen = true;
    return track_due(&subject->track, now_ns) ? subject : NULL;
}

static void
found(struct subject *subject)
{
    log_warn("%s", subject->text);
    subject->found = true;
    subject->resource = (struct resource){ .kind = "leak", .figures = show_leak };
    str_copy(subject->resource.name, sizeof subject->resource.name, subject->name);
    registry_add(&subject->resource);
}

static void
over(struct subject *subject)
{
    log_info("%s grows no more", subject->name);
    registry_remove(&subject->resource);
    subject->found = false;
}

static void
take(struct subject *subject, int64_t now_ns, double bytes, double left_bytes)
{
    track_add(&subject->track, now_ns, bytes);
    subject->left_bytes = left_bytes;
    bool grows = track_grows(&subject->track, &subject->fit);
    if (grows || subject->found)
        track_text(&subject->fit, subject->name, left_bytes, subject->text, sizeof subject->text);
    subject->calm = grows ? 0 : subject->calm + 1;
    if (grows && !subject->found)
        found(subject);
    else if (subject->found && subject->calm >= CALM_READINGS)
        over(subject);
}

/* What is left for everybody: of the cgroup's limit, else of the machine. */
static double
shared_left(const struct sample *sample)
{
    double limit = sample_value(sample, METRIC_LIMIT_MEMORY, 0);
    return fmin(sample_value(sample, METRIC_MEMORY_AVAILABLE, 0),
        limit > 0 ? limit - sample_value(sample, METRIC_LIMIT_MEMORY_USED, 0) : (double)NAN);
}

static double
left_of(const struct server *server, double own_limit, double bytes)
{
    return fmin(shared_left(server->sample), own_limit > 0 ? own_limit - bytes : (double)NAN);
}

struct look {
    struct server *server;
    int64_t now_ns;
};

static void
look_at_worker(void *context, const struct runner_worker *worker)
{
    const struct look *look = context;
    struct leaks *leaks = look->server->leaks;
    char name[64];
    snprintf(name, sizeof name, "worker %d of run %lld", worker->number, (long long)worker->run);
    struct subject *subject = due(leaks, name, worker->pid, look->now_ns);
    if (!subject || leaks->reads <= 0)
        return;
    leaks->reads--;
    int64_t rss = procmem_tree_rss(worker->pid);
    if (rss >= 0)
        take(subject, look->now_ns, (double)rss,
            left_of(look->server, worker->memory_limit_bytes, (double)rss));
}

static void
look_at_types(const struct look *look, const struct board_reader *board)
{
    for (int i = 0; i < board->figure_count; i++) {
        const struct board_figure *figure = &board->figure[i];
        char name[64];
        if (figure->kind != BOARD_GAUGE ||
            (strcmp(figure->name, "type.live") && strcmp(figure->name, "heap.used")))
            continue;
        const char *type = strchr(figure->labels, '=');
        snprintf(name, sizeof name, "%.24s of %.30s", type ? type + 1 : figure->labels,
            board->program);
        struct subject *subject = due(look->server->leaks, name, board->pid, look->now_ns);
        if (subject && isfinite(figure->value))
            take(subject, look->now_ns, figure->value, left_of(look->server, 0, figure->value));
    }
}

static void
look_at_program(const struct look *look, const struct board_reader *board)
{
    struct leaks *leaks = look->server->leaks;
    char name[64];
    int64_t rss;
    if (board->pid == getpid() || !strcmp(board->program, "optop-worker"))
        return; /* they are looked at as what they are */
    snprintf(name, sizeof name, "%.48s %d", board->program, (int)board->pid);
    struct subject *subject = due(leaks, name, board->pid, look->now_ns);
    if (!subject || leaks->reads <= 0)
        return;
    leaks->reads--;
    if (memory_read_process((int)board->pid, &rss, NULL) == 0)
        take(subject, look->now_ns, (double)rss, left_of(look->server, 0, (double)rss));
}

static void
drop_unseen(struct leaks *leaks)
{
    int kept = 0;
    for (int i = 0; i < leaks->count; i++) {
        struct subject *subject = leaks->subject[i];
        if (subject->seen)
            leaks->subject[kept++] = subject;
        else
            forget(subject);
    }
    leaks->count = kept;
}

void
leaks_step(struct server *server, int64_t now_ns)
{
    struct look look = { server, now_ns };
    struct leaks *leaks = server->leaks;
    double window = server->config->leak_window_seconds;
    if (!leaks && !(leaks = server->leaks = calloc(1, sizeof *leaks)))
        return;
    bool has_changed = window < leaks->window_seconds || window > leaks->window_seconds;
    for (int i = 0; i < leaks->count; i++)
        leaks->subject[i]->seen = false;
    if (has_changed || window <= 0)
        drop_unseen(leaks);
    leaks->window_seconds = window;
    leaks->reads = READS_MAX;
    if (window <= 0)
        return;
    double rss = sample_value(server->sample, METRIC_SERVER_RSS, 0);
    struct subject *own = due(leaks, "the server", getpid(), now_ns);
    if (own && isfinite(rss))
        take(own, now_ns, rss, left_of(server, server->config->max_memory_bytes, rss));
    runner_each_worker(server->runner, look_at_worker, &look);
    for (int i = 0; i < server->boards.count; i++) {
        look_at_program(&look, server->boards.board[i]);
        look_at_types(&look, server->boards.board[i]);
    }
    drop_unseen(leaks);
}

void
leaks_each(const struct leaks *leaks, void (*fn)(void *context, const char *name, const char *text),
    void *context)
{
    for (int i = 0; leaks && i < leaks->count; i++)
        if (leaks->subject[i]->found)
            fn(context, leaks->subject[i]->name, leaks->subject[i]->text);
}

void
leaks_free(struct leaks *leaks)
{
    if (!leaks)
        return;
    for (int i = 0; i < leaks->count; i++)
        forget(leaks->subject[i]);
    free(leaks);
}

void
leaks_write(struct json_writer *w, const struct leaks *leaks)
{
    jw_array(w, "leaks");
    for (int i = 0; leaks && i < leaks->count; i++) {
        const struct subject *subject = leaks->subject[i];
        double rate = subject->fit.per_second;
        if (!subject->found)
            continue;
        jw_object(w, NULL);
        jw_string(w, "name", subject->name);
        jw_int(w, "pid", subject->pid);
        jw_figure(w, "bytes", subject->fit.value);
        jw_figure(w, "bytes_per_minute", rate * 60);
        jw_figure(w, "error_per_minute", subject->fit.error * 60);
        jw_figure(w, "r2", subject->fit.r2);
        jw_figure(w, "limit_seconds", rate > 0 ? subject->left_bytes / rate : (double)NAN);
        jw_string(w, "text", subject->text);
        jw_end(w);
    }
    jw_end(w);
}
