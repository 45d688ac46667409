/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The launcher's inside, for the files that make it:
 *
 *   dialog_launch.c   the dialog: to whom keys, answers and pictures go
 *   launch_list.c     the list of run files and recent runs, with a preview
 *   launch_points.c   what is counted of the text that is shown
 *   launch_form.c     the form of every field, and launching
 *   launch_save.c     the form's text as a run file
 */
#ifndef OPTOP_UI_LAUNCH_H
#define OPTOP_UI_LAUNCH_H

#include "ui/dialog.h"
#include "ui/option_form.h"
#include "ui/path_field.h"
#include "ui/run_files.h"

enum {
    LAUNCH_RUNS_MAX = 50, /* recent ones */
    LAUNCH_WIDTH = 136,
};

enum launch_tag { TAG_CHECK, TAG_SUBMIT, TAG_RUNS, TAG_SHOW };

struct launch {
    struct dialog base;

    /* the list */
    const char *folders; /* borrowed; of run files */
    bool files_changed; /* one has been written here */
    struct run_files files;
    struct view_run *run; /* owned; recent ones, the newest first */
    int run_count;
    int shown[RUN_FILES_MAX + LAUNCH_RUNS_MAX]; /* what passes the filter: a file, or files.count + a run */
    struct dialog_list list; /* over shown */
    struct line filter;
    bool filtering; /* keys go to the filter */
    int entry; /* as in shown: that of the preview; -1: none */
    struct ini *preview; /* owned; NULL when it cannot be read, or has not come */
    char *preview_path, *preview_directory; /* owned; directory: of a run, NULL of a file */
    bool runs_asked;
    int64_t run_asked, run_wanted; /* whose text; 0: none. At most one question is under way */
    bool opening; /* the form, when that has come */

    /* the form */
    bool editing; /* it is on the screen */
    bool alone; /* there is no list behind it */
    struct option_form form;
    char *path; /* owned */
    char *directory; /* owned; of the run that is cloned; NULL: a file is launched, from here */
    bool paused; /* it is to wait */
    bool edited, leaving, submitting;
    bool stale; /* edited since the count was asked for */
    int left_out; /* environment variables that were too much */
    struct path_field paths; /* of both forms */
    bool typing; /* in the field that has the keys: who only passes by completes nothing */

    bool saving_as; /* the question where to is on the screen */
    struct form save_form; /* one field: the path */
    bool replace; /* the file that is there: has been asked */
    struct launch_save *save; /* being written; NULL: none */

    /* what is known of the text */
    bool count_wanted, count_asked; /* at most one question is under way */
    char count[160]; /* "750 points (1250 before constraints)" */
    char expected[128]; /* "about 3m to 5m (by 2 runs)" */
    struct diag fault; /* the server's newest; code 0: none */
    char banner[DIAG_TEXT_MAX + DIAG_KEY_MAX];
};

/* dialog_launch.c */
void launch_set_banner(struct launch *launch, const char *text);
void launch_push_help(struct launch *launch, const char *context);

/* launch_points.c */
json_t *launch_params(const struct ini *ini, const char *path, const char *directory); /* NULL: not UTF-8 */
void launch_want_count(struct launch *launch); /* another text: what was counted is old */
void launch_pump_count(struct launch *launch);
void launch_take_check(struct launch *launch, const json_t *result, const struct diag *diag);
const char *launch_count_text(const struct launch *launch);

/* launch_list.c */
void launch_list_begin(struct launch *launch);
void launch_list_pump(struct launch *launch); /* asks for what it needs of the server */
enum dialog_result launch_list_key(struct launch *launch, uint32_t key);
void launch_list_draw(struct launch *launch, struct canvas *canvas, struct rect rect);
void launch_take_runs(struct launch *launch, const json_t *result);
void launch_take_run(struct launch *launch, const json_t *result, const struct diag *diag);

/* launch_form.c */
/* Takes the document; directory NULL: where the console stands. */
void launch_form_begin(struct launch *launch, struct ini *ini, const char *path, const char *directory);
void launch_form_check(struct launch *launch, bool finished); /* all that can be said without the server */
enum dialog_result launch_form_key(struct launch *launch, uint32_t key);
void launch_form_completed(struct launch *launch, bool changed); /* Tab has done something, or nothing */
void launch_form_draw(struct launch *launch, struct canvas *canvas, struct rect rect);
enum dialog_result launch_take_submit(struct launch *launch, const json_t *result, const struct diag *diag);

/* launch_save.c */
void launch_save_begin(struct launch *launch);
void launch_save_release(struct launch *launch);
void launch_save_edited(struct launch *launch);
enum dialog_result launch_save_key(struct launch *launch, uint32_t key);
void launch_save_draw(struct launch *launch, struct canvas *canvas, struct rect screen);

#endif
