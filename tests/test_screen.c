/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The whole screen without a terminal: status objects of tests/screen/ *.json
 * go in, pictures come out and are compared with tests/screen/ *.txt.
 * OPTOP_UPDATE_SCREENS=1 writes those and doc/screens/ anew.
 */
#include "screen_rig.h"

#include "base/json_change.h"
#include "base/xalloc.h"

static const char *const fixtures[] = { "one_core", "boards", "busy", "many_cores", "unknown" };

START_TEST(overview_is_as_committed)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, fixtures[_i]);
    char name[64];
    snprintf(name, sizeof name, "overview-%s", fixtures[_i]);
    check_all_sizes(&rig, name);
    rig_close(&rig);
}
END_TEST

/* Opens run 7 of the busy machine with its detail. */
static void
open_run(struct rig *rig)
{
    rig_connect(rig, "busy");
    screen_key(rig->screen, KEY_CODE_ENTER);
    answer(rig, "run.top", load("top"), NULL);
    answer(rig, "run.curve", load("curve"), NULL);
    answer(rig, "run.logs", load("logs"), NULL);
    answer(rig, "run.failures", load("failures"), NULL);
    answer(rig, "run.workers", load("workers"), NULL);
    answer(rig, "run.map", load("map"), NULL);
}

START_TEST(run_is_as_committed)
{
    struct rig rig;
    rig_open(&rig);
    open_run(&rig);
    check_all_sizes(&rig, "run");
    rig_close(&rig);
}
END_TEST

START_TEST(documents_are_written)
{
    struct rig rig;
    if (!getenv("OPTOP_UPDATE_SCREENS"))
        return;
    rig_open(&rig);
    open_run(&rig);
    picture(&rig);
    write_document(&rig, "run-160x50");
    screen_key(rig.screen, KEY_CODE_ESCAPE);
    picture(&rig);
    write_document(&rig, "overview-160x50");
    canvas_resize(&rig.canvas, 80, 24);
    picture(&rig);
    write_document(&rig, "overview-80x24");
    rig_close(&rig);
}
END_TEST

/* Every size draws without fault; the sanitizers watch for writes outside. */
START_TEST(every_size_is_drawn)
{
    static const int columns[] = { 1, 2, 3, 5, 9, 10, 14, 19, 20, 21, 29, 40, 57, 71, 72, 73, 79, 99,
        131, 160, 199, 200, 233, 400, 500 };
    struct rig rig;
    rig_open(&rig);
    if (_i == 4)
        open_run(&rig);
    else
        rig_connect(&rig, fixtures[_i]);
    for (size_t c = 0; c < sizeof columns / sizeof *columns; c++)
        for (int rows = 1; rows <= 200; rows += rows < 60 ? 1 : 35) {
            canvas_resize(&rig.canvas, columns[c], rows);
            rig.canvas.ascii = rows % 2;
            screen_draw(rig.screen, &rig.canvas);
            ck_assert_int_ne((int)canvas_cell(&rig.canvas, 0, 0)->code, 0);
            ck_assert_int_eq(rig.canvas.columns, columns[c]);
            ck_assert_int_eq(rig.canvas.rows, rows);
        }
    rig_close(&rig);
}
END_TEST

START_TEST(no_size_is_empty)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    static const struct {
        int columns, rows;
        const char *text;
    } sizes[] = {
        { 1, 1, "!" }, { 10, 1, "critical" }, { 80, 1, "critical" }, { 80, 2, "Runs" },
        { 40, 3, "Runs" }, { 80, 5, "xz" }, { 20, 10, "Runs" },
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        canvas_resize(&rig.canvas, sizes[i].columns, sizes[i].rows);
        if (sizes[i].columns >= 11 || sizes[i].columns == 1)
            check_shows(&rig, sizes[i].text);
    }
    rig_close(&rig);
}
END_TEST

/* Canvas of signed cells: a drawing may not touch what lies beside it. */
/* No number is cut or shown as a row of marks: it is told in fewer digits. */
START_TEST(millions_are_shortened)
{
    static const struct {
        double done, total;
        int cells;
        const char *text;
    } cases[] = {
        { 750, 1400000, 12, "750/1400000" }, { 1400000, 1400000, 15, "1400000/1400000" },
        { 1400000, 1400000, 11, "1.40M/1.40M" }, { 1400000, 1400000, 10, "1.4M/1.4M" },
        { 1960000, 14000000, 8, "1.9M/14M" }, { 140000, 1400000, 9, "140k/1.4M" },
        { 1400000, 1400000, 8, "1.40M" }, { 1400000, (double)NAN, 6, "1.40M" },
    };
    char text[80];
    struct rig rig;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_str_eq(panel_progress_text(cases[i].done, cases[i].total, cases[i].cells, text,
            sizeof text), cases[i].text);
    rig_open(&rig);
    rig_connect(&rig, "busy");
    json_t *status = load("busy");
    json_t *counts = json_object_get(json_array_get(json_object_get(status, "runs"), 0), "counts");
    json_object_set_new(counts, "done", json_integer(1403456));
    json_object_set_new(counts, "total", json_integer(1403456));
    json_object_set_new(status, "seq", json_integer(json_get_int(status, "seq", 0) + 1));
    screen_notification(rig.screen, "tick", status);
    json_decref(status);
    canvas_resize(&rig.canvas, 80, 24);
    check_shows(&rig, "1.4M/1.4M ");
    check_hides(&rig, "####");
    rig_close(&rig);
}
END_TEST

START_TEST(drawing_keeps_inside)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    canvas_resize(&rig.canvas, 500, 200);
    for (int i = 0; i < rig.canvas.capacity; i++)
        rig.canvas.cell[i].code = 0x1234;
    rig.canvas.columns = 100;
    rig.canvas.rows = 40;
    screen_draw(rig.screen, &rig.canvas);
    for (int i = 100 * 40; i < rig.canvas.capacity; i++)
        ck_assert_uint_eq(rig.canvas.cell[i].code, 0x1234);
    rig_close(&rig);
}
END_TEST

START_TEST(drawing_allocates_nothing)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "many_cores");
    screen_draw(rig.screen, &rig.canvas);
    unsigned long before = test_allocations();
    for (int i = 0; i < 10; i++)
        screen_draw(rig.screen, &rig.canvas);
    ck_assert_uint_eq(test_allocations(), before);
    rig_close(&rig);
}
END_TEST

START_TEST(a_tick_allocates_nothing)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "many_cores");
    json_t *status = load("many_cores");
    for (int i = 0; i < 3; i++)
        tick(&rig, status, 1);
    screen_draw(rig.screen, &rig.canvas);
    unsigned long before = test_allocations();
    screen_notification(rig.screen, "tick", status);
    screen_draw(rig.screen, &rig.canvas);
    ck_assert_uint_eq(test_allocations(), before);
    json_decref(status);
    rig_close(&rig);
}
END_TEST

/* Cells that a steady tick changes: what is written to the terminal. */
START_TEST(a_steady_tick_changes_little)
{
    struct rig rig;
    struct canvas before;
    int changed = 0, ticks = 60;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    json_t *status = load("busy");
    canvas_init(&before);
    canvas_resize(&before, 160, 50);
    screen_draw(rig.screen, &rig.canvas);
    for (int i = 0; i < ticks; i++) {
        memcpy(before.cell, rig.canvas.cell, 160 * 50 * sizeof *before.cell);
        json_object_set_new(json_object_get(status, "cpu"), "total", json_real(20 + i % 7 * 11));
        tick(&rig, status, 1);
        screen_draw(rig.screen, &rig.canvas);
        for (int cell = 0; cell < 160 * 50; cell++)
            changed += before.cell[cell].code != rig.canvas.cell[cell].code;
    }
    ck_assert_int_lt(changed / ticks, 130);
    canvas_release(&before);
    json_decref(status);
    rig_close(&rig);
}
END_TEST

START_TEST(selection_stays_on_its_run)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    screen_key(rig.screen, 'j');
    screen_key(rig.screen, KEY_CODE_DOWN);
    check_shows(&rig, ">    8  solver");
    json_t *status = load("busy");
    json_array_remove(json_object_get(status, "runs"), 0); /* run 7 goes, 8 moves up */
    tick(&rig, status, 5);
    check_shows(&rig, ">    8  solver");
    json_array_remove(json_object_get(status, "runs"), 1); /* now the chosen one */
    tick(&rig, status, 1);
    check_shows(&rig, ">    9  lightgbm");
    screen_key(rig.screen, 'G');
    check_shows(&rig, ">    4  prices");
    screen_key(rig.screen, 'g');
    check_shows(&rig, ">    9  lightgbm");
    json_decref(status);
    rig_close(&rig);
}
END_TEST

START_TEST(a_run_is_opened_and_left)
{
    struct rig rig;
    rig_open(&rig);
    open_run(&rig);
    check_shows(&rig, "Convergence");
    check_shows(&rig, "10820");
    check_shows(&rig, "ended by signal 9");
    screen_key(rig.screen, KEY_CODE_ESCAPE);
    check_hides(&rig, "Convergence");
    rig_close(&rig);
}
END_TEST

START_TEST(detail_is_read_again_when_the_run_moves)
{
    struct rig rig;
    rig_open(&rig);
    open_run(&rig);
    json_t *status = load("busy");
    int asked = rig.asked_count;
    tick(&rig, status, 1);
    ck_assert_int_eq(rig.asked_count, asked + 1); /* nothing new but of the workers */
    tick(&rig, status, 1);
    ck_assert_int_eq(rig.asked_count, asked + 1); /* that is not answered yet */
    answer(&rig, "run.workers", load("workers"), NULL);
    asked++;
    json_t *run = json_array_get(json_object_get(status, "runs"), 0);
    json_object_set_new(json_object_get(run, "counts"), "done", json_integer(5000));
    tick(&rig, status, 1);
    ck_assert_int_eq(rig.asked_count, asked + 5);
    ck_assert_int_eq((int)json_get_int(rig.asked[asked + 2].params, "after", 0), 8);
    json_object_set_new(json_object_get(run, "counts"), "done", json_integer(5100));
    tick(&rig, status, 1);
    ck_assert_int_eq(rig.asked_count, asked + 5); /* the answers are not there yet */
    json_decref(status);
    rig_close(&rig);
}
END_TEST

START_TEST(a_run_tells_of_its_workers)
{
    struct rig rig;
    rig_open(&rig);
    open_run(&rig);
    check_shows(&rig, "busy 67% of 4m20s");
    check_shows(&rig, "187.2% of 200%");
    check_shows(&rig, "431M of 512M, its limit");
    check_shows(&rig, "killed by SIGKILL: memory above 64M");
    canvas_resize(&rig.canvas, 40, 12); /* what is less important has gone */
    check_hides(&rig, "its limit");
    check_shows(&rig, "62.8%");
    canvas_resize(&rig.canvas, 160, 50);
    screen_key(rig.screen, KEY_CODE_ESCAPE); /* of another run nothing is told that is this one's */
    screen_key(rig.screen, 'j');
    screen_key(rig.screen, 'j');
    screen_key(rig.screen, KEY_CODE_ENTER);
    check_hides(&rig, "its limit");
    check_hides(&rig, "SIGKILL");
    rig_close(&rig);
}
END_TEST

static const json_t *
last_asked(struct rig *rig, const char *method)
{
    ck_assert_str_eq(rig->asked[rig->asked_count - 1].method, method);
    return rig->asked[rig->asked_count - 1].params;
}

START_TEST(the_best_go_by_any_metric)
{
    struct rig rig;
    rig_open(&rig);
    open_run(&rig);
    check_shows(&rig, "best 14");
    screen_key(rig.screen, 'm');
    ck_assert_str_eq(json_get_string(last_asked(&rig, "run.top"), "by", ""), "wall_seconds");
    screen_key(rig.screen, 'm');
    screen_key(rig.screen, 'm');
    screen_key(rig.screen, 'm');
    ck_assert_str_eq(json_get_string(last_asked(&rig, "run.top"), "by", ""), "stdout_bytes");
    for (int i = 0; i < 3; i++)
        answer(&rig, "run.top", load("top"), NULL); /* what is not wanted any more is dropped */
    check_shows(&rig, "best 14");
    answer(&rig, "run.top", load("top"), NULL);
    check_shows(&rig, "14 by stdout_bytes, smallest first");
    screen_key(rig.screen, 'M');
    ck_assert(json_get_bool(last_asked(&rig, "run.top"), "reverse", false));
    answer(&rig, "run.top", load("top"), NULL);
    check_shows(&rig, "14 by stdout_bytes, largest first");
    screen_key(rig.screen, 'm');
    ck_assert_str_eq(json_get_string(last_asked(&rig, "run.top"), "by", ""), "score");
    answer(&rig, "run.top", load("top"), NULL);
    check_shows(&rig, "worst 14");
    type(&rig, ":metric nothing\r");
    struct diag diag = { .code = ERR_NOT_FOUND, .text = "run 7 has no metric `nothing'" };
    struct asked asked = rig.asked[rig.answered++];
    asked.fn(asked.context, NULL, &diag);
    check_shows(&rig, "run 7 has no metric");
    check_shows(&rig, "worst 14");
    rig_close(&rig);
}
END_TEST

START_TEST(a_copy_of_a_run_is_edited_and_launched)
{
    struct rig rig;
    rig_open(&rig);
    open_run(&rig);
    screen_key(rig.screen, 'e');
    ck_assert_int_eq((int)json_get_int(last_asked(&rig, "run.show"), "run", 0), 7);
    answer(&rig, "run.show", json_pack("{s:s, s:s, s:s}", "file", "/srv/xz.ini", "directory", "/srv/data", "file_text",
        "[run]\nname = xz\n[objective]\ncommand = p {a}\n[space]\na = int 1..3\n[search]\nmethod = grid\n"), NULL);
    ck_assert_ptr_nonnull(screen_dialog(rig.screen));
    canvas_resize(&rig.canvas, 160, 80);
    check_shows(&rig, "p {a}");
    screen_key(rig.screen, 'y'); /* behind the name */
    answer(&rig, "run.check", json_pack("{s:i}", "points", 3), NULL);
    screen_key(rig.screen, KEY_CODE_BACKTAB); /* the last button: save as */
    screen_key(rig.screen, KEY_CODE_BACKTAB);
    check_shows(&rig, "Launch paused");
    screen_key(rig.screen, KEY_CODE_ENTER);
    const json_t *asked = rig.asked[rig.asked_count - 1].params;
    ck_assert_str_eq(rig.asked[rig.asked_count - 1].method, "run.submit");
    ck_assert_ptr_nonnull(strstr(json_get_string(asked, "text", ""), "name = xzy\n"));
    ck_assert_str_eq(json_get_string(asked, "directory", ""), "/srv/data");
    ck_assert(json_get_bool(asked, "paused", false));
    while (rig.asked[rig.answered].params != asked)
        answer(&rig, "run.check", json_pack("{s:i}", "points", 3), NULL);
    answer(&rig, "run.submit", json_pack("{s:i}", "run", 9), NULL);
    ck_assert_ptr_null(screen_dialog(rig.screen));
    check_shows(&rig, "run 9 waits, paused");
    screen_key(rig.screen, 'e');
    answer(&rig, "run.show", json_pack("{s:s}", "file_text", "[run\n"), NULL);
    ck_assert_ptr_null(screen_dialog(rig.screen)); /* and the last line says why */
    screen_key(rig.screen, 'e');
    answer(&rig, "run.show", NULL, "there is no run 7");
    check_shows(&rig, "there is no run 7");
    rig_close(&rig);
}
END_TEST

static void
zoom_map(struct rig *rig)
{
    type(rig, "z");
    const char *title = rig->canvas.ascii ? "> Map of scores" : "▸ Map of scores";
    for (int i = 0; i < 20 && !strstr(picture(rig), title); i++)
        screen_key(rig->screen, KEY_CODE_TAB);
}

START_TEST(a_map_is_as_committed)
{
    struct rig rig;
    rig_open(&rig);
    open_run(&rig);
    zoom_map(&rig);
    check_all_sizes(&rig, "map");
    if (getenv("OPTOP_UPDATE_SCREENS")) {
        rig.canvas.ascii = false;
        canvas_resize(&rig.canvas, 80, 24);
        picture(&rig);
        write_document(&rig, "map-80x24");
    }
    rig_close(&rig);
}
END_TEST

START_TEST(a_map_is_of_any_two_parameters)
{
    struct rig rig;
    rig_open(&rig);
    open_run(&rig);
    check_shows(&rig, "preset × lc · v, V: next");
    check_shows(&rig, "neighbours 10838.4 of 9 within 1 step, 95% kept: plateau");
    screen_key(rig.screen, 'V');
    ck_assert_str_eq(json_get_string(last_asked(&rig, "run.map"), "x", ""), "preset");
    ck_assert_str_eq(json_get_string(last_asked(&rig, "run.map"), "y", ""), "lp");
    screen_key(rig.screen, 'v'); /* one question at a time: the last one that is wanted comes next */
    screen_key(rig.screen, 'V');
    int asked = rig.asked_count;
    answer(&rig, "run.map", load("map"), NULL);
    ck_assert_int_eq(rig.asked_count, asked + 1);
    ck_assert_str_eq(json_get_string(last_asked(&rig, "run.map"), "x", ""), "lc");
    ck_assert_str_eq(json_get_string(last_asked(&rig, "run.map"), "y", ""), "pb");
    answer(&rig, "run.map", NULL, "no"); /* an answer that is none is not asked for again at once */
    ck_assert_int_eq(rig.asked_count, asked + 1);
    zoom_map(&rig);
    json_t *status = load("busy");
    tick(&rig, status, 1); /* more room: finer cells */
    json_decref(status);
    ck_assert_int_gt((int)json_get_int(last_asked(&rig, "run.map"), "rows", 0), 30);
    rig_close(&rig);
}
END_TEST

/* A shade for each cell, low values at the bottom; what is empty stays so. */
START_TEST(a_map_shows_its_cells)
{
    struct rig rig;
    rig_open(&rig);
    open_run(&rig);
    rig.canvas.ascii = true;
    canvas_resize(&rig.canvas, 80, 24);
    json_t *map = json_pack("{s:{s:s,s:[i,i]}, s:{s:s,s:[s,s],s:b}, s:[f,n,f,f], s:[i,i], s:{s:i,s:i,s:f,s:f,s:s}}", "x", "name",
        "preset", "from", 3, 4, "y", "name", "lc", "from", "low", "high", "ranges", 0, "cells", 40.0, 10.0, 20.0,
        "best_cell", 0, 1, "plateau", "neighbours", 3, "steps", 2, "mean", 30.0, "kept", 0.1, "shape", "spike");
    screen_key(rig.screen, 'V');
    answer(&rig, "run.map", map, NULL);
    check_shows(&rig, "30: spike");
    canvas_resize(&rig.canvas, 40, 24);
    zoom_map(&rig);
    check_shows(&rig, " high ####");
    check_shows(&rig, " *####");
    check_shows(&rig, "#xxxx");
    check_shows(&rig, "  low ::::");
    check_hides(&rig, ":xxxx");
    check_shows(&rig, "3         preset          4");
    json_t *broken = json_pack("{s:{s:[i]},s:{s:[]},s:[f]}", "x", "from", 1, "y", "from", "cells", 1.0);
    screen_key(rig.screen, 'V');
    answer(&rig, "run.map", broken, NULL); /* no axis: what is shown stays */
    check_shows(&rig, " high ####");
    rig_close(&rig);
}
END_TEST

START_TEST(a_log_is_searched_and_filtered)
{
    struct rig rig;
    rig_open(&rig);
    open_run(&rig);
    ck_assert(json_get_bool(rig.asked[rig.asked_count - 4].params, "newest", false));
    canvas_resize(&rig.canvas, 80, 24);
    check_hides(&rig, "started with 2 workers"); /* no room for the first ones */
    type(&rig, "/started with");
    check_shows(&rig, "started with 2 workers");
    check_shows(&rig, "newer below, End follows");
    json_t *more = json_pack("{s:[{s:i,s:f,s:n,s:s,s:s}]}", "lines", "id", 90, "time", 1795960990.0, "trial",
        "level", "info", "text", "a new line");
    screen_key(rig.screen, KEY_CODE_ENTER);
    json_t *status = load("busy");
    json_object_set_new(json_object_get(json_array_get(json_object_get(status, "runs"), 0), "counts"), "done",
        json_integer(5000));
    tick(&rig, status, 1);
    answer(&rig, "run.top", load("top"), NULL);
    answer(&rig, "run.curve", load("curve"), NULL);
    answer(&rig, "run.logs", more, NULL);
    check_shows(&rig, "started with 2 workers"); /* who has scrolled back stays there */
    check_hides(&rig, "a new line");
    screen_key(rig.screen, KEY_CODE_END);
    check_shows(&rig, "a new line");
    answer(&rig, "run.failures", load("failures"), NULL);
    answer(&rig, "run.workers", load("workers"), NULL);
    answer(&rig, "run.map", load("map"), NULL);
    type(&rig, "/no such\r");
    check_shows(&rig, "no line behind has \"no such\" in it");
    type(&rig, "fxz: Cannot");
    check_shows(&rig, "2 of the last 9 lines with \"xz: Cannot\"");
    check_hides(&rig, "a new line");
    screen_key(rig.screen, KEY_CODE_ESCAPE);
    check_shows(&rig, "a new line");
    type(&rig, "f1977\r"); /* a trial: all that there is of it */
    ck_assert_int_eq((int)json_get_int(last_asked(&rig, "run.logs"), "trial", 0), 1977);
    ck_assert_int_eq((int)json_get_int(last_asked(&rig, "run.logs"), "after", 9), 0);
    answer(&rig, "run.logs", load("logs"), NULL);
    check_shows(&rig, "1 of the last 8 lines of one trial");
    type(&rig, ":filter\r");
    ck_assert_int_eq((int)json_get_int(last_asked(&rig, "run.logs"), "trial", 0), 0);
    json_decref(status);
    rig_close(&rig);
}
END_TEST

START_TEST(cancel_asks_first)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    int asked = rig.asked_count;
    screen_key(rig.screen, 'c');
    ck_assert_ptr_nonnull(screen_dialog(rig.screen));
    check_shows(&rig, "Cancel run 7 (xz)?");
    screen_key(rig.screen, 'n');
    ck_assert_ptr_null(screen_dialog(rig.screen));
    ck_assert_int_eq(rig.asked_count, asked);
    screen_key(rig.screen, 'c');
    screen_key(rig.screen, 'y');
    ck_assert_int_eq(rig.asked_count, asked + 1);
    ck_assert_int_eq((int)json_get_int(rig.asked[asked].params, "run", 0), 7);
    answer(&rig, "run.cancel", json_object(), NULL);
    ck_assert_ptr_null(screen_dialog(rig.screen));
    rig_close(&rig);
}
END_TEST

START_TEST(pause_and_resume_tell_what_came)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    int asked = rig.asked_count;
    screen_key(rig.screen, 'r'); /* run 7 runs: nothing to resume */
    ck_assert_int_eq(rig.asked_count, asked);
    screen_key(rig.screen, 'p');
    json_t *status = load("busy");
    answer(&rig, "run.pause", json_incref(json_array_get(json_object_get(status, "runs"), 2)), NULL);
    json_decref(status);
    check_shows(&rig, "run 7: paused");
    screen_key(rig.screen, 'p');
    answer(&rig, "run.pause", NULL, "it has ended");
    check_shows(&rig, "run 7: it has ended");
    rig_close(&rig);
}
END_TEST

/* The change that was asked for last, of the run 7 of "busy". */
static void
check_set(struct rig *rig, const char *assignment)
{
    const json_t *params = rig->asked[rig->asked_count - 1].params;
    ck_assert_int_eq((int)json_get_int(params, "run", 0), 7);
    ck_assert_str_eq(json_string_value(json_array_get(json_object_get(params, "set"), 0)),
        assignment);
}

static json_t *
run_with(const char *wanted, int priority, int failed)
{
    json_t *status = load("busy");
    json_t *run = json_deep_copy(json_array_get(json_object_get(status, "runs"), 2));
    json_decref(status);
    json_object_set_new(run, "run", json_integer(7));
    json_object_set_new(run, "state", json_string("running"));
    json_object_set_new(run, "workers_wanted", json_string(wanted));
    json_object_set_new(run, "priority", json_integer(priority));
    json_object_set_new(json_object_get(run, "counts"), "failed", json_integer(failed));
    return run;
}

START_TEST(workers_priority_and_retries_by_keys)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    screen_key(rig.screen, '+'); /* of a server that does not say: from those it has */
    check_set(&rig, "parallel.workers=3");
    answer(&rig, "run.set", run_with("3", 0, 0), NULL);
    check_shows(&rig, "run 7: 3 workers");
    screen_key(rig.screen, '=');
    check_set(&rig, "parallel.workers=4");
    answer(&rig, "run.set", run_with("2x8", 0, 0), NULL);
    screen_key(rig.screen, '-');
    check_set(&rig, "parallel.workers=1x8");
    answer(&rig, "run.set", run_with("1", -2, 0), NULL);
    check_shows(&rig, "run 7: 1x8 workers");
    int asked = rig.asked_count;
    screen_key(rig.screen, '-'); /* none fewer than one */
    screen_key(rig.screen, 'R'); /* nothing has failed */
    ck_assert_int_eq(rig.asked_count, asked);
    screen_key(rig.screen, ']');
    check_set(&rig, "run.priority=-1");
    answer(&rig, "run.set", NULL, "out of range");
    check_shows(&rig, "run 7: out of range");
    screen_key(rig.screen, '[');
    check_set(&rig, "run.priority=-3");
    answer(&rig, "run.set", run_with("auto", -3, 5), NULL);
    check_shows(&rig, "run 7: priority -3");
    screen_key(rig.screen, 'R');
    answer(&rig, "run.retry", run_with("auto", 0, 5), NULL);
    check_shows(&rig, "run 7: its failed trials are done again");
    rig_close(&rig);
}
END_TEST

START_TEST(messages_go_after_a_while)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    json_t *notice = json_pack("{s:s,s:s}", "type", "run.finished", "text", "run 9 finished");
    screen_notification(rig.screen, "alert", notice);
    check_shows(&rig, "run 9 finished");
    json_t *status = load("busy");
    tick(&rig, status, 2);
    check_shows(&rig, "run 9 finished");
    tick(&rig, status, 5);
    check_hides(&rig, "run 9 finished");
    json_decref(status);
    json_decref(notice);
    rig_close(&rig);
}
END_TEST

START_TEST(a_lost_server_is_told_and_comes_back)
{
    struct rig rig;
    rig_open(&rig);
    check_shows(&rig, "not connected");
    rig_connect(&rig, "busy");
    check_hides(&rig, "not connected");
    screen_key(rig.screen, 'p');
    screen_disconnected(rig.screen, "no server: connection closed; trying again");
    check_shows(&rig, "trying again");
    check_shows(&rig, "run 7: the server is not there"); /* the pause was not answered */
    check_shows(&rig, "solver tolerance"); /* what was known stays */
    screen_key(rig.screen, 'p'); /* keys work on, and say why not */
    check_shows(&rig, "the server is not there");
    rig.answered = rig.asked_count;
    rig_connect(&rig, "one_core");
    check_hides(&rig, "trying again");
    check_shows(&rig, "no runs yet");
    rig_close(&rig);
}
END_TEST

START_TEST(a_request_that_cannot_be_sent_is_told)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    rig.refuse = true;
    screen_key(rig.screen, 'p');
    check_shows(&rig, "run 7: the server is not there");
    screen_key(rig.screen, 'c');
    screen_key(rig.screen, 'y');
    check_shows(&rig, "the server is not there");
    ck_assert_ptr_nonnull(screen_dialog(rig.screen));
    rig_close(&rig);
}
END_TEST

START_TEST(an_answer_to_a_closed_dialog_is_dropped)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    screen_key(rig.screen, 'c');
    screen_key(rig.screen, 'y');
    screen_key(rig.screen, KEY_CODE_ESCAPE);
    ck_assert_ptr_null(screen_dialog(rig.screen));
    answer(&rig, "run.cancel", NULL, "too late");
    check_hides(&rig, "too late");
    rig_close(&rig);
}
END_TEST

START_TEST(server_trouble_is_shown)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "unknown");
    check_shows(&rig, "storage full");
    rig_close(&rig);
}
END_TEST

START_TEST(hold_keeps_the_picture)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    screen_key(rig.screen, ' ');
    check_shows(&rig, "held");
    json_t *status = load("one_core");
    tick(&rig, status, 9);
    check_shows(&rig, "lightgbm");
    int asked = rig.asked_count;
    screen_key(rig.screen, ' ');
    ck_assert_int_eq(rig.asked_count, asked + VIEW_SERIES_COUNT + 1); /* what was missed */
    check_hides(&rig, "held");
    json_decref(status);
    rig_close(&rig);
}
END_TEST

static void
change(struct rig *rig, const json_t *before, const json_t *after)
{
    struct str text[3];
    struct json_writer w;
    for (int i = 0; i < 3; i++)
        str_init(&text[i]);
    jw_init(&w, &text[0]);
    jw_value(&w, NULL, before);
    jw_init(&w, &text[1]);
    jw_value(&w, NULL, after);
    ck_assert(json_change_write(&text[0], &text[1], &text[2]));
    json_t *made = json_parse(text[2].data, text[2].len, NULL);
    ck_assert_ptr_nonnull(made);
    screen_notification(rig->screen, "change", made);
    json_decref(made);
    for (int i = 0; i < 3; i++)
        str_release(&text[i]);
}

/* Told whole or by its changes, seen all the time or held meanwhile: the same picture. */
START_TEST(changes_show_what_ticks_show)
{
    struct rig whole, told;
    json_t *calm = load("one_core"), *busy = load("busy");
    rig_open(&whole);
    rig_open(&told);
    rig_connect(&whole, "one_core");
    rig_connect(&told, "one_core");
    json_object_set_new(busy, "seq", json_integer(json_get_int(calm, "seq", 0) + 1));
    screen_notification(whole.screen, "tick", calm);
    screen_notification(told.screen, "tick", calm);
    screen_notification(whole.screen, "tick", busy);
    change(&told, calm, busy);
    char *want = xstrdup(picture(&whole));
    ck_assert_str_eq(picture(&told), want);
    screen_key(told.screen, ' ');
    json_t *later = json_deep_copy(busy);
    json_object_set_new(json_object_get(later, "host"), "name", json_string("elsewhere"));
    json_object_set_new(later, "seq", json_integer(json_get_int(busy, "seq", 0) + 1));
    change(&told, busy, later);
    check_hides(&told, "elsewhere");
    screen_key(told.screen, ' ');
    json_t *last = json_deep_copy(later);
    json_object_set_new(last, "seq", json_integer(json_get_int(later, "seq", 0) + 1));
    change(&told, later, last);
    check_shows(&told, "elsewhere");
    free(want);
    json_decref(calm);
    json_decref(busy);
    json_decref(later);
    json_decref(last);
    rig_close(&whole);
    rig_close(&told);
}
END_TEST

START_TEST(a_change_of_nothing_asks_anew)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    json_t *made = json_pack("{s:{s:i}}", "cpu", "there_is_no_such", 1);
    int watches = 0;
    screen_notification(rig.screen, "change", made); /* before a tick */
    json_t *status = load("busy");
    screen_notification(rig.screen, "tick", status);
    screen_notification(rig.screen, "change", made);
    for (int i = 0; i < rig.asked_count; i++)
        watches += !strcmp(rig.asked[i].method, "watch");
    ck_assert_int_eq(watches, 3);
    json_decref(made);
    json_decref(status);
    rig_close(&rig);
}
END_TEST

START_TEST(zoom_shows_one_panel)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    screen_key(rig.screen, 'z');
    check_shows(&rig, "▸ Runs");
    check_hides(&rig, "Tasks");
    screen_key(rig.screen, KEY_CODE_TAB);
    check_shows(&rig, "Tasks");
    check_hides(&rig, "▸ Runs");
    screen_key(rig.screen, KEY_CODE_ESCAPE);
    check_shows(&rig, " Runs ─");
    check_shows(&rig, "Pools");
    rig_close(&rig);
}
END_TEST

START_TEST(dialogs_open_by_their_keys)
{
    static const uint32_t keys[] = { 'n', ':' };
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        screen_key(rig.screen, keys[i]);
        ck_assert_ptr_nonnull(screen_dialog(rig.screen));
        picture(&rig);
        screen_key(rig.screen, KEY_CODE_ESCAPE);
        screen_key(rig.screen, KEY_CODE_ESCAPE);
        ck_assert_ptr_null(screen_dialog(rig.screen));
        ck_assert_ptr_nonnull(strstr(picture(&rig), "Pools"));
    }
    ck_assert_int_eq(rig.quits, 0);
    screen_key(rig.screen, 'q');
    ck_assert_int_eq(rig.quits, 1);
    screen_key(rig.screen, 'L' - '@');
    ck_assert_int_eq(rig.redraws, 1);
    rig_close(&rig);
}
END_TEST

START_TEST(a_state_change_is_drawn_at_once_progress_is_not)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    picture(&rig);
    json_t *status = load("busy");
    json_t *run = json_array_get(json_object_get(status, "runs"), 0);
    json_object_set_new(json_object_get(run, "counts"), "done", json_integer(4800));
    screen_notification(rig.screen, "run", run);
    ck_assert(!screen_dirty(rig.screen));
    json_object_set_new(run, "state", json_string("done"));
    screen_notification(rig.screen, "run", run);
    ck_assert(screen_dirty(rig.screen));
    json_object_set_new(run, "run", json_integer(77));
    screen_notification(rig.screen, "run", run);
    ck_assert_int_eq(screen_view(rig.screen)->run_count, 7);
    json_decref(status);
    rig_close(&rig);
}
END_TEST

/* Text from outside stays text. */
START_TEST(hostile_names_are_harmless)
{
    struct rig rig;
    rig_open(&rig);
    rig_connect(&rig, "busy");
    json_t *status = load("busy");
    json_t *run = json_array_get(json_object_get(status, "runs"), 0);
    json_object_set_new(run, "name", json_string("\033[2J\033]0;x\007\xE2\x80\xAEname\n"));
    tick(&rig, status, 1);
    for (const char *p = picture(&rig); *p; p++)
        ck_assert_msg(*p == '\n' || (unsigned char)*p >= 0x20, "control character 0x%02x", *p);
    check_hides(&rig, "\xE2\x80\xAE");
    json_decref(status);
    rig_close(&rig);
}
END_TEST

Suite *
test_suite(void)
{
    Suite *suite = suite_create("screen");
    TCase *pictures = tcase_create("pictures");
    tcase_set_timeout(pictures, 60);
    tcase_add_loop_test(pictures, overview_is_as_committed, 0, 4);
    tcase_add_test(pictures, run_is_as_committed);
    tcase_add_test(pictures, documents_are_written);
    tcase_add_loop_test(pictures, every_size_is_drawn, 0, 5);
    tcase_add_test(pictures, no_size_is_empty);
    tcase_add_test(pictures, millions_are_shortened);
    tcase_add_test(pictures, drawing_keeps_inside);
    tcase_add_test(pictures, drawing_allocates_nothing);
    tcase_add_test(pictures, a_tick_allocates_nothing);
    tcase_add_test(pictures, a_steady_tick_changes_little);
    suite_add_tcase(suite, pictures);
    TCase *keys = tcase_create("keys");
    tcase_add_test(keys, selection_stays_on_its_run);
    tcase_add_test(keys, a_run_is_opened_and_left);
    tcase_add_test(keys, detail_is_read_again_when_the_run_moves);
    tcase_add_test(keys, a_run_tells_of_its_workers);
    tcase_add_test(keys, the_best_go_by_any_metric);
    tcase_add_test(keys, a_copy_of_a_run_is_edited_and_launched);
    tcase_add_test(keys, a_map_is_as_committed);
    tcase_add_test(keys, a_map_is_of_any_two_parameters);
    tcase_add_test(keys, a_map_shows_its_cells);
    tcase_add_test(keys, a_log_is_searched_and_filtered);
    tcase_add_test(keys, cancel_asks_first);
    tcase_add_test(keys, pause_and_resume_tell_what_came);
    tcase_add_test(keys, workers_priority_and_retries_by_keys);
    tcase_add_test(keys, messages_go_after_a_while);
    tcase_add_test(keys, a_lost_server_is_told_and_comes_back);
    tcase_add_test(keys, a_request_that_cannot_be_sent_is_told);
    tcase_add_test(keys, an_answer_to_a_closed_dialog_is_dropped);
    tcase_add_test(keys, server_trouble_is_shown);
    tcase_add_test(keys, hold_keeps_the_picture);
    tcase_add_test(keys, zoom_shows_one_panel);
    tcase_add_test(keys, changes_show_what_ticks_show);
    tcase_add_test(keys, a_change_of_nothing_asks_anew);
    tcase_add_test(keys, dialogs_open_by_their_keys);
    tcase_add_test(keys, a_state_change_is_drawn_at_once_progress_is_not);
    tcase_add_test(keys, hostile_names_are_harmless);
    suite_add_tcase(suite, keys);
    return suite;
}
