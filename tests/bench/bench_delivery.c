/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Deliveries to a receiver on the loopback that is a process of its own: how many
 * per second go to one webhook, with their bookings on disk, beside a loop that does
 * nothing but write the same request to a socket and read the answer; how long a
 * critical change takes to its first byte there; and that a neighbour who hangs, resets,
 * trickles or answers without end changes nothing for the others.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "alert/engine.h"
#include "alert/outbox.h"
#include "alert/record.h"
#include "base/clock.h"
#include "base/str.h"
#include "io/folder.h"
#include "timing.h"

enum { DELIVERIES = 4000, ROUNDS = 5, CHANGES = 200, NEIGHBOUR_CHANGES = 40, TURNS = 3, REQUEST_MAX = 65536 };

/* The receiver: a thread per connection, what it does by the first letter of the path. */

static struct shared {
    _Atomic int requests, connections; /* of good paths */
    _Atomic int64_t first_byte_ns; /* of the newest */
} *shared;

static void
misbehave(int fd, char how)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    static char filler[65536];
    struct linger linger = { .l_onoff = 1 };
    if (how == 'r')
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    if (how == 'h')
        pause();
    if (how == 'e' && send(fd, head, sizeof head - 1, MSG_NOSIGNAL) > 0)
        while (send(fd, filler, sizeof filler, MSG_NOSIGNAL) > 0)
            ;
    if (how == 't' && send(fd, head, sizeof head - 1, MSG_NOSIGNAL) > 0)
        while (send(fd, "x", 1, MSG_NOSIGNAL) > 0)
            usleep(20000);
    close(fd);
}

static void *
serve(void *context)
{
    static const char answer[] = "HTTP/1.1 204 No Content\r\n\r\n";
    int fd = (int)(intptr_t)context;
    char request[REQUEST_MAX + 1];
    size_t have = 0;
    bool counted = false;
    for (ssize_t n; (n = recv(fd, request + have, REQUEST_MAX - have, 0)) > 0;) {
        int64_t now = clock_mono_ns();
        have += (size_t)n;
        request[have] = '\0';
        char *end = strstr(request, "\r\n\r\n"), *length = strcasestr(request, "\r\ncontent-length:");
        if (!end || !length || have < (size_t)(end + 4 - request) + strtoul(length + 17, NULL, 10))
            continue;
        if (request[6] != 'g') {
            misbehave(fd, request[6]);
            return NULL;
        }
        shared->connections += !counted;
        counted = true;
        shared->first_byte_ns = now;
        have = 0;
        shared->requests++;
        if (send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL) < 0)
            break;
    }
    close(fd);
    return NULL;
}

static int
listen_anywhere(struct sockaddr_in *in)
{
    socklen_t len = sizeof *in;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    *in = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    if (bind(fd, (struct sockaddr *)in, sizeof *in) < 0 || listen(fd, 64) < 0 ||
        getsockname(fd, (struct sockaddr *)in, &len) < 0)
        abort();
    return fd;
}

static void
receive(int listener)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        pthread_t thread;
        int fd = accept(listener, NULL, NULL);
        if (fd >= 0 && pthread_create(&thread, NULL, serve, (void *)(intptr_t)fd) == 0)
            pthread_detach(thread);
    }
}

/* Ours. */

static struct loop *loop;
static struct store *store;
static struct http *http;
static struct outbox *outbox;
static struct config config;
static struct config_webhook webhooks[2];
static char urls[2][64], directory[64] = "/tmp/optop-bench-XXXXXX";
static struct sockaddr_in address;

static void
configure(int count, char neighbour)
{
    for (int i = 0; i < 2; i++) {
        snprintf(urls[i], sizeof urls[i], "http://127.0.0.1:%d/%c", ntohs(address.sin_port),
            i ? neighbour : 'g');
        webhooks[i] = (struct config_webhook){ .name = "good", .url = urls[i], .timeout_seconds = 1,
            .life_seconds = 3600, .allow_private = true, .warning = true, .critical = true,
            .resolved = true };
    }
    str_copy(webhooks[1].name, sizeof webhooks[1].name, "bad");
    config.webhook = webhooks;
    config.webhook_count = count;
    outbox_configure(outbox, &config);
}

static void
take_waiting(void *context, const struct outbox_webhook *webhook)
{
    if (!strcmp(webhook->name, "good"))
        *(int *)context = webhook->waiting;
}

static void
stop_when_done(void *context)
{
    int waiting = 0;
    (void)context;
    outbox_each(outbox, take_waiting, &waiting);
    if (!waiting)
        loop_stop(loop);
}

/* Until the good one has all. The timer: bookings may come behind the look at the end
 * of a turn, and no turn after them. */
static void
run_until_delivered(void)
{
    struct loop_turn *turn = loop_turn_start(loop, stop_when_done, NULL);
    struct loop_timer *timer = loop_timer_start(loop, NS_PER_MS, NS_PER_MS, stop_when_done, NULL);
    loop_run(loop);
    loop_timer_stop(timer);
    loop_turn_stop(turn);
}

static void
add_many(int count)
{
    const struct store_notice notice = { .id = 1, .type = "alert.critical", .key = "cpu.total",
        .state = "critical", .value = 99, .level = 95, .sequence = 1,
        .text = "cpu.total is 99.0% (critical above 95%)" };
    store_begin(store);
    for (int i = 0; i < count; i++)
        if (outbox_add(outbox, &notice, NULL) < 0)
            abort();
    if (store_commit(store, NULL) < 0)
        abort();
}

/* Per second; *ret_cpu_us: CPU time of the loop's thread for one. */
static double
deliver(double *ret_cpu_us)
{
    add_many(DELIVERIES);
    int64_t begun = clock_mono_ns();
    double cpu = cpu_ns();
    outbox_wake(outbox);
    run_until_delivered();
    *ret_cpu_us = (cpu_ns() - cpu) * 1e-3 / DELIVERIES;
    return DELIVERIES / ns_to_sec(clock_mono_ns() - begun);
}

/* The floor: the same bytes over a socket, and nothing else. */
static double
ping(void)
{
    static char request[1024], answer[256], body[600];
    memset(body, 'x', sizeof body - 1);
    int len = snprintf(request, sizeof request,
        "POST /g HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
        abort();
    int64_t begun = clock_mono_ns();
    for (int i = 0; i < DELIVERIES; i++)
        if (send(fd, request, (size_t)len, 0) != len || recv(fd, answer, sizeof answer, 0) <= 0)
            abort();
    double rate = DELIVERIES / ns_to_sec(clock_mono_ns() - begun);
    close(fd);
    return rate;
}

static void
throughput(void)
{
    double ours[ROUNDS], floor_rate[ROUNDS], cpu_us[ROUNDS];
    configure(1, 'g');
    for (int i = 0; i < ROUNDS; i++) {
        ours[i] = deliver(&cpu_us[i]);
        floor_rate[i] = ping();
    }
    struct http_figures figures = http_figures(http);
    qsort(ours, ROUNDS, sizeof *ours, compare);
    qsort(cpu_us, ROUNDS, sizeof *cpu_us, compare);
    qsort(floor_rate, ROUNDS, sizeof *floor_rate, compare);
    printf("deliveries to one webhook, http: %.0f/s with bookings on disk (bar 5000), %.0f us of CPU each; "
           "bare socket %.0f/s, ratio %.2f; connections reused %.2f %% (bar 99.9)\n",
        ours[ROUNDS / 2], cpu_us[ROUNDS / 2], floor_rate[ROUNDS / 2], ours[ROUNDS / 2] / floor_rate[ROUNDS / 2],
        100.0 * (double)figures.connections_reused / (double)figures.requests);
}

/* A change as the server tells it: engine, one transaction, outbox. */
static double
change(struct alert_engine *engine, struct sample *sample, double value)
{
    const struct alert_notice *notices;
    sample->mono_ns += 400 * NS_PER_SEC; /* or it would flap */
    sample->wall_ns = clock_wall_ns();
    sample_set(sample, METRIC_CPU_TOTAL, -1, value);
    int64_t begun = clock_mono_ns();
    int told = alert_engine_step(engine, sample, &notices);
    store_begin(store);
    for (int i = 0; i < told; i++)
        alert_record(store, outbox, &notices[i], sample->wall_ns, NULL, NULL);
    if (told != 1 || store_commit(store, NULL) < 0)
        abort();
    outbox_wake(outbox);
    run_until_delivered();
    return (double)(shared->first_byte_ns - begun) * 1e-6;
}

static void
changes(struct alert_engine *engine, struct sample *sample, double *ms, int count)
{
    for (int i = 0; i < count; i++) {
        ms[i] = change(engine, sample, i % 2 ? 10 : 99);
        for (int step = 0; step < 10; step++) { /* what neighbours do meanwhile */
            loop_step(loop);
            usleep(500);
        }
    }
}

static long
memory_kib(void)
{
    long size, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%ld %ld", &size, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return resident * sysconf(_SC_PAGESIZE) / 1024;
}

static void
neighbours(struct alert_engine *engine, struct sample *sample)
{
    static const struct {
        char path;
        const char *name;
    } row[] = { { 'h', "hangs" }, { 'r', "resets" }, { 't', "trickles" }, { 'e', "answers without end" } };
    for (size_t n = 0; n < sizeof row / sizeof *row; n++) {
        static double alone[TURNS * NEIGHBOUR_CHANGES], beside[TURNS * NEIGHBOUR_CHANGES];
        long before = memory_kib();
        for (int t = 0; t < TURNS; t++) { /* in turn: the disk is not the same all the time */
            configure(1, row[n].path);
            changes(engine, sample, alone + t * NEIGHBOUR_CHANGES, NEIGHBOUR_CHANGES);
            configure(2, row[n].path);
            changes(engine, sample, beside + t * NEIGHBOUR_CHANGES, NEIGHBOUR_CHANGES);
        }
        int all = TURNS * NEIGHBOUR_CHANGES;
        qsort(alone, (size_t)all, sizeof *alone, compare);
        qsort(beside, (size_t)all, sizeof *beside, compare);
        printf("beside a neighbour that %s: p50 %.2f ms, p99 %.2f ms; alone %.2f, %.2f; ratio of p99 %.2f "
               "(bar 1.10); memory %+ld KiB\n",
            row[n].name, beside[all / 2], beside[all * 99 / 100], alone[all / 2], alone[all * 99 / 100],
            beside[all * 99 / 100] / alone[all * 99 / 100], memory_kib() - before);
    }
}

int
main(void)
{
    static double ms[CHANGES];
    struct config_threshold rule = { .metric = METRIC_CPU_TOTAL, .enabled = true,
        .has_critical = true, .critical = 95, .clear_critical = 90 };
    struct sample sample;
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int listener = listen_anywhere(&address);
    pid_t child = fork();
    if (child == 0)
        receive(listener);
    close(listener);
    loop = loop_new();
    if (!mkdtemp(directory) || store_open(directory, &store, NULL) < 0)
        return 1;
    http = http_new(loop);
    outbox = outbox_new(loop, store, http);
    throughput();
    config.threshold = &rule;
    config.threshold_count = 1;
    struct alert_engine *engine = alert_engine_new();
    alert_engine_configure(engine, &config);
    sample_init(&sample);
    sample.mono_ns = NS_PER_SEC;
    changes(engine, &sample, ms, CHANGES);
    qsort(ms, CHANGES, sizeof *ms, compare);
    printf("critical change to first byte: p50 %.2f ms, p99 %.2f ms (bar 50)\n", ms[CHANGES / 2],
        ms[CHANGES * 99 / 100]);
    neighbours(engine, &sample);
    kill(child, SIGKILL);
    alert_engine_free(engine);
    outbox_free(outbox);
    http_free(http);
    store_close(store);
    loop_free(loop);
    return folder_remove(AT_FDCWD, directory, INT64_MAX) < 0;
}
