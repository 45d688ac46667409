/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A warm program for tests and benchmarks: answers each trial with the sum of
 * its numbers, as fast as C can, and at one trial does something else.
 *
 *     echo [TRIAL WHAT]
 *
 * Written like what people write: it trusts its input.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINES_MAX = 1024 };

static char in[256 * 1024], out[256 * 1024];
static const char *line[LINES_MAX];
static size_t out_len;
static const char *what = "";
static long at = -1;

static void
flush(void)
{
    for (size_t done = 0; done < out_len;) {
        ssize_t n = write(1, out + done, out_len - done);
        if (n <= 0)
            _exit(1);
        done += (size_t)n;
    }
    out_len = 0;
}

static void
say(const char *bytes, size_t len)
{
    if (out_len + len > sizeof out)
        flush();
    memcpy(out + out_len, bytes, len);
    out_len += len;
}

static void
say_text(const char *text)
{
    say(text, strlen(text));
}

static void
answer(long trial, double score)
{
    char text[128];
    int len = snprintf(text, sizeof text, "{\"trial\":%ld,\"score\":%.17g}\n", trial, score);
    say(text, (size_t)len);
}

/* The sum of the parameters; *ret_trial: the first number, which is the trial's. */
static double
read_line(const char *text, long *ret_trial)
{
    double sum = 0;
    *ret_trial = strtol(strchr(text, ':') + 1, NULL, 10);
    for (const char *p = strstr(text, "\"params\":{") + 9; (p = strchr(p, ':')); p++)
        sum += strtod(p + 1, NULL);
    return sum;
}

static void
is_what_flood(void)
{
    static char block[4096];
    memset(block, strcmp(what, "flood") ? '\n' : 'x', sizeof block);
    for (;;)
        if (write(strcmp(what, "flood-stderr") ? 1 : 2, block, sizeof block) <= 0)
            _exit(1);
}

static int
is(const char *name)
{
    return !strcmp(what, name);
}

/* Text instead of an answer, or an end. */
static void
misbehave(long trial, double score)
{
    char text[256];
    fprintf(stderr, "now: %s\n", what);
    if (is("lost")) /* with the answers that were not written out yet */
        _exit(3);
    if (is("wrong"))
        answer(trial + 1000, score);
    else if (is("nan"))
        snprintf(text, sizeof text, "{\"trial\":%ld,\"score\":NaN}\n", trial), say_text(text);
    else if (is("inf"))
        snprintf(text, sizeof text, "{\"trial\":%ld,\"score\":-Infinity}\n", trial), say_text(text);
    else if (is("error"))
        snprintf(text, sizeof text, "{\"trial\":%ld,\"error\":\"a\\u001b[2Jb\"}\n", trial),
            say_text(text);
    else if (is("nul"))
        say("{\"trial\":\0 1}\n", 14);
    else if (is("escape"))
        say_text("\033[31m\007\n");
    else if (is("utf8"))
        say_text("{\"trial\":1,\"error\":\"\xFF\xFE\"}\n");
    else if (is("garbage"))
        say_text("hello\n");
    else if (is("half"))
        say_text("{\"trial\":");
    flush();
    if (is("flood") || is("flood-lines") || is("flood-stderr"))
        is_what_flood();
    if (is("close") || is("close-in"))
        close(is("close"));
    if (is("abort"))
        raise(SIGABRT);
    if (is("exit"))
        _exit(3);
    if (is("leave"))
        if (fork() == 0) {
            setsid();
            for (;;)
                pause();
        }
    if (is("half") || is("leave"))
        _exit(0);
    if (is("close") || is("close-in") || is("silent"))
        for (;;)
            pause();
}

static void
take(const char *asked)
{
    long trial;
    double score = read_line(asked, &trial);
    char text[256];
    if (is("twice") && trial == at)
        answer(trial, score);
    if (is("report") && trial == at) {
        snprintf(text, sizeof text, "{\"trial\":%ld,\"step\":1,\"value\":0.5}\n\n", trial);
        say_text(text);
    }
    if (is("metrics")) {
        snprintf(text, sizeof text,
            "{\"trial\":%ld,\"score\":%.17g,\"metrics\":{\"half\":%.17g,\"t%ld\":1}}\n", trial, score,
            score / 2, trial % 3);
        say_text(text);
    } else if (trial != at || is("twice") || is("report") || is("once") || is("backwards")) {
        answer(trial, score);
    } else {
        misbehave(trial, score);
    }
    if (is("once")) {
        flush();
        _exit(0);
    }
}

int
main(int argc, char **argv)
{
    size_t have = 0;
    if (argc == 3) {
        at = atol(argv[1]);
        what = argv[2];
    }
    if (is("ignore-term"))
        signal(SIGTERM, SIG_IGN);
    for (;;) {
        ssize_t n = read(0, in + have, sizeof in - 1 - have);
        if (n <= 0)
            break;
        have += (size_t)n;
        in[have] = '\0';
        size_t pos = 0;
        int count = 0;
        for (char *end; (end = memchr(in + pos, '\n', have - pos)); pos = (size_t)(end - in) + 1) {
            *end = '\0';
            if (is("backwards") && count < LINES_MAX)
                line[count++] = in + pos;
            else
                take(in + pos);
        }
        while (count > 0)
            take(line[--count]);
        memmove(in, in + pos, have - pos);
        have -= pos;
        flush();
    }
    if (is("ignore-term"))
        for (;;)
            pause();
    return 0;
}
