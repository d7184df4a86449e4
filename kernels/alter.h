/* alter.h - what is done to pictures on their way, by accident or to hide something.
 *
 * Planes are of bytes, without gaps: sample (x, y) is at[y * w + x]; out never overlaps in.  All
 * but the two attacks is integer arithmetic, so that altered pictures are the same everywhere; the
 * attacks are as exact as the transforms and the denoiser they use.  AS_ENOMEM where a function
 * gives a status. */
#ifndef AS_ALTER_KERNEL_H
#define AS_ALTER_KERNEL_H

#include "base.h"

/* ---- alter_filter.c ---- */

/* to[i] := in[i] rounded, within 0..255. */
void as_alter_bytes(const float *in, size_t n, uint8_t *to);

/* out[i] := in[i] + sigma z, rounded and within 0..255; z is the sum of 12 uniform numbers less
 * their mean, which is all but normal. */
void as_alter_noise(const uint8_t *in, size_t n, uint32_t sigma, uint64_t *rng, uint8_t *out);

/* Gaussian blur by k x k taps (odd, at most 31) with the standard deviation that OpenCV takes for
 * them, .3 ((k - 1) / 2 - 1) + .8; beyond the border the picture is mirrored about its last
 * samples. */
enum { AS_ALTER_BLUR_MAX = 31 };
enum as_status as_alter_blur(const uint8_t *in, uint32_t w, uint32_t h, uint32_t k, uint8_t *out)
    __attribute__((warn_unused_result));

/* The median of k x k samples (odd, at most 15), those beyond the border being its nearest. */
void as_alter_median(const uint8_t *in, uint32_t w, uint32_t h, uint32_t k, uint8_t *out);

/* Scales to to_w x to_h by Keys's cubic, a = -1/2, which becomes wider where the picture becomes
 * smaller; what is beyond the border counts nothing.  As Pillow's BICUBIC, to the bit.  Keys, IEEE
 * TASSP 29(6), 1981. */
enum as_status as_alter_resize(const uint8_t *in, uint32_t w, uint32_t h, uint32_t to_w,
                               uint32_t to_h, uint8_t *out) __attribute__((warn_unused_result));

/* ---- alter_attack.c: three planes at once ---- */

/* Flattens what blocks and up-sampling leave.  Peaks: within 2 bins of each frequency (i/8, j/8)
 * but (0, 0) magnitudes above the median of their 9 x 9 surroundings become that median.  The
 * strength of texture: cross-differences become equally strong, on average, at all places of cells
 * of 16 x 16. Where a side is below AS_ALTER_PEAKS_MIN, two peaks would lie in one another, and the
 * picture stays as it is. */
enum { AS_ALTER_PEAKS_MIN = 40 };
enum as_status as_alter_peaks(const uint8_t *const in[3], uint32_t w, uint32_t h,
                              uint8_t *const out[3]) __attribute__((warn_unused_result));

/* Takes the denoiser's residual (residual.h) of each plane away, and puts in its place what another
 * sensor would leave: noise of variance 1 + v/64 at a sample v of a Bayer pattern, interpolated to
 * the other colours.  Pictures too small for the denoiser get the noise alone. */
enum as_status as_alter_transplant(const uint8_t *const in[3], uint32_t w, uint32_t h,
                                   uint64_t *rng, uint8_t *const out[3])
    __attribute__((warn_unused_result));

/* A normal number in units of 2^-16, by the way of as_alter_noise. */
int32_t as_alter_normal16(uint64_t *rng);

#endif
