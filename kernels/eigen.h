/* eigen.h - eigenvectors of small symmetric matrices, the same bits on every machine. */
#ifndef AS_EIGEN_H
#define AS_EIGEN_H

#include "base.h"

/*
 * as_eigen - eigenvalues and eigenvectors of a symmetric matrix by cyclic rotations (Jacobi).
 *
 *   a        [n][n] row-major, both triangles; destroyed
 *   values   [n], falling
 *   vectors  [n][n], row i belongs to values[i]; of length 1, sign arbitrary but always the same
 *
 * Cost about 50 n^3: for n up to a few hundred.                                             */
void as_eigen(double *a, size_t n, double *values, double *vectors);

/* a := the lower triangle l of a = l l', [n][n] row-major; false: not positive. */
bool as_cholesky(double *a, size_t n) __attribute__((warn_unused_result));

/* inverse := that of the lower triangle l, [n][n]; the upper one is set to 0. */
void as_lower_inverse(const double *l, size_t n, double *inverse);

#endif
