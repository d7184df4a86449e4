/* cpu.h - the classes of processor that kernels have variants for. */
#ifndef AS_CPU_H
#define AS_CPU_H

#include <stdbool.h>

/* In ascending order: each class can run the variants of those before it. */
enum as_cpu { AS_CPU_PLAIN, AS_CPU_AVX2, AS_CPU_AVX512, AS_CPU_CLASSES };

/* The best class that this processor and its operating system support. */
enum as_cpu as_cpu_best(void);

/* True if a processor of class AVX-512 counts bits in vectors as well (VPOPCNTDQ).  Not a class:
 * what it speeds up are integers, whose results no processor changes. */
bool as_cpu_counts_bits(void);

/* "plain", "avx2", "avx512"; "unknown" for a number not in the list. */
const char *as_cpu_name(enum as_cpu cpu);

/* The class called `name`, or -1. */
int as_cpu_find(const char *name);

#endif
