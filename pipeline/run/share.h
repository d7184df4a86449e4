/* share.h - which lots are whose, where shards of one job work without knowing of each other. */
#ifndef AS_SHARE_H
#define AS_SHARE_H

#include "lots.h"

/* Shard `i` of `n`, from 1; n == 0: no shards, all lots are this job's. */
struct as_shard {
    uint32_t i, n;
};

enum { AS_SHARDS_MAX = 9999 };

/* Reads "2/3"; "" is no shards.  AS_EUSAGE: anything else, or not 1 <= I <= N <= 9999. */
enum as_status as_shard_parse(const char *text, struct as_shard *shard,
                              struct as_err *err) AS_MUST_CHECK;

/*
 * Sets others[k] for the lots that are not this shard's, k < nlots.  The heaviest lot
 * goes to the shard with the least so far (ties: the lower number), where a lot weighs
 * its bytes and 4 KiB for each entry.  It depends on the lots and n alone: each lot is
 * in exactly one shard.  AS_ENOMEM.
 */
enum as_status as_share_others(const struct as_lot *lots, uint64_t nlots,
                               const struct as_shard *shard, bool *others) AS_MUST_CHECK;

#endif
