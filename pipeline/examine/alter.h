/* alter.h - labelled pictures, altered as networks, users and forgers do, to see what a detector
 * stands.
 *
 * In a reader, and only for `assay bench --alter`: a picture of a folder is decoded once, and each
 * altered copy becomes a file in memory, which from there on is treated as if a container had held
 * it.  What is random follows from the hash of the picture's file and the alteration's name.     */
#ifndef AS_ALTER_H
#define AS_ALTER_H

#include "../input.h"
#include "../media/sniff.h"
#include "../options.h"

/* The version is of how copies are made, strengths apart; both are in a case's fingerprint. */
enum { AS_ALTERATIONS_MAX = 64, AS_ALTERATIONS_VERSION = 1 };

struct as_alteration {
    const char *name, *text;
    int how;
    uint32_t strength, quality;
};

/* All of them, ended by name == NULL. */
extern const struct as_alteration as_alterations[];

/* Marks the alterations that a list means: names, families ("jpeg") or "all".  AS_EUSAGE. */
enum as_status as_alterations_select(const char *list, bool with[AS_ALTERATIONS_MAX],
                                     struct as_err *err) AS_MUST_CHECK;

/* The alteration of this name, or NULL. */
const struct as_alteration *as_alteration_find(const char *name, size_t len);

/* Where the pixels of an altered picture come from: the part x, y, w, h of the picture, scaled to
 * to_w x to_h. */
struct as_placed {
    uint32_t x, y, w, h, to_w, to_h;
};
void as_alteration_place(const struct as_alteration *a, const uint8_t sha256[32], uint32_t w,
                         uint32_t h, struct as_placed *p);

struct as_alter;
enum as_status as_alter_new(struct as_alter **alter, const struct as_options *o,
                            struct as_err *err) AS_MUST_CHECK;
void as_alter_free(struct as_alter *alter);

/* Whether an alteration was asked for. */
bool as_alter_wants(const struct as_alter *alter, const struct as_alteration *a);

/*
 * Decodes the picture whose copies as_alter_make then makes.  A failure is told by those.
 *   sha256   of its file
 */
void as_alter_load(struct as_alter *alter, enum as_kind kind, const struct as_input *in,
                   const uint8_t sha256[32]);

/* Gives the memory of the picture back. */
void as_alter_drop(struct as_alter *alter);

/* Writes an altered copy as a file.  AS_EFORMAT, AS_ELIMIT, AS_ENOMEM: err->reason tells why there
 * is none. */
enum as_status as_alter_make(struct as_alter *alter, const struct as_alteration *a, uint8_t *to,
                             uint64_t cap, uint64_t *len, struct as_err *err) AS_MUST_CHECK;

#endif
