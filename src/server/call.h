/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One request on its way through a method: what the files of methods share.
 * A method writes the members of its result object, or returns a negative
 * code with a diag; then what it wrote is dropped.
 */
#ifndef OPTOP_SERVER_CALL_H
#define OPTOP_SERVER_CALL_H

#include "server/server.h"

enum {
    JSONRPC_PARSE = -32700,
    JSONRPC_REQUEST = -32600,
    JSONRPC_METHOD = -32601,
    JSONRPC_PARAMS = -32602,
};

enum { CALL_LATER = 1 }; /* a method's result: it has taken the request, and will answer */

struct call {
    struct session *session; /* NULL where the method reads beside the loop, ... */
    struct server *server; /* ... and so is this */
    struct store *store; /* to read from */
    struct optop_arena *arena; /* for what ends with the answer */
    json_t *request; /* the whole; NULL beside the loop */
    const json_t *params;
    struct json_writer *w;
    struct diag *diag;
};

/* One line: what an answer begins and ends with, around the members of its result;
 * and an error. */
void call_begin(struct json_writer *w, struct str *out, const json_t *request);
void call_end(struct json_writer *w);
void call_error(struct str *out, const json_t *request, int code, const struct diag *diag);

/* A parameter that must be there: fills the diag. */
int call_need(struct call *call, const char *key);

/* A whole number cut to 0 .. max. */
int call_limit(const struct call *call, const char *key, int fallback, int max);

/* The run that a request names; *ret_loaded (or NULL) is to be freed. */
int call_find_run(struct call *call, const struct run **ret_run, struct run **ret_loaded);

/* The run object as the result: its members are spliced in. */
void call_put_run(struct call *call, const struct run *run, bool with_text);

/* handler_steer.c */
int handle_run_cancel(struct call *call);
int handle_run_pause(struct call *call);
int handle_run_resume(struct call *call);
int handle_run_retry(struct call *call);
int handle_run_clone(struct call *call);
int handle_run_set(struct call *call);

/* handler_output.c */
int handle_run_output(struct call *call);

/* handler_results.c */
int handle_run_export(struct call *call); /* beside the loop */

/* handler_map.c */
int handle_run_map(struct call *call); /* beside the loop */

/* handler_workers.c */
int handle_run_workers(struct call *call);
int handle_run_failures(struct call *call); /* beside the loop */

/* handler_config.c */
int handle_config_get(struct call *call);
int handle_config_set(struct call *call);
int handle_config_reload(struct call *call);

/* handler_caches.c */
int handle_caches(struct call *call);
int handle_caches_clear(struct call *call);
int handle_caches_switch(struct call *call);

/* status_boards.c */
int handle_boards(struct call *call);

/* status_files.c */
int handle_files(struct call *call);

/* handler_processes.c */

/* What the processes of a run use together; figures that are not known are NaN. */
struct processes_use {
    int processes;
    double cpu_pct; /* of one core */
    double rss_bytes, read_bytes, write_bytes; /* the latter per second, from and to disks */
};
int processes_use(struct server *server, int64_t run, struct processes_use *ret_use);

int handle_processes(struct call *call);
int handle_process_show(struct call *call);
int handle_process_figures(struct call *call); /* beside the loop */
int handle_process_signal(struct call *call);
int handle_process_renice(struct call *call);
int handle_process_affinity(struct call *call);
int handle_process_io_priority(struct call *call);

/* handler_alerts.c */
int handle_alerts_list(struct call *call);
int handle_alerts_dead(struct call *call);
int handle_alerts_test(struct call *call);
int handle_alerts_delivery(struct call *call);
int handle_alerts_replay(struct call *call);

/* handler_past.c */
int handle_status_at(struct call *call);

/* handler_rules.c */
int handle_rules_check(struct call *call);
int handle_rules_backtest(struct call *call);

/* silences.c */
int handle_alerts_show(struct call *call);
int handle_alerts_ack(struct call *call);
int handle_notify(struct call *call);
int handle_alerts_silence(struct call *call);
int handle_alerts_silences(struct call *call);
int handle_alerts_unsilence(struct call *call);
int handle_alerts_history(struct call *call); /* beside the loop */

#endif
