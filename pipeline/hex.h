/* hex.h - bytes as hexadecimal digits, in lower case. */
#ifndef AS_HEX_H
#define AS_HEX_H

#include <stddef.h>
#include <stdint.h>

/* Writes 2n digits and no NUL. */
static inline void as_hex_digits(const uint8_t *at, size_t n, char *to)
{
    static const char DIGITS[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        to[2 * i] = DIGITS[at[i] >> 4];
        to[2 * i + 1] = DIGITS[at[i] & 15];
    }
}

/* Writes 2n digits and a NUL; gives `to`. */
static inline const char *as_hex(const uint8_t *at, size_t n, char *to)
{
    as_hex_digits(at, n, to);
    to[2 * n] = 0;
    return to;
}

#endif
