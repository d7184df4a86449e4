/* seal.h - the state of writing a results.h5.  For this folder only. */
#ifndef AS_SEAL_H
#define AS_SEAL_H

#include "intern.h"
#include "layout.h"
#include "outlet.h"
#include "store.h"

/* What is counted before the file is created, by rank. */
enum as_tally {
    AS_N_PATHS, /* bytes of the first part of /strings: item paths, in row order     */
    AS_N_WORDS, /* bytes of the second: metadata keys, stages, names of references    */
    AS_N_TEXTS, /* bytes of the third: everything else                               */
    AS_N_CELLS,
    AS_N_EVIDENCE,
    AS_N_ITEMS,
    AS_N_MAPS,
    AS_N_METADATA,
    AS_N_FINDINGS,
    AS_N_ERRORS,
    AS_N_SETS,
    AS_N_MATCHES,
    AS_N_LINKS,
    AS_N_GROUPS,
    AS_N_ORIGINS,
    AS_N_SENSOR_MAPS,
    AS_N_TIMING,
    AS_N_PROVENANCE,
    AS_TALLIES
};

/* The table of detectors is a parameter, so that tests can bring their own. */
struct as_seal {
    const struct as_detector *const *dets;
    const struct as_store_what *what;
    struct as_comm *comm;
    struct as_layout layout;
    int slot_of[AS_DETECTORS_MAX];     /* detector -> slot of the layout, -1: not in the case */
    uint32_t det_of[AS_DETECTORS_MAX]; /* and back */
    uint64_t mine[AS_TALLIES], before[AS_TALLIES], total[AS_TALLIES];
    uint64_t named_row_max;   /* the highest item row that findings, matches, links of this rank name */
    struct as_intern *intern;
    uint64_t last_id; /* of the row before, while counting */
    uint32_t last_part;
    struct as_outlet
        out[AS_SETS_MAX + 2]; /* as layout.set[], /strings for paths; then words, texts */
    uint64_t pending;         /* bytes in all of out[] */
    const char *tmp; /* the file's name until it is whole */
    hid_t file, dxpl;
    bool broken; /* HDF5 could not write: the file is only fit to be closed */
};

/* Each row in turn.  AS_EBUG: it breaks a promise of row.h or store.h. */
enum as_status as_seal_check_row(struct as_seal *s, uint64_t i, const struct as_row *row,
                                 struct as_err *err) AS_MUST_CHECK;

/* Counts what the row brings, and checks it as above. */
enum as_status as_seal_count(struct as_seal *s, uint64_t i, const struct as_row *row,
                             struct as_err *err) AS_MUST_CHECK;

/* Counts and checks this rank's matches and links.  AS_EBUG: out of order, or of nothing. */
enum as_status as_seal_count_found(struct as_seal *s, struct as_err *err) AS_MUST_CHECK;

/* Puts one row of each kind into the buffers. */
enum as_status as_seal_item(struct as_seal *s, uint64_t i, struct as_err *err) AS_MUST_CHECK;
/* Counts the name of match i, after all rows. */
enum as_status as_seal_count_name(struct as_seal *s, uint64_t i, struct as_err *err) AS_MUST_CHECK;
enum as_status as_seal_finding(struct as_seal *s, uint64_t i, struct as_err *err) AS_MUST_CHECK;
enum as_status as_seal_set(struct as_seal *s, uint64_t i, struct as_err *err) AS_MUST_CHECK;
enum as_status as_seal_match(struct as_seal *s, uint64_t i, struct as_err *err) AS_MUST_CHECK;
enum as_status as_seal_link(struct as_seal *s, uint64_t i, struct as_err *err) AS_MUST_CHECK;
enum as_status as_seal_member(struct as_seal *s, uint64_t i, struct as_err *err) AS_MUST_CHECK;
enum as_status as_seal_origin(struct as_seal *s, uint64_t i, struct as_err *err) AS_MUST_CHECK;
enum as_status as_seal_sensor_map(struct as_seal *s, uint64_t i, struct as_err *err) AS_MUST_CHECK;
enum as_status as_seal_timing(struct as_seal *s, uint64_t i, struct as_err *err) AS_MUST_CHECK;
enum as_status as_seal_source(struct as_seal *s, uint64_t i, struct as_err *err) AS_MUST_CHECK;

/*
 * Writes the file `tmp`, with room for the digests but without them.
 * Collective; every rank gets the same status.
 */
enum as_status as_seal_write(const char *tmp, struct as_comm *comm,
                             const struct as_store_what *what,
                             const struct as_detector *const *dets,
                             struct as_err *err) AS_MUST_CHECK;

/* Reading and sealing with any table of detectors, ended by NULL. */
enum as_status as_store_seal_with(const char *path, struct as_comm *comm,
                                  const struct as_store_what *what,
                                  const struct as_detector *const *dets, char content_digest[65],
                                  char digest_exact[65], struct as_err *err) AS_MUST_CHECK;
enum as_status as_store_open_with(struct as_store **store, const char *path,
                                  const struct as_detector *const *dets,
                                  struct as_err *err) AS_MUST_CHECK;

#endif
