/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "objective/template.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"
#include "config/runfile.h"

enum { NOTHING = -1, POINT = -2 };

/* Literal text, then the value of a dimension (or NOTHING, or the POINT). */
struct template_piece {
    struct str literal;
    int dimension;
};

static int
find_name(const json_t *names, const char *name)
{
    for (size_t i = 0; i < json_array_size(names); i++)
        if (str_equal(json_string_value(json_array_get(names, i)), name))
            return (int)i;
    return NOTHING;
}

static struct template_piece *
add_piece(struct template *template)
{
    XGROW(template->piece, template->piece_count, template->piece_capacity);
    struct template_piece *piece = &template->piece[template->piece_count++];
    str_init(&piece->literal);
    piece->dimension = NOTHING;
    return piece;
}

static int
take_place(struct template *template, const char *name, const struct template_scope *scope,
    struct diag *diag)
{
    struct template_piece *piece = &template->piece[template->piece_count - 1];
    const char *constant = json_get_string(scope->parameters, name, NULL);
    int dimension = find_name(scope->names, name);
    if (dimension == NOTHING && !constant && scope->numbers && str_equal(name, "json"))
        dimension = POINT;
    if (str_equal(name, "{") || str_equal(name, "}")) {
        str_puts(&piece->literal, name);
    } else if (dimension != NOTHING) {
        piece->dimension = dimension;
        template->varies = true;
        add_piece(template);
    } else if (constant) {
        str_puts(&piece->literal, constant);
    } else {
        return diag_set(diag, ERR_NOT_FOUND, "{%s} is no dimension and no parameter", name);
    }
    return 0;
}

int
template_init(struct template *template, const char *text, const struct template_scope *scope,
    struct diag *diag)
{
    struct runfile_place place;
    size_t offset = 0;
    int r;
    memset(template, 0, sizeof *template);
    str_init(&template->text);
    add_piece(template);
    while ((r = runfile_next_place(text, offset, &place)) == 1) {
        str_append(&template->piece[template->piece_count - 1].literal, text + offset,
            place.start - offset);
        offset = place.end;
        if ((r = take_place(template, place.name, scope, diag)) < 0)
            break;
    }
    if (r == ERR_SYNTAX)
        diag_set(diag, r, "lone brace in \"%.40s\"", text);
    if (r < 0) {
        template_release(template);
        return r;
    }
    str_puts(&template->piece[template->piece_count - 1].literal, text + offset);
    if (scope->numbers) {
        template->names = json_incref(scope->names);
        template->numbers = json_incref(scope->numbers);
    }
    if (!template->varies)
        template_build(template, NULL);
    return 0;
}

void
template_release(struct template *template)
{
    for (int i = 0; i < template->piece_count; i++)
        str_release(&template->piece[i].literal);
    free(template->piece);
    str_release(&template->text);
    json_decref(template->names);
    json_decref(template->numbers);
    memset(template, 0, sizeof *template);
}

/* Values of numbers are written as numbers: they are by their format. */
static void
put_point(struct template *template, const char *const *values)
{
    struct json_writer w;
    jw_init(&w, &template->text);
    jw_object(&w, NULL);
    for (size_t i = 0; i < json_array_size(template->names); i++) {
        const char *name = json_string_value(json_array_get(template->names, i));
        if (json_is_true(json_array_get(template->numbers, i)))
            jw_raw(&w, name, values[i], strlen(values[i]));
        else
            jw_string(&w, name, values[i]);
    }
    jw_end(&w);
}

void
template_build(struct template *template, const char *const *values)
{
    str_clear(&template->text);
    for (int p = 0; p < template->piece_count; p++) {
        const struct template_piece *piece = &template->piece[p];
        str_append(&template->text, piece->literal.data, piece->literal.len);
        if (piece->dimension == POINT)
            put_point(template, values);
        else if (piece->dimension != NOTHING)
            str_puts(&template->text, values[piece->dimension]);
    }
}
