/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sets are counted by linear counting (Whang and others, 1990): each value sets
 * one bit, and the share of bits still unset says how many there were. 64 Kbit
 * are within 1 % up to 60,000 values.
 */
#include "stat/statsd.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/unit.h"

enum { SET_BITS = 65536, NUMBER_MAX = 40 };

struct set {
    int64_t since_ns; /* of this window */
    bool whole; /* a window has been counted: the gauge stands until the next */
    uint64_t bit[SET_BITS / 64];
};

struct entry {
    uint64_t hash; /* of type, name and labels */
    enum statsd_type type;
    int64_t used_ns;
    struct optop_figure *figure; /* NULL: the place is free */
    struct set *set; /* owned */
};

struct statsd {
    struct optop_board *board; /* owned; NULL before the first line */
    struct optop_figure *lines, *dropped;
    int count; /* places in use lie below */
    int sets;
    struct entry entry[STATSD_FIGURES_MAX];
};

/* Reading: a datagram is anybody's, so it is cut into slices that cannot reach
 * beyond it. */

/* What stands before the next `c`, or all; *rest is what is behind it, or none. */
static struct optop_slice
split(struct optop_slice *rest, char c)
{
    const char *at = rest->len ? memchr(rest->at, c, rest->len) : NULL;
    size_t len = at ? (size_t)(at - rest->at) : rest->len;
    struct optop_slice word = optop_slice_cut(*rest, 0, len);
    *rest = optop_slice_cut(*rest, len + 1, rest->len - len - 1); /* none: it begins behind the end */
    return word;
}

static struct optop_slice
behind_first(struct optop_slice text)
{
    return optop_slice_cut(text, 1, text.len - 1);
}

/* As a string of less than `size`. */
static int
copy_text(struct optop_slice text, char *buf, size_t size)
{
    if (text.len >= size || (text.len && memchr(text.at, '\0', text.len)))
        return ERR_SYNTAX;
    if (text.len)
        memcpy(buf, text.at, text.len);
    buf[text.len] = '\0';
    return 0;
}

static int
read_number(struct optop_slice text, double *ret_value)
{
    char number[NUMBER_MAX];
    if (!text.len || copy_text(text, number, sizeof number) < 0)
        return ERR_SYNTAX;
    return unit_parse_number(number[0] == '+' ? number + 1 : number, ret_value) < 0 ? ERR_SYNTAX : 0;
}

/* "a:1,b" as "a=1,b". */
static int
read_tags(struct optop_slice text, char labels[OPTOP_LABELS_MAX])
{
    if (copy_text(text, labels, OPTOP_LABELS_MAX) < 0)
        return ERR_SYNTAX;
    bool in_value = false;
    for (char *at = labels; *at; at++) {
        bool begins = *at == ':' && !in_value;
        in_value = *at != ',' && (in_value || *at == ':');
        if (begins)
            *at = '=';
    }
    return 0;
}

static int
read_type(struct optop_slice text, enum statsd_type *ret_type)
{
    static const struct {
        const char *word;
        enum statsd_type type;
    } types[] = { { "c", STATSD_COUNTER }, { "g", STATSD_GAUGE }, { "ms", STATSD_TIMING },
        { "s", STATSD_SET } };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strlen(types[i].word) == text.len && !memcmp(types[i].word, text.at, text.len)) {
            *ret_type = types[i].type;
            return 0;
        }
    return ERR_SYNTAX;
}

static int
read_options(struct optop_slice text, struct statsd_line *line)
{
    int r = 0;
    while (text.at && r == 0) {
        struct optop_slice option = split(&text, '|');
        if (option.len && *option.at == '@')
            r = read_number(behind_first(option), &line->rate);
        else if (option.len && *option.at == '#')
            r = read_tags(behind_first(option), line->labels);
        /* others are extensions that we do without */
    }
    return r == 0 && line->rate > 0 && line->rate <= 1 ? 0 : ERR_SYNTAX;
}

static int
read_value(struct optop_slice text, struct statsd_line *line)
{
    if (!text.len)
        return ERR_SYNTAX;
    line->member = text;
    if (line->type == STATSD_SET)
        return 0;
    if (line->type == STATSD_GAUGE)
        line->sign = *text.at == '-' ? -1 : *text.at == '+' ? 1 : 0;
    int r = read_number(text, &line->value);
    bool below = line->value < 0 && line->type != STATSD_GAUGE;
    return r < 0 || below ? ERR_SYNTAX : 0;
}

int
statsd_parse(struct optop_slice text, struct statsd_line *ret_line)
{
    struct statsd_line line = { .rate = 1 };
    struct optop_slice name = split(&text, ':');
    if (!text.at || !name.len || copy_text(name, line.name, sizeof line.name) < 0)
        return ERR_SYNTAX;
    struct optop_slice value = split(&text, '|');
    if (!text.at)
        return ERR_SYNTAX;
    int r = read_type(split(&text, '|'), &line.type);
    if (r == 0)
        r = read_value(value, &line);
    if (r == 0)
        r = read_options(text, &line);
    if (r == 0)
        *ret_line = line;
    return r;
}

/* Keeping. */

struct statsd *
statsd_new(void)
{
    return calloc(1, sizeof(struct statsd));
}

void
statsd_free(struct statsd *statsd)
{
    if (!statsd)
        return;
    for (int i = 0; i < statsd->count; i++)
        free(statsd->entry[i].set);
    optop_board_close(statsd->board);
    free(statsd);
}

static bool
have_board(struct statsd *statsd)
{
    if (!statsd->board) {
        statsd->board = optop_board_open("statsd");
        statsd->lines = optop_counter(statsd->board, "statsd.lines", "", "");
        statsd->dropped = optop_counter(statsd->board, "statsd.dropped", "", "");
    }
    return statsd->board != NULL;
}

static uint64_t
hash_bytes(uint64_t hash, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static uint64_t
hash_line(const struct statsd_line *line)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)line->type;
    hash = hash_bytes(hash, line->name, strlen(line->name) + 1);
    return hash_bytes(hash, line->labels, strlen(line->labels));
}

static void
let_go(struct statsd *statsd, struct entry *entry)
{
    optop_remove(entry->figure);
    statsd->sets -= entry->set != NULL;
    free(entry->set);
    *entry = (struct entry){ 0 };
}

/* A place for a new figure: a free one, or that of the one that has rested longest. */
static struct entry *
find_place(struct statsd *statsd, int64_t now_ns)
{
    struct entry *oldest = NULL;
    for (int i = 0; i < statsd->count; i++) {
        struct entry *entry = &statsd->entry[i];
        if (!entry->figure)
            return entry;
        if (!oldest || entry->used_ns < oldest->used_ns)
            oldest = entry;
    }
    if (statsd->count < STATSD_FIGURES_MAX)
        return &statsd->entry[statsd->count++];
    if (now_ns - oldest->used_ns < STATSD_IDLE_SECONDS * NS_PER_SEC)
        return NULL;
    let_go(statsd, oldest);
    return oldest;
}

static struct optop_figure *
want_figure(struct statsd *statsd, const struct statsd_line *line)
{
    switch (line->type) {
    case STATSD_COUNTER:
        return optop_counter(statsd->board, line->name, "", line->labels);
    case STATSD_TIMING:
        return optop_histogram(statsd->board, line->name, line->labels);
    default:
        return optop_gauge(statsd->board, line->name, "", line->labels);
    }
}

static struct entry *
find_entry(struct statsd *statsd, const struct statsd_line *line, int64_t now_ns)
{
    uint64_t hash = hash_line(line);
    for (int i = 0; i < statsd->count; i++)
        if (statsd->entry[i].hash == hash && statsd->entry[i].figure)
            return &statsd->entry[i];
    if (line->type == STATSD_SET && statsd->sets == STATSD_SETS_MAX)
        return NULL;
    struct entry *entry = find_place(statsd, now_ns);
    if (!entry)
        return NULL;
    *entry = (struct entry){ .hash = hash, .type = line->type,
        .figure = want_figure(statsd, line) };
    if (entry->figure && line->type == STATSD_SET) {
        entry->set = calloc(1, sizeof *entry->set);
        if (entry->set)
            entry->set->since_ns = now_ns;
        statsd->sets += entry->set != NULL;
    }
    if (entry->figure && (entry->set || line->type != STATSD_SET))
        return entry;
    let_go(statsd, entry);
    return NULL;
}

static double
count_set(const struct set *set)
{
    int unset = 0;
    for (size_t i = 0; i < SET_BITS / 64; i++)
        unset += 64 - __builtin_popcountll(set->bit[i]);
    return -SET_BITS * log((double)(unset ? unset : 1) / SET_BITS);
}

static void
add_member(struct entry *entry, const struct statsd_line *line)
{
    struct set *set = entry->set;
    uint64_t hash = hash_bytes(UINT64_C(0xcbf29ce484222325), line->member.at, line->member.len);
    hash ^= hash >> 32; /* the low bits of FNV depend on few of the input's */
    hash *= UINT64_C(0x9E3779B97F4A7C15);
    uint64_t bit = hash >> 48;
    set->bit[bit / 64] |= UINT64_C(1) << bit % 64;
}

static void
apply(struct entry *entry, const struct statsd_line *line)
{
    switch (line->type) {
    case STATSD_COUNTER:
        optop_add(entry->figure, (uint64_t)fmin(round(line->value / line->rate), 1e15));
        break;
    case STATSD_GAUGE:
        if (line->sign)
            optop_adjust(entry->figure, line->value);
        else
            optop_set(entry->figure, line->value);
        break;
    case STATSD_TIMING:
        optop_record(entry->figure, (int64_t)fmin(line->value * 1e6, 9e18));
        break;
    case STATSD_SET:
        add_member(entry, line);
        break;
    }
}

static void
take_line(struct statsd *statsd, struct optop_slice text, int64_t now_ns)
{
    struct statsd_line line;
    struct entry *entry =
        statsd_parse(text, &line) < 0 ? NULL : find_entry(statsd, &line, now_ns);
    optop_add(statsd->lines, 1);
    if (!entry) {
        optop_add(statsd->dropped, 1);
        return;
    }
    entry->used_ns = now_ns;
    apply(entry, &line);
}

void
statsd_take(struct statsd *statsd, struct optop_slice text, int64_t now_ns)
{
    while (text.len && have_board(statsd)) {
        struct optop_slice line = split(&text, '\n');
        if (line.len)
            take_line(statsd, line, now_ns);
    }
}

void
statsd_drop(struct statsd *statsd)
{
    if (have_board(statsd))
        optop_add(statsd->dropped, 1);
}

void
statsd_tick(struct statsd *statsd, int64_t now_ns)
{
    for (int i = 0; i < statsd->count && statsd->sets; i++) {
        struct entry *entry = &statsd->entry[i];
        struct set *set = entry->set;
        if (!set)
            continue;
        bool over = now_ns - set->since_ns >= STATSD_SET_SECONDS * NS_PER_SEC;
        if (over || !set->whole)
            optop_set(entry->figure, round(count_set(set)));
        if (over) {
            memset(set->bit, 0, sizeof set->bit);
            set->since_ns = now_ns;
            set->whole = true;
        }
    }
}
