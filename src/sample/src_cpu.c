/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * /proc/stat's cpu lines, cpufreq and sensors -> groups cpu and core. Shares are of the
 * time the kernel has accounted since the turn before, so they add up to 100
 * whatever the timer did. A core whose line is missing is offline: its row is
 * not present, and its next reading starts anew.
 */
#include "sample/source.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "sample/thermal.h"

enum {
    CORE_NUMBER_MAX = 4096, /* lines of higher cores are not looked at */
    FREQUENCY_READS = 16, /* cores asked per turn; more take turns */
    FREQUENCY_KEPT = 64, /* cores below this number keep their file open */
    /* Where there is no cpufreq the frequency hardly ever changes, and every
     * core's record of /proc/cpuinfo is some 1500 bytes of flags. */
    CPUINFO_EVERY = 30,
    CPUINFO_CORES_MAX = 64,
};

/* The order of the file. */
enum time { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, GUEST, GUEST_NICE, TIME_COUNT };

enum { TIME_LEAST = 4 }; /* columns that every kernel has */

struct cpu_times {
    bool known;
    uint64_t at[TIME_COUNT];
};

enum share {
    SHARE_TOTAL, SHARE_USER, SHARE_SYSTEM, SHARE_NICE, SHARE_IOWAIT, SHARE_IRQ, SHARE_STEAL,
    SHARE_GUEST, SHARE_COUNT
};

static const enum metric machine_metric[SHARE_COUNT] = {
    METRIC_CPU_TOTAL, METRIC_CPU_USER, METRIC_CPU_SYSTEM, METRIC_CPU_NICE,
    METRIC_CPU_IOWAIT, METRIC_CPU_IRQ, METRIC_CPU_STEAL, METRIC_CPU_GUEST,
};

static const enum metric core_metric[SHARE_COUNT] = {
    METRIC_CORE_TOTAL, METRIC_CORE_USER, METRIC_CORE_SYSTEM, METRIC_CORE_NICE,
    METRIC_CORE_IOWAIT, METRIC_CORE_IRQ, METRIC_CORE_STEAL, METRIC_CORE_GUEST,
};

struct core {
    bool present;
    bool has_frequency; /* its cpufreq file could be read so far */
    uint64_t seen;
    int row;
    double mhz;
    struct cpu_times before;
    struct procfs_file frequency;
};

struct src_cpu {
    const char *sys;
    struct cpu_times before;
    struct core *core; /* by number; owned */
    int count, capacity;
    int online;
    int next_frequency;
    struct procfs_file cpuinfo;
    struct thermal thermal;
};

void *
src_cpu_new(const struct source_roots *roots)
{
    struct src_cpu *cpu = XNEW(struct src_cpu);
    cpu->sys = roots->sys;
    procfs_file_init(&cpu->cpuinfo, xasprintf("%s/cpuinfo", roots->proc));
    thermal_init(&cpu->thermal, roots->sys);
    return cpu;
}

void
src_cpu_free(void *state)
{
    struct src_cpu *cpu = state;
    if (!cpu)
        return;
    for (int i = 0; i < cpu->count; i++)
        procfs_file_release(&cpu->core[i].frequency);
    procfs_file_release(&cpu->cpuinfo);
    thermal_release(&cpu->thermal);
    free(cpu->core);
    free(cpu);
}

static bool
parse_times(struct scan *line, struct cpu_times *times)
{
    *times = (struct cpu_times){ 0 };
    times->known = scan_numbers(line, times->at, TIME_COUNT) >= TIME_LEAST;
    return times->known;
}

/* What the kernel counts as idle may step back a little (it says so of
 * iowait); that counts as nothing. Any other step back makes the whole
 * reading unknown. */
static bool
subtract(const struct cpu_times *now, const struct cpu_times *before, double delta[TIME_COUNT])
{
    if (!now->known || !before->known)
        return false;
    for (int t = 0; t < TIME_COUNT; t++) {
        if (now->at[t] < before->at[t] && t != IDLE && t != IOWAIT)
            return false;
        delta[t] = now->at[t] < before->at[t] ? 0 : (double)(now->at[t] - before->at[t]);
    }
    return true;
}

/* Divided last: a part that is the whole is 100, not 100.00000000000001. */
static double
percent_of(double part, double whole)
{
    return 100 * part / whole;
}

static void
compute_shares(const struct cpu_times *now, const struct cpu_times *before,
    double share[SHARE_COUNT])
{
    double d[TIME_COUNT];
    for (int s = 0; s < SHARE_COUNT; s++)
        share[s] = (double)NAN;
    if (!subtract(now, before, d))
        return;
    double all = 0;
    for (int t = USER; t <= STEAL; t++)
        all += d[t];
    if (all <= 0)
        return;
    /* The kernel counts guest time in user as well, and guest_nice in nice. */
    share[SHARE_USER] = percent_of(fmax(d[USER] - d[GUEST], 0), all);
    share[SHARE_NICE] = percent_of(fmax(d[NICE] - d[GUEST_NICE], 0), all);
    share[SHARE_GUEST] = percent_of(fmin(d[GUEST] + d[GUEST_NICE], d[USER] + d[NICE]), all);
    share[SHARE_SYSTEM] = percent_of(d[SYSTEM], all);
    share[SHARE_IRQ] = percent_of(d[IRQ] + d[SOFTIRQ], all);
    share[SHARE_STEAL] = percent_of(d[STEAL], all);
    if (now->at[IOWAIT] >= before->at[IOWAIT])
        share[SHARE_IOWAIT] = percent_of(d[IOWAIT], all);
    share[SHARE_TOTAL] = percent_of(all - d[IDLE] - d[IOWAIT], all);
}

static void
take_machine(struct src_cpu *cpu, struct scan line, struct sample *sample)
{
    struct cpu_times now;
    double share[SHARE_COUNT];
    if (!parse_times(&line, &now))
        return;
    compute_shares(&now, &cpu->before, share);
    for (int s = 0; s < SHARE_COUNT; s++)
        sample->scalar[machine_metric[s]] = share[s];
    cpu->before = now;
}

/* The core of that number, made when new; NULL beyond CORE_NUMBER_MAX. */
static struct core *
core_of(struct src_cpu *cpu, uint64_t number)
{
    if (number >= CORE_NUMBER_MAX)
        return NULL;
    while ((uint64_t)cpu->count <= number) {
        XGROW(cpu->core, cpu->count, cpu->capacity);
        struct core *core = &cpu->core[cpu->count];
        *core = (struct core){ .row = -1, .mhz = (double)NAN };
        procfs_file_init(&core->frequency,
            xasprintf("%s/devices/system/cpu/cpu%d/cpufreq/scaling_cur_freq", cpu->sys, cpu->count));
        cpu->count++;
    }
    return &cpu->core[number];
}

/* The row holds while the core is there, so the name is looked up only when
 * the core appears. */
static bool
core_appears(struct core *core, struct sample *sample, int number)
{
    char name[SAMPLE_NAME_MAX];
    snprintf(name, sizeof name, "%d", number);
    core->row = sample_row(sample, GROUP_CORE, name);
    if (core->row < 0)
        return false;
    core->present = true;
    core->has_frequency = true;
    core->mhz = (double)NAN;
    procfs_file_close(&core->frequency);
    return true;
}

static void
take_core(struct src_cpu *cpu, struct scan line, const struct source_turn *turn)
{
    uint64_t number;
    struct cpu_times now;
    double share[SHARE_COUNT];
    if (!scan_number(&line, &number) || !parse_times(&line, &now))
        return;
    struct core *core = core_of(cpu, number);
    if (!core || core->seen == turn->sequence)
        return;
    if (!core->present && !core_appears(core, turn->sample, (int)number))
        return;
    core->seen = turn->sequence;
    cpu->online++;
    compute_shares(&now, &core->before, share);
    for (int s = 0; s < SHARE_COUNT; s++)
        sample_set(turn->sample, core_metric[s], core->row, share[s]);
    core->before = now;
}

static void
take_times(struct src_cpu *cpu, const struct source_turn *turn)
{
    struct scan text = turn->stat, line;
    bool machine = false;
    cpu->online = 0;
    while (scan_line(&text, &line) && scan_literal(&line, "cpu")) {
        if (line.at < line.end && *line.at == ' ') {
            take_machine(cpu, line, turn->sample);
            machine = true;
        } else {
            take_core(cpu, line, turn);
        }
    }
    if (!machine)
        cpu->before.known = false;
}

static void
sweep(struct src_cpu *cpu, const struct source_turn *turn)
{
    for (int i = 0; i < cpu->count; i++) {
        struct core *core = &cpu->core[i];
        if (!core->present || core->seen == turn->sequence)
            continue;
        turn->sample->rows[GROUP_CORE].row[core->row].present = false;
        core->present = false;
        core->before.known = false;
        procfs_file_close(&core->frequency);
    }
}

/* Asks the next few cores; those without the file are not asked again until
 * they have been away. */
static bool
read_frequencies(struct src_cpu *cpu, struct procfs_buffer *buffer)
{
    int asked = 0;
    bool any = false;
    for (int i = 0; i < cpu->count && asked < FREQUENCY_READS; i++) {
        int number = (cpu->next_frequency + i) % cpu->count;
        struct core *core = &cpu->core[number];
        struct scan text;
        uint64_t khz;
        if (!core->present || !core->has_frequency)
            continue;
        asked++;
        core->has_frequency = procfs_file_read(&core->frequency, buffer, &text) == 0;
        bool known = core->has_frequency && scan_number(&text, &khz);
        core->mhz = known ? (double)khz / 1000 : (double)NAN;
        if (number >= FREQUENCY_KEPT)
            procfs_file_close(&core->frequency);
        any = any || core->has_frequency;
        if (asked == FREQUENCY_READS)
            cpu->next_frequency = number + 1;
    }
    return any;
}

static void
read_cpuinfo(struct src_cpu *cpu, struct procfs_buffer *buffer)
{
    struct scan text, line, key;
    uint64_t number = UINT64_MAX;
    if (procfs_file_read(&cpu->cpuinfo, buffer, &text) < 0)
        return;
    while (scan_line(&text, &line)) {
        if (scan_literal(&line, "processor") && scan_until(&line, ':', &key)) {
            if (!scan_number(&line, &number))
                number = UINT64_MAX;
        } else if (scan_literal(&line, "cpu MHz") && scan_until(&line, ':', &key)) {
            double mhz;
            if (number < (uint64_t)cpu->count && scan_decimal(&line, &mhz))
                cpu->core[number].mhz = mhz;
        }
    }
}

static void
take_frequency(struct src_cpu *cpu, const struct source_turn *turn)
{
    if (!read_frequencies(cpu, turn->buffer) && cpu->online <= CPUINFO_CORES_MAX
        && turn->sequence % CPUINFO_EVERY == 1)
        read_cpuinfo(cpu, turn->buffer);
    double sum = 0;
    int known = 0;
    for (int i = 0; i < cpu->count; i++) {
        const struct core *core = &cpu->core[i];
        if (!core->present)
            continue;
        sample_set(turn->sample, METRIC_CORE_FREQUENCY, core->row, core->mhz);
        if (!isnan(core->mhz)) {
            sum += core->mhz;
            known++;
        }
    }
    if (known > 0)
        turn->sample->scalar[METRIC_CPU_FREQUENCY] = sum / known;
}

void
src_cpu_take(void *state, const struct source_turn *turn)
{
    struct src_cpu *cpu = state;
    take_times(cpu, turn);
    sweep(cpu, turn);
    if (cpu->online > 0)
        turn->sample->scalar[METRIC_CPU_ONLINE] = cpu->online;
    take_frequency(cpu, turn);
    turn->sample->scalar[METRIC_CPU_TEMPERATURE] = thermal_take(&cpu->thermal, turn->buffer, turn->sequence);
}
