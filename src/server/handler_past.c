/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The method `status.at': the status object of an earlier time, read from disk beside
 * the loop.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/xalloc.h"
#include "server/beside.h"
#include "server/call.h"
#include "server/snapshots.h"

enum { FIND_SECONDS = 30 };

struct look {
    char *directory; /* owned */
    int64_t wall_ns;
    enum journal_way way;
    struct str status;
};

static int
run_look(void *context, struct optop_reply *reply)
{
    struct look *look = context;
    (void)reply;
    return snapshots_find(look->directory, look->wall_ns, look->way, &look->status);
}

static void
answer_look(void *context, const json_t *request, int result, struct optop_reply *reply,
    struct str *out)
{
    const struct look *look = context;
    struct diag diag = { 0 };
    struct json_writer w;
    char when[32];
    (void)reply;
    if (result == -ENOENT)
        result = diag_set(&diag, ERR_NOT_FOUND, "nothing is recorded %s %s",
            look->way == JOURNAL_AFTER ? "behind" : "before",
            clock_format_local(look->wall_ns, when, sizeof when));
    if (result == 0 && (look->status.len < 2 || look->status.data[0] != '{'))
        result = -EBADMSG;
    if (result < 0) {
        call_error(out, request, result, &diag);
        return;
    }
    call_begin(&w, out, request);
    jw_raw(&w, NULL, look->status.data + 1, look->status.len - 2);
    call_end(&w);
}

static void
release_look(void *context)
{
    struct look *look = context;
    str_release(&look->status);
    free(look->directory);
    free(look);
}

int
handle_status_at(struct call *call)
{
    static const char *const ways[] = { [JOURNAL_AT] = "at", [JOURNAL_BEFORE] = "before",
        [JOURNAL_AFTER] = "after" };
    double time = json_get_number(call->params, "time", NAN);
    const char *name = json_get_string(call->params, "find", "at");
    size_t way = 0;
    while (way < sizeof ways / sizeof *ways && strcmp(ways[way], name) != 0)
        way++;
    if (!(time >= 0 && time < 9e9))
        return call_need(call, "time");
    if (way == sizeof ways / sizeof *ways)
        return diag_set(call->diag, JSONRPC_PARAMS, "find: one of at, before, after");
    struct look *look = XNEW(struct look);
    look->directory = recording_directory(call->server);
    look->wall_ns = llround(time * 100) * (NS_PER_SEC / 100); /* as exact as the object tells it */
    look->way = (enum journal_way)way;
    str_init(&look->status);
    int r = beside_add(call->session, BESIDE_READS, call->request, &(struct beside_request){
        .run = run_look, .answer = answer_look, .release = release_look, .context = look,
        .timeout_ns = FIND_SECONDS * NS_PER_SEC }, call->diag);
    if (r < 0) {
        release_look(look);
        return r;
    }
    json_incref(call->request);
    return CALL_LATER;
}
