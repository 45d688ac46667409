/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The view of alerts: what is not normal with its levels, and what has been
 * told, how that was delivered, and which webhooks do not take it.
 */
#include <stdio.h>
#include <string.h>

#include "ui/alert_list.h"
#include "ui/webhook_list.h"

static int
alert_table_want(const struct panel_context *context, int width)
{
    (void)width;
    return (context->table->shown < 1 ? 1 : context->table->shown) + 1;
}

static void
alert_table_note(const struct panel_context *context, char *buf, size_t size)
{
    const struct view *view = context->view;
    snprintf(buf, size, "%.0f critical · %.0f warning · %.0f pending", view->alerts_critical > 0 ? view->alerts_critical : 0,
        view->alerts_warning > 0 ? view->alerts_warning : 0, view->alerts_pending > 0 ? view->alerts_pending : 0);
    table_note(context->table, buf, size);
}

static void
table_panel_draw(struct canvas *canvas, struct rect inside, const struct panel_context *context)
{
    table_draw(context->table, canvas, inside, context);
}

const struct panel panel_alert_table = {
    .name = "not normal",
    .title = "Not normal",
    .priority = 1,
    .weight = 1,
    .want = alert_table_want,
    .note = alert_table_note,
    .draw = table_panel_draw,
};

static int
notices_want(const struct panel_context *context, int width)
{
    (void)width;
    return context->table->shown + 2;
}

static void
notices_note(const struct panel_context *context, char *buf, size_t size)
{
    const struct view *view = context->view;
    snprintf(buf, size, "%.0f delivered · %.0f waiting · %.0f undelivered",
        view->deliveries_delivered > 0 ? view->deliveries_delivered : 0,
        view->deliveries_waiting > 0 ? view->deliveries_waiting : 0,
        view->deliveries_dead > 0 ? view->deliveries_dead : 0);
    table_note(context->table, buf, size);
}

const struct panel panel_notices = {
    .name = "told",
    .title = "Told",
    .priority = 2,
    .weight = 2,
    .want = notices_want,
    .note = notices_note,
    .draw = table_panel_draw,
};

static int
webhooks_want(const struct panel_context *context, int width)
{
    (void)width;
    return (context->table->shown < 1 ? 1 : context->table->shown) + 1;
}

static void
webhooks_note(const struct panel_context *context, char *buf, size_t size)
{
    const struct webhook_list *list = context->table->rows;
    int failing = 0;
    for (int i = 0; i < list->count; i++)
        failing += strcmp(list->webhook[i].state, "ok") != 0;
    snprintf(buf, size, "%d of %d take what they are sent", list->count - failing, list->count);
}

const struct panel panel_webhooks = {
    .name = "webhooks",
    .title = "Webhooks",
    .priority = 3,
    .weight = 0,
    .want = webhooks_want,
    .note = webhooks_note,
    .draw = table_panel_draw,
    .now_only = true,
};
