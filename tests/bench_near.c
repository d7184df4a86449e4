/* bench_near.c - pictures searched for in a store of media, on any number of ranks: seconds,
 * memory.
 *
 * usage: mpirun -n N bench_near STORE PICTURES [THREADS]     e.g. of media_store, 10000000 rows
 *        mpirun -n N bench_near - PICTURES [THREADS]         with each other                    */
#include "../kernels/cpu.h"
#include "../kernels/simd.h"
#include "../pipeline/run/near.h"
#include "../pipeline/store/reference.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static struct as_comm *comm;
static struct as_ref *ref;
static uint64_t rows, at_block;
static uint8_t quality[AS_NEAR_BLOCK];

/* As search_media.c does it. */
static enum as_status give(void *state, uint8_t codes[][AS_CODE256_BYTES], uint64_t *ids,
                           uint32_t *n, struct as_err *err)
{
    const uint64_t me = (uint64_t)as_comm_rank(comm), size = (uint64_t)as_comm_size(comm),
                   at = (at_block++ * size + me) * AS_NEAR_BLOCK;
    enum as_status status = AS_OK;

    (void)state;
    *n = at >= rows ? 0 : rows - at < AS_NEAR_BLOCK ? (uint32_t)(rows - at) : AS_NEAR_BLOCK;
    if (*n == 0)
        goto done;
    AS_TRY(as_ref_read(ref, AS_REF_MEDIA_pdq, at, *n, codes, err));
    AS_TRY(as_ref_read(ref, AS_REF_MEDIA_quality, at, *n, quality, err));
    for (uint32_t i = 0; i < *n; i++)
        ids[i] = at + i;
done:
    return status;
}

/* Pictures first to end of all: the same for any number of ranks. */
static bool invent(struct as_near *near, uint64_t first, uint64_t end)
{
    memset(near, 0, sizeof *near);
    near->n = end - first;
    near->id = calloc(near->n + 1, sizeof *near->id);
    near->code = calloc(near->n + 1, AS_CODE256_BYTES);
    if (!near->id || !near->code)
        return false;
    for (uint64_t i = 0; i < near->n; i++) {
        uint64_t v = (first + i + 1) * 0x9e3779b97f4a7c15u;
        near->id[i] = first + i;
        for (int k = 0; k < AS_CODE256_BYTES; k++) {
            v ^= v << 13;
            v ^= v >> 7;
            v ^= v << 17;
            near->code[i * AS_CODE256_BYTES + (uint64_t)k] = (uint8_t)(v >> 24);
        }
    }
    return true;
}

static double seconds(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static enum as_status search(uint64_t pictures, uint32_t threads, struct as_err *err)
{
    const uint64_t me = (uint64_t)as_comm_rank(comm), size = (uint64_t)as_comm_size(comm),
                   first = pictures * me / size;
    enum as_status status = AS_OK;
    struct as_near near;
    struct as_near_own own = {.near = &near, .block = AS_NEAR_BLOCK};
    struct as_kin kin = {0};
    struct as_near_source source = {NULL, give, NULL, threads, NULL};
    struct rusage usage;
    uint64_t peak, work;
    double took, cpu;

    if (!invent(&near, first, pictures * (me + 1) / size))
        AS_FAIL(err, AS_ENOMEM, "no memory");
    AS_TRY(as_kin_init(&kin, comm, near.id, near.n, first, err));
    if (ref == NULL)
        source = (struct as_near_source){&own, as_near_give_own, &kin, threads, NULL};
    took = seconds(CLOCK_MONOTONIC);
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
    AS_TRY(as_near_search(&near, comm, &source, err));
    took = seconds(CLOCK_MONOTONIC) - took;
    cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    getrusage(RUSAGE_SELF, &usage);
    peak = (uint64_t)usage.ru_maxrss;
    work = (uint64_t)(1e6 * cpu);
    AS_TRY(as_comm_sum(comm, &work, 1));
    AS_TRY(as_comm_max(comm, &peak, 1));
    if (me == 0)
        printf("%llu pictures, %llu codes, %d ranks of %u threads: %.2f s (processor, all ranks: "
               "%.2f), %.2f G codes/s, "
               "%llu MB at most\n",
               (unsigned long long)pictures, (unsigned long long)(ref ? rows : pictures),
               as_comm_size(comm), threads, took, 1e-6 * (double)work,
               8 * (double)pictures * (double)(ref ? rows : pictures) / took * 1e-9,
               (unsigned long long)peak >> 10);
done:
    as_kin_clear(&kin);
    as_near_clear(&near);
    return status;
}

int main(int argc, char **argv)
{
    struct as_err err = {0};
    enum as_status status = AS_EUSAGE;

    if (argc < 3) {
        fprintf(stderr, "usage: bench_near STORE|- PICTURES [THREADS]\n");
        return 64;
    }
    as_simd_init(as_cpu_best());
    if (as_comm_start(&comm, &err) != AS_OK)
        return 70;
    status = strcmp(argv[1], "-") == 0 ? AS_OK : as_ref_open(&ref, argv[1], &err);
    status = as_comm_agree(comm, status, &err);
    rows = ref ? as_ref_rows(ref, AS_REF_MEDIA_pdq) : 0;
    if (status == AS_OK)
        status = search(strtoull(argv[2], NULL, 10),
                        argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 1, &err);
    if (status != AS_OK)
        fprintf(stderr, "%s\n", err.text);
    if (ref)
        as_ref_close(ref);
    as_comm_stop(comm);
    return status == AS_OK ? 0 : 74;
}
