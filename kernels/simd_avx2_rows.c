/* simd_avx2_rows.c - the row kernels compiled for processors with AVX2. */
#include "simd_rows_loops.h"

void as_rows_avx2(struct as_rows *rows)
{
    *rows = AS_ROWS_OF_THIS_FILE;
}
