/* reference_parts.h - what writing and reading of reference stores share.  For this folder only. */
#ifndef AS_REFERENCE_PARTS_H
#define AS_REFERENCE_PARTS_H

#include "layout.h"
#include "reference.h"

#include <openssl/evp.h>

#define AS_REF_SCHEMA "assay-reference 2"

enum { AS_REF_PROVENANCE_MAX = 1 << 24 };

/* The row of reference.def for a dataset. */
struct as_ref_row {
    enum as_ref_kind kind;
    bool must;
    uint32_t columns; /* 0: free */
    const char *type;
};
extern const struct as_ref_row as_ref_rows_of[AS_REF_SETS];

/* Fills in the dataset as a set of a layout, with `columns` where they are free; no rows. */
void as_ref_set_init(struct as_set *set, enum as_ref_set which, uint32_t columns);

/* The datasets in the order of their names, those of all kinds. */
void as_ref_order(enum as_ref_set order[AS_REF_SETS]);

/* The digest of one dataset, its rows taken in order: SHA-256 over the SHA-256 of
 * each AS_BLOCK_ROWS rows.                                                       */
struct as_ref_sum {
    EVP_MD_CTX *block, *all;
    uint64_t rows; /* taken */
    size_t row_bytes;
};
enum as_status as_ref_sum_init(struct as_ref_sum *s, size_t row_bytes,
                               struct as_err *err) AS_MUST_CHECK;
enum as_status as_ref_sum_add(struct as_ref_sum *s, const uint8_t *rows, uint64_t n,
                              struct as_err *err) AS_MUST_CHECK;
void as_ref_sum_clear(struct as_ref_sum *s);

/* The digest of a store, as hex: kind, then name, type, shape and digest of each dataset in
 * name order.  sum[i].all == NULL: not in the store.  Ends the sums.                      */
enum as_status as_ref_digest_make(enum as_ref_kind kind, const struct as_set *sets,
                                  struct as_ref_sum *sums, char digest[65],
                                  struct as_err *err) AS_MUST_CHECK;

#endif
