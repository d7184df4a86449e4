/* digest.h - digests over ranks, and what they share with comparison.  For this folder only. */
#ifndef AS_DIGEST_H
#define AS_DIGEST_H

#include "read.h"

/* One bit per row of /items: status timeout or crashed, so outside the promise. */
struct as_bits {
    uint64_t *word;
    uint64_t rows, nwords;
    uint64_t set; /* bits that are set */
};

/* Blocks of AS_BLOCK_ROWS rows; the row behind the last of a block. */
static inline uint64_t as_blocks(uint64_t rows)
{
    return rows / AS_BLOCK_ROWS + (rows % AS_BLOCK_ROWS > 0);
}

static inline uint64_t as_block_end(uint64_t block, uint64_t rows)
{
    return rows - block * AS_BLOCK_ROWS < AS_BLOCK_ROWS ? rows : (block + 1) * AS_BLOCK_ROWS;
}

/* Marks the rows outside the promise, of those blocks that are dealt to this rank.  Local. */
enum as_status as_bits_fill(struct as_bits *bits, struct as_store *store, uint64_t rank,
                            uint64_t ranks, struct as_err *err) AS_MUST_CHECK;
void as_bits_clear(struct as_bits *bits);

static inline bool as_bits_get(const struct as_bits *bits, uint64_t row)
{
    return row < bits->rows && (bits->word[row / 64] >> row % 64 & 1) != 0;
}

/* True when the record of a table counts: no item that it names is outside, and
 * in the exact digest a match is one of hashes.                              */
bool as_digest_counts(const struct as_set *set, const uint8_t *rec, const struct as_bits *out,
                      unsigned in);

/*
 * The bytes that a cell of a record counts with: itself, NaN and -0 canonical,
 * or what it refers to.  Borrowed until the next cell of its type; scratch must
 * live as long.  AS_EFORMAT: it refers to nothing.
 */
enum as_status as_digest_cell(struct as_store *store, const struct as_column *col,
                              const uint8_t *rec, uint8_t scratch[8], struct as_text *value,
                              struct as_err *err) AS_MUST_CHECK;

/* The same for a cell of a group's dataset. */
struct as_text as_digest_plain(enum as_cell type, const uint8_t *at, uint32_t size,
                               uint8_t scratch[8]);

/*
 * Computes both digests, blocks dealt round robin to the ranks; every rank gets
 * the same.  Each rank has opened the store on its own: `mine` is what came of
 * it, and store is NULL where that failed.  Collective; comm == NULL: one process.
 */
enum as_status as_digest_make(struct as_store *store, struct as_comm *comm, enum as_status mine,
                              char content_digest[65], char digest_exact[65],
                              struct as_err *err) AS_MUST_CHECK;

#endif
