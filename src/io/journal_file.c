/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/journal_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/journal.h"
#include "io/squeeze.h"

enum {
    MAGIC = 0x314a504f, /* "OPJ1" where the low byte is first: a file of another order is not believed */
    ALIGN = 8,
};

static size_t
padded(size_t len)
{
    return (len + ALIGN - 1) / ALIGN * ALIGN;
}

size_t
journal_step(const struct journal_header *header)
{
    return sizeof *header + padded(header->len);
}

static uint32_t
sum_of(const struct journal_header *header, const void *bytes)
{
    const char *from = (const char *)header + offsetof(struct journal_header, len);
    return squeeze_sum(squeeze_sum(0, from, sizeof *header - offsetof(struct journal_header, len)),
        bytes, header->len);
}

void
journal_put(struct str *out, enum journal_kind kind, int64_t wall_ns, const void *bytes, size_t len)
{
    static const char zeros[ALIGN];
    struct journal_header header = { .magic = MAGIC, .len = (uint32_t)len, .kind = kind,
        .wall_ns = wall_ns };
    header.sum = sum_of(&header, bytes);
    str_append(out, (const char *)&header, sizeof header);
    str_append(out, bytes, len);
    str_append(out, zeros, padded(len) - len);
}

/* The record at `at`. 0; -ENODATA: it was not written to its end; -EBADMSG. A record that
 * is wrong and the last of its file was not written to its end. */
static int
record_at(const char *bytes, size_t len, size_t at, struct journal_header *ret_header)
{
    size_t left = len - at;
    if (left < sizeof *ret_header)
        return -ENODATA;
    memcpy(ret_header, bytes + at, sizeof *ret_header);
    if (ret_header->magic != MAGIC || ret_header->len > JOURNAL_RECORD_MAX)
        return -EBADMSG;
    if (journal_step(ret_header) > left)
        return -ENODATA;
    if (ret_header->sum == sum_of(ret_header, bytes + at + sizeof *ret_header))
        return 0;
    return journal_step(ret_header) == left ? -ENODATA : -EBADMSG;
}

/* A machine that lost its power may leave zeros where the end should be. */
static bool
only_zeros(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i])
            return false;
    return true;
}

/* Behind what looks like a torn end nothing follows; else the length is a lie. */
static bool
goes_on(const struct journal_file *file)
{
    struct journal_header header;
    for (size_t at = file->good + ALIGN; at < file->len; at += ALIGN)
        if (record_at(file->bytes, file->len, at, &header) == 0)
            return true;
    return false;
}

void
journal_file_check(struct journal_file *file)
{
    struct journal_header header;
    int r = 0;
    while (file->good < file->len && r == 0) {
        r = record_at(file->bytes, file->len, file->good, &header);
        if (r == 0)
            file->good += journal_step(&header);
    }
    bool zeros = only_zeros(file->bytes + file->good, file->len - file->good);
    if (r < 0 && !zeros && (r == -EBADMSG || goes_on(file)))
        file->result = -EBADMSG;
}

static int
read_whole(int fd, struct file_row *row, struct journal_file *file)
{
    struct stat st;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size > JOURNAL_BYTES_MAX)
        return -EINVAL;
    if (!(file->bytes = malloc((size_t)st.st_size + 1)))
        return -ENOMEM;
    while (file->len < (size_t)st.st_size) {
        int64_t since = clock_mono_ns();
        ssize_t n = read(fd, file->bytes + file->len, (size_t)st.st_size - file->len);
        int code = n < 0 ? -errno : 0;
        if (code == -EINTR)
            continue;
        file_count(row, FILE_READ, n < 0 ? code : n, since);
        if (n < 0)
            return code;
        if (n == 0)
            break;
        file->len += (size_t)n;
    }
    return 0;
}

void
journal_file_read(const char *path, struct file_row *row, struct journal_file *ret_file)
{
    *ret_file = (struct journal_file){ 0 };
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    int r = fd < 0 ? -errno : read_whole(fd, row, ret_file);
    if (r == 0)
        journal_file_check(ret_file);
    if (fd >= 0)
        close(fd);
    if (r < 0)
        ret_file->result = r;
}

int
journal_file_cut(const char *path, size_t good)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    int r = fd < 0 || ftruncate(fd, (off_t)good) < 0 ? -errno : 0;
    if (fd >= 0)
        close(fd);
    return r;
}

uint64_t
journal_file_number(const char *path, int64_t *ret_begun_ns, size_t *ret_bytes)
{
    struct {
        struct journal_header header;
        uint64_t number;
    } first;
    struct journal_header header;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    *ret_bytes = 0;
    if (fd < 0)
        return 0;
    ssize_t n = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? read(fd, &first, sizeof first) : -1;
    close(fd);
    *ret_bytes = n >= 0 ? (size_t)st.st_size : 0;
    if (n != sizeof first || *ret_bytes > JOURNAL_BYTES_MAX ||
        record_at((const char *)&first, sizeof first, 0, &header) < 0 ||
        header.kind != JOURNAL_NUMBER || header.len != sizeof first.number)
        return 0;
    *ret_begun_ns = header.wall_ns;
    return first.number;
}
