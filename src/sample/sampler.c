/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sample/sampler.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "sample/source.h"

struct source {
    enum metric_group group; /* its plain figures are set unknown before a take */
    unsigned every; /* samples between two takes */
    void *(*new)(const struct source_roots *roots);
    void (*take)(void *state, const struct source_turn *turn);
    void (*free)(void *state);
};

static const struct source sources[] = {
#define X(name, group, every)                                                  \
    { GROUP_##group, every, src_##name##_new, src_##name##_take, src_##name##_free },
    SOURCE_TABLE(X)
#undef X
};

enum { SOURCE_COUNT = sizeof sources / sizeof *sources };

struct sampler {
    char *proc, *sys; /* owned */
    struct sample sample;
    struct procfs_file stat;
    struct procfs_buffer stat_buffer; /* stays while the sources use the other one */
    struct procfs_buffer buffer;
    struct {
        void *state;
        int64_t mono_ns; /* of its last take */
        bool taken;
    } source[SOURCE_COUNT];
};

struct sampler *
sampler_new(const char *proc_root, const char *sys_root, int pid)
{
    struct sampler *sampler = XNEW(struct sampler);
    sampler->proc = xstrdup(proc_root);
    sampler->sys = xstrdup(sys_root);
    sample_init(&sampler->sample);
    procfs_buffer_init(&sampler->stat_buffer);
    procfs_buffer_init(&sampler->buffer);
    procfs_file_init(&sampler->stat, xasprintf("%s/stat", proc_root));
    const struct source_roots roots = { .proc = sampler->proc, .sys = sampler->sys, .pid = pid };
    for (int s = 0; s < SOURCE_COUNT; s++)
        sampler->source[s].state = sources[s].new(&roots);
    return sampler;
}

void
sampler_free(struct sampler *sampler)
{
    if (!sampler)
        return;
    for (int s = 0; s < SOURCE_COUNT; s++)
        sources[s].free(sampler->source[s].state);
    procfs_file_release(&sampler->stat);
    procfs_buffer_release(&sampler->stat_buffer);
    procfs_buffer_release(&sampler->buffer);
    sample_release(&sampler->sample);
    free(sampler->proc);
    free(sampler->sys);
    free(sampler);
}

static void
forget_figures(struct sample *sample, enum metric_group group)
{
    const struct metric_group_info *info = metric_group_info(group);
    if (!info->per_instance)
        for (int m = info->first; m < info->first + info->count; m++)
            sample->scalar[m] = (double)NAN;
}

static double
seconds_between(int64_t before_ns, int64_t now_ns)
{
    return now_ns > before_ns ? ns_to_sec(now_ns - before_ns) : (double)NAN;
}

const struct sample *
sampler_take(struct sampler *sampler, int64_t mono_ns, int64_t wall_ns)
{
    struct sample *sample = &sampler->sample;
    struct source_turn turn = { .sample = sample, .buffer = &sampler->buffer, .mono_ns = mono_ns };
    sample->interval_seconds =
        sample->sequence ? seconds_between(sample->mono_ns, mono_ns) : (double)NAN;
    turn.sequence = ++sample->sequence;
    sample->mono_ns = mono_ns;
    sample->wall_ns = wall_ns;
    if (procfs_file_read(&sampler->stat, &sampler->stat_buffer, &turn.stat) < 0)
        turn.stat = (struct scan){ "", "" };
    for (int s = 0; s < SOURCE_COUNT; s++) {
        if ((turn.sequence - 1) % sources[s].every != 0)
            continue;
        turn.seconds = sampler->source[s].taken
            ? seconds_between(sampler->source[s].mono_ns, mono_ns) : (double)NAN;
        sampler->source[s].mono_ns = mono_ns;
        sampler->source[s].taken = true;
        forget_figures(sample, sources[s].group);
        sources[s].take(sampler->source[s].state, &turn);
    }
    return sample;
}

struct sample *
sampler_sample(struct sampler *sampler)
{
    return &sampler->sample;
}

int
sampler_usable_cores(const struct sampler *sampler)
{
    double cores = sampler->sample.scalar[METRIC_LIMIT_CORES];
    if (isnan(cores)) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        cores = online > 0 ? (double)online : 1;
    }
    /* A part of a core is worth a worker: rounding down would leave it idle. */
    return cores <= 1 ? 1 : (int)fmin(ceil(cores), 1 << 20);
}
