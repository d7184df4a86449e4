/* show.h - a sealed case, or one item of it, for a person or a program. */
#ifndef AS_SHOW_H
#define AS_SHOW_H

#include "case.h"
#include "json.h"
#include "summary.h"

/* A case being shown; all borrowed. */
struct as_show {
    const char *name; /* as on the command line */
    struct as_store *store;
    struct as_store *parent; /* of a search: its case, where it is at hand */
    const struct as_summary *summary; /* for the case; an item needs none */
    uint64_t top;                     /* findings to list                 */
};

/* What was examined, what failed and why, the top findings.  What the store gives. */
enum as_status as_show_case(const struct as_terminal *t, const struct as_show *show,
                            struct as_err *err) AS_MUST_CHECK;
enum as_status as_show_case_json(FILE *out, const struct as_show *show,
                                 struct as_err *err) AS_MUST_CHECK;

/* All that is known of the item in this row. */
enum as_status as_show_item(const struct as_terminal *t, const struct as_show *show, uint64_t row,
                            struct as_err *err) AS_MUST_CHECK;
enum as_status as_show_item_json(FILE *out, const struct as_show *show, uint64_t row,
                                 struct as_err *err) AS_MUST_CHECK;

/* How far a case without a store is, and what to do next. */
void as_show_progress(const struct as_terminal *t, const char *name, const struct as_progress *p);
void as_show_progress_json(FILE *out, const char *name, const struct as_progress *p);

/* The words of a recheck result: "unchanged", "CHANGED", ... */
const char *as_recheck_text(uint16_t recheck);

/* The words of enum as_det_status. */
const char *as_det_status_text(uint8_t status);

#endif
