/* residual.c - Mihcak's denoiser: locally adaptive Wiener in four levels of db4.
 *
 * Down: each level's details are stored, its approximation is the next level's plane.  Then each
 * band of details is weighed in place, a row at a time, with a ring of nine rows of energies.  Up:
 * each level writes over the plane it came from, the last one into `out`.                        */
#include "residual.h"

#include "scratch.h"
#include "simd_rows.h"
#include "wavelet.h"

#include <string.h>

enum { LINE = 16, PAD = AS_ENERGY_PAD, RING = AS_ENERGY_ROWS };

static const float noise_variance = 25.0f; /* sigma0 = 5 */

/* Where everything lies in the scratch; sizes of the planes: side 0 is the picture. */
struct plan {
    uint32_t levels;
    uint32_t w[AS_RESIDUAL_LEVELS + 1], h[AS_RESIDUAL_LEVELS + 1];
    struct as_bands bands[AS_RESIDUAL_LEVELS]; /* ll: the plane of the next level */
    float *rows;                               /* of the wavelet                  */
    float *ring, *gain, *zero;                 /* of the weighing                 */
};

static float *take(struct as_scratch *room, size_t n)
{
    return as_scratch_take(room, n * sizeof(float));
}

/* Floats of one row of energies with its pads. */
static size_t ring_row(uint32_t w)
{
    return (w + 2 * (size_t)LINE + LINE - 1) / LINE * LINE;
}

/* Bytes of all; scratch NULL: counts only. */
static size_t lay_out(uint32_t w, uint32_t h, void *scratch, struct plan *p)
{
    const uint32_t least = w < h ? w : h;
    struct as_scratch room = {scratch, 0};

    p->levels = as_wavelet_levels(least, AS_RESIDUAL_LEVELS);
    p->w[0] = w;
    p->h[0] = h;
    for (uint32_t l = 0; l < p->levels; l++) {
        const uint32_t cw = as_wavelet_coefs(p->w[l]), ch = as_wavelet_coefs(p->h[l]);
        const size_t n = (size_t)cw * ch;
        p->w[l + 1] = cw;
        p->h[l + 1] = ch;
        p->bands[l].lh = take(&room, n);
        p->bands[l].hl = take(&room, n);
        p->bands[l].hh = take(&room, n);
        p->bands[l].ll = l + 1 < p->levels ? take(&room, n) : NULL;
    }
    p->rows = take(&room, as_wavelet_scratch(w));
    p->ring = take(&room, RING * ring_row(p->w[1]));
    p->zero = take(&room, ring_row(p->w[1]));
    p->gain = take(&room, ring_row(p->w[1]));
    return room.used;
}

size_t as_residual_scratch(uint32_t w, uint32_t h)
{
    struct plan p;

    if (w < AS_RESIDUAL_MIN_SIDE || h < AS_RESIDUAL_MIN_SIDE ||
        (uint64_t)w * h > SIZE_MAX / 64 - 512 * ((uint64_t)w + h))
        return 0;
    return lay_out(w, h, NULL, &p);
}

/* Weighs one band in place. */
static void weigh(float *band, uint32_t w, uint32_t h, const struct plan *p)
{
    const size_t row = ring_row(w);
    uint32_t squared = 0;

    for (size_t k = 0; k < RING; k++) /* pads stay zero */
        memset(p->ring + k * row, 0, row * sizeof *p->ring);
    memset(p->zero, 0, row * sizeof *p->zero);
    for (uint32_t y = 0; y < h; y++) {
        const float *e[RING];
        for (; squared < h && squared <= y + PAD; squared++)
            as_rows.square(band + (size_t)squared * w, w, p->ring + squared % RING * row + LINE);
        for (uint32_t k = 0; k < RING; k++) {
            const uint32_t at = y + k - PAD; /* wraps above h where it is above the band */
            e[k] = (at < h ? p->ring + at % RING * row : p->zero) + LINE;
        }
        as_rows.wiener_gain(e, w, noise_variance, p->gain);
        as_rows.scale(p->gain, w, band + (size_t)y * w);
    }
}

enum as_status as_residual(const struct as_plane *in, float *out, size_t out_stride, void *scratch)
{
    struct plan p;
    struct as_plane at = *in;

    if (in->w < AS_RESIDUAL_MIN_SIDE || in->h < AS_RESIDUAL_MIN_SIDE)
        return AS_SKIP;
    lay_out(in->w, in->h, scratch, &p);
    for (uint32_t l = 0; l < p.levels; l++) {
        const struct as_bands *b = &p.bands[l];
        const uint32_t w = p.w[l + 1], h = p.h[l + 1];
        as_wavelet_forward(&at, b, p.rows);
        weigh(b->lh, w, h, &p);
        weigh(b->hl, w, h, &p);
        weigh(b->hh, w, h, &p);
        at = (struct as_plane){b->ll, w, h, w};
    }
    for (uint32_t l = p.levels; l-- > 0;)
        as_wavelet_inverse(&p.bands[l], p.w[l], p.h[l], l ? p.bands[l - 1].ll : out,
                           l ? p.w[l] : out_stride, p.rows);
    return AS_OK;
}
