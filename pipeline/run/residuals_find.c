/* residuals_find.c - where the residuals of a case lie, dealt out over the ranks.
 *
 * The journals say where the residual of a content lies.  That goes to the rank which the hash
 * names, and which has the items with that content; then each rank gets as many as another. */
#include "residuals_parts.h"

#include "catalogue_parts.h"
#include "grow.h"
#include "spool.h"

#include "../cluster/sort.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 32 };
/* a place: sha256[32] type[1] file[4] offset[8] w[4] h[4] flat[1]; a lost one has no size; of what
 * the spool is seen to hold nothing but the hash is told */
enum { REC_HELD, REC_LOST, REC_PLACE };
enum { TYPE = 32, FILE_NO = 33, OFFSET = 37, WIDTH = 45, HEIGHT = 49, FLAT = 53, REC_BYTES = 54 };

struct finding {
    struct as_rank *r;
    char *const *names;
    size_t nnames, file;
    const struct as_keep *keep;
    uint8_t *rec;
    uint64_t n, cap;
    uint64_t odd; /* records of a kept spool that are not of the size that is kept */
};

static uint8_t *put_place(struct finding *f, const uint8_t sha[32], uint8_t type)
{
    uint8_t *to;

    if (!as_grow((void **)&f->rec, f->n, &f->cap, REC_BYTES))
        return NULL;
    to = f->rec + f->n++ * REC_BYTES;
    memset(to, 0, REC_BYTES);
    memcpy(to, sha, 32);
    to[TYPE] = type;
    return to;
}

/* The file of the spool that a record means: a journal that took up what another could not save
 * tells of the other's.  nnames: there is none.                                            */
static size_t file_of(const struct finding *f, const struct as_noise_record *rec)
{
    const char *here = f->names[f->file], *slash = strrchr(here, '/');
    const size_t dir = slash ? (size_t)(slash - here) + 1 : 0;
    char name[NAME_BYTES];

    snprintf(name, sizeof name, "a%04u-r%05u.jnl", rec->attempt, rec->rank);
    if (strcmp(here + dir, name) == 0)
        return f->file;
    for (size_t i = 0; i < f->nnames; i++)
        if (strncmp(f->names[i], here, dir) == 0 && strcmp(f->names[i] + dir, name) == 0)
            return i;
    return f->nnames;
}

static enum as_status each(void *state, uint8_t type, const void *bytes, uint32_t n,
                           uint64_t offset)
{
    struct finding *f = state;
    struct as_noise_record rec;
    uint8_t *to;

    (void)offset;
    if ((type != AS_REC_NOISE && type != AS_REC_LOST) || n != sizeof rec)
        return AS_OK;
    memcpy(&rec, bytes, n);
    if (as_stop_signal)
        return AS_ESTOP;
    if ((to = put_place(f, rec.sha256, type == AS_REC_LOST ? REC_LOST : REC_PLACE)) == NULL)
        return AS_ENOMEM;
    as_be_put(to + FILE_NO, file_of(f, &rec), 4);
    as_be_put(to + OFFSET, rec.offset, 8);
    if (type == AS_REC_LOST)
        return AS_OK;
    as_be_put(to + WIDTH, rec.w, 4);
    as_be_put(to + HEIGHT, rec.h, 4);
    to[FLAT] = rec.flat != 0;
    return AS_OK;
}

static enum as_status find_places(struct finding *f, struct as_err *err)
{
    const size_t step = (size_t)f->r->size;
    enum as_status status = AS_OK;
    bool torn;

    for (f->file = (size_t)f->r->me; f->file < f->nnames && status == AS_OK; f->file += step)
        status = as_journal_scan(f->names[f->file], each, f, &torn, err);
    if (status == AS_ESTOP)
        AS_FAIL(err, AS_ESTOP, "%s while residuals were looked for", as_stop_why());
done:
    return status;
}

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, REC_BYTES);
}

/* Pictures of a size follow each other, and are read as they lie. */
static int by_place(const void *a, const void *b)
{
    const struct as_residual_place *x = a, *y = b;

    if (x->w != y->w)
        return x->w < y->w ? -1 : 1;
    if (x->h != y->h)
        return x->h < y->h ? -1 : 1;
    if (x->file != y->file)
        return x->file < y->file ? -1 : 1;
    return (x->offset > y->offset) - (x->offset < y->offset);
}

/* A record of a kept spool says itself what it is of. */
static enum as_status each_kept(void *state, uint32_t file, uint64_t offset, const uint8_t *bytes,
                                uint32_t len)
{
    struct finding *f = state;
    struct as_noise_head head;
    uint8_t *to;

    if (!as_noise_check(f->keep, bytes, len, &head)) {
        f->odd++;
        return AS_OK;
    }
    if ((to = put_place(f, head.sha256, REC_PLACE)) == NULL)
        return AS_ENOMEM;
    as_be_put(to + FILE_NO, file, 4);
    as_be_put(to + OFFSET, offset, 8);
    as_be_put(to + WIDTH, head.full_w, 4);
    as_be_put(to + HEIGHT, head.full_h, 4);
    to[FLAT] = head.flat != 0;
    return AS_OK;
}

/* Of a sealed case.  Collective. */
static enum as_status find_kept(struct finding *f, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_spool_sum sum;

    AS_TRY(as_spool_sum(f->r, f->names, f->nnames, each_kept, f, &sum, err));
    if (strcmp(sum.digest, f->r->kept->digest) != 0)
        AS_FAIL(err, AS_EFORMAT,
                "%s is not what the case was sealed with: %" PRIu64 " of %" PRIu64
                " residuals can be read, or they were changed",
                f->r->kase.spool, sum.records, f->r->kept->records);
    AS_TRY(as_comm_sum(f->r->comm, &f->odd, 1));
    if (f->odd > 0)
        AS_FAIL(err, AS_EFORMAT,
                "%s holds %" PRIu64 " residuals that are not of the size which the case says it "
                "kept",
                f->r->kase.spool, f->odd);
done:
    return status;
}

/* The first item with the content, if it was examined: copies have higher ids. */
static bool item_of(const struct as_items *items, const uint8_t *sha, struct as_item_found *item)
{
    uint64_t k = 0;

    while (as_items_find(items, sha, k++, item))
        if (item->ok)
            return true;
    return false;
}

/* Whether a place is among the lost ones before it, of the same content. */
static bool is_lost(const uint8_t *place, const uint8_t *lost, uint64_t nlost)
{
    for (uint64_t i = 0; i < nlost; i++)
        if (memcmp(lost + i * REC_BYTES + FILE_NO, place + FILE_NO, WIDTH - FILE_NO) == 0)
            return true;
    return false;
}

static enum as_status take_place(const struct finding *f, const uint8_t *rec,
                                 const struct as_item_found *item, struct as_residuals *v,
                                 struct as_err *err)
{
    enum as_status status = AS_OK;

    if (as_be_get(rec + FILE_NO, 4) >= f->nnames)
        AS_FAIL(
            err, AS_EIO,
            "the journals tell of a residual in a spool that is not there; --fresh starts over");
    v->place[v->n++] = (struct as_residual_place){
        .row = item->id,
        .source = item->source,
        .file = (uint32_t)as_be_get(rec + FILE_NO, 4),
        .offset = as_be_get(rec + OFFSET, 8),
        .w = (uint32_t)as_be_get(rec + WIDTH, 4),
        .h = (uint32_t)as_be_get(rec + HEIGHT, 4),
        .flat = rec[FLAT] != 0,
    };
    memcpy(v->place[v->n - 1].sha256, rec, 32);
done:
    return status;
}

/* A walk over all records, content by content. */
struct walk {
    uint64_t next;
    const uint8_t *lost; /* of this content */
    uint64_t nlost;
    bool through; /* with this content */
};

static enum as_status sort_places(struct finding *f, struct as_residuals *v, struct as_err *err)
{
    enum as_status status = AS_OK;

    if (f->n > 0)
        qsort(f->rec, f->n, REC_BYTES, by_bytes);
    if ((v->place = calloc(f->n + 1, sizeof *v->place)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the places of residuals");
done:
    return status;
}

/* The next place that is not lost, of a content that is neither held nor through; NULL: no more. */
static const uint8_t *next_place(const struct finding *f, struct walk *w)
{
    while (w->next < f->n) {
        const uint8_t *rec = f->rec + w->next++ * REC_BYTES;
        if (rec == f->rec || memcmp(rec, rec - REC_BYTES, 32) != 0)
            *w = (struct walk){.next = w->next, .lost = rec};
        w->through = w->through || rec[TYPE] == REC_HELD;
        w->nlost += rec[TYPE] == REC_LOST;
        if (rec[TYPE] == REC_PLACE && !w->through && !is_lost(rec, w->lost, w->nlost))
            return rec;
    }
    return NULL;
}

/* The first place of each content that is not lost, and its item. */
static enum as_status join(struct finding *f, const struct as_items *items, struct as_residuals *v,
                           struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_item_found item;
    struct walk walk = {0};
    const uint8_t *rec;

    AS_TRY(sort_places(f, v, err));
    while ((rec = next_place(f, &walk)) != NULL) {
        if (!item_of(items, rec, &item))
            continue;
        AS_TRY(take_place(f, rec, &item, v, err));
        walk.through = true;
    }
done:
    return status;
}

/* A place that may travel: its number among all, then its order. */
enum { TURN = 0, PLACE_W = 8, PLACE_H = 12, PLACE_FILE = 16, PLACE_OFFSET = 20, PLACE_ROW = 28 };
enum { PLACE_SOURCE = 36, PLACE_FLAT = 40, PLACE_SHA = 41, PLACE_BYTES = 73 };

static uint8_t *pack_places(const struct as_residuals *v)
{
    uint8_t *all = calloc(v->n + 1, PLACE_BYTES);

    for (uint64_t i = 0; all && i < v->n; i++) {
        const struct as_residual_place *p = &v->place[i];
        uint8_t *to = all + i * PLACE_BYTES;
        as_be_put(to + PLACE_W, p->w, 4);
        as_be_put(to + PLACE_H, p->h, 4);
        as_be_put(to + PLACE_FILE, p->file, 4);
        as_be_put(to + PLACE_OFFSET, p->offset, 8);
        as_be_put(to + PLACE_ROW, p->row, 8);
        as_be_put(to + PLACE_SOURCE, p->source, 4);
        to[PLACE_FLAT] = p->flat;
        memcpy(to + PLACE_SHA, p->sha256, sizeof p->sha256);
    }
    return all;
}

static enum as_status unpack_places(struct as_residuals *v, const uint8_t *all, uint64_t n)
{
    free(v->place);
    v->n = 0;
    if ((v->place = calloc(n + 1, sizeof *v->place)) == NULL)
        return AS_ENOMEM;
    for (v->n = 0; v->n < n; v->n++) {
        const uint8_t *from = all + v->n * PLACE_BYTES;
        struct as_residual_place *p = &v->place[v->n];
        p->w = (uint32_t)as_be_get(from + PLACE_W, 4);
        p->h = (uint32_t)as_be_get(from + PLACE_H, 4);
        p->file = (uint32_t)as_be_get(from + PLACE_FILE, 4);
        p->offset = as_be_get(from + PLACE_OFFSET, 8);
        p->row = as_be_get(from + PLACE_ROW, 8);
        p->source = (uint32_t)as_be_get(from + PLACE_SOURCE, 4);
        p->flat = from[PLACE_FLAT] != 0;
        memcpy(p->sha256, from + PLACE_SHA, sizeof p->sha256);
    }
    qsort(v->place, v->n, sizeof *v->place, by_place);
    return AS_OK;
}

static int whose_turn(void *state, const void *rec)
{
    const struct as_rank *r = state;

    return (int)(as_be_get(rec, 8) % (uint64_t)r->size);
}

/* Deals the pictures of each size out one by one: what hashes give is uneven, and all wait for the
 * rank that has most.  Collective. */
static enum as_status even_out(struct as_residuals *v, struct as_rank *r, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t n = v->n, total = v->n, me = (uint64_t)r->me, size = (uint64_t)r->size;
    uint8_t *all = pack_places(v);

    AS_TRY(as_comm_agree(r->comm, all ? AS_OK : AS_ENOMEM, err));
    AS_TRY(as_comm_sum(r->comm, &total, 1));
    AS_TRY(as_sort(r->comm, &all, &n, PLACE_BYTES, err));
    const uint64_t more = total % size, first = total / size * me + (me < more ? me : more);
    for (uint64_t i = 0; i < n; i++)
        as_be_put(all + i * PLACE_BYTES + TURN, first + i, 8);
    AS_TRY(as_deal(r->comm, &all, &n, PLACE_BYTES, whose_turn, r, err));
    AS_TRY(as_comm_agree(r->comm, unpack_places(v, all, n), err));
done:
    free(all);
    return status;
}

/* CASE/journal/NAME, or CASE/spool/NAME: CASE/spool/NAME. */
static enum as_status name_spool(struct as_residuals *v, char *const *names, size_t n, bool kept,
                                 struct as_err *err)
{
    const size_t old = kept ? strlen("/spool/") : strlen("/journal/");
    enum as_status status = AS_OK;
    char **paths = v->path = calloc(n + 1, sizeof *paths);

    if (paths == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the spool");
    v->npaths = n;
    for (size_t i = 0; i < n; i++) {
        const char *file = strrchr(names[i], '/') + 1;
        const size_t dir = (size_t)(file - names[i]) - old;
        if (asprintf(&paths[i], "%.*s/spool/%s", (int)dir, names[i], file) < 0) {
            paths[i] = NULL;
            AS_FAIL(err, AS_ENOMEM, "no memory for the spool");
        }
    }
done:
    return status;
}

enum as_status as_residuals_find(struct as_residuals *v, struct as_rank *r,
                                 const struct as_items *items, const struct as_keep *keep,
                                 struct as_err *err)
{
    enum as_status status = AS_OK;
    struct finding f = {.r = r, .keep = keep};
    const bool kept = r->njournals == 0; /* nothing but the spool is left of a sealed case */
    char **names = NULL;

    memset(v, 0, sizeof *v);
    pthread_mutex_init(&v->lock, NULL);
    v->keep = *keep;
    AS_TRY(kept ? as_spool_list(r, r->kase.spool, &names, &f.nnames, err)
                : as_rank_journals(r, &names, &f.nnames, err));
    f.names = names;
    AS_TRY(kept ? find_kept(&f, err) : as_comm_agree(r->comm, find_places(&f, err), err));
    AS_TRY(as_deal(r->comm, &f.rec, &f.n, REC_BYTES, as_items_owner, r, err));
    status = join(&f, items, v, err);
    if (status == AS_OK)
        status = name_spool(v, names, f.nnames, kept, err);
    AS_TRY(as_comm_agree(r->comm, status, err));
    AS_TRY(even_out(v, r, err));
done:
    as_journal_list_free(names, f.nnames);
    free(f.rec);
    return status;
}

/* ---- what a case keeps ---- */

static enum as_status each_held(void *state, uint32_t file, uint64_t offset, const uint8_t *bytes,
                                uint32_t len)
{
    struct finding *f = state;
    struct as_noise_head head;

    (void)file;
    (void)offset;
    if (!as_noise_check(f->keep, bytes, len, &head))
        return AS_OK;
    return put_place(f, head.sha256, REC_HELD) ? AS_OK : AS_ENOMEM;
}

/* Notes all places of each content that the journals tell of and the spool does not hold. */
static enum as_status note_missing(struct finding *f, struct as_residuals *v, struct as_err *err)
{
    const struct as_item_found none = {0};
    enum as_status status = AS_OK;
    struct walk walk = {0};
    const uint8_t *rec;

    AS_TRY(sort_places(f, v, err));
    while ((rec = next_place(f, &walk)) != NULL) {
        AS_TRY(take_place(f, rec, &none, v, err));
        if ((status = as_residuals_note(v, v->n - 1, err)) != AS_SKIP)
            AS_TRY(status);
        status = AS_OK;
    }
done:
    return status;
}

enum as_status as_residuals_sum(struct as_rank *r, struct as_spool_sum *sum, struct as_err *err)
{
    struct as_residuals v = {.keep = r->keep, .lock = PTHREAD_MUTEX_INITIALIZER};
    struct finding f = {.r = r, .keep = &r->keep};
    enum as_status status = AS_OK;
    char **names = NULL, **files = NULL;
    size_t nfiles = 0;

    AS_TRY(as_rank_journals(r, &names, &f.nnames, err));
    f.names = names;
    AS_TRY(as_comm_agree(r->comm, find_places(&f, err), err));
    AS_TRY(as_spool_list(r, r->kase.spool, &files, &nfiles, err));
    AS_TRY(as_spool_sum(r, files, nfiles, each_held, &f, sum, err));
    sum->pixels = r->keep.pixels;
    AS_TRY(as_deal(r->comm, &f.rec, &f.n, REC_BYTES, as_items_owner, r, err));
    status = name_spool(&v, names, f.nnames, false, err);
    if (status == AS_OK)
        status = note_missing(&f, &v, err);
    AS_TRY(as_comm_agree(r->comm, status, err));
    AS_TRY(as_residuals_end(&v, r, err));
done:
    as_journal_list_free(names, f.nnames);
    as_journal_list_free(files, nfiles);
    free(f.rec);
    as_residuals_clear(&v);
    return status;
}
