/* provenance.h - how a case came about: JSON in the store, fingerprint of a case. */
#ifndef AS_PROVENANCE_H
#define AS_PROVENANCE_H

#include "rank.h"

/* What decides the results, one "name = value" a line: evidence, options that
 * affect results, detector versions, models, CPU class, libraries.  malloc'd.  */
enum as_status as_fingerprint_make(const struct as_rank *r, char **text, struct as_err *err) AS_MUST_CHECK;

/* Whether options, processor, files and program are those of rank 0: disks of nodes may have other
 * models.  AS_EFORMAT: they are not.  Collective.                                         */
enum as_status as_fingerprint_agree(struct as_comm *comm, const char *text,
                                    struct as_err *err) AS_MUST_CHECK;

/* Which shard a fingerprint names; n == 0: none. */
struct as_shard as_fingerprint_shard(const char *text);

/* The part that all shards of one job have in common; borrowed. */
const char *as_fingerprint_common(const char *text);

/* The part of it that the program decides: version, detectors, models, libraries.  Borrowed. */
const char *as_fingerprint_programs(const char *text);

/* The fingerprint of the job that a shard is of; malloc'd. */
enum as_status as_fingerprint_whole(const char *text, char **whole, struct as_err *err) AS_MUST_CHECK;

/* Names the first line in which two fingerprints differ, the one there and the one here. */
void as_fingerprint_difference(const char *there, const char *here, char *to, size_t n);

/* What a finished shard says of its making: JSON text, malloc'd. */
enum as_status as_provenance_shard(const struct as_rank *r, const char *head, char **text,
                                   struct as_err *err) AS_MUST_CHECK;

/* JSON text, malloc'd. */
enum as_status as_provenance_make(const struct as_rank *r, const char *fingerprint,
                                  const struct as_outcome *v, const bool *with, char **text,
                                  struct as_err *err) AS_MUST_CHECK;

/* What the search of a case says of its making: JSON text, malloc'd. */
enum as_status as_provenance_search(const struct as_rank *r, const char *path,
                                    const struct as_store_parent *parent, char **text,
                                    struct as_err *err) AS_MUST_CHECK;

/* Text from outside as JSON: bytes of what is no UTF-8 as \xNN.  NULL: no memory. */
json_t *as_provenance_text(const char *bytes);

#endif
