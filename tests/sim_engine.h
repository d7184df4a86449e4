/* sim_engine.h - the phase `examine` of a run, with the real claims and a virtual clock. */
#ifndef SIM_ENGINE_H
#define SIM_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

/* A unit of work with what it costs at full speed of one core. */
struct sim_lot {
    uint64_t bytes;
    double read_s, examine_s;
    double largest_s; /* its dearest item: what examiners cannot share */
    uint64_t entries;
};

struct sim_machine {
    uint32_t ranks, ranks_per_node, examiners;
    double cores;            /* of a node; 0: one for each examiner                 */
    double node_bytes_s;     /* read bandwidth of a node; 0: without limit           */
    double stream_bytes_s;   /* of one reader alone                                 */
    double claim_s, grant_s; /* rank 0: a message and its answer; each lot in it     */
    double latency_s;        /* of a message, with the sleep of the receiver          */
    double lot_s;            /* processor time to begin a lot: fresh reader, examiner */
    bool batch;              /* false: a lot an answer, a message a finished lot      */
    double mtbf_s;           /* of a node; 0: none dies                              */
    double restart_s;        /* until ranks claim again                              */
    uint64_t seed;
};

struct sim_result {
    double makespan_s;
    double done_s;         /* the costs of all lots, begun overheads included, once      */
    double lost_s;         /* spent on lots that died in hand                        */
    double down_s;         /* restarts                                              */
    double served_s;       /* rank 0 busy with messages                             */
    double longest_wait_s; /* from a claim to its answer                         */
    uint64_t messages, claims, lots_done, lots_twice, failures;
};

/* Runs all lots; exits with a message when memory is short or a lot gets lost. */
struct sim_result sim_run(const struct sim_machine *m, const struct sim_lot *lots, uint64_t nlots);

#endif
