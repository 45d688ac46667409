/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alert/record.h"

#include "alert/wording.h"
#include "base/str.h"
#include "config/threshold.h"

static int
record_alert(struct store *store, const struct alert *alert)
{
    if (alert->told == ALERT_NORMAL)
        return store_alert_remove(store, alert->key);
    return store_alert_put(store, &(struct store_alert){
                                      .key = alert->key,
                                      .state = alert_state_name(alert->told),
                                      .value = alert->value,
                                      .level = alert->level,
                                      .since_wall_ns = alert->since_wall_ns,
                                      .incident_wall_ns = alert->incident_wall_ns,
                                      .sequence = alert->sequence,
                                      .acknowledged = alert->acknowledged,
                                      .rung = alert->rung,
                                      .text = alert->external ? alert->text : "",
                                      .labels = alert->external ? alert->labels : "",
                                  });
}

/* With `escalate_after` the webhooks up to the alert's rung; an escalation is for the
 * newest of them alone. */
static const char *
recipients(const struct alert_notice *notice, char list[CONFIG_WEBHOOK_LIST_MAX])
{
    const struct alert *alert = notice->alert;
    char name[CONFIG_NAME_MAX];
    if (!alert->rule)
        return NULL;
    if (alert->rule->escalate_seconds <= 0)
        return alert->rule->webhooks;
    const char *all = alert->rule->webhooks;
    list[0] = '\0';
    for (int i = 0; i <= alert->rung && threshold_next_word(&all, name, sizeof name); i++) {
        size_t used = strlen(list);
        if (notice->change == ALERT_CHANGE_ESCALATED)
            used = 0;
        snprintf(list + used, CONFIG_WEBHOOK_LIST_MAX - used, "%s%s", used ? "," : "", name);
    }
    return list;
}

struct store_notice
alert_notice_row(const struct alert_notice *notice, int64_t wall_ns, char text[ALERT_TEXT_MAX])
{
    const struct alert *alert = notice->alert;
    return (struct store_notice){
        .wall_ns = wall_ns,
        .type = alert_notice_type(notice),
        .key = alert->key,
        .state = alert_state_name(alert->told ? alert->told : alert->state),
        .value = alert->value,
        .level = alert->level,
        .incident_wall_ns = alert->incident_wall_ns,
        .sequence = alert->sequence,
        .text = alert_notice_text(notice, text, ALERT_TEXT_MAX),
        .labels = alert_labels(alert),
        .unit = alert_unit(alert),
    };
}

int
alert_record(struct store *store, struct outbox *outbox, const struct alert_notice *notice,
    int64_t wall_ns, store_notice_fn *fn, void *context)
{
    const struct alert *alert = notice->alert;
    char text[ALERT_TEXT_MAX], list[CONFIG_WEBHOOK_LIST_MAX];
    struct store_notice row = alert_notice_row(notice, wall_ns, text);
    int r = store_notice_add(store, &row, &row.id);
    if (r == 0)
        r = record_alert(store, alert);
    if (r == 0 && outbox)
        r = outbox_add(outbox, &row, recipients(notice, list));
    if (r == 0 && fn)
        r = fn(context, &row);
    return r;
}

static int
recall_alert(void *context, const struct store_alert *row)
{
    const char *instance;
    int state = alert_state_parse(row->state);
    int metric = metric_parse(row->key, &instance);
    if (state < 0)
        return 0; /* a state this program does not know cannot be resumed */
    struct alert alert = {
        .metric = metric < 0 ? 0 : (enum metric)metric,
        .state = (enum alert_state)state,
        .value = row->value,
        .level = row->level,
        .since_wall_ns = row->since_wall_ns,
        .incident_wall_ns = row->incident_wall_ns,
        .sequence = row->sequence,
        .rung = row->rung,
    };
    alert.external = row->text[0] != '\0';
    alert.raised = alert.external ? alert.state : ALERT_NORMAL;
    str_copy(alert.text, sizeof alert.text, row->text);
    str_copy(alert.labels, sizeof alert.labels, row->labels);
    str_copy(alert.acknowledged, sizeof alert.acknowledged, row->acknowledged);
    str_copy(alert.key, sizeof alert.key, row->key);
    alert_engine_restore(context, &alert);
    return 0;
}

int
alert_recall(struct store *store, struct alert_engine *engine)
{
    return store_alert_list(store, recall_alert, engine);
}
