/* join.c - which content belongs to which item, and who is a copy of whom.
 *
 * A rank asks the owners of its items' hashes, who have heard of all contents.
 * Hashes are read from the journals again and sent a few at a time, so that only
 * the owners hold them.
 *
 *  1. asking
 *  2. answering
 */
#include "catalogue_parts.h"

#include "../cluster/sort.h"
#include "grow.h"

#include <string.h>

/* A question: sha256, id; sorted as bytes.  Questions and answers of one step. */
enum { ASK_BYTES = 40, STEP = 16384 };

struct answer {
    uint64_t id, content_at;
    uint32_t content_file, copy;
};

struct join {
    struct as_catalogue *c;
    struct as_rank *r;
    uint8_t *ask; /* [nask]: what this rank was asked */
    uint64_t nask, ask_cap;
    uint64_t *first; /* [ranks]: their first ids */
};

/* ---- 1. asking ---- */

static int sha_owner(void *state, const void *rec)
{
    const struct as_rank *r = state;
    uint32_t v;

    memcpy(&v, rec, sizeof v);
    return (int)(v % (uint32_t)r->size);
}

/* The questions of items from `*at` on, until there are STEP. */
static enum as_status gather(const struct join *j, uint64_t *at, uint8_t *to, uint64_t *n,
                             struct as_err *err)
{
    const struct as_catalogue *c = j->c;
    enum as_status status = AS_OK;
    struct as_journal_frame f;
    struct as_item item;

    for (*n = 0; *at < c->count && *n < STEP; (*at)++) {
        AS_TRY(as_rank_go_on(j->r, err));
        AS_TRY(as_journal_read(c->items, c->place[*at].file, c->place[*at].at, &f, err));
        if (as_item_unpack(f.bytes, f.n, &item) != AS_OK)
            AS_FAIL(err, AS_EBUG, "the journal has an item that cannot be read");
        if (!item.leaf || !item.has_sha256)
            continue;
        memcpy(to + *n * ASK_BYTES, item.sha256, 32);
        as_be_put(to + *n * ASK_BYTES + 32, c->first + *at, 8);
        (*n)++;
    }
done:
    return status;
}

static enum as_status hear(struct join *j, const uint8_t *came, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        if (!as_grow((void **)&j->ask, j->nask, &j->ask_cap, ASK_BYTES))
            return AS_ENOMEM;
        memcpy(j->ask + j->nask++ * ASK_BYTES, came + i * ASK_BYTES, ASK_BYTES);
    }
    return AS_OK;
}

/* Collective. */
static enum as_status ask_all(struct join *j, struct as_err *err)
{
    struct as_comm *comm = j->r->comm;
    enum as_status status = AS_OK;
    uint8_t *step = malloc((size_t)STEP * ASK_BYTES), *came = NULL;
    uint64_t at = 0, n = 0, in = 0, left = 1;

    AS_TRY(as_comm_agree(comm, step ? AS_OK : AS_ENOMEM, err));
    while (left > 0) {
        AS_TRY(as_comm_agree(comm, gather(j, &at, step, &n, err), err));
        AS_TRY(as_scatter(comm, step, n, ASK_BYTES, sha_owner, j->r, &came, &in, err));
        AS_TRY(as_comm_agree(comm, hear(j, came, in), err));
        free(came);
        came = NULL;
        left = j->c->count - at;
        AS_TRY(as_comm_max(comm, &left, 1));
    }
done:
    free(step);
    free(came);
    return status;
}

/* ---- 2. answering ---- */

static int id_owner(void *state, const void *rec)
{
    const struct join *j = state;
    const struct answer *a = rec;

    return as_rank_of_id(j->first, j->r->size, a->id);
}

/* Where the walk through questions and contents is, both sorted by hash. */
struct walk {
    uint64_t q, k, first; /* first: the lowest id that asked for the content at hand */
    const struct as_contents *contents;
};

static enum as_status keep_copy(struct as_catalogue *c, uint64_t first, uint64_t id)
{
    if (!as_grow((void **)&c->copy, c->ncopies, &c->copy_cap, sizeof *c->copy))
        return AS_ENOMEM;
    c->copy[c->ncopies++] = (struct as_copy){first, id};
    return AS_OK;
}

/* Up to STEP answers; items without a content that are no copies need none. */
static enum as_status answer_some(const struct join *j, struct walk *w, struct answer *to,
                                  uint64_t *count)
{
    const struct as_contents *c = w->contents;
    enum as_status status = AS_OK;
    uint64_t n = 0;

    for (; w->q < j->nask && n < STEP; w->q++) {
        const uint8_t *q = j->ask + w->q * ASK_BYTES, *rec;
        bool copy = w->q > 0 && memcmp(q, q - ASK_BYTES, 32) == 0, has;
        if (copy)
            AS_TRY(keep_copy(j->c, w->first, as_be_get(q + 32, 8)));
        else
            w->first = as_be_get(q + 32, 8);
        while (w->k < c->n && memcmp(c->rec + w->k * AS_CONTENT_BYTES, q, 32) < 0)
            w->k++;
        rec = c->rec + w->k * AS_CONTENT_BYTES;
        has = w->k < c->n && memcmp(rec, q, 32) == 0;
        if (!copy && !has)
            continue;
        to[n++] =
            (struct answer){.id = as_be_get(q + 32, 8),
                            .content_at = has ? as_be_get(rec + 36, 8) : 0,
                            .content_file = has ? (uint32_t)as_be_get(rec + 32, 4) : AS_NO_CONTENT,
                            .copy = copy};
    }
done:
    *count = n;
    return status;
}

static void take_answers(struct as_catalogue *c, const uint8_t *came, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++) {
        struct as_place *p;
        struct answer a;
        memcpy(&a, came + i * sizeof a, sizeof a);
        p = &c->place[a.id - c->first];
        p->content_at = a.content_at;
        p->content_file = a.content_file;
        p->copy = a.copy != 0;
    }
}

/* Collective. */
static enum as_status answer_all(struct join *j, const struct as_contents *contents,
                                 struct as_err *err)
{
    struct as_comm *comm = j->r->comm;
    struct walk w = {.contents = contents};
    enum as_status status = AS_OK;
    struct answer *step = calloc(STEP, sizeof *step);
    uint64_t in = 0, left = 1;
    uint8_t *came = NULL;

    AS_TRY(as_comm_agree(comm, step ? AS_OK : AS_ENOMEM, err));
    while (left > 0) {
        uint64_t n = 0;
        AS_TRY(as_comm_agree(comm, answer_some(j, &w, step, &n), err));
        AS_TRY(as_scatter(comm, step, n, sizeof *step, id_owner, j, &came, &in, err));
        take_answers(j->c, came, in);
        free(came);
        came = NULL;
        left = j->nask - w.q;
        AS_TRY(as_comm_max(comm, &left, 1));
    }
done:
    free(step);
    free(came);
    return status;
}

enum as_status as_join(struct as_catalogue *c, struct as_rank *r, struct as_contents *contents,
                       struct as_err *err)
{
    struct join j = {.c = c, .r = r, .first = calloc((size_t)r->size, sizeof *j.first)};
    enum as_status status = AS_OK;

    AS_TRY(as_comm_agree(r->comm, j.first ? AS_OK : AS_ENOMEM, err));
    AS_TRY(as_comm_allgather(r->comm, &c->first, sizeof c->first, j.first));
    AS_TRY(as_deal(r->comm, &contents->rec, &contents->n, AS_CONTENT_BYTES, sha_owner, r, err));
    AS_TRY(ask_all(&j, err));
    /* each alone: what has one hash has one owner already */
    AS_TRY(as_comm_agree(r->comm, as_sort(NULL, &j.ask, &j.nask, ASK_BYTES, err), err));
    status = as_sort(NULL, &contents->rec, &contents->n, AS_CONTENT_BYTES, err);
    AS_TRY(as_comm_agree(r->comm, status, err));
    AS_TRY(answer_all(&j, contents, err));
done:
    free(j.ask);
    free(j.first);
    return status;
}
