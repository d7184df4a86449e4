/* scene.c - invented scenes and the virtual cameras that photograph them.
 *
 * Light is linear, 0..1, in three float planes until the sensor.  The sensor's
 * gain of a pixel is a hash of (camera, x, y): a fixed pattern that needs no
 * storage and is the same in every photograph of the camera.               */
#include "scene.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct light {
    uint32_t w, h;
    float *at[3];
};

static float unit(uint64_t bits)
{
    return (float)(bits >> 40) * (1.0f / 16777216.0f);
}

/* About normal, mean 0, deviation 1: four uniform numbers of one hash. */
static float normal(uint64_t bits)
{
    float sum = (float)(bits & 0xffff) + (float)(bits >> 16 & 0xffff) +
                (float)(bits >> 32 & 0xffff) + (float)(bits >> 48);

    return (sum * (1.0f / 65536.0f) - 2.0f) * 1.7320508f;
}

static float lattice(uint64_t seed, uint32_t x, uint32_t y)
{
    return unit(as_rng_mix(seed ^ ((uint64_t)x << 32 | y)));
}

/* Value noise of one cell size, smooth between lattice points. */
static float value_noise(uint64_t seed, float x, float y)
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

static float fractal(uint64_t seed, float x, float y, int octaves)
{
    float sum = 0.0f, gain = 0.5f;

    for (int i = 0; i < octaves; i++) {
        sum += gain * value_noise(seed + (uint64_t)i, x, y);
        x *= 2.0f;
        y *= 2.0f;
        gain *= 0.5f;
    }
    return sum;
}

static void paint(struct light *l, uint32_t x, uint32_t y, const float rgb[3])
{
    size_t i = (size_t)y * l->w + x;

    for (int k = 0; k < 3; k++)
        l->at[k][i] = rgb[k];
}

static void colour(struct as_rng *rng, float rgb[3])
{
    for (int k = 0; k < 3; k++)
        rgb[k] = 0.05f + 0.85f * unit(as_rng_next(rng));
}

/* Sky above a noisy horizon, textured ground below. */
static void draw_ground(struct light *l, struct as_rng *rng)
{
    uint64_t seed = as_rng_next(rng);
    float sky[3], land[3], scale = 6.0f / (float)(l->w > l->h ? l->w : l->h);

    colour(rng, sky);
    colour(rng, land);
    for (uint32_t y = 0; y < l->h; y++)
        for (uint32_t x = 0; x < l->w; x++) {
            float u = (float)x * scale, v = (float)y * scale;
            float line = (0.3f + 0.4f * value_noise(seed + 99, u, 0.5f)) * (float)l->h;
            bool above = (float)y < line;
            float t = (float)y / (float)l->h;
            float n = above ? 0.8f + 0.2f * fractal(seed, u, v, 3)
                            : 0.3f + 0.9f * fractal(seed + 50, u * 4.0f, v * 4.0f, 5);
            float rgb[3];
            for (int k = 0; k < 3; k++)
                rgb[k] = (above ? sky[k] * (1.0f - 0.5f * t) : land[k]) * n;
            paint(l, x, y, rgb);
        }
}

/* Shaded discs and boxes. */
static void draw_shape(struct light *l, struct as_rng *rng)
{
    float rgb[3], shade[3];
    bool disc = as_rng_below(rng, 2) == 0;
    int64_t cx = as_rng_below(rng, l->w), cy = as_rng_below(rng, l->h);
    int64_t r = 1 + as_rng_below(rng, (l->w < l->h ? l->w : l->h) / 6 + 1);

    colour(rng, rgb);
    for (int64_t y = cy - r < 0 ? 0 : cy - r; y <= cy + r && y < l->h; y++)
        for (int64_t x = cx - r < 0 ? 0 : cx - r; x <= cx + r && x < l->w; x++) {
            if (disc && (x - cx) * (x - cx) + (y - cy) * (y - cy) > r * r)
                continue;
            for (int k = 0; k < 3; k++)
                shade[k] = rgb[k] * (1.0f - 0.4f * (float)(y - cy + r) / (float)(2 * r + 1));
            paint(l, (uint32_t)x, (uint32_t)y, shade);
        }
}

/* Rows of 5 x 7 random glyphs, as of writing. */
static void draw_writing(struct light *l, struct as_rng *rng)
{
    float ink[3] = {0.04f, 0.04f, 0.05f};
    uint32_t x0 = as_rng_below(rng, l->w), y0 = as_rng_below(rng, l->h);
    uint32_t px = 1 + l->w / 700, letters = 4 + as_rng_below(rng, 24);

    for (uint32_t i = 0; i < letters; i++) {
        uint64_t glyph = as_rng_next(rng) | as_rng_next(rng);
        for (uint32_t dot = 0; dot < 35 * px * px; dot++) {
            uint32_t gx = dot % (5 * px), gy = dot / (5 * px);
            uint32_t x = x0 + i * 6 * px + gx, y = y0 + gy;
            if (x < l->w && y < l->h && (glyph >> ((gy / px) * 5 + gx / px) & 1))
                paint(l, x, y, ink);
        }
    }
}

/* [1 2 1]/4 along rows, then along columns. */
static void blur(struct light *l)
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

static struct light scene_light(uint64_t scene, uint32_t w, uint32_t h)
{
    struct light l = {w, h, {NULL, NULL, NULL}};
    struct as_rng rng = {scene};
    uint32_t shapes;

    for (int k = 0; k < 3; k++)
        l.at[k] = as_alloc((size_t)w * h, sizeof(float));
    draw_ground(&l, &rng);
    shapes = 4 + as_rng_below(&rng, 10);
    for (uint32_t i = 0; i < shapes; i++)
        draw_shape(&l, &rng);
    shapes = 2 + as_rng_below(&rng, 5);
    for (uint32_t i = 0; i < shapes; i++)
        draw_writing(&l, &rng);
    blur(&l);
    return l;
}

static void light_free(struct light *l)
{
    for (int k = 0; k < 3; k++)
        free(l->at[k]);
}

/* Which colour the RGGB filter passes at (x, y). */
static int bayer(uint32_t x, uint32_t y)
{
    return (int)((x & 1) + (y & 1));
}

/* One plane of raw values from the three planes of light. */
static float *expose(const struct light *l, const struct as_camera *cam, uint64_t shot)
{
    float *raw = as_alloc((size_t)l->w * l->h, sizeof *raw);

    for (uint32_t y = 0; y < l->h; y++)
        for (uint32_t x = 0; x < l->w; x++) {
            size_t i = (size_t)y * l->w + x;
            float v = l->at[bayer(x, y)][i];
            float gain = 1.0f + cam->prnu * normal(as_rng_mix(cam->pattern + i));
            float dev = sqrtf(v * 0.0004f + cam->read * cam->read);
            v = v * gain + dev * normal(as_rng_mix(shot ^ (i * 0x9e3779b97f4a7c15u)));
            raw[i] = v < 0.0f ? 0.0f : v > 1.0f ? 1.0f : v;
        }
    return raw;
}

/* Mean of the raw neighbours of one colour in 3 x 3: bilinear demosaicing. */
static float neighbours(const float *raw, const struct light *l, uint32_t x, uint32_t y, int k)
{
    float sum = 0.0f;
    int n = 0;

    for (uint32_t j = y ? y - 1 : 0; j <= y + 1 && j < l->h; j++)
        for (uint32_t i = x ? x - 1 : 0; i <= x + 1 && i < l->w; i++)
            if (bayer(i, j) == k) {
                sum += raw[(size_t)j * l->w + i];
                n++;
            }
    return n ? sum / (float)n : raw[(size_t)y * l->w + x];
}

static uint8_t curve(float v)
{
    v = v < 0.0f ? 0.0f : v > 1.0f ? 1.0f : v;
    return (uint8_t)(255.0f * sqrtf(v) + 0.5f);
}

struct as_image as_scene_shoot(const struct as_camera *cam, uint64_t scene, uint32_t w, uint32_t h)
{
    struct light l = scene_light(scene, w, h);
    struct as_image im = as_image_new(w, h, 3);
    float *raw = expose(&l, cam, as_rng_mix(scene + 7));

    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++)
            for (int k = 0; k < 3; k++) {
                size_t i = (size_t)y * w + x;
                float v = bayer(x, y) == k ? raw[i] : neighbours(raw, &l, x, y, k);
                im.at[i * 3 + (size_t)k] = curve(v);
            }
    free(raw);
    light_free(&l);
    return im;
}

struct as_image as_scene_draw(uint64_t scene, uint32_t w, uint32_t h)
{
    struct light l = scene_light(scene, w, h);
    struct as_image im = as_image_new(w, h, 3);

    for (size_t i = 0; i < (size_t)w * h; i++)
        for (size_t k = 0; k < 3; k++)
            im.at[i * 3 + k] = curve(l.at[k][i]);
    light_free(&l);
    return im;
}

struct as_camera as_camera_get(uint64_t seed, uint32_t i)
{
    static const struct as_camera CAMERAS[] = {
        {"Meridian", "M-10", 0, 0.012f, 0.004f, 1600, 1200, 92},
        {"Meridian", "M-10", 0, 0.012f, 0.004f, 1600, 1200, 92}, /* another body of the model */
        {"Halden", "Pocket 3", 0, 0.020f, 0.008f, 1280, 960, 85},
        {"Orrery", "Phone X2", 0, 0.016f, 0.010f, 1440, 1080, 95},
        {"Lumen Works", "LW 4000", 0, 0.008f, 0.003f, 1800, 1200, 97},
    };
    struct as_camera cam = CAMERAS[i % (sizeof CAMERAS / sizeof *CAMERAS)];

    cam.pattern = as_rng_mix(seed ^ (0xca3e7aull + i));
    return cam;
}
