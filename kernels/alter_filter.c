/* alter_filter.c - noise and filters on planes of bytes. */
#include "alter.h"

#include "rng.h"

void as_alter_bytes(const float *in, size_t n, uint8_t *to)
{
    for (size_t i = 0; i < n; i++) {
        const float v = in[i] + .5F;
        to[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
}

/* Twelve times 16 bits: mean 12 x 32767.5, standard deviation 65536 to nine digits. */
static int32_t normal16(uint64_t *rng)
{
    int32_t sum = 0;

    for (int k = 0; k < 3; k++) {
        const uint64_t v = as_rng_next(rng);
        sum += (int32_t)((v & 0xffff) + (v >> 16 & 0xffff) + (v >> 32 & 0xffff) + (v >> 48));
    }
    return sum - 12 * 65535 / 2;
}

static uint8_t clip(int32_t v)
{
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

void as_alter_noise(const uint8_t *in, size_t n, uint32_t sigma, uint64_t *rng, uint8_t *out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = clip(in[i] + (((int32_t)sigma * normal16(rng) + 32768) >> 16));
}
