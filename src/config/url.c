/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/url.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/* Printable ASCII alone: what else an address needs is percent-encoded. */
static bool
is_plain(const char *text)
{
    for (; *text; text++)
        if (*text <= ' ' || *text >= 0x7F || *text == '\\')
            return false;
    return true;
}

/* 1 to 65535, the whole of len bytes. */
static bool
is_port(const char *text, size_t len)
{
    long port = 0;
    if (len < 1 || len > 5)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        port = port * 10 + (text[i] - '0');
    }
    return port >= 1 && port <= 65535;
}

/* HOST, HOST:PORT, [v6], [v6]:PORT in len bytes. */
static bool
is_authority(const char *text, size_t len)
{
    size_t host;
    if (*text == '[') {
        host = 1 + strspn(text + 1, "0123456789abcdefABCDEF:.");
        if (host < 3 || host >= len || text[host] != ']')
            return false;
        host++;
    } else {
        host = 0;
        while (host < len && text[host] && (strchr(letters, text[host]) || strchr("-._", text[host])))
            host++;
        if (!host || *text == '.' || *text == '-')
            return false;
    }
    return host == len || (text[host] == ':' && is_port(text + host + 1, len - host - 1));
}

int
url_check(const char *text, struct diag *diag)
{
    size_t scheme = !strncasecmp(text, "https://", 8) ? 8 : !strncasecmp(text, "http://", 7) ? 7 : 0;
    if (!scheme)
        return diag_set(diag, ERR_BAD_TYPE, "not a url (allowed: http://... or https://...)");
    if (strlen(text) > URL_LENGTH_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "url of more than %d bytes", URL_LENGTH_MAX);
    if (!is_plain(text))
        return diag_set(diag, ERR_BAD_TYPE,
            "a url has no blanks, control characters, backslashes or letters beyond ASCII");
    const char *authority = text + scheme;
    size_t len = strcspn(authority, "/?#");
    if (memchr(authority, '@', len))
        return diag_set(diag, ERR_BAD_TYPE, "a url must not hold a user or password");
    if (!len || !is_authority(authority, len))
        return diag_set(diag, ERR_BAD_TYPE,
            "the url needs a host (allowed: NAME, ADDRESS or [V6], and :PORT)");
    return 0;
}

static const char sink_forms[] = "redis://HOST[:PORT][/DATABASE], redis+unix:///PATH[?db=DATABASE],"
                                 " tcp://HOST:PORT, unix:///PATH";

/* Digits alone, behind `/' or `?db='. */
static bool
take_database(const char *text, int *ret_database)
{
    int value = 0;
    if (!*text)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || (value = value * 10 + *text - '0') > SINK_DATABASE_MAX)
            return false;
    }
    *ret_database = value;
    return true;
}

static bool
take_host(const char *text, size_t len, struct sink_place *place)
{
    bool bracketed = *text == '[';
    const char *end = bracketed ? memchr(text, ']', len) : memchr(text, ':', len);
    size_t host = end ? (size_t)(end - text) : len;
    const char *rest = end ? end + bracketed : text + len;
    if (!is_authority(text, len) || host - bracketed >= sizeof place->host)
        return false;
    snprintf(place->host, sizeof place->host, "%.*s", (int)(host - bracketed), text + bracketed);
    if (rest < text + len)
        snprintf(place->port, sizeof place->port, "%.*s", (int)(text + len - rest - 1), rest + 1);
    else if (place->redis)
        str_copy(place->port, sizeof place->port, "6379");
    return place->port[0];
}

static bool
take_socket(const char *text, struct sink_place *place)
{
    size_t len = strcspn(text, "?");
    const char *query = text + len;
    if (*text != '/' || len < 2 || len >= sizeof place->path)
        return false;
    snprintf(place->path, sizeof place->path, "%.*s", (int)len, text);
    if (!*query)
        return true;
    return place->redis && str_starts(query, "?db=") && take_database(query + 4, &place->database);
}

static bool
take_place(const char *text, struct sink_place *place)
{
    static const struct {
        const char *scheme;
        bool redis, local;
    } schemes[] = { { "redis://", true, false }, { "redis+unix://", true, true },
        { "tcp://", false, false }, { "unix://", false, true } };
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t scheme = strlen(schemes[i].scheme);
        if (strncasecmp(text, schemes[i].scheme, scheme))
            continue;
        place->redis = schemes[i].redis;
        place->local = schemes[i].local;
        text += scheme;
        if (place->local)
            return take_socket(text, place);
        size_t len = strcspn(text, "/?#");
        if (!len || !take_host(text, len, place))
            return false;
        text += len;
        return !*text || !strcmp(text, "/") ||
            (place->redis && *text == '/' && take_database(text + 1, &place->database));
    }
    return false;
}

int
url_sink(const char *text, struct sink_place *ret_place, struct diag *diag)
{
    struct sink_place place = { .database = 0 };
    if (strlen(text) > URL_LENGTH_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "url of more than %d bytes", URL_LENGTH_MAX);
    if (strchr(text, '@'))
        return diag_set(diag, ERR_BAD_TYPE,
            "a url must not hold a user or password (user, password_file and password_env do)");
    if (!is_plain(text) || !take_place(text, &place))
        return diag_set(diag, ERR_BAD_TYPE, "not where results can go (allowed: %s)", sink_forms);
    *ret_place = place;
    return 0;
}
