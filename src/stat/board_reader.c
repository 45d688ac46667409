/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "stat/board_reader.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "base/text.h"

/* struct board_block in memory that nobody else writes. */
struct plain_block {
    uint64_t sum_ns, max_ns;
    uint64_t bucket[HISTOGRAM_BUCKETS];
};

_Static_assert(sizeof(struct plain_block) == sizeof(struct board_block), "the same layout");

/* What is copied out of a file; too large for a stack. One thread reads. */
struct scratch {
    struct board_entry entry[OPTOP_FIGURES_MAX];
    uint64_t cell[OPTOP_FIGURES_MAX];
    uint64_t total[OPTOP_FIGURES_MAX]; /* sums over the lanes */
    uint64_t gauge[OPTOP_FIGURES_MAX]; /* lane 0 alone */
    struct plain_block block;
    struct histogram histogram;
};

const char *
board_kind_name(enum board_kind kind)
{
    static const char *const names[BOARD_KIND_COUNT] = { "free", "counter", "gauge", "histogram" };
    return names[kind];
}

/* Bytes of the file; what lies behind its end reads as nothing. */
static int
copy(int fd, void *to, size_t len, size_t at)
{
    size_t done = 0;
    while (done < len) {
        ssize_t n = pread(fd, (char *)to + done, len - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            break;
        done += (size_t)n;
    }
    memset((char *)to + done, 0, len - done);
    return 0;
}

static int
read_header(const struct board_reader *board, struct board_header *header)
{
    int r = copy(board->fd, header, sizeof *header, 0);
    if (r < 0)
        return r;
    if (memcmp(header->magic, BOARD_MAGIC, sizeof header->magic) ||
        header->version != BOARD_VERSION)
        return -EPROTO;
    if (header->entries > OPTOP_FIGURES_MAX)
        header->entries = OPTOP_FIGURES_MAX;
    header->lanes &= (UINT32_C(1) << BOARD_LANES) - 1;
    return 0;
}

static void
take_text(const char *from, size_t from_size, char *to, size_t to_size)
{
    text_clean_bytes(from, strnlen(from, from_size), to, to_size);
}

struct board_reader *
board_reader_open(int directory, const char *file, int *ret_error)
{
    /* not to wait for the other end, should it be a pipe */
    int fd = openat(directory, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        *ret_error = -errno;
        return NULL;
    }
    return board_reader_of(fd, file, ret_error);
}

struct board_reader *
board_reader_of(int fd, const char *file, int *ret_error)
{
    struct board_header header;
    struct stat st;
    struct board_reader *board = calloc(1, sizeof *board);
    if (!board) {
        close(fd);
        *ret_error = -ENOMEM;
        return NULL;
    }
    board->fd = fd;
    int r = fstat(fd, &st) < 0 ? -errno : 0;
    if (r == 0 && (!S_ISREG(st.st_mode) || st.st_uid != geteuid()))
        r = -EPERM;
    if (r == 0 && !str_copy(board->file, sizeof board->file, file))
        r = -ENAMETOOLONG;
    if (r == 0)
        r = read_header(board, &header);
    if (r < 0) {
        *ret_error = r;
        board_reader_close(board);
        return NULL;
    }
    take_text(header.program, sizeof header.program, board->program, sizeof board->program);
    board->pid = header.pid;
    board->opened_wall_ns = header.opened_wall_ns;
    return board;
}

void
board_reader_close(struct board_reader *board)
{
    if (!board)
        return;
    close(board->fd);
    free(board->figure);
    free(board);
}

void
board_reader_forget(struct board_reader *board)
{
    free(board->figure);
    board->figure = NULL;
    board->figure_count = 0;
    board->known = false;
}

static void
take_entry(const struct board_entry *entry, uint32_t index, struct board_figure *figure)
{
    *figure = (struct board_figure){ .kind = (enum board_kind)entry->kind, .index = index,
        .serial = entry->serial, .histogram = entry->histogram, .rate = NAN };
    take_text(entry->name, sizeof entry->name, figure->name, sizeof figure->name);
    take_text(entry->unit, sizeof entry->unit, figure->unit, sizeof figure->unit);
    take_text(entry->labels, sizeof entry->labels, figure->labels, sizeof figure->labels);
}

/* No histogram beyond those that the layout has blocks for, whatever entries say. */
static bool
usable(const struct board_entry *entry, int *histograms)
{
    if (entry->kind == BOARD_FREE || entry->kind >= BOARD_KIND_COUNT || !entry->name[0])
        return false;
    if (entry->kind != BOARD_HISTOGRAM)
        return true;
    return entry->histogram < OPTOP_HISTOGRAMS_MAX && (*histograms)++ < OPTOP_HISTOGRAMS_MAX;
}

/* The same figure as before keeps what its rate is reckoned from. */
static void
keep_totals(const struct board_reader *before, struct board_figure *figure, int *at)
{
    while (*at < before->figure_count && before->figure[*at].index < figure->index)
        ++*at;
    if (*at == before->figure_count)
        return;
    const struct board_figure *old = &before->figure[*at];
    if (old->index == figure->index && old->serial == figure->serial && old->kind == figure->kind)
        *figure = *old;
}

static int
read_entries(struct board_reader *board, const struct board_header *header, struct scratch *s)
{
    int r = copy(board->fd, s->entry, header->entries * sizeof *s->entry, BOARD_ENTRIES_AT);
    if (r < 0)
        return r;
    int count = 0, histograms = 0, at = 0;
    for (uint32_t i = 0; i < header->entries; i++)
        count += s->entry[i].kind != BOARD_FREE;
    struct board_figure *figures = calloc((size_t)count + 1, sizeof *figures);
    if (!figures)
        return -ENOMEM;
    count = 0;
    for (uint32_t i = 0; i < header->entries; i++)
        if (usable(&s->entry[i], &histograms)) {
            take_entry(&s->entry[i], i, &figures[count]);
            keep_totals(board, &figures[count++], &at);
        }
    free(board->figure);
    board->figure = figures;
    board->figure_count = count;
    board->generation = header->generation;
    board->entries = header->entries;
    board->known = true;
    return 0;
}

static int
read_cells(const struct board_reader *board, uint32_t lanes, struct scratch *s)
{
    size_t len = board->entries * sizeof *s->cell;
    memset(s->total, 0, len);
    for (unsigned lane = 0; lane < BOARD_LANES; lane++) {
        if (lane && !(lanes >> lane & 1))
            continue;
        int r = copy(board->fd, s->cell, len, board_lane_at(lane));
        if (r < 0)
            return r;
        if (lane == 0)
            memcpy(s->gauge, s->cell, len);
        for (uint32_t i = 0; i < board->entries; i++)
            s->total[i] += s->cell[i];
    }
    return 0;
}

/* The heads of all lanes of a histogram in one. */
static int
read_heads(const struct board_reader *board, unsigned number, uint32_t lanes,
    struct board_block_head *ret_all)
{
    struct board_block_head head, all = { 0 };
    for (unsigned lane = 0; lane < BOARD_LANES; lane++) {
        if (!(lanes >> lane & 1))
            continue;
        int r = copy(board->fd, &head, sizeof head, board_block_at(number, lane));
        if (r < 0)
            return r;
        all.sum_ns += head.sum_ns;
        all.zeros += head.zeros;
        all.max_ns = head.max_ns > all.max_ns ? head.max_ns : all.max_ns;
    }
    *ret_all = all;
    return 0;
}

/* All lanes of a histogram in one, as far as its largest value: what is recorded beyond
 * it in this moment moves the head on, and is read the next time. */
static int
read_histogram(const struct board_reader *board, unsigned number, uint32_t lanes,
    const struct board_block_head *all, struct scratch *s)
{
    struct histogram *h = &s->histogram;
    size_t buckets = histogram_bucket(all->max_ns) + 1, first = 0;
    memset(h, 0, offsetof(struct histogram, bucket) + buckets * sizeof *h->bucket);
    for (unsigned lane = 0; lane < BOARD_LANES; lane++) {
        if (!(lanes >> lane & 1))
            continue;
        int r = copy(board->fd, &s->block,
            offsetof(struct plain_block, bucket) + buckets * sizeof *s->block.bucket,
            board_block_at(number, lane));
        if (r < 0)
            return r;
        for (size_t i = 0; i < buckets; i++)
            h->bucket[i] += s->block.bucket[i];
        h->sum_ns += s->block.sum_ns;
    }
    for (size_t i = buckets; i-- > 0;)
        if (h->bucket[i]) {
            h->count += h->bucket[i];
            first = i;
        }
    h->min_ns = histogram_bucket_least((unsigned)first); /* quantiles are looked for from there */
    h->max_ns = all->max_ns > INT64_MAX ? INT64_MAX : (int64_t)all->max_ns;
    return 0;
}

static double
quantile_seconds(const struct histogram *h, double q)
{
    return h->count ? (double)histogram_quantile(h, q) / 1e9 : (double)NAN;
}

static void
take_histogram(struct board_figure *figure, const struct histogram *h)
{
    figure->mean = h->count ? (double)h->sum_ns / (double)h->count / 1e9 : (double)NAN;
    figure->p50 = quantile_seconds(h, 0.5);
    figure->p90 = quantile_seconds(h, 0.9);
    figure->p99 = quantile_seconds(h, 0.99);
    figure->p999 = quantile_seconds(h, 0.999);
    figure->max = h->count ? (double)h->max_ns / 1e9 : (double)NAN;
}

static void
take_total(struct board_figure *figure, uint64_t total, double seconds)
{
    bool grows = seconds > 0 && total >= figure->total;
    figure->rate = grows ? (double)(total - figure->total) / seconds : (double)NAN;
    figure->total = total;
    figure->value = (double)total;
}

/* Most histograms are of work that is seldom done: their heads say that all is as it was. */
static int
take_histogram_of(struct board_reader *board, struct board_figure *figure, uint32_t lanes,
    double seconds, struct scratch *s)
{
    struct board_block_head all;
    int r = read_heads(board, figure->histogram, lanes, &all);
    if (r < 0)
        return r;
    if (figure->known && !memcmp(&all, &figure->seen, sizeof all)) {
        take_total(figure, figure->total, seconds);
        return 0;
    }
    r = read_histogram(board, figure->histogram, lanes, &all, s);
    if (r < 0)
        return r;
    figure->seen = all;
    figure->known = true;
    take_total(figure, s->histogram.count, seconds);
    take_histogram(figure, &s->histogram);
    return 0;
}

static int
take_figures(struct board_reader *board, uint32_t lanes, double seconds, struct scratch *s)
{
    int r = read_cells(board, lanes, s);
    for (int i = 0; i < board->figure_count && r == 0; i++) {
        struct board_figure *figure = &board->figure[i];
        switch (figure->kind) {
        case BOARD_COUNTER:
            take_total(figure, s->total[figure->index], seconds);
            break;
        case BOARD_GAUGE:
            memcpy(&figure->value, &s->gauge[figure->index], sizeof figure->value);
            break;
        default:
            r = take_histogram_of(board, figure, lanes, seconds, s);
        }
    }
    return r;
}

int
board_reader_read(struct board_reader *board, int64_t now_ns)
{
    static struct scratch scratch;
    struct board_header header;
    int r = read_header(board, &header);
    if (r < 0)
        return r;
    double seconds = board->known ? (double)(now_ns - board->read_ns) / 1e9 : 0;
    if (!board->known || header.generation != board->generation ||
        header.entries != board->entries)
        r = read_entries(board, &header, &scratch);
    if (r < 0)
        return r;
    r = take_figures(board, header.lanes, seconds, &scratch);
    board->read_ns = now_ns;
    return r;
}
