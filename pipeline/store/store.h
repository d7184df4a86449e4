/* store.h - results.h5: written once by all ranks together, then only read.
 *
 * The layout is design.md section 7; layout.def is its one description, from
 * which writing, reading, digests and `assay list` follow.                   */
#ifndef AS_STORE_H
#define AS_STORE_H

#include "../../kernels/detectors/detector.h"
#include "../ask.h"
#include "../cluster/comm.h"
#include "../row.h"
#include "match.h"

/* One row of /evidence. */
struct as_source_row {
    uint32_t ordinal;
    const char *path; /* as named, absolute; outside the digest */
    uint64_t size;
    char sha256[65];  /* hex; "" where there is none            */
    uint16_t recheck; /* 0 not done, 1 equal, 2 stat only and equal, 3 changed */
    int64_t mtime_s;
    uint16_t kind;    /* enum as_kind */
};

struct as_finding {
    uint64_t row;     /* item row */
    uint16_t kind;    /* enum as_finding_kind */
    uint16_t det;     /* index into as_detectors[]; AS_FINDING_NONE: of none, or of none here */
    uint16_t set;     /* in /sets, AS_FINDING_NONE: of none */
    float score, llr; /* llr: NaN where not calibrated */
    char text[400];
};

/* One row of /timing. */
struct as_timing_row {
    uint64_t lot;
    uint32_t rank;
    uint64_t bytes;
    float read_s, unpack_s, decode_s, extract_s;
};

/* What one rank brings to the seal: its share of the rows, in id order. */
struct as_store_rows {
    void *state;
    uint64_t first, count; /* this rank's rows; ranks' shares follow each other */
    /* Fills row i (first <= i < first + count).  Called in ascending order, twice over. */
    enum as_status (*row)(void *state, uint64_t i, struct as_row *row, struct as_err *err);
};

/* The sealed case that a search was made of. */
struct as_store_parent {
    char content_digest[65], digest_exact[65];
    uint64_t items;
};

struct as_store_what {
    /* Not NULL: the search of a sealed case.  Only sets, matches, sensor maps and the provenance are
     * written, and rows are those of the parent's /items. */
    const struct as_store_parent *parent;
    struct as_store_rows rows;
    const struct as_source_row *sources; /* the same on every rank */
    uint32_t nsources;
    /* This rank's share of the findings, ranks' shares follow each other.  Fills in
     * finding i; called in ascending order, twice over.                          */
    enum as_status (*finding)(void *state, uint64_t i, struct as_finding *f, struct as_err *err);
    void *findings;
    uint64_t nfindings;
    const struct as_set_row *sets; /* the same on every rank */
    uint16_t nsets;
    /* This rank's share: matches by (row, set, reference, kind), links by (a, b, kind), no two with
     * the same; ranks' shares follow each other.                                      */
    const struct as_match *matches;
    uint64_t nmatches;
    /* What the set calls the reference of a match, borrowed until the next call; twice over for
     * each match, in order.  NULL: nobody knows. */
    enum as_status (*name)(void *state, const struct as_match *m, struct as_text *name,
                           struct as_err *err);
    void *names;
    const struct as_link *links;
    uint64_t nlinks;
    const struct as_member *members; /* likewise: groups ascending, of each first who stands */
    uint64_t nmembers;
    const struct as_origin *origins; /* likewise: by (group, row), no two with the same row */
    uint64_t norigins;
    const struct as_sensor_map *sensor_maps; /* likewise: by row, no two with the same */
    uint64_t nsensor_maps;
    const struct as_timing_row *timing; /* this rank's */
    uint64_t ntiming;
    const bool *with_det;            /* [detectors] which are in the case */
    const struct as_model *const *models; /* [detectors] or NULL entries: scores are made with them */
    const char *provenance; /* JSON text, rank 0's counts */
    uint64_t bytes_per_call; /* at most this much per rank and collective call; 0: 256 MiB */
};

/*
 * Writes `path` (through path.tmp: write, read back for the digests, close,
 * fsync, rename, fsync of the folder).  digests: content_digest and
 * digest_exact as hex.  Collective; comm == NULL: one process.
 *   AS_EIO   no room (found out before the file is begun), a failing device
 *   AS_EBUG  the rows break a promise of row.h, or differ between the two times
 * On failure nothing is left.  When HDF5 fails to write while there are several
 * ranks, the job ends with 74 and does not come back: MPI-IO leaves no way on.
 */
enum as_status as_store_seal(const char *path, struct as_comm *comm, const struct as_store_what *what,
                             char content_digest[65], char digest_exact[65],
                             struct as_err *err) AS_MUST_CHECK;

/* Reading: one process, no MPI.  AS_EFORMAT: the file is not a store, or broken. */
struct as_store;

enum as_status as_store_open(struct as_store **store, const char *path, struct as_err *err) AS_MUST_CHECK;
void as_store_close(struct as_store *store);

/* The same; the file may also be the search of a case.  Whatever it does not have is empty. */
enum as_status as_store_open_any(struct as_store **store, const char *path,
                                 struct as_err *err) AS_MUST_CHECK;

/* The case that it is a search of; NULL: it is a case itself. */
const struct as_store_parent *as_store_parent(const struct as_store *store);

uint64_t as_store_items(const struct as_store *store);
const char *as_store_attr(const struct as_store *store, const char *name); /* schema, assay_version, content_digest, digest_exact; or NULL */
const char *as_store_provenance(const struct as_store *store);            /* JSON text */

/* Row i with its metadata and errors; borrowed until the next call.  Measures of
 * detectors that are not in the store, or there with another number of measures,
 * are NOT_RUN.  score[d]: NaN where there is none.  Texts end in a NUL as well.  */
enum as_status as_store_row(struct as_store *store, uint64_t i, struct as_row *row,
                            float score[AS_DETECTORS_MAX], struct as_err *err) AS_MUST_CHECK;

/* Rows first .. first+n-1 without detectors, metadata, errors: fast. */
enum as_status as_store_each(struct as_store *store,
                             enum as_status (*each)(void *state, const struct as_row *row, struct as_err *err),
                             void *state, struct as_err *err) AS_MUST_CHECK;

uint32_t as_store_sources(struct as_store *store, const struct as_source_row **rows);
uint64_t as_store_findings(const struct as_store *store);
uint32_t as_store_sets(struct as_store *store, const struct as_set_row **rows);
uint64_t as_store_matches(const struct as_store *store);
uint64_t as_store_links(const struct as_store *store);
uint64_t as_store_members(const struct as_store *store); /* of groups */
uint64_t as_store_origins(const struct as_store *store);
uint64_t as_store_sensor_maps(const struct as_store *store);
/* Row i of /findings, /matches (of a search: of the parent's items), /links, /groups and
 * /origins.  AS_EFORMAT: it refers to nothing. */
enum as_status as_store_finding(struct as_store *store, uint64_t i, struct as_finding *finding,
                                struct as_err *err) AS_MUST_CHECK;
enum as_status as_store_match(struct as_store *store, uint64_t i, struct as_match *match,
                              struct as_err *err) AS_MUST_CHECK;
/* What the set calls the reference of match i, "" where nothing; borrowed until the next call. */
enum as_status as_store_match_name(struct as_store *store, uint64_t i, struct as_text *name,
                                   struct as_err *err) AS_MUST_CHECK;
enum as_status as_store_link(struct as_store *store, uint64_t i, struct as_link *link,
                             struct as_err *err) AS_MUST_CHECK;
enum as_status as_store_member(struct as_store *store, uint64_t i, struct as_member *member,
                               struct as_err *err) AS_MUST_CHECK;
enum as_status as_store_origin(struct as_store *store, uint64_t i, struct as_origin *origin,
                               struct as_err *err) AS_MUST_CHECK;
/* Of a search too; cells are borrowed until the next call. */
enum as_status as_store_sensor_map(struct as_store *store, uint64_t i, struct as_sensor_map *map,
                                   struct as_err *err) AS_MUST_CHECK;
uint64_t as_store_timing(struct as_store *store, const struct as_timing_row **rows);

/* Recomputes both digests from the data. */
enum as_status as_store_digest(struct as_store *store, char content_digest[65], char digest_exact[65],
                               struct as_err *err) AS_MUST_CHECK;

/* Recomputes both digests by all ranks, which have it open each on its own, and compares them with
 * the seal's.  Each asks before each stretch of rows (ask may be NULL).  AS_EFORMAT: they differ.
 * Collective; the status is the same everywhere. */
enum as_status as_store_check(struct as_store *store, struct as_comm *comm,
                              const struct as_ask *ask, struct as_err *err) AS_MUST_CHECK;

/* Writes to `to` (n bytes) a sentence naming the first dataset, row and column in
 * which a and b differ, or "equal".  AS_OK either way.                          */
enum as_status as_store_explain(struct as_store *a, struct as_store *b, char *to, size_t n,
                                struct as_err *err) AS_MUST_CHECK;

/* "HDF5 1.10.8 (parallel)" */
void as_store_versions(char *to, size_t n);

#endif
