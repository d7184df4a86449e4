/* scene.c - as_light_scene: a ground, shapes, writing. */
#include "light.h"

static void paint(struct as_light *l, uint32_t x, uint32_t y, const float rgb[3])
{
    size_t i = (size_t)y * l->w + x;

    for (int k = 0; k < 3; k++)
        l->at[k][i] = rgb[k];
}

static void colour(struct as_rng *rng, float rgb[3])
{
    for (int k = 0; k < 3; k++)
        rgb[k] = 0.05f + 0.85f * as_hash_unit(as_rng_next(rng));
}

/* Sky above a noisy horizon, textured ground below. */
static void draw_ground(struct as_light *l, struct as_rng *rng)
{
    uint64_t seed = as_rng_next(rng);
    float sky[3], land[3], scale = 6.0f / (float)(l->w > l->h ? l->w : l->h);

    colour(rng, sky);
    colour(rng, land);
    for (uint32_t y = 0; y < l->h; y++)
        for (uint32_t x = 0; x < l->w; x++) {
            float u = (float)x * scale, v = (float)y * scale;
            float line = (0.3f + 0.4f * as_noise_value(seed + 99, u, 0.5f)) * (float)l->h;
            bool above = (float)y < line;
            float t = (float)y / (float)l->h;
            float n = above ? 0.8f + 0.2f * as_noise_fractal(seed, u, v, 3)
                            : 0.3f + 0.9f * as_noise_fractal(seed + 50, u * 4.0f, v * 4.0f, 5);
            float rgb[3];
            for (int k = 0; k < 3; k++)
                rgb[k] = (above ? sky[k] * (1.0f - 0.5f * t) : land[k]) * n;
            paint(l, x, y, rgb);
        }
}

/* Shaded discs and boxes. */
static void draw_shape(struct as_light *l, struct as_rng *rng)
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
static void draw_writing(struct as_light *l, struct as_rng *rng)
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

struct as_light as_light_scene(uint64_t scene, uint32_t w, uint32_t h)
{
    struct as_light l = as_light_new(w, h);
    struct as_rng rng = {scene};
    uint32_t shapes;

    draw_ground(&l, &rng);
    shapes = 4 + as_rng_below(&rng, 10);
    for (uint32_t i = 0; i < shapes; i++)
        draw_shape(&l, &rng);
    shapes = 2 + as_rng_below(&rng, 5);
    for (uint32_t i = 0; i < shapes; i++)
        draw_writing(&l, &rng);
    as_light_blur(&l);
    return l;
}
