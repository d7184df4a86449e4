/* import_parts.h - what the importers share: rows, and words for labels and splits. */
#ifndef AS_IMPORT_PARTS_H
#define AS_IMPORT_PARTS_H

#include "import.h"
#include "manifest.h"

/* Texts are malloc'd, "" where there is none. */
struct as_import_row {
    char *path, *mask, *group, *generator;
    int label, split; /* enum as_label, enum as_label_split */
};

struct as_import {
    const char *from; /* what is imported, for reports */
    struct as_import_row *row;
    size_t n, cap;
    uint64_t unlabelled; /* pictures of which nothing says what they are */
    uint64_t links;      /* which are not followed */
    bool within;         /* a set that a list of sets names */
};

void as_import_clear(struct as_import *im); /* its rows */

/* Adds a row; texts are copied, NULL: "".  AS_EFORMAT: a path has a line break. */
enum as_status as_import_add(struct as_import *im, const struct as_import_row *row,
                             struct as_err *err) AS_MUST_CHECK;

/* The label or split that `n` bytes mean, in any case of letters; -1: none.  fake: what altered
 * means where the word does not say (AS_LABEL_TAMPERED or AS_LABEL_GENERATED). */
int as_import_label(const char *word, size_t n, int fake);
int as_import_split(const char *word, size_t n);

/* Masks, to be found by the names of their pictures. */
struct as_import_mask {
    const char *path; /* borrowed */
    size_t stem;      /* of the last part of it: so many bytes count */
};

/* The last part of a path. */
const char *as_import_name(const char *path);

void as_import_sort_masks(struct as_import_mask *mask, size_t n);

/* Of n sorted masks whose stem is the first `stem` bytes of the picture's name and then `ending`:
 * the one whose path begins most like the picture's; NULL: there is none. */
const char *as_import_find_mask(const struct as_import_mask *mask, size_t n, const char *picture,
                                size_t stem, const char *ending);

enum as_status as_import_json(struct as_import *im, struct as_err *err) AS_MUST_CHECK;
enum as_status as_import_folder(struct as_import *im, struct as_err *err) AS_MUST_CHECK;

#endif
