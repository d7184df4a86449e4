/* manifest.h - labelled pictures: which there are, and what is known of each.
 *
 * A CSV file with a header, fields with commas in quotes, no line breaks in them
 * (datasets/README.md), or what import.h turns into one.  Needed are
 *   path, label: paths are relative to the manifest's folder, or absolute
 * and may be missing or empty
 *   split, mask, group, generator, camera, note, made                            */
#ifndef AS_MANIFEST_H
#define AS_MANIFEST_H

#include "../err.h"
#include "../row.h"

#include <stdio.h>

enum as_label { AS_LABEL_AUTHENTIC, AS_LABEL_TAMPERED, AS_LABEL_GENERATED, AS_LABELS };
enum as_label_split { AS_SPLIT_NONE, AS_SPLIT_TRAIN, AS_SPLIT_CALIBRATE, AS_SPLIT_TEST, AS_SPLITS };

extern const char *const as_label_words[AS_LABELS];
extern const char *const as_split_words[AS_SPLITS]; /* of none: "" */

/* Texts are never NULL, and live as long as the manifest. */
struct as_labelled {
    const char *path, *mask, *group, *generator, *camera, *note;
    uint8_t label, split;  /* enum as_label, enum as_label_split                       */
    uint32_t group_number; /* equal for equal groups; a row without one is alone */
    uint32_t source;       /* place in as_manifest.source                        */
    uint64_t line;
    bool made; /* by make_labelled or its like: no ratio for real evidence comes of it */
};

struct as_manifest {
    struct as_labelled *row; /* [n] as in the file             */
    uint64_t n;
    uint32_t groups; /* group numbers are below        */
    char sha256[65]; /* of the file, hex               */
    char **source;   /* [nsources] folders that all pictures are in, none in another */
    char **folder;   /* [nsources] the same, relative to the manifest */
    uint32_t nsources;
    char *text, *dir; /* dir: of the manifest, "" or ending in a slash; masks begin there */
    struct as_labelled **by_path; /* [n] */
};

/* Reads a manifest.  Local.
 *   AS_SKIP      there is no such file
 *   AS_EIO       it cannot be read
 *   AS_EFORMAT   it is no manifest, or names a picture twice; the report says the line */
enum as_status as_manifest_read(struct as_manifest *m, const char *path,
                                struct as_err *err) AS_MUST_CHECK;

/* Tells before anything is examined what of a manifest cannot be.  Local.
 *   train        whether it has to have pictures of the split train
 *   AS_SKIP      a folder of its pictures is not there
 *   AS_EFORMAT   it has no picture of the split train */
enum as_status as_manifest_check(const struct as_manifest *m, const char *path, bool train,
                                 struct as_err *err) AS_MUST_CHECK;
void as_manifest_clear(struct as_manifest *m);

/* Makes a path one without ".", "..", double slashes; ".." stays where a relative path leaves its
 * folder.  Gives `path`. */
char *as_manifest_normal(char *path);

/* Writes a field of a CSV file, in quotes where it needs them. */
void as_manifest_field(FILE *f, const char *s);

/* The path of a row's mask, which has one; false: it does not fit. */
enum { AS_MANIFEST_PATH_MAX = 8192 };
bool as_manifest_mask(const struct as_manifest *m, const struct as_labelled *row, char *to,
                      size_t n);

/* The row of an item of a run over m->source, in that order; NULL: the manifest does not name it.
 */
const struct as_labelled *as_manifest_find(const struct as_manifest *m, const struct as_row *item);

#endif
