/* residuals_parts.h - what residuals.c and residuals_find.c share. */
#ifndef AS_RESIDUALS_PARTS_H
#define AS_RESIDUALS_PARTS_H

#include "residuals.h"

/* Remembers once that there is nothing where the i-th should be; it is read for each step of a
 * search.  From any thread.  AS_SKIP: that is done.                                        */
enum as_status as_residuals_note(struct as_residuals *v, uint64_t i,
                                 struct as_err *err) AS_MUST_CHECK;

#endif
