/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What people say of alerts: silences (in memory as the engine wants them, in the
 * store so that they outlive the server), acknowledgements, and alerts of their own.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "config/threshold.h"
#include "server/call.h"
#include "store/store_silence.h"

static const double LONGEST_SECONDS = 366.0 * 86400;

/* One that is known keeps its end: the wall clock may have jumped since. They come in the
 * order in which they were made, so a known one stands here or farther on. */
static int64_t
end_of(const struct server *server, const struct store_silence *row)
{
    for (int i = server->silence_count; i < SILENCES_MAX && server->silence[i].id; i++)
        if (server->silence[i].id == row->id)
            return server->silence[i].until_ns;
    double left = fmin(ns_to_sec(row->until_wall_ns - clock_wall_ns()), LONGEST_SECONDS);
    return loop_now(server->loop) + sec_to_ns(fmax(left, 0));
}

static int
take_silence(void *context, const struct store_silence *row)
{
    struct server *server = context;
    if (server->silence_count == SILENCES_MAX)
        return 0;
    int64_t until_ns = end_of(server, row);
    struct silence *silence = &server->silence[server->silence_count++];
    *silence = (struct silence){ .id = row->id, .until_ns = until_ns,
        .from_wall_ns = row->from_wall_ns, .until_wall_ns = row->until_wall_ns };
    str_copy(silence->matcher, sizeof silence->matcher, row->matcher);
    str_copy(silence->reason, sizeof silence->reason, row->reason);
    str_copy(silence->author, sizeof silence->author, row->author);
    return 0;
}

/* As the store has them. */
static int
read_silences(struct server *server)
{
    server->silence_count = 0;
    int r = store_silence_list(server->store, take_silence, server);
    memset(&server->silence[server->silence_count], 0,
        (size_t)(SILENCES_MAX - server->silence_count) * sizeof *server->silence);
    alert_engine_silence(server->alerts, server->silence, server->silence_count);
    return r;
}

void
silences_start(struct server *server)
{
    server->silence = xcalloc(SILENCES_MAX, sizeof *server->silence);
    int r = read_silences(server);
    if (r < 0)
        log_error("silences cannot be read: %s", err_text(r));
}

/* What has ended goes; one per tick, which is a transaction. */
void
silences_tick(struct server *server)
{
    for (int i = 0; i < server->silence_count; i++) {
        if (server->sample->mono_ns < server->silence[i].until_ns)
            continue;
        log_info("silence %lld of %s has ended", (long long)server->silence[i].id,
            server->silence[i].matcher);
        if (store_silence_remove(server->store, server->silence[i].id) >= 0)
            read_silences(server);
        return;
    }
}

/* Methods. */

static void
write_silence(struct json_writer *w, const struct silence *silence)
{
    jw_object(w, NULL);
    jw_int(w, "silence", silence->id);
    jw_string(w, "match", silence->matcher);
    jw_figure(w, "from", ns_to_sec(silence->from_wall_ns));
    jw_figure(w, "until", ns_to_sec(silence->until_wall_ns));
    jw_string(w, "reason", silence->reason);
    jw_string(w, "author", silence->author);
    jw_end(w);
}

static void
write_windows(struct json_writer *w, const struct config *config, int64_t wall_ns)
{
    jw_array(w, "windows");
    for (int i = 0; i < config->window_count; i++) {
        const struct config_window *window = &config->window[i];
        jw_object(w, NULL);
        jw_string(w, "name", window->name);
        jw_string(w, "match", window->matcher);
        jw_bool(w, "open", silence_window_open(window, wall_ns));
        jw_string(w, "reason", window->reason ? window->reason : "");
        jw_end(w);
    }
    jw_end(w);
}

int
handle_alerts_silences(struct call *call)
{
    jw_array(call->w, "silences");
    for (int i = 0; i < call->server->silence_count; i++)
        write_silence(call->w, &call->server->silence[i]);
    jw_end(call->w);
    write_windows(call->w, call->server->config, clock_wall_ns());
    return 0;
}

int
handle_alerts_silence(struct call *call)
{
    const char *matcher = json_get_string(call->params, "match", "");
    double seconds = json_get_number(call->params, "seconds", 0);
    char reason[SILENCE_TEXT_MAX], author[SILENCE_AUTHOR_MAX], clean[CONFIG_MATCH_MAX];
    int r = silence_check(matcher, call->diag);
    if (r < 0)
        return r;
    if (!(seconds > 0 && seconds <= LONGEST_SECONDS))
        return diag_set(call->diag, ERR_BAD_RANGE, "a silence lasts up to 366 days");
    if (call->server->silence_count == SILENCES_MAX)
        return diag_set(call->diag, ERR_TOO_LARGE, "there are %d silences already", SILENCES_MAX);
    int64_t now = clock_wall_ns();
    struct store_silence silence = {
        .matcher = text_clean(matcher, clean, sizeof clean),
        .reason = text_clean(json_get_string(call->params, "reason", ""), reason, sizeof reason),
        .author = text_clean(json_get_string(call->params, "author", ""), author, sizeof author),
        .from_wall_ns = now,
        .until_wall_ns = now + sec_to_ns(seconds),
    };
    r = store_silence_add(call->server->store, &silence, &silence.id);
    if (r < 0)
        return r;
    read_silences(call->server);
    log_info("silence %lld: %s, by %s", (long long)silence.id, silence.matcher, silence.author);
    jw_int(call->w, "silence", silence.id);
    jw_figure(call->w, "until", ns_to_sec(silence.until_wall_ns));
    int fits = 0;
    const struct alert *alerts;
    int count = alert_engine_alerts(call->server->alerts, &alerts);
    for (int i = 0; i < count; i++)
        fits += silence_matches(silence.matcher, alerts[i].key,
            alert_labels(&alerts[i]));
    jw_int(call->w, "fits", fits);
    return 0;
}

int
handle_alerts_unsilence(struct call *call)
{
    int64_t id = json_get_int(call->params, "silence", 0);
    int ended = 0, r = 0;
    for (int i = 0; i < call->server->silence_count && r == 0; i++)
        if (id == 0 || call->server->silence[i].id == id) {
            r = store_silence_remove(call->server->store, call->server->silence[i].id);
            ended += r == 0;
        }
    read_silences(call->server);
    if (r == 0 && id && !ended)
        return diag_set(call->diag, ERR_NOT_FOUND, "there is no silence %lld", (long long)id);
    if (r == 0)
        jw_int(call->w, "ended", ended);
    return r;
}

static bool
any_fits(const struct server *server, const char *pattern)
{
    const struct alert *alerts;
    int count = alert_engine_alerts(server->alerts, &alerts);
    for (int i = 0; i < count; i++)
        if (silence_matches(pattern, alerts[i].key, alert_labels(&alerts[i])))
            return true;
    return false;
}

int
handle_alerts_ack(struct call *call)
{
    const char *pattern = json_get_string(call->params, "match", "");
    const char *author = json_get_string(call->params, "author", "");
    const struct alert_notice *notices;
    int r = silence_check(pattern, call->diag);
    if (r < 0)
        return r;
    if (!any_fits(call->server, pattern))
        return diag_set(call->diag, ERR_NOT_FOUND, "there is no alert %.100s", pattern);
    int count = alert_engine_acknowledge(call->server->alerts, pattern, author[0] ? author : "somebody",
        &notices);
    jw_int(call->w, "acknowledged", count);
    server_tell_changes(call->server, notices, count);
    return 0;
}

int
handle_alerts_show(struct call *call)
{
    const char *pattern = json_get_string(call->params, "match", "");
    const struct alert *alerts;
    int r = silence_check(pattern, call->diag);
    if (r < 0)
        return r;
    if (!any_fits(call->server, pattern))
        return diag_set(call->diag, ERR_NOT_FOUND, "there is no alert %.100s", pattern);
    int count = alert_engine_alerts(call->server->alerts, &alerts);
    jw_array(call->w, "alerts");
    for (int i = 0, shown = 0; i < count && shown < SERVER_ACTIVE_MAX; i++)
        if (silence_matches(pattern, alerts[i].key, alert_labels(&alerts[i]))) {
            status_write_alert(call->w, NULL, &alerts[i]);
            shown++;
        }
    jw_end(call->w);
    return 0;
}

/* Past notices of what a pattern fits, read beside the loop. */

struct search {
    struct call *call;
    const char *pattern;
    int left;
};

static int
write_if_fits(void *context, const struct store_notice *notice)
{
    struct search *search = context;
    struct recent_notice recent;
    if (!search->left ||
        (*search->pattern && !silence_matches(search->pattern, notice->key, notice->labels)))
        return 0;
    search->left--;
    status_take_notice(&recent, notice);
    status_write_notice(search->call->w, NULL, &recent);
    return 0;
}

int
handle_alerts_history(struct call *call)
{
    struct search search = { call, json_get_string(call->params, "match", ""),
        call_limit(call, "limit", 50, 1000) };
    jw_array(call->w, "history");
    int r = store_notice_list(call->store, STORE_NOTICES_MAX, write_if_fits, &search);
    jw_end(call->w);
    return r;
}

/* Any program tells. While the store fails it waits with the other changes. */
int
handle_notify(struct call *call)
{
    const char *name = json_get_string(call->params, "key", "");
    const char *severity = json_get_string(call->params, "severity", "warning");
    const char *text = json_get_string(call->params, "text", "");
    const char *labels = json_get_string(call->params, "labels", "");
    struct config_threshold checked = { .name = "" };
    char key[ALERT_KEY_MAX], clean[ALERT_KEY_MAX];
    int level = !strcmp(severity, "resolved") ? ALERT_NORMAL : alert_state_parse(severity);
    if (level != ALERT_NORMAL && level != ALERT_WARNING && level != ALERT_CRITICAL)
        return diag_set(call->diag, ERR_BAD_TYPE, "severity \"%.20s\" (allowed: warning, critical, resolved)",
            severity);
    if (!*name || strlen(name) > 100)
        return diag_set(call->diag, ERR_MISSING, "a key of 1 to 100 bytes says what it is about");
    if (level != ALERT_NORMAL && !*text)
        return diag_set(call->diag, ERR_MISSING, "a title says what is wrong");
    const struct option_value value = { .text = labels };
    int r = threshold_take_labels(&checked, NULL, &value, call->diag);
    if (r < 0)
        return r;
    snprintf(key, sizeof key, "notify:%s", text_clean(name, clean, sizeof clean));
    r = alert_engine_raise(call->server->alerts, key, (enum alert_state)level, text, checked.labels);
    if (r < 0)
        return diag_set(call->diag, r, "there are too many alerts");
    if (r > 0)
        server_tell_raised(call->server);
    jw_string(call->w, "key", key);
    jw_bool(call->w, "changed", r > 0);
    return 0;
}
