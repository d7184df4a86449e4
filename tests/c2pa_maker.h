/* c2pa_maker.h - pictures with signed C2PA manifests, made byte by byte. */
#ifndef C2PA_MAKER_H
#define C2PA_MAKER_H

#include "metadata_maker.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

enum { ES256 = -7, EDDSA = -8, PS256 = -37 };

/* ---- keys and certificates: a root, and one that signs ---- */

struct signer {
    EVP_PKEY *key, *root_key;
    X509 *cert, *root;
    int alg;
};

static inline void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *e;

    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(e);
    assert_int_equal(X509_add_ext(cert, e, -1), 1);
    X509_EXTENSION_free(e);
}

/* Valid in 2020 to 2029.  `uses` NULL: an authority. */
static inline X509 *make_cert(EVP_PKEY *key, const char *name, X509 *issuer, EVP_PKEY *issuer_key,
                              const char *uses)
{
    X509 *c = X509_new();

    X509_set_version(c, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(c), uses ? 2 : 1);
    ASN1_TIME_set_string(X509_getm_notBefore(c), "20200101000000Z");
    ASN1_TIME_set_string(X509_getm_notAfter(c), "20291231000000Z");
    X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_ASC,
                               (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(c, X509_get_subject_name(issuer ? issuer : c));
    X509_set_pubkey(c, key);
    add_extension(c, issuer ? issuer : c, NID_basic_constraints,
                  uses ? "critical,CA:FALSE" : "critical,CA:TRUE");
    add_extension(c, issuer ? issuer : c, NID_key_usage,
                  uses ? "critical,digitalSignature" : "critical,keyCertSign");
    if (uses)
        add_extension(c, issuer ? issuer : c, NID_ext_key_usage, uses);
    assert_true(X509_sign(c, issuer_key, EVP_sha256()) > 0);
    return c;
}

static inline struct signer make_signer(int alg, const char *name, const char *uses)
{
    struct signer s = {.alg = alg};
    char root[64];

    s.root_key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
    s.key = alg == ES256   ? EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256")
            : alg == PS256 ? EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048)
                           : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    assert_non_null(s.key);
    snprintf(root, sizeof root, "%s's root", uses);
    s.root = make_cert(s.root_key, root, NULL, s.root_key, NULL);
    s.cert = make_cert(s.key, name, s.root, s.root_key, uses);
    return s;
}

static inline void free_signer(struct signer *s)
{
    EVP_PKEY_free(s->key);
    EVP_PKEY_free(s->root_key);
    X509_free(s->cert);
    X509_free(s->root);
}

/* ---- CBOR and boxes ---- */

static inline void put_head(struct maker *m, unsigned major, uint64_t n)
{
    unsigned size = n < 24 ? 0 : n < 256 ? 1 : n < 65536 ? 2 : 4;

    put_be(m, major << 5 | (size == 0 ? n : size == 1 ? 24 : size == 2 ? 25 : 26), 1);
    put_be(m, n, size);
}

static inline void put_string(struct maker *m, const char *s)
{
    put_head(m, 3, strlen(s));
    put_text(m, s);
}

static inline void put_bytes(struct maker *m, const void *at, size_t n)
{
    put_head(m, 2, n);
    put(m, at, n);
}

static inline size_t begin(struct maker *m, const char *type)
{
    put_box(m, 0, type);
    return m->n - 8;
}

static inline size_t begin_super(struct maker *m, const char *kind, const char *label)
{
    size_t at = begin(m, "jumb");

    put_jumd(m, kind, label);
    return at;
}

static inline void end(struct maker *m, size_t at)
{
    size_t n = m->n - at;

    for (int i = 0; i < 4; i++)
        m->at[at + (size_t)i] = (uint8_t)(n >> (24 - 8 * i));
}

/* ---- manifests ---- */

enum { REFS = 8 };

/* How a manifest is to be wrong, or special. */
struct recipe {
    const struct signer *by;
    const char *label;
    const char *parent; /* label of the manifest that an ingredient came with */
    const struct maker *parent_box;
    bool parent_lies; /* the hash of it is wrong                            */
    bool update;      /* an update manifest: binds nothing                  */
    bool stranger, two_claims, attach, no_binding;
    bool missing;               /* the claim names org.gone, which is not there      */
    const char *redacts;        /* the claim says that it took this assertion away   */
    uint32_t more;              /* bytes left out of the hash behind the store        */
    const struct signer *stamp; /* an authority that dates the signature              */
    time_t stamped;
    uint64_t start;   /* of the segment, as the exclusion says; 0: 2, behind SOI */
    uint64_t length;  /* likewise                                           */
    uint8_t hash[32]; /* of the file without it                             */
};

struct refs {
    const char *label[REFS];
    uint8_t hash[REFS][32];
    size_t n;
};

static inline void end_assertion(struct maker *m, size_t at, const char *label, struct refs *refs)
{
    end(m, at);
    refs->label[refs->n] = label;
    SHA256(m->at + at + 8, m->n - at - 8, refs->hash[refs->n++]);
}

static inline void put_reference(struct maker *m, const char *url, const uint8_t hash[32])
{
    put_head(m, 5, 2);
    put_string(m, "url");
    put_string(m, url);
    put_string(m, "hash");
    put_bytes(m, hash, 32);
}

static inline void put_binding(struct maker *m, const struct recipe *r)
{
    put_head(m, 5, 4);
    put_string(m, "exclusions");
    put_head(m, 4, 1);
    put_head(m, 5, 2);
    put_string(m, "start");
    put_head(m, 0, r->start ? r->start : 2);
    put_string(m, "length");
    put_be(m, 0x1A, 1);
    put_be(m, r->length + r->more, 4);
    put_string(m, "alg");
    put_string(m, "sha256");
    put_string(m, "hash");
    put_bytes(m, r->hash, 32);
    put_string(m, "pad");
    put_bytes(m, "", 0);
}

static inline void put_ingredient(struct maker *m, const struct recipe *r)
{
    uint8_t hash[32];
    char url[256];

    SHA256(r->parent_box->at + 8, r->parent_box->n - 8, hash);
    hash[0] ^= r->parent_lies;
    snprintf(url, sizeof url, "self#jumbf=/c2pa/%s", r->parent);
    put_head(m, 5, 2);
    put_string(m, "relationship");
    put_string(m, "parentOf");
    put_string(m, "c2pa_manifest");
    put_reference(m, url, hash);
}

static inline void put_assertions(struct maker *m, const struct recipe *r, struct refs *refs)
{
    size_t store = begin_super(m, "c2as", "c2pa.assertions"), at, box;

    for (int i = 0; i < 4; i++) {
        static const char *const labels[] = {"c2pa.actions", "c2pa.hash.data", "c2pa.ingredient",
                                             "org.stranger"};
        const bool wanted[] = {true, !r->no_binding && !r->update, r->parent != NULL, r->stranger};
        if (!wanted[i])
            continue;
        at = begin_super(m, "cbor", labels[i]);
        box = begin(m, "cbor");
        if (i == 1)
            put_binding(m, r);
        else if (i == 2)
            put_ingredient(m, r);
        else
            put(m,
                "\xA1\x67"
                "actions\x81\xA1\x66"
                "action\x6C"
                "c2pa.created",
                31);
        end(m, box);
        end_assertion(m, at, labels[i], refs);
        refs->n -= i == 3; /* not named by the claim */
    }
    end(m, store);
}

/* Returns the length of the claim's CBOR, which then ends m. */
static inline size_t put_claim(struct maker *m, const struct refs *refs, const char *redacts)
{
    size_t super = begin_super(m, "c2cl", "c2pa.claim"), box = begin(m, "cbor");
    char url[128];

    put_head(m, 5, redacts ? 4 : 3);
    if (redacts) {
        put_string(m, "redacted_assertions");
        put_head(m, 4, 1);
        put_string(m, redacts);
    }
    put_string(m, "alg");
    put_string(m, "sha256");
    put_string(m, "claim_generator");
    put_string(m, "maker");
    put_string(m, "assertions");
    put_head(m, 4, refs->n);
    for (size_t i = 0; i < refs->n; i++) {
        snprintf(url, sizeof url, "self#jumbf=c2pa.assertions/%s", refs->label[i]);
        put_reference(m, url, refs->hash[i]);
    }
    end(m, box);
    end(m, super);
    return m->n - box - 8;
}

static inline void put_raw_ecdsa(struct maker *m, const uint8_t *der, size_t n)
{
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)n);
    uint8_t raw[64];

    BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32);
    BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32);
    ECDSA_SIG_free(sig);
    put(m, raw, 64);
}

/* The signature over `message`, alone in m. */
static inline void sign(struct maker *m, const struct signer *by, const struct maker *message)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *how;
    uint8_t sig[512];
    size_t n = sizeof sig;

    assert_int_equal(
        EVP_DigestSignInit(ctx, &how, by->alg == EDDSA ? NULL : EVP_sha256(), NULL, by->key), 1);
    if (by->alg == PS256) {
        EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST);
    }
    assert_int_equal(EVP_DigestSign(ctx, sig, &n, message->at, message->n), 1);
    if (by->alg == ES256)
        put_raw_ecdsa(m, sig, n);
    else
        put(m, sig, n);
    EVP_MD_CTX_free(ctx);
}

static inline void put_structure(struct maker *m, const char *context, const struct maker *head,
                                 const struct maker *claim)
{
    put_head(m, 4, 4);
    put_string(m, context);
    put_bytes(m, head->at, head->n);
    put_bytes(m, "", 0);
    put_bytes(m, claim->at, claim->n);
}

static time_t stamp_time; /* of the next stamp: the library's callback has no better place */

static int tell_stamp_time(TS_RESP_CTX *ctx, void *data, long *sec, long *usec)
{
    (void)ctx, (void)data;
    *sec = (long)stamp_time;
    *usec = 0;
    return 1;
}

/* An RFC 3161 response over `message`. */
static inline void put_stamp(struct maker *m, const struct recipe *r, const struct maker *message)
{
    TS_REQ *request = TS_REQ_new();
    TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    X509_ALGOR *alg = X509_ALGOR_new();
    TS_RESP_CTX *ctx = TS_RESP_CTX_new();
    BIO *bio = BIO_new(BIO_s_mem());
    ASN1_OBJECT *policy = OBJ_txt2obj("1.2.3.4", 1);
    TS_RESP *response;
    unsigned char hash[32], *der = NULL;
    int n;

    stamp_time = r->stamped;
    SHA256(message->at, message->n, hash);
    X509_ALGOR_set0(alg, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL);
    TS_MSG_IMPRINT_set_algo(imprint, alg);
    TS_MSG_IMPRINT_set_msg(imprint, hash, 32);
    TS_REQ_set_version(request, 1);
    TS_REQ_set_msg_imprint(request, imprint);
    TS_REQ_set_cert_req(request, 1);
    i2d_TS_REQ_bio(bio, request);
    TS_RESP_CTX_set_signer_cert(ctx, r->stamp->cert);
    TS_RESP_CTX_set_signer_key(ctx, r->stamp->key);
    TS_RESP_CTX_set_signer_digest(ctx, EVP_sha256());
    TS_RESP_CTX_add_md(ctx, EVP_sha256());
    TS_RESP_CTX_set_def_policy(ctx, policy);
    TS_RESP_CTX_set_time_cb(ctx, tell_stamp_time, NULL);
    assert_non_null(response = TS_RESP_create_response(ctx, bio));
    assert_non_null(TS_RESP_get_token(response));
    assert_true((n = i2d_TS_RESP(response, &der)) > 0);
    put_bytes(m, der, (size_t)n);
    OPENSSL_free(der);
    TS_RESP_free(response);
    ASN1_OBJECT_free(policy);
    BIO_free(bio);
    TS_RESP_CTX_free(ctx);
    X509_ALGOR_free(alg);
    TS_MSG_IMPRINT_free(imprint);
    TS_REQ_free(request);
}

static inline void put_plain_header(struct maker *m, const struct recipe *r,
                                    const struct maker *head, const struct maker *claim)
{
    X509 *const chain[2] = {r->by->cert, r->by->root};
    struct maker message = {0};

    put_head(m, 5, r->stamp ? 2 : 1);
    put_string(m, "x5chain");
    put_head(m, 4, 2);
    for (int i = 0; i < 2; i++) {
        unsigned char *der = NULL;
        int n = i2d_X509(chain[i], &der);
        put_bytes(m, der, (size_t)n);
        OPENSSL_free(der);
    }
    if (r->stamp == NULL)
        return;
    put_structure(&message, "CounterSignature", head, claim);
    put_string(m, "sigTst");
    put_head(m, 5, 1);
    put_string(m, "tstTokens");
    put_head(m, 4, 1);
    put_head(m, 5, 1);
    put_string(m, "val");
    put_stamp(m, r, &message);
    free(message.at);
}

static inline void put_signature(struct maker *m, const struct recipe *r, const struct maker *claim)
{
    size_t super = begin_super(m, "c2cs", "c2pa.signature"), box = begin(m, "cbor");
    struct maker head = {0}, message = {0}, sig = {0};
    struct maker other = {0};

    put_head(&head, 5, 1);
    put_head(&head, 0, 1);
    put_head(&head, 1, (uint64_t)(-1 - r->by->alg));
    put_text(&other, "another claim");
    put_structure(&message, "Signature1", &head, r->attach ? &other : claim);
    sign(&sig, r->by, &message);
    put_be(m, 0xD2, 1); /* tag 18 */
    put_head(m, 4, 4);
    put_bytes(m, head.at, head.n);
    put_plain_header(m, r, &head, claim);
    if (r->attach)
        put_bytes(m, other.at, other.n);
    else
        put_be(m, 0xF6, 1);
    put_bytes(m, sig.at, sig.n);
    end(m, box);
    end(m, super);
    free(head.at);
    free(message.at);
    free(sig.at);
    free(other.at);
}

static inline struct maker make_manifest(const struct recipe *r)
{
    struct maker m = {0}, claim = {0};
    size_t super = begin_super(&m, r->update ? "c2um" : "c2ma", r->label), n;
    struct refs refs = {.hash = {{0}}};

    put_assertions(&m, r, &refs);
    if (r->missing)
        refs.label[refs.n++] = "org.gone";
    n = put_claim(&m, &refs, r->redacts);
    put(&claim, m.at + m.n - n, n);
    if (r->two_claims)
        put_claim(&m, &refs, r->redacts);
    put_signature(&m, r, &claim);
    end(&m, super);
    free(claim.at);
    return m;
}

/* ---- pictures ---- */

static const char picture[] = "\xFF\xFE\0\x30"
                              "the picture: forty-six bytes of a comment.....\xFF\xD9";
enum { PICTURE = 2 + 48 + 2 };

/* A JPEG of a store of these manifests, in a segment behind SOI. */
static inline struct maker make_file(const struct maker *manifest, size_t n)
{
    struct maker store = {0}, m = {0};
    size_t super = begin_super(&store, "c2pa", "c2pa");

    for (size_t i = 0; i < n; i++)
        put(&store, manifest[i].at, manifest[i].n);
    end(&store, super);
    put_be(&m, 0xFFD8, 2);
    put_segment(&m, 0xEB, "JP\2\x11\0\0\0\1", 8, store.at, store.n);
    put(&m, picture, PICTURE);
    free(store.at);
    return m;
}

/* The active manifest by this recipe, after others, bound to its file; *active is kept if asked. */
static inline struct maker make_signed(struct recipe *r, const struct maker *others, size_t n,
                                       struct maker *active)
{
    struct maker all[4] = {{0}}, file = {0};
    uint8_t rest[2 + PICTURE];

    memcpy(rest, "\xFF\xD8", 2);
    memcpy(rest + 2, picture + r->more, PICTURE - r->more);
    SHA256(rest, sizeof rest - r->more, r->hash);
    for (size_t i = 0; i < n; i++)
        all[i] = others[i];
    for (int pass = 0; pass < 2; pass++) { /* the first tells how long it is */
        free(all[n].at);
        free(file.at);
        all[n] = make_manifest(r);
        file = make_file(all, n + 1);
        r->length = file.n - 2 - PICTURE;
    }
    if (active)
        *active = all[n];
    else
        free(all[n].at);
    return file;
}

#endif
