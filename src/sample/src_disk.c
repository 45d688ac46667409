/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * /proc/diskstats -> group disk. Shown are whole disks that have done any I/O:
 * not partitions, loop and ram devices, nor the unused ones a driver makes in
 * advance.
 */
#include "sample/instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/xalloc.h"

enum { SECTOR_BYTES = 512 }; /* the file's unit, whatever the device's is */

/* The order of the file, behind the name. */
enum column {
    COLUMN_READS, COLUMN_READS_MERGED, COLUMN_READ_SECTORS, COLUMN_READ_MS,
    COLUMN_WRITES, COLUMN_WRITES_MERGED, COLUMN_WRITE_SECTORS, COLUMN_WRITE_MS,
    COLUMN_IN_FLIGHT, COLUMN_BUSY_MS, COLUMN_COUNT
};

/*  One figure: how it is counted, and what makes it the metric's unit. */
static const struct {
    enum column column;
    enum metric metric;
    double scale;
} figures[] = {
    { COLUMN_READ_SECTORS, METRIC_DISK_READ, SECTOR_BYTES },
    { COLUMN_WRITE_SECTORS, METRIC_DISK_WRITE, SECTOR_BYTES },
    { COLUMN_READS, METRIC_DISK_READS, 1 },
    { COLUMN_WRITES, METRIC_DISK_WRITES, 1 },
    { COLUMN_BUSY_MS, METRIC_DISK_BUSY, 0.1 }, /* ms per s -> % */
};

enum { FIGURE_COUNT = sizeof figures / sizeof *figures };

_Static_assert((int)FIGURE_COUNT <= (int)INSTANCE_COUNTERS, "an instance keeps every figure");

struct src_disk {
    char *blocks; /* sys/block; owned */
    bool has_blocks; /* it can be looked into */
    struct procfs_file file;
    struct instances disks;
};

void *
src_disk_new(const struct source_roots *roots)
{
    struct src_disk *disk = XNEW(struct src_disk);
    disk->blocks = xasprintf("%s/block", roots->sys);
    disk->has_blocks = access(disk->blocks, X_OK) == 0;
    procfs_file_init(&disk->file, xasprintf("%s/diskstats", roots->proc));
    instances_init(&disk->disks, GROUP_DISK);
    return disk;
}

void
src_disk_free(void *state)
{
    struct src_disk *disk = state;
    if (!disk)
        return;
    free(disk->blocks);
    procfs_file_release(&disk->file);
    instances_release(&disk->disks);
    free(disk);
}

/* sda1 of sda, nvme0n1p2 of nvme0n1. */
static bool
is_partition_name(const char *name, const char *disk)
{
    size_t len = strlen(disk);
    if (len == 0 || strncmp(name, disk, len) != 0)
        return false;
    bool ends_in_digit = disk[len - 1] >= '0' && disk[len - 1] <= '9';
    const char *number = name + len;
    if (ends_in_digit && *number++ != 'p')
        return false;
    return *number && strspn(number, "0123456789") == strlen(number);
}

/* Without sys/block the names have to do. */
static bool
is_partition_of_any(const struct src_disk *disk, const char *name)
{
    for (int i = 0; i < disk->disks.count; i++)
        if (disk->disks.item[i].kind == INSTANCE_SHOWN
            && is_partition_name(name, disk->disks.item[i].name))
            return true;
    return false;
}

static bool
is_whole_disk(const struct src_disk *disk, const char *name)
{
    char path[4096], entry[SAMPLE_NAME_MAX];
    if (!strncmp(name, "loop", 4) || !strncmp(name, "ram", 3) || name[0] == '.')
        return false;
    if (!disk->has_blocks)
        return !is_partition_of_any(disk, name);
    snprintf(entry, sizeof entry, "%s", name);
    for (char *p = entry; *p; p++)
        if (*p == '/') /* sysfs writes cciss/c0d0 so */
            *p = '!';
    snprintf(path, sizeof path, "%s/%s", disk->blocks, entry);
    return access(path, F_OK) == 0;
}

static void
set_figures(struct instance *instance, const uint64_t *column, const struct source_turn *turn)
{
    for (int f = 0; f < FIGURE_COUNT; f++) {
        uint64_t now = column[figures[f].column];
        double value = (double)NAN;
        if (instance->known)
            value = source_rate(now, instance->before[f], turn->seconds) * figures[f].scale;
        /* The kernel rounds its busy time up to ticks. */
        if (figures[f].metric == METRIC_DISK_BUSY && value > 100)
            value = 100;
        sample_set(turn->sample, figures[f].metric, instance->row, value);
        instance->before[f] = now;
    }
    instance->known = true;
}

/* "254 0 vda 69138 23857 3015546 ..." */
static void
take_line(struct src_disk *disk, struct scan line, const struct source_turn *turn)
{
    uint64_t device[2], column[COLUMN_COUNT];
    struct scan name;
    if (scan_numbers(&line, device, 2) < 2 || !scan_word(&line, &name)
        || scan_numbers(&line, column, COLUMN_COUNT) < COLUMN_COUNT)
        return;
    struct instance *instance = instances_see(&disk->disks, name, turn->sequence);
    if (!instance)
        return;
    if (instance->kind == INSTANCE_NEW)
        instance->kind = is_whole_disk(disk, instance->name) ? INSTANCE_SHOWN : INSTANCE_HIDDEN;
    if (instance->kind == INSTANCE_HIDDEN || (!column[COLUMN_READS] && !column[COLUMN_WRITES]))
        return;
    if (instance_row(instance, turn->sample, GROUP_DISK) >= 0)
        set_figures(instance, column, turn);
}

void
src_disk_take(void *state, const struct source_turn *turn)
{
    struct src_disk *disk = state;
    struct scan text, line;
    if (procfs_file_read(&disk->file, turn->buffer, &text) == 0)
        while (scan_line(&text, &line))
            take_line(disk, line, turn);
    instances_sweep(&disk->disks, turn->sample, turn->sequence);
}
