/* import.c - labelled sets as others describe them, turned into the text of a manifest.
 *
 *  1. words   2. rows   3. text                                                    */
#include "import_parts.h"

#include "../log.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* ---- 1. words ---- */

struct word {
    const char *text;
    int means;
};

enum { FAKE = -2 /* altered, one way or the other */, ROWS_MAX = 1 << 23 };

static const struct word LABELS[] = {
    {"authentic", AS_LABEL_AUTHENTIC},
    {"real", AS_LABEL_AUTHENTIC},
    {"0_real", AS_LABEL_AUTHENTIC},
    {"original", AS_LABEL_AUTHENTIC},
    {"pristine", AS_LABEL_AUTHENTIC},
    {"nature", AS_LABEL_AUTHENTIC},
    {"au", AS_LABEL_AUTHENTIC},
    {"0", AS_LABEL_AUTHENTIC},
    {"tampered", AS_LABEL_TAMPERED},
    {"manipulated", AS_LABEL_TAMPERED},
    {"forged", AS_LABEL_TAMPERED},
    {"tp", AS_LABEL_TAMPERED},
    {"generated", AS_LABEL_GENERATED},
    {"synthetic", AS_LABEL_GENERATED},
    {"ai", AS_LABEL_GENERATED},
    {"fake", FAKE},
    {"1_fake", FAKE},
    {"1", FAKE},
};

static const struct word SPLITS[] = {
    {"train", AS_SPLIT_TRAIN},
    {"training", AS_SPLIT_TRAIN},
    {"val", AS_SPLIT_CALIBRATE},
    {"valid", AS_SPLIT_CALIBRATE},
    {"validation", AS_SPLIT_CALIBRATE},
    {"calibrate", AS_SPLIT_CALIBRATE},
    {"test", AS_SPLIT_TEST},
    {"testing", AS_SPLIT_TEST},
};

static int meaning(const struct word *words, size_t count, const char *word, size_t n)
{
    for (size_t i = 0; i < count; i++)
        if (strlen(words[i].text) == n && strncasecmp(words[i].text, word, n) == 0)
            return words[i].means;
    return -1;
}

int as_import_label(const char *word, size_t n, int fake)
{
    const int means = meaning(LABELS, sizeof LABELS / sizeof *LABELS, word, n);

    return means == FAKE ? fake : means;
}

int as_import_split(const char *word, size_t n)
{
    return meaning(SPLITS, sizeof SPLITS / sizeof *SPLITS, word, n);
}

/* ---- 2. rows ---- */

static void row_clear(struct as_import_row *row)
{
    free(row->path);
    free(row->mask);
    free(row->group);
    free(row->generator);
}

void as_import_clear(struct as_import *im)
{
    for (size_t i = 0; i < im->n; i++)
        row_clear(&im->row[i]);
    free(im->row);
    im->row = NULL;
    im->n = im->cap = 0;
}

static char *copy(const char *s)
{
    return strdup(s ? s : "");
}

static char *copy_path(const char *path)
{
    char *to = copy(path);

    return to ? as_manifest_normal(to) : NULL;
}

static bool one_line(const char *s)
{
    return s == NULL || strpbrk(s, "\r\n") == NULL;
}

enum as_status as_import_add(struct as_import *im, const struct as_import_row *row,
                             struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_import_row *to;

    if (!one_line(row->path) || !one_line(row->mask) || !one_line(row->group) ||
        !one_line(row->generator))
        AS_FAIL(err, AS_EFORMAT, "%s: a name has a line break", im->from);
    if (im->n == ROWS_MAX)
        AS_FAIL(err, AS_EFORMAT, "%s names more than %d pictures: divide it", im->from, ROWS_MAX);
    if (im->n == im->cap) {
        const size_t cap = im->cap ? 2 * im->cap : 256;
        if ((to = realloc(im->row, cap * sizeof *to)) == NULL)
            AS_FAIL(err, AS_ENOMEM, "no memory to import %s", im->from);
        im->row = to;
        im->cap = cap;
    }
    to = &im->row[im->n++];
    *to = (struct as_import_row){copy_path(row->path), copy_path(row->mask), copy(row->group),
                                 copy(row->generator), row->label,           row->split};
    if (!to->path || !to->mask || !to->group || !to->generator)
        AS_FAIL(err, AS_ENOMEM, "no memory to import %s", im->from);
done:
    return status;
}

/* By path; of one path the later split, by its number, first. */
static int by_path(const void *a, const void *b)
{
    const struct as_import_row *x = a, *y = b;
    const int order = strcmp(x->path, y->path);

    return order ? order : y->split - x->split;
}

/* Each picture once. */
static enum as_status drop_twice(struct as_import *im, struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t same = 0, leaks = 0;
    size_t kept = 0;

    if (im->n > 0)
        qsort(im->row, im->n, sizeof *im->row, by_path);
    for (size_t i = 0; i < im->n; i++) {
        struct as_import_row *row = &im->row[i], *last = kept ? &im->row[kept - 1] : NULL;
        if (last == NULL || strcmp(row->path, last->path) != 0) {
            const struct as_import_row moved = *row;
            *row = (struct as_import_row){0};
            im->row[kept++] = moved;
            continue;
        }
        if ((row->label == AS_LABEL_AUTHENTIC) != (last->label == AS_LABEL_AUTHENTIC))
            AS_FAIL(err, AS_EFORMAT, "%s says of %s that it is authentic and that it is not",
                    im->from, row->path);
        *(row->split == last->split ? &same : &leaks) += 1;
        row_clear(row);
        *row = (struct as_import_row){0};
    }
    im->n = kept;
    if (same)
        as_log(AS_LOG_WARN, "%" PRIu64 " lines of %s repeat a picture; each counts once", same,
               im->from);
    if (leaks)
        as_log(AS_LOG_WARN,
               "LEAK: %s has pictures in several splits (%" PRIu64 " times); each "
               "counts once, as test before calibrate before train",
               im->from, leaks);
done:
    return status;
}

/* ---- 3. text ---- */

static void field(FILE *f, const char *s, char end)
{
    as_manifest_field(f, s);
    fputc(end, f);
}

static enum as_status write_text(const struct as_import *im, char **text, struct as_err *err)
{
    enum as_status status = AS_OK;
    size_t n = 0;
    FILE *f = open_memstream(text, &n);
    bool bad;

    if (f == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to import %s", im->from);
    fputs("path,label,split,mask,group,generator\n", f);
    for (size_t i = 0; i < im->n; i++) {
        const struct as_import_row *row = &im->row[i];
        field(f, row->path, ',');
        field(f, as_label_words[row->label], ',');
        field(f, as_split_words[row->split], ',');
        field(f, row->mask, ',');
        field(f, row->group, ',');
        field(f, row->generator, '\n');
    }
    bad = ferror(f);
    if (fclose(f) != 0 || bad) {
        free(*text);
        *text = NULL;
        AS_FAIL(err, AS_ENOMEM, "no memory to import %s", im->from);
    }
done:
    return status;
}

/* Whether the first byte that is no space, nor of the mark of UTF-8, is a bracket of JSON. */
static bool is_json(const char *path)
{
    FILE *f = fopen(path, "rb");
    int c = 0;

    if (f == NULL)
        return false; /* the reader of manifests tells */
    do
        c = getc(f);
    while (c != EOF && (isspace(c) || c == 0xef || c == 0xbb || c == 0xbf));
    fclose(f);
    return c == '{' || c == '[';
}

enum as_status as_import(const char *path, char **text, struct as_err *err)
{
    struct as_import im = {.from = path};
    enum as_status status = AS_OK;
    struct stat st;

    *text = NULL;
    /* what comes out of a pipe comes once: it is taken for CSV */
    if (stat(path, &st) != 0 || !(S_ISDIR(st.st_mode) || (S_ISREG(st.st_mode) && is_json(path))))
        return AS_SKIP;
    AS_TRY(S_ISDIR(st.st_mode) ? as_import_folder(&im, err) : as_import_json(&im, err));
    AS_TRY(drop_twice(&im, err));
    if (im.unlabelled)
        as_log(AS_LOG_WARN,
               "%" PRIu64 " files of %s are left out: no folder of their path says what "
               "they are (real, fake, ...)",
               im.unlabelled, path);
    if (im.links)
        as_log(AS_LOG_WARN, "%" PRIu64 " symbolic links of %s are left out: none is followed",
               im.links, path);
    if (im.n == 0)
        AS_FAIL(err, AS_EFORMAT,
                "%s names no picture: folders called real and fake, or a manifest, "
                "are wanted (assay help bench)",
                path);
    AS_TRY(write_text(&im, text, err));
done:
    as_import_clear(&im);
    return status;
}
