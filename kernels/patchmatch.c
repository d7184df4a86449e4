/* patchmatch.c - a dense field of nearest neighbours by propagation, hashing and chance. */
#include "patchmatch.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROOM = AS_MATCH_ROOM,
    STEP = AS_MATCH_STEP,
    VALUES = 256,
    KEYED = 4, /* features in a key */
    LEVELS = 16,
    BUCKETS = 1 << 16, /* LEVELS to the power KEYED */
    DRAWS = 4,         /* of a bucket, per node and round: a cache line or two */
    BESIDE = 6,        /* places tried beside a match that agrees with a neighbour's */
    LANES = 4,         /* rows that are on their way together, each AHEAD nodes before the next */
    AHEAD = 8,         /* nodes between asking for the memory of candidates and trying them */
    JUMP = 8           /* px: matches of neighbouring nodes of one area differ by no more */
};

/* The features of the nodes of the target, those that are quantised alike together: entries
 * begin[key] .. begin[key + 1] - 1 of dealt. */
struct buckets {
    uint32_t *begin;              /* [BUCKETS + 2] */
    uint8_t *dealt;               /* [nodes][ROOM]; where the node lies in the last four bytes */
    uint16_t *key;                /* [nodes] */
    uint8_t level[KEYED][VALUES]; /* of a value of feature which[k] */
    uint32_t which[KEYED];
};

/* What is known of a node before its neighbour beside it is done. */
struct known {
    struct as_match at[3];
    uint32_t n, first, draws; /* of at; of buckets.dealt */
};

/* A row on its way. */
struct lane {
    uint32_t j;
    struct known known[AHEAD]; /* of node i in known[i % AHEAD] */
    struct as_match beside[3]; /* what the nodes before it let the next node expect */
    uint32_t n;
};

struct search {
    const struct as_patchmatch *pm;
    struct buckets buckets;
    struct as_match *field;
    uint32_t *cost;
    uint32_t across, down, round;
    int ahead; /* +1: rows and columns ascend; -1: they descend */
    uint64_t seed;
    struct lane lanes[LANES];
};

uint32_t as_match_nodes(uint32_t side)
{
    return (side + STEP - 1) / STEP;
}

static size_t nodes_of(uint32_t w, uint32_t h)
{
    return (size_t)as_match_nodes(w) * as_match_nodes(h);
}

size_t as_patchmatch_scratch(uint32_t to_w, uint32_t to_h)
{
    return (BUCKETS + 2) * sizeof(uint32_t) + nodes_of(to_w, to_h) * (ROOM + sizeof(uint16_t));
}

/* The finaliser of splitmix64: a number for every (size, round, node). */
static uint64_t mix(uint64_t v)
{
    v += 0x9E3779B97F4A7C15U;
    v = (v ^ (v >> 30)) * 0xBF58476D1CE4E5B9U;
    v = (v ^ (v >> 27)) * 0x94D049BB133111EBU;
    return v ^ (v >> 31);
}

/* 0..n - 1 from 16 bits. */
static uint32_t part(uint64_t bits, uint32_t n)
{
    return ((uint32_t)bits & 0xFFFF) * n >> 16;
}

/* ---- buckets ---- */

static void buckets_begin(const struct as_patchmatch *pm, void *scratch, struct buckets *b)
{
    b->dealt = scratch;
    b->begin = (uint32_t *)(b->dealt + nodes_of(pm->to_w, pm->to_h) * ROOM);
    b->key = (uint16_t *)(b->begin + BUCKETS + 2);
}

/* Levels of the keyed features so that each has as many nodes; a phase moves the bounds. */
static void make_levels(const struct search *s, struct buckets *b, size_t n)
{
    uint32_t count[KEYED][VALUES] = {{0}};

    for (size_t i = 0; i < n; i++)
        for (uint32_t k = 0; k < KEYED; k++)
            count[k][s->pm->nodes[i * ROOM + b->which[k]]]++;
    for (uint32_t k = 0; k < KEYED; k++) {
        const uint64_t bits = mix(s->seed ^ ((uint64_t)s->round << 40) ^ ((uint64_t)k << 56));
        const uint32_t phase = part(bits, VALUES);
        uint64_t below = 0;
        for (uint32_t v = 0; v < VALUES; v++) {
            b->level[k][v] = (uint8_t)((below * (LEVELS - 1) * VALUES / n + phase) / VALUES);
            below += count[k][v];
        }
    }
}

static uint32_t key_of(const struct buckets *b, const uint8_t *f)
{
    uint32_t key = 0;

    for (uint32_t k = 0; k < KEYED; k++)
        key = key * LEVELS + b->level[k][f[b->which[k]]];
    return key;
}

static void deal(const struct buckets *b, uint32_t to, const uint8_t *f, uint32_t i, uint32_t j)
{
    const uint16_t at[2] = {(uint16_t)(i * STEP), (uint16_t)(j * STEP)};

    memcpy(b->dealt + (size_t)to * ROOM, f, ROOM - sizeof at);
    memcpy(b->dealt + (size_t)to * ROOM + ROOM - sizeof at, at, sizeof at);
}

/* Other features and other bounds in each round.  A counting sort: begin is one ahead until the
 * nodes have been dealt. */
static void next_buckets(struct search *s)
{
    struct buckets *b = &s->buckets;
    const uint32_t features = s->pm->features, w = as_match_nodes(s->pm->to_w);
    const size_t n = nodes_of(s->pm->to_w, s->pm->to_h);

    for (uint32_t k = 0; k < KEYED; k++)
        b->which[k] = (s->round * 3 + k * (features / KEYED)) % features;
    make_levels(s, b, n);
    memset(b->begin, 0, (BUCKETS + 2) * sizeof *b->begin);
    for (size_t i = 0; i < n; i++) {
        b->key[i] = (uint16_t)key_of(b, s->pm->nodes + i * ROOM);
        b->begin[b->key[i] + 2]++;
    }
    for (uint32_t i = 2; i < BUCKETS + 2; i++)
        b->begin[i] += b->begin[i - 1];
    for (uint32_t i = 0; i < n; i++)
        deal(b, b->begin[b->key[i] + 1]++, s->pm->nodes + (size_t)i * ROOM, i % w, i / w);
}

/* ---- candidates ---- */

/* By itself, because gcc unrolls it elsewhere before it sees what vector instructions there are. */
static __attribute__((noinline)) uint32_t distance(const uint8_t *a, const uint8_t *b)
{
    int32_t sum = 0;

    for (int k = 0; k < ROOM; k++) {
        const int32_t d = a[k] - b[k];
        sum += d * d;
    }
    return (uint32_t)sum;
}

/* What a node has so far, while candidates are tried. */
struct node {
    const uint8_t *features;
    int32_t own_x, own_y; /* where it lies in the target */
    struct as_match best;
    uint32_t cost;
};

static const uint8_t *target(const struct search *s, int32_t x, int32_t y)
{
    return s->pm->to + ((size_t)y * s->pm->to_w + (uint32_t)x) * ROOM;
}

/* Whether a node may have (x, y) as its match: within the target and far enough. */
static bool may(const struct search *s, const struct node *n, int32_t x, int32_t y)
{
    const uint32_t apart = s->pm->apart;

    return (uint32_t)x < s->pm->to_w && (uint32_t)y < s->pm->to_h &&
           ((uint32_t)(x - n->own_x) + apart - 1 >= 2 * apart - 1 ||
            (uint32_t)(y - n->own_y) + apart - 1 >= 2 * apart - 1);
}

static void try_it(const struct search *s, struct node *n, int32_t x, int32_t y)
{
    const uint32_t cost = distance(n->features, target(s, x, y));

    if (cost < n->cost) {
        n->cost = cost;
        n->best = (struct as_match){(int16_t)x, (int16_t)y};
    }
}

static void try_at(const struct search *s, struct node *n, int32_t x, int32_t y)
{
    if (may(s, n, x, y))
        try_it(s, n, x, y);
}

static int32_t third(int32_t v)
{
    return v < 0 ? -((1 - v) / 3) : (v + 1) / 3;
}

static bool near(const struct as_match *a, const struct as_match *b, int32_t reach)
{
    return abs(a->x - b->x) <= reach && abs(a->y - b->y) <= reach;
}

/* What the `known` nodes before, in direction (gx, gy), let expect: the same shift; and where they
 * are of one area, the same change as of the last step, and that of the last three, which feels
 * rounding less. How many of to[]. */
static uint32_t predict(const struct search *s, const struct as_match *at, int gx, int gy,
                        uint32_t known, struct as_match to[3])
{
    const ptrdiff_t back = (ptrdiff_t)gy * (ptrdiff_t)s->across + gx;
    const struct as_match *one = at - back;
    const int32_t step = (int32_t)(STEP * s->pm->ratio + 0.5F);
    uint32_t n = 0;

    if (known == 0)
        return 0;
    to[n++] = (struct as_match){(int16_t)(one->x + gx * step), (int16_t)(one->y + gy * step)};
    if (known > 1 && near(one, at - 2 * back, JUMP))
        to[n++] = (struct as_match){(int16_t)(2 * one->x - at[-2 * back].x),
                                    (int16_t)(2 * one->y - at[-2 * back].y)};
    if (known > 3 && near(one, at - 4 * back, 2 * JUMP))
        to[n++] = (struct as_match){(int16_t)(one->x + third(one->x - at[-4 * back].x)),
                                    (int16_t)(one->y + third(one->y - at[-4 * back].y))};
    return n;
}

static struct node node_at(const struct search *s, uint32_t i, uint32_t j)
{
    const struct as_patchmatch *pm = s->pm;
    const size_t at = (size_t)j * s->across + i;

    return (struct node){pm->from + at * ROOM, (int32_t)((float)(i * STEP) * pm->ratio),
                         (int32_t)((float)(j * STEP) * pm->ratio), s->field[at], s->cost[at]};
}

/* The node that is visited as number i of row number j of the round. */
static struct node visited(const struct search *s, uint32_t i, uint32_t j)
{
    return node_at(s, s->ahead > 0 ? i : s->across - 1 - i, s->ahead > 0 ? j : s->down - 1 - j);
}

/* Those of all[] that the node may have, whose features are asked for; how many. */
static uint32_t ask_for(const struct search *s, const struct node *n, const struct as_match *all,
                        uint32_t count, struct as_match *some)
{
    uint32_t kept = 0;

    for (uint32_t d = 0; d < count; d++)
        if (may(s, n, all[d].x, all[d].y)) {
            __builtin_prefetch(target(s, all[d].x, all[d].y));
            some[kept++] = all[d];
        }
    return kept;
}

/* What the row before and the buckets propose for a node; memory is slow, so it is asked for now.
 */
static void look_ahead(const struct search *s, struct lane *lane, uint32_t i)
{
    const struct node n = visited(s, i, lane->j);
    const struct buckets *b = &s->buckets;
    const size_t at = (size_t)(n.features - s->pm->from) / ROOM;
    const uint32_t key = key_of(b, n.features);
    const uint32_t first = b->begin[key], size = b->begin[key + 1] - first;
    struct known *known = &lane->known[i % AHEAD];
    struct as_match to[3];
    const uint32_t all = predict(s, s->field + at, 0, s->ahead, lane->j, to);

    known->draws = size < DRAWS ? size : DRAWS;
    known->first = first;
    if (size > DRAWS) {
        const uint64_t lot = mix(s->seed + ((uint64_t)s->round << 40) + at) & UINT32_MAX;
        known->first += (uint32_t)(lot * (size - DRAWS + 1) >> 32);
    }
    if (size > 0) {
        const uint8_t *draws = b->dealt + (size_t)known->first * ROOM;
        __builtin_prefetch(draws);
        __builtin_prefetch(draws + (DRAWS - 1) * ROOM);
    }
    known->n = ask_for(s, &n, to, all, known->at);
}

/* The nodes of a bucket; where they lie counts into their distance, and is taken off. */
static void try_draws(const struct search *s, struct node *n, const struct known *known)
{
    const uint8_t *entry = s->buckets.dealt + (size_t)known->first * ROOM;

    for (uint32_t d = 0; d < known->draws; d++, entry += ROOM) {
        const uint8_t *end = entry + ROOM - 4;
        const uint32_t place =
            (uint32_t)(end[0] * end[0] + end[1] * end[1] + end[2] * end[2] + end[3] * end[3]);
        const uint32_t cost = distance(n->features, entry) - place;
        uint16_t at[2];
        memcpy(at, end, sizeof at);
        if (cost < n->cost && may(s, n, at[0], at[1])) {
            n->cost = cost;
            n->best = (struct as_match){(int16_t)at[0], (int16_t)at[1]};
        }
    }
}

/* Places beside the best. */
static void try_beside(const struct search *s, struct node *n, uint64_t bits)
{
    for (uint32_t i = 0; i < BESIDE; i++, bits >>= 10) {
        const int32_t dx = (int32_t)((bits & 31) * 3 >> 5) - 1;
        const int32_t dy = (int32_t)((bits >> 5 & 31) * 3 >> 5) - 1;
        try_at(s, n, n->best.x + dx, n->best.y + dy);
    }
}

static void visit(const struct search *s, struct lane *lane, uint32_t i)
{
    struct node n = visited(s, i, lane->j);
    const size_t at = (size_t)(n.features - s->pm->from) / ROOM;
    const struct known *known = &lane->known[i % AHEAD];
    const struct as_match *field = s->field + at, *before = field - s->ahead * (ptrdiff_t)s->across;
    struct as_match to[3];

    for (uint32_t d = 0; d < lane->n; d++)
        try_it(s, &n, lane->beside[d].x, lane->beside[d].y);
    for (uint32_t d = 0; d < known->n; d++)
        try_it(s, &n, known->at[d].x, known->at[d].y);
    try_draws(s, &n, known);
    if ((i && near(&n.best, field - s->ahead, JUMP)) || (lane->j && near(&n.best, before, JUMP)))
        try_beside(s, &n, mix(~s->seed + ((uint64_t)s->round << 40) + at));
    s->field[at] = n.best;
    s->cost[at] = n.cost;
    if (i + 1 < s->across) {
        const struct node next = visited(s, i + 1, lane->j);
        lane->n = ask_for(s, &next, to, predict(s, field + s->ahead, s->ahead, 0, i + 1, to),
                          lane->beside);
    }
    if (i + AHEAD < s->across)
        look_ahead(s, lane, i + AHEAD);
}

/* The farthest corner, until there is something. */
static void begin_at(const struct search *s, uint32_t i, uint32_t j)
{
    const struct as_patchmatch *pm = s->pm;
    const size_t at = (size_t)j * s->across + i;
    const struct node n = node_at(s, i, j);

    s->field[at] =
        (struct as_match){(int16_t)(2 * (uint32_t)n.own_x < pm->to_w ? pm->to_w - 1 : 0),
                          (int16_t)(2 * (uint32_t)n.own_y < pm->to_h ? pm->to_h - 1 : 0)};
    s->cost[at] = UINT32_MAX;
}

/* A lane's next node; the same order as if rows followed each other, as far as nodes depend on
 * others. */
static void advance(const struct search *s, struct lane *lane, uint32_t i)
{
    if (i == 0) {
        lane->n = 0;
        for (uint32_t k = 0; k < s->across && k < AHEAD; k++)
            look_ahead(s, lane, k);
    }
    visit(s, lane, i);
}

static void pass(struct search *s)
{
    for (uint32_t j = 0; j < s->down; j += LANES) {
        const uint32_t lanes = s->down - j < LANES ? s->down - j : LANES;
        for (uint32_t l = 0; l < lanes; l++)
            s->lanes[l].j = j + l;
        for (uint32_t c = 0; c < s->across + (lanes - 1) * AHEAD; c++)
            for (uint32_t l = 0; l < lanes; l++)
                if (c >= l * AHEAD && c - l * AHEAD < s->across)
                    advance(s, &s->lanes[l], c - l * AHEAD);
    }
}

void as_patchmatch(const struct as_patchmatch *pm, struct as_match *field, uint32_t *cost,
                   void *scratch)
{
    struct search s = {.pm = pm,
                       .field = field,
                       .cost = cost,
                       .across = as_match_nodes(pm->from_w),
                       .down = as_match_nodes(pm->from_h)};

    s.seed = mix(((uint64_t)pm->to_w << 48) ^ ((uint64_t)pm->to_h << 32) ^
                 ((uint64_t)pm->from_w << 16) ^ pm->from_h);
    buckets_begin(pm, scratch, &s.buckets);
    for (uint32_t j = 0; j < s.down; j++)
        for (uint32_t i = 0; i < s.across; i++)
            begin_at(&s, i, j);
    for (s.round = 0; s.round < pm->rounds; s.round++) {
        s.ahead = s.round & 1 ? -1 : 1;
        next_buckets(&s);
        pass(&s);
    }
}
