/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/run_files.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "config/ini.h"

void
run_files_release(struct run_files *files)
{
    for (int i = 0; i < files->count; i++) {
        free(files->file[i].path);
        free(files->file[i].name);
        free(files->file[i].fault);
    }
    free(files->file);
    *files = (struct run_files){ 0 };
}

static bool
has_run_section(const struct ini *ini)
{
    for (int i = 0; i < ini_entry_count(ini); i++)
        if (str_equal(ini_entry_at(ini, i)->section, "run"))
            return true;
    return false;
}

/* A file that does not parse is shown with its fault when it means to be a
 * run file: it would be missed, and the list would not say why. */
static bool
mentions_run_section(const char *path)
{
    char line[256];
    bool found = false;
    FILE *file = fopen(path, "re");
    while (file && !found && fgets(line, sizeof line, file))
        found = str_starts(str_trim(line), "[run]");
    if (file)
        fclose(file);
    return found;
}

static bool
is_known(const struct run_files *files, const struct stat *st)
{
    for (int i = 0; i < files->count; i++)
        if (files->file[i].device == st->st_dev && files->file[i].inode == st->st_ino)
            return true;
    return false;
}

static void
append(struct run_files *files, const char *path, const struct stat *st, const char *name,
    const char *fault)
{
    XGROW(files->file, files->count, files->capacity);
    files->file[files->count++] = (struct run_file){
        .path = xstrdup(path),
        .name = xstrdup(name),
        .fault = fault ? xstrdup(fault) : NULL,
        .device = st->st_dev,
        .inode = st->st_ino,
    };
}

static void
add_file(struct run_files *files, const char *path)
{
    struct stat st;
    struct ini *ini = NULL;
    struct diag diag = { 0 };
    char fault[DIAG_FILE_MAX + DIAG_KEY_MAX + DIAG_TEXT_MAX + 32];
    const char *base = strrchr(path, '/');

    base = base ? base + 1 : path;
    /* a pipe or a device under this name must not be opened */
    if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) || is_known(files, &st))
        return;
    if (files->count >= RUN_FILES_MAX) {
        files->cut = true;
        return;
    }
    if (st.st_size > RUN_FILE_BYTES_MAX) {
        if (mentions_run_section(path))
            append(files, path, &st, base, "larger than 256 KiB");
        return;
    }
    if (ini_load(path, &ini, &diag) < 0) {
        if (mentions_run_section(path))
            append(files, path, &st, base, diag_format(&diag, fault, sizeof fault));
        return;
    }
    if (has_run_section(ini)) {
        const char *name = ini_value(ini, "run", "name");
        append(files, path, &st, name && *name ? name : base, NULL);
    }
    ini_free(ini);
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
add_folder(struct run_files *files, const char *folder)
{
    char **path = NULL;
    int count = 0, capacity = 0;
    DIR *directory = opendir(folder);
    const struct dirent *entry;

    if (!directory)
        return;
    for (int seen = 0; seen < RUN_FILES_FOLDER_MAX && (entry = readdir(directory)); seen++) {
        if (entry->d_name[0] == '.' || !str_ends(entry->d_name, ".ini"))
            continue;
        XGROW(path, count, capacity);
        path[count++] = str_equal(folder, ".") ? xstrdup(entry->d_name)
                                               : xasprintf("%s/%s", folder, entry->d_name);
    }
    closedir(directory);
    if (count > 0)
        qsort(path, (size_t)count, sizeof *path, by_name);
    for (int i = 0; i < count; i++) {
        add_file(files, path[i]);
        free(path[i]);
    }
    free(path);
}

static void
add_list(struct run_files *files, const char *folders)
{
    const char *home = getenv("HOME");
    while (folders && *folders) {
        size_t length = strcspn(folders, ":");
        char *folder = xstrndup(folders, length);
        while (length > 1 && folder[length - 1] == '/')
            folder[--length] = '\0';
        if (home && str_starts(folder, "~/")) {
            char *whole = xasprintf("%s%s", home, folder + 1);
            add_folder(files, whole);
            free(whole);
        } else if (*folder) {
            add_folder(files, folder);
        }
        free(folder);
        folders += strcspn(folders, ":");
        folders += *folders == ':';
    }
}

void
run_files_scan(struct run_files *files, const char *folders)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    char *own = config && *config == '/' ? xasprintf("%s/optop/runs", config)
        : home && *home == '/' ? xasprintf("%s/.config/optop/runs", home) : NULL;

    *files = (struct run_files){ 0 };
    add_list(files, folders);
    add_folder(files, ".");
    add_folder(files, "conf/runs");
    if (own)
        add_folder(files, own);
    free(own);
}
