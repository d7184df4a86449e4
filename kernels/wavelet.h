/* wavelet.h - Daubechies' wavelet with 8 taps (db4), decimated, in two dimensions.
 *
 * A. Cohen, I. Daubechies, J.-C. Feauveau 1992 for the name; the taps are those of I. Daubechies,
 * "Ten lectures on wavelets", table 6.1.  Borders are `symmetric` (x1 x0 | x0 x1 ...), the default
 * of PyWavelets, so that a residual agrees with prnu-python's up to rounding; `periodization` would
 * give other values within about 16 << level samples of the border and another phase in between.
 * The transform is decimated: it depends on the phase of the picture modulo 2^levels.       */
#ifndef AS_WAVELET_H
#define AS_WAVELET_H

#include "base.h"

enum { AS_WAVELET_TAPS = 8 };

/* Coefficients of n samples: (n + 7) / 2. */
static inline uint32_t as_wavelet_coefs(uint32_t n)
{
    return n / 2 + (AS_WAVELET_TAPS - 1 + (n & 1)) / 2;
}

/* How many levels make sense for n samples: the largest l <= most with (taps - 1) * 2^l <= n.  0
 * below 14. */
uint32_t as_wavelet_levels(uint32_t n, uint32_t most);

/* Floats that the transforms of planes up to w samples wide need as scratch. */
size_t as_wavelet_scratch(uint32_t w);

/* The four bands of one level, each [as_wavelet_coefs(h)][as_wavelet_coefs(w)], rows packed.
 * First letter: across columns (vertically), second: along the row.  l low, h high. */
struct as_bands {
    float *ll, *lh, *hl, *hh;
};

/* One level: a plane of sides >= 7 into its bands; ll NULL: not wanted. */
void as_wavelet_forward(const struct as_plane *in, const struct as_bands *bands, float *scratch);

/* The inverse of one level, for a plane of w x h; ll NULL: zero. */
void as_wavelet_inverse(const struct as_bands *bands, uint32_t w, uint32_t h, float *out,
                        size_t out_stride, float *scratch);

#endif
