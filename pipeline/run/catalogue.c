/* catalogue.c - from journals to rows in order of id.
 *
 *  1. index: what is where in the journals
 *  2. order: sort by key, drop repetitions, compare second hashes
 *  3. join: which content belongs to which item, and who is a copy of whom
 *  4. rows
 */
#include "catalogue.h"

#include "../cluster/sort.h"
#include "grow.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { OPEN_MAX = 64, BIT_SHA = 1, BIT_LEAF = 2, BIT_CONTENT = 4, BIT_CHANGED = 8, BIT_BAD = 16 };

/* In the order in which they follow each other under one key. */
enum entry_type { ENTRY_ITEM, ENTRY_RECHECK, ENTRY_CHUNK, ENTRY_RECHUNK };

struct as_catalogue_entry {
    uint8_t key[AS_KEY_BYTES];
    uint8_t type, bits, pad[2]; /* enum entry_type                      */
    uint32_t file;              /* of chunks: 0                         */
    uint64_t offset;            /* of chunks: the number of the chunk   */
    union {
        uint8_t sha[32];
        struct {
            uint64_t first; /* lowest id with these bytes */
            uint64_t content_at;
            uint32_t content_file, has_content;
        } join;
    };
};

_Static_assert(sizeof(struct as_catalogue_entry) == 96, "the index entry is sorted as bytes");

struct content_at {
    uint8_t sha[32];
    uint32_t file, pad;
    uint64_t offset;
};

struct index {
    struct as_rank *r;
    uint32_t file;
    struct as_catalogue_entry *entry;
    uint64_t n, cap;
    struct content_at *content;
    uint64_t ncontents, contents_cap;
};

/* ---- 1. index ---- */

static enum as_status index_item(struct index *x, uint8_t type, const void *bytes, uint32_t n,
                                 uint64_t offset)
{
    struct as_catalogue_entry *e;
    struct as_item item;

    if (as_item_unpack(bytes, n, &item) != AS_OK)
        return AS_EFORMAT;
    if (!as_grow((void **)&x->entry, x->n, &x->cap, sizeof *x->entry))
        return AS_ENOMEM;
    e = &x->entry[x->n++];
    memset(e, 0, sizeof *e);
    as_key_pack(&item.key, e->key);
    e->type = type == AS_REC_RECHECK ? ENTRY_RECHECK : ENTRY_ITEM;
    e->bits = (uint8_t)((item.has_sha256 ? BIT_SHA : 0) | (item.leaf ? BIT_LEAF : 0) |
                        (item.has_content ? BIT_CONTENT : 0) |
                        (type == AS_REC_RECHECK && item.reason != AS_REASON_NONE ? BIT_BAD : 0));
    e->file = x->file;
    e->offset = offset;
    memcpy(e->sha, item.sha256, 32);
    return AS_OK;
}

static enum as_status index_chunk(struct index *x, const void *bytes, uint32_t n)
{
    struct as_catalogue_entry *e;
    struct as_chunk_record rec;

    if (n != sizeof rec)
        return AS_EFORMAT;
    memcpy(&rec, bytes, n);
    if (!as_grow((void **)&x->entry, x->n, &x->cap, sizeof *x->entry))
        return AS_ENOMEM;
    e = &x->entry[x->n++];
    memset(e, 0, sizeof *e);
    as_key_pack(&rec.key, e->key);
    e->type = rec.second ? ENTRY_RECHUNK : ENTRY_CHUNK;
    e->offset = rec.chunk;
    memcpy(e->sha, rec.sha256, 32);
    return AS_OK;
}

static enum as_status index_record(void *state, uint8_t type, const void *bytes, uint32_t n,
                                   uint64_t offset)
{
    struct index *x = state;
    struct content_at *c;

    if (type == AS_REC_ITEM || type == AS_REC_RECHECK)
        return index_item(x, type, bytes, n, offset);
    if (type == AS_REC_CHUNK)
        return index_chunk(x, bytes, n);
    if (type != AS_REC_CONTENT || n < 32)
        return AS_OK;
    if (!as_grow((void **)&x->content, x->ncontents, &x->contents_cap, sizeof *x->content))
        return AS_ENOMEM;
    c = &x->content[x->ncontents++];
    *c = (struct content_at){.file = x->file, .offset = offset};
    memcpy(c->sha, bytes, 32);
    return AS_OK;
}

static enum as_status make_index(struct index *x, char **names, size_t n, struct as_err *err)
{
    enum as_status status = AS_OK;
    bool torn;

    for (size_t i = (size_t)x->r->me; i < n; i += (size_t)x->r->size) {
        x->file = (uint32_t)i;
        AS_TRY(as_journal_scan(names[i], index_record, x, &torn, err));
    }
done:
    return as_comm_agree(x->r->comm, status, err);
}

/* ---- 2. order ---- */

struct edges {
    const uint8_t *last; /* [size][AS_KEY_BYTES + 1]: each rank's last key; byte 0: it has one */
    int me;
};

/* Records of one key belong to the lowest rank that has it at its end. */
static int edge_owner(void *state, const void *rec)
{
    const struct edges *e = state;

    for (int r = 0; r < e->me; r++) {
        const uint8_t *last = e->last + (size_t)r * (AS_KEY_BYTES + 1);
        if (last[0] && memcmp(last + 1, rec, AS_KEY_BYTES) == 0)
            return r;
    }
    return e->me;
}

static enum as_status mend_edges(struct as_rank *r, struct as_catalogue_entry **entry, uint64_t *n,
                                 struct as_err *err)
{
    uint8_t mine[AS_KEY_BYTES + 1] = {0}, *all = calloc((size_t)r->size, sizeof mine), *out = NULL;
    struct edges e = {all, r->me};
    enum as_status status = AS_OK;

    AS_TRY(as_comm_agree(r->comm, all ? AS_OK : AS_ENOMEM, err));
    if (*n > 0) {
        mine[0] = 1;
        memcpy(mine + 1, (*entry)[*n - 1].key, AS_KEY_BYTES);
    }
    AS_TRY(as_comm_allgather(r->comm, mine, sizeof mine, all));
    AS_TRY(as_scatter(r->comm, *entry, *n, sizeof **entry, edge_owner, &e, &out, n, err));
    free(*entry);
    *entry = (struct as_catalogue_entry *)(void *)out;
done:
    free(all);
    return status;
}

static bool same_key(const struct as_catalogue_entry *a, const struct as_catalogue_entry *b)
{
    return memcmp(a->key, b->key, AS_KEY_BYTES) == 0;
}

/* A chunk read again equals its first reading, which stands before it. */
static bool chunk_equal(const struct as_catalogue_entry *e, uint64_t i)
{
    for (uint64_t k = i; k-- > 0 && same_key(&e[k], &e[i]);)
        if (e[k].type == ENTRY_CHUNK && e[k].offset == e[i].offset)
            return memcmp(e[k].sha, e[i].sha, 32) == 0;
    return false;
}

/* Whether entry i, a second reading, says what the first said. */
static bool reading_equal(const struct as_catalogue_entry *e, uint64_t i, uint64_t item)
{
    if (e[i].type == ENTRY_RECHUNK)
        return chunk_equal(e, i);
    if (e[i].bits & BIT_BAD)
        return false;
    return !(e[i].bits & BIT_SHA) || memcmp(e[item].sha, e[i].sha, 32) == 0;
}

/* One entry per key; a second reading that differs marks the item. */
static void drop_repetitions(struct as_catalogue *c, struct as_catalogue_entry *e, uint64_t n)
{
    uint64_t item = 0;

    for (uint64_t i = 0; i < n; i++) {
        if (i == 0 || !same_key(&e[i], &e[item]))
            item = i;
        if (i == item || e[i].type == ENTRY_ITEM || e[i].type == ENTRY_CHUNK)
            continue;
        c->rechecked++;
        if (e[item].bits & BIT_SHA && !reading_equal(e, i, item))
            e[item].bits |= BIT_CHANGED;
    }
    for (uint64_t i = 0; i < n; i++) {
        bool first = c->count == 0 || !same_key(&e[i], &e[c->count - 1]);
        if (first && e[i].type == ENTRY_ITEM)
            e[c->count++] = e[i];
    }
    for (uint64_t i = 0; i < c->count; i++)
        c->changed += (e[i].bits & BIT_CHANGED) != 0;
    c->entry = e;
}

/* ---- 3. join ---- */

struct query {
    uint8_t sha[32];
    uint64_t id;
    uint32_t rank, pad;
};

struct answer {
    uint64_t id, first, content_at;
    uint32_t content_file, has_content, rank, pad;
};

static int by_sha_owner(void *state, const void *rec)
{
    const struct as_rank *r = state;
    uint32_t v;

    memcpy(&v, rec, sizeof v);
    return (int)(v % (uint32_t)r->size);
}

static int by_rank(void *state, const void *rec)
{
    const struct answer *a = rec;
    (void)state;
    return (int)a->rank;
}

static int compare_query(const void *a, const void *b)
{
    const struct query *x = a, *y = b;
    int d = memcmp(x->sha, y->sha, 32);
    return d ? d : (x->id > y->id) - (x->id < y->id);
}

static int compare_content(const void *a, const void *b)
{
    const struct content_at *x = a, *y = b;
    int d = memcmp(x->sha, y->sha, 32);
    if (d)
        return d;
    if (x->file != y->file)
        return x->file > y->file ? 1 : -1;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

/* Queries and contents of one owner, both sorted by hash, walked together. */
static struct answer *answer_queries(struct query *q, uint64_t nq, struct content_at *c, uint64_t nc)
{
    struct answer *a = calloc(nq + 1, sizeof *a);
    uint64_t k = 0, first = 0;

    if (a == NULL)
        return NULL;
    qsort(q, nq, sizeof *q, compare_query);
    qsort(c, nc, sizeof *c, compare_content);
    for (uint64_t i = 0; i < nq; i++) {
        if (i == 0 || memcmp(q[i].sha, q[i - 1].sha, 32) != 0)
            first = q[i].id;
        while (k < nc && memcmp(c[k].sha, q[i].sha, 32) < 0)
            k++;
        a[i].id = q[i].id;
        a[i].rank = q[i].rank;
        a[i].first = first;
        a[i].has_content = k < nc && memcmp(c[k].sha, q[i].sha, 32) == 0;
        if (a[i].has_content) {
            a[i].content_at = c[k].offset;
            a[i].content_file = c[k].file;
        }
    }
    return a;
}

static enum as_status make_queries(const struct as_catalogue *c, int me, struct query **q, uint64_t *n)
{
    *n = 0;
    if ((*q = calloc(c->count + 1, sizeof **q)) == NULL)
        return AS_ENOMEM;
    for (uint64_t i = 0; i < c->count; i++) {
        if (!(c->entry[i].bits & BIT_LEAF) || !(c->entry[i].bits & BIT_SHA))
            continue;
        memcpy((*q)[*n].sha, c->entry[i].sha, 32);
        (*q)[*n].id = c->first + i;
        (*q)[(*n)++].rank = (uint32_t)me;
    }
    return AS_OK;
}

static void take_answers(struct as_catalogue *c, const struct answer *a, uint64_t n)
{
    for (uint64_t i = 0; i < c->count; i++) {
        memset(&c->entry[i].join, 0, sizeof c->entry[i].join);
        c->entry[i].join.first = c->first + i;
    }
    for (uint64_t i = 0; i < n; i++) {
        struct as_catalogue_entry *e = &c->entry[a[i].id - c->first];
        e->join.first = a[i].first;
        e->join.content_at = a[i].content_at;
        e->join.content_file = a[i].content_file;
        e->join.has_content = a[i].has_content;
    }
}

static enum as_status join(struct as_catalogue *c, struct index *x, struct as_err *err)
{
    struct as_rank *r = x->r;
    enum as_status status = AS_OK;
    uint8_t *queries = NULL, *contents = NULL, *back = NULL;
    struct query *q = NULL;
    struct answer *a = NULL;
    uint64_t n, nq, nc, nb;

    AS_TRY(as_comm_agree(r->comm, make_queries(c, r->me, &q, &n), err));
    AS_TRY(as_scatter(r->comm, q, n, sizeof *q, by_sha_owner, r, &queries, &nq, err));
    AS_TRY(as_scatter(r->comm, x->content, x->ncontents, sizeof *x->content, by_sha_owner, r,
                      &contents, &nc, err));
    a = answer_queries((struct query *)(void *)queries, nq,
                       (struct content_at *)(void *)contents, nc);
    AS_TRY(as_comm_agree(r->comm, a ? AS_OK : AS_ENOMEM, err));
    AS_TRY(as_scatter(r->comm, a, nq, sizeof *a, by_rank, r, &back, &nb, err));
    take_answers(c, (const struct answer *)(const void *)back, nb);
done:
    free(q);
    free(a);
    free(queries);
    free(contents);
    free(back);
    return status;
}

/* ---- 4. rows ---- */

static enum as_status order(struct as_catalogue *c, struct index *x, struct as_err *err)
{
    struct as_rank *r = x->r;
    struct as_catalogue_entry *sorted;
    enum as_status status = AS_OK;
    uint64_t v[3], n = 0;
    uint8_t *out = NULL;

    AS_TRY(as_sort(r->comm, x->entry, x->n, sizeof *x->entry, AS_KEY_BYTES + 1, &out, &n, err));
    free(x->entry);
    x->entry = NULL;
    sorted = (struct as_catalogue_entry *)(void *)out;
    status = mend_edges(r, &sorted, &n, err);
    c->entry = sorted;
    if (status != AS_OK)
        goto done;
    drop_repetitions(c, sorted, n);
    AS_TRY(as_comm_exscan(r->comm, &c->count, &c->first, 1));
    v[0] = c->count;
    v[1] = c->changed;
    v[2] = c->rechecked;
    AS_TRY(as_comm_sum(r->comm, v, 3));
    c->total = v[0];
    c->changed = v[1];
    c->rechecked = v[2];
done:
    return status;
}

enum as_status as_catalogue_new(struct as_catalogue **catalogue, struct as_rank *r, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_catalogue *c = calloc(1, sizeof *c);
    struct index x = {.r = r};
    char **names = NULL;
    size_t n = 0;

    *catalogue = NULL;
    status = c ? as_journal_list(r->journals, r->njournals, &names, &n, err) : AS_ENOMEM;
    AS_TRY(as_comm_agree(r->comm, status, err));
    AS_TRY(make_index(&x, names, n, err));
    AS_TRY(order(c, &x, err));
    AS_TRY(join(c, &x, err));
    c->room = malloc(sizeof *c->room);
    status = c->room ? AS_OK : AS_ENOMEM;
    if (status == AS_OK)
        status = as_journal_open_read(&c->items, names, n, OPEN_MAX, err);
    if (status == AS_OK)
        status = as_journal_open_read(&c->contents, names, n, OPEN_MAX, err);
    AS_TRY(as_comm_agree(r->comm, status, err));
    *catalogue = c;
    c = NULL;
done:
    as_catalogue_free(c);
    as_journal_list_free(names, n);
    free(x.entry);
    free(x.content);
    return status;
}

void as_catalogue_free(struct as_catalogue *c)
{
    if (c == NULL)
        return;
    if (c->items)
        as_journal_close_read(c->items);
    if (c->contents)
        as_journal_close_read(c->contents);
    free(c->room);
    free(c->entry);
    free(c);
}

static void from_item(struct as_row *row, const struct as_item *item)
{
    row->source = item->key.part[0];
    row->path = item->path;
    row->size = item->size;
    row->has_sha256 = item->has_sha256;
    row->has_md5 = row->has_sha1 = item->has_md5;
    memcpy(row->sha256, item->sha256, 32);
    memcpy(row->md5, item->md5, 16);
    memcpy(row->sha1, item->sha1, 20);
    row->mtime_s = item->mtime_s;
    row->flags |= item->flags;
    if (!item->has_content) {
        row->kind = item->kind;
        row->reason = item->reason;
    }
    if (item->note.len && row->ntrouble < AS_ERRORS_MAX) {
        row->trouble[row->ntrouble].stage = "unpack";
        row->trouble[row->ntrouble].status = item->reason;
        row->trouble[row->ntrouble++].message = item->note;
    }
}

enum as_status as_catalogue_row(struct as_catalogue *c, uint64_t id, struct as_row *row,
                                struct as_key *key, struct as_err *err)
{
    const struct as_catalogue_entry *e = &c->entry[id - c->first];
    enum as_status status = AS_OK;
    struct as_journal_frame f;
    struct as_item item;

    memset(row, 0, sizeof *row);
    AS_TRY(as_journal_read(c->items, e->file, e->offset, &f, err));
    if (as_item_unpack(f.bytes, f.n, &item) != AS_OK)
        AS_FAIL(err, AS_EBUG, "the journal has an item that cannot be read");
    if (item.has_content) {
        if (!e->join.has_content) {
            /* another item with these bytes was to be examined, and changed before it was */
            from_item(row, &item);
            row->reason = AS_REASON_CHANGED;
            row->flags |= AS_FLAG_CHANGED;
            goto finish;
        }
        AS_TRY(as_journal_read(c->contents, e->join.content_file, e->join.content_at, &f, err));
        if (as_content_unpack(f.bytes + 32, f.n - 32, c->room, row) != AS_OK)
            AS_FAIL(err, AS_EBUG, "the journal has an examination that cannot be read");
    }
    from_item(row, &item);
finish:
    row->id = id;
    row->status = (uint16_t)as_reason_status(row->reason);
    if (e->join.first != id && row->status != AS_ITEM_CRASHED && row->status != AS_ITEM_TIMEOUT)
        row->status = AS_ITEM_DUPLICATE;
    if (e->bits & BIT_CHANGED)
        row->flags |= AS_FLAG_CHANGED;
    if (key)
        *key = item.key;
done:
    return status;
}
