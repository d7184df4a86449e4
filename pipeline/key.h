/* key.h - the item key: source ordinal, then the entry index at each level.
 *
 * Ids are assigned at the seal by sorting keys; a container sorts before what
 * it holds.                                                                  */
#ifndef AS_KEY_H
#define AS_KEY_H

#include "../kernels/base.h"

#include <string.h>

/* Source, entry of a folder, and containers nested to the largest --max-depth. */
enum { AS_KEY_MAX = 12, AS_DEPTH_MAX = AS_KEY_MAX - 2, AS_KEY_BYTES = 4 * AS_KEY_MAX };

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

/* Writes AS_KEY_BYTES that memcmp orders as keys are ordered: parts + 1 as
 * big-endian words, zeros after the last.                                    */
static inline void as_key_pack(const struct as_key *key, uint8_t to[AS_KEY_BYTES])
{
    memset(to, 0, AS_KEY_BYTES);
    for (uint32_t i = 0; i < key->n; i++) {
        uint32_t v = key->part[i] + 1;
        to[4 * i] = (uint8_t)(v >> 24);
        to[4 * i + 1] = (uint8_t)(v >> 16);
        to[4 * i + 2] = (uint8_t)(v >> 8);
        to[4 * i + 3] = (uint8_t)v;
    }
}

static inline void as_key_unpack(const uint8_t from[AS_KEY_BYTES], struct as_key *key)
{
    memset(key, 0, sizeof *key);
    for (uint32_t i = 0; i < AS_KEY_MAX; i++) {
        uint32_t v = (uint32_t)from[4 * i] << 24 | (uint32_t)from[4 * i + 1] << 16 |
                     (uint32_t)from[4 * i + 2] << 8 | from[4 * i + 3];
        if (v == 0)
            break;
        key->part[key->n++] = v - 1;
    }
}

#endif
