/* enroll.h - what every enrolment checks first. */
#ifndef AS_ENROLL_H
#define AS_ENROLL_H

#include "../err.h"

/* Whether a reference store can be made at `path`, before anything is read for it.
 *   AS_EUSAGE   no path, something is there, or its folder is none
 *   AS_EIO      its folder cannot be written to                                     */
enum as_status as_enroll_output(const char *path, struct as_err *err) AS_MUST_CHECK;

#endif
