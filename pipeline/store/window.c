/* window.c - the rows of a dataset, read ahead. */
#include "window.h"
#include "h5.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { AHEAD_MIN = 4 << 10 };

/* A link that is part of this very file; a soft or external one might lead anywhere. */
static bool is_hard(hid_t file, const char *name)
{
    char group[sizeof((struct as_set *)0)->name];
    H5L_info_t info;
    const char *slash = strrchr(name, '/');

    if (slash != name) {
        memcpy(group, name, (size_t)(slash - name));
        group[slash - name] = '\0';
        if (H5Lget_info(file, group, &info, H5P_DEFAULT) < 0 || info.type != H5L_TYPE_HARD)
            return false;
    }
    return H5Lget_info(file, name, &info, H5P_DEFAULT) >= 0 && info.type == H5L_TYPE_HARD;
}

/* Data in one piece in this file: neither filtered nor virtual nor in other files. */
static bool is_plain(hid_t ds)
{
    hid_t dcpl = H5Dget_create_plist(ds);
    bool plain = dcpl >= 0 && H5Pget_layout(dcpl) == H5D_CONTIGUOUS &&
                 H5Pget_external_count(dcpl) == 0 && H5Pget_nfilters(dcpl) == 0;

    if (dcpl >= 0)
        H5Pclose(dcpl);
    return plain;
}

static bool fits_type(const struct as_window *w)
{
    hid_t type = H5Dget_type(w->ds);
    bool same = type >= 0 && H5Tequal(type, w->type) > 0;

    if (type >= 0)
        H5Tclose(type);
    return same;
}

/* Takes rows and columns from the dataset; true when they can be. */
static bool take_shape(const struct as_window *w, hid_t file, struct as_set *set)
{
    hsize_t dims[2] = {0, 1}, size = 0;
    hid_t space = H5Dget_space(w->ds);
    int want = set->two ? 2 : 1;
    uint32_t cell = set->row_bytes / set->dim;
    bool ok = space >= 0 && H5Sget_simple_extent_ndims(space) == want &&
              H5Sget_simple_extent_dims(space, dims, NULL) == want;

    if (space >= 0)
        H5Sclose(space);
    if (!ok || dims[1] == 0 || dims[1] > AS_ROW_BYTES_MAX / cell)
        return false;
    set->rows = dims[0];
    set->dim = (uint32_t)dims[1];
    set->row_bytes = set->dim * cell;
    return H5Fget_filesize(file, &size) >= 0 && set->rows <= size / set->row_bytes;
}

enum as_status as_window_open(struct as_window *w, hid_t file, struct as_set *set,
                              struct as_err *err)
{
    enum as_status status = AS_OK;
    char why[AS_H5_WHY];

    memset(w, 0, sizeof *w);
    w->set = set;
    w->least = AHEAD_MIN;
    if (!is_hard(file, set->name))
        AS_FAIL(err, AS_EFORMAT, "%s is missing", set->name);
    w->ds = H5Dopen2(file, set->name, H5P_DEFAULT);
    w->type = as_layout_type(set);
    if (w->ds < 0 || w->type < 0)
        AS_FAIL(err, AS_EFORMAT, "%s cannot be opened: %s", set->name, as_h5_why(why));
    if (!is_plain(w->ds) || !fits_type(w) || !take_shape(w, file, set))
        AS_FAIL(err, AS_EFORMAT, "%s is not of the type or shape it should be", set->name);
done:
    if (status != AS_OK)
        as_window_close(w);
    return status;
}

void as_window_close(struct as_window *w)
{
    free(w->buf);
    if (w->ds > 0)
        H5Dclose(w->ds);
    if (w->type > 0)
        H5Tclose(w->type);
    memset(w, 0, sizeof *w);
}

static enum as_status load(struct as_window *w, uint64_t first, uint64_t n, struct as_err *err)
{
    enum as_status status = AS_OK;
    char why[AS_H5_WHY];
    const int dims = w->set->two ? 2 : 1;
    const hsize_t start[2] = {first, 0}, count[2] = {n, w->set->dim};
    size_t bytes = (size_t)(n * w->set->row_bytes);

    w->n = 0;
    if (bytes > w->cap) {
        free(w->buf);
        w->cap = 0;
        if ((w->buf = malloc(bytes)) == NULL)
            AS_FAIL(err, AS_ENOMEM, "no memory for %zu bytes of %s", bytes, w->set->name);
        w->cap = bytes;
    }
    hid_t space = H5Dget_space(w->ds), mem = H5Screate_simple(dims, count, NULL);
    bool ok = space >= 0 && mem >= 0 &&
              H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL) >= 0 &&
              H5Dread(w->ds, w->type, mem, space, H5P_DEFAULT, w->buf) >= 0;
    if (mem >= 0)
        H5Sclose(mem);
    if (space >= 0)
        H5Sclose(space);
    if (!ok)
        AS_FAIL(err, AS_EIO, "cannot read rows %" PRIu64 " to %" PRIu64 " of %s: %s", first,
                first + n, w->set->name, as_h5_why(why));
    w->first = first;
    w->n = n;
done:
    return status;
}

enum as_status as_window_span(struct as_window *w, uint64_t first, uint64_t n, const uint8_t **at,
                              struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_set *set = w->set;

    *at = NULL;
    if (first > set->rows || n > set->rows - first || n > AS_ROW_BYTES_MAX / set->row_bytes)
        AS_FAIL(err, AS_EFORMAT, "rows %" PRIu64 " and %" PRIu64 " more of %s are not there", first,
                n, set->name);
    if (n > 0 && (first < w->first || first + n > w->first + w->n)) {
        bool follows = w->n > 0 && first >= w->first && first <= w->first + w->n;
        w->ahead = follows ? w->ahead * 4 : w->least;
        w->ahead = w->ahead > AS_AHEAD_MAX ? AS_AHEAD_MAX : w->ahead;
        uint64_t rows = w->ahead / set->row_bytes;
        rows = rows > n ? rows : n;
        AS_TRY(load(w, first, rows < set->rows - first ? rows : set->rows - first, err));
    }
    *at = w->buf != NULL && n > 0 ? w->buf + (first - w->first) * set->row_bytes
                                  : (const uint8_t *)"";
done:
    return status;
}
