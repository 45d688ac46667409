/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One manager per process. Two locks: `lock' for what is told, held for
 * moments; `busy' for a step or a release, which call others and may take long.
 */
#include "mem/memory.h"

#include <errno.h>
#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mem/memory_read.h"
#include "mem/registry.h"

#define SECOND_NS INT64_C(1000000000)

enum {
    CALLBACKS_MAX = 16,
    AGAIN_SECONDS = 5, /* between two releases while memory stays short */
    WANTED_LEFT_PCT = 24, /* of the limit: where no level is left */
    WANTED_SHARE = 16, /* of what is resident, at least */
};

enum scope { SCOPE_MACHINE, SCOPE_GROUP, SCOPE_OWN, SCOPE_COUNT };

static const char *const scope_name[SCOPE_COUNT] = { "machine", "cgroup", "own limit" };

static pthread_mutex_t busy = PTHREAD_MUTEX_INITIALIZER;
static const char *root = ""; /* from here on under busy */
static bool is_open;
static struct memory_files files;
static struct pressure scope[SCOPE_COUNT];
static int64_t released_ns; /* the last release of a step */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static enum optop_pressure level; /* from here on under lock */
static enum optop_pressure around; /* the same without the own limit */
static char reason[128];
static int wait_ms = 100;
static int64_t own_limit_bytes;
static double limit_bytes; /* of machine and cgroup; 0: not known yet */
static struct optop_released released;
static struct {
    optop_pressure_fn *call; /* NULL: free */
    void *data;
} callback[CALLBACKS_MAX];

const char *
optop_pressure_name(enum optop_pressure pressure)
{
    static const char *const name[] = { "none", "low", "moderate", "high", "critical" };
    return (unsigned)pressure < sizeof name / sizeof *name ? name[pressure] : "";
}

static int64_t
clock_of(clockid_t id)
{
    struct timespec now;
    clock_gettime(id, &now);
    return (int64_t)now.tv_sec * SECOND_NS + now.tv_nsec;
}

static int64_t
resident_bytes(void)
{
    int64_t bytes;
    return memory_read_process(0, &bytes, NULL) == 0 ? bytes : -1;
}

/* What the manager shows of the process. */

static int
show_process(struct resource *resource, struct resource_figure ret[RESOURCE_FIGURES_MAX])
{
    struct optop_memory memory;
    struct optop_released gave;
    (void)resource;
    if (optop_memory_read(&memory, 0) < 0)
        return 0;
    optop_memory_released(&gave);
    const struct resource_figure figures[] = {
        { "rss", "bytes", RESOURCE_GAUGE, (double)memory.rss_bytes },
        { "virtual", "bytes", RESOURCE_GAUGE, (double)memory.virtual_bytes },
        { "limit", "bytes", RESOURCE_GAUGE, (double)memory.limit_bytes },
        { "used", "percent", RESOURCE_GAUGE, memory.used_pct },
        { "pressure", "", RESOURCE_GAUGE, optop_memory_pressure(NULL, 0) },
        { "releases", "", RESOURCE_COUNTER, (double)gave.releases },
        { "released", "bytes", RESOURCE_COUNTER, (double)gave.bytes },
    };
    memcpy(ret, figures, sizeof figures);
    return sizeof figures / sizeof *figures;
}

static struct resource process_resource = {
    .kind = "process", .name = "self", .figures = show_process,
};

/* With busy. */
static void
open_once(void)
{
    if (is_open)
        return;
    is_open = true;
    memory_files_open(&files, root);
    if (!process_resource.id)
        registry_add(&process_resource);
    double least = fmin(files.machine_bytes, files.limit_bytes); /* of a NaN, the other */
    pthread_mutex_lock(&lock);
    limit_bytes = isnan(least) ? 0 : least;
    pthread_mutex_unlock(&lock);
}

void
memory_use_root(const char *prefix)
{
    pthread_mutex_lock(&busy);
    if (is_open)
        memory_files_close(&files);
    is_open = false;
    root = prefix;
    memset(scope, 0, sizeof scope);
    released_ns = 0;
    open_once();
    pthread_mutex_lock(&lock);
    level = around = OPTOP_PRESSURE_NONE;
    reason[0] = '\0';
    memset(&released, 0, sizeof released);
    pthread_mutex_unlock(&lock);
    pthread_mutex_unlock(&busy);
}

int
optop_memory_read(struct optop_memory *ret_memory, unsigned flags)
{
    struct optop_memory memory = { .pss_bytes = -1, .limit_bytes = -1, .used_pct = (double)NAN };
    int r = memory_read_process(0, &memory.rss_bytes, &memory.virtual_bytes);
    if (r == 0 && flags & OPTOP_MEMORY_PSS)
        r = memory_read_pss(&memory.pss_bytes);
    if (r < 0)
        return r;
    if (pthread_mutex_trylock(&busy) == 0) {
        open_once();
        pthread_mutex_unlock(&busy);
    }
    pthread_mutex_lock(&lock);
    double limit = limit_bytes;
    if (own_limit_bytes && (limit <= 0 || (double)own_limit_bytes < limit))
        limit = (double)own_limit_bytes;
    pthread_mutex_unlock(&lock);
    if (limit > 0) {
        memory.limit_bytes = (int64_t)limit;
        memory.used_pct = 100 * (double)memory.rss_bytes / limit;
    }
    *ret_memory = memory;
    return 0;
}

/* Giving back. */

struct release {
    size_t wanted, got;
    int64_t resident;
    struct optop_released gave;
};

/* The largest ones are named. */
static void
note_giver(struct optop_released *gave, const char *name, int64_t bytes)
{
    int at = gave->count;
    while (at > 0 && gave->giver[at - 1].bytes < bytes)
        at--;
    if (at == OPTOP_GIVERS_MAX)
        return;
    int last = gave->count < OPTOP_GIVERS_MAX ? gave->count++ : OPTOP_GIVERS_MAX - 1;
    memmove(&gave->giver[at + 1], &gave->giver[at], (size_t)(last - at) * sizeof gave->giver[0]);
    snprintf(gave->giver[at].name, sizeof gave->giver[at].name, "%s", name);
    gave->giver[at].bytes = bytes;
}

/* How much less is resident, now that what was freed went to the kernel. */
static void
measure(struct release *release, const char *name)
{
    malloc_trim(0);
    int64_t now = resident_bytes(), bytes = release->resident - now;
    release->resident = now;
    if (now < 0 || bytes <= 0)
        return;
    release->got += (size_t)bytes;
    release->gave.last_bytes += bytes;
    note_giver(&release->gave, name, bytes);
}

static void
ask(struct resource *resource, void *data)
{
    struct release *release = data;
    char name[sizeof release->gave.giver[0].name];
    if (!resource->give_back || release->got >= release->wanted ||
        !resource->give_back(resource, release->wanted - release->got))
        return;
    snprintf(name, sizeof name, "%s %s", resource->kind, resource->name);
    measure(release, name);
}

/* With busy. */
static size_t
release_memory(size_t wanted)
{
    struct release release = { .wanted = wanted, .resident = resident_bytes() };
    if (release.resident < 0)
        return 0;
    measure(&release, "heap");
    registry_each(ask, &release);
    pthread_mutex_lock(&lock);
    release.gave.releases = released.releases + 1;
    release.gave.bytes = released.bytes + release.got;
    release.gave.last_wall_ns = clock_of(CLOCK_REALTIME);
    if (release.got)
        released = release.gave;
    else
        released.releases++;
    pthread_mutex_unlock(&lock);
    return release.got;
}

size_t
optop_memory_release(size_t wanted)
{
    pthread_mutex_lock(&busy);
    open_once();
    size_t got = release_memory(wanted);
    pthread_mutex_unlock(&busy);
    return got;
}

void
optop_memory_released(struct optop_released *ret_released)
{
    pthread_mutex_lock(&lock);
    *ret_released = released;
    pthread_mutex_unlock(&lock);
}

/* A step. */

/* The scope that has the highest level; those that there are not have none. */
static enum scope
take_readings(void)
{
    struct pressure_reading reading = { .now_ns = clock_of(CLOCK_MONOTONIC) };
    enum scope worst = SCOPE_MACHINE;
    pthread_mutex_lock(&lock);
    double own = (double)own_limit_bytes;
    pthread_mutex_unlock(&lock);
    memory_read_machine(&files, &reading);
    pressure_step(&scope[SCOPE_MACHINE], &reading);
    if (memory_read_group(&files, &reading))
        pressure_step(&scope[SCOPE_GROUP], &reading);
    if (own > 0) {
        reading.limit_bytes = own;
        reading.left_bytes = own - (double)resident_bytes();
        reading.some_us = reading.full_us = (double)NAN;
        pressure_step(&scope[SCOPE_OWN], &reading);
    } else {
        scope[SCOPE_OWN] = (struct pressure){ .count = 0 };
    }
    for (enum scope s = SCOPE_GROUP; s < SCOPE_COUNT; s++)
        if (scope[s].level > scope[worst].level)
            worst = s;
    return worst;
}

/* Those that there may be: asked for once, it reads a directory. */
static int
machine_cores(void)
{
    static int cores;
    if (!cores)
        cores = (int)sysconf(_SC_NPROCESSORS_CONF);
    return cores;
}

static int
shortest_wait(void)
{
    int cores = machine_cores(), shortest = pressure_wait_ms(&scope[SCOPE_MACHINE], cores);
    for (enum scope s = SCOPE_GROUP; s < SCOPE_COUNT; s++) {
        int ms = scope[s].count ? pressure_wait_ms(&scope[s], cores) : shortest;
        shortest = ms < shortest ? ms : shortest;
    }
    return shortest;
}

/* What is to be given back now; 0: nothing. */
static size_t
wanted_bytes(const struct pressure *worst, enum optop_pressure before)
{
    int64_t now_ns = clock_of(CLOCK_MONOTONIC);
    bool is_again = released_ns && now_ns - released_ns < AGAIN_SECONDS * SECOND_NS;
    if (worst->level < OPTOP_PRESSURE_MODERATE || (is_again && worst->level <= before))
        return 0;
    released_ns = now_ns;
    if (worst->level > OPTOP_PRESSURE_MODERATE)
        return SIZE_MAX;
    double limit = worst->point[worst->newest].limit_bytes;
    double missing = (WANTED_LEFT_PCT - worst->left_pct) / 100 * limit;
    return (size_t)fmax(missing, (double)resident_bytes() / WANTED_SHARE);
}

static void
tell(enum optop_pressure now, enum optop_pressure before)
{
    for (int i = 0; i < CALLBACKS_MAX; i++) {
        pthread_mutex_lock(&lock);
        optop_pressure_fn *call = callback[i].call;
        void *data = callback[i].data;
        pthread_mutex_unlock(&lock);
        if (call)
            call(now, before, data);
    }
}

enum optop_pressure
optop_memory_step(void)
{
    char text[sizeof reason - 16];
    if (pthread_mutex_trylock(&busy) != 0) /* another thread looks, or one gives back */
        return optop_memory_pressure(NULL, 0);
    open_once();
    const enum scope worst = take_readings();
    const struct pressure *seen = &scope[worst];
    enum optop_pressure now = seen->level;
    pressure_reason(seen, text, sizeof text);
    pthread_mutex_lock(&lock);
    enum optop_pressure before = level;
    level = now;
    around = scope[SCOPE_GROUP].level > scope[SCOPE_MACHINE].level ? scope[SCOPE_GROUP].level
                                                                  : scope[SCOPE_MACHINE].level;
    wait_ms = shortest_wait();
    snprintf(reason, sizeof reason, "%s%s%s", now ? scope_name[worst] : "", now ? ": " : "", text);
    pthread_mutex_unlock(&lock);
    size_t wanted = wanted_bytes(seen, before);
    if (wanted)
        release_memory(wanted);
    pthread_mutex_unlock(&busy);
    if (now != before)
        tell(now, before);
    return now;
}

int
optop_memory_wait_ms(void)
{
    pthread_mutex_lock(&lock);
    int ms = wait_ms;
    pthread_mutex_unlock(&lock);
    return ms;
}

enum optop_pressure
optop_memory_pressure(char *ret_reason, size_t size)
{
    pthread_mutex_lock(&lock);
    enum optop_pressure now = level;
    if (size)
        snprintf(ret_reason, size, "%s", reason);
    pthread_mutex_unlock(&lock);
    return now;
}

enum optop_pressure
memory_pressure_around(void)
{
    pthread_mutex_lock(&lock);
    enum optop_pressure now = around;
    pthread_mutex_unlock(&lock);
    return now;
}

void
optop_memory_set_limit(int64_t bytes)
{
    pthread_mutex_lock(&lock);
    own_limit_bytes = bytes > 0 ? bytes : 0;
    pthread_mutex_unlock(&lock);
}

/* Callbacks. */

static int
put_callback(optop_pressure_fn *wanted, void *wanted_data, optop_pressure_fn *call, void *data)
{
    int r = -ENOSPC;
    pthread_mutex_lock(&lock);
    for (int i = 0; i < CALLBACKS_MAX && r < 0; i++)
        if (callback[i].call == wanted && callback[i].data == wanted_data) {
            callback[i].call = call;
            callback[i].data = data;
            r = 0;
        }
    pthread_mutex_unlock(&lock);
    return r;
}

int
optop_memory_on_pressure(optop_pressure_fn *call, void *data)
{
    return call ? put_callback(NULL, NULL, call, data) : -EINVAL;
}

void
optop_memory_off_pressure(optop_pressure_fn *call, void *data)
{
    if (call)
        put_callback(call, data, NULL, NULL);
}
