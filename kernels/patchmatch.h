/* patchmatch.h - the nearest neighbour of every other pixel's features elsewhere in a picture.
 *
 * C. Barnes, E. Shechtman, A. Finkelstein, D. Goldman, "PatchMatch: a randomized correspondence
 * algorithm for structural image editing", SIGGRAPH 2009; with the predictors of first order of D.
 * Cozzolino, G. Poggi, L. Verdoliva, "Efficient dense-field copy-move forgery detection", IEEE
 * TIFS 10(11), 2015, and candidates whose features are quantised alike (S. Korman, S. Avidan,
 * "Coherency sensitive hashing", ICCV 2011): chance alone rarely meets a small copy. */
#ifndef AS_PATCHMATCH_H
#define AS_PATCHMATCH_H

#include "base.h"

enum {
    AS_MATCH_STEP = 2,  /* pixels between nodes of the field      */
    AS_MATCH_ROOM = 16, /* features of a pixel, a byte each       */
    AS_MATCH_SIDE = 16383
};

struct as_match {
    int16_t x, y; /* where the neighbour lies, px */
};

/* What is matched with what; both pictures show the same, and may be the same. */
struct as_patchmatch {
    const uint8_t *from, *nodes; /* features, [nodes down][nodes across][AS_MATCH_ROOM]  */
    const uint8_t *to;           /* [to_h][to_w][AS_MATCH_ROOM]; nodes: those of its nodes */
    uint32_t from_w, from_h;     /* sides 2..AS_MATCH_SIDE                                 */
    uint32_t to_w, to_h;
    float ratio;               /* pixels of `to` per pixel of `from`                     */
    uint32_t apart;            /* neighbours lie at least so far (px of `to`, x or y)    */
    uint32_t features, rounds; /* of AS_MATCH_ROOM; passes over the field                */
};

/* Nodes across or down: pixels 0, AS_MATCH_STEP, ... of a side. */
uint32_t as_match_nodes(uint32_t side);

/* Bytes of scratch for a target of to_w x to_h. */
size_t as_patchmatch_scratch(uint32_t to_w, uint32_t to_h);

/*
 * as_patchmatch - fills the field: a near neighbour of each node, often the nearest.
 *
 *   field, cost   [nodes down][nodes across]; cost is the squared distance of the features
 *   scratch       as_patchmatch_scratch bytes, aligned to 8
 *
 * Integers throughout.  The random sequence depends on the sides alone, whatever the content, so
 * that a picture always has the same field.  Of equal costs the first found stays.
 */
void as_patchmatch(const struct as_patchmatch *pm, struct as_match *field, uint32_t *cost,
                   void *scratch);

#endif
