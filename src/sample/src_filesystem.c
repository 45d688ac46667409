/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * /proc/self/mounts and statvfs() -> group filesystem: how full they are. Of each
 * device the first place where it can be written to, and the root. Only what lies
 * on a device of this machine is asked: what lies elsewhere may not answer at all.
 */
#include "sample/instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include "base/xalloc.h"

enum { DEVICES_MAX = 64, DEVICE_NAME_MAX = 128 };

struct src_filesystem {
    struct procfs_file file;
    struct instances mounts;
    int device_count;
    char device[DEVICES_MAX][DEVICE_NAME_MAX]; /* seen in this turn */
};

void *
src_filesystem_new(const struct source_roots *roots)
{
    struct src_filesystem *source = XNEW(struct src_filesystem);
    procfs_file_init(&source->file, xasprintf("%s/self/mounts", roots->proc));
    instances_init(&source->mounts, GROUP_FILESYSTEM);
    return source;
}

void
src_filesystem_free(void *state)
{
    struct src_filesystem *source = state;
    if (!source)
        return;
    procfs_file_release(&source->file);
    instances_release(&source->mounts);
    free(source);
}

/* A device that has a place already, or cannot be remembered, is not shown again. */
static bool
is_new_device(struct src_filesystem *source, struct scan device)
{
    size_t len = scan_length(device);
    if (len >= DEVICE_NAME_MAX || source->device_count == DEVICES_MAX)
        return false;
    for (int i = 0; i < source->device_count; i++)
        if (scan_equals(device, source->device[i], strlen(source->device[i])))
            return false;
    return scan_copy(device, source->device[source->device_count++], DEVICE_NAME_MAX);
}

static bool
is_read_only(struct scan options)
{
    return scan_literal(&options, "ro") && (options.at == options.end || *options.at == ',');
}

static void
set_figures(struct sample *sample, int row, const struct statvfs *of)
{
    double unit = (double)of->f_frsize, total = (double)of->f_blocks * unit;
    double used = total - (double)of->f_bfree * unit, available = (double)of->f_bavail * unit;
    sample_set(sample, METRIC_FILESYSTEM_TOTAL, row, total);
    sample_set(sample, METRIC_FILESYSTEM_USED, row, used);
    sample_set(sample, METRIC_FILESYSTEM_AVAILABLE, row, available);
    /* as df has it: what is kept for root does not count */
    sample_set(sample, METRIC_FILESYSTEM_PCT, row, 100 * used / (used + available));
}

/* "/dev/vda / ext4 rw,relatime 0 0"; a place with blanks in its name is not shown. */
static void
take_line(struct src_filesystem *source, struct scan line, const struct source_turn *turn)
{
    struct scan device, place, type, options;
    char path[SAMPLE_NAME_MAX];
    struct statvfs figures;
    if (!scan_word(&line, &device) || !scan_word(&line, &place) || !scan_word(&line, &type) ||
        !scan_word(&line, &options) || !scan_copy(place, path, sizeof path) || is_read_only(options))
        return;
    struct scan of = device;
    if (!scan_literal(&of, "/dev/") && strcmp(path, "/") != 0)
        return;
    if (!is_new_device(source, device) || statvfs(path, &figures) < 0 || !figures.f_blocks)
        return;
    struct instance *instance = instances_see(&source->mounts, place, turn->sequence);
    if (instance && instance_row(instance, turn->sample, GROUP_FILESYSTEM) >= 0)
        set_figures(turn->sample, instance->row, &figures);
}

void
src_filesystem_take(void *state, const struct source_turn *turn)
{
    struct src_filesystem *source = state;
    struct scan text, line;
    source->device_count = 0;
    if (procfs_file_read(&source->file, turn->buffer, &text) == 0)
        while (scan_line(&text, &line))
            take_line(source, line, turn);
    instances_sweep(&source->mounts, turn->sample, turn->sequence);
}
