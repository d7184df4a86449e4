/* inventory.h - what there is to examine: sources, their files, the lots.
 *
 * Rank 0 walks the sources once per case and writes CASE/journal/inventory (the
 * entries of the file systems, in walking order) and CASE/journal/lots (the
 * units of work, as slices of the inventory).  Ranks read the slices of the lots
 * they claim, so that nobody holds the list.  A resumed run uses both files as
 * they are.                                                                    */
#ifndef AS_INVENTORY_H
#define AS_INVENTORY_H

#include "../examine/crew.h"

struct as_source {
    char *path; /* absolute */
    char *root; /* of as_file_open: the folder, or the folder a file is in */
    char *rel;  /* "" for a folder, the name for a file                    */
    char *name; /* how forensic paths begin                                */
    bool folder;
    uint64_t size;
    int64_t mtime_s;
};

/* Resolves what the user named.  AS_EUSAGE: named twice, one inside another, or
 * the case folder inside; AS_SKIP with a sentence: there is no such input.     */
enum as_status as_sources_new(struct as_source **sources, uint32_t *n, char *const *names,
                              uint32_t nnames, const char *case_dir, struct as_err *err) AS_MUST_CHECK;
void as_sources_free(struct as_source *sources, uint32_t n);

/* AS_EUSAGE: the case folder, made or not, lies inside a source. */
enum as_status as_sources_apart(const struct as_source *sources, uint32_t n, const char *case_dir,
                                struct as_err *err) AS_MUST_CHECK;

/* A unit of work, as it lies in CASE/journal/lots. */
struct as_lot {
    uint64_t at, len;  /* slice of the inventory                         */
    uint64_t nfiles;
    uint64_t mode;     /* enum as_read_mode: FILES, PART or WHOLE        */
    uint64_t offset, first, count; /* PART                               */
    uint64_t bytes;
};

struct as_totals {
    uint64_t entries, files, bytes, unreadable;
    uint8_t listing[32]; /* SHA-256 of the inventory */
};

/* Walks the sources into `path` (written beside, then renamed) and cuts lots of
 * at most lot_bytes and lot_entries; a file above lot_bytes is a lot alone.
 * `lots` is malloc'd.  progress (may be NULL) is called now and then; AS_ESTOP
 * from it ends the walk.                                                       */
enum as_status as_inventory_make(const char *path, const struct as_source *sources, uint32_t n,
                                 uint64_t lot_bytes, uint64_t lot_entries, struct as_lot **lots,
                                 uint64_t *nlots, struct as_totals *totals,
                                 enum as_status (*progress)(void *state, const struct as_totals *t),
                                 void *state, struct as_err *err) AS_MUST_CHECK;

/* CASE/journal/lots: written beside and renamed; read back. */
enum as_status as_lots_write(const char *path, const char *fingerprint, const struct as_totals *totals,
                             const struct as_lot *lots, uint64_t nlots, struct as_err *err) AS_MUST_CHECK;
/* AS_SKIP: there is no such file.  fingerprint is malloc'd. */
enum as_status as_lots_read(const char *path, char **fingerprint, struct as_totals *totals,
                            struct as_lot **lots, uint64_t *nlots, struct as_err *err) AS_MUST_CHECK;

/* Makes the work of a lot from its slice of the inventory open as `fd`. */
enum as_status as_work_new(struct as_work **work, int fd, const struct as_lot *lot, uint64_t id,
                           const struct as_source *sources, uint32_t nsources,
                           struct as_err *err) AS_MUST_CHECK;
/* Makes the work of one file of a source, as it is now. */
enum as_status as_work_for_file(struct as_work **work, const struct as_source *source,
                                const char *rel, const struct stat *st,
                                struct as_err *err) AS_MUST_CHECK;
void as_work_free(struct as_work *work);

#endif
