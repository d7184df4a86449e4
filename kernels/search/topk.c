/* topk.c - exact nearest rows among float vectors: proposed in float, decided in double.
 *
 * Rows are packed in panels of 32, component by component, the layout of the product kernel.  A
 * panel meets all queries of a chunk, up to twelve at a time, while it is in the second-level
 * cache; what the kernel proposes is scored at once from the same panel.  Bounds: topk.h.
 */
#include "topk.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "../simd.h"

/* A chunk of queries shares a panel: as many as leave room for two panels in a second-level cache
 * of 1 MB, within limits. */
enum { CHUNK_BYTES = 768 << 10, CHUNK_MIN = 96, CHUNK_MAX = 1024 };
enum { LINE = 64, HUGE_PAGE = 2 << 20, AHEAD = 512 };

#define UNIT (1.0 / 16777216) /* u: half a unit in the last place of 1.0f */
#define WILD 0x1p63           /* norms above this are not trusted to the float product */

struct as_topk_set {
    float *panels;      /* [panels][dim][32] */
    float *norm;        /* [rows] |x|, for the bounds */
    float *half;        /* [rows] |x|^2 / 2 lowered (L2), else 0; -infinity: always score */
    double *norm_exact; /* [rows] |x| as the scores use it */
    size_t n, room;
    uint64_t first_id;
    uint32_t dim;
    enum as_metric metric;
};

/* A chunk of queries at work; the scratch of the caller. */
struct chunk {
    const struct as_topk_set *set;
    const struct as_topk_ask *ask;
    const struct as_hits *hits;
    size_t first; /* query of the ask that is query 0 here */
    uint32_t n;
    double norm[CHUNK_MAX];
    float a[CHUNK_MAX], b[CHUNK_MAX]; /* bounds, as as_propose takes them */
    bool heap[CHUNK_MAX];
    float packed[]; /* [block][dim][queries of the block] */
};

/* ---- the set ---- */

/* The sum of squares of a row, in the order of a score; not finite if a component is not. */
static double square(const float *row, uint32_t dim)
{
    double lane[8] = {0};
    uint32_t k = 0;

    for (; k + 8 <= dim; k += 8)
        for (uint32_t j = 0; j < 8; j++)
            lane[j] += (double)row[k + j] * (double)row[k + j];
    for (uint32_t j = 0; k + j < dim; j++)
        lane[j] += (double)row[k + j] * (double)row[k + j];
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
           ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

static bool all_finite(const float *rows, size_t n, uint32_t dim)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(square(rows + i * dim, dim)))
            return false;
    return true;
}

static size_t panels_for(size_t rows)
{
    return rows / AS_PANEL + (rows % AS_PANEL != 0);
}

size_t as_topk_bytes(size_t rows_max, uint32_t dim)
{
    const size_t row = (size_t)dim * sizeof(float) + 2 * sizeof(float) + sizeof(double);

    if (dim == 0 || dim > AS_TOPK_DIM_MAX || panels_for(rows_max) > SIZE_MAX / 2 / AS_PANEL / row)
        return 0;
    return sizeof(struct as_topk_set) + panels_for(rows_max) * AS_PANEL * row;
}

/* Aligned so that the caller may have large pages of it. */
static float *new_panels(size_t bytes)
{
    const size_t align = bytes < HUGE_PAGE ? LINE : HUGE_PAGE;

    return aligned_alloc(align, (bytes + align - 1) / align * align);
}

enum as_status as_topk_new(size_t rows_max, uint32_t dim, enum as_metric metric,
                           struct as_topk_set **set)
{
    const size_t room = panels_for(rows_max) * AS_PANEL, least = room ? room : AS_PANEL;
    struct as_topk_set *s = NULL;

    *set = NULL;
    if ((unsigned)metric >= AS_METRICS || dim == 0 || dim > AS_TOPK_DIM_MAX)
        return AS_EUSAGE;
    if (as_topk_bytes(rows_max, dim) == 0 || (s = calloc(1, sizeof *s)) == NULL)
        return AS_ENOMEM;
    s->panels = new_panels(least * dim * sizeof *s->panels);
    s->norm = calloc(least, sizeof *s->norm);
    s->half = calloc(least, sizeof *s->half);
    s->norm_exact = calloc(least, sizeof *s->norm_exact);
    s->room = rows_max;
    s->dim = dim;
    s->metric = metric;
    if (!s->panels || !s->norm || !s->half || !s->norm_exact) {
        as_topk_free(s);
        return AS_ENOMEM;
    }
    *set = s;
    return AS_OK;
}

void *as_topk_room(struct as_topk_set *set, size_t *bytes)
{
    *bytes = panels_for(set->room) * AS_PANEL * set->dim * sizeof *set->panels;
    return set->panels;
}

void as_topk_free(struct as_topk_set *set)
{
    if (!set)
        return;
    free(set->panels);
    free(set->norm);
    free(set->half);
    free(set->norm_exact);
    free(set);
}

void as_topk_reset(struct as_topk_set *set, uint64_t first_id)
{
    set->n = 0;
    set->first_id = first_id;
}

size_t as_topk_rows(const struct as_topk_set *set)
{
    return set->n;
}

/* Notes the norm of row i; false if a component is not finite. */
static bool note_norm(struct as_topk_set *s, size_t i, const float *row)
{
    const double sum = square(row, s->dim);
    const bool wild = sum > WILD * WILD, apart = s->metric == AS_METRIC_L2;

    s->norm_exact[i] = sqrt(sum);
    s->norm[i] = wild ? 1.0f : (float)s->norm_exact[i];
    s->half[i] = wild ? -INFINITY : apart ? (float)(sum / 2 * (1 - 8 * UNIT)) : 0;
    return isfinite(sum);
}

enum as_status as_topk_append(struct as_topk_set *set, const float *rows, size_t n)
{
    const size_t before = set->n;

    if (n > set->room - set->n)
        return AS_ELIMIT;
    while (n > 0) {
        const uint32_t at = (uint32_t)(set->n % AS_PANEL);
        const uint32_t count = n < AS_PANEL - at ? (uint32_t)n : AS_PANEL - at;
        float *panel = set->panels + set->n / AS_PANEL * AS_PANEL * set->dim;
        bool finite = true;
        if (at == 0 && count < AS_PANEL) /* lanes without a row are multiplied too */
            memset(panel, 0, AS_PANEL * (size_t)set->dim * sizeof *panel);
        for (uint32_t i = 0; i < count; i++)
            finite &= note_norm(set, set->n + i, rows + (size_t)i * set->dim);
        if (!finite) {
            set->n = before;
            return AS_EFORMAT;
        }
        as_simd.transpose(rows, set->dim, set->dim, count, panel + at, AS_PANEL);
        set->n += count;
        rows += (size_t)count * set->dim;
        n -= count;
    }
    return AS_OK;
}

enum as_status as_topk_pack(const float *rows, size_t n, uint32_t dim, enum as_metric metric,
                            uint64_t first_id, struct as_topk_set **set)
{
    enum as_status status = as_topk_new(n, dim, metric, set);

    if (status == AS_OK) {
        as_topk_reset(*set, first_id);
        status = as_topk_append(*set, rows, n);
    }
    if (status != AS_OK) {
        as_topk_free(*set);
        *set = NULL;
    }
    return status;
}

/* ---- bounds ---- */

/* The least score that can still be a hit of query q. */
static float least_score(const struct chunk *c, uint32_t q)
{
    const float worst = as_hits_worst(c->hits, c->first + q, c->heap[q]).score;

    return c->hits->within || worst < c->ask->radius ? c->ask->radius : worst;
}

/* Sets a and b of query q so that no row of that score or a better one is below its bound. */
static void set_bound(struct chunk *c, uint32_t q)
{
    const double t = (double)least_score(c, q), norm = c->norm[q], lower = 8 * UNIT;
    const double du = (c->set->dim + 16) * UNIT, g = du / (1 - du);
    const double least = 0x1p-120; /* not a subnormal, for those are slow to calculate with */
    double a = 0, b = -g * norm;

    if (!(t > -(double)FLT_MAX) || norm > WILD) {
        c->a[q] = -INFINITY;
        c->b[q] = 0;
        return;
    }
    if (c->set->metric == AS_METRIC_DOT)
        a = t - lower * fabs(t);
    else if (c->set->metric == AS_METRIC_COSINE)
        b = (t - g) * norm;
    else
        a = (t + norm * norm) / 2 - lower * (fabs(t) + norm * norm) / 2;
    c->a[q] = (float)(a - least);
    c->b[q] = (float)(b - lower * fabs(b));
}

/* ---- scores ---- */

static float score_of(const struct chunk *c, uint32_t q, size_t row, double sum)
{
    const double norms = c->norm[q] * c->set->norm_exact[row];
    double score = sum;

    if (c->set->metric == AS_METRIC_L2)
        score = -sum;
    else if (c->set->metric == AS_METRIC_COSINE)
        score = norms > 0 ? fmax(-1, fmin(1, sum / norms)) : 0;
    return (float)fmax(-(double)FLT_MAX, fmin((double)FLT_MAX, score));
}

/* Scores the rows of a panel that were proposed for query q, in groups of eight. */
static void take(struct chunk *c, uint32_t q, size_t panel, uint32_t mask)
{
    const struct as_topk_set *s = c->set;
    const float *query = c->ask->queries + (c->first + q) * s->dim;

    for (uint32_t from = 0; from < AS_PANEL; from += 8) {
        const float *rows = s->panels + panel * AS_PANEL * s->dim + from;
        uint32_t left = mask >> from & 255;
        double sums[8];
        if (!left)
            continue;
        if (s->metric == AS_METRIC_L2)
            as_simd.apart_8(rows, query, s->dim, sums);
        else
            as_simd.dots_8(rows, query, s->dim, sums);
        for (; left; left &= left - 1) {
            const uint32_t r = (uint32_t)__builtin_ctz(left);
            const size_t row = panel * AS_PANEL + from + r;
            const struct as_hit hit = {s->first_id + row, score_of(c, q, row, sums[r])};
            if (hit.score < c->ask->radius)
                continue;
            if (c->hits->within)
                c->hits->within[c->first + q]++;
            as_hits_offer(c->hits, c->first + q, &c->heap[q], hit);
        }
    }
    if (!c->hits->within)
        set_bound(c, q);
}

/* ---- the search ---- */

/* Where part i of nparts begins: n shared out evenly, for a part of few queries is inefficient. */
static size_t part_begin(size_t n, size_t nparts, size_t i)
{
    return n / nparts * i + (n % nparts) * i / nparts;
}

static uint32_t blocks_for(uint32_t n)
{
    return (n + AS_PROPOSE_MAX - 1) / AS_PROPOSE_MAX;
}

static uint32_t chunk_queries(uint32_t dim)
{
    const uint32_t n = CHUNK_BYTES / (dim * (uint32_t)sizeof(float));

    return n < CHUNK_MIN ? CHUNK_MIN : n > CHUNK_MAX ? CHUNK_MAX : n;
}

/* Packs the queries of a chunk block by block and sets their bounds. */
static void load_chunk(struct chunk *c)
{
    const uint32_t dim = c->set->dim, nblocks = blocks_for(c->n);
    const float *queries = c->ask->queries + c->first * dim;

    for (uint32_t i = 0; i < nblocks; i++) {
        const size_t begin = part_begin(c->n, nblocks, i);
        const uint32_t n = (uint32_t)(part_begin(c->n, nblocks, i + 1) - begin);
        as_simd.transpose(queries + begin * dim, dim, dim, n, c->packed + begin * dim, n);
    }
    for (uint32_t q = 0; q < c->n; q++) {
        c->norm[q] = sqrt(square(queries + (size_t)q * dim, dim));
        c->heap[q] = false;
        set_bound(c, q);
    }
}

/* Where block i of nblocks begins to fetch what comes after this panel, `step` floats with each
 * component: a share of the next panel, so that memory and arithmetic are busy at the same time; a
 * block alone uses the rows as they come and fetches a little ahead of itself. */
static const float *wanted(const struct as_topk_set *s, size_t panel, uint32_t nblocks, uint32_t i,
                           uint32_t step)
{
    const size_t size = AS_PANEL * (size_t)s->dim;
    const float *here = s->panels + panel * size;

    if ((panel + 1) * AS_PANEL >= s->n)
        return here;
    return here +
           (nblocks == 1 ? (size < AHEAD ? size : AHEAD) : size + i % AS_PANEL * step * s->dim);
}

/* All queries of the chunk against one panel. */
static void search_panel(struct chunk *c, size_t panel)
{
    const struct as_topk_set *s = c->set;
    const size_t begin = panel * AS_PANEL;
    const uint32_t rows = s->n - begin < AS_PANEL ? (uint32_t)(s->n - begin) : AS_PANEL;
    const uint32_t valid = UINT32_MAX >> (AS_PANEL - rows), nblocks = blocks_for(c->n);
    uint32_t masks[AS_PROPOSE_MAX];
    struct as_propose p = {.rows = s->panels + begin * s->dim,
                           .next_step = nblocks < AS_PANEL ? AS_PANEL / nblocks : 1,
                           .d = s->dim,
                           .norm = s->norm + begin,
                           .half = s->half + begin,
                           .masks = masks};

    for (uint32_t i = 0; i < nblocks; i++) {
        const size_t first = part_begin(c->n, nblocks, i);
        p.nq = (uint32_t)(part_begin(c->n, nblocks, i + 1) - first);
        p.queries = c->packed + first * s->dim;
        p.next = wanted(s, panel, nblocks, i, p.next_step);
        p.a = c->a + first;
        p.b = c->b + first;
        as_simd.propose(&p);
        for (uint32_t q = 0; q < p.nq; q++)
            if (masks[q] & valid)
                take(c, (uint32_t)first + q, panel, masks[q] & valid);
    }
}

size_t as_topk_scratch_bytes(uint32_t dim)
{
    return sizeof(struct chunk) + chunk_queries(dim) * (size_t)dim * sizeof(float);
}

enum as_status as_topk_search(const struct as_topk_set *set, const struct as_topk_ask *ask,
                              const struct as_hits *hits)
{
    struct chunk *c = ask->scratch;
    const size_t most = chunk_queries(set->dim), nchunks = ask->nq / most + (ask->nq % most != 0);

    if (hits->k == 0 || isnan(ask->radius))
        return AS_EUSAGE;
    if (!all_finite(ask->queries, ask->nq, set->dim))
        return AS_EFORMAT;
    c->set = set;
    c->ask = ask;
    c->hits = hits;
    for (size_t i = 0; i < nchunks; i++) {
        c->first = part_begin(ask->nq, nchunks, i);
        c->n = (uint32_t)(part_begin(ask->nq, nchunks, i + 1) - c->first);
        load_chunk(c);
        for (size_t panel = 0; panel < panels_for(set->n); panel++)
            search_panel(c, panel);
        for (uint32_t q = 0; q < c->n; q++)
            as_hits_sort(hits, c->first + q, &c->heap[q]);
    }
    return AS_OK;
}
