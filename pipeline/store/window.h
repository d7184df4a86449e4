/* window.h - the rows of a dataset, read ahead.  For this folder only. */
#ifndef AS_WINDOW_H
#define AS_WINDOW_H

#include "layout.h"

enum { AS_AHEAD_MAX = 256 << 10 };

struct as_window {
    hid_t ds, type;
    const struct as_set *set;
    uint8_t *buf;
    size_t cap;
    uint64_t first, n; /* rows in buf                     */
    uint64_t least;    /* bytes that a read asks for, where more follow; set at will */
    uint64_t ahead;    /* bytes that the last read asked for */
};

/*
 * Opens the dataset of `set`, and fills set->rows; with a group's dataset,
 * set->dim and row_bytes too.  AS_EFORMAT where it is not as the layout says:
 * another type or shape, not contiguous, not within this file.
 */
enum as_status as_window_open(struct as_window *w, hid_t file, struct as_set *set,
                              struct as_err *err) AS_MUST_CHECK;
void as_window_close(struct as_window *w);

/* Rows first to first + n - 1 at *at, until the next call.  Reads further ahead
 * as long as one span follows the other.  AS_EFORMAT: there are no such rows. */
enum as_status as_window_span(struct as_window *w, uint64_t first, uint64_t n, const uint8_t **at,
                              struct as_err *err) AS_MUST_CHECK;

#endif
