/* findings.h - what is worth a person's attention, ranked. */
#ifndef AS_FINDINGS_H
#define AS_FINDINGS_H

#include "../model.h"
#include "../store/store.h"
#include "names.h"

struct as_findings;

/* against: the reference stores, for the names of what is matched; NULL: none. */
enum as_status as_findings_new(struct as_findings **f, const struct as_models *models,
                               const bool with[AS_DETECTORS_MAX], const struct as_against *against,
                               struct as_err *err) AS_MUST_CHECK;
void as_findings_free(struct as_findings *f);

/* Says which rows are this rank's, before the first look: a bit for each.  Local.  AS_ENOMEM. */
enum as_status as_findings_rows(struct as_findings *f, uint64_t first, uint64_t count,
                                struct as_err *err) AS_MUST_CHECK;

/* Looks at one row; copies (status duplicate) give none, their first does.  Local. */
enum as_status as_findings_look(struct as_findings *f, const struct as_row *row) AS_MUST_CHECK;

/*
 * Looks at this rank's share of what the searches found, in any order: an item has one finding for
 * each set and kind of match, copies have none.  After all rows.  39 bytes a match, twice that on
 * the way.  Collective.
 */
enum as_status as_findings_match(struct as_findings *f, struct as_comm *comm,
                                 const struct as_set_row *sets, const struct as_match *matches,
                                 uint64_t n, struct as_err *err) AS_MUST_CHECK;

/* Looks at the maps of sensor noise of this rank's rows: a finding for each that tells of a region.
 * After all rows.  Local.  AS_ENOMEM. */
enum as_status as_findings_maps(struct as_findings *f, const struct as_sensor_map *maps,
                                uint64_t n) AS_MUST_CHECK;

/* Ranks the findings of all ranks by kind, strength and id; from now on f has this rank's share,
 * *n of them.  53 bytes a finding, twice that on the way.  Collective.                        */
enum as_status as_findings_rank(struct as_findings *f, struct as_comm *comm, uint64_t *n,
                                struct as_err *err) AS_MUST_CHECK;

/* Fills in finding i of the share.  Local.  AS_EFORMAT: a reference store is broken. */
enum as_status as_findings_get(struct as_findings *f, uint64_t i, struct as_finding *to,
                               struct as_err *err) AS_MUST_CHECK;

#endif
