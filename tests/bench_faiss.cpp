// bench_faiss.cpp - exact search beside FAISS: the same queries in turn, one thread, answers
// compared.
//
// usage: bench_faiss [rows [dim [k [codes]]]]   (default 200000 512 10 1000000)
// Built where FAISS is found, run by hand; nothing else of this project uses it.
#include <faiss/IndexBinaryFlat.h>
#include <faiss/IndexFlat.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <vector>
#include <sys/mman.h>

extern "C" {
#include "../kernels/linalg.h"
#include "../kernels/search/hamming.h"
#include "../kernels/search/topk.h"
#include "../kernels/simd.h"
}
extern "C" void omp_set_num_threads(int n);

namespace
{

const size_t QUERIES = 1024;

// Processor time: others may be at work on the same cores.
double now()
{
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

template <class Run> double fastest(Run run)
{
    double best = 1e9, all = 0;
    for (int r = 0; r < 2 || (all < 0.7 && r < 1000); r++) {
        const double start = now();
        run();
        const double took = now() - start;
        best = took < best ? took : best;
        all += took;
    }
    return best;
}

struct Hits {
    std::vector<as_hit> at;
    std::vector<uint32_t> n;
    as_hits view;
    Hits(size_t nq, uint32_t k) : at(nq * k), n(nq), view{at.data(), n.data(), nullptr, k}
    {
    }
    size_t same(const std::vector<int64_t> &ids, size_t nq) const
    {
        size_t count = 0;
        for (size_t i = 0; i < nq * view.k; i++)
            count += at[i].id == (uint64_t)ids[i];
        return count;
    }
};

void floats(size_t n, uint32_t dim, uint32_t k)
{
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    std::vector<float> rows(n * dim), queries(QUERIES * dim), products(QUERIES * k);
    std::vector<int64_t> ids(QUERIES * k);
    std::vector<double> scratch(as_topk_scratch_bytes(dim) / sizeof(double) + 1);
    Hits hits(QUERIES, k);
    faiss::IndexFlatIP index(dim);
    as_topk_set *set = nullptr;

    for (float &x : rows)
        x = normal(random);
    for (float &x : queries)
        x = normal(random);
    size_t room_bytes;
    if (as_topk_new(n, dim, AS_METRIC_DOT, &set) != AS_OK)
        abort();
    void *room = as_topk_room(set, &room_bytes);
    (void)madvise(room, room_bytes, MADV_HUGEPAGE); // as the search of a run does
    as_topk_reset(set, 0);
    if (as_topk_append(set, rows.data(), n) != AS_OK)
        abort();
    index.add((int64_t)n, rows.data());
    rows = std::vector<float>();
    printf("%zu rows of %u floats, inner product, k = %u\n", n, dim, k);
    for (size_t nq : {1, 2, 4, 8, 16, 32, 64, 256, 1024}) {
        const as_topk_ask ask = {queries.data(), nq, AS_TOPK_ALL, scratch.data()};
        const double ours = fastest([&] {
            std::fill(hits.n.begin(), hits.n.end(), 0);
            if (as_topk_search(set, &ask, &hits.view) != AS_OK)
                abort();
        });
        const double theirs = fastest(
            [&] { index.search((int64_t)nq, queries.data(), k, products.data(), ids.data()); });
        const double gflop = 2e-9 * (double)nq * (double)n * dim;
        printf("queries %4zu  search %7.1f GFLOP/s  FAISS %7.1f GFLOP/s  ratio %6.2f  same ids "
               "%zu of %zu\n",
               nq, gflop / ours, gflop / theirs, theirs / ours, hits.same(ids, nq), nq * k);
        fflush(stdout);
    }
    as_topk_free(set);
}

void codes(size_t n, uint32_t k)
{
    std::mt19937_64 random(2);
    std::vector<uint64_t> all(n * 4), queries(QUERIES * 4);
    std::vector<int32_t> distances(QUERIES * k);
    std::vector<int64_t> ids(QUERIES * k);
    Hits hits(QUERIES, k);
    faiss::IndexBinaryFlat index(256);

    for (uint64_t &x : all)
        x = random();
    for (uint64_t &x : queries)
        x = random();
    index.add((int64_t)n, (const uint8_t *)all.data());
    const as_codes set = {(const uint8_t *)all.data(), n, 0};
    for (size_t nq : {1, 16, 256, 1024}) {
        const uint8_t *q = (const uint8_t *)queries.data();
        const double ours = fastest([&] {
            std::fill(hits.n.begin(), hits.n.end(), 0);
            if (as_hamming_search(&set, q, nq, AS_HAMMING_ALL, &hits.view) != AS_OK)
                abort();
        });
        const double theirs =
            fastest([&] { index.search((int64_t)nq, q, k, distances.data(), ids.data()); });
        size_t same = 0; // FAISS does not order ties by id: distances are compared
        for (size_t i = 0; i < nq * k; i++)
            same += -hits.at[i].score == (float)distances[i];
        const double g = 1e-9 * (double)n * (double)nq;
        printf("%zu codes, k = %u, queries %4zu  search %5.2f G codes/s  FAISS %5.2f G codes/s  "
               "ratio %6.2f  same distances %zu of %zu\n",
               n, k, nq, g / ours, g / theirs, theirs / ours, same, nq * k);
        fflush(stdout);
    }
}

} // namespace

int main(int argc, char **argv)
{
    const size_t n = argc > 1 ? strtoull(argv[1], nullptr, 10) : 200000;
    const uint32_t dim = argc > 2 ? (uint32_t)strtoul(argv[2], nullptr, 10) : 512;
    const uint32_t k = argc > 3 ? (uint32_t)strtoul(argv[3], nullptr, 10) : 10;
    const size_t ncodes = argc > 4 ? strtoull(argv[4], nullptr, 10) : 1000000;

    omp_set_num_threads(1);
    as_linalg_one_thread();
    as_simd_init(as_cpu_best());
    if (n)
        floats(n, dim, k);
    if (ncodes)
        codes(ncodes, k);
    return 0;
}
