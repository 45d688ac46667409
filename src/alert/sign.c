/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "alert/sign.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#include "base/base64.h"

#define SECRET_PREFIX "whsec_"

/* The key of a secret, to be cleansed by the caller. */
static int
read_key(struct str *key, const char *secret)
{
    struct str text;
    if (str_starts(secret, SECRET_PREFIX))
        secret += strlen(SECRET_PREFIX);
    str_init(&text);
    str_puts(&text, secret);
    while (text.len % 4) /* padding may be left out */
        str_putc(&text, '=');
    int r = base64_decode(key, text.data, text.len);
    OPENSSL_cleanse(text.data, text.len);
    str_release(&text);
    return r == 0 && key->len > 0 ? 0 : ERR_SYNTAX;
}

static void
drop_key(struct str *key)
{
    if (key->len)
        OPENSSL_cleanse(key->data, key->len);
    str_release(key);
}

int
sign_check_secret(const char *secret, struct diag *diag)
{
    struct str key;
    str_init(&key);
    int r = read_key(&key, secret);
    drop_key(&key);
    return r == 0 ? 0 : diag_set(diag, r,
        "a secret that signs is \"" SECRET_PREFIX "\" and the base64 of its key");
}

int
sign_webhook(struct str *out, const char *secret, const char *id, int64_t seconds,
    const char *body, size_t body_len)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned mac_len = 0;
    struct str key, content;
    str_init(&key);
    str_init(&content);
    int r = read_key(&key, secret);
    if (r == 0) {
        str_printf(&content, "%s.%lld.", id, (long long)seconds);
        str_append(&content, body, body_len);
        if (!HMAC(EVP_sha256(), key.data, (int)key.len, (const unsigned char *)content.data,
                content.len, mac, &mac_len))
            r = -EIO;
    }
    if (r == 0) {
        str_puts(out, "v1,");
        base64_encode(out, (const char *)mac, mac_len);
    }
    drop_key(&key);
    str_release(&content);
    return r;
}

void
sign_fingerprint(const char *text, size_t len, char ret_hex[17])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char hash[EVP_MAX_MD_SIZE] = { 0 };
    EVP_Digest(text, len, hash, NULL, EVP_sha256(), NULL);
    for (int i = 0; i < 16; i++)
        ret_hex[i] = digits[i % 2 ? hash[i / 2] & 15 : hash[i / 2] >> 4];
    ret_hex[16] = '\0';
}
