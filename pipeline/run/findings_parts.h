/* findings_parts.h - what the files of findings share: a finding as it is ranked. */
#ifndef AS_FINDINGS_PARTS_H
#define AS_FINDINGS_PARTS_H

#include "combine.h"
#include "findings.h"

#include <string.h>

/*
 * A finding as it is ranked, sorted as bytes: kind as it ranks (1), kind of match as it ranks (1),
 * strength, the strongest least (4), row (8), detector or set (2); then what its sentence is made
 * of: of a score the measure that weighs most (1), how many others speak (1), what lowers its ratio
 * (1) and that (4); of a match the reference (8), how many more (4), probability (8), other value
 * (4) and others (4); of a map of sensor noise the reference (8), regions (4), window (4), what is
 * unknown (4); of calibrated detectors how many (1), then of each family the strongest (1),
 * what lowers it (1) and its ratio (4).
 */
enum { AS_FIND_STRENGTH = 2, AS_FIND_ROW = 6, AS_FIND_SOURCE = 14 };
enum { AS_FIND_BYTES = 17 + 6 * AS_FAMILIES };

struct as_findings {
    const struct as_models *models;
    const bool *with;
    struct as_names names;
    uint8_t *at; /* [n][AS_FIND_BYTES] */
    uint64_t n, cap;
    uint64_t first, count; /* this rank's rows         */
    uint8_t *copy;         /* [count] bits: duplicates */
};

/* Room for one more, all zeros; NULL: no memory. */
uint8_t *as_findings_more(struct as_findings *f);

/* Fills in the finding of a map; as as_findings_get. */
enum as_status as_findings_get_map(struct as_findings *f, const uint8_t *at, struct as_finding *to,
                                   struct as_err *err) AS_MUST_CHECK;

/* The place of a kind of finding in the ranking, and back: scores come last, what is missing from
 * pictures after matches. */
static inline uint8_t as_find_place(uint16_t kind)
{
    return (uint8_t)(kind == AS_FINDING_SCORE     ? AS_FINDING_MISSING
                     : kind == AS_FINDING_MISSING ? AS_FINDING_SCORE
                                                  : kind);
}

/* Whether a row of this rank is a copy of another. */
static inline bool as_find_copy(const struct as_findings *f, uint64_t row)
{
    const uint64_t place = row - f->first;

    return place < f->count && f->copy[place / 8] >> place % 8 & 1;
}

/* Numbers of 0 and more, so that larger ones are larger as bytes. */
static inline uint32_t as_find_bits(float v)
{
    uint32_t bits;

    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static inline float as_find_float(uint64_t bits)
{
    const uint32_t b = (uint32_t)bits;
    float v;

    memcpy(&v, &b, sizeof v);
    return v;
}

#endif
