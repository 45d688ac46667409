/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/json_change.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Looked at whole before its members are: most rows have not changed, and what is
 * larger mostly has a member that has. */
enum { ROW_BYTES = 512 };

struct walk {
    const char *before, *after; /* where both are */
    const char *before_end, *after_end;
    const char *same_to; /* before this, `before' is as `after' is, while they keep their distance */
    ptrdiff_t distance;
    struct str *out;
};

static bool change_value(struct walk *w, int depth);

/* Behind the string that begins here. */
static const char *
skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        at += *at == '\\';
    return at < end ? at + 1 : end;
}

/* Behind the value that begins here; `end' or beyond when it does not end before that. */
static const char *
skip_value(const char *at, const char *end)
{
    int depth = 0;
    while (at < end) {
        switch (*at) {
        case '"':
            at = skip_string(at, end);
            break;
        case '{':
        case '[':
            depth++;
            at++;
            break;
        case '}':
        case ']':
            if (--depth < 0)
                return at;
            at++;
            break;
        case ',':
            if (!depth)
                return at;
            at++;
            continue;
        default:
            at++;
            continue;
        }
        if (!depth)
            return at;
    }
    return end;
}

static void
find_same(struct walk *w)
{
    enum { BLOCK = 64 };
    const char *a = w->before, *b = w->after;
    ptrdiff_t left = w->before_end - a < w->after_end - b ? w->before_end - a : w->after_end - b;
    while (left >= BLOCK && !memcmp(a, b, BLOCK)) {
        a += BLOCK;
        b += BLOCK;
        left -= BLOCK;
    }
    while (left > 0 && *a == *b) {
        a++;
        b++;
        left--;
    }
    w->same_to = a;
    w->distance = b - a;
}

/* Steps over a value that is surely the same. */
static bool
pass_same(struct walk *w)
{
    if (w->after - w->before != w->distance || w->before >= w->same_to)
        find_same(w);
    const char *most = w->same_to - w->before > ROW_BYTES ? w->before + ROW_BYTES : w->same_to;
    const char *end = skip_value(w->before, most);
    if (end >= most) /* a number may go on behind what is the same */
        return false;
    w->after += end - w->before;
    w->before = end;
    return true;
}

static void
write_whole(struct walk *w, const char *value)
{
    bool nested = *value == '{' || *value == '[';
    if (nested)
        str_putc(w->out, '[');
    str_append(w->out, value, (size_t)(w->after - value));
    if (nested)
        str_putc(w->out, ']');
}

/* Steps over one sign that both must have here. */
static bool
both(struct walk *w, char sign)
{
    if (w->before >= w->before_end || w->after >= w->after_end || *w->before != sign || *w->after != sign)
        return false;
    w->before++;
    w->after++;
    return true;
}

/* The key and its colon, which both must have; *ret_key is that with its quotes. */
static bool
same_key(struct walk *w, const char **ret_key, size_t *ret_len)
{
    if (w->before >= w->before_end || *w->before != '"')
        return false;
    const char *end = skip_string(w->before, w->before_end);
    size_t len = (size_t)(end - w->before);
    if ((size_t)(w->after_end - w->after) < len || memcmp(w->before, w->after, len) != 0)
        return false;
    *ret_key = w->before;
    *ret_len = len;
    w->before += len;
    w->after += len;
    return both(w, ':');
}

/* The members of an object or an array. -1: not of the same shape; else how many have changed. */
static int
change_members(struct walk *w, int depth)
{
    char closer = *w->before == '{' ? '}' : ']';
    int changed = 0;
    w->before++;
    w->after++;
    for (int place = 0; !both(w, closer); place++) {
        const char *key = NULL;
        size_t len = 0, mark = w->out->len;
        if ((place && !both(w, ',')) || (closer == '}' && !same_key(w, &key, &len)) ||
            *w->before == ']' || *w->after == ']')
            return -1;
        str_putc(w->out, changed ? ',' : '{');
        if (key)
            str_append(w->out, key, len);
        else
            str_printf(w->out, "\"%d\"", place);
        str_putc(w->out, ':');
        if (change_value(w, depth + 1)) {
            changed++;
        } else {
            w->out->len = mark;
            w->out->data[mark] = '\0';
        }
    }
    if (changed)
        str_putc(w->out, '}');
    return changed;
}

/* True: something was written. Steps over the value in both. */
static bool
change_value(struct walk *w, int depth)
{
    if (pass_same(w))
        return false;
    const char *before = w->before, *after = w->after;
    size_t mark = w->out->len;
    bool nested = w->before < w->before_end && w->after < w->after_end && *before == *after &&
        (*before == '{' || *before == '[');
    int changed = nested && depth < JSON_DEPTH_MAX ? change_members(w, depth) : -1;
    if (changed >= 0)
        return changed > 0;
    w->out->len = mark;
    w->before = skip_value(before, w->before_end);
    w->after = skip_value(after, w->after_end);
    if (w->before - before == w->after - after && !memcmp(before, after, (size_t)(w->after - after)))
        return false;
    write_whole(w, after);
    return true;
}

bool
json_change_write(const struct str *before, const struct str *after, struct str *out)
{
    struct walk w = { .before = before->data, .after = after->data,
        .before_end = before->data + before->len, .after_end = after->data + after->len,
        .out = out };
    find_same(&w);
    return change_value(&w, 0);
}

/* The receiver's end. */

static int
apply_to_array(json_t *array, const json_t *change, int depth);

/* What stands for `old' now, a new reference; NULL: it does not fit. */
static json_t *
changed_value(json_t *old, const json_t *change, int depth)
{
    if (json_is_array(change))
        return json_array_size(change) == 1 ? json_incref(json_array_get(change, 0)) : NULL;
    if (!json_is_object(change))
        return json_incref((json_t *)(uintptr_t)change);
    if (depth > JSON_DEPTH_MAX)
        return NULL;
    if (json_is_array(old))
        return apply_to_array(old, change, depth) < 0 ? NULL : json_incref(old);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)change, key, value)
    {
        json_t *member = json_object_get(old, key), *now = member ? changed_value(member, value, depth + 1) : NULL;
        if (!now)
            return NULL;
        if (now == member)
            json_decref(now);
        else if (json_object_set_new(old, key, now) < 0)
            return NULL;
    }
    return json_incref(old);
}

static int
apply_to_array(json_t *array, const json_t *change, int depth)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)change, key, value)
    {
        char *end;
        unsigned long place = strtoul(key, &end, 10);
        json_t *member = *key && !*end ? json_array_get(array, place) : NULL;
        json_t *now = member ? changed_value(member, value, depth + 1) : NULL;
        if (!now)
            return -EPROTO;
        if (now == member)
            json_decref(now);
        else if (json_array_set_new(array, place, now) < 0)
            return -EPROTO;
    }
    return 0;
}

int
json_change_apply(json_t **document, const json_t *change)
{
    json_t *now = changed_value(*document, change, 0);
    if (!now)
        return -EPROTO;
    json_decref(*document);
    *document = now;
    return 0;
}
