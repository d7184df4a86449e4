/* job.h - the batch job that a plan asks for. */
#ifndef AS_JOB_H
#define AS_JOB_H

#include "../options.h"
#include "plan.h"

struct as_job {
    uint32_t nodes, ranks, examiners; /* ranks per node, examiners per rank            */
    uint64_t memory;                  /* bytes per node                                */
    uint64_t seconds;                 /* to ask for: half as much again as is expected */
    double core_seconds;              /* of all work, the second reading included      */
    double rate;                      /* bytes per second of one examiner              */
    double longest;                   /* seconds of the largest piece that nobody can share */
    bool sampled;                     /* the rate was measured on this evidence        */
};

/* The job that does the plan's work in about o->hours on nodes of o->node_cores (0: as here).  What a
 * rank's one reader can feed is AS_JOB_READ bytes per second, or AS_JOB_UNPACK out of containers. */
#define AS_JOB_READ 1.2e9
#define AS_JOB_UNPACK 0.3e9
#define AS_JOB_EXAMINE 70e6 /* of JPEG, where nothing could be sampled */

void as_job_of(struct as_job *job, const struct as_plan *plan, const struct as_options *o);

#endif
