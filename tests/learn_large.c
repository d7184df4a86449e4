/* learn_large.c - fits at full size: rows are made whenever they are asked for, and never kept.
 *
 * usage: learn_large lda|ridge N DIM SEED
 *        learn_large fld N DIM SEED FOLDER   whole numbers in a mapped file without a name there
 *
 * Half of the rows are altered.  A row is known from its number: measures in blocks of ten, which
 * have half of their variance in common, and means of the two classes whose distance, by the
 * covariance, is 2 deviations.  So the best direction is known, and what a fit of so many rows can
 * reach of it (Raudys 1972: separation^2 = D^4 (1 - d / n) / (D^2 + 4 d / n), D = 2).  The output
 * compares; progress goes to the standard error.                                             */
#include "../kernels/learn/fld.h"
#include "../kernels/linalg.h"
#include "../kernels/rng.h"
#include "../pipeline/run/nameless.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BLOCK = 10, FRESH = 20000 };
static const double APART = 2;

struct maker {
    uint64_t seed;
    size_t n, made;
    uint32_t dim;
    float *offset, *scale, *shift; /* [dim] of a measure; shift: altered, in deviations */
    double *best;                  /* [dim] the best direction, per deviation           */
    uint16_t *noise;               /* [dim + dim / BLOCK, and 6 more]                   */
    float *feat;                   /* [dim]                                             */
    int16_t *z;                    /* [dim]                                             */
    struct as_scale whole;
};

static void check(enum as_status status)
{
    if (status != AS_OK) {
        fprintf(stderr, "learn_large: status %d\n", (int)status);
        exit(70);
    }
}

static void *room(size_t items, size_t bytes)
{
    void *at = calloc(items + 1, bytes);

    if (at == NULL)
        exit(70);
    return at;
}

/* ---- rows ---- */

/* Sums of four bytes, four at a time: nearly normal. */
static void draw(uint64_t state, uint16_t *to, size_t n)
{
    static const uint64_t LOW = UINT64_C(0x00ff00ff00ff00ff);

    for (size_t k = 0; k < n; k += 4) {
        const uint64_t a = as_rng_next(&state), b = as_rng_next(&state);
        const uint64_t sums = (a & LOW) + (a >> 8 & LOW) + (b & LOW) + (b >> 8 & LOW);
        memcpy(to + k, &sums, sizeof sums);
    }
}

/* Measures of row i, which is altered if it is odd. */
static const float *make(struct maker *m, size_t i)
{
    static const float MEAN = 510, DEVIATION = 147.8006F; /* of a sum of four bytes */
    const float altered = (float)(i % 2);
    const uint32_t blocks = (m->dim + BLOCK - 1) / BLOCK;

    draw(as_rng_stream(m->seed, i), m->noise, m->dim + blocks);
    for (uint32_t b = 0, j = 0; b < blocks; b++) {
        const float common = (float)m->noise[m->dim + b] - 2 * MEAN;
        for (uint32_t k = 0; k < BLOCK && j < m->dim; k++, j++)
            m->feat[j] = m->offset[j] + m->scale[j] * (((float)m->noise[j] + common) / DEVIATION +
                                                       altered * m->shift[j]);
    }
    if (++m->made % 20000 == 0)
        fprintf(stderr, "%zu rows made, %.0f s of processor\n", m->made,
                (double)clock() / CLOCKS_PER_SEC);
    return m->feat;
}

static enum as_status row(void *state, size_t i, const int16_t **z)
{
    struct maker *m = state;

    as_scale_apply(&m->whole, make(m, i), m->z);
    *z = m->z;
    return AS_OK;
}

/* to = (1 + common of the block)^-1 shift, for the covariance I + 1 1' of a block of k: shift less
 * the sum of the block over k + 1 (Sherman and Morrison).  Returns shift' to. */
static double invert(const struct maker *m, double *to)
{
    double distance = 0;

    for (uint32_t j = 0; j < m->dim; j += BLOCK) {
        const uint32_t k = m->dim - j < BLOCK ? m->dim - j : BLOCK;
        double sum = 0;
        for (uint32_t i = j; i < j + k; i++)
            sum += (double)m->shift[i];
        for (uint32_t i = j; i < j + k; i++) {
            to[i] = (double)m->shift[i] - sum / (k + 1);
            distance += to[i] * (double)m->shift[i];
        }
    }
    return distance;
}

static void init(struct maker *m, char **argv)
{
    uint64_t state;
    double apart;

    m->n = strtoul(argv[0], NULL, 10);
    m->dim = (uint32_t)strtoul(argv[1], NULL, 10);
    m->seed = strtoul(argv[2], NULL, 10);
    m->offset = room(m->dim, sizeof *m->offset);
    m->scale = room(m->dim, sizeof *m->scale);
    m->shift = room(m->dim, sizeof *m->shift);
    m->best = room(m->dim, sizeof *m->best);
    m->noise = room(m->dim + m->dim / BLOCK + 8, sizeof *m->noise);
    m->feat = room(m->dim, sizeof *m->feat);
    m->z = room(m->dim, sizeof *m->z);
    state = as_rng_stream(m->seed, UINT64_MAX);
    for (uint32_t j = 0; j < m->dim; j++) {
        m->offset[j] = (float)(10 * as_rng_unit(&state));
        m->scale[j] = (float)exp(6 * as_rng_unit(&state) - 3);
        m->shift[j] = (float)(as_rng_unit(&state) - .5);
    }
    apart = sqrt(invert(m, m->best));
    for (uint32_t j = 0; j < m->dim; j++)
        m->shift[j] *= (float)(APART / apart);
    invert(m, m->best);
    check(as_scale_init(&m->whole, m->dim));
    for (size_t i = 0; i < m->n; i++)
        as_scale_range(&m->whole, make(m, i));
    check(as_fit_scale_ranges(&as_sums_alone, &m->whole));
    for (size_t i = 0; i < m->n; i++)
        as_scale_count(&m->whole, make(m, i));
    check(as_fit_scale_sums(&as_sums_alone, &m->whole));
}

static void clear(struct maker *m)
{
    as_scale_clear(&m->whole);
    free(m->offset);
    free(m->scale);
    free(m->shift);
    free(m->best);
    free(m->noise);
    free(m->feat);
    free(m->z);
}

/* ---- what a direction is worth ---- */

/* Separation of the classes along w, per deviation of the noise, and its cosine to the best. */
static void compare(const struct maker *m, const double *w)
{
    double along = 0, spread = 0, dot = 0, ww = 0, bb = 0;

    for (uint32_t j = 0; j < m->dim; j += BLOCK) {
        double sum = 0;
        for (uint32_t i = j; i < j + BLOCK && i < m->dim; i++) {
            along += w[i] * (double)m->shift[i];
            spread += w[i] * w[i];
            sum += w[i];
            dot += w[i] * m->best[i];
            ww += w[i] * w[i];
            bb += m->best[i] * m->best[i];
        }
        spread += sum * sum;
    }
    printf("separation %.4f\ncosine %.5f\n", along / sqrt(spread), dot / sqrt(ww * bb));
}

/* AUC of rows that no fit has seen. */
static void try_fresh(struct maker *m, const struct as_direction *d)
{
    static double score[FRESH];
    const int16_t *z;
    uint64_t right = 0;

    for (size_t i = 0; i < FRESH; i++) {
        check(row(m, m->n + (m->n & 1) + i, &z));
        score[i] = as_linear_score(d, z, NULL);
    }
    for (size_t i = 1; i < FRESH; i += 2)
        for (size_t k = 0; k < FRESH; k += 2)
            right += score[i] > score[k];
    printf("fresh_auc %.4f\n", (double)right / FRESH / FRESH * 4);
}

static void fit_direction(struct maker *m, const struct as_fit *f, enum as_fit_method method)
{
    const double share = (double)m->dim / (double)m->n, d2 = APART * APART;
    struct as_direction d = {.weight = room(m->dim, sizeof(double))};
    double *w = room(m->dim, sizeof *w), ridge;

    check(as_fit_linear(f, method, &d, &ridge));
    for (uint32_t j = 0; j < m->dim; j++) /* of the noise, in place of whole numbers */
        w[j] = d.weight[j] * m->whole.factor[j] * (double)m->scale[j];
    printf("ridge %g\n", ridge);
    compare(m, w);
    if (share < 1)
        printf("expected %.4f\n", sqrt(d2 * d2 * (1 - share) / (d2 + 4 * share)));
    try_fresh(m, &d);
    printf("best_auc %.4f\n", .5 * erfc(-APART / 2));
    free(d.weight);
    free(w);
}

static void fit_ensemble(struct as_fit *f, struct maker *m, const char *folder)
{
    char beside[4096];
    struct as_fld e;
    double error;
    void *at;

    snprintf(beside, sizeof beside, "%s/measures", folder);
    check(as_nameless_map(beside, m->n * m->dim * sizeof *f->s.z, &at, NULL));
    for (size_t i = 0; i < m->n; i++)
        as_scale_apply(&m->whole, make(m, i), (int16_t *)at + i * m->dim);
    f->s.z = at;
    check(as_fld_train(f, &e, &error));
    printf("learners %u\ncolumns %u\nerror %.4f\nbest_error %.4f\n", e.learners, e.columns, error,
           .5 * erfc(APART / 2 / sqrt(2)));
    as_fld_clear(&e);
}

int main(int argc, char **argv)
{
    const bool ensemble = argc == 6 && strcmp(argv[1], "fld") == 0;
    struct maker m = {0};
    uint8_t *label;
    uint32_t *group;

    if (!ensemble && (argc != 5 || (strcmp(argv[1], "lda") != 0 && strcmp(argv[1], "ridge") != 0)))
        return 64;
    as_linalg_one_thread();
    init(&m, argv + 2);
    label = room(m.n, sizeof *label);
    group = room(m.n, sizeof *group);
    for (size_t i = 0; i < m.n; i++) {
        label[i] = i % 2;
        group[i] = (uint32_t)(i / 2);
    }
    struct as_fit f = {.s = {.n = m.n, .dim = m.dim, .label = label, .row = row, .state = &m},
                       .group = group,
                       .groups = (uint32_t)((m.n + 1) / 2),
                       .seed = m.seed,
                       .sums = &as_sums_alone};
    if (ensemble)
        fit_ensemble(&f, &m, argv[5]);
    else
        fit_direction(&m, &f, strcmp(argv[1], "lda") == 0 ? AS_FIT_LDA : AS_FIT_RIDGE);
    printf("seconds %.0f\n", (double)clock() / CLOCKS_PER_SEC);
    free(label);
    free(group);
    clear(&m);
    return 0;
}
