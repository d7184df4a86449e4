/* owners.c - a set of SHA-256.
 *
 * Entries lie in chunks and never move; an open-addressing table of 8-byte slots
 * (entry number, 32 bits of the hash) finds them.  The slots grow by half at 3/4
 * full, so an entry costs 32 bytes and 10.7 to 16 in slots: at most 48.  A growing
 * table is rebuilt from the entries in place: realloc moves large blocks by
 * remapping them, so there are never two of them.                                */
#include "owners.h"

#include <stdlib.h>
#include <string.h>

enum { CHUNK = 4096, SLOTS_START = 1024, CHUNKS_STEP = 64 };

struct entry {
    uint8_t sha[AS_OWNERS_SHA];
};

struct slot {
    uint32_t number; /* of the entry, plus one; 0: empty */
    uint32_t hash;
};

struct as_owners {
    struct slot *slots;
    uint64_t slots_n;
    struct entry **chunks;
    uint64_t chunks_n, chunks_room;
    uint64_t count;
};

/* The bytes after those that choose the owner's rank, which are alike on one rank. */
static uint32_t hash_of(const uint8_t *sha)
{
    uint32_t hash;

    memcpy(&hash, sha + 16, sizeof hash);
    return hash;
}

static struct entry *entry_at(const struct as_owners *o, uint64_t i)
{
    return &o->chunks[i / CHUNK][i % CHUNK];
}

static uint64_t home_of(uint32_t hash, uint64_t slots_n)
{
    return (uint64_t)hash * slots_n >> 32; /* slots_n is below 2^32 */
}

/* The slot of a content, or the empty one where it belongs. */
static uint64_t find_slot(const struct as_owners *o, const uint8_t *sha)
{
    const uint32_t hash = hash_of(sha);
    uint64_t i = home_of(hash, o->slots_n);

    while (o->slots[i].number != 0) {
        if (o->slots[i].hash == hash &&
            memcmp(entry_at(o, o->slots[i].number - 1)->sha, sha, AS_OWNERS_SHA) == 0)
            break;
        i = i + 1 < o->slots_n ? i + 1 : 0;
    }
    return i;
}

enum as_status as_owners_new(struct as_owners **o)
{
    struct as_owners *made = calloc(1, sizeof *made);

    *o = NULL;
    if (made == NULL)
        return AS_ENOMEM;
    made->slots_n = SLOTS_START;
    made->slots = calloc(made->slots_n, sizeof *made->slots);
    if (made->slots == NULL) {
        free(made);
        return AS_ENOMEM;
    }
    *o = made;
    return AS_OK;
}

void as_owners_free(struct as_owners *o)
{
    if (o == NULL)
        return;
    for (uint64_t i = 0; i < o->chunks_n; i++)
        free(o->chunks[i]);
    free(o->chunks);
    free(o->slots);
    free(o);
}

/* Makes half as many slots again and finds every entry its place. */
static enum as_status grow_slots(struct as_owners *o)
{
    const uint64_t more = o->slots_n + o->slots_n / 2;
    struct slot *slots;

    if (more > UINT32_MAX)
        return AS_ENOMEM;
    slots = reallocarray(o->slots, more, sizeof *slots);
    if (slots == NULL)
        return AS_ENOMEM;
    memset(slots, 0, more * sizeof *slots);
    o->slots = slots;
    o->slots_n = more;
    for (uint64_t k = 0; k < o->count; k++) {
        const uint32_t hash = hash_of(entry_at(o, k)->sha);
        uint64_t i = home_of(hash, more);
        while (slots[i].number != 0)
            i = i + 1 < more ? i + 1 : 0;
        slots[i] = (struct slot){(uint32_t)(k + 1), hash};
    }
    return AS_OK;
}

static enum as_status grow_chunks(struct as_owners *o)
{
    if (o->chunks_n == o->chunks_room) {
        struct entry **chunks =
            reallocarray(o->chunks, o->chunks_room + CHUNKS_STEP, sizeof *chunks);
        if (chunks == NULL)
            return AS_ENOMEM;
        o->chunks = chunks;
        o->chunks_room += CHUNKS_STEP;
    }
    o->chunks[o->chunks_n] = calloc(CHUNK, sizeof **o->chunks);
    if (o->chunks[o->chunks_n] == NULL)
        return AS_ENOMEM;
    o->chunks_n++;
    return AS_OK;
}

/* Enters a content if it is not there; *there: it was. */
static enum as_status enter(struct as_owners *o, const uint8_t *sha, bool *there)
{
    enum as_status status = AS_OK;
    uint64_t i = find_slot(o, sha);

    *there = o->slots[i].number != 0;
    if (*there)
        return AS_OK;
    if (4 * (o->count + 1) > 3 * o->slots_n) {
        AS_TRY(grow_slots(o));
        i = find_slot(o, sha);
    }
    if (o->count == o->chunks_n * CHUNK)
        AS_TRY(grow_chunks(o));
    memcpy(entry_at(o, o->count)->sha, sha, AS_OWNERS_SHA);
    o->slots[i] = (struct slot){(uint32_t)(o->count + 1), hash_of(sha)};
    o->count++;
done:
    return status;
}

enum as_status as_owners_ask(struct as_owners *o, const uint8_t *sha, bool *granted)
{
    bool there = true;
    enum as_status status = enter(o, sha, &there);

    *granted = status == AS_OK && !there;
    return status;
}

enum as_status as_owners_set_done(struct as_owners *o, const uint8_t *sha)
{
    bool there;

    return enter(o, sha, &there);
}
