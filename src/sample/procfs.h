/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading the kernel's text files again and again: a descriptor kept open, a
 * kept buffer that grows, and a scanner over bytes that nobody vouches for.
 * Paths go in, numbers and words come out. No stdio; nothing allocates once
 * the buffer has met the largest file.
 */
#ifndef OPTOP_SAMPLE_PROCFS_H
#define OPTOP_SAMPLE_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
    PROCFS_FILE_MAX = 4 << 20, /* bytes read of one file; what is behind is not seen */
    PROCFS_RETRY = 16, /* reads that answer at once after an open has failed */
};

struct procfs_buffer {
    char *data;
    size_t capacity;
};

struct procfs_file {
    char *path; /* owned */
    int fd; /* -1: not open */
    int failure; /* -errno of the last open */
    int rest; /* reads left before the open is tried again */
};

/* Bytes between at and end; *end is always NUL. */
struct scan {
    const char *at;
    const char *end;
};

void procfs_buffer_init(struct procfs_buffer *buffer);
void procfs_buffer_release(struct procfs_buffer *buffer);

/* Takes path (malloc'ed). The file is opened by the first read. */
void procfs_file_init(struct procfs_file *file, char *path);
void procfs_file_release(struct procfs_file *file);

/* Gives the descriptor back; the next read opens the file again. */
void procfs_file_close(struct procfs_file *file);

/* Reads the whole file from its start; *ret_text lives until the buffer is
 * used again. A file whose object has gone (ENODEV, ESTALE, EIO, ESRCH) is
 * opened once more before that is an error. 0 or -errno. */
int procfs_file_read(struct procfs_file *file, struct procfs_buffer *buffer,
    struct scan *ret_text);

/* The next line, without its line end; false at the end of the text. */
bool scan_line(struct scan *text, struct scan *ret_line);

/* The next word: what stands between blanks. False when there is none. */
bool scan_word(struct scan *line, struct scan *ret_word);

/* Steps over `literal` if the text starts with it. */
bool scan_literal(struct scan *text, const char *literal);

/* Up to `separator`, which is stepped over; false when it is not there. */
bool scan_until(struct scan *text, char separator, struct scan *ret_part);

/* A decimal number with an optional fraction, after blanks. */
bool scan_decimal(struct scan *text, double *ret_value);

/* Copies the text and terminates it; false (and nothing) when it does not fit. */
bool scan_copy(struct scan text, char *buf, size_t size);

static inline size_t
scan_length(struct scan text)
{
    return (size_t)(text.end - text.at);
}

static inline bool
scan_equals(struct scan text, const char *word, size_t len)
{
    return scan_length(text) == len && !memcmp(text.at, word, len);
}

static inline void
scan_blanks(struct scan *text)
{
    while (text->at < text->end && (*text->at == ' ' || *text->at == '\t'))
        text->at++;
}

/* An unsigned number after blanks; too large a one becomes UINT64_MAX. False,
 * and only blanks stepped over, when there is no digit. */
static inline bool
scan_number(struct scan *text, uint64_t *ret_value)
{
    scan_blanks(text);
    const char *p = text->at;
    uint64_t value = 0;
    bool fits = true;
    for (; p < text->end && *p >= '0' && *p <= '9'; p++) {
        uint64_t digit = (uint64_t)(*p - '0');
        fits = fits && value <= (UINT64_MAX - digit) / 10;
        value = value * 10 + digit;
    }
    if (p == text->at)
        return false;
    text->at = p;
    *ret_value = fits ? value : UINT64_MAX;
    return true;
}

/* Reads up to count numbers in a row; returns how many there were. */
static inline int
scan_numbers(struct scan *text, uint64_t *values, int count)
{
    int i = 0;
    while (i < count && scan_number(text, &values[i]))
        i++;
    return i;
}

#endif
