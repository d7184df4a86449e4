/* enroll_known.h - assay enroll known: hash sets become a reference store. */
#ifndef AS_ENROLL_KNOWN_H
#define AS_ENROLL_KNOWN_H

#include "../options.h"
#include "hashset.h"

/* What was enrolled. */
struct as_enrolled_known {
    uint64_t rows[AS_HASH_KINDS];
    uint64_t by_class[3];      /* enum as_known_class           */
    uint64_t entries, without; /* in the files; without any hash */
    uint64_t weak;             /* known good by MD5 or SHA-1    */
    uint64_t bytes;            /* of the store                  */
    char digest[65];
};

/*
 * Reads the files and writes the store that --output names, which must not be there.
 * Each content enters under its strongest hash alone: whoever finds it again has
 * that hash, and no collision of a weaker one can pass for it.  What is listed more
 * than once is entered once, the worst that is said of it.
 *
 *   AS_EUSAGE   no --output, or it exists, or its folder does not; both --known-good and
 * --known-bad AS_SKIP     a file is not there AS_ESTOP    a signal came; nothing is left AS_EFORMAT
 * a file is no hash set: the text names file and line
 */
enum as_status as_enroll_known(const struct as_options *o, int nfiles, char *const *files,
                               struct as_enrolled_known *done, struct as_err *err) AS_MUST_CHECK;

#endif
