/* fill.c - regions filled from what is around them.
 *
 * Diffusion: each channel solves Laplace's equation in the hole, by relaxation from the mean of
 * ever larger surroundings.  Patches: from the rim inwards, a small square that is partly known
 * takes its unknown part from the most similar of many known squares (the idea of Criminisi, Perez
 * and Toyama 2004, without their priorities).                                */
#include "edit.h"

#include <stdlib.h>
#include <string.h>

enum {
    PATCH = 4,
    STEP = 3,
    TRIES = 300,
    ROUNDS = 400
}; /* a square's half side, and its centre's */

/* The mean of what is known in the smallest square around that has something. */
static float start_of(const struct as_image *im, const uint8_t *hole, uint32_t x, uint32_t y,
                      uint32_t k)
{
    for (int64_t r = 4;; r *= 2) {
        double sum = 0;
        uint32_t n = 0;
        for (int64_t j = y - r; j <= y + r; j += r / 4)
            for (int64_t i = x - r; i <= x + r; i += r / 4)
                if (i >= 0 && j >= 0 && i < im->w && j < im->h && !hole[j * im->w + i]) {
                    sum += im->at[((size_t)j * im->w + (size_t)i) * im->c + k];
                    n++;
                }
        if (n || r > im->w + im->h)
            return n ? (float)(sum / n) : 128.0f;
    }
}

static void relax(const struct as_image *im, const uint8_t *hole, float *v)
{
    uint32_t w = im->w, h = im->h;

    for (int round = 0; round < ROUNDS; round++)
        for (uint32_t y = 0; y < h; y++)
            for (uint32_t x = 0; x < w; x++) {
                size_t i = (size_t)y * w + x;
                float mean;
                if (!hole[i])
                    continue;
                mean = 0.25f * (v[x ? i - 1 : i] + v[x + 1 < w ? i + 1 : i] + v[y ? i - w : i] +
                                v[y + 1 < h ? i + w : i]);
                v[i] += 1.8f * (mean - v[i]); /* over-relaxed: holes are up to 200 pixels wide */
            }
}

void as_fill_diffusion(struct as_image *im, const struct as_image *mask)
{
    size_t n = (size_t)im->w * im->h;
    float *v = as_alloc(n, sizeof *v);

    for (uint32_t k = 0; k < im->c; k++) {
        for (size_t i = 0; i < n; i++)
            v[i] = mask->at[i]
                       ? start_of(im, mask->at, (uint32_t)(i % im->w), (uint32_t)(i / im->w), k)
                       : im->at[i * im->c + k];
        relax(im, mask->at, v);
        for (size_t i = 0; i < n; i++)
            if (mask->at[i])
                im->at[i * im->c + k] = (uint8_t)(v[i] < 0     ? 0.5f
                                                  : v[i] > 255 ? 255.0f
                                                               : v[i] + 0.5f);
    }
    free(v);
}

/* How many pixels of the square around (x, y) are in the hole. */
static int unknown_in(const uint8_t *hole, uint32_t w, uint32_t x, uint32_t y)
{
    int n = 0;

    for (uint32_t j = y - PATCH; j <= y + PATCH; j++)
        for (uint32_t i = x - PATCH; i <= x + PATCH; i++)
            n += hole[(size_t)j * w + i] != 0;
    return n;
}

/* Sum of squared differences of two squares where the first is known; stops above `most`. */
static uint64_t distance(const struct as_image *im, const uint8_t *hole, size_t a, size_t b,
                         uint64_t most)
{
    uint64_t sum = 0;

    for (int64_t j = -PATCH; j <= PATCH && sum < most; j++)
        for (int64_t i = -PATCH; i <= PATCH; i++) {
            int64_t off = j * im->w + i;
            if (hole[(int64_t)a + off])
                continue;
            for (uint32_t k = 0; k < im->c; k++) {
                int d =
                    im->at[((int64_t)a + off) * im->c + k] - im->at[((int64_t)b + off) * im->c + k];
                sum += (uint64_t)(d * d);
            }
        }
    return sum;
}

/* The centre of the most similar square of TRIES that were known from the start; half the tries
 * are near.                                                                 */
static size_t similar(const struct as_image *im, const struct as_image *mask, const uint8_t *hole,
                      size_t at, struct as_rng *rng)
{
    uint32_t w = im->w, wide = w - 2 * PATCH, high = im->h - 2 * PATCH;
    uint64_t least = UINT64_MAX;
    size_t best = at;

    for (int t = 0; t < TRIES; t++) {
        uint32_t x = PATCH + as_rng_below(rng, wide), y = PATCH + as_rng_below(rng, high);
        uint64_t d;
        if (t % 2) {
            int64_t nx = (int64_t)(at % w) + as_rng_below(rng, 121) - 60;
            int64_t ny = (int64_t)(at / w) + as_rng_below(rng, 121) - 60;
            if (nx < PATCH || ny < PATCH || nx >= w - PATCH || ny >= im->h - PATCH)
                continue;
            x = (uint32_t)nx;
            y = (uint32_t)ny;
        }
        if (unknown_in(mask->at, w, x, y))
            continue;
        d = distance(im, hole, at, (size_t)y * w + x, least);
        if (d < least) {
            least = d;
            best = (size_t)y * w + x;
        }
    }
    return best;
}

/* Copies the square around `from` to what is unknown around `to`, which is known then. */
static void copy_square(struct as_image *im, uint8_t *hole, size_t to, size_t from)
{
    for (int64_t j = -PATCH; j <= PATCH; j++)
        for (int64_t i = -PATCH; i <= PATCH; i++) {
            int64_t off = j * im->w + i;
            if (!hole[(int64_t)to + off])
                continue;
            memcpy(im->at + ((int64_t)to + off) * im->c, im->at + ((int64_t)from + off) * im->c,
                   im->c);
            hole[(int64_t)to + off] = 0;
        }
}

void as_fill_patches(struct as_image *im, const struct as_image *mask, struct as_rng *rng)
{
    enum { MOST = (2 * PATCH + 1) * (2 * PATCH + 1) };
    size_t n = (size_t)im->w * im->h;
    uint8_t *hole = as_alloc(n, 1);
    bool left = true;

    memcpy(hole, mask->at, n);
    for (int allowed = MOST / 2; left; allowed = allowed + 10 < MOST ? allowed + 10 : MOST) {
        bool some = true;
        while (some) { /* a layer at a time */
            some = left = false;
            for (uint32_t y = PATCH; y + PATCH < im->h; y += STEP)
                for (uint32_t x = PATCH; x + PATCH < im->w; x += STEP) {
                    int unknown = unknown_in(hole, im->w, x, y);
                    size_t at = (size_t)y * im->w + x, from;
                    if (!unknown)
                        continue;
                    left = true;
                    if (unknown > allowed)
                        continue;
                    from = similar(im, mask, hole, at, rng);
                    if (from == at)
                        as_die("nothing to fill a hole with");
                    copy_square(im, hole, at, from);
                    some = true;
                }
        }
    }
    free(hole);
}
