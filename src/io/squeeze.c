/* SPDX-License-Identifier: GPL-3.0-or-later */
#define ZLIB_CONST /* what goes in is not changed */
#include "io/squeeze.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Raw: the journal has sums of its own. 32 KiB of window, 128 KiB of memory: less would
 * find less of what a status has in common with the one before. */
enum { WINDOW_BITS = -15, MEMORY_LEVEL = 7, EFFORT = 4, WINDOW_BYTES = 32 * 1024 };

struct squeezer {
    z_stream stream;
};

uint32_t
squeeze_sum(uint32_t sum, const void *bytes, size_t len)
{
    return (uint32_t)crc32_z(sum, bytes, len);
}

struct squeezer *
squeezer_new(void)
{
    struct squeezer *squeezer = calloc(1, sizeof *squeezer);
    if (squeezer && deflateInit2(&squeezer->stream, EFFORT, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL,
            Z_DEFAULT_STRATEGY) != Z_OK) {
        free(squeezer);
        squeezer = NULL;
    }
    return squeezer;
}

void
squeezer_free(struct squeezer *squeezer)
{
    if (!squeezer)
        return;
    deflateEnd(&squeezer->stream);
    free(squeezer);
}

/* Of what is longer than the window the end counts. */
static const Bytef *
window_of(const char *like, size_t *len)
{
    size_t skip = *len > WINDOW_BYTES ? *len - WINDOW_BYTES : 0;
    *len -= skip;
    return (const Bytef *)like + skip;
}

int
squeeze_pack(struct squeezer *squeezer, const char *like, size_t like_len, const char *bytes,
    size_t len, struct str *out)
{
    z_stream *stream = &squeezer->stream;
    const Bytef *window = window_of(like, &like_len);
    deflateReset(stream);
    if (like_len && deflateSetDictionary(stream, window, (uInt)like_len) != Z_OK)
        return -ENOMEM;
    size_t bound = deflateBound(stream, len);
    str_reserve(out, bound);
    stream->next_in = (const Bytef *)bytes;
    stream->avail_in = (uInt)len;
    stream->next_out = (Bytef *)out->data + out->len;
    stream->avail_out = (uInt)bound;
    if (deflate(stream, Z_FINISH) != Z_STREAM_END)
        return -ENOMEM;
    out->len += bound - stream->avail_out;
    out->data[out->len] = '\0';
    return 0;
}

int
squeeze_unpack(const char *like, size_t like_len, const char *packed, size_t packed_len,
    size_t len, struct str *out)
{
    z_stream stream = { 0 };
    const Bytef *window = window_of(like, &like_len);
    if (inflateInit2(&stream, WINDOW_BITS) != Z_OK)
        return -ENOMEM;
    str_reserve(out, len);
    stream.next_in = (const Bytef *)packed;
    stream.avail_in = (uInt)packed_len;
    stream.next_out = (Bytef *)out->data + out->len;
    stream.avail_out = (uInt)len;
    int r = like_len ? inflateSetDictionary(&stream, window, (uInt)like_len) : Z_OK;
    bool whole = r == Z_OK && inflate(&stream, Z_FINISH) == Z_STREAM_END && !stream.avail_out;
    inflateEnd(&stream);
    if (!whole)
        return -EBADMSG;
    out->len += len;
    out->data[out->len] = '\0';
    return 0;
}
