/* findings_parts.h - what the files of findings*.c share.  For them only. */
#ifndef AS_FINDINGS_PARTS_H
#define AS_FINDINGS_PARTS_H

#include "../cluster/sort.h"
#include "combine.h"
#include "findings.h"

#include <string.h>

/*
 * A finding as it is ranked, sorted as bytes: kind as it ranks (1), kind of match as it ranks (1),
 * strength, the strongest least (4), row (8), detector or set (2); then what its sentence is made
 * of: of a score the measure that weighs most (1), how many others speak (1), what lowers its ratio
 * (1) and that (4); of a match the reference (8), how many more (4), probability (8), other value
 * (4), others (4) and what these are (1); of a map of sensor noise the reference (8), regions (4),
 * window (4) and what is unknown (4); of calibrated detectors how many (1), then of each family the
 * strongest (1), what lowers it (1) and its ratio (4).
 */
enum { F_MATCH = 1, F_STRENGTH = 2, F_ROW = 6, F_SOURCE = 14, F_BEST = 16, F_OTHERS = 17 };
enum { F_WASHED = 18, F_RATIO = 19 };
enum { F_REFERENCE = 16, F_MORE = 24, F_CHANCE = 28, F_OTHER = 36, F_COMPARED = 40, F_BESIDE = 44 };
enum { F_REGIONS = 24, F_WINDOW = 28, F_UNKNOWN = 32 };
enum { F_SPEAK = 16, F_PARTS = 17, F_PART = 6, F_RANKED = F_PARTS + F_PART * AS_FAMILIES };

struct as_findings {
    const struct as_models *models;
    const bool *with;
    struct as_names names;
    uint8_t *at; /* [n][F_RANKED] */
    uint64_t n, cap;
    uint64_t first, count; /* this rank's rows         */
    uint8_t *copy;         /* [count] bits: duplicates */
};

/* Numbers of 0 and more, so that larger ones are larger as bytes. */
static inline uint32_t float_bits(float v)
{
    uint32_t bits;

    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static inline float bits_float(uint64_t bits)
{
    const uint32_t b = (uint32_t)bits;
    float v;

    memcpy(&v, &b, sizeof v);
    return v;
}

/* The place of a kind of finding in the ranking, and back: scores come last, what is missing from
 * pictures after matches. */
static inline uint8_t as_finding_place(uint16_t kind)
{
    return (uint8_t)(kind == AS_FINDING_SCORE     ? AS_FINDING_MISSING
                     : kind == AS_FINDING_MISSING ? AS_FINDING_SCORE
                                                  : kind);
}

/* Whether a row of this rank is a copy of another. */
static inline bool as_finding_copy(const struct as_findings *f, uint64_t row)
{
    const uint64_t place = row - f->first;

    return place < f->count && f->copy[place / 8] >> place % 8 & 1;
}

/* Room for one more, all zeros; NULL: no memory. */
uint8_t *as_findings_more(struct as_findings *f);

/* Fills in what a match says; to->row and to->kind are there. */
enum as_status as_findings_get_match(struct as_findings *f, const uint8_t *at,
                                     struct as_finding *to, struct as_err *err) AS_MUST_CHECK;

/* The same of a map. */
enum as_status as_findings_get_map(struct as_findings *f, const uint8_t *at, struct as_finding *to,
                                   struct as_err *err) AS_MUST_CHECK;

#endif
