/* c2pa.h - what the readers and checkers of C2PA manifest stores share; private to them.
 *
 * A store is a tree of JUMBF boxes: store > manifest > assertion store, claim, signature >
 * assertion. c2pa_boxes.c makes it a flat table, c2pa_cbor.c looks into the CBOR of the boxes,
 * c2pa_hash.c compares hashes (of boxes, of the file), c2pa_sign.c signatures, certificates and
 * time stamps (c2pa_cert.c), c2pa_check.c walks claim, assertions and ingredients, c2pa_tell.c has
 * the words.
 *
 * References: C2PA technical specification 2.1; ISO/IEC 19566-5 (JUMBF); RFC 8949 (CBOR);
 * RFC 9052, 9360 (COSE); RFC 5280 (X.509); RFC 3161 (time stamps).                              */
#ifndef AS_C2PA_H
#define AS_C2PA_H

#include "metadata.h"
#include "trust.h"

#include <stdint.h>

/* ---- boxes ---- */

enum { AS_C2PA_BOXES_MAX = 4096, AS_C2PA_NOWHERE = INT32_MAX };

/* A box; a superbox ("jumb") has a label and the type of its description box. */
struct as_c2pa_box {
    uint32_t type;          /* of the box: jumb, cbor, json, bidb ...                         */
    uint32_t kind;          /* of a superbox: first four bytes of its type UUID: c2ma, c2cl ... */
    uint32_t parent;        /* index; AS_C2PA_NOWHERE: top                                       */
    uint32_t depth;         /* 1: the store itself                                            */
    struct as_span whole;   /* with its header                                                */
    struct as_span content; /* without: what hashes of superboxes are taken over              */
    struct as_text label;   /* points into the store; not NUL-ended                           */
    bool used;              /* an assertion that a claim names                                */
};

struct as_c2pa_boxes {
    struct as_c2pa_box at[AS_C2PA_BOXES_MAX];
    uint32_t n;
    const char *broken; /* what of it, so that the rest was not read; NULL: nothing */
};

/* Fills the table from the store's bytes, which it borrows.  Order: as in the file. */
void as_c2pa_read_boxes(struct as_c2pa_boxes *boxes, const uint8_t *at, size_t n);

/* The superbox `label` directly inside `parent`, or AS_C2PA_NOWHERE. */
uint32_t as_c2pa_inside(const struct as_c2pa_boxes *boxes, uint32_t parent, struct as_text label);

/* The content box of type `type` directly inside `parent`; empty: none. */
struct as_span as_c2pa_content(const struct as_c2pa_boxes *boxes, uint32_t parent, uint32_t type);

#define AS_FOUR(a, b, c, d)                                                                        \
    ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (uint32_t)(d))

static inline struct as_text as_text_of(const char *s)
{
    return (struct as_text){s, (uint32_t)strlen(s)};
}

static inline bool as_text_is(struct as_text t, const char *s)
{
    return t.len == strlen(s) && memcmp(t.at, s, t.len) == 0;
}

static inline bool as_text_begins(struct as_text t, const char *s)
{
    return t.len >= strlen(s) && memcmp(t.at, s, strlen(s)) == 0;
}

static inline bool as_text_same(struct as_text a, struct as_text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* ---- CBOR: an item is a span that begins with it ---- */

/* The bytes of the first item, its tags included; empty when it is cut or nested too deeply. */
struct as_span as_cbor_item(struct as_span in);

/* The value of `key` (text) or `number` (integer) in a map; empty: none, or no map. */
struct as_span as_cbor_get(struct as_span map, const char *key);
struct as_span as_cbor_get_int(struct as_span map, int64_t number);

/* Element i of an array, in *item; false: there is none. Use as_cbor_first/_next to walk. */
bool as_cbor_first(struct as_span array, struct as_span *rest, struct as_span *item);
bool as_cbor_next(struct as_span *rest, struct as_span *item);

/* The same for maps, whose items come as key, value, key, value ... */
bool as_cbor_first_pair(struct as_span map, struct as_span *rest, struct as_span *key);

bool as_cbor_is_map(struct as_span item);
bool as_cbor_is_null(struct as_span item);

/* Definite strings only; false for anything else. */
bool as_cbor_bytes(struct as_span item, struct as_span *to);
bool as_cbor_text(struct as_span item, struct as_text *to);
bool as_cbor_int(struct as_span item, int64_t *to);
bool as_cbor_bool(struct as_span item);

/* The head of an array or a byte string of `n`, written at `to` (9 bytes of room); its length. */
size_t as_cbor_head(uint8_t *to, unsigned major, uint64_t n);

/* ---- hashes ---- */

/* What one file may have hashed for its manifests, so that few bytes cannot ask for hours. */
struct as_c2pa_budget {
    uint64_t bytes;
};

enum as_c2pa_match { AS_MATCH, AS_MISMATCH, AS_MATCH_UNKNOWN };

/* Whether `hash` is that of `bytes` by the algorithm called `alg` (sha256, sha384, sha512). */
enum as_c2pa_match as_c2pa_hash(struct as_text alg, struct as_span bytes, struct as_span hash,
                                struct as_c2pa_budget *budget);

/* Where the store lies in the file, headers of its segments included; to == 0: not known. */
struct as_c2pa_place {
    uint64_t from, to;
};

/* What a binding left out of its hash beside the store, bytes; and whether the ranges make sense.
 */
struct as_c2pa_bound {
    enum as_c2pa_match match;
    uint64_t outside;
};

/* Checks c2pa.hash.data.  `updated`: the store has grown since (an update manifest), so that the
 * excluded range that begins with the store ends where the store does now.                   */
struct as_c2pa_bound as_c2pa_data_hash(const struct as_input *in, struct as_span assertion,
                                       struct as_text alg, struct as_c2pa_place place, bool updated,
                                       struct as_c2pa_budget *budget);

/* Checks c2pa.hash.bmff.v2 and .v3 of files that are no fragments. */
struct as_c2pa_bound as_c2pa_bmff_hash(const struct as_input *in, struct as_span assertion,
                                       struct as_text alg, struct as_c2pa_place place,
                                       struct as_c2pa_budget *budget);

/* ---- signatures ---- */

enum { AS_C2PA_TEXT = 256 };

struct as_c2pa_signed {
    enum as_c2pa_state signature, certificate, time, trust;
    int64_t alg;               /* of COSE                                           */
    char signer[AS_C2PA_TEXT]; /* names from the certificate                        */
    char issuer[AS_C2PA_TEXT];
    char valid_from[24], valid_to[24], signed_at[24]; /* "" where there is none           */
    const char *flaw; /* why signature or certificate is not right; NULL   */
    bool expired;     /* the time stamp lies outside the certificate's time */
};

/* Checks a COSE_Sign1 over `claim`.  `trust` may be NULL: no list was given.
 * AS_ENOMEM when memory runs out.                                                          */
enum as_status as_c2pa_verify(struct as_span cose, struct as_span claim,
                              const struct as_trust *trust,
                              struct as_c2pa_signed *to) AS_MUST_CHECK;

/* Uses every algorithm once. */
void as_c2pa_warm(void);

/* ---- the whole ---- */

/* Checks a store and adds entries and facts.  Of several stores none is believed. */
void as_c2pa_check(struct as_md *md, struct as_c2pa_boxes *boxes, struct as_c2pa_place place);

/* Adds the entries c2pa.state, c2pa.signature ... ; `assertions` were looked at. */
void as_c2pa_tell(struct as_kvs *kvs, const struct as_c2pa *facts, const struct as_c2pa_signed *by,
                  unsigned assertions);

/* The words of the entry c2pa.state. */
const char *as_c2pa_verdict(const struct as_c2pa *facts);

#endif
