/* texture.c - as_light_texture: objects of four surfaces before a rough ground. */
#include "light.h"

#include <math.h>

enum surface { ROUGH, RULED, TILED, STREAKED, SURFACES };

/* An object, or the ground: where it is, and how its surface looks. */
struct object {
    enum surface surface;
    uint64_t seed;
    float cx, cy, rx, ry; /* centre and half sides */
    bool disc;
    float ux, uy;                  /* direction of rules, rows and streaks, length 1 */
    float cell;                    /* their width in pixels                          */
    float rgb[3], contrast, rough; /* rough: the share of the finest texture */
};

static float unit(struct as_rng *rng)
{
    return as_hash_unit(as_rng_next(rng));
}

/* 0..1, up and down once in a unit. */
static float wave(float t)
{
    t -= floorf(t);
    t = t < 0.5f ? 2.0f * t : 2.0f - 2.0f * t;
    return t * t * (3.0f - 2.0f * t);
}

/* Noise is for positive places.  It is interpolated from a lattice, as a resampled picture is: the
 * lattice is bent, by up to 16 pixels, so that it has no frequency.                            */
static float fine_at(const struct object *o, float x, float y)
{
    float bx = x + 16.0f * as_noise_value(o->seed + 20, x * 0.04f, y * 0.04f);
    float by = y + 16.0f * as_noise_value(o->seed + 21, x * 0.04f, y * 0.04f);

    return (1.0f - o->rough) * as_noise_fractal(o->seed, bx * 0.03f, by * 0.03f, 6) +
           o->rough * as_noise_fractal(o->seed + 9, bx * 0.25f, by * 0.25f, 3);
}

/* About 0..1. */
static float surface_at(const struct object *o, float x, float y)
{
    const float far = 4096.0f;
    float u = (x * o->ux + y * o->uy) / o->cell, v = (y * o->ux - x * o->uy) / o->cell;
    float fine = fine_at(o, x, y);

    if (o->surface == RULED)
        return 0.6f * wave(u + 0.3f * fine) + 0.4f * fine;
    if (o->surface == TILED) {
        float row = floorf(v), a = u + 0.5f * row - floorf(u + 0.5f * row), b = v - row;
        float tile = as_noise_value(o->seed + 77, floorf(u + 0.5f * row) + far, row + far);
        return a < 0.07f || b < 0.12f ? 0.1f * fine : 0.3f + 0.35f * tile + 0.5f * fine;
    }
    if (o->surface == STREAKED)
        return 0.7f * as_noise_fractal(o->seed + 5, u * 4.0f + far, v * 0.15f + far, 4) +
               0.3f * fine;
    return fine;
}

/* All about an object except where it is. */
static struct object surface_new(struct as_rng *rng)
{
    struct object o = {.seed = as_rng_next(rng)};
    float a = 2.0f * unit(rng) - 1.0f, b = 2.0f * unit(rng) - 1.0f, n, grey;

    o.surface = (enum surface)as_rng_below(rng, SURFACES);
    n = sqrtf(a * a + b * b) + 1e-3f;
    o.ux = a / n;
    o.uy = b / n;
    o.cell = 5.0f + 30.0f * unit(rng);
    o.contrast = 0.2f + 0.6f * unit(rng);
    o.rough = 0.6f * unit(rng);
    grey = 0.08f + 0.8f * unit(rng);
    for (int k = 0; k < 3; k++)
        o.rgb[k] = 0.6f * grey + 0.4f * unit(rng);
    return o;
}

static bool covers(const struct object *o, float dx, float dy)
{
    float u = (dx * o->ux + dy * o->uy) / o->rx, v = (dy * o->ux - dx * o->uy) / o->ry;

    return o->disc ? u * u + v * v <= 1.0f : fabsf(u) <= 1.0f && fabsf(v) <= 1.0f;
}

static void draw(struct as_light *l, const struct object *o)
{
    float reach = o->rx + o->ry;
    uint32_t y0 = o->cy > reach ? (uint32_t)(o->cy - reach) : 0;
    uint32_t x0 = o->cx > reach ? (uint32_t)(o->cx - reach) : 0;

    for (uint32_t y = y0; y < l->h && (float)y <= o->cy + reach; y++)
        for (uint32_t x = x0; x < l->w && (float)x <= o->cx + reach; x++) {
            float dx = (float)x - o->cx, dy = (float)y - o->cy, s;
            if (!covers(o, dx, dy))
                continue;
            s = 1.0f - o->contrast + o->contrast * 1.4f * surface_at(o, (float)x, (float)y);
            s *= 1.0f - 0.3f * (dy + reach) / (2.0f * reach);
            for (int k = 0; k < 3; k++)
                l->at[k][(size_t)y * l->w + x] = o->rgb[k] * (s > 1.1f ? 1.1f : s);
        }
}

struct as_light as_light_texture(uint64_t scene, uint32_t w, uint32_t h)
{
    struct as_light l = as_light_new(w, h);
    struct as_rng rng = {as_rng_mix(scene ^ 0x7e87u)};
    struct object ground = surface_new(&rng);
    uint64_t pixels = (uint64_t)w * h;
    uint32_t objects = 5 + as_rng_below(&rng, 6) + (uint32_t)(pixels / 40000);

    ground.cx = 0.5f * (float)w;
    ground.cy = 0.5f * (float)h;
    ground.rx = ground.ry = (float)(w + h);
    ground.contrast *= 0.6f;
    draw(&l, &ground);
    for (uint32_t i = 0; i < objects; i++) {
        struct object o = surface_new(&rng);
        o.cx = unit(&rng) * (float)w;
        o.cy = unit(&rng) * (float)h;
        o.rx = 10.0f + 90.0f * unit(&rng);
        o.ry = 10.0f + 90.0f * unit(&rng);
        o.disc = as_rng_below(&rng, 2) == 0;
        draw(&l, &o);
    }
    as_light_blur(&l);
    return l;
}
