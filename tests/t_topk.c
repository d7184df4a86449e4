/* t_topk.c - exact search equals brute force in double, bit by bit, however it is cut up. */
#include "../kernels/search/topk.h"
#include "../kernels/simd.h"

#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 600, QUERIES = 1100, CELLS = 90000, KMAX = 700, SEED = 20411 };

static uint64_t seed = SEED;
static float rows[CELLS], queries[CELLS];
static struct as_hit want[QUERIES * 16], got[QUERIES * 16];
static uint32_t nwant[QUERIES], ngot[QUERIES];
static uint64_t within_want[QUERIES], within_got[QUERIES];

static uint32_t below(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % n;
}

/* ---- kinds of data ---- */

static float even(void)
{
    return (float)below(1u << 24) / 8388608.0f - 1.0f;
}

static float small_integer(void)
{
    return (float)below(3) - 1.0f;
}

static float huge(void)
{
    return even() * FLT_MAX;
}

static float subnormal(void)
{
    return even() * 1e-40f;
}

static float vanishing(void) /* whose products are subnormal */
{
    return even() * 4e-22f;
}

/* Any exponent: products overflow, vanish and cancel. */
static float wild(void)
{
    return ldexpf(even(), (int)below(250) - 125);
}

static float beyond(void) /* norms on both sides of the one above which products are not trusted */
{
    return ldexpf(even(), 55 + (int)below(12));
}

/* So close together that float products cannot tell them apart. */
static float close(void)
{
    return 1.0f + (float)below(3) * FLT_EPSILON;
}

static float sparse(void)
{
    return below(8) ? 0.0f : even();
}

static const struct {
    const char *name;
    float (*value)(void);
} kinds[] = {{"random", even},         {"tied", small_integer}, {"huge", huge},
             {"subnormal", subnormal}, {"any size", wild},      {"beyond", beyond},
             {"vanishing", vanishing}, {"sparse", sparse},      {"close", close}};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* One problem: n rows, nq queries. */
struct problem {
    size_t n, nq;
    uint32_t dim, k;
    enum as_metric metric;
    float radius;
    bool count;
};

static void fill(const struct problem *p, size_t kind)
{
    for (size_t i = 0; i < p->n * p->dim; i++)
        rows[i] = kinds[kind].value();
    for (size_t i = 0; i < p->nq * p->dim; i++)
        queries[i] = kinds[kind].value();
    for (size_t i = 0; i < p->n; i++) { /* copies and zeros */
        const uint32_t what = below(12);
        if (what == 0)
            memset(rows + i * p->dim, 0, p->dim * sizeof *rows);
        else if (what < 3)
            memcpy(rows + i * p->dim, rows + below((uint32_t)i + 1) * p->dim,
                   p->dim * sizeof *rows);
    }
    for (size_t i = 0; i < p->nq && p->n; i++)
        if (below(4) == 0)
            memcpy(queries + i * p->dim, rows + below((uint32_t)p->n) * p->dim,
                   p->dim * sizeof *rows);
    if (p->nq && below(3) == 0)
        memset(queries, 0, p->dim * sizeof *queries);
}

/* ---- brute force: the words of topk.h ---- */

static double lanes(const float *q, const float *x, uint32_t dim, bool apart)
{
    double sum[8] = {0};

    for (uint32_t k = 0; k < dim; k++) {
        const double a = (double)q[k], b = (double)x[k];
        sum[k % 8] += apart ? (a - b) * (a - b) : a * b;
    }
    return ((sum[0] + sum[4]) + (sum[2] + sum[6])) + ((sum[1] + sum[5]) + (sum[3] + sum[7]));
}

static float brute_score(const struct problem *p, const float *q, const float *x)
{
    double s = lanes(q, x, p->dim, p->metric == AS_METRIC_L2);

    if (p->metric == AS_METRIC_L2)
        s = -s;
    if (p->metric == AS_METRIC_COSINE) {
        const double norms = sqrt(lanes(q, q, p->dim, false)) * sqrt(lanes(x, x, p->dim, false));
        s = norms > 0 ? s / norms : 0;
        s = s > 1 ? 1 : s < -1 ? -1 : s;
    }
    return s > (double)FLT_MAX ? FLT_MAX : s < -(double)FLT_MAX ? -FLT_MAX : (float)s;
}

static int compare(const void *a, const void *b)
{
    const struct as_hit *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

static void brute(const struct problem *p)
{
    static struct as_hit all[ROWS];

    for (size_t q = 0; q < p->nq; q++) {
        uint32_t n = 0;
        for (size_t i = 0; i < p->n; i++) {
            const float score = brute_score(p, queries + q * p->dim, rows + i * p->dim);
            if (score >= p->radius)
                all[n++] = (struct as_hit){100 + i, score};
        }
        qsort(all, n, sizeof *all, compare);
        within_want[q] = n;
        nwant[q] = n < p->k ? n : p->k;
        memcpy(want + q * p->k, all, nwant[q] * sizeof *all);
    }
}

/* ---- searching it in pieces ---- */

static struct as_topk_set *pack(const struct problem *p, size_t from, size_t to)
{
    struct as_topk_set *set;

    assert_int_equal(as_topk_new(to - from, p->dim, p->metric, &set), AS_OK);
    as_topk_reset(set, 100 + from);
    while (from < to) { /* appended in pieces */
        const size_t n = 1 + below((uint32_t)(to - from));
        assert_int_equal(as_topk_append(set, rows + from * p->dim, n), AS_OK);
        from += n;
    }
    return set;
}

static void search(const struct problem *p, size_t from, size_t to, const struct as_hits *hits)
{
    void *scratch = malloc(as_topk_scratch_bytes(p->dim));
    struct as_topk_set *set = pack(p, from, to);
    const struct as_topk_ask ask = {queries, p->nq, p->radius, scratch};

    assert_int_equal(as_topk_rows(set), to - from);
    assert_int_equal(as_topk_search(set, &ask, hits), AS_OK);
    as_topk_free(set);
    free(scratch);
}

static struct as_hits hits_got(const struct problem *p)
{
    memset(ngot, 0, sizeof ngot);
    memset(within_got, 0, sizeof within_got);
    return (struct as_hits){got, ngot, p->count ? within_got : NULL, p->k};
}

static void check(const struct problem *p, const char *what)
{
    for (size_t q = 0; q < p->nq; q++) {
        bool same = ngot[q] == nwant[q] && (!p->count || within_got[q] == within_want[q]);
        for (uint32_t i = 0; same && i < nwant[q]; i++)
            same = got[q * p->k + i].id == want[q * p->k + i].id &&
                   memcmp(&got[q * p->k + i].score, &want[q * p->k + i].score, 4) == 0;
        if (!same)
            fail_msg("%s: n %zu nq %zu dim %u k %u metric %d radius %g query %zu", what, p->n,
                     p->nq, p->dim, p->k, p->metric, (double)p->radius, q);
    }
}

/* Whole; in two shards in either order; in two shards whose hits are merged. */
static void solve(const struct problem *p, const char *what)
{
    static struct as_hit other[QUERIES * 16];
    static uint32_t nother[QUERIES];
    static uint64_t within[QUERIES];
    const size_t cut = below((uint32_t)p->n + 1);
    const struct as_hits second = {other, nother, p->count ? within : NULL, p->k};
    struct as_hits hits = hits_got(p);

    search(p, 0, p->n, &hits);
    check(p, what);
    hits = hits_got(p);
    search(p, cut, p->n, &hits);
    search(p, 0, cut, &hits);
    check(p, what);
    hits = hits_got(p);
    memset(nother, 0, sizeof nother);
    memset(within, 0, sizeof within);
    search(p, 0, cut, &hits);
    search(p, cut, p->n, &second);
    as_hits_merge(&hits, &second, p->nq);
    check(p, what);
}

/* A radius that some rows pass: the score of a pair, or none. */
static float some_radius(const struct problem *p)
{
    if (p->n == 0 || p->nq == 0 || below(3) == 0)
        return AS_TOPK_ALL;
    return brute_score(p, queries + below((uint32_t)p->nq) * p->dim,
                       rows + below((uint32_t)p->n) * p->dim);
}

static void test_equals_brute_force(void **state)
{
    static const uint32_t dims[] = {1, 2, 7, 8, 9, 31, 64, 127};
    static const size_t ns[] = {0, 1, 2, 31, 32, 33, 64, 100, 517};
    static const size_t nqs[] = {1, 2, 3, 5, 8, 11, 12, 13, 24, 25, 40};
    static const uint32_t ks[] = {1, 2, 5, 10, 16};
    (void)state;
    for (int round = 0; round < 300; round++)
        for (size_t kind = 0; kind < KINDS; kind++) {
            struct problem p = {.n = ns[below(sizeof ns / sizeof *ns)],
                                .nq = nqs[below(sizeof nqs / sizeof *nqs)],
                                .dim = dims[below(sizeof dims / sizeof *dims)],
                                .k = ks[below(sizeof ks / sizeof *ks)],
                                .metric = (enum as_metric)below(AS_METRICS),
                                .count = below(2)};
            fill(&p, kind);
            p.radius = some_radius(&p);
            brute(&p);
            for (int cpu = AS_CPU_PLAIN; cpu <= (int)as_cpu_best(); cpu++) {
                as_simd_init((enum as_cpu)cpu);
                solve(&p, kinds[kind].name);
            }
        }
}

/* Every number of queries from 1 on, and more than one chunk of them. */
static void test_numbers_of_queries(void **state)
{
    struct problem p = {.n = 70, .dim = 5, .k = 3, .metric = AS_METRIC_DOT, .radius = AS_TOPK_ALL};
    (void)state;
    as_simd_init(as_cpu_best());
    for (p.nq = 0; p.nq <= QUERIES; p.nq += p.nq < 50 ? 1 : 350) {
        fill(&p, 0);
        brute(&p);
        solve(&p, "queries");
    }
    p = (struct problem){40, 97, 900, 2, AS_METRIC_COSINE, AS_TOPK_ALL, false}; /* long rows */
    fill(&p, 0);
    brute(&p);
    solve(&p, "long");
}

/* Long rows that differ less than a float product rounds; the smaller ids come last, so that it is
 * ties that enter. */
static void test_margin(void **state)
{
    struct problem p = {.n = 90, .nq = 8, .k = 3, .radius = AS_TOPK_ALL};
    (void)state;
    for (int round = 0; round < 24; round++) {
        p.dim = round % 2 ? 1000 : 100;
        p.metric = (enum as_metric)(round % AS_METRICS);
        fill(&p, KINDS - 1);
        brute(&p);
        for (int cpu = AS_CPU_PLAIN; cpu <= (int)as_cpu_best(); cpu++) {
            struct as_hits hits = hits_got(&p);
            as_simd_init((enum as_cpu)cpu);
            for (size_t from = p.n; from > 0; from -= 30)
                search(&p, from - 30, from, &hits);
            check(&p, "margin");
        }
    }
}

/* More hits wanted than there are rows, and hits that many rows replace one by one. */
static void test_many_hits(void **state)
{
    struct problem p = {ROWS, 2, 3, KMAX, AS_METRIC_L2, AS_TOPK_ALL, true};
    (void)state;
    as_simd_init(as_cpu_best());
    fill(&p, 1);
    brute(&p);
    solve(&p, "k > n");
    p.k = 300;
    for (size_t i = 0; i < ROWS; i++) /* ever closer to the query */
        rows[i * 3] = rows[i * 3 + 1] = rows[i * 3 + 2] = 1000.0f - (float)i;
    memset(queries, 0, 6 * sizeof *queries);
    brute(&p);
    solve(&p, "ever closer");
}

/* The order of summation matters little: against a plain sum in long double. */
static void test_scores_are_accurate(void **state)
{
    const uint32_t dim = 127;
    struct problem p = {100, 1, dim, 1, AS_METRIC_DOT, AS_TOPK_ALL, false};
    (void)state;
    fill(&p, 0);
    for (size_t i = 0; i < 100; i++) {
        long double sum = 0, size = 0;
        for (uint32_t k = 0; k < dim; k++) {
            sum += (long double)queries[k] * (long double)rows[i * dim + k];
            size += fabsl((long double)queries[k] * (long double)rows[i * dim + k]);
        }
        const double apart = fabs((double)(brute_score(&p, queries, rows + i * dim) - (float)sum));
        assert_true(apart <= (double)size * 1.2e-7);
    }
}

static void test_by_hand(void **state)
{
    const float db[] = {3, 4, 0, 0, 1, 0, -2, 0}, query[] = {2, 0};
    static const struct as_hit dot[] = {{7, 6}, {9, 2}, {8, 0}, {10, -4}};
    static const struct as_hit cosine[] = {{9, 1}, {7, 0.6f}, {8, 0}, {10, -1}};
    static const struct as_hit apart[] = {{9, -1}, {8, -4}, {10, -16}, {7, -17}};
    static const struct as_hit *const right[] = {dot, cosine, apart};
    void *scratch = malloc(as_topk_scratch_bytes(2));
    (void)state;
    for (int metric = 0; metric < AS_METRICS; metric++) {
        struct as_hit at[5];
        uint32_t n = 0;
        const struct as_hits hits = {at, &n, NULL, 5};
        const struct as_topk_ask ask = {query, 1, AS_TOPK_ALL, scratch};
        struct as_topk_set *set;
        assert_int_equal(as_topk_pack(db, 4, 2, (enum as_metric)metric, 7, &set), AS_OK);
        assert_int_equal(as_topk_search(set, &ask, &hits), AS_OK);
        assert_int_equal(n, 4);
        for (int i = 0; i < 4; i++)
            if (at[i].id != right[metric][i].id || at[i].score != right[metric][i].score)
                fail_msg("metric %d hit %d: id %llu score %g", metric, i,
                         (unsigned long long)at[i].id, (double)at[i].score);
        as_topk_free(set);
    }
    free(scratch);
}

static void test_refused(void **state)
{
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    float at[3 * 40] = {0}, query[3] = {1, 2, 3};
    void *scratch = malloc(as_topk_scratch_bytes(3));
    struct as_hit hit;
    uint32_t n = 0;
    struct as_hits hits = {&hit, &n, NULL, 1};
    struct as_topk_ask ask = {query, 1, AS_TOPK_ALL, scratch};
    struct as_topk_set *set;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        at[3 * 39 + i] = bad[i];
        assert_int_equal(as_topk_pack(at, 40, 3, AS_METRIC_DOT, 0, &set), AS_EFORMAT);
        assert_null(set);
    }
    assert_int_equal(as_topk_new(10, 0, AS_METRIC_DOT, &set), AS_EUSAGE);
    assert_int_equal(as_topk_new(10, AS_TOPK_DIM_MAX + 1, AS_METRIC_DOT, &set), AS_EUSAGE);
    assert_int_equal(as_topk_new(10, 3, AS_METRICS, &set), AS_EUSAGE);
    assert_int_equal(as_topk_new(SIZE_MAX, 3, AS_METRIC_DOT, &set), AS_ENOMEM);
    assert_int_equal(as_topk_bytes(SIZE_MAX / 4, AS_TOPK_DIM_MAX), 0);
    assert_int_equal(as_topk_pack(at, 39, 3, AS_METRIC_DOT, 0, &set), AS_OK);
    assert_int_equal(as_topk_append(set, at, 1), AS_ELIMIT);
    for (size_t i = 0; i < 3; i++) {
        query[1] = bad[i];
        assert_int_equal(as_topk_search(set, &ask, &hits), AS_EFORMAT);
    }
    query[1] = 0;
    ask.radius = NAN;
    assert_int_equal(as_topk_search(set, &ask, &hits), AS_EUSAGE);
    ask.radius = AS_TOPK_ALL;
    hits.k = 0;
    assert_int_equal(as_topk_search(set, &ask, &hits), AS_EUSAGE);
    assert_int_equal(n, 0);
    as_topk_free(set);
    as_topk_free(NULL);
    free(scratch);
}

/* The sums of every variant have the bits of the reference. */
static void test_variants(void **state)
{
    _Alignas(64) static float panel[AS_PANEL * 133];
    double a[8], b[8];
    (void)state;
    for (size_t kind = 0; kind < KINDS; kind++)
        for (uint32_t d = 1; d <= 133; d++) {
            for (size_t i = 0; i < AS_PANEL * (size_t)d; i++)
                panel[i] = kinds[kind].value();
            for (uint32_t i = 0; i < d; i++)
                queries[i] = kinds[kind].value();
            for (int cpu = AS_CPU_PLAIN; cpu <= (int)as_cpu_best(); cpu++) {
                as_simd_init((enum as_cpu)cpu);
                as_ref_dots_8(panel + 8, queries, d, a);
                as_simd.dots_8(panel + 8, queries, d, b);
                assert_memory_equal(a, b, sizeof a);
                as_ref_apart_8(panel + 16, queries, d, a);
                as_simd.apart_8(panel + 16, queries, d, b);
                assert_memory_equal(a, b, sizeof a);
            }
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_equals_brute_force),
        cmocka_unit_test(test_numbers_of_queries),
        cmocka_unit_test(test_margin),
        cmocka_unit_test(test_many_hits),
        cmocka_unit_test(test_scores_are_accurate),
        cmocka_unit_test(test_by_hand),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_variants),
    };

    print_message("seed %d\n", SEED);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
