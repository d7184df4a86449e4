/* t_prnu.c - fingerprints: sums, finishing, queries, peaks, false alarms, aligned products.
 *
 * The numbers of residual, K, queries, surface and PCE are checked against an independent
 * computation by s_prnu.sh; here are properties, edges and refusals. */
#include "../kernels/prnu.h"
#include "../kernels/simd.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = 90, H = 77, N = W * H, SEED = 62011 };

static uint32_t seed = SEED;
static float pictures[4][N], noise[4][N], k[2][N], spectrum[2 * N], q[N];
static int32_t wi[3][N], jj[3][N];

static float uniform(void)
{
    seed = seed * 1664525u + 1013904223u;
    return (float)(seed >> 8) / 16777216.0f;
}

/* Roughly normal, variance 1. */
static float normal(void)
{
    float sum = -6;

    for (int i = 0; i < 12; i++)
        sum += uniform();
    return sum;
}

static struct as_prnu_sums sums_of(int i)
{
    memset(wi[i], 0, sizeof wi[i]);
    memset(jj[i], 0, sizeof jj[i]);
    return (struct as_prnu_sums){wi[i], jj[i], W, H, 0};
}

static struct as_plane plane_of(const float *at)
{
    return (struct as_plane){at, W, H, W};
}

static void add(struct as_prnu_sums *s, int i)
{
    const struct as_plane plane = plane_of(pictures[i]);
    assert_int_equal(as_prnu_add(s, &plane, noise[i], W), AS_OK);
}

static void fill(void)
{
    for (int i = 0; i < 4; i++)
        for (size_t n = 0; n < N; n++) {
            pictures[i][n] = floorf(uniform() * 255.99f);
            noise[i][n] = normal();
        }
}

/* ---- sums ---- */

static void test_order_does_not_matter(void **state)
{
    struct as_prnu_sums a = sums_of(0), b = sums_of(1), c = sums_of(2);
    (void)state;

    fill();
    for (int i = 0; i < 4; i++)
        add(&a, i);
    for (int i = 3; i >= 0; i--)
        add(i & 1 ? &b : &c, i);
    assert_int_equal(as_prnu_merge(&b, &c), AS_OK);
    assert_int_equal(a.pictures, b.pictures);
    assert_memory_equal(wi[0], wi[1], sizeof wi[0]);
    assert_memory_equal(jj[0], jj[1], sizeof jj[0]);
}

/* One pixel at a time, by hand; the values around it are all different. */
static void test_weights(void **state)
{
    static const struct {
        float i, w;
        bool equal; /* a neighbour has the same value */
        double wi, jj;
    } cases[] = {
        {0, 3, false, 0, 0},
        {126, 2, false, 252.0 / 255, 0.25},
        {126, -2, true, -252.0 / 255, 0.25},
        {250, 1, false, 250.0 / 255, 0.984189972},
        {251, 1, true, 251.0 / 255, 0},
        {252, 1, false, 252.0 / 255, 1},
        {254, 1, false, 254.0 / 255, 0.263597138},
        {255, 1, false, 1, 0.0497870684},
        {255, 1, true, 1, 0},
        {255, 900, false, 64, 0.0497870684},
        {255, -900, false, -64, 0.0497870684},
    };
    (void)state;

    for (size_t t = 0; t < sizeof cases / sizeof *cases; t++) {
        const size_t at = 40 * W + W - 1; /* at the border: nothing is read beyond it */
        struct as_prnu_sums a = sums_of(0);
        for (size_t n = 0; n < N; n++)
            pictures[0][n] = (float)(n % 97) + (n % 2 ? 0.5f : 0); /* below 98 */
        pictures[0][at] = cases[t].i;
        pictures[0][at + 1] = cases[t].i; /* the next row's first: not a neighbour */
        if (cases[t].equal)
            pictures[0][at - W] = cases[t].i;
        noise[0][at] = cases[t].w;
        add(&a, 0);
        assert_true(fabs(wi[0][at] / 4096.0 - cases[t].wi) <= 1.01 / 8192);
        assert_true(fabs(jj[0][at] / 65536.0 - cases[t].jj) <= 1.01 / 131072);
    }
}

static void test_refused_sums(void **state)
{
    struct as_prnu_sums a = sums_of(0), b = sums_of(1);
    const struct as_plane small = {pictures[0], W - 1, H, W}, plane = plane_of(pictures[0]);
    (void)state;

    assert_int_equal(as_prnu_add(&a, &small, noise[0], W), AS_EUSAGE);
    a.pictures = AS_PRNU_PICTURES_MAX;
    assert_int_equal(as_prnu_add(&a, &plane, noise[0], W), AS_ELIMIT);
    a.pictures = AS_PRNU_PICTURES_MAX - 1;
    b.pictures = 2;
    assert_int_equal(as_prnu_merge(&a, &b), AS_ELIMIT);
    b.w--;
    assert_int_equal(as_prnu_merge(&a, &b), AS_EUSAGE);
    for (size_t n = 0; n < N; n++) { /* the most that fits: no overflow */
        pictures[0][n] = 255;
        noise[0][n] = n & 1 ? 1e30f : -1e30f;
        wi[0][n] = (AS_PRNU_PICTURES_MAX - 1) * 64 * 4096 * (n & 1 ? 1 : -1);
    }
    b = sums_of(1);
    b.pictures = 0;
    add(&a, 0);
    assert_int_equal(wi[0][1], AS_PRNU_PICTURES_MAX * 64 * 4096);
    assert_int_equal(wi[0][0], -AS_PRNU_PICTURES_MAX * 64 * 4096);
}

/* ---- finishing ---- */

static struct as_fft *plans(uint32_t w, uint32_t h)
{
    struct as_fft *fft;
    assert_int_equal(as_fft_new(w, h, &fft), AS_OK);
    return fft;
}

static void test_finish(void **state)
{
    struct as_prnu_sums a[3] = {sums_of(0), sums_of(1), sums_of(2)};
    struct as_prnu_quality quality;
    struct as_fft *fft = plans(W, H), *other = plans(W + 2, H);
    (void)state;

    fill();
    for (int i = 0; i < 4; i++)
        for (int c = 0; c < 3; c++)
            add(&a[c], i);
    assert_int_equal(as_prnu_finish(a, 1, fft, spectrum, k[0], &quality), AS_OK);
    assert_int_equal(as_prnu_finish(a, 3, fft, spectrum, k[1], NULL), AS_OK);
    assert_true(as_prnu_ncc(k[0], k[1], N) > 0.999999); /* the weights of gray sum to 1 */
    for (size_t p = 0; p < 4; p++) {
        double sum = 0;
        for (size_t y = p / 2; y < H; y += 2)
            for (size_t x = p % 2; x < W; x += 2)
                sum += (double)k[0][y * W + x];
        assert_true(fabs(sum) < 1);
    }
    assert_true(quality.rms < quality.rms_raw && quality.periodic > 0 && quality.periodic < 0.15);
    assert_true(quality.peak > 5 && quality.peak < 16 && quality.grid8 > 0.5 && quality.grid8 < 2);
    assert_int_equal(as_prnu_finish(a, 2, fft, spectrum, k[1], NULL), AS_EUSAGE);
    assert_int_equal(as_prnu_finish(a, 1, other, spectrum, k[1], NULL), AS_EUSAGE);
    a[2].h--;
    assert_int_equal(as_prnu_finish(a, 3, fft, spectrum, k[1], NULL), AS_EUSAGE);
    as_fft_free(fft);
    as_fft_free(other);
}

/* A pattern of 8 x 8 stands out in the quality and is gone from K. */
static void test_periodic(void **state)
{
    struct as_prnu_sums a = sums_of(0);
    struct as_prnu_quality quality;
    struct as_fft *fft = plans(W, H);
    double before = 0, after = 0;
    (void)state;

    fill();
    for (size_t n = 0; n < N; n++) {
        pictures[0][n] = 128;
        noise[0][n] += n / W % 8 == 3 && n % W % 8 == 5 ? 12 : 0;
    }
    add(&a, 0);
    assert_int_equal(as_prnu_finish(&a, 1, fft, spectrum, k[0], &quality), AS_OK);
    assert_true(quality.grid8 > 50 && quality.peak > 25 && quality.periodic > 0.3);
    for (size_t y = 3; y < H; y += 8)
        for (size_t x = 5; x < W; x += 8) {
            before += (double)noise[0][y * W + x];
            after += (double)k[0][y * W + x] * 2;
        }
    assert_true(after < 0.4 * before);
    memset(wi[0], 0, sizeof wi[0]); /* nothing in, nothing out, and no division by zero */
    assert_int_equal(as_prnu_finish(&a, 1, fft, spectrum, k[0], &quality), AS_OK);
    for (size_t n = 0; n < N; n++)
        assert_true(k[0][n] == 0);
    assert_true(quality.rms == 0 && quality.peak == 0 && quality.grid8 == 0);
    as_fft_free(fft);
}

/* ---- queries ---- */

static void test_query(void **state)
{
    void *scratch = malloc(as_prnu_query_scratch(W, H));
    const struct as_plane plane = plane_of(pictures[0]), small = {pictures[0], 63, H, W};
    struct as_fft *other = plans(W + 1, H);
    double left = 0, right = 0;
    (void)state;

    fill();
    for (size_t n = 0; n < N; n++) /* noise of very different strength in two halves */
        q[n] = noise[0][n] * (n % W < W / 2 ? 20 : 1);
    assert_int_equal(as_prnu_query(&plane, AS_PRNU_LOCAL, NULL, NULL, q, scratch), AS_OK);
    for (size_t n = 0; n < N; n++) /* where the box lies in one half: columns 0 to 12, 77 to 89 */
        if (n % W <= W / 2 - 33)
            left += (double)q[n] * (double)q[n] / (13 * H);
        else if (n % W >= W / 2 + 32)
            right += (double)q[n] * (double)q[n] / (13 * H);
    assert_true(left > 0.8 && left < 1.2 && right > 0.8 && right < 1.2);
    memset(q, 0, sizeof q);
    assert_int_equal(as_prnu_query(&plane, AS_PRNU_LOCAL, NULL, NULL, q, scratch), AS_OK);
    for (size_t n = 0; n < N; n++)
        assert_true(q[n] == 0);
    assert_int_equal(as_prnu_query(&small, 0, NULL, NULL, q, scratch), AS_SKIP);
    assert_int_equal(as_prnu_query(&plane, AS_PRNU_WIENER, other, spectrum, q, scratch), AS_EUSAGE);
    as_fft_free(other);
    free(scratch);
}

static void test_turn(void **state)
{
    static const float in[6] = {1, 2, 3, 4, 5, 6}; /* 3 wide, 2 high */
    static const float want[4][6] = {
        {1, 2, 3, 4, 5, 6}, {4, 1, 5, 2, 6, 3}, {6, 5, 4, 3, 2, 1}, {3, 6, 2, 5, 1, 4}};
    float out[6];
    (void)state;

    for (uint32_t quarters = 0; quarters < 8; quarters++) {
        as_prnu_turn(in, 3, 2, quarters, out);
        assert_memory_equal(out, want[quarters % 4], sizeof out);
    }
}

static void test_resample(void **state)
{
    static const float in[4] = {0, 4, 8, 2};
    static const float half[2] = {2, 5}, third[3] = {1, 6, 3.5f},
                       twice[8] = {0, 1, 3, 5, 7, 6.5f, 3.5f, 2};
    static const uint32_t sizes[][2] = {{1, 1}, {44, 38}, {45, 77}, {89, 20}, {90, 77}, {179, 154}};
    void *scratch = malloc(as_prnu_resample_scratch(W, 179));
    float out[8], *large = malloc(179 * 154 * sizeof *large);
    (void)state;

    as_prnu_resample(in, 4, 1, out, 2, 1, scratch);
    assert_memory_equal(out, half, sizeof half);
    as_prnu_resample(in, 4, 1, out, 3, 1, scratch);
    for (int i = 0; i < 3; i++)
        assert_true(fabsf(out[i] - third[i]) < 1e-5f);
    as_prnu_resample(in, 1, 4, out, 1, 8, scratch);
    for (int i = 0; i < 8; i++)
        assert_true(fabsf(out[i] - twice[i]) < 1e-5f);
    for (size_t n = 0; n < N; n++)
        q[n] = 7;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes;
         s++) { /* flat stays flat: the weights sum to 1 */
        as_prnu_resample(q, W, H, large, sizes[s][0], sizes[s][1], scratch);
        for (size_t n = 0; n < (size_t)sizes[s][0] * sizes[s][1]; n++)
            assert_true(fabsf(large[n] - 7) < 1e-4f);
    }
    free(large);
    free(scratch);
}

/* ---- peaks ---- */

static void test_peak_where_it_is(void **state)
{
    static const int32_t at[][2] = {{0, 0}, {5, -3}, {-20, 30}, {44, 0}, {-45, -38}, {-1, -1}};
    const struct as_prnu_window all = {-45, 44, -38, 38, false};
    struct as_prnu_peak peak;
    (void)state;

    for (size_t t = 0; t < sizeof at / sizeof *at; t++)
        for (int classes = 0; classes < 2; classes++) {
            struct as_prnu_window win = all;
            const size_t cell = (size_t)((at[t][1] + H) % H) * W + (size_t)((at[t][0] + W) % W);
            win.classes = classes;
            for (size_t n = 0; n < N; n++)
                q[n] = normal();
            q[cell] = 20;
            assert_int_equal(as_prnu_pce(q, W, H, &win, &peak), AS_OK);
            assert_int_equal(peak.x, at[t][0]);
            assert_int_equal(peak.y, at[t][1]);
            assert_true(peak.pce > 400 * (classes ? 0.5 : 0.9) &&
                        peak.pce < 400 * (classes ? 2 : 1.1));
            assert_true(peak.tested == (double)N);
        }
}

/* A hand-computed one, signed; the guard's cells do not count; ties. */
static void test_pce_by_hand(void **state)
{
    const struct as_prnu_window aligned = {0}, near = {-3, 3, -2, 2, false};
    struct as_prnu_peak peak;
    (void)state;

    for (size_t n = 0; n < N; n++)
        q[n] = n & 1 ? 2 : -2;
    for (int32_t y = -5; y <= 5; y++)
        for (int32_t x = -5; x <= 5; x++)
            q[(y + H) % H * W + (x + W) % W] = 1;
    q[0] = -30;
    assert_int_equal(as_prnu_pce(q, W, H, &aligned, &peak), AS_OK);
    assert_true(peak.pce == -225 && peak.tested == 1);
    assert_int_equal(as_prnu_pce(q, W, H, &near, &peak), AS_OK);
    assert_true(peak.x == -3 && peak.y == -2 && peak.tested == 35); /* of equals the first */
    memset(q, 0, sizeof q);
    q[0] = 5;
    assert_int_equal(as_prnu_pce(q, W, H, &aligned, &peak), AS_OK);
    assert_true(peak.pce == 0);
}

/* What sits on multiples of 8 does not win over a weaker peak elsewhere, when classes are levelled.
 */
static void test_classes(void **state)
{
    struct as_prnu_window win = {0, 89, 0, 76, false};
    struct as_prnu_peak peak;
    (void)state;

    for (size_t n = 0; n < N; n++)
        q[n] = normal() * (n % W % 8 == 0 && n / W % 8 == 0 ? 10 : 1);
    q[33 * W + 70] = 9; /* beyond the middle: still a positive shift, by the window */
    assert_int_equal(as_prnu_pce(q, W, H, &win, &peak), AS_OK);
    assert_true(peak.x % 8 == 0 && peak.y % 8 == 0);
    win.classes = true;
    assert_int_equal(as_prnu_pce(q, W, H, &win, &peak), AS_OK);
    assert_true(peak.x == 70 && peak.y == 33 && peak.pce > 40);
}

static void test_windows(void **state)
{
    static const struct as_prnu_window bad[] = {
        {1, 0, 0, 0, false},        {0, W, 0, 0, false},  {-W, 0, 0, 0, false},
        {-45, 45, 0, 0, false},     {0, 0, -H, 0, false}, {0, 0, 0, INT32_MAX, false},
        {INT32_MIN, 0, 0, 0, false}};
    struct as_prnu_window win = as_prnu_window_inside(100, 50, 60, 80);
    struct as_prnu_peak peak;
    (void)state;

    assert_true(win.x0 == 0 && win.x1 == 40 && win.y0 == -30 && win.y1 == 0 && !win.classes);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(as_prnu_pce(q, W, H, &bad[i], &peak), AS_EUSAGE);
    win = (struct as_prnu_window){0};
    assert_int_equal(as_prnu_pce(q, 15, H, &win, &peak), AS_EUSAGE);
}

/* A crop, turned, is found where it was cut: q of W/2 in K of W, odd sizes too. */
static void test_crop_turned(void **state)
{
    enum { CW = 41, CH = 52 };
    const struct as_prnu_window win = as_prnu_window_inside(W, H, CW, CH);
    static float crop[CW * CH], turned[CW * CH], upright[CW * CH], a[2 * N], b[2 * N], c[2 * N];
    struct as_fft *fft = plans(96, 80);
    struct as_prnu_peak peak;
    (void)state;

    for (size_t n = 0; n < N; n++)
        k[0][n] = normal();
    for (uint32_t quarters = 0; quarters < 4; quarters++) {
        for (uint32_t y = 0; y < CH; y++)
            for (uint32_t x = 0; x < CW; x++)
                crop[y * CW + x] = k[0][(y + 19) * W + x + 33] + 2 * normal();
        as_prnu_turn(crop, CW, CH, quarters, turned);
        as_prnu_turn(turned, quarters & 1 ? CH : CW, quarters & 1 ? CW : CH, 4 - quarters, upright);
        as_fft_forward(fft, &(struct as_plane){upright, CW, CH, CW}, a);
        as_fft_forward(fft, &(struct as_plane){k[0], W, H, W}, b);
        as_fft_correlate(fft, a, b, c, c, 96);
        assert_int_equal(as_prnu_pce(c, 96, 80, &win, &peak), AS_OK);
        assert_true(peak.x == 33 && peak.y == 19 && peak.pce > 60);
        assert_true(as_prnu_log10_pfa(peak.pce, 4 * peak.tested) < -6);
    }
    as_fft_free(fft);
}

static void test_false_alarms(void **state)
{
    static const struct {
        double pce, tested, log10_pfa; /* by mpmath, 1 - (1 - Q(sqrt(pce)))^tested */
    } cases[] = {{60, 1, -14.32395889021331},      {60, 1e6, -8.32395889124321},
                 {60, 1.2e7, -7.2447776565244935}, {40, 1.2e7, -2.8174093841455248},
                 {30, 1.2e7, -0.6413937204028527}, {3000, 1e9, -644.5795180608047}};
    (void)state;

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_true(fabs(as_prnu_log10_pfa(cases[i].pce, cases[i].tested) - cases[i].log10_pfa) <
                    1e-6);
    assert_true(as_prnu_log10_pfa(-5, 10) == 0 && as_prnu_log10_pfa(0, 10) == 0);
    assert_true(as_prnu_log10_pfa((double)NAN, 10) == 0 && as_prnu_log10_pfa(50, 0) == 0);
    for (double x = 40; x < 90; x += 0.01) /* no step where the formula changes, at 64 */
        assert_true(as_prnu_log10_pfa(x + 0.01, 1) < as_prnu_log10_pfa(x, 1));
    assert_true(as_prnu_log10_pfa(1e6, 1e12) < -2e5 && isfinite(as_prnu_log10_pfa(1e6, 1e12)));
}

/* The largest of a surface of white noise is as high as the formula says: its values are uniform.
 */
static void test_false_alarms_of_noise(void **state)
{
    const struct as_prnu_window all = {-45, 44, -38, 38, true};
    struct as_prnu_peak peak;
    int below_half = 0, below_tenth = 0;
    (void)state;

    for (int t = 0; t < 400; t++) {
        for (size_t n = 0; n < N; n += 2) { /* Box-Muller: the tails matter here */
            const double r = sqrt(-2 * log((double)uniform() + 1e-9)),
                         phi = 6.283185307 * (double)uniform();
            q[n] = (float)(r * cos(phi));
            q[n + (n + 1 < N)] = (float)(r * sin(phi));
        }
        assert_int_equal(as_prnu_pce(q, W, H, &all, &peak), AS_OK);
        const double p = pow(10, as_prnu_log10_pfa(peak.pce, peak.tested));
        below_half += p < 0.5;
        below_tenth += p < 0.1;
    }
    /* classes of 99 cells: their rms varies by 7 %, which makes up to twice as many */
    assert_true(below_half > 160 && below_half < 320);
    assert_true(below_tenth > 15 && below_tenth < 100);
}

/* ---- the matrix ---- */

static void test_quantised(void **state)
{
    static float in[N];
    static int8_t to[N];
    double energy = 0, error = 0;
    (void)state;

    for (size_t n = 0; n < N; n++)
        in[n] = 3e-4F * normal();
    in[5] = 1;
    in[6] = -1; /* outliers take from the steps, and are cut */
    as_prnu_quantise(in, N, to);
    for (size_t n = 0; n < N; n++)
        energy += (double)in[n] * (double)in[n];
    const double step = sqrt(energy / N) / 12;
    for (size_t n = 7; n < N; n++)
        error = fmax(error, fabs((double)in[n] / step - to[n]));
    assert_true(to[5] == 63 && to[6] == -63 && error < 0.5001);
    in[9] = NAN;
    as_prnu_quantise(in, N, to);
    for (size_t n = 0; n < N; n++)
        assert_int_equal(to[n], 0);
    memset(in, 0, sizeof in);
    as_prnu_quantise(in, N, to);
    assert_int_equal(to[0], 0);
}

/* The exact sums, however samples and rows are divided, also where all samples are the largest. */
static void test_products(void **state)
{
    enum { A = 261, B = 7, SAMPLES = 5003, STRIDE = SAMPLES + 5 };
    static int8_t a[A * STRIDE], b[B * STRIDE];
    static double sum[A * B], cut[A * B];
    struct as_prnu_products p = {a, b, A, B, STRIDE, STRIDE, SAMPLES, sum, NULL};
    (void)state;

    p.scratch = aligned_alloc(64, (as_prnu_products_scratch(B) + 63) / 64 * 64);
    assert_non_null(p.scratch);
    for (size_t i = 0; i < sizeof a; i++)
        a[i] = i < 3 * STRIDE ? -63 : (int8_t)(normal() * 12);
    for (size_t i = 0; i < sizeof b; i++)
        b[i] = i < 2 * STRIDE ? 63 : (int8_t)(normal() * 12);
    assert_int_equal(as_prnu_products(&p), AS_OK);
    p.sum = cut;
    for (size_t x = 0; x < SAMPLES; x += 777) {
        p.a = a + x;
        p.b = b + x;
        p.n = SAMPLES - x < 777 ? SAMPLES - x : 777;
        assert_int_equal(as_prnu_products(&p), AS_OK);
    }
    for (size_t i = 0; i < A; i++)
        for (size_t j = 0; j < B; j++) {
            int64_t want = 0;
            for (size_t x = 0; x < SAMPLES; x++)
                want += a[i * STRIDE + x] * b[j * STRIDE + x];
            assert_true(sum[i * B + j] == (double)want && cut[i * B + j] == (double)want);
        }
    free(p.scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_order_does_not_matter),
                                       cmocka_unit_test(test_weights),
                                       cmocka_unit_test(test_refused_sums),
                                       cmocka_unit_test(test_finish),
                                       cmocka_unit_test(test_periodic),
                                       cmocka_unit_test(test_query),
                                       cmocka_unit_test(test_turn),
                                       cmocka_unit_test(test_resample),
                                       cmocka_unit_test(test_peak_where_it_is),
                                       cmocka_unit_test(test_pce_by_hand),
                                       cmocka_unit_test(test_classes),
                                       cmocka_unit_test(test_windows),
                                       cmocka_unit_test(test_crop_turned),
                                       cmocka_unit_test(test_false_alarms),
                                       cmocka_unit_test(test_false_alarms_of_noise),
                                       cmocka_unit_test(test_quantised),
                                       cmocka_unit_test(test_products)};

    printf("seed %d\n", SEED);
    as_simd_init(as_cpu_best());
    return cmocka_run_group_tests(tests, NULL, NULL);
}
