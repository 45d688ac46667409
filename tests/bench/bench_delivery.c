/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Deliveries to receivers on the loopback that are processes of their own: how many
 * per second go to one webhook, http and https, with their bookings on disk, beside a loop
 * that does nothing but write the same request to a connection and read the answer; how
 * long a critical change takes to its first byte there; and that a neighbour who hangs,
 * resets, trickles or answers without end changes nothing for the others, nor for the
 * ticks that consoles get from the same loop.
 *
 * The neighbours: short blocks in turn, of changes that go to a good webhook and to a
 * healthy one, and of changes that go to the good one and to the sick one, whose circuit
 * is closed anew at each block. The store is in memory then: a disk that syncs now in 2 ms
 * and now in 40 would hide all else. The 99th percentile of all of a kind is compared; the
 * interval (95 %) comes of drawing blocks anew. `bench_delivery BLOCKS` draws from more.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "alert/engine.h"
#include "alert/outbox.h"
#include "alert/record.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/str.h"
#include "endpoint.h"
#include "io/folder.h"
#include "timing.h"

enum { DELIVERIES = 4000, ROUNDS = 5, CHANGES = 200, BLOCK = 50, BLOCKS = 40, BLOCKS_MAX = 1000, DRAWS = 1000,
    TICKS_MAX = 1 << 18 };

/* How late the ticks of a timer came, ms. */
struct ticks {
    int64_t due_ns;
    int count;
    double late[TICKS_MAX];
};

static struct endpoint plain, secure, other;
static struct loop *loop;
static struct store *store;
static struct http *http;
static struct outbox *outbox;
static struct config config;
static struct config_webhook webhooks[2];
static char urls[2][64], directory[64] = "/tmp/optop-bench-XXXXXX", pem[96];
static char in_memory[64] = "/dev/shm/optop-bench-XXXXXX";

static void
set_webhook(int i, const char *name, const struct endpoint *endpoint, char path)
{
    snprintf(urls[i], sizeof urls[i], "http%s://127.0.0.1:%d/%c", endpoint->tls ? "s" : "",
        ntohs(endpoint->address.sin_port), path);
    webhooks[i] = (struct config_webhook){ .url = urls[i], .timeout_seconds = 0.5,
        .life_seconds = 3600, .allow_private = true, .warning = true, .critical = true,
        .resolved = true, .ca_file = endpoint->tls ? pem : NULL };
    str_copy(webhooks[i].name, sizeof webhooks[i].name, name);
    config.webhook = webhooks;
    config.webhook_count = i + 1;
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

static void
throughput(struct endpoint *endpoint, int bar)
{
    double ours[ROUNDS], floor_rate[ROUNDS], cpu_us[ROUNDS];
    struct http_figures before = http_figures(http);
    set_webhook(0, "good", endpoint, 'g');
    outbox_configure(outbox, &config);
    for (int i = 0; i < ROUNDS; i++) {
        ours[i] = deliver(&cpu_us[i]);
        floor_rate[i] = endpoint_ping(endpoint, DELIVERIES);
    }
    struct http_figures after = http_figures(http);
    qsort(ours, ROUNDS, sizeof *ours, compare);
    qsort(cpu_us, ROUNDS, sizeof *cpu_us, compare);
    qsort(floor_rate, ROUNDS, sizeof *floor_rate, compare);
    printf("deliveries to one webhook, %s: %.0f/s with bookings on disk (bar %d), %.0f us of CPU each; "
           "bare connection %.0f/s, ratio %.2f; connections reused %.2f %% (bar 99.9)\n",
        endpoint->tls ? "https" : "http", ours[ROUNDS / 2], bar, cpu_us[ROUNDS / 2], floor_rate[ROUNDS / 2],
        ours[ROUNDS / 2] / floor_rate[ROUNDS / 2],
        100.0 * (double)(after.connections_reused - before.connections_reused) /
            (double)(after.requests - before.requests));
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
    return (double)(plain.seen->first_byte_ns - begun) * 1e-6;
}

static void
stop_loop(void *context)
{
    (void)context;
    loop_stop(loop);
}

static void
take_tick(void *context)
{
    struct ticks *ticks = context;
    int64_t now = clock_mono_ns();
    if (ticks->due_ns && ticks->count < TICKS_MAX)
        ticks->late[ticks->count++] = (double)(now - ticks->due_ns) * 1e-6;
    ticks->due_ns = now + NS_PER_MS;
}

static void
changes(struct alert_engine *engine, struct sample *sample, double *ms, int count, struct ticks *ticks)
{
    ticks->due_ns = 0;
    struct loop_timer *timer = loop_timer_start(loop, NS_PER_MS, NS_PER_MS, take_tick, ticks);
    for (int i = 0; i < count; i++) {
        ms[i] = change(engine, sample, i % 2 ? 10 : 99);
        struct loop_timer *end = loop_timer_start(loop, 3 * NS_PER_MS, 0, stop_loop, NULL);
        loop_run(loop); /* what neighbours do meanwhile */
        loop_timer_stop(end);
    }
    loop_timer_stop(timer);
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

/* Of all samples of the blocks that were drawn. */
static double
percentile(double (*block)[BLOCK], const int *drawn, int count, double share)
{
    static double all[BLOCKS_MAX * BLOCK];
    for (int i = 0; i < count; i++)
        memcpy(all + (size_t)i * BLOCK, block[drawn[i]], sizeof *block);
    size_t samples = (size_t)count * BLOCK;
    qsort(all, samples, sizeof *all, compare);
    return all[(size_t)((double)samples * share)];
}

/* Blocks are drawn in the pairs in which they were measured: what the machine did then
 * has met both. */
static void
compare_blocks(double (*healthy)[BLOCK], double (*sick)[BLOCK], int blocks, const char *name, long memory)
{
    static double ratio[DRAWS];
    static int drawn[BLOCKS_MAX];
    unsigned seed = 1;
    for (int d = 0; d < DRAWS; d++) {
        for (int i = 0; i < blocks; i++)
            drawn[i] = rand_r(&seed) % blocks;
        ratio[d] = percentile(sick, drawn, blocks, 0.99) / percentile(healthy, drawn, blocks, 0.99);
    }
    for (int i = 0; i < blocks; i++)
        drawn[i] = i;
    qsort(ratio, DRAWS, sizeof *ratio, compare);
    double p99 = percentile(sick, drawn, blocks, 0.99), before = percentile(healthy, drawn, blocks, 0.99);
    printf("beside a neighbour that %s: p50 %.2f ms, p99 %.2f ms; beside a healthy one %.2f, %.2f; "
           "ratio of p99 %.2f, %.2f to %.2f (bar 1.10) of %d changes each; memory %+ld KiB\n",
        name, percentile(sick, drawn, blocks, 0.5), p99, percentile(healthy, drawn, blocks, 0.5), before,
        p99 / before, ratio[DRAWS * 25 / 1000], ratio[DRAWS * 975 / 1000], blocks * BLOCK, memory);
}

static void
compare_ticks(struct ticks *healthy, struct ticks *sick)
{
    qsort(healthy->late, (size_t)healthy->count, sizeof(double), compare);
    qsort(sick->late, (size_t)sick->count, sizeof(double), compare);
    printf("    a tick of the loop then is late by p99 %.2f ms, at most %.2f; beside a healthy one %.2f, %.2f\n",
        sick->late[(int)(sick->count * 0.99)], sick->late[sick->count - 1],
        healthy->late[(int)(healthy->count * 0.99)], healthy->late[healthy->count - 1]);
}

/* What the last block has left over dies with its webhook, before the clock runs. */
static void
measure_block(struct alert_engine *engine, struct sample *sample, char path, double *ms, struct ticks *ticks)
{
    set_webhook(0, "good", &plain, 'g');
    outbox_configure(outbox, &config);
    while (outbox_figures(outbox).waiting)
        loop_step(loop);
    set_webhook(1, path == 'o' ? "healthy" : "sick", &other, path);
    outbox_configure(outbox, &config);
    changes(engine, sample, ms, BLOCK, ticks);
}

static void
neighbours(struct alert_engine *engine, struct sample *sample, int blocks)
{
    static const struct {
        char path;
        const char *name;
    } row[] = { { 'o', "is healthy, too" }, { 'h', "hangs" }, { 'r', "resets" }, { 't', "trickles" },
        { 'e', "answers without end" } };
    static double healthy[BLOCKS_MAX][BLOCK], sick[BLOCKS_MAX][BLOCK];
    static struct ticks healthy_ticks, sick_ticks;
    outbox_set_backoff(outbox, 0.05, 15); /* twenty times as often as in life */
    for (size_t n = 0; n < sizeof row / sizeof *row; n++) {
        healthy_ticks.count = sick_ticks.count = 0;
        long before = memory_kib();
        for (int i = 0; i < blocks; i++) { /* A B, B A */
            for (int half = 0; half < 2; half++) {
                if (half == i % 2)
                    measure_block(engine, sample, 'o', healthy[i], &healthy_ticks);
                else
                    measure_block(engine, sample, row[n].path, sick[i], &sick_ticks);
            }
        }
        compare_blocks(healthy, sick, blocks, row[n].name, memory_kib() - before);
        compare_ticks(&healthy_ticks, &sick_ticks);
    }
}

static void
first_bytes(struct alert_engine *engine, struct sample *sample)
{
    static double ms[CHANGES];
    set_webhook(0, "good", &plain, 'g');
    outbox_configure(outbox, &config);
    static struct ticks ticks;
    changes(engine, sample, ms, CHANGES, &ticks);
    qsort(ms, CHANGES, sizeof *ms, compare);
    printf("critical change to first byte: p50 %.2f ms, p99 %.2f ms (bar 50)\n", ms[CHANGES / 2],
        ms[CHANGES * 99 / 100]);
}

static void
open_outbox(const char *path)
{
    if (store_open(path, &store, NULL) < 0)
        abort();
    http = http_new(loop);
    outbox = outbox_new(loop, store, http);
}

static void
close_outbox(void)
{
    outbox_free(outbox);
    http_free(http);
    store_close(store);
}

int
main(int argc, char **argv)
{
    struct config_threshold rule = { .metric = METRIC_CPU_TOTAL, .enabled = true,
        .has_critical = true, .critical = 95, .clear_critical = 90 };
    struct sample sample;
    int blocks = argc > 1 ? (int)strtol(argv[1], NULL, 10) : BLOCKS;
    blocks = blocks < 1 ? 1 : blocks > BLOCKS_MAX ? BLOCKS_MAX : blocks;
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, 0);
    log_open(STDERR_FILENO, LOG_LEVEL_ERROR); /* circuits open, as they should */
    if (!mkdtemp(directory) || !mkdtemp(in_memory))
        return 1;
    snprintf(pem, sizeof pem, "%s/pem", directory);
    endpoint_start(&plain, NULL);
    endpoint_start(&other, NULL);
    endpoint_start(&secure, pem);
    loop = loop_new();
    open_outbox(directory);
    throughput(&plain, 5000);
    throughput(&secure, 2000);
    config.threshold = &rule;
    config.threshold_count = 1;
    struct alert_engine *engine = alert_engine_new();
    alert_engine_configure(engine, &config);
    sample_init(&sample);
    sample.mono_ns = NS_PER_SEC;
    first_bytes(engine, &sample);
    close_outbox();
    open_outbox(in_memory);
    neighbours(engine, &sample, blocks);
    close_outbox();
    alert_engine_free(engine);
    loop_free(loop);
    endpoint_stop(&plain);
    endpoint_stop(&other);
    endpoint_stop(&secure);
    int r = folder_remove(AT_FDCWD, in_memory, INT64_MAX);
    return folder_remove(AT_FDCWD, directory, INT64_MAX) < 0 || r < 0;
}
