/* patchmatch.c - a dense field of nearest neighbours by propagation, hashing and chance. */
#include "patchmatch.h"

#include <string.h>

enum {
    ROOM = AS_MATCH_ROOM,
    STEP = AS_MATCH_STEP,
    VALUES = 8192,
    KEYED = 4, /* features in a key */
    LEVELS = 16,
    BUCKETS = 1 << 16, /* LEVELS to the power KEYED */
    DRAWS = 2          /* of a bucket, per node and round */
};

/* Targets whose features are quantised alike: begin[key] .. begin[key + 1] - 1 of order. */
struct buckets {
    uint32_t *begin, *order; /* [BUCKETS + 1], [nodes] */
    uint32_t *count;         /* [VALUES] */
    uint8_t *level;          /* [KEYED][VALUES] */
    uint32_t which[KEYED];
};

struct search {
    const struct as_patchmatch *pm;
    struct buckets buckets;
    struct as_match *field;
    uint32_t *cost;
    uint32_t across, down, round;
    int ahead; /* +1: rows and columns ascend; -1: they descend */
    uint64_t seed;
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
    return (BUCKETS + 2 + nodes_of(to_w, to_h) + VALUES) * sizeof(uint32_t) + KEYED * VALUES;
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
    b->begin = scratch;
    b->order = b->begin + BUCKETS + 2;
    b->count = b->order + nodes_of(pm->to_w, pm->to_h);
    b->level = (uint8_t *)(b->count + VALUES);
}

/* Levels of one feature so that each has as many targets; `phase` of VALUES moves the bounds. */
static void make_levels(const struct as_patchmatch *pm, struct buckets *b, uint32_t k,
                        uint32_t phase)
{
    const uint64_t n = nodes_of(pm->to_w, pm->to_h);
    uint64_t below = 0;

    memset(b->count, 0, VALUES * sizeof *b->count);
    for (uint32_t y = 0; y < pm->to_h; y += STEP)
        for (uint32_t x = 0; x < pm->to_w; x += STEP)
            b->count[(uint16_t)pm->to[((size_t)y * pm->to_w + x) * ROOM + b->which[k]]]++;
    for (uint32_t v = 0; v < VALUES; v++) {
        b->level[k * VALUES + v] = (uint8_t)((below * (LEVELS - 1) * VALUES / n + phase) / VALUES);
        below += b->count[v];
    }
}

static uint32_t key_of(const struct buckets *b, const int16_t *f)
{
    uint32_t key = 0;

    for (uint32_t k = 0; k < KEYED; k++) {
        const uint8_t *levels = b->level + (size_t)k * VALUES;
        const uint32_t level = levels[f[b->which[k]]];
        key = key * LEVELS + level;
    }
    return key;
}

/* Counting sort: begin is one ahead until the targets have been dealt. */
static void fill_buckets(const struct search *s, struct buckets *b)
{
    const struct as_patchmatch *pm = s->pm;

    memset(b->begin, 0, (BUCKETS + 2) * sizeof *b->begin);
    for (uint32_t y = 0; y < pm->to_h; y += STEP)
        for (uint32_t x = 0; x < pm->to_w; x += STEP)
            b->begin[key_of(b, pm->to + ((size_t)y * pm->to_w + x) * ROOM) + 2]++;
    for (uint32_t i = 2; i < BUCKETS + 2; i++)
        b->begin[i] += b->begin[i - 1];
    for (uint32_t y = 0; y < pm->to_h; y += STEP)
        for (uint32_t x = 0; x < pm->to_w; x += STEP) {
            const size_t at = (size_t)y * pm->to_w + x;
            b->order[b->begin[key_of(b, pm->to + at * ROOM) + 1]++] = (uint32_t)at;
        }
}

/* Other features and other bounds in each round. */
static void next_buckets(struct search *s)
{
    const uint32_t n = s->pm->features;

    for (uint32_t k = 0; k < KEYED; k++) {
        const uint64_t bits = mix(s->seed ^ ((uint64_t)s->round << 40) ^ ((uint64_t)k << 56));
        s->buckets.which[k] = (s->round * 3 + k * (n / KEYED)) % n;
        make_levels(s->pm, &s->buckets, k, part(bits, VALUES));
    }
    fill_buckets(s, &s->buckets);
}

/* ---- candidates ---- */

static uint32_t distance(const int16_t *a, const int16_t *b)
{
    int32_t sum = 0;

    for (int k = 0; k < ROOM; k++) {
        const int16_t d = (int16_t)(a[k] - b[k]);
        sum += d * d;
    }
    return (uint32_t)sum;
}

/* What a node has so far, while candidates are tried. */
struct node {
    const int16_t *features;
    int32_t own_x, own_y; /* where it lies in the target */
    struct as_match best;
    uint32_t cost;
};

static void try_at(const struct search *s, struct node *n, int32_t x, int32_t y)
{
    const struct as_patchmatch *pm = s->pm;
    const int32_t dx = x - n->own_x, dy = y - n->own_y, apart = (int32_t)pm->apart;
    uint32_t cost;

    if (x < 0 || y < 0 || x >= (int32_t)pm->to_w || y >= (int32_t)pm->to_h ||
        (x == n->best.x && y == n->best.y) ||
        (dx < apart && dx > -apart && dy < apart && dy > -apart))
        return;
    cost = distance(n->features, pm->to + ((size_t)y * pm->to_w + (uint32_t)x) * ROOM);
    if (cost < n->cost) {
        n->cost = cost;
        n->best = (struct as_match){(int16_t)x, (int16_t)y};
    }
}

static int32_t third(int32_t v)
{
    return v < 0 ? -((1 - v) / 3) : (v + 1) / 3;
}

/* What the `known` nodes before, in direction (gx, gy), let expect: the same shift; the same change
 * as of the last step; and that of the last three, which feels rounding less. */
static void predict(const struct search *s, struct node *n, const struct as_match *at, int gx,
                    int gy, uint32_t known)
{
    const ptrdiff_t back = (ptrdiff_t)gy * (ptrdiff_t)s->across + gx;
    const struct as_match one = at[-back];
    const int32_t step = (int32_t)(STEP * s->pm->ratio + 0.5F);

    try_at(s, n, one.x + gx * step, one.y + gy * step);
    if (known > 1) {
        const struct as_match far = at[-2 * back];
        try_at(s, n, 2 * one.x - far.x, 2 * one.y - far.y);
    }
    if (known > 3) {
        const struct as_match far = at[-4 * back];
        try_at(s, n, one.x + third(one.x - far.x), one.y + third(one.y - far.y));
    }
}

static void try_chance(const struct search *s, struct node *n, uint64_t bits)
{
    const struct buckets *b = &s->buckets;
    const uint32_t key = key_of(b, n->features);
    const uint32_t first = b->begin[key], size = b->begin[key + 1] - first;

    for (uint32_t i = 0; size && i < DRAWS; i++) {
        const uint64_t lot = mix(bits + i) & 0xFFFFFFFF;
        const uint32_t at = b->order[first + (uint32_t)(lot * size >> 32)];
        try_at(s, n, (int32_t)(at % s->pm->to_w), (int32_t)(at / s->pm->to_w));
    }
    for (uint32_t i = 0; i < 3; i++, bits >>= 20) {
        const uint32_t reach = i ? 1 : 8, across = 2 * reach + 1;
        const uint32_t dx = (uint32_t)(bits & 1023) * across >> 10;
        const uint32_t dy = (uint32_t)(bits >> 10 & 1023) * across >> 10;
        try_at(s, n, n->best.x + (int32_t)dx - (int32_t)reach,
               n->best.y + (int32_t)dy - (int32_t)reach);
    }
}

static struct node node_at(const struct search *s, uint32_t i, uint32_t j)
{
    const struct as_patchmatch *pm = s->pm;
    const uint32_t x = i * STEP, y = j * STEP;
    const size_t at = (size_t)j * s->across + i;

    return (struct node){pm->from + ((size_t)y * pm->from_w + x) * ROOM,
                         (int32_t)((float)x * pm->ratio), (int32_t)((float)y * pm->ratio),
                         s->field[at], s->cost[at]};
}

static void visit(const struct search *s, uint32_t i, uint32_t j)
{
    const size_t at = (size_t)j * s->across + i;
    const int g = s->ahead;
    const uint32_t behind_x = g > 0 ? i : s->across - 1 - i;
    const uint32_t behind_y = g > 0 ? j : s->down - 1 - j;
    struct node n = node_at(s, i, j);

    if (behind_x > 0)
        predict(s, &n, s->field + at, g, 0, behind_x);
    if (behind_y > 0)
        predict(s, &n, s->field + at, 0, g, behind_y);
    try_chance(s, &n, mix(s->seed + ((uint64_t)s->round << 40) + at));
    s->field[at] = n.best;
    s->cost[at] = n.cost;
}

/* Any place that is far enough, or the farthest corner. */
static void begin_at(const struct search *s, uint32_t i, uint32_t j)
{
    const struct as_patchmatch *pm = s->pm;
    const size_t at = (size_t)j * s->across + i;
    const uint64_t bits = mix(s->seed + at);
    struct node n = node_at(s, i, j);

    n.cost = UINT32_MAX;
    n.best = (struct as_match){(int16_t)(2 * (uint32_t)n.own_x < pm->to_w ? pm->to_w - 1 : 0),
                               (int16_t)(2 * (uint32_t)n.own_y < pm->to_h ? pm->to_h - 1 : 0)};
    try_at(s, &n, (int32_t)part(bits, pm->to_w), (int32_t)part(bits >> 16, pm->to_h));
    s->field[at] = n.best;
    s->cost[at] = n.cost;
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
        for (uint32_t j = 0; j < s.down; j++)
            for (uint32_t i = 0; i < s.across; i++)
                visit(&s, s.ahead > 0 ? i : s.across - 1 - i, s.ahead > 0 ? j : s.down - 1 - j);
    }
}
