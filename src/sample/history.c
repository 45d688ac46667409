/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Time is cut into steps of the finest tier, counted from 1970 by the clock of the
 * first sample and then by the monotonic one, so that points of a server and of the one
 * before it meet; point k of a tier covers `stride` of them. Everything that shares its life
 * (the figures of the machine; those of one core, disk, interface) is one
 * series: a mapping of floats, ring after ring, in which the columns of a
 * point lie side by side, so that a sample touches few cache lines and a ring
 * costs memory only as far as it has been filled. What is whole is packed
 * (history_pack.c).
 *
 * A value is first gathered in the open point of each tier; the point is
 * written when a later one begins. So a series whose instance has gone is not
 * touched at all: what is behind its open point is unknown by itself.
 */
#include "sample/history_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/xalloc.h"

enum {
    TIER_POINTS_MAX = 1 << 20,
    /* A sample stands for the time since the one before, but no longer than
     * this many steps: over a longer gap (suspend, stop) nothing is known.
     * Unless gaps as long are the rule, because samples are taken seldom. */
    HOLD_STEPS = 10,
    HOLD_STEPS_MAX = 3600,
};

static void
plan_columns(struct history *history)
{
    for (int m = 0; m < METRIC_COUNT; m++) {
        enum metric_group group = metric_info((enum metric)m)->group;
        history->column[m] = -1;
        if (!metric_info((enum metric)m)->history)
            continue;
        if (metric_group_info(group)->per_instance) {
            history->column[m] = history->columns[group]++;
            history->row_metric[group][history->column[m]] = (enum metric)m;
        } else {
            history->column[m] = history->machine_columns++;
            history->machine_metric[history->column[m]] = (enum metric)m;
        }
    }
}

/* In cells. */
static size_t
largest_block(const struct history *history)
{
    int64_t largest = history_block_points(history->machine_columns) * history->machine_columns;
    for (int g = 0; g < GROUP_COUNT; g++) {
        int columns = history->columns[g];
        int64_t cells = columns ? history_block_points(columns) * columns : 0;
        largest = cells > largest ? cells : largest;
    }
    return (size_t)largest;
}

struct history *
history_new(const double step_seconds[HISTORY_TIERS], const double length_seconds[HISTORY_TIERS])
{
    struct history *history = XNEW(struct history);
    history->step_seconds = step_seconds[0] >= 0.001 ? step_seconds[0] : 0.001;
    history->step_ns = history->step_seconds * 1e9;
    history->step = NO_POINT;
    for (int t = 0; t < HISTORY_TIERS; t++) {
        double stride = round(step_seconds[t] / history->step_seconds);
        double points = ceil(length_seconds[t] / step_seconds[t]);
        history->tier[t].stride = stride >= 1 ? (int64_t)fmin(stride, TIER_POINTS_MAX) : 1;
        history->tier[t].length = points >= 1 ? (int64_t)fmin(points, TIER_POINTS_MAX) : 1;
    }
    plan_columns(history);
    history->page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    history->scratch = xcalloc(largest_block(history), sizeof *history->scratch);
    return history;
}

static void
series_free(struct series *series)
{
    if (!series)
        return;
    if (series->cells)
        munmap(series->cells, series->mapped_bytes);
    free(series->tier[0].gather);
    free(series->tier[0].packed);
    free(series);
}

void
history_free(struct history *history)
{
    if (!history)
        return;
    for (int t = 0; t < HISTORY_TIERS; t++)
        history_recalled(history, t);
    series_free(history->machine);
    for (int g = 0; g < GROUP_COUNT; g++) {
        for (int r = 0; r < history->rows[g].count; r++)
            series_free(history->rows[g].row[r]);
        free(history->rows[g].row);
        free(history->rows[g].present);
    }
    free(history->scratch);
    free(history);
}

/* Mapped and not calloc'ed, because untouched pages must cost nothing, and
 * huge ones would bring in two megabytes at the first touch. */
struct series *
history_series_new(const struct history *history, const char *name, int columns)
{
    struct series *series = XNEW(struct series);
    int64_t blocks = 0;
    memcpy(series->name, name, strnlen(name, sizeof series->name - 1));
    series->columns = columns;
    series->block = history_block_points(columns);
    series->block_bytes = history_whole_pages(history,
        (size_t)series->block * (size_t)columns * sizeof(struct cell));
    for (int t = 0; t < HISTORY_TIERS; t++) {
        series->tier[t].blocks = (history->tier[t].length + series->block - 1) / series->block + 1;
        blocks += series->tier[t].blocks;
    }
    series->mapped_bytes = (size_t)blocks * series->block_bytes;
    void *map = mmap(NULL, series->mapped_bytes, PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED)
        return series;
    madvise(map, series->mapped_bytes, MADV_NOHUGEPAGE);
    series->cells = map;
    struct gather *gather = xcalloc((size_t)columns * HISTORY_TIERS, sizeof *gather);
    bool *packed = xcalloc((size_t)blocks, sizeof *packed);
    unsigned char *ring = series->cells;
    for (int t = 0; t < HISTORY_TIERS; t++) {
        series->tier[t].first = series->tier[t].open = series->tier[t].past = NO_POINT;
        series->tier[t].ring = ring;
        series->tier[t].packed = packed;
        series->tier[t].gather = gather + (size_t)t * (size_t)columns;
        ring += (size_t)series->tier[t].blocks * series->block_bytes;
        packed += series->tier[t].blocks;
    }
    return series;
}

static struct cell
gathered(const struct gather *gather)
{
    if (gather->count == 0)
        return (struct cell){ NAN, NAN };
    return (struct cell){ (float)(gather->sum / gather->count), gather->max };
}

/* While older points are being recalled, into the same blocks, nothing is packed. */
static void
end_point(const struct history *history, struct series *series, int t, int64_t point)
{
    if ((point + 1) % series->block == 0 && !history->tier[t].recalled)
        history_pack(history, series, t, point);
}

/* Writes the open point of a tier; points skipped before it become unknown. */
static void
close_point(const struct history *history, struct series *series, int t)
{
    int64_t length = history->tier[t].length;
    int64_t open = series->tier[t].open, from = series->tier[t].next;
    if (from <= open - length)
        from = open - length + 1;
    for (; from < open; from++) {
        struct cell *point = history_point_for(history, series, t, from);
        for (int c = 0; c < series->columns; c++)
            point[c] = (struct cell){ NAN, NAN };
        end_point(history, series, t, from);
    }
    struct cell *point = history_point_for(history, series, t, open);
    for (int c = 0; c < series->columns; c++) {
        point[c] = gathered(&series->tier[t].gather[c]);
        series->tier[t].gather[c] = (struct gather){ 0 };
    }
    end_point(history, series, t, open);
    series->tier[t].next = open + 1;
}

/* Makes `point` the open one. */
static void
open_point(const struct history *history, struct series *series, int t, int64_t point)
{
    if (series->tier[t].open == point)
        return;
    if (series->tier[t].open != NO_POINT)
        close_point(history, series, t);
    if (series->tier[t].first == NO_POINT)
        series->tier[t].first = series->tier[t].next = point;
    series->tier[t].open = point;
}

/* Adds one value per column to the steps from..to. */
static void
series_push(const struct history *history, struct series *series, const float *value, int64_t from,
    int64_t to)
{
    if (!series->cells)
        return;
    for (int64_t step = from; step <= to; step++)
        for (int t = 0; t < HISTORY_TIERS; t++) {
            open_point(history, series, t, step / history->tier[t].stride);
            for (int c = 0; c < series->columns; c++) {
                struct gather *gather = &series->tier[t].gather[c];
                if (isnan(value[c]))
                    continue;
                gather->max = gather->count == 0 || value[c] > gather->max ? value[c] : gather->max;
                gather->sum += (double)value[c];
                gather->count++;
            }
        }
    series->last_step = to;
}

static void
push_machine(struct history *history, const struct sample *sample, int64_t from, int64_t to)
{
    float value[METRIC_COUNT];
    if (!history->machine)
        history->machine = history_series_new(history, "", history->machine_columns);
    for (int c = 0; c < history->machine_columns; c++)
        value[c] = (float)sample->scalar[history->machine_metric[c]];
    series_push(history, history->machine, value, from, to);
}

void
history_fit_rows(struct row_series *rows, int count)
{
    while (rows->count < count) {
        XGROW(rows->row, rows->count, rows->capacity);
        XGROW(rows->present, rows->count, rows->present_capacity);
        rows->row[rows->count] = NULL;
        rows->present[rows->count] = false;
        rows->count++;
    }
}

static void
drop_longest_gone(struct row_series *rows)
{
    int longest = -1;
    for (int r = 0; r < rows->count; r++)
        if (rows->row[r] && !rows->present[r]
            && (longest < 0 || rows->row[r]->last_step < rows->row[longest]->last_step))
            longest = r;
    if (longest < 0)
        return;
    series_free(rows->row[longest]);
    rows->row[longest] = NULL;
    rows->gone--;
}

/* Follows a row through there, gone and back; a slot that has another name
 * than before begins with nothing. */
static void
follow_row(struct history *history, struct row_series *rows, int r, const struct sample_row *row,
    int columns)
{
    struct series *series = rows->row[r];
    if (series && !rows->present[r] && row->present)
        rows->gone--;
    if (series && rows->present[r] && !row->present)
        rows->gone++;
    rows->present[r] = row->present;
    if (rows->gone > GONE_SERIES_MAX)
        drop_longest_gone(rows);
    if (!row->present || (series && !strcmp(series->name, row->name)))
        return;
    series_free(series);
    rows->row[r] = history_series_new(history, row->name, columns);
}

static void
push_rows(struct history *history, enum metric_group group, const struct sample *sample,
    int64_t from, int64_t to)
{
    float value[SAMPLE_COLUMNS_MAX];
    const struct sample_rows *now = &sample->rows[group];
    struct row_series *rows = &history->rows[group];
    int columns = history->columns[group], first = metric_group_info(group)->first;
    if (columns == 0)
        return;
    history_fit_rows(rows, now->count);
    for (int r = 0; r < now->count; r++) {
        const struct sample_row *row = &now->row[r];
        follow_row(history, rows, r, row, columns);
        if (!row->present)
            continue;
        for (int c = 0; c < columns; c++)
            value[c] = (float)row->value[(int)history->row_metric[group][c] - first];
        series_push(history, rows->row[r], value, from, to);
    }
}

/* The step after the newest sample's, or `to` where the time between is not to
 * be filled. */
static int64_t
first_step(struct history *history, int64_t to)
{
    if (history->step == NO_POINT || to <= history->step)
        return to;
    int64_t gap = to - history->step, longest = 2 * history->gap;
    if (longest > HOLD_STEPS_MAX)
        longest = HOLD_STEPS_MAX;
    if (longest < HOLD_STEPS)
        longest = HOLD_STEPS;
    history->gap = gap;
    return gap <= longest ? history->step + 1 : to;
}

void
history_push(struct history *history, const struct sample *sample)
{
    if (history->step == NO_POINT) {
        int64_t wall_ns = sample->wall_ns > 0 ? sample->wall_ns : 0;
        int64_t first = (int64_t)floor((double)wall_ns / history->step_ns);
        history->origin_ns = sample->mono_ns - llround((double)first * history->step_ns);
    }
    int64_t to = llround((double)(sample->mono_ns - history->origin_ns) / history->step_ns);
    if (history->step != NO_POINT && to < history->step)
        to = history->step;
    int64_t from = first_step(history, to);
    history->step = to;
    history->wall_ns = sample->wall_ns;
    push_machine(history, sample, from, to);
    for (int g = 0; g < GROUP_COUNT; g++)
        if (metric_group_info((enum metric_group)g)->per_instance)
            push_rows(history, (enum metric_group)g, sample, from, to);
}

struct cell
history_point_at(const struct series *series, int t, int column, int64_t point)
{
    if (point == series->tier[t].open)
        return gathered(&series->tier[t].gather[column]);
    if (point >= series->tier[t].next)
        return (struct cell){ NAN, NAN };
    return history_stored(series, t, column, point);
}

static const struct series *
series_of(const struct history *history, enum metric metric, int row)
{
    enum metric_group group = metric_info(metric)->group;
    if (!metric_group_info(group)->per_instance)
        return history->machine;
    return row >= 0 && row < history->rows[group].count ? history->rows[group].row[row] : NULL;
}

/* The newest point that ends at a time or before it. */
static int64_t
point_before(const struct history *history, int tier, int64_t wall_ns)
{
    int64_t newest = history_whole(history, tier);
    if (wall_ns >= history->wall_ns)
        return newest;
    double steps = ((double)history->wall_ns - (double)wall_ns) / history->step_ns;
    if (steps > 1e15)
        return NO_POINT;
    /* half a step: a time is told in hundredths of a second */
    double end = (double)history->step - steps + 1.5;
    int64_t point = (int64_t)floor(end / (double)history->tier[tier].stride) - 1;
    return point < newest ? point : newest;
}

int
history_read_to(const struct history *history, enum metric metric, int row, int tier,
    int64_t wall_ns, struct history_point *points, int max_points)
{
    if ((int)metric < 0 || metric >= METRIC_COUNT || tier < 0 || tier >= HISTORY_TIERS
        || history->column[metric] < 0 || history->step == NO_POINT)
        return 0;
    const struct series *series = series_of(history, metric, row);
    const struct tier *plan = &history->tier[tier];
    if (!series || !series->cells || series->tier[tier].first == NO_POINT)
        return 0;
    /* The newest whole point: of the finest tier that is the newest sample. */
    int64_t newest = point_before(history, tier, wall_ns), oldest = series->tier[tier].first;
    if (oldest <= history_whole(history, tier) - plan->length)
        oldest = history_whole(history, tier) - plan->length + 1;
    if (newest < oldest)
        return 0;
    if (oldest <= newest - max_points)
        oldest = newest - max_points + 1;
    int count = 0;
    for (int64_t point = oldest; point <= newest; point++) {
        struct cell cell = history_point_at(series, tier, history->column[metric], point);
        points[count++] = (struct history_point){
            .wall_ns = history_wall_of(history, tier, point),
            .mean = cell.mean,
            .max = cell.max,
        };
    }
    return count;
}

int
history_read(const struct history *history, enum metric metric, int row, int tier,
    struct history_point *points, int max_points)
{
    return history_read_to(history, metric, row, tier, INT64_MAX, points, max_points);
}

int
history_tier_at(const struct history *history, enum metric metric, int row, int64_t wall_ns)
{
    struct history_point point;
    for (int t = 0; t < HISTORY_TIERS; t++) {
        double near_ns = 2 * (double)history->tier[t].stride * history->step_ns;
        if (history_read_to(history, metric, row, t, wall_ns, &point, 1) && !isnan(point.mean)
            && (double)(wall_ns - point.wall_ns) < near_ns)
            return t;
    }
    return HISTORY_TIERS - 1;
}
