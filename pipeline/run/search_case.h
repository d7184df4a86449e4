/* search_case.h - a case that is sealed, searched against reference stores. */
#ifndef AS_SEARCH_CASE_H
#define AS_SEARCH_CASE_H

#include "run.h"

/* What a search leaves to be told. */
struct as_searched {
    uint64_t items, matches;
    uint16_t sets;
};

/*
 * Searches the items of a sealed case in the stores of --against, as a run of it would have done,
 * and seals what it finds in a file of its own, which names the case by its digest.  The case stays
 * as it is.  Starts and stops MPI.
 *
 *   path         the result store of the case
 *   kase         its folder, where residuals are kept; NULL: there is none
 *   result       outcome: the digests of the file
 *   AS_EUSAGE    the request makes no sense
 *   AS_EFORMAT   the case is not what was sealed, or has not what the stores ask for
 *   AS_ESTOP     stopped: nothing was written
 *   AS_EIO, AS_ENOMEM, AS_EBUG
 * The status is the same on every rank.  Collective.
 */
enum as_status as_search_case(const struct as_options *o, const char *path, const char *kase,
                              struct as_searched *told, struct as_run_result *result,
                              struct as_err *err) AS_MUST_CHECK;

#endif
