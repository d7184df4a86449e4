/* t_mpi_vectors.c - the search over all ranks finds what a comparison of all with all finds.
 *
 * usage: t_mpi_vectors [-s SEED].  Every rank makes all rows and queries; the search sees each
 * rank's share only, of uneven size, whole or in parts, with one thread or several. */
#include "../pipeline/run/vectors.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { DIM = 37, ROWS = 6000, QUERIES = 700, MOST = AS_VECTORS_MOST };

static struct as_comm *comm;
static int rank, size;
static uint64_t failures, seed = 20011;

/* Counts instead of leaving: a rank that leaves alone would hang the others. */
#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            failures++;                                                                            \
            fprintf(stderr, "rank %d: %s:%d: %s (seed %llu)\n", rank, __FILE__, __LINE__, #what,   \
                    (unsigned long long)seed);                                                     \
        }                                                                                          \
    } while (0)

/* splitmix64, below n */
static uint64_t below(uint64_t *state, uint64_t n)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return (z ^ z >> 31) % n;
}

struct world {
    uint8_t row[ROWS][DIM];
    uint64_t id[ROWS];
    uint64_t begin, end; /* of this rank */
    bool fails;
    uint64_t most; /* rows of a read */
};

/* Rows are around 40 centres, some equal to others, some zero; ids have gaps. */
static void make_rows(struct world *w)
{
    uint8_t centre[40][DIM];
    uint64_t rng = seed;

    for (int c = 0; c < 40; c++)
        for (int k = 0; k < DIM; k++)
            centre[c][k] = (uint8_t)below(&rng, 256);
    for (int i = 0; i < ROWS; i++) {
        const uint32_t c = (uint32_t)below(&rng, 400), kind = (uint32_t)below(&rng, 16);
        w->id[i] = (uint64_t)i * 3 + below(&rng, 3);
        for (int k = 0; k < DIM; k++) {
            const int v = c < 40 ? centre[c][k] + (int)below(&rng, 81) - 40 : (int)below(&rng, 256);
            w->row[i][k] = (uint8_t)(kind == 0 ? 0 : v < 0 ? 0 : v > 255 ? 255 : v);
        }
        if (kind == 1 && i > 0)
            memcpy(w->row[i], w->row[below(&rng, (uint64_t)i)], DIM);
    }
}

static enum as_status read_rows(void *state, uint64_t first, uint64_t n, uint8_t *to,
                                struct as_err *err)
{
    const struct world *w = state;
    enum as_status status = AS_OK;

    if (w->fails)
        AS_FAIL(err, AS_EIO, "planted");
    memcpy(to, w->row[w->begin + first], (size_t)n * DIM);
done:
    return status;
}

static double dot(const uint8_t *a, const uint8_t *b)
{
    uint32_t sum = 0;

    for (int k = 0; k < DIM; k++)
        sum += (uint32_t)a[k] * b[k];
    return sum;
}

static float cosine(const uint8_t *a, const uint8_t *b)
{
    const double norms = sqrt(dot(a, a)) * sqrt(dot(b, b));

    return norms > 0 ? (float)fmin(1, dot(a, b) / norms) : 0;
}

/* The best MOST of query q by comparing with all. */
static uint32_t brute(const struct world *w, uint64_t q, bool within, float least,
                      struct as_vector_hit *best)
{
    uint32_t n = 0;

    for (uint64_t i = 0; i < ROWS; i++) {
        const struct as_vector_hit hit = {w->id[q], w->id[i], cosine(w->row[q], w->row[i])};
        uint32_t at = n;
        if (hit.cosine < least || (within && i == q))
            continue;
        while (at > 0 && best[at - 1].cosine < hit.cosine)
            at--;
        if (at == MOST)
            continue;
        n = n < MOST ? n + 1 : n;
        memmove(best + at + 1, best + at, (n - 1 - at) * sizeof *best);
        best[at] = hit;
    }
    return n;
}

/* Queries are the rows of this rank with places below QUERIES. */
static void compare(const struct world *w, const struct as_vector_found *found,
                    const struct as_vector_ask *ask)
{
    struct as_vector_hit best[MOST];
    uint64_t at = 0, full = 0;

    for (uint64_t q = 0; q < ask->n; q++) {
        const uint32_t n = brute(w, w->begin + q, ask->within, ask->least, best);
        full += n == MOST;
        for (uint32_t k = 0; k < n; k++, at++) {
            struct as_vector_hit hit;
            CHECK(at < found->n);
            if (at >= found->n)
                return;
            hit = as_vectors_hit(found, at);
            CHECK(hit.query == best[k].query && hit.row == best[k].row &&
                  memcmp(&hit.cosine, &best[k].cosine, sizeof hit.cosine) == 0);
        }
    }
    CHECK(at == found->n);
    CHECK(ask->n < 100 || full > 0); /* more than are told, somewhere */
}

/* Shares: rank 0 has none where there are others and `uneven`, the last has most. */
static void share(struct world *w, bool uneven)
{
    const uint64_t r = (uint64_t)rank, n = (uint64_t)size;

    w->begin = ROWS * r / n;
    w->end = ROWS * (r + 1) / n;
    if (uneven && size > 1) {
        w->begin = r == 0 ? 0 : ROWS / 4 * (r - 1) / (n - 1);
        w->end = r + 1 == n ? ROWS : ROWS / 4 * r / (n - 1);
    }
}

static void one(struct world *w, bool uneven, bool within, uint32_t threads, uint64_t memory)
{
    struct as_vector_found found;

    share(w, uneven);
    const struct as_vector_base base = {w, w->end - w->begin, DIM, w->id + w->begin, 0, read_rows};
    const uint64_t mine = w->end - w->begin, ask_n = QUERIES / (uint64_t)size;
    const struct as_vector_ask ask = {.ids = w->id + w->begin,
                                      .queries = w->row[w->begin],
                                      .n = mine < ask_n ? mine : ask_n,
                                      .within = within,
                                      .least = 0.93F,
                                      .memory = memory,
                                      .threads = threads};
    CHECK(as_vectors_search(&base, &ask, comm, &found, NULL) == AS_OK);
    compare(w, &found, &ask);
    as_vectors_clear(&found);
}

static void test_brute(void **state)
{
    struct world *w = *state;

    one(w, false, true, 1, 0);
    one(w, true, true, 3, 0);
    one(w, false, false, 2, 1); /* as little as can be: many parts */
    one(w, true, false, 1, 1 << 19);
    assert_int_equal(failures, 0);
}

/* Rows without ids count up from `first`; a share, and a side, may be empty. */
static void test_numbered(void **state)
{
    struct world *w = *state;
    struct as_vector_found found;
    const uint8_t query[DIM] = {[3] = 200, [4] = 10};
    const uint64_t id = 5;
    struct as_vector_base base = {w, 0, DIM, NULL, UINT64_C(1) << 40, read_rows};
    struct as_vector_ask ask = {.ids = &id, .queries = query, .n = rank == size - 1, .least = 0.5F};

    w->begin = 17;
    CHECK(as_vectors_search(&base, &ask, comm, &found, NULL) == AS_OK);
    CHECK(found.n == 0);
    as_vectors_clear(&found);
    memcpy(w->row[19], query, DIM);
    base.n = rank == 0 ? 3 : 0;
    CHECK(as_vectors_search(&base, &ask, comm, &found, NULL) == AS_OK);
    CHECK(found.n == 0 || as_vectors_hit(&found, 0).row == (UINT64_C(1) << 40) + 2);
    CHECK(found.n > 0 || rank < size - 1);
    as_vectors_clear(&found);
    assert_int_equal(failures, 0);
}

static void test_failures(void **state)
{
    struct world *w = *state;
    struct as_vector_found found;

    share(w, false);
    const struct as_vector_base base = {w, w->end - w->begin, DIM, w->id + w->begin, 0, read_rows};
    struct as_vector_ask ask = {.ids = w->id + w->begin, .queries = w->row[w->begin], .n = 10};
    CHECK(as_vectors_search(&base, &ask, comm, &found, NULL) == AS_EUSAGE);
    ask.least = 0.9F;
    ask.threads = 2;
    w->fails = rank == size - 1;
    CHECK(as_vectors_search(&base, &ask, comm, &found, NULL) == AS_EIO);
    CHECK(found.rec == NULL && found.n == 0);
    assert_int_equal(failures, 0);
}

int main(int argc, char **argv)
{
    static struct world world;
    void *state = &world;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_prestate(test_brute, state),
        cmocka_unit_test_prestate(test_numbered, state),
        cmocka_unit_test_prestate(test_failures, state),
    };
    int failed;

    if (as_comm_start(&comm, NULL) != AS_OK)
        return 1;
    if (argc > 2 && strcmp(argv[1], "-s") == 0)
        seed = strtoull(argv[2], NULL, 10);
    rank = as_comm_rank(comm);
    size = as_comm_size(comm);
    make_rows(&world);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    as_comm_stop(comm);
    return failed;
}
