/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Any bytes as a datagram of StatsD lines: what is taken keeps the promises of
 * stat/statsd.h. Ends by abort() when not.
 *
 * With libFuzzer: clang -fsanitize=fuzzer,address,undefined -DLIBFUZZER.
 */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stat/statsd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(int holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s\n", what);
    abort();
}

static void
check_line(const char *text, size_t len)
{
    struct statsd_line line;
    char *copy = malloc(len + 1); /* exact, so that reading past it is seen */
    if (!copy)
        return;
    memcpy(copy, text, len);
    char *exact = realloc(copy, len ? len : 1);
    if (exact && statsd_parse((struct optop_slice){ exact, len }, &line) == 0) {
        require(strnlen(line.name, sizeof line.name) < sizeof line.name && line.name[0], "a name");
        require(strnlen(line.labels, sizeof line.labels) < sizeof line.labels, "labels");
        require(line.rate > 0 && line.rate <= 1, "a rate");
        require(isfinite(line.value), "a value");
        require(line.value >= 0 || line.type == STATSD_GAUGE, "a value below 0");
        require(line.type != STATSD_SET || line.member.len > 0, "a member");
    }
    free(exact ? exact : copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *end = text + size;
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t len = (size_t)((stop ? stop : end) - text);
        check_line(text, len);
        text += len + 1;
    }
    return 0;
}

#ifndef LIBFUZZER
enum { DRIVER_INPUT_MAX = 64 * 1024, DRIVER_CHANGES = 3000 };
static const char *const driver_words[] = { ":", "|", "|c", "|g", "|ms", "|s", "|@", "|#", ",", "\n", "-1",
    "+", "1e999", "nan", "0", "\xFF", "0.5", "a:1|c", NULL };
#include "driver.h"
#endif
