/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * /proc/pressure/{cpu,memory,io} -> group pressure. The share of the last
 * interval comes from `total` (microseconds), so a spike of one second shows
 * at once; the kernel's own averages stand beside it. Kernels without PSI, or
 * with a file or line missing, leave the figures unknown.
 */
#include "sample/source.h"

#include <stdlib.h>

#include "base/xalloc.h"

enum { KIND_SOME, KIND_FULL, KIND_COUNT };

enum figure { FIGURE_NOW, FIGURE_AVG10, FIGURE_AVG60, FIGURE_AVG300, FIGURE_COUNT };

static const char *const kind_name[KIND_COUNT] = { "some", "full" };

#define FIGURES(id) { METRIC_##id, METRIC_##id##_AVG10, METRIC_##id##_AVG60, METRIC_##id##_AVG300 }

static const struct {
    const char *name;
    enum metric metric[KIND_COUNT][FIGURE_COUNT];
} resources[] = {
    { "cpu", { FIGURES(PSI_CPU_SOME), FIGURES(PSI_CPU_FULL) } },
    { "memory", { FIGURES(PSI_MEMORY_SOME), FIGURES(PSI_MEMORY_FULL) } },
    { "io", { FIGURES(PSI_IO_SOME), FIGURES(PSI_IO_FULL) } },
};

enum { RESOURCE_COUNT = sizeof resources / sizeof *resources };

struct src_psi {
    struct {
        struct procfs_file file;
        struct {
            bool known;
            uint64_t total;
        } before[KIND_COUNT];
    } resource[RESOURCE_COUNT];
};

void *
src_psi_new(const struct source_roots *roots)
{
    struct src_psi *psi = XNEW(struct src_psi);
    for (int r = 0; r < RESOURCE_COUNT; r++)
        procfs_file_init(&psi->resource[r].file,
            xasprintf("%s/pressure/%s", roots->proc, resources[r].name));
    return psi;
}

void
src_psi_free(void *state)
{
    struct src_psi *psi = state;
    if (!psi)
        return;
    for (int r = 0; r < RESOURCE_COUNT; r++)
        procfs_file_release(&psi->resource[r].file);
    free(psi);
}

/* "avg10=0.20 avg60=1.13 avg300=0.43 total=8188909" */
static bool
parse_line(struct scan *line, double average[FIGURE_COUNT], uint64_t *total)
{
    struct scan key;
    for (int f = FIGURE_AVG10; f < FIGURE_COUNT; f++)
        if (!scan_until(line, '=', &key) || !scan_decimal(line, &average[f]))
            return false;
    return scan_until(line, '=', &key) && scan_number(line, total);
}

static void
take_resource(struct src_psi *psi, int r, const struct source_turn *turn)
{
    bool seen[KIND_COUNT] = { false };
    struct scan text = { 0 }, line;
    if (procfs_file_read(&psi->resource[r].file, turn->buffer, &text) < 0)
        text = (struct scan){ 0 };
    while (scan_line(&text, &line)) {
        int kind = 0;
        while (kind < KIND_COUNT && !scan_literal(&line, kind_name[kind]))
            kind++;
        double figure[FIGURE_COUNT];
        uint64_t total;
        if (kind == KIND_COUNT || seen[kind] || !parse_line(&line, figure, &total))
            continue;
        figure[FIGURE_NOW] = (double)NAN;
        if (psi->resource[r].before[kind].known) {
            double stalled = source_rate(total, psi->resource[r].before[kind].total, turn->seconds);
            /* The kernel's clock and ours are not read at the same moment. */
            figure[FIGURE_NOW] = stalled > 1e6 ? 100 : stalled / 1e4;
        }
        for (int f = 0; f < FIGURE_COUNT; f++)
            turn->sample->scalar[resources[r].metric[kind][f]] = figure[f];
        psi->resource[r].before[kind].total = total;
        seen[kind] = true;
    }
    for (int kind = 0; kind < KIND_COUNT; kind++)
        psi->resource[r].before[kind].known = seen[kind];
}

void
src_psi_take(void *state, const struct source_turn *turn)
{
    for (int r = 0; r < RESOURCE_COUNT; r++)
        take_resource(state, r, turn);
}
