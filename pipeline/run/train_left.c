/* train_left.c - how well what was left out is told, and what the files alone would give.
 *
 * A cell's scores come from one model and are compared with each other only: the area under the ROC
 * curve of a value, and of all, is the share of pairs of an altered and an authentic item of one
 * cell that are in order.  Intervals draw whole groups, the same draw for all cells.
 *
 *  1. what is compared   2. the areas   3. the rows                                        */
#include "train_parts.h"

#include "../../kernels/learn/bootstrap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DRAWS = 1000, WAYS = 2 }; /* ways to score: the model, and trivial features */
static const double LEVEL = .95;

struct ranked {
    double *trivial;
    uint8_t *label;
    struct as_ranking by[WAYS];
};

struct judge {
    struct as_train *t;
    uint32_t n;   /* items that are tried in some cell */
    uint32_t *at; /* [ntrials] place among them        */
    uint32_t *group, *weight, *part;
    uint8_t *label, *learnt;
    uint16_t *bin; /* [AS_TRIVIALS][ntrials] */
    struct ranked *cell;
    uint32_t rows;  /* values and all       */
    double *auc;    /* [WAYS][rows]         */
    double *pairs;  /* [rows]               */
    double *drawn;  /* [WAYS][rows][DRAWS]  */
    uint32_t *kept; /* [rows]               */
};

/* ---- 1. what is compared ---- */

static enum as_status make_room(struct judge *j)
{
    const struct as_leave *l = &j->t->leave;
    const size_t n = j->t->ntrials + 1;

    j->rows = l->values + 1;
    j->at = calloc(n, sizeof *j->at);
    j->group = calloc(n, sizeof *j->group);
    j->weight = calloc(n, sizeof *j->weight);
    j->part = calloc(n, sizeof *j->part);
    j->label = calloc(n, 1);
    j->learnt = calloc(n, 1);
    j->bin = calloc(n * AS_TRIVIALS, sizeof *j->bin);
    j->cell = calloc((size_t)l->values * l->folds, sizeof *j->cell);
    j->auc = calloc((size_t)WAYS * j->rows, sizeof *j->auc);
    j->pairs = calloc(j->rows, sizeof *j->pairs);
    j->drawn = calloc((size_t)WAYS * j->rows * DRAWS, sizeof *j->drawn);
    j->kept = calloc(j->rows, sizeof *j->kept);
    j->t->done->left = calloc(j->rows, sizeof *j->t->done->left);
    return j->at && j->group && j->weight && j->part && j->label && j->learnt && j->bin &&
                   j->cell && j->auc && j->pairs && j->drawn && j->kept && j->t->done->left
               ? AS_OK
               : AS_ENOMEM;
}

static void clear(struct judge *j)
{
    const struct as_leave *l = &j->t->leave;

    for (uint32_t c = 0; j->cell && c < l->values * l->folds; c++) {
        free(j->cell[c].trivial);
        free(j->cell[c].label);
        for (int k = 0; k < WAYS; k++)
            as_ranking_clear(&j->cell[c].by[k]);
    }
    free(j->at);
    free(j->group);
    free(j->weight);
    free(j->part);
    free(j->label);
    free(j->learnt);
    free(j->bin);
    free(j->cell);
    free(j->auc);
    free(j->pairs);
    free(j->drawn);
    free(j->kept);
}

static void find_items(struct judge *j)
{
    const struct as_train *t = j->t;

    memset(j->at, 0xff, t->ntrials * sizeof *j->at);
    for (uint32_t c = 0; c < t->leave.values * t->leave.folds; c++)
        for (uint32_t i = 0; i < t->leave.cell[c].n; i++) {
            const uint32_t item = t->leave.cell[c].item[i];
            if (j->at[item] != UINT32_MAX)
                continue;
            j->group[j->n] = t->trial[item].group;
            j->label[j->n] = t->trial[item].label;
            j->at[item] = j->n++;
        }
}

static enum as_status make_bins(struct judge *j)
{
    const struct as_train *t = j->t;
    const uint32_t n = (uint32_t)t->ntrials;
    struct as_trivial *looks = calloc((size_t)n + 1, sizeof *looks);
    double *sorted = calloc((size_t)n + 1, sizeof *sorted);
    const enum as_status status = looks && sorted ? AS_OK : AS_ENOMEM;

    for (uint32_t i = 0; i < n && status == AS_OK; i++)
        looks[i] = t->trial[i].looks;
    for (int f = 0; f < AS_TRIVIALS && status == AS_OK; f++)
        as_trivial_bins(looks, n, f, sorted, j->bin + (size_t)f * n);
    free(looks);
    free(sorted);
    return status;
}

/* Log odds of all trivial features, learnt on what the cell's model learnt from. */
static enum as_status score_trivial(struct judge *j, const struct as_cell *cell, struct ranked *to)
{
    const struct as_train *t = j->t;
    const uint32_t n = (uint32_t)t->ntrials;
    uint8_t *label = calloc((size_t)n + 1, 1);
    double odds[AS_TRIVIAL_BINS];

    if (label == NULL)
        return AS_ENOMEM;
    for (uint32_t i = 0; i < n; i++) {
        label[i] = t->trial[i].label;
        j->learnt[i] = t->trial[i].split == AS_SPLIT_TRAIN && !t->leave.out[t->trial[i].group];
    }
    for (int f = 0; f < AS_TRIVIALS; f++) {
        as_trivial_odds(j->bin + (size_t)f * n, label, j->learnt, n, odds);
        for (uint32_t i = 0; i < cell->n; i++)
            to->trivial[i] += odds[j->bin[(size_t)f * n + cell->item[i]]];
    }
    free(label);
    return AS_OK;
}

static enum as_status rank_cell(struct judge *j, uint32_t value, uint32_t fold)
{
    const struct as_leave *l = &j->t->leave;
    const struct as_cell *cell = &l->cell[value * l->folds + fold];
    struct ranked *to = &j->cell[value * l->folds + fold];
    enum as_status status = AS_OK;

    if (cell->n == 0)
        return AS_OK;
    as_leave_set(j->t, value, fold);
    to->trivial = calloc(cell->n, sizeof *to->trivial);
    to->label = calloc(cell->n, 1);
    if (to->trivial == NULL || to->label == NULL)
        return AS_ENOMEM;
    for (uint32_t i = 0; i < cell->n; i++)
        to->label[i] = j->t->trial[cell->item[i]].label;
    AS_TRY(score_trivial(j, cell, to));
    AS_TRY(as_ranking_init(&to->by[0], cell->score, to->label, cell->n));
    AS_TRY(as_ranking_init(&to->by[1], to->trivial, to->label, cell->n));
done:
    return status;
}

/* ---- 2. the areas ---- */

/* Adds a cell's pairs in order, and its pairs, to its value's and to all. */
static enum as_status add_cell(struct judge *j, uint32_t c, const uint32_t *weight)
{
    const struct as_leave *l = &j->t->leave;
    const struct as_cell *cell = &l->cell[c];
    const uint32_t row = c / l->folds, all = j->rows - 1;
    double value[AS_METRICS], n[2] = {0, 0};
    enum as_status status = AS_OK;

    for (uint32_t i = 0; i < cell->n; i++) {
        j->part[i] = weight ? weight[j->at[cell->item[i]]] : 1;
        n[j->cell[c].label[i]] += j->part[i];
    }
    for (int k = 0; k < WAYS && n[0] * n[1] > 0 && status == AS_OK; k++) {
        status = as_metrics_of(&j->cell[c].by[k], j->part, value, NULL);
        j->auc[(uint32_t)k * j->rows + row] += value[AS_METRIC_AUC] * n[0] * n[1];
        j->auc[(uint32_t)k * j->rows + all] += value[AS_METRIC_AUC] * n[0] * n[1];
    }
    j->pairs[row] += n[0] * n[1];
    j->pairs[all] += n[0] * n[1];
    return status;
}

/* Fills auc, of rows that have pairs. */
static enum as_status measure(struct judge *j, const uint32_t *weight)
{
    const struct as_leave *l = &j->t->leave;
    enum as_status status = AS_OK;

    memset(j->auc, 0, (size_t)WAYS * j->rows * sizeof *j->auc);
    memset(j->pairs, 0, j->rows * sizeof *j->pairs);
    for (uint32_t c = 0; c < l->values * l->folds && status == AS_OK; c++)
        status = add_cell(j, c, weight);
    for (uint32_t r = 0; r < j->rows; r++)
        for (uint32_t k = 0; k < WAYS && j->pairs[r] > 0; k++)
            j->auc[k * j->rows + r] /= j->pairs[r];
    return status;
}

static enum as_status draw(struct judge *j)
{
    struct as_bootstrap b;
    enum as_status status =
        as_bootstrap_init(&b, j->group, j->t->m.groups, j->label, j->n, j->t->o->seed);

    for (uint64_t d = 0; d < DRAWS && status == AS_OK; d++) {
        as_bootstrap_draw(&b, d, j->weight);
        status = measure(j, j->weight);
        for (uint32_t r = 0; r < j->rows; r++) {
            for (uint32_t k = 0; k < WAYS && j->pairs[r] > 0; k++)
                j->drawn[((size_t)k * j->rows + r) * DRAWS + j->kept[r]] = j->auc[k * j->rows + r];
            j->kept[r] += j->pairs[r] > 0;
        }
    }
    as_bootstrap_clear(&b);
    return status;
}

/* ---- 3. the rows ---- */

/* Items and groups of a value, or of all. */
static void count_items(struct judge *j, uint32_t row, struct as_left *to)
{
    const struct as_train *t = j->t;
    const struct as_leave *l = &t->leave;
    const uint32_t first = row < l->values ? row * l->folds : 0,
                   last = row < l->values ? first + l->folds : l->values * l->folds;

    memset(j->learnt, 0, t->ntrials); /* scratch: seen */
    memset(l->out, 0, t->m.groups);
    for (uint32_t c = first; c < last; c++)
        for (uint32_t i = 0; i < l->cell[c].n; i++) {
            const struct as_trial *x = &t->trial[l->cell[c].item[i]];
            to->items[x->label] += !j->learnt[l->cell[c].item[i]];
            j->learnt[l->cell[c].item[i]] = 1;
            to->groups += !l->out[x->group];
            l->out[x->group] = 1;
        }
}

/* The values themselves, before the draws overwrite them. */
static void begin_rows(struct judge *j)
{
    for (uint32_t r = 0; r < j->rows; r++) {
        struct as_left *to = &j->t->done->left[r];
        snprintf(to->value, sizeof to->value, "%s", r + 1 < j->rows ? j->t->leave.value[r] : "all");
        count_items(j, r, to);
        to->tried = j->pairs[r] > 0;
        to->auc.value = j->auc[r];
        to->trivial.value = j->auc[j->rows + r];
    }
    j->t->done->nleft = j->rows;
}

static void end_rows(struct judge *j)
{
    for (uint32_t r = 0; r < j->rows; r++)
        for (uint32_t k = 0; k < WAYS && j->kept[r] > 0; k++) {
            struct as_figure *to = k ? &j->t->done->left[r].trivial : &j->t->done->left[r].auc;
            as_bootstrap_interval(j->drawn + ((size_t)k * j->rows + r) * DRAWS, j->kept[r], LEVEL,
                                  &to->low, &to->high);
        }
}

enum as_status as_leave_judge(struct as_train *t, struct as_err *err)
{
    struct judge j = {.t = t};
    enum as_status status = make_room(&j);

    AS_TRY(status);
    find_items(&j);
    AS_TRY(make_bins(&j));
    for (uint32_t v = 0; v < t->leave.values; v++)
        for (uint32_t k = 0; k < t->leave.folds; k++)
            AS_TRY(rank_cell(&j, v, k));
    AS_TRY(measure(&j, NULL));
    begin_rows(&j);
    AS_TRY(draw(&j));
    end_rows(&j);
done:
    clear(&j);
    if (status != AS_OK)
        as_fail(err, status, AS_REASON_NONE, __FILE__, __LINE__,
                "what was left out cannot be measured");
    return status;
}
