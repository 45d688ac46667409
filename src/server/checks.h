/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The method run.check: what is in a run file is counted and opened in processes
 * of their own (exec/run_check.h), beside the loop (server/beside.h), a fresh one for each request, so that neither a
 * plugin nor a large space can hold up or harm the server. Loop thread only.
 */
#ifndef OPTOP_SERVER_CHECKS_H
#define OPTOP_SERVER_CHECKS_H

#include "server/call.h"

enum {
    CHECKS_PROCESSES = 2, /* at a time */
    CHECKS_SECONDS = 10, /* for a plugin to open */
};

/* A call whose run file was found well: takes its request and text (owned) and
 * spec, and answers later: CALL_LATER. On failure it has taken nothing. */
int checks_add(struct call *call, const char *text, const char *file, const char *directory,
    struct run_spec *spec);

#endif
