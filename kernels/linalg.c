/* linalg.c - products of matrices, row-major; the one place that calls BLAS. */
#include "linalg.h"

#include <cblas.h>
#include <limits.h>

static bool fits(size_t n)
{
    return n <= INT_MAX;
}

/* A matrix that lies as [rows][cols] with rows `stride` apart. */
static bool lies(size_t rows, size_t cols, size_t stride)
{
    return fits(rows) && fits(cols) && fits(stride) && stride >= cols && stride > 0;
}

enum as_status as_linalg_sgemm(const struct as_gemm *g)
{
    if (!lies(g->trans_a ? g->k : g->m, g->trans_a ? g->m : g->k, g->lda) ||
        !lies(g->trans_b ? g->n : g->k, g->trans_b ? g->k : g->n, g->ldb) ||
        !lies(g->m, g->n, g->ldc))
        return AS_EUSAGE;
    if (g->m == 0 || g->n == 0)
        return AS_OK;
    cblas_sgemm(CblasRowMajor, g->trans_a ? CblasTrans : CblasNoTrans,
                g->trans_b ? CblasTrans : CblasNoTrans, (int)g->m, (int)g->n, (int)g->k, g->alpha,
                g->a, (int)g->lda, g->b, (int)g->ldb, g->beta, g->c, (int)g->ldc);
    return AS_OK;
}

enum as_status as_linalg_ssyrk(const struct as_gemm *g)
{
    if (!lies(g->trans_a ? g->k : g->n, g->trans_a ? g->n : g->k, g->lda) ||
        !lies(g->n, g->n, g->ldc))
        return AS_EUSAGE;
    if (g->n == 0)
        return AS_OK;
    cblas_ssyrk(CblasRowMajor, CblasUpper, g->trans_a ? CblasTrans : CblasNoTrans, (int)g->n,
                (int)g->k, g->alpha, g->a, (int)g->lda, g->beta, g->c, (int)g->ldc);
    return AS_OK;
}

void as_linalg_one_thread(void)
{
    openblas_set_num_threads(1);
}
