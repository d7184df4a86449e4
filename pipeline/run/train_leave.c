/* train_leave.c - what models do on pictures of a generator, or camera or source, that they do not
 * know.
 *
 * For each value of a column of the manifest a model is fitted without the items of this value and
 * of all groups that these are of, and tried on its altered items, whatever their split, beside the
 * authentic items of the split test.  Where that has none, the groups of authentic items are dealt
 * into FOLDS folds, each of which is left out and tried in its turn.  So nothing of a group that is
 * tried was learnt from, scale and ridge included.
 *
 *  1. who is left out   2. the cells                                                        */
#include "train_parts.h"

#include <stdlib.h>
#include <string.h>

enum { VALUES_MAX = 64, FOLDS = 5, UNTRIED = 255 };

/* ---- 1. who is left out ---- */

static const char *generator_of(const struct as_labelled *l)
{
    return l->generator;
}

static const char *camera_of(const struct as_labelled *l)
{
    return l->camera;
}

static const char *group_of(const struct as_labelled *l)
{
    return l->group;
}

static const struct {
    const char *name;
    const char *(*of)(const struct as_labelled *l);
} COLUMNS[] = {{"generator", generator_of}, {"camera", camera_of}, {"group", group_of}};

enum { NCOLUMNS = sizeof COLUMNS / sizeof *COLUMNS };

static uint32_t place_of(const struct as_leave *l, const char *value)
{
    uint32_t k = 0;

    while (k < l->values && strcmp(l->value[k], value) != 0)
        k++;
    return k;
}

/* Values that altered items have. */
static enum as_status find_values(struct as_train *t, size_t column, struct as_err *err)
{
    struct as_leave *l = &t->leave;
    enum as_status status = AS_OK;

    for (uint64_t i = 0; i < t->m.n; i++) {
        const char *value = COLUMNS[column].of(&t->m.row[i]);
        if (t->m.row[i].label == AS_LABEL_AUTHENTIC || value[0] == 0 ||
            place_of(l, value) < l->values)
            continue;
        if (l->values == VALUES_MAX)
            AS_FAIL(err, AS_EUSAGE, "--leave %s: more than %d values", COLUMNS[column].name,
                    VALUES_MAX);
        l->value[l->values++] = value;
    }
    if (l->values < 2)
        AS_FAIL(err, AS_EUSAGE,
                "--leave %s: altered pictures of the manifest have %u values of that column, and "
                "it takes two",
                COLUMNS[column].name, l->values);
    for (uint64_t i = 0; i < t->m.n; i++) {
        const uint32_t k = place_of(l, COLUMNS[column].of(&t->m.row[i]));
        l->of[i] = k < l->values ? k : UINT32_MAX;
    }
done:
    return status;
}

/* Deals the groups of authentic items. */
static void deal(struct as_train *t)
{
    struct as_leave *l = &t->leave;
    const bool test = t->done->counts.used[AS_SPLIT_TEST][0] > 0;
    uint32_t n = 0;

    l->folds = test ? 1 : FOLDS;
    memset(l->fold, UNTRIED, t->m.groups);
    for (uint64_t i = 0; i < t->m.n; i++) {
        const struct as_labelled *row = &t->m.row[i];
        if (row->label == AS_LABEL_AUTHENTIC && l->fold[row->group_number] == UNTRIED &&
            row->split == (test ? AS_SPLIT_TEST : AS_SPLIT_TRAIN))
            l->fold[row->group_number] = (uint8_t)(n++ % l->folds);
    }
}

enum as_status as_leave_init(struct as_train *t, struct as_err *err)
{
    struct as_leave *l = &t->leave;
    enum as_status status = AS_OK;
    size_t column = 0;

    while (column < NCOLUMNS && strcmp(COLUMNS[column].name, t->o->leave) != 0)
        column++;
    if (column == NCOLUMNS)
        AS_FAIL(err, AS_EUSAGE, "--leave is generator, camera or group, not \"%s\"", t->o->leave);
    l->value = calloc(VALUES_MAX, sizeof *l->value);
    l->of = calloc(t->m.n + 1, sizeof *l->of);
    l->fold = calloc((size_t)t->m.groups + 1, 1);
    l->out = calloc((size_t)t->m.groups + 1, 1);
    l->cell = calloc((size_t)VALUES_MAX * FOLDS, sizeof *l->cell);
    if (!l->value || !l->of || !l->fold || !l->out || !l->cell)
        AS_FAIL(err, AS_ENOMEM, "no memory to leave items out");
    AS_TRY(find_values(t, column, err));
done:
    return status;
}

void as_leave_clear(struct as_leave *l)
{
    for (uint32_t c = 0; l->cell && c < l->values * l->folds; c++) {
        free(l->cell[c].item);
        free(l->cell[c].score);
    }
    free(l->value);
    free(l->of);
    free(l->fold);
    free(l->out);
    free(l->cell);
    memset(l, 0, sizeof *l);
}

void as_leave_set(const struct as_train *t, uint32_t value, uint32_t fold)
{
    const struct as_leave *l = &t->leave;

    for (uint32_t g = 0; g < t->m.groups; g++)
        l->out[g] = l->fold[g] == fold;
    for (uint64_t i = 0; i < t->m.n; i++)
        if (l->of[i] == value)
            l->out[t->m.row[i].group_number] = 1;
}

/* ---- 2. the cells ---- */

/* Rank 0: what the model of a cell says of the items that it is for. */
static enum as_status keep(const struct as_train *t, uint32_t value, uint32_t fold)
{
    const struct as_leave *l = &t->leave;
    struct as_cell *to = &l->cell[value * l->folds + fold];

    to->item = calloc(t->ntrials + 1, sizeof *to->item);
    to->score = calloc(t->ntrials + 1, sizeof *to->score);
    if (to->item == NULL || to->score == NULL)
        return AS_ENOMEM;
    for (uint32_t i = 0; i < t->ntrials; i++) {
        const struct as_trial *x = &t->trial[i];
        if (x->label ? l->of[x->listed] != value : l->fold[x->group] != fold)
            continue;
        to->item[to->n] = i;
        to->score[to->n++] = x->score;
    }
    return AS_OK;
}

/* Collective. */
static enum as_status try_cell(struct as_train *t, uint32_t value, uint32_t fold,
                               struct as_err *err)
{
    enum as_status status = AS_OK;

    as_leave_set(t, value, fold);
    if ((status = as_train_load(t, err)) == AS_OK)
        status = as_train_fit(t, err);
    if (status == AS_SKIP) { /* on all ranks; the cell stays empty */
        status = AS_OK;
        goto done;
    }
    AS_TRY(status);
    AS_TRY(as_train_try(t, err));
    if (t->r->me == 0)
        status = keep(t, value, fold);
    AS_TRY(as_comm_agree(t->r->comm, status, err));
done:
    as_train_forget(t);
    return status;
}

enum as_status as_leave_run(struct as_train *t, struct as_err *err)
{
    enum as_status status = AS_OK;

    deal(t);
    for (uint32_t v = 0; v < t->leave.values && status == AS_OK; v++)
        for (uint32_t k = 0; k < t->leave.folds && status == AS_OK; k++)
            status = try_cell(t, v, k, err);
    if (status == AS_OK)
        memset(t->leave.out, 0, t->m.groups); /* the model itself learns from all */
    return status;
}
