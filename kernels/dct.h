/* dct.h - the 8x8 discrete cosine transform of JPEG, at any place of a picture.
 *
 * Orthonormal, so that coefficients are on the scale of JPEG's steps.  Blocks of 64 are in natural
 * order: coefficient (u, v), u across and v down, is at [8*v + u].  Plain C sums in a fixed order:
 * the same bits on every machine.                                            */
#ifndef AS_DCT_H
#define AS_DCT_H

#include "base.h"

enum { AS_DCT_RUN = 64 };

/* Natural index of the k-th coefficient along the zigzag of T.81. */
extern const uint8_t as_zigzag[64];

/* The inverse transform of a block; in and out may be one block. */
void as_dct_inverse(const float in[64], float out[64]);

/* The transform of the block whose upper left sample is (x, y); it must lie inside the plane. */
void as_dct_block(const struct as_plane *plane, uint32_t x, uint32_t y, float out[64]);

/* The transforms of n blocks at (x, y), (x + 1, y) ... (x + n - 1, y), n at most AS_DCT_RUN, all
 * inside the plane: coefficient k of block i at out[k][i].  Per block it costs a fraction of
 * as_dct_block.                                                              */
void as_dct_run(const struct as_plane *plane, uint32_t x, uint32_t y, uint32_t n,
                float out[64][AS_DCT_RUN]);

/* The samples of quantised blocks, neither rounded nor cut to 0..255, at to[y*stride + x].
 *   blocks   [hb][wb][64] as in struct as_dct
 *   steps    [64] natural order
 *   to       8*wb x 8*hb samples                                             */
void as_dct_samples(const int16_t *blocks, uint32_t wb, uint32_t hb, const uint16_t steps[64],
                    float *to, size_t stride);

/* Walks down a component with two rows of its blocks in hand, for blocks that straddle: the lower 8
 * of the 16 rows of 8*wb samples in `strip` move up, and the next row of blocks comes below. */
void as_dct_roll(const int16_t *blocks, uint32_t wb, const uint16_t steps[64], float *strip);

/* Step k (natural order) of the Independent JPEG Group's table for a quality of 1..100, limited to
 * 1..255 as for baseline; T.81, tables K.1 (luma) and K.2.                   */
uint32_t as_ijg_step(bool chroma, uint32_t k, uint32_t quality);

/* The quality whose table is nearest to table[64] (natural order); ties: `prefer`, then the higher.
 * The sum of differences over the 64 steps in *distance.                     */
uint32_t as_ijg_nearest(const uint16_t table[64], bool chroma, uint32_t prefer,
                        uint32_t *distance);

#endif
