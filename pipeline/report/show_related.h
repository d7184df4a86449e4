/* show_related.h - copies, near-copies and matches: of a case, and of an item. */
#ifndef AS_SHOW_RELATED_H
#define AS_SHOW_RELATED_H

#include "show.h"

/* The sets that the case was searched for with the number of matches, and the groups of copies. */
enum as_status as_show_related(const struct as_terminal *t, const struct as_show *show,
                               struct as_err *err) AS_MUST_CHECK;
enum as_status as_show_related_json(struct as_json *j, const struct as_show *show,
                                    struct as_err *err) AS_MUST_CHECK;

/* The matches of the item in this row, and the items it is linked to. */
enum as_status as_show_links(const struct as_terminal *t, const struct as_show *show, uint64_t row,
                             struct as_err *err) AS_MUST_CHECK;
enum as_status as_show_links_json(struct as_json *j, const struct as_show *show, uint64_t row,
                                  struct as_err *err) AS_MUST_CHECK;

#endif
