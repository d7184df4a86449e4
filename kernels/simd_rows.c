/* simd_rows.c - the row kernels for any processor: the definition that every variant must equal. */
#include "simd_rows_loops.h"

struct as_rows as_rows = {
    analyse_columns, analyse_row, synthesise_columns, synthesise_row,   wiener_gain, multiply,
    square,          scale,       filter_orders,      root_of_absolute, widen};

void as_rows_ref(struct as_rows *rows)
{
    *rows = AS_ROWS_OF_THIS_FILE;
}

void as_rows_init(enum as_cpu cpu)
{
    as_rows_ref(&as_rows);
    if (cpu >= AS_CPU_AVX2)
        as_rows_avx2(&as_rows);
}
