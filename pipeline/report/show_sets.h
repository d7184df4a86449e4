/* show_sets.h - what reference sets hold of a case, and of an item. */
#ifndef AS_SHOW_SETS_H
#define AS_SHOW_SETS_H

#include "show.h"

/* The sets that the case was searched for, the number of matches, what of each set was found. */
enum as_status as_show_sets(const struct as_terminal *t, const struct as_show *show,
                            struct as_err *err) AS_MUST_CHECK;
enum as_status as_show_sets_json(struct as_json *j, const struct as_show *show,
                                 struct as_err *err) AS_MUST_CHECK;

/* The matches of the item in this row. */
enum as_status as_show_matches(const struct as_terminal *t, struct as_store *store, uint64_t row,
                               struct as_err *err) AS_MUST_CHECK;
enum as_status as_show_matches_json(struct as_json *j, struct as_store *store, uint64_t row,
                                    struct as_err *err) AS_MUST_CHECK;

#endif
