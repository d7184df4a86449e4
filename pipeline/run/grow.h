/* grow.h - arrays that grow while journals are read. */
#ifndef AS_GROW_H
#define AS_GROW_H

#include "../../kernels/base.h"

#include <stdlib.h>

/* Makes room for one more element of `size` bytes, a quarter as much again each
 * time, so that little stays unused; false: no memory, nothing is changed.                */
static inline bool as_grow(void **at, uint64_t n, uint64_t *cap, size_t size)
{
    uint64_t more = *cap < 1024 ? 1024 : *cap + *cap / 4;
    void *p;

    if (n < *cap)
        return true;
    if ((p = realloc(*at, more * size)) == NULL)
        return false;
    *at = p;
    *cap = more;
    return true;
}

#endif
