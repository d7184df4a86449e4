/* reference.h - reference stores: what a case is searched against.
 *
 * One HDF5 file of a kind, written once and then only read: attributes schema,
 * kind, name, made_by, digest; datasets as reference.def says, contiguous and
 * little-endian; /provenance, JSON text.  One process; no MPI.  A row is known
 * outside by its number.
 *
 * All rows pass as packed bytes of the machine's own types: u8, u16, u32, u64
 * and float arrays, and struct as_ref_camera.                                */
#ifndef AS_REFERENCE_H
#define AS_REFERENCE_H

#include "../ask.h"
#include "match.h"

enum as_ref_kind { AS_REF_KNOWN, AS_REF_MEDIA, AS_REF_CAMERA, AS_REF_KINDS };

/* AS_REF_KNOWN_sha256, AS_REF_MEDIA_pdq, AS_REF_CAMERA_cameras, ... */
enum as_ref_set {
#define AS_REF_SET(kind, name, type, columns, must, title) AS_REF_##kind##_##name,
#include "reference.def"
    AS_REF_SETS
};

#define AS_REF_TYPE_U8 uint8_t
#define AS_REF_TYPE_U32 uint32_t
#define AS_REF_TYPE_U64 uint64_t
#define AS_REF_TYPE_F32 float

/* A row of /cameras. */
struct as_ref_camera {
#define AS_REF_COLUMN(name, type, title) AS_REF_TYPE_##type name;
#include "reference.def"
};

enum { AS_KNOWN_NO_CATEGORY = 255 };

enum { AS_REF_NAME_MAX = 127, AS_REF_MODEL_MAX = 64 /* bytes of a maker, of a model */ };

/* The word of a kind: "known", "media", "camera". */
const char *as_ref_kind_name(enum as_ref_kind kind);

/* ---- writing ---- */

struct as_ref_writer;

/*
 * Begins `path` as path.tmp; `name` is what the store is called in reports
 * (cut to AS_REF_NAME_MAX bytes, ASCII).  *w: committed or dropped by the caller.
 *   AS_EIO   cannot be written
 */
enum as_status as_ref_create(struct as_ref_writer **w, const char *path, enum as_ref_kind kind,
                             const char *name, struct as_err *err) AS_MUST_CHECK;

/*
 * Makes a dataset of `rows` rows (0 is legal).  columns: where reference.def says
 * 0; else ignored.  Several datasets may be filled at the same time.
 */
enum as_status as_ref_begin(struct as_ref_writer *w, enum as_ref_set set, uint64_t rows,
                            uint32_t columns, struct as_err *err) AS_MUST_CHECK;

/*
 * Appends n rows to a dataset that was begun; any n, small ones are gathered.
 *   AS_EBUG   more rows than were said
 *   AS_EIO    no room, a failing device
 */
enum as_status as_ref_append(struct as_ref_writer *w, enum as_ref_set set, const void *rows,
                             uint64_t n, struct as_err *err) AS_MUST_CHECK;

/*
 * Completes the store: provenance (JSON text), digest, sync, rename.  Takes and
 * frees the writer, also on failure, and then no file is left.  digest: hex.
 *   AS_EBUG   a dataset is not full, or one that must be there is not
 */
enum as_status as_ref_commit(struct as_ref_writer *w, const char *provenance, char digest[65],
                             struct as_err *err) AS_MUST_CHECK;

/* Gives up: frees the writer (NULL: nothing) and removes its file. */
void as_ref_drop(struct as_ref_writer *w);

/* ---- reading ---- */

struct as_ref;

/*
 * Opens a store and checks schema, kind, types, shapes, and that no dataset lies
 * outside of the file.  The rows are not read.
 *   AS_EIO       cannot be read, or is not there
 *   AS_EFORMAT   not a reference store, or broken
 */
enum as_status as_ref_open(struct as_ref **ref, const char *path, struct as_err *err) AS_MUST_CHECK;
void as_ref_close(struct as_ref *ref);

enum as_ref_kind as_ref_kind(const struct as_ref *ref);
const char *as_ref_name(const struct as_ref *ref);
const char *as_ref_digest(const struct as_ref *ref); /* hex, as the file says */
const char *as_ref_path(const struct as_ref *ref);

/* Rows of a dataset; 0 where it is not in the store. */
uint64_t as_ref_rows(const struct as_ref *ref, enum as_ref_set set);

/* Bytes of a row of this dataset. */
size_t as_ref_row_bytes(const struct as_ref *ref, enum as_ref_set set);

/* Reads rows first to first + n - 1.  Without HDF5 and from any thread.  AS_EFORMAT: there are no
 * such rows.                                                                       */
enum as_status as_ref_read(const struct as_ref *ref, enum as_ref_set set, uint64_t first,
                           uint64_t n, void *to, struct as_err *err) AS_MUST_CHECK;

/* What tells the open file from others and from itself after a change: number, bytes, times. */
struct as_ref_stamp {
    uint64_t inode, bytes, modified_ns, changed_ns;
};
enum as_status as_ref_stamp(const struct as_ref *ref, struct as_ref_stamp *stamp,
                            struct as_err *err) AS_MUST_CHECK;

/* Computes the digest again and compares.  Reads all, and asks before each MiB (ask may be NULL).
 * AS_EFORMAT: it differs. */
enum as_status as_ref_check(struct as_ref *ref, const struct as_ask *ask,
                            struct as_err *err) AS_MUST_CHECK;

#endif
