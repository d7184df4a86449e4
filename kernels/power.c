/* power.c - the power spectrum of a plane, the mean of that of its tiles (Bartlett, Welch). */
#include "power.h"

#include <string.h>

/* Where tile i of n along a side begins. */
static uint32_t begin(uint32_t i, uint32_t n, uint32_t side, uint32_t tile)
{
    return n < 2 ? 0 : (uint32_t)((uint64_t)i * (side - tile) / (n - 1));
}

/* to := the tile without its mean; its variance. */
static double cut(const float *from, size_t stride, uint32_t tile, float *to)
{
    double sum = 0, squares = 0;

    for (uint32_t y = 0; y < tile; y++)
        for (uint32_t x = 0; x < tile; x++)
            sum += from[y * stride + x];
    sum /= (double)tile * tile;
    for (uint32_t y = 0; y < tile; y++)
        for (uint32_t x = 0; x < tile; x++) {
            const float v = from[y * stride + x] - (float)sum;
            to[(size_t)y * tile + x] = v;
            squares += (double)v * v;
        }
    return squares / ((double)tile * tile);
}

/* Applies the window; the sum of its squares over the tile. */
static double apply(const float *window, uint32_t tile, float *at)
{
    double sum = 0;

    if (!window)
        return (double)tile * tile;
    for (uint32_t y = 0; y < tile; y++) {
        sum += (double)window[y] * window[y];
        for (uint32_t x = 0; x < tile; x++)
            at[(size_t)y * tile + x] *= window[y] * window[x];
    }
    return sum * sum;
}

uint32_t as_power(struct as_fft *fft, const struct as_plane *p, const struct as_power_how *how,
                  float *scratch, double *power)
{
    const uint32_t tile = how->tile, across = (p->w + tile - 1) / tile;
    const uint32_t down = (p->h + tile - 1) / tile;
    const size_t n = as_fft_floats(as_fft_width(fft), as_fft_height(fft)) / 2;
    const struct as_plane in = {scratch, tile, tile, tile};
    float *f = scratch + (size_t)tile * tile;
    uint32_t used = 0;

    memset(power, 0, n * sizeof *power);
    for (uint32_t t = 0; t < across * down; t++) {
        const uint32_t x = begin(t % across, across, p->w, tile);
        const uint32_t y = begin(t / across, down, p->h, tile);
        const double variance = cut(p->at + y * p->stride + x, p->stride, tile, scratch);
        double scale;
        if (variance < how->least)
            continue;
        scale = 1 / (apply(how->window, tile, scratch) * (how->even ? variance : 1));
        as_fft_forward(fft, &in, f);
        for (size_t i = 0; i < n; i++)
            power[i] += scale * (f[2 * i] * f[2 * i] + f[2 * i + 1] * f[2 * i + 1]);
        used++;
    }
    for (size_t i = 0; i < n && used > 1; i++)
        power[i] /= used;
    return used;
}
