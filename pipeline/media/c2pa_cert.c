/* c2pa_cert.c - the certificates behind a C2PA signature, and the time stamps that date it.
 *
 * What is right depends on the file and on the trust list alone, never on today's date: a
 * certificate is judged at the time of a stamp that holds; where there is none, its period is told
 * and not judged.  C2PA technical specification 2.1, chapter 14; RFC 5280; RFC 3161.
 *
 *  1. reading the chain   2. what its certificate says   3. whether it may sign
 *  4. where it leads   5. time stamps
 */
#include "c2pa_cert.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <time.h>

enum { CHAIN_MAX = 8, CERT_BYTES_MAX = 1 << 16, STAMP_BYTES_MAX = 1 << 18 };

/* ---- 1. reading the chain ---- */

static bool push_cert(STACK_OF(X509) * chain, struct as_span item)
{
    struct as_span der;
    const unsigned char *p;
    X509 *cert;

    if (!as_cbor_bytes(item, &der) || der.n == 0 || der.n > CERT_BYTES_MAX)
        return false;
    p = der.at;
    if ((cert = d2i_X509(NULL, &p, (long)der.n)) == NULL)
        return false;
    if (sk_X509_push(chain, cert) > 0)
        return true;
    X509_free(cert);
    return false;
}

/* One certificate as a byte string, or several in an array. */
static bool push_all(STACK_OF(X509) * chain, struct as_span header)
{
    struct as_span rest, item;

    if (!as_cbor_first(header, &rest, &item))
        return push_cert(chain, header);
    do {
        if (sk_X509_num(chain) == CHAIN_MAX || !push_cert(chain, item))
            return false;
    } while (as_cbor_next(&rest, &item));
    return true;
}

STACK_OF(X509) * as_c2pa_read_chain(struct as_span protected_map, struct as_span plain_map)
{
    enum { X5CHAIN = 33 };
    const struct as_span maps[2] = {protected_map, plain_map};
    STACK_OF(X509) *chain = sk_X509_new_null();
    struct as_span header = {NULL, 0};

    for (size_t i = 0; i < 2 && header.n == 0; i++) {
        header = as_cbor_get_int(maps[i], X5CHAIN);
        if (header.n == 0)
            header = as_cbor_get(maps[i], "x5chain");
    }
    if (chain && header.n > 0 && push_all(chain, header))
        return chain;
    sk_X509_pop_free(chain, X509_free);
    return NULL;
}

/* ---- 2. what its certificate says ---- */

static size_t add_name(char *to, size_t n, const X509_NAME *name, int nid)
{
    int at = X509_NAME_get_index_by_NID(name, nid, -1), len;
    unsigned char *text = NULL;
    size_t used = strlen(to);

    if (at < 0)
        return used;
    len = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (len > 0)
        snprintf(to + used, n - used, "%s%.*s", used ? ", " : "", len, (const char *)text);
    OPENSSL_free(text);
    return strlen(to);
}

static void tell_name(char to[AS_C2PA_TEXT], const X509_NAME *name)
{
    to[0] = '\0';
    add_name(to, AS_C2PA_TEXT, name, NID_commonName);
    add_name(to, AS_C2PA_TEXT, name, NID_organizationName);
}

static int64_t seconds_of(const ASN1_TIME *t)
{
    struct tm tm;

    return t && ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : -1;
}

static void tell_time(char to[24], int64_t seconds)
{
    time_t t = (time_t)seconds;
    struct tm tm;

    to[0] = '\0';
    if (seconds >= 0 && gmtime_r(&t, &tm))
        strftime(to, 24, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/* ---- 3. whether it may sign ---- */

/* Purposes by which C2PA signers sign: e-mail protection, document signing, C2PA's own. */
static bool has_purpose(X509 *cert)
{
    static const char *const purposes[] = {"1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36",
                                           "1.3.6.1.4.1.62558.2.1"};
    EXTENDED_KEY_USAGE *uses = X509_get_ext_d2i(cert, NID_ext_key_usage, NULL, NULL);
    bool found = false;
    char oid[80];

    for (int i = 0; i < sk_ASN1_OBJECT_num(uses) && !found; i++) {
        if (OBJ_obj2txt(oid, sizeof oid, sk_ASN1_OBJECT_value(uses, i), 1) <= 0)
            continue;
        for (size_t k = 0; k < sizeof purposes / sizeof *purposes; k++)
            found |= strcmp(oid, purposes[k]) == 0;
    }
    EXTENDED_KEY_USAGE_free(uses);
    return found;
}

static bool key_is_strong(const X509 *cert)
{
    const EVP_PKEY *key = X509_get0_pubkey(cert);
    const int type = key ? EVP_PKEY_get_base_id(key) : 0;

    if (type == EVP_PKEY_RSA || type == EVP_PKEY_RSA_PSS)
        return EVP_PKEY_get_bits(key) >= 2048;
    return type == EVP_PKEY_ED25519 || (type == EVP_PKEY_EC && EVP_PKEY_get_bits(key) >= 256);
}

/* Each certificate is signed by the next one, which is an authority. */
static bool chain_links(STACK_OF(X509) * chain)
{
    for (int i = 0; i + 1 < sk_X509_num(chain); i++) {
        X509 *next = sk_X509_value(chain, i + 1);
        EVP_PKEY *key = X509_get0_pubkey(next);
        if (key == NULL || X509_check_ca(next) == 0 ||
            X509_verify(sk_X509_value(chain, i), key) != 1)
            return false;
    }
    return true;
}

static const char *flaw_of(STACK_OF(X509) * chain)
{
    X509 *cert = sk_X509_value(chain, 0);

    if (X509_get_version(cert) != X509_VERSION_3)
        return "the signer's certificate is not of version 3";
    if (X509_check_ca(cert) == 1)
        return "the signer's certificate is that of an authority";
    if (!(X509_get_key_usage(cert) & KU_DIGITAL_SIGNATURE))
        return "the signer's certificate is not for signatures";
    if (!has_purpose(cert))
        return "the signer's certificate is not for signing content";
    if (!key_is_strong(cert))
        return "the signer's key is too short or of an unknown kind";
    if (!chain_links(chain))
        return "the certificates do not sign each other";
    return NULL;
}

void as_c2pa_judge_chain(STACK_OF(X509) * chain, struct as_c2pa_signed *to)
{
    X509 *cert = sk_X509_value(chain, 0);

    tell_name(to->signer, X509_get_subject_name(cert));
    tell_name(to->issuer, X509_get_issuer_name(cert));
    tell_time(to->valid_from, seconds_of(X509_get0_notBefore(cert)));
    tell_time(to->valid_to, seconds_of(X509_get0_notAfter(cert)));
    to->flaw = flaw_of(chain);
    to->certificate = to->flaw ? AS_C2PA_BAD : AS_C2PA_GOOD;
}

/* ---- 4. where it leads ---- */

/* A store of these certificates, which checks at `seconds`, or at no time where that is below 0. */
static X509_STORE *store_of(STACK_OF(X509) * certs, int64_t seconds)
{
    X509_STORE *store = X509_STORE_new();
    X509_VERIFY_PARAM *param;

    if (store == NULL)
        return NULL;
    param = X509_STORE_get0_param(store);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN |
                                           (seconds < 0 ? X509_V_FLAG_NO_CHECK_TIME : 0));
    if (seconds >= 0)
        X509_VERIFY_PARAM_set_time(param, (time_t)seconds);
    for (int i = 0; i < sk_X509_num(certs); i++)
        (void)X509_STORE_add_cert(store, sk_X509_value(certs, i));
    return store;
}

static bool leads_to(STACK_OF(X509) * chain, STACK_OF(X509) * list, int64_t seconds)
{
    X509_STORE *store = store_of(list, seconds);
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    bool good = store && ctx &&
                X509_STORE_CTX_init(ctx, store, sk_X509_value(chain, 0), chain) == 1 &&
                X509_verify_cert(ctx) == 1;

    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return good;
}

void as_c2pa_trace(STACK_OF(X509) * chain, const struct as_trust *trust, int64_t stamped,
                   struct as_c2pa_signed *to)
{
    X509 *cert = sk_X509_value(chain, 0);

    if (trust)
        to->trust = leads_to(chain, trust->certs, stamped) ? AS_C2PA_GOOD : AS_C2PA_BAD;
    if (stamped < 0)
        return;
    to->expired = stamped < seconds_of(X509_get0_notBefore(cert)) ||
                  stamped > seconds_of(X509_get0_notAfter(cert));
    if (!to->expired || to->certificate != AS_C2PA_GOOD)
        return;
    to->certificate = AS_C2PA_BAD;
    to->flaw = "the time stamp lies outside the period of the signer's certificate";
}

/* ---- 5. time stamps ---- */

/* A response holds a token; some writers keep the token alone. */
static PKCS7 *read_token(struct as_span in)
{
    const unsigned char *p = in.at;
    TS_RESP *response = in.n <= STAMP_BYTES_MAX ? d2i_TS_RESP(NULL, &p, (long)in.n) : NULL;
    PKCS7 *token = NULL;

    if (response) {
        token = TS_RESP_get_token(response) ? PKCS7_dup(TS_RESP_get_token(response)) : NULL;
        TS_RESP_free(response);
        return token;
    }
    p = in.at;
    return in.n <= STAMP_BYTES_MAX ? d2i_PKCS7(NULL, &p, (long)in.n) : NULL;
}

static bool imprint_fits(TS_TST_INFO *info, const struct as_span *message, size_t n)
{
    TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(info);
    const ASN1_OBJECT *name;
    const EVP_MD *md;
    ASN1_OCTET_STRING *want = TS_MSG_IMPRINT_get_msg(imprint);
    uint8_t sum[EVP_MAX_MD_SIZE];
    unsigned len;
    int nid;

    X509_ALGOR_get0(&name, NULL, NULL, TS_MSG_IMPRINT_get_algo(imprint));
    nid = OBJ_obj2nid(name);
    md = nid == NID_sha256   ? EVP_sha256()
         : nid == NID_sha384 ? EVP_sha384()
         : nid == NID_sha512 ? EVP_sha512()
                             : NULL;
    for (size_t i = 0; i < n && md; i++)
        if (EVP_Digest(message[i].at, message[i].n, sum, &len, md, NULL) == 1 &&
            ASN1_STRING_length(want) == (int)len &&
            memcmp(ASN1_STRING_get0_data(want), sum, len) == 0)
            return true;
    return false;
}

/* Whether the token's signature holds and leads to one of `list` at that time. */
static bool token_leads_to(PKCS7 *token, STACK_OF(X509) * list, int64_t seconds)
{
    X509_STORE *store = store_of(list, seconds);
    X509 *signer = NULL;
    bool good = store && TS_RESP_verify_signature(token, NULL, store, &signer) == 1;

    X509_free(signer);
    X509_STORE_free(store);
    return good;
}

int64_t as_c2pa_read_stamp(struct as_span in, const struct as_span *message, size_t n,
                           const struct as_trust *trust, struct as_c2pa_signed *to)
{
    PKCS7 *token = read_token(in);
    bool is_signed = token && PKCS7_type_is_signed(token) && token->d.sign;
    TS_TST_INFO *info = is_signed ? PKCS7_to_TS_TST_INFO(token) : NULL;
    int64_t seconds = info ? seconds_of(TS_TST_INFO_get_time(info)) : -1;

    to->time = AS_C2PA_BAD;
    if (seconds >= 0 && imprint_fits(info, message, n)) {
        /* its own certificates as the list: does the signature hold at all? */
        if (token_leads_to(token, token->d.sign->cert, -1))
            to->time = AS_C2PA_UNCHECKED;
        if (to->time != AS_C2PA_BAD && trust && token_leads_to(token, trust->certs, seconds))
            to->time = AS_C2PA_GOOD;
    }
    if (to->time == AS_C2PA_BAD)
        seconds = -1;
    tell_time(to->signed_at, seconds);
    TS_TST_INFO_free(info);
    PKCS7_free(token);
    return seconds;
}

static X509 *warm_cert(EVP_PKEY *key)
{
    X509 *cert = X509_new();
    X509_NAME *name = cert ? X509_get_subject_name(cert) : NULL;

    if (name && X509_set_version(cert, X509_VERSION_3) == 1 &&
        ASN1_INTEGER_set(X509_get_serialNumber(cert), 1) == 1 &&
        X509_gmtime_adj(X509_getm_notBefore(cert), 0) &&
        X509_gmtime_adj(X509_getm_notAfter(cert), 60) &&
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)"warm", -1, -1,
                                   0) == 1 &&
        X509_set_issuer_name(cert, name) == 1 && X509_set_pubkey(cert, key) == 1 &&
        X509_sign(cert, key, NULL) > 0)
        return cert;
    X509_free(cert);
    return NULL;
}

void as_c2pa_warm_chain(void)
{
    static const uint8_t secret[32] = {1};
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, secret, sizeof secret);
    X509 *cert = key ? warm_cert(key) : NULL;
    STACK_OF(X509) *chain = sk_X509_new_null();
    struct as_c2pa_signed by = {0};

    if (cert && chain && sk_X509_push(chain, cert) > 0) {
        as_c2pa_judge_chain(chain, &by);
        (void)leads_to(chain, chain, seconds_of(X509_get0_notBefore(cert)));
        cert = NULL; /* the chain's */
    }
    X509_free(cert);
    sk_X509_pop_free(chain, X509_free);
    EVP_PKEY_free(key);
}
