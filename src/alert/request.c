/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alert/request.h"

#include <assert.h>
#include <stdarg.h>

void
request_init(struct webhook_request *request)
{
    *request = (struct webhook_request){ .count = 0 };
    str_init(&request->body);
}

void
request_release(struct webhook_request *request)
{
    for (int i = 0; i < request->count; i++)
        str_release(&request->line[i]);
    str_release(&request->body);
}

void
request_header(struct webhook_request *request, const char *name, const char *format, ...)
{
    assert(request->count < REQUEST_HEADERS_MAX);
    struct str *line = &request->line[request->count];
    va_list args;
    str_init(line);
    str_printf(line, "%s: ", name);
    va_start(args, format);
    str_vprintf(line, format, args);
    va_end(args);
    request->header[request->count++] = line->data;
    request->header[request->count] = NULL;
}
