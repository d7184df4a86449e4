/* residual.h - what a denoiser takes away: the picture's noise, where a sensor leaves its pattern.
 *
 * M. K. Mihcak, I. Kozintsev, K. Ramchandran, "Spatially adaptive statistical modeling of wavelet
 * image coefficients and its application to denoising", ICASSP 1999; as used in J. Lukas, J.
 * Fridrich, M. Goljan, "Digital camera identification from sensor pattern noise", TIFS 2006. */
#ifndef AS_RESIDUAL_H
#define AS_RESIDUAL_H

#include "base.h"

enum { AS_RESIDUAL_LEVELS = 4, AS_RESIDUAL_MIN_SIDE = 14 };

/* Crops and tiles must start at multiples of this, or their residual is another one: that of the
 * same samples at phase (1, 1) correlates with it by about .5. */
enum { AS_RESIDUAL_PHASE = 16 };

/* Bytes of scratch for a plane of w x h: about 5.6 a sample.  0: too large for this machine. */
size_t as_residual_scratch(uint32_t w, uint32_t h);

/*
 * as_residual - the residual W of one plane: the plane minus what is left of it without noise.
 *
 *   in       values 0..255; sides >= AS_RESIDUAL_MIN_SIDE, else AS_SKIP (out is not touched)
 *   out      [h][out_stride], out_stride >= w; must not overlap in
 *   scratch  as_residual_scratch(w, h) bytes, aligned to 64 (aligned_alloc)
 *
 * db4 of 4 levels (fewer where a side is below 7*2^4: as many as as_wavelet_levels says); the last
 * approximation := 0; each other coefficient c := c * s / max(s, min E_n), s = 25, E_n the mean of
 * c^2 over n x n cells around it, n = 3, 5, 7, 9, zero outside; inverse transform. (The paper's c *
 * s / (v + s), v = min max(0, E_n - s), is the same number before rounding.) A pure function of the
 * samples: no allocation, the same bits for every variant and stride.
 */
enum as_status as_residual(const struct as_plane *in, float *out, size_t out_stride, void *scratch)
    __attribute__((warn_unused_result));

#endif
