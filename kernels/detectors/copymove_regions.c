/* copymove_regions.c - areas that a linear field leads elsewhere.
 *
 *  1 where the field is linear    2 regions                                                */
#include "copymove.h"

#include <math.h>
#include <string.h>

enum {
    REACH = AS_COPY_REACH,
    STEP = AS_MATCH_STEP,
    SHIFT_MIN = 32, /* px that a copy was moved; the paper has 50, for pictures of 1 MP */
    FIT = 3,        /* nodes around one that are fitted: 6 px */
    FIT_N = (2 * FIT + 1) * (2 * FIT + 1),
    FIT_ERROR = 130, /* sum of squares over them; the paper's 300 for 113 pixels, for 49 nodes */
    JUMP = 8,        /* px: matches of neighbouring nodes differ by no more */
    AREA_MIN = 700   /* px of a region */
};

/* ---- 1 where the field is linear ---- */

static int16_t median9(int16_t *v)
{
    for (int i = 0; i < 5; i++) /* the five smallest, in order */
        for (int j = 8; j > i; j--) {
            const int16_t lo = v[j - 1] < v[j] ? v[j - 1] : v[j];
            v[j] = v[j - 1] < v[j] ? v[j] : v[j - 1];
            v[j - 1] = lo;
        }
    return v[4];
}

/* Each coordinate's median of 3 x 3 nodes; the border stays. */
static void smooth_field(const struct as_copy_pass *p, const struct as_match *in,
                         struct as_match *out)
{
    const size_t n = p->across;

    memcpy(out, in, n * p->down * sizeof *out);
    for (uint32_t j = 1; j + 1 < p->down; j++)
        for (uint32_t i = 1; i + 1 < n; i++) {
            int16_t x[9], y[9];
            for (size_t d = 0; d < 9; d++) {
                const struct as_match *m = in + (j - 1 + d / 3) * n + i - 1 + d % 3;
                x[d] = m->x;
                y[d] = m->y;
            }
            out[j * n + i] = (struct as_match){median9(x), median9(y)};
        }
}

/* The squared error of the best linear function over the nodes around `at`, of both coordinates. */
static double fit_error(const struct as_match *at, size_t across)
{
    int64_t sx = 0, sy = 0, xi = 0, xj = 0, yi = 0, yj = 0, all = 0;
    const double slope = (double)FIT_N * FIT * (FIT + 1) / 3;

    for (int j = -FIT; j <= FIT; j++)
        for (int i = -FIT; i <= FIT; i++) {
            const struct as_match *m = at + (ptrdiff_t)across * j + i;
            const int32_t x = m->x - at->x, y = m->y - at->y;
            sx += x;
            sy += y;
            xi += x * i;
            xj += x * j;
            yi += y * i;
            yj += y * j;
            all += (int64_t)x * x + (int64_t)y * y;
        }
    return (double)all - (double)(sx * sx + sy * sy) / FIT_N -
           (double)(xi * xi + xj * xj + yi * yi + yj * yj) / slope;
}

static bool near(const struct as_match *a, const struct as_match *b)
{
    const int dx = a->x - b->x, dy = a->y - b->y;

    return dx <= JUMP && dx >= -JUMP && dy <= JUMP && dy >= -JUMP;
}

static bool moved(const struct as_copy_pass *p, const struct as_match *m, uint32_t i, uint32_t j)
{
    const float dx = (float)m->x - (float)(i * STEP) * p->ratio;
    const float dy = (float)m->y - (float)(j * STEP) * p->ratio;

    return dx * dx + dy * dy >= (float)(SHIFT_MIN * SHIFT_MIN);
}

/* state := 1 where the field is linear and leads elsewhere. */
static void find_linear(const struct as_copy_pass *p, const struct as_match *field)
{
    const size_t n = p->across;

    memset(p->k->state, 0, n * p->down);
    for (uint32_t j = FIT; j + FIT < p->down; j++)
        for (uint32_t i = FIT; i + FIT < n; i++) {
            const struct as_match *m = field + j * n + i;
            if (near(m, m - 1) && near(m, m + 1) && near(m, m - n) && near(m, m + n) &&
                moved(p, m, i, j) && fit_error(m, n) <= FIT_ERROR)
                p->k->state[j * n + i] = 1;
        }
}

/* ---- 2 regions ---- */

/* The nodes that hang together with `start`, into the queue from `first` on. */
static uint32_t gather(const struct as_copy_pass *p, const struct as_match *field, uint32_t first,
                       uint32_t start)
{
    const uint32_t n = p->across;
    uint32_t end = first;

    p->k->queue[end++] = start;
    p->k->state[start] = 2;
    for (uint32_t i = first; i < end; i++) {
        const uint32_t at = p->k->queue[i]; /* never at the border: find_linear */
        const uint32_t beside[4] = {at - 1, at + 1, at - n, at + n};
        for (int d = 0; d < 4; d++)
            if (p->k->state[beside[d]] == 1 && near(field + at, field + beside[d])) {
                p->k->state[beside[d]] = 2;
                p->k->queue[end++] = beside[d];
            }
    }
    return end - first;
}

/* Least squares over the nodes that the last fit, if any, leads within 3 px. */
static bool fit(const struct as_copy_pass *p, const struct as_match *field,
                struct as_copy_region *r, bool again)
{
    double n = 0, x = 0, y = 0, xx = 0, xy = 0, yy = 0, u[2] = {0}, ux[2] = {0}, uy[2] = {0}, det;

    for (uint32_t k = r->first; k < r->first + r->n; k++) {
        const uint32_t node = p->k->queue[k];
        const double a = node % p->across * STEP, b = (double)(node / p->across) * STEP;
        const double to[2] = {field[node].x, field[node].y};
        const double ex = r->at[0] + r->map[0][0] * a + r->map[0][1] * b - to[0];
        const double ey = r->at[1] + r->map[1][0] * a + r->map[1][1] * b - to[1];
        if (again && ex * ex + ey * ey > 9)
            continue;
        n++;
        x += a;
        y += b;
        xx += a * a;
        xy += a * b;
        yy += b * b;
        for (int c = 0; c < 2; c++) {
            u[c] += to[c];
            ux[c] += to[c] * a;
            uy[c] += to[c] * b;
        }
    }
    if (n < 16)
        return false;
    xx -= x * x / n;
    xy -= x * y / n;
    yy -= y * y / n;
    det = xx * yy - xy * xy;
    if (!(det > 1e-9 * (xx + yy) * (xx + yy)))
        return false;
    for (int c = 0; c < 2; c++) {
        const double cx = ux[c] - u[c] * x / n, cy = uy[c] - u[c] * y / n;
        r->map[c][0] = (cx * yy - cy * xy) / det;
        r->map[c][1] = (cy * xx - cx * xy) / det;
        r->at[c] = (u[c] - r->map[c][0] * x - r->map[c][1] * y) / n;
    }
    return true;
}

/* A matrix is a turn and scaling plus a mirrored one; a copy has one of them. */
static void take_apart(const struct as_copy_pass *p, struct as_copy_region *r)
{
    const double a = r->map[0][0], b = r->map[0][1], c = r->map[1][0], d = r->map[1][1];
    const double turn = sqrt((a + d) * (a + d) + (c - b) * (c - b)) / 2;
    const double flip = sqrt((a - d) * (a - d) + (c + b) * (c + b)) / 2;

    r->mirrored = flip > turn;
    r->scale = (r->mirrored ? flip : turn) / p->ratio;
    r->distortion = r->mirrored ? turn / flip : turn > 0 ? flip / turn : 1;
}

/* The largest regions, at most AS_COPY_REGIONS; their number. */
static uint32_t list_regions(const struct as_copy_pass *p, const struct as_match *field,
                             struct as_copy_region *all)
{
    const float least = (float)AREA_MIN / (STEP * STEP) / (p->ratio * p->ratio);
    uint32_t end = 0, found = 0;

    for (uint32_t at = 0; at < p->across * p->down; at++) {
        struct as_copy_region r = {.first = end};
        uint32_t to = found;
        if (p->k->state[at] != 1)
            continue;
        r.n = gather(p, field, end, at);
        end += r.n;
        if ((float)r.n < least || !fit(p, field, &r, false) || !fit(p, field, &r, true))
            continue;
        take_apart(p, &r);
        while (to > 0 && all[to - 1].n < r.n)
            to--;
        if (to == AS_COPY_REGIONS)
            continue;
        found += found < AS_COPY_REGIONS;
        memmove(all + to + 1, all + to, (found - 1 - to) * sizeof *all);
        all[to] = r;
    }
    return found;
}

uint32_t as_copy_regions(const struct as_copy_pass *p, struct as_copy_region *all)
{
    struct as_copy_work *k = p->k;

    smooth_field(p, k->field, k->smooth);
    smooth_field(p, k->smooth, k->field);
    find_linear(p, k->field);
    return list_regions(p, k->field, all);
}
