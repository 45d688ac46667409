/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Any bytes as a document, as optop.ini and as a run file; then edits of it.
 * Ends by abort() when a promise of config/ini.h is broken.
 *
 * With libFuzzer: clang -fsanitize=fuzzer,address,undefined -DLIBFUZZER. Without it
 * it has a main() that runs the files of the directories it is given, as they
 * are and with a fixed number of small changes each, and inputs that are too
 * large to keep as files.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/ini.h"
#include "config/runfile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { EDITS_MAX = 24, PIECE_MAX = 64 };

static void
require(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

/* A fault says what and, but for the whole file, where. */
static void
check_fault(int r, const struct diag *diag)
{
    require(r < 0 && diag->code == r && diag->text[0] && diag->file[0], "a fault without a diag");
    for (const char *c = diag->text; *c; c++)
        require((unsigned char)*c >= ' ' && *c != 0x7F, "a control character in a message");
    for (const char *c = diag->key; *c; c++)
        require((unsigned char)*c >= ' ' && *c != 0x7F, "a control character in a key");
}

static void
check_values(const struct ini *ini)
{
    struct config *config;
    struct run_spec spec;
    struct diag diag = { 0 };
    int r = config_from_ini(ini, &config, &diag);
    if (r == 0)
        config_free(config);
    else
        check_fault(r, &diag);
    diag = (struct diag){ 0 };
    r = runfile_check(ini, &spec, &diag);
    if (r == 0)
        run_spec_release(&spec);
    else
        check_fault(r, &diag);
}

/* Sets one key; what follows is either exactly that, or nothing at all. */
static void
check_set(struct ini *ini, const char *section, const char *key, const char *value)
{
    size_t before_len, len;
    const char *text = ini_text(ini, &before_len);
    int entries = ini_entry_count(ini);
    char *before = malloc(before_len + 1);
    require(before != NULL, "no memory");
    memcpy(before, text, before_len + 1);
    struct diag diag = { 0 };
    int r = ini_set(ini, section, key, value, &diag);
    text = ini_text(ini, &len);
    if (r == 0) {
        require(!strcmp(ini_value(ini, section, key), value), "a value that reads back otherwise");
        require(ini_entry_count(ini) >= entries && ini_entry_count(ini) <= entries + 2,
            "an edit that changed more");
    } else {
        require(len == before_len && !memcmp(text, before, len), "a refused edit that changed");
        check_fault(r, &diag);
    }
    free(before);
}

/* The text of a document reads back as the same entries. */
static void
check_text(const struct ini *ini)
{
    size_t len;
    const char *text = ini_text(ini, &len);
    struct ini *again;
    require(ini_parse_text(text, len, "again", &again, NULL) == 0, "own text is refused");
    require(ini_entry_count(again) == ini_entry_count(ini), "own text has other entries");
    for (int i = 0; i < ini_entry_count(ini); i++) {
        const struct ini_entry *a = ini_entry_at(ini, i), *b = ini_entry_at(again, i);
        require(!strcmp(a->section, b->section) && str_equal(a->key, b->key) &&
                str_equal(a->value, b->value) && a->line == b->line, "an entry differs");
    }
    ini_free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ini *ini;
    struct diag diag = { 0 };
    const char *text = size ? (const char *)data : "";
    int r = ini_parse_text(text, size, "fuzz.ini", &ini, &diag);
    if (r < 0) {
        check_fault(r, &diag);
        return 0;
    }
    check_values(ini);
    check_text(ini);
    char piece[PIECE_MAX + 1];
    size_t length = size < PIECE_MAX ? size : PIECE_MAX;
    memcpy(piece, text + size - length, length);
    piece[length] = '\0';
    for (int i = 0, edits = 0; i < ini_entry_count(ini) && edits < EDITS_MAX; i++, edits++) {
        const struct ini_entry *entry = ini_entry_at(ini, i);
        if (!entry->key)
            continue;
        char *section = strdup(entry->section), *key = strdup(entry->key);
        require(section && key, "no memory");
        check_set(ini, section, key, piece);
        check_set(ini, section, key, "plain");
        check_set(ini, section, piece, "new");
        if (i % 3 == 0)
            require(ini_unset(ini, section, key) == 0 && !ini_find(ini, section, key),
                "a key that stays");
        free(section);
        free(key);
    }
    check_set(ini, piece, "key", "value");
    check_set(ini, "new section", "key", piece);
    check_text(ini);
    ini_free(ini);
    return 0;
}

#ifndef LIBFUZZER

enum { CHANGES = 300, FILE_MAX = 64 * 1024 };

static uint64_t
next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* One small change: a byte replaced, a piece cut out, or a piece doubled. */
static size_t
change(uint8_t *data, size_t size, uint64_t *state)
{
    static const char bytes[] = "[]=;#:\n\r \t\"'{}.%<>0-\0\x1b\xEF\xFF";
    if (!size)
        return size;
    size_t at = next_random(state) % size, len = next_random(state) % 16 + 1;
    if (len > size - at)
        len = size - at;
    switch (next_random(state) % 3) {
    case 0:
        data[at] = (uint8_t)bytes[next_random(state) % sizeof bytes];
        return size;
    case 1:
        memmove(data + at, data + at + len, size - at - len);
        return size - len;
    default:
        memmove(data + at + len, data + at, size - at);
        return size + len;
    }
}

static void
run_file(const char *path)
{
    static uint8_t original[FILE_MAX], changed[FILE_MAX + 16 * 16];
    FILE *file = fopen(path, "rb");
    require(file != NULL, path);
    size_t size = fread(original, 1, sizeof original, file);
    fclose(file);
    LLVMFuzzerTestOneInput(original, size);
    uint64_t state = 88172645463325252u + size;
    for (int i = 0; i < CHANGES; i++) {
        memcpy(changed, original, size);
        size_t now = size;
        for (uint64_t n = next_random(&state) % 4 + 1; n; n--)
            now = change(changed, now, &state);
        LLVMFuzzerTestOneInput(changed, now);
    }
}

static int
run_directory(const char *path)
{
    char name[4096];
    int count = 0;
    DIR *directory = opendir(path);
    require(directory != NULL, path);
    for (struct dirent *entry; (entry = readdir(directory));) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
        run_file(name);
        count++;
    }
    closedir(directory);
    return count;
}

/* What would be a waste of room as files. */
static void
run_large(void)
{
    struct str text;
    str_init(&text);
    str_puts(&text, "[server]\ninterval = ");
    for (int i = 0; i < 1024 * 1024; i++)
        str_putc(&text, 'x');
    LLVMFuzzerTestOneInput((const uint8_t *)text.data, text.len);
    str_clear(&text);
    for (int i = 0; i < 100000; i++)
        str_printf(&text, "[s%d]\n", i);
    LLVMFuzzerTestOneInput((const uint8_t *)text.data, text.len);
    str_clear(&text);
    for (int i = 0; i < 500; i++)
        str_printf(&text, "[threshold disk.busy:d%d]\nwarning = %d\n", i, i % 120);
    LLVMFuzzerTestOneInput((const uint8_t *)text.data, text.len);
    str_release(&text);
}

int
main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++)
        count += run_directory(argv[i]);
    run_large();
    printf("%d files, %d changes each\n", count, CHANGES);
    return count ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
