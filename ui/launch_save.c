/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Save as: the form's text becomes a run file where the person says. Written beside the
 * keys: the folder may be on a network that is gone.
 */
#include "ui/launch.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "io/newfile.h"

enum { SAVE_WIDTH = 100, SAVE_HEIGHT = 7 };

struct launch_save {
    struct launch *launch; /* NULL: has gone; only the thread's end is waited for */
    char *path; /* owned */
    struct str text;
    bool replace; /* what is there */
    int result;
    struct diag diag;
};

/* As the person would write it; a run's file is looked for from where that was launched. */
static char *
first_path(const struct launch *launch)
{
    bool relative = launch->directory && *launch->path != '/';
    return relative ? xasprintf("%s/%s", launch->directory, launch->path) : xstrdup(launch->path);
}

void
launch_save_begin(struct launch *launch)
{
    char *path = first_path(launch);
    const struct field_spec spec = { .name = "save as", .label = "file", .text = path, .required = true,
        .help = "The run file to write, with all that stands in the form",
        .allowed = "a path from where the console was started, or a whole one" };
    form_release(&launch->save_form);
    form_add(&launch->save_form, &spec);
    launch->saving_as = true;
    launch->replace = false;
    free(path);
}

void
launch_save_release(struct launch *launch)
{
    if (launch->save)
        launch->save->launch = NULL;
    launch->save = NULL;
    form_release(&launch->save_form);
}

/* What is no regular file is not written to: a FIFO would never take it. */
static int
write_file(struct launch_save *save)
{
    struct stat st;
    struct newfile file;
    if (stat(save->path, &st) == 0 && !S_ISREG(st.st_mode))
        return diag_set(&save->diag, -EINVAL, S_ISDIR(st.st_mode) ? "is a directory" : "is no regular file");
    int r = newfile_open(save->path, save->replace, &file, &save->diag);
    if (r < 0)
        return r;
    r = newfile_write(&file, save->text.data, save->text.len);
    if (r < 0) {
        newfile_discard(&file);
        return diag_set(&save->diag, r, "%s", err_text(r));
    }
    return newfile_finish(&file, &save->diag);
}

static void
on_write(void *context)
{
    struct launch_save *save = context;
    save->result = write_file(save);
}

static void
take_saved(struct launch *launch, const struct launch_save *save)
{
    char text[DIAG_TEXT_MAX];
    launch->save = NULL;
    if (save->result < 0) {
        launch->replace = save->result == -EEXIST;
        snprintf(text, sizeof text, launch->replace ? "%s; Enter again replaces it" : "%s", save->diag.text);
        form_set_error(&launch->save_form, 0, text);
        return;
    }
    launch->saving_as = launch->edited = launch->leaving = false;
    launch->files_changed = true;
    free(launch->path);
    launch->path = xstrdup(save->path);
    launch_set_banner(launch, "");
    snprintf(text, sizeof text, "saved to %.200s", save->path);
    dialog_tell(&launch->base, STYLE_GOOD, text);
}

static void
on_written(void *context)
{
    struct launch_save *save = context;
    if (save->launch)
        take_saved(save->launch, save);
    free(save->path);
    str_release(&save->text);
    free(save);
}

/* "~/" is the user's own directory, and no name is standard output. */
static char *
whole_path(const char *text)
{
    const char *home = getenv("HOME");
    if (str_starts(text, "~/") && home && *home == '/')
        return xasprintf("%s%s", home, text + 1);
    return str_equal(text, "-") ? xstrdup("./-") : xstrdup(text);
}

static void
save_now(struct launch *launch)
{
    size_t length;
    const char *whole = ini_text(launch->form.ini, &length);
    char *text = xstrdup(form_text(&launch->save_form, 0));
    char *path = whole_path(str_trim(text));
    free(text);
    if (!*path) {
        form_set_error(&launch->save_form, 0, "a file's name is missing");
        free(path);
        return;
    }
    struct launch_save *save = XNEW(struct launch_save);
    save->launch = launch;
    save->path = path;
    save->replace = launch->replace;
    str_init(&save->text);
    str_append(&save->text, whole, length);
    launch->save = save;
    form_set_error(&launch->save_form, 0, NULL);
    dialog_work(&launch->base, "save", on_write, on_written, save);
}

void
launch_save_edited(struct launch *launch)
{
    launch->replace = false;
    form_set_error(&launch->save_form, 0, NULL);
}

enum dialog_result
launch_save_key(struct launch *launch, uint32_t key)
{
    if (key == KEY_CODE_ESCAPE)
        launch->saving_as = false; /* what is being written is written all the same */
    else if (key == KEY_CODE_F1)
        launch_push_help(launch, "save as");
    else if (launch->save)
        return DIALOG_OPEN;
    else if (key == KEY_CODE_ENTER)
        save_now(launch);
    else if (key == KEY_CODE_TAB)
        path_field_tab(&launch->paths, &launch->save_form, false, NULL);
    else if (form_key(&launch->save_form, key) == FORM_EDITED)
        launch_save_edited(launch);
    return DIALOG_OPEN;
}

void
launch_save_draw(struct launch *launch, struct canvas *canvas, struct rect screen)
{
    struct rect rect = dialog_box(canvas, screen, SAVE_WIDTH, SAVE_HEIGHT, "Save as", "save as");
    if (launch->save && rect.height >= 2)
        canvas_text(canvas, rect.x, rect.y + --rect.height, rect.width, STYLE_DIM, "writing...");
    form_draw(&launch->save_form, canvas, rect);
}
