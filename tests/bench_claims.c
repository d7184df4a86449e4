/* bench_claims.c - how many claims a second rank 0 answers; run by hand under mpirun.
 *
 * usage: mpirun -n N bench_claims [LOTS]      N >= 2; default: 200000 lots
 *
 * The messages have the sizes of pipeline/run/loop.c, the list is claims.c, the
 * transport comm.c.  Counted is the processor time of rank 0, so that a machine
 * with too few cores tells the truth as well.                                 */
#include "../pipeline/cluster/claims.h"
#include "../pipeline/cluster/comm.h"
#include "../pipeline/run/rank.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct grant {
    uint64_t number;
    struct as_lot lot;
};

static double seconds(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void check(enum as_status status)
{
    if (status != AS_OK) {
        fputs("bench_claims: messages fail\n", stderr);
        exit(74);
    }
}

/* One claim answered; true while there are lots. */
static bool answer(struct as_comm *comm, struct as_claims *claims, int from, uint32_t as_ranks,
                   uint64_t *given)
{
    static struct grant body[AS_CLAIM_MAX];
    uint64_t lot[AS_CLAIM_MAX];
    uint32_t n = as_claims_take(claims, as_ranks, lot);

    for (uint32_t i = 0; i < n; i++)
        body[i].number = lot[i];
    *given += n;
    check(as_comm_post(comm, from, body, n ? n * (uint32_t)sizeof *body : 1, NULL));
    return n > 0;
}

static void serve(struct as_comm *comm, uint64_t nlots, uint32_t as_ranks)
{
    int others = as_comm_size(comm) - 1, from;
    double cpu = seconds(CLOCK_THREAD_CPUTIME_ID), wall = seconds(CLOCK_MONOTONIC);
    uint64_t given = 0, claims_n = 0;
    struct as_claims *claims;
    uint64_t *bytes = calloc(nlots, sizeof *bytes);
    uint8_t *got;
    uint32_t n;

    check(bytes ? as_claims_new(&claims, bytes, NULL, nlots, NULL) : AS_ENOMEM);
    while (others > 0) {
        enum as_status status = as_comm_poll(comm, &from, &got, &n, NULL);
        if (status == AS_OK) {
            claims_n++;
            others -= !answer(comm, claims, from, as_ranks, &given);
            free(got);
        } else if (status == AS_END) {
            double idle = seconds(CLOCK_THREAD_CPUTIME_ID);
            sched_yield();
            cpu += seconds(CLOCK_THREAD_CPUTIME_ID) - idle;
        } else {
            check(status);
        }
    }
    cpu = seconds(CLOCK_THREAD_CPUTIME_ID) - cpu;
    wall = seconds(CLOCK_MONOTONIC) - wall;
    printf("ranks %d, batches as for %u ranks: %llu claims, %.1f lots each, %.2f us of rank 0 a "
           "claim, "
           "%.0f claims/s by the clock\n",
           as_comm_size(comm), as_ranks, (unsigned long long)claims_n,
           (double)given / (double)claims_n, 1e6 * cpu / (double)claims_n, (double)claims_n / wall);
    as_claims_free(claims);
    free(bytes);
}

static void ask(struct as_comm *comm)
{
    static struct as_lot_report report[4];
    uint8_t *got;
    uint32_t n = 0;
    int from;

    do {
        enum as_status status;
        check(as_comm_post(comm, 0, report, sizeof report, NULL));
        while ((status = as_comm_poll(comm, &from, &got, &n, NULL)) == AS_END)
            sched_yield();
        check(status);
        free(got);
    } while (n > 1);
}

int main(int argc, char **argv)
{
    static const uint32_t AS_RANKS[] = {1, 1024, 16384};
    uint64_t nlots = argc > 1 ? strtoull(argv[1], NULL, 10) : 200000;
    struct as_comm *comm;

    check(as_comm_start(&comm, NULL));
    if (as_comm_size(comm) < 2 || nlots < 1) {
        fputs("usage: mpirun -n N bench_claims [LOTS]    N >= 2\n", stderr);
        as_comm_stop(comm);
        return 64;
    }
    for (int i = 0; i < 3; i++) {
        if (as_comm_rank(comm) == 0)
            serve(comm, nlots, AS_RANKS[i]);
        else
            ask(comm);
        check(as_comm_agree(comm, AS_OK, NULL));
    }
    as_comm_stop(comm);
    return 0;
}
