/* metrics.c - how well scores tell altered from authentic, in the measures of the field.
 *
 * Counts are whole numbers until the last division, so that equal counts give equal bits.
 *
 *  1. rankings   2. measures of a ranking   3. confusions   4. likelihood ratios   5. pixels
 *
 * Fawcett, An introduction to ROC analysis, 2006 (curves, ties); Brummer and du Preez,
 * Application-independent evaluation of speaker detection, 2006 (Cllr, PAV); Ramos et al.,
 * Reliable support, 2013 (empirical cross-entropy).                                     */
#include "metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- 1. rankings ---- */

struct as_pav {
    double ones, zeros;
};

struct key {
    double score;
    uint32_t i;
};

static int by_score(const void *a, const void *b)
{
    const struct key *x = a, *y = b;

    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return (x->i > y->i) - (x->i < y->i);
}

static bool acceptable(const double *score, const uint8_t *label, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (isnan(score[i]) || label[i] > 1)
            return false;
    return n > 0 && n <= UINT32_MAX;
}

enum as_status as_ranking_init(struct as_ranking *r, const double *score, const uint8_t *label,
                               size_t n)
{
    struct key *key = NULL;

    *r = (struct as_ranking){.n = n, .score = score, .label = label};
    if (!acceptable(score, label, n))
        return AS_EUSAGE;
    r->order = calloc(n, sizeof *r->order);
    r->ends = calloc(n, sizeof *r->ends);
    r->block = calloc(n, sizeof *r->block);
    key = calloc(n, sizeof *key);
    if (!r->order || !r->ends || !r->block || !key) {
        as_ranking_clear(r);
        free(key);
        return AS_ENOMEM;
    }
    for (size_t i = 0; i < n; i++)
        key[i] = (struct key){score[i], (uint32_t)i};
    qsort(key, n, sizeof *key, by_score);
    for (size_t i = 0; i < n; i++) {
        r->order[i] = key[i].i;
        r->ends[i] = i + 1 == n || key[i].score != key[i + 1].score;
    }
    free(key);
    return AS_OK;
}

void as_ranking_clear(struct as_ranking *r)
{
    free(r->order);
    free(r->ends);
    free(r->block);
    memset(r, 0, sizeof *r);
}

static uint64_t weight_of(const uint32_t *weight, size_t i)
{
    return weight ? weight[i] : 1;
}

static void sum_classes(const uint8_t *label, const uint32_t *weight, size_t n, uint64_t sum[2])
{
    sum[0] = sum[1] = 0;
    for (size_t i = 0; i < n; i++)
        sum[label[i]] += weight_of(weight, i);
}

/* ---- 2. measures of a ranking ---- */

static const char *const WORDS[] = {
#define X(constant, word, title) #word,
    AS_METRICS_DEF(X)
#undef X
};

static const char *const TITLES[] = {
#define X(constant, word, title) title,
    AS_METRICS_DEF(X)
#undef X
};

const char *as_metric_word(enum as_metric m)
{
    return m < AS_METRICS ? WORDS[m] : NULL;
}

const char *as_metric_title(enum as_metric m)
{
    return m < AS_METRICS ? TITLES[m] : NULL;
}

/* Where a walk down the ranking stands: class sums of all items so far. */
struct walk {
    uint64_t all[2], now[2], before[2]; /* before: the items that share the last score */
    double area2, ap, gap_fpr, best;    /* area2: twice the AUC times both sums        */
    double *value;
    bool crossed;
};

static double share(const struct walk *w, const uint64_t sum[2], int c)
{
    return (double)sum[c] / (double)w->all[c];
}

/* The point where the line between the last two points of the curve has as many of either error. */
static double cross(const struct walk *w)
{
    const double f0 = share(w, w->before, 0), f1 = share(w, w->now, 0);
    const double m0 = 1 - share(w, w->before, 1), m1 = 1 - share(w, w->now, 1);
    const double rate = (m0 - f0) / ((m0 - f0) + (f1 - m1)); /* m0 > f0, f1 >= m1 */

    return f0 + rate * (f1 - f0);
}

/* All items of one score have been counted in. */
static void step(struct walk *w, double score, double *best)
{
    const uint64_t ones = w->now[1] - w->before[1], zeros = w->now[0] - w->before[0];
    const double tpr = share(w, w->now, 1), fpr = share(w, w->now, 0);
    double *v = w->value;

    w->area2 += (double)zeros * (double)(w->before[1] + w->now[1]);
    if (ones > 0)
        w->ap += (double)ones * ((double)w->now[1] / (double)(w->now[0] + w->now[1]));
    if (!w->crossed && fpr >= 1 - tpr) {
        v[AS_METRIC_EER] = cross(w);
        w->crossed = true;
    }
    if ((1 + tpr - fpr) / 2 > v[AS_METRIC_BACC_BEST]) {
        v[AS_METRIC_BACC_BEST] = (1 + tpr - fpr) / 2;
        *best = score;
    }
    if (w->now[0] * 100 <= w->all[0])
        v[AS_METRIC_TPR_1] = tpr;
    if (w->now[0] * 1000 <= w->all[0])
        v[AS_METRIC_TPR_01] = tpr;
    memcpy(w->before, w->now, sizeof w->before);
}

/* Pool adjacent violators: whether block a, of higher scores, has fewer ones than b below it. */
static bool violates(const struct as_pav *a, const struct as_pav *b)
{
    return a->ones * (b->ones + b->zeros) <= b->ones * (a->ones + a->zeros);
}

/* Adds the items of one score below all others. */
static void pool(struct as_pav *block, size_t *n, double ones, double zeros)
{
    block[(*n)++] = (struct as_pav){ones, zeros};
    while (*n > 1 && violates(&block[*n - 2], &block[*n - 1])) {
        block[*n - 2].ones += block[*n - 1].ones;
        block[*n - 2].zeros += block[*n - 1].zeros;
        (*n)--;
    }
}

/* Cllr where each block's likelihood ratio is (ones / all ones) / (zeros / all zeros). */
static double cllr_of_blocks(const struct as_pav *block, size_t n, const uint64_t all[2])
{
    double sum = 0;

    for (size_t i = 0; i < n; i++) {
        const double p = block[i].ones / (double)all[1], q = block[i].zeros / (double)all[0];
        if (p > 0)
            sum += p * log2(1 + q / p);
        if (q > 0)
            sum += q * log2(1 + p / q);
    }
    return sum / 2;
}

enum as_status as_metrics_of(struct as_ranking *r, const uint32_t *weight, double value[AS_METRICS],
                             double *best)
{
    struct walk w = {.value = value};
    double at = INFINITY;
    size_t blocks = 0;

    memset(value, 0, AS_METRICS * sizeof *value);
    if (best)
        *best = at;
    sum_classes(r->label, weight, r->n, w.all);
    if (w.all[0] == 0 || w.all[1] == 0)
        return AS_SKIP;
    value[AS_METRIC_BACC_BEST] = .5; /* nothing is called 1 */
    for (size_t k = 0; k < r->n; k++) {
        const uint32_t i = r->order[k];
        w.now[r->label[i]] += weight_of(weight, i);
        if (!r->ends[k] || (w.now[0] == w.before[0] && w.now[1] == w.before[1]))
            continue;
        pool(r->block, &blocks, (double)(w.now[1] - w.before[1]), (double)(w.now[0] - w.before[0]));
        step(&w, r->score[i], &at);
    }
    value[AS_METRIC_AUC] = w.area2 / 2 / (double)w.all[0] / (double)w.all[1];
    value[AS_METRIC_AP] = w.ap / (double)w.all[1];
    value[AS_METRIC_CLLR_MIN] = cllr_of_blocks(r->block, blocks, w.all);
    if (best)
        *best = at;
    return AS_OK;
}

/* ---- 3. confusions ---- */

struct as_confusion as_confusion_at(const double *score, const uint8_t *label,
                                    const uint32_t *weight, size_t n, double threshold)
{
    struct as_confusion c = {0};

    for (size_t i = 0; i < n; i++) {
        const bool called = score[i] >= threshold;
        *(label[i] ? called ? &c.tp : &c.fn : called ? &c.fp : &c.tn) += weight_of(weight, i);
    }
    return c;
}

static double ratio(uint64_t a, uint64_t b)
{
    return b ? (double)a / (double)b : 0;
}

double as_confusion_fpr(const struct as_confusion *c)
{
    return ratio(c->fp, c->fp + c->tn);
}

double as_confusion_bacc(const struct as_confusion *c)
{
    return (ratio(c->tp, c->tp + c->fn) + ratio(c->tn, c->fp + c->tn)) / 2;
}

double as_confusion_f1(const struct as_confusion *c)
{
    return ratio(2 * c->tp, 2 * c->tp + c->fp + c->fn);
}

double as_confusion_iou(const struct as_confusion *c)
{
    return ratio(c->tp, c->tp + c->fp + c->fn);
}

double as_confusion_mcc(const struct as_confusion *c)
{
    const double tp = (double)c->tp, fp = (double)c->fp, fn = (double)c->fn, tn = (double)c->tn;
    const double below = sqrt(tp + fp) * sqrt(tp + fn) * sqrt(tn + fp) * sqrt(tn + fn);

    return below > 0 ? (tp * tn - fp * fn) / below : 0;
}

/* P(X <= k) of n throws with probability p: terms by their logarithms, from the largest down. */
static double at_most(uint64_t k, uint64_t n, double p)
{
    double sum = 0, log_p = log(p), log_q = log1p(-p);

    for (uint64_t j = 0; j <= k; j++) {
        const double i = (double)(k - j), m = (double)n;
        const double term =
            exp(lgamma(m + 1) - lgamma(i + 1) - lgamma(m - i + 1) + i * log_p + (m - i) * log_q);
        sum += term;
        if (term < sum * 1e-18 && i < m * p)
            break;
    }
    return sum;
}

/* The p at which at most k of n has probability `tail`: falls as p rises. */
static double solve(uint64_t k, uint64_t n, double tail)
{
    double low = 0, high = 1;

    for (int i = 0; i < 60; i++) {
        const double p = (low + high) / 2;
        *(at_most(k, n, p) > tail ? &low : &high) = p;
    }
    return (low + high) / 2;
}

void as_clopper_pearson(uint64_t k, uint64_t n, double level, double *low, double *high)
{
    const double tail = (1 - level) / 2;

    *high = k >= n ? 1 : solve(k, n, tail);
    *low = k == 0 ? 0 : k >= n ? pow(tail, 1 / (double)n) : solve(k - 1, n, 1 - tail);
}

/* ---- 4. likelihood ratios ---- */

/* log2(1 + 10^x) for any x, also infinite. */
static double log2_1p10(double x)
{
    const double log2_10 = 3.321928094887362347870;

    if (isinf(x))
        return x > 0 ? INFINITY : 0;
    if (x > 0)
        return x * log2_10 + log1p(pow(10, -x)) * 1.442695040888963407360;
    return log1p(pow(10, x)) * 1.442695040888963407360;
}

enum as_status as_metrics_ece(const double *llr, const uint8_t *label, const uint32_t *weight,
                              size_t n, double prior, double *ece)
{
    const double odds = log10(prior) - log10(1 - prior);
    double sum[2] = {0};
    uint64_t all[2];

    *ece = 0;
    sum_classes(label, weight, n, all);
    if (all[0] == 0 || all[1] == 0)
        return AS_SKIP;
    for (size_t i = 0; i < n; i++)
        if (weight_of(weight, i) > 0)
            sum[label[i]] += (double)weight_of(weight, i) *
                             log2_1p10(label[i] ? -(llr[i] + odds) : llr[i] + odds);
    *ece = prior * sum[1] / (double)all[1] + (1 - prior) * sum[0] / (double)all[0];
    return AS_OK;
}

enum as_status as_metrics_cllr(const double *llr, const uint8_t *label, const uint32_t *weight,
                               size_t n, double *cllr)
{
    return as_metrics_ece(llr, label, weight, n, .5, cllr);
}

enum as_status as_metrics_misleading(const double *llr, const uint8_t *label,
                                     const uint32_t *weight, size_t n, double *for_1, double *for_0)
{
    uint64_t all[2], wrong[2] = {0};

    *for_1 = *for_0 = 0;
    sum_classes(label, weight, n, all);
    if (all[0] == 0 || all[1] == 0)
        return AS_SKIP;
    for (size_t i = 0; i < n; i++)
        if (label[i] ? llr[i] < 0 : llr[i] > 0)
            wrong[label[i]] += weight_of(weight, i);
    *for_1 = (double)wrong[0] / (double)all[0];
    *for_0 = (double)wrong[1] / (double)all[1];
    return AS_OK;
}

size_t as_metrics_reliability(const struct as_ranking *r, const uint32_t *weight, size_t bins,
                              struct as_reliability *point)
{
    uint64_t all[2];
    double seen = 0;
    size_t n = 0, bin = 0;

    sum_classes(r->label, weight, r->n, all);
    for (size_t end = r->n, start; end > 0; end = start) {
        struct as_reliability tied = {0};
        start = end;
        do {
            const uint32_t i = r->order[--start];
            const double w = (double)weight_of(weight, i);
            tied.said += w * r->score[i];
            tied.seen += w * r->label[i];
            tied.weight += w;
        } while (start > 0 && !r->ends[start - 1]);
        if (tied.weight == 0)
            continue;
        const size_t b =
            (size_t)((seen + tied.weight / 2) * (double)bins / (double)(all[0] + all[1]));
        if (n == 0 || b != bin)
            point[n++] = (struct as_reliability){0};
        bin = b;
        point[n - 1].said += tied.said;
        point[n - 1].seen += tied.seen;
        point[n - 1].weight += tied.weight;
        seen += tied.weight;
    }
    for (size_t i = 0; i < n; i++) {
        point[i].said /= point[i].weight;
        point[i].seen /= point[i].weight;
    }
    return n;
}

/* ---- 5. pixels ---- */

void as_pixels_add(struct as_pixels *p, const uint8_t *map, const uint8_t *mask, size_t n)
{
    for (size_t i = 0; i < n; i++)
        (mask && mask[i] ? p->altered : p->authentic)[map[i]]++;
}

struct as_confusion as_pixels_at(const struct as_pixels *p, unsigned threshold)
{
    struct as_confusion c = {0};

    for (unsigned v = 0; v < 256; v++) {
        *(v >= threshold ? &c.tp : &c.fn) += p->altered[v];
        *(v >= threshold ? &c.fp : &c.tn) += p->authentic[v];
    }
    return c;
}

enum as_status as_pixels_auc(const struct as_pixels *p, double *auc)
{
    double ones = 0, zeros = 0, area = 0;

    for (unsigned v = 256; v-- > 0;) {
        area += (double)p->authentic[v] * (ones + (double)p->altered[v] / 2);
        ones += (double)p->altered[v];
        zeros += (double)p->authentic[v];
    }
    *auc = 0;
    if (ones == 0 || zeros == 0)
        return AS_SKIP;
    *auc = area / ones / zeros;
    return AS_OK;
}

unsigned as_pixels_best(const struct as_pixels *p, double (*of)(const struct as_confusion *c),
                        double *value)
{
    unsigned best = 0;

    *value = -INFINITY;
    for (unsigned t = 0; t < 256; t++) {
        const struct as_confusion c = as_pixels_at(p, t);
        if (of(&c) > *value) {
            *value = of(&c);
            best = t;
        }
    }
    return best;
}
