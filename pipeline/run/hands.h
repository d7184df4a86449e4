/* hands.h - what is in hand, kept so that it survives the death of the whole rank.
 *
 * An attempt has CASE/journal/aNNNN.hand, in which each rank has a room with a struct as_hand for
 * each of its workers, overwritten in place and never synced: it is to survive processes, not
 * nodes.  A rank that ends by itself empties its room.  The next one adds what is left of them up in
 * CASE/journal/hands; what two dead attempts had in hand is a suspect.                */
#ifndef AS_HANDS_H
#define AS_HANDS_H

#include "../cluster/comm.h"
#include "../examine/crew.h"

struct as_hands {
    char *path;
    int fd;     /* -1: it cannot be kept           */
    off_t room; /* where this rank's begins        */
    bool keep; /* broken: what is in hand is left to the next attempt */
    struct as_hand *suspects; /* as as_crew_suspect wants them */
    uint64_t nsuspects;
};

/* Counts what dead attempts had in hand, gives all ranks the suspects, and opens the
 * attempt's file.  What cannot be read or written is warned of: a run does without.  Collective.  */
enum as_status as_hands_begin(struct as_hands *h, struct as_comm *comm, const char *journal,
                              uint32_t attempt, struct as_err *err) AS_MUST_CHECK;

/* Notes what a worker has in hand from now on.  Local. */
void as_hands_note(struct as_hands *h, uint32_t seat, const struct as_hand *hand);

/* Empties this rank's room, unless it is to be kept.  All zeros: nothing.  Local. */
void as_hands_end(struct as_hands *h);

#endif
