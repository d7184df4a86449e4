/* columns.c - an HDF5 file of equally long columns, written by one process. */
#include "columns.h"

#include "../cluster/durable.h"
#include "h5.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct as_columns {
    char *path, *tmp;
    hid_t file;
    uint64_t n;
};

enum as_status as_columns_create(struct as_columns **to, const char *path, uint64_t n,
                                 struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_columns *c = calloc(1, sizeof *c);
    char why[AS_H5_WHY];
    hid_t fapl;

    *to = NULL;
    as_h5_quiet();
    if (c == NULL || (c->path = strdup(path)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to write %s", path);
    if (asprintf(&c->tmp, "%s.tmp", path) < 0) {
        c->tmp = NULL;
        AS_FAIL(err, AS_ENOMEM, "no memory to write %s", path);
    }
    c->n = n;
    fapl = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_libver_bounds(fapl, H5F_LIBVER_V18, H5F_LIBVER_V18);
    H5Pset_file_locking(fapl, false, true);
    c->file = H5Fcreate(c->tmp, H5F_ACC_TRUNC, H5P_DEFAULT, fapl);
    H5Pclose(fapl);
    if (c->file < 0)
        AS_FAIL(err, AS_EIO, "cannot create %s: %s", c->tmp, as_h5_why(why));
    *to = c;
    c = NULL;
done:
    as_columns_drop(c);
    return status;
}

enum as_status as_columns_text(struct as_columns *to, const char *name, const char *text,
                               struct as_err *err)
{
    enum as_status status = AS_OK;
    char why[AS_H5_WHY];

    if (!as_h5_put_text(to->file, name, text))
        AS_FAIL(err, AS_EIO, "cannot write %s: %s", to->tmp, as_h5_why(why));
done:
    return status;
}

static hid_t create(const struct as_columns *to, const char *name, hid_t type)
{
    const hsize_t dims[1] = {to->n};
    hid_t space = H5Screate_simple(1, dims, NULL);
    hid_t lcpl = H5Pcreate(H5P_LINK_CREATE), dcpl = H5Pcreate(H5P_DATASET_CREATE), ds;

    H5Pset_create_intermediate_group(lcpl, 1);
    H5Pset_obj_track_times(dcpl, false);
    ds = H5Dcreate2(to->file, name, type, space, lcpl, dcpl, H5P_DEFAULT);
    H5Pclose(dcpl);
    H5Pclose(lcpl);
    H5Sclose(space);
    return ds;
}

/* The one NaN and no -0, so that equal values are equal bytes. */
static float *clean(const float *v, uint64_t n)
{
    float *to = calloc(n + 1, sizeof *to);

    for (uint64_t i = 0; to && i < n; i++)
        to[i] = isnan(v[i]) ? NAN : v[i] == 0 ? 0 : v[i];
    return to;
}

enum as_status as_columns_put(struct as_columns *to, const char *name, enum as_column_type type,
                              const void *values, const char *title, struct as_err *err)
{
    const hid_t memory[] = {H5T_NATIVE_UINT8, H5T_NATIVE_UINT32, H5T_NATIVE_UINT64,
                            H5T_NATIVE_FLOAT};
    const hid_t stored[] = {H5T_STD_U8LE, H5T_STD_U32LE, H5T_STD_U64LE, H5T_IEEE_F32LE};
    float *cleaned = type == AS_COLUMN_F32 ? clean(values, to->n) : NULL;
    enum as_status status = AS_OK;
    char why[AS_H5_WHY];
    hid_t ds = -1;

    if (type == AS_COLUMN_F32 && cleaned == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to write %s", name);
    if ((ds = create(to, name, stored[type])) < 0 || !as_h5_put_text(ds, "title", title) ||
        H5Dwrite(ds, memory[type], H5S_ALL, H5S_ALL, H5P_DEFAULT, cleaned ? cleaned : values) < 0)
        AS_FAIL(err, AS_EIO, "cannot write %s to %s: %s", name, to->tmp, as_h5_why(why));
done:
    if (ds >= 0)
        H5Dclose(ds);
    free(cleaned);
    return status;
}

enum as_status as_columns_commit(struct as_columns *to, struct as_err *err)
{
    enum as_status status = AS_OK;
    const hid_t file = to->file;
    char why[AS_H5_WHY];
    int error;

    if (H5Fflush(file, H5F_SCOPE_GLOBAL) < 0)
        AS_FAIL(err, AS_EIO, "cannot write %s: %s", to->tmp, as_h5_why(why));
    to->file = -1;
    if (H5Fclose(file) < 0)
        AS_FAIL(err, AS_EIO, "cannot close %s: %s", to->tmp, as_h5_why(why));
    if ((error = as_rename_synced(to->tmp, to->path)) != 0)
        AS_FAIL(err, AS_EIO, "cannot complete %s: %s", to->path, strerror(error));
    free(to->tmp);
    to->tmp = NULL;
done:
    as_columns_drop(to);
    return status;
}

void as_columns_drop(struct as_columns *to)
{
    if (to == NULL)
        return;
    if (to->file > 0) {
        as_h5_divert(to->file);
        H5Fclose(to->file);
    }
    if (to->tmp)
        unlink(to->tmp);
    free(to->tmp);
    free(to->path);
    free(to);
}
