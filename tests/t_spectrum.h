/* t_spectrum.h - made-up pictures, and a detector's measures of them, for t_crossdiff and its kin.
 */
#ifndef T_SPECTRUM_H
#define T_SPECTRUM_H

#include "../kernels/detectors/detector.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SEED = 20230617 };

/* One plane, shown as luma, noise and all three channels. */
struct scene {
    uint32_t w, h;
    uint64_t random;
    float *at, *feat;
};

static inline struct scene *scene_new(uint32_t w, uint32_t h)
{
    struct scene *s = calloc(1, sizeof *s);

    assert_non_null(s);
    s->w = w;
    s->h = h;
    s->random = SEED;
    s->at = calloc((size_t)w * h, sizeof *s->at);
    assert_non_null(s->at);
    return s;
}

static inline void scene_free(struct scene *s)
{
    free(s->feat);
    free(s->at);
    free(s);
}

/* About normal, variance 1. */
static inline float noise(struct scene *s)
{
    float sum = -6.0F;

    for (int i = 0; i < 12; i++) {
        s->random = s->random * 6364136223846793005U + 1442695040888963407U;
        sum += (float)(s->random >> 40) / (float)(1 << 24);
    }
    return sum;
}

/* A sample of 8 bits. */
static inline void pixel(struct scene *s, uint32_t x, uint32_t y, float v)
{
    s->at[(size_t)y * s->w + x] = v < 0 ? 0 : v > 255 ? 255 : floorf(v + 0.5F);
}

/* s->feat := the measures; fails unless the verdict is this one. */
static inline void scene_extract(const struct as_detector *det, struct scene *s,
                                 enum as_verdict verdict)
{
    const struct as_plane p = {s->at, s->w, s->h, s->w};
    const struct as_unit unit = {
        .views = AS_LUMA | AS_RGB | AS_NOISE, .luma = p, .noise = p, .rgb = {p, p, p}};
    const size_t need = as_det_scratch_bytes(det, s->w, s->h);
    struct as_out out = {0};
    void *state, *scratch = calloc(need ? need : 1, 1);

    free(s->feat);
    s->feat = calloc(det->dim, sizeof *s->feat);
    assert_true(s->feat && scratch);
    out.feat = s->feat;
    assert_int_equal(as_det_init(det, &state), AS_OK);
    assert_int_equal(as_det_extract(det, state, &unit, scratch, &out), AS_OK);
    assert_int_equal(out.verdict, verdict);
    as_det_free(det, state);
    free(scratch);
}

#endif
