/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * /proc/net/dev -> group net. Shown are interfaces that have carried anything,
 * without the loopback: what operators ask is what goes over the wire.
 */
#include "sample/instance.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"

/* The order of the file, behind the name. */
enum column {
    RECEIVE_BYTES, RECEIVE_PACKETS, RECEIVE_ERRORS, RECEIVE_DROPS, RECEIVE_FIFO, RECEIVE_FRAME,
    RECEIVE_COMPRESSED, RECEIVE_MULTICAST, SEND_BYTES, SEND_PACKETS, SEND_ERRORS, SEND_DROPS,
    COLUMN_COUNT
};

static const enum metric figures[] = {
    METRIC_NET_RECEIVE, METRIC_NET_SEND, METRIC_NET_RECEIVE_PACKETS, METRIC_NET_SEND_PACKETS,
    METRIC_NET_ERRORS,
};

enum { FIGURE_COUNT = sizeof figures / sizeof *figures };

_Static_assert((int)FIGURE_COUNT <= (int)INSTANCE_COUNTERS, "an instance keeps every figure");

enum { SPEED_EVERY = 60 }; /* samples; a link rarely changes its speed */

struct src_net {
    const char *sys; /* borrowed */
    struct procfs_file file;
    struct procfs_buffer speed; /* the other one holds the lines */
    struct instances interfaces;
};

void *
src_net_new(const struct source_roots *roots)
{
    struct src_net *net = XNEW(struct src_net);
    net->sys = roots->sys;
    procfs_buffer_init(&net->speed);
    procfs_file_init(&net->file, xasprintf("%s/net/dev", roots->proc));
    instances_init(&net->interfaces, GROUP_NET);
    return net;
}

void
src_net_free(void *state)
{
    struct src_net *net = state;
    if (!net)
        return;
    procfs_file_release(&net->file);
    instances_release(&net->interfaces);
    procfs_buffer_release(&net->speed);
    free(net);
}

/* Megabits per second; -1, or a file that cannot be read, where there is none. */
static double
link_speed(struct src_net *net, const char *name)
{
    char path[256];
    struct scan text;
    uint64_t megabits = 0;
    struct procfs_file file = { .path = path, .fd = -1 };
    if (strchr(name, '/') || name[0] == '.')
        return NAN;
    snprintf(path, sizeof path, "%s/class/net/%s/speed", net->sys, name);
    bool known = procfs_file_read(&file, &net->speed, &text) == 0 && scan_number(&text, &megabits);
    procfs_file_close(&file);
    return known && megabits > 0 && megabits < UINT32_MAX ? (double)megabits * 1e6 / 8 : (double)NAN;
}

static void
set_share(struct src_net *net, struct instance *instance, const struct source_turn *turn)
{
    if (!instance->most_seen || turn->sequence - instance->most_seen >= SPEED_EVERY) {
        instance->most = link_speed(net, instance->name);
        instance->most_seen = turn->sequence;
    }
    double busier = fmax(sample_value(turn->sample, METRIC_NET_RECEIVE, instance->row),
        sample_value(turn->sample, METRIC_NET_SEND, instance->row));
    double share = 100 * busier / instance->most;
    sample_set(turn->sample, METRIC_NET_USED_PCT, instance->row, share > 100 ? 100 : share);
}

static void
set_figures(struct instance *instance, const uint64_t *column, const struct source_turn *turn)
{
    const uint64_t now[FIGURE_COUNT] = {
        column[RECEIVE_BYTES], column[SEND_BYTES], column[RECEIVE_PACKETS], column[SEND_PACKETS],
        column[RECEIVE_ERRORS] + column[RECEIVE_DROPS] + column[SEND_ERRORS] + column[SEND_DROPS],
    };
    for (int f = 0; f < FIGURE_COUNT; f++) {
        double value = (double)NAN;
        if (instance->known)
            value = source_rate(now[f], instance->before[f], turn->seconds);
        sample_set(turn->sample, figures[f], instance->row, value);
        instance->before[f] = now[f];
    }
    instance->known = true;
}

/* "  eth0: 25148682 626 0 0 ..."; older kernels leave no blank behind the colon */
static void
take_line(struct src_net *net, struct scan line, const struct source_turn *turn)
{
    uint64_t column[COLUMN_COUNT];
    struct scan name;
    scan_blanks(&line);
    if (!scan_until(&line, ':', &name) || scan_numbers(&line, column, COLUMN_COUNT) < COLUMN_COUNT)
        return;
    struct instance *instance = instances_see(&net->interfaces, name, turn->sequence);
    if (!instance)
        return;
    if (instance->kind == INSTANCE_NEW)
        instance->kind = strcmp(instance->name, "lo") ? INSTANCE_SHOWN : INSTANCE_HIDDEN;
    if (instance->kind == INSTANCE_HIDDEN || (!column[RECEIVE_BYTES] && !column[SEND_BYTES]))
        return;
    if (instance_row(instance, turn->sample, GROUP_NET) >= 0) {
        set_figures(instance, column, turn);
        set_share(net, instance, turn);
    }
}

void
src_net_take(void *state, const struct source_turn *turn)
{
    struct src_net *net = state;
    struct scan text, line;
    if (procfs_file_read(&net->file, turn->buffer, &text) == 0)
        while (scan_line(&text, &line))
            take_line(net, line, turn);
    instances_sweep(&net->interfaces, turn->sample, turn->sequence);
}
