/* sensor.c - the virtual cameras.
 *
 * Light is linear, 0..1, in three float planes until the sensor.  The sensor's
 * gain of a pixel is a hash of (camera, x, y): a fixed pattern that needs no
 * storage and is the same in every photograph of the camera.
 *
 *   1. lens   2. sensor   3. demosaicing   4. photographs                   */
#include "sensor.h"

#include <math.h>
#include <stdlib.h>

/* One plane of raw values behind a filter whose red pixel lies at (rx, ry). */
struct raw {
    uint32_t w, h, rx, ry;
    float *at;
};

/* 1. lens */

/* `plane` at (x, y), bilinear, the border repeated. */
static float between(const float *plane, const struct as_light *l, float x, float y)
{
    uint32_t x0, y0, x1, y1;
    float fx, fy, top, low;

    x = x < 0.0f ? 0.0f : x > (float)(l->w - 1) ? (float)(l->w - 1) : x;
    y = y < 0.0f ? 0.0f : y > (float)(l->h - 1) ? (float)(l->h - 1) : y;
    x0 = (uint32_t)x;
    y0 = (uint32_t)y;
    x1 = x0 + 1 < l->w ? x0 + 1 : x0;
    y1 = y0 + 1 < l->h ? y0 + 1 : y0;
    fx = x - (float)x0;
    fy = y - (float)y0;
    top = plane[(size_t)y0 * l->w + x0] * (1.0f - fx) + plane[(size_t)y0 * l->w + x1] * fx;
    low = plane[(size_t)y1 * l->w + x0] * (1.0f - fx) + plane[(size_t)y1 * l->w + x1] * fx;
    return top * (1.0f - fy) + low * fy;
}

struct as_light as_light_lens(const struct as_camera *cam, const struct as_light *l)
{
    struct as_light out = as_light_new(l->w, l->h);
    float cx = 0.5f * (float)(l->w - 1), cy = 0.5f * (float)(l->h - 1);
    float corner = cx * cx + cy * cy + 1.0f;

    for (uint32_t y = 0; y < l->h; y++)
        for (uint32_t x = 0; x < l->w; x++) {
            float dx = (float)x - cx, dy = (float)y - cy;
            float kept = 1.0f - cam->falloff * (dx * dx + dy * dy) / corner;
            for (int k = 0; k < 3; k++) {
                float zoom = 1.0f + cam->fringe * (float)(k - 1);
                float v = k == 1 ? l->at[1][(size_t)y * l->w + x]
                                 : between(l->at[k], l, cx + dx * zoom, cy + dy * zoom);
                out.at[k][(size_t)y * l->w + x] = v * kept;
            }
        }
    return out;
}

/* 2. sensor */

/* Which colour the filter passes at (x, y). */
static int bayer(const struct raw *raw, uint32_t x, uint32_t y)
{
    return (int)(((x + raw->rx) & 1) + ((y + raw->ry) & 1));
}

static struct raw expose(const struct as_light *l, const struct as_camera *cam, uint64_t shot)
{
    struct raw raw = {l->w, l->h, cam->cfa_x, cam->cfa_y, as_alloc((size_t)l->w * l->h, 4)};

    for (uint32_t y = 0; y < l->h; y++)
        for (uint32_t x = 0; x < l->w; x++) {
            size_t i = (size_t)y * l->w + x;
            float v = l->at[bayer(&raw, x, y)][i];
            float gain = 1.0f + cam->prnu * as_hash_normal(as_rng_mix(cam->pattern + i));
            float dev = sqrtf(v * 0.0004f + cam->read * cam->read);
            v = v * gain + dev * as_hash_normal(as_rng_mix(shot ^ (i * 0x9e3779b97f4a7c15u)));
            raw.at[i] = v < 0.0f ? 0.0f : v > 1.0f ? 1.0f : v;
        }
    return raw;
}

/* 3. demosaicing */

/* Mean of the raw neighbours of one colour in 3 x 3. */
static float neighbours(const struct raw *raw, uint32_t x, uint32_t y, int k)
{
    float sum = 0.0f;
    int n = 0;

    for (uint32_t j = y ? y - 1 : 0; j <= y + 1 && j < raw->h; j++)
        for (uint32_t i = x ? x - 1 : 0; i <= x + 1 && i < raw->w; i++)
            if (bayer(raw, i, j) == k) {
                sum += raw->at[(size_t)j * raw->w + i];
                n++;
            }
    return n ? sum / (float)n : raw->at[(size_t)y * raw->w + x];
}

static void demosaic_bilinear(const struct raw *raw, struct as_light *out)
{
    for (uint32_t y = 0; y < raw->h; y++)
        for (uint32_t x = 0; x < raw->w; x++)
            for (int k = 0; k < 3; k++) {
                size_t i = (size_t)y * raw->w + x;
                out->at[k][i] = bayer(raw, x, y) == k ? raw->at[i] : neighbours(raw, x, y, k);
            }
}

/* The raw value at (x + dx, y + dy); mirrored at the border, which keeps the filter's colour. */
static float raw_at(const struct raw *raw, uint32_t x, uint32_t y, int dx, int dy)
{
    int64_t i = (int64_t)x + dx, j = (int64_t)y + dy, w = raw->w, h = raw->h;

    i = i < 0 ? -i : i >= w ? 2 * (w - 1) - i : i;
    j = j < 0 ? -j : j >= h ? 2 * (h - 1) - j : j;
    return raw->at[(size_t)j * raw->w + (size_t)i];
}

/* Green at a red or blue pixel, along the direction that changes less (Hamilton and Adams 1997). */
static float green_along_edge(const struct raw *raw, uint32_t x, uint32_t y)
{
    float c = 2.0f * raw_at(raw, x, y, 0, 0);
    float l = raw_at(raw, x, y, -1, 0), r = raw_at(raw, x, y, 1, 0);
    float u = raw_at(raw, x, y, 0, -1), d = raw_at(raw, x, y, 0, 1);
    float bend_x = c - raw_at(raw, x, y, -2, 0) - raw_at(raw, x, y, 2, 0);
    float bend_y = c - raw_at(raw, x, y, 0, -2) - raw_at(raw, x, y, 0, 2);
    float cost_x = fabsf(l - r) + fabsf(bend_x), cost_y = fabsf(u - d) + fabsf(bend_y);
    float along_x = 0.5f * (l + r) + 0.25f * bend_x, along_y = 0.5f * (u + d) + 0.25f * bend_y;

    return cost_x < cost_y ? along_x : cost_y < cost_x ? along_y : 0.5f * (along_x + along_y);
}

/* Green first; then red and blue as the mean difference from green around. */
static void demosaic_edges(const struct raw *raw, struct as_light *out)
{
    struct raw diff = *raw;
    size_t n = (size_t)raw->w * raw->h;

    diff.at = as_alloc(n, sizeof *diff.at);
    for (uint32_t y = 0; y < raw->h; y++)
        for (uint32_t x = 0; x < raw->w; x++) {
            size_t i = (size_t)y * raw->w + x;
            out->at[1][i] = bayer(raw, x, y) == 1 ? raw->at[i] : green_along_edge(raw, x, y);
            diff.at[i] = raw->at[i] - out->at[1][i];
        }
    for (uint32_t y = 0; y < raw->h; y++)
        for (uint32_t x = 0; x < raw->w; x++)
            for (int k = 0; k < 3; k += 2) {
                size_t i = (size_t)y * raw->w + x;
                float d = bayer(raw, x, y) == k ? diff.at[i] : neighbours(&diff, x, y, k);
                out->at[k][i] = out->at[1][i] + d;
            }
    free(diff.at);
}

/* 4. photographs */

struct as_image as_light_shoot(const struct as_camera *cam, const struct as_light *l, uint64_t shot)
{
    bool lens = cam->fringe > 0.0f || cam->falloff > 0.0f;
    struct as_light seen = lens ? as_light_lens(cam, l) : *l, colours = as_light_new(l->w, l->h);
    struct raw raw = expose(&seen, cam, shot);
    struct as_image im;

    if (cam->demosaic == AS_DEMOSAIC_EDGES)
        demosaic_edges(&raw, &colours);
    else
        demosaic_bilinear(&raw, &colours);
    im = as_light_image(&colours);
    if (lens)
        as_light_free(&seen);
    as_light_free(&colours);
    free(raw.at);
    return im;
}

struct as_image as_scene_shoot(const struct as_camera *cam, uint64_t scene, uint32_t w, uint32_t h)
{
    struct as_light l = as_light_scene(scene, w, h);
    struct as_image im = as_light_shoot(cam, &l, as_rng_mix(scene + 7));

    as_light_free(&l);
    return im;
}

struct as_image as_scene_draw(uint64_t scene, uint32_t w, uint32_t h)
{
    struct as_light l = as_light_scene(scene, w, h);
    struct as_image im = as_light_image(&l);

    as_light_free(&l);
    return im;
}

/* Two of them are bodies of one model. */
struct as_camera as_camera_get(uint64_t seed, uint32_t i)
{
    static const struct {
        const char *make, *model;
        float prnu, read;
        uint32_t w, h;
        int quality;
    } CAMERAS[] = {
        {"Meridian", "M-10", 0.012f, 0.004f, 1600, 1200, 92},
        {"Meridian", "M-10", 0.012f, 0.004f, 1600, 1200, 92},
        {"Halden", "Pocket 3", 0.020f, 0.008f, 1280, 960, 85},
        {"Orrery", "Phone X2", 0.016f, 0.010f, 1440, 1080, 95},
        {"Lumen Works", "LW 4000", 0.008f, 0.003f, 1800, 1200, 97},
    };
    uint32_t j = i % (uint32_t)(sizeof CAMERAS / sizeof *CAMERAS);
    struct as_camera cam = {.make = CAMERAS[j].make,
                            .model = CAMERAS[j].model,
                            .prnu = CAMERAS[j].prnu,
                            .read = CAMERAS[j].read,
                            .w = CAMERAS[j].w,
                            .h = CAMERAS[j].h,
                            .quality = CAMERAS[j].quality};

    cam.pattern = as_rng_mix(seed ^ (0xca3e7aull + i));
    return cam;
}
