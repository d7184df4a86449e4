/* plan.h - what a run would have to do, told without running it. */
#ifndef AS_PLAN_H
#define AS_PLAN_H

#include "inventory.h"

enum { AS_PLAN_WHOLE_MAX = 16 };

struct as_plan {
    struct as_totals totals;      /* of the file systems                              */
    uint64_t lots, largest_lot;   /* units of work and bytes of the largest           */
    char largest_path[512];
    uint64_t containers_split;    /* large containers that can be entered in the middle */
    uint64_t whole;               /* large containers that cannot                     */
    struct {
        char path[512];
        uint64_t bytes;
    } whole_list[AS_PLAN_WHOLE_MAX];
    bool exact;                   /* items, contents are counts, not estimates        */
    uint64_t items, contents;     /* with what containers hold                        */
    uint64_t sampled_lots, sampled_bytes;
    double core_seconds;          /* to examine everything: an estimate from the sample */
};

/* Looks at the evidence: lists what can be listed by seeking, examines a few lots to
 * time them; with o->exact unpacks everything to count it (no estimate of items then).
 * Statuses as as_run.                                                            */
enum as_status as_plan_make(const struct as_options *o, uint32_t nnames, char *const *names,
                            struct as_plan *plan, struct as_err *err) AS_MUST_CHECK;

#endif
