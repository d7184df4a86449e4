/* search_camera_confirm.c - pictures that are crops of what a sensor took, or scaled, or both.
 *
 * Nothing tells where such a picture lies, so every fingerprint meets it in four orientations, at
 * the shifts and scales of prnu_shapes.h; the probability of a false alarm counts them all.  The
 * surface is measured by shift classes: JPEG's false peaks lie at multiples of 8.  First the scales
 * that the sizes tell, which are few shifts; then all others.  What matched is not looked at again.
 *
 *  1. what is tried
 *  2. room
 *  3. a picture meets a fingerprint
 *  4. all pictures                                                                      */
#include "grow.h"
#include "search_camera_tell.h"
#include "team.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TRIALS_MAX = 2 * AS_TURNS * AS_PRNU_SHAPES_MAX, BATCH = 1024 /* pictures */ };

/* What is looked for together: one count of what was tried. */
struct pass {
    enum as_prnu_look look[2];
    uint32_t nlook;
};
static const struct pass ratio = {{AS_PRNU_RATIO}, 1}, crops = {{AS_PRNU_CROPS}, 1},
                         scales = {{AS_PRNU_CROPS, AS_PRNU_SCALES}, 2};

struct worker {
    struct as_journal_reader *spool;
    struct as_fft *fft;            /* of the fingerprint's scale in hand */
    float *plane, *turned, *other; /* of the size of what is kept: the picture; luma, scaled */
    float *a, *b;                  /* spectra of the largest fingerprint */
    void *scratch;
};

/* Pictures of a size that meet all fingerprints together. */
struct batch {
    struct as_hunt *hunt;
    const struct pass *pass;
    uint32_t w, h; /* of whole pictures          */
    struct as_rect kept;
    uint64_t picture[BATCH], n; /* of the hunt's              */
    struct as_answers *answers; /* [BATCH]                    */
    double tested;              /* shifts, of all that is tried on a picture */
    const struct as_fingerprints *of;
    uint64_t camera;
    struct as_trial trial[TRIALS_MAX]; /* with the fingerprint in hand, by its scale */
    uint32_t ntrials, from, to;        /* those of a scale */
    size_t floats;                     /* of a spectrum of the largest fingerprint */
    float *k, *scaled, *spectrum;      /* the fingerprint in hand, at the scale in hand; of that */
    void *scratch;
    struct worker *worker;
    uint32_t nworkers;
};

/* ---- 1. what is tried ---- */

/* Fills trial[] for a camera, those of one scale together. */
static uint32_t list_trials(const struct batch *b, const struct as_ref_camera *c,
                            struct as_trial trial[TRIALS_MAX])
{
    struct as_prnu_shape shape[2][AS_PRNU_SHAPES_MAX];
    uint32_t n = 0, made[2];

    for (uint32_t l = 0; l < b->pass->nlook; l++) {
        made[0] = as_prnu_shapes(b->pass->look[l], c->w, c->h, b->w, b->h, shape[0]);
        made[1] = as_prnu_shapes(b->pass->look[l], c->w, c->h, b->h, b->w, shape[1]);
        for (uint32_t odd = 0; odd < 2; odd++)
            for (uint32_t i = 0; i < made[odd]; i++)
                for (uint32_t turn = odd; turn < AS_TURNS; turn += 2)
                    trial[n++] = (struct as_trial){shape[odd][i], turn};
    }
    return n;
}

/* Lists the trials with a camera. */
static void take_camera(struct batch *b, const struct as_fingerprints *of, uint64_t camera)
{
    b->of = of;
    b->camera = camera;
    b->ntrials = list_trials(b, &of->camera[camera], b->trial);
}

/* Counts what is tried with all cameras, and the largest plane that it takes. */
static void count(struct batch *b)
{
    const struct as_hunt *h = b->hunt;

    for (uint16_t i = 0; i < h->nsets; i++)
        for (uint64_t k = 0; k < h->of[i].n; k++) {
            const struct as_ref_camera *c = &h->of[i].camera[k];
            const uint32_t w = as_fft_fast(c->w), high = as_fft_fast(c->h);
            const size_t lying = as_fft_floats(w, high), standing = as_fft_floats(high, w);
            const size_t floats = lying > standing ? lying : standing; /* pictures may be turned */
            take_camera(b, &h->of[i], k);
            for (uint32_t t = 0; t < b->ntrials; t++)
                b->tested += as_prnu_shifts(&b->trial[t].shape.at);
            if (b->ntrials > 0 && floats > b->floats)
                b->floats = floats;
        }
}

/* ---- 2. room ---- */

static size_t scratch_bytes(const struct batch *b)
{
    const uint32_t side = b->w > b->h ? b->w : b->h;
    const size_t query = as_prnu_query_scratch(side, side);
    const size_t resample = as_prnu_resample_scratch(side, side);

    return query > resample ? query : resample;
}

static enum as_status make_worker(struct batch *b, struct worker *w, struct as_err *err)
{
    const size_t plane = (size_t)b->kept.w * b->kept.h * sizeof(float);
    enum as_status status = AS_OK;

    AS_TRY(as_residuals_reader(&b->hunt->pictures, &w->spool, err));
    w->plane = as_hunt_take(plane);
    w->turned = as_hunt_take(plane);
    w->other = as_hunt_take(plane);
    w->a = as_hunt_take(b->floats * sizeof(float));
    w->b = as_hunt_take(b->floats * sizeof(float));
    w->scratch = as_hunt_take(scratch_bytes(b));
    if (!w->plane || !w->turned || !w->other || !w->a || !w->b || !w->scratch)
        status = AS_ENOMEM;
done:
    return status;
}

static enum as_status make_room(struct batch *b, struct as_err *err)
{
    const uint64_t plane = (uint64_t)b->kept.w * b->kept.h * sizeof(float);
    const uint64_t each = 3 * plane + 2 * b->floats * sizeof(float) +
                          as_noise_bytes(&b->hunt->pictures.keep) + scratch_bytes(b);
    const uint32_t threads = as_hunt_workers(b->hunt->s, each, 3 * b->floats * sizeof(float));
    enum as_status status = AS_OK;

    b->nworkers = threads < b->n ? threads : (uint32_t)b->n;
    b->k = as_hunt_take(b->floats * sizeof(float));
    b->scaled = as_hunt_take(b->floats * sizeof(float));
    b->spectrum = as_hunt_take(b->floats * sizeof(float));
    b->answers = calloc(BATCH, sizeof *b->answers);
    b->worker = calloc(b->nworkers, sizeof *b->worker);
    if (!b->k || !b->scaled || !b->spectrum || !b->answers || !b->worker)
        AS_FAIL(err, AS_ENOMEM, "no memory to look for crops");
    for (uint32_t i = 0; i < b->nworkers; i++)
        if ((status = make_worker(b, &b->worker[i], err)) != AS_OK)
            AS_FAIL(err, status, "no memory to look for crops");
done:
    return status;
}

static void clear(struct batch *b)
{
    for (uint32_t i = 0; b->worker && i < b->nworkers; i++) {
        struct worker *w = &b->worker[i];
        as_journal_close_read(w->spool);
        as_fft_free(w->fft);
        free(w->plane);
        free(w->turned);
        free(w->other);
        free(w->a);
        free(w->b);
        free(w->scratch);
    }
    free(b->worker);
    free(b->answers);
    free(b->k);
    free(b->scaled);
    free(b->spectrum);
    free(b->scratch);
}

/* ---- 3. a picture meets a fingerprint ---- */

/* Plans for the scale in hand; by one thread at a time. */
static enum as_status make_plans(struct batch *b, uint32_t w, uint32_t h, struct as_err *err)
{
    enum as_status status = AS_OK;

    for (uint32_t i = 0; i < b->nworkers; i++) {
        struct as_fft **fft = &b->worker[i].fft;
        if (*fft && as_fft_width(*fft) == w && as_fft_height(*fft) == h)
            continue;
        as_fft_free(*fft);
        *fft = NULL;
        if ((status = as_fft_new(w, h, fft)) != AS_OK)
            AS_FAIL(err, status, "no memory to look for crops");
    }
done:
    return status;
}

/* Where what was kept of a picture lies in the picture when that is turned and brought to the size
 * of a trial. */
static struct as_rect part_of(const struct batch *b, const struct as_trial *t)
{
    const struct as_rect k = b->kept;
    const uint32_t right = b->w - k.x - k.w, below = b->h - k.y - k.h;
    const struct as_rect turned[AS_TURNS] = {{k.x, k.y, k.w, k.h},
                                             {below, k.x, k.h, k.w},
                                             {right, below, k.w, k.h},
                                             {k.y, right, k.h, k.w}};
    const struct as_rect *r = &turned[t->turn];
    const uint64_t w = t->turn & 1 ? b->h : b->w, h = t->turn & 1 ? b->w : b->h;
    const uint64_t qw = t->shape.qw, qh = t->shape.qh;

    return (struct as_rect){(uint32_t)((r->x * qw + w / 2) / w),
                            (uint32_t)((r->y * qh + h / 2) / h), (uint32_t)(r->w * qw / w),
                            (uint32_t)(r->h * qh / h)};
}

/* Fills w->plane with the i-th picture of the batch, of pw x ph, unturned. */
static enum as_status prepare(struct batch *b, struct worker *w, uint64_t i, uint32_t pw,
                              uint32_t ph, struct as_err *err)
{
    const struct as_rect *k = &b->kept, whole = {0, 0, k->w, k->h};
    const struct as_plane luma = {w->other, pw, ph, pw};
    enum as_status status = AS_OK;
    struct as_noise_head head;
    const uint8_t *bytes;

    status = as_residuals_read(&b->hunt->pictures, w->spool, b->picture[i], &head, &bytes, err);
    if (status == AS_SKIP) { /* lost: told at the end */
        memset(w->plane, 0, (size_t)pw * ph * sizeof *w->plane);
        return AS_OK;
    }
    AS_TRY(status);
    as_noise_part(&head, bytes, &whole, w->plane, w->turned);
    if (pw != k->w || ph != k->h) {
        as_prnu_resample(w->plane, k->w, k->h, w->other, pw, ph, w->scratch);
        memcpy(w->plane, w->other, (size_t)pw * ph * sizeof(float));
        as_prnu_resample(w->turned, k->w, k->h, w->other, pw, ph, w->scratch);
    } else {
        memcpy(w->other, w->turned, (size_t)pw * ph * sizeof(float));
    }
    status = as_prnu_query(&luma, AS_PRNU_LOCAL | AS_PRNU_WEIGHT, NULL, NULL, w->plane, w->scratch);
done:
    return status;
}

/* A trial with the picture in w->plane. */
static enum as_status correlate(struct batch *b, struct worker *w, const struct as_trial *t,
                                struct as_answer *best)
{
    const struct as_rect part = part_of(b, t);
    const bool odd = t->turn & 1;
    const uint32_t fw = as_fft_width(w->fft), fh = as_fft_height(w->fft);
    const struct as_plane query = {t->turn ? w->turned : w->plane, part.w, part.h, part.w};
    struct as_prnu_window at = t->shape.at;
    enum as_status status = AS_OK;
    struct as_prnu_peak peak;

    if (t->turn)
        as_prnu_turn(w->plane, odd ? part.h : part.w, odd ? part.w : part.h, t->turn, w->turned);
    at.x0 += (int32_t)part.x;
    at.x1 += (int32_t)part.x;
    at.y0 += (int32_t)part.y;
    at.y1 += (int32_t)part.y;
    as_fft_forward(w->fft, &query, w->a);
    as_fft_correlate(w->fft, w->a, b->spectrum, w->b, w->b, fw);
    AS_TRY(as_prnu_pce(w->b, fw, fh, &at, &peak));
    if (peak.pce > best->pce)
        *best = (struct as_answer){
            b->of, b->camera, *t, peak.pce, peak.x - (int32_t)part.x, peak.y - (int32_t)part.y};
done:
    return status;
}

/* Part i: a picture and the trials of the scale in hand. */
static enum as_status meet(void *state, uint32_t worker, uint64_t i, struct as_err *err)
{
    struct batch *b = state;
    struct worker *w = &b->worker[worker];
    enum as_status status = AS_OK;
    uint32_t pw = 0, ph = 0;

    for (uint32_t t = b->from; t < b->to; t++) {
        const struct as_rect part = part_of(b, &b->trial[t]);
        const bool odd = b->trial[t].turn & 1;
        const uint32_t want_w = odd ? part.h : part.w, want_h = odd ? part.w : part.h;
        if (want_w < AS_PRNU_MIN_SIDE || want_h < AS_PRNU_MIN_SIDE)
            continue;
        AS_TRY(as_team_go_on(b->hunt->s->r, worker, AS_HUNT_DOING, err));
        if (want_w != pw || want_h != ph)
            AS_TRY(prepare(b, w, i, want_w, want_h, err));
        pw = want_w;
        ph = want_h;
        AS_TRY(correlate(b, w, &b->trial[t], &b->answers[i].now));
    }
done:
    return status;
}

/* Reads the fingerprint in hand, and levels it for the search over shifts. */
static enum as_status load(struct batch *b, struct as_err *err)
{
    const struct as_ref_camera *c = &b->of->camera[b->camera];
    const size_t n = (size_t)c->w * c->h;
    enum as_status status = AS_OK;
    double energy = 0;

    free(b->scratch);
    const size_t query = as_prnu_query_scratch(c->w, c->h);
    const size_t resample = as_prnu_resample_scratch(c->w, c->w);
    if ((b->scratch = as_hunt_take(query > resample ? query : resample)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for a fingerprint");
    AS_TRY(as_ref_read(b->of->ref, AS_REF_CAMERA_fingerprints, c->offset, n, b->k, err));
    for (size_t i = 0; i < n; i++)
        energy += (double)b->k[i] * b->k[i];
    as_prnu_local(b->k, c->w, c->h, energy / (double)n / 100, b->scratch);
done:
    return status;
}

/* The fingerprint in hand meets all pictures at the scale of trials from .. to. */
static enum as_status one_scale(struct batch *b, struct as_err *err)
{
    const struct as_prnu_shape *s = &b->trial[b->from].shape;
    const struct as_ref_camera *c = &b->of->camera[b->camera];
    const struct as_team team = {b->nworkers, b->n, b, meet, AS_HUNT_DOING};
    const bool same = s->kw == c->w && s->kh == c->h;
    const struct as_plane k = {same ? b->k : b->scaled, s->kw, s->kh, s->kw};
    enum as_status status = AS_OK;

    if (!same)
        as_prnu_resample(b->k, c->w, c->h, b->scaled, s->kw, s->kh, b->scratch);
    AS_TRY(make_plans(b, as_fft_fast(s->kw), as_fft_fast(s->kh), err));
    as_fft_forward(b->worker[0].fft, &k, b->spectrum);
    AS_TRY(as_team_run(&team, b->hunt->s->r, err));
done:
    return status;
}

/* ---- 4. all pictures ---- */

static enum as_status one_camera(struct batch *b, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(load(b, err));
    for (uint64_t i = 0; i < b->n; i++)
        b->answers[i].now = (struct as_answer){.pce = -INFINITY};
    for (b->from = 0; b->from < b->ntrials; b->from = b->to) {
        const struct as_prnu_shape *s = &b->trial[b->from].shape;
        for (b->to = b->from; b->to < b->ntrials; b->to++)
            if (b->trial[b->to].shape.kw != s->kw || b->trial[b->to].shape.kh != s->kh)
                break;
        AS_TRY(one_scale(b, err));
    }
    for (uint64_t i = 0; i < b->n; i++)
        if (b->answers[i].now.pce > -INFINITY)
            as_answer_keep(&b->answers[i]);
done:
    return status;
}

static enum as_status tell_all(struct batch *b, struct as_err *err)
{
    enum as_status status = AS_OK;

    for (uint64_t i = 0; i < b->n; i++)
        for (uint32_t k = 0; k < b->answers[i].n; k++)
            if ((status = as_answer_tell(b->hunt, b->picture[i], &b->answers[i], k, b->tested)) !=
                AS_OK)
                AS_FAIL(err, status, "no memory for what the searches found");
done:
    return status;
}

/* All fingerprints meet the pictures of the batch. */
static enum as_status one_batch(struct batch *b, struct as_err *err)
{
    const struct as_hunt *h = b->hunt;
    enum as_status status = AS_OK;
    struct as_noise_head head;

    as_noise_frame(&h->pictures.keep, b->w, b->h, &head);
    b->kept = (struct as_rect){head.x, head.y, head.w, head.h};
    if (head.w < AS_PRNU_MIN_SIDE || head.h < AS_PRNU_MIN_SIDE)
        return AS_OK; /* too little was kept of them to compare */
    count(b);
    if (b->tested == 0)
        return AS_OK; /* they fit no fingerprint */
    AS_TRY(make_room(b, err));
    for (uint16_t i = 0; i < h->nsets; i++)
        for (uint64_t k = 0; k < h->of[i].n; k++) {
            take_camera(b, &h->of[i], k);
            if (b->ntrials > 0)
                AS_TRY(one_camera(b, err));
        }
    AS_TRY(tell_all(b, err));
done:
    clear(b);
    return status;
}

/* The pictures that matched nothing yet, in batches of one size. */
static enum as_status one_pass(struct as_hunt *h, const struct pass *pass, struct as_err *err)
{
    const struct as_residual_place *p = h->pictures.place;
    enum as_status status = AS_OK;
    struct batch *b = calloc(1, sizeof *b);

    if (b == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to look for crops");
    for (uint64_t i = 0; i < h->pictures.n;) {
        *b = (struct batch){.hunt = h, .pass = pass, .w = p[i].w, .h = p[i].h};
        for (; i < h->pictures.n && p[i].w == b->w && p[i].h == b->h && b->n < BATCH; i++)
            if (!h->told[i])
                b->picture[b->n++] = i;
        if (b->n > 0)
            AS_TRY(one_batch(b, err));
    }
done:
    free(b);
    return status;
}

enum as_status as_hunt_confirm(struct as_hunt *h, struct as_err *err)
{
    const char *how = h->s->r->options->camera_search;
    enum as_status status = AS_OK;

    if (strcmp(how, "scale") == 0)
        AS_TRY(one_pass(h, &ratio, err));
    if (strcmp(how, "aligned") != 0)
        AS_TRY(one_pass(h, strcmp(how, "scale") == 0 ? &scales : &crops, err));
done:
    return status;
}
