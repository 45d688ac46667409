/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The words of a command, and the {names} in them.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "config/runfile.h"

/* One pass over the command; words are written one behind the other. */
struct splitter {
    const char *from;
    char *to;
    bool in_word;
};

/* The part in quotes; from stands behind the opening one. */
static int
copy_quoted(struct splitter *s, char quote)
{
    for (; *s->from && *s->from != quote; s->from++) {
        /* Between double quotes a backslash is special before these alone. */
        if (quote == '"' && *s->from == '\\' && s->from[1] && strchr("\"\\$`", s->from[1]))
            s->from++;
        *s->to++ = *s->from;
    }
    if (!*s->from)
        return ERR_SYNTAX;
    s->from++;
    return 0;
}

/* Copies the next word, without its NUL: 1, 0 at the end, ERR_SYNTAX. */
static int
copy_word(struct splitter *s)
{
    s->from += strspn(s->from, " \t\r\n");
    if (!*s->from)
        return 0;
    while (*s->from && !strchr(" \t\r\n", *s->from)) {
        char c = *s->from++;
        if (c == '\'' || c == '"') {
            int r = copy_quoted(s, c);
            if (r < 0)
                return r;
        } else if (c == '\\') {
            if (!*s->from)
                return ERR_SYNTAX;
            *s->to++ = *s->from++;
        } else {
            *s->to++ = c;
        }
    }
    return 1;
}

int
runfile_split_command(const char *command, char ***ret_argv, struct diag *diag)
{
    /* A word and its NUL fit in its bytes and the blank behind it; there are
     * at most half as many words as bytes. Pointers and words share a block,
     * so that it is one free(). */
    size_t len = strlen(command), most = len / 2 + 2;
    char **argv = malloc(most * sizeof *argv + len + 2);
    if (!argv)
        return diag_no_memory(diag);
    struct splitter splitter = { .from = command, .to = (char *)(argv + most) };
    size_t count = 0;
    int r;
    for (;;) {
        char *word = splitter.to;
        r = copy_word(&splitter);
        if (r <= 0)
            break;
        *splitter.to++ = '\0';
        argv[count++] = word;
    }
    if (r == 0 && count && *argv[0]) {
        argv[count] = NULL;
        *ret_argv = argv;
        return 0;
    }
    free(argv);
    if (r < 0)
        return diag_set(diag, ERR_SYNTAX, "a quote is not closed, or a backslash stands last");
    return diag_set(diag, ERR_SYNTAX, "the command is empty");
}

void
runfile_free_argv(char **argv)
{
    free(argv);
}

int
runfile_next_place(const char *argument, size_t offset, struct runfile_place *ret_place)
{
    const char *brace = argument + offset + strcspn(argument + offset, "{}");
    if (!*brace)
        return 0;
    struct runfile_place place = { .start = (size_t)(brace - argument) };
    if (brace[1] == brace[0]) {
        place.end = place.start + 2;
        place.name[0] = brace[0];
        *ret_place = place;
        return 1;
    }
    size_t len = 0;
    while (isalnum((unsigned char)brace[1 + len]) || brace[1 + len] == '_')
        len++;
    if (*brace == '}' || brace[1 + len] != '}' || len == 0 || len >= sizeof place.name ||
        isdigit((unsigned char)brace[1]))
        return ERR_SYNTAX;
    memcpy(place.name, brace + 1, len);
    place.end = place.start + len + 2;
    *ret_place = place;
    return 1;
}
