/* decoder.c - the random decoders.
 *
 * Each of the usual up-samplers by 2 is linear: an output pixel is a 3 x 3 sum over the smaller
 * plane, with weights that depend on whether its row and column are even or odd.  What
 * distinguishes them is which weights they can have:
 *
 *   transposed   4 x 4, stride 2: four sums of 2 x 2, independent of each other
 *   shuffle      four sums of 3 x 3, independent (pixel shuffle after a convolution)
 *   nearest      repetition, then one 3 x 3 convolution of the larger plane
 *   bilinear     interpolation, then one 3 x 3 convolution
 *
 * Independent sums have unequal gains: the checkerboard of Odena, Dumoulin and Olah (2016).  The
 * others attenuate the highest frequencies and repeat the lower ones there.  Weights are smooth:
 * bilinear interpolation, or a small blur, and random parts of some percent.              */
#include "decoder.h"

#include "labelled.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { UPS = 4, CHANNELS = 3, LEVELS_MAX = 5 };
enum up { TRANSPOSED, NEAREST, BILINEAR, SHUFFLE };

/* Weights by channel, parity of row and column, and place in 3 x 3. */
struct weights {
    float tap[CHANNELS][2][2][3][3];
};

/* Of a pixel of the larger plane between three of the smaller, by parity. */
static const float TENT[2][3] = {{0.25f, 0.75f, 0.0f}, {0.0f, 0.75f, 0.25f}};
static const float REPEAT[2][3] = {{0.0f, 1.0f, 0.0f}, {0.0f, 1.0f, 0.0f}};

static float spread(struct as_rng *rng, float share)
{
    return 1.0f + share * (2.0f * as_rng_unit(rng) - 1.0f);
}

/* Sums that are independent: `share` of each weight is random, and some of their gain. */
static void weights_free(struct as_rng *rng, float share, float tap[2][2][3][3])
{
    for (int p = 0; p < 4; p++) {
        float *t = &tap[p / 2][p % 2][0][0], sum = 0.0f, gain = spread(rng, 0.01f);
        for (int i = 0; i < 9; i++)
            sum += t[i] = TENT[p / 2][i / 3] * TENT[p % 2][i % 3] * spread(rng, share) +
                          0.1f * share * (as_rng_unit(rng) - 0.5f);
        for (int i = 0; i < 9; i++)
            t[i] *= gain / sum;
    }
}

/* One convolution of the plane that `between` makes larger; its weights sum to 1. */
static void weights_composed(struct as_rng *rng, const float between[2][3], float tap[2][2][3][3])
{
    static const float SMALL_BLUR[3] = {0.2f, 0.6f, 0.2f};
    float k[9], sum = 0.0f;

    for (int i = 0; i < 9; i++)
        sum += k[i] = SMALL_BLUR[i / 3] * SMALL_BLUR[i % 3] * spread(rng, 0.3f);
    for (int a = 0; a < 2; a++)
        for (int b = 0; b < 2; b++)
            for (int i = 0; i < 9; i++) {
                int fy = a + i / 3 - 1 + 2, fx = b + i % 3 - 1 + 2; /* 2: below 0 as above */
                for (int j = 0; j < 9; j++) {
                    int y = fy / 2 - 1 + j / 3 - 1, x = fx / 2 - 1 + j % 3 - 1;
                    float w = between[fy & 1][j / 3] * between[fx & 1][j % 3];
                    if (w > 0.0f)
                        tap[a][b][y + 1][x + 1] += k[i] / sum * w;
                }
            }
}

static struct weights weights_new(uint32_t n, uint32_t level)
{
    struct as_rng rng = {as_rng_mix(0xdec0de00u + n * 64 + level)};
    struct weights w;

    memset(&w, 0, sizeof w);
    for (int c = 0; c < CHANNELS; c++)
        switch ((enum up)(n % UPS)) {
        case TRANSPOSED:
            weights_free(&rng, 0.3f, w.tap[c]);
            break;
        case SHUFFLE:
            weights_free(&rng, 0.5f, w.tap[c]);
            break;
        case NEAREST:
            weights_composed(&rng, REPEAT, w.tap[c]);
            break;
        case BILINEAR:
            weights_composed(&rng, TENT, w.tap[c]);
            break;
        }
    return w;
}

/* The pixel's 3 x 3 neighbours, the border repeated. */
static void gather(const float *at, uint32_t w, uint32_t h, uint32_t x, uint32_t y, float near[9])
{
    uint32_t xs[3] = {x ? x - 1 : 0, x, x + 1 < w ? x + 1 : x};
    uint32_t ys[3] = {y ? y - 1 : 0, y, y + 1 < h ? y + 1 : y};

    for (int i = 0; i < 9; i++)
        near[i] = at[(size_t)ys[i / 3] * w + xs[i % 3]];
}

static float dot9(const float *a, const float *b)
{
    float sum = 0.0f;

    for (int i = 0; i < 9; i++)
        sum += a[i] * b[i];
    return sum;
}

static struct as_light larger(const struct as_light *in, const struct weights *weights)
{
    struct as_light out = as_light_new(2 * in->w, 2 * in->h);
    float near[9];

    for (int c = 0; c < CHANNELS; c++)
        for (uint32_t y = 0; y < in->h; y++)
            for (uint32_t x = 0; x < in->w; x++) {
                gather(in->at[c], in->w, in->h, x, y, near);
                for (uint32_t p = 0; p < 4; p++)
                    out.at[c][(size_t)(2 * y + p / 2) * out.w + 2 * x + p % 2] =
                        dot9(near, &weights->tap[c][p / 2][p % 2][0][0]);
            }
    return out;
}

/* Means of 2 x 2. */
static struct as_light smaller(const struct as_light *in)
{
    struct as_light out = as_light_new(in->w / 2, in->h / 2);

    for (int c = 0; c < CHANNELS; c++)
        for (uint32_t y = 0; y < out.h; y++)
            for (uint32_t x = 0; x < out.w; x++) {
                const float *p = in->at[c] + (size_t)(2 * y) * in->w + 2 * x;
                out.at[c][(size_t)y * out.w + x] = 0.25f * (p[0] + p[1] + p[in->w] + p[in->w + 1]);
            }
    return out;
}

/* to += share * from */
static void add(struct as_light *to, const struct as_light *from, float share)
{
    for (int c = 0; c < CHANNELS; c++)
        for (size_t i = 0; i < (size_t)to->w * to->h; i++)
            to->at[c][i] += share * from->at[c][i];
}

/* Noise, most of it common to the channels. */
static struct as_light noise_new(uint32_t w, uint32_t h, uint64_t seed)
{
    struct as_light out = as_light_new(w, h);

    for (size_t i = 0; i < (size_t)w * h; i++) {
        uint64_t place = as_rng_mix(seed ^ (i * 0x9e3779b97f4a7c15u));
        float grey = as_hash_normal(place);
        for (int c = 0; c < CHANNELS; c++)
            out.at[c][i] = 0.8f * grey + 0.5f * as_hash_normal(as_rng_mix(place + 1 + (uint64_t)c));
    }
    return out;
}

/* A convolution with a leaky rectifier, added to what it is made of. */
static void convolve(struct as_light *l, uint32_t n, uint32_t level)
{
    struct as_rng rng = {as_rng_mix(0xc0177000u + n * 64 + level)};
    float *was = as_alloc((size_t)l->w * l->h, sizeof *was), kernel[9], near[9];

    for (int c = 0; c < CHANNELS; c++) {
        memcpy(was, l->at[c], (size_t)l->w * l->h * sizeof *was);
        for (int i = 0; i < 9; i++)
            kernel[i] = 0.3f * (as_rng_unit(&rng) - 0.5f);
        for (uint32_t y = 0; y < l->h; y++)
            for (uint32_t x = 0; x < l->w; x++) {
                float v;
                gather(was, l->w, l->h, x, y, near);
                v = dot9(near, kernel);
                l->at[c][(size_t)y * l->w + x] += 0.1f * (v > 0.0f ? v : 0.2f * v);
            }
    }
    free(was);
}

/* What of `target` bilinear interpolation of the next smaller one does not give. */
static struct as_light detail_of(const struct as_light *target, const struct as_light *small)
{
    struct weights tent;
    struct as_light out;

    for (int c = 0; c < CHANNELS; c++)
        for (int i = 0; i < 36; i++)
            tent.tap[c][i / 18][i / 9 % 2][i / 3 % 3][i % 3] =
                TENT[i / 18][i / 3 % 3] * TENT[i / 9 % 2][i % 3];
    out = larger(small, &tent);
    for (int c = 0; c < CHANNELS; c++)
        for (size_t i = 0; i < (size_t)out.w * out.h; i++)
            out.at[c][i] = target->at[c][i] - out.at[c][i];
    return out;
}

void as_decoder_name(uint32_t n, char *name, size_t room)
{
    static const char *const NAMES[UPS] = {"transposed", "nearest", "bilinear", "shuffle"};

    snprintf(name, room, "%s.%u", NAMES[n % UPS], n / UPS);
}

/* The scene at all sizes, the smallest first; its sides become multiples of 2^levels. */
static void encode(const struct as_light *scene, uint32_t levels, struct as_light *code)
{
    uint32_t step = 1u << levels;
    struct as_light *full = code + levels;

    *full = as_light_new((scene->w + step - 1) / step * step, (scene->h + step - 1) / step * step);
    for (int c = 0; c < CHANNELS; c++)
        for (uint32_t y = 0; y < full->h; y++)
            for (uint32_t x = 0; x < full->w; x++)
                full->at[c][(size_t)y * full->w + x] =
                    scene->at[c][(size_t)(y < scene->h ? y : scene->h - 1) * scene->w +
                                 (x < scene->w ? x : scene->w - 1)];
    for (uint32_t k = levels; k > 0; k--)
        code[k - 1] = smaller(code + k);
}

/* Noise of half the size through the last up-sampler, and a little that is not. */
static struct as_light grain_of(uint32_t w, uint32_t h, uint64_t seed,
                                const struct weights *weights)
{
    struct as_light noise = noise_new(w, h, seed + 1), grain = larger(&noise, weights);

    as_light_free(&noise);
    noise = noise_new(grain.w, grain.h, seed + 2);
    add(&grain, &noise, 0.3f);
    as_light_free(&noise);
    return grain;
}

void as_decoder_run(uint32_t n, const struct as_light *scene, uint64_t seed, struct as_light *plain,
                    struct as_light *grain)
{
    uint32_t levels = 3 + n / UPS % 3;
    float kept = n % UPS == TRANSPOSED || n % UPS == SHUFFLE ? 0.9f : 0.8f;
    struct as_light code[LEVELS_MAX + 1], now;

    encode(scene, levels, code);
    now = noise_new(code[0].w, code[0].h, seed);
    for (int c = 0; c < CHANNELS; c++)
        for (size_t i = 0; i < (size_t)now.w * now.h; i++)
            now.at[c][i] = code[0].at[c][i] + 0.01f * now.at[c][i];
    for (uint32_t k = 0; k < levels; k++) {
        struct weights weights = weights_new(n, k);
        struct as_light up = larger(&now, &weights), detail = detail_of(code + k + 1, code + k);
        if (k + 1 == levels)
            *grain = grain_of(now.w, now.h, seed, &weights);
        add(&up, &detail, k + 1 < levels ? 1.0f : kept);
        if (k + 1 < levels)
            convolve(&up, n, k);
        as_light_free(&detail);
        as_light_free(&now);
        now = up;
    }
    for (uint32_t k = 0; k <= levels; k++)
        as_light_free(code + k);
    *plain = now;
}
