/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The run files that can be launched: `*.ini` with a [run] section in the
 * folders where people keep them. Reads files; keeps only names.
 */
#ifndef OPTOP_UI_RUN_FILES_H
#define OPTOP_UI_RUN_FILES_H

#include <stdbool.h>
#include <sys/types.h>

enum {
    RUN_FILES_MAX = 512,
    RUN_FILES_FOLDER_MAX = 10000, /* names looked at in one folder */
    RUN_FILE_BYTES_MAX = 256 * 1024, /* its text must fit a protocol line beside the environment */
};

struct run_file {
    char *path; /* owned; as a person would write it */
    char *name; /* owned; [run] name, or the file's own */
    char *fault; /* owned; NULL: it can be read */
    dev_t device;
    ino_t inode;
};

struct run_files {
    int count, capacity;
    struct run_file *file; /* owned */
    bool cut; /* there were more than RUN_FILES_MAX */
};

/* Looks in the colon-separated folders (NULL: none), then in ".",
 * "conf/runs" and the user's optop/runs. A file reached twice counts once. */
void run_files_scan(struct run_files *files, const char *folders);
void run_files_release(struct run_files *files);

#endif
