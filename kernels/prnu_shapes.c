/* prnu_shapes.c - how a picture of another size may lie on a sensor. */
#include "prnu_shapes.h"

/* Ratios that cameras and programs offer, in 1/60; and long sides that pictures are sent at. */
static const uint32_t ratios[] = {45, 40, 30, 20, 15};
static const uint32_t sides[] = {4096, 3840, 3264, 2560, 2048, 1920, 1600, 1280, 1024, 960, 800};
enum {
    WHOLE = 60,
    NRATIOS = sizeof ratios / sizeof *ratios,
    NSIDES = sizeof sides / sizeof *sides
};

/* Digital zoom in tenths; cameras round where the middle is: so many pixels off it. */
enum { ZOOM_FROM = 11, ZOOM_TO = 40, ZOOM_SLACK = 8 };

/* Programs that scale put the first sample half a pixel here or there. */
enum { SCALE_SLACK = 1 };

static uint32_t scaled(uint32_t n, uint32_t by, uint32_t of)
{
    const uint64_t v = ((uint64_t)n * by * 2 + of) / ((uint64_t)of * 2);

    return v > 0 ? (uint32_t)v : 1;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* Whether two sizes are one form at two scales, to a pixel of the smaller. */
static bool same_form(uint32_t fw, uint32_t fh, uint32_t w, uint32_t h)
{
    const uint64_t a = (uint64_t)w * fh, b = (uint64_t)h * fw;
    const uint32_t slack = w < fw ? larger(fw, fh) : larger(w, h);

    return ((w < fw && h < fh) || (w > fw && h > fh)) && (a > b ? a - b : b - a) <= slack;
}

static uint32_t by_ratio(uint32_t fw, uint32_t fh, uint32_t w, uint32_t h,
                         struct as_prnu_shape *shape)
{
    const struct as_prnu_window slack = {-SCALE_SLACK, SCALE_SLACK, -SCALE_SLACK, SCALE_SLACK,
                                         true};
    const uint32_t to_w = w < fw ? w : fw, to_h = h < fh ? h : fh;

    if (!same_form(fw, fh, w, h))
        return 0;
    *shape = (struct as_prnu_shape){to_w, to_h, to_w, to_h, slack};
    return 1;
}

/* A picture somewhere inside a fingerprint of kw x kh. */
static uint32_t inside(uint32_t kw, uint32_t kh, uint32_t w, uint32_t h,
                       struct as_prnu_shape *shape)
{
    if (w > kw || h > kh || (w == kw && h == kh))
        return 0;
    *shape = (struct as_prnu_shape){kw, kh, w, h, as_prnu_window_inside(kw, kh, w, h)};
    shape->at.classes = true;
    return 1;
}

/* As inside, unless this size is there already. */
static uint32_t reduced(uint32_t kw, uint32_t kh, uint32_t w, uint32_t h, uint32_t n,
                        struct as_prnu_shape *shape)
{
    for (uint32_t i = 0; i < n; i++)
        if (shape[i].kw == kw && shape[i].kh == kh)
            return n;
    return n + inside(kw, kh, w, h, shape + n);
}

static uint32_t zoomed(uint32_t fw, uint32_t fh, struct as_prnu_shape *shape)
{
    uint32_t n = 0;

    for (uint32_t zoom = ZOOM_FROM; zoom <= ZOOM_TO; zoom++) {
        const uint32_t w = scaled(fw, 10, zoom), h = scaled(fh, 10, zoom);
        const int32_t x = (int32_t)(fw - w) / 2, y = (int32_t)(fh - h) / 2;
        const int32_t dx = x < ZOOM_SLACK ? x : ZOOM_SLACK, dy = y < ZOOM_SLACK ? y : ZOOM_SLACK;
        if (w < AS_PRNU_MIN_SIDE || h < AS_PRNU_MIN_SIDE)
            break;
        shape[n++] = (struct as_prnu_shape){fw, fh, w, h, {x - dx, x + dx, y - dy, y + dy, true}};
    }
    return n;
}

static uint32_t by_scales(uint32_t fw, uint32_t fh, uint32_t w, uint32_t h,
                          struct as_prnu_shape *shape)
{
    const uint32_t side = larger(fw, fh);
    uint32_t n = 0;

    if (w == fw && h == fh)
        return zoomed(fw, fh, shape);
    for (uint32_t i = 0; i < NRATIOS; i++)
        n = reduced(scaled(fw, ratios[i], WHOLE), scaled(fh, ratios[i], WHOLE), w, h, n, shape);
    for (uint32_t i = 0; i < NSIDES; i++)
        if (sides[i] < side)
            n = reduced(scaled(fw, sides[i], side), scaled(fh, sides[i], side), w, h, n, shape);
    return n;
}

uint32_t as_prnu_shapes(enum as_prnu_look look, uint32_t fw, uint32_t fh, uint32_t w, uint32_t h,
                        struct as_prnu_shape shape[AS_PRNU_SHAPES_MAX])
{
    _Static_assert(NRATIOS + NSIDES <= AS_PRNU_SHAPES_MAX, "all reductions");
    _Static_assert(ZOOM_TO - ZOOM_FROM + 1 <= AS_PRNU_SHAPES_MAX, "all zooms");

    if (fw < AS_PRNU_MIN_SIDE || fh < AS_PRNU_MIN_SIDE || w < AS_PRNU_MIN_SIDE ||
        h < AS_PRNU_MIN_SIDE)
        return 0;
    switch (look) {
    case AS_PRNU_RATIO:
        return by_ratio(fw, fh, w, h, shape);
    case AS_PRNU_CROPS:
        return inside(fw, fh, w, h, shape);
    default:
        return by_scales(fw, fh, w, h, shape);
    }
}

double as_prnu_shifts(const struct as_prnu_window *window)
{
    return ((double)window->x1 - window->x0 + 1) * ((double)window->y1 - window->y0 + 1);
}
