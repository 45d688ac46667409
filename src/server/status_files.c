/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the server has done with which files, as the status object and the
 * method `files` show it.
 */
#include "server/call.h"

#include <stddef.h>

#include "io/file_table.h"

#define ROW(key, kind, field) { key, JW_##kind, offsetof(struct file_figures, field) }

static const struct jw_field fields[] = {
    ROW("opens", COUNT, opens),
    ROW("closes", COUNT, closes),
    ROW("reads", COUNT, reads),
    ROW("writes", COUNT, writes),
    ROW("syncs", COUNT, syncs),
    ROW("failed", COUNT, failed),
    ROW("read_bytes", COUNT, bytes_read),
    ROW("written_bytes", COUNT, bytes_written),
    ROW("mean_seconds", SECONDS, mean_seconds),
    ROW("p99_seconds", SECONDS, p99_seconds),
    ROW("max_seconds", SECONDS, max_seconds),
    { 0 },
};

void
status_write_files(struct json_writer *w)
{
    static struct file_figures files[FILE_ROWS_MAX]; /* the loop's alone; too much for a stack */
    uint64_t read_bytes, written_bytes;
    int count = file_rows_copy(files, FILE_ROWS_MAX);
    jw_array(w, "files");
    for (int i = 0; i < count; i++) {
        jw_object(w, NULL);
        jw_string(w, "path", files[i].path);
        jw_fields(w, fields, &files[i]);
        jw_end(w);
    }
    jw_end(w);
    if (file_disk_totals(&read_bytes, &written_bytes) < 0)
        return;
    jw_object(w, "disk");
    jw_int(w, "read_bytes", (int64_t)read_bytes);
    jw_int(w, "written_bytes", (int64_t)written_bytes);
    jw_end(w);
}

int
handle_files(struct call *call)
{
    status_write_files(call->w);
    return 0;
}
