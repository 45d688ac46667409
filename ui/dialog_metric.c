/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Chooses what a new threshold is to watch, beside what it is now; the
 * settings hear of it as the command "add threshold NAME".
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/xalloc.h"
#include "config/config.h"
#include "ui/dialog.h"
#include "ui/line.h"
#include "ui/threshold_live.h"

enum { METRICS_WIDTH = 100, NAME_WIDTH = 28, NARROW_BELOW = 50 };

struct metrics {
    struct dialog base;
    struct line filter;
    struct dialog_list list; /* over shown */
    int shown[METRIC_COUNT];
    bool refused; /* what was typed names nothing */
};

static const char *
filter_text(const struct metrics *metrics)
{
    return metrics->filter.text.data ? metrics->filter.text.data : "";
}

static void
apply_filter(struct metrics *metrics)
{
    char wanted[64];
    str_copy(wanted, sizeof wanted, filter_text(metrics));
    wanted[strcspn(wanted, ":")] = '\0'; /* an instance is not in the table */
    metrics->list.count = metrics->list.current = metrics->list.top = 0;
    for (int m = 0; m < METRIC_COUNT; m++)
        if (m != METRIC_FIGURE_VALUE && (strcasestr(metric_info(m)->name, wanted) || strcasestr(metric_info(m)->help, wanted)))
            metrics->shown[metrics->list.count++] = m;
}

static void
draw_metric(enum metric metric, struct canvas *canvas, struct rect rect, bool current, const struct view *view)
{
    char text[32];
    enum style style = current ? STYLE_SELECTED : STYLE_TEXT;
    struct config_threshold any = { .metric = metric };
    int name = rect.width < NARROW_BELOW ? rect.width - 3 : NAME_WIDTH;

    canvas_fill(canvas, (struct rect){ rect.x, rect.y, rect.width - 1, 1 }, ' ', style);
    canvas_text(canvas, rect.x, rect.y, rect.width < 2 ? rect.width : 2, style, current ? "> " : "  ");
    canvas_text(canvas, rect.x + 2, rect.y, name, style, metric_info(metric)->name);
    if (rect.width < NARROW_BELOW)
        return;
    metric_format(metric, threshold_live_value(&view->sample, &any), text, sizeof text);
    canvas_number(canvas, rect.x + 3 + name, rect.y, 9, current ? style : STYLE_VALUE, text);
    canvas_text(canvas, rect.x + name + 14, rect.y, rect.width - name - 16, current ? style : STYLE_DIM,
        metric_info(metric)->help);
}

static void
metrics_draw(struct dialog *dialog, struct canvas *canvas, struct rect screen, const struct view *view)
{
    struct metrics *metrics = (struct metrics *)dialog;
    struct rect rect = dialog_box(canvas, screen, METRICS_WIDTH, screen.height, "A threshold of which metric?",
        "metrics");
    if (rect.height < 1)
        return;
    if (metrics->refused && rect.height > 2) {
        rect.height--;
        canvas_text(canvas, rect.x, rect.y + rect.height, rect.width, STYLE_ERROR,
            "! no metric has instances under this name, nor is it a figure's");
    }
    int label = canvas_text(canvas, rect.x, rect.y, rect.width, STYLE_DIM, "metric: ");
    line_draw(&metrics->filter, canvas, rect.x + label, rect.y, rect.width - label, STYLE_INPUT, true);
    rect.y++;
    rect.height--;
    if (metrics->list.count == 0)
        dialog_text(canvas, rect, STYLE_DIM,
            "No metric has this in its name or help. One disk, core or interface is named "
            "behind a colon: disk.busy:vda. What programs publish goes by its own name: pool.reuse", 0);
    dialog_list_fit(&metrics->list, rect.height);
    for (int i = 0; i < rect.height && metrics->list.top + i < metrics->list.count; i++) {
        struct rect line = { rect.x, rect.y + i, rect.width, 1 };
        int at = metrics->list.top + i;
        draw_metric((enum metric)metrics->shown[at], canvas, line, at == metrics->list.current, view);
    }
    dialog_list_bar(&metrics->list, canvas, rect);
}

/* The filter itself when it names one instance or a published figure, else the
 * chosen metric. */
static enum dialog_result
choose(struct metrics *metrics)
{
    char command[CONFIG_NAME_MAX + 64];
    const char *instance, *typed = filter_text(metrics), *name = typed;
    if (!strchr(typed, ':') && metrics->list.count)
        name = metric_info((enum metric)metrics->shown[metrics->list.current])->name;
    metrics->refused = metric_parse(name, &instance) < 0 || strlen(name) > CONFIG_NAME_MAX;
    if (metrics->refused)
        return DIALOG_OPEN;
    snprintf(command, sizeof command, "add threshold %s", name);
    if (metrics->base.host)
        metrics->base.host->command(metrics->base.host->context, command);
    return DIALOG_CLOSED;
}

static enum dialog_result
metrics_key(struct dialog *dialog, uint32_t key)
{
    struct metrics *metrics = (struct metrics *)dialog;
    metrics->refused = false;
    switch (key) {
    case KEY_CODE_ESCAPE:
        return DIALOG_CLOSED;
    case KEY_CODE_F1:
        if (dialog->host)
            dialog->host->push(dialog->host->context, dialog_help_new("metrics"));
        break;
    case KEY_CODE_ENTER:
        return choose(metrics);
    case KEY_CODE_UP:
    case KEY_CODE_DOWN:
    case KEY_CODE_PAGE_UP:
    case KEY_CODE_PAGE_DOWN:
        dialog_list_key(&metrics->list, key);
        break;
    default:
        if (line_key(&metrics->filter, key) == LINE_EDITED)
            apply_filter(metrics);
    }
    return DIALOG_OPEN;
}

static void
metrics_free(struct dialog *dialog)
{
    struct metrics *metrics = (struct metrics *)dialog;
    line_release(&metrics->filter);
    free(metrics);
}

static const struct dialog_class metrics_class = {
    .name = "metrics",
    .draw = metrics_draw,
    .key = metrics_key,
    .free = metrics_free,
};

struct dialog *
dialog_metric_new(void)
{
    struct metrics *metrics = XNEW(struct metrics);
    metrics->base.class = &metrics_class;
    line_init(&metrics->filter);
    apply_filter(metrics);
    return &metrics->base;
}
