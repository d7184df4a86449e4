/* prnu_map.c - where in a picture the noise of its sensor is missing.
 *
 *  1. cells
 *  2. windows
 *  3. what is expected
 *  4. what is told                                                                        */
#include "prnu_map.h"

#include "prnu.h"

#include <math.h>
#include <string.h>

enum {
    SIDE = AS_PRNU_MAP_SIDE,
    CELLS = SIDE * SIDE,
    WINDOW = AS_PRNU_MAP_WINDOW,
    HALF = WINDOW / 2,
    SHIFTS = 8, /* at which chance is measured */
    LANES = 8,
    ROUNDS = 20,
    LIKELY = 16, /* windows side by side that a picture must have */
    BRIGHT = 240 /* a mean of 8 x 8 pixels, of which some are clipped */
};

static const double strength_min = 4.5; /* what the mean window gives, in roots of the PCE   */
static const double missing_most = 2.0; /* z, in units of chance, where noise may be missing */
static const double likely_min = 2.5;   /* what must be expected there, likewise             */
static const double below_least = 3.75; /* of the scatter about what is expected             */
static const double spread_min = 0.1;
static const double share_most = 0.12; /* of a cell in its window's weight: a lamp in the dark */
static const double quiet = 0.3;       /* rms of a residual that compression has wiped out   */
enum { REGION_MIN = 6 /* cells */ };

/* Shifts by multiples of 8 have JPEG's blocks in common with the right place. */
static const int32_t shift[SHIFTS][2] = {{40, 72},  {-104, 56}, {72, -40}, {-56, -88},
                                         {136, 24}, {-24, 152}, {88, 168}, {-168, -120}};

/* Sums over cells, then over windows. */
struct sums {
    double t[SHIFTS + 1][CELLS]; /* q K: at the right place, then at the shifts */
    double v[CELLS], e[CELLS];   /* (I K)^2; W^2 */
    double f[2][CELLS];          /* what z is made of where the noise is there    */
    double z[CELLS], expected[CELLS], line[CELLS], largest[CELLS];
    bool use[CELLS];
    uint16_t stack[CELLS];
};

static void *query_part(struct sums *s)
{
    return (uint8_t *)s + (sizeof *s + 63) / 64 * 64;
}

size_t as_prnu_map_scratch(uint32_t w, uint32_t h)
{
    return (sizeof(struct sums) + 63) / 64 * 64 + as_prnu_query_scratch(w, h);
}

enum as_status as_prnu_map_plan(struct as_prnu_map *m, uint32_t w, uint32_t h, double pce)
{
    static const uint32_t cell[] = {32, 48, 64, 96, 128};

    memset(m, 0, sizeof *m);
    for (size_t i = 0; i < sizeof cell / sizeof *cell; i++) {
        const double side = (double)cell[i] * WINDOW;
        m->cell = cell[i];
        m->w = w / cell[i];
        m->h = h / cell[i];
        if (m->w > SIDE || m->h > SIDE)
            continue;
        if ((double)w * h < LIKELY * side * side || m->w < 2 * WINDOW || m->h < 2 * WINDOW)
            return AS_SKIP;
        if (pce > 0 && sqrt(pce / ((double)w * h)) * side >= strength_min)
            return AS_OK;
    }
    return AS_SKIP;
}

/* ---- 1. cells ---- */

static double add_lanes(const float sum[LANES])
{
    return (double)(((sum[0] + sum[4]) + (sum[2] + sum[6])) +
                    ((sum[1] + sum[5]) + (sum[3] + sum[7])));
}

static double dot(const float *restrict a, const float *restrict b, uint32_t n)
{
    float sum[LANES] = {0};

    for (uint32_t x = 0; x < n; x += LANES)
        for (uint32_t i = 0; i < LANES; i++)
            sum[i] += a[x + i] * b[x + i];
    return add_lanes(sum);
}

/* (I K)^2 where the light does not clip. */
static double light(const float *restrict in, const float *restrict k, uint32_t n)
{
    float sum[LANES] = {0};

    for (uint32_t x = 0; x < n; x += LANES)
        for (uint32_t i = 0; i < LANES; i++) {
            const float v = in[x + i] < (float)BRIGHT ? in[x + i] * (1.0f / 255) * k[x + i] : 0;
            sum[i] += v * v;
        }
    return add_lanes(sum);
}

/* q := 0 where the light clips. */
static void darken(const struct as_plane *luma, float *q)
{
    for (uint32_t y = 0; y < luma->h; y++) {
        const float *restrict in = luma->at + y * luma->stride;
        float *restrict row = q + (size_t)y * luma->w;
        for (uint32_t x = 0; x < luma->w; x++)
            row[x] = in[x] < (float)BRIGHT ? row[x] : 0;
    }
}

static void measure_noise(const struct as_prnu_map *m, struct sums *s, const float *w,
                          uint32_t wide)
{
    for (uint32_t y = 0; y < m->h * m->cell; y++)
        for (uint32_t x = 0; x < m->w; x++) {
            const float *at = w + (size_t)y * wide + (size_t)x * m->cell;
            s->e[y / m->cell * m->w + x] += dot(at, at, m->cell);
        }
}

/* Where a row of a cell begins in the fingerprint, `by` off; another wrong place at the border. */
static const float *shifted(const struct as_plane *in, const float *k, uint32_t x, uint32_t y,
                            uint32_t cell, const int32_t by[2])
{
    const int64_t w = in->w, h = in->h;
    const int64_t sx = ((int64_t)x + by[1] + w) % w, sy = ((int64_t)y + by[0] + h) % h;

    return k + sy * w + (sx + cell > w ? 0 : sx);
}

static void measure_match(const struct as_prnu_map *m, struct sums *s, const struct as_plane *luma,
                          const float *q, const float *k)
{
    for (uint32_t y = 0; y < m->h * m->cell; y++)
        for (uint32_t x = 0; x < m->w; x++) {
            const uint32_t px = x * m->cell, at = y / m->cell * m->w + x;
            const size_t place = (size_t)y * luma->w + px;
            s->v[at] += light(luma->at + y * luma->stride + px, k + place, m->cell);
            s->t[0][at] += dot(q + place, k + place, m->cell);
            for (int i = 0; i < SHIFTS; i++)
                s->t[i + 1][at] +=
                    dot(q + place, shifted(luma, k, px, y, m->cell, shift[i]), m->cell);
        }
}

/* ---- 2. windows ---- */

static uint32_t first_of(uint32_t i, uint32_t n)
{
    return i < HALF ? 0 : i + HALF >= n ? n - WINDOW : i - HALF;
}

/* Cells become the sums of their windows; at the border those of the last window inside. */
static void add_windows(const struct as_prnu_map *m, double *plane, double *line)
{
    for (uint32_t y = 0; y < m->h; y++)
        for (uint32_t x = 0; x < m->w; x++) {
            const double *from = plane + y * m->w + first_of(x, m->w);
            line[y * m->w + x] = from[0] + from[1] + from[2] + from[3] + from[4];
        }
    for (uint32_t y = 0; y < m->h; y++)
        for (uint32_t x = 0; x < m->w; x++) {
            const double *from = line + first_of(y, m->h) * m->w + x;
            const size_t w = m->w;
            plane[y * m->w + x] = from[0] + from[w] + from[2 * w] + from[3 * w] + from[4 * w];
        }
}

/* The largest cell of each window. */
static void find_largest(const struct as_prnu_map *m, const double *plane, double *largest)
{
    for (uint32_t y = 0; y < m->h; y++)
        for (uint32_t x = 0; x < m->w; x++) {
            const double *from = plane + first_of(y, m->h) * m->w + first_of(x, m->w);
            double most = 0;
            for (uint32_t i = 0; i < WINDOW * WINDOW; i++) {
                const double v = from[i / WINDOW * m->w + i % WINDOW];
                most = v > most ? v : most;
            }
            largest[y * m->w + x] = most;
        }
}

/* z and the features of all windows, and what chance gives. */
static uint32_t take_windows(struct as_prnu_map *m, struct sums *s)
{
    const double pixels = (double)m->cell * m->cell * WINDOW * WINDOW;
    const uint32_t n = m->w * m->h;
    double chance = 0;
    uint32_t used = 0;

    for (int i = 0; i <= SHIFTS; i++)
        add_windows(m, s->t[i], s->line);
    for (uint32_t i = 0; i < n; i++) {
        const double rms = sqrt(s->e[i] * WINDOW * WINDOW / pixels);
        s->f[1][i] = s->v[i] / (rms > quiet ? rms : quiet);
    }
    find_largest(m, s->v, s->largest);
    add_windows(m, s->f[1], s->line);
    add_windows(m, s->v, s->line);
    add_windows(m, s->e, s->line);
    for (uint32_t i = 0; i < n; i++) {
        const double rms = sqrt(s->e[i] / pixels), root = sqrt(s->v[i]);
        s->use[i] = rms >= quiet && root > 0 && s->largest[i] <= share_most * s->v[i];
        s->z[i] = root > 0 ? s->t[0][i] / root : 0;
        s->f[0][i] = root;
        s->f[1][i] = root > 0 ? s->f[1][i] / root : 0;
        for (int k = 1; k <= SHIFTS && s->use[i]; k++)
            chance += s->t[k][i] * s->t[k][i] / s->v[i];
        used += s->use[i];
    }
    m->chance = used ? (float)sqrt(chance / used / SHIFTS) : 0;
    return used;
}

/* ---- 3. what is expected ---- */

/* b of the weighted least squares, neither below 0. */
static void solve(const struct sums *s, uint32_t n, const double *weight, double b[2])
{
    double aa = 0, ab = 0, bb = 0, az = 0, bz = 0;

    for (uint32_t i = 0; i < n; i++) {
        const double wa = weight[i] * s->f[0][i], wb = weight[i] * s->f[1][i];
        aa += wa * s->f[0][i];
        ab += wa * s->f[1][i];
        bb += wb * s->f[1][i];
        az += wa * s->z[i];
        bz += wb * s->z[i];
    }
    const double det = aa * bb - ab * ab;
    b[0] = det > 1e-9 * aa * bb ? (az * bb - bz * ab) / det : 0;
    b[1] = det > 1e-9 * aa * bb ? (bz * aa - az * ab) / det : -1;
    if (b[1] < 0) {
        b[0] = aa > 0 && az > 0 ? az / aa : 0;
        b[1] = 0;
    } else if (b[0] < 0) {
        b[0] = 0;
        b[1] = bb > 0 && bz > 0 ? bz / bb : 0;
    }
}

/* Least absolute deviations by weights anew. */
static void expect(struct as_prnu_map *m, struct sums *s)
{
    const uint32_t n = m->w * m->h;
    const double least = (double)m->chance / 4;
    double *weight = s->line, b[2], above = 0, squares = 0;

    for (uint32_t i = 0; i < n; i++)
        weight[i] = s->use[i];
    for (int round = 0; round < ROUNDS; round++) {
        solve(s, n, weight, b);
        for (uint32_t i = 0; i < n; i++) {
            s->expected[i] = b[0] * s->f[0][i] + b[1] * s->f[1][i];
            const double off = fabs(s->z[i] - s->expected[i]);
            weight[i] = s->use[i] ? 1 / (off > least ? off : least) : 0;
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        const double off = s->z[i] - s->expected[i];
        if (!s->use[i] || off <= 0)
            continue;
        above += off * off - (double)m->chance * (double)m->chance;
        squares += s->expected[i] * s->expected[i];
    }
    const double spread = squares > 0 && above > 0 ? sqrt(above / squares) : 0;
    m->spread = (float)(spread > spread_min ? spread : spread_min);
    m->expected = (float)s->expected[(m->h / 2) * m->w + m->w / 2];
}

/* ---- 4. what is told ---- */

static uint8_t probable(double z, double e, double s0, double s1)
{
    const double log_ratio =
        (z - e) * (z - e) / (2 * s1 * s1) - z * z / (2 * s0 * s0) + log(s1 / s0);
    const double p = 1 / (1 + exp(-log_ratio));

    return (uint8_t)(p * (AS_PRNU_MAP_MISSING - 1) + 0.5);
}

static void judge(struct as_prnu_map *m, struct sums *s)
{
    const double s0 = (double)m->chance;

    for (uint32_t i = 0; i < m->w * m->h; i++) {
        const double z = s->z[i], e = s->expected[i], c = (double)m->spread * e;
        const double s1 = sqrt(s0 * s0 + c * c);
        const bool likely = s->use[i] && e >= likely_min * s0;
        m->at[i] = likely ? probable(z, e, s0, s1) : AS_PRNU_MAP_UNKNOWN;
        s->use[i] = likely && z <= missing_most * s0 && e - z >= below_least * s1;
        m->unknown += !s->use[i] && !(likely && e >= below_least * s1);
    }
}

/* The cells that hang together with `from`; returns how many, the last of them on the stack. */
static uint32_t grow(const struct as_prnu_map *m, struct sums *s, uint32_t from)
{
    uint32_t n = 0;

    s->stack[n++] = (uint16_t)from;
    s->use[from] = false;
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t at = s->stack[i], x = at % m->w, y = at / m->w;
        const uint32_t next[4] = {x > 0 ? at - 1 : at, x + 1 < m->w ? at + 1 : at,
                                  y > 0 ? at - m->w : at, y + 1 < m->h ? at + m->w : at};
        for (int k = 0; k < 4; k++)
            if (s->use[next[k]]) {
                s->use[next[k]] = false;
                s->stack[n++] = (uint16_t)next[k];
            }
    }
    return n;
}

static void find_regions(struct as_prnu_map *m, struct sums *s)
{
    for (uint32_t i = 0; i < m->w * m->h; i++) {
        if (!s->use[i])
            continue;
        const uint32_t n = grow(m, s, i);
        if (n < REGION_MIN)
            continue;
        m->regions++;
        m->missing += n;
        for (uint32_t k = 0; k < n; k++)
            m->at[s->stack[k]] = AS_PRNU_MAP_MISSING;
    }
}

enum as_status as_prnu_map(struct as_prnu_map *m, const struct as_plane *luma, float *w,
                           const float *k, void *scratch)
{
    struct sums *s = scratch;
    enum as_status status;

    memset(s, 0, sizeof *s);
    measure_noise(m, s, w, luma->w);
    status = as_prnu_query(luma, AS_PRNU_LOCAL | AS_PRNU_WEIGHT, NULL, NULL, w, query_part(s));
    if (status != AS_OK)
        return status;
    darken(luma, w);
    measure_match(m, s, luma, w, k);
    if (take_windows(m, s) < LIKELY * WINDOW * WINDOW / 2 || m->chance <= 0)
        return AS_SKIP; /* chance gives 0 for a made fingerprint only: blocks among clipped light */
    expect(m, s);
    judge(m, s);
    find_regions(m, s);
    return m->regions == 0 && m->w * m->h - m->unknown < WINDOW * WINDOW ? AS_SKIP : AS_OK;
}
