/* hamming.h - distance between binary codes. */
#ifndef AS_HAMMING_H
#define AS_HAMMING_H

#include "../base.h"

enum { AS_CODE256_BYTES = 32 };

/* Bits in which two codes of 32 bytes differ, 0..256. */
uint32_t as_hamming256(const uint8_t a[AS_CODE256_BYTES], const uint8_t b[AS_CODE256_BYTES]);

#endif
