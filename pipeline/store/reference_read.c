/* reference_read.c - opening reference stores: nothing in one is believed before it is checked. */
#include "h5.h"
#include "reference_parts.h"
#include "window.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHECK_BYTES = 1 << 20 }; /* read at a time */

struct as_ref {
    char *path;
    enum as_ref_kind kind;
    char name[AS_REF_NAME_MAX + 1], digest[65];
    hid_t file;
    int fd;
    haddr_t at[AS_REF_SETS];              /* where its rows begin in the file */
    struct as_set set[AS_REF_SETS];       /* rows: 0 where it is absent */
    struct as_window window[AS_REF_SETS]; /* ds > 0: there              */
    struct as_set provenance;
    struct as_window provenance_window;
};

static enum as_status open_attrs(struct as_ref *ref, struct as_err *err)
{
    enum as_status status = AS_OK;
    char schema[64], kind[16];
    int k = 0;

    if (!as_h5_get_text(ref->file, "schema", schema, sizeof schema) ||
        !as_h5_get_text(ref->file, "kind", kind, sizeof kind) ||
        !as_h5_get_text(ref->file, "name", ref->name, sizeof ref->name) ||
        !as_h5_get_text(ref->file, "digest", ref->digest, sizeof ref->digest))
        AS_FAIL(err, AS_EFORMAT, "it is not a reference store, which assay enroll makes");
    if (strcmp(schema, AS_REF_SCHEMA) != 0)
        AS_FAIL(err, AS_EFORMAT, "its schema is \"%s\", this program reads \"%s\"", schema,
                AS_REF_SCHEMA);
    while (k < AS_REF_KINDS && strcmp(kind, as_ref_kind_name((enum as_ref_kind)k)) != 0)
        k++;
    if (k == AS_REF_KINDS || strlen(ref->digest) != 64 ||
        strspn(ref->digest, "0123456789abcdef") != 64)
        AS_FAIL(err, AS_EFORMAT, "its kind \"%s\" or its digest is none", kind);
    ref->kind = (enum as_ref_kind)k;
done:
    return status;
}

static enum as_status open_set(struct as_ref *ref, int i, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_ref_row *row = &as_ref_rows_of[i];
    struct as_set *set = &ref->set[i];
    hsize_t size = 0;

    as_ref_set_init(set, (enum as_ref_set)i, 1);
    if (row->kind != ref->kind ||
        (!row->must && H5Lexists(ref->file, set->name, H5P_DEFAULT) <= 0)) {
        set->dim = 0;
        goto done;
    }
    AS_TRY(as_window_open(&ref->window[i], ref->file, set, err));
    if (row->columns != 0 && set->dim != row->columns)
        AS_FAIL(err, AS_EFORMAT, "%s is not of the shape it should be", set->name);
    ref->at[i] = H5Dget_offset(ref->window[i].ds);
    if (set->rows > 0 && (H5Fget_filesize(ref->file, &size) < 0 || ref->at[i] > size ||
                          set->rows * set->row_bytes > size - ref->at[i]))
        AS_FAIL(err, AS_EFORMAT, "%s does not lie in the file", set->name);
done:
    return status;
}

/* Datasets that lie side by side have the same rows. */
static enum as_status check_rows(const struct as_ref *ref, struct as_err *err)
{
    static const enum as_ref_set SAME[][2] = {
        {AS_REF_KNOWN_sha256, AS_REF_KNOWN_sha256_class},
        {AS_REF_KNOWN_sha256, AS_REF_KNOWN_sha256_category},
        {AS_REF_KNOWN_sha1, AS_REF_KNOWN_sha1_class},
        {AS_REF_KNOWN_sha1, AS_REF_KNOWN_sha1_category},
        {AS_REF_KNOWN_md5, AS_REF_KNOWN_md5_class},
        {AS_REF_KNOWN_md5, AS_REF_KNOWN_md5_category},
        {AS_REF_MEDIA_pdq, AS_REF_MEDIA_quality},
        {AS_REF_MEDIA_pdq, AS_REF_MEDIA_sha256},
        {AS_REF_MEDIA_pdq, AS_REF_MEDIA_path_offset},
        {AS_REF_MEDIA_pdq, AS_REF_MEDIA_path_length},
    };
    const struct as_set *vectors = &ref->set[AS_REF_MEDIA_vector_gist];
    enum as_status status = AS_OK;

    for (size_t i = 0; i < sizeof SAME / sizeof *SAME; i++) {
        const struct as_set *a = &ref->set[SAME[i][0]], *b = &ref->set[SAME[i][1]];
        if (a->rows != b->rows)
            AS_FAIL(err, AS_EFORMAT, "%s and %s have not the same rows", a->name, b->name);
    }
    if (ref->window[AS_REF_MEDIA_vector_gist].ds > 0 &&
        vectors->rows != ref->set[AS_REF_MEDIA_pdq].rows)
        AS_FAIL(err, AS_EFORMAT, "%s has not the rows of the others", vectors->name);
done:
    return status;
}

/* Nothing else may be in the file, as no digest would cover it. */
static enum as_status check_alone(const struct as_ref *ref, struct as_err *err)
{
    enum as_status status = AS_OK;
    H5G_info_t info = {0};
    uint64_t n = 1;

    for (int i = 0; i < AS_REF_SETS; i++)
        n += ref->window[i].ds > 0;
    if (H5Gget_info(ref->file, &info) < 0 || info.nlinks != n)
        AS_FAIL(err, AS_EFORMAT, "something is in the file that does not belong there");
done:
    return status;
}

static enum as_status open_sets(struct as_ref *ref, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_set *text = &ref->provenance;

    AS_TRY(open_attrs(ref, err));
    for (int i = 0; i < AS_REF_SETS; i++)
        AS_TRY(open_set(ref, i, err));
    *text = (struct as_set){.name = "/provenance", .form = AS_FORM_BYTES, .dim = 1, .row_bytes = 1};
    AS_TRY(as_window_open(&ref->provenance_window, ref->file, text, err));
    if (text->rows > AS_REF_PROVENANCE_MAX)
        AS_FAIL(err, AS_EFORMAT, "%s is longer than it can be", text->name);
    AS_TRY(check_rows(ref, err));
    AS_TRY(check_alone(ref, err));
done:
    return status;
}

enum as_status as_ref_open(struct as_ref **ref, const char *path, struct as_err *err)
{
    enum as_status status = AS_OK;
    char why[AS_H5_WHY], text[sizeof err->text];
    struct as_ref *made = calloc(1, sizeof *made);
    struct as_err inner = {0};
    hid_t fapl = H5P_DEFAULT;

    *ref = NULL;
    if (made != NULL)
        made->fd = -1;
    if (made == NULL || (made->path = strdup(path)) == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to open %s", path);
    as_h5_quiet();
    if ((made->fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        AS_FAIL(err, AS_EIO, "cannot read %s: %s", path, strerror(errno));
    if (H5Fis_hdf5(path) <= 0)
        AS_FAIL(err, AS_EFORMAT, "%s is not a reference store", path);
    fapl = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_file_locking(fapl, false, true); /* never changed once made */
    if ((made->file = H5Fopen(path, H5F_ACC_RDONLY, fapl)) < 0)
        AS_FAIL(err, AS_EFORMAT, "%s is broken: %s", path, as_h5_why(why));
    if ((status = open_sets(made, &inner)) != AS_OK) {
        snprintf(text, sizeof text, "%s", inner.text);
        AS_FAIL(err, status, "%s: %s", path, text);
    }
    *ref = made;
    made = NULL;
done:
    if (fapl > 0)
        H5Pclose(fapl);
    as_ref_close(made);
    return status;
}

void as_ref_close(struct as_ref *ref)
{
    if (ref == NULL)
        return;
    for (int i = 0; i < AS_REF_SETS; i++)
        as_window_close(&ref->window[i]);
    as_window_close(&ref->provenance_window);
    if (ref->file > 0)
        H5Fclose(ref->file);
    if (ref->fd >= 0)
        close(ref->fd);
    free(ref->path);
    free(ref);
}

enum as_ref_kind as_ref_kind(const struct as_ref *ref)
{
    return ref->kind;
}

const char *as_ref_name(const struct as_ref *ref)
{
    return ref->name;
}

const char *as_ref_digest(const struct as_ref *ref)
{
    return ref->digest;
}

const char *as_ref_path(const struct as_ref *ref)
{
    return ref->path;
}

uint64_t as_ref_rows(const struct as_ref *ref, enum as_ref_set set)
{
    return ref->set[set].rows;
}

size_t as_ref_row_bytes(const struct as_ref *ref, enum as_ref_set set)
{
    return ref->set[set].row_bytes;
}

enum as_status as_ref_read(const struct as_ref *ref, enum as_ref_set set, uint64_t first,
                           uint64_t n, void *to, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_set *s = &ref->set[set];
    uint8_t *at = to;

    if (first > s->rows || n > s->rows - first)
        AS_FAIL(err, AS_EFORMAT, "%s: rows %" PRIu64 " and %" PRIu64 " more of %s are not there",
                ref->path, first, n, s->name);
    uint64_t from = ref->at[set] + first * s->row_bytes, left = n * s->row_bytes;
    while (left > 0) {
        ssize_t k = pread(ref->fd, at, left, (off_t)from);
        if (k == 0 || (k < 0 && errno != EINTR))
            AS_FAIL(err, AS_EIO, "cannot read %s of %s: %s", s->name, ref->path,
                    k == 0 ? "the file became shorter" : strerror(errno));
        if (k > 0) {
            at += k;
            from += (uint64_t)k;
            left -= (uint64_t)k;
        }
    }
done:
    return status;
}

static uint64_t nanoseconds(struct timespec t)
{
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

enum as_status as_ref_stamp(const struct as_ref *ref, struct as_ref_stamp *stamp,
                            struct as_err *err)
{
    enum as_status status = AS_OK;
    struct stat st;

    if (fstat(ref->fd, &st) != 0)
        AS_FAIL(err, AS_EIO, "cannot look at %s: %s", ref->path, strerror(errno));
    *stamp = (struct as_ref_stamp){st.st_ino, (uint64_t)st.st_size, nanoseconds(st.st_mtim),
                                   nanoseconds(st.st_ctim)};
done:
    return status;
}

static enum as_status sum_set(struct as_ref *ref, int i, struct as_ref_sum *sum,
                              const struct as_ask *ask, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_set *s = &ref->set[i];
    uint64_t step = s->row_bytes < CHECK_BYTES ? CHECK_BYTES / s->row_bytes : 1;
    uint8_t *buf = malloc((size_t)step * s->row_bytes);

    if (buf == NULL)
        AS_FAIL(err, AS_ENOMEM, "no memory to check %s", ref->path);
    AS_TRY(as_ref_sum_init(sum, s->row_bytes, err));
    for (uint64_t row = 0; row < s->rows; row += step) {
        uint64_t n = step < s->rows - row ? step : s->rows - row;
        AS_TRY(as_ask(ask, err));
        AS_TRY(as_ref_read(ref, (enum as_ref_set)i, row, n, buf, err));
        AS_TRY(as_ref_sum_add(sum, buf, n, err));
    }
done:
    free(buf);
    return status;
}

enum as_status as_ref_check(struct as_ref *ref, const struct as_ask *ask, struct as_err *err)
{
    enum as_status status = AS_OK;
    struct as_ref_sum sum[AS_REF_SETS] = {0};
    char digest[65];

    for (int i = 0; i < AS_REF_SETS; i++)
        if (ref->window[i].ds > 0)
            AS_TRY(sum_set(ref, i, &sum[i], ask, err));
    AS_TRY(as_ref_digest_make(ref->kind, ref->set, sum, digest, err));
    if (strcmp(digest, ref->digest) != 0)
        AS_FAIL(err, AS_EFORMAT, "changed after it was made, so enroll it again: %s", ref->path);
done:
    for (int i = 0; i < AS_REF_SETS; i++)
        as_ref_sum_clear(&sum[i]);
    return status;
}
