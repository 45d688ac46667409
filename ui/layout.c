/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/layout.h"

enum { GAP = 2, PRIORITY_LAST = 16 };

static int
columns_need(const struct layout_column *column, int count)
{
    int need = -GAP;
    for (int i = 0; i < count; i++)
        if (column[i].width)
            need += column[i].width + GAP;
    return need;
}

/* The shown column that is the first to go; among equals the last. */
static int
least_column(const struct layout_column *column, int count)
{
    int least = -1;
    for (int i = 0; i < count; i++)
        if (column[i].width && (least < 0 || column[i].priority >= column[least].priority))
            least = i;
    return least;
}

void
layout_columns(struct layout_column *column, int count, int x, int width)
{
    for (int i = 0; i < count; i++)
        column[i].width = column[i].min;
    int least;
    while (columns_need(column, count) > width && (least = least_column(column, count)) >= 0)
        column[least].width = 0;
    int rest = width - columns_need(column, count);
    /* cell by cell and in turn, so that columns grow alike */
    for (bool grown = true; grown && rest > 0;) {
        grown = false;
        for (int i = 0; i < count && rest > 0; i++)
            if (column[i].width && column[i].width < column[i].want) {
                column[i].width++;
                rest--;
                grown = true;
            }
    }
    for (int i = 0; i < count; i++) {
        if (!column[i].width)
            continue;
        if (column[i].stretch && rest > 0) {
            column[i].width += rest;
            rest = 0;
        }
        column[i].x = x;
        x += column[i].width + GAP;
    }
}

static int
bands_height(const struct layout_band *band, int count)
{
    int sum = 0;
    for (int i = 0; i < count; i++)
        sum += band[i].height;
    return sum;
}

static int
least_band(const struct layout_band *band, int count)
{
    int least = -1;
    for (int i = 0; i < count; i++)
        if (band[i].height && (least < 0 || band[i].priority >= band[least].priority))
            least = i;
    return least;
}

/* One row to each band below what it wants, the important ones first. */
static int
grow_bands(struct layout_band *band, int count, int rest)
{
    for (bool grown = true; grown && rest > 0;) {
        grown = false;
        for (int priority = 1; priority <= PRIORITY_LAST; priority++)
            for (int i = 0; i < count && rest > 0; i++)
                if (band[i].priority == priority && band[i].height &&
                    band[i].height < band[i].want) {
                    band[i].height++;
                    rest--;
                    grown = true;
                }
    }
    return rest;
}

void
layout_bands(struct layout_band *band, int count, int height)
{
    int weights = 0;
    for (int i = 0; i < count; i++)
        band[i].height = band[i].min;
    int least;
    while (bands_height(band, count) > height && (least = least_band(band, count)) >= 0)
        band[least].height = 0;
    int rest = grow_bands(band, count, height - bands_height(band, count));
    for (int i = 0; i < count; i++)
        weights += band[i].height ? band[i].weight : 0;
    for (int i = 0; i < count && weights > 0; i++) {
        if (!band[i].height || !band[i].weight)
            continue;
        int share = rest * band[i].weight / weights;
        band[i].height += share;
        rest -= share;
        weights -= band[i].weight;
    }
}
