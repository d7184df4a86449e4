/* bench_search.c - exact search against the limits of the machine, in one run.
 *
 * usage: bench_search [rows [dim [k [codes [class]]]]]   (200000 512 10 2000000, the best class)
 * Float vectors: for each number of queries the fastest of some rounds of the search, of a product of
 * matrices (sgemm) of the same shape and of reading the same memory, in turn.  Codes: radius 31 and
 * the k nearest.  All in processor time.  Built with the tests, not run by them.
 */
#include "../kernels/linalg.h"
#include "../kernels/search/hamming.h"
#include "../kernels/search/topk.h"
#include "../kernels/simd.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

enum { QUERIES = 1024, SLICE = 16384, SECONDS = 2 };

static uint64_t seed = 88172645463325252u;
static volatile uint64_t sink;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* others may be at work on the same cores */
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t word(void)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return seed;
}

/* About normal: the sum of four even parts of a word. */
static float value(void)
{
    const uint64_t w = word();
    const int sum =
        (int)(w & 65535) + (int)(w >> 16 & 65535) + (int)(w >> 32 & 65535) + (int)(w >> 48);
    return ((float)sum - 131070.0f) / 37837.0f;
}

static void *need(size_t bytes)
{
    const size_t page = 2 << 20; /* large pages for all sides */
    void *p = aligned_alloc(page, (bytes + page - 1) / page * page);
    if (!p) {
        fprintf(stderr, "no memory for %zu bytes\n", bytes);
        exit(EXIT_FAILURE);
    }
    (void)madvise(p, bytes, MADV_HUGEPAGE);
    return p;
}

static struct as_hits new_hits(size_t nq, uint32_t k)
{
    const struct as_hits h = {need(nq * k * sizeof(struct as_hit)), need(nq * sizeof(uint32_t)),
                              NULL, k};
    return h;
}

static void drop_hits(struct as_hits *h)
{
    free(h->at);
    free(h->n);
}

/* ---- float vectors ---- */

struct floats {
    struct as_topk_set *set;
    float *rows; /* [slice][dim]: what sgemm multiplies, again and again */
    float *queries, *product;
    void *scratch;
    size_t n, slice;
    uint32_t dim;
    struct as_hits hits;
};

static void search(struct floats *f, size_t nq)
{
    const struct as_topk_ask ask = {f->queries, nq, AS_TOPK_ALL, f->scratch};
    for (size_t q = 0; q < nq; q++)
        f->hits.n[q] = 0;
    if (as_topk_search(f->set, &ask, &f->hits) != AS_OK)
        abort();
}

/* Products of the shape of the search, the rows in slices so that the result stays small. */
static void multiply(struct floats *f, size_t nq)
{
    for (size_t i = 0; i < f->n; i += f->slice) {
        const size_t n = f->n - i < f->slice ? f->n - i : f->slice;
        const struct as_gemm g = {.m = nq,
                                  .n = n,
                                  .k = f->dim,
                                  .a = f->queries,
                                  .lda = f->dim,
                                  .b = f->rows + i * f->dim,
                                  .ldb = f->dim,
                                  .trans_b = true,
                                  .c = f->product,
                                  .ldc = f->slice,
                                  .alpha = 1};
        if (as_linalg_sgemm(&g) != AS_OK)
            abort();
    }
}

static void read_all(struct floats *f, size_t nq)
{
    const uint64_t *at = (const uint64_t *)(const void *)f->rows;
    uint64_t sum = 0;
    (void)nq;
    for (size_t i = 0; i < f->n * f->dim / 2; i++)
        sum += at[i];
    sink = sum;
}

/* Seconds of the fastest round of each, taken in turn. */
static void fastest(struct floats *f, size_t nq, double best[3])
{
    static void (*const runs[3])(struct floats * f, size_t nq) = {search, multiply, read_all};
    const double begin = now();

    for (int i = 0; i < 3; i++)
        best[i] = 1e9;
    for (int r = 0; r < 2 || (now() - begin < SECONDS && r < 1000); r++)
        for (int i = 0; i < 3; i++) {
            const double start = now();
            runs[i](f, nq);
            const double took = now() - start;
            best[i] = took < best[i] ? took : best[i];
        }
}

static void bench_floats(struct floats *f, uint32_t k)
{
    static const size_t counts[] = {1, 2, 4, 8, 16, 32, 64, 256, 1024};
    const double gb = (double)f->n * f->dim * 4e-9;

    printf("%zu rows of %u floats (%.2f GB), k = %u\n", f->n, f->dim, gb, k);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        const size_t nq = counts[i];
        const double gflop = 2 * (double)nq * (double)f->n * f->dim / 1e9;
        double best[3];
        fastest(f, nq, best);
        printf("queries %4zu  search %7.1f GFLOP/s %8.3f ms/query %5.1f GB/s  sgemm %6.1f GFLOP/s "
               " ratio %5.2f  reading %4.1f GB/s  ratio %4.2f\n",
               nq, gflop / best[0], best[0] * 1e3 / (double)nq, gb / best[0], gflop / best[1],
               best[1] / best[0], gb / best[2], best[2] / best[0]);
        fflush(stdout);
    }
}

static void with_floats(size_t n, uint32_t dim, uint32_t k)
{
    size_t room_bytes;
    struct floats f = {.n = n, .dim = dim, .slice = n < SLICE ? n : SLICE};
    double start;

    f.rows = need(n * dim * sizeof(float));
    f.queries = need((size_t)QUERIES * dim * sizeof(float));
    f.product = need(QUERIES * f.slice * sizeof(float));
    f.scratch = need(as_topk_scratch_bytes(dim));
    f.hits = new_hits(QUERIES, k);
    for (size_t i = 0; i < n * dim; i++)
        f.rows[i] = value();
    for (size_t i = 0; i < (size_t)QUERIES * dim; i++)
        f.queries[i] = value();
    start = now();
    if (as_topk_new(n, dim, AS_METRIC_COSINE, &f.set) != AS_OK)
        abort();
    void *room = as_topk_room(f.set, &room_bytes);
    (void)madvise(room, room_bytes, MADV_HUGEPAGE); /* as the search of a run does */
    as_topk_reset(f.set, 0);
    if (as_topk_append(f.set, f.rows, n) != AS_OK)
        abort();
    printf("packed at %.2f GB/s\n", (double)n * dim * 4 / (now() - start) / 1e9);
    bench_floats(&f, k);
    as_topk_free(f.set);
    free(f.rows);
    free(f.queries);
    free(f.product);
    free(f.scratch);
    drop_hits(&f.hits);
}

/* ---- codes ---- */

static void bench_codes(size_t n, uint32_t radius, uint32_t k)
{
    static const size_t counts[] = {1, 16, 256, 1024};
    uint8_t *codes = need(n * AS_CODE256_BYTES), *queries = need(QUERIES * AS_CODE256_BYTES);
    struct as_hits hits = new_hits(QUERIES, k);
    const struct as_codes set = {codes, n, 0};

    for (size_t i = 0; i < n * AS_CODE256_BYTES / 8; i++)
        ((uint64_t *)(void *)codes)[i] = word();
    for (size_t i = 0; i < QUERIES * AS_CODE256_BYTES / 8; i++)
        ((uint64_t *)(void *)queries)[i] = word();
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        const double begin = now();
        double best = 1e9;
        for (int r = 0; r < 2 || (now() - begin < SECONDS && r < 1000); r++) {
            for (size_t q = 0; q < counts[i]; q++)
                hits.n[q] = 0;
            const double start = now();
            if (as_hamming_search(&set, queries, counts[i], radius, &hits) != AS_OK)
                abort();
            const double took = now() - start;
            best = took < best ? took : best;
        }
        printf("%zu codes, radius %3u, k = %u, queries %4zu: %5.2f G codes/s, %.3f ms/query\n", n,
               radius, k, counts[i], (double)n * (double)counts[i] / best / 1e9,
               best * 1e3 / (double)counts[i]);
        fflush(stdout);
    }
    drop_hits(&hits);
    free(codes);
    free(queries);
}

int main(int argc, char **argv)
{
    const size_t n = argc > 1 ? strtoull(argv[1], NULL, 10) : 200000;
    const uint32_t dim = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 512;
    const uint32_t k = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 10;
    const size_t ncodes = argc > 4 ? strtoull(argv[4], NULL, 10) : 2000000;
    const int class = argc > 5 ? as_cpu_find(argv[5]) : (int)as_cpu_best();
    struct rusage use;

    if (class < 0 || class > (int)as_cpu_best())
        return EXIT_FAILURE;
    as_simd_init((enum as_cpu) class);
    as_linalg_one_thread();
    printf("class %s\n", as_cpu_name((enum as_cpu) class));
    if (n)
        with_floats(n, dim, k);
    if (ncodes) {
        bench_codes(ncodes, 31, k);
        bench_codes(ncodes, AS_HAMMING_ALL, k);
    }
    getrusage(RUSAGE_SELF, &use);
    printf("peak memory %ld MB\n", use.ru_maxrss / 1024);
    return EXIT_SUCCESS;
}
