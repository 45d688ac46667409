/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every command of optop, in the order in which help and the manual show them.
 */
#ifndef OPTOP_CMD_CMD_TABLE_H
#define OPTOP_CMD_CMD_TABLE_H

#include "cmd/cmd.h"

/*  X(symbol) */
#define CMD_TABLE(X)                                                           \
    X(cmd_console)                                                             \
    X(cmd_run)                                                                 \
    X(cmd_resume)                                                              \
    X(cmd_runs)                                                                \
    X(cmd_show)                                                                \
    X(cmd_top)                                                                 \
    X(cmd_processes)                                                           \
    X(cmd_map)                                                                 \
    X(cmd_compare)                                                             \
    X(cmd_export)                                                              \
    X(cmd_logs)                                                                \
    X(cmd_workers)                                                             \
    X(cmd_failures)                                                            \
    X(cmd_retry)                                                               \
    X(cmd_clone)                                                               \
    X(cmd_set)                                                                 \
    X(cmd_pause)                                                               \
    X(cmd_cancel)                                                              \
    X(cmd_status)                                                              \
    X(cmd_watch)                                                               \
    X(cmd_boards)                                                              \
    X(cmd_requests)                                                            \
    X(cmd_requests_cancel)                                                     \
    X(cmd_caches)                                                              \
    X(cmd_caches_clear)                                                        \
    X(cmd_caches_invalidate)                                                   \
    X(cmd_caches_off)                                                          \
    X(cmd_caches_on)                                                           \
    X(cmd_files)                                                               \
    X(cmd_alerts)                                                              \
    X(cmd_alerts_show)                                                         \
    X(cmd_alerts_ack)                                                          \
    X(cmd_alerts_silence)                                                      \
    X(cmd_alerts_unsilence)                                                    \
    X(cmd_alerts_history)                                                      \
    X(cmd_rules_check)                                                         \
    X(cmd_rules_backtest)                                                      \
    X(cmd_notify)                                                              \
    X(cmd_alerts_test)                                                         \
    X(cmd_alerts_dead)                                                         \
    X(cmd_alerts_replay)                                                       \
    X(cmd_config_check)                                                        \
    X(cmd_config_show)                                                         \
    X(cmd_config_set)                                                          \
    X(cmd_config_unset)                                                        \
    X(cmd_config_reload)                                                       \
    X(cmd_config_options)                                                      \
    X(cmd_server_run)                                                          \
    X(cmd_server_status)                                                       \
    X(cmd_server_stop)                                                         \
    X(cmd_help)                                                                \
    X(cmd_version_row)

#define X(symbol) extern const struct cmd symbol;
CMD_TABLE(X)
#undef X

/* Ends with NULL. */
extern const struct cmd *const cmd_table[];

#endif
