/* cpu.c - which kernel variants this processor can run. */
#include "cpu.h"

#include <string.h>

static const char *const names[AS_CPU_CLASSES] = {"plain", "avx2", "avx512"};

enum as_cpu as_cpu_best(void)
{
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma") ||
        !__builtin_cpu_supports("popcnt"))
        return AS_CPU_PLAIN;
    if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512bw") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
        return AS_CPU_AVX2;
    return AS_CPU_AVX512;
}

bool as_cpu_counts_bits(void)
{
    __builtin_cpu_init();
    return __builtin_cpu_supports("avx512vpopcntdq");
}

const char *as_cpu_name(enum as_cpu cpu)
{
    return (unsigned)cpu < AS_CPU_CLASSES ? names[cpu] : "unknown";
}

int as_cpu_find(const char *name)
{
    for (int i = 0; i < AS_CPU_CLASSES; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return -1;
}
