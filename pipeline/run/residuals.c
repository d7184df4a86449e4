/* residuals.c - the residuals that a case has kept, dealt out over the ranks.
 *
 * The journals say where the residual of a content lies.  That goes to the rank which the hash
 * names, and which has the items with that content.                                         */
#include "residuals.h"

#include "../cluster/sort.h"
#include "catalogue_parts.h"
#include "grow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPEN_MAX = 64, NAME_BYTES = 32 };
/* a place: sha256[32] file[4] offset[8] w[4] h[4] flat[1] */
enum { FILE_NO = 32, OFFSET = 36, WIDTH = 44, HEIGHT = 48, FLAT = 52, REC_BYTES = 53 };

struct finding {
    struct as_rank *r;
    char *const *names;
    size_t nnames, file;
    uint8_t *rec;
    uint64_t n, cap;
};

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
    if (type != AS_REC_NOISE || n != sizeof rec)
        return AS_OK;
    memcpy(&rec, bytes, n);
    if (as_stop_signal)
        return AS_ESTOP;
    if (!as_grow((void **)&f->rec, f->n, &f->cap, REC_BYTES))
        return AS_ENOMEM;
    to = f->rec + f->n++ * REC_BYTES;
    memcpy(to, rec.sha256, 32);
    as_be_put(to + FILE_NO, file_of(f, &rec), 4);
    as_be_put(to + OFFSET, rec.offset, 8);
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

/* The first item with the content, if it was examined: copies have higher ids. */
static bool item_of(const struct as_items *items, const uint8_t *sha, struct as_item_found *item)
{
    uint64_t k = 0;

    while (as_items_find(items, sha, k++, item))
        if (item->ok)
            return true;
    return false;
}

/* The first place of each content, and its item. */
static enum as_status join(struct finding *f, const struct as_items *items, struct as_residuals *v,
                           struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_item_found item;

    if (f->n > 0)
        qsort(f->rec, f->n, REC_BYTES, by_bytes);
    if ((v->place = calloc(f->n + 1, sizeof *v->place)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the places of residuals");
    for (uint64_t i = 0; i < f->n; i++) {
        const uint8_t *rec = f->rec + i * REC_BYTES;
        if ((i > 0 && memcmp(rec, rec - REC_BYTES, 32) == 0) || !item_of(items, rec, &item))
            continue;
        if (as_be_get(rec + FILE_NO, 4) >= f->nnames)
            AS_FAIL(err, AS_EIO,
                    "the journals tell of a residual in a spool that is not there; --fresh starts "
                    "over");
        v->place[v->n++] = (struct as_residual_place){
            .row = item.id,
            .source = item.source,
            .file = (uint32_t)as_be_get(rec + FILE_NO, 4),
            .offset = as_be_get(rec + OFFSET, 8),
            .w = (uint32_t)as_be_get(rec + WIDTH, 4),
            .h = (uint32_t)as_be_get(rec + HEIGHT, 4),
            .flat = rec[FLAT] != 0,
        };
        memcpy(v->place[v->n - 1].sha256, rec, 32);
    }
    qsort(v->place, v->n, sizeof *v->place, by_place);
done:
    return status;
}

/* CASE/journal/NAME: CASE/spool/NAME. */
static enum as_status open_spool(struct as_residuals *v, char *const *names, size_t n,
                                 struct as_err *err)
{
    static const char OLD[] = "/journal/";
    enum as_status status = AS_OK;
    char **paths = v->path = calloc(n + 1, sizeof *paths);

    if (paths == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the spool");
    v->npaths = n;
    for (size_t i = 0; i < n; i++) {
        const char *file = strrchr(names[i], '/') + 1;
        const size_t dir = (size_t)(file - names[i]) - (sizeof OLD - 1);
        if (asprintf(&paths[i], "%.*s/spool/%s", (int)dir, names[i], file) < 0) {
            paths[i] = NULL;
            AS_FAIL(err, AS_ENOMEM, "no memory for the spool");
        }
    }
    AS_TRY(as_journal_open_read(&v->spool, paths, n, OPEN_MAX, err));
done:
    return status;
}

enum as_status as_residuals_find(struct as_residuals *v, struct as_rank *r,
                                 const struct as_items *items, const struct as_keep *keep,
                                 struct as_err *err)
{
    enum as_status status = AS_OK;
    struct finding f = {.r = r};
    char **names = NULL;

    memset(v, 0, sizeof *v);
    v->keep = *keep;
    AS_TRY(as_rank_journals(r, &names, &f.nnames, err));
    f.names = names;
    AS_TRY(as_comm_agree(r->comm, find_places(&f, err), err));
    AS_TRY(as_deal(r->comm, &f.rec, &f.n, REC_BYTES, as_items_owner, r, err));
    status = join(&f, items, v, err);
    if (status == AS_OK)
        status = open_spool(v, names, f.nnames, err);
    AS_TRY(as_comm_agree(r->comm, status, err));
done:
    as_journal_list_free(names, f.nnames);
    free(f.rec);
    return status;
}

void as_residuals_clear(struct as_residuals *v)
{
    if (v->spool)
        as_journal_close_read(v->spool);
    for (size_t i = 0; i < v->npaths; i++)
        free(v->path[i]);
    free(v->path);
    free(v->place);
    memset(v, 0, sizeof *v);
}

enum as_status as_residuals_read(struct as_residuals *v, uint64_t i, struct as_noise_head *head,
                                 const uint8_t **bytes, struct as_err *err)
{
    const struct as_residual_place *p = &v->place[i];
    enum as_status status = AS_OK;
    struct as_journal_frame f;

    status = as_journal_read(v->spool, p->file, p->offset, &f, err);
    if (status == AS_EFORMAT || (status == AS_OK && !as_noise_check(&v->keep, f.bytes, f.n, head)))
        AS_FAIL(err, AS_EIO, "%s has lost the residual at byte %" PRIu64 "; --fresh starts over",
                v->path[p->file], p->offset);
    if (status == AS_OK)
        *bytes = f.bytes;
done:
    return status;
}
