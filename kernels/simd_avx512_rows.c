/* simd_avx512_rows.c - the row kernels compiled for processors with AVX-512. */
#include "simd_rows_loops.h"

void as_rows_avx512(struct as_rows *rows)
{
    *rows = AS_ROWS_OF_THIS_FILE;
}
