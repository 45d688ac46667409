/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A run and its trials as a SQLite database of their own, written in slices, so
 * that who waits for it sees it grow. The database has two tables: `run`,
 * one row, and `trial`, with a column per parameter and metric.
 */
#ifndef OPTOP_STORE_STORE_EXPORT_H
#define OPTOP_STORE_STORE_EXPORT_H

#include <stdbool.h>

#include "store/store_run.h"

struct store_export {
    const char *path; /* of a file that exists; empty before the first slice */
    const struct store_run *run;
    const struct run_spec *spec;
    int64_t after; /* the last trial of the slice before; 0: this is the first */
    double seconds; /* no more trials than fit in this time, but at least one */
};

struct store_export_slice {
    int64_t after; /* the last trial that was written */
    int64_t count;
    bool done; /* there were no more */
};

/* Nothing is synced: whoever made the file does that at the end. */
int store_export_slice(struct store *store, const struct store_export *export,
    struct store_export_slice *ret_slice, struct diag *diag);

#endif
