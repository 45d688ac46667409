/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The server: owns the loop and everyone on it. The one place that knows all
 * the rooms; what they say to each other goes through here.
 *
 *   daemon.c   one server per user: locks, socket, signals, background
 *   server.c   the parts, the tick, config, alerts on their way to the store
 *   session.c  one client: handshake, lines, subscriptions, back-pressure
 *   shortage.c the memory manager: how short memory is, who gives back
 *   relief.c   what is done about it
 *   recording.c  the history, on disk; snapshots.c: the status object in it
 *   leaks.c    who grows and does not stop
 *   raised.c   alerts of the server's own: runs that stand still, who grows
 *   silences.c what people have silenced and acknowledged
 *   handler_rules.c  rules checked, and tried on the past
 *   handler.c  one row and one function per method
 *   status.c   the status object; status_boards.c: its figures of other programs
 */
#ifndef OPTOP_SERVER_SERVER_H
#define OPTOP_SERVER_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "alert/engine.h"
#include "alert/hook.h"
#include "alert/outbox.h"
#include "alert/wording.h"
#include "base/json.h"
#include "config/config.h"
#include "io/http.h"
#include "io/http_listen.h"
#include "io/lines.h"
#include "mem/buffers.h"
#include "optop/memory.h"
#include "run/runner.h"
#include "run/stall.h"
#include "sample/history.h"
#include "sample/sampler.h"
#include "stat/boards.h"
#include "stat/publish.h"
#include "stat/statsd.h"
#include "stat/tasks.h"
#include "sink/sink.h"
#include "store/store_alert.h"

enum {
    SERVER_PROTOCOL = 1,
    SERVER_SESSIONS_MAX = 256,
    SERVER_LINE_MAX = 1024 * 1024,
    SERVER_QUEUE_MAX = 1024 * 1024,
    SERVER_HANDSHAKE_SECONDS = 5,
    SERVER_NOTIFY_MS = 100, /* least time between `run` notifications of progress */
    SERVER_RECENT_MAX = 10,
    SERVER_ACTIVE_MAX = 256, /* alerts that one answer lists; their number is told apart */
    SERVER_STATUS_RUNS_MAX = 20,
    SERVER_STATUS_FIGURES_MAX = 512, /* of all boards, in the status object ... */
    SERVER_BOARD_FIGURES_MAX = 3000, /* ... and in an answer to `boards`: 900 KiB at most */
    SERVER_BOARDS_MS = 5, /* reading boards in one tick; the others follow in the next */
    SERVER_RULES_ANSWER_MAX = 700 * 1024, /* bytes of rules in an answer to rules.backtest */
    SERVER_WEBHOOK_FAILURES = 5, /* in a row: then an alert says so */
    SERVER_CRASH_SLOTS = 60, /* of crashes of workers, each ... */
    SERVER_CRASH_SLOT_SECONDS = 10,
    SERVER_BEST_SECONDS = 60, /* least time between two notices of a run's best */
    SERVER_STALLS_MAX = 64, /* runs looked at for standing still */
    SERVER_STAGED_MAX = 64, /* notices shown of one transaction */
    SERVER_UNSTORED_MAX = 4096, /* changes kept while the store fails */
};

/* A notice as the status object shows it. */
struct recent_notice {
    int64_t id, wall_ns;
    char type[24], key[ALERT_KEY_MAX], state[16], text[ALERT_TEXT_MAX], labels[CONFIG_LABELS_MAX];
    double value, level;
};

/* A change of an alert, kept until it is on disk. Its rule is a copy: the
 * configuration may be another one by then. */
struct unstored_change {
    struct alert alert;
    struct config_threshold rule;
    bool has_rule;
    enum alert_change change;
    enum alert_state before;
    int64_t wall_ns;
};

enum session_topic { TOPIC_TICK = 1, TOPIC_RUNS = 2, TOPIC_ALERTS = 4, TOPIC_CHANGES = 8 };

struct session {
    struct session *next;
    struct server *server;
    struct lines *lines;
    uint64_t number; /* from 1, never used again */
    pid_t pid; /* who has connected */
    int64_t opened_ns; /* monotonic */
    bool greeted; /* hello was answered */
    bool other_version; /* greeted with another protocol: two methods only */
    unsigned topics;
    int64_t watched_run; /* 0: all */
    bool tick_waiting; /* the newest tick goes out when the queue is empty */
    uint64_t told; /* which status it has, of those who are told changes; 0: none */
};

/* What was done about a shortage of memory; see relief.c. */
struct relief {
    enum optop_pressure level; /* at the last look */
    int64_t acted_ns; /* monotonic; 0: never */
    bool scaled; /* scale_down was run, and scale_up not yet */
};

struct server {
    struct loop *loop;
    char *socket_path, *state_directory, *config_path; /* owned */
    int64_t started_ns; /* monotonic */
    struct buffers *buffers;
    struct files *files; /* NULL: no threads could be had */
    struct server_log *log; /* NULL: lines go to standard error */
    struct tasks tasks;
    struct task_stat *sample_task, *rule_task, *encode_task, *request_task, *deliver_task,
        *board_task;
    struct boards boards; /* of all programs of this user */
    struct publisher *publisher; /* our own; NULL: no board could be had */
    struct statsd *statsd; /* what comes by datagrams; NULL: memory was out */
    int statsd_fd;
    char *statsd_path; /* owned; NULL: not bound */
    struct loop_fd *statsd_watch;
    struct proctable *processes; /* NULL: nobody looks */
    int64_t processes_asked_ns; /* monotonic */
    struct leaks *leaks; /* NULL: not looked yet */
    struct store *store;
    struct ini *ini;
    struct config *config;
    struct sampler *sampler;
    struct history *history;
    struct recording *recording; /* NULL: nothing is recorded */
    const struct sample *sample; /* newest; borrowed from the sampler */
    struct alert_engine *alerts;
    struct http *http;
    struct http_listener *metrics; /* NULL: nobody reads our figures over HTTP */
    struct outbox *outbox;
    struct hooks *hooks;
    struct runner *runner;
    struct sinks *sinks;
    struct relief relief;
    char *worker_program;
    struct beside *beside; /* requests that are answered beside the loop; made by the first */
    struct optop_pool *readers; /* connections of their own to the store */
    struct optop_arena arena; /* for the request in hand */
    struct session *sessions;
    uint64_t sessions_opened;
    int session_count;
    struct loop_timer *tick_timer, *notify_timer, *session_timer, *shortage_timer;
    int64_t shortage_due_ns, shortage_early_ns; /* monotonic; how much sooner will do */
    bool sweep_due; /* session_timer is set */
    struct loop_turn *turn;
    bool notify_wanted; /* some run has something to tell */
    bool notify_now; /* a state has changed: do not wait */
    int64_t notified_ns;
    struct str status; /* the newest status object */
    uint64_t status_seq; /* the sample it was made of */
    int64_t status_made_ns; /* monotonic */
    struct str told, change; /* what watchers of changes have, and what it was since the one before */
    uint64_t told_number; /* of `told', from 1 */
    struct str scratch; /* answers and notifications in the making */
    char run_store_state[640], alert_store_state[640]; /* what the store refuses; "": nothing */
    struct recent_notice recent[SERVER_RECENT_MAX]; /* newest first */
    int recent_count;
    struct recent_notice staged[SERVER_STAGED_MAX]; /* in a transaction under way */
    int staged_count;
    struct unstored_change *unstored; /* changes that the store has not taken */
    int unstored_count, unstored_capacity;
    double history_steps[HISTORY_TIERS];
    struct stall stall[SERVER_STALLS_MAX]; /* run 0: not in use */
    int64_t crash_slot; /* number of the newest */
    uint64_t crashes[SERVER_CRASH_SLOTS], crashes_seen;
    struct silence *silence; /* owned; SILENCES_MAX of them */
    int silence_count;
    char rule_fault[ALERT_FAULT_MAX]; /* of a condition; told in the log once */
    char host[64], kernel[64];
    bool stopping;
};

struct server_options {
    const char *socket_path, *state_directory, *config_path;
    const char *proc_root, *sys_root;
};

int server_new(struct loop *loop, const struct server_options *options,
    struct server **ret_server, struct diag *diag);
void server_free(struct server *server);

/* The log goes to a file from now on. */
void server_log_to(struct server *server, const char *path);

/* Takes an accepted connection. */
void server_accept(struct server *server, int fd);

/* Ends workers, then the loop. */
void server_stop(struct server *server);

/* A document's configuration, with the secrets that this process has; owned. */
int server_check_config(const struct ini *ini, struct config **ret_config, struct diag *diag);

/* Reads the INI again, or takes a changed document (takes it on success). On
 * failure everything stays as it was. */
int server_reload(struct server *server, struct diag *diag);
int server_take_config(struct server *server, struct ini *ini, struct diag *diag);

/* session.c */
void session_open(struct server *server, int fd);
void session_send(struct session *session, const struct str *line);
size_t session_queued(const struct session *session); /* bytes that wait for it */
void session_close(struct session *session);
void session_sweep(void *server); /* loop_fn: handshakes that never came */
void session_tick(struct server *server); /* hands the newest status out */

/* Sends {"method":METHOD,"params":PARAMS} to all who watch the topic. */
void session_notify(struct server *server, enum session_topic topic, int64_t run,
    const char *method, const struct str *params);

/* handler.c: answers one request line. */
void handler_line(struct session *session, char *text, size_t len);

/* status.c: appends the status object. */
void status_write(struct server *server, struct str *out);
struct pool_figures server_webhook_pool(const struct server *server);

/* At most `most` figures; of one program, or of all (NULL). */
void status_write_boards(struct json_writer *w, const struct boards *boards, const char *program,
    int most);
void status_write_files(struct json_writer *w);
void status_write_alert(struct json_writer *w, const char *key, const struct alert *alert);
void status_write_active(struct json_writer *w, const struct alert *alerts, int count);
void status_write_notice(struct json_writer *w, const char *key, const struct recent_notice *notice);
void status_take_notice(struct recent_notice *recent, const struct store_notice *notice);

/* statsd_socket.c: the datagram socket beside ours. */
void statsd_socket_open(struct server *server);
void statsd_socket_close(struct server *server);

/* raised.c: alerts of the server's own; at each tick */
void raised_step(struct server *server, int64_t now_ns);

/* handler_rules.c: the session, or all, has gone: nothing is answered. */

/* silences.c: what people have silenced */
void silences_start(struct server *server);
void silences_tick(struct server *server);

/* Changes of alerts, on their way to the store and to people; borrowed during the call. */
/* What was raised is told now, and not at the next tick. */
void server_tell_raised(struct server *server);
void server_tell_changes(struct server *server, const struct alert_notice *notices, int count);

/* own_figures.c: what the server itself knows, into the sample. */
void own_figures(struct server *server, struct sample *sample, int64_t now_ns);

/* watched.c: the figures that a threshold is for, from the boards into the sample. */
void watched_figures(struct sample *sample, const struct boards *boards,
    const struct config *config);

/* shortage.c: the memory manager on our loop. */
void shortage_start(struct server *server);
void shortage_stop(struct server *server);
void shortage_tick(struct server *server);
void shortage_write(struct json_writer *w); /* members of the object of memory */

/* recording.c: opened for the history that there is now (a configuration may have brought
 * another one); what the recording knows of before comes into that. bytes: on disk. */
void recording_start(struct server *server);
void recording_stop(struct server *server);
void recording_step(struct server *server, int64_t now_ns);
size_t recording_bytes(const struct server *server);
char *recording_directory(const struct server *server); /* owned by the caller */

/* relief.c: what [pressure] says is to be done; after each look at the memory. */
void relief_step(struct server *server);

/* Stores a notice with its deliveries, shows and sends it. */
void server_tell(struct server *server, struct store_notice *notice);

/* leaks.c: who grows and does not stop; after the boards were read. */
void leaks_step(struct server *server, int64_t now_ns);

/* handler_processes.c: forgets them when nobody has asked for a while. */
void proctable_tick(struct server *server, int64_t now_ns);
void leaks_each(const struct leaks *leaks,
    void (*fn)(void *context, const char *name, const char *text), void *context);
void leaks_free(struct leaks *leaks);
void leaks_write(struct json_writer *w, const struct leaks *leaks); /* member "leaks" */

/* metrics_page.c: figures for Prometheus. move: to where a new configuration says;
 * a fault leaves it where it was. */
void metrics_page_start(struct server *server);
int metrics_page_move(struct server *server, const struct config *config, const struct ini *ini,
    struct diag *diag);
void metrics_page_stop(struct server *server);

/* "ok", or what is wrong, for people. */
const char *server_state(const struct server *server);

/* The status object of the newest sample, made when it is first asked for. */
const struct str *server_status(struct server *server);

#endif
