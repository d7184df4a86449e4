/* solo.h - a crew at work in one process without MPI, journal or case: for plan and cat. */
#ifndef AS_SOLO_H
#define AS_SOLO_H

#include "inventory.h"

struct as_solo_calls {
    void *state;
    void (*item)(void *state, const struct as_work *work, const struct as_item *item); /* or NULL */
    void (*split)(void *state, const struct as_work *work, const uint64_t v[4]);       /* or NULL */
    /* Shall this content be examined?  as_solo_write may be called with batch and i. */
    bool (*grant)(void *state, uint32_t batch, uint32_t i, const uint8_t sha256[32]);
    /* What the examination of a granted content gave; or NULL. */
    void (*content)(void *state, const struct as_work *work, const uint8_t sha256[32],
                    const void *record, size_t n);
};

struct as_solo;

/* Starts the zygote and a crew. */
enum as_status as_solo_new(struct as_solo **solo, const struct as_options *o, uint32_t nexaminers,
                           const struct as_solo_calls *calls, struct as_err *err) AS_MUST_CHECK;
void as_solo_free(struct as_solo *solo);

/* Works through one work; frees it.  us: read, unpack, decode, extract. */
enum as_status as_solo_do(struct as_solo *solo, struct as_work *work, uint64_t us[4],
                          struct as_err *err) AS_MUST_CHECK;

/* Writes the bytes of a content; only from within grant. */
enum as_status as_solo_write(struct as_solo *solo, uint32_t batch, uint32_t i, int to,
                             struct as_err *err) AS_MUST_CHECK;

#endif
