/* topk.h - exact nearest rows among float vectors.
 *
 * A set holds a block of database rows, packed for the product kernel.  To search a database larger
 * than memory: reset, append, search for each block in turn, always with the same hits.  To search
 * one that is spread over ranks: let queries and their hits travel, or merge hits (hits.h).
 *
 * What a score is
 *   dot     q.x
 *   cosine  q.x / (|q| |x|), in -1..1; 0 where q or x is zero
 *   L2      -|q - x|^2, so that larger is closer
 * computed in double from the float components, in eight lanes: lane j adds the terms k = j, j + 8,
 * j + 16, ... in order, then ((0+4)+(2+6))+((1+5)+(3+7)); rounded to float, and held within
 * +-FLT_MAX.  (A product of two floats is exact in double, so a fused multiply-add changes no bit.)
 * Every variant of every kernel gives these bits, and ties go to the smaller id: the hits do not
 * depend on blocks, tiles, shards, the order of merging, threads, or the class of processor.
 *
 * Why no hit is lost
 *   A product in float, p = fl(q.x), only proposes which rows are scored.  Whatever the order of
 *   summation, fused or not (Higham, Accuracy and Stability of Numerical Algorithms, 3.1),
 *       |p - q.x| <= g |q| |x| + d 2^-149,   g = d u / (1 - d u),   u = 2^-24
 *   as long as nothing overflows; the second term is what gradual underflow may add.  A row enters
 *   the hits only if its score s is at least t: the worst hit held, or the radius.  s is within
 *   u |s| + 2^-149 + 2^-50 |q| |x| of the real value, so a row may be passed over only if
 *       dot     p < t - g |q| |x|
 *       cosine  p < (t - g) |q| |x|
 *       L2      p < (t + |q|^2 + |x|^2) / 2 - g |q| |x|
 *   with g taken for d + 16 and every term of the right side, computed in float, lowered by 8 u of
 *   itself and 2^-120 in all: more than its roundings come to.  Rows and queries with a
 *   norm above 2^63, whose product could overflow, are always scored.  (So rows of huge or of
 *   subnormal norm are searched correctly, and slowly.)
 */
#ifndef AS_TOPK_H
#define AS_TOPK_H

#include <math.h>

#include "hits.h"

enum as_metric { AS_METRIC_DOT, AS_METRIC_COSINE, AS_METRIC_L2, AS_METRICS };
enum { AS_TOPK_DIM_MAX = 65536 };

/* A block of database rows. */
struct as_topk_set;

/* Makes an empty set with room for `rows_max` rows of `dim` floats: about rows_max * (dim * 4 + 16)
 * bytes, touched as they are filled.
 *   dim       1..AS_TOPK_DIM_MAX
 *   AS_EUSAGE dim or metric out of range
 *   AS_ENOMEM */
enum as_status as_topk_new(size_t rows_max, uint32_t dim, enum as_metric metric,
                           struct as_topk_set **set) __attribute__((warn_unused_result));

/* Where the rows will lie, not touched yet, and how many bytes: read from end to end, so worth large
 * pages (madvise), without which half of the time of one query goes into page tables. */
void *as_topk_room(struct as_topk_set *set, size_t *bytes);

/* Bytes that as_topk_new takes; 0 if it would refuse or they cannot be counted. */
size_t as_topk_bytes(size_t rows_max, uint32_t dim);

/* Empties the set; the next row appended has `first_id`, those after it count up. */
void as_topk_reset(struct as_topk_set *set, uint64_t first_id);

/* Adds n rows, [n][dim] row-major; they are copied.
 *   AS_EFORMAT a component is NaN or infinite: nothing was added
 *   AS_ELIMIT  no room for n more: nothing was added */
enum as_status as_topk_append(struct as_topk_set *set, const float *rows, size_t n)
    __attribute__((warn_unused_result));

/* new, reset and append in one. */
enum as_status as_topk_pack(const float *rows, size_t n, uint32_t dim, enum as_metric metric,
                            uint64_t first_id, struct as_topk_set **set)
    __attribute__((warn_unused_result));

/* Rows in the set. */
size_t as_topk_rows(const struct as_topk_set *set);

void as_topk_free(struct as_topk_set *set);

/* What is searched for.
 *   queries  [nq][dim] row-major
 *   radius   only rows of this score or a better one; AS_TOPK_ALL: no limit.  For L2 the radius r
 *            in units of the data is -r*r
 *   scratch  as_topk_scratch_bytes(dim) bytes; one per thread; any contents */
struct as_topk_ask {
    const float *queries;
    size_t nq;
    float radius;
    void *scratch;
};

#define AS_TOPK_ALL (-INFINITY)

size_t as_topk_scratch_bytes(uint32_t dim);

/* Merges the rows of the set into the hits of each query.
 *
 * Where hits->within is given every row that passes the radius is scored and counted; that is
 * slower if most do.  Good from one query on: 1..12 queries are limited by memory, more by
 * arithmetic.  The set is only read: threads may share it, each with its own queries and scratch.
 *   AS_EFORMAT a component of a query is NaN or infinite: no hits were changed
 *   AS_EUSAGE  k is 0, or the radius is NaN */
enum as_status as_topk_search(const struct as_topk_set *set, const struct as_topk_ask *ask,
                              const struct as_hits *hits) __attribute__((warn_unused_result));

#endif
