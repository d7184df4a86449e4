/* prnu_matrix.c - the correlation of many residuals with many fingerprints, as products of
 * matrices.
 *
 * With A = W I, of each query b and fingerprint c over the pixels of the crop:
 *   sum W I K = A K',   sum I^2 K^2 = (I I)(K K)',   sum I K = I K'
 * and from these the coefficient of W and I K.  A tile is multiplied in float and added in double.
 */
#include "prnu.h"

#include "linalg.h"

#include <math.h>
#include <stdlib.h>

enum { SIDE_MAX = 1 << 15, ALIGNED = 64 };
enum { TILE_FLOATS = 1 << 17, TILE_LEAST = 384, TILE_MOST = 2048, RUN = 8192 };

struct as_prnu_matrix {
    uint32_t queries, fingerprints;
    size_t tile;         /* pixels at a time                                        */
    double *sums[3];     /* [queries][fingerprints]: W I K, I^2 K^2, I K             */
    double *w, *ww;      /* [queries]                                               */
    double n;            /* pixels so far                                           */
    float *wi, *ii, *kk; /* [queries or fingerprints][tile]                         */
    float *product[3];   /* [queries][fingerprints], since the sums were added to    */
};

static void *take(size_t n, size_t size)
{
    return aligned_alloc(ALIGNED, (n * size + ALIGNED - 1) / ALIGNED * ALIGNED);
}

enum as_status as_prnu_matrix_new(uint32_t queries, uint32_t fingerprints,
                                  struct as_prnu_matrix **matrix)
{
    struct as_prnu_matrix *m;
    const size_t cells = (size_t)queries * fingerprints;

    *matrix = NULL;
    if (queries < 1 || fingerprints < 1 || queries > SIDE_MAX || fingerprints > SIDE_MAX)
        return AS_ELIMIT;
    if ((m = calloc(1, sizeof *m)) == NULL)
        return AS_ENOMEM;
    m->queries = queries;
    m->fingerprints = fingerprints;
    m->tile = TILE_FLOATS / ((size_t)queries + fingerprints);
    m->tile = m->tile > TILE_MOST ? TILE_MOST : m->tile < TILE_LEAST ? TILE_LEAST : m->tile;
    bool all = true;
    for (int i = 0; i < 3; i++) {
        m->sums[i] = calloc(cells, sizeof(double));
        m->product[i] = take(cells, sizeof(float));
        all = all && m->sums[i] && m->product[i];
    }
    m->w = calloc(queries, sizeof(double));
    m->ww = calloc(queries, sizeof(double));
    m->wi = take(queries * m->tile, sizeof(float));
    m->ii = take(queries * m->tile, sizeof(float));
    m->kk = take(fingerprints * m->tile, sizeof(float));
    if (!all || !m->w || !m->ww || !m->wi || !m->ii || !m->kk) {
        as_prnu_matrix_free(m);
        return AS_ENOMEM;
    }
    *matrix = m;
    return AS_OK;
}

void as_prnu_matrix_free(struct as_prnu_matrix *m)
{
    if (!m)
        return;
    for (int i = 0; i < 3; i++) {
        free(m->sums[i]);
        free(m->product[i]);
    }
    free(m->w);
    free(m->ww);
    free(m->wi);
    free(m->ii);
    free(m->kk);
    free(m);
}

/* Products of one query's pixels, and its own sums; n is at most a tile. */
static void prepare_query(const float *restrict w, const float *restrict i, size_t n,
                          float *restrict wi, float *restrict ii, double *sum, double *squares)
{
    enum { LANES = 4 };
    double s[LANES] = {0}, q[LANES] = {0};

    for (size_t x = 0; x < n; x++) {
        wi[x] = w[x] * i[x];
        ii[x] = i[x] * i[x];
    }
    for (size_t x = 0; x < n / LANES * LANES; x += LANES)
        for (size_t k = 0; k < LANES; k++) {
            s[k] += (double)w[x + k];
            q[k] += (double)w[x + k] * (double)w[x + k];
        }
    for (size_t x = n / LANES * LANES; x < n; x++) {
        s[0] += (double)w[x];
        q[0] += (double)w[x] * (double)w[x];
    }
    *sum += (s[0] + s[1]) + (s[2] + s[3]);
    *squares += (q[0] + q[1]) + (q[2] + q[3]);
}

/* One tile as rows of floats. */
struct tile {
    const float *w, *i, *k;
    size_t query_stride, k_stride, n;
};

static void prepare(struct as_prnu_matrix *m, const struct tile *t)
{
    for (size_t b = 0; b < m->queries; b++)
        prepare_query(t->w + b * t->query_stride, t->i + b * t->query_stride, t->n,
                      m->wi + b * m->tile, m->ii + b * m->tile, &m->w[b], &m->ww[b]);
    for (size_t c = 0; c < m->fingerprints; c++) {
        const float *restrict from = t->k + c * t->k_stride;
        float *restrict to = m->kk + c * m->tile;
        for (size_t x = 0; x < t->n; x++)
            to[x] = from[x] * from[x];
    }
    m->n += (double)t->n;
}

/* The three products of a tile, into `product` or, beta 1, onto what is there. */
static enum as_status multiply(struct as_prnu_matrix *m, const struct tile *t, float beta)
{
    const struct {
        const float *a, *b;
        size_t lda, ldb;
    } pairs[3] = {{m->wi, t->k, m->tile, t->k_stride},
                  {m->ii, m->kk, m->tile, m->tile},
                  {t->i, t->k, t->query_stride, t->k_stride}};
    enum as_status status = AS_OK;

    for (int p = 0; p < 3 && status == AS_OK; p++) {
        const struct as_gemm g = {.m = m->queries,
                                  .n = m->fingerprints,
                                  .k = t->n,
                                  .a = pairs[p].a,
                                  .b = pairs[p].b,
                                  .c = m->product[p],
                                  .lda = pairs[p].lda,
                                  .ldb = pairs[p].ldb,
                                  .ldc = m->fingerprints,
                                  .alpha = 1,
                                  .beta = beta,
                                  .trans_b = true};
        status = as_linalg_sgemm(&g);
    }
    return status;
}

static void add_products(struct as_prnu_matrix *m)
{
    for (int p = 0; p < 3; p++)
        for (size_t c = 0; c < (size_t)m->queries * m->fingerprints; c++)
            m->sums[p][c] += (double)m->product[p][c];
}

enum as_status as_prnu_matrix_add(struct as_prnu_matrix *m, const float *w, const float *i,
                                  size_t query_stride, const float *k, size_t k_stride, size_t n)
{
    size_t since = 0; /* pixels in the products */

    for (size_t x = 0; x < n;) {
        const size_t left = n - x < m->tile ? n - x : m->tile;
        const struct tile t = {w + x, i + x, k + x, query_stride, k_stride, left};
        prepare(m, &t);
        const enum as_status status = multiply(m, &t, since ? 1 : 0);
        if (status != AS_OK)
            return status;
        x += left;
        since += left;
        if (since >= RUN || x == n) {
            add_products(m);
            since = 0;
        }
    }
    return AS_OK;
}

void as_prnu_matrix_finish(const struct as_prnu_matrix *m, float *corr)
{
    for (size_t b = 0; b < m->queries; b++) {
        const double spread = m->ww[b] - m->w[b] * m->w[b] / m->n;
        for (size_t c = 0; c < m->fingerprints; c++) {
            const size_t at = b * m->fingerprints + c;
            const double ik = m->sums[2][at], other = m->sums[1][at] - ik * ik / m->n;
            const double both = m->sums[0][at] - m->w[b] * ik / m->n;
            corr[at] = spread > 0 && other > 0 ? (float)(both / sqrt(spread * other)) : 0;
        }
    }
}
