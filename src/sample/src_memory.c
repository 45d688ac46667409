/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * /proc/meminfo -> group memory.
 */
#include "sample/source.h"

#include <stdlib.h>

#include "base/xalloc.h"

/*  X(ID, "key")  lines of the file that are looked at. To add one: a row here,
 *  in the file's order (the search goes on where it last found something), and
 *  its use in src_memory_take. */
#define LINE_TABLE(X)                                                          \
    X(TOTAL, "MemTotal")                                                       \
    X(FREE, "MemFree")                                                         \
    X(AVAILABLE, "MemAvailable")                                               \
    X(BUFFERS, "Buffers")                                                      \
    X(CACHED, "Cached")                                                        \
    X(SWAP_TOTAL, "SwapTotal")                                                 \
    X(SWAP_FREE, "SwapFree")                                                   \
    X(DIRTY, "Dirty")                                                          \
    X(SHARED, "Shmem")                                                         \
    X(SLAB, "Slab")                                                            \
    X(SLAB_RECLAIMABLE, "SReclaimable")                                        \
    X(HUGE_TOTAL, "HugePages_Total")                                           \
    X(HUGE_FREE, "HugePages_Free")                                             \
    X(HUGE_SIZE, "Hugepagesize")

enum line {
#define X(id, key) LINE_##id,
    LINE_TABLE(X)
#undef X
    LINE_COUNT
};

static const struct {
    const char *key;
    size_t len;
} lines[LINE_COUNT] = {
#define X(id, text) [LINE_##id] = { text, sizeof text - 1 },
    LINE_TABLE(X)
#undef X
};

struct src_memory {
    struct procfs_file file;
};

void *
src_memory_new(const struct source_roots *roots)
{
    struct src_memory *memory = XNEW(struct src_memory);
    procfs_file_init(&memory->file, xasprintf("%s/meminfo", roots->proc));
    return memory;
}

void
src_memory_free(void *state)
{
    struct src_memory *memory = state;
    if (!memory)
        return;
    procfs_file_release(&memory->file);
    free(memory);
}

/* Plain numbers stay, "kB" becomes bytes; what is missing is NaN. */
static void
parse(struct scan text, double value[LINE_COUNT])
{
    struct scan line, key;
    int next = 0;
    for (int i = 0; i < LINE_COUNT; i++)
        value[i] = (double)NAN;
    while (scan_line(&text, &line)) {
        uint64_t number;
        if (!scan_until(&line, ':', &key) || !scan_number(&line, &number))
            continue;
        scan_blanks(&line);
        for (int tried = 0; tried < LINE_COUNT; tried++) {
            int i = (next + tried) % LINE_COUNT;
            if (!scan_equals(key, lines[i].key, lines[i].len))
                continue;
            value[i] = (double)number * (scan_literal(&line, "kB") ? 1024 : 1);
            next = i + 1;
            break;
        }
    }
}

/* part of whole in percent; NaN where there is no whole. */
static double
percent(double part, double whole)
{
    return whole > 0 ? 100 * part / whole : (double)NAN;
}

/* Kernels without SReclaimable (before 2.6.19) and some containers leave lines
 * out; those count as nothing here. */
static double
used_bytes(const double value[LINE_COUNT])
{
    double kept = 0;
    static const enum line lines_kept[] = { LINE_BUFFERS, LINE_CACHED, LINE_SLAB_RECLAIMABLE };
    for (size_t i = 0; i < sizeof lines_kept / sizeof *lines_kept; i++)
        if (!isnan(value[lines_kept[i]]))
            kept += value[lines_kept[i]];
    double in_use = value[LINE_TOTAL] - value[LINE_FREE];
    return kept <= in_use ? in_use - kept : fmax(in_use, 0);
}

void
src_memory_take(void *state, const struct source_turn *turn)
{
    struct src_memory *memory = state;
    struct scan text;
    double value[LINE_COUNT];
    if (procfs_file_read(&memory->file, turn->buffer, &text) < 0)
        return;
    parse(text, value);
    double *figure = turn->sample->scalar;
    double used = isnan(value[LINE_TOTAL]) || isnan(value[LINE_FREE]) ? (double)NAN : used_bytes(value);
    figure[METRIC_MEMORY_TOTAL] = value[LINE_TOTAL];
    figure[METRIC_MEMORY_USED] = used;
    figure[METRIC_MEMORY_USED_PCT] = percent(used, value[LINE_TOTAL]);
    figure[METRIC_MEMORY_FREE] = value[LINE_FREE];
    figure[METRIC_MEMORY_AVAILABLE] = value[LINE_AVAILABLE];
    figure[METRIC_MEMORY_BUFFERS] = value[LINE_BUFFERS];
    figure[METRIC_MEMORY_CACHED] = value[LINE_CACHED];
    figure[METRIC_MEMORY_SLAB] = value[LINE_SLAB];
    figure[METRIC_MEMORY_SLAB_RECLAIMABLE] = value[LINE_SLAB_RECLAIMABLE];
    figure[METRIC_MEMORY_SHARED] = value[LINE_SHARED];
    figure[METRIC_MEMORY_DIRTY] = value[LINE_DIRTY];
    double swap_used = fmax(value[LINE_SWAP_TOTAL] - value[LINE_SWAP_FREE], 0);
    if (isnan(value[LINE_SWAP_TOTAL]) || isnan(value[LINE_SWAP_FREE]))
        swap_used = (double)NAN;
    figure[METRIC_MEMORY_SWAP_TOTAL] = value[LINE_SWAP_TOTAL];
    figure[METRIC_MEMORY_SWAP_USED] = swap_used;
    figure[METRIC_MEMORY_SWAP_PCT] = percent(swap_used, value[LINE_SWAP_TOTAL]);
    figure[METRIC_MEMORY_HUGE_TOTAL] = value[LINE_HUGE_TOTAL] * value[LINE_HUGE_SIZE];
    figure[METRIC_MEMORY_HUGE_USED] =
        (value[LINE_HUGE_TOTAL] - value[LINE_HUGE_FREE]) * value[LINE_HUGE_SIZE];
}
