/* simd_avx512_rows.c - the row kernels compiled for processors with AVX-512. */
#include "simd_rows_loops.h"

void as_rows_avx512(struct as_rows *rows)
{
    const struct as_rows avx2 = *rows;

    *rows = AS_ROWS_OF_THIS_FILE;
    rows->multiply = avx2.multiply; /* gcc 12 would use vfmsubadd here: see simd_rows_loops.h */
}
