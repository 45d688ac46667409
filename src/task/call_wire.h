/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What goes over the socket between an executor of processes (process.c) and the
 * one it has started (serve.c): a head and what it announces. One machine, one
 * release: numbers as they lie in memory.
 */
#ifndef OPTOP_TASK_CALL_WIRE_H
#define OPTOP_TASK_CALL_WIRE_H

#include <stdint.h>

enum { CALL_FD = 3 }; /* of the one that was started */

#define CALL_MAGIC UINT32_C(0x4f50434c)

/* Followed by the name of the function, without a NUL, and the argument. */
struct call_head {
    uint32_t magic, name_len;
    uint64_t size;
};

/* Followed by the fault, without a NUL, and the bytes. */
struct reply_head {
    uint32_t magic, fault_len;
    int32_t result;
    uint32_t unused;
    uint64_t size;
};

#endif
