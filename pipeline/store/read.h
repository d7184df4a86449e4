/* read.h - an open result store, for digests and comparison too.  For this folder only. */
#ifndef AS_READ_H
#define AS_READ_H

#include "layout.h"
#include "seal.h"
#include "store.h"
#include "window.h"

struct as_store {
    hid_t file;
    const struct as_detector *const *dets;
    int index[AS_DETECTORS_MAX]; /* slot of the layout -> dets[], -1: not in this program */
    struct as_layout layout;
    struct as_window window[AS_SETS_MAX]; /* as layout.set[] */
    struct as_window text[AS_TEXT_PARTS]; /* of /strings: paths, words, texts */
    char attr[4][80];
    struct as_store_parent parent; /* content_digest "": it is a case */
    const struct as_ask *ask;      /* of those who read all of it; NULL: nobody */
    char *provenance;
    struct as_source_row *sources;
    char *source_paths;
    struct as_timing_row *timing;
    struct as_set_row *sets; /* ended by one without a name */
    uint64_t where[AS_TABLES]; /* where the rows of the item after the last one begin */
    /* What the row given last borrows: */
    char *texts;
    size_t texts_cap;
    struct as_kv *kv;
    size_t kv_cap;
    float *feat[AS_DETECTORS_MAX]; /* by slot */
    uint8_t *code[AS_DETECTORS_MAX];
    uint8_t *cells; /* [AS_MAPS_MAX][side][side]; NULL until needed */
};

/* The rows of /items, its own or the parent's, that matches may name. */
uint64_t as_store_named(const struct as_store *store);

/* Opens and checks the layout only: no provenance, sources, timing. */
enum as_status as_store_open_bare(struct as_store **store, const char *path,
                                  const struct as_detector *const *dets,
                                  struct as_err *err) AS_MUST_CHECK;

/* /sets, into store->sets; and gives that back. */
enum as_status as_store_load_sets(struct as_store *store, struct as_err *err) AS_MUST_CHECK;
void as_store_free_sets(struct as_store *store);

/* The window of a table or run of bytes. */
struct as_window *as_store_table(struct as_store *store, enum as_table table);
struct as_window *as_store_bytes(struct as_store *store, enum as_bytes bytes);

/* The text that a cell of type PATH, WORD or TEXT refers to, borrowed until the
 * next of its type.  AS_EFORMAT.                                             */
enum as_status as_store_text(struct as_store *store, enum as_cell type, const uint8_t cell[12],
                             struct as_text *text, struct as_err *err) AS_MUST_CHECK;

#endif
