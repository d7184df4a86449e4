/* shard.h - CASE/journal/shard: what a finished shard leaves for the merge.
 *
 * It is there when all of the shard's lots are done in all phases, and not before.  It
 * says what a merge needs besides the journals: sources, options, CPU class.
 *
 *     "ASSHARD1", then (little-endian; texts are u32 length, bytes, their NUL counted)
 *     u32 I, u32 N, u32 CPU class, text fingerprint, text JSON of how it was made
 *     u32 number of sources, of each: u8 folder, u64 size, u64 mtime, texts path, root, rel, name
 *     u32 number of options, of each: texts name, value
 *     u32 CRC-32 of all before                                                      */
#ifndef AS_SHARD_H
#define AS_SHARD_H

#include "../wire.h"
#include "rank.h"

struct as_shard_record {
    struct as_shard shard;
    uint32_t cpu;
    const char *fingerprint, *made; /* borrowed from the bytes */
    struct as_source *sources;      /* owned                   */
    uint32_t nsources, noptions;
    struct as_wire options; /* where they begin */
};

/* Writes it (beside, then renamed), closing the audit log's part.  Rank 0; local. */
enum as_status as_shard_leave(struct as_rank *r, const char *fingerprint,
                              struct as_err *err) AS_MUST_CHECK;

/* Reads the file.  AS_SKIP: there is none.  *bytes is malloc'd. */
enum as_status as_shard_read(const char *path, uint8_t **bytes, uint64_t *n,
                             struct as_err *err) AS_MUST_CHECK;

/* Understands the bytes, which must outlive the record.  AS_EFORMAT: it is broken. */
enum as_status as_shard_unpack(struct as_shard_record *rec, const uint8_t *bytes, uint64_t n,
                               struct as_err *err) AS_MUST_CHECK;
void as_shard_clear(struct as_shard_record *rec);

/* Sets those options of `run` that `merge` has not itself, as they were; texts are
 * borrowed from the bytes.  AS_EFORMAT: it is broken.                             */
enum as_status as_shard_options(const struct as_shard_record *rec, struct as_options *o,
                                struct as_err *err) AS_MUST_CHECK;

#endif
