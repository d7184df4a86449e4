/* unpack_parts.h - what the files of the unpacker share: rows below, containers on them,
 * files on top.                                                                   */
#ifndef AS_UNPACK_PARTS_H
#define AS_UNPACK_PARTS_H

#include "unpack.h"

enum { AS_PIECE = 1 << 20 }; /* bytes of as_unpack.piece */

/* unpack_slots.c */

/* Names what is being read, so that its death is blamed on it, and makes sure that a slot
 * and its item fit.                                                              */
void as_unpack_blame(struct as_unpack *u, const struct as_key *key);
void as_unpack_make_room(struct as_unpack *u);
/* Appends a slot: a copy of proto with path and note.  An item whose bytes are in the
 * arena has its room since as_unpack_blame, and must not be parted from them.     */
void as_unpack_emit(struct as_unpack *u, const struct as_slot *proto, const char *path,
                    uint32_t path_len, const char *note);
/* Why this is not to be opened, or NONE. */
uint16_t as_unpack_blocked(const struct as_unpack *u, const struct as_key *key);
/* Room in the arena for the next item. */
uint8_t *as_unpack_tail(const struct as_unpack *u);
/* The n bytes at the tail stay with the slot that is appended next. */
void as_unpack_keep(struct as_unpack *u, uint64_t n);
void as_unpack_end_hash(struct as_unpack *u, struct as_slot *s);
void as_unpack_out_of_memory(struct as_unpack *u) __attribute__((noreturn));

/* unpack_alter.c */

/* Whether copies of a file are to be made; then it was decoded, on their account. */
bool as_unpack_load(struct as_unpack *u, const struct as_slot *s, enum as_kind kind,
                    const struct as_input *in);
/* Gives the rows of the copies. */
void as_unpack_copies(struct as_unpack *u, const struct as_unpack_file *file,
                      const struct as_slot *s);

/* unpack_levels.c */

/* Opens a container and puts it on the stack.  AS_SKIP: it is none.  Anything else but
 * AS_OK: it is broken, and its row was given if own_row.                          */
enum as_status as_unpack_push(struct as_unpack *u, const struct as_slot *proto, const char *path,
                              uint32_t path_len, const struct as_input *in,
                              bool own_row) AS_MUST_CHECK;
/* Takes the innermost one off the stack and gives its row. */
void as_unpack_pop(struct as_unpack *u, uint16_t reason, const char *note);
/* Gives the rows of all that is in what is on the stack. */
void as_unpack_walk(struct as_unpack *u);
/* Whether a container may be in it: it is one, or a zip may hide behind it. */
bool as_unpack_may_hold(struct as_unpack *u, enum as_kind kind, const struct as_input *in);
/* Opens what an item may hold, or gives its row.  Bytes of a nested container are copied.
 * True when a level was pushed.                                                   */
bool as_unpack_descend(struct as_unpack *u, struct as_slot *s, const struct as_input *in,
                       const char *path, uint32_t path_len, enum as_kind kind);
/* Kind and reason of a file that is read to its end and holds nothing. */
void as_unpack_set_leaf(struct as_slot *s, enum as_kind kind);

#endif
