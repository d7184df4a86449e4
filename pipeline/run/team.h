/* team.h - the threads of a rank that do the parts of one task. */
#ifndef AS_TEAM_H
#define AS_TEAM_H

#include "rank.h"

/* What there is to do: n parts, in any order, each once. */
struct as_team {
    uint32_t threads; /* at most, this one being the first of them; 0: one */
    uint64_t n;
    void *state;
    /* Does part i; `worker`, below `threads`, is no other's at this time. */
    enum as_status (*part)(void *state, uint32_t worker, uint64_t i, struct as_err *err);
    const char *doing; /* "searching for cameras": what a signal stops */
};

/*
 * Does all parts, and lets the other ranks hear of this one meanwhile (r == NULL: there are
 * none).  After a failure no part is begun.  Local.
 *   AS_ESTOP   a signal came; else what a part returned
 */
enum as_status as_team_run(const struct as_team *team, struct as_rank *r,
                           struct as_err *err) AS_MUST_CHECK;

/*
 * Called now and then in a part that takes long: what as_team_run does before each part.
 *   AS_ESTOP   a signal came
 */
enum as_status as_team_go_on(struct as_rank *r, uint32_t worker, const char *doing,
                             struct as_err *err) AS_MUST_CHECK;

#endif
