/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bytes made few, and a sum by which one sees that they are still what they
 * were. zlib's only home.
 */
#ifndef OPTOP_IO_SQUEEZE_H
#define OPTOP_IO_SQUEEZE_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32 of bytes that go on behind those of `sum'; 0 begins. */
uint32_t squeeze_sum(uint32_t sum, const void *bytes, size_t len);

#endif
