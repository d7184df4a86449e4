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

/* How many other cameras of its size stand beside an answer, and the best of them. */
static uint32_t others_of(const struct as_hunt *h, const struct as_answers *all, uint32_t i,
                          float *best)
{
    const struct as_ref_camera *c = camera_of(&all->at[i]);
    uint32_t n = 0;

    *best = all->n == AS_CONFIRM ? (float)all->at[AS_CONFIRM - 1].pce : 0;
    for (uint32_t k = all->n; k-- > 0;)
        if (k != i && camera_of(&all->at[k])->w == c->w && camera_of(&all->at[k])->h == c->h)
            *best = (float)all->at[k].pce;
    for (uint16_t s = 0; s < h->nsets; s++)
        for (uint64_t k = 0; k < h->of[s].n; k++)
            n += h->of[s].camera[k].w == c->w && h->of[s].camera[k].h == c->h;
    return n - 1;
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
    m.others = others_of(h, all, i, &m.other);
    h->told[picture] = true;
    return as_search_match(h->s, &m);
}
