/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/log.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

/* The globals of the program besides signal flags; set at start. */
static int log_fd = STDERR_FILENO;
static enum log_level log_max = LOG_LEVEL_WARN;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of the next two, and while a line is taken */
static void (*divert)(void *context, const char *line, size_t len);
static void *divert_context;

static const char *const level_names[] = { "error", "warn", "info", "debug" };

void
log_open(int fd, enum log_level max_level)
{
    log_fd = fd;
    log_max = max_level;
}

void
log_divert(void (*take)(void *context, const char *line, size_t len), void *context)
{
    pthread_mutex_lock(&lock);
    divert_context = context;
    divert = take;
    pthread_mutex_unlock(&lock);
}

static bool
take_diverted(const char *line, size_t len)
{
    pthread_mutex_lock(&lock);
    bool diverted = divert != NULL;
    if (diverted)
        divert(divert_context, line, len);
    pthread_mutex_unlock(&lock);
    return diverted;
}

void
log_write(enum log_level level, const char *format, ...)
{
    if (log_fd < 0 || level > log_max)
        return;
    char text[1024], clean[1536], when[32], line[1700];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_clean(text, clean, sizeof clean);
    int n = snprintf(line, sizeof line, "%s %s: %s\n",
        clock_format_local(clock_wall_ns(), when, sizeof when),
        level_names[level], clean);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
    if (len && !take_diverted(line, len) && write(log_fd, line, len) < 0)
        return; /* nowhere left to tell it */
}
