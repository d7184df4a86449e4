/* framing.h - whether a small picture shows the same as a large one. */
#ifndef AS_FRAMING_H
#define AS_FRAMING_H

#include "base.h"

/*
 * as_framing_ncc - the likeness of a thumbnail and the picture it was made of, -1..1.
 *
 *   thumb, whole   both at least 8 x 8
 *   *ncc           the largest normalised cross-correlation of both, averaged to 16 x 16
 *                  cells, over the ways in which cameras frame thumbnails: the whole
 *                  stretched, with dark bars or others at the sides, or cropped about the
 *                  middle; shifted by up to 1/16 of the side; and the picture turned by
 *                  quarters, as by programs that leave the thumbnail alone.  The first that
 *                  gives 0.95 or more ends the search
 *   returns        AS_OK; AS_SKIP when a side is below 8 or either deviates by less than 4
 *                  grey levels from its mean (no likeness is defined)
 *
 * Sums in double, row order.
 */
enum as_status as_framing_ncc(const struct as_plane *thumb, const struct as_plane *whole,
                              double *ncc);

#endif
