/* create.h - making the datasets of a new results.h5.  For this folder only. */
#ifndef AS_CREATE_H
#define AS_CREATE_H

#include "layout.h"
#include "store.h"

/*
 * Creates one dataset of the layout with its attributes.  det: the detector of
 * a group's dataset, else NULL.  The caller closes *ds.  Collective where the
 * file is.  AS_EIO.
 */
enum as_status as_create_set(hid_t file, const struct as_layout *l, const struct as_set *set,
                             const struct as_detector *det, hid_t *ds,
                             struct as_err *err) AS_MUST_CHECK;

/* Writes the root's attributes; the digests are filled in later.  Collective where the file is. */
enum as_status as_create_root(hid_t file, const struct as_store_parent *parent,
                              struct as_err *err) AS_MUST_CHECK;

#endif
