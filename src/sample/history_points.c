/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A point of all series as bytes, for a recording, and back again. What it says
 * goes by names, of instances and of metrics: who reads it may have others.
 *
 * The bytes are items, each a head of four bytes and then words of four. SERIES says
 * which number a series has from here on: the instance's name ("" of the machine),
 * then those of the metrics in its columns, each ended by a NUL. VALUES has mean and
 * maximum of each column.
 *
 * What is recalled is older than all that was pushed meanwhile; it is written into the
 * rings where they are not used yet, and seen when it is whole (history_recalled).
 */
#include "sample/history_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/xalloc.h"

enum {
    ITEM_SERIES = 0x8000, /* in words; else the item is VALUES */
    ITEM_WORDS_MAX = 0x7fff,
    ITEM_IDS_MAX = 0x10000,
    RECALLED_MAX = 8192, /* series of one file; further ones are passed over */
    NAMES_MAX = METRIC_COUNT * 64 + SAMPLE_NAME_MAX,
};

struct item {
    uint16_t id, words;
};

/* Writing. */

int64_t
history_whole(const struct history *history, int tier)
{
    return history->step == NO_POINT ? NO_POINT : (history->step + 1) / history->tier[tier].stride - 1;
}

int64_t
history_wall_of(const struct history *history, int tier, int64_t point)
{
    int64_t age = history->step - ((point + 1) * history->tier[tier].stride - 1);
    return history->wall_ns - llround((double)age * history->step_ns);
}

static void
put_item(struct str *out, unsigned id, unsigned kind, const void *bytes, size_t len)
{
    static const char zeros[4];
    size_t words = (len + 3) / 4;
    const struct item item = { (uint16_t)id, (uint16_t)(kind | words) };
    str_append(out, (const char *)&item, sizeof item);
    str_append(out, bytes, len);
    str_append(out, zeros, words * 4 - len);
}

static size_t
add_name(char *names, size_t len, const char *name)
{
    size_t size = strlen(name) + 1;
    memcpy(names + len, name, size);
    return len + size;
}

static void
put_series(const struct series *series, unsigned id, const enum metric *metric, struct str *out)
{
    char names[NAMES_MAX];
    size_t len = add_name(names, 0, series->name);
    for (int c = 0; c < series->columns; c++)
        len = add_name(names, len, metric_info(metric[c])->name);
    put_item(out, id, ITEM_SERIES, names, len);
}

static void
write_series(struct history *history, struct series *series, const enum metric *metric, int t,
    int64_t point, struct str *out)
{
    struct tier *tier = &history->tier[t];
    struct cell cell[METRIC_COUNT];
    bool known = false;
    if (!series || !series->cells || series->tier[t].first == NO_POINT
        || point < series->tier[t].first || point <= series->tier[t].next - tier->length)
        return;
    for (int c = 0; c < series->columns; c++) {
        cell[c] = history_point_at(series, t, c, point);
        known |= !isnan(cell[c].mean);
    }
    if (!known)
        return;
    if (series->tier[t].written != tier->written) {
        if (tier->next_id == ITEM_IDS_MAX)
            return;
        series->tier[t].written = tier->written;
        series->tier[t].id = tier->next_id++;
        put_series(series, series->tier[t].id, metric, out);
    }
    put_item(out, series->tier[t].id, 0, cell, (size_t)series->columns * sizeof *cell);
}

int64_t
history_write(struct history *history, int tier, int64_t point, bool begins, struct str *out)
{
    if (begins) {
        history->tier[tier].written++;
        history->tier[tier].next_id = 0;
    }
    write_series(history, history->machine, history->machine_metric, tier, point, out);
    for (int g = 0; g < GROUP_COUNT; g++)
        for (int r = 0; r < history->rows[g].count; r++)
            write_series(history, history->rows[g].row[r], history->row_metric[g], tier, point, out);
    return history_wall_of(history, tier, point);
}

/* Recalling. */

/* A series of the file that is being read. */
struct recalled_series {
    struct series *series; /* NULL: it is passed over */
    unsigned id;
    int columns; /* in the file */
    int16_t column[METRIC_COUNT]; /* ours; -1: there is none */
};

struct recalled {
    int count, capacity;
    int next; /* where the next is looked for first: they come in the same order each time */
    struct recalled_series *series; /* owned */
};

/* The row of an instance; one that is not there now gets one as long as few have gone. */
static struct series *
row_series(struct history *history, struct sample *sample, enum metric_group group, const char *name)
{
    struct row_series *rows = &history->rows[group];
    int r = sample_find_row(sample, group, name);
    bool gone = r < 0;
    if (gone && (rows->gone >= GONE_SERIES_MAX / 2 || sample->rows[group].count == SAMPLE_ROWS_MAX))
        return NULL;
    if (gone && (r = sample_row(sample, group, name)) < 0)
        return NULL;
    if (gone)
        sample->rows[group].row[r].present = false;
    history_fit_rows(rows, r + 1);
    if (!rows->row[r]) {
        rows->row[r] = history_series_new(history, sample->rows[group].row[r].name,
            history->columns[group]);
        rows->gone += !rows->present[r];
    }
    return strcmp(rows->row[r]->name, sample->rows[group].row[r].name) ? NULL : rows->row[r];
}

/* Where a metric that the file names stands in a series of ours: that of the machine, or
 * one of *group (GROUP_COUNT: not known yet, then it is what the metric says). -1: nowhere. */
static int
column_of(const struct history *history, const char *name, bool machine, enum metric_group *group)
{
    int metric = metric_find(name, strlen(name));
    if (metric < 0)
        return -1;
    enum metric_group its = metric_info((enum metric)metric)->group;
    if (metric_group_info(its)->per_instance == machine)
        return -1;
    if (!machine && *group == GROUP_COUNT)
        *group = its;
    return machine || *group == its ? history->column[metric] : -1;
}

static struct recalled_series *
named(struct recalled *recalled, unsigned id)
{
    for (int i = 0; i < recalled->count; i++) {
        int at = (recalled->next + i) % recalled->count;
        if (recalled->series[at].id == id) {
            recalled->next = at + 1;
            return &recalled->series[at];
        }
    }
    return NULL;
}

static struct recalled_series *
name_series(struct recalled *recalled, unsigned id)
{
    struct recalled_series *series = named(recalled, id);
    if (!series) {
        if (recalled->count == RECALLED_MAX)
            return NULL;
        XGROW(recalled->series, recalled->count, recalled->capacity);
        series = &recalled->series[recalled->count++];
    }
    *series = (struct recalled_series){ .id = id };
    return series;
}

static int
take_series(struct history *history, struct sample *sample, struct recalled *recalled, unsigned id,
    const char *names, size_t len)
{
    const char *end = memchr(names, '\0', len), *instance = names;
    enum metric_group group = GROUP_COUNT;
    if (!end || (size_t)(end - names) >= SAMPLE_NAME_MAX)
        return -EBADMSG;
    struct recalled_series *series = name_series(recalled, id);
    if (!series)
        return 0;
    while (true) {
        len -= (size_t)(end + 1 - names);
        names = end + 1;
        if (!len || !*names) /* padding */
            break;
        if (!(end = memchr(names, '\0', len)) || series->columns == METRIC_COUNT)
            return -EBADMSG;
        series->column[series->columns++] =
            (int16_t)column_of(history, names, !*instance, &group);
    }
    if (!*instance)
        series->series = history->machine;
    else if (group != GROUP_COUNT)
        series->series = row_series(history, sample, group, instance);
    return 0;
}

static void
forget_points(const struct history *history, struct series *series, int t, int64_t from, int64_t to)
{
    for (; from < to; from++)
        for (int c = 0; c < series->columns; c++)
            history_point_for(history, series, t, from)[c] = (struct cell){ NAN, NAN };
}

/* Ascending; what is too old, or not older than what is known, is passed over. */
static void
take_point(const struct history *history, const struct recalled_series *from, int t, int64_t point,
    const struct cell *cell)
{
    struct series *series = from->series;
    const struct tier *tier = &history->tier[t];
    int64_t first = series->tier[t].first;
    if (point < 0 || point <= history->step / tier->stride - tier->length
        || (first != NO_POINT ? point >= first : point > history_whole(history, t)))
        return;
    if (series->tier[t].past == NO_POINT)
        series->tier[t].past = series->tier[t].past_end = point;
    if (point < series->tier[t].past_end)
        return;
    forget_points(history, series, t, series->tier[t].past_end, point + 1);
    for (int c = 0; c < from->columns; c++)
        if (from->column[c] >= 0)
            history_point_for(history, series, t, point)[from->column[c]] = cell[c];
    series->tier[t].past_end = point + 1;
    if (series->last_step < (point + 1) * tier->stride && first == NO_POINT)
        series->last_step = (point + 1) * tier->stride;
}

static int
take_values(const struct history *history, struct recalled *recalled, unsigned id, int t,
    int64_t point, const char *bytes, size_t len)
{
    struct cell cell[METRIC_COUNT];
    const struct recalled_series *series = named(recalled, id);
    if (!series)
        return recalled->count == RECALLED_MAX ? 0 : -EBADMSG;
    if (len != (size_t)series->columns * sizeof *cell)
        return -EBADMSG;
    memcpy(cell, bytes, len);
    if (series->series && series->series->cells)
        take_point(history, series, t, point, cell);
    return 0;
}

/* The point of ours that ends nearest to a time. */
static int64_t
point_of(const struct history *history, int tier, int64_t wall_ns)
{
    double steps = (double)(history->wall_ns - wall_ns) / history->step_ns;
    if (fabs(steps) > 1e15)
        return NO_POINT;
    double end = (double)history->step - steps + 1;
    return llround(end / (double)history->tier[tier].stride) - 1;
}

int
history_recall(struct history *history, struct sample *sample, int tier, bool begins,
    int64_t wall_ns, const char *bytes, size_t len)
{
    struct tier *plan = &history->tier[tier];
    struct item item;
    int r = 0;
    if (!history->machine)
        return -EAGAIN;
    if (!plan->recalled)
        plan->recalled = XNEW(struct recalled);
    if (begins)
        plan->recalled->count = plan->recalled->next = 0;
    int64_t point = point_of(history, tier, wall_ns);
    for (size_t at = 0; at < len && r == 0; at += (item.words & ITEM_WORDS_MAX) * (size_t)4) {
        if (len - at < sizeof item)
            return -EBADMSG;
        memcpy(&item, bytes + at, sizeof item);
        at += sizeof item;
        size_t size = (item.words & ITEM_WORDS_MAX) * (size_t)4;
        if (size > len - at)
            return -EBADMSG;
        r = item.words & ITEM_SERIES
            ? take_series(history, sample, plan->recalled, item.id, bytes + at, size)
            : take_values(history, plan->recalled, item.id, tier, point, bytes + at, size);
    }
    return r;
}

static void
show_past(const struct history *history, struct series *series, int t)
{
    int64_t length = history->tier[t].length;
    if (!series || !series->cells || series->tier[t].past == NO_POINT)
        return;
    if (series->tier[t].first == NO_POINT) {
        series->tier[t].next = series->tier[t].past_end;
    } else {
        int64_t from = series->tier[t].past_end, oldest = series->tier[t].open - length + 1;
        forget_points(history, series, t, from > oldest ? from : oldest, series->tier[t].first);
    }
    series->tier[t].first = series->tier[t].past;
    series->tier[t].past = NO_POINT;
}

/* What has not been packed because of that. */
static void
pack_whole(const struct history *history, struct series *series, int t)
{
    if (!series || !series->cells || series->tier[t].first == NO_POINT)
        return;
    int64_t end = series->tier[t].next, oldest = end - history->tier[t].length;
    int64_t from = series->tier[t].first > oldest ? series->tier[t].first : oldest;
    for (int64_t point = from / series->block * series->block; point + series->block <= end;
        point += series->block)
        history_pack(history, series, t, point);
}

static void
end_recalling(const struct history *history, struct series *series, int t)
{
    show_past(history, series, t);
    pack_whole(history, series, t);
}

void
history_recalled(struct history *history, int tier)
{
    struct tier *plan = &history->tier[tier];
    if (!plan->recalled)
        return;
    end_recalling(history, history->machine, tier);
    for (int g = 0; g < GROUP_COUNT; g++)
        for (int r = 0; r < history->rows[g].count; r++)
            end_recalling(history, history->rows[g].row[r], tier);
    free(plan->recalled->series);
    free(plan->recalled);
    plan->recalled = NULL;
}
