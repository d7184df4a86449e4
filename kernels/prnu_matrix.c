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
enum { TILE_MOST = 8192, TILE_LEAST = 512, TILE_FLOATS = 1 << 22 };

struct as_prnu_matrix {
    uint32_t queries, fingerprints;
    size_t tile;         /* pixels at a time                                        */
    double *sums[3];     /* [queries][fingerprints]: W I K, I^2 K^2, I K             */
    double *w, *ww;      /* [queries]                                               */
    double n;            /* pixels so far                                           */
    float *wi, *ii, *kk; /* [queries or fingerprints][tile]                         */
    float *product;      /* [queries][fingerprints]                                 */
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
    for (int i = 0; i < 3; i++)
        m->sums[i] = calloc(cells, sizeof(double));
    m->w = calloc(queries, sizeof(double));
    m->ww = calloc(queries, sizeof(double));
    m->wi = take(queries * m->tile, sizeof(float));
    m->ii = take(queries * m->tile, sizeof(float));
    m->kk = take(fingerprints * m->tile, sizeof(float));
    m->product = take(cells, sizeof(float));
    if (!m->sums[0] || !m->sums[1] || !m->sums[2] || !m->w || !m->ww || !m->wi || !m->ii ||
        !m->kk || !m->product) {
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
    for (int i = 0; i < 3; i++)
        free(m->sums[i]);
    free(m->w);
    free(m->ww);
    free(m->wi);
    free(m->ii);
    free(m->kk);
    free(m->product);
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

/* sum += a b' over n pixels. */
static enum as_status add_product(struct as_prnu_matrix *m, const float *a, size_t lda,
                                  const float *b, size_t ldb, size_t n, double *sum)
{
    const struct as_gemm g = {.m = m->queries,
                              .n = m->fingerprints,
                              .k = n,
                              .a = a,
                              .b = b,
                              .c = m->product,
                              .lda = lda,
                              .ldb = ldb,
                              .ldc = m->fingerprints,
                              .alpha = 1,
                              .trans_b = true};
    const enum as_status status = as_linalg_sgemm(&g);

    for (size_t c = 0; status == AS_OK && c < (size_t)m->queries * m->fingerprints; c++)
        sum[c] += (double)m->product[c];
    return status;
}

static enum as_status add_tile(struct as_prnu_matrix *m, const float *w, const float *i,
                               size_t query_stride, const float *k, size_t k_stride, size_t n)
{
    enum as_status status;

    for (size_t b = 0; b < m->queries; b++)
        prepare_query(w + b * query_stride, i + b * query_stride, n, m->wi + b * m->tile,
                      m->ii + b * m->tile, &m->w[b], &m->ww[b]);
    for (size_t c = 0; c < m->fingerprints; c++) {
        const float *restrict from = k + c * k_stride;
        float *restrict to = m->kk + c * m->tile;
        for (size_t x = 0; x < n; x++)
            to[x] = from[x] * from[x];
    }
    if ((status = add_product(m, m->wi, m->tile, k, k_stride, n, m->sums[0])) != AS_OK ||
        (status = add_product(m, m->ii, m->tile, m->kk, m->tile, n, m->sums[1])) != AS_OK)
        return status;
    m->n += (double)n;
    return add_product(m, i, query_stride, k, k_stride, n, m->sums[2]);
}

enum as_status as_prnu_matrix_add(struct as_prnu_matrix *m, const float *w, const float *i,
                                  size_t query_stride, const float *k, size_t k_stride, size_t n)
{
    enum as_status status = AS_OK;

    for (size_t x = 0; x < n && status == AS_OK; x += m->tile)
        status = add_tile(m, w + x, i + x, query_stride, k + x, k_stride,
                          n - x < m->tile ? n - x : m->tile);
    return status;
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
