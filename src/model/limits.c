/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/limits.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"
#include "base/str.h"

enum { IO_LEVEL_DEFAULT = 4, IO_LEVEL_MAX = 7 };

static const char *const io_names[] = {
    [IO_CLASS_NONE] = "none", [IO_CLASS_REALTIME] = "realtime",
    [IO_CLASS_BEST_EFFORT] = "best-effort", [IO_CLASS_IDLE] = "idle",
};

static bool
has_cpu(const uint64_t *cpus, int cpu)
{
    return cpu < LIMITS_CPUS_MAX && cpus[cpu / 64] >> (cpu % 64) & 1;
}

/* A number without sign at *p, which moves behind it. */
static int
take_cpu(const char **p, long *ret_cpu)
{
    char *end;
    if (!isdigit((unsigned char)**p))
        return -EINVAL;
    errno = 0;
    *ret_cpu = strtol(*p, &end, 10);
    *p = end;
    return errno || *ret_cpu >= LIMITS_CPUS_MAX ? ERR_TOO_LARGE : 0;
}

int
limits_parse_cpus(const char *text, uint64_t cpus[LIMITS_CPUS_MAX / 64])
{
    uint64_t made[LIMITS_CPUS_MAX / 64] = { 0 };
    for (const char *p = text;; p++) {
        long first, last;
        p += strspn(p, " ");
        int r = take_cpu(&p, &first);
        last = first;
        if (r == 0 && *p == '-' && p++)
            r = take_cpu(&p, &last);
        if (r < 0)
            return r;
        if (last < first)
            return -EINVAL;
        for (long cpu = first; cpu <= last; cpu++)
            made[cpu / 64] |= UINT64_C(1) << (cpu % 64);
        p += strspn(p, " ");
        if (!*p)
            break;
        if (*p != ',')
            return -EINVAL;
    }
    memcpy(cpus, made, sizeof made);
    return 0;
}

int
limits_count_cpus(const uint64_t cpus[LIMITS_CPUS_MAX / 64])
{
    int count = 0;
    for (int i = 0; i < LIMITS_CPUS_MAX / 64; i++)
        count += __builtin_popcountll(cpus[i]);
    return count;
}

const char *
limits_format_cpus(const uint64_t cpus[LIMITS_CPUS_MAX / 64], char *buf, size_t size)
{
    size_t len = 0;
    buf[0] = '\0';
    for (int cpu = 0; cpu < LIMITS_CPUS_MAX && len < size; cpu++) {
        if (!has_cpu(cpus, cpu))
            continue;
        int last = cpu;
        while (has_cpu(cpus, last + 1))
            last++;
        int n = snprintf(buf + len, size - len, last > cpu ? "%s%d-%d" : "%s%d", len ? "," : "",
            cpu, last);
        len += n > 0 ? (size_t)n : 0;
        cpu = last;
    }
    return buf;
}

int
limits_parse_io(const char *text, enum io_class *ret_class, int *ret_level)
{
    size_t len = strcspn(text, "/");
    const char *level = text[len] ? text + len + 1 : NULL;
    for (int class = IO_CLASS_NONE; class <= IO_CLASS_IDLE; class++) {
        if (strlen(io_names[class]) != len || strncmp(text, io_names[class], len) != 0)
            continue;
        bool takes_level = class == IO_CLASS_REALTIME || class == IO_CLASS_BEST_EFFORT;
        if (level && (!takes_level || strlen(level) != 1 || *level < '0' ||
                *level > '0' + IO_LEVEL_MAX))
            return -EINVAL;
        *ret_class = (enum io_class)class;
        *ret_level = level ? *level - '0' : takes_level ? IO_LEVEL_DEFAULT : 0;
        return 0;
    }
    return -EINVAL;
}

const char *
limits_format_io(enum io_class class, int level, char *buf, size_t size)
{
    if (class == IO_CLASS_REALTIME || class == IO_CLASS_BEST_EFFORT)
        snprintf(buf, size, "%s/%d", io_names[class], level);
    else
        str_copy(buf, size, io_names[class]);
    return buf;
}
