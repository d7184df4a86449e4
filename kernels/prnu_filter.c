/* prnu_filter.c - taking away what is not random: linear patterns and periodic ones.
 *
 * Zero mean by rows and columns removes what all cameras of a model share in their readout; the
 * Wiener step in the DFT removes peaks, such as JPEG's blocks leave. */
#include "prnu.h"

#include "prnu_filter.h"

#include "simd_rows.h"

#include <string.h>

enum { PAD = AS_ENERGY_PAD, RING = AS_ENERGY_ROWS, LANES = 8 };

/* ---- zero mean ---- */

/* Sums of the even and of the odd columns of a row. */
static void row_sums(const float *row, uint32_t w, double sum[2])
{
    double lane[LANES] = {0};
    uint32_t x = 0;

    for (; x + LANES <= w; x += LANES)
        for (uint32_t k = 0; k < LANES; k++)
            lane[k] += (double)row[x + k];
    for (; x < w; x++)
        lane[x % LANES] += (double)row[x];
    for (int p = 0; p < 2; p++)
        sum[p] = (lane[p] + lane[p + 2]) + (lane[p + 4] + lane[p + 6]);
}

/* Samples of phase p of n. */
static double phase_count(uint32_t n, uint32_t p)
{
    return (double)((n + 1 - p) / 2);
}

void as_prnu_zero_mean(float *plane, uint32_t w, uint32_t h, void *scratch)
{
    double *column[2] = {scratch, (double *)scratch + w}, *row = (double *)scratch + 2 * (size_t)w;
    double mean[2][2] = {{0}};

    memset(scratch, 0, 2 * (size_t)w * sizeof(double));
    for (uint32_t y = 0; y < h; y++) {
        const float *at = plane + (size_t)y * w;
        double *to = column[y & 1];
        row_sums(at, w, row + 2 * (size_t)y);
        for (uint32_t x = 0; x < w; x++)
            to[x] += (double)at[x];
        for (int p = 0; p < 2; p++)
            mean[y & 1][p] += row[2 * (size_t)y + (size_t)p];
    }
    for (uint32_t q = 0; q < 2; q++)
        for (uint32_t x = 0; x < w; x++)
            column[q][x] = column[q][x] / phase_count(h, q) -
                           mean[q][x & 1] / (phase_count(h, q) * phase_count(w, x & 1));
    for (uint32_t y = 0; y < h; y++) {
        float *at = plane + (size_t)y * w;
        const double *c = column[y & 1], *r = row + 2 * (size_t)y;
        const double even = r[0] / phase_count(w, 0), odd = r[1] / phase_count(w, 1);
        for (uint32_t x = 0; x + 1 < w; x += 2) {
            at[x] = (float)((double)at[x] - (c[x] + even));
            at[x + 1] = (float)((double)at[x + 1] - (c[x + 1] + odd));
        }
        if (w & 1)
            at[w - 1] = (float)((double)at[w - 1] - (c[w - 1] + even));
    }
}

/* ---- the Wiener step ---- */

/* The energies |F|^2 of a half plane and how the whole one continues around it. */
struct energies {
    float *spectrum;
    uint32_t w, h;
    size_t cells, row; /* of a row of the spectrum; floats of one of the ring, with its pads   */
    float *halo;       /* [h][2][PAD] energies left and right of each row                      */
    float *first;      /* [PAD][row] rows 0 .. PAD - 1, for after the last one                 */
    float *ring;       /* [RING][row]                                                          */
    float *gain;
};

/* Floats of all of these but the spectrum: below w*h for sides >= AS_PRNU_MIN_SIDE. */
static void lay_out(struct energies *e, const struct as_fft *fft, float *spectrum, float *scratch)
{
    e->spectrum = spectrum;
    e->w = as_fft_width(fft);
    e->h = as_fft_height(fft);
    e->cells = (size_t)e->w / 2 + 1;
    e->row = e->cells + 2 * PAD;
    e->halo = scratch;
    e->first = e->halo + (size_t)e->h * 2 * PAD;
    e->ring = e->first + PAD * e->row;
    e->gain = e->ring + RING * e->row;
}

static float energy_at(const struct energies *e, size_t kx, uint32_t ky)
{
    const float *f = e->spectrum + 2 * (ky * e->cells + kx);
    return f[0] * f[0] + f[1] * f[1];
}

/* The columns beyond both ends of the half plane: the conjugates of some within it.  Kept before
 * the first row is weighed. */
static void keep_halo(struct energies *e)
{
    for (uint32_t ky = 0; ky < e->h; ky++) {
        const uint32_t mirror = ky ? e->h - ky : 0;
        float *to = e->halo + (size_t)ky * 2 * PAD;
        for (size_t j = 0; j < PAD; j++) {
            to[j] = energy_at(e, PAD - j, mirror);
            to[PAD + j] = energy_at(e, e->w - e->cells - j, mirror);
        }
    }
}

/* Row ky of energies with its pads. */
static void fill_row(const struct energies *e, uint32_t ky, float *to)
{
    const float *restrict f = e->spectrum + 2 * ky * e->cells;
    const float *halo = e->halo + (size_t)ky * 2 * PAD;
    float *restrict out = to + PAD;

    for (size_t x = 0; x < e->cells; x++)
        out[x] = f[2 * x] * f[2 * x] + f[2 * x + 1] * f[2 * x + 1];
    memcpy(to, halo, PAD * sizeof *to);
    memcpy(out + e->cells, halo + PAD, PAD * sizeof *to);
}

/* Place v of the ring: row v - PAD of the periodic plane, for v from 0 to h + 2 PAD - 1. */
static void fill_place(const struct energies *e, uint32_t v)
{
    float *to = e->ring + v % RING * e->row;

    if (v >= e->h + PAD)
        memcpy(to, e->first + (v - e->h - PAD) * e->row, e->row * sizeof *to);
    else
        fill_row(e, v < PAD ? e->h + v - PAD : v - PAD, to);
}

static void weigh_row(const struct energies *e, uint32_t ky, float variance)
{
    const float *rows[RING];
    const float *restrict gain = e->gain;
    float *restrict f = e->spectrum + 2 * ky * e->cells;

    for (uint32_t k = 0; k < RING; k++)
        rows[k] = e->ring + (ky + k) % RING * e->row + PAD;
    as_rows.wiener_gain(rows, e->cells, variance, e->gain);
    for (size_t x = 0; x < e->cells; x++) {
        f[2 * x] *= gain[x];
        f[2 * x + 1] *= gain[x];
    }
}

/* Sum of (v - mean)^2 in LANES interleaved sums. */
static double spread(const float *plane, size_t n)
{
    double sum[LANES] = {0}, squares[LANES] = {0};

    for (size_t i = 0; i < n / LANES * LANES; i += LANES)
        for (size_t k = 0; k < LANES; k++) {
            const double v = (double)plane[i + k];
            sum[k] += v;
            squares[k] += v * v;
        }
    for (size_t i = n / LANES * LANES; i < n; i++) {
        sum[0] += (double)plane[i];
        squares[0] += (double)plane[i] * (double)plane[i];
    }
    for (int k = 1; k < LANES; k++) {
        sum[0] += sum[k];
        squares[0] += squares[k];
    }
    const double total = squares[0] - sum[0] * sum[0] / (double)n;
    return total > 0 ? total : 0;
}

static double largest_energy(const struct energies *e)
{
    float most = 0;

    for (uint32_t ky = 0; ky < e->h; ky++)
        for (size_t kx = 0; kx < e->cells; kx++)
            if (energy_at(e, kx, ky) > most)
                most = energy_at(e, kx, ky);
    return (double)most;
}

void as_prnu_wiener(float *plane, struct as_fft *fft, float *spectrum, struct as_prnu_step *step)
{
    const size_t n = (size_t)as_fft_width(fft) * as_fft_height(fft);
    const struct as_plane in = {plane, as_fft_width(fft), as_fft_height(fft), as_fft_width(fft)};
    const double variance = spread(plane, n) / (double)(n - 1);
    struct energies e;

    as_fft_forward(fft, &in, spectrum);
    lay_out(&e, fft, spectrum, plane);
    if (step)
        *step = (struct as_prnu_step){
            .before = variance,
            .peak = variance > 0 ? largest_energy(&e) / (double)n / variance : 0};
    keep_halo(&e);
    for (uint32_t k = 0; k < PAD; k++)
        fill_row(&e, k, e.first + k * e.row);
    for (uint32_t v = 0; v < RING - 1; v++)
        fill_place(&e, v);
    for (uint32_t ky = 0; variance > 0 && ky < e.h; ky++) {
        fill_place(&e, ky + RING - 1);
        weigh_row(&e, ky, (float)(variance * (double)n));
    }
    as_fft_inverse(fft, spectrum, plane, in.w);
    if (step)
        step->after = spread(plane, n) / (double)(n - 1);
}
