/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "ui/process_list.h"

#include <math.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/unit.h"
#include "base/xalloc.h"

/* To add a column: a number, a row here, its case in compare_processes and draw_process. */
enum { COLUMN_PID, COLUMN_USER, COLUMN_STATE, COLUMN_CPU, COLUMN_MEMORY, COLUMN_PSS, COLUMN_SWAP, COLUMN_FAULTS,
    COLUMN_MAJOR, COLUMN_SWITCHES, COLUMN_OOM, COLUMN_THREADS, COLUMN_NICE,
    COLUMN_READ, COLUMN_WRITE, COLUMN_TIME, COLUMN_RUN, COLUMN_COMMAND, COLUMNS };

static const struct layout_column columns[COLUMNS] = {
    [COLUMN_PID] = { .title = "pid", .min = 7, .want = 7, .priority = 1 },
    [COLUMN_USER] = { .title = "user", .min = 8, .want = 12, .priority = 5, .left = true },
    [COLUMN_STATE] = { .title = "state", .min = 7, .want = 8, .priority = 4, .left = true },
    [COLUMN_CPU] = { .title = "cpu", .min = 7, .want = 7, .priority = 1 },
    [COLUMN_MEMORY] = { .title = "memory", .min = 7, .want = 8, .priority = 2 },
    [COLUMN_PSS] = { .title = "pss", .min = 7, .want = 8, .priority = 3 },
    [COLUMN_SWAP] = { .title = "swap", .min = 7, .want = 8, .priority = 3 },
    [COLUMN_FAULTS] = { .title = "faults", .min = 8, .want = 8, .priority = 3 },
    [COLUMN_MAJOR] = { .title = "major", .min = 7, .want = 8, .priority = 3 },
    [COLUMN_SWITCHES] = { .title = "switches", .min = 8, .want = 9, .priority = 3 },
    [COLUMN_OOM] = { .title = "oom", .min = 5, .want = 5, .priority = 3 },
    [COLUMN_THREADS] = { .title = "threads", .min = 8, .want = 8, .priority = 10 },
    [COLUMN_NICE] = { .title = "nice", .min = 5, .want = 5, .priority = 11 },
    [COLUMN_READ] = { .title = "read", .min = 8, .want = 8, .priority = 8 },
    [COLUMN_WRITE] = { .title = "write", .min = 8, .want = 8, .priority = 7 },
    [COLUMN_TIME] = { .title = "time", .min = 7, .want = 7, .priority = 9 },
    [COLUMN_RUN] = { .title = "run/trial", .min = 10, .want = 12, .priority = 6 },
    [COLUMN_COMMAND] = { .title = "command", .min = 26, .want = 40, .priority = 1, .left = true, .stretch = true },
};

/* Where a figure stands in a row of the answer. */
enum { AT_PID, AT_PARENT, AT_STATE, AT_NICE, AT_THREADS, AT_CPU, AT_SECONDS, AT_RSS, AT_READ, AT_WRITE,
    AT_RUN, AT_TRIAL, AT_START, AT_UID, AT_NAME, AT_COMMAND };

/* What of procmore.h a column shows. */
static int
figure_of(int column)
{
    static const int8_t figures[COLUMNS] = {
        [COLUMN_PSS] = PROCMORE_PSS + 1, [COLUMN_SWAP] = PROCMORE_SWAP + 1, [COLUMN_FAULTS] = PROCMORE_FAULTS + 1,
        [COLUMN_MAJOR] = PROCMORE_MAJOR_FAULTS + 1, [COLUMN_SWITCHES] = PROCMORE_SWITCHES + 1,
        [COLUMN_OOM] = PROCMORE_OOM_SCORE + 1,
    };
    return figures[column] - 1;
}

void
process_list_release(struct process_list *list)
{
    free(list->row);
    *list = (struct process_list){ 0 };
}

/* Where a pid stands, or is to stand. */
static int
place_of(const struct process_list *list, int pid)
{
    int low = 0, high = list->count;
    while (low < high) {
        int middle = (low + high) / 2;
        if (list->row[middle].pid < pid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static double
number_at(const json_t *row, int at)
{
    const json_t *value = json_array_get(row, (size_t)at);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static int
int_at(const json_t *row, int at)
{
    json_int_t value = json_integer_value(json_array_get(row, (size_t)at));
    return value < INT32_MIN || value > INT32_MAX ? 0 : (int)value;
}

static void
text_at(const json_t *row, int at, char *buf, size_t size)
{
    const char *text = json_string_value(json_array_get(row, (size_t)at));
    text_clean(text ? text : "", buf, size);
}

/* Of another process, or a new one. */
static void
forget_figures(struct process_row *process)
{
    for (int i = 0; i < PROCMORE_COUNT; i++)
        process->figure[i] = process->counted[i] = (double)NAN;
    process->counted_seconds = (double)NAN;
}

static void
take_row(struct process_list *list, const json_t *row)
{
    int pid = int_at(row, AT_PID), at = place_of(list, pid);
    bool known = at < list->count && list->row[at].pid == pid, named = json_array_size(row) > AT_COMMAND;
    const char *state = json_string_value(json_array_get(row, AT_STATE));
    if (pid <= 0 || (!known && !named))
        return;
    if (!known) {
        XGROW(list->row, list->count, list->capacity);
        memmove(&list->row[at + 1], &list->row[at], (size_t)(list->count - at) * sizeof *list->row);
        list->count++;
        forget_figures(&list->row[at]);
    }
    struct process_row *process = &list->row[at];
    process->pid = pid;
    process->parent = int_at(row, AT_PARENT);
    process->state = state && *state > ' ' && *state < 0x7F ? *state : '?';
    process->nice = int_at(row, AT_NICE);
    process->threads = int_at(row, AT_THREADS);
    process->cpu_pct = number_at(row, AT_CPU);
    process->cpu_seconds = number_at(row, AT_SECONDS);
    process->rss_bytes = number_at(row, AT_RSS);
    process->read_bytes = number_at(row, AT_READ);
    process->write_bytes = number_at(row, AT_WRITE);
    process->run = int_at(row, AT_RUN);
    process->trial = int_at(row, AT_TRIAL);
    if (!named)
        return;
    uint64_t start = (uint64_t)json_integer_value(json_array_get(row, AT_START));
    if (process->start != start)
        forget_figures(process);
    process->start = start;
    process->uid = int_at(row, AT_UID);
    text_at(row, AT_NAME, process->name, sizeof process->name);
    text_at(row, AT_COMMAND, process->command, sizeof process->command);
}

static void
drop_row(struct process_list *list, int pid)
{
    int at = place_of(list, pid);
    if (at >= list->count || list->row[at].pid != pid)
        return;
    list->count--;
    memmove(&list->row[at], &list->row[at + 1], (size_t)(list->count - at) * sizeof *list->row);
}

void
process_list_apply(struct process_list *list, const json_t *result)
{
    size_t i;
    const json_t *value;
    if (json_get_bool(result, "full", false) && !list->more)
        list->count = 0;
    json_array_foreach(json_object_get(result, "gone"), i, value)
        drop_row(list, (int)json_integer_value(value));
    json_array_foreach(json_object_get(result, "processes"), i, value)
        take_row(list, value);
    if (!list->more) /* what changes while the rest is asked for is told then */
        list->take = json_get_int(result, "take", 0);
    list->more = json_get_int(result, "more", 0);
}

/* The dear figures. */

json_t *
process_list_ask(struct process_list *list, const struct table *table, int first, int count)
{
    static const char *const names[] = {
#define X(id, name) name,
        PROCMORE_TABLE(X)
#undef X
    };
    json_t *figures = json_array(), *processes = json_array();
    for (int c = 0; c < COLUMNS; c++)
        if (figure_of(c) >= 0 && !table_hides(table, c))
            json_array_append_new(figures, json_string(names[figure_of(c)]));
    bool all = figure_of(table->sort) >= 0;
    int most = all ? list->count : table->shown - first < count ? table->shown - first : count;
    if (json_array_size(figures) > 0)
        for (int i = 0; i < most && i < PROCESS_FIGURES_AT_ONCE; i++) {
            int at = list->figures_next++ % most;
            const struct process_row *row = &list->row[all ? at : table->order[first + at]];
            json_array_append_new(processes, json_pack("[i,I]", row->pid, (json_int_t)row->start));
        }
    list->figures_next = most > 0 ? list->figures_next % most : 0;
    if (json_array_size(processes) > 0)
        return json_pack("{s:o,s:o}", "processes", processes, "figures", figures);
    json_decref(figures);
    json_decref(processes);
    return NULL;
}

unsigned
process_list_dear(void)
{
    unsigned dear = 0;
    for (int c = 0; c < COLUMNS; c++)
        dear |= (unsigned)(figure_of(c) >= 0) << c;
    return dear;
}

static void
take_figures(struct process_row *process, const json_t *row)
{
    enum { AT_BEGUN = 1, AT_TIME, AT_FIRST };
    double seconds = number_at(row, AT_TIME), since = seconds - process->counted_seconds;
    if ((uint64_t)json_integer_value(json_array_get(row, AT_BEGUN)) != process->start)
        return;
    for (int i = 0; i < PROCMORE_COUNT; i++) {
        double value = number_at(row, AT_FIRST + i);
        bool rate = i == PROCMORE_FAULTS || i == PROCMORE_MAJOR_FAULTS || i == PROCMORE_SWITCHES;
        double more = value - process->counted[i];
        process->figure[i] = !rate ? value : more >= 0 && since > 0 ? more / since : (double)NAN;
        process->counted[i] = value;
    }
    process->counted_seconds = seconds;
}

void
process_list_take_figures(struct process_list *list, const json_t *result)
{
    size_t i;
    const json_t *value;
    json_array_foreach(json_object_get(result, "processes"), i, value)
    {
        int at = place_of(list, int_at(value, AT_PID));
        if (at < list->count && list->row[at].pid == int_at(value, AT_PID))
            take_figures(&list->row[at], value);
    }
}

/* As a table. */

static const struct process_row *
row_at(const void *rows, int row)
{
    return &((const struct process_list *)rows)->row[row];
}

static int
count_processes(const void *rows)
{
    return ((const struct process_list *)rows)->count;
}

static uint64_t
process_key(const void *rows, int row)
{
    return (uint64_t)row_at(rows, row)->pid;
}

const struct process_row *
process_list_find(const struct process_list *list, uint64_t key)
{
    int at = key <= INT32_MAX ? place_of(list, (int)key) : list->count;
    return at < list->count && list->row[at].pid == (int)key ? &list->row[at] : NULL;
}

static uint64_t
process_parent(const void *rows, int row)
{
    return (uint64_t)row_at(rows, row)->parent;
}

/* Looked up once; the name service may be slow. */
static const char *
user_name(const void *rows, int uid)
{
    struct process_list *list = (struct process_list *)(uintptr_t)rows;
    for (int i = 0; i < list->user_count; i++)
        if (list->user[i].uid == uid)
            return list->user[i].name;
    int at = list->user_count < PROCESS_USERS_MAX ? list->user_count++ : PROCESS_USERS_MAX - 1;
    const struct passwd *entry = getpwuid((uid_t)uid);
    list->user[at].uid = uid;
    if (entry)
        text_clean(entry->pw_name, list->user[at].name, sizeof list->user[at].name);
    else
        snprintf(list->user[at].name, sizeof list->user[at].name, "%d", uid);
    return list->user[at].name;
}

/* Words instead of the kernel's letters. */
static const char *
state_name(char state, enum style *ret_style)
{
    static const struct {
        char letter;
        const char *name;
        enum style style;
    } states[] = {
        { 'R', "runs", STYLE_GOOD }, { 'S', "sleeps", STYLE_DIM }, { 'I', "idle", STYLE_DIM },
        { 'D', "waits", STYLE_WARNING }, { 'T', "stopped", STYLE_WARNING },
        { 't', "traced", STYLE_WARNING }, { 'Z', "zombie", STYLE_CRITICAL }, { 'X', "dead", STYLE_DIM },
    };
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (states[i].letter == state) {
            *ret_style = states[i].style;
            return states[i].name;
        }
    *ret_style = STYLE_DIM;
    return "-";
}

/* "run 7" means the run, whatever commands have in them; 0: another text. */
static int64_t
run_of(const char *text)
{
    char *end;
    if (strncmp(text, "run ", 4) || text[4] < '0' || text[4] > '9')
        return 0;
    long long run = strtoll(text + 4, &end, 10);
    return *end ? 0 : run;
}

static bool
process_matches(const void *rows, int row, const char *text)
{
    const struct process_row *process = row_at(rows, row);
    char number[24];
    enum style style;
    int64_t run = run_of(text);
    if (run)
        return process->run == run;
    snprintf(number, sizeof number, "%d", process->pid);
    return str_equal(number, text) || table_contains(process->command, text) ||
        table_contains(process->name, text) || table_contains(user_name(rows, process->uid), text) ||
        table_contains(state_name(process->state, &style), text);
}

static int
compare_processes(const void *rows, int left, int right, int column)
{
    const struct process_row *a = row_at(rows, left), *b = row_at(rows, right);
    if (figure_of(column) >= 0)
        return table_larger(a->figure[figure_of(column)], b->figure[figure_of(column)]);
    switch (column) {
    case COLUMN_USER:
        return a->uid == b->uid ? 0 : strcmp(user_name(rows, a->uid), user_name(rows, b->uid));
    case COLUMN_STATE:
        return strchr("RDTtZSIX?", a->state) < strchr("RDTtZSIX?", b->state) ? -1 : a->state != b->state;
    case COLUMN_CPU: {
        int order = table_larger(a->cpu_pct, b->cpu_pct);
        return order ? order : table_larger(a->cpu_seconds, b->cpu_seconds);
    }
    case COLUMN_MEMORY:
        return table_larger(a->rss_bytes, b->rss_bytes);
    case COLUMN_THREADS:
        return b->threads - a->threads;
    case COLUMN_NICE:
        return a->nice - b->nice;
    case COLUMN_READ:
        return table_larger(a->read_bytes, b->read_bytes);
    case COLUMN_WRITE:
        return table_larger(a->write_bytes, b->write_bytes);
    case COLUMN_TIME:
        return table_larger(a->cpu_seconds, b->cpu_seconds);
    case COLUMN_RUN:
        return a->run != b->run ? table_larger((double)a->run, (double)b->run)
                                : table_larger((double)b->trial, (double)a->trial);
    case COLUMN_COMMAND:
        return strcasecmp(*a->command ? a->command : a->name, *b->command ? b->command : b->name);
    default:
        return a->pid - b->pid;
    }
}

static const char *
rate_text(double rate, char *buf, size_t size)
{
    char bytes[24];
    if (isnan(rate) || rate == 0)
        snprintf(buf, size, "%s", isnan(rate) ? "-" : "0");
    else
        snprintf(buf, size, "%s/s", unit_format_bytes(rate, bytes, sizeof bytes));
    return buf;
}

static void
draw_figures(struct canvas *canvas, int y, const struct layout_column *column, const struct process_row *process)
{
    char text[48], number[32];
    for (int c = COLUMN_PSS; c <= COLUMN_OOM; c++) {
        double value = process->figure[figure_of(c)];
        if (!column[c].width)
            continue;
        if (isnan(value))
            snprintf(text, sizeof text, "-");
        else if (c == COLUMN_PSS || c == COLUMN_SWAP)
            unit_format_bytes(value, text, sizeof text);
        else if (c == COLUMN_OOM)
            snprintf(text, sizeof text, "%.0f", value);
        else
            snprintf(text, sizeof text, "%s%s", unit_format_count(value, number, sizeof number), value > 0 ? "/s" : "");
        panel_figure(canvas, y, &column[c], value > 0 ? STYLE_VALUE : STYLE_DIM, text);
    }
}

static void
draw_use(struct canvas *canvas, int y, const struct layout_column *column, const struct process_row *process)
{
    char text[48];
    if (isnan(process->cpu_pct))
        snprintf(text, sizeof text, "-");
    else
        snprintf(text, sizeof text, "%.1f%%", process->cpu_pct);
    panel_figure(canvas, y, &column[COLUMN_CPU], process->cpu_pct > 0 ? STYLE_VALUE : STYLE_DIM, text);
    panel_figure(canvas, y, &column[COLUMN_MEMORY], STYLE_VALUE,
        unit_format_bytes(process->rss_bytes, text, sizeof text));
    snprintf(text, sizeof text, "%d", process->threads);
    panel_figure(canvas, y, &column[COLUMN_THREADS], STYLE_DIM, text);
    snprintf(text, sizeof text, "%d", process->nice);
    panel_figure(canvas, y, &column[COLUMN_NICE], process->nice ? STYLE_VALUE : STYLE_DIM, text);
    panel_figure(canvas, y, &column[COLUMN_READ], STYLE_VALUE, rate_text(process->read_bytes, text, sizeof text));
    panel_figure(canvas, y, &column[COLUMN_WRITE], STYLE_VALUE, rate_text(process->write_bytes, text, sizeof text));
    panel_figure(canvas, y, &column[COLUMN_TIME], STYLE_DIM,
        unit_format_duration(process->cpu_seconds, text, sizeof text));
}

/* The part of a command's first word behind its last slash stands out: it is
 * what people look for. In a tree it is moved in. */
static void
draw_command(struct canvas *canvas, int y, const struct layout_column *column,
    const struct process_row *process, int depth)
{
    int x = column->x, end = column->x + column->width;
    int indent = 2 * depth < column->width / 2 ? 2 * depth : column->width / 2;
    if (depth > 0 && indent >= 2)
        canvas_text(canvas, x + indent - 2, y, 2, STYLE_DIM, "\u2514\u2500");
    x += indent;
    if (!*process->command) {
        canvas_textf(canvas, x, y, end - x, STYLE_DIM, "[%s]", process->name);
        return;
    }
    size_t word = strcspn(process->command, " "), from = word;
    while (from > 0 && process->command[from - 1] != '/')
        from--;
    x += canvas_textf(canvas, x, y, end - x, STYLE_DIM, "%.*s", (int)from, process->command);
    x += canvas_textf(canvas, x, y, end - x, STYLE_TEXT, "%.*s", (int)(word - from), process->command + from);
    canvas_text(canvas, x, y, end - x, STYLE_DIM, process->command + word);
}

static void
draw_process(struct canvas *canvas, int y, int end, const struct layout_column *column, const void *rows,
    int row, int depth)
{
    const struct process_row *process = row_at(rows, row);
    char text[48] = "";
    enum style style;
    (void)end;
    const char *state = state_name(process->state, &style);
    snprintf(text, sizeof text, "%d", process->pid);
    panel_figure(canvas, y, &column[COLUMN_PID], STYLE_TEXT, text);
    panel_text(canvas, y, &column[COLUMN_USER], STYLE_DIM, user_name(rows, process->uid));
    panel_text(canvas, y, &column[COLUMN_STATE], style, state);
    draw_use(canvas, y, column, process);
    draw_figures(canvas, y, column, process);
    if (process->run && process->trial)
        snprintf(text, sizeof text, "%lld/%lld", (long long)process->run, (long long)process->trial);
    else if (process->run)
        snprintf(text, sizeof text, "%lld", (long long)process->run);
    else
        text[0] = '\0';
    panel_figure(canvas, y, &column[COLUMN_RUN], STYLE_KEY, text);
    if (column[COLUMN_COMMAND].width)
        draw_command(canvas, y, &column[COLUMN_COMMAND], process, depth);
}

/* Which columns are shown. To add a set: a row; the first is what the view begins with. */

static const char *const column_sets[] = {
    "user,state,memory,threads,nice,read,write,time,run/trial",
    "user,state,memory,pss,swap,faults,major,oom,read,write",
    "user,state,memory,threads,nice,switches,faults,read,write,time",
};

/* -1: a word names none. */
static int64_t
columns_named(const struct table *table, const char *text, char *ret_unknown, size_t size)
{
    unsigned shown = 1u << COLUMN_PID | 1u << COLUMN_CPU | 1u << COLUMN_COMMAND;
    if (str_equal(text, "all"))
        return (1u << COLUMNS) - 1;
    for (const char *word = text + strspn(text, ", "); *word; word += strspn(word, ", ")) {
        size_t len = strcspn(word, ", ");
        int column = table_find_column(table, word, len);
        if (column < 0) {
            snprintf(ret_unknown, size, "%.*s", (int)len, word);
            return -1;
        }
        shown |= 1u << column;
        word += len;
    }
    return shown;
}

bool
process_list_columns(struct process_list *list, struct table *table, const char *text, char *ret_unknown,
    size_t size)
{
    enum { SETS = sizeof column_sets / sizeof *column_sets };
    int set = *text ? list->column_set : (list->column_set + 1) % SETS;
    int64_t shown = columns_named(table, *text ? text : column_sets[set], ret_unknown, size);
    if (shown < 0)
        return false;
    list->column_set = set;
    table->hidden = ~(unsigned)shown & ((1u << COLUMNS) - 1);
    if (table_hides(table, table->sort))
        table_sort_by(table, columns[COLUMN_CPU].title);
    return true;
}

const struct table_class process_list_class = {
    .columns = columns,
    .column_count = COLUMNS,
    .count = count_processes,
    .key = process_key,
    .compare = compare_processes,
    .matches = process_matches,
    .draw = draw_process,
    .copied = COLUMN_PID,
    .parent = process_parent,
    .empty = "reading processes...",
};
