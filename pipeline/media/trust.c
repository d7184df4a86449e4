/* trust.c - reads the list of certificates that are trusted. */
#include "trust_list.h"

#include "../whole.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <stdlib.h>
#include <string.h>

enum { TRUST_MAX = 4096 };

/* Nobody is asked for the password of a certificate: there may be nobody. */
static int no_password(char *to, int n, int writing, void *state)
{
    (void)to;
    (void)n;
    (void)writing;
    (void)state;
    return -1;
}

/* How many certificates a text seems to hold: one that does not begin its line would not be seen.
 */
static int begun(const char *text, size_t n)
{
    static const char BEGIN[] = "-----BEGIN CERTIFICATE-----";
    const char *const end = text + n;
    int found = 0;

    while ((text = memmem(text, (size_t)(end - text), BEGIN, sizeof BEGIN - 1)) != NULL) {
        text += sizeof BEGIN - 1;
        found++;
    }
    return found;
}

static enum as_status read_certs(BIO *bio, const char *path, STACK_OF(X509) * certs,
                                 struct as_err *err)
{
    enum as_status status = AS_OK;
    X509 *cert;

    while ((cert = PEM_read_bio_X509(bio, NULL, no_password, NULL)) != NULL) {
        if (sk_X509_num(certs) == TRUST_MAX) {
            X509_free(cert);
            AS_FAIL(err, AS_EFORMAT, "--c2pa-trust %s holds more than %d certificates", path,
                    TRUST_MAX);
        }
        if (sk_X509_push(certs, cert) <= 0) {
            X509_free(cert);
            AS_FAIL(err, AS_ENOMEM, "no memory for the trust list");
        }
    }
    if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
        AS_FAIL(err, AS_EFORMAT, "--c2pa-trust %s: certificate %d cannot be read", path,
                sk_X509_num(certs) + 1);
    if (sk_X509_num(certs) == 0)
        AS_FAIL(err, AS_EFORMAT,
                "--c2pa-trust %s holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)",
                path);
done:
    return status;
}

enum as_status as_trust_load(const char *path, struct as_trust **trust, char sha256[65],
                             struct as_err *err)
{
    const struct as_whole file = {.path = path, .what = "list of --c2pa-trust"};
    enum as_status status = AS_OK;
    struct as_trust *t = NULL;
    char *bytes = NULL;
    BIO *bio = NULL;
    size_t n;

    *trust = NULL;
    sha256[0] = 0;
    if (path == NULL || path[0] == '\0')
        return AS_OK;
    AS_TRY(as_whole_read(&file, &bytes, &n, sha256, err));
    const char *text = as_whole_text(bytes);
    n -= (size_t)(text - bytes);
    ERR_clear_error();
    if ((t = calloc(1, sizeof *t)) == NULL || (t->certs = sk_X509_new_null()) == NULL ||
        (bio = BIO_new_mem_buf(text, (int)n)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the trust list");
    AS_TRY(read_certs(bio, path, t->certs, err));
    if (begun(text, n) > sk_X509_num(t->certs))
        AS_FAIL(err, AS_EFORMAT,
                "--c2pa-trust %s holds %d certificates, but %d of them do not begin their line",
                path, begun(text, n), begun(text, n) - sk_X509_num(t->certs));
    *trust = t;
    t = NULL;
done:
    ERR_clear_error();
    as_trust_free(t);
    BIO_free(bio);
    free(bytes);
    return status;
}

void as_trust_free(struct as_trust *trust)
{
    if (trust)
        sk_X509_pop_free(trust->certs, X509_free);
    free(trust);
}
