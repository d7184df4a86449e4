/* timing.h - what the time of a run went into, over all ranks. */
#ifndef AS_TIMING_H
#define AS_TIMING_H

#include "rank.h"

/* All ranks' tallies to rank 0's r->tallies.  Collective. */
enum as_status as_timing_gather(struct as_rank *r, struct as_err *err) AS_MUST_CHECK;

/*
 * The tallies of n ranks as one object; NULL when memory is short.  Seconds are
 * summed over all workers of this attempt:
 *   read_s, unpack_s, decode_s, detectors.NAME    at work
 *   wait_s          examiners without an item in hand
 *   idle_percent    mean, least and most of the ranks, and each where they are few
 *   largest_process_mb
 *   slowest         seconds, bytes, path (bytes that are no plain ASCII as \xNN)
 */
json_t *as_timing_json(const struct as_tally *tally, int n);

#endif
