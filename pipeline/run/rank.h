/* rank.h - one rank's state through the phases of a run. */
#ifndef AS_RANK_H
#define AS_RANK_H

#include "../cluster/audit.h"
#include "../cluster/claims.h"
#include "../cluster/comm.h"
#include "../cluster/iothread.h"
#include "../cluster/journal.h"
#include "../cluster/owners.h"
#include "../examine/given.h"
#include "../examine/noise.h"
#include "../options.h"
#include "../store/store.h"
#include "against.h"
#include "attempt.h"
#include "hands.h"
#include "inventory.h"
#include "share.h"

/* Types of journal records. */
enum {
    AS_REC_ITEM = 1,    /* as_item_pack                                   */
    AS_REC_CONTENT = 2, /* sha256[32], then as_content_pack               */
    AS_REC_LOT = 3,     /* struct as_lot_report: all of it was synced before */
    AS_REC_RECHECK = 4, /* as_item_pack: the hash of the second reading   */
    AS_REC_CHUNK = 5,   /* struct as_chunk_record                         */
    AS_REC_NOISE = 6,   /* struct as_noise_record, before its content     */
    AS_REC_LOST = 7     /* the same: what lay there is lost or damaged    */
};

enum as_phase { AS_PHASE_LIST, AS_PHASE_EXAMINE, AS_PHASE_RECHECK };

/* The hash of one chunk of a large file. */
struct as_chunk_record {
    struct as_key key;
    uint32_t second; /* 0: first reading, 1: second */
    uint64_t chunk;
    uint8_t sha256[32];
};

/* Where the residual of a content lies: in the spool, a file for each rank and attempt that is
 * framed like a journal.  It was synced before this record.                             */
struct as_noise_record {
    uint8_t sha256[32];
    uint32_t attempt, rank, w, h, flat; /* w, h: of the whole picture */
    uint64_t offset, lot; /* in which it was examined */
};

/* What became of a lot; also a row of /timing. */
struct as_lot_report {
    uint64_t phase, lot, rank, items, contents, bytes, us[4];
};

/* A place where a container can be entered, as told in the LIST phase. */
struct as_split {
    uint64_t lot, v[4];
};

struct as_rank {
    const struct as_options *options;
    struct as_comm *comm;
    int me, size;
    struct as_case kase;
    struct as_given given; /* loaded once, before the zygote; of a merge the models alone */
    struct as_zygote zygote;
    struct as_source *sources;
    uint32_t nsources;
    uint32_t nexaminers;
    unsigned cpu;
    int inventory; /* descriptor */
    struct as_against against;
    struct as_io *io;
    struct as_journal *journal;
    struct as_keep keep;      /* what is kept of residuals          */
    struct as_journal *spool; /* they go there; NULL: none are kept */
    const struct as_spool_sum *kept; /* what the seal says of the spool that the case keeps */
    char *const *journals; /* [njournals] folders that the saved state is read from */
    size_t njournals;
    struct as_owners *owners;
    struct as_hands hands;
    struct as_crew_counts crew_counts;
    struct as_tally tally; /* of the phases that are over */
    struct as_lot_report *report; /* of the lots this rank did */
    uint64_t nreports, reports_cap;
    struct timespec started;
    struct as_shard shard;  /* of a run  */
    /* rank 0 */
    struct as_audit *audit;
    struct as_lot *lots;
    uint64_t nlots;
    bool *others;   /* lots of this phase that other shards do; NULL: none */
    json_t *shards; /* of a merge: what each says of itself                */
    struct as_totals totals;
    struct as_split *split;
    uint64_t nsplits, splits_cap;
    struct as_case_status tell;
    uint64_t items_done, contents_done, rechecked; /* in all attempts, in the phases before this one too */
    double told; /* when status.json was last written */
    double seal_s;
    struct as_tally *tallies; /* [size] what each rank told last */
};

/* What the seal says of the residuals that the case keeps: CASE/spool. */
struct as_spool_sum {
    char
        digest[65]; /* SHA-256 of a line for each file in order: its name, records, their SHA-256 */
    uint64_t records, bytes;
    uint64_t pixels; /* as --residual-pixels says: how they are read */
};

/* How a run ended, the same on every rank. */
struct as_outcome {
    uint64_t items, by_status[AS_ITEM_STATUSES];
    uint64_t entries; /* items that are entries of file systems            */
    uint64_t changed;  /* files whose second hash differs */
    uint64_t unlisted; /* acquisition hashes that did not match */
    uint64_t findings;
    char content_digest[65], digest_exact[65];
    struct as_spool_sum kept; /* digest "": nothing */
    int code; /* exit code */
};

struct as_run_result; /* run.h */

/* Makes a process ready for a run or a merge: signals, limits, the clock.  *r is set
 * even on failure.  AS_EUSAGE: no case was named.  Local.                          */
enum as_status as_rank_new(struct as_rank **r, const struct as_options *o,
                           struct as_err *err) AS_MUST_CHECK;

/* Starts MPI, and says in *result which rank this is.  Collective. */
enum as_status as_rank_join(struct as_rank *r, struct as_run_result *result,
                            struct as_err *err) AS_MUST_CHECK;

/*
 * Opens the case for a new attempt, or finds that it is sealed (result->sealed_before)
 * or that the shard is examined (result->shard_before).
 *   AS_EFORMAT   the case is alive, or was made with another fingerprint
 * Collective.
 */
enum as_status as_rank_open(struct as_rank *r, const char *fingerprint,
                            struct as_run_result *result, struct as_err *err) AS_MUST_CHECK;

/* Adds to the audit log on the rank that has it; takes the reference.  Local. */
enum as_status as_rank_audit(struct as_rank *r, const char *event, json_t *fields,
                             struct as_err *err) AS_MUST_CHECK;

/* Tells of a phase after the lots, unless a newer attempt has begun (AS_ESTOP).  Collective. */
enum as_status as_rank_last(struct as_rank *r, const char *state, struct as_err *err) AS_MUST_CHECK;

/* Seals the case, unless a newer attempt has begun (AS_ESTOP).  Collective. */
enum as_status as_rank_seal(struct as_rank *r, const char *fingerprint, struct as_outcome *v,
                            struct as_err *err) AS_MUST_CHECK;

/* Tells how it ended, stops MPI and frees the rank (NULL: nothing).  Collective. */
void as_rank_end(struct as_rank *r, struct as_run_result *result, enum as_status status,
                 const struct as_err *err);

/* Now and then, in the phases after the lots: rank 0 writes status.json as it is, so that the run is
 * seen to be alive; sets as_stop_signal when the time limit is reached. */
void as_rank_tell(struct as_rank *r);

/* The same.  AS_ESTOP: a signal or the time limit wants the run to end. */
enum as_status as_rank_go_on(struct as_rank *r, struct as_err *err) AS_MUST_CHECK;

/* Keeps the report of an examined lot for /timing. */
void as_report_keep(struct as_rank *r, const struct as_lot_report *rep);

/* Seconds since the rank started. */
double as_rank_elapsed(const struct as_rank *r);

/* Set by TERM, INT and USR1; AS_STOP_LATE: by the time limit, after the lots. */
enum { AS_STOP_LATE = -1 };
extern volatile int as_stop_signal;

/* What as_stop_signal means: "stopped by a signal", "the time limit was reached". */
const char *as_stop_why(void);

/* Catches the signals that mean "save your state and end". */
void as_stop_catch(void);

/*
 * Works through the lots of a phase, all ranks together.
 *
 *   lots, done   on rank 0: the lots, and which were finished in an earlier attempt
 *   AS_ESTOP     stopped by a signal, the time limit or a newer attempt: state saved
 *   AS_EIO ...   the worst of all ranks
 * Collective.
 */
enum as_status as_loop_run(struct as_rank *r, enum as_phase phase, const struct as_lot *lots,
                           uint64_t nlots, const bool *done, struct as_err *err) AS_MUST_CHECK;

/* The paths of the journals, the same everywhere: rank 0 alone lists the folders, and places in
 * journals are told by number.  Freed by as_journal_list_free, after a failure too.  Collective. */
enum as_status as_rank_journals(struct as_rank *r, char ***names, size_t *n,
                                struct as_err *err) AS_MUST_CHECK;

/*
 * Takes up what earlier attempts left: contents go to their owners, done[i] is
 * set on rank 0 for lots of `phase` that are finished, reports are kept for the
 * lots' timing.  Collective.
 */
enum as_status as_resume(struct as_rank *r, enum as_phase phase, bool *done, uint64_t nlots,
                         struct as_err *err) AS_MUST_CHECK;

/* Writes results.h5 from the journals.  Collective. */
enum as_status as_seal(struct as_rank *r, const char *fingerprint, struct as_outcome *v,
                       struct as_err *err) AS_MUST_CHECK;

/* Tells the audit log of the seal, has it signed, and removes the saved state.
 * Rank 0; local.                                                             */
enum as_status as_sealed(struct as_rank *r, const struct as_outcome *v,
                         struct as_err *err) AS_MUST_CHECK;

#endif
