/* digest.c - the two digests of a result store.
 *
 * A digest is SHA-256 over name, type, shape and block digests of each dataset
 * in name order.  A block is AS_BLOCK_ROWS rows that count: rows that name an
 * item outside the promise are left out and do not shift the others, so a block
 * of such a table may begin anywhere in it; how many rows count in each run of
 * AS_BLOCK_ROWS rows is found first.
 *
 * 1 hashing   2 blocks   3 plan   4 digests                                   */
#include "digest.h"

#include "../hex.h"
#include "h5.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static const char OUTSIDE[] = "excluded";

static const char *const TYPES[AS_CELLS] = {
    "u8",    "u16",   "u32", "u64",      "i64",   "f32",  "f64",  "hex32",
    "hex40", "hex64", "row", "detector", "cells", "text", "text", "text",
};

/* 1 hashing ------------------------------------------------------------------------ */

/* SHA-256 in few large steps. */
struct sink {
    EVP_MD_CTX *md;
    bool ok;
    size_t used;
    uint8_t buf[1 << 15];
};

static void sink_start(struct sink *k)
{
    k->used = 0;
    k->ok = EVP_DigestInit_ex(k->md, EVP_sha256(), NULL) == 1;
}

static void sink_drain(struct sink *k)
{
    k->ok = k->ok && EVP_DigestUpdate(k->md, k->buf, k->used) == 1;
    k->used = 0;
}

static void sink_put(struct sink *k, const void *from, size_t n)
{
    if (n > sizeof k->buf - k->used)
        sink_drain(k);
    if (n > sizeof k->buf) {
        k->ok = k->ok && EVP_DigestUpdate(k->md, from, n) == 1;
        return;
    }
    memcpy(k->buf + k->used, from, n);
    k->used += n;
}

static void sink_u64(struct sink *k, uint64_t v)
{
    uint8_t bytes[8];

    as_put_u64(bytes, v);
    sink_put(k, bytes, sizeof bytes);
}

/* Length and bytes. */
static void sink_text(struct sink *k, const char *at, size_t len)
{
    uint8_t bytes[4];

    as_put_u32(bytes, (uint32_t)len);
    sink_put(k, bytes, sizeof bytes);
    sink_put(k, at, len);
}

static enum as_status sink_end(struct sink *k, uint8_t digest[32], struct as_err *err)
{
    enum as_status status = AS_OK;

    sink_drain(k);
    if (!k->ok || EVP_DigestFinal_ex(k->md, digest, NULL) != 1)
        AS_FAIL(err, AS_EIO, "SHA-256 failed (out of memory?)");
done:
    return status;
}

/* 2 blocks ------------------------------------------------------------------------- */

/* One dataset's part in a digest. */
struct part {
    const struct as_set *set;
    struct as_window *w;
    uint32_t index;     /* of the set in the layout                            */
    bool both;          /* all of it that is in content_digest is in digest_exact */
    bool picks;         /* only some of its rows may count                     */
    uint64_t rows;      /* that count                                          */
    uint64_t first_run; /* its runs in plan.count[], of AS_BLOCK_ROWS rows each */
    uint64_t runs;
    uint64_t first_block, blocks;
};

struct plan {
    struct as_store *store;
    struct as_comm *comm;
    uint64_t rank, ranks;
    unsigned in; /* AS_IN_CONTENT or AS_IN_EXACT */
    struct as_bits out;
    uint32_t nparts;
    struct part part[AS_SETS_MAX];
    uint64_t nruns, nblocks;
    uint64_t *count;   /* [nruns] rows that count         */
    uint64_t *digest;  /* [nblocks][4] digests, as words  */
    uint64_t *content; /* the same of content_digest, once it is done; parts that are the
                          same in both need no second reading */
    uint64_t content_first[AS_SETS_MAX]; /* by set: its first block in content[] */
    struct sink sink;
};

static enum as_status hash_record(struct plan *p, const struct as_set *set, const uint8_t *rec,
                                  bool outside, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_text value;
    uint8_t scratch[8];
    const bool items = set->which == AS_T_items;

    if (items)
        sink_put(&p->sink, outside ? "\0" : "\1", 1);
    for (uint32_t c = 0; c < set->ncolumns; c++) {
        const struct as_column *col = &set->column[c];
        if (!(col->scope & p->in))
            continue;
        if (outside && col->at != offsetof(struct as_rec_items, id) &&
            col->at != offsetof(struct as_rec_items, path))
            continue;
        AS_TRY(as_digest_cell(p->store, col, rec, scratch, &value, err));
        if (as_is_text(col->type) || col->type == AS_CELL_DET || col->type == AS_CELL_CELLS)
            sink_text(&p->sink, value.at, value.len);
        else
            sink_put(&p->sink, value.at, value.len);
    }
    if (items && outside)
        sink_text(&p->sink, OUTSIDE, sizeof OUTSIDE - 1);
done:
    return status;
}

/* n rows of a group's dataset, of which none is outside. */
static void hash_cells(struct plan *p, const struct as_set *set, const uint8_t *at, uint64_t n)
{
    uint8_t bytes[8];

    if (set->type != AS_CELL_F32) {
        sink_put(&p->sink, at, (size_t)n * set->row_bytes);
        return;
    }
    for (uint64_t i = 0; i < n * set->dim; i++) {
        as_put_f32(bytes, as_get_f32(at + 4 * i));
        sink_put(&p->sink, bytes, 4);
    }
}

static enum as_status hash_group(struct plan *p, const struct part *part, uint64_t block,
                                 struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint8_t *at = NULL;
    uint64_t end = as_block_end(block, part->rows), n = AS_AHEAD_MAX / part->set->row_bytes;

    n = p->out.set > 0 || n == 0 ? 1 : n;
    for (uint64_t i = block * AS_BLOCK_ROWS; i < end; i += n) {
        AS_TRY(as_ask(p->store->ask, err));
        n = n < end - i ? n : end - i;
        AS_TRY(as_window_span(part->w, i, n, &at, err));
        if (as_bits_get(&p->out, i) && n == 1)
            sink_text(&p->sink, OUTSIDE, sizeof OUTSIDE - 1);
        else
            hash_cells(p, part->set, at, n);
    }
done:
    return status;
}

/* The row where the part's block begins: rows that count before it are passed over. */
static uint64_t block_first(const struct plan *p, const struct part *part, uint64_t block,
                            uint64_t *pass)
{
    uint64_t run = 0;

    *pass = part->picks ? block * AS_BLOCK_ROWS : 0;
    if (!part->picks)
        return block * AS_BLOCK_ROWS;
    while (run < part->runs && *pass >= p->count[part->first_run + run])
        *pass -= p->count[part->first_run + run++];
    return run * AS_BLOCK_ROWS;
}

static enum as_status hash_table(struct plan *p, const struct part *part, uint64_t block,
                                 struct as_err *err)
{
    enum as_status status = AS_OK;
    const bool items = part->set->which == AS_T_items;
    const uint8_t *rec = NULL;
    uint64_t pass = 0, row = block_first(p, part, block, &pass);
    uint64_t left = as_block_end(block, part->rows) - block * AS_BLOCK_ROWS;

    for (; left > 0; row++) {
        AS_TRY(as_window_span(part->w, row, 1, &rec, err));
        if (part->picks && !as_digest_counts(part->set, rec, &p->out, p->in))
            continue;
        if (pass > 0) {
            pass--;
            continue;
        }
        AS_TRY(hash_record(p, part->set, rec, items && as_bits_get(&p->out, row), err));
        left--;
    }
done:
    return status;
}

static enum as_status hash_blocks(struct plan *p, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint8_t digest[32];

    for (uint32_t i = 0; i < p->nparts; i++) {
        const struct part *part = &p->part[i];
        if (p->content != NULL && part->both)
            continue;
        for (uint64_t b = 0; b < part->blocks; b++) {
            uint64_t *to = &p->digest[4 * (part->first_block + b)];
            if ((part->first_block + b) % p->ranks != p->rank)
                continue;
            AS_TRY(as_ask(p->store->ask, err));
            sink_start(&p->sink);
            if (part->set->form == AS_FORM_GROUP)
                AS_TRY(hash_group(p, part, b, err));
            else
                AS_TRY(hash_table(p, part, b, err));
            AS_TRY(sink_end(&p->sink, digest, err));
            for (int k = 0; k < 4; k++)
                to[k] = as_get_u64(digest + 8 * k);
        }
    }
done:
    return status;
}

/* 3 plan --------------------------------------------------------------------------- */

static bool names_items(const struct as_set *set)
{
    for (uint32_t c = 0; c < set->ncolumns; c++)
        if (set->column[c].type == AS_CELL_ROW)
            return true;
    return false;
}

/* Of a group's dataset, its taking part in both is enough. */
static bool in_both(const struct as_set *set)
{
    for (uint32_t c = 0; c < set->ncolumns; c++)
        if (set->column[c].scope == AS_SCOPE_CONTENT)
            return false;
    return true;
}

static void plan_parts(struct plan *p)
{
    uint32_t order[AS_SETS_MAX];
    const struct as_layout *l = &p->store->layout;

    as_layout_order(l, order);
    for (uint32_t i = 0; i < l->nsets; i++) {
        const struct as_set *set = &l->set[order[i]];
        if (!(set->in & p->in))
            continue;
        struct part *part = &p->part[p->nparts++];
        bool hashes_only =
            set->form == AS_FORM_TABLE && set->which == AS_T_matches && (p->in & AS_IN_EXACT);
        part->set = set;
        part->index = order[i];
        part->both = !hashes_only && in_both(set);
        part->w = &p->store->window[order[i]];
        part->rows = set->rows;
        part->picks =
            set->form == AS_FORM_TABLE && names_items(set) && (p->out.set > 0 || hashes_only);
        part->first_run = p->nruns;
        part->runs = part->picks ? as_blocks(set->rows) : 0;
        p->nruns += part->runs;
    }
}

static enum as_status count_runs(struct plan *p, struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint8_t *rec = NULL;

    for (uint32_t i = 0; i < p->nparts; i++) {
        const struct part *part = &p->part[i];
        for (uint64_t r = 0; r < part->runs; r++) {
            if ((part->first_run + r) % p->ranks != p->rank)
                continue;
            AS_TRY(as_ask(p->store->ask, err));
            for (uint64_t row = r * AS_BLOCK_ROWS; row < as_block_end(r, part->set->rows); row++) {
                AS_TRY(as_window_span(part->w, row, 1, &rec, err));
                p->count[part->first_run + r] += as_digest_counts(part->set, rec, &p->out, p->in);
            }
        }
    }
done:
    return status;
}

static void plan_blocks(struct plan *p)
{
    for (uint32_t i = 0; i < p->nparts; i++) {
        struct part *part = &p->part[i];
        if (part->picks)
            part->rows = 0;
        for (uint64_t r = 0; r < part->runs; r++)
            part->rows += p->count[part->first_run + r];
        part->first_block = p->nblocks;
        part->blocks = as_blocks(part->rows);
        p->nblocks += part->blocks;
    }
}

/* Takes over the digests of parts that are the same in both; keeps those of the first. */
static void share_blocks(struct plan *p)
{
    for (uint32_t i = 0; i < p->nparts; i++) {
        const struct part *part = &p->part[i];
        if (p->content != NULL && part->both)
            memcpy(&p->digest[4 * part->first_block],
                   &p->content[4 * p->content_first[part->index]], part->blocks * 32);
        if (p->content == NULL)
            p->content_first[part->index] = part->first_block;
    }
}

/* Adds up words over all ranks, each of which has filled in its own. */
static enum as_status join(struct plan *p, enum as_status mine, uint64_t *words, uint64_t n,
                           struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_comm_agree(p->comm, mine, err));
    for (uint64_t i = 0; i < n; i += INT32_MAX)
        AS_TRY(as_comm_sum(p->comm, words + i, (int)(n - i < INT32_MAX ? n - i : INT32_MAX)));
done:
    return status;
}

static enum as_status words_new(uint64_t **words, uint64_t n, struct as_err *err)
{
    enum as_status status = AS_OK;

    free(*words);
    if ((*words = calloc(n + 1, sizeof **words)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the digests of blocks");
done:
    return status;
}

/* 4 digests ------------------------------------------------------------------------ */

/* Names of the columns: of a table those that count, of a group as the file says. */
static enum as_status hash_type(struct plan *p, const struct part *part, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_set *set = part->set;
    char *words = NULL;
    uint32_t n = 0, size = 0;

    if (set->form == AS_FORM_GROUP) {
        AS_TRY(as_h5_get_words(part->w->ds, "columns", &words, &n, &size, err));
        sink_text(&p->sink, TYPES[set->type], strlen(TYPES[set->type]));
        for (uint32_t i = 0; i < n; i++)
            sink_text(&p->sink, words + (size_t)i * size, strnlen(words + (size_t)i * size, size));
    }
    for (uint32_t c = 0; set->form == AS_FORM_TABLE && c < set->ncolumns; c++) {
        const struct as_column *col = &set->column[c];
        if (!(col->scope & p->in))
            continue;
        sink_text(&p->sink, col->name, strlen(col->name));
        sink_text(&p->sink, TYPES[col->type], strlen(TYPES[col->type]));
        n++;
    }
    sink_u64(&p->sink, n);
done:
    free(words);
    return status;
}

/* A search counts with the case that it is of. */
static void hash_parent(struct plan *p)
{
    const struct as_store_parent *parent = as_store_parent(p->store);
    const char *digest;

    if (parent == NULL)
        return;
    digest = p->in == AS_IN_CONTENT ? parent->content_digest : parent->digest_exact;
    sink_text(&p->sink, digest, strlen(digest));
    sink_u64(&p->sink, parent->items);
}

static enum as_status hash_all(struct plan *p, char digest[65], struct as_err *err)
{
    enum as_status status = AS_OK;
    uint8_t sum[32];

    sink_start(&p->sink);
    hash_parent(p);
    for (uint32_t i = 0; i < p->nparts; i++) {
        const struct part *part = &p->part[i];
        sink_text(&p->sink, part->set->name, strlen(part->set->name));
        AS_TRY(hash_type(p, part, err));
        sink_u64(&p->sink, part->set->two ? 2 : 1);
        sink_u64(&p->sink, part->rows);
        if (part->set->two)
            sink_u64(&p->sink, part->set->dim);
        sink_u64(&p->sink, part->blocks);
        for (uint64_t k = 0; k < 4 * part->blocks; k++)
            sink_u64(&p->sink, p->digest[4 * part->first_block + k]);
    }
    AS_TRY(sink_end(&p->sink, sum, err));
    as_hex(sum, sizeof sum, digest);
done:
    return status;
}

/* Collective. */
static enum as_status digest_one(struct plan *p, unsigned in, char digest[65], struct as_err *err)
{
    enum as_status status = AS_OK, mine = AS_OK;

    p->in = in;
    p->nruns = p->nblocks = p->nparts = 0;
    plan_parts(p);
    if ((mine = words_new(&p->count, p->nruns, err)) == AS_OK)
        mine = count_runs(p, err);
    AS_TRY(join(p, mine, p->count, p->nruns, err));
    plan_blocks(p);
    if ((mine = words_new(&p->digest, 4 * p->nblocks, err)) == AS_OK)
        mine = hash_blocks(p, err);
    AS_TRY(join(p, mine, p->digest, 4 * p->nblocks, err));
    share_blocks(p);
    AS_TRY(as_comm_agree(p->comm, hash_all(p, digest, err), err));
done:
    return status;
}

static enum as_status plan_start(struct plan *p, struct as_err *err)
{
    enum as_status status = AS_OK;

    if ((p->sink.md = EVP_MD_CTX_new()) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for SHA-256");
    AS_TRY(as_bits_fill(&p->out, p->store, p->rank, p->ranks, err));
done:
    return status;
}

enum as_status as_digest_make(struct as_store *store, struct as_comm *comm, enum as_status mine,
                              char content_digest[65], char digest_exact[65], struct as_err *err)
{
    enum as_status status = AS_OK;
    struct plan *p = calloc(1, sizeof *p);

    if (p == NULL && mine == AS_OK)
        mine = as_fail(err, AS_ENOMEM, AS_REASON_NONE, __FILE__, __LINE__, "no memory for digests");
    AS_TRY(as_comm_agree(comm, mine, err));
    p->store = store;
    p->comm = comm;
    p->rank = comm != NULL ? (uint64_t)as_comm_rank(comm) : 0;
    p->ranks = comm != NULL ? (uint64_t)as_comm_size(comm) : 1;
    mine = plan_start(p, err);
    AS_TRY(join(p, mine, p->out.word, p->out.nwords, err));
    AS_TRY(as_comm_sum(comm, &p->out.set, 1));
    AS_TRY(digest_one(p, AS_IN_CONTENT, content_digest, err));
    p->content = p->digest;
    p->digest = NULL;
    AS_TRY(digest_one(p, AS_IN_EXACT, digest_exact, err));
done:
    if (p != NULL) {
        EVP_MD_CTX_free(p->sink.md);
        as_bits_clear(&p->out);
        free(p->count);
        free(p->digest);
        free(p->content);
    }
    free(p);
    return status;
}
