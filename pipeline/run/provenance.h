/* provenance.h - how a case came about: JSON in the store, fingerprint of a case. */
#ifndef AS_PROVENANCE_H
#define AS_PROVENANCE_H

#include "../model.h"
#include "rank.h"

/* What decides the results, one "name = value" a line: evidence, options that
 * affect results, detector versions, models, CPU class, libraries.  malloc'd.  */
enum as_status as_fingerprint_make(const struct as_rank *r, char **text, struct as_err *err) AS_MUST_CHECK;

/* Names the first line in which two fingerprints differ. */
void as_fingerprint_difference(const char *then, const char *now, char *to, size_t n);

/* JSON text, malloc'd. */
enum as_status as_provenance_make(const struct as_rank *r, const char *fingerprint,
                                  const struct as_outcome *v, const struct as_models *models,
                                  const bool *with, char **text, struct as_err *err) AS_MUST_CHECK;

#endif
