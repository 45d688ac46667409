/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "io/redis.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { WORDS_MAX = 32, READ_BYTES = 16 * 1024 };

struct redis {
    struct stream stream;
    redisReader *reader; /* owned */
    struct str commands;
    struct redis_reply reply; /* what the reader is making */
    size_t fed; /* bytes, of the reply in the making */
};

/* The reader builds its replies with these: into the one place, without
 * allocating. NULL is an error of the reader's. */

static void *
take_text(const redisReadTask *task, char *text, size_t len)
{
    struct redis_reply *reply = task->privdata;
    char head[REDIS_TEXT_MAX];
    size_t n = len < sizeof head ? len : sizeof head - 1;
    memcpy(head, text, n);
    head[n] = '\0';
    text_clean(head, reply->text, sizeof reply->text);
    reply->kind = task->type == REDIS_REPLY_ERROR ? REDIS_ERROR : REDIS_TEXT;
    return reply;
}

static void *
take_list(const redisReadTask *task, int count)
{
    (void)task;
    (void)count;
    return NULL; /* nothing that is asked here answers with one */
}

static void *
take_number(const redisReadTask *task, long long number)
{
    struct redis_reply *reply = task->privdata;
    reply->kind = REDIS_NUMBER;
    reply->number = number;
    return reply;
}

static void *
take_nothing(const redisReadTask *task)
{
    struct redis_reply *reply = task->privdata;
    reply->kind = REDIS_NOTHING;
    return reply;
}

static void
free_nothing(void *reply)
{
    (void)reply;
}

static redisReplyObjectFunctions functions = { take_text, take_list, take_number, take_nothing,
    free_nothing };

struct redis *
redis_new(void)
{
    struct redis *redis = calloc(1, sizeof *redis);
    if (!redis)
        return NULL;
    redis->stream.fd = redis->stream.cancel_fd = -1;
    str_init(&redis->commands);
    redis->reader = redisReaderCreateWithFunctions(&functions);
    if (!redis->reader) {
        redis_free(redis);
        return NULL;
    }
    redis->reader->privdata = &redis->reply;
    return redis;
}

void
redis_free(struct redis *redis)
{
    if (!redis)
        return;
    stream_close(&redis->stream);
    if (redis->reader)
        redisReaderFree(redis->reader);
    str_release(&redis->commands);
    free(redis);
}

struct stream *
redis_stream(struct redis *redis)
{
    return &redis->stream;
}

int
redis_add(struct redis *redis, int count, const char *const *word, const size_t *len)
{
    const char *words[WORDS_MAX];
    size_t lens[WORDS_MAX];
    char *command;
    if (count < 1 || count > WORDS_MAX)
        return -EINVAL;
    for (int i = 0; i < count; i++) {
        words[i] = word[i];
        lens[i] = len ? len[i] : strlen(word[i]);
    }
    int n = redisFormatCommandArgv(&command, count, words, lens);
    if (n < 0)
        return -ENOMEM;
    str_append(&redis->commands, command, (size_t)n);
    redisFreeCommand(command);
    return 0;
}

size_t
redis_gathered(const struct redis *redis)
{
    return redis->commands.len;
}

int
redis_send(struct redis *redis, int64_t deadline_ns)
{
    int r = stream_write(&redis->stream, redis->commands.data, redis->commands.len, deadline_ns);
    if (redis->commands.len)
        explicit_bzero(redis->commands.data, redis->commands.len); /* there may be a password in it */
    str_clear(&redis->commands);
    return r;
}

int
redis_reply(struct redis *redis, struct redis_reply *ret_reply, int64_t deadline_ns)
{
    char bytes[READ_BYTES];
    for (;;) {
        void *reply = NULL;
        if (redisReaderGetReply(redis->reader, &reply) != REDIS_OK)
            return redis->reader->err == REDIS_ERR_OOM ? -EMSGSIZE : -EPROTO;
        if (reply) {
            /* what lies behind it is the next one's */
            redis->fed = redis->reader->len - redis->reader->pos;
            *ret_reply = redis->reply;
            return 0;
        }
        if (redis->fed > REDIS_REPLY_MAX)
            return -EMSGSIZE;
        int64_t n = stream_read(&redis->stream, bytes, sizeof bytes, deadline_ns);
        if (n < 0)
            return (int)n;
        if (redisReaderFeed(redis->reader, bytes, (size_t)n) != REDIS_OK)
            return -ENOMEM;
        redis->fed += (size_t)n;
    }
}
