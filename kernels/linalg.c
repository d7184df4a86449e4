/* linalg.c - products of matrices, row-major; the one place that calls BLAS. */
#include "linalg.h"

#include <cblas.h>
#include <limits.h>

/* LAPACK, which comes with the BLAS; matrices by columns. */
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info);
void dpotrs_(const char *uplo, const int *n, const int *nrhs, const double *a, const int *lda,
             double *b, const int *ldb, int *info);

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

enum as_status as_linalg_dsyrk_add(size_t n, size_t k, const double *a, double *c)
{
    if (!fits(n) || !fits(k))
        return AS_EUSAGE;
    if (n > 0)
        cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)n, (int)k, 1, a, (int)n, 1, c,
                    (int)n);
    return AS_OK;
}

enum as_status as_linalg_factor(size_t n, double *a)
{
    const int size = (int)n;
    int info = 0;

    if (!fits(n))
        return AS_EUSAGE;
    if (n > 0)
        dpotrf_("L", &size, a, &size, &info); /* upper by rows is lower by columns */
    return info == 0 ? AS_OK : AS_SKIP;
}

void as_linalg_substitute(size_t n, const double *a, double *b)
{
    const int size = (int)n, one = 1;
    int info;

    if (n > 0)
        dpotrs_("L", &size, &one, a, &size, b, &size, &info);
}

void as_linalg_one_thread(void)
{
    openblas_set_num_threads(1);
}
