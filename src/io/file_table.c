/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/file_table.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "mem/registry.h"
#include "stat/histogram.h"

struct file_row {
    struct resource resource;
    pthread_mutex_t lock; /* of all below */
    struct file_figures figures;
    struct histogram *latency; /* NULL: memory was out */
};

/* The table is the process's, as the registry is: rows stay, so who has one may
 * keep it. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file_row *rows[FILE_ROWS_MAX];
static int row_count;
static struct file_row others = { .lock = PTHREAD_MUTEX_INITIALIZER,
    .figures.path = "others" };

static void
copy_figures(struct file_row *row, struct file_figures *ret_figures)
{
    pthread_mutex_lock(&row->lock);
    const struct histogram *h = row->latency;
    bool any = h && h->count;
    *ret_figures = row->figures;
    ret_figures->mean_seconds = any ? (double)h->sum_ns / (double)h->count / 1e9 : (double)NAN;
    ret_figures->p99_seconds = any ? ns_to_sec(histogram_quantile(h, 0.99)) : (double)NAN;
    ret_figures->max_seconds = any ? ns_to_sec(h->max_ns) : (double)NAN;
    pthread_mutex_unlock(&row->lock);
}

static int
row_figures(struct resource *resource, struct resource_figure ret[RESOURCE_FIGURES_MAX])
{
    struct file_figures f;
    copy_figures((struct file_row *)(void *)resource, &f);
    const struct resource_figure figures[] = {
        { "opens", "", RESOURCE_COUNTER, (double)f.opens },
        { "closes", "", RESOURCE_COUNTER, (double)f.closes },
        { "reads", "", RESOURCE_COUNTER, (double)f.reads },
        { "writes", "", RESOURCE_COUNTER, (double)f.writes },
        { "syncs", "", RESOURCE_COUNTER, (double)f.syncs },
        { "failed", "", RESOURCE_COUNTER, (double)f.failed },
        { "read", "bytes", RESOURCE_COUNTER, (double)f.bytes_read },
        { "written", "bytes", RESOURCE_COUNTER, (double)f.bytes_written },
        { "mean", "seconds", RESOURCE_GAUGE, f.mean_seconds },
        { "p99", "seconds", RESOURCE_GAUGE, f.p99_seconds },
        { "max", "seconds", RESOURCE_GAUGE, f.max_seconds },
    };
    memcpy(ret, figures, sizeof figures);
    return (int)(sizeof figures / sizeof *figures);
}

/* The end of a text says most of a path. */
static const char *
tail(const char *text, size_t size)
{
    size_t len = strlen(text);
    return len < size ? text : text + len - (size - 1);
}

/* With the lock held. */
static struct file_row *
add_row(const char *path)
{
    struct file_row *row = row_count < FILE_ROWS_MAX - 1 ? calloc(1, sizeof *row) : NULL;
    if (!row) {
        if (others.resource.id)
            return &others;
        row = &others;
        path = "others";
    } else {
        pthread_mutex_init(&row->lock, NULL);
    }
    str_copy(row->figures.path, sizeof row->figures.path, tail(path, sizeof row->figures.path));
    row->latency = calloc(1, sizeof *row->latency);
    row->resource.kind = "file";
    row->resource.figures = row_figures;
    str_copy(row->resource.name, sizeof row->resource.name, tail(path, sizeof row->resource.name));
    rows[row_count++] = row;
    registry_add(&row->resource);
    return row;
}

struct file_row *
file_row(const char *path)
{
    const char *wanted = tail(path, FILE_PATH_MAX);
    struct file_row *row = NULL;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < row_count && !row; i++)
        if (!strcmp(rows[i]->figures.path, wanted))
            row = rows[i];
    if (!row)
        row = add_row(wanted);
    pthread_mutex_unlock(&lock);
    return row;
}

void
file_tally_end(struct file_tally *tally)
{
    struct file_row *row = tally->row;
    if (!tally->count)
        return;
    struct file_figures *f = &row->figures;
    uint64_t *const counts[] = { [FILE_OPEN] = &f->opens, [FILE_CLOSE] = &f->closes,
        [FILE_READ] = &f->reads, [FILE_WRITE] = &f->writes, [FILE_SYNC] = &f->syncs };
    pthread_mutex_lock(&row->lock);
    f->failed += tally->failed;
    *counts[tally->operation] += (uint64_t)tally->count - tally->failed;
    if (tally->operation == FILE_READ)
        f->bytes_read += tally->bytes;
    if (tally->operation == FILE_WRITE)
        f->bytes_written += tally->bytes;
    for (int i = 0; row->latency && i < tally->count; i++)
        histogram_add(row->latency, tally->duration_ns[i]);
    pthread_mutex_unlock(&row->lock);
    tally->count = 0;
}

void
file_tally(struct file_tally *tally, struct file_row *row, enum file_operation operation,
    int64_t result, int64_t duration_ns)
{
    if (tally->row != row || tally->operation != operation || tally->count == FILE_TALLY_MAX)
        file_tally_end(tally);
    if (!tally->count) {
        tally->row = row;
        tally->operation = operation;
        tally->failed = tally->bytes = 0;
    }
    tally->duration_ns[tally->count++] = duration_ns;
    tally->failed += result < 0;
    tally->bytes += result > 0 ? (uint64_t)result : 0;
}

void
file_count(struct file_row *row, enum file_operation operation, int64_t result, int64_t since_ns)
{
    struct file_tally tally;
    tally.count = 0;
    tally.row = row;
    tally.operation = operation;
    file_tally(&tally, row, operation, result, clock_mono_ns() - since_ns);
    file_tally_end(&tally);
}

int
file_rows_copy(struct file_figures *ret_figures, int most)
{
    pthread_mutex_lock(&lock);
    int count = row_count < most ? row_count : most;
    pthread_mutex_unlock(&lock);
    for (int i = 0; i < count; i++)
        copy_figures(rows[i], &ret_figures[i]);
    return count;
}

/* "read_bytes: 4096" */
static bool
find_count(const char *text, const char *key, uint64_t *ret_value)
{
    const char *at = strstr(text, key);
    if (at)
        *ret_value = strtoull(at + strlen(key), NULL, 10);
    return at != NULL;
}

/* Asked for at every tick: the file stays open. */
int
file_disk_totals(uint64_t *ret_read_bytes, uint64_t *ret_written_bytes)
{
    static int fd = -1;
    char text[512];
    uint64_t read_bytes, written_bytes;
    pthread_mutex_lock(&lock);
    if (fd < 0)
        fd = open("/proc/self/io", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof text - 1, 0);
    int r = n < 0 ? -errno : 0;
    pthread_mutex_unlock(&lock);
    if (r < 0)
        return r;
    text[n] = '\0';
    if (!find_count(text, "\nread_bytes: ", &read_bytes) ||
        !find_count(text, "\nwrite_bytes: ", &written_bytes))
        return -ENODATA;
    *ret_read_bytes = read_bytes;
    *ret_written_bytes = written_bytes;
    return 0;
}
