/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/url.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

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
        return diag_set(diag, ERR_DENIED, "a url must not hold a user or password");
    if (!len || !is_authority(authority, len))
        return diag_set(diag, ERR_BAD_TYPE,
            "the url needs a host (allowed: NAME, ADDRESS or [V6], and :PORT)");
    return 0;
}
