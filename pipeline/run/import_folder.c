/* import_folder.c - folders called real and fake, and what lies in them. */
#include "import_parts.h"

#include "../evidence/folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What the folders of a path say of a file. */
struct told {
    int label, split; /* -1: nothing */
    bool mask;        /* it lies among masks */
    char generator[512];
};

static bool is_masks(const char *word, size_t n)
{
    static const char *const WORDS[] = {"gt", "mask", "masks", "groundtruth"};

    for (size_t i = 0; i < sizeof WORDS / sizeof *WORDS; i++)
        if (strlen(WORDS[i]) == n && strncasecmp(WORDS[i], word, n) == 0)
            return true;
    return false;
}

static void listen(const char *path, struct told *t)
{
    size_t n, used = 0;

    *t = (struct told){.label = -1, .split = -1};
    for (const char *p = path; strchr(p, '/'); p += n + 1) {
        int label, split;
        n = strcspn(p, "/");
        label = as_import_label(p, n, AS_LABEL_GENERATED);
        split = as_import_split(p, n);
        if (is_masks(p, n))
            t->mask = true;
        else if (label >= 0)
            t->label = label;
        else if (split >= 0)
            t->split = split;
        else if (used < sizeof t->generator - 1)
            used += (size_t)snprintf(t->generator + used, sizeof t->generator - used, "%s%.*s",
                                     used ? "/" : "", (int)n, p);
    }
}

/* The masks of a set, and its tampered pictures, each list in the order of the walk. */
struct masks {
    char **path;
    size_t n, cap;
};

static enum as_status keep_mask(struct masks *m, const char *path)
{
    if (m->n == m->cap) {
        const size_t cap = m->cap ? 2 * m->cap : 64;
        char **more = realloc(m->path, cap * sizeof *more);
        if (more == NULL)
            return AS_ENOMEM;
        m->path = more;
        m->cap = cap;
    }
    return (m->path[m->n++] = strdup(path)) ? AS_OK : AS_ENOMEM;
}

/* A mask is called as its picture, perhaps with _gt or _mask, whatever its format. */
static const char *find_mask(const struct as_import_mask *sorted, size_t n, const char *picture)
{
    static const char *const ENDS[] = {"", "_gt", "_mask"};
    const size_t stem = strcspn(as_import_name(picture), ".");
    const char *found = NULL;

    for (size_t i = 0; found == NULL && i < sizeof ENDS / sizeof *ENDS; i++)
        found = as_import_find_mask(sorted, n, picture, stem, ENDS[i]);
    return found;
}

static enum as_status give_mask(struct as_import_row *row, const char *path)
{
    free(row->mask);
    return (row->mask = strdup(path)) ? AS_OK : AS_ENOMEM;
}

/* By names; where none fits and there are as many masks as tampered pictures, by their order, as
 * IMDL-BenCo does. */
static enum as_status pair_masks(struct as_import *im, const struct masks *m)
{
    struct as_import_mask *sorted = calloc(m->n + 1, sizeof *sorted);
    enum as_status status = sorted ? AS_OK : AS_ENOMEM;
    size_t tampered = 0, paired = 0, k = 0;

    for (size_t i = 0; sorted && i < m->n; i++)
        sorted[i] = (struct as_import_mask){m->path[i], strcspn(as_import_name(m->path[i]), ".")};
    if (sorted)
        as_import_sort_masks(sorted, m->n);
    for (size_t i = 0; i < im->n && status == AS_OK; i++) {
        if (im->row[i].label != AS_LABEL_TAMPERED)
            continue;
        const char *mask = find_mask(sorted, m->n, im->row[i].path);
        tampered++;
        paired += mask != NULL;
        if (mask)
            status = give_mask(&im->row[i], mask);
    }
    for (size_t i = 0; paired == 0 && m->n == tampered && i < im->n && status == AS_OK; i++)
        if (im->row[i].label == AS_LABEL_TAMPERED)
            status = give_mask(&im->row[i], m->path[k++]);
    free(sorted);
    return status;
}

static enum as_status take_file(struct as_import *im, struct masks *masks, const char *relative,
                                struct as_err *err)
{
    const char *slash = strrchr(im->from, '/'), *base = slash ? slash + 1 : im->from;
    enum as_status status = AS_OK;
    char *path = NULL;
    struct told t;

    listen(relative, &t);
    if (asprintf(&path, "%s%s%s", base, *base ? "/" : "", relative) < 0) {
        path = NULL;
        AS_FAIL(err, AS_ENOMEM, "no memory to import %s", im->from);
    }
    if (t.mask) {
        if (keep_mask(masks, path) != AS_OK)
            AS_FAIL(err, AS_ENOMEM, "no memory to import %s", im->from);
        goto done;
    }
    if (t.label < 0) {
        im->unlabelled++;
        goto done;
    }
    const struct as_import_row row = {.path = path,
                                      .generator =
                                          t.label == AS_LABEL_AUTHENTIC ? NULL : t.generator,
                                      .label = t.label,
                                      .split = t.split < 0 ? AS_SPLIT_NONE : t.split};
    AS_TRY(as_import_add(im, &row, err));
done:
    free(path);
    return status;
}

enum as_status as_import_folder(struct as_import *im, struct as_err *err)
{
    enum as_status status = AS_OK, next;
    struct as_folder *folder = NULL;
    struct masks masks = {0};
    struct as_file file;

    AS_TRY(as_folder_open(&folder, im->from, err));
    while ((next = as_folder_next(folder, &file, err)) == AS_OK) {
        if (file.reason != AS_REASON_NONE) /* half a set would be measured as if it were all */
            AS_FAIL(err, AS_EIO, "cannot list the folder %s/%s: %s", im->from, file.path,
                    strerror(file.error));
        im->links += file.type == AS_ENTRY_SYMLINK;
        if (file.type == AS_ENTRY_FILE && file.path[0])
            AS_TRY(take_file(im, &masks, file.path, err));
    }
    status = next == AS_END ? AS_OK : next;
    if (status == AS_OK && pair_masks(im, &masks) != AS_OK)
        AS_FAIL(err, AS_ENOMEM, "no memory to import %s", im->from);
done:
    as_folder_close(folder);
    for (size_t i = 0; i < masks.n; i++)
        free(masks.path[i]);
    free(masks.path);
    return status;
}
