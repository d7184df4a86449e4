/* decode_views.c - luma, RGB, sample and small, built from rows as they come.
 *
 * Bytes of luma (gray pictures, the Y of a JPEG) take a short way: the sample
 * picks bytes, boxes add them up as integers, and floats are made only for a
 * luma plane that was asked for.  Everything else becomes float rows first.
 *
 * 1. memory  2. rows to floats  3. sample and small  4. public               */
#include "decode.h"

#include "../../kernels/simd.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* ---- 1. memory ---------------------------------------------------------- */

enum { HUGE_PAGE = 2 * 1024 * 1024 };

static const uint64_t FRAME_MAX = UINT64_C(1) << 30;

void *as_block_need(struct as_block *block, size_t n)
{
    size_t align = n >= HUGE_PAGE ? HUGE_PAGE : 64;

    if (block->at && block->size >= n)
        return block->at;
    if (n > SIZE_MAX / 2)
        return NULL;
    free(block->at);
    block->size = 0;
    n = (n + align) / align * align;
    block->at = aligned_alloc(align, n);
    if (!block->at)
        return NULL;
    if (align == HUGE_PAGE) /* a page fault per 4 KiB costs as much as the decoding of it */
        (void)madvise(block->at, n, MADV_HUGEPAGE);
    block->size = n;
    return block->at;
}

enum as_status as_frame_check(struct as_job *job, uint64_t bytes)
{
    enum as_status status = AS_OK;

    if (bytes > FRAME_MAX)
        AS_FAIL_AS(job->err, AS_ELIMIT, AS_REASON_LIMIT_MEMORY,
                   "needs %llu bytes at once to be decoded", (unsigned long long)bytes);
done:
    return status;
}

enum as_status as_frame_need(struct as_job *job, uint64_t bytes, uint8_t **frame)
{
    enum as_status status = AS_OK;

    *frame = NULL;
    AS_TRY(as_frame_check(job, bytes));
    *frame = as_block_need(&job->dec->frame, (size_t)bytes);
    if (!*frame)
        AS_FAIL_AS(job->err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for a frame");
done:
    return status;
}

/* ---- 2. rows to floats -------------------------------------------------- */

static void channel_8(const uint8_t *restrict p, size_t step, uint32_t n, float *restrict to)
{
    for (uint32_t i = 0; i < n; i++)
        to[i] = (float)p[i * step];
}

static void channel_16(const uint16_t *restrict p, size_t step, uint32_t n, float *restrict to)
{
    for (uint32_t i = 0; i < n; i++)
        to[i] = (float)p[i * step] / 257.0f;
}

static float clamp_byte(int v)
{
    return (float)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* The integer arithmetic of libjpeg's own conversion (jdcolor.c: 16-bit
 * fractions, rounded), so that asking for RGB and luma in one pass gives the
 * same bits as asking the library for RGB.                                   */
static void rgb_of_ycc(const uint8_t *restrict p, size_t step, uint32_t n, float *const to[3])
{
    enum { HALF = 32768, CR_R = 91881, CB_G = 22554, CR_G = 46802, CB_B = 116130 };
    float *restrict r = to[0], *restrict g = to[1], *restrict b = to[2];

    for (uint32_t i = 0; i < n; i++) {
        int y = p[i * step], cb = p[i * step + 1] - 128, cr = p[i * step + 2] - 128;
        r[i] = clamp_byte(y + ((CR_R * cr + HALF) >> 16));
        g[i] = clamp_byte(y + ((-CB_G * cb - CR_G * cr + HALF) >> 16));
        b[i] = clamp_byte(y + ((CB_B * cb + HALF) >> 16));
    }
}

static float sample_at(const struct as_rowfmt *fmt, const void *row, size_t i)
{
    return fmt->bits == 8 ? (float)((const uint8_t *)row)[i]
                          : (float)((const uint16_t *)row)[i] / 257.0f;
}

static void rgb_of_cmyk(const struct as_rowfmt *fmt, const void *row, uint32_t n,
                        float *const to[3])
{
    for (uint32_t i = 0; i < n; i++) {
        float k = sample_at(fmt, row, (size_t)i * fmt->step + 3);
        for (unsigned c = 0; c < 3; c++) {
            float v = sample_at(fmt, row, (size_t)i * fmt->step + c);
            if (fmt->colour == AS_COLOUR_INK)
                to[c][i] = (255.0f - v) * (255.0f - k) / 255.0f;
            else
                to[c][i] = v * k / 255.0f;
        }
    }
}

static void rgb_of_row(const struct as_rowfmt *fmt, const void *row, uint32_t n, float *const to[3])
{
    if (fmt->colour == AS_COLOUR_YCC) {
        rgb_of_ycc(row, fmt->step, n, to);
        return;
    }
    if (fmt->colour == AS_COLOUR_CMYK || fmt->colour == AS_COLOUR_INK) {
        rgb_of_cmyk(fmt, row, n, to);
        return;
    }
    for (unsigned c = 0; c < 3; c++) {
        unsigned from = fmt->colour == AS_COLOUR_BGR ? 2 - c : c;
        if (fmt->bits == 8)
            channel_8((const uint8_t *)row + from, fmt->step, n, to[c]);
        else
            channel_16((const uint16_t *)row + from, fmt->step, n, to[c]);
    }
}

static void luma_of_rgb(float *const rgb[3], uint32_t n, float *restrict to)
{
    const float *restrict r = rgb[0], *restrict g = rgb[1], *restrict b = rgb[2];

    for (uint32_t i = 0; i < n; i++)
        to[i] = 0.299f * r[i] + 0.587f * g[i] + 0.114f * b[i];
}

/* ---- 3. sample and small ------------------------------------------------ */

/* Source row y serves every sample row j with j * h / sample_h == y: more than
 * one of them when the picture is wide and low.                              */
static float *sample_row(struct as_views *v)
{
    if (!(v->make & AS_SAMPLE) || v->sample_y >= v->sample_h ||
        (uint64_t)v->sample_y * v->h / v->sample_h != v->y)
        return NULL;
    return v->sample + (size_t)v->sample_y++ * v->sample_w;
}

static void sample_8(struct as_views *v, const uint8_t *p)
{
    for (float *to; (to = sample_row(v)) != NULL;)
        for (uint32_t i = 0; i < v->sample_w; i++)
            to[i] = (float)p[(size_t)v->sample_x[i] * v->fmt.step];
}

static void sample_float(struct as_views *v, const float *p)
{
    for (float *to; (to = sample_row(v)) != NULL;)
        for (uint32_t i = 0; i < v->sample_w; i++)
            to[i] = p[v->sample_x[i]];
}

static uint32_t share(uint32_t i, uint32_t n, uint32_t of)
{
    return (uint32_t)((uint64_t)i * n / of);
}

static void boxes_fold(struct as_views *v)
{
    bool bytes = v->sum8 != NULL;

    for (uint32_t i = 0; i < v->small_w; i++) {
        uint32_t end = share(i + 1, v->w, v->small_w);
        double sum = 0.0;
        for (uint32_t x = share(i, v->w, v->small_w); x < end; x++)
            sum += bytes ? (double)v->sum8[x] : (double)v->sumf[x];
        v->cell[i] += sum;
    }
    if (bytes)
        memset(v->sum8, 0, v->w * sizeof *v->sum8);
    else
        memset(v->sumf, 0, v->w * sizeof *v->sumf);
    v->summed = 0;
}

/* A row was added: after 257 of them 16 bits are full; after the last of a box
 * its averages are known.                                                    */
static void boxes_next(struct as_views *v)
{
    v->box_rows++;
    if (++v->summed == 257)
        boxes_fold(v);
    if (v->y + 1 < share(v->small_y + 1, v->h, v->small_h))
        return;
    boxes_fold(v);
    for (uint32_t i = 0; i < v->small_w; i++) {
        uint32_t wide = share(i + 1, v->w, v->small_w) - share(i, v->w, v->small_w);
        v->small[(size_t)v->small_y * v->small_w + i] =
            (float)(v->cell[i] / ((double)wide * (double)v->box_rows));
        v->cell[i] = 0.0;
    }
    v->small_y++;
    v->box_rows = 0;
}

static void boxes_8(uint16_t *restrict sum, const uint8_t *restrict p, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        sum[i] = (uint16_t)(sum[i] + p[i]);
}

static void boxes_8_step(uint16_t *restrict sum, const uint8_t *restrict p, size_t step, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        sum[i] = (uint16_t)(sum[i] + p[i * step]);
}

static void boxes_float(float *restrict sum, const float *restrict p, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        sum[i] += p[i];
}

/* Luma as bytes: GRAY of 8 bits, YCC. */
static void row_bytes(struct as_views *v, const uint8_t *p)
{
    size_t off = (size_t)v->y * v->stride;
    size_t step = v->fmt.step;

    sample_8(v, p);
    if (step == 1)
        boxes_8(v->sum8, p, v->w);
    else
        boxes_8_step(v->sum8, p, step, v->w);
    if (v->luma && step == 1)
        as_simd.floats_of_bytes(p, v->w, v->luma + off);
    else if (v->luma)
        channel_8(p, step, v->w, v->luma + off);
    if (v->rgb[0] && v->fmt.colour == AS_COLOUR_YCC) {
        float *const to[3] = {v->rgb[0] + off, v->rgb[1] + off, v->rgb[2] + off};
        rgb_of_row(&v->fmt, p, v->w, to);
    } else if (v->rgb[0] && v->rgb[0] != v->luma) {
        channel_8(p, step, v->w, v->rgb[0] + off);
    }
}

static void row_floats(struct as_views *v, const void *row)
{
    size_t off = (size_t)v->y * v->stride;
    bool gray = v->fmt.colour == AS_COLOUR_GRAY;
    float *luma = v->luma ? v->luma + off : v->line[3];
    float *rgb[3];

    for (unsigned c = 0; c < 3; c++)
        rgb[c] = v->rgb[c] ? v->rgb[c] + off : v->line[c];
    if (gray) {
        channel_16(row, v->fmt.step, v->w, luma);
        if (v->rgb[0] && v->rgb[0] != v->luma)
            memcpy(rgb[0], luma, v->w * sizeof *luma);
    } else {
        rgb_of_row(&v->fmt, row, v->w, rgb);
        luma_of_rgb(rgb, v->w, luma);
    }
    sample_float(v, luma);
    boxes_float(v->sumf, luma, v->w);
}

/* ---- 4. public ---------------------------------------------------------- */

static bool luma_is_bytes(const struct as_rowfmt *fmt)
{
    return fmt->bits == 8 && (fmt->colour == AS_COLOUR_GRAY || fmt->colour == AS_COLOUR_YCC);
}

static bool planes_new(struct as_decoder *dec, struct as_views *v)
{
    size_t bytes = v->stride * v->h * sizeof(float);
    bool gray = v->fmt.colour == AS_COLOUR_GRAY;

    if (v->make & AS_LUMA && !(v->luma = as_block_need(&dec->luma, bytes)))
        return false;
    if (!(v->make & AS_RGB))
        return true;
    if (gray) { /* three names of one plane */
        v->rgb[0] = v->luma ? v->luma : as_block_need(&dec->rgb[0], bytes);
        v->rgb[1] = v->rgb[2] = v->rgb[0];
        return v->rgb[0] != NULL;
    }
    for (unsigned c = 0; c < 3; c++)
        if (!(v->rgb[c] = as_block_need(&dec->rgb[c], bytes)))
            return false;
    return true;
}

static bool sample_new(struct as_decoder *dec, struct as_views *v)
{
    bool whole = v->w <= AS_SAMPLE_SIDE && v->h <= AS_SAMPLE_SIDE;
    size_t n;
    uint8_t *at;

    v->sample_w = whole ? v->w : AS_SAMPLE_SIDE;
    v->sample_h = whole ? v->h : AS_SAMPLE_SIDE;
    n = (size_t)v->sample_w * v->sample_h;
    at = as_block_need(&dec->sample, n * sizeof(float) + v->sample_w * sizeof(uint32_t));
    if (!at)
        return false;
    v->sample = (float *)(void *)at;
    v->sample_x = (uint32_t *)(void *)(at + n * sizeof(float));
    for (uint32_t i = 0; i < v->sample_w; i++)
        v->sample_x[i] = share(i, v->w, v->sample_w);
    return true;
}

static uint32_t small_side(uint32_t side, uint32_t longest)
{
    uint64_t n = ((uint64_t)side * AS_SMALL_SIDE + longest / 2) / longest;
    return n < 1 ? 1 : (uint32_t)n;
}

static bool small_new(struct as_decoder *dec, struct as_views *v)
{
    uint32_t longest = v->w > v->h ? v->w : v->h;
    bool whole = longest <= AS_SMALL_SIDE;
    size_t sums = v->w * (luma_is_bytes(&v->fmt) ? sizeof(uint16_t) : sizeof(float));

    v->small_w = whole ? v->w : small_side(v->w, longest);
    v->small_h = whole ? v->h : small_side(v->h, longest);
    v->small = as_block_need(&dec->small, (size_t)v->small_w * v->small_h * sizeof(float));
    v->cell = as_block_need(&dec->sums, v->small_w * sizeof(double) + sums);
    if (!v->small || !v->cell)
        return false;
    memset(v->cell, 0, v->small_w * sizeof(double) + sums);
    if (luma_is_bytes(&v->fmt))
        v->sum8 = (uint16_t *)(void *)(v->cell + v->small_w);
    else
        v->sumf = (float *)(void *)(v->cell + v->small_w);
    return true;
}

enum as_status as_views_begin(struct as_job *job, struct as_rowfmt fmt)
{
    enum as_status status = AS_OK;
    struct as_views *v = &job->dec->views;
    uint32_t asked = job->want->views;
    float *line;

    memset(v, 0, sizeof *v);
    v->fmt = fmt;
    v->w = job->pic->w;
    v->h = job->pic->h;
    v->stride = ((size_t)v->w + 15) / 16 * 16;
    v->make = asked & (job->strips ? AS_SAMPLE : AS_LUMA | AS_RGB | AS_SAMPLE);
    line = as_block_need(&job->dec->line, v->stride * 6 * sizeof(float));
    if (!line || !planes_new(job->dec, v) || !sample_new(job->dec, v) || !small_new(job->dec, v))
        AS_FAIL_AS(job->err, AS_ENOMEM, AS_REASON_LIMIT_MEMORY, "no memory for %u x %u pixels",
                   v->w, v->h);
    for (unsigned c = 0; c < 4; c++)
        v->line[c] = line + c * v->stride;
    v->black = (uint8_t *)(line + 4 * v->stride);
done:
    return status;
}

void as_views_row(struct as_views *v, const void *row)
{
    if (v->y >= v->h)
        return;
    if (luma_is_bytes(&v->fmt))
        row_bytes(v, row);
    else
        row_floats(v, row);
    boxes_next(v);
    v->y++;
}

/* Rows that never came are black. */
static void rows_missing(struct as_views *v)
{
    static const uint8_t steps[] = {1, 3, 3, 3, 4, 4};
    uint8_t *black = v->black;

    v->fmt.step = steps[v->fmt.colour];
    memset(black, v->fmt.colour == AS_COLOUR_INK ? 255 : 0,
           (size_t)v->w * v->fmt.step * (v->fmt.bits / 8u));
    for (size_t i = 0; v->fmt.colour == AS_COLOUR_YCC && i < v->w; i++)
        black[3 * i + 1] = black[3 * i + 2] = 128;
    while (v->y < v->h)
        as_views_row(v, black);
}

static struct as_plane plane(const float *at, uint32_t w, uint32_t h, size_t stride)
{
    return (struct as_plane){at, w, h, stride};
}

void as_views_end(struct as_job *job)
{
    struct as_views *v = &job->dec->views;
    struct as_picture *pic = job->pic;

    if (v->y < v->h)
        rows_missing(v);
    pic->views |= v->make;
    if (v->make & AS_LUMA)
        pic->luma = plane(v->luma, v->w, v->h, v->stride);
    for (unsigned c = 0; c < 3 && v->make & AS_RGB; c++)
        pic->rgb[c] = plane(v->rgb[c], v->w, v->h, v->stride);
    if (v->make & AS_SAMPLE)
        pic->sample = plane(v->sample, v->sample_w, v->sample_h, v->sample_w);
    pic->small = plane(v->small, v->small_w, v->small_h, v->small_w);
}
