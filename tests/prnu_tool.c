/* prnu_tool.c - residual, fingerprint and surface of raw planes, for prnu_check.py to compare.
 *
 * usage: prnu_tool DIR W H N.  Reads DIR/0.f32 .. of W x H floats, N pictures; writes their
 * residuals rI.f32, the fingerprint k.f32 of all but the last, the last one prepared with flags F
 * as qF.f32, and the surface of q5 and K as c.f32; prints the PCE at known alignment and the
 * quality of K.                             */
#include "../kernels/cpu.h"
#include "../kernels/prnu.h"
#include "../kernels/residual.h"
#include "../kernels/simd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *dir;
static uint32_t w, h;
static size_t n;

static void *take(size_t bytes)
{
    void *at = aligned_alloc(64, (bytes + 63) / 64 * 64);

    if (!at)
        exit(70);
    memset(at, 0, (bytes + 63) / 64 * 64);
    return at;
}

static void file(const char *kind, int i, const char *mode, float *plane)
{
    char path[4096];
    FILE *f;
    const int number = i >= 0;

    snprintf(path, sizeof path, number ? "%s/%s%d.f32" : "%s/%s.f32", dir, kind, i);
    f = fopen(path, mode);
    if (!f || (*mode == 'r' ? fread(plane, sizeof *plane, n, f)
                            : fwrite(plane, sizeof *plane, n, f)) != n)
        exit(66);
    fclose(f);
}

static void check(enum as_status status)
{
    if (status != AS_OK)
        exit(70);
}

static void search(const struct as_plane *in, const float *residual, const float *k,
                   struct as_fft *fft)
{
    const size_t cells = as_fft_floats(w, h) * sizeof(float);
    float *q = take(n * sizeof *q), *a = take(cells), *b = take(cells), *c = take(cells);
    void *scratch = take(as_prnu_query_scratch(w, h));
    const struct as_prnu_window aligned = {0};
    struct as_prnu_peak peak;

    for (uint32_t flags = 0; flags < 8; flags++) {
        memcpy(q, residual, n * sizeof *q);
        check(as_prnu_query(in, flags, fft, a, q, scratch));
        file("q", (int)flags, "wb", q);
        if (flags != (AS_PRNU_LOCAL | AS_PRNU_WEIGHT))
            continue;
        as_fft_forward(fft, &(struct as_plane){q, w, h, w}, b);
        as_fft_forward(fft, &(struct as_plane){k, w, h, w}, a);
        as_fft_correlate(fft, b, a, c, c, w);
        check(as_prnu_pce(c, w, h, &aligned, &peak));
        file("c", -1, "wb", c);
        printf("pce %.9g\npfa %.9g\n", peak.pce, as_prnu_log10_pfa(peak.pce / 1000, 1e6));
    }
    free(q);
    free(a);
    free(b);
    free(c);
    free(scratch);
}

int main(int argc, char **argv)
{
    const int pictures = argc == 5 ? atoi(argv[4]) : 0;
    struct as_prnu_quality quality;
    struct as_fft *fft;

    if (pictures < 2)
        return 64;
    dir = argv[1];
    w = (uint32_t)atoi(argv[2]);
    h = (uint32_t)atoi(argv[3]);
    n = (size_t)w * h;
    as_simd_init(as_cpu_best());
    float *in = take(n * sizeof *in), *r = take(n * sizeof *r), *k = take(n * sizeof *k);
    float *spectrum = take(as_fft_floats(w, h) * sizeof *spectrum);
    void *scratch = take(as_residual_scratch(w, h));
    struct as_prnu_sums sums = {take(n * sizeof(int32_t)), take(n * sizeof(int32_t)), w, h, 0};
    const struct as_plane plane = {in, w, h, w};
    check(as_fft_new(w, h, &fft));
    for (int i = 0; i < pictures; i++) {
        file("", i, "rb", in);
        check(as_residual(&plane, r, w, scratch));
        file("r", i, "wb", r);
        if (i + 1 < pictures)
            check(as_prnu_add(&sums, &plane, r, w));
    }
    check(as_prnu_finish(&sums, 1, fft, spectrum, k, &quality));
    file("k", -1, "wb", k);
    search(&plane, r, k, fft);
    printf("rms_raw %.9g\nrms %.9g\nperiodic %.9g\npeak %.9g\ngrid8 %.9g\n", quality.rms_raw,
           quality.rms, quality.periodic, quality.peak, quality.grid8);
    as_fft_free(fft);
    free(in);
    free(r);
    free(k);
    free(spectrum);
    free(scratch);
    free(sums.wi);
    free(sums.jj);
    return 0;
}
