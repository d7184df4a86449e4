/* search_origin_multiply.c - the products of two groups of pictures, tile by tile, in threads. */
#include "../../kernels/linalg.h"
#include "search_origin_pairs.h"

enum { TILES = 64 /* of a thread in a step of the ring */ };
_Static_assert(AS_PAIRING_TILE * 127 * 127 < 1 << 24, "sums are exact in float");

/* One tile of the pictures as floats, rows AS_PAIRING_TILE apart; returns its samples. */
static size_t tiles_of(const struct as_origin_view *v, const int8_t *const *q, uint64_t n,
                       uint32_t turn, uint64_t tile, float *to)
{
    const size_t first = tile * AS_PAIRING_TILE, left = as_origin_samples(v) - first;
    const size_t count = left < AS_PAIRING_TILE ? left : AS_PAIRING_TILE;

    for (uint64_t i = 0; i < n; i++)
        as_origin_turn(v, q[i], turn, first, count, to + i * AS_PAIRING_TILE);
    return count;
}

static void *multiply(void *state)
{
    struct as_pairing_worker *w = state;
    const struct as_pairing *p = w->p;
    struct as_gemm product = {.m = p->group_end - p->group,
                              .n = p->head->n,
                              .a = w->a,
                              .b = w->b,
                              .c = w->c,
                              .lda = AS_PAIRING_TILE,
                              .ldb = AS_PAIRING_TILE,
                              .ldc = AS_PAIRING_GROUP,
                              .alpha = 1,
                              .trans_b = true};
    const size_t samples = as_origin_samples(&p->view);
    const int8_t *own[AS_PAIRING_GROUP], *other[AS_PAIRING_GROUP];

    for (uint64_t i = p->group; i < p->group_end; i++)
        own[i - p->group] = p->q[i - p->held];
    for (uint32_t i = 0; i < p->head->n; i++)
        other[i] = p->planes + i * samples;
    for (uint64_t t = w->first; t < w->last && w->status == AS_OK; t++) {
        tiles_of(&p->view, own, product.m, 0, t, w->a);
        product.k = tiles_of(&p->view, other, product.n, p->turn, t, w->b);
        w->status = as_linalg_sgemm(&product);
        for (size_t i = 0; i < product.m; i++)
            for (size_t k = 0; k < product.n; k++)
                w->sum[p->turn][i * AS_PAIRING_GROUP + k] +=
                    (int64_t)w->c[i * AS_PAIRING_GROUP + k];
    }
    return NULL;
}

enum as_status as_pairing_multiply(struct as_pairing *p)
{
    const uint64_t ntiles = (as_origin_samples(&p->view) + AS_PAIRING_TILE - 1) / AS_PAIRING_TILE;
    bool running[AS_PAIRING_THREADS] = {false};
    enum as_status status = AS_OK;

    for (uint32_t k = 0; k < p->nworkers; k++) {
        struct as_pairing_worker *w = &p->worker[k];
        w->first = p->tile;
        w->last = ntiles - p->tile < TILES ? ntiles : p->tile + TILES;
        p->tile = w->last;
        running[k] = k + 1 < p->nworkers && w->first < w->last &&
                     pthread_create(&w->thread, NULL, multiply, w) == 0;
        if (!running[k])
            multiply(w);
    }
    for (uint32_t k = 0; k < p->nworkers; k++) {
        if (running[k])
            pthread_join(p->worker[k].thread, NULL);
        status = p->worker[k].status > status ? p->worker[k].status : status;
    }
    if (p->tile == ntiles)
        p->tile = 0;
    return status;
}
