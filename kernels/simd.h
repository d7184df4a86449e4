/* simd.h - the table of hot kernels, filled for one class of processor.
 *
 * simd_ref.c is the definition of each kernel; a variant gives the same bits. */
#ifndef AS_SIMD_H
#define AS_SIMD_H

#include "base.h"
#include "cpu.h"

enum { AS_BOX_MAX = 512 }; /* widest w of a box */

/* A running box mean down every column of a matrix.
 *   in     [h][w], row stride in_stride
 *   out    [npick or h][w], row stride out_stride; must not overlap in
 *   window 1..h rows; row y takes rows y - (window - half) .. y + half - 1 with
 *          half = (window + 2) / 2, as far as they exist
 *   pick   [npick] the rows that are wanted, ascending, with repeats; NULL (npick 0): all */
struct as_box {
    const float *in;
    float *out;
    size_t in_stride, out_stride;
    uint32_t w, h, window;
    const uint32_t *pick;
    uint32_t npick;
};

struct as_simd {
    /* Sums in float in the order of a running sum: add the row that enters, then
     * subtract the row that leaves, then divide by the rows in the window.
     * The order is part of the result: PDQ is defined by it.                 */
    void (*box_cols)(const struct as_box *box);

    /* to[x*to_stride + y] = from[y*from_stride + x] for x < w, y < h. */
    void (*transpose)(const float *from, size_t from_stride, uint32_t w, uint32_t h, float *to,
                      size_t to_stride);

    /* out[16][16] = D a D', D[16][64] given as d and as dt[64][16] transposed, a[64][64].
     * Each sum runs in float over k = 0..63 in this order, first D a.        */
    void (*dct_64_16)(const float *d, const float *dt, const float *a, float *out);

    /* to[i] = from[i] for i < n, past the caches: for planes too large to stay in them. */
    void (*floats_of_bytes)(const uint8_t *from, size_t n, float *to);
};

/* The kernels in use: the reference ones until as_simd_init. */
extern struct as_simd as_simd;

/* Installs the variants up to class `cpu`, which the processor must support.
 * Called once at start-up, before any other thread or process exists.        */
void as_simd_init(enum as_cpu cpu);

/* Each overwrites the entries it has variants of. */
void as_simd_ref(struct as_simd *simd);
void as_simd_avx2(struct as_simd *simd);

#endif
