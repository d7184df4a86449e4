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
#include "lots.h"

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

/* Walks the sources into `path` (written beside, then renamed) and cuts grains of
 * at most grain_bytes and grain_entries; a file above grain_bytes is one alone.
 * `lots` is malloc'd.  progress (may be NULL) is called now and then; AS_ESTOP
 * from it ends the walk.                                                       */
enum as_status as_inventory_make(const char *path, const struct as_source *sources, uint32_t n,
                                 uint64_t grain_bytes, uint64_t grain_entries, struct as_lot **lots,
                                 uint64_t *nlots, struct as_totals *totals,
                                 enum as_status (*progress)(void *state, const struct as_totals *t),
                                 void *state, struct as_err *err) AS_MUST_CHECK;

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
