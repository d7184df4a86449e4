/* key.h - the item key: source ordinal, then the entry index at each level.
 *
 * Ids are assigned at the seal by sorting keys; a container sorts before what
 * it holds.                                                                  */
#ifndef AS_KEY_H
#define AS_KEY_H

#include "../kernels/base.h"

#include <string.h>

/* Source, entry of a folder, and containers nested to the largest --max-depth. */
enum { AS_KEY_MAX = 12, AS_DEPTH_MAX = AS_KEY_MAX - 2, AS_KEY_BYTES = 6 * AS_KEY_MAX };

struct as_key {
    uint32_t n; /* parts used, 1..AS_KEY_MAX */
    uint32_t part[AS_KEY_MAX];
};

/* True if `key` is `above` or lies below it. */
static inline bool as_key_within(const struct as_key *key, const struct as_key *above)
{
    return above->n >= 1 && key->n >= above->n && key->n <= AS_KEY_MAX &&
           memcmp(key->part, above->part, above->n * sizeof *key->part) == 0;
}

/* key with one more part; false when it is full. */
static inline bool as_key_child(const struct as_key *key, uint32_t part, struct as_key *child)
{
    if (key->n >= AS_KEY_MAX)
        return false;
    *child = *key;
    child->part[child->n++] = part;
    return true;
}

/*
 * Writes the shortest bytes that memcmp orders as keys are ordered, when shorter
 * ones are filled up with zeros, and gives their number, at most AS_KEY_BYTES.
 * Each part p is p + 1: one byte below 240, else 240 + n and n more bytes.
 */
static inline uint32_t as_key_pack(const struct as_key *key, uint8_t to[AS_KEY_BYTES])
{
    uint32_t at = 0;

    for (uint32_t i = 0; i < key->n; i++) {
        const uint64_t v = (uint64_t)key->part[i] + 1;
        uint32_t n = 0;
        if (v < 240) {
            to[at++] = (uint8_t)v;
            continue;
        }
        while (v >> 8 * n)
            n++;
        to[at++] = (uint8_t)(240 + n);
        while (n-- > 0)
            to[at++] = (uint8_t)(v >> 8 * n);
    }
    return at;
}

#endif
