/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The methods of the configuration. A change is written and synced beside the loop,
 * one at a time whoever asks, and takes effect on the loop when it is on disk.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "server/beside.h"
#include "server/call.h"

struct save {
    struct server *server;
    char *path; /* owned */
    json_t *changes; /* owned; read by the thread alone until that has ended */
    struct ini *ini; /* owned; the file with its changes */
    struct diag diag;
};

int
handle_config_get(struct call *call)
{
    size_t len;
    const char *text = ini_text(call->server->ini, &len);
    jw_string(call->w, "file", call->server->config_path);
    jw_stringn(call->w, "text", text, len);
    return 0;
}

static int
apply_change(struct ini *ini, const json_t *change, struct diag *diag)
{
    const char *section = json_get_string(change, "section", NULL);
    const char *key = json_get_string(change, "key", NULL);
    const json_t *value = json_object_get(change, "value");
    if (!section || !key || !(json_is_string(value) || json_is_null(value)))
        return diag_set(diag, JSONRPC_PARAMS,
            "changes: each has section, key and value (text, or null to remove)");
    if (json_is_null(value))
        return ini_unset(ini, section, key);
    return ini_set(ini, section, key, json_string_value(value), diag);
}

/* The file as it is now: what was written by hand since stays. */
static int
load(struct save *save)
{
    int r = ini_load(save->path, &save->ini, &save->diag);
    if (r != -ENOENT)
        return r;
    save->diag = (struct diag){ 0 };
    return ini_parse_text("", 0, save->path, &save->ini, &save->diag);
}

static int
run_save(void *context, struct optop_reply *reply)
{
    size_t i;
    json_t *change;
    struct save *save = context;
    struct config *checked = NULL;
    (void)reply;
    int r = load(save);
    json_array_foreach (save->changes, i, change) {
        if (r < 0)
            break;
        r = apply_change(save->ini, change, &save->diag);
    }
    if (r == 0)
        r = server_check_config(save->ini, &checked, &save->diag);
    config_free(checked);
    return r == 0 ? ini_save(save->ini, save->path, &save->diag) : r;
}

static void
answer_save(void *context, const json_t *request, int result, struct optop_reply *reply,
    struct str *out)
{
    struct save *save = context;
    struct json_writer w;
    (void)reply;
    if (result == 0 && !save->server->stopping) {
        result = server_take_config(save->server, save->ini, &save->diag);
        if (result == 0)
            save->ini = NULL; /* the server's */
    }
    if (result < 0) {
        call_error(out, request, result, &save->diag);
        return;
    }
    call_begin(&w, out, request);
    call_end(&w);
}

static void
release_save(void *context)
{
    struct save *save = context;
    json_decref(save->changes);
    ini_free(save->ini);
    free(save->path);
    free(save);
}

int
handle_config_set(struct call *call)
{
    const json_t *changes = json_object_get(call->params, "changes");
    if (!json_is_array(changes))
        return call_need(call, "changes");
    struct save *save = XNEW(struct save);
    save->server = call->server;
    save->path = xstrdup(call->server->config_path);
    save->changes = json_deep_copy(changes);
    int r = save->changes ? beside_add(call->session, BESIDE_SAVES, call->request,
                                &(struct beside_request){ .run = run_save, .answer = answer_save,
                                    .release = release_save, .context = save, .always = true },
                                call->diag)
                          : -ENOMEM;
    if (r < 0) {
        release_save(save);
        return r;
    }
    json_incref(call->request);
    return CALL_LATER;
}

int
handle_config_reload(struct call *call)
{
    return server_reload(call->server, call->diag);
}
