/* requant.c - what two quantisations by different steps leave in a histogram of coefficients.
 *
 * The multiple k of the first step gets the mass of the smooth histogram that rounds to it. Between
 * the compressions samples are rounded, in three colours and again in luma: an error of variance
 * (1 + .299^2 + .587^2 + .114^2) / 12 = .12 in every coefficient, as the transform is orthonormal.
 * Borders of bins are multiples of one half, and so are distances to them: the normal law is needed
 * at a few places only.
 */
#include "requant.h"

#include <string.h>

enum { MIDDLE = AS_REQUANT_MAX, FINE_MIDDLE = 2 * AS_REQUANT_MAX };

/* P(error < i / 2) for i = 0..4; beyond, 1. */
enum { TAIL = 5 };
static const float below_half[TAIL] = {0.5f, 0.9255f, 0.9981f, 0.99999f, 1.0f};

static float below(int64_t halves)
{
    const int64_t i = halves < 0 ? -halves : halves;
    const float p = i < TAIL ? below_half[i] : 1;

    return halves < 0 ? 1 - p : p;
}

void as_requant_count(struct as_requant_hist *hist, int32_t bin)
{
    if (bin < -AS_REQUANT_MAX || bin > AS_REQUANT_MAX)
        return;
    hist->seen[MIDDLE + bin]++;
    hist->total++;
}

void as_requant_count_fine(struct as_requant_hist *hist, float coefficient)
{
    const float i = 2 * coefficient + (float)FINE_MIDDLE;

    if (i >= 0 && i < (float)(4 * AS_REQUANT_MAX))
        hist->fine[(size_t)i + 1]++;
}

/* The share of unquantised coefficients between two borders, in halves. */
static float mass(const struct as_requant_hist *hist, int64_t from, int64_t to)
{
    const int64_t end = FINE_MIDDLE;

    from = from < -end ? -end : from > end ? end : from;
    to = to < -end ? -end : to > end ? end : to;
    return hist->fine[to + end] - hist->fine[from + end];
}

void as_requant_close(struct as_requant_hist *hist, uint32_t second)
{
    double sum = 0, all = 0;

    for (size_t i = 0; i < 4 * AS_REQUANT_MAX + 2; i++)
        all += (double)hist->fine[i];
    for (size_t i = 0; i < 4 * AS_REQUANT_MAX + 2; i++) {
        sum += (double)hist->fine[i];
        hist->fine[i] = all > 0 ? (float)(sum / all) : 0;
    }
    hist->reach = (int32_t)(AS_REQUANT_MAX / second);
    for (int32_t x = -hist->reach; x <= hist->reach; x++) {
        const int64_t step = second;
        hist->once[MIDDLE + x] = mass(hist, (2 * x - 1) * step, (2 * x + 1) * step);
        if (hist->total > 0)
            hist->seen[MIDDLE + x] /= hist->total;
    }
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/* Deals the mass of one multiple, `at` in units of the coefficient, to the bins near it. */
static void deal(const struct as_requant_hist *hist, int64_t at, int64_t second, float share,
                 float *spread)
{
    const int64_t reach = hist->reach;
    int64_t x = floor_div(2 * at - TAIL + second, 2 * second); /* nothing lies below */
    float left = 0;

    for (x = x < -reach ? -reach : x; x <= reach && left < 1; x++) {
        const float p = below((2 * x + 1) * second - 2 * at);
        spread[MIDDLE + x] += share * (p - left);
        left = p;
    }
}

void as_requant_spread(const struct as_requant_hist *hist, uint32_t second, uint32_t first,
                       float *spread)
{
    const int64_t step = first, last = (AS_REQUANT_MAX + step - 1) / step;

    memset(spread + MIDDLE - hist->reach, 0, (size_t)(2 * hist->reach + 1) * sizeof *spread);
    for (int64_t k = -last; k <= last; k++) {
        const float share = mass(hist, (2 * k - 1) * step, (2 * k + 1) * step);
        if (share > 0)
            deal(hist, k * step, second, share, spread);
    }
}
