/* fft.h - real two-dimensional Fourier transforms, in place, in float.
 *
 * The one place that includes FFTW.  Plans are made by FFTW_ESTIMATE on one thread, so that they
 * (and the bits of every transform) are the same on machines of one CPU class with the same
 * library. */
#ifndef AS_FFT_H
#define AS_FFT_H

#include "base.h"

/* The plans for one size.  Any number of threads may transform with it at once; making and freeing
 * is for one thread of the process at a time (the planner is global). */
struct as_fft;

/* Plans for real planes of w x h samples; w, h >= 1 and as_fft_floats(w, h) below 2^31, else
 * AS_ELIMIT.  AS_ENOMEM. */
enum as_status as_fft_new(uint32_t w, uint32_t h, struct as_fft **fft)
    __attribute__((warn_unused_result));
void as_fft_free(struct as_fft *fft);

/*
 * A field holds a real plane or its transform:
 *   real      sample (x, y) at [y*stride + x], x < w; the rest of a row is anything
 *   spectrum  cell (kx, ky) at [y*stride + 2*kx] real, + 1 imaginary, kx <= w/2; the other half is
 * the conjugate, F(w - kx, h - ky) with stride = as_fft_stride(w) floats.
 */
static inline size_t as_fft_stride(uint32_t w)
{
    return 2 * ((size_t)w / 2 + 1);
}

static inline size_t as_fft_floats(uint32_t w, uint32_t h)
{
    return as_fft_stride(w) * h;
}

/* Storage for a field, aligned as the plans want it, not cleared; free() it.  NULL: no memory. */
float *as_fft_field(uint32_t w, uint32_t h);

/* Both in place on storage of as_fft_field.  F(k) = sum f(x) e^(-2 pi i k x / n); the inverse is
 * not scaled: it gives w*h times the plane. */
void as_fft_forward(const struct as_fft *fft, float *field);
void as_fft_inverse(const struct as_fft *fft, float *field);

/* The smallest even number >= n (and >= 2) whose prime factors are 2, 3, 5 and 7: sizes that
 * transform fast.  n <= 2^31. */
uint32_t as_fft_fast(uint32_t n);

#endif
