/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two curl multi handles ("lanes"), one for requests that may reach private
 * addresses and one for those that may not: the address check is made when a
 * connection is opened, so a connection must never be reused across that line.
 *
 * Requests with their easy handles come from a pool. Finished ones are
 * gathered first and told afterwards, outside of all of curl's callbacks, so
 * that a callback may post, cancel, or free the whole thing.
 */
#include "io/http.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "io/address.h"
#include "io/late.h"
#include "optop/pool.h"

enum {
    URL_MAX = 4096,
    HEADER_MAX = 4096,
    HANDLE_REST_SECONDS = 60, /* of an easy handle without work (5 KiB, and what TLS keeps) */
    HANDLE_LIFE_SECONDS = 3600, /* its name cache goes with it */
    CONNECTIONS_MAX = 64, /* kept open per lane: as many as there can be webhooks */
    CONNECT_MS = 5000,
    CONNECTION_LIFE_SECONDS = 3600, /* so that a changed certificate is seen */
};

/* A socket that curl wants watched. */
struct watch {
    struct watch *next, **link;
    struct loop_fd *fd;
};

struct lane {
    struct http *http;
    CURLM *multi; /* NULL until the first post */
    struct loop_timer *timer;
    struct watch *watches;
    bool allow_private;
};


struct http_request {
    struct http *http;
    struct lane *lane; /* NULL while curl does not have it */
    struct http_request *next, **link; /* in http->active or http->finished */
    CURL *easy;
    struct curl_slist *headers;
    http_fn *fn;
    void *context;
    int64_t start_ns;
    CURLcode code;
    char error[CURL_ERROR_SIZE]; /* curl's own words */
    size_t received; /* bytes of the answer's body */
    bool capped;
    enum address_kind denied; /* of the newest address tried */
    size_t head_len;
    char head[512];
};

struct http {
    struct loop *loop;
    bool curl_ready;
    struct lane lane[2]; /* by allow_private */
    struct optop_pool *handles; /* of struct http_request; NULL until the first post */
    struct loop_timer *trim_timer; /* while some may rest */
    struct http_request *active, *finished;
    int in_flight, open_sockets;
    int depth; /* callbacks of ours that are running */
    bool freed; /* http_free was called from one of them */
    uint64_t requests, made, reused;
};

static void
unlink_request(struct http_request *request)
{
    *request->link = request->next;
    if (request->next)
        request->next->link = request->link;
}

static void
link_request(struct http_request **list, struct http_request *request)
{
    request->next = *list;
    request->link = list;
    if (*list)
        (*list)->link = &request->next;
    *list = request;
}

/* curl's callbacks. None of them calls back into curl or out to a caller. */

static curl_socket_t
open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct http_request *request = context;
    (void)purpose;
    enum address_kind denial = address_kind(&address->addr);
    if (denial == ADDRESS_PRIVATE && request->lane->allow_private)
        denial = ADDRESS_PUBLIC;
    request->denied = denial;
    if (denial != ADDRESS_PUBLIC)
        return CURL_SOCKET_BAD;
    int fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
    if (fd < 0)
        return CURL_SOCKET_BAD;
    /* no more than is read of an answer: who sends without end keeps neither memory nor
     * a processor busy with what is thrown away */
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &(int){ HTTP_BODY_MAX }, sizeof(int));
    request->http->open_sockets++;
    return fd;
}

static int
close_socket(void *context, curl_socket_t fd)
{
    struct http *http = context;
    http->open_sockets--;
    return close(fd);
}

static size_t
take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct http_request *request = context;
    size_t len = size * count;
    size_t room = sizeof request->head - request->head_len;
    size_t kept = len < room ? len : room;
    memcpy(request->head + request->head_len, bytes, kept);
    request->head_len += kept;
    request->received += len;
    if (request->received > HTTP_BODY_MAX) {
        request->capped = true;
        return 0;
    }
    return len;
}

static void tell_finished(struct http *http);

static void
drive(struct lane *lane, curl_socket_t fd, int mask)
{
    struct http *http = lane->http;
    int running;
    http->depth++;
    curl_multi_socket_action(lane->multi, fd, mask, &running);
    tell_finished(http);
    http->depth--;
    if (http->freed && http->depth == 0)
        free(http);
}

static void
on_socket(void *context, int fd, unsigned events)
{
    int mask = (events & LOOP_READ ? CURL_CSELECT_IN : 0) |
        (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0) |
        (events & LOOP_HANGUP ? CURL_CSELECT_ERR : 0);
    drive(context, fd, mask);
}

static void
on_timer(void *context)
{
    drive(context, CURL_SOCKET_TIMEOUT, 0);
}

static void
drop_watch(struct watch *watch)
{
    *watch->link = watch->next;
    if (watch->next)
        watch->next->link = watch->link;
    loop_fd_stop(watch->fd);
    free(watch);
}

static int
watch_socket(CURL *easy, curl_socket_t fd, int what, void *context, void *socket_context)
{
    struct lane *lane = context;
    struct watch *watch = socket_context;
    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        if (watch)
            drop_watch(watch);
        return 0;
    }
    unsigned events = (what & CURL_POLL_IN ? LOOP_READ : 0u) |
        (what & CURL_POLL_OUT ? LOOP_WRITE : 0u);
    if (watch) {
        loop_fd_change(watch->fd, events);
        return 0;
    }
    watch = XNEW(struct watch);
    if (loop_fd_start(lane->http->loop, fd, events, on_socket, lane, &watch->fd) < 0) {
        free(watch); /* curl's own timeouts end the request */
        return 0;
    }
    watch->next = lane->watches;
    watch->link = &lane->watches;
    if (lane->watches)
        lane->watches->link = &watch->next;
    lane->watches = watch;
    curl_multi_assign(lane->multi, fd, watch);
    return 0;
}

static int
set_timer(CURLM *multi, long timeout_ms, void *context)
{
    struct lane *lane = context;
    (void)multi;
    if (timeout_ms == 0 && lane->http->depth > 0)
        timeout_ms = 1; /* set from its own callback, 0 would keep the loop there */
    if (timeout_ms < 0) {
        loop_timer_stop(lane->timer);
        lane->timer = NULL;
    } else if (lane->timer) {
        loop_timer_change(lane->timer, timeout_ms * NS_PER_MS, 0);
    } else {
        lane->timer =
            loop_timer_start(lane->http->loop, timeout_ms * NS_PER_MS, 0, on_timer, lane);
    }
    return 0;
}

/* Requests. */

static int
make_request(void *object, void *context)
{
    struct http_request *request = object;
    request->http = context;
    request->easy = curl_easy_init();
    return request->easy ? 0 : -ENOMEM;
}

/* Everything of the last job goes: a handle must not carry it into the next. */
static int
reset_request(void *object, void *context)
{
    struct http_request *request = object;
    CURL *easy = request->easy;
    curl_easy_reset(easy);
    curl_slist_free_all(request->headers);
    *request = (struct http_request){ .http = context, .easy = easy };
    return 0;
}

static void
end_request(void *object, void *context)
{
    struct http_request *request = object;
    (void)context;
    curl_easy_cleanup(request->easy);
    curl_slist_free_all(request->headers);
}

static int
open_handles(struct http *http)
{
    const struct optop_pool_options options = {
        .name = "webhook handles",
        .object_size = sizeof(struct http_request),
        .idle_ns = HANDLE_REST_SECONDS * NS_PER_SEC,
        .life_ns = HANDLE_LIFE_SECONDS * NS_PER_SEC,
        .create = make_request,
        .reset = reset_request,
        .destroy = end_request,
        .context = http,
    };
    if (!http->handles)
        http->handles = optop_pool_new(&options);
    return http->handles ? 0 : -errno;
}

static void
on_trim(void *context)
{
    struct http *http = context;
    struct optop_pool_figures figures;
    optop_pool_trim(http->handles, false);
    optop_pool_figures(http->handles, &figures);
    if (figures.size) /* what is in use will rest, too */
        return;
    loop_timer_stop(http->trim_timer);
    http->trim_timer = NULL;
}

static void
release_request(struct http_request *request)
{
    struct http *http = request->http;
    optop_pool_release(http->handles, request);
    if (!http->trim_timer)
        http->trim_timer = loop_timer_start(http->loop, HANDLE_REST_SECONDS * NS_PER_SEC,
            HANDLE_REST_SECONDS * NS_PER_SEC, on_trim, http);
}

/* Takes a request out of curl; it is in none of the lists after. */
static void
detach_request(struct http_request *request)
{
    unlink_request(request);
    if (request->lane) {
        curl_multi_remove_handle(request->lane->multi, request->easy);
        request->lane = NULL;
        request->http->in_flight--;
    }
}

static void
describe_failure(const struct http_request *request, char *error)
{
    long os_errno = 0;
    curl_easy_getinfo(request->easy, CURLINFO_OS_ERRNO, &os_errno);
    if (request->denied == ADDRESS_NEVER)
        str_copy(error, HTTP_ERROR_MAX, "the address is not one that may be called (link-local, "
                                        "multicast or unspecified)");
    else if (request->denied == ADDRESS_PRIVATE)
        str_copy(error, HTTP_ERROR_MAX, "the address is private or loopback, and allow_private "
                                        "is off");
    else if (request->code == CURLE_COULDNT_CONNECT && os_errno)
        snprintf(error, HTTP_ERROR_MAX, "cannot connect: %s", strerror((int)os_errno));
    else if (request->code == CURLE_PEER_FAILED_VERIFICATION && request->error[0])
        text_clean(request->error, error, HTTP_ERROR_MAX); /* what is wrong with its certificate */
    else
        str_copy(error, HTTP_ERROR_MAX, curl_easy_strerror(request->code));
}

static void
read_answer(struct http_request *request, struct http_answer *answer)
{
    struct http *http = request->http;
    long status = 0, connects = 0;
    curl_off_t retry_after = 0;
    curl_easy_getinfo(request->easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(request->easy, CURLINFO_NUM_CONNECTS, &connects);
    curl_easy_getinfo(request->easy, CURLINFO_RETRY_AFTER, &retry_after);
    *answer = (struct http_answer){
        .status = (int)status,
        .retry_after_seconds = retry_after > 0 ? (double)retry_after : 0,
        .duration_ns = clock_mono_ns() - request->start_ns,
        .reused = connects == 0 && status != 0,
    };
    if (request->code != CURLE_OK && !(request->capped && status))
        describe_failure(request, answer->error);
    text_clean_bytes(request->head, request->head_len, answer->body, sizeof answer->body);
    http->made += connects > 0 ? (uint64_t)connects : 0;
    http->reused += answer->reused;
}

static struct http_request *
finished_request(struct lane *lane)
{
    int left;
    for (CURLMsg *message; (message = curl_multi_info_read(lane->multi, &left));)
        if (message->msg == CURLMSG_DONE) {
            struct http_request *request = NULL;
            CURLcode code = message->data.result;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &request);
            request->code = code; /* the message dies with the removal */
            return request;
        }
    return NULL;
}

static void
gather_finished(struct lane *lane)
{
    struct http_request *request;
    while (lane->multi && (request = finished_request(lane))) {
        detach_request(request);
        link_request(&lane->http->finished, request);
    }
}

static void
tell_finished(struct http *http)
{
    for (int i = 0; i < 2; i++)
        gather_finished(&http->lane[i]);
    while (!http->freed && http->finished) {
        struct http_request *request = http->finished;
        struct http_answer answer;
        http_fn *fn = request->fn;
        void *context = request->context;
        unlink_request(request);
        read_answer(request, &answer);
        release_request(request);
        fn(context, &answer);
    }
}

/* Setting up. */

static int
start_lane(struct http *http, struct lane *lane)
{
    if (!http->curl_ready && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return -ENOMEM;
    http->curl_ready = true;
    lane->multi = curl_multi_init();
    if (!lane->multi)
        return -ENOMEM;
    curl_multi_setopt(lane->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
    curl_multi_setopt(lane->multi, CURLMOPT_SOCKETDATA, lane);
    curl_multi_setopt(lane->multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(lane->multi, CURLMOPT_TIMERDATA, lane);
    curl_multi_setopt(lane->multi, CURLMOPT_MAXCONNECTS, (long)CONNECTIONS_MAX);
    return 0;
}

void
http_prepare(void)
{
    late_curl();
}

struct http *
http_new(struct loop *loop)
{
    struct http *http = XNEW(struct http);
    http->loop = loop;
    for (int i = 0; i < 2; i++) {
        http->lane[i].http = http;
        http->lane[i].allow_private = i == 1;
    }
    return http;
}

static void
stop_lane(struct lane *lane)
{
    if (lane->multi)
        curl_multi_cleanup(lane->multi);
    lane->multi = NULL;
    while (lane->watches)
        drop_watch(lane->watches);
    loop_timer_stop(lane->timer);
    lane->timer = NULL;
}

void
http_free(struct http *http)
{
    if (!http)
        return;
    struct http_request **const lists[] = { &http->active, &http->finished };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        while (*lists[i]) {
            struct http_request *request = *lists[i];
            detach_request(request);
            optop_pool_release(http->handles, request);
        }
    loop_timer_stop(http->trim_timer);
    optop_pool_free(http->handles);
    for (int i = 0; i < 2; i++)
        stop_lane(&http->lane[i]);
    if (http->curl_ready)
        curl_global_cleanup();
    if (http->depth > 0)
        http->freed = true; /* drive() still stands on it */
    else
        free(http);
}

static bool
url_ok(const char *url)
{
    const char *host = !strncasecmp(url, "http://", 7) ? url + 7
        : !strncasecmp(url, "https://", 8) ? url + 8 : NULL;
    if (!host || strlen(url) > URL_MAX)
        return false;
    for (const char *p = url; *p; p++)
        if ((unsigned char)*p <= ' ' || *p == 0x7F)
            return false;
    CURLU *parsed = curl_url();
    bool ok = parsed && curl_url_set(parsed, CURLUPART_URL, url, 0) == CURLUE_OK;
    curl_url_cleanup(parsed);
    return ok;
}

static bool
header_ok(const char *header)
{
    const char *colon = strchr(header, ':');
    return colon && colon != header && strlen(header) <= HEADER_MAX &&
        !header[strcspn(header, "\r\n")];
}

static int
add_header(struct http_request *request, const char *header)
{
    struct curl_slist *list = curl_slist_append(request->headers, header);
    if (!list)
        return -ENOMEM;
    request->headers = list;
    return 0;
}

static int
check_post(const struct http_post *post)
{
    if (!url_ok(post->url))
        return -EINVAL;
    int count = 0;
    for (; post->headers && post->headers[count]; count++)
        if (count == HTTP_HEADERS_MAX || !header_ok(post->headers[count]))
            return -EINVAL;
    return 0;
}

/* Headers: a null Expect keeps curl from waiting for "100 continue". */
static int
set_headers(struct http_request *request, const struct http_post *post)
{
    int r = add_header(request, "Expect:");
    for (int i = 0; r == 0 && post->headers && post->headers[i]; i++)
        r = add_header(request, post->headers[i]);
    return r;
}

/* A day: what is longer is not a timeout, and milliseconds must fit a long. */
static long
to_ms(double seconds)
{
    double ms = seconds * 1000;
    return ms < 1 ? 1 : ms > 86400e3 ? 86400000L : (long)ms;
}

#define SET(option, value)                                                     \
    do {                                                                       \
        if (curl_easy_setopt(easy, option, value) != CURLE_OK)                 \
            return -ENOMEM;                                                    \
    } while (0)

static int
set_options(struct http_request *request, const struct http_post *post)
{
    CURL *easy = request->easy;
    long whole_ms = to_ms(post->timeout_seconds);
    request->error[0] = '\0';
    SET(CURLOPT_PRIVATE, request);
    SET(CURLOPT_ERRORBUFFER, request->error);
    SET(CURLOPT_URL, post->url);
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)post->body_len);
    SET(CURLOPT_COPYPOSTFIELDS, post->body ? post->body : "");
    SET(CURLOPT_HTTPHEADER, request->headers);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_QUICK_EXIT, 1L); /* else a hanging name lookup blocks the loop until it ends */
    SET(CURLOPT_TIMEOUT_MS, whole_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS, whole_ms < CONNECT_MS ? whole_ms : (long)CONNECT_MS);
    SET(CURLOPT_MAXLIFETIME_CONN, (long)CONNECTION_LIFE_SECONDS);
    SET(CURLOPT_OPENSOCKETFUNCTION, open_socket);
    SET(CURLOPT_OPENSOCKETDATA, request);
    SET(CURLOPT_CLOSESOCKETFUNCTION, close_socket);
    SET(CURLOPT_CLOSESOCKETDATA, request->http);
    SET(CURLOPT_WRITEFUNCTION, take_body);
    SET(CURLOPT_WRITEDATA, request);
    if (post->ca_file) { /* a handle is reset between two posts */
        SET(CURLOPT_CAINFO, post->ca_file);
        SET(CURLOPT_CAPATH, NULL);
    }
    if (post->pin)
        SET(CURLOPT_PINNEDPUBLICKEY, post->pin);
    return 0;
}

/* Sends what can be sent at once, and not when curl's timer is due: from a callback
 * of ours that would be a millisecond later. What has ended by that is told soon. */
static void
send_now(struct lane *lane)
{
    struct http *http = lane->http;
    int running;
    http->depth++;
    curl_multi_socket_action(lane->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    http->depth--;
    gather_finished(lane);
    if (!http->finished || http->depth > 0)
        return;
    if (lane->timer)
        loop_timer_change(lane->timer, NS_PER_MS, 0);
    else
        lane->timer = loop_timer_start(http->loop, NS_PER_MS, 0, on_timer, lane);
}

int
http_post(struct http *http, const struct http_post *post, http_fn *fn, void *context,
    struct http_request **ret_request)
{
    struct lane *lane = &http->lane[post->allow_private];
    if (http->freed)
        return -ECANCELED;
    int r = late_curl();
    if (r == 0)
        r = check_post(post);
    if (r < 0)
        return r;
    if (!lane->multi)
        r = start_lane(http, lane);
    if (r == 0)
        r = open_handles(http);
    if (r < 0)
        return r;
    struct http_request *request = optop_pool_acquire(http->handles);
    if (!request)
        return -ENOMEM;
    r = set_headers(request, post);
    if (r == 0)
        r = set_options(request, post);
    if (r == 0 && curl_multi_add_handle(lane->multi, request->easy) != CURLM_OK)
        r = -ENOMEM;
    if (r < 0) {
        release_request(request);
        return r;
    }
    request->lane = lane;
    request->fn = fn;
    request->context = context;
    request->start_ns = clock_mono_ns();
    link_request(&http->active, request);
    http->in_flight++;
    http->requests++;
    *ret_request = request;
    send_now(lane);
    return 0;
}

void
http_cancel(struct http_request *request)
{
    if (!request)
        return;
    detach_request(request);
    release_request(request);
}

struct http_figures
http_figures(const struct http *http)
{
    int idle = http->open_sockets - http->in_flight;
    return (struct http_figures){
        .requests = http->requests,
        .connections_made = http->made,
        .connections_reused = http->reused,
        .in_flight = http->in_flight,
        .idle_connections = idle > 0 ? idle : 0,
    };
}
