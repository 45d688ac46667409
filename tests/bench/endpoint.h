/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A receiver of webhooks on the loopback that is a process of its own and no bottleneck:
 * a thread for each connection, which reads a request and writes a few bytes. http or
 * https. What it does goes by the first letter of the path: g(ood) is counted, o(ther) is
 * as good and not counted; h(angs), r(esets), t(rickles), e (answers without end).
 */
#ifndef OPTOP_BENCH_ENDPOINT_H
#define OPTOP_BENCH_ENDPOINT_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

enum { ENDPOINT_REQUEST_MAX = 65536 };

struct endpoint {
    struct sockaddr_in address;
    pid_t pid;
    SSL_CTX *tls; /* NULL: http */
    struct {
        _Atomic int requests; /* of good paths */
        _Atomic int64_t first_byte_ns; /* of the newest */
    } *seen;
};

struct peer {
    struct endpoint *endpoint;
    SSL *ssl; /* NULL: http */
    int fd;
};

static inline void
peer_set_up(struct peer *peer, SSL_CTX *tls)
{
    int on = 1;
    setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* as curl does */
    peer->ssl = tls ? SSL_new(tls) : NULL;
    if (peer->ssl)
        SSL_set_fd(peer->ssl, peer->fd);
}

static inline ssize_t
peer_read(struct peer *peer, char *buf, size_t size)
{
    return peer->ssl ? SSL_read(peer->ssl, buf, (int)size) : recv(peer->fd, buf, size, 0);
}

static inline ssize_t
peer_write(struct peer *peer, const char *buf, size_t len)
{
    return peer->ssl ? SSL_write(peer->ssl, buf, (int)len) : send(peer->fd, buf, len, MSG_NOSIGNAL);
}

static inline void
peer_misbehave(struct peer *peer, char how)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    static char filler[65536];
    struct linger linger = { .l_onoff = 1 };
    if (how == 'r')
        setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    while (how == 'h' && peer_read(peer, filler, sizeof filler) > 0)
        ; /* until its client has had enough */
    if (how == 'e' && peer_write(peer, head, sizeof head - 1) > 0)
        while (peer_write(peer, filler, sizeof filler) > 0)
            ;
    if (how == 't' && peer_write(peer, head, sizeof head - 1) > 0)
        while (peer_write(peer, "x", 1) > 0)
            usleep(20000);
}

/* Answers what comes until its client goes; one request at a time, as optop sends them. */
static inline void
peer_answer(struct peer *peer)
{
    static const char answer[] = "HTTP/1.1 204 No Content\r\n\r\n";
    char request[ENDPOINT_REQUEST_MAX + 1];
    size_t have = 0;
    for (ssize_t n; (n = peer_read(peer, request + have, ENDPOINT_REQUEST_MAX - have)) > 0;) {
        int64_t now = clock_mono_ns();
        have += (size_t)n;
        request[have] = '\0';
        char *end = strstr(request, "\r\n\r\n"), *length = strcasestr(request, "\r\ncontent-length:");
        if (!end || !length || have < (size_t)(end + 4 - request) + strtoul(length + 17, NULL, 10))
            continue;
        have = 0;
        char how = request[6];
        if (how != 'g' && how != 'o') {
            peer_misbehave(peer, how);
            return;
        }
        if (how == 'g') {
            peer->endpoint->seen->first_byte_ns = now;
            peer->endpoint->seen->requests++;
        }
        if (peer_write(peer, answer, sizeof answer - 1) < 0)
            return;
    }
}

static inline void *
peer_serve(void *context)
{
    struct peer *peer = context;
    peer_set_up(peer, peer->endpoint->tls);
    if (!peer->ssl || SSL_accept(peer->ssl) == 1)
        peer_answer(peer);
    SSL_free(peer->ssl);
    close(peer->fd);
    free(peer);
    return NULL;
}

static inline void
endpoint_accept(struct endpoint *endpoint, int listener)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        pthread_t thread;
        struct peer *peer = calloc(1, sizeof *peer);
        if (!peer)
            abort();
        *peer = (struct peer){ .endpoint = endpoint, .fd = accept(listener, NULL, NULL) };
        if (peer->fd >= 0 && pthread_create(&thread, NULL, peer_serve, peer) == 0)
            pthread_detach(thread);
        else
            free(peer);
    }
}

/* A key and a certificate for 127.0.0.1, this also as a PEM file. */
static inline SSL_CTX *
endpoint_tls(const char *pem_path)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_EXTENSION *address = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());
    FILE *pem = fopen(pem_path, "w");
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 86400);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"endpoint", -1, -1, 0);
    X509_set_issuer_name(certificate, name);
    X509_set_pubkey(certificate, key);
    X509_add_ext(certificate, address, -1);
    if (!X509_sign(certificate, key, EVP_sha256()) || SSL_CTX_use_certificate(tls, certificate) != 1 ||
        SSL_CTX_use_PrivateKey(tls, key) != 1 || !pem || PEM_write_X509(pem, certificate) != 1)
        abort();
    fclose(pem);
    X509_EXTENSION_free(address);
    X509_free(certificate);
    EVP_PKEY_free(key);
    return tls;
}

/* Of a program without threads. With a path it speaks TLS, and its certificate is there. */
static inline void
endpoint_start(struct endpoint *endpoint, const char *pem_path)
{
    socklen_t len = sizeof endpoint->address;
    struct sockaddr *address = (struct sockaddr *)&endpoint->address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    endpoint->address = (struct sockaddr_in){ .sin_family = AF_INET,
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    endpoint->seen = mmap(NULL, sizeof *endpoint->seen, PROT_READ | PROT_WRITE,
        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (pem_path)
        endpoint->tls = endpoint_tls(pem_path);
    if (bind(listener, address, len) < 0 || listen(listener, 64) < 0 ||
        getsockname(listener, address, &len) < 0 || endpoint->seen == MAP_FAILED)
        abort();
    endpoint->pid = fork();
    if (endpoint->pid == 0)
        endpoint_accept(endpoint, listener);
    close(listener);
}

static inline void
endpoint_stop(struct endpoint *endpoint)
{
    kill(endpoint->pid, SIGKILL);
    SSL_CTX_free(endpoint->tls);
    munmap(endpoint->seen, sizeof *endpoint->seen);
}

/* The floor: requests of that size over one connection and nothing else, per second. */
static inline double
endpoint_ping(struct endpoint *endpoint, int count)
{
    static char request[1024], answer[256], body[600];
    SSL_CTX *tls = endpoint->tls ? SSL_CTX_new(TLS_client_method()) : NULL;
    struct peer peer = { .fd = socket(AF_INET, SOCK_STREAM, 0) };
    peer_set_up(&peer, tls);
    memset(body, 'x', sizeof body - 1);
    int len = snprintf(request, sizeof request,
        "POST /o HTTP/1.1\r\nHost: a\r\nContent-Length: %zu\r\n\r\n%s", strlen(body), body);
    if (connect(peer.fd, (struct sockaddr *)&endpoint->address, sizeof endpoint->address) < 0 ||
        (peer.ssl && SSL_connect(peer.ssl) != 1))
        abort();
    int64_t begun = clock_mono_ns();
    for (int i = 0; i < count; i++)
        if (peer_write(&peer, request, (size_t)len) != len || peer_read(&peer, answer, sizeof answer) <= 0)
            abort();
    double rate = count / ns_to_sec(clock_mono_ns() - begun);
    SSL_free(peer.ssl);
    SSL_CTX_free(tls);
    close(peer.fd);
    return rate;
}

#endif
