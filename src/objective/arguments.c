/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "objective/arguments.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/runfile.h"

/* Literal text, then the value of a dimension (-1: none). */
struct argument_piece {
    struct str literal;
    int dimension;
};

static int
find_name(const json_t *names, const char *name)
{
    for (size_t i = 0; i < json_array_size(names); i++)
        if (str_equal(json_string_value(json_array_get(names, i)), name))
            return (int)i;
    return -1;
}

static struct argument_piece *
add_piece(struct argument *argument)
{
    XGROW(argument->piece, argument->piece_count, argument->piece_capacity);
    struct argument_piece *piece = &argument->piece[argument->piece_count++];
    str_init(&piece->literal);
    piece->dimension = -1;
    return piece;
}

/* Cuts one word into pieces; *ret_varies tells whether a dimension is in it. */
static int
parse_word(const char *word, const json_t *names, const json_t *parameters,
    struct argument *argument, bool *ret_varies, struct diag *diag)
{
    struct runfile_place place;
    size_t offset = 0;
    int r;
    *ret_varies = false;
    struct argument_piece *piece = add_piece(argument);
    while ((r = runfile_next_place(word, offset, &place)) == 1) {
        str_append(&piece->literal, word + offset, place.start - offset);
        offset = place.end;
        const char *constant = json_get_string(parameters, place.name, NULL);
        int dimension = find_name(names, place.name);
        if (str_equal(place.name, "{") || str_equal(place.name, "}")) {
            str_puts(&piece->literal, place.name);
        } else if (dimension >= 0) {
            piece->dimension = dimension;
            *ret_varies = true;
            piece = add_piece(argument);
        } else if (constant) {
            str_puts(&piece->literal, constant);
        } else {
            return diag_set(diag, ERR_NOT_FOUND, "{%s} is no dimension and no parameter",
                place.name);
        }
    }
    if (r < 0)
        return diag_set(diag, r, "lone brace in the command");
    str_puts(&piece->literal, word + offset);
    return 0;
}

static void
release_argument(struct argument *argument)
{
    for (int i = 0; i < argument->piece_count; i++)
        str_release(&argument->piece[i].literal);
    free(argument->piece);
    str_release(&argument->text);
}

static int
add_word(struct arguments *arguments, int index, const json_t *names,
    const json_t *parameters, struct diag *diag)
{
    struct argument argument = { .index = index };
    bool varies;
    str_init(&argument.text);
    int r = parse_word(arguments->split[index], names, parameters, &argument, &varies, diag);
    if (r == 0 && varies) {
        XGROW(arguments->varying, arguments->varying_count, arguments->varying_capacity);
        arguments->varying[arguments->varying_count++] = argument;
        return 0;
    }
    if (r == 0) {
        XGROW(arguments->fixed, arguments->fixed_count, arguments->fixed_capacity);
        struct str *fixed = &arguments->fixed[arguments->fixed_count++];
        *fixed = argument.piece[0].literal;
        str_init(&argument.piece[0].literal);
        arguments->argv[index] = fixed->data;
    }
    release_argument(&argument);
    return r;
}

int
arguments_init(struct arguments *arguments, const char *command, const json_t *names,
    const json_t *parameters, struct diag *diag)
{
    memset(arguments, 0, sizeof *arguments);
    int r = runfile_split_command(command, &arguments->split, diag);
    if (r < 0)
        return r;
    int count = 0;
    while (arguments->split[count])
        count++;
    arguments->argv = xcalloc((size_t)count + 1, sizeof *arguments->argv);
    for (int i = 0; i < count && r >= 0; i++)
        r = add_word(arguments, i, names, parameters, diag);
    if (r < 0)
        arguments_release(arguments);
    return r < 0 ? r : 0;
}

void
arguments_release(struct arguments *arguments)
{
    for (int i = 0; i < arguments->varying_count; i++)
        release_argument(&arguments->varying[i]);
    for (int i = 0; i < arguments->fixed_count; i++)
        str_release(&arguments->fixed[i]);
    free(arguments->varying);
    free(arguments->fixed);
    free(arguments->argv);
    runfile_free_argv(arguments->split);
    memset(arguments, 0, sizeof *arguments);
}

void
arguments_build(struct arguments *arguments, const char *const *values)
{
    for (int i = 0; i < arguments->varying_count; i++) {
        struct argument *argument = &arguments->varying[i];
        str_clear(&argument->text);
        for (int p = 0; p < argument->piece_count; p++) {
            str_append(&argument->text, argument->piece[p].literal.data,
                argument->piece[p].literal.len);
            if (argument->piece[p].dimension >= 0)
                str_puts(&argument->text, values[argument->piece[p].dimension]);
        }
        arguments->argv[argument->index] = argument->text.data;
    }
}
