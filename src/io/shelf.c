/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/shelf.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "io/folder.h"

enum {
    LIST_BYTES_MAX = 1024 * 1024, /* of the file; more is not read */
    OPEN_TRIES = 10, /* a shelf that is found empty is removed meanwhile */
};

static const char list_name[] = ".kept";

struct kept {
    char name[SHELF_NAME_MAX];
    int64_t bytes;
};

struct kept_list {
    struct kept *kept; /* owned; oldest first */
    int count, capacity;
    double bytes;
    bool changed;
};

int
shelf_open(const char *path, int *ret_shelf)
{
    int r = 0;
    for (int i = 0; i < OPEN_TRIES; i++)
        if ((r = folder_make(path, ret_shelf)) != -ENOENT)
            break;
    return r;
}

static bool
is_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len < SHELF_NAME_MAX && name[0] != '.' &&
        strspn(name, "0123456789.") == len;
}

/* The shelf is locked for the others until the folder is. */
int
shelf_take(int shelf, const char *name, int *ret_fd)
{
    if (flock(shelf, LOCK_SH) < 0)
        return -errno;
    int r = mkdirat(shelf, name, 0700) < 0 ? -errno : 0;
    if (r == -EEXIST) {
        r = folder_remove(shelf, name, 0);
        if (r == 0 && mkdirat(shelf, name, 0700) < 0)
            r = -errno;
    }
    int fd = -1;
    if (r == 0)
        r = folder_open(shelf, name, &fd);
    if (r == 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
        *ret_fd = fd;
    else if (r == 0) {
        r = -errno;
        close(fd);
    }
    flock(shelf, LOCK_UN);
    return r;
}

/* The list. */

static void
list_add(struct kept_list *list, const char *name, int64_t bytes)
{
    XGROW(list->kept, list->count, list->capacity);
    struct kept *kept = &list->kept[list->count++];
    str_copy(kept->name, sizeof kept->name, name);
    kept->bytes = bytes;
    list->bytes += (double)bytes;
}

static void
list_drop(struct kept_list *list, int index)
{
    list->bytes -= (double)list->kept[index].bytes;
    list->count--;
    memmove(list->kept + index, list->kept + index + 1,
        (size_t)(list->count - index) * sizeof *list->kept);
    list->changed = true;
}

static int
list_find(const struct kept_list *list, const char *name)
{
    for (int i = 0; i < list->count; i++)
        if (!strcmp(list->kept[i].name, name))
            return i;
    return -1;
}

/* Lines that make no sense are strays' again. */
static void
list_read_line(struct kept_list *list, char *line)
{
    char *space = strchr(line, ' ');
    if (!space)
        return;
    *space = '\0';
    int64_t bytes = strtoll(space + 1, NULL, 10);
    if (is_name(line))
        list_add(list, line, bytes > 0 ? bytes : 0);
}

/* A list that cannot be read is empty: what is there are strays then. */
static void
list_read(int shelf, struct kept_list *list)
{
    struct stat st;
    int fd = openat(shelf, list_name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return;
    size_t size = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= LIST_BYTES_MAX
        ? (size_t)st.st_size
        : 0;
    char *text = malloc(size + 1), *rest = text, *line;
    ssize_t n = text ? pread(fd, text, size, 0) : -1;
    close(fd);
    if (n > 0) {
        text[n] = '\0';
        while ((line = strsep(&rest, "\n")))
            list_read_line(list, line);
    }
    free(text);
}

static int
list_write(int shelf, const struct kept_list *list)
{
    struct str text;
    str_init(&text);
    for (int i = 0; i < list->count; i++)
        str_printf(&text, "%s %" PRId64 "\n", list->kept[i].name, list->kept[i].bytes);
    int fd = openat(shelf, list_name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
        0600);
    int r = fd < 0 ? -errno : 0;
    if (r == 0 && write(fd, text.data, text.len) != (ssize_t)text.len)
        r = -EIO; /* a line that is cut makes no sense: its folder is a stray */
    if (fd >= 0)
        close(fd);
    str_release(&text);
    return r;
}

static void
list_release(struct kept_list *list)
{
    free(list->kept);
}

/* The shelf locked, and its list. -errno: neither. */
static int
list_open(int shelf, struct kept_list *ret_list)
{
    *ret_list = (struct kept_list){ .count = 0 };
    if (flock(shelf, LOCK_EX) < 0)
        return -errno;
    list_read(shelf, ret_list);
    return 0;
}

static int
list_close(int shelf, struct kept_list *list)
{
    int r = list->changed ? list_write(shelf, list) : 0;
    flock(shelf, LOCK_UN);
    list_release(list);
    return r;
}

/* The oldest go first. */
static void
list_trim(int shelf, struct kept_list *list, const struct shelf_bounds *bounds)
{
    while (list->count > 0 && (list->count > bounds->count || list->bytes > bounds->bytes)) {
        folder_remove(shelf, list->kept[0].name, 0); /* what does not go is a stray */
        list_drop(list, 0);
    }
}

int
shelf_keep(int shelf, const char *name, const struct shelf_bounds *bounds, bool *ret_kept)
{
    struct kept_list list;
    int64_t bytes;
    *ret_kept = false;
    if (unlinkat(shelf, name, AT_REMOVEDIR) == 0)
        return 0;
    int r = folder_measure(shelf, name, &bytes);
    if (r < 0 || (double)bytes > bounds->bytes || bounds->count < 1)
        return folder_remove(shelf, name, 0);
    r = list_open(shelf, &list);
    if (r < 0)
        return r;
    int before = list_find(&list, name);
    if (before >= 0)
        list_drop(&list, before);
    list_add(&list, name, bytes);
    list.changed = *ret_kept = true;
    list_trim(shelf, &list, bounds);
    return list_close(shelf, &list);
}

/* Strays. */

static int
compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool
is_in_use(int shelf, const char *name)
{
    int fd;
    if (folder_open(shelf, name, &fd) < 0)
        return false;
    bool used = flock(fd, LOCK_EX | LOCK_NB) < 0;
    close(fd);
    return used;
}

/* What is on the shelf and not in its list. */
static struct kept_list
find_strays(int shelf, const struct kept_list *list)
{
    struct kept_list strays = { .count = 0 };
    const struct dirent *entry;
    int copy = openat(shelf, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    const char **names = xcalloc((size_t)list->count + 1, sizeof *names);
    for (int i = 0; i < list->count; i++)
        names[i] = list->kept[i].name;
    qsort(names, (size_t)list->count, sizeof *names, compare_names);
    while (dir && (entry = readdir(dir))) {
        const char *name = entry->d_name;
        if (is_name(name) &&
            !bsearch(&name, names, (size_t)list->count, sizeof *names, compare_names))
            list_add(&strays, name, 0);
    }
    if (dir)
        closedir(dir);
    else if (copy >= 0)
        close(copy);
    free(names);
    return strays;
}

/* The strays that stay, in front: they are the oldest. */
static void
take_strays(int shelf, struct kept_list *list, const struct shelf_bounds *bounds,
    int64_t until_ns)
{
    struct kept_list strays = find_strays(shelf, list), all = { .count = 0 };
    int64_t bytes;
    for (int i = 0; i < strays.count; i++) {
        const char *name = strays.kept[i].name;
        if (is_in_use(shelf, name))
            continue;
        if (bounds->strays && unlinkat(shelf, name, AT_REMOVEDIR) < 0 &&
            folder_measure(shelf, name, &bytes) == 0)
            list_add(&all, name, bytes);
        else
            folder_remove(shelf, name, until_ns);
    }
    list_release(&strays);
    if (!all.count)
        return;
    for (int i = 0; i < list->count; i++)
        list_add(&all, list->kept[i].name, list->kept[i].bytes);
    list_release(list);
    *list = all;
    list->changed = true;
}

/* Someone may have taken what was kept away. */
static void
drop_missing(int shelf, struct kept_list *list)
{
    struct stat st;
    for (int i = list->count - 1; i >= 0; i--)
        if (fstatat(shelf, list->kept[i].name, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
            list_drop(list, i);
}

int
shelf_tidy(int shelf, const struct shelf_bounds *bounds, int64_t until_ns, bool *ret_empty)
{
    struct kept_list list;
    int r = list_open(shelf, &list);
    if (r < 0)
        return r;
    drop_missing(shelf, &list);
    take_strays(shelf, &list, bounds, until_ns);
    list_trim(shelf, &list, bounds);
    struct kept_list rest = find_strays(shelf, &list);
    *ret_empty = !list.count && !rest.count;
    list_release(&rest);
    if (!list.count) {
        unlinkat(shelf, list_name, 0);
        list.changed = false;
    }
    return list_close(shelf, &list);
}
