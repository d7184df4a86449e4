/* import_json.c - lists of IMDL-BenCo and ForensicHub, and the tree of DeepfakeBench.
 *
 *  1. lists   2. lists of sets   3. the tree                                           */
#include "../json_file.h"
#include "import_parts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 6 };

/* ---- 1. lists ---- */

/* [picture, mask] or [picture, "Negative"]; further fields are of no matter here. */
static enum as_status take_pair(struct as_import *im, const json_t *pair, size_t i,
                                struct as_err *err)
{
    const char *path = json_string_value(json_array_get(pair, 0));
    const char *mask = json_string_value(json_array_get(pair, 1));
    enum as_status status = AS_OK;

    if (path == NULL || mask == NULL)
        AS_FAIL(err, AS_EFORMAT, "%s: entry %zu is no pair of a picture and a mask", im->from, i);
    const bool negative = strcasecmp(mask, "negative") == 0;
    const struct as_import_row row = {.path = (char *)path,
                                      .mask = negative ? NULL : (char *)mask,
                                      .label = negative ? AS_LABEL_AUTHENTIC : AS_LABEL_TAMPERED};
    AS_TRY(as_import_add(im, &row, err));
done:
    return status;
}

/* The first of these keys that the object has as a text. */
static const char *text_of(const json_t *object, const char *a, const char *b)
{
    const char *text = json_string_value(json_object_get(object, a));

    return text || b == NULL ? text : json_string_value(json_object_get(object, b));
}

static int label_of(const json_t *value, int fake)
{
    const char *word = json_string_value(value);

    if (json_is_integer(value))
        return json_integer_value(value) == 0   ? AS_LABEL_AUTHENTIC
               : json_integer_value(value) == 1 ? fake
                                                : -1;
    if (json_is_real(value))
        return json_real_value(value) == 0   ? AS_LABEL_AUTHENTIC
               : json_real_value(value) == 1 ? fake
                                             : -1;
    return word ? as_import_label(word, strlen(word), fake) : -1;
}

static enum as_status take_object(struct as_import *im, const json_t *object, size_t i,
                                  struct as_err *err)
{
    const char *path = text_of(object, "path", "image"), *mask = text_of(object, "mask", NULL);
    const char *split = text_of(object, "split", NULL);
    const bool masked = mask && mask[0] && strcasecmp(mask, "negative") != 0;
    const int label =
        label_of(json_object_get(object, "label"), masked ? AS_LABEL_TAMPERED : AS_LABEL_GENERATED);
    const int part = split ? as_import_split(split, strlen(split)) : AS_SPLIT_NONE;
    enum as_status status = AS_OK;

    if (path == NULL || label < 0 || part < 0)
        AS_FAIL(err, AS_EFORMAT,
                "%s: entry %zu has no path, or no label or split that is understood", im->from, i);
    const struct as_import_row row = {.path = (char *)path,
                                      .mask = masked ? (char *)mask : NULL,
                                      .group = (char *)text_of(object, "group", NULL),
                                      .generator = (char *)text_of(object, "generator", NULL),
                                      .label = label,
                                      .split = part};
    AS_TRY(as_import_add(im, &row, err));
done:
    return status;
}

/* ---- 2. lists of sets ---- */

static bool is_set(const json_t *entry, const char *kind)
{
    const char *word = json_string_value(json_array_get(entry, 0));

    return word && strcmp(word, kind) == 0;
}

/* Where `path` is, as seen from the folder of the file `from`; "" stays. */
static char *beside(const char *from, const char *path)
{
    const char *slash = *path == '/' || !*path ? NULL : strrchr(from, '/');
    char *to = NULL;

    return asprintf(&to, "%.*s%s", slash ? (int)(slash + 1 - from) : 0, from, path) < 0 ? NULL : to;
}

/* Adds the rows of a set that lies at `path`, as seen from the list. */
static enum as_status take_rows(struct as_import *im, const struct as_import *part,
                                const char *path, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_import_row row = {0};

    for (size_t i = 0; i < part->n; i++) {
        row = part->row[i];
        row.path = beside(path, part->row[i].path);
        row.mask = beside(path, part->row[i].mask);
        if (row.path == NULL || row.mask == NULL)
            AS_FAIL(err, AS_ENOMEM, "no memory to import %s", part->from);
        AS_TRY(as_import_add(im, &row, err));
        free(row.path);
        free(row.mask);
        row.path = row.mask = NULL;
    }
    im->unlabelled += part->unlabelled;
    im->links += part->links;
done:
    free(row.path);
    free(row.mask);
    return status;
}

static enum as_status take_list(struct as_import *im, const json_t *list, struct as_err *err);

/* ["ManiDataset", folder] or ["JsonDataset", list of pairs]: IMDL-BenCo's balanced sets. A list in
 * a list names no further ones. */
static enum as_status take_set(struct as_import *im, const json_t *entry, size_t i,
                               struct as_err *err)
{
    const char *named = json_string_value(json_array_get(entry, 1));
    struct as_import part = {.within = true};
    enum as_status status = AS_OK;
    char *path = NULL, *from = NULL, sha256[65];
    json_t *pairs = NULL;
    struct stat st;

    if (named == NULL || im->within)
        AS_FAIL(err, AS_EFORMAT, "%s: entry %zu names no set, or is in a set itself", im->from, i);
    if ((path = strdup(named)) == NULL ||
        (from = beside(im->from, as_manifest_normal(path))) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to import %s", im->from);
    part.from = from;
    if (is_set(entry, "ManiDataset"))
        AS_TRY(as_import_folder(&part, err));
    else {
        if (stat(from, &st) == 0 && !S_ISREG(st.st_mode)) /* a pipe might never end */
            AS_FAIL(err, AS_EFORMAT, "%s: %s is no file", im->from, from);
        AS_TRY(as_json_file_read(from, "labelled set", &pairs, sha256, err));
        AS_TRY(take_list(&part, pairs, err));
    }
    if (part.n == 0)
        AS_FAIL(err, AS_EFORMAT, "%s: %s names no picture", im->from, from);
    AS_TRY(take_rows(im, &part, path, err));
done:
    as_import_clear(&part);
    json_decref(pairs);
    free(from);
    free(path);
    return status;
}

static enum as_status take_list(struct as_import *im, const json_t *list, struct as_err *err)
{
    enum as_status status = AS_OK;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        if (is_set(entry, "ManiDataset") || is_set(entry, "JsonDataset"))
            AS_TRY(take_set(im, entry, i, err));
        else if (json_is_array(entry))
            AS_TRY(take_pair(im, entry, i, err));
        else if (json_is_object(entry))
            AS_TRY(take_object(im, entry, i, err));
        else
            AS_FAIL(err, AS_EFORMAT, "%s: entry %zu is neither a list nor an object", im->from, i);
    }
done:
    return status;
}

/* ---- 3. the tree ---- */

/* Where a walk stands: keys on the way down, their objects, and the next member of each. */
struct way {
    json_t *object[DEPTH_MAX + 1];
    void *next[DEPTH_MAX + 1];
    const char *key[DEPTH_MAX + 1]; /* key[d] led to object[d] */
    int depth;
};

/* "FF-real", "CelebDFv2_fake", "DFDCP_FakeA", or a word. */
static int label_of_class(const char *word)
{
    const int label = as_import_label(word, strlen(word), AS_LABEL_TAMPERED);

    return label >= 0 ? label : strcasestr(word, "real") ? AS_LABEL_AUTHENTIC : AS_LABEL_TAMPERED;
}

static size_t stem_of(const char *path)
{
    const char *name = as_import_name(path), *dot = strrchr(name, '.');

    return dot ? (size_t)(dot - name) : strlen(name);
}

/* The masks of a video, sorted; *n: how many.  NULL: no memory. */
static struct as_import_mask *sort_masks(const json_t *masks, size_t *n)
{
    struct as_import_mask *sorted = calloc(json_array_size(masks) + 1, sizeof *sorted);

    *n = 0;
    for (size_t i = 0; sorted && i < json_array_size(masks); i++) {
        const char *path = json_string_value(json_array_get(masks, i));
        if (path)
            sorted[(*n)++] = (struct as_import_mask){path, stem_of(path)};
    }
    if (sorted)
        as_import_sort_masks(sorted, *n);
    return sorted;
}

/* The frames of a video. */
static enum as_status take_video(struct as_import *im, const struct way *w, const json_t *video,
                                 struct as_err *err)
{
    const char *label = json_string_value(json_object_get(video, "label"));
    const json_t *frames = json_object_get(video, "frames");
    enum as_status status = AS_OK;
    struct as_import_row row = {.group = (char *)w->key[w->depth]};
    size_t nmasks;
    struct as_import_mask *masks = sort_masks(json_object_get(video, "masks"), &nmasks);

    if (masks == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to import %s", im->from);
    if (label == NULL)
        AS_FAIL(err, AS_EFORMAT, "%s: %s has frames but no label", im->from, w->key[w->depth]);
    row.label = label_of_class(label);
    for (int d = 1; d <= w->depth; d++) {
        const int split = as_import_split(w->key[d], strlen(w->key[d]));
        if (split >= 0)
            row.split = split;
    }
    row.generator = row.label == AS_LABEL_AUTHENTIC || w->depth < 2 ? NULL : (char *)w->key[2];
    for (size_t i = 0; i < json_array_size(frames); i++) {
        row.path = (char *)json_string_value(json_array_get(frames, i));
        if (row.path == NULL)
            AS_FAIL(err, AS_EFORMAT, "%s: frame %zu of %s is no path", im->from, i,
                    w->key[w->depth]);
        row.mask = (char *)as_import_find_mask(masks, nmasks, row.path, stem_of(row.path), "");
        AS_TRY(as_import_add(im, &row, err));
    }
done:
    free(masks);
    return status;
}

/* Objects with frames, at any depth to DEPTH_MAX. */
static enum as_status take_tree(struct as_import *im, json_t *root, struct as_err *err)
{
    struct way w = {.object = {root}, .next = {json_object_iter(root)}, .key = {""}};
    enum as_status status = AS_OK;

    while (w.depth >= 0) {
        void *at = w.next[w.depth];
        if (at == NULL) {
            w.depth--;
            continue;
        }
        json_t *value = json_object_iter_value(at);
        w.next[w.depth] = json_object_iter_next(w.object[w.depth], at);
        if (!json_is_object(value))
            continue;
        if (w.depth == DEPTH_MAX)
            AS_FAIL(err, AS_EFORMAT, "%s: objects are nested too deep for DeepfakeBench", im->from);
        w.key[++w.depth] = json_object_iter_key(at);
        w.object[w.depth] = value;
        w.next[w.depth] = NULL;
        if (json_is_array(json_object_get(value, "frames")))
            AS_TRY(take_video(im, &w, value, err));
        else
            w.next[w.depth] = json_object_iter(value);
    }
done:
    return status;
}

enum as_status as_import_json(struct as_import *im, struct as_err *err)
{
    enum as_status status = AS_OK;
    json_t *root = NULL;
    char sha256[65];

    AS_TRY(as_json_file_read(im->from, "labelled set", &root, sha256, err));
    AS_TRY(json_is_array(root) ? take_list(im, root, err) : take_tree(im, root, err));
done:
    json_decref(root);
    return status;
}
