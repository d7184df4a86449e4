/* benchmark_sample.c - items that are measured together, and what their bootstrap says.
 *
 * Whole groups are drawn, of either class apart (kernels/learn/bootstrap.h).             */
#include "benchmark_parts.h"

#include "../../kernels/learn/bootstrap.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL .95

enum as_status as_sample_init(struct as_sample *s, uint32_t n)
{
    *s = (struct as_sample){0};
    s->item = calloc((size_t)n + 1, sizeof *s->item);
    s->score = calloc((size_t)n + 1, sizeof *s->score);
    s->label = calloc((size_t)n + 1, sizeof *s->label);
    s->group = calloc((size_t)n + 1, sizeof *s->group);
    s->weight = calloc((size_t)n + 1, sizeof *s->weight);
    return s->item && s->score && s->label && s->group && s->weight ? AS_OK : AS_ENOMEM;
}

void as_sample_clear(struct as_sample *s)
{
    free(s->item);
    free(s->score);
    free(s->label);
    free(s->group);
    free(s->weight);
    memset(s, 0, sizeof *s);
}

void as_sample_add(struct as_sample *s, const struct as_benchmark *b, uint32_t item, double score)
{
    s->item[s->n] = item;
    s->score[s->n] = score;
    s->label[s->n] = b->item[item].is->label != AS_LABEL_AUTHENTIC;
    s->group[s->n] = b->item[item].is->group_number;
    s->n++;
}

static int ascending(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return (x > y) - (x < y);
}

enum as_status as_sample_done(struct as_sample *s)
{
    s->groups = 0;
    memcpy(s->weight, s->group, s->n * sizeof *s->weight);
    qsort(s->weight, s->n, sizeof *s->weight, ascending);
    for (uint32_t i = 0; i < s->n; i++)
        if (i == 0 || s->weight[i] != s->weight[s->groups - 1])
            s->weight[s->groups++] = s->weight[i];
    for (uint32_t i = 0; i < s->n; i++) {
        const uint32_t *at =
            bsearch(&s->group[i], s->weight, s->groups, sizeof *s->weight, ascending);
        if (at == NULL)
            return AS_EBUG;
        s->group[i] = (uint32_t)(at - s->weight);
    }
    return AS_OK;
}

/* Means of one class of each draw; draws without it are left out. */
static size_t draw_means(const struct as_sample *s, struct as_bootstrap *boot, uint64_t draws,
                         int label, double *mean)
{
    size_t kept = 0;

    for (uint64_t d = 0; d < draws; d++) {
        double sum = 0, n = 0;
        as_bootstrap_draw(boot, d, s->weight);
        for (uint32_t i = 0; i < s->n; i++)
            if (s->label[i] == label && s->weight[i] > 0) {
                sum += s->weight[i] * s->score[i];
                n += s->weight[i];
            }
        if (n > 0)
            mean[kept++] = sum / n;
    }
    return kept;
}

enum as_status as_sample_mean(const struct as_sample *s, const struct as_options *o, int label,
                              struct as_ranged *mean)
{
    struct as_bootstrap boot = {0};
    enum as_status status = AS_OK;
    double sum = 0, n = 0, *drawn = calloc(o->draws, sizeof *drawn);
    size_t kept;

    *mean = (struct as_ranged){NAN, NAN, NAN};
    for (uint32_t i = 0; i < s->n; i++)
        if (s->label[i] == label) {
            sum += s->score[i];
            n++;
        }
    if (drawn == NULL)
        status = AS_ENOMEM;
    if (n == 0 || status != AS_OK)
        goto done;
    AS_TRY(as_bootstrap_init(&boot, s->group, s->groups, s->label, s->n, o->seed));
    kept = draw_means(s, &boot, o->draws, label, drawn);
    mean->value = sum / n;
    if (kept > 0)
        as_bootstrap_interval(drawn, kept, LEVEL, &mean->low, &mean->high);
done:
    as_bootstrap_clear(&boot);
    free(drawn);
    return status;
}

enum as_status as_sample_auc(struct as_sample *s, const struct as_options *o,
                             struct as_ranged *auc)
{
    double value[AS_METRICS], *drawn = calloc(o->draws, sizeof *drawn);
    struct as_bootstrap boot = {0};
    struct as_ranking ranking = {0};
    enum as_status status = AS_OK;
    size_t kept = 0;

    *auc = (struct as_ranged){NAN, NAN, NAN};
    if (drawn == NULL)
        status = AS_ENOMEM;
    else if (s->n == 0)
        status = AS_SKIP;
    AS_TRY(status);
    AS_TRY(as_ranking_init(&ranking, s->score, s->label, s->n));
    AS_TRY(as_metrics_of(&ranking, NULL, value, NULL));
    auc->value = value[AS_METRIC_AUC];
    AS_TRY(as_bootstrap_init(&boot, s->group, s->groups, s->label, s->n, o->seed));
    for (uint64_t d = 0; d < o->draws; d++) {
        as_bootstrap_draw(&boot, d, s->weight);
        if (as_metrics_of(&ranking, s->weight, value, NULL) == AS_OK)
            drawn[kept++] = value[AS_METRIC_AUC];
    }
    if (kept > 0)
        as_bootstrap_interval(drawn, kept, LEVEL, &auc->low, &auc->high);
done:
    as_ranking_clear(&ranking);
    as_bootstrap_clear(&boot);
    free(drawn);
    return status;
}
