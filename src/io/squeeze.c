/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/squeeze.h"

#include <zlib.h>

uint32_t
squeeze_sum(uint32_t sum, const void *bytes, size_t len)
{
    return (uint32_t)crc32_z(sum, bytes, len);
}
