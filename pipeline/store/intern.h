/* intern.h - texts that come again and again are stored once.  For this folder only. */
#ifndef AS_INTERN_H
#define AS_INTERN_H

#include "../err.h"

/* What is remembered: so much, then no more, so that memory is bounded. */
enum { AS_INTERN_MAX = 4096, AS_INTERN_LEN = 128 };

struct as_intern;

enum as_status as_intern_new(struct as_intern **t, struct as_err *err) AS_MUST_CHECK;
void as_intern_free(struct as_intern *t);

/* Forgets everything: the same texts in the same order then give the same answers. */
void as_intern_reset(struct as_intern *t);

/* True when `text` was met before: its offset is in *offset.  Else *offset is
 * remembered for it, as far as there is room.                                */
bool as_intern_find(struct as_intern *t, struct as_text text, uint64_t *offset);

#endif
