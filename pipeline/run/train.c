/* train.c - assay train: a model of a detector, from labelled pictures.
 *
 * Nothing is examined here: a run does it, in its jail and on all its ranks, and ends otherwise.
 * What is learned needs sums over the ranks alone, and these are exact (kernels/learn/scale.h).
 *
 *  1. adding up   2. fitting   3. the training                                          */
#include "train_parts.h"

#include "../log.h"
#include "enroll.h"
#include "start.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* ---- 1. adding up ---- */

enum { PIECE = 1 << 20 };

static enum as_status sum(void *state, uint64_t *v, size_t n)
{
    enum as_status status = AS_OK;

    for (size_t k = 0; k < n && status == AS_OK; k += PIECE)
        status = as_comm_sum(state, v + k, (int)(n - k < PIECE ? n - k : PIECE));
    return status;
}

static enum as_status max(void *state, uint64_t *v, size_t n)
{
    enum as_status status = AS_OK;

    for (size_t k = 0; k < n && status == AS_OK; k += PIECE)
        status = as_comm_max(state, v + k, (int)(n - k < PIECE ? n - k : PIECE));
    return status;
}

static enum as_status agree(void *state, enum as_status mine)
{
    return as_comm_agree(state, mine, NULL);
}

/* ---- 2. fitting ---- */

/* A model whose measures have this scale; its weights come from a fit. */
static enum as_status begin_model(struct as_train *t, struct as_err *err)
{
    const struct as_detector *det = as_detectors[t->det];
    const size_t bytes = det->dim * sizeof(double);
    enum as_status status = AS_OK;
    struct as_model *m = calloc(1, sizeof *m);

    t->model = m;
    if (m == NULL || (m->mean = malloc(bytes)) == NULL || (m->factor = malloc(bytes)) == NULL ||
        (m->weights = calloc(det->dim, sizeof *m->weights)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for a model");
    m->det = det;
    m->det_version = det->version;
    m->dim = det->dim;
    m->real = t->o->real;
    m->map_threshold = det->heat_step ? 0 : INFINITY;
    memcpy(m->mean, t->scale.mean, bytes);
    memcpy(m->factor, t->scale.factor, bytes);
done:
    return status;
}

/* Weights of the measures themselves, in place of standardised ones. */
static void set_weights(struct as_model *m, const struct as_direction *d)
{
    double bias = d->bias;

    for (uint32_t j = 0; j < m->dim; j++) {
        const double w = d->weight[j] * m->factor[j] / AS_SCALE_ONE;
        m->weights[j] = (float)w;
        bias -= (double)m->weights[j] * m->mean[j];
    }
    m->kind = AS_MODEL_LINEAR;
    m->bias = (float)bias;
}

static enum as_status fit_linear(struct as_train *t, const struct as_fit *f)
{
    struct as_direction d = {.weight = calloc(t->scale.dim + (size_t)1, sizeof *d.weight)};
    enum as_status status = as_comm_agree(t->r->comm, d.weight ? AS_OK : AS_ENOMEM, NULL);

    if (status == AS_OK)
        status = as_fit_linear(f, t->method, &d, &t->done->ridge);
    if (status == AS_OK)
        set_weights(t->model, &d);
    free(d.weight);
    return status;
}

static enum as_status fit_ensemble(struct as_train *t, const struct as_fit *f)
{
    struct as_model *m = t->model;
    enum as_status status;

    free(m->weights);
    m->weights = NULL;
    m->kind = AS_MODEL_FLD;
    m->bias = -.5F;
    status = as_fld_train(f, &m->fld, &t->done->error);
    t->done->learners = m->fld.learners;
    t->done->columns = m->fld.columns;
    return status;
}

enum as_status as_train_fit(struct as_train *t, struct as_err *err)
{
    const struct as_fit f = {.s = {.n = t->n,
                                   .dim = t->scale.dim,
                                   .z = t->z,
                                   .label = t->label,
                                   .row = as_train_row,
                                   .state = t},
                             .group = t->group,
                             .groups = t->m.groups,
                             .seed = t->o->seed,
                             .sums = &t->sums};
    enum as_status status = as_comm_agree(t->r->comm, begin_model(t, err), err);

    if (status != AS_OK)
        return status;
    status = t->method == AS_FIT_FLD ? fit_ensemble(t, &f) : fit_linear(t, &f);
    if (status == AS_SKIP)
        AS_FAIL(err, AS_SKIP, "too few groups of authentic and altered pictures to learn from");
    if (status == AS_EUSAGE)
        AS_FAIL(err, AS_EUSAGE, "%s has too many measures for --fit %s: take fld",
                as_detectors[t->det]->name, as_fit_words[t->method]);
    if (status != AS_OK && t->said.text[0])
        *err = t->said;
    else if (status != AS_OK)
        AS_FAIL(err, status, "no memory to learn, or the ranks lost each other");
done:
    return status;
}

void as_train_forget(struct as_train *t)
{
    as_model_free(t->model);
    as_scale_clear(&t->scale);
    if (t->mapped)
        munmap(t->z, t->mapped);
    else
        free(t->z);
    free(t->id);
    free(t->row);
    free(t->whole);
    free(t->label);
    free(t->group);
    free(t->trial);
    t->model = NULL;
    t->z = NULL;
    t->mapped = 0;
    t->id = NULL;
    t->row = NULL;
    t->whole = NULL;
    t->label = NULL;
    t->group = NULL;
    t->trial = NULL;
    t->n = t->cap = 0;
    t->ntrials = t->trials_cap = 0;
}

/* ---- 3. the training ---- */

/* Real evidence is not weighed by what was invented. */
static enum as_status check_real(const struct as_train *t, const char *manifest, struct as_err *err)
{
    enum as_status status = AS_OK;

    for (uint64_t i = 0; t->o->real && i < t->m.n; i++)
        if (t->m.row[i].made)
            AS_FAIL(err, AS_EFORMAT,
                    "%s, line %" PRIu64 ": \"%s\" is invented (column made); leave --real out, or "
                    "name pictures of real cameras and programs alone",
                    manifest, t->m.row[i].line, t->m.row[i].path);
done:
    return status;
}

/* Rank 0.  A picture of one group in two splits makes every figure too good. */
static void warn_of_leaks(const struct as_train *t)
{
    uint8_t *in = calloc((size_t)t->m.groups + 1, 1);
    uint64_t *n = &t->done->leaks;

    for (uint64_t i = 0; in && i < t->m.n; i++)
        if (t->m.row[i].split != AS_SPLIT_NONE)
            in[t->m.row[i].group_number] |= (uint8_t)(1 << t->m.row[i].split);
    for (uint32_t g = 0; in && g < t->m.groups; g++)
        *n += (in[g] & (in[g] - 1)) != 0;
    if (*n > 0)
        as_log(AS_LOG_WARN,
               "groups=%" PRIu64 " of the manifest are in several splits: the figures will be too "
               "good",
               *n);
    free(in);
}

static enum as_status learn(struct as_train *t, struct as_err *err)
{
    struct as_rank *r = t->r;
    enum as_status status = AS_OK;

    t->sums = (struct as_sums){r->comm, r->me == 0, sum, max, agree};
    AS_TRY(as_rank_last(r, "train", err));
    AS_TRY(as_catalogue_new(&t->c, r, err));
    AS_TRY(as_train_count(t, err));
    if (t->o->leave[0])
        AS_TRY(as_leave_run(t, err));
    AS_TRY(as_train_load(t, err));
    AS_TRY(as_train_fit(t, err));
    AS_TRY(as_train_try(t, err));
    if (r->me == 0) {
        warn_of_leaks(t);
        status = as_train_judge(t, err);
        if (status == AS_OK && t->o->leave[0])
            status = as_leave_judge(t, err);
    }
    AS_TRY(as_comm_agree(r->comm, status, err));
    if (r->me == 0)
        status = as_train_write(t, err);
    AS_TRY(as_comm_agree(r->comm, status, err));
done:
    return status;
}

static enum as_status find_detector(struct as_train *t, struct as_err *err)
{
    const char *name = t->o->detectors;
    enum as_status status = AS_OK;

    while (as_detectors[t->det] && strcmp(as_detectors[t->det]->name, name) != 0)
        t->det++;
    if (as_detectors[t->det] == NULL)
        AS_FAIL(err, AS_EUSAGE,
                "--detector names the one that the model is for, not \"%s\" (see `assay list "
                "detectors`)",
                name);
    if (as_detectors[t->det]->dim == 0 || as_detectors[t->det]->score)
        AS_FAIL(err, AS_EUSAGE, "%s has nothing that a model could weigh", name);
    while (t->method < AS_FIT_METHODS && strcmp(as_fit_words[t->method], t->o->fit) != 0)
        t->method++;
    if (t->method == AS_FIT_METHODS)
        AS_FAIL(err, AS_EUSAGE, "--fit is lda, ridge, logistic or fld, not \"%s\"", t->o->fit);
done:
    return status;
}

/* What the examination is asked, whatever the command line says of other things. */
static enum as_status set_up(struct as_options *own, const struct as_options *o, char **work,
                             char **detectors, struct as_err *err)
{
    enum as_status status = AS_OK;

    *own = *o;
    if (asprintf(work, "%s.case", o->output) < 0)
        *work = NULL;
    if (asprintf(detectors, "%s,jpeg_tables", o->detectors) < 0)
        *detectors = NULL;
    if (*work == NULL || *detectors == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to train");
    own->output = *work;
    own->detectors = *detectors; /* jpeg_tables: the quality is of the domain */
    own->recheck = "none";
done:
    return status;
}

static void clear(struct as_train *t)
{
    as_train_forget(t);
    as_leave_clear(&t->leave);
    as_catalogue_free(t->c);
}

void as_trained_clear(struct as_trained *done)
{
    free(done->left);
    done->left = NULL;
    done->nleft = 0;
}

enum as_status as_train(const struct as_options *o, const char *manifest, struct as_trained *done,
                        struct as_run_result *result, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_train t = {.o = o, .done = done};
    struct as_case kase = {0};
    struct as_options own;
    char *fingerprint = NULL, *work = NULL, *detectors = NULL;

    memset(done, 0, sizeof *done);
    memset(result, 0, sizeof *result);
    AS_TRY(as_enroll_output(o->output, err));
    AS_TRY(find_detector(&t, err));
    AS_TRY(set_up(&own, o, &work, &detectors, err));
    AS_TRY(as_manifest_read(&t.m, manifest, err));
    AS_TRY(as_manifest_check(&t.m, manifest, true, err));
    AS_TRY(check_real(&t, manifest, err));
    if (o->leave[0])
        AS_TRY(as_leave_init(&t, err));
    AS_TRY(as_rank_new(&t.r, &own, err));
    AS_TRY(as_run_check(&own, err));
    AS_TRY(as_start_zygote(t.r, err));
    AS_TRY(as_rank_join(t.r, result, err));
    AS_TRY(as_run_begin(t.r, t.m.nsources, t.m.source, &fingerprint, err));
    AS_TRY(as_rank_open(t.r, fingerprint, result, err));
    AS_TRY(as_run_examine(t.r, fingerprint, err));
    AS_TRY(learn(&t, err));
done:
    clear(&t);
    as_rank_end(t.r, result, status, err);
    if (status == AS_OK && result->me == 0 && as_case_init(&kase, work, NULL) == AS_OK)
        as_case_remove(&kase);
    as_case_clear(&kase);
    as_manifest_clear(&t.m);
    free(fingerprint);
    free(work);
    free(detectors);
    done->me = result->me;
    return status;
}
