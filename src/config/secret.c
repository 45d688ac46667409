/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_BYTES_MAX = SECRETS_MAX * SECRET_BYTES_MAX,
    CUT_MIN = 4,
    URL_WORD_MIN = 16,
};

void
secret_wipe(struct secret *secret)
{
    explicit_bzero(secret, sizeof *secret);
}

static int
take_line(struct secret *secret, const char *line, size_t len, struct diag *diag)
{
    if (secret->count == SECRETS_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "more than %d secrets", SECRETS_MAX);
    if (len >= SECRET_BYTES_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "a secret is longer than %d bytes",
            SECRET_BYTES_MAX - 1);
    for (size_t i = 0; i < len; i++)
        if (line[i] <= ' ' || line[i] >= 0x7F)
            return diag_set(diag, ERR_SYNTAX,
                "a secret has a blank or a character that is not ASCII");
    memcpy(secret->line[secret->count], line, len);
    secret->line[secret->count++][len] = '\0';
    return 0;
}

int
secret_read_text(struct secret *secret, const char *text, struct diag *diag)
{
    struct secret read = { .count = 0 };
    int r = 0;
    for (const char *at = text; *at && r == 0;) {
        size_t len = strcspn(at, "\r\n");
        if (len)
            r = take_line(&read, at, len, diag);
        at += len + strspn(at + len, "\r\n");
    }
    if (r == 0 && !read.count)
        r = diag_set(diag, ERR_SYNTAX, "there is no secret in it");
    if (r == 0)
        *secret = read;
    secret_wipe(&read);
    return r;
}

/* What the text ends with may be the beginning of the word: from CUT_MIN on. */
static void
hide_word(const char *word, size_t len, char *text)
{
    for (char *at = text; (at = memmem(at, strlen(at), word, len)); at += len)
        memset(at, '*', len);
    size_t end = strlen(text), cut = len - 1 < end ? len - 1 : end;
    while (cut >= CUT_MIN && memcmp(text + end - cut, word, cut))
        cut--;
    if (cut >= CUT_MIN)
        memset(text + end - cut, '*', cut);
}

void
secret_hide(const struct secret *secret, char *text)
{
    for (int i = 0; i < secret->count; i++)
        hide_word(secret->line[i], strlen(secret->line[i]), text);
}

void
secret_hide_url(const char *url, char *text)
{
    static const char between[] = "/?&=#;";
    const char *host = strstr(url, "://");
    const char *word = host ? host + 3 + strcspn(host + 3, "/?#") : url;
    while (*(word += strspn(word, between))) {
        size_t len = strcspn(word, between);
        if (len >= URL_WORD_MIN)
            hide_word(word, len, text);
        word += len;
    }
}

static int
check_file(int fd, struct diag *diag)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return diag_set(diag, -errno, "%s", strerror(errno));
    if (!S_ISREG(st.st_mode))
        return diag_set(diag, ERR_BAD_TYPE, "it is no regular file");
    if (st.st_uid != geteuid() && st.st_uid != 0)
        return diag_set(diag, -EACCES, "it belongs to another user");
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return diag_set(diag, -EACCES, "others have rights to it (chmod 600)");
    return st.st_size <= FILE_BYTES_MAX ? 0
        : diag_set(diag, ERR_TOO_LARGE, "it is larger than %d bytes", FILE_BYTES_MAX);
}

int
secret_read_file(struct secret *secret, const char *path, struct diag *diag)
{
    char text[FILE_BYTES_MAX + 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* not held up by a FIFO */
    if (fd < 0)
        return diag_set(diag, -errno, "%s", strerror(errno));
    int r = check_file(fd, diag);
    if (r == 0) {
        ssize_t n = read(fd, text, sizeof text - 1);
        text[n > 0 ? n : 0] = '\0';
        r = n < 0 ? diag_set(diag, -errno, "%s", strerror(errno))
            : memchr(text, '\0', (size_t)n) ? diag_set(diag, ERR_SYNTAX, "it is no text")
            : secret_read_text(secret, text, diag);
        explicit_bzero(text, sizeof text);
    }
    close(fd);
    return r;
}
