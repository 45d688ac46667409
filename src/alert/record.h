/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Between the engine and the store: a change of an alert becomes a notice, an
 * alert row and deliveries, in one transaction; and after a restart the rows
 * become the engine's alerts again.
 */
#ifndef OPTOP_ALERT_RECORD_H
#define OPTOP_ALERT_RECORD_H

#include "alert/engine.h"
#include "alert/outbox.h"
#include "alert/wording.h"
#include "store/store_alert.h"

/* The notice as it is stored and sent; text is where its line goes. */
struct store_notice alert_notice_row(const struct alert_notice *notice, int64_t wall_ns,
    char text[ALERT_TEXT_MAX]);

/* Within a transaction: adds the notice, its deliveries (outbox may be NULL)
 * and the alert's row. fn, when not NULL, is shown the notice as it was
 * written; its strings are borrowed during the call. */
int alert_record(struct store *store, struct outbox *outbox, const struct alert_notice *notice,
    int64_t wall_ns, store_notice_fn *fn, void *context);

/* Puts every stored alert back into the engine. */
int alert_recall(struct store *store, struct alert_engine *engine);

#endif
