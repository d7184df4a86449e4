/* crew.h - a rank's jailed workers at work: one reader, several examiners.
 *
 * Local and without MPI: the run feeds lots in and takes records out through
 * callbacks, all from the main thread.  Nothing here blocks.
 *
 * Rules of blame: a worker that dies (or runs out of memory or time) does so
 * on an item.  The item is done again by a fresh worker while no other examiner
 * is busy; only if that dies too is the item crashed, timeout or limit.  A death
 * by SIGKILL, TERM or INT that we did not send is nobody's fault: the item is
 * done again.                                                                 */
#ifndef AS_CREW_H
#define AS_CREW_H

#include "slot.h"
#include "tally.h"
#include "zygote.h"

#include <poll.h>
#include <sys/stat.h>

/* One entry of the file system, as the inventory has it. */
struct as_lot_file {
    struct as_key key;
    struct as_text path;    /* forensic path                               */
    const char *root, *rel; /* where it is; rel "" for a source that is a file */
    uint8_t type;           /* enum as_entry_type                          */
    uint64_t size;
    int64_t mtime_s, mtime_ns;
    uint16_t reason;        /* of the listing: NONE or UNREADABLE          */
};

/* A lot being worked on.  The fields above the line are the run's. */
struct as_work {
    uint64_t id;
    struct as_read_lot lot;
    struct as_lot_file *file; /* [nfiles] */
    uint32_t nfiles;
    /* ---- the crew's ---- */
    uint32_t next, open_pending;  /* files: the next to look at, asked for and not answered   */
    uint32_t sent, taken, safe;   /* counts of files sent to the reader, done, wholly in batches */
    uint32_t batches;             /* under way                                            */
    bool read_done;
    uint64_t bytes, us[4];               /* read, unpack, decode, extract                 */
};

/* What a worker has in hand.  Two of examiners are the same if their contents are, two of
 * readers if their keys are.                                                          */
struct as_hand {
    struct as_key key;  /* n == 0: nothing                                       */
    uint8_t sha256[32]; /* of the content an examiner has; a reader's: all zeros */
};

/* For qsort: -1, 0, 1; those of readers first. */
int as_hand_compare(const void *a, const void *b);

struct as_crew_calls {
    void *state;
    /* Open file i of the work; as_crew_opened must follow, not within this call. */
    void (*open)(void *state, struct as_work *work, uint32_t i);
    /* An item is known (again, perhaps: the same key may come twice after a worker's death). */
    void (*item)(void *state, struct as_work *work, const struct as_item *item);
    /* May these contents be examined here?  as_crew_granted must follow, not within this call. */
    void (*ask)(void *state, uint32_t batch, const uint8_t (*sha256)[32], uint32_t n);
    void (*content)(void *state, struct as_work *work, const uint8_t sha256[32], const void *record, size_t n);
    void (*split)(void *state, struct as_work *work, const uint64_t v[4]);
    /* The hash of one chunk of a large file. */
    void (*chunk)(void *state, struct as_work *work, const struct as_key *key, uint64_t chunk,
                  const uint8_t sha256[32]);
    void (*done)(void *state, struct as_work *work);
    /* What a worker has in hand from now on: before an examiner gets it; of the reader
     * (seat 0) as seen at the end of a turn.  NULL: nobody wants to know.            */
    void (*hand)(void *state, uint32_t seat, const struct as_hand *hand);
    /* A residual to keep, before its content is told; n bytes as in noise.h.  NULL: none is. */
    void (*noise)(void *state, struct as_work *work, const uint8_t *bytes, uint64_t n);
};

/* Counters of a crew's life, for the summary. */
struct as_crew_counts {
    uint64_t died, blamed;
};

struct as_crew;

/* nexaminers >= 1; cpu: enum as_cpu.  The zygote is borrowed. */
enum as_status as_crew_new(struct as_crew **crew, struct as_zygote *zygote,
                           const struct as_options *options, uint32_t nexaminers, unsigned cpu,
                           const struct as_crew_calls *calls, struct as_err *err) AS_MUST_CHECK;
/* What must be done alone: contents while no other examiner is busy, files that are or hold
 * a reader's suspect while none is.  Sorted; borrowed for the crew's life.           */
void as_crew_suspect(struct as_crew *crew, const struct as_hand *suspects, uint64_t n);
/* Has residuals kept (keep->pixels == 0: none).  Before anything is given.  AS_EIO, AS_ENOMEM. */
enum as_status as_crew_keep(struct as_crew *crew, const struct as_keep *keep,
                            struct as_err *err) AS_MUST_CHECK;
/* Kills the workers; works that are not done are forgotten. */
void as_crew_free(struct as_crew *crew);

/* True when another work can be given. */
bool as_crew_hungry(const struct as_crew *crew);
void as_crew_give(struct as_crew *crew, struct as_work *work);

/* The answer to open: fd (now the crew's) or -1 with error; st as of the open file. */
void as_crew_opened(struct as_crew *crew, struct as_work *work, uint32_t i, int fd, int error,
                    const struct stat *st);
/* Content i of those asked for in `batch`, before the answer is given. */
const struct as_slot *as_crew_asked(const struct as_crew *crew, uint32_t batch, uint32_t i);

/* The answer to ask: grant[i] is true where the caller shall examine. */
void as_crew_granted(struct as_crew *crew, uint32_t batch, const bool *grant, uint32_t n);

/* Writes the bytes of content i of those asked for in `batch` to a descriptor,
 * before the answer is given.  AS_EIO, AS_SKIP: they are not in memory.          */
enum as_status as_crew_write(const struct as_crew *crew, uint32_t batch, uint32_t i, int to,
                             struct as_err *err) AS_MUST_CHECK;

/* Descriptors to wait on; returns how many were put into `fds` (room for `cap`). */
nfds_t as_crew_poll(const struct as_crew *crew, struct pollfd *fds, nfds_t cap);

/* Does what can be done now: messages, deaths, limits, dispatch.  AS_ESTOP when
 * the zygote is gone: the rank must save its state and end.                   */
enum as_status as_crew_turn(struct as_crew *crew, struct as_err *err) AS_MUST_CHECK;

/* No more reading; items in hand are finished. */
void as_crew_stop(struct as_crew *crew);
/* True when no worker has anything in hand that will still finish. */
bool as_crew_quiet(const struct as_crew *crew);

struct as_crew_counts as_crew_counts(const struct as_crew *crew);

/* What the time went into until now. */
void as_crew_tally(const struct as_crew *crew, struct as_tally *tally);

#endif
