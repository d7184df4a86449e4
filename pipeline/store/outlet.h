/* outlet.h - rows on their way into one dataset.  For this folder only. */
#ifndef AS_OUTLET_H
#define AS_OUTLET_H

#include "layout.h"

/* A buffer of whole rows, and where in the dataset they go. */
struct as_outlet {
    hid_t ds, type;
    const struct as_set *set;
    uint8_t *buf;
    size_t used, cap; /* bytes */
    uint64_t at, end; /* next row to write; the row behind the last */
};

/* Room for n more rows, zeroed, in *to; valid until the next call.  AS_ENOMEM. */
enum as_status as_outlet_add(struct as_outlet *o, uint64_t n, uint8_t **to,
                             struct as_err *err) AS_MUST_CHECK;

uint64_t as_outlet_rows(const struct as_outlet *o);

/*
 * Writes what is buffered in `calls` calls of at most `rows` rows each: the
 * same numbers on every rank; a rank that has fewer rows takes part with none.
 * Collective where dxpl is.  AS_EIO; all calls are made all the same.
 */
enum as_status as_outlet_flush(struct as_outlet *o, uint64_t calls, uint64_t rows, hid_t dxpl,
                               struct as_err *err) AS_MUST_CHECK;

/* Closes the dataset and frees the buffer. */
void as_outlet_clear(struct as_outlet *o);

#endif
