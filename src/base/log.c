/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

/* The two globals of the program besides signal flags; set once at start. */
static int log_fd = STDERR_FILENO;
static enum log_level log_max = LOG_LEVEL_WARN;

static const char *const level_names[] = { "error", "warn", "info", "debug" };

void
log_open(int fd, enum log_level max_level)
{
    log_fd = fd;
    log_max = max_level;
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
    if (n > 0 && write(log_fd, line, (size_t)n) < 0)
        return; /* nowhere left to tell it */
}
