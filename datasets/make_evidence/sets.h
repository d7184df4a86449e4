/* sets.h - the handful of ready-made contents that all sets use. */
#ifndef AS_SETS_H
#define AS_SETS_H

#include "../make_common/sensor.h"
#include "pack.h"
#include "pictures.h"

/* A new photograph of w x h by some camera. */
struct as_image as_new_image(struct as_maker *m, uint32_t w, uint32_t h);
/* A new baseline JPEG, 160 x 120. */
struct as_blob as_new_jpeg(struct as_maker *m);
/* A few sentences that no other text has. */
struct as_blob as_new_text(struct as_maker *m);

struct as_thing *as_add_jpeg(struct as_maker *m, struct as_thing *parent, const char *name);
struct as_thing *as_add_text(struct as_maker *m, struct as_thing *parent, const char *name);

/* The truth: `status` words joined by '|', any reason. */
void as_accept(struct as_thing *t, const char *status);
/* The truth: its kind, or unknown. */
void as_or_unknown(struct as_thing *t);

#endif
