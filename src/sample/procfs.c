/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sample/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    /* Holds every file of a small machine, so that growing is the exception. */
    FIRST_CAPACITY = 16 << 10,
    /* The kernel hands out at least a page less one record at a time, so a
     * shorter first answer is the whole file and saves asking for the end. */
    SHORT_ANSWER = 3 << 10,
};

void
procfs_buffer_init(struct procfs_buffer *buffer)
{
    *buffer = (struct procfs_buffer){ 0 };
}

void
procfs_buffer_release(struct procfs_buffer *buffer)
{
    free(buffer->data);
    procfs_buffer_init(buffer);
}

static int
grow(struct procfs_buffer *buffer)
{
    size_t capacity = buffer->capacity ? 2 * buffer->capacity : FIRST_CAPACITY;
    char *data = realloc(buffer->data, capacity);
    if (!data)
        return -ENOMEM;
    buffer->data = data;
    buffer->capacity = capacity;
    return 0;
}

void
procfs_file_init(struct procfs_file *file, char *path)
{
    *file = (struct procfs_file){ .path = path, .fd = -1 };
}

void
procfs_file_close(struct procfs_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = -1;
    file->failure = 0;
    file->rest = 0;
}

void
procfs_file_release(struct procfs_file *file)
{
    if (!file->path)
        return;
    procfs_file_close(file);
    free(file->path);
    file->path = NULL;
}

/* What is missing mostly stays missing, so a failed open is remembered for a
 * few reads. */
static int
open_file(struct procfs_file *file)
{
    if (file->rest > 0) {
        file->rest--;
        return file->failure;
    }
    file->fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (file->fd >= 0)
        return 0;
    file->failure = -errno;
    file->rest = PROCFS_RETRY;
    return file->failure;
}

/* Returns the length, or -errno. A text beyond PROCFS_FILE_MAX is cut behind
 * its last whole line. */
static ssize_t
read_text(int fd, struct procfs_buffer *buffer)
{
    size_t len = 0;
    for (;;) {
        if (len + 1 >= buffer->capacity) {
            if (buffer->capacity >= PROCFS_FILE_MAX) {
                const char *last = memrchr(buffer->data, '\n', len);
                return last ? last - buffer->data + 1 : 0;
            }
            int r = grow(buffer);
            if (r < 0)
                return r;
        }
        ssize_t n = pread(fd, buffer->data + len, buffer->capacity - 1 - len, (off_t)len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        len += (size_t)n;
        if (n == 0 || len < SHORT_ANSWER)
            return (ssize_t)len;
    }
}

static bool
object_has_gone(ssize_t error)
{
    return error == -ENODEV || error == -ESTALE || error == -EIO || error == -ESRCH
        || error == -ENXIO;
}

int
procfs_file_read(struct procfs_file *file, struct procfs_buffer *buffer, struct scan *ret_text)
{
    bool was_open = file->fd >= 0;
    ssize_t len = was_open ? 0 : open_file(file);
    if (len < 0)
        return (int)len;
    len = read_text(file->fd, buffer);
    if (len < 0 && was_open && object_has_gone(len)) {
        procfs_file_close(file);
        len = open_file(file);
        if (len == 0)
            len = read_text(file->fd, buffer);
    }
    if (len < 0) {
        procfs_file_close(file);
        return (int)len;
    }
    buffer->data[len] = '\0';
    *ret_text = (struct scan){ .at = buffer->data, .end = buffer->data + len };
    return 0;
}

bool
scan_line(struct scan *text, struct scan *ret_line)
{
    if (text->at >= text->end)
        return false;
    const char *end = memchr(text->at, '\n', scan_length(*text));
    *ret_line = (struct scan){ .at = text->at, .end = end ? end : text->end };
    text->at = end ? end + 1 : text->end;
    return true;
}

bool
scan_word(struct scan *line, struct scan *ret_word)
{
    scan_blanks(line);
    const char *start = line->at;
    while (line->at < line->end && *line->at != ' ' && *line->at != '\t')
        line->at++;
    if (line->at == start)
        return false;
    *ret_word = (struct scan){ .at = start, .end = line->at };
    return true;
}

bool
scan_literal(struct scan *text, const char *literal)
{
    size_t len = strlen(literal);
    if (scan_length(*text) < len || memcmp(text->at, literal, len) != 0)
        return false;
    text->at += len;
    return true;
}

bool
scan_until(struct scan *text, char separator, struct scan *ret_part)
{
    const char *end = text->at < text->end ? memchr(text->at, separator, scan_length(*text)) : NULL;
    if (!end)
        return false;
    *ret_part = (struct scan){ .at = text->at, .end = end };
    text->at = end + 1;
    return true;
}

bool
scan_decimal(struct scan *text, double *ret_value)
{
    uint64_t whole;
    if (!scan_number(text, &whole))
        return false;
    double value = (double)whole, scale = 0.1;
    if (text->at < text->end && *text->at == '.')
        for (text->at++; text->at < text->end && *text->at >= '0' && *text->at <= '9'; text->at++) {
            value += (*text->at - '0') * scale;
            scale /= 10;
        }
    *ret_value = value;
    return true;
}

bool
scan_copy(struct scan text, char *buf, size_t size)
{
    size_t len = scan_length(text);
    if (len >= size || memchr(text.at, '\0', len))
        return false;
    memcpy(buf, text.at, len);
    buf[len] = '\0';
    return true;
}
