/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Keys: each argument is a word with its letter and length, then its bytes,
 * filled up with zeroes to whole words: no two lists of arguments give the same
 * bytes, and hashing and comparing never look at less than a word.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "mem/cache_private.h"

enum { WORD = 8 };

void
optop_key_start(struct optop_key *key)
{
    key->size = 0;
}

/* Room for so many words; NULL: there is none, and none of it is added. */
static unsigned char *
extend(struct optop_key *key, size_t words)
{
    if (key->size > OPTOP_KEY_MAX || words * WORD > OPTOP_KEY_MAX - key->size) {
        key->size = OPTOP_KEY_MAX + 1;
        return NULL;
    }
    unsigned char *at = key->bytes + key->size;
    key->size += (uint32_t)(words * WORD);
    return at;
}

static inline uint64_t
head_of(char letter, uint64_t length)
{
    return (unsigned char)letter | length << 8;
}

static inline void
add_plain(struct optop_key *key, char letter, uint64_t value)
{
    unsigned char *at = extend(key, 2);
    uint64_t head = head_of(letter, WORD);
    if (!at)
        return;
    memcpy(at, &head, WORD);
    memcpy(at + WORD, &value, WORD);
}

static void
add_long(struct optop_key *key, char letter, const void *value, size_t size)
{
    size_t words = size > OPTOP_KEY_MAX ? OPTOP_KEY_MAX : (size + WORD - 1) / WORD;
    unsigned char *at = extend(key, 1 + words);
    uint64_t head = head_of(letter, size);
    if (!at)
        return;
    memcpy(at, &head, WORD);
    if (size) {
        memset(at + words * WORD, 0, WORD); /* the last word */
        memcpy(at + WORD, value, size);
    }
}

void
optop_key_int(struct optop_key *key, int64_t value)
{
    add_plain(key, 'i', (uint64_t)value);
}

void
optop_key_double(struct optop_key *key, double value)
{
    uint64_t bits;
    value = isnan(value) ? (double)NAN : value + 0.0; /* -0.0 becomes 0.0 */
    memcpy(&bits, &value, sizeof bits);
    add_plain(key, 'd', bits);
}

void
optop_key_string(struct optop_key *key, const char *text)
{
    add_long(key, 's', text ? text : "", text ? strlen(text) : 0);
}

void
optop_key_blob(struct optop_key *key, const void *bytes, size_t size)
{
    add_long(key, 'b', bytes, size);
}

void
optop_key_object(struct optop_key *key, const void *object, optop_key_function *function)
{
    uint32_t start = key->size;
    add_long(key, 'o', NULL, 0);
    function(key, object);
    if (key->size <= OPTOP_KEY_MAX) {
        uint64_t head = head_of('o', key->size - start - WORD);
        memcpy(key->bytes + start, &head, WORD);
    }
}

void
optop_key(struct optop_key *key, const char *types, ...)
{
    va_list args;
    va_start(args, types);
    optop_key_start(key);
    for (; *types; types++) {
        const void *pointer = NULL;
        switch (*types) {
        case 'i':
            optop_key_int(key, va_arg(args, int64_t));
            break;
        case 'd':
            optop_key_double(key, va_arg(args, double));
            break;
        case 's':
            optop_key_string(key, va_arg(args, const char *));
            break;
        case 'b':
            pointer = va_arg(args, const void *);
            optop_key_blob(key, pointer, va_arg(args, size_t));
            break;
        case 'o':
            pointer = va_arg(args, const void *);
            optop_key_object(key, pointer, va_arg(args, optop_key_function *));
            break;
        default:
            key->size = OPTOP_KEY_MAX + 1;
        }
    }
    va_end(args);
}

/* Two words multiplied, the halves of the product folded: what wyhash is made
 * of. Collisions with a seed that nobody outside knows are not worth looking for. */
__extension__ typedef unsigned __int128 wide;

static inline uint64_t
fold(uint64_t a, uint64_t b)
{
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

uint64_t
cache_hash(const struct optop_key *key, uint64_t seed)
{
    const unsigned char *at = key->bytes;
    uint64_t hash = seed ^ key->size, word[2];
    for (size_t left = key->size; left; left -= 2 * WORD, at += 2 * WORD) {
        memcpy(&word[0], at, WORD);
        if (left == WORD) {
            hash = fold(word[0] ^ UINT64_C(0xA0761D6478BD642F), hash);
            break;
        }
        memcpy(&word[1], at + WORD, WORD);
        hash = fold(word[0] ^ UINT64_C(0xA0761D6478BD642F), word[1] ^ hash);
    }
    return fold(hash ^ UINT64_C(0xE7037ED1A0B428DB), UINT64_C(0x8EBC6AF09C88C6E3));
}

/* As text. */

struct text {
    char *buf;
    size_t room, len;
};

static void
add_text(struct text *text, const char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++, text->len++)
        if (text->len + 1 < text->room)
            text->buf[text->len] = bytes[i];
}

static void
add_number(struct text *text, const unsigned char *bytes, bool whole)
{
    char number[40];
    int64_t integer;
    double value;
    memcpy(&integer, bytes, sizeof integer);
    memcpy(&value, bytes, sizeof value);
    int len = whole ? snprintf(number, sizeof number, "%lld", (long long)integer)
                    : snprintf(number, sizeof number, "%.17g", value);
    add_text(text, number, (size_t)len);
}

static void
add_hex(struct text *text, const unsigned char *bytes, size_t size)
{
    static const char digit[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        char pair[2] = { digit[bytes[i] >> 4], digit[bytes[i] & 15] };
        add_text(text, pair, 2);
    }
}

/* An object's arguments stand among the others. */
static void
add_arguments(struct text *text, const unsigned char *bytes, size_t size)
{
    bool first = true;
    for (size_t at = 0; at < size;) {
        uint64_t head;
        memcpy(&head, bytes + at, WORD);
        at += WORD;
        char letter = (char)(head & 0xFF);
        size_t length = head >> 8;
        if (letter == 'o')
            continue;
        if (!first)
            add_text(text, ":", 1);
        first = false;
        if (letter == 's')
            add_text(text, (const char *)bytes + at, length);
        else if (letter == 'b')
            add_hex(text, bytes + at, length);
        else
            add_number(text, bytes + at, letter == 'i');
        at += (length + WORD - 1) / WORD * WORD;
    }
}

size_t
cache_key_text(const unsigned char *bytes, size_t size, char *buf, size_t room)
{
    struct text text = { buf, room, 0 };
    add_arguments(&text, bytes, size);
    if (room)
        buf[text.len < room ? text.len : room - 1] = '\0';
    return text.len;
}

size_t
optop_key_text(const struct optop_key *key, char *buf, size_t size)
{
    return cache_key_text(key->bytes, key->size > OPTOP_KEY_MAX ? 0 : key->size, buf, size);
}
