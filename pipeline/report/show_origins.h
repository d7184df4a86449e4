/* show_origins.h - the pictures of a case that one camera took. */
#ifndef AS_SHOW_ORIGINS_H
#define AS_SHOW_ORIGINS_H

#include "show.h"

/* The groups of a case; nothing where there are none. */
enum as_status as_show_origins(const struct as_terminal *t, const struct as_show *show,
                               struct as_err *err) AS_MUST_CHECK;
enum as_status as_show_origins_json(struct as_json *j, const struct as_show *show,
                                    struct as_err *err) AS_MUST_CHECK;

/* The group of the item in this row; nothing where it is in none. */
enum as_status as_show_origin_of(const struct as_terminal *t, const struct as_show *show,
                                 uint64_t row, struct as_err *err) AS_MUST_CHECK;
enum as_status as_show_origin_of_json(struct as_json *j, const struct as_show *show, uint64_t row,
                                      struct as_err *err) AS_MUST_CHECK;

#endif
