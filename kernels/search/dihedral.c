/* dihedral.c - PDQ codes of a picture turned and mirrored, from its code alone.
 *
 * Row i and column j of the code are the frequencies i + 1 and j + 1; two bytes a row, the last row
 * first, the highest column first: bit 16 i + j is bit k%8 of byte 31 - k/8.              */
#include "dihedral.h"

#include <string.h>

enum { SIDE = 16, ODD = 0x55 }; /* columns 0, 2, ... of a byte: odd frequencies */

static void transpose(const uint8_t *code, uint8_t *to)
{
    uint32_t row[SIDE];

    memset(to, 0, AS_CODE256_BYTES);
    for (uint32_t i = 0; i < SIDE; i++) /* row i, column j in bit j */
        row[i] = (uint32_t)code[30 - 2 * i] << 8 | code[31 - 2 * i];
    for (uint32_t i = 0; i < SIDE; i++)
        for (uint32_t j = 0; j < SIDE; j++)
            to[31 - 2 * j - i / 8] |= (uint8_t)((row[i] >> j & 1) << i % 8);
}

/* bit 0 of how: left to right; bit 1: top to bottom */
static void mirror(const uint8_t *code, uint32_t how, uint8_t *to)
{
    for (uint32_t b = 0; b < AS_CODE256_BYTES; b++) {
        const bool odd_row = (31 - b) / 2 % 2 == 0;
        to[b] = code[b];
        if (how & 1)
            to[b] ^= ODD;
        if (how & 2 && odd_row)
            to[b] ^= 0xff;
    }
}

void as_dihedral(const uint8_t code[AS_CODE256_BYTES], uint8_t to[AS_DIHEDRAL][AS_CODE256_BYTES])
{
    uint8_t turned[AS_CODE256_BYTES];

    transpose(code, turned);
    for (uint32_t how = 0; how < 4; how++) {
        mirror(code, how, to[how]);
        mirror(turned, how, to[how + 4]);
    }
}
