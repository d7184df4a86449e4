/* texts.h - any bytes as each of the files that an operator is handed by others: fuzz_text.c and
 * t_texts.c. */
#ifndef TEXTS_H
#define TEXTS_H

#include "../pipeline/evidence/passwords.h"
#include "../pipeline/log.h"
#include "../pipeline/media/trust.h"
#include "../pipeline/model.h"
#include "../pipeline/model_trained.h"
#include "../pipeline/run/hashset.h"
#include "../pipeline/run/import_parts.h"
#include "../pipeline/run/manifest.h"
#include "../pipeline/run/sources.h"
#include "../pipeline/weighing.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum texts_kind {
    TEXTS_HASHES,    /* assay enroll known            */
    TEXTS_MANIFEST,  /* assay bench, assay train      */
    TEXTS_MODEL,     /* of the detector of that place */
    TEXTS_SCALE,     /* datasets/scale.json           */
    TEXTS_TRUST,     /* --c2pa-trust                  */
    TEXTS_PASSWORDS, /* --passwords                   */
    TEXTS_ACQUIRED,  /* --hashes                      */
    TEXTS_KINDS
};

static char texts_path[] = "/dev/shm/texts_XXXXXX";

static void texts_drop(void)
{
    unlink(texts_path);
}

/* A file with these bytes; every caller gets the same one.  SQLite wants a name that stays. */
static const char *texts_file(const uint8_t *bytes, size_t n)
{
    static int fd = -1;

    if (fd < 0) {
        as_log_init(AS_LOG_ERROR, -1);
        fd = mkstemp(texts_path);
        atexit(texts_drop);
    }
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, bytes, n, 0) != (ssize_t)n)
        abort();
    return texts_path;
}

/* Whatever is in a file, its reader takes it or says in a sentence that names it what is wrong. */
static void texts_said(enum as_status status, const struct as_err *err, const char *path)
{
    if (status == AS_OK || status == AS_ENOMEM)
        return;
    if (status != AS_EFORMAT || strstr(err->text, path) == NULL) {
        fprintf(stderr, "status %d: %s\n", (int)status, err->text);
        abort();
    }
}

static enum as_status texts_see(void *state, const struct as_hash_entry *entry, struct as_err *err)
{
    uint64_t *n = state;

    (void)err;
    if (!entry->has[AS_HASH_SHA256] && !entry->has[AS_HASH_SHA1] && !entry->has[AS_HASH_MD5])
        abort();
    if (entry->category < AS_HASHSET_NO_CATEGORY || entry->category > 254)
        abort();
    ++*n;
    return AS_OK;
}

static enum as_status texts_hashes(const char *path, struct as_err *err)
{
    uint64_t n = 0;
    const struct as_hashset_to to = {&n, texts_see};
    struct as_hashset_counts counts;
    enum as_status status = as_hashset_read(path, &to, &counts, err);

    if (status == AS_OK && (n == 0 || n != counts.entries))
        abort();
    return status;
}

/* Every row is found by the path that a run over its source gives it. */
static enum as_status texts_manifest(const char *path, struct as_err *err)
{
    static char item[AS_MANIFEST_PATH_MAX];
    struct as_manifest m;
    enum as_status status = as_manifest_read(&m, path, err);

    for (uint64_t i = 0; status == AS_OK && i < m.n; i++) {
        const struct as_labelled *r = &m.row[i];
        const char *folder = m.folder[r->source];
        const int len =
            snprintf(item, sizeof item, "any/%s", r->path + strlen(folder) + (*folder != '\0'));
        const struct as_row row = {.source = r->source, .path = {item, (uint32_t)len}};
        if (len < (int)sizeof item && as_manifest_find(&m, &row) != r)
            abort();
        if (r->group_number >= m.groups || r->label >= AS_LABELS || r->split >= AS_SPLITS)
            abort();
        (void)as_manifest_mask(&m, r, item, sizeof item);
    }
    as_manifest_clear(&m);
    return status;
}

/* Whatever the weights are, scores and ratios are numbers, and no ratio passes its trials. */
static void texts_judge(const struct as_model *m, const float *feat)
{
    const float score = as_model_score(m, feat);
    const struct as_looks looks = {.kind = 1, .w = 64, .h = 64, .quality = 90};
    float llr = 0;

    if (!isfinite(score) || isnan(as_model_distance(m, feat)))
        abort();
    (void)as_model_covers(m, feat, &looks);
    llr = (float)as_calibrate_llr(&m->calibration, (double)score);
    if (!(fabsf(llr) <= 9.1F))
        abort();
}

static enum as_status texts_model(uint8_t which, const char *path, struct as_err *err)
{
    static float feat[1 << 16];
    static const float VALUES[] = {0, 1, -1e30F, 3e38F};
    struct as_model *m = NULL;
    enum as_status status;
    char sha256[65];
    size_t n = 0;

    while (as_detectors[n])
        n++;
    status = as_model_read(path, as_detectors[which % n], &m, sha256, err);
    if (status != AS_OK)
        return status;
    for (size_t v = 0; v < sizeof VALUES / sizeof *VALUES; v++) {
        for (uint32_t j = 0; j < m->dim; j++)
            feat[j] = VALUES[v];
        texts_judge(m, feat);
    }
    json_t *o = as_model_json(m);
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    if (text == NULL)
        abort();
    free(text);
    json_decref(o);
    as_model_free(m);
    return AS_OK;
}

static enum as_status texts_scale(const char *path, struct as_err *err)
{
    struct as_weighing *w = NULL;
    enum as_status status = as_weighing_read(&w, path, err);
    char text[1024];

    for (unsigned seen = 0; status == AS_OK && seen < 1U << AS_WASHINGS_MAX; seen++) {
        const double weight = as_weighing_weight(w, (uint8_t)seen);
        as_weighing_tell(w, (uint8_t)seen, text, sizeof text);
        if (!(weight >= 0 && weight <= 1))
            abort();
    }
    as_weighing_free(w);
    return status;
}

static enum as_status texts_trust(const char *path, struct as_err *err)
{
    struct as_trust *trust = NULL;
    char sha256[65];
    enum as_status status = as_trust_load(path, &trust, sha256, err);

    as_trust_free(trust);
    return status;
}

static enum as_status texts_passwords(const char *path, struct as_err *err)
{
    char **list = NULL, sha256[65];
    enum as_status status = as_passwords_load(path, &list, sha256, err);

    for (size_t i = 0; list && list[i]; i++)
        if (list[i][0] == '\0')
            abort();
    as_passwords_free(list);
    return status;
}

static enum as_status texts_acquired(const char *path, struct as_err *err)
{
    static const char SHA[] = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    struct as_source_row rows[] = {{.path = "a.dd"}, {.path = "b/disk.E01"}};
    uint64_t bad = 0;

    for (int i = 0; i < 2; i++)
        memcpy(rows[i].sha256, SHA, sizeof SHA);
    return as_hashes_compare(path, rows, 2, &bad, err);
}

/* Reads n bytes as a file of this kind; which: of what detector it is a model. */
static enum as_status texts_read(enum texts_kind kind, uint8_t which, const uint8_t *bytes,
                                 size_t n, struct as_err *err)
{
    const char *path = texts_file(bytes, n);
    enum as_status status;

    as_err_clear(err);
    status = kind == TEXTS_HASHES      ? texts_hashes(path, err)
             : kind == TEXTS_MANIFEST  ? texts_manifest(path, err)
             : kind == TEXTS_MODEL     ? texts_model(which, path, err)
             : kind == TEXTS_SCALE     ? texts_scale(path, err)
             : kind == TEXTS_TRUST     ? texts_trust(path, err)
             : kind == TEXTS_PASSWORDS ? texts_passwords(path, err)
                                       : texts_acquired(path, err);
    texts_said(status, err, path);
    return status;
}

#endif
