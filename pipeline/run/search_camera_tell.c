/* search_camera_tell.c - the best fingerprints of a crop, and which of them are matches. */
#include "search_camera_tell.h"

#include "../log.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* A match is told if pictures of no enrolled camera, as many as the case has, would give less
 * than this many in a pass.                                                             */
static const double false_matches = 0.01;

void as_answer_keep(struct as_answers *a)
{
    uint32_t at = a->n;

    while (at > 0 && a->now.pce > a->at[at - 1].pce)
        at--;
    if (at == AS_CONFIRM)
        return;
    a->n += a->n < AS_CONFIRM;
    memmove(a->at + at + 1, a->at + at, (a->n - 1 - at) * sizeof *a->at);
    a->at[at] = a->now;
}

static const struct as_ref_camera *camera_of(const struct as_answer *a)
{
    return &a->of->camera[a->camera];
}

/* Whether answer k is of another camera of the size, and if asked the model, of answer i. */
static bool is_other(const struct as_answers *all, uint32_t k, uint32_t i, bool model)
{
    const struct as_answer *a = &all->at[i], *b = &all->at[k];

    return k != i && camera_of(a)->w == camera_of(b)->w && camera_of(a)->h == camera_of(b)->h &&
           (!model || as_hunt_same_model(a->of, a->camera, b->of, b->camera));
}

/* What stands beside an answer: the other cameras of its size, which all were tried as it was, and
 * of these those of its model if there are such.  For what was not kept stands the last that was. */
static void put_beside(const struct as_hunt *h, const struct as_answers *all, uint32_t i,
                       struct as_match *m)
{
    const struct as_answer *a = &all->at[i];
    const struct as_beside_counts n = as_hunt_count(h, a->of, a->camera);

    m->beside = a->of->model[a->camera] == NULL ? AS_BESIDE_SIZE
                : n.model > 0                   ? AS_BESIDE_MODEL
                                                : AS_BESIDE_NO_MODEL;
    m->others = n.model > 0 ? n.model : n.size;
    m->other = all->n == AS_CONFIRM ? (float)all->at[AS_CONFIRM - 1].pce : 0;
    for (uint32_t k = all->n; k-- > 0;)
        if (is_other(all, k, i, n.model > 0))
            m->other = (float)all->at[k].pce;
}

enum as_status as_answer_tell(struct as_hunt *h, uint64_t picture, const struct as_answers *all,
                              uint32_t i, double tested)
{
    const struct as_answer *a = &all->at[i];
    const struct as_residual_place *of = &h->pictures.place[picture];
    const struct as_prnu_shape *s = &a->trial.shape;
    const double x = (double)camera_of(a)->w / s->kw, y = (double)camera_of(a)->h / s->kh;
    const double log_p = as_prnu_log10_pfa(a->pce, tested);
    struct as_match m = {.row = of->row,
                         .reference = a->camera,
                         .set = a->of->set,
                         .kind = AS_MATCH_CAMERA,
                         .value = (float)a->pce,
                         .p = pow(10, fmax(log_p, -300)),
                         .left = (float)(a->x * x),
                         .top = (float)(a->y * y),
                         .scale = (float)((a->trial.turn & 1 ? of->h : of->w) / (s->qw * x)),
                         .turn = (uint8_t)a->trial.turn};

    as_log(AS_LOG_DEBUG,
           "camera set=%u reference=%" PRIu64 " row=%" PRIu64 " pce=%.1f log10_p=%.1f turn=%" PRIu32
           " size=%" PRIu32 "x%" PRIu32 " of=%" PRIu32 "x%" PRIu32 " at=%" PRId32 ",%" PRId32,
           m.set, m.reference, m.row, a->pce, log_p, a->trial.turn, s->qw, s->qh, s->kw, s->kh, a->x,
           a->y);
    if (log_p + log10((double)h->total) > log10(false_matches))
        return AS_OK;
    put_beside(h, all, i, &m);
    h->told[picture] = true;
    return as_search_match(h->s, &m);
}
