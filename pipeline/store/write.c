/* write.c - all ranks write one file together.
 *
 * Each rank goes over its rows twice.  The first time they are counted, so that
 * all ranks know where in each dataset their rows go and how large it is; then
 * the file is created and the rows go through buffers into it, all ranks taking
 * part in every call.
 * One rank alone writes without MPI-IO, otherwise by the same code.
 *
 * 1 counting   2 creating   3 rounds   4 the file                             */
#include "../cluster/comm_mpi.h"
#include "../log.h"
#include "create.h"
#include "h5.h"
#include "seal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    CALL_BYTES = 256 << 20, /* per rank and collective call, unless told otherwise */
    BUFFER_BYTES = 8 << 20, /* per rank in all buffers before they are written      */
    META_BLOCK = 256 << 10,
    META_BYTES = 4 << 20, /* estimate of what HDF5 adds to the data ...             */
    META_SET = 16 << 10,  /* ... and of what each dataset adds                      */
    EXIT_IO = 74          /* of the program, design.md section 4                    */
};

/* 1 counting ----------------------------------------------------------------------- */

static bool first_rank(const struct as_seal *s)
{
    return s->comm == NULL || as_comm_rank(s->comm) == 0;
}

/* What only rank 0 brings. */
static void count_shared(struct as_seal *s)
{
    s->mine[AS_N_EVIDENCE] = s->what->nsources;
    for (uint32_t i = 0; i < s->what->nsources; i++)
        s->mine[AS_N_TEXTS] += strlen(s->what->sources[i].path);
    s->mine[AS_N_SETS] = s->what->nsets;
    for (uint32_t i = 0; i < s->what->nsets; i++)
        s->mine[AS_N_TEXTS] += strlen(s->what->sets[i].name) + strlen(s->what->sets[i].path);
    s->mine[AS_N_PROVENANCE] = strlen(s->what->provenance);
}

static enum as_status count_findings(struct as_seal *s, struct as_err *err)
{
    enum as_status status = AS_OK;

    s->mine[AS_N_FINDINGS] = s->what->nfindings;
    for (uint64_t i = 0; i < s->what->nfindings; i++) {
        struct as_finding f;
        AS_TRY(s->what->finding(s->what->findings, i, &f, err));
        if (f.det != AS_FINDING_NONE && (f.det >= AS_DETECTORS_MAX || s->slot_of[f.det] < 0))
            AS_FAIL(err, AS_EBUG, "finding %" PRIu64 " is of a detector not in the case", i);
        if (f.kind >= AS_FINDING_KINDS || (f.set != AS_FINDING_NONE && f.set >= s->what->nsets))
            AS_FAIL(err, AS_EBUG, "finding %" PRIu64 " is of no kind or no set", i);
        s->mine[AS_N_TEXTS] += strnlen(f.text, sizeof f.text);
        s->named_row_max = f.row > s->named_row_max ? f.row : s->named_row_max;
    }
done:
    return status;
}

static enum as_status count_mine(struct as_seal *s, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_store_rows *rows = &s->what->rows;
    struct as_row row;

    for (uint64_t i = rows->first; i < rows->first + rows->count; i++) {
        memset(&row, 0, sizeof row);
        AS_TRY(rows->row(rows->state, i, &row, err));
        AS_TRY(as_seal_count(s, i, &row, err));
    }
    AS_TRY(count_findings(s, err));
    AS_TRY(as_seal_count_found(s, err));
    s->mine[AS_N_TIMING] = s->what->ntiming;
    if (first_rank(s))
        count_shared(s);
done:
    return status;
}

/* Collective. */
static enum as_status count_all(struct as_seal *s, struct as_err *err)
{
    enum as_status status = AS_OK;

    AS_TRY(as_comm_agree(s->comm, count_mine(s, err), err));
    memcpy(s->total, s->mine, sizeof s->total);
    AS_TRY(as_comm_sum(s->comm, s->total, AS_TALLIES));
    AS_TRY(as_comm_exscan(s->comm, s->mine, s->before, AS_TALLIES));
    if (s->what->rows.first != s->before[AS_N_ITEMS])
        status = as_fail(err, AS_EBUG, AS_REASON_NONE, __FILE__, __LINE__,
                         "rows begin at %" PRIu64 " where the ranks before end at %" PRIu64,
                         s->what->rows.first, s->before[AS_N_ITEMS]);
    else if (s->what->nfindings + s->what->nmatches + s->what->nlinks + s->what->nmembers +
                     s->what->norigins + s->what->nsensor_maps >
                 0 &&
             s->named_row_max >= (s->what->parent ? s->what->parent->items : s->total[AS_N_ITEMS]))
        status = as_fail(err, AS_EBUG, AS_REASON_NONE, __FILE__, __LINE__,
                         "a finding, match or link is of row %" PRIu64 ", which is not there",
                         s->named_row_max);
    AS_TRY(as_comm_agree(s->comm, status, err));
done:
    return status;
}

/* 2 creating ----------------------------------------------------------------------- */

static enum as_status lay_out_det(struct as_seal *s, uint32_t d, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_detector *det = s->dets[d];
    uint32_t slot = 0;

    AS_TRY(as_layout_add_det(&s->layout, det->name, &slot, err));
    s->slot_of[d] = (int)slot;
    s->det_of[slot] = d;
    if (det->dim > AS_ROW_BYTES_MAX / 4 || det->code_bytes > AS_ROW_BYTES_MAX)
        AS_FAIL(err, AS_EBUG, "the detector %s has more measures than a store holds", det->name);
    as_layout_add_group(&s->layout, AS_G_status, slot, 1, det->exact);
    as_layout_add_group(&s->layout, AS_G_reasons, slot, 1, det->exact);
    if (det->dim > 0)
        as_layout_add_group(&s->layout, AS_G_measures, slot, det->dim, det->exact);
    if (det->code_bytes > 0)
        as_layout_add_group(&s->layout, AS_G_features, slot, det->code_bytes, det->exact);
    if (det->dim > 0 && s->what->models != NULL && s->what->models[d] != NULL) {
        as_layout_add_group(&s->layout, AS_G_scores, slot, 1, det->exact);
        as_layout_add_group(&s->layout, AS_G_llr, slot, 1, det->exact);
    }
done:
    return status;
}

/* The layout that follows from the detectors in the case. */
static enum as_status lay_out(struct as_seal *s, struct as_err *err)
{
    enum as_status status = AS_OK;

    as_layout_init(&s->layout, s->what->parent != NULL);
    for (uint32_t d = 0; d < AS_DETECTORS_MAX; d++)
        s->slot_of[d] = -1;
    for (uint32_t d = 0; d < AS_DETECTORS_MAX && s->dets[d] != NULL; d++)
        if (s->what->with_det[d])
            AS_TRY(lay_out_det(s, d, err));
done:
    return status;
}

/* Gives a dataset its rows, and this rank its place in it. */
static void place(struct as_seal *s, uint32_t set, enum as_tally n)
{
    s->layout.set[set].rows = s->total[n];
    s->out[set].at = s->before[n];
    s->out[set].end = s->before[n] + s->mine[n];
}

static void place_all(struct as_seal *s)
{
    struct as_layout *l = &s->layout;
    struct as_set *strings = &l->set[l->bytes[AS_B_strings]];

    place(s, l->table[AS_T_evidence], AS_N_EVIDENCE);
    place(s, l->table[AS_T_items], AS_N_ITEMS);
    place(s, l->table[AS_T_maps], AS_N_MAPS);
    place(s, l->table[AS_T_metadata], AS_N_METADATA);
    place(s, l->table[AS_T_findings], AS_N_FINDINGS);
    place(s, l->table[AS_T_sets], AS_N_SETS);
    place(s, l->table[AS_T_matches], AS_N_MATCHES);
    place(s, l->table[AS_T_links], AS_N_LINKS);
    place(s, l->table[AS_T_groups], AS_N_GROUPS);
    place(s, l->table[AS_T_origins], AS_N_ORIGINS);
    place(s, l->table[AS_T_sensor_maps], AS_N_SENSOR_MAPS);
    place(s, l->table[AS_T_errors], AS_N_ERRORS);
    place(s, l->table[AS_T_timing], AS_N_TIMING);
    place(s, l->bytes[AS_B_map_data], AS_N_CELLS);
    place(s, l->bytes[AS_B_provenance], AS_N_PROVENANCE);
    place(s, l->bytes[AS_B_strings], AS_N_PATHS);
    for (uint32_t i = 0; i < l->nsets; i++) {
        if (l->set[i].form == AS_FORM_GROUP)
            place(s, i, AS_N_ITEMS);
        s->out[i].set = &l->set[i];
    }
    for (uint32_t part = 0; part < 2; part++) { /* words, texts */
        struct as_outlet *o = &s->out[l->nsets + part];
        enum as_tally n = part == 0 ? AS_N_WORDS : AS_N_TEXTS;
        o->set = strings;
        o->at = strings->rows + s->before[n];
        o->end = o->at + s->mine[n];
        strings->rows += s->total[n];
    }
}

static bool in_parallel(const struct as_seal *s)
{
    return s->comm != NULL && as_comm_size(s->comm) > 1;
}

/*
 * After HDF5 failed to write.  MPI-IO leaves no way on: ranks may wait in its
 * collective calls for ever, and a file that does not close ends the process in
 * a segmentation fault, as one of a single rank does when its metadata are
 * half written; so the job ends here, saying why.  Space is reserved before, so
 * that this is left to failing devices and to file systems that cannot reserve.
 */
static void give_up(struct as_seal *s, bool metadata, const struct as_err *err)
{
    const char *text = err != NULL ? err->text : "the store could not be written";
    struct statvfs v;
    bool said = strstr(text, strerror(ENOSPC)) != NULL; /* MPI-IO does not say why */

    s->broken = true;
    if (!in_parallel(s) && !(metadata && s->comm != NULL && s->file > 0))
        return;
    said |= statvfs(s->tmp, &v) != 0 || v.f_bavail * v.f_frsize >= META_BLOCK;
    as_log(AS_LOG_ERROR, said ? "%s" : "%s: No space left on device, or hardly any", text);
    unlink(s->tmp);
    as_comm_abort(s->comm, EXIT_IO);
}

/* Bytes that the file will take, about. */
static uint64_t file_bytes(const struct as_seal *s)
{
    uint64_t bytes = META_BYTES;

    for (uint32_t i = 0; i < s->layout.nsets; i++)
        bytes += META_SET + s->layout.set[i].rows * s->layout.set[i].row_bytes;
    return bytes;
}

/* Rank 0: finds out whether there is room before HDF5 does, which does not take
 * it well.  Where the file system cannot say, it is left to the writing.      */
static enum as_status reserve(const struct as_seal *s, struct as_err *err)
{
    enum as_status status = AS_OK;
    const uint64_t bytes = file_bytes(s);
    struct statvfs v;
    int error = 0, fd = open(s->tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    if (fd < 0)
        AS_FAIL(err, AS_EIO, "cannot create %s: %s", s->tmp, strerror(errno));
    if (fallocate(fd, 0, 0, (off_t)bytes) != 0)
        error = errno;
    if (error == EOPNOTSUPP || error == ENOSYS) /* then what is free now must do */
        error = fstatvfs(fd, &v) == 0 && v.f_bavail * v.f_frsize < bytes ? ENOSPC : 0;
    if (error != 0)
        AS_FAIL(err, AS_EIO, "cannot have %" PRIu64 " MB for %s: %s", bytes >> 20, s->tmp,
                strerror(error));
done:
    if (fd >= 0)
        close(fd);
    return status;
}

/* Rank 0: has the place of the metadata on the disk before they are.  When one rank of several
 * cannot write its part of them, HDF5 leaves all waiting for each other for ever.           */
static enum as_status hold_metadata(const struct as_seal *s, struct as_err *err)
{
    enum as_status status = AS_OK;
    int fd = open(s->tmp, O_RDWR | O_CLOEXEC);
    int error = fd < 0 ? errno : posix_fallocate(fd, 0, META_BLOCK);

    if (error != 0)
        AS_FAIL(err, AS_EIO, "cannot write %s: %s", s->tmp, strerror(error));
done:
    if (fd >= 0)
        close(fd);
    return status;
}

static bool set_parallel(const struct as_seal *s, hid_t fapl)
{
    return H5Pset_fapl_mpio(fapl, as_comm_mpi(s->comm), MPI_INFO_NULL) >= 0 &&
           H5Pset_all_coll_metadata_ops(fapl, true) >= 0 &&
           H5Pset_coll_metadata_write(fapl, true) >= 0 &&
           H5Pset_dxpl_mpio(s->dxpl, H5FD_MPIO_COLLECTIVE) >= 0;
}

static enum as_status create_file(struct as_seal *s, struct as_err *err)
{
    enum as_status status = AS_OK;
    char why[AS_H5_WHY];
    hid_t fapl = H5Pcreate(H5P_FILE_ACCESS);

    s->dxpl = H5Pcreate(H5P_DATASET_XFER);
    H5Pset_libver_bounds(fapl, H5F_LIBVER_V18, H5F_LIBVER_V18);
    H5Pset_file_locking(fapl, false, true);
    H5Pset_meta_block_size(fapl, META_BLOCK);
    H5Pset_sieve_buf_size(fapl, 0); /* a write fails in its own call, not at a close */
    if (in_parallel(s) && !set_parallel(s, fapl)) /* the others would wait for ever */
        AS_FAIL(err, AS_EIO, "cannot prepare MPI-IO for %s: %s", s->tmp, as_h5_why(why));
    s->file = H5Fcreate(s->tmp, H5F_ACC_TRUNC, H5P_DEFAULT, fapl);
    if (s->file < 0)
        AS_FAIL(err, AS_EIO, "cannot create %s: %s", s->tmp, as_h5_why(why));
    AS_TRY(as_comm_agree(s->comm, first_rank(s) ? hold_metadata(s, err) : AS_OK, err));
    AS_TRY(as_create_root(s->file, s->what->parent, err));
    for (uint32_t i = 0; i < s->layout.nsets; i++) {
        const struct as_set *set = &s->layout.set[i];
        const struct as_detector *det =
            set->form == AS_FORM_GROUP ? s->dets[s->det_of[set->slot]] : NULL;
        s->out[i].type = as_layout_type(set);
        AS_TRY(as_create_set(s->file, &s->layout, set, det, &s->out[i].ds, err));
    }
    for (uint32_t i = s->layout.nsets; i < s->layout.nsets + 2; i++) {
        s->out[i].type = H5Tcopy(H5T_STD_U8LE);
        s->out[i].ds = s->out[s->layout.bytes[AS_B_strings]].ds;
        H5Iinc_ref(s->out[i].ds);
    }
    if (H5Fflush(s->file, H5F_SCOPE_GLOBAL) < 0) /* now metadata have their place on the disk */
        AS_FAIL(err, AS_EIO, "cannot write %s: %s", s->tmp, as_h5_why(why));
done:
    if (status != AS_OK)
        give_up(s, true, err);
    H5Pclose(fapl);
    return status;
}

/* 3 rounds ------------------------------------------------------------------------- */

static uint64_t call_bytes(const struct as_seal *s)
{
    return s->what->bytes_per_call > 0 ? s->what->bytes_per_call : CALL_BYTES;
}

/* Writes all buffers, each in as many calls as the fullest rank needs.  Collective. */
static enum as_status flush(struct as_seal *s, bool mine_left, bool *any_left, struct as_err *err)
{
    enum as_status status = AS_OK, one = AS_OK;
    uint64_t most[AS_SETS_MAX + 3];
    uint32_t n = s->layout.nsets + 2;

    for (uint32_t i = 0; i < n; i++)
        most[i] = as_outlet_rows(&s->out[i]);
    most[n] = mine_left;
    AS_TRY(as_comm_max(s->comm, most, (int)n + 1));
    *any_left = most[n] != 0;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t rows = call_bytes(s) / s->out[i].set->row_bytes;
        rows = rows > 0 ? rows : 1;
        uint64_t calls = most[i] / rows + (most[i] % rows > 0);
        one = as_outlet_flush(&s->out[i], calls, rows, s->dxpl, status == AS_OK ? err : NULL);
        if (one == AS_EIO)
            give_up(s, false, err);
        status = status == AS_OK ? one : status;
    }
    s->pending = 0;
done:
    return status;
}

/* Puts `count` rows from `first` on through the buffers.  Collective. */
static enum as_status write_rows(struct as_seal *s, uint64_t first, uint64_t count,
                                 enum as_status (*put)(struct as_seal *, uint64_t, struct as_err *),
                                 struct as_err *err)
{
    enum as_status status = AS_OK;
    uint64_t i = first, full = call_bytes(s) < BUFFER_BYTES ? call_bytes(s) : BUFFER_BYTES;
    bool left = true;

    while (left) {
        enum as_status mine = AS_OK;
        while (mine == AS_OK && i < first + count && s->pending < full)
            mine = put(s, i++, err);
        AS_TRY(as_comm_agree(s->comm, mine, err));
        mine = flush(s, i < first + count, &left, err);
        AS_TRY(as_comm_agree(s->comm, mine, err));
    }
done:
    return status;
}

static enum as_status put_provenance(struct as_seal *s, uint64_t i, struct as_err *err)
{
    enum as_status status = AS_OK;
    size_t len = strlen(s->what->provenance);
    uint8_t *to = NULL;

    (void)i;
    AS_TRY(as_outlet_add(&s->out[s->layout.bytes[AS_B_provenance]], len, &to, err));
    memcpy(to, s->what->provenance, len);
done:
    return status;
}

/* AS_EBUG when the rows were not the same both times. */
static enum as_status check_full(const struct as_seal *s, struct as_err *err)
{
    enum as_status status = AS_OK;

    for (uint32_t i = 0; i < s->layout.nsets + 2; i++)
        if (s->out[i].at != s->out[i].end)
            AS_FAIL(err, AS_EBUG, "%s got %" PRIu64 " rows fewer than were counted",
                    s->out[i].set->name, s->out[i].end - s->out[i].at);
done:
    return status;
}

static enum as_status write_all(struct as_seal *s, struct as_err *err)
{
    enum as_status status = AS_OK;
    const struct as_store_what *what = s->what;
    const uint64_t once = first_rank(s);

    as_intern_reset(s->intern);
    AS_TRY(write_rows(s, 0, once * what->nsources, as_seal_source, err));
    AS_TRY(write_rows(s, 0, once, put_provenance, err));
    AS_TRY(write_rows(s, what->rows.first, what->rows.count, as_seal_item, err));
    AS_TRY(write_rows(s, 0, what->nfindings, as_seal_finding, err));
    AS_TRY(write_rows(s, 0, once * what->nsets, as_seal_set, err));
    AS_TRY(write_rows(s, 0, what->nmatches, as_seal_match, err));
    AS_TRY(write_rows(s, 0, what->nlinks, as_seal_link, err));
    AS_TRY(write_rows(s, 0, what->nmembers, as_seal_member, err));
    AS_TRY(write_rows(s, 0, what->norigins, as_seal_origin, err));
    AS_TRY(write_rows(s, 0, what->nsensor_maps, as_seal_sensor_map, err));
    AS_TRY(write_rows(s, 0, what->ntiming, as_seal_timing, err));
    AS_TRY(as_comm_agree(s->comm, check_full(s, err), err));
done:
    return status;
}

/* 4 the file ----------------------------------------------------------------------- */

/* Closes the file, whatever became of it.  Collective. */
static enum as_status close_h5(struct as_seal *s, struct as_err *err)
{
    enum as_status status = AS_OK;
    char why[AS_H5_WHY];

    if (!s->broken && H5Fflush(s->file, H5F_SCOPE_GLOBAL) < 0) {
        status = as_fail(err, AS_EIO, AS_REASON_NONE, __FILE__, __LINE__, "cannot write %s: %s",
                         s->tmp, as_h5_why(why));
        give_up(s, true, err);
        as_h5_divert(s->file);
    }
    if (H5Fclose(s->file) < 0 && status == AS_OK && !s->broken) {
        status = as_fail(err, AS_EIO, AS_REASON_NONE, __FILE__, __LINE__, "cannot close %s: %s",
                         s->tmp, as_h5_why(why));
        give_up(s, true, err);
    }
    return status;
}

/* Collective. */
static enum as_status clear(struct as_seal *s, enum as_status before, struct as_err *err)
{
    enum as_status status = before;

    if (s->broken && s->file > 0)
        as_h5_divert(s->file);
    for (uint32_t i = 0; i < s->layout.nsets + 2; i++)
        as_outlet_clear(&s->out[i]);
    if (s->dxpl > 0)
        H5Pclose(s->dxpl);
    if (s->file > 0) {
        enum as_status closed = close_h5(s, before == AS_OK ? err : NULL);
        status = before == AS_OK ? closed : before;
    }
    as_intern_free(s->intern);
    return status;
}

enum as_status as_seal_write(const char *tmp, struct as_comm *comm,
                             const struct as_store_what *what,
                             const struct as_detector *const *dets, struct as_err *err)
{
    enum as_status status = AS_OK, mine = AS_OK;
    struct as_seal *s = calloc(1, sizeof *s);

    if (s == NULL)
        mine = as_fail(err, AS_ENOMEM, AS_REASON_NONE, __FILE__, __LINE__,
                       "no memory to write the result store");
    AS_TRY(as_comm_agree(comm, mine, err));
    s->dets = dets;
    s->what = what;
    s->comm = comm;
    s->tmp = tmp;
    if ((mine = as_intern_new(&s->intern, err)) == AS_OK)
        mine = lay_out(s, err);
    AS_TRY(as_comm_agree(comm, mine, err));
    AS_TRY(count_all(s, err));
    place_all(s);
    AS_TRY(as_comm_agree(comm, first_rank(s) ? reserve(s, err) : AS_OK, err));
    AS_TRY(as_comm_agree(comm, create_file(s, err), err));
    AS_TRY(write_all(s, err));
done:
    if (s != NULL)
        status = clear(s, status, err);
    free(s);
    return as_comm_agree(comm, status, err);
}
