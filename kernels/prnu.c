/* prnu.c - the fingerprint of a sensor: sums over pictures, then K.
 *
 *   1. adding pictures
 *   2. finishing
 *   3. comparing two
 * The Bayer zero mean and the Wiener step are in prnu_filter.c: queries use them too.          */
#include "prnu.h"

#include "prnu_filter.h"

#include <math.h>

/* ---- 1. adding pictures ---- */

enum { WI_UNIT = 1 << 12, WI_MOST = 64, JJ_UNIT = 1 << 16, BRIGHT = 252, SATURATED = 250 };

/* e^x for -1.5 <= x <= 0, to 1e-9: the sum of its series, the same on every machine. */
static double exponential(double x)
{
    double sum = 1;

    for (int k = 13; k > 0; k--)
        sum = 1 + sum * x / k;
    return sum;
}

static float largest(const struct as_plane *in)
{
    float most[8] = {0};

    for (uint32_t y = 0; y < in->h; y++) {
        const float *row = in->at + y * in->stride;
        uint32_t x = 0;
        for (; x + 8 <= in->w; x += 8)
            for (uint32_t k = 0; k < 8; k++)
                most[k] = row[x + k] > most[k] ? row[x + k] : most[k];
        for (; x < in->w; x++)
            most[0] = row[x] > most[0] ? row[x] : most[0];
    }
    for (int k = 1; k < 8; k++)
        most[0] = most[k] > most[0] ? most[k] : most[0];
    return most[0];
}

/* Whether a neighbour inside the picture has the same value. */
static bool has_equal(const struct as_plane *in, uint32_t x, uint32_t y)
{
    const float *at = in->at + y * in->stride + x;

    return (x > 0 && at[-1] == *at) || (x + 1 < in->w && at[1] == *at) ||
           (y > 0 && *(at - in->stride) == *at) || (y + 1 < in->h && at[in->stride] == *at);
}

/* J^2 of a bright pixel, in its unit. */
static int32_t bright_weight(const struct as_plane *in, uint32_t x, uint32_t y, float most)
{
    const float v = in->at[y * in->stride + x];
    double j = v < BRIGHT ? (double)v / BRIGHT : 0;

    if (most > SATURATED && v == most && has_equal(in, x, y))
        return 0;
    if (v >= BRIGHT)
        j = exponential(-((double)v - BRIGHT) * ((double)v - BRIGHT) / 6);
    return (int32_t)(j * j * JJ_UNIT + 0.5);
}

static void add_row(const float *restrict in, const float *restrict w, uint32_t n,
                    int32_t *restrict wi, int32_t *restrict jj)
{
    for (uint32_t x = 0; x < n; x++) {
        const float j = in[x] * (1.0f / BRIGHT);
        float t = in[x] * w[x] * (1.0f / 255);
        t = t < WI_MOST ? t : WI_MOST;
        t = t > -WI_MOST ? t : -WI_MOST;
        /* rounds to the nearest: the cast cuts, so it is made of a positive number */
        wi[x] += (int32_t)(t * WI_UNIT + (WI_MOST * WI_UNIT + 0.5f)) - WI_MOST * WI_UNIT;
        jj[x] += (int32_t)(j * j * JJ_UNIT + 0.5f);
    }
}

/* Corrects the weights of a row's bright pixels. */
static void correct_row(const struct as_plane *in, uint32_t y, float most, int32_t *jj)
{
    const float *row = in->at + y * in->stride;

    for (uint32_t x = 0; x < in->w; x++)
        if (row[x] >= SATURATED) {
            const float j = row[x] * (1.0f / BRIGHT);
            jj[x] += bright_weight(in, x, y, most) - (int32_t)(j * j * JJ_UNIT + 0.5f);
        }
}

enum as_status as_prnu_add(struct as_prnu_sums *sums, const struct as_plane *in,
                           const float *residual, size_t residual_stride)
{
    if (in->w != sums->w || in->h != sums->h)
        return AS_EUSAGE;
    if (sums->pictures >= AS_PRNU_PICTURES_MAX)
        return AS_ELIMIT;
    const float most = largest(in);
    for (uint32_t y = 0; y < in->h; y++) {
        int32_t *jj = sums->jj + (size_t)y * in->w;
        add_row(in->at + y * in->stride, residual + y * residual_stride, in->w,
                sums->wi + (size_t)y * in->w, jj);
        if (most >= SATURATED)
            correct_row(in, y, most, jj);
    }
    sums->pictures++;
    return AS_OK;
}

enum as_status as_prnu_merge(struct as_prnu_sums *a, const struct as_prnu_sums *b)
{
    if (a->w != b->w || a->h != b->h)
        return AS_EUSAGE;
    if (b->pictures > AS_PRNU_PICTURES_MAX || a->pictures > AS_PRNU_PICTURES_MAX - b->pictures)
        return AS_ELIMIT;
    for (size_t i = 0; i < (size_t)a->w * a->h; i++) {
        a->wi[i] += b->wi[i];
        a->jj[i] += b->jj[i];
    }
    a->pictures += b->pictures;
    return AS_OK;
}

/* ---- 2. finishing ---- */

static void divide(const struct as_prnu_sums *s, float weight, float *k)
{
    for (size_t i = 0; i < (size_t)s->w * s->h; i++)
        k[i] += weight * ((float)s->wi[i] * (1.0f / WI_UNIT)) /
                ((float)s->jj[i] * (1.0f / JJ_UNIT) + 1);
}

/* The energy of the mean 8 x 8 pattern over what white noise of the same variance would leave. */
static double grid_energy(const float *k, uint32_t w, uint32_t h)
{
    double sum[64] = {0}, squares = 0, all = 0, energy = 0;
    const uint32_t w8 = w - w % 8, h8 = h - h % 8;
    const double n = (double)w8 * h8;

    for (uint32_t y = 0; y < h8; y++)
        for (uint32_t x = 0; x < w8; x += 8)
            for (uint32_t i = 0; i < 8; i++) {
                const double v = k[(size_t)y * w + x + i];
                sum[y % 8 * 8 + i] += v;
                squares += v * v;
            }
    for (int i = 0; i < 64; i++)
        all += sum[i];
    for (int i = 0; i < 64; i++)
        energy += (sum[i] * 64 / n - all / n) * (sum[i] * 64 / n - all / n);
    const double variance = squares / n - all / n * (all / n);
    return variance > 0 ? energy / 63 * (n / 64) / variance : 0;
}

enum as_status as_prnu_finish(const struct as_prnu_sums *channels, uint32_t n, struct as_fft *fft,
                              float *spectrum, float *k, struct as_prnu_quality *quality)
{
    static const float gray[] = {0.29893602f, 0.58704307f, 0.11402090f};
    const uint32_t w = as_fft_width(fft), h = as_fft_height(fft);
    struct as_prnu_step step;
    double grid8;

    if ((n != 1 && n != 3) || w < AS_PRNU_MIN_SIDE || h < AS_PRNU_MIN_SIDE)
        return AS_EUSAGE;
    for (uint32_t c = 0; c < n; c++)
        if (channels[c].w != w || channels[c].h != h)
            return AS_EUSAGE;
    for (size_t i = 0; i < (size_t)w * h; i++)
        k[i] = 0;
    for (uint32_t c = 0; c < n; c++)
        divide(&channels[c], n == 1 ? 1 : gray[c], k);
    grid8 = quality ? grid_energy(k, w, h) : 0;
    as_prnu_zero_mean(k, w, h, spectrum);
    as_prnu_wiener(k, fft, spectrum, &step);
    if (quality)
        *quality = (struct as_prnu_quality){
            .rms_raw = sqrt(step.before),
            .rms = sqrt(step.after),
            .periodic = step.before > 0 ? 1 - step.after / step.before : 0,
            .peak = step.peak,
            .grid8 = grid8,
        };
    return AS_OK;
}

/* ---- 3. comparing two ---- */

double as_prnu_ncc(const float *a, const float *b, size_t n)
{
    enum { LANES = 4 };
    double s[5][LANES] = {{0}};

    for (size_t i = 0; i < n; i++) {
        const size_t k = i % LANES;
        const double u = a[i], v = b[i];
        s[0][k] += u;
        s[1][k] += v;
        s[2][k] += u * u;
        s[3][k] += v * v;
        s[4][k] += u * v;
    }
    for (int j = 0; j < 5; j++)
        s[j][0] = (s[j][0] + s[j][1]) + (s[j][2] + s[j][3]);
    const double uu = s[2][0] - s[0][0] * s[0][0] / (double)n;
    const double vv = s[3][0] - s[1][0] * s[1][0] / (double)n;
    const double uv = s[4][0] - s[0][0] * s[1][0] / (double)n;
    return uu > 0 && vv > 0 ? uv / sqrt(uu * vv) : 0;
}
