/* dct.c - the 8x8 discrete cosine transform by matrix, halved by symmetry.
 *
 * Row u of the matrix is even about its middle for even u and odd for odd u: sums and differences
 * of mirrored samples leave four products each.  All loops run across columns or across
 * neighbouring blocks, so that compilers make vectors of them without changing any sum.
 *
 * ITU-T T.81 (1992), A.3.3 and Annex K.
 */
#include "dct.h"

#include <string.h>

const uint8_t as_zigzag[64] = {0,  1,  8,  16, 9,  2,  3,  10, 17, 24, 32, 25, 18, 11, 4,  5,
                               12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6,  7,  14, 21, 28,
                               35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
                               58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

/* cos(k pi / 16) / 2, and sqrt(1/8) for the constant row. */
#define C0 0.35355339059327376f
#define C1 0.49039264020161522f
#define C2 0.46193976625564337f
#define C3 0.41573480615127262f
#define C4 0.35355339059327376f
#define C5 0.27778511650980111f
#define C6 0.19134171618254489f
#define C7 0.09754516100806413f

/* Rows 0, 2, 4, 6, then 1, 3, 5, 7 of the matrix, their first four columns. */
static const float even[4][4] = {
    {C0, C0, C0, C0}, {C2, C6, -C6, -C2}, {C4, -C4, -C4, C4}, {C6, -C2, C2, -C6}};
static const float odd[4][4] = {
    {C1, C3, C5, C7}, {C3, -C7, -C1, -C5}, {C5, -C1, C7, C3}, {C7, -C5, C3, -C1}};

static void transpose(const float in[64], float out[64])
{
    for (size_t y = 0; y < 8; y++)
        for (size_t x = 0; x < 8; x++)
            out[8 * x + y] = in[8 * y + x];
}

/* out = D in, D the matrix of the transform. */
static void columns(const float in[64], float out[64])
{
    for (size_t u = 0; u < 4; u++)
        for (size_t x = 0; x < 8; x++) {
            float e = 0, o = 0;
            for (size_t k = 0; k < 4; k++) {
                e += even[u][k] * (in[8 * k + x] + in[8 * (7 - k) + x]);
                o += odd[u][k] * (in[8 * k + x] - in[8 * (7 - k) + x]);
            }
            out[16 * u + x] = e;
            out[16 * u + 8 + x] = o;
        }
}

/* out = D' in. */
static void columns_back(const float in[64], float out[64])
{
    for (size_t y = 0; y < 4; y++)
        for (size_t x = 0; x < 8; x++) {
            float e = 0, o = 0;
            for (size_t u = 0; u < 4; u++) {
                e += even[u][y] * in[16 * u + x];
                o += odd[u][y] * in[16 * u + 8 + x];
            }
            out[8 * y + x] = e + o;
            out[8 * (7 - y) + x] = e - o;
        }
}

static void forward(const float in[64], float out[64])
{
    float a[64], b[64];

    columns(in, a);
    transpose(a, b);
    columns(b, a);
    transpose(a, out);
}

void as_dct_inverse(const float in[64], float out[64])
{
    float a[64], b[64];

    columns_back(in, a);
    transpose(a, b);
    columns_back(b, a);
    transpose(a, out);
}

void as_dct_block(const struct as_plane *plane, uint32_t x, uint32_t y, float out[64])
{
    float in[64];

    for (size_t row = 0; row < 8; row++)
        memcpy(in + 8 * row, plane->at + (y + row) * plane->stride + x, 8 * sizeof *in);
    forward(in, out);
}

enum { RUN_IN = AS_DCT_RUN + 8 };

/* The first transform, down the eight rows, of `n` columns: to[v][i]. */
static void run_down(const struct as_plane *plane, uint32_t x, uint32_t y, uint32_t n,
                     float to[8][RUN_IN])
{
    float sum[4][RUN_IN], dif[4][RUN_IN];

    for (size_t k = 0; k < 4; k++) {
        const float *a = plane->at + (y + k) * plane->stride + x;
        const float *b = plane->at + (y + 7 - k) * plane->stride + x;
        for (size_t i = 0; i < n; i++) {
            sum[k][i] = a[i] + b[i];
            dif[k][i] = a[i] - b[i];
        }
    }
    for (size_t v = 0; v < 4; v++)
        for (size_t i = 0; i < n; i++) {
            to[2 * v][i] = even[v][0] * sum[0][i] + even[v][1] * sum[1][i] +
                           even[v][2] * sum[2][i] + even[v][3] * sum[3][i];
            to[2 * v + 1][i] = odd[v][0] * dif[0][i] + odd[v][1] * dif[1][i] +
                               odd[v][2] * dif[2][i] + odd[v][3] * dif[3][i];
        }
}

/* The second transform, across, of the eight windows that begin at every column of `in`. */
static void run_across(const float in[RUN_IN], uint32_t n, float (*out)[AS_DCT_RUN])
{
    float sum[4][AS_DCT_RUN], dif[4][AS_DCT_RUN];

    for (size_t k = 0; k < 4; k++)
        for (size_t i = 0; i < n; i++) {
            sum[k][i] = in[i + k] + in[i + 7 - k];
            dif[k][i] = in[i + k] - in[i + 7 - k];
        }
    for (size_t u = 0; u < 4; u++)
        for (size_t i = 0; i < n; i++) {
            out[2 * u][i] = even[u][0] * sum[0][i] + even[u][1] * sum[1][i] +
                            even[u][2] * sum[2][i] + even[u][3] * sum[3][i];
            out[2 * u + 1][i] = odd[u][0] * dif[0][i] + odd[u][1] * dif[1][i] +
                                odd[u][2] * dif[2][i] + odd[u][3] * dif[3][i];
        }
}

void as_dct_run(const struct as_plane *plane, uint32_t x, uint32_t y, uint32_t n,
                float out[64][AS_DCT_RUN])
{
    float down[8][RUN_IN];

    run_down(plane, x, y, n + 7, down);
    for (size_t v = 0; v < 8; v++)
        run_across(down[v], n, out + 8 * v);
}

void as_dct_samples(const int16_t *blocks, uint32_t wb, uint32_t hb, const uint16_t steps[64],
                    float *to, size_t stride)
{
    float block[64];

    for (uint32_t j = 0; j < hb; j++)
        for (uint32_t i = 0; i < wb; i++) {
            const int16_t *from = blocks + ((size_t)j * wb + i) * 64;
            float *at = to + (size_t)j * 8 * stride + (size_t)i * 8;
            for (size_t k = 0; k < 64; k++)
                block[k] = (float)from[k] * (float)steps[k];
            block[0] += 1024; /* samples are coded less 128 */
            as_dct_inverse(block, block);
            for (size_t row = 0; row < 8; row++)
                memcpy(at + row * stride, block + 8 * row, 8 * sizeof *block);
        }
}

void as_dct_roll(const int16_t *blocks, uint32_t wb, const uint16_t steps[64], float *strip)
{
    const size_t row = (size_t)wb * 64;

    memcpy(strip, strip + row, row * sizeof *strip);
    as_dct_samples(blocks, wb, 1, steps, strip + row, (size_t)wb * 8);
}

/* T.81, tables K.1 and K.2, row by row. */
static const uint8_t annex_k[2][64] = {
    {16, 11, 10, 16, 24,  40,  51,  61,  12, 12, 14, 19, 26,  58,  60,  55,
     14, 13, 16, 24, 40,  57,  69,  56,  14, 17, 22, 29, 51,  87,  80,  62,
     18, 22, 37, 56, 68,  109, 103, 77,  24, 35, 55, 64, 81,  104, 113, 92,
     49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99},
    {17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99,
     99, 99, 47, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
     99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99},
};

uint32_t as_ijg_step(bool chroma, uint32_t k, uint32_t quality)
{
    const uint32_t percent = quality < 50 ? 5000 / quality : 200 - 2 * quality;
    const uint32_t step = (annex_k[chroma][k] * percent + 50) / 100;

    return step < 1 ? 1 : step > 255 ? 255 : step;
}

uint32_t as_ijg_nearest(const uint16_t table[64], bool chroma, uint32_t prefer, uint32_t *distance)
{
    uint32_t best = 0;

    *distance = UINT32_MAX;
    for (uint32_t q = 100; q >= 1; q--) {
        uint32_t sum = 0;
        for (uint32_t k = 0; k < 64; k++) {
            const uint32_t step = as_ijg_step(chroma, k, q);
            sum += table[k] > step ? table[k] - step : step - table[k];
        }
        if (sum < *distance || (sum == *distance && q == prefer)) {
            best = q;
            *distance = sum;
        }
    }
    return best;
}
