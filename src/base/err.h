/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Failure, in one vocabulary.
 *
 * A function that can fail returns int: >= 0 is fine, a negative value is
 * either -errno or one of the codes below. What a person will read travels in
 * a struct diag, filled where the fault is known and told once, at the top.
 *
 * To add a code: append a row to ERR_TABLE (numbers are on the wire and in
 * exit statuses, so rows are never reordered or removed).
 */
#ifndef OPTOP_BASE_ERR_H
#define OPTOP_BASE_ERR_H

#include <errno.h>
#include <stddef.h>

/*  X(code, name, text) */
#define ERR_TABLE(X)                                                           \
    X(-2001, SYNTAX, "syntax error")                                           \
    X(-2002, UNKNOWN_KEY, "unknown key")                                       \
    X(-2003, BAD_TYPE, "value of the wrong type")                              \
    X(-2004, BAD_RANGE, "value out of range")                                  \
    X(-2005, DUPLICATE, "given twice")                                         \
    X(-2006, MISSING, "required value is missing")                             \
    X(-2007, TOO_LARGE, "larger than the limit")                               \
    X(-2008, NOT_FOUND, "not found")                                           \
    X(-2009, BAD_STATE, "not possible in this state")                          \
    X(-2010, DENIED, "not allowed")                                            \
    X(-2011, PROTOCOL, "protocol error")                                       \
    X(-2012, VERSION, "versions do not match")                                 \
    X(-2013, CLOSED, "connection closed")                                      \
    X(-2014, STORE, "the store failed")                                        \
    X(-2015, EXHAUSTED, "nothing left")                                        \
    X(-2016, CONFLICT, "values contradict each other")

enum err {
#define X(code, name, text) ERR_##name = code,
    ERR_TABLE(X)
#undef X
};

/* Constant text for a code or a -errno; never NULL. */
const char *err_text(int code);

/* Constant short name ("BAD_RANGE", "ENOENT"); never NULL. */
const char *err_name(int code);

/* Caps keep a diag a plain value: it is copied, never freed. */
enum { DIAG_FILE_MAX = 256, DIAG_KEY_MAX = 128, DIAG_TEXT_MAX = 512 };

/* One fault as a person reads it. line and column are 0 when not known. */
struct diag {
    int code;
    int line;
    int column;
    char file[DIAG_FILE_MAX];
    char key[DIAG_KEY_MAX]; /* "section.key", "" when it is not about a key */
    char text[DIAG_TEXT_MAX];
};

/* Fills code and text, leaves the place untouched; diag may be NULL.
 * Returns code, so that "return diag_set(...)" reads well. */
int diag_set(struct diag *diag, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int diag_no_memory(struct diag *diag); /* -ENOMEM, in words */

/* Fills the place of a fault; NULL strings leave a field as it is. */
void diag_at(struct diag *diag, const char *file, int line, const char *key);

/* "file:line: key: text" with the parts that are known; returns buf. */
const char *diag_format(const struct diag *diag, char *buf, size_t size);

#endif
