/* harmonics.h - what surrounds each pixel, in 12 numbers that no rotation or reflection changes.
 *
 * The products of Hermite functions h_p(x/s) h_q(y/s), p + q = n, combine into circular harmonics:
 * functions of order n and angular order m that a rotation multiplies by e^(i m phi).  Their
 * magnitudes are kept.  Unlike moments over a disc these functions are separable and limited in
 * frequency, so that they cost two passes of short filters and do not feel the square grid.
 *
 * G. Jacovitti, A. Neri, "Multiresolution circular harmonic decomposition", IEEE Transactions on
 * Signal Processing 48(11), 2000. */
#ifndef AS_HARMONICS_H
#define AS_HARMONICS_H

#include "simd_rows.h"

enum {
    AS_HARMONICS = 12,      /* n = 0..5 and m = n, n - 2, ... >= 0                           */
    AS_HARMONICS_ROOM = 16, /* values a pixel takes up; the last four are 0                  */
    AS_HARMONICS_REACH = 10 /* pixels around one that count                                  */
};

/* Filters and weights; filled by as_harmonics_init. */
struct as_harmonics {
    float taps[AS_ORDERS][AS_HARMONICS_REACH + 1]; /* h_p at 0, 1, ... */
    float weight[AS_HARMONICS][6]; /* of h_p h_q, q = n - p; of Re where q is even    */
    float level[AS_HARMONICS];     /* times the mean is taken off, where m = 0        */
};

void as_harmonics_init(struct as_harmonics *t);

/* Bytes of scratch for rows of w pixels. */
size_t as_harmonics_scratch(uint32_t w);

/*
 * as_harmonics_get - the harmonics of every pixel that has AS_HARMONICS_REACH neighbours each way.
 *
 *   in       sides > 2 AS_HARMONICS_REACH
 *   every    1 or 2: of every pixel, or of every second each way
 *   out      [(in->h - 2 REACH) / every][(in->w - 2 REACH) / every][AS_HARMONICS_ROOM], rounded up
 *   scratch  as_harmonics_scratch(in->w) bytes, aligned to a float
 *
 * The functions have length 1.  A magnitude of v grey levels becomes 7 (sqrt(v + 64) - 8), rounded,
 * at most 255; of order 0, which is the mean light, 6.3 times.  The others of m = 0 do not feel it.
 */
void as_harmonics_get(const struct as_harmonics *t, const struct as_plane *in, uint32_t every,
                      uint8_t *out, void *scratch);

#endif
