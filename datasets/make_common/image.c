/* image.c - the few edits that near-copies and formats are made with. */
#include "invent.h"

#include <stdlib.h>
#include <string.h>

struct as_image as_image_new(uint32_t w, uint32_t h, uint32_t c)
{
    struct as_image im = {w, h, c, as_alloc((size_t)w * h, c)};

    return im;
}

void as_image_free(struct as_image *im)
{
    free(im->at);
    im->at = NULL;
}

struct as_image as_image_crop(const struct as_image *im, uint32_t x, uint32_t y, uint32_t w,
                              uint32_t h)
{
    struct as_image out = as_image_new(w, h, im->c);

    if (x + w > im->w || y + h > im->h)
        as_die("a crop lies outside its picture");
    for (uint32_t i = 0; i < h; i++)
        memcpy(out.at + (size_t)i * w * im->c, im->at + ((size_t)(y + i) * im->w + x) * im->c,
               (size_t)w * im->c);
    return out;
}

/* Sample of channel k between four pixels, with 8-bit weights. */
static uint8_t between(const struct as_image *im, uint32_t fx, uint32_t fy, uint32_t k)
{
    uint32_t x = fx >> 8, y = fy >> 8, ax = fx & 255, ay = fy & 255;
    uint32_t x1 = x + 1 < im->w ? x + 1 : x, y1 = y + 1 < im->h ? y + 1 : y;
    const uint8_t *r0 = im->at + (size_t)y * im->w * im->c + k;
    const uint8_t *r1 = im->at + (size_t)y1 * im->w * im->c + k;
    uint32_t top = r0[x * im->c] * (256 - ax) + r0[x1 * im->c] * ax;
    uint32_t low = r1[x * im->c] * (256 - ax) + r1[x1 * im->c] * ax;

    return (uint8_t)((top * (256 - ay) + low * ay + 32768) >> 16);
}

struct as_image as_image_scale(const struct as_image *im, uint32_t w, uint32_t h)
{
    struct as_image out = as_image_new(w, h, im->c);

    for (uint32_t y = 0; y < h; y++) {
        uint32_t fy = (uint32_t)((uint64_t)y * im->h * 256 / h);
        for (uint32_t x = 0; x < w; x++) {
            uint32_t fx = (uint32_t)((uint64_t)x * im->w * 256 / w);
            for (uint32_t k = 0; k < im->c; k++)
                out.at[((size_t)y * w + x) * im->c + k] = between(im, fx, fy, k);
        }
    }
    return out;
}

struct as_image as_image_mirror(const struct as_image *im)
{
    struct as_image out = as_image_new(im->w, im->h, im->c);

    for (uint32_t y = 0; y < im->h; y++)
        for (uint32_t x = 0; x < im->w; x++)
            memcpy(out.at + ((size_t)y * im->w + x) * im->c,
                   im->at + ((size_t)y * im->w + im->w - 1 - x) * im->c, im->c);
    return out;
}

struct as_image as_image_gray(const struct as_image *im)
{
    struct as_image out = as_image_new(im->w, im->h, 1);

    for (size_t i = 0; i < (size_t)im->w * im->h; i++) {
        const uint8_t *p = im->at + i * 3;
        out.at[i] = (uint8_t)((p[0] * 77 + p[1] * 150 + p[2] * 29 + 128) >> 8);
    }
    return out;
}

struct as_image as_image_alpha(const struct as_image *im)
{
    struct as_image out = as_image_new(im->w, im->h, 4);
    int64_t cx = im->w / 2, cy = im->h / 2, r2 = cx * cx + cy * cy + 1;

    for (uint32_t y = 0; y < im->h; y++)
        for (uint32_t x = 0; x < im->w; x++) {
            size_t i = (size_t)y * im->w + x;
            int64_t d2 = (x - cx) * (x - cx) + (y - cy) * (y - cy);
            memcpy(out.at + i * 4, im->at + i * 3, 3);
            out.at[i * 4 + 3] = (uint8_t)(255 - 255 * d2 / r2);
        }
    return out;
}
