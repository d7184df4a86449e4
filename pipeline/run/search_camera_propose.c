/* search_camera_propose.c - which of many cameras are worth a full comparison.
 *
 * The numerator of a PCE at known alignment is (q K)^2, q = W I: over a crop that is one product
 * of matrices, pictures by fingerprints, for all of them at once.  It only proposes: what is told
 * is computed anew from all that was kept.                                                     */
#include "search_camera_parts.h"

#include "../../kernels/linalg.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of a picture; fingerprints and pictures in a product, which always has this shape: the library's
 * order of summation depends on it, and how many pictures are at hand depends on the ranks. */
enum { CONFIRM = 16, BLOCK = 16, GROUP = 8 };
_Static_assert(AS_CHUNK_MAX % GROUP == 0, "whole groups");

/* The best suspects of a picture so far, best first; ties by order. */
struct best {
    uint64_t suspect[CONFIRM];
    double score[CONFIRM];
    uint32_t n;
};

bool as_camera_many(const struct as_chunk *c)
{
    return c->nsuspects > CONFIRM;
}

/* The rows and columns of a fingerprint that, turned, are the crop. */
static void source_of(const struct as_chunk *c, const struct as_ref_camera *cam, uint32_t turn,
                      uint32_t *x, uint32_t *y, uint32_t *w, uint32_t *h)
{
    *w = turn & 1 ? c->crop_h : c->crop_w;
    *h = turn & 1 ? c->crop_w : c->crop_h;
    switch (turn) {
    case 0:
        *x = c->crop_x;
        *y = c->crop_y;
        break;
    case 1:
        *x = c->crop_y;
        *y = cam->h - c->crop_x - *h;
        break;
    case 2:
        *x = cam->w - c->crop_x - *w;
        *y = cam->h - c->crop_y - *h;
        break;
    default:
        *x = cam->w - c->crop_y - *w;
        *y = c->crop_x;
    }
}

/* Fills to[crop_w * crop_h], of length 1. */
static enum as_status load_crop(struct as_chunk *c, const struct as_suspect_camera *s, float *to,
                                struct as_err *err)
{
    const struct as_ref_camera *cam = &s->of->camera[s->camera];
    const size_t n = (size_t)c->crop_w * c->crop_h;
    float *from = s->turn ? c->plane : to;
    enum as_status status = AS_OK;
    uint32_t x, y, w, h;
    double energy = 0;

    source_of(c, cam, s->turn, &x, &y, &w, &h);
    AS_TRY(as_ref_read(s->of->ref, AS_REF_CAMERA_fingerprints, cam->offset + (uint64_t)y * cam->w,
                       (uint64_t)h * cam->w, c->turned, err));
    for (uint32_t row = 0; row < h; row++)
        memcpy(from + (size_t)row * w, c->turned + (size_t)row * cam->w + x, w * sizeof(float));
    if (s->turn)
        as_prnu_turn(from, w, h, s->turn, to);
    for (size_t i = 0; i < n; i++)
        energy += (double)to[i] * to[i];
    const float scale = energy > 0 ? (float)(1 / sqrt(energy)) : 0;
    for (size_t i = 0; i < n; i++)
        to[i] *= scale;
done:
    return status;
}

static void enter(struct best *b, uint64_t suspect, double score)
{
    uint32_t at = b->n;

    if (!isfinite(score)) /* of a damaged fingerprint: it must not stand before others */
        score = -INFINITY;
    while (at > 0 && score > b->score[at - 1])
        at--;
    if (at == CONFIRM)
        return;
    b->n += b->n < CONFIRM;
    for (uint32_t i = b->n - 1; i > at; i--) {
        b->suspect[i] = b->suspect[i - 1];
        b->score[i] = b->score[i - 1];
    }
    b->suspect[at] = suspect;
    b->score[at] = score;
}

/* Up to BLOCK suspects from `first` on. */
static enum as_status score_block(struct as_chunk *c, uint64_t first, float *k, struct best *best,
                                  struct as_err *err)
{
    const size_t n = (size_t)c->crop_w * c->crop_h;
    const uint64_t left = c->nsuspects - first, block = left < BLOCK ? left : BLOCK;
    float score[AS_CHUNK_MAX * BLOCK];
    enum as_status status = AS_OK;

    for (uint64_t i = 0; i < block; i++)
        AS_TRY(load_crop(c, &c->suspect[first + i], k + i * n, err));
    memset(k + block * n, 0, (BLOCK - block) * n * sizeof *k);
    for (uint32_t q = 0; q < c->n; q += GROUP) {
        const struct as_gemm product = {.m = GROUP,
                                        .n = BLOCK,
                                        .k = n,
                                        .a = c->crop + q * n,
                                        .b = k,
                                        .c = score + (size_t)q * BLOCK,
                                        .lda = n,
                                        .ldb = n,
                                        .ldc = BLOCK,
                                        .alpha = 1,
                                        .trans_b = true};
        AS_TRY(as_linalg_sgemm(&product));
    }
    for (uint32_t q = 0; q < c->n; q++)
        for (uint64_t i = 0; i < block; i++)
            enter(&best[q], first + i, score[q * BLOCK + i]);
done:
    return status;
}

enum as_status as_camera_propose(struct as_chunk *c, struct as_rank *r, struct as_err *err)
{
    const size_t n = (size_t)c->crop_w * c->crop_h;
    struct best best[AS_CHUNK_MAX] = {0};
    enum as_status status = AS_OK;
    float *k = NULL;

    for (uint64_t i = 0; !as_camera_many(c) && i < c->nsuspects; i++)
        c->suspect[i].wanted = ~UINT64_C(0);
    if (!as_camera_many(c))
        return AS_OK;
    if ((k = aligned_alloc(64, (BLOCK * n * sizeof *k + 63) / 64 * 64)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to compare with cameras");
    memset(c->crop + c->n * n, 0, (GROUP - 1 - (c->n - 1) % GROUP) * n * sizeof *c->crop);
    for (uint64_t first = 0; first < c->nsuspects; first += BLOCK) {
        as_rank_tell(r);
        if (as_stop_signal)
            AS_FAIL(err, AS_ESTOP, "stopped by a signal while searching for cameras");
        AS_TRY(score_block(c, first, k, best, err));
    }
    for (uint32_t q = 0; q < c->n; q++)
        for (uint32_t i = 0; i < best[q].n; i++)
            c->suspect[best[q].suspect[i]].wanted |= UINT64_C(1) << q;
done:
    free(k);
    return status;
}
