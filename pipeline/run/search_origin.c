/* search_origin.c - which pictures of a case one sensor took, without any fingerprint.
 *
 * A sensor leaves the same weak pattern in the noise of all its pictures, so the noise of two of
 * them agrees a little.  All pairs of one size are tried, so the probability of a false alarm
 * counts them all; what is told is the peak-to-correlation energy, as for fingerprints.
 *
 * M. Goljan, M. Chen, J. Fridrich, "Identifying common source digital camera from image pairs",
 * ICIP 2007.                                                                          */
#include "search_origin.h"

#include "../log.h"
#include "search_origin_parts.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A pair is told if pairs of different sensors, as many as the case has, would give less than this
 * many in all.                                                                        */
static const double false_links = 0.01;

/* From this share of what is told on a pair is compared in full, and never below the least: the
 * product of matrices knows nothing of the energy that JPEG and the model put into shifts.  */
static const double proposed_share = 0.5, proposed_least = 10.0;

static int by_size(const void *a, const void *b)
{
    const struct as_origin_size *x = a, *y = b;

    if (x->w != y->w)
        return x->w < y->w ? -1 : 1;
    return (x->h > y->h) - (x->h < y->h);
}

/* Equal ones become one. */
static uint64_t unite(struct as_origin_size *size, uint64_t n)
{
    uint64_t kept = 0;

    if (n > 0)
        qsort(size, n, sizeof *size, by_size);
    for (uint64_t i = 0; i < n; i++)
        if (kept > 0 && by_size(&size[kept - 1], &size[i]) == 0)
            size[kept - 1].n += size[i].n;
        else
            size[kept++] = size[i];
    return kept;
}

/* The sizes of this rank's pictures that can be compared. */
static enum as_status own_sizes(const struct as_residuals *v, struct as_origin_size **size,
                                uint64_t *n)
{
    *n = 0;
    if ((*size = calloc(v->n + 1, sizeof **size)) == NULL)
        return AS_ENOMEM;
    for (uint64_t i = 0; i < v->n; i++) {
        const struct as_residual_place *p = &v->place[i];
        if (as_origin_view(&v->keep, p->w, p->h).w > 0)
            (*size)[(*n)++] =
                (struct as_origin_size){p->w > p->h ? p->w : p->h, p->w > p->h ? p->h : p->w, 1};
    }
    *n = unite(*size, *n);
    return AS_OK;
}

/* The sizes that two pictures of the case have or more.  Collective. */
static enum as_status count_sizes(struct as_origin_search *o, struct as_err *err)
{
    struct as_comm *comm = o->s->r->comm;
    struct as_origin_size *size = NULL;
    enum as_status status = AS_OK;
    uint64_t n = 0, bytes = 0;
    uint8_t *all = NULL;

    AS_TRY(as_comm_agree(comm, own_sizes(&o->pictures, &size, &n), err));
    AS_TRY(as_comm_gather(comm, size, n * sizeof *size, &all, &bytes, err));
    n = all ? unite((struct as_origin_size *)all, bytes / sizeof *size) : 0;
    for (uint64_t i = 0; i < n; i++)
        if (((struct as_origin_size *)all)[i].n > 1)
            ((struct as_origin_size *)all)[o->nsizes++] = ((struct as_origin_size *)all)[i];
    AS_TRY(as_comm_bcast(comm, &o->nsizes, sizeof o->nsizes, 0));
    o->size = calloc(o->nsizes + 1, sizeof *o->size);
    AS_TRY(as_comm_agree(comm, o->size ? AS_OK : AS_ENOMEM, err));
    if (all)
        memcpy(o->size, all, o->nsizes * sizeof *o->size);
    AS_TRY(as_comm_bcast(comm, o->size, o->nsizes * sizeof *o->size, 0));
    for (uint64_t i = 0; i < o->nsizes; i++)
        o->pairs += o->size[i].n * (o->size[i].n - 1) / 2;
done:
    free(size);
    free(all);
    return status;
}

/* The thresholds, which follow from the number of pairs. */
static void set_thresholds(struct as_origin_search *o)
{
    const struct as_origin_view oblong = {.full_w = 2, .full_h = 1};
    double pce = 1;

    o->told = log10(false_links);
    while (!as_origin_told(o, &oblong, pce))
        pce += 0.25;
    o->proposed = pce * proposed_share > proposed_least ? pce * proposed_share : proposed_least;
}

static enum as_status link_pairs(struct as_origin_search *o)
{
    enum as_status status = AS_OK;

    for (uint64_t i = 0; i < o->pair.n; i++) {
        const struct as_origin_pair *p = &o->pair.at[i];
        const struct as_link link = {p->a, p->b, AS_MATCH_CAMERA, (float)p->score};
        AS_TRY(as_search_link(o->s, &link));
    }
done:
    return status;
}

/* From pairs of one size to those that are told, and what each step took.  Collective. */
static enum as_status search_pairs(struct as_origin_search *o, struct as_err *err)
{
    struct as_rank *r = o->s->r;
    enum as_status status = AS_OK;
    uint64_t n[2]; /* compared in full, told */
    double at[4] = {as_rank_elapsed(r)};

    AS_TRY(as_origin_propose(o, err));
    n[0] = o->pair.n;
    at[1] = as_rank_elapsed(r);
    AS_TRY(as_comm_agree(r->comm, as_origin_confirm(o, err), err));
    n[1] = o->pair.n;
    at[2] = as_rank_elapsed(r);
    AS_TRY(as_comm_agree(r->comm, link_pairs(o), err));
    AS_TRY(as_origin_group(o, err));
    at[3] = as_rank_elapsed(r);
    AS_TRY(as_comm_sum(r->comm, n, 2));
    if (r->me == 0)
        as_log(AS_LOG_INFO,
               "origins pairs=%" PRIu64 " compared=%" PRIu64 " told=%" PRIu64
               " products=%.1fs comparing=%.1fs grouping=%.1fs",
               o->pairs, n[0], n[1], at[1] - at[0], at[2] - at[1], at[3] - at[2]);
done:
    return status;
}

enum as_status as_search_origin(struct as_search *s, struct as_err *err)
{
    struct as_origin_search o = {.s = s};
    enum as_status status = AS_OK;
    const struct as_keep keep = {s->r->options->residual_pixels, AS_KEEP_STEP};

    if (!s->r->options->origins)
        return AS_OK;
    AS_TRY(as_residuals_find(&o.pictures, s->r, &s->items, &keep, err));
    AS_TRY(count_sizes(&o, err));
    if (o.pairs == 0)
        goto done;
    set_thresholds(&o);
    AS_TRY(search_pairs(&o, err));
done:
    as_residuals_clear(&o.pictures);
    free(o.size);
    free(o.pair.at);
    return status;
}
