/* summary.h - the counts of a case, gathered in one pass over its store. */
#ifndef AS_SUMMARY_H
#define AS_SUMMARY_H

#include "../store/store.h"

enum {
    AS_SUMMARY_EXAMPLES = 3,
    AS_SUMMARY_GROUPS = 256,
    AS_SUMMARY_KINDS = 256
};

/* The items with one status and one reason. */
struct as_group {
    uint16_t status, reason;
    uint64_t count, bytes;
    unsigned nexamples;
    uint64_t id[AS_SUMMARY_EXAMPLES];
    struct as_text path[AS_SUMMARY_EXAMPLES]; /* malloc'd */
};

struct as_summary {
    uint64_t rows;                     /* of the store                                     */
    uint64_t items, bytes;             /* rows with part 0, and their sizes                */
    uint64_t status[AS_ITEM_STATUSES]; /* items                                            */
    uint64_t strange;                  /* items whose status is no status                  */
    uint64_t kind[AS_SUMMARY_KINDS], kind_bytes[AS_SUMMARY_KINDS]; /* number beyond: unknown */
    uint64_t flag[AS_FLAGS];
    uint64_t misplaced;       /* rows out of (id, part) order, or ids with a gap before them */
    uint64_t first_misplaced; /* row                                                        */
    uint64_t unfounded;       /* items whose reason belongs to another status                */
    uint64_t first_unfounded; /* id                                                         */
    uint64_t duplicate_bytes;
    size_t ngroups; /* sorted: the most first */
    struct as_group group[AS_SUMMARY_GROUPS];
    /* of the pass itself */
    uint64_t last_id;
    uint32_t last_part;
};

/* Gathers the counts.  *s is freed by as_summary_free.  AS_ENOMEM, and what the store gives. */
enum as_status as_summary_new(struct as_summary **s, struct as_store *store,
                              struct as_err *err) AS_MUST_CHECK;
void as_summary_free(struct as_summary *s);

/* Adds one row; for as_store_each. */
enum as_status as_summary_add(void *summary, const struct as_row *row, struct as_err *err);

/* The sum of the counts by status equals the items, and all rows are items or parts. */
bool as_summary_holds(const struct as_summary *s);

#endif
