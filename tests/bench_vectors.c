/* bench_vectors.c - the search of vectors over ranks, timed; run by hand.
 *
 * usage: mpirun -n N --bind-to core bench_vectors [ROWS [QUERIES]]   default: 1000000 256
 * Rows of 512 random bytes, spread evenly over the ranks, as are the queries.  One line: seconds of
 * the slowest rank for packing and search, and for packing alone (a search without queries). */
#include "../kernels/simd.h"
#include "../pipeline/run/vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

enum { DIM = 512 };

static enum as_status read_rows(void *state, uint64_t first, uint64_t n, uint8_t *to,
                                struct as_err *err)
{
    uint64_t z = (uint64_t)(uintptr_t)state + first * 7919 + 1;

    (void)err;
    for (uint64_t i = 0; i < n * DIM; i++) {
        z = z * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        to[i] = (uint8_t)(z >> 57);
    }
    return AS_OK;
}

/* Seconds of the slowest rank; below 0: it failed. */
static double search(struct as_comm *comm, uint64_t rows, uint64_t queries)
{
    const uint64_t n = queries ? queries : 1;
    uint8_t *query = calloc(n, DIM);
    uint64_t *ids = calloc(n, sizeof *ids), us;
    struct as_vector_base base = {.n = rows, .dim = DIM, .read = read_rows};
    struct as_vector_ask ask = {ids, query, queries, false, 0.95F, 0, 1, NULL};
    struct as_vector_found found = {0};
    struct timespec t0, t1;
    enum as_status status = query && ids ? read_rows(NULL, 0, n, query, NULL) : AS_ENOMEM;

    for (uint64_t i = 0; ids && i < n; i++)
        ids[i] = (uint64_t)as_comm_rank(comm) * n + i;
    status = as_comm_agree(comm, status, NULL);
    clock_gettime(CLOCK_MONOTONIC, &t0);
    if (status == AS_OK)
        status = as_vectors_search(&base, &ask, comm, &found, NULL);
    clock_gettime(CLOCK_MONOTONIC, &t1);
    us = (uint64_t)((t1.tv_sec - t0.tv_sec) * 1000000 + (t1.tv_nsec - t0.tv_nsec) / 1000);
    if (as_comm_max(comm, &us, 1) != AS_OK)
        status = AS_EIO;
    as_vectors_clear(&found);
    free(query);
    free(ids);
    return status == AS_OK ? (double)us / 1e6 : -1;
}

int main(int argc, char **argv)
{
    const uint64_t rows = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000,
                   queries = argc > 2 ? strtoull(argv[2], NULL, 10) : 256;
    struct as_comm *comm;
    struct rusage use;
    uint64_t size;
    double whole, packing;

    as_simd_init(as_cpu_best());
    if (as_comm_start(&comm, NULL) != AS_OK)
        return 1;
    size = (uint64_t)as_comm_size(comm);
    packing = search(comm, rows / size, 0);
    whole = search(comm, rows / size, queries / size);
    getrusage(RUSAGE_SELF, &use);
    if (as_comm_rank(comm) == 0)
        printf(
            "%d ranks, %llu rows, %llu queries: %.3f s, of this packing %.3f s; %ld MiB a rank\n",
            (int)size, (unsigned long long)rows, (unsigned long long)queries, whole, packing,
            use.ru_maxrss >> 10);
    as_comm_stop(comm);
    return whole < 0;
}
