/* resume.c - taking up what earlier attempts left in the journals.
 *
 * The state of a run is the set of records in the journals, whatever rank wrote
 * them.  Journals are dealt out to the ranks of this attempt; hashes of contents
 * go to their owners, numbers of finished lots to rank 0.  What is lost (lost.h) is
 * left out.                                                                   */
#include "lost.h"

#include "../cluster/sort.h"
#include "grow.h"

#include <stdlib.h>
#include <string.h>

enum as_status as_rank_journals(struct as_rank *r, char ***names, size_t *n, struct as_err *err)
{
    uint64_t size[2] = {0, 1}; /* how many, bytes of the longest */
    enum as_status status = AS_OK;
    char *table = NULL;

    *names = NULL;
    *n = 0;
    if (r->me == 0)
        status = as_journal_list(r->journals, r->njournals, names, n, err);
    AS_TRY(as_comm_agree(r->comm, status, err));
    size[0] = *n;
    for (size_t i = 0; i < *n; i++)
        size[1] = strlen((*names)[i]) >= size[1] ? strlen((*names)[i]) + 1 : size[1];
    AS_TRY(as_comm_bcast(r->comm, size, sizeof size, 0));
    table = calloc(size[0] + 1, size[1]);
    if (r->me != 0)
        *names = calloc(size[0] + 1, sizeof **names);
    status = table && (*names || r->me == 0) ? AS_OK : AS_ENOMEM;
    AS_TRY(as_comm_agree(r->comm, status, err));
    for (size_t i = 0; i < *n; i++)
        strcpy(table + i * size[1], (*names)[i]);
    AS_TRY(as_comm_bcast(r->comm, table, size[0] * size[1], 0));
    for (; *n < size[0] && status == AS_OK; (*n)++)
        status = ((*names)[*n] = strdup(table + *n * size[1])) ? AS_OK : AS_ENOMEM;
    AS_TRY(as_comm_agree(r->comm, status, err));
done:
    free(table);
    return status;
}

struct found {
    struct as_rank *r;
    struct as_lost lost;
    enum as_phase phase;
    uint8_t *sha; /* [nsha][32] */
    uint64_t nsha, sha_cap;
    struct as_lot_report *report;
    uint64_t nreports, report_cap;
};

static enum as_status each(void *state, uint8_t type, const void *bytes, uint32_t n, uint64_t offset)
{
    struct found *f = state;

    (void)offset;
    if (as_stop_signal)
        return AS_ESTOP;
    if (type == AS_REC_CONTENT && n > 32 && f->phase == AS_PHASE_EXAMINE && f->r->owners) {
        if (!as_grow((void **)&f->sha, f->nsha, &f->sha_cap, 32))
            return AS_ENOMEM;
        memcpy(f->sha + 32 * f->nsha, bytes, 32);
        f->nsha += !as_lost_content(&f->lost, bytes);
    } else if (type == AS_REC_LOT && n == sizeof *f->report) {
        if (!as_grow((void **)&f->report, f->nreports, &f->report_cap, sizeof *f->report))
            return AS_ENOMEM;
        memcpy(&f->report[f->nreports], bytes, n);
        f->nreports += f->report[f->nreports].phase == (uint64_t)f->phase;
    }
    return AS_OK;
}

static int sha_owner(void *state, const void *rec)
{
    const struct as_rank *r = state;
    uint32_t v;

    memcpy(&v, rec, sizeof v);
    return (int)(v % (uint32_t)r->size);
}

static enum as_status scan_share(struct found *f, struct as_err *err)
{
    struct as_rank *r = f->r;
    enum as_status status = AS_OK;
    char **names = NULL;
    size_t n = 0;
    bool torn;

    AS_TRY(as_rank_journals(r, &names, &n, err));
    for (size_t i = (size_t)r->me; i < n && status == AS_OK; i += (size_t)r->size)
        status = as_journal_scan(names[i], each, f, &torn, err);
    if (status == AS_ESTOP)
        status = as_fail(err, AS_ESTOP, AS_REASON_NONE, __FILE__, __LINE__,
                         "%s while journals were read", as_stop_why());
    AS_TRY(as_comm_agree(r->comm, status, err));
done:
    as_journal_list_free(names, n);
    return status;
}

static enum as_status give_to_owners(struct found *f, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_deal(f->r->comm, &f->sha, &f->nsha, 32, sha_owner, f->r, err));
    for (uint64_t i = 0; i < f->nsha && status == AS_OK; i++)
        status = as_owners_set_done(f->r->owners, f->sha + 32 * i);
    status = as_comm_agree(f->r->comm, status, err);
done:
    return status;
}

static enum as_status mark_done(struct found *f, bool *done, uint64_t nlots, struct as_err *err)
{
    struct as_rank *r = f->r;
    enum as_status status = AS_OK;
    uint8_t *all = NULL;
    uint64_t len = 0;
    struct as_lot_report rep;

    AS_TRY(as_comm_gather(r->comm, f->report, f->nreports * sizeof rep, &all, &len, err));
    for (uint64_t at = 0; r->me == 0 && at + sizeof rep <= len; at += sizeof rep) {
        memcpy(&rep, all + at, sizeof rep);
        if (rep.lot < nlots && !as_lost_lot(&f->lost, rep.lot)) {
            *(rep.phase == AS_PHASE_RECHECK ? &r->rechecked : &r->items_done) +=
                done[rep.lot] ? 0 : rep.items;
            done[rep.lot] = true;
        }
        as_report_keep(r, &rep);
    }
done:
    free(all);
    return status;
}

enum as_status as_resume(struct as_rank *r, enum as_phase phase, bool *done, uint64_t nlots,
                         struct as_err *err)
{
    struct found f = {.r = r, .phase = phase};
    enum as_status status = AS_OK;

    if (phase == AS_PHASE_EXAMINE)
        AS_TRY(as_lost_find(&f.lost, r, err));
    AS_TRY(scan_share(&f, err));
    if (phase == AS_PHASE_EXAMINE && r->owners) {
        AS_TRY(give_to_owners(&f, err));
        AS_TRY(as_comm_sum(r->comm, &f.nsha, 1));
        r->contents_done += f.nsha;
    }
    AS_TRY(mark_done(&f, done, nlots, err));
done:
    as_lost_clear(&f.lost);
    free(f.sha);
    free(f.report);
    return status;
}
