/* hash.c - SHA-256, and MD5 and SHA-1 when asked, by OpenSSL. */
#include "hash.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct as_hash {
    EVP_MD *md[3];
    EVP_MD_CTX *ctx[3];
    int n;
};

enum as_status as_hash_new(struct as_hash **h, bool md5)
{
    static const char *const NAMES[] = {"SHA256", "MD5", "SHA1"};
    struct as_hash *x = calloc(1, sizeof *x);

    *h = x;
    if (x == NULL)
        return AS_ENOMEM;
    x->n = md5 ? 3 : 1;
    for (int i = 0; i < x->n; i++) {
        x->md[i] = EVP_MD_fetch(NULL, NAMES[i], NULL);
        x->ctx[i] = EVP_MD_CTX_new();
        if (x->md[i] == NULL || x->ctx[i] == NULL || !EVP_DigestInit_ex2(x->ctx[i], x->md[i], NULL)) {
            as_hash_free(x);
            *h = NULL;
            return AS_ENOMEM;
        }
    }
    return AS_OK;
}

void as_hash_free(struct as_hash *h)
{
    for (int i = 0; h && i < h->n; i++) {
        EVP_MD_CTX_free(h->ctx[i]);
        EVP_MD_free(h->md[i]);
    }
    free(h);
}

void as_hash_start(struct as_hash *h)
{
    for (int i = 0; i < h->n; i++)
        EVP_DigestInit_ex2(h->ctx[i], NULL, NULL);
}

void as_hash_add(struct as_hash *h, const void *bytes, size_t n)
{
    for (int i = 0; i < h->n; i++)
        EVP_DigestUpdate(h->ctx[i], bytes, n);
}

void as_hash_end(struct as_hash *h, uint8_t sha256[32], uint8_t md5[16], uint8_t sha1[20])
{
    uint8_t *to[3] = {sha256, md5, sha1};

    for (int i = 0; i < h->n; i++)
        EVP_DigestFinal_ex(h->ctx[i], to[i], NULL);
}
