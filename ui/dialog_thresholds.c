/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The thresholds of optop.ini beside what is measured now. The text comes from
 * the server (config.get) and goes back as single changes (config.set), which
 * the server writes in place and takes into use; nothing is changed here
 * before it says so.
 */
#include "base/text.h"
#include "base/unit.h"
#include "base/xalloc.h"
#include "config/config.h"
#include "ui/dialog.h"
#include "ui/option_form.h"
#include "ui/threshold_row.h"

#define CONTROL(letter) ((letter) & 0x1F)

enum { THRESHOLDS_WIDTH = 100, FORM_WIDTH = 100, SECTION_MAX = CONFIG_NAME_MAX + 48 };

enum thresholds_page { PAGE_LIST, PAGE_METRICS, PAGE_FORM };
enum thresholds_tag { TAG_GET, TAG_SET };

struct thresholds {
    struct dialog base;
    enum thresholds_page page;
    struct ini *ini; /* owned; as the server sent it, NULL before */
    char *file; /* owned; its name */
    bool asked, saving;
    int count;
    struct threshold_row *row; /* owned */
    struct dialog_list list; /* over row */

    struct line filter; /* of metrics */
    struct dialog_list metrics; /* over shown */
    int shown[METRIC_COUNT];

    struct option_form form;
    char name[CONFIG_NAME_MAX + 32]; /* threshold in the form: "cpu.total" */
    char section[SECTION_MAX]; /* "threshold cpu.total" */
    bool edited, leaving;
    char banner[DIAG_TEXT_MAX + DIAG_FILE_MAX + DIAG_KEY_MAX];
    bool banner_bad;
};

static void
set_banner(struct thresholds *t, bool bad, const char *text)
{
    str_copy(t->banner, sizeof t->banner, text);
    t->banner_bad = bad;
}

/* The file */

static void
ask_config(struct thresholds *t)
{
    if (t->asked || !t->base.host)
        return;
    t->asked = true;
    dialog_call(&t->base, "config.get", NULL, TAG_GET);
}

static bool
section_in_file(const struct ini *ini, const char *section)
{
    for (int i = 0; i < ini_entry_count(ini); i++)
        if (ini_entry_at(ini, i)->key && str_equal(ini_entry_at(ini, i)->section, section))
            return true;
    return false;
}

static void
set_section(char section[SECTION_MAX], const char *name)
{
    snprintf(section, SECTION_MAX, "threshold %s", name);
}

static int
find_row(const struct thresholds *t, const char *name)
{
    for (int i = 0; i < t->count; i++)
        if (str_equal(t->row[i].threshold.name, name))
            return i;
    return -1;
}

static void
fill_rows(struct thresholds *t, const struct config *config)
{
    char section[SECTION_MAX];
    free(t->row);
    t->row = xcalloc((size_t)config->threshold_count + 1, sizeof *t->row);
    t->count = t->list.count = config->threshold_count;
    for (int i = 0; i < t->count; i++) {
        t->row[i].threshold = config->threshold[i];
        set_section(section, config->threshold[i].name);
        t->row[i].in_file = section_in_file(t->ini, section);
    }
}

static void
take_config(struct thresholds *t, const char *file, const char *text)
{
    struct diag diag = { 0 };
    struct config *config = NULL;
    char fault[sizeof t->banner];

    ini_free(t->ini);
    t->ini = NULL;
    free(t->file);
    t->file = xstrdup(file);
    t->count = t->list.count = 0;
    if (ini_parse_text(text, strlen(text), file, &t->ini, &diag) < 0 ||
        config_from_ini(t->ini, &config, &diag) < 0) {
        set_banner(t, true, diag_format(&diag, fault, sizeof fault));
        return;
    }
    fill_rows(t, config);
    config_free(config);
}

/* The list */

static void
draw_banner(const struct thresholds *t, struct canvas *canvas, struct rect *rect)
{
    const char *text = t->saving ? "saving: waiting for the server..." : t->banner;
    if (!*text || rect->height < 3)
        return;
    bool bad = t->banner_bad && !t->saving;
    int rows = line_wrap_count(text, rect->width - 2, rect->height > 8 ? 3 : 1);
    rect->height -= rows;
    struct rect body = { rect->x + 2 * bad, rect->y + rect->height, rect->width - 2 * bad, rows };
    if (bad)
        canvas_text(canvas, rect->x, body.y, 1, STYLE_ERROR, "!");
    dialog_text(canvas, body, bad ? STYLE_ERROR : STYLE_DIM, text, 0);
}

/* What the metric of the chosen row is, under the list. */
static void
draw_metric_help(enum metric metric, struct canvas *canvas, struct rect *rect)
{
    const struct metric_info *info = metric_info(metric);
    if (rect->height < 8)
        return;
    rect->height -= 2;
    canvas_textf(canvas, rect->x, rect->y + rect->height + 1, rect->width, STYLE_DIM, "%s: %s",
        info->name, info->help);
}

static void
draw_list(struct thresholds *t, struct canvas *canvas, struct rect rect, const struct view *view)
{
    draw_banner(t, canvas, &rect);
    if (t->count == 0) {
        dialog_text(canvas, rect, STYLE_DIM, !t->ini && !t->banner[0]
            ? "waiting for the server..." : "no thresholds: press a to add one", 0);
        return;
    }
    if (t->list.current < t->count)
        draw_metric_help(t->row[t->list.current].threshold.metric, canvas, &rect);
    if (rect.height >= 3) {
        threshold_header_draw(canvas, rect);
        rect.y++;
        rect.height--;
    }
    dialog_list_fit(&t->list, rect.height);
    for (int i = 0; i < rect.height && t->list.top + i < t->count; i++) {
        struct rect line = { rect.x, rect.y + i, rect.width, 1 };
        threshold_row_draw(&t->row[t->list.top + i], canvas, line, t->list.top + i == t->list.current, view);
    }
    dialog_list_bar(&t->list, canvas, rect);
}

/* Choosing a metric */

static void
apply_filter(struct thresholds *t)
{
    char wanted[64];
    str_copy(wanted, sizeof wanted, t->filter.text.data);
    wanted[strcspn(wanted, ":")] = '\0'; /* an instance is not in the table */
    t->metrics.count = t->metrics.current = t->metrics.top = 0;
    for (int m = 0; m < METRIC_COUNT; m++)
        if (m != METRIC_FIGURE_VALUE && (strcasestr(metric_info(m)->name, wanted) || strcasestr(metric_info(m)->help, wanted)))
            t->shown[t->metrics.count++] = m;
}

static void
draw_metric(enum metric metric, struct canvas *canvas, struct rect rect, bool current,
    const struct view *view)
{
    char text[32];
    enum style style = current ? STYLE_SELECTED : STYLE_TEXT;
    struct config_threshold any = { .metric = metric };
    int name = rect.width < 50 ? rect.width - 3 : 28;

    canvas_fill(canvas, (struct rect){ rect.x, rect.y, rect.width - 1, 1 }, ' ', style);
    canvas_text(canvas, rect.x, rect.y, rect.width < 2 ? rect.width : 2, style,
        current ? "> " : "  ");
    canvas_text(canvas, rect.x + 2, rect.y, name, style, metric_info(metric)->name);
    if (rect.width < 50)
        return;
    metric_format(metric, threshold_live_value(&view->sample, &any), text, sizeof text);
    canvas_number(canvas, rect.x + 3 + name, rect.y, 9, current ? style : STYLE_VALUE, text);
    canvas_text(canvas, rect.x + name + 14, rect.y, rect.width - name - 16,
        current ? style : STYLE_DIM, metric_info(metric)->help);
}

static void
draw_metrics(struct thresholds *t, struct canvas *canvas, struct rect rect,
    const struct view *view)
{
    draw_banner(t, canvas, &rect);
    if (rect.height < 1)
        return;
    int label = canvas_text(canvas, rect.x, rect.y, rect.width, STYLE_DIM, "metric: ");
    line_draw(&t->filter, canvas, rect.x + label, rect.y, rect.width - label, STYLE_INPUT, true);
    rect.y++;
    rect.height--;
    if (t->metrics.count == 0)
        dialog_text(canvas, rect, STYLE_DIM,
            "No metric has this in its name or help. One disk, core or interface is named "
            "behind a colon: disk.busy:vda. What programs publish goes by its own name: pool.reuse", 0);
    dialog_list_fit(&t->metrics, rect.height);
    for (int i = 0; i < rect.height && t->metrics.top + i < t->metrics.count; i++) {
        struct rect line = { rect.x, rect.y + i, rect.width, 1 };
        draw_metric(t->shown[t->metrics.top + i], canvas, line,
            t->metrics.top + i == t->metrics.current, view);
    }
    dialog_list_bar(&t->metrics, canvas, rect);
}

/* The form */

static void
check_form(struct thresholds *t, bool finished)
{
    struct diag diag = { 0 };
    struct config *config = NULL;

    t->banner[0] = '\0';
    option_form_check(&t->form, finished);
    int rc = config_from_ini(t->form.ini, &config, &diag);
    if (rc < 0 && !option_form_place_fault(&t->form, &diag))
        set_banner(t, true, diag.text);
    if (rc >= 0)
        config_free(config);
}

static void
put_level(struct ini *ini, const char *section, const char *key, bool has, bool below,
    double level)
{
    char number[32], text[40];
    if (!has)
        return;
    snprintf(text, sizeof text, "%s%s", below ? "< " : "",
        unit_format_number(level, number, sizeof number));
    ini_set(ini, section, key, text, NULL);
}

/* A section in the file takes the place of a default whole, so one that is
 * changed is written with all that it was. */
static void
put_default(struct ini *ini, const char *section, const struct config_threshold *threshold)
{
    char number[32], text[40];
    put_level(ini, section, "warning", threshold->has_warning, threshold->below,
        threshold->warning);
    put_level(ini, section, "critical", threshold->has_critical, threshold->below,
        threshold->critical);
    snprintf(text, sizeof text, "%ss",
        unit_format_number(threshold->for_seconds, number, sizeof number));
    ini_set(ini, section, "for", text, NULL);
}

/* The document as the server has it, with a default written out; owned. */
static struct ini *
copy_document(struct thresholds *t, const char *section, const struct threshold_row *row)
{
    struct ini *copy;
    struct diag diag = { 0 };
    size_t length;
    const char *text = ini_text(t->ini, &length);

    if (ini_parse_text(text, length, t->file, &copy, &diag) < 0) {
        set_banner(t, true, diag.text);
        return NULL;
    }
    if (row && !row->in_file)
        put_default(copy, section, &row->threshold);
    return copy;
}

static void
open_form(struct thresholds *t, const char *name)
{
    int row = find_row(t, name);
    str_copy(t->name, sizeof t->name, name);
    set_section(t->section, name);
    struct ini *copy = copy_document(t, t->section, row >= 0 ? &t->row[row] : NULL);
    if (!copy)
        return;
    option_form_release(&t->form);
    option_form_init(&t->form, config_options, copy);
    option_form_add_section(&t->form, t->section, "threshold *");
    option_form_add_button(&t->form, "Save", "write optop.ini; in effect at once");
    t->page = PAGE_FORM;
    t->edited = t->leaving = false;
    check_form(t, false);
    if (row < 0) { /* nothing is wrong with what has not been filled in yet */
        form_clear_errors(&t->form.form);
        t->banner[0] = '\0';
    }
}

static void
leave_form(struct thresholds *t)
{
    option_form_release(&t->form);
    t->page = PAGE_LIST;
    t->banner[0] = '\0';
}

static void
add_change(json_t *changes, const char *section, const char *key, const char *value)
{
    json_t *change = json_object();
    json_object_set_new(change, "section", json_string(section));
    json_object_set_new(change, "key", json_string(key));
    json_object_set_new(change, "value", value && *value ? json_string(value) : json_null());
    json_array_append_new(changes, change);
}

static void
send_changes(struct thresholds *t, json_t *changes)
{
    json_t *params = json_object();
    json_object_set_new(params, "changes", changes);
    t->saving = true;
    dialog_call(&t->base, "config.set", params, TAG_SET);
}

/* What makes the server's section the one of `ini`. */
static json_t *
changes_of(const struct thresholds *t, const struct ini *ini, const char *section)
{
    json_t *changes = json_array();
    for (int i = 0; i < ini_entry_count(ini); i++) {
        const struct ini_entry *entry = ini_entry_at(ini, i);
        if (entry->key && str_equal(entry->section, section) &&
            !str_equal(entry->value, ini_value(t->ini, section, entry->key)))
            add_change(changes, section, entry->key, entry->value);
    }
    for (int i = 0; i < ini_entry_count(t->ini); i++) {
        const struct ini_entry *entry = ini_entry_at(t->ini, i);
        if (entry->key && str_equal(entry->section, section) &&
            !ini_value(ini, section, entry->key))
            add_change(changes, section, entry->key, NULL);
    }
    return changes;
}

static void
save_form(struct thresholds *t)
{
    check_form(t, true);
    if (form_focus_error(&t->form.form) || t->banner[0]) {
        if (!t->banner[0])
            set_banner(t, true, "not saved: see the fields marked with !");
        return;
    }
    json_t *changes = t->edited ? changes_of(t, t->form.ini, t->section) : NULL;
    if (!changes || json_array_size(changes) == 0) {
        json_decref(changes);
        set_banner(t, false, "nothing has changed");
        return;
    }
    send_changes(t, changes);
}

/* Off, or on again: the levels stay in the file. */
static void
toggle_row(struct thresholds *t)
{
    char section[SECTION_MAX];
    struct diag diag = { 0 };
    const struct threshold_row *row = &t->row[t->list.current];

    set_section(section, row->threshold.name);
    struct ini *copy = copy_document(t, section, row);
    if (!copy)
        return;
    if (ini_set(copy, section, "enabled", row->threshold.enabled ? "no" : "yes", &diag) < 0)
        set_banner(t, true, diag.text);
    else
        send_changes(t, changes_of(t, copy, section));
    ini_free(copy);
}

static void
draw_form(struct thresholds *t, struct canvas *canvas, struct rect rect, const struct view *view)
{
    const char *instance;
    int metric = metric_parse(t->name, &instance);
    struct config_threshold one = { .metric = metric >= 0 ? (enum metric)metric : 0 };
    char now[32];

    draw_banner(t, canvas, &rect);
    if (metric >= 0 && rect.height >= 5) {
        if (instance)
            str_copy(one.instance, sizeof one.instance, instance);
        metric_format(one.metric, threshold_live_value(&view->sample, &one), now, sizeof now);
        int used = canvas_textf(canvas, rect.x, rect.y, rect.width, STYLE_VALUE, "now %s", now);
        canvas_text(canvas, rect.x + used + 2, rect.y, rect.width - used - 2, STYLE_DIM,
            metric_info(one.metric)->help);
        rect.y++;
        rect.height--;
    }
    form_draw(&t->form.form, canvas, rect);
}

static void
thresholds_draw(struct dialog *dialog, struct canvas *canvas, struct rect screen,
    const struct view *view)
{
    struct thresholds *t = (struct thresholds *)dialog;
    char title[SECTION_MAX + 16];

    if (!t->ini && !t->banner[0])
        ask_config(t);
    switch (t->page) {
    case PAGE_LIST:
        draw_list(t, canvas, dialog_box(canvas, screen, THRESHOLDS_WIDTH,
            t->count + 5 < 14 ? 14 : t->count + 5, "Thresholds", "thresholds"), view);
        break;
    case PAGE_METRICS:
        draw_metrics(t, canvas, dialog_box(canvas, screen, THRESHOLDS_WIDTH, screen.height,
            "Thresholds: choose a metric", "metrics"), view);
        break;
    case PAGE_FORM:
        snprintf(title, sizeof title, "Threshold of %s", t->name);
        draw_form(t, canvas, dialog_box(canvas, screen, FORM_WIDTH, t->form.form.count + 12,
            title, "threshold form"), view);
        break;
    }
}

/* Keys */

static void
push_help(struct thresholds *t, const char *context)
{
    if (t->base.host)
        t->base.host->push(t->base.host->context, dialog_help_new(context));
}

static enum dialog_result
list_key(struct thresholds *t, uint32_t key)
{
    bool chosen = t->list.current < t->count;
    if (key == KEY_CODE_ESCAPE || key == 'q')
        return DIALOG_CLOSED;
    if (key == '?' || key == KEY_CODE_F1) {
        push_help(t, "thresholds");
        return DIALOG_OPEN;
    }
    if (t->saving || !t->ini)
        return DIALOG_OPEN;
    if (t->count > 0) /* a fault of the file itself stays */
        t->banner[0] = '\0';
    if (dialog_list_key(&t->list, key))
        return DIALOG_OPEN;
    if (key == KEY_CODE_ENTER && chosen)
        open_form(t, t->row[t->list.current].threshold.name);
    else if (key == 'd' && chosen)
        toggle_row(t);
    else if (key == 'a') {
        t->page = PAGE_METRICS;
        line_set(&t->filter, "");
        apply_filter(t);
    }
    return DIALOG_OPEN;
}

/* The filter itself when it names one instance or a published figure, else the
 * chosen metric. */
static void
choose_metric(struct thresholds *t)
{
    const char *instance;
    const char *typed = t->filter.text.data;
    if (strchr(typed, ':') || !t->metrics.count) {
        if (metric_parse(typed, &instance) < 0 || strlen(typed) >= sizeof t->name)
            set_banner(t, true, "no metric has instances under this name, nor is it a figure's");
        else
            open_form(t, typed);
        return;
    }
    if (t->metrics.count > 0)
        open_form(t, metric_info(t->shown[t->metrics.current])->name);
}

static void
metrics_key(struct thresholds *t, uint32_t key)
{
    t->banner[0] = '\0';
    switch (key) {
    case KEY_CODE_ESCAPE:
        t->page = PAGE_LIST;
        break;
    case KEY_CODE_F1:
        push_help(t, "metrics");
        break;
    case KEY_CODE_ENTER:
        choose_metric(t);
        break;
    case KEY_CODE_UP:
    case KEY_CODE_DOWN:
    case KEY_CODE_PAGE_UP:
    case KEY_CODE_PAGE_DOWN:
        dialog_list_key(&t->metrics, key);
        break;
    default:
        if (line_key(&t->filter, key) == LINE_EDITED)
            apply_filter(t);
    }
}

static void
escape_form(struct thresholds *t)
{
    if (t->edited && !t->leaving && !t->saving) {
        t->leaving = true;
        set_banner(t, true, "there are changes: Esc again drops them");
        return;
    }
    leave_form(t);
}

static void
form_page_key(struct thresholds *t, uint32_t key)
{
    if (key == KEY_CODE_ESCAPE) {
        escape_form(t);
        return;
    }
    if (key == KEY_CODE_F1) {
        push_help(t, "threshold form");
        return;
    }
    if (t->saving)
        return;
    if (t->leaving) {
        t->leaving = false;
        t->banner[0] = '\0';
    }
    enum form_event event = key == CONTROL('G') ? FORM_PRESSED : form_key(&t->form.form, key);
    if (event == FORM_PRESSED) {
        save_form(t);
    } else if (event == FORM_EDITED) {
        t->edited = true;
        check_form(t, false);
    } else if (event == FORM_LEFT) {
        check_form(t, false);
    }
}

static enum dialog_result
thresholds_key(struct dialog *dialog, uint32_t key)
{
    struct thresholds *t = (struct thresholds *)dialog;
    switch (t->page) {
    case PAGE_LIST:
        return list_key(t, key);
    case PAGE_METRICS:
        metrics_key(t, key);
        break;
    case PAGE_FORM:
        form_page_key(t, key);
        break;
    }
    return DIALOG_OPEN;
}

/* Answers */

static void
take_saved(struct thresholds *t, const json_t *result, const struct diag *diag)
{
    char text[DIAG_FILE_MAX + 32];
    t->saving = false;
    if (result) {
        snprintf(text, sizeof text, "saved to %.*s, in effect", DIAG_FILE_MAX - 1, t->file);
        dialog_tell(&t->base, STYLE_GOOD, text);
        if (t->page == PAGE_FORM)
            leave_form(t);
        ask_config(t);
        return;
    }
    if (t->page == PAGE_FORM && diag && option_form_place_fault(&t->form, diag))
        form_focus_error(&t->form.form);
    else
        set_banner(t, true, diag && *diag->text ? diag->text : "the server gave no answer");
}

static enum dialog_result
thresholds_answer(struct dialog *dialog, int tag, const json_t *result, const struct diag *diag)
{
    struct thresholds *t = (struct thresholds *)dialog;
    if (tag == TAG_SET) {
        take_saved(t, result, diag);
        return DIALOG_OPEN;
    }
    t->asked = false;
    if (!result)
        set_banner(t, true, diag && *diag->text ? diag->text : "the server gave no answer");
    else
        take_config(t, json_get_string(result, "file", "optop.ini"),
            json_get_string(result, "text", ""));
    return DIALOG_OPEN;
}

static void
thresholds_free(struct dialog *dialog)
{
    struct thresholds *t = (struct thresholds *)dialog;
    ini_free(t->ini);
    free(t->file);
    free(t->row);
    line_release(&t->filter);
    option_form_release(&t->form);
    free(t);
}

static const struct dialog_class thresholds_class = {
    .name = "thresholds",
    .draw = thresholds_draw,
    .key = thresholds_key,
    .answer = thresholds_answer,
    .free = thresholds_free,
};

struct dialog *
dialog_thresholds_new(void)
{
    struct thresholds *t = XNEW(struct thresholds);
    t->base.class = &thresholds_class;
    line_init(&t->filter);
    option_form_init(&t->form, config_options, NULL);
    return &t->base;
}
