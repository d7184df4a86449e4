/* search_camera_propose.c - which of many cameras are worth a full comparison.
 *
 * The numerator of a PCE at known alignment is (q K)^2, q = W I: over a crop that is one product
 * of matrices, pictures by fingerprints, for all of them at once.  Samples are rounded to 7 bits
 * and the product of those is exact, so that it is the same on any number of ranks and threads.
 * It only proposes: what is told is computed anew from all that was kept.
 *
 * 1 room   2 what is multiplied   3 the best   4 pictures meet fingerprints             */
#include "search_camera_parts.h"
#include "team.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CROP = 1024, BLOCK = 256, SLICES = 16, PAD = 64 /* rows must not share cache sets */ };

struct worker {
    struct as_query_room room;
    float *crop, *scratch; /* [pixels]; of a product */
    double *sum;           /* [most][BLOCK]          */
};

/* Pictures of a size that meet all fingerprints together. */
struct proposal {
    struct as_hunt *hunt;
    struct as_hunt_size *size;
    struct as_rect crop; /* of the whole picture */
    size_t pixels, stride;
    uint64_t most;        /* pictures at a time                   */
    uint64_t first, n;    /* pictures at hand, of the size        */
    uint64_t from, block; /* suspects at hand                     */
    uint64_t nblock;      /* most of them                         */
    int8_t *q, *k;        /* [most][stride]; [nblock][stride]     */
    struct worker *worker;
    uint32_t nworkers;
};

/* ---- 1. room ---- */

static void crop_of(struct proposal *p)
{
    const struct as_rect *kept = &p->size->kept;
    const uint32_t w = kept->w < CROP ? kept->w : CROP, h = kept->h < CROP ? kept->h : CROP;

    p->crop = (struct as_rect){kept->x + (kept->w - w) / 2, kept->y + (kept->h - h) / 2, w, h};
    p->pixels = (size_t)w * h;
    p->stride = p->pixels + PAD;
}

/* As many workers, suspects and pictures as fit the memory, a quarter of it for suspects. */
static void plan(struct proposal *p)
{
    const struct as_search *s = p->hunt->s;
    const uint64_t block = s->memory / 4 / p->stride, sums = p->size->nsuspects;
    const uint64_t each = p->pixels * 2 * sizeof(float) + as_noise_bytes(&p->hunt->pictures.keep) +
                          as_prnu_query_scratch(p->crop.w, p->crop.h);

    p->nblock = block < 16 ? 16 : block < BLOCK ? block : BLOCK;
    p->nblock = p->nblock < sums ? p->nblock : sums;
    const uint64_t product = as_prnu_products_scratch(p->nblock);
    p->nworkers = as_hunt_workers(s, each + product, p->nblock * p->stride);
    const uint64_t used = p->nworkers * (each + product) + p->nblock * p->stride;
    const uint64_t picture = p->stride + p->nworkers * p->nblock * sizeof(double);
    p->most = s->memory > used ? (s->memory - used) / picture : 0;
    p->most = p->most < 1 ? 1 : p->most < p->size->n ? p->most : p->size->n;
}

static enum as_status make_worker(struct proposal *p, struct worker *w, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_residuals_reader(&p->hunt->pictures, &w->room.spool, err));
    w->room.luma = as_hunt_take(p->pixels * sizeof(float));
    w->room.scratch = as_hunt_take(as_prnu_query_scratch(p->crop.w, p->crop.h));
    w->crop = as_hunt_take(p->pixels * sizeof(float));
    w->scratch = as_hunt_take(as_prnu_products_scratch(p->nblock));
    w->sum = calloc(p->most * p->nblock, sizeof *w->sum);
    if (!w->room.luma || !w->room.scratch || !w->crop || !w->scratch || !w->sum)
        AS_FAIL(err, AS_ENOMEM, "no memory to compare pictures with cameras");
done:
    return status;
}

static enum as_status make_room(struct proposal *p, struct as_err *err)
{
    enum as_status status = AS_OK;

    p->size->best = calloc(p->size->n, sizeof *p->size->best);
    p->q = as_hunt_take(p->most * p->stride);
    p->k = as_hunt_take(p->nblock * p->stride);
    p->worker = calloc(p->nworkers, sizeof *p->worker);
    if (!p->size->best || !p->q || !p->k || !p->worker)
        AS_FAIL(err, AS_ENOMEM, "no memory to compare pictures with cameras");
    for (uint32_t k = 0; k < p->nworkers; k++)
        AS_TRY(make_worker(p, &p->worker[k], err));
done:
    return status;
}

static void clear(struct proposal *p)
{
    for (uint32_t k = 0; p->worker && k < p->nworkers; k++) {
        struct worker *w = &p->worker[k];
        as_journal_close_read(w->room.spool);
        free(w->room.luma);
        free(w->room.scratch);
        free(w->crop);
        free(w->scratch);
        free(w->sum);
    }
    free(p->worker);
    free(p->q);
    free(p->k);
}

/* ---- 2. what is multiplied ---- */

static enum as_status prepare(void *state, uint32_t worker, uint64_t i, struct as_err *err)
{
    struct proposal *p = state;
    struct worker *w = &p->worker[worker];
    enum as_status status = AS_OK;

    AS_TRY(as_hunt_query(p->hunt, p->size->first + p->first + i, &p->crop, &w->room, w->crop, err));
    as_prnu_quantise(w->crop, p->pixels, p->q + i * p->stride);
done:
    return status;
}

static enum as_status load(void *state, uint32_t worker, uint64_t i, struct as_err *err)
{
    struct proposal *p = state;
    struct worker *w = &p->worker[worker];
    enum as_status status = AS_OK;

    AS_TRY(as_hunt_load(&p->size->suspect[p->from + i], &p->crop, w->crop, w->room.luma, err));
    as_prnu_quantise(w->crop, p->pixels, p->k + i * p->stride);
done:
    return status;
}

/* Slice i of the samples of all pictures and suspects at hand. */
static enum as_status multiply(void *state, uint32_t worker, uint64_t i, struct as_err *err)
{
    struct proposal *p = state;
    const size_t from = p->pixels * i / SLICES, to = p->pixels * (i + 1) / SLICES;
    const struct as_prnu_products product = {.a = p->q + from,
                                             .b = p->k + from,
                                             .na = p->n,
                                             .nb = p->block,
                                             .a_stride = p->stride,
                                             .b_stride = p->stride,
                                             .n = to - from,
                                             .sum = p->worker[worker].sum,
                                             .scratch = p->worker[worker].scratch};
    enum as_status status = AS_OK;

    if ((status = as_prnu_products(&product)) != AS_OK)
        AS_FAIL(err, status, "a product of matrices failed");
done:
    return status;
}

/* ---- 3. the best ---- */

/* Whether a suspect stands before another: by score, then by order. */
static bool before(double score, uint64_t suspect, const struct as_best_cameras *b, uint32_t at)
{
    return score > b->score[at] || (score == b->score[at] && suspect < b->suspect[at]);
}

static void enter(struct as_best_cameras *b, uint64_t suspect, double score)
{
    uint32_t at = b->n;

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

/* What the workers have summed of the suspects at hand. */
static void enter_block(struct proposal *p)
{
    for (uint64_t q = 0; q < p->n; q++)
        for (uint64_t i = 0; i < p->block; i++) {
            double score = 0;
            for (uint32_t k = 0; k < p->nworkers; k++)
                score += p->worker[k].sum[q * p->block + i];
            enter(&p->size->best[p->first + q], p->from + i, score);
        }
    for (uint32_t k = 0; k < p->nworkers; k++)
        memset(p->worker[k].sum, 0, p->n * p->block * sizeof *p->worker[k].sum);
}

static bool has(const struct as_best_cameras *b, uint64_t suspect)
{
    for (uint32_t k = 0; k < b->n; k++)
        if (b->suspect[k] == suspect)
            return true;
    return false;
}

/* Cameras of the model of the best, turned as it is, are compared too, however they correlate. */
static void add_negatives(const struct as_hunt_size *size, struct as_best_cameras *b)
{
    const struct as_suspect_camera *best = &size->suspect[b->suspect[0]], *s = size->suspect;
    uint32_t n = 0;

    for (uint64_t i = 0; i < size->nsuspects && n < AS_NEGATIVES; i++) {
        const bool same = s[i].of == best->of && s[i].camera == best->camera;
        if (same || s[i].turn != best->turn ||
            !as_hunt_same_model(s[i].of, s[i].camera, best->of, best->camera))
            continue;
        n++;
        if (!has(b, i))
            b->suspect[b->n++] = i;
    }
}

/* ---- 4. pictures meet fingerprints ---- */

static enum as_status do_all(struct proposal *p, uint64_t n,
                             enum as_status (*part)(void *, uint32_t, uint64_t, struct as_err *),
                             struct as_err *err)
{
    const struct as_team team = {p->nworkers, n, p, part, AS_HUNT_DOING};

    return as_team_run(&team, p->hunt->s->r, err);
}

static enum as_status propose_batch(struct proposal *p, struct as_err *err)
{
    const uint64_t n = p->size->nsuspects;
    enum as_status status = AS_OK;

    AS_TRY(do_all(p, p->n, prepare, err));
    for (p->from = 0; p->from < n; p->from += p->block) {
        p->block = n - p->from < p->nblock ? n - p->from : p->nblock;
        AS_TRY(do_all(p, p->block, load, err));
        AS_TRY(do_all(p, SLICES, multiply, err));
        enter_block(p);
    }
done:
    return status;
}

enum as_status as_hunt_propose(struct as_hunt *h, struct as_hunt_size *size, struct as_err *err)
{
    struct proposal p = {.hunt = h, .size = size};
    enum as_status status = AS_OK;

    crop_of(&p);
    plan(&p);
    AS_TRY(make_room(&p, err));
    for (; p.first < size->n; p.first += p.n) {
        p.n = size->n - p.first < p.most ? size->n - p.first : p.most;
        AS_TRY(propose_batch(&p, err));
    }
    for (uint64_t i = 0; i < size->n; i++)
        add_negatives(size, &size->best[i]);
done:
    clear(&p);
    return status;
}
