/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "config/arrangement.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "base/text.h"

const char *const arrangement_panels[ARRANGEMENT_PANELS] = { "cpu", "memory", "io", "runs", "tasks", "pools",
    "boards", "files", "alerts" };

/* To add one: a row; and its name in the option table (config_options.c). */
static const struct {
    const char *name, *text;
} shipped[] = {
    { "all", "" }, /* the console knows best: other rows for other widths */
    { "machine", "cpu+memory, io+alerts" },
    { "runs", "runs, cpu+memory, tasks+pools, alerts" },
    { "quiet", "alerts, runs" },
};

bool
arrangement_shipped(int index, struct arrangement *ret_arrangement)
{
    struct diag diag = { 0 };
    if (index < 0 || index >= (int)(sizeof shipped / sizeof *shipped))
        return false;
    *ret_arrangement = (struct arrangement){ .rows = 0 };
    str_copy(ret_arrangement->name, sizeof ret_arrangement->name, shipped[index].name);
    if (*shipped[index].text)
        arrangement_parse(shipped[index].text, ret_arrangement, &diag);
    return true;
}

int
arrangement_find_panel(const char *name)
{
    for (int i = 0; i < ARRANGEMENT_PANELS; i++)
        if (!strcmp(arrangement_panels[i], name))
            return i;
    return -1;
}

const char *
arrangement_names(char *buf, size_t size)
{
    size_t len = 0;
    for (int i = 0; i < ARRANGEMENT_PANELS && len < size; i++)
        len += (size_t)snprintf(buf + len, size - len, "%s%s", i ? ", " : "", arrangement_panels[i]);
    return buf;
}

/* Row and place of a panel. */
static bool
find(const struct arrangement *arrangement, int panel, int *ret_row, int *ret_place)
{
    for (int r = 0; r < arrangement->rows; r++)
        for (int p = 0; p < arrangement->row[r].count; p++)
            if (arrangement->row[r].panel[p] == panel) {
                *ret_row = r;
                *ret_place = p;
                return true;
            }
    return false;
}

bool
arrangement_has(const struct arrangement *arrangement, int panel)
{
    int row, place;
    return find(arrangement, panel, &row, &place);
}

/* A name of the text: into the last row, or a new one. */
static int
take_name(struct arrangement *arrangement, const char *name, bool beside, struct diag *diag)
{
    char shown[64], names[ARRANGEMENT_TEXT_MAX];
    int panel = arrangement_find_panel(name);
    if (panel < 0)
        return diag_set(diag, ERR_BAD_TYPE,
            "\"%s\" is no panel (allowed: %s; a comma between rows, + between those of a row)",
            text_clean(name, shown, sizeof shown), arrangement_names(names, sizeof names));
    if (arrangement_has(arrangement, panel))
        return diag_set(diag, ERR_BAD_TYPE, "%s stands there twice", name);
    if (!beside)
        arrangement->rows++;
    int row = arrangement->rows - 1;
    if (arrangement->row[row].count == ARRANGEMENT_BESIDE_MAX)
        return diag_set(diag, ERR_BAD_TYPE, "more than %d panels in a row", ARRANGEMENT_BESIDE_MAX);
    arrangement->row[row].panel[arrangement->row[row].count++] = panel;
    return 0;
}

int
arrangement_parse(const char *text, struct arrangement *arrangement, struct diag *diag)
{
    struct arrangement made = { .rows = 0 };
    memcpy(made.name, arrangement->name, sizeof made.name);
    for (bool beside = false;;) {
        char name[32];
        text += strspn(text, " \t");
        size_t len = strcspn(text, ",+"), used = len;
        while (used && strchr(" \t", text[used - 1]))
            used--;
        snprintf(name, sizeof name, "%.*s", (int)(used < sizeof name ? used : sizeof name - 1), text);
        int r = take_name(&made, name, beside, diag);
        if (r < 0)
            return r;
        if (!text[len])
            break;
        beside = text[len] == '+';
        text += len + 1;
    }
    *arrangement = made;
    return 0;
}

const char *
arrangement_text(const struct arrangement *arrangement, char *buf, size_t size)
{
    size_t len = 0;
    if (size)
        buf[0] = '\0';
    for (int r = 0; r < arrangement->rows; r++)
        for (int p = 0; p < arrangement->row[r].count; p++)
            if (len < size)
                len += (size_t)snprintf(buf + len, size - len, "%s%s", p ? "+" : r ? ", " : "",
                    arrangement_panels[arrangement->row[r].panel[p]]);
    return buf;
}

static void
take_row_out(struct arrangement *arrangement, int row)
{
    arrangement->rows--;
    memmove(&arrangement->row[row], &arrangement->row[row + 1],
        (size_t)(arrangement->rows - row) * sizeof *arrangement->row);
}

static void
take_out(struct arrangement *arrangement, int row, int place)
{
    int *panel = arrangement->row[row].panel, *count = &arrangement->row[row].count;
    memmove(&panel[place], &panel[place + 1], (size_t)(*count - place - 1) * sizeof *panel);
    if (--*count == 0)
        take_row_out(arrangement, row);
}

static void
put_row(struct arrangement *arrangement, int row, int panel)
{
    memmove(&arrangement->row[row + 1], &arrangement->row[row],
        (size_t)(arrangement->rows - row) * sizeof *arrangement->row);
    arrangement->rows++;
    arrangement->row[row].count = 1;
    arrangement->row[row].panel[0] = panel;
}

bool
arrangement_hide(struct arrangement *arrangement, int panel)
{
    int row, place;
    if (!find(arrangement, panel, &row, &place) || (arrangement->rows == 1 && arrangement->row[0].count == 1))
        return false;
    take_out(arrangement, row, place);
    return true;
}

bool
arrangement_show(struct arrangement *arrangement, int panel)
{
    if (panel < 0 || panel >= ARRANGEMENT_PANELS || arrangement_has(arrangement, panel))
        return false;
    put_row(arrangement, arrangement->rows, panel);
    return true;
}

bool
arrangement_move(struct arrangement *arrangement, int panel, int by)
{
    int row, place;
    if (!find(arrangement, panel, &row, &place))
        return false;
    int *in_row = arrangement->row[row].panel;
    if (place + by >= 0 && place + by < arrangement->row[row].count) {
        in_row[place] = in_row[place + by];
        in_row[place + by] = panel;
        return true;
    }
    if (row + by < 0 || row + by >= arrangement->rows)
        return false;
    __typeof__(*arrangement->row) moved = arrangement->row[row];
    arrangement->row[row] = arrangement->row[row + by];
    arrangement->row[row + by] = moved;
    return true;
}

bool
arrangement_join(struct arrangement *arrangement, int panel)
{
    int row, place;
    if (!find(arrangement, panel, &row, &place))
        return false;
    if (arrangement->row[row].count > 1) {
        take_out(arrangement, row, place);
        put_row(arrangement, row + 1, panel);
        return true;
    }
    if (row == 0 || arrangement->row[row - 1].count == ARRANGEMENT_BESIDE_MAX)
        return false;
    take_row_out(arrangement, row);
    arrangement->row[row - 1].panel[arrangement->row[row - 1].count++] = panel;
    return true;
}
