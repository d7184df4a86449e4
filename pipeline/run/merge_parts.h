/* merge_parts.h - what the files of merge*.c share.  For them only. */
#ifndef AS_MERGE_PARTS_H
#define AS_MERGE_PARTS_H

#include "rank.h"
#include "shard.h"

/* A shard that is merged. */
struct as_merged {
    struct as_case kase;
    struct as_shard shard; /* n == 0: not known */
    struct as_shard_record rec;
    uint8_t *bytes; /* of rec */
    uint64_t len;
    char head[65]; /* of its audit log */
};

struct as_merging {
    struct as_rank *r;
    struct as_options options; /* the shards', and the merge's own */
    char *const *cases;
    uint32_t n;
    char **journals; /* [n] in order of the shards */
    char *fingerprint;
    struct as_shard_record rec; /* of shard 1 */
    uint8_t *bytes;
    uint64_t len;
    /* rank 0 */
    struct as_merged *in; /* [n] as named */
    uint32_t *order;      /* [n] in[order[k]] is shard k + 1 */
    struct as_lot *lots;
    uint64_t nlots;
    struct as_totals totals;
};

/* Looks at all shards and puts them in order.  Rank 0.
 *   AS_SKIP     some are missing or not at their end
 *   AS_EFORMAT  they are not of one job, or the folder of the output has another
 */
enum as_status as_merge_gather(struct as_merging *m, struct as_err *err) AS_MUST_CHECK;

#endif
