/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the keys of the view of alerts do: each is a request that is told of
 * when the server has answered.
 */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/unit.h"
#include "ui/screen_act.h"

enum { SILENCE_SECONDS_MOST = 365 * 86400 };

/* The alerts that keys act upon: the marked ones, else that under the cursor. */
static int
targets(const struct scene *scene, const struct view_alert **ret_alert, int most)
{
    const struct table *table = &scene->alert_table;
    const struct view *view = &scene->view;
    int count = 0, row = table_row(table);
    if (scene->kind != SCENE_ALERTS)
        return 0;
    for (int i = 0; table->mark_count && i < view->alert_count && count < most; i++)
        if (table_marked(table, alert_class.key(view, i)))
            ret_alert[count++] = &view->alert[i];
    if (!table->mark_count && row >= 0 && row < view->alert_count)
        ret_alert[count++] = &view->alert[row];
    return count;
}

static const struct webhook_row *
chosen_webhook(const struct scene *scene)
{
    int row = table_row(&scene->webhook_table);
    return row >= 0 && row < scene->webhooks.count ? &scene->webhooks.webhook[row] : NULL;
}

bool
scene_alert_can(const struct scene *scene, enum action action)
{
    const struct view_alert *alert[1];
    if (scene->kind != SCENE_ALERTS)
        return false;
    if (action == ACTION_TEST)
        return chosen_webhook(scene) != NULL;
    if (action == ACTION_REPLAY)
        return scene->view.deliveries_dead > 0;
    return targets(scene, alert, 1) > 0;
}

static void
call_alerts(struct screen *screen, const char *method, json_t *params, const char *done)
{
    struct call *call = screen_call(screen, CALL_ALERT, method, params);
    text_clean(done, call->done, sizeof call->done);
}

/* A matcher of this key alone: what has a meaning there becomes "any character". */
static json_t *
match(const struct view_alert *alert)
{
    char text[sizeof alert->key];
    str_copy(text, sizeof text, alert->key);
    for (char *at = text; *at; at++)
        if (strchr(" *?[]=\\", *at))
            *at = '?';
    json_t *params = json_object();
    json_object_set_new(params, "match", json_string(text));
    const struct passwd *user = getpwuid(getuid());
    if (user && user->pw_name)
        json_object_set_new(params, "author", json_string(user->pw_name));
    return params;
}

void
act_acknowledge(struct screen *screen, int by, const char *text)
{
    const struct view_alert *alert[VIEW_ALERTS_MAX];
    int count = targets(&screen->scene, alert, VIEW_ALERTS_MAX);
    char done[128];
    (void)by, (void)text;
    for (int i = 0; i < count; i++) {
        snprintf(done, sizeof done, "acknowledged: %s", alert[i]->key);
        call_alerts(screen, "alerts.ack", match(alert[i]), done);
    }
}

/* "2h", "2h backup": by a key it is typed behind the command's name. */
void
act_silence(struct screen *screen, int by, const char *text)
{
    const struct view_alert *alert[VIEW_ALERTS_MAX];
    int count = targets(&screen->scene, alert, VIEW_ALERTS_MAX);
    char time[32], done[160];
    double seconds;
    (void)by;
    if (!text || !*text) {
        screen_push(screen, dialog_prompt_new(PROMPT_COMMAND, scene_context(screen->scene.kind), "silence 1h"));
        return;
    }
    size_t len = strcspn(text, " ");
    snprintf(time, sizeof time, "%.*s", (int)len, text);
    if (unit_parse_duration(time, &seconds) < 0 || seconds <= 0 || seconds > SILENCE_SECONDS_MOST) {
        snprintf(done, sizeof done, "\"%.20s\" is not a time to be silent (such as 90s, 2h, 3d)", time);
        screen_tell(screen, STYLE_ERROR, done);
        return;
    }
    for (int i = 0; i < count; i++) {
        json_t *params = match(alert[i]);
        json_object_set_new(params, "seconds", json_real(seconds));
        json_object_set_new(params, "reason", json_string(text + len + strspn(text + len, " ")));
        snprintf(done, sizeof done, "silent for %.20s: %s", time, alert[i]->key);
        call_alerts(screen, "alerts.silence", params, done);
    }
}

/* A notice that says that it is a test, to one webhook. */
void
act_test(struct screen *screen, int by, const char *text)
{
    const struct webhook_row *webhook = chosen_webhook(&screen->scene);
    const char *name = text && *text ? text : webhook->name;
    char done[128];
    (void)by;
    json_t *params = json_object();
    json_object_set_new(params, "webhook", json_string(name));
    snprintf(done, sizeof done, "a test notice is under way to %s", name);
    call_alerts(screen, "alerts.test", params, done);
}

/* What could not be delivered waits again. */
void
act_replay(struct screen *screen, int by, const char *text)
{
    json_t *params = json_object();
    (void)by, (void)text;
    json_object_set_new(params, "delivery", json_integer(0));
    call_alerts(screen, "alerts.replay", params, "what was not delivered is tried again");
}

/* What is known of deliveries; another number when one of them got on. */
static double
deliveries(const struct view *view)
{
    return view->deliveries_waiting + 1e3 * view->deliveries_dead + 1e6 * view->deliveries_delivered;
}

void
screen_ask_notices(struct screen *screen)
{
    if (screen->scene.past.on)
        return;
    screen->deliveries = deliveries(&screen->scene.view);
    json_t *params = json_object();
    json_object_set_new(params, "limit", json_integer(NOTICE_LIST_MAX));
    screen_call(screen, CALL_NOTICES, "alerts.list", params);
}

void
screen_take_alert(struct screen *screen, struct call *call, const json_t *result, const struct diag *diag)
{
    screen_tell(screen, result ? STYLE_GOOD : STYLE_ERROR, result ? call->done : diag->text);
    screen_ask_notices(screen);
    if (result)
        screen_call(screen, CALL_STATUS, "status", NULL); /* who has acknowledged is seen at once */
}

/* A status has come. */
void
screen_tick_alerts(struct screen *screen)
{
    if (screen->scene.kind == SCENE_ALERTS && screen->deliveries != deliveries(&screen->scene.view))
        screen_ask_notices(screen);
}
