/* train_write.c - the model file: the model, what it was made of, what it was found to do.
 *
 * Nothing in it tells of ranks, hosts or times: the same pictures give the same bytes. */
#include "train_parts.h"

#include "../hex.h"
#include "../model_trained.h"
#include "lots.h"

#include <errno.h>
#include <inttypes.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the items were: SHA-256 of their hashes, labels and splits, in the order of their hashes. */
enum { ENTRY = 34 };

static int by_bytes(const void *a, const void *b)
{
    return memcmp(a, b, ENTRY);
}

static bool data_digest(const struct as_train *t, char hex[65])
{
    uint8_t *all = calloc(t->ntrials + 1, ENTRY);
    unsigned char digest[SHA256_DIGEST_LENGTH];

    if (all == NULL)
        return false;
    for (uint64_t i = 0; i < t->ntrials; i++) {
        memcpy(all + i * ENTRY, t->trial[i].sha256, 32);
        all[i * ENTRY + 32] = t->trial[i].label;
        all[i * ENTRY + 33] = t->trial[i].split;
    }
    qsort(all, t->ntrials, ENTRY, by_bytes);
    SHA256(all, t->ntrials * ENTRY, digest);
    as_hex(digest, sizeof digest, hex);
    free(all);
    return true;
}

static json_t *figure(const struct as_figure *f)
{
    return json_pack("[f, f, f]", f->value, f->low, f->high);
}

static json_t *test_json(const struct as_trained *d)
{
    const struct as_tested *t = &d->test;
    json_t *o;

    if (!d->tested)
        return NULL;
    o = json_pack("{s:[I, I], s:[I, I], s:i, s:[f, f]}", "items", (json_int_t)t->items[0],
                  (json_int_t)t->items[1], "fired", (json_int_t)t->fired[0],
                  (json_int_t)t->fired[1], "groups", (int)t->groups, "false_alarms_95", t->fpr_low,
                  t->fpr_high);
    for (int k = 0; k < AS_METRICS; k++)
        json_object_set_new(o, as_metric_word((enum as_metric)k), figure(&t->metric[k]));
    if (d->cap > 0)
        json_object_set_new(o, "cllr", figure(&t->cllr));
    json_object_set_new(o, "files_alone", figure(&t->trivial));
    return o;
}

static json_t *items_json(const struct as_train_counts *c)
{
    json_t *o = json_object();

    for (int s = AS_SPLIT_TRAIN; s < AS_SPLITS; s++)
        json_object_set_new(
            o, as_split_words[s],
            json_pack("[I, I]", (json_int_t)c->used[s][0], (json_int_t)c->used[s][1]));
    return o;
}

/* What came of --leave: "out" names the column, "of" has the rows. */
static json_t *left_json(const struct as_train *t)
{
    const struct as_trained *d = t->done;
    json_t *rows;

    if (d->nleft == 0)
        return NULL;
    rows = json_array();
    for (uint32_t i = 0; i < d->nleft; i++) {
        const struct as_left *l = &d->left[i];
        json_t *value = json_string(l->value); /* NULL: no UTF-8 */
        json_array_append_new(rows,
                              json_pack("{s:o, s:[I, I], s:i, s:o*, s:o*}", "value",
                                        value ? value : json_string("?"), "items",
                                        (json_int_t)l->items[0], (json_int_t)l->items[1], "groups",
                                        (int)l->groups, "auc", l->tried ? figure(&l->auc) : NULL,
                                        "files_alone", l->tried ? figure(&l->trivial) : NULL));
    }
    return json_pack("{s:s, s:o}", "out", t->o->leave, "of", rows);
}

static json_t *training_json(const struct as_train *t, const char *data)
{
    const struct as_trained *d = t->done;
    const bool ensemble = t->method == AS_FIT_FLD;

    return json_pack(
        "{s:s, s:I, s:o*, s:o*, s:s, s:s, s:o, s:o*, s:o*}", "fit", as_fit_words[t->method], "seed",
        (json_int_t)t->o->seed, "ridge", ensemble ? NULL : json_real(d->ridge), "out_of_bag_error",
        ensemble ? json_real(d->error) : NULL, "data_sha256", data, "manifest_sha256", t->m.sha256,
        "items", items_json(&d->counts), "test", test_json(d), "left", left_json(t));
}

static json_t *note(const struct as_train *t)
{
    const struct as_tested *test = &t->done->test;
    char leaks[128] = "", files[192] = "";
    const char *made_of =
        !t->o->real ? "The pictures are not said to be real: scores rank, and there are no "
                      "likelihood ratios. Measured on pictures like these, which shows nothing "
                      "about others."
        : as_model_calibrated(t->model)
            ? "Trained and calibrated on pictures said to be real, with known truth. A likelihood "
              "ratio is told of items in the domain alone; it compares altered with authentic "
              "pictures like those of the calibration, and of no others."
            : "Trained on pictures said to be real, with known truth, and not calibrated: scores "
              "rank, and there are no likelihood ratios.";

    if (t->done->leaks > 0)
        snprintf(leaks, sizeof leaks,
                 " %" PRIu64 " groups are in several splits: what was measured is too good, and "
                 "ratios are too large.",
                 t->done->leaks);
    if (test->trivial_tells)
        snprintf(files, sizeof files,
                 " Of its test pictures the files alone, by format, size, length and quality, tell "
                 "altered ones with an AUC of %.3f: the model may have learnt no more.",
                 test->trivial.value);
    return json_sprintf("%s%s%s", made_of, leaks, files);
}

static enum as_status put(const char *path, const char *text, struct as_err *err)
{
    enum as_status status = AS_OK;
    char *beside = NULL;
    FILE *f = as_beside_open(path, &beside);

    if (f == NULL)
        AS_FAIL(err, AS_EIO, "cannot write %s: %s", path, strerror(errno));
    status = as_beside_close(f, fputs(text, f) >= 0, beside, path, err);
    if (status != AS_OK)
        unlink(beside);
done:
    free(beside);
    return status;
}

enum as_status as_train_write(struct as_train *t, struct as_err *err)
{
    const size_t layout = t->method == AS_FIT_FLD ? JSON_COMPACT : JSON_INDENT(1);
    unsigned char digest[SHA256_DIGEST_LENGTH];
    enum as_status status = AS_OK;
    char data[65], *text = NULL;
    json_t *o = NULL;

    if (!data_digest(t, data) || (o = as_model_json(t->model)) == NULL ||
        json_object_set_new(o, "training", training_json(t, data)) != 0 ||
        json_object_set_new(o, "note", note(t)) != 0 ||
        (text = json_dumps(o, layout | JSON_REAL_PRECISION(17))) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory for the model file");
    AS_TRY(put(t->o->output, text, err));
    SHA256((const unsigned char *)text, strlen(text), digest);
    as_hex(digest, sizeof digest, t->done->sha256);
done:
    json_decref(o);
    free(text);
    return status;
}
