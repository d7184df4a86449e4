/* residuals.c - the residuals that a case has kept, dealt out over the ranks.
 *
 * The journals say where the residual of a content lies, the catalogue which items have that
 * content.  Both go to the rank that the hash names, which then has a run of
 *
 *     sha256[32]  type[1]  ...
 *
 * for each content: its lost places first, then its places, then its items, lowest id first.  */
#include "residuals.h"

#include "../cluster/sort.h"
#include "../log.h"
#include "catalogue_parts.h"
#include "grow.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TYPE = 32, REC_BYTES = 54, OPEN_MAX = 4, NAME_BYTES = 32 };
/* a place: file[4] offset[8] w[4] h[4] flat[1]; a lost one: file[4] offset[8]; an item: row[8]
 * source[4] */
enum { REC_LOST, REC_PLACE, REC_ITEM };
enum { FIRST = 33, AFTER_FILE = 37, AFTER_ROW = 41, WIDTH = 45, HEIGHT = 49, FLAT = 53 };

struct finding {
    struct as_rank *r;
    char *const *names;
    size_t nnames, file;
    uint8_t *rec;
    uint64_t n, cap;
};

static uint8_t *next_record(struct finding *f, const uint8_t sha[32], uint8_t type)
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
    if ((to = next_record(f, rec.sha256, type == AS_REC_LOST ? REC_LOST : REC_PLACE)) == NULL)
        return AS_ENOMEM;
    as_be_put(to + FIRST, file_of(f, &rec), 4);
    as_be_put(to + AFTER_FILE, rec.offset, 8);
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
    return status;
}

static enum as_status find_items(struct finding *f, struct as_catalogue *c, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_row *row = calloc(1, sizeof *row);
    uint8_t *to;

    if (row == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for a row");
    for (uint64_t id = c->first; id < c->first + c->count; id++) {
        as_rank_tell(f->r);
        AS_TRY(as_catalogue_row(c, id, row, NULL, err));
        if (row->status != AS_ITEM_OK || !row->has_sha256)
            continue;
        if ((to = next_record(f, row->sha256, REC_ITEM)) == NULL)
            AS_FAIL(err, AS_ENOMEM, "no memory for the pictures");
        as_be_put(to + FIRST, id, 8);
        as_be_put(to + AFTER_ROW, row->source, 4);
    }
done:
    free(row);
    return status;
}

static int owner(void *state, const void *rec)
{
    const struct as_rank *r = state;
    uint32_t v;

    memcpy(&v, rec, sizeof v);
    return (int)(v % (uint32_t)r->size);
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

/* Whether a place is among the lost ones before it, of the same content. */
static bool is_lost(const uint8_t *place, const uint8_t *lost, uint64_t nlost)
{
    for (uint64_t i = 0; i < nlost; i++)
        if (memcmp(lost + i * REC_BYTES + FIRST, place + FIRST, WIDTH - FIRST) == 0)
            return true;
    return false;
}

/* The first place of each content and its first item. */
static enum as_status join(struct finding *f, struct as_residuals *v, struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint8_t *place = NULL, *lost = NULL;
    uint64_t nlost = 0;

    if (f->n > 0)
        qsort(f->rec, f->n, REC_BYTES, by_bytes);
    if ((v->place = calloc(f->n + 1, sizeof *v->place)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the places of residuals");
    for (uint64_t i = 0; i < f->n; i++) {
        const uint8_t *rec = f->rec + i * REC_BYTES;
        const bool first = i == 0 || memcmp(rec, rec - REC_BYTES, 32) != 0;
        if (first) {
            place = NULL;
            lost = rec;
            nlost = 0;
        }
        nlost += rec[TYPE] == REC_LOST;
        if (rec[TYPE] == REC_PLACE && place == NULL && !is_lost(rec, lost, nlost))
            place = rec;
        if (rec[TYPE] != REC_ITEM || place == NULL)
            continue;
        if (as_be_get(place + FIRST, 4) >= f->nnames)
            AS_FAIL(err, AS_EIO,
                    "the journals tell of a residual in a spool that is not there; --fresh starts "
                    "over");
        v->place[v->n++] = (struct as_residual_place){
            .row = as_be_get(rec + FIRST, 8),
            .source = (uint32_t)as_be_get(rec + AFTER_ROW, 4),
            .file = (uint32_t)as_be_get(place + FIRST, 4),
            .offset = as_be_get(place + AFTER_FILE, 8),
            .w = (uint32_t)as_be_get(place + WIDTH, 4),
            .h = (uint32_t)as_be_get(place + HEIGHT, 4),
            .flat = place[FLAT] != 0,
        };
        memcpy(v->place[v->n - 1].sha256, rec, 32);
        place = NULL; /* copies have higher ids */
    }
    qsort(v->place, v->n, sizeof *v->place, by_place);
done:
    return status;
}

/* CASE/journal/NAME: CASE/spool/NAME. */
static enum as_status name_spool(struct as_residuals *v, char *const *names, size_t n,
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
done:
    return status;
}

enum as_status as_residuals_find(struct as_residuals *v, struct as_rank *r, struct as_catalogue *c,
                                 const struct as_keep *keep, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct finding f = {.r = r};
    char **names = NULL;

    memset(v, 0, sizeof *v);
    pthread_mutex_init(&v->lock, NULL);
    v->keep = *keep;
    AS_TRY(as_rank_journals(r, &names, &f.nnames, err));
    f.names = names;
    AS_TRY(as_comm_agree(r->comm, find_places(&f, err), err));
    AS_TRY(as_comm_agree(r->comm, find_items(&f, c, err), err));
    AS_TRY(as_deal(r->comm, &f.rec, &f.n, REC_BYTES, owner, r, err));
    status = join(&f, v, err);
    if (status == AS_OK)
        status = name_spool(v, names, f.nnames, err);
    AS_TRY(as_comm_agree(r->comm, status, err));
done:
    as_journal_list_free(names, f.nnames);
    free(f.rec);
    return status;
}

void as_residuals_clear(struct as_residuals *v)
{
    for (size_t i = 0; i < v->npaths; i++)
        free(v->path[i]);
    free(v->path);
    free(v->place);
    free(v->lost);
    memset(v, 0, sizeof *v);
}

enum as_status as_residuals_reader(const struct as_residuals *v, struct as_journal_reader **reader,
                                   struct as_err *err)
{
    return as_journal_open_read(reader, v->path, v->npaths, OPEN_MAX, err);
}

/* Remembers that there is nothing where the i-th should be. */
static enum as_status note_lost(struct as_residuals *v, uint64_t i, struct as_err *err)
{
    const struct as_residual_place *p = &v->place[i];
    enum as_status status = AS_SKIP;
    struct as_noise_record rec;

    memset(&rec, 0, sizeof rec);
    memcpy(rec.sha256, p->sha256, sizeof rec.sha256);
    rec.offset = p->offset;
    as_log(AS_LOG_WARN, "%s has lost the residual at byte %" PRIu64, v->path[p->file], p->offset);
    if (sscanf(strrchr(v->path[p->file], '/'), "/a%u-r%u.jnl", &rec.attempt, &rec.rank) != 2)
        return as_fail(err, AS_EBUG, AS_REASON_NONE, __FILE__, __LINE__, "%s is no spool",
                       v->path[p->file]);
    pthread_mutex_lock(&v->lock);
    if (as_grow((void **)&v->lost, v->nlost, &v->lost_cap, sizeof *v->lost))
        v->lost[v->nlost++] = rec;
    else
        status = AS_ENOMEM;
    pthread_mutex_unlock(&v->lock);
    return status;
}

/* A file that is there and cannot be read is another matter: the disk may come back. */
static bool is_gone(const char *path)
{
    return access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

enum as_status as_residuals_read(struct as_residuals *v, struct as_journal_reader *reader,
                                 uint64_t i, struct as_noise_head *head, const uint8_t **bytes,
                                 struct as_err *err)
{
    const struct as_residual_place *p = &v->place[i];
    enum as_status status = AS_OK;
    struct as_journal_frame f;

    status = as_journal_read(reader, p->file, p->offset, &f, err);
    if (status == AS_EFORMAT || (status == AS_EIO && is_gone(v->path[p->file])))
        return note_lost(v, i, err);
    AS_TRY(status);
    if (f.type != AS_REC_NOISE || !as_noise_check(&v->keep, f.bytes, f.n, head) ||
        memcmp(head->sha256, p->sha256, sizeof p->sha256) != 0 || head->full_w != p->w ||
        head->full_h != p->h)
        return note_lost(v, i, err);
    *bytes = f.bytes;
done:
    return status;
}

/* Has the journal tell what this rank found lost. */
static enum as_status tell_lost(struct as_residuals *v, struct as_journal *j, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_block *block = NULL;

    for (uint64_t i = 0; i < v->nlost && status == AS_OK; i++)
        status = as_journal_append(j, AS_REC_LOST, &v->lost[i], sizeof v->lost[i]);
    if (status != AS_OK)
        AS_FAIL(err, status, "no memory for the journal");
    as_journal_cut(j, &block);
    AS_TRY(as_journal_commit(j, block, err));
    AS_TRY(as_journal_copy(j, err));
done:
    return status;
}

enum as_status as_residuals_end(struct as_residuals *v, struct as_rank *r, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t lost = v->nlost;

    AS_TRY(as_comm_sum(r->comm, &lost, 1));
    if (lost == 0)
        return AS_OK;
    if (r->journal == NULL)
        AS_FAIL(err, AS_EIO,
                "the residuals of %" PRIu64 " pictures are lost: the shards named above are to be "
                "examined again, with --fresh",
                lost);
    status = v->nlost > 0 ? tell_lost(v, r->journal, err) : AS_OK;
    AS_TRY(as_comm_agree(r->comm, status, err));
    AS_FAIL(err, AS_ESTOP,
            "the residuals of %" PRIu64 " pictures are lost or damaged; the same command examines "
            "these pictures again",
            lost);
done:
    return status;
}
