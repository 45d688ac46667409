/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/sample.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"

void
sample_init(struct sample *sample)
{
    memset(sample, 0, sizeof *sample);
    sample->interval_seconds = NAN;
    for (int m = 0; m < METRIC_COUNT; m++)
        sample->scalar[m] = NAN;
}

void
sample_release(struct sample *sample)
{
    for (int g = 0; g < GROUP_COUNT; g++)
        free(sample->rows[g].row);
    memset(sample, 0, sizeof *sample);
}

static void
reset_row(struct sample_rows *rows, struct sample_row *row, const char *name)
{
    rows->naming += strcmp(row->name, name) != 0;
    str_copy(row->name, sizeof row->name, name);
    row->present = true;
    for (int c = 0; c < SAMPLE_COLUMNS_MAX; c++)
        row->value[c] = NAN;
}

int
sample_find_row(const struct sample *sample, enum metric_group group, const char *name)
{
    const struct sample_rows *rows = &sample->rows[group];
    for (int i = 0; i < rows->count; i++)
        if (!strcmp(rows->row[i].name, name))
            return i;
    return ERR_NOT_FOUND;
}

int
sample_row(struct sample *sample, enum metric_group group, const char *name)
{
    struct sample_rows *rows = &sample->rows[group];
    char clean[SAMPLE_NAME_MAX];
    text_clean(name, clean, sizeof clean);
    int i = sample_find_row(sample, group, clean);
    if (i >= 0) {
        if (!rows->row[i].present)
            reset_row(rows, &rows->row[i], clean);
        return i;
    }
    if (rows->count == SAMPLE_ROWS_MAX) {
        for (i = 0; i < rows->count && rows->row[i].present; i++)
            ;
        if (i == rows->count)
            return ERR_TOO_LARGE;
    } else {
        XGROW(rows->row, rows->count, rows->capacity);
        i = rows->count++;
        rows->row[i].name[0] = '\0';
    }
    reset_row(rows, &rows->row[i], clean);
    return i;
}

double
sample_value(const struct sample *sample, enum metric metric, int row)
{
    enum metric_group group = metric_info(metric)->group;
    const struct metric_group_info *info = metric_group_info(group);
    if (!info->per_instance)
        return sample->scalar[metric];
    const struct sample_rows *rows = &sample->rows[group];
    if (row < 0 || row >= rows->count || !rows->row[row].present)
        return NAN;
    return rows->row[row].value[(int)metric - info->first];
}

void
sample_set(struct sample *sample, enum metric metric, int row, double value)
{
    enum metric_group group = metric_info(metric)->group;
    const struct metric_group_info *info = metric_group_info(group);
    if (!info->per_instance) {
        sample->scalar[metric] = value;
        return;
    }
    assert(row >= 0 && row < sample->rows[group].count);
    sample->rows[group].row[row].value[(int)metric - info->first] = value;
}
