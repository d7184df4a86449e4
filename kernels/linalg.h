/* linalg.h - products of matrices, row-major; the one place that calls BLAS. */
#ifndef AS_LINALG_H
#define AS_LINALG_H

#include "base.h"

/* c = alpha * op(a) op(b) + beta * c.
 *   m, n, k  op(a) is [m][k], op(b) is [k][n], c is [m][n]; any may be 0
 *   lda ...  row strides in floats of a, b and c as they lie in memory
 *   trans_a  a lies as [k][m] (op(a) = a transposed); trans_b: b lies as [n][k]
 * With beta 0 the former contents of c are not read. */
struct as_gemm {
    size_t m, n, k;
    const float *a, *b;
    float *c;
    size_t lda, ldb, ldc;
    float alpha, beta;
    bool trans_a, trans_b;
};

/* Does the product.  The order of summation is the library's: it depends on the class of processor,
 * on the shape and on the number of threads.
 *   AS_EUSAGE a size or stride is above 2^31 - 1, or a stride is below its row */
enum as_status as_linalg_sgemm(const struct as_gemm *g) __attribute__((warn_unused_result));

/* The upper triangle of c = alpha * a a' + beta * c, with a [n][k]: half the work of sgemm.
 * Takes n, k, a, lda, c, ldc, alpha and beta of g, and trans_a (a lies as [k][n]).
 *   AS_EUSAGE as above */
enum as_status as_linalg_ssyrk(const struct as_gemm *g) __attribute__((warn_unused_result));

/* Adds a' a to the upper triangle of c [n][n], a being [k][n], all in double: exact, in any order,
 * where a holds whole numbers and no sum passes 2^53. AS_EUSAGE a size is above 2^31 - 1 */
enum as_status as_linalg_dsyrk_add(size_t n, size_t k, const double *a, double *c)
    __attribute__((warn_unused_result));

/* Factors a symmetric positive definite a [n][n], of which only the upper triangle is read, in
 * place. AS_SKIP   a is not positive definite AS_EUSAGE as above */
enum as_status as_linalg_factor(size_t n, double *a) __attribute__((warn_unused_result));

/* b [n] becomes x of a x = b, a being factored. */
void as_linalg_substitute(size_t n, const double *a, double *b);

/* Holds the library to one thread, for this process and those forked from it. */
void as_linalg_one_thread(void);

#endif
