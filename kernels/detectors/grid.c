/* grid.c - where JPEG's grid of 8 x 8 blocks begins, in the whole picture and in its parts.
 *
 * A block that JPEG has quantised has more zero coefficients at its own place than at any other.
 * Every pixel votes for the place, modulo 8, of the block with the most zeros among the 64 that
 * cover it; no vote where two are equal.  Without JPEG the votes of separate blocks fall on each of
 * the 64 grids with the same chance, so the number of false alarms (NFA) that as many votes for one
 * grid would give is a binomial tail times the number of tests.  Below 1 it is meaningful: fewer
 * than one false alarm is to be expected in a picture, of whatever size.
 *
 * The parts: votes are counted in the 8 x 8 cells of the grid they are for, cells that touch make a
 * region, and its bounding box is tested.
 *
 * T. Nikoukhah, J. Anger, M. Colom, J.-M. Morel, R. Grompone von Gioi: ZERO: a local JPEG grid
 * origin detector based on the number of DCT zeros and its applications in image forensics, Image
 * Processing On Line 11, 2021.
 */
#include "../binomial.h"
#include "../dct.h"
#include "../scratch.h"
#include "detector.h"

#include <math.h>
#include <string.h>

enum {
    GRIDS = 64,
    REACH = 7, /* blocks that cover a pixel begin so far before it, at most */
    SIDE_MIN = 64,
    CELL_VOTES = 16, /* of 64 that make a cell part of a region                   */
    DRIFTING = 3,    /* grids with regions of their own: none is a part from elsewhere */
    FOUND = 255,     /* a cell of a meaningful region                             */
    TIE = 64,        /* in a key: no vote                                         */
    ZEROS_SHIFT = 7  /* a key: zeros << 7 | TIE | grid                            */
};

/* A run of cells that touch, or several together. */
struct region {
    uint32_t x0, y0, x1, y1; /* in cells, inclusive */
    size_t cells;
    uint64_t votes;
};

/* What is meaningful of one grid. */
struct grid {
    uint32_t regions;
    size_t cells;
    double strength; /* -log10 of the smallest NFA */
    struct region all;
};

/* What extract works in; the arrays follow it. */
struct work {
    const struct as_plane *luma;
    uint32_t cw, ch;       /* cells of a grid                                       */
    uint64_t votes[GRIDS]; /* pixels                                                */
    double log_tests;
    struct grid found[GRIDS];
    uint16_t *rows;  /* [8][w] keys, the best of the eight blocks to the left */
    uint8_t *cells;  /* [GRIDS][ch][cw] votes                                 */
    uint32_t *queue; /* [ch * cw]                                             */
};

/* ---- votes ---- */

/* The better of two blocks, TIE if they are equal. */
static inline uint16_t better(uint16_t a, uint16_t b)
{
    const uint16_t best = a > b ? a : b;
    const uint16_t tie = (a ^ b) < (1 << ZEROS_SHIFT) ? TIE : 0;

    return best | tie;
}

/* Keys of the n blocks that begin in row y, from column x on.  A block that is constant in one
 * direction begins anywhere in that direction: it has no vote.                             */
static void block_keys(const struct as_plane *luma, uint32_t x, uint32_t y, uint32_t n,
                       uint16_t *keys)
{
    float coef[64][AS_DCT_RUN];
    int32_t zeros[AS_DCT_RUN] = {0}, across[AS_DCT_RUN] = {0}, down[AS_DCT_RUN] = {0};

    as_dct_run(luma, x, y, n, coef);
    for (size_t k = 1; k < 64; k++) {
        int32_t *to = k < 8 ? across : k % 8 == 0 ? down : zeros;
        for (uint32_t i = 0; i < n; i++)
            to[i] += fabsf(coef[k][i]) < 0.5f;
    }
    for (uint32_t i = 0; i < n; i++) {
        const int32_t flat = zeros[i] == 49 && (across[i] == 7 || down[i] == 7);
        keys[i] = (uint16_t)((zeros[i] + across[i] + down[i]) << ZEROS_SHIFT | (flat ? TIE : 0) |
                             (int32_t)(y % 8 * 8 + (x + i) % 8));
    }
}

/* keys[i] := the best of the blocks i .. i + 7, for i < n - 7. */
static void best_of_eight(uint16_t *keys, uint32_t n)
{
    for (uint32_t step = 1; step <= 4; step *= 2)
        for (uint32_t i = 0; i + 2 * step <= n; i++)
            keys[i] = better(keys[i], keys[i + step]);
}

/* The votes of pixel row y, whose blocks begin in rows y - 7 .. y. */
static void count_row(struct work *w, uint32_t y)
{
    const uint32_t width = w->luma->w, n = width - 2 * REACH;
    const size_t plane = (size_t)w->cw * w->ch;
    uint16_t *to = w->rows + 8 * (size_t)width;

    memcpy(to, w->rows, n * sizeof *to);
    for (size_t row = 1; row < 8; row++)
        for (uint32_t i = 0; i < n; i++)
            to[i] = better(to[i], w->rows[row * width + i]);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t g = to[i] % GRIDS, x = i + REACH;
        if (to[i] & TIE)
            continue;
        w->votes[g]++;
        w->cells[g * plane + (size_t)((y - g / 8) / 8) * w->cw + (x - g % 8) / 8]++;
    }
}

static void count_votes(struct work *w)
{
    const struct as_plane *luma = w->luma;

    for (uint32_t y = 0; y + REACH < luma->h; y++) {
        uint16_t *keys = w->rows + (size_t)(y % 8) * luma->w;
        for (uint32_t x = 0; x + REACH < luma->w; x += AS_DCT_RUN) {
            const uint32_t left = luma->w - REACH - x;
            block_keys(luma, x, y, left < AS_DCT_RUN ? left : AS_DCT_RUN, keys + x);
        }
        best_of_eight(keys, luma->w - REACH);
        if (y >= REACH)
            count_row(w, y);
    }
}

/* -log10 of the number of false alarms: above 0 is meaningful. */
static double strength_of(const struct work *w, uint64_t votes, uint64_t blocks)
{
    return -(w->log_tests + as_binomial_tail(blocks, votes / 64, 1.0 / GRIDS));
}

/* ---- regions ---- */

static void push(struct work *w, uint8_t *cells, struct region *r, uint32_t x, uint32_t y)
{
    const uint32_t at = y * w->cw + x;

    w->queue[r->cells++] = at;
    r->votes += cells[at];
    cells[at] = 0;
    r->x0 = x < r->x0 ? x : r->x0;
    r->x1 = x > r->x1 ? x : r->x1;
    r->y0 = y < r->y0 ? y : r->y0;
    r->y1 = y > r->y1 ? y : r->y1;
}

/* Takes the cells that hang together with (x, y) into w->queue. */
static struct region grow(struct work *w, uint8_t *cells, uint32_t x, uint32_t y)
{
    struct region r = {x, y, x, y, 0, 0};

    push(w, cells, &r, x, y);
    for (size_t i = 0; i < r.cells; i++) {
        const uint32_t cx = w->queue[i] % w->cw, cy = w->queue[i] / w->cw;
        for (uint32_t ny = cy ? cy - 1 : 0; ny <= cy + 1 && ny < w->ch; ny++)
            for (uint32_t nx = cx ? cx - 1 : 0; nx <= cx + 1 && nx < w->cw; nx++) {
                const uint8_t v = cells[ny * w->cw + nx];
                if (v >= CELL_VOTES && v != FOUND)
                    push(w, cells, &r, nx, ny);
            }
    }
    return r;
}

static uint64_t box_cells(const struct region *r)
{
    return (uint64_t)(r->x1 - r->x0 + 1) * (r->y1 - r->y0 + 1);
}

static void join(struct grid *g, const struct region *r, double strength)
{
    struct region *all = &g->all;

    if (g->regions++ == 0)
        *all = *r;
    all->x0 = r->x0 < all->x0 ? r->x0 : all->x0;
    all->x1 = r->x1 > all->x1 ? r->x1 : all->x1;
    all->y0 = r->y0 < all->y0 ? r->y0 : all->y0;
    all->y1 = r->y1 > all->y1 ? r->y1 : all->y1;
    if (g->regions > 1)
        all->votes += r->votes;
    g->cells += r->cells;
    g->strength = strength > g->strength ? strength : g->strength;
}

/* The meaningful regions of grid g; their cells become FOUND. */
static struct grid find_regions(struct work *w, uint32_t which)
{
    uint8_t *cells = w->cells + (size_t)w->cw * w->ch * which;
    const double least = w->log_tests / log10(GRIDS); /* blocks: fewer are never meaningful */
    struct grid g = {0};

    for (uint32_t y = 0; y < w->ch; y++)
        for (uint32_t x = 0; x < w->cw; x++) {
            const uint8_t v = cells[y * w->cw + x];
            struct region r;
            double strength;
            if (v < CELL_VOTES || v == FOUND)
                continue;
            r = grow(w, cells, x, y);
            if ((double)(r.votes / 64) < least)
                continue;
            strength = strength_of(w, r.votes, box_cells(&r));
            if (strength <= 0)
                continue;
            for (size_t i = 0; i < r.cells; i++)
                cells[w->queue[i]] = FOUND;
            join(&g, &r, strength);
        }
    return g;
}

/* ---- map ---- */

/* Meaningful cells into the squares where their middle lies; from .5 on. */
static void paint(const struct work *w, uint32_t g, float value, const struct as_heat *heat)
{
    const uint8_t *cells = w->cells + (size_t)w->cw * w->ch * g;

    for (uint32_t y = 0; y < w->ch; y++)
        for (uint32_t x = 0; x < w->cw; x++) {
            const uint32_t hx = x + (g % 8 >= 4), hy = y + (g / 8 >= 4);
            if (cells[y * w->cw + x] != FOUND || hx >= heat->w || hy >= heat->h)
                continue;
            if (heat->at[(size_t)hy * heat->w + hx] < value)
                heat->at[(size_t)hy * heat->w + hx] = value;
        }
}

static float value_at(const struct as_heat *heat, const float *from, uint32_t x, uint32_t y)
{
    return x < heat->w && y < heat->h ? from[(size_t)y * heat->w + x] : 0;
}

/* Squares without votes between two of a region belong to it.  copy: as many floats. */
static void close_holes(const struct as_heat *heat, float *copy)
{
    static const uint32_t to[4][2] = {{1, 0}, {0, 1}, {1, 1}, {1, UINT32_MAX}};

    memcpy(copy, heat->at, (size_t)heat->w * heat->h * sizeof *copy);
    for (uint32_t y = 0; y < heat->h; y++)
        for (uint32_t x = 0; x < heat->w; x++)
            for (size_t i = 0; i < 4; i++) { /* sums wrap around to beyond the edge */
                const float a = value_at(heat, copy, x + to[i][0], y + to[i][1]);
                const float b = value_at(heat, copy, x - to[i][0], y - to[i][1]);
                float *at = heat->at + (size_t)y * heat->w + x;
                const float least = a < b ? a : b;
                *at = *at > least ? *at : least;
            }
}

/* ---- the detector ---- */

enum { NO_VOTES };
static const char *const reasons[] = {
    [NO_VOTES] = "too few blocks show where a grid would begin: flat, saturated or small",
    NULL,
};

enum measure {
    GRID_X,
    GRID_Y,
    GRID_STRENGTH,
    CROPPED,
    FOREIGN,
    FOREIGN_STRENGTH,
    FOREIGN_REGIONS,
    FOREIGN_SHARE,
    SECOND_STRENGTH,
    DRIFTING_GRIDS,
    VOTING_SHARE,
    MEASURES
};

static const char *const measures[MEASURES] = {
    [GRID_X] = "grid_x_px",
    [GRID_Y] = "grid_y_px",
    [GRID_STRENGTH] = "grid_minus_log10_nfa",
    [CROPPED] = "cropped",
    [FOREIGN] = "foreign",
    [FOREIGN_STRENGTH] = "foreign_minus_log10_nfa",
    [FOREIGN_REGIONS] = "foreign_regions",
    [FOREIGN_SHARE] = "foreign_share",
    [SECOND_STRENGTH] = "second_minus_log10_nfa",
    [DRIFTING_GRIDS] = "drifting_grids",
    [VOTING_SHARE] = "voting_share",
};

static const char *const says[MEASURES] = {
    [GRID_X] = "traces of JPEG blocks do not begin at the left edge",
    [GRID_Y] = "traces of JPEG blocks do not begin at the upper edge",
    [GRID_STRENGTH] = "traces of JPEG blocks",
    [CROPPED] = "traces of JPEG blocks that do not begin at the corner: cut after JPEG compression",
    [FOREIGN] = "a part has traces of JPEG blocks on another grid than the rest",
    [FOREIGN_STRENGTH] = "a part has traces of JPEG blocks on another grid than the rest",
    [FOREIGN_REGIONS] = "parts with traces of JPEG blocks on other grids than the rest",
    [FOREIGN_SHARE] = "a part has traces of JPEG blocks on another grid than the rest",
    [SECOND_STRENGTH] = "traces of a second grid of JPEG blocks all over the picture",
    [DRIFTING_GRIDS] = "traces of JPEG blocks that drift: resized a little after JPEG compression",
    [VOTING_SHARE] = "blocks tell grids apart",
};

static size_t cell_count(uint32_t w, uint32_t h)
{
    return (size_t)(w / 8 + 1) * (h / 8 + 1);
}

/* Arrays of w, which lies at `at`, unless that is NULL; bytes of all. */
static size_t lay_out(uint32_t width, uint32_t height, void *at, struct work *w)
{
    const size_t n = cell_count(width, height);
    struct as_scratch room = {at, 0};

    (void)as_scratch_take(&room, sizeof *w);
    w->rows = as_scratch_take(&room, 9 * (size_t)width * sizeof *w->rows);
    w->queue = as_scratch_take(&room, n * sizeof *w->queue);
    w->cells = as_scratch_take(&room, GRIDS * n);
    return room.used;
}

static size_t grid_scratch_bytes(uint32_t w, uint32_t h)
{
    struct work unused;

    return lay_out(w, h, NULL, &unused);
}

static struct work *prepare(const struct as_plane *luma, void *scratch)
{
    struct work *w = scratch;

    memset(w, 0, sizeof *w);
    lay_out(luma->w, luma->h, scratch, w);
    w->luma = luma;
    w->cw = luma->w / 8 + 1;
    w->ch = luma->h / 8 + 1;
    w->log_tests = 2 * log10(GRIDS) + 2 * log10(luma->w) + 2 * log10(luma->h);
    memset(w->cells, 0, GRIDS * cell_count(luma->w, luma->h));
    return w;
}

/* Strength of the grid with the most votes, and which it is.  Among the votes for the 16 grids of
 * its parity, not all pixels: sky has few votes, and what is twice its size prefers one parity. */
static double most_voted(const struct work *w, uint32_t *which)
{
    uint64_t alike = 0;

    *which = 0;
    for (uint32_t g = 1; g < GRIDS; g++)
        *which = w->votes[g] > w->votes[*which] ? g : *which;
    for (uint32_t g = 0; g < GRIDS; g++)
        alike += ((g ^ *which) & (1 | 8)) == 0 ? w->votes[g] : 0;
    return -(w->log_tests + as_binomial_tail(alike / 64, w->votes[*which] / 64, 4.0 / GRIDS));
}

static void add_main(uint32_t which, double strength, float *feat)
{
    feat[GRID_X] = (float)(which % 8);
    feat[GRID_Y] = (float)(which / 8);
    feat[GRID_STRENGTH] = (float)strength;
    feat[CROPPED] = which != 0;
}

/* Regions spread over more than half of the picture are of a compression of all of it. */
static bool is_everywhere(const struct work *w, const struct grid *g)
{
    return 2 * box_cells(&g->all) > (uint64_t)w->cw * w->ch;
}

/* Regions of grid `which` into the measures and the map, there below .5 where they do not speak of
 * a part.                                                                                  */
static void add_foreign(const struct work *w, uint32_t which, bool part, struct as_out *out)
{
    const struct grid *g = &w->found[which];
    const float strength = (float)g->strength;

    if (is_everywhere(w, g))
        out->feat[SECOND_STRENGTH] = fmaxf(out->feat[SECOND_STRENGTH], strength);
    else if (part) {
        out->feat[FOREIGN] = 1;
        out->feat[FOREIGN_STRENGTH] = fmaxf(out->feat[FOREIGN_STRENGTH], strength);
        out->feat[FOREIGN_REGIONS] += (float)g->regions;
        out->feat[FOREIGN_SHARE] += (float)g->cells / ((float)w->cw * (float)w->ch);
    }
    part = part && !is_everywhere(w, g);
    if (out->heat)
        paint(w, which, (1 + strength) / (2 + strength) * (part ? 1 : 0.5f), out->heat);
}

/* Whether a grid with votes enough is that of the picture: its regions are everywhere, or it has
 * votes beside them too, or little votes at all beside them.                              */
static bool is_of_picture(const struct work *w, uint32_t which, const struct grid *g,
                          uint64_t voting)
{
    const uint64_t inside = g->all.votes, blocks = (voting - inside) / 64;

    return !g->regions || is_everywhere(w, g) ||
           (double)blocks * CELL_VOTES < (double)w->cw * w->ch ||
           strength_of(w, w->votes[which] - inside, blocks) > 0;
}

/* Every grid into the measures and the map.  The most voted may lie in a part only: then the rest
 * has none.  Parts on many grids are what is left of one grid after resizing by almost 1.   */
static void judge(struct work *w, uint64_t voting, struct as_out *out)
{
    uint32_t main_grid, foreign = 0;
    const double strength = most_voted(w, &main_grid);

    for (uint32_t g = 0; g < GRIDS; g++) {
        w->found[g] = find_regions(w, g);
        if (g == main_grid && strength > 0 && is_of_picture(w, g, &w->found[g], voting)) {
            add_main(g, strength, out->feat);
            w->found[g].regions = 0;
        }
        foreign += w->found[g].regions && !is_everywhere(w, &w->found[g]);
    }
    if (foreign >= DRIFTING)
        out->feat[DRIFTING_GRIDS] = (float)foreign;
    for (uint32_t g = 0; g < GRIDS; g++)
        if (w->found[g].regions)
            add_foreign(w, g, foreign < DRIFTING, out);
    if (out->heat)
        close_holes(out->heat, (float *)(void *)w->queue);
}

static enum as_status grid_extract(void *state, const struct as_unit *unit, void *scratch,
                                   struct as_out *out)
{
    struct work *w = prepare(&unit->luma, scratch);
    uint64_t voting = 0;

    (void)state;
    if (out->heat)
        memset(out->heat->at, 0, (size_t)out->heat->w * out->heat->h * sizeof *out->heat->at);
    count_votes(w);
    for (uint32_t g = 0; g < GRIDS; g++)
        voting += w->votes[g];
    if ((double)(voting / 64) < w->log_tests / log10(GRIDS)) { /* whatever they are for */
        out->verdict = AS_ABSTAINS;
        out->reason = NO_VOTES;
        return AS_OK;
    }
    memset(out->feat, 0, MEASURES * sizeof *out->feat);
    out->feat[GRID_X] = out->feat[GRID_Y] = -1;
    out->feat[VOTING_SHARE] =
        (float)((double)voting / ((double)unit->luma.w * (double)unit->luma.h));
    judge(w, voting, out);
    out->verdict = AS_APPLIES;
    return AS_OK;
}

const struct as_detector as_detector_grid = {
    .name = "grid",
    .version = 2,
    .summary = "JPEG block grids: cut pictures, and parts on a grid of their own",
    .paper = "Nikoukhah, Anger, Colom, Morel, Grompone von Gioi, ZERO: a Local JPEG Grid Origin "
             "Detector Based on the Number of DCT Zeros and its Applications in Image Forensics, "
             "IPOL 2021",
    .card =
        "Finds where the 8 x 8 blocks of JPEG compression begin, from the pixels: it works on "
        "files of any format.  A grid that does not begin at the corner says that the picture was "
        "cut after a compression; a part on another grid came from elsewhere, or was moved.  A "
        "finding is made where fewer than one such chance agreement is to be expected in a picture "
        "without JPEG traces; there is no threshold to set.\n\n"
        "Measured: no part was found in 1000 made authentic pictures (below 0.4 % with 95 % "
        "confidence), where a grid begins is right in 400 of 400 cut made pictures and in 627 "
        "of 630 parts of 21 photographs, and wrong in none.  Parts of quality 70 to 95 on another "
        "grid: 87 of 87 made ones and 45 of 49 of photographs when the whole was stored without "
        "loss; 1 of 104 when it was saved as JPEG 95 after.\n\n"
        "It cannot see parts that lie on the same grid by chance (one in 64), and nothing where "
        "compression was light (quality above about 98), came before resizing, or lies under a "
        "later compression.  A JPEG that was resized by 1 to 4 % has grids that drift: that is "
        "told apart in most cases, but 12 of 214 fired as a part.  Pixel art, text and patterns "
        "with a period of 8 may look like JPEG.",
    .family = AS_FAMILY_JPEG,
    .needs = AS_LUMA,
    .min_side = SIDE_MIN,
    .dim = MEASURES,
    .measures = measures,
    .says = says,
    .reasons = reasons,
    .heat_step = 8,
    .pool = AS_POOL_MAX,
    .asked = true,
    .scratch_bytes = grid_scratch_bytes,
    .extract = grid_extract,
};
