/* residuals.h - the residuals that a case has kept, dealt out over the ranks. */
#ifndef AS_RESIDUALS_H
#define AS_RESIDUALS_H

#include "../examine/noise.h"
#include "search_items.h"

#include <pthread.h>

/* A picture of the case whose residual is kept; of copies the lowest row. */
struct as_residual_place {
    uint64_t row, offset; /* of /items; in its spool file */
    uint32_t source, file;
    uint32_t w, h; /* of the whole picture */
    bool flat;
    bool lost; /* found so; guarded by the lock of all */
    uint8_t sha256[32];
};

struct as_residuals {
    struct as_residual_place *place; /* [n] by size, then in the order of their files */
    uint64_t n;
    char **path; /* [npaths] the files of the spool */
    size_t npaths;
    struct as_keep keep;
    pthread_mutex_t lock;         /* of what follows                   */
    struct as_noise_record *lost; /* [nlost] what could not be read */
    uint64_t nlost, lost_cap;
};

/* Gives each rank its share, as many pictures of each size as another.  items: dealt.
 * Collective. */
enum as_status as_residuals_find(struct as_residuals *v, struct as_rank *r,
                                 const struct as_items *items, const struct as_keep *keep,
                                 struct as_err *err) AS_MUST_CHECK;
void as_residuals_clear(struct as_residuals *v);

/* What one thread reads with.  AS_ENOMEM. */
enum as_status as_residuals_reader(const struct as_residuals *v, struct as_journal_reader **reader,
                                   struct as_err *err) AS_MUST_CHECK;

/* Reads the i-th: its head, and its bytes, borrowed until the next call with this reader.  Local,
 * from any thread.  AS_SKIP: it is lost or damaged, which is remembered.         */
enum as_status as_residuals_read(struct as_residuals *v, struct as_journal_reader *reader,
                                 uint64_t i, struct as_noise_head *head, const uint8_t **bytes,
                                 struct as_err *err) AS_MUST_CHECK;

/*
 * Ends the reading of all ranks: where some found residuals lost, the journals tell of it, so that
 * the same command examines those pictures anew.  Collective.
 *   AS_ESTOP   some were lost
 *   AS_EIO     likewise, and nothing can be saved: the journals are those of shards
 */
enum as_status as_residuals_end(struct as_residuals *v, struct as_rank *r,
                                struct as_err *err) AS_MUST_CHECK;

/*
 * What the seal is to say of CASE/spool, whose files a later search reads from their beginnings
 * (spool.h): what lies behind a damaged record is lost to it.  Ends like as_residuals_end where
 * there is no residual that can be so read of a content that the journals tell of.  Collective.
 */
enum as_status as_residuals_sum(struct as_rank *r, struct as_spool_sum *sum,
                                struct as_err *err) AS_MUST_CHECK;

#endif
