/* loop_parts.h - what loop.c, loop_crew.c and loop_lead.c share. */
#ifndef AS_LOOP_PARTS_H
#define AS_LOOP_PARTS_H

#include "rank.h"

#include <assert.h>

/* Seconds between two writings of status.json. */
enum { AS_TELL_S = 2 };

enum mail_type {
    MAIL_CLAIM,   /* to 0: lots, please; body as of DONE   */
    MAIL_LOTS,    /* v[0]: no more are left, body = struct as_grant each */
    MAIL_DONE,    /* to 0: body = struct as_lot_report each */
    MAIL_SPLIT,   /* to 0: body = struct as_split          */
    MAIL_ASK,     /* to an owner: v[0] = batch, body = hashes */
    MAIL_GRANT,   /* v[0] = batch, body = a byte per hash  */
    MAIL_STOP,    /* v[0] = status, body = text            */
    MAIL_COUNT,   /* to 0: v[0] = contents saved since the last of these */
    MAIL_TALLY,   /* to 0: body = struct as_tally of the attempt until now */
    MAIL_STOPPED, /* to 0: nothing in hand any more        */
    MAIL_END      /* the phase is over                     */
};

struct as_grant {
    uint64_t number;
    struct as_lot lot;
};

struct as_mail {
    uint32_t type, phase;
    uint64_t v[2];
    uint8_t body[AS_BATCH_SLOTS * 32 + 64];
};

static_assert(AS_CLAIM_MAX * sizeof(struct as_grant) <= sizeof((struct as_mail *)0)->body &&
                  AS_REPORTS_MAX * sizeof(struct as_lot_report) <= sizeof((struct as_mail *)0)->body &&
                  sizeof(struct as_tally) <= sizeof((struct as_mail *)0)->body,
              "an answer, a batch of reports and a tally fit a message");

struct as_question {
    uint32_t n, open; /* hashes; owners that have not answered */
    int owner[AS_BATCH_SLOTS];
    bool grant[AS_BATCH_SLOTS];
};

struct as_loop {
    struct as_rank *r;
    enum as_phase phase;
    struct as_crew *crew;
    struct as_mail mail; /* scratch for sending */
    struct as_question question[AS_ARENAS];
    struct as_grant queue[AS_CLAIM_MAX]; /* got, not yet given to the crew: from next on */
    uint32_t nqueue, queue_next;
    struct as_work *hand[AS_ARENAS + 2]; /* given to the crew, not done: one ahead, one being
                                          * read, and those of batches that are examined   */
    uint32_t in_hand;                    /* how many of them, from the front on            */
    bool claiming, no_more, ended, stopping, stopped_told;
    uint64_t finished; /* lots of this phase and attempt, on rank 0 */
    double tallied; /* when the tally was last told */
    double stop_at; /* when items in hand are given up */
    enum as_status why;
    struct as_err err;
    uint8_t *record; /* [AS_RECORD_MAX + 32] */
    /* journal */
    struct as_block *block, *noise; /* being written: of the journal, of the spool */
    enum as_status commit_status;
    struct as_err commit_err;
    bool committing;
    bool copying, uncopied; /* the commit brings all to the case; it lacks something */
    double synced, copied;
    struct as_lot_report *ready, *writing; /* [cap]: done lots, not yet in the case; on the way */
    uint32_t nready, nwriting, cap;
    uint32_t nnear; /* of those ready: safe on the disk of the node */
    struct as_lot_report telling[AS_REPORTS_MAX]; /* synced, rank 0 has not been told */
    uint32_t ntelling;
    double telling_since;
    bool lossy; /* a record was lost: no lot is called done any more */
    uint64_t items, contents; /* of this rank in this lot */
    uint64_t unsaved, saving, saved; /* contents: in memory, being written, not yet told to rank 0 */
    double counted;                  /* when they were told */
    /* rank 0 */
    const struct as_lot *lots;
    struct as_claims *claims;
    uint64_t lots_total, bytes_total, bytes_left; /* left: when the phase began */
    uint64_t dropped;                             /* lots too large for the time left */
    double begun;
    int stopped; /* ranks */
    bool stop_told, superseded;
    double told;
};

/* Posts a message to a rank; a failure stops the phase. */
void as_loop_post(struct as_loop *l, int to, uint32_t type, uint64_t v0, const void *body,
                  uint32_t n);

/* Something keeps this rank from going on: rank 0 is told, which tells all. */
void as_loop_stop(struct as_loop *l, enum as_status why, const char *text);

/* loop_known.c: all owners of a batch have answered. */
void as_loop_granted(struct as_loop *l, uint32_t batch);

/* loop_crew.c: what the crew tells, and the journal */

struct as_crew_calls as_loop_calls(struct as_loop *l);
/* Journals what became of a content. */
void as_loop_content(struct as_loop *l, const uint8_t sha[32], const void *record, size_t n);

bool as_loop_grow_reports(struct as_loop *l); /* false: no memory */

/* The disk does not keep up: nothing more is taken from the crew while so much is held. */
bool as_loop_behind(const struct as_loop *l);

/* Starts a sync when a lot is through, much is held, or it has been a while; or now. */
void as_loop_sync(struct as_loop *l, bool now);

/* Tells rank 0 of finished lots, if it is time or now. */
void as_loop_tell(struct as_loop *l, bool now);

/* loop_lead.c: rank 0 */

void as_lead_tell_all(struct as_loop *l, uint32_t type, uint64_t v0, const void *body, uint32_t n);
void as_lead_claim(struct as_loop *l, int from);
void as_lead_done(struct as_loop *l, const struct as_lot_report *rep, uint32_t n);
void as_lead_split(struct as_loop *l, const struct as_split *s);

/* Progress and status.json, every AS_TELL_S seconds or now. */
void as_lead_status(struct as_loop *l, bool now);

#endif
