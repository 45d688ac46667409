/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/path_complete.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"

/* Where the text's last name begins. */
static size_t
name_start(const char *text)
{
    const char *slash = strrchr(text, '/');
    return slash ? (size_t)(slash - text) + 1 : 0;
}

/* The text with the user's directory in the place of "~". */
static char *
without_tilde(const char *text)
{
    const char *home = getenv("HOME");
    bool tilde = text[0] == '~' && (text[1] == '/' || !text[1]) && home && *home == '/';
    return tilde ? xasprintf("%s%s", home, text[1] ? text + 1 : "/") : xstrdup(text);
}

static bool
can_be_typed(const char *name)
{
    char back[4];
    while (*name) {
        const char *here = name;
        uint32_t code = text_next(&name);
        if (text_clean_code(code) != code || text_encode(code, back) != (int)(name - here) ||
            memcmp(back, here, (size_t)(name - here)) != 0)
            return false;
    }
    return true;
}

/* How much two names have in common, no character cut. */
static size_t
common_length(const char *a, const char *b)
{
    size_t n = 0;
    while (a[n] && a[n] == b[n])
        n++;
    while (n > 0 && ((unsigned char)a[n] & 0xC0) == 0x80)
        n--;
    return n;
}

static bool
is_directory(DIR *folder, const struct dirent *entry)
{
    struct stat st;
    if (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
        return entry->d_type == DT_DIR;
    return fstatat(dirfd(folder), entry->d_name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

/* common: of all that have fitted so far, owned. */
static void
take_name(struct path_completion *c, DIR *folder, const struct dirent *entry, char **common)
{
    const char *name = entry->d_name;
    if (c->count++ == 0)
        *common = xstrdup(name);
    else
        (*common)[common_length(*common, name)] = '\0';
    if (c->name_count < PATH_NAMES_MAX)
        c->name[c->name_count++] = xasprintf("%s%s", name, is_directory(folder, entry) ? "/" : "");
}

static bool
fits(const char *name, const char *beginning)
{
    if (str_equal(name, ".") || str_equal(name, "..") || !str_starts(name, beginning))
        return false;
    return (name[0] != '.' || beginning[0] == '.') && can_be_typed(name);
}

static char *
read_folder(struct path_completion *c, DIR *folder, const char *beginning)
{
    const struct dirent *entry;
    char *common = NULL;
    int64_t until = clock_mono_ns() + PATH_SECONDS_MAX * NS_PER_SEC;
    for (int seen = 0; (entry = readdir(folder)); seen++) {
        if (seen == PATH_ENTRIES_MAX || clock_mono_ns() > until) {
            c->cut = true;
            break;
        }
        if (fits(entry->d_name, beginning))
            take_name(c, folder, entry, &common);
    }
    return common;
}

static int
by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void
path_complete(struct path_completion *c)
{
    char *text = without_tilde(c->text);
    size_t start = name_start(text);
    char *head = xstrndup(text, start);
    char *place = *head == '/' || !c->directory ? xstrdup(*head ? head : ".")
                                                : xasprintf("%s/%s", c->directory, head);
    DIR *folder = opendir(place);
    if (folder) {
        char *common = read_folder(c, folder, text + start);
        closedir(folder);
        if (c->name_count > 1)
            qsort(c->name, (size_t)c->name_count, sizeof *c->name, by_name);
        if (common)
            c->completed = xasprintf("%s%s", head, c->count == 1 ? c->name[0] : common);
        free(common);
    } else {
        c->code = -errno;
    }
    free(place);
    free(head);
    free(text);
}

void
path_completion_release(struct path_completion *c)
{
    for (int i = 0; i < c->name_count; i++)
        free(c->name[i]);
    free(c->directory);
    free(c->text);
    free(c->completed);
    *c = (struct path_completion){ 0 };
}
