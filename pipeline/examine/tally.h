/* tally.h - what the time of a rank's workers went into.
 *
 * Times are what the workers say of themselves, so a worker that is taken over can lie
 * here: they are for people who plan and tune, and decide nothing.                */
#ifndef AS_TALLY_H
#define AS_TALLY_H

#include "../key.h"
#include "../row.h"

enum { AS_SLOW_MAX = 10, AS_SLOW_PATH = 120 };

/* One of the items that took longest. */
struct as_slow {
    uint64_t us, bytes; /* us == 0: none */
    uint32_t path_len;
    char path[AS_SLOW_PATH]; /* its end, where it is longer */
};

struct as_tally {
    uint64_t read_us, unpack_us, decode_us, det_us[AS_DETECTORS_MAX];
    uint64_t busy_us; /* examiners with an item in hand                       */
    uint64_t span_us; /* length of the phases times examiners: busy and idle  */
    uint64_t peak_kb; /* of the largest worker that has ended, or of the rank */
    struct as_slow slow[AS_SLOW_MAX]; /* slowest first */
};

/* An item took so long. */
void as_tally_slow(struct as_tally *t, uint64_t us, uint64_t bytes, struct as_text path);

/* Sums, largest peak, slowest of both. */
void as_tally_add(struct as_tally *to, const struct as_tally *from);

#endif
