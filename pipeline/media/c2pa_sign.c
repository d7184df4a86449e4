/* c2pa_sign.c - the COSE signature over a C2PA claim.
 *
 * COSE_Sign1 with a detached payload (RFC 9052, 4.2 and 4.4): what is signed is the CBOR array
 * ["Signature1", protected header, external data, payload].  The algorithms are those that C2PA
 * allows (13.2): ES256/384/512, PS256/384/512, Ed25519.
 */
#include "c2pa_cert.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <stdlib.h>

enum { MESSAGE_MAX = 1 << 20 };

/* A COSE_Sign1, in parts. */
struct cose {
    struct as_span protected_bytes, protected_map, plain, payload, signature;
};

static bool read_cose(struct as_span in, struct cose *c)
{
    struct as_span rest, item;

    return as_cbor_first(in, &rest, &item) && as_cbor_bytes(item, &c->protected_bytes) &&
           as_cbor_next(&rest, &c->plain) && as_cbor_is_map(c->plain) &&
           as_cbor_next(&rest, &c->payload) && as_cbor_next(&rest, &item) &&
           as_cbor_bytes(item, &c->signature) &&
           (c->protected_map = as_cbor_item(c->protected_bytes)).n > 0;
}

/* [context, protected header, "", payload] as CBOR; free it. */
static uint8_t *structure(const char *context, struct as_span head, struct as_span payload,
                          size_t *n)
{
    const size_t name = strlen(context);
    uint8_t *to = malloc(32 + name + head.n + payload.n), *p = to;

    if (to == NULL)
        return NULL;
    p += as_cbor_head(p, 4, 4);
    p += as_cbor_head(p, 3, name);
    memcpy(p, context, name);
    p += name;
    p += as_cbor_head(p, 2, head.n);
    memcpy(p, head.at, head.n);
    p += head.n;
    p += as_cbor_head(p, 2, 0);
    p += as_cbor_head(p, 2, payload.n);
    memcpy(p, payload.at, payload.n);
    p += payload.n;
    *n = (size_t)(p - to);
    return to;
}

/* r and s in one string (RFC 9053, 2.1) as the DER that OpenSSL reads; free it. */
static unsigned char *ecdsa_der(struct as_span sig, int *n)
{
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(sig.at, (int)(sig.n / 2), NULL);
    BIGNUM *s = BN_bin2bn(sig.at + sig.n / 2, (int)(sig.n / 2), NULL);
    unsigned char *der = NULL;

    if (pair == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(pair, r, s) != 1) {
        BN_free(r);
        BN_free(s);
    } else {
        *n = i2d_ECDSA_SIG(pair, &der);
    }
    ECDSA_SIG_free(pair);
    return der;
}

static const struct algorithm {
    int id, type;
    const char *md;
} algorithms[] = {{-7, EVP_PKEY_EC, "SHA256"},   {-35, EVP_PKEY_EC, "SHA384"},
                  {-36, EVP_PKEY_EC, "SHA512"},  {-37, EVP_PKEY_RSA, "SHA256"},
                  {-38, EVP_PKEY_RSA, "SHA384"}, {-39, EVP_PKEY_RSA, "SHA512"},
                  {-8, EVP_PKEY_ED25519, NULL}};

static const struct algorithm *algorithm_of(int64_t id)
{
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++)
        if (algorithms[i].id == id)
            return &algorithms[i];
    return NULL;
}

static bool key_fits(const EVP_PKEY *key, const struct algorithm *alg, struct as_span sig)
{
    const int type = key ? EVP_PKEY_get_base_id(key) : 0;

    if (alg->type == EVP_PKEY_EC) /* curves of 256, 384 and 521 bits */
        return type == EVP_PKEY_EC && sig.n <= 132 &&
               sig.n == 2 * (((size_t)EVP_PKEY_get_bits(key) + 7) / 8);
    return type == alg->type || (alg->type == EVP_PKEY_RSA && type == EVP_PKEY_RSA_PSS);
}

static bool prepare(EVP_MD_CTX *ctx, EVP_PKEY *key, const struct algorithm *alg)
{
    EVP_PKEY_CTX *how = NULL; /* owned by ctx */

    return EVP_DigestVerifyInit_ex(ctx, &how, alg->md, NULL, NULL, key, NULL) == 1 &&
           (alg->type != EVP_PKEY_RSA ||
            (EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
             EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1));
}

static bool signature_holds(EVP_PKEY *key, const struct algorithm *alg, const uint8_t *message,
                            size_t n, struct as_span sig)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    unsigned char *der = NULL;
    int len = 0;
    bool good = ctx && key_fits(key, alg, sig) && prepare(ctx, key, alg);

    if (good && alg->type == EVP_PKEY_EC) {
        der = ecdsa_der(sig, &len);
        sig = (struct as_span){der, len > 0 ? (size_t)len : 0};
    }
    good = good && sig.n > 0 && EVP_DigestVerify(ctx, sig.at, sig.n, message, n) == 1;
    OPENSSL_free(der);
    EVP_MD_CTX_free(ctx);
    return good;
}

/* An attached payload must be the claim, or the signature is over something else. */
static bool payload_is(struct as_span payload, struct as_span claim)
{
    struct as_span attached;

    return as_cbor_is_null(payload) ||
           (as_cbor_bytes(payload, &attached) && attached.n == claim.n &&
            memcmp(attached.at, claim.at, claim.n) == 0);
}

static enum as_status check_signature(const struct cose *c, struct as_span claim, X509 *cert,
                                      struct as_c2pa_signed *to)
{
    const struct algorithm *alg = algorithm_of(to->alg);
    uint8_t *message;
    size_t n;

    to->signature = AS_C2PA_BAD;
    if (!payload_is(c->payload, claim)) {
        to->flaw = "the signature is over another claim";
        return AS_OK;
    }
    if (alg == NULL || cert == NULL || claim.n > MESSAGE_MAX ||
        c->protected_bytes.n > MESSAGE_MAX) {
        to->signature = AS_C2PA_UNCHECKED;
        to->flaw = cert == NULL  ? "there is no certificate that can be read"
                   : alg == NULL ? "the algorithm is none that C2PA allows"
                                 : "the claim is too long";
        return AS_OK;
    }
    if ((message = structure("Signature1", c->protected_bytes, claim, &n)) == NULL)
        return AS_ENOMEM;
    if (signature_holds(X509_get0_pubkey(cert), alg, message, n, c->signature))
        to->signature = AS_C2PA_GOOD;
    free(message);
    return AS_OK;
}

/* The first token of sigTst, which is over the claim, or of sigTst2, which is over the signature.
 */
static bool find_stamp(const struct cose *c, struct as_span *token, bool *over_signature)
{
    static const char *const keys[] = {"sigTst2", "sigTst"};
    struct as_span rest, item;

    for (size_t i = 0; i < 2; i++) {
        struct as_span list = as_cbor_get(as_cbor_get(c->plain, keys[i]), "tstTokens");
        *over_signature = i == 0;
        if (as_cbor_first(list, &rest, &item) && as_cbor_bytes(as_cbor_get(item, "val"), token))
            return true;
    }
    return false;
}

static enum as_status check_stamp(const struct cose *c, struct as_span claim,
                                  const struct as_trust *trust, struct as_c2pa_signed *to,
                                  int64_t *seconds)
{
    struct as_span token, payload = claim, message[AS_C2PA_MESSAGES];
    uint8_t *sig = NULL, *whole = NULL;
    bool over_signature;
    size_t head;

    *seconds = -1;
    if (!find_stamp(c, &token, &over_signature) || claim.n > MESSAGE_MAX ||
        c->protected_bytes.n > MESSAGE_MAX || c->signature.n > MESSAGE_MAX)
        return AS_OK;
    if ((sig = malloc(9 + c->signature.n)) == NULL)
        return AS_ENOMEM;
    head = as_cbor_head(sig, 2, c->signature.n);
    memcpy(sig + head, c->signature.at, c->signature.n);
    message[1] = (struct as_span){sig, head + c->signature.n};
    if (over_signature)
        payload = message[1];
    whole = structure("CounterSignature", c->protected_bytes, payload, &message[0].n);
    message[0].at = whole;
    if (whole) /* writers differ in whether the signature stands alone: it is bound either way */
        *seconds = as_c2pa_read_stamp(token, message, over_signature ? 2 : 1, trust, to);
    free(whole);
    free(sig);
    return whole ? AS_OK : AS_ENOMEM;
}

enum as_status as_c2pa_verify(struct as_span in, struct as_span claim, const struct as_trust *trust,
                              struct as_c2pa_signed *to)
{
    enum as_status status = AS_OK;
    STACK_OF(X509) *chain = NULL;
    struct cose c;
    int64_t stamped;

    memset(to, 0, sizeof *to);
    if (!read_cose(in, &c)) {
        to->signature = AS_C2PA_BAD;
        to->flaw = "the signature box holds no COSE_Sign1";
        return AS_OK;
    }
    if (!as_cbor_int(as_cbor_get_int(c.protected_map, 1), &to->alg))
        to->alg = 0;
    if ((chain = as_c2pa_read_chain(c.protected_map, c.plain)) != NULL)
        as_c2pa_judge_chain(chain, to);
    if ((status = check_signature(&c, claim, chain ? sk_X509_value(chain, 0) : NULL, to)) !=
            AS_OK ||
        (status = check_stamp(&c, claim, trust, to, &stamped)) != AS_OK)
        goto done;
    if (chain)
        as_c2pa_trace(chain, trust, stamped, to);
done:
    sk_X509_pop_free(chain, X509_free);
    for (unsigned long e; (e = ERR_get_error()) != 0;)
        if (ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE)
            status = AS_ENOMEM; /* else a lack of memory would look like a bad signature */
    return status;
}

/* A public key: the generator of a curve, any odd number as RSA modulus, or any Ed25519 point.
 * Nothing is signed by it; it makes the library do once what it does in the jail.          */
static EVP_PKEY *warm_key(const struct algorithm *alg)
{
    uint8_t bytes[256];
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *ctx;

    memset(bytes, 0xA5, sizeof bytes);
    if (alg->type == EVP_PKEY_ED25519)
        return EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, 32);
    if (alg->type == EVP_PKEY_EC)
        return EVP_PKEY_Q_keygen(NULL, NULL, "EC",
                                 alg->id == -7    ? "P-256"
                                 : alg->id == -35 ? "P-384"
                                                  : "P-521");
    if ((ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL)) != NULL &&
        EVP_PKEY_fromdata_init(ctx) == 1) {
        unsigned int e = 65537;
        OSSL_PARAM params[3] = {OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_RSA_N, bytes, sizeof bytes),
                                OSSL_PARAM_construct_uint(OSSL_PKEY_PARAM_RSA_E, &e),
                                OSSL_PARAM_construct_end()};
        if (EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
            key = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    return key;
}

void as_c2pa_warm(void)
{
    static const uint8_t message[32];
    uint8_t sig[256];

    memset(sig, 1, sizeof sig);
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
        EVP_PKEY *key = warm_key(&algorithms[i]);
        size_t n = key && algorithms[i].type == EVP_PKEY_EC
                       ? 2 * (((size_t)EVP_PKEY_get_bits(key) + 7) / 8)
                       : 256;
        if (key)
            (void)signature_holds(key, &algorithms[i], message, sizeof message,
                                  (struct as_span){sig, n});
        EVP_PKEY_free(key);
    }
    as_c2pa_warm_chain();
    ERR_clear_error();
}
