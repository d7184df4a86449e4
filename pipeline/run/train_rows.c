/* train_rows.c - the labelled items of a rank, pass by pass.
 *
 * Measures stay in the journals: each pass reads them again.  Two bytes for a measure of an item of
 * the split train are in memory; where they have no room there, fits that need sums alone read the
 * journals again, for others they are in a file.  In memory are about 100 for every item that is
 * scored; only these leave the rank. */
#include "train_parts.h"

#include "../examine/unit.h"
#include "../log.h"
#include "grow.h"
#include "machine.h"
#include "nameless.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* What a pass does with an item that can be used. */
struct visit {
    struct as_train *t;
    enum as_status (*item)(struct as_train *t, const struct as_labelled *l,
                           const struct as_row *row);
};

static bool altered(const struct as_labelled *l)
{
    return l->label != AS_LABEL_AUTHENTIC;
}

/* What becomes of an item that the manifest names. */
static uint64_t *fate(struct as_train *t, const struct as_labelled *l, const struct as_row *row)
{
    struct as_train_counts *c = &t->done->counts;

    if (row->status == AS_ITEM_DUPLICATE)
        return &c->copies;
    if (row->status != AS_ITEM_OK)
        return &c->failed;
    if (row->det[t->det].status != AS_DET_APPLIES)
        return row->det[t->det].status == AS_DET_ERROR ? &c->failed : &c->silent;
    return &c->used[l->split][altered(l)];
}

static bool is_used(struct as_train *t, const uint64_t *at)
{
    const uint64_t *first = &t->done->counts.used[0][0];

    return at >= first && at < first + 2 * AS_SPLITS;
}

/* Goes through this rank's items; counts them as well, if asked. */
static enum as_status pass(const struct visit *v, bool counting, struct as_err *err)
{
    struct as_train *t = v->t;
    enum as_status status = AS_OK;
    struct as_row *row = calloc(1, sizeof *row);

    if (row == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for a row");
    for (uint64_t i = t->c->first; i < t->c->first + t->c->count; i++) {
        const struct as_labelled *l;
        uint64_t *at;
        AS_TRY(as_rank_go_on(t->r, err));
        AS_TRY(as_catalogue_row(t->c, i, row, NULL, err));
        l = row->part == 0 ? as_manifest_find(&t->m, row) : NULL;
        if (l == NULL) {
            t->done->counts.unlisted += counting && row->status == AS_ITEM_OK;
            continue;
        }
        at = fate(t, l, row);
        *at += counting;
        t->done->counts.listed += counting;
        if (is_used(t, at) && v->item && (status = v->item(t, l, row)) != AS_OK)
            AS_FAIL(err, status, "no memory for %zu items to learn from", t->n);
    }
done:
    free(row);
    return status;
}

/* ---- the passes ---- */

static bool is_learnt(const struct as_train *t, const struct as_labelled *l)
{
    return l->split == AS_SPLIT_TRAIN && !(t->leave.out && t->leave.out[l->group_number]);
}

static enum as_status see_range(struct as_train *t, const struct as_labelled *l,
                                const struct as_row *row)
{
    if (is_learnt(t, l)) {
        as_scale_range(&t->scale, row->det[t->det].feat);
        t->learnt[altered(l)]++;
        t->cap++;
    }
    return AS_OK;
}

static enum as_status see_place(struct as_train *t, const struct as_labelled *l,
                                const struct as_row *row)
{
    if (is_learnt(t, l))
        as_scale_count(&t->scale, row->det[t->det].feat);
    return AS_OK;
}

static enum as_status take(struct as_train *t, const struct as_labelled *l,
                           const struct as_row *row)
{
    if (!is_learnt(t, l))
        return AS_OK;
    if (t->n == t->cap)
        return AS_EBUG;
    if (t->z)
        as_scale_apply(&t->scale, row->det[t->det].feat, t->z + t->n * t->scale.dim);
    else
        t->id[t->n] = row->id;
    t->label[t->n] = altered(l);
    t->group[t->n++] = l->group_number;
    return AS_OK;
}

static enum as_status try_item(struct as_train *t, const struct as_labelled *l,
                               const struct as_row *row)
{
    const float *feat = row->det[t->det].feat;
    struct as_trial *to;
    float score;

    if (l->split == AS_SPLIT_NONE)
        return AS_OK;
    if (!as_grow((void **)&t->trial, t->ntrials, &t->trials_cap, sizeof *t->trial))
        return AS_ENOMEM;
    if (as_det_score(t->model->det, t->model, feat, 1, &score) != AS_OK)
        return AS_EBUG;
    to = &t->trial[t->ntrials++];
    memset(to, 0, sizeof *to);
    to->id = row->id;
    to->score = (double)score;
    to->distance = as_model_distance(t->model, feat);
    to->looks = as_trivial_of(row);
    to->listed = (uint32_t)(l - t->m.row);
    to->group = l->group_number;
    to->label = altered(l);
    to->split = l->split;
    memcpy(to->sha256, row->sha256, sizeof to->sha256);
    return AS_OK;
}

/* ---- all ranks ---- */

enum as_status as_train_count(struct as_train *t, struct as_err *err)
{
    struct as_train_counts *c = &t->done->counts;
    enum as_status status = pass(&(struct visit){t, NULL}, true, err);

    AS_TRY(as_comm_agree(t->r->comm, status, err));
    AS_TRY(as_comm_sum(t->r->comm, (uint64_t *)c, sizeof *c / sizeof(uint64_t)));
    if (c->listed > t->m.n)
        AS_FAIL(err, AS_EBUG, "%" PRIu64 " items of %" PRIu64 " rows", c->listed, t->m.n);
    c->missing = t->m.n - c->listed;
    if (c->used[AS_SPLIT_TRAIN][0] == 0 || c->used[AS_SPLIT_TRAIN][1] == 0)
        AS_FAIL(err, AS_SKIP,
                "of the split train %" PRIu64 " authentic and %" PRIu64 " altered pictures can be "
                "used; %" PRIu64 " were missing, %" PRIu64 " failed, %s did not speak of %" PRIu64
                ", %" PRIu64 " are copies of others",
                c->used[AS_SPLIT_TRAIN][0], c->used[AS_SPLIT_TRAIN][1], c->missing, c->failed,
                as_detectors[t->det]->name, c->silent, c->copies);
done:
    return status;
}

enum as_status as_train_row(void *train, size_t i, const int16_t **z)
{
    struct as_train *t = train;
    enum as_status status = AS_OK;

    AS_TRY(as_rank_go_on(t->r, &t->said));
    AS_TRY(as_catalogue_row(t->c, t->id[i], t->row, NULL, &t->said));
    as_scale_apply(&t->scale, t->row->det[t->det].feat, t->whole);
    *z = t->whole;
done:
    return status;
}

static void leave_measures(struct as_train *t)
{
    t->id = calloc(t->cap + 1, sizeof *t->id);
    t->row = calloc(1, sizeof *t->row);
    t->whole = calloc(t->scale.dim, sizeof *t->whole);
    as_log(AS_LOG_INFO, "measures are read from the journals, as they are needed");
}

/* Measures in memory, as far as --memory and this rank's share of the node's go, else in the
 * journals or in a file without a name beside the model.  Collective. */
static enum as_status place_measures(struct as_train *t, struct as_err *err)
{
    const size_t bytes = (t->cap + 1) * t->scale.dim * sizeof *t->z;
    enum as_status status = AS_OK;
    struct as_node node;
    uint64_t most;
    void *at;

    AS_TRY(as_machine_node(t->r->comm, &node, err));
    most = as_machine_left_bytes(&node) / 2;
    if (t->o->memory && t->o->memory < most)
        most = t->o->memory;
    if (bytes <= most) {
        t->z = calloc(bytes, 1);
    } else if (t->method == AS_FIT_LDA || t->method == AS_FIT_RIDGE) {
        leave_measures(t);
    } else {
        AS_TRY(as_nameless_map(t->o->output, bytes, &at, err));
        t->z = at;
        t->mapped = bytes;
        as_log(AS_LOG_INFO, "measures go to a file bytes=%zu beside=%s", bytes, t->o->output);
    }
done:
    return status;
}

/* Collective. */
static enum as_status make_room(struct as_train *t, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(place_measures(t, err));
    t->label = calloc(t->cap + 1, sizeof *t->label);
    t->group = calloc(t->cap + 1, sizeof *t->group);
    if ((t->z == NULL && !(t->id && t->row && t->whole)) || t->label == NULL || t->group == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for %zu items of %u measures; more ranks have more",
                t->cap, t->scale.dim);
done:
    return status;
}

enum as_status as_train_load(struct as_train *t, struct as_err *err)
{
    struct as_comm *comm = t->r->comm;
    enum as_status status = as_scale_init(&t->scale, as_detectors[t->det]->dim);

    t->learnt[0] = t->learnt[1] = 0;
    if (status == AS_OK)
        status = pass(&(struct visit){t, see_range}, false, err);
    AS_TRY(as_comm_agree(comm, status, err));
    AS_TRY(as_comm_sum(comm, t->learnt, 2));
    if (t->learnt[0] == 0 || t->learnt[1] == 0)
        AS_FAIL(err, AS_SKIP, "nothing authentic, or nothing altered, is left to learn from");
    AS_TRY(as_comm_agree(comm, as_fit_scale_ranges(&t->sums, &t->scale), err));
    status = pass(&(struct visit){t, see_place}, false, err);
    AS_TRY(as_comm_agree(comm, status, err));
    AS_TRY(as_comm_agree(comm, as_fit_scale_sums(&t->sums, &t->scale), err));
    status = make_room(t, err);
    if (status == AS_OK)
        status = pass(&(struct visit){t, take}, false, err);
    AS_TRY(as_comm_agree(comm, status, err));
done:
    return status;
}

static int by_id(const void *a, const void *b)
{
    const struct as_trial *x = a, *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

enum as_status as_train_try(struct as_train *t, struct as_err *err)
{
    enum as_status status = pass(&(struct visit){t, try_item}, false, err);
    uint8_t *all = NULL;
    uint64_t len = 0;

    AS_TRY(as_comm_agree(t->r->comm, status, err));
    AS_TRY(as_comm_gather(t->r->comm, t->trial, t->ntrials * sizeof *t->trial, &all, &len, err));
    if (t->r->me == 0) {
        free(t->trial);
        t->trial = (struct as_trial *)(void *)all;
        t->ntrials = len / sizeof *t->trial;
        all = NULL;
        qsort(t->trial, t->ntrials, sizeof *t->trial, by_id);
    }
done:
    free(all);
    return status;
}
