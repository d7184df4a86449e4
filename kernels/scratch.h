/* scratch.h - dealing out the memory that a caller gives, or counting what will be needed. */
#ifndef AS_SCRATCH_H
#define AS_SCRATCH_H

#include "base.h"

/* Memory dealt out from its beginning; `at` is NULL while it is only counted. */
struct as_scratch {
    uint8_t *at;
    size_t used;
};

/* The next n bytes, in whole cache lines; NULL while counting. */
static inline void *as_scratch_take(struct as_scratch *scratch, size_t n)
{
    void *p = scratch->at ? scratch->at + scratch->used : NULL;

    scratch->used += (n + 63) / 64 * 64;
    return p;
}

#endif
