/* trust.c - reads the list of certificates that are trusted. */
#include "trust_list.h"

#include "../whole.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TRUST_MAX = 4096 };

enum as_status as_trust_load(const char *path, struct as_trust **trust, char sha256[65],
                             struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_trust *t = NULL;
    X509 *cert = NULL;
    char *text = NULL;
    BIO *bio = NULL;
    FILE *f = NULL;
    size_t n;

    *trust = NULL;
    sha256[0] = 0;
    if (path == NULL || path[0] == '\0')
        return AS_OK;
    if ((f = fopen(path, "rb")) == NULL)
        AS_FAIL(err, AS_EUSAGE, "cannot read --c2pa-trust %s", path);
    AS_TRY(as_whole_read(f, "list of --c2pa-trust", path, &text, &n, sha256, err));
    if ((t = calloc(1, sizeof *t)) == NULL || (t->certs = sk_X509_new_null()) == NULL ||
        (bio = BIO_new_mem_buf(text, (int)n)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the trust list");
    while (sk_X509_num(t->certs) < TRUST_MAX &&
           (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL)
        if (sk_X509_push(t->certs, cert) <= 0) {
            X509_free(cert);
            AS_FAIL(err, AS_ENOMEM, "no memory for the trust list");
        }
    if (sk_X509_num(t->certs) == 0)
        AS_FAIL(err, AS_EUSAGE, "--c2pa-trust %s holds no certificate in PEM form", path);
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        AS_FAIL(err, AS_EUSAGE, "--c2pa-trust %s: certificate %d cannot be read", path,
                sk_X509_num(t->certs) + 1);
    *trust = t;
    t = NULL;
done:
    ERR_clear_error();
    as_trust_free(t);
    BIO_free(bio);
    free(text);
    if (f)
        fclose(f);
    return status;
}

void as_trust_free(struct as_trust *trust)
{
    if (trust)
        sk_X509_pop_free(trust->certs, X509_free);
    free(trust);
}
