/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/file_load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/file_table.h"

enum { CHUNK_BYTES = 64 * 1024 };

static void
end_reading(int fd, struct file_row *row)
{
    int64_t since = clock_mono_ns();
    close(fd);
    file_count(row, FILE_CLOSE, 0, since);
}

static int
read_all(int fd, struct file_row *row, size_t most, char **ret_text, size_t *ret_len)
{
    size_t len = 0, capacity = 0;
    char *text = NULL;
    while (len <= most) {
        if (len == capacity) {
            char *grown = realloc(text, capacity ? 2 * capacity : CHUNK_BYTES);
            if (!grown) {
                free(text);
                return -ENOMEM;
            }
            text = grown;
            capacity = capacity ? 2 * capacity : CHUNK_BYTES;
        }
        size_t room = capacity - len < most + 1 - len ? capacity - len : most + 1 - len;
        int64_t since = clock_mono_ns();
        ssize_t n = read(fd, text + len, room);
        int code = n < 0 ? -errno : 0;
        if (code == -EINTR)
            continue;
        file_count(row, FILE_READ, n < 0 ? code : n, since);
        if (n < 0) {
            free(text);
            return code;
        }
        if (n == 0)
            break;
        len += (size_t)n;
    }
    *ret_text = text;
    *ret_len = len;
    return 0;
}

int
file_load(const char *path, size_t most, char **ret_text, size_t *ret_len)
{
    struct file_row *row = file_row(path);
    struct stat st;
    int64_t since = clock_mono_ns();
    /* not blocking: opening a FIFO must not wait for its writer */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    int r = fd < 0 || fstat(fd, &st) < 0 ? -errno : S_ISREG(st.st_mode) ? 0
        : S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
    file_count(row, FILE_OPEN, r, since);
    if (r == 0)
        r = read_all(fd, row, most, ret_text, ret_len);
    if (fd >= 0)
        end_reading(fd, row);
    return r;
}
