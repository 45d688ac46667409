/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The document: its text, and an index of entries that point into copies of
 * its parts. libinih splits a line into key and value and knows comments; what
 * it lacks or accepts too kindly is decided here, line by line, before a line
 * is handed to it: line numbers and offsets, section names of any length,
 * lines cut in silence, "key: value", text behind "]".
 *
 * An edit is one splice of the text, parsed again and compared entry by entry
 * with what was meant; only then does it replace the document.
 */
#include "config/ini.h"

#include <fcntl.h>
#include <ini.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "io/file_load.h"
#include "io/newfile.h"
#include "optop/arena.h"

/* The largest file takes 10 MiB, and chunks are up to twice as long. */
#define ARENA_MAX ((size_t)8 * INI_FILE_MAX)

/* Where an entry stands in the text. */
struct place {
    size_t line_start;
    size_t line_end; /* behind the line end */
    size_t equals; /* of '=', for keys */
    size_t value;
    size_t value_len;
};

struct ini {
    struct optop_arena arena; /* has all below */
    char *file;
    char *text; /* NUL-terminated */
    size_t len;
    int count;
    struct ini_entry *entry; /* strings point into `strings` */
    struct place *place; /* by entry */
    char *strings;
    uint32_t *slot; /* open addressing: entry number + 1 by (section, key) */
    uint32_t slot_mask;
};

struct parser {
    struct ini *ini;
    struct diag *diag;
    int code;
    int capacity; /* of ini->entry */
    size_t offset; /* of the next line */
    int line;
    char *next_string;
    char *section; /* NULL before the first */
    size_t start, content, end; /* the present line: start, first non-blank, behind its end */
};

static const char bom[] = "\xEF\xBB\xBF";

static bool
is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static int
fault(struct parser *p, int code, const char *key, const char *text)
{
    p->code = diag_set(p->diag, code, "%s", text);
    diag_at(p->diag, p->ini->file, p->line, key);
    return code;
}

/* "section.key" as it may meet a terminal. */
static const char *
entry_name(const char *section, const char *key, char *buf, size_t size)
{
    char raw[DIAG_KEY_MAX];
    snprintf(raw, sizeof raw, "%s%s%s", section, key ? "." : "", key ? key : "");
    return text_clean(raw, buf, size);
}

static uint32_t
hash_name(const char *section, const char *key)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (const char *s = section; *s; s++)
        hash = (hash ^ (unsigned char)*s) * 16777619u;
    hash = (hash ^ 0xFF) * 16777619u; /* no key and an empty one differ from this */
    for (const char *s = key; s && *s; s++)
        hash = (hash ^ (unsigned char)*s) * 16777619u;
    return hash;
}

/* The slot of (section, key): its entry's, or the empty one where it belongs. */
static uint32_t *
find_slot(const struct ini *ini, const char *section, const char *key)
{
    uint32_t i = hash_name(section, key) & ini->slot_mask;
    for (; ini->slot[i]; i = (i + 1) & ini->slot_mask) {
        const struct ini_entry *entry = &ini->entry[ini->slot[i] - 1];
        if (str_equal(entry->key, key) && !strcmp(entry->section, section))
            break;
    }
    return &ini->slot[i];
}

static char *
keep_string(struct parser *p, const char *bytes, size_t len)
{
    char *kept = p->next_string;
    memcpy(kept, bytes, len);
    kept[len] = '\0';
    p->next_string += len + 1;
    return kept;
}

/* Takes an entry in, unless it is there already or there are too many. */
static int
add_entry(struct parser *p, const struct ini_entry *entry, const struct place *place)
{
    char name[DIAG_KEY_MAX], text[96];
    struct ini *ini = p->ini;
    entry_name(entry->section, entry->key, name, sizeof name);
    if (ini->count >= p->capacity) {
        snprintf(text, sizeof text, "more than %d entries", INI_ENTRIES_MAX);
        return fault(p, ERR_TOO_LARGE, name, text);
    }
    uint32_t *slot = find_slot(ini, entry->section, entry->key);
    if (*slot) {
        snprintf(text, sizeof text, "%s, first in line %d",
            entry->key ? "key given twice" : "section opened twice", ini->entry[*slot - 1].line);
        return fault(p, ERR_DUPLICATE, name, text);
    }
    ini->entry[ini->count] = *entry;
    ini->place[ini->count] = *place;
    *slot = (uint32_t)++ini->count;
    return 0;
}

static int
take_section(struct parser *p)
{
    const char *line = p->ini->text + p->content;
    size_t len = p->end - p->content, close = 1;
    while (close < len && line[close] != ']' && !(line[close] == ';' && is_blank(line[close - 1])))
        close++;
    if (close == len || line[close] != ']')
        return fault(p, ERR_SYNTAX, NULL, "section is not closed: \"]\" is missing");
    size_t first = 1, last = close;
    while (first < last && is_blank(line[first]))
        first++;
    while (last > first && is_blank(line[last - 1]))
        last--;
    if (first == last)
        return fault(p, ERR_SYNTAX, NULL, "section without a name");
    size_t rest = close + 1;
    while (rest < len && is_blank(line[rest]))
        rest++;
    if (rest < len && !(line[rest] == ';' && rest > close + 1))
        return fault(p, ERR_SYNTAX, NULL, "text behind \"]\" (a comment starts with \" ;\")");
    p->section = keep_string(p, line + first, last - first);
    struct ini_entry entry = { .section = p->section, .line = p->line };
    struct place place = { .line_start = p->start, .line_end = p->offset };
    return add_entry(p, &entry, &place);
}

/* What must hold before libinih may see a "key = value" line. */
static int
check_key_line(struct parser *p)
{
    const char *line = p->ini->text + p->content;
    size_t len = p->end - p->content;
    const char *equals = memchr(line, '=', len);
    if (!equals)
        return fault(p, ERR_SYNTAX, NULL, "neither [section] nor key = value: \"=\" is missing");
    if (equals == line)
        return fault(p, ERR_SYNTAX, NULL, "the key before \"=\" is empty");
    if (memchr(line, ':', (size_t)(equals - line)))
        return fault(p, ERR_SYNTAX, NULL, "\":\" before \"=\" (write key = value)");
    if (!p->section)
        return fault(p, ERR_SYNTAX, NULL, "a key before the first [section]");
    return 0;
}

/* Finds the bounds of the next line; 0 at the end of the text. */
static int
next_line(struct parser *p)
{
    const struct ini *ini = p->ini;
    if (p->offset >= ini->len)
        return 0;
    p->start = p->offset;
    p->line++;
    const char *line = ini->text + p->start;
    const char *feed = memchr(line, '\n', ini->len - p->start);
    size_t len = feed ? (size_t)(feed - line) : ini->len - p->start;
    p->offset = p->start + len + (feed != NULL);
    if (feed && len && line[len - 1] == '\r')
        len--;
    p->end = p->start + len;
    if (len > INI_LINE_MAX) {
        char text[64];
        snprintf(text, sizeof text, "line of %zu bytes (at most %d)", len, INI_LINE_MAX);
        return fault(p, ERR_TOO_LARGE, NULL, text);
    }
    if (memchr(line, '\0', len))
        return fault(p, ERR_SYNTAX, NULL, "a NUL byte (is this a text file?)");
    if (memchr(line, '\r', len))
        return fault(p, ERR_SYNTAX, NULL, "a carriage return that is not part of a line end");
    p->content = p->start;
    while (p->content < p->end && is_blank(ini->text[p->content]))
        p->content++;
    return 1;
}

/* Gives libinih one line at a time, only such as it reads as we do. */
static char *
read_line(char *buf, int size, void *context)
{
    struct parser *p = context;
    if (p->code < 0 || next_line(p) <= 0)
        return NULL;
    if (p->content < p->end) {
        char first = p->ini->text[p->content];
        if (first == '[') {
            if (take_section(p) < 0)
                return NULL;
        } else if (first != '#' && first != ';' && check_key_line(p) < 0) {
            return NULL;
        }
    }
    size_t len = p->end - p->content;
    if (len + 2 > (size_t)size)
        return NULL;
    memcpy(buf, p->ini->text + p->content, len);
    buf[len] = '\n';
    buf[len + 1] = '\0';
    return buf;
}

/* libinih's handler: one key of the present line. */
static int
take_key(void *context, const char *section, const char *key, const char *value)
{
    struct parser *p = context;
    (void)section; /* cut at 49 bytes by libinih; ours is whole */
    if (p->code < 0)
        return 0;
    const char *text = p->ini->text;
    struct place place = { .line_start = p->start, .line_end = p->offset };
    const char *equals = memchr(text + p->content, '=', p->end - p->content);
    place.equals = (size_t)(equals - text);
    place.value = place.equals + 1;
    while (place.value < p->end && is_blank(text[place.value]))
        place.value++;
    place.value_len = strlen(value);
    struct ini_entry entry = {
        .section = p->section,
        .key = keep_string(p, key, strlen(key)),
        .value = keep_string(p, value, place.value_len),
        .line = p->line,
    };
    return add_entry(p, &entry, &place) == 0;
}

static int
run_parser(struct parser *p)
{
    /* libinih as Debian builds it is told its syntax by these variables. */
    ini_allow_multiline = false;
    ini_allow_bom = false;
    ini_allow_no_value = false;
    ini_allow_inline_comments = true;
    ini_stop_on_first_error = true;
    ini_use_stack = false;
    ini_allow_realloc = false;
    ini_max_line = ini_initial_alloc = INI_LINE_MAX + 8;
    int r = ini_parse_stream(read_line, p, take_key, p);
    if (p->code < 0)
        return p->code;
    if (r == -2)
        return fault(p, -ENOMEM, NULL, err_text(-ENOMEM));
    return r ? fault(p, ERR_SYNTAX, NULL, "neither [section] nor key = value") : 0;
}

/* Room for all that a text of this size can hold. */
static int
make_room(struct parser *p)
{
    struct ini *ini = p->ini;
    size_t lines = 1;
    for (const char *s = ini->text; (s = memchr(s, '\n', ini->len - (size_t)(s - ini->text))); s++)
        lines++;
    p->capacity = lines < INI_ENTRIES_MAX ? (int)lines : INI_ENTRIES_MAX;
    uint32_t slots = 8;
    while (slots < 2 * (uint32_t)p->capacity)
        slots *= 2;
    ini->slot_mask = slots - 1;
    ini->slot = optop_arena_zero(&ini->arena, slots, sizeof *ini->slot);
    ini->entry = optop_arena_zero(&ini->arena, (size_t)p->capacity, sizeof *ini->entry);
    ini->place = optop_arena_zero(&ini->arena, (size_t)p->capacity, sizeof *ini->place);
    /* Two strings of a line fit its bytes and its line end; the last line may
     * have none. */
    ini->strings = p->next_string = optop_arena_alloc(&ini->arena, ini->len + 4);
    return ini->slot && ini->entry && ini->place && ini->strings ? 0 : -ENOMEM;
}

int
ini_parse_text(const char *text, size_t len, const char *file, struct ini **ret_ini,
    struct diag *diag)
{
    diag_at(diag, file, 0, NULL);
    if (len > INI_FILE_MAX)
        return diag_set(diag, ERR_TOO_LARGE, "file of %zu bytes (at most %d)", len, INI_FILE_MAX);
    struct ini *ini = calloc(1, sizeof *ini);
    struct parser parser = { .ini = ini, .diag = diag };
    int r = -ENOMEM;
    if (ini) {
        optop_arena_init(&ini->arena, &(struct optop_arena_options){ .limit = ARENA_MAX });
        ini->file = optop_arena_copy(&ini->arena, file, strlen(file));
        ini->text = optop_arena_copy(&ini->arena, text, len);
        ini->len = len;
    }
    if (ini && ini->file && ini->text) {
        if (len >= 3 && !memcmp(text, bom, 3))
            parser.offset = 3;
        r = make_room(&parser);
    }
    if (r < 0)
        diag_set(diag, r, "%s", err_text(r));
    else
        r = run_parser(&parser);
    if (r < 0) {
        ini_free(ini);
        return r;
    }
    *ret_ini = ini;
    return 0;
}

int
ini_load(const char *path, struct ini **ret_ini, struct diag *diag)
{
    char *text = NULL;
    size_t len = 0;
    int r = file_load(path, INI_FILE_MAX, &text, &len);
    if (r < 0) {
        diag_at(diag, path, 0, NULL);
        return diag_set(diag, r, "cannot be read: %s", err_text(r));
    }
    r = ini_parse_text(text, len, path, ret_ini, diag);
    free(text);
    return r;
}

void
ini_free(struct ini *ini)
{
    if (!ini)
        return;
    optop_arena_release(&ini->arena);
    free(ini);
}

int
ini_entry_count(const struct ini *ini)
{
    return ini->count;
}

const struct ini_entry *
ini_entry_at(const struct ini *ini, int index)
{
    return &ini->entry[index];
}

const char *
ini_file_name(const struct ini *ini)
{
    return ini->file;
}

const struct ini_entry *
ini_find(const struct ini *ini, const char *section, const char *key)
{
    uint32_t slot = *find_slot(ini, section, key);
    return slot ? &ini->entry[slot - 1] : NULL;
}

const char *
ini_value(const struct ini *ini, const char *section, const char *key)
{
    const struct ini_entry *entry = ini_find(ini, section, key);
    return entry ? entry->value : NULL;
}

const char *
ini_text(const struct ini *ini, size_t *ret_len)
{
    *ret_len = ini->len;
    return ini->text;
}

/* The document with `cut` bytes at `at` replaced, parsed anew. */
static int
splice_text(const struct ini *ini, size_t at, size_t cut, const char *insert, struct ini **ret_ini,
    struct diag *diag)
{
    size_t add = strlen(insert), len = ini->len - cut + add;
    char *text = malloc(len + 1);
    if (!text)
        return diag_no_memory(diag);
    memcpy(text, ini->text, at);
    memcpy(text + at, insert, add);
    memcpy(text + at + add, ini->text + at + cut, ini->len - at - cut);
    int r = ini_parse_text(text, len, ini->file, ret_ini, diag);
    free(text);
    return r;
}

/* Passes over entries that an edit of (section, key) may touch. */
static int
next_untouched(const struct ini *ini, int i, const char *section, const char *key, bool opened)
{
    for (; i < ini->count; i++) {
        const struct ini_entry *entry = &ini->entry[i];
        if (strcmp(entry->section, section) ||
            !(str_equal(entry->key, key) || (opened && !entry->key)))
            break;
    }
    return i;
}

/* Is everything but (section, key) the same in both? */
static bool
same_elsewhere(const struct ini *a, const struct ini *b, const char *section, const char *key)
{
    bool opened = !ini_find(a, section, NULL);
    int i = 0, j = 0;
    for (;; i++, j++) {
        i = next_untouched(a, i, section, key, opened);
        j = next_untouched(b, j, section, key, opened);
        if (i == a->count || j == b->count)
            return i == a->count && j == b->count;
        const struct ini_entry *x = &a->entry[i], *y = &b->entry[j];
        if (strcmp(x->section, y->section) || !str_equal(x->key, y->key) ||
            !str_equal(x->value, y->value))
            return false;
    }
}

static const char *
line_end(const struct ini *ini)
{
    const char *feed = memchr(ini->text, '\n', ini->len);
    return feed && feed > ini->text && feed[-1] == '\r' ? "\r\n" : "\n";
}

/* Last entry of a section, or -1. */
static int
section_last(const struct ini *ini, const char *section)
{
    for (int i = ini->count - 1; i >= 0; i--)
        if (!strcmp(ini->entry[i].section, section))
            return i;
    return -1;
}

static int
insert_key(const struct ini *ini, const char *section, const char *key, const char *value,
    struct ini **ret_ini, struct diag *diag)
{
    const char *eol = line_end(ini);
    int last = section_last(ini, section);
    size_t at = last < 0 ? ini->len : ini->place[last].line_end;
    size_t head = ini->len >= 3 && !memcmp(ini->text, bom, 3) ? 3 : 0;
    struct str insert;
    str_init(&insert);
    if (at > head && ini->text[at - 1] != '\n')
        str_puts(&insert, eol);
    if (last < 0)
        str_printf(&insert, "%s[%s]%s", at > head ? eol : "", section, eol);
    str_printf(&insert, "%s = %s%s", key, value, eol);
    int r = splice_text(ini, at, 0, insert.data, ret_ini, diag);
    str_release(&insert);
    return r;
}

static int
replace_value(const struct ini *ini, const struct place *place, const char *value,
    struct ini **ret_ini, struct diag *diag)
{
    if (place->value_len)
        return splice_text(ini, place->value, place->value_len, value, ret_ini, diag);
    /* Behind an empty value a comment may follow: keep what divides them. */
    struct str insert;
    str_init(&insert);
    str_printf(&insert, " %s", value);
    int r = splice_text(ini, place->equals + 1, 0, insert.data, ret_ini, diag);
    str_release(&insert);
    return r;
}

static void
take_over(struct ini *ini, struct ini *edited)
{
    optop_arena_release(&ini->arena);
    *ini = *edited;
    free(edited);
}

int
ini_set(struct ini *ini, const char *section, const char *key, const char *value,
    struct diag *diag)
{
    char name[DIAG_KEY_MAX];
    struct ini *edited = NULL;
    struct diag why = { 0 };
    uint32_t slot = *find_slot(ini, section, key);
    int r = ERR_TOO_LARGE;
    if (strlen(section) + strlen(key) + strlen(value) <= INI_LINE_MAX)
        r = slot ? replace_value(ini, &ini->place[slot - 1], value, &edited, &why)
                 : insert_key(ini, section, key, value, &edited, &why);
    entry_name(section, key, name, sizeof name);
    diag_at(diag, ini->file, slot ? ini->entry[slot - 1].line : 0, name);
    if (r == -ENOMEM)
        return diag_set(diag, r, "%s", err_text(r));
    if (r == 0 && same_elsewhere(ini, edited, section, key) &&
        str_equal(ini_value(edited, section, key), value)) {
        take_over(ini, edited);
        return 0;
    }
    ini_free(edited);
    if (r == ERR_TOO_LARGE)
        return diag_set(diag, ERR_SYNTAX, "too long for a line or a file");
    return diag_set(diag, ERR_SYNTAX,
        "cannot be written: it would not read back the same (line ends, blanks at the ends, "
        "\" ;\", \"]\" in a section, \"=\" or \":\" in a key)");
}

int
ini_unset(struct ini *ini, const char *section, const char *key)
{
    struct ini *edited;
    uint32_t slot = *find_slot(ini, section, key);
    if (!slot || !key)
        return 0;
    const struct place *place = &ini->place[slot - 1];
    int r = splice_text(ini, place->line_start, place->line_end - place->line_start, "", &edited, NULL);
    if (r == 0)
        take_over(ini, edited);
    return r;
}

int
ini_save(const struct ini *ini, const char *path, struct diag *diag)
{
    int r = newfile_replace(path, ini->text, ini->len);
    if (r < 0) {
        diag_at(diag, path, 0, NULL);
        return diag_set(diag, r, "cannot be written: %s", err_text(r));
    }
    return 0;
}
