/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Any bytes as what a client says: lines go through a real server with a store
 * of its own. Each line gets one answer, which is JSON of the protocol's form.
 * Ends by abort() when it is not.
 *
 * With libFuzzer: clang -fsanitize=fuzzer,address,undefined -DLIBFUZZER. Without
 * it main() runs the files of the directories it is given, as they are and with
 * a fixed number of small changes each.
 *
 * Changed bytes are never run: the server is made to find no worker program.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "server/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { INPUT_MAX = 256 * 1024, INPUTS_PER_SERVER = 500, STEPS_MAX = 100000 };

static char directory[4096];
static struct loop *loop;
static struct server *server;
static int inputs, peer;
static struct str heard;

static void
require(int holds, const char *what, const char *line)
{
    if (holds)
        return;
    fprintf(stderr, "broken: %s: %.2000s\n", what, line);
    abort();
}

/* A server. */

static int
remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static void
end_server(void)
{
    if (!server)
        return;
    server_free(server);
    loop_free(loop);
    server = NULL;
    nftw(directory, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static void
start_server(void)
{
    char state[4200], socket_path[4200], config[4200];
    const char *base = getenv("TMPDIR");
    struct diag diag = { 0 };
    snprintf(directory, sizeof directory, "%s/optop-fuzz-XXXXXX", base ? base : "/tmp");
    require(mkdtemp(directory) != NULL, "no directory", directory);
    snprintf(state, sizeof state, "%s/state", directory);
    snprintf(socket_path, sizeof socket_path, "%s/socket", directory);
    snprintf(config, sizeof config, "%s/optop.ini", directory);
    struct server_options options = { socket_path, state, config, "/proc", "/sys" };
    loop = loop_new();
    require(server_new(loop, &options, &server, &diag) == 0, "no server", diag.text);
    server->worker_program[0] = '\0';
    inputs = 0;
}

/* What it answers. */

static void
check_error(const json_t *error, const char *line)
{
    require(json_get_int(error, "code", 0) < 0, "an error without a code", line);
    require(*json_get_string(error, "message", "") != '\0', "an error without a text", line);
    require(json_is_object(json_object_get(error, "data")), "an error without data", line);
}

/* True when it was the answer, false when it was a notification. */
static bool
check_line(const char *line, size_t len, const json_t *id)
{
    for (size_t i = 0; i < len; i++)
        require((unsigned char)line[i] >= ' ', "a control character", line);
    json_t *message = json_parse(line, len, NULL);
    require(json_is_object(message), "no object", line);
    require(str_equal(json_get_string(message, "jsonrpc", NULL), "2.0"), "no version", line);
    bool answer = !json_object_get(message, "method");
    const json_t *error = json_object_get(message, "error");
    if (answer) {
        const json_t *echo = json_object_get(message, "id");
        require(id ? json_equal(echo, id) : json_is_null(echo), "another id", line);
        require(!error != !json_object_get(message, "result"), "no result or error", line);
    }
    if (error)
        check_error(error, line);
    json_decref(message);
    return answer;
}

/* Takes whole lines that have come; the number of answers among them. */
static int
take_answers(const json_t *id)
{
    static char block[65536];
    int answers = 0;
    ssize_t n;
    while ((n = read(peer, block, sizeof block)) > 0)
        str_append(&heard, block, (size_t)n);
    for (char *end; (end = memchr(heard.data, '\n', heard.len));) {
        size_t len = (size_t)(end - heard.data);
        *end = '\0';
        answers += check_line(heard.data, len, id);
        str_consume(&heard, len + 1);
    }
    return answers;
}

static void
say_line(struct session *session, const char *text, size_t len)
{
    char *copy = malloc(len + 1); /* exact, so that reading past it is seen */
    if (!copy)
        return;
    memcpy(copy, text, len);
    copy[len] = '\0';
    json_t *request = json_parse(copy, len, NULL);
    const json_t *id = json_object_get(request, "id");
    if (!json_is_integer(id) && !json_is_string(id))
        id = NULL;
    handler_line(session, copy, len);
    int answers = 0;
    for (int i = 0; i < STEPS_MAX && !(answers += take_answers(id)); i++)
        loop_step(loop);
    require(answers == 1, "not one answer to", text);
    json_decref(request);
    free(copy);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int pair[2];
    if (size > INPUT_MAX)
        return 0;
    if (server && (server->stopping || inputs++ >= INPUTS_PER_SERVER))
        end_server();
    if (!server)
        start_server();
    require(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0, "no socket", "");
    peer = pair[1];
    fcntl(peer, F_SETFL, O_NONBLOCK);
    server_accept(server, pair[0]);
    struct session *session = server->sessions;
    str_init(&heard);
    const char *text = (const char *)data, *end = text + size;
    while (text < end) {
        const char *stop = memchr(text, '\n', (size_t)(end - text));
        size_t len = (size_t)((stop ? stop : end) - text);
        say_line(session, text, len);
        text += len + 1;
    }
    session_close(session);
    close(peer);
    loop_step(loop);
    str_release(&heard);
    return 0;
}

#ifndef LIBFUZZER

enum { CHANGES = 300, EDITS_MAX = 4 };

static uint32_t
next_random(void)
{
    static uint64_t state = 88172645463325252u;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

/* One small change: a byte, a piece taken out or doubled, a word put in. */
static size_t
change(char *text, size_t len, size_t room)
{
    static const char *const words[] = { "null", "-1", "0", "9223372036854775807", "1e999", "[]",
        "{}", "\"\"", "\\u0000", "\\ud800", "\xFF", "\n", "\"", "1.5", "true", "\"run\":1,",
        "\"params\":[", "[[[[[[[[", "\\u001b[2J" };
    size_t at = len ? next_random() % len : 0, piece = 1 + next_random() % 40;
    piece = piece < len - at ? piece : len - at;
    switch (next_random() % 4) {
    case 0:
        if (len)
            text[at] = (char)next_random();
        return len;
    case 1:
        memmove(text + at, text + at + piece, len - at - piece);
        return len - piece;
    case 2:
        if (len + piece > room)
            return len;
        memmove(text + at + piece, text + at, len - at);
        return len + piece;
    default: {
        const char *word = words[next_random() % (sizeof words / sizeof *words)];
        size_t n = strlen(word);
        if (len + n > room)
            return len;
        memmove(text + at + n, text + at, len - at);
        memcpy(text + at, word, n);
        return len + n;
    }
    }
}

static int
run_file(const char *path)
{
    static char original[INPUT_MAX], text[2 * INPUT_MAX];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = fd < 0 ? -1 : read(fd, original, sizeof original);
    if (fd >= 0)
        close(fd);
    if (size < 0)
        return 0;
    LLVMFuzzerTestOneInput((const uint8_t *)original, (size_t)size);
    for (int i = 0; i < CHANGES; i++) {
        size_t len = (size_t)size;
        memcpy(text, original, len);
        for (uint32_t edits = 1 + next_random() % EDITS_MAX; edits; edits--)
            len = change(text, len, INPUT_MAX);
        LLVMFuzzerTestOneInput((const uint8_t *)text, len);
    }
    return 1;
}

static int
run_directory(const char *path)
{
    struct dirent **names;
    int count = scandir(path, &names, NULL, alphasort), files = 0;
    for (int i = 0; i < count; i++) {
        char file[4096];
        snprintf(file, sizeof file, "%s/%s", path, names[i]->d_name);
        if (names[i]->d_name[0] != '.')
            files += run_file(file);
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
    signal(SIGPIPE, SIG_IGN);
    log_open(-1, LOG_LEVEL_ERROR);
    for (int i = 1; i < argc; i++)
        count += run_directory(argv[i]);
    end_server();
    printf("%d files, %d changes each\n", count, CHANGES);
    return count ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
