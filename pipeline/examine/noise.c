/* noise.c - the residual of a picture as it is kept until the search for cameras. */
#include "noise.h"

#include "../../kernels/residual.h"

#include <math.h>
#include <string.h>

enum { SCALE = 16, ALIGN = AS_RESIDUAL_PHASE };

static uint64_t cells(uint64_t n, uint32_t step)
{
    return (n + step - 1) / step;
}

static uint64_t bytes_of(const struct as_noise_head *h)
{
    return sizeof *h + (uint64_t)h->w * h->h + cells(h->w, h->step) * cells(h->h, h->step);
}

uint64_t as_noise_bytes(const struct as_keep *keep)
{
    /* a partial cell costs a byte: sides are multiples of 16 where cells are not single pixels */
    return sizeof(struct as_noise_head) + keep->pixels +
           keep->pixels / ((uint64_t)keep->step * keep->step);
}

/* What is kept of one side: at most `most`, in the middle, at multiples of ALIGN. */
static void cut(uint32_t side, uint32_t most, uint32_t *at, uint32_t *len)
{
    *len = (side < most ? side : most) / ALIGN * ALIGN;
    *at = (side - *len) / 2 / ALIGN * ALIGN;
}

/* The whole picture where it fits, else the centre in the same proportions. */
void as_noise_frame(const struct as_keep *keep, uint32_t w, uint32_t h, struct as_noise_head *head)
{
    const double pixels = (double)w * h;
    const double scale = pixels > (double)keep->pixels ? sqrt((double)keep->pixels / pixels) : 1;

    memset(head, 0, sizeof *head);
    head->full_w = w;
    head->full_h = h;
    head->step = keep->step;
    head->w = w;
    head->h = h;
    if (keep->step == 1 && scale >= 1)
        return;
    cut(w, (uint32_t)(w * scale), &head->x, &head->w);
    cut(h, (uint32_t)(h * scale), &head->y, &head->h);
}

static void pack_noise(const float *from, uint32_t w, int8_t *to)
{
    for (uint32_t x = 0; x < w; x++) {
        float v = from[x] * SCALE;
        v = v > 127 ? 127 : v < -127 ? -127 : v;
        to[x] = (int8_t)(int32_t)(v + (v < 0 ? -0.5F : 0.5F));
    }
}

/* Means of step x step samples, fewer at the right and lower end. */
static void pack_luma(const struct as_plane *luma, const struct as_noise_head *h, uint8_t *to)
{
    for (uint32_t y = 0; y < h->h; y += h->step)
        for (uint32_t x = 0; x < h->w; x += h->step) {
            const uint32_t wide = h->w - x < h->step ? h->w - x : h->step;
            const uint32_t high = h->h - y < h->step ? h->h - y : h->step;
            float sum = 0;
            for (uint32_t j = 0; j < high; j++) {
                const float *row = luma->at + (size_t)(h->y + y + j) * luma->stride + h->x + x;
                for (uint32_t i = 0; i < wide; i++)
                    sum += row[i];
            }
            sum = sum / (float)(wide * high) + 0.5F;
            *to++ = (uint8_t)(sum > 255 ? 255 : sum < 0 ? 0 : sum);
        }
}

uint64_t as_noise_pack(const struct as_keep *keep, const struct as_plane *luma,
                       const struct as_plane *noise, bool flat, uint8_t *to)
{
    struct as_noise_head h;

    as_noise_frame(keep, noise->w, noise->h, &h);
    h.flat = flat;
    memcpy(to, &h, sizeof h);
    to += sizeof h;
    for (uint32_t y = 0; y < h.h; y++, to += h.w)
        pack_noise(noise->at + (size_t)(h.y + y) * noise->stride + h.x, h.w, (int8_t *)to);
    pack_luma(luma, &h, to);
    return bytes_of(&h);
}

bool as_noise_check(const struct as_keep *keep, const uint8_t *bytes, uint64_t n,
                    struct as_noise_head *head)
{
    struct as_noise_head should;

    if (n < sizeof *head)
        return false;
    memcpy(head, bytes, sizeof *head);
    if (head->full_w == 0 || head->full_h == 0 || head->flat > 1)
        return false;
    as_noise_frame(keep, head->full_w, head->full_h, &should);
    return head->x == should.x && head->y == should.y && head->w == should.w &&
           head->h == should.h && head->step == should.step && should.w > 0 && should.h > 0 &&
           (uint64_t)head->w * head->h <= keep->pixels && n == bytes_of(head);
}

/* A row of luma from column x on: each cell of the means covers `step` samples. */
static void spread(const uint8_t *cell, uint32_t step, uint32_t x, uint32_t w, float *to)
{
    for (uint32_t i = 0; i < w;) {
        const float v = cell[(x + i) / step];
        const uint32_t end = ((x + i) / step + 1) * step - x;
        for (; i < end && i < w; i++)
            to[i] = v;
    }
}

void as_noise_part(const struct as_noise_head *head, const uint8_t *bytes,
                   const struct as_rect *part, float *noise, float *luma)
{
    const int8_t *from = (const int8_t *)bytes + sizeof *head;
    const uint8_t *cell = bytes + sizeof *head + (size_t)head->w * head->h;
    const size_t across = cells(head->w, head->step);

    for (uint32_t y = part->y; y < part->y + part->h; y++, noise += part->w) {
        const int8_t *row = from + (size_t)y * head->w + part->x;
        for (uint32_t x = 0; x < part->w; x++)
            noise[x] = (float)row[x] / SCALE;
    }
    for (uint32_t y = part->y; luma && y < part->y + part->h; y++, luma += part->w)
        spread(cell + y / head->step * across, head->step, part->x, part->w, luma);
}

void as_noise_planes(const struct as_noise_head *head, const uint8_t *bytes, float *noise,
                     float *luma)
{
    const struct as_rect whole = {0, 0, head->w, head->h};

    as_noise_part(head, bytes, &whole, noise, luma);
}
