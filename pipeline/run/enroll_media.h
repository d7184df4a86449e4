/* enroll_media.h - assay enroll media: the pictures of a folder or archive become a reference
 * store. */
#ifndef AS_ENROLL_MEDIA_H
#define AS_ENROLL_MEDIA_H

#include "run.h"

/* What was enrolled; rank 0 tells it. */
struct as_enrolled_media {
    int me, code;   /* this rank; the exit code of the run */
    uint64_t items; /* that were found                     */
    uint64_t media; /* distinct media: rows of the store   */
    uint64_t codes; /* of these, with a PDQ code           */
    uint64_t poor;  /* of these, of too low a quality to be compared */
    char digest[65];
};

/*
 * Examines the evidence as a case of its own, which lies in --output with `.case` behind it until
 * the store is written: a run that was stopped goes on.  Each content enters once, in the order of
 * items.
 *
 *   AS_EUSAGE   no --output, or it exists, or its folder does not
 *   AS_SKIP     nothing to enroll: no store is made
 *   AS_SKIP, AS_ESTOP, ... as as_run
 * Starts and stops MPI.  Collective; the store is written by rank 0 alone, and only it knows
 * whether that failed.
 */
enum as_status as_enroll_media(const struct as_options *o, int npaths, char *const *paths,
                               struct as_enrolled_media *done, struct as_err *err) AS_MUST_CHECK;

#endif
