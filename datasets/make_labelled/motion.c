/* motion.c - pictures turned and scaled; medians. */
#include "edit.h"

#include <math.h>

/* Sine and cosine of whole degrees by their series: libm's last bit is not the same everywhere. */
static void turn(int degrees, double *s, double *c)
{
    double x = degrees % 360 * 3.14159265358979323846 / 180.0, term = 1.0;

    *s = 0.0;
    *c = 0.0;
    for (int i = 0; i < 60; i++) {
        *(i % 2 ? s : c) += i % 4 < 2 ? term : -term;
        term *= x / (i + 1);
    }
}

struct as_motion as_motion_get(float cx, float cy, float sx, float sy, int degrees, int percent)
{
    struct as_motion m = {cx, cy, sx, sy, 0.0f, 0.0f};
    double s, c;

    turn(degrees, &s, &c);
    m.a = (float)(c * 100.0 / percent);
    m.b = (float)(-s * 100.0 / percent);
    return m;
}

/* Weights of the four places -1..2 around a fraction t: Keys, a = -1/2; or the middle two. */
static void weights(float t, bool cubic, float w[4])
{
    if (!cubic) {
        w[0] = w[3] = 0.0f;
        w[1] = 1.0f - t;
        w[2] = t;
        return;
    }
    w[0] = ((-0.5f * t + 1.0f) * t - 0.5f) * t;
    w[1] = (1.5f * t - 2.5f) * t * t + 1.0f;
    w[2] = ((-1.5f * t + 2.0f) * t + 0.5f) * t;
    w[3] = (0.5f * t - 0.5f) * t * t;
}

static uint32_t clamped(int64_t i, uint32_t n)
{
    return i < 0 ? 0 : i >= n ? n - 1 : (uint32_t)i;
}

uint8_t as_image_at(const struct as_image *im, float x, float y, uint32_t k, bool cubic)
{
    float fx = floorf(x), fy = floorf(y), wx[4], wy[4], sum = 0.5f;

    weights(x - fx, cubic, wx);
    weights(y - fy, cubic, wy);
    for (int j = 0; j < 4; j++) {
        const uint8_t *row = im->at + (size_t)clamped((int64_t)fy + j - 1, im->h) * im->w * im->c;
        float part = 0.0f;
        for (int i = 0; i < 4; i++)
            part += wx[i] * row[clamped((int64_t)fx + i - 1, im->w) * im->c + k];
        sum += wy[j] * part;
    }
    return (uint8_t)(sum < 0.0f ? 0.0f : sum > 255.0f ? 255.0f : sum);
}

struct as_image as_image_move(const struct as_image *im, const struct as_motion *m, uint32_t w,
                              uint32_t h, bool cubic)
{
    struct as_image out = as_image_new(w, h, im->c);

    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++) {
            float dx = (float)x - m->cx, dy = (float)y - m->cy;
            float sx = m->sx + m->a * dx - m->b * dy, sy = m->sy + m->b * dx + m->a * dy;
            for (uint32_t k = 0; k < im->c; k++)
                out.at[((size_t)y * w + x) * im->c + k] = as_image_at(im, sx, sy, k, cubic);
        }
    return out;
}

static uint8_t middle_of(uint8_t *v, int n)
{
    for (int i = 1; i < n; i++) {
        uint8_t now = v[i];
        int j = i;
        for (; j > 0 && v[j - 1] > now; j--)
            v[j] = v[j - 1];
        v[j] = now;
    }
    return v[n / 2];
}

struct as_image as_image_median(const struct as_image *im, int side)
{
    struct as_image out = as_image_new(im->w, im->h, im->c);
    int r = side / 2;
    uint8_t near[25];

    if (side != 3 && side != 5)
        as_die("a median of %d is not made", side);
    for (uint32_t y = 0; y < im->h; y++)
        for (uint32_t x = 0; x < im->w; x++)
            for (uint32_t k = 0; k < im->c; k++) {
                int n = 0;
                for (int j = -r; j <= r; j++)
                    for (int i = -r; i <= r; i++)
                        near[n++] = im->at[((size_t)clamped((int64_t)y + j, im->h) * im->w +
                                            clamped((int64_t)x + i, im->w)) *
                                               im->c +
                                           k];
                out.at[((size_t)y * im->w + x) * im->c + k] = middle_of(near, n);
            }
    return out;
}
