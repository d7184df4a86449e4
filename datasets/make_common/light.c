/* light.c - planes of light, and the noise that scenes are made of. */
#include "light.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct as_light as_light_new(uint32_t w, uint32_t h)
{
    struct as_light l = {w, h, {NULL, NULL, NULL}};

    for (int k = 0; k < 3; k++)
        l.at[k] = as_alloc((size_t)w * h, sizeof(float));
    return l;
}

void as_light_free(struct as_light *l)
{
    for (int k = 0; k < 3; k++)
        free(l->at[k]);
}

float as_hash_unit(uint64_t bits)
{
    return (float)(bits >> 40) * (1.0f / 16777216.0f);
}

/* Four uniform numbers of one hash. */
float as_hash_normal(uint64_t bits)
{
    float sum = (float)(bits & 0xffff) + (float)(bits >> 16 & 0xffff) +
                (float)(bits >> 32 & 0xffff) + (float)(bits >> 48);

    return (sum * (1.0f / 65536.0f) - 2.0f) * 1.7320508f;
}

static float lattice(uint64_t seed, uint32_t x, uint32_t y)
{
    return as_hash_unit(as_rng_mix(seed ^ ((uint64_t)x << 32 | y)));
}

float as_noise_value(uint64_t seed, float x, float y)
{
    uint32_t ix = (uint32_t)x, iy = (uint32_t)y;
    float fx = x - (float)ix, fy = y - (float)iy;
    float a, b;

    fx = fx * fx * (3.0f - 2.0f * fx);
    fy = fy * fy * (3.0f - 2.0f * fy);
    a = lattice(seed, ix, iy) * (1.0f - fx) + lattice(seed, ix + 1, iy) * fx;
    b = lattice(seed, ix, iy + 1) * (1.0f - fx) + lattice(seed, ix + 1, iy + 1) * fx;
    return a * (1.0f - fy) + b * fy;
}

float as_noise_fractal(uint64_t seed, float x, float y, int octaves)
{
    float sum = 0.0f, gain = 0.5f;

    for (int i = 0; i < octaves; i++) {
        sum += gain * as_noise_value(seed + (uint64_t)i, x, y);
        x *= 2.0f;
        y *= 2.0f;
        gain *= 0.5f;
    }
    return sum;
}

void as_light_blur(struct as_light *l)
{
    float *row = as_alloc(l->w > l->h ? l->w : l->h, sizeof *row);

    for (int k = 0; k < 3; k++) {
        for (uint32_t y = 0; y < l->h; y++) {
            float *p = l->at[k] + (size_t)y * l->w;
            memcpy(row, p, l->w * sizeof *row);
            for (uint32_t x = 1; x + 1 < l->w; x++)
                p[x] = 0.25f * row[x - 1] + 0.5f * row[x] + 0.25f * row[x + 1];
        }
        for (uint32_t x = 0; x < l->w; x++) {
            float *p = l->at[k] + x;
            for (uint32_t y = 0; y < l->h; y++)
                row[y] = p[(size_t)y * l->w];
            for (uint32_t y = 1; y + 1 < l->h; y++)
                p[(size_t)y * l->w] = 0.25f * row[y - 1] + 0.5f * row[y] + 0.25f * row[y + 1];
        }
    }
    free(row);
}

uint8_t as_light_curve(float v)
{
    v = v < 0.0f ? 0.0f : v > 1.0f ? 1.0f : v;
    return (uint8_t)(255.0f * sqrtf(v) + 0.5f);
}

struct as_image as_light_image(const struct as_light *l)
{
    struct as_image im = as_image_new(l->w, l->h, 3);

    for (size_t i = 0; i < (size_t)l->w * l->h; i++)
        for (size_t k = 0; k < 3; k++)
            im.at[i * 3 + k] = as_light_curve(l->at[k][i]);
    return im;
}
