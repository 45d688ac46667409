/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sample/cgroup.h"

#include <stdio.h>

#include "base/err.h"

/* Whether `word` is in "a,b,c". */
static bool
list_has(struct scan list, const char *word)
{
    struct scan part;
    size_t len = strlen(word);
    while (scan_until(&list, ',', &part))
        if (scan_equals(part, word, len))
            return true;
    return scan_equals(list, word, len);
}

/* "4:memory:/path" (v1) or "0::/path" (v2). A controller lives in one tree
 * only, so v2 holds it when no v1 line names it. */
static int
find_path(struct scan cgroups, const char *controller, struct scan *ret_path, bool *ret_v2)
{
    struct scan line, id, list;
    int found = ERR_NOT_FOUND;
    while (scan_line(&cgroups, &line)) {
        if (!scan_until(&line, ':', &id) || !scan_until(&line, ':', &list))
            continue;
        bool v2 = scan_equals(id, "0", 1) && scan_length(list) == 0;
        if (!v2 && !list_has(list, controller))
            continue;
        *ret_path = line;
        *ret_v2 = v2;
        found = 0;
        if (!v2)
            break;
    }
    return found;
}

struct mount {
    struct scan root, point, type, options;
};

/* "35 31 0:32 / /sys/fs/cgroup/memory rw,relatime shared:1 - cgroup cgroup rw,memory" */
static bool
parse_mount(struct scan line, struct mount *mount)
{
    struct scan word;
    for (int i = 0; i < 3; i++)
        if (!scan_word(&line, &word))
            return false;
    if (!scan_word(&line, &mount->root) || !scan_word(&line, &mount->point))
        return false;
    do
        if (!scan_word(&line, &word))
            return false;
    while (!scan_equals(word, "-", 1));
    return scan_word(&line, &mount->type) && scan_word(&line, &word)
        && scan_word(&line, &mount->options);
}

static bool
find_mount(struct scan mounts, const char *controller, bool v2, struct mount *mount)
{
    struct scan line;
    const char *type = v2 ? "cgroup2" : "cgroup";
    while (scan_line(&mounts, &line))
        if (parse_mount(line, mount) && scan_equals(mount->type, type, strlen(type))
            && (v2 || list_has(mount->options, controller)))
            return true;
    return false;
}

static bool
is_octal(const char *p)
{
    return p[0] >= '0' && p[0] <= '3' && p[1] >= '0' && p[1] <= '7' && p[2] >= '0' && p[2] <= '7';
}

/* mountinfo writes blanks and backslashes as \040. */
static bool
unescape(struct scan text, char *buf, size_t size)
{
    size_t len = 0;
    while (text.at < text.end) {
        char c = *text.at++;
        if (c == '\\' && scan_length(text) >= 3 && is_octal(text.at)) {
            c = (char)((text.at[0] - '0') * 64 + (text.at[1] - '0') * 8 + (text.at[2] - '0'));
            text.at += 3;
        }
        if (len + 1 >= size || c == '\0')
            return false;
        buf[len++] = c;
    }
    buf[len] = '\0';
    return true;
}

/* What follows `prefix` in path when it is a directory at or above it. */
static const char *
below(const char *path, const char *prefix)
{
    size_t len = strlen(prefix);
    while (len > 0 && prefix[len - 1] == '/')
        len--;
    if (strncmp(path, prefix, len) != 0 || (path[len] && path[len] != '/'))
        return NULL;
    return path + len;
}

static bool
climbs(const char *path)
{
    for (const char *p = strstr(path, "/.."); p; p = strstr(p + 1, "/.."))
        if (p[3] == '\0' || p[3] == '/')
            return true;
    return false;
}

int
cgroup_find(struct scan cgroups, struct scan mounts, const char *controller, const char *sys,
    struct cgroup_place *ret_place)
{
    char path[CGROUP_PATH_MAX], root[CGROUP_PATH_MAX], point[CGROUP_PATH_MAX];
    struct scan text;
    struct mount mount;
    struct cgroup_place place = { 0 };
    int r = find_path(cgroups, controller, &text, &place.v2);
    if (r < 0)
        return r;
    if (!find_mount(mounts, controller, place.v2, &mount))
        return ERR_NOT_FOUND;
    if (!scan_copy(text, path, sizeof path) || !unescape(mount.root, root, sizeof root)
        || !unescape(mount.point, point, sizeof point))
        return ERR_TOO_LARGE;
    const char *point_below = below(point, "/sys");
    if (!point_below || climbs(point))
        return ERR_NOT_FOUND;
    /* From inside a cgroup namespace a path may not be under the mount's root;
     * then the mount point is all that can be seen of it. */
    const char *own = below(path, root);
    if (!own || climbs(path) || !strcmp(own, "/"))
        own = "";
    int len = snprintf(place.path, sizeof place.path, "%s%s%s", sys, point_below, own);
    if (len < 0 || (size_t)len >= sizeof place.path)
        return ERR_TOO_LARGE;
    place.root_length = (size_t)len - strlen(own);
    *ret_place = place;
    return 0;
}

bool
cgroup_parent(struct cgroup_place *place)
{
    char *slash = strrchr(place->path, '/');
    if (!slash || (size_t)(slash - place->path) < place->root_length)
        return false;
    *slash = '\0';
    return true;
}
