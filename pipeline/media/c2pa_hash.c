/* c2pa_hash.c - hashes of boxes and of the file that a C2PA manifest is bound to.
 *
 * C2PA technical specification 2.1, 18.5 (c2pa.hash.data: the file without ranges of bytes) and
 * 18.6 (c2pa.hash.bmff: the top-level boxes of the file, each behind its offset).  What is asked of
 * the hash function is bounded by a budget per file.
 *
 *  1. digests   2. boxes   3. ranges of the file   4. boxes of the file
 */
#include "c2pa.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

enum { RANGES_MAX = 64, CHUNK = 1 << 16, RULES_MAX = 32, VALUE_MAX = 64 };
enum {
    FILE_BOXES_MAX = 4096,
    RULES_BYTES_MAX = 1 << 16
}; /* every box is held against every rule */

/* ---- 1. digests ---- */

static const EVP_MD *md_of(struct as_text alg)
{
    return as_text_is(alg, "sha256")   ? EVP_sha256()
           : as_text_is(alg, "sha384") ? EVP_sha384()
           : as_text_is(alg, "sha512") ? EVP_sha512()
                                       : NULL;
}

struct digest {
    EVP_MD_CTX *ctx;
    struct as_c2pa_budget *budget;
    bool failed; /* no memory, no budget, unknown algorithm, or the file cannot be read */
};

static struct digest digest_begin(struct as_text alg, struct as_c2pa_budget *budget)
{
    struct digest d = {EVP_MD_CTX_new(), budget, false};
    const EVP_MD *md = md_of(alg);

    d.failed = d.ctx == NULL || md == NULL || EVP_DigestInit_ex(d.ctx, md, NULL) != 1;
    return d;
}

static void digest_add(struct digest *d, const uint8_t *at, size_t n)
{
    if (d->failed || n > d->budget->bytes) {
        d->failed = true;
        return;
    }
    d->budget->bytes -= n;
    d->failed = EVP_DigestUpdate(d->ctx, at, n) != 1;
}

static enum as_c2pa_match digest_end(struct digest *d, struct as_span hash)
{
    uint8_t sum[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    bool good = !d->failed && EVP_DigestFinal_ex(d->ctx, sum, &n) == 1;

    EVP_MD_CTX_free(d->ctx);
    d->ctx = NULL;
    if (!good)
        return AS_MATCH_UNKNOWN;
    return n == hash.n && CRYPTO_memcmp(sum, hash.at, n) == 0 ? AS_MATCH : AS_MISMATCH;
}

/* ---- 2. boxes ---- */

enum as_c2pa_match as_c2pa_hash(struct as_text alg, struct as_span bytes, struct as_span hash,
                                struct as_c2pa_budget *budget)
{
    struct digest d = digest_begin(alg, budget);

    digest_add(&d, bytes.at, bytes.n);
    return digest_end(&d, hash);
}

/* ---- 3. ranges of the file ---- */

static void add_range(struct digest *d, const struct as_input *in, uint64_t from, uint64_t to)
{
    uint8_t chunk[CHUNK];

    if (in->at && to > from) {
        digest_add(d, in->at + from, (size_t)(to - from));
        return;
    }
    while (from < to && !d->failed) {
        uint64_t n = to - from < CHUNK ? to - from : CHUNK;
        if (as_input_read(in, from, chunk, n) != (int64_t)n)
            d->failed = true;
        else
            digest_add(d, chunk, (size_t)n);
        from += n;
    }
}

struct range {
    uint64_t from, to;
};

/* Sorted in; ranges that touch stay apart. False: too many, or no numbers. */
static bool insert_range(struct range *at, size_t *n, int64_t start, int64_t length)
{
    size_t i = *n;

    if (*n == RANGES_MAX || start < 0 || length < 0)
        return false;
    for (; i > 0 && at[i - 1].from > (uint64_t)start; i--)
        at[i] = at[i - 1];
    at[i] = (struct range){(uint64_t)start, (uint64_t)start + (uint64_t)length};
    (*n)++;
    return true;
}

static bool read_ranges(struct as_span list, struct as_c2pa_place place, bool updated,
                        struct range *at, size_t *n)
{
    struct as_span rest, item;
    int64_t start, length;

    *n = 0;
    for (bool more = as_cbor_first(list, &rest, &item); more; more = as_cbor_next(&rest, &item)) {
        if (!as_cbor_int(as_cbor_get(item, "start"), &start) ||
            !as_cbor_int(as_cbor_get(item, "length"), &length))
            return false;
        if (updated && place.to && (uint64_t)start == place.from)
            length = (int64_t)(place.to - place.from);
        if (!insert_range(at, n, start, length))
            return false;
    }
    return true;
}

/* Bytes of [from, to) that are not of the store. */
static uint64_t beside(uint64_t from, uint64_t to, struct as_c2pa_place place)
{
    uint64_t a = from > place.from ? from : place.from, b = to < place.to ? to : place.to;

    if (place.to == 0)
        return 0;
    return to - from - (b > a ? b - a : 0);
}

/* The algorithm of an assertion, or else of its claim; and its hash. */
static bool read_hash(struct as_span assertion, struct as_text *alg, struct as_span *hash)
{
    (void)as_cbor_text(as_cbor_get(assertion, "alg"), alg);
    return as_cbor_bytes(as_cbor_get(assertion, "hash"), hash);
}

struct as_c2pa_bound as_c2pa_data_hash(const struct as_input *in, struct as_span assertion,
                                       struct as_text alg, struct as_c2pa_place place, bool updated,
                                       struct as_c2pa_budget *budget)
{
    struct as_c2pa_bound bound = {AS_MISMATCH, 0};
    struct range range[RANGES_MAX];
    struct as_span hash;
    uint64_t at = 0;
    size_t n;
    struct digest d;

    if (!read_hash(assertion, &alg, &hash) ||
        !read_ranges(as_cbor_get(assertion, "exclusions"), place, updated, range, &n))
        return bound;
    d = digest_begin(alg, budget);
    for (size_t i = 0; i < n; i++) {
        uint64_t from = range[i].from < in->size ? range[i].from : in->size;
        uint64_t to = range[i].to < in->size ? range[i].to : in->size;
        if (from > at)
            add_range(&d, in, at, from);
        if (to > at) {
            bound.outside += beside(from > at ? from : at, to, place);
            at = to;
        }
    }
    add_range(&d, in, at, in->size);
    bound.match = digest_end(&d, hash);
    return bound;
}

/* ---- 4. boxes of the file ---- */

struct rule {
    uint32_t type;
    struct as_span map; /* of the assertion */
};

struct file_box {
    uint64_t from, to;
    uint32_t type;
};

static bool next_file_box(const struct as_input *in, uint64_t at, struct file_box *box)
{
    uint8_t head[16];
    uint64_t size;

    if (in->size - at < 8 || as_input_read(in, at, head, 8) != 8)
        return false;
    size = as_u32be(head);
    box->type = as_u32be(head + 4);
    if (size == 0)
        size = in->size - at;
    else if (size == 1 && as_input_read(in, at, head, 16) == 16)
        size = as_u64be(head + 8);
    if (size < 8 || size > in->size - at)
        return false;
    box->from = at;
    box->to = at + size;
    return true;
}

/* Only rules about top-level boxes ("/uuid") can be followed; and only whole boxes left out. */
static bool read_rules(struct as_span list, struct rule *rule, size_t *n)
{
    struct as_span rest, item;
    struct as_text path;

    *n = 0;
    for (bool more = as_cbor_first(list, &rest, &item); more; more = as_cbor_next(&rest, &item)) {
        const struct as_span subset = as_cbor_get(item, "subset");
        if (*n == RULES_MAX || !as_cbor_text(as_cbor_get(item, "xpath"), &path) || path.len != 5 ||
            path.at[0] != '/' || (subset.n > 0 && !as_cbor_is_null(subset)))
            return false;
        rule[*n].type = as_u32be((const uint8_t *)path.at + 1);
        rule[(*n)++].map = item;
    }
    return true;
}

/* The box holds each value at its offset. */
static bool data_fits(const struct as_input *in, const struct file_box *box, struct as_span list)
{
    struct as_span rest, item, value;
    uint8_t have[VALUE_MAX];
    int64_t offset;

    for (bool more = as_cbor_first(list, &rest, &item); more; more = as_cbor_next(&rest, &item))
        if (!as_cbor_int(as_cbor_get(item, "offset"), &offset) || offset < 0 ||
            !as_cbor_bytes(as_cbor_get(item, "value"), &value) || value.n > VALUE_MAX ||
            (uint64_t)offset > box->to - box->from ||
            value.n > box->to - box->from - (uint64_t)offset ||
            as_input_read(in, box->from + (uint64_t)offset, have, value.n) != (int64_t)value.n ||
            memcmp(have, value.at, value.n) != 0)
            return false;
    return true;
}

static bool version_fits(const struct as_input *in, const struct file_box *box, struct as_span map)
{
    const struct as_span exact = as_cbor_get(map, "exact");
    struct as_span flags;
    uint8_t head[12];
    int64_t version;
    bool has_version = as_cbor_int(as_cbor_get(map, "version"), &version);
    bool has_flags = as_cbor_bytes(as_cbor_get(map, "flags"), &flags) && flags.n == 3;

    if (!has_version && !has_flags)
        return true;
    if (as_input_read(in, box->from, head, 12) != 12 || (has_version && head[8] != version))
        return false;
    for (size_t i = 0; has_flags && i < 3; i++)
        if (exact.n == 0 || as_cbor_bool(exact) ? head[9 + i] != flags.at[i]
                                                : (head[9 + i] & flags.at[i]) != flags.at[i])
            return false;
    return true;
}

static bool left_out(const struct as_input *in, const struct file_box *box, const struct rule *rule,
                     size_t n)
{
    int64_t length;

    for (size_t i = 0; i < n; i++) {
        if (rule[i].type != box->type)
            continue;
        if (as_cbor_int(as_cbor_get(rule[i].map, "length"), &length) &&
            (uint64_t)length != box->to - box->from)
            continue;
        if (data_fits(in, box, as_cbor_get(rule[i].map, "data")) &&
            version_fits(in, box, rule[i].map))
            return true;
    }
    return false;
}

/* Boxes that every manifest of this kind leaves out, by 18.6.2: they say nothing of the content. */
static bool is_usual(uint32_t type)
{
    return type == AS_FOUR('f', 't', 'y', 'p') || type == AS_FOUR('m', 'f', 'r', 'a');
}

struct as_c2pa_bound as_c2pa_bmff_hash(const struct as_input *in, struct as_span assertion,
                                       struct as_text alg, struct as_c2pa_place place,
                                       struct as_c2pa_budget *budget)
{
    struct as_c2pa_bound bound = {AS_MATCH_UNKNOWN, 0};
    const struct as_span merkle = as_cbor_get(assertion, "merkle");
    struct rule rule[RULES_MAX];
    struct file_box box;
    struct as_span hash;
    uint64_t at = 0;
    size_t n;
    struct digest d;

    if ((merkle.n > 0 && !as_cbor_is_null(merkle)) || assertion.n > RULES_BYTES_MAX ||
        !read_hash(assertion, &alg, &hash) ||
        !read_rules(as_cbor_get(assertion, "exclusions"), rule, &n))
        return bound; /* fragments, parts of boxes: not followed here */
    d = digest_begin(alg, budget);
    for (unsigned i = 0; at < in->size && i < FILE_BOXES_MAX; i++, at = box.to) {
        uint8_t offset[8];
        if (!next_file_box(in, at, &box))
            break;
        if (left_out(in, &box, rule, n)) {
            bound.outside += is_usual(box.type) ? 0 : beside(box.from, box.to, place);
            continue;
        }
        for (size_t k = 0; k < 8; k++)
            offset[k] = (uint8_t)(at >> (56 - 8 * k));
        digest_add(&d, offset, sizeof offset);
        add_range(&d, in, box.from, box.to);
    }
    bound.match = digest_end(&d, hash);
    if (at < in->size)
        bound.match = AS_MISMATCH; /* what no box holds was never hashed */
    return bound;
}
