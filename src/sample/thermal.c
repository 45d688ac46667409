/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "sample/thermal.h"

#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"

enum { CLASS_MAX = 64, INPUTS_MAX = 16 }; /* devices and inputs of one that are looked at */

/* Of processors. To add one: its name. */
static const char *const chips[] = { "coretemp", "k10temp", "zenpower", "cpu_thermal", NULL };
static const char *const zones[] = { "x86_pkg_temp", "cpu-thermal", "cpu_thermal", "soc-thermal", "soc_thermal", NULL };

/* The first line of a file; "" when there is none. */
static const char *
first_line(const char *path, char *buf, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? 0 : read(fd, buf, size - 1);
    if (fd >= 0)
        close(fd);
    buf[len > 0 ? len : 0] = '\0';
    buf[strcspn(buf, "\n")] = '\0';
    return buf;
}

static bool
is_one_of(const char *word, const char *const *words)
{
    for (; *words; words++)
        if (!strcmp(*words, word))
            return true;
    return false;
}

/* "Core 3" is within a package, whose own sensor is the hottest of them. */
static void
add_inputs(struct thermal *thermal, const char *root, int device)
{
    char path[512], label[64];
    for (int input = 1; input <= INPUTS_MAX && thermal->count < THERMAL_SENSORS_MAX; input++) {
        snprintf(path, sizeof path, "%s/class/hwmon/hwmon%d/temp%d_label", root, device, input);
        if (!strncmp(first_line(path, label, sizeof label), "Core ", 5))
            continue;
        snprintf(path, sizeof path, "%s/class/hwmon/hwmon%d/temp%d_input", root, device, input);
        if (access(path, R_OK) == 0)
            procfs_file_init(&thermal->sensor[thermal->count++], xstrdup(path));
    }
}

void
thermal_init(struct thermal *thermal, const char *sys_root)
{
    char path[512], name[64];
    *thermal = (struct thermal){ .celsius = (double)NAN };
    for (int i = 0; i < CLASS_MAX; i++) {
        snprintf(path, sizeof path, "%s/class/hwmon/hwmon%d/name", sys_root, i);
        if (is_one_of(first_line(path, name, sizeof name), chips))
            add_inputs(thermal, sys_root, i);
    }
    for (int i = 0; i < CLASS_MAX && !thermal->count; i++) {
        snprintf(path, sizeof path, "%s/class/thermal/thermal_zone%d/type", sys_root, i);
        if (is_one_of(first_line(path, name, sizeof name), zones))
            procfs_file_init(&thermal->sensor[thermal->count++],
                xasprintf("%s/class/thermal/thermal_zone%d/temp", sys_root, i));
    }
}

void
thermal_release(struct thermal *thermal)
{
    for (int i = 0; i < thermal->count; i++)
        procfs_file_release(&thermal->sensor[i]);
    thermal->count = 0;
}

/* Thousandths of a degree; below the freezing point is no processor, but a sensor at fault. */
double
thermal_take(struct thermal *thermal, struct procfs_buffer *buffer, uint64_t sequence)
{
    struct scan text;
    uint64_t thousandths;
    if (sequence % THERMAL_EVERY != 1)
        return thermal->celsius;
    thermal->celsius = (double)NAN;
    for (int i = 0; i < thermal->count; i++)
        if (procfs_file_read(&thermal->sensor[i], buffer, &text) == 0 && scan_number(&text, &thousandths))
            thermal->celsius = fmax(thermal->celsius, (double)thousandths / 1000);
    return thermal->celsius;
}
