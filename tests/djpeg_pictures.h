/* djpeg_pictures.h - an invented picture, quantised as JPEG does, as the views detectors read. */
#ifndef T_DJPEG_PICTURES_H
#define T_DJPEG_PICTURES_H

#include "../kernels/dct.h"
#include "../kernels/detectors/detector.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DJ_W = 512, DJ_H = 384, DJ_WB = DJ_W / 8, DJ_HB = DJ_H / 8, DJ_DIM = 256 };

struct djpeg {
    float samples[DJ_W * DJ_H];
    int16_t blocks[DJ_W * DJ_H];
    struct as_dct dct;
    struct as_meta meta;
    struct as_unit unit;
    /* what the detector said */
    float feat[DJ_DIM], heat[DJ_WB * DJ_HB];
    enum as_verdict verdict;
    uint16_t reason;
};

static inline float dj_noise(uint32_t *random)
{
    *random = *random * 1664525u + 1013904223u;
    return (float)(*random >> 8) / 8388608.0f - 1;
}

/* Waves of falling strength, and grain that changes over the picture. */
static inline void dj_scene(struct djpeg *p, uint32_t seed)
{
    enum { WAVES = 40 };
    float fx[WAVES], fy[WAVES], at[WAVES], size[WAVES];
    uint32_t random = seed;

    for (size_t k = 0; k < WAVES; k++) {
        const float f = 0.004f * powf(1.12f, (float)k), turn = 3.14159f * dj_noise(&random);
        fx[k] = 6.2832f * f * cosf(turn);
        fy[k] = 6.2832f * f * sinf(turn);
        at[k] = 6.2832f * dj_noise(&random);
        size[k] = 0.1f / powf(f, 0.8f);
    }
    for (size_t y = 0; y < DJ_H; y++)
        for (size_t x = 0; x < DJ_W; x++) {
            float v = 128, grain = 2 + 6 * sinf((float)x / 70) * sinf((float)y / 90);
            for (size_t k = 0; k < WAVES; k++)
                v += size[k] * sinf(fx[k] * (float)x + fy[k] * (float)y + at[k]);
            v += grain * (dj_noise(&random) + dj_noise(&random));
            p->samples[y * DJ_W + x] = roundf(v < 0 ? 0 : v > 255 ? 255 : v);
        }
}

/* Quantises the samples by the table of a quality, on the grid that begins at (dx, dy); a rim of
 * samples is left as it was there. */
static inline void dj_quantise(struct djpeg *p, uint32_t quality, uint32_t dx, uint32_t dy)
{
    const struct as_plane plane = {p->samples, DJ_W, DJ_H, DJ_W};
    float out[64];

    for (uint32_t y = dy; y + 8 <= DJ_H; y += 8)
        for (uint32_t x = dx; x + 8 <= DJ_W; x += 8) {
            as_dct_block(&plane, x, y, out);
            out[0] -= 1024;
            for (uint32_t k = 0; k < 64; k++) {
                const float step = (float)as_ijg_step(false, k, quality);
                const float bin = roundf(out[k] / step);
                if (dx == 0 && dy == 0)
                    p->blocks[((y / 8) * DJ_WB + x / 8) * 64 + k] = (int16_t)bin;
                out[k] = bin * step;
            }
            out[0] += 1024;
            as_dct_inverse(out, out);
            for (size_t i = 0; i < 64; i++) {
                const float v = roundf(out[i]);
                p->samples[(y + i / 8) * DJ_W + x + i % 8] = v < 0 ? 0 : v > 255 ? 255 : v;
            }
        }
}

/* The last compression, and the views. */
static inline void dj_finish(struct djpeg *p, uint32_t quality)
{
    dj_quantise(p, quality, 0, 0);
    memset(&p->dct, 0, sizeof p->dct);
    p->dct.ncomp = 1;
    p->dct.comp[0].at = p->blocks;
    p->dct.comp[0].wb = DJ_WB;
    p->dct.comp[0].hb = DJ_HB;
    p->dct.comp[0].hs = p->dct.comp[0].vs = 1;
    for (uint32_t k = 0; k < 64; k++)
        p->dct.comp[0].q[k] = (uint16_t)as_ijg_step(false, k, quality);
    p->meta = (struct as_meta){.w = DJ_W, .h = DJ_H};
    p->unit =
        (struct as_unit){.views = AS_DCT | AS_META | AS_LUMA, .dct = &p->dct, .meta = &p->meta};
    p->unit.luma = (struct as_plane){p->samples, DJ_W, DJ_H, DJ_W};
}

/* Whether (x, y) lies in the part that dj_paste replaces: a quarter by an eighth of the picture. */
static inline bool dj_inside(size_t x, size_t y)
{
    return x >= 200 && x < 328 && y >= 144 && y < 240;
}

/* Puts that part of another picture in. */
static inline void dj_paste(struct djpeg *to, const struct djpeg *from)
{
    for (size_t i = 0; i < DJ_W * DJ_H; i++)
        if (dj_inside(i % DJ_W, i / DJ_W))
            to->samples[i] = from->samples[i];
}

/* A picture: compressed at q1 on the grid (dx, dy) unless q1 is 0, with a part never compressed put
 * in if `pasted`, then at q2. */
static inline struct djpeg *dj_make(uint32_t seed, uint32_t q1, uint32_t dx, uint32_t dy,
                                    bool pasted, uint32_t q2)
{
    struct djpeg *p = calloc(1, sizeof *p), *other = calloc(1, sizeof *other);

    if (!p || !other)
        abort();
    dj_scene(p, seed);
    dj_scene(other, seed);
    if (q1)
        dj_quantise(p, q1, dx, dy);
    if (pasted)
        dj_paste(p, other);
    dj_finish(p, q2);
    free(other);
    return p;
}

static inline void dj_extract(const char *name, struct djpeg *p)
{
    const struct as_detector *det = as_det_find(name);
    struct as_heat heat = {p->heat, DJ_WB, DJ_HB};
    struct as_out out = {.feat = p->feat, .heat = det->heat_step ? &heat : NULL};
    void *scratch = malloc(as_det_scratch_bytes(det, DJ_W, DJ_H) + 1), *state;

    if (!scratch || as_det_init(det, &state) != AS_OK ||
        as_det_extract(det, state, &p->unit, scratch, &out) != AS_OK)
        abort();
    p->verdict = out.verdict;
    p->reason = out.reason;
    as_det_free(det, state);
    free(scratch);
}

static inline float dj_measure(const char *name, const struct djpeg *p, const char *measure)
{
    const struct as_detector *det = as_det_find(name);

    for (uint32_t i = 0; i < det->dim; i++)
        if (strcmp(det->measures[i], measure) == 0)
            return p->feat[i];
    abort();
}

/* Cells of the map above one half, as shares of those inside and outside of the pasted part. */
static inline void dj_hot(const struct djpeg *p, float *inside, float *outside)
{
    float hot[2] = {0, 0}, n[2] = {0, 0};

    for (size_t i = 0; i < DJ_WB * DJ_HB; i++) {
        const bool in = dj_inside(i % DJ_WB * 8 + 4, i / DJ_WB * 8 + 4);
        n[in]++;
        hot[in] += p->heat[i] > 0.5f;
    }
    *inside = hot[1] / n[1];
    *outside = hot[0] / n[0];
}

#endif
