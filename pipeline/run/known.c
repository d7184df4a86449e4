/* known.c - which content a set of known hashes lists. */
#include "known.h"

#include <string.h>

enum { PIECE = 4096, HASH_MAX = 32, BISECT_EVERY = 4 };

/* Rows that may still hold the hash, and the first bytes of those just outside. */
struct range {
    uint64_t lo, hi, below, above;
};

static uint64_t prefix(const uint8_t *hash)
{
    uint64_t v = 0;

    for (int i = 0; i < 8; i++)
        v = v << 8 | hash[i];
    return v;
}

/* Where the piece to read next begins: at the proportional place, in every fourth step in the
 * middle, as a set may be made so that proportion misleads.                           */
static uint64_t guess(const struct range *r, uint64_t key, uint64_t rows, int step)
{
    uint64_t width = r->hi - r->lo, at = width / 2;

    if (width <= rows)
        return r->lo;
    if (step % BISECT_EVERY != BISECT_EVERY - 1 && r->above > r->below && key >= r->below &&
        key <= r->above)
        at = (uint64_t)((double)width * ((double)(key - r->below) / (double)(r->above - r->below)));
    at = at > rows / 2 ? at - rows / 2 : 0;
    return r->lo + (at < width - rows ? at : width - rows);
}

/* The first of n sorted rows that is not before the hash. */
static uint64_t lower_bound(const uint8_t *rows, uint64_t n, const uint8_t *hash, size_t bytes)
{
    uint64_t lo = 0, hi = n;

    while (lo < hi) {
        uint64_t mid = lo + (hi - lo) / 2;
        if (memcmp(rows + mid * bytes, hash, bytes) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* AS_END: the hash is not in the dataset. */
static enum as_status find_row(const struct as_ref *set, enum as_ref_set which, const uint8_t *hash,
                               uint64_t *row, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint8_t piece[PIECE];
    const size_t bytes = as_ref_row_bytes(set, which);
    const uint64_t rows = PIECE / bytes, key = prefix(hash);
    struct range r = {0, as_ref_rows(set, which), 0, UINT64_MAX};

    for (int step = 0; r.lo < r.hi; step++) {
        uint64_t first = guess(&r, key, rows, step), n = r.hi - first < rows ? r.hi - first : rows;
        AS_TRY(as_ref_read(set, which, first, n, piece, err));
        uint64_t k = lower_bound(piece, n, hash, bytes);
        *row = first + k;
        if (k < n && memcmp(piece + k * bytes, hash, bytes) == 0)
            return AS_OK;
        if (k == 0) {
            r.hi = first;
            r.above = prefix(piece);
        } else if (k == n) {
            r.lo = first + n;
            r.below = prefix(piece + (n - 1) * bytes);
        } else {
            return AS_END;
        }
    }
    status = AS_END;
done:
    return status;
}

static bool worse(const struct as_known_hit *a, const struct as_known_hit *b)
{
    return a->class > b->class || (a->class == b->class && a->category < b->category);
}

enum as_status as_known_find(const struct as_ref *set, const struct as_known_ask *ask,
                             struct as_known_hit *hit, struct as_err *err)
{
    const struct {
        enum as_ref_set hash, class, category;
        const uint8_t *ask;
    } parts[] = {
        {AS_REF_KNOWN_sha256, AS_REF_KNOWN_sha256_class, AS_REF_KNOWN_sha256_category, ask->sha256},
        {AS_REF_KNOWN_sha1, AS_REF_KNOWN_sha1_class, AS_REF_KNOWN_sha1_category, ask->sha1},
        {AS_REF_KNOWN_md5, AS_REF_KNOWN_md5_class, AS_REF_KNOWN_md5_category, ask->md5},
    };
    enum as_status status = AS_OK;
    uint64_t before = 0, row = 0;
    bool found = false;

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct as_known_hit one = {0};
        status =
            parts[i].ask != NULL ? find_row(set, parts[i].hash, parts[i].ask, &row, err) : AS_END;
        if (status > AS_END)
            goto done;
        if (status == AS_OK) {
            AS_TRY(as_ref_read(set, parts[i].class, row, 1, &one.class, err));
            AS_TRY(as_ref_read(set, parts[i].category, row, 1, &one.category, err));
            one.reference = before + row;
            *hit = !found || worse(&one, hit) ? one : *hit;
            found = true;
        }
        before += as_ref_rows(set, parts[i].hash);
    }
    status = found ? AS_OK : AS_END;
done:
    return status;
}

bool as_known_needs_md5(const struct as_ref *set)
{
    return as_ref_rows(set, AS_REF_KNOWN_sha1) + as_ref_rows(set, AS_REF_KNOWN_md5) > 0;
}
