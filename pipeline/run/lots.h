/* lots.h - the units of work, and how large they are.
 *
 * Sources are first cut into grains, then neighbouring grains are joined: to whole
 * lots at first, to ever smaller ones toward the end, so that all ranks end together.
 * What comes out of a run does not depend on how it was cut.                       */
#ifndef AS_LOTS_H
#define AS_LOTS_H

#include "../err.h"

#include <stdio.h>

/* Grains of a full lot. */
enum { AS_LOT_GRAINS = 8 };

static inline uint64_t as_lot_grain(uint64_t most)
{
    return most / AS_LOT_GRAINS ? most / AS_LOT_GRAINS : 1;
}

/* A unit of work, as it lies in CASE/journal/lots. */
struct as_lot {
    uint64_t at, len;  /* slice of the inventory                         */
    uint64_t nfiles;
    uint64_t mode;     /* enum as_read_mode: FILES, PART or WHOLE        */
    uint64_t offset, first, count; /* PART                               */
    uint64_t bytes;
};

struct as_totals {
    uint64_t entries, files, bytes, unreadable;
    uint8_t listing[32]; /* SHA-256 of the inventory */
};

/*
 * as_lots_join - joins grains in place; returns how many lots they became.
 *
 * A lot grows while its neighbour continues it (the next files, or the next entries of
 * one container) up to lot_bytes and lot_entries, and up to half of what is left for
 * each of `workers`, if those are several.  A grain above that stays alone.  Bytes, entries and order are kept.
 */
uint64_t as_lots_join(struct as_lot *lot, uint64_t n, uint64_t lot_bytes, uint64_t lot_entries,
                      uint32_t workers);

/* A file that appears whole or not at all: path + ".new" (*beside, malloc'd, to be freed)
 * is written; closing syncs and renames it, if the writing was good.                    */
FILE *as_beside_open(const char *path, char **beside);
enum as_status as_beside_close(FILE *f, bool good, const char *beside, const char *path,
                               struct as_err *err) AS_MUST_CHECK;

/* CASE/journal/lots: written beside and renamed; read back. */
enum as_status as_lots_write(const char *path, const char *fingerprint, const struct as_totals *totals,
                             const struct as_lot *lots, uint64_t nlots, struct as_err *err) AS_MUST_CHECK;
/* AS_SKIP: there is no such file.  fingerprint is malloc'd. */
enum as_status as_lots_read(const char *path, char **fingerprint, struct as_totals *totals,
                            struct as_lot **lots, uint64_t *nlots, struct as_err *err) AS_MUST_CHECK;

#endif
