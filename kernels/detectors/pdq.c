/* pdq.c - PDQ, the perceptual hash of a picture, and its quality.
 *
 * The picture (at most 512 x 512) is blurred by two passes of running means
 * along rows and columns, sampled at 64 x 64, transformed by a DCT of which
 * the 16 x 16 lowest frequencies without DC are kept, and cut at their median.
 * Every sum runs in float and in the order that the published implementation
 * in C++ uses, so that the code equals its code in all bits.
 *
 * Facebook: "The TMK+PDQF video-hashing algorithm and the PDQ image-hashing
 * algorithm", 2019 (hashing.pdf, sections 3 to 6).
 */
#include "../simd.h"
#include "detector.h"

#include <stdlib.h>
#include <string.h>

enum {
    SIDE_MAX = AS_BOX_MAX,
    SIDE = 64,   /* of the sampled picture               */
    KEPT = 16,   /* frequencies per axis, 1..16          */
    LANES = 16,  /* rows blurred together, as columns    */
    APART = 256, /* floats: rows read and written at once must not be 4096 bytes apart */
    SIDE_MIN = 5
};

/* sqrt(2/64) cos(pi k/128), k = 0..63, as float.  Written out because a cosine of
 * the C library may differ in its last bit from one machine to the next.     */
static const float cosine[SIDE] = {
    0x1.6a09e6p-3F, 0x1.69edfcp-3F, 0x1.699a42p-3F, 0x1.690ec6p-3F, 0x1.684b9cp-3F, 0x1.6750e4p-3F,
    0x1.661ec2p-3F, 0x1.64b568p-3F, 0x1.63150ap-3F, 0x1.613decp-3F, 0x1.5f3056p-3F, 0x1.5cec98p-3F,
    0x1.5a730cp-3F, 0x1.57c414p-3F, 0x1.54e018p-3F, 0x1.51c78cp-3F, 0x1.4e7ae8p-3F, 0x1.4afab2p-3F,
    0x1.474772p-3F, 0x1.4361bap-3F, 0x1.3f4a24p-3F, 0x1.3b015p-3F,  0x1.3687eap-3F, 0x1.31dea2p-3F,
    0x1.2d062ep-3F, 0x1.27ff5p-3F,  0x1.22caccp-3F, 0x1.1d6972p-3F, 0x1.17dc14p-3F, 0x1.12238ep-3F,
    0x1.0c40c2p-3F, 0x1.063498p-3F, 0x1.p-3F,       0x1.f347dap-4F, 0x1.e642b8p-4F, 0x1.d8f29ap-4F,
    0x1.cb598cp-4F, 0x1.bd79aap-4F, 0x1.af5516p-4F, 0x1.a0edfep-4F, 0x1.92469cp-4F, 0x1.83613p-4F,
    0x1.74400ap-4F, 0x1.64e57ap-4F, 0x1.5553e4p-4F, 0x1.458daap-4F, 0x1.35953cp-4F, 0x1.256d12p-4F,
    0x1.1517a8p-4F, 0x1.049782p-4F, 0x1.e7de5ep-5F, 0x1.c6427ap-5F, 0x1.a4608ap-5F, 0x1.823dc8p-5F,
    0x1.5fdf76p-5F, 0x1.3d4aep-5F,  0x1.1a855ep-5F, 0x1.ef2894p-6F, 0x1.a8fa12p-6F, 0x1.628a08p-6F,
    0x1.1be352p-6F, 0x1.aa21a8p-7F, 0x1.1c3af6p-7F, 0x1.1c50e2p-8F,
};

struct tables {
    float d[KEPT * SIDE];  /* [i][j]: frequency i + 1 at sample j */
    float dt[SIDE * KEPT]; /* [j][i]                              */
};

/* Blurred rows and columns of the picture, within the caller's scratch. */
struct buffers {
    float *rows, *cols; /* [h][w]        */
    float *mid;         /* [h][SIDE]     */
    float *strip[2];    /* [w][LANES]    */
    float *small;       /* [SIDE][SIDE]  */
};

static enum as_status pdq_init(void **state)
{
    struct tables *t = calloc(1, sizeof *t);

    *state = t;
    if (!t)
        return AS_ENOMEM;
    for (uint32_t i = 0; i < KEPT; i++)
        for (uint32_t j = 0; j < SIDE; j++) {
            uint32_t k = (i + 1) * (2 * j + 1) % 256; /* cos(pi k/128), folded into 0..64 */
            k = k > 128 ? 256 - k : k;
            const float v = k < 64 ? cosine[k] : -cosine[128 - k];
            t->d[i * SIDE + j] = v;
            t->dt[j * KEPT + i] = v;
        }
    return AS_OK;
}

static uint32_t sample_side(uint32_t side, uint32_t other)
{
    return side > SIDE_MAX || other > SIDE_MAX ? SIDE_MAX : side;
}

static size_t pdq_scratch_bytes(uint32_t w, uint32_t h)
{
    const size_t sw = sample_side(w, h), sh = sample_side(h, w);
    return (2 * sw * sh + APART + sh * SIDE + 2 * (sw + SIDE) * LANES + SIDE * SIDE) *
           sizeof(float);
}

static struct buffers carve(float *at, uint32_t w, uint32_t h)
{
    struct buffers b;

    b.rows = at;
    b.cols = b.rows + (size_t)w * h + APART;
    b.mid = b.cols + (size_t)w * h;
    b.strip[0] = b.mid + (size_t)h * SIDE;
    b.strip[1] = b.strip[0] + (size_t)(w + SIDE) * LANES;
    b.small = b.strip[1] + (size_t)(w + SIDE) * LANES;
    return b;
}

/* A running mean along the rows of box->in, done as one down the columns of strips of
 * LANES rows turned on their side.  box->w, h, window, pick are meant along rows. */
static void box_rows(const struct as_box *box, float *const strip[2])
{
    const uint32_t width = box->pick ? box->npick : box->w;

    for (uint32_t y = 0; y < box->h; y += LANES) {
        const uint32_t n = box->h - y < LANES ? box->h - y : LANES;
        const struct as_box turned = {.in = strip[0],
                                      .out = strip[1],
                                      .in_stride = LANES,
                                      .out_stride = LANES,
                                      .w = n,
                                      .h = box->w,
                                      .window = box->window,
                                      .pick = box->pick,
                                      .npick = box->npick};
        as_simd.transpose(box->in + y * box->in_stride, box->in_stride, box->w, n, strip[0], LANES);
        as_simd.box_cols(&turned);
        as_simd.transpose(strip[1], LANES, n, width, box->out + y * box->out_stride,
                          box->out_stride);
    }
}

static uint32_t window_of(uint32_t side)
{
    return (side + 2 * SIDE - 1) / (2 * SIDE);
}

/* Blurs twice and samples at SIDE x SIDE.  The second blur is written only where it is sampled. */
static void shrink(const struct as_plane *p, const struct buffers *b)
{
    uint32_t px[SIDE], py[SIDE];
    struct as_box rows = {.in = p->at,
                          .out = b->rows,
                          .in_stride = p->stride,
                          .out_stride = p->w,
                          .w = p->w,
                          .h = p->h,
                          .window = window_of(p->w)};
    struct as_box cols = {.in = b->rows,
                          .out = b->cols,
                          .in_stride = p->w,
                          .out_stride = p->w,
                          .w = p->w,
                          .h = p->h,
                          .window = window_of(p->h)};

    for (uint32_t i = 0; i < SIDE; i++) { /* the middle of cell i: (i + 1/2) side/64 */
        px[i] = (2 * i + 1) * p->w / (2 * SIDE);
        py[i] = (2 * i + 1) * p->h / (2 * SIDE);
    }
    box_rows(&rows, b->strip);
    as_simd.box_cols(&cols);
    rows.in = b->cols;
    rows.in_stride = p->w;
    rows.out = b->mid;
    rows.out_stride = SIDE;
    rows.pick = px;
    rows.npick = SIDE;
    box_rows(&rows, b->strip);
    cols.in = b->mid;
    cols.in_stride = SIDE;
    cols.out = b->small;
    cols.out_stride = SIDE;
    cols.w = SIDE;
    cols.pick = py;
    cols.npick = SIDE;
    as_simd.box_cols(&cols);
}

/* A picture of exactly SIDE x SIDE is taken as it is. */
static void copy(const struct as_plane *p, float *small)
{
    for (uint32_t y = 0; y < SIDE; y++)
        memcpy(small + y * SIDE, p->at + y * p->stride, SIDE * sizeof *small);
}

static uint32_t step_percent(float u, float v)
{
    const int d = (int)((u - v) * 100 / 255);
    return (uint32_t)(d < 0 ? -d : d);
}

/* 0..100: how much the neighbours differ, in steps of whole percents of the range. */
static uint32_t quality_of(const float *a)
{
    uint32_t sum = 0;

    for (uint32_t y = 0; y < SIDE; y++)
        for (uint32_t x = 0; x < SIDE; x++) {
            if (y + 1 < SIDE)
                sum += step_percent(a[y * SIDE + x], a[(y + 1) * SIDE + x]);
            if (x + 1 < SIDE)
                sum += step_percent(a[y * SIDE + x], a[y * SIDE + x + 1]);
        }
    return sum / 90 > 100 ? 100 : sum / 90;
}

/* The 128th smallest of 256 values, by bisection over their ordered bit patterns. */
static float lower_median(const float *v)
{
    uint32_t key[KEPT * KEPT], lo = 0;
    float median;

    memcpy(key, v, sizeof key);
    for (uint32_t k = 0; k < KEPT * KEPT; k++)
        key[k] ^= key[k] >> 31 ? 0xffffffffu : 0x80000000u;
    for (uint32_t bit = 1u << 31; bit; bit >>= 1) { /* lo: the largest with < 128 keys below it */
        uint32_t below = 0;
        for (uint32_t k = 0; k < KEPT * KEPT; k++)
            below += key[k] < (lo | bit);
        if (below < KEPT * KEPT / 2)
            lo |= bit;
    }
    lo ^= lo >> 31 ? 0x80000000u : 0xffffffffu;
    memcpy(&median, &lo, sizeof median);
    return median;
}

/* Bit k = 16 i + j of the code is set where frequency (i, j) exceeds the lower median.
 * The published text form begins with the highest bit: byte 0 holds bits 255..248. */
static void cut(const float *freq, uint8_t *code)
{
    const float median = lower_median(freq);

    memset(code, 0, KEPT * KEPT / 8);
    for (uint32_t k = 0; k < KEPT * KEPT; k++)
        if (freq[k] > median)
            code[KEPT * KEPT / 8 - 1 - k / 8] |= (uint8_t)(1u << k % 8);
}

static enum as_status pdq_extract(void *state, const struct as_unit *unit, void *scratch,
                                  struct as_out *out)
{
    const struct tables *t = state;
    const struct as_plane *p = &unit->sample;
    float freq[KEPT * KEPT];
    struct buffers b;

    if (p->w > SIDE_MAX || p->h > SIDE_MAX)
        return AS_ELIMIT;
    b = carve(scratch, p->w, p->h);
    if (p->w == SIDE && p->h == SIDE)
        copy(p, b.small);
    else
        shrink(p, &b);
    as_simd.dct_64_16(t->d, t->dt, b.small, freq);
    out->feat[0] = (float)quality_of(b.small);
    cut(freq, out->code);
    out->verdict = AS_APPLIES;
    return AS_OK;
}

static void pdq_free(void *state)
{
    free(state);
}

static const char *const measures[] = {"quality"};
static const char *const reasons[] = {NULL};

const struct as_detector as_detector_pdq = {
    .name = "pdq",
    .version = 1,
    .summary = "PDQ perceptual hash, to find the same picture after re-coding and resizing",
    .paper = "Facebook, The TMK+PDQF Video-Hashing Algorithm and the PDQ Image-Hashing Algorithm, "
             "2019",
    .card =
        "Computes the 256-bit PDQ code of a picture and its quality (0 to 100).  The code is for "
        "finding copies of a known picture; it says nothing about authenticity and makes no "
        "findings by itself.\n\n"
        "Pictures with a side above 512 are first sampled at 512 x 512 by nearest neighbour, as "
        "the published C++ implementation does.  Given its pixels the code equals its code in all "
        "256 bits.  The Y plane of a JPEG is used as it is decoded, not computed from RGB: "
        "measured on 22 JPEG pictures this changes at most 2 bits at quality 80 or above.  "
        "Implementations that do not sample (Java, Rust, some in Python) differ by 2 to 12 "
        "bits.\n\n"
        "Published advice: two pictures match at a distance of at most 31 bits; leave out codes of "
        "quality 49 or less.  Text on plain ground, memes and flat pictures collide more often "
        "than "
        "independent bits would.  Mirrored and rotated copies have other codes.",
    .family = AS_FAMILY_CONTENT,
    .needs = AS_SAMPLE,
    .min_side = SIDE_MIN,
    .dim = 1,
    .code_bytes = KEPT * KEPT / 8,
    .measures = measures,
    .reasons = reasons,
    .pool = AS_POOL_FIRST,
    .exact = true,
    .init = pdq_init,
    .scratch_bytes = pdq_scratch_bytes,
    .extract = pdq_extract,
    .free = pdq_free,
};
