/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The console: keys and what the server says come in, a picture and requests
 * go out. struct screen knows no terminal and no socket, so that tests drive
 * it; screen_run binds it to both and to a loop.
 */
#ifndef OPTOP_UI_SCREEN_H
#define OPTOP_UI_SCREEN_H

#include "ui/scene.h"
#include "ui/term.h"
#include "wire/client.h"

/* What the screen asks of the world around it. */
struct screen_host {
    void *context;
    /* Sends a request; takes params (may be NULL). Not negative: fn is called
     * once, later, never from within; unless the connection ends first, and
     * then screen_disconnected is called. Negative: fn is never called. */
    int (*request)(void *context, const char *method, json_t *params, client_answer_fn *fn,
        void *fn_context);
    void (*quit)(void *context);
    void (*redraw)(void *context); /* draw every cell anew; may be NULL */
    /* Lets the person edit a file in an editor of their own, and waits for its end; may be NULL. */
    int (*edit)(void *context, const char *path, struct diag *diag);
    /* Puts a text on the clipboard; may be NULL. */
    void (*copy)(void *context, const char *text);
    /* Another theme, by its name or (NULL) the next; ret_name has room for THEME_NAME_MAX. May be NULL. */
    int (*theme)(void *context, const char *name, char *ret_name, struct diag *diag);
    /* As struct dialog_host's; then screen_worked is called. May be NULL. */
    void (*work)(void *context, const char *name, loop_fn *work, loop_fn *done, void *arg);
};

struct screen;

/* host and folders (of run files, colon-separated) are borrowed. */
struct screen *screen_new(const struct screen_host *host, const char *folders);
void screen_free(struct screen *screen);

/* A server is there: asks it for everything. */
void screen_connected(struct screen *screen);

/* It has gone: requests under way fail; the banner says why. */
void screen_disconnected(struct screen *screen, const char *text);

/* One of the server's notifications. */
void screen_notification(struct screen *screen, const char *method, const json_t *params);

/* Tells a fault in the last line. */
void screen_fault(struct screen *screen, const struct diag *diag);

void screen_key(struct screen *screen, uint32_t key);

enum screen_button { SCREEN_CLICK, SCREEN_WHEEL_UP, SCREEN_WHEEL_DOWN, SCREEN_RELEASE };

void screen_mouse(struct screen *screen, int x, int y, enum screen_button button);

/* Clears the canvas and draws everything; the screen is clean after. */
void screen_draw(struct screen *screen, struct canvas *canvas);

/* Work that a dialog asked for has been done. */
void screen_worked(struct screen *screen);

/* Would a new picture differ from the last one? */
bool screen_dirty(const struct screen *screen);
void screen_touch(struct screen *screen); /* the size has changed, or the terminal was elsewhere */

/* Has a status come since the connection began? */
bool screen_ready(const struct screen *screen);

const struct view *screen_view(const struct screen *screen);
const struct dialog *screen_dialog(const struct screen *screen); /* on top, or NULL */

/* The layouts of optop.ini, and which one is shown first (NULL: the first that ships); both are copied. */
void screen_set_layouts(struct screen *screen, const struct arrangement *layouts, int count, const char *name);

struct screen_options {
    struct client *client; /* taken */
    /* Opens a new client after the server has gone; must not wait for long. */
    int (*reopen)(void *context, struct client **ret_client, struct diag *diag);
    void *reopen_context;
    const char *theme; /* its name; NULL: the default */
    const char *themes; /* the user's folder of themes; NULL: none */
    enum term_charset charset;
    const char *folders; /* of run files, colon-separated */
    const struct arrangement *layouts; /* layout_count of them */
    int layout_count;
    const char *layout; /* its name; NULL: the default */
};

/* Shows the console until the person leaves or the terminal goes. Returns 0,
 * or a negative code after one line on standard error when the terminal
 * cannot be used. */
int screen_run(const struct screen_options *options);

#endif
