/* show_benchmark.h - what a benchmark found, for a person. */
#ifndef AS_SHOW_BENCHMARK_H
#define AS_SHOW_BENCHMARK_H

#include "../run/benchmark.h"

#include <stdio.h>

/* The warnings first, then the measures of each split. */
void as_show_benchmark(FILE *out, const struct as_benchmark *b);

#endif
