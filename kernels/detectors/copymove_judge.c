/* copymove_judge.c - whether an area that a linear field leads elsewhere is a copy.
 *
 * Two things are asked.  At half size and smooth, where noise and compression count little: does
 * the area show the same again, after a turn and scaling, to a few hundredths of its contrast?
 * Windows of a house in perspective do not.  And of the finest detail: has it the same residual?
 *
 *  1 residual and half size    2 the map made exact    3 the difference at half size
 *  4 correlation of residuals  5 opinion                                                    */
#include "copymove.h"

#include <math.h>
#include <string.h>

enum { REACH = AS_COPY_REACH, STEP = AS_MATCH_STEP };

/* ---- 1 residual and half size ----
 *
 * The residual is what two high passes leave: with one, things that look alike correlate by .35 at
 * quality 90, copies by .66; with two by .12 and .41 (medians on made pictures). */

/* out := in less its mean over 3 x 3 samples (weights 1, 2, 1 each way), the border repeated. */
static void high_pass(const struct as_plane *in, float *out)
{
    for (uint32_t y = 0; y < in->h; y++, out += in->w) {
        const float *at = in->at + y * in->stride;
        const float *up = y ? at - in->stride : at, *low = y + 1 < in->h ? at + in->stride : at;
        for (uint32_t x = 0; x < in->w; x++) {
            const uint32_t l = x ? x - 1 : x, r = x + 1 < in->w ? x + 1 : x;
            const float beside = up[l] + 2 * at[l] + low[l] + up[r] + 2 * at[r] + low[r];
            out[x] = at[x] - (beside + 2 * (up[x] + 2 * at[x] + low[x])) / 16;
        }
    }
}

/* What is added to the energy around: the residual of rounding to whole grey levels. */
enum { AROUND = 4 };
static const float rounding = 0.05F;

/* out := in divided by its strength over AROUND samples each way, so that edges do not outweigh
 * the noise; sums is [w]. */
static void even_out(const float *in, uint32_t w, uint32_t h, float *sums, float *out)
{
    for (uint32_t y = 0; y < h; y++) {
        const uint32_t y0 = y < AROUND ? 0 : y - AROUND, y1 = y + AROUND < h ? y + AROUND : h - 1;
        memset(sums, 0, w * sizeof *sums);
        for (uint32_t j = y0; j <= y1; j++)
            for (uint32_t x = 0; x < w; x++)
                sums[x] += in[(size_t)j * w + x] * in[(size_t)j * w + x];
        for (uint32_t x = 0; x < w; x++) {
            const uint32_t x0 = x < AROUND ? 0 : x - AROUND;
            const uint32_t x1 = x + AROUND < w ? x + AROUND : w - 1;
            float sum = 0;
            for (uint32_t i = x0; i <= x1; i++)
                sum += sums[i];
            sum /= (float)((x1 - x0 + 1) * (y1 - y0 + 1));
            out[(size_t)y * w + x] = in[(size_t)y * w + x] / sqrtf(sum + rounding);
        }
    }
}

/* k->half := means of 2 x 2 pixels, smoothed by what high_pass takes off.  It lies where the
 * smaller view was, which has .64 of the picture's pixels: this needs .5. */
static void halve(struct as_copy_work *k)
{
    const uint32_t w = k->whole.w / 2, h = k->whole.h / 2, stride = k->whole.w + 2 * REACH;
    const size_t n = (size_t)w * h;
    float *half = k->less.at, *fine = half + n;

    for (uint32_t y = 0; y < h; y++) {
        const float *at = k->whole.at + (size_t)(2 * y + REACH) * stride + REACH;
        for (uint32_t x = 0; x < w; x++, at += 2)
            half[(size_t)y * w + x] = (at[0] + at[1] + at[stride] + at[stride + 1]) / 4;
    }
    high_pass(&(struct as_plane){half, w, h, w}, fine);
    for (size_t i = 0; i < n; i++)
        half[i] -= fine[i];
    k->half = half;
}

void as_copy_residual(struct as_copy_work *k)
{
    const uint32_t w = k->whole.w, h = k->whole.h, stride = w + 2 * REACH;
    const struct as_plane whole = {k->whole.at + (size_t)REACH * stride + REACH, w, h, stride};
    const struct as_plane once = {k->residual, w, h, w};

    halve(k);
    high_pass(&whole, k->residual);
    high_pass(&once, k->whole.at);
    even_out(k->whole.at, w, h, k->rest, k->residual);
}

/* ---- 2 the map made exact ---- */

/* The mean of a region's nodes, px of p->from. */
static void middle(const struct as_copy_pass *p, const struct as_copy_region *r, double at[2])
{
    at[0] = at[1] = 0;
    for (uint32_t q = r->first; q < r->first + r->n; q++) {
        const uint32_t node = p->k->queue[q];
        at[0] += node % p->across * STEP;
        at[1] += (double)(node / p->across) * STEP;
    }
    at[0] /= r->n;
    at[1] /= r->n;
}

/* The map becomes a turn and scaling alone, by a and b; what it does at `c` changes by `by`. */
static void set_map(struct as_copy_region *r, double a, double b, const double c[2],
                    const double by[2])
{
    const double flip = r->mirrored ? -1 : 1;
    const double map[2][2] = {{a, -flip * b}, {b, flip * a}};

    for (int i = 0; i < 2; i++) {
        r->at[i] += (r->map[i][0] - map[i][0]) * c[0] + (r->map[i][1] - map[i][1]) * c[1] + by[i];
        r->map[i][0] = map[i][0];
        r->map[i][1] = map[i][1];
    }
}

/* The mean of four places `away` to each side and up and down. */
static double spread(const float *at, size_t stride, float x, float y, float away)
{
    const float x0 = x - away, x1 = x + away, y0 = y - away, y1 = y + away;

    return (as_copy_sample(at, stride, x0, y0) + as_copy_sample(at, stride, x1, y0) +
            as_copy_sample(at, stride, x0, y1) + as_copy_sample(at, stride, x1, y1)) /
           4;
}

/* What the half picture shows at a node and at its match; the latter's slope per pixel. */
struct pair {
    double a, b, slope[2];
};

/* False where the half picture does not reach.  The place that shows things larger is smoothed
 * more, as smoothing took more of the other's detail: its variance is about `smooth` half px. */
static bool pair_at(const struct as_copy_pass *p, const struct as_copy_region *r, uint32_t node,
                    struct pair *out)
{
    static const float smooth = 0.6F, margin = 2;
    const float size = (float)(r->scale * r->scale);
    const float away_a = size < 1 ? sqrtf(smooth * (1 / size - 1)) : 0;
    const float away_b = size > 1 ? sqrtf(smooth * (size - 1)) : 0;
    const uint32_t w = p->k->whole.w / 2, h = p->k->whole.h / 2;
    const float *half = p->k->half;
    const double x = node % p->across * STEP, y = (double)(node / p->across) * STEP;
    const float px = (float)(((x + 0.5) * p->ratio - 1) / 2);
    const float py = (float)(((y + 0.5) * p->ratio - 1) / 2);
    const float u = (float)((r->at[0] + r->map[0][0] * x + r->map[0][1] * y - 0.5) / 2);
    const float v = (float)((r->at[1] + r->map[1][0] * x + r->map[1][1] * y - 0.5) / 2);
    const float right = (float)w - 1 - margin, low = (float)h - 1 - margin;

    if (!(px >= margin && py >= margin && u >= margin && v >= margin && px <= right && py <= low &&
          u <= right && v <= low))
        return false;
    out->a = spread(half, w, px, py, away_a);
    out->b = spread(half, w, u, v, away_b);
    out->slope[0] = (as_copy_sample(half, w, u + 1, v) - as_copy_sample(half, w, u - 1, v)) / 4;
    out->slope[1] = (as_copy_sample(half, w, u, v + 1) - as_copy_sample(half, w, u, v - 1)) / 4;
    return true;
}

enum { UNKNOWN = 6, FIT_NODES = 2000, STEPS = 4 };
static const double unit = 32; /* px and grey levels, so that the unknowns are of one size */

/* b := what solves the symmetrical a x = b, of which the lower half is given, by Cholesky. */
static bool solve(double a[UNKNOWN][UNKNOWN], double b[UNKNOWN])
{
    for (int j = 0; j < UNKNOWN; j++)
        for (int i = j; i < UNKNOWN; i++) {
            for (int k = 0; k < j; k++)
                a[i][j] -= a[i][k] * a[j][k];
            if (i == j && !(a[j][j] > 1e-9))
                return false;
            a[i][j] = i == j ? sqrt(a[j][j]) : a[i][j] / a[j][j];
        }
    for (int j = 0; j < UNKNOWN; j++) {
        for (int k = 0; k < j; k++)
            b[j] -= a[j][k] * b[k];
        b[j] /= a[j][j];
    }
    for (int j = UNKNOWN - 1; j >= 0; j--) {
        for (int k = j + 1; k < UNKNOWN; k++)
            b[j] -= a[k][j] * b[k];
        b[j] /= a[j][j];
    }
    return true;
}

/* A step of Gauss and Newton: x := by how much the map is off (shift, a, b), and the gain and
 * level by which the second place shows the first. */
static bool misfit(const struct as_copy_pass *p, const struct as_copy_region *r, const double c[2],
                   double x[UNKNOWN])
{
    const uint32_t skip = 1 + r->n / FIT_NODES;
    const double flip = r->mirrored ? -1 : 1;
    double m[UNKNOWN][UNKNOWN] = {{0}};

    memset(x, 0, UNKNOWN * sizeof *x);
    for (uint32_t q = r->first; q < r->first + r->n; q += skip) {
        const uint32_t node = p->k->queue[q];
        const double i = (node % p->across * STEP - c[0]) / unit;
        const double j = ((double)(node / p->across) * STEP - c[1]) / unit;
        struct pair s;
        if (!pair_at(p, r, node, &s))
            continue;
        const double row[UNKNOWN] = {s.slope[0],
                                     s.slope[1],
                                     s.slope[0] * i + flip * s.slope[1] * j,
                                     s.slope[1] * i - flip * s.slope[0] * j,
                                     s.a / unit,
                                     1};
        for (int k = 0; k < UNKNOWN; k++) {
            for (int l = 0; l <= k; l++)
                m[k][l] += row[k] * row[l];
            x[k] += row[k] * s.b;
        }
    }
    for (int k = 0; k < UNKNOWN; k++)
        m[k][k] += 1e-6;
    return solve(m, x);
}

static const double scale_least = 0.6, scale_most = 1.7; /* as far as pair_at's margin reaches */

/* Makes the map the turn and scaling by which the half picture shows the region again most nearly;
 * false if there is none near. */
static bool refine(const struct as_copy_pass *p, struct as_copy_region *r, const double c[2])
{
    const double flip = r->mirrored ? -1 : 1, stay[2] = {0, 0};
    double x[UNKNOWN];

    set_map(r, (r->map[0][0] + flip * r->map[1][1]) / 2, (r->map[1][0] - flip * r->map[0][1]) / 2,
            c, stay);
    for (int i = 0; i < STEPS; i++) {
        if (!misfit(p, r, c, x))
            return false;
        for (int k = 0; k < 4; k++)
            if (!(fabs(x[k]) < 4))
                return false;
        set_map(r, r->map[0][0] - x[2] / unit, r->map[1][0] - x[3] / unit, c,
                (const double[2]){-x[0], -x[1]});
        r->scale = sqrt(r->map[0][0] * r->map[0][0] + r->map[1][0] * r->map[1][0]) / p->ratio;
        if (!(r->scale >= scale_least && r->scale <= scale_most))
            return false;
    }
    return true;
}

/* A map that is a shift to within a pixel over the region: made one of whole pixels. */
static void snap(const struct as_copy_pass *p, struct as_copy_region *r, const double c[2])
{
    const double a = r->map[0][0] - 1, b = r->map[1][0];

    if (p->ratio != 1 || r->mirrored || a * a > 0.02 * 0.02 || b * b > 0.02 * 0.02)
        return;
    r->at[0] = floor(r->at[0] + a * c[0] - b * c[1] + 0.5);
    r->at[1] = floor(r->at[1] + b * c[0] + a * c[1] + 0.5);
    r->map[0][0] = r->map[1][1] = r->scale = 1;
    r->map[0][1] = r->map[1][0] = 0;
}

/* ---- 3 the difference at half size ---- */

enum { BLOCK = 16 }; /* px: contrast is what varies within so much */

struct sums {
    double n, b, bb;
};

/* The sum over blocks of the squares of what varies within each. */
static double within_blocks(const struct sums *blocks, size_t n)
{
    double all = 0;

    for (size_t i = 0; i < n; i++)
        if (blocks[i].n > 0)
            all += blocks[i].bb - blocks[i].b * blocks[i].b / blocks[i].n;
    return all;
}

/* r->apart and r->contrast, after a common gain and level were taken out; and r->weakest: the mean
 * square of the slope in the direction in which it is least. */
static bool compare(const struct as_copy_pass *p, struct as_copy_region *r, const double c[2])
{
    const uint32_t across = p->from->w / BLOCK + 1, down = p->from->h / BLOCK + 1;
    struct sums *blocks = (void *)p->k->cost; /* the search is over */
    double x[UNKNOWN], apart = 0, n = 0, xx = 0, xy = 0, yy = 0;

    if (!misfit(p, r, c, x))
        return false;
    memset(blocks, 0, (size_t)across * down * sizeof *blocks);
    for (uint32_t q = r->first; q < r->first + r->n; q++) {
        const uint32_t node = p->k->queue[q];
        struct sums *s = blocks + (size_t)(node / p->across / (BLOCK / STEP)) * across +
                         node % p->across / (BLOCK / STEP);
        struct pair v;
        double e;
        if (!pair_at(p, r, node, &v))
            continue;
        e = v.b - x[4] / unit * v.a - x[5];
        apart += e * e;
        xx += v.slope[0] * v.slope[0];
        xy += v.slope[0] * v.slope[1];
        yy += v.slope[1] * v.slope[1];
        s->n++;
        s->b += v.b;
        s->bb += v.b * v.b;
        n++;
    }
    if (n == 0)
        return false;
    r->apart = apart / n;
    r->contrast = within_blocks(blocks, (size_t)across * down) / n;
    r->weakest = ((xx + yy) / 2 - sqrt((xx - yy) * (xx - yy) / 4 + xy * xy)) / n;
    return true;
}

/* ---- 4 correlation of residuals ---- */

static bool within(const struct as_copy_work *k, float x, float y)
{
    return x >= 0 && y >= 0 && x <= (float)(k->whole.w - 1) && y <= (float)(k->whole.h - 1);
}

/* Of the residuals of a region's pixels with those where they are shown again. */
static double correlate(const struct as_copy_pass *p, const struct as_copy_region *r)
{
    const struct as_copy_work *k = p->k;
    const size_t w = k->whole.w;
    double n = 0, a = 0, b = 0, aa = 0, ab = 0, bb = 0;

    for (uint32_t q = r->first; q < r->first + r->n; q++)
        for (uint32_t d = 0; d < STEP * STEP; d++) {
            const uint32_t node = k->queue[q];
            const double x = node % p->across * STEP + d % STEP;
            const double y = (double)(node / p->across) * STEP + (double)(d / STEP);
            const float px = (float)((x + 0.5) * p->ratio - 0.5);
            const float py = (float)((y + 0.5) * p->ratio - 0.5);
            const float u = (float)(r->at[0] + r->map[0][0] * x + r->map[0][1] * y);
            const float v = (float)(r->at[1] + r->map[1][0] * x + r->map[1][1] * y);
            float f, g;
            if (!within(k, px, py) || !within(k, u, v))
                continue;
            f = as_copy_sample(k->residual, w, px, py);
            g = as_copy_sample(k->residual, w, u, v);
            n++;
            a += f;
            b += g;
            aa += f * f;
            ab += f * g;
            bb += g * g;
        }
    if (n < 64)
        return 0;
    aa -= a * a / n;
    bb -= b * b / n;
    return aa > 0 && bb > 0 ? (ab - a * b / n) / sqrt(aa * bb) : 0;
}

/* The share of the region's nodes whose residual is nothing. */
static double plain_share(const struct as_copy_pass *p, const struct as_copy_region *r)
{
    uint32_t plain = 0;

    for (uint32_t q = r->first; q < r->first + r->n; q++) {
        const uint32_t node = p->k->queue[q];
        const uint32_t x = (uint32_t)((float)(node % p->across * STEP) * p->ratio);
        const uint32_t y = (uint32_t)((float)(node / p->across * STEP) * p->ratio);
        const float v = p->k->residual[(size_t)y * p->k->whole.w + x];
        plain += v < 0.01F && v > -0.01F;
    }
    return (double)plain / r->n;
}

/* ---- 5 opinion ---- */

/* A copy keeps shapes.  Things that are symmetrical look alike mirrored, edges and all, so that
 * mirrored copies need more; drawings repeat exactly. */
static const double distortion_most = 0.12, plain_most = 0.5;
static const double correlation_least = 0.2, mirrored_least = 0.6;

/* How far a copy may be apart, over its contrast; less, the smaller it is.  On the pictures that
 * this was chosen on, each look-alike was above 1.7 times the bound, and of 20 copies 19 were below
 * .8 times.  Where places differ by less than `same`, a weaker residual will do. */
enum { AREA_SURE = 1600 };
static const double apart_most = 0.02, contrast_none = 10, same = 0.01, same_least = 0.1;

/* A line looks the same all along itself: what is apart must be less than a move of 2 px in the
 * weakest direction would make.  Of a line in print it was 95; of copies, at most 4.4. */
static const double line_most = 5;

/* Whether it shows the same again at half size. */
static bool looks_same(const struct as_copy_region *r, double area)
{
    const double most = area < AREA_SURE ? apart_most * area / AREA_SURE : apart_most;

    return r->apart <= most * (r->contrast + contrast_none) && r->apart <= line_most * r->weakest;
}

enum as_copy_opinion as_copy_judge(const struct as_copy_pass *p, struct as_copy_region *r)
{
    const double area = (double)r->n * STEP * STEP * p->ratio * p->ratio;
    double least = correlation_least, c[2];

    if (r->distortion > distortion_most || r->scale < scale_least || r->scale > scale_most)
        return AS_COPY_OTHER;
    middle(p, r, c);
    if (!refine(p, r, c))
        return AS_COPY_ALIKE;
    snap(p, r, c);
    r->plain = plain_share(p, r);
    if (r->plain > plain_most || !compare(p, r, c) || !looks_same(r, area))
        return AS_COPY_ALIKE;
    if (r->mirrored)
        least = mirrored_least;
    else if (r->apart < same * r->contrast)
        least = same_least;
    r->correlation = correlate(p, r);
    return r->correlation >= least ? AS_COPY_COPIED : AS_COPY_ALIKE;
}
