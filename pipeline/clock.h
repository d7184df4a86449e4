/* clock.h - the time that has passed, for measuring and for limits; never part of a result. */
#ifndef AS_CLOCK_H
#define AS_CLOCK_H

#include <stdint.h>
#include <time.h>

static inline uint64_t as_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static inline uint64_t as_now_us(void)
{
    return as_now_ns() / 1000;
}

#endif
