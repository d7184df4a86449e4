/* weighing.h - the table by which evidence is weighed and put into words: datasets/scale.json. */
#ifndef AS_WEIGHING_H
#define AS_WEIGHING_H

#include "../kernels/detectors/detector.h"
#include "err.h"
#include "row.h"

#include <jansson.h>

enum { AS_FAMILIES = AS_FAMILY_CONTENT + 1, AS_STEPS_MAX = 16, AS_WASHINGS_MAX = 8 };
enum { AS_SIGNS_MAX = 4 };

extern const char *const as_family_words[AS_FAMILIES];

/* A verbal scale, strongest step first, the last from 0. */
struct as_scale_words {
    uint32_t n; /* 0: there is none */
    struct {
        double log10_lr; /* at least */
        char says[48];
    } step[AS_STEPS_MAX];
};

/* What weakens the traces of a picture, and how it is seen. */
struct as_washing {
    char says[48];
    double weight;     /* 0..1, of a log likelihood ratio */
    uint32_t families; /* bits, 1 << enum as_family: what it lowers */
    uint32_t nsigns;   /* one is enough */
    struct {
        uint16_t det; /* index into as_detectors[] */
        uint32_t measure;
        float bound;
        bool below; /* else above */
    } sign[AS_SIGNS_MAX];
};

struct as_weighing {
    struct as_scale_words words;
    struct as_washing washing[AS_WASHINGS_MAX];
    uint32_t nwashings;
    char sha256[65]; /* of the file, hex */
    json_t *root;    /* the whole table, for the provenance */
};

/* Reads a table.  Statuses as as_json_file_read; AS_EFORMAT: it is broken. */
enum as_status as_weighing_read(struct as_weighing **w, const char *path,
                                struct as_err *err) AS_MUST_CHECK;

/*
 * Reads scale.json of the folder $ASSAY_SCALE (if that is set, of no other), else where
 * `cmake --install` puts it, else of the source tree.  Statuses as as_weighing_read; AS_SKIP: there
 * is none.
 */
enum as_status as_weighing_load(struct as_weighing **w, struct as_err *err) AS_MUST_CHECK;
void as_weighing_free(struct as_weighing *w);

/* Reads the words of a table, from a file or a provenance; false, and n == 0: there are none. */
bool as_scale_words_read(const json_t *root, struct as_scale_words *words);

/* The washings (bits) that lower what detector `det` says of an item, as the detectors `with` that
 * ran on it show; 0 for NULL.  Its own signs do not count: no detector lowers itself. */
uint8_t as_weighing_seen(const struct as_weighing *w, const struct as_row *row, const bool *with,
                         uint16_t det);

/* The washings (bits) that would lower what detector `det` says, and that none of the detectors
 * `with` could have shown. */
uint8_t as_weighing_unseen(const struct as_weighing *w, const bool *with, uint16_t det);

/* What a log likelihood ratio is multiplied by, of these washings: the product of their weights. */
double as_weighing_weight(const struct as_weighing *w, uint8_t washed);

/* "resized or turned, compressed twice"; "" for none. */
void as_weighing_tell(const struct as_weighing *w, uint8_t washed, char *to, size_t n);

#endif
