/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A screen without terminal and server, for the tests of pictures and keys: what it asks
 * for is kept and answered by hand; pictures are compared with tests/screen/ *.txt, which
 * OPTOP_UPDATE_SCREENS=1 writes anew.
 */
#ifndef OPTOP_TESTS_SCREEN_RIG_H
#define OPTOP_TESTS_SCREEN_RIG_H

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "test.h"
#include "ui/dialog.h"
#include "ui/screen.h"
#include "ui/svg.h"

enum { ASKED_MAX = 64 };

struct asked {
    char method[32];
    json_t *params;
    client_answer_fn *fn;
    void *context;
};

struct rig {
    struct screen_host host;
    struct screen *screen;
    struct canvas canvas;
    struct asked asked[ASKED_MAX];
    int asked_count;
    int answered; /* of asked */
    bool refuse; /* requests cannot be sent */
    int quits, redraws;
    char edited[128]; /* the file that was given to the editor */
    bool editor_fails;
    char copied[256];
};

static inline int
take_request(void *context, const char *method, json_t *params, client_answer_fn *fn,
    void *fn_context)
{
    struct rig *rig = context;
    if (rig->refuse) {
        json_decref(params);
        return ERR_CLOSED;
    }
    ck_assert_int_lt(rig->asked_count, ASKED_MAX);
    struct asked *asked = &rig->asked[rig->asked_count++];
    str_copy(asked->method, sizeof asked->method, method);
    asked->params = params;
    asked->fn = fn;
    asked->context = fn_context;
    return 0;
}

static inline void
take_quit(void *context)
{
    ((struct rig *)context)->quits++;
}

static inline void
take_redraw(void *context)
{
    ((struct rig *)context)->redraws++;
}

static inline int
take_edit(void *context, const char *path, struct diag *diag)
{
    struct rig *rig = context;
    str_copy(rig->edited, sizeof rig->edited, path);
    return rig->editor_fails ? diag_set(diag, ERR_BAD_STATE, "the editor ended with a failure") : 0;
}

static inline void
take_copy(void *context, const char *text)
{
    struct rig *rig = context;
    str_copy(rig->copied, sizeof rig->copied, text);
}

static inline int
take_theme(void *context, const char *name, char *ret_name, struct diag *diag)
{
    (void)context;
    str_copy(ret_name, THEME_NAME_MAX, name ? name : "light");
    return str_equal(name, "bad") ? diag_set(diag, ERR_BAD_TYPE, "\"redd\" is not a colour") : 0;
}

static inline void
rig_open(struct rig *rig)
{
    setenv("TZ", "UTC0", 1);
    memset(rig, 0, sizeof *rig);
    rig->host = (struct screen_host){ .context = rig, .request = take_request, .quit = take_quit,
        .redraw = take_redraw, .edit = take_edit, .copy = take_copy, .theme = take_theme };
    rig->screen = screen_new(&rig->host, "");
    canvas_init(&rig->canvas);
    canvas_resize(&rig->canvas, 160, 50);
}

static inline void
rig_close(struct rig *rig)
{
    screen_free(rig->screen);
    for (int i = 0; i < rig->asked_count; i++)
        json_decref(rig->asked[i].params);
    canvas_release(&rig->canvas);
}

static inline json_t *
load(const char *name)
{
    char path[64];
    json_error_t error;
    snprintf(path, sizeof path, "screen/%s.json", name);
    json_t *value = json_load_file(test_path(path), 0, &error);
    ck_assert_msg(value != NULL, "%s: %s", path, error.text);
    return value;
}

/* A load that comes in waves, the same at every run. */
static inline json_t *
history(int series)
{
    json_t *object = json_object(), *mean = json_array();
    for (int i = 0; i < 400; i++) {
        double wave = 45 + 35 * sin(i / 19.0 + series) + 12 * sin(i / 3.1);
        json_array_append_new(mean, json_real(wave < 0 ? 0 : wave));
    }
    json_object_set_new(object, "mean", mean);
    return object;
}

/* Answers the oldest open request; the answer is taken. */
static inline void
answer(struct rig *rig, const char *method, json_t *result, const char *error)
{
    struct diag diag = { .code = ERR_BAD_STATE };
    ck_assert_int_lt(rig->answered, rig->asked_count);
    struct asked asked = rig->asked[rig->answered++];
    ck_assert_str_eq(asked.method, method);
    str_copy(diag.text, sizeof diag.text, error ? error : "");
    asked.fn(asked.context, result, result ? NULL : &diag);
    json_decref(result);
}

/* Connects and answers what a screen asks at the beginning. */
static inline void
rig_connect(struct rig *rig, const char *status)
{
    screen_connected(rig->screen);
    for (int i = 0; i < VIEW_SERIES_COUNT; i++)
        answer(rig, "history", history(i), NULL);
    answer(rig, "status", load(status), NULL);
    answer(rig, "watch", json_object(), NULL);
}

static inline void
tick(struct rig *rig, json_t *status, int by)
{
    json_object_set_new(status, "seq", json_integer(json_get_int(status, "seq", 0) + by));
    json_object_set_new(status, "time", json_real(json_get_number(status, "time", 0) + by));
    screen_notification(rig->screen, "tick", status);
}

static inline const char *
picture(struct rig *rig)
{
    static struct str text;
    str_release(&text);
    screen_draw(rig->screen, &rig->canvas);
    canvas_to_text(&rig->canvas, &text);
    return text.data;
}

/* A picture goes to standard error: it is too long for a message of Check. */
static inline void
check_presence(struct rig *rig, const char *text, bool there)
{
    const char *shown = picture(rig);
    bool found = strstr(shown, text) != NULL;
    if (found != there)
        fprintf(stderr, "%s", shown);
    ck_assert_msg(found == there, "\"%s\" is %son the screen", text, found ? "" : "not ");
}

static inline void
check_shows(struct rig *rig, const char *text)
{
    check_presence(rig, text, true);
}

static inline void
check_hides(struct rig *rig, const char *text)
{
    check_presence(rig, text, false);
}

static inline void
type(struct rig *rig, const char *text)
{
    for (; *text; text++)
        screen_key(rig->screen, (uint32_t)(unsigned char)*text);
}

/* Column and row of a text on the screen. */
static inline void
find(struct rig *rig, const char *text, int *ret_x, int *ret_y)
{
    const char *line = picture(rig);
    for (int y = 0; *line; y++) {
        char before[CANVAS_COLUMNS_MAX * 4 + 1];
        const char *end = strchr(line, '\n'), *at = strstr(line, text);
        if (at && at < end) {
            snprintf(before, sizeof before, "%.*s", (int)(at - line), line);
            *ret_x = text_width(before);
            *ret_y = y;
            return;
        }
        line = end + 1;
    }
    ck_abort_msg("no \"%s\" on the screen", text);
}

static inline void
click(struct rig *rig, const char *text)
{
    int x, y;
    find(rig, text, &x, &y);
    screen_mouse(rig->screen, x, y, SCREEN_CLICK);
}

static inline void
write_file(const char *path, const char *bytes, size_t len)
{
    FILE *file = fopen(path, "w");
    ck_assert_msg(file != NULL, "cannot write %s", path);
    ck_assert_uint_eq(fwrite(bytes, 1, len, file), len);
    fclose(file);
}

static inline void
read_file(const char *path, struct str *out)
{
    char buf[4096];
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "no %s: OPTOP_UPDATE_SCREENS=1 writes it", path);
    for (size_t n; (n = fread(buf, 1, sizeof buf, file)) > 0;)
        str_append(out, buf, n);
    fclose(file);
}

static inline void
write_document(struct rig *rig, const char *name)
{
    char path[128];
    struct str text;
    struct theme theme;
    theme_default(&theme);
    str_init(&text);
    snprintf(path, sizeof path, "../doc/screens/%s.txt", name);
    canvas_to_text(&rig->canvas, &text);
    write_file(test_path(path), text.data, text.len);
    str_clear(&text);
    snprintf(path, sizeof path, "../doc/screens/%s.svg", name);
    svg_write(&rig->canvas, &theme, &text);
    write_file(test_path(path), text.data, text.len);
    str_release(&text);
}

/* Compares the screen at a size with its file. */
static inline void
check_screen(struct rig *rig, const char *name, int columns, int rows, bool ascii)
{
    char path[128];
    struct str expected;
    snprintf(path, sizeof path, "screen/%s-%dx%d%s.txt", name, columns, rows, ascii ? "-ascii" : "");
    rig->canvas.ascii = ascii;
    canvas_resize(&rig->canvas, columns, rows);
    const char *shown = picture(rig);
    if (getenv("OPTOP_UPDATE_SCREENS")) {
        write_file(test_path(path), shown, strlen(shown));
        return;
    }
    str_init(&expected);
    read_file(test_path(path), &expected);
    if (strcmp(shown, expected.data) != 0)
        fprintf(stderr, "%s", shown);
    ck_assert_msg(!strcmp(shown, expected.data), "%s differs", path);
    str_release(&expected);
}

static inline void
check_all_sizes(struct rig *rig, const char *name)
{
    check_screen(rig, name, 80, 24, false);
    check_screen(rig, name, 160, 50, false);
    check_screen(rig, name, 300, 80, false);
    check_screen(rig, name, 80, 24, true);
    check_screen(rig, name, 160, 50, true);
    check_screen(rig, name, 300, 80, true);
}

#endif
