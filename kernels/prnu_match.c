/* prnu_match.c - peaks of a correlation surface: how high, and how probable without a fingerprint.
 */
#include "prnu.h"

#include <math.h>

enum { GUARD = 5, LANES = 8, CLASSES = 64 };

/* ---- 1. energies ---- */

/* Adds the squares of n cells to the sums of their classes; the first cell is of column class
 * `phase`. */
static void add_squares(const float *at, size_t n, uint32_t phase, double sum[LANES])
{
    double lane[LANES] = {0};
    size_t x = 0;

    for (; x + LANES <= n; x += LANES)
        for (size_t k = 0; k < LANES; k++)
            lane[k] += (double)at[x + k] * (double)at[x + k];
    for (size_t k = 0; x < n; x++, k++)
        lane[k] += (double)at[x] * (double)at[x];
    for (uint32_t k = 0; k < LANES; k++)
        sum[(phase + k) % LANES] += lane[k];
}

/* How one side of the surface is read: cells up to `last` are positive shifts, those after it
 * negative. */
struct side {
    uint32_t n, last;
};

/* The upper half is negative, but for what a window from a to b says otherwise. */
static struct side side_of(uint32_t n, int32_t a, int32_t b)
{
    struct side s = {n, n / 2};

    if (b > (int32_t)s.last)
        s.last = (uint32_t)b;
    else if (a < 0 && n - (uint32_t)-a <= s.last)
        s.last = n - (uint32_t)-a - 1;
    return s;
}

/* The class of cell i: its signed shift modulo 8. */
static uint32_t class_of(uint32_t i, const struct side *s)
{
    return (i <= s->last ? i : i - s->n) & 7;
}

/* The cell of a shift, which may lie up to n outside. */
static uint32_t cell_of(int32_t shift, const struct side *s)
{
    return (uint32_t)(shift + (int32_t)s->n) % s->n;
}

/* Sums of squares of each class. */
static void class_energies(const float *surface, const struct side *across, const struct side *down,
                           double sum[CLASSES])
{
    const uint32_t w = across->n, split = across->last + 1;

    for (int i = 0; i < CLASSES; i++)
        sum[i] = 0;
    for (uint32_t y = 0; y < down->n; y++) {
        const float *row = surface + (size_t)y * w;
        double *to = sum + (size_t)class_of(y, down) * LANES;
        add_squares(row, split, 0, to);
        add_squares(row + split, w - split, class_of(split, across), to);
    }
}

/* Cells of each class along one side. */
static void class_counts(const struct side *s, double count[LANES])
{
    for (int k = 0; k < LANES; k++)
        count[k] = 0;
    for (uint32_t i = 0; i < s->n; i++)
        count[class_of(i, s)]++;
}

/* ---- 2. the peak ---- */

struct best {
    int32_t x, y;
    float value; /* as weighed */
    bool any;
};

static float largest(const float *at, size_t n, const float weight[LANES])
{
    float most[LANES];
    size_t x = 0;

    for (size_t k = 0; k < LANES; k++)
        most[k] = at[0] * weight[0];
    for (; x + LANES <= n; x += LANES)
        for (size_t k = 0; k < LANES; k++) {
            const float v = at[x + k] * weight[k];
            most[k] = v > most[k] ? v : most[k];
        }
    for (size_t k = 0; x < n; x++, k++)
        most[k] = at[x] * weight[k] > most[k] ? at[x] * weight[k] : most[k];
    for (size_t k = 1; k < LANES; k++)
        most[0] = most[k] > most[0] ? most[k] : most[0];
    return most[0];
}

/* Looks at cells of shifts x .. x + n - 1 in one row. */
static void look_at(const float *at, int32_t x, int32_t y, size_t n, const float row_weight[LANES],
                    struct best *best)
{
    float weight[LANES];

    if (n == 0)
        return;
    for (uint32_t k = 0; k < LANES; k++)
        weight[k] = row_weight[((uint32_t)x + k) & 7];
    const float most = largest(at, n, weight);
    if (best->any && most <= best->value)
        return;
    for (size_t i = 0; i < n; i++)
        if (at[i] * weight[i % LANES] >= most) {
            *best = (struct best){x + (int32_t)i, y, most, true};
            return;
        }
}

/* The largest weighed cell of the window; ties: smallest y, then x. */
static struct best find_peak(const float *surface, uint32_t w, uint32_t h,
                             const struct as_prnu_window *win, const float weight[CLASSES])
{
    struct best best = {0};
    const int32_t negative = win->x1 < 0 ? win->x1 + 1 : 0; /* where negative columns end */
    const int32_t positive = win->x0 > 0 ? win->x0 : 0;

    for (int32_t y = win->y0; y <= win->y1; y++) {
        const float *row = surface + (size_t)(y < 0 ? y + (int32_t)h : y) * w;
        const float *weights = weight + ((uint32_t)y & 7) * LANES;
        if (win->x0 < 0)
            look_at(row + (win->x0 + (int32_t)w), win->x0, y, (size_t)(negative - win->x0), weights,
                    &best);
        if (win->x1 >= 0)
            look_at(row + positive, positive, y, (size_t)(win->x1 - positive) + 1, weights, &best);
    }
    return best;
}

/* Energy and number of the guard's cells around a peak, of the classes that count. */
struct guard {
    double energy, cells;
};

static struct guard guard_of(const float *surface, const struct side *across,
                             const struct side *down, const struct best *peak, bool classes)
{
    struct guard g = {0};

    for (int32_t j = -GUARD; j <= GUARD; j++)
        for (int32_t i = -GUARD; i <= GUARD; i++) {
            const uint32_t row = cell_of(peak->y + j, down), col = cell_of(peak->x + i, across);
            const double c = (double)surface[(size_t)row * across->n + col];
            if (classes && (class_of(row, down) != ((uint32_t)peak->y & 7) ||
                            class_of(col, across) != ((uint32_t)peak->x & 7)))
                continue;
            g.energy += c * c;
            g.cells++;
        }
    return g;
}

static void make_weights(const double energy[CLASSES], const double rows[LANES],
                         const double cols[LANES], bool classes, float weight[CLASSES])
{
    for (int i = 0; i < CLASSES; i++) {
        const double n = rows[i / LANES] * cols[i % LANES];
        weight[i] = !classes ? 1 : energy[i] > 0 ? (float)sqrt(n / energy[i]) : 0;
    }
}

static bool fits(const struct as_prnu_window *win, uint32_t w, uint32_t h)
{
    return win->x0 <= win->x1 && win->y0 <= win->y1 && w <= INT32_MAX / 2 && h <= INT32_MAX / 2 &&
           win->x0 > -(int32_t)w && win->x1 < (int32_t)w && win->y0 > -(int32_t)h &&
           win->y1 < (int32_t)h && (int64_t)win->x1 - win->x0 < w && (int64_t)win->y1 - win->y0 < h;
}

enum as_status as_prnu_pce(const float *surface, uint32_t w, uint32_t h,
                           const struct as_prnu_window *window, struct as_prnu_peak *peak)
{
    double energy[CLASSES], rows[LANES], cols[LANES], total = 0, cells = (double)w * h;
    float weight[CLASSES];

    if (w < 16 || h < 16 || !fits(window, w, h))
        return AS_EUSAGE;
    const struct side across = side_of(w, window->x0, window->x1);
    const struct side down = side_of(h, window->y0, window->y1);
    class_energies(surface, &across, &down, energy);
    class_counts(&down, rows);
    class_counts(&across, cols);
    make_weights(energy, rows, cols, window->classes, weight);
    const struct best best = find_peak(surface, w, h, window, weight);
    const struct guard g = guard_of(surface, &across, &down, &best, window->classes);
    const double c = (double)surface[(size_t)cell_of(best.y, &down) * w + cell_of(best.x, &across)];
    const uint32_t own = ((uint32_t)best.y & 7) * LANES + ((uint32_t)best.x & 7);
    for (uint32_t i = 0; i < CLASSES; i++)
        total += !window->classes || i == own ? energy[i] : 0;
    if (window->classes)
        cells = rows[own / LANES] * cols[own % LANES];
    const double mean = (total - g.energy) / (cells - g.cells);
    *peak = (struct as_prnu_peak){
        .x = best.x,
        .y = best.y,
        .pce = cells > g.cells && mean > 0 ? (c < 0 ? -c : c) * c / mean : 0,
        .tested = ((double)window->x1 - window->x0 + 1) * ((double)window->y1 - window->y0 + 1),
    };
    return AS_OK;
}

struct as_prnu_window as_prnu_window_inside(uint32_t w, uint32_t h, uint32_t qw, uint32_t qh)
{
    const int32_t dx = (int32_t)w - (int32_t)qw, dy = (int32_t)h - (int32_t)qh;

    return (struct as_prnu_window){
        .x0 = dx < 0 ? dx : 0, .x1 = dx > 0 ? dx : 0, .y0 = dy < 0 ? dy : 0, .y1 = dy > 0 ? dy : 0};
}

/* ---- 3. false alarms ---- */

/* log10 of Q(x), the upper tail of the normal distribution, x >= 0.  From 8 on by its asymptotic
 * series, whose first left-out term is 945/x^10, below 1e-6. */
static double log10_tail(double x)
{
    const double ln10 = 2.302585092994045684, root_2pi = 2.506628274631000502, z = 1 / (x * x);

    if (x < 8)
        return log10(0.5 * erfc(x * 0.70710678118654752440));
    return -x * x / (2 * ln10) - log10(x * root_2pi) +
           log10(1 - z * (1 - z * (3 - z * (15 - z * 105))));
}

double as_prnu_log10_pfa(double pce, double tested)
{
    if (!(pce > 0) || tested < 1)
        return 0;
    const double one = log10_tail(sqrt(pce)), any = one + log10(tested);
    /* 1 - (1 - Q)^k = kQ - k(k-1)/2 Q^2 ...: far below 1 the first term is all */
    if (any < -9)
        return any;
    return log10(-expm1(tested * log1p(-pow(10, one))));
}
