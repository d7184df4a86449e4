/* show_findings.h - the ranked findings of a case, and those of an item. */
#ifndef AS_SHOW_FINDINGS_H
#define AS_SHOW_FINDINGS_H

#include "show.h"

/* The first findings of a case, and how many such as many authentic items would give. */
enum as_status as_show_findings(const struct as_terminal *t, const struct as_show *show,
                                struct as_err *err) AS_MUST_CHECK;
enum as_status as_show_findings_json(struct as_json *j, const struct as_show *show,
                                     struct as_err *err) AS_MUST_CHECK;

/* The findings of the item in this row, with their ranks in the case. */
enum as_status as_show_findings_of(const struct as_terminal *t, const struct as_show *show,
                                   uint64_t row, struct as_err *err) AS_MUST_CHECK;
enum as_status as_show_findings_of_json(struct as_json *j, const struct as_show *show, uint64_t row,
                                        struct as_err *err) AS_MUST_CHECK;

#endif
