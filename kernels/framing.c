/* framing.c - whether a small picture shows the same as a large one. */
#include "framing.h"

#include <math.h>

enum { CELLS = 16, SIDE_MIN = 8, SHIFTS = 2, SHIFT_PARTS = 32 };
static const double DARK = 16;                /* grey level: a bar, after compression */
static const double UNDEFINED = -2, FLAT = 4; /* grey levels */
static const double ENOUGH = 0.95;            /* no other framing need be tried */

/* Part of a plane, in its samples. */
struct part {
    uint32_t x, y, w, h;
};

struct grid {
    double at[CELLS * CELLS];
};

static void cell_range(uint32_t i, uint32_t n, uint32_t *from, uint32_t *to)
{
    *from = i * n / CELLS;
    *to = (i + 1) * n / CELLS;
    if (*to <= *from)
        *to = *from + 1;
}

/* The mean of each of CELLS x CELLS cells; neighbouring cells share samples if there are few. */
static void average(const struct as_plane *p, const struct part *part, struct grid *g)
{
    for (uint32_t j = 0; j < CELLS; j++)
        for (uint32_t i = 0; i < CELLS; i++) {
            uint32_t x0, x1, y0, y1;
            double sum = 0;
            cell_range(i, part->w, &x0, &x1);
            cell_range(j, part->h, &y0, &y1);
            for (uint32_t y = y0; y < y1; y++)
                for (uint32_t x = x0; x < x1; x++)
                    sum += p->at[(part->y + y) * p->stride + part->x + x];
            g->at[j * CELLS + i] = sum / ((double)(x1 - x0) * (y1 - y0));
        }
}

static void turn(struct grid *g)
{
    struct grid from = *g;

    for (uint32_t j = 0; j < CELLS; j++)
        for (uint32_t i = 0; i < CELLS; i++)
            g->at[j * CELLS + i] = from.at[(CELLS - 1 - i) * CELLS + j];
}

/* UNDEFINED where either deviates by less than FLAT from its mean. */
static double correlate(const struct grid *a, const struct grid *b)
{
    const double n = CELLS * CELLS;
    double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;

    for (uint32_t i = 0; i < CELLS * CELLS; i++) {
        ma += a->at[i];
        mb += b->at[i];
    }
    ma /= n;
    mb /= n;
    for (uint32_t i = 0; i < CELLS * CELLS; i++) {
        aa += (a->at[i] - ma) * (a->at[i] - ma);
        bb += (b->at[i] - mb) * (b->at[i] - mb);
        ab += (a->at[i] - ma) * (b->at[i] - mb);
    }
    if (aa < n * FLAT * FLAT || bb < n * FLAT * FLAT)
        return UNDEFINED;
    return ab / sqrt(aa * bb);
}

/* The middle of `p` that has the shape w : h. */
static struct part middle(const struct as_plane *p, uint32_t w, uint32_t h)
{
    struct part part = {0, 0, p->w, p->h};

    if ((uint64_t)p->w * h > (uint64_t)p->h * w)
        part.w = (uint32_t)((uint64_t)p->h * w / h);
    else
        part.h = (uint32_t)((uint64_t)p->w * h / w);
    part.w = part.w < SIDE_MIN ? SIDE_MIN : part.w;
    part.h = part.h < SIDE_MIN ? SIDE_MIN : part.h;
    part.x = (p->w - part.w) / 2;
    part.y = (p->h - part.h) / 2;
    return part;
}

static double mean_of(const struct as_plane *p, uint32_t x, uint32_t y, uint32_t w, uint32_t h)
{
    double sum = 0;

    for (uint32_t j = y; j < y + h; j++)
        for (uint32_t i = x; i < x + w; i++)
            sum += p->at[j * p->stride + i];
    return sum / ((double)w * h);
}

/* Without the dark bars at its sides, of a quarter of the side at most each, and without the
 * row or column next to a bar, which compression mixes with it.              */
static struct part trimmed(const struct as_plane *p)
{
    uint32_t left = 0, right = 0, top = 0, bottom = 0;

    while (top < p->h / 4 && mean_of(p, 0, top, p->w, 1) < DARK)
        top++;
    while (bottom < p->h / 4 && mean_of(p, 0, p->h - 1 - bottom, p->w, 1) < DARK)
        bottom++;
    while (left < p->w / 4 && mean_of(p, left, top, 1, p->h - top - bottom) < DARK)
        left++;
    while (right < p->w / 4 && mean_of(p, p->w - 1 - right, top, 1, p->h - top - bottom) < DARK)
        right++;
    top += top > 0;
    bottom += bottom > 0;
    left += left > 0;
    right += right > 0;
    return (struct part){left, top, p->w - left - right, p->h - top - bottom};
}

/* How a thumbnail may lie in the picture: parts of each that show the same. */
struct fit {
    struct part thumb, whole;
    int quarters;
};

static double likeness_of(const struct as_plane *thumb, const struct as_plane *whole,
                          const struct fit *fit)
{
    struct grid a, b;

    average(thumb, &fit->thumb, &a);
    average(whole, &fit->whole, &b);
    for (int i = 0; i < fit->quarters; i++)
        turn(&b);
    return correlate(&a, &b);
}

/* The fit that is best among all framings and quarter turns, or the first that is good enough. */
static double best_framing(const struct as_plane *thumb, const struct as_plane *whole,
                           struct fit *best)
{
    const struct part all = {0, 0, thumb->w, thumb->h}, wall = {0, 0, whole->w, whole->h};
    const struct part trim = trimmed(thumb);
    double most = UNDEFINED;

    for (int q = 0; q < 4; q++) {
        const bool odd = q & 1;
        const struct part bars =
            middle(thumb, odd ? whole->h : whole->w, odd ? whole->w : whole->h);
        const struct part crop =
            middle(whole, odd ? thumb->h : thumb->w, odd ? thumb->w : thumb->h);
        const struct fit fits[4] = {
            {all, wall, q}, {trim, wall, q}, {bars, wall, q}, {all, crop, q}};
        for (int i = 0; i < 4 && most < ENOUGH; i++) {
            const double likeness = likeness_of(thumb, whole, &fits[i]);
            if (likeness > most) {
                most = likeness;
                *best = fits[i];
            }
        }
    }
    return most;
}

static struct part inner(const struct part *p, int dx, int dy)
{
    const uint32_t sx = p->w / SHIFT_PARTS, sy = p->h / SHIFT_PARTS;
    return (struct part){p->x + sx * (uint32_t)(SHIFTS + dx), p->y + sy * (uint32_t)(SHIFTS + dy),
                         p->w - 2 * SHIFTS * sx, p->h - 2 * SHIFTS * sy};
}

/* The best likeness of the inner part of `fit`, shifted in the picture by some parts of its side:
 * many cameras make thumbnails of a slightly other frame.                    */
static double best_shift(const struct as_plane *thumb, const struct as_plane *whole,
                         const struct fit *fit)
{
    double most = UNDEFINED;

    for (int dy = -SHIFTS; dy <= SHIFTS; dy++)
        for (int dx = -SHIFTS; dx <= SHIFTS && most < ENOUGH; dx++) {
            const struct fit moved = {inner(&fit->thumb, 0, 0), inner(&fit->whole, dx, dy),
                                      fit->quarters};
            const double likeness = likeness_of(thumb, whole, &moved);
            most = likeness > most ? likeness : most;
        }
    return most;
}

enum as_status as_framing_ncc(const struct as_plane *thumb, const struct as_plane *whole,
                              double *ncc)
{
    struct fit fit = {0};
    double shifted;

    *ncc = UNDEFINED;
    if (thumb->w < SIDE_MIN || thumb->h < SIDE_MIN || whole->w < SIDE_MIN || whole->h < SIDE_MIN)
        return AS_SKIP;
    *ncc = best_framing(thumb, whole, &fit);
    if (*ncc == UNDEFINED)
        return AS_SKIP;
    if (*ncc < ENOUGH) {
        shifted = best_shift(thumb, whole, &fit);
        *ncc = shifted > *ncc ? shifted : *ncc;
    }
    return AS_OK;
}
