/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bytes made few, and a sum by which one sees that they are still what they
 * were. zlib's only home.
 */
#ifndef OPTOP_IO_SQUEEZE_H
#define OPTOP_IO_SQUEEZE_H

#include <stddef.h>
#include <stdint.h>

#include "base/str.h"

/* CRC-32 of bytes that go on behind those of `sum'; 0 begins. */
uint32_t squeeze_sum(uint32_t sum, const void *bytes, size_t len);

/* Makes texts few that are much like one before them; its memory is taken once. */
struct squeezer;
struct squeezer *squeezer_new(void); /* NULL: no memory */
void squeezer_free(struct squeezer *squeezer);

/* Appends what squeeze_unpack needs to give the bytes back, with the same text to go by
 * (like_len 0: none). 0 or -ENOMEM. */
int squeeze_pack(struct squeezer *squeezer, const char *like, size_t like_len, const char *bytes,
    size_t len, struct str *out);

/* Any thread. Appends `len` bytes, or -EBADMSG; -ENOMEM. */
int squeeze_unpack(const char *like, size_t like_len, const char *packed, size_t packed_len,
    size_t len, struct str *out);

#endif
