/* simd.h - the table of hot kernels, filled for one class of processor.
 *
 * simd_ref*.c is the definition of each kernel; a variant gives the same bits. */
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

enum { AS_PANEL = 32, AS_PROPOSE_MAX = 12 };

/* Products of a panel of 32 rows with some queries, each against a bound of its own.
 *   rows     [d][32], component k of row r at rows[k*32 + r], aligned to 64 bytes
 *   queries  [d][nq], nq 1..AS_PROPOSE_MAX
 *   a, b     [nq]; norm, half [32]
 *   next     what will be wanted next: with component k the lines of next + k*next_step and of half
 *            a step further are fetched
 *   masks    [nq], bit r: row r                                                        */
struct as_propose {
    const float *rows, *queries, *next;
    uint32_t d, nq, next_step;
    const float *a, *b, *norm, *half;
    uint32_t *masks;
};

enum { AS_NEAR = 512 }; /* codes in a tile */

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

    /* Sets bit r of masks[q] unless query q . row r < a[q] + b[q]*norm[r] + half[r]; also if one of
     * them is NaN.  The one kernel whose variants may round differently: search/topk.h leaves
     * room for any order of summation.                                       */
    void (*propose)(const struct as_propose *p);

    /* out[r] = query . row r (dots_8), |query - row r|^2 (apart_8) for the 8 rows that begin at
     * rows[0..7] of a panel, in double and in the order that search/topk.h defines. */
    void (*dots_8)(const float *rows, const float *query, uint32_t d, double *out);
    void (*apart_8)(const float *rows, const float *query, uint32_t d, double *out);

    /* tile[g][w][i] = word w of code 8 g + i, for AS_NEAR codes of four words of 64 bits. */
    void (*deal_codes)(const uint8_t *codes, uint64_t *tile);

    /* Bit i of masks: code i of the tile is at most `limit` bits from the query.  False: none. */
    bool (*near_codes)(const uint64_t *tile, const uint64_t *query, uint32_t limit,
                       uint64_t *masks);
};

/* The kernels in use: the reference ones until as_simd_init. */
extern struct as_simd as_simd;

/* Installs the variants up to class `cpu`, which the processor must support.
 * Called once at start-up, before any other thread or process exists.        */
void as_simd_init(enum as_cpu cpu);

/* Each overwrites the entries it has variants of. */
void as_simd_ref(struct as_simd *simd);
void as_simd_avx2(struct as_simd *simd);
void as_simd_avx2_search(struct as_simd *simd);
void as_simd_avx512_search(struct as_simd *simd);
void as_simd_avx512_popcnt(struct as_simd *simd);

/* The reference kernels of simd_ref_search.c. */
void as_ref_propose(const struct as_propose *p);
void as_ref_dots_8(const float *rows, const float *query, uint32_t d, double *out);
void as_ref_apart_8(const float *rows, const float *query, uint32_t d, double *out);
void as_ref_deal_codes(const uint8_t *codes, uint64_t *tile);
bool as_ref_near_codes(const uint64_t *tile, const uint64_t *query, uint32_t limit,
                       uint64_t *masks);

#endif
