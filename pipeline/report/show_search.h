/* show_search.h - the search of a sealed case, for a person or a program. */
#ifndef AS_SHOW_SEARCH_H
#define AS_SHOW_SEARCH_H

#include "show.h"

/* Opens the case that a search is of, where it lay when it was searched.  *parent: NULL where there
 * is none any more, or another one; closed by the caller.                          */
void as_search_parent(struct as_store *search, struct as_store **parent);

/* What was searched for and found; show->parent may be NULL, then items have no paths. */
enum as_status as_show_search(const struct as_terminal *t, const struct as_show *show,
                              struct as_err *err) AS_MUST_CHECK;
enum as_status as_show_search_json(FILE *out, const struct as_show *show,
                                   struct as_err *err) AS_MUST_CHECK;

/* What was found of the item in this row of the case. */
enum as_status as_show_searched_item(const struct as_terminal *t, const struct as_show *show,
                                     uint64_t row, struct as_err *err) AS_MUST_CHECK;
enum as_status as_show_searched_item_json(FILE *out, const struct as_show *show, uint64_t row,
                                          struct as_err *err) AS_MUST_CHECK;

#endif
