/* bench_kernels.c - the time of each kernel variant and of the detectors built on them.
 *
 * usage: bench_kernels [rounds].  One line per kernel and class of processor: the fastest of
 * `rounds` (default 200).  Built with the tests, not run by them.
 */
#include "../kernels/detectors/detector.h"
#include "../kernels/residual.h"
#include "../kernels/simd.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SIDE = 512, APART = 256 }; /* as pdq.c keeps its buffers apart */
enum { PLANE = 12000000 };

struct bench {
    float *a, *b;
    float freq[256];
    uint8_t *bytes; /* [PLANE] */
    float *plane;
    const struct as_detector *pdq;
    void *state, *scratch;
    void *residual; /* as_residual_scratch of SIDE */
};

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void run_box(struct bench *b)
{
    const struct as_box box = {.in = b->a,
                               .out = b->b,
                               .in_stride = SIDE,
                               .out_stride = SIDE,
                               .w = SIDE,
                               .h = SIDE,
                               .window = 4};
    as_simd.box_cols(&box);
}

static void run_strips(struct bench *b)
{
    for (uint32_t y = 0; y < SIDE; y += 16) {
        const struct as_box box = {.in = b->a + y * SIDE,
                                   .out = b->b + y * SIDE,
                                   .in_stride = 16,
                                   .out_stride = 16,
                                   .w = 16,
                                   .h = SIDE,
                                   .window = 4};
        as_simd.box_cols(&box);
    }
}

static void run_transpose(struct bench *b)
{
    for (uint32_t y = 0; y < SIDE; y += 16)
        as_simd.transpose(b->a + y * SIDE, SIDE, SIDE, 16, b->b, 16);
}

static void run_transpose_back(struct bench *b)
{
    for (uint32_t y = 0; y < SIDE; y += 16)
        as_simd.transpose(b->b, 16, 16, SIDE, b->a + y * SIDE, SIDE);
}

static void run_dct(struct bench *b)
{
    as_simd.dct_64_16(b->a, b->a + 1024, b->b, b->freq);
}

static void run_floats(struct bench *b)
{
    as_simd.floats_of_bytes(b->bytes, PLANE, b->plane);
}

static void run_pdq(struct bench *b)
{
    uint8_t code[32];
    float quality;
    const struct as_unit unit = {.views = AS_SAMPLE, .sample = {b->a, SIDE, SIDE, SIDE}};
    struct as_out out = {.feat = &quality, .code = code};
    if (as_det_extract(b->pdq, b->state, &unit, b->scratch, &out) != AS_OK)
        abort();
}

static void run_residual(struct bench *b)
{
    const struct as_plane in = {b->a, SIDE, SIDE, SIDE};
    if (as_residual(&in, b->b, SIDE, b->residual) != AS_OK)
        abort();
}

static const struct {
    const char *name;
    void (*run)(struct bench *b);
} runs[] = {{"box_cols_512x512", run_box},
            {"box_cols_32_of_16x512", run_strips},
            {"transpose_512x512_by_16", run_transpose},
            {"transpose_back_512x512", run_transpose_back},
            {"dct_64_16", run_dct},
            {"floats_of_12_MP", run_floats},
            {"pdq_hash_512x512", run_pdq},
            {"residual_512x512", run_residual}};

int main(int argc, char **argv)
{
    const int rounds = argc > 1 ? atoi(argv[1]) : 200;
    struct bench b = {.a = malloc((2 * SIDE * SIDE + APART) * sizeof(float)),
                      .bytes = calloc(PLANE, 1),
                      .plane = calloc(PLANE, sizeof(float)),
                      .pdq = as_det_find("pdq"),
                      .residual = aligned_alloc(64, as_residual_scratch(SIDE, SIDE))};

    if (!b.a || !b.bytes || !b.plane || !b.pdq || !b.residual ||
        as_det_init(b.pdq, &b.state) != AS_OK ||
        !(b.scratch = malloc(as_det_scratch_bytes(b.pdq, SIDE, SIDE))))
        return EXIT_FAILURE;
    b.b = b.a + SIDE * SIDE + APART;
    for (int cpu = AS_CPU_PLAIN; cpu <= (int)as_cpu_best(); cpu++) {
        as_simd_init((enum as_cpu)cpu);
        for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
            double best = 1e18;
            for (int k = 0; k < SIDE * SIDE; k++)
                b.a[k] = b.b[k] = (float)((unsigned)k * 2654435761u >> 24);
            for (int r = 0; r < rounds; r++) {
                const double start = now_us();
                runs[i].run(&b);
                const double took = now_us() - start;
                best = took < best ? took : best;
            }
            printf("%-24s %-8s %9.1f us\n", runs[i].name, as_cpu_name((enum as_cpu)cpu), best);
        }
    }
    as_det_free(b.pdq, b.state);
    free(b.scratch);
    free(b.residual);
    free(b.bytes);
    free(b.plane);
    free(b.a);
    return EXIT_SUCCESS;
}
