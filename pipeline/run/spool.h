/* spool.h - the residuals that a sealed case has kept: CASE/spool, and the digest that guards it.
 */
#ifndef AS_SPOOL_H
#define AS_SPOOL_H

#include "rank.h"

#include <jansson.h>

/*
 * Reads all files once, dealt to the ranks, and gives each record of this rank to `each` (NULL:
 * nobody), with the number of its file; what a killed writer left torn is no record.  Collective.
 *   names   [n] of the files, the same everywhere, in order
 *   sum     all but its pixels, which are 0
 */
enum as_status as_spool_sum(struct as_rank *r, char *const *names, size_t n,
                            enum as_status (*each)(void *state, uint32_t file, uint64_t offset,
                                                   const uint8_t *bytes, uint32_t len),
                            void *state, struct as_spool_sum *sum,
                            struct as_err *err) AS_MUST_CHECK;

/* The files of a folder, the same everywhere: freed by as_journal_list_free.  Collective. */
enum as_status as_spool_list(struct as_rank *r, char *dir, char ***names, size_t *n,
                             struct as_err *err) AS_MUST_CHECK;

/* For the provenance, and back from the whole of it.  False: there is nothing of the kind. */
json_t *as_spool_json(const struct as_spool_sum *sum);
bool as_spool_told(const json_t *provenance, struct as_spool_sum *sum);

#endif
