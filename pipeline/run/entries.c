/* entries.c - what is where in the journals, in order of key.
 *
 * An entry is no more than a key and a place, because there may be very many:
 *
 *     key[k]  type[1]  number[4]  second[1]  file[4]  offset[8]
 *
 * all of it big-endian, so that memcmp orders it.  k is the longest key met.  A
 * key's entries then follow each other: the item, its other rows, its second readings,
 * its chunks by number, each before its own second reading.
 *
 *  1. index
 *  2. order
 *  3. one place per key
 */
#include "catalogue_parts.h"

#include "../cluster/sort.h"
#include "grow.h"

#include <string.h>

enum { TYPE = 0, NUMBER = 1, SECOND = 5, ENTRY_FILE = 6, OFFSET = 10, TAIL = 18 };
enum { FILE_MASK = (1 << 30) - 1 };
enum { SOUND = UINT16_MAX + 1 }; /* number of an item that nothing is wrong with */
enum entry_type { ENTRY_ITEM, ENTRY_RECHECK, ENTRY_CHUNK };

struct index {
    struct as_rank *r;
    uint32_t file;
    uint32_t key_len, size; /* of a key; of an entry */
    uint8_t *entry;
    uint64_t n, cap;
    struct as_contents *contents;
};

static const uint8_t *entry_at(const struct index *x, uint64_t i)
{
    return x->entry + i * x->size;
}

static const uint8_t *tail_of(const struct index *x, uint64_t i)
{
    return entry_at(x, i) + x->key_len;
}

/* ---- 1. index ---- */

/* Makes room in every entry for keys of that length; from the last on, as they move up. */
static enum as_status widen(struct index *x, uint32_t key_len)
{
    const uint32_t size = key_len + TAIL, old = x->key_len;
    uint8_t *more;

    if (key_len <= old)
        return AS_OK;
    if (x->cap > 0) {
        if ((more = reallocarray(x->entry, x->cap, size)) == NULL)
            return AS_ENOMEM;
        x->entry = more;
    }
    for (uint64_t i = x->n; i-- > 0;) {
        uint8_t *from = x->entry + i * x->size, *to = x->entry + i * size;
        memmove(to + key_len, from + old, TAIL);
        memmove(to, from, old);
        memset(to + old, 0, key_len - old);
    }
    x->key_len = key_len;
    x->size = size;
    return AS_OK;
}

static enum as_status add(struct index *x, const struct as_key *key, enum entry_type type,
                          uint64_t number, bool second, uint64_t offset)
{
    enum as_status status = AS_OK;
    uint8_t code[AS_KEY_BYTES], *to;
    uint32_t n = as_key_pack(key, code);

    AS_TRY(widen(x, n));
    if (!as_grow((void **)&x->entry, x->n, &x->cap, x->size))
        return AS_ENOMEM;
    to = x->entry + x->n++ * x->size;
    memset(to, 0, x->key_len);
    memcpy(to, code, n);
    to += x->key_len;
    to[TYPE] = (uint8_t)type;
    as_be_put(to + NUMBER, number, 4);
    to[SECOND] = second;
    as_be_put(to + ENTRY_FILE, x->file, 4);
    as_be_put(to + OFFSET, offset, 8);
done:
    return status;
}

static enum as_status index_content(struct index *x, const void *bytes, uint64_t offset)
{
    struct as_contents *c = x->contents;
    uint8_t *to;

    if (!as_grow((void **)&c->rec, c->n, &c->cap, AS_CONTENT_BYTES))
        return AS_ENOMEM;
    to = c->rec + c->n++ * AS_CONTENT_BYTES;
    memcpy(to, bytes, 32);
    as_be_put(to + 32, x->file, 4);
    as_be_put(to + 36, offset, 8);
    return AS_OK;
}

/* A container that broke a reader in its parts has rows of that beside the one of the lot for
 * the whole.  The first is the item's: as where one reader has all of it, what cannot be read
 * comes before what breaks a reader, and that before damage.                        */
static uint32_t row_order(uint16_t reason)
{
    enum as_item_status status = as_reason_status(reason);

    if (reason == AS_REASON_CHANGED || reason == AS_REASON_UNREADABLE)
        return 0;
    return status == AS_ITEM_OK || status == AS_ITEM_NOT_APPLICABLE ? SOUND : SOUND - reason;
}

static enum as_status index_record(void *state, uint8_t type, const void *bytes, uint32_t n,
                                   uint64_t offset)
{
    struct index *x = state;
    struct as_chunk_record chunk;
    struct as_item item;

    as_rank_tell(x->r);
    if (as_stop_signal)
        return AS_ESTOP;
    switch (type) {
    case AS_REC_ITEM:
    case AS_REC_RECHECK:
        if (as_item_unpack(bytes, n, &item) != AS_OK)
            return AS_EFORMAT;
        if (type == AS_REC_RECHECK)
            return add(x, &item.key, ENTRY_RECHECK, 0, false, offset);
        return add(x, &item.key, ENTRY_ITEM, row_order(item.reason), false, offset);
    case AS_REC_CHUNK:
        if (n != sizeof chunk)
            return AS_EFORMAT;
        memcpy(&chunk, bytes, n);
        if (chunk.key.n > AS_KEY_MAX || chunk.chunk > UINT32_MAX)
            return AS_EFORMAT;
        return add(x, &chunk.key, ENTRY_CHUNK, chunk.chunk, chunk.second != 0, offset);
    case AS_REC_CONTENT:
        return n < 32 ? AS_OK : index_content(x, bytes, offset);
    default:
        return AS_OK;
    }
}

/* Gives back what an array has grown beyond its need. */
static void trim(uint8_t **at, uint64_t n, uint64_t *cap, size_t size)
{
    uint8_t *less = n > 0 ? realloc(*at, n * size) : NULL;

    if (less != NULL) {
        *at = less;
        *cap = n;
    }
}

static enum as_status make_index(struct index *x, char *const *names, size_t n, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t key_len;
    bool torn;

    for (size_t i = (size_t)x->r->me; i < n && status == AS_OK; i += (size_t)x->r->size) {
        x->file = (uint32_t)i;
        status = as_journal_scan(names[i], index_record, x, &torn, err);
    }
    if (status == AS_ESTOP)
        status = as_fail(err, AS_ESTOP, AS_REASON_NONE, __FILE__, __LINE__,
                         "%s while journals were read", as_stop_why());
    trim(&x->entry, x->n, &x->cap, x->size);
    trim(&x->contents->rec, x->contents->n, &x->contents->cap, AS_CONTENT_BYTES);
    AS_TRY(as_comm_agree(x->r->comm, status, err));
    key_len = x->key_len;
    AS_TRY(as_comm_max(x->r->comm, &key_len, 1));
    AS_TRY(as_comm_agree(x->r->comm, widen(x, (uint32_t)key_len), err));
done:
    return status;
}

/* ---- 2. order ---- */

static int edge_owner(void *state, const void *rec)
{
    (void)rec;
    return *(const int *)state;
}

static bool same_key(const struct index *x, uint64_t i, uint64_t k)
{
    return memcmp(entry_at(x, i), entry_at(x, k), x->key_len) == 0;
}

/* The lowest rank that has the key of this rank's first entry at its end. */
static enum as_status find_edge(const struct index *x, int *owner, struct as_err *err)
{
    const size_t size = x->key_len + 1;
    enum as_status status = AS_OK;
    uint8_t mine[AS_KEY_BYTES + 1] = {0}, *all = calloc((size_t)x->r->size, size);

    *owner = x->r->me;
    AS_TRY(as_comm_agree(x->r->comm, all ? AS_OK : AS_ENOMEM, err));
    if (x->n > 0) {
        mine[0] = 1;
        memcpy(mine + 1, entry_at(x, x->n - 1), x->key_len);
    }
    AS_TRY(as_comm_allgather(x->r->comm, mine, size, all));
    for (int r = 0; x->n > 0 && r < *owner; r++)
        if (all[(size_t)r * size] && memcmp(all + (size_t)r * size + 1, x->entry, x->key_len) == 0)
            *owner = r;
done:
    free(all);
    return status;
}

/* Entries of one key belong to the lowest rank that has it at its end. */
static enum as_status mend_edges(struct index *x, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t lead = 0, more = 0;
    uint8_t *came = NULL, *joined;
    int owner;

    AS_TRY(find_edge(x, &owner, err));
    while (owner != x->r->me && lead < x->n && same_key(x, lead, 0))
        lead++;
    AS_TRY(as_scatter(x->r->comm, x->entry, lead, x->size, edge_owner, &owner, &came, &more, err));
    x->n -= lead;
    if (lead > 0)
        memmove(x->entry, x->entry + lead * x->size, x->n * x->size);
    if (more > 0) {
        if ((joined = reallocarray(x->entry, x->n + more, x->size)) == NULL)
            status = AS_ENOMEM;
        else
            memcpy((x->entry = joined) + x->n * x->size, came, more * x->size);
        x->n += status == AS_OK ? more : 0;
    }
    AS_TRY(as_comm_agree(x->r->comm, status, err));
done:
    free(came);
    return status;
}

/* ---- 3. one place per key ---- */

struct reading {
    bool hashed, bad, content;
    uint8_t sha[32];
};

/* What a record says that was read first or again. */
static enum as_status read_hash(struct as_journal_reader *from, const struct index *x, uint64_t i,
                                struct reading *reading, struct as_err *err)
{
    const uint8_t *tail = tail_of(x, i);
    enum as_status status = AS_OK;
    struct as_chunk_record chunk;
    struct as_journal_frame f;
    struct as_item item;

    AS_TRY(as_journal_read(from, (size_t)as_be_get(tail + ENTRY_FILE, 4),
                           as_be_get(tail + OFFSET, 8), &f, err));
    if (tail[TYPE] == ENTRY_CHUNK && f.n == sizeof chunk) {
        memcpy(&chunk, f.bytes, sizeof chunk);
        *reading = (struct reading){.hashed = true};
        memcpy(reading->sha, chunk.sha256, 32);
    } else if (tail[TYPE] != ENTRY_CHUNK && as_item_unpack(f.bytes, f.n, &item) == AS_OK) {
        *reading =
            (struct reading){item.has_sha256, item.reason != AS_REASON_NONE, item.has_content, {0}};
        memcpy(reading->sha, item.sha256, 32);
    } else {
        AS_FAIL(err, AS_EBUG, "the journal has an item that cannot be read");
    }
done:
    return status;
}

/* Whether entry `again` says what entry `first` said. */
static enum as_status equal(const struct as_catalogue *c, const struct index *x, uint64_t first,
                            uint64_t again, bool *same, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct reading a, b;

    AS_TRY(read_hash(c->items, x, first, &a, err));
    AS_TRY(read_hash(c->contents, x, again, &b, err));
    *same = !a.hashed || (!b.bad && (!b.hashed || memcmp(a.sha, b.sha, 32) == 0));
done:
    return status;
}

/* Which of the rows of the item at `item` has its hash: the first, but for a container whose
 * parts broke a reader.                                                           */
static enum as_status find_hash(const struct as_catalogue *c, const struct index *x, uint64_t item,
                                uint64_t end, uint64_t *at, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct reading row = {0};

    *at = item;
    if (item + 1 == end || tail_of(x, item + 1)[TYPE] != ENTRY_ITEM ||
        as_be_get(tail_of(x, item) + NUMBER, 4) == SOUND)
        return AS_OK;
    for (uint64_t i = item; i < end && tail_of(x, i)[TYPE] == ENTRY_ITEM; i++) {
        AS_TRY(read_hash(c->items, x, i, &row, err));
        if (i == item && row.content)
            break;
        if (row.hashed) {
            *at = i;
            break;
        }
    }
done:
    return status;
}

/* Compares the second readings of the item at `item` with the first; entries up to
 * `end` are of its key.  A chunk stands before its second reading.               */
static enum as_status compare(const struct as_catalogue *c, const struct index *x, uint64_t item,
                              uint64_t end, bool *changed, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t chunk = item; /* the last chunk read first; item: none */
    bool same = true;

    for (uint64_t i = item + 1; i < end && same; i++) {
        const uint8_t *tail = tail_of(x, i);
        if (tail[TYPE] == ENTRY_RECHECK) {
            AS_TRY(equal(c, x, item, i, &same, err));
        } else if (tail[TYPE] == ENTRY_CHUNK && !tail[SECOND]) {
            chunk = i;
        } else if (tail[TYPE] == ENTRY_CHUNK) {
            same = chunk != item && memcmp(tail_of(x, chunk) + NUMBER, tail + NUMBER, 4) == 0;
            if (same)
                AS_TRY(equal(c, x, chunk, i, &same, err));
        }
    }
    *changed = !same;
done:
    return status;
}

/* One place per key that has an item: of the first record, if there are several. */
static enum as_status take_places(struct as_catalogue *c, const struct index *x, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t n = 0, next, hash;

    for (uint64_t i = 0; i < x->n; i++)
        n += tail_of(x, i)[TYPE] == ENTRY_ITEM && (i == 0 || !same_key(x, i, i - 1));
    if ((c->place = calloc(n + 1, sizeof *c->place)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for %llu items", (unsigned long long)n);
    for (uint64_t i = 0; i < x->n; i = next) {
        const uint8_t *tail = tail_of(x, i);
        bool changed = false;
        for (next = i + 1; next < x->n && same_key(x, next, i); next++) {
        }
        if (tail[TYPE] != ENTRY_ITEM)
            continue;
        AS_TRY(find_hash(c, x, i, next, &hash, err));
        AS_TRY(compare(c, x, hash, next, &changed, err));
        c->place[c->count] = (struct as_place){.at = as_be_get(tail + OFFSET, 8),
                                               .file = as_be_get(tail + ENTRY_FILE, 4) & FILE_MASK,
                                               .changed = changed,
                                               .content_file = AS_NO_CONTENT};
        if (hash != i) {
            c->place[c->count].content_at = as_be_get(tail_of(x, hash) + OFFSET, 8);
            c->place[c->count].content_file = (uint32_t)as_be_get(tail_of(x, hash) + ENTRY_FILE, 4);
        }
        c->count++;
    }
done:
    return status;
}

enum as_status as_entries_find(struct as_catalogue *c, struct as_rank *r, char *const *names,
                               size_t n, struct as_contents *contents, struct as_err *err)
{
    struct index x = {.r = r, .size = TAIL, .contents = contents};
    enum as_status status = AS_OK;

    AS_TRY(make_index(&x, names, n, err));
    AS_TRY(as_sort(r->comm, &x.entry, &x.n, x.size, err));
    AS_TRY(mend_edges(&x, err));
    AS_TRY(as_comm_agree(r->comm, take_places(c, &x, err), err));
    AS_TRY(as_comm_exscan(r->comm, &c->count, &c->first, 1));
    c->total = c->count;
    AS_TRY(as_comm_sum(r->comm, &c->total, 1));
done:
    free(x.entry);
    return status;
}
