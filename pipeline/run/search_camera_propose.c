/* search_camera_propose.c - which of many cameras are worth a full comparison.
 *
 * The numerator of a PCE at known alignment is (q K)^2, q = W I: over a crop that is one product
 * of matrices, pictures by fingerprints, for all of them at once.  It only proposes: what is told
 * is computed anew from all that was kept.                                                     */
#include "search_camera_parts.h"

#include "../../kernels/linalg.h"
#include "team.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Fingerprints and pictures in a product, which always has this shape: the library's order of
 * summation depends on it, and how many pictures are at hand depends on the ranks. */
enum { CROP = 1024, BLOCK = 16, GROUP = 16, PAD = 48 /* floats: rows must not share cache sets */ };

struct worker {
    struct as_query_room room;
    float *k; /* [BLOCK][stride] fingerprints */
};

/* Pictures of a size that meet all fingerprints together. */
struct proposal {
    struct as_hunt *hunt;
    struct as_hunt_size *size;
    struct as_rect crop; /* of the whole picture         */
    size_t pixels, stride;
    uint64_t first, n; /* of the size                  */
    float *q;          /* [n, rounded up to GROUP][stride] */
    struct worker *worker;
    uint32_t nworkers;
};

static void crop_of(struct proposal *p)
{
    const struct as_rect *kept = &p->size->kept;
    const uint32_t w = kept->w < CROP ? kept->w : CROP, h = kept->h < CROP ? kept->h : CROP;

    p->crop = (struct as_rect){kept->x + (kept->w - w) / 2, kept->y + (kept->h - h) / 2, w, h};
    p->pixels = (size_t)w * h;
    p->stride = p->pixels + PAD;
}

/* ---- 1. room ---- */

/* As many workers and pictures as fit the memory. */
static uint64_t plan(struct proposal *p)
{
    const struct as_search *s = p->hunt->s;
    const uint64_t picture = p->stride * sizeof(float);
    const uint64_t each = picture * (BLOCK + 1) + as_noise_bytes(&p->hunt->pictures.keep) +
                          as_prnu_query_scratch(p->crop.w, p->crop.h);

    p->nworkers = as_hunt_workers(s, each, picture * GROUP);
    const uint64_t left = s->memory > p->nworkers * each ? s->memory - p->nworkers * each : 0;
    const uint64_t fit = left / picture / GROUP * GROUP;
    return fit < GROUP ? GROUP : fit;
}

static enum as_status make_room(struct proposal *p, uint64_t pictures, struct as_err *err)
{
    const size_t picture = p->stride * sizeof(float);
    enum as_status status = AS_OK;
    bool have;

    p->q = as_hunt_take((pictures + GROUP - 1) / GROUP * GROUP * picture);
    p->worker = calloc(p->nworkers, sizeof *p->worker);
    have = p->q && p->worker;
    for (uint32_t k = 0; have && k < p->nworkers; k++) {
        struct worker *w = &p->worker[k];
        AS_TRY(as_residuals_reader(&p->hunt->pictures, &w->room.spool, err));
        w->room.luma = as_hunt_take(picture);
        w->room.scratch = as_hunt_take(as_prnu_query_scratch(p->crop.w, p->crop.h));
        w->k = as_hunt_take(BLOCK * picture);
        have = w->room.luma && w->room.scratch && w->k;
    }
    if (!have)
        AS_FAIL(err, AS_ENOMEM, "no memory to compare pictures with cameras");
done:
    return status;
}

static void clear(struct proposal *p)
{
    for (uint32_t k = 0; p->worker && k < p->nworkers; k++) {
        as_journal_close_read(p->worker[k].room.spool);
        free(p->worker[k].room.luma);
        free(p->worker[k].room.scratch);
        free(p->worker[k].k);
    }
    free(p->worker);
    free(p->q);
}

/* ---- 2. pictures meet fingerprints ---- */

static enum as_status prepare(void *state, uint32_t worker, uint64_t i, struct as_err *err)
{
    struct proposal *p = state;

    return as_hunt_query(p->hunt, p->size->first + p->first + i, &p->crop, &p->worker[worker].room,
                         p->q + i * p->stride, err);
}

/* Fills to[pixels], of length 1. */
static enum as_status load(const struct proposal *p, uint64_t suspect, struct worker *w, float *to,
                           struct as_err *err)
{
    enum as_status status = AS_OK;
    double energy = 0;

    AS_TRY(as_hunt_load(&p->size->suspect[suspect], &p->crop, to, w->room.luma, err));
    for (size_t i = 0; i < p->pixels; i++)
        energy += (double)to[i] * (double)to[i];
    const float scale = energy > 0 ? (float)(1 / sqrt(energy)) : 0;
    for (size_t i = 0; i < p->pixels; i++)
        to[i] *= scale;
done:
    return status;
}

/* Whether a suspect stands before another: by score, then by order. */
static bool before(double score, uint64_t suspect, const struct as_best_cameras *b, uint32_t at)
{
    return score > b->score[at] || (score == b->score[at] && suspect < b->suspect[at]);
}

static void enter(struct as_best_cameras *b, uint64_t suspect, double score)
{
    uint32_t at = b->n;

    if (!isfinite(score)) /* of a damaged fingerprint: it must not stand before others */
        score = -INFINITY;
    while (at > 0 && before(score, suspect, b, at - 1))
        at--;
    if (at == AS_CONFIRM)
        return;
    b->n += b->n < AS_CONFIRM;
    for (uint32_t i = b->n - 1; i > at; i--) {
        b->suspect[i] = b->suspect[i - 1];
        b->score[i] = b->score[i - 1];
    }
    b->suspect[at] = suspect;
    b->score[at] = score;
}

/* GROUP pictures from `q` on with the worker's fingerprints, block of them from `suspect` on. */
static enum as_status multiply(struct proposal *p, const struct worker *w, uint64_t q,
                               uint64_t suspect, uint64_t block)
{
    float score[GROUP * BLOCK];
    const struct as_gemm product = {.m = GROUP,
                                    .n = BLOCK,
                                    .k = p->pixels,
                                    .a = p->q + q * p->stride,
                                    .b = w->k,
                                    .c = score,
                                    .lda = p->stride,
                                    .ldb = p->stride,
                                    .ldc = BLOCK,
                                    .alpha = 1,
                                    .trans_b = true};
    enum as_status status = AS_OK;

    AS_TRY(as_linalg_sgemm(&product));
    pthread_mutex_lock(&p->hunt->lock);
    for (uint64_t a = 0; a < GROUP && q + a < p->n; a++)
        for (uint64_t b = 0; b < block; b++)
            enter(&p->size->best[p->first + q + a], suspect + b, (double)score[a * BLOCK + b]);
    pthread_mutex_unlock(&p->hunt->lock);
done:
    return status;
}

/* The i-th block of suspects with all pictures. */
static enum as_status meet(void *state, uint32_t worker, uint64_t i, struct as_err *err)
{
    struct proposal *p = state;
    struct worker *w = &p->worker[worker];
    const uint64_t first = i * BLOCK, left = p->size->nsuspects - first;
    const uint64_t block = left < BLOCK ? left : BLOCK;
    enum as_status status = AS_OK;

    for (uint64_t k = 0; k < block; k++)
        AS_TRY(load(p, first + k, w, w->k + k * p->stride, err));
    memset(w->k + block * p->stride, 0, (BLOCK - block) * p->stride * sizeof *w->k);
    for (uint64_t q = 0; q < p->n; q += GROUP)
        AS_TRY(multiply(p, w, q, first, block));
done:
    return status;
}

static enum as_status propose_batch(struct proposal *p, struct as_err *err)
{
    const uint64_t fill = (GROUP - p->n % GROUP) % GROUP;
    struct as_team team = {p->nworkers, p->n, p, prepare, "searching for cameras"};
    enum as_status status = AS_OK;

    AS_TRY(as_team_run(&team, p->hunt->s->r, err));
    memset(p->q + p->n * p->stride, 0, fill * p->stride * sizeof *p->q);
    team.n = (p->size->nsuspects + BLOCK - 1) / BLOCK;
    team.part = meet;
    AS_TRY(as_team_run(&team, p->hunt->s->r, err));
done:
    return status;
}

enum as_status as_hunt_propose(struct as_hunt *h, struct as_hunt_size *size, struct as_err *err)
{
    struct proposal p = {.hunt = h, .size = size};
    enum as_status status = AS_OK;
    uint64_t most;

    crop_of(&p);
    most = plan(&p);
    if ((size->best = calloc(size->n, sizeof *size->best)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to compare pictures with cameras");
    AS_TRY(make_room(&p, most < size->n ? most : size->n, err));
    for (; p.first < size->n; p.first += p.n) {
        p.n = size->n - p.first < most ? size->n - p.first : most;
        AS_TRY(propose_batch(&p, err));
    }
done:
    clear(&p);
    return status;
}
