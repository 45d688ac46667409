/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One line per message to one descriptor: time, level, text. Any thread.
 * Libraries below cmd, server and ui log at debug only. Control characters in
 * a message are replaced, so that a log can be read in a terminal.
 */
#ifndef OPTOP_BASE_LOG_H
#define OPTOP_BASE_LOG_H

#include <stddef.h>

/* In the order of the choices of server.log_level (config/config.c). */
enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* fd is borrowed and must stay open; -1 silences. Default: standard error. */
void log_open(int fd, enum log_level max_level);

/* Lines go to take instead, which must not log (any thread); NULL: no more.
 * On return no thread is in the one before. */
void log_divert(void (*take)(void *context, const char *line, size_t len), void *context);

void log_write(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...) log_write(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
