/* start.h - what is wrong with how a run was started, told before it works. */
#ifndef AS_START_H
#define AS_START_H

#include "rank.h"

/* Before MPI: AS_EUSAGE for N single processes, which would each do the whole run; warns of
 * little shared memory.  Local.                                               */
enum as_status as_start_alone(struct as_err *err) AS_MUST_CHECK;

/* The same of a run that examines; then loads what is given, and starts the zygote.  Local. */
enum as_status as_start_zygote(struct as_rank *r, struct as_err *err) AS_MUST_CHECK;

/* With MPI: sets the number of examiners; one rank of each node warns of cores that are
 * idle or shared, of threads and locks.  Collective.                          */
enum as_status as_start_joined(struct as_rank *r, struct as_err *err) AS_MUST_CHECK;

/* With the inventory: warns when the case may not fit its disk.  Rank 0. */
void as_start_room(const struct as_rank *r);

#endif
