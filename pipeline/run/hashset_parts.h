/* hashset_parts.h - what the readers of hash sets share. */
#ifndef AS_HASHSET_PARTS_H
#define AS_HASHSET_PARTS_H

#include "hashset.h"

#include <openssl/evp.h>

enum { AS_HASHSET_CHUNK = 1 << 16, AS_HASHSET_CATEGORY_MAX = 254 };

/* A file being read. */
struct as_hashset {
    const char *path;
    int fd;
    EVP_MD_CTX *md; /* of what was read */
    const struct as_hashset_to *to;
    struct as_hashset_counts *counts;
    uint64_t line; /* from 1 */
    uint8_t buf[AS_HASHSET_CHUNK];
    size_t at, held;
};

/* AS_ESTOP: a signal came. */
enum as_status as_hashset_go_on(struct as_err *err) AS_MUST_CHECK;

/* Reads the next chunk into buf; AS_END at the end, AS_ESTOP. */
enum as_status as_hashset_fill(struct as_hashset *h, struct as_err *err) AS_MUST_CHECK;

/* Hands an entry on, or counts it as one without. */
enum as_status as_hashset_give(struct as_hashset *h, const struct as_hash_entry *entry,
                               struct as_err *err) AS_MUST_CHECK;

/* Enters the n digits at `text`; empty and "-" enter nothing.  False: they are no hash of this
 * kind (AS_HASH_KINDS: of the kind their number tells).                                  */
bool as_hash_take(struct as_hash_entry *entry, enum as_hash_kind kind, const char *text, size_t n);

/* Enters the n digits at `text` as VICS category; nothing at all enters nothing.  False: they are
 * no number of 0 to AS_HASHSET_CATEGORY_MAX.                                                */
bool as_hash_take_category(struct as_hash_entry *entry, const char *text, size_t n);

/* Whether a column or key of this name holds a VICS category. */
bool as_hash_names_category(const char *name, size_t n);

/* The kind of hash that a column or key of this name holds; AS_HASH_KINDS: none. */
enum as_hash_kind as_hash_kind_named(const char *name, size_t n);

/* The readers; each begins at the first byte. */
enum as_status as_hashset_text(struct as_hashset *h, struct as_err *err) AS_MUST_CHECK;
enum as_status as_hashset_vics(struct as_hashset *h, struct as_err *err) AS_MUST_CHECK;
enum as_status as_hashset_nsrl(struct as_hashset *h, struct as_err *err) AS_MUST_CHECK;

#endif
