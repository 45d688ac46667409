/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the server has done with which files, as the status object and the
 * method `files` show it.
 */
#include "server/call.h"

#include "io/file_table.h"

static void
write_file(struct json_writer *w, const struct file_figures *file)
{
    jw_object(w, NULL);
    jw_string(w, "path", file->path);
    jw_int(w, "opens", (int64_t)file->opens);
    jw_int(w, "closes", (int64_t)file->closes);
    jw_int(w, "reads", (int64_t)file->reads);
    jw_int(w, "writes", (int64_t)file->writes);
    jw_int(w, "syncs", (int64_t)file->syncs);
    jw_int(w, "failed", (int64_t)file->failed);
    jw_int(w, "read_bytes", (int64_t)file->bytes_read);
    jw_int(w, "written_bytes", (int64_t)file->bytes_written);
    jw_number(w, "mean_seconds", file->mean_seconds);
    jw_number(w, "p99_seconds", file->p99_seconds);
    jw_number(w, "max_seconds", file->max_seconds);
    jw_end(w);
}

void
status_write_files(struct json_writer *w)
{
    static struct file_figures files[FILE_ROWS_MAX]; /* the loop's alone; too much for a stack */
    uint64_t read_bytes, written_bytes;
    int count = file_rows_copy(files, FILE_ROWS_MAX);
    jw_array(w, "files");
    for (int i = 0; i < count; i++)
        write_file(w, &files[i]);
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
