/* bench_vectors.c - the search of vectors over ranks, timed; run by hand.
 *
 * usage: mpirun -n N --bind-to core bench_vectors [ROWS [QUERIES]]   default: 1000000 1024
 * Rows of 512 bytes, spread evenly over the ranks, as are the queries.  One line: seconds of the
 * slowest rank, by the clock and of its processor, for packing and from then on.               */
#include "../kernels/simd.h"
#include "../pipeline/run/vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { DIM = 512 };

/* By the clock, and of the processor. */
struct moment {
    double wall, cpu;
};
static struct moment packed;

static double seconds(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct moment now(void)
{
    return (struct moment){seconds(CLOCK_MONOTONIC), seconds(CLOCK_PROCESS_CPUTIME_ID)};
}

static enum as_status read_rows(void *state, uint64_t first, uint64_t n, uint8_t *to,
                                struct as_err *err)
{
    uint64_t z = first * 7919 + 1;

    (void)state;
    (void)err;
    for (uint64_t i = 0; i < n * DIM; i++) {
        z = z * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        to[i] = (uint8_t)(z >> 57);
    }
    packed = now();
    return AS_OK;
}

int main(int argc, char **argv)
{
    const uint64_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000,
                   queries = argc > 2 ? strtoull(argv[2], NULL, 10) : 1024;
    struct as_vector_found found = {0};
    struct as_comm *comm;
    struct rusage use;
    struct moment begin, end;

    as_simd_init(as_cpu_best());
    if (as_comm_start(&comm, NULL) != AS_OK)
        return 1;
    const uint64_t size = (uint64_t)as_comm_size(comm), n = queries / size;
    struct as_vector_base base = {.n = rows / size, .dim = DIM, .read = read_rows};
    uint8_t *query = calloc(n + 1, DIM);
    uint64_t *ids = calloc(n + 1, sizeof *ids);
    struct as_vector_ask ask = {ids, query, n, false, 0.95F, 0, 1, NULL};
    if (!query || !ids || read_rows(NULL, 0, n, query, NULL) != AS_OK)
        return 1;
    for (uint64_t i = 0; i < n; i++)
        ids[i] = (uint64_t)as_comm_rank(comm) * n + i;
    begin = now();
    const enum as_status status = as_vectors_search(&base, &ask, comm, &found, NULL);
    end = now();
    uint64_t us[4] = {
        (uint64_t)(1e6 * (packed.wall - begin.wall)), (uint64_t)(1e6 * (packed.cpu - begin.cpu)),
        (uint64_t)(1e6 * (end.wall - packed.wall)), (uint64_t)(1e6 * (end.cpu - packed.cpu))};
    if (status != AS_OK || as_comm_max(comm, us, 4) != AS_OK)
        return 1;
    getrusage(RUSAGE_SELF, &use);
    if (as_comm_rank(comm) == 0)
        printf("%d ranks, %llu rows, %llu queries: packing %.2f s (processor %.2f), search %.2f s "
               "(processor %.2f); %ld MiB a rank\n",
               (int)size, (unsigned long long)rows, (unsigned long long)queries,
               (double)us[0] / 1e6, (double)us[1] / 1e6, (double)us[2] / 1e6, (double)us[3] / 1e6,
               use.ru_maxrss >> 10);
    as_vectors_clear(&found);
    free(query);
    free(ids);
    as_comm_stop(comm);
    return 0;
}
