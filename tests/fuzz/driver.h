/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * main() of a fuzz target that is built without libFuzzer: runs the files of the
 * directories it is given, as they are and with a fixed number of small changes
 * each. The target defines, before it includes this: DRIVER_INPUT_MAX (bytes),
 * DRIVER_CHANGES (of each file), and driver_words (pieces to put in; NULL ends
 * them).
 */
#ifndef OPTOP_TESTS_FUZZ_DRIVER_H
#define OPTOP_TESTS_FUZZ_DRIVER_H

#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static uint32_t
driver_random(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

/* A byte, a piece taken out or doubled, a word put in. */
static size_t
driver_change(char *text, size_t len, size_t room)
{
    size_t words = 0, at = len ? driver_random() % len : 0, piece = 1 + driver_random() % 40;
    while (driver_words[words])
        words++;
    const char *word = driver_words[driver_random() % words];
    piece = piece < len - at ? piece : len - at;
    switch (driver_random() % 4) {
    case 0:
        if (len)
            text[at] = (char)driver_random();
        return len;
    case 1:
        memmove(text + at, text + at + piece, len - at - piece);
        return len - piece;
    case 2:
        if (len + piece > room)
            return len;
        memmove(text + at + piece, text + at, len - at);
        return len + piece;
    default:
        if (len + strlen(word) > room)
            return len;
        memmove(text + at + strlen(word), text + at, len - at);
        memcpy(text + at, word, strlen(word));
        return len + strlen(word);
    }
}

static int
driver_file(const char *path)
{
    static char original[DRIVER_INPUT_MAX], text[DRIVER_INPUT_MAX];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, original, sizeof original);
    if (fd >= 0)
        close(fd);
    if (size < 0)
        return 0;
    LLVMFuzzerTestOneInput((const uint8_t *)original, (size_t)size);
    for (int i = 0; i < DRIVER_CHANGES; i++) {
        size_t len = (size_t)size;
        memcpy(text, original, len);
        for (uint32_t edits = 1 + driver_random() % 4; edits; edits--)
            len = driver_change(text, len, sizeof text);
        LLVMFuzzerTestOneInput((const uint8_t *)text, len);
    }
    return 1;
}

static int
driver_directory(const char *path)
{
    struct dirent **names;
    int count = scandir(path, &names, NULL, alphasort), files = 0;
    for (int i = 0; i < count; i++) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.')
            files += driver_file(file);
        free(names[i]);
    }
    if (count >= 0)
        free(names);
    return files;
}

int
main(int argc, char **argv)
{
    int count = 0;
    for (int i = 1; i < argc; i++)
        count += driver_directory(argv[i]);
    printf("%d files, %d changes each\n", count, DRIVER_CHANGES);
    return count ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
