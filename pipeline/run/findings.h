/* findings.h - what is worth a person's attention, ranked. */
#ifndef AS_FINDINGS_H
#define AS_FINDINGS_H

#include "../model.h"
#include "../store/store.h"

struct as_findings;

enum as_status as_findings_new(struct as_findings **f, const struct as_models *models,
                               const bool with[AS_DETECTORS_MAX], struct as_err *err) AS_MUST_CHECK;
void as_findings_free(struct as_findings *f);

/* Looks at one row; copies (status duplicate) give none, their first does. */
enum as_status as_findings_look(struct as_findings *f, const struct as_row *row) AS_MUST_CHECK;

/* Ranks the findings of all ranks by score, ties by id; from now on f has this rank's
 * share, *n of them.  16 bytes a finding, twice that on the way.  Collective.      */
enum as_status as_findings_rank(struct as_findings *f, struct as_comm *comm, uint64_t *n,
                                struct as_err *err) AS_MUST_CHECK;

/* Fills in finding i of the share. */
void as_findings_get(const struct as_findings *f, uint64_t i, struct as_finding *to);

#endif
