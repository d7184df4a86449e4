/* hashset.h - files that list hashes of known content, read as a stream.
 *
 * By content, whatever the name:
 *   NSRL RDSv3   SQLite with a table METADATA or FILE
 *   VICS         JSON: objects in an array "value" or "Media" with MD5, SHA1 or SHA256, Category
 *   CSV, TSV     a first line that names a column md5, sha1 or sha256 (also sha-1 ...); fields
 *                between commas, tabs, semicolons or bars, in quotes or not; a column category is
 *                that of VICS
 *   lists        one hash a line, as md5sum, sha256sum (with --tag too) and hashdeep write them */
#ifndef AS_HASHSET_H
#define AS_HASHSET_H

#include "../err.h"

enum as_hash_kind { AS_HASH_SHA256, AS_HASH_SHA1, AS_HASH_MD5, AS_HASH_KINDS };
enum { AS_HASH_MAX = 32, AS_HASHSET_NO_CATEGORY = -1 };

/* Bytes of a hash: 32, 20, 16. */
size_t as_hash_bytes(enum as_hash_kind kind);

/* What is known of one content. */
struct as_hash_entry {
    bool has[AS_HASH_KINDS];
    uint8_t hash[AS_HASH_KINDS][AS_HASH_MAX];
    int category; /* of VICS; AS_HASHSET_NO_CATEGORY: none */
};

/* Who takes the entries. */
struct as_hashset_to {
    void *state;
    enum as_status (*add)(void *state, const struct as_hash_entry *entry, struct as_err *err);
};

/* What was in a file. */
struct as_hashset_counts {
    const char *form;          /* "CSV", ... */
    uint64_t entries, without; /* rows with a hash; rows without any */
    char sha256[65];           /* of the file */
};

/*
 * Reads one file.
 *   AS_SKIP      there is no such file
 *   AS_EFORMAT   it is none of these, or breaks off: the text names file and line
 *   AS_ESTOP     a signal came
 *   AS_EIO       reading failed
 * and what `add` returned.
 */
enum as_status as_hashset_read(const char *path, const struct as_hashset_to *to,
                               struct as_hashset_counts *counts, struct as_err *err) AS_MUST_CHECK;

#endif
