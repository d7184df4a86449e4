/* against.h - the reference stores that a case is searched against. */
#ifndef AS_AGAINST_H
#define AS_AGAINST_H

#include "../cluster/comm.h"
#include "../options.h"
#include "../store/match.h"
#include "../store/reference.h"

/* The stores of --against, in the order of the command line. */
struct as_against {
    struct as_ref **ref;     /* [n] */
    struct as_set_row *sets; /* [n] the same, as the result store has them */
    uint16_t n;
};

/*
 * Opens the stores of a list of paths, with commas between them.
 *   AS_EUSAGE    one is not there, or named twice
 *   AS_EFORMAT   one is no reference store
 */
enum as_status as_against_open(struct as_against *a, const char *list,
                               struct as_err *err) AS_MUST_CHECK;
void as_against_close(struct as_against *a);

/*
 * Makes sure that all ranks have the same stores in their `against`, and that each holds what its
 * digest says: a file that several ranks have open is read by one of them.
 *   AS_EFORMAT   a rank has other stores than rank 0, or one was changed
 *   AS_ESTOP     a signal or the time limit came while they were read
 * Collective.
 */
struct as_rank; /* rank.h */
enum as_status as_against_agree(struct as_rank *r, struct as_err *err) AS_MUST_CHECK;

/* Sets what the stores ask for: MD5 and SHA-1, the camera detector beside all others
 * where none is named, and how much of a picture's noise is kept where nothing is said. */
enum as_status as_against_imply(const struct as_against *a, struct as_options *o,
                                struct as_err *err) AS_MUST_CHECK;

/* The digests, with commas between them; malloc'd.  NULL: no memory. */
char *as_against_digests(const struct as_against *a);

/* Is a content known good, and in no store anything worse?  From any thread.  AS_END: it is not. */
struct as_known_ask; /* known.h */
enum as_status as_against_good(const struct as_against *a, const struct as_known_ask *ask,
                               struct as_err *err) AS_MUST_CHECK;

#endif
