/* job.c - the batch job that a plan asks for. */
#include "job.h"

#include "machine.h"

enum {
    RANK_CORES = 8,      /* one reader feeds so many examiners well       */
    LOTS_PER_RANK = 4,   /* fewer, and ranks wait for the last            */
    ROUND_S = 900,       /* time is asked for in quarters of an hour      */
    START_S = 600        /* start, inventory, seal and the end's 2 minutes */
};

/* Of the cores' time, what goes into the work: with a skewed mix of sizes, and the seal. */
static const double EFFICIENCY = 0.8;

static uint32_t up(double x)
{
    uint32_t n = x < 1e6 ? (uint32_t)x : 1000000;

    return n < x ? n + 1 : n ? n : 1;
}

/* Ranks and examiners of a node: about RANK_CORES each, fewer when the reader could not feed them. */
static void divide_node(struct as_job *j, uint32_t cores, double reader)
{
    uint32_t fed = up(reader / j->rate), most = fed < RANK_CORES ? fed : RANK_CORES;

    j->ranks = (cores + most / 2) / most;
    j->ranks = j->ranks ? j->ranks : 1;
    j->examiners = cores / j->ranks;
    j->examiners = j->examiners ? j->examiners : 1;
}

/* Nodes for the time wished; not more ranks than there are lots for; part of one node if that does. */
static void count_nodes(struct as_job *j, const struct as_plan *p, double seconds)
{
    double ranks = j->core_seconds / (seconds * EFFICIENCY) / j->examiners;
    double busy = (double)p->lots / LOTS_PER_RANK;
    uint32_t n = up(ranks < busy ? ranks : busy);

    j->nodes = up((double)n / j->ranks);
    if (n < j->ranks)
        j->ranks = n;
}

void as_job_of(struct as_job *j, const struct as_plan *p, const struct as_options *o)
{
    uint32_t cores = o->node_cores ? (uint32_t)o->node_cores : as_machine_cores();
    double bytes = (double)p->totals.bytes, hours = o->hours ? (double)o->hours : 1;
    bool packed = p->containers_split + p->whole > 0;
    double reader = packed ? AS_JOB_UNPACK : AS_JOB_READ, fed;
    uint64_t largest = p->largest_lot, s;

    *j = (struct as_job){.sampled = p->core_seconds > 0 && bytes > 0};
    j->rate = j->sampled ? bytes / p->core_seconds : AS_JOB_EXAMINE;
    j->core_seconds = bytes / j->rate + bytes / AS_JOB_READ;
    divide_node(j, cores, reader);
    count_nodes(j, p, hours * 3600);
    for (uint64_t i = 0; i < p->whole && i < AS_PLAN_WHOLE_MAX; i++)
        largest = p->whole_list[i].bytes > largest ? p->whole_list[i].bytes : largest;
    fed = j->rate * j->examiners < reader ? j->rate * j->examiners : reader;
    j->longest = (double)largest / fed;
    s = (uint64_t)(j->core_seconds / (EFFICIENCY * j->nodes * j->ranks * j->examiners));
    s = s > (uint64_t)j->longest ? s : (uint64_t)j->longest;
    s = s + s / 2 + START_S;
    j->seconds = (s + ROUND_S - 1) / ROUND_S * ROUND_S;
    j->memory = j->ranks * as_machine_rank_bytes(o, j->examiners);
}
