/* framing.c - whether a small picture shows the same as a large one. */
#include "framing.h"

#include <math.h>

enum { CELLS = 32, SIDE_MIN = 8 };
static const double ENOUGH = 0.95; /* no other framing need be tried */

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

/* False where either has less than one grey level of deviation: flat but for rounding. */
static bool correlate(const struct grid *a, const struct grid *b, double *ncc)
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
    if (aa < n || bb < n)
        return false;
    *ncc = ab / sqrt(aa * bb);
    return true;
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

/* The likeness of a part of each, with `whole` turned by `quarters`. */
static bool compare(const struct as_plane *thumb, const struct part *of_thumb,
                    const struct as_plane *whole, const struct part *of_whole, int quarters,
                    double *ncc)
{
    struct grid a, b;

    average(thumb, of_thumb, &a);
    average(whole, of_whole, &b);
    for (int i = 0; i < quarters; i++)
        turn(&b);
    return correlate(&a, &b, ncc);
}

enum as_status as_framing_ncc(const struct as_plane *thumb, const struct as_plane *whole,
                              double *ncc)
{
    const struct part all = {0, 0, thumb->w, thumb->h}, wall = {0, 0, whole->w, whole->h};
    bool any = false;

    *ncc = -1;
    if (thumb->w < SIDE_MIN || thumb->h < SIDE_MIN || whole->w < SIDE_MIN || whole->h < SIDE_MIN)
        return AS_SKIP;
    for (int quarters = 0; quarters < 4; quarters++) {
        const bool odd = quarters & 1;
        const struct part bars =
            middle(thumb, odd ? whole->h : whole->w, odd ? whole->w : whole->h);
        const struct part crop =
            middle(whole, odd ? thumb->h : thumb->w, odd ? thumb->w : thumb->h);
        const struct part *const fits[3][2] = {{&all, &wall}, {&bars, &wall}, {&all, &crop}};
        for (int i = 0; i < 3; i++) {
            double likeness;
            if (!compare(thumb, fits[i][0], whole, fits[i][1], quarters, &likeness))
                continue;
            any = true;
            *ncc = likeness > *ncc ? likeness : *ncc;
            if (*ncc >= ENOUGH)
                return AS_OK;
        }
    }
    return any ? AS_OK : AS_SKIP;
}
