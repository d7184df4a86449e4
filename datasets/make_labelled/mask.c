/* mask.c - the shape of what is altered. */
#include "../make_common/light.h"
#include "edit.h"
#include "labelled.h"

#include <math.h>
#include <string.h>

struct as_image as_mask_blob(struct as_rng *rng, uint32_t w, uint32_t h, int percent)
{
    struct as_image mask = as_image_new(w, h, 1);
    float area = 0.01f * (float)percent * (float)w * (float)h, aspect = 0.7f + as_rng_unit(rng);
    float rx = sqrtf(area * aspect / 3.1415927f), ry = area / (3.1415927f * rx);
    float free_x = (float)w - 2.4f * rx, free_y = (float)h - 2.4f * ry, cell = 0.5f * (rx + ry);
    float cx = 1.2f * rx + as_rng_unit(rng) * (free_x > 0 ? free_x : 0);
    float cy = 1.2f * ry + as_rng_unit(rng) * (free_y > 0 ? free_y : 0);
    uint64_t seed = as_rng_next(rng);

    if (percent < 1)
        as_die("a part of %d percent is not made", percent);
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++) {
            float dx = ((float)x - cx) / rx, dy = ((float)y - cy) / ry;
            float edge = 0.6f + 0.8f * as_noise_fractal(seed, (float)x / cell, (float)y / cell, 3);
            mask.at[(size_t)y * w + x] = dx * dx + dy * dy < edge ? 255 : 0;
        }
    return mask;
}

void as_mask_extent(const struct as_image *mask, float *cx, float *cy, float *reach)
{
    double sum[3] = {0, 0, 0};
    float far = 0.0f;

    for (uint32_t y = 0; y < mask->h; y++)
        for (uint32_t x = 0; x < mask->w; x++)
            if (mask->at[(size_t)y * mask->w + x]) {
                sum[0] += x;
                sum[1] += y;
                sum[2] += 1;
            }
    *cx = sum[2] > 0 ? floorf((float)(sum[0] / sum[2])) : 0.0f;
    *cy = sum[2] > 0 ? floorf((float)(sum[1] / sum[2])) : 0.0f;
    for (uint32_t y = 0; y < mask->h; y++)
        for (uint32_t x = 0; x < mask->w; x++) {
            float dx = (float)x - *cx, dy = (float)y - *cy, d = dx * dx + dy * dy;
            if (mask->at[(size_t)y * mask->w + x] && d > far)
                far = d;
        }
    *reach = sqrtf(far);
}

void as_image_paste(struct as_image *to, const struct as_image *from, const struct as_image *mask)
{
    for (size_t i = 0; i < (size_t)to->w * to->h; i++)
        if (mask->at[i])
            memcpy(to->at + i * to->c, from->at + i * to->c, to->c);
}
