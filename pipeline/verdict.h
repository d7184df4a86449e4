/* verdict.h - what may be said of a match, in measured words: once for the store and for a person.
 *
 * Words follow design.md: what was measured, how often chance gives as much, and what it is not.
 * No sentence says that a file is genuine or not.                                   */
#ifndef AS_VERDICT_H
#define AS_VERDICT_H

#include "store/match.h"
#include "weighing.h"

#include <stddef.h>

/* A likelihood ratio in the words of a table, by its log10: "moderate support"; of the negative,
 * for the other view.  NaN, or a table without words: "".                             */
const char *as_verdict_support(const struct as_scale_words *words, double log10_lr);

/*
 * The sentence of a match.
 *
 *   kind   of the set, enum as_set_kind
 *   name   of the reference, as bytes; "" where it has none
 *   more   further references of the same set that it matches in the same way
 *
 * Cut to n bytes, ended by NUL; the name gives way first.
 */
void as_verdict_match(char *to, size_t n, uint16_t kind, const struct as_match *m, const char *name,
                      uint64_t more);

/* The sentence of a map of sensor noise; name: of the camera.  Cut to n bytes likewise. */
void as_verdict_map(char *to, size_t n, const struct as_sensor_map *m, const char *name);

/* How sentences of maps that tell of regions err, as a paragraph. */
const char *as_verdict_map_limits(void);

/* How such sentences of a kind of set err: what is known of it, as a paragraph; "" for an unknown
 * kind.                                                                             */
const char *as_verdict_limits(uint16_t set_kind);

#endif
