/* zip_check.c - reads the central directory of a zip and holds it against the
 * local headers.
 *
 * What one program unpacks from a zip another need not see: the central
 * directory and the local headers can tell two stories, and entries can share
 * bytes (the overlapping kind of bomb).  Layout after PKWARE's APPNOTE 6.3.9,
 * sections 4.3.7 (local), 4.3.12 (central), 4.3.14-16 (ends), 4.5.3 (zip64).   */
#include "zip_check.h"

#include <stdlib.h>
#include <string.h>

enum {
    END_LEN = 22,
    END64_LEN = 56,
    LOCATOR_LEN = 20,
    CENTRAL_LEN = 46,
    LOCAL_LEN = 30,
    TAIL = 65535 + END_LEN, /* the longest comment behind the end record */
    BLOCK = 65536,
    NAME_LEN = 65535,
    FLAG_ENCRYPTED = 1,
    FLAG_LATE = 8,        /* sizes and checksum follow the data */
    FLAG_MASKED = 1 << 13 /* the local header is blanked: strong encryption */
};

static uint16_t le16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const uint8_t *p)
{
    return (uint32_t)le16(p) | (uint32_t)le16(p + 2) << 16;
}

static uint64_t le64(const uint8_t *p)
{
    return (uint64_t)le32(p) | (uint64_t)le32(p + 4) << 32;
}

static bool get(const struct as_input *in, uint64_t at, void *to, uint64_t n)
{
    return as_input_read(in, at, to, n) == (int64_t)n;
}

/* What a header says; sizes after the zip64 extra. */
struct head {
    uint16_t flags, method;
    uint32_t crc;
    uint64_t packed, size, offset;
    uint16_t name_len, extra_len, comment_len;
};

/* Replaces the fields that say "see the zip64 extra". */
static void apply_zip64(struct head *h, const uint8_t *extra, size_t n)
{
    uint64_t *const field[] = {&h->size, &h->packed, &h->offset};

    for (size_t i = 0; i + 4 <= n;) {
        size_t len = le16(extra + i + 2), at = i + 4;
        if (len > n - at)
            return;
        if (le16(extra + i) == 1) {
            for (size_t k = 0; k < 3; k++) {
                if (*field[k] != UINT32_MAX)
                    continue;
                if (at + 8 > i + 4 + len)
                    return;
                *field[k] = le64(extra + at);
                at += 8;
            }
            return;
        }
        i = at + len;
    }
}

static struct head central_head(const uint8_t *p)
{
    return (struct head){.flags = le16(p + 8),
                         .method = le16(p + 10),
                         .crc = le32(p + 16),
                         .packed = le32(p + 20),
                         .size = le32(p + 24),
                         .name_len = le16(p + 28),
                         .extra_len = le16(p + 30),
                         .comment_len = le16(p + 32),
                         .offset = le32(p + 42)};
}

static struct head local_head(const uint8_t *p)
{
    return (struct head){.flags = le16(p + 6),
                         .method = le16(p + 8),
                         .crc = le32(p + 14),
                         .packed = le32(p + 18),
                         .size = le32(p + 22),
                         .name_len = le16(p + 26),
                         .extra_len = le16(p + 28)};
}

/* Where the central directory is said to be. */
struct end {
    uint64_t at; /* the record that ends the directory: end or zip64 end */
    uint64_t size, offset;
    bool volumes; /* spread over several files */
};

/* Reads the zip64 end record that the locator before `end` points at. */
static void read_end64(const struct as_input *in, struct end *e)
{
    uint8_t loc[LOCATOR_LEN], p[END64_LEN];
    uint64_t at;

    if (e->at < LOCATOR_LEN || !get(in, e->at - LOCATOR_LEN, loc, LOCATOR_LEN) ||
        memcmp(loc, "PK\6\7", 4) != 0)
        return;
    at = le64(loc + 8);
    /* where something was put before the zip, the record is just before its locator */
    if (!get(in, at, p, END64_LEN) || memcmp(p, "PK\6\6", 4) != 0) {
        if (e->at < LOCATOR_LEN + END64_LEN)
            return;
        at = e->at - LOCATOR_LEN - END64_LEN;
        if (!get(in, at, p, END64_LEN) || memcmp(p, "PK\6\6", 4) != 0) {
            e->volumes = e->volumes || le32(loc + 16) > 1;
            return;
        }
    }
    e->at = at;
    e->size = le64(p + 40);
    e->offset = le64(p + 48);
    e->volumes = le32(loc + 16) > 1 || le32(p + 16) != 0 || le32(p + 20) != 0;
}

/* Fills e from the end record p at `at`; false if it cannot be one. */
static bool read_end(const struct as_input *in, const uint8_t *p, uint64_t at, struct end *e)
{
    *e = (struct end){.at = at, .size = le32(p + 12), .offset = le32(p + 16)};
    e->volumes = (le16(p + 4) != 0 && le16(p + 4) != UINT16_MAX) ||
                 (le16(p + 6) != 0 && le16(p + 6) != UINT16_MAX) || le16(p + 8) != le16(p + 10);
    read_end64(in, e);
    return e->volumes || e->size <= e->at;
}

/* Looks for the last end record; `tail` holds the last n bytes. */
static bool find_end(const struct as_input *in, const uint8_t *tail, size_t n, bool strict,
                     struct end *e, uint64_t *zip_end)
{
    for (size_t i = n < END_LEN ? 0 : n - END_LEN + 1; i-- > 0;) {
        if (memcmp(tail + i, "PK\5\6", 4) != 0)
            continue;
        size_t whole = END_LEN + le16(tail + i + 20);
        if (strict && whole != n - i)
            continue;
        if (!read_end(in, tail + i, in->size - n + i, e))
            continue;
        /* a comment is cut off: libarchive looks no further back than 16 KiB */
        *zip_end = in->size - n + i + END_LEN;
        return true;
    }
    return false;
}

/* Reading the directory from front to back through a block. */
struct reader {
    const struct as_input *in;
    uint8_t *block;
    uint64_t at, end;    /* of the directory, what is left */
    uint64_t from, have; /* what the block holds */
};

/* n <= BLOCK bytes at r->at, or NULL. */
static const uint8_t *peek(struct reader *r, uint64_t n)
{
    if (n > r->end - r->at)
        return NULL;
    if (r->at < r->from || r->at + n > r->from + r->have) {
        int64_t got = as_input_read(r->in, r->at, r->block, BLOCK);
        r->from = r->at;
        r->have = got < 0 ? 0 : (uint64_t)got;
    }
    return n <= r->have - (r->at - r->from) ? r->block + (r->at - r->from) : NULL;
}

static int by_offset(const void *a, const void *b)
{
    const struct as_zip_entry *x = a, *y = b;

    if (x->offset != y->offset)
        return x->offset < y->offset ? -1 : 1;
    return x->central < y->central ? -1 : x->central > y->central;
}

static bool append(struct as_zip *z, uint64_t *room, struct as_zip_entry e)
{
    if (z->n == *room) {
        uint64_t want = *room ? *room * 2 : 256;
        struct as_zip_entry *more = realloc(z->entry, want * sizeof *more);
        if (more == NULL)
            return false;
        z->entry = more;
        *room = want;
    }
    z->entry[z->n++] = e;
    return true;
}

/* Reads all central headers.  AS_OK, AS_EFORMAT (broken), AS_ENOMEM, AS_ELIMIT. */
static enum as_status list(struct as_zip *z, struct reader *r, uint64_t max_entries)
{
    uint64_t room = 0;

    while (r->at < r->end) {
        const uint8_t *p = peek(r, CENTRAL_LEN);
        if (p == NULL || memcmp(p, "PK\1\2", 4) != 0)
            return AS_EFORMAT;
        struct head h = central_head(p);
        struct as_zip_entry e = {.central = r->at};
        r->at += CENTRAL_LEN;
        /* name and extra can be longer than a block: only the extra is needed */
        if (h.name_len > r->end - r->at)
            return AS_EFORMAT;
        r->at += h.name_len;
        if ((p = peek(r, h.extra_len)) == NULL)
            return AS_EFORMAT;
        apply_zip64(&h, p, h.extra_len);
        r->at += h.extra_len;
        if (h.comment_len > r->end - r->at)
            return AS_EFORMAT;
        r->at += h.comment_len;
        if (h.offset > z->end || z->start + h.offset > z->end)
            return AS_EFORMAT;
        e.offset = z->start + h.offset;
        if (z->n >= max_entries)
            return AS_ELIMIT;
        if (!append(z, &room, e))
            return AS_ENOMEM;
    }
    return AS_OK;
}

/* The byte after an entry's data, at least; UINT64_MAX when it cannot be. */
static uint64_t data_end(const struct as_zip *z, const struct as_input *in,
                         const struct as_zip_entry *e)
{
    uint8_t c[CENTRAL_LEN], l[LOCAL_LEN];
    struct head h;
    uint64_t at = e->offset;

    if (!get(in, e->central, c, sizeof c))
        return UINT64_MAX;
    h = central_head(c);
    at += LOCAL_LEN;
    if (get(in, e->offset, l, sizeof l) && memcmp(l, "PK\3\4", 4) == 0)
        at += (uint64_t)le16(l + 26) + le16(l + 28);
    if (h.packed == UINT32_MAX)
        return at; /* zip64: taken as empty here */
    return at > z->end || h.packed > z->end - at ? UINT64_MAX : at + h.packed;
}

/* Sorts by offset, drops entries of equal offset, marks those that share bytes. */
static void find_overlaps(struct as_zip *z, const struct as_input *in)
{
    uint64_t kept = 0, reach = 0, of = 0;

    if (z->n == 0)
        return;
    qsort(z->entry, z->n, sizeof *z->entry, by_offset);
    for (uint64_t i = 0; i < z->n; i++) {
        if (kept > 0 && z->entry[kept - 1].offset == z->entry[i].offset) {
            z->overlaps = z->entry[kept - 1].overlaps = true;
            continue;
        }
        struct as_zip_entry e = z->entry[i];
        uint64_t end = data_end(z, in, &e);
        if (kept > 0 && e.offset < reach)
            z->overlaps = e.overlaps = z->entry[of].overlaps = true;
        if (end >= reach) {
            reach = end;
            of = kept;
        }
        z->entry[kept++] = e;
    }
    z->n = kept;
}

/* Reads and checks the directory that `e` points at. */
static enum as_status read_directory(struct as_zip *z, const struct as_input *in,
                                     const struct end *e, uint64_t max_entries, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct reader r = {.in = in, .at = e->at - e->size, .end = e->at};

    if (e->at - e->size < e->offset)
        return AS_OK; /* the directory is not where it is said to be: not listed */
    z->start = e->at - e->size - e->offset;
    if ((r.block = malloc(BLOCK)) == NULL)
        AS_FAIL_AS(err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for a zip's directory");
    status = list(z, &r, max_entries);
    if (status == AS_ENOMEM)
        AS_FAIL_AS(err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for a zip's directory");
    if (status == AS_OK) {
        find_overlaps(z, in);
        z->listed = true;
    } else { /* broken, or more entries than are read anyway: libarchive has the last word */
        free(z->entry);
        z->entry = NULL;
        z->n = 0;
        status = AS_OK;
    }
done:
    free(r.block);
    return status;
}

enum as_status as_zip_init(struct as_zip *z, const struct as_input *in, bool strict,
                           uint64_t max_entries, struct as_err *err)
{
    enum as_status status = AS_OK;
    size_t n = in->size < TAIL ? (size_t)in->size : (size_t)TAIL;
    uint8_t *tail = NULL;
    uint8_t sig[4];
    struct end e;

    *z = (struct as_zip){.end = in->size};
    if (n < END_LEN)
        return AS_SKIP;
    if ((tail = malloc(n)) == NULL)
        AS_FAIL_AS(err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for a zip's end");
    if (!get(in, in->size - n, tail, n) || !find_end(in, tail, n, strict, &e, &z->end)) {
        status = AS_SKIP;
        goto done;
    }
    if (e.volumes)
        AS_FAIL_AS(err, AS_EFORMAT, AS_REASON_MULTI_VOLUME, "a volume of a zip in several files");
    if (strict &&
        (e.size == 0 || !get(in, e.at - e.size, sig, 4) || memcmp(sig, "PK\1\2", 4) != 0)) {
        status = AS_SKIP;
        goto done;
    }
    AS_TRY(read_directory(z, in, &e, max_entries, err));
    if (strict && !z->listed)
        status = AS_SKIP;
done:
    free(tail);
    if (status != AS_OK)
        as_zip_clear(z);
    return status;
}

void as_zip_clear(struct as_zip *z)
{
    free(z->entry);
    *z = (struct as_zip){0};
}

/* Compares n bytes at two places of the input. */
static bool same_bytes(const struct as_input *in, uint64_t a, uint64_t b, uint64_t n)
{
    uint8_t x[512], y[512];

    for (uint64_t i = 0; i < n; i += sizeof x) {
        uint64_t len = n - i < sizeof x ? n - i : sizeof x;
        if (!get(in, a + i, x, len) || !get(in, b + i, y, len) || memcmp(x, y, len) != 0)
            return false;
    }
    return true;
}

/* Reads the extra field at `at` and applies its zip64 part. */
static void widen(const struct as_input *in, uint64_t at, struct head *h)
{
    uint8_t extra[1024]; /* the zip64 part comes first in practice */
    size_t n = h->extra_len < sizeof extra ? h->extra_len : sizeof extra;

    if (get(in, at, extra, n))
        apply_zip64(h, extra, n);
}

bool as_zip_disagrees(const struct as_zip *z, const struct as_input *in, uint64_t i)
{
    uint8_t p[CENTRAL_LEN];
    struct head c, l;
    const struct as_zip_entry *e;

    if (!z->listed || i >= z->n)
        return false;
    e = &z->entry[i];
    if (e->overlaps)
        return true;
    if (!get(in, e->central, p, CENTRAL_LEN))
        return false;
    c = central_head(p);
    if (!get(in, e->offset, p, LOCAL_LEN) || memcmp(p, "PK\3\4", 4) != 0)
        return true;
    l = local_head(p);
    if ((c.flags | l.flags) & FLAG_MASKED)
        return false;
    if (l.name_len != c.name_len || l.method != c.method ||
        ((l.flags ^ c.flags) & FLAG_ENCRYPTED) ||
        !same_bytes(in, e->central + CENTRAL_LEN, e->offset + LOCAL_LEN, c.name_len))
        return true;
    if (l.flags & FLAG_LATE)
        return false; /* the local header did not know yet */
    widen(in, e->central + CENTRAL_LEN + c.name_len, &c);
    widen(in, e->offset + LOCAL_LEN + l.name_len, &l);
    return l.packed != c.packed || l.size != c.size || l.crc != c.crc;
}

int64_t as_zip_size(const struct as_zip *z, const struct as_input *in, uint64_t i)
{
    uint8_t p[CENTRAL_LEN];
    struct head h;

    if (!z->listed || i >= z->n || !get(in, z->entry[i].central, p, CENTRAL_LEN))
        return -1;
    h = central_head(p);
    widen(in, z->entry[i].central + CENTRAL_LEN + h.name_len, &h);
    return h.size < INT64_MAX ? (int64_t)h.size : INT64_MAX;
}

size_t as_zip_name(const struct as_zip *z, const struct as_input *in, uint64_t i, char *to,
                   size_t n)
{
    uint8_t p[CENTRAL_LEN];
    size_t len;

    if (!z->listed || i >= z->n || !get(in, z->entry[i].central, p, CENTRAL_LEN))
        return 0;
    len = le16(p + 28);
    len = len < n ? len : n;
    return get(in, z->entry[i].central + CENTRAL_LEN, to, len) ? len : 0;
}
