/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/late.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include "base/log.h"

struct late_function {
    const char *name; /* NULL: the end */
    void *pointer; /* of the pointer to it */
};

/* It stays: TLS libraries leave behind what would call into nothing. */
static int
load(const char *file, const struct late_function *function)
{
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    for (; library && function->name; function++) {
        void *symbol = dlsym(library, function->name);
        if (!symbol)
            break;
        memcpy(function->pointer, &symbol, sizeof symbol);
    }
    if (library && !function->name)
        return 0;
    log_error("%s cannot be used: %s", file, dlerror());
    return -ELIBACC;
}

/* To add a function: one row.  X(result, name, parameters, arguments) */
#define CURL_TABLE(X)                                                          \
    X(CURLcode, curl_global_init, (long flags), (flags))                       \
    X(void, curl_global_cleanup, (void), ())                                   \
    X(CURLM *, curl_multi_init, (void), ())                                    \
    X(CURLMcode, curl_multi_cleanup, (CURLM *multi), (multi))                  \
    X(CURLMcode, curl_multi_add_handle, (CURLM *multi, CURL *easy), (multi, easy)) \
    X(CURLMcode, curl_multi_remove_handle, (CURLM *multi, CURL *easy), (multi, easy)) \
    X(CURLMcode, curl_multi_assign, (CURLM *multi, curl_socket_t fd, void *data), (multi, fd, data)) \
    X(CURLMcode, curl_multi_socket_action, (CURLM *multi, curl_socket_t fd, int mask, int *running), \
        (multi, fd, mask, running))                                            \
    X(CURLMsg *, curl_multi_info_read, (CURLM *multi, int *left), (multi, left)) \
    X(CURL *, curl_easy_init, (void), ())                                      \
    X(void, curl_easy_reset, (CURL *easy), (easy))                             \
    X(void, curl_easy_cleanup, (CURL *easy), (easy))                           \
    X(const char *, curl_easy_strerror, (CURLcode code), (code))               \
    X(struct curl_slist *, curl_slist_append, (struct curl_slist *list, const char *text), (list, text)) \
    X(void, curl_slist_free_all, (struct curl_slist *list), (list))            \
    X(CURLU *, curl_url, (void), ())                                           \
    X(void, curl_url_cleanup, (CURLU *url), (url))                             \
    X(CURLUcode, curl_url_set, (CURLU *url, CURLUPart part, const char *text, unsigned flags), \
        (url, part, text, flags))

#define MICROHTTPD_TABLE(X)                                                    \
    X(struct MHD_Response *, MHD_create_response_from_buffer,                  \
        (size_t size, void *bytes, enum MHD_ResponseMemoryMode mode), (size, bytes, mode)) \
    X(enum MHD_Result, MHD_add_response_header,                                \
        (struct MHD_Response *response, const char *name, const char *value), (response, name, value)) \
    X(enum MHD_Result, MHD_queue_response,                                     \
        (struct MHD_Connection *connection, unsigned status, struct MHD_Response *response), \
        (connection, status, response))                                        \
    X(void, MHD_destroy_response, (struct MHD_Response *response), (response)) \
    X(const char *, MHD_lookup_connection_value,                               \
        (struct MHD_Connection *connection, enum MHD_ValueKind kind, const char *key), \
        (connection, kind, key))                                               \
    X(enum MHD_Result, MHD_run, (struct MHD_Daemon *daemon), (daemon))         \
    X(enum MHD_Result, MHD_get_timeout, (struct MHD_Daemon *daemon, MHD_UNSIGNED_LONG_LONG *ms), \
        (daemon, ms))                                                          \
    X(void, MHD_stop_daemon, (struct MHD_Daemon *daemon), (daemon))

/* The names are in parentheses: some are macros, too. */
#define DEFINE(result, name, parameters, arguments)                            \
    static result(*late_##name) parameters;                                    \
    result(name) parameters                                                    \
    {                                                                          \
        return late_##name arguments;                                          \
    }
#define FUNCTION(name) { #name, &late_##name },
#define ROW(result, name, parameters, arguments) FUNCTION(name)

CURL_TABLE(DEFINE)
MICROHTTPD_TABLE(DEFINE)

/* Those with arguments of any type. */

static CURLcode (*late_curl_easy_setopt)(CURL *easy, CURLoption option, ...);
static CURLcode (*late_curl_easy_getinfo)(CURL *easy, CURLINFO info, ...);
static CURLMcode (*late_curl_multi_setopt)(CURLM *multi, CURLMoption option, ...);
static struct MHD_Daemon *(*late_MHD_start_daemon_va)(unsigned flags, uint16_t port,
    MHD_AcceptPolicyCallback accept, void *accept_context, MHD_AccessHandlerCallback answer,
    void *answer_context, va_list options);
static const union MHD_DaemonInfo *(*late_MHD_get_daemon_info)(struct MHD_Daemon *daemon,
    enum MHD_DaemonInfoType type, ...);

/* What an option takes is in its number. */
#define PASS_ON(call, handle, option)                                          \
    do {                                                                       \
        va_list list;                                                          \
        va_start(list, option);                                                \
        r = (int)(option) < CURLOPTTYPE_OBJECTPOINT ? call(handle, option, va_arg(list, long)) \
            : (int)(option) >= CURLOPTTYPE_OFF_T && (int)(option) < CURLOPTTYPE_BLOB \
            ? call(handle, option, va_arg(list, curl_off_t))                   \
            : call(handle, option, va_arg(list, void *));                      \
        va_end(list);                                                          \
    } while (0)

CURLcode(curl_easy_setopt)(CURL *easy, CURLoption option, ...)
{
    CURLcode r;
    PASS_ON(late_curl_easy_setopt, easy, option);
    return r;
}

CURLMcode(curl_multi_setopt)(CURLM *multi, CURLMoption option, ...)
{
    CURLMcode r;
    PASS_ON(late_curl_multi_setopt, multi, option);
    return r;
}

CURLcode(curl_easy_getinfo)(CURL *easy, CURLINFO info, ...)
{
    va_list list;
    va_start(list, info);
    CURLcode r = late_curl_easy_getinfo(easy, info, va_arg(list, void *));
    va_end(list);
    return r;
}

struct MHD_Daemon *
MHD_start_daemon(unsigned flags, uint16_t port, MHD_AcceptPolicyCallback accept,
    void *accept_context, MHD_AccessHandlerCallback answer, void *answer_context, ...)
{
    va_list list;
    va_start(list, answer_context);
    struct MHD_Daemon *daemon =
        late_MHD_start_daemon_va(flags, port, accept, accept_context, answer, answer_context, list);
    va_end(list);
    return daemon;
}

const union MHD_DaemonInfo *
MHD_get_daemon_info(struct MHD_Daemon *daemon, enum MHD_DaemonInfoType type, ...)
{
    return late_MHD_get_daemon_info(daemon, type);
}

int
late_curl(void)
{
    static const struct late_function functions[] = { CURL_TABLE(ROW) FUNCTION(curl_easy_setopt)
            FUNCTION(curl_easy_getinfo) FUNCTION(curl_multi_setopt){ NULL, NULL } };
    static int state = 1;
    if (state > 0)
        state = load("libcurl.so.4", functions);
    return state;
}

int
late_microhttpd(void)
{
    static const struct late_function functions[] = { MICROHTTPD_TABLE(ROW)
            FUNCTION(MHD_start_daemon_va) FUNCTION(MHD_get_daemon_info){ NULL, NULL } };
    static int state = 1;
    if (state > 0)
        state = load("libmicrohttpd.so.12", functions);
    return state;
}
