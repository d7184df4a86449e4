/* crew_hand.c - what the workers have in hand, and what must be done alone for it.
 *
 * A death of the whole rank leaves no word of the item that caused it.  So what is in
 * hand is told before it is worked on, and what was in hand in several dead attempts
 * is done alone.  Nobody is blamed by this.                                        */
#include "crew_parts.h"

#include "../log.h"

#include <stdlib.h>
#include <string.h>

static const struct as_hand NOTHING;

int as_hand_compare(const void *a, const void *b)
{
    const struct as_hand *x = a, *y = b;
    int order = memcmp(x->sha256, y->sha256, sizeof x->sha256);

    if (order == 0 && memcmp(x->sha256, NOTHING.sha256, sizeof x->sha256) == 0)
        order = memcmp(&x->key, &y->key, sizeof x->key);
    return order < 0 ? -1 : order > 0;
}

void as_crew_suspect(struct as_crew *c, const struct as_hand *suspects, uint64_t n)
{
    c->suspects = suspects;
    c->nsuspects = n;
    c->nread_suspects = 0;
    while (c->nread_suspects < n && memcmp(suspects[c->nread_suspects].sha256, NOTHING.sha256,
                                           sizeof NOTHING.sha256) == 0)
        c->nread_suspects++;
}

bool as_crew_suspects_content(const struct as_crew *c, const struct as_slot *what)
{
    struct as_hand hand = {.key = what->key};

    memcpy(hand.sha256, what->sha256, sizeof hand.sha256);
    return c->nsuspects > 0 &&
           bsearch(&hand, c->suspects, c->nsuspects, sizeof hand, as_hand_compare) != NULL;
}

/* Whether a file, or the part of it that is to be read, is or holds a suspect. */
static bool suspects_file(const struct as_crew *c, const struct as_work *w, uint32_t i)
{
    const struct as_key *file = &w->file[i].key;

    for (uint64_t k = 0; k < c->nread_suspects; k++) {
        const struct as_key *key = &c->suspects[k].key;
        if (!as_key_within(key, file))
            continue;
        if (w->lot.mode != AS_READ_PART || key->n == file->n ||
            (key->part[file->n] >= w->lot.first && key->part[file->n] - w->lot.first < w->lot.count))
            return true;
    }
    return false;
}

bool as_crew_may_ask(struct as_crew *c)
{
    const struct as_work *w = c->reading;
    bool none = w->open_pending == 0 && w->sent == w->taken;

    if (c->lone == AS_LONE_READ && none)
        c->lone = AS_LONE_NO;
    if (w->next == w->nfiles || w->open_pending + w->sent - w->taken >= AS_OPEN_AHEAD)
        return false;
    if (c->lone == AS_LONE_NO && suspects_file(c, w, w->next))
        c->lone = AS_LONE_WANTED;
    if (c->lone == AS_LONE_WANTED && none && as_crew_examiners_idle(c)) {
        c->lone = AS_LONE_READ;
        as_log(AS_LOG_INFO, "reads a suspect alone lot=%llu file=%u", (unsigned long long)w->id,
               w->next);
        return true;
    }
    return c->lone == AS_LONE_NO;
}

static void tell(struct as_crew *c, uint32_t seat, const struct as_hand *hand)
{
    if (memcmp(&c->held[seat], hand, sizeof *hand) == 0)
        return;
    c->held[seat] = *hand;
    c->calls.hand(c->calls.state, seat, hand);
}

/* Seats but one that have nothing in hand any more. */
static void put_down(struct as_crew *c, const struct as_examiner_seat *but)
{
    for (uint32_t i = 0; i < c->nseats; i++)
        if (&c->seat[i] != but && c->seat[i].serial == 0)
            tell(c, i + 1, &NOTHING);
}

void as_crew_hold(struct as_crew *c, const struct as_examiner_seat *s, const struct as_slot *what)
{
    struct as_hand hand = {.key = what->key};

    if (c->calls.hand == NULL)
        return;
    memcpy(hand.sha256, what->sha256, sizeof hand.sha256);
    put_down(c, s); /* first, so that what others are through with is not named beside it */
    tell(c, (uint32_t)(s - c->seat) + 1, &hand);
}

/* What was in hand when the crew broke is left as it was told. */
void as_crew_hands(struct as_crew *c)
{
    struct as_hand hand = NOTHING;

    if (c->calls.hand == NULL || c->broken)
        return;
    tell(c, 0, as_crew_reader_at(c, &hand.key) ? &hand : &NOTHING);
    put_down(c, NULL);
}
