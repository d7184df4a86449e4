/* hamming.c - distance between binary codes. */
#include "hamming.h"

#include <string.h>

uint32_t as_hamming256(const uint8_t a[AS_CODE256_BYTES], const uint8_t b[AS_CODE256_BYTES])
{
    uint32_t bits = 0;

    for (size_t i = 0; i < AS_CODE256_BYTES; i += 8) {
        uint64_t x, y;
        memcpy(&x, a + i, sizeof x);
        memcpy(&y, b + i, sizeof y);
        bits += (uint32_t)__builtin_popcountll(x ^ y);
    }
    return bits;
}
