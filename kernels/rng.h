/* rng.h - random numbers that are the same everywhere: splitmix64 (Steele, Lea, Flood, 2014). */
#ifndef AS_RNG_H
#define AS_RNG_H

#include "base.h"

/* Any state is a good seed. */
static inline uint64_t as_rng_next(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* The state of stream i of a seed; streams have nothing to do with each other. */
static inline uint64_t as_rng_stream(uint64_t seed, uint64_t i)
{
    uint64_t state = seed;

    state = as_rng_next(&state) ^ i;
    return as_rng_next(&state);
}

/* 0 .. n-1, n in 1 .. 2^32: its bias is below n / 2^32. */
static inline uint32_t as_rng_below(uint64_t *state, uint64_t n)
{
    return (uint32_t)((as_rng_next(state) >> 32) * n >> 32);
}

/* 0 <= u < 1, a multiple of 2^-53. */
static inline double as_rng_unit(uint64_t *state)
{
    return (double)(as_rng_next(state) >> 11) * 0x1p-53;
}

#endif
