/* benchmark_files.c - CASE/bench: CSV files for people and spreadsheets, scores.h5 for programs.
 *
 * Every file appears whole or not at all.  Nothing in them depends on time, place or ranks.
 *
 *  1. writing   2. items   3. tables   4. the folder                                    */
#include "benchmark_parts.h"

#include "../hex.h"
#include "../media/sniff.h"
#include "../store/columns.h"
#include "lots.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---- 1. writing ---- */

/* Empty where there is none. */
static void number(FILE *f, double v)
{
    if (!isnan(v))
        fprintf(f, "%.9g", v);
}

static void ranged(FILE *f, const struct as_ranged *r, bool defined)
{
    for (int k = 0; k < 3; k++) {
        fputc(',', f);
        if (defined)
            number(f, k == 0 ? r->value : k == 1 ? r->low : r->high);
    }
}

static void ranged_head(FILE *f, const char *name)
{
    fprintf(f, ",%s,%s_low,%s_high", name, name, name);
}

static void subset(FILE *f, const struct as_subset *of)
{
    fprintf(f, ",%s,", as_subset_split(of));
    as_manifest_field(f, of->generator == NULL ? "all" : of->generator[0] ? of->generator : "-");
}

struct file {
    const char *name;
    enum as_status (*write)(const struct as_benchmark *b, FILE *f);
};

/* ---- 2. items ---- */

static void head(const struct as_benchmark *b, const char *first, const char *columns, FILE *f)
{
    if (b->clean == NULL)
        fprintf(f, "%s%s", first ? "alteration," : "", columns);
}

static void begin(const char *first, FILE *f)
{
    if (first)
        fprintf(f, "%s,", first);
}

/* Only a ratio that runs tell, of a calibration on real pictures, is called llr. */
static const char *const LLR_COLUMNS[AS_LLRS] = {"llr", "llr", "set_llr"};

static void items_head(const struct as_benchmark *b, const char *first, FILE *f)
{
    head(b, first,
         "path,label,split,group,generator,camera,item_row,status,reason,width,height,format,"
         "bytes,quality,sha256",
         f);
    for (uint32_t k = 0; b->clean == NULL && k < b->nscorers; k++)
        fprintf(f, ",%s,%s:%s,%s:why_not", b->scorer[k].name, b->scorer[k].name,
                LLR_COLUMNS[b->scorer[k].llr_from], b->scorer[k].name);
    fputs(b->clean == NULL ? "\n" : "", f);
}

void as_bench_put_items(const struct as_benchmark *b, const char *first, FILE *f)
{
    items_head(b, first, f);
    for (uint32_t i = 0; i < b->n; i++) {
        const struct as_bench_item *item = &b->item[i];
        const struct as_labelled *is = item->is;
        const bool there = item->row != UINT64_MAX;
        const char *fields[] = {as_split_words[is->split], is->group, is->generator, is->camera};
        char hex[65] = "";
        begin(first, f);
        as_manifest_field(f, is->path);
        fprintf(f, ",%s", as_label_words[is->label]);
        for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
            fputc(',', f);
            as_manifest_field(f, fields[k]);
        }
        if (there)
            fprintf(f, ",%" PRIu64 ",%s,", item->row,
                    as_item_status_name((enum as_item_status)item->status));
        else
            fputs(",,missing,", f);
        as_manifest_field(f, as_reason_text(item->reason));
        fprintf(f, ",%" PRIu32 ",%" PRIu32 ",%s,%" PRIu64 ",", item->looks.w, item->looks.h,
                there ? as_kind_name(item->looks.kind) : "", item->looks.size);
        if (item->looks.quality > 0)
            number(f, (double)item->looks.quality);
        fprintf(f, ",%s", item->hashed ? as_hex(item->sha256, 32, hex) : "");
        for (uint32_t k = 0; k < b->nscorers; k++) {
            fputc(',', f);
            number(f, (double)b->scorer[k].score[i]);
            fputc(',', f);
            number(f, (double)b->scorer[k].llr[i]);
            fputc(',', f);
            as_manifest_field(f, as_scorer_why(b, &b->scorer[k], i));
        }
        fputc('\n', f);
    }
}

static enum as_status write_items(const struct as_benchmark *b, FILE *f)
{
    as_bench_put_items(b, NULL, f);
    return AS_OK;
}

/* ---- 3. tables ---- */

static void metrics_head(FILE *f)
{
    for (int k = 0; k < AS_METRICS; k++)
        ranged_head(f, as_metric_word((enum as_metric)k));
    fputs(",threshold,threshold_from,tp,fp,fn,tn", f);
    ranged_head(f, "bacc");
    fputs(",ratios_from,authentic_ratios,altered_ratios", f);
    ranged_head(f, "cllr");
    fputs(",misleading_for_altered,misleading_for_authentic", f);
    fputc('\n', f);
}

void as_bench_put_metrics(const struct as_benchmark *b, const char *first, FILE *f)
{
    head(b, first,
         "scorer,split,generator,authentic,altered,authentic_scored,altered_scored,groups", f);
    if (b->clean == NULL)
        metrics_head(f);
    for (uint32_t i = 0; i < b->nmeasured; i++) {
        const struct as_measured *m = &b->measured[i];
        begin(first, f);
        fputs(b->scorer[m->scorer].name, f);
        subset(f, &m->of);
        fprintf(f, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu32, m->n[0], m->n[1],
                m->scored[0], m->scored[1], m->groups);
        for (int k = 0; k < AS_METRICS; k++)
            ranged(f, &m->metric[k], m->defined);
        const bool decides = m->defined && !isnan(m->threshold);
        if (decides)
            fprintf(f, ",%.9g,%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, m->threshold,
                    m->from < 0 ? "same" : as_split_words[m->from], m->at.tp, m->at.fp, m->at.fn,
                    m->at.tn);
        else
            fputs(",,,,,,", f);
        ranged(f, &m->bacc, decides);
        const bool told = !isnan(m->cllr.value);
        fprintf(f, ",%s,%" PRIu64 ",%" PRIu64,
                told ? as_llr_words[b->scorer[m->scorer].llr_from] : "", m->ratios[0],
                m->ratios[1]);
        ranged(f, &m->cllr, told);
        fputc(',', f);
        number(f, told ? m->for_altered : NAN);
        fputc(',', f);
        number(f, told ? m->for_authentic : NAN);
        fputc('\n', f);
    }
}

static enum as_status write_metrics(const struct as_benchmark *b, FILE *f)
{
    as_bench_put_metrics(b, NULL, f);
    return AS_OK;
}

static enum as_status write_calibration(const struct as_benchmark *b, FILE *f)
{
    fputs("scorer,split,generator,ratios_from,kind,x,y,items\n", f);
    for (size_t i = 0; i < b->npoints; i++) {
        const struct as_point *p = &b->point[i];
        fputs(b->scorer[p->scorer].name, f);
        subset(f, &p->of);
        fprintf(f, ",%s,%s,%.9g,%.9g,%.9g\n", as_llr_words[b->scorer[p->scorer].llr_from], p->kind,
                p->x, p->y, p->weight);
    }
    return AS_OK;
}

static enum as_status write_compared(const struct as_benchmark *b, FILE *f)
{
    fputs("scorer_a,scorer_b,split,generator,authentic,altered", f);
    ranged_head(f, "auc_a");
    ranged_head(f, "auc_b");
    ranged_head(f, "difference");
    fputs(",p\n", f);
    for (uint32_t i = 0; i < b->ncompared; i++) {
        const struct as_compared *c = &b->compared[i];
        fprintf(f, "%s,%s", b->scorer[c->a].name, b->scorer[c->b].name);
        subset(f, &c->of);
        fprintf(f, ",%" PRIu64 ",%" PRIu64, c->n[0], c->n[1]);
        ranged(f, &c->auc_a, c->defined);
        ranged(f, &c->auc_b, c->defined);
        ranged(f, &c->difference, c->defined);
        fputc(',', f);
        if (c->defined)
            number(f, c->p);
        fputc('\n', f);
    }
    return AS_OK;
}

static void pixels_head(FILE *f)
{
    for (int k = 0; k < AS_PIXEL_METRICS; k++)
        ranged_head(f, as_pixel_words[k]);
    ranged_head(f, "false_alarms");
    fputs(",pooled_auc,pooled_f1,pooled_threshold\n", f);
}

void as_bench_put_pixels(const struct as_benchmark *b, const char *first, FILE *f)
{
    head(b, first, "detector,split,generator,masks,masks_with_map,authentic,authentic_with_map", f);
    if (b->clean == NULL)
        pixels_head(f);
    for (uint32_t i = 0; i < b->nmaps; i++) {
        const struct as_mapped *m = &b->maps[i];
        begin(first, f);
        fputs(as_detectors[m->det]->name, f);
        subset(f, &m->of);
        fprintf(f, ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, m->masks, m->mapped,
                m->authentic, m->authentic_mapped);
        for (int k = 0; k < AS_PIXEL_METRICS; k++)
            ranged(f, &m->mean[k], true);
        ranged(f, &m->false_alarms, true);
        fputc(',', f);
        number(f, m->pooled_auc);
        fputc(',', f);
        number(f, m->pooled_f1);
        fputc(',', f);
        number(f, m->pooled_best);
        fputc('\n', f);
    }
}

static enum as_status write_pixels(const struct as_benchmark *b, FILE *f)
{
    as_bench_put_pixels(b, NULL, f);
    return AS_OK;
}

static enum as_status write_audit(const struct as_benchmark *b, FILE *f)
{
    fputs("feature,split,generator,authentic,altered", f);
    ranged_head(f, "auc");
    fputs(",warning\n", f);
    for (uint32_t i = 0; i < b->naudit; i++) {
        const struct as_audit *a = &b->audit[i];
        fputs(a->feature, f);
        subset(f, &a->of);
        fprintf(f, ",%" PRIu64 ",%" PRIu64, a->n[0], a->n[1]);
        ranged(f, &a->auc, true);
        fprintf(f, ",%d\n", as_audit_is_loud(a));
    }
    return AS_OK;
}

static enum as_status write_leaks(const struct as_benchmark *b, FILE *f)
{
    fputs("kind,path_a,split_a,label_a,path_b,split_b,label_b,bits\n", f);
    for (uint64_t i = 0; i < b->nleaks; i++) {
        const struct as_leak *l = &b->leak[i];
        fputs(as_leak_words[l->kind], f);
        for (int k = 0; k < 2; k++) {
            const struct as_labelled *is = b->item[k ? l->b : l->a].is;
            fputc(',', f);
            as_manifest_field(f, is->path);
            fprintf(f, ",%s,%s", as_split_words[is->split], as_label_words[is->label]);
        }
        fputc(',', f);
        if (l->kind == AS_LEAK_NEAR)
            number(f, (double)l->value);
        fputc('\n', f);
    }
    return AS_OK;
}

/* ---- 4. the folder ---- */

static const char *const LLR_TITLES[AS_LLRS] = {
    "log10 likelihood ratio: none", "log10 likelihood ratio, by the model",
    "log10 likelihood ratio, fitted on split calibrate of this set; says nothing of a picture"};

static enum as_status write_scores(const struct as_benchmark *b, const char *path,
                                   struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_columns *to = NULL;
    uint64_t *row = calloc(b->n, sizeof *row);
    uint32_t *group = calloc(b->n, sizeof *group);
    uint8_t *byte = calloc(b->n, 2), *split = byte ? byte + b->n : NULL;
    char name[128];

    if (!row || !group || !byte)
        AS_FAIL(err, AS_ENOMEM, "no memory to write %s", path);
    for (uint32_t i = 0; i < b->n; i++) {
        row[i] = b->item[i].row;
        group[i] = b->item[i].is->group_number;
        byte[i] = b->item[i].is->label;
        split[i] = b->item[i].is->split;
    }
    AS_TRY(as_columns_create(&to, path, b->n, err));
    AS_TRY(as_columns_text(to, "case_content_digest", b->digest, err));
    AS_TRY(as_columns_text(to, "manifest_sha256", b->manifest.sha256, err));
    AS_TRY(as_columns_put(to, "/item_row", AS_COLUMN_U64, row,
                          "row of /items of the case; 2^64 - 1: not there", err));
    AS_TRY(as_columns_put(to, "/label", AS_COLUMN_U8, byte, "0 authentic, 1 tampered, 2 generated",
                          err));
    AS_TRY(as_columns_put(to, "/split", AS_COLUMN_U8, split, "0 none, 1 train, 2 calibrate, 3 test",
                          err));
    AS_TRY(
        as_columns_put(to, "/group", AS_COLUMN_U32, group, "equal for items drawn together", err));
    for (uint32_t k = 0; k < b->nscorers; k++) {
        snprintf(name, sizeof name, "/scores/%s", b->scorer[k].name);
        AS_TRY(as_columns_put(to, name, AS_COLUMN_F32, b->scorer[k].score,
                              "higher = more support for manipulation; NaN: none", err));
        snprintf(name, sizeof name, "/%s/%s", LLR_COLUMNS[b->scorer[k].llr_from],
                 b->scorer[k].name);
        AS_TRY(as_columns_put(to, name, AS_COLUMN_F32, b->scorer[k].llr,
                              LLR_TITLES[b->scorer[k].llr_from], err));
        snprintf(name, sizeof name, "/status/%s", b->scorer[k].name);
        AS_TRY(as_columns_put(to, name, AS_COLUMN_U8, b->scorer[k].status,
                              "0 not run, 1 applies, 2 not applicable, 3 abstains, 4 error", err));
    }
    status = as_columns_commit(to, err);
    to = NULL;
done:
    as_columns_drop(to);
    free(row);
    free(group);
    free(byte);
    return status;
}

static enum as_status write_file(const struct as_benchmark *b, const struct file *file,
                                 const char *dir, struct as_err *err)
{
    enum as_status status = AS_OK;
    char *path = NULL, *beside = NULL;
    FILE *f;

    if (asprintf(&path, "%s/%s", dir, file->name) < 0) {
        path = NULL;
        AS_FAIL(err, AS_ENOMEM, "no memory to write %s", file->name);
    }
    if ((f = as_beside_open(path, &beside)) == NULL)
        AS_FAIL(err, AS_EIO, "cannot write %s: %s", path, strerror(errno));
    const bool written = file->write(b, f) == AS_OK;
    status = as_beside_close(f, written && !ferror(f), beside, path, err);
done:
    free(beside);
    free(path);
    return status;
}

enum as_status as_bench_write(const struct as_benchmark *b, struct as_err *err)
{
    static const struct file FILES[] = {
        {"items.csv", write_items},
        {"metrics.csv", write_metrics},
        {"compared.csv", write_compared},
        {"pixels.csv", write_pixels},
        {"audit.csv", write_audit},
        {"leaks.csv", write_leaks},
        {"calibration.csv", write_calibration},
        {"confusion.csv", as_bench_write_confusion},
    };
    enum as_status status = AS_OK;
    char *dir = NULL, *scores = NULL;

    if (asprintf(&dir, "%s/bench", b->o->output) < 0) {
        dir = NULL;
        AS_FAIL(err, AS_ENOMEM, "no memory for a path");
    }
    if (asprintf(&scores, "%s/scores.h5", dir) < 0) {
        scores = NULL;
        AS_FAIL(err, AS_ENOMEM, "no memory for a path");
    }
    if (mkdir(dir, 0777) != 0 && errno != EEXIST)
        AS_FAIL(err, AS_EIO, "cannot make %s: %s", dir, strerror(errno));
    for (size_t i = 0; i < sizeof FILES / sizeof *FILES; i++)
        AS_TRY(write_file(b, &FILES[i], dir, err));
    AS_TRY(write_scores(b, scores, err));
done:
    free(dir);
    free(scores);
    return status;
}
