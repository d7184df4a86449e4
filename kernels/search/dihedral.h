/* dihedral.h - PDQ codes of a picture turned and mirrored, from its code alone. */
#ifndef AS_DIHEDRAL_H
#define AS_DIHEDRAL_H

#include "hamming.h"

enum { AS_DIHEDRAL = 8 };

/*
 * Gives the codes of the eight ways to turn and mirror the picture that has `code`.
 *
 *   to   [0] as it is, [1] mirrored left to right, [2] top to bottom, [3] turned by 180 degrees;
 *        [4] to [7] the same after its rows and columns have changed places
 *
 * Mirroring an axis changes the sign of its odd frequencies.  A bit says whether a frequency is
 * above the median, which lies near 0: so the bits of odd frequencies change to their opposites,
 * and where the median is not 0 a few should not have.  PDQ itself samples a mirrored picture at
 * other places: together 12 to 18 bits of the published pictures (tests/t_dihedral.c).
 */
void as_dihedral(const uint8_t code[AS_CODE256_BYTES], uint8_t to[AS_DIHEDRAL][AS_CODE256_BYTES]);

#endif
