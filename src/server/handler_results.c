/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The methods that hand out what runs have found.
 */
#include <limits.h>
#include <string.h>

#include "base/clock.h"
#include "server/call.h"
#include "store/store_export.h"

/* What one request may take of its client's patience: it shows progress. */
static const double slice_seconds = 0.25;

int
handle_run_export(struct call *call)
{
    const struct run *run;
    struct run *loaded;
    const char *file = json_get_string(call->params, "file", NULL);
    if (!file || file[0] != '/' || strlen(file) >= PATH_MAX)
        return diag_set(call->diag, JSONRPC_PARAMS, "file: must be an absolute path");
    int r = call_find_run(call, &run, &loaded);
    if (r < 0)
        return r;
    struct store_run row = run_to_row(run, clock_mono_ns());
    struct store_export export = { .path = file, .run = &row, .spec = &run->spec,
        .after = json_get_int(call->params, "after", 0), .seconds = slice_seconds };
    struct store_export_slice slice;
    r = store_export_slice(call->store, &export, &slice, call->diag);
    if (r == 0) {
        jw_int(call->w, "after", slice.after);
        jw_int(call->w, "count", slice.count);
        jw_bool(call->w, "done", slice.done);
    }
    run_free(loaded);
    return r;
}
