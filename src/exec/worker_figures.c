/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "exec/worker_figures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "optop/memory.h"

enum { OPEN_AFTER_SECONDS = 1 };

enum { NOT_OPENED, BEING_OPENED, OPENED };

void
worker_figures_init(struct worker_figures *figures, const char *duration_name, int64_t now_ns)
{
    *figures = (struct worker_figures){ .duration_name = duration_name, .started_ns = now_ns };
}

void
worker_figures_release(struct worker_figures *figures)
{
    optop_board_close(figures->board);
    figures->board = NULL;
}

/* The label says which run it is: OPTOP_RUN, the mark of its processes, ends with it. */
static void
open_board(struct worker_figures *figures)
{
    char labels[OPTOP_LABELS_MAX];
    const char *mark = getenv("OPTOP_RUN"), *dot = mark ? strrchr(mark, '.') : NULL;
    snprintf(labels, sizeof labels, "run=%s", dot ? dot + 1 : "");
    figures->board = optop_board_open("optop-worker");
    figures->trials = optop_counter(figures->board, "trials", "", labels);
    figures->failed = optop_counter(figures->board, "trials.failed", "", labels);
    figures->duration = optop_histogram(figures->board, figures->duration_name, labels);
}

void
worker_figures_add(struct worker_figures *figures, uint64_t trials, uint64_t failed,
    int64_t duration_ns, int64_t now_ns)
{
    int state = atomic_load_explicit(&figures->state, memory_order_acquire);
    if (state != OPENED) {
        atomic_fetch_add(&figures->early_trials, trials);
        atomic_fetch_add(&figures->early_failed, failed);
        state = NOT_OPENED;
        if (now_ns - figures->started_ns < OPEN_AFTER_SECONDS * NS_PER_SEC ||
            !atomic_compare_exchange_strong(&figures->state, &state, BEING_OPENED))
            return;
        open_board(figures);
        atomic_store_explicit(&figures->state, OPENED, memory_order_release);
        trials = failed = 0;
    }
    /* another thread may have been about to count early ones */
    if (atomic_load_explicit(&figures->early_trials, memory_order_relaxed)) {
        trials += atomic_exchange(&figures->early_trials, 0);
        failed += atomic_exchange(&figures->early_failed, 0);
    }
    optop_add(figures->trials, trials);
    if (failed)
        optop_add(figures->failed, failed);
    optop_record(figures->duration, duration_ns);
}

void
worker_figures_tick(struct worker_figures *figures, int64_t now_ns)
{
    if (now_ns - figures->published_ns < NS_PER_SEC ||
        atomic_load_explicit(&figures->state, memory_order_acquire) != OPENED)
        return;
    optop_memory_step();
    optop_board_publish(figures->board);
    figures->published_ns = now_ns;
}
