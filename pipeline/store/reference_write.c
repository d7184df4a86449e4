/* reference_write.c - a reference store from its first row to its name. */
#include "h5.h"
#include "reference_parts.h"

#include "../cluster/durable.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GATHER_BYTES = 1 << 20 }; /* of small appends, per dataset */

struct target {
    struct as_set set; /* set.rows: how many there will be */
    hid_t ds, type;
    uint64_t written; /* rows */
    uint8_t *buf;
    uint64_t held; /* rows in buf */
};

struct as_ref_writer {
    enum as_ref_kind kind;
    char *path, *tmp;
    hid_t file;
    struct target target[AS_REF_SETS]; /* ds > 0: begun */
    struct as_ref_sum sum[AS_REF_SETS];
};

/* Only what can be printed: an attribute is ASCII text. */
static void clean_name(char to[AS_REF_NAME_MAX + 1], const char *name)
{
    size_t n = strnlen(name, AS_REF_NAME_MAX);

    for (size_t i = 0; i < n; i++)
        to[i] = name[i] >= ' ' && name[i] <= '~' ? name[i] : '?';
    to[n] = '\0';
}

static bool put_root(hid_t file, enum as_ref_kind kind, const char *name)
{
    char clean[AS_REF_NAME_MAX + 1];

    clean_name(clean, name);
    return as_h5_put_text(file, "schema", AS_REF_SCHEMA) &&
           as_h5_put_text(file, "kind", as_ref_kind_name(kind)) &&
           as_h5_put_text(file, "name", clean) && as_h5_put_text(file, "made_by", ASSAY_VERSION);
}

static enum as_status create_file(struct as_ref_writer *w, const char *name, struct as_err *err)
{
    enum as_status status = AS_OK;
    char why[AS_H5_WHY];
    hid_t fapl = H5Pcreate(H5P_FILE_ACCESS);

    H5Pset_libver_bounds(fapl, H5F_LIBVER_V18, H5F_LIBVER_V18);
    H5Pset_file_locking(fapl, false, true);
    H5Pset_sieve_buf_size(fapl,
                          0); /* a write that fails must fail in its own call, not at a close */
    w->file = H5Fcreate(w->tmp, H5F_ACC_TRUNC, H5P_DEFAULT, fapl);
    H5Pclose(fapl);
    if (w->file < 0 || !put_root(w->file, w->kind, name))
        AS_FAIL(err, AS_EIO, "cannot create %s: %s", w->tmp, as_h5_why(why));
done:
    return status;
}

enum as_status as_ref_create(struct as_ref_writer **w, const char *path, enum as_ref_kind kind,
                             const char *name, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_ref_writer *made = calloc(1, sizeof *made);

    *w = NULL;
    as_h5_quiet();
    if (made == NULL || (made->path = strdup(path)) == NULL ||
        asprintf(&made->tmp, "%s.tmp", path) < 0)
        AS_FAIL(err, AS_ENOMEM, "no memory to write %s", path);
    made->kind = kind;
    AS_TRY(create_file(made, name, err));
    *w = made;
    made = NULL;
done:
    as_ref_drop(made);
    return status;
}

static hid_t create_dataset(hid_t file, const struct as_set *set, hid_t type)
{
    const hsize_t dims[2] = {set->rows, set->dim};
    hid_t space = H5Screate_simple(set->two ? 2 : 1, dims, NULL);
    hid_t dcpl = H5Pcreate(H5P_DATASET_CREATE);

    H5Pset_layout(dcpl, H5D_CONTIGUOUS);
    H5Pset_fill_time(dcpl, H5D_FILL_TIME_NEVER);
    H5Pset_obj_track_times(dcpl, false);
    hid_t ds = H5Dcreate2(file, set->name, type, space, H5P_DEFAULT, dcpl, H5P_DEFAULT);
    H5Pclose(dcpl);
    H5Sclose(space);
    return ds;
}

enum as_status as_ref_begin(struct as_ref_writer *w, enum as_ref_set set, uint64_t rows,
                            uint32_t columns, struct as_err *err)
{
    enum as_status status = AS_OK;
    char why[AS_H5_WHY];
    struct target *t = &w->target[set];

    if (as_ref_rows_of[set].kind != w->kind || t->ds > 0 ||
        (as_ref_rows_of[set].columns == 0 && (columns == 0 || columns > AS_ROW_BYTES_MAX / 8)))
        AS_FAIL(err, AS_EBUG, "dataset %d does not belong into %s", set, w->path);
    as_ref_set_init(&t->set, set, columns);
    t->set.rows = rows;
    if ((t->buf = malloc(GATHER_BYTES + t->set.row_bytes)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to write %s", t->set.name);
    AS_TRY(as_ref_sum_init(&w->sum[set], t->set.row_bytes, err));
    t->type = as_layout_type(&t->set);
    t->ds = create_dataset(w->file, &t->set, t->type);
    if (t->ds < 0 || !as_h5_put_text(t->ds, "title", t->set.title))
        AS_FAIL(err, AS_EIO, "cannot create %s in %s: %s", t->set.name, w->tmp, as_h5_why(why));
done:
    return status;
}

static enum as_status write_rows(struct as_ref_writer *w, struct target *t, const uint8_t *rows,
                                 uint64_t n, struct as_err *err)
{
    enum as_status status = AS_OK;
    char why[AS_H5_WHY];
    const hsize_t start[2] = {t->written, 0}, count[2] = {n, t->set.dim};
    hid_t space = H5Dget_space(t->ds), mem = H5Screate_simple(t->set.two ? 2 : 1, count, NULL);

    AS_TRY(as_ref_sum_add(&w->sum[t->set.which], rows, n, err));
    if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) < 0 ||
        H5Dwrite(t->ds, t->type, mem, space, H5P_DEFAULT, rows) < 0)
        AS_FAIL(err, AS_EIO, "cannot write %s: %s", w->tmp, as_h5_why(why));
    t->written += n;
done:
    H5Sclose(mem);
    H5Sclose(space);
    return status;
}

static enum as_status flush(struct as_ref_writer *w, struct target *t, struct as_err *err)
{
    uint64_t n = t->held;

    t->held = 0;
    return n > 0 ? write_rows(w, t, t->buf, n, err) : AS_OK;
}

enum as_status as_ref_append(struct as_ref_writer *w, enum as_ref_set set, const void *rows,
                             uint64_t n, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct target *t = &w->target[set];
    const size_t each = t->set.row_bytes;

    if (t->ds <= 0 || n > t->set.rows - t->written - t->held)
        AS_FAIL(err, AS_EBUG, "more rows of %s than were said", t->set.name);
    if ((t->held + n) * each > GATHER_BYTES)
        AS_TRY(flush(w, t, err));
    if (n * each > GATHER_BYTES) {
        AS_TRY(write_rows(w, t, rows, n, err));
    } else {
        memcpy(t->buf + t->held * each, rows, (size_t)n * each);
        t->held += n;
    }
done:
    return status;
}

/* Writes the JSON text, in no digest: it tells of paths and times. */
static enum as_status put_provenance(hid_t file, const char *text, struct as_err *err)
{
    enum as_status status = AS_OK;
    char why[AS_H5_WHY];
    struct as_set set = {
        .name = "/provenance", .form = AS_FORM_BYTES, .type = AS_CELL_U8, .dim = 1};
    size_t n = strlen(text);

    if (n > AS_REF_PROVENANCE_MAX)
        AS_FAIL(err, AS_EBUG, "a provenance of %zu bytes", n);
    set.rows = n;
    hid_t ds = create_dataset(file, &set, H5T_STD_U8LE);
    if (ds < 0 || (n > 0 && H5Dwrite(ds, H5T_STD_U8LE, H5S_ALL, H5S_ALL, H5P_DEFAULT, text) < 0))
        as_fail(err, status = AS_EIO, AS_REASON_NONE, __FILE__, __LINE__,
                "cannot write /provenance: %s", as_h5_why(why));
    if (ds >= 0)
        H5Dclose(ds);
done:
    return status;
}

static enum as_status complete(struct as_ref_writer *w, struct as_err *err)
{
    enum as_status status = AS_OK;

    for (int i = 0; i < AS_REF_SETS; i++) {
        struct target *t = &w->target[i];
        if (as_ref_rows_of[i].kind == w->kind && as_ref_rows_of[i].must && t->ds <= 0)
            AS_FAIL(err, AS_EBUG, "dataset %d was not written to %s", i, w->path);
        if (t->ds <= 0)
            continue;
        AS_TRY(flush(w, t, err));
        if (t->written != t->set.rows)
            AS_FAIL(err, AS_EBUG, "%s has %" PRIu64 " rows of %" PRIu64, t->set.name, t->written,
                    t->set.rows);
    }
done:
    return status;
}

static void close_datasets(struct as_ref_writer *w)
{
    for (int i = 0; i < AS_REF_SETS; i++) {
        struct target *t = &w->target[i];
        if (t->ds > 0)
            H5Dclose(t->ds);
        if (t->type > 0)
            H5Tclose(t->type);
        free(t->buf);
        memset(t, 0, sizeof *t);
        as_ref_sum_clear(&w->sum[i]);
    }
}

static enum as_status put_digest(struct as_ref_writer *w, char digest[65], struct as_err *err)
{
    enum as_status status = AS_OK;
    char why[AS_H5_WHY];
    struct as_set sets[AS_REF_SETS];

    for (int i = 0; i < AS_REF_SETS; i++)
        sets[i] = w->target[i].set;
    AS_TRY(as_ref_digest_make(w->kind, sets, w->sum, digest, err));
    if (!as_h5_put_text(w->file, "digest", digest) || H5Fflush(w->file, H5F_SCOPE_GLOBAL) < 0)
        AS_FAIL(err, AS_EIO, "cannot write %s: %s", w->tmp, as_h5_why(why));
done:
    return status;
}

enum as_status as_ref_commit(struct as_ref_writer *w, const char *provenance, char digest[65],
                             struct as_err *err)
{
    enum as_status status = AS_OK;
    char why[AS_H5_WHY];
    int error = 0;

    AS_TRY(complete(w, err));
    AS_TRY(put_provenance(w->file, provenance, err));
    AS_TRY(put_digest(w, digest, err));
    close_datasets(w);
    hid_t file = w->file;
    w->file = 0;
    if (H5Fclose(file) < 0)
        AS_FAIL(err, AS_EIO, "cannot close %s: %s", w->tmp, as_h5_why(why));
    if ((error = as_rename_synced(w->tmp, w->path)) != 0)
        AS_FAIL(err, AS_EIO, "cannot complete %s: %s", w->path, strerror(error));
    free(w->tmp);
    w->tmp = NULL;
done:
    as_ref_drop(w);
    return status;
}

void as_ref_drop(struct as_ref_writer *w)
{
    if (w == NULL)
        return;
    if (w->file > 0)
        as_h5_divert(w->file);
    close_datasets(w);
    if (w->file > 0)
        H5Fclose(w->file);
    if (w->tmp != NULL)
        unlink(w->tmp);
    free(w->tmp);
    free(w->path);
    free(w);
}
