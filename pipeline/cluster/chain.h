/* chain.h - the chain of CASE/audit.jsonl, followed.
 *
 * Reads what rank 0 wrote without its code, so that a fault there cannot hide
 * itself, and tells of every fault, not of the first.                         */
#ifndef AS_CHAIN_H
#define AS_CHAIN_H

#include "../err.h"

/* What the chain says at its end. */
struct as_chain {
    uint64_t lines;          /* sound entries                                    */
    uint64_t broken;         /* faults reported                                  */
    uint64_t recovered;      /* torn lines that a "recovered" entry closes       */
    bool torn_end;           /* the last line is torn, and nothing follows       */
    char content_digest[65]; /* of the last "sealed" entry; "": there is none    */
    char residuals[65];      /* likewise, the digest of those kept               */
    uint64_t pixels;         /* likewise, residual_pixels                        */
};

/*
 * Follows the chain: every line is a JSON object with "time" and "event" whose "prev"
 * is the SHA-256 of the line before (64 zeros in the first).  Torn lines are allowed
 * at the end, or before an entry with "event":"recovered", whose "after" is then the
 * SHA-256 of the last line that is not torn.  Tells `fault` (NULL: nobody) of each that it finds.
 *   AS_OK    followed to the end, whatever was found
 *   AS_SKIP  there is no such file
 *   AS_EIO, AS_ENOMEM
 */
enum as_status as_chain_follow(const char *path, struct as_chain *audit,
                               void (*fault)(void *state, uint64_t line, const char *what),
                               void *state, struct as_err *err) AS_MUST_CHECK;

/* Whether the seal, as the chain tells of it, kept these residuals.  digest "": none. */
bool as_chain_kept(const struct as_chain *audit, const char *digest, uint64_t pixels);

#endif
