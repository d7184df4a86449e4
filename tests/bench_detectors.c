/* bench_detectors.c - milliseconds per megapixel of the detectors that look at planes.
 *
 * usage: bench_detectors [NAME...].  Fastest of 5 on an invented picture of 3 MP; those that need
 * more than luma, channels and residual are left out.  Built with the tests, not run by them.
 */
#include "../kernels/detectors/detector.h"
#include "../kernels/residual.h"
#include "../kernels/simd.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { W = 2000, H = 1500, TIMES = 5, NOISE_PLANE = 3 };

static double now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

/* Waves under noise of a few grey levels, in whole numbers. */
static void paint(float *at, uint32_t seed)
{
    for (uint32_t y = 0; y < H; y++)
        for (uint32_t x = 0; x < W; x++) {
            float v = 128 + 60 * sinf(0.01F * (float)x) * cosf(0.013F * (float)y);
            for (int i = 0; i < 4; i++) {
                seed = seed * 1664525U + 1013904223U;
                v += (float)(seed >> 24) / 64.0F - 2;
            }
            at[(size_t)y * W + x] = floorf(v + 0.5F);
        }
}

static void say(const char *name, double ms)
{
    printf("%-14s %8.2f ms/MP\n", name, ms / (W * H / 1e6));
}

static void bench(const struct as_detector *det, const struct as_unit *unit)
{
    const size_t need = as_det_scratch_bytes(det, W, H);
    void *state, *scratch = calloc(need + 1, 1);
    struct as_out out = {.feat = calloc(det->dim, sizeof(float)),
                         .code = calloc((size_t)det->code_bytes + 1, 1)};
    double best = 1e9;

    if (!scratch || !out.feat || !out.code || as_det_init(det, &state) != AS_OK)
        exit(1);
    for (int i = 0; i < TIMES; i++) {
        double t = now_ms();
        if (as_det_extract(det, state, unit, scratch, &out) != AS_OK)
            exit(1);
        t = now_ms() - t;
        best = t < best ? t : best;
    }
    say(det->name, best);
    as_det_free(det, state);
    free(out.feat);
    free(out.code);
    free(scratch);
}

int main(int argc, char **argv)
{
    const uint32_t planes = AS_LUMA | AS_RGB | AS_NOISE;
    float *at[NOISE_PLANE + 1];
    struct as_unit unit = {.views = planes};
    void *scratch = aligned_alloc(64, (as_residual_scratch(W, H) + 63) / 64 * 64);
    double t;

    as_simd_init(as_cpu_best());
    for (uint32_t i = 0; i <= NOISE_PLANE; i++) {
        if (!(at[i] = aligned_alloc(64, sizeof(float) * W * H)) || !scratch)
            return 1;
        paint(at[i], i);
        if (i < NOISE_PLANE)
            unit.rgb[i] = (struct as_plane){at[i], W, H, W};
    }
    unit.luma = unit.rgb[1];
    unit.noise = (struct as_plane){at[NOISE_PLANE], W, H, W};
    t = now_ms();
    if (as_residual(&unit.luma, at[NOISE_PLANE], W, scratch) != AS_OK)
        return 1;
    say("(residual)", now_ms() - t);
    for (size_t d = 0; as_detectors[d]; d++) {
        bool with = argc < 2;
        for (int i = 1; i < argc; i++)
            with |= strcmp(argv[i], as_detectors[d]->name) == 0;
        if (with && !(as_detectors[d]->needs & ~planes))
            bench(as_detectors[d], &unit);
    }
    for (uint32_t i = 0; i <= NOISE_PLANE; i++)
        free(at[i]);
    free(scratch);
    return 0;
}
