/* fft.h - real two-dimensional Fourier transforms in float.
 *
 * The one place that includes FFTW.  Plans are made by FFTW_ESTIMATE on one thread, so that they
 * (and the bits of every transform) are the same on machines of one CPU class with the same
 * library. It is used for rows and for blocks of columns; blocks are turned on the way, which takes
 * half the time of its own two-dimensional plans. */
#ifndef AS_FFT_H
#define AS_FFT_H

#include "base.h"

/* The plans for one size, with the buffers of a transform: one transform at a time.  Making and
 * freeing is for one thread of the process at a time (the planner is global). */
struct as_fft;

/* Plans for real planes of w x h samples, w, h >= 1.  AS_ELIMIT: a side above 2^20 or more than
 * 2^30 samples. AS_ENOMEM. */
enum as_status as_fft_new(uint32_t w, uint32_t h, struct as_fft **fft)
    __attribute__((warn_unused_result));
void as_fft_free(struct as_fft *fft);
uint32_t as_fft_width(const struct as_fft *fft);
uint32_t as_fft_height(const struct as_fft *fft);

/* A spectrum is [h][w/2 + 1] complex numbers, real part first; the other half is the conjugate,
 * F(w - kx, h - ky).  So many floats, of any alignment: */
static inline size_t as_fft_floats(uint32_t w, uint32_t h)
{
    return 2 * ((size_t)w / 2 + 1) * h;
}

/* spectrum := transform of `in`, F(k) = sum f(x) e^(-2 pi i k x / n); in->w <= w, in->h <= h,
 * beyond it zeros. */
void as_fft_forward(struct as_fft *fft, const struct as_plane *in, float *spectrum);

/* out[h][stride] := inverse, divided by w h.  The spectrum is destroyed; out may be its own
 * storage. */
void as_fft_inverse(struct as_fft *fft, float *spectrum, float *out, size_t stride);

/* out(s) := sum over x of a(x) b(x + s), circular, given the spectra of a and b: the inverse of
 * conj(A) B. work: a spectrum's storage, destroyed; out may be the same. */
void as_fft_correlate(struct as_fft *fft, const float *a, const float *b, float *work, float *out,
                      size_t stride);

/* The smallest even number >= n (and >= 2) whose prime factors are 2, 3, 5 and 7: sizes that
 * transform fast.  n <= 2^31. */
uint32_t as_fft_fast(uint32_t n);

#endif
