/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reads the machine: every source row, one struct sample. Files are opened
 * once and re-read with pread into kept buffers; after the first samples
 * nothing allocates. Loop thread only; never waits.
 *
 * To add a source: src_<name>.c, one row in source.h, its files in
 * tools/make-fixtures.
 */
#ifndef OPTOP_SAMPLE_SAMPLER_H
#define OPTOP_SAMPLE_SAMPLER_H

#include "model/sample.h"

struct sampler;

/* proc_root and sys_root are "/proc" and "/sys", or fixture trees. pid is the
 * process whose own figures are taken (the server). Never fails: what cannot
 * be opened is not known. Owned; sampler_free. */
struct sampler *sampler_new(const char *proc_root, const char *sys_root, int pid);
void sampler_free(struct sampler *sampler);

/* Takes the next sample; borrowed until the next call. Rates are NaN in the
 * first one, and after a counter has gone backwards. */
const struct sample *sampler_take(struct sampler *sampler, int64_t mono_ns, int64_t wall_ns);

/* The newest sample, to add what was measured elsewhere. Borrowed. */
struct sample *sampler_sample(struct sampler *sampler);

/* Cores that may be used: affinity mask and cgroup CPU quota (a part of a core
 * counts as one), at least 1. Before the first sample: all that are online. */
int sampler_usable_cores(const struct sampler *sampler);

#endif
